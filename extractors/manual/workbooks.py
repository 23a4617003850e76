"""Workbooks (.xlsx, .xls) as rows: every sheet, its header, its rows, its days. Weighed before they are read, since a small file can claim a
huge sheet.

Only in the confined reader: what python-calamine makes of a hostile file must stay there. Nothing in a workbook is executed; of a formula the
stored result is taken.
"""

from __future__ import annotations

import hashlib
import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from bedrot_console.domain.findings import Place
from bedrot_console.inspection.helpers import FormatTrouble, Rows, workbook_trouble

MOST_SHEETS = 200
MOST_ENTRIES = 10_000
MOST_UNPACKED_BYTES = 512 << 20
MOST_RATIO = 200
MOST_CELLS = 3_000_000
"""Cells of the rectangle around all filled ones of a workbook: what calamine would hold. Beyond it a workbook is kept unread."""
MOST_XLS_BYTES = 32 << 20
MOST_RECORDS = 50_000
MOST_HELD_CELLS = 1_000_000
HEADER_ROWS = 30
NAMED_SHEETS = 20
_CELL = re.compile(rb"""<(?:\w+:)?c\s[^>]*?\br=["']([A-Za-z]{1,3})(\d{1,7})["'](?:[^>]*[^>/])?>""")
_OVERLAP = 512


@dataclass(slots=True)
class Tab:
    """What one sheet is: its name, where its header is (row of the sheet, from 1), its columns, and how many rows stand below."""

    name: str
    header_row: int = 0
    columns: list[str] = field(default_factory=list)
    rows: int = 0
    first: date | None = None
    last: date | None = None

    def fact(self) -> dict[str, Any]:
        found: dict[str, Any] = {
            "name": self.name[:80],
            "header_row": self.header_row,
            "columns": len(self.columns),
            "rows": self.rows,
        }
        if self.first is not None and self.last is not None:
            found |= {"first_day": self.first.isoformat(), "last_day": self.last.isoformat()}
        return found


class Book(Rows):
    """Rows of a workbook. `sheets` are those with cells; `numbers` is (sheet, row of it) for each row held; `count` how many rows there are;
    `unread` says why the content was not read, if it was not."""

    __slots__ = ("sheets", "numbers", "count", "unread")

    def __init__(
        self,
        kind: str,
        sheets: list[Tab],
        records: list[dict[str, Any]],
        numbers: list[tuple[str, int]],
        digest: str,
        unread: str = "",
    ) -> None:
        columns = list(dict.fromkeys(name for sheet in sheets for name in sheet.columns))
        if sum(1 for s in sheets if s.rows) > 1:
            columns.insert(0, "sheet")
        facts: dict[str, Any] = {"kind": kind}
        if not unread:
            facts |= {
                "sheets": len(sheets),
                "of_sheets": [s.fact() for s in sheets[:NAMED_SHEETS]],
                "rows": sum(s.rows for s in sheets),
            }
            facts["content_sha256"] = digest
        days = [d for s in sheets for d in (s.first, s.last) if d is not None]
        if days:
            facts |= {"first_day": min(days).isoformat(), "last_day": max(days).isoformat()}
        super().__init__(records, columns, facts=facts)
        self.sheets, self.numbers, self.unread = sheets, numbers, unread
        self.count = sum(s.rows for s in sheets)

    def place(self, index: int, column: str | None = None) -> Place:
        sheet, row = self.numbers[index]
        return Place(pointer=f"/{sheet[:60]}" if len(self.sheets) > 1 else None, row=row, column=column)


def read_book(data: bytes, kind: str) -> Book:
    """A workbook as rows; with several sheets each row names its own under `sheet`.

    Raises:
        FormatTrouble: breaks off, damaged, locked by a password, or packed beyond reason.
    """
    if kind == "xlsx":
        unread = _weigh(data)
    else:
        if len(data) < 1536 or len(data) % 512:
            raise FormatTrouble("format.truncated", "the workbook breaks off")
        unread = "" if len(data) <= MOST_XLS_BYTES else f"the workbook is larger than {MOST_XLS_BYTES:,} bytes"
    if unread:
        return Book(kind, [], [], [], "", unread)
    return _Reading(data, kind).book()


def _weigh(data: bytes) -> str:
    """Look how much a workbook unpacks to and how far its cells reach; says why it is too much to be read, if it is.

    Raises:
        FormatTrouble: `format.truncated`, or `format.archive` for a bomb or an entity declaration.
    """
    cells = unpacked = 0
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as book:
            entries = book.infolist()
            if len(entries) > MOST_ENTRIES or "xl/workbook.xml" not in book.namelist():
                raise FormatTrouble("format.archive", "the archive is no workbook")
            for entry in entries:
                if entry.is_dir():
                    continue
                if entry.flag_bits & 1:
                    raise FormatTrouble("format.archive", "the workbook is encrypted")
                reach = _Reach()  # any part can be named as a sheet
                with book.open(entry) as part:
                    for chunk in _chunks(part, entry.compress_size, entry.filename.endswith((".xml", ".rels"))):
                        unpacked += len(chunk)
                        if unpacked > MOST_UNPACKED_BYTES:
                            raise FormatTrouble(
                                "format.archive",
                                "the workbook unpacks beyond reason",
                                expected=f"at most {MOST_UNPACKED_BYTES:,} bytes",
                            )
                        reach.look(chunk)
                cells += reach.cells
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError, OverflowError) as trouble:
        raise FormatTrouble("format.truncated", "the workbook breaks off or is damaged") from trouble
    return f"its cells spread over {cells:,} places, more than the {MOST_CELLS:,} that are read" if cells > MOST_CELLS else ""


def _chunks(part: Any, packed: int, is_xml: bool) -> Iterator[bytes]:
    most, seen = max(packed, 1) * MOST_RATIO + (1 << 20), 0
    while chunk := part.read(1 << 20):
        if is_xml and not seen and (b"<!DOCTYPE" in chunk[:4096] or b"<!ENTITY" in chunk[:4096]):
            raise FormatTrouble("format.archive", "the workbook declares entities")
        seen += len(chunk)
        if seen > most:
            raise FormatTrouble("format.archive", "the workbook unpacks beyond reason", expected=f"at most {most:,} bytes")
        yield chunk


class _Reach:
    """The rectangle around the filled cells of a sheet, from its text in chunks."""

    def __init__(self) -> None:
        self.rest = b""
        self.columns: set[bytes] = set()
        self.unplaced = 0
        self.top, self.bottom = 1 << 24, 0

    def look(self, chunk: bytes) -> None:
        text = self.rest + chunk
        cut = max(text.rfind(b"<", max(0, len(text) - _OVERLAP)), 0)
        self.rest = text[cut:] if cut else b""
        text = text[:cut] if cut else text
        self.unplaced += text.count(b"<c>")
        found = _CELL.findall(text)
        if found:
            columns, rows = zip(*found, strict=True)
            self.columns.update(columns)
            numbers = set(map(int, set(rows)))
            self.top, self.bottom = min(self.top, *numbers), max(self.bottom, *numbers)

    @property
    def cells(self) -> int:
        if self.rest:
            rest, self.rest = self.rest, b""
            self.look(rest + b"<")
        if not self.columns:
            return self.unplaced
        numbers = [_column(name) for name in self.columns]
        return self.unplaced + (self.bottom - self.top + 1) * (max(numbers) - min(numbers) + 1)


def _column(name: bytes) -> int:
    number = 0
    for letter in name.upper():
        number = number * 26 + letter - 64
    return number


class _Reading:
    """One walk through the sheets of a workbook."""

    def __init__(self, data: bytes, kind: str) -> None:
        self.kind = kind
        self.records: list[dict[str, Any]] = []
        self.numbers: list[tuple[str, int]] = []
        self.held = 0
        self.digest = hashlib.sha256()
        self.workbook = self._opened(data)

    @staticmethod
    def _opened(data: bytes) -> Any:
        from python_calamine import CalamineWorkbook

        with workbook_trouble("format.truncated", "the workbook breaks off or is damaged"):
            return CalamineWorkbook.from_filelike(io.BytesIO(data))

    def book(self) -> Book:
        sheets: list[Tab] = []
        kinds = [(m.name, str(m.typ)) for m in self.workbook.sheets_metadata]
        if len(kinds) > MOST_SHEETS:
            return Book(self.kind, [], [], [], "", f"it has {len(kinds):,} sheets, more than the {MOST_SHEETS} that are read")
        several = len(kinds) > 1
        for name, what in kinds:
            if "WorkSheet" not in what:
                continue
            found = self.sheet(name, several)
            if found is not None:
                sheets.append(found)
        if sum(1 for s in sheets if s.rows) < 2:
            for record in self.records:
                record.pop("sheet", None)
        return Book(self.kind, sheets, self.records, self.numbers, self.digest.hexdigest())

    def sheet(self, name: str, several: bool) -> Tab | None:
        with workbook_trouble("format.archive", "a sheet of the workbook is damaged"):
            raw = self.workbook.get_sheet_by_name(name)
            if raw.start is None:
                return None
            return self.table(name, raw.iter_rows(), several)

    def table(self, name: str, rows: Iterator[list[Any]], several: bool) -> Tab:
        sheet = Tab(name)
        self.digest.update(b"\n" + name.encode("utf-8", "replace") + b"\n")
        above: list[tuple[int, list[Any]]] = []
        for number, cells in enumerate(rows, start=1):
            if all(c == "" for c in cells):
                continue
            if sheet.header_row:
                self.row(sheet, number, cells, several)
                continue
            above.append((number, cells))
            if len(above) == HEADER_ROWS:
                self.begin(sheet, above, several)
        if not sheet.header_row and above:
            self.begin(sheet, above, several)
        return sheet

    def begin(self, sheet: Tab, above: list[tuple[int, list[Any]]], several: bool) -> None:
        """Find the header among the first rows, and take those below it."""
        spot = header_of([cells for _, cells in above])
        sheet.header_row = above[spot][0]
        sheet.columns = _named(above[spot][1])
        for number, cells in above[spot + 1 :]:
            self.row(sheet, number, cells, several)

    def row(self, sheet: Tab, number: int, cells: list[Any], several: bool) -> None:
        sheet.rows += 1
        self.digest.update(repr(cells).encode("utf-8", "replace"))
        for cell in cells:
            if isinstance(cell, date):
                day = cell.date() if isinstance(cell, datetime) else cell
                sheet.first = day if sheet.first is None else min(sheet.first, day)
                sheet.last = day if sheet.last is None else max(sheet.last, day)
        if len(self.records) < MOST_RECORDS and self.held < MOST_HELD_CELLS:
            self.held += len(sheet.columns)
            record: dict[str, Any] = {"sheet": sheet.name} if several else {}
            record.update(zip(sheet.columns, map(plain, cells), strict=False))
            self.records.append(record)
            self.numbers.append((sheet.name, number))


def header_of(rows: list[list[Any]]) -> int:
    """Which of the first rows names the columns: the first of those with the most texts, no other kind of cell among them counting against it."""
    best, most = 0, -1
    for spot, cells in enumerate(rows):
        texts = sum(
            1 for c in cells if isinstance(c, str) and c.strip() and len(c) <= 80 and not re.fullmatch(r"[\d.,:/\s%-]+", c)
        )
        others = sum(1 for c in cells if c != "" and not isinstance(c, str))
        if texts - 2 * others > most:
            best, most = spot, texts - 2 * others
    return best


def _named(cells: list[Any]) -> list[str]:
    names: list[str] = []
    known: set[str] = set()
    for number, cell in enumerate(cells, start=1):
        name = str(plain(cell) or "").strip()[:120] or f"column {number}"
        if name in known or name == "sheet":
            name = f"{name} {number}"
        known.add(name)
        names.append(name)
    return names


def plain(cell: Any) -> Any:
    """A cell as a plain value: whole numbers as int, others as Decimal, midnight as a day, blank as None."""
    if cell == "":
        return None
    if isinstance(cell, bool):
        return cell
    if isinstance(cell, float):
        return int(cell) if cell.is_integer() and abs(cell) < 1e15 else Decimal(repr(cell))
    if isinstance(cell, datetime):
        return cell.date() if cell.time() == time() else cell
    if isinstance(cell, timedelta):
        return str(cell)
    return cell.isoformat() if isinstance(cell, time) else cell
