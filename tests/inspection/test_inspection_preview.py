"""Previews: the beginning of anything, bounded, and never an exception."""

from __future__ import annotations

import csv
import gzip
import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from inspection_feeds import PLAYS, SALES, days, sold

from bedrot_console.domain.browsing import Preview
from bedrot_console.domain.feeds import Feed
from bedrot_console.inspection.contents import FormatTrouble, Rows
from bedrot_console.inspection.preview import preview
from bedrot_console.inspection.rowscan import RowScan

Show = Callable[..., Preview]


@pytest.fixture
def show(tmp_path: Path) -> Show:
    """The preview of bytes."""

    def look(feed: Feed | None, data: bytes, **options: int) -> Preview:
        (tmp_path / "payload").write_bytes(data)
        return preview(feed, tmp_path / "payload", **options)

    return look


def test_a_table_shows_header_and_cells(show: Show) -> None:
    """Header and rows of a table, from an offset on, in any of its encodings."""
    data = sold(*(("2026-02-01", "Höhe", f"T{i}", i, "0.1") for i in range(10)))
    for form in (
        data,
        data.decode().encode("latin-1"),
        data.decode().encode("utf-16"),
        data.replace(b"\n", b"\r"),
        b"sep=\t\n" + data,
    ):
        found = show(SALES, form, lines=2, offset=3)
        assert found.kind == "table" and found.header[1] == "Store"
        assert [r[2] for r in found.table] == ["T3", "T4"] and found.table[0][1] == "Höhe" and found.truncated


def test_what_was_shown_changes_nothing_for_what_is_judged_after_it(show: Show) -> None:
    """A preview takes longer cells than a check does; the limit, which is the process's, is as before."""
    before = csv.field_size_limit()
    assert show(SALES, b"day\tplays\n2026-01-01\t" + b"x" * (before + 1) + b"\n").table
    assert RowScan(b"day\tplays\n2026-01-01\t7\n").names == ["day", "plays"]
    assert csv.field_size_limit() == before


def test_json_is_laid_out_and_shown_as_it_is_when_broken(show: Show) -> None:
    """A row list has a row per line; broken JSON is shown raw with a note."""
    assert show(PLAYS, days("2026-02-01", [1, 2])).lines[1] == '  {"day": "2026-02-01", "plays": 1},'
    found = show(PLAYS, b'[{"a":')
    assert found.lines == ('[{"a":',) and found.note


def test_a_gzip_stream_shows_what_it_holds(show: Show) -> None:
    """The beginning of what it unpacks to, with a note; a broken one is what its bytes are."""
    found = show(None, gzip.compress(b"one\ntwo\n"))
    assert (found.kind, found.lines, found.note, found.truncated) == ("text", ("one", "two"), "unpacked from gzip", False)
    long = show(None, gzip.compress(b"line\n" * (1 << 20)), lines=2)
    assert long.lines == ("line", "line") and long.truncated and "2 MiB" in long.note
    assert show(None, b"\x1f\x8b\0nonsense").kind == "binary"


def test_a_workbook_shows_the_rows_that_its_feed_reads(show: Show) -> None:
    """Where a feed of documents reads workbooks, its rows are the preview, from an offset on; what it refuses is unreadable."""

    def parse(data: bytes) -> Rows:
        if b"bad" in data:
            raise FormatTrouble("format.truncated")
        return Rows([{"a": n, "b": None} for n in range(5)])

    feed = Feed(template="house/books/books_{stamp}.xlsx", format="binary", name="house/books", parse=parse)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as book:
        book.writestr("[Content_Types].xml", "<Types/>")
        book.writestr("xl/workbook.xml", "<workbook/>")
    for data in (out.getvalue(), b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)):
        found = show(feed, data, lines=2, offset=1)
        assert (found.kind, found.header, found.table, found.truncated) == ("table", ("a", "b"), (("1", ""), ("2", "")), True)
    assert show(feed, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 bad").kind == "unreadable"


def test_a_page_shows_its_text_and_what_it_is(show: Show) -> None:
    """Running text without scripts; a sign-in page is called that."""
    found = show(
        None,
        b"<html><title>Sign in</title><body><p>Hello <b>you</b><script>x()</script><input type=password name=p></body></html>",
    )
    assert found.lines == ("Sign in", "Hello", "you", "[script, 3 characters]", "[input password p]")
    assert "sign-in page" in found.note


@pytest.mark.parametrize(
    ("data", "kind"),
    [(b"", "empty"), (b"\0\1\2" * 20, "binary"), (b"plain\ntext", "text"), (b"[" * 100_000, "json"), (b"<html>" + b"<div>" * 300_000, "html"),
     (b"PK\x03\x04garbage", "unreadable"), (b"\xff\xfe\x00", "text"), (b'"' * 100_000, "text"), (b"x" * 5_000_000, "text")],
)  # fmt: skip
def test_anything_has_a_preview(show: Show, data: bytes, kind: str) -> None:
    """Whatever the bytes are, there is a preview, and it is small."""
    found = show(None, data)
    assert found.kind == kind
    assert sum(map(len, found.lines)) < 500_000


def test_a_payload_that_is_gone_is_unreadable() -> None:
    """No file, no exception."""
    assert preview(PLAYS, Path("/nowhere")).kind == "unreadable"


def test_an_archive_of_several_files_is_listed(show: Show) -> None:
    """Names, sizes and first lines of what is inside; binary parts by name only; a damaged part does not hide the others."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("Table data.csv", "Content,Views\nTotal,30\n" + "a,1\n" * 50)
        archive.writestr("Totals.csv", "Date,Views\n2026-02-27,30\n")
        archive.writestr("picture.png", b"\x89PNG\0\0")
        archive.writestr("__MACOSX/x", "noise")
    found = show(None, out.getvalue())
    assert found.kind == "text" and found.note == "an archive of 3 files" and not found.truncated
    assert found.lines[:4] == ("Table data.csv (223 bytes)", "Totals.csv (25 bytes)", "picture.png (6 bytes)", "")
    assert found.lines[4:7] == ("Table data.csv:", "  Content,Views", "  Total,30")
    assert found.lines[13:] == ("", "Totals.csv:", "  Date,Views", "  2026-02-27,30")
    assert show(None, out.getvalue(), lines=2).truncated
    damaged = show(None, out.getvalue().replace(b"2026-02-27", b"2026-02-28", 1)).lines
    assert "Totals.csv (25 bytes)" in damaged and "Totals.csv: cannot be unpacked" in damaged and "  Total,30" in damaged
    assert show(None, out.getvalue()[:60]).kind == "unreadable"


def test_an_archive_of_many_files_says_how_many_are_not_shown(show: Show) -> None:
    """Nothing is cut in silence: 300 files are 300, also where the part that is shown fits."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for number in range(300):
            archive.writestr(f"day-{number:03}.csv", "a,b\n1,2\n")
    found = show(None, out.getvalue(), lines=1000)
    assert found.note == "an archive of 300 files; only the first 50 of 300 are shown" and found.truncated
    assert found.lines[49] == "day-049.csv (8 bytes)" and found.lines[51] == "day-000.csv:"


@pytest.mark.parametrize(
    "data",
    [
        b'{"followers": ["someone", ' + b'"else", ' * 2000 + b'"last"]}',
        "Date\tFollowers\n2026-02-27\t30 someone\n".encode("utf-16"),
        "Date,Followers,someone\n2026-02-27,30,ü\n".encode("latin-1") * 500,
    ],
    ids=["one-line", "utf-16", "latin-1"],
)
def test_each_text_of_an_archive_shows_its_beginning(show: Show, data: bytes) -> None:
    """Also one without line ends, longer than what is unpacked of it, and one in an encoding with zeros in it."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("followers", data)
        archive.writestr("following", data[:400])
    found = show(None, out.getvalue())
    for name in ("followers:", "following:"):
        at = found.lines.index(name)
        assert "someone" in "".join(found.lines[at + 1 : at + 3])
