"""Identifiers in tables that went through people's hands: whole as Meta wrote them, or rounded by a spreadsheet that took them for numbers.

Meta's ids have up to 18 digits (*seen*: dumps and exports), a spreadsheet keeps 15: it shows `1.2E+17`, and writes zeros for the rest when it
saves plain digits (*documented* by spreadsheet programs). A rounded id names another campaign or none. Pure functions.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from bedrot_console.domain.findings import Finding
from bedrot_console.inspection.helpers import Rows, error, warning

IDS = ("campaign_id", "adset_id", "ad_id")
KEPT_DIGITS = 15
SURE_DIGITS = 4
"""So many zeros in places that a spreadsheet loses, over all different ids, are no chance: one file in ten thousand has them by itself."""
EXPORTED = "the digits that Meta gave it"
_WHOLE = re.compile(r"\d+")
_EXPONENT = re.compile(r"\d(?:[.,]\d+)?[eE]\+?\d+")
_FLOAT = re.compile(r"\d+[.,]0*")


def _judge(seen: Mapping[tuple[str, str], tuple[int, int]], where: Callable[[int, str], dict[str, Any]]) -> Iterator[Finding]:
    """`seen`: (column, id) -> (its first row, how many rows); `where`: a row and a column as arguments of a finding."""
    shown = {k: v for k, v in seen.items() if _EXPONENT.fullmatch(k[1]) or _FLOAT.fullmatch(k[1])}
    odd = {k: v for k, v in seen.items() if k not in shown and not _WHOLE.fullmatch(k[1])}
    long = {k: v for k, v in seen.items() if k not in shown and k not in odd and len(k[1].lstrip("0")) > KEPT_DIGITS}
    for code, words, found in (
        (
            "consistency.id-rounded",
            "was turned into a number by a spreadsheet: export the table anew and leave it unopened",
            shown,
        ),
        ("consistency.id", "is no id", odd),
    ):
        if found:
            (column, _), (row, _) = next(iter(found.items()))
            yield error(
                code, f"{column} {words}", stage="consistency", expected=EXPORTED,
                count=sum(count for _, count in found.values()), **where(row, column),
            )  # fmt: skip
    lost = {text: len(text.lstrip("0")) - KEPT_DIGITS for _, text in long}
    if lost and all(text.endswith("0" * digits) for text, digits in lost.items()):
        (column, _), (row, _) = next(iter(long.items()))
        make = error if sum(lost.values()) >= SURE_DIGITS else warning
        yield make(
            "consistency.id-rounded", f"{column} and all other long ids end in zeros after {KEPT_DIGITS} digits, as a spreadsheet rounds them: "
            "export the table anew and leave it unopened", stage="consistency", expected=EXPORTED,
            count=sum(count for _, count in long.values()), **where(row, column),
        )  # fmt: skip


def table_ids(content: Any, context: Any) -> Iterator[Finding]:
    """The ids of the daily table."""
    columns = [c for c in IDS if c in content.columns]
    parts = [
        f'SELECT \'{c}\', CAST("{c}" AS VARCHAR), min(row_number), count(*) FROM numbered WHERE "{c}" IS NOT NULL GROUP BY "{c}"'
        for c in columns
    ]
    found = content.query(" UNION ALL ".join(parts) + " ORDER BY 3, 1") if parts else []
    yield from _judge(
        {(column, text.strip()): (row, count) for column, text, row, count in found},
        lambda row, column: {"row": row, "column": column},
    )


def export_ids(content: Rows, context: Any) -> Iterator[Finding]:
    """The ids of an export of Ads Manager, where it has them."""
    seen: dict[tuple[str, str], tuple[int, int]] = {}
    for index, row in enumerate(content.records):
        for column in IDS:
            if row.get(column):
                first, count = seen.get((column, str(row[column])), (index, 0))
                seen[column, str(row[column])] = first, count + 1
    yield from _judge(seen, lambda row, column: {"place": content.place(row, column)})
