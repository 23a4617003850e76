"""Domain objects as the records of `--json` (published field names) and exit codes of batches."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, is_dataclass
from typing import TYPE_CHECKING, Any

from ..domain.browsing import Outcome

if TYPE_CHECKING:
    from ..domain.browsing import Diff, FileRow, Review
    from ..domain.findings import Report
    from ..domain.runs import RunView
    from .face import Face

FILE_FIELDS = (
    "id", "platform", "feed", "account", "zone", "status", "verdict", "path", "size_bytes", "sha256", "captured_at", "landed_at",
    "as_of", "run_id", "series",
)  # fmt: skip
FIXITY_EXIT = 5
PARTIAL_EXIT = 1


def file_record(row: FileRow) -> dict[str, Any]:
    """A line of `files --json`."""
    return {name: getattr(row, name) for name in FILE_FIELDS}


def outcome_record(outcome: Outcome) -> dict[str, Any]:
    """What a verb did with one file: `id, verb, outcome, reason`, then what else is known."""
    record: dict[str, Any] = {"id": outcome.id, "verb": str(outcome.verb), "outcome": outcome.outcome, "reason": outcome.reason}
    for name in ("path", "zone", "code", "hint"):
        if getattr(outcome, name) is not None:
            record[name] = getattr(outcome, name)
    return record


def report_record(row: FileRow, report: Report) -> dict[str, Any]:
    """A line of `validate --json`."""
    record = report.to_record()
    return {
        "id": row.id, "verdict": record["verdict"], "stages": record["stages"], "findings": record["findings"], "feed": row.feed,
        "path": row.path, "report": report.id, "facts": record["facts"],
    }  # fmt: skip


def run_record(view: RunView) -> dict[str, Any]:
    """A line of `runs --json`."""
    return plain_record(view)


def diff_record(diff: Diff) -> dict[str, Any]:
    """The line of `diff --json`."""
    return plain_record(diff)


def review_record(review: Review) -> dict[str, Any]:
    """The line of `show --json`: the file's own fields, then report, diff, preview and what is allowed."""
    row = review.file
    return file_record(row) | {
        "method": row.method,
        "media_type": row.media_type,
        "source_system": row.source_system,
        "extractor_version": row.extractor_version,
        "set_id": row.set_id,
        "report": review.report.to_record() if review.report else None,
        "diff": diff_record(review.diff) if review.diff else None,
        "preview": plain_record(review.preview),
        "allowed": review.allowed,
    }


def plain_record(value: Any) -> dict[str, Any]:
    """The fields of a dataclass."""
    assert is_dataclass(value) and not isinstance(value, type)
    return asdict(value)


def batch_exit(outcomes: Iterable[Outcome]) -> int:
    """The exit code of a verb on many files: 0, or 5 when a disk or hash is in doubt, or the common code when nothing was done, or 1."""
    done = 0
    codes: set[int] = set()
    for outcome in outcomes:
        if outcome.outcome == "failed":
            codes.add(outcome.exit_code or PARTIAL_EXIT)
        else:
            done += 1
    if not codes:
        return 0
    if FIXITY_EXIT in codes:
        return FIXITY_EXIT
    return codes.pop() if not done and len(codes) == 1 else PARTIAL_EXIT


def print_outcomes(face: Face, outcomes: Iterable[Outcome], label: str, total: int | None = None) -> int:
    """Print each outcome as soon as it is durable; a reader that leaves does not stop the work. Returns the exit code."""
    face.out.keep_going = True
    seen: list[Outcome] = []
    for outcome in face.say.tracked(label, outcomes, total):
        seen.append(Outcome(id="", verb="", outcome=outcome.outcome, exit_code=outcome.exit_code))
        if face.json:
            face.out.record(outcome_record(outcome))
            continue
        where = f"{outcome.zone}/{outcome.path}" if outcome.path else ""
        parts = [p for p in (outcome.id, outcome.outcome, where, outcome.reason if outcome.reason else "") if p]
        face.out.line("  ".join(parts))
        face.out.flush()
        if outcome.outcome == "failed" and outcome.hint:
            face.say.note(f"next: {outcome.hint}")
    return batch_exit(seen)
