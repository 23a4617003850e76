"""Makes the samples beside the extractor: one small made-up account on one day, as the Graph API sends it, whole and spoiled; and exports by hand."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from ..._graph.simulated.direct import Direct
from ..extractor import MetaAds, insights_params, structure_params
from .faults import Faults
from .graph import Call, Graph, Token
from .world import Account

AT = datetime(2026, 3, 2, 12, tzinfo=UTC)
SMALL = Account(1, "1000000000000001", "Night Works Records", "USD", "America/Los_Angeles", adsets_each=1, ads_each=2)
"""One small account: two ads per campaign, for what must be fast."""
SET = ("campaigns", "adsets", "ads", "insights")
TOKEN = "EAABmadeup" + "Zq7" * 10
LOGIN = b'<!DOCTYPE html>\n<html lang="en"><head><title>Log in to Facebook</title></head><body><form><input type="password" name="pass"></form></body></html>\n'
ERROR = b'{"error":{"message":"(#80000) There have been too many calls from this ad-account. Wait a bit and try again.","type":"OAuthException",'
ERROR += b'"code":80000,"error_subcode":2446079,"fbtrace_id":"AmadeUp000000000000000"}}'


def graph_of(account: Account, at: datetime, *faults: str) -> Graph:
    """A Graph with one account and one token, at one moment."""
    return Graph((account,), [Token(TOKEN, (account.id,))], lambda: at, Faults(lambda name: name in faults))


def pages(kind: str, page_size: int, *faults: str, account: Account = SMALL, at: datetime = AT, days: int = 2) -> bytes:
    """One file of the set, asked page by page, the token masked."""
    graph = graph_of(account, at, *faults)
    asked: dict[str, Any] = insights_params("ad", page_size) if kind == "insights" else structure_params(kind, page_size)
    if kind == "insights":
        until = account.today(at) - timedelta(days=1)
        asked["time_range"] = {"since": str(until - timedelta(days=days - 1)), "until": str(until)}
    sent = {k: v if isinstance(v, str) else json.dumps(v) for k, v in asked.items()} | {"access_token": TOKEN}
    bodies = []
    while True:
        bodies.append(graph.answer(Call("GET", f"/v26.0/act_{account.id}/{kind}", sent)).body)
        paging = json.loads(bodies[-1]).get("paging", {})
        if "next" not in paging:
            return masked(b"[" + b",".join(bodies) + b"]")
        sent["after"] = paging["cursors"]["after"]


def masked(body: bytes) -> bytes:
    """As it lies in a landing zone."""
    return body.replace(TOKEN.encode(), b"*" * len(TOKEN))


def brought(account: Account = SMALL, at: datetime = AT, *faults: str, **options: Any) -> dict[str, tuple[bytes, dict[str, str]]]:
    """What a run brings, in process: feed attribute -> file as landed, and what was asked."""
    run = Direct(
        graph_of(account, at, *faults), at, "https://graph.facebook.com", platform="metaads", account="default",
        secrets={"access_token": TOKEN}, options=options, feeds=MetaAds.expected(),
    )  # fmt: skip
    found = MetaAds().extract(run)  # type: ignore[arg-type]
    return {c.feed.partition("/")[2]: (masked(bytes(c.body)), dict(c.request)) for c in found}  # type: ignore[arg-type]


def rows(kind: str) -> bytes:
    """The same as the bare list of rows that older dumps hold."""
    return json.dumps([row for page in json.loads(pages(kind, 50)) for row in page["data"]], indent=2).encode()


def export(header: str, *lines: str, encoding: str = "utf-8-sig") -> bytes:
    """A table as Ads Manager writes it."""
    return ("\n".join((header, *lines)) + "\n").encode(encoding)


ENGLISH = "Reporting starts,Reporting ends,Campaign name,Ad set name,Amount spent (USD),Impressions,Reach,Clicks (all),Results"
ENGLISH_DAYS = "Day," + ENGLISH
GERMAN = "Tag;Berichtsstart;Berichtsende;Kampagnenname;Ausgegebener Betrag (EUR);Impressionen;Reichweite;Klicks (alle)"
FRENCH = "Début des rapports,Fin des rapports,Nom de la campagne,Montant dépensé (EUR),Impressions,Couverture"
PERIOD = "2026-02-01,2026-02-28,"
DAILY = "date,campaign_id,campaign_name,campaign_objective,campaign_status,adset_id,adset_name,spend_usd,impressions,clicks,reach,frequency,cpc,cpm,ctr,"
DAILY += "meta_pixel_events,is_active"
DAILY_ROW = "2026-03-01,120200000000000007,Spring,OUTCOME_TRAFFIC,ACTIVE,120200000000000008,Set,23.4,5430,162,4102,1.323744,0.144444,4.309392,2.983425,"
DAILY_ROW += '"{""lead"": 1}",True'
TABLES = {
    "ads_manager/ok-period.csv": export(
        ENGLISH, PERIOD + "Spring single,Broad,310.55,84210,40117,2104,38", PERIOD + '"Tour dates, summer",Genre fans,42.9,9107,6020,311,',
    ),
    "ads_manager/ok-french.csv": export(FRENCH, '2026-02-01,2026-02-28,"Sorties d\'été","1 204,50",301877,120004'),
    "ads_manager/two-currencies.csv": export(ENGLISH.replace("Results", "Cost per result (EUR)"), PERIOD + "Spring single,Broad,310.55,84210,40117,2104,8.17"),
    "ads_manager/broken-off.csv": export(ENGLISH, PERIOD + "Spring single,Broad,310.55,84210,40117,2104,38")[:-24],
    "ads_manager/word-for-number.csv": export(ENGLISH, PERIOD + "Spring single,Broad,a lot,84210,40117,2104,38"),
    "ads_manager/is-days.csv": export(ENGLISH_DAYS, "2026-02-01,2026-02-01,2026-02-01,Spring single,Broad,31.5,8421,4011,210,3"),
    "ads_manager_days/ok-days.csv": export(
        ENGLISH_DAYS, "All," + PERIOD + ",,62.1,17003,9800,401,7", "2026-02-01,2026-02-01,2026-02-01,Spring single,Broad,31.5,8421,4011,210,3",
        "2026-02-02,2026-02-02,2026-02-02,Spring single,Broad,30.6,8582,4102,191,4",
    ),
    "ads_manager_days/ok-german-commas.csv": export(
        GERMAN, "2026-02-01;2026-02-01;2026-02-01;Frühling;1.031,50;84.210;40.117;2.104", "2026-02-02;2026-02-02;2026-02-02;Frühling;30,6;8.582;4.102;191",
    ),
    "ads_manager_days/day-outside.csv": export(ENGLISH_DAYS, "2026-03-01,2026-02-01,2026-02-28,Spring single,Broad,31.5,8421,4011,210,3"),
    "ads_manager_days/same-row-twice.csv": export(ENGLISH_DAYS, *["2026-02-01,2026-02-01,2026-02-01,Spring single,Broad,31.5,8421,4011,210,3"] * 2),
}  # fmt: skip


def _resaved(number: int, spoiled: str) -> str:
    """A row of the daily table whose ids a spreadsheet took for numbers."""
    row = DAILY_ROW.replace("2026-03-01", f"2026-03-0{number + 1}")
    return row.replace("120200000000000007", spoiled).replace("120200000000000008", spoiled)


def _view(*faults: str) -> tuple[bytes, dict[str, str]]:
    return brought(SMALL, AT, *faults, days=3)["campaign_daily"]


def made() -> dict[str, bytes]:
    """Every sample: `feed/name.ext` -> bytes."""
    whole = pages("insights", 4)
    view = _view()[0]
    found = {f"{kind}/ok-pages.json": pages(kind, 4) for kind in SET}
    found |= {f"{kind}/ok-bare-list.json": rows(kind) for kind in SET}
    return found | TABLES | {
        "campaigns/sign-in-page.json": LOGIN, "campaigns/error-body.json": ERROR, "campaigns/new-field.json": pages("campaigns", 50, "new_field"),
        "adsets/float-budget.json": pages("adsets", 50).replace(b'"daily_budget":"', b'"daily_budget":0.0,"spend_cap":"', 1),
        "ads/no-rows.json": b'[{"data":[],"summary":{"total_count":0}}]', "ads/last-page-missing.json": pages("ads", 4, "pages_end_early"),
        "insights/broken-off.json": whole[: len(whole) * 2 // 3], "insights/error-page-inside.json": whole[:-1] + b"," + ERROR + b"]",
        "insights/numbers-for-strings.json": pages("insights", 50, "schema_drift"), "insights/reach-missing.json": pages("insights", 50, "missing_reach"),
        "insights/wrong-cpc.json": pages("insights", 50, "wrong_arithmetic"), "insights/row-twice.json": pages("insights", 50, "duplicate_rows"),
        "insights/outside-range.json": pages("insights", 50, "outside_range"), "insights/is-campaigns.json": pages("campaigns", 50),
        "campaign_daily/ok-three-days.json": view, "campaign_daily/campaign-skipped.json": _view("campaign_hidden")[0],
        "campaign_daily/numbers-for-strings.json": _view("schema_drift")[0],
        "campaign_daily/broken-off.json": view[: len(view) // 2], "campaign_daily/error-body.json": ERROR,
        "campaign_daily/is-insights.json": pages("insights", 50),
        "daily/ok-table.csv": export(DAILY, DAILY_ROW, encoding="utf-8"),
        "daily/ids-in-exponents.csv": export(DAILY, *(_resaved(i, "1.202E+17") for i in (0, 1)), encoding="utf-8"),
        "daily/ids-rounded.csv": export(DAILY, *(_resaved(i, f"1202000000000{i}0000") for i in (0, 1)), encoding="utf-8"),
        "daily/same-day-twice.csv": export(DAILY, DAILY_ROW, DAILY_ROW, encoding="utf-8"),
    }  # fmt: skip


PROVENANCE = {"campaign_daily": {"request": _view()[1], "method": "api"}} | {kind: {"method": "api"} for kind in SET}
PROVENANCE |= {feed: {"method": "manual", "source_system": "upload"} for feed in ("ads_manager", "ads_manager_days", "daily")}
