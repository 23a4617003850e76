"""Files: the catalog as one table of any length, with a filter that answers while it is typed."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.widget import Widget
from textual.widgets import Input

from ...domain.browsing import OPPOSITE, ORDERS, FileFilter, FileRow
from ...domain.errors import READ_ONLY, UsageError
from ...domain.filterwords import filter_of, sayable, split_words
from ...domain.lifecycle import Verb
from ...domain.text import safe
from ..keys import bindings
from ..messages import Counted, Failed, PageLoaded, Validated, WordsLoaded
from ..widgets.filetable import PAGE, FileTable
from ..widgets.filterfield import FilterField, FilterLine, begun, completed
from ..widgets.grouptable import GroupTable
from ..widgets.lines import Piece
from ..widgets.table import VirtualTable
from .filesgroups import Grouping, Trail
from .fileskept import Kept
from .filesmarks import Marking
from .view import View

DECISIONS = {verb.value: verb for verb in (Verb.PROMOTE, Verb.QUARANTINE, Verb.RELEASE, Verb.WITHDRAW)}
ON_A_ROW = (*DECISIONS, "validate", "mark", "details", "review", "copy_id", "copy_path")
FILES_ONLY = (
    "mark", "mark_range", "mark_all", "mark_up", "mark_down", "mark_page_up", "mark_page_down", "validate", "review", "copy_id", "copy_path",
)  # fmt: skip
COUNTABLE = 1_000_000
"""Files up to which the place of a row is counted in every order; above, only where the catalog is sorted by it."""


class FilesView(Kept, Marking, Grouping, View):
    """All files, or those a filter lets through; or groups of them."""

    place = "files"
    BINDINGS = bindings("files")

    def __init__(self) -> None:
        super().__init__(id="files")
        self.words = ""
        self.order = ORDERS[0]
        self.group: str | None = None
        self.by: str | None = None
        self.asked = FileFilter()
        self.trail: list[Trail] = []
        self.trouble: str | None = None
        self.becoming = ""
        self.whole_count: int | None = None
        self._at: str | None = None
        self._reasons: dict[Verb, str | None] = {}
        self._marked = ""
        self._told: tuple[bool, int, FileRow | None] | None = None
        self.table = FileTable(id="filetable")
        self.groups = GroupTable(id="grouptable")

    def compose(self) -> ComposeResult:
        hint = "status:failed platform:distrokid zone:raw since:7d words…"
        yield FilterField(self._filter_done, self._filter_left, placeholder=hint, id="filter")
        yield FilterLine()
        self.groups.display = False
        yield self.table
        yield self.groups

    def focus_target(self) -> Widget:
        return self.groups if self.grouped else self.table

    def on_mount(self) -> None:
        self.begin()

    def shown(self) -> None:
        self._line()

    # the filter

    def parsed(self, words: str) -> tuple[FileFilter, str | None]:
        """The filter that words say, in the order chosen here unless they say one, and what they group by. Raises UsageError."""
        given, text = split_words(words)
        by = given.pop("group", self.group)
        return filter_of({"order": self.order, **given}, text, self.console.backend.now()), by

    def set_words(self, words: str, *, typing: bool = False) -> None:
        """Filter by these words. While they are typed, a value that is only begun restricts nothing yet."""
        self.words = words
        known = self.query_one(FilterField).known
        self.trouble, self.becoming = None, (completed(words, known) or "") if typing and begun(words, known) else ""
        try:
            what, by = self.parsed(words.rpartition(" ")[0] if self.becoming else words)
        except UsageError as error:
            self.becoming = (completed(words, known) or "") if typing else ""
            self.trouble = None if self.becoming else f"{error}{' → ' + error.hint if error.hint else ''}"
            self._line()
            return
        changed = what != self.asked
        self.asked, regrouped, self.by = what, by != self.by, by
        if changed:
            self.filter_changed(what)
        if by is not None:
            if changed or regrouped or not self.grouped:
                self.ask_groups()
        else:
            if what != self.table.what:
                self.drop_fetch("count")
                self.table.restart(what)
            self.show_groups(False)
        self._line()
        self.state_changed()

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        if event.value != self.words and not event.input.has_class("waiting"):  # what was entered meanwhile is no longer typed
            self.trail.clear()
            self.set_words(event.value, typing=True)

    def _filter_done(self, words: str) -> None:
        self.query_one(FilterField).add_class("waiting")
        if words != self.words or self.becoming:
            self.set_words(words)
        self.screen.set_focus(self.focus_target())
        self._line()

    def _filter_left(self) -> None:
        self.keep_row()
        self._filter_done("")

    def _learn_words(self) -> None:
        """The values that the catalog holds, for completion."""
        backend = self.console.backend

        def work() -> WordsLoaded:
            return WordsLoaded(
                {
                    w: [k for k, _, _ in backend.groups(FileFilter(), w) if k and sayable(k)]
                    for w in ("platform", "feed", "account")
                }
            )

        self.fetch("words", work)

    def on_words_loaded(self, message: WordsLoaded) -> None:
        message.stop()
        field = self.query_one(FilterField)
        field.known = message.values
        if field.has_focus and begun(self.words, field.known):
            self.set_words(self.words, typing=True)

    # loading

    def overtaken(self, thread: int) -> None:
        self.console.backend.drop(thread)

    def on_file_table_need_rows(self, message: FileTable.NeedRows) -> None:
        message.stop()
        table, backend = self.table, self.console.backend
        what, row, where, limit, known = table.what, message.row, message.where, table.page_rows, table.total

        def work() -> PageLoaded:
            total = None
            if where == "first":
                rows = backend.files(what, limit=PAGE)
            elif where == "last":
                rows = backend.last(what, PAGE)
                total = known if known is not None else backend.count(what)
            elif where == "after":
                rows = backend.files(what, after=row, limit=limit)
            else:
                rows = backend.files(what, before=row, limit=limit)
            full = len(rows) == (PAGE if where in ("first", "last") else limit)
            return PageLoaded(what, where, rows, full, row.id if row else None, total)

        self.fetch("files" if where in ("first", "last") else f"files {where}", work)

    def on_page_loaded(self, message: PageLoaded) -> None:
        message.stop()
        table = self.table
        if not table.place(message):
            return
        table.empty = self._empty()
        if message.where in ("first", "around"):
            if table.at_end and table.at_start:
                table.total = len(table.rows)
            else:
                self._count()
        if message.where in ("first", "last", "around"):
            self.state_changed()
        self._line()
        self.console.first_rows()
        self.find_place()

    def _count(self) -> None:
        """Count the filter; where the cursor stands in it, and its last page, as far as that is cheap."""
        backend, table = self.console.backend, self.table
        what, row = table.what, None if table.at_start else table.row()
        sorted_by = what.order in ("newest", "oldest")

        def work() -> Counted:
            total = backend.count(what)
            index = backend.place_of(what, row) if row is not None and (sorted_by or total <= COUNTABLE) else None
            last = PageLoaded(what, "last", backend.last(what, PAGE), total > PAGE, total=total) if sorted_by else None
            return Counted(what, total, row.id if row is not None else None, index, last)

        self.fetch("count", work)

    def on_counted(self, message: Counted) -> None:
        message.stop()
        table, here = self.table, self.table.row()
        if message.what != table.what:
            return
        table.total = message.total
        if message.last is not None:
            table.keep(message.last)
        if message.index is not None and here is not None and here.id == message.row and not table.at_start:
            table.shift_to(message.index)
        if table.whole is not None:
            self.whole_count = message.total
            self.marks_changed()
        self._line()

    def on_failed(self, message: Failed) -> None:
        if message.group.startswith("files"):
            self.table.question_failed()
            if not self.table.rows:
                self.table.say(message.text, message.hint)

    def catalog_changed(self) -> None:
        if self.by is not None:
            self.ask_groups()
        self.renew_marks()
        table, found = self.table, self.table.anchor()
        if found is None:
            table.restart(table.what)
            return
        (row, distance), backend, what = found, self.console.backend, table.what
        limit = max(PAGE, abs(distance) + table.view_height)

        def work() -> PageLoaded:
            before = backend.files(what, before=row, limit=limit)
            rest = backend.files(what, after=before[-1] if before else None, limit=limit)
            return PageLoaded(
                what, "around", before + rest, len(rest) == limit, row.id, head=len(before), at_start=len(before) < limit
            )

        self.fetch("files around", work)

    def _empty(self) -> tuple[str, ...]:
        if self.words:
            meant = completed(self.words, self.query_one(FilterField).known)
            hint = f"did you mean {safe(meant, 60)}? " if meant and begun(self.words, self.query_one(FilterField).known) else ""
            return (f"no file matches: {safe(self.words, 60)}", f"{hint}/ changes the filter, escape drops it")
        return (
            "no files yet",
            "3 then s starts an extraction; or in a shell: bedrot land FILE…",
            "to see it with made-up data: bedrot demo --console",
        )

    def _line(self) -> None:
        table = self.table
        pieces: list[Piece] = []
        words = (f" · / {safe(self.words, 200)}" if self.words else " · / filters", "plain" if self.words else "dim")
        if self.trouble:
            pieces.append((f" ✗ {safe(self.trouble, 200)}", "error"))
        elif self.becoming:
            pieces.append((f" tab: {safe(self.becoming, 200)}", "dim"))
        elif self.grouped:
            pieces += [*self.group_line(), words]
        elif table.loaded and table.stale and not table.rows:
            pieces += [(" …", "dim"), words]
        elif table.loaded:
            total = f"{table.total:,}" if table.total is not None else f"{table.base + len(table.rows):,}+"
            at = f"{table.cursor + 1:,}" if table.rows else "0"
            pieces.append((f" {at} of {total}", "strong"))
            if self._marked:
                pieces.append((self._marked, "mark"))
            pieces.append((f" · {table.what.order}", "plain"))
            pieces.append(words)
        self.query_one(FilterLine).show(pieces)

    def on_virtual_table_moved(self, message: VirtualTable.Moved) -> None:
        message.stop()
        if self._told != self._here():
            self.acted()

    def _here(self) -> tuple[bool, int, FileRow | None]:
        return self.grouped, self.groups.cursor if self.grouped else self.table.cursor, self.table.row()

    def acted(self) -> None:
        self._told = self._here()
        self._line()
        self.state_changed()

    def on_file_table_order_wanted(self, message: FileTable.OrderWanted) -> None:
        message.stop()
        self._order(OPPOSITE[message.order] if self.asked.order == message.order else message.order)

    def on_virtual_table_chosen(self, message: VirtualTable.Chosen) -> None:
        message.stop()
        self.action_act("details")

    # keys

    def why_not(self, action: str) -> str | None:
        table = self.table
        if self.grouped and action in FILES_ONLY:
            return "enter opens the group's files first"
        if action == "mark_all" and table.whole is None and self.words:
            return self.refusal_of_words(self.words)
        if table.stale and action in ON_A_ROW and not table.any_marked and not self.grouped:
            return "the filter's first page is still on its way"
        if action in DECISIONS:
            return self.refusal_of_chosen(DECISIONS[action])
        if action in ("details", "review", "mark", "copy_id", "copy_path") and table.row() is None and not self.grouped:
            return "no file here"
        if action == "validate":
            if self.console.backend.read_only:
                return READ_ONLY
            if table.whole is not None:
                return "mark files one by one for this; in a shell: bedrot validate --pending"
            return None if table.chosen() else "no file here"
        if action == "stop" and (self.stopped is None or not self._busy("decision")):
            return "no decision is under way"
        return None

    @property
    def moving(self) -> VirtualTable:
        """What the cursor keys move in."""
        if self.grouped:
            return self.groups
        self.table.end_span()
        return self.table

    def do_up(self) -> None:
        self.moving.move_by(-1)

    def do_down(self) -> None:
        self.moving.move_by(1)

    def do_page_up(self) -> None:
        self.moving.page(-1)

    def do_page_down(self) -> None:
        self.moving.page(1)

    def do_home(self) -> None:
        self.leave_row()
        self.moving.home()

    def do_end(self) -> None:
        self.moving.end()

    def do_filter(self) -> None:
        field = self.query_one(FilterField)
        field.value = self.words
        field.cursor_position = len(self.words)
        field.remove_class("waiting")
        self.screen.set_focus(field)
        self._learn_words()

    def do_back(self) -> None:
        if self.leave_group():
            return
        if self.words:
            self.keep_row()
            self.set_words("")
        elif self.table.any_marked:
            self.do_unmark()

    def do_order(self) -> None:
        if self.grouped:
            self.groups.turn()
            self._line()
        else:
            ahead = ORDERS[::2]
            now = self.asked.order if self.asked.order in ahead else OPPOSITE[self.asked.order]
            self._order(ahead[(ahead.index(now) + 1) % len(ahead)])

    def do_turn(self) -> None:
        self._order(OPPOSITE[self.asked.order])

    def _order(self, order: str) -> None:
        self.order = order
        self.set_words(" ".join(self._without("order")))

    def do_details(self) -> None:
        row = self.table.row()
        if self.grouped:
            self.open_group()
        elif row:
            self.console.show_details(row.id)

    def do_review(self) -> None:
        row = self.table.row()
        if row:
            self.console.review_file(row.id)

    def do_promote(self) -> None:
        self.decide_chosen(Verb.PROMOTE)

    def do_quarantine(self) -> None:
        self.decide_chosen(Verb.QUARANTINE)

    def do_release(self) -> None:
        self.decide_chosen(Verb.RELEASE)

    def do_withdraw(self) -> None:
        self.decide_chosen(Verb.WITHDRAW)

    def do_stop(self) -> None:
        if self.stopped is not None:
            self.stopped.set()
            self.notice("stopping after the files under way")

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

    def validated(self, message: Validated) -> None:
        self._line()
