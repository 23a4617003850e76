"""Linktree's walk in real Chromium against the strict stand-in: the way in, the period, what is read and what is never landed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from contract_bench import Bench, Result
from contract_clock import FrozenClock

from bedrot_console.domain.challenges import Secret
from bedrot_console.domain.errors import ChallengeUnanswered, CredentialsRejected, SourceChanged
from bedrot_console.extraction.chromium import find_browser
from bedrot_console.extraction.simulator import serve
from extractors.linktree import extractor, graphql
from extractors.linktree.content import ROOT
from extractors.linktree.simulated import graph
from extractors.linktree.simulator import LinktreeSimulator

pytestmark = [pytest.mark.browser, pytest.mark.skipif(find_browser() is None, reason="no Chromium here")]
YEAR = {"overview:365d", "audience:365d"}


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    clock = FrozenClock(datetime(2026, 3, 2, 9, 30, tzinfo=UTC))
    with serve(LinktreeSimulator(clock=clock)) as served:
        made = Bench(served, tmp_path_factory.mktemp("run"), clock)
        yield made
        made.close()


@pytest.fixture
def bench(shared: Bench, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """The shared browser, a stand-in without faults that remembers nothing, and pages that need not be waited for long."""
    monkeypatch.setattr(extractor, "QUIET_SECONDS", 0.7)
    stand_in(shared).set_faults(())
    stand_in(shared).reset()
    shared.vault.states.clear()
    if shared._browser is not None:
        shared._browser.clear()
    return shared


def stand_in(bench: Bench) -> LinktreeSimulator:
    assert isinstance(bench.simulator, LinktreeSimulator)
    return bench.simulator


def whole(result: Result) -> bool:
    return result.error is None and not result.failed and set(result.bodies) == YEAR


def test_the_first_run_needs_the_code_and_the_next_thirty_days_do_not(bench: Bench) -> None:
    """A new device: one code by SMS, the number masked as the page shows it. When the login is over, the device is still known."""
    result = bench.run()
    assert whole(result) and [(c["kind"], c["medium"], c["hint"]) for c in result.challenges()] == [
        ("code", "sms", "XXXXXXX4471")
    ]
    assert result.bodies == stand_in(bench).payloads()
    overview = result.captures["overview:365d"]
    assert overview.as_of == stand_in(bench).day and overview.request["from"] == "2025-03-03"
    sent = len(stand_in(bench).mailbox())
    stand_in(bench).advance_days(20)
    assert whole(bench.run(attended=False)), "restored or not: the password alone will do on a known device"
    assert len(stand_in(bench).mailbox()) == sent
    stand_in(bench).advance_days(-20)


def test_nobody_there_ends_the_run_before_a_code_is_sent(bench: Bench) -> None:
    """The right password is what makes Linktree send a code, so it is not typed."""
    before = len(stand_in(bench).mailbox())
    assert isinstance(bench.run(attended=False).error, ChallengeUnanswered)
    assert len(stand_in(bench).mailbox()) == before and not stand_in(bench).requests("/u/login/password", "POST")


def test_a_run_reads_a_few_bodies_of_eighteen_answers(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Account, wallet, rewards, subscribers: the page asks, we never read. Without a second factor nobody is there, and 90 days are told."""
    first = bench.run(account="small-plan", attended=False)
    assert first.error is None and set(first.bodies) == {"overview:90d", "audience:90d"}
    asked = first.captures["overview:90d"].request
    assert (asked["days"], asked["wanted"], asked["from"]) == ("90", "365", "2025-12-03")
    assert any("plan limit" in text for text in first.logged("warning"))
    read: list[str] = []
    real = graphql.judged
    monkeypatch.setattr(graphql, "judged", lambda body, operation: (read.append(operation), real(body, operation))[1])
    stand_in(bench).log.clear()
    alone = bench.run(account="small-plan", feeds=("audience",), attended=False)
    assert set(alone.bodies) == {"audience:90d"} and len(stand_in(bench).requests("/graphql", "POST")) == 18
    assert alone.captures["audience:90d"].request["views"] == str(
        json.loads(first.bodies["overview:90d"])["data"][ROOT]["overview"]["totalViews"]
    )
    assert set(read) <= {graph.OVERVIEW, graph.AUDIENCE, graph.LINKS} and graph.SUBSCRIBERS not in read
    everything = b"".join((*first.bodies.values(), *alone.bodies.values(), repr(first.events + alone.events).encode()))
    assert b"@" not in everything and b"balance" not in everything and b"lt-" not in everything


def test_where_the_period_cannot_be_set_nothing_is_landed(bench: Bench) -> None:
    """Seven days in place of those that were chosen: the answers are there, and none of them becomes a file."""
    stand_in(bench).set_faults(["picker_dead"])
    result = bench.run(account="small-plan")
    assert not result.bodies and set(result.failed) == {"overview", "audience"}
    assert all(isinstance(e, SourceChanged) and "nothing of it was landed" in str(e) for e in result.failed.values())
    assert {first for _, first in stand_in(bench).asked} == {"2026-02-24"}, "the page did get figures, of seven days"


def test_a_code_may_be_sent_again_and_a_wrong_one_costs_an_attempt(bench: Bench) -> None:
    """The page's own words come with the next question; the newest code counts."""
    told: list[Any] = []

    def human(challenge: Any, hands: Any) -> str | None:
        told.append((challenge["error"], challenge["attempts_left"]))
        acts = {1: "000000", 2: "resend"}
        return acts.get(len(told)) or stand_in(bench).mailbox()[-1].code

    stand_in(bench).forget_devices()
    codes_before = len(stand_in(bench).mailbox())
    assert whole(bench.run(human=human))
    assert told == [(None, 5), ("The code you entered is invalid", 4), (None, 4)]
    assert len(stand_in(bench).mailbox()) - codes_before == 2


def test_the_password_is_given_once_and_a_wrong_one_is_never_tried_again(bench: Bench) -> None:
    """No retry by itself: the service locks after ten."""
    kept = bench.vault.values["linktree", "small-plan", "password"]
    bench.vault.put("linktree", "small-plan", "password", Secret("not the password"))
    result = bench.run(account="small-plan")
    bench.vault.put("linktree", "small-plan", "password", kept)
    assert isinstance(result.error, CredentialsRejected) and "Wrong email or password" in str(result.error)
    assert len(stand_in(bench).requests("/u/login/password", "POST")) == 1
    assert all("not the password" not in repr(event) for event in result.events)


def test_a_cookie_without_the_token_is_no_login(bench: Bench) -> None:
    """The token lies in the page's own storage: a restored cookie alone shows the page, and proves nothing."""
    bench.run(account="small-plan", feeds=("overview",))
    state = bench.vault.states["small-plan"][-1]
    for origin in state["storage_state"]["origins"]:
        origin["localStorage"] = []
    bench.new_context()
    result = bench.run(account="small-plan")
    assert set(result.bodies) == {"overview:90d", "audience:90d"} and "signed in" in result.logged()


def test_samples_hold_no_person() -> None:
    """The samples of this folder carry addresses of reserved domains only."""
    folder = Path(extractor.__file__).parent / "samples"
    texts = b"".join(p.read_bytes() for p in folder.glob("*/*") if p.is_file())
    assert all(b".example" in part[:40] for part in texts.split(b"@")[1:])
