"""The table of files: pages of 200 rows by key, kept around the cursor. What is not near the cursor is not in memory."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

from textual import events
from textual.message import Message

from ...domain.browsing import OPPOSITE, FileFilter, FileRow
from ...domain.text import safe
from ..messages import PageLoaded
from ..palette import size_text, status_word
from .lines import Piece
from .table import Column, VirtualTable

PAGE = 200
NEAR = 100
KEPT = 2400
MOST_OWED = 3
"""Pages that are turned later, when their rows are there."""

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

SORTED = {
    "newest": ("landed", "↓↑"),
    "worst": ("status", "↓↑"),
    "largest": ("size", "↓↑"),
    "feed": ("feed", "↑↓"),
    "path": ("file", "↑↓"),
}
"""Order -> the column it goes by, and its arrow, also turned round."""


class FileTable(VirtualTable):
    """A window of rows that follows the cursor through any number of files. Posts `NeedRows`; is fed by `place`."""

    @dataclass
    class NeedRows(Message):
        """Rows are wanted: `first`, `last`, or those `after` or `before` a row."""

        where: str
        row: FileRow | None

    @dataclass
    class OrderWanted(Message):
        """The head of a column was clicked: its order is wanted, or turned round."""

        order: str

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
        self.last_mark: FileRow | None = None
        self.whole: FileFilter | None = None
        """All that this filter has is marked, but for `spared`."""
        self.spared: dict[str, FileRow] = {}
        self.patched: set[str] = set()
        self._asked: set[str] = set()
        self._ends: dict[str, PageLoaded] = {}
        self._span: tuple[int, set[str]] | None = None
        self._owed = 0

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
        return ("*", "mark") if row is not None and self.is_marked(row) else (" ", "plain")

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

    def column_title(self, column: Column) -> str:
        order = self.what.order
        first = order if order in SORTED else OPPOSITE[order]
        title, arrows = SORTED[first]
        return f"{title} {arrows[order != first]}" if column.title == title else column.title

    def on_click(self, event: events.Click) -> None:
        if event.y:
            return  # a row: the table's own
        at = 2
        for column, width in self.layout_columns():
            order = next((order for order, (title, _) in SORTED.items() if title == column.title), None)
            if at <= event.x < at + width and order is not None:
                self.post_message(self.OrderWanted(order))
            at += width + 1

    # loading

    def restart(self, what: FileFilter) -> None:
        """Show another filter, or the same anew: from its first row, which is on its way. What is shown stays until then."""
        self.what = what
        self.total = None
        self.stale = True
        self._ends.clear()
        self._asked.clear()
        self._ask("first", None)

    @property
    def page_rows(self) -> int:
        """Rows to ask for at once: more where the order has no key that the catalog is sorted by, since asking costs more there."""
        return PAGE if self.what.order in ("newest", "oldest") else PAGE * 5

    def place(self, page: PageLoaded) -> bool:
        """Take rows in; False when they answer an older question."""
        if page.what != self.what:
            return False
        self._asked.discard(page.where)
        if page.total is not None:
            self.total = page.total
        if page.where in ("first", "last"):
            self._ends[page.where] = page
        elif page.where == "around":
            self._ends.clear()
        if page.where in ("after", "before"):
            seen = self.row(self.top), self.row(self.top + self.view_height - 1)
            getattr(self, f"_place_{page.where}")(page)
            if seen != (self.row(self.top), self.row(self.top + self.view_height - 1)):
                self.rows_changed()
            self.near_edges()
            owed, self._owed = self._owed, 0
            for _ in range(abs(owed)):
                self.page(1 if owed > 0 else -1)
            return True
        was = self.cursor
        getattr(self, f"_place_{page.where}")(page)
        self.loaded = True
        self.stale = False
        self._span = None
        self._owed = 0
        self.rows_changed()
        self.near_edges()
        if self.cursor != was:
            self.post_message(self.Moved(self, self.cursor))
        return True

    def keep(self, page: PageLoaded) -> None:
        """Keep the first or last page at hand, so that the way there costs no question."""
        if page.what == self.what:
            self._ends[page.where] = page

    def _place_first(self, page: PageLoaded) -> None:
        self.rows, self.base = list(page.rows), 0
        self.at_start, self.at_end = True, not page.full
        self.cursor = self.top = 0

    def _place_last(self, page: PageLoaded) -> None:
        self.rows = list(page.rows)
        total = max(page.total or 0, len(page.rows))
        self.base = total - len(page.rows) if page.full else 0
        self.total = total
        self.at_start, self.at_end = not page.full, True
        self.cursor = max(0, self.base + len(self.rows) - 1)
        self.top = max(0, self.cursor - self.view_height + 1)

    def _place_after(self, page: PageLoaded) -> None:
        if not self.rows or page.anchor != self.rows[-1].id:
            return
        self.rows.extend(page.rows)
        self.at_end = not page.full
        kept = max(KEPT, self.page_rows * 3)
        if len(self.rows) > kept:
            cut = min(len(self.rows) - kept, max(0, self.cursor - self.base - NEAR * 2))
            del self.rows[:cut]
            self.base += cut
            self.at_start = self.at_start and cut == 0

    def _place_before(self, page: PageLoaded) -> None:
        if not self.rows or page.anchor != self.rows[0].id:
            return
        self.rows[:0] = page.rows
        self.base -= len(page.rows)
        self.at_start = not page.full
        if self.at_start or self.base < 0:
            self.shift_to(self.cursor - self.base)
        if len(self.rows) > KEPT:
            keep = max(KEPT, self.cursor - self.base + NEAR * 2)
            if keep < len(self.rows):
                del self.rows[keep:]
                self.at_end = False

    def _place_around(self, page: PageLoaded) -> None:
        here = next((i for i, r in enumerate(page.rows) if r.id == page.anchor), min(page.head, max(0, len(page.rows) - 1)))
        offset, before = self.cursor - self.top, self.cursor
        self.rows = list(page.rows)
        self.at_start, self.at_end = page.at_start, not page.full
        self.base = 0 if page.at_start else max(0, before - here)
        self.cursor = self.base + here
        self.top = max(self.base, self.cursor - offset)
        self.patched.clear()

    def shift_to(self, index: int) -> None:
        """The row under the cursor is the one of this index: the same rows are shown, with other numbers."""
        by = index - self.cursor
        self.base += by
        self.cursor += by
        self.top += by

    def anchor(self) -> tuple[FileRow, int] | None:
        """The row to find this place again by, and its distance from the cursor.

        A row that was changed here already is no anchor: in the catalog's order it may be elsewhere.
        """
        here = self.cursor - self.base
        for i in [*range(here, len(self.rows)), *range(here - 1, -1, -1)]:
            if 0 <= i < len(self.rows) and self.rows[i].id not in self.patched:
                return self.rows[i], i - here
        return None

    def patch(self, rows: dict[str, FileRow]) -> None:
        """Show changed rows before the catalog tells of them."""
        self.rows = [rows.get(r.id, r) for r in self.rows]
        self.patched |= rows.keys()
        self._ends.clear()
        self.renew_marks(rows)
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
        near = max(NEAR, self.view_height) + self.view_height
        if not self.at_end and self.base + len(self.rows) - self.cursor < near:
            self._ask("after", self.rows[-1])
        if not self.at_start and self.cursor - self.base < near:
            self._ask("before", self.rows[0])

    def question_failed(self) -> None:
        """Nothing is on its way any more."""
        self._asked.clear()
        self._owed = 0

    # moving: never beyond what is loaded, and the edges load ahead

    def move_to(self, index: int) -> None:
        if not self.rows:
            return
        super().move_to(max(self.base, min(index, self.base + len(self.rows) - 1)))
        self.near_edges()

    def page(self, direction: int) -> None:
        if not self.rows:
            return
        height, end = self.view_height, self.base + len(self.rows)
        missing = (
            not self.at_end and self.top + 2 * height > end
            if direction > 0
            else not self.at_start and self.top - height < self.base
        )
        if missing:  # the rows are on their way: the page is turned when they are there
            self._owed = max(-MOST_OWED, min(self._owed + direction, MOST_OWED))
            self.near_edges()
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
            self._go("first")

    def end(self) -> None:
        if self.at_end:
            self.move_to(self.base + len(self.rows) - 1)
        else:
            self._go("last")

    def _go(self, where: str) -> None:
        known = self._ends.get(where)
        if known is None or not self.place(known):
            self._ask(where, None)

    # marks

    def is_marked(self, row: FileRow) -> bool:
        return row.id in self.marks or (self.whole is not None and row.id not in self.spared)

    @property
    def any_marked(self) -> bool:
        return bool(self.marks) or self.whole is not None

    def toggle_mark(self) -> None:
        """Mark the row under the cursor, or no longer; where all are marked, spare it, or no longer."""
        row = self.row()
        if row is None:
            return
        held = self.marks if self.whole is None else self.spared
        if row.id in held:
            del held[row.id]
        else:
            held[row.id] = row
            self.last_mark = row if self.whole is None else None
        self._refresh_row(self.cursor)

    def mark(self, rows: Sequence[FileRow]) -> int:
        """Mark these too; returns how many are new."""
        before = len(self.marks)
        self.marks.update((row.id, row) for row in rows)
        self.refresh()
        return len(self.marks) - before

    def extend(self, rows: int) -> None:
        """Move by `rows` and mark from where this began to the cursor; coming back takes the marks off again."""
        if not self.rows:
            return
        if self._span is None:
            self._span = self.cursor, set()
        start, mine = self._span
        self.move_to(self.cursor + rows)
        low, high = sorted((start, self.cursor))
        inside = {row.id: row for row in self.rows[max(0, low - self.base) : high - self.base + 1]}
        for key in mine - inside.keys():
            self.marks.pop(key, None)
        mine &= inside.keys()
        mine |= inside.keys() - self.marks.keys()
        self.marks.update(inside)
        self._span = start, mine
        self.last_mark = self.row(start)
        self.refresh()

    def end_span(self) -> None:
        """The next `extend` begins where the cursor stands then."""
        self._span = None

    def mark_whole(self, what: FileFilter | None) -> None:
        """Mark all that a filter has, seen or not; None: nothing."""
        self.marks.clear()
        self.spared.clear()
        self.whole = what
        self.refresh()

    def unmark(self, ids: Sequence[str] | None = None) -> None:
        """Drop marks: these, or all."""
        if ids is None:
            self.mark_whole(None)
            self.last_mark = None
        for key in ids or ():
            self.marks.pop(key, None)
        self.refresh()

    def renew_marks(self, rows: dict[str, FileRow]) -> None:
        """What is marked changed: the marks stay, the rows are these."""
        for key in self.marks.keys() & rows.keys():
            self.marks[key] = rows[key]

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
