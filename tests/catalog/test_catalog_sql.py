"""People's SQL: reads the catalog and nothing else, changes nothing, ends when told."""

from __future__ import annotations

import hashlib
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from bedrot_console.catalog.sql import run_sql
from bedrot_console.domain.errors import BedrotError, Cancelled, CatalogError, UsageError

CANARY = "the-canary-nobody-may-read"

HOSTILE = [
    "INSERT INTO base.files SELECT * FROM base.files",
    "UPDATE base.meta SET applied_seq = 0",
    "DELETE FROM base.files",
    "DROP TABLE base.files",
    "CREATE TABLE x AS SELECT 1",
    "WITH a AS (SELECT 1) INSERT INTO base.meta SELECT 1, 1, ''",
    "ATTACH '{out}/other.duckdb'",
    "ATTACH ':memory:' AS m",
    "DETACH catalog",
    "USE catalog",
    "COPY (SELECT 1) TO '{out}/x.csv'",
    "COPY (SELECT '{canary}'::BLOB) TO '{home}/catalog.duckdb.wal' (FORMAT blob)",
    "COPY base.meta FROM '{secret}'",
    "EXPORT DATABASE '{out}'",
    "IMPORT DATABASE '{out}'",
    "INSTALL httpfs",
    "LOAD '{secret}'",
    "SET threads = 8",
    "SET enable_external_access = true",
    "RESET enable_external_access",
    "PRAGMA database_list",
    "PRAGMA enable_profiling",
    "CALL enable_logging(storage = 'file')",
    "CHECKPOINT",
    "VACUUM",
    "BEGIN",
    "PREPARE p AS SELECT 1",
    "CREATE SECRET s (TYPE s3, KEY_ID 'a', SECRET 'b')",
    "SELECT 1; SELECT 2",
    "SELECT 1; COPY (SELECT 1) TO '{out}/x.csv'",
    "SELECT * FROM read_text('{secret}')",
    "SELECT * FROM read_blob('{secret}')",
    "SELECT * FROM read_csv('{secret}')",
    "SELECT * FROM read_json('{secret}')",
    "SELECT * FROM read_parquet('{secret}')",
    "SELECT * FROM '{secret}'",
    "SELECT * FROM glob('{home}/*')",
    "SELECT * FROM sniff_csv('{secret}')",
    "SELECT * FROM read_text('/proc/self/environ')",
    "SELECT * FROM read_text('/proc/self/cmdline')",
    "SELECT * FROM enable_logging(storage = 'file', storage_path = '{out}/log')",
    "SELECT * FROM query('COPY (SELECT 1) TO ''{out}/y.csv''')",
    "SELECT * FROM json_execute_serialized_sql('x')",
    "SELECT * FROM duckdb_secrets()",
    "SELECT getenv('HOME')",
    "SELECT count(*) FROM range(100000000000) a, range(1000000) b",
    "SELECT length(repeat('x', 1000000000))",
    "SELECT repeat('x', 4000000000)",
    "SELECT string_agg(repeat('x', 1000000), '') FROM range(100000)",
    "WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r) SELECT max(n) FROM r",
    "SELECT unnest(range(1000000000)) AS n ORDER BY hash(n)",
    "SELECT " + "(" * 1000 + "1" + ")" * 1000,
    "EXPLAIN ANALYZE DELETE FROM base.files",
    "EXPLAIN ANALYZE COPY (SELECT 1) TO '{out}/z.csv'",
    "SELECT 1) AS q(c0) UNION ALL SELECT content FROM read_text('{secret}'",
    "SELECT * FROM (VALUES (1)) -- ) x",
    "SELECT 1 /* unfinished",
    "\x00SELECT 1",
    "",
    ";",
]  # fmt: skip


@pytest.fixture
def guarded(furnished, tmp_path):
    """The lake, a secret beside it, and a folder that must stay empty."""
    out = tmp_path / "out"
    out.mkdir()
    secret = tmp_path / "secret.csv"
    secret.write_text(CANARY + "\n")
    return furnished, out, secret


FEW = [
    text for text in HOSTILE
    if text.startswith(("COPY", "ATTACH ':m", "SELECT * FROM read_text", "SELECT 1; C", "SELECT 1)", "CALL", "SELECT length", "SELECT count"))
]  # fmt: skip


@pytest.mark.parametrize("statements", [FEW, pytest.param(HOSTILE, marks=pytest.mark.long)], ids=["few", "all"])
def test_hostile_statements_read_and_write_nothing_outside(guarded, statements):
    """Every hostile statement is refused or harmless, within its time limit, and leaves no byte anywhere."""
    lake, out, secret = guarded
    published = lake.home / "catalog.duckdb"

    def fingerprints():
        return {p: hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(lake.home.rglob("*")) if p.is_file()}

    before = fingerprints()

    def attack(text):
        text = text.format(out=out, home=lake.home, secret=secret, canary=CANARY)
        begun = time.monotonic()
        try:
            with run_sql(published, text, limit_rows=100, timeout_seconds=1.0) as run:
                answer = repr(list(run.rows()))
        except BedrotError as error:
            answer = "" if CANARY in text else str(error)
        return text, answer, time.monotonic() - begun

    with ThreadPoolExecutor(2) as pool:
        for text, answer, seconds in pool.map(attack, statements):
            assert CANARY not in answer, text
            assert seconds < 4.0, text
    assert list(out.iterdir()) == []
    assert fingerprints() == before


def test_values_come_exactly_with_their_types(guarded):
    """Integers of any size are integers; what JSON cannot say exactly is DuckDB's own text, and the type says so."""
    text = (
        "SELECT 170141183460469231731687303715884105727::HUGEINT AS h, 0.10::DECIMAL(9,2) AS d, 'NaN'::DOUBLE AS f, NULL AS n, true AS b,"
        " TIMESTAMP '2026-01-02 03:04:05.678901' AS t, [1, NULL] AS l, 'a' || chr(27) AS s, 1 AS s"
    )
    with run_sql(guarded[0].home / "catalog.duckdb", text) as run:
        assert run.columns == ("h", "d", "f", "n", "b", "t", "l", "s", "s")
        assert run.types[:3] == ("HUGEINT", "DECIMAL(9,2)", "DOUBLE")
        assert list(run.rows()) == [
            (
                170141183460469231731687303715884105727,
                "0.10",
                "nan",
                None,
                True,
                "2026-01-02 03:04:05.678901",
                "[1, NULL]",
                "a\x1b",
                1,
            )
        ]


def test_order_and_cut_are_kept_and_told(guarded):
    """Rows keep their order; a cut result says so, a whole one does not."""
    published = guarded[0].home / "catalog.duckdb"
    with run_sql(published, "SELECT i FROM range(5000) t(i) ORDER BY i DESC;", limit_rows=3000) as run:
        assert list(run.rows()) == [(i,) for i in range(4999, 1999, -1)]
        assert run.truncated
    with run_sql(published, "FROM range(3)", limit_rows=3) as run:
        assert list(run.rows()) == [(0,), (1,), (2,)]
        assert not run.truncated
    with run_sql(published, "EXPLAIN FROM files") as run:
        assert list(run.rows())


def test_a_running_query_is_cancelled_at_once(guarded):
    """cancel() from another thread ends it within a second."""
    published = guarded[0].home / "catalog.duckdb"
    with run_sql(published, "SELECT i FROM range(100000000000) t(i)", timeout_seconds=60) as run:
        begun = time.monotonic()
        batches = run.batches()
        next(batches)
        threading.Thread(target=run.cancel).start()
        with pytest.raises(Cancelled):
            for _ in batches:
                pass
        assert time.monotonic() - begun < 1.0


def test_mistakes_are_the_operators_to_mend(guarded):
    """An error in the text is a usage error with DuckDB's own words; no catalog is a catalog error."""
    published = guarded[0].home / "catalog.duckdb"
    with pytest.raises(UsageError, match="nope"):
        run_sql(published, "SELECT nope FROM files")
    with pytest.raises(CatalogError):
        run_sql(published.with_name("none.duckdb"), "SELECT 1")


def test_the_stable_views_answer(guarded):
    """Every view that is promised can be asked, and knows the columns that a file row has."""
    lake = guarded[0]
    views = {v for v, _, _ in lake.catalog.reader().schema()}
    promised = {
        "files",
        "findings",
        "reports",
        "runs",
        "challenges",
        "sessions",
        "decisions",
        "events",
        "freshness",
        "alerts",
        "metrics",
    }
    assert promised <= views
    query = " UNION ALL ".join(f"SELECT '{v}', count(*) FROM {v}" for v in sorted(promised))
    with run_sql(lake.home / "catalog.duckdb", query) as run:
        counts = dict(run.rows())
    assert counts["files"] == 5 and counts["decisions"] == 3 and counts["events"] == lake.journal.head
    with run_sql(lake.home / "catalog.duckdb", "SELECT status, count(*) FROM files GROUP BY 1") as run:
        assert dict(run.rows()) == {"promoted": 1, "quarantined": 1, "warned": 1, "pending": 2}
