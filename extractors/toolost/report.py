"""The monthly sales report: its columns, the titles of its notifications, its name, and whether a downloaded one is whole.

Certainty: the first 18 columns *documented* (help pages of the vendor, which list further ones not named); the name `MM-YYYY-<number>.csv`
and the title of the notification *seen* in other readers; encoding, delimiter, decimals and how days are written are not known. Required are
the columns that the rules below need. `unit_price` is the gross revenue of all units despite its name (*documented*).
"""

from __future__ import annotations

import csv
import re
import unicodedata
from datetime import date
from pathlib import Path

from bedrot_console.domain.errors import SourceChanged
from bedrot_console.domain.feeds import Column
from bedrot_console.inspection.helpers import header_has, page_kind

SOLD, ACCOUNTED, REPORTED = "sale_date", "accounting_date", "reporting_date"
CHANNEL, UNITS, REVENUE = "channel", "units", "unit_price"

# Days are text: how the site writes them is not known, and a check that names what it cannot read says more than a refused row.
COLUMNS = (
    Column(("transaction_id",)),
    Column((SOLD,), required=True),
    Column((ACCOUNTED,)),
    Column((REPORTED,), required=True),
    Column(("release_title",)),
    Column(("release_id",)),
    Column(("track_title",)),
    Column(("track_id",)),
    Column((CHANNEL,), required=True),
    Column(("country",)),
    Column(("isrc",)),
    Column(("upc",)),
    Column((UNITS,), "DECIMAL(20, 4)", required=True),
    Column((REVENUE,), "DECIMAL(28, 12)"),
    Column(("original_currency",)),
    Column(("split_id",)),
    Column(("share",)),
    Column(("rev_fee",)),
)
KEY = ("transaction_id", "split_id")

is_report = header_has(SOLD, REPORTED, CHANNEL, UNITS)

_TITLE = re.compile(r"\bsales\s+report\b", re.IGNORECASE)
_MONTH = re.compile(
    r"(?<!\d)(?:(?P<m1>0?[1-9]|1[0-2])\s*[-/.]\s*(?P<y1>20\d\d)|(?P<y2>20\d\d)\s*[-/.]\s*(?P<m2>0?[1-9]|1[0-2]))(?!\d)"
)
_NAME = re.compile(r"(?<!\d)(0[1-9]|1[0-2])-(20\d\d)-\d+(?:\s*\(\d+\))?\.csv", re.IGNORECASE)
_TAIL_BYTES = 64 << 10


def speaks_of_a_report(title: str) -> bool:
    """Whether a notification's title is about a sales report at all."""
    return _TITLE.search(unicodedata.normalize("NFKC", title)) is not None


def month_of_title(title: str) -> str | None:
    """`YYYY-MM` of a report's notification, however its month is set off: brackets, none, full-width ones; None for any other title."""
    plain = unicodedata.normalize("NFKC", title).replace("\u2013", "-").replace("\u2010", "-").replace("\u2011", "-")
    if not _TITLE.search(plain):
        return None
    match = _MONTH.search(plain)
    if match is None:
        return None
    return f"{match['y1'] or match['y2']}-{int(match['m1'] or match['m2']):02d}"


def month_of_name(name: str | None) -> str | None:
    """`YYYY-MM` of a report's file name (`05-2025-12345.csv`); None for other names."""
    match = _NAME.search(name or "")
    return f"{match[2]}-{match[1]}" if match else None


def months_before(month: str, count: int) -> str:
    """The month `count` months before `YYYY-MM`."""
    number = int(month[:4]) * 12 + int(month[5:]) - 1 - count
    return f"{number // 12}-{number % 12 + 1:02d}"


def cut_short(path: Path) -> str | None:
    """Why a downloaded report is not whole; None if it seems to be. A download cut without an announced length is noticed by nobody else.

    Raises:
        SourceChanged: it is a page, or has not the header of a report.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(_TAIL_BYTES)
        file.seek(max(0, size - _TAIL_BYTES))
        tail = file.read()
    if not head.strip():
        return "it is empty"
    if page_kind(head) is not None or head.lstrip(b"\xef\xbb\xbf \r\n\t")[:1] in (b"<", b"{"):
        raise SourceChanged("the sales report is a page or a message, not a table")
    end = b"\n" if b"\n" in head else b"\r"
    header, ended, rest = head.partition(end)
    if not ended:
        return "it ends within its header"
    delimiter = max(",;\t|", key=lambda d: header.count(d.encode()))
    if not is_report(head):
        raise SourceChanged("the sales report has not the header that it is known by")
    lines = tail.rstrip(b"\r\n").split(end)
    expected, found = len(_cells(header, delimiter)), len(_cells(lines[-1], delimiter))
    return None if not rest or expected == found else f"its last line has {found} of {expected} cells"


def newest_day(path: Path) -> date | None:
    """The newest reporting day, read without further ado; None for anything odd."""
    try:
        with path.open(encoding="latin-1", newline="") as file:
            header = file.readline().rstrip("\r\n").removeprefix("\u00ef\u00bb\u00bf")
            delimiter = max(",;\t|", key=header.count)
            names = [n.strip().lower() for n in next(csv.reader([header], delimiter=delimiter), [])]
            if REPORTED not in names:
                return None
            at = names.index(REPORTED)
            newest = max((row[at][:10] for row in csv.reader(file, delimiter=delimiter) if len(row) > at), default="")
        return date.fromisoformat(newest)
    except (csv.Error, ValueError):
        return None


def _cells(line: bytes, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([line.decode("latin-1")], delimiter=delimiter), [])
    except csv.Error:
        return []
