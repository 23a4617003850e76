"""The numbers that `status` shows, as one small JSON file. Written by the apply step; read without duckdb.

Must never import duckdb: a cold `bedrot status` reads this and nothing else of the catalog.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

SCHEMA = 1


def catalog_folder(home: Path) -> Path:
    """`.bedrot/catalog`: the private side of the catalog."""
    return home / ".bedrot" / "catalog"


def summary_path(home: Path) -> Path:
    """Where the summary lies."""
    return catalog_folder(home) / "summary.json"


def read_summary(home: Path) -> dict[str, Any] | None:
    """The summary, or None if there is none yet or it cannot be read.

    Keys: `applied_seq` (newest journal event it knows), `made_at`, `published_at` (of `catalog.duckdb`, or None), `files`, `bytes`,
    `pending`, `zones` {zone: {files, bytes}},
    `statuses` {status: files}, `waiting_since` {failed | warned: landing time of the oldest in landing}, `counts` [{zone, platform, feed, account, verdict, status, files, bytes}], `freshness` [{platform,
    feed, account, series, as_of, captured_at, landed_at, last_landed_at}] (the first three of good captures only), `needs_operator`
    [{item, platform, account, run, code, command, raised_at}], `alerts` [{alert, code, subject, raised_at}], `challenges` (open
    ones), `runs` (newest first), `sessions`. Times are text in UTC.
    """
    try:
        with open(summary_path(home), "rb") as file:
            found = json.loads(file.read())
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) and found.get("schema") == SCHEMA else None


def write_private(path: Path, data: bytes) -> None:
    """Replace a small private file whole, by rename. Not synced: it can always be made again."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        os.write(fd, data)
    finally:
        os.close(fd)
    os.rename(temporary, path)


def write_summary(home: Path, summary: dict[str, Any]) -> None:
    """Write the summary whole."""
    write_private(summary_path(home), json.dumps({**summary, "schema": SCHEMA}, ensure_ascii=False).encode() + b"\n")
