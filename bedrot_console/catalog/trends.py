"""What happened over the last days, from the published catalog: files landed and runs ended, by day. Aggregates only; no row leaves DuckDB."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .reader import Reader


@dataclass(frozen=True, slots=True)
class Landed:
    """What landed on one day (UTC), by platform and the zone where it lies now. Erased files left no bytes."""

    day: date
    platform: str
    zone: str
    files: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class RunDay:
    """How a platform's runs that began on one day (UTC) ended."""

    day: date
    platform: str
    done: int
    partial: int
    failed: int
    cancelled: int


@dataclass(frozen=True, slots=True)
class Latency:
    """How long a platform's runs took that brought something: median and 95th percentile, in seconds, of `runs` runs."""

    platform: str
    runs: int
    p50_seconds: float
    p95_seconds: float


def _naive(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(tzinfo=None)


def landed(reader: Reader, since: datetime) -> list[Landed]:
    """What landed since then, by day, platform and zone, in that order."""
    found = reader._ask(
        "SELECT landed_at::DATE AS day, platform, zone, count(*), sum(size_bytes)::BIGINT FROM base.files WHERE landed_at >= $1"
        " GROUP BY ALL ORDER BY ALL",
        [_naive(since)],
    )
    return [
        Landed(day, platform, zone, files, 0 if zone == "erased" else size or 0) for day, platform, zone, files, size in found
    ]


def first_landed(reader: Reader) -> datetime | None:
    """When the oldest file landed; None in an empty lake."""
    found = reader._ask("SELECT min(landed_at) FROM base.files")
    return found[0][0].replace(tzinfo=UTC) if found and found[0][0] is not None else None


_EXTRACTED = "FROM base.runs WHERE started_at >= $1 AND ended_at IS NOT NULL AND len(expected) > 0"


def run_days(reader: Reader, since: datetime) -> list[RunDay]:
    """How runs ended that began since then, by day and platform. Checks of logins bring nothing and do not count."""
    states = ", ".join(f"count(*) FILTER (state = '{state}')" for state in ("done", "partial", "failed", "cancelled"))
    found = reader._ask(
        f"SELECT started_at::DATE AS day, platform, {states} {_EXTRACTED} GROUP BY ALL ORDER BY ALL", [_naive(since)]
    )
    return [RunDay(*values) for values in found]


def latencies(reader: Reader, since: datetime) -> list[Latency]:
    """How long runs took that began since then and ended done or partial, by platform."""
    found = reader._ask(
        "SELECT platform, count(*), quantile_cont(seconds, 0.5), quantile_cont(seconds, 0.95) FROM"
        f" (SELECT platform, epoch(ended_at - started_at) AS seconds {_EXTRACTED} AND state IN ('done', 'partial')) GROUP BY 1 ORDER BY 1",
        [_naive(since)],
    )
    return [Latency(platform, runs, p50, p95) for platform, runs, p50, p95 in found]
