"""Rows of an answer on disk, in a file without a name: any of them at hand, none of them kept. Ends with the process, whatever happens."""

from __future__ import annotations

import json
import os
import tempfile
import threading
from array import array
from bisect import bisect_right
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..domain.errors import CatalogError, disk_error


class Spool:
    """One writer adds batches, any thread reads rows. Memory holds where each batch begins, and the batch that was read last.

    Attributes:
        count: rows that can be read now.
        size_bytes: of the file.
    """

    def __init__(self, folder: Path) -> None:
        """An empty one, on the file system of `folder` if that can be written, else where temporary files go.

        Raises:
            FixityError: neither can be written.
        """
        self._starts = array("Q", [0])
        self._offsets = array("Q", [0])
        self._mutex = threading.Lock()
        self._known: tuple[int, list[Any]] = (-1, [])
        try:
            self._fd = os.open(folder, os.O_TMPFILE | os.O_RDWR | os.O_CLOEXEC, 0o600)
        except OSError:
            try:
                with tempfile.TemporaryFile() as file:
                    self._fd = os.dup(file.fileno())
            except OSError as error:
                raise disk_error(error, "the answer cannot be kept") from error

    @property
    def count(self) -> int:
        return self._starts[-1]

    @property
    def size_bytes(self) -> int:
        return self._offsets[-1]

    def add(self, count: int, rows: bytes) -> None:
        """Add a batch: a JSON array of `count` arrays.

        Raises:
            DiskFull, FixityError: it did not fit.
        """
        with self._mutex:
            if self._fd < 0:
                return
            at = self._offsets[-1]
            try:
                done = 0
                while done < len(rows):
                    done += os.pwrite(self._fd, rows[done : done + (1 << 20)], at + done)
            except OSError as error:
                raise disk_error(error, "the answer cannot be kept") from error
            self._offsets.append(at + len(rows))
            self._starts.append(self._starts[-1] + count)

    def rows(self, start: int, limit: int) -> list[list[Any]]:
        """Rows from number `start` (from 0), `limit` at most; none after `close`."""
        out: list[list[Any]] = []
        while limit > 0 and 0 <= start < self.count:
            number = bisect_right(self._starts, start) - 1
            batch = self._batch(number)
            inside = start - self._starts[number]
            part = batch[inside : inside + limit]
            if not part:
                break
            out += part
            start += len(part)
            limit -= len(part)
        return out

    def batches(self) -> Iterator[list[list[Any]]]:
        """All rows, batch by batch.

        Raises:
            CatalogError: it was closed meanwhile.
        """
        number = 0
        while number < len(self._starts) - 1:
            if self._fd < 0:
                raise CatalogError("the answer is no longer there", hint="ask again")
            yield self._batch(number)
            number += 1

    def _batch(self, number: int) -> list[list[Any]]:
        with self._mutex:
            if self._fd < 0:
                return []
            if self._known[0] != number:
                at = self._offsets[number]
                data = os.pread(self._fd, self._offsets[number + 1] - at, at)
                self._known = (number, json.loads(data))
            return self._known[1]

    def close(self) -> None:
        """Give the disk space back. Safe to call again."""
        with self._mutex:
            if self._fd >= 0:
                os.close(self._fd)
                self._fd = -1
            self._known = (-1, [])

    def __del__(self) -> None:
        self.close()
