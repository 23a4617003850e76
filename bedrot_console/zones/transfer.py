"""Transfer: carry a file from zone to zone by a decision. At every instant it is whole in one place or in both.

Lock (the sidecar's own inode) → intent → journal "decided" → lease and hash → link payload, then sidecar, at the target → sync → journal
"moved" → unlink sidecar, then payload, at the source. What fails before "moved" is rolled back and journalled as "refused"; the source is
untouched until then.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import stat
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any

from ..domain.errors import BedrotError, FixityError, LifecycleError, disk_error
from ..domain.events import Event
from ..domain.files import SIDECAR_SUFFIX, open_record, parse_time
from ..domain.identifiers import new_id
from ..domain.lifecycle import Decision, Zone
from ..domain.naming import kept_path, landing_path_of, numbered
from . import disk, intents
from .intents import Intent
from .landing import chunk_limit

if TYPE_CHECKING:
    from .store import Zones

_MOST_SIDECAR = 1 << 20
_BIG = 256 << 10
"""Mean size in bytes from which hashing in two threads pays: below, they wait for each other more than they hash."""
_SET_FOLDER = re.compile(r"(?:v\d+_)?\d{8}_\d{6}(?:_\d{2,})?")


@dataclass(frozen=True, slots=True)
class Move:
    """One decision to carry out. `decision.sha256` is the hash that was validated; `source_path` is relative to its zone."""

    decision: Decision
    source: Zone
    source_path: str
    target: Zone
    report_id: str | None = None


@dataclass(frozen=True, slots=True)
class Moved:
    """Carried out: where the file lies now."""

    decision: Decision
    zone: Zone
    path: str


@dataclass(frozen=True, slots=True)
class MoveFailure:
    """Not carried out; the file is as it was."""

    decision: Decision
    error: BedrotError


@dataclass(slots=True)
class _Item:
    move: Move
    folder: str
    name: str
    source: disk.Folders
    goal: disk.Folders
    commit_fd: int = -1
    payload_fd: int = -1
    sidecar: dict[str, Any] = field(default_factory=dict)
    sidecar_bytes: bytes = b""
    payload_status: os.stat_result | None = None
    commit_status: os.stat_result | None = None
    lease: disk.Lease | None = None
    target_path: str = ""
    target: tuple[str, str] = ("", "")
    made: list[tuple[str, str]] = field(default_factory=list)
    error: BedrotError | None = None

    def close(self) -> None:
        for fd in (self.payload_fd, self.commit_fd):
            if fd >= 0:
                disk.close(fd)
        self.payload_fd = self.commit_fd = -1


def transfer(zones: Zones, moves: Iterable[Move], notice: Callable[[Any], None] | None = None) -> list[Moved | MoveFailure]:
    """Carry out decisions; see `Zones.transfer`."""
    results: list[Moved | MoveFailure] = []
    source = iter(moves)
    while chunk := list(islice(source, chunk_limit())):
        for result in _Chunk(zones, chunk).run():
            results.append(result)
            if notice is not None:
                notice(result)
    return results


class _Chunk:
    """Moves that share their syncs and their lines in the journal."""

    def __init__(self, zones: Zones, moves: Sequence[Move]) -> None:
        self.zones = zones
        self.folders = {zone: disk.Folders(zones.root(zone)) for zone in (Zone.LANDING, Zone.RAW, Zone.QUARANTINE)}
        self.state = disk.Folders(zones.state, 0o700)
        self.items = []
        for move in moves:
            folder, _, name = move.source_path.rpartition("/")
            self.items.append(_Item(move, folder, name, self.folders[move.source], self.folders[move.target]))
        self.taken: set[tuple[str, str]] = set()
        self.head = 0

    def run(self) -> list[Moved | MoveFailure]:
        try:
            self._each(self.items, self._lock)
            self._heed_intents()
            ready = [i for i in self.items if i.error is None]
            if ready:
                self._carry_out(ready)
        finally:
            for item in self.items:
                item.close()
            for folders in (*self.folders.values(), self.state):
                folders.close()
        return [
            Moved(i.move.decision, i.move.target, i.target_path) if i.error is None else MoveFailure(i.move.decision, i.error)
            for i in self.items
        ]

    @staticmethod
    def _each(items: Iterable[_Item], step: Callable[[_Item], None]) -> None:
        for item in items:
            if item.error is None:
                try:
                    step(item)
                except BedrotError as error:
                    item.error = error
                except OSError as error:
                    item.error = disk_error(error, "cannot move the file")

    def _source(self, item: _Item) -> int:
        return item.source.get(item.folder)

    def _target(self, item: _Item) -> int:
        return item.goal.get(item.target[0])

    def _lock(self, item: _Item) -> None:
        """Take the file for ourselves, make sure it is the one that was decided on, and choose where it goes."""
        move = item.move
        try:
            folder = self._source(item)
            item.commit_fd = os.open(item.name + SIDECAR_SUFFIX, disk.READ, dir_fd=folder)
        except FileNotFoundError as error:
            raise _gone(move) from error
        status = item.commit_status = os.fstat(item.commit_fd)
        if not stat.S_ISREG(status.st_mode) or status.st_size > _MOST_SIDECAR:
            raise FixityError("its sidecar is not a sidecar", hint="bedrot verify " + move.decision.file_id)
        try:
            fcntl.flock(item.commit_fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise LifecycleError(
                "another process is deciding on it", hint="look again: bedrot show " + move.decision.file_id
            ) from error
        now = disk.status_of(folder, item.name + SIDECAR_SUFFIX)
        if now is None or not disk.same_file(now, status):
            raise _gone(move)
        item.sidecar_bytes = os.pread(item.commit_fd, status.st_size, 0)
        item.sidecar = open_record(item.sidecar_bytes)
        if item.sidecar.get("id") != move.decision.file_id:
            raise _gone(move)
        if item.sidecar.get("sha256") != move.decision.sha256:
            raise FixityError(
                "is not the file that was validated: its hash differs", hint="bedrot validate " + move.decision.file_id
            )
        try:
            item.payload_fd = os.open(item.name, disk.READ, dir_fd=folder)
        except FileNotFoundError as error:
            raise FixityError("its payload is missing", hint="bedrot verify " + move.decision.file_id) from error
        item.payload_status = os.fstat(item.payload_fd)
        if not stat.S_ISREG(item.payload_status.st_mode):
            raise FixityError(f"its payload is {disk.kind_of(item.payload_status.st_mode)}, not a regular file")
        self._choose(item)

    def _heed_intents(self) -> None:
        """We hold the files' locks, so whoever planned something with them and did not end it is dead, or is just landing them."""
        try:
            planned = intents.planned(self.state)
        except FileNotFoundError:
            return
        except OSError as error:
            self._fail(self.items, disk_error(error, "cannot read the intents"))
            return
        busy = [i for i in self.items if i.error is None and i.move.decision.file_id in planned]
        self._fail(busy, LifecycleError("an interrupted step on it must come to its end first", hint="bedrot recover"))

    def _choose(self, item: _Item, attempt: int = 1) -> None:
        """The first free path at the target."""
        move = item.move
        base = landing_path_of(move.source_path) if move.target is Zone.LANDING else move.source_path
        if move.source is Zone.LANDING:
            base = kept_path(move.source_path, parse_time(item.sidecar["captured_at"]))
        key = (str(move.target), base)
        attempt = max(attempt, self.zones.attempts.get(key, 1))
        while True:
            path = numbered(base, attempt)
            folder, _, name = path.rpartition("/")
            if (key[0], path) not in self.taken:
                try:
                    fd = item.goal.get(folder)
                except FileNotFoundError:
                    break
                if not disk.exists(fd, name) and not disk.exists(fd, name + SIDECAR_SUFFIX):
                    break
            attempt += 1
        if attempt > 1:
            self.zones.attempts[key] = attempt
        self.taken.add((key[0], path))
        item.target_path, item.target = path, (folder, name)

    def _plan(self, item: _Item) -> dict[str, Any]:
        move = item.move
        commit = item.commit_status
        return {
            "decision": move.decision.id, "file": move.decision.file_id, "verb": move.decision.verb, "source": move.source, "source_path": move.source_path,
            "target": move.target, "target_path": item.target_path, "sha256": move.decision.sha256,
            "payload": [item.payload_status.st_dev, item.payload_status.st_ino], "sidecar": [commit.st_dev, commit.st_ino],
        }  # fmt: skip

    def _carry_out(self, items: list[_Item]) -> None:
        zones = self.zones
        try:
            self.head = zones.journal.head
            now = zones.clock.now()
            intent = Intent.write(self.state, new_id(now), "transfer", self.head, [self._plan(i) for i in items])
        except BedrotError as error:
            self._fail(items, error)
            return
        except OSError as error:
            self._fail(items, disk_error(error, "cannot write the intent"))
            return
        try:
            if self._decide(items) and self._finish(intent, items):
                with suppress(OSError):
                    intent.done()
        finally:
            intent.close()

    def _decide(self, items: list[_Item]) -> bool:
        """Journal the decisions; returns whether they stand. Without them nothing was begun, and the intent is void."""
        try:
            self.zones.journal.append([self._event(i, "decided") for i in items])
            return True
        except BedrotError as error:
            self._fail(items, error)
            return False

    def _event(self, item: _Item, kind: str) -> Event:
        move, decision = item.move, item.move.decision
        data: dict[str, Any] = {"decision": decision.id, "file": decision.file_id, "verb": decision.verb}
        if kind == "decided":
            data |= {
                "reason": decision.reason, "sha256": decision.sha256, "report": move.report_id or decision.report_id,
                "source": move.source, "source_path": move.source_path, "target": move.target,
                "target_path": item.target_path, "undoes": decision.undoes,
            }  # fmt: skip
        elif kind == "moved":
            data |= {"zone": move.target, "path": item.target_path}
        else:
            data["code"] = item.error.code
        at = decision.at if kind == "decided" else self.zones.clock.now()
        return Event(kind=kind, at=at, actor=decision.actor, data=data)

    def _finish(self, intent: Intent, items: list[_Item]) -> bool:
        """From the decision to the end; returns whether nothing is left for `recover`."""
        self._hash(items)
        self._each(items, lambda item: self._link(intent, item))
        self._sync(items)
        self._each(items, self._link_commit)
        self._sync(items)
        self._each(items, self._release)
        clean = all([self._roll_back(i) for i in items if i.error is not None])
        good = [i for i in items if i.error is None]
        try:
            self.zones.journal.append([self._event(i, "moved" if i.error is None else "refused") for i in items])
        except BedrotError as error:
            self._fail(good, error)
            if not self.zones.journaled(self.head, "decision", {i.move.decision.id for i in items}, ("moved", "refused")):
                for item in good:
                    self._roll_back(item)
            # The decisions still want their end in the journal.
            return False
        return self._leave(good) and clean

    def _hash(self, items: list[_Item]) -> None:
        """Lease and hash every payload, two at a time where that pays."""

        def check(batch: Sequence[_Item]) -> None:
            self._each(batch, _compare)

        total = sum(i.payload_status.st_size for i in items)
        if len(items) > 1 and total > len(items) * _BIG:
            with ThreadPoolExecutor(2) as pool:
                list(pool.map(check, [items[0::2], items[1::2]]))
        else:
            check(items)

    def _link(self, intent: Intent, item: _Item) -> None:
        folders, (folder, _) = item.goal, item.target
        for _ in range(3):
            folders.make(folder)
            try:
                self._give(
                    item, item.payload_fd, item.name, item.target[1], item.payload_status.st_size, item.move.decision.sha256
                )
                return
            except FileExistsError:
                self._choose(item, 2)
                intent.add([self._plan(item)])
            except FileNotFoundError:
                # Somebody removed the folder because it was empty.
                folders.forget(folder)
        raise FixityError("its place at the target is taken again and again", hint="try again")

    def _link_commit(self, item: _Item) -> None:
        name = item.name + SIDECAR_SUFFIX
        digest = hashlib.sha256(item.sidecar_bytes).hexdigest()
        self._give(item, item.commit_fd, name, item.target[1] + SIDECAR_SUFFIX, len(item.sidecar_bytes), digest)

    def _give(self, item: _Item, fd: int, name: str, new_name: str, size: int, sha256: str) -> None:
        """A second name for an open file: a link where the file is ours alone, else a copy of its own."""
        status = os.fstat(fd)
        target = self._target(item)
        if status.st_nlink == 1 and status.st_uid == os.geteuid() and not status.st_mode & 0o222:
            try:
                os.link(name, new_name, src_dir_fd=self._source(item), dst_dir_fd=target, follow_symlinks=False)
            except OSError as error:
                if error.errno not in disk.COPY_INSTEAD:
                    raise
            else:
                item.made.append((item.target[0], new_name))
                if not disk.same_file(disk.status_of(target, new_name) or status, status):
                    raise FixityError("was exchanged while it was moved", hint="bedrot verify")
                return
        fresh = disk.Fresh(item.goal, item.target[0])
        try:
            for data in disk.chunks_of(fd, size):
                fresh.write(data)
            fresh.freeze()
            fresh.sync()
            if fresh.size != size or disk.hash_of(fresh.fd, size, hashlib.sha256) != sha256:
                raise FixityError("the disk does not hold what was copied", hint="check the disk; nothing was moved")
            fresh.name_it(target, new_name)
            item.made.append((item.target[0], new_name))
        finally:
            fresh.close()

    def _sync(self, items: list[_Item]) -> None:
        of_folder: dict[tuple[Zone, str], list[_Item]] = {}
        for item in items:
            if item.error is None:
                of_folder.setdefault((item.move.target, item.target[0]), []).append(item)
        for (zone, folder), inside in of_folder.items():
            try:
                self.folders[zone].sync(folder)
            except OSError as error:
                self.folders[zone].forget(folder)
                self._fail(inside, disk_error(error, "cannot make the names durable"))

    @staticmethod
    def _release(item: _Item) -> None:
        if item.lease is not None and not item.lease.undisturbed():
            raise FixityError(
                "somebody tried to write to it while it was moved", hint="bedrot verify " + item.move.decision.file_id
            )

    @staticmethod
    def _fail(items: Iterable[_Item], error: BedrotError) -> None:
        for item in items:
            item.error = item.error or error

    def _roll_back(self, item: _Item) -> bool:
        try:
            for folder, name in reversed(item.made):
                disk.unlink_if_there(item.goal.get(folder), name)
            item.made.clear()
            return True
        except OSError:
            return False

    def _leave(self, items: list[_Item]) -> bool:
        """Remove the source's names, sidecar first. The file is already at its target; what cannot be removed waits for `recover`."""
        clean = True
        touched: set[tuple[Zone, str]] = set()
        for item in items:
            try:
                disk.unlink_if_there(self._source(item), item.name + SIDECAR_SUFFIX)
                disk.unlink_if_there(self._source(item), item.name)
                touched.add((item.move.source, item.folder))
            except OSError:
                clean = False
        for zone, folder in touched:
            try:
                self.folders[zone].sync(folder)
            except OSError:
                clean = False
            above, _, own = folder.rpartition("/")
            if zone is Zone.LANDING and _SET_FOLDER.fullmatch(own):
                # The folder of a set goes with its last file; as long as it is not empty this does nothing.
                with suppress(OSError):
                    os.rmdir(own, dir_fd=self.folders[zone].get(above))
        return clean


def _gone(move: Move) -> LifecycleError:
    return LifecycleError(f"is no longer in {move.source}", hint="bedrot show " + move.decision.file_id)


def _compare(item: _Item) -> None:
    """No writer, and the very bytes that were validated."""
    try:
        item.lease = disk.Lease(item.payload_fd)
    except BlockingIOError as error:
        raise FixityError("is open for writing elsewhere", hint="close the program that holds it") from error
    before = item.payload_status
    if before.st_size != item.sidecar["size_bytes"]:
        raise FixityError("its size differs from its sidecar", hint="bedrot verify " + item.sidecar["id"])
    if disk.hash_of(item.payload_fd, before.st_size, hashlib.sha256) != item.move.decision.sha256:
        raise FixityError("its bytes are not those that were validated", hint="bedrot verify " + item.sidecar["id"])
    after = os.fstat(item.payload_fd)
    if (after.st_size, after.st_mtime_ns) != (before.st_size, before.st_mtime_ns):
        raise FixityError("changed while it was hashed", hint="bedrot verify " + item.sidecar["id"])
