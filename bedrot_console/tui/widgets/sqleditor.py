"""The editor of queries: colours by our own reading of the text (Textual's need a parser we do not bring), and completion at the cursor."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import Any

from rich.segment import Segment
from rich.text import Text
from textual import events
from textual.geometry import Offset
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import TextArea

from ...domain.text import safe
from ..sqltext import LONGEST, Candidate, Lexicon, complete, tokens
from .lines import fit

STYLES = {
    "keyword": "key", "type": "title", "function": "strong", "string": "passed", "number": "mark", "comment": "dim", "name": "plain",
}  # fmt: skip
SHOWN = 8
_HIDDEN = {i: chr(0x2400 + i) for i in range(0x20) if i != 9} | {
    i: "\ufffd"
    for i in (0x7F, *range(0x80, 0xA0), *range(0x200B, 0x2010), *range(0x2028, 0x202F), *range(0x2060, 0x2070), 0xFEFF)
}
"""What a terminal would obey, or what hides: one visible character each, so that places in the text stay true."""


class Completions(Widget):
    """What the word at the cursor may become, beside the cursor."""

    DEFAULT_CSS = "Completions { layer: above; position: absolute; display: none; }"

    def __init__(self) -> None:
        super().__init__(id="completions")
        self.offers: Sequence[Candidate] = ()
        self.at = 0
        self.top = 0
        self.moved = False

    @property
    def chosen(self) -> Candidate:
        return self.offers[self.at]

    def show(self, offers: Sequence[Candidate], where: Offset, room: tuple[int, int]) -> None:
        """Show offers under a place of the view (columns and rows of which are `room`), or above it where there is more room."""
        self.offers, self.at, self.top, self.moved = offers, 0, 0, False
        height = min(SHOWN, len(offers))
        width = min(max(len(safe(c.text, 40)) + len(safe(c.about, 18)) for c in offers) + 4, 60, room[0])
        below = where.y + 1 + height <= room[1]
        self.styles.width, self.styles.height = width, height
        self.styles.offset = (max(0, min(where.x, room[0] - width)), where.y + 1 if below else max(0, where.y - height))
        self.display = True
        self.refresh()

    def hide(self) -> None:
        if self.display:
            self.display = False

    def move(self, step: int) -> None:
        self.at = (self.at + step) % len(self.offers)
        self.moved = True
        self.top = max(min(self.top, self.at), self.at - SHOWN + 1)
        self.refresh()

    def render_line(self, y: int) -> Strip:
        palette = self.app.palette  # type: ignore[attr-defined]
        index, width = self.top + y, self.size.width
        if index >= len(self.offers):
            return Strip.blank(width)
        offer = self.offers[index]
        about = safe(offer.about, 18)
        text = f" {fit(safe(offer.text, 40), max(1, width - len(about) - 3))} {about} "
        return Strip([Segment(fit(text, width), palette["cursor" if index == self.at else "cursor-away"])], width)


class SqlEditor(TextArea):
    """The query. Tab completes the word at the cursor; offers appear while typing. `mistake` is a place that the engine complains of."""

    is_editor = True
    DEFAULT_CSS = "SqlEditor, SqlEditor:focus { height: 6; border: none; padding: 0 1; }"

    _spans: dict[int, list[tuple[int, int, str]]] = {}

    def __init__(self, text: str, completions: Completions) -> None:
        self.completions = completions
        self.lexicon = Lexicon()
        self.mistake: tuple[int, int] | None = None
        super().__init__(text, id="editor")
        self.cursor_blink = False

    # colours

    def _build_highlight_map(self) -> None:
        self._line_cache.clear()
        text = self.document.text
        self.mistake = None
        spans: dict[int, list[tuple[int, int, str]]] = {}
        if len(text) <= LONGEST:
            starts = [0]
            for line in text.split("\n"):
                starts.append(starts[-1] + len(line) + 1)
            for token in tokens(text):
                style = STYLES.get(token.kind)
                if style is None:
                    continue
                line = bisect_right(starts, token.start) - 1
                while line < len(starts) - 1 and starts[line] < token.end:
                    spans.setdefault(line, []).append(
                        (max(0, token.start - starts[line]), min(token.end, starts[line + 1] - 1) - starts[line], style)
                    )
                    line += 1
        self._spans = spans

    def get_line(self, line_index: int) -> Text:
        palette = self.app.palette  # type: ignore[attr-defined]
        plain = self.document.get_line(line_index)
        line = Text(plain if plain.isprintable() else plain.translate(_HIDDEN), end="", no_wrap=True)
        for start, end, style in self._spans.get(line_index, ()):
            line.stylize(palette[style], start, end)
        if self.mistake is not None and self.mistake[0] == line_index:
            start = min(self.mistake[1], max(0, len(plain) - 1))
            end = next((i for i in range(start, len(plain)) if not (plain[i].isalnum() or plain[i] == "_")), len(plain))
            line.stylize(palette["alarm"], start, max(end, start + 1))
        return line

    def point_at(self, line: int, column: int) -> None:
        """Go to a place that the engine complains of, and mark it until the text changes. Line and column are from 1."""
        row = min(line - 1, self.document.line_count - 1)
        self.cursor_location = (row, min(column - 1, len(self.document.get_line(row))))
        self.mistake = (row, column - 1)
        self._line_cache.clear()
        self.refresh()

    def notify_style_update(self) -> None:
        self._line_cache.clear()
        super().notify_style_update()

    # completion

    @property
    def offset_in_text(self) -> int:
        """The cursor as a number of characters from the text's start."""
        row, column = self.cursor_location
        return sum(len(self.document.get_line(r)) + 1 for r in range(row)) + column

    def offer(self, least: int = 2) -> bool:
        """Show what the word at the cursor may become; False when there is nothing."""
        _, offers = complete(self.text, self.offset_in_text, self.lexicon, least=least)
        view = self.parent
        if not offers or not self.has_focus or not isinstance(view, Widget):
            self.completions.hide()
            return False
        where = self.cursor_screen_offset - view.region.offset
        self.completions.show(offers, where, (view.size.width, view.size.height))
        return True

    def accept(self) -> None:
        """Put the chosen offer in the word's place."""
        begin, _ = complete(self.text, self.offset_in_text, self.lexicon, least=0)
        row, column = self.cursor_location
        length = self.offset_in_text - begin
        chosen = self.completions.chosen
        self.completions.hide()
        self.replace(chosen.text, (row, column - length), (row, column))

    async def _on_key(self, event: events.Key) -> None:
        if self.completions.display and event.key in ("tab", "up", "down", "escape", "enter"):
            if event.key == "enter" and not self.completions.moved:
                self.completions.hide()
            else:
                event.stop()
                event.prevent_default()
                if event.key in ("up", "down"):
                    self.completions.move(1 if event.key == "down" else -1)
                elif event.key == "escape":
                    self.completions.hide()
                else:
                    self.accept()
                return
        elif event.key == "tab":
            event.stop()
            event.prevent_default()
            if self.offer(least=1):
                if len(self.completions.offers) == 1:
                    self.accept()
            else:
                self.insert(" " * self._find_columns_to_next_tab_stop())
            return
        await super()._on_key(event)
        char: Any = event.character
        if event.is_printable and char and (char.isalnum() or char in "_."):
            self.offer(least=1 if char == "." else 2)
        else:
            self.completions.hide()

    def on_blur(self) -> None:
        self.completions.hide()

    async def _on_mouse_down(self, event: events.MouseDown) -> None:
        self.completions.hide()
        await super()._on_mouse_down(event)
