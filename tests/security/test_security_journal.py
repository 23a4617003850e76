"""The journal: appends are whole, durable and chained; any edit, loss or cut is noticed."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from journal_house import again, event, fill, segment

from bedrot_console.domain.errors import DiskFull, FixityError
from bedrot_console.security.journal import FileJournal, actor_of_process

ROOT = Path(__file__).resolve().parents[2]


def test_an_absent_journal_reads_as_empty(journal):
    """Reading creates nothing and finds nothing."""
    assert (journal.head, list(journal.read()), journal.verify().ok) == (0, [], True)
    assert not journal.folder.exists()


def test_events_come_back_as_they_were_given_with_seq_and_host(journal, clock):
    """append returns the events numbered from 1, and read gives the same."""
    returned = journal.append([event(clock, 1, text='quote " and ü \u2028'), event(clock, 2)])
    assert [e.seq for e in returned] == [1, 2]
    assert {e.host for e in returned} == {"here"}
    assert list(again(journal).read()) == returned
    assert journal.head == 2


def test_appending_nothing_writes_nothing(journal):
    """An empty batch leaves no trace."""
    assert journal.append([]) == []
    assert not journal.folder.exists()


def test_folder_and_files_are_private_whatever_the_umask(journal, clock):
    """.bedrot and journal are 0700, segments and key 0600, even under umask 0."""
    before = os.umask(0)
    try:
        journal.append([event(clock)])
    finally:
        os.umask(before)
    modes = {p.name: p.stat().st_mode & 0o777 for p in (journal.folder.parent, journal.folder, *journal.folder.iterdir())}
    assert modes == {".bedrot": 0o700, "journal": 0o700, "lock": 0o600, "ratchet": 0o600, "000001.jsonl": 0o600}


def test_reading_after_a_seq_gives_exactly_the_later_events(journal, clock):
    """read(after) starts right behind any seq, also across segments, without reading from the start."""
    small = FileJournal(journal.folder, clock, segment_bytes=4000)
    for n in range(120):
        small.append([event(clock, n, pad="x" * (n % 37) * 11)])
    assert len(list(journal.folder.glob("*.jsonl"))) > 5
    for after in (0, 1, 7, 60, 61, 118, 119, 120, 500):
        assert [e.seq for e in small.read(after)] == list(range(after + 1, 121))
    assert small.verify().ok


def test_an_append_with_a_torn_line_counts_for_nothing(journal, clock):
    """Readers ignore an unfinished append as a whole; the next append cuts it and says so."""
    fill(journal, clock, 2)
    size = segment(journal).stat().st_size
    journal.append([event(clock, n) for n in range(3)])
    (journal.folder / "ratchet").unlink()
    data = segment(journal).read_bytes()
    line = data.index(b"\n", size)
    for cut in (size + 5, line, line + 1, line + 40, len(data) - 1):
        segment(journal).write_bytes(data[:cut])
        fresh = again(journal)
        assert [e.seq for e in fresh.read()] == [1, 2], cut
        assert fresh.head == 2


def test_the_next_append_records_what_it_cut(journal, clock):
    """A torn tail becomes an event with its size in bytes; nothing acknowledged is lost."""
    fill(journal, clock, 2)
    with open(segment(journal), "ab") as file:
        file.write(b'{"actor":"uid:1","at"')
    fresh = again(journal)
    assert [e.seq for e in fresh.append([event(clock, 9)])] == [4]
    events = list(fresh.read())
    assert [e.kind for e in events] == ["queried", "queried", "torn-tail", "queried"]
    assert events[2].data == {"bytes": 21}
    assert fresh.verify().ok


def test_a_ratchet_that_lags_is_caught_up(journal, clock):
    """A kill between lines and key leaves the key behind; the next append catches up and nothing is wrong."""
    fill(journal, clock, 1)
    anchor, old = journal.anchor(), (journal.folder / "ratchet").read_bytes()
    fill(journal, clock, 4)
    (journal.folder / "ratchet").write_bytes(old)
    fresh = again(journal)
    assert fresh.verify(anchor).ok
    fresh.append([event(clock)])
    assert again(journal).verify(anchor).ok


def test_a_lost_key_is_renewed_and_said(journal, clock):
    """Without its key file the journal goes on under a new key, with an event that says from where."""
    fill(journal, clock, 2)
    (journal.folder / "ratchet").unlink()
    fresh = again(journal)
    fresh.append([event(clock)])
    assert [e.kind for e in fresh.read(2)] == ["ratchet-renewed", "queried"]
    assert fresh.verify().ok


def test_a_failed_sync_counts_for_nothing_and_is_never_repeated(journal, clock, monkeypatch):
    """The lines go again, the next append takes a new file, and no seq is skipped or given twice."""
    fill(journal, clock, 2)
    synced: list[int] = []
    real = os.fdatasync

    def failing(fd: int) -> None:
        synced.append(os.fstat(fd).st_ino)
        if len(synced) == 1:
            raise OSError(5, "Input/output error")
        real(fd)

    monkeypatch.setattr(os, "fdatasync", failing)
    with pytest.raises(FixityError):
        journal.append([event(clock, 3)])
    assert [e.seq for e in again(journal).read()] == [1, 2]
    assert [e.seq for e in journal.append([event(clock, 4)])] == [3]
    assert synced[0] != synced[1]
    assert journal.verify().ok


def test_a_full_disk_leaves_the_journal_as_it_was(journal, clock, monkeypatch):
    """ENOSPC in the middle of a write is DiskFull, and readers see nothing of it."""
    fill(journal, clock, 2)
    real = os.pwrite
    calls: list[int] = []

    def short(fd: int, data, at: int) -> int:
        calls.append(1)
        if len(calls) == 1:
            return real(fd, bytes(data)[:100], at)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "pwrite", short)
    with pytest.raises(DiskFull):
        journal.append([event(clock, 3)])
    monkeypatch.undo()
    assert [e.seq for e in journal.append([event(clock, 4)])] == [3]
    assert journal.verify().ok


def test_damage_in_the_middle_stops_reading_with_a_reason(journal, clock):
    """read never hands out a damaged event."""
    fill(journal, clock, 5)
    data = bytearray(segment(journal).read_bytes())
    data[data.index(b'"n":2') + 4] ^= 1
    segment(journal).write_bytes(data)
    seen = []
    with pytest.raises(FixityError, match="after seq 2"):
        for e in again(journal).read():
            seen.append(e.seq)
    assert seen == [1, 2]


APPENDER = """
import sys; sys.path.insert(0, {root!r})
from pathlib import Path
from bedrot_console.domain.events import Event
from bedrot_console.resilience import SystemClock
from bedrot_console.security.journal import FileJournal
clock = SystemClock(); journal = FileJournal(Path({folder!r}), clock, segment_bytes=20000)
for n in range(40):
    got = journal.append([Event(kind="queried", at=clock.now(), actor={name!r}, data={{"n": n, "part": p}}) for p in range(3)])
    print(*[e.seq for e in got])
"""


def test_processes_append_at_once_without_losing_or_mixing(journal, clock):
    """Four processes, 40 appends of three lines each: every acknowledged seq is there, batches stay together, the chain holds."""
    children = [
        subprocess.Popen(
            [sys.executable, "-c", APPENDER.format(root=str(ROOT), folder=str(journal.folder), name=f"uid:{n}")],
            stdout=subprocess.PIPE,
            text=True,
        )
        for n in range(4)
    ]
    acknowledged = [[int(s) for s in line.split()] for c in children for line in c.communicate()[0].splitlines()]
    events = {e.seq: e for e in journal.read()}
    assert sorted(s for batch in acknowledged for s in batch) == list(range(1, 481)) == sorted(events)
    for batch in acknowledged:
        assert batch == list(range(batch[0], batch[0] + 3))
        assert len({(events[s].actor, events[s].data["n"]) for s in batch}) == 1
    assert journal.verify().ok


def test_threads_share_one_journal(journal, clock):
    """One object, several threads: no seq is given twice."""
    seen: list[int] = []
    threads = [
        threading.Thread(target=lambda: seen.extend(journal.append([event(clock)])[0].seq for _ in range(25))) for _ in range(4)
    ]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert sorted(seen) == list(range(1, 101))
    assert journal.verify().ok


def test_the_actor_is_the_kernels_uid(monkeypatch):
    """The environment has no say."""
    monkeypatch.setenv("USER", "somebody-else")
    assert actor_of_process() == f"uid:{os.getuid()}"
