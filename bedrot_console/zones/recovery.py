"""Recover: bring every intent whose owner is gone to its end. Idempotent; costs as much as there are open intents, not files.

A landing whose sidecar stands is finished (it gets its line in the journal), any other is rolled back. A transfer is finished if "moved"
is in the journal, else rolled back. What cannot be explained is never deleted: it goes to `quarantine/_orphans/` and is journalled.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..domain.errors import BedrotError, FixityError, disk_error
from ..domain.events import Event
from ..domain.files import PRIVATE, SIDECAR_SUFFIX
from ..domain.lifecycle import Zone
from . import disk
from .fixity import ORPHANS, ZONES, read_sidecar
from .intents import Intent, abandoned

if TYPE_CHECKING:
    from .store import Zones


@dataclass(frozen=True, slots=True)
class Recovered:
    """An intent that was brought to its end. `outcome`: `finished`, `rolled-back`, `orphaned` (something needs a look) or `void`."""

    intent: str
    verb: str
    outcome: str
    files: tuple[str, ...]


def recover(zones: Zones) -> list[Recovered]:
    """Bring open intents to their end; see `Zones.recover`."""
    done: list[Recovered] = []
    trouble: BedrotError | None = None
    try:
        with disk.Folders(zones.state, 0o700) as state:
            for intent in abandoned(state):
                try:
                    done.append(_Recovery(zones, intent).run())
                except _InUse:
                    continue  # as an intent whose owner lives: the next recover brings it to its end
                except BedrotError as error:
                    trouble = error
                except OSError as error:
                    trouble = disk_error(error, "cannot recover")
                finally:
                    intent.close()
            _sweep(state)
        for zone in ZONES:
            with disk.Folders(zones.root(zone)) as folders:
                _sweep(folders)
    except OSError as error:
        trouble = trouble or disk_error(error, "cannot recover")
    if trouble is not None:
        raise trouble
    return done


def _sweep(folders: disk.Folders) -> None:
    try:
        disk.sweep(folders)
    except FileNotFoundError:
        return


class _InUse(Exception):
    """Another living process holds a file that the intent is about."""


class _Recovery:
    """One intent."""

    def __init__(self, zones: Zones, intent: Intent) -> None:
        self.zones = zones
        self.intent = intent
        self.folders = {zone: disk.Folders(zones.root(zone)) for zone in ZONES}
        self.events: list[Event] = []
        self.touched: set[tuple[Zone, str]] = set()
        self.outcomes: set[str] = set()
        self.last: dict[str, tuple[str, str]] = {}

    def run(self) -> Recovered:
        intent = self.intent
        try:
            said = self._said()
            latest = {plan.get("decision") or plan["file"]: plan for plan in intent.files}
            for plan in intent.files:
                if intent.verb == "land":
                    self._land(plan, said)
                else:
                    self._transfer(plan, said, last=latest[plan["decision"]] is plan)
            self._sync()
            files = tuple(sorted({plan["file"] for plan in intent.files}))
            order = ("orphaned", "finished", "rolled-back")
            outcome = next((o for o in order if o in self.outcomes), "void")
            if self.outcomes:
                data = {"intent": intent.id, "verb": intent.verb, "outcome": outcome, "files": list(files)}
                self.zones.journal.append([*self.events, self._event("recovered", data)])
            intent.done()
            return Recovered(intent.id, intent.verb, outcome, files)
        except _InUse:
            self._sync()  # what was done stays done: the next recover does not see that there was something to sync
            raise
        finally:
            for folders in self.folders.values():
                folders.close()

    def _sync(self) -> None:
        for zone, folder in self.touched:
            self.folders[zone].sync(folder)

    def _event(self, kind: str, data: dict[str, Any]) -> Event:
        return Event(kind=kind, at=self.zones.clock.now(), actor=self.zones.actor, data=data)

    def _said(self) -> dict[str, set[str]]:
        """What the journal says about this work: kind -> file or decision ids; and where it says that files went last."""
        said: dict[str, set[str]] = {"landed": set(), "decided": set(), "moved": set(), "refused": set()}
        for event in self.zones.journal.read(self.intent.head):
            if event.kind in said:
                said[event.kind].add(event.data.get("decision") or event.data["file"])
            if event.kind == "moved":
                self.last[event.data["file"]] = (event.data["zone"], event.data["path"])
        return said

    def _folder(self, zone: Zone, path: str) -> tuple[int | None, str]:
        folder, _, name = path.rpartition("/")
        try:
            return self.folders[zone].get(folder), name
        except FileNotFoundError:
            return None, name

    def _unlink(self, zone: Zone, path: str, *suffixes: str) -> None:
        folder, name = self._folder(zone, path)
        for suffix in suffixes:
            disk.unlink_if_there(folder, name + suffix)
        self.touched.add((zone, path.rpartition("/")[0]))

    def _land(self, plan: dict[str, Any], said: dict[str, set[str]]) -> None:
        if plan["file"] in said["landed"]:
            return
        path = plan["path"]
        folder, name = self._folder(Zone.LANDING, path)
        if folder is None:
            return
        commit = disk.status_of(folder, name + SIDECAR_SUFFIX)
        if commit is None:
            # Inode numbers are given anew, also to strangers: the bytes must be ours as well.
            payload = disk.status_of(folder, name)
            if _is(payload, plan["payload"]) and _hash(folder, name) == plan["sha256"]:
                self._unlink(Zone.LANDING, path, "")
                self.outcomes.add("rolled-back")
            return
        if not _is(commit, plan["sidecar"]) or stat.S_IMODE(commit.st_mode) != disk.FILE_MODE:
            return
        try:
            sidecar = read_sidecar(folder, name)
            if sidecar.id != plan["file"]:
                return
            if _hash(folder, name) != sidecar.sha256:
                raise FixityError("payload differs")
        except FixityError:
            self._orphan(Zone.LANDING, path)
            return
        # Its folder may not have been synced before its owner died.
        self.folders[Zone.LANDING].sync(path.rpartition("/")[0])
        record = {name: value for name, value in sidecar.to_record().items() if name not in PRIVATE}
        self.events.append(self._event("landed", {"file": sidecar.id, "path": path, "sidecar": record}))
        self.outcomes.add("finished")

    def _transfer(self, plan: dict[str, Any], said: dict[str, set[str]], *, last: bool) -> None:
        decision, file = plan["decision"], plan["file"]
        source, target = (Zone(plan["source"]), plan["source_path"]), (Zone(plan["target"]), plan["target_path"])
        if decision in said["moved"]:
            # Later decisions may have brought it back to this very place.
            if last and self.last[file] != (source[0].value, source[1]) and self._holds(source, plan):
                self._unlink(*source, SIDECAR_SUFFIX, "")
                self.outcomes.add("finished")
            return
        # The target's names go only while the file stands whole at its source, under its lock.
        with self._locked(source, plan) as whole:
            if whole and self._holds(target, plan):
                self._unlink(*target, SIDECAR_SUFFIX, "")
                self.outcomes.add("rolled-back")
        if last and decision in said["decided"] and decision not in said["refused"]:
            data = {"decision": decision, "file": file, "verb": plan["verb"], "code": "interrupted"}
            self.events.append(self._event("refused", data))
            self.outcomes.add("rolled-back")

    @contextmanager
    def _locked(self, place: tuple[Zone, str], plan: dict[str, Any]) -> Iterator[bool]:
        """The file's own lock; gives whether the file stands there whole. Raises _InUse while somebody holds it."""
        folder, name = self._folder(*place)
        try:
            fd = os.open(name + SIDECAR_SUFFIX, disk.READ, dir_fd=folder) if folder is not None else -1
        except FileNotFoundError:
            fd = -1
        if fd < 0:
            yield False
            return
        try:
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise _InUse from error
            payload = disk.status_of(folder, name)
            yield payload is not None and self._holds(place, plan)
        finally:
            disk.close(fd)

    def _holds(self, place: tuple[Zone, str], plan: dict[str, Any]) -> bool:
        """Whether what has this name is the plan's file: by the id in its sidecar, or (only the payload is there) by its bytes."""
        folder, name = self._folder(*place)
        if folder is None:
            return False
        try:
            return read_sidecar(folder, name).id == plan["file"]
        except FixityError:
            return False
        except FileNotFoundError:
            payload = disk.status_of(folder, name)
            ours = payload is not None and stat.S_IMODE(payload.st_mode) == disk.FILE_MODE
            return ours and _hash(folder, name) == plan["sha256"]

    def _orphan(self, zone: Zone, path: str) -> None:
        """Set aside, whole, what nobody can explain."""
        folder, name = self._folder(zone, path)
        aside = self.folders[Zone.QUARANTINE].make(ORPHANS)
        for suffix in (SIDECAR_SUFFIX, ""):
            if disk.status_of(folder, name + suffix) is not None:
                disk.rename_new(folder, name + suffix, aside, f"{self.intent.id}-{name}{suffix}")
        self.touched |= {(zone, path.rpartition("/")[0]), (Zone.QUARANTINE, ORPHANS)}
        self.events.append(self._event("orphaned", {"path": f"{zone}/{path}", "code": "unexplained"}))
        self.outcomes.add("orphaned")


def _is(status: os.stat_result | None, inode: list[int]) -> bool:
    return status is not None and [status.st_dev, status.st_ino] == inode


def _hash(folder: int, name: str) -> str | None:
    """Of a regular file; None for anything else."""
    try:
        fd = os.open(name, disk.READ, dir_fd=folder)
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ELOOP, errno.ENXIO):
            return None
        raise
    try:
        status = os.fstat(fd)
        return disk.hash_of(fd, status.st_size, hashlib.sha256) if stat.S_ISREG(status.st_mode) else None
    finally:
        disk.close(fd)
