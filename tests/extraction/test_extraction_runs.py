"""A run from start to last word, over HTTP: outcomes, challenges, and what a killed or cancelled run leaves."""

from __future__ import annotations

import contextlib
import errno
import os
import resource
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import tiny_process
from extraction_house import HERE, House
from werkzeug.wrappers import Response

from bedrot_console.domain.challenges import Secret
from bedrot_console.domain.errors import AlreadyRunning, ChallengeExpired, FixityError, LifecycleError, UsageError
from bedrot_console.domain.runs import RunState, RunView
from bedrot_console.extraction import control, runfolder, worker
from bedrot_console.extraction.process import OutputGuard, limit_seconds
from bedrot_console.extraction.redaction import Redactor
from bedrot_console.extraction.runfolder import EventLog, RunFolder
from bedrot_console.extraction.runs import split_environ
from bedrot_console.extraction.session import Session
from bedrot_console.extraction.tally import for_account
from bedrot_console.resilience import SystemClock
from bedrot_console.settings import Settings

TOKEN = "Token-canary-90q+/="


class Hurried(SystemClock):
    """The machine's clock, but nobody waits."""

    def sleep(self, seconds: float) -> None:
        return


@pytest.fixture
def api(house: Any, serve: Callable[..., Any]) -> Any:
    served = serve("tinyapi")
    house.store("tinyapi", access_token=TOKEN)
    house.served = served
    return served


def test_a_run_brings_its_set_whole_and_the_rest_at_once(house: Any, api: Any) -> None:
    """Captures of a set with its own folder are landed together with one time, others one by one; all provenance is filled in."""
    lander = tiny_process.Lander(house.home)
    view = house.here(house.spec("tinyapi"), house.settings(api), land=lander)
    assert (view.state, view.exit_code, view.error) == (RunState.DONE, 0, None)
    assert [[c.feed for c in b] for b in lander.batches] == [["tinyapi/albums", "tinyapi/tracks"], ["tinyapi/big"]]
    albums, tracks = lander.batches[0]
    assert albums.set_id == tracks.set_id and albums.captured_at == tracks.captured_at
    assert albums.source_system == api.base_url.removeprefix("http://")
    assert [(e.kind, e.value) for e in albums.echoes] == [("access_token", TOKEN.encode())]
    assert view.landed == view.expected == ("tinyapi/albums", "tinyapi/tracks", "tinyapi/big") and len(view.files) == 3
    assert not (house.runs.folder / view.id / "tmp").exists()


def test_a_part_is_partial_never_done(house: Any, api: Any) -> None:
    """When the last feed cannot be brought the run is partial and exits 1, with the reason; it was tried four times, not for ever."""
    api.simulator.big = lambda request: Response("down", 503)
    view = house.here(house.spec("tinyapi"), house.settings(api), clock=Hurried())
    assert (view.state, view.exit_code, view.error_code) == (RunState.PARTIAL, 1, "source-unavailable")
    assert view.landed == ("tinyapi/albums", "tinyapi/tracks")
    assert len(api.simulator.requests("/big")) == 4


def test_a_feed_that_the_platform_does_not_have_is_told_and_not_missed(
    house: Any, api: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`nothing`: a warning says why, the feed is no longer expected, and the run that brought the others is done."""
    real = Session.wants

    def wants(self: Session, feed: Any) -> bool:
        if feed.name == "tinyapi/big":
            self.nothing(feed, "the list is empty")
        return real(self, feed)

    monkeypatch.setattr(Session, "wants", wants)
    view = house.here(house.spec("tinyapi"), house.settings(api))
    assert (view.state, view.exit_code) == (RunState.DONE, 0)
    assert view.expected == view.landed == ("tinyapi/albums", "tinyapi/tracks")
    told = [e["text"] for e in house.runs.read_events(view.id) if e["kind"] == "log" and e["level"] == "warning"]
    assert told == ["tinyapi/big: the list is empty"]
    (event,) = [e for e in house.runs.read_events(view.id) if e["kind"] == "nothing"]
    assert (event["feed"], event["why"], event["level"]) == ("tinyapi/big", "the list is empty", "warning")


def test_a_feed_that_settings_leave_out_is_no_warning(house: Any, api: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """`nothing` at level `info`: not expected either, and nobody is alarmed."""
    real = Session.wants

    def wants(self: Session, feed: Any) -> bool:
        if feed.name == "tinyapi/big" and real(self, feed):
            self.nothing(feed, "a setting leaves it out", level="info")
        return real(self, feed)

    monkeypatch.setattr(Session, "wants", wants)
    view = house.here(house.spec("tinyapi"), house.settings(api))
    assert (view.state, view.exit_code) == (RunState.DONE, 0)
    told = {e["level"]: e["text"] for e in house.runs.read_events(view.id) if e["kind"] == "log" and "leaves it out" in e["text"]}
    assert told == {"info": "tinyapi/big: a setting leaves it out"}


@pytest.mark.parametrize(
    "fault, code, exit_code",
    [("error_in_200", "credentials-rejected", 3), ("to_login", "redirected", 4)],
)
def test_an_error_that_looks_like_data_is_no_data(house: Any, api: Any, fault: str, code: str, exit_code: int) -> None:
    """An error in a 200 and a redirect to a login page land nothing, and no token stands in the words about it."""
    api.simulator.set_faults([fault])
    view = house.here(house.spec("tinyapi"), house.settings(api))
    assert (view.state, view.error_code, view.exit_code) == (RunState.FAILED, code, exit_code)
    assert view.landed == () and "canary" not in str(view)


def test_only_wanted_feeds_are_brought(house: Any, api: Any) -> None:
    """A run of some feeds expects those only; a feed nobody extracts is refused."""
    view = house.here(house.spec("tinyapi", feeds=("big",)), house.settings(api))
    assert view.landed == view.expected == ("tinyapi/big",) and view.state is RunState.DONE
    refused = house.here(house.spec("tinyapi", feeds=("letters",)), house.settings(api))
    assert (refused.state, refused.exit_code) == (RunState.FAILED, 2)


def test_a_missing_secret_says_which_and_how(house: Any, serve: Callable[..., Any]) -> None:
    """Without a credential the run ends with 3 and the command that stores it, and nothing was asked of the platform."""
    served = serve("tinyapi")
    view = house.here(house.spec("tinyapi"), house.settings(served))
    assert (view.exit_code, view.hint) == (3, "bedrot secrets set tinyapi access_token")
    assert served.simulator.requests() == []


def test_the_environments_credentials_are_those_of_the_default_account(house: Any, serve: Callable[..., Any]) -> None:
    """They name no account, so no other account is signed in to with them."""
    served = serve("tinyapi")
    settings = house.settings(served, {"BEDROT_TINYAPI_ACCESS_TOKEN": TOKEN})
    other = house.here(house.spec("tinyapi", account="second"), settings)
    assert (other.exit_code, other.hint) == (3, "bedrot secrets set tinyapi access_token --account second")
    assert served.simulator.requests() == []
    assert house.here(house.spec("tinyapi"), settings).state is RunState.DONE


@pytest.mark.parametrize(
    ("hint", "account", "shown"),
    [
        ("wait an hour, then: bedrot extract tinyapi", "b", "wait an hour, then: bedrot extract tinyapi --account b"),
        ("bedrot secrets set tinyapi password", "b", "bedrot secrets set tinyapi password --account b"),
        ("bedrot extract tinyapi --account b", "b", "bedrot extract tinyapi --account b"),
        ("bedrot extract tinyapi", "default", "bedrot extract tinyapi"),
        ("then: bedrot land FILE --feed tinyapi/big", "b", "then: bedrot land FILE --feed tinyapi/big"),
        (None, "b", None),
    ],
)
def test_the_next_command_names_the_account_of_the_run(hint: str | None, account: str, shown: str | None) -> None:
    """Extractors write hints for `default`; the run's last word names the account it was for."""
    assert for_account(hint, account) == shown


def test_nobody_there_refuses_before_a_code_is_sent(house: Any, api: Any) -> None:
    """Unattended, the run ends with 3 and the command that starts it with the operator present; the platform was never asked."""
    view = house.here(house.spec("tinyapi", attended=False), house.settings(api, mode="ask"))
    assert (view.state, view.error_code, view.exit_code) == (RunState.FAILED, "challenge-unanswered", 3)
    assert view.hint == "bedrot extract tinyapi"
    assert api.simulator.requests() == []


def _in_background(house: Any, spec: Any, settings: Any) -> Callable[[], RunView]:
    """Execute a run in a thread; call the result to wait for its end."""
    folder = house.runs.create(spec)
    thread = threading.Thread(
        target=worker.execute, args=(folder, spec, tiny_process.parts(house.home, spec, settings)), daemon=True
    )
    thread.start()

    def wait() -> RunView:
        thread.join(20)
        folder.release()
        return house.runs.view(spec.id)

    return wait


def test_a_code_is_shaped_before_it_counts_and_counts_once(house: Any, api: Any) -> None:
    """A wrong shape and a stale id are refused without an attempt; the first valid answer wins; the prompt is the same for all who attach."""
    spec, settings = house.spec("tinyapi"), house.settings(api, mode="ask")
    wait = _in_background(house, spec, settings)
    raised = house.until(spec.id, "challenge")["challenge"]
    again = house.until(spec.id, "challenge")["challenge"]
    assert raised == again and house.runs.view(spec.id).challenge_id == raised["id"]
    assert [c.id for c in house.runs.open_challenges()] == [raised["id"]]
    with pytest.raises(UsageError, match="6 characters, not 5"):
        house.runs.answer(raised["id"], Secret("12345"))
    with pytest.raises(UsageError, match="no act"):
        house.runs.act(raised["id"], "done")
    with pytest.raises(ChallengeExpired):
        house.runs.answer("zzzzzzzzzz", Secret("123456"))
    with pytest.raises(UsageError, match="too short"):
        house.runs.answer(raised["id"][:5], Secret("123456"))
    house.runs.answer(raised["id"][:12], Secret("918 273"))
    with pytest.raises(ChallengeExpired):
        house.runs.answer(raised["id"], Secret("111111"))
    assert wait().state is RunState.DONE
    kinds = [(e["kind"], e.get("state"), e.get("by")) for e in house.runs.read_events(spec.id) if e["kind"] == "challenge-ended"]
    assert kinds == [("challenge-ended", "answered", f"uid:{os.geteuid()}")]
    text = (house.runs.folder / spec.id / "events.jsonl").read_text()
    assert "918273" not in text and "so careless to print [secret]" in text


def test_an_approval_is_an_act_not_a_text(house: Any, api: Any) -> None:
    """A push has nothing to type; done and the offered acts are taken."""
    spec, settings = house.spec("tinyapi"), house.settings(api, mode="approve")
    wait = _in_background(house, spec, settings)
    raised = house.until(spec.id, "challenge")["challenge"]
    with pytest.raises(UsageError, match="nothing to type"):
        house.runs.answer(raised["id"], Secret("42"))
    house.runs.act(raised["id"], "other")
    assert wait().state is RunState.DONE


def test_an_answer_too_late_ends_with_the_right_word(house: Any, api: Any) -> None:
    """The platform's time over is challenge-expired, the run's patience over is challenge-unanswered; both exit 3."""
    expired = house.here(house.spec("tinyapi"), house.settings(api, mode="ask", code_seconds=0.3))
    assert (expired.error_code, expired.exit_code) == ("challenge-expired", 3)
    ignored = house.here(house.spec("tinyapi", challenge_timeout_seconds=0.3), house.settings(api, mode="ask"))
    assert (ignored.error_code, ignored.exit_code) == ("challenge-unanswered", 3)
    assert house.runs.open_challenges() == []


def test_the_newest_event_of_a_kind_is_found_in_a_long_file(house: Any) -> None:
    """However much was logged after a challenge, it is found from the end; what is torn or cut is no event."""
    folder = house.runs.create(house.spec("tinyapi"))
    assert folder.last_event() is None
    log = EventLog(folder, SystemClock(), Redactor())
    log.emit("challenge", challenge={"id": "x"})
    for n in range(3000):
        log.emit("log", level="info", text=f"{n} " + "ü" * (n % 50))
    log.close()
    with (folder.path / "events.jsonl").open("ab") as file:
        file.write(b'{"seq": 4000, "kind": "ended"')
    assert (folder.last_event("challenge") or {})["seq"] == 1 and (folder.last_event() or {})["seq"] == 3001
    assert folder.last_event("ended") is None and len(folder.events(2999)) == 2
    folder.release()


def test_looking_again_parses_only_what_is_new(house: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Faces look many times a second: of a long file each event is parsed once, whoever asks and from wherever, and none is missed."""
    spec = house.spec("tinyapi")
    folder = house.runs.create(spec)
    log = EventLog(folder, SystemClock(), Redactor())
    parsed, parse = [], runfolder._parse
    line = '{"seq": 1, "at": "2025-01-02T03:04:05.000000Z", "kind": "log"}\n'
    monkeypatch.setattr(runfolder, "_parse", lambda line: (parsed.append(line), parse(line))[1])
    for n in range(1, 401):
        log.emit("log", level="info", text=str(n))
        assert [e["seq"] for e in house.runs.read_events(spec.id, n - 1)] == [n]
        assert house.runs.view(spec.id).state is RunState.QUEUED
    assert len(parsed) == 2 * 400  # once in the list, once as the newest
    with (folder.path / "events.jsonl").open("ab") as file:
        file.write(b'{"seq": 401, "kind": "lo')
        file.flush()
        assert len(house.runs.read_events(spec.id)) == 400 and house.runs.read_events(spec.id, 400) == []
        file.write(b'g"}\n')
    assert [e["seq"] for e in house.runs.read_events(spec.id, 399)] == [400, 401]
    assert house.runs.view(spec.id).stage == "" and house.runs.view(spec.id).state is RunState.QUEUED
    (folder.path / "events.jsonl").write_text(line)
    assert [e["seq"] for e in house.runs.read_events(spec.id)] == [1]
    for _ in range(20):
        other = house.spec("tinyapi", account="second")
        made = house.runs.create(other)
        (made.path / "events.jsonl").write_text(line)
        assert len(house.runs.read_events(other.id)) == 1
        made.release()
    assert len(runfolder._KNOWN) <= runfolder._KNOWN_RUNS
    log.close()
    folder.release()


def test_one_run_per_platform_and_account(house: Any, api: Any) -> None:
    """A second run of the same account is refused with the command that attaches to the first; another account may run."""
    first = house.runs.create(house.spec("tinyapi"))
    with pytest.raises(AlreadyRunning) as caught:
        house.runs.create(house.spec("tinyapi"))
    assert caught.value.hint == f"bedrot attach {first.id}" and len(house.runs.list_runs()) == 1
    other = house.runs.create(house.spec("tinyapi", account="second"))
    first.release()
    other.release()
    house.runs.create(house.spec("tinyapi")).release()


def test_of_many_starts_at_once_one_runs(house: Any) -> None:
    """Forty overlapping starts make one run; all others are told which, and leave no folder."""
    made, refused = [], []
    barrier = threading.Barrier(40)

    def begin() -> None:
        spec = house.spec("tinyapi")
        barrier.wait()
        try:
            made.append(house.runs.create(spec))
        except AlreadyRunning:
            refused.append(spec.id)

    threads = [threading.Thread(target=begin) for _ in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 1 and len(refused) == 39 and [v.id for v in house.runs.list_runs()] == [made[0].id]
    made[0].release()


def test_a_run_in_its_own_process_outlives_its_terminal(house: Any, api: Any) -> None:
    """SIGHUP to the group that started it does not reach it; its prompt is still there, and the answer ends it well."""
    house.settings(api, mode="ask")
    script = (
        f"import sys, signal, pathlib; sys.path.insert(0, {str(HERE)!r})\n"
        "from extraction_house import House\n"
        f"house = House(pathlib.Path({str(house.home)!r})); run = house.start(house.spec('tinyapi'))\n"
        "house.until(run, 'challenge'); print(run, flush=True); signal.pause()\n"
    )
    face = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, start_new_session=True)
    assert face.stdout is not None
    run = face.stdout.readline().strip()
    os.killpg(face.pid, signal.SIGHUP)
    assert face.wait(10) == -signal.SIGHUP
    face.stdout.close()
    (challenge,) = house.runs.open_challenges()
    pid = int((house.runs.folder / run / "pid").read_text())
    os.kill(pid, signal.SIGHUP)
    assert house.runs.view(run).state is RunState.WAITING
    house.runs.answer(challenge.id, Secret("918273"))
    assert house.ended(run).state is RunState.DONE


def test_no_secret_is_in_any_file_argument_or_environment(house: Any, serve: Callable[..., Any]) -> None:
    """Credentials from the environment reach the run unseen: not in the child's environ or arguments, not in any file of the run."""
    served = serve("tinyapi")
    house.settings(served, mode="ask")
    run = house.start(
        house.spec("tinyapi"), {"BEDROT_TINYAPI_ACCESS_TOKEN": TOKEN, "DEBUG": "pw:api", "BEDROT_HOME": str(house.home)}
    )
    challenge = house.until(run, "challenge")["challenge"]
    pid = int((house.runs.folder / run / "pid").read_text())
    for name in ("environ", "cmdline"):
        seen = Path(f"/proc/{pid}/{name}").read_bytes()
        assert b"canary" not in seen and b"DEBUG=pw" not in seen
    house.runs.answer(challenge["id"], Secret("918273"))
    assert house.ended(run).state is RunState.DONE, house.log(run)
    for path in (house.runs.folder / run).rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            assert b"canary" not in data and b"918273" not in data, path


def test_a_crash_is_told_without_its_secrets(house: Any, api: Any) -> None:
    """A defect in an extractor exits 70 and names its place; the log has types and places, not a word of the exception."""
    house.settings(api, mode="crash")
    view = house.ended(house.start(house.spec("tinyapi")))
    assert (view.state, view.error_code, view.exit_code) == (RunState.FAILED, "extractor-failed", 70)
    assert view.error is not None and view.error.startswith("RuntimeError in tinyapi/extractor.py line ")
    log = house.log(view.id)
    assert "Traceback" in log and "builtins.RuntimeError\n" in log and "extractor.py" in log
    assert "careless [" not in log and "canary" not in log


def test_cancel_ends_a_waiting_run_at_once(house: Any, api: Any) -> None:
    """A run that sleeps or waits for an answer is cancelled within its grace, exits 130, and cannot be cancelled twice."""
    for mode in ("wait", "ask"):
        house.settings(api, mode=mode)
        run = house.start(house.spec("tinyapi"))
        house.until(run, "stage" if mode == "wait" else "challenge")
        view = house.runs.cancel(run)
        assert (view.state, view.exit_code) == (RunState.CANCELLED, 130)
        with pytest.raises(LifecycleError):
            house.runs.cancel(run)


@pytest.mark.parametrize("mode", ["wait", "stuck"])
def test_a_run_beyond_its_limit_fails_by_itself(house: Any, api: Any, mode: str) -> None:
    """Asleep or held by a child that never returns: nobody cancels, and it ends as failed with 4; its platform is free at once."""
    house.settings(api, mode=mode)
    with (house.home / "bedrot.toml").open("a") as file:
        file.write("[runs]\nlimit_minutes = 0.005\n")
    view = house.ended(house.start(house.spec("tinyapi", attended=False)))
    assert (view.state, view.error_code, view.exit_code) == (RunState.FAILED, "run-timed-out", 4), house.log(view.id)
    assert view.hint is not None and "run.log" in view.hint
    house.runs.create(house.spec("tinyapi")).release()


def test_a_run_that_nothing_can_end_ends_its_process() -> None:
    """Beyond its limit, deaf to the cancel and without children to kill: its process goes, so that its locks fall."""
    script = (
        "import threading, time\nfrom bedrot_console.extraction import process\n"
        "process.GRACE_SECONDS = process.LAST_SECONDS = 0.1\n"
        "with process.Watchdog(threading.Event(), 0.1):\n    time.sleep(60)\n"
    )
    assert subprocess.run([sys.executable, "-c", script], timeout=30, check=False).returncode == 4


@pytest.mark.parametrize("wrong", ["0", "-1", "true", "nan", "inf", "'2 h'"])
def test_a_limit_that_is_none_is_refused(house: Any, wrong: str) -> None:
    """Without a setting a run has two hours; what is no time is a usage error, not a run without limit."""
    assert limit_seconds(Settings.load(house.home, {})) == 7200
    (house.home / "bedrot.toml").write_text(f"[runs]\nlimit_minutes = {wrong}\n")
    with pytest.raises(UsageError, match="limit_minutes"):
        limit_seconds(Settings.load(house.home, {}))


def test_a_killed_run_is_seen_as_failed_and_gets_its_last_word(house: Any, api: Any) -> None:
    """SIGKILL leaves no run that looks alive: everybody sees it failed, settle writes it down once and removes the spool."""
    house.settings(api, mode="wait")
    run = house.start(house.spec("tinyapi"))
    house.until(run, "stage")
    os.kill(int((house.runs.folder / run / "pid").read_text()), signal.SIGKILL)
    assert [e["kind"] for e in house.runs.follow(run)][-1] == "stage"
    view = house.runs.view(run)
    assert (view.state, view.error_code, view.exit_code) == (RunState.FAILED, "run-died", 70)
    with (house.runs.folder / run / "events.jsonl").open("ab") as file:
        file.write(b'{"seq": 99, "torn')
    assert [v.id for v in house.runs.settle()] == [run] and house.runs.settle() == []
    assert house.runs.read_events(run)[-1]["kind"] == "ended" and house.runs.view(run).error_code == "run-died"
    assert not (house.runs.folder / run / "tmp").exists() and not (house.runs.folder / run / "control.sock").exists()


def test_a_home_of_any_depth_has_a_working_socket(tmp_path: Path, serve: Callable[..., Any]) -> None:
    """A socket's address has 108 bytes; a home path of 300 works all the same."""
    home = tmp_path.joinpath(*["a-rather-long-folder-name-for-a-home"] * 6)
    (home / "landing").mkdir(parents=True)
    house = House(home)
    served = serve("tinyapi")
    house.store("tinyapi", access_token=TOKEN)
    house.settings(served, mode="ask")
    run = house.start(house.spec("tinyapi"))
    challenge = house.until(run, "challenge")["challenge"]
    assert (house.runs.folder / run / "control.sock").stat().st_mode & 0o777 == 0o600
    house.runs.answer(challenge["id"], Secret("918273"))
    assert house.ended(run).state is RunState.DONE


CANARY = "Canary-pass-8812+/"


@pytest.mark.long
@pytest.mark.parametrize("round_", range(4))
def test_no_forced_exception_at_any_step_shows_a_secret(
    house: Any, api: Any, round_: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An exception that quotes every live secret, forced at each step of a run in turn: none is in any file, event or view."""
    house.store("tinyapi", access_token=TOKEN, password=CANARY)
    steps = [(Session, n) for n in ("get", "fetch", "secret", "echoes", "stage", "url", "set_id", "check_cancelled", "close")]
    name = ("RuntimeError", "OSError", "KeyError", "ValueError")[round_]
    for owner, method in steps:
        for nth in range(6):
            calls = [0]
            original = getattr(owner, method)

            def careless(self: Any, *args: Any, _n: int = nth, _o: Any = original, _c: list[int] = calls, **values: Any) -> Any:
                self.secret_or_none("access_token"), self.secret_or_none("password")
                _c[0] += 1
                if _c[0] == _n + 1:
                    raise {"RuntimeError": RuntimeError, "OSError": OSError, "KeyError": KeyError, "ValueError": ValueError}[
                        name
                    ](f"{TOKEN} {CANARY} {args} {values}")
                return _o(self, *args, **values)

            with monkeypatch.context() as patch:
                patch.setattr(owner, method, careless)
                spec, settings = house.spec("tinyapi"), house.settings(api)
                folder, redactor = house.runs.create(spec), Redactor()
                guard = OutputGuard(folder.path / "run.log", redactor)
                made = tiny_process.parts(house.home, spec, settings)
                view = worker.execute(folder, spec, made, redactor=redactor, record=guard.record)
                folder.release()
            assert view.state.ended and "anary" not in str(view)
            for path in folder.path.rglob("*"):
                assert not path.is_file() or b"anary" not in path.read_bytes(), (method, nth, path)


def test_harmless_variables_pass_and_all_others_of_ours_are_handed_over() -> None:
    """What we do not know to be harmless is treated as a credential."""
    clean, handed = split_environ(
        {
            "PATH": "/bin",
            "BEDROT_HOME": "/h",
            "BEDROT_TINY_BASE_URL": "u",
            "BEDROT_TINY_PASSWORD": "p",
            "DEBUG": "pw:api",
            "BEDROT_NEW": "x",
        }
    )
    assert clean == {"PATH": "/bin", "BEDROT_HOME": "/h", "BEDROT_TINY_BASE_URL": "u"}
    assert handed == {"BEDROT_TINY_PASSWORD": "p", "BEDROT_NEW": "x"}


def test_a_cancel_while_files_are_validated_ends_it_and_kills_no_reader(house: Any, api: Any) -> None:
    """After the walk nothing is killed any more, so that no reader dies over a sound file; the rest waits for `validate --pending`."""
    cancel, steps = threading.Event(), []

    def inspect(ids: Sequence[str], emit: Callable[..., Any]) -> bool:
        steps.append("inspect")
        emit("stage", stage="validate", done=0, total=len(ids))
        cancel.set()
        emit("stage", stage="validate", done=1, total=len(ids))
        raise AssertionError("the inspection went on")

    spec = house.spec("tinyapi")
    folder = house.runs.create(spec)
    parts = tiny_process.parts(house.home, spec, house.settings(api), inspect=inspect)
    view = worker.execute(folder, spec, parts, cancel=cancel, walked=lambda: steps.append("walked"))
    folder.release()
    assert steps == ["walked", "inspect"]
    assert (view.state, view.exit_code, len(view.files)) == (RunState.CANCELLED, 130, 3)


def test_a_cancelled_run_validates_nothing(house: Any, api: Any) -> None:
    """What landed before the cancel stays and is pending."""
    cancel, asked = threading.Event(), []

    class CancelledAfterLanding(tiny_process.Lander):
        def __call__(self, captures: Any) -> Any:
            yield from super().__call__(captures)
            cancel.set()

    spec = house.spec("tinyapi")
    folder = house.runs.create(spec)
    parts = tiny_process.parts(
        house.home, spec, house.settings(api), land=CancelledAfterLanding(house.home), inspect=lambda ids, emit: asked.append(ids)
    )
    view = worker.execute(folder, spec, parts, cancel=cancel)
    folder.release()
    assert (view.state, len(view.files), asked) == (RunState.CANCELLED, 3, [])


def test_a_run_that_is_just_starting_can_be_cancelled(house: Any, api: Any) -> None:
    """Before the process listens, and before its number is written down, a cancel is not lost."""
    house.settings(api, mode="wait")
    run = house.start(house.spec("tinyapi"))
    view = house.runs.cancel(run)
    assert view.state is RunState.CANCELLED and not house.runs.get(run).alive()


def test_a_run_that_cannot_be_made_holds_nothing(house: Any) -> None:
    """Where the disk refuses a run's folder, the error is the disk's, and the platform is free for the next try."""
    house.runs.folder.parent.mkdir(parents=True, exist_ok=True)
    house.runs.folder.write_text("a file where the folder should be")
    with pytest.raises(FixityError):
        house.runs.create(house.spec("tinyapi"))
    house.runs.folder.unlink()
    spec = house.spec("tinyapi")
    first = house.runs.create(spec)
    with pytest.raises(FixityError):
        RunFolder.create(house.runs.folder, spec)
    assert first.alive() and first.spec() == spec
    first.discard()
    assert not first.path.exists()
    house.runs.create(house.spec("tinyapi")).release()


@pytest.mark.parametrize("refused", ["write", "open"])
def test_a_disk_that_refuses_the_last_word_is_exit_5(
    house: Any, api: Any, refused: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run's process says that the disk is the trouble, not that the program is; others see a run that died."""
    spec = house.spec("tinyapi")
    folder = house.runs.create(spec)
    settings = house.settings(api)

    def full(self: EventLog, line: bytes) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    idle = SimpleNamespace(record=lambda error: None, overdue=None, stop=None)
    with monkeypatch.context() as patch, (tmp_path / "in").open("w+b") as empty:
        if refused == "write":
            patch.setattr(EventLog, "_write", full)
        else:
            (folder.path / "events.jsonl").mkdir()
        for name in ("OutputGuard", "Watchdog"):
            patch.setattr(worker, name, lambda *args: contextlib.nullcontext(idle))
        for name in ("harden", "kill_descendants"):
            patch.setattr(worker, name, lambda *args: None)
        patch.setattr(signal, "signal", lambda *args: None)
        patch.setattr(sys, "stdin", SimpleNamespace(buffer=empty))
        patch.setattr(RunFolder, "adopt", lambda path, fds: folder)
        assert worker.main(folder.path, lambda spec, handed: tiny_process.parts(house.home, spec, settings)) == 5

        def broken(spec: Any, handed: Any) -> Any:
            raise UsageError("wrong settings")

        assert worker.main(folder.path, broken) == 5
    folder.release()
    if refused == "write":
        assert house.runs.view(spec.id).error_code == "run-died"
    else:
        (folder.path / "events.jsonl").rmdir()


def test_a_run_without_descriptors_listens_again_when_it_has_some(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """EMFILE from accept ends nothing: whoever waits is heard afterwards, and stop still stops at once."""
    monkeypatch.setattr(control, "PAUSE_SECONDS", 0.01)
    accept, tries = socket.socket.accept, []

    def short_of(self: socket.socket) -> Any:
        tries.append(1)
        if len(tries) < 5:
            raise OSError(errno.EMFILE, "Too many open files")
        return accept(self)

    monkeypatch.setattr(socket.socket, "accept", short_of)
    server = control.ControlServer(tmp_path, lambda command, sender: {"heard": command["cmd"]})
    assert control.send(tmp_path, {"cmd": "ping"})["heard"] == "ping" and len(tries) >= 5
    server.stop()
    assert not server._thread.is_alive()
    with pytest.raises(LifecycleError):
        control.send(tmp_path, {"cmd": "ping"})


def test_a_full_disk_leaves_no_torn_event(house: Any) -> None:
    """An event that does not fit is an error and leaves nothing; what is said after it can be read."""
    spec = house.spec("tinyapi")
    folder = house.runs.create(spec)
    log = EventLog(folder, SystemClock(), Redactor())
    log.emit("log", level="info", text="first")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, ((folder.path / "events.jsonl").stat().st_size + 20, limits[1]))
    try:
        with pytest.raises(FixityError):
            log.emit("log", level="info", text="x" * 100)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, before)
    log.emit("log", level="info", text="last")
    log.close()
    folder.release()
    assert [(e["seq"], e["text"]) for e in folder.events()] == [(1, "first"), (2, "last")]
