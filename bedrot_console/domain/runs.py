"""A Run: one execution of an extractor, with its outcome, its captures and the challenges met."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

DIED = "run-died"
"""Error code of a run whose process died without a last word."""


PURPOSES = ("extract", "check")


class RunState(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    WAITING = "waiting"
    DONE = "done"
    PARTIAL = "partial"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def ended(self) -> bool:
        return self in (RunState.DONE, RunState.PARTIAL, RunState.FAILED, RunState.CANCELLED)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSpec:
    """What a run is asked to do. `feeds` empty means all feeds of the platform. `attended` is whether anybody may answer a challenge.
    `purpose` is one of PURPOSES: a `check` only proves the saved login and brings nothing."""

    id: str
    platform: str
    account: str = "default"
    feeds: tuple[str, ...] = ()
    attended: bool = True
    challenge_timeout_seconds: float = 900.0
    actor: str = ""
    purpose: str = "extract"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunView:
    """A run as faces see it, read from its event file. `exit_code` is from the published table, None while it runs.

    `expected` and `landed` are feed names, in `landed` one for each of `files` (ids): a feed with series stands there once for each of
    its files. A run that brings only part of `expected` is partial, never done. `stage` is the newest one, `done` of `total` how far it is,
    where it counts.
    """

    id: str
    platform: str
    account: str
    state: RunState
    started_at: datetime
    ended_at: datetime | None = None
    expected: tuple[str, ...] = ()
    landed: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    landed_bytes: int = 0
    stage: str = ""
    done: int | None = None
    total: int | None = None
    error_code: str | None = None
    error: str | None = None
    hint: str | None = None
    exit_code: int | None = None
    challenge_id: str | None = None
    attended: bool = True
    purpose: str = "extract"

    @property
    def feeds_landed(self) -> int:
        """Of how many feeds something has landed."""
        return len(set(self.landed))

    @property
    def missing(self) -> tuple[str, ...]:
        """Expected feeds of which nothing has landed."""
        return tuple(feed for feed in self.expected if feed not in self.landed)

    @property
    def again(self) -> tuple[str, ...]:
        """The feeds to ask for when it runs again: what a partial run did not bring, else whatever it was to bring (empty)."""
        return self.missing if self.state is RunState.PARTIAL else ()

    @property
    def brought(self) -> str:
        """What has landed, in words: `4 of 4 feeds, 9 files`; files only where feeds have several."""
        files = f", {len(self.files)} files" if len(self.files) > self.feeds_landed else ""
        return f"{self.feeds_landed} of {len(self.expected)} feeds" + files
