"""What is expected of every export: cells, days, window, account, and the last good capture. Pure functions.

Never checked, as it does not hold (*seen*): that views exceed likes, comments and shares, that the difference column adds up, that all
tables of one day have the same length, that equal labels of two captures mean the same day.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import groupby
from typing import Any

from bedrot_console.domain.findings import Finding
from bedrot_console.inspection.helpers import day_of, error, masked, note, warning

from . import alignment, labels
from .packages import Sheet
from .tables import Table

PERIODS = (7, 28, 60, 365)
"""What the page offers beside a custom range (*documented*)."""
LATEST_TOLD = timedelta(days=3)
"""The last full day is usually two days before the export, sometimes one (*seen*)."""
MAY_FALL = {"Overview": ("likes", "comments", "shares")}
"""Counts that are taken back, and so can be below zero on a day (*documented*)."""
FEWEST_ZEROS = 7
_FAULTS = {
    "type": "a cell is not what its column holds",
    "label": "a day is not written as a day and a month",
    "short": "the row has too few cells",
    "long": "the row has too many cells",
}


def cells_formed(content: Sheet, context: Any) -> Iterator[Finding]:
    """Counts are whole numbers or `undefined`, shares are fractions, days are days; only what can be taken back is ever below zero."""
    for stem, table in content.parts.items():
        faults = sorted(table.faults, key=lambda f: (f.kind, f.column or ""))
        for (kind, column), group in groupby(faults, key=lambda f: (f.kind, f.column or "")):
            found = list(group)
            yield error(
                f"schema.row-{kind}", f"{stem}: {_FAULTS[kind]}", stage="schema", row=found[0].row, column=column or None,
                expected=found[0].expected, seen=found[0].seen or None, count=len(found),
            )  # fmt: skip
        yield from _negative(stem, table)


def _negative(stem: str, table: Table) -> Iterator[Finding]:
    for column in (f.name for f in table.part.fields if f.kind in ("count", "hour") and f.name not in MAY_FALL.get(stem, ())):
        bad = [i for i, row in enumerate(table.rows) if type(row[column]) is int and row[column] < 0]
        if bad:
            yield error(
                "consistency.negative", f"{column} of {stem} is below zero", row=bad[0] + 2, column=column, expected="0 or more",
                seen=str(table.rows[bad[0]][column]), count=len(bad),
            )  # fmt: skip


def one_language(content: Sheet, context: Any) -> Iterator[Finding]:
    """All days of a table are written in one language and order."""
    for stem, table in content.parts.items():
        known = [label for label in table.labels if label is not None]
        if known and not labels.common_forms(known):
            forms = known[0].forms
            other = next(n for n, label in enumerate(table.labels) if label is not None and not forms & label.forms)
            yield error(
                "consistency.labels-mixed", f"{stem} writes its days in more than one language or order", row=other + 2, column="label",
                expected=", ".join(" ".join(f) for f in sorted(forms)[:3]),
            )  # fmt: skip


def _asked(context: Any) -> int | None:
    text = context.sidecar.request.get("days", "")
    return int(text) if text.isdigit() else None


def _told(content: Sheet) -> list[date]:
    return [day for day in content.days if day is not None]


def window(content: Sheet, context: Any) -> Iterator[Finding]:
    """The window is the one that was asked for: a period whose choice failed silently brings 7 days in place of 365 (*documented*).

    A table may begin later than its window (*seen*: 119 rows beside 365 in the sister files); then its window's start tells, by the name.
    """
    days = _told(content)
    if not days:
        return
    received, asked, span = content.received, _asked(context), len(content.records)
    if received is not None:
        ends = received.exported_at.date() if received.exported_at.date() - days[-1] <= LATEST_TOLD else days[-1]
        span = (ends - received.start).days
        late = (days[0] - received.start).days
        if late == -1 or late == 1:
            yield note(
                "consistency.start-shifted", "the first label lies one day beside the first day of the window: the labels are shifted",
                row=2, column="label", expected=str(received.start), seen=str(days[0]),
            )  # fmt: skip
        elif late > 1:
            yield note(
                "completeness.window-cut", f"the table begins {late} days after its window, as it does where the account had no figures before",
                stage="completeness", row=2, expected=str(received.start), seen=str(days[0]),
            )  # fmt: skip
    if asked is None or abs(span - asked) <= 3:
        if (
            asked is not None
            and received is not None
            and _is_period(len(content.records), asked)
            and not _grows(content, context)
        ):
            yield warning(
                "completeness.window-rows", f"the window is that of {asked} days, but the table has as many rows as a shorter period",
                stage="completeness", expected=f"about {asked} rows", seen=f"{len(content.records)} rows",
            )  # fmt: skip
        return
    if span > asked or (_is_period(span, asked) and not _grows(content, context)):
        yield error(
            "completeness.wrong-window", f"{asked} days were asked for, and the export has another period", stage="completeness",
            expected=f"about {asked} days", seen=f"{span} days",
        )  # fmt: skip
    else:
        yield note(
            "completeness.window-short", f"fewer days than the {asked} that were asked for", stage="completeness",
            expected=f"about {asked} days", seen=f"{span} days",
        )  # fmt: skip


def _is_period(days: int, asked: int) -> bool:
    return any(abs(days - period) <= 1 for period in PERIODS if period < asked)


def _grows(content: Sheet, context: Any) -> bool:
    """Whether the table begins where the last good one did: a young account, whose window grows day by day."""
    earlier = context.earlier
    first = earlier.facts.get("first_day") if earlier is not None else None
    return (
        first is not None and abs((_told(content)[0] - day_of(first)).days) <= 1 and len(content.records) >= earlier.facts["rows"]
    )


def same_account(content: Sheet, context: Any) -> Iterator[Finding]:
    """The handle in the file's name is the account's own, and the name is that of this report."""
    received = content.received
    if received is None:
        return
    own = context.sidecar.request.get("handle", "")
    if own and received.handle.casefold() != own.casefold():
        yield error(
            "consistency.wrong-account",
            "the file is named after another account",
            expected=masked(own),
            seen=masked(received.handle),
        )
    if received.report.casefold() != content.report:
        yield warning(
            "consistency.name-differs",
            "the file's name is that of another report",
            expected=content.report,
            seen=received.report[:20],
        )


def told_lately(content: Sheet, context: Any) -> Iterator[Finding]:
    """The newest day with figures lies at most three days before the export; a table that is undefined throughout is said to be so."""
    if content.table is None or not content.table.rows or content.exported is None:
        return
    last = content.facts.get("last_told")
    if last is None:
        yield note("completeness.undefined", "every day is undefined: the account has no such figures yet", stage="completeness")
        return
    behind = content.exported - day_of(last)
    if behind > LATEST_TOLD:
        yield warning(
            "completeness.untold", f"the newest day with figures lies {behind.days} days before the export", stage="completeness",
            expected=f"at most {LATEST_TOLD.days} days", seen=last,
        )  # fmt: skip


def rows_there(content: Sheet, context: Any) -> Iterator[Finding]:
    """A Followers export holds the days of its history; a part of one that came alone need not."""
    if content.table is None:
        yield note("completeness.part-alone", f"only {', '.join(content.parts)} came, without its history", stage="completeness")
    elif not content.table.rows and content.report == "followers":
        yield error(
            "completeness.no-rows", "the table holds no rows", stage="completeness", expected="1 or more rows", seen="0 rows"
        )


def not_all_zero(content: Sheet, context: Any) -> Iterator[Finding]:
    """An account that had figures does not have zeros only."""
    cells = [v for row in content.records for c, v in row.items() if c not in ("label", "day") and v is not None]
    if len(content.records) < FEWEST_ZEROS or not cells or any(cells):
        return
    earlier = context.earlier
    had = earlier is not None and any(str(v) != "0" for v in earlier.facts.get("totals", {}).values())
    make = warning if had else note
    yield make("consistency.all-zero", "every figure of every day is zero", expected="figures" if had else None, seen="0")


def series(content: Sheet, *, first_day: str | None = None) -> dict[date, tuple[int | None, ...]]:
    """Day to figures. `first_day` dates the rows of a capture that only its bytes are known of."""
    if content.table is None:
        return {}
    days = content.days
    if first_day is not None:
        start = day_of(first_day)
        days = labels.dated(content.table.labels, start=start, captured=start)
    columns = [f.name for f in content.table.part.fields if f.kind == "count"]
    figures = (tuple(v if type(v := row[c]) is int else None for c in columns) for row in content.table.rows)
    return {day: cells for day, cells in zip(days, figures, strict=True) if day is not None}


def kept(content: Sheet, context: Any) -> Iterator[Finding]:
    """The past is that of the last good capture, under the same labels or labels one day beside; no day is lost at either end."""
    earlier, before = context.earlier, context.previous()
    first = earlier.facts.get("first_day") if earlier is not None else None
    if first is None or before is None or not _told(content):
        return
    spots = {day: n for n, day in enumerate(content.days) if day is not None}
    asked = _asked(context)
    yield from alignment.against_earlier(
        series(before, first_day=first), series(content), whole_window=asked is not None and len(content.records) >= asked - 1,
        place=lambda day: content.place(spots.get(day, 0), "label"),
    )  # fmt: skip
