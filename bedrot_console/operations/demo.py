"""demo: a whole lake against the simulators, through the very verbs of real use. Nothing here knows what a platform answers.

Two simulated days: every platform is extracted, AT_ONCE at a time, and whatever it asks is answered by the person behind the simulated
account; files are validated, compared with the day before and decided. On the second day one fault for each kind of finding is on, as the
simulators declare them; validation must stop what they damage, and nothing else.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..domain.browsing import FileFilter, FileRow
from ..domain.challenges import ChallengeKind
from ..domain.errors import BedrotError, ChallengeExpired
from ..domain.findings import STAGES, Severity
from ..domain.lifecycle import Verb, Verdict
from ..domain.runs import RunState
from ..settings import Settings
from . import browse, decide, extract, people, review, runs, simulate, upkeep
from . import land as landing
from . import sql as sqls
from .workspace import Workspace

if TYPE_CHECKING:
    from ..extraction.simulator import Fault, Served

AT_ONCE = 2
"""How many platforms are extracted at a time: each run has a process, half of them a browser."""
ASKED = {
    ChallengeKind.CODE: "asks for a code by {medium}; the person looks it up and answers",
    ChallengeKind.PASSWORD: "asks for the password; the person types it",
    ChallengeKind.APPROVE: "asks to approve the login elsewhere; the person does",
    ChallengeKind.QR: "shows a QR code; the person scans it",
    ChallengeKind.PAGE: "shows a page that only a person passes; the person clicks in its picture",
}
"""What a challenge is, and what the person does about it."""
UPLOADS = {
    "royalty-statement.csv": (
        "Statement Period,Payee,Store,Title,Units,Net Earnings (USD)\n"
        "2026-01,Mara Vale,Spotify,Night Ferry,18214,61.93\n"
        "2026-01,Mara Vale,Apple Music,Night Ferry,4120,28.02\n"
        "2026-01,Mara Vale,Deezer,Harbour Lights,911,3.27\n"
    ),
    "statement-from-portal.csv": (
        "<!doctype html><html><head><title>Sign in</title></head><body><form method='post' action='/signin'>"
        "<input type='email' name='email'><input type='password' name='password'></form></body></html>\n"
    ),
}
"""Two made-up files as a person would bring them: a royalty statement, and a sign-in page that a portal sent in its place."""


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that happened. `kind`: `head`, `step`, `good`, `bad`, `table`, `end`. `data` is for machines and tables."""

    kind: str
    text: str
    data: dict[str, Any] = field(default_factory=dict)


class DemoFailed(BedrotError):
    """The demo's own check failed: something that must be caught was not, or something good was stopped."""

    exit_code = 70


def demo(home: Path, *, only: Sequence[str] = ()) -> Iterator[Line]:
    """Run the demo in an empty home; yields what happens as it happens.

    Args:
        home: a folder of its own; it is left as it is at the end.
        only: platforms; default all that have a simulator.

    Raises:
        DemoFailed: the outcome is not what the product promises. UsageError: unknown platform.
    """
    from ..extraction.chromium import find_browser, how_to_get_one

    home.mkdir(parents=True, exist_ok=True)
    plain = Workspace.open(Settings.load(home))
    names = simulate.simulated(plain, only)
    if find_browser(plain.settings.browser) is None:
        left = [name for name in names if plain.registry.load(name).method == "browser"]
        names = [name for name in names if name not in left]
        if left:
            yield Line("bad", f"left out, since this machine has no browser: {', '.join(left)}; {how_to_get_one()}")
    with simulate.serving(plain, names) as platforms:
        simulate.configure(home, platforms)
        ws = Workspace.open(Settings.load(home))
        ws.prepare()
        simulate.store_secrets(ws, platforms)
        for name, served in platforms.items():
            yield Line("step", f"simulator of {name} at {served.base_url}", {"platform": name, "base_url": served.base_url})
            served.simulator.advance_days(-1)
        yield from _lived(ws, platforms)


def _lived(ws: Workspace, platforms: Mapping[str, Served]) -> Iterator[Line]:
    """Both days, the table of what happened, and the judgement on it."""
    lake = _Lake(ws, platforms)
    yield from lake.day(1)
    yield from lake.upload()
    yield from lake.decide()
    for served in platforms.values():
        served.simulator.set_faults([])
        served.simulator.advance_days(1)
    lake.faults = choose_faults(platforms)
    yield from lake.day(2)
    yield from lake.decide()
    yield from lake.close()


def choose_faults(platforms: Mapping[str, Served]) -> dict[str, tuple[str, Fault]]:
    """Platform -> a fault of its that validation stops by its declaration: one for each kind of finding (`format`, `volume` ...), as far as
    there are platforms, the kinds that fewest platforms can show first."""
    able: dict[str, dict[str, tuple[str, Fault]]] = {}
    for platform, served in platforms.items():
        account = served.simulator.accounts[0].account
        for name, fault in served.simulator.fault_table().items():
            stopped = fault.ends == 1 and fault.error is None and fault.finding is not None
            if stopped and fault.after in ("nothing", "yesterday") and not fault.feeds and fault.account == account:
                able.setdefault(str(fault.finding).partition(".")[0], {}).setdefault(platform, (name, fault))
    chosen: dict[str, tuple[str, Fault]] = {}
    for kind in sorted(able, key=lambda k: (len(able[k]), STAGES.index(k))):
        free = [p for p in able[kind] if p not in chosen]
        if free:
            platform = min(free, key=lambda p: sum(p in others for others in able.values()))
            chosen[platform] = able[kind][platform]
    return {name: chosen[name] for name in platforms if name in chosen}


def choose_trial(platforms: Mapping[str, Served]) -> tuple[str, tuple[str, ...]] | None:
    """The first platform that can put a page in front of its login, and the faults that bring it about."""
    for name, served in platforms.items():
        account = served.simulator.accounts[0].account
        for trial in served.simulator.trials.values():
            if trial.kind == ChallengeKind.PAGE and trial.account == account and trial.faults:
                return name, trial.faults
    return None


class _Lake:
    """The lake as it grows.

    Attributes:
        faults: what is on, by platform.
        landed: files of the day that were not decided yet.
        wrong: what must not have happened, in words.
    """

    def __init__(self, ws: Workspace, platforms: Mapping[str, Served]) -> None:
        self.ws, self.platforms = ws, platforms
        self.faults: dict[str, tuple[str, Fault]] = {}
        self.landed: list[FileRow] = []
        self.wrong: list[str] = []

    def day(self, number: int) -> Iterator[Line]:
        """Extract every platform."""
        date = next(iter(self.platforms.values())).simulator.day if self.platforms else self.ws.clock.now().date()
        yield Line("head", f"Day {number} ({date})")
        trial = choose_trial(self.platforms) if number == 1 else None
        if trial is not None:
            name, faults = trial
            self.platforms[name].simulator.set_faults(faults)
            yield Line("step", f"{name} puts a page in front of its login today")
        for name, (fault, told) in self.faults.items():
            self.platforms[name].simulator.set_faults([fault])
            text = f"wrong at {name}: {told.does}; must be stopped as {told.finding}"
            yield Line("step", text, {"platform": name, "fault": fault, "finding": told.finding})
        if len(self.platforms) > 1:
            yield Line("step", f"extracting {len(self.platforms)} platforms, {AT_ONCE} at a time")
        yield from self._extract()

    def _extract(self) -> Iterator[Line]:
        """Each platform's lines together as soon as its run and those of the platforms before it have ended."""
        gone = threading.Event()
        begun: dict[str, tuple[str, Future[list[dict[str, Any]]]]] = {}
        ahead, shown = iter(self.platforms), iter(self.platforms)
        following = next(shown, None)
        with ThreadPoolExecutor(AT_ONCE) as pool:
            try:
                while following is not None:
                    while sum(not f.done() for _, f in begun.values()) < AT_ONCE and (name := next(ahead, None)) is not None:
                        run = extract.start(self.ws, name)
                        begun[name] = run, pool.submit(_accompany, self.ws, run, self.platforms[name], gone)
                    wait([f for _, f in begun.values() if not f.done()], return_when=FIRST_COMPLETED)
                    while following is not None and following in begun and begun[following][1].done():
                        run, future = begun[following]
                        yield from self._ran(following, run, future.result())
                        following = next(shown, None)
            finally:
                left = [run for run, future in begun.values() if not future.done()]
                gone.set()
                for run in left:
                    with contextlib.suppress(BedrotError):  # it has just ended
                        runs.cancel(self.ws, run)

    def _ran(self, name: str, run: str, asked: Sequence[Mapping[str, Any]]) -> Iterator[Line]:
        """What one run was."""
        yield Line("step", f"extract {name}: run {run}", {"platform": name, "run": run})
        for challenge in asked:
            text = ASKED[ChallengeKind(challenge["kind"])].format(medium=challenge["medium"] or "message")
            yield Line("step", f"  {name} {text}", {"challenge": challenge["kind"], "medium": challenge["medium"]})
        view = runs.view(self.ws, run)
        rows = [row for row in self.ws.catalog.resolve(list(view.files)) if isinstance(row, FileRow)] if view.files else []
        self.landed.extend(rows)
        good = view.state is RunState.DONE
        text = f"  {view.state.value}: {view.brought} landed" + (f"; {view.error}" if view.error else "")
        yield Line("good" if good else "bad", text, {"state": view.state.value, "files": list(view.files)})
        yield from _row_lines(rows)
        if not good:
            self.wrong.append(f"the run of {name} ended as {view.state.value}")
        if name not in self.faults:
            self.wrong.extend(f"{row.feed} was stopped: {row.first_code}" for row in rows if row.verdict is Verdict.FAILED)

    def upload(self) -> Iterator[Line]:
        """Land what a person brought: one file is good, the other none at all."""
        from .validate import validate

        folder = self.ws.home / "to-upload"
        folder.mkdir(exist_ok=True)
        paths = []
        for name, text in UPLOADS.items():
            (folder / name).write_text(text, "utf-8")
            paths.append(folder / name)
        yield Line("step", f"land {len(paths)} files that a person brought")
        refused = 0
        for outcome in landing.land(self.ws, paths):
            if not outcome.done:
                refused += 1
                yield Line("bad", f"  refused {Path(outcome.id).name}: {outcome.reason}", {"code": outcome.code})
                continue
            yield Line("good", f"  landed {outcome.path}", {"id": outcome.id})
            list(validate(self.ws, [outcome.id]))
            row = browse.find(self.ws, outcome.id)
            self.landed.append(row)
            yield from _row_lines([row])
            if row.verdict is Verdict.FAILED:
                self.wrong.append(f"the statement that a person brought was stopped: {row.first_code}")
        if refused != 1:
            self.wrong.append(f"of the files that a person brought {refused} were refused, not the sign-in page alone")

    def decide(self) -> Iterator[Line]:
        """Compare what is good with the day before and promote it; quarantine what is bad."""
        rows, self.landed = self.landed, []
        good = [row for row in rows if row.verdict in (Verdict.PASSED, Verdict.WARNED)]
        yield from _diff_lines(self.ws, good)
        done = decide.decide(self.ws, Verb.PROMOTE, [row.id for row in good]) if good else []
        promoted = [o.id for o in done if o.done]
        yield Line("good", f"promoted {len(promoted)} of {len(good)} files", {"promoted": promoted})
        for outcome in done:
            if not outcome.done:
                self.wrong.append(f"{outcome.id} could not be promoted: {outcome.reason}")
                yield Line("bad", f"  {outcome.id}: {outcome.reason}")
        for row in rows:
            if row.verdict is Verdict.FAILED:
                for outcome in decide.decide(self.ws, Verb.QUARANTINE, [row.id], reason=row.first_code or "failed its checks"):
                    text = f"quarantined {row.feed}: {row.first_code}"
                    yield Line("bad", text, {"id": row.id, "code": row.first_code, "path": outcome.path or row.path})

    def close(self) -> Iterator[Line]:
        """The table, fixity, and the judgement. Raises DemoFailed."""
        ws = self.ws
        rows = browse_all(ws)
        yield Line("head", "What happened")
        result = sqls.query(ws, OUTCOME)
        yield Line("table", "", {"columns": list(result.columns), "rows": [list(r) for r in result.rows]})
        bad = [f for f in upkeep.verify(ws) if getattr(f, "problem", None)]
        check = upkeep.verify_journal(ws)
        yield Line(
            "good" if not bad and check.ok else "bad",
            f"verify: {len(rows)} payloads hash to their sidecars, the journal's chain of {check.lines} lines holds",
            {"damaged": len(bad), "journal_ok": check.ok},
        )
        if bad or not check.ok:
            self.wrong.append("fixity or the journal's chain does not hold")
        stopped = [row for row in rows if row.status == "quarantined"]
        for name, (fault, told) in self.faults.items():
            if told.finding not in {code for row in stopped if row.platform == name for code in _errors(ws, row)}:
                self.wrong.append(f"the fault {fault} at {name} was not stopped as {told.finding}")
            else:
                yield Line("good", f"stopped at {name}: {told.finding}", {"platform": name, "fault": fault})
        if self.wrong:
            raise DemoFailed("; ".join(self.wrong))
        yield Line("end", str(ws.home), {"home": str(ws.home), "files": len(rows), "quarantined": len(stopped)})


OUTCOME = (
    "select feed, count(*) as files, count(*) filter (status = 'promoted') as promoted, "
    "count(*) filter (status = 'quarantined') as quarantined, max(as_of) as newest_day from files group by feed order by feed"
)


def _accompany(ws: Workspace, run: str, served: Served, gone: threading.Event) -> list[dict[str, Any]]:
    """Follow a run to its end, the person behind the account doing what it asks; returns what that was.

    Runs in a thread: only a run's own folder and socket are touched. Whatever the person trips over ends the run, which else would wait.
    """
    asked = []
    try:
        for event in runs.follow(ws, run, stop=gone.is_set):
            if event["kind"] == "challenge":
                asked.append(event["challenge"])
                with contextlib.suppress(
                    ChallengeExpired
                ):  # somebody was faster: the vault's authenticator, or the page moved on
                    people.respond(ws, event["challenge"], served.simulator.answer)
    except BaseException:  # ctrl+c too: no run waits for people who are gone
        with contextlib.suppress(BedrotError):
            runs.cancel(ws, run)
        raise
    return asked


def _row_lines(rows: Sequence[FileRow]) -> Iterator[Line]:
    """One line for the files of a feed that got the same verdict for the same reason."""
    same: dict[tuple[str, str, str | None], list[FileRow]] = {}
    for row in rows:
        same.setdefault((row.feed, row.status, row.first_code), []).append(row)
    for (feed, status, code), some in same.items():
        text = f"  {status:<8} {feed}" + (f", {len(some)} files" if len(some) > 1 else "") + (f": {code}" if code else "")
        data = {"feed": feed, "verdict": status, "code": code, "files": [row.id for row in some]}
        yield Line("bad" if some[0].verdict is Verdict.FAILED else "good", text, data)


def _diff_lines(ws: Workspace, rows: Sequence[FileRow]) -> Iterator[Line]:
    """What is new in each feed: of one with several series the first, and how many more were compared."""
    compared: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        diff = review.diff(ws, row.id)
        if diff.old_id:
            compared.setdefault(row.feed, []).append({"id": row.id, "series": row.series, "headline": diff.headline})
    if compared:
        yield Line("step", "compared with the day before")
    for feed, found in compared.items():
        more = f" (and {len(found) - 1} more series)" if len(found) > 1 else ""
        yield Line("step", f"  {feed}: {found[0]['headline']}{more}", {"feed": feed, "compared": found})


def _errors(ws: Workspace, row: FileRow) -> set[str]:
    """Codes of what a file was stopped for."""
    report = browse.report_of(ws, row)
    return {f.code for f in report.findings if f.severity is Severity.ERROR} if report else set()


def browse_all(ws: Workspace) -> list[FileRow]:
    """Every file of a small lake, current."""
    return ws.catalog.select(FileFilter(order="oldest"))
