"""show: one file, whole."""

from __future__ import annotations

from typing import Any

import click

from ...domain.browsing import Preview, Review
from ...domain.findings import in_order
from ...domain.text import size_text
from ..face import Face
from ..frame import command
from ..output import STATUS_STYLES
from ..records import review_record
from ..tables import Column
from .diff import print_diff

PREVIEW_LINES = 20


class RowRange(click.ParamType):
    """`120` or `120:160`; the header is row 1."""

    name = "A:B"

    def convert(self, value: Any, param: Any, ctx: Any) -> tuple[int, int]:
        if isinstance(value, tuple):
            return value
        first, colon, last = str(value).partition(":")
        if not first.isdigit() or (colon and not last.isdigit()) or int(first) < 1:
            self.fail(f"not rows: {value}; write 120 or 120:160", param, ctx)
        return int(first), int(last) if colon else int(first)


@command(
    example="bedrot show 06exy3k2\nbedrot show 06exy3k2 --finding 1\nbedrot show 06exy3k2 --rows 120:160\n"
    "bedrot show 06exy3k2 --member report.csv --structure --at 'row 12, column Store'",
    exits=(0, 2, 5, 6),
)
@click.argument("name", metavar="ID")
@click.option(
    "--lines", type=click.IntRange(0, 2_000), default=PREVIEW_LINES, show_default=True, metavar="N", help="Lines of preview."
)
@click.option("--preview", is_flag=True, help="Only the payload, as it is written.")
@click.option(
    "--structure", is_flag=True, help="Only the payload: JSON and HTML as a tree, tables in columns, archives as lists."
)
@click.option("--parsed", is_flag=True, help="Only the payload: the rows that the feed's own parser reads out of it.")
@click.option("--rows", type=RowRange(), metavar="A:B", help="Only these rows of a table; the header is row 1.")
@click.option("--member", multiple=True, metavar="NAME", help="A file in the archive, or a sheet; again for one inside that.")
@click.option("--finding", type=click.IntRange(min=1), metavar="N", help="Only the place of finding N of the report.")
@click.option("--at", metavar="PLACE", help="Only this place: /days/3, 'row 12, column Store', or a CSS selector.")
@click.option("--find", metavar="TEXT", help="Only the first place of TEXT.")
def show(face: Face, name: str, lines: int, **wanted: Any) -> int | None:
    """Show one file: where it came from, its report, a preview, the diff, what is allowed now.

    With an option that names a part of the payload, only that part is shown; the file may have any size.
    """
    from ...operations import review

    if any(wanted.values()):
        from ..excerpts import show_excerpt

        return show_excerpt(face, name, lines=lines, **wanted)
    found = review.review(face.workspace(), name, lines=lines)
    if face.json:
        face.out.record(review_record(found))
        return None
    _provenance(face, found)
    _report(face, found)
    if found.diff is not None:
        face.out.text("\nDiff", "head")
        print_diff(face, found.diff)
    _preview(face, found.preview)
    face.out.text("\nAllowed now", "head")
    for verb, why_not in found.allowed.items():
        face.out.line(f"  {verb}" if why_not is None else f"  {verb}: no, {why_not}")
    return None


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
    for number, finding in enumerate(in_order(report.findings), start=1):
        times = f" ({finding.count:,} times)" if finding.count > 1 else ""
        face.out.line(f"  {number}. {finding.severity.value:<7} {finding.code} at {finding.place}: {finding.message}{times}")
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
