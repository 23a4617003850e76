"""The limited child that reads payloads, and the pool of such children.

A payload is written by others: what parses it runs in a process of its own with bounds on processor time, memory and file size, without
network, and (where the kernel has Landlock) without any file but those it must read. One bad file never stops a batch: a child that is
killed, crashes or hangs costs one file the finding `format.unreadable`, and the next file gets a new child.

Wire: JSON lines on stdin (a job's record) and stdout (a report's record), in order.
"""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from bedrot_console.domain.feeds import Feed
from bedrot_console.domain.findings import STAGES, Finding, Outcome, Report, Severity, StageResult

from . import confinement, tables
from .jobs import Job

REASONS = {
    "time": "reading took longer than its limit",
    "memory": "reading needs more memory than its limit",
    "crashed": "the reader crashed",
    "stumbled": "the reader stumbled over the content",
    "no-feed": "the feed's declaration does not load",
    "gone": "the file is not there",
}
"""The closed list of reasons behind `format.unreadable`; the reason's word is the finding's `seen`."""

CPU_SECONDS = 5.0
CPU_BYTES_PER_SECOND = 8 << 20
MEMORY_BYTES = 256 << 20
MEMORY_PER_BYTE = 14
MEMORY_MOST_BYTES = 4 << 30
AHEAD = 4
"""So many jobs are under way to one child, so that it never waits for its parent."""
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


def unreadable(job: Job, reason: str) -> Report:
    """The report of a file that its reader did not survive."""
    finding = Finding(code="format.unreadable", severity=Severity.ERROR, stage="format", message=REASONS[reason], seen=reason)
    place = STAGES.index("format")
    stages = [
        StageResult(
            stage=name,
            outcome=Outcome.FAILED if name == "format" else Outcome.SKIPPED,
            because=None if name == "format" else "the reader gave up" if spot < place else "format failed",
        )
        for spot, name in enumerate(STAGES)
    ]
    return Report(
        id=job.report_id,
        file_id=job.sidecar.id,
        sha256=job.sidecar.sha256,
        rules=job.rules,
        at=job.now,
        stages=tuple(stages),
        findings=(finding,),
    )


def serve(load_feed: Callable[[str], Feed], *, readable: Sequence[Path] = (), confine: bool = True) -> int:
    """Be the child: inspect jobs from stdin until it ends. Whatever extractors print goes to stderr, not into the wire.

    Args:
        load_feed: a feed by its whole name; raises BedrotError or LookupError.
        readable: folders that hold payloads and extractors; nothing else but Python itself can be opened afterwards.
    """
    wire = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)
    jobs = os.fdopen(os.dup(0), "rb", buffering=1 << 16)
    if confine:
        confinement.confine([*readable, *confinement.python_folders()], writable=[Path(tempfile.gettempdir())])
    for line in jobs:
        wire.write(_answer(msgspec.json.decode(line), load_feed, limit=confine) + b"\n")
    return 0


def _answer(record: dict[str, Any], load_feed: Callable[[str], Feed], *, limit: bool) -> bytes:
    from .stages import inspect

    try:
        job = Job.from_record(record, load_feed)
    except Exception:
        return msgspec.json.encode({"failed": "no-feed"})
    try:
        if limit:
            if job.feed.format == "table":
                confinement.limit(cpu_seconds=CPU_SECONDS, memory_bytes=None)
                tables.connection().close()
            confinement.limit(cpu_seconds=allowed_cpu_seconds(job), memory_bytes=allowed_memory(job))
        return msgspec.json.encode(inspect(job).to_record())
    except MemoryError:
        return msgspec.json.encode({"failed": "memory", "rules": job.rules})
    except Exception as stumble:
        return msgspec.json.encode(
            {"failed": "memory" if "ut of memory" in str(stumble) else "stumbled", "type": type(stumble).__name__}
        )


def allowed_cpu_seconds(job: Job) -> float:
    """Processor seconds for one job: a base and a share of the bytes to be read."""
    return CPU_SECONDS + _bytes(job) / CPU_BYTES_PER_SECOND


def allowed_memory(job: Job) -> int:
    """Bytes of address space beyond what the idle child has."""
    if job.feed.format == "table":
        return MEMORY_BYTES + tables.memory_bytes(_bytes(job))
    return min(MEMORY_BYTES + MEMORY_PER_BYTE * _bytes(job), MEMORY_MOST_BYTES)


def _bytes(job: Job) -> int:
    return job.sidecar.size_bytes * (2 if job.previous else 1)


class _Child:
    """One child process, its jobs under way, and what it has said so far."""

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
        self.under_way: deque[tuple[int, Job]] = deque()
        self.unsent = bytearray()
        self.heard = bytearray()
        self.since = time.monotonic()

    def give(self, index: int, job: Job) -> None:
        if not self.under_way:
            self.since = time.monotonic()
        self.under_way.append((index, job))
        self.unsent += msgspec.json.encode(job.to_record()) + b"\n"
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
        """Whole lines said since, and whether the child still speaks."""
        alive = True
        while True:
            try:
                chunk = os.read(self.stdout.fileno(), 1 << 18)
            except BlockingIOError:
                break
            if not chunk:
                alive = False
                break
            self.heard += chunk
        *lines, rest = self.heard.split(b"\n")
        self.heard = bytearray(rest)
        return [bytes(line) for line in lines], alive

    def seconds_left(self) -> float:
        """Until the job at hand has had its time on the wall clock (thrice its processor time, and ten seconds)."""
        if not self.under_way:
            return 3600.0
        return self.since + 3 * allowed_cpu_seconds(self.under_way[0][1]) + 10 - time.monotonic()

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


class Inspectors:
    """A pool of limited children. Use as a context manager, from one thread.

    Args:
        command: starts a child that calls `serve`.
        size: most children at a time.
    """

    def __init__(self, command: Sequence[str], size: int = 2) -> None:
        self.command, self.size = list(command), max(1, size)
        self.children: list[_Child] = []
        self.selector = selectors.DefaultSelector()
        self.scratch = tempfile.TemporaryDirectory(prefix="bedrot-inspect-")

    def __enter__(self) -> Inspectors:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """End all children and remove their scratch folder."""
        for child in list(self.children):
            self._drop(child)
        self.selector.close()
        self.scratch.cleanup()

    def run(self, jobs: Iterable[Job]) -> Iterator[Report]:
        """Reports in the order of the jobs, each as soon as it and all before it are there. Jobs are drawn as children become free."""
        try:
            yield from self._run(enumerate(jobs))
        finally:  # left early: what is under way belongs to nobody any more
            for child in [c for c in self.children if c.under_way]:
                self._drop(child, hurry=True)

    def _run(self, source: Iterator[tuple[int, Job]]) -> Iterator[Report]:
        again: deque[tuple[int, Job]] = deque()
        waiting: dict[int, Report] = {}
        given = due = 0
        more = True
        while True:
            while again or (more and given - due < 64 * self.size * AHEAD):
                child = self._free()
                if child is None:
                    break
                if again:
                    child.give(*again.popleft())
                elif (item := next(source, None)) is not None:
                    child.give(*item)
                    given += 1
                else:
                    more = False
            if not more and not again and not any(c.under_way for c in self.children) and not waiting:
                return
            for index, report in self._listen(again):
                waiting[index] = report
            while due in waiting:
                yield waiting.pop(due)
                due += 1

    def _free(self) -> _Child | None:
        """The child with the fewest jobs; a new one while there is room and nobody idles."""
        best = min(self.children, key=lambda c: len(c.under_way), default=None)
        if best is not None and not best.under_way:
            return best
        if len(self.children) < self.size:
            child = _Child(self.command, self.scratch.name)
            self.children.append(child)
            self.selector.register(child.stdout, selectors.EVENT_READ, child)
            return child
        return best if best is not None and len(best.under_way) < AHEAD else None

    def _listen(self, again: deque[tuple[int, Job]]) -> Iterator[tuple[int, Report]]:
        busy = [c for c in self.children if c.under_way]
        if not busy:
            return
        timeout = max(0.0, min(c.seconds_left() for c in busy))
        if any(c.unsent for c in busy):
            timeout = min(timeout, 0.005)
        ready = {key.data for key, _ in self.selector.select(timeout)}
        for child in busy:
            child.send()
            alive = True
            if child in ready:
                lines, alive = child.hear()
                for line in lines:
                    index, job = child.under_way.popleft()
                    child.since = time.monotonic()
                    yield index, _report(job, line)
            late = alive and child.seconds_left() <= 0
            if late or not alive:
                yield from self._bury(child, "time" if late else None, again)

    def _bury(self, child: _Child, reason: str | None, again: deque[tuple[int, Job]]) -> Iterator[tuple[int, Report]]:
        """Blame the job at hand; the others under way go to another child."""
        status = self._drop(child, hurry=reason is not None)
        if child.under_way:
            index, job = child.under_way.popleft()
            yield index, unreadable(job, reason or {-signal.SIGXCPU: "time", -signal.SIGKILL: "memory"}.get(status, "crashed"))
        again.extendleft(reversed(child.under_way))

    def _drop(self, child: _Child, *, hurry: bool = False) -> int:
        self.selector.unregister(child.stdout)
        self.children.remove(child)
        return child.end(hurry=hurry)


def _report(job: Job, line: bytes) -> Report:
    try:
        record = msgspec.json.decode(line)
        if "failed" in record:
            return unreadable(job, record["failed"])
        return Report.from_record(record)
    except (msgspec.DecodeError, KeyError, ValueError, TypeError):
        return unreadable(job, "crashed")


def here(jobs: Iterable[Job]) -> Iterator[Report]:
    """Inspect in this process, without limits: for tests and tools whose payloads are their own."""
    from .stages import inspect

    for job in jobs:
        yield inspect(job)
