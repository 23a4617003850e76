"""The royalty statement ("bank details"): its columns, spelling by spelling, and whether a downloaded one is whole.

Each column is found by itself: mixed headers exist.

*Seen*: the legacy header of 13 columns, the header of 15 columns since about July 2025, and a 2026 file with 15 columns that still says
`Song/Album`. Required is what every known layout has.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from datetime import date
from pathlib import Path

from bedrot_console.domain.errors import SourceChanged
from bedrot_console.domain.feeds import Column
from bedrot_console.inspection.helpers import header_has, page_kind

INSERTED = "Date Inserted"
REPORTED = "Reporting Date"
MONTH = "Sale Month"
QUANTITY = "Quantity"
EARNINGS = "Earnings (USD)"
SHARE = "Team Percentage"
COUNTRY = "Country of Sale"

# Quantity is whole (checked), but declared with places: a column of integers would round what is not, and nobody would see it.
COLUMNS = (
    Column((INSERTED,), "DATE"),
    Column((REPORTED,), "DATE", required=True),
    Column((MONTH,), required=True),
    Column(("Store",), required=True),
    Column(("Artist",)),
    Column(("Title",), required=True),
    Column(("ISRC",)),
    Column(("UPC",)),
    Column((QUANTITY,), "DECIMAL(20, 4)", required=True),
    Column((SHARE,), "DECIMAL(9, 4)"),
    Column(("Source Type", "Song/Album")),
    Column((COUNTRY,)),
    Column(("Songwriter Royalties Withheld (USD)", "Songwriter Royalties Withheld"), "DECIMAL(28, 12)"),
    Column((EARNINGS, "Earnings"), "DECIMAL(28, 12)", required=True),
    Column(("Recoup (USD)", "Recoup"), "DECIMAL(28, 12)"),
)

KEY = (REPORTED, MONTH, "Store", "Artist", "Title", "ISRC", "UPC", COUNTRY)
"""Names a row almost always: of 923 real rows, 13 keys had two (*seen*). Such rows add up."""

is_statement = header_has(MONTH, "Store", "Title", QUANTITY, (EARNINGS, "Earnings"))

TAIL_BYTES = 64 << 10
_LINE_END = re.compile(rb"\r\n|\r|\n")
LINES_OF_A_ROW = 20
"""Titles may hold line breaks (*seen*): a last row is looked for in so many lines."""


def _ends(path: Path) -> tuple[bytes, list[str], bool]:
    """Header line, the last lines as text with their ends, and whether the file is one line only."""
    with path.open("rb") as file:
        head = file.read(TAIL_BYTES)
        size = path.stat().st_size
        file.seek(max(0, size - TAIL_BYTES))
        tail = file.read()
    first = _LINE_END.search(head)
    end = b"\r" if first is not None and first[0] == b"\r" else b"\n"
    header, _, rest = head.partition(end)
    lines = tail.rstrip(b"\r\n").decode("latin-1").split(end.decode())
    return header, [line + end.decode() for line in lines[-LINES_OF_A_ROW:]], not rest


def cut_short(path: Path) -> str | None:
    """Why a downloaded export is not whole, or not an export at all; None if it seems to be. Looks at both ends only.

    A download cut without an announced length is noticed by nobody else (*seen*). A cut at a line end shows only against history.

    Raises:
        SourceChanged: it is a page.
    """
    with path.open("rb") as file:
        head = file.read(4096)
    if not head.strip():
        return "it is empty"
    if head[:2] == b"PK":
        return None if zipfile.is_zipfile(path) else "the archive has no end"
    if page_kind(head) is not None or head.lstrip(b"\xef\xbb\xbf \r\n\t")[:1] == b"<":
        raise SourceChanged("the bank export is a page, not a table")
    header, last, alone = _ends(path)
    delimiter = "\t" if b"\t" in header else ","
    expected = len(_rows(header.decode("latin-1"), delimiter)[0])
    if alone:
        return None if is_statement(head) else "it has no header"
    for count in range(1, len(last) + 1):
        rows = _rows("".join(last[-count:]), delimiter)
        if len(rows) == 1 and len(rows[0]) == expected:
            return None
    found = len(_rows(last[-1], delimiter)[0])
    return f"its last line has {found} of {expected} cells"


def extension_of(path: Path) -> str:
    """`zip`, `csv` or `tsv`, by what a whole export holds: the site names all of them alike."""
    with path.open("rb") as file:
        head = file.read(4096)
    if head[:2] == b"PK":
        return "zip"
    return "tsv" if b"\t" in head.splitlines()[0] else "csv"


def newest_report(path: Path) -> date | None:
    """The newest Reporting Date, read without further ado; None for archives and for anything odd."""
    with path.open("rb") as raw:
        if raw.read(2) == b"PK":
            return None
    try:
        with path.open(encoding="latin-1", newline=None) as file:
            header = file.readline().rstrip("\n").removeprefix("\u00ef\u00bb\u00bf")
            delimiter = "\t" if "\t" in header else ","
            names = [n.strip() for n in next(csv.reader([header], delimiter=delimiter), [])]
            if REPORTED not in names:
                return None
            at = names.index(REPORTED)
            newest = max((row[at] for row in csv.reader(file, delimiter=delimiter) if len(row) > at), default="")
        return date.fromisoformat(newest)
    except (csv.Error, ValueError):
        return None


def _rows(text: str, delimiter: str) -> list[list[str]]:
    try:
        return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)) or [[]]
    except csv.Error:
        return [[]]
