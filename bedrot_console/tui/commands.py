"""The command line of the console (`:`) and the palette. Both say what the keys and the shell say."""

from __future__ import annotations

import shlex
from functools import partial
from typing import TYPE_CHECKING

from textual.command import DiscoveryHit, Hit, Hits, Provider

from ..domain.text import safe
from .keys import EVERYWHERE, KEYS
from .places import PLACES

if TYPE_CHECKING:
    from .app import Console

VERBS = ("promote", "quarantine", "release", "withdraw", "validate")


def run_command(console: Console, text: str) -> str | None:
    """Carry out one line; returns what is wrong with it, or None."""
    try:
        words = shlex.split(text) if text.split(" ", 1)[0] != "sql" else text.split(None, 1)
    except ValueError as error:
        return f"not a command: {error}"
    if not words:
        return None
    name, rest = words[0], words[1:]
    if name in ("q", "quit", "exit"):
        console.exit(0)
    elif name in PLACES and not rest:
        console.show_place(name)
    elif name in ("filter", "files"):
        console.show_files(" ".join(rest))
    elif name in ("show", "goto", "review"):
        if len(rest) != 1:
            return f"{name} ID"
        {"show": console.show_details, "goto": console.goto, "review": console.review_file}[name](rest[0])
    elif name == "sql":
        console.run_sql(rest[0])
    elif name == "extract":
        if len(rest) not in (1, 2):
            return "extract PLATFORM [ACCOUNT]"
        if console.backend.read_only:
            return "this console is read-only"
        console.start_run(rest[0], rest[1] if len(rest) == 2 else "default")
    elif name in VERBS:
        if rest:
            return f"{name} works on the marked files or the one under the cursor; in a shell: bedrot {name} {rest[0]}"
        if name in ("release", "withdraw"):
            console.show_place("files")
        if console.place not in ("files", "review"):
            return f"{name}: go to Files or Review first"
        console.current_view.action_act(name)
    elif name in ("undo", "help", "needs", "answer"):
        console.action_act(name)
    else:
        return f"no such command: {safe(name, 40)} (? lists them)"
    return None


class ConsoleCommands(Provider):
    """What the palette offers: the safe rows of the key table. No screenshot: a picture of a code or a person's data is a leak."""

    def _commands(self) -> list[tuple[str, str, partial[None]]]:
        console: Console = self.app  # type: ignore[assignment]
        out = []
        for where in (console.place, EVERYWHERE):
            for key in KEYS[where]:
                if key.safe and key.action not in ("up", "down", "page_up", "page_down", "home", "end", "left", "right"):
                    target = console if where == EVERYWHERE else console.current_view
                    out.append((f"{key.help}  ({key.face})", "", partial(console.call_later, target.action_act, key.action)))
        for theme in console.offered_themes:
            out.append((f"theme: {theme}", "", partial(setattr, console, "theme", theme)))
        return out

    async def discover(self) -> Hits:
        for text, face, run in self._commands():
            yield DiscoveryHit(text, run, help=face or None)

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for text, face, run in self._commands():
            score = matcher.match(text)
            if score > 0:
                yield Hit(score, matcher.highlight(text), run, help=face or None)
