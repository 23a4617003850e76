"""Whole verbs, killed at system calls: the disk holds, and the catalog equals the disk. A sample of `benchmarks/verb_sweep.py`."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
sys.path.insert(0, str(BENCHMARKS))

import verb_sweep  # noqa: E402
from crash_sweep import available, sweep  # noqa: E402


@pytest.mark.skipif(not available(), reason="needs strace and the right to trace")
@pytest.mark.parametrize("verb", ["verb-land", "verb-validate", "verb-promote"])
def test_a_verb_killed_at_any_system_call_loses_nothing_and_the_catalog_equals_the_disk(verb: str, tmp_path: Path) -> None:
    """Acknowledged files and verdicts survive, none is half visible, and overlay, published and rebuilt catalog tell what lies on disk."""
    found = sweep([verb], ("kill",), sample=4, seed=11, folder=tmp_path)
    assert found.points == 4 and found.points > found.not_reached
    assert not found.bad


@pytest.mark.long
@pytest.mark.skipif(not available(), reason="needs strace and the right to trace")
def test_every_verb_killed_at_many_system_calls(tmp_path: Path) -> None:
    """The same for every verb, at 150 points each."""
    for verb in sorted(verb_sweep.SCENARIOS):
        assert not sweep([verb], ("kill",), sample=150, seed=5, folder=tmp_path).bad
