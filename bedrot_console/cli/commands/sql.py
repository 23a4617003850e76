"""sql: read-only questions to the catalog."""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Iterable, Sequence
from decimal import Decimal
from itertools import chain
from typing import Any

import click

from ...domain.errors import UsageError
from ..arguments import Duration
from ..face import Face
from ..frame import command
from ..tables import Column

TERMINAL_LIMIT = 200
FORMULA = ("=", "+", "-", "@", "\t", "\r")


@command(example="bedrot sql 'select status, count(*) from files group by status'\nbedrot sql --schema", exits=(0, 6))
@click.argument("query", required=False, metavar="[QUERY]")
@click.option("--format", "fmt", type=click.Choice(["table", "json", "csv"]), help="Default: table, or json with --json.")
@click.option("--schema", is_flag=True, help="Print the stable views with their columns and types.")
@click.option(
    "--limit", type=click.IntRange(min=1), metavar="N", help=f"At most N rows; default {TERMINAL_LIMIT} on a terminal, else all."
)
@click.option("--timeout", type=Duration(), default=10.0, metavar="T", help="Stop the query after this long; default 10s.")
def sql(face: Face, query: str | None, fmt: str | None, schema: bool, limit: int | None, timeout: float) -> None:
    """Ask the catalog in SQL, read-only.

    One SELECT or EXPLAIN, as argument or on stdin, answered by a locked-down child process on the published catalog.
    """
    from ...operations import sql as verb

    ws = face.workspace()
    fmt = fmt or ("json" if face.json else "table")
    if schema:
        _print(face, fmt, ("view", "column", "type"), verb.schema(ws))
        return
    if query is None or query == "-":
        if sys.stdin is None or sys.stdin.isatty():
            raise UsageError("no query", hint="bedrot sql 'select * from files limit 5', or bedrot sql --schema")
        query = sys.stdin.read()
    if limit is None and face.out.is_terminal and fmt == "table":
        limit = TERMINAL_LIMIT
    result = verb.query(ws, query, limit_rows=limit, timeout_seconds=timeout)
    _print(face, fmt, result.columns, result.rows)
    if result.truncated:
        face.say.note(f"showing {limit:,} rows; --limit")


def _print(face: Face, fmt: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    if fmt == "json":
        names = _distinct(columns)
        for row in rows:
            face.out.record(dict(zip(names, (_finite(v) for v in row), strict=True)))
    elif fmt == "csv":
        for row in chain([columns], rows):
            face.out.line(csv_line(row)) if face.out.is_terminal else face.out.data((csv_line(row) + "\n").encode())
    else:
        shown = ([_cell(v) for v in row] for row in rows)
        face.out.table([Column(name, least=min(8, max(4, len(name)))) for name in columns], shown, always=True)


def _distinct(columns: Sequence[str]) -> list[str]:
    seen: dict[str, int] = {}
    out = []
    for name in columns:
        seen[name] = seen.get(name, 0) + 1
        out.append(name if seen[name] == 1 else f"{name}_{seen[name]}")
    return out


def _finite(value: Any) -> Any:
    return str(value) if isinstance(value, float) and value - value != 0 else value


def _cell(value: Any) -> str:
    return "NULL" if value is None else str(value)


def csv_line(row: Sequence[Any]) -> str:
    """One CSV line (RFC 4180) without its end. A text that a spreadsheet would run as a formula gets an apostrophe in front."""
    out = io.StringIO()
    csv.writer(out, lineterminator="").writerow([_harmless(v) for v in row])
    return out.getvalue()


def _harmless(value: Any) -> Any:
    if value is None or isinstance(value, (int, float, Decimal)):
        return value
    text = str(value)
    return "'" + text if text.startswith(FORMULA) else text
