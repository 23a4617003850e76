"""Three hundred SQL statements by somebody who wants more than answers.

Run as a script it is the locked-down child with many statements on its connection instead of one: `hostile_sql.py CATALOG SECONDS`, one JSON text a line on
stdin, and for each one line on stdout with what the child said of it.
"""

from __future__ import annotations

CANARY = "the-canary-nobody-may-read"

TARGETS = ("{secret}", "/etc/passwd", "/proc/self/environ", "{home}/.bedrot/journal.jsonl")
READERS = (
    "read_text", "read_blob", "read_csv", "read_csv_auto", "sniff_csv", "read_json", "read_json_auto", "read_json_objects",
    "read_ndjson", "read_ndjson_auto", "read_ndjson_objects", "read_parquet", "parquet_scan", "parquet_metadata", "parquet_schema",
    "parquet_file_metadata", "parquet_kv_metadata", "glob",
)  # fmt: skip
PLACES = (
    "SELECT (SELECT first(content) FROM {x}) AS c",
    "WITH a AS (SELECT * FROM {x}) SELECT * FROM a",
    "WITH a AS MATERIALIZED (FROM {x}) FROM a",
    "WITH RECURSIVE a AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM a, {x} WHERE n < 2) FROM a",
    "SELECT 1 WHERE EXISTS (SELECT * FROM {x})",
    "SELECT * FROM files f, LATERAL (SELECT * FROM {x}) l",
    "SELECT id FROM files UNION ALL SELECT content FROM {x}",
    "FROM (FROM (FROM {x}))",
    "DESCRIBE SELECT * FROM {x}",
    "SUMMARIZE SELECT * FROM {x}",
    "EXPLAIN SELECT * FROM {x}",
    "EXPLAIN ANALYZE SELECT * FROM {x}",
    "FROM query('SELECT * FROM {y}')",
    "SELECT list(content) FROM {x}",
    "SELECT * FROM {x} ORDER BY 1 LIMIT 1 OFFSET 0",
    "SELECT content AS a FROM {x} QUALIFY row_number() OVER () = 1",
    "PIVOT {x} ON content USING count(*)",
    "UNPIVOT (SELECT content FROM {x}) ON content",
    "FROM {x} POSITIONAL JOIN files",
    "VALUES ((SELECT content FROM {x}))",
)
PATHS = (
    "'{secret}'", "'{home}/catalog.duckdb'", "'{home}/.bedrot/catalog/work.duckdb'", "'file://{secret}'", "'https://example.com/x.csv'",
    "'s3://bucket/x.parquet'", "'/proc/self/maps'", "'/proc/self/mem'", "'/dev/stdin'", "'/dev/fd/0'", "'/dev/tty'", "'{home}/../secret.csv'",
    "'{home}/*'", "'/etc/*.conf'", "'~/.ssh/id_ed25519'", "'hf://datasets/x/y.csv'",
)  # fmt: skip
SETTINGS = (
    "threads", "memory_limit", "temp_directory", "enable_external_access", "lock_configuration", "allowed_paths", "allowed_directories",
    "allow_unsigned_extensions", "extension_directory", "custom_extension_repository", "home_directory", "secret_directory",
    "log_query_path", "profiling_output", "enable_profiling", "max_execution_time", "errors_as_json", "python_enable_replacements",
    "enable_logging", "search_path", "schema", "default_null_order", "file_search_path", "http_proxy", "autoinstall_known_extensions",
    "autoload_known_extensions", "allow_community_extensions", "storage_compatibility_version", "wal_autocheckpoint", "max_temp_directory_size",
)  # fmt: skip
STATEMENTS = (
    "INSERT INTO base.files SELECT * FROM base.files", "UPDATE base.meta SET applied_seq = 0", "DELETE FROM base.files",
    "TRUNCATE base.files", "DROP TABLE base.files", "DROP VIEW files", "DROP SCHEMA base CASCADE", "ALTER TABLE base.files ADD COLUMN x INT",
    "ALTER VIEW files RENAME TO f", "CREATE TABLE x AS SELECT 1", "CREATE TEMP TABLE x AS SELECT 1", "CREATE OR REPLACE VIEW files AS SELECT 1",
    "CREATE MACRO m() AS 1", "CREATE TYPE t AS ENUM ('a')", "CREATE SEQUENCE s", "CREATE INDEX i ON base.files (id)", "CREATE SCHEMA s",
    "WITH a AS (SELECT 1) INSERT INTO base.meta SELECT 1, 1, ''", "MERGE INTO base.meta USING base.files ON true WHEN MATCHED THEN DELETE",
    "ATTACH '{out}/other.duckdb'", "ATTACH ':memory:' AS m", "ATTACH '{home}/.bedrot/catalog/work.duckdb' AS w", "DETACH catalog", "USE catalog",
    "COPY (SELECT 1) TO '{out}/x.csv'", "COPY (SELECT 1) TO '{out}/x.parquet' (FORMAT parquet)", "COPY (SELECT 1) TO '/dev/stdout'",
    "COPY (SELECT '{canary}'::BLOB) TO '{home}/catalog.duckdb.wal' (FORMAT blob)", "COPY base.meta FROM '{secret}'",
    "COPY FROM DATABASE catalog TO m", "EXPORT DATABASE '{out}'", "IMPORT DATABASE '{out}'", "INSTALL httpfs", "INSTALL '{secret}'",
    "FORCE INSTALL json", "LOAD '{secret}'", "LOAD httpfs", "UPDATE EXTENSIONS", "PRAGMA database_list", "PRAGMA enable_profiling",
    "PRAGMA database_size", "PRAGMA enable_checkpoint_on_shutdown", "CALL enable_logging(storage = 'file')",
    "CALL pragma_version()", "CALL force_checkpoint()", "CHECKPOINT", "FORCE CHECKPOINT", "VACUUM", "ANALYZE", "BEGIN", "COMMIT", "ROLLBACK",
    "PREPARE p AS SELECT 1", "EXECUTE p", "DEALLOCATE p", "CREATE SECRET s (TYPE s3, KEY_ID 'a', SECRET 'b')", "DROP SECRET s",
    "SET VARIABLE v = 1", "RESET VARIABLE v", "SELECT 1; SELECT 2", "SELECT 1; COPY (SELECT 1) TO '{out}/x.csv'", "SELECT 1;;DROP VIEW files",
    "COMMENT ON VIEW files IS 'x'", ".read {secret}", "\\! touch {out}/x", "!touch {out}/x", "SELECT 1) AS q(c0) UNION ALL SELECT content FROM read_text('{secret}'",
    "SELECT 1) TO '{out}/x.csv' --", "SELECT * FROM (VALUES (1)) -- ) x", "SELECT 1 /* unfinished", "\x00SELECT 1", "SELECT 1\x00; DROP VIEW files",
    "", ";", "--", "/**/", "EXPLAIN", "EXPLAIN ANALYZE DELETE FROM base.files", "EXPLAIN ANALYZE COPY (SELECT 1) TO '{out}/z.csv'",
    "EXPLAIN INSERT INTO base.meta SELECT 1, 1, ''", "EXPLAIN EXPLAIN SELECT 1", "SELECT " + "(" * 1000 + "1" + ")" * 1000,
    "SELECT * FROM query('COPY (SELECT 1) TO ''{out}/y.csv''')", "SELECT * FROM query_table('{secret}')",
    "SELECT * FROM json_execute_serialized_sql('x')", "SELECT json_execute_serialized_sql(json_serialize_sql('SELECT 1'))",
    "SELECT * FROM enable_logging(storage = 'file', storage_path = '{out}/log')", "SELECT write_log('{canary}', scope := 'database')",
    "SELECT * FROM duckdb_secrets()", "SELECT * FROM which_secret('{secret}', 's3')", "SELECT getenv('HOME')", "SELECT current_setting('home_directory')",
    "SELECT * FROM duckdb_temporary_files()", "SELECT * FROM duckdb_extensions() WHERE install_path LIKE '%{secret}%'",
    "SELECT nextval('s')", "SELECT * FROM read_duckdb('{home}/.bedrot/catalog/work.duckdb')", "SELECT * FROM sqlite_scan('{secret}', 't')",
    "SELECT * FROM postgres_scan('host=localhost', 'public', 't')", "SELECT * FROM arrow_scan(1, 2, 3)", "SELECT * FROM pandas_scan(140000000000000)",
    "SELECT * FROM python_map_function(1)", "SELECT * FROM seq_scan(1)", "SELECT * FROM checkpoint('catalog')", "SELECT * FROM test_all_types()",
    "SELECT * FROM os", "SELECT * FROM text", "SELECT * FROM job", "SELECT * FROM connection", "SELECT * FROM reservoir_quantile(1)",
)  # fmt: skip
HEAVY = (
    "SELECT count(*) FROM range(100000000000) a, range(1000000) b",
    "SELECT length(repeat('x', 1000000000))",
    "SELECT repeat('x', 4000000000)",
    "SELECT string_agg(repeat('x', 1000000), '') FROM range(100000)",
    "WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r) SELECT max(n) FROM r",
    "SELECT unnest(range(1000000000)) AS n ORDER BY hash(n)",
    "SELECT list(i) FROM range(1000000000) t(i)",
    "SELECT count(DISTINCT hash(i)) FROM range(10000000000) t(i)",
    "SELECT regexp_matches(repeat('a', 100000), '(a*)*b') FROM range(1000000)",
    "SELECT i, count(*) FROM range(1000000000) t(i) GROUP BY i",
    "SELECT * FROM range(1000000) a JOIN range(1000000) b ON a.range <> b.range ORDER BY 1 DESC",
    "SELECT levenshtein(repeat('a', 30000), repeat('b', 30000)) FROM range(1000)",
    "SELECT sum(sin(i)) OVER (ORDER BY hash(i)) FROM range(1000000000) t(i)",
    "SELECT list_sort(range(100000000), 'DESC')",
    "SELECT factorial(100000)",
    "SELECT rpad('', 2000000000, 'x')",
    "SELECT " + " + ".join(["1"] * 20000),
    "SELECT " + "CASE WHEN true THEN " * 300 + "1" + " END" * 300,
)

MACRO_STATEMENTS = (
    "FROM raw((SELECT content FROM read_text('{secret}')))", "FROM raw(getenv('CANARY'))", "FROM raw('x/y', account := read_text('{secret}'))",
    "FROM raw('x\x1f\x1f\x1f\x1f\x1f')", "FROM raw('x'' UNION SELECT * FROM read_text(''{secret}'') --')", "FROM query_table('raw' || '{secret}')",
    "FROM raw('a\" UNION ALL BY NAME SELECT * FROM read_text(''{secret}'')')", "CREATE MACRO raw(a) AS TABLE FROM read_text(a)", "DROP MACRO TABLE raw",
    "CREATE OR REPLACE TEMP MACRO landing(a) AS TABLE FROM read_text(a)", "INSERT INTO temp.main.x SELECT 1", "SELECT * FROM files, raw(path)",
    "EXPLAIN ANALYZE FROM raw('{secret}')", "SUMMARIZE FROM landing('{secret}')", "SELECT (FROM raw('{secret}'))", "CALL raw('{secret}')",
)  # fmt: skip

HOSTILE: tuple[str, ...] = (
    *(f"SELECT * FROM {reader}('{target}')" for reader in READERS for target in TARGETS),
    *(p.replace("{x}", "read_text('{secret}')").replace("{y}", "read_text(''{secret}'')") for p in PLACES),
    *(f"SELECT * FROM {path}" for path in PATHS),
    *(f"SET {name} = '{{out}}/x'" for name in SETTINGS),
    *(f"SET GLOBAL {name} = 1" for name in SETTINGS[:12]),
    *(f"RESET {name}" for name in SETTINGS[:12]),
    *(f"PRAGMA {name} = '{{out}}/x'" for name in SETTINGS[:12]),
    *(f"CALL {reader}('{{secret}}')" for reader in READERS),
    *STATEMENTS,
    *(f"SELECT * FROM {macro}('{target}')" for macro in ("landing", "raw", "quarantine") for target in TARGETS[:6]),
    *MACRO_STATEMENTS,
)


def main() -> int:
    import io
    import json
    import sys
    from pathlib import Path

    sys.path.insert(0, str(Path(__file__).parents[2] / "bedrot_console" / "catalog"))
    import duckdb
    import sql_child

    path, seconds = sys.argv[1], float(sys.argv[2])
    sql_child.limit(600)
    sql_child.confine(path)
    connection = sql_child.connect(duckdb, path, seconds)
    arguments = ["feed", "account", "series", "since", "last"]
    sql_child.create_macros(connection, {"macros": ["landing", "raw", "quarantine"], "arguments": arguments, "separator": "\x1f"})
    sql_child.connect = lambda *_: connection
    for line in sys.stdin:
        said = io.BytesIO()
        job = {"path": path, "text": json.loads(line), "limit_rows": 100, "timeout_seconds": seconds}
        try:
            sql_child.run(duckdb, job, said)
        except (sql_child.Refused, MemoryError) as error:
            said.write(json.dumps({"error": str(error), "kind": type(error).__name__}).encode())
        print(json.dumps(said.getvalue().decode()), flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
