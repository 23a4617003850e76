"""Stop whole verbs at every system call, catalog included: afterwards nothing acknowledged is lost, nothing is half visible, and the catalog
equals the disk.

    python benchmarks/verb_sweep.py [--sample N] [--seed S] [--only VERB…]

The verbs are those of the operations room, on a made-up platform; the driver is `crash_sweep`.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import crash_sweep
from crash_sweep import ROOT, Scenario

from bedrot_console.domain.browsing import FileFilter
from bedrot_console.domain.files import Sidecar
from bedrot_console.operations import upkeep
from bedrot_console.operations.workspace import Workspace
from bedrot_console.settings import Settings

PLATFORMS = ROOT / "tests" / "operations" / "platforms"

SETUP = f"""
import duckdb
from bedrot_console.operations import decide as deciding, land as landing_verb, upkeep, validate as validating
from bedrot_console.operations.workspace import Workspace
from bedrot_console.settings import Settings
import bedrot_console.inspection.child, bedrot_console.inspection.stages, bedrot_console.inspection.recognise
import bedrot_console.catalog.store, bedrot_console.inspection.archive
ws = Workspace(Settings.load(home, {{}}), extractors=Path({str(PLATFORMS)!r}))
ws.registry.feed("press/plays")
def paper(n):
    path = home.parent / (home.name + "-%d.json" % n)
    path.write_text('{{"source": "press", "plays": [{{"day": "%s", "plays": %d}}]}}' % (clock.now().date(), 5 + n))
    return path
papers = [paper(n) for n in range(3)]
def do_land(paths=None):
    for outcome in landing_verb.land(ws, paths or papers):
        ack("landed", file=outcome.id, sha256="", set=None) if outcome.done else codes.add(outcome.exit_code)
def do_validate():
    for item in validating.validate(ws, scope="pending"):
        if isinstance(item, tuple):
            ack("validated", file=item[0].id)
def ids():
    return [s.id for _, _, s in zones.walk()]
def do_decide(verb):
    for outcome in deciding.decide(ws, verb, ids(), reason="because"):
        ack("moved", file=outcome.id, zone=str(outcome.zone)) if outcome.done else codes.add(outcome.exit_code)
"""


def check_verbs(home: Path, before: list[dict], acks: list[dict]) -> list[str]:
    """The promises of `check_zones`, and that every way to the catalog tells what lies on disk."""
    wrong = crash_sweep.check_zones(home, before, acks)
    ws = Workspace(Settings.load(home, {}), extractors=PLATFORMS)
    disk = {s.id: (zone, path) for zone, path, s in ws.zones.walk() if isinstance(s, Sidecar)}
    rows = ws.catalog.select(FileFilter())
    if {r.id: (r.zone, r.path) for r in rows} != disk:
        wrong.append("half: the overlay tells other files than the disk")
    judged = {r.id for r in rows if r.verdict is not None}
    wrong += [f"lost: the verdict on {a['file']}" for a in acks if a["kind"] == "validated" and a["file"] not in judged]
    ws.settle(publish="now")
    published = ws.catalog.reader().files(FileFilter(), limit=None)
    if {r.id: (r.zone, r.path) for r in published} != disk:
        wrong.append("half: the published catalog tells other files than the disk")
    if upkeep.rebuild(ws, verify=True).equal is False:
        wrong.append("half: the catalog made anew answers differently")
    for paper in home.parent.glob(f"{home.name}-?.json"):
        paper.unlink()
    return wrong


SCENARIOS = {
    "verb-land": Scenario("do_land()", "do_land(papers[:1])", SETUP, main_only=True, check=check_verbs),
    "verb-validate": Scenario("do_validate()", "do_land()", SETUP, main_only=True, check=check_verbs),
    "verb-promote": Scenario("do_decide(Verb.PROMOTE)", "do_land(); do_validate()", SETUP, main_only=True, check=check_verbs),
    "verb-quarantine": Scenario("do_decide(Verb.QUARANTINE)", "do_land()", SETUP, main_only=True, check=check_verbs),
    "verb-rebuild": Scenario(
        "upkeep.rebuild(ws)", "do_land(); do_validate(); do_decide(Verb.PROMOTE)", SETUP, main_only=True, check=check_verbs
    ),
}
crash_sweep.SCENARIOS.update(SCENARIOS)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--sample", type=int, help="only so many points per verb")
    parser.add_argument("--small", action="store_true", help="the same as --sample 6")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", nargs="+", choices=sorted(SCENARIOS), default=sorted(SCENARIOS))
    options = parser.parse_args()
    begun, bad = time.monotonic(), 0
    for name in options.only:
        sample = 6 if options.small else options.sample
        found = crash_sweep.sweep([name], ("kill",), sample=sample, seed=options.seed)
        bad += crash_sweep.told(name, found, time.monotonic() - begun)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
