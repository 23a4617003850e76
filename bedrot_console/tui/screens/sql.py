"""SQL: read-only questions, answered by a locked-down child on the published catalog. Result rows with an id are files to act on."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from textual import events
from textual.app import ComposeResult
from textual.strip import Strip
from textual.widget import Widget

from ...domain.browsing import FileFilter
from ...domain.errors import BedrotError, Cancelled, QueryError, UsageError
from ...domain.filterwords import sayable
from ...domain.macros import MACROS, SIGNATURE
from ...domain.text import safe
from ..keys import KEYS, Key, bindings
from ..messages import Failed
from ..sqlmessages import AnswerEnded, AnswerGrew, BlockLoaded, LexiconLoaded
from ..sqltext import LONGEST, Lexicon
from ..widgets.lines import RULE, Line, Piece, strip_of, wrap
from ..widgets.resultgrid import BLOCK, Results, shortened
from ..widgets.sqleditor import Completions, SqlEditor
from .sqlgrid import GridKeys
from .sqlkeep import KeptQueries
from .sqlrows import ActionRows
from .view import View

if TYPE_CHECKING:
    from ...operations.answers import Answer

LONGEST_QUERY = 100_000
IN_EDITOR = ("run", "stop", "open", "starters", "schema", "new", "complete", "older", "newer", "leave")
FIRST_QUERY = "select feed, status, count(*) as files\nfrom files\ngroup by all\norder by files desc"
TEACH = (
    "no answer yet",
    "ctrl+r runs the query; tab completes the word at the cursor",
    "ctrl+t starter queries, ctrl+o what was saved or asked, ctrl+n a new one",
    "ctrl+g views and columns",
)


class ResultHead(Widget):
    """How the last query goes or went, and where the cursor stands in its answer."""

    DEFAULT_CSS = "ResultHead { height: 1; }"

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[Piece] = [("results", "dim")]
        self.place = ""

    def show(self, pieces: list[Piece], place: str = "") -> None:
        if (pieces, place) != (self.pieces, self.place):
            self.pieces, self.place = pieces, place
            self.refresh()

    def render_line(self, y: int) -> Strip:
        palette = self.app.palette  # type: ignore[attr-defined]
        width = self.size.width
        said = sum(len(text) for text, _ in self.pieces) + 6
        place = f" {self.place} ─" if self.place and said + len(self.place) + 3 <= width else ""
        left = strip_of([("── ", "dim"), *self.pieces, (" ", "dim"), (RULE, "dim")], width - len(place), palette)
        return Strip([*left, *strip_of([(place, "dim")], len(place), palette)], width)


class SqlView(KeptQueries, ActionRows, GridKeys, View):
    """Editor above, results below."""

    place = "sql"
    BINDINGS = bindings("sql")
    DEFAULT_CSS = "SqlView { layers: base above; } SqlView.tall SqlEditor { height: 12; }"

    def __init__(self) -> None:
        super().__init__(id="sql")
        self.answer: Answer | None = None
        self.began = 0.0
        self.older = False
        self.ended: AnswerEnded | None = None
        self.first_query = FIRST_QUERY

    def to_keep(self) -> dict[str, Any]:
        text = self.editor.text
        return {"query": text if len(text) <= LONGEST else "", "name": self.saved_name}

    def restore(self, kept: Mapping[str, Any]) -> None:
        query, name = kept.get("query"), kept.get("name")
        if isinstance(query, str) and query.strip() and len(query) <= LONGEST:
            self.first_query = query
            self.saved_name = name if isinstance(name, str) and len(name) < 60 and name.isprintable() else ""

    def compose(self) -> ComposeResult:
        completions = Completions()
        yield SqlEditor(self.first_query, completions)
        yield ResultHead()
        yield Results(id="results", empty=TEACH)
        yield completions

    @property
    def editor(self) -> SqlEditor:
        return self.query_one(SqlEditor)

    @property
    def results(self) -> Results:
        return self.query_one(Results)

    def focus_target(self) -> Widget:
        return self.editor

    def on_mount(self) -> None:
        self._load_lexicon()
        self.load_kept()

    def on_resize(self) -> None:
        self.set_class(self.size.height >= 30, "tall")
        self.editor.completions.hide()

    def on_unmount(self) -> None:
        if self.answer is not None:
            self.answer.close()

    def catalog_changed(self) -> None:
        self.older = self.answer is not None
        self._line()
        if not self.editor.lexicon.views:
            self._load_lexicon()

    def _load_lexicon(self, show: bool = False) -> None:
        backend = self.console.backend

        def work() -> LexiconLoaded:
            feeds = sorted(feed for feed, _, _ in backend.groups(FileFilter(), "feed") if feed and sayable(feed))
            return LexiconLoaded(backend.schema(), backend.words(), show, feeds)

        self.fetch("lexicon", work)

    # running

    @property
    def running(self) -> bool:
        return self.answer is not None and self.ended is None

    def run_text(self, text: str) -> None:
        """Put a query into the editor and run it."""
        self.editor.text = text
        if self.is_shown:
            self.screen.set_focus(self.results)
        self.do_run()

    def do_run(self) -> None:
        text = self.editor.text.strip()
        if self.answer is not None:
            self.answer.close()
        backend = self.console.backend
        self.asked_now(text)
        self.began, self.ended, self.older = time.monotonic(), None, False
        try:
            self.answer = answer = backend.inquire(text)
        except UsageError as error:
            self.answer = None
            self._show_problem(str(error), error.hint)
            self.state_changed()
            return
        self.results.clear(("running…",))
        self._line()
        self.state_changed()

        def work() -> AnswerEnded:
            began = time.monotonic()
            try:
                answer.read(lambda: self.post_message(AnswerGrew(answer)))
            except BedrotError as error:
                place = error.place if isinstance(error, QueryError) else None
                hint = "ctrl+r asks again" if isinstance(error, Cancelled) else error.hint
                return AnswerEnded(answer, time.monotonic() - began, str(error), hint, place)
            return AnswerEnded(answer, time.monotonic() - began)

        self.fetch("sql", work)

    def do_stop(self) -> None:
        if self.stop_export():
            return
        if self.answer is not None:
            self.answer.cancel()

    def on_answer_grew(self, message: AnswerGrew) -> None:
        message.stop()
        answer = message.answer
        if answer is not self.answer:
            return
        self._take(answer)
        self._line()

    def _take(self, answer: Answer) -> None:
        """Show what came of an answer so far."""
        results = self.results
        if results.names != answer.columns or (answer.count < results.count):
            results.empty = ("", "")
            results.restart(answer.columns, answer.types)
        results.grow(answer.count)

    def on_answer_ended(self, message: AnswerEnded) -> None:
        message.stop()
        if message.answer is not self.answer:
            return
        self.ended = message
        if message.problem is not None:
            self._show_problem(message.problem, message.hint, message.place)
        else:
            self.results.restart(message.answer.columns, message.answer.types) if not message.answer.count else None
            self._take(message.answer)
            self.editor.lexicon.learn(message.answer.text, message.answer.columns, message.answer.types)
            if message.answer.notes:
                self.notice(safe("; ".join(message.answer.notes), 600), "warning" if message.answer.partial else "info")
            self.results.empty = ("no rows", "the query is right, and nothing matches it")
            if message.answer.check:
                self.results.empty = ("the check passes", "no row breaks it")
            self.results.refresh()
        self._line()
        self.state_changed()

    def on_failed(self, message: Failed) -> None:
        if message.group == "sql" and self.answer is not None:
            message.stop()
            message.prevent_default()
            self.post_message(AnswerEnded(self.answer, 0.0, message.text, message.hint))

    def _show_problem(self, problem: str, hint: str | None, place: tuple[int, int] | None = None) -> None:
        """The engine's sentence, the place in the text it is about, and what to do."""
        if not hint or hint.startswith("bedrot sql --schema"):
            hint = "ctrl+g shows views and columns"
        width = max(20, self.size.width - 4)
        said: list[Line] = wrap(safe(problem, 600), width)
        lines = ["".join(text for text, _ in line) for line in said]
        if place is not None:
            row, column = place
            text = safe((self.editor.text.split("\n") + [""])[row - 1] if row <= self.editor.document.line_count else "", 4000)
            start = max(0, column - width // 2)
            shown = f"line {row}: "
            lines += [shown + text[start : start + width - len(shown)], " " * (len(shown) + column - 1 - start) + "^"]
            self.editor.point_at(row, column)
        self.results.clear([*lines, f"next: {safe(hint, 200)}"])
        self.query_one(ResultHead).show([("✗ ", "error"), (safe(problem, 300), "error")])
        if self.is_shown and self.screen.focused is self.results:
            self.screen.set_focus(self.editor)

    def pulse(self) -> None:
        if self.running:
            self._line()

    def _line(self) -> None:
        """The line between editor and results."""
        head, answer, results = self.query_one(ResultHead), self.answer, self.results
        if answer is None or (self.ended is not None and self.ended.problem is not None):
            return
        pieces: list[Piece] = []
        if self.ended is None:
            seconds = f"{time.monotonic() - self.began:.0f} s of {answer.time_seconds:.0f} s"
            read, files = answer.reading
            so_far = (
                f"{answer.count:,} rows so far · " if answer.count else f"{read:,} of {files:,} payloads read · " if files else ""
            )
            pieces = [("▶ running ", "running"), (f"{so_far}{seconds} · ctrl+s stops it", "plain")]
            pieces.append((f" · {answer.kept_bytes >> 20:,} MB of rows are kept", "dim"))
        else:
            if answer.check:
                bad = "error" if answer.check == "error" else "warning"
                rows = f"{answer.count:,} row{'s' if answer.count != 1 else ''}"
                pieces = [(f"✗ check fails: {rows}", bad)] if answer.count else [("✓ check passes", "done")]
                pieces.append((f" · {safe(answer.scope, 60)}" if answer.scope else " · all of the lake", "dim"))
            else:
                pieces = [(f"{answer.count:,} row{'s' if answer.count != 1 else ''}", "strong")]
            pieces.append((f" · {self.ended.seconds:.2f} s", "plain"))
            if self.older:
                pieces.append((" · the catalog is newer: ctrl+r", "dim"))
            if answer.state == "cut":
                pieces.append((f" · not all: {safe(answer.because, 120)}; x exports all", "warning"))
            pieces += [(f" · {safe(note, 200)}", "warning" if answer.partial else "dim") for note in answer.notes[:1]]
        if results.marks:
            pieces.append((f" · {len(results.chosen())} marked", "mark"))
        where = ""
        if results.names and results.count:
            name, kind = results.names[results.at], results.types[results.at].strip('"')
            where = f"{results.cursor + 1:,} · {safe(name, 24)} {safe(kind, 20)} {results.at + 1}/{len(results.names)}"
        head.show(pieces, where)

    # rows

    def on_results_need_block(self, message: Results.NeedBlock) -> None:
        message.stop()
        answer, number, results = self.answer, message.number, self.results

        def work() -> BlockLoaded:
            near = abs(number - results.cursor // BLOCK) <= 2  # the cursor may be elsewhere by now
            return BlockLoaded(answer, number, shortened(answer.page(number * BLOCK, BLOCK)) if near else ())

        if answer is not None:
            self.fetch("rows", work, keep=True)

    def on_block_loaded(self, message: BlockLoaded) -> None:
        message.stop()
        if message.answer is self.answer:
            self.results.put(message.number, message.rows)
            self._line()
            self.state_changed()

    def on_virtual_table_moved(self, message: Results.Moved) -> None:
        message.stop()
        self._line()
        self.state_changed()

    def on_virtual_table_chosen(self, message: Results.Chosen) -> None:
        message.stop()
        self.action_act("details")

    # keys

    def keys(self) -> Sequence[Key]:
        """In the editor first what it can do, among the rows first what they can do."""
        typing = self.editor.has_focus
        return sorted(KEYS["sql"], key=lambda key: (key.action in IN_EDITOR) is not typing)

    def why_not(self, action: str) -> str | None:
        if action == "stop":
            return None if self.running or self.exporting is not None else "nothing is running"
        if action == "complete" and not self.editor.has_focus:
            return "i goes to the editor first"
        if action == "run":
            if self.exporting is not None:
                return "an export is under way; ctrl+s stops it"
            if self.running:
                return "a query is running; ctrl+s stops it"
            if not self.editor.text.strip():
                return "the editor is empty; ctrl+t has starter queries"
            if len(self.editor.text) > LONGEST_QUERY:
                return f"longer than {LONGEST_QUERY:,} characters"
        if action in ("copy_row", "copy_cell", "cell", "narrower", "wider") and self.results.row(self.results.cursor) is None:
            return "no row here"
        return self.why_not_rows(action) or self.why_not_kept(action)

    def do_complete(self) -> None:
        self.editor.offer(least=0)

    def do_schema(self) -> None:
        self._load_lexicon(show=True)

    def on_lexicon_loaded(self, message: LexiconLoaded) -> None:
        message.stop()
        self.editor.lexicon = Lexicon.of(message.columns, message.functions, message.feeds, self.editor.lexicon)
        if not message.show:
            return
        from ..modals.text import TextModal

        lines: list[Line] = []
        for view, columns in self.editor.lexicon.views.items():
            lines.append([(safe(view, 60), "title")])
            lines += [[(f"  {safe(column, 60):<24} ", "plain"), (safe(kind, 40), "dim")] for column, kind in columns]
        if self.editor.lexicon.lead:
            lines += [[("", "plain")], [("payloads as tables", "title")]]
            lines += [[(f"  {macro}({SIGNATURE})", "plain")] for macro in MACROS]
            lead = ", ".join(safe(column, 40) for column, _ in self.editor.lexicon.lead)
            lines += wrap(f"{lead}, and what the feed's reader finds", max(40, self.size.width - 12), "dim", "  ")
        macros = [name for name, kind in message.functions if kind == "macro"]
        lines += [[("", "plain")], [("functions", "title"), (f"  {len(message.functions):,}; tab completes them", "dim")]]
        lines += [[("macros", "title")], *wrap(safe(", ".join(macros), 4000), max(40, self.size.width - 12), "dim", "  ")]
        self.console.push_screen(TextModal("Views and columns", lines))

    def do_leave(self) -> None:
        self.screen.set_focus(self.results)
        self.notice("i goes back to the editor")

    def do_edit(self) -> None:
        self.screen.set_focus(self.editor)

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        self.state_changed()
