"""The console on a real pseudo-terminal and real published catalogs, beside `less`, a stock Textual table, a minimal app, and Harlequin.

    python benchmarks/console.py [--small] [--files N]... [--size 120x40] [--harlequin] [--folder DIR]

Measures exec to first rows, key to paint (the last byte of the frame that a key brings), bytes per key, filter to first page, memory.
Catalogs are made for the purpose and deleted at the end. Harlequin is never a dependency: `--harlequin` puts it into a throw-away
environment, and without it its lines say "not measured". Other work on the machine slows everything: read the ratios.
"""

from __future__ import annotations

import argparse
import os
import re
import select
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "tui"))
sys.path.insert(0, str(ROOT / "benchmarks"))
sys.path.insert(0, str(ROOT))

from console_lines import LessFile, stock_table  # noqa: E402
from made_catalog import fill  # noqa: E402
from ptyline import Line  # noqa: E402

DOWN, PAGE_DOWN, PAGE_UP, END, HOME, ESCAPE = "\x1b[B", "\x1b[6~", "\x1b[5~", "\x1b[F", "\x1b[H", "\x1b"
TABLE_END, TABLE_HOME = "\x1b[1;5F", "\x1b[1;5H"
MINIMAL = (
    "from textual.app import App\nfrom textual.widgets import Static\n"
    "class M(App):\n    def compose(self):\n        yield Static('first rows')\nM().run()"
)
GAP = 0.012
"""Seconds of silence that end a frame."""


@dataclass
class Figures:
    """Seconds from each key to its frame, and bytes of each frame."""

    seconds: list[float] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    work: float = 0.0
    """Processor seconds of the program over all keys: what a busy machine does not change."""

    def line(self) -> str:
        ms = sorted(s * 1000 for s in self.seconds)
        p99 = ms[min(len(ms) - 1, int(len(ms) * 0.99))]
        cpu = self.work * 1000 / len(ms)
        return f"median {statistics.median(ms):6.1f}  p99 {p99:6.1f}  cpu {cpu:5.1f} ms {statistics.mean(self.sizes):8,.0f} B"


def worked(pid: int) -> float:
    """Processor seconds of all threads of a process so far."""
    total = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        try:
            total += int((task / "schedstat").read_text().split()[0])
        except OSError:
            continue  # a thread that ended meanwhile
    return total / 1e9


def frame(line: Line, key: str, wait: float = 3.0) -> tuple[float, int]:
    """Send a key; seconds until the last byte of the frame that follows, and its bytes. A key without a frame counts as `wait`."""
    began = time.perf_counter()
    line.send(key)
    size, last = 0, began + wait
    while select.select([line.master], [], [], GAP if size else max(0.0, began + wait - time.perf_counter()))[0]:
        piece = os.read(line.master, 65536)
        if not piece:
            break
        line.data += piece
        size, last = size + len(piece), time.perf_counter()
    return last - began, size


def rest(line: Line, seconds: float) -> None:
    """Let a program do what it does for so long; a blinking cursor never comes to rest by itself."""
    end = time.perf_counter() + seconds
    while (left := end - time.perf_counter()) > 0 and select.select([line.master], [], [], left)[0]:
        line.data += os.read(line.master, 65536)


def keys(line: Line, pressed: Sequence[str]) -> Figures:
    """Press each key after the line was quiet."""
    out = Figures()
    before = worked(line.process.pid)
    for key in pressed:
        line.read(0.03)
        seconds, size = frame(line, key)
        out.seconds.append(seconds)
        out.sizes.append(size)
    line.read(0.03)
    out.work = worked(line.process.pid) - before
    return out


def first_paint(command: Sequence[str], mark: bytes, size: tuple[int, int], rounds: int) -> tuple[float, float]:
    """Median seconds from exec to `mark` in the bytes, and the processor seconds it took; a first start is not counted."""
    times, work = [], []
    for _ in range(rounds + 1):
        began = time.perf_counter()
        line = Line(command, size=size)
        while mark not in line.data:
            line.read(0.001)
            if time.perf_counter() - began > 60:
                raise TimeoutError(line.screen())
        times.append(time.perf_counter() - began)
        work.append(worked(line.process.pid))
        line.close()
    return statistics.median(times[1:]), statistics.median(work[1:])


def until(line: Line, found: Callable[[str], bool], wait: float = 30.0) -> float:
    """When (perf_counter) the bytes arrived after which the screen satisfies `found`."""
    began = last = time.perf_counter()
    while time.perf_counter() - began < wait:
        if line.read(0.004):
            last = time.perf_counter() - 0.004
        if found(line.screen()):
            return last
    raise TimeoutError(line.screen())


def memory_mb(pid: int) -> float:
    """Resident memory of a process."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024  # type: ignore[index]


def say(what: str, who: str, value: str, goal: str = "") -> None:
    """One line of the table."""
    print(f"{what:<14} {who:<20} {value:<46} {goal}".rstrip(), flush=True)


def moves(count: int, size: tuple[int, int], ends: tuple[str, str]) -> dict[str, list[str]]:
    """What is pressed for each kind of key; the first `move` keys stay inside the screen."""
    return {
        "move": [DOWN] * min(count, size[1] - 10),
        "scroll": [DOWN] * count,
        "page": [PAGE_DOWN, PAGE_DOWN, PAGE_UP] * (count // 3),
        "end/home": [*ends] * (count // 4),
    }


GOALS = {
    "move": "≤ 10, ≤ 35 ms, ≤ 330 B",
    "scroll": "≤ 10, ≤ 35 ms, ≤ 400 B",
    "page": "≤ 10, ≤ 35 ms, ≤ 3,600 B",
    "end/home": "≤ 10, ≤ 35 ms",
}


def pressed(who: str, line: Line, count: int, size: tuple[int, int], ends: tuple[str, str], goals: bool = False) -> None:
    """Press all kinds of keys, one line each."""
    for what, pressed_keys in moves(count, size, ends).items():
        if what == "scroll":
            line.send(DOWN * size[1])
            rest(line, 0.5)
        say(what, who, keys(line, pressed_keys).line(), GOALS[what] if goals else "")


def unfiltered(line: Line) -> None:
    """Drop the filter, which keeps the file that was found, and go back to the newest."""
    line.send(ESCAPE)
    until(line, lambda screen: "/ filters" in screen)
    rest(line, 0.5)
    line.send(HOME)
    until(line, lambda screen: "20190704_" not in screen)


def console(home: Path, files: int, count: int, size: tuple[int, int], rounds: int) -> None:
    """The console on a made lake: starts, keys, filter, memory."""
    command = [sys.executable, "-m", "bedrot_console", "--home", str(home), "console"]
    minimal, least = first_paint([sys.executable, "-c", MINIMAL], b"first rows", size, rounds)
    ours, work = first_paint(command, b"pending", size, rounds)
    say("first rows", "minimal Textual app", f"{minimal * 1000:.0f} ms, cpu {least * 1000:.0f} ms")
    say(
        "first rows", "console", f"{ours * 1000:.0f} ms = {ours / minimal:.2f}x, cpu {work * 1000:.0f} ms = {work / least:.2f}x", "≤ 1.7x"
    )  # fmt: skip
    line = Line(command, size=size)
    line.until(f"of {files:,}")
    rest(line, 1.5)
    pressed("console", line, count, size, (END, HOME), goals=True)
    line.send(HOME)
    rest(line, 0.3)
    word = "_20190704"
    plain = memory_mb(line.process.pid)
    typing = Figures()
    pages: list[float] = []
    for _ in range(max(1, count // 10)):
        line.send("/")
        rest(line, 0.3)
        letters = keys(line, list(word))
        typing = Figures(typing.seconds + letters.seconds, typing.sizes + letters.sizes, typing.work + letters.work)
        until(line, lambda screen: bool(re.search(r"20190704_\d", screen)))
        unfiltered(line)
        rest(line, 0.5)
        line.send("/")
        rest(line, 0.3)
        began = time.perf_counter()
        line.send(word)
        pages.append(until(line, lambda screen: bool(re.search(r"20190704_\d", screen))) - began)
        unfiltered(line)
        rest(line, 0.5)
    say("filter typing", "console", typing.line(), "≤ 10, ≤ 35 ms")
    page = f"{statistics.median(pages) * 1000:.0f} ms from typing a rare text to its files"
    say("filter page", "console", page, "≤ 100 ms at 1M")
    for kind in ("platform", "feed", "day"):
        began = time.perf_counter()
        line.send("b")
        seen = until(line, lambda screen, kind=kind: bool(re.search(rf"\d {kind}s? · [\d,]+ files", screen)))
        say(f"group by {kind}", "console", f"{(seen - began) * 1000:.0f} ms")
        rest(line, 0.2)
    busy = memory_mb(line.process.pid)
    rest(line, 0.5)
    time.sleep(5)
    quiet = memory_mb(line.process.pid)
    say("memory", "console", f"{plain:.0f} MB; {busy:.0f} after searching, {quiet:.0f} quiet again", "≤ 130 MB")
    line.close()


def references(files: int, count: int, size: tuple[int, int], folder: Path) -> None:
    """`less` on as many lines, and Textual's own table on as many rows as it bears."""
    if shutil.which("less"):
        with LessFile(folder, min(files, 1_000_000)) as name:
            line = Line(["less", name], size=size)
            line.until("streams_stats")
            rest(line, 0.2)
            for what, pressed_keys in {
                "scroll": ["j"] * count,
                "page": [" ", " ", "b"] * (count // 3),
                "end/home": ["G", "g"] * (count // 4),
            }.items():
                say(what, "less", keys(line, pressed_keys).line())
            line.close()
    else:
        say("scroll …", "less", "not measured: not on this machine")
    rows = min(files, 10_000)
    line = Line([sys.executable, "-c", stock_table(rows)], size=size)
    line.until("streams_stats", timeout=120)
    rest(line, 1.0)
    pressed(f"stock table, {rows:,}", line, count, size, (TABLE_END, TABLE_HOME))
    line.close()


def harlequin(program: str | None, home: Path, files: int, count: int, size: tuple[int, int], rounds: int) -> None:
    """Harlequin on the same catalog, with its first result page of the same files."""
    if program is None:
        say("all keys", "harlequin", "not measured (--harlequin makes a throw-away environment for it)")
        return
    command = [program, "--no-download-tzdata", "-r", str(home / "catalog.duckdb")]
    try:
        say("first screen", "harlequin", f"{first_paint(command, b'Data Catalog', size, rounds)[0] * 1000:.0f} ms (no rows yet)")
        line = Line(command, size=size)
        line.until("Data Catalog", timeout=60)
        rest(line, 2.0)
        line.send("select status, feed, path, as_of, size_bytes, landed_at, account, id from files order by id desc limit 10000")
        rest(line, 1.0)
        began = time.perf_counter()
        line.send("\n")
        seen = until(line, lambda screen: "pending" in screen.split("Query Results")[-1], 60)
        say("first rows", "harlequin", f"{(seen - began) * 1000:.0f} ms more for its query")
        rest(line, 1.5)
        line.send("\x1b[15~")  # F5: to the results
        rest(line, 0.5)
        pressed("harlequin", line, count, size, (TABLE_END, TABLE_HOME))
        say("memory", "harlequin", f"{memory_mb(line.process.pid):.0f} MB")
        line.close()
    except (TimeoutError, OSError) as error:
        say("all keys", "harlequin", f"not measured: {str(error).splitlines()[0][:60]}")


def installed(folder: Path) -> str | None:
    """Harlequin in an environment of its own under `folder`; None if it cannot be had."""
    place = folder / "harlequin"
    try:
        subprocess.run([sys.executable, "-m", "venv", str(place)], check=True, capture_output=True)
        subprocess.run([str(place / "bin" / "pip"), "install", "-q", "harlequin"], check=True, capture_output=True, timeout=600)
    except (subprocess.SubprocessError, OSError) as error:
        print(f"harlequin cannot be installed here: {str(error)[:100]}")
        return None
    return str(place / "bin" / "harlequin")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--small", action="store_true", help="10,000 files only, few keys")
    parser.add_argument(
        "--files", type=int, action="append", metavar="N", help="again for more sizes (default 10000 and 1000000)"
    )
    parser.add_argument("--size", default="120x40", metavar="CxR")
    parser.add_argument(
        "--harlequin", action="store_true", help="install Harlequin into a throw-away environment and measure it too"
    )
    parser.add_argument("--harlequin-at", metavar="PROGRAM", help="measure this Harlequin")
    parser.add_argument("--folder", type=Path, help="where to work (default: the temporary folder)")
    parser.add_argument("--homes", type=Path, help="take the homes that lie here as lake<N>, where they do")
    options = parser.parse_args()
    columns, _, lines = options.size.partition("x")
    size = int(columns), int(lines)
    count, rounds = (12, 1) if options.small else (60, 5)
    base = Path(tempfile.mkdtemp(prefix="bench-console-", dir=options.folder))
    try:
        # Bytecode as an installed program has it, in a place of its own; the first start of each program fills it.
        os.environ |= {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(base / "bytecode"), "BEDROT_RESTORE": "no"}
        program = options.harlequin_at or (installed(base) if options.harlequin else None)
        for files in [10_000] if options.small else options.files or [10_000, 1_000_000]:
            home = options.homes / f"lake{files}" if options.homes else base / f"lake{files}"
            if not home.is_dir():
                fill(home, files).close()
            load = ", ".join(f"{n:.1f}" for n in os.getloadavg())
            print(f"\n{files:,} files, {options.size}, load {load} on {os.cpu_count()} processors", flush=True)
            console(home, files, count, size, rounds)
            references(files, count, size, base)
            harlequin(program, home, files, count, size, rounds)
    finally:
        shutil.rmtree(base, ignore_errors=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
