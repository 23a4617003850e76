"""Runs the extractor in real Chromium against the simulator, with the real session and broker, and a scripted human."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bedrot_console.domain.challenges import Secret
from bedrot_console.domain.errors import BedrotError
from bedrot_console.domain.files import Capture
from bedrot_console.domain.identifiers import new_id
from bedrot_console.domain.runs import RunSpec
from bedrot_console.extraction.broker import Broker
from bedrot_console.extraction.redaction import Redactor
from bedrot_console.extraction.session import Session
from bedrot_console.extraction.simulator import Served
from bedrot_console.settings import Settings
from extractors.distrokid.extractor import DistroKid
from extractors.distrokid.simulator import DistroKidSimulator

Human = Callable[[dict[str, Any], DistroKidSimulator], str | None]
"""What the human does about a challenge: a code, an act, or nothing."""


class Memory:
    """Secrets and Sessions in memory."""

    def __init__(self) -> None:
        self.values: dict[tuple[str, str, str], Secret] = {}
        self.states: dict[str, list[dict[str, Any]]] = {}

    def get(self, platform: str, account: str, name: str) -> Secret | None:
        return self.values.get((platform, account, name))

    def load(self, platform: str, account: str) -> dict[str, Any] | None:
        kept = self.states.get(account)
        return kept[-1] if kept else None

    def save(self, platform: str, account: str, state: dict[str, Any]) -> int:
        self.states.setdefault(account, []).append(state)
        return len(self.states[account])

    def reject(self, platform: str, account: str) -> None:
        if self.states.get(account):
            self.states[account].pop()


@dataclass
class Result:
    """What a run brought and said."""

    captures: dict[str, Capture] = field(default_factory=dict)
    bodies: dict[str, bytes] = field(default_factory=dict)
    failed: dict[str, BedrotError] = field(default_factory=dict)
    error: BedrotError | None = None
    events: list[dict[str, Any]] = field(default_factory=list)

    def challenges(self) -> list[dict[str, Any]]:
        return [e["challenge"] for e in self.events if e["kind"] == "challenge"]


def from_mailbox(challenge: dict[str, Any], simulator: DistroKidSimulator) -> str | None:
    """The human who types the newest code received; an authenticator app is the vault's business."""
    return simulator.mailbox(challenge["account"])[-1].code if challenge["medium"] == "e-mail" else None


class Bench:
    """One browser for many runs: each run gets a new session, a new context, and the vault of the bench."""

    def __init__(self, served: Served, folder: Path, clock: Any) -> None:
        self.simulator: DistroKidSimulator = served.simulator  # type: ignore[assignment]
        self.vault = Memory()
        self.folder, self.clock = folder, clock
        self.settings = Settings(folder, {}, {"BEDROT_DISTROKID_BASE_URL": served.base_url})
        self._browser: Any = None
        for account in self.simulator.accounts:
            for name, value in (
                ("email", account.username),
                ("password", account.password),
                ("totp_secret", account.totp_secret),
            ):
                if value:
                    self.vault.values["distrokid", account.account, name] = Secret(value)

    def fresh(self) -> None:
        """A simulator and a vault that remember nothing, and a context without cookies."""
        self.simulator.set_faults(())
        self.simulator.reset()
        self.vault.states.clear()
        if self._browser is not None:
            self._browser.clear()

    def new_context(self) -> None:
        """Start the browser anew, so that the next run restores its login from the vault."""
        if self._browser is not None:
            self._browser.close()
            self._browser = None

    def run(
        self, *, account: str = "default", feeds: tuple[str, ...] = (), attended: bool = True, human: Human = from_mailbox,
        patience: float = 60.0, during: Callable[[Capture], None] | None = None,
    ) -> Result:  # fmt: skip
        """One run of the extractor."""
        spec = RunSpec(
            id=new_id(self.clock.now()), platform="distrokid", account=account, feeds=feeds, attended=attended,
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
            spec, DistroKid, settings=self.settings, clock=self.clock, secrets=self.vault, sessions=self.vault, broker=broker,  # type: ignore[arg-type]
            emit=emit, redactor=redactor, folder=self.folder, cancel=cancel,
        )  # fmt: skip
        if self._browser is not None:
            session._browser = self._browser
            self._browser.session = session
        try:
            for capture in DistroKid().extract(session):
                name = capture.feed.partition("/")[2]
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

    def _answer(self, challenge: dict[str, Any], human: Human, broker: Broker) -> None:
        said = human(challenge, self.simulator)
        if said is None:
            return
        if said in challenge["can"]:
            broker.act(challenge["id"], said, "test")
        else:
            broker.offer(challenge["id"], said, "test")

    def close(self) -> None:
        self.new_context()
