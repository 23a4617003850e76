"""CSV and TSV in every form they travel in: the same rows, or every bad row named."""

from __future__ import annotations

import dataclasses
import io
import zipfile
from collections.abc import Callable
from decimal import Decimal

import pytest
from inspection_feeds import HEADER, SALES, codes, sold

from bedrot_console.domain.feeds import Feed
from bedrot_console.domain.findings import Report
from bedrot_console.domain.lifecycle import Verdict
from bedrot_console.inspection import tables
from bedrot_console.inspection.contents import FormatTrouble, Table
from bedrot_console.inspection.readers import read

Ask = Callable[..., Report]
PLAIN = sold(
    ("2026-02-01", "Spotify", "Höhe", 3, "0.123456789012"),
    ("2026-02-02", "Apple, Inc", "B", -1, ""),
    ("2026-02-03", "X", "", 0, "2"),
)


def zipped(*members: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip archive of these members."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return out.getvalue()


def damaged(data: bytes) -> bytes:
    """The same bytes with one in the middle turned over."""
    return data[:60] + bytes([data[60] ^ 0xFF]) + data[61:]


def quoted_commas(data: bytes) -> bytes:
    lines = data.decode().splitlines()
    return "\n".join(",".join(f'"{cell}"' for cell in line.split("\t")) for line in lines).encode() + b"\n"


FORMS = {
    "plain": PLAIN,
    "crlf": PLAIN.replace(b"\n", b"\r\n"),
    "cr-only": PLAIN.replace(b"\n", b"\r"),
    "mixed line ends": PLAIN.replace(b"\n", b"\r\n", 2),
    "bom": b"\xef\xbb\xbf" + PLAIN,
    "latin-1": PLAIN.decode().encode("latin-1"),
    "latin-1, cr-only": PLAIN.decode().encode("latin-1").replace(b"\n", b"\r"),
    "utf-16 with bom": PLAIN.decode().encode("utf-16"),
    "utf-16-le": PLAIN.decode().encode("utf-16-le"),
    "utf-16-be": PLAIN.decode().encode("utf-16-be"),
    "comma, all quoted": quoted_commas(PLAIN),
    "semicolon": PLAIN.replace(b"\t", b";"),
    "sep line": b"sep=\t\r\n" + PLAIN,
    "other case and blanks": PLAIN.replace(b"Reporting Date", b" reporting  date ").replace(b"Earnings (USD)", b"EARNINGS"),
    "other order": b"\n".join(b"\t".join(reversed(line.split(b"\t"))) for line in PLAIN.splitlines()) + b"\n",
    "blank last line": PLAIN + b"\n",
    "no last line end": PLAIN[:-1],
    "zip": zipped(("results.csv", PLAIN)),
    "zip in zip": zipped(
        ("inner.zip", zipped(("__MACOSX/x", b"x"), ("folder/", b""), ("results.csv", quoted_commas(PLAIN)))), method=0
    ),
}


def table(data: bytes, feed: Feed = SALES) -> Table:
    found = read(feed, data)
    assert isinstance(found, Table)
    return found


@pytest.mark.parametrize("form", FORMS)
def test_one_table_in_many_forms_gives_the_same_rows_and_content_hash(form: str) -> None:
    """Encoding, line ends, delimiter, quoting, packing and header spelling change nothing about what a table says."""
    plain, other = table(PLAIN), table(FORMS[form])
    key = lambda row: row["Reporting Date"]  # noqa: E731
    assert sorted(other.rows(), key=key) == list(plain.rows())
    assert other.facts["totals"] == plain.facts["totals"] == {"Earnings (USD)": "2.123456789012", "Quantity": "2"}
    if form != "other order":
        assert other.facts["content_sha256"] == plain.facts["content_sha256"]
    assert not other.rejects


def test_values_have_their_declared_types(tmp_path: object) -> None:
    """Money is Decimal, days are dates, blanks are None, unknown columns are text under their own name."""
    first, second, third = table(PLAIN.replace(b"Title", b"Extra")).rows()
    assert first["Earnings (USD)"] == Decimal("0.123456789012")
    assert second["Earnings (USD)"] is None and second["Quantity"] == -1
    assert third["Extra"] is None and str(third["Reporting Date"]) == "2026-02-03"


@pytest.mark.parametrize("materialise", [True, False])
def test_every_bad_row_is_named_by_line_column_and_kind(ask: Ask, monkeypatch: pytest.MonkeyPatch, materialise: bool) -> None:
    """Rows with a wrong type, too few or too many cells are named; the good ones are still counted. Also when the file is only scanned."""
    if not materialise:
        monkeypatch.setattr(tables, "MATERIALISE_BYTES", 0)
    data = (
        PLAIN
        + b"2026-02-04\tX\tA\tmany\t1\n"
        + b"2026-13-01\tX\tA\t1\tfree\n"
        + b"2026-02-04\tX\n"
        + b"2026-02-04\tX\tA\t1\t1\tmore\n"
        + PLAIN[len(HEADER) :]
    )
    report = ask(SALES, data)
    named = {(f.code, f.place.row, f.place.column) for f in report.findings if f.code.startswith("schema.")}
    assert named == {
        ("schema.row-type", 5, "Quantity"),
        ("schema.row-type", 6, "Reporting Date"),
        ("schema.row-type", 6, "Earnings (USD)"),
        ("schema.row-short", 7, None),
        ("schema.row-long", 8, None),
    }
    assert report.facts["rows"] == 6


def test_many_bad_rows_are_named_up_to_a_limit_and_all_counted(ask: Ask) -> None:
    """Beyond the limit bad rows are counted, so that a report stays small."""
    report = ask(SALES, PLAIN + b"2026-02-04\tX\tA\tmany\t1\n" * 500)
    wrong = [f for f in report.findings if f.code == "schema.row-type"]
    assert len(wrong) == 101
    assert sum(f.count for f in wrong) == 500


def test_a_byte_in_no_declared_encoding_is_an_error_with_its_place(ask: Ask) -> None:
    """A feed that declares UTF-8 only does not guess."""
    strict = dataclasses.replace(SALES, encodings=("utf-8",))
    assert codes(ask(strict, PLAIN.decode().encode("latin-1"))) == {"format.encoding"}
    late = PLAIN + PLAIN[len(HEADER) :] * 2000 + b"2026-02-04\tcaf\xe9\tA\t1\t1\n"
    assert "schema.row-encoding" in codes(ask(strict, late))


def test_a_late_latin_1_byte_makes_the_whole_file_latin_1() -> None:
    """The encoding is that of the file, not of its first 64 KiB."""
    late = (
        PLAIN.replace("ö".encode(), b"o")
        + PLAIN[len(HEADER) :].replace("ö".encode(), b"o") * 2000
        + b"2026-02-04\tcaf\xe9\tA\t1\t1\n"
    )
    found = table(late)
    assert found.encoding == "latin-1"
    assert found.query('SELECT "Store" FROM data WHERE "Store" LIKE \'caf%\'') == [("café",)]


def test_a_foreign_header_is_not_this_table(ask: Ask) -> None:
    """A table of which no column is known is refused by its header, not by its cells."""
    assert codes(ask(SALES, b"a\tb\n1\t2\n")) == {"format.not-a-table"}


def test_repeated_header_cells_keep_both_columns() -> None:
    """Two columns of one name are both there, the second under a numbered name and as drift."""
    found = table(b"Reporting Date\tStore\tStore\tQuantity\tEarnings\n2026-02-01\ta\tb\t1\t1\n")
    assert found.columns == ("Reporting Date", "Store", "Store (3)", "Quantity", "Earnings (USD)")
    assert found.unknown == ("Store",)


def test_cells_may_hold_quotes_delimiters_and_line_ends() -> None:
    """What is quoted is one cell; its row keeps its number."""
    found = table(HEADER + b'2026-02-01\t"a\tb ""c"" \n d"\tA\t1\t1\n2026-02-02\tX\tA\tno\t1\n')
    assert [r["Store"] for r in found.rows()] == ['a\tb "c" \n d']
    assert [(r.row, r.column) for r in found.rejects] == [(3, "Quantity")]


@pytest.mark.parametrize(
    "packed",
    [
        zipped(("a.csv", PLAIN), ("b.csv", PLAIN)),
        zipped(),
        zipped(("a.zip", zipped(("b.zip", zipped(("c.csv", PLAIN)))))),
        zipped(("a.csv", b"\0" * (64 << 20))),
        zipped(*((f"{i}.csv", b"") for i in range(1200))),
        zipped(("a.csv", PLAIN))[:-30],
        damaged(zipped(("a.csv", PLAIN * 50))),
        b"PK\x03\x04" + b"\0" * 100,
        b"PK\x05\x06" + b"\0" * 18,
    ],
    ids=["two files", "none", "three deep", "bomb", "1200 entries", "cut", "damaged", "garbage", "empty archive"],
)
def test_unreasonable_archives_are_refused(ask: Ask, packed: bytes) -> None:
    """An archive that is damaged, ambiguous, too deep or unpacks beyond reason is one error."""
    found = codes(ask(SALES, packed))
    assert found == {"format.archive"} or found == {"format.not-text"}


def test_a_table_can_be_asked_in_sql() -> None:
    """Checks ask `data` and `numbered`; columns keep their spelling."""
    found = table(PLAIN)
    assert found.query('SELECT sum("Quantity") FROM data WHERE "Store" <> ?', ["X"]) == [(2,)]
    assert found.query('SELECT row_number FROM numbered WHERE "Title" IS NULL') == [(4,)]
    found.close()


def test_a_scanned_table_says_the_same_as_a_held_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file too large to be held gives the same facts and rows."""
    held = table(PLAIN)
    monkeypatch.setattr(tables, "MATERIALISE_BYTES", 0)
    scanned = table(PLAIN)
    assert scanned.facts == held.facts
    assert list(scanned.rows()) == list(held.rows())


def test_a_blank_or_pageless_payload_is_refused(ask: Ask) -> None:
    """Nothing, or only blanks and marks, is empty."""
    for data in (b"\n\n", b"\xef\xbb\xbf", b" \t\r\n"):
        with pytest.raises(FormatTrouble) as trouble:
            read(SALES, data)
        assert trouble.value.code == "format.empty"
    assert ask(SALES, PLAIN).verdict is Verdict.PASSED
