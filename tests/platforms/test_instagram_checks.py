"""Each rule about Instagram's answers: clean files pass, and a file that breaks one rule is stopped by that rule."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from contract_desk import codes, errors, noon
from instagram_support import DAY, asked_of, body, edited, report

from bedrot_console.domain.findings import Report, Severity
from bedrot_console.domain.lifecycle import Verdict

SHARED = Path(__file__).resolve().parents[3] / "shared" / "samples" / "instagram"
FEEDS = ("account", "insights", "totals", "demographics", "media", "media_insights", "stories")
TINY = {"error": {"message": "(#10) Not enough viewers for the media to show insights", "type": "OAuthException", "code": 10}}


def inspected(folder: Path, name: str, edit: Callable[[Any], Any], **more: Any) -> Report:
    """One feed's clean file with a change."""
    return report(folder, name, edited(body(name), edit), request=more.pop("request", asked_of(name)), **more)


@pytest.mark.parametrize("account", ["default", "yoru", "tiny"])
@pytest.mark.parametrize("name", FEEDS)
def test_instagram_clean_files_pass_without_a_warning(tmp_path: Path, name: str, account: str) -> None:
    """What a run brings of each account, the one with few followers too, has no finding that asks for anybody."""
    beside = {"media": body("media", account)} if name == "media_insights" else None
    found = report(tmp_path, name, body(name, account), request=asked_of(name, account), siblings=beside)
    assert found.verdict is Verdict.PASSED, found.findings


def first(document: Any, metric: str) -> dict[str, Any]:
    """The first entry of a metric."""
    return next(e for part in document for e in part["answer"].get("data", ()) if e.get("name") == metric)


def drop(document: Any, metric: str) -> Any:
    """The file without the questions for a metric."""
    return [part for part in document if f"metric={metric}" not in part["asked"]]


def set_value(metric: str, place: int, **values: Any) -> Callable[[Any], None]:
    return lambda d: first(d, metric)["values"][place].update(values)


SERIES: dict[str, tuple[Callable[[Any], Any], str]] = {
    "a metric that was asked for is gone": (lambda d: d[0]["answer"]["data"].clear(), "completeness.metric-missing"),
    "a series was not asked for": (lambda d: drop(d, "follower_count"), "completeness.not-asked"),
    "the question of a window is gone": (lambda d: d[0].update(asked=d[0]["asked"].replace("since=177", "since=1771")), "completeness.not-asked"),
    "a question stands twice": (lambda d: d.append(d[0]), "consistency.asked-twice"),
    "a metric came unasked": (lambda d: d[1]["answer"]["data"].append(first(d, "reach") | {"name": "views"}), "consistency.not-asked"),
    "a day in the middle is gone": (lambda d: first(d, "reach")["values"].pop(3), "completeness.days-missing"),
    "the first day is gone": (lambda d: first(d, "reach")["values"].pop(0), "completeness.days-missing"),
    "a day before the range": (set_value("reach", 0, end_time="2026-02-01T08:00:00+0000"), "consistency.outside-range"),
    "a day after the capture": (set_value("reach", 0, end_time="2026-03-30T07:00:00+0000"), "consistency.future-day"),
    "a day twice": (lambda d: first(d, "reach")["values"].append(first(d, "reach")["values"][-1]), "consistency.value-repeats"),
    "another hour": (set_value("reach", 2, end_time="2026-02-25T00:00:00+0000"), "consistency.end-time"),
    "a value as text": (set_value("reach", 2, value="812"), "consistency.not-a-count"),
    "a value below zero": (set_value("reach", 2, value=-1), "consistency.not-a-count"),
    "an hour that no day has": (set_value("online_followers", 0, value={"24": 5}), "consistency.not-a-count"),
    "a total where a series is due": (lambda d: first(d, "reach").update(values=None, total_value={"value": 4}), "consistency.wrong-form"),
    "another account's answer": (lambda d: first(d, "reach").update(id="17841400000000009/insights/reach/day"), "consistency.wrong-account"),
    "impressions": (lambda d: d[0]["answer"]["data"].append(first(d, "reach") | {"name": "impressions"}), "consistency.removed-metric"),
    "a span beyond 30 days": (lambda d: d[0].update(asked=d[0]["asked"].replace("since=17", "since=16")), "consistency.window-too-long"),
    "a refusal for no metric's reason": (
        lambda d: d[0].update(answer={"error": {"message": "(#2) An unexpected error has occurred.", "code": 2}}), "completeness.refused"
    ),
    "totals in place of new followers": (
        lambda d: first(d, "follower_count").update(values=[v | {"value": 13_000} for v in first(d, "follower_count")["values"]]),
        "consistency.delta-is-total",
    ),
    "a token": (lambda d: d[0]["answer"]["paging"].update(next="https://x/?access_token=EAABmadeup" + "x7" * 30), "consistency.credential-in-clear"),
    "a token of the other door": (lambda d: d[0]["answer"].update(paging={"next": "IGAAmadeup" + "x7" * 30}), "consistency.credential-in-clear"),
}  # fmt: skip
TOTALS: dict[str, tuple[Callable[[Any], Any], str]] = {
    "a metric is gone": (lambda d: [p["answer"]["data"].pop(0) for p in d[::2]] and None, "completeness.metric-missing"),
    "a day was not asked for": (lambda d: d[2:], "completeness.not-asked"),
    "follows of a day were not asked for": (lambda d: [d[0], *d[2:]], "completeness.not-asked"),
    "a total over two days": (lambda d: d[0].update(asked=d[0]["asked"].replace("until=1772265600", "until=1772352000")), "consistency.not-daily"),
    "a total without a number": (lambda d: first(d, "views").update(total_value={}), "consistency.wrong-form"),
    "a series where a total is due": (lambda d: first(d, "views").update(total_value=None, values=[{"value": 3}]), "consistency.wrong-form"),
    "follows without their kinds": (lambda d: first(d, "follows_and_unfollows").pop("total_value"), "consistency.follow-types"),
    "a foreign kind of follow": (
        lambda d: first(d, "follows_and_unfollows")["total_value"]["breakdowns"][0]["results"][0].update(dimension_values=["FRIEND"]),
        "consistency.follow-types",
    ),
}  # fmt: skip
PEOPLE: dict[str, tuple[Callable[[Any], Any], str]] = {
    "more followers than there are": (
        lambda d: first(d, "follower_demographics")["total_value"]["breakdowns"][0]["results"][0].update(value=99_999),
        "consistency.more-than-followers",
    ),
    "a group twice": (
        lambda d: (r := first(d, "follower_demographics")["total_value"]["breakdowns"][0]["results"]).append(r[0]), "consistency.key-repeats"
    ),
    "a breakdown was not asked for": (lambda d: d[1:], "completeness.not-asked"),
    "nobody at all": (lambda d: [p["answer"].update(data=[]) for p in d] and None, "completeness.no-rows"),
    "no breakdown": (lambda d: first(d, "follower_demographics").update(total_value={"value": 4}), "consistency.wrong-form"),
    "more groups than are listed": (
        lambda d: d[2]["answer"]["data"][0]["total_value"]["breakdowns"][0].update(results=[{"dimension_values": [f"{c}{e}"], "value": 1} for c in "ABCDEFGH" for e in "ABCDEF"]),
        "consistency.too-many-groups",
    ),
}  # fmt: skip
POSTS: dict[str, tuple[Callable[[Any], Any], str]] = {
    "a post twice": (lambda d: d[0]["answer"]["data"].append(d[0]["answer"]["data"][0]), "consistency.key-repeats"),
    "a page is gone": (lambda d: [d[0], *d[2:]], "completeness.pages-missing"),
    "the first page is gone": (lambda d: d[1:], "completeness.pages-missing"),
    "the last page is gone": (lambda d: d[:-1], "completeness.pages-missing"),
    "most posts are gone": (lambda d: d[3]["answer"]["data"].clear() or d[1]["answer"]["data"].clear(), "completeness.posts-listed"),
    "a foreign link": (lambda d: d[0]["answer"]["data"][0].update(permalink="https://instagram.com.evil.example/p/1/"), "consistency.foreign-link"),
    "another user's post": (lambda d: d[0]["answer"]["data"][1].update(username="somebody"), "consistency.wrong-account"),
    "a post from the future": (lambda d: d[0]["answer"]["data"][0].update(timestamp="2026-05-01T00:00:00+0000"), "consistency.posted-when"),
    "likes as text": (lambda d: d[0]["answer"]["data"][0].update(like_count="9"), "consistency.not-a-count"),
}  # fmt: skip
INSIGHTS_OF_POSTS: dict[str, tuple[Callable[[Any], Any], str]] = {
    "a post without an answer": (lambda d: d[1:], "completeness.post-missing"),
    "a post that was not listed": (lambda d: d[0].update(asked=d[0]["asked"].replace("1801", "1899", 1)), "consistency.unknown-post"),
    "another post's answer": (lambda d: d[0]["answer"]["data"][0].update(id="18990000000000001/insights/reach/lifetime"), "consistency.wrong-account"),
    "a child of an album": (lambda d: d[0].update(asked=child() + "/insights?metric=reach"), "consistency.album-child"),
    "plays": (lambda d: d[0]["answer"]["data"][0].update(name="plays"), "consistency.removed-metric"),
    "an average above the total": (lambda d: first(d, "ig_reels_video_view_total_time")["values"][0].update(value=1), "consistency.bounds"),
    "a refusal nobody knows": (lambda d: d[0].update(answer={"error": {"message": "(#803) Some reason", "code": 803}}), "completeness.refused"),
    "a metric twice": (lambda d: d[0]["answer"]["data"].append(d[0]["answer"]["data"][0]), "consistency.value-repeats"),
}  # fmt: skip
STORIES: dict[str, tuple[Callable[[Any], Any], str]] = {
    "a story of last week": (lambda d: d[0]["answer"]["data"][0].update(timestamp="2026-02-20T10:00:00+0000"), "consistency.story-age"),
    "a story without an answer": (lambda d: d[:1], "completeness.post-missing"),
    "an answer without its story": (lambda d: d[0]["answer"]["data"].clear(), "consistency.unknown-post"),
}  # fmt: skip


def child() -> str:
    """A child of an album that is listed."""
    rows = [row for part in json.loads(body("media")) for row in part["answer"]["data"]]
    return next(row["children"]["data"][0]["id"] for row in rows if "children" in row)


@pytest.mark.parametrize("what", SERIES)
def test_instagram_series_rule(tmp_path: Path, what: str) -> None:
    """A file of series that breaks one rule fails by it."""
    edit, code = SERIES[what]
    assert code in errors(inspected(tmp_path, "insights", edit)), what


@pytest.mark.parametrize("what", TOTALS)
def test_instagram_totals_rule(tmp_path: Path, what: str) -> None:
    """A file of totals that breaks one rule fails by it."""
    edit, code = TOTALS[what]
    assert code in errors(inspected(tmp_path, "totals", edit)), what


@pytest.mark.parametrize("what", PEOPLE)
def test_instagram_demographics_rule(tmp_path: Path, what: str) -> None:
    """A file of people that breaks one rule fails by it."""
    edit, code = PEOPLE[what]
    assert code in errors(inspected(tmp_path, "demographics", edit)), what


@pytest.mark.parametrize("what", POSTS)
def test_instagram_posts_rule(tmp_path: Path, what: str) -> None:
    """A list of posts that breaks one rule fails by it."""
    edit, code = POSTS[what]
    assert code in errors(inspected(tmp_path, "media", edit)), what


@pytest.mark.parametrize("what", INSIGHTS_OF_POSTS)
def test_instagram_insights_of_posts_rule(tmp_path: Path, what: str) -> None:
    """Insights of posts that break one rule fail by it, beside the posts of their run."""
    edit, code = INSIGHTS_OF_POSTS[what]
    assert code in errors(inspected(tmp_path, "media_insights", edit, siblings={"media": body("media")})), what


@pytest.mark.parametrize("what", STORIES)
def test_instagram_stories_rule(tmp_path: Path, what: str) -> None:
    """Stories that break one rule fail by it."""
    edit, code = STORIES[what]
    found = report(tmp_path, "stories", edited(body("stories", "tiny"), edit), request=asked_of("stories", "tiny"))
    assert code in errors(found), what


def test_instagram_a_removed_metric_is_told_and_the_others_still_count(tmp_path: Path) -> None:
    """A metric the platform gave up warns by its name; one it does not give here is told apart from that."""
    found = report(tmp_path, "totals", body("totals", "default", "metric_removed"), request=asked_of("totals"))
    assert found.verdict is Verdict.WARNED
    assert [f.message for f in found.findings if f.code == "completeness.metric-removed"] == [
        "the platform gave up profile_views"
    ]
    assert found.facts["totals"]["views"] != "0"
    found = report(
        tmp_path, "media_insights", body("media_insights", "default", "reels_lose_a_metric"), request=asked_of("media_insights")
    )
    assert codes(found, Severity.WARNING) == {"completeness.metric-refused"}


def test_instagram_few_followers_explain_what_is_missing(tmp_path: Path) -> None:
    """Without the number of followers the same empty answers are an error."""
    data, told = body("insights", "tiny"), asked_of("insights", "tiny")
    assert "completeness.few-followers" in codes(report(tmp_path, "insights", data, request=told))
    many = told | {"followers_count": "5000"}
    assert errors(report(tmp_path, "insights", data, request=many)) == {"completeness.metric-missing"}


def test_instagram_empty_is_not_zero(tmp_path: Path) -> None:
    """No data is an empty list and fails; an explicit zero is a value and passes."""
    empty = edited(body("totals"), lambda d: [p["answer"].update(data=[]) for p in d] and None)
    assert "completeness.no-rows" in errors(report(tmp_path, "totals", empty, request=asked_of("totals")))
    zero = edited(body("totals"), lambda d: first(d, "website_clicks")["total_value"].update(value=0))
    assert report(tmp_path, "totals", zero, request=asked_of("totals")).verdict is Verdict.PASSED


def test_instagram_a_metric_may_be_absent_here_and_there(tmp_path: Path) -> None:
    """No data is no entry: on one day of many, or of a post of today, that is told or expected; on most days the metric is lost."""

    def without_replies(document: Any, days: int) -> None:
        for part in document[: 2 * days : 2]:
            part["answer"]["data"] = [e for e in part["answer"]["data"] if e["name"] != "replies"]

    data, asked = body("totals", total_days=8), asked_of("totals", total_days=8)
    one = report(tmp_path, "totals", edited(data, lambda d: without_replies(d, 1)), request=asked)
    assert codes(one, Severity.WARNING) == {"completeness.metric-missing"} and not errors(one)
    assert errors(report(tmp_path, "totals", edited(data, lambda d: without_replies(d, 8)), request=asked)) == {
        "completeness.metric-missing"
    }
    posts, fresh = (
        body("media_insights"),
        edited(body("media"), lambda d: d[0]["answer"]["data"][0].update(timestamp="2026-03-02T11:00:00+0000")),
    )
    young = edited(posts, lambda d: d[0]["answer"]["data"].clear())
    for beside, wanted in ((fresh, set()), (body("media"), {"completeness.metric-missing"})):
        found = report(tmp_path, "media_insights", young, request=asked_of("media_insights"), siblings={"media": beside})
        assert codes(found, Severity.ERROR, Severity.WARNING) == wanted


def test_instagram_reach_is_never_added_up(tmp_path: Path) -> None:
    """No feed sums people: neither reach nor accounts engaged stands in any total."""
    for name in ("insights", "totals", "media_insights"):
        totals = report(tmp_path, name, body(name), request=asked_of(name)).facts["totals"]
        assert not {"reach", "accounts_engaged"} & totals.keys() and totals


def test_instagram_newest_day_is_a_pacific_day(tmp_path: Path) -> None:
    """At noon UTC on 2 March the newest whole day is 1 March, though its end_time says the 2nd."""
    found = report(tmp_path, "insights", body("insights"), request=asked_of("insights"))
    assert found.facts["last_day"] == "2026-03-01"
    assert b"2026-03-02T08:00:00+0000" in body("insights")


def test_instagram_another_account_than_before_is_stopped(tmp_path: Path) -> None:
    """The last good capture was another account's: stopped, in the account's own file and in its insights."""
    for name in ("account", "insights"):
        asked = asked_of(name, "yoru")
        found = report(tmp_path, name, body(name, "yoru"), request=asked, before=body(name))
        assert "consistency.wrong-account" in errors(found), name


def test_instagram_settled_days_stay_as_they_were(tmp_path: Path) -> None:
    """Fresh days may still grow; when most settled days differ, something else answered."""

    def raise_all(document: Any) -> None:
        for part in document[:1]:
            for value in part["answer"]["data"][0]["values"]:
                value["value"] += 7

    data = body("insights")
    asked = asked_of("insights")
    clean = report(tmp_path, "insights", edited(data, set_value("reach", -1, value=4)), request=asked, before=data, days_before=0)
    assert not errors(clean)
    other = report(tmp_path, "insights", edited(data, raise_all), request=asked, before=data, days_before=0)
    assert errors(other) == {"volume.settled-days-changed"}


def test_instagram_posts_may_be_deleted_but_not_most_of_them(tmp_path: Path) -> None:
    """One post less is a warning, half of them gone an error."""

    def without(count: int) -> Callable[[Any], None]:
        def edit(document: Any) -> None:
            for part in document:
                for _ in range(min(count, len(part["answer"]["data"]))):
                    part["answer"]["data"].pop(0)

        return edit

    data, asked = body("media"), asked_of("media") | {"media_count": ""}
    one = report(tmp_path, "media", edited(data, lambda d: d[0]["answer"]["data"].pop(0) and None), request=asked, before=data)
    assert not errors(one) and "volume.posts-vanished" in codes(one, Severity.WARNING)
    most = report(tmp_path, "media", edited(data, without(9)), request=asked, before=data)
    assert "volume.posts-vanished" in errors(most)


def test_instagram_views_of_a_post_do_not_fall(tmp_path: Path) -> None:
    """One post losing views warns, most of them losing views fails."""

    def halved(document: Any, count: int) -> None:
        for part in document[:count]:
            entry = next(e for e in part["answer"]["data"] if e["name"] == "views")
            entry["values"][0]["value"] //= 2

    data, asked = body("media_insights"), asked_of("media_insights")
    one = report(tmp_path, "media_insights", edited(data, lambda d: halved(d, 1)), request=asked, before=data)
    assert "volume.lifetime-fell" in codes(one, Severity.WARNING)
    all_ = report(tmp_path, "media_insights", edited(data, lambda d: halved(d, 99)), request=asked, before=data)
    assert "volume.lifetime-fell" in errors(all_)


def test_instagram_stories_are_captured_often_enough(tmp_path: Path) -> None:
    """More than twenty hours after the last capture it is told that stories may have been missed; no verdict depends on it."""
    data, asked = body("stories", "yoru"), asked_of("stories", "yoru")
    late = report(tmp_path, "stories", data, request=asked, before=data)
    assert "freshness.stories-missed" in codes(late, Severity.NOTE) and late.verdict is Verdict.PASSED


def test_instagram_a_story_seen_by_too_few_is_told(tmp_path: Path) -> None:
    """The platform's refusal for too few viewers is a reason, not a failure."""
    data = edited(body("stories", "tiny"), lambda d: d[1].update(answer=TINY))
    found = report(tmp_path, "stories", data, request=asked_of("stories", "tiny"))
    assert found.verdict is Verdict.PASSED and "completeness.post-refused" in codes(found)


def test_instagram_old_figures_are_stale(tmp_path: Path) -> None:
    """A file whose days are right but old is stopped by their age."""
    found = report(tmp_path, "insights", body("insights"), request=asked_of("insights"), captured=noon(DAY) + timedelta(days=9))
    assert "freshness.too-old" in errors(found)


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "feed", "verdict", "code"),
    [
        ("user_insights_day.json", "insights", Verdict.PASSED, "consistency.end-time-season"),
        ("follower_demographics_age_gender.json", "demographics", Verdict.PASSED, None),
        ("media_insights_reels_pre_v22.json", "media_insights", Verdict.FAILED, "consistency.removed-metric"),
        ("error_code_10_no_permission.json", "insights", Verdict.FAILED, "format.error-body"),
    ],
)
def test_instagram_real_answers_get_their_verdicts(
    tmp_path: Path, name: str, feed: str, verdict: Verdict, code: str | None
) -> None:
    """Answers in the platform's own envelope: those of today pass, the one from before v22 and the refusal fail for their reason."""
    path = SHARED / "graph_api" / name
    if not path.is_file():
        pytest.skip("no shared samples here")
    captured = noon(DAY).replace(year=2024, month=1, day=16)
    found = report(tmp_path, feed, path.read_bytes(), captured=captured)
    assert found.verdict is verdict
    assert code is None or code in codes(found)


def test_a_new_account_may_miss_its_first_posts() -> None:
    """Few posts that are counted and not listed are no missing pages, however large their share; many are."""
    from types import SimpleNamespace

    from extractors.instagram.media_checks import LISTED_FEW, all_listed

    def found(told: int, listed: int) -> list[str]:
        context = SimpleNamespace(sidecar=SimpleNamespace(request={"media_count": str(told)}))
        return [f.severity.value for f in all_listed(range(listed), context)]  # type: ignore[arg-type]

    assert found(LISTED_FEW, 0) == ["note"] and found(LISTED_FEW + 1, 0) == ["error"]
    assert found(243, 229) == ["note"] and found(243, 100) == ["error"] and found(5, 5) == []
