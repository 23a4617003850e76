"""Many runs at once: started together, seen side by side, their logs read, their questions answered one after the other, all stopped."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from fake_lake import FakeLake
from fake_rows import HOSTILE
from fake_runs import AccountItem, NeedItem
from textual import events

from bedrot_console.domain.challenges import ChallengeKind
from bedrot_console.domain.runs import RunState
from bedrot_console.tui.operator import accepted
from bedrot_console.tui.runlines import Pace
from bedrot_console.tui.widgets.log import Entry, LogPane


def test_the_marked_accounts_start_together_after_a_preview(drive):
    """`s`, space on two accounts, enter: both start, in order; the preview named them; what does not load does not start."""
    lake = FakeLake(10)

    async def scenario(d):
        await d.press("3", "s", "space", "space")
        assert "2 runs start at once" in d.screen and "metaads (default)" in d.screen
        await d.press("enter")
        assert lake.started == [("distrokid", "default"), ("metaads", "default")]
        assert "2 of 2 runs started; they go on" in d.notice
        await d.press("s", "G", "end", "down", "down", "down", "enter")
        assert "broken does not load: bedrot doctor" in d.screen and len(lake.started) == 2
        await d.press("up", "tab")
        await d.type("third")
        assert "starts: metaads (third)" in d.screen
        await d.press("enter")
        assert lake.started[-1] == ("metaads", "third")

    drive(lake, scenario)


def test_all_that_is_due_starts_with_two_keys(drive):
    """`d` shows what is due, marked; enter starts it. A read-only console says why not."""
    lake = FakeLake(10)

    async def scenario(d):
        await d.press("3", "d")
        assert "2 runs start at once" in d.screen and "distrokid (default)" not in d.screen.split("2 runs start")[1]
        await d.press("enter")
        assert lake.started == [("metaads", "default"), ("metaads", "second")]
        lake.read_only = True
        await d.press("d")
        assert "read-only" in d.notice

    drive(lake, scenario)


def test_runs_side_by_side_show_stage_progress_pace_and_the_countdown_of_a_question(drive):
    """Each row tells what its run does now: how far, how fast, how long; one that asks, how much time is left."""
    lake = FakeLake(10)
    first, second = lake.start("distrokid", "default"), lake.start("metaads", "default")
    lake.set_run(first, stage="sales", done=3, total=12)
    lake.ask(second, platform="metaads")

    async def scenario(d):
        await d.press("3")
        lake.at += timedelta(seconds=30)
        lake.set_run(first, files=("a",) * 6, landed=("distrokid/streams",) * 6, landed_bytes=3_000_000, done=4)
        await d.beat()
        rows = {line.split()[2]: line for line in d.screen.splitlines()[2:4]}
        assert "sales 4 of 12 ▮▮▯▯▯▯▯▯" in rows["distrokid"] and "0:30" in rows["distrokid"]
        assert rows["distrokid"].split()[-5:-3] == ["12", "6.0M"]
        assert "code wanted, 4:30 left: a" in rows["metaads"]
        await d.press("escape", "down")
        assert "running 0:30 · sales 4 of 12" in d.screen and "1 of 1 feeds, 6 files, 3.0M · 12 files/min 6.0M/min" in d.screen

    drive(lake, scenario, (130, 30))


def test_throughput_forgets_what_is_older_than_a_minute(drive):
    """Ten files in the first minute and none in the second is no longer ten a minute."""
    lake = FakeLake(1)
    pace, run = Pace(), lake.run(lake.start("distrokid", "default"))
    for second in range(0, 180, 10):
        lake.set_run(run.id, files=("a",) * min(10, second // 5))
        pace.note([lake.run(run.id)], lake.at + timedelta(seconds=second))
        if second == 60:
            assert pace.per_minute(lake.run(run.id), lake.at + timedelta(seconds=second)) == (10, 0)
    assert pace.per_minute(lake.run(run.id), lake.at + timedelta(seconds=170)) == (0, 0)


def failing(lake: FakeLake) -> str:
    """A run with a long log, in whose second stage something fails."""
    run = lake.start("distrokid", "default")
    lake.log(run, kind="stage", stage="streams", done=0, total=2)
    for number in range(40):
        lake.log(run, kind="log", level="info", text=f"row {number} of streams")
    lake.log(run, kind="stage", stage="streams", done=2, total=2)
    lake.log(run, kind="stage", stage="sales", done=0, total=1)
    lake.log(run, kind="log", level="warning", text="the export is slow")
    lake.log(run, kind="log", level="error", text="the export is a page " + "x" * 90 + " end")
    for number in range(40):
        lake.log(run, kind="log", level="info", text=f"row {number} of rest")
    return run


def test_a_log_is_filtered_by_level_searched_wrapped_and_left_standing(drive):
    """`l` hides what is no warning; `/` marks and finds, n and N go on; `w` wraps; space stands still and counts what is new."""
    lake = FakeLake(10)
    run = failing(lake)

    async def scenario(d):
        await d.press("3", "l")
        assert "warnings and errors" in d.screen and "the export is slow" in d.screen and "row 3" not in d.screen
        await d.press("l")
        assert "errors only" in d.screen and "the export is slow" not in d.screen
        assert " end" not in d.screen
        await d.press("w")
        assert "x end" in d.screen
        await d.press("w", "l", "slash")
        await d.type("ROW 7 of s")
        await d.press("enter")
        assert "row 7 of streams" in d.screen and "/row 7 of s 1 of 1" in d.screen and "standing still" in d.screen
        await d.press("slash", *["backspace"] * 5)
        assert "/row 7 1 of 2" not in d.screen and "/row 7 2 of 2" in d.screen
        await d.press("enter", "N")
        assert "/row 7 1 of 2" in d.screen and "row 7 of streams" in d.screen
        lake.log(run, kind="log", level="info", text="something new")
        await d.beat()
        assert "1 new below" in d.screen and "something new" not in d.screen
        await d.press("space")
        assert "something new" in d.screen and "standing still" not in d.screen
        await d.press("escape")
        assert "/row" not in d.screen

    drive(lake, scenario)


def test_the_error_of_a_failed_run_is_one_key_away_with_its_stage_above_it(drive):
    """`e` shows the error and the stage it arose in; the stages stand in the head; enter gives the log the whole screen."""
    lake = FakeLake(10)
    run = failing(lake)
    lake.set_run(run, state=RunState.FAILED, stage="sales", error="the export is a page", hint="bedrot doctor", ended_at=lake.at)

    async def scenario(d):
        await d.press("3", "e")
        lines = d.screen.splitlines()
        (error,) = [n for n, line in enumerate(lines) if "the export is a page xx" in line]
        assert "▸" in lines[error] and "▶ sales 0 of 1" in lines[error - 2]
        assert any("✗ sales" in line and "✓ streams" in line for line in lines)
        assert "→ bedrot doctor  r runs it again: bedrot extract distrokid" in d.screen
        await d.press("enter")
        assert len([line for line in d.screen.splitlines() if "row" in line]) > len([line for line in lines if "row" in line])
        await d.press("escape")
        assert "platform" in d.screen

    drive(lake, scenario)


def test_a_partial_run_says_what_is_missing_and_runs_that_again(drive):
    """Its end names the feeds and the command; `r` starts just those, and is refused while the run is going."""
    lake = FakeLake(10)
    run = lake.start("distrokid", "second")
    feeds = ("distrokid/streams", "distrokid/sales")
    lake.set_run(run, expected=feeds, landed=feeds[:1], files=("f",), landed_bytes=2_000)

    async def scenario(d):
        await d.press("3", "r")
        assert "it ends first" in d.notice and len(lake.started) == 1
        lake.set_run(run, state=RunState.PARTIAL, ended_at=lake.at + timedelta(seconds=70))
        await d.beat()
        await d.beat()
        assert "! partial" in d.screen and "missing sales · 1 file 2.0k" in d.screen
        assert "r runs the rest: bedrot extract distrokid --feed sales --account second" in d.screen
        await d.press("r")
        assert lake.started[-1] == ("distrokid", "second", "distrokid/sales")

    drive(lake, scenario)


def test_all_runs_are_cancelled_after_a_question_that_names_them(drive):
    """`C` names every run that is going; without one it says so."""
    lake = FakeLake(10)
    lake.start("distrokid", "default")
    lake.start("metaads", "second")

    async def scenario(d):
        await d.press("3", "C")
        assert "Cancel all 2 runs?" in d.screen and "metaads (second), distrokid (default)" in d.screen
        await d.press("enter")
        assert "cancelled 2 runs" in d.notice
        await d.beat()
        await d.press("C")
        assert "no run is going" in d.notice

    drive(lake, scenario)


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


def test_ten_thousand_lines_are_the_most_that_is_kept(drive):
    """The oldest go; the newest are there, also when more than that come at once; hostile ones are drawn as they are safe."""
    lake = FakeLake(10)
    run = lake.start("distrokid", "default")
    for text in HOSTILE:
        lake.log(run, kind="log", level="warning", text=text)

    async def scenario(d):
        await d.press("3")
        pane = d.app.query_one("#log", LogPane)
        assert "\x1b" not in d.screen and "\u202e" not in d.screen
        for part in range(3):
            pane.add([Entry([(" ", "dim"), (f"bulk {part} {n}", "plain")]) for n in range(6_000)])
        await d.settle()
        assert len(pane.entries) <= pane.limit * 5 // 4 and "bulk 2 5999" in d.screen

    drive(lake, scenario)


def test_hostile_words_of_runs_are_drawn_safe_wherever_they_stand(drive):
    """Stages, errors, hints, names of accounts, lines found, wrapped or filtered, the dialog that starts: every cell is printable."""
    lake = FakeLake(10)
    evil = "".join(HOSTILE)
    run = lake.start(evil, evil)
    for text in HOSTILE:
        for event in (
            {"kind": "stage", "stage": text, "done": text},
            {"kind": "landed", "feed": text, "path": text, "size_bytes": text},
        ):
            lake.log(run, **event)
        lake.log(run, kind="log", level="error", text=text * 9)
        lake.log(run, kind=text, state=text)
        lake.log(run, kind="validated", verdict=text, feed=text, codes=[text])
    lake.set_run(
        run, stage=evil, error=evil, hint=evil, state=RunState.PARTIAL, expected=(evil, "b"), landed=("b",), ended_at=lake.at
    )
    items = [AccountItem(evil, evil, feeds=(evil,), due=True), AccountItem("b", evil, problem=evil), AccountItem("c", wait=evil)]
    lake.startable = lambda: items  # type: ignore[method-assign]
    lake.waiting.append(NeedItem(platform=evil, account=evil, code=evil, command=evil))

    async def scenario(d):
        for keys in (("3",), ("w", "e"), ("slash", "o", "w"), ("enter", "l"), ("d",), ("escape", "exclamation_mark")):
            await d.press(*keys)
            assert all(c == "\n" or c.isprintable() for c in d.screen), keys

    drive(lake, scenario, (130, 30))


def test_a_list_that_does_not_fit_says_which_of_how_many_are_seen(drive):
    """In its header, in step with the cursor; in a dialog without a header, how many more there are below."""
    lake = FakeLake(1)
    for number in range(12):
        lake.start("distrokid", f"a{number}")
    lake.waiting = [NeedItem(id=f"n{number}", account=f"a{number}") for number in range(20)]

    async def scenario(d):
        await d.press("3")
        assert "1-5 of 12" in d.screen.splitlines()[1]
        await d.press(*["down"] * 7)
        assert "4-8 of 12" in d.screen.splitlines()[1]
        await d.beat()
        await d.press("exclamation_mark")
        assert "6 more" in d.screen
        await d.press(*["down"] * 19)
        assert "more" not in d.screen.split("What needs you")[1]

    drive(lake, scenario)
