"""How an account is named to people and to the disk, and what is kept about it that is no credential."""

from __future__ import annotations

import shlex
from urllib.parse import quote, unquote

from .errors import UsageError

DEFAULT = "default"
FACT = "fact:"
"""How the names of remembered facts begin, among the sealed values of an account. No credential's name does."""
MOST_NAME_BYTES = 255
MOST_SEGMENT = 200
"""Longer quoted names are too long for a file name with an ending."""
DIGEST = "%~"
"""How the segment of such a name begins; no quoted name does."""


def account_flag(account: str) -> str:
    """What follows a command so that it is about this account: ` --account NAME`, and nothing for the default account."""
    return "" if account == DEFAULT else f" --account {shlex.quote(account)}"


def segment(name: str) -> str:
    """The name of an account (or a field) as one path segment that is no hidden file and leads nowhere else.

    Plain names stay as they are, others are percent-quoted, and `named` gives them back. One that would be too long is a digest: whoever
    makes a folder of it keeps the name in there.

    Raises:
        UsageError: empty, longer than 255 bytes, or no text.
    """
    try:
        size = len(name.encode())
    except UnicodeEncodeError:
        raise UsageError("the name of an account must be text in UTF-8") from None
    if not 1 <= size <= MOST_NAME_BYTES:
        raise UsageError(f"the name of an account must have 1 to {MOST_NAME_BYTES} bytes, not {size}")
    quoted = quote(name, safe="@+ ")
    if quoted.startswith("."):
        quoted = quoted.replace(".", "%2E")
    if len(quoted) <= MOST_SEGMENT:
        return quoted
    import hashlib

    return DIGEST + hashlib.sha256(name.encode()).hexdigest()


def named(segment: str) -> str | None:
    """The name that a segment stands for; None for a digest."""
    return None if segment.startswith(DIGEST) else unquote(segment)
