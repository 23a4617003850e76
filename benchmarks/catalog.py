"""The catalog beside plain tools, in one run: pages, filters, search, apply and publish at N files, rebuild, a cold listing.

    python benchmarks/catalog.py [--small] [--files N] [--rebuild N] [--folder DIR]

The lake of N files is made inside the work file itself, with the columns and spread of a real one; rebuilding works on real sidecars and
a real journal (all four events of a promoted file), so it has its own, smaller number. Times are medians of warm calls unless said.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
sys.path.insert(0, str(ROOT / "benchmarks"))

from made_catalog import FEEDS, START, fill  # noqa: E402

from bedrot_console.catalog import publishing  # noqa: E402
from bedrot_console.catalog.reader import Reader  # noqa: E402
from bedrot_console.catalog.store import Catalog  # noqa: E402
from bedrot_console.domain.browsing import FileFilter  # noqa: E402
from bedrot_console.domain.events import Event  # noqa: E402
from bedrot_console.domain.files import SIDECAR_SUFFIX, Sidecar  # noqa: E402
from bedrot_console.domain.identifiers import new_id  # noqa: E402
from bedrot_console.domain.lifecycle import Zone  # noqa: E402
from bedrot_console.resilience import SystemClock  # noqa: E402
from bedrot_console.security.journal import FileJournal  # noqa: E402
from bedrot_console.zones.fixity import sidecar_of  # noqa: E402

MISSED: list[str] = []


class TailJournal:
    """A journal of which only the tail is kept: what came before is in the work file already."""

    def __init__(self, last: Event) -> None:
        self.events = [last]

    def append(self, events: Any) -> list[Event]:
        import dataclasses

        done = [dataclasses.replace(e, seq=self.head + n) for n, e in enumerate(events, start=1)]
        self.events += done
        return done

    def read(self, after: int = 0) -> Iterator[Event]:
        return (e for e in self.events if e.seq > after)

    @property
    def head(self) -> int:
        return self.events[-1].seq


def median(call: Callable[[], Any], rounds: int = 9) -> float:
    """Median milliseconds of warm calls."""
    call()
    times = []
    for _ in range(rounds):
        begun = time.perf_counter()
        call()
        times.append((time.perf_counter() - begun) * 1000)
    return statistics.median(times)


def say(name: str, value: str, goal: str = "", met: bool | None = None) -> None:
    """One line: figure, reference and ratio, goal."""
    if met is False:
        MISSED.append(name)
    print(f"{name:<44} {value:<52} {goal} {'' if met is None else 'met' if met else 'MISSED'}".rstrip(), flush=True)


def pages(reader: Reader, files: int) -> None:
    """Warm reads."""
    everything = FileFilter()
    failed = FileFilter(platform="distrokid", status="quarantined")
    bare = reader._ask
    middle = reader.file(bare(f"SELECT id FROM base.files ORDER BY id LIMIT 1 OFFSET {files // 2}")[0][0])
    say("first page, 200 rows", f"{median(lambda: reader.files(everything)):.1f} ms")
    say(
        "filtered page (platform, status)",
        f"{median(lambda: reader.files(failed)):.1f} ms",
        "<= 100 ms",
        median(lambda: reader.files(failed)) <= 100,
    )
    expanded = median(lambda: reader.files(everything, after=middle))
    row_value = median(
        lambda: bare(
            "SELECT * FROM base.files WHERE (landed_at, id) < ($1, $2) ORDER BY landed_at DESC, id DESC LIMIT 200",
            [middle.landed_at.replace(tzinfo=None), middle.id],
        ),
        3,
    )
    say("page by key, mid table", f"{expanded:.1f} ms (row values: {row_value:.1f} ms)")
    for name, text in (("common text", "sales"), ("rare text", middle.path[-19:]), ("no match", "zz-nothing-zz")):
        took = median(lambda text=text: reader.files(FileFilter(text=text)), 5)
        say(f"substring search, first page: {name}", f"{took:.1f} ms", "<= 100 ms", took <= 100)
    say("count, kept tally", f"{median(lambda: reader.count(failed)):.1f} ms")
    say("count, text", f"{median(lambda: reader.count(FileFilter(text='sales')), 5):.1f} ms")
    say("one file by id", f"{median(lambda: reader.file(middle.id)):.1f} ms")
    say("one file by 12 characters", f"{median(lambda: reader.file(middle.id[:12])):.1f} ms")
    say("twins by hash", f"{median(lambda: reader.twins(middle.sha256)):.1f} ms")
    say("position of a row (offset_of)", f"{median(lambda: reader.offset_of(everything, middle), 3):.1f} ms")
    for order in ("worst", "largest", "path"):
        say(f"first page, order {order}", f"{median(lambda order=order: reader.files(FileFilter(order=order)), 3):.1f} ms")


def writes(catalog: Catalog, home: Path) -> None:
    """Apply and publish beside `cp`."""

    def cp() -> float:
        target = home / "copy"
        target.unlink(missing_ok=True)
        begun = time.perf_counter()
        subprocess.run(["cp", str(catalog.published), str(target)], check=True)
        took = (time.perf_counter() - begun) * 1000
        target.unlink()
        return took

    def landed(n: int, count: int) -> list[Event]:
        now = datetime.now(UTC)
        out = []
        for i in range(count):
            sha = hashlib.sha256(f"{n} {i}".encode()).hexdigest()
            sidecar = Sidecar(
                id=new_id(now), platform="distrokid", feed=FEEDS[0], feed_version=1, account="default", source_system="example.com",
                method="browser", captured_at=now, landed_at=now, as_of=None, extractor_version="1.0", run_id=None, set_id=None,
                media_type="text/html", size_bytes=20_000, sha256=sha, seq=i,
            )  # fmt: skip
            out.append(
                Event(
                    kind="landed",
                    at=now,
                    actor="uid:0",
                    data={"file": sidecar.id, "path": f"{FEEDS[0]}/new_{n}_{i}.html", "sidecar": sidecar.to_record()},
                )
            )
        return out

    subprocess.run(["sync"], check=True)
    plain = statistics.median(cp() for _ in range(5))
    size = catalog.published.stat().st_size / 1e6
    both, apply_only, publish_only = [], [], []
    for n in range(5):
        catalog.journal.append(landed(n, 1000))
        begun = time.perf_counter()
        catalog.catch_up(publish="never")
        applied = time.perf_counter()
        catalog.catch_up(publish="now")
        ended = time.perf_counter()
        both.append((ended - begun) * 1000)
        apply_only.append((applied - begun) * 1000)
        publish_only.append((ended - applied) * 1000)
    ratio = statistics.median(both) / plain
    say(
        "apply + publish of 1,000 new files",
        f"{statistics.median(both):.0f} ms = {statistics.median(apply_only):.0f} + {statistics.median(publish_only):.0f}; cp of {size:.0f} MB {plain:.0f} ms; {ratio:.1f}x",
        "<= 3x", ratio <= 3,
    )  # fmt: skip
    copied = [_timed(lambda: publishing.publish(catalog.work, catalog.published)) for _ in range(5)]
    say("publish alone (copy, fsync, rename)", f"{statistics.median(copied):.0f} ms; {statistics.median(copied) / plain:.1f}x cp")
    catalog.journal.append(landed(99, 1000))
    file = catalog.journal.events[-1].data["file"]
    say("resolve with a tail of 1,000 events", f"{median(lambda: catalog.resolve([file])):.1f} ms")
    catalog.catch_up(publish="now")


def _timed(call: Callable[[], Any]) -> float:
    begun = time.perf_counter()
    call()
    return (time.perf_counter() - begun) * 1000


def cold(home: Path) -> None:
    """A listing in a new process beside an interpreter that only imports duckdb."""

    def run(code: str) -> float:
        begun = time.perf_counter()
        subprocess.run([sys.executable, "-c", code, str(home)], check=True, stdout=subprocess.DEVNULL, cwd=ROOT)
        return (time.perf_counter() - begun) * 1000

    listing = (
        "import sys; from pathlib import Path; from bedrot_console.catalog.reader import Reader; from bedrot_console.domain.browsing import FileFilter;"
        "[print(r.id, r.path) for r in Reader(Path(sys.argv[1]) / 'catalog.duckdb').files(FileFilter(), limit=50)]"
    )
    pairs = [(run("import duckdb"), run(listing)) for _ in range(9)]
    reference, ours = (statistics.median(p[i] for p in pairs) for i in (0, 1))
    say(
        "cold listing of 50",
        f"{ours:.0f} ms; interpreter + import duckdb {reference:.0f} ms; {ours / reference:.2f}x",
        "<= 1.4x",
        ours / reference <= 1.4,
    )


def rebuild(home: Path, files: int) -> None:
    """Rebuild from real sidecars and a real journal beside reading and hashing the sidecars."""
    journal = FileJournal(home / ".bedrot" / "journal", SystemClock())
    events: list[Event] = []
    for i in range(files):
        at = START + timedelta(minutes=i)
        sha = hashlib.sha256(str(i).encode()).hexdigest()
        feed = FEEDS[i % 5]
        path = f"{feed}/{i // 5000}/x_{at:%Y%m%d_%H%M%S}.json"
        sidecar = Sidecar(
            id=new_id(at), platform=feed.split("/")[0], feed=feed, feed_version=1, account="default", source_system="example.com",
            method="api", captured_at=at, landed_at=at, as_of=None, extractor_version="1.0", run_id=sha[:20], set_id=None,
            media_type="application/json", size_bytes=20_000, sha256=sha, seq=i,
        )  # fmt: skip
        target = home / "raw" / (path + SIDECAR_SUFFIX)
        if i % 5000 < 5:
            target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(sidecar.to_bytes())
        record = {k: v for k, v in sidecar.to_record().items() if k != "received_name"}
        report, decision = sidecar.id[:19] + "r", sidecar.id[:19] + "d"

        def event(kind: str, at: datetime = at, **data: Any) -> Event:
            return Event(kind=kind, at=at, actor="uid:0", data=data)

        events += [
            event("landed", file=sidecar.id, path=path, sidecar=record),
            event(
                "validated", file=sidecar.id, report=report, sha256=sha, rules=sha[:16], verdict="passed", segment=1, offset=i * 900, length=900,
                codes={}, as_of=at.date().isoformat(), rows=100, content_sha256=sha, errors=0, warnings=0, first_code=None,
            ),
            event(
                "decided", decision=decision, file=sidecar.id, verb="promote", reason="policy", sha256=sha, report=report, source="landing",
                source_path=path, target="raw", target_path=path, undoes=None,
            ),
            event("moved", decision=decision, file=sidecar.id, verb="promote", zone="raw", path=path),
        ]  # fmt: skip
        if len(events) > 20_000:
            journal.append(events)
            events = []
    journal.append(events)

    def names() -> Iterator[str]:
        for folder, _, found in os.walk(home / "raw"):
            yield from (f"{folder}/{name}" for name in found)

    def walk() -> Iterator[tuple[Zone, str, Sidecar]]:
        cut = len(str(home / "raw")) + 1
        for name in names():
            with open(name, "rb") as file:
                yield Zone.RAW, name[cut : -len(SIDECAR_SUFFIX)], sidecar_of(file.read())

    def hashed() -> None:
        for name in names():
            with open(name, "rb") as file:
                hashlib.sha256(file.read()).digest()

    hashed()
    reference, reading, walking = (
        _timed(hashed),
        _timed(lambda: sum(1 for _ in journal.read())),
        _timed(lambda: sum(1 for _ in walk())),
    )
    catalog = Catalog(home, journal, SystemClock(), reports=lambda event: None, walk=walk)
    catalog.catch_up(publish="now")
    took = _timed(catalog.rebuild)
    equal = catalog.rebuild(verify=True).equal
    say(
        f"rebuild, {files:,} files, {journal.head:,} events",
        f"{took / 1000:.1f} s; read + hash {reference / 1000:.1f} s; {took / reference:.1f}x", "<= 2x", took / reference <= 2,
    )  # fmt: skip
    say("  of which reading journal, sidecars", f"{reading / 1000:.1f} s, {walking / 1000:.1f} s")
    say("  same answers", str(equal), "", bool(equal))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--small", action="store_true", help="100,000 files, 5,000 to rebuild")
    parser.add_argument("--files", type=int, default=1_000_000)
    parser.add_argument("--rebuild", type=int, default=50_000, metavar="N", help="files to rebuild; 0: leave it out")
    parser.add_argument("--folder", type=Path, help="where to work (default: the temporary folder)")
    options = parser.parse_args()
    files, again = (100_000, 5_000) if options.small else (options.files, options.rebuild)
    base = Path(tempfile.mkdtemp(prefix="bench-catalog-", dir=options.folder))
    try:
        print(f"{files:,} files", flush=True)
        journal = TailJournal(Event(kind="queried", at=START, actor="uid:0", data={}, seq=files * 3))
        catalog = fill(base / "home", files, journal)
        with catalog.reader() as reader:
            pages(reader, files)
        writes(catalog, base / "home")
        catalog.close()
        cold(base / "home")
        say("memory of this process", f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")
        if again:
            rebuild(base / "again", again)
    finally:
        shutil.rmtree(base, ignore_errors=True)
    return 1 if MISSED else 0


if __name__ == "__main__":
    sys.exit(main())
