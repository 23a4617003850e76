"""The first line: where you are, what waits for a human, and whether this console may write."""

from __future__ import annotations

from rich.cells import cell_len
from textual import events
from textual.reactive import reactive
from textual.strip import Strip

from ...domain.text import safe
from ..places import PLACES
from .drawn import Drawn
from .lines import Piece, strip_of


class Header(Drawn):
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

    def _left(self, room: int) -> list[Piece]:
        """The places in the widest form that fits: whole names, their beginnings, or digits and the name of this one."""
        counts = {"review": self.to_review, "runs": self.running}
        pieces: list[Piece] = []
        for brand, letters in ((" bedrot ", 99), ("", 99), ("", 3), ("", 2), ("", 0)):
            pieces = [(brand, "title")]
            for place in PLACES.values():
                here = place.name == self.place
                title = place.title if here else place.title[:letters]
                count = short(counts[place.name]) if counts.get(place.name) and (letters or here) else ""
                text = " ".join(filter(None, (str(place.number), title, count)))
                apart = f" {text} " if letters not in (2, 3) else f" {text}"
                pieces.append((f"[{text}]" if here else apart, "strong" if here else "plain"))
            if sum(cell_len(t) for t, _ in pieces) <= room:
                return pieces
        return [piece for piece in pieces if piece[1] == "strong" and cell_len(piece[0]) <= room]

    def on_click(self, event: events.Click) -> None:
        """A place that is clicked comes; what waits for a human is answered."""
        right = self._right()
        at = room = self.size.width - sum(cell_len(t) for t, _ in right)
        if event.x >= room:
            for text, _ in right:
                if at <= event.x < (at := at + cell_len(text)) and "READ" not in text:
                    self.app.action_act("answer" if text.startswith(" ?") else "needs")  # type: ignore[attr-defined]
            return
        at = 0
        for text, _ in self._left(room):
            digit = text.strip(" []")[:1]
            if at <= event.x < (at := at + cell_len(text)) and digit.isdigit():
                place = next(p for p in PLACES.values() if p.number == int(digit))
                self.app.action_act(f"view_{place.name}")  # type: ignore[attr-defined]

    def render_line(self, y: int) -> Strip:
        palette = self.app.palette  # type: ignore[attr-defined]
        width = self.size.width
        right = self._right()
        room = width - sum(cell_len(t) for t, _ in right)
        left = self._left(room)
        gap = room - sum(cell_len(t) for t, _ in left)
        if gap > 12 and self.home:
            home = safe(self.home, gap - 3)
            left.append((" " * (gap - cell_len(home) - 1) + home + " ", "dim"))
        else:
            left.append((" " * max(0, gap), "plain"))
        return strip_of([*left, *right], width, palette, palette["bar"])


def short(number: int) -> str:
    """A count in at most four characters: `9999`, `12k`, `3M`."""
    return str(number) if number < 10_000 else f"{number // 1000}k" if number < 1_000_000 else f"{number // 1_000_000}M"
