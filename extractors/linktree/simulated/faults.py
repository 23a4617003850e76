"""What can go wrong at Linktree, by name, and what must come of it."""

from __future__ import annotations

from bedrot_console.extraction.simulator import Fault

FAULTS: dict[str, Fault] = {
    # signing in
    "wrong_password": Fault("the password is refused", 3, "credentials-rejected", tells="refuses the sign-in"),
    "account_locked": Fault("the account is blocked after too many attempts", 3, "source-blocked", tells="refuses this account"),
    "code_wrong": Fault("every code is refused", 3, "challenge-expired", tells="refused every code"),
    "code_expired": Fault("every code is too old the moment it is sent", 3, "challenge-expired", tells="refused every code"),
    "voice_call": Fault("the code comes by a call instead of a text message", 0),
    "captcha": Fault("the sign-in wants a captcha solved", 0, account="small-plan"),
    "sign_in_changed": Fault("the fields of the sign-in page are renamed", 4, "source-changed", tells="sign-in page"),
    "challenge_page": Fault("a check of the browser stands before every page", 3, "source-blocked", tells="does not let this one pass"),
    "token_refused": Fault("the server knows no token, however often one signs in", 3, "access-error", tells="sign-in page again"),
    "login_page_as_data": Fault("the server answers figures with its sign-in page", 3, "access-error", tells="sign-in page again"),
    "session_expired": Fault("the login is void; the page shows for a moment, then leads to the sign-in", 0, after="login"),
    "session_expired_midway": Fault("the login ends between the first figures and those of the year", 0),
    # the page
    "heading_analytics": Fault("the page is called Analytics again", 0),
    "moved": Fault("the page has moved to /admin/insights", 0),
    "icon_first": Fault("the picker's field appears after a click on the calendar", 0),
    "layout_changed": Fault("the period picker is built anew", 4, "source-changed", tells="period picker"),
    "picker_dead": Fault("the picker's choice does nothing: seven days are asked for again", 4, "source-changed", tells="7 days"),
    "weekly": Fault("the button Daily asks for weeks", 4, "source-changed", tells="not day by day"),
    "year_missing": Fault("the plan offers 90 days at most", 0, finding="completeness.plan-limit", tells="90 days"),
    "no_daily": Fault("the plan shows no daily figures", 3, "access-error", tells="no daily figures"),
    "partial_burst": Fault("the page asks for the overview of the year only", 1, "source-changed", tells="audience"),
    "identical_bodies": Fault("the page asks everything twice and gets the same bytes", 0),
    "leaves_page": Fault("the page goes on by itself while its first answers of the year arrive", 0),
    # the server
    "rate_limited": Fault("every page and answer is 429 with Retry-After", 4, "rate-limited", tells="asks to wait"),
    "graphql_errors": Fault("answers are errors with status 200", 4, "source-unavailable", tells="an error in place of data"),
    "audience_errors": Fault("the audience is an error with status 200", 1, "source-unavailable", tells="an error in place of data"),
    "throttled": Fault("the server answers figures with 429 and asks for a long pause", 4, "rate-limited", tells="slow down"),
    "throttled_in_200": Fault("the server says in a body with status 200 to slow down", 4, "rate-limited", tells="slow down"),
    "slow_overview": Fault("the overview of the year takes more than ten seconds", 0),
    "email_in_answer": Fault("the overview carries an e-mail address", 1, "source-changed", tells="e-mail"),
    "only_timeseries": Fault("the overview's answer is a series of links", 1, "source-changed", tells="neither overview nor audience"),
    # the figures
    "short_answer": Fault("seven days come in place of the year that was asked for", 1, finding="completeness.window", tells="7 came"),
    "stale": Fault("the window ends twelve days ago", 1, finding="freshness.too-old", tells="12 days"),
    "cached": Fault("the answer is the one of the day before", 0, finding="duplicates.same-bytes", tells="the same bytes", after="yesterday"),
    "missing_day": Fault("a day is missing in between", 1, finding="completeness.days-missing", tells="1 day is missing"),
    "empty_data": Fault("every day of the window is zero", 0, finding="consistency.all-zero", tells="traffic", after="yesterday"),
    "counting_stopped": Fault("nothing was counted for weeks", 0, finding="consistency.counting-stopped", tells="last view"),
    "history_shrank": Fault("older days are zero now", 1, finding="consistency.past-changed", tells="other figures", after="yesterday"),
    "wrong_totals": Fault("the totals are not the sums of the days", 1, finding="consistency.totals", tells="add up"),
    "percent_rates": Fault("rates are percentages", 1, finding="consistency.rate", tells="clicks by views"),
    "schema_drift": Fault("days have a field that nobody knows", 0, finding="schema.drift", tells="saves"),
    "missing_field": Fault("days no longer have unique views", 1, finding="schema.required", tells="uniqueViews is missing"),
    "wrong_account": Fault("the page shows another profile", 3, "access-error", tells="another profile"),
    "unnamed_other": Fault(
        "another profile's figures come, and the page names none", 1, finding="consistency.other-profile", tells="another profile",
        after="yesterday",
    ),
}  # fmt: skip
