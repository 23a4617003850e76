"""What no schema can say about daily insights: ratios, bounds, days, sums, freshness, what vanished, what is counted twice. Pure functions.

Facts about the platform: fact sheet, chapters 5 and 10. Conversions above clicks are no error (view-through), and neither is a gap between
the spend of ads that are listed and of the account (archived and deleted ads).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

from bedrot_console.domain.findings import Finding
from bedrot_console.inspection.helpers import decimal_of, error, fields_kept, note, warning

from . import pixels
from .checks import account, credentials, day_or_none, last_page, parents, total_count, vanished_objects
from .dumps import Dump, summary_of

RELATIVE = Decimal("0.00001")
ROUNDING = Decimal("0.000001")
STALE_AFTER = timedelta(days=2)
DEAD_AFTER = timedelta(days=5)
LEAST_SHARE = Decimal("0.5")
"""Rows that make less than this share of the platform's own total are not all of them."""
REACH_MONTHS_DAYS = 13 * 31
"""Reach with breakdowns is silently absent beyond 13 months (documented)."""

_BROKEN_DOWN = frozenset(
    {"action_destination", "action_device", "action_reaction", "action_target_id", "action_video_type", "action_carousel_card_id"}
)
"""Keys of action breakdowns: with them one action type may come several times."""


_RATIOS = (
    ("cpc", "spend", "clicks", 1),
    ("cpm", "spend", "impressions", 1000),
    ("ctr", "clicks", "impressions", 100),
    ("frequency", "impressions", "reach", 1),
)


def arithmetic(content: Dump, context: Any) -> Iterator[Finding]:
    """cpc, cpm, ctr and frequency follow from the counts of their row, within 1e-5 and the rounding to six decimals (seen: 5e-7)."""
    bad: dict[str, list[int]] = {}
    for index, row in enumerate(content.records):
        for name, above, below, times_ in _RATIOS:
            if name not in row or above not in row or below not in row:
                continue
            try:
                value, top, bottom = decimal_of(row[name]), decimal_of(row[above]), decimal_of(row[below])
            except ValueError:
                continue
            expected = times_ * top / bottom if bottom else Decimal(0)
            if abs(value - expected) > max(ROUNDING, RELATIVE * expected):
                bad.setdefault(name, []).append(index)
    for name, places in bad.items():
        yield error(
            "consistency.arithmetic", f"{name} does not follow from the counts of its row", place=content.place(places[0], name),
            seen=str(content.records[places[0]][name])[:20], count=len(places),
        )  # fmt: skip


def bounds(content: Dump, context: Any) -> Iterator[Finding]:
    """Nobody clicks what was not shown, and no more people are reached than impressions were made."""
    for small, large in (("clicks", "impressions"), ("reach", "impressions"), ("inline_link_clicks", "clicks")):
        bad = [i for i, r in enumerate(content.records) if _above(r.get(small), r.get(large))]
        if bad:
            make = error if small == "reach" else warning
            yield make("consistency.bounds", f"{small} is above {large}", place=content.place(bad[0], small), count=len(bad))


def _above(a: Any, b: Any) -> bool:
    try:
        return a is not None and b is not None and decimal_of(a) > decimal_of(b)
    except ValueError:
        return False


def days(content: Dump, context: Any) -> Iterator[Finding]:
    """Rows are one day each and lie within the range that was asked for."""
    first, last = day_or_none(content.facts.get("asked_from")), day_or_none(content.facts.get("asked_to"))
    outside, long, backwards = [], [], []
    for index, row in enumerate(content.records):
        start, stop = day_or_none(row.get("date_start")), day_or_none(row.get("date_stop"))
        if start is None or stop is None:
            continue
        if start > stop:
            backwards.append(index)
        elif start != stop:
            long.append(index)
        if (first and start < first) or (last and stop > last):
            outside.append(index)
    if backwards:
        yield error(
            "consistency.days-backwards",
            "date_stop is before date_start",
            place=content.place(backwards[0], "date_stop"),
            count=len(backwards),
        )
    if outside:
        yield error(
            "consistency.outside-range", "a row lies outside the range that was asked for", place=content.place(outside[0], "date_start"),
            expected=f"{first} to {last}", seen=str(content.records[outside[0]].get("date_start"))[:10], count=len(outside),
        )  # fmt: skip
    if long:
        make = warning if len(long) == len(content.records) else error
        yield make(
            "consistency.not-daily", "rows span several days: reach cannot be compared with daily captures", place=content.place(long[0], "date_stop"),
            expected="date_start = date_stop", count=len(long),
        )  # fmt: skip


def gaps(content: Dump, context: Any) -> Iterator[Finding]:
    """No day is missing in between: a day on which nothing was delivered has no rows, so a gap is a warning."""
    found = sorted({d for r in content.records if (d := day_or_none(r.get("date_start")))})
    missing = [a + timedelta(days=1) for a, b in zip(found, found[1:], strict=False) if (b - a).days > 1]
    if missing:
        count = sum((b - a).days - 1 for a, b in zip(found, found[1:], strict=False))
        yield warning(
            "completeness.days-missing", "days in between have no rows: either nothing was delivered, or they are lost", stage="completeness",
            column="date_start", seen=missing[0].isoformat(), count=count,
        )  # fmt: skip


def metrics(content: Dump, context: Any) -> Iterator[Finding]:
    """Metrics that must be there are there: reach and frequency wherever something was shown, cpc wherever something was clicked."""
    rows = content.records
    broken_down = any(" " in (r.get("object") or "") for r in rows[:1])
    for name, needs in (
        ("reach", "impressions"),
        ("frequency", "impressions"),
        ("cpm", "impressions"),
        ("ctr", "impressions"),
        ("cpc", "clicks"),
    ):
        absent = [i for i, r in enumerate(rows) if name not in r and _above(r.get(needs), 0)]
        if not absent:
            continue
        old = [
            i
            for i in absent
            if (d := day_or_none(rows[i].get("date_start"))) and (context.sidecar.captured_at.date() - d).days > REACH_MONTHS_DAYS
        ]
        if broken_down and name in ("reach", "frequency") and len(old) == len(absent):
            yield note(
                "completeness.metric-withheld",
                f"{name} is not given with breakdowns beyond 13 months",
                stage="completeness",
                count=len(absent),
            )
            continue
        yield warning(
            "completeness.metric-missing", f"{name} is absent though there are {needs}", stage="completeness",
            place=content.place(absent[0], name), count=len(absent),
        )  # fmt: skip


def sums(content: Dump, context: Any) -> Iterator[Finding]:
    """The rows of each question add up to its summary. A bit less is a warning (archived ads may be left out), more cannot be.

    Less, and a last page as full as was asked for: the pages ended early.
    """
    most = context.sidecar.request.get("page_size", "")
    for pages, rows in content.questions():
        full = most.isdecimal() and len(pages[-1]["data"]) >= int(most)
        summary = next((s for s in map(summary_of, pages) if s), {})
        for name in ("impressions", "clicks", "spend"):
            try:
                whole = decimal_of(summary[name])
                total = sum((decimal_of(r[name]) for r in rows if name in r), Decimal(0))
            except (KeyError, ValueError):
                continue
            if total != whole:
                make = error if full or total > whole * (1 + RELATIVE) or total < whole * LEAST_SHARE else warning
                yield make(
                    "completeness.sum-differs", f"the rows' {name} do not add up to the platform's own total", stage="completeness",
                    column=name, expected=str(whole), seen=str(total),
                )  # fmt: skip


def freshness(content: Dump, context: Any) -> Iterator[Finding]:
    """While a campaign runs, the newest day is yesterday's or the day before (account's zone); five days behind is an error."""
    running = _running(context)
    captured = context.sidecar.captured_at.date()
    newest = max((d for r in content.records if (d := day_or_none(r.get("date_stop")))), default=None)
    if newest is None:
        if running:
            yield error(
                "freshness.nothing-delivered", "campaigns run, and yet there is not one row", stage="freshness", expected="rows of active campaigns",
                seen="0 rows", count=running,
            )  # fmt: skip
        return
    age = captured - newest
    if age > STALE_AFTER and running:
        make = error if age > DEAD_AFTER else warning
        yield make(
            "freshness.behind", f"campaigns run, and yet the newest day is {age.days} days before the capture", stage="freshness",
            column="date_stop", expected=f"at most {STALE_AFTER.days} days", seen=newest.isoformat(),
        )  # fmt: skip


def _running(context: Any) -> int:
    """Campaigns of the set that are active and have been for two days."""
    listed = context.sibling("metaads/campaigns")
    if listed is None:
        return 0
    settled = context.sidecar.captured_at.date() - timedelta(days=2)
    running = 0
    for row in listed.records:
        start, stop = day_or_none(row.get("start_time")), day_or_none(row.get("stop_time"))
        if row.get("effective_status") == "ACTIVE" and (start is None or start < settled) and (stop is None or stop > settled):
            running += 1
    return running


def vanished_rows(content: Dump, context: Any) -> Iterator[Finding]:
    """What was delivered once stays delivered: a day of an object that the last good capture had is still there if it is in the range."""
    before = context.previous()
    if before is None:
        return
    if len(before) and not len(content):
        yield from vanished_objects(content, context)
        return
    first = day_or_none(content.facts.get("asked_from")) or min(
        (d for r in content.records if (d := day_or_none(r.get("date_start")))), default=None
    )
    if first is None:
        return
    now = {(str(r.get("object")), str(r.get("date_start"))): r for r in content.records}
    kept = {
        key: r
        for r in before.records
        if (d := day_or_none((key := (str(r.get("object")), str(r.get("date_start"))))[1])) and d >= first
    }
    lost = [key for key in kept if key not in now]
    if lost:
        yield error(
            "volume.rows-vanished", "days that were delivered before are gone", stage="volume", column="date_start", seen=str(lost[0][1]),
            expected=f"{len(kept)} rows from {first} on", count=len(lost),
        )  # fmt: skip
    revised = sum(
        1
        for key, r in kept.items()
        if key in now and any(r.get(m) != now[key].get(m) for m in ("impressions", "spend", "clicks", "actions"))
    )
    if revised:
        yield note(
            "volume.rows-revised", "figures of earlier days were revised (late attribution)", stage="volume", count=revised
        )


def pixel_events(content: Dump, context: Any) -> Iterator[Finding]:
    """Tells where one pixel event is counted under several names, so that nobody adds them up; an action type comes once per row."""
    twice, overlap, first = [], 0, None
    for index, row in enumerate(content.records):
        actions = row.get("actions")
        if not isinstance(actions, list):
            continue
        names = [a.get("action_type") for a in actions if isinstance(a, dict)]
        if len(set(names)) != len(names) and not any(isinstance(a, dict) and _BROKEN_DOWN & a.keys() for a in actions):
            twice.append(index)
        if pixels.overlapping(names):
            overlap += 1
            first = index if first is None else first
    if twice:
        yield error(
            "consistency.action-repeats",
            "an action is listed twice in one row",
            place=content.place(twice[0], "actions"),
            count=len(twice),
        )
    if first is not None:
        yield note(
            "consistency.pixel-overlap", "one pixel event is counted under several names: pixel_events counts each once; never add the names up",
            place=content.place(first, "actions"), count=overlap,
        )  # fmt: skip


INSIGHTS = (
    account, credentials, last_page, total_count, parents, arithmetic, bounds, days, gaps, metrics, sums, freshness, vanished_rows, pixel_events,
    fields_kept(),
)  # fmt: skip
