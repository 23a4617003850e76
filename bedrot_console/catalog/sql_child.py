"""The locked-down process that runs one foreign query. Started by `sql.py` as a script of its own; knows nothing of the project.

Reads JSON lines on stdin: the job, then the rows that the table macros stand for, in tables: a head `{"table", "columns", "types", "lead",
"day", "parts"}` (lead: name, type and value of columns before; day: the number of the column with the data's date, or null; types: empty
for a column that holds nothing) and so many lines, each an object of lists `c0`, `c1` … of the columns' values.

Writes JSON lines on the descriptor it was given as stdout: a header `{"columns", "types"}`, batches
`{"count", "rows"}`, and at the end `{"end", "truncated"}` or `{"error", "kind", "place", "candidates"}` (kind: query, timeout, memory,
refused, file; place: line and column from 1, or null; candidates: names that were perhaps meant).

What holds it: address space, file size zero, CPU and descriptors limited by the kernel; Landlock (where the kernel has it) lets it read
the catalog file and nothing else, and no network; DuckDB read-only, external access off, configuration locked; one SELECT or
EXPLAIN by DuckDB's own splitter; the parent's wall-clock kill. A `read_only` connection alone is none of that: COPY and
read_text run on it.
"""

from __future__ import annotations

import ctypes
import json
import os
import re
import resource
import signal
import sys
from collections.abc import Callable, Iterable, Iterator
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
_TYPE = re.compile(
    r"BOOLEAN|U?(?:TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT)|DOUBLE|FLOAT|DATE|TIME|TIMESTAMP|VARCHAR|JSON|DECIMAL\(\d{1,2},\s?\d{1,2}\)",
    re.ASCII,
)
_NUMERIC = re.compile(r"U?(?:TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT)|DOUBLE|FLOAT|DECIMAL.*", re.ASCII)
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


def statement(connection: Any, text: str) -> str:
    """`SELECT` or `EXPLAIN`. Raises Refused for anything else, or for more than one statement."""
    found = connection.extract_statements(text)
    if len(found) != 1:
        raise Refused(f"one statement at a time, not {len(found)}" if found else "there is no statement")
    try:
        kind = found[0].type.name
    except (TypeError, ValueError):  # a type that the binding has no name for
        kind = "this"
    if kind not in ("SELECT", "EXPLAIN"):
        raise Refused(f"only SELECT and EXPLAIN run here, not {kind}")
    return kind


def connect(duckdb: Any, path: str, timeout_seconds: float) -> Any:
    """The catalog, read-only, with nothing left to configure."""
    connection = duckdb.connect(
        path,
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
    connection.execute("SET errors_as_json = true")
    connection.execute(f"SET max_execution_time = {int(timeout_seconds * 1000)}")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
    return connection


def place(text: str, position: int) -> tuple[int, int] | None:
    """Line and column, from 1, of a byte in a text; None outside it."""
    head = text.encode("utf-8", "surrogatepass")
    if not 0 <= position <= len(head):
        return None
    before = head[:position].decode("utf-8", "replace")
    return before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1


def complaint(error: BaseException, text: str, shift: int | None) -> dict[str, Any]:
    """DuckDB's words, with the place in `text` they are about.

    Args:
        shift: bytes that stood before `text` in what DuckDB was given; None: it was given something else.
    """
    words = str(error)
    kind, brace, rest = words.partition("{")
    try:
        told = json.loads(brace + rest)
        sentence, position = f"{kind}{told['exception_message']}", told.get("position")
    except (ValueError, KeyError, TypeError):
        return {"error": words[:4000]}
    names = str(told.get("candidates") or "")
    return {
        "error": sentence[:4000],
        "place": place(text, int(position) - shift) if position is not None and shift is not None else None,
        "candidates": [] if "(" in names else [n for n in names.split(",") if n][:5],
    }


def unended(duckdb: Any, text: str) -> str:
    """The statement without the semicolons, and comments, behind its end."""
    data = text.encode()
    end = len(data)
    for start, kind in reversed(duckdb.tokenize(text)):
        if kind.name == "operator" and data[start : start + 1] == b";":
            end = start
        elif kind.name != "comment":
            break
    return data[:end].decode()


def wrapped(connection: Any, text: str, limit_rows: int | None, scope: list[list[str]]) -> tuple[str, int, list[str], list[str]]:
    """A SELECT as one that gives what JSON can say exactly: its text, what stands before the original (bytes), columns, types.

    Args:
        scope: (view, query) pairs that stand for these views inside the text.
    """
    shape = connection.sql(text)
    columns, types = list(shape.columns), [str(t) for t in shape.types]
    del shape
    names = [f"c{i}" for i in range(len(columns))]
    shown = [n if t in _PLAIN else f"CAST({n} AS VARCHAR)" for n, t in zip(names, types, strict=True)]
    narrowed = "WITH " + ", ".join(f"{view} AS ({query})" for view, query in scope) + " " if scope else ""
    before = f"{narrowed}SELECT {', '.join(shown)} FROM ("
    whole = f"{before}{text}\n) AS q({', '.join(names)})"
    if limit_rows is not None:
        whole += f" LIMIT {int(limit_rows) + 1}"
    return whole, len(before.encode()), columns, types


def quoted(name: str) -> str:
    """A name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


class Tables:
    """The rows that the macros stand for. Files whose rows have one shape share a table; a view over them is named by the macro's arguments."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection
        self.made: dict[tuple[Any, ...], str] = {}
        self.shapes: dict[str, list[tuple[str, dict[str, str]]]] = {}
        self.names: dict[str, dict[str, str]] = {}

    def take(self, lines: Iterable[bytes]) -> None:
        """Read everything that is given, and make the views."""
        lines = iter(lines)
        for line in lines:
            self._add(json.loads(line), lines)
        for table in self.shapes:
            self._view(table)

    def _add(self, head: dict[str, Any], lines: Iterator[bytes]) -> None:
        lead = [(str(n), _sql_type(t), v) for n, t, v in head["lead"]]
        columns = [
            (str(n), _sql_type(t) if t else "", f"c{i}")
            for i, (n, t) in enumerate(zip(head["columns"], head["types"], strict=True))
        ]
        day = [("day", "DATE", f"c{head['day']}")] if head["day"] is not None else []
        taken = {name.casefold() for name, *_ in [*lead, *day]}
        body = day[:]
        for name, kind, place in columns:
            if day and place == day[0][2] and name.casefold() == "day":
                continue
            body.append((_free(name, taken), kind, place))
        every = self.names.setdefault(head["table"], {})
        for name, _, _ in (*lead, *body):
            every.setdefault(name.casefold(), name)
        kinds = {name: kind for name, kind, _ in (*lead, *body) if kind}
        target = self._table(head["table"], kinds)
        values = [f"$2[{i}]::{kind}" for i, (_, kind, _) in enumerate(lead, start=1)]
        values += [f"{'TRY_CAST' if (n, k, p) in day else 'CAST'}({p} AS {k})" for n, k, p in body if k]
        unnested = ", ".join(f"unnest(j.c{i}) AS c{i}" for i in range(len(columns)))
        shape = json.dumps({f"c{i}": ["VARCHAR"] for i in range(len(columns))})
        insert = f"INSERT INTO {target} SELECT {', '.join(values)} FROM (SELECT {unnested} FROM (SELECT from_json($1, '{shape}') AS j))"
        for _ in range(int(head["parts"])):
            self.connection.execute(insert, [next(lines).decode(), [v for _, _, v in lead]])

    def _table(self, table: str, kinds: dict[str, str]) -> str:
        key = (table, *kinds.items())
        if key not in self.made:
            name = self.made[key] = quoted(f"{table}#{len(self.made)}")
            self.connection.execute(f"CREATE TEMP TABLE {name} ({', '.join(f'{quoted(n)} {k}' for n, k in kinds.items())})")
            self.shapes.setdefault(table, []).append((name, kinds))
        return self.made[key]

    def _view(self, table: str) -> None:
        shapes = self.shapes[table]
        kinds: dict[str, set[str]] = {low: set() for low in self.names[table]}
        for _, columns in shapes:
            for name, kind in columns.items():
                kinds[name.casefold()].add(kind)
        texts = {low for low, found in kinds.items() if len(found) != 1 and not (found and all(map(_NUMERIC.fullmatch, found)))}

        def shown(name: str) -> str:
            return f"CAST({quoted(name)} AS VARCHAR) AS {quoted(name)}" if name.casefold() in texts else quoted(name)

        union = " UNION ALL BY NAME ".join(f"SELECT {', '.join(map(shown, columns))} FROM {name}" for name, columns in shapes)
        every = (quoted(n) if kinds[low] else f"NULL::VARCHAR AS {quoted(n)}" for low, n in self.names[table].items())
        self.connection.execute(f"CREATE TEMP VIEW {quoted(table)} AS SELECT {', '.join(every)} FROM ({union})")


def _sql_type(kind: str) -> str:
    if not _TYPE.fullmatch(kind):
        raise ValueError(f"no type of ours: {kind[:40]}")
    return kind


def _free(name: str, taken: set[str]) -> str:
    """A name that is not taken yet, which it is then."""
    found, again = name, 1
    while found.casefold() in taken:
        again += 1
        found = f"{name}_{again}"
    taken.add(found.casefold())
    return found


def create_macros(connection: Any, job: dict[str, Any]) -> None:
    """The table macros: each names the view that its arguments stand for."""
    first, *rest = job["arguments"]
    takes = ", ".join([first, *(f"{name} := ''" for name in rest)])
    joined = " || ".join(f"'{job['separator']}' || {name}" for name in job["arguments"])
    for macro in job["macros"]:
        connection.execute(f"CREATE TEMP MACRO {macro}({takes}) AS TABLE SELECT * FROM query_table('{macro}' || {joined})")


def run(duckdb: Any, job: dict[str, Any], out: Any, given: Iterable[bytes] = ()) -> None:
    """Run the query and write header, batches and end, or the engine's complaint.

    Args:
        given: the lines after the job.
    """

    def tell(value: dict[str, Any]) -> None:
        out.write(json.dumps(value, ensure_ascii=True, separators=(",", ":")).encode() + b"\n")
        out.flush()

    text = job["text"]
    shift: int | None = 0
    try:
        connection = connect(duckdb, job["path"], job["timeout_seconds"])
        kind = statement(connection, text)
        if job.get("macros"):
            shift = None
            create_macros(connection, job)
            Tables(connection).take(given)
            shift = 0
        if kind == "SELECT":
            try:
                bare = unended(duckdb, text)
                whole, inside, columns, types = wrapped(connection, bare, job["limit_rows"], job.get("scope") or [])
            except duckdb.Error:
                shift = len("EXPLAIN ")
                connection.execute("EXPLAIN " + text)  # binds again, this time telling where
                raise
            statement(connection, whole)
            shift = inside
            connection.execute(whole)
        else:
            connection.execute(text)
            columns = [c[0] for c in connection.description]
            types = ["VARCHAR"] * len(columns)
        _stream(connection, job["limit_rows"], columns, types, tell)
    except (Refused, MemoryError, BrokenPipeError):
        raise
    except duckdb.Error as error:
        tell({"kind": _kind(duckdb, error), **complaint(error, text, shift)})


def _kind(duckdb: Any, error: Exception) -> str:
    if isinstance(error, duckdb.OutOfMemoryException):
        return "memory"
    if isinstance(error, (duckdb.SerializationException, duckdb.InternalException, duckdb.FatalException)):
        return "file"
    words = str(error)
    return "timeout" if isinstance(error, duckdb.InterruptException) or "max_execution_time" in words else "query"


def _stream(
    connection: Any, limit_rows: int | None, columns: list[str], types: list[str], tell: Callable[[dict[str, Any]], None]
) -> None:
    tell({"columns": columns, "types": types})
    texts = [i for i, kind in enumerate(types) if kind == "VARCHAR" or kind not in _PLAIN]
    left, truncated, size = limit_rows, False, FIRST_ROWS
    while rows := connection.fetchmany(size):
        if left is not None and len(rows) > left:
            rows, truncated = rows[:left], True
        batch: list[Any] = []
        weight = 0
        for row in rows:
            for i in texts:
                length = len(row[i] or "")
                weight += length
                if length > CELL_CHARACTERS:
                    row, truncated = (*row[:i], row[i][:CELL_CHARACTERS], *row[i + 1 :]), True
            batch.append(row)
            if weight > BATCH_BYTES:
                tell({"count": len(batch), "rows": batch})
                batch, weight = [], 0
        if batch:
            tell({"count": len(batch), "rows": batch})
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
        run(duckdb, job, out, sys.stdin.buffer)
    except Refused as error:
        return failed("refused", error)
    except MemoryError:
        return failed("memory", "the query needs more memory than it may have")
    except BrokenPipeError:
        return 1
    return 0


if __name__ == "__main__":
    code = main()
    sys.stdin.close()
    os._exit(code)
