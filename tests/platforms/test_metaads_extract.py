"""The Meta Ads extractor over loopback: what it brings, how it waits, and how each fault of the platform ends."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from metaads_support import DUMP, METAADS, Desk, extract, masked, worst

from bedrot_console.domain.challenges import Secret
from bedrot_console.domain.errors import (
    AccessError,
    BedrotError,
    CredentialsRejected,
    RateLimited,
    SourceBlocked,
    SourceChanged,
    SourceError,
    SourceUnavailable,
    UsageError,
)
from bedrot_console.extraction.simulator import serve
from bedrot_console.security.journal import FileJournal
from bedrot_console.zones.landing import Landing
from bedrot_console.zones.store import Zones
from extractors.metaads.api import Usage, appsecret_proof, error_of, usage_of
from extractors.metaads.simulator import MetaAdsSimulator


def test_metaads_brings_the_pages_as_sent(tmp_path: Path, clock: Any) -> None:
    """Each file is a JSON array of the page bodies byte for byte, to the real end, all four in one set of one moment."""
    ran = extract(tmp_path, clock, page_size=40)
    assert [c.feed for c in ran.captures] == [f"metaads/{kind}" for kind in DUMP]
    assert {(c.set_id, c.captured_at) for c in ran.captures} == {(ran.captures[0].set_id, clock.now())}
    pages = json.loads(ran.body("insights"))
    assert len(pages) > 5 and [bool(p["paging"].get("next")) for p in pages] == [True] * (len(pages) - 1) + [False]
    assert sum(len(p["data"]) for p in json.loads(ran.body("ads"))) == json.loads(ran.body("ads"))[0]["summary"]["total_count"]
    assert str(ran.captures[3].as_of) == "2026-03-01"


def test_metaads_page_bytes_are_not_touched(tmp_path: Path, clock: Any) -> None:
    """A page in the file equals, byte for byte, what the server sent for that question."""
    simulator = MetaAdsSimulator(clock=clock)
    sent: list[bytes] = []
    answer = simulator.graph.answer  # type: ignore[union-attr]

    def remembering(call: Any) -> Any:
        reply = answer(call)
        sent.append(reply.body)
        return reply

    simulator.graph.answer = remembering  # type: ignore[union-attr, method-assign]
    ran = extract(tmp_path, clock, simulator=simulator, page_size=100)
    insights = [body for body in sent if b'"date_start"' in body]
    assert ran.body("insights") == b"[" + b",".join(insights) + b"]"
    assert b"\\/" in insights[0]


def test_metaads_landed_set_holds_no_token(tmp_path: Path, home: Path, clock: Any) -> None:
    """Landed through the real zones the set appears whole in one folder, token and proof masked at the same length and declared."""
    simulator = MetaAdsSimulator(clock=clock)
    secrets = {"access_token": simulator.accounts[0].token or "", "app_secret": simulator.app.secret}
    proof = appsecret_proof(Secret(secrets["access_token"]), Secret(secrets["app_secret"]))
    ran = extract(tmp_path, clock, simulator=simulator, secrets=secrets, page_size=50)
    zones = Zones(home, FileJournal(home / ".bedrot" / "journal", clock), clock, "uid:0")
    feeds = {f.name: f for f in METAADS.feeds.values()}
    landed = zones.land([Landing(c, feeds[c.feed], METAADS.version, "run") for c in ran.captures])
    assert sorted(f.path for f in landed) == [f"metaads/20260302_093000/{kind}.json" for kind in sorted(DUMP)]  # type: ignore[union-attr]
    for file, capture in zip(landed, ran.captures, strict=True):
        data = (home / "landing" / file.path).read_bytes()  # type: ignore[union-attr]
        assert data == masked(capture) and len(data) == len(bytes(capture.body))  # type: ignore[arg-type]
        assert secrets["access_token"].encode() not in data
        assert proof.encode() not in data
        kinds = {m.kind for m in file.sidecar.masks}  # type: ignore[union-attr]
        assert kinds == ({"access_token", "appsecret_proof"} if b"*****" in data else set())
    assert any(file.sidecar.masks for file in landed)  # type: ignore[union-attr]


def test_metaads_a_clean_set_passes(tmp_path: Path, clock: Any) -> None:
    """What a healthy platform gives has no error and no warning; overlapping pixel names are noted."""
    ran = extract(tmp_path, clock)
    reports = Desk(tmp_path).reports(ran.landed(), clock.now())
    assert worst(reports) == set()
    assert {f.code for f in reports["insights"].findings} == {"consistency.pixel-overlap"}
    assert reports["insights"].facts["currency"] == "USD"


def test_metaads_asks_for_full_days_of_the_account(tmp_path: Path, clock: Any) -> None:
    """Days end yesterday in the account's zone: at 02:00 UTC California still has the day before."""
    clock.advance(-7.5 * 3600)
    assert clock.now().hour == 2
    ran = extract(tmp_path, clock)
    days = sorted({r["date_start"] for p in json.loads(ran.body("insights")) for r in p["data"]})
    assert (days[0], days[-1]) == ("2026-02-01", "2026-02-28")


def test_metaads_follows_the_platforms_clock(tmp_path: Path, clock: Any) -> None:
    """When the platform's day is another than ours, its day counts, and the log says so."""
    simulator = MetaAdsSimulator(clock=clock)
    simulator.advance_days(3)
    ran = extract(tmp_path, clock, simulator=simulator)
    assert str(ran.captures[3].as_of) == "2026-03-04"
    assert any("Meta's clock says 2026-03-05" in line for line in ran.said)


def test_metaads_options_choose_range_level_and_pages(tmp_path: Path, clock: Any) -> None:
    """`since`, `until`, `level` and `page_size` are obeyed."""
    ran = extract(tmp_path, clock, since="2026-02-03", until="2026-02-05", level="campaign", page_size=3)
    pages = json.loads(ran.body("insights"))
    rows = [r for p in pages for r in p["data"]]
    assert {r["date_start"] for r in rows} == {"2026-02-03", "2026-02-04", "2026-02-05"}
    assert all("campaign_id" in r and "ad_id" not in r for r in rows) and len(pages) > 1


def test_metaads_brings_only_the_wanted_feeds(tmp_path: Path, clock: Any) -> None:
    """A run asked for two feeds brings these two."""
    ran = extract(tmp_path, clock, feeds=("campaigns", "ads"))
    assert [c.feed for c in ran.captures] == ["metaads/campaigns", "metaads/ads"]


@pytest.mark.parametrize("account", ["act_1000000000000002", "1000000000000002"])
def test_metaads_account_comes_from_the_run_the_settings_or_the_token(tmp_path: Path, clock: Any, account: str) -> None:
    """A run's account that is an ad account is used; else the setting; else the only one the token can see."""
    simulator = MetaAdsSimulator(clock=clock)
    token = {"access_token": simulator.accounts[1].token or ""}
    for options in ({"account": account}, {"account_id": account}, {}):
        ran = extract(
            tmp_path / json.dumps(options).replace("/", ""),
            clock,
            simulator=MetaAdsSimulator(clock=clock),
            secrets=token,
            **options,
        )
        assert b'"account_id":"1000000000000002"' in ran.body("campaigns")
        assert b'"account_currency":"JPY"' in ran.body("insights")


def test_metaads_accepts_the_token_under_its_short_name(tmp_path: Path, clock: Any) -> None:
    """The secret may be stored as `token` too."""
    simulator = MetaAdsSimulator(clock=clock)
    ran = extract(tmp_path, clock, simulator=simulator, secrets={"token": simulator.accounts[0].token or ""})
    assert len(ran.captures) == 4


def test_metaads_without_token_says_how_to_store_one(tmp_path: Path, clock: Any) -> None:
    """A missing token ends as CredentialsRejected with the command that stores it."""
    with pytest.raises(CredentialsRejected) as caught:
        extract(tmp_path, clock, secrets={})
    assert caught.value.hint == "bedrot secrets set metaads access_token"


def test_metaads_proves_itself_with_the_apps_secret(tmp_path: Path, clock: Any) -> None:
    """With app_secret every call carries the proof that the app may require."""
    simulator = MetaAdsSimulator(clock=clock)
    simulator.app.requires_proof = True
    secrets = {"access_token": simulator.accounts[0].token or "", "app_secret": simulator.app.secret}
    assert len(extract(tmp_path, clock, simulator=simulator, secrets=secrets).captures) == 4


def test_metaads_nothing_said_holds_a_secret(tmp_path: Path, clock: Any) -> None:
    """Log lines and stages of a run, good or failed, hold neither token nor proof."""
    simulator = MetaAdsSimulator(clock=clock)
    token = simulator.accounts[0].token or ""
    secrets = {"access_token": token, "app_secret": simulator.app.secret}
    ran = extract(tmp_path, clock, simulator=simulator, secrets=secrets, page_size=50)
    assert token not in "".join(ran.said) and simulator.app.proof(token) not in "".join(ran.said)
    for fault in ("token_expired", "permission", "transient", "truncated", "connection_reset"):
        with pytest.raises(BedrotError) as caught:
            extract(tmp_path, clock, {fault}, simulator=MetaAdsSimulator(clock=clock), secrets=secrets)
        assert token not in f"{caught.value} {caught.value.hint}"


def test_metaads_throttle_names_the_time_to_come_back(tmp_path: Path, clock: Any) -> None:
    """Regain minutes, else reset seconds, else a minute: the error says when to come back; nothing is asked meanwhile."""
    for fault, seconds in (("rate_limited", 420.0), ("rate_limited_account", 420.0)):
        simulator = MetaAdsSimulator(clock=clock)
        with pytest.raises(RateLimited) as caught:
            extract(tmp_path, clock, {fault}, simulator=simulator)
        assert caught.value.retry_after_seconds == seconds
        assert clock.slept == []
    with pytest.raises(RateLimited) as caught:
        extract(tmp_path, clock, {"rate_limited_custom"}, simulator=MetaAdsSimulator(clock=clock))
    assert 54 <= sum(clock.slept) <= 73 and (caught.value.retry_after_seconds or 0) > 100


def test_metaads_waits_out_a_throttle_it_has_patience_for(tmp_path: Path, clock: Any) -> None:
    """With more patience the run waits as long as it was told, once, and completes without asking anything twice."""
    simulator = MetaAdsSimulator(clock=clock)
    ran = extract(tmp_path, clock, simulator=simulator, next_faults={"rate_limited": 1}, patience_seconds=900)
    assert len(ran.captures) == 4 and 419 <= sum(clock.slept) <= 421
    asked = [a.path for a in simulator.log if a.path.endswith("/campaigns")]
    assert len(asked) == 1


def test_metaads_temporary_errors_are_tried_again_from_the_same_page(tmp_path: Path, clock: Any) -> None:
    """A temporary error repeats one call, never the pages before it."""
    simulator = MetaAdsSimulator(clock=clock)
    calls = len(extract(tmp_path / "a", clock, simulator=MetaAdsSimulator(clock=clock), page_size=50).simulator.log)
    ran = extract(tmp_path / "b", clock, simulator=simulator, next_faults={"transient": 2}, page_size=50)
    assert len(simulator.log) == calls + 2 and len(ran.captures) == 4
    assert 1 <= sum(clock.slept) <= 3


def test_metaads_slows_down_before_the_quota_is_used_up(tmp_path: Path, clock: Any) -> None:
    """From 75 percent of a quota on the calls get slower, and none is refused."""
    simulator = MetaAdsSimulator(clock=clock)
    assert simulator.graph is not None
    simulator.graph.usage.quotas["ads_insights"] = 10
    ran = extract(tmp_path, clock, simulator=simulator, page_size=40)
    pages = len(json.loads(ran.body("insights")))
    assert pages == 10 and 40 < sum(clock.slept) < 60
    assert {a.status for a in simulator.log} == {200}


def test_metaads_goes_asynchronous_when_told_too_much(tmp_path: Path, clock: Any) -> None:
    """Refused as too much data, the same days come by a report run, and equal what the direct way brings."""
    direct = extract(tmp_path / "a", clock, page_size=50)
    simulator = MetaAdsSimulator(clock=clock)
    ran = extract(tmp_path / "b", clock, {"too_much_data"}, simulator=simulator, page_size=50)
    assert [a.method for a in simulator.log].count("POST") == 1

    def rows(body: bytes) -> list[Any]:
        return [r for p in json.loads(body) for r in p["data"]]

    assert rows(ran.body("insights")) == rows(direct.body("insights"))


def test_metaads_asks_for_smaller_pages_when_told_too_much(tmp_path: Path, clock: Any) -> None:
    """An edge that refuses large pages is asked for smaller ones, and comes whole."""
    ran = extract(tmp_path, clock, {"large_pages_refused"}, page_size=400)
    pages = json.loads(ran.body("ads"))
    assert sum(len(p["data"]) for p in pages) == pages[0]["summary"]["total_count"]
    assert sum("asking for pages of 100 rows" in line for line in ran.said) == 4


def test_metaads_app_inspects_a_dead_token(tmp_path: Path, clock: Any) -> None:
    """With app_id and app_secret the app itself asks about the token, and is told that it expired."""
    simulator = MetaAdsSimulator(clock=clock)
    assert simulator.graph is not None
    simulator.graph.tokens[simulator.accounts[0].token or ""].expires_at = clock.now()
    secrets = {"access_token": simulator.accounts[0].token or "", "app_secret": simulator.app.secret}
    with pytest.raises(CredentialsRejected, match=r"not valid since 2026-03-02 09:30 UTC \(190/463\)"):
        extract(tmp_path, clock, simulator=simulator, secrets=secrets, app_id=simulator.app.id)
    assert [a.path for a in simulator.log] == ["/v26.0/debug_token"]


def test_metaads_starts_a_new_run_after_a_failed_one(tmp_path: Path, clock: Any) -> None:
    """One failed report run is not the end: a new one is started."""
    simulator = MetaAdsSimulator(clock=clock)
    ran = extract(tmp_path, clock, simulator=simulator, next_faults={"async_failed": 1}, asynchronous="always")
    assert [a.method for a in simulator.log].count("POST") == 2 and len(ran.captures) == 4


def test_metaads_splits_the_range_when_reports_fail(tmp_path: Path, clock: Any) -> None:
    """Where asking at once is too much and reports may not be used, halves are asked for, and their pages stand one after the other."""
    ran = extract(tmp_path, clock, {"too_much_data"}, simulator=MetaAdsSimulator(clock=clock), asynchronous="never")
    pages = json.loads(ran.body("insights"))
    ends = sum(not p.get("paging", {}).get("next") for p in pages)
    assert ends == 4
    reports = Desk(tmp_path).reports(ran.landed(), clock.now())
    assert worst(reports) == set()


def test_metaads_old_version_warns_of_its_end(tmp_path: Path, clock: Any) -> None:
    """An ended version is answered silently by a later one: calendar and answer header are both told to the operator."""
    clock.advance(86400 * 300)
    ran = extract(tmp_path, clock, simulator=MetaAdsSimulator(clock=clock), version="v19.0")
    said = "".join(ran.said)
    assert "v19.0 of the Marketing API has ended on 2026-05-21" in said and "Meta answers as v25.0 though v19.0 was asked" in said


def test_metaads_warns_before_the_token_ends(tmp_path: Path, clock: Any) -> None:
    """A token that ends within a week is used, and its end is told; one without data access stops the run."""
    from datetime import timedelta

    simulator = MetaAdsSimulator(clock=clock)
    assert simulator.graph is not None
    token = simulator.graph.tokens[simulator.accounts[0].token or ""]
    token.expires_at = clock.now() + timedelta(days=3)
    ran = extract(tmp_path, clock, simulator=simulator)
    assert "the token expires on 2026-03-05" in "".join(ran.said)
    assert ran.facts == {"credential_ends_at": "2026-03-05T09:30:00.000000Z", "credential": "access_token"}
    token.expires_at, token.data_access_expires_at = None, clock.now() - timedelta(days=1)
    with pytest.raises(BedrotError, match="access to data lapsed|not valid"):
        extract(tmp_path, clock, simulator=simulator)


def test_metaads_refuses_a_next_page_on_another_host(tmp_path: Path, clock: Any) -> None:
    """A paging link to another host is not followed and ends the run."""
    simulator = MetaAdsSimulator(clock=clock)
    answer = simulator.graph.answer  # type: ignore[union-attr]

    def elsewhere(call: Any) -> Any:
        simulator.graph.base_url = "https://evil.example"  # type: ignore[union-attr]
        return answer(call)

    simulator.graph.answer = elsewhere  # type: ignore[union-attr, method-assign]
    with pytest.raises(SourceChanged, match="another host"):
        extract(tmp_path, clock, simulator=simulator, page_size=5)


@pytest.mark.parametrize(
    "options",
    [{"version": "26"}, {"level": "planet"}, {"page_size": 0}, {"since": "x"}, {"account_id": "abc"}, {"since": "2026-03-09"}],
)
def test_metaads_bad_settings_are_usage_errors(tmp_path: Path, clock: Any, options: dict[str, Any]) -> None:
    """A setting that makes no sense is refused in words."""
    with pytest.raises(UsageError):
        extract(tmp_path, clock, **options)


CODES: list[tuple[int, int | None, type[BedrotError]]] = [
    (190, 463, CredentialsRejected), (102, None, CredentialsRejected), (10, None, AccessError), (3, None, AccessError), (294, None, AccessError),
    (275, None, AccessError), (4, None, RateLimited), (17, 2446079, RateLimited), (32, None, RateLimited), (341, None, RateLimited),
    (613, 1996, RateLimited), (80000, None, RateLimited), (80014, None, RateLimited), (1, None, SourceUnavailable), (2, None, SourceUnavailable),
    (1, 99, SourceError), (100, 1487534, SourceError), (-3, None, SourceError), (100, 33, AccessError), (100, None, SourceChanged),
    (2635, None, UsageError), (368, None, SourceBlocked), (2601, 1815107, SourceUnavailable), (2642, None, SourceUnavailable), (31337, None, SourceChanged),
]  # fmt: skip


@pytest.mark.parametrize(("code", "subcode", "kind"), CODES)
@pytest.mark.parametrize("status", [200, 400])
def test_metaads_error_table(code: int, subcode: int | None, kind: type[BedrotError], status: int) -> None:
    """Each code of the platform's table becomes the error that tells what to do, whatever the status says."""
    error = {"message": "said", "type": "OAuthException", "code": code, "fbtrace_id": "Abc"} | (
        {"error_subcode": subcode} if subcode else {}
    )
    found = error_of(status, {"error": error}, {})
    assert isinstance(found, kind) and "Abc" in str(found)


def test_metaads_usage_headers_take_the_worst() -> None:
    """Of several containers and ids the worst percentage and the longest wait count; damaged headers are ignored."""
    headers = {
        "X-App-Usage": '{"call_count":28,"total_time":25,"total_cputime":25}',
        "x-business-use-case-usage": '{"1":[{"type":"ads_insights","call_count":95,"estimated_time_to_regain_access":0}],'
        '"2":[{"type":"ads_management","total_time":99,"estimated_time_to_regain_access":19}]}',
        "X-Ad-Account-Usage": '{"acc_id_util_pct":9.67,"reset_time_duration":200}',
        "x-fb-ads-insights-throttle": "{broken",
    }
    assert usage_of(headers) == Usage(99.0, 1140.0)
    assert usage_of({"X-Ad-Account-Usage": '{"acc_id_util_pct":100,"reset_time_duration":200}'}) == Usage(100.0, 200.0)
    assert usage_of({}) == Usage()


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serve(MetaAdsSimulator()) as served:
        yield served.base_url


def test_metaads_simulator_is_found_by_the_registry(base: str) -> None:
    """The simulator that `bedrot simulate metaads` serves is this one, and speaks at once."""
    assert requests.get(f"{base}/v26.0/me", timeout=10).json()["error"]["code"] == 104
