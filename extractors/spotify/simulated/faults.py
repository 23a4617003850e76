"""Named faults of the simulator, and what must come of each."""

from __future__ import annotations

from bedrot_console.extraction.standins import Fault

_SOLO = "plain"
_AUDIENCE, _METRICS = ("audience",), ("song_metrics",)

FAULTS: dict[str, Fault] = {
    # the way in
    "wrong_password": Fault("the password is refused", 3, "credentials-rejected", tells="refuses the sign-in"),
    "too_many_attempts": Fault("sign-in is locked for 30 minutes", 3, "source-blocked", tells="may be tried again", account="both"),
    "code_wrong": Fault("every code is refused", 3, "challenge-expired", tells="refused every code"),
    "code_expired": Fault("every code is too old at once", 3, "challenge-expired", tells="refused every code"),
    "captcha": Fault("a captcha stands before the sign-in", 0, account=_SOLO),
    "code_first": Fault("the user name alone mails a code, the password is offered beside it", 0, account=_SOLO),
    "one_form": Fault("user name and password stand in one form", 0, account=_SOLO),
    "sign_in_error": Fault("the sign-in answers 500", 4, "source-unavailable", tells="did not sign us in"),
    "session_expired": Fault("the saved login is void", 0, after="login", account=_SOLO),
    "session_expired_midway": Fault("the login ends in the middle of the run", 0, account=_SOLO),
    "layout_changed": Fault("the pages are rebuilt", 4, "source-changed", tells="looks like none"),
    "wrong_account": Fault("the site signs in somebody else", 3, "access-error", tells="no member of the team", account=_SOLO),
    "not_a_member": Fault("the login is no longer in the team of its second artist", 1, "access-error", tells="no member of the team"),
    "unknown_artist": Fault("there is no such artist as the second", 1, "access-error", tells="knows no artist"),
    # pages
    "locale_segment": Fault("addresses hold a language", 0, account=_SOLO),
    "filter_stuck": Fault("the audience filter does not take the choice", 1, "source-changed", tells="12 months", account=_SOLO),
    "wrong_artist": Fault("the audience page moves on to another artist", 1, "source-changed", tells="of another artist"),
    "period_silent": Fault("the page never asks for one period", 1, "source-unavailable", tells="7day", account=_SOLO),
    "period_silent_once": Fault("the page serves one period from its memory, until it is loaded anew", 0, account=_SOLO),
    # answers
    "login_page_as_data": Fault("data answers 200 with the sign-in page", 4, "source-changed", tells="is a page", account=_SOLO),
    "token_expired_200": Fault("the songs answer 200 with `Token expired`", 1, "source-unavailable", tells="token expired", account=_SOLO),
    "token_expired_401": Fault("the songs answer 401 with `Token expired`", 1, "source-unavailable", tells="token expired", account=_SOLO),
    "token_expired_once": Fault("the songs answer 401 until the page is loaded anew", 0, account=_SOLO),
    "unauthorized": Fault("the songs answer 401", 1, "source-unavailable", tells="401", account=_SOLO),
    "songs_rate_limited": Fault("the songs answer 429 with Retry-After", 1, "rate-limited", tells="asks to wait", account=_SOLO),
    "no_healthy_upstream": Fault("the songs answer 503 `no healthy upstream`", 1, "source-unavailable", tells="no healthy upstream", account=_SOLO),
    "bearer_echoed": Fault("the songs' answer holds the bearer it was asked with", 0, finding="consistency.bearer-masked", tells="bearer", account=_SOLO, feeds=_METRICS),
    "empty_data": Fault("exports and answers hold no row", 1, finding="completeness.no-rows", tells="no rows", account=_SOLO),
    "schema_drift": Fault("there is a new column and a new field", 0, finding="schema.drift", tells="does not know", account=_SOLO),
    "column_renamed": Fault("the column of streams has another name", 1, finding="completeness.column-missing", tells="streams", account=_SOLO, feeds=_AUDIENCE),
    "columns_4": Fault("the timeline has the older 4 columns", 0, account=_SOLO, feeds=_AUDIENCE),
    "columns_8": Fault("the timeline has 8 columns", 0, account=_SOLO, feeds=_AUDIENCE),
    "column_order": Fault("the timeline's columns stand in another order", 0, account=_SOLO, feeds=_AUDIENCE),
    "no_bom": Fault("the timeline has no BOM", 0, account=_SOLO, feeds=_AUDIENCE),
    "int_counts": Fault("counts are numbers, not text", 0, account=_SOLO, feeds=_METRICS),
    "count_gaps": Fault("some counts are null or missing", 0, account=_SOLO, feeds=_METRICS),
    "window_28day": Fault("the page says 12 months, the timeline has 28 days", 1, finding="completeness.window", tells="28 days", account=_SOLO, feeds=_AUDIENCE),
    "cut_at_line": Fault("the timeline breaks off at a line's end", 1, finding="completeness.window", tells="12 months", account=_SOLO, feeds=_AUDIENCE),
    "missing_day": Fault("one day is left out of the timeline", 1, finding="completeness.days-missing", tells="missing", account=_SOLO, feeds=_AUDIENCE),
    "stale": Fault("nothing is newer than 12 days", 1, finding="freshness.too-old", tells="days before", account=_SOLO),
    "behind": Fault("the timeline ends 3 days before the site's own latest day", 1, finding="freshness.behind", tells="latest day", account=_SOLO, feeds=_AUDIENCE),
    "more_listeners": Fault("a day has more listeners than streams", 1, finding="consistency.listeners-over-streams", tells="listeners", account=_SOLO, feeds=_AUDIENCE),
    "revised": Fault("one past day has other figures than yesterday", 0, finding="consistency.revised", tells="other figures", after="yesterday", account=_SOLO, feeds=_AUDIENCE),
    "wrong_artist_data": Fault("exports and answers are another artist's", 1, finding="consistency.other-artist", tells="another artist", after="yesterday", account=_SOLO),
    "duplicate": Fault("the site serves what it served yesterday", 0, finding="duplicates.same-bytes", tells="landed before", after="yesterday", account=_SOLO),
    "windows_mixed": Fault("7 days and 28 days are swapped", 1, finding="consistency.windows", tells="contain", account=_SOLO, feeds=_METRICS),
    "songs_28day": Fault("the export of songs has another period than was asked for", 1, finding="consistency.other-period", tells="28day", account=_SOLO, feeds=("songs_csv",)),
    "rate_limited": Fault("every answer is 429 with Retry-After", 4, "rate-limited", tells="asks to wait"),
}  # fmt: skip
"""What a fault of the way in does is shown on the default account (SMS), of the data on one without a second factor."""
