"""Rows of an answer of any size: blocks of rows around the view, a column cursor, marks. What is not seen is not in memory."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.cells import cell_len
from rich.segment import Segment
from textual.message import Message
from textual.strip import Strip

from ...domain.identifiers import ALPHABET, LENGTH, MIN_PREFIX
from ...domain.text import safe
from .lines import Piece, fit
from .table import Column, VirtualTable

BLOCK = 200
BLOCKS_KEPT = 12
WIDEST, NARROWEST = 48, 3
CELL_SHOWN = 400
CELL_KEPT = 2000
"""Characters of a text that are held with its row; the whole is read when it is wanted."""
_NUMBERS = ("INT", "DECIMAL", "DOUBLE", "FLOAT", "REAL")
_ID_COLUMNS = ("id", "file_id", "file")


def cell_text(value: Any) -> str:
    """A value as it is copied and shown."""
    return value if isinstance(value, str) else str(value).lower() if isinstance(value, bool) else str(value)


def shortened(rows: Sequence[Sequence[Any]]) -> Sequence[Sequence[Any]]:
    """Rows with long texts cut, so that a block of rows is small whatever stands in them."""
    return [[v[:CELL_KEPT] if isinstance(v, str) and len(v) > CELL_KEPT else v for v in row] for row in rows]


def looks_like_id(value: Any) -> bool:
    """Whether a value can name a file: an id, or a beginning of one that is long enough."""
    return isinstance(value, str) and MIN_PREFIX <= len(value) <= LENGTH and set(value) <= set(ALPHABET)


def id_column(names: Sequence[str]) -> int | None:
    """Which column names the row's file; None where none does."""
    return next((list(names).index(n) for n in _ID_COLUMNS if n in names), None)


class Results(VirtualTable, can_focus=True):
    """Shows the rows of one answer. Posts `NeedBlock`; is fed by `put`. Marks hold the file id of each marked row."""

    @dataclass
    class NeedBlock(Message):
        """The rows of a block are wanted."""

        number: int

    def __init__(self, *, id: str | None = None, empty: Sequence[str] = ()) -> None:
        super().__init__((), id=id, empty=empty)
        self.names: tuple[str, ...] = ()
        self.types: tuple[str, ...] = ()
        self.count = 0
        self.first = 0
        self.at = 0
        self.id_column: int | None = None
        self.marks: dict[int, str] = {}
        self.last_mark: int | None = None
        self._span: tuple[int, int] | None = None
        """Where marking with shift began, and where it last came."""
        self.signs: dict[str, Piece] = {}
        self._widths: list[int] = []
        self._set: set[int] = set()
        self._blocks: OrderedDict[int, Sequence[Sequence[Any]]] = OrderedDict()
        self._asked: set[int] = set()

    # what is shown

    def clear(self, empty: Sequence[str]) -> None:
        """Show nothing but these lines."""
        self.restart((), ())
        self.empty = tuple(empty)

    def restart(self, names: Sequence[str], types: Sequence[str]) -> None:
        """Another answer, of which no row is there yet."""
        self.names, self.types = tuple(names), tuple(types)
        self.count = self.first = self.at = self.cursor = self.top = 0
        self.marks, self.signs, self.last_mark = {}, {}, None
        self._span = None
        self.id_column = id_column(self.names)
        self._widths, self._set = [], set()
        self._blocks.clear()
        self._asked.clear()
        self._relayout()
        self.rows_changed()

    def grow(self, count: int) -> None:
        """So many rows can be read now."""
        if count == self.count:
            return
        shown = min(self.count, self.top + self.view_height)
        self.count = count
        if self.row(self.cursor) is None:
            self._ask(self.cursor // BLOCK)
        if shown < self.top + self.view_height:
            self.refresh()

    def put(self, number: int, rows: Sequence[Sequence[Any]]) -> None:
        """The rows of a block; a block that was not full yet is asked for again when more rows are seen."""
        self._asked.discard(number)
        if rows:
            self._blocks[number] = rows
        while len(self._blocks) > BLOCKS_KEPT:
            self._blocks.popitem(last=False)
        if rows:
            self._measure(rows)
        self._strips.clear()
        self.refresh()

    def _measure(self, rows: Sequence[Sequence[Any]]) -> None:
        """Widths that fit the first rows; later ones make room for longer numbers, which say nothing when they are cut."""
        first = not self._widths
        for number, name in enumerate(self.names):
            if not first and not self._numeric(number):
                continue
            widest = max(cell_len(safe(cell_text(r[number]), WIDEST + 1)) if r[number] is not None else 1 for r in rows[:BLOCK])
            width = max(NARROWEST, min(WIDEST, max(widest, cell_len(safe(name, WIDEST)))))
            if first:
                self._widths.append(width)
            elif number not in self._set and width > self._widths[number]:
                self._widths[number] = width
        self._relayout()

    def _numeric(self, number: int) -> bool:
        kind = str(self.types[number]).upper()
        return any(n in kind for n in _NUMBERS) and "[" not in kind and "(" not in kind.removeprefix("DECIMAL(")

    def row_count(self) -> int:
        return self.count

    def row(self, index: int) -> Sequence[Any] | None:
        """The row at an index, if it is at hand."""
        block = self._blocks.get(index // BLOCK)
        return block[index % BLOCK] if block is not None and index % BLOCK < len(block) else None

    def file_id(self, index: int | None = None) -> str | None:
        """What names a file in a row (the cursor's), if anything does."""
        row = self.row(self.cursor if index is None else index)
        if row is None or self.id_column is None:
            return None
        value = row[self.id_column]
        return value if looks_like_id(value) else None

    def row_key(self, index: int) -> object:
        return index if self.row(index) is not None else None

    def row_sign(self, index: int) -> Piece:
        if index in self.marks:
            return ("*", "mark")
        name = self.file_id(index) if self.signs else None
        return self.signs.get(name, (" ", "plain")) if name else (" ", "plain")

    def row_pieces(self, index: int) -> Sequence[Piece] | None:
        row = self.row(index)
        if row is None:
            self._ask(index // BLOCK)
            return None
        self._blocks.move_to_end(index // BLOCK)
        seen = row[self.first : self.first + len(self.columns)]
        return [("∅", "dim") if v is None else (safe(cell_text(v), CELL_SHOWN), "plain") for v in seen]

    def move_to(self, index: int) -> None:
        super().move_to(index)
        self._ahead()

    def page(self, direction: int) -> None:
        super().page(direction)
        self._ahead()

    def _ahead(self) -> None:
        """Ask for the rows that the next pages will show, either way."""
        for index in (self.top - 2 * self.view_height, self.top + 3 * self.view_height):
            number = max(0, min(index, self.count - 1)) // BLOCK
            if number not in self._blocks:
                self._ask(number)

    def _ask(self, number: int) -> None:
        if number not in self._asked and number * BLOCK < self.count:
            self._asked.add(number)
            self.post_message(self.NeedBlock(number))

    # columns

    def _width(self, number: int) -> int:
        return self._widths[number] if number < len(self._widths) else max(NARROWEST, min(WIDEST, len(self.names[number])))

    def _relayout(self) -> None:
        """The columns that fit from `first` on, such that the column cursor is among them."""
        room = max(1, self.size.width - 2)
        self.first = min(self.first, self.at)
        while self.first < self.at and sum(self._width(i) + 1 for i in range(self.first, self.at + 1)) > room + 1:
            self.first += 1
        shown, used = [], 0
        for number in range(self.first, len(self.names)):
            if used >= room:
                break
            shown.append(Column(f"{number}", self._width(number), "right" if self._numeric(number) else "left"))
            used += self._width(number) + 1
        self.columns = tuple(shown)
        self.shift = self.first
        self._layout = None
        self._strips.clear()
        self.refresh()

    def move_column(self, step: int) -> None:
        """The column cursor, so many columns on."""
        self.at = max(0, min(self.at + step, len(self.names) - 1))
        self._relayout()

    def widen(self, step: int) -> None:
        """The column under the cursor, so many cells wider."""
        if self.at < len(self._widths):
            self._set.add(self.at)
            self._widths[self.at] = max(NARROWEST, min(300, self._widths[self.at] + step))
            self._relayout()

    @property
    def more_columns(self) -> tuple[int, int]:
        """How many columns lie out of sight: left, right."""
        return self.first, max(0, len(self.names) - self.first - len(self.columns))

    def render_line(self, y: int) -> Strip:
        if y or not self.names:
            return super().render_line(y)
        palette = self.app.palette  # type: ignore[attr-defined]
        segments = [Segment("  ", palette["head"])]
        for number, (column, cells) in enumerate(self.layout_columns(), self.first):
            title = fit(safe(self.names[number], 60), cells, "right" if column.align == "right" else "left")
            here = number == self.at and self.has_focus
            segments += [Segment(title, palette["cursor" if here else "head"]), Segment(" ", palette["head"])]
        return Strip(segments).adjust_cell_length(self.size.width, palette["head"])

    def on_resize(self, event: Any) -> None:
        self._relayout()
        self.rows_changed()

    def on_focus(self) -> None:
        self.refresh()

    def on_blur(self) -> None:
        self.refresh()

    # marks

    def toggle_mark(self) -> None:
        """Mark the row under the cursor, which has an id, or unmark it."""
        if self.cursor in self.marks:
            del self.marks[self.cursor]
        elif (name := self.file_id()) is not None:
            self.marks[self.cursor] = name
            self.last_mark = self.cursor
        self._refresh_row(self.cursor)

    def extend(self, step: int) -> None:
        """Mark the row under the cursor and the next one that way; going back takes the marks of this way off again."""
        if self._span is None or self._span[1] != self.cursor:
            self._span = (self.cursor, self.cursor)
        start, mine = self._span[0], set(range(*sorted((self._span[0], self.cursor)))) | {self.cursor}
        self.move_to(self.cursor + step)
        inside = set(range(min(start, self.cursor), max(start, self.cursor) + 1))
        for index in mine - inside:
            self.marks.pop(index, None)
        self.marks |= {i: name for i in inside if (name := self.file_id(i)) is not None}
        self._span, self.last_mark = (start, self.cursor), start
        self.refresh()

    def mark(self, rows: Mapping[int, str]) -> None:
        """Mark these rows too."""
        self.marks |= rows
        self.refresh()

    def unmark(self) -> None:
        self.marks = {}
        self.last_mark = self._span = None
        self.refresh()

    def chosen(self) -> list[str]:
        """File ids of the marked rows, each once, or of the row under the cursor."""
        if self.marks:
            return list(dict.fromkeys(self.marks[i] for i in sorted(self.marks)))
        name = self.file_id()
        return [name] if name is not None else []
