"""Which of the feeds of last resort an upload belongs to: one decision for all of them, so that no file is claimed by two.

| what it is | speaks of money | of audience and reach | of neither |
|---|---|---|---|
| table | financial_data | external_reports | nobody's |
| workbook | financial_data | external_reports | system_exports |
| PDF (its title) | financial_data | external_reports | external_reports |
| JSON | financial_data | external_reports (names itself a report) | api_responses, if it holds rows or several fields |
| JSON lines | event_streams | event_streams | event_streams |
| SQL dump | system_exports | system_exports | system_exports |

JSON that says no (an error envelope), pages, prose, pictures and programs are nobody's.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from bedrot_console.inspection.recognise import HEAD_BYTES, outline

from .content import (
    CONTEXT,
    MEASURE,
    MONEY,
    REPORT,
    json_keys,
    json_value,
    kind_of,
    old_workbook_words,
    table_header,
    text_of,
    words_of,
    workbook_words,
)
from .responses import FEWEST_FIELDS, is_answer, says_no

FINANCIAL, REPORTS, SYSTEMS, EVENTS, ANSWERS = (
    "financial_data",
    "external_reports",
    "system_exports",
    "event_streams",
    "api_responses",
)
_MONEY_TITLE = re.compile(rb"royalt|invoice|statement|payout|remittance|earnings", re.IGNORECASE)
_TITLE = re.compile(rb"/(?:Title|Subject)\s*\(([^)]{0,200})\)")
_REPORT_NAMES = frozenset({"report", "export", "reports", "exported"})


@lru_cache(maxsize=2)
def owner_of(head: bytes) -> str | None:
    """The feed that these first bytes (up to HEAD_BYTES) belong to; None: nobody's."""
    kind = kind_of(head)
    if kind == "sql":
        return SYSTEMS
    if kind == "jsonl":
        return EVENTS
    if kind == "json":
        return _owner_of_json(head)
    if kind == "pdf":
        return FINANCIAL if any(_MONEY_TITLE.search(title) for title in _TITLE.findall(head)) else REPORTS
    if kind in ("xlsx", "xls"):
        words = workbook_words(head) if kind == "xlsx" else old_workbook_words(head)
        return FINANCIAL if _of_money(words) else REPORTS if _of_reach(words) else SYSTEMS
    if kind == "csv" and (header := table_header(text_of(head) or "")) is not None:
        return FINANCIAL if _of_money(header.words) else REPORTS if _of_reach(header.words) else None
    return None


def _owner_of_json(head: bytes) -> str | None:
    text = text_of(head) or ""
    value = json_value(text)
    if value is not None and says_no(value):
        return None
    keys = json_keys(value, text)
    if _of_money(words_of(keys)):
        return FINANCIAL
    if words_of(keys) & _REPORT_NAMES:
        return REPORTS
    if value is not None:
        return ANSWERS if is_answer(value) else None
    if len(head) < HEAD_BYTES:
        return None
    kind, top, row, _ = outline(head)
    return ANSWERS if row or len(top) >= FEWEST_FIELDS or (kind and keys) else None


def _of_money(words: frozenset[str]) -> bool:
    return (
        bool(words & MONEY)
        and len(words & CONTEXT) >= 1
        and len(words & (MONEY | CONTEXT)) >= 3
        and not words & {"impressions", "campaign", "reach"}
    )


def _of_reach(words: frozenset[str]) -> bool:
    return bool(words & MEASURE) and len(words & REPORT) >= 2


def belongs_to(feed: str, *wanted: str) -> Callable[[bytes], bool]:
    """A recogniser of one of these feeds. `wanted` are the words that a refusal names as missing."""

    def recognise(head: bytes) -> bool:
        return owner_of(head) == feed

    recognise.wanted = wanted  # type: ignore[attr-defined]
    return recognise
