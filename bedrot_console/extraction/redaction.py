"""Blots the run's live secrets out of everything the run says. Nothing that passed through here holds one in any usual spelling."""

from __future__ import annotations

import base64
import html
import json
import re
import threading
from typing import Any
from urllib.parse import quote, quote_plus

from ..domain.challenges import Secret

SHORTEST = 4
"""Shorter values would blot out ordinary words; no platform issues such secrets."""
MARK = "[secret]"


class Redactor:
    """Knows the live secrets of one run. Thread-safe: the socket's thread adds an answer before anybody can print it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._spellings: set[str] = set()
        self._pattern: re.Pattern[str] | None = None
        self._longest = 0

    def add(self, *secrets: Secret | str) -> None:
        """From now on these values, also URL-encoded, JSON- or HTML-escaped or in base64, are blotted out."""
        values = [s.reveal() if isinstance(s, Secret) else s for s in secrets]
        spellings = {spelling for v in values if len(v) >= SHORTEST for spelling in _spellings(v)}
        with self._lock:
            if spellings <= self._spellings:
                return
            self._spellings |= spellings
            ordered = sorted(self._spellings, key=len, reverse=True)
            self._pattern = re.compile("|".join(re.escape(s) for s in ordered))
            self._longest = max(map(len, ordered), default=0)

    def clean(self, text: str) -> str:
        """`text` with every live secret replaced by `[secret]`."""
        pattern = self._pattern
        return pattern.sub(MARK, text) if pattern is not None else text

    def clean_piece(self, text: str) -> tuple[str, str]:
        """Of a text that goes on: (its beginning, cleaned; the end, as it is, in which a secret may have begun: to be put before the rest)."""
        pattern, cut = self._pattern, max(0, len(text) - self._longest + 1) if self._longest else len(text)
        if pattern is None:
            return text, ""
        for match in pattern.finditer(text):
            if match.start() < cut < match.end():
                cut = match.end()
        return pattern.sub(MARK, text[:cut]), text[cut:]

    def clean_value(self, value: Any, *, keep: frozenset[str] = frozenset()) -> Any:
        """A JSON value with all its strings cleaned; values under the keys in `keep` (our own ids, times and codes) stay, objects excepted."""
        if isinstance(value, str):
            return self.clean(value)
        if isinstance(value, dict):
            return {k: v if k in keep and not isinstance(v, dict) else self.clean_value(v, keep=keep) for k, v in value.items()}
        if isinstance(value, list | tuple):
            return [self.clean_value(v, keep=keep) for v in value]
        return value


def _spellings(value: str) -> set[str]:
    raw = value.encode("utf-8", "surrogatepass")
    return {
        value, quote(raw), quote(raw, safe=""), quote_plus(raw), json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1],
        html.escape(value), repr(value)[1:-1], base64.b64encode(raw).decode().rstrip("="),
        base64.urlsafe_b64encode(raw).decode().rstrip("="),
    }  # fmt: skip
