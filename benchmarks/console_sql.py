"""Answers of the console's SQL screen on a real pseudo-terminal: first page, keys, End, stop, memory; beside them the same query in DuckDB.

    python benchmarks/console_sql.py [--rows N] [--size 120x40]

The query makes its rows (10 million by default), so that no catalog has to be large. Other work on the machine slows everything: the
reference is measured in the same run.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "tui"))

from ptyline import Line  # noqa: E402

QUERY = "select i as n, 'feed '||(i%7) as feed, i*2 as twice, md5(i::varchar) as h from range({rows}) t(i)"
REFERENCE = "import duckdb, sys; duckdb.sql(sys.argv[1]).limit(200).fetchall()"


def timed(act: Callable[[], object]) -> float:
    begun = time.monotonic()
    act()
    return time.monotonic() - begun


def keys(line: Line, key: str, times: int) -> str:
    """Milliseconds from a key to the first byte it brings, and bytes in all."""
    waits, sizes = [], []
    for _ in range(times):
        line.read(0.1)
        before, begun = len(line.data), time.monotonic()
        line.send(key)
        while len(line.data) == before:
            line.read(0.0005)
        waits.append((time.monotonic() - begun) * 1000)
        line.read(0.1)
        sizes.append(len(line.data) - before)
    waits.sort()
    return f"median {statistics.median(waits):5.1f}  p95 {waits[int(times * 0.95)]:5.1f} ms  {statistics.median(sizes):6,.0f} B"


def ask(line: Line, query: str) -> None:
    line.send(f":sql {query}")
    line.until("t(i)")
    line.send("\r")


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--size", default="120x40")
    given = parser.parse_args()
    columns, rows = (int(n) for n in given.size.split("x"))
    query = QUERY.format(rows=given.rows)
    reference = timed(lambda: subprocess.run([sys.executable, "-c", REFERENCE, query], check=True))
    with tempfile.TemporaryDirectory() as home:
        (Path(home) / "landing").mkdir()
        subprocess.run(
            [sys.executable, "-m", "bedrot_console", "--home", home, "rebuild", "--quiet"], cwd=ROOT, capture_output=True
        )
        line = Line(
            [sys.executable, "-m", "bedrot_console", "--home", home, "console"],
            size=(columns, rows),
            env={"PYTHONPATH": str(ROOT)},
        )
        try:
            line.until("6 SQL")
            line.send("6")
            line.until("[6 SQL")
            line.send("\x1b")
            line.until("i goes back")
            ask(line, query)
            first = timed(lambda: line.until("feed 6"))
            print(
                f"first page of {given.rows:,} rows   {first:6.2f} s   (DuckDB in a fresh interpreter, 200 rows: {reference:.2f} s)"
            )
            time.sleep(2)
            print(f"End while they come      {timed(lambda: (line.send('G'), line.until('rows so far; more'))):10.3f} s")
            print(f"stop                     {timed(lambda: (line.send(chr(19)), line.until('not all: stopped'))):10.3f} s")
            ask(line, QUERY.format(rows=1_000_000))
            line.until("1,000,000 rows", timeout=120)
            for name, key, times in (
                ("down", "j", 40),
                ("page down", "\x1b[6~", 40),
                ("up", "k", 40),
                ("page up", "\x1b[5~", 20),
            ):
                print(f"{name:<24} {keys(line, key, times)}")
            used = subprocess.run(["ps", "-o", "rss=", "-p", str(line.process.pid)], capture_output=True, text=True).stdout
            print(f"memory of the console    {int(used) / 1024:10.0f} MB")
            line.send("\x11")
            line.wait()
        finally:
            line.close()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
