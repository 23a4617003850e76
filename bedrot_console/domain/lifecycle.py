"""Zones, verdicts, verbs and the one table of allowed transitions. The status word on screen is derived here and stored nowhere."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from .errors import LifecycleError


class Zone(StrEnum):
    LANDING = "landing"
    RAW = "raw"
    QUARANTINE = "quarantine"
    ERASED = "erased"


class Verdict(StrEnum):
    PASSED = "passed"
    WARNED = "warned"
    FAILED = "failed"


class Verb(StrEnum):
    PROMOTE = "promote"
    QUARANTINE = "quarantine"
    RELEASE = "release"
    WITHDRAW = "withdraw"


@dataclass(frozen=True, slots=True)
class Transition:
    """From `source`, `verb` leads to `target`. `opposite` is what undo does; `needs_verdict` wants a report that does not fail."""

    verb: Verb
    source: Zone
    target: Zone
    opposite: Verb
    needs_verdict: bool = False
    needs_reason: bool = True


TRANSITIONS: dict[Verb, Transition] = {
    Verb.PROMOTE: Transition(Verb.PROMOTE, Zone.LANDING, Zone.RAW, Verb.WITHDRAW, needs_verdict=True, needs_reason=False),
    Verb.QUARANTINE: Transition(Verb.QUARANTINE, Zone.LANDING, Zone.QUARANTINE, Verb.RELEASE),
    Verb.RELEASE: Transition(Verb.RELEASE, Zone.QUARANTINE, Zone.LANDING, Verb.QUARANTINE),
    Verb.WITHDRAW: Transition(Verb.WITHDRAW, Zone.RAW, Zone.QUARANTINE, Verb.RELEASE),
}
"""The whole lifecycle. Landing is the only way in. `undo` of withdraw is release (then validate and promote again)."""


def transition(verb: Verb, zone: Zone, verdict: Verdict | None) -> Transition:
    """The transition that `verb` makes from here.

    Raises:
        LifecycleError: the verb is not allowed from `zone`, or promotion is asked for a file that failed or was not validated.
    """
    step = TRANSITIONS[verb]
    if zone is not step.source:
        raise LifecycleError(f"cannot {verb} a file in {zone}; {verb} works from {step.source}")
    if step.needs_verdict and verdict is None:
        raise LifecycleError("not validated yet", hint="bedrot validate ID")
    if step.needs_verdict and verdict is Verdict.FAILED:
        raise LifecycleError("its validation failed", hint="bedrot show ID; then bedrot quarantine ID --reason WHY")
    return step


def status(zone: Zone, verdict: Verdict | None) -> str:
    """The status word: `pending`, `passed`, `warned`, `failed` in landing; `promoted`, `quarantined`, `erased` elsewhere."""
    if zone is Zone.LANDING:
        return verdict.value if verdict else "pending"
    return {Zone.RAW: "promoted", Zone.QUARANTINE: "quarantined", Zone.ERASED: "erased"}[zone]


STATUSES = ("pending", "passed", "warned", "failed", "promoted", "quarantined", "erased")


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided for one file: verb, who, when, why; bound to the bytes (`sha256`) and the report seen (`report_id`)."""

    id: str
    file_id: str
    verb: Verb
    actor: str
    at: datetime
    reason: str
    sha256: str
    report_id: str | None
    undoes: str | None = None
