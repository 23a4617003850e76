"""What can go wrong at the site, by name, what must come of each, and the challenges that a sign-in raises."""

from __future__ import annotations

from bedrot_console.extraction.simulator import Fault, Trial

_REFUSED = "does not take the login"
_FIGURES = ("spotify", "apple")

FAULTS: dict[str, Fault] = {
    # signing in
    "wrong_password": Fault("the password is refused", 3, "credentials-rejected", tells="Invalid email or password"),
    "account_locked": Fault("the account is locked", 3, "source-blocked", tells="locked"),
    "login_500": Fault("the sign-in call fails on the server", 4, "source-unavailable", tells="Server Error"),
    "layout_changed": Fault("the sign-in form has other fields", 4, "source-changed", tells="looks like none"),
    "code_wrong": Fault("every code is refused", 3, "challenge-expired", tells="refused every code"),
    "code_expired": Fault("every code has expired when it arrives", 3, "challenge-expired", tells="refused every code"),
    "challenge_page": Fault("a check for people stands in front of the site", 0),
    # the token
    "token_key_other": Fault("the token is kept under a key that nobody knows", 0),
    "jwt_short": Fault("tokens live for one hour", 0, tells="sign in again before then"),
    "session_expired": Fault("the saved token is void before its time", 0, tells="no longer taken", after="login"),
    "session_expired_midway": Fault("the token is void between the two answers", 0, tells="signing in again", after="login"),
    "unauthorized_json": Fault("every analytics call is refused with 401", 3, "access-error", tells=_REFUSED),
    "login_redirect": Fault("analytics calls are sent to the sign-in page", 3, "access-error", tells=_REFUSED),
    "login_page_as_data": Fault("the sign-in page comes with status 200 in place of figures", 3, "access-error", tells=_REFUSED),
    # the analytics page and its calls
    "page_silent": Fault("the analytics page asks its server for nothing", 1, "source-changed", tells="does not ask its server"),
    "picker_gone": Fault("the analytics page has no date picker", 1, "source-changed", tells="date picker"),
    "apple_gone": Fault("the platform menu has no entry that is exactly Apple", 1, "source-changed", tells="the entry Apple"),
    "already_this_year": Fault("the page opens with this year, so that choosing it asks for nothing anew", 0),
    "query_changed": Fault("the page asks with other parameters in another order", 0, feeds=_FIGURES),
    "spotify_hangs": Fault(
        "the call about Spotify is never answered", 1, "source-unavailable", tells="does not answer about Spotify"
    ),
    "apple_hangs": Fault("the call about Apple is never answered", 1, "source-unavailable", tells="does not answer about Apple"),
    "rate_limited_api": Fault("analytics calls are refused with 429, a message and a pause", 1, "rate-limited", tells="429"),
    "api_500": Fault("analytics calls fail on the server", 1, "source-unavailable", tells="500"),
    "message_as_data": Fault(
        "a message comes with status 200 in place of figures", 1, "source-changed", tells="a message of the site"
    ),
    "shape_changed": Fault("the figures come in an object of other names", 1, "source-changed", tells="is not as it was"),
    # figures
    "empty_data": Fault("the year has no days", 1, finding="completeness.no-rows", tells="no days", feeds=_FIGURES),
    "stale": Fault(
        "the figures stand still since 12 days", 1, finding="freshness.too-old", tells="days before the capture", feeds=_FIGURES
    ),
    "cached": Fault(
        "yesterday's bytes are served again",
        0,
        finding="duplicates.same-bytes",
        tells="same bytes landed before",
        after="yesterday",
    ),
    "missing_day": Fault(
        "a day that was there is left out",
        1,
        finding="completeness.days-vanished",
        tells="vanished",
        after="yesterday",
        feeds=_FIGURES,
    ),
    "apple_gap": Fault(
        "Apple leaves out two days", 0, finding="completeness.days-missing", tells="missing in between", feeds=("apple",)
    ),
    "history_shrank": Fault(
        "the first 20 days are gone", 1, finding="completeness.days-vanished", tells="vanished", after="yesterday", feeds=_FIGURES
    ),
    "year_restarts": Fault(
        "the year begins anew in its midst",
        1,
        finding="completeness.days-vanished",
        tells="vanished",
        after="yesterday",
        feeds=_FIGURES,
    ),
    "totals_differ": Fault(
        "Apple's total is not the sum of its days", 1, finding="consistency.totals-differ", tells="is not streamTotal"
    ),
    "wrong_account": Fault(
        "another account's figures are served",
        1,
        finding="consistency.other-series",
        tells="another account",
        after="yesterday",
        feeds=_FIGURES,
    ),
    "type_change": Fault("text becomes number and number text", 0, finding="schema.type-drift", tells="not as", feeds=_FIGURES),
    "schema_drift": Fault(
        "objects have fields that nobody knows", 0, finding="schema.drift", tells="does not know", feeds=_FIGURES
    ),
    "wrapped": Fault("answers are wrapped in data", 0, finding="format.wrapped", tells="wrapper", feeds=_FIGURES),
    "sorted_order": Fault("days come in order", 0, feeds=_FIGURES),
    # reports
    "no_report": Fault("no notification speaks of a sales report", 0, tells="no sales report among the notifications"),
    "no_notifications": Fault("the list of notifications is empty", 0, tells="no sales report among the notifications"),
    "report_late": Fault(
        "the reports of the last two months have not come", 0, tells="no sales report of 2026-02 or the month before"
    ),
    "title_variants": Fault("titles set off their month in other ways", 0),
    "title_unknown": Fault("titles speak of a sales report and name no month", 1, "source-changed", tells="name no month"),
    "notifications_changed": Fault(
        "the list of notifications is drawn otherwise", 1, "source-changed", tells="notifications page"
    ),
    "attachment_missing": Fault("the notification has no attachment", 1, "source-changed", tells="has no attachment"),
    "attachment_refused": Fault("the attachment is refused with a message", 1, "source-unavailable", tells="does not hand out"),
    "page_as_report": Fault("a page opens in place of the report", 1, "source-changed", tells="a page came"),
    "html_as_csv": Fault("a page is downloaded in place of the report", 1, "source-changed", tells="a page or a message"),
    "other_month": Fault(
        "the report of another month is attached", 1, finding="consistency.other-month", tells="month of the report"
    ),
    "csv_column_missing": Fault("the report lacks its units", 1, "source-changed", tells="header"),
    "csv_new_column": Fault(
        "the report has a column that nobody knows", 0, finding="schema.drift", tells="does not know", feeds=("sales",)
    ),
    "csv_semicolon": Fault("cells are set off by semicolons", 0, feeds=("sales",)),
    "csv_crlf": Fault("lines end with CR and LF", 0, feeds=("sales",)),
    "csv_latin1": Fault("the report is not UTF-8", 0, finding="format.repaired", tells="latin-1", feeds=("sales",)),
    # of the harness, as they show here
    "rate_limited": Fault("every answer is 429 with Retry-After", 4, "rate-limited", tells="429"),
}

TRIALS: dict[str, Trial] = {
    "e-mailed code": Trial("code", "e-mail"),
    "authenticator app": Trial("code", "app", account="app-code", expired=None, sends=False),
    "check for people": Trial("page", account="no-code", faults=("challenge_page",), wrong=None, expired=None, sends=False),
}
