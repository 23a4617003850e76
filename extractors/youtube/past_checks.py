"""Whether a report tells the past of the same channel as the last good capture: its answer names none. Pure functions.

Two captures a few days apart are asked for windows that hold mostly the same days, whose figures settle within ten days (assumed). Where the
days stand in the answer, another channel's figures cannot be right; where only sums do, a change is merely unlikely, and a human is told.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

from bedrot_console.domain.findings import Finding
from bedrot_console.inspection.helpers import error, warning

from .answers import Table, number
from .queries import DAYS
from .sum_checks import FEW_VIEWS, by_day

SETTLED = timedelta(days=10)
FEWEST_DAYS = 5
FEWEST_ON_A_DAY = Decimal(5)
"""Of days with fewer nothing can be said."""
SLIGHT, GROSS = Decimal("0.01"), Decimal("0.1")
"""Beyond these shares a settled day differs, and differs beyond any revision."""
LEAPS = 3
USUAL_SHIFT = 0.15
"""By so much of the whole may shares of ages and countries move from day to day (assumed)."""


def same_past(content: Table, context: Any) -> Iterator[Finding]:
    """Settled days are as they were: revised a little, perhaps, but not most of them, and not by much."""
    before = context.previous()
    if before is None or before.metrics[:1] != content.metrics[:1]:
        return
    old, new = by_day(before), by_day(content)
    both = [d for d in old if d in new and d <= max(old) - SETTLED and max(old[d], new[d]) >= FEWEST_ON_A_DAY]
    if len(both) < FEWEST_DAYS:
        return
    off = {d: abs(new[d] - old[d]) / max(old[d], new[d]) for d in both}
    gross, slight = (sorted(d for d in both if off[d] > limit) for limit in (GROSS, SLIGHT))
    for bad, make, words in (
        (gross, error, "another channel's figures"),
        (slight, warning, "another channel's figures, or all were counted anew"),
    ):
        if len(bad) * 2 > len(both):
            yield make(
                "consistency.other-channel", f"most settled days differ from the last good capture: {words}", column="day",
                expected="the same past", seen=f"{len(bad)} of {len(both)} days differ, first {bad[0]}", count=len(bad),
            )  # fmt: skip
            return


def range_kept(content: Table, context: Any) -> Iterator[Finding]:
    """The views of the whole range, from the table beside, neither multiply nor collapse while the range moves by days."""
    before = context.previous()
    old, new = (t.whole("views") if t is not None else None for t in (before, content))
    if old is None or new is None or max(old, new) < FEW_VIEWS or _days_since(context) >= DAYS:
        return
    if new > old * LEAPS or new * LEAPS < old:
        yield warning(
            "volume.range-leapt", f"the views of the range are {'many times' if new > old else 'a fraction of'} those of the last good capture",
            stage="volume", expected=f"about {old}", seen=str(new),
        )  # fmt: skip


def groups_kept(content: Table, context: Any) -> Iterator[Finding]:
    """Who watches, and from where, moves no faster than the days that came and went: of 28 days one changes little."""
    before = context.previous()
    if before is None or before.dimensions != content.dimensions or not len(before) or not len(content):
        return
    metric = next((m for m in ("viewerPercentage", "views") if m in content.metrics and m in before.metrics), None)
    if metric is None or any((t.whole("views") or 0) < FEW_VIEWS for t in (before, content)):
        return
    old, new = _shares(before, metric), _shares(content, metric)
    moved = float(sum((abs(new[k] - old[k]) for k in {*old, *new}), Decimal(0)) / 2)
    allowed = USUAL_SHIFT + _days_since(context) / DAYS
    if moved > allowed:
        most = max({*old, *new}, key=lambda k: abs(new[k] - old[k]))
        yield warning(
            "consistency.groups-moved", f"{moved:.0%} of the views stand in other groups than in the last good capture: another channel's, or few days that outweigh the rest",
            column=content.dimensions[0], expected=f"at most {allowed:.0%}", seen=" ".join(map(str, most))[:40],
        )  # fmt: skip


def _shares(content: Table, metric: str) -> dict[tuple[Any, ...], Decimal]:
    found: dict[tuple[Any, ...], Decimal] = defaultdict(Decimal)
    total = sum((number(r.get(metric)) for r in content.records), Decimal(0)) or Decimal(1)
    for row in content.records:
        found[tuple(row.get(d) for d in content.dimensions)] += number(row.get(metric)) / total
    return found


def _days_since(context: Any) -> int:
    """Days between this capture and the last good one; longer than any window where that is not known."""
    earlier = context.earlier
    return DAYS if earlier is None else max(1, (context.sidecar.captured_at - earlier.captured_at).days)
