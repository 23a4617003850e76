"""What faces read: pages of files, one file, payloads, platforms. Reads the published catalog only; blocks nobody, waits for nobody."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, BinaryIO

from ..domain.browsing import OPPOSITE, FileFilter, FileRow
from ..domain.errors import BedrotError, CatalogError, LifecycleError
from ..domain.events import Event
from ..domain.feeds import Feed
from ..domain.files import SIDECAR_SUFFIX, Sidecar
from ..domain.findings import Report
from ..domain.lifecycle import Zone
from .workspace import Workspace

if TYPE_CHECKING:
    from ..catalog.reader import Reader


AHEAD = "bedrot-ahead"
"""The thread that opens a reader before it is asked."""
_OPENING = threading.RLock()
FIRST = 200
"""Files of a first page."""


@dataclass(frozen=True, slots=True)
class PlatformInfo:
    """One platform: its feeds, and `problem` when its extractor does not load."""

    name: str
    title: str = ""
    method: str = ""
    version: str = ""
    secrets: tuple[str, ...] = ()
    feeds: tuple[Feed, ...] = ()
    runs: tuple[str, ...] = ()
    problem: str | None = None
    options: dict[str, object] = field(default_factory=dict)


def reader(ws: Workspace) -> Reader:
    """This workspace's reader of the published catalog, opened once. A missing or outdated catalog is made first."""
    with _OPENING:
        known = ws.__dict__.get("_reader")
        if known is None:
            if not ws.read_only:
                with suppress(CatalogError):
                    ws.catalog.catch_up(publish="now")
            known = ws.__dict__["_reader"] = ws.catalog.reader(sparing=True)
    return known


def ahead(ws: Workspace) -> None:
    """Open the reader and ask it for the first page, in a thread of its own, while the caller makes ready what will want them."""

    def work() -> None:
        with _OPENING, suppress(Exception):  # whoever asks is told the same
            held, what = reader(ws), FileFilter()
            ws.__dict__["_ahead"] = what, held.token, held.files(what, limit=FIRST)

    threading.Thread(target=work, name=AHEAD, daemon=True).start()


def files(
    ws: Workspace, what: FileFilter, *, after: FileRow | None = None, before: FileRow | None = None, limit: int = FIRST
) -> list[FileRow]:
    """One page of files in the filter's order: the first, or the one after or before a row."""
    with _OPENING:
        held, known = reader(ws), ws.__dict__.pop("_ahead", None)
    if known is not None and after is before is None and limit == FIRST and known[:2] == (what, held.token):
        return known[2]
    return held.files(what, after=after, before=before, limit=limit)


def count(ws: Workspace, what: FileFilter) -> int:
    """How many files the filter has."""
    return reader(ws).count(what)


def groups(ws: Workspace, what: FileFilter, by: str) -> list[tuple[str | None, int, int]]:
    """(key, files, bytes) per value of one of GROUPINGS: largest first, days newest first."""
    return reader(ws).groups(what, by)


def last(ws: Workspace, what: FileFilter, limit: int) -> list[FileRow]:
    """The last page of files, in the filter's order."""
    return reader(ws).files(replace(what, order=OPPOSITE[what.order]), limit=limit)[::-1]


def between(ws: Workspace, what: FileFilter, one: FileRow, other: FileRow, limit: int) -> list[FileRow]:
    """The files from one row to the other, both included, in the filter's order; at most `limit`."""
    return reader(ws).between(what, one, other, limit)


def place_of(ws: Workspace, what: FileFilter, row: FileRow) -> int:
    """How many files of the filter come before a row."""
    return reader(ws).offset_of(what, row)


def rows(ws: Workspace, ids: Sequence[str]) -> dict[str, FileRow]:
    """The rows of whole ids, as far as they exist."""
    return reader(ws).by_ids(ids)


def drop(ws: Workspace, thread: int) -> None:
    """Break off what the thread asks of the catalog now, if anything; its call raises CatalogError."""
    known = ws.__dict__.get("_reader")
    if known is not None:
        known.drop(thread)


def fresh(ws: Workspace) -> bool:
    """Whether a newer catalog was published since the last read; reopens it then. Costs a `stat` or two.

    Events that a throttled publish left behind are published now, at the catalog's own pace. What past questions left in memory is given
    back after a while.
    """
    if not ws.read_only and not ws.catalog.current():
        ws.settle()
    held = reader(ws)
    held.ease()
    return held.fresh()


def find(ws: Workspace, name: str) -> FileRow:
    """The file that an id prefix (6 characters or more) or a zone path names; always current.

    Raises:
        UsageError: none or more than one.
    """
    found = ws.catalog.resolve([name])[0]
    if isinstance(found, BedrotError):
        raise found
    return found


def report_of(ws: Workspace, row: FileRow) -> Report | None:
    """The newest report on a file, or None; one that the published catalog does not know yet is found by the journal's tail."""
    if row.report_id is None:
        return None
    known = reader(ws).report(row.id)
    if known is not None and known.id == row.report_id:
        return known
    for event in ws.journal.read(after=reader(ws).applied_seq):
        if event.kind == "validated" and event.data["report"] == row.report_id:
            return ws.load_report(event)
    return None


def open_payload(ws: Workspace, name: str) -> BinaryIO:
    """The payload, binary, read from its zone without following links.

    Raises:
        UsageError, LifecycleError (erased), FixityError.
    """
    row = find(ws, name)
    if row.zone is Zone.ERASED:
        raise LifecycleError("erased; only its tombstone is left")
    return ws.zones.open(row.zone, row.path)


def sidecar_of(ws: Workspace, row: FileRow) -> Sidecar:
    """The commit record beside a payload. Raises BedrotError: it is no longer there, or not sound."""
    with ws.zones.open(row.zone, row.path + SIDECAR_SUFFIX) as file:
        return Sidecar.from_bytes(file.read())


def platforms(ws: Workspace) -> list[PlatformInfo]:
    """All platforms by name; one that does not load is listed with its problem."""
    out = []
    for name in ws.registry.names():
        try:
            extractor = ws.registry.load(name)
        except BedrotError as error:
            out.append(PlatformInfo(name=name, problem=str(error)))
            continue
        out.append(
            PlatformInfo(
                name=name,
                title=extractor.title,
                method=extractor.method,
                version=extractor.version,
                secrets=tuple(extractor.secrets),
                feeds=tuple(extractor.feeds.values()),
                runs=tuple(extractor.runs),
            )
        )
    return out


def events(ws: Workspace, *, after: int = 0, kind: str | None = None, limit: int = 200) -> list[Event]:
    """Newest journal events (oldest first within the answer), read from the journal itself."""
    head = ws.journal.head
    out: list[Event] = []
    span = 4096
    low = max(after, head - span)
    while True:
        out = [e for e in ws.journal.read(after=low) if kind is None or e.kind == kind]
        if len(out) >= limit or low <= after:
            return out[-limit:]
        span *= 8
        low = max(after, head - span)


def names(rows: Sequence[FileRow]) -> list[str]:
    """Ids of rows."""
    return [r.id for r in rows]
