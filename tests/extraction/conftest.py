"""Two made-up platforms, served on the loopback address, and a home whose runs are real processes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import tiny_process
from extraction_house import TOKEN, House

from bedrot_console.extraction.registry import Registry
from bedrot_console.extraction.simulator import Served, start


@pytest.fixture
def house(home: Path) -> Iterator[House]:
    made = House(home)
    yield made
    for view in made.runs.list_runs():
        if made.runs.get(view.id).alive():
            made.runs.cancel(view.id)


@pytest.fixture
def platforms() -> Registry:
    return Registry(tiny_process.PLATFORMS)


@pytest.fixture
def serve(platforms: Registry) -> Iterator[Callable[..., Served]]:
    """Serve a made-up platform: `serve("tiny")`."""
    running: list[Served] = []

    def begin(name: str, **options: Any) -> Served:
        running.append(start(platforms.simulator(name, **options), control=True))
        return running[-1]

    yield begin
    for served in running:
        served.stop()


@pytest.fixture
def api(house: House, serve: Callable[..., Served]) -> Served:
    """The made-up platform without a browser, served, and its token in the vault."""
    house.store("tinyapi", access_token=TOKEN)
    return serve("tinyapi")
