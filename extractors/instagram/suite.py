"""Reading what Meta Business Suite exports: one metric by day, the audience's stacked tables, the list of posts.

The two former are UTF-16LE with a byte order mark and LF lines: `sep=,`, then a quoted title, which alone tells the metric (file names say
nothing), then a header. They end with an empty line. The list of posts is UTF-8 with a byte order mark (all seen: one account, files of
December 2025 to March 2026). Titles follow the language of the interface; those in other languages than English are assumed.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from bedrot_console.domain.findings import Finding, Place
from bedrot_console.inspection.helpers import FormatTrouble, Rows, decimal_of, warning

TITLES: dict[str, tuple[str, ...]] = {
    "views": ("views", "instagram views", "aufrufe", "visualizaciones", "vues"),
    "reach": ("reach", "instagram reach", "reichweite", "alcance", "couverture"),
    "follows": ("instagram follows", "follows"),
    "interactions": ("content interactions", "instagram content interactions", "interaktionen mit inhalten"),
    "visits": ("instagram profile visits", "instagram visits", "instagram-profilaufrufe"),
    "link_clicks": ("instagram link clicks", "link clicks", "instagram-linkklicks"),
}
"""Metric -> spellings of its title, folded. Facebook's own exports of views and reach bear the same titles: whoever uploads must know."""
AUDIENCE = "instagram followers"
POST_COLUMNS = (
    "Post ID", "Account ID", "Account username", "Account name", "Description", "Duration (sec)", "Publish time", "Permalink", "Post type",
    "Data comment", "Date", "Views", "Reach", "Likes", "Shares", "Follows", "Comments", "Saves",
)  # fmt: skip
BOM16 = b"\xff\xfe"
BOM8 = b"\xef\xbb\xbf"
_TITLE = re.compile(r'(?:sep=,\r?\n)?"([^"\r\n]{1,120})"\r?\n')
_WHOLE = re.compile(r"\d{1,15}")
_SHARE = re.compile(r"\d{1,3}(?:\.\d+)?%")


class Export(Rows):
    """Rows of an export, each at its line of the file."""

    __slots__ = ("lines",)

    def __init__(self, records: Sequence[dict[str, Any]], columns: Sequence[str], lines: Sequence[int], **values: Any) -> None:
        super().__init__(records, columns, base=None, **values)
        self.lines = list(lines)

    def place(self, index: int, column: str | None = None) -> Place:
        return Place(row=self.lines[index] if index < len(self.lines) else None, column=column)


def text_of(head: bytes) -> str:
    """The beginning of an export as text, however it was saved; never fails."""
    if head.startswith(BOM16):
        return head[2 : len(head) - len(head) % 2].decode("utf-16-le", "ignore")
    return head.decode("utf-8-sig", "ignore")


def title_of(head: bytes) -> str:
    """The title line, folded; empty where there is none."""
    match = _TITLE.match(text_of(head[:1024]))
    return " ".join(match[1].split()).casefold() if match else ""


def is_daily(metric: str) -> Callable[[bytes], bool]:
    """A recogniser: an export of this metric by day, told by its title and header."""

    def recognise(head: bytes) -> bool:
        return (
            title_of(head) in TITLES[metric]
            and re.search(r'^"Date","Primary"\s*$', text_of(head[:1024]), re.MULTILINE) is not None
        )

    recognise.wanted = ("Date", "Primary", TITLES[metric][0])  # type: ignore[attr-defined]
    return recognise


def is_audience(head: bytes) -> bool:
    """The stacked tables of an account's followers."""
    return title_of(head) == AUDIENCE and '"Date"' not in text_of(head[:1024])


is_audience.wanted = (AUDIENCE, "Age", "Women", "Men")  # type: ignore[attr-defined]


def is_posts(head: bytes) -> bool:
    """The list of posts, by its header."""
    first = next(csv.reader(io.StringIO(text_of(head[:4096]))), [])
    return {"Post ID", "Account username", "Publish time", "Post type", "Views"} <= set(first)


is_posts.wanted = ("Post ID", "Account username", "Publish time", "Post type")  # type: ignore[attr-defined]


def read_daily(data: bytes) -> Export:
    """One row per day: `day`, `value`. A cell that is no number stays text; the checks tell it."""
    lines, findings, title = _lines(data)
    if [cell for cell in lines[2][1]] != ["Date", "Primary"] if len(lines) > 2 else True:
        raise FormatTrouble(
            "format.not-a-table", "the third line is not the header", place=Place(row=3), expected="Date, Primary"
        )
    rows, at = [], []
    for number, cells in lines[3:]:
        if not cells:
            continue
        if len(cells) != 2:
            raise FormatTrouble(
                "format.not-a-table", "a row has not two cells", place=Place(row=number), seen=f"{len(cells)} cells"
            )
        rows.append({"day": _day(cells[0], number), "value": int(cells[1]) if _WHOLE.fullmatch(cells[1]) else cells[1]})
        at.append(number)
    return Export(rows, ("day", "value"), at, findings=findings, facts={"title": title})


def _day(cell: str, number: int) -> date:
    """A day as exports spell it: the account's own midnight, without a zone."""
    try:
        moment = datetime.strptime(cell, "%Y-%m-%dT%H:%M:%S")
    except ValueError:
        raise FormatTrouble(
            "format.not-a-table", "the first cell of a row is no day", place=Place(row=number, column="Date")
        ) from None
    if (moment.hour, moment.minute, moment.second) != (0, 0, 0):
        raise FormatTrouble(
            "format.not-a-table", "a row is not about a whole day", place=Place(row=number, column="Date"), expected="midnight"
        )
    return moment.date()


def read_audience(data: bytes) -> Export:
    """One row per group of each stacked table: `table` (total, age, cities, countries), `group`, `share` in percent or `count`."""
    lines, findings, _ = _lines(data)
    rows: list[dict[str, Any]] = []
    at: list[int] = []
    blocks: list[list[tuple[int, list[str]]]] = [[]]
    for number, cells in lines[1:]:
        if cells:
            blocks[-1].append((number, cells))
        elif blocks[-1]:
            blocks.append([])
    for block in (b for b in blocks if b):
        number, title = block[0][0], block[0][1][0]
        table = _table_of(title)
        if table is None or len(block) < 3:
            raise FormatTrouble("format.not-a-table", "a table has no known title, header and rows", place=Place(row=number))
        header = block[1][1]
        for number, cells in block[2:]:
            if len(cells) != len(header):
                raise FormatTrouble("format.not-a-table", "a row is not as wide as its table", place=Place(row=number))
            if table == "total":
                made = [{"table": table, "group": "all", "count": _count(cells[0]), "share": None}]
            else:
                names = header[1:] if table == "age" else [""]
                made = [
                    {"table": table, "group": f"{cells[0]} {name}".strip(), "count": None, "share": _share(cell)}
                    for name, cell in zip(names, cells[1:], strict=True)
                ]  # fmt: skip
            rows += made
            at += [number] * len(made)
    return Export(rows, ("table", "group", "count", "share"), at, findings=findings)


def _table_of(title: str) -> str | None:
    folded = title.casefold()
    if folded == AUDIENCE:
        return "total"
    return next(
        (name for word, name in (("age", "age"), ("cities", "cities"), ("countries", "countries")) if word in folded), None
    )


def _count(cell: str) -> Any:
    return int(cell) if _WHOLE.fullmatch(cell) else cell


def _share(cell: str) -> Any:
    return decimal_of(cell[:-1]) if _SHARE.fullmatch(cell) else cell


def _lines(data: bytes) -> tuple[list[tuple[int, list[str]]], list[Finding], str]:
    """(line number, cells) of every line of a UTF-16 export, what is odd about it, and its title.

    Raises:
        FormatTrouble: another encoding (the file was saved again: its days may have been changed on the way), no title, or a cut end.
    """
    if not data.startswith(BOM16):
        raise FormatTrouble(
            "format.encoding", "the file was saved again by another program", expected="UTF-16LE with a byte order mark"
        )
    if len(data) % 2:
        raise FormatTrouble("format.truncated", "the file ends inside a character")
    try:
        text = data[2:].decode("utf-16-le")
    except UnicodeDecodeError as trouble:
        raise FormatTrouble("format.encoding", "a character is no UTF-16", expected="UTF-16LE") from trouble
    if not text.endswith("\n"):
        raise FormatTrouble("format.truncated", "the last line has no line end", expected="a line end")
    try:
        found = [(n, next(csv.reader([line]), [])) for n, line in enumerate(text.split("\n")[:-1], start=1)]
    except csv.Error as trouble:
        raise FormatTrouble("format.not-a-table", "a line is no line of a table") from trouble
    if not found or found[0][1] != ["sep=", ""] or len(found) < 2 or len(found[1][1]) != 1:
        raise FormatTrouble("format.not-a-table", "the file does not begin with sep=, and a title", place=Place(row=1))
    odd = []
    if not text.endswith("\n\n"):
        odd.append(
            warning(
                "format.no-last-line", "the empty line at the end is missing: rows may be cut off", expected="an empty last line"
            )
        )
    return found, odd, found[1][1][0]


def read_posts(data: bytes) -> Export:
    """One row per post under its own header names; numbers as whole numbers, blank cells None, `Publish time` as YYYY-MM-DD."""
    if not data.startswith(BOM8):
        raise FormatTrouble(
            "format.encoding", "the file was saved again by another program", expected="UTF-8 with a byte order mark"
        )
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as trouble:
        raise FormatTrouble("format.encoding", "a character is no UTF-8", expected="UTF-8") from trouble
    if not text.endswith("\n"):
        raise FormatTrouble("format.truncated", "the last line has no line end", expected="a line end")
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows, at = [], []
    try:
        header = next(reader, [])
        for cells in reader:
            if len(cells) != len(header):
                raise FormatTrouble("format.not-a-table", "a row is not as wide as the header", place=Place(row=reader.line_num))
            rows.append({name: _post_cell(name, cell) for name, cell in zip(header, cells, strict=True)})
            at.append(reader.line_num)
    except csv.Error as trouble:
        raise FormatTrouble("format.truncated", "a quote does not close", place=Place(row=reader.line_num)) from trouble
    if missing := [name for name in POST_COLUMNS[:1] + POST_COLUMNS[6:7] if name not in header]:
        raise FormatTrouble("format.not-a-table", f"the header lacks {missing[0]}", place=Place(row=1))
    return Export(rows, header, at)


def _post_cell(name: str, cell: str) -> Any:
    if cell == "":
        return None
    if name in ("Views", "Reach", "Likes", "Shares", "Follows", "Comments", "Saves", "Duration (sec)") and _WHOLE.fullmatch(cell):
        return int(cell)
    if name == "Publish time":
        try:
            return datetime.strptime(cell, "%m/%d/%Y %H:%M").date().isoformat()
        except ValueError:
            return cell
    return cell


def share_of(value: Any) -> Decimal:
    return value if isinstance(value, Decimal) else Decimal(0)
