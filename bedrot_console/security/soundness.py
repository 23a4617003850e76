"""Whether the journal is what was written; and how to go on when part of it cannot be read any more.

A mended journal keeps every good line as it was. The damaged segment is set aside, read-only, and a copy without the damaged lines takes
its place; a `chain-broken` event, first line of a new segment, records for ever where the chain has a hole: the seq and hash of the line
before it, the seq of the line after it and the hash which that line says it follows.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ..domain.errors import Cancelled, FixityError
from .lines import END, GENESIS, HASH_LENGTH, HASH_MARK, PREV_AT, SEAL_LENGTH, Ratchet, decoder, parse_anchor, seq_of, whole
from .private import sync_folder

if TYPE_CHECKING:
    from .journal import FileJournal

BROKEN = "chain-broken"
TELL_LINES = 4096
"""How often a walk says how far it is."""
_BROKEN_AS_WRITTEN = b'"kind":"chain-broken"'


@dataclass(frozen=True, slots=True)
class Break:
    """A hole in the chain: line `after` hashes to `hash`; the next one there is, `until`, says that it follows `prev`.

    `aside` is the file in the journal's folder that holds the segment as it was found; None where nothing is left of the lines.
    """

    after: int
    hash: str
    until: int
    prev: str
    aside: str | None = None

    @property
    def lost(self) -> int:
        return self.until - self.after - 1

    @property
    def key(self) -> tuple[int, str, int, str]:
        return self.after, self.hash, self.until, self.prev


@dataclass(frozen=True, slots=True)
class Mended:
    """What `mend` went on without: `lost` lines, at these `breaks`."""

    lost: int
    breaks: tuple[Break, ...]


@dataclass(frozen=True, slots=True)
class JournalCheck:
    """What `verify` found. `first_bad_seq` is the seq that should have stood where the first problem is; `problem` one sentence. `last_seq` and
    `head_hash` are of the last good line before it, or of the end.

    `breaks` are the holes that were recorded when the journal was mended; all other lines hold together around them.
    """

    ok: bool
    lines: int
    first_bad_seq: int | None
    problem: str | None
    head_hash: str
    breaks: tuple[Break, ...] = ()
    last_seq: int = 0


def verify(
    journal: FileJournal, anchor_key: bytes | None, held: tuple[int, str] | None, tell: Callable[[int], bool] | None = None
) -> JournalCheck:
    """`FileJournal.verify`."""
    ratchet = parse_anchor(anchor_key)
    prev, seq, lines, met = GENESIS, 0, 0, False
    holes: dict[tuple[int, str, int, str], JournalCheck] = {}
    breaks: list[Break] = []

    try:
        with journal._locked(fcntl.LOCK_SH):
            stored, tail = journal._ratchet(), journal._tail()
            born = (journal.folder / "ratchet").exists() and os.stat(journal.folder / "ratchet").st_size > 0
            numbers = journal.segments.numbers()
        if numbers != list(range(1, len(numbers) + 1)):
            return JournalCheck(False, 0, 1, "a segment is missing", "")
        key, index = (ratchet.key, ratchet.index) if ratchet else (b"", 0)
        sha256, blake2b = hashlib.sha256, hashlib.blake2b
        for line in journal._lines(0):
            plain, body = line[:-HASH_LENGTH], line[:-SEAL_LENGTH]
            digest = sha256(plain).hexdigest().encode()
            if line[-HASH_LENGTH:] != b"".join((HASH_MARK, digest, END)):
                return _bad(holes, breaks, lines, prev, seq + 1, "the line does not hash to its own hash")
            follows, number = plain[-PREV_AT : -PREV_AT + 64], seq_of(body)
            if follows != prev or number != seq + 1:
                problem = f"lines {seq + 1} to {number - 1} are missing"
                if follows != prev or number <= seq:
                    problem = "the line does not follow the one before it"
                if number <= seq:
                    return _bad(holes, breaks, lines, prev, seq + 1, problem)
                # Perhaps a hole that a later line records.
                found = JournalCheck(False, lines, seq + 1, problem, prev.decode(), tuple(breaks), seq)
                holes[seq, prev.decode(), number, follows.decode()] = found
            if ratchet and number > index:
                if number > seq + 1:
                    key = Ratchet(max(seq, index), key).advanced(number - 1).key
                if plain[-64:] != blake2b(follows + body, key=key, digest_size=32).hexdigest().encode():
                    return _bad(holes, breaks, lines, prev, number, "the line's message code differs")
                key = blake2b(key, digest_size=32, person=b"ratchet").digest()
            if held and number == held[0]:
                met = True
                if digest.decode() != held[1]:
                    return _bad(holes, breaks, lines, prev, number, "the line is not the one that was noted")
            if _BROKEN_AS_WRITTEN in body[-64:]:
                for one in _recorded(line):
                    holes.pop(one.key, None)
                    breaks.append(one)
            prev, seq, lines = digest, number, lines + 1
            if tell is not None and not lines % TELL_LINES and not tell(seq):
                raise Cancelled("verifying was cancelled")
    except (OSError, FixityError, ValueError, KeyError, TypeError) as error:
        return _bad(holes, breaks, lines, prev, seq + 1, f"cannot be read: {error}")
    problem = None
    if holes:
        return next(iter(holes.values()))
    if stored is None and (seq or born):
        problem = "the ratchet file is missing or damaged, so a cut end could not be noticed"
    elif stored is not None and stored.index > tail.seq:
        problem = f"{stored.index - tail.seq} lines are missing at the end"
    elif ratchet and ratchet.index > seq or held and held[0] > seq:
        problem = "lines that were noted outside are missing at the end"
    elif held and held[0] > 0 and not met:
        return JournalCheck(
            False, lines, held[0], "the line that was noted is among the lost ones", prev.decode(), tuple(breaks), seq
        )
    return JournalCheck(problem is None, lines, seq + 1 if problem else None, problem, prev.decode(), tuple(breaks), seq)


def _bad(holes: dict, breaks: list[Break], lines: int, prev: bytes, number: int, problem: str) -> JournalCheck:
    """The first problem: a hole that nobody recorded, else this one."""
    return next(
        iter(holes.values()), JournalCheck(False, lines, number, problem, prev.decode(), tuple(breaks), max(0, number - 1))
    )


def _recorded(line: bytes) -> list[Break]:
    event = decoder()(line)
    return [Break(**one) for one in event.data["breaks"]] if event.kind == BROKEN else []


class _Found(NamedTuple):
    """What the walk of `mend` found: holes, and per segment where the lines start that must go."""

    breaks: list[Break]
    damaged: dict[int, set[int]]
    recorded: set[tuple[int, str, int, str]]


def mend(journal: FileJournal) -> Mended | None:
    """`FileJournal.mend`, under the journal's lock.

    The break is recorded first: killed before the segments are exchanged, the next call finds the same and only exchanges them.
    """
    found = _damage(journal)
    if not found.breaks and not found.damaged:
        return None
    if not all(one.key in found.recorded for one in found.breaks):
        # A new segment: what is exchanged below is never the one that is written to.
        journal._spoilt = journal._tail().segment
        data = {"lost": sum(one.lost for one in found.breaks), "breaks": [asdict(one) for one in found.breaks]}
        journal._append([journal._own(BROKEN, data)])
    for number, starts in found.damaged.items():
        _exchange(journal, number, starts)
    return Mended(sum(one.lost for one in found.breaks), tuple(found.breaks))


def _damage(journal: FileJournal) -> _Found:
    tail, ratchet = journal._tail(), journal._ratchet()
    found = _Found([], {}, set())
    seq, digest, aside = 0, GENESIS.decode(), None
    for number in journal.segments.numbers():
        path = journal.segments.path(number)
        end = tail.end if number == tail.segment else os.stat(path).st_size
        for start, line in _lines_of(path, end):
            body = whole(line)
            if body is None or seq_of(body) <= seq:
                found.damaged.setdefault(number, set()).add(start)
                aside = aside or _aside(number, start, line)
                continue
            if aside:
                follows = line[-HASH_LENGTH - PREV_AT :][:64].decode()
                found.breaks.append(Break(seq, digest, seq_of(body), follows, aside))
                aside = None
            if _BROKEN_AS_WRITTEN in body[-64:]:
                found.recorded.update(one.key for one in _recorded(line))
            seq, digest = seq_of(body), line[-66:-2].decode()
    following = max(ratchet.index if ratchet else 0, seq) + 1
    if aside or following != seq + 1:
        # The next line is ours, and follows the last good one.
        found.breaks.append(Break(seq, digest, following, digest, aside))
    return found


def _lines_of(path: Path, end: int) -> Iterator[tuple[int, bytes]]:
    """(offset, line without line feed) up to `end`."""
    at = 0
    with open(path, "rb", buffering=256 << 10) as file:
        for line in file:
            if at >= end:
                return
            yield at, line[:-1] if line.endswith(b"\n") else line
            at += len(line)


def _aside(number: int, start: int, line: bytes) -> str:
    return f"damaged-{number:06d}-{start}-{hashlib.sha256(line).hexdigest()[:12]}.jsonl"


def _exchange(journal: FileJournal, number: int, starts: set[int]) -> None:
    """Set a damaged segment aside and put a copy without the damaged lines into its place."""
    path = journal.segments.path(number)
    first = min(starts)
    aside = journal.folder / next(_aside(number, at, line) for at, line in _lines_of(path, os.stat(path).st_size) if at == first)
    mended = path.with_suffix(".mended")
    mended.unlink(missing_ok=True)
    fd = os.open(mended, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    with open(fd, "wb") as file:
        for at, line in _lines_of(path, os.stat(path).st_size):
            if at not in starts:
                file.write(line + b"\n")
        file.flush()
        os.fsync(fd)
    with suppress(FileExistsError):
        # There already when an earlier call was killed here.
        os.link(path, aside)
    sync_folder(journal.folder)
    os.replace(mended, path)
    os.chmod(aside, 0o400)
    sync_folder(journal.folder)
    journal._known = None
