"""The invented professional accounts: followers, days, posts, stories, people, as pure functions of a moment.

Nothing is stored: everything follows from a seed, the account's number and the moment asked for. Figures of a day grow until two days
after its end (documented: data may lag up to 48 hours), and every ninth day arrives a day late.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

from ..metrics import FEW_FOLLOWERS, PACIFIC, midnight, pacific_day

EPOCH = date(2025, 1, 1)
POSTS_FROM = date(2025, 10, 1)
EVERY_DAYS = 4
OLD_POSTS = 2
"""So many of the first posts are older than the professional account."""
STORY_LIVES = timedelta(hours=24)
CAPTIONS = ("Out now", "Rehearsal, late", "Caf\u00e9 take", "B-side / demo", "Tour dates", "Thank you", "Vinyl is back")
CITIES = (
    "Los Angeles, California", "Oslo, Oslo County", "Berlin, Berlin", "S\u00e3o Paulo, S\u00e3o Paulo (state)", "Osaka, Osaka Prefecture",
    "London, England", "Mexico City, Distrito Federal", "Lisbon, Lisbon District", "Seoul, Seoul", "Chicago, Illinois",
)  # fmt: skip
COUNTRIES = ("US", "NO", "DE", "BR", "JP", "GB", "MX", "PT", "KR", "CA", "FR", "PL")
AGES = ("13-17", "18-24", "25-34", "35-44", "45-54", "55-64", "65+")
GENDERS = ("F", "M", "U")


@dataclass(frozen=True, slots=True)
class Profile:
    """A professional account. `number` seeds everything below it; `page` is the Page it hangs on, `door` the one its token opens."""

    number: int
    id: str
    username: str
    name: str
    start: int
    daily_reach: int
    page: str = ""
    door: str = "facebook"


PROFILES = (
    Profile(1, "17841400000000001", "nightworks.records", "Night Works Records", 12_400, 5200, page="100000000000001"),
    Profile(2, "17841400000000002", "yoru.works", "Yoru Works", 2_300, 900, door="instagram"),
    Profile(3, "17841400000000003", "tiny.tape.club", "Tiny Tape Club", 41, 60, page="100000000000003"),
    Profile(9, "17841400000000009", "somebody.else", "Somebody Else", 80_000, 9000, page="100000000000009"),
)
"""The third has fewer than a hundred followers; the last belongs to nobody here."""


@dataclass(frozen=True, slots=True)
class Post:
    """A post or a story. `children` are the ids of an album's parts."""

    profile: Profile
    id: str
    number: int
    kind: str
    product: str
    posted: datetime

    @property
    def children(self) -> tuple[str, ...]:
        return tuple(str(int(self.id) + 500_000 + n) for n in range(1, 4)) if self.kind == "CAROUSEL_ALBUM" else ()


def roll(*parts: object) -> float:
    """A number from 0 to 1 that follows from the parts."""
    return int.from_bytes(hashlib.blake2b(repr(parts).encode(), digest_size=6).digest()) / (1 << 48)


def arrival(day: date) -> datetime:
    """When a day's figures are there: an hour after its end, every ninth day a day later."""
    return midnight(day + timedelta(days=1)) + timedelta(hours=25 if day.toordinal() % 9 == 4 else 1)


def settled(day: date, now: datetime) -> float:
    """The share of a day's figures that is counted by now."""
    age = now - midnight(day + timedelta(days=1))
    return 1.0 if age >= timedelta(days=2) else 0.93 if age >= timedelta(days=1) else 0.86


@lru_cache(maxsize=20_000)
def _day(profile: Profile, day: date) -> dict[str, int]:
    weekend = 1.25 if day.weekday() >= 5 else 1.0
    fresh = 1.5 if (day - POSTS_FROM).days % EVERY_DAYS == 0 else 1.0
    reach = int(profile.daily_reach * weekend * fresh * (0.7 + 0.6 * roll(profile.number, day, "reach")))
    likes = int(reach * (0.05 + 0.04 * roll(profile.number, day, "likes")))
    few = 1.4 if profile.start >= FEW_FOLLOWERS else 1.05
    out = {
        "reach": reach, "views": int(reach * (1.8 + roll(profile.number, day, "views"))), "likes": likes,
        "comments": likes // 11, "saves": likes // 9, "shares": likes // 7, "replies": likes // 40,
        "profile_views": reach // 30, "website_clicks": reach // 220, "profile_links_taps": reach // 180,
        "accounts_engaged": int(likes * 1.15),
        "follows": int(profile.start * 0.0016 * roll(profile.number, day, "gain") + roll(profile.number, day, "few") * few),
        "unfollows": int(profile.start * 0.0007 * roll(profile.number, day, "loss")),
    }  # fmt: skip
    return out | {"total_interactions": sum(out[k] for k in ("likes", "comments", "saves", "shares", "replies"))}


def figures(profile: Profile, day: date, now: datetime) -> dict[str, int] | None:
    """What a Pacific day brought, as far as it is counted; None while it has not arrived. Follows are never revised."""
    if day < EPOCH or now < arrival(day):
        return None
    share = settled(day, now)
    whole = _day(profile, day)
    return whole if share == 1.0 else {k: v if k in ("follows", "unfollows") else int(v * share) for k, v in whole.items()}


@lru_cache(maxsize=4096)
def _followers_at_end(profile: Profile, day: date) -> int:
    total, at = profile.start, EPOCH
    while at <= day:
        whole = _day(profile, at)
        total += whole["follows"] - whole["unfollows"]
        at += timedelta(days=1)
    return total


def followers(profile: Profile, now: datetime) -> int:
    """How many follow at a moment: those of the day before, and those who came since."""
    today = pacific_day(now)
    gone = (now - midnight(today)) / timedelta(days=1)
    return _followers_at_end(profile, today - timedelta(days=1)) + int(_day(profile, today)["follows"] * gone)


def hours(profile: Profile, day: date) -> dict[str, int]:
    """How many followers were online in each hour of a day."""
    base = _followers_at_end(profile, day)
    return {str(h): int(base * (0.25 + 0.2 * roll(profile.number, day, h) + (0.2 if 16 <= h <= 22 else 0))) for h in range(24)}


@lru_cache(maxsize=64)
def _posts(profile: Profile, until: date) -> tuple[Post, ...]:
    out = []
    for n in range(max(0, (until - POSTS_FROM).days // EVERY_DAYS + 1)):
        day = POSTS_FROM + timedelta(days=n * EVERY_DAYS)
        kind, product = (("IMAGE", "FEED"), ("VIDEO", "REELS"), ("CAROUSEL_ALBUM", "FEED"), ("VIDEO", "REELS"))[n % 4]
        at = datetime.combine(day, datetime.min.time(), PACIFIC).astimezone(UTC) + timedelta(hours=17, minutes=n * 7 % 60)
        out.append(Post(profile, f"18{profile.number:02d}{n:013d}", n, kind, product, at))
    return tuple(out)


def posts(profile: Profile, now: datetime) -> list[Post]:
    """What was posted by now, newest first."""
    return [p for p in reversed(_posts(profile, pacific_day(now))) if p.posted <= now]


def stories(profile: Profile, now: datetime) -> list[Post]:
    """Stories that live now, newest first: one or two on six days in ten."""
    out = []
    for back in range(3):
        day = pacific_day(now) - timedelta(days=back)
        for n in range(2):
            if roll(profile.number, day, n, "story") < (0.6 if n == 0 else 0.25):
                at = midnight(day) + timedelta(hours=9 + 5 * n, minutes=int(50 * roll(profile.number, day, n, "at")))
                if at <= now < at + STORY_LIVES:
                    out.append(Post(profile, f"17{profile.number:02d}9{day.toordinal():07d}{n:05d}", n, "IMAGE", "STORY", at))
    return sorted(out, key=lambda s: s.posted, reverse=True)


def story_reach(story: Post, now: datetime) -> int:
    """How many saw a story by now; every sixth is hardly seen."""
    share = min((now - story.posted) / STORY_LIVES, 1.0)
    if roll(story.id, "unseen") < 0.16:
        return int(4 * share)
    return int(story.profile.daily_reach * 0.2 * (0.6 + 0.6 * roll(story.id)) * share) + 5


def post_figures(post: Post, now: datetime) -> dict[str, int]:
    """What a post brought in its life so far. It only grows."""
    days = (now - post.posted) / timedelta(days=1)
    if post.product == "STORY":
        reach, long = story_reach(post, now), 1
    else:
        long = post.profile.daily_reach * (0.9 + 1.4 * roll(post.id)) * (3 if post.product == "REELS" else 1)
        reach = int(long * (1 - 0.5 ** (days / 3)) + long * 0.002 * days)
    views = int(reach * (1.3 + 0.8 * roll(post.id, "views")))
    likes = int(reach * (0.04 + 0.05 * roll(post.id, "likes")))
    out = {
        "reach": reach, "views": views, "likes": likes, "comments": likes // 12, "saved": likes // 10, "shares": likes // 8,
        "replies": likes // 25, "follows": reach // 900, "profile_visits": reach // 60, "navigation": int(views * 1.6),
        "ig_reels_avg_watch_time": 4_000 + int(9_000 * roll(post.id, "watch")), "reposts": likes // 50,
    }  # fmt: skip
    out["ig_reels_video_view_total_time"] = out["ig_reels_avg_watch_time"] * max(views, 1)
    out["total_interactions"] = out["likes"] + out["comments"] + out["saved"] + out["shares"] + out["replies"]
    return out


def people(profile: Profile, metric: str, breakdown: tuple[str, ...], now: datetime) -> Iterator[tuple[list[str], int]]:
    """(dimension values, count) of a breakdown, largest first; most followers are in one."""
    base = (
        followers(profile, now) if metric == "follower_demographics" else profile.daily_reach * (8 if "reached" in metric else 1)
    )
    kinds = {"age": AGES, "gender": GENDERS, "city": CITIES, "country": COUNTRIES}
    groups: list[list[str]] = [[]]
    for name in breakdown:
        groups = [[*g, value] for g in groups for value in kinds[name]]
    weights = [0.05 + roll(profile.number, metric, breakdown, *g) for g in groups]
    whole = sum(weights) / 0.97
    counted = ((g, int(base * w / whole)) for g, w in zip(groups, weights, strict=True))
    return iter(sorted(((g, n) for g, n in counted if n), key=lambda x: (-x[1], x[0])))
