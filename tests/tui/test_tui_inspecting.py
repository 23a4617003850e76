"""Review by keys: findings lead to their place in any form, payloads of any size, members, search, the whole diff, drift."""

from __future__ import annotations

import dataclasses
import io
import json
import threading
import zipfile

import pytest
from fake_lake import FakeLake

from bedrot_console.domain.browsing import FileFilter
from bedrot_console.domain.findings import Finding, Place, Severity
from bedrot_console.domain.lifecycle import Zone

DRIFT = Finding(code="schema.drift", severity=Severity.NOTE, stage="schema", message="a field: mood", place=Place(pointer="/days/0/mood"), seen="mood", count=9)  # fmt: skip
OTHER = Finding(
    code="schema.drift",
    severity=Severity.NOTE,
    stage="schema",
    message="a field: hue",
    place=Place(pointer="/days/0/hue"),
    seen="hue",
)


def lake_with(body: bytes, place: Place = Place(pointer="/days/3/country"), files: int = 64) -> FakeLake:
    """A lake whose worst file has this body, and its finding this place."""
    lake = FakeLake(files)
    worst = first(lake)
    lake.bodies[worst], lake.places[worst] = body, place
    return lake


def first(lake: FakeLake) -> str:
    """The id of the file that Review shows first."""
    return lake.files(FileFilter(zone=Zone.LANDING, order="worst"), limit=1)[0].id


TSV = b"Date\tStore\tQuantity\n" + b"".join(b"2026-01-01\tStore %d\t%d\n" % (n, n) for n in range(9000))
PAGE = b"<!doctype html><html><body>\n<nav>Menu</nav>\n<main>\n<form>\n<input type='password' name='pw'>\n</form></main></body></html>"
JSON = json.dumps({"days": [{"day": n, "country": "GB"} for n in range(900)]}).encode()
JUMPS = {
    "json": (JSON, Place(pointer="/days/700/country"), "→    ", '"country": "GB"'),
    "tsv": (TSV, Place(row=7777, column="Store"), "→7,777 2026-01-01  Store 7775", "Store 7775"),
    "html": (PAGE, Place(selector="form > input"), "→        input", "<input type='password' name='pw'>"),
}


@pytest.mark.parametrize(("kind", "size"), [(kind, (80, 24)) for kind in JUMPS] + [("json", (160, 50))])
def test_enter_on_a_finding_leads_to_its_place(drive, kind, size):
    """In the structure with the place marked, and in the text at the same place."""
    body, place, line, text = JUMPS[kind]

    async def scenario(d):
        await d.press("2", "enter")
        marked = [x for x in d.screen.splitlines() if line in x]
        assert len(marked) == 1 and (kind != "json" or "country  string" in marked[0]), d.screen
        assert ("fixity" in d.screen) is (size[0] > 100)
        pane = d.app.review_view.payload_pane
        await d.press("t")
        shown = [x for x in d.screen.splitlines() if text in x]
        assert pane.form == "text" and shown, d.screen
        await d.press("escape")
        assert not d.app.review_view.in_payload and "fixity" in d.screen

    drive(lake_with(body, place), scenario, size)


def test_a_missing_field_is_shown_where_it_is_missing(drive):
    """The object that lacks it is marked, and a line says so."""

    async def scenario(d):
        await d.press("2", "enter")
        assert "nation is not there" in d.screen and "→  ▸ 5" in d.screen

    drive(lake_with(JSON, Place(pointer="/days/5/nation")), scenario)


def test_a_tree_opens_and_closes_and_goes_on_by_keys(drive):
    """Types and counts; enter and arrows open and close; `more` brings the next hundred."""

    async def scenario(d):
        await d.press("2", "tab")
        pane = d.app.review_view.payload_pane
        assert "days  array 900" in d.screen and pane.count() == 102
        await d.press("down", "right")
        assert "day  number  0" in d.screen
        await d.press("left", "end", "enter")
        assert pane.count() == 202
        await d.press("home", "left")
        assert pane.count() == 1

    drive(lake_with(JSON), scenario)


def test_a_large_table_shows_any_row_and_only_windows_are_read(drive):
    """`/ #8000` goes to a row; scrolling reads on; the end and the beginning are one key away; never more than a window at a time."""
    lake = lake_with(TSV)

    async def scenario(d):
        await d.press("2", "tab")
        pane = d.app.review_view.payload_pane
        assert "date" in d.screen and "integer" in d.screen
        await d.press("slash")
        await d.type("#8000")
        await d.press("enter")
        assert "→8,000 2026-01-01  Store 7998" in d.screen
        await d.press(*["pagedown"] * 11)
        assert len(pane.entries) > 200 and pane.entries[pane.top].row > 8100
        await d.press("end")
        assert "9,001 2026-01-01  Store 8999" in d.screen
        await d.press("home")
        assert "    2 2026-01-01  Store 0" in d.screen
        assert all(w.limit <= 200 for w in lake.wishes)

    drive(lake, scenario)


def test_words_are_found_and_n_goes_on_and_b_back(drive):
    """After a search n and b go from place to place; escape gives them back to the queue."""

    async def scenario(d):
        view = d.app.review_view
        await d.press("2", "slash")
        name = view.row.id
        await d.type("store 77")
        await d.press("enter")
        rows = [view.payload_pane.excerpt.row]
        for key in ("n", "n", "b"):
            await d.press(key)
            rows.append(view.payload_pane.excerpt.row)
        assert rows == [79, 772, 773, 772] and view.row.id == name
        await d.press("escape", "n")
        assert view.row.id != name

    drive(lake_with(TSV), scenario)


def test_what_is_not_there_is_said_and_nothing_moves(drive):
    """A search without a place leaves the window as it was."""

    async def scenario(d):
        await d.press("2", "tab", "slash")
        before = d.app.review_view.payload_pane.entries
        await d.type("nobody")
        await d.press("enter")
        assert "not found: nobody" in d.notice and d.app.review_view.payload_pane.entries is before

    drive(lake_with(TSV), scenario)


def test_the_report_is_there_while_a_long_diff_is_made_and_the_next_file_does_not_wait(drive):
    """Nothing is decided before the diff is there; going on ends the comparison."""
    lake = FakeLake(64)
    lake.comparing.set()

    async def scenario(d):
        await d.pilot.press("2")
        for _ in range(3):
            await d.pilot.pause(0.05)
        assert "format.sign-in-page" in d.screen and "comparing…" in d.screen
        view = d.app.review_view
        assert view.why_not("quarantine") == "still comparing it with the last good capture"
        lake.comparing.clear()
        await d.press("n")
        assert "+1 day, streams" in d.screen and view.why_not("quarantine") is None

    drive(lake, scenario)


def test_a_search_that_takes_long_is_stopped_by_escape(drive):
    """While it looks the console says so; escape ends the work and keeps what is shown."""
    lake = lake_with(TSV)

    async def scenario(d):
        await d.press("2", "tab", "slash")
        await d.type("x")
        lake.stuck.set()
        await d.pilot.press("enter")
        await d.pilot.pause()
        pane = d.app.review_view.payload_pane
        assert "searching… esc stops" in d.screen
        await d.pilot.press("escape")
        await d.settle()
        assert not pane.pending and pane.entries[0].row == 2
        lake.stuck.clear()

    drive(lake, scenario)


def packed() -> bytes:
    """An archive with a table, an archive and a picture."""
    from PIL import Image

    picture, inner, out = io.BytesIO(), io.BytesIO(), io.BytesIO()
    Image.new("RGB", (40, 30), (250, 0, 0)).save(picture, "PNG")
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("deep.json", b'{"deep": true}')
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a.csv", b"x,y\n1,2\n")
        archive.writestr("in.zip", inner.getvalue())
        archive.writestr("c.png", picture.getvalue())
    return out.getvalue()


def test_members_open_and_escape_leads_out_again(drive):
    """List, table, list, archive in it, back twice; a picture is drawn in half blocks."""

    async def scenario(d):
        await d.press("2", "tab")
        assert "a.csv" in d.screen and "in.zip" in d.screen
        await d.press("enter")
        assert "a.csv · table" in d.screen
        await d.press("escape", "down", "enter", "enter")
        assert "in.zip › deep.json · json" in d.screen and "deep  boolean  true" in d.screen
        await d.press("escape", "escape", "end", "enter")
        assert "40 by 30 pixels" in d.screen
        assert len(d.app.review_view.payload_pane.picture) == 15
        await d.press("escape", "escape")
        assert "fixity" in d.screen

    drive(lake_with(packed()), scenario)


def test_the_diff_shows_only_changes_until_asked_for_all(drive):
    """`d` adds the rows that stayed the same; again takes them away; noise is counted in both."""

    async def scenario(d):
        await d.press("2")
        assert "2026-02-27" not in d.screen and "hidden as noise: 4 order" in d.screen
        await d.press("d", "end")
        assert "2026-02-27" in d.screen and "streams 99" in d.screen
        await d.press("d", "end")
        assert "2026-02-27" not in d.screen

    drive(FakeLake(64), scenario, (120, 30))


def test_drift_is_accepted_one_by_one_and_taken_back(drive):
    """`A`, enter: the item is a note by that acceptance, the other is drift still; `A` on the note takes it back."""
    lake = FakeLake(64)
    name = first(lake)
    lake.drifts[name] = (DRIFT, OTHER)

    async def scenario(d):
        await d.press("2", "A")
        assert "is no drift" in d.notice and not lake.accepted
        await d.press("down", "A")
        assert "Accept into the schema of metaads/insights: /days/*/mood" in d.screen
        await d.type("told")
        await d.press("enter")
        assert [(a.place, a.version, a.reason) for a in lake.accepted] == [("/days/*/mood", "1.1", "told")]
        assert "accepted into schema version 1.1: /days/*/mood; validated again" in d.notice
        report = d.app.review_view.review.report
        assert [f.code for f in report.findings if f.severity is Severity.NOTE] == ["schema.drift-accepted", "schema.drift"]
        assert "acceptance a0" in d.screen
        assert d.app.review_view.finding.seen == "hue", "the next item comes by itself"
        await d.press("up", "A", "enter")
        assert not lake.accepted and "taken back" in d.notice

    drive(lake, scenario, (120, 40))


def test_two_accepted_in_a_row_are_the_two_that_were_shown(drive):
    """The second is chosen while the first is still validated, in the report that was shown: neither number nor report of today counts."""
    lake = FakeLake(64)
    name, go_on = first(lake), threading.Event()
    types = [
        dataclasses.replace(
            DRIFT, code="schema.type", severity=Severity.ERROR, place=Place(pointer=f"/days/0/{at}"), seen="string"
        )
        for at in ("a", "b", "c")
    ]
    lake.drifts[name] = tuple(types)
    validate = lake.validate

    def slow(ids):
        assert go_on.wait(20)
        return validate(ids)

    lake.validate = slow

    async def scenario(d):
        await d.press("2", "down", "A")
        shown = d.app.review_view.review.report.id
        for key in ("enter", "down", "A", "enter"):
            await d.pilot.press(key)
            await d.pilot.pause()
        go_on.set()
        await d.settle()
        assert [(a.place, a.report_id) for a in lake.accepted] == [("/days/*/a", shown), ("/days/*/b", shown)]

    drive(lake, scenario, (120, 40))


def test_a_read_only_console_accepts_no_drift(drive):
    """It says why."""
    lake = FakeLake(64, read_only=True)
    lake.drifts[first(lake)] = (DRIFT,)

    async def scenario(d):
        await d.press("2", "down", "A")
        assert "read-only" in d.notice and not lake.accepted

    drive(lake, scenario)


def test_undo_brings_the_file_back_in_front(drive):
    """A promoted file that is undone lies in quarantine and is under review again; release brings it back to landing."""
    lake = FakeLake(64)

    async def scenario(d):
        await d.press("2", *["n"] * 8)
        name = d.app.review_view.row.id
        await d.press("p", "enter")
        assert d.app.review_view.row.id != name
        await d.press("u", "enter")
        await d.beat()
        assert d.app.review_view.row.id == name and "▼ quarantined" in d.screen
        await d.press("r")
        await d.type("again")
        await d.press("enter")
        assert [v for v, i, _ in lake.decisions if i == name] == ["promote", "withdraw", "release"]

    drive(lake, scenario)


def test_a_queue_is_triaged_with_two_keys_a_file(drive):
    """By p and enter: the next one always comes by itself, and none is decided twice."""
    lake = FakeLake(16)

    async def scenario(d):
        await d.press("2")
        await d.press(*["p", "enter"] * 4)
        assert len({i for _, i, _ in lake.decisions}) == len(lake.decisions) == 4
        assert d.app.review_view.row is None and "nothing waits for a decision" in d.screen

    drive(lake, scenario)
