"""Whatever is asked in between, every widget learns its size; and a frame asks widgets for no more than is seen of it."""

from __future__ import annotations

import asyncio

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual._compositor import Compositor
from textual.app import App, ComposeResult
from textual.containers import Container
from textual.geometry import Region
from textual.screen import Screen
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import Static

from bedrot_console.tui.ground import Ground
from bedrot_console.tui.widgets.drawn import Drawn


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


class Lines(Drawn):
    """Draws its own lines, and remembers which."""

    def __init__(self, **settings: str) -> None:
        super().__init__(**settings)
        self.asked: list[int] = []

    def render_line(self, y: int) -> Strip:
        self.asked.append(y)
        style = Style(color="red", dim=True) if y % 2 else None
        return Strip([Segment(f"{self.id} {y} 漢".ljust(self.size.width - 1), style)], self.size.width)


class Bordered(Lines):
    DEFAULT_CSS = "Bordered { border: round red; }"


class Overlapping(App[None]):
    CSS = """
    Screen { layers: below above; }
    #left { width: 40%; height: 9; dock: left; }
    #right { height: 7; }
    #note { layer: above; offset: 13 3; width: 20; height: 4; }
    #outside { layer: above; offset: 52 17; width: 20; height: 8; }
    """

    def compose(self) -> ComposeResult:
        with Container():
            yield Lines(id="left")
            yield Bordered(id="right")
        yield Static("a note\nin two lines", id="note")
        yield Lines(id="outside")

    def get_default_screen(self) -> Screen[None]:
        return Ground(id="_default")


def lines_of(chops: object) -> list[list[tuple[int, str]]]:
    return [[(x, strip.text) for x, strip in line.items()] for line in chops]  # type: ignore[attr-defined]


def test_a_frame_is_textuals_own_and_asks_only_for_lines_that_are_wanted_and_seen():
    """Widgets beside, over and partly outside each other: the same pieces as Textual makes; a changed line costs that line."""

    async def play() -> None:
        app = Overlapping()
        async with app.run_test(size=(60, 20)) as pilot:
            await pilot.pause()
            layout, left = app.screen._compositor, app.query_one("#left", Lines)
            for wanted in ({*range(20)}, {3}, {0, 1, 5, 6, 19}, set()):
                ours = lines_of(_lines(layout._render_chops(app.screen.region, wanted.__contains__), wanted))
                own = lines_of(_lines(Compositor._render_chops(layout, app.screen.region, wanted.__contains__), wanted))
                assert ours == own
            left.asked.clear()
            left.refresh(Region(0, 2, 10, 1))
            await pilot.pause()
            assert left.asked == [2]

    asyncio.run(play())


def _lines(chops: object, wanted: set[int]) -> list[object]:
    return [line for y, line in enumerate(chops) if y in wanted]  # type: ignore[arg-type,var-annotated]


def test_a_widget_that_draws_itself_looks_as_textual_would_draw_it():
    """In the terminal's colours and in those of a theme, whole and in part, with a border and without."""

    async def play(theme: str) -> None:
        app = Overlapping()
        async with app.run_test(size=(60, 20)) as pilot:
            app.theme = theme
            await pilot.pause()
            for widget in app.query(Lines):
                width, height = widget.region.size
                for crop in (Region(0, 0, width, height), Region(0, 1, width, 2), Region(3, 1, width - 9, 2)):
                    ours, own = widget.render_lines(crop), Widget.render_lines(widget, crop)
                    assert [s.text for s in ours] == [s.text for s in own]
                    assert [_styles(s) for s in ours] == [_styles(s) for s in own]

    for theme in ("ansi-dark", "textual-dark"):
        asyncio.run(play(theme))


def _styles(strip: Strip) -> list[Style | None]:
    """The look of each character."""
    return [style or None for text, style, _ in strip for _ in text]
