"""Named faults: what can go wrong at the platform, switched on by name while it serves.

A fault is in force until it is taken out, or for the next n times it is asked for, as the harness keeps count.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from bedrot_console.extraction.simulator import Fault

from ..._graph.simulated import engine

FAULTS: dict[str, Fault] = {
    "token_expired": Fault("every token is expired (190/463)", 3, "credentials-rejected", tells="it has expired"),
    "token_invalid": Fault("no token can be parsed (190)", 3, "credentials-rejected", tells="the access token is refused"),
    "checkpoint": Fault("the token's user is held at a checkpoint (190/459)", 3, "credentials-rejected", tells="checkpoint"),
    "proof_required": Fault("calls without appsecret_proof are refused (100); with the app's secret stored they carry it", 0),
    "permission": Fault("the account is not granted and ads_read is missing (200)", 3, "access-error", tells="ads_read"),
    "blocked": Fault("the account is blocked for policy (368)", 3, "source-blocked", tells="for policy reasons"),
    "version_refused": Fault("the version is refused (2635)", 2, "usage-error", tells="version"),
    "rate_limited": Fault("a use case is throttled (80000, 80004), with minutes to regain access", 4, "rate-limited", tells="asks to slow down"),
    "rate_limited_app": Fault("the app's limit is reached (4/1504022)", 4, "rate-limited", tells="asks to slow down"),
    "rate_limited_account": Fault("the account's limit is reached (17/2446079), with seconds until reset", 4, "rate-limited", tells="asks to slow down"),
    "rate_limited_custom": Fault("a custom limit is reached (613/1487742), without any header", 4, "rate-limited", tells="asks to slow down"),
    "transient": Fault("temporary errors never end (2, is_transient)", 4, "source-unavailable", tells="temporary error"),
    "error_in_200": Fault("errors would come with HTTP status 200", 0),
    "too_much_data": Fault("synchronous insights over 7 days are refused (1/99, 100/1487534)", 0),
    "large_pages_refused": Fault("pages of more than 100 rows are too much (1/99)", 0),
    "async_failed": Fault("only report runs are served, and they end as Job Failed", 4, "report-failed", tells="Job Failed"),
    "async_skipped": Fault("only report runs are served, and they end as Job Skipped", 4, "report-failed", tells="Job Skipped"),
    "async_stuck": Fault("only report runs are served, and they stay at 0 percent", 4, "report-stuck", tells="does not get done"),
    "async_late": Fault("only report runs are served, and a new one is not found at first (100/33)", 0),
    "cursor_expired": Fault("cursors are refused (2642): what needs a second page cannot be had", 1, "cursor-refused", tells="refuses the cursor"),
    "short_pages": Fault("pages hold fewer rows than asked for", 0),
    "empty_page": Fault("the second page is empty and has a next one", 0),
    "pages_end_early": Fault("the last pages are never offered", 1, finding="completeness.sum-differs"),
    "repeated_page": Fault("every page offers itself as the next one: what needs a second page cannot be had", 1, "source-changed", tells="in a circle"),
    "shape_changed": Fault("lists stand under another name", 4, "source-changed", tells="holds no list"),
    "login_page_as_data": Fault("a sign-in page comes where data is due, with status 200", 4, "source-changed", tells="HTML page"),
    "empty_data": Fault("every list is empty", 1, finding="completeness.sum-differs"),
    "stale": Fault("insights end ten days ago", 1, finding="freshness.behind", after="yesterday"),
    "schema_drift": Fault("rows have a new field, and impressions are JSON numbers", 1, finding="schema.type"),
    "new_field": Fault("rows have a field nobody knows", 0, finding="schema.drift"),
    "wrong_account": Fault("rows belong to another account", 4, "source-changed", tells="another account"),
    "missing_reach": Fault("reach and frequency are silently absent", 0, finding="completeness.metric-missing"),
    "wrong_arithmetic": Fault("cpc no longer follows from spend and clicks", 1, finding="consistency.arithmetic"),
    "missing_day": Fault("one day in the middle has no rows", 1, finding="volume.rows-vanished", after="yesterday"),
    "duplicate_rows": Fault("one row comes twice", 1, finding="consistency.key-repeats"),
    "outside_range": Fault("a row lies outside the range asked for", 1, finding="consistency.outside-range"),
    "campaign_hidden": Fault("a campaign that delivers is left out of every answer by campaign", 1, finding="completeness.campaign-skipped"),
    "campaigns_too_much": Fault("insights by campaign are too much data, however few days", 1, "too-much-data", tells="too much data"),
}  # fmt: skip
STALE_DAYS = 10
OTHER_ACCOUNT = "1000000000000009"


class Faults(engine.Faults):
    """Questions the Graph asks of the active faults. `on` tells whether a fault is in force; asking may use it up."""

    def throttle(self, use_case: str) -> str | None:
        """The limit that is exhausted for a call of this use case."""
        if "rate_limited" in self:
            return use_case
        return next((what for what in ("app", "account", "custom") if f"rate_limited_{what}" in self), None)

    def too_much(self, days: int) -> bool:
        return any(name in self for name in ("async_failed", "async_skipped", "async_stuck", "async_late")) or (
            "too_much_data" in self and days > 7
        )

    def listed(self, things: list[Any]) -> list[Any]:
        return [] if "empty_data" in self else things

    def data_moment(self, at: datetime) -> datetime:
        return at - timedelta(days=STALE_DAYS) if "stale" in self else at

    def rows(self, rows: list[dict[str, Any]], query: Any, at: datetime) -> list[dict[str, Any]]:
        """The rows of an insights answer, bent as the active faults say. The given ones are shared and stay as they are."""
        if "empty_data" in self:
            return []
        if query.level == "campaign" and rows and "campaign_hidden" in self:
            rows = [r for r in rows if r.get("campaign_id") != rows[0].get("campaign_id")]
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
        if "shape_changed" in self:
            return {"nodes": body["data"], **{k: v for k, v in body.items() if k != "data"}}
        if "pages_end_early" in self:
            body.get("paging", {}).pop("next", None)
        if "wrong_account" in self:
            body["data"] = [r | {"account_id": OTHER_ACCOUNT} if "account_id" in r else r for r in body["data"]]
        if "new_field" in self or "schema_drift" in self:
            body["data"] = [r | {"delivery_mood": "calm"} for r in body["data"]]
        if "schema_drift" in self and edge == "insights":
            body["data"] = [r | {"impressions": int(r["impressions"])} if "impressions" in r else r for r in body["data"]]
        return body
