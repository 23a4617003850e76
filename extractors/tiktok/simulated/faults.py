"""The faults of the stand-in, and what must come of each."""

from __future__ import annotations

from collections.abc import Mapping

from bedrot_console.extraction.simulator import Fault

KNOWN: Mapping[str, Fault] = {
    # the way in
    "wrong_password": Fault("the password is refused", 3, "credentials-rejected", tells="refuses the login"),
    "account_locked": Fault("the account is locked after too many attempts", 3, "source-blocked", tells="Maximum number of attempts"),
    "session_expired": Fault("the saved login has expired", 0, after="login"),
    "session_expired_midway": Fault("the login expires in the middle of a run", 0, after="login"),
    "captcha_at_login": Fault("the login wants a captcha solved", 0),
    "captcha_at_studio": Fault("the studio wants a captcha solved in spite of a good login", 0, after="login"),
    "captcha_endless": Fault("a captcha comes after each captcha", 3, "source-blocked", tells="captcha after each captcha", after="login"),
    "white_page": Fault("the studio is a white page", 3, "source-blocked", tells="white page", after="login"),
    "layout_changed": Fault("the login form is rebuilt", 4, "source-changed", tells="looks like none"),
    "wrong_account": Fault("the browser is signed in as another artist", 3, "access-error", tells="another account", after="login"),
    # exports
    "login_page_as_data": Fault("the login page comes in place of each export", 1, finding="format.sign-in-page", tells="sign-in page"),
    "period_stuck": Fault("the page keeps its period whatever is chosen", 1, "source-changed", tells="period of 365 days", feeds=("viewers", "videos")),
    "period_silent": Fault("the export has 7 days whatever was chosen", 1, finding="completeness.wrong-window", tells="another period"),
    "too_frequent": Fault("TikTok answers that it is visited too often", 4, "rate-limited", tells="too often", after="login"),
    "zip_damaged": Fault("a byte of each archive is wrong", 4, "source-unavailable", tells="damaged", feeds=("overview",)),
    "zip_path": Fault("entries of the archives have a path", 1, finding="format.archive", tells="has a path"),
    "two_reports": Fault("the Overview archive holds the viewers too", 1, finding="format.archive", tells="more than one report"),
    "bare_csv": Fault("the browser gets bare tables in place of archives", 0),
    "part_missing": Fault("the Followers archive lacks a table", 1, finding="completeness.part-missing", tells="not in the export"),
    "empty_data": Fault("every table and answer is empty", 1, finding="completeness.no-rows", tells="no rows"),
    "schema_drift": Fault("the tables have a new column", 0, finding="schema.drift", tells="does not know"),
    "header_translated": Fault("the Overview's header is in another language", 0, finding="schema.header-unknown", tells="by their place"),
    "column_missing": Fault("the Overview lacks a column", 1, finding="format.not-a-table", tells="does not have its columns"),
    "missing_day": Fault("two days are left out", 1, finding="completeness.days-missing", tells="missing in between"),
    "stale": Fault("the figures end 20 days ago", 1, finding="freshness.too-old", tells="days before the capture"),
    "cached": Fault("yesterday's figures are served again", 0, finding="duplicates.same-bytes", tells="the same bytes", after="yesterday"),
    "history_shrank": Fault("the first months are gone", 1, finding="completeness.front-vanished", tells="first day moved", after="yesterday"),
    "labels_shifted": Fault("the days stand under labels one day later", 0, finding="consistency.labels-shifted", tells="one day later", after="yesterday"),
    "restated": Fault("some settled days have other figures", 0, finding="consistency.restated", tells="other figures", after="yesterday"),
    "other_numbers": Fault("the figures are another account's", 1, finding="consistency.other-series", tells="another account's", after="yesterday"),
    "wrong_account_file": Fault("the files are named after another account", 1, finding="consistency.wrong-account", tells="another account"),
    "viewers_wrong": Fault("new and returning viewers do not make the total", 1, finding="consistency.viewers-differ", tells="do not make the total"),
    "shares_wrong": Fault("the shares of genders make more than 1", 1, finding="consistency.shares-differ", tells="do not make 1"),
    # answers behind the pages
    "insight_error": Fault("the answer behind the overview is an error", 1, "source-unavailable", tells="status 5"),
    "insight_type_missing": Fault("a history that was asked for is not answered", 1, finding="completeness.type-missing", tells="not answered"),
    "session_inside": Fault("the answer echoes a cookie of the session", 1, finding="consistency.holds-session", tells="cookie of the session"),
    "posts_break": Fault("the post list breaks off at its second page", 1, "source-unavailable", tells="post list"),
}  # fmt: skip
