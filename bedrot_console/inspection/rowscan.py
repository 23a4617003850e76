"""Rows of a table of any size without loading it: where row N begins, the rows from there on, the row that holds a byte.

Works on bytes or a map of a file. The header is row 1; blank lines are no rows. A quote opens only at the beginning of a cell.
"""

from __future__ import annotations

import csv
import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import Any

from bedrot_console.domain.excerpts import Entry, Head
from bedrot_console.domain.feeds import Column

from .jsonscan import plain
from .recognise import folded, header_cells, long_cells

PIECE_BYTES = 64 << 10
LONGEST_ROW = 64 << 10
MOST_CELL = 200
_SEP_LINE = re.compile(rb"sep=.(?:\r\n|\r|\n)", re.IGNORECASE)
_BLANK = re.compile(rb"\n[ \t\r]*\n")
_KINDS = (
    ("integer", re.compile(r"[-+]?\d{1,18}", re.ASCII)),
    ("decimal", re.compile(r"[-+]?(?:\d+\.\d*|\.\d+|\d{1,3}(?:,\d{3})+(?:\.\d*)?)(?:[eE][-+]?\d+)?", re.ASCII)),
    ("date", re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)),
    ("time", re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d.*", re.ASCII)),
)


class RowScan:
    """One table."""

    def __init__(self, data: Any, encoding: str = "utf-8") -> None:
        self.data, self.encoding = data, encoding
        head = bytes(data[:65536])
        start = 3 if head.startswith(b"\xef\xbb\xbf") else 0
        if (first := _SEP_LINE.match(head, start)) is not None:
            start = first.end()
        self.eol = b"\r" if b"\n" not in head and b"\r" in head else b"\n"
        self.delimiter = header_cells(head)[0]
        self._opens = re.compile(rb'(?:^|%s)[ ]*"' % re.escape(self.delimiter.encode()))
        self.marks = [(1, start)]
        self.total: int | None = None
        begin = self._skip_blank(start)
        self.marks = [(1, begin)]
        self.names = self.cells(begin, self.end_of(begin)) if begin < len(data) else []

    def _skip_blank(self, at: int) -> int:
        while at < len(self.data):
            end = self._line_end(at)
            if self.data[at:end].strip():
                return at
            at = end
        return at

    def _line_end(self, at: int) -> int:
        found = self.data.find(self.eol, at)
        return len(self.data) if found < 0 else found + 1

    def end_of(self, at: int) -> int:
        """The byte after the row that begins at `at`, with its line end. A quote that does not close soon ends with its line."""
        first = end = self._line_end(at)
        if not self._open(self.data[at:end]):
            return end
        while True:
            quote = self.data.find(b'"', end, at + LONGEST_ROW)
            if quote < 0:
                return first
            end = self._line_end(quote)
            if self.data[quote:end].count(b'"') % 2 == 1:
                return end

    def _open(self, part: bytes) -> bool:
        """Whether the row goes on after this line."""
        return part.count(b'"') % 2 == 1 and self._opens.search(part) is not None

    def cells(self, at: int, end: int) -> list[str]:
        text = bytes(self.data[at : min(end, at + LONGEST_ROW)]).decode(self.encoding, "backslashreplace").rstrip("\r\n")
        try:
            with long_cells(LONGEST_ROW * 4):
                row = next(csv.reader([text], delimiter=self.delimiter), [])
        except csv.Error:
            row = text.split(self.delimiter)
        return [plain(c if len(c) <= MOST_CELL else c[: MOST_CELL - 1] + "…") for c in row]

    def spots(self, row: int, at: int) -> Iterator[tuple[int, int, int]]:
        """(number, first byte, byte after) of the rows from `row`, which begins at `at`."""
        at = self._skip_blank(at)
        while at < len(self.data):
            end = self.end_of(at)
            yield row, at, end
            row, at = row + 1, self._skip_blank(end)

    def seek(self, row: int) -> tuple[int, int]:
        """(number, first byte) of a row; of the last one where there are fewer."""
        mark = self.marks[bisect_right(self.marks, (row, len(self.data))) - 1]
        for number, at in self._leaps(mark):
            if number > row:
                break
            mark = number, at
        last = mark
        for number, at, _ in self.spots(*mark):
            last = number, at
            if number == row:
                return last
        self.total = last[0]
        return last

    def row_at(self, offset: int) -> tuple[int, int]:
        """(number, first byte) of the row that holds a byte."""
        mark = next((m for m in reversed(self.marks) if m[1] <= offset), self.marks[0])
        for number, at in self._leaps(mark):
            if at > offset:
                break
            mark = number, at
        last = mark
        for number, at, end in self.spots(*mark):
            last = number, at
            if end > offset:
                break
        return last

    def _leaps(self, mark: tuple[int, int]) -> Iterator[tuple[int, int]]:
        """(number, first byte) of a row about every PIECE_BYTES after a known one; kept, so that they are counted once."""
        number, at = mark
        while at < len(self.data):
            end = min(at + PIECE_BYTES, len(self.data))
            end = self._line_end(end - 1) if end < len(self.data) else end
            piece = bytes(self.data[at:end])
            if self._is_plain(piece):
                number += piece.count(b"\n")
                at = self._skip_blank(end)
            else:
                for _, _, after in self.spots(number, at):
                    number += 1
                    at = after
                    if after >= end:
                        break
                at = self._skip_blank(at)
            if at < len(self.data):
                if (number, at) > self.marks[-1]:
                    self.marks.append((number, at))
                yield number, at

    def _is_plain(self, piece: bytes) -> bool:
        """Whether each line of a piece is a row."""
        if self.eol != b"\n" or piece[:1] in b"\r\n" or _BLANK.search(piece) is not None:
            return False
        return b'"' not in piece or all(line.count(b'"') % 2 == 0 for line in piece.split(b"\n"))

    def window(self, row: int, limit: int, at: int = 0) -> tuple[list[Entry], bool]:
        """Rows from `row` on (which begins at `at`, where that is known), and whether more follow."""
        row = max(2, row)
        if not at:
            found, at = self.seek(row)
            if found < row:
                return [], False
        entries: list[Entry] = []
        for number, begin, end in self.spots(row, at):
            if len(entries) == limit:
                return entries, True
            entries.append(Entry(at=begin, end=end, row=number, cells=tuple(self.cells(begin, end))))
        self.total = entries[-1].row if entries else row - 1
        return entries, False

    def header(self, columns: Sequence[Column], entries: Sequence[Entry]) -> tuple[Head, ...]:
        """The columns with their declared types, else with what the cells at hand look like."""
        declared = {folded(name): column for column in columns for name in column.names}
        heads = []
        for place, name in enumerate(self.names):
            column = declared.get(folded(name))
            seen = seen_type([e.cells[place] for e in entries if place < len(e.cells)])
            heads.append(Head(name=name, type=column.type.lower() if column else seen, known=column is not None or not columns))
        return tuple(heads)

    def column_of(self, wanted: str, columns: Sequence[Column]) -> int:
        """The place of a column that a finding names, by its own name or one that the feed declares; -1 when there is none."""
        names = [folded(n) for n in self.names]
        aliases = next((c.names for c in columns if folded(wanted) in map(folded, c.names)), (wanted,))
        return next((names.index(folded(a)) for a in aliases if folded(a) in names), -1)


def seen_type(cells: Sequence[str]) -> str:
    """What cells look like: `integer`, `decimal`, `date`, `time`, `text`; nothing where all are blank."""
    found = ""
    for cell in cells:
        text = cell.strip()
        if not text:
            continue
        kind = next((name for name, form in _KINDS if form.fullmatch(text)), "text")
        if found and kind != found:
            kind = "decimal" if {kind, found} == {"integer", "decimal"} else "text"
        found = kind
        if found == "text":
            break
    return found
