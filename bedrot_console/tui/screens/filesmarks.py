"""Marks in Files: one by one, in ranges, or all that the filter has; and decisions on what is marked."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from ...domain.browsing import FileFilter, FileRow
from ...domain.errors import READ_ONLY, UsageError
from ...domain.filterwords import decision_filter
from ...domain.lifecycle import Verb
from ...domain.plans import MOST_FILES
from ..messages import Decided, MarksRenewed, RangeLoaded
from ..palette import size_text
from ..widgets.filetable import moved_row

if TYPE_CHECKING:
    from .files import FilesView

    Base = FilesView
else:
    Base = object


class Marking(Base):
    """Mixed into FilesView."""

    _reasons: dict[Verb, str | None]
    _marked: str
    whole_count: int | None

    def marks_changed(self) -> None:
        """Other files are marked: say so, and what may be done with them."""
        table = self.table
        self._reasons = {}
        self._marked = ""
        if table.marks:
            size = size_text(sum(r.size_bytes for r in table.marks.values()))
            self._marked = f" · {len(table.marks):,} marked ({size})"
        elif table.whole is not None:
            held = f"{self.whole_count - len(table.spared):,}" if self.whole_count is not None else "…"
            self._marked = f" · all {held} marked" + (f" but {len(table.spared):,}" if table.spared else "")
        self._line()
        self.state_changed()

    def refusal_of_chosen(self, verb: Verb) -> str | None:
        """Why `verb` cannot be done with any of the chosen files; asked anew only when the marks change."""
        if self.console.backend.read_only:
            return READ_ONLY
        if self.grouped:
            words = self._group_words() if self.group_filter() else None
            return self.refusal_of_words(words) if words else "no group here"
        if self.table.whole is not None:
            return None
        if not self.table.marks:
            return self.refusal_of_all(verb, self.table.chosen())
        if verb not in self._reasons:
            self._reasons[verb] = self.refusal_of_all(verb, list(self.table.marks.values()))
        return self._reasons[verb]

    def refusal_of_words(self, words: str) -> str | None:
        """Why all that these words have cannot be taken at once: a slip among them, or nothing that restricts."""
        try:
            decision_filter(words, self.console.backend.now())
        except UsageError as error:
            return f"{error}{' → ' + error.hint if error.hint else ''}"
        return None

    def decide_chosen(self, verb: Verb) -> None:
        """Ask about the marked files, all that the filter has, the group under the cursor, or the file under it."""
        table = self.table
        what = self.group_filter() if self.grouped else table.whole
        if what is not None:
            self.ask_plan(verb, what, spared=frozenset() if self.grouped else frozenset(table.spared))
        else:
            self.ask_decision(verb, table.chosen())

    def do_mark(self) -> None:
        self.table.end_span()
        self.table.toggle_mark()
        self.table.move_by(1)
        self.marks_changed()

    def do_mark_up(self) -> None:
        self._extend(-1)

    def do_mark_down(self) -> None:
        self._extend(1)

    def do_mark_page_up(self) -> None:
        self._extend(-self.table.view_height)

    def do_mark_page_down(self) -> None:
        self._extend(self.table.view_height)

    def _extend(self, rows: int) -> None:
        self._part_with_whole()
        self.table.extend(rows)
        self.marks_changed()

    def _part_with_whole(self) -> None:
        """Single marks and a mark on all do not go together: the newer one holds."""
        if self.table.whole is not None:
            self.table.mark_whole(None)

    def do_mark_range(self) -> None:
        table, here = self.table, self.table.row()
        start = table.last_mark
        if here is None:
            return
        self._part_with_whole()
        if start is None:  # the range begins here
            self.notice("a range begins here; m again, where it ends, marks it")
        table.last_mark = here
        start = start or here
        backend, what = self.console.backend, table.what

        def work() -> RangeLoaded:
            rows = backend.between(what, start, here, MOST_FILES + 1)
            return RangeLoaded(rows[:MOST_FILES], len(rows) > MOST_FILES)

        self.fetch("range", work)

    def on_range_loaded(self, message: RangeLoaded) -> None:
        message.stop()
        count = self.table.mark(message.rows)
        if len(message.rows) == 1:
            pass  # where a range begins
        elif message.cut:
            self.notice(
                f"{count:,} more marked, and no further: {MOST_FILES:,} at once", "warning", "* marks all that the filter has"
            )
        else:
            self.notice(f"{count:,} more marked")
        self.marks_changed()

    def do_mark_all(self) -> None:
        """All that the filter has, whether it was seen or not; again: none."""
        table = self.table
        same = table.whole is not None
        table.mark_whole(None if same else table.what)
        self.whole_count = None if same else table.total
        if not same and table.total is None:
            self._count()
        self.marks_changed()

    def do_unmark(self) -> None:
        self.table.unmark()
        self.marks_changed()

    def filter_changed(self, what: FileFilter) -> None:
        """All that the old filter had was marked: another filter has other files, so that mark is dropped."""
        whole = self.table.whole
        if whole is not None and dataclasses.replace(whole, order=what.order) != what:
            self.table.mark_whole(None)
            self.marks_changed()

    def renew_marks(self) -> None:
        """Ask how the marked files stand now."""
        ids, backend = list(self.table.marks), self.console.backend
        if ids:
            self.fetch("marks", lambda: MarksRenewed(backend.rows(ids)))

    def on_marks_renewed(self, message: MarksRenewed) -> None:
        message.stop()
        self.table.renew_marks(message.rows)
        self.marks_changed()

    def decided(self, message: Decided) -> None:
        """Show what moved before the catalog tells. What failed stays marked, or becomes so where all were marked."""
        table = self.table
        known: dict[str, FileRow] = {r.id: r for r in [*message.rows, *table.rows, *table.marks.values()]}
        done = {o.id: o for o in message.outcomes if o.done and o.zone}
        table.patch({i: moved_row(known[i], o.zone, o.path) for i, o in done.items() if i in known})
        table.unmark(list(done))
        if message.whole and table.whole is not None:
            table.mark_whole(None)
            table.mark([known[o.id] for o in message.outcomes if not o.done and o.id in known])
        self.marks_changed()
