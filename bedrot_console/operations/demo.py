"""demo: a whole lake against the simulators, through the very verbs of real use. Nothing here knows what a platform answers.

Two simulated days: every platform is extracted, the second factor is answered by the person behind the simulated account, files are
validated, compared with the day before and decided. On the second day one fault is on; validation must stop what it damages.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..domain.browsing import FileFilter, FileRow, Outcome
from ..domain.challenges import Secret
from ..domain.errors import BedrotError
from ..domain.lifecycle import Verb, Verdict
from ..settings import Settings
from . import browse, decide, extract, review, runs, simulate, upkeep
from . import land as landing
from . import sql as sqls
from .workspace import Workspace

if TYPE_CHECKING:
    from ..extraction.simulator import Served

FAULTS = {"distrokid": "cut_at_line", "metaads": "duplicate_rows"}
"""What is wrong on the second day, per platform; only the first platform of the demo that knows its fault gets it."""
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
        fault_on: str | None = None
        for day in (1, 2):
            date = next(iter(platforms.values())).simulator.day if platforms else ws.clock.now().date()
            yield Line("head", f"Day {day} ({date})")
            if day == 2:
                fault_on = _break_one(platforms)
                if fault_on:
                    yield Line("step", f"the fault {FAULTS[fault_on]} is on at {fault_on}: validation must stop what it damages")
            landed: list[FileRow] = []
            for name, served in platforms.items():
                yield from _extract(ws, name, served, landed)
            if day == 1:
                yield from _upload(ws, home, landed)
            yield from _decide(ws, landed)
            if day == 1:
                for served in platforms.values():
                    served.simulator.advance_days(1)
    yield from _close(ws, fault_on)


def _break_one(platforms: dict[str, Served]) -> str | None:
    for name, fault in FAULTS.items():
        served = platforms.get(name)
        if served is not None and fault in served.simulator.known_faults():
            served.simulator.set_faults([fault])
            return name
    return None


def _extract(ws: Workspace, name: str, served: Served, landed: list[FileRow]) -> Iterator[Line]:
    run = extract.start(ws, name)
    yield Line("step", f"extract {name}: run {run}", {"run": run})
    for event in runs.follow(ws, run):
        if event["kind"] == "challenge":
            challenge = event["challenge"]
            yield Line(
                "step", f"  {name} asks for a {challenge['kind']} by {challenge['medium']}; the person looks it up and answers"
            )
            runs.answer(ws, challenge["id"], Secret(_look_up(served, challenge)))
    view = runs.view(ws, run)
    ids = list(view.files)
    rows = [row for row in ws.catalog.resolve(ids) if isinstance(row, FileRow)] if ids else []
    landed.extend(rows)
    text = f"  {view.state.value}: {view.brought} landed"
    if view.error:
        text += f"; {view.error}"
    yield Line("good" if view.state.value == "done" else "bad", text, {"state": view.state.value, "files": ids})
    for row in rows:
        yield _row_line(row)


def _look_up(served: Served, challenge: dict[str, Any]) -> str:
    """What the person reads on their phone or in their mail."""
    if challenge["medium"] == "app":
        return served.simulator.authenticator()
    return served.simulator.mailbox()[-1].code


def _upload(ws: Workspace, home: Path, landed: list[FileRow]) -> Iterator[Line]:
    from .validate import validate

    folder = home / "to-upload"
    folder.mkdir(exist_ok=True)
    paths = []
    for name, text in UPLOADS.items():
        (folder / name).write_text(text, "utf-8")
        paths.append(folder / name)
    yield Line("step", f"land {len(paths)} files that a person brought")
    for outcome in landing.land(ws, paths):
        if outcome.done:
            yield Line("good", f"  landed {outcome.path}", {"id": outcome.id})
            for item in validate(ws, [outcome.id]):
                if not isinstance(item, Outcome):
                    row = browse.find(ws, outcome.id)
                    landed.append(row)
                    yield _row_line(row)
        else:
            yield Line("bad", f"  refused {Path(outcome.id).name}: {outcome.reason}", {"code": outcome.code})


def _row_line(row: FileRow) -> Line:
    kind = "bad" if row.verdict is Verdict.FAILED else "good"
    why = f" ({row.first_code})" if row.first_code else ""
    return Line(kind, f"  {row.status:<8} {row.path}{why}", {"id": row.id, "feed": row.feed, "verdict": row.status})


def _decide(ws: Workspace, landed: Sequence[FileRow]) -> Iterator[Line]:
    for row in landed:
        diff = review.diff(ws, row.id)
        if diff.old_id and row.verdict is not Verdict.FAILED:
            yield Line("step", f"  {row.feed}: {diff.headline}", {"id": row.id, "headline": diff.headline})
    good = [r.id for r in landed if r.verdict in (Verdict.PASSED, Verdict.WARNED)]
    done = [o for o in decide.decide(ws, Verb.PROMOTE, good)] if good else []
    yield Line("good", f"promoted {sum(o.done for o in done)} of {len(good)} files", {"promoted": [o.id for o in done if o.done]})
    yield from (Line("bad", f"  {o.id}: {o.reason}") for o in done if not o.done)
    for row in landed:
        if row.verdict is Verdict.FAILED:
            for outcome in decide.decide(ws, Verb.QUARANTINE, [row.id], reason=row.first_code or "failed its checks"):
                yield Line(
                    "bad", f"quarantined {outcome.path or row.path}: {row.first_code}", {"id": row.id, "code": row.first_code}
                )


def _close(ws: Workspace, fault_on: str | None) -> Iterator[Line]:
    rows = browse_all(ws)
    yield Line("head", "What happened")
    result = sqls.query(
        ws,
        "select feed, count(*) as files, count(*) filter (status = 'promoted') as promoted, "
        "count(*) filter (status = 'quarantined') as quarantined, max(as_of) as newest_day from files group by feed order by feed",
    )
    yield Line("table", "", {"columns": list(result.columns), "rows": [list(r) for r in result.rows]})
    bad = [f for f in upkeep.verify(ws) if getattr(f, "problem", None)]
    check = upkeep.verify_journal(ws)
    yield Line(
        "good" if not bad and check.ok else "bad",
        f"verify: {len(rows)} payloads hash to their sidecars, the journal's chain of {check.lines} lines holds",
        {"damaged": len(bad), "journal_ok": check.ok},
    )
    stopped = [r for r in rows if r.status == "quarantined"]
    if bad or not check.ok:
        raise DemoFailed("fixity or the journal's chain does not hold")
    if fault_on and not any(r.platform == fault_on for r in stopped):
        raise DemoFailed(f"the fault at {fault_on} was not stopped")
    yield Line("end", str(ws.home), {"home": str(ws.home), "files": len(rows), "quarantined": len(stopped)})


def browse_all(ws: Workspace) -> list[FileRow]:
    """Every file of a small lake, current."""
    return ws.catalog.select(FileFilter(order="oldest"))
