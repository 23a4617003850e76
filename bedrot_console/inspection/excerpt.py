"""Windows of payloads of any size, in any of their forms. Runs in the limited child; nothing is raised for what a payload holds."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

from bedrot_console.domain.excerpts import Entry, Excerpt, Wish
from bedrot_console.domain.feeds import Feed
from bedrot_console.domain.findings import Place

from .contents import FormatTrouble
from .grids import GridWindow
from .jsonscan import LINES, Scan, plain, tokens_of
from .opened import Opened, names_of, opened
from .outline import Page
from .pictures import made_small
from .textscan import TextScan

MOST_PARSED = 32 << 20
"""Payloads up to this size are given to the feed's own parser for the form `rows`."""
MOST_LIMIT = 2000


def excerpt(feed: Feed | None, path: Path, wish: Wish) -> Excerpt:
    """The window that is wished for; content that cannot be read, and a form that it does not have, are an Excerpt that says so."""
    feed = None if wish.member else feed
    try:
        names = names_of(feed, path, wish.member)
        source = opened(feed, path, wish.member)
    except FormatTrouble as trouble:
        return Excerpt(kind="unreadable", note=trouble.sentence)
    wish = dataclasses.replace(wish, limit=max(1, min(wish.limit, MOST_LIMIT)))
    forms = _forms(feed, source)
    about: dict[str, Any] = {"kind": source.kind, "forms": forms, "names": names, "size_bytes": source.size, "note": source.note}
    if not forms:
        return Excerpt(**about | {"note": source.note or "the file holds nothing", "found": wish.act in ("open", "children")})
    form = wish.form if wish.form in forms else forms[0]
    try:
        return _Window(feed, source, wish, about).in_form(form)
    except FormatTrouble as trouble:
        if "text" not in forms:
            return Excerpt(**about | {"form": form, "note": f"not readable in this form: {trouble.sentence}", "found": False})
        about["note"] = "; ".join(filter(None, (source.note, trouble.sentence)))
        about["forms"] = tuple(f for f in forms if f != form)
        return _Window(feed, source, wish, about).in_form("text")


def _forms(feed: Feed | None, source: Opened) -> tuple[str, ...]:
    own = {
        "json": ("structure", "text"), "html": ("structure", "text"), "table": ("structure", "text"), "text": ("text",),
        "binary": ("text",), "picture": ("picture",), "archive": ("members",), "workbook": ("members",),
    }.get(source.kind, ())  # fmt: skip
    if source.sheet is not None:
        return ("structure",)
    parsed = feed is not None and feed.parse is not None and source.size <= MOST_PARSED
    return (*own[:1], *(("rows",) if parsed else ()), *own[1:]) if own else ()


class _Window(GridWindow):
    """One answer."""

    def in_form(self, form: str) -> Excerpt:
        wish = self.wish
        if wish.act == "place" and wish.place is not None:
            form = self._form_of(wish.place, form)
        if form == "members":
            return self._said(
                form,
                entries=tuple(self.source.parts),
                more=self.source.total_parts > len(self.source.parts),
                found=wish.act == "open",
            )
        if form == "picture":
            return self._said(
                form,
                picture=made_small(self.source.file, self.source.head, self.wish.columns, self.wish.lines),
                found=wish.act == "open",
            )
        act = getattr(self, f"_{form}_{wish.act}", None)
        if act is None:
            return self._said(form, found=False, note="cannot be done here")
        return act()

    def _form_of(self, place: Place, wanted: str) -> str:
        """The form that has a place: what a parser read out of a page is found among its rows, a selector in the tree."""
        forms = self.about["forms"]
        if self.source.kind == "html" and place.pointer is not None and "rows" in forms:
            return "rows"
        if self.source.kind == "json" and place.pointer is not None and wanted == "rows":
            return "structure"
        if self.source.kind in ("binary", "archive", "workbook", "text") and "rows" in forms:
            return "rows"
        if self.source.kind == "json" and (place.row is not None or place.column is not None) and "rows" in forms:
            return "rows"
        return wanted if wanted in forms else forms[0]

    # text

    @property
    def text(self) -> TextScan:
        return TextScan(self.source.data, self.source.encoding, self.wish.columns)

    def _lines(self, at: int, *, backward: bool = False, **more: Any) -> Excerpt:
        if self.source.kind == "binary":
            return self._bytes(at, backward=backward, **more)
        scan, limit = self.text, self.wish.limit
        entries = scan.backward(at, limit) if backward else scan.forward(at, limit)
        after = entries[-1].end < scan.size if entries else at < scan.size
        return self._said("text", entries=tuple(entries), more=after, **more)

    def _bytes(self, at: int, *, backward: bool, **more: Any) -> Excerpt:
        data, limit = self.source.data, self.wish.limit
        start = max(0, (at if not backward else at - limit * 16) // 16 * 16)
        entries = []
        for spot in range(start, min(len(data), start + limit * 16) if not backward else at, 16):
            part = bytes(data[spot : spot + 16])
            drawn = "".join(chr(b) if 32 <= b < 127 else "." for b in part)
            entries.append(Entry(at=spot, end=spot + len(part), text=f"{spot:08x}  {part.hex(' '):<47}  {drawn}"))
        return self._said("text", entries=tuple(entries), more=bool(entries) and entries[-1].end < len(data), **more)

    def _text_open(self) -> Excerpt:
        at = min(self.wish.at, self.source.size) if self.wish.at >= 0 else self.source.size
        if self.wish.row and self.source.kind in ("table", "text"):
            number, spot = self._table.seek(self.wish.row) if self.source.kind == "table" else self._line(self.wish.row)
            return self._lines(spot, mark=(spot, spot), row=number, found=number == self.wish.row)
        return self._lines(at, backward=self.wish.backward or self.wish.at < 0)

    def _line(self, number: int) -> tuple[int, int]:
        at, now = 0, 1
        while now < number:
            found = self.source.data.find(b"\n", at)
            if found < 0 or found + 1 >= self.source.size:
                break
            at, now = found + 1, now + 1
        return now, at

    def _around(self, span: tuple[int, int], **more: Any) -> Excerpt:
        scan = self.text
        at = scan.line_start(span[0])
        before = scan.backward(at, self.wish.limit // 3)
        return self._lines(before[0].at if before else at, mark=span, **more)

    def _text_find(self) -> Excerpt:
        hit = self.text.find(self.wish.text, self.wish.at, self.wish.backward)
        if hit is None:
            return self._said("text", found=False, note=f"{self.wish.text!r} is not in it")
        return self._around(hit[:2], again=hit[2])

    def _text_place(self) -> Excerpt:
        place = self.wish.place
        assert place is not None
        if self.source.kind == "json" and place.pointer is not None:
            way, count = self._json.down(tokens_of(place.pointer))
            node = way[-1][1] if way else None
            end = (node.end if node.end >= 0 else node.at + 1) if node else 0
            span = (node.begin, end) if node else (0, 0)
            return self._around(span, **self._missing(count, tokens_of(place.pointer)))
        if self.source.kind == "json" and place.row is not None:
            number, at = self._line(place.row)
            return self._around((at, self._json.end_of(at)), row=number, found=number == place.row)
        if self.source.kind == "html" and place.selector is not None:
            element = self._page.select(place.selector)
            if element is not None:
                return self._around(self._page.span_of(element))
        if self.source.kind == "table" and (place.row or place.column):
            number, at = self._table.seek(place.row or 1)
            return self._around((at, self._table.end_of(at)), row=number, found=number == (place.row or 1))
        return self._lines(0, found=place == Place(), note=f"{place} is not in it" if place != Place() else "")

    def _missing(self, count: int, tokens: list[str]) -> dict[str, Any]:
        if count == len(tokens):
            return {}
        return {"found": False, "note": f"{plain(tokens[count])[:60]} is not there; this is where it is missing"}

    # trees

    @property
    def _json(self) -> Scan:
        if "scan" not in self.source.made:
            self.source.made["scan"] = Scan(self.source.data, lines=self.feed is not None and self.feed.format == "jsonl")
        return self.source.made["scan"]

    @property
    def _page(self) -> Page:
        if "page" not in self.source.made:
            self.source.made["page"] = Page(bytes(self.source.data[: 16 << 20]))
        return self.source.made["page"]

    def _structure_children(self) -> Excerpt:
        wish = self.wish
        if self.source.kind == "json":
            node = (
                wish.node if wish.node == LINES or wish.node.isdigit() and int(wish.node) < self.source.size else self._json.root
            )
            level = self._json.level(node, skip=wish.skip, at=wish.at, limit=wish.limit, whole=wish.whole)
        elif self.source.kind == "html":
            level = self._page.level(wish.node, skip=wish.skip, limit=wish.limit)
        else:
            return self._said("structure", found=False, note="a table has no nodes")
        return self._said("structure", entries=level.entries, node=level.node, skip=level.skip, more=level.more)

    def _structure_open(self) -> Excerpt:
        if self.source.kind == "table":
            return self._rows_window(self.wish.row, self.wish.at)
        if self.source.kind == "json":
            self.wish = dataclasses.replace(self.wish, node=self._json.root)
        else:
            self.wish = dataclasses.replace(self.wish, node="")
        return self._structure_children()

    def _structure_place(self) -> Excerpt:
        place = self.wish.place
        assert place is not None
        if self.source.kind == "table":
            return self._cell(place)
        if self.source.kind == "html":
            element = self._page.select(place.selector) if place.selector else None
            if element is None:
                return self._root(place)
            levels, node = self._page.levels(element, self.wish.limit)
            return self._said("structure", levels=levels, marked=node, mark=self._page.span_of(element))
        tokens = tokens_of(place.pointer) if place.pointer is not None else [str(place.row - 1)] if place.row else None
        if tokens is None:
            return self._root(place)
        way, count = self._json.down(tokens)
        if not way:
            return self._root(place)
        last = way[-1][1]
        levels = self._json.levels(way, self.wish.limit)
        return self._said(
            "structure",
            levels=levels,
            marked=str(last.at),
            mark=(last.begin, max(last.end, last.at)),
            **self._missing(count, tokens),
        )

    def _root(self, place: Place) -> Excerpt:
        found = self._structure_open()
        everything = str(place) in ("/", "file")
        return dataclasses.replace(
            found, found=everything, note=found.note if everything else f"{plain(str(place))} is not in it"
        )

    def _structure_find(self) -> Excerpt:
        wish = self.wish
        if self.source.kind == "html":
            return self._find_element()
        if self.source.sheet is not None:
            return self._find_sheet()
        hit = self.text.find(wish.text, wish.at, wish.backward)
        if hit is None:
            return self._said("structure", found=False, note=f"{wish.text!r} is not in it")
        if self.source.kind == "json":
            way = self._json.way_to(hit[0])
            if not way:
                return self._said("structure", found=False, note="found outside of the document")
            return self._said(
                "structure", levels=self._json.levels(way, wish.limit), marked=str(way[-1][1].at), mark=hit[:2], again=hit[2]
            )
        number, at = self._table.row_at(hit[0])
        found = self._rows_window(max(2, number - wish.limit // 3), 0)
        column = self._column_at(at, hit[0])
        return dataclasses.replace(found, row=number, column=column, mark=hit[:2], again=hit[2])

    def _column_at(self, at: int, offset: int) -> str:
        cells = len(self._table.cells(at, offset + 1)) - 1
        return self._table.names[cells] if 0 <= cells < len(self._table.names) else ""

    def _find_element(self) -> Excerpt:
        every = list(self._page.with_text(self.wish.text))
        if not every:
            return self._said("structure", found=False, note=f"{self.wish.text!r} is not in it")
        names = [self._page.name_of(e) for e in every]
        here = names.index(self.wish.node) if self.wish.node in names else -1 if not self.wish.backward else 0
        spot = here + (-1 if self.wish.backward else 1)
        levels, node = self._page.levels(every[spot % len(every)], self.wish.limit)
        return self._said("structure", levels=levels, marked=node, again=not 0 <= spot < len(every))
