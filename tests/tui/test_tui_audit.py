"""Audit: the journal by pages, its filters, an event's fields and its file, and whether the chain holds."""

from __future__ import annotations

import dataclasses

from fake_lake import FakeLake
from fake_places import NOW
from fake_rows import HOSTILE

from bedrot_console.domain.events import Event
from bedrot_console.operations.audit import Verified
from bedrot_console.tui.widgets import eventtable


def seqs(d) -> list[int]:
    return [e.seq for e in d.app.current_view.table.events]


def text_of(d) -> str:
    return "\n".join("".join(t for t, _ in line) for line in d.app.current_view.pane.lines)


def test_the_newest_events_come_first_with_all_their_fields(drive):
    """A row says who did what; the pane holds every field, nested ones with their path."""

    async def scenario(d):
        await d.press("7")
        rows = d.screen.splitlines()
        assert rows[3].split()[:1] == ["500"] and "landed" in rows[3] and "distrokid/streams" in rows[3]
        assert "never verified here" in rows[1] and "head 500" in rows[1]
        assert "landed seq 500" in text_of(d) and "sidecar.feed" in text_of(d) and "sidecar.masks" in text_of(d)
        await d.press("j", "j")
        assert "decided seq 498" in text_of(d) and "uid:1000 on box" in text_of(d)
        await d.press("y")
        assert '{"seq": 498' in d.notice

    drive(FakeLake(10), scenario)


def test_a_journal_of_any_length_is_paged_and_never_held_whole(drive, monkeypatch):
    """Both ends are one key away; what was left behind is loaded again; new events appear without moving the cursor."""
    monkeypatch.setattr(eventtable, "MOST", 250)
    lake = FakeLake(10)
    lake.head = 10_000_000

    async def scenario(d):
        await d.press("7")
        table = d.app.current_view.table
        for _ in range(4):
            table.move_to(len(table.events) - 1)
            await d.settle()
        held = seqs(d)
        assert len(held) == 250 and held == list(range(held[0], held[0] - 250, -1)) and held[0] < lake.head - 100
        for _ in range(4):
            table.move_to(0)
            await d.settle()
        assert seqs(d)[0] == lake.head and len(seqs(d)) <= 250
        await d.press("end")
        assert table.event.seq == 1 and len(seqs(d)) <= 250
        await d.press("k", "home")
        assert table.event.seq == lake.head
        await d.press("j")
        here = table.event.seq
        lake.head += 3
        await d.beat()
        assert table.event.seq == here and seqs(d)[0] == lake.head

    drive(lake, scenario)


def test_the_filter_answers_while_it_is_typed_and_says_what_is_wrong_with_it(drive):
    """The words of `audit show`; escape drops it."""

    async def scenario(d):
        await d.press("7", "slash")
        field = d.app.current_view.query_one("#auditfilter")
        field.value = "kind:decid"
        await d.settle()
        assert "no such kind of event: decid" in d.screen
        await d.beat()
        assert "no such kind of event: decid" in d.screen
        field.value = "kind:decided file:0000000000000000006"
        await d.settle()
        assert seqs(d) == [498, 490, 482] or all(n % 4 == 2 for n in seqs(d))
        await d.press("enter")
        assert "/kind:decided" in d.screen
        field.value = ""
        await d.press("escape")
        assert seqs(d)[:2] == [500, 499]
        d.app.run_command("audit verb:quarantine")
        await d.settle()
        assert "no event matches" in d.screen and "esc drops it" in d.screen

    drive(FakeLake(10), scenario)


def test_a_rare_event_is_looked_for_in_steps_that_can_be_stopped(drive):
    """The screen says how far back it looked; escape stops; `j` goes on."""
    lake = FakeLake(10)
    lake.head, lake.audit_lines = 400, 50
    lake.more_events[390] = Event(kind="torn-tail", at=NOW, actor="uid:0", seq=390, data={"bytes": 7})
    lake.more_events[3] = Event(
        kind="chain-broken", at=NOW, actor="uid:0", seq=3, data={"lost": 2, "breaks": [{"after": 1, "until": 3}]}
    )

    async def scenario(d):
        await d.press("7")
        d.app.show_audit("kind:chain-broken")
        await d.settle()
        assert seqs(d) == [3] and "breaks[1].after" in text_of(d)
        view = d.app.current_view
        view.set_words("kind:orphaned")
        view.halted = True
        await d.settle()
        assert view.looking is None and not view.table.at_end
        await d.press("j")
        assert view.table.at_end and "no event matches" in d.screen
        view.set_words("kind:torn-tail")
        await d.press("end")
        assert seqs(d) == [390] and view.table.event.seq == 390 and view.looking is None

    drive(lake, scenario)


def test_an_event_leads_to_its_file_its_run_and_its_other_events_and_back(drive):
    """The file in a dialog that escape closes; the file's events by filter; from the dialog of a file to its events."""
    lake = FakeLake(10)
    row = lake._row(7)
    lake.more_events[500] = Event(kind="validated", at=NOW, actor="uid:0", seq=500, data={"file": row.id, "verdict": "passed"})

    async def scenario(d):
        await d.press("7", "enter")
        assert row.id in d.screen
        await d.press("h")
        assert d.app.place == "audit" and seqs(d) == [500]
        await d.press("escape", "j", "r")
        assert d.notice == "run: this event is about no run" or d.app.place == "runs"
        await d.press("7", "home", "o")
        assert seqs(d) == [500]

    drive(lake, scenario)


def test_verifying_shows_how_far_it_is_can_be_stopped_and_says_how_it_ended(drive):
    """In a worker: keys go on. A stopped walk notes nothing."""
    lake = FakeLake(10)

    async def scenario(d):
        await d.press("7")
        lake.slow_verify.clear()
        await d.pilot.press("v")
        await d.pilot.pause(0.05)
        assert "▶ verifying: 250 (50%), esc stops" in d.screen
        await d.pilot.press("j", "v")
        assert d.app.current_view.table.cursor == 1 and "it is being verified" in d.notice
        await d.pilot.press("escape")
        await d.settle()
        assert d.notice == "verify: stopped; nothing was noted" and "never verified here" in d.screen
        lake.slow_verify.set()
        await d.press("v")
        assert "verified: 500 lines, the chain holds" in d.notice and "✓ holds to 500" in d.screen
        lake.head = 512
        await d.beat()
        assert "12 new since" in d.screen
        await d.press("i")
        assert "abababab" in d.screen and "none was given" in d.screen

    drive(lake, scenario)


def test_a_broken_chain_damaged_lines_and_an_anchor_are_told(drive):
    """Where, what, and what to do; the path of an anchor that is not there."""
    lake = FakeLake(10)
    lake.damaged_lines = {497}
    lake.outcome = dataclasses.replace(
        lake.outcome, ok=False, problem="the line does not hash to its own hash", first_bad_seq=497
    )

    async def scenario(d):
        await d.press("7")
        assert "✗ 1 damaged line here: 497" in d.screen and 497 not in seqs(d)
        await d.press("V")
        d.app.screen.query_one("#line").value = "/nowhere"
        await d.press("enter")
        assert "/nowhere cannot be read" in d.notice
        await d.press("v")
        assert "not what was written: the line does not hash to its own hash at seq 497" in d.notice
        assert "✗ BROKEN at 497" in d.screen
        await d.press("i")
        assert "compare it with a copy" in d.screen
        await d.press("escape")
        lake.outcome = Verified(
            seq=500, head_hash="ab" * 32, at=NOW, by="uid:0", lines=498, ok=True, breaks=((496, 2, None),), anchor=400, held=450
        )
        await d.press("v")
        assert "! 1 recorded break" in d.screen and "anchored after 400" in d.screen

    drive(lake, scenario)


def test_an_empty_journal_teaches_and_hostile_events_stay_harmless(drive):
    """What makes the first event appear; nothing of an event reaches the terminal raw."""
    lake = FakeLake(0)
    lake.head = 0

    async def scenario(d):
        await d.press("7")
        assert "nothing has happened here yet" in d.screen
        lake.head = 1
        lake.more_events[1] = Event(
            kind="landed\x1b[2J", at=NOW, actor=HOSTILE[0], host=HOSTILE[1], seq=1, data={HOSTILE[2]: HOSTILE[3], "path": HOSTILE[6], "x": {HOSTILE[8]: [HOSTILE[10]]}}
        )  # fmt: skip
        await d.beat()
        assert "\x1b" not in d.screen + text_of(d) and "\u202e" not in d.screen + text_of(d) and "\x9b" not in text_of(d)
        assert seqs(d) == [1]

    drive(lake, scenario)
