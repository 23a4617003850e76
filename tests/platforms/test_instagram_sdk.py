"""The official Python SDK, unmodified, against the simulator: accounts, posts, stories and insights as its own objects."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from facebook_business.adobjects.igmedia import IGMedia
from facebook_business.adobjects.iguser import IGUser
from facebook_business.adobjects.instagraminsightsresult import InstagramInsightsResult
from facebook_business.adobjects.page import Page
from facebook_business.adobjects.user import User
from facebook_business.api import FacebookAdsApi, FacebookSession
from facebook_business.exceptions import FacebookRequestError

from bedrot_console.extraction.simulator import serve
from extractors.instagram.metrics import MEDIA_KNOWN, REMOVED_MEDIA
from extractors.instagram.simulator import InstagramSimulator

ME = "17841400000000001"


@pytest.fixture
def simulator(clock: Any) -> Iterator[InstagramSimulator]:
    made = InstagramSimulator(clock=clock)
    with serve(made):
        yield made


def api_of(simulator: InstagramSimulator, *, secret: str | None = None) -> FacebookAdsApi:
    session = FacebookSession(app_id=simulator.app.id, app_secret=secret, access_token=simulator.account().token)
    session.GRAPH = simulator.base_url
    return FacebookAdsApi(session)


@pytest.fixture
def user(simulator: InstagramSimulator) -> IGUser:
    return IGUser(ME, api=api_of(simulator))


def test_instagram_sdk_finds_the_account_through_its_page(simulator: InstagramSimulator) -> None:
    """The Page that the token sees names the professional account."""
    pages = User("me", api=api_of(simulator)).get_accounts(fields=[Page.Field.name, Page.Field.instagram_business_account])
    assert [p["instagram_business_account"]["id"] for p in pages] == [ME]


def test_instagram_sdk_reads_the_account(user: IGUser) -> None:
    """The node's totals are whole numbers."""
    node = user.api_get(fields=[IGUser.Field.username, IGUser.Field.followers_count, IGUser.Field.media_count])
    assert node["username"] == "nightworks.records" and node["followers_count"] > 12_000


def test_instagram_sdk_reads_series_and_totals(user: IGUser) -> None:
    """Metric and period as JSON arrays, as the SDK sends them, are understood; series and totals have their own forms."""
    found = user.get_insights(
        params={"metric": ["reach", "follower_count"], "period": ["day"], "since": "2026-02-20", "until": "2026-02-25"}
    )
    series = {r["name"]: r for r in list(found)[:2]}
    assert isinstance(series["reach"], InstagramInsightsResult)
    assert [v["end_time"][:10] for v in series["reach"]["values"]] == [f"2026-02-{d}" for d in range(21, 26)]
    total = user.get_insights(
        params={
            "metric": [InstagramInsightsResult.Metric.views], "period": [InstagramInsightsResult.Period.day],
            "metric_type": InstagramInsightsResult.MetricType.total_value, "since": "2026-02-20", "until": "2026-02-21",
        }
    )  # fmt: skip
    assert total[0]["total_value"]["value"] > 0


def test_instagram_sdk_reads_people(user: IGUser) -> None:
    """Demographics by two dimensions at once."""
    found = user.get_insights(
        params={
            "metric": ["follower_demographics"],
            "period": ["lifetime"],
            "metric_type": "total_value",
            "breakdown": ["age", "gender"],
        }
    )
    breakdown = found[0]["total_value"]["breakdowns"][0]
    assert breakdown["dimension_keys"] == ["age", "gender"] and len(breakdown["results"][0]["dimension_values"]) == 2


def test_instagram_sdk_pages_posts_to_their_end(user: IGUser) -> None:
    """Every post once, in pages of five."""
    fields = [
        IGMedia.Field.id,
        IGMedia.Field.media_type,
        IGMedia.Field.media_product_type,
        IGMedia.Field.timestamp,
        IGMedia.Field.permalink,
    ]
    ids = [m["id"] for m in user.get_media(fields=fields, params={"limit": 5})]
    assert len(ids) == len(set(ids)) == 38


def test_instagram_sdk_reads_insights_of_a_post(user: IGUser) -> None:
    """Lifetime values, one each, and the platform's refusal for a metric that the post does not have."""
    media = user.get_media(fields=[IGMedia.Field.id, IGMedia.Field.media_product_type])
    reel = next(m for m in media if m["media_product_type"] == "REELS")
    found = IGMedia(reel["id"], api=user.get_api()).get_insights(params={"metric": ["reach", "ig_reels_avg_watch_time"]})
    assert {r["name"]: type(r["values"][0]["value"]) for r in found} == {"reach": int, "ig_reels_avg_watch_time": int}
    with pytest.raises(FacebookRequestError) as caught:
        IGMedia(reel["id"], api=user.get_api()).get_insights(params={"metric": ["navigation"]})
    assert caught.value.api_error_code() == 100


def test_instagram_sdk_reads_stories(simulator: InstagramSimulator) -> None:
    """Stories that live are listed; they are posts."""
    simulator.advance_days(1)
    api = api_of(simulator)
    for _ in range(6):
        stories = list(IGUser(ME, api=api).get_stories(fields=[IGMedia.Field.id, IGMedia.Field.media_product_type]))
        if stories:
            break
        simulator.advance_days(1)
    assert stories and stories[0]["media_product_type"] == "STORY"


def test_instagram_sdk_sees_the_platforms_errors(simulator: InstagramSimulator, user: IGUser) -> None:
    """Code and subcode of refusals, of a dead token, and of a throttle."""
    for fault, code in (("token_expired", 190), ("permission", 10), ("rate_limited", 80002), ("transient", 2)):
        simulator.set_faults({fault})
        with pytest.raises(FacebookRequestError) as caught:
            user.api_get(fields=["username"])
        assert caught.value.api_error_code() == code, fault


def test_instagram_sdk_sends_its_proof(simulator: InstagramSimulator) -> None:
    """With the app's secret the SDK's own proof is accepted where it is required; without, the call is refused."""
    simulator.app.requires_proof = True
    assert IGUser(ME, api=api_of(simulator, secret=simulator.app.secret)).api_get(fields=["username"])["username"]
    with pytest.raises(FacebookRequestError):
        IGUser(ME, api=api_of(simulator)).api_get(fields=["username"])


def test_instagram_sdk_names_are_all_known() -> None:
    """The metrics of posts that we know are those of the installed SDK, and none of them was given up but impressions."""
    named = {v for k, v in vars(InstagramInsightsResult.Metric).items() if not k.startswith("_") and isinstance(v, str)}
    assert named - {"impressions"} <= MEDIA_KNOWN
    assert not MEDIA_KNOWN & REMOVED_MEDIA
