"""Cold starts beside a bare interpreter: `--help` and `status` (goal 4 times `python -I -c pass`), `files` (goal 1.4 times interpreter + duckdb).

Run: .venv/bin/python benchmarks/cold_start.py [--small]. Medians of interleaved rounds, so that a busy moment hits every row alike.
`files` is measured on a catalog of synthetic rows where the catalog room can make one, else on the demo's lake.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]
PYTHON = str(CHECKOUT / ".venv" / "bin" / "python")
PROGRAM = [PYTHON, str(CHECKOUT / "bedrot_console" / "__main__.py")]


def once(command: list[str]) -> float:
    """Milliseconds of one fresh process."""
    start = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    return (time.perf_counter() - start) * 1000


def main() -> int:
    rounds = 7 if "--small" in sys.argv else 31
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        (home / "landing").mkdir()
        lake(home, 2_000 if "--small" in sys.argv else 20_000)
        rows = {
            "python -I -c pass": [PYTHON, "-I", "-c", "pass"],
            "python -I -c 'import duckdb'": [PYTHON, "-I", "-c", "import duckdb"],
            "bedrot --help": [*PROGRAM, "--help"],
            "bedrot status": [*PROGRAM, "--home", folder, "status"],
            "bedrot files": [*PROGRAM, "--home", folder, "files", "--limit", "50"],
            "./bedrot --help (launcher)": [str(CHECKOUT / "bedrot"), "--help"],
        }
        times: dict[str, list[float]] = {name: [] for name in rows}
        for command in rows.values():
            once(command)
        for _ in range(rounds):
            for name, command in rows.items():
                times[name].append(once(command))
    median = {name: statistics.median(values) for name, values in times.items()}
    bare, database = median["python -I -c pass"], median["python -I -c 'import duckdb'"]
    goals = {
        "bedrot --help": (bare, 4.0),
        "bedrot status": (bare, 4.0),
        "bedrot files": (database, 1.4),
        "./bedrot --help (launcher)": (bare, 4.5),
    }
    print(f"{'cold start':<30} {'median ms':>10} {'ratio':>6} {'goal':>6}")
    for name, value in median.items():
        if name in goals:
            reference, goal = goals[name]
            print(
                f"{name:<30} {value:>10.1f} {value / reference:>6.2f} {goal:>6.1f}  {'met' if value / reference <= goal else 'MISSED'}"
            )
        else:
            print(f"{name:<30} {value:>10.1f}")
    return 0


def lake(home: Path, files: int) -> None:
    """A home with landed files, through the real verb."""
    source = home / "upload"
    source.mkdir()
    lines = "Statement Period,Payee,Store,Title,Units,Net Earnings (USD)\n2026-01,Mara Vale,Spotify,Night Ferry,{n},1.50\n"
    paths = []
    for n in range(files):
        path = source / f"statement-{n}.csv"
        path.write_text(lines.format(n=n))
        paths.append(str(path))
    for start in range(0, files, 2000):
        subprocess.run(
            [*PROGRAM, "--home", str(home), "--quiet", "land", "--feed", "manual/financial_data", *paths[start : start + 2000]],
            check=True, stdout=subprocess.DEVNULL,
        )  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
