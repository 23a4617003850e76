"""Payloads as the site serves them: the two analytics answers and the sales report, bent by the faults that are on.

The site's own spelling of its JSON is not known (the captures seen had been written anew by a tool); here it is compact. Encoding and
delimiter of the report are *assumed*: UTF-8, commas.
"""

from __future__ import annotations

import csv
import io
import json
import random
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from . import world
from .world import Member

STALE_DAYS = 12
SPANS = ("thisYear", "last30Days")
HEADER = (
    "transaction_id", "sale_date", "accounting_date", "reporting_date", "release_title", "release_id", "track_title", "track_id", "channel",
    "country", "isrc", "upc", "units", "unit_price", "original_currency", "split_id", "share", "rev_fee",
)  # fmt: skip
Fault = Callable[[str], bool]


def other(member: Member) -> Member:
    """Somebody else."""
    return world.MEMBERS[1] if member != world.MEMBERS[1] else world.MEMBERS[0]


def days_of(member: Member, platform: str, today: date, span: str, on: Fault) -> tuple[tuple[date, int], ...]:
    """The days that an answer shows."""
    days = world.year(member, platform, today)
    if span == "last30Days":
        return tuple(d for d in days if d[0] > today - timedelta(days=30))
    if on("empty_data"):
        return ()
    if on("year_restarts"):
        days = tuple(d for d in days if d[0] >= today.replace(day=1) - timedelta(days=20))
    if on("history_shrank"):
        days = days[20:]
    if on("missing_day") and len(days) > 15:
        days = days[:-12] + days[-11:]
    if on("apple_gap") and platform == "apple" and len(days) > 15:
        days = days[:-9] + days[-7:]
    return days


def spotify(member: Member, today: date, span: str, on: Fault) -> bytes:
    """Spotify's answer."""
    seen = _seen(today, on)
    member = other(member) if on("wrong_account") else member
    days = days_of(member, "spotify", seen, span, on)
    form: Any = int if on("type_change") else str
    streams = [{"date": d.isoformat(), "streams": form(n)} for d, n in days]
    _shuffle(streams, member, "spotify", seen, on)
    months = world.discovery(member, seen) if span == "thisYear" and days else []
    body = {
        "streams": streams,
        "discovery": [{"date": d.isoformat(), "streams": str(n), "fees": f"{fee:f}"} for d, n, fee in months],
    }
    return _json(body, "streams", on)


def apple(member: Member, today: date, span: str, on: Fault) -> bytes:
    """Apple's answer."""
    seen = _seen(today, on)
    member = other(member) if on("wrong_account") else member
    days = days_of(member, "apple", seen, span, on)
    form: Any = str if on("type_change") else int
    streams = [{"date": d.isoformat(), "streams": form(n)} for d, n in days]
    _shuffle(streams, member, "apple", seen, on)
    tracks = world.shared(member, "track", tuple(map(str, range(len(world.TITLES)))), days)
    total = sum(n for _, n in days)
    body = {
        "totalStreams": streams,
        "totalShazam": [{"date": d.isoformat(), "streams": str(n)} for d, n in world.shazams(member, days)],
        "tracksTotal": [
            {
                "isrc": world.isrc(member, int(number)), "streams": count, "track": world.TITLES[int(number)][0],
                "release": world.TITLES[int(number)][1],
                "cover": f"https://covers.example/convertedArtwork/{member.number}-{number}.jpg",
            }
            for number, count in tracks
        ],
        "countryTotal": [{"country": c, "streams": n} for c, n in world.shared(member, "country", world.COUNTRIES, days)],
        "streamTotal": total + 7 if on("totals_differ") else total,
    }  # fmt: skip
    return _json(body, "totalStreams", on)


def _seen(today: date, on: Fault) -> date:
    """The day whose figures the site shows: `stale` stands still days ago, `cached` shows yesterday's."""
    return today - timedelta(days=STALE_DAYS if on("stale") else 1 if on("cached") else 0)


def _shuffle(rows: list[dict[str, Any]], member: Member, platform: str, today: date, on: Fault) -> None:
    if not on("sorted_order"):
        random.Random(f"{member.number} {platform} {today}").shuffle(rows)


def _json(body: dict[str, Any], days: str, on: Fault) -> bytes:
    if on("schema_drift"):
        body = body | {"currency": "USD"}
        for row in body[days]:
            row["saves"] = 3
    if on("shape_changed"):
        body = {"result": {"rows": body[days]}}
    if on("wrapped"):
        body = {"data": body}
    return json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()


def report(member: Member, month: date, on: Fault) -> bytes:
    """The sales report of a month."""
    if on("other_month"):
        month = (month - timedelta(days=1)).replace(day=1)
    out = io.StringIO()
    comma = ";" if on("csv_semicolon") else ","
    header = [h for h in HEADER if not (on("csv_column_missing") and h == "units")] + (["payee"] if on("csv_new_column") else [])
    writer = csv.writer(out, delimiter=comma, lineterminator="\r\n" if on("csv_crlf") else "\n")
    writer.writerow(header)
    for sale in world.sales(member, month):
        writer.writerow([_cells(member, sale)[name] for name in header])
    return out.getvalue().encode("latin-1" if on("csv_latin1") else "utf-8")


def _cells(member: Member, sale: world.Sale) -> dict[str, str]:
    title, release = world.TITLES[sale.track]
    return {
        "transaction_id": sale.transaction, "sale_date": sale.sold.isoformat(), "accounting_date": sale.accounted.isoformat(),
        "reporting_date": sale.reported.isoformat(), "release_title": release, "release_id": f"R{member.number}{sale.track}",
        "track_title": title, "track_id": f"T{member.number}{sale.track}", "channel": sale.channel, "country": sale.country,
        "isrc": world.isrc(member, sale.track), "upc": f"19801{member.number:05d}{sale.track:02d}", "units": str(sale.units),
        "unit_price": f"{sale.revenue:f}", "original_currency": "USD", "split_id": f"S{sale.track}", "share": "100", "rev_fee": "0",
        "payee": "Invented Person",
    }  # fmt: skip
