"""The limited child that reads payloads: what it is asked, what it answers, and its limits. Its parents are in `pool.py`.

A payload is written by others: what parses it runs in a process of its own with bounds on processor time, memory and file size, without
network, and (where the kernel has Landlock) without any file but those it must read.

Wire: JSON lines on stdin (the record of a Job or a View) and stdout (that of a Report, Diff, Preview, Excerpt or PayloadRows, or `failed` with a
word of REASONS), in order.
"""

from __future__ import annotations

import os
import signal
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from bedrot_console.domain.errors import BedrotError
from bedrot_console.domain.feeds import Feed
from bedrot_console.domain.findings import STAGES, Finding, Outcome, Report, Severity, StageResult

from . import confinement, tables
from .jobs import Job, View

REASONS = {
    "time": "reading took longer than its limit",
    "memory": "reading needs more memory than its limit",
    "crashed": "the reader crashed",
    "stumbled": "the reader stumbled over the content",
    "no-feed": "the feed's declaration does not load",
    "gone": "the file is not there",
}
"""The closed list of reasons behind `format.unreadable`; the reason's word is the finding's `seen`."""

ENCODER = msgspec.json.Encoder()
CPU_SECONDS = 5.0
CPU_BYTES_PER_SECOND = 8 << 20
UNPACKS = 10
"""A gzip'd payload may take the time of one so many times as long. Its name tells; no more than time hangs on it."""
MEMORY_BYTES = 256 << 20
MEMORY_PER_BYTE = 14
MEMORY_MOST_BYTES = 4 << 30
MOST_SECONDS = 10.0
"""Beside thrice its processor time, so long may one question take on the clock on the wall."""


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
    from . import diff, excerpt, preview, stages  # noqa: F401  while the parent still prepares its first question

    wire = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)
    jobs = os.fdopen(os.dup(0), "rb", buffering=1 << 16)
    if confine:
        confinement.confine([*readable, *confinement.python_folders()], writable=[Path(tempfile.gettempdir())])
    for line in jobs:
        wire.write(_answer(msgspec.json.decode(line), load_feed, limit=confine) + b"\n")
    return 0


def _answer(record: dict[str, Any], load_feed: Callable[[str], Feed], *, limit: bool) -> bytes:
    try:
        asked = View.from_record(record, load_feed) if "view" in record else Job.from_record(record, load_feed)
    except (BedrotError, LookupError):
        return msgspec.json.encode({"failed": "no-feed"})
    try:
        if limit:
            _limit(asked)
        return ENCODER.encode(_said(asked))
    except MemoryError:
        return msgspec.json.encode({"failed": "memory"})
    except Exception as stumble:  # border: a payload that is stumbled over ends its own answer, not the child
        return msgspec.json.encode(
            {"failed": "memory" if "ut of memory" in str(stumble) else "stumbled", "type": type(stumble).__name__}
        )
    finally:
        if limit:
            signal.setitimer(signal.ITIMER_REAL, 0)


def _limit(asked: Job | View) -> None:
    """Bounds for what is asked. The clock on the wall ends also a child whose parent is gone; whoever starts it may be a short-lived thread,
    so that the kernel's own tie between the two would be too tight."""
    seconds = allowed_cpu_seconds(asked)
    signal.setitimer(signal.ITIMER_REAL, 3 * seconds + MOST_SECONDS)
    if asked.is_table:
        _limits.set(cpu_seconds=CPU_SECONDS, memory_bytes=None)
        tables.connection().close()
    _limits.set(cpu_seconds=seconds, memory_bytes=allowed_memory(asked))


_limits = confinement.Limits()


def _said(asked: Job | View) -> Any:
    if isinstance(asked, Job):
        from .stages import inspect

        return inspect(asked)
    if asked.view == "preview":
        from .preview import preview

        return preview(asked.feed, asked.payload, lines=asked.limit, offset=asked.offset)
    if asked.wish is not None:
        from .excerpt import excerpt

        return excerpt(asked.feed, asked.payload, asked.wish)
    if asked.sidecar is not None:
        from .columnar import payload_rows

        assert asked.feed is not None
        return payload_rows(asked.feed, asked.payload, asked.sidecar)
    from .diff import diff

    assert asked.feed is not None
    return diff(asked.feed, asked.old, asked.payload, asked.old_id, asked.new_id, limit=asked.limit, whole=asked.whole)


def allowed_cpu_seconds(asked: Job | View) -> float:
    """Processor seconds for one question: a base and a share of the bytes to be read."""
    longer = UNPACKS if str(asked.payload).endswith(".gz") else 1
    return CPU_SECONDS + asked.to_read_bytes * longer / CPU_BYTES_PER_SECOND


def allowed_memory(asked: Job | View) -> int:
    """Bytes of address space beyond what the idle child has."""
    size = asked.to_read_bytes
    if not asked.is_table:
        return min(MEMORY_BYTES + MEMORY_PER_BYTE * size, MEMORY_MOST_BYTES)
    if isinstance(asked, View):
        return min(MEMORY_BYTES + 2 * tables.memory_bytes(size) + 5 * size, MEMORY_MOST_BYTES)
    return MEMORY_BYTES + tables.memory_bytes(size)


def here(jobs: Iterable[Job]) -> Iterator[Report]:
    """Inspect in this process, without limits: for tests and tools whose payloads are their own."""
    from .stages import inspect

    for job in jobs:
        yield inspect(job)
