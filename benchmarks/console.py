"""The console on a real pseudo-terminal: exec to first rows, key to paint, bytes per key; beside `less` and a minimal Textual app.

Usage: console.py [--small] [--rows N] [--size 120x40]. Rows are computed, not read from a catalog: this measures the screen.
"""

from __future__ import annotations

import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "tui"))
sys.path.insert(0, str(ROOT))

from ptyline import FAKE, Line  # noqa: E402

MINIMAL = (
    "from textual.app import App\nfrom textual.widgets import Static\n"
    "class M(App):\n    def compose(self):\n        yield Static('first rows')\nM().run()"
)
GOALS = {"move": 330, "scroll": 400, "page": 3600}


def first_paint(command: list[str], mark: bytes, size: tuple[int, int], rounds: int) -> float:
    """Median seconds from exec to `mark` in the bytes."""
    times = []
    for _ in range(rounds):
        began = time.perf_counter()
        line = Line(command, size=size)
        while mark not in line.data:
            line.read(0.001)
            if time.perf_counter() - began > 30:
                raise TimeoutError(line.screen())
        times.append(time.perf_counter() - began)
        line.close()
    return statistics.median(times)


def keys(line: Line, key: str, count: int) -> tuple[list[float], float]:
    """Seconds from key to the first byte of the answer, per press; and mean bytes per press."""
    times, total = [], 0
    for _ in range(count):
        line.read(0.03)
        before = len(line.data)
        began = time.perf_counter()
        line.send(key)
        while len(line.data) == before and time.perf_counter() - began < 2:
            line.read(0.0005)
        times.append(time.perf_counter() - began)
        line.read(0.03)
        total += len(line.data) - before
    return times, total / count


def main() -> int:
    small = "--small" in sys.argv
    rows = int(sys.argv[sys.argv.index("--rows") + 1]) if "--rows" in sys.argv else 100_000 if small else 1_000_000
    size = tuple(int(n) for n in (sys.argv[sys.argv.index("--size") + 1] if "--size" in sys.argv else "120x40").split("x"))
    count, rounds = (20, 1) if small else (60, 5)
    command = [*FAKE, str(rows)]

    minimal = first_paint([sys.executable, "-c", MINIMAL], b"first rows", size, rounds)
    ours = first_paint(command, f"of {rows:,}".encode(), size, rounds)
    print(
        f"exec to first rows, {rows:,} rows   console {ours * 1000:6.0f} ms   minimal Textual app {minimal * 1000:6.0f} ms   ratio {ours / minimal:.2f}   goal ≤ 1.7"
    )

    def report(name: str, who: str, measured: tuple[list[float], float], goal: int | None) -> None:
        times = sorted(t * 1000 for t in measured[0])
        p99 = times[min(len(times) - 1, int(len(times) * 0.99))]
        wanted = f"   goal ≤ {goal} B" if goal else ""
        print(
            f"{name:<8} {who:<8} median {statistics.median(times):6.1f} ms   p99 {p99:6.1f} ms   {measured[1]:7.0f} B per key{wanted}"
        )

    line = Line(command, size=size)
    line.until(f"of {rows:,}")
    time.sleep(1.5)
    report("move", "console", keys(line, "\x1b[B", min(count, size[1] - 8)), GOALS["move"])
    line.send("\x1b[B" * size[1])
    line.read(0.5)
    report("scroll", "console", keys(line, "\x1b[B", count), GOALS["scroll"])
    report("page", "console", keys(line, "\x1b[6~", count), GOALS["page"])
    ends = [keys(line, key, 1) for _ in range(count // 4) for key in ("\x1b[F", "\x1b[H")]
    report("end/home", "console", ([t for times, _ in ends for t in times], statistics.mean(b for _, b in ends)), None)
    with open(f"/proc/{line.process.pid}/status") as status:
        memory = next(int(text.split()[1]) for text in status if text.startswith("VmRSS"))
    print(f"memory   console  {memory / 1024:.0f} MB   goal ≤ 130 MB")
    line.close()

    if shutil.which("less"):
        with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
            for number in range(rows):
                file.write(
                    f"  passed  distrokid/streams/streams_stats_{number:012}.html 2026-03-02 38.0k 03-02 09:46 id{number:018}\n"
                )
            file.flush()
            less = Line(["less", file.name], size=size)
            less.until("streams_stats_000000000001")
            report("scroll", "less", keys(less, "j", count), None)
            report("page", "less", keys(less, " ", count), None)
            less.close()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
