"""The challenge broker: one open question at a time, raced by every source of answers. Codes pass through memory only, once.

The extractor's thread asks and waits; the control socket's threads offer. The first valid answer wins; a late or foreign one is refused,
and so is one of the wrong shape, before it can cost an attempt at the platform. Who answers may also look at what the challenge shows and
lay hands on its page: a page belongs to one thread, so the thread that waits does it for them, one wish after the other.
"""

from __future__ import annotations

import re
import threading
import unicodedata
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from ..domain.challenges import Challenge, ChallengeKind, ChallengeState, Look, Secret
from ..domain.errors import (
    BedrotError,
    Cancelled,
    ChallengeExpired,
    ChallengeUnanswered,
    LifecycleError,
    SourceUnavailable,
    UsageError,
)
from ..domain.identifiers import new_id
from ..domain.runs import RunSpec
from ..resilience import Clock, Deadline
from . import acts
from . import totp as otp
from .redaction import Redactor

POLL_SECONDS = 0.2
TOTP_TRIES = 2
"""Codes of the vault's authenticator per run: one, and one more in case the clocks differ by a step."""
TYPED = (ChallengeKind.CODE, ChallengeKind.PASSWORD)
LONGEST = 1024
MOST_WISHES = 16
WISH_SECONDS = 12.0
"""How long who looks or acts waits for the page."""


@dataclass(eq=False, slots=True)
class _Wish:
    """Something to be done in the run's own thread for somebody in another."""

    work: Callable[[], Any]
    done: threading.Event = field(default_factory=threading.Event)
    value: Any = None
    error: BedrotError | None = None


class Broker:
    """Holds the open challenge of one run.

    Args:
        emit: told of each challenge, who worked on its page, and how it ended; never of an answer.
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
        self._look: Callable[[], Look] | None = None
        self._hand: Callable[[dict[str, Any]], None] | None = None
        self._wishes: deque[_Wish] = deque()

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
        look: Callable[[], Look] | None = None,
        hand: Callable[[dict[str, Any]], None] | None = None,
    ) -> Secret | str:
        """Raise a challenge and wait. See `Session.ask`. `look` and `hand` are called in this thread while it waits."""
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
            self._look, self._hand = look, hand
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
                self._open = self._answer = self._deadline = self._look = self._hand = None
                wishes = list(self._wishes)
                self._wishes.clear()
            for wish in wishes:
                wish.error = _over()
                wish.done.set()
            self._emit("challenge-ended", challenge=challenge.id, state=state.value, by=by)
            self._emit("state", state="running")
        return value

    def _wait(self, moved: Callable[[], bool] | None, totp: Secret | None) -> tuple[Secret | str, ChallengeState, str]:
        while True:
            if totp is not None and self.totp_left > 0:
                self._offer_totp(totp)
            with self._changed:
                if self._answer is None and not self._wishes and not self._cancel.is_set():
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
                wish = self._wishes.popleft() if self._wishes else None
            if wish is not None:
                _grant(wish)
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

    def look(self, challenge_id: str) -> Look:
        """What there is to see of the open challenge, now; any thread but the one that asks. Secret: it is shown and forgotten.

        Raises:
            ChallengeExpired: as `offer`.  UsageError: it shows nothing.  LifecycleError: too many look at once.
            SourceChanged, SourceUnavailable: the page shows no code just now, or does not answer in time.
        """
        with self._changed:
            self._current(challenge_id)
            look = self._look
        if look is None:
            raise UsageError("this challenge shows nothing", hint="bedrot challenges")
        return self._wished(challenge_id, look)

    def hand(self, challenge_id: str, act: Mapping[str, Any], by: str) -> None:
        """Do something on the live page of an open `page` challenge (see `acts`); any thread but the one that asks. Returns when it is done.

        Before it is done the run's events tell who does what kind of thing; never what is typed, nor where.

        Raises:
            ChallengeExpired, LifecycleError, SourceUnavailable: as `look`.  UsageError: no such act, or not on this page.
        """
        with self._changed:
            challenge = self._current(challenge_id)
            hand = self._hand
        if challenge.kind is not ChallengeKind.PAGE or hand is None:
            raise UsageError("this challenge has no page to act on", hint="bedrot challenges")
        checked = acts.checked(act)
        if checked["act"] == "type":
            self._redactor.add(checked["text"])

        def told() -> None:
            self._emit("hand", challenge=challenge_id, act=checked["act"], by=by)
            hand(checked)

        self._wished(challenge_id, told)

    def _wished(self, challenge_id: str, work: Callable[[], Any]) -> Any:
        """Have `work` done by the thread that waits for the answer."""
        wish = _Wish(work)
        with self._changed:
            self._current(challenge_id)
            if len(self._wishes) >= MOST_WISHES:
                raise LifecycleError("too many are at this page at once", hint="try again in a moment")
            self._wishes.append(wish)
            self._changed.notify_all()
        if not wish.done.wait(WISH_SECONDS):
            with self._changed:
                if wish in self._wishes:
                    self._wishes.remove(wish)  # whoever was told that it failed must not see it happen later
            raise SourceUnavailable("the page does not answer", hint="look again before you repeat it")
        if wish.error is not None:
            raise wish.error
        return wish.value

    def cancel(self) -> None:
        """The operator cancels the run: whoever waits stops waiting."""
        with self._changed:
            self._cancel.set()
            self._changed.notify_all()

    def _current(self, challenge_id: str) -> Challenge:
        if self._open is None or self._open.id != challenge_id or (self._deadline is not None and self._deadline.passed):
            raise _over()
        if self._answer is not None:
            raise ChallengeExpired("somebody else answered first")
        return self._open


def _over() -> BedrotError:
    return ChallengeExpired("this challenge is over", hint="bedrot challenges")


def _grant(wish: _Wish) -> None:
    """Do it. Our own errors are for who wished it; anything else is a defect and ends the run."""
    wish.error = _over()
    try:
        wish.value = wish.work()
        wish.error = None
    except BedrotError as error:
        wish.error = error
    finally:
        wish.done.set()


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
