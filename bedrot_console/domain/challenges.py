"""What a platform asks of a human, and the port through which the human answers.

A code lives in memory only, is used once, is bound to its challenge, and is never retried by a program.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from .files import format_time, parse_time


class Secret:
    """A string that never shows itself: `repr`, `str`, `format`, pickling and JSON give no value. `reveal()` does, once asked for by name."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        return self._value

    def __repr__(self) -> str:
        return "Secret(***)"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return repr(self)

    def __bool__(self) -> bool:
        return bool(self._value)

    def __len__(self) -> int:
        return len(self._value)

    def __reduce__(self) -> Any:
        raise TypeError("a Secret is not serialised")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)


class ChallengeKind(StrEnum):
    CODE = "code"
    PASSWORD = "password"
    APPROVE = "approve"
    PAGE = "page"
    QR = "qr"


class ChallengeState(StrEnum):
    OPEN = "open"
    ANSWERED = "answered"
    REFUSED = "refused"
    EXPIRED = "expired"
    MOVED = "moved"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Challenge:
    """One question to a human.

    Attributes:
        id: new for each attempt; a late answer to an old id is refused.
        medium: `e-mail`, `sms`, `app` … for codes; empty where it does not apply.
        hint: masked destination (`m…@example.net`), from the platform: outside text.
        length: how many characters a code has; None if unknown. `pattern` is a regular expression an answer must match in full.
        attempts_left: None if unknown.
        can: further acts the face may offer: `resend`, `other`.
        picture: name of a sealed artefact in the run folder (QR, page); never the secret itself.
    """

    id: str
    kind: ChallengeKind
    run_id: str
    platform: str
    account: str
    prompt: str
    raised_at: datetime
    expires_at: datetime | None = None
    medium: str = ""
    hint: str = ""
    length: int | None = None
    pattern: str | None = None
    attempts_left: int | None = None
    error: str | None = None
    can: tuple[str, ...] = ()
    picture: str | None = None
    state: ChallengeState = ChallengeState.OPEN

    def with_state(self, state: ChallengeState) -> Challenge:
        return replace(self, state=state)

    def to_record(self) -> dict[str, Any]:
        """JSON values; holds no answer by construction."""
        return {
            "id": self.id, "kind": self.kind.value, "run_id": self.run_id, "platform": self.platform, "account": self.account,
            "prompt": self.prompt, "raised_at": format_time(self.raised_at),
            "expires_at": format_time(self.expires_at) if self.expires_at else None, "medium": self.medium, "hint": self.hint,
            "length": self.length, "pattern": self.pattern, "attempts_left": self.attempts_left, "error": self.error,
            "can": list(self.can), "picture": self.picture, "state": self.state.value,
        }  # fmt: skip

    @classmethod
    def from_record(cls, r: dict[str, Any]) -> Challenge:
        values = dict(r)
        values["kind"] = ChallengeKind(r["kind"])
        values["state"] = ChallengeState(r["state"])
        values["raised_at"] = parse_time(r["raised_at"])
        values["expires_at"] = parse_time(r["expires_at"]) if r["expires_at"] else None
        values["can"] = tuple(r["can"])
        return cls(**values)


@dataclass(frozen=True, slots=True)
class Look:
    """What a person must see to answer a challenge. Handed from the run to a face, never written anywhere: a QR code is a login.

    Attributes:
        text: what a `qr` challenge's code says, to be drawn again.
        picture: the page of a `page` challenge as PNG; `width` and `height` in pixels.
        outline: the page as a text outline, live secrets and personal data blotted out: outside text.
    """

    text: Secret | None = None
    picture: bytes = field(default=b"", repr=False)
    width: int = 0
    height: int = 0
    outline: str = ""


class Operator(Protocol):
    """The human, as a port: TUI, CLI, unattended run and tests each bring one."""

    def answer(self, challenge: Challenge) -> Secret | str | None:
        """The answer, an act out of `challenge.can`, or None when nobody gives one."""

    def notice(self, event: Any) -> None:
        """Something happened; show it."""
