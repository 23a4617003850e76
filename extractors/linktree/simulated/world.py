"""Invented profiles and their figures as pure functions of a profile and a simulated day. Nothing here is real or random.

Certainty of what is imitated: window zero-filled back to its start, last day still counting, days with more clicks than views, unique
counts above totals, breakdowns that fall a little short of the total, lifetime figures that reconcile with nothing: *seen*. How fast a day
settles (today partial, yesterday nearly whole, then final) is *assumed*.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

Day = dict[str, Any]
WINDOWS = (7, 28, 90, 365)
SEEN_TODAY, SEEN_YESTERDAY = 0.41, 0.985
FALLS_SHORT = 0.006


@dataclass(frozen=True, slots=True)
class Member:
    """An invented account and its profile.

    Attributes:
        second_factor: `sms`, `app` or nothing.
        windows: periods that its plan offers, in days.
        level: views of an ordinary day.
    """

    account: str
    username: str
    password: str = field(repr=False)
    profile: str
    account_id: str
    email: str
    first_day: date
    level: float
    second_factor: str = ""
    phone: str = ""
    totp_secret: str | None = field(default=None, repr=False)
    windows: tuple[int, ...] = WINDOWS


MEMBERS = (
    Member(
        account="default", username="velvet-harbour", password="copper-lantern-31", profile="velvetharbour", account_id="acc-7f20c4",
        email="mail@velvet-harbour.example", first_day=date(2024, 3, 19), level=16.0, second_factor="sms", phone="XXXXXXX4471",
    ),
    Member(
        account="app-code", username="tide@paper-tide.example", password="willow-engine-58", profile="papertide", account_id="acc-19be07",
        email="tide@paper-tide.example", first_day=date(2025, 8, 11), level=5.0, second_factor="app", totp_secret="JBSWY3DPEHPK3PXP",
    ),
    Member(
        account="small-plan", username="quiet@low-rooms.example", password="marble-kite-64", profile="lowrooms", account_id="acc-5a3d90",
        email="quiet@low-rooms.example", first_day=date(2025, 1, 7), level=9.0, windows=(7, 28, 90),
    ),
)  # fmt: skip

COUNTRIES = (
    ("United States", "US", 46.0), ("Germany", "DE", 11.0), ("Brazil", "BR", 9.0), ("United Kingdom", "GB", 8.0), ("Mexico", "MX", 6.5),
    ("Canada", "CA", 5.0), ("Poland", "PL", 3.6), ("Chile", "CL", 2.9), ("Japan", "JP", 2.4), ("TR", "TR", 1.7), ("Kenya", "KE", 1.1),
)  # fmt: skip
CITIES = (
    ("Austin", "US", ("30.2672", "-97.7431"), 22.0), ("Berlin", "DE", ("52.5200", "13.4050"), 12.0),
    ("S\u00e3o Paulo", "BR", ("-23.5505", "-46.6333"), 10.0), ("Leeds", "GB", ("53.8008", "-1.5491"), 8.0),
    (None, "US", None, 6.0), ("Krak\u00f3w", "PL", ("50.0647", "19.9450"), 4.0), (None, None, None, 2.0),
    ("Osaka", "JP", ("34.6937", "135.5023"), 1.5),
)  # fmt: skip
REFERRERS = (
    ("Tiktok", 41.0), ("Instagram", 27.0), ("Direct", 15.0), ("Facebook", 7.0), ("Google", 4.0), ("Linktree", 3.0), ("Youtube", 2.0),
    ("chatgpt.com", 1.0),
)  # fmt: skip
DEVICES = (("mobile", 87.0), ("desktop", 10.0), ("tablet", 2.4), ("other", 0.6))


def noise(*parts: object) -> float:
    """A number in [0, 1) that follows from `parts`."""
    digest = hashlib.blake2b("|".join(map(str, parts)).encode(), digest_size=6).digest()
    return int.from_bytes(digest, "big") / 2**48


@lru_cache(maxsize=8192)
def final(member: Member, day: date) -> tuple[int, int, int, int]:
    """Views, clicks, unique views and unique clicks of a day once it is settled; zeros before the profile existed."""
    if day < member.first_day:
        return 0, 0, 0, 0
    luck = noise(member.account_id, day)
    push = 1 + 5.0 * max(0.0, 1 - ((day - member.first_day).days % 61) / 6)
    views = int(member.level * push * (0.2 + 1.6 * luck) * (1.25 if day.weekday() >= 4 else 0.9))
    if luck < 0.04:
        views = 0
    clicks = int(views * (0.28 + 0.42 * noise(member.account_id, day, "clicks")))
    mood = noise(member.account_id, day, "mood")
    if mood > 0.965 and views:  # one view can lead to several clicks
        clicks = views + 1 + int(views * 0.6 * noise(member.account_id, day, "more"))
    unique_views = int(views * (0.55 + 0.4 * noise(member.account_id, day, "unique")))
    unique_clicks = int(min(clicks, unique_views) * (0.5 + 0.5 * noise(member.account_id, day, "unique clicks")))
    if mood < 0.008 and views:
        unique_views = views + 1
    elif mood < 0.02 and clicks:
        unique_clicks = clicks + 1
    return views, clicks, unique_views, unique_clicks


def shown(member: Member, day: date, seen_on: date) -> tuple[int, int, int, int]:
    """The same as shown on `seen_on`: today is still counting, yesterday nearly whole, everything before it final."""
    age = (seen_on - day).days
    if age > 1:
        return final(member, day)
    part = SEEN_TODAY if age == 0 else SEEN_YESTERDAY
    views, clicks, unique_views, unique_clicks = final(member, day)
    return int(views * part), int(clicks * part), int(unique_views * part), int(unique_clicks * part)


def rate(clicks: int, views: int) -> float | int:
    """The ratio as days and overview carry it: four places, the bare 0 where there is nothing, whole numbers without a point."""
    value = round(clicks / views, 4) if views else 0
    return int(value) if value == int(value) else value


def days(member: Member, first: date, last: date, seen_on: date) -> list[Day]:
    """The daily rows of a window, oldest first."""
    rows: list[Day] = []
    for number in range((last - first).days + 1):
        day = first + timedelta(days=number)
        views, clicks, unique_views, unique_clicks = shown(member, day, seen_on)
        rows.append(
            {
                "totalViews": views, "totalClicks": clicks, "uniqueViews": unique_views, "uniqueClicks": unique_clicks,
                "clickThroughRate": rate(clicks, views), "date": day.isoformat(), "__typename": "AccountActivity",
            }
        )  # fmt: skip
    return rows


def totals(rows: Sequence[Day]) -> tuple[int, int]:
    """Views and clicks of the rows together."""
    return sum(r["totalViews"] for r in rows), sum(r["totalClicks"] for r in rows)


@lru_cache(maxsize=256)
def lifetime(member: Member, seen_on: date) -> tuple[int, int]:
    """Views and clicks ever, as the platform counts them: views add up to more than any window, clicks to a little less than the days'."""
    views = clicks = 0
    for number in range(max((seen_on - member.first_day).days, 0)):
        one_views, one_clicks, _, _ = final(member, member.first_day + timedelta(days=number))
        views, clicks = views + one_views, clicks + one_clicks
    return views, int(clicks * 0.963)


def split(total: int, weights: Sequence[float], *, short: float = 0.0) -> list[int]:
    """`total` in whole parts by weight, `short` of it left out; what rounding leaves over goes to the first."""
    kept = total - int(total * short)
    whole = sum(weights)
    parts = [int(kept * w / whole) for w in weights]
    parts[0] += kept - sum(parts)
    return parts
