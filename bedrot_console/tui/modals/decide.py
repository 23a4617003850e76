"""The dialog before a decision: what, how many, what follows, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Static

from ...domain.browsing import FileRow
from ...domain.lifecycle import TRANSITIONS, Verb
from ...domain.text import safe
from ..palette import SIGNS, size_text
from ..widgets.field import Field
from .base import Dialog

CONSEQUENCE = {
    Verb.PROMOTE: "Moves to raw, where others read it. u takes it back (into quarantine).",
    Verb.QUARANTINE: "Moves to quarantine. Nothing is deleted; release brings it back.",
    Verb.RELEASE: "Moves back to landing and must be validated again.",
    Verb.WITHDRAW: "Moves out of raw into quarantine; others no longer find it.",
}
SHOWN = 5


class DecideModal(Dialog[str]):
    """Returns the reason (empty where none is needed), or None."""

    DEFAULT_CSS = """
    DecideModal Field, DecideModal Field:focus { padding: 0; margin: 1 0 0 0; background: $panel; }
    DecideModal .why { text-style: bold; }
    """

    def __init__(self, verb: Verb, rows: Sequence[FileRow], blocked: Mapping[str, int], why: str = "") -> None:
        super().__init__()
        self.verb = verb
        self.rows = rows
        self.blocked = blocked
        self.why = why
        self.must = TRANSITIONS[verb].needs_reason

    def compose(self) -> ComposeResult:
        step, rows = TRANSITIONS[self.verb], self.rows
        one = len(rows) == 1
        size = size_text(sum(r.size_bytes for r in rows))
        counts = Counter(r.status for r in rows)
        by_status = ", ".join(f"{'' if one else f'{c} '}{SIGNS.get(s, '')} {s}" for s, c in counts.items())
        target = "" if self.verb is Verb.QUARANTINE else f" to {step.target}"
        with Vertical(classes="box"):
            yield Static(
                f"{self.verb.capitalize()} {'this file' if one else f'{len(rows)} files'} ({size}, {by_status}){target}",
                markup=False, classes="why",
            )  # fmt: skip
            for row in rows[:SHOWN]:
                yield Static(f"  {safe(row.path, 68)}", markup=False)
            if len(rows) > SHOWN:
                yield Static(f"  … and {len(rows) - SHOWN} more", markup=False)
            for reason, count in self.blocked.items():
                yield Static(f"! not {count}: {safe(reason, 60)}", markup=False)
            yield Static(CONSEQUENCE[self.verb], markup=False)
            yield Field(
                self._done,
                self.action_back_out,
                value=self.why,
                placeholder="why (needed)" if self.must else "why (optional)",
                id="reason",
            )
            yield Static(f"enter: {self.verb}   esc: back", markup=False, id="hint")

    def on_mount(self) -> None:
        self.set_focus(self.query_one(Field))

    def _done(self, text: str) -> None:
        reason = text.strip()
        if self.must and not reason:
            self.query_one("#hint", Static).update("✗ a reason is needed   esc: back")
            return
        self.dismiss(reason)
