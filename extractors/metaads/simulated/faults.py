"""Named faults: what can go wrong at the platform, switched on by name while it serves.

A fault is in force until it is taken out, or for the next n times it is asked for, as the harness keeps count.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

NAMES: dict[str, str] = {
    "token_expired": "every token is expired (190/463)",
    "token_invalid": "no token can be parsed (190)",
    "checkpoint": "the token's user is held at a checkpoint (190/459)",
    "proof_required": "calls without appsecret_proof are refused (100)",
    "permission": "the account is not granted and ads_read is missing (200)",
    "blocked": "blocked for policy (368)",
    "version_refused": "the version is refused (2635)",
    "rate_limited": "throttled per use case (80000, 80004), with minutes to regain access",
    "rate_limited_app": "the app's limit (4/1504022)",
    "rate_limited_account": "the account's limit (17/2446079), with seconds until reset",
    "rate_limited_custom": "a custom limit (613/1487742), without any header",
    "transient": "temporary errors without end (2, is_transient)",
    "error_in_200": "errors come with HTTP status 200",
    "too_much_data": "synchronous insights over 7 days are refused (1/99, 100/1487534)",
    "large_pages_refused": "pages of more than 100 rows are too much (1/99)",
    "async_failed": "only report runs are served, and they end as Job Failed, with error fields",
    "async_skipped": "only report runs are served, and they end as Job Skipped",
    "async_stuck": "only report runs are served, and they stay at Job Running, 0 percent",
    "async_late": "only report runs are served, and a new one is not found at first (100/33)",
    "cursor_expired": "cursors are refused (2642)",
    "short_pages": "pages hold fewer rows than asked for",
    "empty_page": "the second page is empty and has a next one",
    "pages_end_early": "the last pages are never offered",
    "repeated_page": "every page offers itself as the next one",
    "login_page_as_data": "a sign-in page comes where data is due, with status 200",
    "empty_data": "every list is empty",
    "stale": "insights end ten days ago",
    "schema_drift": "rows have a new field, and impressions are JSON numbers",
    "new_field": "rows have a field nobody knows",
    "wrong_account": "rows belong to another account",
    "missing_reach": "reach and frequency are silently absent",
    "wrong_arithmetic": "cpc no longer follows from spend and clicks",
    "missing_day": "one day in the middle has no rows",
    "duplicate_rows": "one row comes twice",
    "outside_range": "a row lies outside the range asked for",
}
STALE_DAYS = 10
OTHER_ACCOUNT = "1000000000000009"


class Faults:
    """Questions the Graph asks of the active faults. `on` tells whether a fault is in force; asking may use it up."""

    def __init__(self, on: Callable[[str], bool]) -> None:
        self._on = on
        self.regain_minutes = 7
        self._emptied = False

    def __contains__(self, name: str) -> bool:
        return self._on(name)

    def throttle(self, use_case: str) -> str | None:
        """The limit that is exhausted for a call of this use case."""
        if "rate_limited" in self:
            return use_case
        return next((what for what in ("app", "account", "custom") if f"rate_limited_{what}" in self), None)

    def too_much(self, days: int) -> bool:
        return any(name in self for name in ("async_failed", "async_skipped", "async_stuck", "async_late")) or (
            "too_much_data" in self and days > 7
        )

    def page_size(self, limit: int, start: int) -> int:
        if start == limit and not self._emptied and "empty_page" in self:
            self._emptied = True
            return 0
        self._emptied = False
        return max(1, limit * 2 // 3) if "short_pages" in self else limit

    def listed(self, things: list[Any]) -> list[Any]:
        return [] if "empty_data" in self else things

    def data_moment(self, at: datetime) -> datetime:
        return at - timedelta(days=STALE_DAYS) if "stale" in self else at

    def rows(self, rows: list[dict[str, Any]], query: Any, at: datetime) -> list[dict[str, Any]]:
        """The rows of an insights answer, bent as the active faults say. The given ones are shared and stay as they are."""
        if "empty_data" in self:
            return []
        if "missing_reach" in self:
            rows = [{k: v for k, v in r.items() if k not in ("reach", "frequency", "cpp")} for r in rows]
        if "missing_day" in self:
            days = sorted({r["date_start"] for r in rows})
            rows = [r for r in rows if r["date_start"] != days[len(days) // 2]]
        if "duplicate_rows" in self and rows:
            rows = [rows[0], *rows]
        if "outside_range" in self and rows:
            before = (query.since - timedelta(days=40)).isoformat()
            rows = [*rows, rows[0] | {"date_start": before, "date_stop": before}]
        if "wrong_arithmetic" in self:
            rows = [r | {"cpc": "9.99"} if "cpc" in r else r for r in rows]
        return rows

    def bend(self, body: dict[str, Any], edge: str, at: datetime) -> dict[str, Any]:
        """A page, bent as the active faults say."""
        if "pages_end_early" in self:
            body.get("paging", {}).pop("next", None)
        if "wrong_account" in self:
            body["data"] = [r | {"account_id": OTHER_ACCOUNT} if "account_id" in r else r for r in body["data"]]
        if "new_field" in self or "schema_drift" in self:
            body["data"] = [r | {"delivery_mood": "calm"} for r in body["data"]]
        if "schema_drift" in self and edge == "insights":
            body["data"] = [r | {"impressions": int(r["impressions"])} if "impressions" in r else r for r in body["data"]]
        return body
