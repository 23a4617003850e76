"""Start extractions: which accounts of which platforms, one or many, with what will start before it does."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from textual.app import ComposeResult
from textual.containers import Vertical

from ...domain.text import safe
from ..backend import Startable
from ..palette import status_word
from ..runlines import span_text
from ..widgets.field import Field
from ..widgets.lines import Line, Piece, wrap
from ..widgets.pane import Pane
from ..widgets.table import Column, ListTable
from .base import Dialog
from .pick import Choices

Wanted = list[tuple[str, str]]
"""(platform, account), in the order in which they start."""


class Accounts(Choices):
    """One line per account, marked or not."""

    DEFAULT_CSS = "Accounts { max-height: 12; }"

    def __init__(self, marked: set[int]) -> None:
        super().__init__(
            (Column("platform", 11), Column("account", 12), Column("last", 15), Column("what", 18, flex=1)),
            header=False,
        )
        self.marked = marked

    def row_sign(self, index: int) -> Piece:
        return ("●", "mark") if index in self.marked else (" ", "plain")


class StartModal(Dialog[Wanted]):
    """Returns what is to be started: the marked accounts, else the one under the cursor."""

    DEFAULT_CSS = """
    StartModal Field, StartModal Field:focus { padding: 0; background: $panel; }
    StartModal #title, StartModal #hint { height: 1; }
    StartModal #preview { height: 3; margin: 1 0 0 0; }
    """
    BINDINGS = [
        ("enter", "go", "start"),
        ("up,k", "by(-1)", "up"),
        ("down,j", "by(1)", "down"),
        ("space", "mark", "mark"),
        ("d", "due", "mark all due"),
        ("u", "unmark", "unmark all"),
    ]

    def __init__(self, now: datetime, *, due: bool = False) -> None:
        """Opens at once, so that the next keys are its own; `fill` brings the accounts. With `due` those that are due are marked then."""
        super().__init__()
        self.accounts: Sequence[Startable] = ()
        self.now = now
        self.wants_due = due
        self.marked: set[int] = set()
        self.nothing_due = False
        self.problem = "looking for platforms…"

    def compose(self) -> ComposeResult:
        with Vertical(classes="box"):
            yield Pane(id="title")
            yield Accounts(self.marked)
            yield Pane(id="preview")
            yield Field(
                lambda text: self.action_go(), self.action_back_out, placeholder="tab: another account of this platform",
                max_length=80, id="account",
            )  # fmt: skip
            yield Pane(id="hint")

    def on_mount(self) -> None:
        self.query_one("#title", Pane).show([[("Start extractions", "title")]])
        keys = (("space", "mark"), ("d", "all due"), ("u", "none"), ("enter", "start"), ("esc", "back"))
        self.query_one("#hint", Pane).show([[p for key, word in keys for p in ((f" {key}", "key"), (f" {word} ", "plain"))]])
        self.query_one(Accounts).empty = ("loading…",)
        self.set_focus(self.query_one(Accounts))
        if self.accounts:
            self.fill(self.accounts)
        self.call_after_refresh(self._preview)

    def fill(self, accounts: Sequence[Startable]) -> None:
        """Show the accounts."""
        self.accounts = accounts
        if not self.query(Accounts):  # it is still being made, and will see to it then
            return
        self.problem = ""
        table = self.query_one(Accounts)
        table.empty = ("no platform can be extracted here", "bedrot platforms says why")
        if self.wants_due:
            self.marked |= {n for n, a in enumerate(accounts) if a.due}
            self.nothing_due = not self.marked
            table.cursor = min(self.marked, default=0)
        table.set_rows([((a.platform, a.account), self._pieces(a)) for a in accounts], keep=False)
        table.move_to(min(self.marked, default=0))
        table.refresh(layout=True)
        self._preview()
        self.call_after_refresh(self._preview)  # its width is known by then

    def fail(self, text: str) -> None:
        """The accounts cannot be had."""
        self.problem = safe(text, 200)
        self._preview()

    def _pieces(self, a: Startable) -> list[Piece]:
        last = ("never ran", "dim")
        if a.last is not None:
            word = status_word(a.last.state.value)
            ago = span_text(self.now - (a.last.ended_at or a.last.started_at))
            last = (f"{word} {ago}", a.last.state.value)
        what: Piece = (safe(", ".join(a.feeds), 200), "dim")
        if a.problem:
            what = (f"broken: {safe(a.problem, 200)}", "error")
        elif a.due:
            what = (f"due · {what[0]}", "plain")
        elif a.wait:
            what = (safe(a.wait, 60), "dim")
        return [(safe(a.platform, 30), "strong"), (safe(a.account, 60), "plain"), last, what]

    def _wanted(self) -> list[tuple[str, str, str | None]]:
        """(platform, account, why it cannot start)."""
        if self.marked:
            return [(a.platform, a.account, a.problem) for n, a in enumerate(self.accounts) if n in self.marked]
        index = self.query_one(Accounts).cursor
        if index >= len(self.accounts):
            return []
        chosen = self.accounts[index]
        return [(chosen.platform, self.query_one(Field).value.strip() or chosen.account, chosen.problem)]

    def _preview(self) -> None:
        """What enter would start now."""
        pane = self.query_one("#preview", Pane)
        wanted = self._wanted()
        lines: list[Line] = []
        if self.problem:
            lines = [[(self.problem, "warning")]]
        elif self.nothing_due:
            lines = [[("nothing is due; space marks what is to run anyway", "warning")]]
        elif wanted:
            names = ", ".join(f"{safe(p, 30)} ({safe(a, 60)})" for p, a, _ in wanted)
            count = f"{len(wanted)} runs start at once, each in a process of its own: " if len(wanted) > 1 else "starts: "
            lines = wrap(count + names, max(20, pane.size.width), "plain")
        pane.show(lines)

    def on_virtual_table_moved(self, message: ListTable.Moved) -> None:
        message.stop()
        self.nothing_due, self.problem = False, ""
        self._preview()

    def on_virtual_table_chosen(self, message: ListTable.Chosen) -> None:
        message.stop()
        self.action_go()

    def on_input_changed(self) -> None:
        self._preview()

    def action_by(self, rows: int) -> None:
        self.query_one(Accounts).move_by(rows)

    def action_mark(self) -> None:
        table = self.query_one(Accounts)
        self._mark(self.marked ^ {table.cursor} if self.accounts else set())
        table.move_by(1)

    def action_due(self) -> None:
        self._mark({n for n, a in enumerate(self.accounts) if a.due})
        self.nothing_due = not self.marked
        self._preview()

    def action_unmark(self) -> None:
        self._mark(set())

    def _mark(self, marked: set[int]) -> None:
        self.marked.clear()
        self.marked |= marked
        self.nothing_due, self.problem = False, ""
        self.query_one(Accounts).refresh()
        self._preview()

    def action_go(self) -> None:
        wanted = self._wanted()
        broken = next((p for p, _, problem in wanted if problem), None)
        if broken is not None:
            self.problem = f"{safe(broken, 30)} does not load: bedrot doctor"
            self._preview()
        elif not self.nothing_due:
            self.dismiss([(p, a) for p, a, _ in wanted] or None)
