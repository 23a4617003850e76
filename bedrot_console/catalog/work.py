"""The private work file: opened, applied to, and made anew. Every function here runs under the writer's lock."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from ..domain.collector import collector_off
from ..domain.errors import CatalogError, FixityError
from ..domain.events import Event
from ..domain.files import SIDECAR_SUFFIX, Sidecar
from ..domain.findings import Report
from ..domain.lifecycle import Zone
from ..domain.ports import Journal
from . import reducer, rows, schema
from .apply import Applier, known_drafts, mark_of
from .engine import duckdb
from .gate import Database, born, settle
from .reducer import Draft
from .trouble import CatalogDamaged, translated
from .trouble import digest as digested

BATCH = 20_000
"""Events, or sidecars, taken into memory at once: one transaction of an apply."""

ANEW_BATCHES = 10
"""Batches of one transaction while a file is made anew: whole row groups go into the file at once, and not by way of the log."""

Walk = Callable[[], Iterable[tuple[Zone, str, Sidecar | FixityError]]]
Reports = Callable[[Event], Report | None]
Seen = TypeVar("Seen")


class Behind(CatalogError):
    """The work file does not belong to this journal: it knows events that the journal does not hold (any more)."""


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What the sidecars corrected: files `added` that the journal does not know, `mended` rows, `missing` files (in the journal, not on
    disk), `damaged` sidecars."""

    added: int = 0
    mended: int = 0
    missing: int = 0
    damaged: int = 0


def batches(items: Iterable[Any], size: int = BATCH) -> Iterator[list[Any]]:
    """Lists of at most `size`, in order."""
    source = iter(items)
    while chunk := list(islice(source, size)):
        yield chunk


def stamp(database: Database) -> tuple[int, str]:
    """`applied_seq` and the mark of that event."""
    found = database.connection.execute("SELECT applied_seq, mark FROM base.meta").fetchone()
    return found[0], found[1]


def tail(journal: Journal, applied: int, mark: str) -> Iterator[Event]:
    """The events after `applied`, once the event at `applied` is recognised.

    Raises:
        Behind: the journal does not hold that event, or another one in its place.
    """
    events = iter(journal.read(after=max(applied - 1, 0)))
    if applied > 0:
        last = next(events, None)
        if last is None or last.seq != applied or mark_of(last) != mark:
            raise Behind("the catalog is not of this journal")
    return events


def apply_tail(
    database: Database, journal: Journal, reports: Reports, upto: int | None = None, *, applier: Applier | None = None
) -> int:
    """Apply everything the journal has beyond the file's stamp; returns how many events. An `applier` is given for a file made anew.

    Raises:
        Behind, CatalogError, CatalogDamaged.
    """
    applied, mark = stamp(database)
    count = 0
    connection = database.connection
    writing = applier or Applier(connection, reports)
    together = ANEW_BATCHES if applier else 1
    for number, batch in enumerate(batches(tail(journal, applied, mark))):
        if upto is not None:
            batch = [e for e in batch if e.seq <= upto]
        if not batch:
            break
        try:
            if number % together == 0:
                if number:
                    connection.execute("COMMIT")
                connection.execute("BEGIN")
            with collector_off():
                writing.apply(batch)
        except duckdb.Error as error:
            raise translated(error, database.path, database.sound) from error
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise CatalogError(
                f"journal events {batch[0].seq} to {batch[-1].seq} cannot be applied: {type(error).__name__}: {error}"
            ) from error
        count += len(batch)
    if count:
        try:
            connection.execute("COMMIT")
        except duckdb.Error as error:
            raise translated(error, database.path, database.sound) from error
    if count and applier is None:
        checkpoint(database)
    return count


def checkpoint(database: Database) -> None:
    """Write everything into the file itself, so that no write-ahead log stays."""
    try:
        database.connection.execute("CHECKPOINT catalog")
    except duckdb.Error as error:
        raise translated(error, database.path, database.sound) from error


def migrate(database: Database) -> bool:
    """Bring an older file to this version, one named step and one transaction at a time; says whether it was older.

    Raises:
        CatalogDamaged: a step failed; the file is as it was, and is made anew from the truth.
    """
    for version in range(database.version, schema.VERSION):
        connection = database.connection
        try:
            connection.execute("BEGIN")
            schema.MIGRATIONS[version](connection)
            connection.execute("UPDATE base.meta SET version = $1", [version + 1])
            connection.execute("COMMIT")
        except (duckdb.Error, KeyError) as error:
            raise CatalogDamaged(f"the catalog cannot be brought from version {version} to {version + 1}") from error
    return database.version < schema.VERSION


def digest(database: Database) -> dict[str, tuple[Any, ...]]:
    """Table -> (rows, two hashes over all rows in any order). Reads every column of every table: also how damage is looked for."""
    try:
        return digested(database.connection)
    except duckdb.Error as error:
        raise translated(error, database.path) from error


def build(
    path: Path, home: Path, journal: Journal, reports: Reports, walk: Walk, look: Callable[[Database], Seen]
) -> tuple[Reconciled, Seen]:
    """Make a whole new work file at `path` from journal and sidecars. The old one stays until the new one is complete and synced.

    Args:
        look: asked of the new file once it is complete, while it is open; opening it again costs as much as making a small one.
    """
    temporary = path.with_name(path.name + ".rebuild")
    for leftover in (temporary, temporary.with_name(temporary.name + ".wal")):
        leftover.unlink(missing_ok=True)
    born(temporary)
    database = Database(temporary, read_only=False)
    try:
        with collector_off():
            applier = Applier(database.connection, reports, anew=True)
            apply_tail(database, journal, reports, applier=applier)
            done = _reconcile(database, home, applier, walk)
            applier.finish()
        checkpoint(database)
        seen = look(database)
    except duckdb.Error as error:
        raise translated(error, path, database.sound) from error
    finally:
        database.close()
    if temporary.with_name(temporary.name + ".wal").exists():
        raise CatalogDamaged("the rebuilt file was not closed cleanly")
    settle(temporary, path)
    return done, seen


_FACTS = (
    "platform", "feed", "account", "series", "zone", "path", "size_bytes", "sha256", "captured_at", "landed_at", "run_id", "set_id", "method",
    "media_type", "source_system", "extractor_version",
)  # fmt: skip
"""Columns in which a row and its sidecar, where it lies, must be the same. `as_of` only adds to what inspection found."""


def _lying(zone: Zone, path: str, s: Sidecar) -> tuple[Any, ...]:
    return (
        s.id, s.as_of, s.platform, s.feed, s.account, s.series, zone.value, path, s.size_bytes, s.sha256, rows.naive(s.captured_at),
        rows.naive(s.landed_at), s.run_id, s.set_id, s.method, s.media_type, s.source_system, s.extractor_version,
    )  # fmt: skip


def _reconcile(database: Database, home: Path, applier: Applier, walk: Walk) -> Reconciled:
    """Correct the journal's account by the sidecars: they are the higher truth. The journal's place stands while its sidecar lies there."""
    connection = database.connection
    added = mended = damaged = 0
    body = ", ".join(f"{schema.quoted(c)} {schema.FILE_COLUMNS[c]}" for c in ("id", "as_of", *_FACTS))
    connection.execute(f"CREATE TEMP TABLE lying ({body}); CREATE TEMP TABLE seen (h UBIGINT)")
    same = " AND ".join(f"f.{schema.quoted(c)} IS NOT DISTINCT FROM l.{schema.quoted(c)}" for c in _FACTS)
    odd = (
        "SELECT DISTINCT l.id FROM temp.main.lying l LEFT JOIN base.files f ON f.id = l.id"
        f" WHERE f.id IS NULL OR (f.as_of IS NULL AND l.as_of IS NOT NULL) OR NOT ({same})"
    )

    def lies(draft: Draft) -> bool:
        return os.path.lexists(home / draft["zone"].value / (draft["path"] + SIDECAR_SUFFIX))

    for chunk in batches(walk()):
        found = [item for item in chunk if isinstance(item[2], Sidecar)]
        damaged += len(chunk) - len(found)
        connection.execute("BEGIN")
        appender = connection.appender("temp.main.lying")
        appender.append_rows(_lying(*item) for item in found)  # type: ignore[arg-type]
        appender.flush()
        places: dict[str, list[tuple[Zone, str, Sidecar]]] = {line[0]: [] for line in connection.execute(odd).fetchall()}
        if places:
            for zone, path, sidecar in found:
                if sidecar.id in places:  # type: ignore[union-attr]
                    places[sidecar.id].append((zone, path, sidecar))  # type: ignore[union-attr, arg-type]
        known = known_drafts(connection, list(places))
        after: dict[str, Draft] = {}
        for identifier, candidates in places.items():
            draft = known.get(identifier)
            zone, path, sidecar = candidates[-1]
            if draft is None:
                after[identifier] = reducer.draft_of_sidecar(sidecar, zone, path)
                added += 1
                continue
            if any((z, p) == (draft["zone"], draft["path"]) for z, p, _ in candidates) or lies(draft):
                zone, path = draft["zone"], draft["path"]
            corrected = reducer.with_sidecar(draft, sidecar, zone, path)
            if corrected != draft:
                after[identifier] = corrected
                mended += 1
        if after:
            applier.write_files({k: v for k, v in known.items() if k in after}, after)
        connection.execute("INSERT INTO temp.main.seen SELECT hash(id) FROM temp.main.lying; DELETE FROM temp.main.lying")
        connection.execute("COMMIT")
    lost = connection.execute(
        f"SELECT {rows.FILE_SELECT} FROM base.files f ANTI JOIN temp.main.seen s ON hash(f.id) = s.h"
    ).fetchall()
    gone = [draft for draft in map(rows.file_draft, lost) if draft["zone"] is not Zone.ERASED and not lies(draft)]
    if gone:
        connection.execute("DELETE FROM base.files WHERE id IN (SELECT unnest($1::VARCHAR[]))", [[draft["id"] for draft in gone]])
    connection.execute("DROP TABLE temp.main.lying; DROP TABLE temp.main.seen")
    return Reconciled(added=added, mended=mended, missing=len(gone), damaged=damaged)
