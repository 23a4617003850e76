"""The part of the made-up lake that runs and asks: extractions, their logs, challenges, what waits for a human."""

from __future__ import annotations

import dataclasses
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any

from fake_rows import START

from bedrot_console.domain.blocks import Indexed, Raster, View
from bedrot_console.domain.challenges import Challenge, ChallengeKind, Look, Secret
from bedrot_console.domain.errors import ChallengeExpired, UsageError
from bedrot_console.domain.files import format_time
from bedrot_console.domain.runs import RunState, RunView
from bedrot_console.operations import looking


@dataclass
class NeedItem:
    id: str = "n1"
    platform: str = "distrokid"
    account: str = "default"
    at: datetime = START
    code: str = "challenge-unanswered"
    command: str = "bedrot extract distrokid"
    stale_on: date | None = None


@dataclass
class AccountItem:
    platform: str
    account: str = "default"
    title: str = ""
    method: str = "browser"
    feeds: tuple[str, ...] = ("streams",)
    problem: str | None = None
    last: RunView | None = None
    due: bool = False
    wait: str = ""


@dataclass
class LoggedRun:
    view: RunView
    events: list[dict[str, Any]] = field(default_factory=list)


class FakeRuns:
    """Mixed into the lake."""

    at: datetime
    calls: list[str]

    def __init__(self) -> None:
        super().__init__()
        self.answers: list[tuple[str, int]] = []
        self.code = "123456"
        self.asked: list[Challenge] = []
        self.waiting: list[NeedItem] = []
        self.fake_runs: list[LoggedRun] = []
        self.started: list[tuple[str, ...]] = []
        self.attempts = 3
        self.looks = 0
        self.hands: list[dict[str, Any]] = []
        self.says = "https://example.net/scan?key=K-0001"
        self.outline = "example.net/puzzle\n345,245  button  a boat"

    @cached_property
    def picture(self) -> bytes:
        """A page: white, with a green boat of 90 by 90 pixels at 300,200 and a red fish at 100,200."""
        from PIL import Image, ImageDraw

        page = Image.new("RGB", (1280, 900), "white")
        draw = ImageDraw.Draw(page)
        draw.rectangle((300, 200, 389, 289), (51, 204, 51))
        draw.rectangle((100, 200, 189, 289), (204, 51, 51))
        out = io.BytesIO()
        page.save(out, "PNG")
        return out.getvalue()

    def startable(self) -> Sequence[AccountItem]:
        return [
            AccountItem("distrokid", title="DistroKid"), AccountItem("metaads", due=True), AccountItem("metaads", "second", due=True),
            AccountItem("broken", feeds=(), problem="SyntaxError line 3"),
        ]  # fmt: skip

    def start(self, platform: str, account: str, feeds: Sequence[str] = ()) -> str:
        self.started.append((platform, account, *feeds))
        name = f"run{len(self.fake_runs):017d}"
        view = RunView(
            id=name, platform=platform, account=account, state=RunState.RUNNING, started_at=self.at, expected=("distrokid/streams",),
            stage="signing in",
        )  # fmt: skip
        self.fake_runs.insert(0, LoggedRun(view))
        self.log(name, kind="state", state="running")
        self.log(name, kind="log", level="info", text="opening the sign-in page")
        return name

    def log(self, run_id: str, /, **event: Any) -> None:
        run = next(r for r in self.fake_runs if r.view.id == run_id)
        run.events.append({"seq": len(run.events) + 1, "at": format_time(self.at), **event})

    def set_run(self, name: str, **changes: Any) -> None:
        run = next(r for r in self.fake_runs if r.view.id == name)
        run.view = dataclasses.replace(run.view, **changes)

    def runs(self, limit: int = 50) -> list[RunView]:
        return [r.view for r in self.fake_runs]

    def run(self, name: str) -> RunView:
        found = next((r.view for r in self.fake_runs if r.view.id == name), None)
        if found is None:
            raise UsageError(f"no such run: {name}", hint="bedrot runs")
        return found

    def run_events(self, name: str, after: int = 0) -> list[dict[str, Any]]:
        return [e for r in self.fake_runs if r.view.id == name for e in r.events if e["seq"] > after]

    def cancel(self, name: str) -> None:
        self.set_run(name, state=RunState.CANCELLED)

    def cancel_all(self) -> tuple[int, int]:
        going = [r.view.id for r in self.fake_runs if not r.view.state.ended]
        for name in going:
            self.cancel(name)
        return len(going), 0

    def ask(self, run: str, **changes: Any) -> Challenge:
        challenge = Challenge(
            id=f"c{len(self.asked) + len(self.answers)}", kind=ChallengeKind.CODE, run_id=run, platform="distrokid", account="default",
            prompt="Enter the code", raised_at=self.at, expires_at=self.at + timedelta(minutes=5), medium="e-mail", hint="m…@example.net",
            length=6, attempts_left=self.attempts, can=("resend",),
        )  # fmt: skip
        challenge = dataclasses.replace(challenge, **changes)
        self.asked.append(challenge)
        return challenge

    def challenges(self) -> list[Challenge]:
        return list(self.asked)

    def answer(self, challenge: str, value: Secret) -> None:
        found = next((c for c in self.asked if c.id == challenge), None)
        if found is None:
            raise ChallengeExpired("that question is over", hint="bedrot challenges")
        self.answers.append((challenge, len(value)))
        self.asked.remove(found)
        if value.reveal() != self.code:
            self.attempts -= 1
            self.ask(found.run_id, error="that code is wrong", attempts_left=self.attempts)

    def act(self, challenge: str, act: str) -> None:
        self.calls.append(act)

    def look(self, challenge: str) -> Look:
        asked = next((c for c in self.asked if c.id == challenge), None)
        if asked is None:
            raise ChallengeExpired("this challenge is over", hint="bedrot challenges")
        self.looks += 1
        if asked.kind is ChallengeKind.QR:
            return Look(text=Secret(self.says))
        return Look(picture=self.picture, width=1280, height=900, outline=self.outline)

    def hand(self, challenge: str, act: Mapping[str, Any]) -> None:
        self.look(challenge)
        if act["act"] == "press" and act["key"] == "Tab":
            raise UsageError("this key cannot be pressed")
        self.hands.append(dict(act))

    def modules(self, text: Secret) -> Sequence[Sequence[bool]]:
        return looking.modules(text)

    def shrunk(self, look: Look, view: View) -> Raster:
        return looking.shrunk(look, view)

    def indexed(self, look: Look, view: View, width: int, height: int, colours: int) -> Indexed:
        return looking.indexed(look, view, width, height, colours)

    def needs(self) -> Sequence[NeedItem]:
        return list(self.waiting)
