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


def test_what_comes_again_long_after_something_else_is_told(ask: Ask) -> None:
    """Old content after newer content is an old answer, however quiet the feed is about repeats; a level that is as it was yesterday is not."""
    other = days("2026-01-31", list(range(200, 230)))

    def past(body: bytes, days_ago: int) -> History:
        facts = ask(PLAYS, body).facts
        return History(captured_at=NOW - timedelta(days=days_ago), as_of=None, facts=facts, file_id=f"0{days_ago:02d}")

    moves = replace(PLAYS, options=PLAYS.options | {"duplicates": "note", "came_again": True})
    level = replace(PLAYS, options=PLAYS.options | {"duplicates": "note"})
    for feed, days_ago, code in (
        (moves, 3, "duplicates.went-back"), (moves, 1, "duplicates.same-content"), (level, 3, "duplicates.same-content"),
        (level, 20, "duplicates.went-back"),
    ):  # fmt: skip
        report = ask(
            feed, GOOD, history=[past(other, 1), past(GOOD, days_ago)] if days_ago > 1 else [past(GOOD, 1), past(other, 2)]
        )
        assert codes(report) & {"duplicates.went-back", "duplicates.same-content"} == {code}
        assert (report.verdict is Verdict.WARNED) is (code == "duplicates.went-back")
        twins = [("00twin", NOW - timedelta(days=days_ago))]
        newest = past(other, 1) if days_ago > 1 else past(GOOD, 1)
        again = ask(feed, GOOD, twins=twins, history=[newest])
        assert ("duplicates.went-back" in codes(again)) is (code == "duplicates.went-back")
    few = days("2026-01-31", [1, 0, 2])
    assert "duplicates.went-back" not in codes(ask(moves, few, history=[past(other, 1), past(few, 9)]))
    strict = replace(moves, options=moves.options | {"duplicates": "error"})
    assert ask(strict, GOOD, history=[past(other, 1), past(GOOD, 9)]).verdict is Verdict.FAILED
