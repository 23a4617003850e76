"""Payloads read as tables by `landing('platform/feed')`, beside DuckDB reading the same files by itself.

    python benchmarks/macros.py [--small] [--rounds N]

Both are asked for a count and a sum over every row, from a fresh process to its answer. Prints rows a second of each and the ratio of the
times. What the macros do more: the feed's own reader, a limited child for the bytes, a column for the file of each row. Data is seeded.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

from bedrot_console.operations.land import land
from bedrot_console.operations.workspace import Workspace
from bedrot_console.settings import Settings

SAMPLES = Path(__file__).resolve().parent.parent / "extractors"
DUCKDB = "import duckdb, sys; print(*duckdb.connect(config={'threads': 2}).execute(sys.stdin.read()).fetchone())"
JSON_FEED, TABLE_FEED = "toolost/spotify", "distrokid/sales"


def documents(folder: Path, files: int, days: int) -> list[Path]:
    """JSON captures of daily streams."""
    rng = random.Random(3)
    out = []
    for number in range(files):
        first = date(2026, 1, 1) - timedelta(days=days)
        rows = [{"date": str(first + timedelta(days=n)), "streams": str(rng.randrange(1000, 3000))} for n in range(days)]
        path = folder / f"streams_{number:04d}.json"
        path.write_text(json.dumps({"streams": rows, "discovery": []}, separators=(",", ":")))
        out.append(path)
    return out


def tables(folder: Path, files: int, rows: int) -> list[Path]:
    """Tab-separated sales reports."""
    rng = random.Random(4)
    header, line = (SAMPLES / "distrokid/samples/sales/ok-13-columns.tsv").read_text("latin-1").splitlines()[:2]
    cells = line.split("\t")
    out = []
    for number in range(files):
        path = folder / f"sales_{number:04d}.tsv"
        with path.open("w", encoding="utf-8") as file:
            file.write(header + "\n")
            for _ in range(rows):
                cells[7], cells[12] = str(rng.randrange(1, 900)), f"{rng.random():.8f}"
                file.write("\t".join(cells) + "\n")
        out.append(path)
    return out


def asked(command: Sequence[str], text: str = "") -> tuple[float, list[float]]:
    """Seconds to the answer, and the count and the sum that it says."""
    begun = time.perf_counter()
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=True)
    seconds = time.perf_counter() - begun
    return seconds, [float(word) for word in done.stdout.splitlines()[-1].replace(",", " ").split()]


def compare(home: Path, feed: str, value: str, paths: Sequence[Path], source: str, rounds: int) -> None:
    """Land the files, ask both in turn, print one line."""
    done = list(land(Workspace.open(Settings.load(home)), paths, feed=feed))
    assert all(outcome.outcome == "done" for outcome in done), done[0]
    size = sum(path.stat().st_size for path in paths)
    macro = [sys.executable, "-m", "bedrot_console", "--home", str(home), "sql", "--timeout", "300", "--format", "csv"]
    question = f"select count(*), sum({value})::double from landing('{feed}')"
    reference = f"select count(*), sum({value})::double from {source}"
    ours, theirs = [], []
    for _ in range(rounds):
        seconds, answer = asked([*macro, question])
        ours.append(seconds)
        seconds, known = asked([sys.executable, "-c", DUCKDB], reference)
        theirs.append(seconds)
        assert answer[0] == known[0] and abs(answer[1] - known[1]) < 1e-6 * known[1], (answer, known)
    a, b, rows = statistics.median(ours), statistics.median(theirs), int(known[0])
    print(
        f"landing('{feed}'): {len(paths):,} files, {size / 1e6:.0f} MB, {rows:,} rows: {a:.2f} s, {rows / a:,.0f} rows/s;"
        f" DuckDB by itself {b:.2f} s, {rows / b:,.0f} rows/s: {a / b:.1f}x"
    )


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--small", action="store_true", help="a tenth of the files")
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    part = 10 if given.small else 1
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        home, outside = root / "home", root / "outside"
        for made in (home, outside):
            made.mkdir()
        found = documents(outside, 900 // part, 365)
        listed = ", ".join(f"'{path}'" for path in found)
        rows = f"(select unnest(streams, recursive := true) from read_json([{listed}], filename = true))"
        compare(home, JSON_FEED, "streams::bigint", found, rows, given.rounds)
        found = tables(outside, max(2, 20 // part), 50_000)
        listed = ", ".join(f"'{path}'" for path in found)
        compare(home, TABLE_FEED, '"Quantity"', found, f"read_csv([{listed}], filename = true, delim = '\\t')", given.rounds)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
