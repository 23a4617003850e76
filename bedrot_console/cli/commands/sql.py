"""sql: read-only questions to the catalog, and the queries that are kept."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import click

from ...domain.errors import QueryError, UsageError
from ..arguments import Duration
from ..face import Face
from ..frame import command
from ..records import PARTIAL_EXIT
from ..tables import Column

if TYPE_CHECKING:
    from ...operations.workspace import Workspace

TERMINAL_LIMIT = 200


@command(
    example="bedrot sql 'select status, count(*) from files group by status'\nbedrot sql --schema\nbedrot sql --saved late --out late.csv",
    exits=(0, 1, 5, 6, 8, 130),
)
@click.argument("query", required=False, metavar="[QUERY]")
@click.option("--format", "fmt", type=click.Choice(["table", "json", "csv", "parquet"]), help="Default: table, or json with --json, or by the name of --out.")  # fmt: skip
@click.option("--schema", is_flag=True, help="Print the stable views and the table macros with their columns and types.")
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help=f"At most N rows; default {TERMINAL_LIMIT} on a terminal, else all.")  # fmt: skip
@click.option("--timeout", type=Duration(), default=None, metavar="T", help="Stop the query after this long; default 10s, 60s where payloads are read, 30m with --out.")  # fmt: skip
@click.option("--out", metavar="FILE", help="Write all rows to a file: .csv, .jsonl or .parquet. Replaces nothing without --force.")  # fmt: skip
@click.option("--saved", metavar="NAME", help="Run a saved query.")
@click.option("--save", "name", metavar="NAME", help="Save the query under a name instead of running it.")
@click.option(
    "--check", type=click.Choice(["error", "warning"]), help="With --save: its rows are violations; see `bedrot check`."
)
@click.option("--scope", metavar="FEED", help="With --save: the platform or feed that a check looks at.")
@click.option("--about", metavar="TEXT", help="With --save: what it shows.")
@click.option("--remove", metavar="NAME", help="Forget a saved query.")
@click.option("--list", "listed", is_flag=True, help="List saved and starter queries.")
@click.option("--history", is_flag=True, help="Print what you asked lately, in the console and here.")
@click.option("--force", is_flag=True, help="Replace the file of --out, or the query of --save.")
def sql(face: Face, query: str | None, name: str | None, saved: str | None, remove: str | None, **options: Any) -> int:
    """Ask the catalog in SQL, read-only.

    One SELECT or EXPLAIN, as argument or on stdin, answered by a locked-down child process on the published catalog. `raw('distrokid/streams')`
    stands for the rows of that feed's payloads in raw; so do `landing` and `quarantine`. Exit code 1: payloads were left out, which are named.
    """
    from ...operations import queries
    from ...operations import sql as verb

    ws = face.workspace()
    wanted = options.pop("fmt")
    fmt = wanted or ("json" if face.json else "table")
    if options["schema"]:
        _print(face, fmt, ("view", "column", "type"), verb.schema(ws))
    elif options["listed"]:
        _list(face, ws)
    elif options["history"]:
        for text in queries.history(ws):
            face.out.record({"text": text}) if face.json else face.out.line(" ".join(text.split()))
    elif remove is not None:
        queries.remove(ws, remove)
        face.say.note(f"removed {remove}")
    elif name is not None:
        known = query is None and name in {q.name for q in queries.saved(ws)}  # it is declared a check, not typed again
        text = queries.load(ws, name).text if known else _text(query)
        text = queries.declared(text, check=options["check"], scope=options["scope"], about=options["about"])
        kept = queries.save(ws, name, text, replace=options["force"] or known)
        face.say.note(f"saved {kept.name}; run it: bedrot {'check run' if kept.check else 'sql --saved'} {kept.name}")
    else:
        kept = queries.load(ws, saved) if saved is not None else None
        asked = kept.text if kept is not None else _text(query)
        scope = kept.scope if kept is not None and kept.check else None
        try:
            if options["out"] is not None:
                return _export(face, ws, asked, options["out"], options["timeout"], fmt=wanted, force=options["force"])
            return _ask(face, ws, asked, fmt, options["limit"], options["timeout"], scope)
        except QueryError as error:
            _show_place(face, asked, error)
            raise
    return 0


def _text(query: str | None) -> str:
    if query is not None and query != "-":
        return query
    if sys.stdin is None or sys.stdin.isatty():
        raise UsageError("no query", hint="bedrot sql 'select * from files limit 5', or bedrot sql --schema")
    return sys.stdin.read()


def _ask(face: Face, ws: Workspace, text: str, fmt: str, limit: int | None, timeout: float | None, scope: str | None) -> int:
    from ...operations import sql as verb

    if fmt == "parquet":
        raise UsageError("parquet goes to a file", hint="--out FILE.parquet")
    if limit is None and face.out.is_terminal and fmt == "table":
        limit = TERMINAL_LIMIT

    def tell(read: int, files: int) -> None:
        face.say.status(f"{read:,} of {files:,} payloads read")

    try:
        result = verb.query(ws, text, limit_rows=limit, timeout_seconds=timeout, scope=scope, tell=tell)
    finally:
        face.say.status("")
    _print(face, fmt, result.columns, result.rows)
    if result.truncated:
        face.say.note(f"showing {limit:,} rows; --limit N shows more" if limit else "long texts were cut")
    return _tell(face, result.notes, result.partial)


def _export(face: Face, ws: Workspace, text: str, out: str, timeout: float | None, *, fmt: str | None, force: bool) -> int:
    from ...operations import answers, exporting

    path = exporting.target(ws, out, replace=force)
    fmt = exporting.format_of(path, fmt)
    limit = timeout or exporting.TIME_SECONDS
    export = exporting.Export(ws, answers.answer(ws, text), path, fmt, replace=force, time_seconds=limit)
    done = export.write(lambda rows: face.say.status(f"{rows:,} rows"))
    face.say.status("")
    if face.json:
        face.out.record({"path": str(done.path), "rows": done.rows, "size_bytes": done.size_bytes, "format": export.fmt})
    else:
        face.say.note(f"{done.rows:,} rows in {done.path}")
    return _tell(face, done.notes, done.partial)


def _tell(face: Face, notes: Sequence[str], partial: bool) -> int:
    """What to know of the payloads that were read; the exit code."""
    for note in notes:
        face.say.note(note)
    return PARTIAL_EXIT if partial else 0


def _list(face: Face, ws: Workspace) -> None:
    from ...operations import queries
    from ...operations import sql as verb

    found = [(q.name, f"check: {q.check}" if q.check else "saved", q.scope, q.about, q.body) for q in queries.saved(ws)]
    found += [(name, "starter", "", "", text) for name, text in verb.STARTERS]
    if face.json:
        for name, kind, scope, about, text in found:
            face.out.record({"name": name, "kind": kind, "scope": scope, "about": about, "text": text})
        return
    columns = [Column("name", least=8), Column("kind", least=7), Column("scope", least=8, drop=1), Column("query", least=20)]
    face.out.table(columns, ((n, k, s, a or " ".join(t.split())) for n, k, s, a, t in found))


def _show_place(face: Face, text: str, error: QueryError) -> None:
    """The line of the text that the engine complains of, with a caret under the place."""
    if error.place is None or face.json:
        return
    line, column = error.place
    shown = (text.splitlines() or [""])[line - 1 : line]
    if shown:
        start = max(0, column - 60)
        face.say.note(f"line {line}: {shown[0][start : start + 100]}")
        face.say.note(" " * (len(f"line {line}: ") + column - 1 - start) + "^")


def _print(face: Face, fmt: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    from ...operations.exporting import csv_line, distinct, record

    if fmt == "json":
        names = distinct(columns)
        for row in rows:
            face.out.record(record(names, row))
    elif fmt == "csv":
        from itertools import chain

        for row in chain([columns], rows):
            face.out.line(csv_line(row)) if face.out.is_terminal else face.out.data((csv_line(row) + "\n").encode())
    else:
        shown = ([_cell(v) for v in row] for row in rows)
        face.out.table([Column(name, least=min(8, max(4, len(name)))) for name in columns], shown, always=True)


def _cell(value: Any) -> str:
    return "NULL" if value is None else str(value)
