"""drift: the headless way to accept what a platform changed."""

from __future__ import annotations

from pathlib import Path

from cli_house import Bedrot

SAMPLE = Path(__file__).parents[2] / "extractors/toolost/samples/apple/ok-new-fields.json"


def test_drift_is_shown_accepted_listed_and_taken_back(bedrot: Bedrot) -> None:
    """Two unknown fields: one is accepted, the file is validated again at once and tells it as a note; taken back, it drifts again."""
    name = bedrot("land", "--json", "--feed", "toolost/apple", SAMPLE).records[0]["id"]
    bedrot("validate", name)
    shown = {r["seen"]: r for r in bedrot("drift", "show", name, "--json").records if r["code"] == "schema.drift"}
    assert set(shown) == {"saves", "currency"} and all(r["why_not"] is None for r in shown.values())
    said = bedrot("drift", "accept", name, shown["saves"]["number"], "--reason", "announced", "--json")
    made, report = said.records
    assert (made["place"], made["version"], made["reason"]) == ("/totalStreams/*/saves", "1.1", "announced")
    assert {f["seen"]: f["code"] for f in report["findings"] if f["stage"] == "schema"} == {
        "saves": "schema.drift-accepted",
        "currency": "schema.drift",
    }
    old, now = shown["saves"]["report"], bedrot("drift", "show", name, "--json").records
    assert {r["report"] for r in now} == {report["report"]} != {old}
    assert f"report {now[0]['report']}\n" in bedrot("drift", "show", name).out
    number = next(r["number"] for r in now if r["seen"] == "currency")
    refused = bedrot("drift", "accept", name, number, "--report", old)
    assert refused.code == 7 and "not the latest" in refused.err and f"bedrot drift show {name}" in refused.err
    again = bedrot("drift", "accept", name, number, "--report", now[0]["report"], "--no-validate")
    assert again.code == 0 and "schema.drift at /currency currency" in again.out
    bedrot("drift", "revoke", again.out.split()[0])
    assert "/totalStreams/*/saves" in bedrot("drift", "list").out and bedrot("drift", "list", "--json").records[0]["in_journal"]
    assert bedrot("drift", "accept", name, 1).code == 7, "an old capture is no drift"
    assert bedrot("drift", "accept", name, 99).code == 2
    assert bedrot("audit", "show", "--kind", "drift-accepted", "--json").records[0]["data"]["acceptance"] == made["id"]
    assert bedrot("drift", "revoke", made["id"]).code == 0
    assert "taken back" in bedrot("drift", "list").out
    assert (
        sorted(r["code"] for r in bedrot("drift", "show", name, "--json").records if r["seen"] in shown) == ["schema.drift"] * 2
    )
