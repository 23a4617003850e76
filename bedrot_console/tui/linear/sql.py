"""SQL in words: a question, its rows page by page, what was saved or asked, checks, and files made of answers."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from ...domain.errors import READ_ONLY, BedrotError, Cancelled, QueryError, UsageError
from ...domain.macros import MACROS, SIGNATURE
from ...domain.text import safe
from .. import keeping
from ..palette import size_text
from ..steps import every
from ..widgets.resultgrid import cell_text, id_column, looks_like_id
from .lists import PAGE, Item, Listing
from .room import Room

if TYPE_CHECKING:
    from ...operations.answers import Answer
    from ..words import Order

VALUE = 300
LONGEST_VALUE = 20_000
SEVERITIES = ("error", "warning", "none")
TELL_ROWS = 1_000_000
WAIT_SECONDS = 5.0
"""So often a question that takes its time says how far it is."""
SETTLE_SECONDS = 0.2
"""An answer that ends so soon after its page is there is counted on it."""


class Reading:
    """One answer, read in a thread while its first rows are said already."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.problem: BedrotError | None = None
        self.over = False
        self._grew = threading.Condition()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        try:
            self.answer.read(self._tell)
        except BedrotError as error:
            self.problem = error
        finally:
            with self._grew:
                self.over = True
                self._grew.notify_all()

    def _tell(self) -> None:
        with self._grew:
            self._grew.notify_all()

    def until(self, count: int, tell: Callable[[str], None]) -> None:
        """Wait until so many rows are there, or all; how far it is, is told now and then. Raises what it ended with, if no row came."""
        said = time.monotonic()
        try:
            with self._grew:
                while not self.over and self.answer.count < count:
                    self._grew.wait(min(1, WAIT_SECONDS))
                    if not self.over and time.monotonic() - said >= WAIT_SECONDS:
                        said = time.monotonic()
                        read, files = self.answer.reading
                        far = f", {read:,} of {files:,} payloads read" if files else ""
                        tell(f"Still asking: {self.answer.count:,} rows so far{far}; ctrl+c stops.")
                self._grew.wait_for(lambda: self.over, SETTLE_SECONDS)
        except KeyboardInterrupt:
            self.answer.cancel()
            raise
        if self.problem is not None and not self.answer.count:
            raise self.problem


class Asking(Room):
    """SQL. `statement` is the query that was asked last."""

    statement = ""
    saved_name = ""
    reading: Reading | None = None

    def order_sql(self, order: Order) -> None:
        text = order.first or ""
        if text.startswith("--saved "):
            self._run_saved(text.removeprefix("--saved ").strip())
        elif text == "--list":
            self._list_queries("")
        elif text.startswith("--"):
            raise UsageError(
                f"sql has no {safe(text.split()[0], 40)} here", hint="queries, save NAME, declare error, export FILE, columns"
            )
        elif text:
            self.saved_name = ""
            self.query(text)
        else:
            if self.statement:
                self.speech.say("The query now:", *self.statement.splitlines())
            self._list_queries("starter")
            self.speech.say("sql QUERY asks; queries lists what was saved or asked; columns says views and columns.")

    def query(self, text: str) -> None:
        """Ask, and say the first page of what comes."""
        text = text.strip().rstrip(";")
        self.close_answer()
        self.statement = text
        answer = self.backend.inquire(text)
        self.backend.remember(text)
        reading = self.reading = Reading(answer)
        try:
            reading.until(PAGE + 1, self.speech.say)
        except QueryError as error:
            if error.place is not None:
                line, column = error.place
                self.speech.say(f"At line {line}, character {column}: {_near(text, line, column)}")
            raise UsageError(str(error), hint=_hint(error)) from error
        self.show_list("sql", self._rows(reading))
        if reading.over and answer.check:
            said = f"the check fails: {answer.count:,} rows break it" if answer.count else "the check passes"
            self.speech.say(f"{said}, {answer.scope or 'all of the lake'}.")

    def _rows(self, reading: Reading) -> Listing:
        answer = reading.answer
        at = id_column(answer.columns)
        listing = Listing("Rows", "row", empty=("no rows: the query is right, and nothing matches it",))
        cut = False

        def more(last: Any) -> list[Item]:
            nonlocal cut
            start = len(listing.items)
            reading.until(start + PAGE, self.speech.say)
            rows = answer.page(start, PAGE)
            if reading.over:
                if listing.total is None:
                    self.speech.all(safe(note, 300) for note in answer.notes)
                listing.total = answer.count
                if answer.state == "cut" and not cut and start + len(rows) >= answer.count:
                    cut = True
                    self.speech.say(f"Not all rows are here: {safe(answer.because, 200)}. Next: export FILE")
            return [Item(_file_id(row, at), _row_text(answer.columns, row), start + n) for n, row in enumerate(rows)]

        listing.more = more
        listing.fill(PAGE + 1)
        return listing

    def say_row(self, item: Item, number: int) -> None:
        """A row with its values whole."""
        if self.reading is None:
            raise UsageError("that answer is gone", hint="sql asks again")
        answer = self.reading.answer
        for row in answer.page(item.what, 1):
            for name, kind, value in zip(answer.columns, answer.types, row, strict=False):
                said = "no value" if value is None else safe(cell_text(value), LONGEST_VALUE) or "a text of no characters"
                self.speech.say(f"{safe(name, 60)}, {safe(kind.lower(), 60)}: {said}")
        if item.id:
            self.speech.say(f"Its file: show {number}, review {number}, mark {number}.")

    def stop_reading(self) -> None:
        """Stop the answer that is read; the rows that came stay."""
        if self.reading is not None and not self.reading.over:
            self.reading.answer.cancel()

    def close_answer(self) -> None:
        """Stop the answer before, and give its disk space back."""
        if self.reading is not None:
            self.reading.answer.close()
            self.reading = None

    # what is kept

    def _kept(self) -> list[keeping.Kept]:
        return keeping.choices(self.backend.saved(), self.backend.starters(), self.backend.past_queries())

    def _list_queries(self, words: str) -> None:
        found = keeping.narrowed(self._kept(), words)
        items = [
            Item(q.name, safe(f"{q.kind}: {q.name}" + ("" if q.kind == "asked" else f": {' '.join(q.text.split())}"), VALUE), q)
            for q in found
        ]
        self.show_list(
            "sql", Listing("Queries, a number runs it", "query", items, empty=("no query holds these words: queries lists all",))
        )

    def order_queries(self, order: Order) -> None:
        if order.first == "forget" and len(order.words) == 2:
            self._forget_query(order.words[1])
        else:
            self._list_queries(" ".join(order.words))

    def order_starters(self, order: Order) -> None:
        if order.first is None:
            self._list_queries("starter")
            return
        starters = list(self.backend.starters())
        if not order.first.isdigit() or not 1 <= int(order.first) <= len(starters):
            raise UsageError(f"no starter query {safe(order.first, 20)}", hint="starters")
        self.run_kept(keeping.Kept("starter", *starters[int(order.first) - 1]))

    def run_kept(self, query: keeping.Kept) -> None:
        """Ask a query of the list."""
        self.speech.say(*query.text.splitlines())
        self.saved_name = query.name if keeping.removable(query) else ""
        self.query(query.text)

    def _run_saved(self, name: str) -> None:
        found = next((q for q in self._kept() if keeping.removable(q) and q.name == name), None)
        if found is None:
            raise UsageError(f"no saved query: {safe(name, 60)}", hint="queries")
        self.run_kept(found)

    def _forget_query(self, word: str) -> None:
        self._may_write("queries forget")
        item = self.numbered(word, "query")
        query = item.what if item is not None else None
        found = query or next((q for q in self._kept() if keeping.removable(q) and q.name == word), None)
        if found is None or not keeping.removable(found):
            raise UsageError(f"no saved query: {safe(found.name if found else word, 60)}", hint="queries")
        if self.yes(f"Forget the saved query {found.name}? Its text is gone then; what was asked stays in the history."):
            self.backend.remove_query(found.name)
            self.speech.say(f"{found.name} is no longer saved.")

    def _may_write(self, what: str) -> None:
        if self.backend.read_only:
            raise UsageError(f"{what}: {READ_ONLY}", hint="a console without --read-only")

    def order_save(self, order: Order) -> None:
        name = order.first or self.saved_name
        if not self.statement:
            raise UsageError("there is no query yet", hint="sql QUERY")
        if not name:
            raise UsageError("under which name?", hint=order.command.form)
        replace = "replace" in order.options or name == self.saved_name
        if not replace and any(q.name == name for q in self.backend.saved()):
            if not self.speech.attended:
                raise UsageError(f"there is a saved query {safe(name, 60)}", hint=f"save {safe(name, 60)} --replace")
            if not self.yes(f"There is a saved query {name}. Replace it? The text that was saved is gone then."):
                return
            replace = True
        query, result = keeping.keep(self.backend, name, self.statement, replace=replace)
        self.saved_name = query.name
        said, _, hint = keeping.kept_sentence(query.name, result)
        self.speech.say(f"{said}. Next: {hint}")

    def order_declare(self, order: Order) -> None:
        """Make the query a check, or an ordinary query again; saving it keeps that."""
        severity, *scope = order.words
        if severity not in SEVERITIES:
            raise UsageError(f"no such severity: {safe(severity, 20)}", hint=order.command.form)
        if not self.statement:
            raise UsageError("there is no query yet", hint="sql QUERY")
        check = "" if severity == "none" else severity
        self.statement = self.backend.declared(self.statement, check, scope[0] if scope else "")
        what = f"a check now, {severity}: its rows are violations" if check else "an ordinary query again"
        self.speech.say(f"The query is {what}. Next: save {self.saved_name or 'NAME'}")

    def order_check(self, order: Order) -> None:
        words = list(order.words)
        if words[:1] == ["list"]:
            self._list_queries("check")
            return
        failed = total = 0
        for result in self.backend.run_checks(words[words[:1] == ["run"] :]):
            total += 1
            failed += result.outcome != "passed"
            scope = f" ({safe(result.scope, 60)})" if result.scope else ""
            then = f". Next: sql --saved {result.name}" if result.outcome != "passed" else ""
            self.speech.say(f"{result.outcome}, {result.severity}: {result.name}{scope}, {safe(result.sentence, 300)}{then}")
        if not total:
            self.speech.say("No query is saved as a check. Next: sql QUERY, then declare error, then save NAME")
        else:
            self.speech.say(f"{failed} of {total} checks fail." if failed else f"All {total} checks pass.")

    def order_export(self, order: Order) -> None:
        if self.reading is None:
            raise UsageError("there is no answer yet", hint="sql QUERY")
        name = order.words[0]
        aim = keeping.aim(self.backend, name)
        if aim.taken and "replace" not in order.options:
            if not self.speech.attended:
                raise UsageError(f"there is a file {safe(name, 200)}", hint=f"export {safe(name, 200)} --replace")
            if not self.yes(f"There is a file {name}. Replace it? What is in it is gone then."):
                return
        export = self.backend.export(self.reading.answer, aim.path, aim.fmt, replace=aim.taken)
        try:
            done = export.write(every(TELL_ROWS, lambda rows: self.speech.say(f"{rows:,} rows; ctrl+c stops.")))
        except KeyboardInterrupt:
            export.cancel()
            raise
        except Cancelled:
            raise UsageError("the export was stopped; there is no file", hint=f"export {safe(name, 200)}") from None
        self.speech.say(f"{done.rows:,} rows ({size_text(done.size_bytes)}) in {name}")

    def order_columns(self, order: Order) -> None:
        views: dict[str, list[str]] = {}
        for view, column, kind in self.backend.schema():
            views.setdefault(view, []).append(f"{column} {kind.lower()}")
        for view, columns in views.items():
            if not order.words or view in order.words:
                self.speech.say(f"{view}: {', '.join(columns)}")
        macros = [name for name, kind in self.backend.words() if kind == "macro"]
        if macros and (not order.words or "macros" in order.words):
            self.speech.say(
                f"table macros: {', '.join(f'{name}({SIGNATURE})' for name in MACROS)}", f"macros: {', '.join(macros)}"
            )


def _hint(error: BedrotError) -> str:
    return "columns" if not error.hint or error.hint.startswith("bedrot sql --schema") else error.hint


def _near(text: str, line: int, column: int) -> str:
    """The words at a place of the query."""
    shown = (text.split("\n") + [""])[line - 1] if line <= text.count("\n") + 1 else ""
    return safe(shown[max(0, column - 1) : column + 39], 80) or "the end"


def _file_id(row: Sequence[Any], at: int | None) -> str:
    value = row[at] if at is not None and at < len(row) else None
    return value if looks_like_id(value) else ""


def _row_text(columns: Sequence[str], row: Sequence[Any]) -> str:
    return ", ".join(
        f"{safe(n, 40)} {'nothing' if v is None else safe(cell_text(v), VALUE)}" for n, v in zip(columns, row, strict=False)
    )
