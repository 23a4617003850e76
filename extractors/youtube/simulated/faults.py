"""The faults this stand-in can show, and what must come of each."""

from __future__ import annotations

from bedrot_console.extraction.simulator import Fault

FAULTS: dict[str, Fault] = {
    # consent and tokens
    "token_expired": Fault("the refresh token is dead, as after 7 days of a consent screen in Testing", 3, "credentials-rejected", tells="after 7 days"),
    "client_unknown": Fault("the OAuth client is not known", 3, "credentials-rejected", tells="invalid_client"),
    "access_refused": Fault("every access token is refused, a fresh one too", 3, "credentials-rejected", tells="does not take the access token"),
    "session_expired": Fault("each access token ends after four calls", 0),
    "consent_in_testing": Fault("the consent ends in two days, and the token service says so", 0),
    "scope_missing": Fault("the person ticked only the box of Analytics", 3, "access-error", tells="youtube.readonly"),
    "revenue_not_granted": Fault("the person did not tick the box of revenue", 1, "access-error", tells="yt-analytics-monetary.readonly"),
    "wrong_account": Fault("the consent was given for the brand account beside the channel", 3, "access-error", tells="wrong channel"),
    "no_channel": Fault("the Google account has no channel", 3, "access-error", tells="no YouTube channel"),
    "api_not_enabled": Fault("the project has not enabled the API", 3, "access-error", tells="not enabled"),
    # limits
    "rate_limited": Fault("every call comes too fast (403 rateLimitExceeded)", 4, "rate-limited", tells="slow down"),
    "quota_exceeded": Fault("the project's units of the day are spent", 4, "rate-limited", tells="midnight Pacific"),
    "analytics_quota_exceeded": Fault("the Analytics API's quota of the day is spent", 1, "rate-limited", tells="midnight Pacific"),
    "analytics_down": Fault("the Analytics API has a backend error, the Data API works", 1, "source-unavailable", tells="temporary error"),
    # reports that are refused
    "report_refused": Fault("one report (traffic sources) is no longer supported", 1, "source-changed", tells="refuses the query"),
    "metric_refused": Fault("one metric (engagedViews) is no longer known", 0, finding="completeness.metric-refused", tells="engagedViews"),
    "revenue_refused": Fault("the channel lost its monetisation", 1, "access-error", tells="no access"),
    "error_in_200": Fault("reports hold an error inside an answer of status 200", 1, "source-changed", tells="inside an answer of status 200"),
    # other shapes
    "login_page_as_data": Fault("a sign-in page answers every call", 4, "source-changed", tells="HTML"),
    "shape_changed": Fault("the list of channels is of another kind", 4, "source-changed", tells="another kind"),
    "layout_changed": Fault("reports no longer have columnHeaders", 1, "source-changed", tells="no result table"),
    "columns_swapped": Fault("the columns of reports are not in the order asked for", 1, finding="consistency.columns-differ", tells="columns"),
    "schema_drift": Fault("counters come as numbers, not as strings", 1, finding="schema.type", tells="not a string"),
    "new_field": Fault("videos have a counter that nobody knows", 0, finding="schema.drift", tells="remixCount"),
    # data
    "empty_data": Fault("reports hold no rows at all", 1, finding="volume.all-vanished", tells="holds none", after="yesterday"),
    "stale": Fault("reports end ten days ago", 1, finding="freshness.too-old", tells="days before the capture"),
    "missing_day": Fault("a day in the middle of the report by day is missing", 1, finding="completeness.sum-differs", tells="do not add up"),
    "history_shrank": Fault("reports by day begin ten days later than asked for", 1, finding="completeness.sum-differs", tells="do not add up"),
    "cached": Fault("reports answer what they answered a day before", 1, finding="consistency.outside-range", tells="outside the range", after="yesterday"),
    "duplicate_rows": Fault("a row comes twice", 1, finding="consistency.key-repeats", tells="repeat the key"),
    "impossible_numbers": Fault("views are below zero", 1, finding="consistency.negative", tells="below zero"),
    "pages_end_early": Fault("the list of uploads ends after its first page", 1, finding="completeness.total-differs", tells="counts"),
    "page_repeats": Fault("the list of uploads runs in a circle", 1, "source-changed", tells="circle"),
    "videos_missing": Fault("half of the videos that were asked for are not answered", 1, finding="completeness.total-differs", tells="counts"),
    "foreign_videos": Fault("videos of another channel are among the answers", 1, finding="consistency.wrong-account", tells="another channel"),
}  # fmt: skip
