"""What no schema can say about an overview: sums, ratios, window, days, overlap with the last good capture, dead counting. Pure functions.

More clicks than views on a day, rates above 1, and unique counts above totals are real (*seen*: 5, 2 and 3 of 365 days): nothing here minds
them. Sums, ratios, zero-filling and contiguous days: *seen* in both captures. That settled days stay as they are: *assumed* (a 7-day answer
and a 365-day answer of one session agreed; two sessions were never compared).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any

from bedrot_console.domain.findings import Finding
from bedrot_console.inspection.helpers import day_of, error, note, warning

from .content import BASE, COUNTS, ROOT, personal

TOLERANCE = 0.0001
WINDOWS = (7, 14, 28, 30, 60, 90, 180, 365, 366)
"""Windows that Linktree offers or offered (7, 28, 90, 365 *seen* as choices; the others *assumed*)."""
UNSETTLED_DAYS = 2
"""The last days of a capture still count: the day of capture and the day before."""
FEWEST_COMPARED = 5
OTHER_PROFILE_SHARE = 0.5
QUIET_DAYS = 5
LEAST_ACTIVE_DAYS = 14


def account_data(content: Any, context: Any) -> Iterator[Finding]:
    """No e-mail address, token or money stands in the file: such an answer must not be kept at all."""
    found = personal(content.document)
    if found:
        yield error(
            "consistency.account-data", "the file holds account data that nobody needs: erase it", pointer=found[0], expected="figures only",
            seen=found[0].rpartition("/")[2][:40], count=len(found),
        )  # fmt: skip


def totals(content: Any, context: Any) -> Iterator[Finding]:
    """The days add up to the overview's own totals, exactly."""
    overview = content.document["data"][ROOT]["overview"]
    for name in ("totalViews", "totalClicks"):
        whole, parts = overview.get(name), content.column(name)
        if type(whole) is int and all(type(v) is int for v in parts) and sum(parts) != whole:
            yield error(
                "consistency.totals", f"the days' {name} do not add up to the overview's", pointer=f"{BASE}/overview/{name}",
                expected=str(sum(parts)), seen=str(whole),
            )  # fmt: skip


def rates(content: Any, context: Any) -> Iterator[Finding]:
    """The rate of each day and of the overview is clicks by views within 0.0001; without views and clicks it is 0."""
    overview = content.document["data"][ROOT]["overview"]
    wrong = [i for i, row in enumerate(content.records) if not rate_holds(row)]
    if wrong:
        yield error(
            "consistency.rate", "clickThroughRate is not clicks by views", place=content.place(wrong[0], "clickThroughRate"),
            expected=ratio_text(content.records[wrong[0]]), seen=str(content.records[wrong[0]].get("clickThroughRate"))[:20], count=len(wrong),
        )  # fmt: skip
    if not rate_holds(overview):
        yield error(
            "consistency.rate", "the overview's clickThroughRate is not clicks by views", pointer=f"{BASE}/overview/clickThroughRate",
            expected=ratio_text(overview), seen=str(overview.get("clickThroughRate"))[:20],
        )  # fmt: skip


def rate_holds(row: Mapping[str, Any], views: str = "totalViews", clicks: str = "totalClicks") -> bool:
    """Whether a rate follows from its counts. What is no number is the schema's business; clicks without any view have no ratio."""
    given, above, below = row.get("clickThroughRate"), row.get(clicks), row.get(views)
    if isinstance(given, bool) or not isinstance(given, int | float) or type(above) is not int or type(below) is not int:
        return True
    if below == 0:
        return above != 0 or given == 0
    return abs(given - above / below) <= TOLERANCE


def ratio_text(row: Mapping[str, Any], views: str = "totalViews", clicks: str = "totalClicks") -> str:
    """The rate that the counts of a row make."""
    return f"{row[clicks] / row[views]:.4f}" if row.get(views) else "0"


def window(content: Any, context: Any) -> Iterator[Finding]:
    """There is one row for each day of the window that was asked for, and it ends where that window ends."""
    asked = context.sidecar.request
    rows = len(content)
    days = asked.get("days") or context.sidecar.series.removesuffix("d")
    if not days.isdecimal():
        if rows and rows not in WINDOWS:
            yield warning(
                "completeness.window", "no window of Linktree has so many days, and what was asked for is not known", stage="completeness",
                expected=", ".join(map(str, WINDOWS)), seen=f"{rows} days",
            )  # fmt: skip
        return
    if rows != int(days):
        yield error(
            "completeness.window", f"{days} days were asked for, and {rows} came", stage="completeness", pointer=content.base,
            expected=f"{days} days", seen=f"{rows} days",
        )  # fmt: skip
    for name, index in (("from", 0), ("to", -1)):
        want, have = day_or_none(asked.get(name)), day_or_none(content.records[index].get("date")) if rows else None
        if want and have and abs((have - want).days) > 1:
            yield error(
                "completeness.window-moved", f"the window does not {'begin' if index == 0 else 'end'} where it was asked to",
                stage="completeness", place=content.place(index % rows, "date"), expected=str(want), seen=str(have),
            )  # fmt: skip


def plan_limit(content: Any, context: Any) -> Iterator[Finding]:
    """The window is the one that is wanted of this account; a plan that offers less is told each time."""
    asked = context.sidecar.request
    days, wanted = asked.get("days", ""), asked.get("wanted", "")
    if days.isdecimal() and wanted.isdecimal() and int(days) < int(wanted):
        yield warning(
            "completeness.plan-limit", f"this account's plan offers {days} days at most, {wanted} are wanted", stage="completeness",
            expected=f"{wanted} days", seen=f"{days} days",
        )  # fmt: skip


def counting(content: Any, context: Any) -> Iterator[Finding]:
    """Somebody still counts: zero-filled answers look fresh for ever, so the days since the last view are watched against earlier gaps."""
    days = _by_day(content)
    active = sorted(day for day, row in days.items() if any(row.get(n) for n in COUNTS))
    if not active:
        before = context.previous()
        if before is not None and any(row.get(n) for row in before.records for n in COUNTS):
            yield warning(
                "consistency.all-zero", "not one view in the whole window, and the last good capture had traffic: a lost permission or plan?",
                expected="views", seen=f"{len(content)} days of zeros",
            )  # fmt: skip
        elif content.records:
            yield note("consistency.no-traffic", "not one view in the whole window")
        return
    silent = (max(days) - active[-1]).days
    gaps = [(b - a).days for a, b in zip(active, active[1:], strict=False)]
    usual = max(gaps, default=0)
    if len(active) >= LEAST_ACTIVE_DAYS and silent > max(QUIET_DAYS, 2 * usual):
        yield warning(
            "consistency.counting-stopped", f"the last view was {silent} days ago, and never was there a gap of more than {usual} days before",
            column="totalViews", expected=f"a view within {max(QUIET_DAYS, 2 * usual)} days", seen=str(active[-1]),
        )  # fmt: skip


def overlap(content: Any, context: Any) -> Iterator[Finding]:
    """Days that the last good capture had settled are the same now; its last two days may have grown, never shrunk.

    An all-zero capture is compared with nothing, on either side: what it means is told by `counting`, and the days come back as they were.
    """
    earlier = context.previous()
    if earlier is None:
        return
    old, new = _by_day(earlier), _by_day(content)
    if not old or not _any_traffic(old) or not _any_traffic(new):
        return
    edge = max(old) - timedelta(days=UNSETTLED_DAYS)
    both = sorted(day for day in old if day in new)
    settled = [day for day in both if day <= edge]
    changed = [day for day in settled if _counts(old[day]) != _counts(new[day])]
    busy = [day for day in settled if any(_counts(old[day])) or any(_counts(new[day]))]
    if len(busy) >= FEWEST_COMPARED and len(changed) > len(busy) * OTHER_PROFILE_SHARE:
        yield error(
            "consistency.other-profile", "most settled days differ from the last good capture: another profile's figures",
            expected="the same past", seen=f"{len(changed)} of {len(busy)} days differ", count=len(changed),
        )  # fmt: skip
        return
    if changed:
        yield error(
            "consistency.past-changed", "days that were settled in the last good capture have other figures now", column="date",
            expected=_shown(old[changed[0]]), seen=f"{changed[0]}: {_shown(new[changed[0]])}", count=len(changed),
        )  # fmt: skip
    shrunk = [d for d in both if d > edge and any(a > b for a, b in zip(_counts(old[d]), _counts(new[d]), strict=True))]
    if shrunk:
        yield error(
            "consistency.day-shrank", "a day that was still counting has less now than before", column="date",
            expected=f"at least {_shown(old[shrunk[0]])}", seen=f"{shrunk[0]}: {_shown(new[shrunk[0]])}", count=len(shrunk),
        )  # fmt: skip


def day_or_none(value: Any) -> date | None:
    """A day, or None for what is none."""
    try:
        return day_of(value)
    except ValueError:
        return None


def _by_day(content: Any) -> dict[date, Mapping[str, Any]]:
    return {day: row for row in content.records if (day := day_or_none(row.get("date"))) is not None}


def _counts(row: Mapping[str, Any]) -> tuple[int, ...]:
    return tuple(row[n] if type(row.get(n)) is int else 0 for n in COUNTS)


def _any_traffic(days: Mapping[date, Mapping[str, Any]]) -> bool:
    return any(any(_counts(row)) for row in days.values())


def _shown(row: Mapping[str, Any]) -> str:
    views, clicks, unique_views, unique_clicks = _counts(row)
    return f"{views} views, {clicks} clicks, {unique_views}/{unique_clicks} unique"
