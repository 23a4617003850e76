"""sql: people's read-only questions, answered by a locked-down child on the published catalog."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from ..domain.errors import UsageError
from ..domain.macros import MACROS
from . import payloads
from .browse import reader
from .workspace import Workspace

if TYPE_CHECKING:
    from ..catalog.sql import SqlRun, Tell


TIME_SECONDS, READING_SECONDS = 10.0, 60.0
"""How long a question may take unless the asker says; the second where it reads payloads."""


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
    def notes(self) -> Sequence[str]:
        """What to know of the payloads that it read."""
        return self._run.notes

    @property
    def partial(self) -> bool:
        """Whether payloads were left out, or rows of them."""
        return self._run.partial

    @property
    def truncated(self) -> bool:
        """Whether rows were left out."""
        return self._run.truncated

    def cancel(self) -> None:
        """Stop it at once, from any thread."""
        self._run.cancel()


STARTERS: tuple[tuple[str, str], ...] = (
    ("freshness", "select platform, feed, account, series, as_of, date_diff('day', as_of, today()) as age_days, last_landed_at\n"
     "from freshness\norder by age_days desc nulls first, feed"),
    ("failures", "select landed_at, feed, id, first_code, errors, path\nfrom files\nwhere status = 'failed'\norder by landed_at desc"),
    ("findings", "select code, severity, count(*) as findings, count(distinct file_id) as files, any_value(message) as example\n"
     "from findings\ngroup by all\norder by severity, files desc"),
    ("duplicates", "select id, feed, landed_at, path, count(*) over (partition by sha256) as copies\nfrom files\n"
     "where status <> 'erased'\nqualify copies > 1\norder by sha256, landed_at"),
    ("growth", "select landed_at::date as day, feed, count(*) as files, sum(size_bytes) as bytes,\n"
     "  sum(sum(size_bytes)) over (partition by feed order by day) as bytes_so_far\nfrom files\ngroup by day, feed\norder by day desc, feed"),
    ("per platform", "select platform, count(*) as files, sum(size_bytes) as bytes, count(*) filter (status = 'failed') as failed,\n"
     "  count(*) filter (status = 'quarantined') as quarantined, max(landed_at) as last_landed, max(as_of) as data_to\n"
     "from files\ngroup by platform\norder by platform"),
    ("waiting", "select id, feed, status, first_code, landed_at\nfrom files\nwhere zone = 'landing'\norder by landed_at"),
    ("runs", "select platform, account, state, count(*) as runs, max(started_at) as newest,\n"
     "  avg(date_diff('second', started_at, ended_at))::int as seconds\nfrom runs\ngroup by all\norder by platform, state"),
    ("plays by day", "-- rows of the payloads themselves: of each account the newest file in landing and in raw\n"
     "select day, account, streams::bigint as streams,\n"
     "  round(avg(streams::bigint) over (partition by account order by day rows 6 preceding))::bigint as mean_of_7_days, file_id\n"
     "from (from landing('distrokid/streams', last := 1) union all by name from raw('distrokid/streams', last := 1))\n"
     "qualify row_number() over (partition by account, day order by captured_at desc, file_id desc) = 1\norder by day desc, account"),
)  # fmt: skip
"""Starter queries: (name, text)."""


def query(
    ws: Workspace,
    text: str,
    *,
    limit_rows: int | None = None,
    timeout_seconds: float | None = None,
    scope: str | None = None,
    tell: Tell | None = None,
) -> SqlResult:
    """Run one SELECT or EXPLAIN; the result streams and can be cancelled. Takes what `start` takes.

    `tell` hears now and then how many payloads were read for it, of how many.

    Raises:
        QueryError: not one SELECT or EXPLAIN, or the engine refused it; the message is the engine's.
        CatalogError: there is no catalog to read.
    """
    return SqlResult(start(ws, text, limit_rows=limit_rows, timeout_seconds=timeout_seconds, scope=scope).open(tell))


def start(
    ws: Workspace, text: str, *, limit_rows: int | None = None, timeout_seconds: float | None = None, scope: str | None = None
) -> SqlRun:
    """Start a query in its child and return at once; its `open` waits for the engine.

    Args:
        timeout_seconds: default TIME_SECONDS, or READING_SECONDS where payloads are read.
        scope: a platform or a feed (`distrokid/streams`): the views hold what belongs to it, and nothing else.

    Raises:
        QueryError: a table macro is called with what names no files.
        CatalogError: there is no catalog to read.
    """
    from ..catalog.sql import start_sql

    rows = payloads.given(ws, text, scope or "")
    if rows is not None:
        ws.readers.warm()
    held = reader(ws)
    if not ws.read_only and not ws.catalog.current():
        ws.settle(publish="now")
    if rows is not None:
        held.fresh()
    return start_sql(
        ws.settings.catalog,
        text,
        limit_rows=limit_rows,
        timeout_seconds=timeout_seconds or (TIME_SECONDS if rows is None else READING_SECONDS),
        scope=scope_views(scope) if scope else (),
        given=rows,
    )


SCOPE = re.compile(r"[a-z0-9_-]+(/[a-z0-9_-]+)?")


def scope_views(scope: str) -> list[tuple[str, str]]:
    """(view, query) for each view that can tell what belongs to a platform or a feed. Raises UsageError for what names neither."""
    if not SCOPE.fullmatch(scope):
        raise UsageError(f"not a platform or feed: {scope}", hint="bedrot platforms")
    platform, _, feed = scope.partition("/")
    of_platform = f"platform = '{platform}'"
    of_feed = f"feed = '{scope}'" if feed else of_platform
    ids = f"SELECT id FROM main.files WHERE {of_feed}"
    return [
        *((view, f"SELECT * FROM main.{view} WHERE {of_feed}") for view in ("files", "freshness", "metrics")),
        *((view, f"SELECT * FROM main.{view} WHERE {of_platform}") for view in ("runs", "challenges", "sessions", "needs_operator")),
        *((view, f"SELECT * FROM main.{view} WHERE file_id IN ({ids})") for view in ("findings", "reports", "decisions", "events")),
    ]  # fmt: skip


def fingerprint(text: str) -> str:
    """A query's SHA-256, which is all that is ever recorded of it."""
    return hashlib.sha256(text.encode()).hexdigest()


def schema(ws: Workspace) -> list[tuple[str, str, str]]:
    """(view, column, type) of every stable view, in order, and then of the table macros."""
    return [*reader(ws).schema(), *payloads.described()]


def words(ws: Workspace) -> list[tuple[str, str]]:
    """(name, kind) of what a query may call; kind is `function`, `aggregate`, `macro` or `table function`."""
    return sorted([*reader(ws).words(), *((macro, "table function") for macro in MACROS)])
