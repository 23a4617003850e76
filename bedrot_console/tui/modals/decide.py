"""The dialog before a decision: what, how many, what follows, and why."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Static

from ...domain.lifecycle import TRANSITIONS, Verb
from ...domain.plans import Plan
from ...domain.text import safe
from ..messages import Failed, Planned
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
    DecideModal.nothing Field, DecideModal.nothing #consequence { display: none; }
    """

    def __init__(self, verb: Verb, plan: Plan | None = None, why: str = "") -> None:
        super().__init__()
        self.verb = verb
        self.plan = plan
        self.why = why
        self.must = TRANSITIONS[verb].needs_reason

    def compose(self) -> ComposeResult:
        with Vertical(classes="box"):
            yield Static(self._title(), markup=False, id="what", classes="why")
            yield Static("\n".join(self._told()), markup=False, id="plan")
            yield Static(CONSEQUENCE[self.verb], markup=False, id="consequence")
            yield Field(
                self._done,
                self.action_back_out,
                value=self.why,
                placeholder="why (needed)" if self.must else "why (optional)",
                id="reason",
            )
            yield Static(f"enter: {self.verb}   esc: back", markup=False, id="hint")

    def _title(self) -> str:
        plan = self.plan
        if plan is None:
            return f"{self.verb.capitalize()}: counting what may move…"
        if not plan.rows:
            return f"Nothing to {self.verb}"
        one = len(plan.rows) == 1
        by_status = ", ".join(f"{'' if one else f'{c:,} '}{SIGNS.get(s, '')} {s}" for s, c in plan.statuses.items())
        target = "" if self.verb is Verb.QUARANTINE else f" to {plan.target}"
        which = "this file" if one else f"{len(plan.rows):,} files"
        return f"{self.verb.capitalize()} {which} ({size_text(plan.size_bytes)}, {by_status}){target}"

    def _told(self) -> list[str]:
        plan = self.plan
        if plan is None:
            return []
        lines = []
        if len(plan.platforms) > 1:
            parts = [f"{safe(name, 30)} {files:,} ({size_text(size)})" for name, files, size in plan.platforms[:SHOWN]]
            more = len(plan.platforms) - SHOWN
            lines.append("  " + ", ".join(parts) + (f", {more} more" if more > 0 else ""))
        lines += [f"  {safe(row.path, 68)}" for row in plan.rows[:SHOWN]]
        if len(plan.rows) > SHOWN:
            lines.append(f"  … and {len(plan.rows) - SHOWN:,} more")
        for reason, count in plan.refused.items():
            head = f"! not {count:,}: "
            lines.append(head + safe(reason, 72 - len(head)))
        if plan.beyond:
            lines.append(f"! {plan.beyond:,} more could move; at most {len(plan.rows):,} at once, the oldest first")
        return lines

    def on_mount(self) -> None:
        self.set_focus(self.query_one(Field))

    def on_planned(self, message: Planned) -> None:
        """The counting ended."""
        message.stop()
        self.plan = message.plan
        self.query_one("#what", Static).update(self._title())
        self.query_one("#plan", Static).update("\n".join(self._told()))
        self._hint(f"enter: {self.verb}   esc: back" if self.plan.rows else "esc: back")
        self.set_class(not self.plan.rows, "nothing")

    def on_failed(self, message: Failed) -> None:
        message.stop()
        self.query_one("#what", Static).update(f"✗ {safe(message.text, 200)}")
        self._hint(f"next: {safe(message.hint, 100)}   esc: back" if message.hint else "esc: back")

    def _hint(self, text: str) -> None:
        self.query_one("#hint", Static).update(text)

    def _done(self, text: str) -> None:
        reason = text.strip()
        if self.plan is None:
            self._hint("still counting; enter again when it is known what may move   esc: back")
        elif not self.plan.rows:
            return
        elif self.must and not reason:
            self._hint("✗ a reason is needed   esc: back")
        else:
            self.dismiss(reason)
