"""What the tests of TooLost share: answers made by hand, the desk over them, and rows changed in place."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from contract_desk import Desk, noon

from bedrot_console.domain.findings import Report
from extractors.toolost.simulated import payloads, world

TODAY = date(2026, 3, 2)
MEMBER = world.MEMBERS[0]
YEAR = {"date": "thisYear"}
SHARED = Path(__file__).resolve().parents[3] / "shared" / "samples" / "toolost"


def none(name: str) -> bool:
    """No fault is on."""
    return False


def answer(platform: str, day: date = TODAY, *, member: world.Member = MEMBER, faults: Iterable[str] = ()) -> bytes:
    """The answer of a simulated day."""
    make = payloads.spotify if platform == "spotify" else payloads.apple
    return make(member, day, "thisYear", lambda name: name in faults)


def days(first: date, counts: Iterable[int], form: type = str) -> list[dict[str, Any]]:
    """Rows of days in a row."""
    return [{"date": (first + timedelta(days=n)).isoformat(), "streams": form(count)} for n, count in enumerate(counts)]


def spotify_of(rows: list[dict[str, Any]], discovery: Iterable[Mapping[str, Any]] = ()) -> bytes:
    """Spotify's answer with these days."""
    return json.dumps({"streams": rows, "discovery": list(discovery)}).encode()


def apple_of(rows: list[dict[str, Any]], **other: Any) -> bytes:
    """Apple's answer with these days, one track and one country that take it all."""
    total = sum(int(row["streams"]) for row in rows)
    whole: dict[str, Any] = {
        "totalStreams": rows, "totalShazam": [],
        "tracksTotal": [{"isrc": "QZABC2500001", "streams": total, "track": "T", "release": "R", "cover": ""}] if total else [],
        "countryTotal": [{"country": "US", "streams": total}] if total else [], "streamTotal": total,
    }  # fmt: skip
    return json.dumps(whole | other).encode()


def changed(body: bytes, act: Callable[[dict[str, Any]], Any]) -> bytes:
    """An answer after something was done to it."""
    value = json.loads(body)
    act(value)
    return json.dumps(value).encode()


def at(desk: Desk, body: bytes, day: date = TODAY, **values: Any) -> Report:
    """What inspection says about a body captured at noon of a day."""
    return desk.report(body, noon(day), **{"request": YEAR} | values)
