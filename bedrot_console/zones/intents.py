"""Intents: what a verb is about to do, written down before the first name changes, so that `recover` can finish or roll back.

One file per chunk of work in `.bedrot/intents/`. Its owner holds a lock on it for as long as it lives; an intent that can be locked belongs
to nobody any more. The first line is the plan, each later line adds files to it; a torn last line counts as not written.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ..domain.files import canonical_json
from . import disk

FOLDER = "intents"


@dataclass(slots=True)
class Intent:
    """An intent that we own (made by us, or taken over by `abandoned`).

    Attributes:
        verb: `land`, or the verb of the decision.
        head: the journal's head before the work began; what it journals comes after.
        files: one record per file, shaped by the verb.
    """

    id: str
    verb: str
    head: int
    files: list[dict[str, Any]]
    _fd: int
    _folders: disk.Folders

    @classmethod
    def write(cls, folders: disk.Folders, intent_id: str, verb: str, head: int, files: Sequence[dict[str, Any]]) -> Intent:
        """Make a durable intent. `folders` is rooted at `.bedrot` and stays open as long as the intent. Raises OSError."""
        folder = folders.make(FOLDER)
        fresh = disk.Fresh(folders, FOLDER)
        try:
            fcntl.flock(fresh.fd, fcntl.LOCK_EX)
            fresh.write(canonical_json({"head": head, "intent": intent_id, "verb": verb, "files": list(files)}) + b"\n")
            fresh.sync()
            fresh.name_it(folder, intent_id)
            fd = os.dup(fresh.fd)
        finally:
            fresh.close()
        intent = cls(intent_id, verb, head, list(files), fd, folders)
        try:
            folders.sync(FOLDER)
        except OSError:
            intent.close()
            raise
        return intent

    def add(self, files: Sequence[dict[str, Any]]) -> None:
        """Plan further files, durably, before they get their names. Raises OSError."""
        line = canonical_json(list(files)) + b"\n"
        if os.pwrite(self._fd, line, os.fstat(self._fd).st_size) != len(line):
            raise OSError(28, os.strerror(28))
        os.fdatasync(self._fd)
        self.files += files

    def done(self) -> None:
        """Everything it names has come to its end. Removing it need not be durable: to finish twice changes nothing. Raises OSError."""
        disk.unlink_if_there(self._folders.get(FOLDER), self.id)
        self.close()

    def close(self) -> None:
        """Let go of it; what it names is left to `recover`."""
        if self._fd >= 0:
            disk.close(self._fd)
            self._fd = -1


def abandoned(folders: disk.Folders) -> Iterator[Intent]:
    """Every intent whose owner is gone, locked for us one after the other. The caller ends each by `done` or `close`."""
    try:
        folder = folders.get(FOLDER)
    except FileNotFoundError:
        return
    for name in sorted(os.listdir(folder)):
        try:
            fd = os.open(name, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
        except FileNotFoundError:
            continue
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            disk.close(fd)
            continue
        status = os.fstat(fd)
        if not status.st_nlink:
            disk.close(fd)
            continue
        yield _parsed(name, fd, os.pread(fd, status.st_size, 0), folders)


def planned(folders: disk.Folders) -> set[str]:
    """What some intent, living or abandoned, is about: the ids of its files, and their places as `zone/path`."""
    try:
        folder = folders.get(FOLDER)
    except FileNotFoundError:
        return set()
    found: set[str] = set()
    for name in os.listdir(folder):
        try:
            fd = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
        except FileNotFoundError:
            continue
        intent = _parsed(name, fd, os.pread(fd, os.fstat(fd).st_size, 0), folders)
        intent.close()
        for plan in intent.files:
            found.add(plan["file"])
            if "path" in plan:
                found.add(f"landing/{plan['path']}")
            else:
                found |= {f"{plan['source']}/{plan['source_path']}", f"{plan['target']}/{plan['target_path']}"}
    return found


def _parsed(name: str, fd: int, data: bytes, folders: disk.Folders) -> Intent:
    """A damaged plan names nothing: it had no name before it was durable, so only a broken disk makes one."""
    lines = data.split(b"\n")[:-1]
    try:
        plan = json.loads(lines[0])
        intent = Intent(name, plan["verb"], plan["head"], plan["files"], fd, folders)
    except (ValueError, KeyError, IndexError, TypeError):
        return Intent(name, "damaged", 0, [], fd, folders)
    for line in lines[1:]:
        try:
            intent.files += json.loads(line)
        except ValueError:
            break
    return intent
