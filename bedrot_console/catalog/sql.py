"""People's SQL: one SELECT or EXPLAIN on the published catalog, in a locked-down process that is killed when it takes too long.

Never imports duckdb: the child does. What comes back is data from outside: faces show it through `safe()`.
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..domain.errors import BedrotError, Cancelled, CatalogError, UsageError
from ..resilience import Clock, Deadline, SystemClock

CHILD = Path(__file__).with_name("sql_child.py")
GRACE_SECONDS = 0.8
"""Beyond the time limit, for starting and for what DuckDB cannot interrupt; then the process is killed."""
_READ = 1 << 18


class SqlRun:
    """A running query. `columns` and `types` (DuckDB type names) are known at once; rows are read once, batch by batch.

    Values are None, bool, int, float or str. Types that JSON cannot say exactly (DECIMAL, DATE, TIMESTAMP, DOUBLE, lists …)
    come as DuckDB's own text; `types` tells what they are. `truncated` is final once the batches ended.
    """

    def __init__(self, process: subprocess.Popen[bytes], deadline: Deadline) -> None:
        self._process = process
        self._deadline = deadline
        self._buffer = b""
        self._mutex = threading.Lock()
        self._cancelled = False
        self.truncated = False
        self.columns: tuple[str, ...] = ()
        self.types: tuple[str, ...] = ()
        head = self._line()
        if "columns" not in head:
            self.close()
            raise CatalogError("the query gave no header")
        self.columns, self.types = tuple(head["columns"]), tuple(head["types"])

    def _line(self) -> dict[str, Any]:
        pipe = self._process.stdout
        assert pipe is not None
        while b"\n" not in self._buffer:
            if self._cancelled:
                self.close()
                raise Cancelled("the query was cancelled")
            ready, _, _ = select.select([pipe], [], [], min(self._deadline.left, 0.1))
            if not ready:
                if self._deadline.passed:
                    self.close()
                    raise UsageError("the query took too long", hint="narrow it, or give more time")
                continue
            data = os.read(pipe.fileno(), _READ)
            if not data:
                cancelled = self._cancelled
                self.close()
                if cancelled:
                    raise Cancelled("the query was cancelled")
                raise UsageError("the query broke its process: it needs more memory or time than it may have", hint="narrow it")
            self._buffer += data
        line, _, self._buffer = self._buffer.partition(b"\n")
        found = json.loads(line)
        if "error" in found:
            self.close()
            raise _meaning(found["kind"], found["error"])
        return found

    def batches(self) -> Iterator[list[tuple[Any, ...]]]:
        """Rows as they come.

        Raises:
            UsageError: the query failed, or took too long or too much memory.
            Cancelled: `cancel()` was called.
        """
        try:
            while True:
                found = self._line()
                if found.get("end"):
                    self.truncated = bool(found["truncated"])
                    return
                yield [tuple(row) for row in found["rows"]]
        finally:
            self.close()

    def rows(self) -> Iterator[tuple[Any, ...]]:
        """Rows one by one."""
        for batch in self.batches():
            yield from batch

    def cancel(self) -> None:
        """Stop it at once, from any thread."""
        self._cancelled = True
        with self._mutex:
            if self._process.poll() is None:
                self._process.send_signal(signal.SIGKILL)

    def close(self) -> None:
        """End the process. Safe to call again."""
        with self._mutex:
            if self._process.poll() is None:
                self._process.kill()
            self._process.wait()
            if self._process.stdout is not None:
                self._process.stdout.close()

    def __enter__(self) -> SqlRun:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _meaning(kind: str, words: str) -> BedrotError:
    words = " ".join(line.strip() for line in words.splitlines() if line.strip().strip("^"))
    if kind == "file":
        return CatalogError(f"the catalog cannot be read: {words}")
    if kind == "refused":
        return UsageError(words, hint="bedrot sql --schema lists what can be asked")
    if kind == "timeout":
        return UsageError(words, hint="narrow it, or give more time")
    if kind == "memory":
        return UsageError(words, hint="narrow it, or add a LIMIT")
    return UsageError(words, hint="bedrot sql --schema lists views and columns")


def run_sql(
    published: Path, text: str, *, limit_rows: int | None = None, timeout_seconds: float = 10.0, clock: Clock | None = None
) -> SqlRun:
    """Start one query on the published catalog; returns once its columns are known.

    Args:
        text: one SELECT (also FROM, WITH, VALUES, DESCRIBE, SHOW) or EXPLAIN.
        limit_rows: rows at most; more sets `truncated`.
        timeout_seconds: of execution; the process is killed shortly after.
        clock: for the wall-clock limit.

    Raises:
        UsageError: not one SELECT or EXPLAIN, an error in it, or it took too long or too much memory.
        CatalogError: there is no catalog, or it cannot be read.
    """
    if not published.is_file():
        raise CatalogError("there is no catalog yet")
    environ = {"LANG": "C.UTF-8", "HOME": "/nonexistent", "PATH": "/nonexistent"}
    job = {"path": str(published), "text": text, "limit_rows": limit_rows, "timeout_seconds": timeout_seconds}
    process = subprocess.Popen(
        [sys.executable, "-I", str(CHILD)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environ,
        cwd="/", start_new_session=True, close_fds=True,
    )  # fmt: skip
    try:
        assert process.stdin is not None
        process.stdin.write(json.dumps(job).encode() + b"\n")
        process.stdin.close()
    except BrokenPipeError:
        pass
    deadline = Deadline.after(clock or SystemClock(), timeout_seconds + GRACE_SECONDS)
    return SqlRun(process, deadline)
