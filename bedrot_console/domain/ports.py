"""Ports between rooms that may not know each other. The operations put the real ones together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from .challenges import Secret
from .events import Event


class Journal(Protocol):
    """The hash-chained audit log."""

    def append(self, events: Iterable[Event]) -> list[Event]:
        """Append in one durable write; returns the events with `seq` and `host` filled in. Atomic as a whole for readers.

        Raises:
            FixityError: not durable; nothing of it counts.
        """

    def read(self, after: int = 0) -> Iterable[Event]:
        """Events with `seq` > `after`, in order."""

    @property
    def head(self) -> int:
        """The newest `seq`; 0 for an empty journal. Cheap."""


class Secrets(Protocol):
    """Sealed credentials, per platform, account and field."""

    def get(self, platform: str, account: str, name: str) -> Secret | None: ...
    def put(self, platform: str, account: str, name: str, value: Secret) -> None: ...
    def names(self) -> Sequence[tuple[str, str, str]]: ...


class Sessions(Protocol):
    """Sealed login states, per platform and account, versioned: a bad one rolls back."""

    def load(self, platform: str, account: str) -> dict[str, Any] | None: ...
    def save(self, platform: str, account: str, state: dict[str, Any], *, replaces: dict[str, Any] | None = None) -> int:
        """Keep a state as the newest; returns its version. 0: the newest is not `replaces` (any more), and nothing was saved."""

    def reject(self, platform: str, account: str, at: str | None = None, *, state: dict[str, Any] | None = None) -> bool:
        """Drop the newest state, or only this one; whether it was there."""

    def note(self, platform: str, account: str, **facts: str | None) -> None:
        """Keep facts about a login that reveal nothing: `proven_at`, `credential_ends_at`, … ; None forgets one."""
