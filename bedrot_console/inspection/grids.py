"""Windows of what has rows: tables, sheets, and what a feed's own parser reads out of a payload."""

from __future__ import annotations

import dataclasses
from typing import Any

from bedrot_console.domain.excerpts import Entry, Excerpt, Head, Wish
from bedrot_console.domain.feeds import Feed
from bedrot_console.domain.findings import Place

from .contents import FormatTrouble, Rows
from .jsonscan import plain, tokens_of
from .opened import Opened
from .readers import read_bytes
from .recognise import STUMBLES
from .rowscan import MOST_CELL, RowScan, seen_type


class GridWindow:
    """One source, and what is wished of it. `about` are the fields that every answer has."""

    def __init__(self, feed: Feed | None, source: Opened, wish: Wish, about: dict[str, Any]) -> None:
        self.feed, self.source, self.wish, self.about = feed, source, wish, about

    def _said(self, form: str, **more: Any) -> Excerpt:
        if "note" in more:
            more["note"] = "; ".join(filter(None, (self.about["note"], more["note"])))
        return Excerpt(**self.about | {"form": form} | more)

    @property
    def _table(self) -> RowScan:
        if "rows" not in self.source.made:
            self.source.made["rows"] = RowScan(self.source.data, self.source.encoding)
        return self.source.made["rows"]

    # tables

    def _rows_window(self, row: int, at: int) -> Excerpt:
        wish = self.wish
        if self.source.sheet is not None:
            return self._held([list(r) for r in self.source.sheet], row)
        columns = self.feed.columns if self.feed is not None else ()
        last = row < 0
        if last:
            row, at = max(2, self._table.seek(1 << 62)[0] - wish.limit + 1), 0
        entries, more = self._table.window(row, wish.limit, at)
        if not entries and row > 2:
            entries, more = self._table.window(max(2, (self._table.total or 1) - wish.limit + 1), wish.limit)
        note = f"{self._table.total:,} rows with the header" if self._table.total else ""
        return self._said(
            "structure", header=self._table.header(columns, entries), entries=tuple(entries), skip=self._table.total or 0, more=more,
            row=wish.row if wish.row > 1 and any(e.row == wish.row for e in entries) else 0,
            found=last or row <= 2 or any(e.row == row for e in entries), note=note,
        )  # fmt: skip

    def _cell(self, place: Place) -> Excerpt:
        columns = self.feed.columns if self.feed is not None else ()
        row = place.row or 1
        found = self._rows_window(max(2, row - self.wish.limit // 3), 0)
        spot = self._table.column_of(place.column, columns) if place.column and self.source.sheet is None else -1
        there = row == 1 or any(e.row == row for e in found.entries)
        return dataclasses.replace(
            found, row=row, column=self._table.names[spot] if spot >= 0 else "", found=there and (not place.column or spot >= 0),
            note=found.note if there else f"there is no row {row}",
        )  # fmt: skip

    def _held(self, table: list[list[str]], row: int) -> Excerpt:
        """A window of rows at hand: the first is the header."""
        header, body = (table[0] if table else []), table[1:]
        row = len(body) - self.wish.limit + 2 if row < 0 else row
        first = max(2, row)
        part = body[first - 2 : first - 2 + self.wish.limit]
        entries = tuple(Entry(row=first + i, cells=tuple(cells)) for i, cells in enumerate(part))
        heads = tuple(
            Head(name=plain(n), type=seen_type([e.cells[i] for e in entries if i < len(e.cells)])) for i, n in enumerate(header)
        )
        return self._said(
            "structure", header=heads, entries=entries, skip=len(table), more=first - 2 + len(part) < len(body), row=row if row > 2 else 0,
            note=f"{len(table):,} rows with the header",
        )  # fmt: skip

    def _find_sheet(self) -> Excerpt:
        return self._find_row([tuple(r) for r in self.source.sheet[1:]], lambda row: self._rows_window(row, 0))

    def _find_row(self, rows: list[tuple[str, ...]], window: Any) -> Excerpt:
        wanted, step = self.wish.text.casefold(), -1 if self.wish.backward else 1
        start = self.wish.row - 2 if self.wish.row else -1
        for turn in range(1, len(rows) + 1):
            spot = (start + turn * step) % len(rows)
            place = next((i for i, cell in enumerate(rows[spot]) if wanted in cell.casefold()), None)
            if place is not None:
                found = window(max(2, spot + 2 - self.wish.limit // 3))
                column = found.header[place].name if place < len(found.header) else ""
                return dataclasses.replace(found, row=spot + 2, column=column, again=(spot - start) * step <= 0)
        return self._said(window(2).form, found=False, note=f"{self.wish.text!r} is not in it")

    # rows, as the feed's parser reads them

    def _content(self) -> tuple[Rows, list[str]]:
        if "content" not in self.source.made:
            assert self.feed is not None
            try:
                content = read_bytes(self.feed, bytes(self.source.data))
            except STUMBLES as trouble:
                if isinstance(trouble, FormatTrouble):
                    raise
                raise FormatTrouble("format.unknown-shape") from trouble
            if not isinstance(content, Rows):
                raise FormatTrouble("format.unknown-shape", "the feed's parser gave no rows")
            self.source.made["content"] = content, [str(c) for c in content.columns]
        return self.source.made["content"]

    def _record(self, index: int) -> tuple[str, ...]:
        content, columns = self._content()
        record = content.records[index]
        return tuple("" if (v := record.get(c)) is None else plain(str(v)[:MOST_CELL]) for c in columns)

    def _extracted(self, start: int, **more: Any) -> Excerpt:
        content, columns = self._content()
        first = max(2, len(content) - self.wish.limit + 2 if start < 0 else start)
        last = min(len(content), first - 2 + self.wish.limit)
        entries = tuple(Entry(row=i + 2, cells=self._record(i)) for i in range(first - 2, last))
        heads = tuple(Head(name=plain(c[:100]), type=seen_type([e.cells[i] for e in entries])) for i, c in enumerate(columns))
        return self._said("rows", header=heads, entries=entries, skip=len(content) + 1, more=last < len(content), **more)

    def _rows_open(self) -> Excerpt:
        return self._extracted(self.wish.row, row=self.wish.row if self.wish.row > 2 else 0)

    def _rows_place(self) -> Excerpt:
        place = self.wish.place
        assert place is not None
        tokens = tokens_of(place.pointer) if place.pointer is not None else []
        row = int(tokens[0]) + 2 if tokens and tokens[0].isdigit() else place.row or 0
        column = tokens[1] if len(tokens) > 1 else place.column or ""
        content, columns = self._content()
        there = row - 2 < len(content) if row else column in columns
        note = {} if there else {"note": f"{plain(str(place))} is not in it"}
        return self._extracted(max(2, row - self.wish.limit // 3), row=row, column=plain(column), found=there, **note)

    def _rows_find(self) -> Excerpt:
        content, _ = self._content()
        return self._find_row([self._record(i) for i in range(len(content))], self._extracted)
