"""Choose a query: saved ones, starters, and what was asked, in one list that narrows while it is typed."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Input

from ...domain.text import safe
from ..keeping import Kept, narrowed, removable
from ..widgets.field import Field
from ..widgets.lines import Line, Piece, wrap
from ..widgets.pane import Pane
from ..widgets.table import Column, ListTable
from .base import Dialog

COLUMNS = (Column("kind", 13), Column("query", 10, flex=1))


class QueriesModal(Dialog[tuple[str, str, str, str]]):
    """Returns (`edit`, `run` or `remove`, kind, name, text)."""

    DEFAULT_CSS = """
    QueriesModal ListTable { height: 1fr; }
    QueriesModal Field, QueriesModal Field:focus { padding: 0; background: $panel; }
    QueriesModal #text { height: 6; margin: 1 0 0 0; }
    """
    BINDINGS = [
        ("up", "by(-1)", "up"), ("down", "by(1)", "down"), ("pageup", "page(-1)", "page up"), ("pagedown", "page(1)", "page down"),
        ("ctrl+r", "take('run')", "run"), ("ctrl+t", "take('remove')", "remove"),
    ]  # fmt: skip

    def __init__(self, queries: Sequence[Kept], read_only: bool) -> None:
        super().__init__()
        self.queries = queries
        self.read_only = read_only
        self.found: Sequence[Kept] = queries

    def compose(self) -> ComposeResult:
        with Vertical(classes="box large"):
            yield Pane(id="title")
            yield Field(lambda text: self.action_take("edit"), self.action_back_out, placeholder="type to search", id="search")
            yield ListTable(COLUMNS, header=False, empty=("no query holds all of these words",))
            yield Pane(id="text")

    def on_mount(self) -> None:
        title = self.query_one("#title", Pane)
        title.styles.height = 1
        keys = "enter: edit   ctrl+r: run" + ("" if self.read_only else "   ctrl+t: forget saved") + "   esc: back"
        title.show([[("Queries", "title"), (f"   {keys}", "dim")]])
        self.set_focus(self.query_one(Field))
        self._narrow("")

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self._narrow(event.value)

    def _narrow(self, words: str) -> None:
        self.found = narrowed(self.queries, words)
        rows: list[tuple[object, Sequence[Piece]]] = [
            (i, [(kind, "dim" if kind in ("asked", "starter") else "strong"), (safe(name, 300), "plain")])
            for i, (kind, name, _) in enumerate(self.found)
        ]
        self.query_one(ListTable).set_rows(rows, keep=False)
        self._show_text()

    def _show_text(self) -> None:
        table = self.query_one(ListTable)
        lines: list[Line] = []
        if table.cursor < len(self.found):
            text = self.found[table.cursor][2]
            width = max(20, self.query_one("#text", Pane).size.width or 70)
            lines = [line for part in safe(text, 2000, newlines=True).split("\n") for line in wrap(part, width, "dim")]
        self.query_one("#text", Pane).show(lines)

    def on_virtual_table_moved(self, message: ListTable.Moved) -> None:
        message.stop()
        self._show_text()

    def on_virtual_table_chosen(self, message: ListTable.Chosen) -> None:
        message.stop()
        self.action_take("edit")

    def action_by(self, rows: int) -> None:
        self.query_one(ListTable).move_by(rows)

    def action_page(self, direction: int) -> None:
        self.query_one(ListTable).page(direction)

    def action_take(self, act: str) -> None:
        at = self.query_one(ListTable).cursor
        if at >= len(self.found):
            return
        kind, name, text = self.found[at]
        if act == "remove" and (self.read_only or not removable(self.found[at])):
            return
        self.dismiss((act, kind, name, text))
