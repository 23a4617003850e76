"""verify, recover, rebuild: bytes against recorded hashes, unfinished work, the catalog from the truth."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from ..domain.browsing import Outcome
from ..domain.errors import BedrotError, FixityError, PermissionDenied
from ..domain.events import Event
from ..domain.lifecycle import Zone
from .alerts import open_alerts
from .validate import failed
from .workspace import Workspace

if TYPE_CHECKING:
    from ..catalog.store import RebuildResult
    from ..security.soundness import JournalCheck
    from ..zones.fixity import Fixity
    from ..zones.recovery import Recovered


def verify(ws: Workspace, ids: Sequence[str] = (), *, budget_seconds: float | None = None) -> Iterator[Fixity | Outcome]:
    """Hash payloads again and compare with their sidecars; yields one Fixity per file. Without ids: everything in all zones.

    What is wrong stays on record: an alert is raised for each damaged file, and ended when the file is found whole again.
    """
    known = open_alerts(ws)
    for item in _verified(ws, ids, budget_seconds):
        if not isinstance(item, Outcome) and not ws.read_only:
            alert = f"fixity:{item.id or item.zone}"
            if item.problem is not None and alert not in known:
                known.add(alert)
                place = item.zone if item.problem == "unexpected-file" else f"{item.zone}/{item.path}"
                _note(ws, ws.event("alert-raised", alert=alert, code=item.problem, subject=str(place)))
            elif item.problem is None and alert in known:
                known.discard(alert)
                _note(ws, ws.event("alert-ended", alert=alert))
        yield item
    if not ws.read_only and ws.settings.state.is_dir():
        ws.settle()


def _note(ws: Workspace, event: Event) -> None:
    """Journal an alert. A disk that refuses it must not keep the other files from being verified: what is wrong is told all the same."""
    try:
        ws.record(event)
    except FixityError:
        pass


def _verified(ws: Workspace, ids: Sequence[str], budget_seconds: float | None) -> Iterator[Fixity | Outcome]:
    if not ids:
        yield from ws.zones.verify(budget_seconds=budget_seconds)
        return
    places = []
    for name, row in zip(ids, ws.catalog.resolve(ids), strict=True):
        if isinstance(row, BedrotError):
            yield failed(name, row, "verify")
        elif row.zone is not Zone.ERASED:
            places.append((row.zone, row.path))
    if places:
        yield from ws.zones.verify(places, budget_seconds=budget_seconds)


def recover(ws: Workspace) -> list[Recovered]:
    """Finish or roll back whatever a killed process left open. Idempotent."""
    if ws.read_only:
        raise PermissionDenied("this workspace is read-only")
    ws.prepare()
    done = ws.zones.recover()
    ws.settle()
    return done


def rebuild(ws: Workspace, *, verify: bool = False) -> RebuildResult:
    """Make the catalog anew from sidecars and journal; with `verify`, compare every answer with the old one first.

    Journal lines that cannot be read do not stop it: the damaged segment is set aside, the journal goes on without them and records that;
    `unreadable` says how many they were. What they said of files is taken from the sidecars; reports and decisions that only they named
    are gone.
    """
    if ws.read_only:
        raise PermissionDenied("this workspace is read-only")
    ws.prepare()
    mended = ws.journal.mend() if ws.journal.loses() else None
    if mended is None:
        try:
            return ws.catalog.rebuild(verify=verify)
        except FixityError:
            mended = ws.journal.mend()
            if mended is None:
                raise
    return replace(ws.catalog.rebuild(verify=verify), unreadable=max(mended.lost, 1))


def verify_journal(ws: Workspace, anchor_key: bytes | None = None) -> JournalCheck:
    """Walk the journal's chain; with the anchor key also its seals."""
    return ws.journal.verify(anchor_key)


def journal_anchor(ws: Workspace) -> bytes:
    """The journal's present key as text, to be held outside this machine. Raises UsageError when nothing was ever written."""
    return ws.journal.anchor()
