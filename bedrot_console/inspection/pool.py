"""The parents of the limited children: one child with its questions under way, the children kept ready, and the bulk of jobs.

One bad file never stops a batch: a child that is killed, crashes or hangs costs one file the finding `format.unreadable`, and the next file
gets a new child.
"""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from typing import Any

import msgspec

from bedrot_console.domain.findings import Report

from .child import MOST_SECONDS, REASONS, allowed_cpu_seconds, unreadable
from .jobs import Job, View
from .scratch import Scratch

AHEAD = 4
"""So many jobs are under way to one child, so that it never waits for its parent."""
QUIET_SECONDS = 0.2
MOST_ANSWERS = 20_000
"""After so many answers a child is not kept any longer."""
MOST_ANSWER_BYTES = 64 << 20
"""A child that says more than this at once is ended."""
_KEPT_ENVIRONMENT = (
    "PATH",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "TZ",
    "PYTHONPATH",
    "VIRTUAL_ENV",
    "PYTHONDONTWRITEBYTECODE",
    "SYSTEMROOT",
)


class Child:
    """One child process, its questions under way, and what it has said so far. For one thread at a time."""

    def __init__(self, command: Sequence[str], scratch: str) -> None:
        environment = {name: os.environ[name] for name in _KEPT_ENVIRONMENT if name in os.environ}
        environment["TMPDIR"] = scratch
        environment["MALLOC_ARENA_MAX"] = "2"  # each further arena reserves 64 MB of the bounded address space
        self.process = subprocess.Popen(
            list(command), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            bufsize=0, start_new_session=True, env=environment,
        )  # fmt: skip
        assert self.process.stdin is not None and self.process.stdout is not None
        self.stdin, self.stdout = self.process.stdin, self.process.stdout
        os.set_blocking(self.stdin.fileno(), False)
        os.set_blocking(self.stdout.fileno(), False)
        self.under_way: deque[tuple[int, Any]] = deque()
        self.unsent = bytearray()
        self.heard = bytearray()
        self.since = time.monotonic()
        self.answered = 0

    def give(self, index: int, asked: Job | View) -> None:
        if not self.under_way:
            self.since = time.monotonic()
        self.under_way.append((index, asked))
        self.unsent += msgspec.json.encode(asked.to_record()) + b"\n"
        self.send()

    def send(self) -> None:
        while self.unsent:
            try:
                sent = os.write(self.stdin.fileno(), self.unsent[: 1 << 16])
            except BlockingIOError:
                return
            except BrokenPipeError:
                self.unsent.clear()
                return
            del self.unsent[:sent]

    def hear(self) -> tuple[list[bytes], bool]:
        """Whole lines said since, and whether the child still speaks (and not without end)."""
        alive, known = True, len(self.heard)
        while True:
            try:
                chunk = os.read(self.stdout.fileno(), 1 << 18)
            except BlockingIOError:
                break
            if not chunk:
                alive = False
                break
            self.heard += chunk
            if len(self.heard) > MOST_ANSWER_BYTES:
                alive = False
                break
        if self.heard.find(b"\n", known) < 0:  # a long line in the making is not looked through again and again
            return [], alive
        *lines, rest = self.heard.split(b"\n")
        self.heard = bytearray(rest)
        return [bytes(line) for line in lines[: len(self.under_way)]], alive and len(lines) <= len(self.under_way)

    def next(self) -> tuple[int, Any]:
        """The question that was answered just now."""
        self.since = time.monotonic()
        self.answered += 1
        return self.under_way.popleft()

    def seconds_left(self) -> float:
        """Until the question at hand has had its time on the wall clock (thrice its processor time, and ten seconds)."""
        if not self.under_way:
            return 3600.0
        return self.since + 3 * allowed_cpu_seconds(self.under_way[0][1]) + MOST_SECONDS - time.monotonic()

    def end(self, *, hurry: bool = False) -> int:
        """Reap, killing what does not leave by itself at once; returns the exit status (negative: the signal)."""
        for pipe in (self.stdin, self.stdout):
            pipe.close()
        try:
            return self.process.wait(0 if hurry else 1)
        except subprocess.TimeoutExpired:
            try:
                os.killpg(self.process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        return self.process.wait()


def reason_of(status: int) -> str:
    """The reason, of REASONS, that a child's exit status stands for."""
    return {-signal.SIGXCPU: "time", -signal.SIGALRM: "time", -signal.SIGKILL: "memory"}.get(status, "crashed")


class Readers:
    """Children kept ready, so that the next question costs no process start. Safe from several threads.

    Args:
        command: starts a child that calls `serve`.
        kept: so many idle children stay; those beyond are ended.
    """

    def __init__(self, command: Sequence[str], kept: int = 2) -> None:
        self.command, self.kept = list(command), kept
        self.scratch = Scratch("bedrot-scratch-")
        self._idle: list[Child] = []
        self._lock = threading.Lock()
        self._ended = weakref.finalize(self, _end, self._idle, self.scratch)

    def take(self) -> Child:
        """An idle child, or a new one. Whoever takes it gives it back or ends it."""
        with self._lock:
            while self._idle:
                child = self._idle.pop()
                if child.process.poll() is None:
                    return child
                child.end(hurry=True)
        return Child(self.command, str(self.scratch.path))

    def give_back(self, child: Child) -> None:
        """Keep a child for the next question, unless it is still at work, has worked long, or enough are idle."""
        with self._lock:
            fit = not child.under_way and not child.heard and child.answered < MOST_ANSWERS and self._ended.alive
            if fit and len(self._idle) < self.kept:
                self._idle.append(child)
                return
        child.end(hurry=True)

    def warm(self) -> None:
        """Start a child if none is idle; returns before it is ready."""
        with self._lock:
            if self._idle:
                return
        self.give_back(self.take())

    def close(self) -> None:
        """End all idle children and remove the scratch folder; without it this happens when the process ends."""
        self._ended()


def _end(idle: list[Child], scratch: Scratch) -> None:
    while idle:
        idle.pop().end(hurry=True)
    scratch.close()


class Inspectors:
    """Jobs in bulk, through limited children. Use as a context manager, from one thread.

    Args:
        readers: children kept ready; or the command that starts a child, for children that end with this pool.
        size: most children at a time.
    """

    def __init__(self, readers: Readers | Sequence[str], size: int = 2) -> None:
        self.own = None if isinstance(readers, Readers) else Readers(readers)
        self.readers = self.own or readers
        self.size = max(1, size)
        self.children: list[Child] = []
        self.selector = selectors.DefaultSelector()

    def __enter__(self) -> Inspectors:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Give the children back; end them if they are this pool's own."""
        while self.children:
            child = self.children.pop()
            self.selector.unregister(child.stdout)
            self.readers.give_back(child)
        self.selector.close()
        if self.own is not None:
            self.own.close()

    def run(self, jobs: Iterable[Job]) -> Iterator[Report]:
        """Reports in the order of the jobs, each as soon as it and all before it are there. Jobs are drawn as children become free."""
        waiting: dict[int, Report] = {}
        due = 0

        def room(given: int) -> bool:
            return given - due < 64 * self.size * AHEAD

        with closing(self._run(enumerate(jobs), room)) as found:
            for index, report in found:
                if report is not None:
                    waiting[index] = report
                while due in waiting:
                    yield waiting.pop(due)
                    due += 1

    def run_chained(self, jobs: Iterable[Job | None]) -> Iterator[Report | None]:
        """Reports as they come; a job may depend on reports yielded before.

        Args:
            jobs: yields None while its next job still waits for a report.

        Returns:
            None in between when nothing came for QUIET_SECONDS.
        """
        with closing(self._run(((0, job) for job in jobs), lambda given: True)) as found:
            for _, report in found:
                yield report

    def _run(
        self, source: Iterator[tuple[int, Job | None]], room: Callable[[int], bool]
    ) -> Generator[tuple[int, Report | None], None, None]:
        again: deque[tuple[int, Job]] = deque()
        given = 0
        more = True
        try:
            while more or again or any(c.under_way for c in self.children):
                while again or (more and room(given)):
                    child = self._free()
                    if child is None:
                        break
                    if again:
                        child.give(*again.popleft())
                        continue
                    item = next(source, None)
                    if item is None:
                        more = False
                        break
                    if item[1] is None:
                        break
                    child.give(item[0], item[1])
                    given += 1
                yield from self._listen(again)
        finally:  # left early: what is under way belongs to nobody any more
            for child in [c for c in self.children if c.under_way]:
                self._drop(child, hurry=True)

    def _free(self) -> Child | None:
        """The child with the fewest jobs; a new one while there is room and nobody idles."""
        best = min(self.children, key=lambda c: len(c.under_way), default=None)
        if best is not None and not best.under_way:
            return best
        if len(self.children) < self.size:
            child = self.readers.take()
            self.children.append(child)
            self.selector.register(child.stdout, selectors.EVENT_READ, child)
            return child
        return best if best is not None and len(best.under_way) < AHEAD else None

    def _listen(self, again: deque[tuple[int, Job]]) -> Iterator[tuple[int, Report | None]]:
        busy = [c for c in self.children if c.under_way]
        if not busy:
            return
        timeout = max(0.0, min(QUIET_SECONDS, *(c.seconds_left() for c in busy)))
        if any(c.unsent for c in busy):
            timeout = min(timeout, 0.005)
        ready = {key.data for key, _ in self.selector.select(timeout)}
        if not ready and timeout >= QUIET_SECONDS:
            yield 0, None
        for child in busy:
            child.send()
            alive = True
            if child in ready:
                lines, alive = child.hear()
                for line in lines:
                    index, job = child.next()
                    yield index, _report(job, line)
            late = alive and child.seconds_left() <= 0
            if late or not alive:
                yield from self._bury(child, "time" if late else None, again)

    def _bury(self, child: Child, reason: str | None, again: deque[tuple[int, Job]]) -> Iterator[tuple[int, Report]]:
        """Blame the job at hand; the others under way go to another child."""
        status = self._drop(child, hurry=reason is not None)
        if child.under_way:
            index, job = child.under_way.popleft()
            yield index, unreadable(job, reason or reason_of(status))
        again.extendleft(reversed(child.under_way))

    def _drop(self, child: Child, *, hurry: bool = False) -> int:
        self.selector.unregister(child.stdout)
        self.children.remove(child)
        return child.end(hurry=hurry)


def _report(job: Job, line: bytes) -> Report:
    """What a child said, or that it did not make sense."""
    try:
        found = _REPORT.decode(line)
        if (found.id, found.file_id, found.sha256) == (job.report_id, job.sidecar.id, job.sidecar.sha256):
            return found
    except msgspec.DecodeError:
        pass
    try:
        reason = msgspec.json.decode(line)["failed"]
        return unreadable(job, reason if reason in REASONS else "crashed")
    except (msgspec.DecodeError, LookupError, TypeError):
        return unreadable(job, "crashed")


_REPORT = msgspec.json.Decoder(Report)
