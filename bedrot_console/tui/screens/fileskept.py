"""Where the operator left Files: filter, order, the row under the cursor, the marks. Rows that are gone since are left out silently."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...domain.browsing import GROUPINGS, ORDERS
from ...domain.errors import UsageError
from ..messages import PlaceFound
from ..remembering import text_of, texts_of

MOST_MARKS = 2000
FAR = 1000
"""Where a row stands that is not on the first page, until it was counted."""


class Kept:
    """Mixed into the place of files, before its view."""

    words: str
    order: str
    group: str | None
    table: Any
    console: Any
    fetch: Any
    _wanted: str = ""
    _sought: str = ""
    _wanted_marks: tuple[str, ...] = ()

    def to_keep(self) -> dict[str, Any]:
        table = self.table
        row = table.row()
        marks = list(table.marks) or self._wanted_marks
        return {
            "words": self.words, "order": self.order, "group": self.group, "row": row.id if row is not None else self._wanted, "marks": list(marks)[:MOST_MARKS],
        }  # fmt: skip

    def restore(self, kept: Mapping[str, Any]) -> None:
        self.words = text_of(kept.get("words"), 400)
        if kept.get("order") in ORDERS:
            self.order = str(kept["order"])
        self.group = kept["group"] if kept.get("group") in GROUPINGS else None
        self._wanted = text_of(kept.get("row"), 64)
        self._wanted_marks = tuple(texts_of(kept.get("marks"), MOST_MARKS, 64))

    def begin(self) -> None:
        """Ask for the first page; words that are kept from another version may be none any more."""
        view: Any = self
        try:
            view.asked, view.by = view.parsed(self.words)
        except UsageError:
            self.words = ""
            view.asked, view.by = view.parsed("")
        self.table.restart(view.asked)
        if view.by is not None:
            view.ask_groups()

    def keep_row(self) -> None:
        """The row under the cursor stays under it when the filter goes."""
        row = self.table.row()
        if row is not None and not self.table.stale:
            self._wanted = row.id

    def leave_row(self) -> None:
        """The operator goes elsewhere: a row that is still looked for no longer draws the cursor."""
        self._wanted = self._sought = ""

    def find_place(self) -> None:
        """The first page is there: look for the row and the marks of last time."""
        wanted, marks = self._wanted, self._wanted_marks
        self._wanted, self._wanted_marks, self._sought = "", (), wanted
        backend = self.console.backend
        if wanted or marks:

            def work() -> PlaceFound:
                rows = backend.rows([*marks, wanted] if wanted else list(marks))
                return PlaceFound(rows.get(wanted), [rows[name] for name in marks if name in rows])

            self.fetch("place", work)

    def on_place_found(self, message: PlaceFound) -> None:
        message.stop()
        table: Any = self.table
        table.marks.update({row.id: row for row in message.marks})
        table.refresh()
        self.marks_changed()  # type: ignore[attr-defined]
        row = message.row
        if row is None or row.id != self._sought or table.cursor or not table.rows:
            return  # gone, or the operator moved on meanwhile
        index = next((i for i, r in enumerate(table.rows) if r.id == row.id), None)
        if index is not None:
            table.move_to(table.base + index)
            return
        table.rows, table.base, table.cursor, table.top, table.at_start, table.at_end = [row], FAR, FAR, FAR, False, False
        self.catalog_changed()  # type: ignore[attr-defined]
