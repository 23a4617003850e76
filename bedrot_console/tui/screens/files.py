"""Files: the catalog as one table of any length, with a filter that answers while it is typed."""

from __future__ import annotations

import dataclasses

from textual.app import ComposeResult
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import Input

from ...domain.browsing import ORDERS, FileFilter
from ...domain.errors import UsageError
from ...domain.filterwords import parse_filter
from ...domain.lifecycle import Verb
from ...domain.text import safe
from ..keys import bindings
from ..messages import Counted, Decided, Failed, PageLoaded, Validated
from ..widgets.field import Field
from ..widgets.filetable import PAGE, FileTable, moved_row
from ..widgets.lines import Piece, strip_of
from .view import View


class FilterLine(Widget):
    """Where the cursor stands, how many there are, which filter and order."""

    DEFAULT_CSS = "FilterLine { height: 1; }"

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[Piece] = []

    def show(self, pieces: list[Piece]) -> None:
        if pieces != self.pieces:
            self.pieces = pieces
            self.refresh()

    def render_line(self, y: int) -> Strip:
        return strip_of(self.pieces, self.size.width, self.app.palette)  # type: ignore[attr-defined]


ON_A_ROW = ("promote", "quarantine", "release", "withdraw", "validate", "mark", "details", "review", "copy_id", "copy_path")


class FilesView(View):
    """All files, or those a filter lets through."""

    place = "files"
    BINDINGS = bindings("files")

    def __init__(self) -> None:
        super().__init__(id="files")
        self.words = ""
        self.order = ORDERS[0]
        self.trouble: str | None = None

    def compose(self) -> ComposeResult:
        hint = "status:failed platform:distrokid zone:raw since:7d words…"
        yield Field(
            self._filter_done, lambda: self._filter_done(""), placeholder=hint, max_length=400, id="filter", classes="waiting"
        )
        yield FilterLine()
        yield FileTable(id="filetable")

    @property
    def table(self) -> FileTable:
        return self.query_one(FileTable)

    def focus_target(self) -> Widget:
        return self.table

    def on_mount(self) -> None:
        self.table.restart(self.what())

    def shown(self) -> None:
        self._line()

    # the filter

    def what(self) -> FileFilter:
        """The filter as typed. Raises UsageError."""
        what = parse_filter(self.words, self.console.backend.now())
        return what if "order:" in self.words else dataclasses.replace(what, order=self.order)

    def set_words(self, words: str) -> None:
        """Filter by these words."""
        self.words = words
        try:
            what = self.what()
        except UsageError as error:
            self.trouble = f"{error}{' → ' + error.hint if error.hint else ''}"
            self._line()
            return
        self.trouble = None
        if what != self.table.what:
            self.table.restart(what)
        self._line()

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        if event.value != self.words:
            self.set_words(event.value)

    def _filter_done(self, words: str) -> None:
        self.query_one("#filter", Field).add_class("waiting")
        self.screen.set_focus(self.table)
        self._line()

    # loading

    def on_file_table_need_rows(self, message: FileTable.NeedRows) -> None:
        message.stop()
        backend, what, row, where = self.console.backend, self.table.what, message.row, message.where

        def work() -> PageLoaded:
            if where == "first":
                return PageLoaded(what, where, backend.files(what, limit=PAGE))
            if where == "last":
                rows = backend.last(what, PAGE)
                return PageLoaded(what, where, rows, total=backend.count(what))
            if where == "after":
                return PageLoaded(what, where, backend.files(what, after=row, limit=PAGE), row.id if row else None)
            return PageLoaded(what, where, backend.files(what, before=row, limit=PAGE), row.id if row else None)

        self.fetch("files" if where in ("first", "last") else f"files {where}", work)

    def on_page_loaded(self, message: PageLoaded) -> None:
        message.stop()
        table = self.table
        if not table.place(message):
            return
        table.empty = self._empty()
        if message.where in ("first", "around"):
            if table.at_end:
                table.total = table.base + len(table.rows)
            else:
                self._count()
        self._line()
        self.state_changed()
        self.console.first_rows()

    def _count(self) -> None:
        backend, what = self.console.backend, self.table.what
        self.fetch("count", lambda: Counted(what, backend.count(what)))

    def on_counted(self, message: Counted) -> None:
        message.stop()
        if message.what == self.table.what:
            self.table.total = message.total
            self._line()

    def on_failed(self, message: Failed) -> None:
        super().on_failed(message)
        message.stop()
        if message.group.startswith("files"):
            self.table.question_failed()
            if not self.table.rows:
                self.table.empty = (safe(message.text, 200), f"next: {safe(message.hint, 120)}" if message.hint else "")
                self.table.refresh()

    def catalog_changed(self) -> None:
        table = self.table
        row = table.row()
        if row is None:
            table.restart(table.what)
            return
        backend, what, at_start = self.console.backend, table.what, table.base == 0 and table.cursor < PAGE // 2

        def work() -> PageLoaded:
            if at_start:
                rows = backend.files(what, limit=PAGE)
                return PageLoaded(what, "around", rows, row.id, head=0, at_start=True)
            before = backend.files(what, before=row, limit=PAGE)
            rest = backend.files(what, after=before[-1] if before else None, limit=PAGE)
            return PageLoaded(what, "around", before + rest, row.id, head=len(before), at_start=len(before) < PAGE)

        self.fetch("files around", work)

    def _empty(self) -> tuple[str, ...]:
        if self.words:
            return (f"no file matches: {safe(self.words, 60)}", "/ changes the filter, escape drops it")
        return (
            "no files yet",
            "3 then s starts an extraction; or in a shell: bedrot land FILE…",
            "to see it with made-up data: bedrot demo --console",
        )

    def _line(self) -> None:
        table = self.table
        pieces: list[Piece] = []
        if self.trouble:
            pieces.append((f" ✗ {safe(self.trouble, 200)}", "error"))
        elif table.loaded:
            total = f"{table.total:,}" if table.total is not None else f"{table.base + len(table.rows):,}+"
            at = f"{table.cursor + 1:,}" if table.rows else "0"
            pieces.append((f" {at} of {total}", "strong"))
            if table.marks:
                size = sum(r.size_bytes for r in table.marks.values())
                pieces.append((f" · {len(table.marks)} marked ({size:,} B)", "mark"))
            pieces.append((f" · {table.what.order}", "plain"))
            pieces.append((f" · / {safe(self.words, 200)}" if self.words else " · / filters", "plain" if self.words else "dim"))
        self.query_one(FilterLine).show(pieces)

    def on_virtual_table_moved(self, message: FileTable.Moved) -> None:
        message.stop()
        self._line()
        self.state_changed()

    def on_virtual_table_chosen(self, message: FileTable.Chosen) -> None:
        message.stop()
        self.action_act("details")

    # keys

    def why_not(self, action: str) -> str | None:
        rows = self.table.chosen()
        if self.table.stale and action in ON_A_ROW and not self.table.marks:
            return "the filter's first page is still on its way"
        if action in ("promote", "quarantine", "release", "withdraw"):
            return self.refusal_of_all(Verb(action), rows)
        if action in ("details", "review", "mark", "copy_id", "copy_path") and self.table.row() is None:
            return "no file here"
        if action == "validate":
            if self.console.backend.read_only:
                return "this console is read-only"
            return None if rows else "no file here"
        return None

    def do_up(self) -> None:
        self.table.move_by(-1)

    def do_down(self) -> None:
        self.table.move_by(1)

    def do_page_up(self) -> None:
        self.table.page(-1)

    def do_page_down(self) -> None:
        self.table.page(1)

    def do_home(self) -> None:
        self.table.home()

    def do_end(self) -> None:
        self.table.end()

    def do_filter(self) -> None:
        field = self.query_one("#filter", Field)
        field.value = self.words
        field.cursor_position = len(self.words)
        field.remove_class("waiting")
        self.screen.set_focus(field)

    def do_back(self) -> None:
        if self.words:
            self.set_words("")
        elif self.table.marks:
            self.do_unmark()

    def do_mark(self) -> None:
        self.table.toggle_mark()
        self.table.move_by(1)
        self._line()
        self.state_changed()

    def do_mark_range(self) -> None:
        count = self.table.mark_range()
        self.notice(f"{count} more marked")
        self._line()
        self.state_changed()

    def do_unmark(self) -> None:
        self.table.unmark()
        self._line()
        self.state_changed()

    def do_order(self) -> None:
        self.order = ORDERS[(ORDERS.index(self.order) + 1) % len(ORDERS)]
        self.set_words(" ".join(w for w in self.words.split() if not w.startswith("order:")))

    def do_details(self) -> None:
        row = self.table.row()
        if row:
            self.console.show_details(row.id)

    def do_review(self) -> None:
        row = self.table.row()
        if row:
            self.console.review_file(row.id)

    def do_promote(self) -> None:
        self.ask_decision(Verb.PROMOTE, self.table.chosen())

    def do_quarantine(self) -> None:
        self.ask_decision(Verb.QUARANTINE, self.table.chosen())

    def do_release(self) -> None:
        self.ask_decision(Verb.RELEASE, self.table.chosen())

    def do_withdraw(self) -> None:
        self.ask_decision(Verb.WITHDRAW, self.table.chosen())

    def do_validate(self) -> None:
        self.ask_validation(self.table.chosen())

    def do_copy_id(self) -> None:
        row = self.table.row()
        if row:
            self.console.copy(row.id, "id")

    def do_copy_path(self) -> None:
        row = self.table.row()
        if row:
            self.console.copy(f"{row.zone}/{row.path}", "path")

    # what verbs did

    def decided(self, message: Decided) -> None:
        """Show what moved before the catalog tells; what failed stays marked."""
        done = {o.id: o for o in message.outcomes if o.done and o.zone}
        known = {r.id: r for r in [*self.table.rows, *self.table.marks.values()]}
        self.table.patch({i: moved_row(known[i], o.zone, o.path) for i, o in done.items() if i in known})
        self.table.unmark(list(done))
        self._line()
        self.state_changed()

    def validated(self, message: Validated) -> None:
        self._line()
