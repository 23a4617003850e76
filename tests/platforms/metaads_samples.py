"""Makes the samples beside the Meta Ads and manual extractors, and the reports expected for them: `python tests/platforms/metaads_samples.py`."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path[:0] = [str(Path(__file__).resolve().parents[2]), str(Path(__file__).resolve().parent)]

from metaads_support import DUMP, REGISTRY, SMALL, sidecar
from test_manual_feeds import FINANCIAL, REPORTS, ROYALTIES

from bedrot_console.domain.findings import Report
from bedrot_console.inspection.jobs import Job
from bedrot_console.inspection.stages import inspect
from extractors.metaads.extractor import insights_params, structure_params
from extractors.metaads.simulated.faults import Faults
from extractors.metaads.simulated.graph import Call, Graph, Token

AT = datetime(2026, 3, 2, 12, tzinfo=UTC)
FACTS = ("rows", "first_day", "last_day", "totals", "pages", "shape", "accounts", "currency", "kind", "sheets")
LOGIN = b'<!DOCTYPE html>\n<html lang="en"><head><title>Log in to Facebook</title></head><body><form><input type="password" name="pass"></form></body></html>\n'
ERROR = b'{"error":{"message":"(#80000) There have been too many calls from this ad-account. Wait a bit and try again.","type":"OAuthException",'
ERROR += b'"code":80000,"error_subcode":2446079,"fbtrace_id":"AmadeUp000000000000000"}}'


def pages(kind: str, page_size: int, *faults: str) -> bytes:
    """One small file of a made-up account, pages as sent, the token masked."""
    account = SMALL[0]
    token = "EAABmadeup" + "Zq7" * 10
    graph = Graph((account,), [Token(token, (account.id,))], lambda: AT, Faults(lambda name: name in faults))
    asked: dict[str, Any] = insights_params("ad", page_size) if kind == "insights" else structure_params(kind, page_size)
    if kind == "insights":
        asked["time_range"] = {"since": "2026-02-28", "until": "2026-03-01"}
    sent = {k: v if isinstance(v, str) else json.dumps(v) for k, v in asked.items()} | {"access_token": token}
    bodies = []
    while True:
        bodies.append(graph.answer(Call("GET", f"/v26.0/act_{account.id}/{kind}", sent)).body)
        paging = json.loads(bodies[-1]).get("paging", {})
        if "next" not in paging:
            return (b"[" + b",".join(bodies) + b"]").replace(token.encode(), b"*" * len(token))
        sent["after"] = paging["cursors"]["after"]


def rows(kind: str) -> bytes:
    """The same as the bare list of rows that older dumps hold."""
    return json.dumps([row for page in json.loads(pages(kind, 50)) for row in page["data"]], indent=2).encode()


def metaads_samples() -> dict[str, bytes]:
    """Every sample by its path under the platform's `samples/`."""
    whole = pages("insights", 4)
    made = {f"{kind}/ok-pages.json": pages(kind, 4) for kind in DUMP}
    made |= {f"{kind}/ok-bare-list.json": rows(kind) for kind in DUMP}
    made |= {
        "campaigns/sign-in-page.json": LOGIN, "campaigns/error-body.json": ERROR, "campaigns/new-field.json": pages("campaigns", 50, "new_field"),
        "adsets/float-budget.json": pages("adsets", 50).replace(b'"daily_budget":"', b'"daily_budget":0.0,"spend_cap":"', 1),
        "ads/no-rows.json": b'[{"data":[],"summary":{"total_count":0}}]', "ads/last-page-missing.json": pages("ads", 4, "pages_end_early"),
        "insights/broken-off.json": whole[: len(whole) * 2 // 3], "insights/error-page-inside.json": whole[:-1] + b"," + ERROR + b"]",
        "insights/numbers-for-strings.json": pages("insights", 50, "schema_drift"), "insights/reach-missing.json": pages("insights", 50, "missing_reach"),
        "insights/wrong-cpc.json": pages("insights", 50, "wrong_arithmetic"), "insights/row-twice.json": pages("insights", 50, "duplicate_rows"),
        "insights/outside-range.json": pages("insights", 50, "outside_range"),
        "insights/is-campaigns.json": pages("campaigns", 50),
    }  # fmt: skip
    return made


def manual_samples() -> dict[str, bytes]:
    """Tables only: documents are made in the tests."""
    return {
        "financial_data/royalties.csv": ROYALTIES, "financial_data/statement-with-preamble.csv": FINANCIAL["statement with a preamble"],
        "financial_data/invoices-utf16.tsv": FINANCIAL["invoices in UTF-16"], "financial_data/broken-off.csv": ROYALTIES[:-12],
        "financial_data/payouts.json": FINANCIAL["JSON of payouts"], "external_reports/views.csv": REPORTS["views"],
        "external_reports/is-royalties.csv": ROYALTIES,
    }  # fmt: skip


def expected(platform: str, path: Path) -> dict[str, object]:
    """What a sample's `.report.json` holds: verdict, stages, findings by code and place, and the plain facts."""
    report = inspected(platform, path)
    return {
        "captured_at": "2026-03-02T12:00:00Z", "verdict": report.verdict.value,
        "stages": {s.stage: s.outcome.value for s in report.stages},
        "findings": [{"code": f.code, "severity": f.severity.value, "stage": f.stage, "place": str(f.place), "count": f.count} for f in report.findings],
        "facts": {name: report.facts[name] for name in FACTS if name in report.facts},
    }  # fmt: skip


def inspected(platform: str, path: Path) -> Report:
    feeds = REGISTRY.load(platform).feeds
    feed = feeds[path.parent.name]
    data = path.read_bytes()
    others = tuple(f for f in feeds.values() if f.name != feed.name)
    return inspect(
        Job(feed=feed, payload=path, sidecar=sidecar(feed, data, AT), now=AT, report_id="report", feeds=others, rules="test")
    )


def samples_of(platform: str) -> list[Path]:
    return sorted(p for p in (REGISTRY.folder / platform / "samples").glob("*/*") if not p.name.endswith(".report.json"))


def write() -> None:
    for platform, made in (("metaads", metaads_samples()), ("manual", manual_samples())):
        for name, body in made.items():
            target = REGISTRY.folder / platform / "samples" / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(body)
            record = json.dumps(expected(platform, target), indent=1, ensure_ascii=False) + "\n"
            target.with_name(target.name + ".report.json").write_text(record)


if __name__ == "__main__":
    write()
