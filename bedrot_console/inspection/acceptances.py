"""What was accepted of drift, feed by feed: a file of JSON lines each, written only at its end. The journal holds the hash of every line."""

from __future__ import annotations

import contextlib
import dataclasses
import fcntl
import hashlib
import json
import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from bedrot_console.domain.drift import Acceptance
from bedrot_console.domain.errors import FixityError, UsageError, disk_error
from bedrot_console.domain.feeds import Feed

SUFFIX = ".jsonl"


class Acceptances:
    """The acceptances of one home.

    Args:
        folder: made with the first acceptance.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._known: dict[str, tuple[tuple[int, int], list[Acceptance]]] = {}

    def _path(self, feed: str) -> Path:
        platform, _, attribute = feed.partition("/")
        return self.folder / platform / f"{attribute}{SUFFIX}"

    def feeds(self) -> list[str]:
        """Feeds of which something was ever accepted, in order."""
        return sorted(f"{p.parent.name}/{p.stem}" for p in self.folder.glob(f"*/*{SUFFIX}"))

    def every(self, feed: str) -> list[Acceptance]:
        """All acceptances of a feed, also those that were taken back, in the order they were made.

        Raises:
            FixityError: the file is damaged.
        """
        path = self._path(feed)
        try:
            info = path.stat()
        except FileNotFoundError:
            return []
        stamp = info.st_mtime_ns, info.st_size
        if feed not in self._known or self._known[feed][0] != stamp:
            found: dict[str, Acceptance] = {}
            try:
                for line in path.read_bytes().splitlines():
                    acceptance = Acceptance.from_record(json.loads(line))
                    found[acceptance.id] = acceptance
            except (ValueError, TypeError, KeyError) as trouble:
                raise FixityError(
                    f"the acceptances of {feed} are damaged", hint="bedrot drift list; then restore the file from a copy"
                ) from trouble
            self._known[feed] = stamp, list(found.values())
        return self._known[feed][1]

    def standing(self, feed: str) -> list[Acceptance]:
        """Those that validation applies now."""
        return [a for a in self.every(feed) if a.stands]

    def version(self, feed: Feed) -> str:
        """The version of the schema now: the declared one, and how many changes were made since."""
        lines = self._path(feed.name).read_bytes().count(b"\n") if self._path(feed.name).exists() else 0
        return f"{feed.version}.{lines}" if lines else str(feed.version)

    def add(self, feed: Feed, make: Callable[[str], Acceptance], tell: Callable[[Acceptance, str], None]) -> Acceptance:
        """Make an acceptance of the next version: its line is written durably, then `tell` is called with it and the line's hash.

        In this order, since a line that the journal does not know is noticed, and one that it knows but is not there would not be.
        Returns the one that stands already, if there is one of the same shape. Raises FixityError: the disk refuses; no line is left then,
        nor when `tell` fails.
        """
        return self._append(
            feed,
            lambda every, version: next((a for a in every if a.stands and a.shape == make(version).shape), make(version)),
            tell,
        )

    def revoke(self, feed: Feed, name: str, at: datetime, actor: str, tell: Callable[[Acceptance, str], None]) -> Acceptance:
        """Take an acceptance back. Raises UsageError: there is none of this id that stands; FixityError as `add`."""

        def revoked(every: list[Acceptance], version: str) -> Acceptance:
            found = [a for a in every if a.id.startswith(name) and a.stands]
            if len(found) != 1:
                raise UsageError(f"no acceptance {name} stands in {feed.name}", hint="bedrot drift list")
            return dataclasses.replace(found[0], revoked_at=at, revoked_by=actor)

        return self._append(feed, revoked, tell)

    def _append(
        self, feed: Feed, make: Callable[[list[Acceptance], str], Acceptance], tell: Callable[[Acceptance, str], None]
    ) -> Acceptance:
        try:
            return self._appended(feed, make, tell)
        except OSError as trouble:
            raise disk_error(trouble, f"cannot write the acceptances of {feed.name}") from trouble

    def _appended(
        self, feed: Feed, make: Callable[[list[Acceptance], str], Acceptance], tell: Callable[[Acceptance, str], None]
    ) -> Acceptance:
        path = self._path(feed.name)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX)
            every = self.every(feed.name)
            number = int(self.version(feed).partition(".")[2] or 0) + 1
            made = make(every, f"{feed.version}.{number}")
            if made in every:
                return made
            line, end = line_of(made), os.fstat(fd).st_size
            _write_at_end(fd, line)
            try:
                tell(made, hashlib.sha256(line).hexdigest())
            except BaseException:  # whatever kept it out of the journal: it was not accepted
                os.ftruncate(fd, end)
                raise
        finally:
            os.close(fd)
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        return made


def _write_at_end(fd: int, line: bytes) -> None:
    """Write a line whole and durably, or leave the file as long as it was. Raises OSError."""
    end = at = os.fstat(fd).st_size
    view = memoryview(line)
    try:
        while view:
            written = os.pwrite(fd, view, at)
            view, at = view[written:], at + written
        os.fsync(fd)
    except OSError:
        with contextlib.suppress(OSError):
            os.ftruncate(fd, end)
        raise


def line_of(acceptance: Acceptance) -> bytes:
    """The line that says it; its hash stands in the journal."""
    return json.dumps(acceptance.to_record(), sort_keys=True, ensure_ascii=True).encode() + b"\n"
