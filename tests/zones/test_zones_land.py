"""Land: bytes arrive whole or not at all, are never changed, and nothing outside is touched."""

from __future__ import annotations

import hashlib
import io
import os
import socket
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from zones_lake import PLAIN, SETS, UPLOAD, Lake

from bedrot_console.domain.errors import DiskFull, FixityError, UsageError
from bedrot_console.domain.files import PRIVATE, SIDECAR_SUFFIX, LandedFile, Sidecar
from bedrot_console.domain.lifecycle import Zone
from bedrot_console.zones import disk
from bedrot_console.zones import landing as landing_module
from bedrot_console.zones.store import LandFailure


def payload(lake: Lake, file: LandedFile) -> Path:
    return lake.home / "landing" / file.path


def failure(results: list) -> LandFailure:
    (result,) = results
    assert isinstance(result, LandFailure)
    return result


def nothing(lake: Lake) -> None:
    assert lake.tree()["landing"] == []
    lake.sound()


def test_bytes_land_as_received_beside_their_sidecar(lake):
    """Payload, sidecar and event say the same, under the feed's path, read-only whatever the umask."""
    before = os.umask(0)
    try:
        file = lake.landed(b"\x00\xffraw\r\n", received_name="../../etc/passwd", account="a1")
    finally:
        os.umask(before)
    path = payload(lake, file)
    assert file.path == "manual/notes/notes_20260302_093000.json"
    assert path.read_bytes() == b"\x00\xffraw\r\n"
    sidecar = Sidecar.from_bytes(Path(f"{path}{SIDECAR_SUFFIX}").read_bytes())
    assert sidecar == file.sidecar
    assert (sidecar.sha256, sidecar.size_bytes) == (hashlib.sha256(b"\x00\xffraw\r\n").hexdigest(), 7)
    assert {p.stat().st_mode & 0o777 for p in path.parent.iterdir()} == {0o440}
    assert path.parent.stat().st_mode & 0o777 == 0o750
    assert (lake.home / ".bedrot").stat().st_mode & 0o777 == 0o700
    (event,) = lake.journal.read()
    record = {name: value for name, value in sidecar.to_record().items() if name not in PRIVATE}
    assert (event.kind, event.actor, event.data) == ("landed", "uid:7", {"file": file.id, "path": file.path, "sidecar": record})
    lake.sound()


def test_a_taken_name_gets_a_number(lake):
    """Captures of one second get _02, _03 …, also beside a stranger's file or a lone sidecar; nothing is overwritten."""
    folder = lake.home / "landing" / "manual" / "notes"
    folder.mkdir(parents=True)
    (folder / "notes_20260302_093000_02.json").write_text("stranger")
    (folder / ("notes_20260302_093000_03.json" + SIDECAR_SUFFIX)).write_text("stranger")
    paths = [f.path for f in lake.land(b"1", b"2", b"3")] + [lake.landed(b"4").path]
    names = ["notes_20260302_093000", *(f"notes_20260302_093000_{n}" for n in ("04", "05", "06"))]
    assert paths == [f"manual/notes/{n}.json" for n in names]
    assert (folder / "notes_20260302_093000_02.json").read_text() == "stranger"


def test_a_name_taken_at_the_last_moment_is_not_overwritten(lake, monkeypatch):
    """Somebody takes the chosen name between choice and link: the next free one is used."""
    real = disk.Fresh.name_it
    done = []

    def race(self, folder, name):
        if name.startswith("notes") and not done:
            done.append(name)
            fd = os.open(name, os.O_CREAT | os.O_WRONLY, dir_fd=folder)
            os.write(fd, b"stranger")
            os.close(fd)
        real(self, folder, name)

    monkeypatch.setattr(disk.Fresh, "name_it", race)
    file = lake.landed(b"mine")
    assert file.path.endswith("_02.json")
    assert payload(lake, file).read_bytes() == b"mine"
    assert (payload(lake, file).parent / done[0]).read_bytes() == b"stranger"


def test_seq_rises_although_the_clock_falls(lake, clock):
    """Microseconds of the clock, or one more than the last: strictly rising within a feed, across processes."""
    seqs = [lake.landed(b"1").sidecar.seq, lake.again().landed(b"2").sidecar.seq]
    clock.at -= timedelta(days=400)
    seqs += [f.sidecar.seq for f in lake.again().land(b"3", b"4")]
    assert seqs == list(range(seqs[0], seqs[0] + 4))
    assert seqs[0] == int((clock.at + timedelta(days=400)).timestamp() * 1e6)


@pytest.mark.parametrize("size", [0, 1, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, 3_500_000])
def test_every_kind_of_body_gives_the_same_bytes(lake, tmp_path, size):
    """Memory, open file from its offset, and path land alike, at and around the buffer's size."""
    data = os.urandom(size)
    path = tmp_path / "outside.bin"
    path.write_bytes(data)
    file = io.BytesIO(b"skip" + data)
    file.seek(4)
    for landed in lake.land(data, file, path):
        assert payload(lake, landed).read_bytes() == data
    assert path.read_bytes() == data


def test_uploads_keep_a_harmless_name_and_their_extension(lake, tmp_path):
    """The outside name becomes one slug; the rest of it is data only."""
    path = tmp_path / "Q1 Überweisung (final).XLSX"
    path.write_bytes(b"x")
    file = lake.landed(path, feed=UPLOAD, received_name=path.name)
    assert file.path == "manual_uploads/financial_data/q1-uberweisung-final_20260302_093000.xlsx"
    assert file.sidecar.received_name == path.name
    other = lake.landed(b"y", feed=UPLOAD, received_name="no-extension", extension="csv")
    assert other.path.endswith("no-extension_20260302_093000.csv")


def odd_sources(folder: Path) -> dict[str, Path]:
    (folder / "folder").mkdir()
    os.mkfifo(folder / "fifo")
    (folder / "file").write_bytes(b"secret")
    (folder / "link").symlink_to(folder / "file")
    (folder / "dangling").symlink_to(folder / "nowhere")
    (folder / "loop").symlink_to(folder / "loop")
    server = socket.socket(socket.AF_UNIX)
    server.bind(str(folder / "socket"))
    server.close()
    names = ("folder", "fifo", "link", "dangling", "loop", "socket", "missing")
    return {**{n: folder / n for n in names}, "device": Path("/dev/null"), "tty": Path("/dev/tty"), "nul": Path("a\0b")}


def test_odd_sources_are_refused_without_waiting(lake, tmp_path):
    """Folders, FIFOs, links, sockets, devices and what is not there: a UsageError that says what it is; the others land."""
    odd = odd_sources(tmp_path)
    results = lake.zones.land([lake.capture(p) for p in odd.values()] + [lake.capture(b"good")])
    for name, result in zip(odd, results, strict=False):
        assert isinstance(result.error, UsageError), name
    assert [r.error.args[0].split(",")[0] for r in results[:3]] == ["is a folder", "is a FIFO", "is a symbolic link"]
    assert isinstance(results[-1], LandedFile)
    assert len(lake.tree()["landing"]) == 1
    lake.sound()


def test_a_source_that_is_still_written_is_refused(lake, tmp_path):
    """Open for writing elsewhere: refused now, taken once it is closed, its bytes untouched."""
    path = tmp_path / "growing"
    with open(path, "wb") as writer:
        writer.write(b"half")
        writer.flush()
        error = failure(lake.land(path)).error
        assert isinstance(error, UsageError)
        assert "open for writing" in str(error)
        nothing(lake)
        writer.write(b" and half")
    assert payload(lake, lake.landed(path)).read_bytes() == b"half and half"


def test_a_source_that_changes_under_our_eyes_is_refused(lake, tmp_path, monkeypatch):
    """Where leases do not work, size and time before and after tell."""
    path = tmp_path / "growing"
    path.write_bytes(b"x" * 3_000_000)
    real = disk.chunks_of

    def grows(fd, size, **more):
        for n, piece in enumerate(real(fd, size, **more)):
            if n == 1 and size == 3_000_000:
                with open(path, "ab") as file:
                    file.write(b"more")
            yield piece

    monkeypatch.setattr(disk, "chunks_of", grows)
    monkeypatch.setattr(disk.Lease, "__init__", lambda self, fd: setattr(self, "held", None))
    error = failure(lake.land(path)).error
    assert isinstance(error, UsageError)
    assert "changed while it was read" in str(error)
    nothing(lake)


def test_a_hard_link_lands_as_a_copy_of_its_own(lake, tmp_path):
    """The landed file shares no inode with anything outside."""
    (tmp_path / "one").write_bytes(b"bytes")
    os.link(tmp_path / "one", tmp_path / "two")
    file = lake.landed(tmp_path / "two")
    assert payload(lake, file).stat().st_nlink == 1
    (tmp_path / "one").write_bytes(b"other")
    assert payload(lake, file).read_bytes() == b"bytes"


@pytest.mark.parametrize("kind", ["bytes", "file", "path"])
def test_the_size_cap_holds_for_every_kind_of_body(lake, tmp_path, kind):
    """One byte over the feed's max_bytes is a UsageError and leaves nothing; exactly max_bytes lands."""
    feed = replace(PLAIN, max_bytes=1000)
    (tmp_path / "big").write_bytes(b"x" * 1001)
    body = {"bytes": b"x" * 1001, "file": io.BytesIO(b"x" * 1001), "path": tmp_path / "big"}[kind]
    error = failure(lake.land(body, feed=feed)).error
    assert isinstance(error, UsageError)
    assert "1,000" in str(error)
    nothing(lake)
    assert lake.landed(b"x" * 1000, feed=feed).sidecar.size_bytes == 1000


def test_an_endless_body_is_stopped(lake):
    """A body that never ends is cut off at the cap, not held in memory."""

    class Endless(io.RawIOBase):
        def read(self, size: int = -1) -> bytes:
            return b"x" * size

    assert isinstance(failure(lake.land(Endless())).error, UsageError)
    nothing(lake)


def test_a_body_that_gives_text_or_fails_is_refused(lake):
    """A text file is a mistake of the caller's; a read error is a disk's."""

    class Broken(io.RawIOBase):
        def read(self, size: int = -1) -> bytes:
            raise OSError(5, "Input/output error")

    assert isinstance(failure(lake.land(io.StringIO("text"))).error, UsageError)
    assert isinstance(failure(lake.land(Broken())).error, FixityError)
    nothing(lake)


def test_bulk_lands_in_order_and_tells_each(lake, monkeypatch):
    """Many chunks under way at once: results and notices in the order of the items, one bad item stops none, syncs are shared."""
    monkeypatch.setattr(landing_module, "CHUNK_FILES", 20)
    synced = []
    real = os.fsync
    monkeypatch.setattr(os, "fsync", lambda fd: (synced.append(fd), real(fd)))
    told = []
    items = [lake.capture(b"%d" % n if n % 10 else Path("/dev/null")) for n in range(95)]
    results = lake.zones.land(iter(items), told.append)
    assert told == results
    for n, result in enumerate(results):
        assert payload(lake, result).read_bytes() == b"%d" % n if n % 10 else isinstance(result.error, UsageError)
    assert len(synced) < 95
    assert len(lake.tree()["landing"]) == 85
    lake.sound()


def test_an_exception_of_the_callers_iterator_leaves_nothing_half(lake):
    """What was staged is dropped, what was finished stays."""

    def items():
        yield lake.capture(b"one")
        raise KeyError("caller's own")

    with pytest.raises(KeyError):
        lake.zones.land(items())
    nothing(lake)


def test_a_set_appears_whole_in_a_folder_of_its_own(lake, clock):
    """All captures of a set lie in one folder named by its first capture, whatever moment each was captured."""
    items = []
    for n, feed in enumerate(SETS):
        items.append(lake.capture(b"[%d]" % n, feed, set_id="s1"))
        clock.advance(7)
    results = lake.zones.land(items)
    assert [f.path for f in results] == [f"metaads/20260302_093000/{f.name.split('/')[1]}.json" for f in SETS]
    assert {f.sidecar.set_id for f in results} == {"s1"}
    lake.sound()


def test_two_sets_of_one_second_get_two_folders(lake):
    """The folder gets the number, not the files; sets mixed with singles keep their order."""
    first, second = lake.land_set("s1"), lake.land_set("s2")
    assert {f.path.rpartition("/")[0] for f in first} == {"metaads/20260302_093000"}
    assert {f.path.rpartition("/")[0] for f in second} == {"metaads/20260302_093000_02"}
    mixed = [lake.capture(b"a"), *(lake.capture(b"b", f, set_id="s3") for f in SETS), lake.capture(b"c")]
    assert [f.sidecar.feed for f in lake.zones.land(mixed)] == [i.feed.name for i in mixed]


def test_a_set_larger_than_a_chunk_stays_together(lake, monkeypatch):
    """A chunk's border never divides a set."""
    monkeypatch.setattr(landing_module, "CHUNK_FILES", 2)
    results = lake.zones.land([lake.capture(b"x"), *(lake.capture(b"b", f, set_id="s3") for f in SETS)])
    assert len({f.path.rpartition("/")[0] for f in results[1:]}) == 1
    lake.sound()


def test_one_bad_capture_keeps_its_whole_set_out(lake):
    """All captures of the set fail with the reason; singles beside it land; no folder appears."""
    items = [lake.capture(b"b", f, set_id="s") for f in SETS]
    items[2] = lake.capture(Path("/dev/null"), SETS[2], set_id="s")
    results = lake.zones.land([*items, lake.capture(b"single")])
    assert [type(r) for r in results] == [LandFailure] * 4 + [LandedFile]
    assert {str(r.error) for r in results[:4]} == {"is a device, not a regular file"}
    assert [p for p in lake.tree()["landing"] if p.startswith("metaads")] == []
    assert not (lake.home / "landing" / "metaads").exists() or not os.listdir(lake.home / "landing" / "metaads")
    lake.sound()


def test_a_disk_that_lies_is_found_before_the_receipt(lake, monkeypatch):
    """Bytes that change between write and read-back are a FixityError, and nothing appears."""
    real = disk.Fresh.sync

    def lying(self):
        real(self)
        if self.size == 5:
            os.pwrite(self.fd, b"X", 2)

    monkeypatch.setattr(disk.Fresh, "sync", lying)
    error = failure(lake.land(b"hello")).error
    assert isinstance(error, FixityError)
    nothing(lake)


@pytest.mark.parametrize("call", ["fsync", "syncfs"])
def test_a_failed_sync_fails_what_it_stood_for(lake, monkeypatch, call):
    """EIO of a sync is a FixityError for the files it covered; they vanish, and the next landing works."""
    count = 40 if call == "syncfs" else 1

    def failing(self):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(disk.Folders if call == "syncfs" else disk.Fresh, "sync_all" if call == "syncfs" else "sync", failing)
    results = lake.land(*[b"%d" % n for n in range(count)])
    assert {type(r.error) for r in results} == {FixityError}
    monkeypatch.undo()
    nothing(lake)
    lake.landed(b"good")


def test_a_folder_that_cannot_be_synced_takes_its_names_back(lake, monkeypatch):
    """Names that are not durable are removed again before the failure is told."""
    real = disk.Folders.sync

    def failing(self, path):
        if path == "manual/notes":
            raise OSError(28, "No space left on device")
        real(self, path)

    monkeypatch.setattr(disk.Folders, "sync", failing)
    results = lake.land(b"1", b"2") + lake.land_set()
    assert [type(r.error) for r in results[:2]] == [DiskFull] * 2
    assert all(isinstance(r, LandedFile) for r in results[2:])
    monkeypatch.undo()
    assert len(lake.tree()["landing"]) == 4
    lake.sound()


def test_without_the_journal_there_is_no_receipt_and_no_file(lake, monkeypatch):
    """An append that fails rolls single files and sets back."""
    lake.landed(b"before")

    def failing(events):
        raise DiskFull("no space")

    monkeypatch.setattr(lake.journal, "append", failing)
    results = lake.zones.land([lake.capture(b"x"), *(lake.capture(b"b", f, set_id="s") for f in SETS)])
    assert {type(r.error) for r in results} == {DiskFull}
    monkeypatch.undo()
    assert len(lake.tree()["landing"]) == 1
    lake.sound()


def test_a_file_system_without_unnamed_files_lands_the_same(lake, monkeypatch):
    """Without O_TMPFILE files are born in the zone's hidden .staging and leave nothing there."""
    real = os.open

    def without(path, flags, *args, **more):
        if flags & os.O_TMPFILE == os.O_TMPFILE:
            raise OSError(95, "Operation not supported")
        return real(path, flags, *args, **more)

    monkeypatch.setattr(os, "open", without)
    assert [type(r) for r in [*lake.land(b"1", b"2"), *lake.land_set()]] == [LandedFile] * 6
    assert isinstance(failure(lake.land(Path("/dev/null"))).error, UsageError)
    for file in lake.home.rglob("*.json"):
        assert file.stat().st_nlink == 1
    lake.sound()


def test_a_link_in_the_way_is_never_followed(lake, tmp_path):
    """A symbolic link where a folder of the zone should be is refused; nothing appears where it leads."""
    (tmp_path / "elsewhere").mkdir()
    (lake.home / "landing" / "manual").symlink_to(tmp_path / "elsewhere")
    error = failure(lake.land(b"x")).error
    assert isinstance(error, FixityError)
    assert "remove it" in error.hint
    assert os.listdir(tmp_path / "elsewhere") == []


def test_a_template_cannot_lead_out_of_the_zone(lake):
    """Also a mistaken feed lands nowhere else."""
    results = lake.zones.land([lake.capture(b"x", replace(PLAIN, template="../outside/{stamp}.json"))])
    assert isinstance(results[0], LandFailure)
    assert not (lake.home / "outside").exists()


def test_landing_again_after_any_failure_needs_no_cleaning(lake, tmp_path):
    """The same source lands once its trouble is gone."""
    path = tmp_path / "file"
    os.mkfifo(path)
    failure(lake.land(path))
    path.unlink()
    path.write_bytes(b"now")
    assert lake.landed(path).zone is Zone.LANDING
