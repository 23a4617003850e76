"""One run on disk: `.bedrot/runs/<id>/`. Faces read it, only the run's own process writes it.

spec.json        what was asked
events.jsonl     append-only: {"seq", "at", "kind", …}; kinds in KINDS
lock             flocked by the run's process for as long as it lives
control.sock     0600, while it runs
run.log          what the process printed, live secrets blotted out
artefacts/       sealed evidence
tmp/             spool and browser; removed at the end
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import threading
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..domain.errors import UsageError, disk_error
from ..domain.files import format_time
from ..domain.runs import RunSpec, RunState, RunView
from ..resilience import Clock
from .tally import Tally, ended_view, next_step, reduce

if TYPE_CHECKING:
    from .redaction import Redactor

KINDS: dict[str, str] = {
    "state": "state; the first also platform, account, attended, expected; a later one expected, if that became less",
    "log": "level, text",
    "stage": "stage, done, total",
    "landed": "feed, file, path, size_bytes",
    "nothing": "feed, why, level: the platform shows that it has none of it (`info`: the account's settings leave it out)",
    "validated": "file, verdict (added by who validates)",
    "challenge": "challenge: the whole record",
    "challenge-ended": "challenge (id), state, by",
    "hand": "challenge (id), act (its name), by: somebody works on the challenge's page; never what was typed, nor where",
    "session": "act: saved | rejected, version",
    "ended": "state, exit_code, error_code, error, hint, started_at, expected, landed, files, landed_bytes",
}
OWN_KEYS = frozenset(
    {
        "seq", "at", "kind", "state", "run_id", "id", "file", "files", "feed", "path", "platform", "account", "expected", "landed",
        "started_at", "raised_at", "expires_at", "error_code", "code", "codes", "act", "can", "verdict", "purpose", "challenge", "by", "level",
        "artefact",
    }
)  # fmt: skip
"""Keys whose values we make ourselves; they are not searched for secrets, so that a short code or a common word that was typed eats
neither a date nor an error's code. What lies below such a key in objects of its own is searched."""
_COMMAND = re.compile(
    r"bedrot [a-z-]+(?: (?!-)[^\s,;:]+){0,3}" r"""(?: --[a-z-]+ (?:'[^']*'|"[^"]*"|[^\s,;:'"])+)*(?=[,;:)]|\Z)"""
)
"""A command in a hint: whole, and of our own words."""
_TAIL_BYTES = 8 << 10
_KNOWN: dict[str, tuple[tuple[int, int], int, list[dict[str, Any]]]] = {}
"""Of the runs that were looked at last: events.jsonl -> (its device and inode, up to which byte it was parsed, its events)."""
_TALLIES: dict[str, Tally] = {}
"""Of the same runs, by the folder's path: what their events say."""
_KNOWN_RUNS = 16
_KNOWN_LOCK = threading.Lock()


class RunFolder:
    """The folder of one run."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.id = path.name
        self._fds: list[int] = []

    def __fspath__(self) -> str:
        return str(self.path)

    @classmethod
    def create(cls, runs: Path, spec: RunSpec) -> RunFolder:
        """Make the folder of a new run and hold its lock: it counts as alive until this process, or the one it is handed to, ends."""
        folder = cls(runs / spec.id)
        try:
            folder.path.mkdir(mode=0o700, parents=True)
        except OSError as error:
            raise disk_error(error, "cannot make the run's folder") from error
        try:
            for name in ("tmp", "artefacts"):
                (folder.path / name).mkdir(mode=0o700)
            folder.hold(folder.path / "lock")
            record = asdict(spec) | {"feeds": list(spec.feeds)}
            partial = folder.path / ".spec"
            partial.touch(mode=0o600)
            partial.write_text(json.dumps(record) + "\n", "utf-8")
            partial.rename(folder.path / "spec.json")
        except OSError as error:
            folder.discard()
            raise disk_error(error, "cannot make the run's folder") from error
        return folder

    def discard(self) -> None:
        """Remove a run that never began, and let go of its locks."""
        import shutil

        shutil.rmtree(self.path, ignore_errors=True)
        self.release()

    @classmethod
    def adopt(cls, path: Path, fds: list[int]) -> RunFolder:
        """The folder in the process that runs it, with the locks it inherited; they pass to none of its children."""
        folder = cls(path)
        for fd in fds:
            os.set_inheritable(fd, False)
        folder._fds = fds
        return folder

    # -- locks --------------------------------------------------------------------------------------------------------------

    @property
    def fds(self) -> list[int]:
        """The locks held, to be handed to the run's process."""
        return list(self._fds)

    def hold(self, path: Path, note: str = "") -> bool:
        """Take a lock file for as long as the run lives; False if another run holds it. `note` is written into it."""
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(fd)
            return False
        os.ftruncate(fd, 0)
        os.write(fd, note.encode())
        self._fds.append(fd)
        return True

    def let_next(self) -> None:
        """Let go of all but the run's own lock: the next run of this platform and account may start."""
        while len(self._fds) > 1:
            os.close(self._fds.pop())

    def release(self) -> None:
        """Let go of the locks, in this process."""
        while self._fds:
            os.close(self._fds.pop())

    def alive(self) -> bool:
        """Whether the run's process lives (or is being started)."""
        try:
            fd = os.open(self.path / "lock", os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
        except OSError:
            return False
        try:
            # Shared: two who look at the same time must not take each other for the run.
            fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            return True
        finally:
            os.close(fd)
        return False

    # -- reading ------------------------------------------------------------------------------------------------------------

    def spec(self) -> RunSpec:
        """What the run was asked.

        Raises:
            UsageError: there is no such run.
        """
        try:
            record = json.loads((self.path / "spec.json").read_text("utf-8"))
            return RunSpec(**record | {"feeds": tuple(record["feeds"])})
        except (OSError, ValueError, TypeError, KeyError):
            raise UsageError(f"no such run: {self.id}", hint="bedrot runs") from None

    def events(self, after: int = 0) -> list[dict[str, Any]]:
        """Events with `seq` > `after`, in order; treat them as read-only. A torn last line is not there yet.

        Of a file read before, by any RunFolder of this process, only what is new is parsed: faces look ten times a second.
        """
        events = self._known()
        return events[bisect_right(events, after, key=lambda e: e["seq"]) :]

    def _known(self) -> list[dict[str, Any]]:
        """All whole events. A known list is never changed, only put in the place of a shorter one: threads may share it."""
        name = os.path.abspath(self.path / "events.jsonl")
        try:
            status = os.stat(name)
        except FileNotFoundError:
            return []
        identity = (status.st_dev, status.st_ino)
        known, offset, events = _KNOWN.get(name, (identity, 0, []))
        if known != identity or offset > status.st_size:
            offset, events = 0, []
        if offset < status.st_size:
            more, offset = self.events_from(offset)
            events = events + more
            with _KNOWN_LOCK:
                _KNOWN.pop(name, None)
                _KNOWN[name] = (identity, offset, events)
                while len(_KNOWN) > _KNOWN_RUNS:
                    del _KNOWN[next(iter(_KNOWN))]
        return events

    def events_from(self, offset: int) -> tuple[list[dict[str, Any]], int]:
        """Whole events from byte `offset` on, and the offset to go on from."""
        try:
            with (self.path / "events.jsonl").open("rb") as file:
                file.seek(offset)
                data = file.read()
        except FileNotFoundError:
            return [], offset
        whole = data.rfind(b"\n") + 1
        return [e for e in map(_parse, data[:whole].splitlines()) if e is not None], offset + whole

    def last_event(self, *kinds: str) -> dict[str, Any] | None:
        """The newest whole event, or the newest of these kinds; read from the end of the file, no further back than needed."""
        try:
            with (self.path / "events.jsonl").open("rb") as file:
                size = file.seek(0, os.SEEK_END)
                reach = _TAIL_BYTES
                while True:
                    file.seek(max(0, size - reach))
                    lines = file.read(min(size, reach)).split(b"\n")[:-1]
                    # The first line may be cut by the reach; what is not JSON is no event.
                    for line in reversed(lines):
                        event = _parse(line)
                        if event is not None and (not kinds or event["kind"] in kinds):
                            return event
                    if reach >= size:
                        return None
                    reach *= 8
        except OSError:
            return None

    def view(self) -> RunView:
        """The run as faces see it. A run whose process died without a last word is failed.

        Raises:
            UsageError: there is no such run.
        """
        spec = self.spec()
        alive = self.alive()  # before the events: a run that ends in between is seen as ended, not as died
        last = self.last_event()
        if last is not None and last["kind"] == "ended":
            return ended_view(spec, last)
        events, name = self._known(), os.path.abspath(self.path)
        with _KNOWN_LOCK:
            tally = _TALLIES.pop(name, None)
            if tally is None or not tally.continues(events):
                tally = Tally()
            _TALLIES[name] = tally
            while len(_TALLIES) > _KNOWN_RUNS:
                del _TALLIES[next(iter(_TALLIES))]
            return tally.add(events[tally.count :]).view(spec, alive=alive)


class EventLog:
    """The writing side of a run's events. Thread-safe; what is said passes the redactor first."""

    def __init__(
        self, folder: RunFolder, clock: Clock, redactor: Redactor, notice: Callable[[dict[str, Any]], None] | None = None
    ) -> None:
        """Raises DiskFull, FixityError: the file cannot be opened."""
        self._clock, self._redactor, self._notice = clock, redactor, notice
        self._lock = threading.Lock()
        last = folder.last_event()
        self._seq = last["seq"] if last else 0
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW
        try:
            self._fd = os.open(folder.path / "events.jsonl", flags, 0o600)
            _mend_tail(self._fd, folder.path / "events.jsonl")
        except OSError as error:
            raise disk_error(error, "cannot write the run's events") from error

    def emit(self, kind: str, **data: Any) -> dict[str, Any]:
        """Append one event; returns it as written. `notice` is told after, but of the end before: who sees a run ended finds it journalled.

        Raises:
            DiskFull, FixityError: it could not be written.
        """
        with self._lock:
            event: dict[str, Any] = {"seq": self._seq + 1, "at": format_time(self._clock.now()), "kind": kind}
            event |= self._redactor.clean_value(data, keep=OWN_KEYS)
            if isinstance(data.get("hint"), str):
                event["hint"] = _clean_hint(self._redactor, data["hint"])
            if kind == "ended" and self._notice is not None:
                self._notice(event)
            line = json.dumps(event, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n"
            try:
                self._write(line)
                if kind == "ended":
                    os.fsync(self._fd)
            except OSError as error:
                raise disk_error(error, "cannot write the run's events") from error
            self._seq += 1
        if kind != "ended" and self._notice is not None:
            self._notice(event)
        return event

    def _write(self, line: bytes) -> None:
        """The whole line or nothing: a full disk takes a part first and refuses only then."""
        before = os.fstat(self._fd).st_size
        view = memoryview(line)
        try:
            while view:
                view = view[os.write(self._fd, view) :]
        except OSError:
            os.ftruncate(self._fd, before)
            raise

    def close(self) -> None:
        os.close(self._fd)


def end(
    log: EventLog, view: RunView, state: RunState, exit_code: int, error_code: str | None, error: str | None, hint: str | None
) -> None:
    """The last word of a run: all that is needed to see it later without reading the rest."""
    log.emit(
        "ended", state=state.value, exit_code=exit_code, error_code=error_code, error=error,
        hint=next_step(hint, error_code, view.platform, view.account), started_at=format_time(view.started_at),
        expected=list(view.expected), landed=list(view.landed), files=list(view.files), landed_bytes=view.landed_bytes,
        stage=view.stage,
    )  # fmt: skip


def settle(folder: RunFolder, clock: Clock) -> RunView | None:
    """Give a run that died its last word and remove its spool; None if it lives or has ended already. Idempotent."""
    if not folder.hold(folder.path / "lock"):
        return None
    try:
        last = folder.last_event()
        import shutil

        shutil.rmtree(folder.path / "tmp", ignore_errors=True)
        (folder.path / "control.sock").unlink(missing_ok=True)
        if last is not None and last["kind"] == "ended":
            return None
        view = reduce(folder.spec(), folder.events(), alive=False)
        from .redaction import Redactor

        log = EventLog(folder, clock, Redactor())
        try:
            end(log, view, view.state, view.exit_code or 70, view.error_code, view.error, view.hint)
        finally:
            log.close()
        return folder.view()
    finally:
        folder.release()


def _clean_hint(redactor: Redactor, hint: str) -> str:
    """The hint without live secrets, but with its commands as they are: they are typed again, and name accounts, not answers."""
    cleaned, at = "", 0
    for command in _COMMAND.finditer(hint):
        cleaned += redactor.clean(hint[at : command.start()]) + command[0]
        at = command.end()
    return cleaned + redactor.clean(hint[at:])


def _mend_tail(fd: int, path: Path) -> None:
    """End a torn last line, so that the next event starts on its own."""
    with path.open("rb") as file:
        if file.seek(0, os.SEEK_END) and file.seek(-1, os.SEEK_END) is not None and file.read(1) != b"\n":
            os.write(fd, b"\n")


def _parse(line: bytes) -> dict[str, Any] | None:
    try:
        event = json.loads(line)
    except ValueError:
        return None
    return event if isinstance(event, dict) and "seq" in event and "kind" in event else None
