"""The last two lines: what happened last, and the keys of this place. A key that cannot be used now stands in brackets."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual.strip import Strip

from ...domain.text import safe
from ..keys import Key
from .drawn import Drawn
from .lines import Piece, strip_of


class NoticeLine(Drawn):
    """The newest notice: sign, sentence, next command."""

    DEFAULT_CSS = "NoticeLine { height: 1; }"

    SIGNS = {"info": " ", "done": "✓", "warning": "!", "error": "✗"}

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[Piece] = []
        self.text = ""
        self.kind = "info"

    def show(self, text: str, kind: str = "info", hint: str | None = None) -> None:
        """Show a notice; everything in it is made safe here."""
        self.kind = kind
        sentence = safe(text, 300)
        self.pieces = [(f"{self.SIGNS.get(kind, ' ')} {sentence}", kind)]
        if hint:
            self.pieces.append((f"  → {safe(hint, 200)}", "strong"))
        self.text = sentence + (f" → {safe(hint, 200)}" if hint else "")
        self.refresh()

    def render_line(self, y: int) -> Strip:
        return strip_of(self.pieces, self.size.width, self.app.palette)  # type: ignore[attr-defined]


class KeyBar(Drawn):
    """The keys of a place, from the key table. `why_not` tells which cannot be used now."""

    DEFAULT_CSS = "KeyBar { height: 1; }"

    def __init__(self) -> None:
        super().__init__()
        self.keys: Sequence[Key] = ()
        self.why_not: Callable[[str], str | None] = lambda action: None
        self._drawn: list[Piece] | None = None

    def show(self, keys: Sequence[Key], why_not: Callable[[str], str | None]) -> None:
        self.keys = keys
        self.why_not = why_not
        if self._pieces() != self._drawn:
            self.refresh()

    def render_line(self, y: int) -> Strip:
        self._drawn = self._pieces()
        return strip_of(self._drawn, self.size.width, self.app.palette)  # type: ignore[attr-defined]

    def _pieces(self) -> list[Piece]:
        """What fits of the keys, and which of them can be used now."""
        pieces: list[Piece] = []
        used = 0
        shown = [key for key in self.keys if key.label]
        aid = next((key for key in shown if key.action == "help"), None)  # the way to all the others, so never left out
        width = self.size.width - (len(f"{aid.face} {aid.label}") + 2 if aid is not None else 0)
        for key in shown:
            if key is aid:
                width = self.size.width
            blocked = self.why_not(key.action) is not None
            text = f"{key.face} {key.label}"
            cells = len(text) + 2
            if used + cells > width:
                if aid is not None:
                    pieces += [(f" {aid.face}", "key"), (f" {aid.label} ", "plain")]
                break
            aid = None if key is aid else aid
            if blocked:
                pieces.append((f"({text})", "dim"))
            else:
                pieces += [(f" {key.face}", "key"), (f" {key.label} ", "plain")]
            used += cells
        return pieces
