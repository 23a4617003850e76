"""Looking for a text: what the open catalog is made of, and the few files that a rare text names.

Both are kept for the catalog that is open; what was learnt of another one is of no use, not even the number of a row.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Protocol

from ..domain.browsing import FileFilter
from . import queries
from .shapes import MOST_SHAPES

FEW = 4000
"""Files that a text may name for their rows to be put in order by themselves, instead of on the way through the table."""

Narrow = Callable[[queries.Where], None]
"""Adds further conditions."""


class Asked(Protocol):
    """A reader: it asks the catalog that is open, which another one may take the place of at any time."""

    @property
    def opened(self) -> object: ...

    def _ask(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]: ...


class Search:
    """What a reader's questions for a text share. Safe from several threads: what two of them learn at once is the same."""

    def __init__(self, reader: Asked) -> None:
        self._reader: Asked = weakref.proxy(reader)  # a forgotten reader closes at once, not when circles are collected
        self._known: tuple[object, queries.Known] | None = None
        self._found: tuple[object, FileFilter, list[int] | None] | None = None

    def where(self, wanted: FileFilter) -> queries.Where:
        """The filter as conditions over `base.files f`."""
        return queries.where(wanted, self._learnt() if wanted.text else None)

    def few(self, wanted: FileFilter) -> list[int] | None:
        """The row numbers of all files of a filter with a text, in no order; None if they are more than a few, or it has none."""
        if not wanted.text:
            return None
        reader, asked = self._reader, replace(wanted, order="newest")
        opened, found = reader.opened, self._found
        if found is not None and found[0] is opened and found[1] == asked:
            return found[2]
        w = self.where(asked)
        rows = reader._ask(f"SELECT f.rowid FROM base.files f {w.sql} LIMIT {FEW + 1}", w.values)
        if reader.opened is not opened:
            return None
        few = [row for (row,) in rows] if len(rows) <= FEW else None
        self._found = opened, asked, few
        return few

    def rows(
        self, wanted: FileFilter, order: str, narrow: Narrow | None = None, *, limit: int | None = None
    ) -> list[tuple[Any, ...]]:
        """The rows (FILE_SELECT) of a filter that `narrow` leaves, in an order (an ORDER BY list), at most `limit`."""
        ask, opened, few = self._reader._ask, self._reader.opened, self.few(wanted)
        if few is not None:
            # No LIMIT beside a condition on rowid: DuckDB 2.0.0 ends such a question as an internal error, or wants memory for a join.
            w = _within(few)
            if narrow is not None:
                narrow(w)
            numbers = ask(f"SELECT f.rowid FROM base.files f {w.sql} ORDER BY {order}", w.values)
            page = [number for (number,) in numbers[:limit]]
            w = _within(page)
            found = ask(f"{queries.SELECT} {w.sql} ORDER BY {order}", w.values)
            if self._reader.opened is opened:
                return found
        w = self.where(wanted)
        if narrow is not None:
            narrow(w)
        tail = f" LIMIT {int(limit)}" if limit is not None else ""
        return ask(f"{queries.SELECT} {w.sql} ORDER BY {order}{tail}", w.values)

    def count(self, wanted: FileFilter, narrow: Narrow | None = None) -> int:
        """How many files of a filter `narrow` leaves."""
        ask, opened, few = self._reader._ask, self._reader.opened, self.few(wanted)
        if few is not None and narrow is None:
            return len(few)
        w = self.where(wanted) if few is None else _within(few)
        if narrow is not None:
            narrow(w)
        found = ask(f"SELECT count(*) FROM base.files f {w.sql}", w.values)[0][0]
        return found if few is None or self._reader.opened is opened else self.count(wanted, narrow)

    def _learnt(self) -> queries.Known:
        ask, opened, known = self._reader._ask, self._reader.opened, self._known
        if known is not None and known[0] is opened:
            return known[1]
        feeds = ask("SELECT DISTINCT feed, lower(feed) FROM base.tally ORDER BY feed")
        shapes = [shape for (shape,) in ask(f"SELECT DISTINCT lower(shape) FROM base.files LIMIT {MOST_SHAPES + 1}")]
        ids = [id for order in ("", " DESC") for (id,) in ask(f"SELECT id FROM base.files ORDER BY id{order} LIMIT 1")]
        learnt = queries.Known(feeds, tuple(sorted(shapes)) if len(shapes) <= MOST_SHAPES else None, ids)
        if self._reader.opened is opened:
            self._known = opened, learnt
        return learnt


def _within(rows: Sequence[int]) -> queries.Where:
    """The condition that a row has one of these numbers."""
    w = queries.Where()
    if not rows:
        w.add("false")
        return w
    low, high = w.bind(min(rows)), w.bind(max(rows))
    w.add(f"f.rowid >= {low} AND f.rowid <= {high} AND f.rowid IN (SELECT unnest({w.bind(list(rows))}::BIGINT[]))")
    return w
