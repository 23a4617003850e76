"""A workspace on a temporary home with one made-up platform, and captures for it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from bedrot_console.operations.workspace import Workspace
from bedrot_console.settings import Settings

PLATFORMS = Path(__file__).parent / "platforms"
MakePlays = Callable[..., Path]


@pytest.fixture
def open_workspace(home: Path, clock) -> Iterator[Callable[..., Workspace]]:
    """Opens workspaces on the one home: each call is as another process would see it. Their children and connections end with the test."""
    opened: list[Workspace] = []

    def open_one(*, read_only: bool = False) -> Workspace:
        opened.append(Workspace(Settings.load(home, {}), clock=clock, read_only=read_only, extractors=PLATFORMS))
        return opened[-1]

    yield open_one
    for one in opened:
        held = vars(one)
        for name in ("_reader", "catalog", "readers"):
            if name in held:
                held[name].close()


@pytest.fixture
def ws(open_workspace) -> Workspace:
    return open_workspace()


@pytest.fixture
def plays(tmp_path: Path, clock) -> MakePlays:
    """Writes an outside file of made-up plays that end yesterday: `plays(days=10, each=100, drop=(), name="a.json")`."""

    def make(
        *, days: int = 10, each: int = 100, drop: tuple[int, ...] = (), name: str = "plays.json", body: bytes | None = None
    ) -> Path:
        path = tmp_path / name
        if body is None:
            last = clock.now().date() - timedelta(days=1)
            rows = [
                {"day": (last - timedelta(days=n)).isoformat(), "plays": each + n} for n in reversed(range(days)) if n not in drop
            ]
            body = json.dumps({"source": "press", "plays": rows}).encode()
        path.write_bytes(body)
        return path

    return make
