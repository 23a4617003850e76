"""Good captures, damaged in one way each: what the rules do about them. One that passes is a miss.

    python benchmarks/mutations.py [--platform P]... [--count 200] [--seed 1] [--all]

Every feed's capture of a simulated day is damaged by a drawn mutator and judged against the two good days before it. `failed` stops the
file; `warned` keeps it from whatever promotes by itself and shows it to a human. Prints each miss with what was done, and the counts by
mutator. Ends with 1 if anything passed. `--all` tries every mutator on every feed instead of a draw.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent / "tests" / "contract"), str(HERE)]

import row_mutators  # noqa: E402, F401  (its ways stand in MUTATORS once it is loaded)
from clean_year import REGISTRY, Brought, Relatives, brought, desk_of, neighbours  # noqa: E402
from contract_desk import Desk  # noqa: E402
from mutators import MUTATORS, Case, same  # noqa: E402

from bedrot_console.domain.findings import Report  # noqa: E402
from bedrot_console.domain.lifecycle import Verdict  # noqa: E402

DAY = date(2026, 2, 20)
STALE_DAYS = 90

OTHERS = {
    "distrokid": "app-code", "linktree": "app-code", "spotify": "plain", "tiktok": "harbour", "toolost": "no-code", "youtube": "label",
}  # fmt: skip
"""Whose captures may be mixed up with those of `default`, where the feeds are the same."""


@dataclass
class Setting:
    """A case, the desk that has seen the days before, and what else the checks may look at."""

    case: Case
    desk: Desk
    at: datetime
    beside: dict[str, bytes]
    kin: list[bytes]

    def report(self, body: bytes) -> Report:
        return self.desk.report(body, self.at, keep=False, siblings=self.beside, kin=self.kin, **self.case.one.fields)


def cases(platform: str, seed: int, folder: Path) -> list[Setting]:
    """The captures of DAY, each with a desk that has seen the two days before; and, where the data has no day, the one long ago."""
    feeds = REGISTRY.load(platform).feeds
    long_ago = DAY - timedelta(days=STALE_DAYS)
    older = {b.name: b.body for _, all_ in brought(platform, [long_ago], "default", folder) for b in all_}
    foreign = [b for _, all_ in brought(platform, [DAY], OTHERS[platform], folder) for b in all_] if platform in OTHERS else []
    desks: dict[str, Desk] = {}
    relatives = Relatives(platform)
    found = []
    for at, everything in brought(platform, [DAY - timedelta(days=2), DAY - timedelta(days=1), DAY], "default", folder):
        for one in everything:
            beside, feed = neighbours(platform, one, everything), feeds[one.attribute]
            if one.name not in desks:
                desks[one.name] = desk_of(platform, one, folder)
                if feed.day is None and one.name in older:
                    desks[one.name].report(older[one.name], at - timedelta(days=STALE_DAYS), **one.fields)
            if at.date() != DAY:
                desks[one.name].report(one.body, at, siblings=beside, kin=relatives.of(one), **one.fields)
                continue
            others = [o for o in everything if o is not one]
            stranger = next((o.body for o in foreign if o.attribute == one.attribute and _period(o) == _period(one)), None)
            case = Case(
                platform, one, feed, others, older.get(one.name), stranger, random.Random(f"{seed} {platform} {one.name}")
            )
            found.append(Setting(case, desks[one.name], at, beside, relatives.of(one)))
        for one in everything:
            relatives.add(one)
    return found


def _period(one: Brought) -> str:
    """What is behind the artist in a series; the whole series where there is none."""
    series = one.name.partition(":")[2]
    return series.partition("_")[2] if "_" in series or len(series) == 22 else series


def campaign(
    platforms: list[str], count: int | None, seed: int, names: Iterable[str] = tuple(MUTATORS)
) -> tuple[Counter[tuple[str, str]], list[str]]:
    """Damage and judge.

    Args:
        count: how many mutations are drawn; None: each mutator once on each capture.
        names: of the mutators to use.

    Returns:
        (mutator, verdict) -> how often; and a sentence for each mutation that passed.
    """
    counts: Counter[tuple[str, str]] = Counter()
    missed: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        every = [item for platform in platforms for item in cases(platform, seed, Path(folder))]
        draw = random.Random(seed)
        plan = [(item, name) for item in every for name in names]
        if count is not None:
            draw.shuffle(plan)
        done = 0
        for setting, name in plan:
            if count is not None and done >= count:
                break
            case = setting.case
            body = MUTATORS[name](case)
            if body is None or same(body, case.one.body):
                continue
            report = setting.report(body)
            counts[name, report.verdict.value] += 1
            done += 1
            if report.verdict is Verdict.PASSED:
                missed.append(f"{case.platform}/{case.one.name} with {name} passed")
    return counts, missed


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--platform", action="append")
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--all", action="store_true")
    asked = parser.parse_args()
    counts, missed = campaign(asked.platform or REGISTRY.simulated(), None if asked.all else asked.count, asked.seed)
    for name in MUTATORS:
        row = {v: counts[name, v] for v in ("failed", "warned", "passed")}
        if sum(row.values()):
            print(f"{name:<24} failed {row['failed']:3d}  warned {row['warned']:3d}  passed {row['passed']:3d}")
    print(*missed, sep="\n")
    total = sum(counts.values())
    stopped = sum(n for (_, verdict), n in counts.items() if verdict != "passed")
    print(
        f"{total} mutations, {stopped} stopped ({sum(n for (_, v), n in counts.items() if v == 'failed')} failed), {len(missed)} missed"
    )
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
