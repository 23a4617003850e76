"""What a file of one series is held against in the others of its account: captures of earlier runs, judged good, the newest of each."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from bedrot_console.domain.files import Capture, LandedFile
from bedrot_console.domain.findings import Report
from bedrot_console.domain.lifecycle import Verdict
from bedrot_console.operations import validate
from bedrot_console.operations.land import land
from bedrot_console.operations.workspace import Workspace
from bedrot_console.settings import Settings
from bedrot_console.zones.landing import Landing
from extractors.spotify.simulated import exports, world

FEED = "spotify/playlists_csv"
NOVA, HARBOUR = world.MEMBERS[0].artists
SOLO = world.MEMBERS[1].artists[0]
QUIET = world.MEMBERS[2].artists[0]
Bring = Callable[..., str]


@pytest.fixture
def ws(home: Path, clock) -> Workspace:
    """A workspace with the platforms themselves."""
    ws = Workspace(Settings.load(home, {}), clock=clock)
    ws.prepare()
    return ws


def export(artist: world.Artist, day: date) -> bytes:
    return exports.playlists(world.playlists(artist, "1year", day))


@pytest.fixture
def bring(ws: Workspace) -> Bring:
    """Lands what a run brought of an artist, on the clock's day; the id."""

    def land_one(artist: world.Artist, run: str, account: str = "default", body: bytes | None = None) -> str:
        made = export(artist, ws.clock.now().date()) if body is None else body
        capture = Capture(
            feed=FEED, body=made, captured_at=ws.clock.now(), method="browser", account=account, source_system="here",
            media_type="text/csv", series=f"{artist.id}_1year",
        )  # fmt: skip
        with ws.writing():
            (landed,) = ws.zones.land([Landing(capture, ws.registry.feed(FEED), "1", run)])
        assert isinstance(landed, LandedFile)
        ws.clock.sleep(1)
        return landed.id

    return land_one


def uploaded(ws: Workspace, folder: Path, artist: world.Artist, account: str = "default") -> str:
    path = folder / f"{artist.name} {account}.csv"
    path.write_bytes(export(artist, ws.clock.now().date()))
    (outcome,) = land(ws, [path], account=account)
    assert outcome.done and outcome.id
    return outcome.id


def reports(ws: Workspace, *ids: str) -> dict[str, Report]:
    return {row.id: report for row, report in validate.validate(ws, ids)}


def test_an_upload_is_held_against_every_artist_of_its_account(ws: Workspace, bring: Bring, tmp_path: Path) -> None:
    """One of the account's artists passes, another's is told; an account that has nothing yet takes anybody's."""
    known = reports(ws, bring(NOVA, "run1"), bring(HARBOUR, "run1"))
    assert {r.verdict for r in known.values()} == {Verdict.PASSED}
    theirs, ours, first = uploaded(ws, tmp_path, SOLO), uploaded(ws, tmp_path, HARBOUR), uploaded(ws, tmp_path, SOLO, "plain")
    found = reports(ws, theirs, first)
    assert [f.code for f in found[theirs].findings if f.severity.value == "warning"] == ["consistency.other-artist"]
    assert found[first].verdict is Verdict.PASSED
    assert "consistency.other-artist" not in {f.code for f in reports(ws, ours)[ours].findings}


def test_kin_are_the_newest_good_captures_of_earlier_runs(ws: Workspace, bring: Bring) -> None:
    """Not of the same run, not failed ones, not later ones, none of another account, and no series of the file's own."""
    old = bring(HARBOUR, "run1")
    bring(SOLO, "run1", "plain")
    newer = bring(HARBOUR, "run2", body=export(HARBOUR, date(2025, 5, 5)))
    bad = bring(HARBOUR, "run3", body=b"title,author,listeners,streams,date_added\nx,y,z,z,z\n")
    same_run = bring(QUIET, "run4")
    file = bring(NOVA, "run4")
    later = bring(SOLO, "run5")
    reports(ws, old, newer, bad, same_run, later)
    (row,) = ws.catalog.resolve([file])
    past = validate._Past(ws, [row])
    assert [f.id for f in past.kin_of(row)] == [newer]
    assert reports(ws, bad)[bad].verdict is Verdict.FAILED
