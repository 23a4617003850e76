"""What the places share: keys that say why not, work off the loop, and decisions on files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from textual.containers import Container
from textual.widget import Widget

from ...domain.browsing import FileRow, Outcome
from ...domain.errors import BedrotError
from ...domain.lifecycle import TRANSITIONS, Verb, transition
from ..fetch import Fetcher
from ..messages import Decided, Failed, Notice, Validated

if TYPE_CHECKING:
    from ..app import Console

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

    @property
    def console(self) -> Console:
        return self.app  # type: ignore[return-value]

    def focus_target(self) -> Widget:
        """The widget that has the keys when this place is shown."""
        raise NotImplementedError

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

    def notice(self, text: str, kind: str = "info", hint: str | None = None) -> None:
        self.post_message(Notice(text, kind, hint))

    def state_changed(self) -> None:
        """What may be done changed: the key bar asks again."""
        self.console.refresh_keys()

    def shown(self) -> None:
        """This place came on the screen."""

    def catalog_changed(self) -> None:
        """A newer catalog was published."""

    def pulse(self) -> None:
        """A second has passed, and this place is on the screen."""

    def heartbeat(self) -> None:
        """A second has passed, whatever place is on the screen."""

    def on_failed(self, message: Failed) -> None:
        self.notice(message.text, "error", message.hint)

    # decisions

    def refusal(self, verb: Verb, row: FileRow) -> str | None:
        """Why `verb` cannot be done with this row, from the one table of transitions."""
        if self.console.backend.read_only:
            return "this console is read-only"
        try:
            transition(verb, row.zone, row.verdict)
        except BedrotError as error:
            return str(error)
        return None

    def refusal_of_all(self, verb: Verb, rows: Sequence[FileRow]) -> str | None:
        """Why `verb` cannot be done with any of the rows."""
        if self.console.backend.read_only:
            return "this console is read-only"
        if not rows:
            return "no file here"
        reasons = [self.refusal(verb, r) for r in rows]
        if any(r is None for r in reasons):
            return None
        common, count = Counter(r for r in reasons if r).most_common(1)[0]
        return common if count == len(rows) else f"{common} (and other reasons)"

    def ask_decision(self, verb: Verb, rows: Sequence[FileRow], why: str = "") -> None:
        """Name object, count and consequence, ask for a reason (`why` stands there already), then carry it out."""
        from ..modals.decide import DecideModal

        may = [r for r in rows if self.refusal(verb, r) is None]
        blocked = Counter(reason for r in rows if (reason := self.refusal(verb, r)))

        def decided(reason: str | None) -> None:
            if reason is not None:
                self.carry_out(verb, [r.id for r in may], reason)

        self.console.push_screen(DecideModal(verb, may, dict(blocked), why), decided)

    def carry_out(self, verb: Verb, ids: Sequence[str], reason: str) -> None:
        backend = self.console.backend
        self.notice(f"{verb} {len(ids)} file{'s' if len(ids) != 1 else ''}…")

        def work() -> Decided:
            outcomes = _collect(backend.decide(verb, ids, reason), len(ids), DONE_WORDS[verb], self.post_message)
            return Decided(verb.value, outcomes)

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


def _collect(outcomes: Sequence[Outcome] | object, total: int, word: str, post: Callable[[Notice], object]) -> list[Outcome]:
    """Gather outcomes; every 50 files say how far it is."""
    got: list[Outcome] = []
    for outcome in outcomes:  # type: ignore[attr-defined]
        got.append(outcome)
        if len(got) % 50 == 0 and len(got) < total:
            post(Notice(f"{word} {len(got)} of {total}…"))
    return got


def summary(verb: str, outcomes: Sequence[Outcome]) -> tuple[str, str, str | None]:
    """How a verb ended, as (sentence, kind, hint)."""
    done = [o for o in outcomes if o.done]
    failed = [o for o in outcomes if o.outcome == "failed"]
    word = DONE_WORDS.get(verb, verb)
    name = (done[0].path or done[0].id).rsplit("/", 1)[-1] if done else ""
    if not failed:
        if not done:
            return "nothing to do", "info", None
        where = f" to {done[0].zone}" if done[0].zone else ""
        text = f"{word} {name}{where}" if len(done) == 1 else f"{word} {len(done)} files{where}"
        return text, "done", None if verb == "undo" else "u undoes"
    reason = Counter(o.reason for o in failed).most_common(1)[0][0]
    hint = next((o.hint for o in failed if o.hint), None)
    if not done and len(failed) == 1:
        return f"{verb} failed: {reason}", "error", hint
    return f"{word} {len(done)}, failed {len(failed)}: {reason}", "error", hint


def needs_reason(verb: Verb) -> bool:
    return TRANSITIONS[verb].needs_reason
