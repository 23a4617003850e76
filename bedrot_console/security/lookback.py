"""Reading the journal page by page, newest first, however long it is: from a place, backwards or onwards, as far as a page needs.

Waits for an append under way only while it asks where the committed end is; what is appended later is not seen. A damaged line is named and
passed over, unlike `FileJournal.read`, which stops: who looks for what happened must see what can still be seen. With a filter only lines that
may fit are looked at that closely.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING

from ..domain.errors import disk_error
from ..domain.events import Event
from .lines import decoder, whole
from .segments import offset_of, seq_at

if TYPE_CHECKING:
    from .journal import FileJournal

BLOCK_BYTES = 256 << 10
SKIP_LINES = 1000
"""Looking onwards, after so many lines that are not wanted one is handed on all the same: it tells how far one is."""
Fits = Callable[[Event], bool]


@dataclass(slots=True)
class Seen:
    """What was found. `events` in the order in which they were looked at; `damaged` are the numbers of lines that could not be read, as they
    should be. `reached`: the last number that was looked at (0: the beginning). `ended`: there is nothing further in that direction.
    """

    events: list[Event] = field(default_factory=list)
    damaged: list[int] = field(default_factory=list)
    reached: int = 0
    ended: bool = False


@dataclass(frozen=True, slots=True)
class Needles:
    """Bytes that every wanted line holds; `folded` is compared in lower case. A block without the first of them is passed over whole."""

    exact: tuple[bytes, ...] = ()
    folded: bytes = b""

    def __bool__(self) -> bool:
        return bool(self.exact or self.folded)

    def in_block(self, block: bytes) -> bool:
        return self.exact[0] in block if self.exact else self.folded in block.lower()

    def in_line(self, line: bytes) -> bool:
        return all(needle in line for needle in self.exact) and (not self.folded or self.folded in line.lower())


ANY = Needles()


def look(
    journal: FileJournal, *, before: int | None = None, after: int | None = None, needles: Needles = ANY, fits: Fits | None = None,
    limit: int = 100, lines_most: int = 100_000, stop: Callable[[bytes], bool] | None = None,
) -> Seen:  # fmt: skip
    """One page: backwards from the line before `before` (None: from the end), or onwards from the line after `after`.

    Args:
        needles: what a wanted line holds; cheap. `fits`: whether its event is wanted.
        limit: events at most.  lines_most: about so many lines are looked at at most, so that a rare event does not keep a caller waiting.
        stop: whether nothing beyond this raw line can be wanted.

    Raises:
        FixityError: the disk does not let us read.
    """
    seen = Seen(reached=before or 0 if after is None else after)
    decode = decoder()
    looked, last = 0, seen.reached
    try:
        for skipped, line in _onwards(journal, after, needles) if after is not None else _backwards(journal, before, needles):
            if looked >= lines_most or len(seen.events) >= limit:
                return seen
            looked += skipped + 1
            number = seq_at(line + b"\n")
            if number is None:
                seen.damaged.append(max(1, last - 1 if after is None else last + 1))
                continue
            last = seen.reached = number
            if stop is not None and stop(line):
                break
            if needles and not needles.in_line(line):
                continue
            if whole(line) is None:
                seen.damaged.append(number)
                continue
            event = decode(line)
            if fits is None or fits(event):
                seen.events.append(event)
    except OSError as error:
        raise disk_error(error, "cannot read the journal") from error
    seen.ended = True
    if after is None:
        seen.reached = 0
    return seen


def _backwards(journal: FileJournal, before: int | None, needles: Needles) -> Iterator[tuple[int, bytes]]:
    """(lines passed over before it, line) with seq below `before`, newest first, without line feeds; damaged ones among them.

    Of a block in which nothing is wanted only the first line comes.
    """
    with journal._locked(fcntl.LOCK_SH):
        segments, tail = journal.segments.numbers(), journal._tail()
    segments = [n for n in segments if n <= tail.segment]
    if not segments:
        return
    top = tail.seq if before is None else min(before - 1, tail.seq)
    if top < 1:
        return
    index = journal.segments.holding(segments, top)
    for number in reversed(segments[: index + 1]):
        with open(journal.segments.path(number), "rb") as file:
            end = tail.end if number == tail.segment else os.fstat(file.fileno()).st_size
            if number == segments[index] and top < tail.seq:
                end = _end_of(file, top, end)
            yield from _lines_back(file, end, needles)


def _end_of(file: IO[bytes], seq: int, end: int) -> int:
    """Byte after the last line whose number is not above `seq`."""
    at = offset_of(file, seq + 1)
    file.seek(at)
    for line in file:
        number = seq_at(line)
        if at >= end or (number is not None and number > seq):
            break
        at += len(line)
    return min(at, end)


def _lines_back(file: IO[bytes], end: int, needles: Needles) -> Iterator[tuple[int, bytes]]:
    """Lines that end before `end`, the last one first, as `_backwards`. Holds one block and one line."""
    rest = b""
    while end > 0:
        start = max(0, end - BLOCK_BYTES)
        file.seek(start)
        block = file.read(end - start) + rest
        end = start
        # What stands before the first line feed belongs to a line that begins further back, but at the very beginning.
        cut = block.find(b"\n") + 1 if start else 0
        if start and not cut:
            rest = block
            continue
        rest, block = block[: max(0, cut - 1)], block[cut:]
        if needles and not needles.in_block(block):
            first = block.partition(b"\n")[0]
            if first:
                yield block.count(b"\n"), first
            continue
        for line in reversed(block.split(b"\n")):
            if line:
                yield 0, line


def _onwards(journal: FileJournal, after: int, needles: Needles) -> Iterator[tuple[int, bytes]]:
    """(lines passed over before it, line) with seq above `after`, in order; damaged ones among them."""
    begun, skipped = False, 0
    for line in journal._lines(after):
        if not begun:
            number = seq_at(line + b"\n")
            begun = number is not None and number > after
        if begun and needles and not needles.in_line(line) and skipped < SKIP_LINES:
            skipped += 1
        elif begun:
            yield skipped, line
            skipped = 0
