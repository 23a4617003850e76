"""Review: what lies in landing, worst first, with everything a human decides from. The next file comes by itself."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widget import Widget

from ...domain.browsing import FileFilter, FileRow, Review
from ...domain.errors import READ_ONLY
from ...domain.lifecycle import Verb, Zone
from ...domain.text import safe
from ..keys import bindings
from ..messages import Decided, Failed, QueueLoaded, ReviewLoaded, Validated
from ..palette import size_text, status_word
from ..remembering import text_of
from ..widgets.entrypane import EntryPane
from ..widgets.field import Field
from ..widgets.lines import Line
from ..widgets.payload import PayloadPane
from ..widgets.table import Column, ListTable
from .inspecting import WIDE, InspectingView

QUEUE = 200

COLUMNS = (
    Column("status", 13),
    Column("file", 20, "tail", flex=2),
    Column("first finding", 12, flex=1),
    Column("data to", 10, least=96),
    Column("size", 6, "right"),
)


class Queue(ListTable, can_focus=True):
    """The queue: four rows on a small terminal, more on a large one."""

    DEFAULT_CSS = "Queue { height: 5; }"


class ReviewView(InspectingView):
    """Queue above, the file below: report and diff, and the preview beside them, or in their place where there is no room."""

    place = "review"
    BINDINGS = bindings("review")
    DEFAULT_CSS = """
    ReviewView #side { display: none; }
    ReviewView.payload #main { display: none; }
    ReviewView.wide #side, ReviewView.payload #side { display: block; }
    ReviewView.wide #main { display: block; }
    ReviewView #search { dock: bottom; }
    ReviewView.tall Queue { height: 9; }
    """

    def __init__(self) -> None:
        super().__init__(id="review")
        self.begin()
        self.rows: list[FileRow] = []
        self.left = ""
        self.gone: set[str] = set()
        self.guest: FileRow | None = None
        self.review: Review | None = None
        self.problem: str | None = None
        self.loaded = False
        self.stale = True
        self._wanted: str | None = None
        self._drawn = ""
        self._review_stop = threading.Event()

    def compose(self) -> ComposeResult:
        yield Queue(COLUMNS, id="queue", empty=("loading…",))
        with Horizontal():
            yield EntryPane(id="main")
            yield PayloadPane(id="side")
        yield Field(
            self.search_typed,
            self.search_left,
            placeholder="words, #120 for a row, /days/3 for a place",
            id="search",
            classes="waiting",
        )

    @property
    def queue(self) -> Queue:
        return self.query_one(Queue)

    def focus_target(self) -> Widget:
        return self.queue

    @property
    def row(self) -> FileRow | None:
        """The file under review."""
        return self.rows[self.queue.cursor] if self.rows and self.queue.cursor < len(self.rows) else None

    def shown(self) -> None:
        if self.stale or not self.loaded:
            self.load()

    def on_resize(self) -> None:
        self.set_class(self.size.width >= WIDE, "wide")
        self.set_class(self.size.height >= 30, "tall")
        if self.review is not None:
            self.call_after_refresh(self.draw, keep=True)

    # the queue

    def load(self) -> None:
        """Read the queue again; the file under review stays under review."""
        backend = self.console.backend
        self.stale = False

        def work() -> QueueLoaded:
            rows = backend.files(FileFilter(zone=Zone.LANDING, order="worst"), limit=QUEUE)
            judged = [r for r in rows if r.verdict is not None]
            return QueueLoaded(judged + [r for r in rows if r.verdict is None], len(rows) == QUEUE)

        self.fetch("queue", work)

    def to_keep(self) -> dict[str, Any]:
        return {"row": self.row.id if self.row is not None else self.left}

    def restore(self, kept: Mapping[str, Any]) -> None:
        self.left = text_of(kept.get("row"), 64)

    def on_queue_loaded(self, message: QueueLoaded) -> None:
        message.stop()
        self.loaded = True
        self.queue.beyond = message.more
        rows = [r for r in message.rows if r.id not in self.gone]
        if self.guest is not None and self.guest.id not in {r.id for r in rows}:
            rows.insert(0, self.guest)
        self._set_rows(rows)

    def _set_rows(self, rows: list[FileRow]) -> None:
        here = self.row
        before = self.queue.cursor
        self.rows = rows
        name = here.id if here is not None else self.left
        index = next((i for i, r in enumerate(rows) if r.id == name), None)
        self.queue.cursor = min(before, max(0, len(rows) - 1)) if index is None else index
        self.queue.empty = (
            "nothing waits for a decision",
            "new files come from extractions (3, then s) or: bedrot land FILE…",
        )
        self._fill(rows)
        if self.guest is not None and index is None:
            guest = next((i for i, r in enumerate(rows) if r.id == self.guest.id), None)
            if guest is not None:
                self.queue.move_to(guest)
        self.open_current()
        self.state_changed()

    def _fill(self, rows: list[FileRow]) -> None:
        cursor = self.queue.cursor
        self.queue.rows = [(r.id, self._pieces(r)) for r in rows]
        self.queue.cursor = cursor
        self.queue.rows_changed()

    @staticmethod
    def _pieces(row: FileRow) -> list[tuple[str, str]]:
        code = row.first_code or ("validate it first" if row.verdict is None else "")
        return [
            (status_word(row.status), row.status),
            (safe(row.path, 400), "plain"),
            (safe(code, 60), "plain" if row.first_code else "dim"),
            (row.as_of.isoformat() if row.as_of else "-", "plain"),
            (size_text(row.size_bytes), "plain"),
        ]

    def take(self, row: FileRow) -> None:
        """Put a file from elsewhere under review."""
        self.guest = row
        self.gone.discard(row.id)
        rows = [r for r in self.rows if r.id != row.id]
        self.rows = [row, *rows]
        self._fill(self.rows)
        self.queue.cursor = self.queue.top = 0
        self.queue.rows_changed()
        self.open_current(force=True)
        self.load()

    def on_virtual_table_moved(self, message: ListTable.Moved) -> None:
        message.stop()
        self.open_current()
        self.state_changed()

    def on_virtual_table_chosen(self, message: ListTable.Chosen) -> None:
        message.stop()

    # the file

    def open_current(self, force: bool = False) -> None:
        """Load the file under the cursor, unless it is shown already."""
        row = self.row
        if row is None:
            self.review = None
            self._wanted = None
            self.report_pane.fill([], ())
            self.open_payload(None)
            return
        if not force and self._wanted == f"{row.id} {row.report_id} {row.zone}":
            return
        self._wanted = f"{row.id} {row.report_id} {row.zone}"
        self.review, self.problem = None, None
        backend, name = self.console.backend, row.id
        self.report_pane.show([[(" loading…", "dim")]]) if self._drawn == row.id else self.report_pane.fill(
            [[(" loading…", "dim")]], ()
        )
        if not self.wide:
            self.to_payload(False)
        self.open_payload(row)
        self._review_stop.set()
        stop = self._review_stop = threading.Event()

        def work() -> ReviewLoaded | None:
            self.post_message(ReviewLoaded(name, backend.glance(name), partial=True))
            found = backend.review(name, stop.is_set, 0)
            return None if stop.is_set() else ReviewLoaded(name, found)

        self.fetch("review", work)

    def on_review_loaded(self, message: ReviewLoaded) -> None:
        message.stop()
        if self.row is None or message.name != self.row.id:
            return
        self.review, self.comparing = message.review, message.partial
        self.draw(keep=self._drawn == message.name)
        self._drawn = message.name
        self.state_changed()

    def on_failed(self, message: Failed) -> None:
        if message.group == "review":
            self._wanted = None
            lines: list[Line] = [[(f" ✗ {safe(message.text, 300)}", "error")]]
            if message.hint:
                lines.append([(f"   next: {safe(message.hint, 200)}", "plain")])
            self.report_pane.fill(lines, ())
        elif message.group == "queue" and not self.rows:
            self.queue.say(message.text, message.hint)

    # keys

    def why_not(self, action: str) -> str | None:
        if action in ("promote", "quarantine"):
            row = self.row
            if row is None:
                return "no file here"
            if self.review is not None and self.comparing:
                return "still comparing it with the last good capture"
            if self.review is not None and self.review.file.id == row.id:
                reason = self.review.allowed.get(action, "not possible here")
                return READ_ONLY if self.console.backend.read_only else reason
            if self.review is None:
                return "still loading what you decide from"
            return self.refusal(Verb(action), row)
        if action == "validate":
            if self.console.backend.read_only:
                return READ_ONLY
            return None if self.row else "no file here"
        if action in ("copy_id", "copy_path") and self.row is None:
            return "no file here"
        if action in ("next", "back") and self.searched:
            return None
        if action == "release":
            return self.refusal(Verb.RELEASE, self.row) if self.row else "no file here"
        if action == "next" and self.queue.cursor >= len(self.rows) - 1:
            return "this is the last file"
        if action == "back" and self.queue.cursor == 0:
            return "this is the first file"
        return self.why_not_here(action)

    def do_next(self) -> None:
        self.next_place(False) if self.searched else self.queue.move_by(1)

    def do_back(self) -> None:
        self.next_place(True) if self.searched else self.queue.move_by(-1)

    def do_release(self) -> None:
        if self.row:
            self.ask_decision(Verb.RELEASE, [self.row])

    def do_promote(self) -> None:
        if self.review:
            self.ask_decision(Verb.PROMOTE, [self.review.file])

    def do_quarantine(self) -> None:
        if self.review:
            self.ask_decision(Verb.QUARANTINE, [self.review.file])

    def do_validate(self) -> None:
        if self.row:
            self.ask_validation([self.row])

    def do_copy_id(self) -> None:
        if self.row:
            self.console.copy(self.row.id, "id")

    def do_copy_path(self) -> None:
        if self.row:
            self.console.copy(f"{self.row.zone}/{self.row.path}", "path")

    # what verbs did

    def decided(self, message: Decided) -> None:
        """A decided file leaves the queue, and the next one takes its place."""
        for outcome in message.outcomes:
            if not outcome.done:
                continue
            if outcome.zone is Zone.LANDING:
                self.gone.discard(outcome.id)
            else:
                self.gone.add(outcome.id)
                if self.guest is not None and self.guest.id == outcome.id:
                    self.guest = None
        self.stale = True
        back = next((o.id for o in message.outcomes if o.done), None)
        if message.verb == "undo" and back is not None and self.is_shown:
            self.console.review_file(back)
        if self.loaded:
            self._set_rows([r for r in self.rows if r.id not in self.gone])
            if self.is_shown and any(o.zone is Zone.LANDING for o in message.outcomes):
                self.load()

    def validated(self, message: Validated) -> None:
        self._wanted = None
        self.load()

    def catalog_changed(self) -> None:
        self.stale = True
        if self.is_shown:
            self.load()
