"""Where reports are kept: append-only segments of JSON lines. The journal names segment, offset and length; nothing else finds a report.

One report can hold many findings with places, so reports are not in the journal; losing a segment loses explanations, never files.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from ..domain.errors import DiskFull, FixityError
from ..domain.files import canonical_json
from ..domain.findings import Report

SEGMENT_BYTES = 64 << 20
_FULL = (28, 122)  # ENOSPC, EDQUOT


@dataclass(frozen=True, slots=True)
class Shelf:
    """Where one report stands: segment number, byte offset and byte length of its line."""

    segment: int
    offset: int
    length: int


class ReportArchive:
    """Append-only report segments `NNNNNN.jsonl` in one folder (0700), safe for several writing processes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def _path(self, segment: int) -> Path:
        return self.folder / f"{segment:06d}.jsonl"

    def _newest(self) -> int:
        numbers = [int(p.stem) for p in self.folder.glob("[0-9]*.jsonl")]
        return max(numbers, default=1)

    def append(self, reports: Sequence[Report]) -> list[Shelf]:
        """Write reports in one durable append (one write, one sync) and say where each stands.

        Raises:
            DiskFull, FixityError: nothing of it counts; a torn tail is skipped by the next append.
        """
        if not reports:
            return []
        lines = [canonical_json(r.to_record()) + b"\n" for r in reports]
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            lock = os.open(self.folder / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX)
                segment = self._newest()
                path = self._path(segment)
                if path.exists() and path.stat().st_size >= SEGMENT_BYTES:
                    segment += 1
                    path = self._path(segment)
                born = not path.exists()
                fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
                try:
                    offset = os.fstat(fd).st_size
                    view = memoryview(b"".join(lines))
                    while view:
                        view = view[os.write(fd, view) :]
                    os.fdatasync(fd)
                finally:
                    os.close(fd)
                if born:
                    folder = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY)
                    try:
                        os.fsync(folder)
                    finally:
                        os.close(folder)
            finally:
                os.close(lock)
        except OSError as error:
            kind = DiskFull if error.errno in _FULL else FixityError
            raise kind(f"reports cannot be written: {error.strerror}") from error
        shelves = []
        for line in lines:
            shelves.append(Shelf(segment, offset, len(line)))
            offset += len(line)
        return shelves

    def load(self, shelf: Shelf) -> Report | None:
        """The report that stands there; None when the segment is gone or damaged."""
        try:
            with open(self._path(shelf.segment), "rb") as file:
                file.seek(shelf.offset)
                return Report.from_record(msgspec.json.decode(file.read(shelf.length)))
        except (OSError, msgspec.DecodeError, KeyError, TypeError, ValueError, AttributeError):
            return None
