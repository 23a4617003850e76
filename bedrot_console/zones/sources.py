"""Where the bytes of a capture come from: memory, an open file, or a path that somebody outside controls.

A path is opened without following links and without blocking; it must be a regular file that nobody writes while it is read.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from ..domain.errors import BedrotError, FixityError, StillWritten, UsageError, disk_error
from . import disk


@contextmanager
def reading(body: bytes | BinaryIO | Path) -> Iterator[tuple[Iterator[bytes | memoryview], int | None]]:
    """Open a body: its pieces, in order, and its size in bytes where that is known before.

    Raises:
        StillWritten: a path that somebody has open for writing, or that changed while it was read.
        UsageError: a path that is no regular file or cannot be opened.
        FixityError: the bytes cannot be read.
    """
    if isinstance(body, (bytes, bytearray, memoryview)):
        yield iter([body] if len(body) else []), len(body)
    elif isinstance(body, (str, os.PathLike)):
        with _path(Path(body)) as opened:
            yield opened
    else:
        yield _pieces(body), None


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    while True:
        try:
            data = file.read(disk.COPY_BYTES)
        except OSError as error:
            raise disk_error(error, "cannot read the capture") from error
        if not data:
            return
        if not isinstance(data, (bytes, bytearray, memoryview)):
            raise UsageError("a capture's body must give bytes, not text")
        yield data


@contextmanager
def _path(path: Path) -> Iterator[tuple[Iterator[bytes | memoryview], int]]:
    try:
        fd = os.open(path, disk.READ)
    except (OSError, ValueError) as error:
        raise _refusal(path, error) from error
    try:
        before = os.fstat(fd)
        if not stat.S_ISREG(before.st_mode):
            raise UsageError(f"is {disk.kind_of(before.st_mode)}, not a regular file", hint="name the files themselves")
        lease = _lease(fd)
        yield _file_pieces(fd, before.st_size), before.st_size
        after = os.fstat(fd)
        if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns) or not lease.undisturbed():
            raise StillWritten("changed while it was read", hint="wait until it is whole, then land it")
    finally:
        disk.close(fd)


def _file_pieces(fd: int, size: int) -> Iterator[bytes | memoryview]:
    try:
        yield from disk.chunks_of(fd, size)
    except OSError as error:
        raise disk_error(error, "cannot read the outside file") from error


def _lease(fd: int) -> disk.Lease:
    try:
        return disk.Lease(fd)
    except BlockingIOError as error:
        raise StillWritten("is still open for writing elsewhere") from error
    except OSError as error:
        raise disk_error(error, "cannot read the outside file") from error


def _refusal(path: Path, error: Exception) -> BedrotError:
    if not isinstance(error, OSError):
        return UsageError("is not a file name")
    if os.path.islink(path):
        return UsageError("is a symbolic link, not a regular file", hint="land the file itself")
    translated = disk_error(error, "cannot open it")
    if isinstance(translated, FixityError) and error.errno in disk.DISK_TROUBLE:
        return translated
    return UsageError(f"cannot be opened: {(error.strerror or 'unknown').lower()}")
