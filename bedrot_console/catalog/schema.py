"""Tables and views of the catalog file, and how it is born and migrated.

Facts lie in the schema `base`; people's SQL uses the views in `main`, whose names and columns stay. Times are TIMESTAMP in UTC.
Never CREATE INDEX, foreign keys, triggers or keys: an index left by a killed process answers wrongly on DuckDB 1.5. Lookups
go by fingerprint columns and by the id, which rises with time, so that DuckDB skips what cannot match.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..domain.lifecycle import Verdict, Zone, status
from .shapes import shape_sql
from .standing import VERSION as VERSION

STORAGE = "v1.5.0"
"""Storage format of new files: DuckDB 1.5 and 2.0 both read and write it."""

FILE_COLUMNS: dict[str, str] = {
    "id": "VARCHAR", "platform": "VARCHAR", "feed": "VARCHAR", "account": "VARCHAR", "series": "VARCHAR", "zone": "VARCHAR",
    "verdict": "VARCHAR", "path": "VARCHAR", "size_bytes": "BIGINT", "sha256": "VARCHAR", "captured_at": "TIMESTAMP", "landed_at": "TIMESTAMP",
    "as_of": "DATE", "run_id": "VARCHAR", "set_id": "VARCHAR", "method": "VARCHAR", "media_type": "VARCHAR",
    "source_system": "VARCHAR", "extractor_version": "VARCHAR", "report_id": "VARCHAR", "rules": "VARCHAR", "errors": "INTEGER",
    "warnings": "INTEGER", "rows": "BIGINT", "content_sha256": "VARCHAR", "first_code": "VARCHAR",
}  # fmt: skip
"""What a FileRow is made of, in the order of the table `base.files`; after them come the
fingerprints `path_fp` and `sha_fp`, and `shape` and `stamp` of the path (`shapes.shape_of`), by which a text is looked for."""

CHANGING = (
    "zone", "verdict", "path", "as_of", "report_id", "rules", "errors", "warnings", "rows", "content_sha256", "first_code",
)  # fmt: skip
"""Columns of `base.files` that events change after landing."""

TABLES: dict[str, dict[str, str]] = {
    "meta": {"version": "INTEGER", "applied_seq": "BIGINT", "mark": "VARCHAR"},
    "files": {**FILE_COLUMNS, "path_fp": "UBIGINT", "sha_fp": "UBIGINT", "shape": "VARCHAR", "stamp": "BIGINT"},
    "tally": {
        "zone": "VARCHAR", "platform": "VARCHAR", "feed": "VARCHAR", "account": "VARCHAR", "verdict": "VARCHAR", "files": "BIGINT",
        "bytes": "BIGINT",
    },
    "freshness": {
        "platform": "VARCHAR", "feed": "VARCHAR", "account": "VARCHAR", "series": "VARCHAR", "as_of": "DATE",
        "captured_at": "TIMESTAMP", "landed_at": "TIMESTAMP", "last_landed_at": "TIMESTAMP",
    },
    "reports": {
        "report_id": "VARCHAR", "file_id": "VARCHAR", "seq": "BIGINT", "made_at": "TIMESTAMP", "sha256": "VARCHAR", "rules": "VARCHAR",
        "verdict": "VARCHAR", "errors": "INTEGER", "warnings": "INTEGER", "first_code": "VARCHAR", "as_of": "DATE", "rows": "BIGINT",
        "content_sha256": "VARCHAR", "codes": "VARCHAR", "segment": "VARCHAR", "start": "BIGINT", "length": "BIGINT",
    },
    "findings": {
        "report_id": "VARCHAR", "file_id": "VARCHAR", "number": "INTEGER", "code": "VARCHAR", "severity": "VARCHAR", "stage": "VARCHAR",
        "message": "VARCHAR", "pointer": "VARCHAR", "row_number": "BIGINT", "column_name": "VARCHAR", "selector": "VARCHAR",
        "expected": "VARCHAR", "seen": "VARCHAR", "count": "BIGINT",
    },
    "decisions": {
        "decision_id": "VARCHAR", "file_id": "VARCHAR", "verb": "VARCHAR", "actor": "VARCHAR", "decided_at": "TIMESTAMP",
        "reason": "VARCHAR", "sha256": "VARCHAR", "report_id": "VARCHAR", "source": "VARCHAR", "source_path": "VARCHAR",
        "target": "VARCHAR", "target_path": "VARCHAR", "undoes": "VARCHAR", "outcome": "VARCHAR", "code": "VARCHAR",
        "ended_at": "TIMESTAMP",
    },
    "runs": {
        "run_id": "VARCHAR", "platform": "VARCHAR", "account": "VARCHAR", "state": "VARCHAR", "started_at": "TIMESTAMP",
        "ended_at": "TIMESTAMP", "expected": "VARCHAR[]", "landed": "VARCHAR[]", "files": "VARCHAR[]", "error_code": "VARCHAR",
        "exit_code": "INTEGER", "attended": "BOOLEAN", "actor": "VARCHAR",
    },
    "challenges": {
        "challenge_id": "VARCHAR", "run_id": "VARCHAR", "kind": "VARCHAR", "medium": "VARCHAR", "platform": "VARCHAR",
        "account": "VARCHAR", "raised_at": "TIMESTAMP", "expires_at": "TIMESTAMP", "state": "VARCHAR", "ended_at": "TIMESTAMP",
        "ended_by": "VARCHAR",
    },
    "sessions": {
        "session": "VARCHAR", "platform": "VARCHAR", "account": "VARCHAR", "version": "BIGINT", "saved_at": "TIMESTAMP",
        "expires_at": "TIMESTAMP", "failed_at": "TIMESTAMP", "code": "VARCHAR",
    },
    "needs": {
        "item": "VARCHAR", "platform": "VARCHAR", "account": "VARCHAR", "run_id": "VARCHAR", "code": "VARCHAR", "command": "VARCHAR",
        "raised_at": "TIMESTAMP", "ended_at": "TIMESTAMP", "ended_by": "VARCHAR",
    },
    "alerts": {
        "alert": "VARCHAR", "code": "VARCHAR", "subject": "VARCHAR", "raised_at": "TIMESTAMP", "ended_at": "TIMESTAMP",
    },
    "events": {
        "seq": "BIGINT", "happened_at": "TIMESTAMP", "kind": "VARCHAR", "actor": "VARCHAR", "host": "VARCHAR", "file_id": "VARCHAR",
        "data": "VARCHAR",
    },
}  # fmt: skip
"""Every table of the schema `base`: column -> DuckDB type, in order."""


def quoted(name: str) -> str:
    """A column name as SQL."""
    return '"' + name.replace('"', '""') + '"'


def text(value: str) -> str:
    """A string as an SQL literal."""
    return "'" + value.replace("'", "''") + "'"


def status_sql(zone: str = "zone", verdict: str = "verdict") -> str:
    """The status word as SQL, spelled out from the one function that defines it."""
    cases = [f"WHEN {zone} = {text(z)} AND {verdict} = {text(v)} THEN {text(status(z, v))}" for z in Zone for v in Verdict]
    cases += [f"WHEN {zone} = {text(z)} AND {verdict} IS NULL THEN {text(status(z, None))}" for z in Zone]
    return "CASE " + " ".join(cases) + " END"


def _listed(*names: str) -> str:
    return ", ".join(quoted(n) for n in names)


VIEWS: dict[str, str] = {
    "files": "SELECT id, platform, feed, account, series, zone, " + status_sql() + " AS status, verdict, path, "
    + _listed(*list(FILE_COLUMNS)[list(FILE_COLUMNS).index("size_bytes"):]) + " FROM base.files",
    "findings": "SELECT n.* FROM base.findings n SEMI JOIN base.files f ON f.report_id = n.report_id AND f.id = n.file_id",
    "reports": "SELECT * EXCLUDE (segment, start, length) FROM base.reports",
    "runs": "SELECT * FROM base.runs",
    "challenges": "SELECT * FROM base.challenges",
    "sessions": "SELECT * EXCLUDE (session) FROM base.sessions",
    "decisions": "SELECT * FROM base.decisions",
    "events": "SELECT * FROM base.events",
    "freshness": "SELECT * FROM base.freshness",
    "alerts": "SELECT * FROM base.alerts",
    "needs_operator": "SELECT * FROM base.needs",
    "metrics": "SELECT 'files' AS metric, zone, platform, feed, account, " + status_sql() + " AS status, files::DOUBLE AS value FROM base.tally"
    " UNION ALL SELECT 'bytes', zone, platform, feed, account, " + status_sql() + ", bytes::DOUBLE FROM base.tally"
    " UNION ALL SELECT 'runs', NULL, platform, NULL, account, state, count(*)::DOUBLE FROM base.runs GROUP BY platform, account, state"
    " UNION ALL SELECT 'applied_seq', NULL, NULL, NULL, NULL, NULL, applied_seq::DOUBLE FROM base.meta",
}  # fmt: skip
"""The stable views, in the schema `main`. `findings` holds those of each file's latest report."""


def create(connection: Any, database: str) -> None:
    """Create all tables and views in an attached, empty database."""
    connection.execute(f"CREATE SCHEMA {database}.base")
    for name, columns in TABLES.items():
        body = ", ".join(f"{quoted(column)} {kind}" for column, kind in columns.items())
        connection.execute(f"CREATE TABLE {database}.base.{name} ({body})")
    connection.execute(f"INSERT INTO {database}.base.meta VALUES ({VERSION}, 0, '')")
    connection.execute(f"USE {database}")
    create_views(connection)
    connection.execute("USE memory")


def create_views(connection: Any) -> None:
    """Create or replace the views in the current database."""
    for name, body in VIEWS.items():
        connection.execute(f"CREATE OR REPLACE VIEW main.{name} AS {body}")


def add_series(connection: Any) -> None:
    """1 to 2: files and freshness are told apart by series. The tables are made anew, since columns have their order; views follow."""
    for table in ("files", "freshness"):
        columns = [c for c in TABLES[table] if c not in ("shape", "stamp")]
        made = _listed(*(c for c in columns if c != "series"))
        listed = ", ".join("'' AS series" if c == "series" else quoted(c) for c in columns)
        connection.execute(f"CREATE TABLE base.{table}_2 AS SELECT {listed} FROM (SELECT {made} FROM base.{table})")
        connection.execute(f"DROP TABLE base.{table}; ALTER TABLE base.{table}_2 RENAME TO {table}")
    create_views(connection)


def add_shapes(connection: Any) -> None:
    """2 to 3: each file has the shape and the stamp of its path."""
    shape, stamp = shape_sql("path")
    connection.execute(f"CREATE TABLE base.files_3 AS SELECT *, {shape} AS shape, {stamp} AS stamp FROM base.files")
    connection.execute("DROP TABLE base.files; ALTER TABLE base.files_3 RENAME TO files")


MIGRATIONS: dict[int, Callable[[Any], None]] = {1: add_series, 2: add_shapes}
"""From version n to n + 1: the step's function. Run under the writer's lock, one transaction each, before applying."""
