"""Made-up Linktree answers for tests: the stand-in's bytes of a simulated day, whole, bent, or mutated."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from contract_desk import Desk, noon

from bedrot_console.domain.findings import Report
from extractors.linktree.simulated import graph, world
from extractors.linktree.simulator import LinktreeSimulator

DAY = date(2026, 3, 2)
MEMBER = world.MEMBERS[0]
Document = dict[str, Any]


class Noon:
    """A clock that stands at noon of DAY; the simulator moves its own days."""

    def now(self) -> datetime:
        return noon(DAY)

    def monotonic(self) -> float:
        return 0.0

    def sleep(self, seconds: float) -> None:
        return


def simulator() -> LinktreeSimulator:
    return LinktreeSimulator(clock=Noon())


def answer(day: date = DAY, *, days: int = 365, kind: str = "overview", member: world.Member = MEMBER) -> Document:
    """The overview or audience as the platform shows it on a day."""
    rows = world.days(member, day - timedelta(days=days - 1), day, day)
    return json.loads(graph.wire(graph.overview(rows) if kind == "overview" else graph.audience(member, rows, day)))


def inner(document: Document) -> Document:
    return document["data"]["getAccountAnalytics"]


def series(document: Document) -> list[Document]:
    return inner(document)["overview"]["timeseries"]


def resum(document: Document) -> Document:
    """Totals and rates anew, so that a changed day is not betrayed by them."""
    overview = inner(document)["overview"]
    for row in overview["timeseries"]:
        row["clickThroughRate"] = world.rate(row["totalClicks"], row["totalViews"])
    overview["totalViews"], overview["totalClicks"] = world.totals(overview["timeseries"])
    overview["clickThroughRate"] = world.rate(overview["totalClicks"], overview["totalViews"])
    return document


def asked(days: int = 365, day: date = DAY, **more: str) -> dict[str, str]:
    """What the run says it asked for."""
    first = day - timedelta(days=days - 1)
    return {"days": str(days), "wanted": str(days), "from": first.isoformat(), "to": day.isoformat()} | more


def judged(
    document: Document | bytes, folder: Path, *, kind: str = "overview", captured: datetime | None = None, **values: Any
) -> Report:
    """The report of one answer with nothing before it."""
    body = document if isinstance(document, bytes) else graph.wire(document)
    return Desk(f"linktree/{kind}", folder).report(body, captured or noon(DAY), keep=False, **values)


def after(before: Document, now: Document, folder: Path, *, kind: str = "overview", **values: Any) -> Report:
    """The report of an answer on DAY, a good one of the day before being there."""
    desk = Desk(f"linktree/{kind}", folder)
    first = desk.report(graph.wire(before), noon(DAY - timedelta(days=1)))
    assert first.verdict.value != "failed", first.findings
    return desk.report(graph.wire(now), noon(DAY), keep=False, **values)


def changed(document: Document, change: Callable[[Document], Any]) -> Document:
    """A copy, changed."""
    copy = json.loads(json.dumps(document))
    change(copy)
    return copy
