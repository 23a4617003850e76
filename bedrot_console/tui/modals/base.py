"""What dialogs share: a box in the middle, escape backs out, keys that do not reach the place below."""

from __future__ import annotations

from typing import TypeVar

from textual.screen import ModalScreen

Answer = TypeVar("Answer")


class Dialog(ModalScreen[Answer]):
    """A dialog returns a value; escape returns None."""

    DEFAULT_CSS = """
    Dialog { align: center middle; background: transparent; }
    Dialog > .box { width: 76; max-width: 96%; height: auto; max-height: 90%; border: solid $primary; background: $surface; padding: 0 1; }
    Dialog > .box.large { width: 96%; height: 92%; }
    Dialog > .box { border-subtitle-style: bold; border-subtitle-color: $warning; }
    """
    BINDINGS = [("escape", "back_out", "back"), ("ctrl+q", "app.quit", "quit"), ("ctrl+z", "app.act('suspend')", "suspend")]

    def on_mount(self) -> None:
        if self.app.backend.read_only:  # type: ignore[attr-defined]
            for box in self.query(".box"):
                box.border_subtitle = "READ-ONLY"

    def action_back_out(self) -> None:
        self.dismiss(None)
