"""What every body of the Graph API may hold: a next page, and credentials in clear."""

from __future__ import annotations

import re
from typing import Any

CREDENTIALS = (
    re.compile(rb"access_token=(?!\*+(?:[&\"\\]|$))[^&\"\\]{8,}"),
    re.compile(rb"appsecret_proof=(?!\*+(?:[&\"\\]|$))[0-9a-f]{16,}"),
    re.compile(rb"\b(?:EAA|IGAA|IGQV)[A-Za-z0-9_-]{30,}"),
)
"""A live credential in clear: a token or proof in a paging URL, or the shape of an access token anywhere.

Tokens of Facebook begin with EAA (seen), those of Instagram with IGAA or IGQV (assumed).
"""


def leaks_of(data: bytes) -> list[int]:
    """Where credentials stand in clear: offsets, rising."""
    return sorted({m.start() for pattern in CREDENTIALS for m in pattern.finditer(data)})


def has_next(page: Any) -> bool:
    """Whether a page says that there is a further one. Fewer rows than asked for, even none, say nothing (documented)."""
    paging = page.get("paging") if isinstance(page, dict) else None
    return isinstance(paging, dict) and bool(paging.get("next"))
