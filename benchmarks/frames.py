"""How late the console's keys and frames come while five runs log, beside the same console while nothing runs.

    .venv/bin/python benchmarks/frames.py [--small] [--size 120x40]

Five processes write run folders as runs do (log lines, stages with progress, landed files; about 200 events a second each); the real
console on a real pseudo-terminal shows one of them and lists all. Measured inside the console, between its start and its end: how long one
piece of work holds the event loop (a key or a frame waits for as long), counted in time of that thread's processor; how long the drawing
of each frame takes; how late a clock is that ticks every 5 ms in the loop. Measured outside: key to paint. Reference, in the same run:
the console with nothing to show, and the clock in a bare event loop: what that one is late, the machine is busy with other things.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "tui"))
sys.path.insert(0, str(ROOT))

GOAL_MILLISECONDS = 50.0
RUNS = 5
EVENTS_A_SECOND = 200
TICK = 0.005
WARM_UP_SECONDS = 2.0
LEAVING_SECONDS = 1.0
WORDS = {"late": "clock late", "held": "loop held", "frames": "frame", "keys": "key, paint"}


def log_run(home: str, number: str, seconds: str) -> None:
    """A run's process, as far as its folder shows one."""
    import random

    from bedrot_console.domain.identifiers import new_id
    from bedrot_console.domain.runs import RunSpec
    from bedrot_console.extraction.redaction import Redactor
    from bedrot_console.extraction.runfolder import EventLog
    from bedrot_console.extraction.runs import Runs
    from bedrot_console.resilience import SystemClock

    rng, clock = random.Random(int(number)), SystemClock()
    spec = RunSpec(id=new_id(clock.now()), platform=f"platform{number}", account="default")
    log = EventLog(Runs(Path(home, ".bedrot", "runs"), clock).create(spec), clock, Redactor())
    log.emit("state", state="running", expected=[f"platform{number}/feed"])
    began, said = time.monotonic(), 0
    while (passed := time.monotonic() - began) < float(seconds):
        while said < passed * EVENTS_A_SECOND:
            said += 1
            if said % 40 == 0:
                log.emit("landed", feed=f"platform{number}/feed", file=f"f{said}", path=f"feed_{said}.json", size_bytes=20_000)
            elif said % 5 == 0:
                log.emit("stage", stage=f"feed {said // 2000}", done=said % 2000, total=2000)
            else:
                level = "warning" if rng.random() < 0.05 else "info"
                log.emit("log", level=level, text=f"page {said}: " + "x" * rng.randrange(10, 160))
        time.sleep(0.01)


def watched_console(home: str, report: str) -> int:
    """The console with clocks in it; writes what they saw to `report` when it ends."""
    import asyncio

    from bedrot_console.operations.workspace import Workspace
    from bedrot_console.settings import Settings
    from bedrot_console.tui import app as room

    frames: list[tuple[float, float]] = []
    late: list[tuple[float, float]] = []
    held: list[tuple[float, float]] = []
    display, mounted, run = room.Console._display, room.Console.on_mount, asyncio.Handle._run

    def timed(self: Any, *given: Any) -> None:
        began = time.perf_counter()
        display(self, *given)
        frames.append((began, time.perf_counter() - began))

    def on_mount(self: Any) -> None:
        mounted(self)
        self._clock = asyncio.get_running_loop().create_task(tick(late))

    def holding(self: Any) -> None:
        at, began = time.perf_counter(), time.thread_time()
        run(self)
        held.append((at, time.thread_time() - began))

    room.Console._display, room.Console.on_mount = timed, on_mount  # type: ignore[method-assign]
    asyncio.Handle._run = holding  # type: ignore[method-assign]
    code = room.run_console(Workspace(Settings.load(home, dict(os.environ))))
    Path(report).write_text(
        json.dumps({name: _in_between(seen) for name, seen in (("frames", frames), ("late", late), ("held", held))})
    )
    return code


async def tick(late: list[tuple[float, float]]) -> None:
    """Note how late each tick comes."""
    import asyncio

    while True:
        began = time.perf_counter()
        await asyncio.sleep(TICK)
        late.append((began, time.perf_counter() - began - TICK))


def _in_between(samples: list[tuple[float, float]]) -> list[float]:
    """Without the start and the leave, which waits for the thread that reads keys."""
    return [value for at, value in samples if at - samples[0][0] > WARM_UP_SECONDS and samples[-1][0] - at > LEAVING_SECONDS]


def bare_loop(seconds: float) -> list[float]:
    """How late the clock is where nothing else runs."""
    import asyncio

    late: list[tuple[float, float]] = []

    async def go() -> None:
        task = asyncio.get_running_loop().create_task(tick(late))
        await asyncio.sleep(seconds)
        task.cancel()

    asyncio.run(go())
    return [value for _, value in late]


def session(seconds: float, size: tuple[int, int], loggers: int) -> dict[str, list[float]]:
    """One console, watched while so many runs log."""
    from ptyline import Line

    with tempfile.TemporaryDirectory() as folder:
        home, report = Path(folder, "home"), Path(folder, "report.json")
        (home / "landing").mkdir(parents=True)
        (home / ".bedrot" / "runs").mkdir(parents=True, mode=0o700)
        mine = [sys.executable, __file__]
        going = [
            subprocess.Popen([*mine, "--log", str(home), str(number), str(seconds + 10)], start_new_session=True)
            for number in range(loggers)
        ]
        line = Line([*mine, "--console", str(home), str(report)], size=size)
        try:
            line.until("3 Runs")
            line.send("3")
            line.until("platform4" if loggers else "no runs yet")
            keys = []
            end = time.monotonic() + seconds + WARM_UP_SECONDS
            steps = ["j", "k", "\x1b[5~", "G", "l", "l", "l", "w", "w"]
            while time.monotonic() < end:
                began, before = time.perf_counter(), len(line.data)
                line.send(steps[len(keys) % len(steps)])
                while len(line.data) == before and time.perf_counter() - began < 2:
                    line.read(0.001)
                keys.append(time.perf_counter() - began)
                line.read(0.1)
            line.send("\x11")
            line.wait(20)
            return json.loads(report.read_text()) | {"keys": keys}
        finally:
            line.close()
            for process in going:
                process.kill()
                process.wait()


def main() -> int:
    if "--log" in sys.argv:
        log_run(*sys.argv[2:5])
        return 0
    if "--console" in sys.argv:
        return watched_console(*sys.argv[2:4])
    seconds = 5.0 if "--small" in sys.argv else 20.0
    size = tuple(int(n) for n in (sys.argv[sys.argv.index("--size") + 1] if "--size" in sys.argv else "120x40").split("x"))
    print(f"{'bare event loop':<20}  {WORDS['late']:<10}  {_spread(bare_loop(min(seconds, 5.0)))}")
    worst = frame = 0.0
    for name, loggers in (("nothing runs", 0), (f"{RUNS} runs log", RUNS)):
        seen = session(seconds, size, loggers)  # type: ignore[arg-type]
        for what in ("late", "held", "frames", *(["keys"] if loggers else [])):
            print(f"{name:<20}  {WORDS[what]:<10}  {_spread(seen[what])}")
        worst, frame = max(seen["held"]) * 1000, max(seen["frames"]) * 1000
    print(
        f"while {RUNS} runs log: the loop held for {worst:.0f} ms at most (goal ≤ {GOAL_MILLISECONDS:.0f} ms), the longest frame {frame:.0f} ms by the wall clock"
    )
    return 0 if worst <= GOAL_MILLISECONDS else 1


def _spread(values: list[float]) -> str:
    ordered = sorted(v * 1000 for v in values) or [0.0]
    p99 = ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))]
    return f"median {statistics.median(ordered):6.1f} ms   p99 {p99:6.1f} ms   longest {ordered[-1]:6.1f} ms   of {len(values):,}"


if __name__ == "__main__":
    raise SystemExit(main())
