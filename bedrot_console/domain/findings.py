"""What is wrong with the data is data: Finding, Report. An exception stops a verb; a finding describes a file."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from .files import format_time, parse_time
from .lifecycle import Verdict


class Severity(StrEnum):
    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class Outcome(StrEnum):
    PASSED = "passed"
    WARNED = "warned"
    FAILED = "failed"
    SKIPPED = "skipped"


STAGES = ("fixity", "size", "format", "schema", "completeness", "consistency", "freshness", "duplicates", "volume")
"""The stages of validation, in order. Each is a gate: after a failed `fixity`, `size` or `format` the later ones are skipped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where in the payload: a JSON pointer, a row (1-based, the header is row 1) and column, or a CSS selector. All empty: the file."""

    pointer: str | None = None
    row: int | None = None
    column: str | None = None
    selector: str | None = None

    def __str__(self) -> str:
        if self.pointer is not None:
            return self.pointer or "/"
        if self.row is not None:
            return f"row {self.row}" + (f", column {self.column}" if self.column else "")
        if self.column is not None:
            return f"column {self.column}"
        return self.selector or "file"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing wrong with the data.

    Attributes:
        code: stable for ever, `<stage-word>.<what>` (`format.sign-in-page`, `consistency.total-differs`).
        stage: one of STAGES; filled in by the stage that collects it when left empty.
        message: one sentence in our words. Holds no raw line of the file.
        expected, seen: short texts; `seen` is masked by the maker where it may be personal or secret.
        count: how many places this stands for; `place` is the first of them.
    """

    code: str
    severity: Severity
    message: str
    stage: str = ""
    place: Place = Place()
    expected: str | None = None
    seen: str | None = None
    count: int = 1

    def to_record(self) -> dict[str, Any]:
        p = self.place
        return {
            "code": self.code, "severity": self.severity.value, "stage": self.stage, "message": self.message,
            "pointer": p.pointer, "row": p.row, "column": p.column, "selector": p.selector,
            "expected": self.expected, "seen": self.seen, "count": self.count,
        }  # fmt: skip

    @classmethod
    def from_record(cls, r: dict[str, Any]) -> Finding:
        place = Place(pointer=r["pointer"], row=r["row"], column=r["column"], selector=r["selector"])
        return cls(
            code=r["code"], severity=Severity(r["severity"]), stage=r["stage"], message=r["message"], place=place,
            expected=r["expected"], seen=r["seen"], count=r["count"],
        )  # fmt: skip


def in_order(findings: Iterable[Finding]) -> list[Finding]:
    """Findings as faces list and number them: errors, warnings, notes; within each as they were found."""
    order = list(Severity)
    return sorted(findings, key=lambda f: order.index(f.severity))


@dataclass(frozen=True, slots=True, kw_only=True)
class StageResult:
    """How one stage ended. `because` says why it was skipped."""

    stage: str
    outcome: Outcome
    because: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Everything inspection says about one file. Bound to the bytes (`sha256`) and to the rules (`rules`, a hash of feed and checks).

    `facts` are small JSON values about the data, for freshness, history and diffs:
    `rows` (int), `first_day`, `last_day` (ISO), `content_sha256` (hash of the extracted content), `totals` (name -> decimal text),
    and what a feed adds under its own names.
    """

    id: str
    file_id: str
    sha256: str
    rules: str
    at: datetime
    stages: tuple[StageResult, ...]
    findings: tuple[Finding, ...]
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def verdict(self) -> Verdict:
        """failed if any error, warned if any warning, else passed."""
        severities = {f.severity for f in self.findings}
        if Severity.ERROR in severities:
            return Verdict.FAILED
        return Verdict.WARNED if Severity.WARNING in severities else Verdict.PASSED

    @property
    def as_of(self) -> date | None:
        """The newest date inside the data, if any stage found one."""
        last = self.facts.get("last_day")
        return date.fromisoformat(last) if last else None

    def to_record(self) -> dict[str, Any]:
        return {
            "id": self.id, "file_id": self.file_id, "sha256": self.sha256, "rules": self.rules, "at": format_time(self.at),
            "verdict": self.verdict.value,
            "stages": [{"stage": s.stage, "outcome": s.outcome.value, "because": s.because} for s in self.stages],
            "findings": [f.to_record() for f in self.findings], "facts": self.facts,
        }  # fmt: skip

    @classmethod
    def from_record(cls, r: dict[str, Any]) -> Report:
        return cls(
            id=r["id"], file_id=r["file_id"], sha256=r["sha256"], rules=r["rules"], at=parse_time(r["at"]),
            stages=tuple(StageResult(stage=s["stage"], outcome=Outcome(s["outcome"]), because=s["because"]) for s in r["stages"]),
            findings=tuple(Finding.from_record(f) for f in r["findings"]), facts=r["facts"],
        )  # fmt: skip
