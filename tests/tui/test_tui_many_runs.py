"""Many runs at once: started together, seen side by side, their logs read, their questions answered one after the other, all stopped."""

from __future__ import annotations

from datetime import timedelta

from fake_lake import FakeLake
from fake_rows import HOSTILE
from fake_runs import AccountItem, NeedItem

from bedrot_console.domain.runs import RunState
from bedrot_console.tui.runlines import Pace, entry_of
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


def test_the_log_tells_a_refusal_before_it_asks_again():
    """On a line that is cut at 80 columns the reason is what is read."""
    entry = entry_of({"kind": "challenge", "challenge": {"prompt": "A code is wanted " * 9, "error": "That code is wrong"}})
    assert entry is not None and "✗ That code is wrong  asks again: A code" in "".join(text for text, _ in entry.line)


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
