"""What tests of the YouTube extractor share: the stand-in being served, a run against it, and reports of what it brought."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from contract_bench import Bench, Result
from contract_desk import Desk

from bedrot_console.domain.findings import Report
from bedrot_console.domain.lifecycle import Verdict
from bedrot_console.extraction.simulator import serve
from extractors.youtube import queries
from extractors.youtube.simulated.world import CHANNELS, Channel, pacific_day
from extractors.youtube.simulator import YouTubeSimulator

SHARED = Path(__file__).resolve().parents[3] / "shared" / "samples" / "youtube"
REPORTS = ("daily", "top_videos", "traffic", "countries", "demographics", "devices")
ALWAYS = ("channel", "playlist", "videos", *REPORTS)
ALL = (*ALWAYS, "revenue")
BUSY, SMALL, BRAND, NEWCOMER = CHANNELS


@contextmanager
def bench_of(folder: Path, clock: Any, *faults: str, **options: Any) -> Iterator[Bench]:
    """A served stand-in with faults, and a bench that runs the extractor against it."""
    with serve(YouTubeSimulator(clock=clock, faults=faults)) as served:
        yield Bench(served, folder, clock, **options)


def brought(
    folder: Path, clock: Any, *faults: str, account: str = "default", feeds: tuple[str, ...] = (), **options: Any
) -> Result:
    """One run of an account against a stand-in with faults."""
    with bench_of(folder, clock, *faults, **options) as bench:
        return bench.run(account=account, feeds=feeds)


def asked(feed: str, clock: Any, channel: Channel = BUSY, **more: str) -> dict[str, str]:
    """What the sidecar of a report says was asked of a channel on the clock's day."""
    report = queries.BY_NAME[feed]
    span = queries.window(pacific_day(clock.now()), queries.MONEY_DAYS if report.money else queries.DAYS)
    return {"channel": channel.id, "uploads": "9", **report.params(channel.id, *span), **more}


def report_of(
    feed: str, data: bytes, clock: Any, request: Mapping[str, str] | None = None, *, before: bytes | None = None,
    before_request: Mapping[str, str] | None = None, **values: Any,
) -> Report:  # fmt: skip
    """What inspection says about a payload, captured now, after `before` as the last good one."""
    with tempfile.TemporaryDirectory() as folder:
        desk = Desk(f"youtube/{feed}", Path(folder))
        if before is not None:
            good = desk.report(before, clock.now(), request=dict(before_request or request or {}))
            assert good.verdict is not Verdict.FAILED, "what came before must be good"
        return desk.report(data, clock.now(), keep=False, request=dict(request or {}), **values)
