"""What makes a process a run: credentials handed over unseen, output that cannot leak, children that do not outlive it."""

from __future__ import annotations

import contextlib
import json
import os
import resource
import signal
import sys
import tempfile
import threading
import traceback
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

from .redaction import Redactor
from .runs import split_environ

LOG_BYTES = 4 << 20
"""A run's log is cut at this size."""
GRACE_SECONDS = 2.0
"""How long a cancelled run may take to end by itself before its browser is killed under it (an `evaluate` may never return)."""


@dataclass(frozen=True, slots=True)
class Handover:
    """What the parent passed over the pipe: numbers of inherited locks, and credentials from its environment."""

    fds: list[int] = field(default_factory=list)
    environ: dict[str, str] = field(default_factory=dict, repr=False)


def take_handover(pipe: BinaryIO) -> Handover:
    """Read the pipe to its end. A terminal or an empty input means that nothing was handed over."""
    if pipe.isatty():
        return Handover()
    try:
        record = json.loads(pipe.read() or b"{}")
        return Handover([int(n) for n in record.get("fds", [])], {str(k): str(v) for k, v in record.get("environ", {}).items()})
    except (ValueError, AttributeError, TypeError):
        return Handover()


def harden(tmp: Path) -> None:
    """No core dumps, no debugging output of libraries, private files, temporary files inside the run's folder."""
    os.umask(0o077)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    clean, _ = split_environ(os.environ)
    for name in set(os.environ) - set(clean):
        del os.environ[name]
    tmp.mkdir(mode=0o700, exist_ok=True)
    os.environ["TMPDIR"] = tempfile.tempdir = str(tmp)


class OutputGuard:
    """Takes over standard output and error of this process and its children; every line is cleaned on its way to the log file."""

    def __init__(self, path: Path, redactor: Redactor) -> None:
        self._redactor = redactor
        self._log = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        self._size = os.fstat(self._log).st_size
        self._before: list[int] = []

    def __enter__(self) -> OutputGuard:
        read, write = os.pipe()
        self._before = [os.dup(1), os.dup(2)]
        sys.stdout.flush()
        sys.stderr.flush()
        os.dup2(write, 1)
        os.dup2(write, 2)
        os.close(write)
        self._thread = threading.Thread(target=self._pump, args=(read,), name="output", daemon=True)
        self._thread.start()
        sys.excepthook = lambda kind, error, trace: self.record(error)
        threading.excepthook = lambda args: self.record(args.exc_value) if args.exc_value is not None else None
        return self

    def __exit__(self, kind: Any, error: BaseException | None, trace: TracebackType | None) -> None:
        if error is not None:
            self.record(error)
        sys.stdout.flush()
        sys.stderr.flush()
        for fd, before in zip((1, 2), self._before, strict=True):
            os.dup2(before, fd)
            os.close(before)
        self._thread.join(1.0)  # a child that still holds the pipe cannot keep us
        sys.excepthook, threading.excepthook = sys.__excepthook__, threading.__excepthook__

    def record(self, error: BaseException) -> None:
        """Write an exception to the log: frames without locals, text cleaned."""
        self._write("".join(traceback.format_exception(error)))

    def _pump(self, read: int) -> None:
        with os.fdopen(read, "rb") as pipe:
            while line := pipe.readline(64 << 10):
                self._write(line.decode("utf-8", "backslashreplace"))

    def _write(self, text: str) -> None:
        data = self._redactor.clean(text).encode("utf-8", "backslashreplace")[: max(0, LOG_BYTES - self._size)]
        self._size += len(data)
        with contextlib.suppress(OSError):
            os.write(self._log, data)


class Watchdog:
    """Once a run is cancelled: if it does not end within GRACE_SECONDS, its children are killed, so that no browser call can hold it."""

    def __init__(self, cancel: threading.Event) -> None:
        self._cancel = cancel
        self._over = threading.Event()

    def __enter__(self) -> Watchdog:
        self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Nothing is killed from here on."""
        self._over.set()

    def _watch(self) -> None:
        while not self._over.is_set():
            if self._cancel.wait(0.5):
                if not self._over.wait(GRACE_SECONDS):
                    kill_descendants()
                return


def descendants(pid: int) -> list[int]:
    """All living descendants of a process, from /proc; none where there is no /proc."""
    children: dict[int, list[int]] = {}
    try:
        entries = [int(n) for n in os.listdir("/proc") if n.isdigit()]
    except OSError:
        return []
    for entry in entries:
        try:
            stat = Path(f"/proc/{entry}/stat").read_text("ascii", "replace")
        except OSError:
            continue
        fields = stat.rpartition(")")[2].split()
        if len(fields) > 1 and fields[0] != "Z":
            children.setdefault(int(fields[1]), []).append(entry)
    found, todo = [], [pid]
    while todo:
        mine = children.get(todo.pop(), [])
        found.extend(mine)
        todo.extend(mine)
    return found


def kill_descendants() -> None:
    """Kill everything this process started."""
    for pid in descendants(os.getpid()):
        with contextlib.suppress(OSError):
            os.kill(pid, signal.SIGKILL)
