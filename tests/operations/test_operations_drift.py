"""Drift: accepted item by item, applied by validation from then on, told by which acceptance, taken back."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import resource
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bedrot_console.domain.drift import ACCEPTED, Acceptance, Shape, acceptance_of, applied, generalised, why_not
from bedrot_console.domain.errors import FixityError, LifecycleError, PermissionDenied, UsageError
from bedrot_console.domain.findings import Finding, Place, Report, Severity
from bedrot_console.domain.lifecycle import Verdict, Zone
from bedrot_console.operations import browse, drift
from bedrot_console.operations.land import land
from bedrot_console.operations.validate import validate
from bedrot_console.operations.workspace import Workspace

SCHEMA = {
    "type": "object", "additionalProperties": False, "required": ["source", "plays"],
    "properties": {
        "source": {"type": "string"},
        "plays": {
            "type": "array",
            "items": {
                "type": "object", "additionalProperties": False, "required": ["day", "plays"],
                "properties": {"day": {"type": "string"}, "plays": {"type": "integer"}},
            },
        },
    },
}  # fmt: skip


@pytest.fixture
def open_workspace(open_workspace, tmp_path: Path, monkeypatch) -> Callable[..., Workspace]:
    """The press, with a schema for its plays. The feed itself stays as it is: the next test of this process wants it so."""
    schema = tmp_path / "plays.schema.json"
    schema.write_text(json.dumps(SCHEMA))
    feeds = open_workspace().registry.load("press").feeds
    monkeypatch.setitem(feeds, "plays", dataclasses.replace(feeds["plays"], schema=schema))
    return open_workspace


@pytest.fixture
def ws(open_workspace, monkeypatch) -> Workspace:
    """Payloads are read here, not by a child, which would not know the schema of this test."""
    from bedrot_console.inspection import pool
    from bedrot_console.inspection.child import here

    class Here:
        def __init__(self, readers: object) -> None:
            pass

        def __enter__(self) -> Here:
            return self

        def __exit__(self, *exc: object) -> None:
            pass

        def run_chained(self, jobs):
            for job in jobs:
                yield from here([job]) if job is not None else [None]

    monkeypatch.setattr(pool, "Inspectors", Here)
    return open_workspace()


@pytest.fixture
def drifted(ws, plays, clock) -> Callable[..., str]:
    """Lands plays with a field that nobody knows in every row (and more of that kind); gives the file's id, validated."""

    def make(name: str, **more: object) -> str:
        last = clock.now().date() - timedelta(days=1)
        rows = [
            {"day": (last - timedelta(days=n)).isoformat(), "plays": 100 + n, "mood": "calm", **more} for n in reversed(range(9))
        ]
        body = json.dumps({"source": "press", "plays": rows, "at": name}).encode()
        (outcome,) = land(ws, [plays(name=name, body=body)])
        assert len(list(validate(ws, [outcome.id]))) == 1
        clock.advance(3600)
        return outcome.id

    return make


def report_of(ws: Workspace, name: str) -> Report:
    return browse.report_of(ws, browse.find(ws, name))


def codes(ws: Workspace, name: str) -> dict[str, str]:
    """Generalised place → code, of what schema says of a file."""
    return {generalised(f.place): f.code for f in report_of(ws, name).findings if f.stage == "schema"}


def test_what_was_accepted_is_a_note_in_the_next_file_of_the_same_shape(ws, drifted) -> None:
    """One of two unknown fields is accepted: the next file tells it as a note by that acceptance, and the other still as drift."""
    first = drifted("a.json")
    assert codes(ws, first) == {"/plays/*/mood": "schema.drift", "/at": "schema.drift"}
    before = report_of(ws, first)
    number = next(i.number for i in drift.items(ws, first) if i.finding.seen == "mood")
    (made,) = drift.accept(ws, first, [number], reason="their changelog")
    assert (made.feed, made.version, made.place, made.reason) == ("press/plays", "1.1", "/plays/*/mood", "their changelog")
    assert report_of(ws, first) == before, "an acceptance changes no report"
    second = drifted("b.json")
    assert codes(ws, second) == {"/plays/*/mood": ACCEPTED, "/at": "schema.drift"}
    told = next(f for f in report_of(ws, second).findings if f.code == ACCEPTED)
    assert acceptance_of(told) == made.id and told.count == 9 and ws.actor in told.message and "1.1" in told.expected
    assert told.severity is Severity.NOTE


def test_another_type_can_be_accepted_and_the_file_passes_then(ws, drifted) -> None:
    """Numbers that came as text fail the file until somebody accepts them; nothing else is let through with it."""
    first = drifted("a.json", plays="7")
    assert browse.find(ws, first).verdict is Verdict.FAILED
    number = next(i.number for i in drift.items(ws, first) if i.finding.code == "schema.type")
    drift.accept(ws, first, [number])
    assert drift.concerned(ws, ["press/plays"]) == [first]
    list(validate(ws, [first]))
    assert codes(ws, first)["/plays/*/plays"] == ACCEPTED and browse.find(ws, first).verdict is not Verdict.FAILED
    assert browse.find(ws, drifted("b.json", plays=None)).verdict is Verdict.FAILED


def test_a_verdict_from_before_an_acceptance_carries_no_decision(ws, drifted) -> None:
    """The rules are others: the file must be validated again, then it can be promoted."""
    from bedrot_console.domain.lifecycle import Verb
    from bedrot_console.operations.decide import decide

    name = drifted("a.json")
    drift.accept(ws, name)
    (outcome,) = decide(ws, Verb.PROMOTE, [name])
    assert outcome.outcome == "failed" and "rules changed" in outcome.reason
    list(validate(ws, [name]))
    assert [o.outcome for o in decide(ws, Verb.PROMOTE, [name])] == ["done"]


def test_an_acceptance_can_be_taken_back(ws, drifted) -> None:
    """The next file drifts again; record and journal keep both, and the version goes on."""
    name = drifted("a.json")
    made = drift.accept(ws, name)
    assert [a.version for a in made] == ["1.1", "1.2"]
    (gone,) = drift.revoke(ws, [made[0].id])
    assert gone.revoked_by == ws.actor and not gone.stands
    assert [a.stands for a in drift.listing(ws)] == [False, True]
    assert sorted(codes(ws, drifted("b.json")).values()) == ["schema.drift", ACCEPTED]
    kinds = [e.kind for e in ws.journal.read() if e.kind.startswith("drift")]
    assert kinds == ["drift-accepted", "drift-accepted", "drift-revoked"]
    with pytest.raises(UsageError):
        drift.revoke(ws, [made[0].id])


def test_what_was_shown_is_accepted_whatever_its_number_is_by_now(ws, drifted) -> None:
    """Two in a row from one report, the file validated between: the two that were shown. What the latest report has not is refused."""
    name = drifted("a.json", plays="7")
    shown = report_of(ws, name)
    at = {Shape.of(i.finding): i.number for i in drift.items(ws, name) if i.why_not is None}
    first, second = Shape("schema.type", "/plays/*/plays", "string"), Shape("schema.drift", "/plays/*/mood", "mood")
    drift.accept_shown(ws, name, shown.id, first)
    with pytest.raises(LifecycleError, match="today's rules"):
        drift.accept_shown(ws, name, shown.id, second)
    list(validate(ws, [name]))
    now = {i.number: Shape.of(i.finding) for i in drift.items(ws, name)}
    assert report_of(ws, name).id != shown.id and now.get(at[second]) != second, "its number is another finding's"
    with pytest.raises(LifecycleError, match="not the latest"):
        drift.accept(ws, name, [at[second]], report=shown.id)
    made = drift.accept_shown(ws, name, shown.id, second, reason="told")
    assert [a.shape for a in drift.listing(ws)] == [first, second] and made.reason == "told"
    list(validate(ws, [name]))
    assert drift.accept_shown(ws, name, shown.id, first) == drift.listing(ws)[0], "accepting it again is accepting it once"
    for shape in (Shape("schema.drift", "/plays/*/gone", "gone"), first._replace(seen="null")):
        with pytest.raises(LifecycleError, match="has no schema") as refused:
            drift.accept_shown(ws, name, shown.id, shape)
        assert refused.value.hint == f"bedrot drift show {name}"
    assert len(drift.listing(ws)) == 2


def test_accepting_twice_is_accepting_once(ws, drifted) -> None:
    """The one that stands is given again; no event, no version more."""
    name = drifted("a.json")
    made = drift.accept(ws, name, [1])
    head = ws.journal.head
    list(validate(ws, [name]))
    with pytest.raises(LifecycleError, match="accepted already"):
        drift.accept(ws, name, [next(i.number for i in drift.items(ws, name) if i.acceptance)])
    assert [e.kind for e in ws.journal.read(after=head)] == ["validated"] and drift.listing(ws) == made


def test_only_drift_of_a_report_of_today_can_be_accepted(ws, drifted, plays) -> None:
    """Other findings, findings there are not, files that were not validated, and consoles that only read are refused; nothing is written."""
    name = drifted("a.json", day="no day")
    other = next(i.number for i in drift.items(ws, name) if i.finding.code.startswith("consistency"))
    for numbers, error in (([other], LifecycleError), ([99], UsageError), ([1, other], LifecycleError)):
        with pytest.raises(error):
            drift.accept(ws, name, numbers)
    (fresh,) = land(ws, [plays(name="c.json")])
    with pytest.raises(LifecycleError, match="not validated"):
        drift.accept(ws, fresh.id)
    ws.read_only = True
    with pytest.raises(PermissionDenied):
        drift.accept(ws, name, [1])
    assert drift.listing(ws) == []


def test_another_process_applies_it_and_bytes_stay_as_they_are(ws, open_workspace, drifted) -> None:
    """The record is found by a workspace that was open before; the payload is the same."""
    other = open_workspace()
    assert other.acceptances.standing("press/plays") == []
    name = drifted("a.json")
    row = browse.find(ws, name)
    made = drift.accept(ws, name)
    assert other.acceptances.standing("press/plays") == made
    assert hashlib.sha256(ws.payload(Zone.LANDING, row.path).read_bytes()).hexdigest() == row.sha256


def test_a_record_that_was_forged_is_noticed(ws, drifted) -> None:
    """The journal holds the hash of each line; a damaged file stops validation instead of being passed over."""
    drift.accept(ws, drifted("a.json"))
    assert drift.not_in_journal(ws) == []
    path = ws.settings.state / "drift" / "press" / "plays.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(
        lines[0].replace(b"mood", b"food") + lines[1] if b"mood" in lines[0] else lines[0] + lines[1].replace(b"mood", b"food")
    )
    assert len(drift.not_in_journal(ws)) == 1
    path.write_bytes(b"{nothing\n")
    with pytest.raises(FixityError):
        ws.acceptances.standing("press/plays")


def test_the_journal_never_knows_an_acceptance_that_is_not_there(ws, drifted, monkeypatch) -> None:
    """The journal hears of a line that is on the disk already; where it cannot be told, the line is taken back."""
    path = ws.settings.state / "drift" / "press" / "plays.jsonl"
    name, record, lines = drifted("a.json"), ws.record, []

    def told(event: Any) -> Any:
        lines.append(path.read_bytes().count(b"\n"))
        if len(lines) == 2:
            raise FixityError("the disk refuses")
        return record(event)

    monkeypatch.setattr(ws, "record", told)
    (first, _) = [i.number for i in drift.items(ws, name)]
    drift.accept(ws, name, [first])
    with pytest.raises(FixityError):
        drift.revoke(ws, [drift.listing(ws)[0].id])
    assert lines == [1, 2]
    assert [a.stands for a in drift.listing(ws)] == [True] and drift.not_in_journal(ws) == []


def test_a_line_that_the_disk_takes_only_half_is_taken_back(ws) -> None:
    """The trouble is told as the disk's, the record is as it was, and the same acceptance can be made when there is room again."""
    feed, path = ws.registry.feed("press/plays"), ws.settings.state / "drift" / "press" / "plays.jsonl"

    def accept(place: str) -> Acceptance:
        one = Acceptance(
            id=place[1:] * 4, feed=feed.name, code="schema.drift", place=place, seen=place, version="", at=datetime.now(UTC), actor="uid:1",
            file_id="f", report_id="r",
        )  # fmt: skip
        return ws.acceptances.add(feed, lambda version: dataclasses.replace(one, version=version), lambda made, digest: None)

    accept("/a")
    before = path.read_bytes()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 10, hard))
    try:
        with pytest.raises(FixityError, match="cannot write the acceptances of press/plays"):
            accept("/b")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert path.read_bytes() == before
    assert accept("/b").version == "1.2" and [a.place for a in drift.listing(ws)] == ["/a", "/b"]


def test_a_shape_is_a_place_in_any_row() -> None:
    """Numbers of rows are left out; what was seen counts, and a type that is not told is none."""
    one = Finding(code="schema.drift", severity=Severity.NOTE, message="", place=Place(pointer="/a/3/b/12/c"), seen="c")
    assert Shape.of(one) == ("schema.drift", "/a/*/b/*/c", "c")
    untold = dataclasses.replace(one, code="schema.type", severity=Severity.ERROR, seen=None)
    assert why_not(one) is None and "every type" in why_not(untold)
    everything = Acceptance(
        id="a0", feed="x/y", version="1.1", at=datetime.now(UTC), actor="uid:1", file_id="f", report_id="r", **Shape.of(untold)._asdict()
    )  # fmt: skip
    assert applied([untold], [everything]) == [untold], "nor does one that was accepted before"
    assert generalised(Place(row=7, column="Store")) == "column Store" and generalised(Place(pointer="")) == "/"
