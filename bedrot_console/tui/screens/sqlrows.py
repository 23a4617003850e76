"""Acting on the rows of an answer: a row that names a file is that file, with the keys and dialogs of Files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...domain.errors import READ_ONLY
from ...domain.identifiers import LENGTH
from ...domain.lifecycle import Verb, Zone, status
from .. import keeping
from ..messages import Decided, Validated
from ..palette import SIGNS
from ..sqlmessages import RowsFound, RowsMarked
from ..widgets.resultgrid import Results, looks_like_id

if TYPE_CHECKING:
    from .sql import SqlView

VERBS = tuple(verb.value for verb in Verb) + ("validate",)
ON_ONE = ("details", "review", "mark")
MARKS = ("mark_up", "mark_down", "mark_range", "mark_all")
MOST_MARKED = 10_000
MOST_IN_FILES = 500


class ActionRows:
    """Mixed into the SQL view."""

    def why_not_rows(self: SqlView, action: str) -> str | None:  # type: ignore[misc]
        """Why an action on files cannot be done with this row, or the marked ones."""
        results = self.results
        if action not in (*VERBS, *ON_ONE, *MARKS, "unmark", "open_files"):
            return None
        if self.editor.has_focus:
            return "esc goes to the rows first"
        if not results.count:
            return "no rows"
        if action == "unmark":
            return None if results.marks else "nothing is marked"
        if results.id_column is None:
            return "no column is a file's id: select id, or file_id"
        if action in MARKS:
            return None
        if action in VERBS and self.console.backend.read_only:
            return READ_ONLY
        wanted = [results.file_id()] if action in ON_ONE else results.chosen()
        if not wanted or wanted[0] is None:
            return "this row has no file id"
        if action == "open_files" and len(wanted) > MOST_IN_FILES:
            return f"more than {MOST_IN_FILES} files; mark fewer"
        return None

    # marks

    def do_mark(self: SqlView) -> None:  # type: ignore[misc]
        self.results.toggle_mark()
        self.results.move_by(1)
        self._line()
        self.state_changed()

    def do_mark_up(self: SqlView) -> None:  # type: ignore[misc]
        self._extend(-1)

    def do_mark_down(self: SqlView) -> None:  # type: ignore[misc]
        self._extend(1)

    def _extend(self: SqlView, step: int) -> None:  # type: ignore[misc]
        self.results.extend(step)
        self._line()
        self.state_changed()

    def do_mark_all(self: SqlView) -> None:  # type: ignore[misc]
        """Every row that names a file; again: none."""
        if self.results.marks:
            self.do_unmark()
        else:
            self._mark_between(0, self.results.count - 1)

    def do_mark_range(self: SqlView) -> None:  # type: ignore[misc]
        """Mark all rows between the last mark and the cursor; without a mark a range begins here."""
        results = self.results
        if results.last_mark is None:
            self.notice("a range begins here; m again, where it ends, marks it")
            results.last_mark = results.cursor
        self._mark_between(*sorted((results.last_mark, results.cursor)))

    def _mark_between(self: SqlView, low: int, high: int) -> None:  # type: ignore[misc]
        """They are read from the answer, wherever they lie."""
        answer, column = self.answer, self.results.id_column
        if answer is None or column is None:
            return
        if high - low >= MOST_MARKED:
            self.notice(f"not more than {MOST_MARKED:,} rows at once", "warning", "narrow the query")
            return

        def work() -> RowsMarked:
            rows = answer.page(low, high - low + 1)
            return RowsMarked(answer, {low + i: r[column] for i, r in enumerate(rows) if looks_like_id(r[column])})

        self.fetch("marks", work)

    def on_rows_marked(self: SqlView, message: RowsMarked) -> None:  # type: ignore[misc]
        message.stop()
        if message.answer is self.answer:
            before = len(self.results.marks)
            self.results.mark(message.rows)
            if len(message.rows) != 1:  # where a range begins
                self.notice(f"{len(self.results.marks) - before:,} more marked")
            self._line()
            self.state_changed()

    def do_unmark(self: SqlView) -> None:  # type: ignore[misc]
        self.results.unmark()
        self._line()
        self.state_changed()

    # actions

    def find_rows(self: SqlView, action: str, names: list[str]) -> None:  # type: ignore[misc]
        """Ask the lake which files the rows name now; then `action` is asked of the operator."""
        backend = self.console.backend

        def work() -> RowsFound:
            return RowsFound(action, *keeping.resolved(backend, names))

        self.fetch("found", work)

    def on_rows_found(self: SqlView, message: RowsFound) -> None:  # type: ignore[misc]
        message.stop()
        if message.problems:
            self.notice(keeping.problem_sentence(message.problems), "warning")
        if not message.rows:
            return
        if message.action == "validate":
            self.ask_validation(message.rows)
        elif message.action in ("details", "review", "open_files"):
            self._go(message.action, [r.id for r in message.rows])
        else:
            verb = Verb(message.action)
            reason = self.refusal_of_all(verb, message.rows)
            if reason:
                self.notice(f"{verb}: {reason}", "warning")
            else:
                self.ask_decision(verb, message.rows)

    def _go(self: SqlView, action: str, names: list[str]) -> None:  # type: ignore[misc]
        if action == "details":
            self.console.show_details(names[0])
        elif action == "review":
            self.console.review_file(names[0])
        else:
            self.console.show_files("id:" + ",".join(names))

    def do_details(self: SqlView) -> None:  # type: ignore[misc]
        name = self.results.file_id() or ""
        self._go("details", [name]) if len(name) == LENGTH else self.find_rows("details", [name])

    def do_review(self: SqlView) -> None:  # type: ignore[misc]
        name = self.results.file_id() or ""
        self._go("review", [name]) if len(name) == LENGTH else self.find_rows("review", [name])

    def do_open_files(self: SqlView) -> None:  # type: ignore[misc]
        self.find_rows("open_files", self.results.chosen())

    def do_promote(self: SqlView) -> None:  # type: ignore[misc]
        self.find_rows("promote", self.results.chosen())

    def do_quarantine(self: SqlView) -> None:  # type: ignore[misc]
        self.find_rows("quarantine", self.results.chosen())

    def do_release(self: SqlView) -> None:  # type: ignore[misc]
        self.find_rows("release", self.results.chosen())

    def do_withdraw(self: SqlView) -> None:  # type: ignore[misc]
        self.find_rows("withdraw", self.results.chosen())

    def do_validate(self: SqlView) -> None:  # type: ignore[misc]
        self.find_rows("validate", self.results.chosen())

    # what verbs did

    def decided(self: SqlView, message: Decided) -> None:  # type: ignore[misc]
        """The answer stands for the moment it was asked; a sign before the row says what became of its file since."""
        results: Results = self.results
        done = {o.id: o.zone for o in message.outcomes if o.done and o.zone}
        for name, zone in done.items():
            word = status(Zone(zone), None)
            results.signs[name] = (SIGNS.get(word, " "), word)
        results.marks = {i: n for i, n in results.marks.items() if not any(whole.startswith(n) for whole in done)}
        results.refresh()
        self._line()
        self.state_changed()

    def validated(self: SqlView, message: Validated) -> None:  # type: ignore[misc]
        self.results.refresh()
