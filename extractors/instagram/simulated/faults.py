"""Named faults: what can go wrong at the platform, and what must come of each."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from bedrot_console.extraction.simulator import Fault

from ..._graph.simulated import engine

_INSIGHTS = ("insights",)

FAULTS: dict[str, Fault] = {
    "token_expired": Fault("every token is expired (190/463)", 3, "credentials-rejected", tells="expired"),
    "session_expired": Fault("the token expires between two runs (190/463)", 3, "credentials-rejected", tells="expired", after="yesterday"),
    "token_invalid": Fault("no token can be parsed (190)", 3, "credentials-rejected", tells="access token"),
    "wrong_password": Fault("the password was changed, which ends the token (190/460)", 3, "credentials-rejected", tells="password was changed"),
    "checkpoint": Fault("the token's user is held at a checkpoint (190/459)", 3, "credentials-rejected", tells="checkpoint"),
    "proof_required": Fault("calls without appsecret_proof are refused (100)", 3, "credentials-rejected", tells="appsecret_proof"),
    "permission": Fault("the token has lost its permissions", 3, "access-error", tells="instagram_basic"),
    "insights_refused": Fault("insights are refused for want of a permission (10)", 1, "access-error", tells="does not have permission"),
    "blocked": Fault("blocked for policy (368)", 3, "source-blocked", tells="policy"),
    "wrong_account": Fault("the token leads to somebody else's account", 3, "access-error", tells="not the account of the settings"),
    "foreign_answers": Fault("insights are those of another account", 1, finding="consistency.wrong-account", tells="another account"),
    "account_switched": Fault(
        "the Page is connected to another account since yesterday", 1, finding="consistency.wrong-account", tells="another account", after="yesterday",
        account="tiny",
    ),
    "account_gone": Fault("the account is not shown any more (100/33)", 3, "not-shown", tells="access was lost"),
    "rate_limited": Fault("throttled for Instagram (80002), with minutes to regain access", 4, "rate-limited", tells="slow down"),
    "rate_limited_app": Fault("the app's limit is reached (4)", 4, "rate-limited", tells="slow down"),
    "insights_throttled": Fault("throttled (80002) once insights are asked for", 1, "rate-limited", tells="slow down"),
    "transient": Fault("temporary errors without end (2)", 4, "source-unavailable", tells="temporary error"),
    "insights_down": Fault("insights of the account answer with a temporary error (1)", 1, "source-unavailable", tells="temporary error"),
    "login_page_as_data": Fault("a sign-in page comes where data is due", 4, "source-changed", tells="HTML page"),
    "layout_changed": Fault("answers to insights have no list of data", 1, "source-changed", tells="holds no list"),
    "metric_removed": Fault(
        "profile_views is no metric any more", 0, finding="completeness.metric-removed", tells="profile_views", feeds=("totals",)
    ),
    "form_changed": Fault("series exist as totals only", 4, "source-changed", tells="refuses every metric", feeds=("insights",)),
    "reels_lose_a_metric": Fault(
        "reels no longer have shares", 0, finding="completeness.metric-refused", tells="shares", feeds=("media_insights",)
    ),
    "empty_data": Fault("every list of insights is empty", 1, finding="completeness.no-rows", tells="no rows"),
    "empty_series": Fault("reach is empty, the other series are not", 1, finding="completeness.metric-missing", tells="reach", feeds=_INSIGHTS),
    "schema_drift": Fault("values come as text", 1, finding="schema.type", tells="not an integer", feeds=_INSIGHTS),
    "new_field": Fault("entries have a field nobody knows", 0, finding="schema.drift", tells="mood", feeds=_INSIGHTS),
    "stale": Fault("series end ten days ago", 1, finding="freshness.too-old", tells="before the capture", feeds=_INSIGHTS),
    "missing_day": Fault("a day in the middle has no value", 1, finding="completeness.days-missing", tells="days", feeds=_INSIGHTS),
    "front_missing": Fault("the oldest ten days are gone", 1, finding="completeness.days-missing", tells="days", feeds=_INSIGHTS),
    "outside_range": Fault("a value lies before the range", 1, finding="consistency.outside-range", tells="outside the range", feeds=_INSIGHTS),
    "wrong_hour": Fault("days end at midnight UTC", 1, finding="consistency.end-time", tells="midnight in California", feeds=_INSIGHTS),
    "total_as_delta": Fault(
        "follower_count holds the total", 1, finding="consistency.delta-is-total", tells="new followers are due", feeds=_INSIGHTS
    ),
    "old_answers": Fault(
        "posts are answered as before v22, plays and impressions included", 1, finding="consistency.removed-metric", tells="plays",
        feeds=("media_insights",),
    ),
    "unsplit_follows": Fault("follows are not told apart from unfollows", 1, finding="consistency.follow-types", feeds=("totals",)),
    "too_many_people": Fault(
        "a breakdown counts more followers than there are", 1, finding="consistency.more-than-followers", feeds=("demographics",)
    ),
    "pages_end_early": Fault("the last pages of posts are never offered", 1, finding="completeness.posts-listed", tells="pages", feeds=("media",)),
    "repeated_page": Fault("every page of posts offers itself as the next one", 1, "source-changed", tells="circle"),
    "cursor_expired": Fault("cursors are refused (2642)", 1, "cursor-refused", tells="cursor"),
    "short_pages": Fault("pages hold fewer posts than asked for", 0),
    "empty_page": Fault("the second page of posts is empty and has a next one", 0),
    "duplicate_rows": Fault("a post is listed twice", 1, finding="consistency.key-repeats", tells="id", feeds=("media",)),
    "posts_vanished": Fault(
        "most posts are gone since yesterday", 1, finding="volume.posts-vanished", tells="no longer listed", after="yesterday", feeds=("media",)
    ),
    "post_deleted": Fault(
        "a post is deleted between the list and its insights", 0, finding="completeness.post-refused", tells="gone", feeds=("media", "media_insights")
    ),
    "cached": Fault(
        "posts and their insights are yesterday's", 0, finding="duplicates.same-content", after="yesterday", feeds=("media", "media_insights")
    ),
}  # fmt: skip
STALE_DAYS = 10
OTHER_ACCOUNT = "17841400000000009"


class Faults(engine.Faults):
    """Questions the engine asks of the active faults. `on` tells whether a fault is in force; asking may use it up."""

    def throttle(self, use_case: str) -> str | None:
        if "rate_limited" in self or (use_case == "insights" and "insights_throttled" in self):
            return "instagram"
        return "app" if "rate_limited_app" in self else None

    def gone(self) -> frozenset[str]:
        """Metrics that are none any more."""
        return frozenset({"profile_views"}) if "metric_removed" in self else frozenset()

    def arrived(self, at: datetime, *, posts: bool = False) -> datetime:
        """Up to when data is there."""
        if posts:
            return at - timedelta(days=1) if "cached" in self else at
        return at - timedelta(days=STALE_DAYS) if "stale" in self else at

    def listed(self, things: list[Any]) -> list[Any]:
        """Posts of a list, bent."""
        if "posts_vanished" in self:
            things = things[: len(things) // 4]
        return [things[0], *things] if things and "duplicate_rows" in self else things

    def account(self, data: list[dict[str, Any]], followers: int) -> list[dict[str, Any]]:
        """The data of the account's insights, bent."""
        if "empty_data" in self:
            return []
        if "empty_series" in self:
            data = [e for e in data if e["name"] != "reach"]
        for entry in data:
            if "values" in entry:
                self._series(entry, followers)
            if "too_many_people" in self and entry["name"] == "follower_demographics":
                for result in entry["total_value"]["breakdowns"][0]["results"]:
                    result["value"] *= 2
            if "unsplit_follows" in self and entry["name"] == "follows_and_unfollows":
                entry["total_value"] = {"value": 7}
            if "foreign_answers" in self:
                entry["id"] = f"{OTHER_ACCOUNT}/{entry['id'].partition('/')[2]}"
            if "new_field" in self:
                entry["mood"] = "calm"
        return data

    def _series(self, entry: dict[str, Any], followers: int) -> None:
        values = entry["values"]
        if "missing_day" in self and len(values) > 4:
            del values[len(values) // 2]
        if "front_missing" in self:
            del values[:10]
        if "outside_range" in self:
            values.insert(0, values[0] | {"end_time": "2025-02-01T08:00:00+0000"})
        if "wrong_hour" in self:
            entry["values"] = [v | {"end_time": v["end_time"][:11] + "00:00:00+0000"} for v in values]
        if "total_as_delta" in self and entry["name"] == "follower_count":
            entry["values"] = [v | {"value": followers - n} for n, v in enumerate(values)]
        if "schema_drift" in self and entry["name"] != "online_followers":
            entry["values"] = [v | {"value": str(v["value"])} for v in entry["values"]]

    def post(self, data: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The data of a post's insights, bent."""
        if "empty_data" in self:
            return []
        if "old_answers" in self and data:
            old = dict(data[0])
            for name in ("plays", "impressions"):
                data = [*data, old | {"name": name, "id": f"{old['id'].partition('/')[0]}/insights/{name}/lifetime"}]
        return data
