"""Working on a platform's live page: its picture, a crosshair to click with, a hidden line to type, its outline as text."""

from __future__ import annotations

import re

from textual.app import ComposeResult

from ...domain.blocks import Cell, View, picture_cells, view_of
from ...domain.challenges import Look
from ...domain.text import safe
from ..keys import bindings
from ..messages import Drawn, Seen
from ..pictures import BLOCKS, COLOURS, Ability, Picture, pixels_for
from ..widgets.canvas import SEEN_THROUGH, Canvas
from ..widgets.hidden import Hidden
from ..widgets.lines import Piece, wrap
from ..widgets.pane import Pane
from ..widgets.table import Column, ListTable
from .seeing import OVER, Seeing

NEARER = 2.0
NEAREST = 16.0
HALF_PAGE = 450
WHEEL = 120
OTHER_KEYS = (
    "ArrowDown", "ArrowUp", "ArrowLeft", "ArrowRight", "Space", "Escape", "Delete", "Shift+Tab", "Home", "End", "Control+A",
)  # fmt: skip
"""What can be pressed besides the keys that this dialog hands on itself."""
_PLACE = re.compile(r"(\d{1,6}),(\d{1,6})  ")
NO_PLACE = "this line has no place; those that begin with one (345,245) can be clicked"


class Outline(ListTable, can_focus=False):
    """The page as text, a line under the cursor. A line that begins with a place (`345,245`) can be clicked.

    `places` are those of its lines, in pixels of the page.
    """

    def __init__(self) -> None:
        super().__init__((Column("text", 20, flex=1),), id="text", header=False)
        self.places: list[tuple[int, int] | None] = []

    def fill(self, words: str, outline: str) -> None:
        """What is asked, in full, then the outline; the cursor stays where it is, and is on the first place at first."""
        first = not self.places
        asked = [text for pieces in wrap(words, max(20, self.app.size.width - 3)) for text, _ in pieces]
        lines = [*asked, "", *outline.splitlines()]
        found = [_PLACE.match(line) for line in lines]
        self.places = [(int(place[1]), int(place[2])) if place else None for place in found]
        self.set_rows([(n, [(safe(line, 300), "plain")]) for n, line in enumerate(lines)])
        if first:
            self.move_to(next((n for n, place in enumerate(self.places) if place), 0))

    @property
    def place(self) -> tuple[int, int] | None:
        """That of the line under the cursor."""
        return self.places[self.cursor] if self.cursor < len(self.places) else None


class PageModal(Seeing):
    """The crosshair lives in pixels of the page, so that it stays where it is when the picture grows or the window changes."""

    PLACE = "page"
    BINDINGS = bindings("page")
    LOOK_SECONDS = 4.0

    def __init__(self, *given: object) -> None:
        super().__init__(*given)  # type: ignore[arg-type]
        self.look_now: Look | None = None
        self.view: View | None = None
        self.zoom = 1.0
        self.centre: tuple[float, float] | None = None
        self.at: tuple[float, float] | None = None
        self.from_: tuple[int, int] | None = None
        self.as_text = False
        self.did = ""
        self.cells: list[list[Cell]] = []
        self.pixels: Picture | None = None

    def on_mount(self) -> None:
        self.app.learn_ability()  # type: ignore[attr-defined]

    def compose(self) -> ComposeResult:
        yield Pane(id="head")
        yield Canvas(id="canvas")
        text = Outline()
        text.display = False
        yield text
        yield Hidden(self._typed, self._left_typing)
        yield Pane(id="foot")

    # what is seen

    def on_seen(self, message: Seen) -> None:
        message.stop()
        if message.did:  # what was refused stays told until something else is done; the look of every few seconds says nothing
            self.did = message.problem or message.did
        self.message = message.problem or self.did
        if message.look is not None:
            self.look_now = message.look
            if self.at is None:
                self.at = (message.look.width / 2, message.look.height / 2)
            self.query_one(Outline).fill(safe(self.challenge.prompt, 1000), message.look.outline)
        self.tell()
        self._draw()

    def on_resize(self) -> None:
        self.call_after_refresh(self._draw)

    def _draw(self) -> None:
        """Have the picture made as large as the canvas is."""
        look, backend = self.look_now, self.backend
        columns, rows = self.canvas.size
        if look is None or not look.picture or columns < 4 or rows < 2:
            return
        zoom, centre, colours, ability, shown = self.zoom, self.centre, self.many_colours, self.ability, self.pixels
        place = self.canvas.region.offset

        def work() -> Drawn:
            view = view_of(look.width, look.height, columns, rows, zoom=zoom, centre=centre)
            cells = picture_cells(backend.shrunk(look, view), colours=colours)
            if ability.kind == BLOCKS:
                return Drawn(cells, view)
            made = backend.indexed(look, view, *pixels_for(ability, view), COLOURS[ability.kind])
            there = (made, ability, place.x, place.y, view.columns, view.rows)
            same = shown is not None and shown.shows(*there)
            return Drawn(cells, view, shown if same else Picture(*there))

        self.fetch("draw", work)

    def on_drawn(self, message: Drawn) -> None:
        message.stop()
        self.view, self.cells, self.pixels = message.view, message.cells, message.picture
        self._show_picture()
        self._point()

    # pixels, where the terminal has them

    @property
    def ability(self) -> Ability:
        return self.app.ability if self.many_colours else Ability()  # type: ignore[attr-defined]

    def ability_learned(self) -> None:
        """The terminal has said how it draws."""
        self._draw()

    @property
    def picture(self) -> Picture | None:
        """The picture that is to be seen now; the painter asks with every frame."""
        return self.pixels if self.is_current and not self.as_text and self.pixels is not None and self.pixels.whole else None

    def _show_picture(self) -> None:
        """Half blocks, or blanks for the picture to be seen through."""
        through = self.picture is not None
        self.canvas.show([[SEEN_THROUGH] * len(row) for row in self.cells] if through else self.cells)

    def on_screen_suspend(self) -> None:
        """Behind another dialog, half blocks are enough."""
        self.canvas.show(self.cells)

    def on_screen_resume(self) -> None:
        self._show_picture()

    def foot(self) -> list[Piece]:
        at = self.query_one(Outline).place if self.as_text else self.at
        if at is None:
            return super().foot()
        return [(f" {at[0]:.0f},{at[1]:.0f} ", "strong"), *super().foot()]

    # the crosshair

    @property
    def pixel(self) -> tuple[int, int]:
        """The pixel in the middle of the crosshair's cell."""
        assert self.at is not None
        cell = self.view.cell(*self.at) if self.view is not None else None
        return (int(self.at[0]), int(self.at[1])) if cell is None or self.view is None else self.view.pixel(*cell)

    def _point(self) -> None:
        self.canvas.put(self.view.cell(*self.at) if self.view is not None and self.at is not None else None)
        self.query_one("#foot", Pane).show([self.foot()])

    def _move(self, columns: int, rows: int) -> None:
        if self.view is None or self.at is None or self.look_now is None:
            return
        cell = self.view.cell(*self.at)
        if cell is None:
            self.at = (self.view.left + self.view.width / 2, self.view.top + self.view.height / 2)
            cell = self.view.cell(*self.at) or (0, 0)
        column, row = cell[0] + columns, cell[1] + rows
        x = self.view.left + (column + 0.5) * self.view.width / self.view.columns
        y = self.view.top + (row + 0.5) * self.view.height / self.view.rows
        self.at = (min(max(0.0, x), self.look_now.width - 1), min(max(0.0, y), self.look_now.height - 1))
        if self.view.cell(*self.at) is None:  # beyond the edge of a larger picture: go there
            self.centre = self.at
            self._draw()
        self._point()

    def on_virtual_table_moved(self, message: ListTable.Moved) -> None:
        """Another line of the text."""
        message.stop()
        self._point()

    def on_virtual_table_chosen(self, message: ListTable.Chosen) -> None:
        message.stop()
        self.do_click()

    def target(self) -> tuple[int, int] | None:
        """Where a click goes: the crosshair, or in the text the place of the line; None, with a word, where there is none."""
        if not self.as_text:
            return self.pixel if self.at is not None else None
        place = self.query_one(Outline).place
        if place is None:
            self.message = NO_PLACE
            self.tell()
        else:
            self.at = place
        return place

    def on_canvas_pointed(self, message: Canvas.Pointed) -> None:
        """The mouse clicks; pressed here and let go there it drags."""
        message.stop()
        if self.view is None:
            return
        start, end = self._pixel_at(*message.start), self._pixel_at(*message.end)
        if start is None or end is None:
            return
        self.at = end
        self._point()
        if message.start == message.end:
            self._hand({"act": "click", "x": end[0], "y": end[1]}, f"clicked at {end[0]},{end[1]}")
        else:
            self._drag(start, end)

    def _pixel_at(self, x: float, y: float) -> tuple[int, int] | None:
        """The pixel of the page at a place of the canvas; where the mouse only knows cells, in the cell's middle."""
        if self.view is None or not (0 <= x < self.view.columns and 0 <= y < self.view.rows):
            return None
        return self.view.pixel(int(x), int(y)) if x == int(x) and y == int(y) else self.view.point(x, y)

    def on_canvas_wheeled(self, message: Canvas.Wheeled) -> None:
        message.stop()
        self._hand({"act": "scroll", "dy": message.direction * WHEEL}, "scrolled")

    # hands

    def _hand(self, act: dict[str, object], did: str) -> None:
        backend, challenge = self.backend, self.challenge.id
        self.message = "…"
        self.tell()
        self.wish(lambda: backend.hand(challenge, act), did)

    def _drag(self, start: tuple[int, int], end: tuple[int, int]) -> None:
        act = {"act": "drag", "x": start[0], "y": start[1], "to_x": end[0], "to_y": end[1]}
        self._hand(act, f"dragged from {start[0]},{start[1]} to {end[0]},{end[1]}")

    def _typed(self, text: str) -> None:
        if self._ended is None:
            self._hand({"act": "type", "text": text}, "typed")

    def _left_typing(self) -> None:
        self.query_one("#foot").display = True
        self.set_focus(None)
        if self._ended is not None:
            self.over()

    def over(self) -> None:
        """Go; but not while a secret is being typed, or its rest would be keys of the screen below."""
        if self.is_mounted and self.query_one(Hidden).display:
            self._ended = OVER
            self.query_one("#head", Pane).show([[(" it is over: what is typed is dropped; enter or esc closes ", "warning")]])
            return
        super().over()

    def do_click(self) -> None:
        where = self.target()
        if where is not None:
            self._hand({"act": "click", "x": where[0], "y": where[1]}, f"clicked at {where[0]},{where[1]}")

    def do_drag(self) -> None:
        where = self.target()
        if where is None:
            return
        if self.from_ is None:
            self.from_ = where
            self.message = "drag: move the crosshair to where it goes, then d again"
            self.tell()
            return
        start, self.from_ = self.from_, None
        self._drag(start, where)

    def do_type(self) -> None:
        self.query_one("#foot").display = False  # its line is where is typed, so that the picture keeps its place
        self.query_one(Hidden).ask()

    def do_press(self) -> None:
        from .pick import PickModal

        def chosen(key: str | None) -> None:
            if key is not None:
                self._press(key)

        self.app.push_screen(PickModal("Press on the page", [(key, key, "") for key in OTHER_KEYS], enter="press"), chosen)

    def _press(self, key: str) -> None:
        self._hand({"act": "press", "key": key}, f"pressed {key}")

    def do_enter(self) -> None:
        self._press("Enter")

    def do_tab(self) -> None:
        self._press("Tab")

    def do_backspace(self) -> None:
        self._press("Backspace")

    def do_page_up(self) -> None:
        self._scroll(-1)

    def do_page_down(self) -> None:
        self._scroll(1)

    def _scroll(self, direction: int) -> None:
        if self.as_text:
            self.query_one(Outline).page(direction)
        else:
            self._hand({"act": "scroll", "dy": direction * HALF_PAGE}, "scrolled")

    # the picture

    def do_nearer(self) -> None:
        self._zoom(min(NEAREST, self.zoom * NEARER))

    def do_farther(self) -> None:
        self._zoom(max(1.0, self.zoom / NEARER))

    def _zoom(self, zoom: float) -> None:
        self.zoom, self.centre = zoom, self.at
        self._draw()

    def do_outline(self) -> None:
        self.as_text = not self.as_text
        self.query_one(Outline).display = self.as_text
        self.canvas.display = not self.as_text
        self._point()
        if not self.as_text:
            self.call_after_refresh(self._draw)

    def do_up(self) -> None:
        self._step(0, -1)

    def do_down(self) -> None:
        self._step(0, 1)

    def do_left(self) -> None:
        self._step(-1, 0)

    def do_right(self) -> None:
        self._step(1, 0)

    def do_far_up(self) -> None:
        self._step(0, -5)

    def do_far_down(self) -> None:
        self._step(0, 5)

    def do_far_left(self) -> None:
        self._step(-10, 0)

    def do_far_right(self) -> None:
        self._step(10, 0)

    def _step(self, columns: int, rows: int) -> None:
        if self.as_text:
            self.query_one(Outline).move_by(rows)
        else:
            self._move(columns, rows)
