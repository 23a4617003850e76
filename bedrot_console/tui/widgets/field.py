"""One line of text to type. Enter and escape are carried out at once, so that the next key already finds what they did."""

from __future__ import annotations

from collections.abc import Callable

from textual.widgets import Input


class Field(Input):
    """An input of one line without a frame. `done` is called with the text on enter, `left` on escape, if given."""

    DEFAULT_CSS = """
    Field, Field:focus { height: 1; border: none; padding: 0 1; background: transparent; }
    Field.waiting { display: none; }
    """
    BINDINGS = [("escape", "leave", "leave")]

    def __init__(
        self,
        done: Callable[[str], None],
        left: Callable[[], None],
        *,
        value: str = "",
        placeholder: str = "",
        max_length: int = 500,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        # Selecting on focus comes late on a slow machine, and the next key would replace what was typed meanwhile.
        super().__init__(value, placeholder, max_length=max_length, id=id, classes=classes, select_on_focus=False)
        self.cursor_blink = False  # a blinking cursor would send bytes for as long as the field is open
        self.done = done
        self.left = left

    async def action_submit(self) -> None:
        self.done(self.value)

    def action_leave(self) -> None:
        self.left()
