"""Invented artists and their figures as pure functions of an account and a simulated day. Nothing here is real or random.

What the site shows on a day follows from a seed, so that a simulated year costs nothing and two askers on one day get the same answer.
Certainty of what is imitated: lag of the two services *seen* (merged capture of 2025-05-22: Apple to the day before, Spotify two days
before); rolling window and first day without zero padding *seen*; revision of the newest days *assumed*; reporting 1 to 22 months after
the sale month, mode 2, several statements a month *seen* (923 anonymised rows).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache

WINDOW_DAYS = 365
LAG_DAYS = {"streams": 2, "applemusic": 1}
SETTLED_AFTER_DAYS = 3
FILTER_ABOVE_ROWS = 50_000
EPOCH = date(2024, 3, 8)


@dataclass(frozen=True, slots=True)
class Member:
    """An invented account of the site. `plan` `musician` is the cheap one without daily stats; `totp_secret` replaces the e-mailed code."""

    account: str
    email: str
    password: str = field(repr=False)
    artist: str
    user_id: int
    totp_secret: str | None = field(default=None, repr=False)
    plan: str = "musician-plus"
    first_day: date = EPOCH


MEMBERS = (
    Member(
        account="default", email="nova@orchard-tapes.example", password="maple-lantern-42", artist="Nova Orchard", user_id=7340218
    ),
    Member(
        account="app-code", email="harbour@slow-signal.example", password="tin-kettle-77", artist="Harbour Lights Off",
        user_id=8120554, totp_secret="JBSWY3DPEHPK3PXP", first_day=date(2025, 7, 4),
    ),
    Member(
        account="cheap-plan", email="solo@one-room.example", password="paper-boat-19", artist="One Room", user_id=9055127,
        plan="musician", first_day=date(2025, 2, 14),
    ),
)  # fmt: skip

TITLES = (
    ("Glass Weather", "Song", "QZZZ92400011"),
    ("Paper Satellites", "Song", "QZZZ92400012"),
    ("Nachtz\u00fcge, leise", "Song", "QZZZ92400013"),
    ('The "Slow" Signal', "Song", "QZZZ92400014"),
    ("Orchard Tapes", "Album", ""),
)
UPCS = ("0198009000017", "198009000024", "198009000031", "198009000048", "")
STORES = (
    ("Spotify", 38, Decimal("0.00312")),
    ("Apple Music", 42, Decimal("0.00654")),
    ("Amazon Unlimited (Streaming)", 55, Decimal("0.00801")),
    ("YouTube (Ads)", 61, Decimal("0.00071")),
    ("YouTube (Red)", 63, Decimal("0.00432")),
    ("Facebook", 78, Decimal("0.00019")),
    ("Deezer", 49, Decimal("0.00503")),
    ("iTunes", 34, Decimal("0.63700")),
)
COUNTRIES = ("US", "GB", "DE", "BR", "OU")


def noise(*parts: object) -> float:
    """A number in [0, 1) that follows from `parts`."""
    digest = hashlib.blake2b("|".join(map(str, parts)).encode(), digest_size=6).digest()
    return int.from_bytes(digest, "big") / 2**48


def plays(member: Member, service: str, day: date, seen_on: date) -> int:
    """Plays of one day as shown on `seen_on`. The newest days are still a little low and are revised upward once."""
    age = (day - member.first_day).days
    level = 60 + 900 * min(age, 700) / 700 * (0.75 + 0.5 * noise(member.user_id, "level"))
    weekly = (0.94, 0.92, 0.95, 0.99, 1.10, 1.16, 1.02)[day.weekday()]
    release = 1 + 1.4 * max(0.0, 1 - (age % 97) / 18)
    share = 1.0 if service == "streams" else 0.21
    value = level * weekly * release * share * (0.86 + 0.28 * noise(member.user_id, service, day))
    if (seen_on - day).days < SETTLED_AFTER_DAYS:
        value *= 0.96
    return int(value)


def last_day(service: str, today: date) -> date:
    """The newest day that `service` shows on `today`."""
    return today - timedelta(days=LAG_DAYS[service])


@lru_cache(maxsize=64)
def daily(member: Member, service: str, today: date) -> tuple[tuple[date, int], ...]:
    """What the chart of `service` shows on `today`: (day, plays), oldest first, at most 365 days, none before the first release."""
    last = last_day(service, today)
    first = max(member.first_day, last - timedelta(days=WINDOW_DAYS - 1))
    days = ((last - first).days + 1) if last >= first else 0
    return tuple((d, plays(member, service, d, today)) for d in (first + timedelta(days=n) for n in range(days)))


@dataclass(frozen=True, slots=True)
class Royalty:
    """One row of the statement."""

    inserted: date
    reported: date
    month: str
    store: str
    artist: str
    title: str
    isrc: str
    upc: str
    quantity: int
    kind: str
    country: str
    earnings: Decimal


def _statement_days(member: Member, store: str, lag: int, month_end: date) -> tuple[date, ...]:
    """When a sale month of a store is reported: once, and for one month in nine a second time, later."""
    first = month_end + timedelta(days=lag + int(9 * noise(member.user_id, store, month_end)))
    if noise(member.user_id, store, month_end, "again") < 0.11:
        return first, first + timedelta(days=33)
    return (first,)


@lru_cache(maxsize=4)
def _all_rows(member: Member) -> tuple[Royalty, ...]:
    rows: list[Royalty] = []
    month = member.first_day.replace(day=1)
    while month < date(2029, 1, 1):
        after = (month + timedelta(days=32)).replace(day=1)
        end = after - timedelta(days=1)
        for store, lag, rate in STORES:
            for again, reported in enumerate(_statement_days(member, store, lag, end)):
                rows.extend(_month_rows(member, month, store, rate, reported, again))
        month = after
    rows.sort(key=lambda r: (r.reported, r.month, r.store, r.title, r.country), reverse=True)
    return tuple(rows)


def _month_rows(member: Member, month: date, store: str, rate: Decimal, reported: date, again: int) -> list[Royalty]:
    rows: list[Royalty] = []
    for number, (title, kind, isrc) in enumerate(TITLES):
        for country in COUNTRIES:
            chance = noise(member.user_id, month, store, title, country, again)
            if chance < (0.25 if not again else 0.8):
                continue
            quantity = int(5 + 900 * chance**3) if store != "iTunes" else int(4 * chance)
            if again and chance > 0.93:
                quantity = -2
            price = rate * Decimal(f"{0.9 + 0.2 * noise(country, store, month):.6f}")
            rows.append(
                Royalty(
                    inserted=reported + timedelta(days=1), reported=reported, month=f"{month:%Y-%m}", store=store,
                    artist=member.artist, title=title, isrc=isrc, upc=UPCS[number], quantity=quantity, kind=kind, country=country,
                    earnings=(price * quantity).quantize(Decimal("0.00000001")),
                )
            )  # fmt: skip
    return rows


@lru_cache(maxsize=16)
def royalties(member: Member, today: date) -> tuple[Royalty, ...]:
    """The whole statement as exported on `today`, newest report first. The same on every day without a new report."""
    return tuple(r for r in _all_rows(member) if r.inserted <= today)
