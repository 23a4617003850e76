"""A picture in half blocks, with a crosshair over it and words beside it. Holds cells, draws only what is seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from rich.color import Color
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from ...domain.blocks import Cell, Colour

ALARM: Colour = (230, 0, 60)
TURNED = Style(reverse=True, bold=True)
ARMS = {(-2, 0): "━", (-1, 0): "━", (0, 0): "╋", (1, 0): "━", (2, 0): "━", (0, -1): "┃", (0, 1): "┃"}
"""The crosshair, by column and row from its middle."""
SEEN_THROUGH = Cell(" ")
"""A cell below which a picture of pixels lies."""


class Canvas(Widget):
    """Shows rows of cells from its upper left corner. Posts `Pointed` for the mouse."""

    DEFAULT_CSS = "Canvas { width: 1fr; height: 1fr; }"

    @dataclass
    class Pointed(Message):
        """The mouse was pressed at one place and let go at another, or the same: column and row, with fractions where the terminal has them."""

        start: tuple[float, float]
        end: tuple[float, float]

    @dataclass
    class Wheeled(Message):
        """The wheel was turned: 1 is down, -1 up."""

        direction: int

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.rows: Sequence[Sequence[Cell]] = ()
        self.beside: Sequence[str] = ()
        self.cross: tuple[int, int] | None = None
        self._pressed: tuple[float, float] | None = None

    def show(self, rows: Sequence[Sequence[Cell]], beside: Sequence[str] = ()) -> None:
        """Other cells, and words (safe already) right of them."""
        self.rows, self.beside = rows, beside
        self.refresh()

    def put(self, cross: tuple[int, int] | None) -> None:
        """The crosshair, at a column and row; None: none."""
        self.cross = cross
        self.refresh()

    def on_mouse_down(self, event: events.MouseDown) -> None:
        self._pressed = (event.pointer_x, event.pointer_y)
        event.stop()

    def on_mouse_up(self, event: events.MouseUp) -> None:
        start, self._pressed = self._pressed, None
        if start is not None:
            self.post_message(self.Pointed(start, (event.pointer_x, event.pointer_y)))
        event.stop()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        self.post_message(self.Wheeled(1))
        event.stop()

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        self.post_message(self.Wheeled(-1))
        event.stop()

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        row = self.rows[y] if y < len(self.rows) else ()
        segments: list[Segment] = []
        run, last = "", None
        for x, cell in enumerate(row[:width]):
            char, style = cell.char, style_of(cell.fore, cell.back)
            arm = ARMS.get((x - self.cross[0], y - self.cross[1])) if self.cross is not None else None
            if arm is not None:
                char, style = arm, _crossed(cell)
            if style is not last and run:
                segments.append(Segment(run, last))
                run = ""
            run, last = run + char, style
        if run:
            segments.append(Segment(run, last))
        used = len(row[:width])
        if y < len(self.beside) and used + 2 < width:
            text = ("  " + self.beside[y])[: width - used]
            segments.append(Segment(text))
            used += len(text)
        return Strip(segments, used).adjust_cell_length(width)


def cells_strip(row: Sequence[Cell], width: int) -> Strip:
    """A row of cells as one strip of exact width."""
    return Strip([Segment(cell.char, style_of(cell.fore, cell.back)) for cell in row[:width]]).adjust_cell_length(width)


def _crossed(cell: Cell) -> Style:
    """The crosshair over a cell: red on what lies there, also on pixels; turned round where there are no colours."""
    return style_of(ALARM, cell.back) if cell.back is not None or cell is SEEN_THROUGH else TURNED


@lru_cache(maxsize=8192)
def style_of(fore: Colour | None, back: Colour | None) -> Style:
    """A cell's two colours."""
    return Style(color=Color.from_rgb(*fore) if fore else None, bgcolor=Color.from_rgb(*back) if back else None)
