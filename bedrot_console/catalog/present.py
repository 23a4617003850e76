"""What is true now: the published catalog, with the tail of the journal laid over it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ..domain.errors import CatalogError, CatalogTooNew
from ..domain.events import Event
from ..domain.findings import Report
from ..domain.ports import Journal
from . import work
from .apply import mark_of
from .overlay import Overlay
from .reader import Reader

LONG_TAIL = 5_000
"""Events beyond which asking first tries to bring the catalog up to date, if nobody else is at it."""


class Present:
    """Kept between questions, and extended by what was journalled since. One thread at a time."""

    def __init__(self, published: Path, journal: Journal, reports: Callable[[Event], Report | None]) -> None:
        self.published = published
        self.journal = journal
        self.reports = reports
        self._reader: Reader | None = None
        self._now: Overlay | None = None
        self._seq = 0
        self._mark = ""

    def drop(self) -> None:
        """Close what asking has opened."""
        self._now = None
        if self._reader is not None:
            self._reader.close()
            self._reader = None

    def without_catalog(self) -> Overlay:
        """The journal alone, from its first line: slow, and true."""
        return Overlay(None, list(self.journal.read()), self.reports)

    def overlay(self, catch_up: Callable[[], object]) -> Overlay:
        """The published catalog with the journal's tail. The last one is kept and extended while nothing else was published.

        Args:
            catch_up: brings the published catalog up to date without waiting for anybody; raises CatalogError where it cannot be.
        """
        if self._reader is None:
            if not self.published.exists():
                try:
                    catch_up()
                except CatalogTooNew:
                    raise
                except CatalogError:
                    return self.without_catalog()
            self._reader = Reader(self.published, reports=self.reports)
            self._now = None
        if self._reader.fresh() or self._now is None or len(self._now.after) > LONG_TAIL:
            self._now = self._overlaid(self._reader, catch_up)
        else:
            more = list(self.journal.read(after=max(self._seq - 1, 0)))
            if self._seq and (not more or more[0].seq != self._seq or mark_of(more[0]) != self._mark):
                raise work.Behind("the journal is not the one that was read before")
            more = more[1:] if self._seq else more
            self._now.extend(more)
            if more:
                self._seq, self._mark = more[-1].seq, mark_of(more[-1])
        return self._now

    def _overlaid(self, reader: Reader, catch_up: Callable[[], object]) -> Overlay:
        tail = self._tail(reader)
        if len(tail) > LONG_TAIL:
            try:
                catch_up()
                reader.fresh()
                tail = self._tail(reader)
            except CatalogTooNew:
                raise
            except CatalogError:
                pass
        if tail:
            self._seq, self._mark = tail[-1].seq, mark_of(tail[-1])
        return Overlay(reader, tail, self.reports)

    def _tail(self, reader: Reader) -> list[Event]:
        self._seq, self._mark = reader.applied()
        return list(work.tail(self.journal, self._seq, self._mark))
