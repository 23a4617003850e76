"""Drift in words: one finding of the report that was said last is accepted, or its acceptance taken back; and what was accepted so far."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...domain.drift import Shape, acceptance_of, why_not
from ...domain.errors import READ_ONLY, UsageError
from ...domain.findings import in_order
from ...domain.text import safe
from .. import accepting
from .lists import Item, Listing
from .room import Room

if TYPE_CHECKING:
    from ...domain.browsing import FileRow, Review
    from ...domain.drift import Acceptance
    from ...domain.findings import Finding
    from ..words import Order

ASK = ("accept", "revoke")


class Drift(Room):
    """What drifted. `said` is the review whose report was said last: its findings are what numbers mean here."""

    said: Review | None

    def order_drift(self, order: Order) -> None:
        act, *rest = order.words or ("list",)
        if act == "list":
            self._list_accepted(rest[0] if rest else None)
            return
        if act == "show":
            self.obey(" ".join(["report", *rest]))
            return
        if act not in ASK or len(rest) != 1:
            raise UsageError("one finding of the report that was said last", hint=order.command.form)
        if self.backend.read_only:
            raise UsageError(f"drift: {READ_ONLY}", hint="a console without --read-only")
        if act == "revoke" and not rest[0].isdigit():
            self._revoke(rest[0])
        else:
            self._change(act, self._finding(rest[0]), order.options.get("reason", ""))

    def _finding(self, word: str) -> Finding:
        review = self.said
        if review is None or review.report is None:
            raise UsageError("no report was said yet", hint="report N")
        findings = in_order(review.report.findings)
        if not word.isdigit() or not 1 <= int(word) <= len(findings):
            raise UsageError(
                f"the report of {review.file.id} that was said has findings 1 to {len(findings)}, not {safe(word, 20)}",
                hint=f"report {review.file.id}",
            )
        return findings[int(word) - 1]

    def _change(self, act: str, finding: Finding, reason: str) -> None:
        review = self.said
        assert review is not None and review.report is not None
        row, again = review.file, f"report {review.file.id}"
        if act == "revoke":
            self._revoke(acceptance_of(finding) or self._standing(row, finding))
            return
        refusal = why_not(finding)
        if refusal:
            raise UsageError(f"not accepted: {safe(refusal, 200)}", hint="drift list" if acceptance_of(finding) else again)
        self.speech.all(accepting.sentences(row, finding, "drift revoke takes it back."))
        if self.speech.attended and not reason:
            answer = self.speech.ask("accept? yes, or a reason (an empty line leaves):").strip()
            if answer.lower() in ("", "n", "no"):
                self.speech.say("Left; nothing was changed.")
                return
            reason = "" if answer.lower() in ("y", "yes") else answer
        self._tell(accepting.change(self.backend, row, review.report.id, finding, reason))

    def _standing(self, row: FileRow, finding: Finding) -> str:
        """The acceptance of this shape that was made since the report was said."""
        found = [a.id for a in self.backend.acceptances(row.feed) if a.stands and a.shape == Shape.of(finding)]
        if not found:
            raise UsageError(f"{finding.code} at {safe(str(finding.place), 80)} was not accepted", hint="drift list")
        return found[0]

    def _revoke(self, name: str) -> None:
        found = [a for a in self.backend.acceptances() if a.stands and a.id.startswith(name)]
        if len(found) != 1:
            raise UsageError(f"{'no' if not found else 'more than one'} acceptance {safe(name, 40)} stands", hint="drift list")
        if self.yes(f"Take back: {acceptance_text(found[0])}?"):
            self._tell(accepting.again(self.backend, self.backend.revoke_drift(found[0].id)))

    def _tell(self, changed: accepting.Changed) -> None:
        self.speech.say(f"{accepting.summary(changed.acceptance, changed.verdicts)}.")
        for outcome in changed.failed:
            self.speech.say(
                f"{outcome.id}: not validated again, {outcome.reason}. Next: {outcome.hint or 'validate ' + outcome.id}"
            )

    def _list_accepted(self, feed: str | None) -> None:
        found = self.backend.acceptances(feed)
        items = [Item(a.id, acceptance_text(a), f"drift revoke {a.id}" if a.stands else "") for a in found]
        empty = ("nothing was accepted yet: report N says what drifted, drift accept N takes it",)
        self.show_list("review", Listing("What was accepted", "acceptance", items, empty=empty))


def acceptance_text(one: Acceptance) -> str:
    """One acceptance, whole."""
    seen = f" {one.seen}" if one.seen else ""
    why = f", because {one.reason}" if one.reason else ""
    stands = "" if one.revoked_at is None else f", taken back {one.revoked_at:%Y-%m-%d} by {one.revoked_by}"
    return safe(
        f"{one.feed} version {one.version}: {one.code} at {one.place}{seen}, accepted {one.at:%Y-%m-%d %H:%M} by {one.actor}{why}{stands}, "
        f"id {one.id}",
        600,
    )
