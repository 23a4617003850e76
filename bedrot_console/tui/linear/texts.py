"""Rows, reports, runs and challenges as plain sentences: one line each, no columns, no signs that stand without a word."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from ...domain.browsing import Diff, DiffRow, FileRow, Review
from ...domain.drift import Shape, acceptance_of, why_not
from ...domain.findings import Finding, in_order
from ...domain.runs import RunView
from ...domain.text import safe
from ..palette import SIGNS, size_text
from ..widgets.lines import RULE, Line

WIDE = 100_000
DIFF_ROWS = 20
"""So many rows of a diff are said unasked."""
_ALL_SIGNS = "".join(set(SIGNS.values()))
_SIGNED = re.compile(rf"^((?:\d\d:\d\d:\d\d )?\s*)[{re.escape(_ALL_SIGNS)}] (?=\S)")
_WORDLESS = re.escape("?!" + "".join(c for c in set(SIGNS.values()) if not c.isascii()))
_BAR = re.compile(r" [▮▯]+$")
_ROOM = re.compile(r"^(\d\d:\d\d:\d\d ) +")
_BETWEEN = re.compile(rf"(?<=[^\s,:;(]) +[{_WORDLESS}] (?=\S)")
_INSIDE = re.compile(rf"(?<!\S)[{_WORDLESS}] (?=\S)")


def flat(lines: Iterable[Line]) -> list[str]:
    """Lines of the screen as sentences: rules, and the sign before the words (after the time), are left out."""
    out = []
    for line in lines:
        text = "".join(text for text, _ in line if text is not RULE).strip()
        text = text.strip("─ ") if text.startswith("──") else text
        out.append(_SIGNED.sub(r"\1", text))
    return [text for text in out if text]


def log_text(line: str) -> str:
    """A line of a run's log without its bar of progress and the room that its sign had."""
    return _ROOM.sub(r"\1", _BAR.sub("", line))


def spoken(lines: Iterable[Line]) -> list[str]:
    """Lines of the screen that are words and never a payload, to be listened to: also no sign inside, a comma for each gap, no arrow."""
    out = []
    for line in lines:
        label = line[0][0].strip() if len(line) > 1 and line[0][1] == "dim" and line[0][0].startswith("  ") else ""
        for text in flat([line[1:] if label else line]):
            text = sign_free(_BETWEEN.sub(", ", text)).replace("→ ", "next: ")
            text = re.sub(r"[,:;]? {2,}", ", ", text).strip(", ")
            then = "next: " if len(line) > 1 and line[1][1] == "key" and not line[0][0].strip() else ""
            title = ":" if line[0][1] == "title" and line[-1][0] is RULE else ""
            out.append(f"{label}: {text}" if label else f"{then}{text}{title}")
    return [text for text in out if text]


def sign_free(text: str) -> str:
    """The words without the signs that stand before words."""
    return _INSIDE.sub("", _SIGNED.sub(r"\1", text.strip()))


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
    findings = in_order(report.findings)
    number = 1
    while number <= len(findings):
        f = findings[number - 1]
        same = number
        while same < len(findings) and (Shape.of(findings[same]), findings[same].severity) == (Shape.of(f), f.severity):
            same += 1
        out.append(_finding_text(f"finding {number}", f))
        if same - number > 1:
            places = sum(one.count for one in findings[number:same])
            out.append(f"findings {number + 1} to {same}: the same at {places:,} other places")
            number = same
        number += 1
    return out if report.findings else [*out, "no findings"]


def _finding_text(name: str, f: Finding) -> str:
    times = f", {f.count:,} times" if f.count > 1 else ""
    seen = (
        f" Expected {safe(f.expected or 'nothing', 200)}, seen {safe(f.seen or 'nothing', 200)}." if f.expected or f.seen else ""
    )
    drift = (
        " It is accepted drift: drift revoke takes it back."
        if acceptance_of(f)
        else " Drift: drift accept takes it."
        if why_not(f) is None
        else ""
    )
    return f"{name}, {f.severity.value}: {safe(f.code, 60)} at {safe(f.place, 120)}{times}. {safe(f.message, 600)}.{seen}{drift}"


def diff_text(diff: Diff | None, most: int | None = DIFF_ROWS) -> list[str]:
    """Against the last good capture: the headline, the counts, then rows, each with its word before it."""
    if diff is None:
        return ["no diff for this kind of file"]
    out = ["against the last good capture" + (f": {safe(diff.headline, 400)}" if diff.headline else "")]
    if diff.identical:
        out.append("the same bytes")
    if diff.because:
        out.append(safe(diff.because, 200) + (f", {safe(diff.old_id[:10])}" if diff.old_id else ""))
    if diff.old_id is None:
        return out
    out.append(f"{diff.added:,} added, {diff.removed:,} removed, {diff.changed:,} changed, {diff.unchanged:,} the same")
    if diff.noise:
        out.append("hidden as noise: " + ", ".join(f"{count:,} {safe(name, 30)}" for name, count in diff.noise.items()))
    out += [f"shape: {safe(change, 200)}" for change in diff.schema_changes]
    out += [_diff_row(row) for row in diff.rows[:most]]
    left = len(diff.rows) - most if most is not None else 0
    if left > 0 or diff.truncated:
        out.append((f"{left:,} more rows" if left > 0 else "more rows") + f": diff {safe(diff.new_id)} --all")
    return out


def _diff_row(row: DiffRow) -> str:
    key = ", ".join(safe(k, 60) for k in row.key)
    if row.kind == "changed":
        cells = [
            f"{safe(c, 30)} {_value(a)}, now {_value(b)}" if a != b else f"{safe(c, 30)} {_value(b)}"
            for c, (a, b) in row.changes.items()
        ]
    else:
        cells = [f"{safe(c, 30)} {_value(v[row.kind == 'added'])}" for c, v in row.changes.items()]
    return f"{row.kind} {key}: {'; '.join(cells)}"


def _value(text: str | None) -> str:
    return "nothing" if text is None else safe(text, 60)


def review_text(review: Review, parts: Sequence[str]) -> list[str]:
    """The asked parts of one file: `facts`, `report`, `diff`, `preview`, `allowed`."""
    from ..widgets.reportlines import file_lines, preview_lines

    out: list[str] = []
    if "facts" in parts:
        for line in file_lines(review.file, WIDE):
            name, value = (text.strip() for text, _ in line[:2])
            out.append(f"{name}: {'none' if value == '-' else sign_free(value) if name == 'status' else value}")
    if "report" in parts:
        out += report_text(review)
    if "diff" in parts:
        out += diff_text(review.diff, DIFF_ROWS if len(parts) > 1 else None)
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
