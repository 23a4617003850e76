"""The zones as one thing: bytes at rest in landing, raw and quarantine. The only way into them, and the only way between them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from ..domain.errors import BedrotError, FixityError
from ..domain.files import LandedFile, Sidecar
from ..domain.lifecycle import Zone
from ..domain.ports import Journal
from ..resilience import Clock
from . import fixity, landing, recovery, transfer
from .fixity import Fixity
from .landing import LandFailure, Landing
from .moves import Move, Moved, MoveFailure
from .recovery import Recovered


class Zones:
    """The zones of one home. Safe for several threads and processes at once.

    Attributes:
        actor: in whose name events are journalled where a decision does not say.
        attempts: memory of the highest `_02`, `_03` … used per name, so that a thousand captures of one second need no thousand looks.
    """

    def __init__(self, home: Path, journal: Journal, clock: Clock, actor: str) -> None:
        self.home = Path(os.path.abspath(home))
        self.journal = journal
        self.clock = clock
        self.actor = actor
        self.attempts: dict[object, int] = {}

    @property
    def state(self) -> Path:
        return self.home / ".bedrot"

    def root(self, zone: Zone) -> Path:
        """The folder of a zone that has one (erased has none)."""
        return self.home / zone.value

    def land(
        self, items: Iterable[Landing], notice: Callable[[LandedFile | LandFailure], None] | None = None
    ) -> list[LandedFile | LandFailure]:
        """Land captures durably: payload, sidecar, journal; one result per item, in order.

        Items are pulled and landed in chunks that share their syncs; a caller whose items arrive slowly lands them one by one. Items of a
        feed with its own folder and one `set_id`, given one after the other, are a set: all of them appear at once, or none.

        Args:
            notice: told of each result as soon as it is durable.

        Returns:
            a LandFailure where an item failed; it never stops the others. Its error: UsageError (the source cannot be taken: no regular
            file, open for writing, changing, too large), DiskFull, FixityError. Nothing of it is left behind; the source is untouched.
        """
        self.attempts.clear()
        return landing.land(self, items, notice)

    def transfer(
        self, moves: Iterable[Move], notice: Callable[[Moved | MoveFailure], None] | None = None
    ) -> list[Moved | MoveFailure]:
        """Carry out decisions; one result per move, in order.

        Returns:
            a MoveFailure where a move failed, with the file as it was: LifecycleError (it is not there any more, or another process is
            deciding on it), FixityError (its bytes are not those that were validated, or somebody writes to it), DiskFull.
        """
        self.attempts.clear()
        return transfer.transfer(self, moves, notice)

    def recover(self) -> list[Recovered]:
        """Finish or roll back what killed processes left. Run at the start of each writing command; cheap when there is nothing.

        What another living process is at work on is left for the next recover.

        Raises:
            FixityError, DiskFull: an intent stays open; the next recover tries again.
        """
        return recovery.recover(self)

    def walk(self, zone: Zone | None = None) -> Iterator[tuple[Zone, str, Sidecar | FixityError]]:
        """Every committed file of one or all zones, by folder and name: (zone, path of the payload, sidecar).

        A FixityError stands where the sidecar is damaged or the payload missing or of another size; hashes are not compared (`verify`).
        A file under way between zones may be seen in both.
        """
        return fixity.walk(self, zone)

    def verify(
        self,
        paths: Iterable[tuple[Zone, str]] | None = None,
        *,
        threads: int | None = None,
        budget_seconds: float | None = None,
    ) -> Iterator[Fixity]:
        """Compare payloads with their sidecars, in the order given, or everything by zone, folder and name.

        Args:
            threads: how many hash at a time; None: one per core.
            budget_seconds: stop after about this long; what was not looked at is not yielded.
        """
        return fixity.verify(self, paths, threads=threads or os.cpu_count() or 1, budget_seconds=budget_seconds)

    def open(self, zone: Zone, path: str) -> BinaryIO:
        """The payload for reading, from its start.

        Raises:
            UsageError: nothing there. FixityError: a link, a device, or a way out of the zone.
        """
        return fixity.open_payload(self, zone, path)

    def journaled(self, after: int, name: str, ids: set[str], kinds: tuple[str, ...] = ("landed",)) -> bool:
        """Whether the journal holds an event about one of `ids` after all, although appending it failed. True where it cannot be read."""
        try:
            return any(e.kind in kinds and e.data.get(name) in ids for e in self.journal.read(after))
        except BedrotError:
            return True
