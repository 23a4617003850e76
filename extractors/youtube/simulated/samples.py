"""Samples made by the stand-in: good files of a small channel, and bad ones as faults or people's mistakes make them."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from datetime import UTC, date, datetime, timedelta
from typing import Any

from .. import queries
from .world import CHANNELS, pacific_day

AT = datetime(2026, 3, 2, 12, tzinfo=UTC)
CHANNEL = CHANNELS[1]
UPLOADS = "9"


class _Clock:
    """Time stands still at AT."""

    def now(self) -> datetime:
        return AT

    def monotonic(self) -> float:
        return 0.0

    def sleep(self, seconds: float) -> None: ...


def _brought(*faults: str, account: str = "yoru") -> dict[str, bytes]:
    """What a run of an account brings at AT."""
    from ..simulator import YouTubeSimulator

    return YouTubeSimulator(clock=_Clock(), faults=faults).payloads(account)


def made() -> dict[str, bytes]:
    """Every sample by `feed/name`."""
    small, busy = _brought(), _brought(account="default")
    out = {f"{feed}/ok-small-channel.json": body for feed, body in small.items()}
    out |= {f"{feed}/ok-busy-channel.json": busy[feed] for feed in queries.BY_NAME if feed in busy}
    out |= {f"{feed}/ok-new-channel.json": _brought(account="newcomer")[feed] for feed in ("daily", "demographics")}
    error = b'{"error":{"code":403,"message":"The project has used up its quota.","errors":[{"message":"The project has used up its quota.",'
    error += b'"domain":"youtube.quota","reason":"quotaExceeded"}]}}'
    out |= {
        "channel/error-body.json": error, "channel/counters-as-numbers.json": _brought("schema_drift")["channel"],
        "playlist/last-page-missing.json": _first_page(small["playlist"]), "playlist/half-listed.json": _without_items(small["playlist"], 5),
        "videos/new-field.json": _brought("new_field")["videos"], "videos/half-answered.json": _brought("videos_missing")["videos"],
        "videos/foreign.json": _brought("foreign_videos")["videos"], "videos/counters-as-numbers.json": _brought("schema_drift")["videos"],
        "daily/missing-day.json": _brought("missing_day", account="default")["daily"], "daily/stale.json": _brought("stale", account="default")["daily"],
        "daily/columns-swapped.json": _brought("columns_swapped", account="default")["daily"], "daily/row-twice.json": _brought("duplicate_rows", account="default")["daily"],
        "daily/no-rows.json": _without_rows(busy["daily"]), "daily/broken-off.json": busy["daily"][: len(busy["daily"]) * 2 // 3],
        "daily/error-inside.json": b"[" + busy["daily"][1:-1] + b"," + error + b"]", "daily/other-channel.json": small["daily"],
        "daily/metric-refused.json": _brought("metric_refused", account="default")["daily"], "daily/is-revenue.json": busy["revenue"],
        "top_videos/below-zero.json": _brought("impossible_numbers", account="default")["top_videos"],
        "traffic/day-does-not-add-up.json": _without_row(busy["traffic"], 3), "countries/most-gone.json": _edited(busy["countries"], lambda d: d[0].update(rows=d[0]["rows"][3:])),
        "revenue/day-missing.json": _edited(busy["revenue"], lambda d: d[0]["rows"].pop(20)),
        "revenue/day-twice.json": _edited(busy["revenue"], lambda d: d[0]["rows"].insert(20, d[0]["rows"][19])),
        "demographics/shares-above-hundred.json": busy["demographics"].replace(b'"male",', b'"male",2', 1),
        "devices/sign-in-page.json": b'<!doctype html><html><head><title>Sign in</title></head><body><input type="password"></body></html>\n',
        "studio/ok-export.zip": studio_export(), "studio/no-totals.zip": studio_export(leave_out=("Totals.csv",)),
        "studio/total-differs.zip": studio_export(total_factor=2), "studio/other-tables.zip": studio_export(leave_out=("Table data.csv",)),
    }  # fmt: skip
    return out


def _edited(data: bytes, change: Any) -> bytes:
    document = json.loads(data)
    change(document)
    return json.dumps(document, separators=(",", ":")).encode()


def _first_page(data: bytes) -> bytes:
    return _edited(data, lambda d: d[0].update(nextPageToken="EAAaQ0FVUUFB"))


def _without_items(data: bytes, keep: int) -> bytes:
    return _edited(data, lambda d: d[0].update(items=d[0]["items"][:keep]))


def _without_rows(data: bytes) -> bytes:
    return _edited(data, lambda d: d[0].pop("rows"))


def _without_row(data: bytes, index: int) -> bytes:
    return _edited(data, lambda d: d[0]["rows"].pop(index))


def studio_export(
    *, leave_out: tuple[str, ...] = (), total_factor: int = 1, days: int = 28, end: date = date(2026, 2, 27)
) -> bytes:
    """An export of Studio's advanced mode as people bring it: three tables in a zip, figures invented."""
    header = [
        "Content",
        "Video title",
        "Video publish time",
        "Duration",
        "Average view duration",
        "Views",
        "Watch time (hours)",
        "Subscribers",
        "Estimated revenue (USD)",
        "Impressions",
    ]
    videos = [(f"vid{n:02d}_studio", f"Tape, part {n + 1}", f"Feb {n + 1}, 2026", 95 + n, 40 + n, 900 - 70 * n) for n in range(9)]
    rows = [
        [i, t, p, str(d), f"0:00:{a:02d}", str(v), f"{v * a / 3600:.4f}", str(v // 90), f"{v * 0.0011:.3f}", str(v * 12)]
        for i, t, p, d, a, v in videos
    ]
    views = sum(v for *_, v in videos)
    total = [
        "Total",
        "",
        "",
        "",
        "0:00:44",
        str(views * total_factor),
        f"{views * 44 / 3600:.4f}",
        str(views // 90),
        f"{views * 0.0011:.3f}",
        str(views * 12),
    ]
    whole, rest = divmod(views, days)
    by_day = [[(end - timedelta(days=days - 1 - n)).isoformat(), str(whole + (n < rest))] for n in range(days)]
    chart = [[day, videos[0][0], videos[0][1], videos[0][2], "95", str(int(count) // 4)] for day, count in by_day]
    tables = {
        "Table data.csv": [header, total, *rows], "Chart data.csv": [["Date", *header[:4], "Views"], *chart], "Totals.csv": [["Date", "Views"], *by_day],
    }  # fmt: skip
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, lines in tables.items():
            if name not in leave_out:
                text = io.StringIO()
                csv.writer(text, lineterminator="\n").writerows(lines)
                archive.writestr(zipfile.ZipInfo(name, (2026, 3, 2, 12, 0, 0)), text.getvalue(), zipfile.ZIP_DEFLATED)
    return out.getvalue()


def _asked(feed: str, whose: Any, **more: str) -> dict[str, Any]:
    """Provenance of a report of a channel: the query as the extractor sends it."""
    report = queries.BY_NAME[feed]
    span = queries.window(pacific_day(AT), queries.MONEY_DAYS if report.money else queries.DAYS)
    return {"request": {"channel": whose.id, "uploads": UPLOADS, **report.params(whose.id, *span), **more}}


def _provenance() -> dict[str, dict[str, Any]]:
    lists = {"channel": CHANNEL.id, "uploads": UPLOADS}
    known: dict[str, dict[str, Any]] = {
        "channel": {"request": {"channel": CHANNEL.id}}, "playlist": {"request": {**lists, "playlist": CHANNEL.uploads}},
        "videos": {"request": {**lists, "asked": UPLOADS}}, "studio": {"method": "manual", "received_name": "Content 2026-01-31_2026-02-28 Yoru Tapes.zip"},
    }  # fmt: skip
    for report in queries.REPORTS:
        known[report.name] = _asked(report.name, CHANNELS[0])
        known[f"{report.name}/ok-small-channel.json"] = _asked(report.name, CHANNEL)
        known[f"{report.name}/ok-new-channel.json"] = _asked(report.name, CHANNELS[3], uploads="0")
    known["daily/other-channel.json"] = _asked("daily", CHANNEL, channel=CHANNELS[0].id)
    kept = ",".join(m for m in queries.DAILY.metrics if m != "engagedViews")
    known["daily/metric-refused.json"] = _asked("daily", CHANNELS[0], metrics=kept, refused="engagedViews")
    return {name: {"method": "api", **values} for name, values in known.items()}


PROVENANCE = _provenance()
"""With what each sample was captured, by feed or by sample."""
