"""Exports of YouTube Studio's advanced mode that people bring: a zip of three tables. Reading, recognising, checking.

`Table data.csv` begins with a row of totals, then one row per video (or source, country, day …, as chosen there), at most 500; `Totals.csv`
holds the whole by day, `Chart data.csv` the charted rows by day. UTF-8, comma, durations H:MM:SS, currency in the column's name (a genuine
file seen); names and columns follow the language of the interface (assumed).
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from bedrot_console.domain.findings import Finding, Place
from bedrot_console.inspection.helpers import FormatTrouble, Rows, decimal_of, error, note, warning

TABLE, CHART, TOTALS = "Table data.csv", "Chart data.csv", "Totals.csv"
MEMBERS = (TABLE, CHART, TOTALS)
MOST_BYTES = 64 << 20
MOST_RATIO = 200
MOST_ROWS = 500
"""Studio exports so many rows at most (seen)."""
_WORD = re.compile(r"[^a-z0-9]+")
_DURATION = re.compile(r"(\d{1,4}):([0-5]\d):([0-5]\d)")
_CURRENCY = re.compile(r"\(([A-Z]{3})\)\s*$")
NAMES = {"video_title": "title", "video_publish_time": "published", "average_view_duration": "average_view_duration"}
WHOLE = ("views", "subscribers", "impressions", "likes", "comments_added", "shares", "watch_time_hours")


class Export(Rows):
    """Rows of the table without its total. `total` is that row, `days` the whole by day, `missing` members that are not there."""

    __slots__ = ("total", "days", "missing", "odd")

    def __init__(
        self, records: list[dict[str, Any]], *, total: dict[str, Any] | None, days: list[dict[str, Any]], missing: list[str], odd: list[str],
        facts: dict[str, Any], columns: list[str],
    ) -> None:  # fmt: skip
        self.total, self.days, self.missing, self.odd = total, days, missing, odd
        super().__init__(records, columns, facts=facts)

    def place(self, index: int, column: str | None = None) -> Place:
        """Row and column in the member `Table data.csv`: the header is row 1, the total row 2."""
        return Place(row=index + (2 if self.total is None else 3), column=column)


def is_export(head: bytes) -> bool:
    """A zip whose first member is one of the three tables."""
    if head[:4] != b"PK\x03\x04" or len(head) < 30:
        return False
    name = head[30 : 30 + int.from_bytes(head[26:28], "little")]
    return name.rpartition(b"/")[2].decode("utf-8", "replace") in MEMBERS


is_export.wanted = MEMBERS  # type: ignore[attr-defined]


def read_export(data: bytes) -> Export:
    """The export as rows.

    Raises:
        FormatTrouble: no such archive, damaged, packed beyond reason, or its table cannot be read.
    """
    texts = _members(data)
    if TABLE not in texts:
        raise FormatTrouble("format.unknown-shape", f"the archive holds no {TABLE}", expected=TABLE)
    header, rows = _rows(texts[TABLE], TABLE)
    columns = ["content", *_columns(header[1:])]
    odd: list[str] = []
    records = [_record(columns, row, odd) for row in rows]
    total = records.pop(0) if records and str(records[0]["content"]).casefold() == "total" else None
    days: list[dict[str, Any]] = []
    if TOTALS in texts:
        head, lines = _rows(texts[TOTALS], TOTALS)
        days = [_record(["day", *_columns(head[1:])], row, odd) for row in lines]
    known = sorted(d for row in days if (d := _day(row["day"])))
    facts: dict[str, Any] = {"kind": header[0][:40], "members": sorted(texts)}
    if known:
        facts |= {"first_day": known[0].isoformat(), "last_day": known[-1].isoformat()}
    currencies = sorted({m[1] for cell in header if (m := _CURRENCY.search(cell))})
    facts |= {"currency": currencies[0]} if len(currencies) == 1 else {}
    return Export(
        records, total=total, days=days, missing=[m for m in MEMBERS if m not in texts], odd=odd, facts=facts, columns=columns
    )


def _members(data: bytes) -> dict[str, str]:
    """The known members by name, as text. Sizes are counted while unpacking; what headers claim is not trusted."""
    found: dict[str, str] = {}
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for entry in archive.infolist()[:100]:
                name = entry.filename.rpartition("/")[2]
                if name not in MEMBERS or name in found:
                    continue
                most = min(MOST_BYTES, max(entry.compress_size, 1) * MOST_RATIO + (1 << 20))
                with archive.open(entry) as source:
                    body = source.read(most + 1)
                if len(body) > most:
                    raise FormatTrouble("format.archive", "the archive unpacks beyond reason", expected=f"at most {most:,} bytes")
                found[name] = body.decode("utf-8-sig")
    except UnicodeDecodeError as trouble:
        raise FormatTrouble("format.encoding", "a table of the archive is not UTF-8", expected="UTF-8") from trouble
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError, OverflowError) as trouble:
        raise FormatTrouble("format.archive", "the archive is damaged") from trouble
    return found


def _rows(text: str, member: str) -> tuple[list[str], list[list[str]]]:
    try:
        lines = [row for row in csv.reader(io.StringIO(text)) if row]
    except csv.Error as trouble:
        raise FormatTrouble("format.not-a-table", f"{member} cannot be read as a table") from trouble
    if not lines or len(lines[0]) < 2:
        raise FormatTrouble("format.not-a-table", f"{member} has no header", expected="two columns or more")
    uneven = next((n for n, row in enumerate(lines, start=1) if len(row) != len(lines[0])), None)
    if uneven is not None:
        raise FormatTrouble("format.not-a-table", f"a row of {member} is not as wide as its header", place=Place(row=uneven))
    return lines[0], lines[1:]


def _columns(cells: list[str]) -> list[str]:
    """Header cells as words: `Watch time (hours)` is `watch_time_hours`; a repeated one gets its number."""
    out: list[str] = []
    for cell in cells:
        plain = _CURRENCY.sub("", cell.strip())
        word = _WORD.sub("_", plain.casefold()).strip("_") or plain.strip() or "column"
        word = NAMES.get(word, word)
        out.append(word if word not in out else f"{word}_{len(out)}")
    return out


def _record(columns: list[str], cells: list[str], odd: list[str]) -> dict[str, Any]:
    return {name: _value(name, cell.strip(), odd) for name, cell in zip(columns, cells, strict=True)}


def _value(name: str, cell: str, odd: list[str]) -> Any:
    """Numbers as numbers, durations as seconds, the rest as text; blank is None."""
    if not cell:
        return None
    if name in ("content", "title", "published", "day"):
        return cell
    if match := _DURATION.fullmatch(cell):
        return int(match[1]) * 3600 + int(match[2]) * 60 + int(match[3])
    try:
        value = decimal_of(cell)
    except ValueError:
        if name in WHOLE or name in ("duration", "average_view_duration"):
            odd.append(name)
        return cell
    return int(value) if value == value.to_integral_value() else value


def _day(text: Any) -> date | None:
    """A day as Studio spells it: `2026-03-01`, or `Mar 1, 2026`."""
    for form in ("%Y-%m-%d", "%b %d, %Y"):
        try:
            return datetime.strptime(str(text), form).date()
        except ValueError:
            continue
    return None


def members(content: Export, context: Any) -> Iterator[Finding]:
    """All three tables are there, and the table has its total."""
    for name in content.missing:
        yield warning("completeness.member-missing", f"{name} is missing from the archive", stage="completeness", expected=name)
    if content.total is None:
        yield warning(
            "completeness.total-missing", "the table does not begin with its total", stage="completeness", expected="Total"
        )
    if len(content) >= MOST_ROWS:
        yield note("completeness.cut-off", f"Studio exports {MOST_ROWS} rows at most: there may be more", stage="completeness")


def values(content: Export, context: Any) -> Iterator[Finding]:
    """Cells that must be numbers or durations are, and none of those that count something is below zero."""
    if content.odd:
        yield error(
            "consistency.not-a-number",
            f"{content.odd[0]} is not a number in places",
            column=content.odd[0],
            count=len(content.odd),
        )
    for name in WHOLE:
        if name == "subscribers":
            continue
        bad = [i for i, r in enumerate(content.records) if _number(r.get(name)) < 0]
        if bad:
            yield error(
                "consistency.negative",
                f"{name} is below zero",
                place=content.place(bad[0], name),
                expected="0 or more",
                count=len(bad),
            )


def days(content: Export, context: Any) -> Iterator[Finding]:
    """Days of the whole are days, rise, and none is missing in between."""
    found = [_day(row["day"]) for row in content.days]
    if None in found:
        yield warning("consistency.not-a-day", f"{TOTALS} does not begin with days", column="Date")
        return
    if any(b <= a for a, b in zip(found, found[1:], strict=False)):  # type: ignore[operator]
        yield error("consistency.days-not-rising", f"days of {TOTALS} do not rise strictly")
    elif found and (found[-1] - found[0]).days + 1 != len(found):  # type: ignore[operator]
        yield error("completeness.days-missing", f"days are missing in {TOTALS}", stage="completeness", count=1)


def sums(content: Export, context: Any) -> Iterator[Finding]:
    """The days add up to the total, and the rows do not exceed it (deleted videos are in the total only)."""
    whole = _number((content.total or {}).get("views"))
    if content.total is None or content.total.get("views") is None:
        return
    by_day = sum((_number(row.get("views")) for row in content.days), Decimal(0))
    if content.days and any(row.get("views") is not None for row in content.days) and abs(by_day - whole) > whole / 100:
        yield error(
            "completeness.sum-differs",
            "the days' views do not add up to the total",
            stage="completeness",
            expected=str(whole),
            seen=str(by_day),
        )
    rows = sum((_number(row.get("views")) for row in content.records), Decimal(0))
    if rows > whole * Decimal("1.01"):
        yield error(
            "completeness.sum-differs",
            "the rows' views exceed the total",
            stage="completeness",
            expected=str(whole),
            seen=str(rows),
        )
    elif rows < whole * Decimal("0.8") and len(content) < MOST_ROWS:
        yield warning(
            "completeness.sum-differs",
            "the rows make less than four fifths of the total",
            stage="completeness",
            expected=str(whole),
            seen=str(rows),
        )


def _number(value: Any) -> Decimal:
    try:
        return decimal_of(value)
    except ValueError:
        return Decimal(0)


EXPORT = (members, values, days, sums)
