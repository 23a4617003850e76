"""people: whoever is behind an account answers a run's challenges, over its control socket as every face does. Holds and shows no code."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..domain.challenges import Look, Secret
from . import runs
from .workspace import Workspace


class SocketHands:
    """What a person can see and do about one open challenge besides typing an answer."""

    def __init__(self, ws: Workspace, challenge: str) -> None:
        self._ws, self._challenge = ws, challenge

    def look(self) -> Look:
        return runs.look(self._ws, self._challenge)

    def click(self, x: int, y: int) -> None:
        runs.hand(self._ws, self._challenge, {"act": "click", "x": x, "y": y})

    def type(self, text: str) -> None:
        runs.hand(self._ws, self._challenge, {"act": "type", "text": text})

    def press(self, key: str) -> None:
        runs.hand(self._ws, self._challenge, {"act": "press", "key": key})

    def drag(self, x: int, y: int, to_x: int, to_y: int) -> None:
        runs.hand(self._ws, self._challenge, {"act": "drag", "x": x, "y": y, "to_x": to_x, "to_y": to_y})


Person = Callable[[Mapping[str, Any], SocketHands], str | None]
"""What somebody does about a challenge (its record): the answer, or an act (`done`, or one that the challenge offers), to be sent for
them; None when they acted elsewhere and the page moves on by itself."""


def respond(ws: Workspace, challenge: Mapping[str, Any], person: Person) -> None:
    """Let a person do what they do about a challenge, and send what they say.

    Raises:
        ChallengeExpired: it is over, or somebody was faster.  UsageError: the wrong shape.  Whatever the person raises.
    """
    said = person(challenge, SocketHands(ws, challenge["id"]))
    if said is None:
        return
    if said == "done" or said in challenge["can"]:
        runs.act(ws, challenge["id"], said)
    else:
        runs.answer(ws, challenge["id"], Secret(said))
