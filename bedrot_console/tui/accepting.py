"""Drift that an operator accepts, or takes back, from what was shown: what it means in words, and the act with all that follows from it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from ..domain.browsing import FileRow, Outcome
from ..domain.drift import CAN_BE_ACCEPTED, Acceptance, Shape, acceptance_of, why_not
from ..domain.findings import Finding
from ..domain.text import safe

if TYPE_CHECKING:
    from .backend import Backend


class Changed(NamedTuple):
    """What was accepted or taken back, and the verdicts of the files that were validated again."""

    acceptance: Acceptance
    verdicts: dict[str, int]
    failed: list[Outcome]


def refusal(finding: Finding) -> str | None:
    """Why a finding can neither be accepted nor be taken back."""
    return None if acceptance_of(finding) else why_not(finding)


def sentences(row: FileRow, finding: Finding, back: str = "A takes it back.") -> Sequence[str]:
    """What is done, then what follows from it. `back`: how it is taken back here."""
    shape, feed = Shape.of(finding), safe(row.feed, 60)
    if acceptance_of(finding):
        return (
            f"Take back what was accepted at {safe(shape.place, 60)}",
            f"The next files of {feed} tell it as drift again. Record and journal keep that it was accepted.",
        )
    seen = f" {safe(shape.seen, 40)}" if shape.seen else ""
    return (
        f"Accept into the schema of {feed}: {safe(shape.place, 60)}",
        f"{shape.code}{seen}: {CAN_BE_ACCEPTED.get(shape.code, '')}, in any row, for every file of this feed.",
        f"No file and no report changes. Files of the feed in landing are validated again. {back}",
    )


def change(backend: Backend, row: FileRow, report: str, finding: Finding, reason: str) -> Changed:
    """Accept the shape of a finding as it was shown in `report`, or take its acceptance back; then validate what that concerns.

    Raises:
        LifecycleError: the latest report no longer tells this shape; nothing is accepted then.
    """
    standing = acceptance_of(finding)
    made = backend.revoke_drift(standing) if standing else backend.accept_drift(row.id, report, Shape.of(finding), reason)
    return again(backend, made)


def again(backend: Backend, made: Acceptance) -> Changed:
    """Validate the files whose rules are others now."""
    verdicts: Counter[str] = Counter()
    failed: list[Outcome] = []
    for item in backend.validate(backend.outdated(made.feed)):
        if isinstance(item, Outcome):
            failed.append(item)
        else:
            verdicts[item[1].verdict.value] += 1
    return Changed(made, dict(verdicts), failed)


def summary(made: Acceptance, verdicts: dict[str, int]) -> str:
    """How it ended, in one line."""
    word = f"accepted into schema version {made.version}" if made.stands else "taken back"
    told = ", ".join(f"{n} {v}" for v, n in sorted(verdicts.items()))
    return f"{word}: {made.place}" + (f"; validated again: {told}" if told else "")
