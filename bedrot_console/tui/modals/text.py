"""A dialog that shows lines: help, file details, schema."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual.app import ComposeResult
from textual.containers import Vertical

from ..widgets.lines import Line, Piece
from ..widgets.pane import Pane
from .base import Dialog


class TextModal(Dialog[str]):
    """Shows lines; arrows scroll; any of `keys` closes it and is returned."""

    BINDINGS = [
        ("up,k", "by(-1)", "up"),
        ("down,j", "by(1)", "down"),
        ("pageup,ctrl+b", "page(-1)", "page up"),
        ("pagedown,space,ctrl+f", "page(1)", "page down"),
        ("home,g", "jump(0)", "top"),
        ("end,G", "jump(1000000000)", "end"),
        ("q,enter,question_mark", "back_out", "back"),
    ]

    def __init__(
        self, title: str, lines: Sequence[Line] | Callable[[int], Sequence[Line]], keys: dict[str, str] | None = None
    ) -> None:
        super().__init__()
        self.title_text = title
        self.lines = lines
        self.keys = keys or {}

    def compose(self) -> ComposeResult:
        with Vertical(classes="box large"):
            yield Pane(id="text")

    def on_mount(self) -> None:
        for key, word in self.keys.items():
            self._bindings.bind(key, f"choose('{word}')", word, show=False)
        self.call_after_refresh(self._fill)

    def _fill(self) -> None:
        pane = self.query_one(Pane)
        lines = self.lines(max(20, pane.size.width)) if callable(self.lines) else self.lines
        pane.show([self.head(), [("", "plain")], *lines], keep_top=True)

    def head(self) -> list[Piece]:
        """The first line: title and ways out."""
        ways = "".join(f"   {key} {word}" for key, word in self.keys.items())
        return [(self.title_text, "title"), (f"   esc closes{ways}", "dim")]

    def on_resize(self) -> None:
        self.call_after_refresh(self._fill)

    def set_lines(self, lines: Sequence[Line] | Callable[[int], Sequence[Line]]) -> None:
        """Show other lines."""
        self.lines = lines
        self._fill()

    def action_by(self, rows: int) -> None:
        self.query_one(Pane).scroll_by(rows)

    def action_page(self, direction: int) -> None:
        self.query_one(Pane).page(direction)

    def action_jump(self, top: int) -> None:
        self.query_one(Pane).jump(top)

    def action_choose(self, word: str) -> None:
        self.dismiss(word)
