"""Transfer: a file is whole in one place or in both, goes only with the bytes that were validated, and only one decision wins."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from zones_lake import Lake

from bedrot_console.domain.errors import DiskFull, FixityError, LifecycleError
from bedrot_console.domain.files import SIDECAR_SUFFIX
from bedrot_console.domain.lifecycle import Verb, Zone
from bedrot_console.zones import disk
from bedrot_console.zones.store import Moved, MoveFailure

ROOT = Path(__file__).resolve().parents[2]


def failed(result, kind: type) -> str:
    assert isinstance(result, MoveFailure), result
    assert isinstance(result.error, kind), result.error
    return str(result.error)


def writable(path: Path, data: bytes) -> None:
    os.chmod(path, 0o640)
    path.write_bytes(data)
    os.chmod(path, 0o440)


def test_a_file_goes_through_the_whole_lifecycle(lake):
    """promote, withdraw, release, quarantine: same id, same bytes, same inode, one place at a time, each step journalled."""
    file = lake.landed(b"data")
    inode = (lake.home / "landing" / file.path).stat().st_ino
    kept = "manual/notes/2026/03/notes_20260302_093000.json"
    path = file.path
    for verb, zone, target in [
        (Verb.PROMOTE, "raw", kept), (Verb.WITHDRAW, "quarantine", kept), (Verb.RELEASE, "landing", file.path),
        (Verb.QUARANTINE, "quarantine", kept),
    ]:  # fmt: skip
        moved = lake.move(verb, file, path)
        assert isinstance(moved, Moved), moved
        assert (moved.zone, moved.path) == (zone, target)
        path = moved.path
        assert lake.tree() == {**dict.fromkeys(("landing", "raw", "quarantine"), []), zone: [target]}
        status = (lake.home / zone / path).stat()
        assert (status.st_ino, status.st_nlink, status.st_mode & 0o777) == (inode, 1, 0o440)
        lake.sound()
    assert lake.kinds() == ["landed", *["decided", "moved"] * 4]


def test_the_journal_says_who_why_and_bound_to_what(lake):
    """decided holds the decision whole; moved where the file lies now; both under the decision's actor."""
    file = lake.landed(b"data")
    lake.zones.transfer([lake.decision(Verb.PROMOTE, file, undoes="earlier")])
    decided, moved = list(lake.journal.read(1))
    assert decided.actor == moved.actor == "uid:9"
    assert {k: v for k, v in decided.data.items() if k != "decision"} == {
        "file": file.id, "verb": "promote", "reason": "because", "sha256": file.sidecar.sha256, "report": "report1",
        "source": "landing", "source_path": file.path, "target": "raw",
        "target_path": "manual/notes/2026/03/notes_20260302_093000.json", "undoes": "earlier",
    }  # fmt: skip
    assert moved.data == {
        "decision": decided.data["decision"], "file": file.id, "verb": "promote", "zone": "raw", "path": decided.data["target_path"],
    }  # fmt: skip


def test_bytes_that_were_not_validated_do_not_move(lake):
    """Changed payload, same size: FixityError, source untouched, refused in the journal; its neighbours go."""
    files = lake.land(b"aaaa", b"bbbb", b"cccc")
    writable(lake.home / "landing" / files[1].path, b"BBBB")
    results = lake.zones.transfer([lake.decision(Verb.PROMOTE, f) for f in files])
    assert [type(r) for r in results] == [Moved, MoveFailure, Moved]
    assert "not those that were validated" in failed(results[1], FixityError)
    assert lake.tree()["landing"] == [files[1].path]
    assert [e.data["code"] for e in lake.journal.read() if e.kind == "refused"] == ["fixity-error"]


def test_another_hash_than_the_validated_one_is_refused_before_it_is_decided(lake):
    """A decision bound to other bytes leaves no trace but its failure."""
    file = lake.landed(b"data")
    (result,) = lake.zones.transfer([lake.decision(Verb.PROMOTE, file, sha256="0" * 64)])
    failed(result, FixityError)
    assert lake.kinds() == ["landed"]


def test_a_file_somebody_writes_to_does_not_move(lake):
    """A writer anywhere on the payload: FixityError at once; afterwards it goes."""
    file = lake.landed(b"data")
    path = lake.home / "landing" / file.path
    os.chmod(path, 0o640)
    with open(path, "ab"):
        assert "open for writing" in failed(lake.move(Verb.PROMOTE, file), FixityError)
    assert isinstance(lake.move(Verb.PROMOTE, file), Moved)
    lake.sound()


@pytest.mark.parametrize("odd", ["fifo", "link", "folder", "missing", "shorter"])
def test_a_payload_that_is_no_longer_one_does_not_move(lake, odd, tmp_path):
    """FIFO, link, folder, nothing, or another size in its place: FixityError, no hang, nothing at the target."""
    file = lake.landed(b"data")
    path = lake.home / "landing" / file.path
    path.unlink()
    (tmp_path / "other").write_bytes(b"data")
    {
        "fifo": lambda: os.mkfifo(path), "link": lambda: path.symlink_to(tmp_path / "other"), "folder": path.mkdir,
        "missing": lambda: None, "shorter": lambda: path.write_bytes(b"dat"),
    }[odd]()  # fmt: skip
    failed(lake.move(Verb.PROMOTE, file), FixityError)
    assert [p for p in (lake.home / "raw").rglob("*") if p.is_file()] == []
    assert (tmp_path / "other").read_bytes() == b"data"


def test_a_damaged_sidecar_does_not_move(lake):
    """The commit record must hash to itself."""
    file = lake.landed(b"data")
    path = lake.home / "landing" / (file.path + SIDECAR_SUFFIX)
    writable(path, path.read_bytes().replace(b'"manual"', b'"manuel"'))
    failed(lake.move(Verb.PROMOTE, file), FixityError)


def test_a_file_that_left_is_a_lifecycle_error(lake):
    """Gone, or another file under its name: the second decision fails and nothing is journalled for it."""
    file = lake.landed(b"data")
    lake.move(Verb.PROMOTE, file)
    assert "no longer in landing" in failed(lake.move(Verb.PROMOTE, file), LifecycleError)
    other = lake.landed(b"other")
    assert other.path == file.path
    failed(lake.move(Verb.QUARANTINE, file), LifecycleError)
    assert lake.kinds().count("decided") == 1


def test_a_taken_name_at_the_target_gets_a_number(lake):
    """Two files of one name end up beside each other; nothing is overwritten."""
    first = lake.landed(b"1")
    lake.move(Verb.PROMOTE, first)
    second = lake.landed(b"2")
    assert second.path == first.path
    moved = lake.move(Verb.PROMOTE, second)
    assert moved.path.endswith("_02.json")
    lake.sound()


def test_a_name_taken_at_the_last_moment_is_not_overwritten(lake, monkeypatch):
    """A stranger takes the target's name after it was chosen."""
    file = lake.landed(b"mine")
    real, done = os.link, []

    def race(source, target, **more):
        if target == "notes_20260302_093000.json" and not done:
            done.append(1)
            fd = os.open(target, os.O_CREAT | os.O_WRONLY, dir_fd=more["dst_dir_fd"])
            os.close(fd)
        return real(source, target, **more)

    monkeypatch.setattr(os, "link", race)
    moved = lake.move(Verb.PROMOTE, file)
    assert moved.path.endswith("_02.json")
    assert (lake.home / "raw" / moved.path).read_bytes() == b"mine"


def test_a_file_with_a_second_name_outside_gets_an_inode_of_its_own(lake, tmp_path):
    """A hard link somebody kept cannot change what was promoted."""
    file = lake.landed(b"data")
    os.link(lake.home / "landing" / file.path, tmp_path / "kept")
    moved = lake.move(Verb.PROMOTE, file)
    os.chmod(tmp_path / "kept", 0o640)
    (tmp_path / "kept").write_bytes(b"evil")
    assert (lake.home / "raw" / moved.path).read_bytes() == b"data"
    lake.sound()


@pytest.fixture
def other_disk(tmp_path):
    """A folder on another file system."""
    shm = Path("/dev/shm")
    if not shm.is_dir() or shm.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("needs a second file system")
    folder = Path(tempfile.mkdtemp(dir=shm))
    yield folder
    shutil.rmtree(folder)


def test_another_file_system_gets_a_copy(lake, other_disk):
    """raw on another disk: payload and sidecar are copied and compared, modes and bytes as before, nothing left at the source."""
    (lake.home / "raw").symlink_to(other_disk)
    data = os.urandom(3_000_000)
    files = [lake.landed(data), lake.landed(b"small")]
    moved = lake.zones.transfer([lake.decision(Verb.PROMOTE, f) for f in files])
    assert (other_disk / moved[0].path).read_bytes() == data
    assert {p.stat().st_mode & 0o777 for p in other_disk.rglob("*.json")} == {0o440}
    assert [z for z, _, _ in lake.zones.walk()] == [Zone.RAW, Zone.RAW]
    lake.sound()


def test_a_disk_that_lies_while_copying_is_found(lake, other_disk, monkeypatch):
    """A copy is hashed again before its name exists."""
    (lake.home / "raw").symlink_to(other_disk)
    file = lake.landed(b"data")
    real = disk.Fresh.sync
    monkeypatch.setattr(disk.Fresh, "sync", lambda self: (real(self), self.size == 4 and os.pwrite(self.fd, b"X", 0)))
    failed(lake.move(Verb.PROMOTE, file), FixityError)
    monkeypatch.undo()
    assert lake.tree()["landing"] == [file.path]
    lake.sound()


@pytest.mark.parametrize("number", [1, 2])
def test_without_the_journal_nothing_moves(lake, monkeypatch, number):
    """Whether "decided" or "moved" cannot be written: the file is where it was, and recover closes the decision."""
    files = lake.land(b"1", b"2")
    real, calls = lake.journal.append, []

    def failing(events):
        calls.append(1)
        if len(calls) >= number:
            raise DiskFull("no space")
        return real(events)

    monkeypatch.setattr(lake.journal, "append", failing)
    for result in lake.zones.transfer([lake.decision(Verb.PROMOTE, f) for f in files]):
        failed(result, DiskFull)
    monkeypatch.undo()
    assert lake.tree() == {"landing": [f.path for f in files], "raw": [], "quarantine": []}
    lake.zones.recover()
    assert lake.kinds().count("refused") == (2 if number == 2 else 0)
    lake.sound()


def test_a_folder_that_cannot_be_synced_keeps_the_file_at_home(lake, monkeypatch):
    """Names at the target that are not durable are taken back; the source was not touched."""
    file = lake.landed(b"1")
    real = disk.Folders.sync

    def failing(self, path):
        if self.root_path.endswith("raw"):
            raise OSError(122, "Disk quota exceeded")
        real(self, path)

    monkeypatch.setattr(disk.Folders, "sync", failing)
    failed(lake.move(Verb.PROMOTE, file), DiskFull)
    monkeypatch.undo()
    assert lake.tree() == {"landing": [file.path], "raw": [], "quarantine": []}
    assert isinstance(lake.move(Verb.PROMOTE, file), Moved)
    lake.sound()


def test_the_folder_of_a_set_goes_with_its_last_file(lake):
    """Promoting a set leaves no empty folder in landing, and the next set of that second may have its name; release makes it anew."""
    files = lake.land_set()
    moved = lake.zones.transfer([lake.decision(Verb.QUARANTINE, f) for f in files])
    assert not (lake.home / "landing" / "metaads" / "20260302_093000").exists()
    back = lake.move(Verb.RELEASE, files[0], moved[0].path)
    assert back.path == files[0].path
    lake.sound()


RACER = """
import sys; sys.path[:0] = [{root!r}, {here!r}]
from pathlib import Path
from bedrot_console.domain.lifecycle import Verb
from bedrot_console.resilience import SystemClock
from bedrot_console.zones.store import Moved
from zones_lake import Lake
lake = Lake(Path({home!r}), SystemClock())
files = [(p, s) for _, p, s in lake.zones.walk()]
class File:
    def __init__(self, path, sidecar): self.path, self.sidecar, self.id = path, sidecar, sidecar.id
moves = [lake.decision(Verb({verb!r}), File(p, s)) for p, s in files]
print("ready", flush=True)
sys.stdin.readline()
for move in moves[::{step}]:
    (result,) = lake.zones.transfer([move])
    print(move.decision.file_id, "won" if isinstance(result, Moved) else result.error.exit_code, flush=True)
"""


def race(lake: Lake, *verbs: str) -> list[dict[str, str]]:
    children = []
    for n, verb in enumerate(verbs):
        text = RACER.format(
            root=str(ROOT), here=str(Path(__file__).parent), home=str(lake.home), verb=verb, step=-1 if n % 3 == 2 else 1
        )
        children.append(subprocess.Popen([sys.executable, "-c", text], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))
    for child in children:
        assert child.stdout.readline() == "ready\n"
    for child in children:
        child.stdin.write("go\n")
        child.stdin.flush()
    return [dict(line.split() for line in c.communicate()[0].splitlines()) for c in children]


@pytest.mark.parametrize("verbs", [("promote", "promote"), ("promote", "quarantine", "promote")])
def test_of_racing_decisions_exactly_one_wins(lake, verbs):
    """Processes that decide on the same files at once: one Moved per file, the others a LifecycleError, one moved event each."""
    files = lake.land(*[b"%d" % n for n in range(30)])
    answers = race(lake, *verbs)
    for file in files:
        assert sorted(a[file.id] for a in answers) == ["7"] * (len(verbs) - 1) + ["won"]
    moved = [e.data["file"] for e in lake.journal.read() if e.kind == "moved"]
    assert sorted(moved) == sorted(f.id for f in files)
    assert lake.tree()["landing"] == []
    lake.sound()
