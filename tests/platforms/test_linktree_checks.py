"""What is said about a Linktree answer: each rule with a good and a bad case, a year of clean days in steps, mutations, the real samples."""

from __future__ import annotations

import json
import random
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from contract_desk import Desk, codes, errors, noon
from hypothesis import given, settings
from hypothesis import strategies as st
from linktree_support import DAY, MEMBER, after, answer, asked, changed, inner, judged, resum, series, simulator

from bedrot_console.domain.findings import Severity
from bedrot_console.domain.lifecycle import Verdict
from bedrot_console.extraction.registry import Registry
from extractors.linktree import content
from extractors.linktree.simulated import graph, world

SHARED = Path(__file__).resolve().parents[3] / "shared" / "samples" / "linktree"
BEFORE = DAY - timedelta(days=1)


def bent(document: dict[str, Any], index: int, **values: Any) -> dict[str, Any]:
    """One day changed, totals and rates made anew."""
    return resum(changed(document, lambda d: series(d)[index].update(values)))


# -- whose content it is -----------------------------------------------------------------------------------------------------


def test_only_overview_and_audience_are_recognised_and_each_by_its_own_feed() -> None:
    """Of everything the page gets, two kinds of answer belong to a feed; a series without an overview belongs to none."""
    feeds = Registry().load("linktree").feeds
    rows = world.days(MEMBER, BEFORE, DAY, DAY)
    bodies = {"overview": graph.wire(answer()), "audience": graph.wire(answer(kind="audience"))}
    others = [graph.wire(graph.other(MEMBER, o)) for o in graph.OTHERS]
    others += [graph.wire(graph.series_only(MEMBER, rows, k)) for k in ("links", "subscribers")]
    for kind, body in bodies.items():
        assert [a for a, f in feeds.items() if f.recognise and f.recognise(body)] == [kind]
        assert [a for a, f in feeds.items() if f.recognise and f.recognise(body[: len(body) // 2])] == [kind], "cut in the middle"
    for body in others:
        assert not any(f.recognise and f.recognise(body) for f in feeds.values())


@pytest.mark.parametrize("operation", graph.OTHERS)
def test_an_answer_about_the_account_is_never_taken_for_figures(operation: str, tmp_path: Path) -> None:
    """Wallet, balance, rewards, account: whoever drops such a file is told that it is none that is kept."""
    report = judged(graph.wire(graph.other(MEMBER, operation)), tmp_path)
    assert report.verdict is Verdict.FAILED and errors(report) <= {"format.unknown-shape", "size.too-small"}
    if b"@" in graph.wire(graph.other(MEMBER, operation)):
        assert "erase it" in report.findings[0].message


def test_an_e_mail_address_inside_an_overview_fails_it(tmp_path: Path) -> None:
    """Account data in an otherwise good answer: the place is named, the value is not."""
    document = changed(answer(), lambda d: inner(d)["overview"].update({"note": {"owner": "someone@velvet-harbour.example"}}))
    report = judged(document, tmp_path)
    found = next(f for f in report.findings if f.code == "consistency.account-data")
    assert found.place.pointer == "/data/getAccountAnalytics/overview/note/owner"
    assert "velvet" not in json.dumps([f.to_record() for f in report.findings])


@given(
    st.recursive(
        st.none() | st.integers() | st.text(max_size=12),
        lambda s: st.lists(s, max_size=3) | st.dictionaries(st.text(max_size=8), s, max_size=3),
    )
)
@settings(max_examples=150, deadline=None)
def test_looking_for_account_data_and_classifying_never_stumble(value: Any) -> None:
    """Any JSON value can be asked; the quick look agrees with the slow one."""
    assert content.personal(value) == list(content._personal(value, ""))
    assert content.classify({"data": {content.ROOT: value}}) in (None, "overview", "audience")


# -- overview ----------------------------------------------------------------------------------------------------------------


def test_odd_but_real_days_are_fine(tmp_path: Path) -> None:
    """More clicks than views, rates above 1, more unique than total views and clicks: real, and told as a fact at most."""
    document = resum(
        changed(answer(), lambda d: series(d)[-30].update(totalViews=4, totalClicks=16, uniqueViews=5, uniqueClicks=17))
    )
    report = judged(document, tmp_path, request=asked())
    assert report.verdict is Verdict.PASSED and not report.findings
    assert report.facts["days_clicks_above_views"] >= 1 and series(document)[-30]["clickThroughRate"] == 4


@pytest.mark.parametrize("days", [7, 28, 90])
def test_a_short_window_in_place_of_a_year_is_caught_by_what_was_asked(days: int, tmp_path: Path) -> None:
    """The seven days that the page gets first look perfect: only the window that was asked for tells."""
    document = answer(days=days)
    assert judged(document, tmp_path, request=asked(days)).verdict is Verdict.PASSED
    assert judged(document, tmp_path).verdict is Verdict.PASSED, "nothing is known of what was asked for"
    assert "completeness.window" in errors(judged(document, tmp_path, series="365d"))
    assert "completeness.window" in errors(judged(document, tmp_path, request=asked(365)))


def test_a_window_of_no_known_length_is_told_where_nothing_is_known_of_the_question(tmp_path: Path) -> None:
    """Files that people bring have no question; their length must be one that Linktree has."""
    document = resum(changed(answer(days=90), lambda d: series(d).pop(0)))
    assert "completeness.window" in codes(judged(document, tmp_path), Severity.WARNING)


def test_a_plan_that_offers_less_than_wanted_is_told_each_time(tmp_path: Path) -> None:
    """90 days where a year is wanted: a warning on both feeds, and no more than that."""
    for kind in ("overview", "audience"):
        report = judged(answer(days=90, kind=kind), tmp_path, kind=kind, request=asked(90, wanted="365"))
        assert report.verdict is Verdict.WARNED and codes(report) == {"completeness.plan-limit"}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda d: inner(d)["overview"].update(totalViews=inner(d)["overview"]["totalViews"] + 1), "consistency.totals"),
        (lambda d: series(d)[-9].update(totalClicks=series(d)[-9]["totalClicks"] + 1), "consistency.totals"),
        (lambda d: series(d)[-9].update(clickThroughRate=round(series(d)[-9]["clickThroughRate"] + 0.0002, 4)), "consistency.rate"),
        (lambda d: inner(d)["overview"].update(clickThroughRate=50.1), "consistency.rate"),
        (lambda d: series(d).pop(-40), "completeness.days-missing"),
        (lambda d: series(d).reverse(), "consistency.days-not-rising"),
        (lambda d: series(d).append(dict(series(d)[-1])), "consistency.key-repeats"),
        (lambda d: series(d)[5].update(totalViews=-1), "schema.minimum"),
        (lambda d: series(d)[5].update(totalViews="7"), "schema.type"),
        (lambda d: series(d)[5].pop("uniqueClicks"), "schema.required"),
        (lambda d: series(d)[5].update(date="03/07/2025"), "schema.pattern"),
        (lambda d: inner(d)["overview"].pop("timeseries"), "format.unknown-shape"),
        (lambda d: series(d).clear(), "completeness.no-rows"),
    ],
)  # fmt: skip
def test_a_damaged_overview_fails_for_its_own_reason(change: Any, code: str, tmp_path: Path) -> None:
    """Each rule stops what it is there for."""
    assert code in errors(judged(changed(answer(), change), tmp_path, request=asked()))


def test_a_window_that_ends_before_the_day_of_capture_is_stale(tmp_path: Path) -> None:
    """Today or yesterday is the last day; two days back warns, six days back fails; with the question known, two days back fail too."""
    for back, verdict in ((0, Verdict.PASSED), (1, Verdict.PASSED), (2, Verdict.WARNED), (6, Verdict.FAILED)):
        document = answer(DAY - timedelta(days=back))
        assert judged(document, tmp_path).verdict is verdict, back
        assert (judged(document, tmp_path, request=asked()).verdict is Verdict.FAILED) == (back > 1), back


def test_settled_days_stay_and_open_days_only_grow(tmp_path: Path) -> None:
    """Against the capture of the day before: today's and yesterday's figures may grow, never shrink; everything older is as it was."""
    before, now = answer(BEFORE), answer()
    assert not codes(after(before, now, tmp_path, request=asked()), Severity.ERROR, Severity.WARNING)
    views = series(before)[-1]["totalViews"]
    grown = bent(now, -2, totalViews=views + 50)
    assert after(before, grown, tmp_path).verdict is Verdict.PASSED
    busy = next(i for i in range(-30, -3) if series(now)[i]["totalViews"] > 5)
    assert "consistency.past-changed" in errors(
        after(before, bent(now, busy, totalViews=series(now)[busy]["totalViews"] + 1), tmp_path)
    )
    assert "consistency.past-changed" in errors(after(before, bent(now, busy, uniqueViews=1), tmp_path))
    if views:
        assert "consistency.day-shrank" in errors(after(before, bent(now, -2, totalViews=views - 1), tmp_path))


def test_another_profile_is_told_by_its_past(tmp_path: Path) -> None:
    """No answer names its profile: when most settled days differ, these are another profile's figures."""
    assert "consistency.other-profile" in errors(after(answer(BEFORE), answer(member=world.MEMBERS[1]), tmp_path))


def test_a_window_of_zeros_warns_only_where_there_was_traffic(tmp_path: Path) -> None:
    """Zero-filled answers are how a lost permission looks; a profile that nobody ever visited looks the same. Traffic that is back is fine."""
    zeros = resum(
        changed(answer(), lambda d: [r.update(totalViews=0, totalClicks=0, uniqueViews=0, uniqueClicks=0) for r in series(d)])
    )
    report = after(answer(BEFORE), zeros, tmp_path, request=asked())
    assert codes(report, Severity.WARNING, Severity.ERROR) >= {"consistency.all-zero"} and report.verdict is Verdict.WARNED
    alone = judged(zeros, tmp_path, request=asked())
    assert alone.verdict is Verdict.PASSED and codes(alone) == {"consistency.no-traffic"}
    empty = resum(
        changed(
            answer(BEFORE), lambda d: [r.update(totalViews=0, totalClicks=0, uniqueViews=0, uniqueClicks=0) for r in series(d)]
        )
    )
    assert after(empty, answer(), tmp_path, request=asked()).verdict is Verdict.PASSED


def test_counting_that_stopped_is_told_though_every_answer_looks_fresh(tmp_path: Path) -> None:
    """The last date is always today; the days since the last view are held against the gaps that the profile had before."""

    def silent(days: int) -> Any:
        return resum(
            changed(
                answer(),
                lambda d: [r.update(totalViews=0, totalClicks=0, uniqueViews=0, uniqueClicks=0) for r in series(d)[-days:]],
            )
        )

    assert judged(silent(3), tmp_path).verdict is Verdict.PASSED
    assert codes(judged(silent(20), tmp_path), Severity.WARNING) == {"consistency.counting-stopped"}


# -- audience ----------------------------------------------------------------------------------------------------------------


def test_an_audience_needs_no_name_for_a_city_and_shows_no_city(tmp_path: Path) -> None:
    """Null names, codes and coordinates are real; cities are counted, and become no rows that a diff would show."""
    document = answer(kind="audience")
    assert any(c["name"] is None and c["coordinates"] is None for c in inner(document)["locations"]["cities"])
    report = judged(document, tmp_path, kind="audience", request=asked(views=str(inner(answer())["overview"]["totalViews"])))
    assert report.verdict is Verdict.PASSED and report.facts["cities"] == len(inner(document)["locations"]["cities"])
    rows = content.read_audience(graph.wire(document))
    assert {r["kind"] for r in rows.rows()} == {"lifetime", "country", "referrer", "device"}
    assert rows.pointer(1, "views") == "/data/getAccountAnalytics/locations/countries/0/views/total"


@pytest.mark.parametrize(
    ("change", "code", "severity"),
    [
        (lambda d: d["referrers"]["referrers"][1].update(clickThroughRate=0.9), "consistency.rate", Severity.ERROR),
        (lambda d: d["locations"]["cities"][0].update(clickThroughRate=0.9), "consistency.rate", Severity.ERROR),
        (lambda d: d["devices"]["devices"].append(dict(d["devices"]["devices"][0])), "consistency.entry-repeats", Severity.ERROR),
        (lambda d: d["referrers"]["referrers"].clear(), "consistency.breakdowns-differ", Severity.ERROR),
        (lambda d: d["locations"]["countries"].pop(1), "consistency.breakdowns-differ", Severity.WARNING),
        (lambda d: d["locations"]["countries"][0]["views"].update(total="9"), "schema.type", Severity.ERROR),
        (lambda d: d.pop("devices"), "schema.required", Severity.ERROR),
        (lambda d: d["devices"].update(devices={"mobile": 3}), "format.unknown-shape", Severity.ERROR),
    ],
)  # fmt: skip
def test_a_damaged_audience_is_told_for_its_own_reason(change: Any, code: str, severity: Severity, tmp_path: Path) -> None:
    """Each rule of the audience stops, or names, what it is there for."""
    document = changed(answer(kind="audience"), lambda d: change(inner(d)))
    assert code in codes(judged(document, tmp_path, kind="audience", request=asked(views="7704")), severity)


def test_an_audience_of_a_week_is_told_by_the_overview_beside_it(tmp_path: Path) -> None:
    """The answer holds no day: the views of the overview that the same page got tell that this is another window."""
    week = answer(days=7, kind="audience")
    assert (
        judged(
            week, tmp_path, kind="audience", request=asked(7, views=str(inner(answer(days=7))["overview"]["totalViews"]))
        ).verdict
        is Verdict.PASSED
    )
    assert "consistency.breakdowns-differ" in errors(judged(week, tmp_path, kind="audience", request=asked(365, views="7704")))


def test_lifetime_figures_do_not_fall(tmp_path: Path) -> None:
    """They reconcile with nothing else, but they only grow."""
    before, now = answer(BEFORE, kind="audience"), answer(kind="audience")
    assert after(before, now, tmp_path, kind="audience").verdict is Verdict.PASSED
    fallen = changed(now, lambda d: inner(d)["lifetime"]["views"].update(total=3))
    assert "volume.lifetime-fell" in errors(after(before, fallen, tmp_path, kind="audience"))


# -- many days, many mutations -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("account", ["default", "app-code", "small-plan"])
def test_clean_days_are_never_stopped_nor_warned(account: str, tmp_path: Path) -> None:
    """Days of a year, some in a row and some with a week between: every clean capture passes."""
    stand_in, desks = simulator(), {}
    for step in (0, 1, 1, 1, 7, 1, 29, 1, 64, 1, 7, 90, 1):
        stand_in.advance_days(step)
        for name, body in stand_in.payloads(account).items():
            kind, _, window = name.partition(":")
            desk = desks.setdefault(name, Desk(f"linktree/{kind}", tmp_path))
            report = desk.report(
                body,
                noon(stand_in.day),
                series=window,
                request=asked(int(window[:-1]), stand_in.day) if kind == "overview" else {},
            )
            assert report.verdict is Verdict.PASSED, (stand_in.day, name, codes(report))


def _mutations(seed: int) -> Any:
    """A damage to an overview that keeps its sums and rates right wherever it can."""
    rng = random.Random(seed)

    def change(document: Any) -> None:
        rows = series(document)
        index = rng.randrange(len(rows) // 2, len(rows) - 4)
        busy = next(i for i in range(index, 0, -1) if rows[i]["totalViews"] > 3)
        kind = seed % 8
        if kind == 0:
            del rows[index]
        elif kind == 1:
            rows.insert(index, dict(rows[index]))
        elif kind == 2:
            rows[busy].update(totalViews=rows[busy]["totalViews"] * 10)
        elif kind == 3:
            rows[busy].update(totalViews=0, totalClicks=0, uniqueViews=0, uniqueClicks=0)
        elif kind == 4:
            rows[index], rows[index + 1] = rows[index + 1], rows[index]
        elif kind == 5:
            del rows[: rng.randrange(2, 300)]
        elif kind == 6:
            rows[busy].update(uniqueClicks=rows[busy]["uniqueClicks"] + 1)
        else:
            del rows[-rng.randrange(1, 40) :]
        resum(document)

    return change


def test_two_hundred_mutations_of_a_good_day_are_stopped(tmp_path: Path) -> None:
    """Days dropped, doubled, swapped, emptied, inflated, a window cut in front or behind: with sums and rates made right again, none passes."""
    desk = Desk("linktree/overview", tmp_path)
    assert desk.report(graph.wire(answer(BEFORE)), noon(BEFORE), series="365d").verdict is Verdict.PASSED
    now = answer()
    for seed in range(200):
        report = desk.report(graph.wire(changed(now, _mutations(seed))), noon(DAY), keep=False, series="365d", request=asked())
        assert report.verdict is Verdict.FAILED, seed


# -- real structure ----------------------------------------------------------------------------------------------------------


@pytest.mark.shared
@pytest.mark.skipif(not SHARED.is_dir(), reason="no shared samples here")
def test_real_overview_of_a_year_passes_and_fails_as_anything_else(tmp_path: Path) -> None:
    """17 days have more clicks than views, 232 are zero: all real. The same file is no answer to a question for seven days."""
    body = (SHARED / "graphql_20250527_141844_257580.json").read_bytes()
    captured = datetime(2025, 5, 27, 14, 18, 44, tzinfo=UTC)
    report = judged(body, tmp_path, captured=captured, request=asked(365, date(2025, 5, 27)))
    assert report.verdict is Verdict.PASSED and not report.findings
    assert report.facts["rows"] == 365 and report.facts["days_clicks_above_views"] == 17
    assert report.facts["totals"] == {"totalViews": "4237", "totalClicks": "2125"}
    assert "completeness.window" in errors(judged(body, tmp_path, captured=captured, request=asked(7, date(2025, 5, 27))))


@pytest.mark.shared
@pytest.mark.skipif(not SHARED.is_dir(), reason="no shared samples here")
def test_real_seven_days_in_place_of_a_year_are_caught(tmp_path: Path) -> None:
    """The last seven rows of the real year, summed as Linktree does: good as a week, stopped as a year."""
    document = json.loads((SHARED / "graphql_20250527_141844_257580.json").read_bytes())
    week = resum(changed(document, lambda d: series(d).__delitem__(slice(0, -7))))
    captured = datetime(2025, 5, 27, 14, 18, 44, tzinfo=UTC)
    assert judged(week, tmp_path, captured=captured, request=asked(7, date(2025, 5, 27))).verdict is Verdict.PASSED
    assert "completeness.window" in errors(judged(week, tmp_path, captured=captured, request=asked(365, date(2025, 5, 27))))


@pytest.mark.shared
@pytest.mark.skipif(not SHARED.is_dir(), reason="no shared samples here")
def test_real_audience_is_read_and_its_invented_sums_are_named(tmp_path: Path) -> None:
    """Structure, nulls and rates up to 6 are fine. Its counts were invented list by list, so the breakdowns disagree: a warning, no failure."""
    body = (SHARED / "graphql_20250527_141829_287125_no_cities.json").read_bytes()
    report = judged(body, tmp_path, kind="audience", captured=datetime(2025, 5, 27, 14, 18, 29, tzinfo=UTC))
    assert report.verdict is Verdict.WARNED and codes(report) == {"consistency.breakdowns-differ"}
    assert report.facts["rows"] == 39 and report.facts["cities"] == 0
    for kind in ("overview", "audience"):
        assert (judged(body, tmp_path, kind=kind).verdict is Verdict.FAILED) == (kind == "overview")
