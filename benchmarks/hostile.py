"""Hostile payloads through every reader, in limited children: none may crash the batch, hang, or end without a reason from the closed list.

    python benchmarks/hostile.py [--count 20000] [--seed 1] [--small]

Seeded mutations of good payloads (cut, spliced, repeated, flipped, nested, retyped) for JSON, JSON lines, HTML and tables.
"""

from __future__ import annotations

import argparse
import io
import random
import resource
import sys
import tempfile
import time
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from validating import BANK, DUMP, ads, bank, job

from bedrot_console.domain.feeds import Feed
from bedrot_console.domain.lifecycle import Verdict
from bedrot_console.inspection.child import REASONS
from bedrot_console.inspection.contents import TROUBLES, Rows
from bedrot_console.inspection.helpers import html_tree, loose_json, script_arrays
from bedrot_console.inspection.jobs import Job
from bedrot_console.inspection.pool import Inspectors


def parse_page(payload: bytes) -> Rows:
    """The first array of a page's script."""
    html_tree(payload)
    page = payload.decode("utf-8", "replace")
    return Rows(
        [
            {"day": row["category"], "plays": int(row["column-1"])}
            for array in script_arrays(page, "dataProvider")
            for row in loose_json(array)
        ]
    )


PAGE = Feed(
    template="bench/page/page_{stamp}.html", name="bench/page", format="html", parse=parse_page, day="day", measures=("plays",)
)
LINES = replace(DUMP, name="bench/lines", format="jsonl")
FEEDS = {f.name: f for f in (DUMP, LINES, PAGE, BANK)}
SPLICES = [
    b"\0", b"\xff\xfe", b"\xef\xbb\xbf", b"\r", b"\n", b'"', b"'", b"\t", b",", b"[", b"]", b"{", b"}", b"\\u0000", b"\\ud800", b"NaN", b"-", b"1e999", b"<", b">",
    b"<!--", b"<script>", b"&a;", b"<![CDATA[", b"PK\x03\x04", b"=cmd()", b"\x1b]0;x\x07", "\u202e".encode(), b"9" * 5000, b"[" * 2000, b'{"a":' * 500, b"<div>" * 2000,
    b'"' * 999, b"null", b"true", b"\xed\xa0\x80", b"\xc3", b"%00", b"../../", b"x" * 70_000,
]  # fmt: skip


def harmed(data: bytes, rng: random.Random) -> bytes:
    """One small harm: cut, hole, splice, repetition, flipped bits, noise, one letter exchanged everywhere, doubling."""
    at = rng.randrange(len(data) + 1)
    to = min(len(data), at + rng.randint(1, 400))
    head, part, tail = data[:at], data[at:to], data[to:]
    match rng.randrange(9):
        case 0:
            return head
        case 1:
            return part + tail
        case 2:
            return head + tail
        case 3:
            return head + rng.choice(SPLICES) + part + tail
        case 4:
            return head + part * rng.randint(2, 30) + tail
        case 5:
            return head + bytes(b ^ (1 << rng.randrange(8)) for b in part) + tail
        case 6:
            return head + rng.randbytes(rng.randint(1, 60)) + part + tail
        case 7:
            return data.replace(part[:1] or b"a", rng.choice(SPLICES)[:40])
        case _:
            return head + part + head + part + tail


def mutated(data: bytes, rng: random.Random) -> bytes:
    """One to five small harms, and now and then another encoding or a zip around it."""
    for _ in range(rng.randint(1, 5)):
        data = harmed(data, rng)[:400_000]
    shape = rng.random()
    if shape < 0.03:
        return data.decode("latin-1").encode("utf-16")
    if shape < 0.08:
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("x.csv", data)
        packed = bytearray(out.getvalue())
        if rng.random() < 0.5:
            packed[rng.randrange(len(packed))] ^= 1 << rng.randrange(8)
        return bytes(packed)
    return data


def seeds(folder: Path) -> dict[str, bytes]:
    """One good payload for each reader."""
    import json

    rows = ads(8, 2)
    bank(folder / "seed.tsv", 1)
    table = b"".join((folder / "seed.tsv").read_bytes().splitlines(keepends=True)[:25])
    chart = ",".join(json.dumps({"category": f"2026-02-{i + 1:02d}", "column-1": str(i)}) for i in range(28))
    return {
        DUMP.name: json.dumps(rows).encode(),
        LINES.name: "\n".join(json.dumps(r) for r in rows).encode(),
        PAGE.name: f'<!doctype html><html><body><h1>Hello</h1><script>make({{"id":"t","dataProvider":[{chart},]}})</script></body></html>'.encode(),
        BANK.name: table,
    }


def jobs(folder: Path, count: int, seed: int) -> Iterator[Job]:
    """`count` jobs over mutated payloads."""
    rng = random.Random(seed)
    good = seeds(folder)
    names = list(good)
    for number in range(count):
        name = names[number % len(names)]
        path = folder / f"hostile-{number % 4096}"
        path.unlink(missing_ok=True)
        path.write_bytes(mutated(good[name], rng))
        yield job(FEEDS[name], path, number)


def main() -> int:
    """Run the fuzz and print what became of it."""
    if sys.argv[1:2] == ["--serve"]:
        from bedrot_console.inspection.child import serve

        return serve(FEEDS.__getitem__, readable=[Path(sys.argv[2])])
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--small", action="store_true", help="1,000 payloads")
    chosen = parser.parse_args()
    count = 1_000 if chosen.small else chosen.count
    found: Counter[str] = Counter()
    allowed = {*TROUBLES, "format.repaired", "format.no-final-newline"}
    slowest, outside = 0.0, 0
    note: Callable[[str], None] = lambda text: print(text, flush=True)  # noqa: E731
    with tempfile.TemporaryDirectory() as name:
        started = last = time.perf_counter()
        with Inspectors([sys.executable, __file__, "--serve", name]) as pool:
            for number, report in enumerate(pool.run(jobs(Path(name), count, chosen.seed))):
                now = time.perf_counter()
                slowest, last = max(slowest, now - last), now
                found[
                    report.verdict.value
                    if report.verdict is not Verdict.FAILED
                    else next(f.code for f in report.findings if f.severity == "error")
                ] += 1
                outside += sum(f.stage == "format" and f.code not in allowed for f in report.findings)
                if any(f.code == "format.unreadable" for f in report.findings):
                    note(
                        f"    payload {number} of seed {chosen.seed}: {report.findings[0].seen} ({REASONS[report.findings[0].seen or '']})"
                    )
        seconds = time.perf_counter() - started
    for what, times in found.most_common():
        note(f"{times:8}  {what}")
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    gave_up = found["format.unreadable"]
    note(
        f"{count:,} payloads in {seconds:.0f} s; {gave_up} gave up, {outside} reasons outside the list; longest wait {slowest:.1f} s; largest child {peak:.0f} MB"
    )
    note("goal: 0 crashes, 0 hangs (5 s), 256 MB each, every reason from the list")
    return 1 if gave_up or outside else 0


if __name__ == "__main__":
    sys.exit(main())
