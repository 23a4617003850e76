"""A pane of lines that scrolls: reports, previews, logs. Holds lines of pieces; draws only what is seen."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events
from textual.strip import Strip

from .drawn import Drawn
from .lines import Line, strip_of


class Pane(Drawn):
    """Lines with a scroll offset. `follow` keeps the end in view as lines are added (until the operator scrolls up)."""

    DEFAULT_CSS = "Pane { height: 1fr; width: 1fr; }"

    def __init__(self, *, id: str | None = None, follow: bool = False, limit: int = 20_000) -> None:
        super().__init__(id=id)
        self.lines: list[Line] = []
        self.top = 0
        self.follow = follow
        self.following = follow
        self.limit = limit

    def show(self, lines: Sequence[Line], *, keep_top: bool = False) -> None:
        """Show other lines, from the top."""
        self.lines = list(lines)
        self.top = min(self.top, self._last_top()) if keep_top else 0
        if self.following:
            self.top = self._last_top()
        self.refresh()

    def add(self, lines: Sequence[Line]) -> None:
        """Add lines at the end; the oldest go when there are too many."""
        if not lines:
            return
        self.lines.extend(lines)
        if len(self.lines) > self.limit:
            cut = len(self.lines) - self.limit
            del self.lines[:cut]
            self.top = max(0, self.top - cut)
        if self.following:
            self.top = self._last_top()
        self.refresh()

    def _last_top(self) -> int:
        return max(0, len(self.lines) - self.size.height)

    def scroll_by(self, rows: int) -> None:
        self.jump(self.top + rows)

    def page(self, direction: int) -> None:
        self.jump(self.top + direction * max(1, self.size.height - 1))

    def jump(self, top: int) -> None:
        top = max(0, min(top, self._last_top()))
        self.following = self.follow and top == self._last_top()
        if top != self.top:
            self.top = top
            self.refresh()

    def on_resize(self, event: events.Resize) -> None:
        self.top = self._last_top() if self.following else min(self.top, self._last_top())
        self.refresh()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        self.scroll_by(3)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        self.scroll_by(-3)

    def render_line(self, y: int) -> Strip:
        palette = self.app.palette  # type: ignore[attr-defined]
        width = self.size.width
        index = self.top + y
        if index >= len(self.lines):
            return Strip.blank(width)
        line = self.lines[index]
        hidden = len(self.lines) - self.top - self.size.height
        if hidden > 0 and y == self.size.height - 1 and not self.follow:
            more = f" {hidden} more "
            body = strip_of(line, width - len(more), palette)
            return Strip([*body, *strip_of([(more, "dim")], len(more), palette)], width)
        return strip_of(line, width, palette)
