"""Executes one run: walks the extractor, lands what it yields, and always leaves a last word.

`main` is the whole of a run's own process but for putting the rooms together, which is the operations' part (`compose`).
A run beyond its limit ends as one that was cancelled, but as failed (or partial) with its own error.
States: queued -> running <-> waiting (a challenge) -> done | partial | failed | cancelled.
"""

from __future__ import annotations

import base64
import errno
import os
import shutil
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..domain.challenges import Look
from ..domain.errors import BedrotError, Cancelled, DiskFull, FixityError, RunTimedOut, SourceChanged, UsageError
from ..domain.files import Capture
from ..domain.ports import Secrets, Sessions
from ..domain.runs import RunSpec, RunState, RunView
from ..resilience import Clock, SystemClock
from ..settings import Settings
from .base import Extractor
from .broker import Broker
from .control import ControlServer
from .process import Handover, OutputGuard, Watchdog, harden, kill_descendants, limit_seconds, take_handover
from .redaction import Redactor
from .runfolder import EventLog, RunFolder, end
from .session import Session
from .tally import reduce

Land = Callable[[Sequence[Capture]], Iterable[Any]]
"""Lands captures (one, or a whole set) and gives, for each, a LandedFile or something with an `error` (a BedrotError)."""


class ExtractorFailed(BedrotError):
    """A defect in an extractor or in this program: call a developer."""

    exit_code = 70


@dataclass(frozen=True)
class Parts:
    """What the operations put together for a run.

    Attributes:
        land: see Land.
        seal: seals evidence; None keeps none.
        mask: masks personal data in outlines.
        notice: told of every event of the run, after it was written (to journal challenges and the end).
        inspect: validates the landed files (ids) before the run ends; `(ids, emit)` -> whether all passed or only warned.
    """

    extractor: type[Extractor]
    land: Land
    secrets: Secrets
    sessions: Sessions
    settings: Settings
    clock: Clock
    seal: Callable[[bytes], bytes] | None = None
    mask: Callable[[str], str] | None = None
    notice: Callable[[dict[str, Any]], None] | None = None
    inspect: Callable[[Sequence[str], Callable[..., Any]], bool] | None = None


Compose = Callable[[RunSpec, dict[str, str]], Parts]
"""(spec, credentials handed over from the caller's environment, to be merged into `Settings.environ`) -> Parts."""


def main(path: Path, compose: Compose, clock: Clock | None = None) -> int:
    """The run's own process; returns its exit code.

    Signals: SIGTERM and SIGINT cancel, SIGHUP is ignored. What it or its children print goes to `run.log`, live secrets blotted out.
    """
    handover: Handover = take_handover(sys.stdin.buffer)
    folder = RunFolder.adopt(path, handover.fds)
    redactor, cancel = Redactor(), threading.Event()
    for value in handover.environ.values():
        redactor.add(value)
    harden(path / "tmp")
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: cancel.set())
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    (path / "pid").write_text(str(os.getpid()), "ascii")
    with OutputGuard(path / "run.log", redactor) as guard:
        spec = folder.spec()
        try:
            parts = compose(spec, handover.environ)
            limit = limit_seconds(parts.settings)
        except Exception as error:  # border: the worker. A run that cannot begin still gets its last word.
            guard.record(error)
            ours = error if isinstance(error, BedrotError) else _defect(error, None)
            try:
                log = EventLog(folder, clock or SystemClock(), redactor)
                try:
                    end(log, reduce(spec, [], alive=True), RunState.FAILED, ours.exit_code, ours.code, str(ours), ours.hint)
                finally:
                    log.close()
            except FixityError as refused:
                ours = refused
            shutil.rmtree(path / "tmp", ignore_errors=True)
            return ours.exit_code
        with Watchdog(cancel, limit) as watchdog:
            try:
                view = execute(
                    folder, spec, parts, redactor=redactor, cancel=cancel, overdue=watchdog.overdue, record=guard.record,
                    walked=watchdog.stop,
                )  # fmt: skip
            except FixityError as refused:  # not even its events could be opened
                return refused.exit_code
        kill_descendants()
    return 70 if view.exit_code is None else view.exit_code


def execute(
    folder: RunFolder,
    spec: RunSpec,
    parts: Parts,
    *,
    redactor: Redactor | None = None,
    cancel: threading.Event | None = None,
    overdue: threading.Event | None = None,
    record: Callable[[BaseException], None] | None = None,
    walked: Callable[[], None] | None = None,
) -> RunView:
    """Run an extractor to its end in this thread. Never raises for what the extractor or the platform does; the view says it.

    Args:
        overdue: set, before `cancel`, by whoever cancels the run because its time is over.
        record: told of foreign exceptions, for the run's log.
        walked: told when the extractor is done and its browser closed: what runs after that must not be killed by a cancel.
    """
    redactor, cancel = redactor or Redactor(), cancel or threading.Event()
    log = EventLog(folder, parts.clock, redactor, parts.notice)
    broker = Broker(spec, emit=log.emit, clock=parts.clock, redactor=redactor, cancel=cancel)
    tmp = folder.path / "tmp"
    tmp.mkdir(mode=0o700, exist_ok=True)
    server: ControlServer | None = None
    session: Session | None = None
    walk = _Walk(parts, log)
    problem: BedrotError | None = None
    try:
        expected = parts.extractor.expected(spec.feeds) if spec.purpose == "extract" else ()
        log.emit(
            "state",
            state="running",
            platform=spec.platform,
            account=spec.account,
            attended=spec.attended,
            expected=list(expected),
            purpose=spec.purpose,
        )
        server = ControlServer(folder.path, _handler(broker))
        session = Session(
            spec, parts.extractor, settings=parts.settings, clock=parts.clock, secrets=parts.secrets, sessions=parts.sessions,
            broker=broker, emit=log.emit, redactor=redactor, folder=tmp, cancel=cancel, mask=parts.mask,
            keep=_keeper(folder, parts.seal, log),
        )  # fmt: skip
        if spec.purpose == "check":
            session.prove()
        else:
            walk.go(session)
    except Exception as error:  # border: the worker. Whatever an extractor raises becomes the run's last word.
        problem = _ours(error, session, parts.extractor, record)
    finally:
        problem = _close(session, problem, parts.extractor, record)
        if walked is not None:
            walked()
    if overdue is not None and overdue.is_set() and not isinstance(problem, FixityError):
        problem = RunTimedOut("the run was cut off: it took longer than its limit")
    problem = problem or walk.problem or (session.failures[0][1] if session is not None and session.failures else None)
    sound = True
    landed = reduce(spec, folder.events(), alive=True).files
    if parts.inspect is not None and landed and not isinstance(problem, Cancelled | RunTimedOut):
        try:
            sound = parts.inspect(landed, _until(cancel, log))
        except Exception as error:  # border: the worker. The files have landed; `bedrot validate --pending` does it later.
            problem = problem or _ours(error, None, parts.extractor, record)
    if server is not None:
        server.stop()
    view = reduce(spec, folder.events(), alive=True)
    state, exit_code, problem = _judge(view, problem)
    if exit_code == 0 and not sound:
        exit_code = 1
    folder.let_next()  # before the last word, so that whoever waited for it can start the next run at once
    try:
        end(
            log, view, state, exit_code, problem.code if problem else None, redactor.clean(str(problem)) if problem else None,
            problem.hint if problem else None,
        )  # fmt: skip
    except FixityError as error:
        # The disk refuses even the last word; the lock falls with the process, so others see the run as died.
        return replace(
            view, state=RunState.FAILED, ended_at=parts.clock.now(), exit_code=error.exit_code, error_code=error.code,
            error=redactor.clean(str(error)), hint=error.hint, challenge_id=None,
        )  # fmt: skip
    finally:
        log.close()
        shutil.rmtree(tmp, ignore_errors=True)  # after the last word: a run without a spool needs no settling
    return folder.view()


def _until(cancel: threading.Event, log: EventLog) -> Callable[..., Any]:
    """The log's `emit`, which ends the inspection once the run is cancelled."""

    def emit(kind: str, **data: Any) -> dict[str, Any]:
        if cancel.is_set():
            raise Cancelled("cancelled by the operator")
        return log.emit(kind, **data)

    return emit


def _close(session: Session | None, problem: BedrotError | None, extractor: type[Extractor], record: Any) -> BedrotError | None:
    """Close what is open; a failure to close is told only where nothing worse is."""
    if session is not None:
        try:
            session.close()
        except Exception as error:  # border: the worker. The last word must be written whatever happens here.
            return problem or _ours(error, None, extractor, record)
    return problem


class _Walk:
    """Lands what the extractor yields: single captures at once, those of a set with its own folder together."""

    def __init__(self, parts: Parts, log: EventLog) -> None:
        self.parts, self.log = parts, log
        self.problem: BedrotError | None = None
        self._set: list[Capture] = []
        self._folders = {f.name for f in parts.extractor.feeds.values() if f.own_folder}

    def go(self, session: Session) -> None:
        walk = self.parts.extractor().extract(session)
        try:
            for capture in walk:
                self._take(capture)
                session.check_cancelled()
        except Cancelled:
            self._set.clear()
            raise
        finally:
            walk.close()
            self._land()

    def _take(self, capture: Capture) -> None:
        if capture.feed not in self._folders or capture.set_id is None:
            self._land()
            self._set = [capture]
            self._land()
            return
        if self._set and self._set[0].set_id != capture.set_id:
            self._land()
        self._set.append(capture)

    def _land(self) -> None:
        captures, self._set = self._set, []
        if not captures:
            return
        for capture, landed in zip(captures, self.parts.land(captures), strict=True):
            error = getattr(landed, "error", None)
            if error is not None:
                self.problem = self.problem or error
                self.log.emit("log", level="error", text=f"{capture.feed}: {error}", code=error.code)
            else:
                self.log.emit("landed", feed=capture.feed, file=landed.id, path=landed.path, size_bytes=landed.size_bytes)
            if isinstance(capture.body, Path):
                capture.body.unlink(missing_ok=True)


def _judge(view: RunView, problem: BedrotError | None) -> tuple[RunState, int, BedrotError | None]:
    missing = [f for f in view.expected if f not in view.landed]
    if isinstance(problem, Cancelled):
        return RunState.CANCELLED, problem.exit_code, problem
    if problem is None and missing:
        problem = SourceChanged("the run brought nothing of " + ", ".join(missing))
    if problem is None:
        return RunState.DONE, 0, None
    if view.landed:
        return RunState.PARTIAL, problem.exit_code if isinstance(problem, FixityError) else 1, problem
    return RunState.FAILED, problem.exit_code, problem


def _ours(
    error: Exception, session: Session | None, extractor: type[Extractor], record: Callable[[BaseException], None] | None
) -> BedrotError:
    """Any exception as one of ours; evidence of a changed page is kept."""
    ours = error if isinstance(error, BedrotError) else _foreign(error, extractor)
    if session is not None and session.cancelled() and not isinstance(ours, FixityError):
        return Cancelled("cancelled by the operator")
    if not isinstance(error, BedrotError):
        if record is not None:
            record(error)
        if session is not None and isinstance(ours, SourceChanged | ExtractorFailed):
            session.keep_evidence("page")
    return ours


def _foreign(error: Exception, extractor: type[Extractor]) -> BedrotError:
    room = type(error).__module__.partition(".")[0]
    if room == "playwright":
        from .page_errors import translate

        return translate(error, extractor.name)
    if room in ("requests", "urllib3"):
        from .http import translate as translate_http

        return translate_http(error, extractor.origin)
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DiskFull("the disk is full")
    return _defect(error, extractor.folder())


def _defect(error: BaseException, folder: Path | None) -> ExtractorFailed:
    """The kind of a foreign error and where it arose; never its text, which may quote anything."""
    where, step = "", error.__traceback__
    while step is not None:
        path = Path(step.tb_frame.f_code.co_filename)
        if folder is None or folder in path.parents or not where:
            where = f" in {path.parent.name}/{path.name} line {step.tb_lineno}"
        step = step.tb_next
    return ExtractorFailed(f"{type(error).__name__}{where}", hint="run.log in the run's folder tells more; tell the developers")


def _handler(broker: Broker) -> Callable[[dict[str, Any], str], dict[str, Any]]:
    def handle(command: dict[str, Any], sender: str) -> dict[str, Any]:
        match command["cmd"]:
            case "answer":
                broker.offer(str(command["challenge"]), str(command["value"]), sender)
            case "act":
                broker.act(str(command["challenge"]), str(command["act"]), sender)
            case "look":
                return {"pid": os.getpid(), **_seen(broker.look(str(command["challenge"])))}
            case "hand":
                broker.hand(str(command["challenge"]), dict(command["act"]), sender)
            case "cancel":
                broker.cancel()
            case "ping":
                pass
            case other:
                raise UsageError(f"no such command: {other!s:.40}")
        return {"pid": os.getpid()}

    return handle


def _seen(look: Look) -> dict[str, Any]:
    return {
        "text": look.text.reveal() if look.text else None, "picture": base64.b64encode(look.picture).decode("ascii"),
        "width": look.width, "height": look.height, "outline": look.outline,
    }  # fmt: skip


def _keeper(folder: RunFolder, seal: Callable[[bytes], bytes] | None, log: EventLog) -> Callable[[str, bytes], str | None]:
    def keep(name: str, content: bytes) -> str | None:
        if seal is None:
            return None
        artefacts = folder.path / "artefacts"
        artefacts.mkdir(mode=0o700, exist_ok=True)
        number = len(list(artefacts.iterdir())) + 1
        kept = f"{number:02d}-{name}.age"
        sealed = seal(content)
        fd = os.open(artefacts / kept, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(fd, "wb") as file:
            file.write(sealed)
        log.emit("log", level="info", text=f"kept {kept}", artefact=kept)
        return kept

    return keep
