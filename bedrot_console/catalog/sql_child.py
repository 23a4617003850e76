"""The locked-down process that runs one foreign query. Started by `sql.py` as a script of its own; knows nothing of the project.

Reads one JSON line on stdin, writes JSON lines on the descriptor it was given as stdout: a header `{"columns", "types"}`, batches
`{"rows"}`, and at the end `{"end", "truncated"}` or `{"error", "kind"}` (kind: query, timeout, memory, refused, file).

What holds it: address space, file size zero, CPU and descriptors limited by the kernel; Landlock (where the kernel has it) lets it read
the catalog file and nothing else, and no network; DuckDB read-only, external access off, configuration locked; one SELECT or
EXPLAIN by DuckDB's own splitter; the parent's wall-clock kill. A `read_only` connection alone is none of that: COPY and
read_text run on it.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import signal
import sys
from typing import Any

ADDRESS_SPACE = 2 << 30
CELL_CHARACTERS = 1 << 20
BATCH_BYTES = 4 << 20
FIRST_ROWS, MORE_ROWS = 200, 2000
MEMORY_LIMIT = "512MB"
_PLAIN = {
    "BOOLEAN", "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "HUGEINT", "UHUGEINT",
    "VARCHAR", '"NULL"', "NULL",
}  # fmt: skip
_LANDLOCK_CREATE, _LANDLOCK_ADD, _LANDLOCK_RESTRICT = 444, 445, 446
_READ_FILE = 1 << 2
_MACHINE = ("/proc/self/cgroup", "/proc/stat", "/proc/meminfo", "/sys/devices/system/cpu/online", "/sys/fs/cgroup")
"""What DuckDB reads to learn how large the machine is; without `/proc/self/cgroup` it aborts."""


class Refused(Exception):
    """The text is not one SELECT or EXPLAIN."""


def limit(seconds: float) -> None:
    """Kernel limits that hold whatever DuckDB does."""
    cpu = int(seconds) + 2
    resource.setrlimit(resource.RLIMIT_CPU, (cpu * 2, cpu * 2 + 1))
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (32, 32))
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)


def confine(path: str) -> bool:
    """Landlock: only `path` may be read, nothing written, no TCP. False where the kernel does not have it."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(38, 1, 0, 0, 0)  # PR_SET_NO_NEW_PRIVS
    libc.prctl(1, signal.SIGKILL, 0, 0, 0)  # PR_SET_PDEATHSIG
    libc.prctl(4, 0, 0, 0, 0)  # PR_SET_DUMPABLE
    version = libc.syscall(_LANDLOCK_CREATE, None, 0, 1)
    if version < 1:
        return False
    files = {1: (1 << 13) - 1, 2: (1 << 14) - 1}.get(version, (1 << 15) - 1 if version < 5 else (1 << 16) - 1)
    fields = [files] + ([3] if version >= 4 else []) + ([3] if version >= 6 else [])
    attributes = (ctypes.c_uint64 * len(fields))(*fields)
    rules = libc.syscall(_LANDLOCK_CREATE, ctypes.byref(attributes), ctypes.sizeof(attributes), 0)
    if rules < 0:
        return False
    for place in (path, *_MACHINE):
        try:
            handle = os.open(place, os.O_PATH | os.O_CLOEXEC)
        except OSError:
            continue
        rule = (ctypes.c_char * 12).from_buffer_copy(_READ_FILE.to_bytes(8, "little") + handle.to_bytes(4, "little"))
        libc.syscall(_LANDLOCK_ADD, rules, 1, ctypes.byref(rule), 0)
        os.close(handle)
    held = libc.syscall(_LANDLOCK_RESTRICT, rules, 0)
    os.close(rules)
    return held == 0


def statement(duckdb: Any, text: str) -> str:
    """`SELECT` or `EXPLAIN`. Raises Refused for anything else, or for more than one statement."""
    found = duckdb.extract_statements(text)
    if len(found) != 1:
        raise Refused(f"one statement at a time, not {len(found)}" if found else "there is no statement")
    kind = found[0].type.name
    if kind not in ("SELECT", "EXPLAIN"):
        raise Refused(f"only SELECT and EXPLAIN run here, not {kind}")
    return kind


def plain(value: Any) -> tuple[Any, bool]:
    """A value as JSON takes it exactly, and whether it was cut."""
    if isinstance(value, str) and len(value) > CELL_CHARACTERS:
        return value[:CELL_CHARACTERS], True
    return value, False


def run(duckdb: Any, job: dict[str, Any], out: Any) -> None:
    """Run the query and write header, batches and end."""

    def tell(value: dict[str, Any]) -> None:
        out.write(json.dumps(value, ensure_ascii=True, separators=(",", ":")).encode() + b"\n")
        out.flush()

    kind = statement(duckdb, job["text"])
    connection = duckdb.connect(
        job["path"],
        read_only=True,
        config={
            "memory_limit": MEMORY_LIMIT,
            "threads": 2,
            "autoload_known_extensions": False,
            "autoinstall_known_extensions": False,
            "allow_community_extensions": False,
            "temp_directory": "",
            "python_enable_replacements": False,
        },
    )
    connection.execute("SET enable_progress_bar = false")
    connection.execute(f"SET max_execution_time = {int(job['timeout_seconds'] * 1000)}")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
    text = job["text"]
    if kind == "SELECT":
        shape = connection.sql(text)
        columns, types = list(shape.columns), [str(t) for t in shape.types]
        del shape
        names = [f"c{i}" for i in range(len(columns))]
        shown = [n if t in _PLAIN else f"CAST({n} AS VARCHAR)" for n, t in zip(names, types, strict=True)]
        text = f"SELECT {', '.join(shown)} FROM ({text.strip().rstrip(';')}\n) AS q({', '.join(names)})"
        if job["limit_rows"] is not None:
            text += f" LIMIT {int(job['limit_rows']) + 1}"
        statement(duckdb, text)
        connection.execute(text)
    else:
        connection.execute(text)
        columns = [c[0] for c in connection.description]
        types = ["VARCHAR"] * len(columns)
    tell({"columns": columns, "types": types})
    left = job["limit_rows"]
    truncated = False
    size = FIRST_ROWS
    while rows := connection.fetchmany(size):
        if left is not None and len(rows) > left:
            rows, truncated = rows[:left], True
        batch: list[list[Any]] = []
        weight = 0
        for row in rows:
            values = [plain(v) for v in row]
            truncated = truncated or any(cut for _, cut in values)
            batch.append([v for v, _ in values])
            weight += sum(len(v) if isinstance(v, str) else 8 for v, _ in values)
            if weight > BATCH_BYTES:
                tell({"rows": batch})
                batch, weight = [], 0
        if batch:
            tell({"rows": batch})
        if left is not None:
            left -= len(rows)
        size = MORE_ROWS
    tell({"end": True, "truncated": truncated})


def main() -> int:
    """Take the job, lock down, run it. The exit code says nothing; the last line does."""
    out = os.fdopen(os.dup(1), "wb")
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.dup2(null, 2)
    job = json.loads(sys.stdin.buffer.readline())
    import duckdb

    def failed(kind: str, error: BaseException | str) -> int:
        out.write(json.dumps({"error": str(error)[:4000], "kind": kind}).encode() + b"\n")
        out.flush()
        return 1

    try:
        limit(job["timeout_seconds"])
        confine(job["path"])
        run(duckdb, job, out)
    except Refused as error:
        return failed("refused", error)
    except MemoryError:
        return failed("memory", "the query needs more memory than it may have")
    except duckdb.OutOfMemoryException:
        return failed("memory", "the query needs more memory than it may have")
    except duckdb.InterruptException:
        return failed("timeout", "the query took too long")
    except (duckdb.SerializationException, duckdb.InternalException, duckdb.FatalException) as error:
        return failed("file", error)
    except duckdb.Error as error:
        words = str(error)
        kind = "timeout" if "max_execution_time" in words or "nterrupted" in words else "query"
        return failed(kind, words)
    except BrokenPipeError:
        return 1
    return 0


if __name__ == "__main__":
    code = main()
    sys.stdin.close()
    os._exit(code)
