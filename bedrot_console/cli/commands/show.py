"""show: one file, whole."""

from __future__ import annotations

import click

from ...domain.browsing import Preview, Review
from ...domain.text import size_text
from ..face import Face
from ..frame import command
from ..output import STATUS_STYLES
from ..records import review_record
from ..tables import Column
from .diff import print_diff

PREVIEW_LINES = 20


@command(example="bedrot show 06exy3k2", exits=(0, 5, 6))
@click.argument("name", metavar="ID")
@click.option(
    "--lines", type=click.IntRange(0, 10_000), default=PREVIEW_LINES, show_default=True, metavar="N", help="Lines of preview."
)
def show(face: Face, name: str, lines: int) -> None:
    """Show one file: where it came from, its report, a preview, the diff, what is allowed now."""
    from ...operations import review

    found = review.review(face.workspace(), name, lines=lines)
    if face.json:
        face.out.record(review_record(found))
        return
    _provenance(face, found)
    _report(face, found)
    if found.diff is not None:
        face.out.text("\nDiff", "head")
        print_diff(face, found.diff)
    _preview(face, found.preview)
    face.out.text("\nAllowed now", "head")
    for verb, why_not in found.allowed.items():
        face.out.line(f"  {verb}" if why_not is None else f"  {verb}: no, {why_not}")


def _provenance(face: Face, found: Review) -> None:
    row = found.file
    face.out.text(f"{row.zone}/{row.path}", "head")
    facts = (
        ("id", row.id),
        ("status", row.status),
        ("feed", row.feed),
        ("account", row.account),
        *((("series", row.series),) if row.series else ()),
        ("size", f"{size_text(row.size_bytes)} ({row.size_bytes:,} bytes)"),
        ("sha256", row.sha256),
        ("captured", f"{row.captured_at:%Y-%m-%d %H:%M:%S} UTC"),
        ("landed", f"{row.landed_at:%Y-%m-%d %H:%M:%S} UTC"),
        ("data as of", row.as_of or "unknown"),
        ("from", f"{row.source_system} by {row.method}"),
        ("extractor", row.extractor_version),
        ("run", row.run_id or "none"),
        ("set", row.set_id or "none"),
    )
    for name, value in facts:
        face.out.line(f"  {name:<11} {value}")


def _report(face: Face, found: Review) -> None:
    face.out.text("\nReport", "head")
    report = found.report
    if report is None:
        face.out.line(f"  not validated yet: bedrot validate {found.file.id}")
        return
    face.out.text(f"  {report.verdict.value} at {report.at:%Y-%m-%d %H:%M:%S} UTC", STATUS_STYLES[report.verdict.value])
    for stage in report.stages:
        face.out.line(f"  {stage.stage:<13} {stage.outcome.value}" + (f" because {stage.because}" if stage.because else ""))
    for finding in report.findings:
        times = f" ({finding.count:,} times)" if finding.count > 1 else ""
        face.out.line(f"  {finding.severity.value:<7} {finding.code} at {finding.place}: {finding.message}{times}")
        if finding.expected is not None or finding.seen is not None:
            face.out.line(f"          expected {finding.expected or 'nothing'}, seen {finding.seen or 'nothing'}")


def _preview(face: Face, preview: Preview) -> None:
    face.out.text("\nPreview" + (f" ({preview.kind})" if preview.kind else ""), "head")
    if preview.note:
        face.out.line(f"  {preview.note}")
    if preview.header:
        face.out.table([Column(name, least=6, drop=i) for i, name in enumerate(preview.header)], preview.table)
    else:
        for line in preview.lines:
            face.out.line(f"  {line}")
    if preview.truncated:
        face.say.note("the preview is cut; bedrot cat shows all; --lines N shows more")
