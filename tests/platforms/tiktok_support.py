"""Exports of invented creators, judged at a desk as the console does."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from contract_desk import Desk, noon

from bedrot_console.domain.findings import Report
from extractors.tiktok.simulated import exports
from extractors.tiktok.simulated.exports import Export
from extractors.tiktok.simulated.world import CREATORS

NOVA, HARBOUR, ROOM, TIDE = CREATORS
DAY = date(2026, 3, 2)
STEMS = {"overview": "Overview", "viewers": "Viewers", "followers": "FollowerHistory", "content": "Content"}


def named(report: str, start: date, exported: datetime, handle: str = NOVA.handle, ext: str = "zip") -> str:
    """The name of a download."""
    return f"{report.capitalize()}_{start}_{int(exported.timestamp())}_{handle}.{ext}"


def zipped(tables: dict[str, bytes]) -> bytes:
    return exports.packed({f"{name}.csv": body for name, body in tables.items()}, DAY)


def table(stem: str, rows: Iterable[Sequence[Any]]) -> bytes:
    """A table of the export with its own header."""
    return exports.text(exports.HEADERS[stem], rows)


def rows_of(body: bytes) -> list[list[str]]:
    """Rows of a table, without its header."""
    return list(csv.reader(io.StringIO(body.decode("utf-8-sig"))))[1:]


class Story:
    """The captures of one report of one creator, day after day, each judged against the one before."""

    def __init__(self, report: str, folder: Path, creator: Any = NOVA, days: int = 60) -> None:
        self.report_name, self.creator, self.days = report, creator, days
        self.desk = Desk(f"tiktok/{report}", folder)

    def on(
        self, day: date, *faults: str, body: bytes | None = None, request: dict[str, str] | None = None, **values: Any
    ) -> Report:
        """The report on that day's capture, or on `body` in its place."""
        shown = Export(self.creator, day, self.days, frozenset(faults))
        asked = {"days": str(self.days), "handle": self.creator.handle} if request is None else request
        values.setdefault("received_name", shown.name(self.report_name, noon(day)))
        return self.desk.report(shown.body(self.report_name) if body is None else body, noon(day), request=asked, **values)

    def altered(self, day: date, change: Any, stem: str | None = None, **values: Any) -> Report:
        """The report on that day's capture after `change(rows)` of one of its tables, in place or as a new list of rows."""
        stem = stem or STEMS[self.report_name]
        tables = Export(self.creator, day, self.days).tables(self.report_name)
        rows = rows_of(tables[stem])
        changed = change(rows)
        tables[stem] = table(stem, changed if isinstance(changed, list) and changed and isinstance(changed[0], list) else rows)
        return self.on(day, body=zipped(tables), **values)


def at(day: date, hour: int = 11) -> datetime:
    return datetime(day.year, day.month, day.day, hour, 38, 15, tzinfo=UTC)


def back(day: date, days: int) -> date:
    return day - timedelta(days=days)
