"""Runs as own processes against the strict simulators: landing, validation, the human in the loop, and what never leaks."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from bedrot_console.domain.challenges import Secret
from bedrot_console.domain.errors import AlreadyRunning, ChallengeExpired, DiskFull, UsageError
from bedrot_console.domain.identifiers import new_id
from bedrot_console.domain.lifecycle import Zone
from bedrot_console.domain.runs import RunSpec, RunState, RunView
from bedrot_console.extraction.simulator import Served
from bedrot_console.operations import browse, extract, land, runs, simulate, status, validate, vaulting
from bedrot_console.operations.run_process import Chronicle
from bedrot_console.operations.workspace import Workspace
from bedrot_console.settings import CHECKOUT, Settings

CODE_LENGTHS = range(4, 9)


@pytest.fixture
def lake(home: Path) -> Iterator[tuple[Workspace, dict[str, Served]]]:
    """A home whose platforms are simulators on the loopback address, with the made-up credentials in its vault."""
    plain = Workspace.open(Settings.load(home, dict(os.environ)))
    with simulate.serving(plain, ["distrokid", "metaads"]) as served:
        simulate.configure(home, served)
        ws = Workspace.open(Settings.load(home, dict(os.environ)))
        ws.prepare()
        simulate.store_secrets(ws, served)
        yield ws, served


def watch(ws: Workspace, run: str, served: Served | None = None) -> tuple[RunView, list[dict]]:
    """Follow a run to its end, answering every challenge as the person behind the account would."""
    seen = []
    for event in runs.follow(ws, run):
        seen.append(event)
        if event["kind"] == "challenge" and served is not None:
            runs.answer(ws, event["challenge"]["id"], Secret(served.simulator.mailbox()[-1].code))
    return runs.view(ws, run), seen


def secrets_of(lake: dict[str, Served]) -> dict[str, bytes]:
    """Every value that must never be found in clear: passwords, tokens, codes, session cookies."""
    found = {}
    for name, served in lake.items():
        for account in served.simulator.describe()["accounts"]:
            for field in ("password", "token", "access_token", "app_secret", "totp_secret"):
                if account.get(field):
                    found[f"{name} {field}"] = account[field].encode()
        for number, mail in enumerate(served.simulator.mailbox()):
            found[f"{name} code {number}"] = mail.code.encode()
        for number, key in enumerate(served.simulator._sessions):
            found[f"{name} cookie {number}"] = key.encode()
    return found


def test_a_run_lands_its_whole_set_validates_it_and_masks_the_echoed_token(lake) -> None:
    """Meta Ads: a set of four files in one folder and the report beside it, all validated; the token is stars of the same length, declared."""
    ws, served = lake
    view, events = watch(ws, extract.start(ws, "metaads", attended=False))
    assert (view.state, view.exit_code) == (RunState.DONE, 0), view
    rows = [browse.find(ws, f) for f in view.files]
    folders = Counter(str(Path(r.path).parent) for r in rows)
    stamped = next(folder for folder in folders if folder != "metaads/campaign_daily")
    assert folders == {stamped: 4, "metaads/campaign_daily": 1}
    assert {r.status for r in rows} <= {"passed", "warned"}
    token = served["metaads"].simulator.describe()["accounts"][0]["access_token"].encode()
    masked = 0
    for row in rows:
        body = (ws.settings.landing / row.path).read_bytes()
        assert token not in body
        sidecar = json.loads((ws.settings.landing / (row.path + ".meta.json")).read_bytes())
        for mask in sidecar["masks"]:
            assert set(body[mask["offset"] : mask["offset"] + mask["length"]]) == {ord("*")}
            masked += 1
    assert masked
    assert [e["kind"] for e in events][-1] == "ended"


@pytest.mark.browser
def test_nobody_there_means_no_code_is_sent_and_the_operator_finds_what_to_do(lake) -> None:
    """Unattended: exit 3 before a code is sent, one item with its command; an attended run resolves it; the next run skips the login."""
    ws, served = lake
    site = served["distrokid"].simulator
    view, _ = watch(ws, extract.start(ws, "distrokid", attended=False))
    assert (view.state, view.exit_code, view.error_code) == (RunState.FAILED, 3, "challenge-unanswered")
    assert not site.mailbox()
    (item,) = runs.needs_operator(ws)
    assert (item.platform, item.command) == ("distrokid", "bedrot extract distrokid")
    assert status.status(ws)["needs_operator"][0]["command"] == item.command

    view, events = watch(ws, extract.start(ws, "distrokid"), served["distrokid"])
    assert (view.state, view.exit_code) == (RunState.DONE, 0), view
    assert len(site.mailbox()) == 1 and not runs.needs_operator(ws)
    assert {browse.find(ws, f).feed for f in view.files} == {"distrokid/streams", "distrokid/applemusic", "distrokid/sales"}

    view, events = watch(ws, extract.start(ws, "distrokid", attended=False))
    assert view.state is RunState.DONE and len(site.mailbox()) == 1
    assert not any(e["kind"] == "challenge" for e in events)

    for name, secret in secrets_of(served).items():
        hits = [str(p) for p in ws.home.rglob("*") if p.is_file() and secret in p.read_bytes()]
        if " code " in name:  # six digits may stand in a payload by chance; a code may not stand in anything we wrote ourselves
            hits = [h for h in hits if "/landing/" not in h and "catalog" not in h]
        assert not hits, (name, hits)


@pytest.mark.browser
def test_a_run_outlives_the_terminal_that_started_it_and_shows_the_same_prompt(lake) -> None:
    """The starting process is killed by SIGHUP while the code is awaited; attaching shows the challenge, one code was sent, one is needed."""
    ws, served = lake
    starter = subprocess.Popen(
        [sys.executable, "-c", STARTER, str(ws.home)], stdout=subprocess.PIPE, text=True, start_new_session=True, cwd=CHECKOUT
    )
    assert starter.stdout is not None
    run = starter.stdout.readline().strip()
    challenge = next(e["challenge"] for e in runs.follow(ws, run) if e["kind"] == "challenge")
    os.killpg(starter.pid, signal.SIGHUP)
    starter.wait()
    (still,) = runs.open_challenges(ws)
    assert still.id == challenge["id"] and runs.view(ws, run).state is RunState.WAITING
    with pytest.raises(AlreadyRunning):
        extract.start(ws, "distrokid")
    with pytest.raises(UsageError):
        runs.answer(ws, still.id, Secret("not a code"))
    code = served["distrokid"].simulator.mailbox()[-1].code
    runs.answer(ws, still.id, Secret(code))
    with pytest.raises(ChallengeExpired):
        runs.answer(ws, still.id, Secret(code))
    view, _ = watch(ws, run)
    assert view.state is RunState.DONE and len(served["distrokid"].simulator.mailbox()) == 1


STARTER = """
import os, sys
from bedrot_console.operations import extract
from bedrot_console.operations.workspace import Workspace
from bedrot_console.settings import Settings
ws = Workspace.open(Settings.load(sys.argv[1], dict(os.environ)))
print(extract.start(ws, "distrokid"), flush=True)

import signal; signal.pause()
"""


@pytest.mark.browser
def test_cancelling_a_waiting_run_ends_it_and_frees_the_platform(lake) -> None:
    """Cancelled is its own outcome, with its own exit code; the next start is not held up."""
    ws, _ = lake
    run = extract.start(ws, "distrokid")
    next(e for e in runs.follow(ws, run) if e["kind"] == "challenge")
    view = runs.cancel(ws, run)
    assert (view.state, view.exit_code) == (RunState.CANCELLED, 130)
    assert not runs.open_challenges(ws)
    other = extract.start(ws, "distrokid", attended=False)
    assert watch(ws, other)[0].exit_code == 3


def test_a_broken_extractor_does_not_stop_the_others(lake, tmp_path: Path) -> None:
    """A syntax error in one platform's folder is that platform's problem only."""
    ws, served = lake
    extractors = tmp_path / "extractors"
    shutil.copytree(CHECKOUT / "extractors", extractors, ignore=shutil.ignore_patterns("__pycache__"))
    (extractors / "distrokid" / "extractor.py").write_text("def broken(:\n")
    other = Workspace(ws.settings, extractors=extractors)
    problems = {p.name: p.problem for p in browse.platforms(other)}
    assert "SyntaxError" in (problems["distrokid"] or "") and problems["metaads"] is None
    view, _ = watch(other, extract.start(other, "metaads", attended=False))
    assert view.state is RunState.DONE
    assert {browse.find(other, f).zone for f in view.files} == {Zone.LANDING}


def test_a_refused_password_is_told_in_words_and_not_tried_again(lake) -> None:
    """Exit 3, no second try, also not by `--due`, until another token is stored; the token is not in what is said."""
    ws, served = lake
    vaulting.set_secret(ws, "metaads", "access_token", Secret("EAAwrongwrongwrong"))
    view, events = watch(ws, extract.start(ws, "metaads", attended=False))
    assert (view.state, view.exit_code, view.error_code) == (RunState.FAILED, 3, "credentials-rejected")
    assert "EAAwrong" not in json.dumps(events) and view.hint
    assert runs.needs_operator(ws)[0].code == "credentials-rejected"
    assert ("metaads", "default") not in extract.due(ws)
    token = served["metaads"].simulator.describe()["accounts"][0]["access_token"]
    vaulting.set_secret(ws, "metaads", "access_token", Secret(token))
    assert not runs.needs_operator(ws) and ("metaads", "default") in extract.due(ws)


def test_a_run_that_died_ends_in_the_journal_too(ws) -> None:
    """The next start gives a killed run its last word where SQL and the audit see it, once."""
    spec = RunSpec(id=new_id(ws.clock.now()), platform="press", actor=ws.actor)
    ws.prepare()
    runs.of(ws).create(spec).release()
    ws.record(ws.event("run-started", run=spec.id, platform="press", account="default", expected=[], attended=False))
    runs.settle(ws)
    runs.settle(ws)
    (ended,) = browse.events(ws, kind="run-ended")
    assert (ended.data["run"], ended.data["state"], ended.data["error_code"]) == (spec.id, "failed", "run-died")


def test_a_start_that_cannot_be_journalled_leaves_the_platform_free(lake, monkeypatch) -> None:
    """A console that lives on must not hold the lock of a run that never began."""
    ws, _ = lake

    def full(self, events):
        raise DiskFull("no space")

    with monkeypatch.context() as broken:
        broken.setattr("bedrot_console.security.journal.FileJournal.append", full)
        with pytest.raises(DiskFull):
            extract.start(ws, "metaads")
    assert not runs.list_runs(ws)
    runs.of(ws).create(RunSpec(id=new_id(ws.clock.now()), platform="metaads")).release()


def test_what_is_due_is_known_although_one_extractor_is_broken(lake, tmp_path: Path) -> None:
    """The broken one is among what is due, so that starting it says why; the others are not held up."""
    ws, _ = lake
    extractors = tmp_path / "extractors"
    shutil.copytree(CHECKOUT / "extractors", extractors, ignore=shutil.ignore_patterns("__pycache__"))
    (extractors / "distrokid" / "extractor.py").write_text("def broken(:\n")
    other = Workspace(ws.settings, extractors=extractors)
    assert extract.due(other) == [("distrokid", "default"), ("metaads", "default")]


def test_what_is_only_brought_by_hand_starts_no_run(home: Path) -> None:
    """No run, no journal line, no alert that nothing could ever end."""
    ws = Workspace.open(Settings.load(home, {}))
    for feeds in ((), ("financial_data",)):
        with pytest.raises(UsageError, match="they are brought"):
            extract.start(ws, "manual", feeds=feeds)
    assert not runs.list_runs(ws)


def test_a_partial_run_that_wants_a_human_leaves_its_item(ws) -> None:
    """Half of the feeds landed and then a code was wanted: the item stands until a run needs nobody."""
    ws.prepare()
    spec = RunSpec(id=new_id(ws.clock.now()), platform="press")
    ending = {"state": "partial", "exit_code": 1, "hint": "bedrot extract press", "landed": ["press/plays"], "files": []}
    chronicle = Chronicle(ws, spec)
    chronicle({"kind": "ended", "error_code": "challenge-unanswered"} | ending)
    chronicle({"kind": "ended", "error_code": "challenge-unanswered"} | ending)
    assert [(n.code, n.command) for n in runs.needs_operator(ws)] == [("challenge-unanswered", "bedrot extract press")]
    chronicle({"kind": "ended", "error_code": "source-unavailable"} | ending)
    assert not runs.needs_operator(ws)
    talking = {"hint": "make a new token, then: bedrot secrets set press access_token"}
    chronicle({"kind": "ended", "error_code": "credentials-rejected"} | ending | talking)
    assert [n.command for n in runs.needs_operator(ws)] == ["bedrot secrets set press access_token"]


def test_what_needs_an_operator_says_by_when(ws, plays) -> None:
    """The day on which the account's newest data become too old, the most urgent first; without data nothing is said."""
    for platform in ("elsewhere", "press"):
        ws.record(
            ws.event(
                "needs-operator", item=new_id(ws.clock.now()), platform=platform, account="default", run="r", code="login-lost",
                command=f"bedrot extract {platform}",
            )
        )  # fmt: skip
    assert [n.stale_on for n in runs.by_when(ws, runs.needs_operator(ws))] == [None, None]
    list(validate.validate(ws, [o.id for o in land.land(ws, [plays()])]))
    ws.settle(publish="now")
    first, second = runs.by_when(ws, runs.needs_operator(ws))
    assert (first.platform, first.stale_on) == ("press", ws.clock.now().date() + timedelta(days=30))
    assert (second.platform, second.stale_on) == ("elsewhere", None)
    assert [n["stale_on"] for n in status.status(ws)["needs_operator"]] == [first.stale_on.isoformat(), None]


def test_a_run_that_cannot_begin_ends_in_the_journal(lake, tmp_path: Path) -> None:
    """Also where its parts cannot be put together: here the extractor breaks between start and the run's own process."""
    ws, _ = lake
    extractors = tmp_path / "extractors"
    shutil.copytree(CHECKOUT / "extractors", extractors, ignore=shutil.ignore_patterns("__pycache__"))
    other = Workspace(ws.settings, extractors=extractors)
    other.registry.load("metaads")
    (extractors / "metaads" / "extractor.py").write_text("def broken(:\n")
    view, _ = watch(other, extract.start(other, "metaads", attended=False))
    assert (view.state, view.exit_code) == (RunState.FAILED, 70)
    (ended,) = browse.events(ws, kind="run-ended")
    assert (ended.data["run"], ended.data["state"], ended.data["exit_code"]) == (view.id, "failed", 70)
