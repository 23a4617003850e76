"""Land: bytes come in once, whole, and are never changed again.

A chunk of captures is staged without names (hashed while written), synced and read back, then named: payloads, folder sync, sidecars (the
commit records), folder sync, journal, receipt. While one chunk is synced, the next is staged. A set with a folder of its own is staged as a
folder and renamed whole.
"""

from __future__ import annotations

import os
import resource
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..domain.errors import BedrotError, UsageError, disk_error
from ..domain.events import Event
from ..domain.feeds import Feed
from ..domain.files import PRIVATE, SIDECAR_SUFFIX, Capture, LandedFile
from ..domain.identifiers import new_id
from ..domain.lifecycle import Zone
from ..domain.naming import landing_path, numbered
from . import disk
from .intents import Intent
from .staging import Chunk, Unit, discard, fail, outside_name, remove_staged, seal, set_key, stage, sync

if TYPE_CHECKING:
    from .store import Zones

CHUNK_FILES = 256
CHUNK_BYTES = 64 << 20


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


def _staged_chunks(zones: Zones, items: Iterable[Landing]) -> Iterator[tuple[Chunk, bool]]:
    """Chunks of staged captures, and whether it is the last. A set is never divided where its captures follow one another."""
    limit = chunk_limit()
    source = enumerate(items)
    ahead = next(source, None)
    while ahead is not None:
        chunk = Chunk(zones)
        handed_over = False
        try:
            while ahead is not None:
                index, item = ahead
                full = chunk.files >= limit or chunk.size >= CHUNK_BYTES
                if full and not (set_key(item) and set_key(item) in chunk.sets):
                    break
                stage(zones, chunk, index, item)
                ahead = next(source, None)
            seal(zones, chunk)
            handed_over = True
        finally:
            if not handed_over:
                discard(chunk)
        yield chunk, ahead is None


def _failure(item: Landing, error: BedrotError) -> LandFailure:
    return LandFailure(item.capture.received_name, item.feed.name, error)


def _finish(zones: Zones, chunk: Chunk) -> list[tuple[int, Result]]:
    """Make a staged chunk durable, name it, journal it. Returns the receipts."""
    try:
        sync(chunk)
        good = [u for u in chunk.units if u.error is None]
        if good:
            _name(zones, chunk, good)
        results: list[tuple[int, Result]] = []
        for unit in chunk.units:
            if unit.error is not None:
                remove_staged(chunk, unit)
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


def _name(zones: Zones, chunk: Chunk, units: list[Unit]) -> None:
    """Intent, payload names, folder sync, sidecar names, folder sync, journal. A unit that fails is rolled back by itself."""
    try:
        head = zones.journal.head
        taken: set[str] = set()
        for unit in units:
            _choose(zones, chunk, unit, taken)
        intent = Intent.write(chunk.state, new_id(zones.clock.now()), "land", head, [m.plan() for u in units for m in u.members])
    except BedrotError as error:
        fail(units, error)
        return
    except OSError as error:
        fail(units, disk_error(error, "cannot write the intent"))
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


def _each(units: list[Unit], step: Callable[[Unit], None]) -> None:
    for unit in units:
        if unit.error is None:
            try:
                step(unit)
            except BedrotError as error:
                unit.error = error
            except OSError as error:
                unit.error = disk_error(error, "cannot name the file")


def _choose(zones: Zones, chunk: Chunk, unit: Unit, taken: set[str]) -> None:
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
            landing_path(
                m.landing.feed,
                capture.captured_at,
                name=outside_name(m.landing.capture),
                series=m.landing.capture.series,
                attempt=unit.attempt,
            )
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


def _fill_staged(chunk: Chunk, unit: Unit) -> None:
    for member in unit.members:
        name = member.path.rpartition("/")[2]
        member.payload.name_it(unit.staged_fd, name)
        member.commit.name_it(unit.staged_fd, name + SIDECAR_SUFFIX)
    os.fsync(unit.staged_fd)


def _link(zones: Zones, chunk: Chunk, intent: Intent, unit: Unit, taken: set[str]) -> None:
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


def _link_commit(chunk: Chunk, unit: Unit) -> None:
    folder, _, name = unit.members[0].path.rpartition("/")
    unit.members[0].commit.name_it(chunk.folders.get(folder), name + SIDECAR_SUFFIX)
    unit.linked.append((folder, name + SIDECAR_SUFFIX))


def _rename(zones: Zones, chunk: Chunk, intent: Intent, unit: Unit, taken: set[str]) -> None:
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


def _sync_folders(chunk: Chunk, units: list[Unit]) -> None:
    """Sync each folder once; those whose folder cannot be synced fail."""
    of_folder: dict[str, list[Unit]] = {}
    for unit in units:
        if unit.error is None:
            folder = unit.members[0].path.rpartition("/")[0]
            of_folder.setdefault(folder.rpartition("/")[0] if unit.staged else folder, []).append(unit)
    for folder, inside in of_folder.items():
        try:
            chunk.folders.sync(folder)
        except OSError as error:
            chunk.folders.forget(folder)
            fail(inside, disk_error(error, "cannot make the names durable"))


def _roll_back(chunk: Chunk, unit: Unit) -> bool:
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


def _journal(zones: Zones, chunk: Chunk, units: list[Unit], head: int) -> bool:
    """Journal what landed; without the journal there is no receipt, and the names go again. Returns whether all is at its end."""
    members = [m for u in units for m in u.members]
    events = []
    for member in members:
        for name in PRIVATE:
            del member.record[name]
        data = {"file": member.sidecar.id, "path": member.path, "sidecar": member.record}
        events.append(Event(kind="landed", at=member.sidecar.landed_at, actor=zones.actor, data=data))
    try:
        zones.journal.append(events)
        return True
    except BedrotError as error:
        fail(units, error)
    if zones.journaled(head, "file", {m.sidecar.id for m in members}):
        return False
    return all([_roll_back(chunk, u) for u in units])
