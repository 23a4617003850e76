"""What the places share: keys that say why not, work off the loop, and decisions on files."""

from __future__ import annotations

import dataclasses
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from textual.containers import Container
from textual.message import Message
from textual.widget import Widget

from ...domain.browsing import FileFilter, FileRow, Outcome
from ...domain.errors import READ_ONLY, BedrotError
from ...domain.lifecycle import TRANSITIONS, Verb, transition
from ...domain.plans import Plan
from ..fetch import Fetcher, attempt
from ..keys import KEYS, Key
from ..messages import Decided, Failed, Notice, Planned, Validated

if TYPE_CHECKING:
    from ..app import Console
    from ..modals.decide import DecideModal

DONE_WORDS = {
    "promote": "promoted",
    "quarantine": "quarantined",
    "release": "released",
    "withdraw": "withdrawn",
    "undo": "undone",
}


class View(Fetcher, Container):
    """One place of the console. A key leads to `act(name)`: refused with the reason, or `do_<name>()`."""

    DEFAULT_CSS = "View { height: 1fr; }"
    place = "files"
    part = 500
    """Files that one call decides on; between two of them a decision can be stopped."""
    stopped: threading.Event | None = None
    """Set, it stops the decision under way."""

    @property
    def console(self) -> Console:
        return self.app  # type: ignore[return-value]

    def focus_target(self) -> Widget:
        """The widget that has the keys when this place is shown."""
        raise NotImplementedError

    def keys(self) -> Sequence[Key]:
        """The keys of this place, in the order that fits where the keys go now."""
        return KEYS[self.place]

    def why_not(self, action: str) -> str | None:
        """Why this action cannot be done now; None when it can."""
        return None

    @property
    def is_shown(self) -> bool:
        return self.console.place == self.place

    def action_act(self, action: str) -> None:
        reason = self.why_not(action)
        if reason:
            self.notice(f"{action.replace('_', ' ')}: {reason}", "warning")
            return
        getattr(self, f"do_{action}")()
        self.acted()

    def acted(self) -> None:
        """An action was begun: what it changed around the widget that it moved is drawn in the same frame, not after a message's way."""

    def notice(self, text: str, kind: str = "info", hint: str | None = None) -> None:
        self.post_message(Notice(text, kind, hint))

    def state_changed(self) -> None:
        """What may be done changed: the key bar asks again."""
        self.console.refresh_keys()

    def shown(self) -> None:
        """This place came on the screen."""

    def to_keep(self) -> dict[str, Any]:
        """What of this place stands again after a restart: plain values, no payload, no secret."""
        return {}

    def restore(self, kept: Mapping[str, Any]) -> None:
        """Take back what `to_keep` gave, before this place is mounted. It may be anything: looked at field by field."""

    def catalog_changed(self) -> None:
        """A newer catalog was published."""

    def pulse(self) -> None:
        """A second has passed, and this place is on the screen."""

    def heartbeat(self) -> None:
        """A second has passed, whatever place is on the screen."""

    def on_failed(self, message: Failed) -> None:
        """Comes after a place's own handler of that name, by Textual's own doing, unless that one calls `prevent_default`."""
        message.stop()
        self.notice(message.text, "error", message.hint)

    def decided(self, message: Decided) -> None:
        """How a verb ended, wherever it was begun."""

    def validated(self, message: Validated) -> None:
        """Files were validated, wherever that was begun."""

    # decisions

    def refusal(self, verb: Verb, row: FileRow) -> str | None:
        """Why `verb` cannot be done with this row, from the one table of transitions."""
        if self.console.backend.read_only:
            return READ_ONLY
        try:
            transition(verb, row.zone, row.verdict)
        except BedrotError as error:
            return str(error)
        return None

    def refusal_of_all(self, verb: Verb, rows: Sequence[FileRow]) -> str | None:
        """Why `verb` cannot be done with any of the rows."""
        if self.console.backend.read_only:
            return READ_ONLY
        if not rows:
            return "no file here"
        reasons = [self.refusal(verb, r) for r in rows]
        if any(r is None for r in reasons):
            return None
        common, count = Counter(r for r in reasons if r).most_common(1)[0]
        if len(rows) == 1:
            return common
        return (
            f"{common} (all {count:,})"
            if count == len(rows)
            else f"{common} ({count:,} of {len(rows):,}, the others for other reasons)"
        )

    def ask_decision(self, verb: Verb, rows: Sequence[FileRow], why: str = "") -> None:
        """Name object, count and consequence, ask for a reason (`why` stands there already), then carry it out."""
        if len(rows) > 1:
            self.ask_plan(verb, [r.id for r in rows], why=why)
            return
        refused = Counter(reason for r in rows if (reason := self.refusal(verb, r)))
        self._ask(verb, Plan(verb=verb, rows=() if refused else tuple(rows), refused=refused), why, whole=False)

    def ask_plan(
        self, verb: Verb, what: FileFilter | Sequence[str], *, spared: frozenset[str] = frozenset(), why: str = ""
    ) -> None:
        """The same for all files that a filter has, but for those spared, or for many: what will happen is counted in the meantime."""
        modal = self._ask(verb, None, why, whole=isinstance(what, FileFilter))
        backend = self.console.backend

        def work() -> None:
            plan = backend.plan(verb, what)
            rows = tuple(r for r in plan.rows if r.id not in spared)
            modal.post_message(Planned(dataclasses.replace(plan, rows=rows)))

        def attempted() -> Message | None:
            trouble = attempt("plan", work)
            if trouble is not None:
                modal.post_message(trouble)
            return None

        self.fetch("plan", attempted)

    def _ask(self, verb: Verb, plan: Plan | None, why: str, *, whole: bool) -> DecideModal:
        from ..modals.decide import DecideModal

        modal = DecideModal(verb, plan, why)

        def decided(reason: str | None) -> None:
            if reason is not None and modal.plan is not None:
                self.carry_out(modal.plan, reason, whole=whole)

        self.console.push_screen(modal, decided)
        return modal

    def carry_out(self, plan: Plan, reason: str, *, whole: bool = False) -> None:
        """Decide on a plan's files, a part at a time, saying how far it is; `stop` ends it after the part under way."""
        backend, verb, rows, ids, seen = self.console.backend, plan.verb, plan.rows, plan.ids, plan.seen
        self.stopped = threading.Event()
        stopped, part = self.stopped, self.part
        self.notice(f"{verb} {counted(len(ids))}…")

        def work() -> Decided:
            outcomes: list[Outcome] = []
            for start in range(0, len(ids), part):
                if stopped.is_set():
                    rest = ids[start:]
                    outcomes += [Outcome(id=i, verb=verb, outcome="failed", reason="stopped before it", hint=None) for i in rest]
                    break
                for outcome in backend.decide(verb, ids[start : start + part], reason, seen):
                    outcomes.append(outcome)
                    if len(outcomes) % 50 == 0 and len(outcomes) < len(ids):
                        share = len(outcomes) * 100 // len(ids)
                        word, many = DONE_WORDS[verb], len(ids) > part
                        text = f"{word} {len(outcomes):,} of {len(ids):,} ({share} %)…"
                        self.post_message(Notice(text, hint="X stops" if many else None))
            return Decided(verb.value, outcomes, rows, whole)

        self.fetch("decision", work, keep=True)

    def ask_validation(self, rows: Sequence[FileRow]) -> None:
        backend = self.console.backend
        ids = [r.id for r in rows]
        self.notice(f"validating {len(ids)} file{'s' if len(ids) != 1 else ''}…")

        def work() -> Validated:
            verdicts: Counter[str] = Counter()
            failed: list[Outcome] = []
            for item in backend.validate(ids):
                if isinstance(item, Outcome):
                    failed.append(item)
                else:
                    verdicts[item[1].verdict.value] += 1
            return Validated(dict(verdicts), failed)

        self.fetch("validation", work, keep=True)


def counted(files: int) -> str:
    """`1 file`, `2,000 files`."""
    return f"{files:,} file{'s' if files != 1 else ''}"


def summary(verb: str, outcomes: Sequence[Outcome]) -> tuple[str, str, str | None]:
    """How a verb ended, as (sentence, kind, hint)."""
    done = [o for o in outcomes if o.done]
    failed = [o for o in outcomes if o.outcome == "failed"]
    word = DONE_WORDS.get(verb, verb)
    name = (done[0].path or done[0].id).rsplit("/", 1)[-1] if done else ""
    if not failed:
        if not done:
            return "nothing to do", "info", None
        where = f" to {done[0].zone}" if done[0].zone and str(done[0].zone) not in word else ""
        text = f"{word} {name}{where}" if len(done) == 1 else f"{word} {counted(len(done))}{where}"
        return text, "done", None if verb == "undo" else "u undoes"
    reason = Counter(o.reason for o in failed).most_common(1)[0][0]
    hint = next((o.hint for o in failed if o.hint), None)
    if not done and len(failed) == 1:
        return f"{verb} failed: {reason}", "error", hint
    return f"{word} {len(done):,}, failed {len(failed):,}: {reason}", "error", hint


def needs_reason(verb: Verb) -> bool:
    return TRANSITIONS[verb].needs_reason
