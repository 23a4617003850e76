"""Days, windows and answers of Instagram: which Pacific day a value belongs to, what a question may span, whose content a file is."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from instagram_support import body

from bedrot_console.extraction.registry import Registry
from bedrot_console.inspection.helpers import FormatTrouble
from bedrot_console.inspection.recognise import recognise
from extractors.instagram import answers
from extractors.instagram.metrics import LONGEST_WINDOW, day_that_ends, metric_refusal, midnight, pacific_day, windows

DAYS = st.dates(date(2024, 1, 1), date(2028, 12, 31))
FEEDS = Registry().load("instagram").feeds


def test_instagram_a_value_belongs_to_the_day_that_ends() -> None:
    """An end_time of 07:00 UTC on 15 October is 14 October; in winter the same holds at 08:00."""
    assert day_that_ends("2026-10-15T07:00:00+0000") == date(2026, 10, 14)
    assert day_that_ends("2026-12-15T08:00:00+0000") == date(2026, 12, 14)
    assert day_that_ends("2024-01-15T07:00:00+0000") == date(2024, 1, 14)


@given(DAYS)
def test_instagram_every_day_is_told_by_its_own_end(day: date) -> None:
    """The midnight that ends a Pacific day names that day, in every season and on the days the clocks change."""
    end = midnight(day + timedelta(days=1))
    assert end.astimezone(ZoneInfo("America/Los_Angeles")).hour == 0
    assert day_that_ends(end.strftime("%Y-%m-%dT%H:%M:%S+0000")) == day


@pytest.mark.parametrize(
    "text", ["2026-10-15T00:00:00+0000", "2026-10-15T07:30:00+0000", "2026-10-15", "", "2026-13-15T07:00:00+0000"]
)
def test_instagram_other_hours_end_no_day(text: str) -> None:
    """What is not midnight in California is refused, not rounded."""
    with pytest.raises(ValueError):
        day_that_ends(text)


@given(DAYS, st.integers(0, 400))
def test_instagram_windows_cover_the_range_once_and_none_is_too_long(first: date, more: int) -> None:
    """Windows join without gap or overlap from the first day to the last, and none spans more than 2592000 seconds."""
    last = first + timedelta(days=more)
    found = windows(first, last)
    assert found[0][0] == midnight(first).timestamp() and found[-1][1] == midnight(last + timedelta(days=1)).timestamp()
    assert all(a[1] == b[0] for a, b in zip(found, found[1:], strict=False))
    assert all(0 < until - since <= LONGEST_WINDOW.total_seconds() for since, until in found)


def test_instagram_thirty_days_around_the_autumn_clock_change_are_two_windows() -> None:
    """When the clocks go back, thirty days are an hour longer than the platform allows."""
    assert len(windows(date(2026, 10, 15), date(2026, 11, 13))) == 2
    assert len(windows(date(2026, 3, 1), date(2026, 3, 30))) == 1


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ("(#100) metric[0] must be one of the following values: reach, views", "removed"),
        (
            "(#100) Starting from version v22.0 and above, the impressions metric is no longer supported for the queried media.",
            "removed",
        ),
        ("(#100) The following metrics (views) should be specified with parameter metric_type=total_value", "form"),
        ("(#100) The Media Insights API does not support the follows metric for this media product type.", "unsupported"),
        ("(#100) There cannot be more than 30 days (2592000 s) between since and until", None),
        ("(#100) (follower_count) metric only supports querying data for the last 30 days excluding the current day", None),
        ("(#100) Tried accessing nonexisting field (unicorn) on node type (IGUser)", None),
    ],
)
def test_instagram_refused_metrics_are_told_from_other_refusals(message: str, kind: str | None) -> None:
    """Only a metric's own fault makes the run ask for each metric alone."""
    assert metric_refusal(message) == kind


@given(st.text(max_size=40), st.binary(max_size=60))
def test_instagram_bundles_hold_bodies_byte_for_byte(value: str, salt: bytes) -> None:
    """Between the questions the answers stand as they came, whatever their spelling."""
    answer = b'{ "data" : [ {"name":"x","note":' + json.dumps(value + salt.hex()).encode() + b"} ]}\n"
    data = answers.bundle([("1/insights?metric=reach", answer), ("1/media?limit=2", answer)])
    assert data.count(answer) == 2
    assert [p.path for p in answers.parts_of(data)] == ["1/insights", "1/media"]


def test_instagram_series_have_one_row_a_day(tmp_path: Path) -> None:
    """Metrics of one day share a row, hours give their highest count, rows rise."""
    found = answers.read_series(body("insights"))
    days = [row["day"] for row in found.records]
    assert days == sorted(set(days)) and days[-1] == date(2026, 3, 1)
    assert {"reach", "follower_count", "online_followers"} <= found.records[0].keys()
    assert type(found.records[0]["online_followers"]) is int
    place = found.place(0).pointer or ""
    assert place.startswith("/0/answer/data/0/values/")


def test_instagram_totals_are_of_the_day_that_was_asked() -> None:
    """An answer without a day takes it from its question, and follows stand apart from unfollows."""
    found = answers.read_totals(body("totals"))
    assert [row["day"] for row in found.records] == [date(2026, 2, 27), date(2026, 2, 28), date(2026, 3, 1)]
    assert {"views", "follows", "unfollows"} <= found.records[0].keys()


def test_instagram_follows_match_new_followers() -> None:
    """The two ways to count new followers agree day by day (seen)."""
    new = {r["day"]: r["follower_count"] for r in answers.read_series(body("insights")).records}
    assert all(new[r["day"]] == r["follows"] for r in answers.read_totals(body("totals")).records)


def test_instagram_stories_are_joined_with_what_they_brought() -> None:
    """A story's own fields and its insights are one row."""
    row = answers.read_stories(body("stories", "tiny")).records[0]
    assert row["media_type"] == "IMAGE" and row["navigation"] >= 0


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"[]", "format.unknown-shape"), (b"7", "format.unknown-shape"), (b'[{"asked":"1/insights?x=1","answer":7}]', "format.unknown-shape"),
        (b'[{"asked":7,"answer":{"data":[]}}]', "format.unknown-shape"), (b'{"error":{"code":190}}', "format.error-body"),
        (b'[{"asked":"1/insights?x=1","answer":{"error":{"code":10}}}]', "format.error-body"),
        (b'[{"asked":"1/insights?x=1","answer":{"data":{}}}]', "format.unknown-shape"),
        (b'[{"asked":"1/insights?x=1","answer":{"error":"no"}}]', "format.error-body"),
        (b'[{"asked":"1/insights?x=1","answer":{"data":[7]}}]', "format.unknown-shape"),
        (b'[{"asked":"1/insights?x=1","answer":{}}]', "format.unknown-shape"),
    ],
)  # fmt: skip
def test_instagram_what_is_no_list_of_answers_is_refused(data: bytes, code: str) -> None:
    """Every reader refuses a foreign shape and an error where data is due."""
    for read in (answers.read_series, answers.read_totals, answers.read_demographics, answers.read_media):
        with pytest.raises(FormatTrouble) as caught:
            read(data)
        assert caught.value.code == code


def test_instagram_each_sample_is_recognised_by_its_own_feed_only() -> None:
    """Content that a feed claims is claimed by no other feed of any platform here; a file under the wrong feed by its true one."""
    for path in (Path(answers.__file__).parent / "samples").glob("*/*"):
        if path.name.endswith(".report.json"):
            continue
        found = [f.name for f in recognise(Registry().feeds()[0], path.read_bytes()[: 1 << 20]) if f.platform != "manual"]
        if path.name in ("error-body.json", "sign-in-page.json"):
            assert found == []
        else:
            wanted = f"suite_{path.stem[3:]}" if path.name.startswith("is-") else path.parent.name
            assert found == [f"instagram/{wanted}"], path


def test_instagram_moments_are_aware() -> None:
    """Midnights are UTC moments, and a moment's Pacific day follows the clock there."""
    assert midnight(date(2026, 7, 1)) == datetime(2026, 7, 1, 7, tzinfo=UTC)
    assert pacific_day(datetime(2026, 1, 1, 7, 59, tzinfo=UTC)) == date(2025, 12, 31)
