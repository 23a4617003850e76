"""The feeds of the inspection tests, and the child that serves them: `python inspection_feeds.py FOLDER…`."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import sys
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from bedrot_console.domain.feeds import Column, Feed
from bedrot_console.domain.files import Sidecar
from bedrot_console.domain.findings import Report
from bedrot_console.inspection.helpers import FormatTrouble, Rows, html_tree, loose_json, script_arrays

PLAYS = Feed(
    template="soundcloud/plays/plays_{stamp}.json", name="soundcloud/plays", day="day", key=("day",), measures=("plays",),
    history="rolling", max_drop=0.5, warn_after=timedelta(days=4), fail_after=timedelta(days=8),
)  # fmt: skip
SALES = Feed(
    template="soundcloud/sales/sales_{date}.tsv", name="soundcloud/sales", format="table", media_type="text/tab-separated-values",
    columns=(
        Column(("Reporting Date",), "DATE", required=True), Column(("Store",), required=True), Column(("Title",)),
        Column(("Quantity",), "BIGINT", required=True), Column(("Earnings (USD)", "Earnings"), "DECIMAL(38,12)", required=True),
    ),
    day="Reporting Date", measures=("Earnings (USD)", "Quantity"), history="growing", encodings=("utf-8-sig", "utf-8", "latin-1"),
)  # fmt: skip


def parse_chart(payload: bytes) -> Rows:
    """The days of the chart `trend` in an inline script."""
    page = payload.decode("utf-8", "replace")
    html_tree(payload)
    array = next(script_arrays(page, "dataProvider", after='"trend"'), None)
    if array is None:
        raise FormatTrouble("format.unknown-shape", "the page has no chart named trend")
    rows = [{"day": row["category"], "plays": int(row["column-1"])} for row in loose_json(array)]
    return Rows(rows, ("day", "plays"), document=page)


CHART = Feed(
    template="soundcloud/chart/chart_{stamp}.html", name="soundcloud/chart", format="html", media_type="text/html", parse=parse_chart,
    day="day", key=("day",), measures=("plays",), history="rolling", warn_after=timedelta(days=4), fail_after=timedelta(days=8),
)  # fmt: skip


def _misbehave(payload: bytes) -> Rows:
    what = payload.decode()
    if what == "spin":
        while True:
            pass
    if what == "crash":
        os.kill(os.getpid(), signal.SIGSEGV)
    if what == "eat":
        return Rows([{"a": bytearray(8 << 30)}])
    if what == "raise":
        raise OSError("outside")
    if what == "hang":
        time.sleep(3600)
    if what == "call":
        import socket

        socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    if what.startswith("read "):
        return Rows([{"text": Path(what[5:]).read_text()}])
    if what.startswith("write "):
        Path(what[6:]).write_text("x")
    if what == "run":
        return Rows([{"status": os.system("true")}])
    print("extractors may print")
    return Rows([{"what": what}])


ROGUE = Feed(template="soundcloud/rogue/rogue_{stamp}.bin", name="soundcloud/rogue", format="binary", parse=_misbehave)
NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
HEADER = b"Reporting Date\tStore\tTitle\tQuantity\tEarnings (USD)\n"


def sidecar_of(data: bytes, feed: Feed, **values: Any) -> Sidecar:
    """A sidecar that commits exactly these bytes."""
    plain: dict[str, Any] = {
        "id": "00file", "platform": feed.platform, "feed": feed.name, "feed_version": 1, "account": "default", "source_system": "upload",
        "method": "manual", "captured_at": NOW, "landed_at": NOW, "as_of": None, "extractor_version": "1", "run_id": None, "set_id": None,
        "media_type": feed.media_type, "size_bytes": len(data), "sha256": hashlib.sha256(data).hexdigest(),
    }  # fmt: skip
    return Sidecar(**{**plain, **values})


def days(first: str, values: list[int]) -> bytes:
    """A plays document: one row a day from `first` on."""
    start = date.fromisoformat(first)
    return json.dumps([{"day": (start + timedelta(days=i)).isoformat(), "plays": v} for i, v in enumerate(values)]).encode()


def sold(*rows: tuple[Any, ...]) -> bytes:
    """A sales table."""
    return HEADER + b"".join("\t".join(map(str, row)).encode() + b"\n" for row in rows)


def chart(rows: str, *, before: str = "<h1>Your plays</h1>") -> bytes:
    """A chart page."""
    return f'<!doctype html><html><body>{before}<script>make({{"id": "trend", "dataProvider": [{rows}]}})</script></body></html>'.encode()


def codes(report: Report) -> set[str]:
    """The codes of a report's findings."""
    return {f.code for f in report.findings}


FEEDS: dict[str, Any] = {f.name: f for f in (PLAYS, SALES, CHART, ROGUE)}


if __name__ == "__main__":
    from bedrot_console.inspection import child

    child.CPU_SECONDS = 1.0
    sys.exit(child.serve(FEEDS.__getitem__, readable=[Path(p) for p in sys.argv[1:]]))
