"""Zones on a real folder with a real journal."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(Path(__file__).parent), str(ROOT / "benchmarks")]

from zones_lake import Lake  # noqa: E402


@pytest.fixture
def lake(home: Path, clock) -> Lake:
    return Lake(home, clock)
