"""Each rule of TikTok's exports and answers: what passes and what does not."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from contract_desk import Desk, codes, errors, noon
from tiktok_support import DAY, HARBOUR, NOVA, ROOM, Story, at, back, named, table, zipped

from bedrot_console.domain.drift import why_not
from bedrot_console.domain.findings import Report, Severity
from bedrot_console.domain.lifecycle import Verdict
from extractors.tiktok import alignment
from extractors.tiktok.simulated import exports, site
from extractors.tiktok.simulated.exports import Export

Rows = list[list[str]]
NEXT = DAY + timedelta(days=1)
LATER = DAY + timedelta(days=8)


def warned(report: Report) -> set[str]:
    return codes(report, Severity.WARNING)


def _set(row: int, cell: int, value: Any) -> Callable[[Rows], None]:
    def change(rows: Rows) -> None:
        rows[row][cell] = value

    return change


# -- cells and days -----------------------------------------------------------------------------------------------------------


def test_a_clean_export_passes_and_says_what_it_was_dated_by(tmp_path: Path) -> None:
    """No finding; facts name the language, the spelling and the last day with figures."""
    report = Story("overview", tmp_path).on(DAY)
    assert report.verdict is Verdict.PASSED and not report.findings
    known = {
        name: report.facts[name]
        for name in ("dated_by", "label_form", "encoding", "quoted", "line_end", "final_newline", "last_told")
    }
    assert known == {
        "dated_by": "file name", "label_form": "en, month first", "encoding": "utf-8 with BOM", "quoted": True, "line_end": "lf",
        "final_newline": False, "last_told": "2026-03-01",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (_set(4, 1, "n/a"), "schema.row-type"), (_set(4, 1, "1.5"), "schema.row-type"), (_set(4, 1, "1,234"), "schema.row-type"),
        (_set(4, 1, ""), "schema.row-type"), (_set(4, 0, "Smarch 5"), "schema.row-label"), (_set(4, 1, "-3"), "consistency.negative"),
        (_set(4, 2, "-3"), "consistency.negative"), (lambda rows: rows[4].pop(), "schema.row-short"), (lambda rows: rows[4].append("7"), "schema.row-long"),
        (lambda rows: rows.pop(20), "completeness.days-missing"), (lambda rows: rows.insert(20, rows[20]), "consistency.days-not-rising"),
        (lambda rows: rows.reverse(), "consistency.days-not-rising"), (lambda rows: rows.clear(), "completeness.no-rows"),
        (_set(4, 0, "7 février"), "consistency.labels-mixed"),
    ],
)  # fmt: skip
def test_a_damaged_overview_is_stopped(change: Any, code: str, tmp_path: Path) -> None:
    """Words for numbers, days left out, twice, out of order or in two languages, views below zero: each has its code."""
    assert code in errors(Story("overview", tmp_path).altered(DAY, change))


@pytest.mark.parametrize("cell", [3, 4, 5])
def test_likes_comments_and_shares_may_be_taken_back(cell: int, tmp_path: Path) -> None:
    """A day below zero is no error in these."""
    assert Story("overview", tmp_path).altered(DAY, _set(9, cell, "-4")).verdict is Verdict.PASSED


def test_a_fault_is_placed_by_row_and_column(tmp_path: Path) -> None:
    """The header is row 1, as a person counts."""
    (found,) = [f for f in Story("overview", tmp_path).altered(DAY, _set(4, 1, "many")).findings if f.code == "schema.row-type"]
    assert (found.place.row, found.place.column, found.stage) == (6, "video_views", "schema") and "many" not in str(found)


def test_undefined_days_pass_and_an_undefined_table_is_noted(tmp_path: Path) -> None:
    """Days before a figure existed are no zeros; where no day has figures, that is told."""
    assert Story("viewers", tmp_path, ROOM, 365).on(DAY).verdict is Verdict.PASSED
    empty = Story("viewers", tmp_path).altered(DAY, lambda rows: [[r[0], "undefined", "0", "0"] for r in rows])
    assert empty.verdict is Verdict.PASSED and "completeness.undefined" in codes(empty)


# -- window, account, freshness -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("asked", [28, 60, 365])
def test_a_default_period_in_place_of_the_one_asked_for_is_caught(asked: int, tmp_path: Path) -> None:
    """Seven days are none of the others, with the name and with the name lost."""
    body = Export(NOVA, DAY, 7).body("overview")
    for name in (Export(NOVA, DAY, 7).name("overview", noon(DAY)), None):
        report = Story("overview", tmp_path).on(DAY, body=body, request={"days": str(asked)}, received_name=name)
        assert errors(report) == {"completeness.wrong-window"}


def test_more_days_than_asked_for_are_another_window(tmp_path: Path) -> None:
    """A year in place of a month is as wrong as the reverse."""
    assert "completeness.wrong-window" in errors(Story("overview", tmp_path, days=365).on(DAY, request={"days": "28"}))


def test_a_young_account_grows_through_the_lengths_of_the_periods(tmp_path: Path) -> None:
    """A table that begins with the account's first figures has 28 and 60 rows one day, and is not taken for a shorter period."""
    story = Story("overview", tmp_path, ROOM, 365)
    for n in (24, *range(26, 32), *range(58, 63)):
        report = story.on(ROOM.told_since + timedelta(days=n))
        assert report.verdict is Verdict.PASSED and "completeness.window-cut" in codes(report), (n, report.findings)


def test_the_handle_in_the_name_must_be_the_accounts_own(tmp_path: Path) -> None:
    """Case does not matter; another handle fails, and is masked in what is said."""
    story = Story("overview", tmp_path)
    shown = Export(NOVA, DAY, 60)
    assert not story.desk.report(shown.body("overview"), noon(DAY), received_name=named("Overview", shown.start, noon(DAY), "NOVA.orchard_tapes"),
                                 request={"days": "60", "handle": NOVA.handle}, keep=False).findings  # fmt: skip
    report = story.on(DAY, "wrong_account_file")
    assert errors(report) == {"consistency.wrong-account"} and not any("somebody.else" in str(f) for f in report.findings)
    assert "consistency.name-differs" in warned(story.on(DAY, received_name=named("Viewers", shown.start, noon(DAY))))


def test_figures_that_end_early_are_stale(tmp_path: Path) -> None:
    """Three days before the export are usual, more warn, a fortnight fails; undefined days at the end count as none."""
    for late, expected in ((1, set()), (4, {"completeness.untold"}), (16, {"completeness.untold", "freshness.too-old"})):
        body = Export(NOVA, back(DAY, late), 60).body("viewers")
        found = codes(Story("viewers", tmp_path).on(DAY, body=body, received_name=None), Severity.WARNING, Severity.ERROR)
        assert found == expected, late
    untold = Story("viewers", tmp_path).altered(
        DAY, lambda rows: [*rows[:-6], *([r[0], "undefined", "0", "0"] for r in rows[-6:])]
    )
    assert "completeness.untold" in warned(untold)


def test_zeros_of_an_account_that_had_figures_warn(tmp_path: Path) -> None:
    """All zero is noted on a first capture, and stopped where the same days had figures."""
    story = Story("overview", tmp_path)
    zeros = lambda rows: [[r[0], *["0"] * 5] for r in rows]  # noqa: E731
    assert story.altered(DAY, zeros, keep=False).verdict is Verdict.PASSED
    story.on(DAY)
    assert story.altered(NEXT, zeros).verdict is Verdict.FAILED


# -- against the capture before -------------------------------------------------------------------------------------------------


def test_a_shift_of_the_labels_is_told_and_stops_nothing(tmp_path: Path) -> None:
    """The same days one label later, and the next time back again: a warning each time, no error, nothing restated."""
    story = Story("overview", tmp_path)
    story.on(DAY)
    for faults in (("labels_shifted",), ()):
        day = LATER if faults else LATER + timedelta(days=1)
        report = story.on(day, *faults)
        assert not errors(report) and warned(report) == {"consistency.labels-shifted"}, report.findings
        (found,) = [f for f in report.findings if f.code == "consistency.labels-shifted"]
        assert ("later" if faults else "earlier") in found.message


def test_restated_lost_and_foreign_days_are_told_apart(tmp_path: Path) -> None:
    """Some other figures warn; most of them are another account's; days that vanished at either end fail."""
    story = Story("overview", tmp_path)
    story.on(DAY)
    assert warned(story.on(NEXT, "restated", keep=False)) == {"consistency.restated"}
    assert errors(story.on(NEXT, "other_numbers", keep=False)) == {"consistency.other-series"}
    cut = Story("overview", tmp_path, days=365)
    cut.on(DAY)
    assert "completeness.front-vanished" in errors(cut.on(NEXT, "history_shrank", keep=False))
    assert "completeness.days-vanished" in errors(story.altered(NEXT, lambda rows: rows[:-4], received_name=None))


def test_a_new_year_lies_between_two_captures_without_a_finding(tmp_path: Path) -> None:
    """Labels without a year are laid on each other by their days."""
    for creator in (NOVA, HARBOUR):
        for report_name in ("overview", "viewers", "followers"):
            story = Story(report_name, tmp_path, creator)
            for n in range(6):
                report = story.on(date(2025, 12, 29) + timedelta(days=n))
                assert report.verdict is Verdict.PASSED, (n, report.findings)


def test_alignment_prefers_equal_labels_and_needs_something_to_compare() -> None:
    """A flat series fits any shift and counts as unshifted; zeros tell nothing; the newest days may change."""
    days = [DAY + timedelta(days=n) for n in range(20)]
    flat = {d: (5,) for d in days}
    assert (fit := alignment.aligned(flat, flat)) is not None and (fit.shift, fit.differ) == (0, ())
    assert alignment.aligned({d: (0,) for d in days}, {d: (0,) for d in days}) is None
    rising = {d: (n * n,) for n, d in enumerate(days, 1)}
    for shift in (1, -1):
        moved = {d + timedelta(days=shift): v for d, v in rising.items()}
        assert (fit := alignment.aligned(rising, moved)) is not None and (fit.shift, fit.share) == (shift, 1.0)
    late = rising | {days[-1]: (1,), days[-2]: (2,)}
    assert (fit := alignment.aligned(rising, late)) is not None and not fit.differ
    gone = rising | {days[3]: (None,)}
    assert (fit := alignment.aligned(rising, gone)) is not None and fit.differ == (days[3],)


# -- viewers, followers, posts --------------------------------------------------------------------------------------------------


def test_new_and_returning_viewers_make_the_total(tmp_path: Path) -> None:
    """One day off fails at its place; a day torn between told and untold warns."""
    story = Story("viewers", tmp_path)
    assert errors(story.altered(DAY, _set(7, 1, "999999"), keep=False)) == {"consistency.viewers-differ"}
    assert "consistency.viewers-torn" in warned(story.altered(DAY, _set(7, 2, "undefined")))


def test_how_viewers_lie_against_views_is_detected(tmp_path: Path) -> None:
    """The stand-in writes a day's viewers under the next label, as genuine exports do; an even pair is told as even."""
    story = Story("viewers", tmp_path)
    overview = Export(NOVA, DAY, 60).body("overview")
    (found,) = [
        f
        for f in story.on(DAY, siblings={"tiktok/overview": overview}, keep=False).findings
        if f.code == "consistency.viewers-offset"
    ]
    assert "one label later" in found.message and found.severity is Severity.NOTE
    views = exports.Export(NOVA, DAY, 60)
    even = table("Viewers", [[exports.label(NOVA, d), v := views._on(d).views, v, 0] for d in views._days()])
    (found,) = [
        f
        for f in story.on(DAY, body=even, siblings={"tiktok/overview": overview}).findings
        if f.code == "consistency.viewers-offset"
    ]
    assert "same label" in found.message


@pytest.mark.parametrize(
    ("stem", "change", "code"),
    [
        ("FollowerActivity", lambda rows: rows.pop(30), "completeness.hours-missing"), ("FollowerActivity", _set(5, 1, "24"), "consistency.not-an-hour"),
        ("FollowerActivity", lambda rows: rows[:48] + rows[72:], "completeness.activity-days"), ("FollowerActivity", _set(5, 2, "-1"), "consistency.negative"),
        ("FollowerGender", _set(0, 1, "1.2"), "consistency.share"), ("FollowerGender", _set(0, 1, "0.9"), "consistency.shares-differ"),
        ("FollowerGender", _set(0, 1, "a lot"), "schema.row-type"), ("FollowerTopTerritories", lambda rows: [*rows, rows[0]], "consistency.key-repeats"),
        ("FollowerHistory", _set(3, 1, "-7"), "consistency.negative"), ("FollowerHistory", lambda rows: rows.clear(), "completeness.no-rows"),
    ],
)  # fmt: skip
def test_each_table_of_followers_is_held_to_its_rules(stem: str, change: Any, code: str, tmp_path: Path) -> None:
    """Hours of each day, shares that make one, names that stand once, levels that are none below zero."""
    assert code in errors(Story("followers", tmp_path).altered(DAY, change, stem))


def test_the_difference_column_decides_nothing(tmp_path: Path) -> None:
    """Backward, forward or nonsense: the figures are the same and pass; the orientation is a fact."""
    for creator, way in ((NOVA, "backward"), (HARBOUR, "forward")):
        report = Story("followers", tmp_path, creator).on(DAY)
        assert report.verdict is Verdict.PASSED and report.facts["difference_column"] == way
    report = Story("followers", tmp_path).altered(DAY, lambda rows: [[r[0], r[1], "77"] for r in rows])
    assert report.verdict is Verdict.PASSED and report.facts["difference_column"] == "neither"


def test_unknown_genders_and_territories_are_drift(tmp_path: Path) -> None:
    """A new word is noted, not stopped, and named so that exactly it can be accepted; what is no word is masked, and cannot be."""
    for text, can in (("Unspecified", True), ("mara@example.net", False)):
        report = Story("followers", tmp_path).altered(DAY, _set(2, 0, text), "FollowerGender")
        (drift,) = [f for f in report.findings if f.code == "schema.drift"]
        assert report.verdict is Verdict.PASSED
        assert (drift.seen == text) is can is (why_not(drift) is None)


def test_a_level_that_jumps_warns(tmp_path: Path) -> None:
    """A sixth more followers in a day is worth a look; the same in four days is not."""
    for days, jumps in ((1, True), (4, False)):
        story = Story("followers", tmp_path)
        story.on(DAY)
        raised = lambda rows: [*rows[:-1], [rows[-1][0], str(int(int(rows[-1][1]) * 1.17)), "0"]]  # noqa: E731
        assert ("consistency.level-jumped" in warned(story.altered(DAY + timedelta(days=days), raised))) is jumps


def test_posts_of_another_account_and_a_shrunken_list_are_told(tmp_path: Path) -> None:
    """A foreign link fails; a list cut to a third warns; a broken link is no link; a title may hold anything."""
    story = Story("content", tmp_path)
    assert story.altered(DAY, _set(0, 1, 'a "quoted", comma\nand line')).verdict is Verdict.PASSED
    foreign = lambda rows: rows[3].__setitem__(2, rows[3][2].replace(NOVA.handle, "somebody.else"))  # noqa: E731
    assert errors(story.altered(NEXT, foreign, keep=False)) == {"consistency.wrong-account"}
    assert "completeness.posts-fewer" in warned(story.altered(NEXT, lambda rows: rows[:5], keep=False))
    assert "schema.row-type" in errors(story.altered(NEXT, _set(0, 2, "https://example.net/x"), keep=False))
    assert "consistency.key-repeats" in errors(story.altered(NEXT, lambda rows: [*rows, rows[0]]))


# -- answers behind the pages ---------------------------------------------------------------------------------------------------

_ASKED = {"days": "60", "end_days": "1", "types": ",".join(site.TYPES)}


def answer(day: date, *faults: str, days: int = 60) -> dict[str, Any]:
    asked = [{"insigh_type": t} | ({"days": days, "end_days": 1} if t != "follower_num" else {}) for t in site.TYPES]
    return Export(NOVA, day, days, frozenset(faults)).insight(asked)


def judged(desk: Desk, value: dict[str, Any], day: date = DAY, **fields: Any) -> Report:
    return desk.report(json.dumps(value).encode(), noon(day), **{"request": _ASKED, **fields})


def test_an_answer_is_dated_by_its_capture_and_agrees_with_the_export(tmp_path: Path) -> None:
    """The histories' last entry is yesterday; the day without data is none; the other days are those of the overview."""
    report = judged(Desk("tiktok/insight", tmp_path), answer(DAY))
    assert report.verdict is Verdict.PASSED and not report.findings
    overview = Story("overview", tmp_path).on(DAY)
    assert report.facts["totals"]["video_views"] == overview.facts["totals"]["video_views"]
    assert report.facts["last_told"] == overview.facts["last_told"] and report.facts["last_day"] == "2026-03-01"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda a: a.pop("share_history"), "completeness.type-missing"), (lambda a: a["vv_history"].pop(), "completeness.wrong-window"),
        (lambda a: a["vv_history"][3].update(value="many"), "schema.type"), (lambda a: a["vv_history"][3].update(value=-4), "consistency.negative"),
        (lambda a: a["vv_history"][3].pop("value"), "schema.type"), (lambda a: a["vv_history"][3].pop("status"), "schema.required"),
        (lambda a: a.update(status_code=7), "format.error-body"), (lambda a: a.update(note="sid_guard=0123456789abcdef%7C1"), "consistency.holds-session"),
        (lambda a: a.update(vv_history={}), "format.unknown-shape"), (lambda a: a.update(vv_history=[1, 2]), "format.unknown-shape"),
    ],
)  # fmt: skip
def test_a_damaged_answer_is_stopped(change: Any, code: str, tmp_path: Path) -> None:
    """Types and days that were asked for, numbers where there is data, TikTok's own status, no cookie of the session."""
    value = answer(DAY)
    change(value)
    report = judged(Desk("tiktok/insight", tmp_path), value)
    assert code in errors(report) and "0123456789abcdef" not in str(report.findings)


def test_each_type_of_a_day_is_told_and_accepted_apart(tmp_path: Path) -> None:
    """Text, null and nothing are three findings, each with its type, so that accepting one lets none of the others through."""
    value = answer(DAY)
    value["vv_history"][3]["value"] = "many"
    value["vv_history"][4]["value"] = value["vv_history"][5]["value"] = None
    value["vv_history"][6].pop("value")
    found = [f for f in judged(Desk("tiktok/insight", tmp_path), value).findings if "whole number" in f.message]
    assert {f.code for f in found} == {"schema.type"}
    assert [(f.seen, f.count, why_not(f)) for f in found] == [("string", 1, None), ("null", 2, None), ("nothing", 1, None)]


def test_an_answer_is_held_to_the_one_before(tmp_path: Path) -> None:
    """A good next day passes, likes may be below zero, another account's figures fail, signed addresses are noted."""
    desk = Desk("tiktok/insight", tmp_path)
    value = answer(DAY)
    value["like_history"][5]["value"] = -3
    assert judged(desk, value).verdict is Verdict.PASSED
    assert "consistency.other-series" in errors(judged(desk, answer(NEXT, "other_numbers"), NEXT, keep=False))
    signed = answer(NEXT) | {"cover": "https://p16.example.net/a.jpg?x-expires=1772443800&x-signature=abc%3D"}
    report = judged(desk, signed, NEXT)
    assert not errors(report) and "consistency.signed-urls" in codes(report)


def page_of(day: date, cursor: int = 0, **changes: Any) -> bytes:
    return json.dumps(Export(NOVA, day).post_page(cursor, 50) | changes).encode()


def test_a_page_of_posts_is_whole_and_keeps_its_posts(tmp_path: Path) -> None:
    """Size and cursor are those asked for; views do not fall; the posts of the last capture are still there."""
    desk, asked = Desk("tiktok/videos", tmp_path), {"series": "page-01", "request": {"page": "1", "cursor": "0", "size": "50"}}
    assert desk.report(page_of(DAY), noon(DAY), **asked).verdict is Verdict.PASSED
    assert desk.report(page_of(NEXT), noon(NEXT), **asked, keep=False).verdict is Verdict.PASSED
    small = {**asked, "request": {"page": "1", "cursor": "0", "size": "10"}}
    assert "completeness.page-size" in errors(desk.report(page_of(NEXT), noon(NEXT), **small, keep=False))
    assert "completeness.cursor-stands" in errors(
        desk.report(page_of(NEXT, cursor=0).replace(b'"cursor": 50', b'"cursor": 0'), noon(NEXT), **asked, keep=False)
    )
    assert "completeness.page-empty" in errors(desk.report(page_of(NEXT, item_list=[]), noon(NEXT), **asked, keep=False))
    other = json.dumps(Export(HARBOUR, NEXT).post_page(0, 50)).encode()
    assert "consistency.other-series" in errors(desk.report(other, noon(NEXT), **asked, keep=False))
    value = json.loads(page_of(NEXT))
    value["item_list"][20]["play_count"] //= 2
    value["item_list"][21]["create_time"] += 10 * 365 * 86400
    report = desk.report(json.dumps(value).encode(), noon(NEXT), **asked)
    assert "consistency.views-fell" in warned(report) and errors(report) == {"consistency.future-post"}


def test_a_name_with_another_export_day_dates_by_the_name(tmp_path: Path) -> None:
    """An export that is brought months later is dated by its own name, and is then too old to pass as fresh."""
    body, when = Export(NOVA, DAY, 60).body("overview"), DAY + timedelta(days=200)
    report = Desk("tiktok/overview", tmp_path).report(
        body, noon(when), received_name=Export(NOVA, DAY, 60).name("overview", at(DAY))
    )
    assert report.facts["last_day"] == "2026-03-01" and errors(report) == {"freshness.too-old"}
    assert zipped({"Overview": b""}) != body
