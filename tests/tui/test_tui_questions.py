"""Several questions at once: which is asked, what is typed goes to none but that one, what an answer may be."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from fake_lake import FakeLake
from fake_runs import NeedItem
from textual import events

from bedrot_console.domain.challenges import ChallengeKind
from bedrot_console.tui.operator import accepted


def two_questions() -> tuple[FakeLake, Any, Any]:
    lake = FakeLake(10)
    late = lake.ask(lake.start("distrokid", "default"), id="late", expires_at=lake.at + timedelta(minutes=9))
    soon = lake.ask(lake.start("metaads", "default"), id="soon", platform="metaads", expires_at=lake.at + timedelta(minutes=2))
    return lake, late, soon


def test_of_several_questions_the_one_that_ends_first_is_asked_and_the_next_is_one_key_away(drive):
    """ctrl+n goes round; what was typed for one is not kept for another; once one is answered the other is asked."""
    lake, late, soon = two_questions()

    async def scenario(d):
        await d.beat()
        assert "? 1 of 2  metaads wants the code" in d.screen and "2:00 left" in d.screen and "code wanted +1" in d.screen
        await d.press("a", "1", "2")
        assert "ctrl+r new code (ctrl+o other way)" in d.screen and " ctrl+n next" in d.screen
        await d.press("ctrl+n")
        assert "distrokid wants the code" in d.screen and "[▏______]" in d.screen and "2 of 2" in d.screen
        await d.type("123456")
        await d.press("enter")
        assert lake.answers == [(late.id, 6)] and "metaads wants the code" in d.screen and "1 of 2" not in d.screen
        await d.press("a", "ctrl+n")
        assert "no other platform asks" in d.screen

    drive(lake, scenario)


def test_the_run_that_was_answered_is_heard_first(drive):
    """Of several questions a refused code's is asked again at once, with why; so is what the run of a page asks next. An answer taken asks no more."""
    lake, late, soon = two_questions()
    lake.ask(
        lake.start("tiktok", "default"),
        id="page",
        kind=ChallengeKind.PAGE,
        platform="tiktok",
        expires_at=lake.at + timedelta(minutes=12),
    )

    async def scenario(d):
        await d.beat()
        await d.press("a", "ctrl+n")
        assert "2 of 3  distrokid wants the code" in d.screen
        await d.type("000000")
        await d.press("enter")
        assert "distrokid wants the code" in d.screen and "that code is wrong" in d.screen and "[▏______]" in d.screen
        assert "handed" not in d.notice
        await d.type("123456")
        stale = list(lake.asked)
        await d.press("enter")
        assert "metaads wants the code" in d.screen
        d.app.open_are(stale)  # a pulse that set out before the answer did
        assert "1 of 2  metaads wants the code" in d.screen
        await d.press("a", "ctrl+n", "enter")
        page = next(c for c in lake.asked if c.id == "page")
        lake.asked.remove(page)
        lake.ask(page.run_id, id="after", platform="tiktok")
        await d.beat()
        assert "2 of 2  tiktok wants the code" in d.screen

    drive(lake, scenario)


def test_a_question_taken_from_the_list_is_the_one_that_is_asked(drive):
    """`!` lists them, also from within the prompt, the first to end first; enter on the second answers the second."""
    lake, late, _ = two_questions()

    async def scenario(d):
        await d.beat()
        await d.press("a", "exclamation_mark", "down", "enter")
        assert "distrokid wants the code" in d.screen
        await d.type("123456")
        await d.press("enter")
        assert lake.answers == [(late.id, 6)]

    drive(lake, scenario)


@pytest.mark.parametrize(("place", "end"), [("2", "enter"), ("3", "escape")])
def test_the_rest_of_a_password_whose_question_ended_is_no_key_and_reaches_no_other_platform(drive, place, end):
    """Its letters decide nothing and go nowhere until enter or esc closes what is over; only then the next question is asked."""
    lake, late, soon = two_questions()
    lake.asked[1] = replace(soon, kind=ChallengeKind.PASSWORD, length=None)

    async def scenario(d):
        await d.press(place)
        await d.beat()
        await d.pilot.press(*["a"] * (place == "2"), *"hunt")
        lake.asked.pop()
        await d.beat()
        await d.beat()
        prompt = d.app.query_one("#prompt")
        assert prompt.has_focus and "this question is over: enter or esc closes" in d.screen and "distrokid wants" not in d.screen
        await d.pilot.press(*"qabc", "colon", "exclamation_mark", "question_mark", "tab", "f4", "ctrl+n", "ctrl+r", "backspace")
        prompt.post_message(events.Paste("er2"))
        await d.settle()
        assert prompt.has_focus and len(d.app.screen_stack) == 1 and not prompt._typed and "•" not in d.screen
        await d.press(end)
        assert "distrokid wants the code" in d.screen and "[" + "▏" * (place == "3") + "______]" in d.screen
        assert not lake.answers and not lake.decisions and "resend" not in lake.calls and len(d.app.screen_stack) == 1
        assert prompt.has_focus == (place == "3")
        await d.pilot.press(*["a"] * (place == "2"), *"123456", "enter")
        await d.settle()
        assert lake.answers == [(late.id, 6)]

    drive(lake, scenario)


def test_a_prompt_in_which_nothing_was_typed_gives_way_to_the_next_question(drive):
    """No line to close first; and the last one goes with its question."""
    lake, late, soon = two_questions()

    async def scenario(d):
        await d.beat()
        await d.press("a")
        lake.asked.pop()
        await d.beat()
        assert "distrokid wants the code" in d.screen and d.app.query_one("#prompt").has_focus
        lake.asked.clear()
        await d.beat()
        assert "wants the code" not in d.screen and "is over" not in d.screen and not d.app.query_one("#prompt").has_focus

    drive(lake, scenario)


def test_a_prompt_that_is_over_goes_with_the_last_question(drive):
    """Where no other waits, enter gives the keys back to the place."""
    lake = FakeLake(10)
    lake.ask(lake.start("distrokid", "default"))

    async def scenario(d):
        await d.beat()
        await d.press("a", "1")
        lake.asked.clear()
        await d.beat()
        await d.press("2", "enter")
        assert "is over" not in d.screen and "wants the code" not in d.screen and not d.app.query_one("#prompt").has_focus
        assert not lake.answers and d.app.place == "files"

    drive(lake, scenario)


def test_at_nine_the_item_of_three_in_the_morning_takes_two_keys_and_the_code(drive):
    """`!` says who, what, by when and how; enter: the run starts with the operator present, and the field for the code has the keys."""
    lake = FakeLake(10)
    lake.waiting.append(NeedItem(stale_on=lake.at.date() + timedelta(days=2)))
    lake.waiting.append(NeedItem("n2", "metaads", code="credentials-rejected", command="bedrot secrets set metaads access_token"))

    async def scenario(d):
        await d.beat()
        await d.press("exclamation_mark")
        assert "by 03-05  distrokid (default)  challenge-unanswered" in d.screen and "In 2 days" in d.screen
        await d.press("down")
        assert "refused the login" in d.screen and "bedrot secrets set metaads" in d.screen
        await d.press("up", "enter")
        lake.ask(lake.fake_runs[0].view.id)
        await d.beat()
        await d.type("123456")
        await d.press("enter")
        assert len(lake.answers) == 1

    drive(lake, scenario)


@pytest.mark.parametrize(
    ("pattern", "left"), [(r"\d{6}", "123"), ("[0-9]{4,8}", "123"), (None, "a12b3"), ("[a-z0-9]{6}", "a12b3")]
)
def test_where_a_code_has_only_digits_no_letter_is_taken(pattern, left):
    """So that `a`, typed once more by one whose keys are in the prompt already, spoils nothing."""
    lake = FakeLake(1)
    asked = lake.ask(lake.start("distrokid", "default"), pattern=pattern)
    assert accepted(asked, "a12-b 3") == left


def test_an_approval_says_how_long_it_has_waited(drive):
    """Nothing to type, but one sees that the push is still waited for."""
    lake = FakeLake(10)
    lake.ask(lake.start("distrokid", "default"), kind=ChallengeKind.APPROVE, hint="", medium="", can=("done",))

    async def scenario(d):
        lake.at += timedelta(seconds=65)
        await d.beat()
        assert "waiting 1:05" in d.screen
        await d.press("a", "enter")
        assert lake.calls[-1] == "done"

    drive(lake, scenario)
