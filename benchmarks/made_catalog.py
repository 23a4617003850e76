"""A home whose published catalog knows N files that were never landed: made inside the catalog, with the columns and spread of a real one."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from bedrot_console.catalog import schema  # noqa: E402
from bedrot_console.catalog.apply import mark_of  # noqa: E402
from bedrot_console.catalog.gate import Database, born  # noqa: E402
from bedrot_console.catalog.shapes import shape_sql  # noqa: E402
from bedrot_console.catalog.store import Catalog  # noqa: E402
from bedrot_console.domain.events import Event  # noqa: E402
from bedrot_console.resilience import SystemClock  # noqa: E402
from bedrot_console.security.journal import FileJournal  # noqa: E402

START = datetime(2016, 1, 1, tzinfo=UTC)
FEEDS = ("distrokid/streams", "distrokid/applemusic", "distrokid/sales", "metaads/ads", "metaads/insights")
ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
STEP = 500_000


def fill(home: Path, files: int, journal: Any = None) -> Catalog:
    """A home whose catalog knows `files` files, landed evenly since 2016; the newest hundredth still waits in landing.

    Args:
        journal: whose last event the catalog is stamped with; None: a real one, with one event, so that the console takes the home as it is.
    """
    if journal is None:
        (home / ".bedrot").mkdir(parents=True, mode=0o700)
        journal = FileJournal(home / ".bedrot" / "journal", SystemClock())
        journal.append([Event(kind="queried", at=START, actor="uid:0", data={})])
    *_, last = journal.read()
    catalog = Catalog(home, journal, SystemClock(), reports=lambda event: None, walk=lambda: iter(()))
    catalog.folder.mkdir(parents=True)
    born(catalog.work)
    columns = ", ".join(f"{sql} AS {schema.quoted(c)}" for c, sql in _columns(files).items())
    database = Database(catalog.work, read_only=False)
    ask = database.connection.execute
    for low in range(0, files, STEP):
        ask(f"INSERT INTO base.files SELECT {columns} FROM range({low}, {min(files, low + STEP)}) t(i)")
    ask(
        "INSERT INTO base.tally SELECT zone, platform, feed, account, verdict, count(*), sum(size_bytes) FROM base.files GROUP BY ALL"
    )
    ask(
        "INSERT INTO base.freshness SELECT platform, feed, account, series, max(as_of), max(captured_at), max(landed_at), max(landed_at)"
        " FROM base.files GROUP BY ALL"
    )
    ask("UPDATE base.meta SET applied_seq = $1, mark = $2", [journal.head, mark_of(last)])
    ask("CHECKPOINT catalog")
    database.close()
    catalog.catch_up(publish="now")
    return catalog


def _columns(files: int) -> dict[str, str]:
    """Column of `base.files` -> its SQL over `i`, in the table's order."""
    step = int((datetime.now(UTC) - START).total_seconds() * 1000 / files)
    ms = f"({int(START.timestamp() * 1000)} + i * {step})"
    letters = " || ".join(f"substr('{ALPHABET}', (({ms} >> {shift}) & 31)::INTEGER + 1, 1)" for shift in range(40, -1, -5))
    tail = " || ".join(f"substr('{ALPHABET}', ((hash(i) >> {shift}) & 31)::INTEGER + 1, 1)" for shift in range(0, 55, 5))
    shape, stamp = shape_sql("path")
    feeds = "['" + "', '".join(FEEDS) + "'][i % 5 + 1]"
    values = {
        "id": f"{letters} || {tail}", "platform": f"split_part({feeds}, '/', 1)", "feed": feeds, "account": "'default'", "series": "''",
        "zone": f"CASE WHEN i > {files * 0.99} THEN 'landing' WHEN i % 20 = 0 THEN 'quarantine' ELSE 'raw' END",
        "verdict": f"CASE WHEN i > {files * 0.995} THEN NULL WHEN i % 20 = 0 THEN 'failed' WHEN i % 7 = 0 THEN 'warned' ELSE 'passed' END",
        "path": f"{feeds} || strftime(epoch_ms({ms}), '/%Y/%m/') || replace({feeds}, '/', '_') || strftime(epoch_ms({ms}), '_%Y%m%d_%H%M%S') || '.json'",
        "size_bytes": "20000 + hash(i) % 100000", "sha256": "sha256(i::VARCHAR)", "captured_at": f"epoch_ms({ms})", "landed_at": f"epoch_ms({ms})",
        "as_of": f"epoch_ms({ms})::DATE", "run_id": f"{letters} || '00000000000'", "set_id": "NULL", "method": "'browser'",
        "media_type": "'application/json'", "source_system": "'example.com'", "extractor_version": "'1.0'",
        "report_id": f"{letters} || 'zzzzzzzzzzz'", "rules": "'0123456789abcdef'", "errors": "(i % 20 = 0)::INTEGER", "warnings": "0", "rows": "i % 400",
        "content_sha256": "sha256('c' || i)", "first_code": "CASE WHEN i % 20 = 0 THEN 'format.sign-in-page' END",
        "shape": shape, "stamp": stamp, "path_fp": "hash(i)", "sha_fp": "('0x' || substr(sha256(i::VARCHAR), 1, 16))::UBIGINT",
    }  # fmt: skip
    return {column: values[column] for column in schema.TABLES["files"]}
