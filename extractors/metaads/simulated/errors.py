"""The Marketing API's own errors as it words them, beside the Graph API's. Codes and subcodes: fact sheet, chapter 7; wording seen in public issues."""

from __future__ import annotations

from ..._graph.simulated.errors import (
    THROTTLES,
    GraphError,
    bad_cursor,
    bad_field,
    bad_param,
    bad_token,
    dead_token,
    expired_token,
    missing_permission,
    no_token,
    policy_block,
    proof_missing,
    proof_wrong,
    throttled,
    too_much_data,
    transient,
    unknown_object,
    unknown_path,
    utc,
)

__all__ = [
    "THROTTLES", "GraphError", "bad_cursor", "bad_field", "bad_insights_fields", "bad_param", "bad_token", "dead_token", "expired_token",
    "missing_permission", "no_token", "not_granted", "policy_block", "proof_missing", "proof_wrong", "report_not_ready", "throttled", "too_far_back",
    "too_much_data", "too_much_data_100", "transient", "unknown_object", "unknown_path", "utc", "version_refused",
]  # fmt: skip


def not_granted() -> GraphError:
    message = "(#200) Ad account owner has NOT grant ads_management or ads_read permission"
    return GraphError(message, 200, status=403)


def bad_insights_fields(bad: list[str]) -> GraphError:
    verb = "is" if len(bad) == 1 else "are"
    where = "https://developers.facebook.com/docs/marketing-api/reference/ads-insights/"
    return GraphError(
        f"(#100) {', '.join(bad)} {verb} not valid for fields param. please check {where} for all valid values", 100
    )


def too_far_back() -> GraphError:
    return GraphError("(#3018) The start date of the time range cannot be beyond 37 months from the current date", 3018)


def version_refused(newest: str) -> GraphError:
    message = f"(#2635) You are calling a deprecated version of the Ads API. Please update to the latest version: {newest}."
    return GraphError(message, 2635)


def report_not_ready() -> GraphError:
    return GraphError(
        "(#2601) Error accessing adreport job.", 2601, 1815107, transient=True,
        title="Loading async report", user_message="The report is still being prepared. Try again in a moment.",
    )  # fmt: skip


def too_much_data_100() -> GraphError:
    return GraphError(
        "Invalid parameter", 100, 1487534, title="Query Timeout",
        user_message="This query took too long to run. Reduce the amount of data or start an asynchronous report.",
    )  # fmt: skip
