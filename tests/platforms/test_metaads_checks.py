"""Inspection of Meta Ads dumps: a clean year passes, each of many mutations is stopped, genuine shapes are read."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from metaads_support import DUMP, FEEDS, METAADS, SMALL, Desk, codes, errors, sidecar, worst

from bedrot_console.domain.findings import Report, Severity
from bedrot_console.domain.lifecycle import Verdict
from bedrot_console.inspection import schema
from bedrot_console.inspection.jobs import Job
from bedrot_console.inspection.stages import inspect
from extractors.metaads import dumps, insight_checks
from extractors.metaads.simulated.samples import TOKEN, pages
from extractors.metaads.simulated.world import ACCOUNTS, Account

ONE_AD = replace(SMALL, ads_each=1)
AT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
SHARED = Path(__file__).resolve().parents[3] / "shared" / "samples" / "metaads"


def dump(at: datetime, account: Account = SMALL, page_size: int = 200) -> dict[str, bytes]:
    """One set as the extractor lands it, made in process: kind -> masked bytes."""
    return {kind: pages(kind, page_size, account=account, at=at, days=28) for kind in DUMP}


def test_metaads_a_clean_year_has_no_false_stop(tmp_path: Path) -> None:
    """Two years in steps of a month, each judged against the one before: no error and no warning on any file."""
    desk = Desk(tmp_path)
    for day in range(0, 730, 30):
        at = AT + timedelta(days=day)
        reports = desk.reports(dump(at, ONE_AD), at)
        assert worst(reports) == set(), (at, [f for r in reports.values() for f in r.findings])


def test_metaads_yen_and_big_accounts_are_clean_too(tmp_path: Path) -> None:
    """A currency without decimals and an account of three pages pass as well."""
    for account in ACCOUNTS[:2]:
        folder = tmp_path / account.id
        folder.mkdir()
        desk = Desk(folder)
        for day in (0, 1, 9):
            at = AT + timedelta(days=day)
            assert worst(desk.reports(dump(at, account, 150), at)) == set()


def test_metaads_late_attribution_is_told_not_blamed(tmp_path: Path) -> None:
    """A day later earlier figures differ: a note, and the set still passes."""
    desk = Desk(tmp_path)
    desk.reports(dump(AT), AT)
    reports = desk.reports(dump(AT + timedelta(days=1)), AT + timedelta(days=1))
    assert "volume.rows-revised" in codes(reports["insights"], Severity.NOTE)
    assert reports["insights"].verdict is Verdict.PASSED


# Mutations: each takes the set of a day and spoils it.

Bodies = dict[str, bytes]
Change = Callable[[Any], None]


def edit(kind: str, change: Change) -> Callable[[Bodies, random.Random], Bodies]:
    """Change the parsed pages of one file."""

    def mutate(bodies: Bodies, rng: random.Random) -> Bodies:
        pages = json.loads(bodies[kind])
        change(pages)
        return bodies | {kind: json.dumps(pages, separators=(",", ":")).encode()}

    return mutate


def cell(kind: str, name: str, value: Any) -> Callable[[Bodies, random.Random], Bodies]:
    """Set one cell of one row; DROP takes it out."""

    def mutate(bodies: Bodies, rng: random.Random) -> Bodies:
        pages = json.loads(bodies[kind])
        rows = [r for p in pages for r in p["data"] if name in r]
        row = rng.choice(rows)
        if value is DROP:
            del row[name]
        else:
            row[name] = value(row[name]) if callable(value) else value
        return bodies | {kind: json.dumps(pages, separators=(",", ":")).encode()}

    return mutate


def raw(kind: str, change: Callable[[bytes, random.Random], bytes]) -> Callable[[Bodies, random.Random], Bodies]:
    return lambda bodies, rng: bodies | {kind: change(bodies[kind], rng)}


DROP = object()
LOGIN = (
    b"<!DOCTYPE html><html><head><title>Log in to Facebook</title></head><body><form><input type='password'></form></body></html>"
)
EXPIRED = b'{"error":{"message":"Session has expired","type":"OAuthException","code":190,"error_subcode":463,"fbtrace_id":"Ax"}}'


def mutations() -> Iterator[tuple[str, Callable[[Bodies, random.Random], Bodies]]]:
    for kind in DUMP:
        yield f"{kind} is a sign-in page", raw(kind, lambda b, r: LOGIN)
        yield f"{kind} is an error body", raw(kind, lambda b, r: EXPIRED)
        yield f"{kind} holds an error page", raw(kind, lambda b, r: b[:-1] + b"," + EXPIRED + b"]")
        yield f"{kind} is cut", raw(kind, lambda b, r: b[: r.randrange(2, len(b) - 1)])
        yield f"{kind} is cut again", raw(kind, lambda b, r: b[: r.randrange(2, len(b) - 1)])
        yield f"{kind} lost its last bracket", raw(kind, lambda b, r: b[:-1])
        yield f"{kind} has something behind it", raw(kind, lambda b, r: b + b"{}")
        yield f"{kind} is empty", raw(kind, lambda b, r: b"")
        yield f"{kind} is null", raw(kind, lambda b, r: b"null")
        yield f"{kind} is UTF-16", raw(kind, lambda b, r: b.decode().encode("utf-16"))
        yield f"{kind} is zeros", raw(kind, lambda b, r: bytes(len(b)))
        yield (
            f"{kind} holds a token",
            raw(
                kind,
                lambda b, r: b.replace(
                    b'"paging":{', b'"paging":{"previous":"https:\\/\\/x?access_token=' + TOKEN.encode() + b'",'
                ),
            ),
        )
        yield (
            f"{kind} holds a proof",
            raw(
                kind,
                lambda b, r: b.replace(
                    b'"paging":{', b'"paging":{"previous":"https:\\/\\/x?appsecret_proof=' + b"ab" * 32 + b'",'
                ),
            ),
        )
        yield (
            f"{kind} says that there is more",
            edit(kind, lambda p: p[-1]["paging"].update(next="https://graph.facebook.com/v26.0/x?after=Q")),
        )
        yield f"{kind} has a row twice", edit(kind, lambda p: p[0]["data"].insert(1, p[0]["data"][0]))
        yield f"{kind} has rows that are lists", edit(kind, lambda p: p[0].update(data=[[1, 2]]))
        yield f"{kind} has no data", edit(kind, lambda p: p[0].pop("data"))
        yield f"{kind} is suddenly empty", edit(kind, lambda p: (p.clear(), p.append({"data": []})))
        yield (
            f"{kind} is of another account",
            edit(kind, lambda p: [r.update(account_id="1000000000000009") for q in p for r in q["data"]]),
        )
        yield f"{kind} has one row of another account", cell(kind, "account_id", "1000000000000009")
        other = {"campaigns": "ads", "adsets": "insights", "ads": "adsets", "insights": "campaigns"}[kind]
        yield f"{kind} is {other}", lambda b, r, kind=kind, other=other: b | {kind: b[other]}
    for kind in ("campaigns", "adsets", "ads"):
        for name in ("id", "name", "status"):
            yield f"{kind} lacks {name}", cell(kind, name, DROP)
        yield f"{kind} has a number for an id", cell(kind, "id", lambda v: int(v))
        yield f"{kind} has letters in an id", cell(kind, "id", "act_x")
        yield f"{kind} has a float for a time", cell(kind, "created_time", 1.5)
        yield f"{kind} has a time without offset", cell(kind, "created_time", "2026-01-01T00:00:00")
        yield f"{kind} was created in the future", cell(kind, "created_time", "2027-01-01T00:00:00-0800")
        yield f"{kind} lost a row", edit(kind, lambda p: p[0]["data"].pop())
    yield "a budget is a float", cell("adsets", "daily_budget", 600.0)
    yield "a budget is negative", cell("adsets", "daily_budget", "-600")
    yield "an ad set lost its campaign", cell("adsets", "campaign_id", DROP)
    yield "an ad lost its ad set", cell("ads", "adset_id", DROP)
    for name in ("impressions", "spend", "date_start", "date_stop", "ad_id"):
        yield f"insights lack {name}", cell("insights", name, DROP)
    for name in ("impressions", "clicks", "reach", "spend"):
        yield f"{name} is a number", cell("insights", name, 12)
        yield f"{name} is negative", cell("insights", name, "-12")
        yield f"{name} has a comma", cell("insights", name, "1,234")
        yield f"{name} is a word", cell("insights", name, "NaN")
        yield f"{name} is null", cell("insights", name, None)
    for name in ("cpc", "cpm", "ctr", "frequency"):
        yield f"{name} is wrong", cell("insights", name, lambda v: str(round(float(v) * 1.01 + 0.01, 6)))
    yield "ctr is a share, not percent", cell("insights", "ctr", lambda v: f"{float(v) / 100:.6f}")
    yield "spend is in cents", cell("insights", "spend", lambda v: str(round(float(v) * 100)))
    yield "reach is above impressions", cell("insights", "reach", "99999999")
    yield "a day is written the German way", cell("insights", "date_start", "01.02.2026")
    yield "a day does not exist", cell("insights", "date_start", "2026-02-31")
    yield "a day lies ahead", cell("insights", "date_stop", "2026-04-01")
    yield (
        "a day lies outside the range",
        edit("insights", lambda p: p[0]["data"][0].update(date_start="2026-01-01", date_stop="2026-01-01")),
    )
    yield "a row ends before it begins", cell("insights", "date_stop", "2026-01-15")
    yield (
        "a row spans a week",
        edit("insights", lambda p: p[0]["data"][-1].update(date_stop="2026-03-01", date_start="2026-02-22")),
    )
    yield "actions are no list", cell("insights", "actions", {"link_click": "3"})
    yield "an action's value is a number", cell("insights", "actions", [{"action_type": "link_click", "value": 3}])
    yield "an action has no type", cell("insights", "actions", [{"value": "3"}])
    yield (
        "an action comes twice",
        cell("insights", "actions", [{"action_type": "link_click", "value": "3"}, {"action_type": "link_click", "value": "4"}]),
    )
    yield "NaN stands in it", raw("insights", lambda b, r: b.replace(b'"clicks":"', b'"x":NaN,"clicks":"', 1))
    yield "a key comes twice", raw("insights", lambda b, r: b.replace(b'"clicks":"', b'"clicks":"1","clicks":"', 1))
    yield (
        "older rows vanished",
        edit("insights", lambda p: p[0].update(data=[r for r in p[0]["data"] if r["date_start"] != "2026-02-20"])),
    )
    yield (
        "one ad vanished",
        edit("insights", lambda p: p[0].update(data=[r for r in p[0]["data"] if r["ad_id"] != p[0]["data"][0]["ad_id"]])),
    )
    yield (
        "the newest ten days are missing",
        edit("insights", lambda p: p[0].update(data=[r for r in p[0]["data"] if r["date_start"] < "2026-02-20"])),
    )


MUTATIONS = dict(mutations())


@pytest.fixture(scope="module")
def clean() -> tuple[Bodies, Bodies]:
    return dump(AT), dump(AT + timedelta(days=1))


@pytest.fixture(scope="module")
def known(clean: tuple[Bodies, Bodies], tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A desk that has seen the clean set of the day before."""
    desk = Desk(tmp_path_factory.mktemp("desk"))
    assert worst(desk.reports(clean[0], AT)) == set()
    return desk


@pytest.mark.parametrize("name", MUTATIONS)
def test_metaads_mutation_is_stopped(clean: tuple[Bodies, Bodies], known: Desk, name: str) -> None:
    """A spoiled set has at least one file that fails, so that it cannot be promoted unseen."""
    spoiled = MUTATIONS[name](clean[1], random.Random(name))
    assert spoiled != clean[1]
    reports = known.reports(spoiled, AT + timedelta(days=1), keep=False)
    assert any(r.verdict is Verdict.FAILED for r in reports.values()), [f for r in reports.values() for f in r.findings]


JUNK: tuple[Any, ...] = (
    None, True, -1, 1e30, "", [], {}, [[]], {"a": {}}, "9" * 300, "\x00", "2026-13-45", ["x"], {"action_type": 1}, "NaN", 12345678901234567890, "\u202e",
)  # fmt: skip


def test_metaads_junk_never_makes_a_check_stumble(clean: tuple[Bodies, Bodies], known: Desk) -> None:
    """Values of any type in any cell, page or summary are judged; no check gives up on them."""
    rng = random.Random(7)
    for _ in range(40):
        kind = rng.choice(DUMP)
        pages = json.loads(clean[1][kind])
        for _ in range(rng.randrange(1, 6)):
            page, row = pages[0], rng.randrange(len(pages[0]["data"]))
            if rng.random() < 0.2:
                page["summary"][rng.choice(["impressions", "date_start", "date_stop", "total_count", "spend"])] = rng.choice(JUNK)
            elif isinstance(page["data"][row], dict):
                page["data"][row][rng.choice(list(page["data"][row]))] = rng.choice(JUNK)
        spoiled = clean[1] | {kind: json.dumps(pages).encode()}
        for report in known.reports(spoiled, AT + timedelta(days=1), keep=False, only=(kind,)).values():
            assert "consistency.check-failed" not in codes(report), report.findings


def test_metaads_more_than_a_hundred_mutations_are_tried() -> None:
    """The list of mutations is long, and names are unique."""
    assert len(MUTATIONS) >= 150


@pytest.mark.parametrize("cut", range(6))
def test_metaads_dropped_page_is_found(tmp_path: Path, cut: int) -> None:
    """Any page that is missing, first, middle or last, fails the file."""
    bodies = dump(AT, ACCOUNTS[0], 70)
    pages = json.loads(bodies["insights"])
    assert len(pages) == 6
    del pages[cut]
    reports = Desk(tmp_path).reports(bodies | {"insights": json.dumps(pages).encode()}, AT)
    found = codes(reports["insights"], Severity.ERROR, Severity.WARNING)
    assert "completeness.sum-differs" in found
    assert cut != 5 or "completeness.pages-missing" in errors(reports["insights"])


def test_metaads_archived_parent_is_only_a_warning(tmp_path: Path) -> None:
    """A row of a campaign that the list leaves out (archived) warns and passes no judgement."""
    bodies = dump(AT)
    pages = json.loads(bodies["campaigns"])
    pages[0]["data"].pop(2)
    pages[0]["summary"]["total_count"] -= 1
    report = Desk(tmp_path).reports(bodies | {"campaigns": json.dumps(pages).encode()}, AT)["insights"]
    assert "consistency.unknown-parent" in codes(report, Severity.WARNING) and not errors(report)


def test_metaads_idle_account_is_no_error(tmp_path: Path) -> None:
    """With no campaign running, a set without one insights row is only a warning."""
    bodies = dump(AT)
    campaigns = json.loads(bodies["campaigns"])
    for row in campaigns[0]["data"]:
        row["effective_status"] = row["status"] = "PAUSED"
    idle = bodies | {"campaigns": json.dumps(campaigns).encode(), "insights": b'[{"data":[]}]'}
    report = Desk(tmp_path).reports(idle, AT)["insights"]
    assert not errors(report) and "completeness.no-rows" in codes(report, Severity.WARNING)
    busy = bodies | {"insights": b'[{"data":[]}]'}
    assert "freshness.nothing-delivered" in errors(Desk(tmp_path).reports(busy, AT)["insights"])


def test_metaads_configured_account_is_held_to(tmp_path: Path) -> None:
    """A run whose account is an ad account accepts no other account's rows, even in its first capture."""
    bodies = dump(AT)
    assert worst(Desk(tmp_path, account="act_1000000000000001").reports(bodies, AT)) == set()
    reports = Desk(tmp_path, account="act_1000000000000002").reports(bodies, AT)
    assert all("consistency.wrong-account" in errors(r) for r in reports.values())


def test_metaads_conversions_above_clicks_are_no_error(tmp_path: Path) -> None:
    """View-through conversions may outnumber clicks."""
    bodies = dump(AT)
    pages = json.loads(bodies["insights"])
    pages[0]["data"][0]["actions"] = [{"action_type": "offsite_conversion.fb_pixel_purchase", "value": "99999"}]
    assert not errors(Desk(tmp_path).reports(bodies | {"insights": json.dumps(pages).encode()}, AT)["insights"])


@pytest.mark.parametrize("kind", DUMP)
def test_metaads_older_shapes_are_read(tmp_path: Path, kind: str) -> None:
    """The bare list of older dumps and a single envelope hold the same rows as our pages, and places point into the file as it lies."""
    body = dump(AT)[kind]
    rows = [r for p in json.loads(body) for r in p["data"]]
    feed = METAADS.feeds[kind]
    for shape, spelled, pointer in (
        ("list", rows, "/0/id"),
        ("envelope", {"data": rows}, "/data/0/id"),
        ("pages", json.loads(body), "/0/data/0/id"),
    ):
        data = json.dumps(spelled).encode()
        assert feed.recognise is not None and feed.recognise(data)
        content = feed.parse(data)  # type: ignore[misc]
        assert content.facts["shape"] == shape and len(content) == len(rows) and content.pointer(0, "id") == pointer
        path = tmp_path / "file.json"
        path.write_bytes(data)
        report = inspect(
            Job(feed=feed, payload=path, sidecar=sidecar(feed, data, AT), now=AT, report_id="r", feeds=FEEDS, rules="t")
        )
        assert not errors(report), report.findings


@pytest.mark.parametrize("kind", DUMP)
def test_metaads_each_file_is_recognised_by_its_own_feed(kind: str) -> None:
    """Of all feeds of the platform one alone takes each file, whatever its name; a page without rows could be any of the four."""
    body = dump(AT)[kind]
    assert [f.name for f in FEEDS if f.recognise is not None and f.recognise(body[: 1 << 16])] == [f"metaads/{kind}"]
    assert METAADS.feeds[kind].recognise(b'[{"data":[]}]')  # type: ignore[misc]


def test_metaads_daily_table_is_taken_as_an_upload(tmp_path: Path) -> None:
    """The transformed daily table of the older pipeline is recognised and checked, and no run expects it."""
    header = "date,campaign_id,campaign_name,campaign_objective,campaign_status,adset_id,adset_name,spend_usd,impressions,clicks,reach,frequency,cpc,cpm,ctr,meta_pixel_events,is_active"
    line = '2026-03-01,120200000000000007,Spring,OUTCOME_TRAFFIC,ACTIVE,120200000000000008,Set,23.4,5430,162,4102,1.323744,0.144444,4.309392,2.983425,"{""lead"": 1}",True'
    data = f"{header}\n{line}\n".encode()
    feed = METAADS.feeds["daily"]
    assert [f.name for f in FEEDS if f.recognise is not None and f.recognise(data)] == ["metaads/daily"]
    path = tmp_path / "daily.csv"
    path.write_bytes(data)
    report = inspect(Job(feed=feed, payload=path, sidecar=sidecar(feed, data, AT), now=AT, report_id="r", feeds=FEEDS, rules="t"))
    assert report.verdict is Verdict.PASSED, report.findings
    assert "metaads/daily" not in METAADS.expected()


@pytest.mark.parametrize("kind", DUMP)
def test_metaads_schema_means_the_same_to_both_validators(kind: str) -> None:
    """The fast validator and the reference agree on good and on spoiled documents in every shape."""
    path = METAADS.feeds[kind].schema
    assert path is not None
    body = json.loads(dump(AT)[kind])
    rows = [r for p in body for r in p["data"]][:3]
    spoiled = [{**rows[0], "status": 7, "impressions": 7, "unknown": 1}, *rows[1:]]
    for document in (body, rows, {"data": rows}, spoiled, {"data": spoiled}, [{"data": spoiled, "odd": 1}], {"data": 5}, 5, [5]):
        fast = {(tuple(p), k) for p, k, _, _ in schema.violations(path, document)}
        slow = set(schema.reference_violations(path, document))
        assert bool(fast) == bool(slow)


def inspect_sample(feed: Any, payload: Path, captured: datetime) -> Report:
    data = payload.read_bytes()
    return inspect(
        Job(
            feed=feed, payload=payload, sidecar=sidecar(feed, data, captured), now=captured, report_id="r", feeds=FEEDS, rules="t"
        )
    )


@pytest.mark.shared
@pytest.mark.skipif(not SHARED.is_dir(), reason="no shared samples here")
def test_metaads_genuine_rows_are_read() -> None:
    """Genuine insights rows hold to the arithmetic and the types; that they span half a year is a warning."""
    payload = SHARED / "insights_campaign_level_2024H1.json"
    report = inspect_sample(METAADS.feeds["insights"], payload, datetime(2024, 7, 18, 12, tzinfo=UTC))
    assert not errors(report), report.findings
    assert {"consistency.not-daily"} <= codes(report, Severity.WARNING)
    assert report.facts["rows"] == 7 and report.facts["shape"] == "list"


@pytest.mark.shared
@pytest.mark.skipif(not SHARED.is_dir(), reason="no shared samples here")
def test_metaads_shared_pages_are_read_and_their_oddities_named() -> None:
    """Pages from another project's tests are recognised; floats for budgets are what the live platform never sends, and fail."""
    for name, feed, floats in (
        ("campaigns_page", "campaigns", True),
        ("adsets_page", "adsets", True),
        ("insights_ad_level_product_breakdown", "insights", False),
    ):
        payload = SHARED / f"{name}.json"
        assert METAADS.feeds[feed].recognise(payload.read_bytes())  # type: ignore[misc]
        report = inspect_sample(METAADS.feeds[feed], payload, datetime(2024, 3, 20, 12, tzinfo=UTC))
        assert ("schema.type" in errors(report)) is floats, report.findings


@pytest.mark.shared
@pytest.mark.skipif(not SHARED.is_dir(), reason="no shared samples here")
def test_metaads_genuine_pixel_overlap_is_noted() -> None:
    """A genuine summary with one purchase under five names is noted as overlap, never as five purchases."""
    row = json.loads((SHARED / "actions_pixel_overlap_summary.json").read_bytes())
    data = json.dumps([{"campaign_id": "1", "spend": "1", **row}]).encode()
    content = dumps.read_insights(data)
    assert [f.code for f in insight_checks.pixel_events(content, None)] == ["consistency.pixel-overlap"]
