"""Time and trying again. Clock and sleep are parameters everywhere, so that no test waits."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol

from .domain.errors import BedrotError, RateLimited


class Clock(Protocol):
    """Where time comes from. `now` is aware UTC; `monotonic` seconds only ever rise; `sleep` waits."""

    def now(self) -> datetime: ...
    def monotonic(self) -> float: ...
    def sleep(self, seconds: float) -> None: ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


@dataclass(frozen=True, slots=True)
class Deadline:
    """A moment on the monotonic clock after which to stop waiting."""

    clock: Clock
    at: float

    @classmethod
    def after(cls, clock: Clock, seconds: float) -> Deadline:
        return cls(clock, clock.monotonic() + seconds)

    @property
    def left(self) -> float:
        """Seconds left, never below 0."""
        return max(0.0, self.at - self.clock.monotonic())

    @property
    def passed(self) -> bool:
        return self.left == 0.0


@dataclass(frozen=True, slots=True)
class Retry:
    """Bounded trying again: full-jitter exponential pauses, limited by attempts and by total seconds.

    Only errors with `retryable` are tried again; a RateLimited that names its pause is obeyed when it fits the total.
    """

    attempts: int = 4
    total_seconds: float = 120.0
    first_seconds: float = 0.5
    most_seconds: float = 30.0
    rng: random.Random = field(default_factory=random.Random)

    def pauses(self) -> Iterator[float]:
        """The pauses between attempts, in seconds."""
        for n in range(self.attempts - 1):
            yield self.rng.uniform(0.5, 1.0) * min(self.most_seconds, self.first_seconds * 2**n)

    def call(self, work: Callable[[], Any], clock: Clock, *, noticed: Callable[[BedrotError, float], None] | None = None) -> Any:
        """Do `work` until it succeeds, its error is not retryable, or the limits are reached; then its last error is raised.

        Args:
            noticed: told of each planned pause: (error, seconds).
        """
        deadline = Deadline.after(clock, self.total_seconds)
        pauses = self.pauses()
        while True:
            try:
                return work()
            except BedrotError as error:
                pause = next(pauses, None)
                if isinstance(error, RateLimited) and error.retry_after_seconds is not None and pause is not None:
                    pause = max(pause, error.retry_after_seconds)
                if not error.retryable or pause is None or pause > deadline.left:
                    raise
                if noticed is not None:
                    noticed(error, pause)
                clock.sleep(pause)
