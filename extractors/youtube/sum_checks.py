"""Whether a report is whole: its days, its sums against the platform's own figures, and what was there before. Pure functions.

Facts: fact sheet, chapters 5 and 9.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from bedrot_console.domain.findings import Finding
from bedrot_console.inspection.helpers import day_of, error, note, warning

from .answers import Table, number
from .queries import ADDED_UP, TOP_VIDEOS

QUIET_VIEWS = 10
"""Below so many views a day whole days without any are to be expected, and such days may be absent (documented)."""
SLIGHT, GROSS = Decimal("0.005"), Decimal("0.05")
"""By so much may the rows of a day miss the day's figure: beyond the first a warning, beyond the second an error."""
FEW_VIEWS = 1000
"""Of fewer views in the range ages and countries may be withheld (thresholds are not published: assumed)."""
WITHHELD = frozenset({"ageGroup", "gender", "country"})
RANGE_GROSS = Decimal("0.01")
ROUNDED = frozenset({"estimatedMinutesWatched"})
"""Each row is rounded by itself, so that sums differ by up to one per row."""


def days_in(content: Table) -> list[tuple[int, date]]:
    """(row, day) of each row that names one; others are the reader's business."""
    out = []
    for index, row in enumerate(content.records):
        try:
            out.append((index, day_of(row.get("day"))))
        except ValueError:
            continue
    return out


def is_quiet(content: Table) -> bool:
    """Whether so little happens that days may rightly have no row: by views, or where a report has none (revenue) by plays that earn."""
    days = {d for _, d in days_in(content)}
    metric = next((m for m in ("views", "monetizedPlaybacks", "adImpressions") if m in content.metrics), None)
    return metric is not None and sum((number(r.get(metric)) for r in content.records), Decimal(0)) < QUIET_VIEWS * len(days)


def span_asked(context: Any) -> tuple[date | None, date | None]:
    request = context.sidecar.request
    try:
        return day_of(request.get("startDate")), day_of(request.get("endDate"))
    except ValueError:
        return None, None


def gaps(content: Table, context: Any) -> Iterator[Finding]:
    """No day is missing from the first one asked for to the newest: a busy channel has no day without views, a quiet one may."""
    found = sorted({d for _, d in days_in(content)})
    first, _ = span_asked(context)
    if not found:
        return
    start = min(first or found[0], found[0])
    missing = [start + timedelta(days=n) for n in range((found[-1] - start).days) if start + timedelta(days=n) not in set(found)]
    if not missing:
        return
    whole = content.whole("views")
    adds_up = (
        "views" in content.metrics
        and whole is not None
        and whole == sum((number(r.get("views")) for r in content.records), Decimal(0))
    )
    quiet = is_quiet(content)
    before = context.previous()
    known = {d for _, d in days_in(before)} if before is not None else set()
    new = missing[-1] >= found[0] or bool(known & set(missing))
    make = note if quiet or not new else warning
    what = "nothing happened on them" if quiet or adds_up else "nothing says why"
    yield make(
        "completeness.days-missing",
        f"days have no row: {what}",
        stage="completeness",
        column="day",
        seen=missing[0].isoformat(),
        count=len(missing),
    )


def sums(content: Table, context: Any) -> Iterator[Finding]:
    """The rows add up to the figures of the whole range, as the platform itself gives them."""
    for name in ADDED_UP if len(content) else ():
        whole = content.whole(name)
        if whole is None or name not in content.metrics or content.dimensions != ["day"]:
            continue
        total = sum((number(r.get(name)) for r in content.records), Decimal(0))
        slack = Decimal(len(content) + 1) if name in ROUNDED else Decimal(0)
        off = abs(total - whole) - slack
        if off > 0:
            make = error if off > max(whole, total) * RANGE_GROSS else warning
            yield make(
                "completeness.sum-differs",
                f"the days' {name} do not add up to the platform's own total",
                stage="completeness",
                column=name,
                expected=str(whole),
                seen=str(total),
            )


def sums_by_day(content: Table, context: Any) -> Iterator[Finding]:
    """The rows of each day add up to that day's figure in the report of days that lies beside."""
    for name in content.metrics:
        wholes = content.whole_days(name)
        if wholes is None:
            continue
        got: dict[str, Decimal] = defaultdict(Decimal)
        rows: Counter[str] = Counter()
        for row in content.records:
            got[str(row.get("day"))] += number(row.get(name))
            rows[str(row.get("day"))] += 1
        off = {d: abs(got[d] - wholes.get(d, Decimal(0))) - (rows[d] + 1 if name in ROUNDED else 0) for d in {*got, *wholes}}
        bad = sorted(d for d, by in off.items() if by > max(Decimal(0), wholes.get(d, Decimal(0)) * SLIGHT))
        if bad:
            gross = [d for d in bad if off[d] > max(Decimal(2), wholes.get(d, Decimal(0)) * GROSS)]
            make, day = (error, gross[0]) if gross else (warning, bad[0])
            yield make(
                "completeness.sum-differs", f"rows of a day do not add up to its {name}", stage="completeness", column=name,
                expected=str(wholes.get(day, Decimal(0))), seen=str(got[day]), count=len(bad),
            )  # fmt: skip


def part_of_whole(content: Table, context: Any) -> Iterator[Finding]:
    """Videos and countries make no more than the channel, and most of it: deleted videos and small countries are left out (assumed)."""
    whole = content.whole("views")
    if whole is None or "views" not in content.metrics:
        return
    total = sum((number(r["views"]) for r in content.records), Decimal(0))
    if total > whole * (1 + RANGE_GROSS) + 1:
        yield error(
            "completeness.sum-differs",
            "the rows' views exceed the channel's",
            stage="completeness",
            column="views",
            expected=str(whole),
            seen=str(total),
        )
    elif whole > 100 and total < whole * Decimal("0.8") and len(content) < (TOP_VIDEOS.most or 0):
        make = error if total < whole / 2 else warning
        yield make(
            "completeness.sum-differs",
            "the rows make less than four fifths of the channel's views",
            stage="completeness",
            column="views",
            expected=str(whole),
            seen=str(total),
        )
    if content.dimensions == ["video"] and len(content) >= (TOP_VIDEOS.most or 0):
        yield note("completeness.cut-off", f"there may be more videos than the first {TOP_VIDEOS.most}", stage="completeness")
    if context.sidecar.request.get("sort") == "-views":
        views = [number(r["views"]) for r in content.records]
        if views != sorted(views, reverse=True):
            yield error("consistency.order", "rows are not in the order that was asked for", column="views")


def days_kept(content: Table, context: Any) -> Iterator[Finding]:
    """A day of the last good capture that lies in the range is still there; its figures may be revised. (Which day comes first says
    nothing: on a quiet channel it may be one without views.)"""
    before = context.previous()
    if before is None or not len(content):
        return
    now, old = by_day(content), by_day(before)
    first = span_asked(context)[0] or min(now, default=date.max)
    lost = sorted(d for d in old if d >= first and d not in now)
    if lost:
        yield error(
            "volume.days-vanished",
            "days of the last good capture vanished",
            stage="volume",
            column="day",
            seen=lost[0].isoformat(),
            count=len(lost),
        )
    revised = sum(1 for d in old if d in now and old[d] != now[d])
    if revised:
        yield note("volume.days-revised", "figures of earlier days were revised", stage="volume", count=revised)


def by_day(content: Table) -> dict[date, Decimal]:
    """The first metric of each day."""
    found: dict[date, Decimal] = defaultdict(Decimal)
    for index, day in days_in(content):
        found[day] += number(content.records[index].get(content.metrics[0])) if content.metrics else 0
    return found


def _may_be_withheld(content: Table, before: Table | None = None) -> bool:
    """Whether ages or countries may rightly be absent: by the platform's own total there were few views in the range, now or before."""
    known = [t.whole("views") for t in (content, before) if t is not None and t.beside is not None]
    return bool(WITHHELD & set(content.dimensions)) and any(whole is not None and whole < FEW_VIEWS for whole in known[-1:])


def vanished(content: Table, context: Any) -> Iterator[Finding]:
    """What made a good part of the last capture is still there."""
    before = context.previous()
    if before is None or not len(before):
        return
    if not len(content):
        make = note if _may_be_withheld(content, before) else error
        yield make(
            "volume.all-vanished",
            "the last good capture held rows, this one holds none",
            stage="volume",
            expected=f"{len(before)} rows",
            seen="0 rows",
        )
        return
    name = next((m for m in ("views", "viewerPercentage") if m in before.metrics), None)
    if name is None or "day" in content.dimensions or before.dimensions != content.dimensions:
        return
    total = sum((number(r.get(name)) for r in before.records), Decimal(0))
    now = {tuple(r.get(d) for d in content.dimensions) for r in content.records}
    lost = [
        r for r in before.records if tuple(r.get(d) for d in content.dimensions) not in now and number(r.get(name)) * 100 > total
    ]
    few = _may_be_withheld(content, before) or total <= 100 * (name == "views")
    if lost and len(content) < (TOP_VIDEOS.most or 0) and not few:
        yield warning(
            "volume.rows-vanished",
            "rows that made more than a hundredth of the last good capture are gone",
            stage="volume",
            seen=str(lost[0].get(content.dimensions[0]))[:24],
            count=len(lost),
        )


def shares(content: Table, context: Any) -> Iterator[Finding]:
    """Shares of ages and genders make a hundred percent together (small groups are left out and the rest is a hundred again: assumed)."""
    if not len(content):
        return
    total = sum((number(r.get("viewerPercentage")) for r in content.records), Decimal(0))
    if abs(total - 100) > Decimal("0.6"):
        make = error if total > 101 or total < 90 else warning
        yield make(
            "consistency.shares",
            "the shares do not make a hundred percent",
            column="viewerPercentage",
            expected="100",
            seen=f"{total:.1f}",
        )


def not_empty(content: Table, context: Any) -> Iterator[Finding]:
    """No rows are right for a new channel; where the platform counts views, or the channel has videos, somebody should look."""
    if len(content) or content.uneven:
        return
    if _may_be_withheld(content):
        yield note("completeness.withheld", "for so few views nothing is told", stage="completeness")
    elif (whole := content.whole("views")) or (whole := sum((content.whole_days("views") or {}).values(), Decimal(0))):
        yield error(
            "completeness.no-rows",
            "the platform counts views, and the report holds no rows",
            stage="completeness",
            expected=f"rows of {whole} views",
            seen="0 rows",
        )
    elif context.sidecar.request.get("uploads", "0") != "0" and content.dimensions == ["day"] and "views" in content.metrics:
        yield warning(
            "completeness.no-rows",
            "the channel has videos, and the report holds no rows",
            stage="completeness",
            expected="1 or more rows",
            seen="0 rows",
        )
