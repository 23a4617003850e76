"""What no schema can say about any file of a Meta Ads dump: account, credentials, pages, references, statuses. Pure functions.

Facts about the platform: fact sheet, chapters 5 and 10.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from bedrot_console.domain.findings import Finding
from bedrot_console.inspection.helpers import day_of, error, fields_kept, warning

from .._graph.bodies import has_next
from .dumps import Dump, summary_of

STATUSES = frozenset(
    {
        "ACTIVE", "PAUSED", "DELETED", "ARCHIVED", "IN_PROCESS", "WITH_ISSUES", "CAMPAIGN_PAUSED", "ADSET_PAUSED", "DISAPPROVED", "PENDING_REVIEW",
        "PREAPPROVED", "PENDING_BILLING_INFO",
    }
)  # fmt: skip


def account(content: Dump, context: Any) -> Iterator[Finding]:
    """Every row belongs to the one account that was asked, which is also that of the set and of the last capture."""
    found = Counter(str(r["account_id"]).removeprefix("act_") for r in content.records if r.get("account_id") is not None)
    expected = _configured(context)
    why = "configured"
    if expected is None and context.sidecar.feed != "metaads/campaigns":
        expected, why = _only_account(context.sibling("metaads/campaigns")), "of the set's campaigns"
    if expected is None:
        expected, why = _only_account(context.previous()), "of the last good capture"
    if expected is None and len(found) > 1:
        expected, why = found.most_common(1)[0][0], "of most rows"
    if expected is None:
        return
    foreign = [
        i for i, r in enumerate(content.records) if r.get("account_id") is not None and _digits(r["account_id"]) != expected
    ]
    if foreign:
        yield error(
            "consistency.wrong-account", f"rows belong to another account than that {why}", place=content.place(foreign[0], "account_id"),
            expected=f"…{expected[-4:]}", seen=f"…{_digits(content.records[foreign[0]]['account_id'])[-4:]}", count=len(foreign),
        )  # fmt: skip


def _digits(value: Any) -> str:
    return str(value).removeprefix("act_")


def _configured(context: Any) -> str | None:
    for value in (context.options.get("account_id"), context.sidecar.account):
        text = _digits(value) if value is not None else ""
        if re.fullmatch(r"\d{5,20}", text):
            return text
    return None


def _only_account(other: Any) -> str | None:
    accounts = (
        {_digits(r["account_id"]) for r in other.records if r.get("account_id") is not None} if other is not None else set()
    )
    return accounts.pop() if len(accounts) == 1 else None


def credentials(content: Dump, context: Any) -> Iterator[Finding]:
    """No access token and no proof stands in the file in clear."""
    if content.leaks:
        yield error(
            "consistency.credential-in-clear", "a live credential of the platform stands in the file", expected="masked with *",
            seen=f"byte {content.leaks[0]}", count=len(content.leaks),
        )  # fmt: skip


def last_page(content: Dump, context: Any) -> Iterator[Finding]:
    """The last page has no `paging.next`: nothing was left unfetched."""
    if content.pages and has_next(content.pages[-1]):
        place = {"pages": f"/{len(content.pages) - 1}/paging/next", "envelope": "/paging/next"}.get(content.shape, "")
        yield error(
            "completeness.pages-missing", "the last page says that there is a further one", stage="completeness", pointer=place
        )


def total_count(content: Dump, context: Any) -> Iterator[Finding]:
    """Each question brought as many rows as its `summary.total_count` says."""
    for pages, rows in content.questions():
        counts = {summary_of(p)["total_count"] for p in pages if isinstance(summary_of(p).get("total_count"), int)}
        if counts and len(rows) not in counts:
            yield error(
                "completeness.total-differs", "there are not as many rows as the platform counted", stage="completeness",
                expected=f"{max(counts)} rows", seen=f"{len(rows)} rows",
            )  # fmt: skip


def parents(content: Dump, context: Any) -> Iterator[Finding]:
    """Parents named by rows are in the set (archived ones are left out by the platform: a warning)."""
    above = {"metaads/adsets": (("campaign_id", "metaads/campaigns"),)}
    above["metaads/ads"] = (("adset_id", "metaads/adsets"), ("campaign_id", "metaads/campaigns"))
    above["metaads/insights"] = (("campaign_id", "metaads/campaigns"),)
    for column, feed in above.get(context.sidecar.feed, ()):
        known = context.sibling(feed)
        if known is None:
            continue
        ids = {str(r.get("id")) for r in known.records}
        unknown = [i for i, r in enumerate(content.records) if r.get(column) and str(r[column]) not in ids]
        if unknown:
            yield warning(
                "consistency.unknown-parent", f"{column} names an object that is not in {feed} (archived or deleted?)",
                place=content.place(unknown[0], column), count=len(unknown),
            )  # fmt: skip


def statuses(content: Dump, context: Any) -> Iterator[Finding]:
    """Statuses are among those the platform documents."""
    for column in ("status", "configured_status", "effective_status"):
        odd = [i for i, r in enumerate(content.records) if isinstance(r.get(column), str) and r[column] not in STATUSES]
        if odd:
            seen = str(content.records[odd[0]][column])[:40]
            yield warning(
                "consistency.unknown-status",
                f"{column} has a value nobody knows",
                place=content.place(odd[0], column),
                seen=seen,
                count=len(odd),
            )


def day_or_none(value: Any) -> date | None:
    """A day, or None for a cell that holds none: that is the schema's business."""
    try:
        return day_of(value)
    except ValueError:
        return None


def times(content: Dump, context: Any) -> Iterator[Finding]:
    """Nothing was created after the capture, nor changed before it was created."""
    latest = (context.sidecar.captured_at + timedelta(days=2)).date()
    for column in ("created_time", "updated_time"):
        ahead = [i for i, r in enumerate(content.records) if (d := day_or_none(r.get(column))) and d > latest]
        if ahead:
            yield error(
                "consistency.future-time",
                f"{column} lies after the capture",
                place=content.place(ahead[0], column),
                count=len(ahead),
            )


def vanished_objects(content: Dump, context: Any) -> Iterator[Finding]:
    """A list that held objects before is not suddenly empty."""
    before = context.previous()
    if before is not None and len(before) and not len(content):
        yield error(
            "volume.all-vanished",
            "the last good capture held rows, this one holds none",
            stage="volume",
            expected=f"{len(before)} rows",
            seen="0 rows",
        )


STRUCTURE = (account, credentials, last_page, total_count, parents, statuses, times, vanished_objects, fields_kept())
