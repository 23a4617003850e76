"""Several processes in one home at once: nobody waits for a reader, nothing is lost, no step is taken twice."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import duckdb

from bedrot_console.domain.browsing import FileFilter
from bedrot_console.operations import upkeep
from bedrot_console.operations.land import land
from bedrot_console.operations.workspace import Workspace
from bedrot_console.settings import CHECKOUT, Settings

PLATFORMS = Path(__file__).parent / "platforms"
EACH = 12

WRITER = """
import json, sys
from pathlib import Path
from bedrot_console.domain.lifecycle import Verb
from bedrot_console.operations import decide
from bedrot_console.operations.land import land
from bedrot_console.operations.workspace import Workspace
from bedrot_console.settings import Settings
home, platforms, name, each = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], int(sys.argv[4])
ws = Workspace(Settings.load(home, {}), extractors=platforms)
for n in range(each):
    path = home.parent / f"{name}-{n}.json"
    path.write_text(json.dumps({"source": "press", "plays": [{"day": "2026-01-01", "plays": n}], "who": name}))
    (outcome,) = land(ws, [path])
    print("landed", outcome.id, flush=True)
    if n % 2:
        (moved,) = decide.decide(ws, Verb.QUARANTINE, [outcome.id], reason="test")
        assert moved.done, moved
        print("quarantined", outcome.id, flush=True)
"""

DECIDER = """
import sys
from pathlib import Path
from bedrot_console.domain.lifecycle import Verb
from bedrot_console.operations import decide
from bedrot_console.operations.workspace import Workspace
from bedrot_console.settings import Settings
ws = Workspace(Settings.load(sys.argv[1], {}), extractors=Path(sys.argv[2]))
print("ready", flush=True)
sys.stdin.readline()
for outcome in decide.decide(ws, Verb.QUARANTINE, sys.argv[3:], reason="race"):
    print(outcome.id, outcome.outcome, outcome.exit_code, flush=True)
"""


def test_two_processes_write_while_a_third_holds_the_catalog_open(home: Path) -> None:
    """Every acknowledged landing and decision is in the catalog afterwards; the reader keeps its view and blocks nobody."""
    ws = Workspace(Settings.load(home, {}), extractors=PLATFORMS)
    first = home.parent / "first.json"
    first.write_text(json.dumps({"source": "press", "plays": [{"day": "2026-01-01", "plays": 1}]}))
    list(land(ws, [first]))
    held = duckdb.connect(str(ws.settings.catalog), read_only=True)
    cursor = held.execute("select id from files")
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(home), str(PLATFORMS), name, str(EACH)],
            stdout=subprocess.PIPE,
            text=True,
            cwd=CHECKOUT,
        )
        for name in ("one", "two")
    ]
    said = [w.communicate()[0].splitlines() for w in writers]
    assert [w.returncode for w in writers] == [0, 0]
    assert len(cursor.fetchall()) == 1
    held.close()
    landed = {line.split()[1] for lines in said for line in lines if line.startswith("landed")}
    moved = {line.split()[1] for lines in said for line in lines if line.startswith("quarantined")}
    assert len(landed) == 2 * EACH
    rows = {r.id: r.status for r in ws.catalog.select(FileFilter()) if r.id in landed}
    assert set(rows) == landed and {i for i, s in rows.items() if s == "quarantined"} == moved
    ws.settle(publish="now")
    with duckdb.connect(str(ws.settings.catalog), read_only=True) as again:
        assert again.execute("select count(*) from files").fetchone() == (1 + 2 * EACH,)
    assert upkeep.verify_journal(ws).ok
    assert not [f for f in upkeep.verify(ws) if f.problem]


def test_two_deciders_on_the_same_files_carry_out_each_decision_once(home: Path) -> None:
    """For every file exactly one of two racing processes succeeds; the other is told that the step is not allowed any more."""
    ws = Workspace(Settings.load(home, {}), extractors=PLATFORMS)
    paths = []
    for n in range(30):
        paths.append(home.parent / f"{n}.json")
        paths[-1].write_text(json.dumps({"source": "press", "plays": [{"day": "2026-01-01", "plays": n}]}))
    ids = [o.id for o in land(ws, paths)]
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", DECIDER, str(home), str(PLATFORMS), *order], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            cwd=CHECKOUT,
        )
        for order in (ids, ids[::-1])
    ]  # fmt: skip
    for racer in racers:
        assert racer.stdout is not None and racer.stdout.readline() == "ready\n"
    for racer in racers:
        assert racer.stdin is not None
        racer.stdin.write("go\n")
        racer.stdin.flush()
    outcomes = [racer.communicate()[0].splitlines() for racer in racers]
    done = [line.split()[0] for lines in outcomes for line in lines if line.split()[1] == "done"]
    refused = [line.split() for lines in outcomes for line in lines if line.split()[1] != "done"]
    assert sorted(done) == sorted(ids)
    assert {code for _, _, code in refused} <= {"7"}
    assert {r.status for r in ws.catalog.select(FileFilter())} == {"quarantined"}
    moved = [e for e in ws.journal.read() if e.kind == "moved"]
    assert len(moved) == len(ids)
