"""The login's token: a JWT that the site keeps in the browser's storage, and when it ends. Pure functions of what the storage holds.

Certainty: that it is a JWT in localStorage, *seen*; under which key, not known: `token`, `jwt`, `authToken` and `access_token` are the names
that others tried. A life of 7 days is *documented* by one reader only, so the token's own `exp` is read and nothing is assumed.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from bedrot_console.domain.challenges import Secret

KEYS = ("token", "jwt", "authToken", "access_token")
_JWT = re.compile(r"(?<![\w-])ey[\w-]{4,}\.ey[\w-]{2,}\.[\w-]*")
_MILLISECONDS = 100_000_000_000
"""A time above this many seconds lies after the year 5000: it is one in milliseconds."""


@dataclass(frozen=True, slots=True)
class Bearer:
    """A token as found. `ends_at` is its `exp`, None if it states none; `email` whom it names, empty if nobody."""

    value: Secret
    key: str
    ends_at: datetime | None
    email: str = ""

    def ended(self, now: datetime) -> bool:
        """Whether its own end has passed. One that states no end has not."""
        return self.ends_at is not None and self.ends_at <= now

    def left(self, now: datetime) -> timedelta | None:
        """How long it still holds; None if it states no end."""
        return None if self.ends_at is None else self.ends_at - now

    def told(self, now: datetime) -> str:
        """When it ends, for the operator."""
        left = self.left(now)
        if self.ends_at is None or left is None:
            return "the login does not say when it ends"
        hours = left / timedelta(hours=1)
        span = f"{hours / 24:.1f} days" if hours >= 48 else f"{hours:.1f} hours" if hours >= 1 else f"{hours * 60:.0f} minutes"
        return f"the login ends on {self.ends_at:%Y-%m-%d %H:%M} UTC, in {span}"


def find(storage: Iterable[tuple[str, str]]) -> Bearer | None:
    """The token among the items of a storage: under a known key first, else any JWT; of several the one that ends last."""
    found: list[tuple[int, float, Bearer]] = []
    for key, text in storage:
        for match in _JWT.finditer(text):
            claims = _claims(match[0])
            if claims is None:
                continue
            ends = _moment(claims.get("exp"))
            email = claims.get("email")
            known = KEYS.index(key) if key in KEYS else len(KEYS)
            rank = ends.timestamp() if ends else 0.0
            found.append((known, -rank, Bearer(Secret(match[0]), key, ends, email if isinstance(email, str) else "")))
    return min(found, key=lambda f: f[:2])[2] if found else None


def _claims(token: str) -> dict[str, Any] | None:
    body = token.split(".")[1]
    try:
        value = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _moment(value: Any) -> datetime | None:
    """A NumericDate, in seconds or (some issuers) milliseconds."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return datetime.fromtimestamp(value / 1000 if value > _MILLISECONDS else value, UTC)
    except (ValueError, OverflowError, OSError):
        return None
