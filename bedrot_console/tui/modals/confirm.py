"""A yes-or-no question. Enter is yes, escape is no."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Static

from ...domain.text import safe
from .base import Dialog


class ConfirmModal(Dialog[bool]):
    """The first line names the object, the others the consequence."""

    BINDINGS = [("enter,y", "yes", "yes"), ("n", "back_out", "no")]

    def __init__(self, lines: Sequence[str]) -> None:
        super().__init__()
        self.lines = [safe(line, 300) for line in lines]

    def compose(self) -> ComposeResult:
        with Vertical(classes="box"):
            for line in self.lines:
                yield Static(line, markup=False)
            yield Static("")
            yield Static("enter: yes   esc: no", markup=False)

    def action_yes(self) -> None:
        self.dismiss(True)
