"""Small facts about the data, for freshness, history and diffs."""

from __future__ import annotations

import hashlib
from datetime import date
from decimal import Decimal
from typing import Any

from bedrot_console.domain.feeds import Feed

from .contents import Rows, Table
from .jsontext import collector_off
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
    days = days_of(feed, content)
    if days:
        facts.update(first_day=min(days).isoformat(), last_day=max(days).isoformat(), day_count=len(days))
        if len(days) <= SMALL_DAYS:
            facts["days"] = {day.isoformat(): plain_decimal(total) for day, total in sorted(days.items())}
    totals = {m: t for m in feed.measures if (t := total_of(content, m)) is not None}
    if totals:
        facts["totals"] = {name: plain_decimal(total) for name, total in totals.items()}
    return facts


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
    import msgspec

    encoder = msgspec.json.Encoder(order="deterministic", decimal_format="string")
    digest = hashlib.sha256()
    with collector_off():
        lines = (
            [encoder.encode(record) for record in content.records]
            if content.records
            else [repr(content.document).encode("utf-8", "replace")]
        )
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
    days: dict[date, Decimal] = {}
    zero = Decimal(0)
    for record in content.records:
        try:
            day = day_of(record.get(feed.day))
            value = decimal_of(record[measure]) if measure and record.get(measure) is not None else zero
        except ValueError:
            continue
        days[day] = days.get(day, zero) + value
    return days


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


def total_of(content: Rows, measure: str) -> Decimal | None:
    """Sum of one measure; None if no row has a number there."""
    total = Decimal(0)
    whole = 0
    seen = False
    for record in content.records:
        value = record.get(measure)
        if value is None:
            continue
        if type(value) is int:
            whole += value
            seen = True
            continue
        try:
            total += decimal_of(value)
        except ValueError:
            continue
        seen = True
    return total + whole if seen else None
