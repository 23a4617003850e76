"""The command line of the console: a field with completion and history, and above it what can be typed next."""

from __future__ import annotations

from collections.abc import Callable

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Input

from ...domain.text import safe
from ..words import History, Known, commands, common, complete
from .field import Field
from .lines import Piece
from .pane import Pane


class CommandField(Field):
    """Tab completes, a further tab goes through what fits; up and down go through what was typed before."""

    BINDINGS = [
        ("tab", "complete(1)", "complete"),
        ("shift+tab", "complete(-1)", "back"),
        ("up", "older", ""),
        ("down", "newer", ""),
    ]

    def __init__(
        self, done: Callable[[str], None], left: Callable[[], None], history: History, known: Callable[[], Known]
    ) -> None:
        super().__init__(done, left, placeholder="a command; tab completes, help lists them", max_length=2000, id="command")
        self.history = history
        self.known = known
        self._offered: list[str] = []
        self._before = ""
        self._at = -1

    def _put(self, text: str) -> None:
        self.value = text
        self.cursor_position = len(text)

    def action_complete(self, step: int) -> None:
        if self._at < 0 or self.value != self._before + self._offered[self._at]:
            self._before, self._offered = complete(self.value, self.known())
            self._at = -1
            longest = self._before + common(self._offered)
            if len(longest) > len(self.value):
                self._put(longest)
                return
        if self._offered:
            self._at = (self._at + step) % len(self._offered)
            self._put(self._before + self._offered[self._at])

    def action_older(self) -> None:
        self._put(self.history.older(self.value))

    def action_newer(self) -> None:
        self._put(self.history.newer())


class CommandLine(Vertical):
    """Hidden until it is asked for. `done` gets the line; what is known now is asked of `known` whenever something is completed."""

    DEFAULT_CSS = """
    CommandLine { height: 2; }
    CommandLine.waiting { display: none; }
    CommandLine Pane { height: 1; }
    """

    def __init__(self, done: Callable[[str], None], left: Callable[[], None], known: Callable[[], Known]) -> None:
        super().__init__(classes="waiting")
        self.history = History()
        self.known = known
        self._done, self._left = done, left

    def compose(self) -> ComposeResult:
        yield Pane(id="next")
        yield CommandField(self._done, self._left, self.history, self.known)

    @property
    def field(self) -> CommandField:
        return self.query_one(CommandField)

    def open(self, text: str = "") -> None:
        """Show it with this text; the caller gives it the focus."""
        self.history.at = len(self.history.lines)
        self.remove_class("waiting")
        self.field.value = text
        self.field.cursor_position = len(text)
        self._hint(text)

    def close(self) -> None:
        self.add_class("waiting")

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self._hint(event.value)

    def _hint(self, text: str) -> None:
        """The form of the command, or what begins like it."""
        before, fits = complete(text, self.known())
        pieces: list[Piece] = [(" ", "plain")]
        command = commands().get(before.split(" ")[0]) if before else None
        if command is not None:
            pieces += [(command.form, "strong"), (f"  {command.help}", "dim")]
            if fits:
                pieces.append(("   ", "plain"))
        pieces.append((safe("  ".join(f.strip() for f in fits[:40]), 400), "plain"))
        self.query_one("#next", Pane).show([pieces])
