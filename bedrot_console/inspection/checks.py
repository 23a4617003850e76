"""Ready-made checks for `Feed.checks`, made by factories: `checks=(days_rising("day"), not_negative("streams"))`. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

from bedrot_console.domain.findings import Finding

from .contents import Table
from .texts import day_of, decimal_of, error

Check = Callable[[Any, Any], Iterator[Finding]]


def quoted(name: str) -> str:
    """A column name as DuckDB wants it."""
    return '"' + name.replace('"', '""') + '"'


def _days(content: Any, column: str) -> Iterator[tuple[int, Any]]:
    """(row index, day) of each row whose cell is a day; others are the schema's business."""
    for index, row in enumerate(content.rows()):
        try:
            yield index, day_of(row.get(column))
        except ValueError:
            continue


def days_rising(column: str) -> Check:
    """Days of `column` strictly rise down the file: none twice, none out of order."""

    def check(content: Any, context: Any) -> Iterator[Finding]:
        last, bad, first = None, 0, None
        for index, day in _days(content, column):
            if last is not None and day <= last:
                bad += 1
                first = first or (index, day)
            last = day
        if first:
            index, day = first
            yield error(
                "consistency.days-not-rising",
                f"days of {column} do not rise strictly",
                place=content.place(index, column),
                seen=day.isoformat(),
                count=bad,
            )

    check.source = ("days_rising", column)  # type: ignore[attr-defined]
    return check


def whole_days(column: str, *, severity: Callable[..., Finding] = error) -> Check:
    """No day is missing between the first and the last of `column`."""

    def check(content: Any, context: Any) -> Iterator[Finding]:
        days = sorted({day for _, day in _days(content, column)})
        gaps = [(a, b) for a, b in zip(days, days[1:], strict=False) if b - a > timedelta(days=1)]
        if gaps:
            missing = sum((b - a).days - 1 for a, b in gaps)
            first = (gaps[0][0] + timedelta(days=1)).isoformat()
            yield severity(
                "completeness.days-missing", f"{missing} day{'s are' if missing > 1 else ' is'} missing in between, first {first}",
                stage="completeness", column=column, seen=first, count=missing,
            )  # fmt: skip

    check.source = ("whole_days", column, severity.__name__)  # type: ignore[attr-defined]
    return check


def not_negative(*columns: str) -> Check:
    """Numbers of these columns are zero or more."""

    def check(content: Any, context: Any) -> Iterator[Finding]:
        for column in columns:
            if column not in content.columns:
                continue
            if isinstance(content, Table):
                name = quoted(column)
                count, row = content.query(
                    f"SELECT count(*), min(row_number) FROM numbered WHERE TRY_CAST({name} AS DECIMAL(38,10)) < 0"
                )[0]
                place = content.place(row - 2, column) if count else None
            else:
                bad = [i for i, r in enumerate(content.rows()) if _negative(r.get(column))]
                count, place = len(bad), content.place(bad[0], column) if bad else None
            if count:
                yield error("consistency.negative", f"{column} is below zero", place=place, expected="0 or more", count=count)

    check.source = ("not_negative", *columns)  # type: ignore[attr-defined]
    return check


def _negative(value: Any) -> bool:
    try:
        return value is not None and decimal_of(value) < Decimal(0)
    except ValueError:
        return False


def filled(*columns: str, severity: Callable[..., Finding] = error) -> Check:
    """No cell of these columns is blank."""

    def check(content: Any, context: Any) -> Iterator[Finding]:
        for column in columns:
            if column not in content.columns and len(content) == 0:
                continue
            if isinstance(content, Table):
                if column not in content.columns:
                    continue
                count, row = content.query(f"SELECT count(*), min(row_number) FROM numbered WHERE {quoted(column)} IS NULL")[0]
                place = content.place(row - 2, column) if count else None
            else:
                bad = [i for i, r in enumerate(content.rows()) if r.get(column) in (None, "")]
                count, place = len(bad), content.place(bad[0], column) if bad else None
            if count:
                yield severity("completeness.blank", f"{column} is blank", stage="completeness", place=place, count=count)

    check.source = ("filled", *columns, severity.__name__)  # type: ignore[attr-defined]
    return check
