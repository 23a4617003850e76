"""The log of a run: lines of levels that scroll, follow their end, wrap, and are searched. Draws only what is seen."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from textual import events
from textual.strip import Strip

from .drawn import Drawn
from .lines import Line, Piece, strip_of

ALL, WARNINGS, ERRORS = 0, 1, 2
LEVEL_WORDS = ("everything", "warnings and errors", "errors only")
_KEPT_STRIPS = 600


class Entry:
    """One line of the log. `stage` names the stage whose progress it tells: the newest word about it takes the place of the one before."""

    __slots__ = ("cuts", "level", "line", "stage", "text")

    def __init__(self, line: Line, level: int = ALL, stage: str = "") -> None:
        self.line: Line = tuple(line)  # the collector passes over tuples of texts, of which there are very many
        self.level, self.stage = level, stage
        self.text = "".join(piece for piece, _ in line).lower()
        self.cuts: list[int] | None = None

    def renew(self, newer: Entry) -> None:
        """Say what a newer entry says, with the time of this one, since the lines stay in order."""
        self.line, self.text, self.cuts = (*self.line[:1], *newer.line[1:]), newer.text, None


class LogPane(Drawn, can_focus=True):
    """Entries, of which those of a level and above are shown, each over one row, or over as many as it needs when wrapped.

    `stages` are the names of the stages so far, in order, each once.
    """

    DEFAULT_CSS = "LogPane { height: 1fr; width: 1fr; }"

    def __init__(self, *, id: str | None = None, limit: int = 10_000) -> None:
        super().__init__(id=id)
        self.limit = limit
        self.entries: list[Entry] = []
        self.rows: list[tuple[Entry, int]] = []
        self.top = 0
        self.following = True
        self.level = ALL
        self.wrapped = False
        self.sought = ""
        self.found: Entry | None = None
        self.missed = 0
        self.stages: list[str] = []
        self._stage: Entry | None = None
        self._strips: dict[tuple[int, int], Strip] = {}

    # what it holds

    def clear(self) -> None:
        """Another run: nothing yet, the end followed; level, wrapping and search stay."""
        self.entries, self.rows, self.stages = [], [], []
        self.top = self.missed = 0
        self.following = True
        self.found = self._stage = None
        self._redraw()

    def add(self, entries: Sequence[Entry]) -> None:
        """Entries at the end; the oldest go when there are too many."""
        if not entries:
            return
        fresh: list[Entry] = []
        for entry in entries:
            if entry.stage and self._stage is not None and self._stage.stage == entry.stage:
                self._stage.renew(entry)
                self._strips.clear()
                continue
            if entry.stage:
                self._stage = entry
                if entry.stage not in self.stages:
                    self.stages.append(entry.stage)
            fresh.append(entry)
        self.entries.extend(fresh)
        if len(self.entries) > self.limit * 5 // 4:
            del self.entries[: len(self.entries) - self.limit]
            self._arrange()
        else:
            more = self._rows_of(fresh)
            self.rows.extend(more)
            self.missed += 0 if self.following else len(more)
        if self.following:
            self.top = self._last_top()
        self.refresh()

    def _rows_of(self, entries: Sequence[Entry]) -> list[tuple[Entry, int]]:
        level = self.level
        if not self.wrapped:
            return [(e, 0) for e in entries if e.level >= level]
        width = self.size.width
        return [(e, n) for e in entries if e.level >= level for n in range(_parts(e, width))]

    def _arrange(self) -> None:
        """Lay all rows anew; the entry at the top stays there where it still is."""
        kept = self.rows[self.top][0] if self.top < len(self.rows) else None
        self.rows = self._rows_of(self.entries)
        self.top = next((n for n, (e, _) in enumerate(self.rows) if e is kept), self._last_top())
        self.top = self._last_top() if self.following else min(self.top, self._last_top())
        self._redraw()

    def _redraw(self) -> None:
        self._strips.clear()
        self.refresh()

    # what is shown of it

    def next_level(self) -> None:
        self.level = (self.level + 1) % len(LEVEL_WORDS)
        self.missed = 0
        self._arrange()

    def toggle_wrap(self) -> None:
        self.wrapped = not self.wrapped
        self._arrange()

    def seek(self, text: str) -> bool:
        """Mark `text` wherever it stands and go to its newest place; an empty text marks nothing. Whether it stands anywhere."""
        self.sought = text.lower()
        self.found = None
        self._redraw()
        return bool(text) and self.go_on(-1)

    def go_on(self, direction: int) -> bool:
        """To the next place of the text, or the one before; round the end."""
        return self._to(lambda e: self.sought in e.text, direction) if self.sought else False

    def next_error(self) -> bool:
        """To the next error, with the stage in which it arose above it as far as the height allows; round the end."""
        return self._to(lambda e: e.level >= ERRORS, 1, lead=True)

    def places(self) -> tuple[int, int]:
        """(which of the places of the text is looked at, how many there are)."""
        hits = [e for e in self.entries if e.level >= self.level and self.sought in e.text] if self.sought else []
        return (hits.index(self.found) + 1 if self.found in hits else 0), len(hits)

    def _to(self, wanted: object, direction: int, *, lead: bool = False) -> bool:
        shown = [n for n, (_, part) in enumerate(self.rows) if part == 0]
        hits = [n for n in shown if wanted(self.rows[n][0])]  # type: ignore[operator]
        if not hits:
            return False
        here = next((n for n in hits if self.rows[n][0] is self.found), None)
        first = hits[0] if direction > 0 else hits[-1]
        row = first if here is None else hits[(hits.index(here) + direction) % len(hits)]
        self.found = self.rows[row][0]
        height = max(1, self.size.height)
        top = row - height // 2
        if lead:
            stage = next((n for n in range(row, -1, -1) if self.rows[n][0].stage), None)
            top = stage if stage is not None and row - stage < height else row - height + 1
        self.following = False
        self.top = max(0, min(top, self._last_top()))
        self._redraw()
        return True

    # scrolling

    def _last_top(self) -> int:
        return max(0, len(self.rows) - self.size.height)

    def page(self, direction: int) -> None:
        self.jump(self.top + direction * max(1, self.size.height - 1))

    def jump(self, top: int) -> None:
        """Scroll; at the end it follows again."""
        self.top = max(0, min(top, self._last_top()))
        self.follow(self.top == self._last_top())

    def follow(self, following: bool) -> None:
        """Keep the end in view from now on, or stand still."""
        self.following = following
        if following:
            self.missed, self.found = 0, None
            self.top = self._last_top()
        self._redraw()

    def on_resize(self, event: events.Resize) -> None:
        for entry in self.entries if self.wrapped else ():
            entry.cuts = None
        self._arrange()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        self.jump(self.top + 3)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        self.jump(self.top - 3)

    # drawing

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        index = self.top + y
        if index >= len(self.rows):
            return Strip.blank(width)
        entry, part = self.rows[index]
        key = (id(entry), part)
        strip = self._strips.get(key)
        if strip is None or strip.cell_length != width:
            if len(self._strips) > _KEPT_STRIPS:
                self._strips.clear()
            line = _part(entry, part, width) if self.wrapped else entry.line
            if self.sought and self.sought in entry.text:
                line = marked(line, self.sought)
            if entry is self.found and part == 0:
                line = [("▸", "alarm"), (line[0][0][1:], line[0][1]), *line[1:]]
            strip = self._strips[key] = strip_of(line, width, self.app.palette)  # type: ignore[attr-defined]
        return strip


def marked(line: Line, text: str) -> list[Piece]:
    """The line with `text` (lower case) marked where it stands within one piece."""
    out: list[Piece] = []
    for piece, style in line:
        low, at = piece.lower(), 0
        if len(low) != len(piece):
            out.append((piece, style))
            continue
        while (hit := low.find(text, at)) >= 0:
            out += [(piece[at:hit], style), (piece[hit : hit + len(text)], "alarm")]
            at = hit + len(text)
        out.append((piece[at:], style))
    return [p for p in out if p[0]]


def _parts(entry: Entry, width: int) -> int:
    """Over how many rows it goes when wrapped; counted, not wrapped, where its letters are all one cell wide: ten thousand are counted at once."""
    head = len(entry.line[0][0])
    length, room = len(entry.text) - head, max(8, width - head)
    if entry.text.isascii():
        return max(1, -(-length // room))
    return len(_cuts(entry, room)) + 1


def _cuts(entry: Entry, room: int) -> list[int]:
    """Where a text with wide letters, without its head, is cut: the first letter of each row but the first."""
    if entry.cuts is None:
        entry.cuts, used, at = [], 0, 0
        for at, char in enumerate("".join(text for text, _ in entry.line[1:])):
            wide = cell_len(char)
            if used + wide > room:
                entry.cuts.append(at)
                used = 0
            used += wide
    return entry.cuts


def _part(entry: Entry, part: int, width: int) -> Line:
    """One row of a wrapped entry: the time stands before the first, the others begin below its words."""
    head, *rest = entry.line
    room = max(8, width - len(head[0]))
    if entry.text.isascii():
        start, end = part * room, (part + 1) * room
    else:
        cuts = [0, *_cuts(entry, room), len(entry.text)]
        start, end = cuts[part], cuts[part + 1]
    out: list[Piece] = [head if part == 0 else (" " * len(head[0]), "plain")]
    at = 0
    for text, style in rest:
        piece = text[max(0, start - at) : max(0, end - at)]
        at += len(text)
        if piece:
            out.append((piece, style))
    return out
