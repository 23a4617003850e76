"""A line that is typed and never shown: for what goes into a platform's page. No message, repr or log holds it."""

from __future__ import annotations

from collections.abc import Callable

from textual import events
from textual.strip import Strip
from textual.widget import Widget

from .lines import strip_of

LONGEST = 1024


class Hidden(Widget, can_focus=True):
    """Stars for what is typed; enter hands it to `done`, escape leaves."""

    DEFAULT_CSS = "Hidden { height: 1; width: 100%; display: none; }"
    BINDINGS = [("enter", "send", "send"), ("escape", "leave", "leave")]

    def __init__(self, done: Callable[[str], None], left: Callable[[], None]) -> None:
        super().__init__()
        self._done, self._left = done, left
        self._typed: list[str] = []

    def check_consume_key(self, key: str, character: str | None) -> bool:
        return character is not None and character.isprintable()

    def ask(self) -> None:
        """Show the empty line and take the keys."""
        self._typed.clear()
        self.display = True
        self.screen.set_focus(self)  # now, not soon: the next key is meant for this line

    def _add(self, text: str) -> None:
        self._typed.extend([c for c in text if c.isprintable()][: LONGEST - len(self._typed)])
        self.refresh()

    def on_key(self, event: events.Key) -> None:
        if event.character is not None and event.is_printable:
            self._add(event.character)
        elif event.key == "backspace":
            del self._typed[-1:]
            self.refresh()
        elif event.key == "ctrl+u":
            self._typed.clear()
            self.refresh()
        elif event.key not in ("enter", "escape"):
            event.stop()
            return
        else:
            return
        event.stop()
        event.prevent_default()

    def on_paste(self, event: events.Paste) -> None:
        self._add(event.text[:LONGEST].partition("\n")[0])
        event.stop()

    def action_send(self) -> None:
        text = "".join(self._typed)
        self._close()
        if text:
            self._done(text)

    def action_leave(self) -> None:
        self._close()

    def _close(self) -> None:
        self._typed.clear()
        self.display = False
        self._left()

    def render_line(self, y: int) -> Strip:
        stars = "•" * len(self._typed)
        line = [(" type (not shown), enter sends, esc leaves it: ", "strong"), (stars[-60:] + "▏", "plain")]
        return strip_of(line, self.size.width, self.app.palette)  # type: ignore[attr-defined]
