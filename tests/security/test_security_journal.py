"""The journal: appends are whole, durable and chained; any edit, loss or cut is noticed."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from bedrot_console.domain.errors import DiskFull, FixityError, UsageError
from bedrot_console.domain.events import Event
from bedrot_console.security import lines as journal_lines
from bedrot_console.security.journal import FileJournal, actor_of_process

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def journal(home: Path, clock) -> FileJournal:
    return FileJournal(home / ".bedrot" / "journal", clock, actor_host="here")


def event(clock, n: int = 0, **data) -> Event:
    return Event(kind="queried", at=clock.now(), actor="uid:1", data={"n": n, **data})


def fill(journal: FileJournal, clock, count: int) -> None:
    for n in range(count):
        journal.append([event(clock, n)])


def segment(journal: FileJournal, number: int = 1) -> Path:
    return journal.folder / f"{number:06d}.jsonl"


def again(journal: FileJournal) -> FileJournal:
    """The same journal as another process sees it."""
    return FileJournal(journal.folder, journal.clock, actor_host="here", segment_bytes=journal.segment_bytes)


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


def test_every_single_bit_edit_is_noticed(journal, clock):
    """Flipping any one bit of the journal file makes verify fail and say where."""
    fill(journal, clock, 3)
    data = segment(journal).read_bytes()
    starts = [0, *(i + 1 for i, b in enumerate(data) if b == 10)]
    with open(segment(journal), "r+b", buffering=0) as file:
        for at in range(len(data)):
            for bit in range(8):
                os.pwrite(file.fileno(), bytes([data[at] ^ 1 << bit]), at)
                check = again(journal).verify()
                assert not check.ok, (at, bit)
                assert check.first_bad_seq == sum(s <= at for s in starts), (at, bit, check)
            os.pwrite(file.fileno(), data[at : at + 1], at)
    assert again(journal).verify().ok


def test_every_bit_of_the_ratchet_counts(journal, clock):
    """A damaged key file is noticed."""
    fill(journal, clock, 2)
    data = (journal.folder / "ratchet").read_bytes()
    for at in range(len(data)):
        (journal.folder / "ratchet").write_bytes(data[:at] + bytes([data[at] ^ 4]) + data[at + 1 :])
        assert not again(journal).verify().ok
    (journal.folder / "ratchet").unlink()
    assert not again(journal).verify().ok


@pytest.mark.parametrize("what", ["drop", "swap", "repeat", "first", "insert"])
def test_dropped_swapped_and_repeated_lines_are_noticed(journal, clock, what):
    """The chain breaks where a line is missing, exchanged or doubled."""
    fill(journal, clock, 6)
    lines = segment(journal).read_bytes().splitlines(keepends=True)
    edited = {
        "drop": lines[:2] + lines[3:],
        "swap": [lines[0], lines[2], lines[1], *lines[3:]],
        "repeat": [*lines[:3], lines[2], *lines[3:]],
        "first": lines[1:],
        "insert": [*lines[:3], lines[0], *lines[3:]],
    }[what]
    segment(journal).write_bytes(b"".join(edited))
    check = again(journal).verify()
    assert not check.ok
    assert check.first_bad_seq == {"drop": 3, "swap": 2, "repeat": 4, "first": 1, "insert": 4}[what]


@pytest.mark.parametrize("kept", [0, 1, 3, 5])
def test_a_cut_end_is_noticed(journal, clock, kept):
    """The ratchet knows how many lines there were, so that truncation at a line's end shows too."""
    fill(journal, clock, 6)
    lines = segment(journal).read_bytes().splitlines(keepends=True)
    segment(journal).write_bytes(b"".join(lines[:kept]))
    check = again(journal).verify()
    assert not check.ok
    assert check.problem == f"{6 - kept} lines are missing at the end"


def test_a_lost_segment_is_noticed(journal, clock):
    """A whole missing segment is a loss, also the last one."""
    small = FileJournal(journal.folder, clock, segment_bytes=1500)
    fill(small, clock, 12)
    numbers = sorted(journal.folder.glob("*.jsonl"))
    for path in (numbers[0], numbers[1], numbers[-1]):
        data = path.read_bytes()
        path.unlink()
        assert not again(small).verify().ok
        path.write_bytes(data)
    assert again(small).verify().ok


def test_a_loss_stays_visible_after_further_appends(journal, clock):
    """Appending to a cut journal never numbers an event twice, sets the damage aside and keeps verify failing."""
    fill(journal, clock, 5)
    data = segment(journal).read_bytes()
    damaged = bytearray(data)
    damaged[data.rindex(b'"n":3')] ^= 1
    damaged[data.rindex(b'"n":4')] ^= 1
    segment(journal).write_bytes(damaged)
    fresh = again(journal)
    assert fresh.head == 3
    assert [e.seq for e in fresh.append([event(clock)])] == [7]
    torn = next(e for e in fresh.read() if e.kind == "torn-tail")
    assert (torn.seq, torn.data["lost"]) == (6, 2)
    assert len(list(journal.folder.glob("damaged-*"))) == 1
    check = again(journal).verify()
    assert (check.ok, check.first_bad_seq) == (False, 4)


def rewrite(journal: FileJournal, upto: int) -> None:
    """What someone does who knows the format and has today's key but not yesterday's: change line 2, chain all anew."""
    prev, out = journal_lines.GENESIS, []
    for line in segment(journal).read_bytes().splitlines()[:upto]:
        body = line[: -journal_lines.SEAL_LENGTH].replace(b'"n":1', b'"n":7')
        made, prev = journal_lines.seal(prev, body, b"k" * 32)
        out.append(made + b"\n")
    segment(journal).write_bytes(b"".join(out))


def test_a_rewrite_shows_against_an_anchor_or_a_noted_head(journal, clock):
    """A whole chain made anew passes its own hashes, but neither the anchor held outside nor a head that was written down."""
    fill(journal, clock, 1)
    anchor = journal.anchor()
    fill(journal, clock, 3)
    head = journal.verify(anchor)
    assert head.ok
    rewrite(journal, 4)
    fresh = again(journal)
    assert fresh.verify().ok
    assert fresh.verify(anchor).first_bad_seq == 2
    assert fresh.verify(held=(4, head.head_hash)).first_bad_seq == 4


def test_an_anchor_proves_later_lines_only(journal, clock):
    """It can be taken at any time; what is not an anchor is refused with its shape."""
    fill(journal, clock, 3)
    anchor = journal.anchor()
    assert anchor.startswith(b"3:")
    fill(journal, clock, 3)
    assert again(journal).verify(anchor).ok
    lines = segment(journal).read_bytes().splitlines(keepends=True)
    segment(journal).write_bytes(b"".join(lines[:2]))
    (journal.folder / "ratchet").unlink()
    assert not again(journal).verify(anchor).ok
    with pytest.raises(UsageError):
        journal.verify(b"nonsense")


def test_the_old_key_is_not_kept(journal, clock):
    """After an append the key of its lines is nowhere in the folder."""
    fill(journal, clock, 1)
    old = (journal.folder / "ratchet").read_bytes()[8:40]
    fill(journal, clock, 1)
    for path in journal.folder.iterdir():
        data = path.read_bytes()
        assert old not in data
        assert old.hex().encode() not in data


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


def spoil(path: Path, number: int, count: int = 1) -> bytes:
    """Flip one bit in the middle of `count` lines from the line `number` (from 0) on; returns what then is in the file."""
    rows = path.read_bytes().splitlines(keepends=True)
    for n in range(number, number + count):
        at = len(rows[n]) // 3
        rows[n] = rows[n][:at] + bytes([rows[n][at] ^ 1]) + rows[n][at + 1 :]
    path.write_bytes(b"".join(rows))
    return b"".join(rows)


@pytest.mark.parametrize(("first", "count"), [(0, 1), (2, 1), (1, 3), (5, 1), (0, 6)])
def test_a_mended_journal_goes_on_and_names_the_break_for_ever(journal, clock, first, count):
    """Good lines stay, what was found is kept aside read-only, later lines verify, also against an anchor from before."""
    fill(journal, clock, 6)
    anchor = journal.anchor()
    good = [e for e in journal.read() if not first < e.seq <= first + count]
    found = spoil(segment(journal), first, count)
    mended = again(journal).mend()
    assert mended is not None and mended.lost == count
    fresh = again(journal)
    later = fresh.append([event(clock, 7)])
    kept = list(fresh.read())
    assert [e for e in kept if e.kind == "queried"] == good + later
    check = fresh.verify(anchor)
    assert check.ok, check.problem
    assert [(b.after, b.until) for b in check.breaks] == [(first, first + count + 1)]
    asides = [p for p in fresh.folder.iterdir() if p.name.startswith("damaged-")]
    assert asides and all(p.stat().st_mode & 0o222 == 0 for p in asides if p.name == check.breaks[0].aside)
    assert any(found.endswith(p.read_bytes()) or p.read_bytes() == found for p in asides)
    assert again(fresh).mend() is None


def test_a_mend_that_was_killed_is_finished_by_the_next_without_a_second_record(journal, clock, monkeypatch):
    """The break is recorded first; the segment is exchanged by whoever comes next."""
    fill(journal, clock, 6)
    spoil(segment(journal), 2)
    with monkeypatch.context() as killed:
        killed.setattr(os, "replace", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            again(journal).mend()
    again(journal).mend()
    fresh = again(journal)
    assert [e.seq for e in fresh.read() if e.kind == "chain-broken"] == [7]
    assert fresh.verify().ok and len(fresh.verify().breaks) == 1


def test_two_breaks_one_after_the_other_are_both_named(journal, clock):
    """A mended journal that is damaged again is mended again."""
    fill(journal, clock, 6)
    spoil(segment(journal), 1)
    journal.mend()
    spoil(segment(journal), 3)
    again(journal).mend()
    fresh = again(journal)
    assert fresh.verify().ok and [b.after for b in fresh.verify().breaks] == [1, 4]


def test_a_mend_forgives_nothing_that_can_be_read(journal, clock):
    """A line that was dropped or rewritten with a fitting hash is no damage: verify goes on to say so."""
    fill(journal, clock, 6)
    rows = segment(journal).read_bytes().splitlines(keepends=True)
    segment(journal).write_bytes(b"".join(rows[:2] + rows[3:]))
    assert again(journal).mend() is None
    check = again(journal).verify()
    assert (check.ok, check.first_bad_seq) == (False, 3)
    spoil(segment(journal), 3)
    again(journal).mend()
    again(journal).append([event(clock, 9)])
    check = again(journal).verify()
    assert (check.ok, check.first_bad_seq) == (False, 3)


def test_a_noted_line_that_was_lost_is_missed(journal, clock):
    """Who noted a line elsewhere hears that it is gone, whatever was recorded."""
    fill(journal, clock, 3)
    noted = journal.verify().head_hash
    fill(journal, clock, 3)
    assert journal.verify(held=(3, noted)).ok
    spoil(segment(journal), 2)
    again(journal).mend()
    assert not again(journal).verify(held=(3, noted)).ok
