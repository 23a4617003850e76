"""What makes a process a run: credentials handed over unseen, output that cannot leak, children that do not outlive it."""

from __future__ import annotations

import codecs
import contextlib
import json
import os
import resource
import signal
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

from ..domain.errors import RunTimedOut, UsageError
from ..settings import Settings
from .redaction import Redactor
from .runs import split_environ

LOG_BYTES = 4 << 20
"""A run's log is cut at this size."""
PIECE_BYTES = 64 << 10
"""A line of output that is longer is taken in pieces of this size."""
GRACE_SECONDS = 2.0
"""How long a cancelled run may take to end by itself before its browser is killed under it (an `evaluate` may never return)."""

LIMIT_MINUTES = 120.0
"""How long a run may walk its platform, unless `limit_minutes` under `[runs]` in `bedrot.toml` says otherwise."""
LAST_SECONDS = 60.0
"""A run beyond its limit that does not end even without its children ends its process, so that its locks fall."""


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
        sys.unraisablehook = lambda args: self.record(args.exc_value) if args.exc_value is not None else None
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
        sys.unraisablehook = sys.__unraisablehook__

    def record(self, error: BaseException) -> None:
        """Write an exception to the log: types, places and our own source lines. Never its text: it may quote a page, a payload, a secret
        that nobody named to the redactor.
        """
        chain: list[BaseException] = [error]
        while (cause := chain[-1].__cause__ or chain[-1].__context__) is not None and cause not in chain:
            chain.append(cause)
        lines = []
        for item in reversed(chain):
            lines += ["Traceback (most recent call last):\n", *traceback.format_tb(item.__traceback__)]
            lines.append(f"{type(item).__module__}.{type(item).__qualname__}\n")
        self._write(self._redactor.clean("".join(lines)))

    def _pump(self, read: int) -> None:
        """Whole lines; of a line without end, pieces that cut no secret in two."""
        decoder = codecs.getincrementaldecoder("utf-8")("backslashreplace")
        held = ""
        with os.fdopen(read, "rb") as pipe:
            while piece := pipe.readline(PIECE_BYTES):
                held += decoder.decode(piece)
                if piece.endswith(b"\n"):
                    self._write(self._redactor.clean(held))
                    held = ""
                else:
                    cleaned, held = self._redactor.clean_piece(held)
                    self._write(cleaned)
        self._write(self._redactor.clean(held + decoder.decode(b"", final=True)))

    def _write(self, text: str) -> None:
        data = text.encode("utf-8", "backslashreplace")[: max(0, LOG_BYTES - self._size)]
        self._size += len(data)
        with contextlib.suppress(OSError):
            os.write(self._log, data)


def limit_seconds(settings: Settings) -> float:
    """The limit of a run, in seconds: `limit_minutes` under `[runs]`, else LIMIT_MINUTES.

    Raises:
        UsageError: it is no number above 0.
    """
    table = settings.table.get("runs", {})
    minutes = table.get("limit_minutes", LIMIT_MINUTES) if isinstance(table, Mapping) else None
    if isinstance(minutes, bool) or not isinstance(minutes, int | float) or not 0 < minutes * 60 <= threading.TIMEOUT_MAX:
        raise UsageError("bedrot.toml: limit_minutes under [runs] is not a number of minutes", hint="mend the file")
    return minutes * 60.0


class Watchdog:
    """Sees that a run ends. No browser call can hold it: `evaluate` and `close` have no time limit of their own.

    Beyond its limit a run is cancelled, and `overdue` is set. Once it is cancelled, by whomever, and does not end within GRACE_SECONDS,
    its children are killed. If it was overdue and stands for LAST_SECONDS more, its process ends, and it is seen as died.

    Args:
        limit_seconds: from `__enter__` on, by the machine's monotonic clock: a machine asleep is no run that hangs.
    """

    def __init__(self, cancel: threading.Event, limit_seconds: float = LIMIT_MINUTES * 60) -> None:
        self.overdue = threading.Event()
        self._cancel = cancel
        self._limit = limit_seconds
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
        began = time.monotonic()
        while not self._over.is_set():
            left = self._limit - (time.monotonic() - began)
            if left <= 0 and not self._cancel.is_set():
                self.overdue.set()
                self._cancel.set()
            if self._cancel.wait(max(0.0, min(0.5, left))):
                if not self._over.wait(GRACE_SECONDS):
                    kill_descendants()
                break
        if self.overdue.is_set() and not self._over.wait(LAST_SECONDS):
            kill_descendants()
            os._exit(RunTimedOut.exit_code)


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
