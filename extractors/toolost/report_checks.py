"""What no schema can say about a sales report. Pure functions: content and context to findings."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

from bedrot_console.domain.findings import Finding
from bedrot_console.inspection.helpers import error, warning

from .report import ACCOUNTED, CHANNEL, REPORTED, REVENUE, SOLD, UNITS, month_of_name

_DAY = r"regexp_full_match({c}, '(19|20)[0-9]{{2}}-(0[1-9]|1[0-2])(-[0-9]{{2}}([T ].*)?)?')"
_REAL = "(length({c}) = 7 OR TRY_CAST(left({c}, 10) AS DATE) IS NOT NULL)"

CODES = ("isrc", "upc", "track_id", "release_id")
MONTHS_COMPARED, FEWEST_SOLD = 3, 3
_ISO = "^[0-9]{4}-[0-9]{2}"
"""How a day must begin for its month to be compared. Others are named by `cells_formed`."""
_FORMS = (
    (SOLD, "consistency.not-a-day", error, f"NOT ({_DAY} AND {_REAL})", "is not a day", "YYYY-MM-DD"),
    (ACCOUNTED, "consistency.not-a-day", error, f"NOT ({_DAY} AND {_REAL})", "is not a day", "YYYY-MM-DD"),
    (REPORTED, "consistency.not-a-day", error, f"NOT ({_DAY} AND {_REAL})", "is not a day", "YYYY-MM-DD"),
    (UNITS, "consistency.units", warning, "{c} % 1 <> 0", "is not a whole number", "a whole number"),
    ("isrc", "consistency.isrc", warning, "NOT regexp_full_match({c}, '[A-Z]{{2}}[A-Z0-9]{{3}}[0-9]{{7}}')", "is not an ISRC", "12 characters"),
    ("country", "consistency.country", warning, "NOT regexp_full_match({c}, '[A-Z]{{2}}')", "is not a country", "two capital letters"),
    (
        "upc", "consistency.upc-damaged", error, "regexp_matches({c}, '^[0-9][.,]?[0-9]*[eE][+]?[0-9]+$')",
        "was turned into a number by a spreadsheet", "12 or 13 digits",
    ),
    (
        "share", "consistency.percentage", warning, "coalesce(TRY_CAST(trim(rtrim({c}, '% ')) AS DECIMAL(18, 6)), -1) NOT BETWEEN 0 AND 100",
        "is not a percentage", "0 to 100",
    ),
    (
        "rev_fee", "consistency.percentage", warning,
        "coalesce(TRY_CAST(trim(rtrim({c}, '% ')) AS DECIMAL(18, 6)), -1) NOT BETWEEN 0 AND 100", "is not a percentage", "0 to 100",
    ),
)  # fmt: skip


def cells_filled(content: Any, context: Any) -> Iterator[Finding]:
    """Cells without which a row says nothing are filled."""
    needed = [c for c in (SOLD, REPORTED, CHANNEL, UNITS, REVENUE) if c in content.columns]
    asked = ", ".join(f'count(*) FILTER ("{c}" IS NULL), min(row_number) FILTER ("{c}" IS NULL)' for c in needed)
    found = content.query(f"SELECT {asked} FROM numbered")[0] if needed else ()
    for position, column in enumerate(needed):
        count, row = found[2 * position : 2 * position + 2]
        if count:
            yield error("completeness.blank", f"{column} is blank", stage="completeness", row=row, column=column, count=count)


def cells_formed(content: Any, context: Any) -> Iterator[Finding]:
    """Days, units, codes and shares have their form. Blank cells are another rule's business."""
    forms = [f for f in _FORMS if f[0] in content.columns]
    rules = [f'"{f[0]}" IS NOT NULL AND ({f[3].format(c=chr(34) + f[0] + chr(34))})' for f in forms]
    if not forms:
        return
    asked = ", ".join(f"count(*) FILTER ({r}), min(row_number) FILTER ({r})" for r in rules)
    found = content.query(f"SELECT {asked} FROM numbered")[0]
    for position, (column, code, make, _, words, expected) in enumerate(forms):
        count, row = found[2 * position : 2 * position + 2]
        if count:
            yield make(code, f"{column} {words}", row=row, column=column, expected=expected, count=count)


def months_agree(content: Any, context: Any) -> Iterator[Finding]:
    """The report is about the month that its notification and its name say: that is the month of its reporting days.

    None of them is the wrong report; some only is told, since what the month means is documented for the name alone.
    """
    month = context.sidecar.request.get("month", "")
    named = month_of_name(context.sidecar.received_name)
    if month and named and month != named:
        yield error(
            "consistency.other-month", "the file is named after another month than its notification", expected=month, seen=named
        )
    month = month or named or ""
    if not month or REPORTED not in content.columns or not len(content):
        return
    total, other, row, seen = content.query(
        f'SELECT count(*), count(*) FILTER (o), min(row_number) FILTER (o), min(left("{REPORTED}", 7)) FILTER (o)'
        f' FROM (SELECT *, left("{REPORTED}", 7) <> ? AS o FROM numbered WHERE regexp_matches("{REPORTED}", \'{_ISO}\'))',
        (month,),
    )[0]
    if other:
        make = error if other == total else warning
        yield make(
            "consistency.other-month", f"{REPORTED} is not in the month of the report", row=row, column=REPORTED, expected=month, seen=seen,
            count=other,
        )  # fmt: skip


def sold_before_reported(content: Any, context: Any) -> Iterator[Finding]:
    """What was sold was reported in the same month or later."""
    if not {SOLD, REPORTED} <= set(content.columns):
        return
    count, row = content.query(
        f'SELECT count(*), min(row_number) FROM numbered WHERE left("{SOLD}", 7) > left("{REPORTED}", 7)'
        f" AND regexp_matches(\"{SOLD}\", '{_ISO}') AND regexp_matches(\"{REPORTED}\", '{_ISO}')"
    )[0]
    if count:
        yield error(
            "consistency.sale-after-report", f"{SOLD} is later than {REPORTED}", row=row, column=SOLD,
            expected=f"at most the month of {REPORTED}", count=count,
        )  # fmt: skip


def rows_not_doubled(content: Any, context: Any) -> Iterator[Finding]:
    """Rows that are equal in every cell are copies. Rows of one transaction may differ by their split."""
    names = ", ".join(f'"{c}"' for c in content.columns)
    copies = content.query(f"SELECT count(*) - count(DISTINCT hash({names})) FROM data")[0][0]
    if copies:
        make = error if "transaction_id" in content.columns or copies * 10 > len(content) else warning
        yield make(
            "consistency.rows-doubled",
            "rows are equal in every cell",
            expected="no copies",
            seen=f"{copies} copies",
            count=copies,
        )


def same_catalogue(content: Any, context: Any) -> Iterator[Finding]:
    """Something that is sold was sold before: in the last good report of this month, or in one of the account's other months.

    The report names no account (columns *documented*). A month's own reports cannot differ in everything; from month to month a catalogue of
    one or two pieces may be exchanged, and what a person brings may be of an account that is not known here by its own name.
    """
    own, before = catalogue(content), context.previous()
    earlier = catalogue(before) if before is not None else {}
    if (same := _shared(own, earlier)) is not None:
        if not same:
            certain = context.sidecar.series and context.sidecar.method != "manual"
            yield _other_account(error if certain else warning, own, "the last good capture")
        return
    known = [found for other in islice(context.kin(), MONTHS_COMPARED) if (found := _shared(own, catalogue(other))) is not None]
    if known and not any(known):
        certain = (
            context.sidecar.series and context.sidecar.method != "manual" and all(len(ids) >= FEWEST_SOLD for ids in own.values())
        )
        yield _other_account(error if certain else warning, own, "the reports of the months before")


def catalogue(content: Any) -> dict[str, set[str]]:
    """What is sold, by each code that tells it: column to its values. Empty columns are left out."""
    found = {
        c: {r[0] for r in content.query(f'SELECT DISTINCT "{c}" FROM data WHERE "{c}" IS NOT NULL')}
        for c in CODES
        if c in content.columns
    }
    return {column: values for column, values in found.items() if values}


def _shared(own: dict[str, set[str]], other: dict[str, set[str]]) -> bool | None:
    """Whether two catalogues have anything in common; None where they have no code that could tell."""
    both = own.keys() & other.keys()
    return any(own[c] & other[c] for c in both) if both else None


def _other_account(make: Callable[..., Finding], own: dict[str, set[str]], where: str) -> Finding:
    column = next(iter(own))
    return make(
        "consistency.other-account", f"nothing that is sold here stands in {where}: another account's report", column=column,
        expected="the same catalogue", seen=f"{len(own[column])} others", count=len(own[column]),
    )  # fmt: skip
