"""The payload of a file in a pane: text, tree, table, picture or list of members; of any size, since only the window is known.

Asks for windows by the message `Asked`; whoever answers calls `take`. Holds what is near the view, and forgets the rest.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import Any

from textual import events
from textual.message import Message
from textual.strip import Strip

from ...domain.blocks import Cell, Raster, picture_cells
from ...domain.excerpts import Excerpt, Wish
from ...domain.findings import Place
from ...domain.text import safe
from .canvas import cells_strip
from .drawn import Drawn
from .lines import Line, strip_of
from .outline import Outline
from .payloadhead import head_lines
from .payloadlines import Grid, member_line, node_line, text_line

WINDOW = 200
KEPT = 1200
NEAR = 30


class PayloadPane(Drawn):
    """One payload, or a member of it."""

    DEFAULT_CSS = "PayloadPane { height: 1fr; width: 1fr; }"

    @dataclass
    class Asked(Message):
        """A window is wished for; `how` tells what its answer does: `new`, `after`, `before`, `branch`, `auto`. `turn` numbers the content."""

        wish: Wish
        how: str
        turn: int

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.active = False
        self.turn = 0
        self._strips: dict[tuple[int, int, int], Strip] = {}
        self._head_of: tuple[object, ...] = ()
        self._head_now: list[Line] = []
        self.clear()

    def clear(self) -> None:
        """No payload."""
        self.turn += 1
        self.excerpt: Excerpt | None = None
        self.member: tuple[int, ...] = ()
        self.form = ""
        self.entries: list[Any] = []
        self.outline: Outline | None = None
        self.grid: Grid | None = None
        self.picture: list[list[Cell]] = []
        self.top = self.cursor = self.shift = 0
        self.before = self.after = False
        self.pending = ""
        self.words = ""
        self.hit: Excerpt | None = None
        self.said = ""
        self._asking = False
        self._strips.clear()
        self.refresh()

    # asking

    def ask(self, wish: Wish, how: str = "new") -> None:
        wish = replace(wish, member=self.member, columns=max(20, self.size.width - 2), lines=2 * max(4, self.view_height))
        if how in ("new", "auto") and not wish.form:
            wish = replace(wish, form=self.form)
        self._asking = True
        if how == "new":
            self.turn += 1
            self.pending = {"find": "searching… esc stops", "place": "looking for it… esc stops"}.get(
                wish.act, "loading… esc stops"
            )
        self.refresh()
        self.post_message(self.Asked(wish, how, self.turn))

    def open(self, member: tuple[int, ...] = ()) -> None:
        """Show a payload from its beginning."""
        self.clear()
        self.member = member
        self.ask(Wish(limit=WINDOW))

    def go_to(self, place: Place) -> None:
        """Show the place of a finding."""
        self.member = ()
        self.ask(Wish(act="place", place=place, limit=WINDOW))

    def go_to_row(self, row: int) -> None:
        """Show a row by its number; in a tree what lies at that row."""
        self.go_to(Place(row=row)) if self.outline is not None else self.ask(Wish(row=row, limit=WINDOW))

    def search(self, words: str, backward: bool = False) -> None:
        """The next place of some words; the last ones again without."""
        again = not words or words == self.words
        self.words = words or self.words
        at, row, node = self._here()
        hit = self.hit if again else None
        if hit is not None:
            at = (hit.mark[0] if backward else hit.mark[1]) if hit.mark else at
            row, node = hit.row, hit.marked
        elif backward is False and self.form in ("rows", "structure") and not again:
            at, row, node = 0, 0, ""
        self.ask(Wish(act="find", text=self.words, at=at, row=row, node=node, backward=backward, limit=WINDOW))

    def _here(self) -> tuple[int, int, str]:
        if self.outline is not None:
            row = self.outline.rows[self.cursor] if self.outline.rows else None
            return (row.node.entry.at, 0, row.node.entry.node) if row else (0, 0, "")
        entry = self.entries[min(self.top, len(self.entries) - 1)] if self.entries else None
        return (entry.at, entry.row, "") if entry is not None else (0, 0, "")

    def next_form(self) -> None:
        """The next form of the same content, at the same place where both have it."""
        forms = self.excerpt.forms if self.excerpt is not None else ()
        if len(forms) < 2:
            return
        place, at = self.place(), self._here()[0]
        at_form = forms.index(self.form) if self.form in forms else -1
        self.form = forms[(at_form + 1) % len(forms)]
        if place is not None and not {self.form} & {"rows"} and (self.top or self.cursor):
            self.ask(Wish(act="place", place=place, form=self.form, limit=WINDOW))
        else:
            self.ask(Wish(form=self.form, at=at if self.form == "text" else 0, limit=WINDOW))

    def place(self) -> Place | None:
        """Where the cursor or the first line of the view is, as a finding would name it."""
        if self.excerpt is None:
            return None
        if self.outline is not None and self.outline.rows and self.excerpt.kind == "json":
            return Place(pointer=self.outline.pointer(self.cursor))
        if self.grid is not None and self.entries and self.form == "structure":
            return Place(row=self.excerpt.row or self.entries[min(self.top, len(self.entries) - 1)].row)
        return None

    # answers

    def stopped(self) -> None:
        """What was asked for is no longer wished for; what is shown stays."""
        self._asking, self.pending = False, ""
        self.refresh()

    def take(self, wish: Wish, how: str, turn: int, found: Excerpt) -> None:
        """What was asked for is here."""
        if turn != self.turn:
            return
        self._asking = False
        self._strips.clear()
        if how in ("after", "before"):
            self._extend(how, found)
        elif how in ("branch", "auto") and self.outline is not None:
            self.outline.take(found, wish)
            if how == "auto":
                self._open_more()
        elif how == "new":
            self.pending = ""
            self.said = safe(found.note, 300)
            if not found.found and wish.act == "find":
                self.refresh()
                return
            self._begin(wish, found)
        self.refresh()

    def _begin(self, wish: Wish, found: Excerpt) -> None:
        self.turn += 1  # what is still under way belongs to what was shown before
        self.excerpt, self.form = found, found.form
        self.entries, self.outline, self.grid, self.picture = list(found.entries), None, None, []
        self.hit = found if wish.act in ("find", "place") else None
        self.top = self.cursor = self.shift = 0
        self.after, self.before = found.more, bool(self.entries and self.entries[0].at > 0)
        if found.form == "structure" and found.kind in ("json", "html"):
            self.outline = Outline()
            self.outline.begin(found)
            self._stand(max(0, self.outline.spot))
            if not found.levels:
                self._open_more()
        elif found.picture is not None:
            raster = Raster(found.picture.columns, found.picture.lines, found.picture.rgb)
            self.picture = picture_cells(raster, colours=self._many_colours)
        elif found.header or found.form == "rows":
            self.grid = Grid(found.header, self.entries)
            self.before = bool(self.entries and self.entries[0].row > 2)
            spot = next((i for i, e in enumerate(self.entries) if e.row == found.row), None)
            if spot is not None:
                self.top = max(0, spot - self.view_height // 3)
            elif wish.row < 0 or (wish.row and self.entries and self.entries[-1].row < wish.row):
                self.top = self._last_top()
                if wish.row > 0:
                    self.said = f"there is no row {wish.row:,}: the last is {self.entries[-1].row:,}"
            self.shift = self.grid.shift_to(found.column, self.size.width) if found.column else 0
        elif found.mark is not None:
            spot = next((i for i, e in enumerate(self.entries) if e.end > found.mark[0]), 0)
            self.top = max(0, spot - self.view_height // 3)
        elif wish.at < 0:
            self.top = self._last_top()

    @property
    def _many_colours(self) -> bool:
        return "NO_COLOR" not in os.environ and self.app.console.color_system not in (None, "standard")

    def _open_more(self) -> None:
        wish = self.outline.by_itself(self.view_height) if self.outline is not None else None
        if wish is not None:
            self.ask(wish, "auto")

    def _extend(self, how: str, found: Excerpt) -> None:
        fresh = list(found.entries)
        if how == "after":
            fresh = [e for e in fresh if not self.entries or (e.row or e.at) > (self.entries[-1].row or self.entries[-1].at)]
            self.entries += fresh
            self.after = found.more
            cut = max(0, len(self.entries) - KEPT)
            del self.entries[:cut]
            self.top = max(0, self.top - cut)
            self.before = self.before or cut > 0
        else:
            fresh = [e for e in fresh if not self.entries or (e.row or e.at) < (self.entries[0].row or self.entries[0].at)]
            self.entries[:0] = fresh
            self.top += len(fresh)
            self.before = bool(fresh) and (fresh[0].row > 2 if self.grid is not None else fresh[0].at > 0)
            if len(self.entries) > KEPT:
                del self.entries[KEPT:]
                self.after = True
        if self.grid is not None:
            self.grid.widen(fresh)

    # moving

    @property
    def view_height(self) -> int:
        return max(1, self.size.height - len(self._head()))

    @property
    def has_cursor(self) -> bool:
        return self.outline is not None or self.form == "members"

    def count(self) -> int:
        if self.outline is not None:
            return len(self.outline.rows)
        return len(self.picture) if self.picture else len(self.entries)

    def _last_top(self) -> int:
        return max(0, self.count() - self.view_height)

    def _stand(self, index: int) -> None:
        """Put the cursor on a line and bring it into view."""
        self.cursor = max(0, min(index, self.count() - 1))
        height = self.view_height
        if self.cursor < self.top:
            self.top = self.cursor
        elif self.cursor >= self.top + height:
            self.top = self.cursor - height + 1
        self.top = max(0, min(self.top, self._last_top()))
        self.refresh()

    def move(self, by: int) -> None:
        if self.has_cursor:
            self._stand(self.cursor + by)
            return
        self.top = max(0, min(self.top + by, self._last_top()))
        self.refresh()
        self._near_the_edge()

    def page(self, direction: int) -> None:
        self.move(direction * max(1, self.view_height - 1))

    def to_start(self) -> None:
        if self.has_cursor or not self.before:
            self.top = 0
            self._stand(0) if self.has_cursor else self.refresh()
        else:
            self.ask(Wish(form=self.form, limit=WINDOW))

    def to_end(self) -> None:
        if self.has_cursor or not self.after:
            self._stand(self.count() - 1) if self.has_cursor else self.move(self.count())
        else:
            self.ask(
                Wish(form=self.form, at=-1 if self.grid is None else 0, row=-1 if self.grid is not None else 0, limit=WINDOW)
            )

    def _near_the_edge(self) -> None:
        if self._asking or self.picture or not self.entries:
            return
        if self.after and self.top + self.view_height > len(self.entries) - NEAR:
            last = self.entries[-1]
            wish = (
                Wish(form=self.form, row=last.row + 1, at=last.end if last.end > 0 else 0, limit=WINDOW)
                if self.grid is not None
                else Wish(form=self.form, at=last.end, limit=WINDOW)
            )
            self.ask(wish, "after")
        elif self.before and self.top < NEAR:
            first = self.entries[0]
            if self.grid is not None:
                row = max(2, first.row - WINDOW)
                self.ask(Wish(form=self.form, row=row, limit=first.row - row), "before")
            else:
                self.ask(Wish(form=self.form, at=first.at, backward=True, limit=WINDOW), "before")

    def sideways(self, by: int) -> None:
        """Columns of a table; opening and closing in a tree."""
        if self.outline is not None:
            if not self.outline.rows:
                return
            row = self.outline.rows[self.cursor]
            if by > 0 and not (row.kind == "node" and row.node.opened):
                self.choose()
            elif by > 0:
                self._stand(self.cursor + 1)
            else:
                self._stand(self.outline.close(self.cursor))
                self._strips.clear()
        elif self.grid is not None:
            self.shift = max(0, min(self.shift + by, len(self.grid.header) - 1))
        self.refresh()

    def choose(self) -> None:
        """Open or close the node, open the member under the cursor."""
        if self.outline is not None and self.outline.rows:
            wish = self.outline.toggle(self.cursor)
            self._strips.clear()
            if wish is not None:
                self.ask(wish, "branch")
            self.refresh()
        elif self.form == "members" and self.entries:
            self.open((*self.member, self.entries[self.cursor].row))

    def up(self) -> bool:
        """Out of a member into what holds it; whether there was one."""
        if not self.member:
            return False
        self.open(self.member[:-1])
        return True

    # drawing

    def _head(self) -> list[Line]:
        """The lines above, made anew only when something changed of what they tell."""
        now = (
            self.turn,
            self.form,
            self.pending,
            self.said,
            self.top,
            self.cursor,
            self.shift,
            self.active,
            len(self.entries),
            self.count(),
        )
        if self._head_of != now:
            self._head_of, self._head_now = now, head_lines(self)
        return self._head_now

    def render_line(self, y: int) -> Strip:
        palette, width = self.app.palette, self.size.width  # type: ignore[attr-defined]
        head = self._head()
        if y < len(head):
            return strip_of(head[y], width, palette)
        index = self.top + y - len(head)
        if index >= self.count():
            if self.count() == 0 and y == len(head) and self.excerpt is not None and not self.said:
                return strip_of([(" nothing in it", "dim")], width, palette)
            return Strip.blank(width)
        if self.picture:
            return cells_strip(self.picture[index], width)
        if self.has_cursor and index == self.cursor:
            return strip_of(self._line(index, width), width, palette, palette["cursor" if self.active else "cursor-away"])
        key = index, self.shift, width
        if key not in self._strips:
            if len(self._strips) > KEPT:
                self._strips.clear()
            self._strips[key] = strip_of(self._line(index, width), width, palette)
        return self._strips[key]

    def _line(self, index: int, width: int) -> Line:
        found = self.excerpt
        assert found is not None
        if self.outline is not None:
            return node_line(self.outline.rows[index], index == self.outline.spot)
        entry = self.entries[index]
        if self.grid is not None:
            here = found.row == entry.row and found.row > 0
            return self.grid.line(entry, self.shift, width, found.column if here else None, here)
        if self.form == "members":
            return member_line(entry)
        return text_line(entry, found.mark)

    def on_resize(self, event: events.Resize) -> None:
        self.top = max(0, min(self.top, self._last_top()))
        if self.excerpt is not None and self.excerpt.picture is not None:
            self.ask(Wish(limit=WINDOW))
        elif self.outline is not None:
            self._stand(self.cursor)
            self._open_more() if not self.hit else None

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        self.move(3)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        self.move(-3)

    def on_click(self, event: events.Click) -> None:
        index = self.top + event.y - len(self._head())
        if self.has_cursor and 0 <= index < self.count():
            self._stand(index)
            if event.chain == 2:
                self.choose()
