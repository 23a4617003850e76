"""Reading what lands: list answers and result tables as rows, and telling whose content it is.

A file of one answer is that answer; a file of several is a JSON array whose elements are the bodies of the answers, byte for byte as
received and in the order they were asked (`[` body `,` body `]`). Beside the table of a report lies, in the same array, the table that its
rows can be added up against (`beside`): the figures of the whole range, or those of each day.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from bedrot_console.domain.findings import Place
from bedrot_console.inspection.helpers import FormatTrouble, Rows, decimal_of, json_value

from .queries import BY_NAME, MONEY, REPORTS

TABLE = "youtubeAnalytics#resultTable"
CHANNELS, ITEMS, VIDEOS = "youtube#channelListResponse", "youtube#playlistItemListResponse", "youtube#videoListResponse"
DAY = "day"
VIDEO_FIELDS = {
    "snippet": ("channelId", "title", "publishedAt"), "contentDetails": ("duration",), "status": ("privacyStatus",),
    "statistics": ("viewCount", "likeCount", "dislikeCount", "commentCount", "favoriteCount"),
}  # fmt: skip
CHANNEL_FIELDS = {
    "snippet": ("title", "customUrl", "country", "publishedAt"), "statistics": ("viewCount", "subscriberCount", "videoCount", "hiddenSubscriberCount"),
}  # fmt: skip
UPLOAD_FIELDS = {
    "snippet": ("channelId", "playlistId", "title", "position", "publishedAt"), "contentDetails": ("videoId", "videoPublishedAt"),
    "status": ("privacyStatus",),
}  # fmt: skip


class Answers(Rows):
    """Rows of all answers in order. `pages` are the parsed answers; `spots` the JSON pointer of each row."""

    __slots__ = ("pages", "spots")

    def __init__(
        self, records: Sequence[dict[str, Any]], *, document: Any, pages: list[dict[str, Any]], spots: list[str], **more: Any
    ) -> None:
        self.pages, self.spots = pages, spots
        super().__init__(records, document=document, base="", **more)

    def pointer(self, index: int, column: str | None = None) -> str:
        """JSON pointer of row `index` in the file as it lies; flattened columns have no place of their own."""
        return self.spots[index] if index < len(self.spots) else ""


class Table(Answers):
    """A report's rows by column name.

    Attributes:
        headers: `columnHeaders` of the report's own table, in order.
        uneven: rows that are not as wide as the header, as (page, row).
        beside: the table to add up against: its header names and rows; None where there is none.
    """

    __slots__ = ("headers", "uneven", "beside")

    def __init__(
        self, records: Sequence[dict[str, Any]], *, headers: list[dict[str, Any]], uneven: list[tuple[int, int]],
        beside: tuple[list[str], list[list[Any]]] | None, **more: Any,
    ) -> None:  # fmt: skip
        self.headers, self.uneven, self.beside = headers, uneven, beside
        super().__init__(records, columns=[h["name"] for h in headers], **more)

    def pointer(self, index: int, column: str | None = None) -> str:
        spot = super().pointer(index)
        names = [h["name"] for h in self.headers]
        return f"{spot}/{names.index(column)}" if column in names else spot

    @property
    def dimensions(self) -> list[str]:
        return [h["name"] for h in self.headers if h.get("columnType") == "DIMENSION"]

    @property
    def metrics(self) -> list[str]:
        return [h["name"] for h in self.headers if h.get("columnType") != "DIMENSION"]

    def whole(self, metric: str) -> Decimal | None:
        """The figure of the whole range for a metric, from the table beside; None where it is not there."""
        if self.beside is None or metric not in self.beside[0] or DAY in self.beside[0]:
            return None
        spot = self.beside[0].index(metric)
        return sum((number(row[spot]) for row in self.beside[1] if spot < len(row)), Decimal(0))

    def whole_days(self, metric: str) -> dict[str, Decimal] | None:
        """The figure of each day for a metric, from the table beside; None where it is not there."""
        if self.beside is None or metric not in self.beside[0] or DAY not in self.beside[0]:
            return None
        spot, day = self.beside[0].index(metric), self.beside[0].index(DAY)
        return {str(row[day]): number(row[spot]) for row in self.beside[1] if len(row) > max(spot, day)}


def number(value: Any) -> Decimal:
    """A cell as a number; what is none counts as zero here, and is found by the check of types."""
    try:
        return decimal_of(value)
    except ValueError:
        return Decimal(0)


def answers_in(data: bytes) -> tuple[Any, list[dict[str, Any]], list[str]]:
    """The document, its answers, and the JSON pointer of each.

    Raises:
        FormatTrouble: an answer is an error (`format.error-body`), or the value is neither an answer nor an array of answers.
    """
    document = json_value(data)
    pages, bases = (document, [f"/{n}" for n in range(len(document))]) if isinstance(document, list) else ([document], [""])
    for page, base in zip(pages, bases, strict=True):
        if not isinstance(page, dict):
            raise FormatTrouble("format.unknown-shape", "an answer is not an object", place=Place(pointer=base))
        for word in ("error", "errors"):
            if page.get(word):
                raise FormatTrouble("format.error-body", place=Place(pointer=f"{base}/{word}"))
    return document, pages, bases


def _lists(
    kind: str, fields: dict[str, tuple[str, ...]], facts: Callable[[list[dict[str, Any]]], dict[str, Any]] | None = None
) -> Callable[[bytes], Answers]:
    def parse(data: bytes) -> Answers:
        document, pages, bases = answers_in(data)
        rows: list[dict[str, Any]] = []
        spots: list[str] = []
        for page, base in zip(pages, bases, strict=True):
            if page.get("kind") != kind:
                raise FormatTrouble("format.unknown-shape", f"an answer is no {kind}", place=Place(pointer=f"{base}/kind"))
            items = page.get("items", [])
            if not isinstance(items, list):
                raise FormatTrouble("format.unknown-shape", "items is no list", place=Place(pointer=f"{base}/items"))
            for n, item in enumerate(items):
                if not isinstance(item, dict):
                    raise FormatTrouble(
                        "format.unknown-shape", "an item is not an object", place=Place(pointer=f"{base}/items/{n}")
                    )
                rows.append(flat(item, fields))
                spots.append(f"{base}/items/{n}")
        return Answers(rows, document=document, pages=pages, spots=spots, facts=facts(rows) if facts else {})

    parse.__qualname__ = f"lists of {kind}"
    return parse


def flat(item: dict[str, Any], fields: dict[str, tuple[str, ...]]) -> dict[str, Any]:
    """The id of an item and the named fields of its parts, as one row; what is absent stays absent."""
    row = {"id": item.get("id")}
    for part, names in fields.items():
        inner = item.get(part)
        if isinstance(inner, dict):
            row |= {name: inner[name] for name in names if name in inner}
    return row


def _channel_facts(rows: list[dict[str, Any]]) -> dict[str, Any]:
    return {"channel": str(rows[0].get("id"))[:40]} if len(rows) == 1 else {}


read_channel = _lists(CHANNELS, CHANNEL_FIELDS, _channel_facts)
read_uploads = _lists(ITEMS, UPLOAD_FIELDS)
read_videos = _lists(VIDEOS, VIDEO_FIELDS)


def read_table(data: bytes) -> Table:
    """A report file as rows. The first table is the report; a further one of the same columns goes on with it, one of other columns lies beside.

    Raises:
        FormatTrouble: an answer is an error, or no result table.
    """
    document, pages, bases = answers_in(data)
    headers: list[dict[str, Any]] = []
    rows: list[dict[str, Any]] = []
    spots: list[str] = []
    uneven: list[tuple[int, int]] = []
    beside: tuple[list[str], list[list[Any]]] | None = None
    for at, (page, base) in enumerate(zip(pages, bases, strict=True)):
        if page.get("kind") != TABLE:
            raise FormatTrouble("format.unknown-shape", "an answer is no result table", place=Place(pointer=f"{base}/kind"))
        found, cells = page.get("columnHeaders"), page.get("rows") or []
        if (
            not isinstance(found, list)
            or not all(isinstance(h, dict) and isinstance(h.get("name"), str) for h in found)
            or not found
        ):
            raise FormatTrouble(
                "format.unknown-shape", "a table has no column headers", place=Place(pointer=f"{base}/columnHeaders")
            )
        if not isinstance(cells, list) or not all(isinstance(row, list) for row in cells):
            raise FormatTrouble("format.unknown-shape", "rows are no lists", place=Place(pointer=f"{base}/rows"))
        names = [h["name"] for h in found]
        if at and names != [h["name"] for h in headers]:
            beside = beside or (names, cells)
            continue
        headers = headers or found
        for n, row in enumerate(cells):
            if len(row) != len(names):
                uneven.append((at, n))
                continue
            rows.append(dict(zip(names, row, strict=True)))
            spots.append(f"{base}/rows/{n}")
    if not pages:
        raise FormatTrouble("format.unknown-shape", "there is no result table", place=Place(pointer=""))
    return Table(rows, headers=headers, uneven=uneven, beside=beside, document=document, pages=pages, spots=spots)


_KIND = re.compile(r'\A\s*\[?\s*\{.{0,400}?"kind"\s*:\s*"([^"]{1,80})"', re.DOTALL)
_HEADERS = re.compile(r'"columnHeaders"\s*:\s*')


def is_list_of(kind: str, *, empty: bool = False) -> Callable[[bytes], bool]:
    """A recogniser of answers of one kind. `empty`: also an array of no answer: a channel without uploads has none to ask for."""

    def recognise(head: bytes) -> bool:
        if empty and head.strip() == b"[]":
            return True
        match = _KIND.match(_text(head))
        return bool(match) and match[1] == kind  # type: ignore[index]

    recognise.wanted = (kind, "pageInfo", "items")  # type: ignore[attr-defined]
    return recognise


def is_report(name: str) -> Callable[[bytes], bool]:
    """A recogniser of the report `name`: a result table with its dimensions; by day it is revenue if it counts money and no views."""
    wanted = set(BY_NAME[name].dimensions)
    others = [set(r.dimensions) for r in REPORTS if r.name != name]

    def recognise(head: bytes) -> bool:
        text = _text(head)
        match = _KIND.match(text)
        if not match or match[1] != TABLE:
            return False
        columns = _columns(text)
        dimensions = {c for c, kind in columns.items() if kind == "DIMENSION"}
        if dimensions != wanted:
            return False
        of_money = "views" not in columns and bool(set(MONEY) & columns.keys())
        return others.count(wanted) == 0 or of_money == BY_NAME[name].money

    recognise.wanted = ("columnHeaders", *BY_NAME[name].dimensions, BY_NAME[name].metrics[0])  # type: ignore[attr-defined]
    return recognise


def _text(head: bytes) -> str:
    return head.decode("utf-8", "replace").removeprefix("\ufeff")


def _columns(text: str) -> dict[str, str]:
    """Names and kinds of the columns of the first table in a text, which may be cut."""
    match = _HEADERS.search(text)
    if match is None:
        return {}
    try:
        found, _ = json.JSONDecoder().raw_decode(text, match.end())
    except (ValueError, RecursionError):
        return {}
    if not isinstance(found, list):
        return {}
    return {str(h.get("name")): str(h.get("columnType")) for h in found if isinstance(h, dict)}
