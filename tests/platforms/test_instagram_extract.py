"""The Instagram extractor over loopback: both doors, what it asks, how it goes on where the platform refuses, what lands."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
from contract_bench import Bench, Result
from instagram_support import masked, report

from bedrot_console.domain.challenges import Secret
from bedrot_console.domain.errors import (
    AccessError,
    BedrotError,
    CredentialsRejected,
    RateLimited,
    SourceChanged,
    SourceUnavailable,
    UsageError,
)
from bedrot_console.domain.lifecycle import Verdict
from bedrot_console.extraction.simulator import serve
from bedrot_console.security.journal import FileJournal
from bedrot_console.zones.landing import Landing
from bedrot_console.zones.store import Zones
from extractors.instagram.extractor import Instagram
from extractors.instagram.simulator import InstagramSimulator, token_of

SMALL = {"days": 4, "total_days": 2, "post_days": 20}
ME = "17841400000000001"


class Table:
    """The simulator being served, and benches before it."""

    def __init__(self, served: Any, folder: Path, clock: Any) -> None:
        self.served, self.folder, self.clock = served, folder, clock
        self.simulator: InstagramSimulator = served.simulator

    def bench(self, **options: Any) -> Bench:
        return Bench(self.served, self.folder, self.clock, **{**SMALL, **options})

    def run(self, *feeds: str, account: str = "default", **options: Any) -> Result:
        self.simulator.log.clear()
        return self.bench(**options).run(account=account, feeds=feeds, attended=False)

    def asked(self, path: str) -> list[dict[str, str]]:
        return [a.args for a in self.simulator.requests(path)]


@pytest.fixture
def table(tmp_path: Path, clock: Any) -> Iterator[Table]:
    with serve(InstagramSimulator(clock=clock)) as served:
        yield Table(served, tmp_path, clock)


def questions(body: bytes) -> list[tuple[str, dict[str, str]]]:
    """Path and parameters of every question in a file."""
    return [(part["asked"].partition("?")[0], dict(parse_qsl(part["asked"].partition("?")[2]))) for part in json.loads(body)]


@pytest.mark.parametrize("account", ["default", "yoru", "tiny"])
def test_instagram_brings_every_feed_through_its_door(table: Table, account: str) -> None:
    """One run of each account brings all seven files, and each file begins with the account that was asked."""
    result = table.run(account=account)
    assert result.error is None and not result.failed
    assert list(result.bodies) == ["account", "insights", "totals", "demographics", "media", "media_insights", "stories"]
    profile = next(
        p for p in table.simulator.graph.profiles.values() if p.username == result.captures["account"].request["username"]
    )
    assert all(c.request["user_id"] == profile.id and c.request["door"] == profile.door for c in result.captures.values())
    assert {c.as_of for n, c in result.captures.items() if n in ("insights", "totals")} == {date(2026, 3, 1)}
    assert bool(table.asked("/v26.0/me/accounts")) is (account != "yoru")


def test_instagram_lands_the_answers_as_they_came(table: Table) -> None:
    """Between the questions stand the bodies byte for byte, in the order they were asked for."""
    sent: list[bytes] = []
    answer = table.simulator.graph.answer

    def remembering(call: Any) -> Any:
        reply = answer(call)
        sent.append(reply.body)
        return reply

    table.simulator.graph.answer = remembering  # type: ignore[method-assign]
    result = table.run()
    whole = b"".join(result.bodies.values())
    rest = [body for body in sent if body not in whole]
    assert len(rest) == 2 and b'"is_valid"' in rest[0] and b"instagram_business_account" in rest[1]
    assert b"\\/" in result.bodies["media"]


def test_instagram_payloads_are_what_a_run_brings(table: Table, clock: Any) -> None:
    """What the simulator says a run would bring is what it brings, with faults too."""
    clock.at = clock.at.replace(microsecond=0)
    for faults in (set(), {"metric_removed"}, {"post_deleted"}):
        table.simulator.set_faults(faults)
        account = table.simulator.account()
        account.extra["options"] |= SMALL
        assert table.run().bodies == table.simulator.payloads()


def test_instagram_landed_files_hold_no_token(table: Table, home: Path, clock: Any) -> None:
    """Token and proof that the platform echoes in paging links are masked at the same length, and declared."""
    bench = table.bench()
    bench.vault.put("instagram", "default", "app_secret", Secret(table.simulator.app.secret))
    result = bench.run(feeds=("insights", "media", "totals"), attended=False)
    token = token_of(table.simulator.graph.profiles[ME]).encode()
    assert token in result.bodies["insights"] and b"appsecret_proof=" in result.bodies["media"]
    zones = Zones(home, FileJournal(home / ".bedrot" / "journal", clock), clock, "uid:0")
    feeds = {f.name: f for f in Instagram.feeds.values()}
    landed = zones.land([Landing(c, feeds[c.feed], Instagram.version, "run") for c in result.captures.values()])
    for file in landed:
        data = (home / "landing" / file.path).read_bytes()  # type: ignore[union-attr]
        assert token not in data and b"access_token=***" in data
        assert file.path.startswith("social_media/instagram/instagram_")  # type: ignore[union-attr]
    proof = table.simulator.app.proof(token.decode()).encode()
    assert not any(proof in (home / "landing" / f.path).read_bytes() for f in landed)  # type: ignore[union-attr]


def test_instagram_asks_series_in_windows(table: Table) -> None:
    """Ninety days of reach are three windows that join; new followers and hours are asked for the last thirty days only."""
    result = table.run("insights", days=90)
    asked = questions(result.bodies["insights"])
    spans = {m: [(int(p["since"]), int(p["until"])) for _, p in asked if p["metric"] == m] for m in ("reach", "follower_count")}
    assert len(spans["reach"]) == 3 and len(spans["follower_count"]) == 1
    assert all(a[1] == b[0] for a, b in zip(spans["reach"], spans["reach"][1:], strict=False))
    assert all(b - a <= 2_592_000 for a, b in spans["reach"])
    rows = Instagram.insights.parse(result.bodies["insights"]).records  # type: ignore[misc]
    assert len(rows) == 90 and sum("follower_count" in r for r in rows) == 30


def test_instagram_asks_totals_day_by_day(table: Table) -> None:
    """Each total is asked for one Pacific day, with metric_type and period; follows apart, with their breakdown."""
    asked = questions(table.run("totals", total_days=3).bodies["totals"])
    assert len(asked) == 6
    assert all(p["metric_type"] == "total_value" and p["period"] == "day" for _, p in asked)
    assert {int(p["until"]) - int(p["since"]) for _, p in asked} == {86_400}
    assert [p.get("breakdown") for _, p in asked] == [None, "follow_type"] * 3


def test_instagram_steps_back_when_new_followers_are_too_old(table: Table) -> None:
    """The platform counts the thirty days a little otherwise: the run asks from a day later and goes on."""
    answer = table.simulator.graph.answer

    def stricter(call: Any) -> Any:
        oldest = 1_769_846_400 + 86_400
        if call.params.get("metric") == "follower_count" and int(call.params["since"]) < oldest:
            params = {**call.params, "since": str(oldest - 40 * 86_400), "until": str(oldest - 39 * 86_400)}
            return answer(type(call)(call.method, call.path, params, call.headers))
        return answer(call)

    table.simulator.graph.answer = stricter  # type: ignore[method-assign]
    result = table.run("insights", days=30)
    assert not result.failed and any("Meta no longer has" in text for text in result.logged("info"))
    spans = [int(p["since"]) for _, p in questions(result.bodies["insights"]) if p["metric"] == "follower_count"]
    assert spans == [1_769_846_400 + 86_400]


def test_instagram_asks_each_metric_alone_when_one_is_refused_and_only_once(table: Table) -> None:
    """A removed metric costs one round of single questions; from then on it is left out, told once, and its refusal is kept."""
    table.simulator.set_faults({"metric_removed"})
    result = table.run("totals", total_days=4)
    asked = [p["metric"].split(",") for _, p in questions(result.bodies["totals"]) if "breakdown" not in p]
    assert [len(names) for names in asked] == [1] * 11 + [10] * 3
    assert sum("profile_views" in names for names in asked) == 1
    assert [t for t in result.logged("warning") if "profile_views" in t] == [
        "totals: Meta does not give profile_views (any more); the others go on"
    ]
    assert b"must be one of the following values" in result.bodies["totals"]


def test_instagram_leaves_out_what_the_settings_say(table: Table) -> None:
    """A metric that somebody gave up on is not asked for, and the file says so: nobody is warned every day."""
    table.simulator.set_faults({"metric_removed"})
    result = table.run("totals", "insights", without=["profile_views", "online_followers"])
    assert all("profile_views" not in p["metric"] for _, p in questions(result.bodies["totals"]))
    assert not any("profile_views" in t for t in result.logged("warning"))
    assert result.captures["insights"].request["without"] == "online_followers,profile_views"
    folder = table.folder / "desk"
    folder.mkdir()
    for name in ("totals", "insights"):
        data, asked = masked(result.bodies[name], table.simulator), result.captures[name].request
        assert report(folder, name, data, request=asked).verdict is Verdict.PASSED


def test_instagram_keeps_why_a_post_has_no_insights(table: Table) -> None:
    """Posts from before the professional account are refused for ever: the refusal is the answer, every other post has insights."""
    result = table.run("media", "media_insights", post_days=730)
    parts = json.loads(result.bodies["media_insights"])
    refused = [part for part in parts if "error" in part["answer"]]
    assert [part["answer"]["error"]["error_subcode"] for part in refused] == [2108006, 2108006]
    listed = [row["id"] for part in json.loads(result.bodies["media"]) for row in part["answer"]["data"]]
    assert [part["asked"].partition("/")[0] for part in parts] == listed


def test_instagram_walks_every_page_and_leaves_out_children(table: Table) -> None:
    """Posts come to the page without a next one, whatever the account counts; children of albums are listed with it, never asked."""
    result = table.run("media", "media_insights", page_size=7, post_days=730)
    parts = json.loads(result.bodies["media"])
    assert len(parts) == 6 and "next" not in parts[-1]["answer"]["paging"]
    rows = [row for part in parts for row in part["answer"]["data"]]
    children = {c["id"] for row in rows for c in row.get("children", {}).get("data", ())}
    assert children and not children & {part["asked"].partition("/")[0] for part in json.loads(result.bodies["media_insights"])}
    assert len(rows) == 38 != int(result.captures["media"].request["media_count"])


def test_instagram_asks_young_posts_only(table: Table) -> None:
    """Posts beyond post_days are not asked for insights."""
    result = table.run("media_insights", post_days=9)
    assert len(json.loads(result.bodies["media_insights"])) == 2


def test_instagram_one_feed_less_is_a_partial_run(table: Table) -> None:
    """A refusal of insights fails their feeds and lands account and posts; a throttle ends the run."""
    table.simulator.set_faults({"insights_refused"})
    result = table.run()
    assert set(result.failed) == {"insights", "totals", "demographics", "media_insights", "stories"}
    assert set(result.bodies) == {"account", "media"}
    assert all(isinstance(e, AccessError) for e in result.failed.values())
    table.simulator.set_faults({"insights_throttled"})
    result = table.run()
    assert isinstance(result.error, RateLimited) and result.error.retry_after_seconds == 420
    assert set(result.bodies) == {"account"}


def test_instagram_waits_out_a_short_throttle(table: Table, clock: Any) -> None:
    """Within its patience the run waits as long as the platform says and brings everything."""
    table.simulator.fail_next("insights_throttled", 1)
    result = table.run("insights", patience_seconds=600)
    assert result.error is None and 420 in [round(sum(clock.slept))] or sum(clock.slept) >= 420


def test_instagram_tries_temporary_errors_again(table: Table) -> None:
    """One temporary answer in many is asked again and nobody needs to know; without end it fails that feed only."""
    table.simulator.fail_next("insights_down", 1)
    assert not table.run("insights").failed
    table.simulator.set_faults({"insights_down"})
    assert isinstance(table.run("account", "insights").failed["insights"], SourceUnavailable)


def test_instagram_warns_before_the_token_ends(table: Table, clock: Any) -> None:
    """Facebook's token is asked for its end, Instagram's has it in the settings; both warn a week ahead."""
    token = table.simulator.graph.tokens[token_of(table.simulator.graph.profiles[ME])]
    token.expires_at = clock.now() + timedelta(days=4)
    assert any("the token expires on 2026-03-06" in t for t in table.run("account").logged("warning"))
    told = table.run("account", account="yoru", token_expires="2026-03-05").logged("warning")
    assert any("expires on 2026-03-05" in t for t in told)
    assert not table.run("account", account="yoru", token_expires="2026-05-05").logged("warning")


def test_instagram_names_the_permission_that_is_missing(table: Table) -> None:
    """Without instagram_manage_insights nothing is asked of the account, and the hint says who must grant what."""
    token = table.simulator.graph.tokens[token_of(table.simulator.graph.profiles[ME])]
    token.scopes = ("instagram_basic", "pages_read_engagement")
    result = table.run()
    assert isinstance(result.error, AccessError) and "instagram_manage_insights" in str(result.error)
    token.scopes = ("instagram_basic", "instagram_manage_insights")
    assert any("pages_read_engagement" in t for t in table.run("account").logged("warning"))


def test_instagram_reads_the_account_of_the_settings_only(table: Table) -> None:
    """Another user name or id than the token's is refused before anything lands; with several accounts one must be named."""
    for account, options in (("tiny", {"username": "somebody.else"}), ("yoru", {"ig_user_id": "17841400000000009"})):
        result = table.run(account=account, **options)
        assert isinstance(result.error, AccessError) and not result.bodies, account
    token = table.simulator.graph.tokens[token_of(table.simulator.graph.profiles["17841400000000003"])]
    token.accounts = ("17841400000000003", ME)
    assert isinstance(table.run(account="tiny").error, UsageError)
    assert table.run("account", account="tiny", username="nightworks.records").captures["account"].request["user_id"] == ME
    assert table.run("account", account="tiny", ig_user_id=ME).captures["account"].request["username"] == "nightworks.records"


def test_instagram_refuses_a_next_page_on_another_host(table: Table) -> None:
    """A paging link that leads elsewhere is not followed."""
    answer = table.simulator.graph.answer

    def elsewhere(call: Any) -> Any:
        table.simulator.graph.base_url = "https://evil.example"
        return answer(call)

    table.simulator.graph.answer = elsewhere  # type: ignore[method-assign]
    assert isinstance(table.run("media", page_size=5).failed["media"], SourceChanged)


def test_instagram_proves_its_login(table: Table) -> None:
    """`prove` names the account that can be read behind either door; a dead token is refused with the command that stores another."""
    seen = []
    for account in ("default", "yoru"):
        seen.append(prove(table, account))
    assert seen == ["reads @nightworks.records", "reads @yoru.works"]
    table.simulator.set_faults({"token_expired"})
    refused = prove(table, "default")
    assert isinstance(refused, CredentialsRejected) and "bedrot secrets set instagram access_token" in (refused.hint or "")


def test_instagram_says_when_the_token_ends(table: Table) -> None:
    """The sooner of the token's end and that of its access to data is known; behind the other door the day that the settings name."""
    token = next(iter(table.simulator.graph.tokens.values()))
    token.expires_at = table.simulator.now() + timedelta(days=50)
    token.data_access_expires_at = table.simulator.now() + timedelta(days=40)
    ends = []
    for account, options in (("default", {}), ("yoru", {"token_expires": "2026-04-01"})):
        table.simulator.account(account).extra["options"] |= options
        bench = table.bench()
        bench.run(account=account, feeds=("account",))
        ends.append(bench.vault.facts["instagram", account])
    assert [e["credential"] for e in ends] == ["access_token", "access_token"]
    assert [str(e["credential_ends_at"])[:10] for e in ends] == ["2026-04-11", "2026-04-01"]


def prove(table: Table, account: str) -> str | BedrotError | None:
    """What the extractor proves, in a session of its own, or the error it ends with."""
    bench = table.bench()
    found: list[str | None] = []

    class Prover(Instagram):
        name = ""

        def extract(self, session: Any) -> Iterator[Any]:
            found.append(Instagram().prove(session))
            return iter(())

    bench.extractor = Prover
    Prover.feeds, Prover.runs, Prover.name = Instagram.feeds, Instagram.runs, Instagram.name
    result = bench.run(account=account)
    return found[0] if found else result.error


@pytest.mark.parametrize(
    "options",
    [
        {"door": "window"}, {"version": "26"}, {"days": 0}, {"days": "many"}, {"total_days": True}, {"post_days": 0}, {"page_size": 101},
        {"ig_user_id": "me"}, {"timeframe": "last_90_days"}, {"without": "reach"}, {"without": 5},
    ],
)  # fmt: skip
def test_instagram_bad_settings_are_usage_errors(table: Table, options: dict[str, Any]) -> None:
    """A setting that makes no sense is refused in words."""
    table.simulator.account("tiny").extra["options"] |= options
    assert isinstance(table.run(account="tiny").error, UsageError), options


def test_instagram_missing_token_says_how_to_store_one(table: Table) -> None:
    """Without a token the run ends with the command that stores it."""
    bench = table.bench()
    bench.vault.values.clear()
    result = bench.run(attended=False)
    assert isinstance(result.error, CredentialsRejected) and "bedrot secrets set instagram access_token" in (
        result.error.hint or ""
    )


def test_instagram_log_and_questions_hold_no_secret(table: Table) -> None:
    """Neither the log nor the questions in the files hold token or proof, and no address carries them."""
    bench = table.bench()
    bench.vault.put("instagram", "default", "app_secret", Secret(table.simulator.app.secret))
    result = bench.run(attended=False)
    token = token_of(table.simulator.graph.profiles[ME])
    assert not any(token in str(e) or table.simulator.app.secret in str(e) for e in result.events)
    assert not any("token" in q or "proof" in q for body in result.bodies.values() for _, q in questions(body))
    assert not any("access_token" in a.args for a in table.simulator.requests())
