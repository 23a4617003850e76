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

    def add(self, secret: Secret | str) -> None:
        """From now on this value, also URL-encoded, JSON- or HTML-escaped or in base64, is blotted out."""
        value = secret.reveal() if isinstance(secret, Secret) else secret
        if len(value) < SHORTEST:
            return
        raw = value.encode()
        spellings = {
            value, quote(value), quote(value, safe=""), quote_plus(value), json.dumps(value)[1:-1],
            json.dumps(value, ensure_ascii=False)[1:-1], html.escape(value), repr(value)[1:-1],
            base64.b64encode(raw).decode().rstrip("="), base64.urlsafe_b64encode(raw).decode().rstrip("="),
        }  # fmt: skip
        with self._lock:
            self._spellings |= spellings
            ordered = sorted(self._spellings, key=len, reverse=True)
            self._pattern = re.compile("|".join(re.escape(s) for s in ordered))

    def clean(self, text: str) -> str:
        """`text` with every live secret replaced by `[secret]`."""
        pattern = self._pattern
        return pattern.sub(MARK, text) if pattern is not None else text

    def clean_value(self, value: Any, *, keep: frozenset[str] = frozenset()) -> Any:
        """A JSON value with all its strings cleaned; values under the keys in `keep` (our own ids and times) stay."""
        if isinstance(value, str):
            return self.clean(value)
        if isinstance(value, dict):
            return {k: v if k in keep else self.clean_value(v, keep=keep) for k, v in value.items()}
        if isinstance(value, list | tuple):
            return [self.clean_value(v, keep=keep) for v in value]
        return value
