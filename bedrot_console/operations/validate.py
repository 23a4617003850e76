"""validate: reads files against their feeds, stores the reports, journals the verdicts. Decides nothing, changes no file."""

from __future__ import annotations

import dataclasses
from bisect import bisect_left, insort
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from ..domain.browsing import FileFilter, FileRow, Outcome
from ..domain.errors import BedrotError, LifecycleError
from ..domain.feeds import MOST_KIN, Feed, History
from ..domain.findings import Report, Severity
from ..domain.identifiers import new_id
from ..domain.lifecycle import Verdict, Zone
from .browse import sidecar_of
from .workspace import Workspace

HISTORY = 400
STORED_AT_ONCE = 128
STORED_AFTER_SECONDS = 0.2
Validated = tuple[FileRow, Report] | Outcome


def validate(ws: Workspace, ids: Sequence[str] = (), *, scope: str | None = None) -> Iterator[Validated]:
    """Validate files; yields `(row as it was, report)` as soon as the report is durable, or a failed Outcome.

    Args:
        ids: id prefixes or zone paths.
        scope: instead of ids, `pending` (landing files without a verdict under today's rules) or `all` (everything that is not erased).
    """
    with ws.writing():
        rows: list[FileRow] = []
        if scope:
            wanted = FileFilter(zone=Zone.LANDING, order="oldest") if scope == "pending" else FileFilter(order="oldest")
            rows = [r for r in ws.catalog.select(wanted) if r.zone is not Zone.ERASED]
            if scope == "pending":
                rules: dict[str, str] = {}
                rows = [r for r in rows if r.verdict is None or judged_otherwise(ws, r, rules)]
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
    """Inspect rows, of each feed and account oldest first, so that each file is compared with the good ones before it, also within one batch.

    Feeds and accounts go side by side; within one of them a file waits for the verdict on the file before it.
    """
    from ..inspection.pool import Inspectors

    if not rows:
        return
    past, chains = _Past(ws, rows), _Chains(rows)
    asked: dict[str, FileRow] = {}
    refused: list[Outcome] = []
    done: list[tuple[FileRow, Report]] = []

    def jobs() -> Iterator[Any]:
        while chains:
            row = chains.next()
            if row is None:
                yield None
                continue
            try:
                job = _job(ws, row, past)
            except BedrotError as error:
                refused.append(failed(row.id, error))
                chains.judged(row)
                continue
            asked[job.report_id] = row
            yield job

    stored = ws.clock.monotonic()
    with Inspectors(ws.readers) as pool:
        for report in pool.run_chained(jobs()):
            if report is not None:
                row = asked.pop(report.id)
                whole = past.add(row, report)
                chains.judged(row)
                done.append((row, whole))
            if report is None or len(done) >= STORED_AT_ONCE or ws.clock.monotonic() - stored > STORED_AFTER_SECONDS:
                yield from _store(ws, done)
                done, stored = [], ws.clock.monotonic()
    yield from _store(ws, done)
    yield from refused


def _store(ws: Workspace, done: list[tuple[FileRow, Report]]) -> Iterable[Validated]:
    if not done:
        return done
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
    ws.record(*events)
    return done


def _worst(report: Report) -> str | None:
    """The code of the first error, else of the first warning; notes explain, they are no reason."""
    for severity in (Severity.ERROR, Severity.WARNING):
        for finding in report.findings:
            if finding.severity is severity:
                return finding.code
    return None


Group = tuple[str, str, str]
"""Feed, account and series."""


def _group(row: FileRow) -> Group:
    return row.feed, row.account, row.series


class _Chains:
    """Rows of a batch by feed, account and series, oldest first. A row's turn comes when the one before it was judged."""

    def __init__(self, rows: Sequence[FileRow]) -> None:
        self._waiting: dict[Group, deque[FileRow]] = defaultdict(deque)
        for row in sorted(rows, key=lambda r: (r.captured_at, r.id)):
            self._waiting[_group(row)].append(row)
        self._free = deque(self._waiting)

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def next(self) -> FileRow | None:
        """A row whose turn it is; None while all wait for a verdict."""
        return self._waiting[self._free.popleft()][0] if self._free else None

    def judged(self, row: FileRow) -> None:
        """Let the next row of the same group have its turn."""
        group = _group(row)
        self._waiting[group].popleft()
        if self._waiting[group]:
            self._free.append(group)
        else:
            del self._waiting[group]


class _Past:
    """What came before the files of a batch: good captures of each feed, account and series (from the catalog, and from this batch), twins, sets."""

    def __init__(self, ws: Workspace, rows: Sequence[FileRow]) -> None:
        self.ws = ws
        self.known: dict[Group, list[tuple[History, FileRow]]] = {}
        self.newest: dict[Group, FileRow] = {}
        self.many: dict[Group, int] = defaultdict(int)
        for row in sorted(rows, key=lambda r: (r.captured_at, r.id)):
            self.newest[_group(row)] = row
            self.many[_group(row)] += 1
        self.cut: set[Group] = set()
        self.judged: set[str] = set()
        self.sets: dict[str, list[FileRow]] = {}
        ws.settle(publish="now")
        self.reader = ws.catalog.reader()
        self.twins = self.reader.twins_of([r.sha256 for r in rows])

    def of(self, row: FileRow) -> list[tuple[History, FileRow]]:
        """Oldest first, only captures before `row`'s own, at most HISTORY. Rows of one group must be asked for oldest first."""
        group = _group(row)
        if group not in self.known:
            limit = HISTORY + self.many[group]
            self.known[group] = self._from_catalog(self.newest[group], limit)
            if len(self.known[group]) >= limit:
                self.cut.add(group)
        known, mine = self.known[group], (row.captured_at, row.id)
        end = bisect_left(known, mine, key=_order)
        if group in self.cut and end < HISTORY:
            have = {f.id for _, f in known}
            for item in self._from_catalog(row, HISTORY):
                if item[1].id not in have:
                    insort(known, item, key=_order)
            end = bisect_left(known, mine, key=_order)
        if end > HISTORY:
            del known[: end - HISTORY]
        return known[: min(end, HISTORY)]

    def _from_catalog(self, row: FileRow, limit: int) -> list[tuple[History, FileRow]]:
        found = self.reader.history(*_group(row), limit=limit, before=row)
        files = {f.id: f for f in _rows(self.ws, [h.file_id for h in found])}
        return sorted(((h, files[h.file_id]) for h in found if h.file_id in files and h.file_id not in self.judged), key=_order)

    def set_of(self, row: FileRow) -> list[FileRow]:
        """The other files of the same set."""
        if row.set_id is None:
            return []
        if row.set_id not in self.sets:
            self.sets[row.set_id] = self.ws.catalog.select(FileFilter(set_id=row.set_id))
        return [f for f in self.sets[row.set_id] if f.id != row.id and f.zone is not Zone.ERASED]

    def kin_of(self, row: FileRow) -> list[FileRow]:
        """The newest good capture before `row`, and of another run, of each other series of its feed and account, newest first, at most MOST_KIN;
        of this batch those that are judged by now."""
        found = [
            f
            for f in self.reader.newest_by_series(row.feed, row.account, before=row, limit=MOST_KIN + 1)
            if f.id not in self.judged
        ]
        found += [f for group, known in self.known.items() if group[:2] == _group(row)[:2] for _, f in known]
        mine = (row.captured_at, row.id)
        others = (f for f in found if _age(f) < mine and f.series != row.series and (f.run_id is None or f.run_id != row.run_id))
        newest = {f.series: f for f in sorted(others, key=_age)}
        return sorted(newest.values(), key=_age, reverse=True)[:MOST_KIN]

    def add(self, row: FileRow, report: Report) -> Report:
        """Take a verdict into the past; returns the report with all that the past says about it."""
        from ..inspection.history import with_same_content

        before = self.of(row)
        report = with_same_content(report, self.ws.registry.feed(row.feed), (h for h, _ in reversed(before)), row.captured_at)
        if not report.rules:  # its reader died before it could say
            report = dataclasses.replace(report, rules=current_rules(self.ws, row.feed, {}))
        self.judged.add(row.id)
        known = self.known[_group(row)]
        spot = bisect_left(known, (row.captured_at, row.id), key=_order)
        if spot < len(known) and known[spot][1].id == row.id:
            del known[spot]
        if report.verdict is not Verdict.FAILED and row.zone in (Zone.LANDING, Zone.RAW):
            entry = History(captured_at=row.captured_at, as_of=report.as_of, facts=report.facts, file_id=row.id)
            insort(known, (entry, row), key=_order)
        return report


def _order(item: tuple[History, FileRow]) -> tuple[datetime, str]:
    return _age(item[1])


def _age(row: FileRow) -> tuple[datetime, str]:
    return row.captured_at, row.id


def _rows(ws: Workspace, ids: Sequence[str]) -> list[FileRow]:
    return [r for r in ws.catalog.resolve(ids) if isinstance(r, FileRow)]


def _job(ws: Workspace, row: FileRow, past: _Past) -> Any:
    from ..inspection.jobs import Job, named

    feed = ws.registry.feed(row.feed)
    sidecar = sidecar_of(ws, row)
    before = past.of(row)
    # the journal's order tells what came first; a file that left landing keeps its place in it
    twins = [
        (t.id, t.landed_at) for t in past.twins[row.sha256] if t.id < row.id and t.zone is not Zone.ERASED and t.feed == row.feed
    ]
    previous = before[-1][1] if before else None
    return Job(
        feed=feed,
        payload=ws.payload(row.zone, row.path),
        sidecar=sidecar,
        now=ws.clock.now(),
        history=[h for h, _ in before[-1:]],  # content that is older still is compared here, by its hash
        previous=ws.payload(previous.zone, previous.path) if previous else None,
        siblings={named(f.feed, f.series): ws.payload(f.zone, f.path) for f in past.set_of(row)},
        kin=[ws.payload(f.zone, f.path) for f in past.kin_of(row)] if feed.options.get("kin") else (),
        declared=set_feeds(ws, feed),
        twins=twins,
        report_id=new_id(ws.clock.now()),
        feeds=[f for f in ws.registry.load(feed.platform).feeds.values() if f.name != feed.name],
        options=dict(feed.options),
        accepted=ws.acceptances.standing(feed.name),
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
        cache[feed_name] = rules_of(ws.registry.feed(feed_name), ws.acceptances.standing(feed_name))
    return cache[feed_name]


def judged_otherwise(ws: Workspace, row: FileRow, cache: dict[str, str]) -> bool:
    """Whether the row's verdict was made under other rules than today's. Not where its feed cannot be loaded: nothing could judge it anew."""
    try:
        return row.verdict is not None and bound(ws, row, cache).verdict is None
    except BedrotError:
        return False


def bound(ws: Workspace, row: FileRow, cache: dict[str, str]) -> FileRow:
    """The row with its verdict, or without it when the rules changed since the report was made."""
    if row.verdict is not None and row.rules is not None and row.rules != current_rules(ws, row.feed, cache):
        return dataclasses.replace(row, verdict=None)
    return row
