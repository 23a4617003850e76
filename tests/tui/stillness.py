"""A console that tells when it is still, and the line that waits for it: nothing is waited for by the clock.

The question is a key that no place has, the answer a sequence behind every frame that came before it: who has read it has the whole screen.
"""

from __future__ import annotations

import asyncio
import contextlib
import time

from ptyline import Line
from textual import events
from textual.pilot import Pilot
from textual.worker import WorkerError

from bedrot_console.tui.app import Console

QUESTION = "\x1b[57383u"
"""The key F20, as the keyboard protocol says it."""
ANSWER = b"\x1b_bedrot: still\x1b\\"
ROUNDS = 3
"""What an answer brings about, such as a dialog that asks in turn, is still too after so many."""


class StillConsole(Console):
    """The console, which answers QUESTION once every key before it is carried out, no worker runs and no message waits."""

    async def on_event(self, event: events.Event) -> None:
        if isinstance(event, events.Key) and event.key == "f20":
            self._asked = asyncio.create_task(self._answer())
        else:
            await super().on_event(event)

    async def _answer(self) -> None:
        pilot = Pilot(self)
        for _ in range(ROUNDS):
            while list(self.workers):
                with contextlib.suppress(WorkerError):
                    await self.workers.wait_for_complete()
            await pilot._wait_for_screen()
            self.screen._on_timer_update()
        assert self._driver is not None
        self._driver.write(ANSWER.decode())
        self._driver.flush()


class StillLine(Line):
    """A line to a StillConsole. Its answers are no part of the data."""

    def still(self, timeout: float = 60.0) -> str:
        """The screen once the keys sent so far are carried out. Raises TimeoutError with the screen."""
        asked = len(self.data)
        self.send(QUESTION)
        end = time.monotonic() + timeout
        while self.process.poll() is None and time.monotonic() < end:
            self.read(0.01)
            at = self.data.find(ANSWER, max(asked - len(ANSWER), 0))
            if at >= 0:
                self.data = self.data[:at] + self.data[at + len(ANSWER) :]
                return self.screen()
        raise TimeoutError(f"the console did not become still:\n{self.screen()}")
