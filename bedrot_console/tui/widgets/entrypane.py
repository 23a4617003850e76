"""A pane of lines some of which are entries: arrows go from entry to entry, and scroll where there is none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from textual import events
from textual.message import Message
from textual.strip import Strip

from .lines import Line, strip_of
from .pane import Pane

Span = tuple[int, int, Any]
"""First line, line after the last, what the entry stands for."""


class EntryPane(Pane):
    """Posts `Chosen` on double click."""

    class Chosen(Message):
        """The entry was chosen."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.spans: Sequence[Span] = ()
        self.cursor = 0
        self.active = True

    def fill(self, lines: Sequence[Line], spans: Sequence[Span], *, keep: bool = False) -> None:
        """Show other lines; with `keep` cursor and place in the view stay."""
        self.spans = spans
        self.cursor = min(self.cursor, max(0, len(spans) - 1)) if keep else 0
        self.show(lines, keep_top=keep)

    @property
    def entry(self) -> Any:
        """What the entry under the cursor stands for; None without entries."""
        return self.spans[self.cursor][2] if self.spans else None

    def _seen(self, index: int) -> bool:
        return self.top <= self.spans[index][0] < self.top + self.size.height

    def move(self, by: int) -> None:
        """To the next entry if it is in view or just beyond; else a line on."""
        wanted = self.cursor + by
        if self.spans and 0 <= wanted < len(self.spans) and self._near(wanted):
            self.stand_on(wanted)
            return
        self.scroll_by(by)

    def _near(self, index: int) -> bool:
        first = self.spans[index][0]
        return self.top - 3 <= first < self.top + self.size.height + 3

    def stand_on(self, index: int) -> None:
        """Put the cursor on an entry and bring it into view."""
        if not 0 <= index < len(self.spans):
            return
        self.cursor = index
        first, after, _ = self.spans[index]
        if first < self.top:
            self.top = first
        elif after > self.top + self.size.height:
            self.top = max(0, min(first, after - self.size.height))
        self.refresh()

    def page(self, direction: int) -> None:
        super().page(direction)
        seen = [i for i in range(len(self.spans)) if self._seen(i)]
        if seen and self.cursor not in seen:
            self.cursor = seen[0] if direction > 0 else seen[-1]
            self.refresh()

    def render_line(self, y: int) -> Strip:
        index = self.top + y
        if self.spans and index == self.spans[self.cursor][0] and index < len(self.lines):
            palette = self.app.palette  # type: ignore[attr-defined]
            return strip_of(self.lines[index], self.size.width, palette, palette["cursor" if self.active else "cursor-away"])
        return super().render_line(y)

    def on_click(self, event: events.Click) -> None:
        line = self.top + event.y
        spot = next((i for i, (first, after, _) in enumerate(self.spans) if first <= line < after), None)
        if spot is not None:
            self.stand_on(spot)
            if event.chain == 2:
                self.post_message(self.Chosen())
