"""SQL: read-only questions, answered by a locked-down child on the published catalog. Result rows with an id lead to their file."""

from __future__ import annotations

import time
from typing import Any

from textual import events
from textual.app import ComposeResult
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import TextArea

from ...domain.errors import BedrotError
from ...domain.identifiers import is_id
from ...domain.text import safe
from ..keys import bindings
from ..messages import Failed, SchemaLoaded, SqlDone
from ..widgets.lines import RULE, Piece, strip_of
from ..widgets.table import Column, ListTable
from .view import View

LIMIT = 10_000
LONGEST_QUERY = 100_000
_NUMBERS = ("INT", "DECIMAL", "DOUBLE", "FLOAT", "BIGINT", "HUGEINT")


class Editor(TextArea):
    """The query. Plain text: no language, no markup."""

    is_editor = True

    DEFAULT_CSS = """
    Editor, Editor:focus { height: 6; border: none; padding: 0 1; }
    """


class ResultHead(Widget):
    """How the last query ended."""

    DEFAULT_CSS = "ResultHead { height: 1; }"

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[Piece] = [("── results ", "dim"), (RULE, "dim")]

    def show(self, pieces: list[Piece]) -> None:
        self.pieces = [("── ", "dim"), *pieces, (" ", "dim"), (RULE, "dim")]
        self.refresh()

    def render_line(self, y: int) -> Strip:
        return strip_of(self.pieces, self.size.width, self.app.palette)  # type: ignore[attr-defined]


class Results(ListTable, can_focus=True):
    """The answer's rows."""


class SqlView(View):
    """Editor above, results below."""

    place = "sql"
    BINDINGS = bindings("sql")
    DEFAULT_CSS = "SqlView.tall Editor { height: 12; }"

    def __init__(self) -> None:
        super().__init__(id="sql")
        self.history: list[str] = []
        self.at = 0
        self.running = False
        self.columns: tuple[str, ...] = ()
        self.types: tuple[str, ...] = ()
        self.answer: tuple[tuple[Any, ...], ...] = ()
        self.first_column = 0

    def compose(self) -> ComposeResult:
        yield Editor("select feed, status, count(*) as files\nfrom files\ngroup by all\norder by files desc", id="editor")
        yield ResultHead()
        yield Results(
            (), id="results", empty=("no answer yet", "ctrl+r runs the query, ctrl+t shows starter queries, ctrl+g the columns")
        )

    @property
    def editor(self) -> Editor:
        return self.query_one(Editor)

    @property
    def results(self) -> Results:
        return self.query_one(Results)

    def focus_target(self) -> Widget:
        return self.editor

    def on_resize(self) -> None:
        self.set_class(self.size.height >= 30, "tall")

    # running

    def run_text(self, text: str) -> None:
        """Put a query into the editor and run it."""
        self.editor.text = text
        self.do_run()

    def do_run(self) -> None:
        text = self.editor.text.strip().rstrip(";")
        self.history = [h for h in self.history if h != text] + [text]
        self.at = len(self.history)
        self.running = True
        self.query_one(ResultHead).show([("running… ", "running"), ("ctrl+s stops it", "dim")])
        self.state_changed()
        backend = self.console.backend

        def work() -> SqlDone:
            began = time.perf_counter()
            try:
                table = backend.sql(text, LIMIT)
            except BedrotError as error:
                return SqlDone(None, time.perf_counter() - began, str(error), error.hint)
            return SqlDone(table, time.perf_counter() - began)

        self.fetch("sql", work)

    def on_sql_done(self, message: SqlDone) -> None:
        message.stop()
        self.running = False
        head = self.query_one(ResultHead)
        if message.table is None:
            head.show([("✗ ", "error"), (safe(message.problem, 400), "error")])
            self.columns, self.types, self.answer = (), (), ()
            self.results.columns = ()
            self.results.empty = (safe(message.problem, 400), safe(message.hint or "ctrl+g shows views and columns", 200))
            self.results.set_rows([], keep=False)
        else:
            table = message.table
            self.columns, self.types, self.answer = table.columns, table.types, table.rows
            self.first_column = 0
            cut = f" (the first {len(table.rows):,}; in full: bedrot sql)" if table.truncated else ""
            head.show([(f"{len(table.rows):,} rows{cut} · {message.seconds:.2f} s", "strong")])
            self.results.empty = ("no rows", "the query is right, and nothing matches it")
            self._lay_out()
        self.state_changed()

    def on_failed(self, message: Failed) -> None:
        message.stop()
        if message.group == "sql":
            self.post_message(SqlDone(None, 0.0, message.text, message.hint))
        else:
            super().on_failed(message)

    def _lay_out(self) -> None:
        names, types = self.columns[self.first_column :], self.types[self.first_column :]
        sample = self.answer[:200]
        columns: list[Column] = []
        for number, (name, kind) in enumerate(zip(names, types, strict=False)):
            at = number + self.first_column
            width = max([len(safe(name)), *(len(safe(_text(r[at]), 60)) for r in sample)], default=4)
            align = "right" if any(n in str(kind).upper() for n in _NUMBERS) else "left"
            columns.append(Column(f"{safe(name, 60)}", max(3, min(width, 48)), align))
        seen: dict[str, int] = {}
        for i, c in enumerate(columns):  # titles are keys in the table
            seen[c.title] = seen.get(c.title, 0) + 1
            if seen[c.title] > 1:
                columns[i] = Column(f"{c.title}:{seen[c.title]}", c.width, c.align)
        self.results.columns = tuple(columns)
        self.results._layout = None
        first = self.first_column
        rows = [
            (i, [("∅", "dim") if v is None else (safe(_text(v), 300), "plain") for v in r[first:]])
            for i, r in enumerate(self.answer)
        ]
        self.results.set_rows(rows, keep=False)

    # keys

    def why_not(self, action: str) -> str | None:
        if action == "stop":
            return None if self.running else "nothing is running"
        if action == "run":
            if self.running:
                return "a query is running; ctrl+s stops it"
            if not self.editor.text.strip():
                return "the editor is empty; ctrl+t has starter queries"
            if len(self.editor.text) > LONGEST_QUERY:
                return f"longer than {LONGEST_QUERY:,} characters"
        if action in ("copy_row", "details") and not self.answer:
            return "no rows"
        if action == "details" and self._file_id() is None:
            return "this row has no file id"
        return None

    def do_stop(self) -> None:
        backend = self.console.backend

        def work() -> None:
            backend.cancel_sql()

        self.fetch("sql stop", work)

    def do_starters(self) -> None:
        from ..modals.pick import PickModal

        starters = self.console.backend.starters()
        choices = [(name, name, text) for name, text in starters]

        def chosen(name: str | None) -> None:
            for starter, text in starters:
                if starter == name:
                    self.run_text(text)

        self.console.push_screen(PickModal("Starter queries", choices), chosen)

    def do_schema(self) -> None:
        backend = self.console.backend
        self.fetch("schema", lambda: SchemaLoaded(backend.schema()))

    def on_schema_loaded(self, message: SchemaLoaded) -> None:
        from ..modals.text import TextModal
        from ..widgets.lines import Line

        message.stop()
        lines: list[Line] = []
        view = None
        for name, column, kind in message.columns:
            if name != view:
                lines.append([(safe(name, 60), "title")])
                view = name
            lines.append([(f"  {safe(column, 60):<24} ", "plain"), (safe(kind, 40), "dim")])
        self.console.push_screen(TextModal("Views and columns", lines))

    def do_older(self) -> None:
        if self.history and self.at > 0:
            self.at -= 1
            self.editor.text = self.history[self.at]

    def do_newer(self) -> None:
        if self.at < len(self.history) - 1:
            self.at += 1
            self.editor.text = self.history[self.at]

    def do_leave(self) -> None:
        self.screen.set_focus(self.results)
        self.notice("i goes back to the editor")

    def do_edit(self) -> None:
        self.screen.set_focus(self.editor)

    def _file_id(self) -> str | None:
        row = self.answer[self.results.cursor] if self.results.cursor < len(self.answer) else ()
        for name, value in zip(self.columns, row, strict=False):
            if name in ("id", "file_id", "file") and isinstance(value, str) and is_id(value):
                return value
        return None

    def do_details(self) -> None:
        name = self._file_id()
        if name:
            self.console.show_details(name)

    def do_copy_row(self) -> None:
        row = self.answer[self.results.cursor]
        self.console.copy("\t".join("" if v is None else _text(v) for v in row), "row")

    def do_up(self) -> None:
        self.results.move_by(-1)

    def do_down(self) -> None:
        self.results.move_by(1)

    def do_page_up(self) -> None:
        self.results.page(-1)

    def do_page_down(self) -> None:
        self.results.page(1)

    def do_home(self) -> None:
        self.results.move_to(0)

    def do_end(self) -> None:
        self.results.move_to(len(self.answer) - 1)

    def do_left(self) -> None:
        self._columns_by(-1)

    def do_right(self) -> None:
        self._columns_by(1)

    def _columns_by(self, step: int) -> None:
        first = max(0, min(self.first_column + step, len(self.columns) - 1))
        if first != self.first_column and self.answer:
            cursor, top = self.results.cursor, self.results.top
            self.first_column = first
            self._lay_out()
            self.results.cursor, self.results.top = cursor, top
            self.results.refresh()

    def on_virtual_table_moved(self, message: ListTable.Moved) -> None:
        message.stop()
        self.state_changed()

    def on_virtual_table_chosen(self, message: ListTable.Chosen) -> None:
        message.stop()
        self.action_act("details")

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        self.state_changed()

    def decided(self, message: object) -> None:
        """Decisions change nothing here: an answer stands for the moment it was asked."""

    validated = decided


def _text(value: Any) -> str:
    return value if isinstance(value, str) else str(value)
