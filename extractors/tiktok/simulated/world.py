"""Invented creators and their figures as pure functions of a creator and a simulated day. Nothing here is real or random.

Imitated as *seen* in exports: the last full day lies two days before the export, sometimes one; viewers stand under the label of the day
after; the newest days are a little low and are completed later; likes taken back make a day negative; days before a figure existed are
undefined, in the overview they are left out. *Assumed*: everything about size and growth.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache

UNSETTLED_DAYS = 3
SHARES_OF_DAY = (34, 25, 18, 14, 12, 15, 22, 31, 36, 39, 37, 38, 41, 43, 48, 47, 47, 47, 48, 48, 51, 54, 49, 41)
POST_EVERY_DAYS = 15


@dataclass(frozen=True, slots=True)
class Creator:
    """An invented account.

    Attributes:
        two_step: where the code goes on an unknown browser: `email`, `sms`, `totp`; `qr` is offered only the QR code.
        told_since: first day with figures.  small: too few followers for hours, genders and territories.
        language, order: how its interface writes days.  forward: the difference column looks forward in time (*seen* in some files).
    """

    account: str
    email: str
    password: str = field(repr=False)
    handle: str
    number: int
    level: int
    two_step: str = "email"
    totp_secret: str | None = field(default=None, repr=False)
    told_since: date = date(2023, 5, 2)
    small: bool = False
    language: str = "en"
    order: str = "month first"
    forward: bool = False


CREATORS = (
    Creator("default", "nova@orchard-tapes.example", "maple-lantern-42", "nova.orchard_tapes", 7_412_003_118, 2600),
    Creator(
        "harbour", "harbour@slow-signal.example", "tin-kettle-77", "harbour_lights.off", 7_388_450_021, 900, two_step="sms", language="el",
        order="day first", forward=True, told_since=date(2024, 1, 9),
    ),
    Creator(
        "qr-only", "solo@one-room.example", "paper-boat-19", "one.room", 7_501_776_204, 40, two_step="qr", told_since=date(2025, 5, 20),
        small=True, order="day first",
    ),
    Creator(
        "app-code", "tide@paper-tide.example", "glass-anchor-58", "paper_tide", 7_290_118_532, 430, two_step="totp",
        totp_secret="JBSWY3DPEHPK3PXP", language="vi", order="day first", told_since=date(2024, 8, 20),
    ),
)  # fmt: skip


def noise(*parts: object) -> float:
    """A number in [0, 1) that follows from `parts`."""
    digest = hashlib.blake2b("|".join(map(str, parts)).encode(), digest_size=6).digest()
    return int.from_bytes(digest, "big") / 2**48


@dataclass(frozen=True, slots=True)
class Day:
    """What happened on one day."""

    views: int
    profile_views: int
    likes: int
    comments: int
    shares: int
    new_viewers: int
    returning_viewers: int
    followers: int

    @property
    def overview(self) -> tuple[int, ...]:
        return self.views, self.profile_views, self.likes, self.comments, self.shares


@lru_cache(maxsize=8192)
def day_of(creator: Creator, day: date, settled: bool = True) -> Day:
    """The figures of a day; `settled` is False for a day that is still being completed."""
    age = max((day - creator.told_since).days, 0)
    weekly = (0.92, 0.9, 0.95, 1.0, 1.12, 1.2, 1.05)[day.weekday()]
    burst = 1 + 9 * max(0.0, 1 - (age + creator.number) % 83 / 6)
    views = creator.level * weekly * burst * (0.6 + 0.8 * noise(creator.number, "v", day)) * (1 + min(age, 900) / 900)
    views *= 1 if settled else 0.97
    part = {name: noise(creator.number, name, day) for name in ("p", "l", "c", "s", "w", "n")}
    likes = int(views * (0.05 + 0.07 * part["l"]))
    if part["l"] > 0.985:
        likes = -1 - int(3 * part["c"])
    viewers = int(views * (0.55 + 0.3 * part["w"]))
    new = int(viewers * (0.5 + 0.35 * part["n"]))
    followers = int(
        creator.level * (0.4 + 0.002 * min(age, 1200)) + age * creator.level * 0.0012 + 3 * noise(creator.number, "f", day)
    )
    return Day(
        int(views), int(views * (0.006 + 0.02 * part["p"])), likes, int(views * 0.004 * part["c"]), int(views * 0.012 * part["s"]), new,
        viewers - new, followers,
    )  # fmt: skip


def last_day(creator: Creator, today: date) -> date:
    """The newest full day that is told on `today`."""
    return today - timedelta(days=1 if noise(creator.number, "lag", today) < 0.2 else 2)


def days_until(last: date, count: int) -> list[date]:
    """The `count` days that end with `last`."""
    return [last - timedelta(days=n) for n in range(count - 1, -1, -1)]


def is_settled(day: date, last: date) -> bool:
    return (last - day).days >= UNSETTLED_DAYS


@dataclass(frozen=True, slots=True)
class Post:
    """One post and what it has gathered up to a day."""

    number: str
    title: str
    posted: datetime
    seconds: int
    views: int
    likes: int
    comments: int
    shares: int
    favorites: int


_WORDS = ("slow", "glass", "paper", "harbour", "night", "orchard", "signal", "room", "tape", "weather", "lantern", "tide")


@lru_cache(maxsize=64)
def posts(creator: Creator, today: date) -> tuple[Post, ...]:
    """All posts up to today, newest first."""
    found = []
    day = creator.told_since
    for index in range(400):
        day += timedelta(days=1 + int(2 * (POST_EVERY_DAYS - 1) * noise(creator.number, "gap", index)))
        if day > today:
            break
        found.append(_post(creator, index, day, (today - day).days))
    return tuple(reversed(found))


def _post(creator: Creator, index: int, day: date, age: int) -> Post:
    lucky = noise(creator.number, "lucky", index)
    views = int(creator.level * (0.5 + 6 * lucky**4) * (1 - 0.8 ** (age + 1)) * 3 + age * creator.level * 0.004)
    words = [_WORDS[int(len(_WORDS) * noise(creator.number, index, n))] for n in range(3)]
    title = (
        f'{words[0]} {words[1]} — "{words[2]}", part {index + 1} #newmusic'
        if index % 3 == 0
        else f"{words[0]} {words[2]} {index + 1}"
    )
    return Post(
        f"7{creator.number}{index:08d}"[:19], title, datetime.combine(day, time(17, index % 60), UTC), 11 + index % 40, views, int(views * 0.09),
        int(views * 0.004), int(views * 0.01), int(views * 0.02),
    )  # fmt: skip
