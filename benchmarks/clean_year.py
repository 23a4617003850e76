"""A year of clean days per platform: what the rules say about good data. Every day that is stopped is a false stop.

    python benchmarks/clean_year.py [--platform P]... [--days 365] [--start 2025-06-01] [--account A]

For each simulated day, what a run of that day brings (`Simulator.payloads`, or a real run where the platform is an API) is judged by its
feed against the good captures of the days before, with its neighbours of the same run beside it. Prints a line per feed: days, failed,
warned with their codes, and the median time of one inspection. Ends with 1 if any day was failed.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent / "tests" / "contract")]

from contract_bench import Bench  # noqa: E402
from contract_desk import Desk  # noqa: E402

from bedrot_console.domain.feeds import MOST_KIN  # noqa: E402
from bedrot_console.domain.files import Capture  # noqa: E402
from bedrot_console.domain.findings import Severity  # noqa: E402
from bedrot_console.domain.lifecycle import Verdict  # noqa: E402
from bedrot_console.extraction.registry import Registry  # noqa: E402
from bedrot_console.extraction.simulator import Simulator, serve  # noqa: E402
from bedrot_console.zones.masks import Masker  # noqa: E402

REGISTRY = Registry()
NOON = timedelta(hours=9, minutes=30)


class Calendar:
    """A clock that is set to each day's morning."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.at.timestamp()

    def sleep(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


@dataclass
class Brought:
    """One capture as the rules see it: payload, and the fields of its sidecar that matter."""

    name: str
    body: bytes
    fields: dict[str, Any]

    @property
    def attribute(self) -> str:
        return self.name.partition(":")[0]


def brought(platform: str, days: list[date], account: str, folder: Path) -> Iterator[tuple[datetime, list[Brought]]]:
    """For each day, in order: the moment, and what a run of then brings."""
    clock = Calendar(datetime.combine(days[0], datetime.min.time(), UTC) + NOON)
    simulator = REGISTRY.simulator(platform, clock=clock)
    with ExitStack() as stack:
        bench = None
        if REGISTRY.load(platform).method == "api":
            bench = Bench(stack.enter_context(serve(simulator)), folder, clock)
        for day in days:
            clock.at = datetime.combine(day, datetime.min.time(), UTC) + NOON
            if bench is None:
                yield clock.at, served(simulator, account)
                continue
            ran = bench.run(account=account, attended=False)
            if ran.error is not None or ran.failed:
                raise RuntimeError(f"{platform} on {day}: {ran.error or ran.failed}")
            yield clock.at, [
                Brought(
                    n, masked(ran.bodies[n], c),
                    {"account": account, "series": c.series, "request": dict(c.request), "received_name": c.received_name},
                )
                for n, c in ran.captures.items()
            ]  # fmt: skip
            simulator.log.clear()


def served(simulator: Simulator, account: str) -> list[Brought]:
    """What a run brings on the simulator's day, without walking there. Its faults count."""
    known = simulator.provenance(account)
    return [
        Brought(n, b, {"account": account, "series": n.partition(":")[2], "received_name": None, **known.get(n, {})})
        for n, b in simulator.payloads(account).items()
    ]


def masked(body: bytes, capture: Capture) -> bytes:
    """The bytes as they would land: the run's own credentials, where the platform echoes them, overwritten."""
    masker = Masker(capture.echoes)
    return masker.feed(body) + masker.finish() if capture.echoes else body


@dataclass
class Line:
    """What was said about one feed (and series) over the days."""

    days: int = 0
    failed: Counter[str] = field(default_factory=Counter)
    warned: Counter[str] = field(default_factory=Counter)
    first: dict[str, str] = field(default_factory=dict)
    seconds: list[float] = field(default_factory=list)


def neighbours(platform: str, one: Brought, everything: list[Brought]) -> dict[str, bytes]:
    """Payloads of the same declared set, as `Desk` names them."""
    feeds = REGISTRY.load(platform).feeds
    mine = feeds[one.attribute].set_name
    if mine is None:
        return {}
    found = {}
    for other in everything:
        if other is not one and feeds[other.attribute].set_name == mine:
            series = other.fields.get("series")
            found[f"{platform}/{other.attribute}" + (f":{series}" if series else "")] = other.body
    return found


class Relatives:
    """The newest capture of each series of the runs before, for feeds that look at their kin."""

    def __init__(self, platform: str) -> None:
        self._feeds = REGISTRY.load(platform).feeds
        self._newest: dict[str, bytes] = {}

    def of(self, one: Brought) -> list[bytes]:
        """Those of the other series of a capture's feed, newest first."""
        if not self._feeds[one.attribute].options.get("kin"):
            return []
        found = [body for name, body in self._newest.items() if name != one.name and name.partition(":")[0] == one.attribute]
        return found[: -MOST_KIN - 1 : -1]

    def add(self, one: Brought) -> None:
        self._newest.pop(one.name, None)
        self._newest[one.name] = one.body


def desk_of(platform: str, one: Brought, folder: Path) -> Desk:
    """A desk for one feed and series, with a place of its own."""
    own = Path(tempfile.mkdtemp(dir=folder))
    return Desk(f"{platform}/{one.attribute}", own)


def judge(platform: str, days: list[date], account: str = "default") -> dict[str, Line]:
    """Judge every day; a good capture is the past of the next. Keys are names as in `Simulator.payloads`."""
    lines: dict[str, Line] = {}
    with tempfile.TemporaryDirectory() as folder:
        desks: dict[str, Desk] = {}
        relatives = Relatives(platform)
        for at, everything in brought(platform, days, account, Path(folder)):
            good: list[Brought] = []
            for one in everything:
                desk = desks.get(one.name) or desks.setdefault(one.name, desk_of(platform, one, Path(folder)))
                line = lines.setdefault(one.name, Line())
                begun = time.perf_counter()
                beside = neighbours(platform, one, everything)
                report = desk.report(one.body, at, siblings=beside, kin=relatives.of(one), **one.fields)
                if report.verdict is not Verdict.FAILED:
                    good.append(one)
                line.seconds.append(time.perf_counter() - begun)
                line.days += 1
                for finding in report.findings:
                    if finding.severity is Severity.NOTE:
                        continue
                    counts = line.failed if report.verdict is Verdict.FAILED else line.warned
                    counts[finding.code] += 1
                    line.first.setdefault(finding.code, f"{at:%Y-%m-%d}: {finding.message} ({finding.seen})")
            for one in good:
                relatives.add(one)
    return lines


def spread(start: date, count: int) -> list[date]:
    """`count` days from `start` on."""
    return [start + timedelta(days=n) for n in range(count)]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--platform", action="append")
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--start", type=date.fromisoformat, default=date(2025, 6, 1))
    parser.add_argument("--account", default="default")
    asked = parser.parse_args()
    stopped = 0
    for platform in asked.platform or REGISTRY.simulated():
        lines = judge(platform, spread(asked.start, asked.days), asked.account)
        for name, line in sorted(lines.items()):
            failed = sum(line.failed.values())
            stopped += failed
            print(
                f"{platform + '/' + name:<44} {line.days:4d} days, failed {failed:3d}, warned {sum(line.warned.values()):3d}, "
                f"median {statistics.median(line.seconds) * 1000:6.1f} ms",
                flush=True,
            )
            for code, count in [*line.failed.items(), *line.warned.items()]:
                print(f"    {code} x {count}, first {line.first[code]}")
    print(f"false stops: {stopped}")
    return 1 if stopped else 0


if __name__ == "__main__":
    sys.exit(main())
