"""The rules of the YouTube feeds: each finds what it is for, and lets pass what is right; and whose content is whose."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from youtube_support import BUSY, NEWCOMER, SHARED, SMALL, asked, report_of

from bedrot_console.domain.findings import Severity
from bedrot_console.extraction.registry import Registry
from bedrot_console.inspection.contents import FormatTrouble
from bedrot_console.inspection.recognise import recognise
from extractors.youtube import answers, queries, studio
from extractors.youtube.simulated.samples import studio_export
from extractors.youtube.simulator import YouTubeSimulator

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


class Still:
    """A clock that stands still."""

    def now(self) -> datetime:
        return NOON

    def monotonic(self) -> float:
        return 0.0

    def sleep(self, seconds: float) -> None: ...


CLOCK = Still()
SIMULATOR = YouTubeSimulator(clock=CLOCK)
FILES, SMALL_FILES = SIMULATOR.payloads("default"), SIMULATOR.payloads("yoru")
COUNT = str(len([i for p in json.loads(FILES["playlist"]) for i in p["items"]]))
LISTS = {"channel": BUSY.id, "uploads": COUNT}
ASKED: dict[str, dict[str, str]] = {
    "channel": {"channel": BUSY.id}, "playlist": {**LISTS, "playlist": BUSY.uploads}, "videos": {**LISTS, "asked": COUNT},
    **{r.name: asked(r.name, CLOCK) for r in queries.REPORTS},
}  # fmt: skip


def edited(feed: str, change: Callable[[Any], Any]) -> bytes:
    document = json.loads(FILES[feed])
    change(document)
    return json.dumps(document).encode()


def found(feed: str, data: bytes, *, before: bytes | None = None, **request: str) -> dict[str, Severity]:
    """Codes of what inspection finds, with their worst severity."""
    out: dict[str, Severity] = {}
    rank = [Severity.NOTE, Severity.WARNING, Severity.ERROR]
    for f in report_of(feed, data, CLOCK, ASKED[feed] | request, before=before).findings:
        out[f.code] = max(out.get(f.code, Severity.NOTE), f.severity, key=rank.index)
    return out


def rows(document: Any) -> list[Any]:
    return document[0]["rows"]


@pytest.mark.parametrize("feed", FILES)
def test_youtube_a_clean_file_has_no_finding(feed: str) -> None:
    """What a healthy platform gives is not even remarked upon."""
    assert found(feed, FILES[feed]) == {}


def _set(*path: Any, to: Any) -> Callable[[Any], None]:
    def change(document: Any) -> None:
        for step in path[:-1]:
            document = document[step]
        document[path[-1]] = to

    return change


def _scaled(spot: int, factor: float) -> Callable[[Any], None]:
    def change(document: Any) -> None:
        rows(document)[3][spot] = int(rows(document)[3][spot] * factor)

    return change


BAD: list[tuple[str, str, Callable[[Any], Any], str, Severity]] = [
    ("another channel", "channel", _set("items", 0, "id", to=SMALL.id), "consistency.wrong-account", Severity.ERROR),
    ("two channels", "channel", lambda d: d["items"].append(d["items"][0]), "consistency.several-channels", Severity.ERROR),
    ("no counter", "channel", lambda d: d["items"][0]["statistics"].pop("viewCount"), "completeness.counter-missing", Severity.ERROR),
    ("born tomorrow", "channel", _set("items", 0, "snippet", "publishedAt", to="2027-01-01T00:00:00Z"), "consistency.future-time", Severity.ERROR),
    ("counter as number", "channel", _set("items", 0, "statistics", "viewCount", to=5), "schema.type", Severity.ERROR),
    ("channel page goes on", "playlist", _set(1, "nextPageToken", to="EAAa"), "completeness.pages-missing", Severity.ERROR),
    ("page in the middle ends", "playlist", lambda d: d[0].pop("nextPageToken"), "completeness.pages-missing", Severity.ERROR),
    ("last page lost", "playlist", lambda d: d.pop(), "completeness.total-differs", Severity.ERROR),
    ("one upload lost", "playlist", lambda d: d[0]["items"].pop(4), "completeness.total-differs", Severity.WARNING),
    ("upload twice", "playlist", lambda d: d[0]["items"].insert(1, d[0]["items"][0]), "consistency.key-repeats", Severity.ERROR),
    ("other playlist", "playlist", _set(0, "items", 3, "snippet", "playlistId", to=SMALL.uploads), "consistency.wrong-playlist", Severity.ERROR),
    ("out of place", "playlist", _set(0, "items", 3, "snippet", "position", to=1), "consistency.positions", Severity.ERROR),
    ("nothing listed", "playlist", lambda d: d.clear(), "completeness.no-rows", Severity.ERROR),
    ("a video of others", "videos", _set(0, "items", 2, "snippet", "channelId", to=SMALL.id), "consistency.wrong-account", Severity.ERROR),
    ("a video lost", "videos", lambda d: d[0]["items"].pop(2), "completeness.total-differs", Severity.ERROR),
    ("an answer lost", "videos", lambda d: d.pop(), "completeness.videos-missing", Severity.ERROR),
    ("nothing answered", "videos", lambda d: d.clear(), "completeness.no-rows", Severity.ERROR),
    ("no views", "videos", lambda d: d[0]["items"][2]["statistics"].pop("viewCount"), "completeness.counter-missing", Severity.ERROR),
    ("more likes than views", "videos", _set(0, "items", 0, "statistics", "likeCount", to="99999999"), "consistency.bounds", Severity.WARNING),
    ("odd length", "videos", _set(0, "items", 0, "contentDetails", "duration", to="3:05"), "consistency.duration", Severity.ERROR),
    ("negative counter", "videos", _set(0, "items", 0, "statistics", "viewCount", to="-4"), "schema.pattern", Severity.ERROR),
    ("published tomorrow", "videos", _set(0, "items", 0, "snippet", "publishedAt", to="2026-03-09T17:00:00Z"), "consistency.future-time", Severity.ERROR),
    ("a day lost", "daily", lambda d: rows(d).pop(9), "completeness.sum-differs", Severity.ERROR),
    ("the newest day lost", "daily", lambda d: rows(d).pop(), "completeness.sum-differs", Severity.ERROR),
    ("a day tenfold", "daily", _scaled(1, 10), "completeness.sum-differs", Severity.ERROR),
    ("a figure a little off", "daily", _scaled(1, 1.1), "completeness.sum-differs", Severity.WARNING),
    ("below zero", "daily", _set(0, "rows", 3, 1, to=-7), "consistency.negative", Severity.ERROR),
    ("text for a number", "daily", _set(0, "rows", 3, 1, to="12"), "consistency.type", Severity.ERROR),
    ("half a view", "daily", _set(0, "rows", 3, 1, to=12.5), "consistency.type", Severity.ERROR),
    ("nothing for a number", "daily", _set(0, "rows", 3, 1, to=None), "schema.type", Severity.ERROR),
    ("short row", "daily", lambda d: rows(d)[3].pop(), "consistency.row-width", Severity.ERROR),
    ("day before the range", "daily", _set(0, "rows", 0, 0, to="2026-01-20"), "consistency.outside-range", Severity.ERROR),
    ("no day", "daily", _set(0, "rows", 0, 0, to="2026-02-30"), "consistency.not-a-day", Severity.ERROR),
    ("days out of order", "daily", lambda d: rows(d).reverse(), "consistency.days-not-rising", Severity.ERROR),
    ("another metric", "daily", _set(0, "columnHeaders", 1, "name", to="likes2"), "consistency.columns-differ", Severity.ERROR),
    ("column twice", "daily", _set(0, "columnHeaders", 2, "name", to="views"), "consistency.columns-differ", Severity.ERROR),
    ("a source lost", "traffic", lambda d: rows(d).pop(3), "completeness.sum-differs", Severity.ERROR),
    ("a source tenfold", "traffic", _scaled(2, 10), "completeness.sum-differs", Severity.ERROR),
    ("a new source", "traffic", _set(0, "rows", 0, 1, to="TELEPATHY"), "consistency.unknown-value", Severity.NOTE),
    ("a device lost", "devices", lambda d: rows(d).pop(0), "completeness.sum-differs", Severity.ERROR),
    ("no country", "countries", _set(0, "rows", 2, 0, to="Germany"), "consistency.not-a-value", Severity.ERROR),
    ("countries beyond all", "countries", _set(0, "rows", 0, 1, to=10**7), "completeness.sum-differs", Severity.ERROR),
    ("most countries lost", "countries", lambda d: rows(d).__delitem__(slice(0, 4)), "completeness.sum-differs", Severity.ERROR),
    ("countries out of order", "countries", lambda d: rows(d).reverse(), "consistency.order", Severity.ERROR),
    ("no video", "top_videos", _set(0, "rows", 0, 0, to="https://youtu.be/x"), "consistency.not-a-value", Severity.ERROR),
    ("more engaged than all", "top_videos", _set(0, "rows", 1, 2, to=10**6), "consistency.bounds", Severity.WARNING),
    ("a group lost", "demographics", lambda d: rows(d).pop(0), "consistency.shares", Severity.WARNING),
    ("a group above hundred", "demographics", _set(0, "rows", 0, 2, to=120.5), "consistency.percentage", Severity.ERROR),
    ("ads beyond all revenue", "revenue", _set(0, "rows", 4, 2, to=500.0), "consistency.bounds", Severity.ERROR),
    ("cpm from nowhere", "revenue", _set(0, "rows", 4, 4, to=900.0), "consistency.arithmetic", Severity.WARNING),
]  # fmt: skip


@pytest.mark.parametrize(("name", "feed", "change", "code", "severity"), BAD, ids=[b[0].replace(" ", "-") for b in BAD])
def test_youtube_a_damaged_file_is_found_out(
    name: str, feed: str, change: Callable[[Any], Any], code: str, severity: Severity
) -> None:
    """Each rule finds the one thing that was changed in an otherwise clean file."""
    assert found(feed, edited(feed, change)).get(code) == severity


AFTER: list[tuple[str, str, Callable[[Any], Any], str, Severity]] = [
    ("views of a lifetime fell", "videos", _set(0, "items", 30, "statistics", "viewCount", to="3"), "volume.counter-fell", Severity.ERROR),
    ("views of the channel fell", "channel", _set("items", 0, "statistics", "viewCount", to="3"), "volume.counter-fell", Severity.ERROR),
    ("views leapt", "videos", _set(0, "items", 30, "statistics", "viewCount", to="99999999"), "volume.counter-leapt", Severity.WARNING),
    ("videos vanished", "playlist", lambda d: d[0]["items"].__delitem__(slice(0, 20)), "volume.rows-vanished", Severity.ERROR),
    ("one video vanished", "playlist", lambda d: d[0]["items"].pop(0), "volume.rows-vanished", Severity.WARNING),
    ("no rows any more", "daily", lambda d: [p.pop("rows") for p in d], "volume.all-vanished", Severity.ERROR),
    ("a large country vanished", "countries", lambda d: rows(d).pop(1), "volume.rows-vanished", Severity.WARNING),
    ("a day vanished", "traffic", lambda d: rows(d).__delitem__(slice(40, 48)), "volume.days-vanished", Severity.ERROR),
]  # fmt: skip


@pytest.mark.parametrize(("name", "feed", "change", "code", "severity"), AFTER, ids=[b[0].replace(" ", "-") for b in AFTER])
def test_youtube_what_was_there_before_is_missed(
    name: str, feed: str, change: Callable[[Any], Any], code: str, severity: Severity
) -> None:
    """After a good capture, what shrank or vanished is found."""
    assert found(feed, edited(feed, change), before=FILES[feed]).get(code) == severity


def test_youtube_the_same_file_again_is_only_noted() -> None:
    """A second capture of unchanged data carries a note and passes: a quiet channel says the same on two days."""
    for feed in FILES:
        assert set(found(feed, FILES[feed], before=FILES[feed]).values()) <= {Severity.NOTE}, feed


def test_youtube_pairing_must_be_that_of_the_run() -> None:
    """A query asked for another channel fails though its figures are fine; a file that nobody asked for only gets a note."""
    assert found("daily", FILES["daily"], ids=f"channel=={SMALL.id}")["consistency.wrong-account"] == Severity.ERROR
    assert found("daily", FILES["daily"], ids="channel==MINE")["consistency.wrong-account"] == Severity.ERROR
    plain = report_of("daily", FILES["daily"], CLOCK)
    assert {f.code: f.severity for f in plain.findings} == {"consistency.unbound": Severity.NOTE}


def test_youtube_columns_are_compared_with_what_was_asked() -> None:
    """Another order than asked for fails; a metric that was refused is a warning that names it."""
    swapped = ASKED["daily"]["metrics"].replace("views,engagedViews", "engagedViews,views")
    assert found("daily", FILES["daily"], metrics=swapped)["consistency.columns-differ"] == Severity.ERROR
    assert found("daily", FILES["daily"], refused="dislikes") == {"completeness.metric-refused": Severity.WARNING}


@pytest.mark.parametrize(("lag", "code"), [(3, None), (4, "freshness.stale"), (6, "freshness.stale"), (7, "freshness.too-old")])
def test_youtube_freshness_counts_pacific_days(lag: int, code: str | None) -> None:
    """Two to three days behind is normal, four warns, seven fails; by the day that the range was asked up to."""
    newest = date.fromisoformat(json.loads(FILES["daily"])[0]["rows"][-1][0])
    until = newest + timedelta(days=lag - 1)
    codes = found("daily", FILES["daily"], endDate=until.isoformat())
    assert codes.pop("consistency.range", Severity.WARNING) == Severity.WARNING
    assert codes == ({} if code is None else {code: Severity.ERROR if code == "freshness.too-old" else Severity.WARNING})


def test_youtube_quiet_channels_may_have_days_without_rows() -> None:
    """Days without views are absent from a small channel's reports: noted, and its newest day may be older."""
    small = asked("daily", CLOCK, SMALL)
    codes = {f.code: f.severity for f in report_of("daily", SMALL_FILES["daily"], CLOCK, small).findings}
    assert codes == {"completeness.days-missing": Severity.NOTE}
    late = {
        f.code: f.severity for f in report_of("daily", SMALL_FILES["daily"], CLOCK, small | {"endDate": "2026-03-05"}).findings
    }
    assert "freshness.stale" not in late and "freshness.too-old" not in late


def test_youtube_a_quiet_channel_may_lose_its_ages_again() -> None:
    """Below a threshold nobody publishes ages are withheld: no alarm for a small channel, an error for a busy one."""
    for files, channel, severity in ((SMALL_FILES, SMALL, Severity.NOTE), (FILES, BUSY, Severity.ERROR)):
        document = json.loads(files["demographics"])
        del document[0]["rows"]
        empty, request = json.dumps(document).encode(), asked("demographics", CLOCK, channel)
        codes = {
            f.code: f.severity for f in report_of("demographics", empty, CLOCK, request, before=files["demographics"]).findings
        }
        assert codes["volume.all-vanished"] == severity and set(codes.values()) == {severity}


def test_youtube_a_quiet_channel_may_begin_with_a_day_without_views() -> None:
    """The first days of the range being without a row is no front that vanished; a day that was there and lies in the range is missed."""
    document = json.loads(SMALL_FILES["daily"])
    later = asked("daily", CLOCK, SMALL, startDate="2026-02-05")
    gone = [row for row in document[0]["rows"] if row[0] < "2026-02-08"]
    document[0]["rows"] = document[0]["rows"][len(gone) :]
    shorter = json.dumps(document[:1]).encode()
    kept = report_of(
        "daily",
        shorter,
        CLOCK,
        later | {"startDate": "2026-02-08"},
        before=SMALL_FILES["daily"],
        before_request=asked("daily", CLOCK, SMALL),
    )
    assert not [f for f in kept.findings if f.severity is Severity.ERROR]
    lost = report_of("daily", shorter, CLOCK, later, before=SMALL_FILES["daily"], before_request=asked("daily", CLOCK, SMALL))
    assert "volume.days-vanished" in {f.code for f in lost.findings if f.severity is Severity.ERROR}


def test_youtube_a_busy_channel_has_no_day_without_rows() -> None:
    """A hole in a busy channel's report is a warning even where nothing contradicts it."""

    def hole(document: Any) -> None:
        rows(document).pop(9)
        document.pop()

    assert found("daily", edited("daily", hole)) == {"completeness.days-missing": Severity.WARNING}


@pytest.mark.parametrize(("plays", "severity"), [(900, Severity.WARNING), (3, Severity.NOTE)])
def test_youtube_a_day_that_is_missing_in_revenue_warns_where_much_is_played(plays: int, severity: Severity) -> None:
    """Revenue has no views to tell a quiet channel by: the plays that earn tell it."""

    def hole(document: Any) -> None:
        names = [h["name"] for h in document[0]["columnHeaders"]]
        rows(document).pop(9)
        for row in rows(document):
            row[names.index("monetizedPlaybacks")] = plays

    assert found("revenue", edited("revenue", hole))["completeness.days-missing"] is severity


def test_youtube_no_rows_are_right_for_a_new_channel_only() -> None:
    """Headers alone pass for a channel without videos, warn for one with videos, fail where the platform counts views."""
    empty = edited("daily", lambda d: [p.pop("rows") for p in d])
    assert report_of("daily", empty, CLOCK, asked("daily", CLOCK, NEWCOMER, uploads="0")).findings == ()
    assert found("daily", empty) == {"completeness.no-rows": Severity.WARNING}
    assert found("daily", edited("daily", lambda d: d[0].pop("rows")))["completeness.no-rows"] == Severity.ERROR
    assert found("daily", edited("daily", lambda d: [p.update(rows=[]) for p in d])) == {"completeness.no-rows": Severity.WARNING}


def test_youtube_whole_numbers_may_come_as_floats() -> None:
    """12.0 views are twelve, and one metric may be INTEGER here and FLOAT there."""

    def floats(document: Any) -> None:
        for row in rows(document):
            row[1] = float(row[1])

    assert found("daily", edited("daily", floats)) == {}
    assert found("daily", edited("daily", _set(0, "columnHeaders", 1, "dataType", to="FLOAT"))) == {}


def test_youtube_hidden_counters_are_no_finding() -> None:
    """Likes may be hidden, comments switched off, the number of subscribers hidden."""

    def hidden(document: Any) -> None:
        for video in document[0]["items"]:
            for name in ("likeCount", "commentCount", "dislikeCount"):
                video["statistics"].pop(name, None)

    assert found("videos", edited("videos", hidden)) == {}

    def secret(document: Any) -> None:
        document["items"][0]["statistics"] |= {"hiddenSubscriberCount": True}
        del document["items"][0]["statistics"]["subscriberCount"]

    assert found("channel", edited("channel", secret)) == {}


def test_youtube_errors_among_the_answers_fail_the_file() -> None:
    """An error object, or `errors` inside a table, in any answer of a file."""
    for extra in ({"error": {"code": 403}}, {"kind": answers.TABLE, "errors": {"code": "FORBIDDEN"}}):
        assert found("daily", edited("daily", lambda d, e=extra: d.append(e))) == {"format.error-body": Severity.ERROR}


def test_youtube_every_sample_is_recognised_by_its_own_feed_only() -> None:
    """Content says whose it is: good samples of every platform and of ours never have two takers, ours are taken here."""
    feeds, _ = Registry().feeds()
    ours = [f for f in feeds if f.platform == "youtube"]
    for path in Registry().folder.glob("*/samples/*/ok-*"):
        if path.name.endswith(".report.json"):
            continue
        head = path.read_bytes()[: 1 << 20]
        if path.parts[-4] == "youtube":
            assert [f.name for f in recognise(feeds, head)] == [f"youtube/{path.parent.name}"], path
        else:
            assert not recognise(ours, head), path


def test_youtube_one_bare_answer_is_read_like_an_array_of_one() -> None:
    """A table that somebody fetched by hand reads the same as ours."""
    first = json.dumps(json.loads(FILES["demographics"])[0]).encode()
    assert answers.read_table(first).records == answers.read_table(FILES["demographics"]).records
    assert answers.read_table(first).pointer(2, "viewerPercentage") == "/rows/2/2"


CELL = st.sampled_from((0, 7, 12.0, 3.25, 10**12, "2026-02-01", "", "SHORTS", "12"))


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=60)
@given(st.lists(st.lists(CELL, min_size=3, max_size=3), max_size=12), st.integers(0, 12))
def test_youtube_tables_are_read_by_name_whatever_they_hold(cells: list[list[Any]], cut: int) -> None:
    """Each cell under its column's name, each row with its own place, split into answers at any point."""
    headers = [
        {"name": n, "columnType": "METRIC" if n != "day" else "DIMENSION", "dataType": "STRING"}
        for n in ("day", "views", "likes")
    ]
    parts = [{"kind": answers.TABLE, "columnHeaders": headers, "rows": part} for part in (cells[:cut], cells[cut:])]
    beside = {"kind": answers.TABLE, "columnHeaders": headers[1:], "rows": [[5, 6]]}
    table = answers.read_table(json.dumps([*parts, beside]).encode())
    assert [[r["day"], r["views"], r["likes"]] for r in table.records] == cells
    for index, row in enumerate(cells):
        page, _, spot = table.pointer(index).removeprefix("/").partition("/rows/")
        assert parts[int(page)]["rows"][int(spot)] == row
    assert table.whole("views") == 5 and table.whole("day") is None


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_youtube_readers_refuse_what_they_cannot_read(data: bytes) -> None:
    """Any bytes are read or refused in words of the closed list; nothing else is raised."""
    for read in (answers.read_channel, answers.read_videos, answers.read_table, studio.read_export):
        try:
            read(data)
        except FormatTrouble:
            continue


def test_youtube_studio_export_is_read_as_rows_with_its_days() -> None:
    """Total apart, durations in seconds, money exact, the newest day from the totals by day."""
    export = studio.read_export(studio_export())
    assert len(export) == 9 and export.total is not None and export.total["views"] == sum(r["views"] for r in export.records)
    assert export.records[0]["average_view_duration"] == 40 and export.records[1]["estimated_revenue"] == Decimal("0.913")
    assert (export.facts["first_day"], export.facts["last_day"], export.facts["currency"]) == ("2026-01-31", "2026-02-27", "USD")
    assert export.place(0).row == 3


def studio_of(**tables: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, text in tables.items():
            archive.writestr({"table": "Table data.csv", "totals": "Totals.csv", "chart": "Chart data.csv"}[name], text)
    return out.getvalue()


GOOD = "Content,Video title,Duration,Views\nTotal,,,30\nabc,One,65,20\ndef,Two,70,10\n"
DAYS = "Date,Views\n2026-02-26,14\n2026-02-27,16\n"
STUDIO_BAD = {
    "days lost": (GOOD, "Date,Views\n2026-02-24,14\n2026-02-27,16\n", "completeness.days-missing"),
    "days out of order": (GOOD, "Date,Views\n2026-02-27,14\n2026-02-26,16\n", "consistency.days-not-rising"),
    "days do not add up": (GOOD, "Date,Views\n2026-02-26,14\n2026-02-27,1\n", "completeness.sum-differs"),
    "rows exceed the total": (GOOD.replace("abc,One,65,20", "abc,One,65,90"), DAYS, "completeness.sum-differs"),
    "below zero": (GOOD.replace("def,Two,70,10", "def,Two,70,-10"), DAYS, "consistency.negative"),
    "no number": (GOOD.replace("def,Two,70,10", "def,Two,70,ten"), DAYS, "consistency.not-a-number"),
    "video twice": (GOOD.replace("def,", "abc,"), DAYS, "consistency.key-repeats"),
    "no total": (GOOD.replace("Total,,,30\n", ""), DAYS, "completeness.total-missing"),
    "short row": (GOOD.replace("def,Two,70,10", "def,Two"), DAYS, "format.not-a-table"),
    "months for days": (GOOD, "Month,Views\nFebruary,30\n", "consistency.not-a-day"),
}  # fmt: skip


@pytest.mark.parametrize("name", STUDIO_BAD)
def test_youtube_damaged_studio_exports_are_found_out(name: str) -> None:
    """Each rule of exports, one bad case; and the good one beside it."""
    good = report_of("studio", studio_of(table=GOOD, chart="Date,Views\n2026-02-26,3\n", totals=DAYS), CLOCK, {})
    assert good.findings == () and good.as_of == date(2026, 2, 27)
    table, totals, code = STUDIO_BAD[name]
    report = report_of("studio", studio_of(table=table, chart="Date,Views\n2026-02-26,3\n", totals=totals), CLOCK, {})
    assert code in {f.code for f in report.findings if f.severity is not Severity.NOTE}


def test_youtube_studio_refuses_bombs_and_other_archives() -> None:
    """An archive packed beyond reason is refused unread, a foreign one is not even recognised."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("Table data.csv", b"a,b\n" + b"1,2\n" * 8_000_000)
    with pytest.raises(FormatTrouble, match="beyond reason"):
        studio.read_export(out.getvalue())
    other = io.BytesIO()
    with zipfile.ZipFile(other, "w") as archive:
        archive.writestr("report.csv", "a,b\n1,2\n")
    assert not studio.is_export(other.getvalue()) and studio.is_export(studio_export()) and not studio.is_export(b"PK\x03\x04")


@pytest.mark.shared
@pytest.mark.skipif(not SHARED.is_dir(), reason="no shared samples here")
def test_youtube_genuine_result_table_is_read_and_passes() -> None:
    """A result table out of the wild is taken by the report of days, read by name, and passes on the day after; a month later it is too old."""
    data = (SHARED / "reports_query_result_table_7d.json").read_bytes()
    feeds, _ = Registry().feeds()
    assert [f.name for f in recognise(feeds, data)] == ["youtube/daily"]
    table = answers.read_table(data)
    assert [r["views"] for r in table.records] == [778, 1062, 946, 5107, 2137, 1005, 888] and table.metrics[-1] == "grossRevenue"

    class Then(Still):
        def __init__(self, at: datetime) -> None:
            self.at = at

        def now(self) -> datetime:
            return self.at

    soon, late = (report_of("daily", data, Then(datetime(2022, month, 28, 20, tzinfo=UTC))) for month in (6, 7))
    assert {f.code: f.severity for f in soon.findings} == {"consistency.unbound": Severity.NOTE} and soon.as_of == date(
        2022, 6, 26
    )
    assert {f.code for f in late.findings if f.severity is Severity.ERROR} == {"freshness.too-old"}


@pytest.mark.shared
@pytest.mark.skipif(not SHARED.is_dir(), reason="no shared samples here")
def test_youtube_genuine_channel_figures_pass_as_a_report() -> None:
    """The genuine days of a small channel, put into the form in which the API answers, pass: no rule is stricter than reality."""
    lines = [line.split(",") for line in (SHARED / "channel_daily_28d.csv").read_text().split()[4:] if line[:2] == "20"]
    names = ("day", "views", "estimatedMinutesWatched", "subscribersGained")
    headers = [
        {"name": n, "columnType": "DIMENSION" if n == "day" else "METRIC", "dataType": "STRING" if n == "day" else "INTEGER"}
        for n in names
    ]
    cells = [[day, *map(int, figures)] for day, *figures in lines]
    data = json.dumps({"kind": answers.TABLE, "columnHeaders": headers, "rows": cells}).encode()

    class Then(Still):
        def now(self) -> datetime:
            return datetime(2026, 4, 26, 2, tzinfo=UTC)

    request = {
        "channel": BUSY.id, "ids": f"channel=={BUSY.id}", "startDate": cells[0][0], "endDate": "2026-04-24", "dimensions": "day",
        "metrics": ",".join(names[1:]), "sort": "day",
    }  # fmt: skip
    assert len(cells) == 26
    assert report_of("daily", data, Then(), request).findings == ()
