"""One challenge that must be looked at, on the whole terminal until it is over: for `bedrot answer`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ..domain.challenges import ChallengeState
from ..domain.errors import ChallengeExpired
from . import drawing
from .showing import Shown, shown

if TYPE_CHECKING:
    from ..domain.challenges import Challenge
    from ..operations.workspace import Workspace
    from .face import Face
    from .terminal import Terminal

TICK_SECONDS = 0.1
LEFT = "left"


def on_terminal(face: Face, ws: Workspace, challenge: Challenge, terminal: Terminal) -> int:
    """Show it and obey what is typed until the run says that it is over, or the person leaves; the exit code.

    Raises:
        ChallengeExpired: it was not answered in time, or the run was cancelled.
    """
    view = shown(ws, challenge, terminal, drawing.depth(face.colored, os.environ))
    assert view is not None
    try:
        state = _until_over(ws, challenge, terminal, view)
    finally:
        view.close()
    if state == LEFT:
        face.say.note(f"it waits on: bedrot answer {challenge.id}")
        return 3
    if state not in (ChallengeState.ANSWERED, ChallengeState.MOVED):
        raise ChallengeExpired(f"the challenge is over: {state}", hint=f"bedrot attach {challenge.run_id}")
    if face.json:
        face.out.record({"challenge": challenge.id, "run": challenge.run_id, "outcome": "done", "state": state})
    else:
        face.say.note(f"the run goes on: bedrot attach {challenge.run_id}")
    return 0


def _until_over(ws: Workspace, challenge: Challenge, terminal: Terminal, view: Shown) -> str:
    from ..operations import runs

    after = 0
    while True:
        ended = runs.view(ws, challenge.run_id).state.ended  # before its events: a run that took the answer and ended has said so
        for event in runs.read_events(ws, challenge.run_id, after=after):
            after = event["seq"]
            if event["kind"] == "challenge-ended" and event["challenge"] == challenge.id:
                return str(event["state"])
        if ended:
            return ChallengeState.CANCELLED.value
        view.tick()
        terminal.draw(view.prompt())
        try:
            line = terminal.poll(TICK_SECONDS, words=view.words)
        except (EOFError, KeyboardInterrupt):
            return LEFT
        if line is not None:
            view.take(line)
