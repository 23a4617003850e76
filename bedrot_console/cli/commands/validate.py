"""validate: check files against what is expected of their feed."""

from __future__ import annotations

import click

from ...domain.browsing import FileRow, Outcome
from ...domain.errors import UsageError
from ...domain.findings import Report
from ...domain.lifecycle import Verdict
from ..arguments import ids_argument, named
from ..face import Face
from ..frame import command
from ..output import STATUS_STYLES
from ..records import PARTIAL_EXIT, batch_exit, outcome_record, report_record

MOST_FINDINGS = 10


@command(example="bedrot validate --pending\nbedrot validate 06exy3k2", exits=(0, 1, 5, 7))
@ids_argument
@click.option("--pending", "scope", flag_value="pending", help="Every file in landing that has no verdict under today's rules.")
@click.option("--all", "scope", flag_value="all", help="Every file that is not erased.")
def validate(face: Face, ids: tuple[str, ...], scope: str | None) -> int:
    """Check files against what is expected of their feed.

    Exit code 1 when a verdict is `failed`. Nothing is moved: `promote` and `quarantine` do that.
    """
    from ...operations import validate as verb

    names = named(ids)
    if bool(names) == bool(scope):
        raise UsageError("name files, or give --pending or --all" if not names else "ids and --pending/--all exclude each other")
    face.out.keep_going = True
    counts = dict.fromkeys((v.value for v in Verdict), 0)
    failures: list[Outcome] = []
    total = len(names) or None
    for item in face.say.tracked("validating", verb.validate(face.workspace(), names, scope=scope), total):
        if isinstance(item, Outcome):
            failures.append(item)
            if face.json:
                face.out.record({"verdict": None, "stages": [], "findings": []} | outcome_record(item))
            else:
                face.out.line(f"{item.id}  failed  {item.reason}")
            continue
        row, report = item
        counts[report.verdict.value] += 1
        if face.json:
            face.out.record(report_record(row, report))
        else:
            print_report(face, row, report)
            face.out.flush()
    checked = sum(counts.values())
    if not checked and not failures:
        face.say.note("nothing to validate")
    elif checked > 1:
        face.say.note(f"{checked:,} checked: " + ", ".join(f"{n:,} {v}" for v, n in counts.items() if n))
    if failures:
        return batch_exit([*failures, *([Outcome(id="", verb="", outcome="done")] if checked else [])])
    return PARTIAL_EXIT if counts[Verdict.FAILED.value] else 0


def print_report(face: Face, row: FileRow, report: Report) -> None:
    """A verdict line and the findings below it."""
    verdict = report.verdict.value
    face.out.text(f"{row.id}  {verdict}  {row.zone}/{row.path}", STATUS_STYLES[verdict] if verdict != "passed" else "")
    for finding in report.findings[:MOST_FINDINGS]:
        times = f" ({finding.count:,} times)" if finding.count > 1 else ""
        face.out.line(f"  {finding.severity.value:<7}  {finding.code}  at {finding.place}: {finding.message}{times}")
    if len(report.findings) > MOST_FINDINGS:
        face.out.line(f"  and {len(report.findings) - MOST_FINDINGS:,} more: bedrot show {row.id}")
