"""The vault's files: whole or not at all, durable, nobody else's to read. What is written is sealed already, but for the key."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from ..domain.errors import PermissionDenied, UsageError, disk_error
from .private import sync_folder


def make(root: Path, folder: Path) -> None:
    """`folder` and what lies between it and `root`, 0700."""
    try:
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        info = root.stat()
        if info.st_uid not in (os.geteuid(), 0):
            raise PermissionDenied(f"the vault belongs to uid {info.st_uid}, not to you")
        if stat.S_IMODE(info.st_mode) & 0o077:
            root.chmod(0o700)
        for part in reversed([folder, *folder.parents]):
            if root in part.parents:
                try:
                    part.mkdir(mode=0o700)
                except FileExistsError:
                    continue
                _sync(part.parent)  # else a crash takes the folder away with what was sealed into it
    except OSError as error:
        raise disk_error(error, "cannot write the vault") from error


def remove(path: Path) -> None:
    """Remove a file, if it is there."""
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise disk_error(error, "cannot remove from the vault") from error


def read_key(path: Path) -> bytes:
    """The bytes of a key file that nobody else can read.

    Raises:
        UsageError: there is none.  PermissionDenied: others may read it, or it belongs to somebody else.
    """
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        raise UsageError("the vault has no key", hint="bedrot secrets set PLATFORM FIELD makes one") from None
    except OSError as error:
        raise PermissionDenied(f"the vault's key cannot be read: {error.strerror}") from error
    try:
        info = os.fstat(fd)
        if info.st_uid not in (os.geteuid(), 0) or stat.S_IMODE(info.st_mode) & 0o077:
            raise PermissionDenied("the vault's key can be read by others", hint=f"chmod 400 {path}")
        return os.read(fd, 4096)
    finally:
        os.close(fd)


def create_once(path: Path, content: bytes) -> None:
    """Write a new file 0400 whole or not at all; if another process was first, its file stays."""
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    _write_synced(partial, content, 0o400)
    try:
        os.link(partial, path)
    except FileExistsError:
        pass
    finally:
        partial.unlink(missing_ok=True)
    _sync(path.parent)


def replace(path: Path, content: bytes) -> None:
    """Write a file 0600 whole or not at all, in place of what was there."""
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    _write_synced(partial, content, 0o600)
    try:
        partial.replace(path)
    except OSError as error:
        raise disk_error(error, "cannot write the vault") from error
    _sync(path.parent)


def _write_synced(path: Path, content: bytes, mode: int) -> None:
    remove(path)
    try:
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, mode)
        try:
            view = memoryview(content)
            while view:
                view = view[os.write(fd, view) :]
            os.fsync(fd)
        finally:
            os.close(fd)
    except OSError as error:
        path.unlink(missing_ok=True)
        raise disk_error(error, "cannot write the vault") from error


def _sync(folder: Path) -> None:
    try:
        sync_folder(folder)
    except OSError as error:
        raise disk_error(error, "cannot write the vault") from error
