"""The dialog before drift is accepted, or an acceptance taken back: what, where, what follows, and why."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Static

from ...domain.browsing import FileRow
from ...domain.drift import acceptance_of
from ...domain.findings import Finding
from ..accepting import sentences
from ..widgets.field import Field
from .base import Dialog


class AcceptModal(Dialog[str]):
    """Returns the reason (it may be empty), or None."""

    DEFAULT_CSS = """
    AcceptModal Field, AcceptModal Field:focus { padding: 0; margin: 1 0 0 0; background: $panel; }
    AcceptModal .why { text-style: bold; }
    """

    def __init__(self, row: FileRow, finding: Finding) -> None:
        super().__init__()
        self.row, self.finding = row, finding
        self.back = acceptance_of(finding)

    def compose(self) -> ComposeResult:
        what, *consequence = sentences(self.row, self.finding)
        with Vertical(classes="box"):
            yield Static(what, markup=False, classes="why")
            for line in consequence:
                yield Static(line, markup=False)
            yield Field(self._done, self.action_back_out, placeholder="why (optional)", id="reason")
            yield Static(f"enter: {'take back' if self.back else 'accept'}   esc: back", markup=False, id="hint")

    def on_mount(self) -> None:
        self.set_focus(self.query_one(Field))

    def _done(self, text: str) -> None:
        self.dismiss(text.strip())
