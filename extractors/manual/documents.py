"""Uploaded documents as rows for inspection, or the reason why they cannot be read: cut off, damaged, another kind."""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections.abc import Iterable, Iterator
from typing import Any

from bedrot_console.domain.findings import Place
from bedrot_console.inspection.helpers import FormatTrouble, Rows, json_value

from .content import MOST_PEEK, Header, encoding_of, kind_of, table_header, text_of
from .dumps import read_dump
from .events import read_events
from .workbooks import read_book

MOST_TEXT = 256 << 20
MOST_RECORDS = 50_000
"""So many rows are held for checks cell by cell; the others are counted and measured."""


def read(payload: Any) -> Rows:
    """An uploaded document as rows: those of a table, a JSON list or a workbook, the tables of a dump; none for a PDF. Its kind is a fact.

    Args:
        payload: bytes, or a memory map of a long file: a dump is read from it line by line.

    Raises:
        FormatTrouble: cut off, damaged, or no such document.
    """
    kind = kind_of(payload[:MOST_PEEK])
    if kind == "sql":
        return read_dump(payload)
    if kind == "jsonl":
        return read_events(payload)
    data = bytes(payload)
    if kind == "pdf":
        return _pdf(data)
    if kind in ("xlsx", "xls"):
        return read_book(data, kind)
    if kind == "json":
        return _json(data)
    if kind == "csv":
        return _table(data)
    raise FormatTrouble("format.unknown-shape", "this is neither a table, nor JSON, nor a PDF, nor a workbook, nor a dump")


def _pdf(data: bytes) -> Rows:
    if b"%%EOF" not in data[-2048:]:
        raise FormatTrouble("format.truncated", "the PDF has no end mark", expected="%%EOF")
    pages = len(re.findall(rb"/Type\s*/Page[^s]", data))
    return Rows([], (), facts={"kind": "pdf"} | ({"pages": pages} if pages else {}))


def _json(data: bytes) -> Rows:
    value = json_value(text_of(data) or "")
    rows, base = value, ""
    if isinstance(value, dict):
        name, rows = next(
            ((k, v) for k, v in value.items() if isinstance(v, list) and v and isinstance(v[0], dict)), ("", [value])
        )
        base = f"/{name}" if name else ""
    if not isinstance(rows, list) or not all(isinstance(r, dict) for r in rows):
        raise FormatTrouble("format.unknown-shape", "the JSON holds no rows")
    return Rows(rows, document=value, base=base, facts={"kind": "json"})


class Sheet(Rows):
    """Rows of an uploaded table. `widths` are the cell counts that differ from the header's, by row of the file; `cut` tells a broken end,
    `count` is the number of all rows, of which the first MOST_RECORDS are held."""

    __slots__ = ("header", "widths", "cut", "count")

    def __init__(self, records: list[dict[str, Any]], header: Header, widths: dict[int, int], cut: bool, count: int) -> None:
        names = " ".join(header.delimiter).replace("\t", "tab")
        super().__init__(records, unique(header.cells), facts={"kind": "csv", "delimiter": names, "rows": count})
        self.header, self.widths, self.cut, self.count = header, widths, cut, count

    def place(self, index: int, column: str | None = None) -> Place:
        return Place(row=index + self.header.line + 2, column=column)


def unique(cells: Iterable[str]) -> list[str]:
    """Column names: blank ones are numbered, repeated ones get a number."""
    out: list[str] = []
    for number, cell in enumerate(cells, start=1):
        name = cell or f"column {number}"
        out.append(name if name not in out else f"{name} {number}")
    return out


def _table(data: bytes) -> Rows:
    if len(data) > MOST_TEXT:
        raise FormatTrouble("format.too-large", expected=f"at most {MOST_TEXT:,} bytes", seen=f"{len(data):,} bytes")
    header = table_header(text_of(data[:MOST_PEEK]) or "")
    if header is None:
        raise FormatTrouble("format.not-a-table")
    names = unique(header.cells)
    records: list[dict[str, Any]] = []
    widths: dict[int, int] = {}
    count = last = 0
    try:
        for number, cells in _records(data, header):
            count, last = count + 1, number
            if len(cells) != len(names):
                widths[number] = len(cells)
            if count <= MOST_RECORDS:
                records.append(dict(zip(names, cells, strict=False)))
    except (csv.Error, UnicodeError) as trouble:
        raise FormatTrouble("format.not-a-table", "a cell of the table cannot be read") from trouble
    tail = data[-4:].replace(b"\0", b"")
    cut = data.count(b'"') % 2 == 1 or (not tail.endswith((b"\n", b"\r")) and widths.get(last, len(names)) < len(names))
    sheet = Sheet(records, header, widths, cut, count)
    if count > MOST_RECORDS:
        sheet.facts["content_sha256"] = hashlib.sha256(data).hexdigest()  # the rows held are not all there are
    return sheet


def _records(data: bytes, header: Header) -> Iterator[tuple[int, list[str]]]:
    """Rows below the header that hold anything, with their number in the file; streamed."""
    lines = io.TextIOWrapper(io.BytesIO(data), encoding_of(data) or "utf-8-sig", errors="replace", newline="")
    for number, cells in enumerate(csv.reader(lines, delimiter=header.delimiter)):
        if number > header.line and any(c.strip() for c in cells):
            yield number + 1, cells
