"""A virtual table on the line API: draws the rows that are seen, moves by repainting two lines, holds no widget per row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from rich.segment import Segment
from textual import events
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip

from ...domain.text import safe
from ..palette import Palette
from .drawn import Drawn
from .lines import Piece, fit


class _Frame(NamedTuple):
    """What all lines of a table have in common while they are drawn."""

    width: int
    columns: Sequence[tuple[Column, int]]
    palette: Palette
    rows: int


@dataclass(frozen=True, slots=True)
class Column:
    """One column: `width` cells, or a share of the rest when `flex`. Columns whose `least` is above the table's width are left out."""

    title: str
    width: int
    align: str = "left"
    flex: int = 0
    least: int = 0


class VirtualTable(Drawn, can_focus=True):
    """Rows by index. A subclass says how many rows there are and what stands in one; `None` for a row that is not loaded yet.

    Posts `Moved` when the cursor stands on another row and `Chosen` on double click.
    """

    DEFAULT_CSS = "VirtualTable { height: 1fr; width: 1fr; }"

    @dataclass
    class Moved(Message):
        """The cursor stands on another row."""

        table: VirtualTable
        index: int

        def can_replace(self, message: Message) -> bool:
            return isinstance(message, VirtualTable.Moved) and message.table is self.table

    @dataclass
    class Chosen(Message):
        """The row was chosen."""

        table: VirtualTable
        index: int

    def __init__(
        self, columns: Sequence[Column], *, id: str | None = None, empty: Sequence[str] = (), header: bool = True
    ) -> None:
        super().__init__(id=id)
        self.columns = tuple(columns)
        self.cursor = 0
        self.top = 0
        self.empty = tuple(empty)
        self.header = header
        self.shift = 0
        self._layout: tuple[int, tuple[tuple[Column, int], ...]] | None = None
        self._strips: dict[tuple[object, Piece, int, int], Strip] = {}
        self._settled: _Frame | None = None

    # what a subclass brings

    def row_count(self) -> int:
        return 0

    def row_key(self, index: int) -> object:
        """What identifies the drawn row, for the cache; None: not loaded."""
        return index

    def row_pieces(self, index: int) -> Sequence[Piece] | None:
        """One piece per column of `self.columns`, safe; None: not loaded."""
        return None

    def row_sign(self, index: int) -> Piece:
        """One character before the row."""
        return (" ", "plain")

    def column_title(self, column: Column) -> str:
        """What stands above a column."""
        return column.title

    def say(self, text: str, hint: str | None = None) -> None:
        """What went wrong, and the next command, where rows would stand."""
        self.empty = (safe(text, 200), f"next: {safe(hint, 120)}" if hint else "")
        self.refresh()

    # moving

    @property
    def view_height(self) -> int:
        return max(1, self.size.height - (1 if self.header else 0))

    def move_to(self, index: int) -> None:
        """Put the cursor on a row and bring it into view."""
        count = self.row_count()
        index = max(0, min(index, count - 1))
        old, old_top = self.cursor, self.top
        height = self.view_height
        if index < self.top:
            self.top = index
        elif index >= self.top + height:
            self.top = index - height + 1
        self.top = max(0, min(self.top, max(0, count - height)))
        self.cursor = index
        if self.top != old_top:
            self.refresh()
        elif index != old:
            self._refresh_row(old)
            self._refresh_row(index)
        if index != old:
            self.post_message(self.Moved(self, index))

    def move_by(self, rows: int) -> None:
        self.move_to(self.cursor + rows)

    def home(self) -> None:
        """To the first row."""
        self.move_to(0)

    def end(self) -> None:
        """To the last row."""
        self.move_to(self.row_count() - 1)

    def page(self, direction: int) -> None:
        """One screen on, the cursor keeping its place in the view."""
        height = self.view_height
        count = self.row_count()
        offset = self.cursor - self.top
        self.top = max(0, min(self.top + direction * height, max(0, count - height)))
        old = self.cursor
        target = self.top + offset
        if target == old or (self.cursor + direction * height) != target:
            target = self.cursor + direction * height
        self.cursor = max(0, min(target, count - 1))
        self.refresh()
        if self.cursor != old:
            self.post_message(self.Moved(self, self.cursor))

    def rows_changed(self) -> None:
        """The rows are other ones: keep the cursor inside and draw again."""
        count = self.row_count()
        self.cursor = max(0, min(self.cursor, count - 1))
        height = self.view_height
        self.top = max(0, min(self.top, max(0, count - height), self.cursor))
        if self.cursor >= self.top + height:
            self.top = self.cursor - height + 1
        self._strips.clear()
        self.refresh()

    def _refresh_row(self, index: int) -> None:
        y = index - self.top + (1 if self.header else 0)
        if 0 <= y < self.size.height:
            self.refresh(Region(0, y, self.size.width, 1))

    # drawing

    def layout_columns(self) -> tuple[tuple[Column, int], ...]:
        """The columns that fit, with their widths."""
        width = self.size.width
        if self._layout is not None and self._layout[0] == width:
            return self._layout[1]
        chosen = [c for c in self.columns if c.least <= width]
        fixed = sum(c.width for c in chosen if not c.flex) + len(chosen)
        rest = max(0, width - 1 - fixed)
        shares = sum(c.flex for c in chosen) or 1
        out: list[tuple[Column, int]] = []
        flexed = [c for c in chosen if c.flex]
        for column in chosen:
            if column.flex:
                share = rest - sum(w for c, w in out if c.flex) if column is flexed[-1] else rest * column.flex // shares
                out.append((column, max(column.width, share)))
            else:
                out.append((column, column.width))
        self._layout = (width, tuple(out))
        self._strips.clear()
        return self._layout[1]

    def render_lines(self, crop: Region) -> list[Strip]:
        self._settled = self._settle()
        try:
            return super().render_lines(crop)
        finally:
            self._settled = None

    def _settle(self) -> _Frame:
        return _Frame(self.size.width, self.layout_columns(), self.app.palette, self.row_count())  # type: ignore[attr-defined]

    def render_line(self, y: int) -> Strip:
        frame = self._settled or self._settle()
        width, columns, palette, count = frame
        if self.header:
            if y == 0:
                text = "  " + " ".join(
                    fit(self.column_title(c), w, "right" if c.align == "right" else "left") for c, w in columns
                )
                return Strip([Segment(fit(text, width), palette["head"])], width)
            y -= 1
        if count == 0:
            start = 1
            if start <= y < start + len(self.empty):
                return Strip(
                    [Segment(fit("  " + self.empty[y - start], width), palette["dim" if y > start else "strong"])], width
                )
            return Strip.blank(width)
        index = self.top + y
        if index >= count:
            return Strip.blank(width)
        strip = self._row_strip(index, frame)
        if index == self.cursor:
            look = palette["cursor" if self.has_focus or self.screen.focused is None else "cursor-away"]
            strip = Strip([Segment(s.text, (s.style + look) if s.style else look) for s in strip], width)
        return strip

    def _row_strip(self, index: int, frame: _Frame) -> Strip:
        """The row without the cursor. The same strip again for what looks the same."""
        width, columns, palette, _ = frame
        sign = self.row_sign(index)
        key = (self.row_key(index), sign, width, self.shift)
        known = self._strips.get(key) if key[0] is not None else None
        if known is not None:
            return known
        pieces = self.row_pieces(index)
        if pieces is None:
            return Strip([Segment(fit("  …", width), palette["dim"])], width)
        by_title = dict(zip([c.title for c in self.columns], pieces, strict=False))
        segments = [Segment(sign[0] + " ", palette[sign[1]])]
        used, plain = 2, ""
        for column, cells in columns:
            text, style = by_title[column.title]
            room = min(cells, max(0, width - used))
            if style == "plain":
                plain += fit(text, room, column.align)
            else:
                segments += [Segment(plain), Segment(fit(text, room, column.align), palette[style])]
                plain = ""
            used += room
            if used < width:
                plain += " "
                used += 1
        segments.append(Segment(plain + " " * (width - used)))
        strip = Strip([s for s in segments if s.text], width)
        if key[0] is not None:
            if len(self._strips) > 2000:
                self._strips.clear()
            self._strips[key] = strip
        return strip

    # events

    def on_resize(self, event: events.Resize) -> None:
        self._layout = None
        self.rows_changed()

    def on_focus(self) -> None:
        self._refresh_row(self.cursor)

    def on_blur(self) -> None:
        self._refresh_row(self.cursor)

    def _row_at(self, y: int) -> int | None:
        index = self.top + y - (1 if self.header else 0)
        return index if y >= (1 if self.header else 0) and index < self.row_count() else None

    def on_click(self, event: events.Click) -> None:
        index = self._row_at(event.y)
        if index is None:
            return
        self.move_to(index)
        if event.chain == 2:
            self.post_message(self.Chosen(self, index))

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        self.move_by(3)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        self.move_by(-3)


class ListTable(VirtualTable):
    """A virtual table over a list of rows that are at hand: pieces per row, and a key per row."""

    told = True
    """Whether it says which of its rows are seen; a place may say it elsewhere."""
    beyond = False
    """Whether there are more rows than those at hand."""

    def __init__(
        self, columns: Sequence[Column], *, id: str | None = None, empty: Sequence[str] = (), header: bool = True
    ) -> None:
        super().__init__(columns, id=id, empty=empty, header=header)
        self.rows: list[tuple[object, Sequence[Piece]]] = []

    def set_rows(self, rows: Sequence[tuple[object, Sequence[Piece]]], *, keep: bool = True) -> None:
        """Show other rows; with `keep` the cursor stays on the same key where it still is."""
        key = self.rows[self.cursor][0] if keep and self.rows and self.cursor < len(self.rows) else None
        self.rows = list(rows)
        if key is not None:
            for index, (other, _) in enumerate(self.rows):
                if other == key:
                    self.cursor = index
                    break
        elif not keep:
            self.cursor = self.top = 0
        self.rows_changed()

    def render_line(self, y: int) -> Strip:
        """A row, or the header; where not all rows are seen, which are (if no title stands there), or how many more there are."""
        strip = super().render_line(y)
        first, last, count = self.top + 1, self.top + self.view_height, len(self.rows)
        if (
            not self.told
            or count <= self.view_height
            or not (y == 0 if self.header else y == self.size.height - 1 and last < count)
        ):
            return strip
        told = f" {first}-{min(last, count)} of {count}{'+' if self.beyond else ''} " if self.header else f" {count - last} more "
        at = max(0, self.size.width - len(told))
        if self.header and strip.text[at - 1 :].strip():
            return strip
        look = self.app.palette["head" if self.header else "dim"]  # type: ignore[attr-defined]
        return Strip([*strip.crop(0, at), Segment(told, look)], self.size.width)

    @property
    def key(self) -> object | None:
        """The key of the row under the cursor."""
        return self.rows[self.cursor][0] if self.rows else None

    def row_count(self) -> int:
        return len(self.rows)

    def row_key(self, index: int) -> object:
        return index

    def row_pieces(self, index: int) -> Sequence[Piece]:
        return self.rows[index][1]
