"""Short samples of the campaigns in `benchmarks/`: clean days are not stopped, damaged captures are."""

from __future__ import annotations

import sys
from datetime import date, timedelta
from pathlib import Path

import pytest
from contract_lake import PLATFORMS

sys.path[:0] = [str(Path(__file__).resolve().parents[2] / "benchmarks")]

from clean_year import judge, spread  # noqa: E402
from mutations import campaign  # noqa: E402

TURNS = (date(2025, 12, 30), date(2026, 2, 27))
"""Days where calendars turn: a new year, a new month."""


@pytest.mark.parametrize("platform", PLATFORMS)
def test_clean_days_over_a_turn_of_the_year_are_never_stopped(platform: str) -> None:
    """Four days in a row, over New Year and over a month's end: nothing is failed. The whole year: `benchmarks/clean_year.py`."""
    for start in TURNS:
        for name, line in judge(platform, spread(start, 4)).items():
            assert line.days and not line.failed, (platform, name, line.first)


@pytest.mark.parametrize("seed", [1])
def test_damaged_captures_are_stopped(seed: int) -> None:
    """A drawn sample of mutations over all platforms: none passes; each is failed, or warned of and so kept for a human. The whole campaign: `benchmarks/mutations.py`."""
    counts, missed = campaign(PLATFORMS, 60, seed)
    assert sum(counts.values()) == 60 and not missed, missed


@pytest.mark.long
@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_clean_year_has_no_false_stop(platform: str) -> None:
    """365 simulated days of every feed, judged one after the other: none is stopped."""
    for name, line in judge(platform, spread(date(2025, 6, 1), 365)).items():
        assert line.days and not line.failed, (platform, name, line.first)


@pytest.mark.long
@pytest.mark.parametrize("platform", PLATFORMS)
def test_mixed_up_old_renamed_and_empty_captures_are_stopped(platform: str) -> None:
    """Every feed: what it was three months ago, another account's, a field renamed, all figures nought."""
    counts, missed = campaign([platform], None, 1, ("stale", "other_account", "row_field_renamed", "all_noughts"))
    assert counts and not missed, missed


@pytest.mark.long
def test_two_hundred_mutations_are_all_stopped() -> None:
    """200 seeded mutations of formats: 200 stopped."""
    counts, missed = campaign(PLATFORMS, 200, 2026)
    assert sum(counts.values()) == 200 and not missed, missed


def test_the_sampled_days_hold_the_turns() -> None:
    """The short sample crosses a year and a month."""
    assert all((start + timedelta(days=3)).month != start.month for start in TURNS)
