"""Audit: the journal, newest first, however long it is; what each event holds; and whether the chain of lines still holds."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Container
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import Input

from ...domain.errors import UsageError
from ...domain.files import format_time
from ...domain.text import safe
from ..auditlines import event_lines, state_line
from ..keys import bindings
from ..messages import AuditLoaded, AuditStateLoaded, Failed
from ..widgets.eventtable import PAGE, EventTable
from ..widgets.field import Field
from ..widgets.lines import Line, strip_of
from ..widgets.pane import Pane
from ..widgets.table import ListTable
from .proving import Proving
from .view import View

if TYPE_CHECKING:
    from ...operations.audit import AuditFilter

WIDE = 130


class AuditHead(Widget):
    """One line: how the journal was found, how far a walk is."""

    DEFAULT_CSS = "AuditHead { height: 1; }"

    def __init__(self) -> None:
        super().__init__()
        self.line: Line = []

    def show(self, line: Line) -> None:
        self.line = line
        self.refresh()

    def render_line(self, y: int) -> Strip:
        return strip_of(self.line, self.size.width, self.app.palette)  # type: ignore[attr-defined]


class AuditView(Proving, View):
    """Events above, the chosen one's fields below or beside."""

    place = "audit"
    BINDINGS = bindings("audit")
    DEFAULT_CSS = """
    AuditView #sides { height: 1fr; layout: vertical; }
    AuditView EventTable { height: 3fr; width: 1fr; }
    AuditView #fields { height: 2fr; width: 1fr; border-top: solid $panel; }
    AuditView.wide #sides { layout: horizontal; }
    AuditView.wide EventTable { height: 1fr; width: 3fr; }
    AuditView.wide #fields { height: 1fr; width: 2fr; border-top: none; border-left: solid $panel; padding: 0 1; }
    """

    def __init__(self) -> None:
        super().__init__(id="audit")
        self.words = ""
        self.what: AuditFilter | None = None
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
        yield AuditHead()
        with Container(id="sides"):
            yield EventTable()
            yield Pane(id="fields")

    @property
    def table(self) -> EventTable:
        return self.query_one(EventTable)

    @property
    def pane(self) -> Pane:
        return self.query_one("#fields", Pane)

    def focus_target(self) -> Widget:
        return self.table

    def on_resize(self) -> None:
        self.set_class(self.size.width >= WIDE, "wide")
        self.call_after_refresh(self._tell)

    def shown(self) -> None:
        if not self.begun:
            self.begun = True
            self.set_words(self.words)
        self._ask_state()

    def pulse(self) -> None:
        if self.table.at_start:
            self._fetch("newer")
        self._ask_state()

    # the filter

    def set_words(self, words: str) -> None:
        """Show what these words let through, from the newest on."""
        self.begun = True
        self.words = words
        try:
            self.what = self.console.backend.audit_filter(words)
        except UsageError as error:
            self.query_one(AuditHead).show([(f"✗ {safe(error, 200)}", "error"), (f"  → {safe(error.hint or '', 200)}", "strong")])
            return
        self.table.empty = ("looking…",)
        self._restart()

    def _restart(self) -> None:
        self.damaged, self.halted = set(), False
        self.table.restart()
        self._tell()
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
        self._tell()
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

    def _ask_state(self) -> None:
        backend = self.console.backend
        self.fetch("audit state", lambda: AuditStateLoaded(backend.audit_state()))

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
        self.query_one(AuditHead).show(line)

    def _tell(self) -> None:
        self._head()
        event = self.table.event
        self.pane.show(event_lines(event, max(30, self.pane.size.width)) if event is not None else [])

    def on_virtual_table_moved(self, message: ListTable.Moved) -> None:
        message.stop()
        self._tell()
        self.state_changed()

    def on_virtual_table_chosen(self, message: ListTable.Chosen) -> None:
        message.stop()
        self.action_act("file")

    def on_failed(self, message: Failed) -> None:
        message.stop()
        self.looking = None
        if message.group == "audit":
            self.table.empty = (safe(message.text, 200), safe(message.hint or "", 200))
            self.table.refresh()
        self._head()
        super().on_failed(message)

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

    def do_up(self) -> None:
        self.table.move_by(-1)

    def do_down(self) -> None:
        if self.table.cursor >= len(self.table.events) - 1:
            self.halted = False  # further back, if it was stopped
        self.table.move_by(1)

    def do_page_up(self) -> None:
        self.table.page(-1)

    def do_page_down(self) -> None:
        self.table.page(1)

    def do_home(self) -> None:
        if self.table.at_start:
            self.table.move_to(0)
        else:
            self._restart()

    def do_end(self) -> None:
        if self.table.at_end:
            self.table.move_to(len(self.table.events) - 1)
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

    def decided(self, message: object) -> None:
        """What is decided comes with the next second, as an event."""

    validated = decided
