"""Ready-made checks for `Feed.checks`, made by factories: `checks=(days_rising("day"), not_negative("streams"))`. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

from bedrot_console.domain.findings import Finding

from .contents import Table
from .texts import day_of, decimal_of, error, warning

Check = Callable[[Any, Any], Iterator[Finding]]
FEWEST_ROWS = 2
"""What a single row had says nothing about what rows have."""


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


def fields_kept(rows: Callable[[Any], Sequence[Mapping[str, Any]]] | None = None) -> Check:
    """A field that every row of the last good capture had a value for is not gone from most rows: it was renamed, or is no longer sent.
    The first capture of a series is held against another series of the feed, where the feed asks for its kin.

    Args:
        rows: content -> rows with the platform's own names; None: the content's records.
    """

    def check(content: Any, context: Any) -> Iterator[Finding]:
        earlier = context.previous() or next(iter(context.kin()), None)
        if earlier is None:
            return
        old, new = (list(rows(c)) if rows else c.records for c in (earlier, content))
        if len(old) < FEWEST_ROWS or not new:
            return
        had = set.intersection(*({k for k, v in row.items() if v is not None} for row in old))
        have = Counter(k for row in new for k, v in row.items() if v is not None)
        instead = sorted(have.keys() - {k for row in old for k in row})
        for name in sorted(name for name in had if have[name] * 2 < len(new)):
            yield warning(
                "completeness.field-vanished",
                f"most rows lack {name[:60]}, which every row of the last good capture had" + (": renamed?" if instead else ""),
                stage="completeness",
                place=content.place(0),
                expected=name[:60],
                seen=", ".join(instead)[:60] or None,
                count=len(new) - have[name],
            )

    check.source = ("fields_kept", rows)  # type: ignore[attr-defined]
    return check
