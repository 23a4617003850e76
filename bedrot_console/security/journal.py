"""The journal: an append-only, hash-chained audit log with a message code under a key that ratchets forward.

One line is one event: the canonical JSON of the event, then its seal in fixed order and length: `prev` (hash of the line before), `mac`
(keyed BLAKE2b over `prev` and the event) and `hash` (SHA-256 over everything before it in the line). The key of line n+1 is a hash of the key of line n, and the old
key is overwritten: who steals today's key cannot write yesterday's lines anew. The `ratchet` file says how many lines there must be, so
that a cut end is noticed; it is written after the lines are durable and may lag behind, never run ahead.

One append is one write and one fdatasync under `flock`. `left` counts the lines of the same append that follow, so that readers see an
append whole or not at all. Never in here: payloads, personal data, secrets.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from ..domain.errors import FixityError, UsageError, disk_error
from ..domain.events import Event
from ..domain.files import format_time
from ..resilience import Clock
from .lines import GENESIS, Ratchet, decoder, encoder, seal, whole
from .private import close, make_private, sync_folder
from .segments import Segments, Tail, offset_of

if TYPE_CHECKING:
    from .soundness import JournalCheck, Mended

SEGMENT_BYTES = 64 << 20
DAMAGED_HINT = "bedrot audit verify names the place; bedrot rebuild goes on without the damaged lines"


def actor_of_process() -> str:
    """Who we are, by the kernel: `uid:<n>`. The environment is never asked."""
    return f"uid:{os.getuid()}"


class FileJournal:
    """The journal in `folder` (`.bedrot/journal`). Made on the first append; an absent folder reads as an empty journal.

    Any number of processes and threads append and read. Readers wait for an append under way (one disk sync), for nothing else.
    """

    def __init__(self, folder: Path, clock: Clock, *, actor_host: str | None = None, segment_bytes: int = SEGMENT_BYTES) -> None:
        self.folder = Path(folder)
        self.clock = clock
        self.host = actor_host or os.uname().nodename
        self.segments = Segments(self.folder)
        self.segment_bytes = segment_bytes
        self._mutex = threading.Lock()
        self._known: Tail | None = None
        self._spoilt: int | None = None

    def append(self, events: Iterable[Event]) -> list[Event]:
        """Append all `events` in one durable write; readers see all of them or none.

        Returns:
            the events with `seq` and `host` filled in.

        Raises:
            FixityError, DiskFull: not durable; nothing of it counts.
        """
        batch = list(events)
        if not batch:
            return []
        try:
            with self._mutex, self._locked(fcntl.LOCK_EX, create=True):
                return self._append(batch)
        except OSError as error:
            raise disk_error(error, "cannot write the journal") from error

    def _append(self, batch: list[Event]) -> list[Event]:
        tail = self._tail()
        ratchet_fd = os.open(self.folder / "ratchet", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            ratchet = Ratchet.from_bytes(os.pread(ratchet_fd, 4096, 0))
            added: list[Event] = []
            if ratchet is None:
                ratchet = Ratchet(tail.seq, os.urandom(32))
                if tail.seq == 0:
                    # Before the first line, so that there is no moment with lines and without a key.
                    self._store_ratchet(ratchet_fd, ratchet)
                else:
                    added.append(self._own("ratchet-renewed", {"index": tail.seq}))
            lost = max(0, ratchet.index - tail.seq)
            ratchet = ratchet.advanced(tail.seq)
            if tail.torn or lost:
                added.append(self._own("torn-tail", {"bytes": tail.torn, **({"lost": lost} if lost else {})}))
            numbered = [
                Event(kind=e.kind, at=e.at, actor=e.actor, data=e.data, seq=ratchet.index + n, host=self.host)
                for n, e in enumerate(added + batch, 1)
            ]
            parts: list[bytes] = []
            prev, step = tail.hash, ratchet
            encode = encoder()
            for left, event in zip(range(len(numbered) - 1, -1, -1), numbered, strict=True):
                body = encode(
                    {
                        "actor": event.actor, "at": format_time(event.at), "data": event.data, "host": event.host,
                        "kind": event.kind, "left": left, "seq": event.seq,
                    }
                )[:-1]  # fmt: skip
                line, prev = seal(prev, body, step.key)
                parts += line, b"\n"
                step = step.advanced(event.seq)
            end, segment = self._write(tail, b"".join(parts), keep_torn=bool(lost))
            self._known = Tail(segment, end, numbered[-1].seq, prev)
            self._store_ratchet(ratchet_fd, step)
            return numbered[len(added) :]
        finally:
            close(ratchet_fd)

    def _store_ratchet(self, fd: int, ratchet: Ratchet) -> None:
        # The lines are durable already; a ratchet that lags behind is caught up by the next append.
        try:
            os.pwrite(fd, ratchet.to_bytes(), 0)
        except OSError:
            return

    def _own(self, kind: str, data: dict) -> Event:
        return Event(kind=kind, at=self.clock.now(), actor=actor_of_process(), data=data)

    def _write(self, tail: Tail, data: bytes, *, keep_torn: bool) -> tuple[int, int]:
        """Write after the committed end; returns the new end and its segment. On failure the file is as it was, as far as the disk lets us."""
        segment, start = tail.segment, tail.end
        roll = segment == 0 or start >= self.segment_bytes or self._spoilt == segment
        flags = os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW
        if roll and tail.torn:
            # What no append committed must not stay behind in a segment that is no longer the last.
            self._cut(self.segments.path(segment), start, keep_torn)
        if roll:
            segment, start = segment + 1, 0
            fd = os.open(self.segments.path(segment), flags | os.O_CREAT, 0o600)
        else:
            fd = os.open(self.segments.path(segment), flags)
        try:
            if roll:
                os.fchmod(fd, 0o600)
                sync_folder(self.folder)
            elif tail.torn:
                self._cut(self.segments.path(segment), start, keep_torn)
            try:
                view, at = memoryview(data), start
                while view:
                    written = os.pwrite(fd, view, at)
                    view, at = view[written:], at + written
            except OSError:
                self._known = None
                os.ftruncate(fd, start)
                raise
            try:
                os.fdatasync(fd)
            except OSError:
                # Never synced again: the pages are marked clean though they may not be on the disk. The next append starts a segment.
                self._known, self._spoilt = None, segment
                os.ftruncate(fd, start)
                raise
            return at, segment
        finally:
            close(fd)

    def _cut(self, path: Path, end: int, keep: bool) -> None:
        """Cut what follows the committed end. `keep`: acknowledged lines may be among it, so it is set aside first."""
        if keep:
            data = path.read_bytes()[end:]
            if data:
                aside = self.folder / f"damaged-{path.stem}-{end}-{hashlib.sha256(data).hexdigest()[:12]}.bin"
                aside.write_bytes(data)
        os.truncate(path, end)

    def read(self, after: int = 0) -> Iterator[Event]:
        """Events with `seq` > `after`, in order, up to those committed when reading starts.

        Raises:
            FixityError: a line is damaged; `verify` says which, `mend` goes on without it.
        """
        last = after
        decode = None
        for line in self._lines(after):
            decode = decode or decoder()
            body = whole(line)
            if body is None:
                raise FixityError(f"the journal is damaged after seq {last}", hint=DAMAGED_HINT)
            event = decode(line)
            if event.seq <= last:
                if event.seq <= after:
                    continue
                raise FixityError(f"the journal is out of order after seq {last}", hint=DAMAGED_HINT)
            last = event.seq
            yield event

    def _lines(self, after: int) -> Iterator[bytes]:
        try:
            with self._locked(fcntl.LOCK_SH):
                segments = self.segments.numbers()
                tail = self._tail()
            if tail.seq <= after:
                return
            first = self.segments.holding(segments, after + 1)
            for number in segments[first:]:
                if number > tail.segment:
                    return
                with open(self.segments.path(number), "rb", buffering=256 << 10) as file:
                    at = offset_of(file, after + 1) if number == segments[first] and after else 0
                    end = tail.end if number == tail.segment else os.fstat(file.fileno()).st_size
                    file.seek(at)
                    for line in file:
                        at += len(line)
                        if at > end:
                            return
                        yield line[:-1] if line.endswith(b"\n") else line
        except OSError as error:
            raise disk_error(error, "cannot read the journal") from error

    @property
    def head(self) -> int:
        """The newest `seq`; 0 for an empty journal. Reads the last lines only."""
        try:
            with self._locked(fcntl.LOCK_SH):
                return self._tail().seq
        except OSError as error:
            raise disk_error(error, "cannot read the journal") from error

    def anchor(self) -> bytes:
        """Today's ratchet as text, to be held outside this machine: `verify` proves every line written after it was taken.

        Raises:
            UsageError: nothing was ever written.
        """
        try:
            with self._locked(fcntl.LOCK_SH):
                tail, ratchet = self._tail(), self._ratchet()
        except OSError as error:
            raise disk_error(error, "cannot read the journal") from error
        if ratchet is None:
            raise UsageError("the journal has no key yet", hint="it gets one with the first verb that writes")
        return b"%d:%s" % (max(ratchet.index, tail.seq), ratchet.advanced(tail.seq).key.hex().encode())

    def verify(
        self, anchor_key: bytes | None = None, *, held: tuple[int, str] | None = None, tell: Callable[[int], bool] | None = None
    ) -> JournalCheck:
        """Check every line against the chain, the end against the ratchet, and what is given from outside.

        Args:
            anchor_key: what `anchor()` gave; the message codes of all later lines are checked. Without it a rewrite of the whole chain
                with matching hashes passes; with it only lines before the anchor could have been rewritten.
            held: seq and hash of a line noted earlier; the line must still be the same.
            tell: called now and then with the seq reached; False cancels.

        Raises:
            Cancelled: `tell` said so.
        """
        from .soundness import verify

        return verify(self, anchor_key, held, tell)

    def mend(self) -> Mended | None:
        """Go on without the lines that cannot be read; None when there are none. What was there is kept aside, the break is recorded.

        Raises:
            FixityError, DiskFull: the disk does not let us; then everything is as it was, or the next call finishes it.
        """
        from .soundness import mend

        try:
            with self._mutex, self._locked(fcntl.LOCK_EX):
                return mend(self)
        except OSError as error:
            raise disk_error(error, "cannot mend the journal") from error

    def loses(self) -> bool:
        """Whether acknowledged lines are missing at the end. Cheap."""
        try:
            with self._locked(fcntl.LOCK_SH):
                ratchet = self._ratchet()
                return ratchet is not None and ratchet.index > self._tail().seq
        except OSError as error:
            raise disk_error(error, "cannot read the journal") from error

    def _ratchet(self) -> Ratchet | None:
        try:
            return Ratchet.from_bytes((self.folder / "ratchet").read_bytes()[:4096])
        except FileNotFoundError:
            return None

    def _tail(self) -> Tail:
        """The committed end. Called under the lock."""
        segments = self.segments.numbers()
        if not segments:
            return Tail(0, 0, 0, GENESIS)
        known = self._known
        if known and known.segment == segments[-1] and os.stat(self.segments.path(known.segment)).st_size == known.end:
            return known
        torn = 0
        for number in reversed(segments):
            found = self.segments.tail_of(number)
            if found is not None:
                self._known = found if number == segments[-1] and not found.torn else None
                return found if number == segments[-1] else Tail(segments[-1], 0, found.seq, found.hash, torn)
            if number == segments[-1]:
                torn = os.stat(self.segments.path(number)).st_size
        return Tail(segments[-1], 0, 0, GENESIS, torn)

    @contextmanager
    def _locked(self, how: int, *, create: bool = False) -> Iterator[None]:
        """Hold the journal's lock. Reading what was never written needs none."""
        flags = os.O_CLOEXEC | os.O_NOFOLLOW
        try:
            fd = os.open(self.folder / "lock", flags | (os.O_RDWR if create else os.O_RDONLY))
        except FileNotFoundError:
            if not create:
                yield
                return
            make_private(self.folder)
            fd = os.open(self.folder / "lock", flags | os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(fd, how)
            yield
        finally:
            with suppress(OSError):
                fcntl.flock(fd, fcntl.LOCK_UN)
            close(fd)
