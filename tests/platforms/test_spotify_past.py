"""Spotify captures against what came before: an old answer, lost figures, a renamed field, another artist's export brought by hand."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from contract_desk import Desk, codes, errors, noon
from spotify_support import DAY, HARBOUR, LAST, NOVA, SOLO, Desks, asked, brought, timeline

from bedrot_console.domain.findings import Report, Severity
from bedrot_console.domain.lifecycle import Verdict
from extractors.spotify.simulated import exports, samples, world

LONG_AGO = DAY - timedelta(days=90)
PLAYLISTS, METRICS = f"playlists_csv:{SOLO.id}_1year", f"song_metrics:{SOLO.id}_1day"


def answer(period: str = "1year", last: date = LAST, artist: world.Artist = SOLO) -> bytes:
    return exports.catalog_view(world.songs(artist, period, last))


def playlists(artist: world.Artist, last: date = LAST) -> bytes:
    return exports.playlists(world.playlists(artist, "1year", last))


def each_song(body: bytes, **values: Any) -> bytes:
    """The answer with fields of every song replaced."""
    document = json.loads(body)
    document["songs"] = [song | values for song in document["songs"]]
    return json.dumps(document).encode()


def metrics(desk: Desk, body: bytes, period: str = "1year", day: date = DAY, *, keep: bool = False, **values: Any) -> Report:
    told = {"series": f"{SOLO.id}_{period}", "request": asked(SOLO.id, period, latest=world.latest(day))} | values
    return desk.report(body, noon(day), keep=keep, **told)


def by_hand(feed: str, body: bytes, folder: Path, *kin: bytes) -> Report:
    """The report on an upload to an account of which `kin` were captured."""
    return Desk(f"spotify/{feed}", folder).report(body, noon(DAY), method="manual", received_name="a.csv", kin=kin)


@pytest.mark.parametrize("name", [PLAYLISTS, METRICS, f"song_metrics:{SOLO.id}_28day", f"songs_csv:{SOLO.id}_1year"])
def test_what_was_captured_three_months_ago_is_told_when_it_comes_again(name: str, desks: Desks) -> None:
    """It is an older answer, as other content came in between; this morning's own is not."""
    old, yesterday, now = (brought(day) for day in (LONG_AGO, DAY - timedelta(days=1), DAY))
    for day, bodies in ((LONG_AGO, old), (DAY - timedelta(days=1), yesterday)):
        assert desks.one(day, name, bodies).verdict is Verdict.PASSED
    again = desks.one(DAY, name, now | {name: old[name]}, keep=False)
    assert again.verdict is Verdict.WARNED and "duplicates.went-back" in codes(again)
    assert desks.one(DAY, name, now).verdict is Verdict.PASSED
    assert "duplicates.went-back" not in codes(desks.one(DAY + timedelta(days=1), name, now))


@pytest.fixture
def desks(tmp_path: Path) -> Desks:
    return Desks(tmp_path)


def test_all_time_streams_that_sink_by_little_in_every_song_are_told(tmp_path: Path) -> None:
    """An older answer; where one song rises, artificial streams were taken from the other. 12 months sink where they lose their first day."""
    desk = Desk("spotify/song_metrics", tmp_path)
    assert metrics(desk, answer("all"), "all", keep=True).verdict is Verdict.PASSED
    older = metrics(desk, answer("all", LAST - timedelta(days=3)), "all")
    assert codes(older, Severity.WARNING) == {"consistency.streams-sank"}
    songs = json.loads(answer("all"))["songs"]
    songs[0]["numStreams"] = str(int(songs[0]["numStreams"]) * 99 // 100)
    songs[1]["numStreams"] = str(int(songs[1]["numStreams"]) + 5)
    assert metrics(desk, json.dumps({"songs": songs}).encode(), "all").verdict is Verdict.PASSED


@pytest.mark.parametrize(("released", "told"), [(DAY - timedelta(days=100), True), (DAY - timedelta(days=700), False)])
def test_12_months_of_a_young_song_do_not_sink(released: date, told: bool, tmp_path: Path) -> None:
    """They hold all its streams; those of an older song lose a day for each that is added."""
    desk, day = Desk("spotify/song_metrics", tmp_path), released.isoformat()
    assert metrics(desk, each_song(answer(), releaseDate=day, numStreams="1000"), keep=True).verdict is Verdict.PASSED
    assert ("consistency.streams-sank" in codes(metrics(desk, each_song(answer(), releaseDate=day, numStreams="990")))) is told


@pytest.mark.parametrize("field", ["numListeners", "numSavers", "numCanvasViews", "releaseDate", "isDisabled"])
def test_a_renamed_field_of_the_songs_is_told(field: str, tmp_path: Path) -> None:
    """Not required, but there yesterday: also on the first capture of a period, by those of the others. One song without it is normal."""
    desk = Desk("spotify/song_metrics", tmp_path)
    renamed = answer().replace(f'"{field}"'.encode(), f'"{field}V2"'.encode())
    assert metrics(desk, answer("1day"), "1day", kin=[answer("7day")]).verdict is Verdict.PASSED
    assert "completeness.field-vanished" in codes(metrics(desk, renamed, kin=[answer("7day")]), Severity.WARNING)
    assert metrics(desk, answer(), keep=True).verdict is Verdict.PASSED
    found = next(f for f in metrics(desk, renamed).findings if f.code == "completeness.field-vanished")
    assert (found.expected, found.seen) == (field, f"{field}V2")
    songs = json.loads(answer())["songs"]
    songs[0].pop(field)
    assert metrics(desk, json.dumps({"songs": songs}).encode()).verdict is Verdict.PASSED


NOUGHTS = {"numStreams": "0", "numListeners": "0", "numSavers": "0", "numCanvasViews": "0"}


def test_a_day_of_noughts_is_told_where_there_were_streams(tmp_path: Path) -> None:
    """After a busy day, or beside a busy week; a quiet artist may have a day without."""
    nothing = each_song(answer("1day"), **NOUGHTS)
    beside = {f"spotify/song_metrics:{SOLO.id}_7day": answer("7day")}
    quiet = {f"spotify/song_metrics:{SOLO.id}_7day": each_song(answer("7day"), **NOUGHTS | {"numStreams": "2"})}
    desk = Desk("spotify/song_metrics", tmp_path)
    assert "consistency.all-zero" in codes(metrics(desk, nothing, "1day", siblings=beside, set_id="run"), Severity.WARNING)
    assert metrics(desk, nothing, "1day", siblings=quiet, set_id="run").verdict is Verdict.PASSED
    assert metrics(desk, answer("1day"), "1day", keep=True).verdict is Verdict.PASSED
    assert "consistency.all-zero" in codes(metrics(desk, nothing, "1day"), Severity.WARNING)


@pytest.mark.parametrize(("released", "verdict"), [("2025-01-01", Verdict.WARNED), (DAY.isoformat(), Verdict.PASSED)])
def test_noughts_for_all_time_are_told_unless_the_songs_are_new(released: str, verdict: Verdict, tmp_path: Path) -> None:
    """On a first capture: somebody heard songs that are out for more than a month; a new artist's have no streams yet."""
    body = each_song(answer("all"), **NOUGHTS, releaseDate=released)
    assert metrics(Desk("spotify/song_metrics", tmp_path), body, "all").verdict is verdict


@pytest.mark.parametrize(
    ("age", "code"), [(0, None), (4, "freshness.stale"), (90, "freshness.too-old"), (-3, "consistency.future-day")]
)
def test_a_wrapper_tells_when_its_answer_was_taken(age: int, code: str | None, tmp_path: Path) -> None:
    """The only day an answer can carry. Brought by hand it may be old: it warns."""
    document = json.loads(samples.made()["song_metrics/ok-wrapped.json"])
    document["timestamp"] = f"{DAY - timedelta(days=age)}T08:15:02.123456"
    report = by_hand("song_metrics", json.dumps(document).encode(), tmp_path)
    assert codes(report, Severity.WARNING, Severity.ERROR) == ({code} if code else set()) and not errors(report)


def test_another_artists_playlists_are_stopped(tmp_path: Path) -> None:
    """None that people make is left. That one went, and that all of Spotify's own stay, is normal."""
    desk, told = (
        Desk("spotify/playlists_csv", tmp_path),
        {"series": f"{SOLO.id}_1year", "request": asked(SOLO.id, "1year", "music/playlists")},
    )
    assert desk.report(playlists(SOLO), noon(DAY), **told).verdict is Verdict.PASSED
    assert "consistency.other-artist" in errors(desk.report(playlists(NOVA), noon(DAY), keep=False, **told))
    lines = playlists(SOLO).splitlines(keepends=True)
    fewer = b"".join(line for line in lines if b"Fog Signals" not in line)
    assert fewer != playlists(SOLO) and desk.report(fewer, noon(DAY), keep=False, **told).verdict is Verdict.PASSED
    doubled = exports.playlists([(*row[:3], row[3] * 3, row[4]) for row in world.playlists(SOLO, "1year", LAST)])
    assert "consistency.streams-doubled" in codes(desk.report(doubled, noon(DAY), keep=False, **told), Severity.WARNING)


OF_AN_ARTIST: dict[str, Callable[[world.Artist], bytes]] = {
    "playlists_csv": playlists,
    "songs_csv": lambda artist: exports.songs(world.songs(artist, "1year", LAST), "1year"),
    "song_metrics": lambda artist: answer("28day", artist=artist),
    "audience": lambda artist: timeline(artist=artist),
}


@pytest.mark.parametrize("feed", OF_AN_ARTIST)
def test_an_upload_of_an_artist_whom_the_account_does_not_have_is_told(feed: str, tmp_path: Path) -> None:
    """No export names its artist: it has something of one of those captured before. Where nobody was captured, nothing can be said."""
    made = OF_AN_ARTIST[feed]
    known = [made(NOVA), made(HARBOUR)]
    other = by_hand(feed, made(SOLO), tmp_path, *known)
    assert other.verdict is Verdict.WARNED and "consistency.other-artist" in codes(other, Severity.WARNING)
    assert by_hand(feed, made(HARBOUR), tmp_path, *known).verdict is Verdict.PASSED
    assert by_hand(feed, made(SOLO), tmp_path).verdict is Verdict.PASSED
