"""Whether a journal is what was written: every change is noticed; a mended one goes on and names what it lost."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from journal_house import again, event, fill, segment

from bedrot_console.domain.errors import UsageError
from bedrot_console.security import lines as journal_lines
from bedrot_console.security.journal import FileJournal


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
