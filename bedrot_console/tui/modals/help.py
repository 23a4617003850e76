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
from ..widgets.lines import Line
from ..widgets.pane import Pane
from ..words import commands
from .text import TextModal

Reason = Callable[[str, str], str | None]
"""(section, action) -> why it cannot be done now."""


def _never(where: str, action: str) -> str | None:
    return None


def help_sections(place: str, reason: Reason = _never) -> list[tuple[str, list[Line]]]:
    """All keys of this place first, then of everywhere, then of the other places; the `:` commands and the signs."""
    sections: list[tuple[str, list[Line]]] = []
    for where in [place, EVERYWHERE, *[p for p in KEYS if p not in (place, EVERYWHERE)]]:
        lines: list[Line] = []
        for key in KEYS[where]:
            why = reason(where, key.action)
            line = [(f"  {key.face:<12} ", "dim" if why else "key"), (key.help, "dim" if why else "plain")]
            lines.append([*line, (f"  (not now: {safe(why, 120)})", "dim")] if why else line)
        sections.append((TITLES[where], lines))
    lines = []
    for command in commands().values():
        lines.append([(f"  {command.form:<42} ", "key"), (command.help, "plain")])
    sections.append(("Command line (:)", lines))
    words = ("pending", "passed", "warned", "failed", "promoted", "quarantined", "erased", "running", "waiting", "partial")
    signs: list[Line] = [
        [("  " + "  ".join(f"{SIGNS[w]} {w}" for w in words), "plain")],
        [("  keys in (brackets) cannot be used now; press one to read why", "plain")],
    ]
    sections.append(("Signs", signs))
    return sections


def help_lines(place: str, words: str = "", reason: Reason = _never) -> list[Line]:
    """The help as lines; with words, only the lines that hold all of them, each under its title."""
    wanted = words.lower().split()
    out: list[Line] = []
    for title, lines in help_sections(place, reason):
        kept = [line for line in lines if all(w in (title + " " + "".join(text for text, _ in line)).lower() for w in wanted)]
        if kept:
            out += [[(title, "title")], *kept, [("", "plain")]]
    return out or [[(f"nothing holds: {safe(words, 60)}", "plain")]]


class HelpModal(TextModal):
    """`?`"""

    BINDINGS = [("slash", "search", "search")]
    DEFAULT_CSS = "HelpModal #text { height: 1fr; }"

    def __init__(self, place: str, words: str = "", reason: Reason = _never) -> None:
        super().__init__("Keys", help_lines(place, words, reason))
        self.place = place
        self.words = words
        self.reason = reason

    def compose(self) -> ComposeResult:
        with Vertical(classes="box large"):
            yield Field(
                self._searched, self._left, value=self.words, placeholder="search the help", id="words", classes="waiting"
            )
            yield Pane(id="text")

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
        self.set_lines(help_lines(self.place, self.words, self.reason))

    def _searched(self, text: str) -> None:
        self.query_one(Field).add_class("waiting")
        self.set_focus(None)

    def _left(self) -> None:
        self.query_one(Field).value = ""
        self._searched("")
