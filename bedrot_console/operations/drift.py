"""drift: accept what a platform changed, item by item, into a new version of a feed's schema; or take that back.

Changes no file and no report. The rules of the feed are others afterwards, so that what was validated before must be validated again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from ..domain.browsing import FileFilter, FileRow
from ..domain.drift import Acceptance, DriftItem, Shape, acceptance_of, why_not
from ..domain.errors import BedrotError, LifecycleError, UsageError
from ..domain.findings import Finding, Report, in_order
from ..domain.identifiers import new_id
from ..domain.lifecycle import Zone
from .browse import find, report_of
from .validate import bound
from .workspace import Workspace


def items(ws: Workspace, name: str) -> list[DriftItem]:
    """The findings of a file's latest report, numbered as faces number them.

    Raises:
        UsageError: no such file.
    """
    report = report_of(ws, find(ws, name))
    return _items(report) if report is not None else []


def _items(report: Report) -> list[DriftItem]:
    return [
        DriftItem(number=n, report_id=report.id, finding=f, acceptance=acceptance_of(f), why_not=why_not(f))
        for n, f in enumerate(in_order(report.findings), start=1)
    ]


def accept(
    ws: Workspace, name: str, numbers: Sequence[int] = (), *, report: str | None = None, reason: str = ""
) -> list[Acceptance]:
    """Accept findings of a file's latest report, by number; without numbers all that can be.

    Each is durable, and in the journal, before the next. One that stands already is returned as it is.

    Args:
        report: id of the report that the numbers are of; None takes the latest unseen.

    Raises:
        UsageError: no such file or finding, or nothing to accept. LifecycleError: not validated under today's rules, `report` is not the
            latest, or a finding that is no drift; then nothing is accepted.
    """
    with ws.writing():
        row, latest = _judged(ws, name)
        if report is not None and report != latest.id:
            raise LifecycleError(
                f"{report} is not the latest report on {row.id}, and its numbers may be others there",
                hint=f"bedrot drift show {row.id}",
            )
        return [_accept(ws, row.feed, latest, item.finding, reason.strip()) for item in _chosen(latest, row.id, numbers)]


def accept_shown(ws: Workspace, name: str, report: str, shape: Shape, *, reason: str = "") -> Acceptance:
    """Accept what an operator saw, whatever number it has in the latest report by now; what stands already is returned as it is.

    Args:
        report: id of the report in which it was seen; validation may have made others since.
        shape: of the finding that was seen.

    Raises:
        UsageError: no such file. LifecycleError: not validated under today's rules, the latest report has nothing of this shape, or it is
            no drift; then nothing is accepted.
    """
    with ws.writing():
        row, latest = _judged(ws, name)
        standing = next((a for a in ws.acceptances.standing(row.feed) if a.shape == shape), None)
        if standing is not None:
            return standing
        finding = next((f for f in latest.findings if Shape.of(f) == shape), None)
        if finding is None:
            since = "this report" if report == latest.id else "the report that was made since"
            raise LifecycleError(f"{since} has no {shape.code} at {shape.place[:80]}", hint=f"bedrot drift show {row.id}")
        if (reason_not := why_not(finding)) is not None:
            raise LifecycleError(reason_not, hint=f"bedrot drift show {row.id}")
        return _accept(ws, row.feed, latest, finding, reason.strip())


def _judged(ws: Workspace, name: str) -> tuple[FileRow, Report]:
    """The file and its latest report, which was made under today's rules."""
    row = find(ws, name)
    report = report_of(ws, row)
    if report is None or bound(ws, row, {}).verdict is None:
        raise LifecycleError("not validated under today's rules", hint=f"bedrot validate {row.id}")
    return row, report


def _chosen(report: Report, name: str, numbers: Sequence[int]) -> list[DriftItem]:
    every = _items(report)
    chosen = [i for i in every if i.number in numbers] if numbers else [i for i in every if i.why_not is None]
    if missing := set(numbers) - {i.number for i in chosen}:
        raise UsageError(f"the report has no finding {min(missing)}", hint=f"bedrot drift show {name}")
    if not chosen:
        raise UsageError("nothing to accept: the report has no drift", hint=f"bedrot drift show {name}")
    for item in chosen:
        if item.why_not is not None:
            raise LifecycleError(f"finding {item.number}: {item.why_not}", hint=f"bedrot drift show {name}")
    return chosen


def _accept(ws: Workspace, feed: str, report: Report, finding: Finding, reason: str) -> Acceptance:
    now = ws.clock.now()
    shape = Shape.of(finding)
    name = new_id(now)

    def make(version: str) -> Acceptance:
        return Acceptance(
            id=name, feed=feed, code=shape.code, place=shape.place, seen=shape.seen, version=version, at=now, actor=ws.actor,
            file_id=report.file_id, report_id=report.id, reason=reason,
        )  # fmt: skip

    def tell(made: Acceptance, digest: str) -> None:
        ws.record(
            ws.event(
                "drift-accepted", acceptance=made.id, feed=feed, code=made.code, version=made.version, sha256=digest, file=made.file_id,
                report=made.report_id,
            )
        )  # fmt: skip

    return ws.acceptances.add(ws.registry.feed(feed), make, tell)


def revoke(ws: Workspace, names: Sequence[str]) -> list[Acceptance]:
    """Take acceptances back, by id (a beginning that is one's own is enough).

    Raises:
        UsageError: there is none of this id that stands.
    """
    with ws.writing():
        return [_revoke(ws, name) for name in names]


def _revoke(ws: Workspace, name: str) -> Acceptance:
    found = [a for a in listing(ws) if a.stands and a.id.startswith(name)]
    if len(found) != 1:
        raise UsageError(f"{'no' if not found else 'more than one'} acceptance {name} stands", hint="bedrot drift list")

    def tell(made: Acceptance, digest: str) -> None:
        ws.record(ws.event("drift-revoked", acceptance=made.id, feed=made.feed, sha256=digest))

    return ws.acceptances.revoke(ws.registry.feed(found[0].feed), found[0].id, ws.clock.now(), ws.actor, tell)


def listing(ws: Workspace, feed: str | None = None) -> list[Acceptance]:
    """All that was ever accepted (of one feed), in order; also what was taken back.

    Raises:
        FixityError: a record is damaged.
    """
    return [a for name in ([feed] if feed else ws.acceptances.feeds()) for a in ws.acceptances.every(name)]


def not_in_journal(ws: Workspace) -> list[str]:
    """Ids of acceptances whose record is not the one that the journal knows."""
    from ..inspection.acceptances import line_of

    told = {(e.data["acceptance"], e.data["sha256"]) for e in ws.journal.read() if e.kind in ("drift-accepted", "drift-revoked")}
    return [a.id for a in listing(ws) if (a.id, hashlib.sha256(line_of(a)).hexdigest()) not in told]


def concerned(ws: Workspace, feeds: Sequence[str]) -> list[str]:
    """Ids of files in landing whose verdict no longer stands, since the rules of their feed are others now."""
    rules: dict[str, str] = {}
    found = []
    for feed in dict.fromkeys(feeds):
        for row in ws.catalog.select(FileFilter(feed=feed, zone=Zone.LANDING, order="oldest")):
            try:
                if row.verdict is not None and bound(ws, row, rules).verdict is None:
                    found.append(row.id)
            except BedrotError:
                continue
    return found
