"""The published catalog as a file that is open: asked from several threads, opened anew where it was replaced or damaged, sparing of memory."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Self

from ..domain.errors import CatalogError
from .gate import Database, interrupt
from .trouble import CatalogCramped, CatalogDamaged

Token = tuple[int, int, int]


def token_of(path: Path) -> Token | None:
    """(inode, size, mtime in ns) of a file; None if there is none. What changed is seen from this, not by a query."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


class Published:
    """The published catalog, as it was when opened or last refreshed.

    Args:
        path: the published file.
        heal: called once when a query finds the file damaged; makes it anew. None: the error goes to the caller.
        sparing: for a process that lives long: little memory, and more only for the question that needs it.
    """

    def __init__(self, path: Path, *, heal: Callable[[], None] | None = None, sparing: bool = False) -> None:
        self.path = path
        self._sparing = sparing
        self._heal = heal
        self._lock = threading.RLock()
        self._database: Database | None = None
        self._token: Token | None = None
        self._asking: dict[int, Any] = {}
        self._asked_at: float | None = None
        self._open()

    def _open(self) -> None:
        self._token = token_of(self.path)
        self._database = Database(self.path, read_only=True, sparing=self._sparing)

    @property
    def opened(self) -> object:
        """What is open now: another object, if another catalog took its place."""
        return self._database

    def close(self) -> None:
        """Close the file; the reader cannot be used after."""
        with self._lock:
            if self._database is not None:
                self._database.close()
                self._database = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def token(self) -> Token | None:
        """Which published file this one reads."""
        return self._token

    def stale(self) -> bool:
        """Whether another catalog was published since. One `stat`, no query."""
        return token_of(self.path) != self._token

    def fresh(self) -> bool:
        """Reopen if another catalog was published; says whether it did. Calls under way on other threads end on the old one."""
        with self._lock:
            if not self.stale() or token_of(self.path) is None:
                return False
            old = self._database
            self._open()
            if old is not None:
                old.retire()
            return True

    def _ask(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        try:
            return self._ask_once(sql, values)
        except CatalogDamaged:
            if self._heal is None:
                raise
            self._heal()
            with self._lock:
                old = self._database
                self._open()
                if old is not None:
                    old.retire()
            return self._ask_once(sql, values)

    def _ask_once(self, sql: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
        with self._lock:
            database = self._database
            if database is None:
                raise CatalogError("the catalog reader is closed")
            database.take()
            self._asking[threading.get_ident()] = None
        try:
            try:
                return self._on(database, sql, values)
            except CatalogCramped:
                if not database.widen():
                    raise
                return self._on(database, sql, values)
        finally:
            with self._lock:
                del self._asking[threading.get_ident()]
                self._asked_at = time.monotonic()
                if database.widened and not self._asking:
                    database.ease()
            database.give()

    def _on(self, database: Database, sql: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
        with database.cursor() as cursor:
            self._asking[threading.get_ident()] = cursor
            return cursor.execute(sql, list(values)).fetchall()

    def ease(self, quiet_seconds: float = 2.0) -> None:
        """Give back memory once nobody has asked for a while; costs nothing until somebody asks again."""
        with self._lock:
            if self._asked_at is None or self._asking or time.monotonic() - self._asked_at < quiet_seconds:
                return
            self._asked_at = None
            if self._database is not None:
                self._database.ease()

    def drop(self, thread: int) -> None:
        """Break off the query that a thread (its `threading.get_ident()`) waits for, if any; there it ends as CatalogError."""
        cursor = self._asking.get(thread)
        if cursor is not None:
            interrupt(cursor)

    @property
    def applied_seq(self) -> int:
        """The newest journal event this catalog knows."""
        return self.applied()[0]

    def applied(self) -> tuple[int, str]:
        """`applied_seq` and the mark of that event."""
        found = self._ask("SELECT applied_seq, mark FROM base.meta")
        return found[0][0], found[0][1]
