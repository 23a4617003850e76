"""health: `status` with the days behind it: freshness worst first, how runs ended and how long they took, what landed, when the disk is full."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from ..domain.errors import BedrotError
from ..domain.text import size_text
from .browse import reader
from .deadlines import Deadlines, deadlines
from .runs import list_runs
from .status import status
from .workspace import Workspace

if TYPE_CHECKING:
    from ..catalog.trends import Landed, Latency, RunDay
    from ..domain.runs import RunView

DAYS = 28
"""How far back the figures go, today among them."""
LEAST_DAYS = 7
"""A forecast needs so many whole days since the first file landed."""
NO_LIMIT = -100_000
NO_DEADLINE = (None, None, False)
ORDER = ("fail", "warn", "never", "unknown", "ok", "not judged", "not asked")
"""States of a feed, worst first: those of `status`, and `never`: the newest run was to bring it, and nothing of it has ever landed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedHealth:
    """How fresh the data of one feed, account and series is: the newest date inside it, never the age of a file.

    Attributes:
        state: one of ORDER.  as_of: the newest date inside good data.  age_days: from then to today (UTC).
        warn_days, fail_days: the feed's own deadlines; None: not judged.
        last_landed_at: when a file of it last landed, good or not.
    """

    platform: str
    feed: str
    account: str
    series: str
    state: str
    as_of: date | None
    age_days: int | None
    warn_days: int | None
    fail_days: int | None
    last_landed_at: str | None

    @property
    def over_days(self) -> int:
        """By how many days it is over the deadline it missed; below zero: so many are left until the first, NO_LIMIT where there is none."""
        limit = self.fail_days if self.state == "fail" else self.warn_days if self.warn_days is not None else self.fail_days
        return (self.age_days or 0) - limit if limit is not None else NO_LIMIT


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformRuns:
    """How a platform's runs ended within the window, and how long those took that brought something (seconds, None: none did).

    `daily` is for each day (done, ended), oldest first.
    """

    platform: str
    done: int
    partial: int
    failed: int
    cancelled: int
    p50_seconds: float | None
    p95_seconds: float | None
    daily: tuple[tuple[int, int], ...]

    @property
    def ended(self) -> int:
        return self.done + self.partial + self.failed + self.cancelled


@dataclass(frozen=True, slots=True, kw_only=True)
class Storage:
    """What lies in one zone, and what landed within the window of it."""

    zone: str
    files: int
    size_bytes: int
    grown_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """When the disk will be full.

    Attributes:
        free_bytes, total_bytes: of the disk that the home lies on.
        days: whole days it is made from (today does not count).
        per_day_bytes: mean over those days.  recent_bytes: mean over the last LEAST_DAYS of them.
        earliest, latest: when it is full by the larger and the smaller of both; None: not within ten years, or `why_not`.
        why_not: why there is no forecast.
    """

    free_bytes: int
    total_bytes: int
    days: int
    per_day_bytes: float = 0.0
    recent_bytes: float = 0.0
    earliest: date | None = None
    latest: date | None = None
    why_not: str | None = None
    method: str = (
        f"free space divided by the mean of bytes landed per whole day: of the last {DAYS - 1} days, and of the last {LEAST_DAYS}; "
        "payloads only"
    )

    def in_words(self) -> str:
        """One sentence, with the method."""
        if self.why_not:
            return self.why_not
        rate = f"{size_text(int(self.per_day_bytes))} a day over {self.days} days, {size_text(int(self.recent_bytes))} over the last {LEAST_DAYS}"
        if self.earliest is None:
            return f"not full within ten years ({rate}; {self.method})"
        until = "" if self.latest == self.earliest else f" to {self.latest}" if self.latest else " or later"
        return f"full about {self.earliest}{until} ({rate}; {self.method})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """Everything about how the lake is.

    Attributes:
        word: `ok`, `attention` or `trouble`.
        feeds: worst first.  runs: by platform.  storage: by zone.
        days: oldest first, today last; `landed` (files) and `landed_bytes` of each platform go along with them.
        alerts: as in `status`.
    """

    word: str
    feeds: tuple[FeedHealth, ...]
    runs: tuple[PlatformRuns, ...]
    days: tuple[date, ...]
    landed: dict[str, tuple[int, ...]]
    landed_bytes: dict[str, tuple[int, ...]]
    storage: tuple[Storage, ...]
    forecast: Forecast
    alerts: list[dict[str, Any]] = field(default_factory=list)

    @property
    def late(self) -> int:
        """How many feeds missed a deadline."""
        return sum(f.state in ("fail", "warn") for f in self.feeds)


def health(ws: Workspace, found: dict[str, Any] | None = None) -> Health:
    """How the lake is and was. Asks the published catalog for sums only; a lake without one has no figures.

    Args:
        found: what `status` said, if the caller has it.
    """
    from ..catalog import trends

    found = found if found is not None else status(ws)
    today = ws.clock.now().astimezone(UTC).date()
    days = tuple(today - timedelta(days=n) for n in reversed(range(DAYS)))
    since = datetime.combine(days[0], time(), UTC)
    landed: list[Landed] = []
    run_days: list[RunDay] = []
    took: list[Latency] = []
    first: datetime | None = None
    if ws.settings.catalog.exists():
        ask = reader(ws)
        landed, run_days = trends.landed(ask, since), trends.run_days(ask, since)
        took, first = trends.latencies(ask, since), trends.first_landed(ask)
    names = sorted({one.platform for one in landed})
    return Health(
        word=found["health"],
        feeds=feeds(ws, found["freshness"]),
        runs=_runs(run_days, took, days),
        days=days,
        landed={name: _series(((x.day, x.files) for x in landed if x.platform == name), days) for name in names},
        landed_bytes={name: _series(((x.day, x.size_bytes) for x in landed if x.platform == name), days) for name in names},
        storage=_storage(found["zones"], landed),
        forecast=_forecast(ws, _series(((x.day, x.size_bytes) for x in landed), days), first, today),
        alerts=found["alerts"],
    )


def _series(pairs: Iterable[tuple[date, int]], days: Sequence[date]) -> tuple[int, ...]:
    sums = dict.fromkeys(days, 0)
    for day, number in pairs:
        if day in sums:
            sums[day] += number
    return tuple(sums.values())


def feeds(ws: Workspace, freshness: Sequence[dict[str, Any]]) -> tuple[FeedHealth, ...]:
    """What `status` says of freshness, with the deadlines, worst first."""
    limits = deadlines(ws)
    out = []
    for entry in freshness:
        warn, fail, _ = limits.get(entry["feed"], NO_DEADLINE)
        out.append(
            FeedHealth(
                platform=entry["platform"], feed=entry["feed"], account=entry["account"], series=entry.get("series", ""),
                state=entry["state"], as_of=date.fromisoformat(entry["as_of"]) if entry.get("as_of") else None,
                age_days=entry["age_days"], warn_days=warn, fail_days=fail, last_landed_at=entry.get("last_landed_at"),
            )
        )  # fmt: skip
    out += _never(ws, {(f.feed, f.account) for f in out}, limits)
    return tuple(sorted(out, key=lambda f: (ORDER.index(f.state), -f.over_days, f.feed, f.account, f.series)))


def _never(ws: Workspace, known: set[tuple[str, str]], limits: Deadlines) -> list[FeedHealth]:
    """Feeds that the newest run of an account was to bring, and of which nothing has landed yet."""
    newest: dict[tuple[str, str], RunView] = {}
    for run in list_runs(ws, limit=50):
        if run.purpose == "extract" and run.state.ended:
            newest.setdefault((run.platform, run.account), run)
    return [
        FeedHealth(
            platform=platform, feed=feed, account=account, series="", state="never", as_of=None, age_days=None,
            warn_days=limits.get(feed, NO_DEADLINE)[0], fail_days=limits.get(feed, NO_DEADLINE)[1], last_landed_at=None,
        )
        for (platform, account), run in newest.items()
        for feed in run.expected
        if (feed, account) not in known
    ]  # fmt: skip


def _runs(run_days: Sequence[RunDay], took: Sequence[Latency], days: Sequence[date]) -> tuple[PlatformRuns, ...]:
    latency = {one.platform: one for one in took}
    out = []
    for platform in sorted({one.platform for one in run_days}):
        mine = [one for one in run_days if one.platform == platform]
        ended = _series(((d.day, d.done + d.partial + d.failed + d.cancelled) for d in mine), days)
        speed = latency.get(platform)
        out.append(
            PlatformRuns(
                platform=platform, done=sum(d.done for d in mine), partial=sum(d.partial for d in mine),
                failed=sum(d.failed for d in mine), cancelled=sum(d.cancelled for d in mine),
                p50_seconds=speed.p50_seconds if speed else None, p95_seconds=speed.p95_seconds if speed else None,
                daily=tuple(zip(_series(((d.day, d.done) for d in mine), days), ended, strict=True)),
            )
        )  # fmt: skip
    return tuple(out)


def _storage(zones: dict[str, Any], landed: Sequence[Landed]) -> tuple[Storage, ...]:
    grown: dict[str, int] = {}
    for one in landed:
        grown[one.zone] = grown.get(one.zone, 0) + one.size_bytes
    return tuple(
        Storage(zone=zone, files=sums["files"], size_bytes=sums["bytes"], grown_bytes=grown.get(zone, 0))
        for zone, sums in zones.items()
        if zone != "erased"
    )


def _forecast(ws: Workspace, sizes: Sequence[int], first: datetime | None, today: date) -> Forecast:
    """From the bytes of each day, today last and left out since it is not over."""
    free, total = _disk(ws)
    whole = sizes[:-1]
    days = min(len(whole), (today - first.astimezone(UTC).date()).days) if first else 0
    facts: dict[str, Any] = {"free_bytes": free, "total_bytes": total, "days": days}
    if days < LEAST_DAYS:
        return Forecast(**facts, why_not=f"not enough days: {days} of {LEAST_DAYS} whole days since the first file")
    mean, recent = sum(whole[-days:]) / days, sum(whole[-LEAST_DAYS:]) / LEAST_DAYS
    facts |= {"per_day_bytes": mean, "recent_bytes": recent}
    if not max(mean, recent):
        return Forecast(**facts, why_not=f"nothing landed in {days} days")
    return Forecast(**facts, earliest=_full(today, free, max(mean, recent)), latest=_full(today, free, min(mean, recent)))


def _full(today: date, free: int, per_day: float) -> date | None:
    """The day; None beyond ten years, where no forecast is worth its name."""
    days = free / per_day if per_day else float("inf")
    return today + timedelta(days=int(days)) if days < 3653 else None


def _disk(ws: Workspace) -> tuple[int, int]:
    """(free for us, whole) bytes of the home's disk."""
    try:
        found = os.statvfs(ws.home if ws.home.exists() else ws.home.parent)
    except OSError as error:
        raise BedrotError(f"the disk of {ws.home} cannot be asked: {error.strerror}") from error
    return found.f_bavail * found.f_frsize, found.f_blocks * found.f_frsize
