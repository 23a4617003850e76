"""What Instagram's insights are named, which form each metric has, and which day a value belongs to. Pure facts and arithmetic.

Days are Pacific days: the platform cuts them at midnight in California whatever the account's own zone is. Facts: fact sheet, chapters 4 to 7
(documented or seen unless a line says assumed).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

PACIFIC = ZoneInfo("America/Los_Angeles")
LONGEST_WINDOW = timedelta(seconds=2_592_000)
"""since and until may lie so far apart: 30 days of 24 hours (seen in the refusal)."""
LAG = timedelta(days=2)
"""Figures may arrive so much later (documented)."""
HISTORY_DAYS = 30
"""follower_count and online_followers reach back so many days, without the current one (seen)."""
FEW_FOLLOWERS = 100
"""Below, follower_count, online_followers and demographics are not available (documented)."""
TOP = 45
"""Demographics list at most so many values (documented)."""

SERIES = ("reach", "follower_count", "online_followers")
TOTALS = (
    "views", "accounts_engaged", "total_interactions", "likes", "comments", "saves", "shares", "replies", "profile_views",
    "website_clicks", "profile_links_taps",
)  # fmt: skip
"""Totals of a range only: a series is made by asking day by day."""
FOLLOWS = "follows_and_unfollows"
"""A total that needs breakdown=follow_type: without, the answer has no total_value at all (seen)."""
FOLLOW_TYPES = {"FOLLOWER": "follows", "NON_FOLLOWER": "unfollows"}
DEMOGRAPHICS = ("follower_demographics", "engaged_audience_demographics", "reached_audience_demographics")
BREAKDOWNS = ("age,gender", "city", "country")
TIMEFRAMES = ("this_week", "this_month")
"""For the two audiences that are no followers. That the others of the SDK's list are refused since v20 is assumed."""
LIMITED = frozenset({"follower_count", "online_followers", *DEMOGRAPHICS})
DISTINCT = frozenset({"reach", "accounts_engaged"})
"""Counts of people: never added up over days."""

MEDIA = {
    "FEED": ("reach", "views", "likes", "comments", "saved", "shares", "total_interactions", "follows", "profile_visits"),
    "REELS": (
        "reach", "views", "likes", "comments", "saved", "shares", "total_interactions", "ig_reels_avg_watch_time",
        "ig_reels_video_view_total_time",
    ),
    "STORY": ("reach", "views", "replies", "shares", "total_interactions", "follows", "profile_visits", "navigation"),
}  # fmt: skip
"""What is asked of a post, by its media_product_type. Watch times are milliseconds."""
MEDIA_KNOWN = frozenset(
    {
        "reach", "replies", "saved", "likes", "comments", "shares", "total_interactions", "follows", "profile_visits", "profile_activity",
        "navigation", "ig_reels_video_view_total_time", "ig_reels_avg_watch_time", "views", "reels_skip_rate", "reposts", "facebook_views",
        "crossposted_views", "total_views", "total_likes", "total_comments", "link_clicks",
    }
)  # fmt: skip

REMOVED = frozenset(
    {
        "impressions", "audience_city", "audience_country", "audience_gender_age", "audience_locale", "email_contacts", "phone_call_clicks",
        "text_message_clicks", "get_directions_clicks",
    }
)  # fmt: skip
REMOVED_MEDIA = frozenset(
    {
        "impressions", "engagement", "video_views", "plays", "clips_replays_count", "ig_reels_aggregated_all_plays_count", "taps_forward",
        "taps_back", "exits",
    }
)  # fmt: skip

BEFORE_PROFESSIONAL = 2108006
"""Subcode of a post from before the account was professional: it has no insights, for ever (seen)."""

_GONE = re.compile(
    r"must be one of the following values|no longer (?:supported|available)|deprecated|has been removed", re.IGNORECASE
)
_FORM = re.compile(r"should be specified with parameter", re.IGNORECASE)
_UNSUPPORTED = re.compile(r"does not support|do not support|not supported|incompatible|not available", re.IGNORECASE)


def is_removed(name: str, *, media: bool) -> bool:
    """Whether the platform gave up this metric for good; an answer that still has it is old."""
    return name in REMOVED_MEDIA or name.startswith("carousel_album_") if media else name in REMOVED


def metric_refusal(message: str) -> str | None:
    """Why a refused question was refused, where the metric is the reason: `removed`, `form`, `unsupported`; None for other reasons."""
    if "metric" not in message.lower() or "last 30 days" in message:
        return None
    for word, pattern in (("form", _FORM), ("removed", _GONE), ("unsupported", _UNSUPPORTED)):
        if pattern.search(message):
            return word
    return None


def midnight(day: date) -> datetime:
    """When a Pacific day begins, in UTC."""
    return datetime.combine(day, time(), PACIFIC).astimezone(UTC)


def pacific_day(at: datetime) -> date:
    """The Pacific day of a moment."""
    return at.astimezone(PACIFIC).date()


def day_that_ends(end_time: str) -> date:
    """The Pacific day that an `end_time` closes: `2026-10-15T07:00:00+0000` is 14 October. Raises ValueError where it closes none.

    07:00 and 08:00 UTC are midnight in California, by season; either is taken in any season, because the day is the same.
    """
    at = datetime.strptime(end_time, "%Y-%m-%dT%H:%M:%S%z").astimezone(UTC)
    if at.hour not in (7, 8) or at.minute or at.second:
        raise ValueError("not midnight in California")
    return pacific_day(at - timedelta(hours=12))


def is_pacific_midnight(end_time: str) -> bool:
    """Whether the hour is the one of that season."""
    return datetime.strptime(end_time, "%Y-%m-%dT%H:%M:%S%z").astimezone(PACIFIC).time() == time()


def windows(first: date, last: date) -> list[tuple[int, int]]:
    """(since, until) in seconds for the Pacific days from `first` to `last`, both included, none longer than the platform allows.

    In the week the clocks go back 30 days are an hour too long: such a window has 29.
    """
    out = []
    start = first
    while start <= last:
        end = min(start + timedelta(days=30), last + timedelta(days=1))
        while midnight(end) - midnight(start) > LONGEST_WINDOW:
            end -= timedelta(days=1)
        out.append((int(midnight(start).timestamp()), int(midnight(end).timestamp())))
        start = end
    return out


def posted_at(entry: Mapping[str, Any]) -> datetime | None:
    """The moment of a post, aware; None where it has none."""
    try:
        return datetime.strptime(str(entry.get("timestamp")), "%Y-%m-%dT%H:%M:%S%z")
    except ValueError:
        return None


def young(entry: Mapping[str, Any], now: datetime, days: int) -> bool:
    """Whether insights of a post are still kept: two years (documented). A post without a moment is asked for."""
    at = posted_at(entry)
    return at is None or now - at <= timedelta(days=days)
