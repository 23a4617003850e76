"""Land: bytes come in once, whole, and are never changed again.

A chunk of captures is staged without names (hashed while written), synced and read back, then named: payloads, folder sync, sidecars (the
commit records), folder sync, journal, receipt. While one chunk is synced, the next is staged. A set with a folder of its own is staged as a
folder and renamed whole.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import resource
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from ..domain.errors import BedrotError, FixityError, UsageError, disk_error
from ..domain.events import Event
from ..domain.feeds import Feed
from ..domain.files import SIDECAR_SUFFIX, Capture, LandedFile, Mask, Sidecar, seal_record
from ..domain.identifiers import new_id
from ..domain.lifecycle import Zone
from ..domain.naming import landing_path, numbered
from . import disk, sequences
from .intents import Intent
from .masks import Masker
from .sources import reading

if TYPE_CHECKING:
    from .store import Zones

CHUNK_FILES = 256
CHUNK_BYTES = 64 << 20
SYNC_TOGETHER = 16
_DROP_CACHE = 8 << 20


@dataclass(frozen=True, slots=True)
class Landing:
    """A capture and the feed it belongs to."""

    capture: Capture
    feed: Feed
    extractor_version: str
    run_id: str | None = None


@dataclass(frozen=True, slots=True)
class LandFailure:
    """A capture that did not land, and why; nothing of it is left behind. `received_name` is text from outside; `feed` the feed's name."""

    received_name: str | None
    feed: str
    error: BedrotError


Result = LandedFile | LandFailure
Notice = Callable[[Any], None]


@dataclass(slots=True)
class _Member:
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
class _Unit:
    """What lands together or not at all: one capture, or a set with a folder of its own (`staged` is that folder's place)."""

    members: list[_Member] = field(default_factory=list)
    staged: str | None = None
    staged_fd: int = -1
    base: str = ""
    attempt: int = 1
    error: BedrotError | None = None
    linked: list[tuple[str, str]] = field(default_factory=list)


class _Chunk:
    """Units that share their syncs, with the folders they opened."""

    def __init__(self, zones: Zones) -> None:
        self.folders = disk.Folders(zones.root(Zone.LANDING))
        self.state = disk.Folders(zones.state, 0o700)
        self.units: list[_Unit] = []
        self.sets: dict[tuple[str, str], _Unit] = {}
        self.failures: list[tuple[int, LandFailure]] = []
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


def chunk_limit() -> int:
    """How many files may be under way in one chunk: each holds up to three descriptors, and two chunks are open at a time."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return max(1, min(CHUNK_FILES, (soft - 96) // 6)) if soft > 0 else CHUNK_FILES


def land(zones: Zones, items: Iterable[Landing], notice: Notice | None = None) -> list[Result]:
    """Land captures; see `Zones.land`."""
    results: dict[int, Result] = {}

    def settle(pairs: Sequence[tuple[int, Result]]) -> None:
        for index, result in sorted(pairs, key=lambda pair: pair[0]):
            results[index] = result
            if notice is not None:
                notice(result)

    pool: ThreadPoolExecutor | None = None
    under_way: Future | None = None
    try:
        for chunk, last in _staged_chunks(zones, items):
            if under_way is not None:
                settle(under_way.result())
                under_way = None
            if last:
                settle(_finish(zones, chunk))
            else:
                pool = pool or ThreadPoolExecutor(1)
                under_way = pool.submit(_finish, zones, chunk)
    finally:
        if under_way is not None:
            settle(under_way.result())
        if pool is not None:
            pool.shutdown()
    return [results[index] for index in sorted(results)]


def _staged_chunks(zones: Zones, items: Iterable[Landing]) -> Iterator[tuple[_Chunk, bool]]:
    """Chunks of staged captures, and whether it is the last. A set is never divided where its captures follow one another."""
    limit = chunk_limit()
    source = enumerate(items)
    ahead = next(source, None)
    while ahead is not None:
        chunk = _Chunk(zones)
        handed_over = False
        try:
            while ahead is not None:
                index, item = ahead
                full = chunk.files >= limit or chunk.size >= CHUNK_BYTES
                if full and not (_set_key(item) and _set_key(item) in chunk.sets):
                    break
                _stage(zones, chunk, index, item)
                ahead = next(source, None)
            _seal(zones, chunk)
            handed_over = True
        finally:
            if not handed_over:
                _discard(chunk)
        yield chunk, ahead is None


def _set_key(item: Landing) -> tuple[str, str] | None:
    if not item.feed.own_folder or item.capture.set_id is None:
        return None
    return item.feed.platform, item.capture.set_id


def _failure(item: Landing, error: BedrotError) -> LandFailure:
    return LandFailure(item.capture.received_name, item.feed.name, error)


def _outside_name(capture: Capture) -> str | None:
    if capture.extension:
        return f"{PurePosixPath(capture.received_name or '').stem}.{capture.extension}"
    return capture.received_name


def _stage(zones: Zones, chunk: _Chunk, index: int, item: Landing) -> None:
    """Write one payload without a name into the chunk; its failure (or its set's) is noted there."""
    capture = item.capture
    chunk.files += 1
    key = _set_key(item)
    unit = chunk.sets.get(key) if key else None
    if unit is None:
        unit = _Unit()
        chunk.units.append(unit)
        if key:
            chunk.sets[key] = unit
    path = landing_path(item.feed, capture.captured_at, name=_outside_name(capture))
    member = _Member(index, item, path.rpartition("/")[0], path=path)
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


def _stage_folder(chunk: _Chunk, unit: _Unit) -> None:
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


def _copy(capture: Capture, feed: Feed, member: _Member) -> None:
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


def _seal(zones: Zones, chunk: _Chunk) -> None:
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


def _seal_one(chunk: _Chunk, member: _Member, seq: int, now) -> None:
    capture, feed = member.landing.capture, member.landing.feed
    member.sidecar = Sidecar(
        id=new_id(now), platform=feed.platform, feed=feed.name, feed_version=feed.version, account=capture.account,
        source_system=capture.source_system, method=capture.method, captured_at=capture.captured_at, landed_at=now, as_of=capture.as_of,
        extractor_version=member.landing.extractor_version, run_id=member.landing.run_id, set_id=capture.set_id,
        media_type=capture.media_type, size_bytes=member.payload.size, sha256=member.sha256, received_sha256=member.received_sha256,
        received_name=capture.received_name, masks=member.masks, seq=seq,
    )  # fmt: skip
    member.record = member.sidecar.to_record()
    member.commit_bytes = seal_record(member.record)
    member.commit = disk.Fresh(chunk.folders, member.folder)
    member.commit.write(member.commit_bytes)
    member.commit.freeze()


def _discard(chunk: _Chunk) -> None:
    """Give up a chunk that has no names yet."""
    for unit in chunk.units:
        _remove_staged(chunk, unit)
    chunk.close()


def _remove_staged(chunk: _Chunk, unit: _Unit) -> None:
    # What cannot be removed now is swept by the next recover: nobody holds its lock then.
    if unit.staged is None:
        return
    with suppress(OSError):
        for name in os.listdir(unit.staged_fd):
            os.unlink(name, dir_fd=unit.staged_fd)
        os.rmdir(unit.staged.rpartition("/")[2], dir_fd=chunk.folders.get(disk.STAGING))


def _finish(zones: Zones, chunk: _Chunk) -> list[tuple[int, Result]]:
    """Make a staged chunk durable, name it, journal it. Returns the receipts."""
    try:
        _sync(chunk)
        good = [u for u in chunk.units if u.error is None]
        if good:
            _name(zones, chunk, good)
        results: list[tuple[int, Result]] = []
        for unit in chunk.units:
            if unit.error is not None:
                _remove_staged(chunk, unit)
            for member in unit.members:
                result = (
                    LandedFile(sidecar=member.sidecar, zone=Zone.LANDING, path=member.path)
                    if unit.error is None
                    else _failure(member.landing, unit.error)
                )
                results.append((member.index, result))
        return results
    finally:
        chunk.close()


def _sync(chunk: _Chunk) -> None:
    """Sync every file before it has a name, then read it back: a disk that lies is found before the receipt."""
    good = [u for u in chunk.units if u.error is None]
    if len(good) >= SYNC_TOGETHER and disk.syncs_whole():
        try:
            chunk.folders.sync_all()
        except OSError as error:
            _fail(good, disk_error(error, "cannot make the files durable"))
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


def _read_back(member: _Member) -> None:
    fd, size = member.payload.fd, member.payload.size
    if size >= _DROP_CACHE:
        os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
    if os.fstat(fd).st_size != size or disk.hash_of(fd, size, hashlib.sha256) != member.sha256:
        raise FixityError("the disk does not hold what was written", hint="check the disk; nothing was landed")
    if os.pread(member.commit.fd, len(member.commit_bytes) + 1, 0) != member.commit_bytes:
        raise FixityError("the disk does not hold the sidecar that was written", hint="check the disk; nothing was landed")


def _name(zones: Zones, chunk: _Chunk, units: list[_Unit]) -> None:
    """Intent, payload names, folder sync, sidecar names, folder sync, journal. A unit that fails is rolled back by itself."""
    try:
        head = zones.journal.head
        taken: set[str] = set()
        for unit in units:
            _choose(zones, chunk, unit, taken)
        intent = Intent.write(chunk.state, new_id(zones.clock.now()), "land", head, [m.plan() for u in units for m in u.members])
    except BedrotError as error:
        _fail(units, error)
        return
    except OSError as error:
        _fail(units, disk_error(error, "cannot write the intent"))
        return
    clean = True
    try:
        sets = [u for u in units if u.staged is not None]
        singles = [u for u in units if u.staged is None]
        _each(sets, lambda unit: _fill_staged(chunk, unit))
        _each(singles, lambda unit: _link(zones, chunk, intent, unit, taken))
        _sync_folders(chunk, singles)
        _each(singles, lambda unit: _link_commit(chunk, unit))
        _each(sets, lambda unit: _rename(zones, chunk, intent, unit, taken))
        _sync_folders(chunk, units)
        good = [u for u in units if u.error is None]
        clean = all([_roll_back(chunk, u) for u in units if u.error is not None])
        if good:
            clean = _journal(zones, chunk, good, head) and clean
        if clean:
            with suppress(OSError):
                intent.done()
    finally:
        intent.close()


def _each(units: list[_Unit], step: Callable[[_Unit], None]) -> None:
    for unit in units:
        if unit.error is None:
            try:
                step(unit)
            except BedrotError as error:
                unit.error = error
            except OSError as error:
                unit.error = disk_error(error, "cannot name the file")


def _fail(units: list[_Unit], error: BedrotError) -> None:
    for unit in units:
        unit.error = unit.error or error


def _choose(zones: Zones, chunk: _Chunk, unit: _Unit, taken: set[str]) -> None:
    """Give each member the first free path, from `unit.attempt` on."""
    first = unit.members[0].landing
    capture = first.capture
    if unit.staged is None:
        base = unit.base = unit.base or unit.members[0].path
        folder = chunk.folders.get(base.rpartition("/")[0])
        attempt = max(unit.attempt, zones.attempts.get(base, 1))
        while True:
            path = numbered(base, attempt)
            own = path.rpartition("/")[2]
            if path not in taken and not disk.exists(folder, own) and not disk.exists(folder, own + SIDECAR_SUFFIX):
                break
            attempt += 1
        unit.members[0].path, unit.attempt = path, attempt
        taken.add(path)
        if attempt > 1:
            zones.attempts[base] = attempt
        return
    while True:
        # One folder for all: the stamp is that of the set's first capture.
        paths = [
            landing_path(m.landing.feed, capture.captured_at, name=_outside_name(m.landing.capture), attempt=unit.attempt)
            for m in unit.members
        ]
        folder = paths[0].rpartition("/")[0]
        above, _, own = folder.rpartition("/")
        if folder not in taken and not disk.exists(chunk.folders.make(above), own):
            break
        unit.attempt += 1
    taken.add(folder)
    inside: set[str] = set()
    for member, path in zip(unit.members, paths, strict=True):
        if path.rpartition("/")[0] != folder:
            raise UsageError(f"the captures of set {capture.set_id} belong into different folders")
        number = 1
        while numbered(path, number) in inside:
            number += 1
        member.path = numbered(path, number)
        inside.add(member.path)


def _fill_staged(chunk: _Chunk, unit: _Unit) -> None:
    for member in unit.members:
        name = member.path.rpartition("/")[2]
        member.payload.name_it(unit.staged_fd, name)
        member.commit.name_it(unit.staged_fd, name + SIDECAR_SUFFIX)
    os.fsync(unit.staged_fd)


def _link(zones: Zones, chunk: _Chunk, intent: Intent, unit: _Unit, taken: set[str]) -> None:
    """Name a payload; where somebody took the name since it was chosen, plan the next free one first."""
    member = unit.members[0]
    while True:
        folder, _, name = member.path.rpartition("/")
        try:
            member.payload.name_it(chunk.folders.get(folder), name)
        except FileExistsError:
            unit.attempt += 1
            _choose(zones, chunk, unit, taken)
            intent.add([member.plan()])
            continue
        unit.linked.append((folder, name))
        return


def _link_commit(chunk: _Chunk, unit: _Unit) -> None:
    folder, _, name = unit.members[0].path.rpartition("/")
    unit.members[0].commit.name_it(chunk.folders.get(folder), name + SIDECAR_SUFFIX)
    unit.linked.append((folder, name + SIDECAR_SUFFIX))


def _rename(zones: Zones, chunk: _Chunk, intent: Intent, unit: _Unit, taken: set[str]) -> None:
    """Let a whole set appear."""
    while True:
        folder = unit.members[0].path.rpartition("/")[0]
        above, _, own = folder.rpartition("/")
        try:
            disk.rename_new(chunk.folders.get(disk.STAGING), unit.staged.rpartition("/")[2], chunk.folders.get(above), own)
        except FileExistsError:
            unit.attempt += 1
            _choose(zones, chunk, unit, taken)
            intent.add([m.plan() for m in unit.members])
            continue
        for member in unit.members:
            name = member.path.rpartition("/")[2]
            unit.linked += [(folder, name), (folder, name + SIDECAR_SUFFIX)]
        return


def _sync_folders(chunk: _Chunk, units: list[_Unit]) -> None:
    """Sync each folder once; those whose folder cannot be synced fail."""
    of_folder: dict[str, list[_Unit]] = {}
    for unit in units:
        if unit.error is None:
            folder = unit.members[0].path.rpartition("/")[0]
            of_folder.setdefault(folder.rpartition("/")[0] if unit.staged else folder, []).append(unit)
    for folder, inside in of_folder.items():
        try:
            chunk.folders.sync(folder)
        except OSError as error:
            chunk.folders.forget(folder)
            _fail(inside, disk_error(error, "cannot make the names durable"))


def _roll_back(chunk: _Chunk, unit: _Unit) -> bool:
    """Take back the names of a unit: sidecar first; a set as a whole. Returns whether nothing is left for `recover`."""
    try:
        if unit.staged is not None and unit.linked:
            above, _, own = unit.linked[0][0].rpartition("/")
            back = unit.staged.rpartition("/")[2]
            disk.rename_new(chunk.folders.get(above), own, chunk.folders.get(disk.STAGING), back)
        elif unit.staged is None:
            for folder, name in reversed(unit.linked):
                disk.unlink_if_there(chunk.folders.get(folder), name)
        unit.linked.clear()
        return True
    except OSError:
        return False


def _journal(zones: Zones, chunk: _Chunk, units: list[_Unit], head: int) -> bool:
    """Journal what landed; without the journal there is no receipt, and the names go again. Returns whether all is at its end."""
    members = [m for u in units for m in u.members]
    events = []
    for member in members:
        del member.record["received_name"]
        data = {"file": member.sidecar.id, "path": member.path, "sidecar": member.record}
        events.append(Event(kind="landed", at=member.sidecar.landed_at, actor=zones.actor, data=data))
    try:
        zones.journal.append(events)
        return True
    except BedrotError as error:
        _fail(units, error)
    if zones.journaled(head, "file", {m.sidecar.id for m in members}):
        return False
    return all([_roll_back(chunk, u) for u in units])
