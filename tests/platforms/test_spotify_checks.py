"""Spotify's exports and answers: whose content they are, what each rule stops, and what it lets pass."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from contract_desk import REGISTRY, Desk, codes, errors, noon
from hypothesis import given, settings
from hypothesis import strategies as st
from spotify_support import DAY, HARBOUR, LAST, NOVA, SOLO, Desks, asked, brought, timeline

from bedrot_console.domain.findings import Report, Severity
from bedrot_console.domain.lifecycle import Verdict
from bedrot_console.inspection.recognise import recognise
from extractors.spotify import exports, metrics
from extractors.spotify.simulated import exports as spelled
from extractors.spotify.simulated import samples, world

OUTSIDE = Path(__file__).resolve().parents[3] / "shared" / "samples" / "spotify"
FEEDS = REGISTRY.load("spotify").feeds
TABLES = REGISTRY.feeds()[0]


@pytest.fixture
def desks(tmp_path: Path) -> Desks:
    return Desks(tmp_path)


def audience(data: bytes, tmp_path: Path, *, day: date = DAY, **values: Any) -> Report:
    """The report on a timeline that a run brought."""
    request = values.pop("request", asked(SOLO.id, "1year", "audience", world.latest(day)))
    return Desk("spotify/audience", tmp_path).report(data, noon(day), series=SOLO.id, request=request, **values)


def uploaded(feed: str, data: bytes, tmp_path: Path, *, day: date = DAY, name: str = "export.csv") -> Report:
    """The report on a file that somebody brought by hand."""
    return Desk(f"spotify/{feed}", tmp_path).report(data, noon(day), method="manual", received_name=name)


# -- whose content ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(n for n in samples.made() if "/ok-" in n or n == "song_timeline/ok.csv"))
def test_each_sample_is_taken_by_its_own_feed_of_all_platforms(name: str) -> None:
    """Of all feeds of all platforms, manual uploads aside, one recognises a good sample: its own."""
    found = [f.name for f in recognise(TABLES, samples.made()[name]) if f.platform != "manual"]
    assert found == [f"spotify/{name.partition('/')[0]}"]


@pytest.mark.parametrize("bom", [True, False])
@pytest.mark.parametrize("columns", [spelled.COLUMNS_4, spelled.COLUMNS_8, spelled.COLUMNS_9, tuple(reversed(spelled.COLUMNS_9))])
def test_every_layout_of_the_timeline_is_read_by_its_names(columns: tuple[str, ...], bom: bool, tmp_path: Path) -> None:
    """4, 8 and 9 columns, with and without BOM, in any order, say the same streams."""
    report = audience(timeline(columns=columns, bom=bom), tmp_path)
    assert report.verdict is Verdict.PASSED and not report.findings
    assert report.facts["totals"]["streams"] == str(sum(d.streams for d in world.timeline(SOLO, 365, LAST)))
    assert report.as_of == LAST


@settings(deadline=None, max_examples=25)
@given(st.sampled_from(exports.PERIODS), st.text("abc-_ .'&", max_size=20), st.sampled_from(["", " (1)", "(2)"]))
def test_the_period_is_read_from_the_sites_own_names(period: str, artist: str, again: str) -> None:
    """Whatever the artist is called, also when a browser numbers a second download."""
    for what in ("songs", "playlists"):
        assert exports.period_in_name(f"{artist}-{what}-{period}{again}.csv") == period
    assert exports.period_in_name(f"{artist}-audience-timeline{again}.csv") is None


@settings(deadline=None, max_examples=50)
@given(st.one_of(st.integers(0, 10**17), st.none(), st.text(max_size=6)))
def test_a_count_is_a_number_however_it_is_spelled(value: Any) -> None:
    """A number and its digits are the same count; all else stays as it came, for the schema to refuse."""
    assert metrics.count(value) == metrics.count(str(value) if isinstance(value, int) else value)
    if not isinstance(value, int) and not (isinstance(value, str) and re.fullmatch("[0-9]+", value)):
        assert metrics.count(value) is value


# -- timeline ---------------------------------------------------------------------------------------------------------------

LINES = timeline().splitlines(keepends=True)


def line(number: int, change: Callable[[list[str]], list[str]]) -> bytes:
    """The timeline with one line (0: the newest) changed."""
    cells = change(LINES[-1 - number].decode().rstrip("\n").split(","))
    return b"".join(LINES[: len(LINES) - 1 - number]) + (",".join(cells) + "\n").encode() + b"".join(LINES[len(LINES) - number :])


BAD = {
    "a day left out": (b"".join(LINES[:100] + LINES[101:]), "completeness.days-missing"),
    "a day twice": (b"".join(LINES[:100] + LINES[99:]), "consistency.days-not-rising"),
    "days in falling order": (LINES[0] + b"".join(LINES[:0:-1]), "consistency.days-not-rising"),
    "a count below zero": (line(3, lambda c: [*c[:5], "-4", *c[6:]]), "consistency.count"),
    "half a stream": (line(3, lambda c: [*c[:5], "99.5", *c[6:]]), "consistency.count"),
    "thousands grouped": (line(3, lambda c: [*c[:5], '"1,204"', *c[6:]]), "schema.row-type"),
    "a word for a count": (line(3, lambda c: [*c[:5], "many", *c[6:]]), "schema.row-type"),
    "a blank count": (line(3, lambda c: [*c[:5], "", *c[6:]]), "completeness.blank"),
    "more listeners than streams": (line(3, lambda c: [c[0], str(int(c[5]) + 1), *c[2:]]), "consistency.listeners-over-streams"),
    "more streams than a day has room for": (line(3, lambda c: [*c[:5], "99999999", *c[6:]]), "consistency.implausible"),
    "28 days in place of 12 months": (timeline(28), "completeness.window"),
    "less than 12 months": (timeline(364), "completeness.window"),
    "more than 12 months": (timeline(368), "completeness.window"),
    "an end before the site's own": (timeline(365, LAST - timedelta(days=1)), "freshness.behind"),
    "dates of a spreadsheet": (timeline(slashes=True), "consistency.spreadsheet-dates"),
    "a date that is none": (line(3, lambda c: ["2026-02-30", *c[1:]]), "consistency.not-a-day"),
    "a time for a date": (line(3, lambda c: [c[0] + "T00:00:00", *c[1:]]), "consistency.not-a-day"),
    "a cell too few": (line(3, lambda c: c[:-1]), "schema.row-short"),
    "a cut last line": (b"".join(LINES)[:-9], "format.truncated"),
    "a header alone": (LINES[0], "completeness.no-rows"),
    "a page": (b"<!DOCTYPE html><html><body>" + b"x" * 400 + b"</body></html>", "format.html-instead"),
    "the songs": (spelled.songs(world.songs(SOLO, "1year", LAST), "1year"), "format.wrong-feed"),
}


@pytest.mark.parametrize("what", BAD)
def test_a_bad_timeline_is_stopped_for_what_it_is(what: str, tmp_path: Path) -> None:
    """Each defect fails its file, under its own code."""
    data, code = BAD[what]
    report = audience(data, tmp_path)
    assert report.verdict is Verdict.FAILED
    assert code in errors(report), codes(report)


def test_a_leak_of_28_days_is_told_as_that(tmp_path: Path) -> None:
    """The operator reads that the filter was not applied, not only that rows are missing."""
    found = next(f for f in audience(timeline(28), tmp_path).findings if f.code == "completeness.window")
    assert "12 months" in found.message and "28 days" in found.message and "filter" in found.message


def test_an_upload_may_have_any_window(tmp_path: Path) -> None:
    """Nobody knows which filter a person had chosen: 28 days by hand are fine, and so are two years."""
    for days in (28, 760):
        assert uploaded("audience", timeline(days), tmp_path).verdict is Verdict.PASSED


def test_a_page_of_another_artist_is_stopped(tmp_path: Path) -> None:
    """No export names its artist; the page it was clicked on does."""
    for request, series in (
        (asked(SOLO.id, "1year") | {"page": f"/c/artist/{NOVA.id}/audience"}, SOLO.id),
        (asked(SOLO.id, "1year") | {"page": "/c/roster"}, SOLO.id),
        (asked(SOLO.id, "1year"), NOVA.id),
    ):
        report = Desk("spotify/audience", tmp_path).report(timeline(), noon(DAY), series=series, request=request)
        assert errors(report) == {"consistency.other-page"}


def test_a_page_with_a_language_in_its_address_is_the_same_page(tmp_path: Path) -> None:
    """`/c/en/artist/…` is as good as `/c/artist/…`."""
    request = asked(SOLO.id, "1year", "audience") | {"page": f"/c/en/artist/{SOLO.id}/audience"}
    assert audience(timeline(), tmp_path, request=request).verdict is Verdict.PASSED


@pytest.mark.parametrize(
    ("age", "code"), [(2, None), (3, None), (4, "freshness.stale"), (6, "freshness.stale"), (7, "freshness.too-old")]
)
def test_age_is_judged_by_days(age: int, code: str | None, tmp_path: Path) -> None:
    """Two or three days are usual, four are told, seven are stopped; the same holds for what has no day inside."""
    last = DAY - timedelta(days=age)
    found = codes(audience(timeline(365, last), tmp_path, request=asked(SOLO.id, "1year", latest=last)))
    assert found == ({code} if code else set())
    songs = spelled.songs(world.songs(SOLO, "1year", last), "1year")
    report = Desk("spotify/songs_csv", tmp_path).report(
        songs, noon(DAY), series=f"{SOLO.id}_1year", request=asked(SOLO.id, "1year", latest=last)
    )
    assert codes(report) == ({code} if code else set())


def test_followers_may_fall_but_not_leap(tmp_path: Path) -> None:
    """A running total that falls by some is usual; one that doubles by thousands is told."""
    days = world.timeline(SOLO, 365, LAST)
    assert any(b.followers < a.followers for a, b in zip(days, days[1:], strict=False))
    assert audience(timeline(), tmp_path).verdict is Verdict.PASSED
    assert codes(audience(line(2, lambda c: [*c[:-1], "90210"]), tmp_path)) == {"consistency.followers-jump"}


def test_listener_groups_hold_one_another(tmp_path: Path) -> None:
    """More super listeners than active ones, or more of a day than of a month, are told."""
    for at, value in ((2, "1"), (3, "99999"), (4, "99999")):
        report = audience(line(2, lambda c, at=at, value=value: [*c[:at], value, *c[at + 1 :]]), tmp_path)
        assert report.verdict is Verdict.WARNED and "consistency.groups" in codes(report)


def test_a_newest_day_without_streams_is_told(tmp_path: Path) -> None:
    """A zero behind busy days is a day that was not counted yet."""
    report = audience(line(0, lambda c: [c[0], "0", *c[2:5], "0", *c[6:]]), tmp_path)
    assert codes(report) == {"consistency.last-day-zero"}


def test_a_newest_day_out_of_all_proportion_is_told(tmp_path: Path) -> None:
    """Many times the best day of the month before: somebody should look."""
    report = audience(line(0, lambda c: [*c[:5], str(int(c[5]) * 40), *c[6:]]), tmp_path)
    assert codes(report) == {"consistency.last-day-high"}


# -- against the capture before ---------------------------------------------------------------------------------------------


def pair(tmp_path: Path, new: bytes, *, old: bytes | None = None, series: str = SOLO.id) -> Report:
    """The report on a timeline the day after another one."""
    desk = Desk("spotify/audience", tmp_path)
    tomorrow = DAY + timedelta(days=1)
    request = asked(SOLO.id, "1year", latest=None) if series else {}
    assert (
        desk.report(timeline() if old is None else old, noon(DAY), series=series, request=request).verdict is not Verdict.FAILED
    )
    return desk.report(new, noon(tomorrow), series=series, request=request)


NEXT = LAST + timedelta(days=1)


def test_the_next_day_of_the_same_artist_passes(tmp_path: Path) -> None:
    """A day more at the end, a day less in front."""
    assert not pair(tmp_path, timeline(365, NEXT)).findings


def test_a_changed_past_is_listed(tmp_path: Path) -> None:
    """Two past days with other figures: a warning with the days, since none of 796 days ever changed."""
    days = [spelled.timeline([d]).splitlines(keepends=True)[1] for d in world.timeline(SOLO, 365, NEXT)]
    for at in (50, 51):
        cells = days[at].decode().split(",")
        days[at] = ",".join([*cells[:5], str(int(cells[5]) + 2), *cells[6:]]).encode()
    report = pair(tmp_path, LINES[0] + b"".join(days))
    (found,) = report.findings
    assert (found.code, found.severity, found.count) == ("consistency.revised", Severity.WARNING, 2)
    assert found.seen and found.seen.count("2025-") == 2


def test_another_artists_timeline_is_stopped(tmp_path: Path) -> None:
    """A file holds no artist, but its past does not fit. Of uploads nobody knows the artist: there it is a warning."""
    other = timeline(365, NEXT, NOVA)
    assert errors(pair(tmp_path, other)) == {"consistency.other-artist"}
    (tmp_path / "upload").mkdir()
    report = pair(tmp_path / "upload", other, series="")
    assert report.verdict is Verdict.WARNED and "consistency.other-artist" in codes(report)


def test_a_timeline_does_not_go_back_nor_lose_its_front(tmp_path: Path) -> None:
    """Yesterday's file is known again, an older end is stopped, and so is a front that runs away."""
    assert codes(pair(tmp_path, timeline())) == {"duplicates.same-bytes"}
    for number, (data, code) in enumerate(
        {
            timeline(365, LAST - timedelta(days=1)): "volume.went-back",
            b"".join([LINES[0], *LINES[2:]]): "volume.front-vanished",
        }.items()
    ):
        (tmp_path / str(number)).mkdir()
        assert code in errors(pair(tmp_path / str(number), data))


def test_any_cell_of_the_past_that_changes_is_noticed(tmp_path: Path) -> None:
    """Whichever count of whichever shared day changes: the next capture does not simply pass."""
    desk = Desk("spotify/audience", tmp_path)
    desk.report(timeline(), noon(DAY), series=SOLO.id)
    after = timeline(365, NEXT).splitlines(keepends=True)
    for row, column in ((1, 1), (40, 2), (90, 3), (140, 4), (200, 5), (250, 6), (300, 7), (364, 8), (363, 5)):
        cells = after[row].decode().rstrip("\n").split(",")
        cells[column] = str(int(cells[column]) + 1)
        lines = [*after[:row], (",".join(cells) + "\n").encode(), *after[row + 1 :]]
        report = desk.report(b"".join(lines), noon(DAY + timedelta(days=1)), keep=False, series=SOLO.id)
        assert report.verdict is not Verdict.PASSED, (row, column)


# -- songs and playlists ----------------------------------------------------------------------------------------------------


def songs(period: str, *, named: str = "", content: str = "", **values: Any) -> dict[str, Any]:
    data = spelled.songs(world.songs(SOLO, content or period, LAST), content or period)
    told = {
        "series": f"{SOLO.id}_{period}",
        "request": asked(SOLO.id, period),
        "received_name": f"One Room-songs-{named or period}.csv",
    }
    return {"data": data, "captured": noon(DAY), **told, **values}


def test_all_time_without_listeners_is_a_known_gap(tmp_path: Path) -> None:
    """Zeros of all time are noted and pass, by hand too; the same zeros in 12 months are stopped."""
    desk = Desk("spotify/songs_csv", tmp_path)
    report = desk.report(**songs("all"), keep=False)
    assert report.verdict is Verdict.PASSED and codes(report) == {"consistency.known-gap"}
    by_hand = uploaded("songs_csv", songs("all")["data"], tmp_path, name="One Room-songs-all.csv")
    assert by_hand.verdict is Verdict.PASSED and codes(by_hand) == {"consistency.known-gap"}
    assert errors(desk.report(**songs("1year", content="all"), keep=False)) == {"consistency.other-period"}
    assert codes(desk.report(**songs("all", content="1year"), keep=False)) == {"consistency.other-period"}


def test_the_period_in_the_name_must_be_the_one_asked_for(tmp_path: Path) -> None:
    """28 days named as such do not pass for 12 months."""
    report = Desk("spotify/songs_csv", tmp_path).report(**songs("1year", named="28day", content="28day"))
    assert errors(report) == {"consistency.other-period"}


SONG_LINES = songs("1year")["data"].splitlines(keepends=True)
BAD_SONGS = {
    "a release that is no day": (SONG_LINES[1].replace(b"2024-02-14", b"14.2.2024"), "consistency.not-a-day"),
    "a blank count": (re.sub(rb",\d+,", b",,", SONG_LINES[1], count=1), "completeness.blank"),
    "more listeners than streams": (re.sub(rb'",', b'",9', SONG_LINES[1], count=1), "consistency.listeners-over-streams"),
}


@pytest.mark.parametrize("what", BAD_SONGS)
def test_a_bad_row_of_songs_is_stopped(what: str, tmp_path: Path) -> None:
    """Each defect fails its file, under its own code."""
    row, code = BAD_SONGS[what]
    data = b"".join([SONG_LINES[0], row, *SONG_LINES[2:]])
    assert code in errors(Desk("spotify/songs_csv", tmp_path).report(**songs("1year") | {"data": data}))


def test_songs_out_of_order_are_told(tmp_path: Path) -> None:
    """The site sorts by streams; who sorted otherwise touched the file."""
    data = b"".join([SONG_LINES[0], *SONG_LINES[:0:-1]])
    assert codes(Desk("spotify/songs_csv", tmp_path).report(**songs("1year") | {"data": data})) == {"consistency.order"}


def test_all_time_streams_do_not_fall(tmp_path: Path) -> None:
    """What was counted stays counted: a song that loses a tenth is stopped, one that is gone is told."""
    desk = Desk("spotify/songs_csv", tmp_path)
    assert desk.report(**songs("all")).verdict is Verdict.PASSED
    data = songs("all")["data"]
    first = int(re.search(rb",0,(\d+),0", data)[1])  # type: ignore[index]
    fell = data.replace(b",0,%d,0" % first, b",0,%d,0" % (first * 9 // 10), 1)
    assert "consistency.all-time-fell" in errors(desk.report(**songs("all") | {"data": fell}, keep=False))
    gone = b"".join(data.splitlines(keepends=True)[:-1])
    assert "consistency.songs-vanished" in codes(desk.report(**songs("all") | {"data": gone}, keep=False))


@pytest.mark.parametrize("feed", ["songs_csv", "song_metrics"])
def test_a_song_of_12_months_does_not_vanish_nor_double_unnoticed(feed: str, tmp_path: Path) -> None:
    """Both doors to the songs tell it, and a period that collapses."""
    found = world.songs(SOLO, "1year", LAST)
    doubled = [replace(found[0], streams=found[0].streams * 3), *found[1:]]
    spell = spelled.catalog_view if feed == "song_metrics" else lambda songs: spelled.songs(songs, "1year")
    desk = Desk(f"spotify/{feed}", tmp_path)
    told = {"series": f"{SOLO.id}_1year", "request": asked(SOLO.id, "1year")}
    assert desk.report(spell(found), noon(DAY), **told).verdict is Verdict.PASSED
    for songs, code in (
        (found[:-1], "consistency.songs-vanished"),
        (doubled, "consistency.streams-doubled"),
        (found[1:], "volume.total-dropped"),
    ):
        report = desk.report(spell(songs), noon(DAY), keep=False, **told)
        assert report.verdict is Verdict.WARNED and code in codes(report)


def test_another_artists_songs_are_stopped(tmp_path: Path) -> None:
    """Not one title of the capture before."""
    desk = Desk("spotify/songs_csv", tmp_path)
    assert desk.report(**songs("1year")).verdict is Verdict.PASSED
    other = spelled.songs(world.songs(NOVA, "1year", LAST), "1year")
    assert "consistency.other-artist" in errors(desk.report(**songs("1year") | {"data": other}))


def test_playlists_know_unknown_dates(tmp_path: Path) -> None:
    """`n/a` and `-` are words for unknown; any other word is not."""
    data = brought()[f"playlists_csv:{SOLO.id}_1year"]
    assert b",n/a" in data and b",-" in data
    assert uploaded("playlists_csv", data, tmp_path).verdict is Verdict.PASSED
    assert errors(uploaded("playlists_csv", data.replace(b"n/a", b"soon"), tmp_path)) == {"consistency.not-a-day"}


# -- answers ----------------------------------------------------------------------------------------------------------------


def answer(**how: Any) -> bytes:
    return spelled.catalog_view(world.songs(SOLO, "28day", LAST), **how)


@pytest.mark.parametrize("how", ["text", "int", "gaps"])
def test_counts_as_text_numbers_or_missing_are_read(how: str, tmp_path: Path) -> None:
    """The same streams however they are spelled; saves and canvas views may be missing."""
    report = Desk("spotify/song_metrics", tmp_path).report(answer(counts=how), noon(DAY))
    assert report.verdict is Verdict.PASSED
    assert report.facts["totals"]["numStreams"] == str(sum(s.streams for s in world.songs(SOLO, "28day", LAST)))


def changed(**fields: Any) -> bytes:
    """The answer with fields of its first song replaced, or taken away (`...`)."""
    document = json.loads(answer())
    for name, value in fields.items():
        if value is ...:
            del document["songs"][0][name]
        else:
            document["songs"][0][name] = value
    return json.dumps(document).encode()


BAD_ANSWERS = {
    "an id too short": (changed(id="abc", trackUri="spotify:track:abc"), "schema.pattern"),
    "no name": (changed(trackName=...), "schema.required"),
    "an id of another song": (changed(id=NOVA.tracks[0].id), "consistency.ids-differ"),
    "a count below zero": (changed(numStreams=-1), "schema.minimum"),
    "a word for a count": (changed(numStreams="1.2K"), "schema.pattern"),
    "a count with a fraction": (changed(numStreams=1.5), "schema.type"),
    "no streams at all": (re.sub(rb'"numStreams":"\d+"', b'"numStreams":null', answer()), "completeness.no-streams"),
    "no songs": (b'{"songs":[]}', "completeness.no-rows"),
    "a song twice": (json.dumps({"songs": [json.loads(answer())["songs"][0]] * 2}).encode(), "consistency.key-repeats"),
    "a bearer": (answer(echo="BQ" + "q" * 70), "consistency.holds-bearer"),
    "an error": (b'{"error":{"status":401,"message":"Token expired"}}', "format.error-body"),
    "text": (b"Token expired", "format.not-json"),
    "a list": (b"[1, 2, 3, 4, 5, 6]", "format.unknown-shape"),
    "a cut answer": (answer()[:-30], "format.truncated"),
}


@pytest.mark.parametrize("what", BAD_ANSWERS)
def test_a_bad_answer_is_stopped_for_what_it_is(what: str, tmp_path: Path) -> None:
    """Each defect fails its file, under its own code."""
    data, code = BAD_ANSWERS[what]
    assert code in errors(Desk("spotify/song_metrics", tmp_path).report(data, noon(DAY)))


def test_a_song_without_streams_among_others_is_told(tmp_path: Path) -> None:
    """One null of the site is not the end of the file."""
    report = Desk("spotify/song_metrics", tmp_path).report(changed(numStreams=None), noon(DAY))
    assert report.verdict is Verdict.WARNED and codes(report) == {"completeness.some-streams"}


def test_a_masked_bearer_is_noted(tmp_path: Path) -> None:
    """What was masked before landing is said, and passes."""
    data = answer(echo="q" * 40).replace(b"q" * 40, b"*" * 40)
    report = Desk("spotify/song_metrics", tmp_path).report(data, noon(DAY))
    assert report.verdict is Verdict.PASSED and "consistency.bearer-masked" in codes(report)


def test_periods_hold_the_narrower_ones(desks: Desks) -> None:
    """Five periods of one run fit into one another; swapped ones are stopped, on both files of a pair that disagrees."""
    assert not [f for r in desks.run(DAY, brought(), keep=False).values() for f in r.findings if f.severity is not Severity.NOTE]
    swapped = {
        n: r for n, r in desks.run(DAY, brought(DAY, "windows_mixed"), keep=False).items() if "consistency.windows" in errors(r)
    }
    assert set(swapped) == {f"song_metrics:{SOLO.id}_{p}" for p in ("7day", "28day")}


def test_one_song_that_has_more_in_a_day_than_in_a_week_is_enough(desks: Desks) -> None:
    """Totals may hide it: each song is compared, and the pointer names it."""
    bodies = brought()
    name = f"song_metrics:{SOLO.id}_7day"
    document = json.loads(bodies[name])
    document["songs"][2]["numStreams"] = "1"
    document["songs"][0]["numStreams"] = str(int(document["songs"][0]["numStreams"]) + 50)
    report = desks.one(DAY, name, bodies | {name: json.dumps(document).encode()}, keep=False)
    found = next(f for f in report.findings if f.code == "consistency.windows")
    assert str(found.place) == "/songs/2/numStreams"


def test_a_missing_period_is_noted_by_the_others(desks: Desks) -> None:
    """The four that came say which one did not, and pass."""
    bodies = {n: b for n, b in brought().items() if n.startswith("song_metrics") and not n.endswith("_7day")}
    for report in desks.run(DAY, bodies).values():
        assert report.verdict is Verdict.PASSED
        assert [f.seen for f in report.findings if f.code == "completeness.period-missing"] == ["7day"]


def test_a_collapse_of_a_wide_period_is_told(tmp_path: Path) -> None:
    """12 months that become 28 days from one day to the next."""
    desk = Desk("spotify/song_metrics", tmp_path)
    told = {"series": f"{SOLO.id}_1year", "request": asked(SOLO.id, "1year")}
    assert desk.report(spelled.catalog_view(world.songs(SOLO, "1year", LAST)), noon(DAY), **told).verdict is Verdict.PASSED
    assert "volume.total-dropped" in codes(desk.report(answer(), noon(DAY), **told))


def test_uploaded_answers_of_another_reader_are_read(tmp_path: Path) -> None:
    """Its wrapper tells status and address: a failed one and one of another period are stopped."""
    for name, code in (("ok-wrapped", None), ("wrapped-error", "format.error-body"), ("wrapped-text", "format.unknown-shape")):
        report = uploaded("song_metrics", samples.made()[f"song_metrics/{name}.json"], tmp_path, name="s.json")
        assert errors(report) == ({code} if code else set())


# -- a season, and files from outside ---------------------------------------------------------------------------------------


def test_ten_weeks_of_good_days_pass_without_a_word(desks: Desks) -> None:
    """No false alarm: each feed and period against the last of them. Notes may come, warnings may not."""
    for number in range(0, 70, 14):
        day = DAY + timedelta(days=number)
        loud = {
            n: [(f.code, f.message) for f in r.findings]
            for n, r in desks.run(day, brought(day, account="both")).items()
            if r.verdict is not Verdict.PASSED
        }
        assert not loud, (day, loud)
    assert HARBOUR.id in " ".join(desks.desks)


REAL = {
    "artist-a-audience-timeline.csv": ("audience", date(2026, 2, 23), 783, Verdict.PASSED, set()),
    "artist-a-songs-all.csv": ("songs_csv", date(2026, 2, 23), 29, Verdict.PASSED, {"consistency.known-gap"}),
    "fixture-artist-audience-timeline.csv": ("audience", date(2024, 3, 3), 3, Verdict.FAILED, {"completeness.days-missing"}),
    "fixture-audience-timeline-9col.csv": ("audience", date(2026, 6, 27), 2, Verdict.PASSED, set()),
    "fixture-playlists-period.csv": ("playlists_csv", DAY, 2, Verdict.PASSED, set()),
    "fixture-songs-period.csv": ("songs_csv", date(2026, 7, 25), 2, Verdict.PASSED, set()),
    "fixture-track-stream-timeline.csv": ("song_timeline", date(2024, 3, 3), 2, Verdict.PASSED, set()),
}


@pytest.mark.shared
@pytest.mark.skipif(not OUTSIDE.is_dir(), reason="no shared samples here")
@pytest.mark.parametrize("name", REAL)
def test_files_from_outside_get_the_verdict_they_deserve(name: str, tmp_path: Path) -> None:
    """Real exports, and small ones of other projects' tests, brought by hand: each is recognised by one feed and judged rightly."""
    feed, day, rows, verdict, found = REAL[name]
    data = (OUTSIDE / name).read_bytes()
    assert [f.name for f in recognise(TABLES, data) if f.platform != "manual"] == [f"spotify/{feed}"]
    report = uploaded(feed, data, tmp_path, day=day, name=name)
    assert (report.verdict, report.facts["rows"], codes(report)) == (verdict, rows, found)
