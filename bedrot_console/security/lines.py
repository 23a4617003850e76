"""One line of the journal, sealed and checked; and the key that ratchets forward with the lines."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

from ..domain.errors import UsageError
from ..domain.events import Event

GENESIS = b"0" * 64
_PREV, _MAC, HASH_MARK, END = b',"prev":"', b'","mac":"', b'","hash":"', b'"}'
HASH_LENGTH = len(HASH_MARK) + 64 + len(END)
SEAL_LENGTH = len(_PREV) + 64 + len(_MAC) + 64 + HASH_LENGTH
PREV_AT = 64 + len(_MAC) + 64
_RATCHET_LENGTH = 8 + 32 + 16


class Ratchet(NamedTuple):
    """`key` is the key of line `index` + 1."""

    index: int
    key: bytes

    def advanced(self, to: int) -> Ratchet:
        key = self.key
        for _ in range(to - self.index):
            key = hashlib.blake2b(key, digest_size=32, person=b"ratchet").digest()
        return Ratchet(max(to, self.index), key)

    def to_bytes(self) -> bytes:
        plain = self.index.to_bytes(8, "big") + self.key
        return plain + hashlib.sha256(plain).digest()[:16]

    @classmethod
    def from_bytes(cls, data: bytes) -> Ratchet | None:
        plain, check = data[:40], data[40:]
        if len(data) != _RATCHET_LENGTH or hashlib.sha256(plain).digest()[:16] != check:
            return None
        return cls(int.from_bytes(plain[:8], "big"), plain[8:])


def seal(prev: bytes, body: bytes, key: bytes) -> tuple[bytes, bytes]:
    """The whole line (without line feed) and its hash in hex. `body` is the event's JSON without its last brace."""
    mac = hashlib.blake2b(prev + body, key=key, digest_size=32).hexdigest().encode()
    plain = b"".join((body, _PREV, prev, _MAC, mac))
    digest = hashlib.sha256(plain).hexdigest().encode()
    return b"".join((plain, HASH_MARK, digest, END)), digest


def whole(line: bytes) -> bytes | None:
    """The event part of a line (without line feed) if the line hashes to its own `hash`, else None."""
    plain = line[:-HASH_LENGTH]
    if line[-HASH_LENGTH:] != b"".join((HASH_MARK, hashlib.sha256(plain).hexdigest().encode(), END)):
        return None
    return line[:-SEAL_LENGTH] or None


def seq_of(body: bytes) -> int:
    """`seq` is the last name of the canonical event, so it ends the event part."""
    return int(body[body.rindex(b'"seq":') + 6 :])


@cache
def encoder() -> Callable[[Any], bytes]:
    """Canonical JSON, fast. Loaded when first written: `status` only looks at the end."""
    import msgspec

    return msgspec.json.Encoder(order="sorted").encode


@cache
def decoder() -> Callable[[bytes], Event]:
    """A line to its Event; the names of the seal are passed over."""
    import msgspec

    return msgspec.json.Decoder(Event).decode


def parse_anchor(text: bytes | None) -> Ratchet | None:
    if text is None:
        return None
    try:
        index, key = text.strip().split(b":")
        ratchet = Ratchet(int(index), bytes.fromhex(key.decode()))
    except ValueError as error:
        raise UsageError(
            "not an anchor of this journal", hint="it looks like 120:9f3c…; bedrot audit anchor prints one"
        ) from error
    if len(ratchet.key) != 32:
        raise UsageError("not an anchor of this journal", hint="it looks like 120:9f3c…; bedrot audit anchor prints one")
    return ratchet
