"""SQL dumps: tables and rows are counted as a database would, and a dump that breaks off anywhere is known."""

from __future__ import annotations

import gzip
import re
import sqlite3

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bedrot_console.inspection.contents import FormatTrouble
from extractors.manual import dumps
from extractors.manual.dumps import maker_of, read_dump
from extractors.manual.simulated.samples import MYSQL, POSTGRES, SQLITE

PARTS = [
    "a",
    "b",
    "'",
    '"',
    "`",
    ";",
    ",",
    "(",
    ")",
    "\\",
    "\n",
    "\r",
    "\t",
    "$",
    "-",
    ".",
    "\u00e9",
    " ",
    "$$",
    "--",
    "),(",
    ");",
    "\\'",
    "COMMIT;",
    "\\.",
]
TEXTS = st.lists(st.sampled_from(PARTS), max_size=10).map("".join)
VALUES = st.one_of(st.none(), st.integers(-9, 9), st.floats(allow_nan=False, allow_infinity=False), TEXTS, st.binary(max_size=5))
ROWS = st.lists(st.tuples(VALUES, VALUES), max_size=7)


def tables(dump: str | bytes) -> dict[str, int]:
    return read_dump(dump.encode() if isinstance(dump, str) else dump).facts["tables"]


def reason(dump: str | bytes) -> str:
    with pytest.raises(FormatTrouble) as caught:
        read_dump(dump.encode() if isinstance(dump, str) else dump)
    return caught.value.code


def test_tables_and_rows_of_every_maker_are_counted() -> None:
    """Rows in COPY blocks and INSERTs are counted; what stands in texts, functions and triggers is not."""
    assert tables(POSTGRES) == {"public.artists": 3, "public.log": 0}
    assert tables(MYSQL) == {"tracks": 4}
    assert tables(SQLITE) == {"notes": 2}
    assert read_dump(POSTGRES.encode()).facts | {"tables": 0} == {
        "kind": "sql", "made_by": "pg_dump", "tables": 0, "table_count": 2, "rows": 3, "text_bytes": len(POSTGRES),
    }  # fmt: skip


@settings(max_examples=60)
@given(ROWS, ROWS)
def test_a_dump_of_sqlite_counts_as_sqlite_does(first: list[tuple[object, object]], second: list[tuple[object, object]]) -> None:
    """Whatever stands in the cells, the rows counted are those of the database the dump was made of."""
    with sqlite3.connect(":memory:") as base:
        base.execute("CREATE TABLE one(a, b)")
        base.execute('CREATE TABLE "the; other"(a, b)')
        base.executemany("INSERT INTO one VALUES (?, ?)", first)
        base.executemany('INSERT INTO "the; other" VALUES (?, ?)', second)
        base.commit()
        dump = "\n".join(base.iterdump()) + "\n"
    assert tables(dump) == {"one": len(first), "the; other": len(second)}


def of_mysql(value: object) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, bytes):
        return f"0x{value.hex()}" if value else "''"
    if not isinstance(value, str):
        return str(value)
    escapes = {"\\": "\\\\", "'": "\\'", '"': '\\"', "\n": "\\n", "\r": "\\r", "\0": "\\0", "\x1a": "\\Z"}
    return "'" + "".join(escapes.get(c, c) for c in value) + "'"


@given(ROWS.filter(bool), st.booleans())
def test_extended_inserts_of_mysql_are_counted_by_their_rows(rows: list[tuple[object, object]], one_a_line: bool) -> None:
    """Many rows in a statement, on one line or on several, with every escape of the server."""
    joined = (",\n" if one_a_line else ",").join(f"({of_mysql(a)},{of_mysql(b)})" for a, b in rows)
    dump = re.sub(r"(?m)^INSERT INTO `tracks` .*$", lambda _: f"INSERT INTO `tracks` VALUES {joined};", MYSQL)
    assert tables(dump) == {"tracks": len(rows)}


@given(ROWS)
def test_copy_blocks_of_postgres_are_counted_by_their_lines(rows: list[tuple[object, object]]) -> None:
    """Each line of a COPY block is a row, whatever it looks like."""
    escapes = {"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
    lines = ["\t".join("".join(escapes.get(c, c) for c in str(v)) for v in row) for row in rows]
    block = "".join(line + "\n" for line in lines)
    assert tables(POSTGRES.replace("(id) FROM stdin;\n", "(id) FROM stdin;\n" + block)) == {
        "public.artists": 3,
        "public.log": len(rows),
    }


@given(TEXTS)
def test_inserts_of_postgres_know_no_backslash(text: str) -> None:
    """Dumps made with --inserts double their quotes, break lines inside texts and leave backslashes alone."""
    quoted = text.replace("'", "''").replace("\r", "")
    dump = POSTGRES.replace(
        "COPY public.log (id) FROM stdin;\n\\.\n", f"INSERT INTO public.log VALUES ('{quoted}'),\n\t('x\\');\n"
    )
    assert tables(dump) == {"public.artists": 3, "public.log": 2}


@pytest.mark.parametrize("dump", [POSTGRES, MYSQL, SQLITE], ids=["postgres", "mysql", "sqlite"])
def test_a_dump_that_is_cut_anywhere_is_known(dump: str) -> None:
    """Cut behind any byte before its end mark, a dump is truncated (or no longer known as one), and never passes."""
    whole = dump.encode().rstrip(b"-\n")
    for size in range(len(whole)):
        if not whole[:size].rstrip().endswith(b"\n-- Dump completed"):  # the date behind that mark may be left out by an option
            assert reason(whole[:size]) in ("format.truncated", "format.unknown-shape", "format.empty"), size
    read_dump(whole)


@given(TEXTS)
def test_texts_of_other_statements_of_postgres_are_no_statements(text: str) -> None:
    """A comment on a table may hold line ends, dollars, and what looks like statements or the end of the dump."""
    quoted = (text + "\nCOPY x (a) FROM stdin;\n-- PostgreSQL database dump complete\n$$ it's " + text).replace("'", "''")
    dump = POSTGRES.replace("COPY public.log", f"COMMENT ON TABLE public.log IS 'seen: {quoted}';\n\nCOPY public.log")
    assert tables(dump) == {"public.artists": 3, "public.log": 0}
    assert reason(dump[: dump.index("$$ it") + 5]) == "format.truncated"


def test_a_packed_dump_is_read_and_its_cut_is_known() -> None:
    """Gzip changes neither tables nor verdict."""
    packed = gzip.compress(POSTGRES.encode())
    assert tables(packed) == tables(POSTGRES) and read_dump(packed).facts["packed"] == "gzip"
    assert reason(packed[:-30]) == "format.truncated"
    assert reason(gzip.compress(POSTGRES[:500].encode())) == "format.truncated"


def test_a_dump_of_other_data_with_as_many_rows_is_another_content() -> None:
    """Rows are hashed per table, so that equal counts are not taken for a duplicate."""
    one, other = read_dump(MYSQL.encode()), read_dump(MYSQL.replace("Night", "Light").encode())
    assert one.facts["tables"] == other.facts["tables"] and one.records != other.records
    later = read_dump(MYSQL.replace("4:00:01", "5:00:01").encode())
    assert one.records == later.records


def test_a_dump_given_up_by_its_maker_is_an_error() -> None:
    """The sqlite3 shell ends a dump it cannot finish with ROLLBACK."""
    assert reason(SQLITE.replace("COMMIT;", "ROLLBACK; -- due to errors")) == "format.truncated"


def test_bounds_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lines, statements and tables beyond all reason end the reading."""
    monkeypatch.setattr(dumps, "LONGEST_LINE", 500)
    assert reason(MYSQL.replace("(1,", "(" + "1" * 600 + ",")) == "format.too-large"
    monkeypatch.undo()
    monkeypatch.setattr(dumps, "LONGEST_STATEMENT", 500)
    assert reason(MYSQL.replace("(1,", "(" + "1" * 600 + ",")) == "format.too-large"
    monkeypatch.undo()
    monkeypatch.setattr(dumps, "MOST_TABLES", 1)
    assert reason(POSTGRES) == "format.too-large"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "SELECT 1;\n",
        "-- notes\nCREATE TABLE t (a);\n",
        "<!-- PostgreSQL database dump -->\n",
        "PGDMP\0\0",
        "words\n-- MySQL dump 10\n",
    ],
)
def test_other_texts_are_no_dump(text: str) -> None:
    """Scripts, prose that quotes a dump, and archives of pg_restore are not taken for plain dumps."""
    assert maker_of(text.encode()) is None
