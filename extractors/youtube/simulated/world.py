"""The invented channels: their videos and what was watched, as pure functions of a moment.

Nothing is stored: a video and the figures of a day follow from a seed, so that a simulated year costs little and two askers at the same
moment get the same answer. Figures of a day settle for ten days (assumed); days are Pacific (documented long ago).
"""

from __future__ import annotations

import hashlib
import math
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

PACIFIC = ZoneInfo("America/Los_Angeles")
SETTLED_DAYS = 10
SHOWN_HOUR = 12
"""From this hour on (Pacific) the day before yesterday is ready; earlier in the day it is not."""
MONEY_LAG_DAYS = 3
TITLES = (
    "Night drive",
    "Caf\u00e9 tape",
    "Rooftop take",
    "Lyric video",
    "Live at the depot",
    "Studio diary",
    "Visualiser",
    "Remix premiere",
)
SOURCES = (
    ("YT_SEARCH", 21), ("RELATED_VIDEO", 17), ("SHORTS", 26), ("SUBSCRIBER", 11), ("YT_CHANNEL", 9), ("EXT_URL", 7), ("PLAYLIST", 5), ("NO_LINK_OTHER", 4),
)  # fmt: skip
DEVICES = (("MOBILE", 61), ("DESKTOP", 19), ("TV", 14), ("TABLET", 6))
COUNTRIES = (("US", 38), ("GB", 14), ("DE", 12), ("BR", 9), ("JP", 8), ("MX", 7), ("FR", 5), ("CA", 4), ("NL", 2), ("SE", 1))
AGES = ("age13-17", "age18-24", "age25-34", "age35-44", "age45-54", "age55-64", "age65-")
GENDERS = ("female", "male")
METRICS = (
    "views", "engagedViews", "estimatedMinutesWatched", "averageViewDuration", "averageViewPercentage", "subscribersGained", "subscribersLost", "likes",
    "dislikes", "comments", "shares", "videosAddedToPlaylists", "videosRemovedFromPlaylists",
)  # fmt: skip
MONEY = (
    "estimatedRevenue",
    "estimatedAdRevenue",
    "grossRevenue",
    "estimatedRedPartnerRevenue",
    "cpm",
    "playbackBasedCpm",
    "monetizedPlaybacks",
    "adImpressions",
)
FLOATS = frozenset(
    {
        "averageViewPercentage",
        "viewerPercentage",
        "estimatedRevenue",
        "estimatedAdRevenue",
        "grossRevenue",
        "estimatedRedPartnerRevenue",
        "cpm",
        "playbackBasedCpm",
    }
)


def roll(*what: object) -> bytes:
    """32 bytes that follow from their arguments alone."""
    return hashlib.blake2b(repr(what).encode(), digest_size=32).digest()


@lru_cache(maxsize=20_000)
def word(length: int, *what: object) -> str:
    """Letters and digits of an id that follow from the arguments."""
    return urlsafe_b64encode(roll(*what) + roll("more", *what)).decode()[:length]


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel. `number` seeds it; `scale` is about how many views a fresh video has on its first day.

    Attributes:
        every_days: how far apart its videos are.  monetised: whether it earns.  sparse: whether days without views are absent from reports.
    """

    number: int
    title: str
    handle: str
    country: str
    born: date
    every_days: int
    scale: int
    monetised: bool = True
    sparse: bool = False
    videos_end: bool = False

    @property
    def id(self) -> str:
        return "UC" + word(22, "channel", self.number)

    @property
    def uploads(self) -> str:
        return "UU" + self.id[2:]


CHANNELS = (
    Channel(1, "Night Works", "@nightworks", "US", date(2023, 9, 4), 14, 260),
    Channel(2, "Yoru Tapes", "@yorutapes", "JP", date(2025, 2, 10), 45, 3, monetised=False, sparse=True),
    Channel(3, "Night Works Label (brand)", "@nightworkslabel", "US", date(2024, 5, 6), 30, 40),
    Channel(4, "Fresh Start", "@freshstart", "US", date(2026, 1, 5), 0, 0, monetised=False, sparse=True),
)
"""A busy one, a small one, the brand account beside the first (the usual wrong choice), and one that never uploaded."""


@dataclass(frozen=True, slots=True)
class Video:
    """The `number`-th video of a channel, published on `day` at 17:00 UTC."""

    channel: Channel
    number: int

    @property
    def id(self) -> str:
        return word(11, "video", self.channel.number, self.number)

    @property
    def day(self) -> date:
        return self.channel.born + timedelta(days=self.channel.every_days * self.number)

    @property
    def published(self) -> datetime:
        return datetime(self.day.year, self.day.month, self.day.day, 17, 0, self.number % 60, tzinfo=UTC)

    @property
    def short(self) -> bool:
        return self.number % 3 == 1

    @property
    def seconds(self) -> int:
        return 15 + self.number % 40 if self.short else 93_600 if self.number % 29 == 28 else 150 + self.number * 37 % 260

    @property
    def private(self) -> bool:
        return self.number % 23 == 22

    @property
    def title(self) -> str:
        return f"{TITLES[self.number % len(TITLES)]} {self.number + 1}" + (" #shorts" if self.short else "")

    @property
    def weight(self) -> float:
        """How well it does beside the others."""
        return 0.4 + roll("weight", self.channel.number, self.number)[0] / 160

    def watched(self, age: float) -> float:
        """Views since it was published, as a smooth curve that only rises: a burst, and a long tail."""
        if age <= 0 or self.private:
            return 0.0
        return self.channel.scale * self.weight * (9 * (1 - math.exp(-age / 6)) + 0.09 * age)


def videos(channel: Channel, now: datetime) -> list[Video]:
    """The channel's videos that are published, oldest first."""
    if not channel.every_days:
        return []
    count = (now.date() - channel.born).days // channel.every_days + 1
    return [v for n in range(max(0, count)) if (v := Video(channel, n)).published <= now]


@lru_cache(maxsize=20_000)
def watched_on(channel: Channel, day: date) -> tuple[tuple[int, int], ...]:
    """(number of video, its settled views) of each video that was watched on a day."""
    found = []
    for number in range((day - channel.born).days // channel.every_days + 1 if channel.every_days else 0):
        video = Video(channel, number)
        age = (day - video.day).days
        if age < 0:
            continue
        expected = video.watched(age + 1) - video.watched(age)
        noise = 0.75 + roll("day", channel.number, number, day.toordinal())[0] / 512
        views = int(expected * noise + roll("luck", channel.number, number, day.toordinal())[0] / 256)
        if views:
            found.append((number, views))
    return tuple(found)


def pacific_day(now: datetime) -> date:
    return now.astimezone(PACIFIC).date()


def newest_day(now: datetime, metrics: tuple[str, ...]) -> date:
    """The newest day that a report shows: each day is absent until all of the figures asked for are ready."""
    local = now.astimezone(PACIFIC)
    lag = 2 if local.hour >= SHOWN_HOUR else 3
    if any(m in MONEY for m in metrics):
        lag = max(lag, MONEY_LAG_DAYS)
    return local.date() - timedelta(days=lag)


def share_ready(day: date, now: datetime) -> float:
    """How much of a day's settled figures is counted by now."""
    age = (pacific_day(now) - day).days
    return 1.0 if age >= SETTLED_DAYS else 1.0 - 0.004 * (SETTLED_DAYS - age)


def views_by_video(channel: Channel, day: date, now: datetime) -> dict[int, int]:
    """Views of a day by number of video, as far as they are counted by now."""
    share = share_ready(day, now)
    return {n: math.ceil(v * share) for n, v in watched_on(channel, day)}


def split(total: int, parts: tuple[tuple[str, int], ...], *seed: object) -> dict[str, int]:
    """A whole number divided among named parts by their weights, a little different for each seed; adds up exactly, parts of none left out."""
    luck = roll("split", *seed)
    weights = [(name, weight * (0.85 + luck[n % 32] / 850)) for n, (name, weight) in enumerate(parts)]
    whole = sum(w for _, w in weights)
    out = {name: int(total * w / whole) for name, w in weights}
    biggest = weights[0][0]
    out[biggest] += total - sum(out.values())
    return {name: count for name, count in out.items() if count}


def figures(channel: Channel, video: int | None, day: date, views: int) -> dict[str, float]:
    """What follows from the views of a video (or of none in particular) on a day. Ratios come from `averages`."""
    r = roll("figures", channel.number, video, day.toordinal())
    thing = Video(channel, video or 0)
    watched = thing.seconds if thing.seconds < 3600 else 900
    seconds = views * watched * (30 + r[0] % 35) / 100
    playbacks = views * (35 + r[8] % 10) // 100
    gross = playbacks * (500 + r[9] * 2) / 100_000
    return {
        "views": views, "engagedViews": views - views * (r[1] % 18) // 100, "seconds": seconds, "length": views * watched,
        "subscribersGained": views * (r[2] % 14) // 1000, "subscribersLost": views * (r[3] % 4) // 1000, "likes": views * (20 + r[4] % 40) // 1000,
        "dislikes": views * (r[10] % 3) // 1000, "comments": views * (r[5] % 9) // 1000, "shares": views * (r[6] % 12) // 1000,
        "videosAddedToPlaylists": views * (r[7] % 6) // 1000, "videosRemovedFromPlaylists": views * (r[11] % 2) // 1000,
        "monetizedPlaybacks": playbacks, "adImpressions": playbacks * 13 // 10, "grossRevenue": gross, "red": gross * 0.06,
    }  # fmt: skip


def averages(total: dict[str, float]) -> dict[str, float | int]:
    """Counts of a group as its metrics: minutes, averages and money. Numbers as JSON has them."""
    views, shown, plays = total["views"], total["adImpressions"], total["monetizedPlaybacks"]
    out: dict[str, float | int] = {name: int(total[name]) for name in METRICS if name in total}
    out["estimatedMinutesWatched"] = int(total["seconds"] // 60)
    out["averageViewDuration"] = int(total["seconds"] / views) if views else 0
    out["averageViewPercentage"] = round(100 * total["seconds"] / total["length"], 2) if total["length"] else 0.0
    gross, red = total["grossRevenue"], total["red"]
    out |= {
        "grossRevenue": round(gross, 3), "estimatedAdRevenue": round(gross * 0.55, 3), "estimatedRedPartnerRevenue": round(red, 3),
        "estimatedRevenue": round(gross * 0.55 + red, 3), "adImpressions": int(shown), "monetizedPlaybacks": int(plays),
        "cpm": round(1000 * gross / shown, 3) if shown else 0.0, "playbackBasedCpm": round(1000 * gross / plays, 3) if plays else 0.0,
    }  # fmt: skip
    return out


def three_digits(count: int) -> int:
    """Rounded down to three significant digits, as counts of subscribers are shown (assumed)."""
    cut = 10 ** max(0, len(str(count)) - 3)
    return count // cut * cut


def subscribers(channel: Channel, now: datetime) -> int:
    return three_digits(40 + int((now.date() - channel.born).days * channel.scale / 60))


def age_days(video: Video, now: datetime) -> float:
    return (now - video.published).total_seconds() / 86400
