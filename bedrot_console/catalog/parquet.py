"""Rows of an answer as a Parquet file, written by an engine that sees these rows and nothing else, no foreign SQL among them."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from ..domain.errors import CatalogError
from .schema import quoted, text

_PLAIN_TYPE = re.compile(r"[A-Z][A-Z0-9_ ]*(\(\d+(,\s*\d+)?\))?(\[\])?")
"""Types whose text says all of it; a column of any other is written as text."""


def write_parquet(batches: Iterable[Sequence[Sequence[Any]]], columns: Sequence[str], types: Sequence[str], target: Path) -> None:
    """Write rows as `SqlRun` gives them, each column in its own type and under its own name (no name twice), to a file that is replaced.

    Raises:
        CatalogError: the engine could not.
    """
    import duckdb

    names = [f"c{i}" for i in range(len(columns))]
    with tempfile.TemporaryFile("w", encoding="ascii", dir=target.parent) as rows:
        for batch in batches:
            for row in batch:
                values = (v if v is None or isinstance(v, str) else json.dumps(v) for v in row)
                rows.write(json.dumps(dict(zip(names, values, strict=True))) + "\n")
        rows.flush()
        shown = ", ".join(f"{_cast(n, kind)} AS {quoted(c)}" for n, kind, c in zip(names, types, columns, strict=True))
        given = ", ".join(f"{n}: 'VARCHAR'" for n in names)
        source = f"read_json('/proc/self/fd/{rows.fileno()}', format = 'newline_delimited', columns = {{{given}}}, maximum_object_size = {32 << 20})"
        connection = duckdb.connect(":memory:", config={"memory_limit": "512MB", "threads": 1, "temp_directory": ""})
        try:
            connection.execute("SET preserve_insertion_order = true")
            connection.execute(f"COPY (SELECT {shown} FROM {source}) TO {text(str(target))} (FORMAT parquet)")
            target.chmod(0o600)
        except duckdb.Error as error:
            raise CatalogError(
                f"cannot be written as Parquet: {' '.join(str(error).split())}", hint="csv and json can"
            ) from error
        finally:
            connection.close()


def _cast(name: str, kind: str) -> str:
    """The column in its type. Lists, structs and what is made of them stay DuckDB's own text of them."""
    if kind in ("VARCHAR", "NULL", '"NULL"') or not _PLAIN_TYPE.fullmatch(kind) or kind.endswith("[]"):
        return name
    if kind in ("HUGEINT", "UHUGEINT"):  # Parquet has none; as DECIMAL a sum stays exact
        kind = "DECIMAL(38,0)"
    return f"CAST({name} AS {kind})"
