"""Folders for what lives no longer than its process, also when that is killed: the next one that makes a folder removes what was left.

Whose process lives is told by a lock (`flock`) on the folder itself, which the kernel lets go with the process. Where a file system has no
such locks, nothing is ever swept.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
import weakref
from pathlib import Path

_SAFE = shutil.rmtree.avoids_symlink_attacks


class Scratch:
    """A private folder in the system's temporary folder, gone with `close` or with the process.

    Attributes:
        path: the folder; nobody else may look into it.

    Args:
        prefix: of its name. Locked folders with the same prefix are somebody's; those that are not and belong to this user are removed.
    """

    def __init__(self, prefix: str) -> None:
        sweep(prefix)
        name, lock = _made(prefix)
        self.path = Path(name)
        self._ended = weakref.finalize(self, _end, name, lock)

    def close(self) -> None:
        """Remove the folder and all in it."""
        self._ended()


def _made(prefix: str) -> tuple[str, int | None]:
    """A new folder and the descriptor that locks it (None: no locks here). One that was swept before it was locked is made again."""
    while True:
        name = tempfile.mkdtemp(prefix=prefix)
        try:
            lock = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except FileNotFoundError:
            continue
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.path.samestat(os.stat(name), os.fstat(lock)):
                return name, lock
        except (BlockingIOError, FileNotFoundError):
            pass  # a sweeper has it
        except OSError:
            os.close(lock)
            return name, None
        os.close(lock)


def _end(name: str, lock: int | None) -> None:
    shutil.rmtree(name, ignore_errors=True)
    if lock is not None:
        os.close(lock)


def sweep(prefix: str) -> None:
    """Remove the folders with this prefix in the temporary folder whose process is gone: own ones only, and never through a link."""
    root = tempfile.gettempdir()
    try:
        names = [name for name in os.listdir(root) if name.startswith(prefix)]
    except OSError:
        return
    for name in names if _SAFE else ():
        with contextlib.suppress(OSError):
            _swept(os.path.join(root, name))


def _swept(path: str) -> None:
    held = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        if os.fstat(held).st_uid == os.geteuid():
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(path, ignore_errors=True)
    finally:
        os.close(held)
