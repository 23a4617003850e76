"""A source that repeats itself: when that is normal, and when it is worth a warning."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from inspection_feeds import NOW, PLAYS, codes, days

from bedrot_console.domain.feeds import History
from bedrot_console.domain.findings import Report, Severity
from bedrot_console.domain.lifecycle import Verdict

Ask = Callable[..., Report]
GOOD = days("2026-01-31", list(range(100, 130)))


def earlier(ask: Ask, data: bytes) -> list[History]:
    report = ask(PLAYS, data)
    return [History(captured_at=NOW - timedelta(days=1), as_of=report.as_of, facts=report.facts, file_id="00earlier")]


def test_a_daily_source_may_repeat_itself_on_the_same_day_only(ask: Ask) -> None:
    """`duplicates: daily`: repeated on the day it came is a note, on a later day a warning; without rows there is nothing to be new."""
    daily = replace(PLAYS, options=PLAYS.options | {"duplicates": "daily"}, empty="ok")
    yesterday = NOW - timedelta(days=1)
    assert [f.severity for f in ask(daily, GOOD, twins=[("00twin", NOW)]).findings] == [Severity.NOTE]
    again = ask(daily, GOOD, twins=[("00twin", NOW), ("00first", yesterday)])
    assert again.verdict is Verdict.WARNED and codes(again) == {"duplicates.same-bytes"}
    respelled = GOOD.replace(b", ", b",\n  ")
    assert ask(daily, respelled, history=earlier(ask, GOOD)).verdict is Verdict.WARNED
    assert ask(daily, b"[]", twins=[("00twin", yesterday)]).verdict is Verdict.PASSED
    quiet = replace(daily, options=daily.options | {"same_content": "note"})
    assert ask(quiet, respelled, history=earlier(ask, GOOD)).verdict is Verdict.PASSED
    assert ask(quiet, GOOD, twins=[("00twin", yesterday)]).verdict is Verdict.WARNED
