"""reports.query of the Analytics API v2: which reports exist, what they refuse, and the invented figures in them.

Strict: metrics that no report knows, mixes of dimensions that no report has, a list of videos without order and bound are refused as the real
API refuses them (seen in public reports). A day is absent until all of the metrics asked for are ready (documented).
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

from .google import Caller, Params, bad_request, flag, forbidden, known_only, one, whole
from .world import (
    AGES,
    COUNTRIES,
    DEVICES,
    FLOATS,
    GENDERS,
    METRICS,
    MONEY,
    SOURCES,
    Channel,
    Video,
    averages,
    figures,
    newest_day,
    pacific_day,
    roll,
    share_ready,
    split,
    views_by_video,
    watched_on,
)  # fmt: skip

PARAMS = (
    "currency",
    "dimensions",
    "endDate",
    "filters",
    "ids",
    "includeHistoricalChannelData",
    "maxResults",
    "metrics",
    "sort",
    "startDate",
    "startIndex",
)
DIMENSIONS = frozenset(
    [
        "day",
        "month",
        "video",
        "country",
        "insightTrafficSourceType",
        "insightTrafficSourceDetail",
        "deviceType",
        "operatingSystem",
        "ageGroup",
        "gender",
        "subscribedStatus",
        "creatorContentType",
    ]
)
ALL = frozenset((*METRICS, *MONEY))
SPLIT = frozenset({"views", "engagedViews", "estimatedMinutesWatched", "averageViewDuration", "averageViewPercentage"})
REPORTS: dict[frozenset[str], frozenset[str]] = {
    frozenset(): ALL, frozenset({"day"}): ALL, frozenset({"month"}): ALL, frozenset({"video"}): ALL - {"adImpressions"},
    frozenset({"country"}): ALL, frozenset({"insightTrafficSourceType"}): SPLIT, frozenset({"day", "insightTrafficSourceType"}): SPLIT,
    frozenset({"deviceType"}): SPLIT, frozenset({"day", "deviceType"}): SPLIT, frozenset({"ageGroup", "gender"}): frozenset({"viewerPercentage"}),
    frozenset({"ageGroup"}): frozenset({"viewerPercentage"}), frozenset({"gender"}): frozenset({"viewerPercentage"}),
}  # fmt: skip
"""Dimensions -> metrics they go with."""
FEWEST_VIEWERS = 60
"""Ages and genders are not told for fewer views in the range (invented; thresholds are not published)."""
LEAST_COUNTRY = 4
NOT_SUPPORTED = "The query is not supported. See the lists of available reports for the queries that are."
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
Counts = dict[str, float]


@dataclass(frozen=True, slots=True)
class Query:
    """A query that was found good."""

    channel: Channel
    since: date
    until: date
    metrics: tuple[str, ...]
    dimensions: tuple[str, ...]
    sort: tuple[tuple[str, bool], ...]
    most: int | None
    start: int
    video: tuple[str, ...]
    currency: str


class Reports:
    """The query method. `now` gives the simulated moment."""

    def __init__(self, now: Callable[[], datetime], fault: Callable[[str], bool]) -> None:
        self.now, self.fault = now, fault

    def query(self, params: Params, caller: Caller) -> dict[str, Any]:
        query = self._read(params, caller)
        if self.fault("error_in_200"):
            problem = {"domain": "gdata.CoreErrorDomain", "code": "BACKEND", "externalErrorMessage": "The report cannot be made."}
            return {
                "kind": "youtubeAnalytics#resultTable",
                "errors": {"code": "BAD_REQUEST", "requestId": "simulated", "error": [problem]},
            }
        names = [*query.dimensions, *query.metrics]
        rows = [[row[n] for n in names] for row in self._rows(query)]
        if self.fault("duplicate_rows") and rows:
            rows.insert(1, rows[0])
        headers = [{"name": n, "columnType": "DIMENSION", "dataType": "STRING"} for n in query.dimensions]
        headers += [{"name": n, "columnType": "METRIC", "dataType": "FLOAT" if n in FLOATS else "INTEGER"} for n in query.metrics]
        if self.fault("columns_swapped") and len(query.metrics) > 1:
            first, second = headers[-1], headers[-2]
            first["name"], second["name"] = second["name"], first["name"]
        if self.fault("layout_changed"):
            return {"kind": "youtubeAnalytics#resultTable", "columns": headers, "rows": rows}
        body: dict[str, Any] = {"kind": "youtubeAnalytics#resultTable", "columnHeaders": headers}
        if rows and not self.fault("empty_data"):
            body["rows"] = rows
        return body

    # What is asked.

    def _read(self, params: Params, caller: Caller) -> Query:
        known_only(params, PARAMS)
        for name in ("ids", "startDate", "endDate", "metrics"):
            if not one(params, name):
                raise bad_request(f"Required parameter: {name}", "required")
        channel = _channel(one(params, "ids") or "", caller)
        since, until = (_day(params, name) for name in ("startDate", "endDate"))
        if since > until:
            raise bad_request("The endDate lies before the startDate.", "invalidValue")
        metrics, dimensions = _names(params, "metrics"), _names(params, "dimensions")
        for name in metrics:
            if name not in ALL | {"viewerPercentage"} or (name == "engagedViews" and self.fault("metric_refused")):
                raise bad_request(f"Unknown identifier ({name[:40]}) given in field parameters.metrics.")
        for name in dimensions:
            if name not in DIMENSIONS:
                raise bad_request(f"Unknown identifier ({name[:40]}) given in field parameters.dimensions.")
        video = _filtered(one(params, "filters") or "")
        sort = tuple((s.removeprefix("-"), s.startswith("-")) for s in _names(params, "sort"))
        if any(name not in (*metrics, *dimensions) for name, _ in sort):
            raise bad_request("Sort names something that the query does not ask for.")
        most, start = whole(params, "maxResults", None, 1, 2**31 - 1), whole(params, "startIndex", 1, 1, 2**31 - 1) or 1
        flag(params, "includeHistoricalChannelData")
        currency = one(params, "currency") or "USD"
        if not re.fullmatch(r"[A-Z]{3}", currency):
            raise bad_request("The specified currency is not recognized.", "invalidValue")
        self._supported(metrics, dimensions, sort, most, video)
        if any(m in MONEY for m in metrics):
            caller.may(frozenset({"yt-analytics-monetary.readonly"}))
            if not channel.monetised or self.fault("revenue_refused"):
                raise forbidden("The channel does not take part in the partner program.")
        return Query(channel, since, until, metrics, dimensions, sort, most, start, video, currency)

    def _supported(
        self,
        metrics: tuple[str, ...],
        dimensions: tuple[str, ...],
        sort: tuple[Any, ...],
        most: int | None,
        video: tuple[str, ...],
    ) -> None:
        allowed = REPORTS.get(frozenset(dimensions))
        refused = self.fault("report_refused") and "insightTrafficSourceType" in dimensions
        if allowed is None or not set(metrics) <= allowed or len(set(metrics)) != len(metrics) or refused:
            raise bad_request(NOT_SUPPORTED)
        if "video" in dimensions and (most is None or most > 200 or not any(down for _, down in sort)):
            raise bad_request(NOT_SUPPORTED)
        if video and not set(dimensions) <= {"day", "month", "video"}:
            raise bad_request(NOT_SUPPORTED)

    # What is answered.

    def _rows(self, query: Query) -> list[dict[str, Any]]:
        now = self.now()
        if self.fault("cached"):
            now -= timedelta(days=1)
            query = replace(query, since=query.since - timedelta(days=1), until=query.until - timedelta(days=1))
        newest = newest_day(now, query.metrics)
        if self.fault("stale"):
            newest -= timedelta(days=8)
        days = [query.since + timedelta(days=n) for n in range((min(query.until, newest) - query.since).days + 1)]
        if "day" in query.dimensions and self.fault("missing_day"):
            days = [d for d in days if d != newest - timedelta(days=8)]
        if "day" in query.dimensions and self.fault("history_shrank"):
            days = [d for d in days if d >= query.since + timedelta(days=10)]
        rows = self._made(query, days, now)
        for name, down in reversed(query.sort):
            rows.sort(key=lambda r: r[name], reverse=down)
        if self.fault("impossible_numbers") and rows and "views" in rows[0]:
            rows[0]["views"] = -rows[0]["views"]
        return rows[query.start - 1 :][: query.most]

    def _made(self, query: Query, days: list[date], now: datetime) -> list[dict[str, Any]]:
        channel, dims = query.channel, set(query.dimensions)
        if dims & {"ageGroup", "gender"}:
            return _people(channel, days, now, query.dimensions)
        groups: dict[tuple[str, ...], Counts] = {}
        wanted = set(query.video)
        for day in days:
            share = share_ready(day, now)
            counted = _counted(channel, day, share)
            if wanted:
                counted = tuple((n, c) for n, c in counted if Video(channel, n).id in wanted)
            if not counted and not channel.sparse and channel.every_days and dims == {"day"}:
                groups.setdefault((day.isoformat(),), _zero())
            if dims <= {"day", "month"}:
                key = (day.isoformat(),) if "day" in dims else (day.isoformat()[:7],) if "month" in dims else ()
                if counted:
                    whole = [c for _, c in counted] if wanted else [_whole(channel, day, share)]
                    _add(groups.setdefault(key, _zero()), *whole)
            elif dims == {"video"}:
                for number, counts in counted:
                    _add(groups.setdefault((Video(channel, number).id,), _zero()), counts)
            elif counted:
                _divide(groups, query.dimensions, channel, day, _whole(channel, day, share))
        if dims == {"country"}:
            groups = {k: c for k, c in groups.items() if c["views"] >= LEAST_COUNTRY}
        if not dims and not groups:
            return []
        rate = {"USD": 1.0, "EUR": 0.92, "GBP": 0.79}.get(query.currency, 1.0)
        return [
            dict(zip(query.dimensions, key, strict=False)) | _cells(counts, query.metrics, rate)
            for key, counts in sorted(groups.items())
        ]


@lru_cache(maxsize=4000)
def _counted(channel: Channel, day: date, share: float) -> tuple[tuple[int, Counts], ...]:
    """What each video did on a day, as far as it is counted. Shared by all askers: never changed."""
    return tuple((n, figures(channel, n, day, math.ceil(v * share))) for n, v in watched_on(channel, day))


def _zero() -> Counts:
    return defaultdict(float)


def _add(into: Counts, *counts: Mapping[str, float]) -> None:
    for one_ in counts:
        for name, value in one_.items():
            into[name] += value


@lru_cache(maxsize=4000)
def _whole(channel: Channel, day: date, share: float) -> Counts:
    """What all videos did on a day. Shared by all askers: never changed."""
    total = _zero()
    _add(total, *(c for _, c in _counted(channel, day, share)))
    return total


def _divide(
    groups: dict[tuple[str, ...], Counts], dimensions: tuple[str, ...], channel: Channel, day: date, total: Counts
) -> None:
    """A day's figures among sources, devices or countries: views exactly, the rest in proportion."""
    name = next(d for d in dimensions if d != "day")
    parts = {"insightTrafficSourceType": SOURCES, "deviceType": DEVICES, "country": COUNTRIES}[name]
    for part, views in split(int(total["views"]), parts, channel.number, name, day.toordinal()).items():
        key = tuple(day.isoformat() if d == "day" else part for d in dimensions)
        share = views / total["views"]
        _add(groups.setdefault(key, _zero()), {k: v * share for k, v in total.items() if k != "views"} | {"views": views})


def _people(channel: Channel, days: list[date], now: datetime, dimensions: tuple[str, ...]) -> list[dict[str, Any]]:
    """Shares of viewers in tenths of a percent, that make a hundred together; none for a handful of viewers."""
    if sum(sum(views_by_video(channel, d, now).values()) for d in days) < FEWEST_VIEWERS:
        return []
    weights = {(a, g): 8 + roll("people", channel.number, a, g)[0] // 6 for a in AGES for g in GENDERS}
    tenths = split(
        1000, tuple((f"{a} {g}", w) for (a, g), w in weights.items()), "people", channel.number, pacific_day(now).toordinal() // 7
    )
    found: dict[tuple[str, ...], int] = defaultdict(int)
    for both, count in tenths.items():
        cell = dict(zip(("ageGroup", "gender"), both.split(" "), strict=True))
        found[tuple(cell[d] for d in dimensions)] += count
    return [dict(zip(dimensions, key, strict=True)) | {"viewerPercentage": n / 10} for key, n in sorted(found.items())]


def _cells(counts: Counts, metrics: tuple[str, ...], rate: float) -> dict[str, Any]:
    full = averages(counts if counts.get("views") else _zero_counts())
    return {m: round(full[m] * rate, 3) if m in FLOATS and m != "averageViewPercentage" else full[m] for m in metrics}


def _zero_counts() -> Counts:
    return dict.fromkeys(figures(_NOBODY, None, date(2020, 1, 1), 0), 0.0)


_NOBODY = Channel(0, "", "", "", date(2020, 1, 1), 1, 0)


def _names(params: Params, name: str) -> tuple[str, ...]:
    text = one(params, name) or ""
    if text and not re.fullmatch(r"[-0-9a-zA-Z,]+", text):
        raise bad_request(f"Invalid value for {name}.", "invalidValue")
    return tuple(n for n in text.split(",") if n)


def _day(params: Params, name: str) -> date:
    text = one(params, name) or ""
    try:
        if not _DATE.fullmatch(text):
            raise ValueError
        return date.fromisoformat(text)
    except ValueError as trouble:
        raise bad_request(f"Invalid value for {name}: expected YYYY-MM-DD.", "invalidValue") from trouble


def _channel(ids: str, caller: Caller) -> Channel:
    """Whose figures: the caller's own channel, by MINE or by its id; nobody else's."""
    kind, sign, name = ids.partition("==")
    if not sign or not re.fullmatch(r"[a-zA-Z0-9_+-]+", name):
        raise bad_request("Invalid value for ids.", "invalidValue")
    if kind != "channel" or name not in ("MINE", caller.channel.id):
        raise forbidden("The caller may not read these figures.")
    return caller.channel


def _filtered(text: str) -> tuple[str, ...]:
    """The videos a query is narrowed to; no other filter is known here."""
    if not text:
        return ()
    name, sign, values = text.partition("==")
    if name != "video" or not sign or not values or ";" in values:
        raise bad_request(NOT_SUPPORTED)
    return tuple(values.split(","))
