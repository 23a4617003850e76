"""The official Python SDK, unmodified, against the simulator: it pages, runs reports and sees the right errors.

Its own setting of the Graph address (`FacebookSession.GRAPH`) or a `requests` transport adapter points it to the loopback address; no class
of it is changed or replaced.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest
import requests
from facebook_business.adobjects.adaccount import AdAccount
from facebook_business.adobjects.adreportrun import AdReportRun
from facebook_business.adobjects.adset import AdSet
from facebook_business.adobjects.adsinsights import AdsInsights
from facebook_business.adobjects.campaign import Campaign
from facebook_business.adobjects.user import User
from facebook_business.api import FacebookAdsApi, FacebookSession
from facebook_business.exceptions import FacebookRequestError

from bedrot_console.extraction.simulator import serve
from extractors.metaads.simulated import vocabulary
from extractors.metaads.simulated.errors import THROTTLES
from extractors.metaads.simulator import MetaAdsSimulator


@pytest.fixture
def simulator(clock: Any) -> Iterator[MetaAdsSimulator]:
    made = MetaAdsSimulator(clock=clock)
    with serve(made):
        yield made


def api_of(
    simulator: MetaAdsSimulator, *, secret: str | None = None, token: str | None = None, version: str | None = None
) -> FacebookAdsApi:
    session = FacebookSession(app_id=simulator.app.id, app_secret=secret, access_token=token or simulator.accounts[0].token)
    session.GRAPH = simulator.base_url
    return FacebookAdsApi(session, api_version=version)


@pytest.fixture
def account(simulator: MetaAdsSimulator) -> AdAccount:
    return AdAccount("act_1000000000000001", api=api_of(simulator))


def test_metaads_sdk_pages_every_edge_to_its_end(account: AdAccount) -> None:
    """Campaigns, ad sets and ads come whole in pages of two, each once, and as many as the platform counts."""
    for edge, fields in (
        (account.get_campaigns, ["id", "name", "status"]),
        (account.get_ad_sets, ["id", "campaign_id"]),
        (account.get_ads, ["id", "adset_id"]),
    ):
        cursor = edge(fields=fields, params={"limit": 2, "summary": True})
        ids = [item["id"] for item in cursor]
        assert len(ids) == len(set(ids)) == edge(fields=["id"], params={"limit": 500}).__len__()
        assert len(ids) > 4


def test_metaads_sdk_cursor_tells_the_total_count(account: AdAccount) -> None:
    """`summary` carries the number of objects, which the SDK's cursor hands out."""
    cursor = account.get_campaigns(fields=["id"], params={"limit": 3, "summary": "true"})
    body = account.get_api().call("GET", ("act_1000000000000001", "campaigns"), params={"summary": "true"}).json()
    assert body["summary"]["total_count"] == len(list(cursor))


def test_metaads_sdk_reads_insights_by_day_and_ad(account: AdAccount) -> None:
    """Daily insights at ad level come as AdsInsights, numbers as strings, one day a row, no row twice."""
    rows = list(
        account.get_insights(
            fields=["account_id", "campaign_id", "adset_id", "ad_id", "impressions", "clicks", "spend", "cpc", "ctr", "actions"],
            params={
                "level": "ad",
                "time_increment": 1,
                "time_range": {"since": "2026-02-01", "until": "2026-02-28"},
                "limit": 40,
            },
        )
    )
    assert len(rows) > 100
    assert len({(r["ad_id"], r["date_start"]) for r in rows}) == len(rows)
    assert all(
        isinstance(r, AdsInsights) and isinstance(r["impressions"], str) and r["date_start"] == r["date_stop"] for r in rows
    )
    assert {r["account_id"] for r in rows} == {"1000000000000001"}


def test_metaads_sdk_walks_from_campaign_to_ads(simulator: MetaAdsSimulator, account: AdAccount) -> None:
    """Nodes lead to their own edges: campaign to ad sets and insights, ad set to ads."""
    api = account.get_api()
    campaign = account.get_campaigns(fields=["id"])[0]
    node = Campaign(campaign["id"], api=api).api_get(fields=["name", "objective", "effective_status", "created_time"])
    assert node["objective"].startswith("OUTCOME_")
    adsets = list(Campaign(campaign["id"], api=api).get_ad_sets(fields=["id", "campaign_id", "daily_budget"]))
    assert {s["campaign_id"] for s in adsets} == {campaign["id"]}
    ads = list(AdSet(adsets[0]["id"], api=api).get_ads(fields=["id", "adset_id", "creative"]))
    assert {a["adset_id"] for a in ads} == {adsets[0]["id"]}
    assert len(Campaign(campaign["id"], api=api).get_insights(fields=["spend"], params={"date_preset": "last_28d"})) <= 1


def test_metaads_sdk_reads_account_and_user(account: AdAccount) -> None:
    """The account's node and the list of accounts the token can see."""
    node = account.api_get(fields=["name", "currency", "timezone_name", "account_status", "amount_spent"])
    assert (node["currency"], node["timezone_name"], node["account_status"]) == ("USD", "America/Los_Angeles", 1)
    assert isinstance(node["amount_spent"], str)
    mine = User("me", api=account.get_api()).get_ad_accounts(fields=["account_id"])
    assert [a["account_id"] for a in mine] == ["1000000000000001"]


def test_metaads_sdk_runs_a_report_to_its_end(account: AdAccount) -> None:
    """A report run is polled until it is completed; 100 percent comes once while it still runs; its rows equal the direct ones."""
    params = {"level": "ad", "time_increment": 1, "time_range": {"since": "2026-02-10", "until": "2026-02-20"}}
    fields = ["ad_id", "impressions", "spend"]
    run = account.get_insights_async(fields=list(fields), params=dict(params))
    assert isinstance(run, AdReportRun)
    seen = []
    for _ in range(20):
        run = run.api_get()
        seen.append((run["async_status"], run["async_percent_completion"]))
        if seen[-1] == ("Job Completed", 100):
            break
    assert ("Job Running", 100) in seen and seen[-1] == ("Job Completed", 100)
    rows = [dict(r) for r in run.get_insights(params={"limit": 30})]
    assert rows == [dict(r) for r in account.get_insights(fields=fields, params=params)]


def test_metaads_sdk_fetching_a_report_too_early_is_refused(account: AdAccount) -> None:
    """Rows of an unfinished run: code 2601, subcode 1815107, transient."""
    run = account.get_insights_async(fields=["spend"], params={"date_preset": "last_7d"})
    with pytest.raises(FacebookRequestError) as caught:
        run.get_insights()
    assert (caught.value.api_error_code(), caught.value.api_error_subcode()) == (2601, 1815107)
    assert caught.value.api_transient_error() is True


def test_metaads_sdk_sees_a_failed_report(simulator: MetaAdsSimulator, account: AdAccount) -> None:
    """A failed run names code, message and user message (since v25)."""
    simulator.set_faults({"async_failed"})
    run = account.get_insights_async(fields=["spend"], params={"date_preset": "last_7d"})
    for _ in range(6):
        run = run.api_get()
    assert run["async_status"] == "Job Failed"
    assert run["error_code"] == 2 and run["error_message"] and run["error_user_msg"]


@pytest.mark.parametrize(
    ("fault", "code", "subcode", "kind"),
    [
        ("token_expired", 190, 463, "OAuthException"),
        ("token_invalid", 190, None, "OAuthException"),
        ("checkpoint", 190, 459, "OAuthException"),
        ("permission", 200, None, "OAuthException"),
        ("proof_required", 100, None, "GraphMethodException"),
        ("version_refused", 2635, None, "OAuthException"),
        ("blocked", 368, None, "OAuthException"),
        ("rate_limited", 80004, 2446079, "OAuthException"),
        ("rate_limited_app", 4, 1504022, "OAuthException"),
        ("rate_limited_account", 17, 2446079, "OAuthException"),
        ("rate_limited_custom", 613, 1487742, "OAuthException"),
        ("transient", 2, None, "OAuthException"),
    ],
)
@pytest.mark.parametrize("status_200", [False, True])
def test_metaads_sdk_sees_code_and_subcode(
    simulator: MetaAdsSimulator, account: AdAccount, fault: str, code: int, subcode: int | None, kind: str, status_200: bool
) -> None:  # fmt: skip
    """Each refusal reaches the SDK with its code, subcode and type, also where the status says 200."""
    simulator.set_faults({fault, "error_in_200"} if status_200 else {fault})
    with pytest.raises(FacebookRequestError) as caught:
        account.get_campaigns(fields=["id"])
    error = caught.value
    assert (error.api_error_code(), error.api_error_subcode(), error.api_error_type()) == (code, subcode, kind)
    assert error.body()["error"]["fbtrace_id"].startswith("A")
    assert (error.http_status() == 200) is status_200


def test_metaads_sdk_blame_and_messages_of_bad_requests(account: AdAccount) -> None:
    """Unknown fields, unknown objects, impossible ranges and bad cursors are refused as the platform words them."""
    cases: list[tuple[Any, int, str]] = [
        (lambda: account.get_insights(fields=["unicorns"]), 100, "unicorns is not valid for fields param"),
        (lambda: account.get_campaigns(fields=["unicorns"]), 100, "nonexisting field (unicorns) on node type (Campaign)"),
        (lambda: account.get_insights(params={"time_range": {"since": "2026-02-02", "until": "2026-02-01"}}), 100, "time_range"),
        (lambda: account.get_insights(params={"time_range": {"since": "2021-02-02", "until": "2026-02-01"}}), 3018, "37 months"),
        (lambda: account.get_insights(params={"breakdowns": ["unicorn"]}), 100, "breakdowns"),
        (lambda: account.get_insights(params={"level": "planet"}), 100, "level"),
        (lambda: account.get_campaigns(params={"after": "QVFIMToxNZD"}), 2642, "Invalid cursors values"),
        (lambda: Campaign("120201999999100000", api=account.get_api()).api_get(), 100, "does not exist"),
    ]  # fmt: skip
    for call, code, words in cases:
        with pytest.raises(FacebookRequestError) as caught:
            call()
        assert caught.value.api_error_code() == code
        assert words in caught.value.api_error_message()


def test_metaads_sdk_sends_its_proof(simulator: MetaAdsSimulator) -> None:
    """With the app's secret the SDK's own proof is accepted where it is required; with another secret it is refused."""
    simulator.app.requires_proof = True
    good = AdAccount("act_1000000000000001", api=api_of(simulator, secret=simulator.app.secret))
    assert list(good.get_campaigns(fields=["id"], params={"limit": 2}))
    for secret in (None, "f" * 32):
        with pytest.raises(FacebookRequestError) as caught:
            AdAccount("act_1000000000000001", api=api_of(simulator, secret=secret)).get_campaigns(fields=["id"])
        assert (caught.value.api_error_code(), caught.value.api_error_type()) == (100, "GraphMethodException")
        assert "appsecret_proof" in caught.value.api_error_message()


def test_metaads_sdk_batches(account: AdAccount) -> None:
    """A batch answers each part with its own status and body, failed parts beside good ones."""
    batch = account.get_api().new_batch()
    good: list[Any] = []
    bad: list[Any] = []
    account.get_campaigns(
        fields=["id"], params={"limit": 1}, batch=batch, success=lambda r: good.append(r.json()), failure=bad.append
    )
    account.get_insights(fields=["unicorns"], batch=batch, success=good.append, failure=lambda r: bad.append(r.error()))
    assert batch.execute() is None
    assert len(good[0]["data"]) == 1
    assert bad[0].api_error_code() == 100


def test_metaads_sdk_works_through_a_transport_adapter(simulator: MetaAdsSimulator) -> None:
    """Left at graph.facebook.com and given only a `requests` adapter, the SDK pages as well."""

    class Loopback(requests.adapters.HTTPAdapter):
        def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
            parts = urlsplit(request.url or "")
            request.url = urlunsplit(("http", urlsplit(simulator.base_url).netloc, parts.path, parts.query, ""))
            return super().send(request, **kwargs)

    session = FacebookSession(access_token=simulator.accounts[0].token)
    session.requests.mount("https://graph.facebook.com", Loopback())
    account = AdAccount("act_1000000000000001", api=FacebookAdsApi(session))
    assert len(list(account.get_ads(fields=["id"], params={"limit": 7}))) > 14


def test_metaads_sdk_ended_version_is_answered_by_a_later_one(simulator: MetaAdsSimulator, clock: Any) -> None:
    """An ended version answers without error from the oldest usable one, and only a header tells."""
    clock.advance(86400 * 365)
    response = AdAccount("act_1000000000000001", api=api_of(simulator, version="v19.0")).get_api().call("GET", ("me",))
    assert response.headers()["facebook-api-version"] == "v25.0"
    with pytest.raises(FacebookRequestError):
        api_of(simulator, version="v99.0").call("GET", ("me",))


def test_metaads_sdk_names_are_all_known() -> None:
    """The simulator knows exactly the insights fields, breakdowns, presets and levels of the installed SDK."""

    def names(cls: type) -> set[str]:
        return {v for k, v in vars(cls).items() if not k.startswith("_") and isinstance(v, str)}

    assert vocabulary.names("Insights") == names(AdsInsights.Field)
    assert vocabulary.names("Breakdown") == names(AdsInsights.Breakdowns)
    assert vocabulary.names("DatePreset") == names(AdsInsights.DatePreset)
    assert vocabulary.names("Level") == names(AdsInsights.Level)
    assert vocabulary.names("CampaignStatus") == names(Campaign.EffectiveStatus)
    assert {code for _, code, _ in THROTTLES.values()} >= {4, 17, 32, 613, 80000, 80004}
