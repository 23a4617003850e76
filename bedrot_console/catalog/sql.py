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
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, Protocol

from ..domain.errors import BedrotError, Cancelled, CatalogError, QueryError, UsageError
from ..domain.macros import ARGUMENTS, MACROS, SEPARATOR
from ..resilience import Clock, Deadline, SystemClock

CHILD = Path(__file__).with_name("sql_child.py")
GRACE_SECONDS = 0.8
"""Beyond the time limit, for starting and for what DuckDB cannot interrupt; then the process is killed."""
_READ = 1 << 18
_COUNT, _ROWS = b'{"count":', b',"rows":'


Tell = Callable[[int, int], object]


class Given(Protocol):
    """Rows from outside the catalog that a query may ask for by the table macros."""

    notes: list[str]
    """What the asker should know of these rows; complete once the lines are drawn."""

    partial: bool
    """Whether rows are missing that should be there."""

    read: int
    files: int
    """So many files of so many that are known of are read."""

    def lines(self, stop: Callable[[], bool]) -> Iterator[bytes]:
        """What the child reads after its job: see `sql_child.py`. Ends early, or raises BedrotError, once `stop` says so."""


class SqlRun:
    """A query in its process. `columns` and `types` (DuckDB type names) are known once `open` returned; rows are read once, batch by batch.

    `notes` and `partial` tell of the rows that it was given, also once `open` returned. Values are None, bool, int, float or str. Types that
    JSON cannot say exactly (DECIMAL, DATE, TIMESTAMP, DOUBLE, lists …) come as DuckDB's own text; `types` tells what they are. `truncated`
    is final once the batches ended.
    """

    def __init__(self, process: subprocess.Popen[bytes], deadline: Deadline, given: Given | None = None) -> None:
        self._process = process
        self._given = given
        self._deadline = deadline
        self._buffer = b""
        self._mutex = threading.Lock()
        self._cancelled = False
        self.truncated = False
        self.columns: tuple[str, ...] = ()
        self.types: tuple[str, ...] = ()

    def open(self, tell: Tell | None = None) -> SqlRun:
        """Hand over what it was given, and wait until the engine has begun to answer. Raises what `lines` raises, and closes then.

        `tell` hears now and then how many files were read for it, of how many.
        """
        try:
            return self._opened(tell)
        except BaseException:  # ctrl+c too: the engine does not outlive who asked
            self.close()
            raise

    def _opened(self, tell: Tell | None) -> SqlRun:
        self._hand_over(tell)
        head = self._told(self._line())
        if "columns" not in head:
            raise CatalogError("the query gave no header")
        self.columns, self.types = tuple(head["columns"]), tuple(head["types"])
        return self

    @property
    def notes(self) -> Sequence[str]:
        return self._given.notes if self._given is not None else ()

    @property
    def partial(self) -> bool:
        return self._given is not None and self._given.partial

    @property
    def reading(self) -> tuple[int, int]:
        """Files read, of how many, of what it is given."""
        return (self._given.read, self._given.files) if self._given is not None else (0, 0)

    def _hand_over(self, tell: Tell | None) -> None:
        pipe = self._process.stdin
        assert pipe is not None
        try:
            if self._given is not None:
                os.set_blocking(pipe.fileno(), False)
                for line in self._given.lines(lambda: self._cancelled or self._deadline.passed):
                    self._write(pipe.fileno(), line + b"\n")
                    if tell is not None:
                        tell(*self.reading)
        except BrokenPipeError:  # what ended the child is told by its last line
            pass
        finally:
            _shut(pipe)
        self._refuse_late()

    def _write(self, fd: int, data: bytes) -> None:
        left = memoryview(data)
        while left:
            self._refuse_late()
            _, ready, _ = select.select([], [fd], [], min(self._deadline.left, 0.1))
            if ready:
                left = left[os.write(fd, left[:_READ]) :]

    def _refuse_late(self) -> None:
        if self._cancelled:
            raise Cancelled("the query was cancelled")
        if self._deadline.passed:
            raise _late()

    def _line(self) -> bytes:
        pipe = self._process.stdout
        assert pipe is not None
        pieces: list[bytes] = []
        while b"\n" not in self._buffer:
            pieces.append(self._buffer)
            self._buffer = b""
            if self._cancelled:
                self.close()
                raise Cancelled("the query was cancelled")
            ready, _, _ = select.select([pipe], [], [], min(self._deadline.left, 0.1))
            if not ready:
                if self._deadline.passed:
                    self.close()
                    raise _late()
                continue
            self._buffer = os.read(pipe.fileno(), _READ)
            if not self._buffer:
                cancelled = self._cancelled
                self.close()
                if cancelled:
                    raise Cancelled("the query was cancelled")
                raise UsageError("the query broke its process: it needs more memory or time than it may have", hint="narrow it")
        line, _, self._buffer = self._buffer.partition(b"\n")
        return b"".join([*pieces, line])

    def _told(self, line: bytes) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(line)
        if "error" in found:
            self.close()
            raise _meaning(found)
        return found

    def lines(self) -> Iterator[tuple[int, bytes]]:
        """Batches as they come: the number of rows, and the rows as one JSON array of arrays.

        Raises:
            UsageError: the query failed, or took too long or too much memory.
            Cancelled: `cancel()` was called.
        """
        try:
            while True:
                line = self._line()
                if line.startswith(_COUNT):
                    head, _, rows = line.partition(_ROWS)
                    yield int(head[len(_COUNT) :]), rows[:-1]
                    continue
                found = self._told(line)
                if found.get("end"):
                    self.truncated = bool(found["truncated"])
                    return
        finally:
            self.close()

    def batches(self) -> Iterator[list[tuple[Any, ...]]]:
        """Rows as they come; raises what `lines` raises."""
        for _, rows in self.lines():
            yield [tuple(row) for row in json.loads(rows)]

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
            for pipe in (self._process.stdin, self._process.stdout):
                if pipe is not None:
                    _shut(pipe)

    def __enter__(self) -> SqlRun:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _shut(pipe: IO[bytes]) -> None:
    with suppress(OSError):  # what was not taken any more
        pipe.close()


def _late() -> UsageError:
    return UsageError("the query took too long", hint="narrow it, or give more time")


def _meaning(found: dict[str, Any]) -> BedrotError:
    words = " ".join(found["error"].split())
    kind = found["kind"]
    if kind == "file":
        return CatalogError(f"the catalog cannot be read: {words}")
    if kind == "timeout":
        return UsageError(words, hint="narrow it, or give more time")
    if kind == "memory":
        return UsageError(words, hint="narrow it, or add a LIMIT")
    if kind == "refused":
        return QueryError(words, hint="bedrot sql --schema lists what can be asked")
    place = (found["place"][0], found["place"][1]) if found.get("place") else None
    meant = ", ".join((found.get("candidates") or ())[:3])
    return QueryError(words, hint=f"perhaps {meant}" if meant else "bedrot sql --schema lists views and columns", place=place)


def start_sql(
    published: Path,
    text: str,
    *,
    limit_rows: int | None = None,
    timeout_seconds: float = 10.0,
    clock: Clock | None = None,
    scope: Sequence[tuple[str, str]] = (),
    given: Given | None = None,
) -> SqlRun:
    """Start one query on the published catalog and return at once; `open` waits for its columns.

    Args:
        text: one SELECT (also FROM, WITH, VALUES, DESCRIBE, SHOW) or EXPLAIN.
        limit_rows: rows at most; more sets `truncated`.
        timeout_seconds: of execution; the process is killed shortly after.
        clock: for the wall-clock limit.
        scope: (view, query) pairs that stand for these views inside a SELECT; ours, never foreign text.
        given: what the table macros in the text stand for; drawn by `open`.

    Raises:
        QueryError: not one SELECT or EXPLAIN, or an error in it.
        UsageError: it took too long or too much memory.
        CatalogError: there is no catalog, or it cannot be read.
    """
    if not published.is_file():
        raise CatalogError("there is no catalog yet")
    environ = {"LANG": "C.UTF-8", "HOME": "/nonexistent", "PATH": "/nonexistent"}
    job = {
        "path": str(published), "text": text, "limit_rows": limit_rows, "timeout_seconds": timeout_seconds, "scope": [list(s) for s in scope],
        "macros": MACROS, "arguments": list(ARGUMENTS), "separator": SEPARATOR,
    }  # fmt: skip
    process = subprocess.Popen(
        [sys.executable, "-I", str(CHILD)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environ,
        cwd="/", start_new_session=True, close_fds=True,
    )  # fmt: skip
    try:
        assert process.stdin is not None
        process.stdin.write(json.dumps(job).encode() + b"\n")
        process.stdin.flush()
        if given is None:
            process.stdin.close()
    except BrokenPipeError:
        pass
    deadline = Deadline.after(clock or SystemClock(), timeout_seconds + GRACE_SECONDS)
    return SqlRun(process, deadline, given)
