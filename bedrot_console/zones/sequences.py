"""Sequence numbers of a feed: they rise strictly, whatever the wall clock does."""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from datetime import UTC, datetime

from . import disk

FOLDER = "locks"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def take(folders: disk.Folders, feed: str, count: int, now: datetime) -> int:
    """The first of `count` numbers for `feed`: the microseconds of `now`, or one more than the last one given where that is higher.

    The last number lies in the feed's lock file, changed under its lock. `folders` is rooted at `.bedrot`. Raises OSError.
    """
    name = "feed-" + feed.replace("/", "-")
    fd = os.open(name, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600, dir_fd=folders.make(FOLDER))
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        text = os.pread(fd, 64, 0).strip()
        last = int(text) if text.isdigit() else 0
        delta = now - _EPOCH
        first = max(last + 1, (delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds)
        os.pwrite(fd, b"%020d\n" % (first + count - 1), 0)
        return first
    finally:
        with suppress(OSError):
            fcntl.flock(fd, fcntl.LOCK_UN)
        disk.close(fd)
