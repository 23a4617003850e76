"""Small facts about the data, for freshness, history and diffs."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import date
from decimal import Decimal, InvalidOperation, localcontext
from typing import Any

from bedrot_console.domain.collector import collector_off
from bedrot_console.domain.feeds import Feed

from .contents import Rows, Table
from .jsontext import canonical_lines
from .texts import day_of, decimal_of

SMALL_DAYS = 40
"""Up to so many days `facts["days"]` lists each with its total of the first measure."""


def facts_of(feed: Feed, content: Rows | Table) -> dict[str, Any]:
    """`rows`, `content_sha256`, `first_day`, `last_day`, `day_count`, `totals`, `days` (where few), and what the parser added."""
    if isinstance(content, Table):
        facts = dict(content.facts)
        if facts.get("last_day") is not None:
            facts.update(_table_days(feed, content))
        return {k: v for k, v in facts.items() if v is not None}
    facts = {"rows": len(content), "content_sha256": content_sha256(content), **content.facts}
    days = {day for day in distinct_days(content, feed.day).values() if day is not None} if feed.day else set()
    if days:
        facts.update(first_day=min(days).isoformat(), last_day=max(days).isoformat(), day_count=len(days))
        if len(days) <= SMALL_DAYS:
            facts["days"] = {day.isoformat(): plain_decimal(total) for day, total in sorted(days_of(feed, content).items())}
    totals = {m: t for m in feed.measures if (t := total_of(content.column(m))) is not None}
    if totals:
        facts["totals"] = {name: plain_decimal(total) for name, total in totals.items()}
    return facts


def distinct_days(content: Rows, column: str) -> dict[Any, date | None]:
    """Each distinct value of a column with the day it is, or None when it is none. Blank cells are left out."""
    if ("days", column) in content.memo:
        return content.memo["days", column]
    found: dict[Any, date | None] = {}
    content.memo["days", column] = found
    for value in _values(content, column) - {None, ""}:
        try:
            found[value] = day_of(value)
        except ValueError:
            found[value] = None
    return found


def _values(content: Rows, column: str) -> set[Any]:
    try:
        return set(content.column(column))
    except TypeError:
        return set(map(_hashable, content.column(column)))


def _hashable(value: Any) -> Any:
    return value if not isinstance(value, (dict, list)) else repr(value)


def _table_days(feed: Feed, table: Table) -> dict[str, Any]:
    try:
        first, last = day_of(table.facts["first_day"]), day_of(table.facts["last_day"])
    except ValueError:
        return {"first_day": None, "last_day": None}
    return {"first_day": first.isoformat(), "last_day": last.isoformat()}


def plain_decimal(number: Decimal | int) -> str:
    """A number as decimal text, without exponent and trailing zeros."""
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def content_sha256(content: Rows) -> str:
    """Hash of the extracted rows, whatever their order and the spelling around them."""
    digest = hashlib.sha256()
    with collector_off():
        if content.records:
            lines = (content.memo.pop("lines", None) or canonical_lines(content.records)).split(b"\n")
        else:
            lines = [repr(content.document).encode("utf-8", "replace")]
    lines.sort()
    digest.update(b"\n".join(lines))
    return digest.hexdigest()


def days_of(feed: Feed, content: Rows | Table) -> dict[date, Decimal]:
    """Each day in the data with the total of the feed's first measure (0 without measures). Cells that are no days are passed over."""
    if feed.day is None or feed.day not in content.columns:
        return {}
    measure = feed.measures[0] if feed.measures and feed.measures[0] in content.columns else None
    if isinstance(content, Table):
        return _days_of_table(feed.day, measure, content)
    grouped: dict[date, list[Any]] = {}
    known = distinct_days(content, feed.day)
    numbers = content.column(measure) if measure else [None] * len(content)
    for value, number in zip(content.column(feed.day), numbers, strict=True):
        day = known.get(value) if type(value) is str else known.get(_hashable(value))
        if day is not None:
            grouped.setdefault(day, []).append(number)
    return {day: Decimal(total_of(values) or 0) for day, values in grouped.items()}


def _days_of_table(day: str, measure: str | None, table: Table) -> dict[date, Decimal]:
    from .checks import quoted

    value = f"sum(TRY_CAST({quoted(measure)} AS DECIMAL(38, 10)))" if measure else "0"
    found: dict[date, Decimal] = {}
    for text, total in table.query(
        f"SELECT {quoted(day)}::VARCHAR, {value} FROM data WHERE {quoted(day)} IS NOT NULL GROUP BY 1"
    ):
        try:
            found[day_of(text)] = Decimal(total or 0).normalize()
        except ValueError:
            continue
    return found


def total_of(values: Iterable[Any]) -> Decimal | int | None:
    """Exact sum of what are numbers among the values; None if nothing is."""
    given = [v for v in values if v is not None]
    kinds = set(map(type, given))
    with localcontext() as context:
        context.prec = 80
        parts = [_sum_of_kind(kind, given if len(kinds) == 1 else [v for v in given if type(v) is kind]) for kind in kinds]
        known = [part for part in parts if part is not None]
        return sum(known) if known else None


def _sum_of_kind(kind: type, given: list[Any]) -> Decimal | int | None:
    if kind is int:
        return sum(given)
    if kind is str and (letters := set("".join(given))) <= _PLAIN_LETTERS:
        try:
            return sum(map(Decimal, given), Decimal(0)) if "." in letters else sum(map(int, given))
        except (InvalidOperation, ValueError):
            pass
    numbers = [number for value in given if (number := _number(value)) is not None]
    return sum(numbers, Decimal(0)) if numbers else None


_PLAIN_LETTERS = set("0123456789.-")


def _number(value: Any) -> Decimal | None:
    try:
        return decimal_of(value)
    except ValueError:
        return None
