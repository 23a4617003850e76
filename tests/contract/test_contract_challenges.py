"""Every challenge of every platform: answered, wrong, expired, unanswered, nobody there; and a run of its own process, attached to and answered."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from contract_lake import PLATFORMS, SIMULATORS, Lake, marks, one_feed

from bedrot_console.domain.runs import RunState
from bedrot_console.extraction.simulator import Trial
from bedrot_console.operations import runs
from bedrot_console.resilience import SystemClock

OpenLake = Callable[..., Lake]
EVERY = [
    pytest.param(platform, name, trial, marks=marks(platform), id=f"{platform}-{name}")
    for platform in PLATFORMS
    for name, trial in SIMULATORS[platform].trials.items()
]
"""Every challenge. That each can be answered is shown daily; what else can come of it, for the first of each platform, and of all by `-m long`."""
FIRST = {platform: next(iter(SIMULATORS[platform].trials), "") for platform in PLATFORMS}
OFTEN = [
    p if p.values[1] == FIRST[p.values[0]] else pytest.param(*p.values, marks=[*p.marks, pytest.mark.long], id=p.id)
    for p in EVERY
]


def provoked(open_lake: OpenLake, platform: str, trial: Trial, **options: Any) -> Lake:
    lake = open_lake(platform, **options)
    lake.sim.set_faults(trial.faults)
    return lake


@pytest.mark.parametrize(("platform", "name", "trial"), EVERY)
def test_an_answered_challenge_lets_the_run_through(platform: str, name: str, trial: Trial, open_lake: OpenLake) -> None:
    """The challenge is of the declared kind and medium, a right answer in time brings what was asked for, and the login is saved."""
    lake = provoked(open_lake, platform, trial)
    lake.without_totp(trial.account)
    ran = lake.run(account=trial.account, feeds=one_feed(platform))
    assert ran.view.exit_code == 0, ran.why()
    first = ran.challenges[0]
    assert (first["kind"], first["medium"]) == (trial.kind, trial.medium)
    assert first["prompt"] and first["expires_at"]
    assert lake.ws.vault.session_info(platform, trial.account)


@pytest.mark.parametrize(("platform", "name", "trial"), OFTEN)
def test_a_challenge_with_nobody_there_sends_nothing_and_leaves_an_item(
    platform: str, name: str, trial: Trial, open_lake: OpenLake
) -> None:
    """Unattended: exit 3 before the platform sends a code, and an item with the command that resolves it."""
    lake = provoked(open_lake, platform, trial)
    lake.without_totp(trial.account)
    ran = lake.run(account=trial.account, attended=False)
    assert ran.view.exit_code == 3, ran.why()
    assert not ran.challenges
    assert not trial.sends or not lake.sent()
    (item,) = runs.needs_operator(lake.ws)
    assert (item.platform, item.account) == (platform, trial.account) and item.command.startswith("bedrot ")
    done = lake.run(account=trial.account, feeds=one_feed(platform))
    assert done.view.exit_code == 0, done.why()
    assert not runs.needs_operator(lake.ws), "the item is gone once it was resolved"


@pytest.mark.parametrize(("platform", "name", "trial"), OFTEN)
def test_a_challenge_that_nobody_answers_ends_the_run(platform: str, name: str, trial: Trial, open_lake: OpenLake) -> None:
    """Somebody could have answered and did not: exit 3, no login saved, nothing landed."""
    lake = provoked(open_lake, platform, trial)
    lake.without_totp(trial.account)
    ran = lake.run(account=trial.account, human=lake.nobody)
    assert ran.view.exit_code == 3, ran.why()
    assert ran.view.error_code in ("challenge-unanswered", "challenge-expired")
    assert not ran.files and not lake.ws.vault.session_info(platform, trial.account)


@pytest.mark.parametrize(("platform", "name", "trial"), [p for p in OFTEN if p.values[2].wrong is not None])
def test_wrong_answers_end_as_declared(platform: str, name: str, trial: Trial, open_lake: OpenLake) -> None:
    """Every answer wrong: the operator is told so each time, and the run ends before the platform is annoyed without end."""
    lake = provoked(open_lake, platform, trial)
    lake.without_totp(trial.account)
    ran = lake.run(account=trial.account, human=lake.wrong)
    lake.only_late()
    assert ran.view.exit_code == trial.wrong, ran.why()
    assert 1 <= len(ran.challenges) <= 10
    assert len(ran.challenges) == 1 or ran.challenges[1]["error"], "the second prompt says what was wrong with the first answer"
    assert not ran.files


@pytest.mark.parametrize(("platform", "name", "trial"), [p for p in OFTEN if p.values[2].expired is not None])
def test_answers_that_come_too_late_end_as_declared(platform: str, name: str, trial: Trial, open_lake: OpenLake) -> None:
    """The platform's own time is over before each answer."""
    lake = provoked(open_lake, platform, trial)
    lake.without_totp(trial.account)
    ran = lake.run(account=trial.account, human=lake.late)
    lake.only_late()
    assert ran.view.exit_code == trial.expired, ran.why()


def _typed() -> list[Any]:
    """One typed challenge of each platform that has one; what carries the answer is the same for all, so two are shown daily."""
    found = {}
    for param in EVERY:
        platform, _, trial = param.values
        if trial.kind == "code" and trial.medium != "app" and not trial.faults:
            found.setdefault(platform, param)
    first = list(found.values())
    return first[:2] + [pytest.param(*p.values, marks=[*p.marks, pytest.mark.long], id=p.id) for p in first[2:]]


@pytest.mark.parametrize(("platform", "name", "trial"), _typed())
def test_a_run_is_attached_to_and_answered_from_another_process(
    platform: str, name: str, trial: Trial, open_lake: OpenLake
) -> None:
    """As a process of its own, without any terminal: the prompt is there for whoever attaches, a second one sees the same, the answer over the
    socket lets it through, and its files pass."""
    lake = provoked(open_lake, platform, trial, at=SystemClock())
    run = lake.spawned(trial.account, one_feed(platform))
    for event in runs.follow(lake.ws, run):
        if event["kind"] == "challenge":
            asked = event["challenge"]
            assert [c.id for c in runs.open_challenges(lake.ws)] == [asked["id"]]
            again = next(e for e in runs.read_events(lake.ws, run) if e["kind"] == "challenge")
            assert again["challenge"] == asked
            lake._answer(asked, None)
    ran = lake.ran(run)
    assert (ran.view.state, ran.view.exit_code) == (RunState.DONE, 0), ran.why()
    assert len({c["id"] for c in ran.challenges}) == 1 and len(lake.sim.mailbox(trial.account)) == 1
