"""Manual uploads: two feeds that nobody extracts. A file belongs to the one that recognises its content; its name is only a hint.

`financial_data` takes tables and statements about money, `external_reports` exports of audience and reach and documents of unknown content.
Files that another platform's feed recognises are left to that feed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from bedrot_console.domain.errors import UsageError
from bedrot_console.domain.feeds import Feed
from bedrot_console.domain.files import Capture
from bedrot_console.extraction.base import Extractor

from . import checks
from .content import (
    CONTEXT,
    MEASURE,
    MONEY,
    OTHERS,
    REPORT,
    json_keys,
    kind_of,
    table_header,
    text_of,
    words_of,
    workbook_words,
)
from .documents import read

if TYPE_CHECKING:
    from bedrot_console.extraction.session import Session

_MONEY_TITLE = re.compile(rb"royalt|invoice|statement|payout|remittance|earnings", re.IGNORECASE)
_TITLE = re.compile(rb"/(?:Title|Subject)\s*\(([^)]{0,200})\)")


def is_financial(head: bytes) -> bool:
    """Tables, JSON rows, workbooks and PDFs that speak of money."""
    kind = kind_of(head)
    if kind == "csv":
        header = table_header(text_of(head) or "")
        return header is not None and not _elsewhere(header.cells) and _of_money(header.words)
    if kind == "json":
        return _of_money(words_of(json_keys(text_of(head) or ""))) and not _of_others(json_keys(text_of(head) or ""))
    if kind == "xlsx":
        return _of_money(workbook_words(head))
    if kind == "pdf":
        return any(_MONEY_TITLE.search(title) for title in _TITLE.findall(head))
    return False


def is_report(head: bytes) -> bool:
    """Tables and JSON of audience and reach, and any other whole document (PDF, workbook) that does not speak of money."""
    if is_financial(head):
        return False
    kind = kind_of(head)
    if kind == "csv":
        header = table_header(text_of(head) or "")
        return (
            header is not None
            and not _elsewhere(header.cells)
            and bool(header.words & MEASURE)
            and len(header.words & REPORT) >= 2
        )
    if kind == "json":
        keys = json_keys(text_of(head) or "")
        return bool(words_of(keys) & {"report", "export", "reports", "exported"}) and not _of_others(keys)
    return kind in ("pdf", "xlsx", "xls")


def _of_money(words: frozenset[str]) -> bool:
    return (
        bool(words & MONEY)
        and len(words & CONTEXT) >= 1
        and len(words & (MONEY | CONTEXT)) >= 3
        and not words & {"impressions", "campaign", "reach"}
    )


def _elsewhere(cells: tuple[str, ...]) -> bool:
    folded = {re.sub(r"[^a-z0-9]", "", c.lower()) for c in cells}
    return any(others <= folded for others in OTHERS)


def _of_others(keys: frozenset[str]) -> bool:
    return bool(keys & {"date_start", "adset_id", "campaign_id", "totalStreams", "paging", "error", "errors"})


is_financial.wanted = ("amount", "date", "currency")  # type: ignore[attr-defined]
is_report.wanted = ("date", "views", "title")  # type: ignore[attr-defined]


class Manual(Extractor):
    """What people bring by hand."""

    name = "manual"
    version = "1"
    method = "manual"
    title = "Manual uploads"
    uploads = ("financial_data", "external_reports")

    financial_data = Feed(
        template="manual_uploads/financial_data/manual_financial_{slug}_{stamp}.{ext}", format="binary", media_type="application/octet-stream",
        parse=read, checks=checks.ALL, recognise=is_financial, min_bytes=16, max_bytes=512 << 20, sensitive=True, empty="ok",
        last_resort=True, title="financial tables and statements",
    )  # fmt: skip
    external_reports = Feed(
        template="manual_uploads/external_reports/manual_report_{slug}_{stamp}.{ext}", format="binary", media_type="application/octet-stream",
        parse=read, checks=checks.ALL, recognise=is_report, min_bytes=16, max_bytes=512 << 20, empty="ok",
        last_resort=True, title="report exports",
    )  # fmt: skip

    def extract(self, session: Session) -> Iterator[Capture]:
        """Nothing is extracted here."""
        raise UsageError("manual files are not extracted, they are brought", hint="bedrot land FILE…")
        yield
