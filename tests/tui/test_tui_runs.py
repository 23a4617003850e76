"""Runs and challenges: start, watch, answer from anywhere."""

from __future__ import annotations

from datetime import timedelta

import pytest
from fake_lake import FakeLake
from fake_runs import NeedItem

from bedrot_console.domain.challenges import ChallengeKind
from bedrot_console.domain.runs import RunState


def test_an_extraction_is_started_watched_and_answered_without_leaving_the_screen(drive):
    """`s`, enter; the log runs; the code prompt takes the focus; the code is handed over once."""
    lake = FakeLake(10)

    async def scenario(d):
        await d.press("3", "s")
        assert "starts: distrokid (default)" in d.screen and "broken: SyntaxError line 3" in d.screen
        await d.press("enter")
        assert lake.started == [("distrokid", "default")]
        run = lake.fake_runs[0].view.id
        lake.log(run, kind="stage", stage="waiting for the code")
        challenge = lake.ask(run)
        await d.beat()
        assert "▶ waiting for the code" in d.screen
        assert "wants the code sent by e-mail to m…@example.net" in d.screen and "5:00 left · 3 tries left" in d.screen
        await d.type("123456")
        assert "[123456" in d.screen
        await d.press("enter")
        assert lake.answers == [(challenge.id, 6)]
        assert "answer handed to the run" in d.notice
        assert "wants the code" not in d.screen

    drive(lake, scenario)


@pytest.mark.parametrize("place", ["1", "2", "6"])
def test_the_prompt_stands_on_every_screen_and_does_not_steal_keys(drive, place):
    """A challenge shows everywhere; keys go on meaning what they meant until `a` (or F-keys and `a`) takes them to the prompt."""
    lake = FakeLake(64)
    run = lake.start("distrokid", "default")
    lake.ask(run)

    async def scenario(d):
        await d.press(place)
        await d.beat()
        assert "? code wanted: a" in d.screen and "wants the code" in d.screen
        assert not d.app.query_one("#prompt").has_focus
        if place == "6":
            await d.press("escape")
        await d.press("a")
        assert d.app.query_one("#prompt").has_focus
        await d.type("123456")
        await d.press("enter")
        assert len(lake.answers) == 1

    drive(lake, scenario)


def test_a_wrong_code_shows_the_error_and_an_empty_field(drive):
    """The platform's refusal, the attempts left, and a new question; the old code is gone."""
    lake = FakeLake(10)
    run = lake.start("distrokid", "default")
    lake.ask(run)

    async def scenario(d):
        await d.beat()
        await d.press("a")
        await d.type("000000")
        await d.press("enter")
        await d.beat()
        assert "that code is wrong" in d.screen and "2 tries left" in d.screen and "[▏______]" in d.screen
        await d.type("123456")
        await d.press("enter")
        assert len(lake.answers) == 2 and not lake.asked

    drive(lake, scenario)


def test_an_incomplete_code_is_not_sent(drive):
    """Too few characters stay in the field, and it says how many are missing."""
    lake = FakeLake(10)
    lake.ask(lake.start("distrokid", "default"))

    async def scenario(d):
        await d.beat()
        await d.press("a", "1", "2", "enter")
        assert "2 of 6 characters" in d.screen and not lake.answers

    drive(lake, scenario)


def test_a_huge_hostile_paste_into_the_code_field_leaves_at_most_a_code(drive):
    """A megabyte with escapes and newlines: only code characters, only as many as the code has, and nothing is sent."""
    from textual import events

    lake = FakeLake(10)
    lake.ask(lake.start("distrokid", "default"))

    async def scenario(d):
        await d.beat()
        await d.press("a")
        prompt = d.app.query_one("#prompt")
        prompt.post_message(events.Paste("12 3-\x1b]52;c;x\x07\n456789" + "9\n\x1b[2J" * 200_000))
        await d.settle()
        assert "".join(prompt._typed) == "12352c" and not lake.answers

    drive(lake, scenario)


def test_the_prompt_counts_down_and_says_when_it_expired(drive):
    """The deadline is shown in minutes and seconds."""
    lake = FakeLake(10)
    lake.ask(lake.start("distrokid", "default"))

    async def scenario(d):
        await d.beat()
        lake.at += timedelta(seconds=95)
        await d.beat()
        assert "3:25 left" in d.screen
        lake.at += timedelta(seconds=500)
        await d.beat()
        assert "expired" in d.screen

    drive(lake, scenario)


def test_approvals_need_nothing_typed(drive):
    """A push on another device is shown as such, and enter says where to act."""
    lake = FakeLake(10)
    lake.ask(lake.start("distrokid", "default"), kind=ChallengeKind.APPROVE, hint="", medium="")

    async def scenario(d):
        await d.beat()
        assert "waits for your approval" in d.screen and "nothing to type here" in d.screen
        await d.press("a", "1", "enter")
        assert not lake.answers

    drive(lake, scenario)


def test_a_password_is_never_drawn(drive):
    """Passwords show as dots, and only as many as were typed."""
    lake = FakeLake(10)
    lake.ask(lake.start("distrokid", "default"), kind=ChallengeKind.PASSWORD, length=None)

    async def scenario(d):
        await d.beat()
        await d.press("a")
        await d.type("hunter2")
        assert "hunter2" not in d.screen and "•••••••" in d.screen

    drive(lake, scenario)


def test_resend_asks_the_platform_only_where_it_can(drive):
    """ctrl+r asks for a new code; ctrl+o, not offered, says so."""
    lake = FakeLake(10)
    lake.ask(lake.start("distrokid", "default"))

    async def scenario(d):
        await d.beat()
        await d.press("a", "ctrl+r")
        assert "resend" in lake.calls
        await d.press("ctrl+o")
        assert "does not offer that" in d.screen and "other" not in lake.calls

    drive(lake, scenario)


def test_what_needs_the_operator_is_counted_listed_and_taken(drive):
    """At 09:00: the header counts the item of 03:00, `!` shows who, what and the command, enter starts the run attended."""
    lake = FakeLake(10)
    lake.waiting.append(NeedItem())

    async def scenario(d):
        await d.beat()
        assert "! 1 needs you" in d.screen
        await d.press("exclamation_mark")
        assert "distrokid (default)" in d.screen and "bedrot extract distrokid" in d.screen
        await d.press("enter")
        assert lake.started == [("distrokid", "default")] and d.app.place == "runs"

    drive(lake, scenario)


def test_a_running_run_is_cancelled_after_a_question_and_an_ended_one_says_so(drive):
    """`c` asks first; on an ended run it gives the reason."""
    lake = FakeLake(10)
    run = lake.start("distrokid", "default")

    async def scenario(d):
        await d.press("3", "c")
        assert "Cancel distrokid (default)?" in d.screen
        await d.press("escape")
        assert lake.run(run).state is RunState.RUNNING
        await d.press("c", "enter")
        assert lake.run(run).state is RunState.CANCELLED
        await d.beat()
        await d.beat()
        await d.press("c")
        assert "cancelled already" in d.notice

    drive(lake, scenario)


def test_the_log_follows_its_end_until_the_operator_scrolls_up(drive):
    """New lines stay in view; after PageUp the view stays where it is; End follows again."""
    lake = FakeLake(10)
    run = lake.start("distrokid", "default")
    for n in range(60):
        lake.log(run, kind="log", level="info", text=f"line {n}")

    async def scenario(d):
        await d.press("3")
        assert "line 59" in d.screen
        await d.press("pageup")
        lake.log(run, kind="log", level="info", text="line 60")
        await d.beat()
        assert "line 60" not in d.screen
        await d.press("end")
        assert "line 60" in d.screen

    drive(lake, scenario)


def test_no_code_stands_in_any_message_or_representation(drive):
    """While a code is typed and sent, no repr of the prompt, its messages or the app holds it."""
    lake = FakeLake(10)
    lake.ask(lake.start("distrokid", "default"))
    lake.code = "864209"

    async def scenario(d):
        await d.beat()
        await d.press("a")
        await d.type("864209")
        prompt = d.app.query_one("#prompt")
        sent = []
        original = d.app.on_prompt_bar_send

        def spy(message):
            sent.append(repr(message))
            original(message)

        d.app.on_prompt_bar_send = spy
        held = [repr(prompt), repr(d.app)]
        await d.press("enter")
        assert lake.answers and not any("864209" in text for text in held + sent)
        assert "864209" not in repr(vars(prompt))

    drive(lake, scenario)
