"""A line to type: a path, or the name of what is about to be given up. What does not fit is told under the field."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Static

from ...domain.text import safe
from ..widgets.field import Field
from .base import Dialog


class AskModal(Dialog[str]):
    """The first line names the object, the others the consequence. Returns what was typed, or None.

    Args:
        does: what enter does, in a word or two.
        refuse: says why a text will not do; None where it does.
    """

    DEFAULT_CSS = """
    AskModal Field, AskModal Field:focus { padding: 0; margin: 1 0 0 0; background: $panel; }
    AskModal .what { text-style: bold; }
    """

    def __init__(
        self, lines: Sequence[str], *, does: str, placeholder: str = "", refuse: Callable[[str], str | None] = lambda text: None
    ) -> None:
        super().__init__()
        self.lines = [safe(line, 300) for line in lines]
        self.does = does
        self.placeholder = placeholder
        self.refuse = refuse

    def compose(self) -> ComposeResult:
        with Vertical(classes="box"):
            for number, line in enumerate(self.lines):
                yield Static(line, markup=False, classes="" if number else "what")
            yield Field(self._done, self.action_back_out, placeholder=self.placeholder, max_length=4000, id="line")
            yield Static(f"enter: {self.does}   esc: back", markup=False, id="hint")

    def on_mount(self) -> None:
        self.set_focus(self.query_one(Field))

    def _done(self, text: str) -> None:
        text = text.strip()
        trouble = self.refuse(text)
        if trouble:
            self.query_one("#hint", Static).update(f"✗ {safe(trouble, 200)}   esc: back")
        else:
            self.dismiss(text)
