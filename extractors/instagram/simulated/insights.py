"""Insights as the platform gives them: series, totals, hour maps, groups of people, lifetimes of posts; and what it refuses, word for word."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from ..._graph.simulated.errors import bad_param
from ..._graph.simulated.params import json_list, json_value
from ..metrics import (
    DEMOGRAPHICS,
    FEW_FOLLOWERS,
    FOLLOWS,
    HISTORY_DAYS,
    LONGEST_WINDOW,
    MEDIA_KNOWN,
    TIMEFRAMES,
    TOP,
    TOTALS,
    midnight,
    pacific_day,
)
from . import errors, world
from .world import Post, Profile

ALONE = ("follower_count", "online_followers")
"""Series only."""
ACCOUNT = ("reach", *ALONE, *TOTALS, FOLLOWS, *DEMOGRAPHICS)
GROUPS = ("age", "gender", "city", "country")
PRODUCTS = {
    "FEED": frozenset({"reach", "views", "likes", "comments", "saved", "shares", "total_interactions", "follows", "profile_visits", "profile_activity"}),
    "REELS": frozenset(
        {"reach", "views", "likes", "comments", "saved", "shares", "total_interactions", "ig_reels_avg_watch_time", "ig_reels_video_view_total_time", "reposts"}
    ),
    "STORY": frozenset({"reach", "views", "replies", "shares", "total_interactions", "follows", "profile_visits", "navigation"}),
}  # fmt: skip
"""What each kind of post has. Documented in parts; the rest assumed."""
END = "%Y-%m-%dT%H:%M:%S+0000"


def words(params: Mapping[str, str], name: str) -> list[str]:
    """A list of words: comma separated, or a JSON array as the SDK sends it; a single word may come as JSON text."""
    text = params.get(name, "").strip()
    if text.startswith('"'):
        value = json_value(params, name)
        return [value] if isinstance(value, str) else []
    return json_list(params, name)


def word(params: Mapping[str, str], name: str) -> str:
    found = words(params, name)
    if len(found) > 1:
        raise bad_param(name, "must be a single value")
    return found[0] if found else ""


def metrics_of(params: Mapping[str, str], known: tuple[str, ...], gone: frozenset[str]) -> list[str]:
    """The metrics asked for, each known and not given up."""
    asked = words(params, "metric")
    if not asked:
        raise bad_param("metric", "is required")
    for n, name in enumerate(asked):
        if name not in known or name in gone:
            raise errors.no_such_metric(n, [k for k in known if k not in gone])
    return asked


def span_of(params: Mapping[str, str], now: datetime) -> tuple[datetime, datetime]:
    """since and until: seconds, or days; without, the two days before now."""
    found = []
    for name, default in (("since", now - timedelta(days=2)), ("until", now)):
        text = params.get(name, "").strip('"')
        try:
            at = (
                default
                if not text
                else datetime.fromtimestamp(int(text), UTC)
                if text.isdecimal()
                else midnight(date.fromisoformat(text))
            )
        except (ValueError, OverflowError, OSError):
            raise bad_param(name, "must be a moment") from None
        found.append(at)
    since, until = found
    if since > until:
        raise bad_param("since", "must not be after until")
    if until - since > LONGEST_WINDOW:
        raise errors.window_too_long()
    return since, until


def account(
    profile: Profile, params: Mapping[str, str], now: datetime, at: datetime, gone: frozenset[str]
) -> list[dict[str, Any]]:
    """The data of `/{ig-user-id}/insights`. `at` is the moment up to which data has arrived. Raises GraphError for what the platform refuses."""
    asked = metrics_of(params, ACCOUNT, gone)
    period, form = word(params, "period"), word(params, "metric_type")
    if form not in ("", "default", "time_series", "total_value"):
        raise errors.bad_value("metric_type", ("default", "time_series", "total_value"))
    if period not in ("day", "week", "days_28", "lifetime", "month", "total_over_range"):
        raise errors.bad_value("period", ("day", "week", "days_28", "lifetime", "month", "total_over_range"))
    total = form == "total_value"
    if not total and (wrong := [m for m in asked if m in TOTALS or m == FOLLOWS or m in DEMOGRAPHICS]):
        raise errors.wrong_form(wrong)
    if total and (wrong := [m for m in asked if m in ALONE]):
        raise errors.no_total(wrong[0])
    _periods(asked, period, total)
    people = [m for m in asked if m in DEMOGRAPHICS]
    if people:
        return [_people(profile, m, params, now, period) for m in people if world.followers(profile, now) >= FEW_FOLLOWERS]
    since, until = span_of(params, now)
    out = []
    for metric in asked:
        if metric in ALONE:
            if since < midnight(pacific_day(now) - timedelta(days=HISTORY_DAYS)):
                raise errors.too_far_back(metric)
            if world.followers(profile, now) < FEW_FOLLOWERS:
                continue
        made = _total(profile, metric, params, since, until, at) if total else _series(profile, metric, period, since, until, at)
        if made is not None:
            out.append(made)
    return out


def _periods(asked: list[str], period: str, total: bool) -> None:
    for wrong, legal in (
        ([m for m in asked if m == "reach"], ("day",) if total else ("day", "week", "days_28")),
        ([m for m in asked if m == "follower_count"], ("day",)),
        ([m for m in asked if m in DEMOGRAPHICS or m == "online_followers"], ("lifetime",)),
        ([m for m in asked if m in TOTALS or m == FOLLOWS], ("day",)),
    ):
        if wrong and period not in legal:
            raise errors.wrong_period(wrong, period)


def _named(owner: str, name: str, period: str, **values: Any) -> dict[str, Any]:
    title = name.replace("_", " ").capitalize()
    text = f"{title} of this account or post, invented."
    return {
        "name": name,
        "period": period,
        **values,
        "title": title,
        "description": text,
        "id": f"{owner}/insights/{name}/{period}",
    }


def _series(profile: Profile, metric: str, period: str, since: datetime, until: datetime, at: datetime) -> dict[str, Any] | None:
    """Values whose end lies in (since, until]."""
    values = []
    day = pacific_day(since)
    while (end := midnight(day + timedelta(days=1))) <= until:
        found = world.figures(profile, day, at) if end > since else None
        if found is not None:
            value: Any = (
                world.hours(profile, day)
                if metric == "online_followers"
                else found["follows" if metric == "follower_count" else metric]
            )
            if metric == "reach" and period != "day":
                value = int(value * {"week": 4.2, "days_28": 11.0}[period])
            values.append({"value": value, "end_time": end.strftime(END)})
        day += timedelta(days=1)
    return _named(profile.id, metric, period, values=values) if values else None


def _total(
    profile: Profile, metric: str, params: Mapping[str, str], since: datetime, until: datetime, at: datetime
) -> dict[str, Any] | None:
    breakdown = word(params, "breakdown")
    days = [
        found for n in range((pacific_day(until) - pacific_day(since)).days)
        if (found := world.figures(profile, pacific_day(since) + timedelta(days=n), at)) is not None
    ]  # fmt: skip
    if metric == FOLLOWS:
        if not breakdown:
            return _named(profile.id, metric, "day") if days else None
        if breakdown != "follow_type":
            raise errors.bad_value("breakdown", ("follow_type",))
        sums = {kind: sum(d[name] for d in days) for kind, name in (("FOLLOWER", "follows"), ("NON_FOLLOWER", "unfollows"))}
        results = [{"dimension_values": [kind], "value": count} for kind, count in sums.items()]
        return (
            _named(
                profile.id, metric, "day", total_value={"breakdowns": [{"dimension_keys": ["follow_type"], "results": results}]}
            )
            if days
            else None
        )
    if breakdown:
        raise errors.bad_value("breakdown", ("follow_type", "media_product_type", "contact_button_type"))
    people = metric in ("reach", "accounts_engaged") and len(days) > 1
    value = int(sum(d[metric] for d in days) * (0.6 if people else 1))
    return _named(profile.id, metric, "day", total_value={"value": value}) if days else None


def _people(profile: Profile, metric: str, params: Mapping[str, str], now: datetime, period: str) -> dict[str, Any]:
    breakdown = words(params, "breakdown")
    if not breakdown:
        raise errors.needs("breakdown", [metric])
    if wrong := [b for b in breakdown if b not in GROUPS]:
        raise errors.bad_value(f"breakdown[{breakdown.index(wrong[0])}]", GROUPS)
    timeframe = word(params, "timeframe")
    if metric != DEMOGRAPHICS[0] and not timeframe:
        raise errors.needs("timeframe", [metric])
    if timeframe and timeframe not in TIMEFRAMES:
        raise errors.bad_value("timeframe", TIMEFRAMES)
    listed = list(world.people(profile, metric, tuple(breakdown), now))[:TOP]
    results = [{"dimension_values": values, "value": count} for values, count in listed]
    return _named(profile.id, metric, period, total_value={"breakdowns": [{"dimension_keys": breakdown, "results": results}]})


def post(thing: Post, params: Mapping[str, str], at: datetime, gone: frozenset[str]) -> list[dict[str, Any]]:
    """The data of `/{ig-media-id}/insights`. One unsupported metric fails the whole call."""
    listed = ("impressions", *sorted(MEDIA_KNOWN))
    asked = metrics_of(params, listed, gone)
    if "impressions" in asked:
        raise errors.impressions_gone()
    if thing.product != "STORY" and thing.number < world.OLD_POSTS:
        raise errors.before_professional()
    for name in asked:
        if name not in PRODUCTS[thing.product]:
            raise errors.unsupported(name, thing.product)
    if thing.product == "STORY" and world.story_reach(thing, at) < 5:
        raise errors.few_viewers()
    found = world.post_figures(thing, at)
    return [_named(thing.id, name, "lifetime", values=[{"value": found.get(name, 0)}]) for name in asked]
