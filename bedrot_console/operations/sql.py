"""sql: people's read-only questions, answered by a locked-down child on the published catalog."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from .browse import reader
from .workspace import Workspace

if TYPE_CHECKING:
    from ..catalog.sql import SqlRun


class SqlResult:
    """An answer that is still being given: `columns` and `types` are known at once, `rows` is read once, `truncated` is final after that."""

    def __init__(self, run: SqlRun) -> None:
        self._run = run
        self.columns = run.columns
        self.types = run.types

    @property
    def rows(self) -> Iterator[tuple[Any, ...]]:
        """Rows one by one; values are None, bool, int, float, or the engine's own text of what those cannot say exactly."""
        return self._run.rows()

    @property
    def truncated(self) -> bool:
        """Whether rows were left out."""
        return self._run.truncated

    def cancel(self) -> None:
        """Stop it at once, from any thread."""
        self._run.cancel()


STARTERS: tuple[tuple[str, str], ...] = (
    ("freshness", "select * from freshness order by age_days desc nulls first"),
    ("failures", "select landed_at, feed, id, first_code, errors from files where status = 'failed' order by landed_at desc"),
    ("duplicates", "select sha256, count(*) as files, min(landed_at) as first, max(landed_at) as last from files group by sha256 having count(*) > 1"),
    ("growth", "select feed, landed_at::date as day, count(*) as files, sum(size_bytes) as bytes from files group by all order by day desc, feed"),
    ("findings", "select code, severity, count(*) as files from findings group by all order by files desc"),
)  # fmt: skip
"""Starter queries: (name, text)."""


def query(ws: Workspace, text: str, *, limit_rows: int | None = None, timeout_seconds: float = 10.0) -> SqlResult:
    """Run one SELECT or EXPLAIN; the result streams and can be cancelled.

    Raises:
        UsageError: not one SELECT or EXPLAIN, or the engine refused it; the message is the engine's.
        CatalogError: there is no catalog to read.
    """
    from ..catalog.sql import run_sql

    reader(ws)
    if not ws.read_only and not ws.catalog.current():
        ws.settle(publish="now")
    return SqlResult(run_sql(ws.settings.catalog, text, limit_rows=limit_rows, timeout_seconds=timeout_seconds))


def fingerprint(text: str) -> str:
    """A query's SHA-256, which is all that is ever recorded of it."""
    return hashlib.sha256(text.encode()).hexdigest()


def schema(ws: Workspace) -> list[tuple[str, str, str]]:
    """(view, column, type) of every stable view, in order."""
    return reader(ws).schema()
