"""Copying to the terminal's clipboard (OSC 52), also over SSH and through tmux and screen."""

from __future__ import annotations

import base64
from collections.abc import Mapping

LIMIT_BYTES = 74_000
"""Of text as UTF-8: the most that terminals take, which count 100,000 characters of the whole sequence."""
_CHUNK = 700
"""Of one string that screen hands through; it drops longer ones than 768."""


def sequences(text: str, environ: Mapping[str, str]) -> str:
    """What to send. A multiplexer gets it twice: once to obey itself, once to hand it through; either may be forbidden there.

    Of one inside the other both leave their mark, and only tmux calls the terminal by its name; screen would hand tmux' words through as text.
    """
    plain = f"\x1b]52;c;{base64.b64encode(text.encode('utf-8', 'replace')).decode()}\x07"
    term = environ.get("TERM", "")
    if environ.get("TMUX") and not (environ.get("STY") and term.startswith("screen")):
        return plain + "\x1bPtmux;" + plain.replace("\x1b", "\x1b\x1b") + "\x1b\\"
    if environ.get("STY") or term.startswith("screen"):
        return plain + "".join(f"\x1bP{plain[i : i + _CHUNK]}\x1b\\" for i in range(0, len(plain), _CHUNK))
    return plain


def too_long(text: str) -> bool:
    """Whether terminals would drop it, or a part of it."""
    return len(text.encode("utf-8", "replace")) > LIMIT_BYTES


def where(environ: Mapping[str, str]) -> str:
    """What must be allowed for it to arrive."""
    return "tmux and your terminal allow" if environ.get("TMUX") else "your terminal allows"
