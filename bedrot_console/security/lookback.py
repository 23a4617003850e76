"""Reading the journal page by page, newest first, however long it is: from a place, backwards or onwards, as far as a page needs.

Waits for an append under way only while it asks where the committed end is; what is appended later is not seen. A damaged line is named and
passed over, unlike `FileJournal.read`, which stops: who looks for what happened must see what can still be seen.
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

if TYPE_CHECKING:
    from .journal import FileJournal

BLOCK_BYTES = 256 << 10
Keep = Callable[[bytes], bool]
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


def look(
    journal: FileJournal, *, before: int | None = None, after: int | None = None, keep: Keep | None = None, fits: Fits | None = None,
    limit: int = 100, lines_most: int = 100_000, stop: Callable[[bytes], bool] | None = None,
) -> Seen:  # fmt: skip
    """One page: backwards from the line before `before` (None: from the end), or onwards from the line after `after`.

    Args:
        keep: whether a raw line may be wanted; cheap, it sees every line. `fits`: whether its event is.
        limit: events at most.  lines_most: lines looked at at most, so that a rare event does not keep a caller waiting.
        stop: whether nothing beyond this raw line can be wanted.

    Raises:
        FixityError: the disk does not let us read.
    """
    seen = Seen(reached=before or 0 if after is None else after)
    decode = decoder()
    looked, last = 0, seen.reached
    try:
        for line in _onwards(journal, after) if after is not None else _backwards(journal, before):
            if looked >= lines_most or len(seen.events) >= limit:
                return seen
            looked += 1
            number = journal._seq_at(line + b"\n")
            if number is None:
                seen.damaged.append(max(1, last - 1 if after is None else last + 1))
                continue
            last = seen.reached = number
            if stop is not None and stop(line):
                break
            if keep is not None and not keep(line):
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


def _backwards(journal: FileJournal, before: int | None) -> Iterator[bytes]:
    """Lines with seq below `before`, newest first, without line feeds; damaged ones among them."""
    with journal._locked(fcntl.LOCK_SH):
        segments, tail = journal._segments(), journal._tail()
    segments = [n for n in segments if n <= tail.segment]
    if not segments:
        return
    top = tail.seq if before is None else min(before - 1, tail.seq)
    if top < 1:
        return
    index = journal._segment_with(segments, top)
    for number in reversed(segments[: index + 1]):
        with open(journal._path(number), "rb") as file:
            end = tail.end if number == tail.segment else os.fstat(file.fileno()).st_size
            if number == segments[index] and top < tail.seq:
                end = _end_of(journal, file, top, end)
            yield from _lines_back(file, end)


def _end_of(journal: FileJournal, file: IO[bytes], seq: int, end: int) -> int:
    """Byte after the last line whose number is not above `seq`."""
    at = journal._offset_of(file, seq + 1)
    file.seek(at)
    for line in file:
        number = journal._seq_at(line)
        if at >= end or (number is not None and number > seq):
            break
        at += len(line)
    return min(at, end)


def _lines_back(file: IO[bytes], end: int) -> Iterator[bytes]:
    """Lines that end before `end`, the last one first. Holds one block and one line."""
    rest = b""
    while end > 0:
        start = max(0, end - BLOCK_BYTES)
        file.seek(start)
        block = file.read(end - start) + rest
        lines = block.split(b"\n")
        rest = lines.pop(0)
        for line in reversed(lines):
            if line:
                yield line
        end = start
    if rest:
        yield rest


def _onwards(journal: FileJournal, after: int) -> Iterator[bytes]:
    """Lines with seq above `after`, in order; damaged ones among them."""
    begun = False
    for line in journal._lines(after):
        number = journal._seq_at(line + b"\n")
        if begun or (number is not None and number > after):
            begun = True
            yield line
