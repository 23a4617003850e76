"""Driving the console by keys on a made-up lake, and a real pseudo-terminal for what only bytes can prove."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

import pytest
import textual.app
import textual.pilot
from fake_lake import FakeLake
from ptyline import Line
from textual.pilot import Pilot

from bedrot_console.tui.app import Console

SOON_SECONDS = 0.02
"""A timer that fires within this belongs to what is waited for."""


async def nothing_to_do(min_sleep: float = 0.0, max_sleep: float = 1.0) -> None:
    """Until the event loop has nothing to run and no timer is about to fire.

    In place of Textual's own wait: that one sleeps 20 ms at least, six times for a key, and up to a second while another thread computes.
    """
    loop: Any = asyncio.get_running_loop()
    begun = loop.time()
    while loop.time() < begun + max_sleep:
        await asyncio.sleep(0)
        if loop._ready:
            continue
        due = min((handle.when() for handle in loop._scheduled if not handle.cancelled()), default=begun + max_sleep)
        if due > begun + SOON_SECONDS:
            return
        await asyncio.sleep(max(0.0, due - loop.time()))


@pytest.fixture(autouse=True, scope="session")
def no_sleeping() -> Iterator[None]:
    """Keys are pressed as fast as the console is done with them."""
    with pytest.MonkeyPatch.context() as patch:
        for module in (textual.app, textual.pilot):
            patch.setattr(module, "wait_for_idle", nothing_to_do)
        yield


class Driver:
    """A console under test: keys in, text out."""

    def __init__(self, app: Console, pilot: Pilot[int]) -> None:
        self.app = app
        self.pilot = pilot

    async def settle(self) -> None:
        """Until no worker runs and no message waits."""
        for _ in range(4):
            await self.app.workers.wait_for_complete()
            await self.pilot.pause()

    async def press(self, *keys: str) -> None:
        for key in keys:
            await self.pilot.press(key)
            await self.settle()

    async def type(self, text: str) -> None:
        await self.press(*("space" if c == " " else c for c in text))

    async def beat(self) -> None:
        """A second passes."""
        self.app.beat()
        await self.settle()

    @property
    def screen(self) -> str:
        """What is on the screen."""
        return "\n".join(strip.text.rstrip() for strip in self.app.screen._compositor.render_strips())

    @property
    def notice(self) -> str:
        return self.app.screen_stack[0].query_one("NoticeLine").text  # type: ignore[attr-defined]


Scenario = Callable[[Driver], Awaitable[None]]


@pytest.fixture
def drive() -> Callable[..., None]:
    """`drive(lake, scenario, size, memory)`: run the console on the lake, as it was left, and let the scenario press keys."""

    def run(
        lake: FakeLake, scenario: Scenario, size: tuple[int, int] = (80, 24), memory: Mapping[str, object] | None = None
    ) -> None:
        async def go() -> None:
            app = Console(lake, pulse_seconds=3600, memory=memory)
            async with app.run_test(size=size) as pilot:
                driver = Driver(app, pilot)
                await driver.settle()
                await scenario(driver)

        asyncio.run(go())

    return run


@pytest.fixture
def lines() -> Iterator[list[Line]]:
    """Lines opened in a test; closed after it."""
    opened: list[Line] = []
    yield opened
    for line in opened:
        line.close()
