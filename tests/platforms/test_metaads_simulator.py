"""The simulated Graph API keeps its word: pages, figures, usage headers, strictness. Asked with plain `requests` over loopback."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
import requests

from bedrot_console.extraction.simulator import serve
from extractors.metaads.simulated.faults import Faults
from extractors.metaads.simulated.graph import Call, Graph, Token
from extractors.metaads.simulated.world import ACCOUNTS
from extractors.metaads.simulator import MetaAdsSimulator

ACT = "/v26.0/act_1000000000000001"
FEBRUARY = json.dumps({"since": "2026-02-01", "until": "2026-02-28"})


@pytest.fixture
def simulator(clock: Any) -> Iterator[MetaAdsSimulator]:
    made = MetaAdsSimulator(clock=clock)
    with serve(made):
        yield made


class Client:
    """Somebody's plain client: follows whatever `paging.next` says."""

    def __init__(self, simulator: MetaAdsSimulator, account: int = 0) -> None:
        self.base, self.token = simulator.base_url, simulator.accounts[account].token

    def get(self, path: str, **params: Any) -> requests.Response:
        return requests.get(self.base + path, {"access_token": self.token, **params}, timeout=10)

    def rows(self, path: str, **params: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        answer = self.get(path, **params).json()
        while True:
            found += answer["data"]
            link = answer.get("paging", {}).get("next")
            if not link:
                return found
            answer = requests.get(link, timeout=10).json()


@pytest.fixture
def client(simulator: MetaAdsSimulator) -> Client:
    return Client(simulator)


def test_metaads_simulator_links_lead_to_the_end_and_back(client: Client) -> None:
    """Following `next` gives every row once; `previous` leads back to the page before."""
    whole = client.get(f"{ACT}/ads", limit=500).json()["data"]
    assert client.rows(f"{ACT}/ads", limit=4) == whole
    first = client.get(f"{ACT}/ads", limit=4).json()
    assert "previous" not in first["paging"]
    second = requests.get(first["paging"]["next"], timeout=10).json()
    assert requests.get(second["paging"]["previous"], timeout=10).json()["data"] == first["data"]
    assert client.token in first["paging"]["next"]


def test_metaads_simulator_default_page_is_25_rows(client: Client) -> None:
    """Without a limit a page holds 25 rows, and the last one has cursors but no next."""
    assert len(client.get(f"{ACT}/ads").json()["data"]) == 25
    last = client.get(f"{ACT}/campaigns", limit=500).json()["paging"]
    assert set(last) == {"cursors"} and set(last["cursors"]) == {"before", "after"}


def test_metaads_simulator_cursors_are_bound_and_expire(client: Client, clock: Any) -> None:
    """A cursor works for its own question only, and not for ever."""
    after = client.get(f"{ACT}/ads", limit=4).json()["paging"]["cursors"]["after"]
    assert client.get(f"{ACT}/campaigns", after=after).json()["error"]["code"] == 2642
    assert client.get(f"{ACT}/ads", after=after).status_code == 200
    clock.advance(3 * 3600)
    assert client.get(f"{ACT}/ads", after=after).json()["error"]["code"] == 2642


def test_metaads_simulator_figures_agree_with_each_other(client: Client) -> None:
    """Ratios follow from counts, levels and breakdowns add up, and reach does not."""
    fields = "impressions,clicks,spend,reach,frequency,cpc,cpm,ctr"
    ask = {"fields": fields, "time_range": FEBRUARY, "time_increment": 1, "limit": 1000}
    ads = client.rows(f"{ACT}/insights", level="ad", **ask)
    for row in ads:
        spend, shown, clicks = Decimal(row["spend"]), int(row["impressions"]), int(row["clicks"])
        assert abs(Decimal(row["cpm"]) - 1000 * spend / shown) <= Decimal("0.0000005")
        assert abs(Decimal(row["frequency"]) - Decimal(shown) / int(row["reach"])) <= Decimal("0.0000005")
        assert ("cpc" in row) == (clicks > 0)
    whole = client.rows(f"{ACT}/insights", level="account", **ask)
    for name in ("impressions", "clicks", "spend"):
        assert sum(Decimal(r[name]) for r in ads) == sum(Decimal(r[name]) for r in whole)
    assert sum(int(r["reach"]) for r in ads) > sum(int(r["reach"]) for r in whole)
    split = client.rows(f"{ACT}/insights", level="account", **ask, breakdowns="age,gender")
    assert {"age", "gender"} <= split[0].keys()
    assert sum(int(r["impressions"]) for r in split) == sum(int(r["impressions"]) for r in whole)


def test_metaads_simulator_one_event_has_several_names(client: Client) -> None:
    """A purchase is counted under every name with the same number; omni_view_content adds the app's."""
    rows = client.rows(f"{ACT}/insights", level="account", fields="actions", time_range=FEBRUARY)
    actions = {a["action_type"]: int(a["value"]) for a in rows[0]["actions"]}
    names = (
        "purchase",
        "omni_purchase",
        "onsite_web_purchase",
        "onsite_web_app_purchase",
        "offsite_conversion.fb_pixel_purchase",
    )
    assert len({actions[n] for n in names}) == 1 and actions["purchase"] > 0
    assert (
        actions["omni_view_content"] == actions["offsite_conversion.fb_pixel_view_content"] + actions["onsite_app_view_content"]
    )


def test_metaads_simulator_late_attribution_revises_and_settles(client: Client, clock: Any) -> None:
    """Conversions of a day grow for 28 days and then stay; impressions settle after two days; nothing delivered vanishes."""

    def purchases() -> tuple[int, int]:
        day = json.dumps({"since": "2026-03-01", "until": "2026-03-01"})
        row = client.rows(f"{ACT}/insights", level="account", fields="actions,impressions", time_range=day)[0]
        views = next(int(a["value"]) for a in row["actions"] if a["action_type"] == "offsite_conversion.fb_pixel_view_content")
        return views, int(row["impressions"])

    series = []
    for _ in range(32):
        series.append(purchases())
        clock.advance(86400)
    views = [v for v, _ in series]
    assert views == sorted(views) and views[0] < views[-1] and len(set(views[28:])) == 1
    assert series[0][1] < series[1][1] and len({shown for _, shown in series[1:]}) == 1


def test_metaads_simulator_a_new_day_brings_new_rows(simulator: MetaAdsSimulator, client: Client) -> None:
    """Letting a day pass adds that day's rows; a day without delivery has none."""
    ask = {"level": "ad", "time_increment": 1, "date_preset": "last_28d", "fields": "ad_id", "limit": 1000}
    before = client.rows(f"{ACT}/insights", **ask)
    simulator.advance_days(1)
    after = client.rows(f"{ACT}/insights", **ask)
    assert max(r["date_stop"] for r in before) == "2026-03-01"
    assert max(r["date_stop"] for r in after) == "2026-03-02"
    ads = {r["ad_id"] for r in before}
    assert len(before) < len(ads) * 28


def test_metaads_simulator_budgets_are_minor_units_in_strings(simulator: MetaAdsSimulator, client: Client) -> None:
    """Budgets are strings of minor units; a currency without decimals is not divided."""
    budgets = [r["daily_budget"] for r in client.rows(f"{ACT}/adsets", fields="daily_budget", limit=100) if "daily_budget" in r]
    assert budgets and all(isinstance(b, str) and b.isdecimal() and int(b) >= 1500 for b in budgets)
    yen = Client(simulator, 1)
    rows = yen.rows(
        "/v26.0/act_1000000000000002/insights", level="account", fields="spend,account_currency", date_preset="last_7d"
    )
    assert rows[0]["account_currency"] == "JPY" and "." not in rows[0]["spend"]


def test_metaads_simulator_archived_objects_are_listed_only_when_filtered_for(client: Client) -> None:
    """Archived and deleted campaigns are left out of edges unless asked for."""
    usual = client.rows(f"{ACT}/campaigns", fields="effective_status", limit=200)
    assert {"ARCHIVED", "DELETED"}.isdisjoint({r["effective_status"] for r in usual})
    archived = client.rows(f"{ACT}/campaigns", fields="effective_status", limit=200, effective_status='["ARCHIVED"]')
    assert len(archived) > len(usual) and {r["effective_status"] for r in archived} == {"ARCHIVED"}


def test_metaads_simulator_usage_headers_rise_and_then_block(simulator: MetaAdsSimulator, client: Client, clock: Any) -> None:
    """Usage comes in percent once enough calls were made; beyond the quota calls are refused, and calling on prolongs the block."""
    assert simulator.graph is not None
    simulator.graph.usage.quotas["ads_management"] = 10
    answers = [client.get(f"{ACT}/campaigns", limit=1) for _ in range(12)]
    assert "X-Business-Use-Case-Usage" not in answers[0].headers
    percents = [json.loads(a.headers["X-Business-Use-Case-Usage"])["1000000000000001"][0]["call_count"] for a in answers[4:10]]
    assert percents == sorted(percents) and percents[-1] == 100
    refused = answers[-1]
    assert refused.json()["error"]["code"] == 80004
    minutes = json.loads(refused.headers["X-Business-Use-Case-Usage"])["1000000000000001"][0]["estimated_time_to_regain_access"]
    assert minutes > 5 and "Retry-After" not in refused.headers
    clock.advance(minutes * 60)
    assert client.get(f"{ACT}/campaigns").status_code == 200


def test_metaads_simulator_tokens_open_their_own_account_only(simulator: MetaAdsSimulator, client: Client) -> None:
    """A token with all scopes is still refused for an account it is not assigned to; without any, code 104."""
    refused = client.get("/v26.0/act_1000000000000003/campaigns")
    assert refused.status_code == 403 and refused.json()["error"]["code"] == 200
    assert requests.get(f"{simulator.base_url}{ACT}/campaigns", timeout=10).json()["error"]["code"] == 104
    bearer = requests.get(f"{simulator.base_url}{ACT}/campaigns", headers={"Authorization": f"Bearer {client.token}"}, timeout=10)
    assert bearer.status_code == 200
    assert client.get("/v26.0/act_42/campaigns").json()["error"]["error_subcode"] == 33


def test_metaads_simulator_tells_what_a_token_is_worth(simulator: MetaAdsSimulator, client: Client, clock: Any) -> None:
    """`debug_token` names validity, expiry and scopes; an expired token is refused and described."""
    assert simulator.graph is not None
    token = simulator.graph.tokens[client.token or ""]
    data = client.get("/v26.0/debug_token", input_token=client.token).json()["data"]
    assert data["is_valid"] is True and data["expires_at"] == 0 and "ads_read" in data["scopes"]
    token.expires_at = clock.now()
    assert client.get("/v26.0/debug_token", input_token=client.token).json()["error"]["error_subcode"] == 463
    app = f"{simulator.app.id}|{simulator.app.secret}"
    seen = requests.get(f"{simulator.base_url}/v26.0/debug_token", {"access_token": app, "input_token": client.token}, timeout=10)
    assert seen.json()["data"]["is_valid"] is False


def test_metaads_simulator_withholds_old_reach_and_dead_windows(client: Client) -> None:
    """Reach with breakdowns is silently absent beyond 13 months; 7d_view and 28d_view are accepted and not returned."""
    old = json.dumps({"since": "2024-12-01", "until": "2024-12-31"})
    row = client.rows(f"{ACT}/insights", fields="reach,frequency,impressions", breakdowns="age", time_range=old)[0]
    assert "reach" not in row and "impressions" in row
    row = client.rows(
        f"{ACT}/insights", fields="actions", time_range=FEBRUARY, action_attribution_windows='["7d_click","28d_view"]'
    )[0]
    stat = next(a for a in row["actions"] if int(a["value"]) > 100)
    assert "7d_click" in stat and "28d_view" not in stat


def test_metaads_simulator_log_holds_no_token(simulator: MetaAdsSimulator, client: Client) -> None:
    """What the simulator remembers of requests shows no token and no proof."""
    client.get(f"{ACT}/campaigns", appsecret_proof=simulator.app.proof(client.token or ""))
    assert client.token not in repr(simulator.log) and "***" in repr(simulator.log)


def test_metaads_simulator_answers_every_request_in_json() -> None:
    """Whatever a client sends, the protocol answers with JSON: data or an error object, never with a crash."""
    now = datetime(2026, 3, 2, 9, tzinfo=UTC)
    graph = Graph(ACCOUNTS, [Token("T", ("1000000000000001",))], lambda: now, Faults(lambda name: False))
    rng = random.Random(20260302)
    values = [
        "", "{", "[", "[]", "{}", "null", "-1", "1e9", "true", "x,y", "[1]", '[["a"]]', '{"since":1,"until":2}', FEBRUARY, '{"since":"2026-02-31","until":"x"}',
        '[{"field":"spend","operator":"GREATER_THAN","value":"abc"}]', '[{"field":"ad.id","operator":"CONTAIN","value":null}]', "id{", "creative{id}", "[null]",
        "9" * 400, "\u202e", "maximum", "spend_descending", "ad", "monthly", "age", '["age","gender"]', "../..", "\x00",
    ]  # fmt: skip
    names = [
        "fields", "limit", "after", "before", "time_range", "time_increment", "level", "breakdowns", "filtering", "sort", "summary", "date_preset",
        "effective_status", "action_attribution_windows", "batch", "input_token", "appsecret_proof",
    ]  # fmt: skip
    paths = ["", "/insights", "/campaigns", "/ads", "/x", "/insights/x"]
    roots = [
        "/v26.0/act_1000000000000001",
        "/v26.0/120201000080300001",
        "/v26.0/6070000000000001",
        "/v26.0/me",
        "/v26.0/debug_token",
        "/v1",
        "//",
        "/",
    ]
    for _ in range(800):
        params = {"access_token": "T"} | {rng.choice(names): rng.choice(values) for _ in range(rng.randrange(4))}
        reply = graph.answer(Call(rng.choice(["GET", "GET", "POST", "DELETE"]), rng.choice(roots) + rng.choice(paths), params))
        body = json.loads(reply.body)
        assert isinstance(body, list) or reply.status == 200 or {"message", "type", "code", "fbtrace_id"} <= body["error"].keys()
