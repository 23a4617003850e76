"""The first line: where you are, what waits for a human, and whether this console may write."""

from __future__ import annotations

from rich.cells import cell_len
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from ...domain.text import safe
from ..keys import VIEWS
from .lines import Piece, strip_of

NAMES = {"files": "Files", "review": "Review", "runs": "Runs", "sql": "SQL"}


class Header(Widget):
    """One line. Set its fields; it draws them. What waits for a human is never left out for lack of room."""

    DEFAULT_CSS = "Header { height: 1; dock: top; }"

    place: reactive[str] = reactive("files")
    to_review: reactive[int] = reactive(0)
    running: reactive[int] = reactive(0)
    waiting: reactive[str] = reactive("")
    needs: reactive[int] = reactive(0)
    read_only: reactive[bool] = reactive(False)
    home: reactive[str] = reactive("")

    def _right(self) -> list[Piece]:
        pieces: list[Piece] = []
        if self.waiting:
            pieces.append((f" ? {self.waiting}: a ", "alarm"))
        if self.needs:
            pieces.append((f" ! {self.needs} need{'s' if self.needs == 1 else ''} you ", "alarm"))
        if self.read_only:
            pieces.append((" READ-ONLY ", "alarm"))
        return pieces

    def render_line(self, y: int) -> Strip:
        palette = self.app.palette  # type: ignore[attr-defined]
        width = self.size.width
        right = self._right()
        room = width - sum(cell_len(t) for t, _ in right)
        counts = {"review": self.to_review, "runs": self.running}
        left: list[Piece] = [(" bedrot ", "title")] if room >= 62 else []
        for number, place in enumerate(VIEWS, 1):
            count = f" {counts[place]}" if counts.get(place) else ""
            name = NAMES[place] if room >= 40 else NAMES[place][:3]
            text = f" {number} {name}{count} "
            left.append((f"[{text.strip()}]" if place == self.place else text, "strong" if place == self.place else "plain"))
        used = sum(cell_len(t) for t, _ in left)
        gap = room - used
        if gap > 12 and self.home:
            home = safe(self.home, gap - 3)
            left.append((" " * (gap - cell_len(home) - 1) + home + " ", "dim"))
        else:
            left.append((" " * max(0, gap), "plain"))
        return strip_of([*left, *right], width, palette, palette["bar"])
