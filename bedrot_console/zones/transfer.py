"""Transfer: carry a file from zone to zone by a decision. At every instant it is whole in one place or in both.

Lock (the sidecar's own inode) → intent → journal "decided" → lease and hash → link payload, then sidecar, at the target → sync → journal
"moved" → unlink sidecar, then payload, at the source. What fails before "moved" is rolled back and journalled as "refused"; the source is
untouched until then.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import islice
from typing import TYPE_CHECKING, Any

from ..domain.errors import BedrotError, FixityError, LifecycleError, disk_error
from ..domain.events import Event
from ..domain.files import SIDECAR_SUFFIX, parse_time
from ..domain.identifiers import new_id
from ..domain.lifecycle import Zone
from ..domain.naming import kept_path, landing_path_of, numbered
from . import disk, intents
from .intents import Intent
from .landing import chunk_limit
from .moves import Item, Move, Moved, MoveFailure

if TYPE_CHECKING:
    from .store import Zones

_BIG = 256 << 10
"""Mean size in bytes from which hashing in two threads pays: below, they wait for each other more than they hash."""
_SET_FOLDER = re.compile(r"(?:v\d+_)?\d{8}_\d{6}(?:_\d{2,})?")


def transfer(zones: Zones, moves: Iterable[Move], notice: Callable[[Any], None] | None = None) -> list[Moved | MoveFailure]:
    """Carry out decisions; see `Zones.transfer`."""
    results: list[Moved | MoveFailure] = []
    source = iter(moves)
    while chunk := list(islice(source, chunk_limit())):
        for result in _Chunk(zones, chunk).run():
            results.append(result)
            if notice is not None:
                notice(result)
    return results


class _Chunk:
    """Moves that share their syncs and their lines in the journal."""

    def __init__(self, zones: Zones, moves: Sequence[Move]) -> None:
        self.zones = zones
        self.folders = {zone: disk.Folders(zones.root(zone)) for zone in (Zone.LANDING, Zone.RAW, Zone.QUARANTINE)}
        self.state = disk.Folders(zones.state, 0o700)
        self.items = []
        for move in moves:
            folder, _, name = move.source_path.rpartition("/")
            self.items.append(Item(move, folder, name, self.folders[move.source], self.folders[move.target]))
        self.taken: set[tuple[str, str]] = set()
        self.head = 0

    def run(self) -> list[Moved | MoveFailure]:
        try:
            self._each(self.items, self._take)
            self._heed_intents()
            ready = [i for i in self.items if i.error is None]
            if ready:
                self._carry_out(ready)
        finally:
            for item in self.items:
                item.close()
            for folders in (*self.folders.values(), self.state):
                folders.close()
        return [
            Moved(i.move.decision, i.move.target, i.target_path) if i.error is None else MoveFailure(i.move.decision, i.error)
            for i in self.items
        ]

    @staticmethod
    def _each(items: Iterable[Item], step: Callable[[Item], None]) -> None:
        for item in items:
            if item.error is None:
                try:
                    step(item)
                except BedrotError as error:
                    item.error = error
                except OSError as error:
                    item.error = disk_error(error, "cannot move the file")

    def _take(self, item: Item) -> None:
        item.lock()
        self._choose(item)

    def _heed_intents(self) -> None:
        """We hold the files' locks, so whoever planned something with them and did not end it is dead, or is just landing them."""
        try:
            planned = intents.planned(self.state)
        except FileNotFoundError:
            return
        except OSError as error:
            self._fail(self.items, disk_error(error, "cannot read the intents"))
            return
        busy = [i for i in self.items if i.error is None and i.move.decision.file_id in planned]
        self._fail(busy, LifecycleError("an interrupted step on it must come to its end first", hint="bedrot recover"))

    def _choose(self, item: Item, attempt: int = 1) -> None:
        """The first free path at the target."""
        move = item.move
        base = landing_path_of(move.source_path) if move.target is Zone.LANDING else move.source_path
        if move.source is Zone.LANDING:
            base = kept_path(move.source_path, parse_time(item.sidecar["captured_at"]))
        key = (str(move.target), base)
        attempt = max(attempt, self.zones.attempts.get(key, 1))
        while True:
            path = numbered(base, attempt)
            folder, _, name = path.rpartition("/")
            if (key[0], path) not in self.taken:
                try:
                    fd = item.goal.get(folder)
                except FileNotFoundError:
                    break
                if not disk.exists(fd, name) and not disk.exists(fd, name + SIDECAR_SUFFIX):
                    break
            attempt += 1
        if attempt > 1:
            self.zones.attempts[key] = attempt
        self.taken.add((key[0], path))
        item.target_path, item.target = path, (folder, name)

    def _carry_out(self, items: list[Item]) -> None:
        zones = self.zones
        try:
            self.head = zones.journal.head
            now = zones.clock.now()
            intent = Intent.write(self.state, new_id(now), "transfer", self.head, [i.plan() for i in items])
        except BedrotError as error:
            self._fail(items, error)
            return
        except OSError as error:
            self._fail(items, disk_error(error, "cannot write the intent"))
            return
        try:
            if self._decide(items) and self._finish(intent, items):
                with suppress(OSError):
                    intent.done()
        finally:
            intent.close()

    def _decide(self, items: list[Item]) -> bool:
        """Journal the decisions; returns whether they stand. Without them nothing was begun, and the intent is void."""
        try:
            self.zones.journal.append([self._event(i, "decided") for i in items])
            return True
        except BedrotError as error:
            self._fail(items, error)
            return False

    def _event(self, item: Item, kind: str) -> Event:
        move, decision = item.move, item.move.decision
        data: dict[str, Any] = {"decision": decision.id, "file": decision.file_id, "verb": decision.verb}
        if kind == "decided":
            data |= {
                "reason": decision.reason, "sha256": decision.sha256, "report": move.report_id or decision.report_id,
                "source": move.source, "source_path": move.source_path, "target": move.target,
                "target_path": item.target_path, "undoes": decision.undoes,
            }  # fmt: skip
        elif kind == "moved":
            data |= {"zone": move.target, "path": item.target_path}
        else:
            data["code"] = item.error.code
        at = decision.at if kind == "decided" else self.zones.clock.now()
        return Event(kind=kind, at=at, actor=decision.actor, data=data)

    def _finish(self, intent: Intent, items: list[Item]) -> bool:
        """From the decision to the end; returns whether nothing is left for `recover`."""
        self._hash(items)
        self._each(items, lambda item: self._link(intent, item))
        self._sync(items)
        self._each(items, Item.link_commit)
        self._sync(items)
        self._each(items, Item.undisturbed)
        clean = all([i.roll_back() for i in items if i.error is not None])
        good = [i for i in items if i.error is None]
        try:
            self.zones.journal.append([self._event(i, "moved" if i.error is None else "refused") for i in items])
        except BedrotError as error:
            self._fail(good, error)
            if not self.zones.journaled(self.head, "decision", {i.move.decision.id for i in items}, ("moved", "refused")):
                for item in good:
                    item.roll_back()
            # The decisions still want their end in the journal.
            return False
        return self._leave(good) and clean

    def _hash(self, items: list[Item]) -> None:
        """Lease and hash every payload, two at a time where that pays."""

        def check(batch: Sequence[Item]) -> None:
            self._each(batch, Item.compare)

        total = sum(i.payload_status.st_size for i in items)
        if len(items) > 1 and total > len(items) * _BIG:
            with ThreadPoolExecutor(2) as pool:
                list(pool.map(check, [items[0::2], items[1::2]]))
        else:
            check(items)

    def _link(self, intent: Intent, item: Item) -> None:
        folders, (folder, _) = item.goal, item.target
        for _ in range(3):
            folders.make(folder)
            try:
                item.link()
                return
            except FileExistsError:
                self._choose(item, 2)
                intent.add([item.plan()])
            except FileNotFoundError:
                # Somebody removed the folder because it was empty.
                folders.forget(folder)
        raise FixityError("its place at the target is taken again and again", hint="try again")

    def _sync(self, items: list[Item]) -> None:
        of_folder: dict[tuple[Zone, str], list[Item]] = {}
        for item in items:
            if item.error is None:
                of_folder.setdefault((item.move.target, item.target[0]), []).append(item)
        for (zone, folder), inside in of_folder.items():
            try:
                self.folders[zone].sync(folder)
            except OSError as error:
                self.folders[zone].forget(folder)
                self._fail(inside, disk_error(error, "cannot make the names durable"))

    @staticmethod
    def _fail(items: Iterable[Item], error: BedrotError) -> None:
        for item in items:
            item.error = item.error or error

    def _leave(self, items: list[Item]) -> bool:
        """Remove the source's names, sidecar first. The file is already at its target; what cannot be removed waits for `recover`."""
        clean = True
        touched: set[tuple[Zone, str]] = set()
        for item in items:
            try:
                disk.unlink_if_there(item.source_fd, item.name + SIDECAR_SUFFIX)
                disk.unlink_if_there(item.source_fd, item.name)
                touched.add((item.move.source, item.folder))
            except OSError:
                clean = False
        for zone, folder in touched:
            try:
                self.folders[zone].sync(folder)
            except OSError:
                clean = False
            above, _, own = folder.rpartition("/")
            if zone is Zone.LANDING and _SET_FOLDER.fullmatch(own):
                # The folder of a set goes with its last file; as long as it is not empty this does nothing.
                with suppress(OSError):
                    os.rmdir(own, dir_fd=self.folders[zone].get(above))
        return clean
