"""Keys in order. Over a slow line several keys arrive at once, and each must find the screen that the one before it made.

Textual hands a key to the widget that has the focus now and carries out bindings later, so that of `a123456` the digits would reach
the table. Here a key is carried out whole, in the app, before the next one is looked at; a screen that is still being made is waited for.
"""

from __future__ import annotations

import asyncio
from typing import Any

from textual import events
from textual.command import CommandPalette

PATIENCE_SECONDS = 2.0


class TypeAhead:
    """Mixed into the app, before Textual's App."""

    async def on_event(self, event: events.Event) -> None:
        if not isinstance(event, (events.Key, events.Paste)) or event.is_forwarded:
            await super().on_event(event)  # type: ignore[misc]
            return
        await self._ready()
        app: Any = self
        if isinstance(app.screen, CommandPalette):
            await super().on_event(event)  # type: ignore[misc]
            return
        key = event.key if isinstance(event, events.Key) else None
        if key is not None and await app._check_bindings(key, priority=True):
            return
        target = app.focused or app.screen
        event._set_forwarded()
        event.stop()
        with target._context():
            await target._dispatch_message(event)
        if key is not None and not event._no_default_action:
            await app._check_bindings(key)

    async def _ready(self) -> None:
        """Wait until the screen and the place on it that the last key asked for are there."""
        app: Any = self
        for node in (app.screen, app.arriving):
            if node is not None and not node.is_mounted:
                try:
                    await asyncio.wait_for(node._mounted_event.wait(), PATIENCE_SECONDS)
                except TimeoutError:
                    return
        if app.arriving is not None:
            app.arrive()
