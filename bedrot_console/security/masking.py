"""Masks personal data and token-like text in excerpts, outlines and logs. It errs towards masking; payloads themselves are never touched."""

from __future__ import annotations

import re

_EMAIL = re.compile(r"(?<![\w.+-])([\w.+-]{1,64})@([\w-]{1,63}(?:\.[\w-]{1,63})+)")
_JWT = re.compile(r"\beyJ[\w-]{8,}\.[\w-]{4,}\.[\w-]*")
_NAMED = re.compile(
    r"(?i)\b(access_token|appsecret_proof|token|password|passwd|secret|authorization|cookie|session(?:id)?|code|csrf)"
    r"(\"?\s*[=:]\s*\"?)(?:bearer\s+)?([^\s\"'&,;<>]{3,})"
)
_BEARER = re.compile(r"(?i)\bbearer\s+[\w.~+/=-]{8,}")
_TOKEN = re.compile(r"(?<![\w/+.-])(?=[\w+/-]*\d)(?=[\w+/-]*[A-Za-z])[\w+/-]{24,}={0,2}(?![\w.])")
_NUMBER = re.compile(r"(?<![\w.,:/-])(?:\+\d(?:[ ()-]{0,2}\d){6,16}|(?:\d{4}[ -]){3}\d{3,4}|\d{9,})(?!\w|[.,:/-]\d)")
_HEX_HASH = re.compile(r"[0-9a-f]{64}")
MASK = "\u2022\u2022\u2022"


def mask_text(text: str) -> str:
    """`text` with e-mail addresses (`m•••@example.net`), tokens, values of telling names, long numbers masked; the rest stays readable.

    Dates, decimal numbers, times and lower-case SHA-256 hashes stay. Masking twice changes nothing.
    """
    text = _JWT.sub(MASK, text)
    text = _BEARER.sub("Bearer " + MASK, text)
    text = _NAMED.sub(lambda m: m[1] + m[2] + MASK, text)
    text = _EMAIL.sub(lambda m: f"{m[1][0]}{MASK}@{m[2]}", text)
    text = _TOKEN.sub(lambda m: m[0] if _HEX_HASH.fullmatch(m[0]) else m[0][:2] + MASK, text)
    return _NUMBER.sub(MASK, text)
