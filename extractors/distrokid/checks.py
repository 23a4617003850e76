"""What no schema can say about DistroKid's figures. Pure functions: content and context to findings.

That Spotify's chart, Apple's chart and the statement's quantities disagree is normal (trend feed against payment feed, *documented*) and
never checked. Past days are revised by the site: reported, not failed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from statistics import median
from typing import Any

from bedrot_console.domain.findings import Finding
from bedrot_console.inspection.helpers import day_of, error, warning

from .bank import COUNTRY, EARNINGS, MONTH, QUANTITY, REPORTED, SHARE

Check = Callable[[Any, Any], Iterator[Finding]]

MOST_PLAYS_A_DAY = 100_000_000
"""More than the most played song of the world has on all services together."""
SETTLED = timedelta(days=7)
"""Days older than this against the newest are no longer revised in bulk."""
FEWEST_COMPARED = 10
OTHER_SERIES_SHARE = 0.5
BUSY_NEIGHBOURS = 10
LEFT_OUT_ROWS = 400
"""The chart is named after 365 days; a few more are tolerated."""


def _series(content: Any, measure: str) -> list[tuple[int, date, int]]:
    """(row index, day, value) of the rows that are well formed; the others are the schema's business."""
    found = []
    for index, row in enumerate(content.rows()):
        try:
            day = day_of(row.get("day"))
        except ValueError:
            continue
        if type(row.get(measure)) is int:
            found.append((index, day, row[measure]))
    return found


def no_gaps(measure: str) -> Check:
    """No day is left out. A hole between busy days is an error; between quiet ones the site may leave out days without plays (*assumed*)."""

    def check(content: Any, context: Any) -> Iterator[Finding]:
        series = _series(content, measure)
        holes = [(a, b) for a, b in zip(series, series[1:], strict=False) if b[1] - a[1] > timedelta(days=1)]
        busy = [(a, b) for a, b in holes if min(a[2], b[2]) >= BUSY_NEIGHBOURS]
        if not holes:
            return
        before, after = (busy or holes)[0]
        first = before[1] + timedelta(days=1)
        make = error if busy else warning
        missing = sum((b[1] - a[1]).days - 1 for a, b in holes)
        yield make(
            "completeness.days-missing", f"{missing} {'day is' if missing == 1 else 'days are'} left out, first {first}", stage="completeness",
            place=content.place(after[0], "day"), expected=first.isoformat(), seen=after[1].isoformat(), count=missing,
        )  # fmt: skip

    check.source = ("no_gaps", measure)  # type: ignore[attr-defined]
    return check


def plausible(measure: str) -> Check:
    """Values are such as an account can have: bounded, not all zero, not one number all year, at most about a year of days."""

    def check(content: Any, context: Any) -> Iterator[Finding]:
        series = _series(content, measure)
        high = [s for s in series if s[2] > MOST_PLAYS_A_DAY]
        if high:
            yield error(
                "consistency.implausible", f"{measure} is beyond anything a day can have", place=content.place(high[0][0], measure),
                expected=f"at most {MOST_PLAYS_A_DAY:,}", seen=str(high[0][2]), count=len(high),
            )  # fmt: skip
        values = [v for _, _, v in series]
        if len(values) >= 30 and len(set(values)) == 1:
            make = error if values[0] == 0 else warning
            yield make(
                "consistency.constant",
                f"{measure} is the same number on every day",
                expected="different days",
                seen=str(values[0]),
            )
        if len(series) > LEFT_OUT_ROWS:
            yield warning(
                "consistency.too-many-days", "the chart holds more days than a year", expected="about 365", seen=str(len(series))
            )
        usual = median(values[-30:]) if len(values) >= 30 else 0
        if usual >= BUSY_NEIGHBOURS and values[-1] == 0:
            yield warning(
                "consistency.last-day-zero", "the newest day is zero: probably not counted yet", place=content.place(series[-1][0], measure),
                expected=f"about {int(usual)}", seen="0",
            )  # fmt: skip

    check.source = ("plausible", measure)  # type: ignore[attr-defined]
    return check


def same_series(measure: str) -> Check:
    """Settled days still tell the same story as in the last good capture: another account's or another service's chart does not."""

    def check(content: Any, context: Any) -> Iterator[Finding]:
        earlier = context.previous()
        if earlier is None:
            return
        old = {day: value for _, day, value in _series(earlier, measure)}
        if not old:
            return
        settled = max(old) - SETTLED
        both = [(value, old[day]) for _, day, value in _series(content, measure) if day in old and day <= settled]
        differ = sum(1 for new, before in both if new != before)
        if len(both) >= FEWEST_COMPARED and differ > len(both) * OTHER_SERIES_SHARE:
            yield error(
                "consistency.other-series", "most settled days differ from the last good capture: another account's or service's chart",
                expected="the same past", seen=f"{differ} of {len(both)} days differ", count=differ,
            )  # fmt: skip

    check.source = ("same_series", measure)  # type: ignore[attr-defined]
    return check


def sale_before_report(content: Any, context: Any) -> Iterator[Finding]:
    """A sale month is a month, and is not after the day its payment was reported."""
    if not {MONTH, REPORTED} <= set(content.columns):
        return
    month = f"replace(trim(\"{MONTH}\"), '-', '')"
    bad, first_bad, late, first_late = content.query(
        f'WITH m AS (SELECT row_number, "{REPORTED}" AS reported, {month} AS month FROM numbered),'
        " n AS (SELECT *, coalesce(regexp_full_match(month, '(19|20)[0-9]{2}(0[1-9]|1[0-2])'), false) AS fine FROM m)"
        " SELECT count(*) FILTER (NOT fine), min(row_number) FILTER (NOT fine),"
        " count(*) FILTER (fine AND month > strftime(reported, '%Y%m')),"
        " min(row_number) FILTER (fine AND month > strftime(reported, '%Y%m')) FROM n"
    )[0]
    if bad:
        yield error(
            "consistency.not-a-month", f"{MONTH} is not a month", row=first_bad, column=MONTH, expected="YYYY-MM", count=bad
        )
    if late:
        yield error(
            "consistency.sale-after-report", f"{MONTH} is later than {REPORTED}", row=first_late, column=MONTH,
            expected=f"at most the month of {REPORTED}", count=late,
        )  # fmt: skip


def cells_filled(content: Any, context: Any) -> Iterator[Finding]:
    """Cells without which a row says nothing are filled. ISRC and UPC may be blank (albums; *seen*)."""
    needed = [c for c in (REPORTED, MONTH, "Store", "Title", QUANTITY, EARNINGS) if c in content.columns]
    asked = ", ".join(f'count(*) FILTER ("{c}" IS NULL), min(row_number) FILTER ("{c}" IS NULL)' for c in needed)
    found = content.query(f"SELECT {asked} FROM numbered")[0] if needed else ()
    for position, column in enumerate(needed):
        count, row = found[2 * position : 2 * position + 2]
        if count:
            yield error("completeness.blank", f"{column} is blank", stage="completeness", row=row, column=column, count=count)


_FORMS = (
    ("consistency.quantity", QUANTITY, error, "{c} % 1 <> 0", "is not a whole number", "a whole number"),
    ("consistency.percentage", SHARE, error, '{c} NOT BETWEEN 0 AND 100', "is not between 0 and 100", "0 to 100"),
    ("consistency.country", COUNTRY, warning, "NOT regexp_full_match({c}, '[A-Z]{{2}}')", "is not a country", "two capital letters"),
    ("consistency.isrc", "ISRC", warning, "NOT regexp_full_match({c}, '[A-Z]{{2}}[A-Z0-9]{{3}}[0-9]{{7}}')", "is not an ISRC", "12 characters"),
    (
        "consistency.upc-damaged", "UPC", error, "regexp_matches({c}, '^[0-9][.,]?[0-9]*[eE][+]?[0-9]+$')",
        "was turned into a number by a spreadsheet", "12 or 13 digits",
    ),
    ("consistency.upc", "UPC", warning, "NOT regexp_full_match({c}, '[0-9]{{12,14}}') AND NOT regexp_matches({c}, '[eE]')", "is not a UPC", "12 or 13 digits"),
)  # fmt: skip


def cells_formed(content: Any, context: Any) -> Iterator[Finding]:
    """Quantities, shares, countries, ISRCs and UPCs have their form; a UPC that a spreadsheet has rounded is lost."""
    forms = [f for f in _FORMS if f[1] in content.columns]
    if not forms:
        return
    rules = [f[3].format(c=f'"{f[1]}"') for f in forms]
    asked = ", ".join(f"count(*) FILTER ({r}), min(row_number) FILTER ({r})" for r in rules)
    found = content.query(f"SELECT {asked} FROM numbered")[0]
    for position, (code, column, make, _, words, expected) in enumerate(forms):
        count, row = found[2 * position : 2 * position + 2]
        if count:
            yield make(code, f"{column} {words}", row=row, column=column, expected=expected, count=count)


def rows_not_doubled(content: Any, context: Any) -> Iterator[Finding]:
    """Rows may share a key (they add up), but rows equal in every cell are copies: none in 923 real rows."""
    names = ", ".join(f'"{c}"' for c in content.columns)
    copies = content.query(f"SELECT count(*) - count(DISTINCT hash({names})) FROM data")[0][0]
    if not copies:
        return
    make = error if copies * 10 > len(content) else warning
    yield make(
        "consistency.rows-doubled", "rows are equal in every cell", expected="no copies", seen=f"{copies} copies", count=copies
    )


def statements_kept(content: Any, context: Any) -> Iterator[Finding]:
    """The export is the whole history each time: what was reported on a day stays, row by row and cent by cent.

    Later payments may restate a sale month, but under a later reporting date; a day that was reported is closed.
    """
    earlier = context.previous()
    if earlier is None or not {REPORTED, EARNINGS, QUANTITY} <= set(content.columns) & set(earlier.columns):
        return
    old, new = _statements(earlier), _statements(content)
    fewer = sorted(day for day, (rows, _, _) in old.items() if day in new and new[day][0] < rows)
    if fewer:
        missing = sum(old[day][0] - new[day][0] for day in fewer)
        yield error(
            "completeness.rows-vanished", f"{missing} rows of {len(fewer)} reported days are gone", stage="completeness", column=REPORTED,
            expected=f"{old[fewer[0]][0]} rows of {fewer[0]}", seen=f"{new[fewer[0]][0]} rows", count=missing,
        )  # fmt: skip
    restated = sorted(day for day in old if day in new and day not in fewer and new[day] != old[day])
    if restated:
        yield warning(
            "consistency.restated", "a day that was reported before has other figures now", column=REPORTED,
            expected=f"{restated[0]}: {_sums(old[restated[0]])}", seen=_sums(new[restated[0]]), count=len(restated),
        )  # fmt: skip
    before, after = (sum((s[2] for s in side.values()), Decimal(0)) for side in (old, new))
    kept = sum((s[2] for day, s in new.items() if day in old), Decimal(0))
    if after < before and kept < before:
        yield error(
            "consistency.earnings-fell", "earnings of the whole history are less than in the last good export", column=EARNINGS,
            expected=f"{before.normalize():f} or more", seen=f"{after.normalize():f}",
        )  # fmt: skip


def _statements(content: Any) -> dict[date, tuple[int, int, Decimal]]:
    """Reporting date to rows, quantity, earnings."""
    found = content.query(
        f'SELECT "{REPORTED}", count(*), sum("{QUANTITY}"), sum("{EARNINGS}") FROM data WHERE "{REPORTED}" IS NOT NULL GROUP BY 1'
    )
    return {day: (rows, int(quantity or 0), Decimal(earnings or 0)) for day, rows, quantity, earnings in found}


def _sums(statement: tuple[int, int, Decimal]) -> str:
    return f"{statement[0]} rows, {statement[1]} units, {statement[2].normalize():f} USD"
