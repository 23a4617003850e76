"""What an error of DuckDB or of the disk means: a file that is not whole, a question that is wrong, or a disk, a lock or a limit in the way.

Facts about DuckDB 2.0.0, seen on 1,200 damaged files: rot in the file or in its write-ahead log comes out as plain `duckdb.Error`, a file
cut short as IOException. Documented (duckdb.org, "Internal errors"): after an internal or fatal error, which a question alone can bring
about, the instance that met it refuses everything else.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..domain.errors import CatalogBusy, CatalogDisk, CatalogError, CatalogTooNew
from . import schema
from .engine import duckdb

ROT = re.compile(r"corrupt|checksum|WAL file|not a valid DuckDB database|enough bytes", re.IGNORECASE)
"""Words by which DuckDB says itself that the file is not whole."""
DISK = re.compile(r"No space left|Disk quota|Permission denied|Too many open files")
OF_THE_QUESTION = (duckdb.ProgrammingError, duckdb.DataError, duckdb.IntegrityError, duckdb.NotSupportedError)
"""What DuckDB finds wrong with a question before or while it computes; rot of the bytes is none of these, missing tables are."""
GIVEN_UP = (duckdb.FatalException, duckdb.InternalException)
"""After these the instance refuses everything."""

BY_A_WRITER = "bedrot files, by whoever may write the home, and not read-only"
"""What makes a catalog, or brings it up to date, where this process may not."""

Sound = Callable[[bool], bool]


class CatalogDamaged(CatalogError):
    """The catalog file is not whole. It is set aside and made again from sidecars and journal."""


class CatalogCramped(CatalogError):
    """The question needs more memory than it may have."""

    hint = "ask for less: a filter, a limit"


class QuestionFailed(CatalogError):
    """The catalog is whole and did not answer: a fault of this program or of DuckDB. Making the catalog anew would not help."""

    hint = "bedrot doctor"


def translated(error: duckdb.Error | OSError, path: Path, sound: Sound | None = None) -> CatalogError:
    """What an error of DuckDB or of the disk means here.

    Args:
        sound: looks at the file itself, at its tables and columns, or (True) also at every value in them. Asked where the error leaves open
            which of file and question is wrong. None: every whole file answers this question.
    """
    words = str(error)
    said = next(iter(words.splitlines()), type(error).__name__)[:200]
    if isinstance(error, duckdb.InterruptException):
        return CatalogError("the question to the catalog was dropped")
    if isinstance(error, duckdb.OutOfMemoryException):
        return CatalogCramped("the question to the catalog needs more memory than it may have")
    if "Could not set lock" in words or "Conflicting lock" in words:
        return CatalogBusy(f"another program holds {path.name}: {said}")
    if "with version number" in words or "newer version of DuckDB" in words:
        return CatalogTooNew(f"{path.name} was written by a newer DuckDB")
    if isinstance(error, OSError) or DISK.search(words):
        return CatalogDisk(f"the catalog cannot be used: {said}")
    if sound is not None and not ROT.search(words) and sound(not isinstance(error, OF_THE_QUESTION)):
        return QuestionFailed(f"the catalog did not answer: {said}")
    return CatalogDamaged(f"{path.name} is damaged: {said}")


def has_shape(cursor: Any) -> bool:
    """Whether the catalog that is attached has every table, column and view of this version. Raises duckdb.Error."""
    found = set(
        cursor.execute(
            "SELECT schema_name, table_name, column_name FROM duckdb_columns() WHERE database_name = 'catalog' AND NOT internal"
        ).fetchall()
    )
    columns = {("base", table, column) for table, listed in schema.TABLES.items() for column in listed}
    return columns <= found and {("main", view) for view in schema.VIEWS} <= {line[:2] for line in found}


def digest(connection: Any) -> dict[str, tuple[Any, ...]]:
    """Table -> (rows, two hashes over all rows in any order). Reads every column of every table. Raises duckdb.Error."""
    return {
        table: connection.execute(
            f"SELECT count(*), bit_xor(hash(t)), sum(hash(t)::HUGEINT % 1000000007) FROM base.{table} t"
        ).fetchone()
        for table in schema.TABLES
    }
