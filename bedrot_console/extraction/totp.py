"""Time-based one-time passwords (RFC 6238). The key's length is not enforced: real sites hand out 80-bit secrets."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import struct

from ..domain.challenges import Secret
from ..domain.errors import UsageError

STEP_SECONDS = 30
DIGITS = 6
TOO_LATE_SECONDS = 2.0
"""A code with less life left is not given; the next one is waited for."""


def key_of(secret: Secret) -> bytes:
    """The key in a base32 secret as sites show it: any case, with blanks or dashes, without padding; also out of an `otpauth://` URL.

    Raises:
        UsageError: not base32.
    """
    text = secret.reveal().strip()
    if text.lower().startswith("otpauth://"):
        from urllib.parse import parse_qs, urlsplit

        text = parse_qs(urlsplit(text).query).get("secret", [""])[0]
    text = "".join(c for c in text.upper() if c not in " -=")
    try:
        key = base64.b32decode(text + "=" * (-len(text) % 8))
    except (binascii.Error, ValueError):
        raise UsageError("the stored totp_secret is not base32", hint="bedrot secrets set PLATFORM totp_secret") from None
    if not key:
        raise UsageError("the stored totp_secret is empty", hint="bedrot secrets set PLATFORM totp_secret")
    return key


def step_at(seconds: float) -> int:
    """The number of the 30-second step that holds this Unix time."""
    return int(seconds // STEP_SECONDS)


def left_at(seconds: float) -> float:
    """Seconds left in the step that holds this Unix time."""
    return STEP_SECONDS - seconds % STEP_SECONDS


def code(secret: Secret, step: int) -> str:
    """The six digits of a step."""
    digest = hmac.digest(key_of(secret), struct.pack(">Q", step), hashlib.sha1)
    offset = digest[-1] & 0x0F
    number = struct.unpack(">I", digest[offset : offset + 4])[0] & 0x7FFFFFFF
    return f"{number % 10**DIGITS:0{DIGITS}d}"
