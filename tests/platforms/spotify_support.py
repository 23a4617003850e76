"""Spotify payloads of a simulated day, and desks that inspect them as a run would have landed them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from contract_desk import Desk, noon

from bedrot_console.domain.findings import Report
from extractors.spotify.simulated import exports, world
from extractors.spotify.simulator import SpotifySimulator

DAY = date(2026, 3, 2)
LAST = world.latest(DAY)
NOVA, HARBOUR = world.MEMBERS[0].artists
SOLO = world.MEMBERS[1].artists[0]


class Still:
    """A clock that stands on a day."""

    def __init__(self, day: date) -> None:
        self.at = datetime(day.year, day.month, day.day, 9, 30, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return 0.0

    def sleep(self, seconds: float) -> None: ...


def brought(day: date = DAY, *faults: str, account: str = "plain") -> dict[str, bytes]:
    """What a run of an account brings on a day."""
    return SpotifySimulator(clock=Still(day), faults=faults).payloads(account)


def asked(artist: str, period: str, tab: str = "music/songs", latest: date | None = LAST) -> dict[str, str]:
    """What a run notes beside a capture."""
    noted = {"artist": artist, "period": period, "page": f"/c/artist/{artist}/{tab}"}
    return noted | ({"latest_date": latest.isoformat()} if latest else {})


def timeline(days: int = 365, last: date = LAST, artist: world.Artist = SOLO, **how: Any) -> bytes:
    return exports.timeline(world.timeline(artist, days, last), **how)


@dataclass
class Desks:
    """A desk for each feed and series, as the console keeps them apart."""

    folder: Path
    desks: dict[str, Desk] = field(default_factory=dict)

    def run(self, day: date, bodies: dict[str, bytes], *, keep: bool = True) -> dict[str, Report]:
        """Inspect all that a run brought on a day, files of one set as siblings."""
        return {name: self.one(day, name, bodies, keep=keep) for name in bodies}

    def one(self, day: date, name: str, bodies: dict[str, bytes], *, keep: bool = True) -> Report:
        feed, _, series = name.partition(":")
        artist, _, period = series.partition("_")
        desk = self.desks.setdefault(name, Desk(f"spotify/{feed}", self.folder / str(len(self.desks))))
        desk.folder.mkdir(exist_ok=True)
        more: dict[str, Any] = {"request": asked(artist, period or "1year", latest=world.latest(day))}
        if feed == "song_metrics":
            more["set_id"] = "run"
            more["siblings"] = {f"spotify/{n}": b for n, b in bodies.items() if n.startswith(f"{feed}:{artist}") and n != name}
        return desk.report(bodies[name], noon(day), keep=keep, series=series, **more)
