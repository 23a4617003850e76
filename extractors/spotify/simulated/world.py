"""Invented artists and their figures as pure functions of an artist and a day. Nothing here is real or random.

Certainty of what is imitated: one row a day without gaps, zeros before the first stream, running followers that sometimes fall, listeners
never above streams, no revisions of past days *seen* (two real exports); windows contained in one another *documented*; statistics end two
days before today in the morning (UTC) *documented*.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache

LAG_DAYS = 2
HORIZON = date(2029, 1, 1)
DAYS = {"1day": 1, "7day": 7, "28day": 28, "1year": 365, "all": 100_000}
PERIODS = tuple(DAYS)
_LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_LISTENERS = {"1day": 0.81, "7day": 0.64, "28day": 0.47, "1year": 0.31, "all": 0.27}
_SAVES = {"1day": 0.02, "7day": 0.021, "28day": 0.023, "1year": 0.026, "all": 0.028}


def noise(*parts: object) -> float:
    """A number in [0, 1) that follows from `parts`."""
    digest = hashlib.blake2b("|".join(map(str, parts)).encode(), digest_size=6).digest()
    return int.from_bytes(digest, "big") / 2**48


def made_id(*parts: object) -> str:
    """An invented id of 22 letters and digits."""
    return "".join(_LETTERS[int(noise(*parts, n) * 62)] for n in range(22))


@dataclass(frozen=True, slots=True)
class Track:
    """An invented song."""

    id: str
    name: str
    release: date
    weight: float


@dataclass(frozen=True, slots=True)
class Artist:
    """An invented artist. `first_day` is the first day with plays."""

    id: str
    name: str
    first_day: date
    tracks: tuple[Track, ...]
    level: int


@dataclass(frozen=True, slots=True)
class Member:
    """An invented login. `phone`: its last digits, with SMS codes on; `totp_secret`: with an authenticator app."""

    account: str
    email: str
    password: str = field(repr=False)
    artists: tuple[Artist, ...]
    phone: str = ""
    totp_secret: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Day:
    """One row of the audience timeline."""

    day: date
    listeners: int
    monthly: int
    active: int
    devoted: int
    streams: int
    adds: int
    saves: int
    followers: int


def _artist(name: str, first: date, level: int, titles: tuple[str, ...]) -> Artist:
    tracks = tuple(
        Track(made_id(name, title), title, first + timedelta(days=31 * n), 1 / (1 + n) ** 0.7) for n, title in enumerate(titles)
    )
    return Artist(made_id(name), name, first, tracks, level)


_NOVA = _artist(
    "Nova Orchard", date(2024, 1, 10), 420, ("Glass Weather", "Paper Satellites", "Nachtz\u00fcge, leise", 'The "Slow" Signal', "Orchard Tapes")
)  # fmt: skip
_HARBOUR = _artist("Harbour Lights Off", date(2024, 3, 1), 260, ("Tin Kettle", "Low Tide: Again", "Ferry / Night"))
_SOLO = _artist("One Room", date(2024, 2, 14), 90, ("Paper Boat", "Window Seat", "Stairs"))
_QUIET = _artist("Quiet Meridian", date(2024, 2, 2), 150, ("Longitude", "Half Past Snow", "Meridian", "Lamp Oil"))

ARTISTS = {a.id: a for a in (_NOVA, _HARBOUR, _SOLO, _QUIET)}
MEMBERS = (
    Member("default", "nova@orchard-tapes.example", "maple-lantern-42", (_NOVA, _HARBOUR), phone="42"),
    Member("plain", "solo@one-room.example", "paper-boat-19", (_SOLO,)),
    Member("app", "quiet@meridian.example", "half-past-snow-7", (_QUIET,), totp_secret="JBSWY3DPEHPK3PXP"),
    Member("both", "team@slow-signal.example", "tin-kettle-77", (_HARBOUR,), phone="77", totp_secret="KRSXG5CTMVRXEZLU"),
)


def latest(today: date) -> date:
    """The newest day with statistics on `today`, in the morning (UTC)."""
    return today - timedelta(days=LAG_DAYS)


@lru_cache(maxsize=64)
def _running(artist: Artist, track: Track) -> tuple[int, ...]:
    """Streams of a track from its release up to and with each day."""
    total, out = 0, []
    for age in range((HORIZON - track.release).days):
        day = track.release + timedelta(days=age)
        weekly = (0.95, 0.93, 0.96, 1.0, 1.11, 1.13, 1.0)[day.weekday()]
        fresh = 1 + 0.9 * max(0.0, 1 - age / 25)
        total += int(artist.level * track.weight * weekly * fresh * (0.85 + 0.3 * noise(track.id, day)))
        out.append(total)
    return tuple(out)


def streams(artist: Artist, track: Track, period: str, last: date) -> int:
    """Streams of a track in a window that ends with `last`."""
    running = _running(artist, track)
    end = (last - track.release).days
    if end < 0:
        return 0
    before = end - DAYS[period]
    return running[end] - (running[before] if before >= 0 else 0)


@dataclass(frozen=True, slots=True)
class Song:
    """One song in one window."""

    track: Track
    streams: int
    listeners: int
    savers: int
    canvas: int


def songs(artist: Artist, period: str, last: date) -> list[Song]:
    """The songs that are out, most streams first."""
    out = []
    for track in artist.tracks:
        if track.release > last:
            continue
        plays = streams(artist, track, period, last)
        out.append(Song(track, plays, int(plays * _LISTENERS[period]), int(plays * _SAVES[period]), int(plays * 0.4)))
    return sorted(out, key=lambda s: (-s.streams, s.track.id))


_OF_THE_SITE = (("Radio", "Spotify", "n/a", 0.22), ("Release Radar", "Spotify", "-", 0.07))
_OF_PEOPLE = {
    _NOVA.id: (
        ("Small rooms", "one.lamp", "2025-05-05", 0.05), ("Stairwell sessions", "echo.k", "2025-09-12", 0.031),
        ("Balcony hours", "marlow", "2025-10-30", 0.012),
    ),
    _HARBOUR.id: (
        ("Low water", "quayside", "2025-04-11", 0.05), ("Last ferry home", "ada.w", "2025-06-29", 0.031), ("Rope, tar, salt", "-", "n/a", 0.012),
    ),
    _SOLO.id: (
        ("Kitchen, after midnight", "lamplighter", "2025-03-02", 0.05), ('Songs for "slow" trains', "ada.w", "2025-08-17", 0.031),
        ("Fog Signals", "Harbour Radio", "2025-10-30", 0.012),
    ),
    _QUIET.id: (
        ("Snow on the line", "meridian.fm", "2025-01-20", 0.05), ("Reading lamp", "lamplighter", "2025-07-07", 0.031),
        ("East of here", "longway", "2025-11-01", 0.012),
    ),
}  # fmt: skip
"""Spotify's own playlists stand in every artist's export; those that people make are each artist's own (assumed)."""


def playlists(artist: Artist, period: str, last: date) -> list[tuple[str, str, int, int, str]]:
    """(title, author, listeners, streams, date added), most streams first."""
    total = sum(s.streams for s in songs(artist, period, last))
    out = []
    for title, author, added, share in (*_OF_THE_SITE, *_OF_PEOPLE[artist.id]):
        plays = int(total * share * (0.97 + 0.06 * noise(artist.id, title, period, last)))
        out.append((title, author, int(plays * 0.7), plays, added))
    return sorted(out, key=lambda row: -row[3])


@lru_cache(maxsize=16)
def _timeline(artist: Artist) -> tuple[Day, ...]:
    """Every day from the first with plays to the horizon."""
    out: list[Day] = []
    month: list[int] = []
    for age in range((HORIZON - artist.first_day).days):
        day = artist.first_day + timedelta(days=age)
        plays = sum(streams(artist, t, "1day", day) for t in artist.tracks)
        listeners = int(plays * (0.7 + 0.1 * noise(artist.id, day, "share")))
        month = [*month[-27:], listeners]
        monthly = max(listeners, int(sum(month) * 0.58))
        wobble = int(7 * noise(artist.id, day, "followers"))
        out.append(
            Day(
                day, listeners, monthly, int(monthly * 0.44), int(monthly * 0.03), plays, int(plays * 0.05), int(plays * 0.021),
                18 + int(age * 0.9) + wobble,
            )
        )  # fmt: skip
    return tuple(out)


def timeline(artist: Artist, days: int, last: date) -> list[Day]:
    """The rows of so many days up to `last`; zeros before the first day with plays."""
    known = _timeline(artist)
    out = []
    for n in range(days - 1, -1, -1):
        day = last - timedelta(days=n)
        at = (day - artist.first_day).days
        out.append(known[at] if at >= 0 else Day(day, 0, 0, 0, 0, 0, 0, 0, 18))
    return out
