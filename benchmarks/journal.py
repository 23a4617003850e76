"""The journal: events appended, verified and read in a second, and one durable append beside a bare write + fdatasync.

python benchmarks/journal.py [--small]
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bedrot_console.domain.events import Event  # noqa: E402
from bedrot_console.resilience import SystemClock  # noqa: E402
from bedrot_console.security.journal import FileJournal  # noqa: E402


def bare(folder: Path, count: int) -> float:
    """Seconds for one write + fdatasync."""
    fd = os.open(folder / "bare", os.O_WRONLY | os.O_CREAT)
    start = time.perf_counter()
    for _ in range(count):
        os.write(fd, b"x" * 900)
        os.fdatasync(fd)
    os.close(fd)
    return (time.perf_counter() - start) / count


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--small", action="store_true", help="a tenth of the work")
    options = parser.parse_args()
    count = 20_000 if options.small else 200_000
    folder = Path(tempfile.mkdtemp(prefix="bench-journal-"))
    clock = SystemClock()
    record = {
        "schema": 1, "id": "1m84m231bbshvbe31d1t", "platform": "distrokid", "feed": "distrokid/streams", "feed_version": 1,
        "captured_at": "2026-03-02T09:30:00.000000Z", "landed_at": "2026-03-02T09:30:00.000000Z", "sha256": "f" * 64,
        "size_bytes": 20_000, "masks": [], "seq": 1_795_451_587_627_204, "media_type": "text/html", "source_system": "example.net",
    }  # fmt: skip
    data = {"file": record["id"], "path": "distrokid/streams/streams_stats_20260302_093000.html", "sidecar": record}
    try:
        journal = FileJournal(folder / "journal", clock)
        batch = [Event(kind="landed", at=clock.now(), actor="uid:0", data=data)] * 250
        journal.append(batch[:1])
        anchor = journal.anchor()
        start = time.perf_counter()
        for _ in range(count // 250):
            journal.append(batch)
        appended = count / (time.perf_counter() - start)
        single, reference = [], []
        for _ in range(5):
            start = time.perf_counter()
            for _ in range(40):
                journal.append(batch[:1])
            single.append((time.perf_counter() - start) / 40)
            reference.append(bare(folder, 40))
        rates = {}
        for name, key in (("chain", None), ("chain and message codes", anchor)):
            best = 0.0
            for _ in range(3):
                start = time.perf_counter()
                check = FileJournal(folder / "journal", clock).verify(key)
                best = max(best, check.lines / (time.perf_counter() - start))
                if not check.ok:
                    raise SystemExit(check.problem)
            rates[name] = best
        start = time.perf_counter()
        read = sum(1 for _ in journal.read()) / (time.perf_counter() - start)
        start = time.perf_counter()
        tail = len(list(FileJournal(folder / "journal", clock).read(check.lines - 10)))
        tail_ms = (time.perf_counter() - start) * 1000
        size = sum(p.stat().st_size for p in (folder / "journal").iterdir())
    finally:
        shutil.rmtree(folder)
    ok = min(rates.values()) >= 150_000
    print(f"{check.lines:,} events, {size / check.lines:.0f} bytes each")
    print(f"append, 250 at a time: {appended:,.0f} events/s")
    print(
        f"append, one: {min(single) * 1000:.2f} ms; bare write + fdatasync {min(reference) * 1000:.2f} ms; ratio {min(single) / min(reference):.2f}"
    )
    for name, rate in rates.items():
        print(f"verify, {name}: {rate:,.0f} events/s, goal 150,000 {'met' if rate >= 150_000 else 'MISSED'}")
    print(f"read: {read:,.0f} events/s; the last {tail}: {tail_ms:.1f} ms")
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())
