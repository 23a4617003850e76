"""What Review shows of one file: the report whose findings lead to their place, and the payload in its forms."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from ...domain.browsing import FileRow, Review
from ...domain.drift import Shape, acceptance_of, why_not
from ...domain.errors import READ_ONLY
from ...domain.excerpts import place_of, pointer_of
from ...domain.findings import Finding
from .. import accepting
from ..messages import DiffLoaded, DriftChanged, ExcerptLoaded, Validated
from ..widgets.entrypane import EntryPane
from ..widgets.field import Field
from ..widgets.payload import PayloadPane
from ..widgets.reportlines import Folded, comparing_lines, diff_lines, finding_spans, report_lines
from .view import View

if TYPE_CHECKING:
    from ...domain.browsing import Diff

WIDE = 110


class InspectingView(View):
    """The panes of Review and the keys that move in them."""

    review: Review | None
    row: FileRow | None

    def begin(self) -> None:
        """What stands before anything is shown."""
        self.in_payload = False
        self.whole: Diff | None = None
        self.unfolded: set[Shape] = set()
        self._payload_of = ""
        self._stop = threading.Event()
        self._go_on = False
        self.comparing = False

    @property
    def report_pane(self) -> EntryPane:
        return self.query_one("#main", EntryPane)

    @property
    def payload_pane(self) -> PayloadPane:
        return self.query_one("#side", PayloadPane)

    @property
    def wide(self) -> bool:
        return self.has_class("wide")

    @property
    def finding(self) -> Finding | None:
        """The finding under the cursor."""
        entry = self.report_pane.entry
        return entry if isinstance(entry, Finding) else None

    # showing

    def draw(self, *, keep: bool = False) -> None:
        """Report and diff of the file under review."""
        review = self.review
        if review is None:
            return
        pane = self.report_pane
        width = max(20, (pane.size.width or self.size.width) - 1)
        diff = self.whole if self.whole is not None and review.diff is not None else review.diff
        lines = report_lines(review, width, self.unfolded)
        compared = comparing_lines(width) if self.comparing else diff_lines(diff, width, whole=self.whole is not None)
        pane.fill(lines + compared, finding_spans(review, width, self.unfolded), keep=keep)
        if self._go_on and review.report is not None:
            self._go_on = False
            entries = [entry for _, _, entry in pane.spans]
            open_ones = (i for i, f in enumerate(entries) if isinstance(f, Finding) and why_not(f) is None)
            pane.stand_on(next(open_ones, pane.cursor))

    def open_payload(self, row: FileRow | None) -> None:
        """Show the beginning of a file's payload."""
        self._stop.set()
        if self._payload_of != (row.id if row is not None else ""):
            self.unfolded = set()
        self._payload_of = row.id if row is not None else ""
        self.whole = None
        if row is None:
            self.payload_pane.clear()
        else:
            self.payload_pane.open()

    def to_payload(self, there: bool) -> None:
        """Give the arrows to the payload or to the report; on a small screen that one is shown."""
        self.in_payload = there
        self.set_class(there, "payload")
        self.report_pane.active, self.payload_pane.active = not there, there
        self.report_pane.refresh()
        self.payload_pane.refresh()
        self.state_changed()

    def on_payload_pane_asked(self, message: PayloadPane.Asked) -> None:
        message.stop()
        name, backend = self._payload_of, self.console.backend
        if not name:
            return
        if message.how == "new":
            self._stop.set()
            self._stop = threading.Event()
        stop, wish, how, turn = self._stop, message.wish, message.how, message.turn

        def work() -> ExcerptLoaded:
            found = backend.excerpt(name, wish, stop.is_set) if not stop.is_set() else None
            return ExcerptLoaded(name, wish, how, turn, None if stop.is_set() else found)

        self.fetch("excerpt" if how == "new" else "branch", work, keep=how != "new")

    def on_excerpt_loaded(self, message: ExcerptLoaded) -> None:
        message.stop()
        if message.name != self._payload_of:
            return
        pane = self.payload_pane
        if message.excerpt is None:
            if message.turn == pane.turn:
                pane.stopped()
            return
        awaited = message.turn == pane.turn
        pane.take(message.wish, message.how, message.turn, message.excerpt)
        if message.how == "new" and awaited and message.wish.act == "find":
            if not message.excerpt.found:
                self.notice(f"not found: {pane.words}", "warning")
            else:
                self.notice("the search went round" if message.excerpt.again else f"{pane.words}: n next, b before")
        self.state_changed()

    def on_entry_pane_chosen(self, message: EntryPane.Chosen) -> None:
        message.stop()
        self.action_act("open")

    # keys

    def why_not_here(self, action: str) -> str | None:
        """As `why_not`, for the keys of the panes."""
        pane = self.payload_pane
        found = pane.excerpt
        if action == "open":
            if self.in_payload:
                return None if pane.has_cursor else "nothing to open here"
            return None if self.report_pane.entry is not None else "no finding here"
        if action == "form":
            return None if found is not None and len(found.forms) > 1 else "this content has one form only"
        if action == "search" and (found is None or found.form in ("picture", "members") or not found.forms):
            return "nothing to search in"
        if action == "accept":
            return self._why_not_accept()
        if action in ("left", "right") and not self.in_payload:
            return "tab goes to the preview"
        if action == "whole" and (self.review is None or self.review.diff is None or self.review.diff.old_id is None):
            return "nothing to compare with"
        return None

    def _why_not_accept(self) -> str | None:
        finding = self.finding
        if self.console.backend.read_only:
            return READ_ONLY
        if finding is None:
            return "no finding here"
        return accepting.refusal(finding)

    @property
    def searched(self) -> bool:
        """Whether n and b go from place to place."""
        return self.in_payload and bool(self.payload_pane.words)

    def do_open(self) -> None:
        if self.in_payload:
            self.payload_pane.choose()
        elif isinstance(self.report_pane.entry, Folded):
            self.unfolded.add(self.report_pane.entry.shape)
            self.draw(keep=True)
        elif self.finding is not None:
            self.to_payload(True)
            self.payload_pane.go_to(place_of(self.finding))

    def do_whole(self) -> None:
        """The diff with what stayed the same, or without it again."""
        row, backend = self.row, self.console.backend
        if self.whole is not None:
            self.whole = None
            self.draw(keep=True)
        elif row is not None:
            self.fetch("whole", lambda: DiffLoaded(row.id, backend.diff(row.id, True)))

    def on_diff_loaded(self, message: DiffLoaded) -> None:
        message.stop()
        if message.name == self._payload_of:
            self.whole = message.diff
            self.draw(keep=True)

    def do_accept(self) -> None:
        """Accept the drift under the cursor, or take its acceptance back; then validate what that concerns."""
        from ..modals.accept import AcceptModal

        row, finding, review = self.row, self.finding, self.review
        if row is None or finding is None or review is None or review.report is None:
            return
        report = review.report.id

        def answered(reason: str | None) -> None:
            if reason is not None:
                self._change_drift(row, report, finding, reason)

        self.console.push_screen(AcceptModal(row, finding), answered)

    def _change_drift(self, row: FileRow, report: str, finding: Finding, reason: str) -> None:
        backend = self.console.backend
        self.notice("taking it back…" if acceptance_of(finding) else "accepting…")

        def work() -> DriftChanged:
            return DriftChanged(*accepting.change(backend, row, report, finding, reason))

        self.fetch("drift", work, keep=True)

    def on_drift_changed(self, message: DriftChanged) -> None:
        message.stop()
        made = message.acceptance
        self._go_on = made.stands
        self.post_message(Validated(message.verdicts, message.failed))
        self.notice(accepting.summary(made, message.verdicts), "done", "A takes it back" if made.stands else None)

    def do_pane(self) -> None:
        self.to_payload(not self.in_payload)

    def do_form(self) -> None:
        self.payload_pane.next_form()

    def do_left(self) -> None:
        self.payload_pane.sideways(-1)

    def do_right(self) -> None:
        self.payload_pane.sideways(1)

    def do_leave(self) -> None:
        pane = self.payload_pane
        if pane.pending:
            self._stop.set()
            pane.stopped()
        elif pane.words and self.in_payload:
            pane.words = ""
        elif not self.in_payload or not pane.up():
            self.to_payload(False)

    def do_up(self) -> None:
        self.payload_pane.move(-1) if self.in_payload else self.report_pane.move(-1)

    def do_down(self) -> None:
        self.payload_pane.move(1) if self.in_payload else self.report_pane.move(1)

    def do_page_up(self) -> None:
        self.payload_pane.page(-1) if self.in_payload else self.report_pane.page(-1)

    def do_page_down(self) -> None:
        self.payload_pane.page(1) if self.in_payload else self.report_pane.page(1)

    def do_home(self) -> None:
        self.payload_pane.to_start() if self.in_payload else self.report_pane.jump(0)

    def do_end(self) -> None:
        self.payload_pane.to_end() if self.in_payload else self.report_pane.jump(10**9)

    def do_search(self) -> None:
        field = self.query_one("#search", Field)
        field.value = ""
        field.remove_class("waiting")
        self.to_payload(True)
        self.screen.set_focus(field)

    def search_typed(self, text: str) -> None:
        """Words to find; `#120` a row, `/days/3` a place."""
        self.search_left()
        pane = self.payload_pane
        if text.startswith("#") and text[1:].replace(",", "").isdigit():
            pane.go_to_row(int(text[1:].replace(",", "")))
        elif text.startswith("/") and pane.excerpt is not None and pane.excerpt.kind == "json":
            pane.go_to(pointer_of(text))
        elif text or pane.words:
            pane.search(text)

    def search_left(self) -> None:
        self.query_one("#search", Field).add_class("waiting")
        self.console.focus_place()

    def next_place(self, backward: bool) -> None:
        self.payload_pane.search("", backward)
