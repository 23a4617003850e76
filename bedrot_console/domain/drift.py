"""Drift: what a platform changed in its data, and what an operator accepted of it, item by item, into a new version of a feed's schema.

An acceptance is of a shape, not of a file: a code, a generalised place (`/days/*/country`, `column Store`) and what was seen there. It changes
no byte and no report; from then on validation tells the same shape as a note, and by which acceptance.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, NamedTuple

from .files import format_time, parse_time
from .findings import Finding, Place, Severity

ACCEPTED = "schema.drift-accepted"
CAN_BE_ACCEPTED = {
    "schema.drift": "is known from now on",
    "schema.type": "may be of this type too",
    "schema.type-drift": "may be of this type too",
    "schema.required": "may be missing",
}
"""Codes whose findings can be accepted, and what acceptance means for what they name."""
OF_TYPES = ("schema.type", "schema.type-drift")
"""Codes that are accepted for the type that was seen."""
_BY = re.compile(r"\(acceptance ([0-9a-z]+)\)$")


class Shape(NamedTuple):
    """What an acceptance is of."""

    code: str
    place: str
    seen: str | None

    @classmethod
    def of(cls, finding: Finding) -> Shape:
        return cls(finding.code, generalised(finding.place), finding.seen)


def generalised(place: Place) -> str:
    """The place in any row: `/days/3/country` is `/days/*/country`, row 7 of column Store is `column Store`."""
    if place.pointer is not None:
        return "/".join("*" if step.isdigit() else step for step in place.pointer.split("/")) or "/"
    if place.column is not None:
        return f"column {place.column}"
    return str(place) if place.row is None else "row"


def why_not(finding: Finding) -> str | None:
    """Why a finding cannot be accepted as drift; None when it can."""
    if finding.code == ACCEPTED:
        return "it is accepted already"
    if finding.code not in CAN_BE_ACCEPTED:
        return f"{finding.code} is no drift; only unknown fields, other types and missing fields can be accepted"
    if finding.seen is None and finding.code in OF_TYPES:
        return "which type was seen is not told, so that every type would be accepted"
    if finding.seen is not None and "…" in finding.seen:
        return "what was seen is masked, so that nothing exact could be accepted"
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Acceptance:
    """One shape that somebody accepted.

    Attributes:
        version: of the feed's schema from this acceptance on: the declared version and how many changes were made since, `1.3`.
        file_id, report_id: where it was seen. reason: why.
        revoked_by, revoked_at: who took it back, and when; None while it stands.
    """

    id: str
    feed: str
    code: str
    place: str
    seen: str | None
    version: str
    at: datetime
    actor: str
    file_id: str
    report_id: str
    reason: str = ""
    revoked_at: datetime | None = None
    revoked_by: str | None = None

    @property
    def shape(self) -> Shape:
        return Shape(self.code, self.place, self.seen)

    @property
    def stands(self) -> bool:
        return self.revoked_at is None

    def to_record(self) -> dict[str, Any]:
        at = format_time(self.revoked_at) if self.revoked_at else None
        return asdict(self) | {"at": format_time(self.at), "revoked_at": at}

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Acceptance:
        revoked = record["revoked_at"]
        return cls(**record | {"at": parse_time(record["at"]), "revoked_at": parse_time(revoked) if revoked else None})


def applied(findings: Iterable[Finding], accepted: Sequence[Acceptance]) -> list[Finding]:
    """The findings, those of an accepted shape as notes that say by which acceptance. Pure."""
    if not accepted:
        return list(findings)
    by_shape = {a.shape: a for a in accepted if a.stands}
    return [_noted(f, by_shape[Shape.of(f)]) if Shape.of(f) in by_shape and why_not(f) is None else f for f in findings]


def _noted(finding: Finding, acceptance: Acceptance) -> Finding:
    message = f"{finding.message}; accepted by {acceptance.actor} on {acceptance.at:%Y-%m-%d}"
    expected = f"as in schema version {acceptance.version} (acceptance {acceptance.id})"
    return replace(finding, code=ACCEPTED, severity=Severity.NOTE, message=message, expected=expected)


def acceptance_of(finding: Finding) -> str | None:
    """The id of the acceptance by which a finding is a note; None when it is none."""
    found = _BY.search(finding.expected or "") if finding.code == ACCEPTED else None
    return found[1] if found else None


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftItem:
    """One finding of a file's report, by its number, as something to accept or take back."""

    number: int
    report_id: str
    finding: Finding
    acceptance: str | None
    why_not: str | None
