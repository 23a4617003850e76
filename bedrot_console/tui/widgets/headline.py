"""One line that says how what stands below it is."""

from __future__ import annotations

from textual.strip import Strip

from .drawn import Drawn
from .lines import Line, strip_of


class Headline(Drawn):
    """A line of pieces."""

    DEFAULT_CSS = "Headline { height: 1; }"

    def __init__(self) -> None:
        super().__init__()
        self.line: Line = []

    def show(self, line: Line) -> None:
        self.line = line
        self.refresh()

    def render_line(self, y: int) -> Strip:
        return strip_of(self.line, self.size.width, self.app.palette)  # type: ignore[attr-defined]
