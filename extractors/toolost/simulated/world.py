"""Invented accounts and their figures as pure functions of an account and a simulated day. Nothing here is real or random.

Certainty of what is imitated: Spotify shows days to two days back, Apple to four (*seen*, two captures); no past day changes (*seen*);
Apple leaves out a day without plays (*seen*); Shazam counts are sparse and at least 5 (*seen*; a threshold is *assumed*); `thisYear` begins
at the account's first day of the year (*seen*) and anew on 1 January (*assumed*). When a month's report appears is *assumed*: the third day
of the next month.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache

LAG_DAYS = {"spotify": 2, "apple": 4}
REPORT_DAY = 3
LEAST_SHAZAM = 5


@dataclass(frozen=True, slots=True)
class Member:
    """An invented account. `storage_key` is where the site keeps its token; `factor` is `e-mail`, `app` or empty."""

    account: str
    email: str
    password: str = field(repr=False)
    artist: str
    number: int
    factor: str = "e-mail"
    totp_secret: str | None = field(default=None, repr=False)
    storage_key: str = "token"
    first_day: date = date(2024, 5, 17)


MEMBERS = (
    Member(
        account="default", email="lumen@tidal-attic.example", password="copper-finch-58", artist="Lumen Attic", number=41877
    ),
    Member(
        account="no-code", email="ivy@glass-orchard.example", password="amber-kettle-91", artist="Ivy Meridian", number=60944,
        factor="", storage_key="access_token", first_day=date(2025, 2, 7),
    ),
    Member(
        account="app-code", email="north@paper-harbour.example", password="quiet-anvil-23", artist="North Paper", number=52310,
        factor="app", totp_secret="KRSXG5CTMVRXEZLU", storage_key="authToken", first_day=date(2025, 9, 12),
    ),
)  # fmt: skip

TITLES = (
    ("Salt Lanterns", "Low Tide Letters"),
    ("Paper Compass", "Low Tide Letters"),
    ("Attic Weather (Reprise)", "Low Tide Letters"),
    ("Kite, Unfinished", "Kite, Unfinished"),
    ("Zw\u00f6lf Fenster", "Zw\u00f6lf Fenster"),
)
COUNTRIES = ("US", "GB", "DE", "BR", "MX", "CA", "JP", "FR", "SE")
CHANNELS = (
    ("Spotify", Decimal("0.00318")),
    ("Apple Music", Decimal("0.00661")),
    ("Amazon Music", Decimal("0.00790")),
    ("Deezer", Decimal("0.00497")),
)


def noise(*parts: object) -> float:
    """A number in [0, 1) that follows from `parts`."""
    digest = hashlib.blake2b("|".join(map(str, parts)).encode(), digest_size=6).digest()
    return int.from_bytes(digest, "big") / 2**48


def isrc(member: Member, track: int) -> str:
    """The invented code of a track."""
    return f"QZ{member.number % 900 + 100}25{track + 1:05d}"


@lru_cache(maxsize=8192)
def plays(member: Member, platform: str, day: date) -> int:
    """Plays of one day. The same whenever it is asked for. 0 is a day that Apple leaves out."""
    age = (day - member.first_day).days
    if age < 0:
        return 0
    level = 340 + 1100 * min(age, 500) / 500 * (0.7 + 0.6 * noise(member.number, "level"))
    weekly = (0.95, 0.93, 0.96, 1.0, 1.08, 1.14, 1.01)[day.weekday()]
    release = 1 + 1.2 * max(0.0, 1 - (age % 83) / 15)
    value = level * weekly * release * (0.84 + 0.32 * noise(member.number, platform, day))
    if platform == "spotify":
        return int(value)
    if noise(member.number, "quiet", day) < 0.008 and noise(member.number, "quiet", day - timedelta(days=1)) >= 0.008:
        return 0
    return max(1, int(value * 0.031))


@lru_cache(maxsize=256)
def year(member: Member, platform: str, today: date) -> tuple[tuple[date, int], ...]:
    """(day, plays) of the year of `today` as shown on it, oldest first; days without plays are not among Apple's."""
    last = today - timedelta(days=LAG_DAYS[platform])
    first = max(member.first_day, date(today.year, 1, 1))
    days = (first + timedelta(days=n) for n in range((last - first).days + 1))
    shown = ((day, plays(member, platform, day)) for day in days)
    return tuple((day, count) for day, count in shown if count or platform == "spotify")


def shazams(member: Member, days: tuple[tuple[date, int], ...]) -> list[tuple[date, int]]:
    """Days on which the service counted enough recognitions to show them."""
    found = [(day, int(26 * noise(member.number, "shazam", day) ** 4)) for day, _ in days]
    return [(day, count) for day, count in found if count >= LEAST_SHAZAM]


def shared(member: Member, what: str, names: tuple[str, ...], days: tuple[tuple[date, int], ...]) -> list[tuple[str, int]]:
    """The plays of `days` shared out among `names`, to the last one, most first. What a name has never becomes less as days are added."""
    weights = [(0.3 + noise(member.number, what, name)) ** 3 for name in names]
    whole = sum(weights)
    totals = dict.fromkeys(names, 0)
    for day, count in days:
        left = count
        for name, weight in zip(names, weights, strict=True):
            part = min(left, int(count * weight / whole + noise(day, name, what)))
            totals[name] += part
            left -= part
        totals[names[0]] += left
    return sorted(((n, t) for n, t in totals.items() if t), key=lambda item: (-item[1], item[0]))


def discovery(member: Member, today: date) -> list[tuple[date, int, Decimal]]:
    """Finished months of this year in Discovery Mode: first of the month, streams in it, commission."""
    found = []
    month = date(today.year, 1, 1)
    while (after := (month + timedelta(days=32)).replace(day=1)) <= today - timedelta(days=LAG_DAYS["spotify"]):
        if noise(member.number, "discovery", month) < 0.6 and month >= member.first_day:
            days = (month + timedelta(days=n) for n in range((after - month).days))
            streams = int(0.3 * sum(plays(member, "spotify", day) for day in days))
            found.append((month, streams, (Decimal(streams) * Decimal("0.00081234")).quantize(Decimal("0.00000001"))))
        month = after
    return found


@dataclass(frozen=True, slots=True)
class Sale:
    """One row of a sales report."""

    transaction: str
    sold: date
    accounted: date
    reported: date
    track: int
    channel: str
    country: str
    units: int
    revenue: Decimal


def report_months(member: Member, today: date) -> list[date]:
    """First days of the months whose report has been generated by `today`, newest first."""
    month = (today.replace(day=1) - timedelta(days=1)).replace(day=1)
    if today.day < REPORT_DAY:
        month = (month - timedelta(days=1)).replace(day=1)
    oldest = (member.first_day.replace(day=1) + timedelta(days=95)).replace(day=1)
    found = []
    while month >= oldest and len(found) < 9:
        found.append(month)
        month = (month - timedelta(days=1)).replace(day=1)
    return found


@lru_cache(maxsize=32)
def sales(member: Member, month: date) -> tuple[Sale, ...]:
    """Rows of the report of a month: uses of the two months before, reported in it."""
    rows: list[Sale] = []
    for back in (2, 3):
        sold = month
        for _ in range(back):
            sold = (sold - timedelta(days=1)).replace(day=1)
        for number in range(len(TITLES)):
            for channel, rate in CHANNELS:
                for country in COUNTRIES[:5]:
                    chance = noise(member.number, month, back, number, channel, country)
                    if chance < 0.55:
                        continue
                    units = int(3 + 700 * chance**4)
                    day = sold + timedelta(days=int(27 * noise(chance, "day")))
                    rows.append(
                        Sale(
                            transaction=f"TX{member.number}{month:%y%m}{len(rows):05d}", sold=day,
                            accounted=sold + timedelta(days=40), reported=month + timedelta(days=int(24 * noise(month, channel))),
                            track=number, channel=channel, country=country, units=units, revenue=(rate * units).quantize(Decimal("0.00000001")),
                        )
                    )  # fmt: skip
    return tuple(rows)


def report_name(member: Member, month: date) -> str:
    """The name that the site gives a report's file."""
    return f"{month:%m-%Y}-{member.number}.csv"
