"""The files that a journal consists of: which there are, where a line stands, where the last whole append ends. Reads, never writes."""

from __future__ import annotations

import os
from pathlib import Path
from typing import IO, NamedTuple

from .lines import SEAL_LENGTH, seq_of, whole

_WINDOW = 16 << 10


class Tail(NamedTuple):
    """The committed end: in which segment (number), at which byte, and the last line's seq and hash. `torn` bytes follow it."""

    segment: int
    end: int
    seq: int
    hash: bytes
    torn: int = 0


class Segments:
    """The segments in a journal's folder, by number. Where it matters the caller holds the journal's lock."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, number: int) -> Path:
        return self.folder / f"{number:06d}.jsonl"

    def numbers(self) -> list[int]:
        """Of all there are, ascending."""
        try:
            names = os.listdir(self.folder)
        except FileNotFoundError:
            return []
        return sorted(int(n[:-6]) for n in names if n.endswith(".jsonl") and n[:-6].isdigit())

    def holding(self, segments: list[int], seq: int) -> int:
        """Index of the last segment whose first line's seq is <= `seq` (0 if none)."""
        low, high = 0, len(segments) - 1
        while low < high:
            middle = (low + high + 1) // 2
            with open(self.path(segments[middle]), "rb") as file:
                found = seq_at(file.readline())
            if found is not None and found <= seq:
                low = middle
            else:
                high = middle - 1
        return low

    def tail_of(self, number: int) -> Tail | None:
        """The last line in this segment that ends an append and hashes to itself; None if it holds none."""
        with open(self.path(number), "rb") as file:
            size = os.fstat(file.fileno()).st_size
            window = _WINDOW
            while size:
                start = max(0, size - window)
                file.seek(start)
                data = file.read(size - start)
                end = data.rfind(b"\n") + 1
                while end > 0:
                    begin = data.rfind(b"\n", 0, end - 1) + 1
                    if begin == 0 and start > 0:
                        break
                    line = data[begin : end - 1]
                    body = whole(line)
                    if body is not None and b',"left":0,"seq":' in body[-40:]:
                        return Tail(number, start + end, seq_of(body), line[-66:-2], size - start - end)
                    end = begin
                if start == 0:
                    break
                window *= 8
        return None


def offset_of(file: IO[bytes], seq: int) -> int:
    """Byte where the line with `seq` (or the next higher) starts, by halving; a start before it where lines are damaged."""
    low, high = 0, os.fstat(file.fileno()).st_size
    while high - low > 4096:
        middle = (low + high) // 2
        file.seek(middle)
        file.readline()
        start = file.tell()
        found = seq_at(file.readline()) if start < high else None
        if found is None or found >= seq:
            high = middle
        else:
            low = start
    return low


def seq_at(line: bytes) -> int | None:
    """The seq of a line with its line feed; None where it has none."""
    body = line[: -SEAL_LENGTH - 1]
    try:
        return seq_of(body)
    except ValueError:
        return None
