"""audit: pages of the journal newest first with any filter, past damage, beside appends; and the note of how it was found."""

from __future__ import annotations

from typing import Any

import pytest

from bedrot_console.domain.errors import Cancelled, UsageError
from bedrot_console.operations import audit, land
from bedrot_console.operations.audit import AuditFilter, newest, page, parse_audit
from bedrot_console.operations.workspace import Workspace
from bedrot_console.security import lookback
from bedrot_console.security.journal import FileJournal
from bedrot_console.security.segments import seq_at


@pytest.fixture
def told(ws: Workspace, clock: Any) -> Workspace:
    """A journal of 60 events in several segments: every third a decision, two actors, three platforms."""
    ws.prepare()
    ws.__dict__["journal"] = FileJournal(ws.settings.state / "journal", clock, segment_bytes=6_000)
    for n in range(1, 61):
        clock.advance(3600)
        if n % 3:
            data = {
                "item": f"item{n:03d}",
                "platform": ("distrokid", "tiktok")[n % 2],
                "account": "default",
                "run": f"run{n:017d}",
                "code": "x",
                "command": "y",
            }
            ws.record(ws.event("needs-operator", **data))
        else:
            data = {"decision": f"d{n}", "file": f"file{n // 6:016d}", "verb": ("promote", "quarantine")[n % 2], "reason": "Because", "source_path": "press/plays/x.json"}  # fmt: skip
            ws.record(ws.event("decided", **data))
    assert len(ws.journal.segments.numbers()) > 3
    return ws


def seqs(found: audit.AuditPage) -> list[int]:
    return [e.seq for e in found.events]


def test_pages_follow_each_other_back_to_the_first_line_and_on_again(told: Workspace) -> None:
    """No event twice, none left out, whatever the page's size; the beginning and the end are told."""
    everything: list[int] = []
    before = None
    while True:
        found = page(told, AuditFilter(), before=before, limit=7)
        everything += seqs(found)
        before = found.reached
        if found.ended:
            break
    assert everything == list(range(60, 0, -1)) and before == 0
    onwards = page(told, AuditFilter(), after=50, limit=4)
    assert seqs(onwards) == [54, 53, 52, 51] and onwards.reached == 54 and not onwards.ended
    assert page(told, AuditFilter(), after=57).ended
    assert page(told, AuditFilter(), after=60).events == () and page(told, AuditFilter(), before=1).events == ()


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("kind:decided", list(range(60, 0, -3))),
        ("verb:promote", list(range(60, 0, -6))),
        ("file:file0000000000000009", [57, 54]),
        ("file:file00000000000000", list(range(60, 0, -3))),
        ("run:run00000000000000059", [59]),
        ("platform:tiktok", [n for n in range(60, 0, -1) if n % 3 and n % 2]),
        ("platform:press", []),
        ("since:3h", [60, 59, 58, 57]),
        ("since:2d kind:decided", [n for n in range(60, 11, -3)]),
        ("before:5", [4, 3, 2, 1]),
        ("who:uid:0x", []),
        ("BECAUSE verb:quarantine before:10", [9, 3]),
        ("kind:landed", []),
    ],
)
def test_filters_find_exactly_what_they_say(told: Workspace, clock: Any, words: str, expected: list[int]) -> None:
    """Each alone and together, by the event's own names."""
    assert seqs(newest(told, parse_audit(words, clock.now()))) == expected


@pytest.mark.parametrize("words", ["kind:nonsense", "verb:eat", "since:yesterday", "file:abc", "before:x"])
def test_a_filter_that_cannot_be_meant_is_refused_with_the_right_form(clock: Any, words: str) -> None:
    """Not an empty page, which would look like an answer."""
    with pytest.raises(UsageError) as caught:
        parse_audit(words, clock.now())
    assert caught.value.hint


def test_a_rare_event_does_not_keep_a_page_waiting(told: Workspace, clock: Any) -> None:
    """After so many lines the page comes back, says how far it looked, and goes on from there."""
    what = parse_audit("run:run00000000000000001", clock.now())
    found = page(told, what, lines_most=20)
    assert found.events == () and 35 < found.reached < 45 and not found.ended
    assert seqs(page(told, what, before=found.reached)) == [1]


def test_a_file_s_events_belong_to_its_platform_though_they_do_not_name_it(ws: Workspace, plays: Any) -> None:
    """Whatever folder it lies in: the catalog knows the file."""
    (row,) = land.land(ws, [plays()], feed="press/plays")
    ws.record(
        ws.event("refused", decision="d", file=row.id, verb="promote", code="x"),
        ws.event("refused", decision="d", file="0" * 20, verb="promote", code="x"),
    )
    ws.settle(publish="now")
    found = newest(ws, AuditFilter(platform="press", kind="refused"))
    assert [e.data["file"] for e in found.events] == [row.id] and audit.file_of(found.events[0]) == row.id
    (landed,) = newest(ws, AuditFilter(platform="press", kind="landed")).events
    assert audit.platform_of(landed) == "press"


def test_a_damaged_line_is_named_and_passed_over(told: Workspace) -> None:
    """What can still be seen is seen; appends and reading go on."""
    path = told.settings.state / "journal" / "000002.jsonl"
    lines = path.read_bytes().split(b"\n")
    number = seq_at(lines[1] + b"\n")
    path.write_bytes(b"\n".join([lines[0], lines[1].replace(b"default", b"defaulT").replace(b"Because", b"BecausE"), *lines[2:]]))
    found = newest(told, AuditFilter(), limit=1000)
    assert found.damaged == (number,) and len(found.events) == 59
    lines[1] = b"x" * len(lines[1])
    path.write_bytes(b"\n".join(lines))
    assert newest(told, AuditFilter(), limit=1000).damaged == (number,)


def test_lines_longer_than_a_block_and_an_append_beside_are_no_trouble(told: Workspace, clock: Any, monkeypatch: Any) -> None:
    """Blocks are smaller than lines here, and somebody appends between two pages."""
    monkeypatch.setattr(lookback, "BLOCK_BYTES", 37)
    first = page(told, AuditFilter(), limit=30)
    FileJournal(told.settings.state / "journal", clock).append([told.event("alert-ended", alert="a")])
    rest = page(told, AuditFilter(), before=first.reached, limit=100)
    assert seqs(first) + seqs(rest) == list(range(60, 0, -1)) and rest.ended
    assert seqs(page(told, AuditFilter(), after=60)) == [61]


def test_verifying_notes_the_end_and_the_next_time_holds_it_to_that(told: Workspace, clock: Any, monkeypatch: Any) -> None:
    """Who rewrites the journal as a whole but not our note is noticed without an anchor; a failed look does not forget the good end."""
    assert audit.state(told).verified is None
    _, found = audit.verify(told)
    assert (found.ok, found.seq, found.lines, found.held) == (True, 60, 60, None)
    state = audit.state(told)
    assert state.head == 60 and state.verified == found
    told.record(told.event("alert-ended", alert="a"))
    assert audit.verify(told)[1].held == 60

    folder = told.settings.state / "journal"
    for path in folder.iterdir():
        path.unlink()
    forged = FileJournal(folder, clock)
    forged.append(told.event("alert-ended", alert=str(n)) for n in range(70))
    check, found = audit.verify(told)
    assert not check.ok and check.problem == "the line is not the one that was noted" and check.first_bad_seq == 61
    assert not audit.verify(told)[0].ok
    assert audit.state(told).verified.good[0] == 61 and not audit.state(told).verified.ok


def test_verifying_tells_how_far_it_is_and_can_be_cancelled(told: Workspace, monkeypatch: Any) -> None:
    """A cancelled look leaves no note."""
    monkeypatch.setattr("bedrot_console.security.soundness.TELL_LINES", 10)
    reached: list[int] = []
    with pytest.raises(Cancelled):
        audit.verify(told, tell=lambda seq: bool(reached.append(seq)) or seq < 30)
    assert reached == [10, 20, 30] and audit.state(told).verified is None
    anchor = told.journal.anchor()
    told.record(told.event("alert-ended", alert="a"))
    assert audit.verify(told, anchor)[1].anchor == 60
