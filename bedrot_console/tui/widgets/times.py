"""Spans of time as people say them, in few cells."""

from __future__ import annotations

from datetime import datetime, timedelta


def span(time: timedelta) -> str:
    """`40 s`, `12 min`, `5 h`, `3 d`: one unit, rounded down; never negative."""
    seconds = max(0, int(time.total_seconds()))
    for unit, size in (("d", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


def ago(at: datetime | None, now: datetime, never: str = "never") -> str:
    """`3 d ago`."""
    return f"{span(now - at)} ago" if at is not None else never


def until(at: datetime, now: datetime) -> str:
    """`in 3 d`, or `3 d ago` when it is over."""
    return f"in {span(at - now)}" if at > now else f"{span(now - at)} ago"


def moment(at: datetime) -> str:
    """`2026-03-02 09:30 UTC`."""
    return f"{at:%Y-%m-%d %H:%M} UTC"
