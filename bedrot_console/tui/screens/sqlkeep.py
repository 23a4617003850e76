"""Queries that are kept, checks made of them, and files made of answers: what the SQL view does besides asking."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...domain.errors import READ_ONLY, BedrotError, Cancelled
from ...domain.text import safe
from .. import keeping
from ..messages import Notice
from ..palette import size_text
from ..sqlmessages import ChecksDone, Exported, ExportReady, KeptLoaded, QuerySaved
from ..steps import every
from ..widgets.lines import Line

if TYPE_CHECKING:
    from ...operations.exporting import Export
    from ...operations.queries import SavedQuery
    from .sql import SqlView

TELL_ROWS = 100_000


class KeptQueries:
    """Mixed into the SQL view. `asked` are this user's queries, oldest first; `at` is where ctrl+up has come."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self.asked: list[str] = []
        self.at = 0
        self.draft = ""
        self.saved_queries: list[SavedQuery] = []
        self.saved_name = ""
        self.exporting: Export | None = None

    def why_not_kept(self: SqlView, action: str) -> str | None:  # type: ignore[misc]
        if action in ("save", "declare"):
            if self.console.backend.read_only:
                return READ_ONLY
            if not self.editor.text.strip():
                return "the editor is empty"
        if action == "checks" and not any(q.check for q in self.saved_queries):
            return "no query is saved as a check; c makes one"
        if action == "export":
            if self.exporting is not None:
                return "an export is under way; ctrl+s stops it"
            if self.answer is None or self.ended is None or self.ended.problem is not None:
                return "there is no answer yet"
        return None

    # history

    def load_kept(self: SqlView, show: bool = False) -> None:  # type: ignore[misc]
        backend = self.console.backend
        self.fetch("kept", lambda: KeptLoaded(backend.saved(), backend.past_queries(), show))

    def on_kept_loaded(self: SqlView, message: KeptLoaded) -> None:  # type: ignore[misc]
        message.stop()
        self.saved_queries = list(message.saved)
        own = [t for t in self.asked if t not in set(message.asked)]
        self.asked = [*message.asked, *own]
        self.at = len(self.asked)
        if message.show:
            self._choose()

    def asked_now(self: SqlView, text: str) -> None:  # type: ignore[misc]
        """A query is run: it is the newest of the history, here and in the home."""
        self.asked = [t for t in self.asked if t != text] + [text]
        self.at = len(self.asked)
        backend = self.console.backend
        self.fetch("remember", lambda: backend.remember(text), keep=True)

    def do_older(self: SqlView) -> None:  # type: ignore[misc]
        if self.at == len(self.asked):
            self.draft = self.editor.text
        if self.at > 0:
            self.at -= 1
            if self.asked[self.at] == self.editor.text.strip() and self.at > 0:
                self.at -= 1
            self.editor.text = self.asked[self.at]

    def do_newer(self: SqlView) -> None:  # type: ignore[misc]
        if self.at < len(self.asked):
            self.at += 1
            self.editor.text = self.asked[self.at] if self.at < len(self.asked) else self.draft

    def do_new(self: SqlView) -> None:  # type: ignore[misc]
        """An empty editor; what stood there is the query before, also if it was not asked."""
        text = self.editor.text.strip()
        if text:
            self.asked = [t for t in self.asked if t != text] + [text]
        self.at = len(self.asked)
        self.draft = self.saved_name = self.editor.text = ""
        self.screen.set_focus(self.editor)

    # choosing

    def do_starters(self: SqlView) -> None:  # type: ignore[misc]
        from ..modals.pick import PickModal

        starters = dict(self.console.backend.starters())

        def chosen(name: str | None) -> None:
            if name is not None:
                self.saved_name = ""
                self.run_text(starters[name])

        self.console.push_screen(
            PickModal("Starter queries", [(n, n, " ".join(t.split())) for n, t in starters.items()], enter="run"), chosen
        )

    def do_open(self: SqlView) -> None:  # type: ignore[misc]
        self.load_kept(show=True)

    def _choose(self: SqlView) -> None:  # type: ignore[misc]
        from ..modals.queries import QueriesModal

        found = keeping.choices(self.saved_queries, self.console.backend.starters(), self.asked)

        def chosen(what: tuple[str, str, str, str] | None) -> None:
            if what is None:
                return
            act, kind, name, text = what
            if act == "remove":
                self._remove(name)
                return
            self.saved_name = name if kind.startswith(("saved", "check")) else ""
            self.editor.text = text
            self.screen.set_focus(self.editor)
            if act == "run":
                self.action_act("run")

        self.console.push_screen(QueriesModal(found, self.console.backend.read_only), chosen)

    def _remove(self: SqlView, name: str) -> None:  # type: ignore[misc]
        from ..modals.confirm import ConfirmModal

        backend = self.console.backend

        def work() -> KeptLoaded:
            backend.remove_query(name)
            self.post_message(Notice(f"{name} is no longer saved", "done"))
            return KeptLoaded(backend.saved(), backend.past_queries())

        def confirmed(yes: bool | None) -> None:
            if yes:
                self.fetch("kept", work)

        lines = [f"Forget the saved query {name}?", "Its text is gone then; what was asked stays in the history."]
        self.console.push_screen(ConfirmModal(lines), confirmed)

    # saving, checks

    def do_save(self: SqlView) -> None:  # type: ignore[misc]
        from ..modals.ask import AskModal

        text, name = self.editor.text, self.saved_name

        def named(typed: str | None) -> None:
            if typed is not None:
                self.keep(typed or name, text, replace=not typed or typed == name)

        lines = ["Save this query", "Small letters, digits, - and _. Run it also by: bedrot sql --saved NAME"]
        refuse = None if name else (lambda typed: None if typed else "a name is needed")
        self.console.push_screen(
            AskModal(lines, does="save", placeholder=f"empty: {name}" if name else "name", refuse=refuse or (lambda typed: None)), named
        )  # fmt: skip

    def keep(self: SqlView, name: str, text: str, *, replace: bool = False) -> None:  # type: ignore[misc]
        """Save a text under a name; a check is asked at once, and stands as an alert if it finds something."""
        backend = self.console.backend
        if not replace and any(q.name == name for q in self.saved_queries):
            self.post_message(QuerySaved(name, text, taken=True))
            return

        def work() -> QuerySaved:
            query, result = keeping.keep(backend, name, text, replace=replace)
            return QuerySaved(query.name, text, result=result)

        self.fetch("save", work, keep=True)

    def on_query_saved(self: SqlView, message: QuerySaved) -> None:  # type: ignore[misc]
        from ..modals.confirm import ConfirmModal

        message.stop()
        if message.taken:

            def confirmed(yes: bool | None) -> None:
                if yes:
                    self.keep(message.name, message.text, replace=True)

            lines = [f"There is a saved query {message.name}. Replace it?", "The text that was saved is gone then."]
            self.console.push_screen(ConfirmModal(lines), confirmed)
            return
        self.saved_name = message.name
        said, fine, hint = keeping.kept_sentence(message.name, message.result)
        self.notice(said, "done" if fine else "warning", hint)
        self.load_kept()

    def do_declare(self: SqlView) -> None:  # type: ignore[misc]
        """Make the query a check: its rows are violations."""
        from ..modals.ask import AskModal
        from ..modals.pick import PickModal

        choices = [
            ("error", "error", "Rows break it: `bedrot check run` ends with 1, and the lake's status shows an alert."),
            ("warning", "warning", "As an error, but shown as a warning."),
            ("", "no check", "An ordinary query again."),
        ]

        def scoped(severity: str, scope: str | None) -> None:
            if scope is not None:
                self.editor.text = self.console.backend.declared(self.editor.text, severity, scope)
                self.do_save()

        def chosen(severity: str | None) -> None:
            if severity:
                lines = ["What does the check look at?", "A platform or a feed (distrokid/streams); empty: the whole lake"]
                self.console.push_screen(AskModal(lines, does="go on", placeholder="all"), lambda scope: scoped(severity, scope))
            elif severity == "":
                scoped("", "")

        self.console.push_screen(PickModal("Rows of this query are violations", choices), chosen)

    def do_checks(self: SqlView) -> None:  # type: ignore[misc]
        backend = self.console.backend
        self.notice("asking all checks…")
        self.fetch("checks", lambda: ChecksDone(list(backend.run_checks())))

    def on_checks_done(self: SqlView, message: ChecksDone) -> None:  # type: ignore[misc]
        from ..modals.text import TextModal

        message.stop()
        lines: list[Line] = []
        for result in message.results:
            style = "done" if result.outcome == "passed" else result.severity
            sign = "✓" if result.outcome == "passed" else "✗" if result.severity == "error" else "!"
            scope = f" ({safe(result.scope, 60)})" if result.scope else ""
            lines.append([(f"{sign} {result.name}{scope}  ", style), (safe(result.sentence, 300), "plain")])
        failed = sum(r.outcome != "passed" for r in message.results)
        total = len(message.results)
        self.notice(f"{failed} of {total} checks fail" if failed else f"all {total} checks pass", "warning" if failed else "done")
        self.console.push_screen(TextModal("Checks", lines))

    # files made of answers

    def do_export(self: SqlView) -> None:  # type: ignore[misc]
        from ..modals.ask import AskModal

        whole = self.answer is not None and self.answer.state == "whole"
        lines = [
            "Export all rows to a file",
            "What it is called says what it is: .csv, .jsonl or .parquet. Nothing is replaced unasked.",
            "" if whole else "Not all rows are here, so the query is run again, without limit.",
        ]

        def named(name: str | None) -> None:
            if name:
                self._aim(name)

        self.console.push_screen(AskModal([line for line in lines if line], does="export", placeholder="~/answer.csv"), named)

    def _aim(self: SqlView, name: str) -> None:  # type: ignore[misc]
        backend = self.console.backend

        def work() -> ExportReady:
            return ExportReady(name, *keeping.aim(backend, name))

        self.fetch("export", work)

    def on_export_ready(self: SqlView, message: ExportReady) -> None:  # type: ignore[misc]
        from ..modals.confirm import ConfirmModal

        message.stop()
        if not message.taken:
            self._export(message)
            return
        lines = [f"There is a file {message.name}. Replace it?", "What is in it is gone then."]
        self.console.push_screen(ConfirmModal(lines), lambda yes: self._export(message) if yes else None)

    def _export(self: SqlView, ready: ExportReady) -> None:  # type: ignore[misc]
        backend, answer = self.console.backend, self.answer
        if answer is None:
            return
        self.exporting = export = backend.export(answer, ready.path, ready.fmt, replace=ready.taken)
        self.notice("exporting… ctrl+s stops it")
        self.state_changed()
        tell = every(TELL_ROWS, lambda rows: self.post_message(Notice(f"exporting… {rows:,} rows; ctrl+s stops it")))

        def work() -> Exported:
            try:
                done = export.write(tell)
            except Cancelled:
                return Exported(ready.name, problem="the export was stopped; there is no file")
            except BedrotError as error:
                return Exported(ready.name, problem=str(error), hint=error.hint)
            return Exported(ready.name, done.rows, done.size_bytes)

        self.fetch("export", work, keep=True)

    def stop_export(self: SqlView) -> bool:  # type: ignore[misc]
        """Stop the export that is under way; False when there is none."""
        if self.exporting is None:
            return False
        self.exporting.cancel()
        return True

    def on_exported(self: SqlView, message: Exported) -> None:  # type: ignore[misc]
        message.stop()
        self.exporting = None
        if message.problem is not None:
            self.notice(message.problem, "error", message.hint)
        else:
            self.notice(f"{message.rows:,} rows ({size_text(message.size_bytes)}) in {message.name}", "done")
        self.state_changed()
