"""Choose one of a few: starter queries, what waits for a human."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Vertical

from ...domain.text import safe
from ..widgets.lines import Line
from ..widgets.pane import Pane
from ..widgets.table import Column, ListTable
from .base import Dialog


class Choices(ListTable, can_focus=True):
    """One line per choice."""

    DEFAULT_CSS = "Choices { height: auto; max-height: 14; min-height: 1; }"

    def get_content_height(self, container: object, viewport: object, width: int) -> int:
        return max(1, len(self.rows), len(self.empty) + 1 if not self.rows else 0)


class PickModal(Dialog[str]):
    """`choices` are (value, line, what the line means, also over several lines). Enter returns the value."""

    DEFAULT_CSS = "PickModal #meaning { height: 4; margin: 1 0 0 0; }"
    BINDINGS = [("enter", "choose", "choose"), ("up,k", "by(-1)", "up"), ("down,j", "by(1)", "down")]

    def __init__(
        self, title: str, choices: Sequence[tuple[str, str, str]], *, enter: str = "choose", empty: Sequence[str] = ()
    ) -> None:
        super().__init__()
        self.title_text = title
        self.choices = choices
        self.enter = enter
        self.empty = empty

    def compose(self) -> ComposeResult:
        with Vertical(classes="box"):
            title = Pane(id="title")
            title.styles.height = 1
            yield title
            yield Choices((Column("choice", 10, flex=1),), header=False, empty=self.empty)
            yield Pane(id="meaning")

    def on_mount(self) -> None:
        how = f"enter: {self.enter}   esc: back" if self.choices else "esc: back"
        self.query_one("#title", Pane).show([[(self.title_text, "title"), (f"   {how}", "dim")]])
        table = self.query_one(Choices)
        table.rows = [(value, [(safe(line, 200), "plain")]) for value, line, _ in self.choices]
        self.set_focus(table)
        self.call_after_refresh(self._meaning)

    def _meaning(self) -> None:
        from ..widgets.lines import wrap

        index = self.query_one(Choices).cursor
        pane = self.query_one("#meaning", Pane)
        lines: list[Line] = []
        if index < len(self.choices):
            meaning = safe(self.choices[index][2], 600, newlines=True)
            lines = [row for part in meaning.split("\n") for row in wrap(part, max(20, pane.size.width), "dim")]
        pane.show(lines)

    def on_virtual_table_moved(self, message: ListTable.Moved) -> None:
        message.stop()
        self._meaning()

    def on_virtual_table_chosen(self, message: ListTable.Chosen) -> None:
        message.stop()
        self.action_choose()

    def action_by(self, rows: int) -> None:
        self.query_one(Choices).move_by(rows)

    def action_choose(self) -> None:
        index = self.query_one(Choices).cursor
        self.dismiss(self.choices[index][0] if index < len(self.choices) else None)
