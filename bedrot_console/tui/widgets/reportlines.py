"""Reports, diffs, previews and file facts as lines of safe pieces."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from typing import NamedTuple

from ...domain.browsing import Diff, FileRow, Preview, Review
from ...domain.drift import Shape, why_not
from ...domain.findings import Finding, in_order
from ...domain.findings import Outcome as StageOutcome
from ...domain.text import safe
from ..palette import SIGNS, size_text, status_word
from .lines import Line, fit, wrap

LONGEST_PATH, LONGEST_FACT = 300, 160
"""Characters shown of a fact, so that an odd one does not push the others off a small screen. `bedrot show --json` has them whole."""


MANY, FIRST = 5, 3
"""More findings of one shape than MANY are folded: the FIRST ones are shown, and how many more there are."""


class Folded(NamedTuple):
    """Findings of one shape that are not shown one by one."""

    shape: Shape
    count: int


def shown_findings(findings: Sequence[Finding], unfolded: Collection[Shape] | None) -> list[tuple[int, Finding | Folded]]:
    """Findings with their numbers, and what is folded of each shape but those `unfolded`; None: nothing is.

    What can be accepted as drift is of one shape only where one acceptance is of all.
    """
    shapes = [Shape.of(f) if why_not(f) is None else Shape.of(f)._replace(seen=None) for f in findings]
    every, seen = Counter(shapes), Counter[Shape]()
    shown: list[tuple[int, Finding | Folded]] = []
    for number, (finding, shape) in enumerate(zip(findings, shapes, strict=True), start=1):
        seen[shape] += 1
        if unfolded is None or shape in unfolded or every[shape] <= MANY or seen[shape] <= FIRST:
            shown.append((number, finding))
        elif seen[shape] == FIRST + 1:
            shown.append((number, Folded(shape, every[shape] - FIRST)))
    return shown


def heading(text: str, width: int) -> Line:
    return [(f"── {text} " + "─" * max(0, width - len(text) - 4), "dim")]


def file_lines(row: FileRow, width: int) -> list[Line]:
    """Everything the catalog knows of one file, a fact a line."""
    facts = [
        ("status", status_word(row.status)),
        ("path", f"{row.zone}/{row.path}"),
        ("id", row.id),
        ("sha256", row.sha256),
        ("feed", row.feed),
        ("account", row.account),
        ("series", row.series or "-"),
        ("data to", row.as_of.isoformat() if row.as_of else "unknown (no date inside the data)"),
        ("captured", f"{row.captured_at:%Y-%m-%d %H:%M:%S} UTC by {row.method} from {row.source_system}"),
        ("landed", f"{row.landed_at:%Y-%m-%d %H:%M:%S} UTC"),
        ("size", f"{row.size_bytes:,} bytes ({size_text(row.size_bytes)}), {row.media_type}"),
        ("rows", f"{row.rows:,}" if row.rows is not None else "-"),
        ("run", row.run_id or "-"),
        ("set", row.set_id or "-"),
        ("extractor", row.extractor_version),
        ("report", row.report_id or "not validated"),
    ]
    lines: list[Line] = []
    for name, value in facts:
        wrapped = wrap(safe(value, LONGEST_PATH if name == "path" else LONGEST_FACT), width - 11)
        for number, line in enumerate(wrapped):
            label = f" {name:<9} " if number == 0 else " " * 11
            lines.append([(label, "dim"), (line[0][0], row.status if name == "status" else "plain")])
    return lines


def report_lines(review: Review, width: int, unfolded: Collection[Shape] | None = None) -> list[Line]:
    """The verdict, the stages in one look, then the findings with their places, folded as in `shown_findings`."""
    row, report = review.file, review.report
    if report is None:
        return [
            [(f" {status_word(row.status)}", row.status), ("  not validated yet: v validates it", "plain")],
            [(f" {safe(row.path, 300)}", "dim")],
        ]
    rows = report.facts.get("rows")
    facts = [
        f"data to {report.as_of}" if report.as_of else "no date inside the data",
        f"{rows:,} rows" if isinstance(rows, int) else "",
    ]
    lines: list[Line] = [
        [(f" {status_word(report.verdict.value)}", report.verdict.value), ("  " + " · ".join(f for f in facts if f), "plain")]
    ]
    current: list[tuple[str, str]] = [(" ", "plain")]
    used = 1
    for stage in report.stages:
        sign = {
            StageOutcome.PASSED: "✓",
            StageOutcome.WARNED: "!",
            StageOutcome.FAILED: "✗",
            StageOutcome.SKIPPED: "-",
        }[stage.outcome]
        text = f"{sign} {safe(stage.stage, 20)}  "
        if used + len(text) > width:
            lines.append(current)
            current, used = [(" ", "plain")], 1
        current.append((text, stage.outcome.value))
        used += len(text)
    lines.append(current)
    skipped = {s.because for s in report.stages if s.because}
    for because in sorted(skipped):
        lines += wrap(f"- skipped: {safe(because, 200)}", width, "dim", " ")
    for number, entry in shown_findings(in_order(report.findings), unfolded):
        lines += _entry_lines(number, entry, width)
    if not report.findings:
        lines.append([(" no findings", "dim")])
    return lines


def finding_lines(number: int, finding: Finding, width: int) -> list[Line]:
    """One finding: what and where, in words, what was expected and seen."""
    sev = finding.severity.value
    times = f"  ×{finding.count:,}" if finding.count > 1 else ""
    lines: list[Line] = [
        [(f"{SIGNS[sev]}{number:>2} ", sev), (safe(finding.code, 60), sev), (f"  {safe(finding.place, 120)}{times}", "strong")]
    ]
    lines += wrap(safe(finding.message, 600), width, "plain", "   ")
    if finding.expected is not None or finding.seen is not None:
        expected = safe(finding.expected, 200) if finding.expected is not None else "-"
        seen = safe(finding.seen, 200) if finding.seen is not None else "-"
        lines += wrap(f"expected {expected} · seen {seen}", width, "dim", "   ")
    return lines


def _entry_lines(number: int, entry: Finding | Folded, width: int) -> list[Line]:
    if isinstance(entry, Finding):
        return finding_lines(number, entry, width)
    what = f"{safe(entry.shape.code, 60)}  {safe(entry.shape.place, 80)}"
    return [[(f"  … {entry.count:,} more {what}", "plain"), ("  enter shows them", "dim")]]


def finding_spans(
    review: Review, width: int, unfolded: Collection[Shape] | None = None
) -> list[tuple[int, int, Finding | Folded]]:
    """(first line, line after the last, finding) within `report_lines`."""
    if review.report is None or not review.report.findings:
        return []
    entries = shown_findings(in_order(review.report.findings), unfolded)
    heights = [len(_entry_lines(n, entry, width)) for n, entry in entries]
    first = len(report_lines(review, width, unfolded)) - sum(heights)
    spans = []
    for (_, entry), height in zip(entries, heights, strict=True):
        spans.append((first, first + height, entry))
        first += height
    return spans


def comparing_lines(width: int) -> list[Line]:
    """While the diff is still being made."""
    return [heading("against the last good capture", width), [(" comparing…", "dim")]]


def diff_lines(diff: Diff | None, width: int, *, whole: bool = False) -> list[Line]:
    """The headline first, then what was hidden as noise, then rows. `whole`: the diff holds also what did not change."""
    lines: list[Line] = [heading("against the last good capture" + (", whole (d: only changes)" if whole else ""), width)]
    if diff is None:
        return [*lines, [(" no diff for this kind of file", "dim")]]
    if diff.headline:
        lines += wrap(safe(diff.headline, 400), width, "strong", " ")
    if diff.identical:
        lines.append([(" the same bytes", "strong")])
    if diff.because:
        old = f" ({safe(diff.old_id[:10])})" if diff.old_id else ""
        lines += wrap(safe(diff.because, 200) + old, width, "dim", " ")
    if diff.old_id is None:
        return lines
    counts = [("added", diff.added), ("removed", diff.removed), ("changed", diff.changed)]
    lines.append(
        [(" ", "plain"), *[(f"{SIGNS[n]}{c:,} {n}  ", n if c else "dim") for n, c in counts], (f"{diff.unchanged:,} same", "dim")]
    )
    if diff.noise:
        hidden = ", ".join(f"{c:,} {safe(n, 30)}" for n, c in diff.noise.items())
        lines += wrap(f"hidden as noise: {hidden}", width, "dim", " ")
    for change in diff.schema_changes:
        lines += wrap(f"~ shape: {safe(change, 200)}", width, "changed", " ")
    for row in diff.rows:
        key = " · ".join(safe(k, 60) for k in row.key)
        if row.kind == "changed":
            changes = "  ".join(
                f"{safe(c, 30)} {_value(a)} → {_value(b)}" if a != b else f"{safe(c, 30)} {_value(b)}"
                for c, (a, b) in row.changes.items()
            )
        else:
            side = 1 if row.kind == "added" else 0
            changes = "  ".join(f"{safe(c, 30)} {_value(v[side])}" for c, v in row.changes.items())
        lines.append([(f" {SIGNS.get(row.kind, ' ')} ", row.kind), (key, "strong"), (f"  {changes}", "plain")])
    if diff.truncated:
        every = diff.added + diff.removed + diff.changed
        left = every - sum(row.kind != "same" for row in diff.rows)
        more = f"{left:,} more" if left > 0 else "more"
        lines.append([(f" … {more}: bedrot diff {safe(diff.new_id, 24)} --limit {every}", "dim")])
    return lines


def _value(text: str | None) -> str:
    return "∅" if text is None else safe(text, 60)


def preview_lines(preview: Preview, width: int) -> list[Line]:
    """The beginning of the payload, as a table where it is one."""
    lines: list[Line] = [heading(f"preview ({safe(preview.kind, 20)})", width)]
    if preview.note:
        lines += wrap(safe(preview.note, 300), width, "dim", " ")
    if preview.table:
        header = [safe(h, 40) for h in preview.header]
        rows = [[safe(c, 60) for c in r] for r in preview.table]
        widths = [max([len(h), *(len(r[i]) for r in rows if i < len(r))], default=1) for i, h in enumerate(header)]
        widths = [min(w, 24) for w in widths]
        lines.append([(" " + " ".join(fit(h, w) for h, w in zip(header, widths, strict=False)), "strong")])
        lines += [[(" " + " ".join(fit(c, w) for c, w in zip(r, widths, strict=False)), "plain")] for r in rows]
    else:
        lines += [[(" " + safe(text, 400), "plain")] for text in preview.lines]
    if preview.truncated:
        lines.append([(" … only the beginning is shown: bedrot cat ID", "dim")])
    return lines
