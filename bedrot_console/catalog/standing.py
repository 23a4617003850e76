"""How the published catalog stands, told from outside: by one `stat` and the small state beside it.

Must never import duckdb, nor much else: a cold `bedrot status` asks this.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

from .summary import catalog_folder

VERSION = 3
"""Stamp of the tables' shape. A file with a higher one is refused (CatalogTooNew)."""

Print = tuple[int, int]
"""(size, mtime in ns): what a file is recognised by again. Survives a backup that keeps times."""


def print_of(path: Path) -> Print | None:
    """The file's print; None if it is not a regular file."""
    try:
        found = os.lstat(path)
    except OSError:
        return None
    return (found.st_size, found.st_mtime_ns) if os.path.isfile(path) and not os.path.islink(path) else None


def standing(home: Path) -> str:
    """How the published catalog stands, by a look from outside: `whole`, `missing`, `changed` (not as the last writer left it), `old` or
    `new` (a program of that kind wrote it). One that is just being written is whole."""
    found = _standing(home)
    if found in ("whole", "old", "new"):
        return found
    try:
        lock = os.open(catalog_folder(home) / "lock", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return found
    import fcntl  # where nothing is wrong it is not needed

    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        return _standing(home)
    except BlockingIOError:
        return "whole"
    finally:
        os.close(lock)


def _standing(home: Path) -> str:
    published = home / "catalog.duckdb"
    if not os.path.lexists(published):
        return "missing"
    try:
        with open(catalog_folder(home) / "state.json", "rb") as file:
            left = json.loads(file.read())
        if left["version"] != VERSION:
            return "old" if left["version"] < VERSION else "new"
        return "whole" if left["published"] == list(print_of(published) or ()) else "changed"
    except (OSError, ValueError, KeyError, TypeError):
        return "changed"
