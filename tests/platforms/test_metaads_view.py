"""The daily view by campaign: who is asked for, who is never forgotten, what is detected; and pixel events counted once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from contract_desk import Desk, codes, errors
from hypothesis import given
from hypothesis import strategies as st
from metaads_support import FEEDS, SMALL, extract, masked

from bedrot_console.domain.errors import SourceUnavailable
from bedrot_console.domain.findings import Report, Severity
from bedrot_console.domain.lifecycle import Verdict
from extractors.metaads import campaign_view, dumps, pixels
from extractors.metaads.simulated.samples import AT, brought
from extractors.metaads.simulated.world import Campaign

VIEW = "campaign_daily"
SHARED = Path(__file__).resolve().parents[3] / "shared" / "samples" / "metaads"
SINCE, UNTIL = date(2026, 2, 2), date(2026, 3, 1)


def judged(folder: Path, body: bytes, request: Mapping[str, str], desk: Desk | None = None, captured: Any = AT) -> Report:
    return (desk or Desk(f"metaads/{VIEW}", folder)).report(body, captured, request=dict(request), method="api")


def ids_asked(simulator: Any) -> set[str]:
    """Campaigns whose daily rows were asked for by id."""
    filters = [
        json.loads(a.args["filtering"])
        for a in simulator.requests("/v26.0/act_1000000000000001/insights")
        if "filtering" in a.args
    ]
    return {name for entries in filters for e in entries if e["field"] == "campaign.id" for name in e["value"]}


def test_metaads_view_asks_only_for_campaigns_that_can_have_delivered(tmp_path: Path, clock: Any) -> None:
    """Of all campaigns there are, ended ones are listed and not asked for; every campaign with a row was; the log says how many."""
    ran = extract(tmp_path, clock, feeds=(VIEW,))
    content = dumps.read_campaign_days(ran.body(VIEW))
    delivered = {row["campaign_id"] for row in content.records}
    asked = ids_asked(ran.simulator)
    request = ran.captures[0].request
    assert delivered <= asked and len(asked) < 10 < int(request["campaigns"])
    assert request["asked"] == str(len(asked)) and (request["since"], request["until"]) == ("2026-02-02", "2026-03-01")
    report = judged(tmp_path, masked(ran.captures[0]), request)
    assert report.verdict is Verdict.PASSED and report.facts["rows"] == len(content.records)


def test_metaads_view_never_misses_a_campaign_made_or_resumed_since(tmp_path: Path) -> None:
    """Day by day over a season: whoever delivered by the account's own truth is in the view, new and resumed campaigns from their first day on."""
    desk = Desk(f"metaads/{VIEW}", tmp_path)
    seen: set[str] = set()
    new = 0
    for day in range(0, 66, 3):
        at = AT + timedelta(days=day)
        body, request = brought(SMALL, at, days=5)[VIEW]
        found = {row["campaign_id"] for row in dumps.read_campaign_days(body).records}
        new += len(found - seen)
        seen |= found
        report = judged(tmp_path, body, request, desk, at)
        assert report.verdict is Verdict.PASSED, report.findings
    assert new >= 5


def test_metaads_view_of_a_long_range_holds_archived_campaigns_too(tmp_path: Path) -> None:
    """Campaigns that edges leave out because they are archived or deleted are in the view with their days."""
    body, request = brought(SMALL, AT, since="2025-06-01", until="2025-09-30")[VIEW]
    content = dumps.read_campaign_days(body)
    gone = {Campaign(SMALL, n).id for n in range(90) if Campaign(SMALL, n).status(AT.date()) in ("ARCHIVED", "DELETED")}
    assert {row["campaign_id"] for row in content.records} & gone
    assert not errors(judged(tmp_path, body, request))


def test_metaads_view_asks_for_all_when_told_to(tmp_path: Path) -> None:
    """`campaigns = "all"` skips nobody, and brings the same rows."""
    some, every = (brought(SMALL, AT, days=3, campaigns=whose)[VIEW] for whose in ("active", "all"))
    rows = [sorted(map(repr, dumps.read_campaign_days(body).records)) for body, _ in (some, every)]
    assert rows[0] == rows[1] and every[1]["asked"] == "all" and some[1]["asked"].isdecimal()


class Answers:
    """A Graph and its questions from a list of rows; remembers what was asked."""

    def __init__(self, hidden: str) -> None:
        self.hidden, self.asked, self.said = hidden, [], []
        self.session = self

    def log(self, level: str, text: str) -> None:
        self.said.append((level, text))

    def whole(self, path: str, params: Mapping[str, Any]) -> list[Any]:
        return [
            Answered(
                [
                    {"id": "1", "effective_status": "ACTIVE"},
                    {
                        "id": "2",
                        "effective_status": "PAUSED",
                        "created_time": "2020-01-01T00:00:00-0800",
                        "updated_time": "2020-01-01T00:00:00-0800",
                    },
                ]
            )
        ]

    def __call__(self, params: Mapping[str, Any]) -> Answers:
        self.asked.append(dict(params))
        return self

    def pages(self, since: date, until: date) -> list[Any]:
        params = self.asked[-1]
        if params["level"] == "account":
            return [Answered([row(None, 30)])]
        by_id = next((f["value"] for f in params.get("filtering", ()) if f["field"] == "campaign.id"), None)
        if "time_increment" not in params:
            return [Answered([{"campaign_id": name} for name in ("1", "2") if name != self.hidden])]
        return [Answered([row(name, 10 * int(name)) for name in ("1", "2") if by_id is None or name in by_id])]


class Answered:
    def __init__(self, rows: list[dict[str, Any]]) -> None:
        self.rows = rows


def row(campaign: str | None, shown: int, spend: str = "1.5") -> dict[str, Any]:
    named = {"campaign_id": campaign} if campaign else {"account_name": "x"}
    spent = str(Decimal(spend) * shown / 10)
    return {
        **named,
        "date_start": "2026-02-03",
        "date_stop": "2026-02-03",
        "impressions": str(shown),
        "clicks": "0",
        "spend": spent,
    }


def test_metaads_view_looks_at_everybody_when_the_sum_is_off() -> None:
    """A campaign that status, schedule and delivery do not show, and that spent: the account's days tell, and all are asked for at once."""
    daily = {
        "level": "campaign",
        "time_increment": "1",
        "fields": "account_id,campaign_id,campaign_name,objective,spend",
        "limit": 200,
    }
    answers = Answers(hidden="2")
    view = campaign_view.bring(answers, "1", answers, daily, SINCE, UNTIL)
    assert view.complete and view.request["asked"] == "all"
    assert any(level == "warning" and "asking for all campaigns" in text for level, text in answers.said)
    answers = Answers(hidden="")
    assert campaign_view.bring(answers, "1", answers, daily, SINCE, UNTIL).request["asked"] == "2" and not answers.said
    account = next(a for a in answers.asked if a["level"] == "account")
    assert account["fields"] == "account_name,account_id,spend"


@pytest.mark.parametrize(
    ("campaign", "kind"),
    [
        ({"effective_status": "ACTIVE"}, "running"), ({"effective_status": "WITH_ISSUES", "start_time": "2026-01-01T00:00:00-0800"}, "running"),
        ({"effective_status": "ACTIVE", "stop_time": "2026-02-01T00:00:00-0800"}, ""), ({"effective_status": "ACTIVE", "start_time": "2026-03-01T00:00:00-0800"}, ""),
        ({"effective_status": "PAUSED"}, ""), ({"effective_status": "PAUSED", "updated_time": "2026-02-02T10:00:00-0800"}, "touched"),
        ({"effective_status": "DELETED", "created_time": "2026-02-20T10:00:00-0800"}, "touched"), ({"effective_status": "PAUSED", "updated_time": "nonsense"}, "touched"),
    ],
)  # fmt: skip
def test_metaads_roll_tells_who_may_have_delivered(campaign: dict[str, str], kind: str) -> None:
    """Running by status and schedule, or made or changed in the range; a time that cannot be read counts as changed."""
    old = {"created_time": "2025-01-01T00:00:00-0800", "updated_time": "2025-01-01T00:00:00-0800"}
    roll = campaign_view.roll_of([{"id": "7", **old, **campaign}], [], SINCE, UNTIL)
    assert (roll.running, roll.touched) == (
        frozenset({"7"}) if kind == "running" else frozenset(),
        frozenset({"7"}) if kind == "touched" else frozenset(),
    )


@given(st.lists(st.integers(1, 10**7), min_size=1, max_size=12))
def test_metaads_rounding_of_spend_is_no_difference(parts: list[int]) -> None:
    """Each row's spend is rounded by itself: that alone never makes a day differ, one impression always does."""
    exact = [Decimal(p) / 1000 for p in parts]
    campaigns = [row(str(n), 10) | {"spend": f"{p:.2f}"} for n, p in enumerate(exact)]
    account = row(None, 10 * len(parts)) | {"spend": f"{sum(exact):.2f}"}
    assert campaign_view.differing([account], campaigns) == []
    assert campaign_view.differing([account | {"impressions": str(10 * len(parts) + 1)}], campaigns) == ["2026-02-03"]


def _edited(body: bytes, change: Any) -> bytes:
    pages = json.loads(body)
    change([r for page in pages for r in page["data"]])
    return json.dumps(pages).encode()


def test_metaads_view_that_is_not_the_account_is_stopped(tmp_path: Path) -> None:
    """A campaign's day missing, or counted twice over, or another range than was asked: errors; what yesterday may grow by: a warning."""
    body, request = brought(SMALL, AT, days=3)[VIEW]
    assert errors(judged(tmp_path, body, request)) == set()

    def scaled(share: float) -> Any:
        def change(rows: list[dict[str, Any]]) -> None:
            for r in rows:
                if "campaign_id" not in r:
                    r["impressions"] = str(int(int(r["impressions"]) * share) + 1)
                    for name in ("cpm", "ctr", "frequency"):
                        r.pop(name, None)

        return change

    found = judged(tmp_path, _edited(body, scaled(1.5)), request)
    assert "completeness.campaign-skipped" in errors(found)
    assert "consistency.above-account" in errors(judged(tmp_path, _edited(body, scaled(0.5)), request))
    slight = judged(tmp_path, _edited(body, scaled(1.0)), request)
    assert "completeness.campaign-skipped" in codes(slight, Severity.WARNING) and "completeness.campaign-skipped" not in errors(
        slight
    )
    assert "consistency.other-range" in errors(judged(tmp_path, body, request | {"since": "2026-02-01"}))


def test_metaads_view_is_as_new_as_its_campaigns(tmp_path: Path) -> None:
    """Days behind while campaigns run: told by what was asked; with none running the same rows are fine, and an idle account passes."""
    body, request = brought(SMALL, AT, "stale", days=14)[VIEW]
    assert "freshness.behind" in errors(judged(tmp_path, body, request))
    assert not errors(judged(tmp_path, body, request | {"running": "0"}))
    idle = b'[{"data":[],"paging":{}},{"data":[]}]'
    assert judged(tmp_path, idle, request | {"running": "0"}).verdict is Verdict.PASSED
    assert "freshness.nothing-delivered" in errors(judged(tmp_path, idle, request))


def test_metaads_view_is_recognised_by_its_own_feed() -> None:
    """The account's days first, then the campaigns': no other feed takes it, and it takes no insights of any level."""
    found = brought(SMALL, AT, days=3)
    for kind, (body, _) in found.items():
        assert [f.name for f in FEEDS if f.recognise is not None and f.recognise(body[: 1 << 20])] == [f"metaads/{kind}"]
    for level in ("account", "campaign", "adset"):
        body = brought(SMALL, AT, days=3, level=level)["insights"][0]
        assert [f.name for f in FEEDS if f.recognise is not None and f.recognise(body)] == ["metaads/insights"]


def test_metaads_set_and_view_fail_apart(tmp_path: Path, clock: Any) -> None:
    """What only one of them needs costs only that one: the other is brought, and the run is partial."""
    every = ("campaigns", "adsets", "ads", "insights", VIEW)
    ran = extract(tmp_path, clock, {"cursor_expired"}, feeds=every, page_size=200)
    assert set(ran.result.failed) == {*every[:4]} and set(ran.result.captures) == {VIEW}
    ran = extract(tmp_path, clock, {"campaigns_too_much"}, feeds=every)
    assert set(ran.result.failed) == {VIEW} and set(ran.result.captures) == {*every[:4]}
    assert isinstance(ran.result.failed[VIEW], SourceUnavailable)


# Pixel events.

NAMES = [
    f"{p}{e}"
    for e in ("purchase", "view_content", "lead")
    for p in ("offsite_conversion.fb_pixel_", "onsite_web_", "onsite_web_app_", "", "omni_")
]


@given(
    st.dictionaries(
        st.sampled_from([*NAMES, "link_click", "post_engagement", "offsite_conversion.custom.9"]), st.integers(0, 10**6)
    )
)
def test_metaads_pixel_events_are_counted_once(actions: dict[str, int]) -> None:
    """Under however many names an event stands, it counts by the first of them; what is no pixel event counts nothing."""
    found = pixels.counted([{"action_type": name, "value": str(n)} for name, n in actions.items()])
    for event in ("purchase", "view_content", "lead"):
        given_names = [name for name in NAMES if name.endswith(event) and name in actions]
        assert found.get(event) == (actions[given_names[0]] if given_names else None)
    assert pixels.overlapping(actions) == any(
        sum(name.endswith(e) for name in actions) > 1 for e in ("purchase", "view_content", "lead")
    )


@pytest.mark.parametrize(
    "junk",
    [
        None,
        5,
        "x",
        [None],
        [{}],
        [{"action_type": "purchase"}],
        [{"action_type": None, "value": "x"}],
        [{"action_type": "lead", "value": []}],
    ],
)
def test_metaads_pixel_events_of_odd_actions_are_none(junk: Any) -> None:
    """Whatever stands in `actions`, counting does not stumble."""
    assert pixels.columns(junk) == {"pixel_events": 0, "pixels": ""}


@pytest.mark.shared
@pytest.mark.skipif(not SHARED.is_dir(), reason="no shared samples here")
def test_metaads_genuine_events_under_seven_names_are_one() -> None:
    """A genuine summary: one purchase under five names is 8473 purchases; a view of content is the pixel's number, without the app's."""
    actions = json.loads((SHARED / "actions_pixel_overlap_summary.json").read_bytes())["actions"]
    found = pixels.counted(actions)
    assert (found["purchase"], found["view_content"]) == (8473, 46262) and pixels.overlapping(a["action_type"] for a in actions)


def test_metaads_headline_counts_events_once(tmp_path: Path) -> None:
    """The measure that headlines and differences use is the rule's number, not the sum of the names."""
    body, request = brought(replace(SMALL, ads_each=1), AT, days=3)[VIEW]
    content = dumps.read_campaign_days(body)
    total = sum(sum(pixels.counted(r.get("actions")).values()) for r in content.records)
    assert judged(tmp_path, body, request).facts["totals"]["pixel_events"] == str(total)
