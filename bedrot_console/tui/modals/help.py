"""The help, made from the key table and the table of commands. `/` searches in it."""

from __future__ import annotations

from collections.abc import Callable

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Input

from ...domain.text import safe
from ..keys import EVERYWHERE, KEYS, TITLES
from ..palette import SIGNS
from ..widgets.field import Field
from ..widgets.lines import Line, wrap
from ..widgets.pane import Pane
from ..words import commands
from .text import TextModal

Reason = Callable[[str, str], str | None]
"""(section, action) -> why it cannot be done now."""


def _never(where: str, action: str) -> str | None:
    return None


def _entry(left: str, text: str, width: int, column: int, dim: bool = False) -> list[Line]:
    """A key or command and what it does; long text goes on below itself, and below a long command."""
    indent = " " * (column + 3)
    wrapped = wrap(text, max(24, width), "dim" if dim else "plain", indent)
    head = (f"  {left:<{column}} ", "dim" if dim else "key")
    if len(left) > column:
        return [[head], *wrapped]
    return [[head, (wrapped[0][0][0][len(indent) :], wrapped[0][0][1])], *wrapped[1:]]


def help_sections(place: str, reason: Reason = _never, width: int = 10_000) -> list[tuple[str, list[list[Line]]]]:
    """All keys of this place first, then of everywhere, then of the other places; the `:` commands and the signs. An entry is its lines."""
    sections: list[tuple[str, list[list[Line]]]] = []
    for where in [place, EVERYWHERE, *[p for p in KEYS if p not in (place, EVERYWHERE)]]:
        entries = []
        for key in KEYS[where]:
            why = reason(where, key.action)
            text = key.help + (f"  (not now: {safe(why, 120)})" if why else "")
            entries.append(_entry(key.face, text, width, 12, bool(why)))
        sections.append((TITLES[where], entries))
    sections.append(("Command line (:)", [_entry(c.form, c.help, width, 28) for c in commands().values()]))
    words = ("pending", "passed", "warned", "failed", "promoted", "quarantined", "erased", "running", "waiting", "partial")
    signs = "  ".join(f"{SIGNS[w]} {w}" for w in words)
    told = "keys in (brackets) cannot be used now; press one to read why"
    sections.append(("Signs", [wrap(signs, max(24, width), "plain", "  "), wrap(told, max(24, width), "plain", "  ")]))
    return sections


def help_lines(place: str, words: str = "", reason: Reason = _never, width: int = 10_000) -> list[Line]:
    """The help as lines; with words, only the entries that hold all of them, each under its title."""
    wanted = words.lower().split()
    out: list[Line] = []
    for title, entries in help_sections(place, reason, width):
        kept = [entry for entry in entries if all(w in (title + _text(entry)).lower() for w in wanted)]
        if kept:
            out += [[(title, "title")], *(line for entry in kept for line in entry), [("", "plain")]]
    return out or [[(f"nothing holds: {safe(words, 60)}", "plain")]]


def _text(entry: list[Line]) -> str:
    return "".join(" " + text.strip() for line in entry for text, _ in line)


class HelpModal(TextModal):
    """`?`"""

    BINDINGS = [("slash", "search", "search")]
    DEFAULT_CSS = "HelpModal #text { height: 1fr; }"

    def __init__(self, place: str, words: str = "", reason: Reason = _never) -> None:
        super().__init__("Keys", self.help)
        self.place = place
        self.words = words
        self.reason = reason

    def compose(self) -> ComposeResult:
        with Vertical(classes="box large"):
            yield Field(
                self._searched, self._left, value=self.words, placeholder="search the help", id="words", classes="waiting"
            )
            yield Pane(id="text")

    def help(self, width: int) -> list[Line]:
        """The lines for a pane of this width."""
        return help_lines(self.place, self.words, self.reason, width)

    def head(self) -> list[tuple[str, str]]:
        found = f"   / {safe(self.words, 60)}" if self.words else "   / searches"
        return [*super().head(), (found, "dim")]

    def action_search(self) -> None:
        field = self.query_one(Field)
        field.remove_class("waiting")
        self.set_focus(field)

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self.words = event.value
        self.query_one("#text", Pane).jump(0)
        self.set_lines(self.help)

    def _searched(self, text: str) -> None:
        self.query_one(Field).add_class("waiting")
        self.set_focus(None)

    def _left(self) -> None:
        self.query_one(Field).value = ""
        self._searched("")
