"""What an export of Business Suite must hold: numbers, days in order, shares that fit, posts of one account. Pure functions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from bedrot_console.domain.findings import Finding
from bedrot_console.inspection.helpers import days_rising, error, masked, note, warning

from .suite import POST_COLUMNS, Export, share_of

Check = Callable[[Export, Any], Iterator[Finding]]
ROUNDING = Decimal("1.5")
"""Percent that rounded shares may add up to beyond 100."""
METRICS = ("Views", "Reach", "Likes", "Shares", "Follows", "Comments", "Saves")


def numbers(content: Export, context: Any) -> Iterator[Finding]:
    """Values are whole numbers from 0."""
    bad = [i for i, row in enumerate(content.records) if type(row["value"]) is not int]
    if bad:
        yield error(
            "consistency.not-a-count", "a value is no whole number from 0", place=content.place(bad[0], "Primary"),
            seen=masked(content.records[bad[0]]["value"]), count=len(bad),
        )  # fmt: skip


def no_gaps(content: Export, context: Any) -> Iterator[Finding]:
    """No day is missing in between: only follows leave out days on which nothing happened (seen)."""
    days: list[date] = sorted({row["day"] for row in content.records})
    gaps = [(a, b) for a, b in zip(days, days[1:], strict=False) if (b - a).days > 1]
    if gaps:
        missing = sum((b - a).days - 1 for a, b in gaps)
        yield error(
            "completeness.days-missing", "days are missing in between: rows were lost", stage="completeness", column="Date",
            seen=(gaps[0][0] + timedelta(days=1)).isoformat(), count=missing,
        )  # fmt: skip


def no_zeros(content: Export, context: Any) -> Iterator[Finding]:
    """An export that leaves out empty days has no zeros; with some, it is a form nobody has seen."""
    zeros = [i for i, row in enumerate(content.records) if row["value"] == 0]
    if zeros:
        yield note(
            "consistency.zeros",
            "days without follows are listed: until now they were left out",
            place=content.place(zeros[0]),
            count=len(zeros),
        )


def restated(content: Export, context: Any) -> Iterator[Finding]:
    """Days that two exports share have the same values (seen on 82 common days of two exports)."""
    before = context.previous()
    if before is None:
        return
    old = {row["day"]: row["value"] for row in before.records}
    changed = [i for i, row in enumerate(content.records) if row["day"] in old and old[row["day"]] != row["value"]]
    if changed:
        first = content.records[changed[0]]
        yield warning(
            "volume.days-restated", "days of the last good export have other values now: another account?", stage="volume",
            place=content.place(changed[0], "Primary"), expected=str(old[first["day"]]), seen=masked(first["value"]), count=len(changed),
        )  # fmt: skip


def daily(*, sparse: bool) -> tuple[Check, ...]:
    """The checks of an export by day; `sparse`: days may be left out."""
    return (numbers, days_rising("day"), no_zeros if sparse else no_gaps, restated)


def tables(content: Export, context: Any) -> Iterator[Finding]:
    """All four tables are there, each group once; counts are counts, shares are shares, and none add up to more than all."""
    have = Counter(row["table"] for row in content.records)
    missing = [name for name in ("total", "age", "cities", "countries") if name not in have]
    if missing:
        yield error(
            "completeness.tables-missing", f"tables are missing: {', '.join(missing)}", stage="completeness", count=len(missing)
        )
    bad = [
        i for i, row in enumerate(content.records)
        if (type(row["count"]) is not int if row["table"] == "total" else not isinstance(row["share"], Decimal))
    ]  # fmt: skip
    if bad:
        row = content.records[bad[0]]
        yield error(
            "consistency.not-a-share", "a cell is neither a count nor a share", place=content.place(bad[0]),
            seen=masked(row["count"] if row["table"] == "total" else row["share"]), count=len(bad),
        )  # fmt: skip
    if have["total"] > 1:
        yield error("consistency.total-repeats", "there is more than one total", count=have["total"])
    for name in ("age", "cities", "countries"):
        whole = sum((share_of(row["share"]) for row in content.records if row["table"] == name), Decimal(0))
        if whole > 100 + ROUNDING:
            yield error(
                "consistency.shares", f"the shares of {name} add up to more than all", expected="at most 100 %", seen=f"{whole} %"
            )


def posts(content: Export, context: Any) -> Iterator[Finding]:
    """Every post has an id, a moment and counts, all belong to one account, and figures are lifetime figures."""
    spots: dict[str, list[tuple[int, str]]] = {}
    accounts = Counter(str(row.get("Account ID")) for row in content.records if row.get("Account ID"))
    for i, row in enumerate(content.records):
        if not str(row.get("Post ID") or "").isdecimal():
            spots.setdefault("id", []).append((i, "Post ID"))
        published = row.get("Publish time")
        if not (isinstance(published, str) and len(published) == 10 and published[4] == "-"):
            spots.setdefault("time", []).append((i, "Publish time"))
        for name in METRICS:
            if row.get(name) is not None and type(row[name]) is not int:
                spots.setdefault("count", []).append((i, name))
        if row.get("Date") not in (None, "Lifetime"):
            spots.setdefault("date", []).append((i, "Date"))
        if row.get("Account ID") and str(row["Account ID"]) != accounts.most_common(1)[0][0]:
            spots.setdefault("account", []).append((i, "Account ID"))
    for what, code, text in (
        ("id", "consistency.post-id", "a post has no id of digits (a spreadsheet rounds long numbers)"),
        ("time", "consistency.posted-when", "a post has no moment MM/DD/YYYY HH:MM"),
        ("count", "consistency.not-a-count", "a figure is no whole number from 0"),
        ("date", "consistency.not-lifetime", "figures are not those of the whole life of a post"),
        ("account", "consistency.wrong-account", "posts belong to several accounts"),
    ):
        if found := spots.get(what):
            i, column = found[0]
            yield error(code, text, place=content.place(i, column), seen=masked(content.records[i].get(column)), count=len(found))


def drift(content: Export, context: Any) -> Iterator[Finding]:
    """Columns nobody knew, and known ones that are gone."""
    for name in content.columns:
        if name not in POST_COLUMNS:
            yield note(
                "schema.drift", "a column that the feed does not know", stage="schema", row=1, column=name[:60], seen=name[:60]
            )
    gone = [name for name in POST_COLUMNS if name not in content.columns]
    if gone:
        yield warning("schema.columns-gone", f"columns are gone: {', '.join(gone)[:200]}", stage="schema", row=1, count=len(gone))


AUDIENCE: tuple[Check, ...] = (tables,)
POSTS: tuple[Check, ...] = (posts, drift)
