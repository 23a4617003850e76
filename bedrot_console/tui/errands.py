"""What places ask of each other: go there with this query, this run, this filter, this file."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from ..domain.browsing import Preview, Review
from ..domain.errors import BedrotError
from ..domain.text import safe
from . import clipboard
from .messages import ReviewLoaded

if TYPE_CHECKING:
    from .modals.text import TextModal

_NOTHING = Preview(kind="")


class Errands:
    """Mixed into the app."""

    _details: TextModal | None = None

    def run_sql(self, text: str) -> None:
        """SQL, with this query running."""
        self.when_there("sql", lambda: self.sql_view.run_text(text))

    def start_run(self, platform: str, account: str) -> None:
        """Runs, with a new run starting."""
        self.when_there("runs", lambda: self.runs_view.start(platform, account))

    def show_run(self, run: str) -> None:
        """Runs, with this run chosen."""
        self.when_there("runs", lambda: self.runs_view.choose(run))

    def show_account(self, platform: str, account: str) -> None:
        """Sessions, with this account chosen."""
        self.when_there("sessions", lambda: self.view("sessions").choose(platform, account))

    def show_audit(self, words: str) -> None:
        """Audit, with this filter."""
        self.when_there("audit", lambda: self.view("audit").set_words(words))

    def show_files(self, words: str) -> None:
        """Files, with this filter."""
        self.show_place("files")
        self.files_view.set_words(words)

    def goto(self, name: str) -> None:
        """Files, with exactly this file."""
        self.show_files(name)

    def review_file(self, name: str) -> None:
        """Review, with this file first."""

        def work() -> ReviewLoaded:
            row = self.backend.find(name)
            return ReviewLoaded(name, Review(file=row, report=None, preview=_NOTHING, diff=None, allowed={}))

        self.fetch("find", work)

    def show_details(self, name: str) -> None:
        """Everything about one file, in a dialog."""
        from .modals.text import TextModal

        self._details = TextModal("File", [[("loading…", "dim")]], {"y": "copy id", "e": "review", "h": "events"})

        def closed(word: str | None) -> None:
            self._details = None
            if word == "copy id":
                self.copy(name, "id")
            elif word == "review":
                self.review_file(name)
            elif word == "events":
                self.show_audit(f"file:{name}")

        self.push_screen(self._details, closed)

        def work() -> ReviewLoaded:
            try:
                return ReviewLoaded(name, self.backend.review(name))
            except BedrotError as error:
                return ReviewLoaded(name, None, f"{error}{' → ' + error.hint if error.hint else ''}")

        self.fetch("details", work)

    def on_review_loaded(self, message: ReviewLoaded) -> None:
        from .widgets.reportlines import diff_lines, file_lines, heading, preview_lines, report_lines

        review = message.review
        if review is not None and review.preview is _NOTHING:
            self.when_there("review", lambda: self.review_view.take(review.file))
            return
        if self._details is None:
            return
        if review is None:
            self._details.set_lines([[(f"✗ {safe(message.problem, 400)}", "error")]])
            return

        def lines(width: int) -> list[Any]:
            return [
                *file_lines(review.file, width),
                heading("report", width),
                *report_lines(review, width),
                *diff_lines(review.diff, width),
                *preview_lines(review.preview, width),
            ]

        self._details.set_lines(lines)

    def copy(self, text: str, what: str) -> None:
        """Copy to the terminal's clipboard (OSC 52), also over SSH. What is pasted later must not be obeyed either: it is copied as it is shown."""
        text = "\t".join(safe(cell) for cell in text.split("\t"))
        if clipboard.too_long(text):
            self.notice(f"too long for a terminal's clipboard: {len(text):,} characters", "warning")
            return
        self._clipboard = text
        if self._driver is not None:
            self._driver.write(clipboard.sequences(text, os.environ))
        self.notice(f"{what} copied, if {clipboard.where(os.environ)} OSC 52: {safe(text, 60)}", "done")
