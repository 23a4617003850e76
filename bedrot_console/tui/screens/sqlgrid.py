"""Moving through the rows and columns of an answer, and looking at one value of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...domain.text import safe
from ..sqlmessages import RowLoaded
from ..widgets.lines import Line, wrap
from ..widgets.resultgrid import cell_text

if TYPE_CHECKING:
    from .sql import SqlView


class GridKeys:
    """Mixed into the SQL view."""

    def _with_row(self: SqlView, act: str) -> None:  # type: ignore[misc]
        """Read the row under the cursor whole, then do something with it."""
        answer, at = self.answer, self.results.cursor
        if answer is not None:
            self.fetch("row", lambda: RowLoaded(answer, act, [v for row in answer.page(at, 1) for v in row]))

    def on_row_loaded(self: SqlView, message: RowLoaded) -> None:  # type: ignore[misc]
        message.stop()
        results, row = self.results, message.row
        if message.answer is not self.answer or len(row) != len(results.names):
            return
        value = row[results.at]
        if message.act == "copy_row":
            self.console.copy("\t".join("" if v is None else cell_text(v) for v in row), "row")
        elif message.act == "copy_cell":
            self.console.copy("" if value is None else cell_text(value), "value")
        else:
            self._show_cell(f"{safe(results.names[results.at], 60)} {safe(results.types[results.at], 60)}", value)

    def _show_cell(self: SqlView, title: str, value: Any) -> None:  # type: ignore[misc]
        from ..modals.text import TextModal

        def lines(width: int) -> list[Line]:
            if value is None or value == "":
                return [[("NULL: there is no value" if value is None else "a text of no characters", "dim")]]
            text = safe(cell_text(value), 200_000, newlines=True)
            return [line for part in text.split("\n") for line in wrap(part, width)]

        self.console.push_screen(TextModal(title, lines))

    def do_copy_row(self: SqlView) -> None:  # type: ignore[misc]
        self._with_row("copy_row")

    def do_copy_cell(self: SqlView) -> None:  # type: ignore[misc]
        self._with_row("copy_cell")

    def do_cell(self: SqlView) -> None:  # type: ignore[misc]
        """The whole value under both cursors."""
        self._with_row("cell")

    def do_up(self: SqlView) -> None:  # type: ignore[misc]
        self.results.move_by(-1)

    def do_down(self: SqlView) -> None:  # type: ignore[misc]
        self.results.move_by(1)

    def do_page_up(self: SqlView) -> None:  # type: ignore[misc]
        self.results.page(-1)

    def do_page_down(self: SqlView) -> None:  # type: ignore[misc]
        self.results.page(1)

    def do_home(self: SqlView) -> None:  # type: ignore[misc]
        self.results.move_to(0)

    def do_end(self: SqlView) -> None:  # type: ignore[misc]
        self.results.move_to(self.results.count - 1)
        if self.running:
            self.notice(f"the last of {self.results.count:,} rows so far; more are on their way")
        elif self.answer is not None and self.answer.state == "cut":
            self.notice(f"the last row that is kept: {self.answer.because}", "warning", "x exports all of it")

    def _column(self: SqlView, step: int) -> None:  # type: ignore[misc]
        self.results.move_column(step)
        self._line()

    def do_left(self: SqlView) -> None:  # type: ignore[misc]
        self._column(-1)

    def do_right(self: SqlView) -> None:  # type: ignore[misc]
        self._column(1)

    def do_narrower(self: SqlView) -> None:  # type: ignore[misc]
        self.results.widen(-4)

    def do_wider(self: SqlView) -> None:  # type: ignore[misc]
        self.results.widen(4)
