"""What keeps the lake whole: rebuild, verify, a damaged or cut journal, a catalog of another program, what is read only."""

from __future__ import annotations

import shutil
import threading

import duckdb
import pytest
from operations_house import judged, landed

from bedrot_console.domain.browsing import FileFilter
from bedrot_console.domain.errors import CatalogError, CatalogTooNew, FixityError, PermissionDenied
from bedrot_console.domain.lifecycle import Verb, Zone
from bedrot_console.operations import browse, decide, status, upkeep
from bedrot_console.operations.land import land
from bedrot_console.settings import Settings


def test_what_landed_is_reported_although_the_journal_is_damaged(ws, open_workspace, plays) -> None:
    """A damaged line in the past takes no receipt away: else the file would be landed again. Whoever reads is told of the damage."""
    landed(ws, plays(name="a.json"))
    (segment,) = (ws.settings.state / "journal").glob("*.jsonl")
    segment.write_bytes(segment.read_bytes().replace(b'"kind":"landed"', b'"kind":"lunded"', 1))
    landed(ws, plays(name="b.json", days=9))
    ws.settings.catalog.unlink()
    shutil.rmtree(ws.settings.state / "catalog")
    other = open_workspace()
    (outcome,) = land(other, [plays(name="c.json", days=8)], move=True)
    assert outcome.done and (other.settings.landing / outcome.path).exists()
    with pytest.raises(FixityError):
        browse.files(open_workspace(), FileFilter())


def test_a_read_only_workspace_reads_and_refuses_to_write(ws, open_workspace, plays) -> None:
    """Looking works, landing and deciding do not."""
    (one,) = landed(ws, plays())
    reading = open_workspace(read_only=True)
    assert browse.find(reading, one).id == one
    with pytest.raises(PermissionDenied):
        list(land(reading, [plays()]))
    with pytest.raises(PermissionDenied):
        list(decide.decide(reading, Verb.QUARANTINE, [one], reason="x"))


def test_a_read_only_workspace_makes_no_catalog(ws, open_workspace, plays, home) -> None:
    """Where it is missing, what needs it says so; one file is found by the journal, and nothing is written, by `BEDROT_READ_ONLY` too."""
    (one,) = landed(ws, plays())
    ws.catalog.close()
    (home / "catalog.duckdb").unlink()
    reading = open_workspace(read_only=True)
    with pytest.raises(CatalogError, match="read-only"):
        browse.files(reading, FileFilter())
    assert browse.find(reading, one).id == one and not (home / "catalog.duckdb").exists()
    assert [Settings.load(home, {"BEDROT_READ_ONLY": w}).read_only for w in ("1", "yes", "0", "")] == [True, True, False, False]


def test_another_process_sees_every_decision_at_once(ws, open_workspace, plays) -> None:
    """The overlay of journal on catalog is current even when nothing was published yet."""
    other = open_workspace()
    (one,) = landed(ws, plays())
    assert browse.find(other, one).status == "pending"
    judged(ws, one)
    assert browse.find(other, one).status == "passed"
    list(decide.decide(ws, Verb.PROMOTE, [one]))
    assert browse.find(other, one).status == "promoted"
    (outcome,) = decide.decide(other, Verb.PROMOTE, [one])
    assert outcome.exit_code == 7


def test_rebuild_gives_identical_answers(ws, plays, clock) -> None:
    """The catalog is comfort: made anew from sidecars and journal it answers the same."""
    ids = []
    for number in range(6):
        ids += landed(ws, plays(days=10 + number, name=f"{number}.json"))
        clock.advance(3600)
    judged(ws, *ids)
    list(decide.decide(ws, Verb.PROMOTE, ids[:3]))
    list(decide.decide(ws, Verb.QUARANTINE, ids[3:4], reason="test"))
    before = ws.catalog.select(FileFilter(order="oldest"))
    assert upkeep.rebuild(ws, verify=True).equal is True
    assert ws.catalog.select(FileFilter(order="oldest")) == before
    ws.settings.catalog.unlink()
    assert [r.id for r in browse.files(ws, FileFilter(order="oldest"))] == [r.id for r in before]


def test_verify_finds_the_one_damaged_payload(ws, plays, clock) -> None:
    """One flipped byte among several files is found and named; the others are clean."""
    ids = []
    for number in range(4):
        ids += landed(ws, plays(days=10 + number, name=f"{number}.json"))
        clock.advance(60)
    row = browse.find(ws, ids[2])
    path = ws.settings.landing / row.path
    path.chmod(0o640)
    body = bytearray(path.read_bytes())
    body[20] ^= 1
    path.write_bytes(bytes(body))
    found = {f.path: f.problem for f in upkeep.verify(ws)}
    assert found.pop(row.path) == "hash-differs" and set(found.values()) == {None}


def spoiled(ws, mark: bytes) -> None:
    """Flip one bit of the first journal line that has `mark` in it."""
    path = ws.settings.state / "journal" / "000001.jsonl"
    data = bytearray(path.read_bytes())
    data[data.index(mark) + 3] ^= 1
    path.write_bytes(bytes(data))


def test_a_damaged_journal_line_has_a_way_out(open_workspace, plays) -> None:
    """One flipped bit: rebuild goes on, every file is where it lies, landing works, and audit verify names the break for ever."""
    ws = open_workspace()
    one, two, three = (landed(ws, plays(name=f"{n}.json", each=n * 10 + 10))[0] for n in range(3))
    judged(ws, one)
    judged(ws, two)
    list(decide.decide(ws, Verb.PROMOTE, [one]))
    list(decide.decide(ws, Verb.QUARANTINE, [two], reason="looks odd"))
    wanted = {one: Zone.RAW, two: Zone.QUARANTINE, three: Zone.LANDING}
    spoiled(ws, b'"verb":"promote","zone"')
    ws.settings.catalog.unlink()
    (ws.settings.state / "catalog" / "work.duckdb").unlink()
    with pytest.raises(FixityError) as stopped:
        browse.files(open_workspace(), FileFilter())
    assert "bedrot rebuild" in (stopped.value.hint or "")

    result = upkeep.rebuild(open_workspace())
    assert (result.files, result.unreadable) == (3, 1)
    ws = open_workspace()
    assert {r.id: r.zone for r in browse.files(ws, FileFilter())} == wanted
    assert browse.find(ws, one).verdict == "passed"
    (four,) = landed(ws, plays(name="four.json", each=70))
    assert {r.id: r.zone for r in browse.files(open_workspace(), FileFilter())} == {**wanted, four: Zone.LANDING}
    (undone,) = decide.undo(ws, [two])
    assert undone.done
    check = upkeep.verify_journal(open_workspace())
    assert check.ok and [b.lost for b in check.breaks] == [1]
    assert upkeep.rebuild(open_workspace(), verify=True).unreadable == 0


def test_a_journal_that_lost_its_end_is_said_by_rebuild(open_workspace, plays) -> None:
    """A flipped bit in the last line: the files are all there, and the loss is recorded."""
    ws = open_workspace()
    (one,) = landed(ws, plays())
    path = ws.settings.state / "journal" / "000001.jsonl"
    data = bytearray(path.read_bytes())
    data[-200] ^= 1
    path.write_bytes(bytes(data))
    result = upkeep.rebuild(open_workspace())
    assert (result.files, result.unreadable > 0) == (1, True)
    assert browse.find(open_workspace(), one).zone is Zone.LANDING
    check = upkeep.verify_journal(open_workspace())
    assert check.ok and check.breaks


def test_damage_that_verify_found_stays_on_record_until_the_file_is_whole_again(ws, plays) -> None:
    """`status` shows an alert after a damaged payload was found, once; a clean verify ends it."""
    (one,) = landed(ws, plays())
    path = ws.settings.landing / browse.find(ws, one).path
    whole = path.read_bytes()
    path.chmod(0o640)
    path.write_bytes(whole.replace(b"1", b"2", 1))
    for _ in range(2):
        assert [f.problem for f in upkeep.verify(ws)] == ["hash-differs"]
    ws.settle(publish="now")
    found = status.status(ws)
    assert [a["code"] for a in found["alerts"]] == ["hash-differs"] and found["health"] != "ok"
    assert len([e for e in ws.journal.read() if e.kind == "alert-raised"]) == 1
    path.write_bytes(whole)
    assert [f.problem for f in upkeep.verify(ws)] == [None]
    ws.settle(publish="now")
    assert status.status(ws)["alerts"] == []


def test_nothing_lands_beside_the_catalog_of_a_newer_program(ws, open_workspace, plays) -> None:
    """`land` refuses with 7 before it writes, and says what to do; the catalog stays as it is."""
    list(land(ws, [plays()]))
    ws.catalog.close()
    published = ws.settings.catalog
    published.chmod(0o644)
    connection = duckdb.connect(str(published))
    connection.execute("UPDATE base.meta SET version = version + 1")
    connection.close()
    before = published.read_bytes()
    with pytest.raises(CatalogTooNew) as caught:
        list(land(open_workspace(), [plays(days=11, name="b.json")]))
    assert caught.value.exit_code == 7 and "update bedrot" in (caught.value.hint or "")
    assert published.read_bytes() == before and len(list(ws.settings.landing.rglob("*.json"))) == 2, (
        "payload and sidecar of the first"
    )


def test_the_catalog_is_opened_ahead_once_and_trouble_is_told_to_who_asks(ws, plays, capfd, monkeypatch) -> None:
    """What asks next finds the reader and the first page, as long as it is the newest; one that cannot be opened says nothing by itself."""

    def opened() -> None:
        browse.ahead(ws)
        for thread in threading.enumerate():
            if thread.name == browse.AHEAD:
                thread.join()

    def trouble(*_: object, **__: object) -> None:
        raise CatalogTooNew("of tomorrow")

    with monkeypatch.context() as patched:
        patched.setattr(ws.catalog, "reader", trouble)
        opened()
        with pytest.raises(CatalogTooNew):
            browse.files(ws, FileFilter())
    (one,) = landed(ws, plays())
    opened()
    known = ws.__dict__["_reader"]
    with monkeypatch.context() as patched:
        patched.setattr(known, "files", trouble)
        assert [row.id for row in browse.files(ws, FileFilter())] == [one] and browse.reader(ws) is known
        with pytest.raises(CatalogTooNew):
            browse.files(ws, FileFilter())
    opened()
    assert browse.files(ws, FileFilter(), limit=1) and browse.files(ws, FileFilter(zone=Zone.RAW)) == []
    opened()
    (two,) = landed(ws, plays(each=7, name="later.json"))
    ws.catalog.catch_up(publish="now")
    assert browse.fresh(ws) and {row.id for row in browse.files(ws, FileFilter())} == {one, two}
    assert capfd.readouterr() == ("", "")
