"""When a login ends, as far as its own state says: dates of cookies, `exp` of JSON Web Tokens. Pure."""

from __future__ import annotations

import base64
import json
import math
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from ..domain.files import format_time, parse_time

_JWT = re.compile(r"(?<![\w-])eyJ[\w-]*\.([\w-]+)\.[\w-]*")
_LAST_MOMENT = 253_402_300_799.0
"""The last second of the year 9999: no date lies after it."""
_NOT_LOGINS = ("__cf_bm", "cf_clearance", "_cfuvid")
"""Cookies of a well-known gateway: httpOnly and short-lived, but no login (documented by Cloudflare)."""


def expiry(state: Mapping[str, Any]) -> str | None:
    """The soonest end that a login state itself states, as text, or None: dates of its login cookies (those in `auth_cookies` if named, else
    the httpOnly ones); only where none has a date, `exp` of JWTs, of each site the latest, since sites leave old ones lying about.

    What had already ended when the state was saved is no end of this login, which worked then.
    """
    names = set(state.get("auth_cookies") or ())
    storage = state.get("storage_state") or {}
    dates: list[float] = []
    tokens: dict[str, list[float]] = {}
    for cookie in (*storage.get("cookies", ()), *(state.get("cookies") or ())):
        name = cookie.get("name", "")
        if name in _NOT_LOGINS or (name not in names if names else not cookie.get("httpOnly")):
            continue
        dates.append(cookie.get("expires") or -1)
        tokens.setdefault(f"cookie {cookie.get('domain', '')}", []).extend(_jwt_ends(cookie.get("value", "")))
    for origin in storage.get("origins", ()):
        for item in origin.get("localStorage", ()):
            tokens.setdefault(str(origin.get("origin", "")), []).extend(_jwt_ends(item.get("value", "")))
    after = _seconds(state.get("saved_at"))
    ends = _stated(dates, after) or [max(_stated(found, after)) for found in tokens.values() if _stated(found, after)]
    return format_time(datetime.fromtimestamp(min(ends), UTC)) if ends else None


def _stated(ends: Iterable[float], after: float) -> list[float]:
    """Those of `ends` that are moments of a calendar, and lie after `after`."""
    return [float(end) for end in ends if math.isfinite(end) and after < end < _LAST_MOMENT]


def _seconds(text: Any) -> float:
    try:
        return parse_time(text).timestamp() if text else 0.0
    except (ValueError, TypeError):
        return 0.0


def _jwt_ends(text: str) -> list[float]:
    """`exp` of each JWT in a text; sites also keep theirs inside a JSON object."""
    ends: list[float] = []
    for match in _JWT.finditer(text) if isinstance(text, str) else ():
        claims = match[1]
        try:
            ends.append(float(json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))["exp"]))
        except (ValueError, KeyError, TypeError, OverflowError):
            continue
    return ends
