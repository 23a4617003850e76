"""What a run brings on the stand-in's day, byte for byte, without serving: the questions of `queries` asked of the engine directly."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from .. import queries
from ..queries import BY_NAME, COMPACT, Report
from .google import GoogleError
from .world import Channel, pacific_day

Engine = Callable[[str, Mapping[str, str]], tuple[bytes, dict[str, Any]]]
"""(path, parameters) -> body and document; raises GoogleError for a refusal."""


def payloads(ask: Engine, channel: Channel, options: Mapping[str, Any], now: datetime) -> dict[str, bytes]:
    """Feed attribute -> bytes, as far as the engine answers."""
    whose, page = ask("/youtube/v3/channels", {**queries.CHANNEL, **COMPACT})
    out = {"channel": whose}
    found, ids = [], []
    params = {**queries.UPLOADS, "playlistId": page["items"][0]["contentDetails"]["relatedPlaylists"]["uploads"], **COMPACT}
    try:
        while True:
            body, page = ask("/youtube/v3/playlistItems", params)
            found.append(body)
            ids += [item["contentDetails"]["videoId"] for item in page["items"]]
            if "nextPageToken" not in page:
                break
            params["pageToken"] = page["nextPageToken"]
    except GoogleError:
        if found:
            raise
    groups = queries.batches(list(dict.fromkeys(ids)))
    out["playlist"] = _array(found)
    out["videos"] = _array([ask("/youtube/v3/videos", {**queries.VIDEOS, "id": ",".join(g), **COMPACT})[0] for g in groups])
    today = pacific_day(now)
    known: dict[tuple[Any, ...], bytes | None] = {}
    for report in queries.REPORTS:
        if report.money and not options.get("revenue"):
            continue
        span = queries.window(
            today, options.get("revenue_days", queries.MONEY_DAYS) if report.money else options.get("days", queries.DAYS)
        )
        bodies = []
        for part in (report, BY_NAME.get(report.beside)):
            if part is None:
                continue
            key = (part.name, span)
            if key not in known:
                known[key] = _table(ask, part, channel, span)
            bodies.append(known[key])
        if bodies[0] is not None:
            out[report.name] = _array([b for b in bodies if b is not None])
    return out


def _table(ask: Engine, report: Report, channel: Channel, span: tuple[Any, Any]) -> bytes | None:
    """The report's body, without the metrics that are refused by themselves; None where it is refused as such."""

    def asked(metrics: tuple[str, ...]) -> bytes | None:
        try:
            return ask("/v2/reports", {**report.params(channel.id, *span, metrics), **COMPACT})[0]
        except GoogleError:
            return None

    body = asked(report.metrics)
    if body is not None or asked((report.metrics[0],)) is None:
        return body
    return asked(tuple(m for m in report.metrics if asked(report.needs(m)) is not None))


def _array(bodies: list[bytes]) -> bytes:
    return b"[" + b",".join(bodies) + b"]"
