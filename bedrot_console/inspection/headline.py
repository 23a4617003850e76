"""A diff in one sentence: `+2 days, streams +3.1 %, 1 day vanished`. The same diff always gives the same words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import isfinite
from typing import Any

from bedrot_console.domain.feeds import Feed

from .texts import day_of, decimal_of

MOST_MEASURES = 3


@dataclass(slots=True)
class Movement:
    """How days and totals moved. `days` hold ISO texts; `totals` map a measure to (old, new)."""

    old_days: set[str] = field(default_factory=set)
    new_days: set[str] = field(default_factory=set)
    totals: dict[str, tuple[float, float]] = field(default_factory=dict)

    @classmethod
    def of(cls, feed: Feed, old: Sequence[dict[str, Any]], new: Sequence[dict[str, Any]]) -> Movement:
        """From rows."""
        day = feed.day
        movement = cls(days_in(r.get(day) for r in old) if day else set(), days_in(r.get(day) for r in new) if day else set())
        for measure in feed.measures[:MOST_MEASURES]:
            movement.totals[measure] = total(r.get(measure) for r in old), total(r.get(measure) for r in new)
        return movement


def days_in(values: Iterable[Any]) -> set[str]:
    """Values that are days, as ISO texts."""
    found: set[str] = set()
    for value in set(map(str, values)):
        try:
            found.add(day_of(value).isoformat())
        except ValueError:
            continue
    return found


def total(values: Iterable[Any]) -> float:
    """Sum of what are numbers among the values."""
    given = list(values)
    try:
        quick = sum(map(float, given))
        if isfinite(quick):
            return quick
    except (TypeError, ValueError, OverflowError):
        pass
    result = 0.0
    for value in given:
        if type(value) is int or type(value) is float:
            result += value
        elif value is not None:
            try:
                result += float(value)
            except (TypeError, ValueError, OverflowError):
                try:
                    result += float(decimal_of(value))
                except (ValueError, OverflowError):
                    continue
    return result


def headline_of(feed: Feed, found: Any) -> str:
    """The sentence for a `diff.Found`."""
    parts: list[str] = []
    movement: Movement = found.movement
    by_day = feed.key in ((), (feed.day,)) and feed.day is not None and bool(movement.old_days or movement.new_days)
    come, gone = movement.new_days - movement.old_days, movement.old_days - movement.new_days
    if come:
        parts.append(f"+{_count(len(come), 'day')}")
    parts += [text for name, (old, new) in movement.totals.items() if (text := _moved(name, old, new))]
    first = min(movement.new_days, default="")
    rolled = {d for d in gone if d < first} if feed.history != "growing" else set()
    if gone - rolled:
        parts.append(f"{_count(len(gone - rolled), 'day')} vanished")
    if rolled:
        parts.append(f"{_count(len(rolled), 'day')} rolled off")
    if not by_day or (len(come), len(gone)) != (found.added, found.removed):
        if found.added:
            parts.append(f"+{_count(found.added, 'row')}")
        if found.removed:
            parts.append(f"{_count(found.removed, 'row')} gone")
    if found.changed:
        word = "day" if by_day and feed.key == (feed.day,) else "row"
        parts.append(f"{_count(found.changed, word)} revised" if word == "day" else f"{_count(found.changed, word)} changed")
    new_fields = sum(text.endswith("is new") for text in found.schema_changes)
    lost_fields = len(found.schema_changes) - new_fields
    if new_fields:
        parts.append(_count(new_fields, "new field"))
    if lost_fields:
        parts.append(f"{_count(lost_fields, 'field')} gone")
    if parts:
        return ", ".join(parts)
    hidden = ", ".join(sorted(found.noise)) or "the bytes around it"
    return f"the same content (only {hidden} differs)"


def _count(number: int, word: str) -> str:
    return f"{number:,} {word}" + ("" if number == 1 else "s")


def _moved(name: str, old: float, new: float) -> str | None:
    if old == new:
        return None
    if old == 0:
        return f"{name} 0 → {new:,.10g}"
    share = (new - old) / abs(old) * 100
    if abs(share) < 0.05:
        return f"{name} {'+' if share > 0 else '−'}<0.1 %"
    return f"{name} {'+' if share > 0 else '−'}{abs(share):,.1f} %"
