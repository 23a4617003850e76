"""Stop or fail each verb at every system call, recover, and look: nothing acknowledged lost, nothing half visible, nothing in two places.

    python benchmarks/crash_sweep.py [--sample N] [--seed S] [--only SCENARIO…] [--faults kill,EIO,ENOSPC…] [--folder DIR]

A scenario is a snippet that runs in a fresh interpreter (it prints `ACK <json>` for what it acknowledges) and a check of the home that it
leaves behind. strace injects a signal or an error at the n-th call of one name; its counters are per name, so names are swept one by one.
Other rooms add scenarios by `SCENARIOS["name"] = Scenario(...)` and call `sweep`.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from bedrot_console.domain.files import SIDECAR_SUFFIX, Sidecar  # noqa: E402
from bedrot_console.domain.lifecycle import Zone  # noqa: E402
from bedrot_console.resilience import SystemClock  # noqa: E402
from bedrot_console.security.journal import FileJournal  # noqa: E402
from bedrot_console.zones.store import Zones  # noqa: E402

WATCHED = (
    "open", "openat", "openat2", "mkdir", "mkdirat", "write", "pwrite64", "read", "pread64", "fchmod", "chmod", "fsync", "fdatasync",
    "syncfs", "linkat", "renameat2", "unlink", "unlinkat", "rmdir", "ftruncate", "flock", "close", "fcntl", "newfstatat", "fstat",
    "getdents64", "rename", "lseek",
)  # fmt: skip
"""System calls that touch the disk. A name that a scenario does not use costs nothing."""

PRELUDE = """
import json, os, sys
sys.path.insert(0, {root!r})
from pathlib import Path
from bedrot_console.domain.errors import BedrotError
from bedrot_console.domain.events import Event
from bedrot_console.domain.feeds import Feed
from bedrot_console.domain.files import Capture, LandedFile
from bedrot_console.domain.identifiers import new_id
from bedrot_console.domain.lifecycle import TRANSITIONS, Decision, Verb, Zone
from bedrot_console.resilience import SystemClock
from bedrot_console.security.journal import FileJournal
from bedrot_console.zones.store import Landing, Move, Moved, Zones
import bedrot_console.zones.landing as landing_module
home = Path({home!r})
clock = SystemClock()
journal = FileJournal(home / ".bedrot" / "journal", clock)
zones = Zones(home, journal, clock, "uid:0")
PLAIN = Feed(name="manual/notes", template="manual/notes/notes_{{stamp}}.json")
SETS = [Feed(name="metaads/" + n, template="metaads/{{stamp}}/" + n + ".json") for n in ("campaigns", "adsets", "ads", "insights")]
codes = set()
def ack(kind, **data):
    try:
        os.write(1, ("ACK " + json.dumps(dict(data, kind=kind)) + "\\n").encode())
    except OSError:
        pass
def capture(feed, body, **more):
    return Landing(Capture(feed=feed.name, body=body, captured_at=clock.now(), method="api", source_system="x", **more), feed, "1")
def received(result):
    if isinstance(result, LandedFile):
        ack("landed", file=result.id, sha256=result.sidecar.sha256, set=result.sidecar.set_id)
    else:
        codes.add(result.error.exit_code)
def moved(result):
    if isinstance(result, Moved):
        ack("moved", file=result.decision.file_id, zone=result.zone)
    else:
        codes.add(result.error.exit_code)
def decide(verb):
    step = TRANSITIONS[verb]
    moves = [
        Move(Decision(new_id(clock.now()), s.id, verb, "uid:0", clock.now(), "because", s.sha256, None), step.source, path, step.target)
        for _, path, s in list(zones.walk(step.source))
    ]
    zones.transfer(moves, moved)
def begin():
    # Everything before this line is start-up of the interpreter; the sweep counts calls from here on.
    try:
        os.stat("/begin-of-the-swept-part")
    except OSError:
        pass
def end():
    sys.stdout.flush()
    os._exit(max(codes) if codes else 0)
"""

LAND = "zones.land([capture(PLAIN, b'one ' * 50)], received)"
BULK = "zones.land([capture(PLAIN, b'%d ' % n * 40) for n in range(20)], received)"
SET = "zones.land([capture(f, b'[1]' + f.name.encode(), set_id='s1') for f in SETS], received)"


@dataclass(frozen=True)
class Scenario:
    """`prepare` runs undisturbed; `run` is swept; `check(home, acks before, acks of the run)` gives sentences about what is wrong
    (none: good), each beginning with `lost:` or `half:`."""

    run: str
    prepare: str = ""
    setup: str = ""
    """Runs before both, in the same interpreter, and is not swept: imports."""
    main_only: bool = False
    """Count the calls of the first process only: for verbs with children of their own."""
    copied: bool = True
    """Whether a prepared home may be copied for each point; not where intents name its inodes."""
    check: Callable[[Path, list[dict], list[dict]], list[str]] | None = None


@dataclass
class Outcome:
    """What a sweep found. `bad` holds one sentence per point that broke a promise."""

    points: int = 0
    not_reached: int = 0
    lost: int = 0
    half: int = 0
    bad: list[str] = field(default_factory=list)


def available() -> bool:
    """Whether strace is here and may trace."""
    try:
        return subprocess.run(["strace", "-qq", "-o", os.devnull, "true"], capture_output=True).returncode == 0
    except OSError:
        return False


def check_zones(home: Path, before: list[dict], acks: list[dict]) -> list[str]:
    """The promises of zones and journal, after `recover`."""
    clock = SystemClock()
    journal = FileJournal(home / ".bedrot" / "journal", clock)
    zones = Zones(home, journal, clock, "uid:0")
    zones.recover()
    wrong: list[str] = []
    if zones.recover():
        wrong.append("half: recover is not idempotent")
    where: dict[str, list[str]] = {}
    sets: dict[str, set[str]] = {}
    for zone, path, sidecar in zones.walk():
        if not isinstance(sidecar, Sidecar):
            wrong.append(f"half: {zone}/{path}: {sidecar}")
            continue
        where.setdefault(sidecar.id, []).append(zone.value)
        if sidecar.set_id and zone is Zone.LANDING:
            sets.setdefault(f"{sidecar.set_id}/{path.rpartition('/')[0]}", set()).add(path)
    wrong += [f"half: {f.zone}/{f.path}: {f.problem}" for f in zones.verify(threads=1) if f.problem]
    wrong += [f"half: {file} is in {places}" for file, places in where.items() if len(places) > 1]
    wrong += [f"half: a set shows {len(paths)} of 4 files" for paths in sets.values() if len(paths) != 4]
    wrong += [f"lost: {a['file']} was there before" for a in before if a["kind"] == "landed" and a["file"] not in where]
    last: dict[str, str] = {}
    for ack in acks:
        if ack["kind"] == "landed":
            last.setdefault(ack["file"], "landing")
        elif ack["kind"] == "moved":
            last[ack["file"]] = ack["zone"]
    for file, zone in last.items():
        if where.get(file) != [zone]:
            wrong.append(f"lost: {file} was acknowledged in {zone} and is in {where.get(file)}")
    says: dict[str, str] = {}
    open_decisions: set[str] = set()
    events = {e.seq: e for e in journal.read()}
    for event in events.values():
        if event.kind == "landed":
            says[event.data["file"]] = "landing"
        elif event.kind == "moved":
            says[event.data["file"]] = event.data["zone"]
            open_decisions.discard(event.data["decision"])
        elif event.kind == "refused":
            open_decisions.discard(event.data["decision"])
        elif event.kind == "decided":
            open_decisions.add(event.data["decision"])
    if says != {file: places[0] for file, places in where.items()}:
        wrong.append("half: the journal and the zones disagree")
    if open_decisions:
        wrong.append("half: a decision has no end in the journal")
    appended = [a["seq"] for a in (*before, *acks) if a["kind"] == "appended"]
    wrong += [f"lost: event {seq} was acknowledged" for seq in appended if seq not in events]
    check = journal.verify()
    if not check.ok:
        wrong.append(f"half: journal: {check.problem}")
    left = [str(p.relative_to(home)) for z in Zone for p in (home / z.value).rglob("*") if ".staging/" in str(p)]
    if left or os.path.isdir(home / ".bedrot" / "intents") and os.listdir(home / ".bedrot" / "intents"):
        wrong.append("half: something is left after recover")
    for name in ("landing", "raw", "quarantine"):
        for path in (home / name).rglob("*"):
            if path.is_file() and not path.name.endswith(SIDECAR_SUFFIX) and path.stat().st_nlink != 1:
                wrong.append(f"half: {path.name} has {path.stat().st_nlink} names")
    return wrong


SCENARIOS: dict[str, Scenario] = {
    "land": Scenario(LAND),
    "land-many": Scenario(BULK, LAND),
    "land-set": Scenario(SET, LAND),
    "promote": Scenario("decide(Verb.PROMOTE)", "zones.land([capture(PLAIN, b'%d' % n) for n in range(3)], received)"),
    "quarantine": Scenario("decide(Verb.QUARANTINE)", LAND),
    "release": Scenario("decide(Verb.RELEASE)", LAND + "; decide(Verb.QUARANTINE)"),
    "append": Scenario(
        "[ack('appended', seq=e.seq) for _ in range(3) for e in journal.append("
        "[Event(kind='queried', at=clock.now(), actor='uid:0', data={'n': 'x' * 3000})] * 3)]",
        "journal.append([Event(kind='queried', at=clock.now(), actor='uid:0')])",
    ),
    "recover": Scenario(
        "zones.recover()",
        "import bedrot_console.zones.transfer as t; " + LAND + "; t._Chunk._leave = lambda *a: False; decide(Verb.PROMOTE); "
        "landing_module._journal = lambda *a: False; " + LAND,
        copied=False,
    ),
}


def program(scenario: Scenario, home: Path) -> str:
    body = scenario.run.replace("\n", "\n    ")
    return (
        PRELUDE.format(root=str(ROOT), home=str(home))
        + scenario.setup
        + f"\nbegin()\ntry:\n    {body}\nexcept BedrotError as error:\n    codes.add(error.exit_code)\nend()\n"
    )


def prepare(scenario: Scenario, home: Path) -> list[dict]:
    """Make the home that the scenario starts from; what is acknowledged there must survive too."""
    (home / "landing").mkdir(parents=True)
    if not scenario.prepare:
        return []
    text = PRELUDE.format(root=str(ROOT), home=str(home)) + scenario.setup + "\n" + scenario.prepare
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True)
    return acks_of(done.stdout)


def prepared(name: str, scenario: Scenario, base: Path, home: Path) -> list[dict]:
    """A home to start from, copied from one that was prepared once where that is the same."""
    if not scenario.copied:
        return prepare(scenario, home)
    pattern = base / f"{name}-pattern"
    subprocess.run(["cp", "-a", str(pattern), str(home)], check=True)
    return json.loads((base / f"{name}-acks").read_text())


def acks_of(text: str) -> list[dict]:
    return [json.loads(line[4:]) for line in text.splitlines() if line.startswith("ACK ") and line.endswith("}")]


def points_of(name: str, scenario: Scenario, base: Path) -> dict[str, tuple[int, int]]:
    """For each watched call: how many the start-up makes, and how many there are in all (of any thread)."""
    home = base / f"{name}-count"
    acks = prepare(scenario, home)
    (base / f"{name}-acks").write_text(json.dumps(acks))
    subprocess.run(["cp", "-a", str(home), str(base / f"{name}-pattern")], check=True)
    log = base / f"{name}.strace"
    trace = ",".join((*WATCHED, "stat", "newfstatat"))
    subprocess.run(
        ["strace", "-f", "-qq", "-o", str(log), "-e", f"trace={trace}", sys.executable, "-c", program(scenario, home)],
        check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    counts: dict[str, list[int]] = {}
    begun = False
    main = None
    for line in log.read_text(errors="replace").splitlines():
        found = re.match(r"(?P<pid>\d+) +([a-z0-9_]+)\(", line)
        if not found:
            continue
        main = main or found["pid"]
        if scenario.main_only and found["pid"] != main:
            continue
        begun = begun or "/begin-of-the-swept-part" in line
        count = counts.setdefault(found[2], [0, 0])
        count[1] += 1
        if not begun:
            count[0] += 1
    shutil.rmtree(home)
    return {call: (start, all_) for call, (start, all_) in counts.items() if all_ > start and call in WATCHED}


def one_point(name: str, scenario: Scenario, base: Path, call: str, number: int, fault: str) -> tuple[bool, list[str]]:
    """Run one point; returns whether the fault was reached, and what is wrong afterwards."""
    home = base / f"{name}-{call}-{number}-{fault}"
    try:
        before = prepared(name, scenario, base, home)
        forever = fault.endswith("+")
        what = "signal=SIGKILL" if fault == "kill" else f"error={fault.rstrip('+')}"
        # strace injects no signals where it filters by BPF.
        quick = [] if fault == "kill" else ["--seccomp-bpf"]
        log = base / f"{home.name}.log"
        done = subprocess.run(
            ["strace", "-f", "-y", "-qq", *quick, "-o", str(log), "-e", f"trace={call}", "-e",
              f"inject={call}:{what}:when={number}{'+' if forever else ''}", sys.executable, "-c", program(scenario, home)],
            capture_output=True, text=True, timeout=60,
        )  # fmt: skip
        text = log.read_text(errors="replace")
        log.unlink()
        reached = done.returncode in (-9, 137) if fault == "kill" else "(INJECTED)" in text
        wrong: list[str] = []
        if fault != "kill":
            if "Traceback" in done.stderr:
                wrong.append("half: a traceback: " + done.stderr.strip().splitlines()[-1])
            if done.returncode not in (0, 5, 7):
                wrong.append(f"half: exit code {done.returncode}")
            wrong += again_on_failed(text)
        return reached, wrong + (scenario.check or check_zones)(home, before, acks_of(done.stdout))
    except subprocess.TimeoutExpired:
        return True, ["half: hangs"]
    finally:
        shutil.rmtree(home, ignore_errors=True)


def again_on_failed(log: str) -> list[str]:
    """A sync that failed must not be repeated on the same file. (A folder has no other inode to turn to.)"""
    failed: set[str] = set()
    for line in log.splitlines():
        found = re.search(r"f(?:data)?sync\(\d+<(.*)>\) += (-?\d+)", line)
        if found and found[1] in failed and "(INJECTED)" not in line:
            return ["half: a failed sync was repeated"]
        if found and found[2] == "-1" and not os.path.isdir(found[1]):
            failed.add(found[1])
    return []


def sweep(
    names: Iterable[str], faults: Iterable[str], *, sample: int | None, seed: int, folder: Path | None = None, workers: int = 2
) -> Outcome:
    """Sweep scenarios × calls × numbers × faults; `sample` takes that many points out of all, chosen by `seed`."""
    outcome = Outcome()
    base = Path(tempfile.mkdtemp(prefix="crash-sweep-", dir=folder))
    try:
        names = list(names)
        with ThreadPoolExecutor(workers) as pool:
            counted = pool.map(lambda n: points_of(n, SCENARIOS[n], base), names)
            points = [
                (name, call, number, fault)
                for name, calls in zip(names, counted, strict=True)
                for call, (start, end) in sorted(calls.items())
                for number in range(start + 1, end + 1)
                for fault in faults
            ]
            if sample is not None and sample < len(points):
                points = sorted(random.Random(seed).sample(points, sample))
            ran = pool.map(lambda p: (p, one_point(p[0], SCENARIOS[p[0]], base, *p[1:])), points)
            for (name, call, number, fault), (reached, wrong) in ran:
                outcome.points += 1
                outcome.not_reached += not reached
                outcome.lost += any(w.startswith("lost") for w in wrong)
                outcome.half += any(w.startswith("half") for w in wrong)
                outcome.bad += [f"{name}: {fault} at {call} {number}: {w}" for w in wrong]
    finally:
        shutil.rmtree(base, ignore_errors=True)
    return outcome


def told(name: str, found: Outcome, seconds: float) -> int:
    """Print what a sweep found; how much of it is bad."""
    print(
        f"{name}: {found.points} points ({found.points - found.not_reached} reached), {found.lost} lost, "
        f"{found.half} half-visible or unequal, {seconds:.0f} s", flush=True,
    )  # fmt: skip
    for line in found.bad[:20]:
        print("  " + line)
    return len(found.bad)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sample", type=int, help="only so many points")
    parser.add_argument("--small", action="store_true", help="the same as --sample 40")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", nargs="+", choices=sorted(SCENARIOS), default=sorted(SCENARIOS))
    parser.add_argument("--faults", default="kill,EIO,ENOSPC,EDQUOT,EMFILE,EIO+,ENOSPC+")
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    sample = 40 if options.small else options.sample
    start = time.monotonic()
    bad = 0
    print(f"seed {options.seed}, sample {sample or 'all'}")
    for name in options.only:
        found = sweep([name], options.faults.split(","), sample=sample, seed=options.seed, folder=options.folder)
        bad += told(name, found, time.monotonic() - start)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
