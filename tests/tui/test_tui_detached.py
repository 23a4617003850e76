"""Runs outlive the console: the line drops, the console is killed, another one attaches and finds the same question."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from ptyline import Line
from real_console import PLATFORMS

from bedrot_console.domain.runs import RunState
from bedrot_console.operations import extract, runs
from bedrot_console.operations.workspace import Workspace
from bedrot_console.settings import Settings

CONSOLE = [sys.executable, str(Path(__file__).parent / "real_console.py")]


@pytest.fixture
def ws(home: Path) -> Iterator[Workspace]:
    """A home with one platform, whose runs are real processes."""
    ws = Workspace(Settings.load(home, {}), extractors=PLATFORMS)
    yield ws
    runs.cancel_all(ws)


@pytest.fixture
def consoles(home: Path) -> Iterator[list[Line]]:
    opened: list[Line] = []
    yield opened
    for line in opened:
        line.close()


def test_the_line_drops_the_console_is_killed_and_another_finds_the_same_question(ws, consoles, home):
    """Started in the first console, whose terminal vanishes; seen in the second, which dies of SIGKILL; answered in the third: one code
    was sent, one question asked, and the run ends well."""

    def attach() -> Line:
        consoles.append(Line([*CONSOLE, str(home)]))
        return consoles[-1]

    first = attach()
    first.until("3 Runs")
    first.send("3s")
    first.until("starts: asker (default)")
    first.send("\r")
    first.until("wants the code sent by SMS to +49 ***12")
    ((asked,), (run,)) = runs.open_challenges(ws), runs.list_runs(ws)
    first.hang_up()
    first.process.wait(10)

    second = attach()
    second.until("code wanted")
    second.send("!")
    second.until(f"bedrot answer {asked.id}")
    second.signal(signal.SIGKILL)
    second.process.wait(10)
    assert [c.id for c in runs.open_challenges(ws)] == [asked.id]

    third = attach()
    third.until("wants the code sent by SMS to +49 ***12")
    third.until("enter sends")  # it opens where the first one was left, with the keys in the prompt
    third.send("246810\r")
    third.until("wants the code", gone=True)
    events = list(runs.follow(ws, run.id))
    assert [e["challenge"]["id"] for e in events if e["kind"] == "challenge"] == [asked.id]
    assert [e.get("text") for e in events].count("a code is sent") == 1
    assert runs.view(ws, run.id).state is RunState.DONE
    third.send("\x11")
    assert third.wait() == 0 and third.healthy()


def test_several_runs_are_started_and_stopped_together(ws):
    """Three accounts at once, each a process of its own that waits; a fourth start of one of them is refused; one word stops all."""
    wanted = [("asker", f"label-{number}") for number in range(3)]
    started = list(extract.start_each(ws, [*wanted, wanted[0]]))
    assert [isinstance(run, str) for _, _, run in started] == [True, True, True, False]
    ended = runs.cancel_all(ws)
    assert {name for name, _ in ended} == {run for _, _, run in started[:3]}
    assert all(runs.view(ws, name).state.ended for name, _ in ended) and not runs.open_challenges(ws)
    assert {s.account: s.going for s in extract.startable(ws)} == {
        "default": False,
        "label-0": False,
        "label-1": False,
        "label-2": False,
    }
