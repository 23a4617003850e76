"""Whatever is asked in between, every widget learns its size."""

from __future__ import annotations

import asyncio

from textual import events
from textual.app import App, ComposeResult
from textual.screen import Screen
from textual.widget import Widget

from bedrot_console.tui.ground import Ground


class Told(Widget):
    """Remembers the sizes that it was told."""

    def __init__(self) -> None:
        super().__init__()
        self.sizes: list[tuple[int, int]] = []

    def on_resize(self, event: events.Resize) -> None:
        self.sizes.append((event.size.width, event.size.height))


class One(App[None]):
    CSS = "Told { height: 5; }"

    def compose(self) -> ComposeResult:
        yield Told()

    def get_default_screen(self) -> Screen[None]:
        return Ground(id="_default")


def test_a_widget_whose_place_was_asked_for_too_early_is_told_its_size():
    """After a scroll, a question for a place lays out without telling; the layout that follows tells."""

    async def play() -> list[tuple[int, int]]:
        app = One()
        async with app.run_test(size=(60, 20)) as pilot:
            told = app.query_one(Told)
            told.display = False
            await pilot.pause()
            told.sizes.clear()
            told.display = True
            app.screen._clear_arrangement_cache()
            app.screen._compositor._full_map_invalidated = True  # as a scroll leaves it
            assert told in app.screen._compositor.full_map
            await pilot.pause()
            return told.sizes

    assert asyncio.run(play())
