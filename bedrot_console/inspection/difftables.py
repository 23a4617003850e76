"""Two tables of one feed compared inside DuckDB: exact counts at millions of rows, and only what is shown leaves it.

Both files are read once into memory-held relations; a narrow join of keys and row hashes (64 bit) tells unequal rows, whose columns are then compared.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bedrot_console.domain.feeds import Feed

from .checks import quoted
from .contents import FormatTrouble
from .diff import Change, Found, shown
from .headline import MOST_MEASURES, Movement
from .readers import open_payload
from .tablefiles import Source
from .tables import connection, is_number_type, memory_bytes, plain, rejected, translated

MOST_MEMORY_BYTES = 3 << 30


def diff_tables(feed: Feed, old: Path, new: Path, limit: int, whole: bool = False) -> Found:
    """The diff of two table payloads.

    Raises:
        FormatTrouble: one of them cannot be read as the feed's table.
    """
    import duckdb

    with open_payload(old) as a, open_payload(new) as b:
        sources: list[Source] = []
        try:
            for file in (a, b):
                sources.append(Source(feed, file))
            while True:
                cursor = connection()
                try:
                    return _Comparison(feed, sources[0], sources[1], cursor, limit, whole).found
                except _Again:
                    continue
                except duckdb.Error as trouble:
                    uneven = [s for s in sources if "mixed-line-ends" not in s.notes]
                    if not uneven or "state machine reached an invalid state" not in str(trouble):
                        raise translated(trouble) from trouble
                    for source in uneven:
                        source.even()
                finally:
                    cursor.close()
        finally:
            for source in sources:
                source.close()


class _Again(Exception):
    """A file turned out to be in its other encoding."""


class _Comparison:
    def __init__(self, feed: Feed, old: Source, new: Source, cursor: Any, limit: int, whole: bool) -> None:
        self.feed, self.cursor, self.limit = feed, cursor, limit
        self.found = Found(limit if whole else 0)
        memory = min(memory_bytes(old.size) + memory_bytes(new.size) + 5 * (old.size + new.size), MOST_MEMORY_BYTES)
        cursor.execute(f"SET memory_limit = '{memory >> 20}MiB'")
        for name, source in (("old", old), ("new", new)):
            cursor.execute(f"CREATE TEMP TABLE {name} AS SELECT * FROM {source.sql()}")
        rejects, count = rejected(cursor)
        if any(r.kind == "encoding" for r in rejects) and any([s.fall_back() for s in (old, new)]):
            raise _Again
        self.found.noise["rows that cannot be read"] = count
        self.shared = [c for c in new.shape.columns if c in old.shape.types]
        if not self.shared:
            raise FormatTrouble("format.not-a-table", "the two tables share no column")
        self.found.fields(old.shape.columns, new.shape.columns)
        self.types = {c: new.shape.types[c] for c in self.shared}
        self.key = [k for k in feed.key if k in self.types] if set(feed.key) <= set(self.types) else []
        self.rest = [c for c in self.shared if c not in self.key]
        self._join()
        self._count()
        self._movement()
        self._rows()

    def one(self, sql: str) -> tuple[Any, ...]:
        return self.cursor.execute(sql).fetchall()[0]

    def _join(self) -> None:
        """`pairs`: rowids of old and new, and whether the rest of the row is the same. Keys that repeat are numbered."""
        if self.key:
            self._pair(numbered=False)
            olds, news, both, lone_old, lone_new = self.one(
                "SELECT (SELECT count(*) FROM old), (SELECT count(*) FROM new), count(*) FILTER (a IS NOT NULL AND b IS NOT NULL),"
                " count(*) FILTER (b IS NULL), count(*) FILTER (a IS NULL) FROM pairs"
            )
            if both + lone_old == olds and both + lone_new == news:
                return
            self.cursor.execute("DROP TABLE pairs")
        self._pair(numbered=True)

    def _pair(self, *, numbered: bool) -> None:
        names = [quoted(k) for k in self.key]
        hashed = f"hash({', '.join(quoted(c) for c in self.rest)})" if self.rest and self.key else "0"
        if not names:
            names = [f"hash({', '.join(quoted(c) for c in self.shared)})"]
        keys = [f"k{i}" for i in range(len(names))]
        listed = ", ".join(f"{name} AS {key}" for name, key in zip(names, keys, strict=True))
        nth = f", row_number() OVER (PARTITION BY {', '.join(names)} ORDER BY {hashed}) AS nth" if numbered else ""
        side = f"SELECT rowid AS id, {listed}, {hashed} AS h{nth} FROM"
        on = " AND ".join(f"o.{k} IS NOT DISTINCT FROM n.{k}" for k in (*keys, *(["nth"] if numbered else [])))
        self.cursor.execute(
            f"CREATE TEMP TABLE pairs AS SELECT o.id AS a, n.id AS b, o.h = n.h AS same FROM ({side} old) o FULL JOIN ({side} new) n ON {on}"
        )

    def _count(self) -> None:
        found = self.found
        found.removed, found.added, found.changed, found.unchanged = self.one(
            "SELECT count(*) FILTER (b IS NULL), count(*) FILTER (a IS NULL), count(*) FILTER (NOT same), count(*) FILTER (same) FROM pairs"
        )
        self.cursor.execute("CREATE TEMP TABLE changed AS SELECT a, b FROM pairs WHERE NOT same")
        if found.changed and self.rest:
            asked = ", ".join(f"count(*) FILTER (o.{quoted(c)} IS DISTINCT FROM n.{quoted(c)})" for c in self.rest)
            counts = self.one(f"SELECT {asked} FROM changed JOIN old o ON o.rowid = a JOIN new n ON n.rowid = b")
            found.columns.update({c: n for c, n in zip(self.rest, counts, strict=True) if n})
        if not (
            found.added or found.removed or found.changed
        ):  # sorting millions of rows is worth it only when nothing else is to be told
            moved = self.one("SELECT count(*) FROM (SELECT a, lag(a) OVER (ORDER BY b) AS before FROM pairs) WHERE a < before")
            found.noise["order"] = int(moved[0] > 0)

    def _movement(self) -> None:
        feed, movement = self.feed, Movement()
        measures = [m for m in feed.measures[:MOST_MEASURES] if m in self.types]
        if measures:
            sums = [
                f"coalesce(sum({quoted(m) if is_number_type(self.types[m]) else f'TRY_CAST({quoted(m)} AS DOUBLE)'}), 0)"
                for m in measures
            ]
            before, after = (self.one(f"SELECT {', '.join(sums)} FROM {t}") for t in ("old", "new"))
            movement.totals = {m: (float(a), float(b)) for m, a, b in zip(measures, before, after, strict=True)}
        if feed.day in self.types:
            day = quoted(feed.day)
            movement.old_days, movement.new_days = (
                {r[0] for r in self.cursor.execute(f"SELECT DISTINCT {day}::VARCHAR FROM {t} WHERE {day} IS NOT NULL").fetchall()}
                for t in ("old", "new")
            )
        self.found.movement = movement

    def _rows(self) -> None:
        measure = next((m for m in self.feed.measures if m in self.types), None)
        size = f"abs(coalesce(TRY_CAST({quoted(measure)} AS DOUBLE), 0))" if measure else "0"
        every = ", ".join(f"{quoted(c)}::VARCHAR" for c in self.shared)
        for kind, side, empty in (("removed", "a", "b"), ("added", "b", "a")):
            table = "old" if kind == "removed" else "new"
            sql = f"SELECT {size} AS move, {every} FROM pairs JOIN {table} t ON t.rowid = {side} WHERE {empty} IS NULL ORDER BY move DESC, {side} LIMIT {self.limit}"
            for move, *values in self.cursor.execute(sql).fetchall():
                values = self._texts(values)
                cells = {
                    c: ((shown(v), None) if kind == "removed" else (None, shown(v)))
                    for c, v in zip(self.shared, values, strict=True)
                }
                self.found.rows.append(Change(kind, self._name(dict(zip(self.shared, values, strict=True))), cells, move))
        if self.found.changed:
            self._changed_rows(measure)
        if self.found.kept and self.found.unchanged:
            sql = f"SELECT {every} FROM pairs JOIN new t ON t.rowid = b WHERE same ORDER BY b LIMIT {self.found.kept}"
            for values in self.cursor.execute(sql).fetchall():
                record = dict(zip(self.shared, self._texts(values), strict=True))
                self.found.keep(self._name(record), record)

    def _changed_rows(self, measure: str | None) -> None:
        move = (
            f"abs(coalesce(TRY_CAST(n.{quoted(measure)} AS DOUBLE), 0) - coalesce(TRY_CAST(o.{quoted(measure)} AS DOUBLE), 0))"
            if measure
            else "0"
        )
        sides = ", ".join(f"{s}.{quoted(c)}::VARCHAR" for s in ("o", "n") for c in self.shared)
        sql = f"SELECT {move} AS move, {sides} FROM changed JOIN old o ON o.rowid = a JOIN new n ON n.rowid = b ORDER BY move DESC, b LIMIT {self.limit}"
        for moved, *values in self.cursor.execute(sql).fetchall():
            values = self._texts(values)
            before = dict(zip(self.shared, values[: len(self.shared)], strict=True))
            after = dict(zip(self.shared, values[len(self.shared) :], strict=True))
            changes = {c: (shown(before[c]), shown(after[c])) for c in self.rest if self.found.kept or before[c] != after[c]}
            self.found.rows.append(Change("changed", self._name(after), changes, moved))

    def _texts(self, values: Sequence[Any]) -> list[Any]:
        """Cells as shown: decimals without the zeros that the declared scale adds."""
        numeric = [self.types[c].upper().startswith(("DECIMAL", "NUMERIC")) for c in self.shared]
        return [plain(v) if v is not None and numeric[i % len(numeric)] else v for i, v in enumerate(values)]

    def _name(self, row: dict[str, Any]) -> tuple[str, ...]:
        names: Sequence[str] = self.key or self.shared[:4]
        return tuple("" if row[k] is None else str(shown(row[k])) for k in names)
