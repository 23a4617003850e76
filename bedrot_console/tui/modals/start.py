"""Start an extraction: which platform, which account."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Static

from ...domain.text import safe
from ..backend import Platform
from ..widgets.field import Field
from ..widgets.table import Column, ListTable
from .base import Dialog
from .pick import Choices


class StartModal(Dialog[tuple[str, str]]):
    """Returns (platform, account)."""

    DEFAULT_CSS = """
    StartModal Field, StartModal Field:focus { padding: 0; background: $panel; }
    StartModal #title { text-style: bold; }
    """
    BINDINGS = [("enter", "go", "start"), ("up", "by(-1)", "up"), ("down", "by(1)", "down")]

    def __init__(self, platforms: Sequence[Platform]) -> None:
        super().__init__()
        self.platforms = [p for p in platforms if p.problem or p.runs]

    def compose(self) -> ComposeResult:
        with Vertical(classes="box"):
            yield Static("Start an extraction", markup=False, id="title")
            yield Choices(
                (Column("platform", 14), Column("how", 9), Column("what", 20, flex=1)),
                header=False,
                empty=("no platform can be extracted here", "bedrot platforms says why"),
            )
            yield Static("account:", markup=False)
            yield Field(lambda text: self.action_go(), self.action_back_out, value="default", max_length=80, id="account")
            yield Static("↑↓ platform   tab account   enter: start   esc: back", markup=False, id="hint")

    def on_mount(self) -> None:
        table = self.query_one(Choices)
        rows = []
        for p in self.platforms:
            what = f"does not load: {p.problem}" if p.problem else f"{p.title}: {', '.join(r.rsplit('/', 1)[-1] for r in p.runs)}"
            rows.append(
                (
                    p.name,
                    [
                        (safe(p.name, 30), "strong"),
                        (safe(p.method, 20), "dim"),
                        (safe(what, 200), "error" if p.problem else "plain"),
                    ],
                )
            )
        table.rows = rows
        self.set_focus(table)

    def on_virtual_table_moved(self, message: ListTable.Moved) -> None:
        message.stop()

    def on_virtual_table_chosen(self, message: ListTable.Chosen) -> None:
        message.stop()
        self.action_go()

    def action_by(self, rows: int) -> None:
        self.query_one(Choices).move_by(rows)

    def action_go(self) -> None:
        index = self.query_one(Choices).cursor
        if index >= len(self.platforms):
            self.dismiss(None)
            return
        chosen = self.platforms[index]
        if chosen.problem:
            self.query_one("#hint", Static).update("✗ it does not load: bedrot doctor")
            return
        account = self.query_one(Field).value.strip() or "default"
        self.dismiss((chosen.name, account))
