"""What can go wrong at the site, by name, and what must come of it; and the challenges that its login raises."""

from __future__ import annotations

from bedrot_console.extraction.simulator import Fault, Trial

BOTH = ("streams", "applemusic")

FAULTS: dict[str, Fault] = {
    "wrong_password": Fault("the sign-in refuses the password", 3, "credentials-rejected", tells="refuses the sign-in"),
    "account_locked": Fault("the account is locked", 3, "source-blocked", tells="locked"),
    "login_500": Fault("the sign-in call fails", 4, "source-unavailable", tells="with an error"),
    "captcha_puzzle": Fault("the sign-in wants a captcha puzzle solved; a human solves it", 0),
    "captcha_unsolved": Fault("the captcha puzzle takes no solution", 3, "source-blocked", tells="captcha"),
    "code_expired": Fault("every code is too old on arrival", 3, "challenge-expired", tells="refused every code"),
    "code_wrong": Fault("every code is refused", 3, "challenge-expired", tells="every code"),
    "challenge_once": Fault("a Cloudflare check stands in front and solves itself", 0),
    "challenge_page": Fault("a Cloudflare check stands in front until a human ticks its box", 0),
    "challenge_stuck": Fault("a Cloudflare check stands in front and lets nobody pass", 3, "source-blocked", tells="Cloudflare"),
    "session_expired": Fault("the saved login is void", 0, after="login"),
    "session_expired_midway": Fault("the login is void between two feeds", 0, after="login"),
    "layout_changed": Fault("the sign-in, chart and bank pages are rebuilt", 4, "source-changed", tells="looks like none of"),
    "login_page_as_data": Fault("the stats pages answer with the sign-in page", 1, "access-error", tells="sign-in page", after="login"),
    "empty_chart": Fault("the charts stay empty", 1, "source-unavailable", tells="stays empty", after="login"),
    "chart_late": Fault("the charts are filled a moment after the page", 0, after="login"),
    "wrong_plan": Fault("the plan shows no daily stats", 1, "access-error", tells="plan", after="login"),
    "no_releases": Fault("the account has no releases", 1, "access-error", tells="no releases", after="login"),
    "wrong_account": Fault("the stats pages belong to another member", 1, "access-error", tells="another account", after="login"),
    "wrong_page": Fault("the Apple Music address shows the streams page", 1, "source-changed", tells="streams page", after="login"),
    "filter_first": Fault("the export has more than 50,000 rows and wants a filter", 1, "access-error", tells="filter", after="login"),
    "html_as_tsv": Fault("the export is an error page", 1, "source-changed", tells="is a page", after="login"),
    "cut_at_line": Fault("the export breaks off at a line's end", 1, finding="volume.rows-vanished", after="yesterday"),
    "stale": Fault("nothing was counted for two weeks", 1, finding="freshness.too-old", after="yesterday"),
    "cached": Fault("the charts are yesterday's", 0, finding="duplicates.same-content", after="yesterday"),
    "missing_day": Fault("days are left out", 1, finding="completeness.days-missing", after="yesterday"),
    "schema_drift": Fault("the export has a column nobody knows", 0, finding="schema.drift"),
    "loose_js": Fault("the charts are spelled loosely", 0),
    "columns_13": Fault("the export has the 13 columns of before July 2025", 0),
    "mixed_columns": Fault("the export has 15 columns, one of them under its old name", 0),
    "comma_separated": Fault("the export is comma separated, all cells quoted", 0),
    "utf8": Fault("the export is UTF-8", 0),
    "utf8_bom": Fault("the export is UTF-8 with a byte order mark", 0),
    "cr_only": Fault("the export's lines end in CR alone", 0, finding="format.repaired"),
    "zip_in_zip": Fault("the export is zipped twice", 0, finding="format.repaired"),
    "rate_limited": Fault("every answer is 429 with Retry-After", 4, "rate-limited", tells="asks to wait"),
}  # fmt: skip

BARRED: dict[str, tuple[str, ...]] = {
    "login_page_as_data": BOTH, "empty_chart": BOTH, "wrong_plan": BOTH, "no_releases": BOTH, "wrong_account": BOTH,
    "wrong_page": ("applemusic",), "filter_first": ("sales",), "html_as_tsv": ("sales",),
}  # fmt: skip
"""Faults that keep feeds from being brought at all."""

TRIALS: dict[str, Trial] = {
    "mailed code": Trial("code", "e-mail"),
    "app code": Trial("code", "app", account="app-code", expired=None, sends=False),
    "captcha puzzle": Trial("page", faults=("captcha_puzzle",), wrong=None, expired=None, sends=False),
    "Cloudflare check": Trial("page", faults=("challenge_page",), wrong=None, expired=None, sends=False),
}
