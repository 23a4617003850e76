"""Rows, reports, runs and challenges as plain sentences: one line each, no columns, no signs that stand without a word."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from ...domain.browsing import FileRow, Review
from ...domain.findings import Severity
from ...domain.runs import RunView
from ...domain.text import safe
from ..palette import SIGNS, size_text
from ..widgets.lines import RULE, Line

WIDE = 100_000
_SIGNED = re.compile("[" + re.escape("".join(set(SIGNS.values()))) + r"] (?=\S)")


def flat(lines: Iterable[Line]) -> list[str]:
    """Lines of the screen as sentences: rules and the signs before words are left out."""
    out = []
    for line in lines:
        text = "".join(text for text, _ in line if text is not RULE).strip()
        text = text.strip("─ ") if text.startswith("──") else text
        out.append(_SIGNED.sub("", text, count=1))
    return [text for text in out if text]


def file_text(row: FileRow) -> str:
    """One row of a list."""
    parts = [row.status]
    if row.first_code:
        parts.append(f"because {row.first_code}")
    parts.append(row.path)
    parts.append(f"data to {row.as_of}" if row.as_of else "no date inside")
    parts += [size_text(row.size_bytes), f"landed {row.landed_at:%Y-%m-%d %H:%M}"]
    if row.account != "default":
        parts.append(f"account {row.account}")
    return ", ".join(safe(part, 400) for part in parts)


def report_text(review: Review) -> list[str]:
    """The verdict, how each stage ended, every finding with its place."""
    report = review.report
    if report is None:
        return ["not validated yet: validate does it"]
    out = [f"report: {report.verdict.value}"]
    stages: dict[str, list[str]] = {}
    for stage in report.stages:
        stages.setdefault(stage.outcome.value, []).append(safe(stage.stage, 20))
    out.append("stages: " + "; ".join(f"{outcome} {', '.join(names)}" for outcome, names in stages.items()))
    order = list(Severity)
    for number, f in enumerate(sorted(report.findings, key=lambda f: order.index(f.severity)), 1):
        times = f", {f.count:,} times" if f.count > 1 else ""
        seen = (
            f" Expected {safe(f.expected or 'nothing', 200)}, seen {safe(f.seen or 'nothing', 200)}."
            if f.expected or f.seen
            else ""
        )
        out.append(
            f"finding {number}, {f.severity.value}: {safe(f.code, 60)} at {safe(f.place, 120)}{times}. {safe(f.message, 600)}{seen}"
        )
    return out if report.findings else [*out, "no findings"]


def review_text(review: Review, parts: Sequence[str]) -> list[str]:
    """The asked parts of one file: `facts`, `report`, `diff`, `preview`, `allowed`."""
    from ..widgets.reportlines import diff_lines, file_lines, preview_lines

    out: list[str] = []
    if "facts" in parts:
        out += flat(file_lines(review.file, WIDE))
    if "report" in parts:
        out += report_text(review)
    if "diff" in parts:
        out += flat(diff_lines(review.diff, 4))[:1] + flat(diff_lines(review.diff, WIDE)[1:])
    if "allowed" in parts:
        out += [f"{verb}: {'can be done' if why is None else 'no, ' + safe(why, 200)}" for verb, why in review.allowed.items()]
    if "preview" in parts:
        out += flat(preview_lines(review.preview, WIDE))
    return out


def run_text(run: RunView) -> str:
    """One run of the list."""
    parts = [run.state.value, f"{run.platform} ({run.account})", f"started {run.started_at:%m-%d %H:%M}"]
    if run.expected:
        parts.append(run.brought)
    if run.error:
        parts.append(run.error + (f"; next: {run.hint}" if run.hint else ""))
    elif run.stage and not run.state.ended:
        parts.append(run.stage)
    return ", ".join(safe(part, 300) for part in parts)


def code_rows(modules: Sequence[Sequence[bool]]) -> list[str]:
    """A QR code in letters, two for a module, with its quiet edge: for a camera before a terminal that knows nothing else."""
    width = len(modules[0]) + 4 if modules else 0
    edge = ["  " * width] * 2
    return [*edge, *("    " + "".join("##" if dark else "  " for dark in row) + "    " for row in modules), *edge]
