"""The demo: what it runs, what it says, and that it fails when the product does not keep its promise."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bedrot_console.domain.challenges import ChallengeKind, Look, Secret
from bedrot_console.extraction.simulator import Served, Simulator
from bedrot_console.operations import demo, people, runs, simulate
from bedrot_console.operations.workspace import Workspace
from bedrot_console.settings import Settings


@pytest.fixture(scope="module")
def everyone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Served]]:
    """Every simulator there is, served."""
    ws = Workspace.open(Settings.load(tmp_path_factory.mktemp("demo"), {}))
    with simulate.serving(ws, simulate.simulated(ws, ())) as served:
        yield served


def test_every_kind_of_finding_is_shown_by_a_fault_of_another_platform(everyone: dict[str, Served]) -> None:
    """One fault for each kind that validation knows a fault for; each is one that it stops, and at least one platform stays sound."""
    chosen = demo.choose_faults(everyone)
    kinds = [str(fault.finding).partition(".")[0] for _, fault in chosen.values()]
    assert sorted(kinds) == ["completeness", "consistency", "format", "freshness", "schema", "volume"]
    assert set(everyone) - set(chosen)
    for platform, (name, fault) in chosen.items():
        assert everyone[platform].simulator.fault_table()[name] is fault
        assert fault.ends == 1 and fault.error is None and not fault.feeds
        assert fault.account == everyone[platform].simulator.accounts[0].account


def test_a_page_is_put_before_a_login_that_the_first_account_has(everyone: dict[str, Served]) -> None:
    """The demo's page challenge is one that its account meets; platforms that have none are not asked for it."""
    name, faults = demo.choose_trial(everyone) or ("", ())
    trials = everyone[name].simulator.trials.values()
    assert any(t.kind == "page" and t.faults == faults for t in trials)
    assert demo.choose_trial({"metaads": everyone["metaads"]}) is None


def test_every_challenge_has_words() -> None:
    """Whatever a platform asks, the demo says what it is; the medium of a code is told."""
    assert set(demo.ASKED) == set(ChallengeKind)
    assert "by sms" in demo.ASKED[ChallengeKind.CODE].format(medium="sms")
    assert "QR" in demo.ASKED[ChallengeKind.QR] and "page" in demo.ASKED[ChallengeKind.PAGE]


def test_the_demo_leaves_out_what_needs_a_browser_where_there_is_none(tmp_path: Path, monkeypatch: Any) -> None:
    """Without a browser the demo says so, runs the rest, and its fault is still stopped."""
    monkeypatch.setattr("bedrot_console.extraction.chromium.find_browser", lambda setting=None: None)
    lines = list(demo.demo(tmp_path / "lake", only=["distrokid", "metaads"]))
    assert "distrokid" in lines[0].text and lines[0].kind == "bad"
    assert lines[-1].kind == "end" and lines[-1].data["quarantined"] >= 1
    (table,) = [line for line in lines if line.kind == "table"]
    assert {row[0].partition("/")[0] for row in table.data["rows"]} == {"metaads", "manual"}
    assert sum(line.text == "compared with the day before" for line in lines) == 1


@pytest.mark.browser
def test_the_demo_answers_a_page_and_a_code_and_prints_no_code(tmp_path: Path, monkeypatch: Any) -> None:
    """Both challenges of the first login are named, the saved login asks nothing on the second day, and no code is in anything it says."""
    codes, real = [], Simulator.send_code

    def send(self: Simulator, *args: Any, **options: Any) -> Any:
        mail = real(self, *args, **options)
        codes.append(mail.code)
        return mail

    monkeypatch.setattr(Simulator, "send_code", send)
    lines = list(demo.demo(tmp_path / "lake", only=["distrokid"]))
    asked = [(line.data["challenge"], line.data["medium"]) for line in lines if "challenge" in line.data]
    assert [kind for kind, _ in asked] == ["page", "code"] and asked[1][1] == "e-mail" and len(codes) == 1
    assert not [line for line in lines if codes[0] in line.text.split() or codes[0] in map(str, line.data.values())]


def test_a_fault_that_is_not_stopped_fails_the_demo(tmp_path: Path, monkeypatch: Any) -> None:
    """A demo whose fault leaves no quarantined file with the declared finding is no success."""
    monkeypatch.setattr(Simulator, "set_faults", lambda self, faults: None)  # so that nothing is damaged, and nothing stopped
    with pytest.raises(demo.DemoFailed, match="at metaads was not stopped as"):
        list(demo.demo(tmp_path / "lake", only=["metaads"]))


def test_a_good_file_that_is_stopped_fails_the_demo(tmp_path: Path, monkeypatch: Any) -> None:
    """A platform on which no fault was announced must pass."""

    def unannounced(platforms: dict[str, Served]) -> dict[str, Any]:
        platforms["metaads"].simulator.set_faults(["duplicate_rows"])
        return {}

    monkeypatch.setattr(demo, "choose_faults", unannounced)
    with pytest.raises(demo.DemoFailed, match="metaads/insights was stopped: consistency.key-repeats"):
        list(demo.demo(tmp_path / "lake", only=["metaads"]))


def test_a_demo_that_is_left_leaves_no_run_behind(tmp_path: Path, monkeypatch: Any) -> None:
    """After Ctrl-C while runs are at work they have ended before their simulators and their home go."""

    def interrupted(futures: Any, return_when: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(demo, "wait", interrupted)
    with pytest.raises(KeyboardInterrupt):
        list(demo.demo(tmp_path / "lake", only=["metaads"]))
    (view,) = runs.list_runs(Workspace.open(Settings.load(tmp_path / "lake", {})))
    assert view.state.ended


@pytest.mark.parametrize(("said", "sent"), [(None, []), ("done", [("act", "done")]), ("resend", [("act", "resend")]), ("482913", [("answer", Secret("482913"))])])  # fmt: skip
def test_what_a_person_says_is_sent_as_what_it_is(said: str | None, sent: list[Any], monkeypatch: Any) -> None:
    """An act as an act, an answer as a secret; of somebody who acted elsewhere, nothing."""
    told: list[Any] = []
    monkeypatch.setattr(runs, "act", lambda ws, challenge, what: told.append(("act", what)))
    monkeypatch.setattr(runs, "answer", lambda ws, challenge, value: told.append(("answer", value)))
    people.respond(None, {"id": "c", "can": ["resend"]}, lambda challenge, hands: said)  # type: ignore[arg-type]
    assert told == sent


def test_hands_look_and_act_on_their_own_challenge(monkeypatch: Any) -> None:
    """What a person sees and does goes to the challenge they were shown."""
    told: list[Any] = []
    monkeypatch.setattr(runs, "look", lambda ws, challenge: Look(width=len(challenge)))
    monkeypatch.setattr(runs, "hand", lambda ws, challenge, act: told.append((challenge, act)))
    hands = people.SocketHands(None, "abc")  # type: ignore[arg-type]
    hands.click(4, 5)
    hands.type("x")
    hands.press("Enter")
    hands.drag(1, 2, 3, 4)
    assert hands.look().width == 3
    assert [act["act"] for challenge, act in told if challenge == "abc"] == ["click", "type", "press", "drag"]
    assert told[3][1] == {"act": "drag", "x": 1, "y": 2, "to_x": 3, "to_y": 4}
