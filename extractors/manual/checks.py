"""What an uploaded document must hold: rows as wide as their header, a whole end, numbers where money is named. Pure functions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from bedrot_console.domain.findings import Finding
from bedrot_console.inspection.helpers import error, note, warning

from .content import MONEY, words_of
from .documents import Sheet
from .events import Stream, in_order
from .workbooks import Book

LONGEST_AMOUNT = 40
_MONEY_CELL = re.compile(
    r"\(?[-+]?\s*(?:[A-Z]{3}|[$\u20ac\u00a3\u00a5])?\s*[-+]?\d[\d.,' \u00a0]*\s*(?:[A-Z]{3}|[$\u20ac\u00a3\u00a5%])?\)?"
)


def whole(content: Any, context: Any) -> Iterator[Finding]:
    """The last row is complete."""
    if isinstance(content, Sheet) and content.cut:
        yield error("format.truncated", "the last row ends too early", stage="format", expected="a whole last row")


def widths(content: Any, context: Any) -> Iterator[Finding]:
    """Every row has as many cells as the header; lines of totals below a statement may be shorter (a warning up to a tenth)."""
    if not isinstance(content, Sheet) or not content.widths:
        return
    many = len(content.widths) * 10 > content.count
    row, seen = next(iter(content.widths.items()))
    make = error if many and content.count > 3 else warning
    yield make(
        "schema.row-width", "rows do not have as many cells as the header", stage="schema", row=row, expected=f"{len(content.header.cells)} cells",
        seen=f"{seen} cells", count=len(content.widths),
    )  # fmt: skip


def rows(content: Any, context: Any) -> Iterator[Finding]:
    """A table, a sheet or an answer holds rows; a dump holds tables, and rows in them (one of structure alone is a note)."""
    kind = content.facts.get("kind")
    if kind == "sql":
        if not len(content):
            yield warning("completeness.no-tables", "the dump holds no table", stage="completeness")
        elif not content.facts.get("rows"):
            yield note("completeness.no-rows", "the dump holds tables without rows", stage="completeness", seen="0 rows")
        return
    if isinstance(content, Book) and content.unread:
        return
    if (isinstance(content, (Sheet, Book)) or kind == "json") and not len(content):
        yield error("completeness.no-rows", "it holds no rows", stage="completeness", expected="1 or more rows", seen="0 rows")


def money(content: Any, context: Any) -> Iterator[Finding]:
    """Columns named after money hold numbers (blank cells are legal)."""
    if not isinstance(content, (Sheet, Book)):
        return
    for column in content.columns:
        if not words_of([column]) & (MONEY - {"type", "number", "tax"}) or words_of([column]) & {
            "currency",
            "date",
            "type",
            "status",
            "method",
            "id",
            "number",
        }:
            continue
        filled = [
            (i, v) for i, r in enumerate(content.records) if (v := _spelled(r.get(column)).strip()) not in ("", "-", "n/a", "N/A")
        ]
        odd = [i for i, v in filled if len(v) > LONGEST_AMOUNT or not _MONEY_CELL.fullmatch(v)]
        if odd and len(odd) * 2 > len(filled):
            yield error(
                "consistency.not-money",
                f"{column[:40]} is named after money and holds no numbers",
                place=content.place(odd[0], column[:40]),
                count=len(odd),
            )
        elif odd:
            yield warning(
                "consistency.not-money",
                f"cells of {column[:40]} are no numbers",
                place=content.place(odd[0], column[:40]),
                count=len(odd),
            )


def _spelled(value: Any) -> str:
    return format(value, "f") if isinstance(value, Decimal) else "" if value is None else str(value)


def sampled(content: Any, context: Any) -> Iterator[Finding]:
    """Says when only the beginning of a long table was looked at cell by cell."""
    if isinstance(content, (Sheet, Book, Stream)) and content.count > len(content):
        yield note(
            "completeness.sampled",
            f"only the first {len(content):,} rows were looked at cell by cell",
            stage="completeness",
            count=content.count,
        )


def unread(content: Any, context: Any) -> Iterator[Finding]:
    """Says that the content of a PDF, or of a workbook beyond all bounds, was not read: a human must look."""
    if content.facts.get("kind") == "pdf":
        yield note("completeness.unread", "the content of this pdf was not read; only that it is whole", stage="completeness")
    if isinstance(content, Book) and content.unread:
        yield warning("completeness.unread", f"the content of this workbook was not read: {content.unread}", stage="completeness")


ALL = (whole, widths, rows, money, sampled, unread)
EVENTS = (in_order, sampled)
