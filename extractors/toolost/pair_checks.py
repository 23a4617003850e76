"""What one run's two answers say about each other. All warnings: the two platforms share an account, a year and nothing else for certain.

Plays on one platform say nothing about plays on the other, so neither totals nor first days are compared closely. What can be said: both
are asked for the same year; both are counted daily, Spotify two days behind and Apple four (*seen*, twice); and no two platforms count alike.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from bedrot_console.domain.findings import Finding
from bedrot_console.inspection.helpers import warning

from .checks import by_day

OTHER = "toolost/spotify"
FURTHEST_APART = timedelta(days=8)
"""Seen is 2; Apple leaves out days without plays, so a quiet week is not a standstill."""
FEWEST_COMPARED = 14
MOST_TIMES = 1000
"""Accounts with a thousand times the plays on one platform are thinkable, so this only asks for a look: a factor like this is usually a unit."""


def pair_agrees(content: Any, context: Any) -> Iterator[Finding]:
    """Apple's answer against Spotify's of the same run: the same year, about the same newest day, other counts, one order of magnitude."""
    other = context.sibling(OTHER)
    ours, theirs = by_day(content), by_day(other) if other is not None else {}
    if not ours or not theirs:
        return
    last, their_last = max(ours), max(theirs)
    if last.year != their_last.year:
        yield warning(
            "consistency.pair-years-differ", "the answers of Apple and Spotify are about different years", expected=str(their_last.year),
            seen=str(last.year),
        )  # fmt: skip
        return
    if abs(their_last - last) > FURTHEST_APART:
        behind = "Apple" if last < their_last else "Spotify"
        yield warning(
            "consistency.pair-apart", f"{behind} is {abs((their_last - last).days)} days behind the other platform: one of them stands still",
            expected=f"at most {FURTHEST_APART.days} days", seen=f"Apple to {last}, Spotify to {their_last}",
        )  # fmt: skip
    both = [day for day in ours if day in theirs]
    if len(both) < FEWEST_COMPARED:
        return
    alike = sum(1 for day in both if ours[day] == theirs[day] > 0)
    if alike * 10 > len(both) * 9:
        yield warning(
            "consistency.pair-identical", "Apple and Spotify have the same counts on the same days: one answer was served for both",
            seen=f"{alike} of {len(both)} days", count=alike,
        )  # fmt: skip
    here, there = sum(ours[day] for day in both), sum(theirs[day] for day in both)
    if here and there and not 1 / MOST_TIMES < here / there < MOST_TIMES:
        yield warning(
            "consistency.pair-magnitude", f"one platform has more than {MOST_TIMES:,} times the plays of the other on the same days",
            seen=f"Apple {here:,}, Spotify {there:,}",
        )  # fmt: skip
