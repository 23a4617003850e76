"""A run as a process of its own: it outlives its terminal, is cancelled, cut off and killed, and shows no secret."""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import tiny_process
from extraction_house import HERE, TOKEN, House

from bedrot_console.domain.challenges import Secret
from bedrot_console.domain.errors import LifecycleError, UsageError
from bedrot_console.domain.runs import RunState
from bedrot_console.extraction import control, worker
from bedrot_console.extraction.process import OutputGuard, limit_seconds
from bedrot_console.extraction.redaction import Redactor
from bedrot_console.extraction.runfolder import EventLog, RunFolder
from bedrot_console.extraction.runs import split_environ
from bedrot_console.extraction.session import Session
from bedrot_console.settings import Settings


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


def test_a_run_that_is_just_starting_can_be_cancelled(house: Any, api: Any) -> None:
    """Before the process listens, and before its number is written down, a cancel is not lost."""
    house.settings(api, mode="wait")
    run = house.start(house.spec("tinyapi"))
    view = house.runs.cancel(run)
    assert view.state is RunState.CANCELLED and not house.runs.get(run).alive()


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
