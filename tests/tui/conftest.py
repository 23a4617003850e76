"""Driving the console by keys on a made-up lake, and a real pseudo-terminal for what only bytes can prove."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import pytest
from fake_lake import FakeLake
from textual.pilot import Pilot

from bedrot_console.tui.app import Console


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
