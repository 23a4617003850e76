"""Audit: the journal, newest first, however long it is; what each event holds; and whether the chain of lines still holds."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Container
from textual.widgets import Input

from ...domain.errors import UsageError
from ...domain.files import format_time
from ...domain.text import safe
from ..auditlines import event_lines, state_line
from ..keys import bindings
from ..messages import AuditLoaded, AuditStateLoaded, Failed
from ..widgets.eventtable import PAGE, EventTable
from ..widgets.field import Field
from ..widgets.headline import Headline
from ..widgets.pane import Pane
from ..widgets.table import ListTable
from .overview import Overview
from .proving import Proving

if TYPE_CHECKING:
    from ...operations.audit import AuditFilter


class AuditView(Proving, Overview):
    """Events above, the chosen one's fields below or beside; on top how the journal was found, and how far a walk is."""

    place = "audit"
    BINDINGS = bindings("audit")
    DEFAULT_CSS = """
    AuditView EventTable { height: 3fr; }
    AuditView Pane { height: 2fr; }
    """
    loads = "audit"

    def __init__(self) -> None:
        super().__init__()
        self.words = ""
        self.what: AuditFilter | None = None
        self.refused: UsageError | None = None
        self.damaged: set[int] = set()
        self.looking: int | None = None
        self.begun = self.halted = False
        self.oldest = 0
        self.awaited = "first"

    def compose(self) -> ComposeResult:
        hint = "kind:decided verb:promote who:uid:1000 file:ID platform:x since:7d words…"
        yield Field(
            self._filter_done,
            lambda: self._filter_done(""),
            placeholder=hint,
            max_length=400,
            id="auditfilter",
            classes="waiting",
        )
        yield Headline()
        with Container(id="sides"):
            yield EventTable()
            yield Pane(id="fields")

    @property
    def table(self) -> EventTable:  # type: ignore[override]
        return self.query_one(EventTable)

    # the filter

    def set_words(self, words: str) -> None:
        """Show what these words let through, from the newest on."""
        self.begun = True
        self.words, self.refused = words, None
        try:
            self.what = self.console.backend.audit_filter(words)
        except UsageError as error:
            self.refused = error
            self._head()
            return
        self.table.empty = ("looking…",)
        self._restart()

    def _restart(self) -> None:
        self.damaged, self.halted = set(), False
        self.table.restart()
        self.tell()
        self._fetch("first")

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        if event.value != self.words:
            self.set_words(event.value)

    def _filter_done(self, words: str) -> None:
        self.query_one("#auditfilter", Field).add_class("waiting")
        self.screen.set_focus(self.table)
        if words != self.words:
            self.set_words(words)
        self._head()

    # loading

    def load(self) -> None:
        if not self.begun:
            self.set_words(self.words)
        elif self.table.at_start:
            self._fetch("newer")
        backend = self.console.backend
        self.fetch("audit state", lambda: AuditStateLoaded(backend.audit_state()))

    def _fetch(self, where: str) -> None:
        """Ask for a page: `first` (the newest), `older`, `newer`, or `last` (the oldest). What comes for another filter is dropped."""
        backend, what, table = self.console.backend, self.what, self.table
        if what is None:
            return
        self.awaited = self.awaited if where == "newer" else where
        before = table.reached if where == "older" else None
        after = table.reached_up if where == "newer" else self.oldest if where == "last" else None

        def work() -> AuditLoaded:
            return AuditLoaded(
                what, where, backend.audit(what, before=before, after=after, limit=PAGE), before if after is None else after
            )

        self.fetch("audit newer" if where == "newer" else "audit", work)

    def on_event_table_need_events(self, message: EventTable.NeedEvents) -> None:
        message.stop()
        if message.where == "newer" or not (self.halted or self.table.reached is None):
            self._fetch(message.where)

    def on_audit_loaded(self, message: AuditLoaded) -> None:
        message.stop()
        table, page = self.table, message.page
        if message.what is not self.what or message.where not in ("newer", self.awaited):
            return
        self.damaged |= set(page.damaged)
        if message.where == "newer":
            if message.place == table.reached_up:
                table.add_newer(page.events, page.reached, page.ended)
        elif message.where == "last" and not page.events and not page.ended and not self.halted:
            self.oldest = self.looking = page.reached
            self._fetch("last")
        elif message.where == "last":
            self.looking = None
            table.add_older(page.events, 0, True)
            table.reached_up, table.at_start = page.reached, page.ended
            table.move_to(len(page.events) - 1)
        elif message.where == "first" or message.place == table.reached:
            if message.where == "first":
                table.at_start, table.reached_up = True, page.head
            self.looking = (
                None if self.halted or page.ended or len(table.events) + len(page.events) >= table.view_height else page.reached
            )
            table.add_older(page.events, page.reached, page.ended)
        table.empty = self._empty()
        self.tell()
        self.state_changed()

    def _empty(self) -> tuple[str, ...]:
        if not self.table.at_end and not self.halted:
            return ("looking…",)
        if self.words and self.table.at_end:
            return ("no event matches", f"filter: {safe(self.words, 200)}", "esc drops it")
        return (
            "nothing has happened here yet",
            "every landing, verdict, decision and run leaves an event in the journal: bedrot demo",
        )

    def on_audit_state_loaded(self, message: AuditStateLoaded) -> None:
        message.stop()
        if message.state != self.state:
            self.state = message.state
            self._head()

    def _head(self) -> None:
        line = state_line(
            self.state, self.console.backend.now(), walking=self.walking, looking=self.looking, damaged=sorted(self.damaged)
        )
        if self.words and self.query_one("#auditfilter", Field).has_class("waiting"):
            line = [(f"/{safe(self.words, 100)} ", "key"), *line]
        if self.refused is not None:  # and what is shown is still what the words before let through
            line = [(f"✗ {safe(self.refused, 200)}", "error"), (f"  → {safe(self.refused.hint or '', 200)}", "strong")]
        self.query_one(Headline).show(line)

    def tell(self) -> None:
        self._head()
        event = self.table.event
        self.pane.show(event_lines(event, max(30, self.pane.size.width)) if event is not None else [])

    def on_virtual_table_moved(self, message: ListTable.Moved) -> None:
        self.tell()

    def on_virtual_table_chosen(self, message: ListTable.Chosen) -> None:
        message.stop()
        self.action_act("file")

    def on_failed(self, message: Failed) -> None:
        self.looking = None
        self._head()

    # keys

    def why_not(self, action: str) -> str | None:
        event = self.table.event
        if action in ("file", "same_file", "run", "copy_event") and event is None:
            return "no event here"
        if action in ("file", "same_file") and event is not None and self.console.backend.event_file(event) is None:
            return "this event is about no file"
        if action == "run" and event is not None and self.console.backend.event_run(event) is None:
            return "this event is about no run"
        if action in ("verify", "verify_anchored") and self.walking is not None:
            return "it is being verified; esc stops it"
        return None

    def do_down(self) -> None:
        if self.table.cursor >= len(self.table.events) - 1:
            self.halted = False  # further back, if it was stopped
        super().do_down()

    def do_page_up(self) -> None:
        self.table.page(-1)

    def do_page_down(self) -> None:
        self.table.page(1)

    def do_home(self) -> None:
        if self.table.at_start:
            super().do_home()
        else:
            self._restart()

    def do_end(self) -> None:
        if self.table.at_end:
            super().do_end()
        else:
            self.oldest, self.halted = 0, False
            self.table.restart()
            self._fetch("last")

    def do_fields_down(self) -> None:
        self.pane.page(1)

    def do_fields_up(self) -> None:
        self.pane.page(-1)

    def do_filter(self) -> None:
        field = self.query_one("#auditfilter", Field)
        field.value = self.words
        field.remove_class("waiting")
        self.screen.set_focus(field)

    def do_back(self) -> None:
        if self.walking is not None:
            self.stopping.set()
            self.notice("stopping…")
        elif self.looking is not None:
            self.looking, self.halted = None, True
            self.table.empty = self._empty()
            self.table.refresh()
            self._head()
            self.notice("stopped looking back; j at the last row goes on", "info")
        elif self.words:
            self.set_words("")

    def do_file(self) -> None:
        event = self.table.event
        name = self.console.backend.event_file(event) if event is not None else None
        if name:
            self.console.show_details(name)

    def do_same_file(self) -> None:
        event = self.table.event
        name = self.console.backend.event_file(event) if event is not None else None
        if name:
            self.set_words(f"file:{name}")

    def do_run(self) -> None:
        event = self.table.event
        name = self.console.backend.event_run(event) if event is not None else None
        if name:
            self.console.show_run(name)

    def do_copy_event(self) -> None:
        event = self.table.event
        if event is not None:
            record = {
                "seq": event.seq,
                "at": format_time(event.at),
                "kind": event.kind,
                "actor": event.actor,
                "host": event.host,
                "data": event.data,
            }
            self.console.copy(json.dumps(record, ensure_ascii=True), "event")
