"""Overwrites the run's own credentials where a platform echoes them: same length, `*`, and a Mask that says where.

Facts: Meta puts the access token into `paging.next` of its answers, URL-encoded inside JSON (documented; seen in samples).
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from urllib.parse import quote, quote_plus

from ..domain.files import Echo, Mask


def spellings(value: bytes) -> set[bytes]:
    """How a value may stand in a payload: raw, URL-encoded (either case of the digits), JSON-escaped, or both."""
    found = {value}
    for encode in (quote, quote_plus):
        encoded = encode(value, safe="").encode()
        found |= {encoded, _lower_percent(encoded)}
    for plain in list(found):
        try:
            text = plain.decode()
        except UnicodeDecodeError:
            continue
        for ascii_only in (True, False):
            escaped = json.dumps(text, ensure_ascii=ascii_only)[1:-1]
            unicode_slash = escaped.replace("/", "\\u002f")
            found |= {
                s.encode() for s in (escaped, escaped.replace("/", "\\/"), unicode_slash, unicode_slash.replace("u002f", "u002F"))
            }
    return {s for s in found if s}


def _lower_percent(encoded: bytes) -> bytes:
    parts = encoded.split(b"%")
    return b"%".join([parts[0], *(p[:2].lower() + p[2:] for p in parts[1:])])


class Masker:
    """Masks a stream piece by piece, also where a credential lies across two pieces. Holds back less than one credential's length."""

    def __init__(self, echoes: Iterable[Echo]) -> None:
        self._needles = [(s, e.kind) for e in echoes for s in sorted(spellings(e.value))]
        self._longest = max((len(s) for s, _ in self._needles), default=1)
        self._held = b""
        self._offset = 0
        self._open: list[tuple[int, int, str]] = []
        self.masks: list[Mask] = []

    def feed(self, data: bytes | memoryview) -> bytes:
        """What can be said for sure after these bytes."""
        whole = self._held + bytes(data)
        return self._mask(whole, max(0, len(whole) - self._longest + 1))

    def finish(self) -> bytes:
        """The rest."""
        return self._mask(self._held, len(self._held))

    def _mask(self, whole: bytes, sure: int) -> bytes:
        base = self._offset
        spans = self._open
        for needle, kind in self._needles:
            at = whole.find(needle)
            while 0 <= at < sure:
                spans.append((base + at, base + at + len(needle), kind))
                at = whole.find(needle, at + 1)
        merged: list[tuple[int, int, str]] = []
        for start, end, kind in sorted(spans):
            if merged and start < merged[-1][1]:
                merged[-1] = (merged[-1][0], max(end, merged[-1][1]), merged[-1][2])
            else:
                merged.append((start, end, kind))
        border = base + sure
        out = bytearray(whole[:sure])
        for start, end, kind in merged:
            first, last = max(start, base) - base, min(end, border) - base
            out[first:last] = b"*" * (last - first)
            if end <= border:
                self.masks.append(Mask(start, end - start, kind))
        # A credential that reaches over the border stays open: another one may begin inside it.
        self._open = [span for span in merged if span[1] > border]
        self._held = whole[sure:]
        self._offset = border
        return bytes(out)
