"""Staging: captures written, hashed, synced and read back before they have a name. Nothing in here shows in a zone."""

from __future__ import annotations

import fcntl
import hashlib
import os
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from ..domain.errors import BedrotError, FixityError, UsageError, disk_error
from ..domain.feeds import Feed
from ..domain.files import Capture, Mask, Sidecar, seal_record
from ..domain.identifiers import new_id
from ..domain.lifecycle import Zone
from ..domain.naming import landing_path
from . import disk, sequences
from .masks import Masker
from .sources import reading

if TYPE_CHECKING:
    from .landing import Landing
    from .store import Zones

SYNC_TOGETHER = 16
"""From so many files on one sync of the file system is cheaper than one for each."""
_DROP_CACHE = 8 << 20


@dataclass(slots=True)
class Member:
    """One capture on its way. `name` and `path` are given when it gets its name."""

    index: int
    landing: Landing
    folder: str
    payload: disk.Fresh | None = None
    commit: disk.Fresh | None = None
    sha256: str = ""
    received_sha256: str | None = None
    masks: tuple[Mask, ...] = ()
    sidecar: Sidecar | None = None
    record: dict[str, Any] = field(default_factory=dict)
    commit_bytes: bytes = b""
    path: str = ""

    def plan(self) -> dict[str, Any]:
        p, c = self.payload.status(), self.commit.status()
        return {
            "file": self.sidecar.id,
            "path": self.path,
            "sha256": self.sha256,
            "payload": [p.st_dev, p.st_ino],
            "sidecar": [c.st_dev, c.st_ino],
        }


@dataclass(slots=True)
class Unit:
    """What lands together or not at all: one capture, or a set with a folder of its own (`staged` is that folder's place)."""

    members: list[Member] = field(default_factory=list)
    staged: str | None = None
    staged_fd: int = -1
    base: str = ""
    attempt: int = 1
    error: BedrotError | None = None
    linked: list[tuple[str, str]] = field(default_factory=list)


class Chunk:
    """Units that share their syncs, with the folders they opened."""

    def __init__(self, zones: Zones) -> None:
        self.folders = disk.Folders(zones.root(Zone.LANDING))
        self.state = disk.Folders(zones.state, 0o700)
        self.units: list[Unit] = []
        self.sets: dict[tuple[str, str], Unit] = {}
        self.files = 0
        self.size = 0

    def close(self) -> None:
        for unit in self.units:
            for member in unit.members:
                for fresh in (member.payload, member.commit):
                    if fresh is not None:
                        fresh.close()
            if unit.staged_fd >= 0:
                disk.close(unit.staged_fd)
                unit.staged_fd = -1
        self.folders.close()
        self.state.close()


def set_key(item: Landing) -> tuple[str, str] | None:
    if not item.feed.own_folder or item.capture.set_id is None:
        return None
    return item.feed.platform, item.capture.set_id


def outside_name(capture: Capture) -> str | None:
    if capture.extension:
        return f"{PurePosixPath(capture.received_name or '').stem}.{capture.extension}"
    return capture.received_name


def stage(zones: Zones, chunk: Chunk, index: int, item: Landing) -> None:
    """Write one payload without a name into the chunk; its failure (or its set's) is noted there."""
    capture = item.capture
    chunk.files += 1
    key = set_key(item)
    unit = chunk.sets.get(key) if key else None
    if unit is None:
        unit = Unit()
        chunk.units.append(unit)
        if key:
            chunk.sets[key] = unit
    path = landing_path(item.feed, capture.captured_at, name=outside_name(capture), series=capture.series)
    member = Member(index, item, path.rpartition("/")[0], path=path)
    unit.members.append(member)
    if unit.error is not None:
        return
    try:
        if item.feed.own_folder:
            if unit.staged is None:
                _stage_folder(chunk, unit)
            member.folder = unit.staged
        member.payload = disk.Fresh(chunk.folders, member.folder)
        _copy(capture, item.feed, member)
        chunk.size += member.payload.size
    except BedrotError as error:
        unit.error = error
    except OSError as error:
        unit.error = disk_error(error, "cannot write the payload")


def _stage_folder(chunk: Chunk, unit: Unit) -> None:
    """A hidden folder for a set, locked while we live."""
    parent = chunk.folders.make(disk.STAGING)
    while True:
        name = os.urandom(12).hex()
        os.mkdir(name, 0o700, dir_fd=parent)
        fd = disk.open_beneath(parent, name, os.O_RDONLY | os.O_DIRECTORY)
        unit.staged_fd = fd
        fcntl.flock(fd, fcntl.LOCK_SH)
        now = disk.status_of(parent, name)
        if now is not None and disk.same_file(now, os.fstat(fd)):
            os.fchmod(fd, disk.FOLDER_MODE)
            unit.staged = f"{disk.STAGING}/{name}"
            return
        unit.staged_fd = -1
        disk.close(fd)


def _copy(capture: Capture, feed: Feed, member: Member) -> None:
    """Stream the body into the payload, hashing (and masking) on the way, never more than `max_bytes`."""
    fresh = member.payload
    stored = hashlib.sha256()
    received = hashlib.sha256() if capture.echoes else None
    masker = Masker(capture.echoes) if capture.echoes else None
    total = 0
    with reading(capture.body) as (pieces, size):
        if size is not None:
            _within(size, feed)
        for piece in pieces:
            total += len(piece)
            _within(total, feed)
            if masker is not None:
                received.update(piece)
                piece = masker.feed(piece)
            stored.update(piece)
            fresh.write(piece)
        if masker is not None:
            piece = masker.finish()
            stored.update(piece)
            fresh.write(piece)
    fresh.freeze()
    member.sha256 = stored.hexdigest()
    if masker is not None and masker.masks:
        member.masks = tuple(masker.masks)
        member.received_sha256 = received.hexdigest()


def _within(size: int, feed: Feed) -> None:
    if size > feed.max_bytes:
        raise UsageError(f"is larger than the {feed.max_bytes:,} bytes that {feed.name} may have")


def seal(zones: Zones, chunk: Chunk) -> None:
    """Number the captures and stage their sidecars."""
    now = zones.clock.now()
    counts: dict[str, int] = {}
    good = [m for u in chunk.units if u.error is None for m in u.members]
    for member in good:
        counts[member.landing.feed.name] = counts.get(member.landing.feed.name, 0) + 1
    next_seq: dict[str, int] = {}
    try:
        for name in sorted(counts):
            next_seq[name] = sequences.take(chunk.state, name, counts[name], now)
    except OSError as error:
        trouble = disk_error(error, "cannot number the captures")
        for unit in chunk.units:
            unit.error = unit.error or trouble
    for unit in chunk.units:
        if unit.error is not None:
            continue
        try:
            for member in unit.members:
                seq = next_seq[member.landing.feed.name]
                next_seq[member.landing.feed.name] = seq + 1
                _seal_one(chunk, member, seq, now)
        except OSError as error:
            unit.error = disk_error(error, "cannot write the sidecar")


def _seal_one(chunk: Chunk, member: Member, seq: int, now: datetime) -> None:
    capture, feed = member.landing.capture, member.landing.feed
    member.sidecar = Sidecar(
        id=new_id(now), platform=feed.platform, feed=feed.name, feed_version=feed.version, account=capture.account,
        source_system=capture.source_system, method=capture.method, captured_at=capture.captured_at, landed_at=now, as_of=capture.as_of,
        extractor_version=member.landing.extractor_version, run_id=member.landing.run_id, set_id=capture.set_id,
        media_type=capture.media_type, size_bytes=member.payload.size, sha256=member.sha256, received_sha256=member.received_sha256,
        received_name=capture.received_name, masks=member.masks, seq=seq, series=capture.series, request=capture.request,
    )  # fmt: skip
    member.record = member.sidecar.to_record()
    member.commit_bytes = seal_record(member.record)
    member.commit = disk.Fresh(chunk.folders, member.folder)
    member.commit.write(member.commit_bytes)
    member.commit.freeze()


def discard(chunk: Chunk) -> None:
    """Give up a chunk that has no names yet."""
    for unit in chunk.units:
        remove_staged(chunk, unit)
    chunk.close()


def remove_staged(chunk: Chunk, unit: Unit) -> None:
    # What cannot be removed now is swept by the next recover: nobody holds its lock then.
    if unit.staged is None:
        return
    with suppress(OSError):
        for name in os.listdir(unit.staged_fd):
            os.unlink(name, dir_fd=unit.staged_fd)
        os.rmdir(unit.staged.rpartition("/")[2], dir_fd=chunk.folders.get(disk.STAGING))


def sync(chunk: Chunk) -> None:
    """Sync every file before it has a name, then read it back: a disk that lies is found before the receipt."""
    good = [u for u in chunk.units if u.error is None]
    if len(good) >= SYNC_TOGETHER and disk.syncs_whole():
        try:
            chunk.folders.sync_all()
        except OSError as error:
            fail(good, disk_error(error, "cannot make the files durable"))
        good = []
    for unit in good:
        try:
            for member in unit.members:
                member.payload.sync()
                member.commit.sync()
        except OSError as error:
            unit.error = disk_error(error, "cannot make the file durable")
    for unit in chunk.units:
        if unit.error is not None:
            continue
        try:
            for member in unit.members:
                _read_back(member)
        except BedrotError as error:
            unit.error = error
        except OSError as error:
            unit.error = disk_error(error, "cannot read the file back")


def _read_back(member: Member) -> None:
    fd, size = member.payload.fd, member.payload.size
    if size >= _DROP_CACHE:
        os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
    if os.fstat(fd).st_size != size or disk.hash_of(fd, size, hashlib.sha256) != member.sha256:
        raise FixityError("the disk does not hold what was written", hint="check the disk; nothing was landed")
    if os.pread(member.commit.fd, len(member.commit_bytes) + 1, 0) != member.commit_bytes:
        raise FixityError("the disk does not hold the sidecar that was written", hint="check the disk; nothing was landed")


def fail(units: list[Unit], error: BedrotError) -> None:
    for unit in units:
        unit.error = unit.error or error
