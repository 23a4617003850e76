"""Identifiers: unique, sorted by time, short enough to type.

An id is 20 characters of lower-case Crockford base32: 9 for milliseconds since the Unix epoch (good until the year 3084), 11 random
(55 bits). Ids made by one process never go backwards, also within one millisecond or when the clock steps back by less than a
minute (a larger step is believed).
"""

from __future__ import annotations

import os
import threading
from datetime import UTC, datetime

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
LENGTH = 20
MIN_PREFIX = 6
_RANDOM_BITS = 55
_lock = threading.Lock()
_last = 0


_PAIRS = [a + b for a in ALPHABET for b in ALPHABET]


def _encode(number: int) -> str:
    """100 bits as 20 characters, two at a time."""
    return "".join([_PAIRS[number >> shift & 1023] for shift in range(90, -1, -10)])


def _step() -> int:
    """A random distance, so that neighbours of one moment still differ early enough to be named by a prefix."""
    return int.from_bytes(os.urandom(5), "big")


def new_id(at: datetime) -> str:
    """Make an id for something that happens at `at` (aware)."""
    global _last
    milliseconds = int(at.timestamp() * 1000)
    candidate = (milliseconds << _RANDOM_BITS) | (int.from_bytes(os.urandom(7), "big") & ((1 << _RANDOM_BITS) - 1))
    with _lock:
        stepped_back = milliseconds < (_last >> _RANDOM_BITS) - 60_000
        _last = candidate if candidate > _last or stepped_back else _last + 1 + _step()
        return _encode(_last)


def id_time(identifier: str) -> datetime:
    """The moment an id was made, to the millisecond, UTC."""
    number = 0
    for char in identifier[:9]:
        number = number * 32 + ALPHABET.index(char)
    return datetime.fromtimestamp(number / 1000, UTC)


def is_id(text: str) -> bool:
    """Whether `text` has the shape of a whole id."""
    return len(text) == LENGTH and all(c in ALPHABET for c in text)
