"""Runs as faces handle them: start one as its own process, list, follow, answer, cancel. Watching changes nothing."""

from __future__ import annotations

import json
import os
import signal
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..domain.accounts import segment
from ..domain.challenges import Challenge, Look, Secret
from ..domain.errors import AlreadyRunning, BedrotError, ChallengeExpired, LifecycleError, UsageError, disk_error
from ..domain.identifiers import LENGTH, MIN_PREFIX, is_id
from ..domain.runs import RunSpec, RunView
from ..resilience import Clock
from .runfolder import RunFolder, settle

FOLLOW_SECONDS = 0.1
CANCEL_SECONDS = 3.0
LOOK_SECONDS = 15.0
"""How long who looks or acts waits for the run: longer than the run waits for its page."""
LEAVING_SECONDS = 5.0
"""How long the process of a run that has ended may take to close its browser and leave."""
NOT_SECRET = ("BEDROT_HOME", "BEDROT_BROWSER", "BEDROT_PICTURES")
DANGEROUS = ("DEBUG", "DEBUG_FILE", "PWDEBUG", "NODE_OPTIONS", "NODE_DEBUG", "SSLKEYLOGFILE", "PYTHONSTARTUP", "PYTHONINSPECT")
"""Variables that make Playwright, Node, TLS or Python write down what nobody may read, or run what nobody asked for."""


class Runs:
    """The folder of all runs (`.bedrot/runs`)."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self.folder = folder
        self._clock = clock

    # -- starting -----------------------------------------------------------------------------------------------------------

    def create(self, spec: RunSpec) -> RunFolder:
        """Make a run's folder and take the lock of its platform and account.

        Raises:
            AlreadyRunning: another run has that platform and account; the hint attaches to it.
            UsageError: no such account can be.  DiskFull, FixityError: the disk refused.
        """
        locks = self.folder / ".locks"
        lock = locks / f"{spec.platform}@{segment(spec.account)}"
        probe = RunFolder(self.folder / spec.id)
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            locks.mkdir(mode=0o700, exist_ok=True)
            held = probe.hold(lock, spec.id)
        except OSError as error:
            raise disk_error(error, "cannot make the run's lock") from error
        if not held and not self._handed_on(probe, lock, spec.id):
            other = _note(lock)
            raise AlreadyRunning(
                f"{spec.platform} is already being extracted for account {spec.account}",
                hint=f"bedrot attach {other}" if other else None,
            )
        try:
            folder = RunFolder.create(self.folder, spec)
        except BedrotError:
            probe.release()
            raise
        folder._fds.extend(probe.fds)
        return folder

    def _handed_on(self, probe: RunFolder, lock: Path, run: str) -> bool:
        """Take the lock of a run that has said its last word and is just leaving; False if it is still at work."""
        left = LEAVING_SECONDS
        while left > 0:
            other = _note(lock)
            last = RunFolder(self.folder / other).last_event() if other else None
            if last is None or last["kind"] != "ended":
                return False
            self._clock.sleep(FOLLOW_SECONDS)
            left -= FOLLOW_SECONDS
            if probe.hold(lock, run):
                return True
        return False

    def spawn(self, command: Sequence[str], folder: RunFolder, *, environ: Mapping[str, str]) -> int:
        """Start `command` as the run's own process, in its own session, and let go of it. Returns its process id.

        Its standard input is a pipe that carries the locks' numbers and the environment's credentials: neither its arguments nor its
        environment hold any. Its output goes to the run's log, so that no terminal can hurt it.
        """
        import subprocess

        clean, handed = split_environ(environ)
        read, write = os.pipe()
        fds = folder.fds
        try:
            (folder.path / "run.log").touch(mode=0o600)
            with (folder.path / "run.log").open("ab") as log:
                process = subprocess.Popen(
                    list(command), stdin=read, stdout=subprocess.DEVNULL, stderr=log, env=clean, cwd=folder.path, pass_fds=fds,
                    start_new_session=True,
                )  # fmt: skip
        except OSError as error:
            raise UsageError(f"the run's process cannot be started: {error.strerror}") from error
        finally:
            os.close(read)
            folder.release()
            threading.Thread(target=_hand_over, args=(write, {"fds": fds, "environ": handed}), daemon=False).start()
        threading.Thread(target=process.wait, name="reaper", daemon=True).start()
        return process.pid

    # -- watching -----------------------------------------------------------------------------------------------------------

    def get(self, run: str) -> RunFolder:
        """The run with this id or unambiguous beginning of it (6 characters or more).

        Raises:
            UsageError: none, several, or too short.
        """
        if is_id(run):
            ids = [run] if (self.folder / run).is_dir() else []
        elif len(run) < MIN_PREFIX:
            raise UsageError(f"too short for a run: {run!r}", hint=f"give at least {MIN_PREFIX} characters")
        else:
            ids = [i for i in self._ids() if i.startswith(run)]
        if len(ids) != 1:
            raise UsageError(
                f"{'no such run' if not ids else 'several runs begin with'}: {run}"[: LENGTH + 60], hint="bedrot runs"
            )
        return RunFolder(self.folder / ids[0])

    def list_runs(self, limit: int = 50) -> list[RunView]:
        """Newest first."""
        views = []
        for run in sorted(self._ids(), reverse=True)[:limit]:
            try:
                views.append(RunFolder(self.folder / run).view())
            except UsageError:
                continue  # its folder is just being made
        return views

    def view(self, run: str) -> RunView:
        """One run. Raises UsageError when there is none."""
        return self.get(run).view()

    def read_events(self, run: str, after: int = 0) -> list[dict[str, Any]]:
        """Events with `seq` > `after` that are there now."""
        return self.get(run).events(after)

    def follow(self, run: str, after: int = 0, stop: Callable[[], bool] | None = None) -> Iterator[dict[str, Any]]:
        """Events with `seq` > `after`, then those to come, until the run has ended or died, or `stop()`."""
        folder = self.get(run)
        offset = 0
        while stop is None or not stop():
            alive = folder.alive()
            events, offset = folder.events_from(offset)
            for event in events:
                if event["seq"] > after:
                    yield event
                if event["kind"] == "ended":
                    return
            if not alive:
                return
            if not events:
                self._clock.sleep(FOLLOW_SECONDS)

    def open_challenges(self) -> list[Challenge]:
        """Challenges that wait for an answer now, newest run first."""
        found = []
        for run in sorted(self._latest(), reverse=True):
            folder = RunFolder(self.folder / run)
            event = folder.last_event("challenge", "challenge-ended", "ended") if folder.alive() else None
            if event is not None and event["kind"] == "challenge":
                found.append(Challenge.from_record(event["challenge"]))
        return found

    def _latest(self) -> set[str]:
        """The newest run of each platform and account; no older one can be alive."""
        try:
            return {note for path in (self.folder / ".locks").iterdir() if (note := _note(path))}
        except FileNotFoundError:
            return set()

    def challenge(self, prefix: str) -> Challenge:
        """The open challenge with this id or beginning (6 characters or more).

        Raises:
            ChallengeExpired: none such is open.  UsageError: too short, or several.
        """
        if len(prefix) < MIN_PREFIX:
            raise UsageError(f"too short for a challenge: {prefix!r}", hint=f"give at least {MIN_PREFIX} characters")
        found = [c for c in self.open_challenges() if c.id.startswith(prefix)]
        if len(found) > 1:
            raise UsageError("several challenges begin with that", hint="bedrot challenges")
        if not found:
            raise ChallengeExpired("no such challenge is open", hint="bedrot challenges")
        return found[0]

    # -- speaking -----------------------------------------------------------------------------------------------------------

    def answer(self, prefix: str, value: Secret) -> Challenge:
        """Answer a challenge; returns it when the run has taken the answer.

        Raises:
            ChallengeExpired: over, or somebody was faster.  UsageError: the wrong shape; nothing was spent.
        """
        challenge = self.challenge(prefix)
        folder = self.get(challenge.run_id)
        from . import control

        control.send(folder.path, {"cmd": "answer", "challenge": challenge.id, "value": value.reveal()})
        return challenge

    def act(self, prefix: str, act: str) -> Challenge:
        """Choose one of a challenge's acts (`resend`, `other`, `done`). Raises as `answer`."""
        challenge = self.challenge(prefix)
        from . import control

        control.send(self.get(challenge.run_id).path, {"cmd": "act", "challenge": challenge.id, "act": act})
        return challenge

    def look(self, prefix: str) -> Look:
        """What there is to see of a challenge now: the text of its QR code, or its page. To be shown and forgotten.

        Raises:
            ChallengeExpired: over.  UsageError: it shows nothing.  SourceChanged, SourceUnavailable: no code just now, or no answer in time.
        """
        import base64

        from . import control

        challenge = self.challenge(prefix)
        command = {"cmd": "look", "challenge": challenge.id}
        seen = control.send(self.get(challenge.run_id).path, command, timeout_seconds=LOOK_SECONDS)
        text = seen.get("text")
        return Look(
            text=Secret(text) if text else None, picture=base64.b64decode(seen.get("picture") or ""), width=int(seen.get("width") or 0),
            height=int(seen.get("height") or 0), outline=str(seen.get("outline") or ""),
        )  # fmt: skip

    def hand(self, prefix: str, act: Mapping[str, Any]) -> Challenge:
        """Click, type, press, scroll or drag on the live page of a challenge (see `acts`); returns when it is done.

        Raises:
            ChallengeExpired: over.  UsageError: no such act, not on this page, or no page.  SourceUnavailable: no answer in time.
        """
        from . import control

        challenge = self.challenge(prefix)
        command = {"cmd": "hand", "challenge": challenge.id, "act": dict(act)}
        control.send(self.get(challenge.run_id).path, command, timeout_seconds=LOOK_SECONDS)
        return challenge

    def cancel(self, run: str) -> RunView:
        """Cancel a run: asked over its socket, after 3 s by SIGTERM, after 3 more by SIGKILL to its group. Returns when it is over.

        SIGTERM is for the run's own process only: its children end by its hand, so that a reader is not taken for one that failed.

        Raises:
            LifecycleError: it has ended already.
        """
        folder = self.get(run)
        if not folder.alive():
            raise LifecycleError(f"run {folder.id} has ended already", hint="bedrot runs")
        from . import control

        pid = 0
        try:
            pid = int(control.send(folder.path, {"cmd": "cancel"}, timeout_seconds=CANCEL_SECONDS).get("pid", 0))
        except LifecycleError:
            pid = _pid(folder)
        for number in (signal.SIGTERM, signal.SIGKILL):
            if self._gone(folder):
                break
            pid = pid or _pid(folder)  # a run that was just starting has written it down by now
            if pid > 1 and pid != os.getpid() and folder.alive():
                try:
                    os.kill(pid, number) if number is signal.SIGTERM else os.killpg(pid, number)
                except (ProcessLookupError, PermissionError):
                    break
        self._gone(folder)
        settle(folder, self._clock)
        return folder.view()

    def settle(self) -> list[RunView]:
        """Give every run that died its last word; the views of those that got one now."""
        settled = [settle(RunFolder(self.folder / run), self._clock) for run in sorted(self._ids()) if self._unsettled(run)]
        return [view for view in settled if view is not None]

    def _unsettled(self, run: str) -> bool:
        """The spool goes after the last word, so only a run that still has one can want settling. One stat for all others."""
        folder = RunFolder(self.folder / run)
        return (folder.path / "tmp").is_dir() and (folder.path / "spec.json").exists() and not folder.alive()

    def _gone(self, folder: RunFolder) -> bool:
        left = CANCEL_SECONDS
        while left > 0:
            if not folder.alive():
                return True
            self._clock.sleep(0.05)
            left -= 0.05
        return not folder.alive()

    def _ids(self) -> list[str]:
        try:
            return [n for n in os.listdir(self.folder) if is_id(n)]
        except FileNotFoundError:
            return []


def split_environ(environ: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """(what a child's environment may hold, what must be handed over unseen): every `BEDROT_*` that is not known to be harmless is secret."""
    clean, handed = {}, {}
    for name, value in environ.items():
        if name.startswith("BEDROT_") and name not in NOT_SECRET and not name.endswith("_BASE_URL"):
            handed[name] = value
        elif name not in DANGEROUS:
            clean[name] = value
    return clean, handed


def _hand_over(write: int, record: dict[str, Any]) -> None:
    try:
        with os.fdopen(write, "wb") as pipe:
            pipe.write(json.dumps(record).encode())
    except OSError:
        pass  # it died before it listened; its lock is free, so everybody sees that


def _note(lock: Path) -> str:
    try:
        note = lock.read_text("utf-8")
    except (OSError, ValueError):
        return ""
    return note if is_id(note) else ""


def _pid(folder: RunFolder) -> int:
    try:
        return int((folder.path / "pid").read_text("ascii"))
    except (OSError, ValueError):
        return 0
