"""The samples of the three feeds, made from the simulator's own payloads: what is good, and each way to be bad."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from . import payloads, site, world

SAMPLED = date(2026, 3, 2)
MONTH = date(2026, 1, 1)
MEMBER = world.MEMBERS[0]

PROVENANCE: dict[str, dict[str, Any]] = {
    "spotify": {"request": {"date": "thisYear"}},
    "apple": {"request": {"date": "thisYear"}},
    "sales": {"request": {"month": "2026-01"}, "series": "2026-01", "received_name": "01-2026-41877.csv"},
    "spotify/a-tools-log.json": {"received_name": "extraction_log_20260302_120000.json"},
}


def _fault(*names: str) -> payloads.Fault:
    return lambda name: name in names


def spotify(*faults: str, day: date = SAMPLED) -> bytes:
    """Spotify's answer with these faults."""
    return payloads.spotify(MEMBER, day, "thisYear", _fault(*faults))


def apple(*faults: str, day: date = SAMPLED) -> bytes:
    """Apple's answer with these faults."""
    return payloads.apple(MEMBER, day, "thisYear", _fault(*faults))


def sales(*faults: str) -> bytes:
    """The report with these faults, its first rows only."""
    body = payloads.report(MEMBER, MONTH, _fault(*faults))
    end = b"\r\n" if b"\r\n" in body else b"\n"
    return end.join(body.split(end)[:61]) + end


def changed(body: bytes, act: Callable[[dict[str, Any]], Any]) -> bytes:
    """An answer after something was done to it."""
    value = json.loads(body)
    act(value)
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def _put(member: str, field: str, value: Any, index: int = 5) -> Callable[[dict[str, Any]], Any]:
    return lambda answer: answer[member][index].__setitem__(field, value)


def made() -> dict[str, bytes]:
    """`feed/name.ext` -> bytes."""
    page = site.sign_in().encode()
    message = b'{"message":"Unauthenticated."}'
    wrapper = {"timestamp": "2026-03-02T11:58:00", "source": "toolost", "platform": "spotify"}
    ahead = (SAMPLED + timedelta(days=4)).isoformat()
    table = sales()
    lines = table.split(b"\n")
    return {
        "spotify/ok-2026-03-02.json": spotify(),
        "spotify/ok-in-order.json": spotify("sorted_order"),
        "spotify/ok-in-a-wrapper.json": json.dumps(wrapper | {"data": json.loads(spotify())}, indent=2).encode(),
        "spotify/warned-day-missing.json": spotify("missing_day"),
        "spotify/warned-counts-as-numbers.json": spotify("type_change"),
        "spotify/no-days.json": spotify("empty_data"),
        "spotify/stale.json": spotify("stale"),
        "spotify/a-message.json": message,
        "spotify/a-sign-in-page.json": page,
        "spotify/broken-off.json": spotify()[:1500],
        "spotify/the-answer-about-apple.json": apple(),
        "spotify/a-day-twice.json": changed(spotify(), lambda a: a["streams"].append(a["streams"][3])),
        "spotify/a-day-of-last-year.json": changed(spotify(), _put("streams", "date", "2025-12-31")),
        "spotify/a-future-day.json": changed(spotify(), _put("streams", "date", ahead)),
        "spotify/a-negative-count.json": changed(spotify(), _put("streams", "streams", "-5")),
        "spotify/a-word-for-a-count.json": changed(spotify(), _put("streams", "streams", "many")),
        "spotify/another-wrapper.json": json.dumps(wrapper | {"platform": "apple", "data": json.loads(spotify())}).encode(),
        "spotify/a-tools-log.json": spotify(),
        "apple/ok-2026-03-02.json": apple(),
        "apple/ok-days-left-out.json": apple("apple_gap"),
        "apple/ok-new-fields.json": apple("schema_drift"),
        "apple/warned-counts-as-text.json": apple("type_change"),
        "apple/no-days.json": apple("empty_data"),
        "apple/stale.json": apple("stale"),
        "apple/a-message.json": message,
        "apple/broken-off.json": apple()[:3000],
        "apple/the-answer-about-spotify.json": spotify(),
        "apple/total-differs.json": apple("totals_differ"),
        "apple/a-track-less.json": changed(apple(), lambda a: a["tracksTotal"].pop()),
        "apple/a-country-twice.json": changed(apple(), lambda a: a["countryTotal"].append(a["countryTotal"][0])),
        "apple/no-total.json": changed(apple(), lambda a: a.pop("streamTotal")),
        "sales/ok-2026-01.csv": table,
        "sales/ok-semicolons.csv": sales("csv_semicolon"),
        "sales/ok-latin-1.csv": sales("csv_latin1"),
        "sales/ok-new-column.csv": sales("csv_new_column"),
        "sales/other-month.csv": sales("other_month"),
        "sales/no-units.csv": sales("csv_column_missing"),
        "sales/broken-off.csv": table[: len(table) - 70],
        "sales/a-row-twice.csv": table + lines[7] + b"\n",
        "sales/days-written-otherwise.csv": table.replace(b"2026-01-", b"01/2026/"),
        "sales/decimal-commas.csv": sales("csv_semicolon").replace(b"0.", b"0,"),
        "sales/a-page.csv": page,
    }
