"""Answers of any size: a query runs in its child, its rows go to disk as they come, and any page of them can be read meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from ..domain.errors import BedrotError, Cancelled
from ..resilience import Clock
from .workspace import Workspace

if TYPE_CHECKING:
    from pathlib import Path

    from ..catalog.spool import Spool
    from ..catalog.sql import SqlRun

KEPT_BYTES = 512 << 20
"""What one answer may take on disk."""
TIME_SECONDS = 120.0
"""How long a question of the console may take, all its rows included."""
TELL_SECONDS = 0.2

WAITING, READING, WHOLE, CUT = "waiting", "reading", "whole", "cut"


class Answer:
    """One question and what came of it so far.

    Attributes:
        columns, types: known once `state` is no longer `waiting`.
        kept_bytes: what it may take on disk; rows beyond it are not kept.
        time_seconds: how long it may take, all rows included.
        check, scope: what the text declares itself to be: `error`, `warning` or empty; a platform, a feed or empty.
        notes: what to know of the payloads that it read.  partial: some were left out, or rows of them.
        state: `waiting` (nothing came), `reading`, `whole`, or `cut` (there are more rows; `because` says why they are missing).
    """

    def __init__(
        self,
        begin: Callable[[], SqlRun],
        folder: Path,
        clock: Clock,
        *,
        text: str = "",
        check: str = "",
        scope: str = "",
        kept_bytes: int = KEPT_BYTES,
    ) -> None:
        """Costs nothing: `read` begins."""
        self.text, self.check, self.scope = text, check, scope
        self.columns: tuple[str, ...] = ()
        self.types: tuple[str, ...] = ()
        self.notes: tuple[str, ...] = ()
        self.partial = False
        self.state = WAITING
        self.because = ""
        self.time_seconds = TIME_SECONDS
        self._begin = begin
        self._folder = folder
        self._clock = clock
        self.kept_bytes = kept_bytes
        self._run: SqlRun | None = None
        self._cancelled = threading.Event()
        self._spool: Spool | None = None

    @property
    def count(self) -> int:
        """Rows that can be read now."""
        return self._spool.count if self._spool is not None else 0

    @property
    def reading(self) -> tuple[int, int]:
        """Payloads read before the first row comes, of how many; 0 of 0 where the question is of none."""
        return self._run.reading if self._run is not None else (0, 0)

    @property
    def ended(self) -> bool:
        return self.state in (WHOLE, CUT)

    def read(self, tell: Callable[[], object]) -> None:
        """Run the query to its end. Blocks; `tell` is called when the columns are known, when the first rows are there, and now and then.

        What stops it after rows came (time, space, a cancel) makes it `cut`; an error before that is raised.

        Raises:
            UsageError, CatalogError, Cancelled: nothing came.
        """
        from ..catalog.spool import Spool

        if self._cancelled.is_set():
            raise Cancelled("the query was cancelled")
        self._spool = spool = Spool(self._folder)
        self._run = run = self._begin()
        try:
            if self._cancelled.is_set():
                raise Cancelled("the query was cancelled")
            run.open()
            self.columns, self.types = run.columns, run.types
            self.notes, self.partial = tuple(run.notes), run.partial
            self.state = READING
            tell()
            self._fill(run, spool, tell)
        except BedrotError as error:
            if not spool.count:
                raise
            self._cut("stopped" if isinstance(error, Cancelled) else str(error))
        finally:
            run.close()
        tell()

    def _fill(self, run: SqlRun, spool: Spool, tell: Callable[[], object]) -> None:
        told = None
        for count, rows in run.lines():
            if spool.size_bytes + len(rows) > self.kept_bytes and spool.count:
                self._cut(f"{self.kept_bytes >> 20:,} MB are kept of one answer")
                return
            spool.add(count, rows)
            if self._cancelled.is_set():
                raise Cancelled("the query was cancelled")
            now = self._clock.monotonic()
            if told is None or now - told >= TELL_SECONDS:
                told = now
                tell()
        if run.truncated:
            self._cut("long texts were cut")
        else:
            self.state = WHOLE

    def _cut(self, because: str) -> None:
        self.because = because
        self.state = CUT

    def page(self, start: int, limit: int) -> list[list[Any]]:
        """Rows from number `start` (from 0); None, bool, int, float or text in the order of `columns`."""
        return self._spool.rows(start, limit) if self._spool is not None else []

    def batches(self) -> Iterator[list[list[Any]]]:
        """All rows that came."""
        return self._spool.batches() if self._spool is not None else iter(())

    def cancel(self) -> None:
        """Stop it at once, from any thread, also before it began. What came stays."""
        self._cancelled.set()
        if self._run is not None:
            self._run.cancel()

    def close(self) -> None:
        """Stop it and give its disk space back."""
        self.cancel()
        if self._spool is not None:
            self._spool.close()


def answer(ws: Workspace, text: str) -> Answer:
    """An answer to one SELECT or EXPLAIN that has not begun. A text that declares itself a check is asked inside its scope.

    Raises:
        UsageError: it declares what cannot be.
    """
    from . import sql
    from .queries import SavedQuery

    said = SavedQuery.of("query", text)
    scope = said.scope if said.check else ""

    def begin() -> SqlRun:
        return sql.start(ws, text, timeout_seconds=TIME_SECONDS, scope=scope or None)

    return Answer(begin, ws.settings.state, ws.clock, text=text, check=said.check, scope=scope)
