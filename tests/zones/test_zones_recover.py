"""Recover: whatever a killed process left is finished or rolled back, once, and what nobody can explain is kept."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from pathlib import Path

import crash_sweep
import pytest
from zones_lake import SETS, taker_of

from bedrot_console.domain.errors import DiskFull
from bedrot_console.domain.files import SIDECAR_SUFFIX
from bedrot_console.domain.lifecycle import Verb
from bedrot_console.zones import landing as landing_module
from bedrot_console.zones.moves import Item
from bedrot_console.zones.store import MoveFailure


class Killed(BaseException):
    """Stands for a process that ends here: no handler of ours may run."""


def stop(*_, **__):
    raise Killed


def test_nothing_to_recover_is_nothing_done(lake):
    """On an empty home and after clean work recover finds nothing and writes nothing."""
    assert lake.zones.recover() == []
    assert not (lake.home / ".bedrot").exists()
    lake.landed()
    head = lake.journal.head
    assert lake.zones.recover() == []
    assert lake.journal.head == head


def test_what_somebody_left_in_the_staging_stops_nothing(lake):
    """Sweeping is tidying: a folder that is not of our making stays, and verbs go on."""
    strange = lake.home / "landing" / ".staging" / "x" / "y"
    strange.mkdir(parents=True)
    assert lake.zones.recover() == [] and strange.is_dir()
    lake.landed()


@pytest.mark.parametrize("where", ["_link_commit", "_journal"])
def test_a_landing_that_was_cut_off_is_finished_or_rolled_back(lake, monkeypatch, where):
    """Before its sidecar stands it vanishes; after, it gets its line in the journal. Both once."""
    monkeypatch.setattr(landing_module, where, stop)
    with pytest.raises(Killed):
        lake.landed(b"data")
    monkeypatch.undo()
    fresh = lake.again()
    (done,) = fresh.zones.recover()
    finished = where == "_journal"
    assert (done.verb, done.outcome) == ("land", "finished" if finished else "rolled-back")
    assert len(fresh.tree()["landing"]) == finished
    assert fresh.kinds() == (["landed", "recovered"] if finished else ["recovered"])
    assert fresh.zones.recover() == []
    fresh.sound()


def test_a_set_that_was_cut_off_is_whole_or_absent(lake, monkeypatch):
    """Killed before its rename nothing of it is left; killed after it all four files stay."""
    for where, count in (("_rename", 0), ("_journal", 4)):
        with monkeypatch.context() as patch, pytest.raises(Killed):
            patch.setattr(landing_module, where, stop)
            lake.land_set(where)
        fresh = lake.again()
        fresh.zones.recover()
        assert len(fresh.tree()["landing"]) == count
        fresh.sound()


@pytest.mark.parametrize("where", ["_link", "link_commit", "undisturbed", "_leave"])
def test_a_transfer_that_was_cut_off_is_in_one_place(lake, monkeypatch, where):
    """Before "moved" is journalled the file is back at its source with a refusal; after, it is at its target."""
    files = lake.land(b"1", b"2")
    monkeypatch.setattr(taker_of(where), where, stop)
    with pytest.raises(Killed):
        lake.zones.transfer([lake.decision(Verb.PROMOTE, f) for f in files])
    monkeypatch.undo()
    fresh = lake.again()
    (done,) = fresh.zones.recover()
    moved = where == "_leave"
    assert done.outcome == ("finished" if moved else "rolled-back")
    tree = fresh.tree()
    assert (len(tree["landing"]), len(tree["raw"])) == ((0, 2) if moved else (2, 0))
    assert fresh.kinds().count("refused") == (0 if moved else 2)
    assert fresh.zones.recover() == []
    fresh.sound()


def test_the_living_are_left_alone(lake, monkeypatch):
    """An intent whose owner still lives, in this process or another, is not touched; nor is its staging."""
    file = lake.landed(b"data")
    seen = []
    real = Item.link_commit

    def meanwhile(item):
        seen.append(lake.again().zones.recover())
        real(item)

    monkeypatch.setattr(Item, "link_commit", meanwhile)
    lake.move(Verb.PROMOTE, file)
    real_fill = landing_module._fill_staged

    def fill(chunk, unit):
        seen.append(lake.again().zones.recover())
        real_fill(chunk, unit)

    monkeypatch.setattr(landing_module, "_fill_staged", fill)
    lake.land_set()
    assert seen == [[], []]
    lake.sound()


def test_a_file_that_somebody_decides_on_stops_no_other_verb(lake, monkeypatch):
    """An intent about it is left for the next recover, as a living owner's is; all others are brought to their end."""
    held, other = lake.land(b"1", b"2")
    monkeypatch.setattr(Item, "link_commit", stop)
    for file in (held, other):
        with pytest.raises(Killed):
            lake.move(Verb.QUARANTINE, file)
    monkeypatch.undo()
    fresh = lake.again()
    with (lake.home / "landing" / (held.path + SIDECAR_SUFFIX)).open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        (done,) = fresh.zones.recover()
        assert (done.files, done.outcome) == ((other.id,), "rolled-back")
        assert fresh.zones.recover() == []
        fresh.landed(b"3")
    (late,) = fresh.zones.recover()
    assert (late.files, late.outcome) == ((held.id,), "rolled-back")
    fresh.sound()


def test_what_cannot_be_explained_is_set_aside_and_said(lake, monkeypatch):
    """A committed file whose bytes are wrong after a crash is kept in quarantine/_orphans, not deleted, not landed."""
    monkeypatch.setattr(landing_module, "_journal", stop)
    with pytest.raises(Killed):
        lake.landed(b"data")
    monkeypatch.undo()
    (path,) = (p for p in (lake.home / "landing").rglob("*.json") if not p.name.endswith(".meta.json"))
    os.chmod(path, 0o640)
    path.write_bytes(b"DATA")
    fresh = lake.again()
    (done,) = fresh.zones.recover()
    assert done.outcome == "orphaned"
    assert fresh.kinds() == ["orphaned", "recovered"]
    kept = sorted((lake.home / "quarantine" / "_orphans").iterdir())
    assert [p.read_bytes() == b"DATA" for p in kept] == [True, False]
    assert list(fresh.zones.walk()) == []
    fresh.sound()


def test_strangers_are_not_touched(lake, monkeypatch):
    """A file that somebody put where ours would have been stays."""
    monkeypatch.setattr(landing_module, "_link", stop)
    with pytest.raises(Killed):
        lake.landed(b"data")
    monkeypatch.undo()
    path = lake.home / "landing" / "manual" / "notes" / "notes_20260302_093000.json"
    path.write_text("stranger")
    assert [r.outcome for r in lake.again().zones.recover()] == ["void"]
    assert path.read_text() == "stranger"


def test_a_recover_that_cannot_write_is_tried_again(lake, monkeypatch):
    """On a full disk the intent stays, with the published error; later it is brought to its end."""
    monkeypatch.setattr(landing_module, "_journal", stop)
    with pytest.raises(Killed):
        lake.landed(b"data")
    monkeypatch.undo()
    fresh = lake.again()

    def full(events):
        raise DiskFull("no space")

    with monkeypatch.context() as patch:
        patch.setattr(fresh.journal, "append", full)
        with pytest.raises(DiskFull):
            fresh.zones.recover()
    assert [r.outcome for r in fresh.zones.recover()] == ["finished"]
    fresh.sound()


def test_a_damaged_intent_does_not_stop_the_others(lake, monkeypatch):
    """Garbage among the intents is void; the rest is recovered."""
    file = lake.landed(b"data")
    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(taker_of("_leave"), "_leave", stop)
        lake.move(Verb.PROMOTE, file)
    folder = lake.home / ".bedrot" / "intents"
    (folder / "0garbage").write_bytes(b"\x00\xff{")
    (folder / "1empty").write_bytes(b"")
    assert [r.outcome for r in lake.again().zones.recover()] == ["void", "void", "finished"]
    lake.sound()


def test_recover_costs_by_intents_not_by_files(lake):
    """A thousand files and no open intent: recover opens none of them."""
    lake.zones.land([lake.capture(b"%d" % n, SETS[0]) for n in range(200)])
    opened = []
    real = os.open
    patch = pytest.MonkeyPatch()
    patch.setattr(os, "open", lambda *a, **k: (opened.append(a[0]), real(*a, **k))[1])
    try:
        lake.zones.recover()
    finally:
        patch.undo()
    assert len(opened) < 20


KILLED = """
import os, sys
sys.path[:0] = [{root!r}, {here!r}]
from pathlib import Path
from bedrot_console.resilience import SystemClock
from zones_lake import Lake
lake = Lake(Path({home!r}), SystemClock())
real = os.open
def without(path, flags, *args, **more):
    if flags & os.O_TMPFILE == os.O_TMPFILE:
        raise OSError(95, "Operation not supported")
    return real(path, flags, *args, **more)
os.open = without
import bedrot_console.zones.landing as landing
landing._finish = lambda *a: os._exit(9)
lake.land(b"1", b"2")
"""


def test_staged_files_of_the_dead_are_swept(lake):
    """Where files cannot be born without a name, recover removes what a killed process had staged."""
    root = Path(__file__).resolve().parents[2]
    text = KILLED.format(root=str(root), here=str(Path(__file__).parent), home=str(lake.home))
    assert subprocess.run([sys.executable, "-c", text]).returncode == 9
    assert len(list((lake.home / "landing" / ".staging").iterdir())) == 4
    lake.zones.recover()
    lake.sound()


def test_a_failure_that_was_told_never_turns_into_success(lake, monkeypatch):
    """A move that was reported as failed is rolled back by recover, not finished."""
    file = lake.landed(b"1")
    monkeypatch.setattr(Item, "roll_back", lambda item: False)
    real, calls = lake.journal.append, []

    def failing(events):
        calls.append(1)
        if len(calls) == 2:
            raise DiskFull("no space")
        return real(events)

    monkeypatch.setattr(lake.journal, "append", failing)
    assert isinstance(lake.move(Verb.PROMOTE, file), MoveFailure)
    monkeypatch.undo()
    lake.zones.recover()
    assert lake.tree() == {"landing": [file.path], "raw": [], "quarantine": []}
    lake.sound()


@pytest.mark.skipif(not crash_sweep.available(), reason="needs strace and the right to trace")
def test_kills_and_faults_at_sampled_system_calls_lose_nothing(tmp_path):
    """A sample of the long campaign (benchmarks/crash_sweep.py): SIGKILL, EIO, ENOSPC and EMFILE, once and for ever."""
    seed = int.from_bytes(os.urandom(2), "big")
    faults = ("kill", "EIO", "ENOSPC", "EMFILE", "ENOSPC+")
    found = crash_sweep.sweep(["land", "land-set", "promote", "append"], faults, sample=36, seed=seed, folder=tmp_path)
    assert found.bad == [], f"seed {seed}"
    assert found.points == 36


@pytest.mark.long
def test_the_whole_campaign_loses_nothing(tmp_path):
    """Every scenario, every call, every number: minutes."""
    found = crash_sweep.sweep(sorted(crash_sweep.SCENARIOS), ("kill", "EIO", "ENOSPC"), sample=None, seed=0, folder=tmp_path)
    assert found.bad == []


def interrupted(lake, monkeypatch, where: str = "_leave"):
    """A file whose promotion was cut off at `where`."""
    file = lake.landed(b"1")
    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(taker_of(where), where, stop)
        lake.move(Verb.PROMOTE, file)
    return file


@pytest.mark.parametrize("where", ["link_commit", "_leave"])
def test_an_interrupted_file_is_not_decided_on_before_it_is_recovered(lake, monkeypatch, where):
    """Else the file could end up in two zones: the next decision is refused with the command that helps."""
    file = interrupted(lake, monkeypatch, where)
    result = lake.move(Verb.QUARANTINE, file)
    assert isinstance(result, MoveFailure)
    assert result.error.exit_code == 7
    assert result.error.hint == "bedrot recover"
    lake.zones.recover()
    assert sum(map(len, lake.tree().values())) == 1
    lake.sound()


@pytest.mark.parametrize("where", ["undisturbed", "_leave"])
def test_a_stale_intent_never_takes_a_file_from_where_it_is_now(lake, monkeypatch, where):
    """Also if somebody carried the file on, and back, before the old intent was recovered, nothing is removed that is in its place."""
    file = interrupted(lake, monkeypatch, where)
    folder = lake.home / ".bedrot" / "intents"
    (intent,) = folder.iterdir()
    stale = intent.read_bytes()
    lake.zones.recover()
    if where == "undisturbed":
        path = lake.move(Verb.PROMOTE, file).path
    else:
        path = "manual/notes/2026/03/notes_20260302_093000.json"
        path = lake.move(Verb.WITHDRAW, file, path).path
        path = lake.move(Verb.RELEASE, file, path).path
        assert path == file.path
    (folder / "stale").write_bytes(stale)
    before = lake.tree()
    lake.again().zones.recover()
    assert lake.tree() == before
    lake.sound()
