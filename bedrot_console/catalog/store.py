"""The catalog as the verbs see it: bring it up to date, make it anew, ask what is true now, open a reader."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from ..domain.browsing import FileFilter, FileRow
from ..domain.errors import BedrotError, CatalogError, CatalogTooNew
from ..domain.events import Event
from ..domain.files import format_time
from ..domain.findings import Report
from ..domain.ports import Journal
from ..resilience import Clock
from . import work
from .counting import summarise
from .engine import duckdb
from .gate import Database, compact, exclusive, set_aside
from .overlay import Overlay
from .present import Present
from .publishing import State, publish
from .reader import Reader
from .standing import print_of
from .summary import catalog_folder, read_summary, write_summary
from .trouble import BY_A_WRITER, CatalogDamaged, translated

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class RebuildResult:
    """`files` and `events` in the new catalog; `equal` to the old one (None: not compared, or there was none).

    `added` files were unknown to the journal, `mended` rows differed from their sidecars, `missing` are in the journal but not on disk,
    `damaged` sidecars could not be read; `unreadable` lines of the journal neither, and it goes on without them.
    """

    files: int
    events: int
    equal: bool | None = None
    added: int = 0
    mended: int = 0
    missing: int = 0
    damaged: int = 0
    unreadable: int = 0


class Catalog:
    """The catalog of one home.

    Args:
        home: the folder that holds `catalog.duckdb` and `.bedrot/`.
        reports: loads the Report that a `validated` event names; None when it is gone.
        walk: yields (zone, path, Sidecar or FixityError) of every committed file; for rebuilding.
        read_only: whether nothing may be written now: what would be made, mended or brought up to date is refused with CatalogError.
    """

    def __init__(
        self,
        home: Path,
        journal: Journal,
        clock: Clock,
        *,
        reports: Callable[[Event], Report | None],
        walk: work.Walk,
        read_only: Callable[[], bool] = lambda: False,
    ) -> None:
        self.home = home
        self.journal = journal
        self.clock = clock
        self.reports = reports
        self.walk = walk
        self.read_only = read_only
        self.folder = catalog_folder(home)
        self.published = home / "catalog.duckdb"
        self.work = self.folder / "work.duckdb"
        self._state = self.folder / "state.json"
        self._lock = self.folder / "lock"
        self._aside = self.folder / "aside"
        self._mutex = threading.RLock()
        self._present = Present(self.published, journal, reports)

    # ---- writing

    @contextmanager
    def _alone(self, wait_seconds: float) -> Iterator[None]:
        """The writer's lock: the one door through which anything of the catalog is written."""
        if self.read_only():
            raise CatalogError("read-only the catalog stays as it is", hint=BY_A_WRITER)
        with exclusive(self._lock, wait_seconds):
            yield

    def catch_up(self, *, wait_seconds: float = 2.0, publish: str = "auto") -> int:
        """Apply the journal to the work file and publish; returns the newest applied `seq`.

        Args:
            wait_seconds: how long to queue for the writer's lock.
            publish: `now`, `never`, or `auto`: at most once a second, and never more than a tenth of the time.

        Raises:
            CatalogBusy: somebody else is writing for longer than that; they, or the next call, apply the rest.
            CatalogError: the home is read-only or full. Nothing is lost: the journal is the truth.
            CatalogTooNew: a newer version of this program wrote it.
        """
        state = State.read(self._state)
        if self._up_to_date(state, publish):
            return state.applied_seq
        with self._alone(wait_seconds):
            return self._catch_up(publish)

    def _up_to_date(self, state: State, publish: str) -> bool:
        if state.work is None or state.applied_seq != self.journal.head or state.work != print_of(self.work):
            return False
        whole = state.published is not None and state.published == print_of(self.published)
        if whole and state.published_seq == state.applied_seq:
            return True
        return publish == "never" or (publish == "auto" and whole and not state.due(self.clock.now().timestamp()))

    def _catch_up(self, mode: str) -> int:
        state = State.read(self._state)
        if self._up_to_date(state, mode):
            return state.applied_seq
        known = (read_summary(self.home) or {}).get("applied_seq")
        if not (known == state.applied_seq == self.journal.head and state.work is not None and state.work == print_of(self.work)):
            state = state.with_work(self._apply(state), self.work)
        applied = state.applied_seq
        whole = state.published is not None and state.published == print_of(self.published)
        current = whole and state.published_seq == applied
        if not current and (mode == "now" or (mode == "auto" and (not whole or state.due(self.clock.now().timestamp())))):
            state = self._publish(state)
        self._write_state(state)
        return applied

    def _apply(self, state: State) -> int:
        """Bring the work file up to date; one that is missing, damaged or of another journal is made anew."""
        try:
            with self._opened(state) as database:
                migrated = work.migrate(database)
                work.apply_tail(database, self.journal, self.reports)
                applied = self._summarise(database)
            if migrated:
                with suppress(CatalogError):  # a larger file than need be is one all the same
                    compact(self.work)
            return applied
        except (CatalogDamaged, work.Behind, FileNotFoundError):
            return self._build(damaged=True)[0]

    def _opened(self, state: State) -> closing[Database]:
        if not self.work.exists() and not self.work.is_symlink():
            raise FileNotFoundError(self.work)
        suspect = state.work is None or state.work != print_of(self.work)
        database = Database(self.work, read_only=False)
        try:
            if suspect:
                work.digest(database)
        except CatalogError:
            database.close()
            raise
        return closing(database)

    def _summarise(self, database: Database) -> int:
        try:
            found = summarise(database, format_time(self.clock.now()))
        except duckdb.Error as error:
            raise translated(error, database.path, database.sound) from error
        self._keep_summary(found)
        return found["applied_seq"]

    def _keep_summary(self, found: dict[str, Any]) -> None:
        self._write_summary(found | {"published_at": (read_summary(self.home) or {}).get("published_at")})

    def _look(self, database: Database) -> tuple[dict[str, Any], int, int]:
        """The summary of a file that was made anew, its files and its events."""
        counted = "SELECT (SELECT count(*) FROM base.files), (SELECT count(*) FROM base.events)"
        return summarise(database, format_time(self.clock.now())), *database.connection.execute(counted).fetchone()

    def _write_summary(self, found: dict[str, Any]) -> None:
        try:
            write_summary(self.home, found)
        except OSError as error:
            raise translated(error, self.folder) from error

    def _build(self, *, damaged: bool = False) -> tuple[int, work.Reconciled, int, int]:
        """A new work file from the truth. The old one stays until then; a damaged one is set aside first."""
        try:
            if damaged or not self.work.is_file():
                set_aside(self.work, self._aside)
            done, (summary, files, events) = work.build(self.work, self.home, self.journal, self.reports, self.walk, self._look)
            self._keep_summary(summary)
            return summary["applied_seq"], done, files, events
        except (OSError, duckdb.Error) as error:
            raise translated(error, self.work) from error

    def _publish(self, state: State) -> State:
        begun = self.clock.monotonic()
        found = print_of(self.published)
        if (found is None or found != state.published) and os.path.lexists(self.published):
            try:
                set_aside(self.published, self._aside)
            except OSError as error:
                raise translated(error, self.published) from error
        publish(self.work, self.published)
        self._write_summary((read_summary(self.home) or {}) | {"published_at": format_time(self.clock.now())})
        return replace(
            state, published_seq=state.applied_seq, published=print_of(self.published), published_at=self.clock.now().timestamp(),
            seconds=self.clock.monotonic() - begun,
        )  # fmt: skip

    def _write_state(self, state: State) -> None:
        try:
            state.write(self._state)
        except OSError as error:
            raise translated(error, self._state) from error

    def rebuild(self, *, verify: bool = False, wait_seconds: float = 10.0) -> RebuildResult:
        """Make the catalog anew from sidecars and journal, and publish it.

        Args:
            verify: first bring the old one up to date and say whether both answer the same.

        Raises:
            CatalogBusy, CatalogError.  CatalogTooNew: a newer program wrote the old one; it stays.
        """
        with self._alone(wait_seconds):
            self.refuse_newer(self.work)
            self.refuse_newer(self.published)
            before = self._digest() if verify else None
            applied, done, files, events = self._build()
            state = State.read(self._state).with_work(applied, self.work)
            equal = None
            if before is not None:
                with closing(Database(self.work, read_only=False)) as database:
                    after = work.digest(database)
                equal = after == before[1] if before[0] == applied else None
            state = self._publish(state.with_work(applied, self.work))
            self._write_state(state)
        return RebuildResult(
            files=files,
            events=events,
            equal=equal,
            added=done.added,
            mended=done.mended,
            missing=done.missing,
            damaged=done.damaged,
        )

    def refuse_newer(self, path: Path | None = None) -> None:
        """Make sure that no newer program wrote the published catalog (or `path`). What we left ourselves is not opened.

        Raises:
            CatalogTooNew: one did.
        """
        path = path or self.published
        state = State.read(self._state)
        ours = print_of(path)
        if ours is None or ours == (state.work if path == self.work else state.published):
            return
        try:
            Database(path, read_only=True).close()
        except CatalogTooNew:
            raise
        except CatalogError:
            pass  # damaged, older, or held: whoever reads it says so

    def _digest(self) -> tuple[int, dict[str, Any]] | None:
        try:
            with self._opened(State.read(self._state)) as database:
                work.apply_tail(database, self.journal, self.reports)
                return work.stamp(database)[0], work.digest(database)
        except (CatalogDamaged, work.Behind, FileNotFoundError):
            return None

    def mend(self) -> None:
        """Make a damaged or foreign published catalog whole again: from the work file if that is whole, else from the truth.

        Raises:
            CatalogBusy, CatalogError.
        """
        with self._alone(2.0):
            self._mend()

    def _mend(self) -> None:
        state = replace(State.read(self._state), work=None)
        state = state.with_work(self._apply(state), self.work)
        self._write_state(self._publish(replace(state, published=None)))

    # ---- asking

    def summary(self) -> dict[str, Any] | None:
        """What `summary.read_summary` reads."""
        return read_summary(self.home)

    def current(self) -> bool:
        """Whether the published catalog knows the whole journal. Cheap: no query."""
        return State.read(self._state).published_seq == self.journal.head

    def reader(self, *, sparing: bool = False) -> Reader:
        """A reader of the published catalog, which is made first if it is missing or not as we left it.

        Args:
            sparing: with little memory, as `Reader` says.

        Raises:
            CatalogError: there is none, it is damaged or of an older version, and it cannot be made here.
        """
        try:
            if not self.published.exists():
                self.catch_up(publish="now")
            elif State.read(self._state).published != print_of(self.published):
                self.mend()
        except CatalogTooNew:
            raise
        except CatalogError as error:
            if not self.published.exists():
                raise _unmended(f"there is no {self.published.name}", error) from error
        try:
            return Reader(self.published, reports=self.reports, heal=self.mend, sparing=sparing)
        except CatalogDamaged as damage:
            try:
                self.mend()
            except CatalogTooNew:
                raise
            except CatalogError as error:
                raise _unmended(str(damage), error) from damage
            return Reader(self.published, reports=self.reports, heal=self.mend, sparing=sparing)

    def resolve(self, prefixes: Sequence[str]) -> list[FileRow | BedrotError]:
        """What each name names now: a whole id, an id prefix of at least 6 characters, or a zone path. In order; never waits for a lock."""
        return self._asked(lambda overlay: overlay.resolve(prefixes))

    def select(self, wanted: FileFilter) -> list[FileRow]:
        """All files that match now, in the filter's order; never waits for a lock."""
        return self._asked(lambda overlay: overlay.select(wanted))

    def _asked(self, question: Callable[[Overlay], Answer]) -> Answer:
        catch_up = partial(self.catch_up, wait_seconds=0.0, publish="now")
        with self._mutex:
            try:
                return question(self._present.overlay(catch_up))
            except (CatalogDamaged, work.Behind):
                self._present.drop()
            try:
                with self._alone(0.0):
                    self._mend()
                return question(self._present.overlay(catch_up))
            except CatalogTooNew:
                raise
            except (CatalogError, work.Behind):
                self._present.drop()
                return question(self._present.without_catalog())

    def close(self) -> None:
        """Close what asking has opened; the next question opens it again."""
        with self._mutex:
            self._present.drop()


def _unmended(found: str, refused: CatalogError) -> CatalogError:
    """What is wrong with the published catalog and why it stays so here, as an error of the latter's kind."""
    return type(refused)(f"{found}; {refused}", hint=refused.hint)
