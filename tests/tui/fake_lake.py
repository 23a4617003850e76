"""A lake for the console made of arithmetic: any number of files, scripted runs and challenges, verbs that keep to the one table."""

from __future__ import annotations

import dataclasses
import json
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))  # as a program of its own under PYTHONSAFEPATH, which the launcher sets

from fake_answers import FakeInquiry
from fake_places import FakePlaces
from fake_rows import HOSTILE, START, file_id, number_of, row_of
from fake_runs import FakeRuns, NeedItem

from bedrot_console.catalog import queries
from bedrot_console.domain.browsing import OPPOSITE, Diff, DiffRow, FileFilter, FileRow, Outcome, Preview, Review
from bedrot_console.domain.challenges import ChallengeKind
from bedrot_console.domain.drift import Acceptance, Shape, applied
from bedrot_console.domain.errors import BedrotError, UsageError
from bedrot_console.domain.excerpts import Excerpt, Wish
from bedrot_console.domain.feeds import Feed
from bedrot_console.domain.findings import Finding, Place, Report, Severity, StageResult
from bedrot_console.domain.findings import Outcome as StageOutcome
from bedrot_console.domain.lifecycle import TRANSITIONS, Verb, Verdict, Zone, status, transition
from bedrot_console.domain.plans import MOST_FILES, Plan
from bedrot_console.inspection.scratch import Scratch


class FakeLake(FakeRuns, FakePlaces, FakeInquiry):
    """The Backend port. Files are computed from their number unless changed; newest first means highest number first."""

    def __init__(self, files: int = 1000, *, names: Sequence[str] = (), read_only: bool = False) -> None:
        super().__init__()
        self.size = files
        self.names = tuple(names)
        self.home = "/srv/lake"
        self.read_only = read_only
        self.pictures: str | None = None
        self.at = START + timedelta(days=1)
        self.lock = threading.RLock()
        self.changed: dict[str, FileRow] = {}
        self.is_fresh = False
        self.decisions: list[tuple[str, str, str]] = []
        self.memory: dict[str, Any] = {}
        self.calls: list[str] = []
        self.slow: float = 0.0
        self.most = MOST_FILES
        self.fails: set[str] = set()
        self.on_decision: Callable[[], object] = lambda: None
        self.broken: BaseException | None = None
        self.sql_stopped = threading.Event()
        self.folder = Scratch("fake-lake-")
        self.bodies: dict[str, bytes] = {}
        self.feed: Feed | None = None
        self.places: dict[str, Place] = {}
        self.wishes: list[Wish] = []
        self.drifts: dict[str, tuple[Finding, ...]] = {}
        self.accepted: list[Acceptance] = []
        self.stuck = threading.Event()
        self.comparing = threading.Event()

    # files

    def now(self) -> datetime:
        return self.at

    def _row(self, number: int) -> FileRow:
        row = row_of(number, self.names[number] if number < len(self.names) else None)
        return self.changed.get(row.id, row)

    def _all(self, what: FileFilter) -> Iterator[FileRow]:
        numbers = range(self.size) if what.order == "oldest" else range(self.size - 1, -1, -1)
        rows = (r for r in map(self._row, numbers) if queries.matches(what, r))
        return rows if what.order in ("newest", "oldest") else iter(sorted(rows, key=queries.sort_key(what.order)))

    def _plain(self, what: FileFilter) -> bool:
        return what == FileFilter(order=what.order) and what.order in ("newest", "oldest")

    def _number(self, row: FileRow) -> int:
        return int(row.sha256, 16)

    def files(
        self, what: FileFilter, *, after: FileRow | None = None, before: FileRow | None = None, limit: int = 200
    ) -> list[FileRow]:
        self.calls.append("files")
        if self.broken:
            raise self.broken
        if self._plain(what):
            step = -1 if what.order == "newest" else 1
            if before is not None:
                at = self._number(before) - step
                rows = []
                while 0 <= at < self.size and len(rows) < limit:
                    rows.append(self._row(at))
                    at -= step
                return rows[::-1]
            at = self._number(after) + step if after is not None else (self.size - 1 if step < 0 else 0)
            rows = []
            while 0 <= at < self.size and len(rows) < limit:
                rows.append(self._row(at))
                at += step
            return rows
        key = queries.sort_key(what.order)
        if before is not None:
            return [row for row in self._all(what) if key(row) < key(before)][-limit:]
        return list(islice((row for row in self._all(what) if after is None or key(row) > key(after)), limit))

    def last(self, what: FileFilter, limit: int) -> list[FileRow]:
        return self.files(dataclasses.replace(what, order=OPPOSITE[what.order]), limit=limit)[::-1]

    def between(self, what: FileFilter, one: FileRow, other: FileRow, limit: int) -> list[FileRow]:
        key = queries.sort_key(what.order)
        low, high = sorted((key(one), key(other)))
        return list(islice((row for row in self._all(what) if not (key(row) < low or high < key(row))), limit))

    def place_of(self, what: FileFilter, row: FileRow) -> int:
        if self._plain(what):
            return self._number(row) if what.order == "oldest" else self.size - 1 - self._number(row)
        key = queries.sort_key(what.order)
        return sum(key(other) < key(row) for other in self._all(what))

    def rows(self, ids: Sequence[str]) -> dict[str, FileRow]:
        return {row.id: row for row in map(self._row, range(self.size)) if row.id in set(ids)}

    def groups(self, what: FileFilter, by: str) -> list[tuple[str | None, int, int]]:
        files: Counter[str | None] = Counter()
        size: Counter[str | None] = Counter()
        for row in self._all(what):
            key = row.landed_at.date().isoformat() if by == "day" else row.first_code if by == "code" else str(getattr(row, by))
            files[key] += 1
            size[key] += row.size_bytes
        order = (lambda k: k) if by == "day" else (lambda k: files[k])
        return [(key, files[key], size[key]) for key in sorted(files, key=order, reverse=True)]

    def drop(self, thread: int) -> None:
        self.calls.append("drop")

    def plan(self, verb: Verb, what: FileFilter | Sequence[str]) -> Plan:
        refused: Counter[str] = Counter()
        rows = []
        for row in self._all(dataclasses.replace(what, order="oldest")) if isinstance(what, FileFilter) else map(self.find, what):
            try:
                transition(verb, row.zone, row.verdict)
                rows.append(row)
            except BedrotError as error:
                refused[str(error)] += 1
        return Plan(verb=verb, rows=tuple(rows[: self.most]), refused=refused, beyond=max(0, len(rows) - self.most))

    def count(self, what: FileFilter) -> int:
        return self.size if self._plain(what) else sum(1 for _ in self._all(what))

    def recall(self) -> dict[str, Any]:
        return self.memory

    def keep(self, state: Mapping[str, Any]) -> None:
        self.memory = json.loads(json.dumps(state))

    def fresh(self) -> bool:
        was, self.is_fresh = self.is_fresh, False
        return was

    def find(self, name: str) -> FileRow:
        if len(name) == 20 and self._row(number_of(name)).id == name:
            return self._row(number_of(name))
        for number in range(self.size):
            row = self._row(number)
            if row.id.startswith(name) or f"{row.zone}/{row.path}" == name:
                return row
        raise UsageError(f"no such file: {name}", hint="bedrot files")

    def passed(self) -> Sequence[FileRow]:
        return [row for row in map(self._row, range(self.size)) if row.status == "passed"]

    def glance(self, name: str) -> Review:
        return dataclasses.replace(self.review(name), diff=None)

    def review(self, name: str, stop: Callable[[], bool] | None = None, lines: int = 200) -> Review:
        while stop is not None and self.comparing.is_set() and not stop():
            time.sleep(0.001)
        if self.broken:
            raise self.broken
        row = self.find(name)
        allowed: dict[str, str | None] = {}
        for verb in Verb:
            try:
                transition(verb, row.zone, row.verdict)
                allowed[verb.value] = None
            except BedrotError as error:
                allowed[verb.value] = str(error)
        text = HOSTILE[self._number(row) % len(HOSTILE)] if self.names else "GB"
        severity = {Verdict.FAILED: Severity.ERROR, Verdict.WARNED: Severity.WARNING}.get(row.verdict)
        findings = ()
        if severity:
            findings = (
                Finding(
                    code=row.first_code or "schema.drift", severity=severity, stage="format", message=f"The country is not known: {text}",
                    place=self.places.get(row.id, Place(pointer="/days/3/country")), expected="two letters", seen=text, count=3,
                ),
            )  # fmt: skip
        findings = tuple(applied((*findings, *self.drifts.get(row.id, ())), self.accepted))
        stages = tuple(
            StageResult(
                stage=s, outcome=StageOutcome.FAILED if s == "format" and severity is Severity.ERROR else StageOutcome.PASSED
            )
            for s in ("fixity", "size", "format", "schema", "completeness", "consistency", "freshness", "duplicates", "volume")
        )
        report = Report(
            id=row.report_id or "r", file_id=row.id, sha256=row.sha256, rules="x", at=self.at, stages=stages, findings=findings,
            facts={"rows": row.rows, "last_day": "2026-03-01"},
        )  # fmt: skip
        preview = Preview(
            kind="json", lines=tuple(f'{{"day": {i}, "streams": {i * 11}, "text": "{text}"}}' for i in range(60)), truncated=True
        )
        diff = Diff(
            old_id=file_id(0), new_id=row.id, headline="+1 day, streams +3.1 %, nothing vanished", added=1, removed=0, changed=2, unchanged=57,
            because="the last good capture before it", noise={"order": 4},
            rows=(
                DiffRow(kind="added", key=("2026-03-01", text), changes={"streams": (None, "120")}),
                DiffRow(kind="changed", key=("2026-02-28", "GB"), changes={"streams": ("110", "112"), "country": (text, "GB")}),
            ),
        )  # fmt: skip
        return Review(file=row, report=report if row.verdict else None, preview=preview, diff=diff, allowed=allowed)

    def payload(self, row: FileRow) -> Path:
        """The file's bytes, as a file: the same days as the preview, or what a test put into `bodies` under its id."""
        path = self.folder.path / row.id
        if not path.exists():
            text = HOSTILE[self._number(row) % len(HOSTILE)] if self.names else "GB"
            days = [{"day": i, "country": text, "streams": i * 11} for i in range(60)]
            made = json.dumps({"days": days}, ensure_ascii=not self.names, indent=1).encode("utf-8", "replace")
            path.write_bytes(self.bodies.get(row.id, made))
        return path

    def excerpt(self, name: str, wish: Wish, stop: Callable[[], bool]) -> Excerpt:
        from bedrot_console.inspection.excerpt import excerpt

        self.wishes.append(wish)
        while self.stuck.is_set() and not stop():
            time.sleep(0.001)
        return excerpt(self.feed, self.payload(self.find(name)), wish)

    def diff(self, name: str, whole: bool) -> Diff:
        diff = self.review(name).diff
        assert diff is not None
        same = DiffRow(kind="same", key=("2026-02-27", "GB"), changes={"streams": ("99", "99")})
        return dataclasses.replace(diff, rows=(*diff.rows, same)) if whole else diff

    def accept_drift(self, name: str, report: str, shape: Shape, reason: str) -> Acceptance:
        row = self.find(name)
        made = Acceptance(
            id=f"a{len(self.accepted)}", feed=row.feed, code=shape.code, place=shape.place, seen=shape.seen, version=f"1.{len(self.accepted) + 1}",
            at=self.at, actor="uid:1000", file_id=row.id, report_id=report, reason=reason,
        )  # fmt: skip
        self.accepted.append(made)
        return made

    def revoke_drift(self, acceptance: str) -> Acceptance:
        found = next(a for a in self.accepted if a.id == acceptance)
        self.accepted.remove(found)
        return dataclasses.replace(found, revoked_at=self.at, revoked_by="uid:1000")

    def acceptances(self, feed: str | None = None) -> Sequence[Acceptance]:
        return [a for a in self.accepted if feed in (None, a.feed)]

    def member(self, name: str, names: Sequence[str]) -> tuple[int, ...]:
        self.calls.append(f"member {' '.join(names)}")
        return ()

    def outdated(self, feed: str) -> Sequence[str]:
        return [name for name in self.drifts if self.find(name).feed == feed]

    # verbs

    def decide(
        self, verb: Verb, ids: Sequence[str], reason: str, seen: Mapping[str, str | None] | None = None
    ) -> Iterator[Outcome]:
        self.on_decision()
        for name in ids:
            row = self.find(name)
            if row.id in self.fails:
                yield Outcome(id=row.id, verb=verb, outcome="failed", reason="the bytes are other ones", code="fixity")
                continue
            try:
                step = transition(verb, row.zone, row.verdict)
            except BedrotError as error:
                yield Outcome(id=row.id, verb=verb, outcome="failed", reason=str(error), code=error.code, hint=error.hint)
                continue
            if seen and step.needs_verdict and seen.get(row.id, row.report_id) != row.report_id:
                yield Outcome(id=row.id, verb=verb, outcome="failed", reason="judged anew since you looked", hint="look again")
                continue
            verdict = None if step.target is Zone.LANDING else row.verdict
            self.changed[row.id] = dataclasses.replace(
                row, zone=step.target, verdict=verdict, status=status(step.target, verdict)
            )
            self.decisions.append((verb.value, row.id, reason))
            made = f"d{len(self.decisions)}"
            yield Outcome(id=row.id, verb=verb, outcome="done", zone=step.target, path=row.path, decision=made)
        self.is_fresh = True

    def undo(self, ids: Sequence[str] = (), reason: str = "", expected: Mapping[str, str] | None = None) -> Iterator[Outcome]:
        if not self.decisions:
            raise UsageError("nothing to undo")
        for name in ids or [self.decisions[-1][1]]:
            last, verb = next((f"d{n}", v) for n, (v, i, _) in reversed([*enumerate(self.decisions, 1)]) if i == name)
            if expected and expected.get(name, last) != last:
                why = f"decided anew since: {verb}"
                yield Outcome(id=name, verb="undo", outcome="failed", reason=why, decision=last)
                continue
            yield from self.decide(TRANSITIONS[Verb(verb)].opposite, [name], "undo")

    def validate(self, ids: Sequence[str]) -> Iterator[tuple[FileRow, Report] | Outcome]:
        for name in ids:
            row = self.find(name)
            row = dataclasses.replace(row, verdict=Verdict.PASSED, status=status(row.zone, Verdict.PASSED), report_id="r9")
            self.changed[row.id] = row
            self.is_fresh = True
            report = self.review(row.id).report
            if report is not None:
                yield row, report

    def statuses(self) -> dict[str, int]:
        return {"passed": 2, "warned": 1, "failed": 1, "pending": 3}


def _nothing(payload: bytes) -> Any:
    from bedrot_console.inspection.contents import FormatTrouble

    raise FormatTrouble("format.unknown-shape")


def main() -> int:
    """The console on a made-up lake: `python fake_lake.py [FILES] [hostile] [challenge]`."""
    import sys

    words = sys.argv[1:]
    if "linear" in words:
        from bedrot_console.tui.linear.opening import run_backend
    else:
        from bedrot_console.tui.app import run_backend
    number = next((int(w) for w in words if w.isdigit()), 1000)
    names = [f"distrokid/streams/{n}" for n in HOSTILE * 4] if "hostile" in words else ()
    lake = FakeLake(max(number, len(names)) if not names else len(names), names=names, read_only="read-only" in words)
    for word, kind in (("qr", ChallengeKind.QR), ("page", ChallengeKind.PAGE)):
        if word in words:
            lake.outline += "".join(f"\n{text}" for text in HOSTILE) if names else ""
            lake.ask(
                lake.start("distrokid", "default"), kind=kind, prompt=HOSTILE[1] if names else "Do it", hint="", medium="", can=()
            )
    if "challenge" in words:
        name = lake.start("distrokid", "default")
        lake.ask(name, hint=HOSTILE[0] if names else "m…@example.net", error="that code is wrong")
        lake.waiting.append(NeedItem(code=HOSTILE[2]))
        if names:
            for text in HOSTILE:
                lake.log(name, kind="log", level="warning", text=text)
                lake.log(name, kind="stage", stage=text)
    lake.pictures = next((w for w in words if w in ("blocks", "kitty", "sixel")), None)
    if names:
        lake.spoil(HOSTILE)
    bodies = [Path(word.removeprefix("body=")).read_bytes() for word in words if word.startswith("body=")]
    if "repeated" in words:  # the worst file lacks the same field in many places
        worst = lake.files(FileFilter(zone=Zone.LANDING, order="worst"), limit=1)[0]
        lake.drifts[worst.id] = tuple(
            Finding(code="schema.required", severity=Severity.ERROR, stage="schema", message="streams is missing", place=Place(pointer=f"/days/{i}/streams"))
            for i in range(40)
        )  # fmt: skip
    if "unread" in words:  # its feed's own parser makes nothing of any payload
        lake.feed = Feed(template="a/b_{stamp}.bin", format="binary", parse=_nothing)
    for row, body in zip(lake.files(FileFilter(zone=Zone.LANDING, order="worst"), limit=200), bodies, strict=False):
        lake.bodies[row.id] = body
    if "crash" in words:
        lake.broken = ValueError("secret-canary-4711")
    return run_backend(lake)


if __name__ == "__main__":
    raise SystemExit(main())
