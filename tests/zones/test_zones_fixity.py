"""Walk, verify, open: what lies in the zones, and whether it is what its sidecars say."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from zones_lake import PLAIN, taker_of

from bedrot_console.domain.errors import FixityError, UsageError
from bedrot_console.domain.files import SIDECAR_SUFFIX, Sidecar
from bedrot_console.domain.lifecycle import Verb, Zone


def flip(path: Path, at: int) -> None:
    os.chmod(path, 0o640)
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)
    os.chmod(path, 0o440)


def exchange(a: Path, b: Path) -> None:
    a.rename(a.with_suffix(".x"))
    b.rename(a)
    a.with_suffix(".x").rename(b)


DAMAGE = {
    "hash-differs": lambda p, other: flip(p, 3),
    "size-differs": lambda p, other: (os.chmod(p, 0o640), p.write_bytes(b"x")),
    "payload-missing": lambda p, other: p.unlink(),
    "sidecar-damaged": lambda p, other: flip(Path(f"{p}{SIDECAR_SUFFIX}"), 9),
    "sidecar-missing": lambda p, other: Path(f"{p}{SIDECAR_SUFFIX}").unlink(),
    "unexpected-file": lambda p, other: (p.unlink(), p.symlink_to("/etc/passwd")),
}


@pytest.mark.parametrize("problem", DAMAGE)
@pytest.mark.parametrize("listed", [True, False])
def test_each_kind_of_damage_is_named(lake, problem, listed):
    """One damaged file among good ones is reported with its class, by scan and by name; the good ones raise no alarm."""
    files = lake.land(b"12345", b"23456", b"34567")
    DAMAGE[problem](lake.home / "landing" / files[1].path, None)
    paths = None if listed else [(Zone.LANDING, f.path) for f in files]
    found = list(lake.zones.verify(paths, threads=2))
    assert [f.problem for f in found] == [None, problem, None]
    assert [f.path for f in found] == [f.path for f in files]


def test_two_exchanged_files_are_noticed(lake):
    """Same size, same folder, swapped names."""
    files = lake.land(b"11111", b"22222")
    exchange(*(lake.home / "landing" / f.path for f in files))
    assert [f.problem for f in lake.zones.verify()] == ["hash-differs"] * 2


def test_a_stranger_in_a_zone_is_unexpected(lake):
    """Whatever has no sidecar is no landed file; the README at the root and hidden names are nobody's business."""
    lake.landed(b"1")
    root = lake.home / "landing"
    (root / "README.md").write_text("about")
    (root / ".hidden").write_text("x")
    (root / "manual" / "notes" / "stray.txt").write_text("x")
    found = {f.path: f.problem for f in lake.zones.verify()}
    assert found == {PLAIN.template.replace("{stamp}", "20260302_093000"): None, "manual/notes/stray.txt": "unexpected-file"}
    assert len(list(lake.zones.walk())) == 1


def test_a_file_under_way_raises_no_alarm(lake, monkeypatch):
    """verify in the middle of a transfer sees nothing wrong."""
    file = lake.landed(b"1")
    seen = []
    for step in ("link_commit", "_leave"):
        real = getattr(taker_of(step), step)
        monkeypatch.setattr(
            taker_of(step),
            step,
            lambda *who, real=real: (seen.extend(f.problem for f in lake.again().zones.verify()), real(*who))[1],
        )
    lake.move(Verb.PROMOTE, file)
    assert set(seen) == {None}


def test_a_budget_ends_the_scrub(lake, clock):
    """What does not fit into the time is not yielded; the next scrub goes on from the paths that are left."""
    lake.zones.land([lake.capture(b"%d" % n) for n in range(200)])
    found = []
    for fixity in lake.zones.verify(threads=1, budget_seconds=10):
        found.append(fixity)
        clock.advance(1)
    assert 0 < len(found) < 200


def test_walk_gives_committed_files_in_order(lake):
    """By zone, folder and name, with their sidecars; a damaged sidecar or a missing payload is said, not skipped."""
    files = lake.land(b"1", b"2", b"3", b"4")
    lake.move(Verb.PROMOTE, files[3])
    flip(lake.home / "landing" / (files[1].path + SIDECAR_SUFFIX), 5)
    (lake.home / "landing" / files[2].path).unlink()
    found = list(lake.zones.walk())
    assert [(z, type(s)) for z, _, s in found] == [
        (Zone.LANDING, Sidecar), (Zone.LANDING, FixityError), (Zone.LANDING, FixityError), (Zone.RAW, Sidecar),
    ]  # fmt: skip
    assert found[0][2] == files[0].sidecar
    assert [z for z, _, _ in lake.zones.walk(Zone.RAW)] == [Zone.RAW]
    assert list(lake.zones.walk(Zone.QUARANTINE)) == []


def test_open_reads_payloads_and_nothing_else(lake, tmp_path):
    """Beneath the zone, no links, regular files only."""
    file = lake.landed(b"data")
    with lake.zones.open(Zone.LANDING, file.path) as stream:
        assert stream.read() == b"data"
    (tmp_path / "outside").write_bytes(b"secret")
    folder = lake.home / "landing" / "manual"
    (folder / "link").symlink_to(tmp_path / "outside")
    (folder / "way").symlink_to(tmp_path)
    os.mkfifo(folder / "fifo")
    for path in (
        "manual/link",
        "manual/way/outside",
        "../.bedrot/journal/000001.jsonl",
        str(tmp_path / "outside"),
        "manual/fifo",
        "manual",
    ):
        with pytest.raises(FixityError):
            lake.zones.open(Zone.LANDING, path)
    with pytest.raises(UsageError):
        lake.zones.open(Zone.LANDING, "manual/absent")
    with pytest.raises(UsageError):
        lake.zones.open(Zone.RAW, "anything")
