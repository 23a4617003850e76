"""The table of files: pages of 200 rows by key, kept around the cursor. What is not near the cursor is not in memory."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

from textual.message import Message

from ...domain.browsing import FileFilter, FileRow
from ...domain.text import safe
from ..messages import PageLoaded
from ..palette import size_text, status_word
from .lines import Piece
from .table import Column, VirtualTable

PAGE = 200
NEAR = 100
KEPT = 2400

COLUMNS = (
    Column("status", 13),
    Column("feed", 20),
    Column("file", 16, "tail", flex=1),
    Column("data to", 10),
    Column("size", 6, "right"),
    Column("landed", 11, least=96),
    Column("account", 10, least=120),
    Column("id", 10, least=108),
)


class FileTable(VirtualTable):
    """A window of rows that follows the cursor through any number of files. Posts `NeedRows`; is fed by `place`."""

    @dataclass
    class NeedRows(Message):
        """Rows are wanted: `first`, `last`, or those `after` or `before` a row."""

        where: str
        row: FileRow | None

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(COLUMNS, id=id, empty=("loading…",))
        self.what = FileFilter()
        self.rows: list[FileRow] = []
        self.base = 0
        self.total: int | None = None
        self.at_start = True
        self.at_end = False
        self.loaded = False
        self.stale = True
        self.marks: dict[str, FileRow] = {}
        self.last_mark: str | None = None
        self._asked: set[str] = set()

    # rows

    def row_count(self) -> int:
        loaded = self.base + len(self.rows)
        return loaded if self.at_end or self.total is None else max(self.total, loaded)

    def row(self, index: int | None = None) -> FileRow | None:
        """The row at an index (the cursor's), if it is loaded."""
        at = (self.cursor if index is None else index) - self.base
        return self.rows[at] if 0 <= at < len(self.rows) else None

    def row_key(self, index: int) -> object:
        row = self.row(index)
        return None if row is None else (row.id, row.status, row.zone)

    def row_sign(self, index: int) -> Piece:
        row = self.row(index)
        return ("*", "mark") if row is not None and row.id in self.marks else (" ", "plain")

    def row_pieces(self, index: int) -> Sequence[Piece] | None:
        row = self.row(index)
        if row is None:
            return None
        return (
            (status_word(row.status), row.status),
            (safe(row.feed, 80), "plain"),
            (safe(row.path, 400), "plain"),
            (row.as_of.isoformat() if row.as_of else "-", "plain" if row.as_of else "dim"),
            (size_text(row.size_bytes), "plain"),
            (row.landed_at.strftime("%m-%d %H:%M"), "plain"),
            (safe(row.account, 60), "plain"),
            (safe(row.id[:10]), "dim"),
        )

    # loading

    def restart(self, what: FileFilter) -> None:
        """Show another filter: from its first row, which is on its way. What is shown stays until then."""
        self.what = what
        self.total = None
        self.stale = True
        self._ask("first", None)

    def place(self, page: PageLoaded) -> bool:
        """Take rows in; False when they answer an older question."""
        if page.what != self.what:
            return False
        self._asked.discard(page.where)
        if page.total is not None:
            self.total = page.total
        getattr(self, f"_place_{page.where}")(page)
        self.loaded = True
        self.stale = False
        self._strips.clear()
        self.rows_changed()
        self.near_edges()
        return True

    def _place_first(self, page: PageLoaded) -> None:
        self.rows, self.base = list(page.rows), 0
        self.at_start, self.at_end = True, len(page.rows) < PAGE
        self.cursor = self.top = 0

    def _place_last(self, page: PageLoaded) -> None:
        self.rows = list(page.rows)
        total = max(page.total or 0, len(page.rows))
        self.base = total - len(page.rows)
        self.total = total
        self.at_start, self.at_end = len(page.rows) < PAGE, True
        if self.at_start:
            self.base = 0
        self.cursor = max(0, self.base + len(self.rows) - 1)
        self.top = max(0, self.cursor - self.view_height + 1)

    def _place_after(self, page: PageLoaded) -> None:
        if not self.rows or page.anchor != self.rows[-1].id:
            return
        self.rows.extend(page.rows)
        self.at_end = len(page.rows) < PAGE
        if len(self.rows) > KEPT:
            cut = min(len(self.rows) - KEPT, max(0, self.cursor - self.base - NEAR * 2))
            del self.rows[:cut]
            self.base += cut
            self.at_start = self.at_start and cut == 0

    def _place_before(self, page: PageLoaded) -> None:
        if not self.rows or page.anchor != self.rows[0].id:
            return
        self.rows[:0] = page.rows
        self.base -= len(page.rows)
        if len(page.rows) < PAGE or self.base < 0:
            shift = -self.base if len(page.rows) < PAGE or self.base < 0 else 0
            self.base += shift
            self.cursor += shift
            self.top += shift
        self.at_start = len(page.rows) < PAGE
        if len(self.rows) > KEPT:
            keep = max(KEPT, self.cursor - self.base + NEAR * 2)
            if keep < len(self.rows):
                del self.rows[keep:]
                self.at_end = False

    def _place_around(self, page: PageLoaded) -> None:
        offset = self.cursor - self.top
        here = next((i for i, r in enumerate(page.rows) if r.id == page.anchor), min(page.head, max(0, len(page.rows) - 1)))
        before = self.cursor
        self.rows = list(page.rows)
        self.at_start = page.at_start
        self.base = 0 if page.at_start else max(0, before - here)
        self.at_end = len(page.rows) - page.head < PAGE
        self.cursor = self.base + here
        self.top = max(0, self.cursor - offset)

    def patch(self, rows: dict[str, FileRow]) -> None:
        """Show changed rows before the catalog tells of them."""
        self.rows = [rows.get(r.id, r) for r in self.rows]
        for key in [k for k in self.marks if k in rows]:
            self.marks[key] = rows[key]
        self._strips.clear()
        self.refresh()

    def _ask(self, where: str, row: FileRow | None) -> None:
        if where in self._asked and where not in ("first", "last"):
            return
        self._asked.add(where)
        self.post_message(self.NeedRows(where, row))

    def near_edges(self) -> None:
        """Ask for more rows when the cursor comes near what is loaded."""
        if not self.rows:
            return
        if not self.at_end and self.base + len(self.rows) - self.cursor < NEAR + self.view_height:
            self._ask("after", self.rows[-1])
        if not self.at_start and self.cursor - self.base < NEAR + self.view_height:
            self._ask("before", self.rows[0])

    def question_failed(self) -> None:
        """Nothing is on its way any more."""
        self._asked.clear()

    # moving: never beyond what is loaded, and the edges load ahead

    def move_to(self, index: int) -> None:
        if not self.rows:
            return
        super().move_to(max(self.base, min(index, self.base + len(self.rows) - 1)))
        self.near_edges()

    def page(self, direction: int) -> None:
        if not self.rows:
            return
        super().page(direction)
        low, high = self.base, self.base + len(self.rows) - 1
        if not low <= self.cursor <= high:
            self.cursor = max(low, min(self.cursor, high))
            self.top = max(low, min(self.top, max(low, high - self.view_height + 1)))
            self.refresh()
        self.near_edges()

    def home(self) -> None:
        if self.at_start:
            self.move_to(0)
        else:
            self._ask("first", None)

    def end(self) -> None:
        if self.at_end:
            self.move_to(self.base + len(self.rows) - 1)
        else:
            self._ask("last", None)

    # marks

    def toggle_mark(self) -> None:
        row = self.row()
        if row is None:
            return
        if row.id in self.marks:
            del self.marks[row.id]
        else:
            self.marks[row.id] = row
            self.last_mark = row.id
        self._refresh_row(self.cursor)

    def mark_range(self) -> int:
        """Mark all loaded rows between the last mark and the cursor; returns how many are new."""
        here = self.cursor - self.base
        start = next((i for i, r in enumerate(self.rows) if r.id == self.last_mark), here)
        before = len(self.marks)
        for row in self.rows[min(start, here) : max(start, here) + 1]:
            self.marks[row.id] = row
        self.refresh()
        return len(self.marks) - before

    def unmark(self, ids: Sequence[str] | None = None) -> None:
        """Drop marks: these, or all."""
        for key in list(self.marks) if ids is None else ids:
            self.marks.pop(key, None)
        self.refresh()

    def chosen(self) -> list[FileRow]:
        """The marked rows, or the one under the cursor."""
        if self.marks:
            return list(self.marks.values())
        row = self.row()
        return [row] if row is not None else []


def moved_row(row: FileRow, zone: object, path: str | None) -> FileRow:
    """The row after a decision, as the catalog will tell it."""
    from ...domain.lifecycle import Zone, status

    target = Zone(zone)
    verdict = None if target is Zone.LANDING else row.verdict
    return dataclasses.replace(row, zone=target, path=path or row.path, verdict=verdict, status=status(target, verdict))
