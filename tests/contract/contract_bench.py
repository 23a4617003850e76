"""Runs a platform's extractor against its simulator, with the real session, broker and browser, and a scripted human.

One browser serves many runs: each run gets a new session and a new context, and the vault of the bench.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bedrot_console.domain.challenges import Look, Secret
from bedrot_console.domain.errors import BedrotError
from bedrot_console.domain.files import Capture
from bedrot_console.domain.identifiers import new_id
from bedrot_console.domain.runs import RunSpec
from bedrot_console.extraction.broker import Broker
from bedrot_console.extraction.redaction import Redactor
from bedrot_console.extraction.registry import Registry
from bedrot_console.extraction.session import Session
from bedrot_console.extraction.simulator import Hands, Served, Simulator
from bedrot_console.operations.simulate import ALIASES
from bedrot_console.settings import Settings

REGISTRY = Registry()

Human = Callable[[Mapping[str, Any], Hands], str | None]
"""What the human does about a challenge: an answer, an act, or nothing. Default: the simulator's person behind the account."""


class Memory:
    """Secrets and Sessions in memory."""

    def __init__(self) -> None:
        self.values: dict[tuple[str, str, str], Secret] = {}
        self.states: dict[str, list[dict[str, Any]]] = {}
        self.facts: dict[tuple[str, str], dict[str, str | None]] = {}

    def get(self, platform: str, account: str, name: str) -> Secret | None:
        return self.values.get((platform, account, name))

    def put(self, platform: str, account: str, name: str, value: Secret) -> None:
        self.values[platform, account, name] = value

    def names(self) -> list[tuple[str, str, str]]:
        return sorted(self.values)

    def load(self, platform: str, account: str) -> dict[str, Any] | None:
        kept = self.states.get(account)
        return kept[-1] if kept else None

    def save(self, platform: str, account: str, state: dict[str, Any], **_: Any) -> int:
        self.states.setdefault(account, []).append(state)
        return len(self.states[account])

    def reject(self, platform: str, account: str, at: str | None = None, **_: Any) -> bool:
        return bool(self.states.get(account)) and bool(self.states[account].pop())

    def note(self, platform: str, account: str, **facts: str | None) -> None:
        self.facts[platform, account] = self.facts.get((platform, account), {}) | facts


@dataclass
class Result:
    """What a run brought and said. `captures` and `bodies` by feed attribute, with `:series` where the capture has one."""

    captures: dict[str, Capture] = field(default_factory=dict)
    bodies: dict[str, bytes] = field(default_factory=dict)
    failed: dict[str, BedrotError] = field(default_factory=dict)
    error: BedrotError | None = None
    events: list[dict[str, Any]] = field(default_factory=list)

    def challenges(self) -> list[dict[str, Any]]:
        return [e["challenge"] for e in self.events if e["kind"] == "challenge"]

    def logged(self, level: str = "") -> list[str]:
        return [e["text"] for e in self.events if e["kind"] == "log" and level in ("", e["level"])]


class _BrokerHands:
    """The hands of a human who sits at a face of this very process."""

    def __init__(self, broker: Broker, challenge: str) -> None:
        self._broker, self._challenge = broker, challenge

    def look(self) -> Look:
        return self._broker.look(self._challenge)

    def click(self, x: int, y: int) -> None:
        self._broker.hand(self._challenge, {"act": "click", "x": x, "y": y}, "test")

    def type(self, text: str) -> None:
        self._broker.hand(self._challenge, {"act": "type", "text": text}, "test")

    def press(self, key: str) -> None:
        self._broker.hand(self._challenge, {"act": "press", "key": key}, "test")

    def drag(self, x: int, y: int, to_x: int, to_y: int) -> None:
        self._broker.hand(self._challenge, {"act": "drag", "x": x, "y": y, "to_x": to_x, "to_y": to_y}, "test")


class Bench:
    """A platform, its simulator being served, and a human.

    Args:
        options: settings of `[platforms.<name>]` over those the simulator names in `describe()["options"]`.
    """

    def __init__(self, served: Served, folder: Path, clock: Any, **options: Any) -> None:
        self.simulator: Simulator = served.simulator
        self.platform = self.simulator.name
        self.extractor = REGISTRY.load(self.platform)
        self.vault = Memory()
        self.folder, self.clock = folder, clock
        self.settings = Settings(folder, {"platforms": {self.platform: self.simulator.settings() | options}})
        self._browser: Any = None
        for account in self.simulator.describe()["accounts"]:
            for wanted in (*self.extractor.secrets, *self.extractor.optional_secrets, "totp_secret"):
                value = account.get(wanted) or account.get(ALIASES.get(wanted, ""))
                if value:
                    self.vault.values[self.platform, account["account"], wanted] = Secret(value)

    def forget(self) -> None:
        """No saved login any more, and a context without cookies."""
        self.vault.states.clear()
        self.new_context()

    def new_context(self) -> None:
        """Start the browser anew, so that the next run restores its login from the vault."""
        if self._browser is not None:
            self._browser.close()
            self._browser = None

    def run(
        self, *, account: str = "default", feeds: tuple[str, ...] = (), attended: bool = True, human: Human | None = None,
        patience: float = 60.0, during: Callable[[Capture], None] | None = None,
    ) -> Result:  # fmt: skip
        """One run of the extractor. The browser stays as it is from run to run; see `new_context`."""
        spec = RunSpec(
            id=new_id(self.clock.now()), platform=self.platform, account=account, feeds=feeds, attended=attended,
            challenge_timeout_seconds=patience,
        )  # fmt: skip
        result = Result()
        cancel, redactor = threading.Event(), Redactor()

        def emit(kind: str, **data: Any) -> None:
            result.events.append({"kind": kind, **data})
            if kind == "challenge":
                threading.Thread(target=self._answer, args=(data["challenge"], human, broker), daemon=True).start()

        broker = Broker(spec, emit=emit, clock=self.clock, redactor=redactor, cancel=cancel)
        session = Session(
            spec, self.extractor, settings=self.settings, clock=self.clock, secrets=self.vault, sessions=self.vault, broker=broker,
            emit=emit, redactor=redactor, folder=self.folder, cancel=cancel,
        )  # fmt: skip
        if self._browser is not None:
            session._browser = self._browser
            self._browser.session = session
        try:
            for capture in self.extractor().extract(session):
                name = capture.feed.partition("/")[2] + (f":{capture.series}" if capture.series else "")
                result.captures[name] = capture
                body = capture.body
                result.bodies[name] = body if isinstance(body, bytes) else Path(body).read_bytes()  # type: ignore[arg-type]
                if during is not None:
                    during(capture)
        except BedrotError as error:
            result.error = error
        result.failed = {feed.partition("/")[2]: error for feed, error in session.failures}
        self._browser = session._browser
        return result

    def _answer(self, challenge: dict[str, Any], human: Human | None, broker: Broker) -> None:
        hands = _BrokerHands(broker, challenge["id"])
        said = (human or self.simulator.answer)(challenge, hands)
        if said is None:
            return
        if said in challenge["can"] or said == "done":
            broker.act(challenge["id"], said, "test")
        else:
            broker.offer(challenge["id"], said, "test")

    def close(self) -> None:
        self.new_context()
