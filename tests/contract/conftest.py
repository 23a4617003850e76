"""A lake per test, one Chromium per process, and after every test: no secret anywhere, nothing half-visible."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from contract_lake import REGISTRY, Lake, kept_browser

from bedrot_console.inspection.pool import Readers

HERE = Path(__file__).resolve().parent


@pytest.fixture(scope="session")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where all homes of this process lie."""
    return tmp_path_factory.getbasetemp()


@pytest.fixture(scope="module")
def one_browser(ground: Path) -> Iterator[None]:
    """One Chromium for the runs of a module. Not longer: its driver keeps an event loop in this thread, and other tests bring their own."""
    folder = ground / "browser"
    folder.mkdir(exist_ok=True)
    with kept_browser(folder):
        yield


@pytest.fixture(scope="session")
def readers(ground: Path) -> Iterator[Readers]:
    """The limited children that read payloads, for all lakes of this process: they may read below the folder of all homes."""
    command = [sys.executable, str(HERE / "contract_reader.py"), str(REGISTRY.folder), str(ground)]
    with contextlib.closing(Readers(command)) as kept:
        yield kept


@pytest.fixture
def open_lake(home: Path, clock: Any, one_browser: None, readers: Readers) -> Iterator[Callable[..., Lake]]:
    """Opens the lake of a platform. When the test is over, whatever it did, its home must hold no secret in clear."""
    made: list[Lake] = []

    def open_one(platform: str, *, at: Any = None, **options: Any) -> Lake:
        made.append(Lake(platform, home, at or clock, readers=readers, **options))
        return made[-1]

    yield open_one
    for lake in made:
        lake.close()
    for lake in made:
        assert not lake.problems, lake.problems
        assert not lake.leaks()
        assert not list(lake.ws.settings.landing.rglob(".staging/*")), "nothing half-made stays"
