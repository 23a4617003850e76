"""What no schema can say about an account's days: inside what was asked, none missing, none restated, deltas no totals. Pure functions.

Facts about the platform: fact sheet, chapters 4, 6, 7 and 9.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from bedrot_console.domain.findings import Finding
from bedrot_console.inspection.helpers import error, note, warning

from .answers import Answers, results_of
from .checks import COMMON, Check
from .metrics import (
    FEW_FOLLOWERS,
    FOLLOW_TYPES,
    FOLLOWS,
    HISTORY_DAYS,
    LAG,
    LONGEST_WINDOW,
    day_that_ends,
    is_pacific_midnight,
    pacific_day,
)
from .metrics import SERIES as NAMES


def series_days(content: Answers, context: Any) -> Iterator[Finding]:
    """Values lie inside (since, until], one a day, none missing in between; the last two days may still be on their way (documented)."""
    outside: list[str] = []
    season = 0
    have: dict[str, dict[date, str]] = {}
    wanted: dict[str, set[date]] = {}
    for part in content.parts:
        span = part.moments()
        for metric in part.metrics if part.refused is None else ():
            wanted.setdefault(metric, set()).update(_days_between(span))
        for i, entry in enumerate(part.entries):
            for k, item in enumerate(entry.get("values") or ()):
                where = f"{part.pointer}/data/{i}/values/{k}"
                try:
                    day = day_that_ends(item["end_time"])
                    season += not is_pacific_midnight(item["end_time"])
                except (ValueError, KeyError, TypeError):
                    continue
                have.setdefault(str(entry.get("name")), {})[day] = where
                if span and not pacific_day(span[0]) <= day < pacific_day(span[1]):
                    outside.append(where)
    if outside:
        yield error(
            "consistency.outside-range",
            "a value lies outside the range that was asked for",
            pointer=outside[0],
            count=len(outside),
        )
    if season:
        yield note("consistency.end-time-season", "end_time has the hour of the other season: the day is the same", count=season)
    newest = context.sidecar.captured_at.date() - LAG - timedelta(days=1)
    for name, days in have.items():
        due = {d for d in wanted.get(name, ()) if d < newest} | _between(days)
        lost = sorted(due - days.keys())
        if lost:
            yield error(
                "completeness.days-missing", f"{name} has no value for days that were asked for", stage="completeness", column=name,
                seen=lost[0].isoformat(), count=len(lost),
            )  # fmt: skip


def _days_between(span: Any) -> set[date]:
    if span is None:
        return set()
    first, last = pacific_day(span[0]), pacific_day(span[1])
    return {first + timedelta(days=n) for n in range((last - first).days)}


def _between(days: dict[date, str]) -> set[date]:
    first, last = min(days), max(days)
    return {first + timedelta(days=n) for n in range((last - first).days)}


def windows(content: Answers, context: Any) -> Iterator[Finding]:
    """No question spans more than the platform allows, and follower_count none that it no longer has."""
    long = [p.pointer for p in content.parts if (span := p.moments()) and span[1] - span[0] > LONGEST_WINDOW]
    if long:
        yield error("consistency.window-too-long", "a question spans more than 30 days", pointer=long[0], count=len(long))
    back = context.sidecar.captured_at.date() - timedelta(days=HISTORY_DAYS + 2)
    old = [
        p.pointer for p in content.parts if "follower_count" in p.metrics and (m := p.moment("since")) and pacific_day(m) < back
    ]
    if old:
        yield warning("consistency.window-too-old", f"follower_count reaches back {HISTORY_DAYS} days only", pointer=old[0])


def deltas(content: Answers, context: Any) -> Iterator[Finding]:
    """follower_count is new followers a day, never their total: day after day as many as follow in all cannot be."""
    total = context.sidecar.request.get("followers_count", "")
    values = [v for v in content.column("follower_count") if type(v) is int] if "follower_count" in content.columns else []
    if total.isdecimal() and len(values) >= 3 and int(total) >= FEW_FOLLOWERS and min(values) * 2 > int(total):
        yield error(
            "consistency.delta-is-total", "follower_count holds totals where new followers are due", column="follower_count",
            expected="new followers a day", seen=str(min(values)),
        )  # fmt: skip


def total_days(content: Answers, context: Any) -> Iterator[Finding]:
    """Each total is asked for one day, day after day; a day without any answer is lost, unless it is among the last two."""
    asked: dict[date, str] = {}
    long: list[str] = []
    for part in content.parts:
        span = part.moments()
        if span is None:
            continue
        if (pacific_day(span[1]) - pacific_day(span[0])).days != 1:
            long.append(part.pointer)
        asked.setdefault(pacific_day(span[0]), part.pointer)
    if long:
        yield error(
            "consistency.not-daily",
            "a total spans more than one day: it cannot stand in a series",
            pointer=long[0],
            count=len(long),
        )
    request = context.sidecar.request
    due = set(asked)
    try:
        first, last = date.fromisoformat(request["first"]), date.fromisoformat(request["last"])
        due |= {first + timedelta(days=n) for n in range((last - first).days + 1)}
    except (KeyError, ValueError):
        pass
    newest = context.sidecar.captured_at.date() - LAG - timedelta(days=1)
    lost = sorted(d for d in due - {r["day"] for r in content.records} if d < newest)
    if lost:
        yield error(
            "completeness.days-missing", "days that were asked for have no totals", stage="completeness", seen=lost[0].isoformat(),
            count=len(lost),
        )  # fmt: skip


def follow_types(content: Answers, context: Any) -> Iterator[Finding]:
    """follows_and_unfollows comes split into gained and lost; without its breakdown it says nothing (seen)."""
    bad = []
    for part in content.parts:
        for i, entry in enumerate(part.entries):
            if entry.get("name") != FOLLOWS:
                continue
            kinds = Counter(str(dims[0]) for dims, _ in results_of(entry.get("total_value")) if dims)
            if not kinds or not kinds.keys() <= FOLLOW_TYPES.keys() or max(kinds.values()) > 1:
                bad.append(f"{part.pointer}/data/{i}/total_value")
    if bad:
        yield error(
            "consistency.follow-types", "follows and unfollows are not told apart", pointer=bad[0], expected="FOLLOWER and NON_FOLLOWER",
            count=len(bad),
        )  # fmt: skip


def whole_series(content: Answers, context: Any) -> Iterator[Finding]:
    """All series were asked for, and reach for every day of the range."""
    if not any(part.path for part in content.parts):
        return
    spans: dict[str, set[date]] = {}
    for part in content.parts:
        for metric in part.metrics:
            spans.setdefault(metric, set()).update(_days_between(part.moments()))
    without = context.sidecar.request.get("without", "").split(",")
    for name in NAMES:
        if name not in spans and name not in without:
            yield error("completeness.not-asked", f"{name} was not asked for", stage="completeness", column=name)
    lost = _range(context) - spans.get("reach", set())
    if lost and "reach" not in without:
        yield error(
            "completeness.not-asked", "days of the range were not asked for", stage="completeness", column="reach",
            seen=min(lost).isoformat(), count=len(lost),
        )  # fmt: skip


def whole_totals(content: Answers, context: Any) -> Iterator[Finding]:
    """Every day of the range was asked for its totals and for its follows."""
    if not any(part.path for part in content.parts):
        return
    kinds: dict[str, set[date]] = {"totals": set(), "follows": set()}
    if FOLLOWS in context.sidecar.request.get("without", "").split(","):
        del kinds["follows"]
    for part in content.parts:
        kinds.get("follows" if part.metrics == (FOLLOWS,) else "totals", set()).update(_days_between(part.moments()))
    for kind, days in kinds.items():
        lost = (_range(context) or set().union(*kinds.values())) - days
        if lost:
            yield error(
                "completeness.not-asked", f"days of the range were not asked for {kind}", stage="completeness",
                seen=min(lost).isoformat(), count=len(lost),
            )  # fmt: skip


def _range(context: Any) -> set[date]:
    """The days that a run wanted."""
    request = context.sidecar.request
    try:
        first, last = date.fromisoformat(request["first"]), date.fromisoformat(request["last"])
    except (KeyError, ValueError):
        return set()
    return {first + timedelta(days=n) for n in range((last - first).days + 1)}


def bounds(content: Answers, context: Any) -> Iterator[Finding]:
    """No more people engage than there are interactions, and no kind of them is more than all."""
    for small in ("accounts_engaged", "likes", "comments", "saves", "shares"):
        bad = [
            i for i, r in enumerate(content.records)
            if type(r.get(small)) is int and type(r.get("total_interactions")) is int and r[small] > r["total_interactions"]
        ]  # fmt: skip
        if bad:
            yield warning(
                "consistency.bounds", f"{small} is above total_interactions", place=content.place(bad[0], small), count=len(bad)
            )


def settled(content: Answers, context: Any) -> Iterator[Finding]:
    """Days that had settled by the last good capture keep their values: a few may be revised, most of them not."""
    before = context.previous()
    if before is None or context.earlier is None:
        return
    until = context.earlier.captured_at.date() - LAG - timedelta(days=2)
    old = {r["day"]: r for r in before.records if r["day"] is not None and r["day"] <= until}
    common = [(i, old[r["day"]], r) for i, r in enumerate(content.records) if r["day"] in old]
    changed = [i for i, a, b in common if any(a.get(k) != b.get(k) for k in a.keys() & b.keys())]
    if changed:
        make = error if len(changed) * 2 > len(common) and len(common) > 2 else note
        yield make(
            "volume.settled-days-changed", "days that had settled have other values now", stage="volume",
            place=content.place(changed[0]), expected=f"{len(common)} days as before", count=len(changed),
        )  # fmt: skip


SERIES: tuple[Check, ...] = (*COMMON, whole_series, series_days, windows, deltas, settled)
TOTALS: tuple[Check, ...] = (*COMMON, whole_totals, total_days, windows, follow_types, bounds, settled)
