"""One file on its way from zone to zone: taken for ourselves, compared with what was decided on, given its names at the target."""

from __future__ import annotations

import fcntl
import hashlib
import os
import stat
from dataclasses import dataclass, field
from typing import Any

from ..domain.errors import BedrotError, FixityError, LifecycleError
from ..domain.files import SIDECAR_SUFFIX, open_record
from ..domain.lifecycle import Decision, Zone
from . import disk

_MOST_SIDECAR = 1 << 20


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
class Item:
    """A file on its way, held by us from `lock` to `close`."""

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

    @property
    def source_fd(self) -> int:
        """The folder that it lies in."""
        return self.source.get(self.folder)

    @property
    def target_fd(self) -> int:
        """The folder that it goes to."""
        return self.goal.get(self.target[0])

    def lock(self) -> None:
        """Take the file for ourselves, and make sure that it is the one that was decided on."""
        move = self.move
        try:
            folder = self.source_fd
            self.commit_fd = os.open(self.name + SIDECAR_SUFFIX, disk.READ, dir_fd=folder)
        except FileNotFoundError as error:
            raise _gone(move) from error
        status = self.commit_status = os.fstat(self.commit_fd)
        if not stat.S_ISREG(status.st_mode) or status.st_size > _MOST_SIDECAR:
            raise FixityError("its sidecar is not a sidecar", hint="bedrot verify " + move.decision.file_id)
        try:
            fcntl.flock(self.commit_fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise LifecycleError(
                "another process is deciding on it", hint="look again: bedrot show " + move.decision.file_id
            ) from error
        now = disk.status_of(folder, self.name + SIDECAR_SUFFIX)
        if now is None or not disk.same_file(now, status):
            raise _gone(move)
        self.sidecar_bytes = os.pread(self.commit_fd, status.st_size, 0)
        self.sidecar = open_record(self.sidecar_bytes)
        if self.sidecar.get("id") != move.decision.file_id:
            raise _gone(move)
        if self.sidecar.get("sha256") != move.decision.sha256:
            raise FixityError(
                "is not the file that was validated: its hash differs", hint="bedrot validate " + move.decision.file_id
            )
        try:
            self.payload_fd = os.open(self.name, disk.READ, dir_fd=folder)
        except FileNotFoundError as error:
            raise FixityError("its payload is missing", hint="bedrot verify " + move.decision.file_id) from error
        self.payload_status = os.fstat(self.payload_fd)
        if not stat.S_ISREG(self.payload_status.st_mode):
            raise FixityError(f"its payload is {disk.kind_of(self.payload_status.st_mode)}, not a regular file")

    def plan(self) -> dict[str, Any]:
        """What the intent says of it."""
        move = self.move
        commit = self.commit_status
        return {
            "decision": move.decision.id, "file": move.decision.file_id, "verb": move.decision.verb, "source": move.source, "source_path": move.source_path,
            "target": move.target, "target_path": self.target_path, "sha256": move.decision.sha256,
            "payload": [self.payload_status.st_dev, self.payload_status.st_ino], "sidecar": [commit.st_dev, commit.st_ino],
        }  # fmt: skip

    def compare(self) -> None:
        """No writer, and the very bytes that were validated."""
        try:
            self.lease = disk.Lease(self.payload_fd)
        except BlockingIOError as error:
            raise FixityError("is open for writing elsewhere", hint="close the program that holds it") from error
        before = self.payload_status
        if before.st_size != self.sidecar["size_bytes"]:
            raise FixityError("its size differs from its sidecar", hint="bedrot verify " + self.sidecar["id"])
        if disk.hash_of(self.payload_fd, before.st_size, hashlib.sha256) != self.move.decision.sha256:
            raise FixityError("its bytes are not those that were validated", hint="bedrot verify " + self.sidecar["id"])
        after = os.fstat(self.payload_fd)
        if (after.st_size, after.st_mtime_ns) != (before.st_size, before.st_mtime_ns):
            raise FixityError("changed while it was hashed", hint="bedrot verify " + self.sidecar["id"])

    def link(self) -> None:
        """Give the payload its name at the target. Raises FileExistsError, FileNotFoundError where name or folder are in the way."""
        self._give(self.payload_fd, self.name, self.target[1], self.payload_status.st_size, self.move.decision.sha256)

    def link_commit(self) -> None:
        name = self.name + SIDECAR_SUFFIX
        digest = hashlib.sha256(self.sidecar_bytes).hexdigest()
        self._give(self.commit_fd, name, self.target[1] + SIDECAR_SUFFIX, len(self.sidecar_bytes), digest)

    def _give(self, fd: int, name: str, new_name: str, size: int, sha256: str) -> None:
        """A second name for an open file: a link where the file is ours alone, else a copy of its own."""
        status = os.fstat(fd)
        target = self.target_fd
        if status.st_nlink == 1 and status.st_uid == os.geteuid() and not status.st_mode & 0o222:
            try:
                os.link(name, new_name, src_dir_fd=self.source_fd, dst_dir_fd=target, follow_symlinks=False)
            except OSError as error:
                if error.errno not in disk.COPY_INSTEAD:
                    raise
            else:
                self.made.append((self.target[0], new_name))
                if not disk.same_file(disk.status_of(target, new_name) or status, status):
                    raise FixityError("was exchanged while it was moved", hint="bedrot verify")
                return
        fresh = disk.Fresh(self.goal, self.target[0])
        try:
            for data in disk.chunks_of(fd, size):
                fresh.write(data)
            fresh.freeze()
            fresh.sync()
            if fresh.size != size or disk.hash_of(fresh.fd, size, hashlib.sha256) != sha256:
                raise FixityError("the disk does not hold what was copied", hint="check the disk; nothing was moved")
            fresh.name_it(target, new_name)
            self.made.append((self.target[0], new_name))
        finally:
            fresh.close()

    def undisturbed(self) -> None:
        """Nobody wrote to it while we held it. Raises FixityError."""
        if self.lease is not None and not self.lease.undisturbed():
            raise FixityError(
                "somebody tried to write to it while it was moved", hint="bedrot verify " + self.move.decision.file_id
            )

    def roll_back(self) -> bool:
        """Take back the names that were made at the target; whether all are gone."""
        try:
            for folder, name in reversed(self.made):
                disk.unlink_if_there(self.goal.get(folder), name)
            self.made.clear()
            return True
        except OSError:
            return False

    def close(self) -> None:
        for fd in (self.payload_fd, self.commit_fd):
            if fd >= 0:
                disk.close(fd)
        self.payload_fd = self.commit_fd = -1


def _gone(move: Move) -> LifecycleError:
    return LifecycleError(f"is no longer in {move.source}", hint="bedrot show " + move.decision.file_id)
