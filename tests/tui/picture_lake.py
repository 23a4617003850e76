"""A small real lake with made-up data and a clock that stands still, and the real console on it: what the pictures show.

`python picture_lake.py HOME` opens the console on a lake it makes in HOME: two days of two platforms, landed, validated and decided by the
verbs of real use. The bytes are what the platforms' stand-ins give on those days; only the walk over their pages is left out. One run waits
for a code while the console is open. Nothing on the screen depends on the machine, the day or chance.
"""

from __future__ import annotations

import hashlib
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT)]

from bedrot_console.domain import identifiers  # noqa: E402
from bedrot_console.domain.browsing import FileFilter  # noqa: E402
from bedrot_console.domain.challenges import Secret  # noqa: E402
from bedrot_console.domain.lifecycle import Verb, Verdict, Zone  # noqa: E402
from bedrot_console.domain.runs import RunSpec, RunView  # noqa: E402
from bedrot_console.extraction import worker  # noqa: E402
from bedrot_console.extraction.base import Extractor  # noqa: E402
from bedrot_console.inspection.pool import Inspectors  # noqa: E402
from bedrot_console.operations import browse, decide, run_process, runs  # noqa: E402
from bedrot_console.operations.workspace import Workspace  # noqa: E402
from bedrot_console.settings import Settings  # noqa: E402

YESTERDAY = datetime(2026, 3, 1, 9, 4, tzinfo=UTC)
TODAY = datetime(2026, 3, 2, 9, 4, tzinfo=UTC)
NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
PLATFORMS = ("distrokid", "linktree")
WRONG = {"streams": "missing_day", "sales": "schema_drift"}
"""What is wrong with today's files of distrokid: feed -> the fault of its stand-in."""
CODE = "482913"
ASKS = "toolost"


class Still:
    """A clock that stands where it was put; waiting is real."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


def seed_identifiers() -> None:
    """Identifiers of this process follow from how many were made before."""
    made = iter(range(1 << 30))

    def urandom(size: int) -> bytes:
        return hashlib.sha256(f"picture {next(made)}".encode()).digest()[:size]

    identifiers.os = SimpleNamespace(urandom=urandom)  # type: ignore[assignment]


def scripted(ws: Workspace, platform: str, faults: Mapping[str, str], *, asks: bool = False) -> type[Extractor]:
    """The platform's extractor, which brings what its stand-in gives on the clock's day without walking over its pages."""
    real = ws.registry.load(platform)
    simulator = ws.registry.simulator(platform, clock=ws.clock)

    def extract(self: Extractor, session: Any) -> Iterator[Any]:
        session.stage("sign in")
        if not session.has_login and asks:
            error, left = None, 3
            while session.ask(
                "code", "the platform does not know this computer", medium="e-mail", hint="n…@orchard-tapes.example", length=6,
                pattern=r"\d{6}", expires_in=600.0, attempts_left=left, can=("resend",), error=error,
            ) != Secret(CODE):  # fmt: skip
                error, left = "that code is wrong", left - 1
            session.log("info", "signed in")
        else:
            session.log("info", "the saved login still works")
        known = simulator.provenance()
        brought = {n: b for n, b in simulator.payloads().items() if n.partition(":")[0] in real.runs}
        for feed, fault in faults.items():
            simulator.set_faults([fault])
            brought[feed] = simulator.payloads()[feed]
        for number, (name, body) in enumerate(brought.items()):
            attribute, _, series = name.partition(":")
            session.stage(attribute, number, len(brought))
            told = {k: v for k, v in known.get(name, {}).items() if k in ("received_name", "request", "series")}
            yield self.capture(self.feeds[attribute], body, session, **{"series": series, **told})

    return type(real.__name__, (real,), {"extract": extract, "folder": classmethod(lambda cls: real.folder())})


def run(
    ws: Workspace, platform: str, faults: Mapping[str, str] | None = None, *, asks: bool = False, attended: bool = True
) -> RunView:
    """One run to its end, in this thread, as its own process would."""
    spec = RunSpec(id=identifiers.new_id(ws.clock.now()), platform=platform, attended=attended, actor=ws.actor)
    folder = runs.of(ws).create(spec)
    extractor = scripted(ws, platform, faults or {}, asks=asks)
    started = {"run": spec.id, "platform": platform, "account": spec.account, "attended": attended}
    ws.record(ws.event("run-started", expected=list(extractor.expected()), purpose=spec.purpose, **started))
    try:
        return worker.execute(folder, spec, replace(run_process.parts_of(ws, spec), extractor=extractor))
    finally:
        folder.release()


def make(home: Path, clock: Still) -> None:
    """Two days of the lake; the clock then stands at NOW."""
    clock.at = YESTERDAY
    ws = Workspace(Settings.load(home, {}), clock=clock)
    ws.prepare()
    for platform in PLATFORMS:
        run(ws, platform)
    good = [r.id for r in browse.files(ws, FileFilter(zone=Zone.LANDING)) if r.verdict is Verdict.PASSED]
    list(decide.decide(ws, Verb.PROMOTE, good))
    clock.at = TODAY.replace(hour=3, minute=0)
    run(ws, "spotify", asks=True, attended=False)
    clock.at = TODAY
    for platform in PLATFORMS:
        run(ws, platform, WRONG if platform == "distrokid" else None)
    clock.at = NOW


def main() -> int:
    """The console on a new lake in HOME."""
    from textual.widgets import Input, TextArea

    from bedrot_console.tui.app import run_backend
    from bedrot_console.tui.backend import OperationsBackend

    for widget in (Input, TextArea):
        widget.cursor_blink._default = False
    Inspectors.__init__.__defaults__ = (1,)  # one reading child: which of two is done first depends on the machine
    home = Path(sys.argv[1])
    home.mkdir(parents=True, exist_ok=True)
    seed_identifiers()
    clock = Still(NOW)
    make(home, clock)
    ws, other = (Workspace(Settings.load(home, {}), clock=clock) for _ in range(2))
    threading.Thread(target=run, args=(other, ASKS), kwargs={"asks": True}, daemon=True).start()
    while not runs.open_challenges(ws):
        time.sleep(0.01)
    backend = OperationsBackend(ws)
    backend.home = "~/lake"
    return run_backend(backend)


if __name__ == "__main__":
    raise SystemExit(main())
