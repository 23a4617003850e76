"""The stand-in is strict: what the platform refuses, it refuses in the platform's words, and what it gives has the platform's forms."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import requests

from bedrot_console.extraction.simulator import serve
from extractors.instagram.metrics import MEDIA_KNOWN, midnight, pacific_day
from extractors.instagram.simulator import InstagramSimulator

ME = "17841400000000001"


@pytest.fixture
def simulator(clock: Any) -> Iterator[InstagramSimulator]:
    made = InstagramSimulator(clock=clock)
    with serve(made):
        yield made


def ask(simulator: InstagramSimulator, path: str, account: str = "default", **params: Any) -> dict[str, Any]:
    """One answer, error or not."""
    sent = {"access_token": simulator.account(account).token, **params}
    return requests.get(f"{simulator.base_url}/v26.0/{path}", params=sent, timeout=10).json()


def span(simulator: InstagramSimulator, first: int, last: int = 1) -> dict[str, int]:
    """since and until of whole Pacific days, counted back from today."""
    today = pacific_day(simulator.now())
    return {
        "since": int(midnight(today - timedelta(days=first)).timestamp()),
        "until": int(midnight(today - timedelta(days=last - 1)).timestamp()),
    }


REFUSED: dict[str, tuple[dict[str, Any], int, str]] = {
    "no metric": ({"period": "day"}, 100, "metric"),
    "unknown metric": ({"metric": "reach,unicorns", "period": "day"}, 100, "metric[1] must be one of the following values: reach"),
    "a metric given up": ({"metric": "impressions", "period": "day"}, 100, "must be one of the following values"),
    "another one": ({"metric": "audience_city", "period": "lifetime"}, 100, "must be one of the following values"),
    "a total asked as a series": ({"metric": "views", "period": "day"}, 100, "(views) should be specified with parameter metric_type=total_value"),
    "a series asked as a total": ({"metric": "follower_count", "period": "day", "metric_type": "total_value"}, 100, "metric_type"),
    "a wrong period": ({"metric": "views", "period": "week", "metric_type": "total_value"}, 100, "period (week)"),
    "no such period": ({"metric": "reach", "period": "hour"}, 100, "period must be one of"),
    "no such type": ({"metric": "reach", "period": "day", "metric_type": "sum"}, 100, "metric_type must be one of"),
    "people without a breakdown": ({"metric": "follower_demographics", "period": "lifetime", "metric_type": "total_value"}, 100, "breakdown"),
    "people by colour": (
        {"metric": "follower_demographics", "period": "lifetime", "metric_type": "total_value", "breakdown": "colour"}, 100, "breakdown[0]"
    ),
    "those reached without a time": (
        {"metric": "reached_audience_demographics", "period": "lifetime", "metric_type": "total_value", "breakdown": "age"}, 100, "timeframe"
    ),
    "those reached in an old time": (
        {"metric": "reached_audience_demographics", "period": "lifetime", "metric_type": "total_value", "breakdown": "age", "timeframe": "last_90_days"},
        100, "timeframe",
    ),
    "until before since": ({"metric": "reach", "period": "day", "since": 1772000000, "until": 1771000000}, 100, "since"),
    "a moment that is none": ({"metric": "reach", "period": "day", "since": "soon"}, 100, "since"),
}  # fmt: skip


@pytest.mark.parametrize("what", REFUSED)
def test_instagram_stand_in_refuses(simulator: InstagramSimulator, what: str) -> None:
    """A question that the platform refuses is refused with its code and its words."""
    params, code, words = REFUSED[what]
    error = ask(simulator, f"{ME}/insights", **params)["error"]
    assert error["code"] == code and words in error["message"]


def test_instagram_stand_in_caps_the_window_at_thirty_days(simulator: InstagramSimulator) -> None:
    """Thirty days are answered, one second more is refused word for word."""
    thirty = span(simulator, 30)
    assert "data" in ask(simulator, f"{ME}/insights", metric="reach", period="day", **thirty)
    more = thirty | {"since": thirty["since"] - 1}
    error = ask(simulator, f"{ME}/insights", metric="reach", period="day", **more)["error"]
    assert error["message"] == "(#100) There cannot be more than 30 days (2592000 s) between since and until"


def test_instagram_stand_in_keeps_new_followers_for_thirty_days(simulator: InstagramSimulator) -> None:
    """follower_count of the thirty days before today is there, of the day before them not; reach has both."""
    assert "data" in ask(simulator, f"{ME}/insights", metric="follower_count", period="day", **span(simulator, 30))
    older = span(simulator, 31, 2)
    error = ask(simulator, f"{ME}/insights", metric="follower_count", period="day", **older)["error"]
    assert "only supports querying data for the last 30 days excluding the current day" in error["message"]
    assert "data" in ask(simulator, f"{ME}/insights", metric="reach", period="day", **older)


def test_instagram_stand_in_ends_values_at_pacific_midnight(simulator: InstagramSimulator) -> None:
    """Values lie inside (since, until], end at 08:00 UTC in winter, and today is not among them."""
    values = ask(simulator, f"{ME}/insights", metric="reach", period="day", **span(simulator, 5, 0))["data"][0]["values"]
    assert [v["end_time"] for v in values] == [
        f"{d}T08:00:00+0000" for d in ("2026-02-26", "2026-02-27", "2026-02-28", "2026-03-01", "2026-03-02")
    ]


def test_instagram_stand_in_gives_no_total_of_follows_without_their_breakdown(simulator: InstagramSimulator) -> None:
    """Without breakdown the entry has no total_value at all; with it, gained and lost."""
    common = {"metric": "follows_and_unfollows", "period": "day", "metric_type": "total_value", **span(simulator, 3, 3)}
    assert "total_value" not in ask(simulator, f"{ME}/insights", **common)["data"][0]
    entry = ask(simulator, f"{ME}/insights", breakdown="follow_type", **common)["data"][0]
    assert [r["dimension_values"] for r in entry["total_value"]["breakdowns"][0]["results"]] == [["FOLLOWER"], ["NON_FOLLOWER"]]


def test_instagram_stand_in_puts_the_token_into_endless_links(simulator: InstagramSimulator) -> None:
    """paging.next of insights walks forward in time without end, with the token in clear, until it finds nothing."""
    answer = ask(simulator, f"{ME}/insights", metric="reach", period="day", **span(simulator, 2, 2))
    assert simulator.account().token in answer["paging"]["next"]
    for _ in range(4):
        answer = requests.get(answer["paging"]["next"], timeout=10).json()
    assert answer["data"] == [] and "next" in answer["paging"]


def test_instagram_stand_in_fails_a_call_for_one_unsupported_metric(simulator: InstagramSimulator) -> None:
    """A post's insights come whole or not at all; names come as list or as JSON array; the API's own list of names is used."""
    listed = ask(simulator, f"{ME}/media", fields="id,media_type,media_product_type,children{id}", limit=100)["data"]
    reel = next(r["id"] for r in listed if r["media_product_type"] == "REELS")
    good = ask(simulator, f"{reel}/insights", metric=json.dumps(["reach", "views"]))["data"]
    assert [(e["name"], e["period"]) for e in good] == [("reach", "lifetime"), ("views", "lifetime")]
    assert "does not support the follows metric" in ask(simulator, f"{reel}/insights", metric="reach,follows")["error"]["message"]
    assert "no longer supported" in ask(simulator, f"{reel}/insights", metric="impressions")["error"]["message"]
    named = ask(simulator, f"{reel}/insights", metric="plays")["error"]["message"].partition("values: ")[2].split(", ")
    assert set(named) == MEDIA_KNOWN | {"impressions"}
    album = next(r for r in listed if "children" in r)
    assert ask(simulator, f"{album['children']['data'][0]['id']}/insights", metric="reach")["error"]["code"] == 100
    assert ask(simulator, f"{listed[-1]['id']}/insights", metric="reach")["error"]["error_subcode"] == 2108006


def test_instagram_stand_in_shows_nobody_elses_account(simulator: InstagramSimulator) -> None:
    """Another account, another account's post, and an id of nobody are all not shown."""
    other = ask(simulator, "17841400000000002/media", "yoru", fields="id")["data"][0]["id"]
    for name in ("17841400000000002", "17841400000000009", other, "17841499999999999", "x"):
        error = ask(simulator, name, fields="id")["error"]
        assert (error["code"], error["error_subcode"]) == (100, 33)


def test_instagram_stand_in_has_two_doors(simulator: InstagramSimulator) -> None:
    """Pages are seen with Facebook Login only; with Instagram Login `me` is the account, whose id is bound to the app."""
    page = ask(simulator, "me/accounts", fields="id,instagram_business_account{id,username}")["data"][0]
    assert page["instagram_business_account"] == {"id": ME, "username": "nightworks.records"}
    assert "error" in ask(simulator, "me/accounts", "yoru", fields="id")
    mine = ask(simulator, "me", "yoru", fields="id,user_id,username")
    assert mine["user_id"] == "17841400000000002" != mine["id"]
    assert "user_id" in ask(simulator, ME, fields="id,user_id")["error"]["message"]


def test_instagram_stand_in_gives_small_accounts_nothing_of_some_metrics(simulator: InstagramSimulator) -> None:
    """Below a hundred followers the answer is empty: not zero, and no error."""
    tiny = "17841400000000003"
    assert ask(simulator, tiny, "tiny", fields="followers_count")["followers_count"] < 100
    assert ask(simulator, f"{tiny}/insights", "tiny", metric="follower_count", period="day", **span(simulator, 9))["data"] == []
    people = {"metric": "follower_demographics", "period": "lifetime", "metric_type": "total_value", "breakdown": "age"}
    assert ask(simulator, f"{tiny}/insights", "tiny", **people)["data"] == []
    assert ask(simulator, f"{tiny}/insights", "tiny", metric="reach", period="day", **span(simulator, 9))["data"]


def test_instagram_stand_in_throttles_in_its_own_form(simulator: InstagramSimulator) -> None:
    """Beyond the quota: 80002 and the minutes to regain access; calling on prolongs the block."""
    simulator.graph.usage.quotas["instagram"] = 2
    for _ in range(2):
        assert "error" not in ask(simulator, ME, fields="id")
    answer = requests.get(f"{simulator.base_url}/v26.0/{ME}", params={"access_token": simulator.account().token}, timeout=10)
    assert answer.json()["error"]["code"] == 80002
    usage = json.loads(answer.headers["X-Business-Use-Case-Usage"])[ME][0]
    assert usage["estimated_time_to_regain_access"] >= 5 and usage["type"] == "instagram"


def test_instagram_stand_in_only_reads(simulator: InstagramSimulator) -> None:
    """Nothing can be written through it."""
    sent = {"access_token": simulator.account().token, "caption": "x"}
    answer = requests.post(f"{simulator.base_url}/v26.0/{ME}/media", data=sent, timeout=10).json()
    assert answer["error"]["code"] == 200


def test_instagram_figures_settle_and_then_stay(simulator: InstagramSimulator) -> None:
    """A day's reach grows until two days after its end and is the same for ever after; new followers never change."""
    seen: dict[str, list[int]] = {"reach": [], "follower_count": []}
    since = span(simulator, 3, 3)
    for _ in range(5):
        for metric, values in seen.items():
            values.append(ask(simulator, f"{ME}/insights", metric=metric, period="day", **since)["data"][0]["values"][0]["value"])
        simulator.advance_days(1)
    assert seen["reach"] == sorted(seen["reach"]) and len(set(seen["reach"][2:])) == 1
    assert len(set(seen["follower_count"])) == 1
