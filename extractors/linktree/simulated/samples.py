"""The samples of this platform, made by the stand-in for one simulated day, and what was asked for each."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from ..simulator import LinktreeSimulator
from . import graph, site, world

SAMPLED = date(2026, 3, 2)
OVERVIEW_DAYS = 90
"""Samples hold a quarter, so that they stay small; one holds the year."""


def _asked(days: int, **more: str) -> dict[str, Any]:
    first = SAMPLED - timedelta(days=days - 1)
    request = {"days": str(days), "wanted": str(days), "from": first.isoformat(), "to": SAMPLED.isoformat()} | more
    return {"series": f"{days}d", "request": request}


def _views(days: int) -> str:
    first = SAMPLED - timedelta(days=days - 1)
    return str(world.totals(world.days(world.MEMBERS[0], first, SAMPLED, SAMPLED))[0])


PROVENANCE: dict[str, dict[str, Any]] = {
    "overview": _asked(OVERVIEW_DAYS, operation=graph.OVERVIEW),
    "overview/ok-year.json": _asked(365, operation=graph.OVERVIEW),
    "overview/ok-one-week.json": _asked(7, operation=graph.OVERVIEW),
    "overview/ok-new-profile.json": _asked(365, operation=graph.OVERVIEW),
    "overview/week-for-year.json": _asked(365, operation=graph.OVERVIEW),
    "overview/plan-limit.json": _asked(OVERVIEW_DAYS, operation=graph.OVERVIEW, wanted="365"),
    "audience": _asked(365, operation=graph.AUDIENCE, views=_views(365)),
    "audience/week-for-year.json": _asked(365, operation=graph.AUDIENCE, views=_views(365)),
}


class _Still:
    """The sampled day at noon."""

    def now(self) -> datetime:
        return datetime.combine(SAMPLED, time(12), UTC)

    def monotonic(self) -> float:
        return 0.0

    def sleep(self, seconds: float) -> None:
        return


@contextmanager
def _with(simulator: LinktreeSimulator, *faults: str) -> Iterator[LinktreeSimulator]:
    simulator.set_faults(faults)
    yield simulator
    simulator.set_faults(())


def made() -> dict[str, bytes]:
    """Every sample by `feed/name.json`."""
    simulator = LinktreeSimulator(clock=_Still())
    member = world.MEMBERS[0]

    def bent(*faults: str, operation: str = graph.OVERVIEW, days: int = OVERVIEW_DAYS) -> bytes:
        with _with(simulator, *faults):
            return simulator.body(member, operation, days)

    quarter = bent()
    found = {
        "overview/ok-quarter": quarter, "overview/ok-year": bent(days=365), "overview/ok-one-week": bent(days=7),
        "overview/ok-new-profile": simulator.body(world.MEMBERS[1], graph.OVERVIEW, 365), "overview/plan-limit": quarter,
        "overview/week-for-year": bent("short_answer", days=365), "overview/schema-drift": bent("schema_drift"),
        "overview/counting-stopped": bent("counting_stopped"), "overview/all-zero": bent("empty_data"), "overview/stale": bent("stale"),
        "overview/day-missing": bent("missing_day"), "overview/wrong-totals": bent("wrong_totals"),
        "overview/percent-rates": bent("percent_rates"), "overview/field-missing": bent("missing_field"),
        "overview/e-mail-inside": bent("email_in_answer"), "overview/series-of-links": bent("only_timeseries"),
        "overview/subscribers": bent(operation=graph.SUBSCRIBERS), "overview/wallet": graph.wire(graph.other(member, "WalletSummary")),
        "overview/is-audience": bent(operation=graph.AUDIENCE), "overview/error-body": graph.errors("Internal server error", "INTERNAL_SERVER_ERROR"),
        "overview/sign-in-page": site.password_page("made-up-state").encode(), "overview/broken-off": quarter[: len(quarter) * 2 // 3],
        "audience/ok-year": bent(operation=graph.AUDIENCE, days=365), "audience/week-for-year": bent(operation=graph.AUDIENCE, days=7),
        "audience/is-overview": quarter, "audience/error-body": graph.errors("Too many requests", "RATE_LIMITED"),
        "audience/account": graph.wire(graph.other(member, "AccountDetails")),
        "audience/broken-off": bent(operation=graph.AUDIENCE, days=365)[:4000],
    }  # fmt: skip
    return {f"{name}.json": body for name, body in found.items()}
