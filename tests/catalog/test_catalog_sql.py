"""People's SQL: reads the catalog and nothing else, changes nothing, ends when told."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import hostile_sql
import pytest
from hostile_sql import CANARY, HEAVY, HOSTILE

from bedrot_console.catalog.sql import SqlRun, start_sql
from bedrot_console.domain.errors import Cancelled, CatalogError, QueryError, UsageError
from bedrot_console.domain.macros import Call


def run_sql(published: Path, text: str, **limits: Any) -> SqlRun:
    """One query, begun: its columns are known."""
    return start_sql(published, text, **limits).open()


def fill(text: str, **places: str) -> str:
    """A hostile statement with the test's own paths in it."""
    for name, path in ({"canary": CANARY} | places).items():
        text = text.replace("{" + name + "}", path)
    return text


@pytest.fixture
def guarded(furnished, tmp_path):
    """The lake, a secret beside it, and a folder that must stay empty."""
    out = tmp_path / "out"
    out.mkdir()
    secret = tmp_path / "secret.csv"
    secret.write_text(CANARY + "\n")
    return furnished, out, secret


@pytest.fixture
def fingerprints(guarded):
    """Hashes of everything in the lake's home, as of the call."""
    return lambda: {p: hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(guarded[0].home.rglob("*")) if p.is_file()}


def test_hostile_statements_read_and_write_nothing_outside(guarded, fingerprints):
    """Three hundred statements, in children as locked down as the real one: each is refused or harmless and leaves no byte anywhere."""
    lake, out, secret = guarded
    before = fingerprints()
    left = [fill(text, out=str(out), home=str(lake.home), secret=str(secret)) for text in HOSTILE]
    assert len(set(left)) >= 300
    answers = {}
    while left:  # a statement that ends its child is harmless too: the rest goes to another one
        child = subprocess.run(
            [sys.executable, "-I", hostile_sql.__file__, str(lake.home / "catalog.duckdb"), "0.1"],
            input="".join(json.dumps(text) + "\n" for text in left), capture_output=True, text=True, env={"CANARY": CANARY}, cwd="/",
        )  # fmt: skip
        said = [json.loads(line) for line in child.stdout.splitlines()]
        assert said or child.returncode < 0, child.stderr
        answers |= dict(zip(left, said, strict=False))
        left = left[len(said) + 1 :]
    assert len(answers) >= 300
    for text, answer in answers.items():
        assert answer.rstrip().endswith("}"), text
        assert CANARY in text or CANARY not in answer, text
        assert "root:" not in answer, text
    assert list(out.iterdir()) == []
    assert fingerprints() == before


@pytest.mark.parametrize(
    "text", [pytest.param(text, id=text[7:40], marks=[] if at in (1, 8) else pytest.mark.long) for at, text in enumerate(HEAVY)]
)
def test_a_heavy_query_ends_at_its_time_or_when_told(guarded, text):
    """Whatever a query is at, also before it gave anything: it is over within a second of being cancelled."""
    run = start_sql(guarded[0].home / "catalog.duckdb", text, timeout_seconds=60)
    timer = threading.Timer(0.3, lambda: begun.append(time.monotonic()) or run.cancel())
    begun: list[float] = []
    timer.start()
    with pytest.raises((Cancelled, UsageError)):
        list(run.open().rows())
    assert not begun or time.monotonic() - begun[0] < 1.0
    timer.cancel()


def test_a_mistake_is_told_with_its_place_and_what_was_meant(guarded, fingerprints):
    """Line and column, from 1, in the text as it was typed; names that are close. What is refused has no place, and does nothing."""
    lake, out, secret = guarded
    before = fingerprints()
    for text, place, hint in (
        ("SELECT id,\n  'é', fed FROM files;", (2, 8), "perhaps feed"),
        ("-- one\nSELECT 1 FROM\nfiles WHERE feed == = 3", (3, 21), "--schema"),
        ("EXPLAIN SELECT nope", (1, 16), "--schema"),
        ("SELECT 1,\n CAST('a' || feed AS INTEGER) FROM files", (2, 2), "--schema"),
        (f"COPY (SELECT 1) TO '{out}/x.csv'", None, "--schema"),
        (f"SELECT * FROM read_text('{secret}')", (1, 15), "--schema"),
    ):
        with pytest.raises(QueryError) as told, run_sql(lake.home / "catalog.duckdb", text) as run:
            list(run.rows())
        assert told.value.place == place and hint in told.value.hint
        assert "{" not in str(told.value) and CANARY not in str(told.value)
    assert list(out.iterdir()) == [] and fingerprints() == before


def test_what_stands_behind_the_end_of_a_statement_does_no_harm(guarded):
    """Semicolons and comments behind the statement, and comments in it, are no part of the question."""
    published = guarded[0].home / "catalog.duckdb"
    for text in ("SELECT 1 -- one", " /* a */ SELECT ';' = ';' ;; -- b"):
        with run_sql(published, text) as run:
            assert list(run.rows()) in ([(1,)], [(True,)])


def test_a_scope_narrows_what_the_views_hold(guarded):
    """A view that the scope names stands for the scope's query, whatever the text does with it; places stay right."""
    published = guarded[0].home / "catalog.duckdb"
    scope = [("files", "SELECT * FROM main.files WHERE platform = 'metaads'")]
    text = "WITH a AS (SELECT * FROM files) SELECT count(*) FROM a, (SELECT count(*) FROM files)"
    with run_sql(published, text, scope=scope) as run:
        assert list(run.rows()) == [(2,)]
    with pytest.raises(QueryError) as told:
        list(run_sql(published, "SELECT x FROM files", scope=scope).rows())
    assert told.value.place == (1, 8)


class Lines:
    """What a query is given by hand."""

    notes: list[str] = []
    partial = False
    read = files = 0

    def __init__(self, *given):
        self.given = given

    def lines(self, stop):
        return (value if isinstance(value, bytes) else json.dumps(value).encode() for value in self.given)


def head(columns, types, *, parts=1, day=None):
    """How one file's rows look."""
    table = Call("raw", ("x/y", "", "", "", ""), 0, 0).table
    return {
        "table": table,
        "columns": columns,
        "types": types,
        "day": day,
        "parts": parts,
        "lead": [["file_id", "VARCHAR", "f'1\"\0"]],
    }


def test_names_and_values_of_given_rows_are_only_that(guarded, fingerprints):
    """Whatever they are called and hold: quotes, nothing, SQL, names that collide with ours. Numbers and days are what their type says."""
    published, before = guarded[0].home / "catalog.duckdb", fingerprints()
    columns = ['a"b', "'; DROP VIEW files; --", "file_id", "Day", "when"]
    part = {
        "c0": ["'", None],
        "c1": [{"a": [1, '"']}, [2]],
        "c2": [1, -2],
        "c3": ["0.1", "1"],
        "c4": ["2026-01-02", "2026-02-31"],
    }
    given = Lines(
        head(columns, ["VARCHAR", "JSON", "BIGINT", "DECIMAL(38,2)", "VARCHAR"], day=4), part, head(["late"], [""], parts=0)
    )
    with run_sql(published, "SELECT *, typeof(day) FROM raw('x/y')", given=given) as run:
        assert run.columns == ("file_id", "day", *columns[:2], "file_id_2", "Day_2", "when", "late", 'typeof("day")')
        assert list(run.rows()) == [
            ("f'1\"\0", "2026-01-02", "'", '{"a":[1,"\\""]}', 1, "0.10", "2026-01-02", None, "DATE"),
            ("f'1\"\0", None, None, "[2]", -2, "1.00", "2026-02-31", None, "DATE"),
        ]
    assert fingerprints() == before


@pytest.mark.parametrize(
    "given",
    [
        (head(["a"], ["VARCHAR); DROP VIEW files; --"]), {"c0": ["1"]}),
        (head(["a"], ["BIGINT"]), {"c0": ["{secret}"]}),
        (head(["a"], ["VARCHAR"], parts=3), {"c0": ["1"]}),
        (head(["a", "b"], ["VARCHAR"]), {"c0": ["1"]}),
        (b"[", b"\xff\xfe"),
        (head(["a"], ["VARCHAR"]), b'{"c0": [1'),
    ],
)
def test_rows_that_lie_about_themselves_end_the_query_and_nothing_else(guarded, fingerprints, given):
    """A reader that was taken over can spoil the answer; the child ends, and the asker is told."""
    before = fingerprints()
    with pytest.raises(UsageError):
        run_sql(guarded[0].home / "catalog.duckdb", "FROM raw('x/y')", given=Lines(*given))
    assert fingerprints() == before


def test_values_come_exactly_with_their_types(guarded):
    """Integers of any size are integers; what JSON cannot say exactly is DuckDB's own text, and the type says so."""
    text = (
        "SELECT 170141183460469231731687303715884105727::HUGEINT AS h, 0.10::DECIMAL(9,2) AS d, 'NaN'::DOUBLE AS f, NULL AS n, true AS b,"
        " TIMESTAMP '2026-01-02 03:04:05.678901' AS t, [1, NULL] AS l, 'a' || chr(27) AS s, 1 AS s"
    )
    with run_sql(guarded[0].home / "catalog.duckdb", text) as run:
        assert run.columns == ("h", "d", "f", "n", "b", "t", "l", "s", "s")
        assert run.types[:3] == ("HUGEINT", "DECIMAL(9,2)", "DOUBLE")
        assert list(run.rows()) == [
            (
                170141183460469231731687303715884105727,
                "0.10",
                "nan",
                None,
                True,
                "2026-01-02 03:04:05.678901",
                "[1, NULL]",
                "a\x1b",
                1,
            )
        ]


def test_order_and_cut_are_kept_and_told(guarded):
    """Rows keep their order; a cut result says so, a whole one does not."""
    published = guarded[0].home / "catalog.duckdb"
    with run_sql(published, "SELECT i FROM range(5000) t(i) ORDER BY i DESC;", limit_rows=3000) as run:
        assert list(run.rows()) == [(i,) for i in range(4999, 1999, -1)]
        assert run.truncated
    with run_sql(published, "FROM range(3)", limit_rows=3) as run:
        assert list(run.rows()) == [(0,), (1,), (2,)]
        assert not run.truncated
    with run_sql(published, "EXPLAIN FROM files") as run:
        assert list(run.rows())


def test_a_running_query_is_cancelled_at_once(guarded):
    """cancel() from another thread ends it within a second."""
    published = guarded[0].home / "catalog.duckdb"
    with run_sql(published, "SELECT i FROM range(100000000000) t(i)", timeout_seconds=60) as run:
        begun = time.monotonic()
        batches = run.batches()
        next(batches)
        threading.Thread(target=run.cancel).start()
        with pytest.raises(Cancelled):
            for _ in batches:
                pass
        assert time.monotonic() - begun < 1.0


def test_mistakes_are_the_operators_to_mend(guarded):
    """An error in the text is a usage error with DuckDB's own words; no catalog is a catalog error."""
    published = guarded[0].home / "catalog.duckdb"
    with pytest.raises(UsageError, match="nope"):
        run_sql(published, "SELECT nope FROM files")
    with pytest.raises(CatalogError):
        run_sql(published.with_name("none.duckdb"), "SELECT 1")


def test_the_stable_views_answer(guarded):
    """Every view that is promised can be asked, and knows the columns that a file row has."""
    lake = guarded[0]
    views = {v for v, _, _ in lake.catalog.reader().schema()}
    promised = {
        "files",
        "findings",
        "reports",
        "runs",
        "challenges",
        "sessions",
        "decisions",
        "events",
        "freshness",
        "alerts",
        "metrics",
    }
    assert promised <= views
    query = " UNION ALL ".join(f"SELECT '{v}', count(*) FROM {v}" for v in sorted(promised))
    with run_sql(lake.home / "catalog.duckdb", query) as run:
        counts = dict(run.rows())
    assert counts["files"] == 5 and counts["decisions"] == 3 and counts["events"] == lake.journal.head
    with run_sql(lake.home / "catalog.duckdb", "SELECT status, count(*) FROM files GROUP BY 1") as run:
        assert dict(run.rows()) == {"promoted": 1, "quarantined": 1, "warned": 1, "pending": 2}
