"""What stages say of rows and columns: how a table was read, which of its rows do not fit, which keys repeat."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from bedrot_console.domain.feeds import Feed
from bedrot_console.domain.findings import Finding

from . import schema
from .checks import quoted
from .contents import Table
from .texts import error, masked, note

_REJECT_WORDS = {
    "type": "is not of the declared type",
    "short": "the row has too few cells",
    "long": "the row has too many cells",
    "quote": "a quote does not close",
    "encoding": "the bytes are not in the declared encoding",
    "length": "the row is too long",
}


def form(feed: Feed, table: Table) -> Iterable[Finding]:
    """How a table was read, and whether it comes to its end."""
    if table.notes:
        yield note("format.repaired", "read in another form than plain: " + ", ".join(table.notes))
    last = table.rejects[-1] if table.rejects else None
    if last is not None and not table.final_newline and last.kind in ("short", "quote", "type") and last.row >= table.line_count:
        yield error(
            "format.truncated",
            "the last line ends too early",
            row=last.row,
            expected=f"{len(table.columns)} cells and a line end",
        )
    elif not table.final_newline and feed.options.get("final_newline"):
        yield error("format.truncated", "the last line has no line end", expected="a line end")
    elif not table.final_newline and not table.rejects:
        yield note("format.no-final-newline", "the last line has no line end")


def rows(table: Table) -> Iterable[Finding]:
    """Columns that the feed does not know, and rows that do not fit it: the first of each kind by name, the rest by number."""
    for name in table.unknown:
        yield note("schema.drift", f"a column that the feed does not know: {name[:60]}", row=1, column=name[:60], seen=name[:60])
    named: dict[tuple[str, str | None], int] = {}
    for reject in table.rejects:
        group = (reject.kind, reject.column)
        named[group] = named.get(group, 0) + 1
        if named[group] <= schema.NAMED_PER_CODE:
            what = f"{reject.column} {_REJECT_WORDS['type']}" if reject.kind == "type" else _REJECT_WORDS[reject.kind]
            yield error(
                f"schema.row-{reject.kind}",
                what,
                row=reject.row,
                column=reject.column,
                expected=reject.expected,
                seen=reject.seen,
            )
    for (kind, column), count in named.items():
        if count > schema.NAMED_PER_CODE:
            more = count - schema.NAMED_PER_CODE
            yield error(f"schema.row-{kind}", f"and so in {more} more rows", column=column, count=more)
    if table.reject_count > len({r.row for r in table.rejects}):
        yield error("schema.rows", f"{table.reject_count} rows were refused in all", count=table.reject_count)


def keys_once(feed: Feed, content: Any) -> Iterable[Finding]:
    """A key names one row, in tables and in what else has columns."""
    key = feed.key
    if not key or feed.options.get("key_repeats") or not set(key) <= set(content.columns):
        return
    if isinstance(content, Table):
        names = ", ".join(quoted(c) for c in key)
        count = content.query(f"SELECT count(*) - count(DISTINCT ({names})) FROM data")[0][0]
        if count:
            yield error("consistency.key-repeats", f"rows repeat the key {', '.join(key)}", count=count)
        return
    names: list[Any] = list(zip(*map(content.column, key), strict=True)) if len(key) > 1 else content.column(key[0])
    try:
        if len(set(names)) == len(names):
            return
    except TypeError:
        names = list(map(repr, names))
    seen: set[Any] = set()
    repeats = []
    for index, name in enumerate(names):
        if name in seen:
            repeats.append(index)
        seen.add(name)
    if repeats:
        place = content.place(repeats[0], key[0])
        shown = masked(content.records[repeats[0]].get(key[0]))
        yield error(
            "consistency.key-repeats", f"rows repeat the key {', '.join(key)}", place=place, seen=shown, count=len(repeats)
        )
