"""Landing beside plain tools, in one run: 10 x 200 MB, 10,000 x 20 KB, and the memory of landing 2 GB.

    python benchmarks/landing.py [--small] [--folder DIR] [--rounds N]

The reference for big files is `cp` + `sync` + `openssl dgst -sha256` (what landing does: copy, make durable, hash); for small files `cp -r` + `sync`.
`sync` and landing alike wait for whatever else is dirty on the disk, so each starts after a `sync` of its own.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from bedrot_console.domain.feeds import Feed  # noqa: E402
from bedrot_console.domain.files import Capture, LandedFile  # noqa: E402
from bedrot_console.resilience import SystemClock  # noqa: E402
from bedrot_console.security.journal import FileJournal  # noqa: E402
from bedrot_console.zones.store import Landing, Zones  # noqa: E402

FEED = Feed(name="manual/bench", template="manual/bench/{slug}_{stamp}.{ext}", format="binary", max_bytes=8 << 30)


def zones(home: Path) -> Zones:
    home.mkdir(parents=True, exist_ok=True)
    clock = SystemClock()
    return Zones(home, FileJournal(home / ".bedrot" / "journal", clock), clock, f"uid:{os.getuid()}")


def landings(paths: list[Path]) -> list[Landing]:
    now = SystemClock().now()
    return [
        Landing(
            Capture(feed=FEED.name, body=p, captured_at=now, method="manual", source_system="upload", received_name=p.name),
            FEED,
            "1",
        )
        for p in paths
    ]


def make_files(folder: Path, count: int, size: int) -> list[Path]:
    folder.mkdir(parents=True)
    block = os.urandom(min(size, 1 << 20))
    paths = []
    for n in range(count):
        path = folder / f"file-{n:05d}.bin"
        with open(path, "wb") as file:
            file.write(n.to_bytes(8, "big"))
            left = size - 8
            while left > 0:
                file.write(block[: min(left, len(block))])
                left -= len(block)
        paths.append(path)
    os.sync()
    return paths


def timed(work: Callable[[], object], cpu: list[float] | None = None) -> float:
    """Seconds on the wall. `cpu` gets the processor seconds, which say more where other work runs beside."""
    os.sync()
    start, before = time.perf_counter(), sum(os.times()[:4])
    work()
    if cpu is not None:
        cpu.append(sum(os.times()[:4]) - before)
    return time.perf_counter() - start


def run(command: str, **kwargs: object) -> None:
    subprocess.run(command, shell=True, check=True, stdout=subprocess.DEVNULL, **kwargs)


def land_all(home: Path, paths: list[Path]) -> None:
    results = zones(home).land(landings(paths))
    bad = [r for r in results if not isinstance(r, LandedFile)]
    if bad or len(results) != len(paths):
        raise SystemExit(f"{len(bad)} did not land: {bad[:1]}")


def compare(title: str, base: Path, paths: list[Path], reference: str, steps: list[str], goal: float, rounds: int) -> bool:
    """Best of `rounds`, alternating. Nothing is removed before the end: ext4 gives inodes anew only slowly for seconds after."""
    ours, theirs, parts = [], [], []
    for n in range(rounds):
        out = base / f"copy-{n}"
        out.mkdir()
        split = [timed(lambda s=s, out=out: run(s.format(source=paths[0].parent, target=out))) for s in steps]
        parts.append(split)
        theirs.append(sum(split))
        home = base / f"home-{n}"
        ours.append(timed(lambda home=home: land_all(home, paths)))
    for made in (*base.glob("copy-*"), *base.glob("home-*")):
        shutil.rmtree(made)
    ratio = min(ours) / min(theirs)
    split = " + ".join(f"{p:.2f}" for p in parts[theirs.index(min(theirs))])
    verdict = "met" if ratio <= goal else "MISSED"
    print(
        f"{title}: land {min(ours):.2f} s, {reference} {min(theirs):.2f} s ({split}); ratio {ratio:.2f}, goal {goal} {verdict}",
        flush=True,
    )
    return ratio <= goal


def peak_memory(base: Path, size: int) -> bool:
    """Peak resident memory of a process that lands one big file."""
    source = base / "big"
    path = make_files(source, 1, size)[0]
    pid = os.fork()
    if pid == 0:
        os.execv(sys.executable, [sys.executable, __file__, "--land-one", str(path), str(base / "home-big")])
    _, status, usage = os.wait4(pid, 0)
    shutil.rmtree(source)
    shutil.rmtree(base / "home-big", ignore_errors=True)
    peak = usage.ru_maxrss / 1024
    ok = status == 0 and peak <= 96
    print(f"memory: landing {size / 1e6:.0f} MB peaks at {peak:.0f} MB, goal 96 {'met' if ok else 'MISSED'}", flush=True)
    return ok


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--small", action="store_true", help="a tenth of the work")
    parser.add_argument("--folder", type=Path, help="where to work (default: the temporary folder)")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", choices=("big", "many", "memory"))
    parser.add_argument("--land-one", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.land_one:
        land_all(Path(options.land_one[1]), [Path(options.land_one[0])])
        return 0
    base = Path(tempfile.mkdtemp(prefix="bench-landing-", dir=options.folder))
    big, many, one = ((3, 50 << 20), (1000, 20_000), 200 << 20) if options.small else ((10, 200 << 20), (10_000, 20_000), 2 << 30)
    ok = True
    try:
        if options.only in (None, "big"):
            paths = make_files(base / "big-files", *big)
            ok &= compare(
                f"{big[0]} x {big[1] >> 20} MB", base, paths, "cp + sync + openssl",
                ["cp {source}/* {target}/ && sync", "openssl dgst -sha256 {source}/*"], 1.5, options.rounds,
            )  # fmt: skip
            shutil.rmtree(base / "big-files")
        if options.only in (None, "many"):
            paths = make_files(base / "small-files", *many)
            ok &= compare(
                f"{many[0]:,} x 20 KB", base, paths, "cp -r + sync", ["cp -r {source} {target}/ && sync"], 2.5, options.rounds
            )
            shutil.rmtree(base / "small-files")
        if options.only in (None, "memory"):
            ok &= peak_memory(base, one)
    finally:
        shutil.rmtree(base, ignore_errors=True)
    print(f"this process: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())
