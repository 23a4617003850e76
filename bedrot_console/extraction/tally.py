"""What a run's events say: from the events to the view that faces have of it. Pure; knows no file."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from ..domain.accounts import account_flag
from ..domain.files import parse_time
from ..domain.identifiers import id_time
from ..domain.runs import DIED, RunSpec, RunState, RunView

_ABOUT_AN_ACCOUNT = re.compile(r"bedrot (extract|secrets set|sessions forget) [^,;]+\Z")

_AGAIN = "bedrot extract PLATFORM"
_NEXT = {
    "access-error": f"look at the account in your own browser, then: {_AGAIN}",
    "source-blocked": f"see whether your own browser gets in, then: {_AGAIN}",
    "credentials-rejected": "store the right one: bedrot secrets set PLATFORM FIELD",
    "login-lost": _AGAIN,
    "challenge-unanswered": _AGAIN,
    "challenge-expired": _AGAIN,
    "not-shown": f"look at the account in your own browser, then: {_AGAIN}",
    "rate-limited": f"wait, then: {_AGAIN}",
    "source-changed": "its pages or answers are new to the extractor; tell the developers what run.log in the run's folder says",
    "cancelled": _AGAIN,
}


class Tally:
    """What a run's events say so far; later ones are added as they come, so that a long log is not read from its beginning each time."""

    def __init__(self) -> None:
        self.count = 0
        self.newest: dict[str, Any] | None = None
        self.state, self.stage = RunState.QUEUED, ""
        self.done: int | None = None
        self.total: int | None = None
        self.challenge: str | None = None
        self.started: str | None = None
        self.at: str | None = None
        self.expected: tuple[str, ...] = ()
        self.landed: list[str] = []
        self.files: list[str] = []
        self.size_bytes = 0
        self.ended: dict[str, Any] | None = None

    def add(self, events: Iterable[dict[str, Any]]) -> Tally:
        """Take in further events, in order; nothing after the end counts."""
        for event in events:
            self.count += 1
            self.newest = event
            if self.ended is None:
                self.at = event.get("at", self.at)
                self._take(event)
        return self

    def continues(self, events: Sequence[dict[str, Any]]) -> bool:
        """Whether these very events begin with those that were taken in."""
        return self.count == 0 or (self.count <= len(events) and events[self.count - 1] is self.newest)

    def _take(self, event: dict[str, Any]) -> None:
        kind = event["kind"]
        if kind == "state":
            self.state = RunState(event["state"])
            self.expected = tuple(event.get("expected", self.expected))
            self.started = self.started or event["at"]
        elif kind == "stage":
            self.stage, self.done, self.total = event["stage"], event.get("done"), event.get("total")
        elif kind == "landed":
            self.landed.append(event["feed"])
            self.files.append(event["file"])
            self.size_bytes += event.get("size_bytes", 0)
        elif kind == "challenge":
            self.challenge = event["challenge"]["id"]
        elif kind == "challenge-ended":
            self.challenge = None
        elif kind == "ended":
            self.ended = event

    def view(self, spec: RunSpec, *, alive: bool) -> RunView:
        """The run as faces see it. One that is not alive and has not ended died."""
        if self.ended is not None:
            return ended_view(spec, self.ended)
        started = parse_time(self.started) if self.started else id_time(spec.id)
        view = RunView(
            id=spec.id, platform=spec.platform, account=spec.account, state=self.state, started_at=started, expected=self.expected,
            landed=tuple(self.landed), files=tuple(self.files), landed_bytes=self.size_bytes, stage=self.stage, done=self.done,
            total=self.total, challenge_id=self.challenge, attended=spec.attended, purpose=spec.purpose,
        )  # fmt: skip
        if alive:
            return view
        return replace(
            view,
            state=RunState.FAILED,
            ended_at=parse_time(self.at) if self.at else started,
            error_code=DIED,
            error="the run's process died without a last word",
            hint=for_account(f"bedrot extract {spec.platform}", spec.account),
            exit_code=70,
            challenge_id=None,
        )


def reduce(spec: RunSpec, events: Iterable[dict[str, Any]], *, alive: bool) -> RunView:
    """Events -> view. Pure."""
    return Tally().add(events).view(spec, alive=alive)


def ended_view(spec: RunSpec, event: dict[str, Any]) -> RunView:
    return RunView(
        id=spec.id, platform=spec.platform, account=spec.account, state=RunState(event["state"]),
        started_at=parse_time(event["started_at"]), ended_at=parse_time(event["at"]), expected=tuple(event["expected"]),
        landed=tuple(event["landed"]), files=tuple(event["files"]), landed_bytes=event.get("landed_bytes", 0),
        stage=event.get("stage") or "", error_code=event["error_code"], error=event["error"], hint=event["hint"],
        exit_code=event["exit_code"], attended=spec.attended, purpose=spec.purpose,
    )  # fmt: skip


def next_step(hint: str | None, error_code: str | None, platform: str, account: str) -> str | None:
    """What to do after a run that ended so: what the error itself recommends, else what its kind does; for this platform and account."""
    wanted = hint or (_NEXT.get(error_code, f"later: {_AGAIN}") if error_code else None)
    return for_account(wanted.replace("PLATFORM", platform), account) if wanted else None


def for_account(hint: str | None, account: str) -> str | None:
    """The hint with the account that its command, which ends it, is about. Extractors write it for `default`."""
    if not hint or account == "default" or " --account " in hint or not _ABOUT_AN_ACCOUNT.search(hint):
        return hint
    return hint + account_flag(account)
