"""validate: reads files against their feeds, stores the reports, journals the verdicts. Decides nothing, changes no file."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from ..domain.browsing import FileFilter, FileRow, Outcome
from ..domain.errors import BedrotError, LifecycleError
from ..domain.feeds import Feed, History
from ..domain.findings import Report, Severity
from ..domain.identifiers import new_id
from ..domain.lifecycle import Verdict, Zone
from .workspace import Workspace

HISTORY = 400
Validated = tuple[FileRow, Report] | Outcome


def validate(ws: Workspace, ids: Sequence[str] = (), *, scope: str | None = None) -> Iterator[Validated]:
    """Validate files; yields `(row as it was, report)` as soon as the report is durable, or a failed Outcome.

    Args:
        ids: id prefixes or zone paths.
        scope: instead of ids, `pending` (landing files without a verdict) or `all` (everything that is not erased).
    """
    with ws.writing():
        rows: list[FileRow] = []
        if scope:
            chosen = ws.catalog.select(
                FileFilter(status="pending", order="oldest") if scope == "pending" else FileFilter(order="oldest")
            )
            rows = [r for r in chosen if r.zone is not Zone.ERASED]
        else:
            for name, found in zip(ids, ws.catalog.resolve(ids), strict=True):
                if isinstance(found, BedrotError):
                    yield failed(name, found)
                elif found.zone is Zone.ERASED:
                    yield failed(found.id, LifecycleError("erased; nothing left to validate"))
                else:
                    rows.append(found)
        yield from inspect_rows(ws, rows)


def failed(name: str, error: BedrotError, verb: str = "validate") -> Outcome:
    """The Outcome of a file that a verb could not work on."""
    return Outcome(
        id=name, verb=verb, outcome="failed", reason=str(error), code=error.code, exit_code=error.exit_code, hint=error.hint
    )


def inspect_rows(ws: Workspace, rows: Sequence[FileRow]) -> Iterator[Validated]:
    """Inspect rows oldest first, so that each file is compared with the good ones before it, also within one batch."""
    from ..inspection.pool import Inspectors

    if not rows:
        return
    ordered = sorted(rows, key=lambda r: (r.captured_at, r.id))
    waves: dict[int, list[FileRow]] = defaultdict(list)
    depth: dict[tuple[str, str], int] = defaultdict(int)
    for row in ordered:
        group = (row.feed, row.account)
        waves[depth[group]].append(row)
        depth[group] += 1
    past = _Past(ws)
    with Inspectors(ws.readers) as pool:
        for number in sorted(waves):
            jobs, meant = [], []
            for row in waves[number]:
                try:
                    jobs.append(_job(ws, row, past))
                    meant.append(row)
                except BedrotError as error:
                    yield failed(row.id, error)
            done: list[tuple[FileRow, Report]] = []
            for row, report in zip(meant, pool.run(jobs), strict=True):
                done.append((row, report))
                past.add(row, report)
                if len(done) >= 128:
                    yield from _store(ws, done)
                    done = []
            yield from _store(ws, done)


def _store(ws: Workspace, done: list[tuple[FileRow, Report]]) -> Iterable[Validated]:
    shelves = ws.reports.append([report for _, report in done])
    events = []
    for (row, report), shelf in zip(done, shelves, strict=True):
        codes: dict[str, int] = {}
        for finding in report.findings:
            codes[finding.code] = codes.get(finding.code, 0) + finding.count
        events.append(
            ws.event(
                "validated",
                file=row.id,
                report=report.id,
                sha256=report.sha256,
                rules=report.rules,
                verdict=report.verdict.value,
                segment=shelf.segment,
                offset=shelf.offset,
                length=shelf.length,
                codes=codes,
                as_of=report.as_of.isoformat() if report.as_of else None,
                rows=report.facts.get("rows"),
                content_sha256=report.facts.get("content_sha256"),
                errors=sum(f.severity.value == "error" for f in report.findings),
                warnings=sum(f.severity.value == "warning" for f in report.findings),
                first_code=_worst(report),
            )
        )
    if events:
        ws.record(*events)
    return done


def _worst(report: Report) -> str | None:
    """The code of the first error, else of the first warning; notes explain, they are no reason."""
    for severity in (Severity.ERROR, Severity.WARNING):
        for finding in report.findings:
            if finding.severity is severity:
                return finding.code
    return None


class _Past:
    """Good captures of each feed and account: from the catalog, and from this batch."""

    def __init__(self, ws: Workspace) -> None:
        self.ws = ws
        self.known: dict[tuple[str, str], list[tuple[History, FileRow]]] = {}
        ws.settle(publish="now")
        self.reader = ws.catalog.reader()

    def of(self, row: FileRow) -> list[tuple[History, FileRow]]:
        """Newest first, only captures before `row`'s own."""
        group = (row.feed, row.account)
        if group not in self.known:
            found = self.reader.history(row.feed, row.account, limit=HISTORY)
            files = {f.id: f for f in _rows(self.ws, [h.file_id for h in found])}
            self.known[group] = [(h, files[h.file_id]) for h in found if h.file_id in files]
        mine = (row.captured_at, row.id)
        return [(h, f) for h, f in self.known[group] if f.id != row.id and (f.captured_at, f.id) < mine]

    def add(self, row: FileRow, report: Report) -> None:
        group = (row.feed, row.account)
        kept = [(h, f) for h, f in self.known.get(group, []) if f.id != row.id]
        if report.verdict is not Verdict.FAILED and row.zone in (Zone.LANDING, Zone.RAW):
            entry = History(captured_at=row.captured_at, as_of=report.as_of, facts=report.facts, file_id=row.id)
            kept.append((entry, row))
            kept.sort(key=lambda item: (item[1].captured_at, item[1].id), reverse=True)
        self.known[group] = kept


def _rows(ws: Workspace, ids: Sequence[str]) -> list[FileRow]:
    return [r for r in ws.catalog.resolve(ids) if isinstance(r, FileRow)]


def _job(ws: Workspace, row: FileRow, past: _Past) -> Any:
    from ..domain.files import SIDECAR_SUFFIX, Sidecar
    from ..inspection.stages import Job

    feed = ws.registry.feed(row.feed)
    with ws.zones.open(row.zone, row.path + SIDECAR_SUFFIX) as file:
        sidecar = Sidecar.from_bytes(file.read())
    before = past.of(row)
    siblings: dict[str, Any] = {}
    declared = set_feeds(ws, feed)
    if row.set_id:
        for other in ws.catalog.select(FileFilter(set_id=row.set_id)):
            if other.id != row.id and other.zone is not Zone.ERASED:
                siblings[other.feed] = ws.payload(other.zone, other.path)
    # the journal's order tells what came first; a file that left landing keeps its place in it
    twins = [
        (t.id, t.landed_at)
        for t in past.reader.twins(row.sha256)
        if t.id < row.id and t.zone is not Zone.ERASED and t.feed == row.feed
    ]
    previous = before[0][1] if before else None
    return Job(
        feed=feed,
        payload=ws.payload(row.zone, row.path),
        sidecar=sidecar,
        now=ws.clock.now(),
        history=[h for h, _ in before],
        previous=ws.payload(previous.zone, previous.path) if previous else None,
        siblings=siblings,
        declared=declared,
        twins=twins,
        report_id=new_id(ws.clock.now()),
        feeds=[f for f in ws.registry.load(feed.platform).feeds.values() if f.name != feed.name],
        options=dict(feed.options),
    )


def set_feeds(ws: Workspace, feed: Feed) -> tuple[str, ...]:
    """Whole names of the feeds of one declared set, in declaration order; empty when the feed is in no set."""
    if not feed.set_name:
        return ()
    extractor = ws.registry.load(feed.platform)
    return tuple(f.name for f in extractor.feeds.values() if f.set_name == feed.set_name)


def current_rules(ws: Workspace, feed_name: str, cache: dict[str, str]) -> str:
    """The hash of the rules a feed has now; a report made under others no longer carries a decision."""
    from ..inspection.rules import rules_of

    if feed_name not in cache:
        cache[feed_name] = rules_of(ws.registry.feed(feed_name))
    return cache[feed_name]


def bound(ws: Workspace, row: FileRow, cache: dict[str, str]) -> FileRow:
    """The row with its verdict, or without it when the rules changed since the report was made."""
    if row.verdict is not None and row.rules is not None and row.rules != current_rules(ws, row.feed, cache):
        return dataclasses.replace(row, verdict=None)
    return row
