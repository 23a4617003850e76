"""What a person may do on the live page of a challenge: the acts, and what is refused before it reaches the page.

An act is a JSON object: `click` (x, y), `type` (text), `press` (key), `scroll` (dy), `drag` (x, y, to_x, to_y). Places are pixels of the
page's picture. What is typed is a secret: no message here quotes it.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Mapping
from typing import Any

from ..domain.errors import UsageError

LONGEST_TEXT = 1024
FARTHEST_SCROLL = 20_000
LARGEST = 20_000
"""Pixels; the page itself refuses what lies outside of its picture."""
KEYS = (
    "Enter", "Tab", "Shift+Tab", "Escape", "Backspace", "Delete", "Space", "ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight", "Home",
    "End", "PageUp", "PageDown", "Control+A",
)  # fmt: skip
"""Keys that can be pressed: those that move, send and correct. None opens a tool of the browser."""
_KEYS = {key.lower(): key for key in KEYS} | {
    "esc": "Escape", "up": "ArrowUp", "down": "ArrowDown", "left": "ArrowLeft", "right": "ArrowRight", "return": "Enter",
}  # fmt: skip
_FIELDS = {
    "click": ("x", "y"),
    "type": ("text",),
    "press": ("key",),
    "scroll": ("dy",),
    "drag": ("x", "y", "to_x", "to_y"),
}


def checked(act: Mapping[str, Any]) -> dict[str, Any]:
    """The act with its values in the form the page takes.

    Raises:
        UsageError: no such act, values missing or too many, or values that no page has.
    """
    name = act.get("act")
    if not isinstance(name, str) or name not in _FIELDS:
        raise UsageError("a page has no such act", hint="it has: " + ", ".join(_FIELDS))
    fields = _FIELDS[name]
    if set(act) != {"act", *fields}:
        raise UsageError(f"{name} takes {', '.join(fields)} and nothing else")
    done: dict[str, Any] = {"act": name}
    for field in fields:
        value = act[field]
        if field == "text":
            done[field] = _text(value)
        elif field == "key":
            done[field] = _key(value)
        elif field == "dy":
            done[field] = _number(value, -FARTHEST_SCROLL, FARTHEST_SCROLL, "scrolls by pixels")
        else:
            done[field] = _number(value, 0, LARGEST, "is at pixels of the picture")
    return done


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise UsageError("there is nothing to type")
    if len(value) > LONGEST_TEXT or any(unicodedata.category(c) in ("Cc", "Cs") for c in value):
        raise UsageError(f"only text without control characters can be typed, {LONGEST_TEXT:,} characters at most")
    return value


def _key(value: Any) -> str:
    key = _KEYS.get(value.lower()) if isinstance(value, str) else None
    if key is None:
        raise UsageError("this key cannot be pressed", hint="these can: " + ", ".join(KEYS))
    return key


def _number(value: Any, least: float, most: float, what: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or not least <= value <= most:
        raise UsageError(f"it {what}, from {least:.0f} to {most:.0f}")
    return value
