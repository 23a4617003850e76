"""The challenge broker: one open question at a time, raced by every source of answers. Codes pass through memory only, once.

The extractor's thread asks and waits; the control socket's threads offer. The first valid answer wins; a late or foreign one is refused,
and so is one of the wrong shape, before it can cost an attempt at the platform.
"""

from __future__ import annotations

import re
import threading
import unicodedata
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from ..domain.challenges import Challenge, ChallengeKind, ChallengeState, Secret
from ..domain.errors import BedrotError, Cancelled, ChallengeExpired, ChallengeUnanswered, UsageError
from ..domain.identifiers import new_id
from ..domain.runs import RunSpec
from ..resilience import Clock, Deadline
from . import totp as otp
from .redaction import Redactor

POLL_SECONDS = 0.2
TOTP_TRIES = 2
"""Codes of the vault's authenticator per run: one, and one more in case the clocks differ by a step."""
TYPED = (ChallengeKind.CODE, ChallengeKind.PASSWORD)
LONGEST = 1024


class Broker:
    """Holds the open challenge of one run.

    Args:
        emit: told of each challenge and how it ended; never of an answer.
        cancel: set when the operator cancels the run.
    """

    def __init__(
        self, spec: RunSpec, *, emit: Callable[..., Any], clock: Clock, redactor: Redactor, cancel: threading.Event
    ) -> None:
        self.spec = spec
        self.totp_left = TOTP_TRIES
        self._emit, self._clock, self._redactor, self._cancel = emit, clock, redactor, cancel
        self._changed = threading.Condition()
        self._open: Challenge | None = None
        self._deadline: Deadline | None = None
        self._answer: tuple[Secret | str, str] | None = None
        self._last_step = -1

    @property
    def open(self) -> Challenge | None:
        """The challenge that waits for an answer now."""
        with self._changed:
            return self._open

    def ask(
        self,
        kind: ChallengeKind,
        prompt: str,
        *,
        medium: str = "",
        hint: str = "",
        length: int | None = None,
        pattern: str | None = None,
        expires_in: float | None = None,
        attempts_left: int | None = None,
        can: tuple[str, ...] = (),
        error: str | None = None,
        picture: str | None = None,
        moved: Callable[[], bool] | None = None,
        totp: Secret | None = None,
    ) -> Secret | str:
        """Raise a challenge and wait. See `Session.ask`."""
        patience = self.spec.challenge_timeout_seconds
        seconds = patience if expires_in is None else min(patience, expires_in)
        now = self._clock.now()
        challenge = Challenge(
            id=new_id(now), kind=kind, run_id=self.spec.id, platform=self.spec.platform, account=self.spec.account,
            prompt=self._redactor.clean(prompt), raised_at=now, expires_at=now + timedelta(seconds=seconds), medium=medium,
            hint=self._redactor.clean(hint), length=length, pattern=pattern, attempts_left=attempts_left,
            error=self._redactor.clean(error) if error else None, can=can, picture=picture,
        )  # fmt: skip
        with self._changed:
            self._open, self._answer = challenge, None
            self._deadline = Deadline.after(self._clock, seconds)
        self._emit("challenge", challenge=challenge.to_record())
        self._emit("state", state="waiting")
        state, by = ChallengeState.CANCELLED, ""
        try:
            value, state, by = self._wait(moved, totp)
        except ChallengeExpired:
            state = ChallengeState.EXPIRED
            if expires_in is None or expires_in > patience:
                raise ChallengeUnanswered(
                    f"nobody answered {self.spec.platform} within {patience:.0f} s", hint=f"bedrot extract {self.spec.platform}"
                ) from None
            raise
        finally:
            with self._changed:
                self._open = self._answer = self._deadline = None
            self._emit("challenge-ended", challenge=challenge.id, state=state.value, by=by)
            self._emit("state", state="running")
        return value

    def _wait(self, moved: Callable[[], bool] | None, totp: Secret | None) -> tuple[Secret | str, ChallengeState, str]:
        while True:
            if totp is not None and self.totp_left > 0:
                self._offer_totp(totp)
            with self._changed:
                if self._answer is None and not self._cancel.is_set():
                    self._changed.wait(POLL_SECONDS)
                if self._cancel.is_set():
                    raise Cancelled("cancelled by the operator")
                if self._answer is not None:
                    value, by = self._answer
                    # Taken now: whoever is later hears that the challenge is over.
                    self._open = None
                    return value, ChallengeState.ANSWERED, by
                if self._deadline is not None and self._deadline.passed:
                    self._open = None
                    raise ChallengeExpired("the time for the answer is over")
            if moved is not None and moved():
                with self._changed:
                    self._open = None
                return "moved", ChallengeState.MOVED, "page"

    def _offer_totp(self, secret: Secret) -> None:
        seconds = self._clock.now().timestamp()
        step = otp.step_at(seconds)
        if step <= self._last_step or otp.left_at(seconds) < otp.TOO_LATE_SECONDS:
            return
        self._last_step = step
        code = Secret(otp.code(secret, step))
        with self._changed:
            if self._open is None or self._answer is not None:
                return
            self.totp_left -= 1
            self._redactor.add(code)
            self._answer = (code, "totp")

    def offer(self, challenge_id: str, value: str, by: str) -> None:
        """An answer from outside; any thread. Returns when it is the one that counts.

        Raises:
            ChallengeExpired: not the open challenge, or somebody was faster.
            UsageError: the answer has the wrong shape; nothing was spent.
        """
        with self._changed:
            challenge = self._current(challenge_id)
            answer = _shaped(challenge, value)
            self._redactor.add(answer)
            self._answer = (answer, by)
            self._changed.notify_all()

    def act(self, challenge_id: str, act: str, by: str) -> None:
        """An act from outside: one of the challenge's `can`, or `done` for what is not typed.

        Raises:
            ChallengeExpired, UsageError: as `offer`.
        """
        with self._changed:
            challenge = self._current(challenge_id)
            allowed = challenge.can + (("done",) if challenge.kind not in TYPED else ())
            if act not in allowed:
                raise UsageError(f"this challenge has no act {act!r}", hint="it has: " + (", ".join(allowed) or "none"))
            self._answer = (act, by)
            self._changed.notify_all()

    def cancel(self) -> None:
        """The operator cancels the run: whoever waits stops waiting."""
        with self._changed:
            self._cancel.set()
            self._changed.notify_all()

    def _current(self, challenge_id: str) -> Challenge:
        over: BedrotError = ChallengeExpired("this challenge is over", hint="bedrot challenges")
        if self._open is None or self._open.id != challenge_id or (self._deadline is not None and self._deadline.passed):
            raise over
        if self._answer is not None:
            raise ChallengeExpired("somebody else answered first")
        return self._open


def _shaped(challenge: Challenge, value: str) -> Secret:
    """The answer as the platform takes it.

    Raises:
        UsageError: it cannot be an answer to this challenge.
    """
    if challenge.kind not in TYPED:
        raise UsageError("there is nothing to type; say done once it is done", hint="bedrot challenges")
    if len(value) > LONGEST or any(unicodedata.category(c) == "Cc" for c in value):
        raise UsageError("that is no answer: too long, or with control characters")
    if challenge.kind is ChallengeKind.CODE:
        compact = "".join(value.split()).replace("-", "")
        value = compact if challenge.pattern is None or re.fullmatch(challenge.pattern, compact) else value.strip()
    if not value:
        raise UsageError("the answer is empty")
    if challenge.length is not None and len(value) != challenge.length:
        raise UsageError(f"the code has {challenge.length} characters, not {len(value)}")
    if challenge.pattern is not None and not re.fullmatch(challenge.pattern, value):
        raise UsageError("that does not look like the code that was asked for")
    return Secret(value)
