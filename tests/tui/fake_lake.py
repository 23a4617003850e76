"""A lake for the console made of arithmetic: any number of files, scripted runs and challenges, verbs that keep to the one table."""

from __future__ import annotations

import dataclasses
import io
import json
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))  # as a program of its own under PYTHONSAFEPATH, which the launcher sets

from fake_answers import FakeInquiry
from fake_places import FakePlaces

from bedrot_console.catalog import queries
from bedrot_console.domain.blocks import Indexed, Raster, View
from bedrot_console.domain.browsing import OPPOSITE, Diff, DiffRow, FileFilter, FileRow, Outcome, Preview, Review
from bedrot_console.domain.challenges import Challenge, ChallengeKind, Look, Secret
from bedrot_console.domain.drift import Acceptance, Shape, applied
from bedrot_console.domain.errors import BedrotError, ChallengeExpired, UsageError
from bedrot_console.domain.excerpts import Excerpt, Wish
from bedrot_console.domain.files import format_time
from bedrot_console.domain.findings import Finding, Place, Report, Severity, StageResult
from bedrot_console.domain.findings import Outcome as StageOutcome
from bedrot_console.domain.identifiers import ALPHABET
from bedrot_console.domain.lifecycle import TRANSITIONS, Verb, Verdict, Zone, status, transition
from bedrot_console.domain.plans import MOST_FILES, Plan
from bedrot_console.domain.runs import RunState, RunView
from bedrot_console.operations import looking

START = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
FEEDS = ("distrokid/streams", "distrokid/sales", "metaads/campaigns", "metaads/insights")
HOSTILE = (
    "\x1b]52;c;aGFja2Vk\x07owned",
    "\x1b]0;title\x07",
    "\x1b[2J\x1b[31mred",
    "[@click=app.exit]exit[/]",
    "[/",
    "[bold red]markup[/]",
    "a\u202egnp.exe",
    "zero\u200bwidth\u2060",
    "\x9b31mC1",
    "\x90dcs\x9c",
    "bell\x07back\x08\x08cr\rlf\ntab\t",
    "e" + "\u0301" * 40,
    "漢字かな",
    "\x1b_apc\x1b\\",
    "\ud800surrogate",
    "\x1b]8;;http://evil/\x1b\\link",
)


def file_id(number: int) -> str:
    """The id of file `number`: sorts as the numbers do."""
    out = []
    value = number * 7919 + (1 << 60)
    for _ in range(20):
        value, digit = divmod(value, 32)
        out.append(ALPHABET[digit])
    return "".join(reversed(out))


def number_of(name: str) -> int:
    """The number of the file with this id."""
    value = 0
    for letter in name:
        value = value * 32 + ALPHABET.index(letter)
    return (value - (1 << 60)) // 7919


def row_of(number: int, path: str | None = None) -> FileRow:
    feed = FEEDS[number % 4]
    zone = (Zone.LANDING, Zone.RAW, Zone.RAW, Zone.QUARANTINE)[number // 4 % 4]
    verdict = (Verdict.PASSED, Verdict.WARNED, Verdict.FAILED, None)[number // 16 % 4] if zone is Zone.LANDING else Verdict.PASSED
    landed = START + timedelta(seconds=number)
    return FileRow(
        id=file_id(number), platform=feed.split("/")[0], feed=feed, account="default", zone=zone, status=status(zone, verdict),
        verdict=verdict, path=path or f"{feed}/{feed.split('/')[1]}_{landed:%Y%m%d_%H%M%S}.json", size_bytes=1000 + number * 37 % 90_000,
        sha256=f"{number:064x}", captured_at=landed, landed_at=landed, as_of=landed.date(), run_id=None, set_id=None, method="api",
        media_type="application/json", source_system="api.example.net", extractor_version="1.0.0",
        report_id=f"r{number}" if verdict else None, errors=int(verdict is Verdict.FAILED), warnings=int(verdict is Verdict.WARNED),
        rows=number % 500, first_code="freshness.stale" if verdict is Verdict.WARNED else "format.sign-in-page" if verdict is Verdict.FAILED else None,
    )  # fmt: skip


@dataclass
class NeedItem:
    id: str = "n1"
    platform: str = "distrokid"
    account: str = "default"
    at: datetime = START
    code: str = "challenge-unanswered"
    command: str = "bedrot extract distrokid"
    stale_on: date | None = None


@dataclass
class AccountItem:
    platform: str
    account: str = "default"
    title: str = ""
    method: str = "browser"
    feeds: tuple[str, ...] = ("streams",)
    problem: str | None = None
    last: RunView | None = None
    due: bool = False
    wait: str = ""


@dataclass
class FakeRun:
    view: RunView
    events: list[dict[str, Any]] = field(default_factory=list)


class FakeLake(FakePlaces, FakeInquiry):
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
        self.answers: list[tuple[str, int]] = []
        self.code = "123456"
        self.asked: list[Challenge] = []
        self.waiting: list[NeedItem] = []
        self.fake_runs: list[FakeRun] = []
        self.memory: dict[str, Any] = {}
        self.started: list[tuple[str, ...]] = []
        self.calls: list[str] = []
        self.slow: float = 0.0
        self.most = MOST_FILES
        self.fails: set[str] = set()
        self.on_decision: Callable[[], object] = lambda: None
        self.broken: BaseException | None = None
        self.sql_stopped = threading.Event()
        self.folder = tempfile.TemporaryDirectory(prefix="fake-lake-")
        self.bodies: dict[str, bytes] = {}
        self.places: dict[str, Place] = {}
        self.wishes: list[Wish] = []
        self.drifts: dict[str, tuple[Finding, ...]] = {}
        self.accepted: list[Acceptance] = []
        self.stuck = threading.Event()
        self.comparing = threading.Event()
        self.attempts = 3
        self.looks = 0
        self.hands: list[dict[str, Any]] = []
        self.says = "https://example.net/scan?key=K-0001"
        self.outline = "example.net/puzzle\n345,245  button  a boat"

    @cached_property
    def picture(self) -> bytes:
        """A page: white, with a green boat of 90 by 90 pixels at 300,200 and a red fish at 100,200."""
        from PIL import Image, ImageDraw

        page = Image.new("RGB", (1280, 900), "white")
        draw = ImageDraw.Draw(page)
        draw.rectangle((300, 200, 389, 289), (51, 204, 51))
        draw.rectangle((100, 200, 189, 289), (204, 51, 51))
        out = io.BytesIO()
        page.save(out, "PNG")
        return out.getvalue()

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
        path = Path(self.folder.name) / row.id
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
        return excerpt(None, self.payload(self.find(name)), wish)

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

    # runs

    def startable(self) -> Sequence[AccountItem]:
        return [
            AccountItem("distrokid", title="DistroKid"), AccountItem("metaads", due=True), AccountItem("metaads", "second", due=True),
            AccountItem("broken", feeds=(), problem="SyntaxError line 3"),
        ]  # fmt: skip

    def start(self, platform: str, account: str, feeds: Sequence[str] = ()) -> str:
        self.started.append((platform, account, *feeds))
        name = f"run{len(self.fake_runs):017d}"
        view = RunView(
            id=name, platform=platform, account=account, state=RunState.RUNNING, started_at=self.at, expected=("distrokid/streams",),
            stage="signing in",
        )  # fmt: skip
        self.fake_runs.insert(0, FakeRun(view))
        self.log(name, kind="state", state="running")
        self.log(name, kind="log", level="info", text="opening the sign-in page")
        return name

    def log(self, run_id: str, /, **event: Any) -> None:
        run = next(r for r in self.fake_runs if r.view.id == run_id)
        run.events.append({"seq": len(run.events) + 1, "at": format_time(self.at), **event})

    def set_run(self, name: str, **changes: Any) -> None:
        run = next(r for r in self.fake_runs if r.view.id == name)
        run.view = dataclasses.replace(run.view, **changes)

    def runs(self, limit: int = 50) -> list[RunView]:
        return [r.view for r in self.fake_runs]

    def run(self, name: str) -> RunView:
        return next(r.view for r in self.fake_runs if r.view.id == name)

    def run_events(self, name: str, after: int = 0) -> list[dict[str, Any]]:
        return [e for r in self.fake_runs if r.view.id == name for e in r.events if e["seq"] > after]

    def cancel(self, name: str) -> None:
        self.set_run(name, state=RunState.CANCELLED)

    def cancel_all(self) -> tuple[int, int]:
        going = [r.view.id for r in self.fake_runs if not r.view.state.ended]
        for name in going:
            self.cancel(name)
        return len(going), 0

    def ask(self, run: str, **changes: Any) -> Challenge:
        challenge = Challenge(
            id=f"c{len(self.asked) + len(self.answers)}", kind=ChallengeKind.CODE, run_id=run, platform="distrokid", account="default",
            prompt="Enter the code", raised_at=self.at, expires_at=self.at + timedelta(minutes=5), medium="e-mail", hint="m…@example.net",
            length=6, attempts_left=self.attempts, can=("resend",),
        )  # fmt: skip
        challenge = dataclasses.replace(challenge, **changes)
        self.asked.append(challenge)
        return challenge

    def challenges(self) -> list[Challenge]:
        return list(self.asked)

    def answer(self, challenge: str, value: Secret) -> None:
        found = next((c for c in self.asked if c.id == challenge), None)
        if found is None:
            raise ChallengeExpired("that question is over", hint="bedrot challenges")
        self.answers.append((challenge, len(value)))
        self.asked.remove(found)
        if value.reveal() != self.code:
            self.attempts -= 1
            self.ask(found.run_id, error="that code is wrong", attempts_left=self.attempts)

    def act(self, challenge: str, act: str) -> None:
        self.calls.append(act)

    def look(self, challenge: str) -> Look:
        asked = next((c for c in self.asked if c.id == challenge), None)
        if asked is None:
            raise ChallengeExpired("this challenge is over", hint="bedrot challenges")
        self.looks += 1
        if asked.kind is ChallengeKind.QR:
            return Look(text=Secret(self.says))
        return Look(picture=self.picture, width=1280, height=900, outline=self.outline)

    def hand(self, challenge: str, act: Mapping[str, Any]) -> None:
        self.look(challenge)
        if act["act"] == "press" and act["key"] == "Tab":
            raise UsageError("this key cannot be pressed")
        self.hands.append(dict(act))

    def modules(self, text: Secret) -> Sequence[Sequence[bool]]:
        return looking.modules(text)

    def shrunk(self, look: Look, view: View) -> Raster:
        return looking.shrunk(look, view)

    def indexed(self, look: Look, view: View, width: int, height: int, colours: int) -> Indexed:
        return looking.indexed(look, view, width, height, colours)

    def needs(self) -> Sequence[NeedItem]:
        return list(self.waiting)

    # sql

    def schema(self) -> Sequence[tuple[str, str, str]]:
        return [
            ("files", "id", "VARCHAR"),
            ("files", "feed", "VARCHAR"),
            ("runs", "id", "VARCHAR"),
            ("raw(feed)", "file_id", "VARCHAR"),
        ]

    def starters(self) -> Sequence[tuple[str, str]]:
        return [("newest", "select id, feed from files"), ("runs", "select * from runs")]


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
    for row, body in zip(lake.files(FileFilter(zone=Zone.LANDING, order="worst"), limit=200), bodies, strict=False):
        lake.bodies[row.id] = body
    if "crash" in words:
        lake.broken = ValueError("secret-canary-4711")
    return run_backend(lake)


if __name__ == "__main__":
    raise SystemExit(main())
