"""Captures, landed files and the sidecar that commits them.

A file exists if and only if its sidecar exists, hashes to its own `self_sha256`, and the payload has the stated size and hash.
A sidecar names no zone and no path: it moves with its payload.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, BinaryIO

from .errors import FixityError
from .lifecycle import Verdict, Zone, status

SIDECAR_SUFFIX = ".meta.json"
SIDECAR_SCHEMA = 1
METHODS = ("api", "browser", "manual", "drop")
SERIES = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")
LONGEST_REQUEST = 512
"""Characters of one name and value in `request`."""
MOST_REQUEST = 32
PRIVATE = ("received_name", "request")
"""Fields of a sidecar that stay beside the payload: the journal must hold nothing personal."""


def canonical_json(value: Any) -> bytes:
    """One value, one spelling: sorted keys, no spaces, UTF-8, no NaN. What is hashed and chained is spelled this way."""
    return _CANONICAL(value).encode()


_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode


def format_time(at: datetime) -> str:
    """An aware time as RFC 3339 in UTC with microseconds: `2026-11-23T15:04:05.000000Z`. Sorts as text."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")[:-6] + "Z"


def parse_time(text: str) -> datetime:
    """The inverse of `format_time`. Raises ValueError for any other spelling."""
    if len(text) != 27 or text[-1] != "Z" or text[10] != "T":
        raise ValueError(f"not a time of ours: {text!r}")
    return datetime.fromisoformat(text)


def seal_record(record: Mapping[str, Any]) -> bytes:
    """A sidecar's record as the bytes of its file: canonical, with `self_sha256` in its sorted place."""
    plain = canonical_json(record)
    digest = hashlib.sha256(plain).hexdigest().encode()
    # Inside a JSON string a quote is always escaped, so this is a name; only `request` may hold names of its own, and it comes before.
    before, name, after = plain.rpartition(_AFTER_SELF)
    return b"".join((before, b',"self_sha256":"', digest, b'"', name, after, b"\n"))


def open_record(data: bytes) -> dict[str, Any]:
    """The record of a sidecar's bytes, without `self_sha256`; the inverse of `seal_record`.

    Raises:
        FixityError: not a sidecar, damaged, or its own hash differs.
    """
    try:
        record = json.loads(data)
        claimed = record.pop("self_sha256")
        if not _claims(data, claimed) and hashlib.sha256(canonical_json(record)).hexdigest() != claimed:
            raise FixityError("sidecar does not hash to its own self_sha256")
        return record
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise FixityError(f"not a sidecar: {type(error).__name__}") from error


def _claims(data: bytes, claimed: str) -> bool:
    """Whether `data`, spelled canonically, hashes to `claimed` without its `self_sha256`. False also for any other spelling."""
    before, found, after = data.partition(b',"self_sha256":"%s"' % claimed.encode())
    return bool(found) and hashlib.sha256(before + after.removesuffix(b"\n")).hexdigest() == claimed


_AFTER_SELF = b',"seq":'


@dataclass(frozen=True, slots=True)
class Mask:
    """Bytes that were overwritten with `*` before landing: the run's own credential, echoed by the platform."""

    offset: int
    length: int
    kind: str


@dataclass(frozen=True, slots=True)
class Echo:
    """A credential of this run that must be masked where the platform echoes it. Never printed.

    Attributes:
        kind: what it is, for the sidecar (`access_token`).
        value: the bytes as they may stand in the payload; URL-encoded and JSON-escaped spellings are derived by the zones room.
    """

    kind: str
    value: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Capture:
    """Bytes as received, not yet landed, with their provenance.

    Attributes:
        feed: the feed's whole name (`distrokid/streams`).
        body: the bytes, or an open binary file read from its current offset to its end, or a path to a spooled file.
        captured_at: when we received it; aware.
        method: one of METHODS.
        as_of: newest date inside the data, where the extractor knows it.
        source_system: the host (and port) the bytes came from; for uploads the word `upload`.
        received_name: the name the bytes had outside; kept as data, never used as a path.
        set_id: captures of one declared set share it; a set with a folder of its own appears whole.
        series: which of several series of the feed this is (an artist, a period), as SERIES; empty where a feed has one per account.
            History, freshness and differences are kept apart by it.
        request: what was asked of the platform, as far as a check must know it (`from`, `to`, `artist`): small texts, no secret.
        echoes: credentials to mask.
    """

    feed: str
    body: bytes | BinaryIO | Path
    captured_at: datetime
    method: str
    source_system: str
    account: str = "default"
    as_of: date | None = None
    media_type: str = "application/octet-stream"
    received_name: str | None = None
    extension: str | None = None
    set_id: str | None = None
    series: str = ""
    request: Mapping[str, str] = field(default_factory=dict)
    echoes: tuple[Echo, ...] = ()

    def __post_init__(self) -> None:
        if self.series and not SERIES.fullmatch(self.series):
            raise ValueError("a series is named by letters, digits, dots, dashes and underscores")
        if len(self.request) > MOST_REQUEST:
            raise ValueError(f"what was asked is kept as {MOST_REQUEST} texts at most")
        for name, value in self.request.items():
            if not (isinstance(name, str) and isinstance(value, str)) or len(name) + len(value) > LONGEST_REQUEST:
                raise ValueError("what was asked is kept as small texts")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sidecar:
    """The commit record beside each payload (`<name>.meta.json`). Times are aware UTC; sizes in bytes; hashes lower-case hex.

    `seq` rises strictly within a feed and does not follow the wall clock back. `received_sha256` is set only where `masks` is not
    empty: it is the hash of the bytes before masking.
    """

    id: str
    platform: str
    feed: str
    feed_version: int
    account: str
    source_system: str
    method: str
    captured_at: datetime
    landed_at: datetime
    as_of: date | None
    extractor_version: str
    run_id: str | None
    set_id: str | None
    media_type: str
    size_bytes: int
    sha256: str
    received_sha256: str | None = None
    received_name: str | None = None
    masks: tuple[Mask, ...] = ()
    sealed: bool = False
    seq: int = 0
    series: str = ""
    request: Mapping[str, str] = field(default_factory=dict)

    def to_record(self) -> dict[str, Any]:
        """All fields as JSON values, without `self_sha256`."""
        return {
            "schema": SIDECAR_SCHEMA,
            "id": self.id,
            "platform": self.platform,
            "feed": self.feed,
            "feed_version": self.feed_version,
            "account": self.account,
            "source_system": self.source_system,
            "method": self.method,
            "captured_at": format_time(self.captured_at),
            "landed_at": format_time(self.landed_at),
            "as_of": self.as_of.isoformat() if self.as_of else None,
            "extractor_version": self.extractor_version,
            "request": dict(self.request),
            "run_id": self.run_id,
            "series": self.series,
            "set_id": self.set_id,
            "media_type": self.media_type,
            "size_bytes": self.size_bytes,
            "sha256": self.sha256,
            "received_sha256": self.received_sha256,
            "received_name": self.received_name,
            "masks": [{"offset": m.offset, "length": m.length, "kind": m.kind} for m in self.masks],
            "sealed": self.sealed,
            "seq": self.seq,
        }

    def to_bytes(self) -> bytes:
        """The sidecar file: canonical JSON with `self_sha256` over the record without it, one line feed at the end."""
        return seal_record(self.to_record())

    @classmethod
    def from_bytes(cls, data: bytes) -> Sidecar:
        """Read a sidecar.

        Raises:
            FixityError: not a sidecar, damaged, or its own hash differs.
        """
        record = open_record(data)
        try:
            return cls.from_record(record)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise FixityError(f"not a sidecar: {type(error).__name__}") from error

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Sidecar:
        """The inverse of `to_record`. Raises KeyError, ValueError or TypeError on a record of another shape."""
        values = dict(record)
        if values.pop("schema") != SIDECAR_SCHEMA:
            raise ValueError("unknown sidecar schema")
        values["captured_at"] = parse_time(values["captured_at"])
        values["landed_at"] = parse_time(values["landed_at"])
        values["as_of"] = date.fromisoformat(values["as_of"]) if values["as_of"] else None
        values["masks"] = tuple([Mask(**m) for m in values["masks"]])
        for name in values.keys() - _SIDECAR_FIELDS:
            del values[name]
        return cls(**values)


_SIDECAR_FIELDS = frozenset(f.name for f in fields(Sidecar))


@dataclass(frozen=True, slots=True, kw_only=True)
class LandedFile:
    """An immutable file and where it lies now. `path` is relative to the zone's folder, with forward slashes."""

    sidecar: Sidecar
    zone: Zone
    path: str
    verdict: Verdict | None = None
    report_id: str | None = None

    @property
    def id(self) -> str:
        return self.sidecar.id

    @property
    def feed(self) -> str:
        return self.sidecar.feed

    @property
    def size_bytes(self) -> int:
        return self.sidecar.size_bytes

    @property
    def status(self) -> str:
        return status(self.zone, self.verdict)
