"""Google's published discovery documents hold for both sides: every request of the extractor, and every answer of the stand-in.

The documents are those that Google's own client brings along; the shared ones, where they are at hand, must say the same.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import googleapiclient.discovery_cache
import jsonschema
import pytest
from youtube_support import SHARED, bench_of

from extractors.youtube import api, queries
from extractors.youtube.simulated import google, lists, reports

BUNDLED = Path(googleapiclient.discovery_cache.__file__).parent / "documents"
Asked = list[tuple[str, dict[str, list[str]], int, bytes]]


def bundled() -> list[dict[str, Any]]:
    return [json.loads((BUNDLED / f"{name}.json").read_bytes()) for name in ("youtube.v3", "youtubeAnalytics.v2")]


def shared() -> list[dict[str, Any]]:
    return [
        json.loads((SHARED / name).read_bytes())
        for name in ("youtube.v3.discovery.extract.json", "youtubeAnalytics.v2.discovery.json")
    ]


class Still:
    """A clock that stands still; nothing waits here."""

    def now(self) -> datetime:
        return datetime(2026, 3, 2, 12, tzinfo=UTC)

    def monotonic(self) -> float:
        return 0.0

    def sleep(self, seconds: float) -> None: ...


SOURCES = [
    pytest.param(bundled, id="bundled"),
    pytest.param(
        shared, id="shared", marks=[pytest.mark.shared, pytest.mark.skipif(not SHARED.is_dir(), reason="no shared samples here")]
    ),
]


def methods(documents: list[dict[str, Any]]) -> dict[str, tuple[dict[str, Any], dict[str, Any]]]:
    """Path -> (method, its document), for every GET method."""
    found: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {}
    for document in documents:
        for resource in document["resources"].values():
            for method in resource.get("methods", {}).values():
                if method["httpMethod"] == "GET":
                    found["/" + document["servicePath"] + method["flatPath"]] = (method, document)
    return found


def complaints(path: str, params: dict[str, list[str]], known: dict[str, tuple[dict[str, Any], dict[str, Any]]]) -> Iterator[str]:
    """What the documents have against a request."""
    if path not in known:
        yield f"no such method: {path}"
        return
    method, document = known[path]
    every = {**document["parameters"], **method["parameters"]}
    for name, declared in every.items():
        required = declared.get("required") or "required: true" in declared.get("description", "")
        if required and name not in params:
            yield f"{path}: {name} is missing"
    for name, values in params.items():
        declared = every.get(name)
        if declared is None:
            yield f"{path}: {name} is unknown"
            continue
        if len(values) > 1 and not declared.get("repeated"):
            yield f"{path}: {name} is repeated"
        for value in values:
            yield from (f"{path}: {name} {why}" for why in _value(value, declared))


def _value(value: str, declared: dict[str, Any]) -> Iterator[str]:
    kind = declared["type"]
    if kind == "boolean" and value not in ("true", "false"):
        yield "is no boolean"
    if kind == "integer":
        if not value.isdecimal():
            yield "is no number"
        elif not int(declared.get("minimum", 0)) <= int(value) <= int(declared.get("maximum", 2**31 - 1)):
            yield "is out of bounds"
    if "enum" in declared and value not in declared["enum"]:
        yield "is none of the declared values"
    pattern = re.search(r'pattern: "?([^"\s]+)"?', declared.get("description", ""))
    if pattern and not re.fullmatch(pattern[1].rstrip('."'), value):
        yield f"does not match {pattern[1]}"


def schema_of(document: dict[str, Any], name: str) -> dict[str, Any]:
    """A schema of a discovery document as JSON Schema, closed: a property that it does not name is a violation."""

    def converted(value: Any) -> Any:
        if "$ref" in value:
            return {"$ref": f"#/$defs/{value['$ref']}"}
        kind = value.get("type")
        if kind == "any":
            return {}
        out: dict[str, Any] = {"type": kind}
        if kind == "object" and "properties" in value:
            out |= {"properties": {k: converted(v) for k, v in value["properties"].items()}, "additionalProperties": False}
        if kind == "array":
            out["items"] = converted(value["items"])
        if "enum" in value:
            out["enum"] = value["enum"]
        if value.get("format") in ("uint64", "int64"):
            out["pattern"] = "^[0-9]{1,20}$"
        if value.get("format") in ("date-time", "google-datetime"):
            out["pattern"] = "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]+)?Z$"
        return out

    return {"$ref": f"#/$defs/{name}", "$defs": {n: converted(s) for n, s in document["schemas"].items()}}


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Asked:
    """Every API call of the runs of all accounts, in the good case and where reports are refused."""
    calls: Asked = []
    clock = Still()
    for faults in ((), ("metric_refused",), ("report_refused",), ("revenue_not_granted",), ("analytics_quota_exceeded",)):
        with bench_of(tmp_path_factory.mktemp("run"), clock, *faults) as bench:
            for account in ("default", "yoru", "label", "newcomer") if not faults else ("default",):
                bench.run(account=account)
            calls += bench.simulator.asked  # type: ignore[attr-defined]
    return calls


@pytest.mark.parametrize("source", SOURCES)
def test_youtube_every_request_is_one_that_the_documents_know(asked: Asked, source: Any) -> None:
    """Paths, parameters, required ones, numbers, booleans, patterns: nothing is asked that Google does not publish."""
    known = methods(source())
    assert {path for path, *_ in asked} == {
        "/youtube/v3/channels",
        "/youtube/v3/playlistItems",
        "/youtube/v3/videos",
        "/v2/reports",
    }
    found = [why for path, params, _, _ in asked for why in complaints(path, params, known)]
    assert not found, found[:5]
    assert len(asked) > 60


@pytest.mark.parametrize("source", SOURCES)
def test_youtube_every_answer_of_the_stand_in_fits_the_documents(asked: Asked, source: Any) -> None:
    """Each good answer is valid against the schema of its method, with no property that the schema does not name."""
    known = methods(source())
    validators: dict[str, Any] = {}
    for path, body in sorted({(path, body) for path, _, status, body in asked if status == 200}):
        method, document = known[path]
        if path not in validators:
            validators[path] = jsonschema.Draft202012Validator(schema_of(document, method["response"]["$ref"]))
        trouble = next(validators[path].iter_errors(json.loads(body)), None)
        assert trouble is None, f"{path} at {trouble.json_path}: {trouble.message[:200]}"  # type: ignore[union-attr]
    assert len(validators) == 4


@pytest.mark.parametrize("source", SOURCES)
def test_youtube_the_judge_of_requests_finds_what_is_wrong(source: Any) -> None:
    """The rules above are not empty: unknown paths and parameters, missing and malformed ones are each named."""
    known = methods(source())
    good = {k: [v] for k, v in queries.DAILY.params("UC" + "x" * 22, date(2026, 2, 1), date(2026, 2, 2)).items()}
    assert not list(complaints("/v2/reports", good, known))
    for change, word in (
        ({"unicorn": ["1"]}, "unknown"), ({"startDate": ["tomorrow"]}, "does not match"), ({"maxResults": ["many"]}, "no number"),
        ({"ids": ["channel=UC"]}, "does not match"), ({"metrics": ["views", "likes"]}, "repeated"), ({"includeHistoricalChannelData": ["yes"]}, "no boolean"),
    ):  # fmt: skip
        assert any(word in why for why in complaints("/v2/reports", good | change, known)), change
    assert any("ids is missing" in why for why in complaints("/v2/reports", {k: v for k, v in good.items() if k != "ids"}, known))
    assert any(
        "out of bounds" in why for why in complaints("/youtube/v3/channels", {"part": ["id"], "maxResults": ["51"]}, known)
    )
    assert any("part is missing" in why for why in complaints("/youtube/v3/channels", {"mine": ["true"]}, known))
    assert list(complaints("/youtube/v3/search2", {}, known))


@pytest.mark.parametrize("source", SOURCES)
def test_youtube_names_and_addresses_are_those_of_the_documents(source: Any) -> None:
    """The stand-in takes exactly the parameters of each method, and the extractor's addresses and scopes are the published ones."""
    documents = source()
    known = methods(documents)
    for path, names in (
        ("/youtube/v3/channels", lists.CHANNEL_PARAMS), ("/youtube/v3/playlistItems", lists.ITEM_PARAMS), ("/youtube/v3/videos", lists.VIDEO_PARAMS),
        ("/v2/reports", reports.PARAMS),
    ):  # fmt: skip
        assert set(known[path][0]["parameters"]) == set(names)
        assert set(known[path][1]["parameters"]) == google.OF_EVERY_METHOD
    assert [d["rootUrl"] for d in documents] == [api.DATA + "/", api.ANALYTICS + "/"]
    short = {p: {s.removeprefix(api.SCOPE) for s in known[p][0].get("scopes", ())} for p in known}
    assert short["/youtube/v3/videos"] == api.READS_CHANNEL == google.READS_CHANNEL
    assert short["/v2/reports"] == api.READS_REPORTS == google.READS_REPORTS
    assert short["/youtube/v3/channels"] >= api.READS_CHANNEL
