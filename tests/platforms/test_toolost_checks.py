"""TooLost: each rule against a good and a bad case, a year that turns, and what two answers of one run say about each other."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from contract_desk import Desk, codes, errors, noon
from toolost_support import (
    MEMBER,
    SHARED,
    TODAY,
    answer,
    apple_of,
    at,
    changed,
    days,
    none,
    spotify_of,
)

from bedrot_console.domain.findings import Severity
from bedrot_console.domain.lifecycle import Verdict
from extractors.toolost.simulated import payloads, world

PLATFORMS = ("spotify", "apple")
JANUARY = date(2026, 1, 1)


@pytest.fixture
def spotify(tmp_path: Path) -> Desk:
    return Desk("toolost/spotify", tmp_path)


@pytest.fixture
def apple(tmp_path: Path) -> Desk:
    return Desk("toolost/apple", tmp_path)


def _found(report: Any) -> set[str]:
    return codes(report, Severity.ERROR, Severity.WARNING)


# -- time -------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_year_that_turns_raises_no_alarm(platform: str, tmp_path: Path) -> None:
    """From Christmas to the middle of January, daily: no error, no warning; the turn is told once, with the days nobody saw."""
    desk = Desk(f"toolost/{platform}", tmp_path)
    told: dict[date, set[str]] = {}
    for n in range(24):
        day = date(2026, 12, 24) + timedelta(days=n)
        report = at(desk, answer(platform, day), day)
        assert _found(report) == set(), (day, _found(report))
        told[day] = codes(report)
    assert [d for d, c in told.items() if "completeness.year-began-anew" in c] == [date(2027, 1, 1)]
    just_begun = [d for d, c in told.items() if "completeness.year-just-begun" in c]
    assert just_begun == [date(2027, 1, n) for n in range(1, world.LAG_DAYS[platform] + 1)]


def test_the_turn_names_the_days_that_no_capture_holds(spotify: Desk) -> None:
    """Last seen is 29 December: 30 and 31 will never come by this way."""
    at(spotify, answer("spotify", date(2026, 12, 31)), date(2026, 12, 31))
    (finding,) = [f for f in at(spotify, answer("spotify", date(2027, 1, 1)), date(2027, 1, 1)).findings if "anew" in f.code]
    assert finding.severity is Severity.NOTE and (finding.seen, finding.count) == ("2026-12-29", 2)


@pytest.mark.parametrize(("platform", "warned", "failed"), [("spotify", 5, 8), ("apple", 7, 11)])
def test_a_year_without_days_is_empty_data_but_for_its_first_days(
    platform: str, warned: int, failed: int, tmp_path: Path
) -> None:
    """Judged as if 31 December were the newest day, by the ages of freshness."""
    desk = Desk(f"toolost/{platform}", tmp_path)
    empty = spotify_of([]) if platform == "spotify" else apple_of([])
    verdicts = [at(desk, empty, date(2027, 1, n), keep=False).verdict for n in range(1, 13)]
    assert verdicts == [
        Verdict.FAILED if n >= failed else Verdict.WARNED if n >= warned else Verdict.PASSED for n in range(1, 13)
    ]
    assert errors(at(desk, empty, TODAY)) == {"completeness.no-rows"}


def test_a_year_that_has_begun_does_not_become_empty_again(spotify: Desk) -> None:
    """Days were there on 4 January: an empty answer on the 5th has lost them."""
    at(spotify, answer("spotify", date(2027, 1, 4)), date(2027, 1, 4))
    assert errors(at(spotify, spotify_of([]), date(2027, 1, 5))) == {"completeness.days-vanished"}


def test_days_of_two_years_or_of_an_earlier_one_are_told(spotify: Desk) -> None:
    """Several years fail; an earlier one warns, but not on 1 January, when it is still last year further west."""
    mixed = changed(answer("spotify"), lambda a: a["streams"][2].update(date="2025-12-31"))
    assert "consistency.several-years" in errors(at(spotify, mixed, keep=False))
    old = answer("spotify", date(2026, 12, 31))
    assert _found(at(spotify, old, date(2027, 1, 1), keep=False)) == set()
    assert _found(at(spotify, old, date(2027, 1, 2), keep=False)) == {"consistency.other-year"}
    assert "consistency.other-year" not in codes(at(spotify, old, date(2027, 1, 2), keep=False, request={"date": "lastYear"}))


@pytest.mark.parametrize(("platform", "warn", "fail"), [("spotify", 4, 7), ("apple", 6, 10)])
def test_freshness_is_that_of_each_source(platform: str, warn: int, fail: int, tmp_path: Path) -> None:
    """By the newest day among the unsorted ones: warned beyond 4 and 6 days, failed beyond 7 and 10."""
    desk = Desk(f"toolost/{platform}", tmp_path)
    for age in range(1, 14):
        rows = days(JANUARY, range(40, 40 + (TODAY - JANUARY).days - age + 1), str if platform == "spotify" else int)
        rows.reverse()
        report = at(desk, spotify_of(rows) if platform == "spotify" else apple_of(rows), keep=False)
        expected = Verdict.FAILED if age > fail else Verdict.WARNED if age > warn else Verdict.PASSED
        assert report.verdict is expected, (age, codes(report))


# -- history ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("platform", PLATFORMS)
def test_within_a_year_no_day_vanishes(platform: str, tmp_path: Path) -> None:
    """A day in the midst, the first days, the newest day: each is missed."""
    desk = Desk(f"toolost/{platform}", tmp_path)
    at(desk, answer(platform, TODAY - timedelta(days=1)), TODAY - timedelta(days=1))
    for fault in ("missing_day", "history_shrank", "year_restarts", "stale"):
        report = at(desk, answer(platform, faults=[fault]), keep=False)
        assert "completeness.days-vanished" in errors(report), (fault, codes(report))
    assert _found(at(desk, answer(platform), keep=False)) == set()


def test_changed_days_are_listed_not_failed(spotify: Desk) -> None:
    """Two days have other counts than before: a note names them."""
    at(spotify, answer("spotify", TODAY - timedelta(days=1)), TODAY - timedelta(days=1))
    report = at(spotify, changed(answer("spotify"), lambda a: [r.update(streams="77") for r in a["streams"][4:6]]))
    (revised,) = [f for f in report.findings if f.code == "volume.days-revised"]
    assert report.verdict is Verdict.PASSED and revised.count == 2 and "2026-" in (revised.seen or "")


@pytest.mark.parametrize("platform", PLATFORMS)
def test_another_accounts_figures_are_stopped(platform: str, tmp_path: Path) -> None:
    """The answer names no account: its settled past does, and so do Apple's tracks."""
    desk = Desk(f"toolost/{platform}", tmp_path)
    at(desk, answer(platform, TODAY - timedelta(days=1)), TODAY - timedelta(days=1))
    found = errors(at(desk, answer(platform, member=world.MEMBERS[1])))
    assert "consistency.other-series" in found
    assert ("consistency.other-tracks" in found) == (platform == "apple")


@pytest.mark.parametrize("platform", PLATFORMS)
def test_the_same_answer_again_is_normal_within_a_day_and_stale_on_a_later_one(platform: str, tmp_path: Path) -> None:
    """Same bytes: a note on the same day, a warning on the next. The same content in another order as well, but for Apple, where a day
    without plays adds no row."""
    desk = Desk(f"toolost/{platform}", tmp_path)
    body = answer(platform)
    at(desk, body)
    assert (at(desk, body).verdict, codes(at(desk, body, keep=False)) & {"duplicates.same-bytes"}) == (
        Verdict.PASSED,
        {"duplicates.same-bytes"},
    )
    tomorrow = TODAY + timedelta(days=1)
    assert "duplicates.same-bytes" in codes(at(desk, body, tomorrow, keep=False), Severity.WARNING)
    turned = changed(body, lambda a: a["streams" if platform == "spotify" else "totalStreams"].reverse())
    severity = Severity.WARNING if platform == "spotify" else Severity.NOTE
    assert "duplicates.same-content" in codes(at(desk, turned, tomorrow, keep=False), severity)


# -- form -------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("platform", "severity"), [("spotify", Severity.WARNING), ("apple", Severity.NOTE)])
def test_a_gap_warns_for_spotify_and_is_normal_for_apple(platform: str, severity: Severity, tmp_path: Path) -> None:
    """Apple leaves out days without plays; Spotify never did."""
    rows = days(JANUARY, range(40, 97), str if platform == "spotify" else int)
    del rows[20]
    report = at(Desk(f"toolost/{platform}", tmp_path), spotify_of(rows) if platform == "spotify" else apple_of(rows))
    assert [(f.code, f.severity, f.seen) for f in report.findings] == [("completeness.days-missing", severity, "2026-01-21")]


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_type_change_is_drift_and_the_counts_are_still_read(platform: str, tmp_path: Path) -> None:
    """Text for number or number for text: a warning with its place and count; totals as before."""
    desk = Desk(f"toolost/{platform}", tmp_path)
    good, other = at(desk, answer(platform), keep=False), at(desk, answer(platform, faults=["type_change"]), keep=False)
    (drift,) = [f for f in other.findings if f.code == "schema.type-drift"]
    assert other.verdict is Verdict.WARNED and drift.count == other.facts["rows"] and str(drift.place).endswith("/0/streams")
    assert good.facts["totals"] == other.facts["totals"]


def _streams(index: int, **values: Any) -> Callable[[dict[str, Any]], Any]:
    return lambda a: (a.get("streams") or a["totalStreams"])[index].update(values)


@pytest.mark.parametrize("platform", PLATFORMS)
@pytest.mark.parametrize(
    ("act", "code"),
    [
        (_streams(3, streams="-4"), "consistency.negative"), (_streams(3, streams="many"), "schema.pattern"),
        (_streams(3, streams=None), "schema.type"), (_streams(3, streams=1.5), "schema.type"), (_streams(3, date="03/02/2026"), "schema.pattern"),
        (_streams(3, date="2026-02-30"), "consistency.not-a-day"), (_streams(3, date="2026-03-09"), "consistency.future-day"),
        (_streams(3, streams="900000000"), "consistency.implausible"),
        (lambda a: (a.get("streams") or a["totalStreams"]).append(dict((a.get("streams") or a["totalStreams"])[0])), "consistency.key-repeats"),
        (lambda a: [r.update(streams=type(r["streams"])(0)) for r in a.get("streams") or a["totalStreams"]], "consistency.constant"),
        (lambda a: (a.get("streams") or a["totalStreams"])[1].pop("date"), "schema.required"),
    ],
)  # fmt: skip
def test_days_that_cannot_be_are_stopped(platform: str, act: Callable[[dict[str, Any]], Any], code: str, tmp_path: Path) -> None:
    """Negative, wordy, broken, future, repeated, impossible, all zero."""
    report = at(Desk(f"toolost/{platform}", tmp_path), changed(answer(platform), act))
    assert code in errors(report), codes(report)


@pytest.mark.parametrize("member", ["totalStreams", "tracksTotal", "countryTotal", "streamTotal"])
def test_apples_four_totals_are_one_number(member: str, apple: Desk) -> None:
    """One of the four off by one: the difference is named with both numbers."""

    def off(a: dict[str, Any]) -> None:
        if member == "streamTotal":
            a[member] += 1
        else:
            a[member][0]["streams"] += 1

    assert not errors(at(apple, answer("apple"), keep=False))
    found = [f for f in at(apple, changed(answer("apple"), off)).findings if f.code == "consistency.totals-differ"]
    assert len(found) == (3 if member == "streamTotal" else 1)
    assert all(abs(int(f.expected or 0) - int(f.seen or 0)) == 1 for f in found)


@pytest.mark.parametrize(
    ("act", "code", "severity"),
    [
        (lambda a: a["tracksTotal"][0].update(isrc="QZ-ABC"), "consistency.isrc", Severity.WARNING),
        (lambda a: a["countryTotal"][0].update(country="usa"), "consistency.country", Severity.WARNING),
        (lambda a: a["countryTotal"].append({"country": "US", "streams": 0}), "consistency.row-twice", Severity.ERROR),
        (lambda a: a["totalShazam"].extend([{"date": "2026-02-02", "streams": "5"}] * 2), "consistency.day-repeats", Severity.ERROR),
        (lambda a: a["totalShazam"].append({"date": "2026-04-02", "streams": "5"}), "consistency.future-day", Severity.ERROR),
    ],
)  # fmt: skip
def test_apples_tracks_countries_and_shazams_have_their_form(
    act: Callable[[dict[str, Any]], Any], code: str, severity: Severity, apple: Desk
) -> None:
    """Codes that are none warn; what stands there twice or ahead of time is stopped."""
    assert code in codes(at(apple, changed(answer("apple"), act)), severity)


def test_one_track_under_two_releases_is_no_repetition(apple: Desk) -> None:
    """A single that is on an album, too, has one ISRC and two rows."""
    rows = days(JANUARY, range(40, 96), int)
    total = sum(r["streams"] for r in rows)
    tracks = [
        {"isrc": "QZABC2500001", "streams": n, "track": "T", "release": r, "cover": ""} for n, r in ((total - 9, "A"), (9, "B"))
    ]
    assert not _found(at(apple, apple_of(rows, tracksTotal=tracks)))


def test_discovery_has_one_row_a_month(spotify: Desk) -> None:
    """First of the month, once, not ahead; months do not vanish within the year."""
    rows = days(JANUARY, range(400, 459))
    month = {"date": "2026-01-01", "streams": "310", "fees": "0.25100000"}
    assert not _found(at(spotify, spotify_of(rows, [month])))
    assert "completeness.months-vanished" in codes(at(spotify, spotify_of(rows[::-1]), keep=False), Severity.WARNING)
    assert "consistency.day-repeats" in errors(at(spotify, spotify_of(rows, [month, month]), keep=False))
    assert "consistency.not-a-month" in codes(
        at(spotify, spotify_of(rows, [month | {"date": "2026-02-03"}]), keep=False), Severity.WARNING
    )
    assert "consistency.future-day" in errors(at(spotify, spotify_of(rows, [month | {"date": "2026-05-01"}]), keep=False))
    assert "schema.pattern" in errors(at(spotify, spotify_of(rows, [month | {"fees": "a lot"}]), keep=False))


@pytest.mark.parametrize("name", ["extraction_failure_20260302.json", "old/Extraction_log_1.json"])
def test_a_tools_own_log_never_counts_as_a_capture(name: str, spotify: Desk) -> None:
    """By its name, whatever is inside."""
    assert errors(at(spotify, answer("spotify"), received_name=name, keep=False)) == {"consistency.not-a-capture"}
    assert not errors(at(spotify, answer("spotify"), received_name="toolost_spotify_1.json"))


# -- the pair ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("other", "code"),
    [
        (answer("spotify"), None),
        (answer("spotify", date(2025, 12, 31)), "consistency.pair-years-differ"),
        (spotify_of(days(JANUARY, range(500, 545))), "consistency.pair-apart"),
        (spotify_of(days(JANUARY, [9_000_000 + n for n in range(59)])), "consistency.pair-magnitude"),
        (b"<html>", None),
    ],
)
def test_what_the_two_answers_say_about_each_other_warns_at_most(other: bytes, code: str | None, apple: Desk) -> None:
    """Other years, one that stands still, a thousand times the plays: each asks for a look, none fails; a broken sibling says nothing."""
    report = at(apple, answer("apple"), siblings={"toolost/spotify": other})
    assert _found(report) == ({code} if code else set()) and report.verdict is not Verdict.FAILED


def test_one_answer_served_for_both_platforms_is_told(apple: Desk) -> None:
    """No two platforms count alike, day by day."""
    counts = range(300, 356)
    report = at(apple, apple_of(days(JANUARY, counts, int)), siblings={"toolost/spotify": spotify_of(days(JANUARY, counts))})
    assert _found(report) == {"consistency.pair-identical"}


# -- the sales report -------------------------------------------------------------------------------------------------------

REPORT = {"request": {"month": "2026-01"}, "series": "2026-01", "received_name": "01-2026-41877.csv"}


def _report(*faults: str) -> bytes:
    return payloads.report(MEMBER, date(2026, 1, 1), (lambda name: name in faults) if faults else none)


def _cell(row: int, column: str, value: str) -> bytes:
    lines = _report().decode().splitlines()
    cells = lines[row - 1].split(",")
    cells[lines[0].split(",").index(column)] = value
    lines[row - 1] = ",".join(cells)
    return ("\n".join(lines) + "\n").encode()


def test_a_good_report_passes_and_again_is_normal(tmp_path: Path) -> None:
    """The newest report comes with each run: the same bytes are a note."""
    desk = Desk("toolost/sales", tmp_path)
    assert desk.report(_report(), noon(TODAY), **REPORT).findings == ()
    again = desk.report(_report(), noon(TODAY + timedelta(days=1)), **REPORT)
    assert again.verdict is Verdict.PASSED and codes(again) == {"duplicates.same-bytes"}


@pytest.mark.parametrize(
    ("column", "value", "code", "severity"),
    [
        ("sale_date", "14.01.2026", "consistency.not-a-day", Severity.ERROR), ("sale_date", "2025-02-31", "consistency.not-a-day", Severity.ERROR),
        ("reporting_date", "", "completeness.blank", Severity.ERROR), ("channel", "", "completeness.blank", Severity.ERROR),
        ("units", "many", "schema.row-type", Severity.ERROR), ("units", "1.5", "consistency.units", Severity.WARNING),
        ("unit_price", "$1", "schema.row-type", Severity.ERROR), ("sale_date", "2026-02-14", "consistency.sale-after-report", Severity.ERROR),
        ("isrc", "QZ1", "consistency.isrc", Severity.WARNING), ("country", "USA", "consistency.country", Severity.WARNING),
        ("upc", "1.98E+11", "consistency.upc-damaged", Severity.ERROR), ("share", "140", "consistency.percentage", Severity.WARNING),
        ("share", "85 %", None, Severity.WARNING), ("sale_date", "2025-11", None, Severity.ERROR), ("units", "-3", None, Severity.ERROR),
        ("reporting_date", "2025-12-30", "consistency.other-month", Severity.WARNING), ("track_title", "a,b", "schema.row-long", Severity.ERROR),
    ],
)  # fmt: skip
def test_each_cell_of_a_report_has_its_form(
    column: str, value: str, code: str | None, severity: Severity, tmp_path: Path
) -> None:
    """Days, numbers, codes, shares: what cannot be is stopped, what is odd is told, other spellings that say the same are taken."""
    report = Desk("toolost/sales", tmp_path).report(_cell(9, column, value), noon(TODAY), **REPORT)
    assert codes(report, severity) == ({code} if code else set()), codes(report)
    places = [str(f.place) for f in report.findings if f.code == code]
    assert code is None or code == "consistency.other-month" or any("row 9" in p for p in places), places


@pytest.mark.parametrize(
    ("fault", "given", "found"),
    [
        ("other_month", {}, {"consistency.other-month"}), ("", {"received_name": "02-2026-1.csv"}, {"consistency.other-month"}),
        ("", {"request": {}, "received_name": "something.csv"}, set()), ("", {"request": {}, "received_name": "12-2025-7.csv"}, {"consistency.other-month"}),
        ("csv_column_missing", {}, {"format.not-recognised"}),
    ],
)  # fmt: skip
def test_a_report_is_about_the_month_it_says(fault: str, given: dict[str, Any], found: set[str], tmp_path: Path) -> None:
    """Notification, file name and reporting days agree, as far as each is known."""
    assert errors(Desk("toolost/sales", tmp_path).report(_report(fault), noon(TODAY), **REPORT | given)) == found


def test_the_report_of_a_month_never_shrinks(tmp_path: Path) -> None:
    """A month is closed once it is reported: half of its rows, whole in form, is a loss; another month's report is no successor."""
    desk = Desk("toolost/sales", tmp_path)
    desk.report(_report(), noon(TODAY), **REPORT)
    half = b"".join(_report().splitlines(keepends=True)[:60])
    assert "volume.rows-vanished" in errors(desk.report(half, noon(TODAY + timedelta(days=1)), **REPORT))


def test_a_report_without_rows_or_with_copies_is_told(tmp_path: Path) -> None:
    """A month without sales is thinkable, rows twice are not."""
    desk = Desk("toolost/sales", tmp_path)
    lines = _report().splitlines(keepends=True)
    assert codes(desk.report(lines[0], noon(TODAY), keep=False, **REPORT)) == {"completeness.no-rows"}
    assert errors(desk.report(_report() + lines[4], noon(TODAY), **REPORT)) == {"consistency.rows-doubled"}


# -- from outside -----------------------------------------------------------------------------------------------------------


@pytest.mark.shared
@pytest.mark.skipif(not SHARED.is_dir(), reason="no shared samples here")
def test_captures_from_outside_get_the_verdict_that_the_rules_give(tmp_path: Path) -> None:
    """A pair as another tool saved it: both are good on their day, and Apple's one day without plays is a note."""
    day = date(2025, 5, 22)
    bodies = {p: (SHARED / f"toolost_{p}_20250522_124556.json").read_bytes() for p in PLATFORMS}
    reports = {
        p: at(Desk(f"toolost/{p}", tmp_path), body, day, siblings={"toolost/spotify": bodies["spotify"]} if p == "apple" else {})
        for p, body in bodies.items()
    }
    assert {p: r.verdict for p, r in reports.items()} == dict.fromkeys(PLATFORMS, Verdict.PASSED)
    assert (codes(reports["spotify"]), codes(reports["apple"])) == (set(), {"completeness.days-missing"})
    assert (reports["spotify"].facts["last_day"], reports["apple"].facts["last_day"]) == ("2025-05-20", "2025-05-18")
    assert errors(at(Desk("toolost/apple", tmp_path), bodies["apple"], date(2025, 7, 8))) == {"freshness.too-old"}
