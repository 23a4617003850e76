"""How fast captures are judged, beside what reading them alone costs.

    python benchmarks/validating.py [--small]

Prints, for each row of the bar: figure, reference measured in the same run, ratio, goal. Random data is seeded.
"""

from __future__ import annotations

import argparse
import csv
import gc
import hashlib
import json
import os
import random
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from bedrot_console.domain.feeds import Column, Feed
from bedrot_console.domain.files import Sidecar
from bedrot_console.domain.findings import Report
from bedrot_console.inspection.jobs import Job
from bedrot_console.inspection.pool import Inspectors
from bedrot_console.inspection.stages import inspect

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
ROW_SCHEMA = {
    "type": "object",
    "required": ["campaign_id", "ad_id", "date_start", "impressions", "spend"],
    "additionalProperties": False,
    "properties": {
        "campaign_id": {"type": "string", "pattern": "^[0-9]+$"}, "ad_id": {"type": "string", "pattern": "^[0-9]+$"},
        "campaign_name": {"type": "string"}, "date_start": {"type": "string", "pattern": "^\\d{4}-\\d{2}-\\d{2}$"},
        "date_stop": {"type": "string"}, "impressions": {"type": "string", "minLength": 1}, "clicks": {"type": "string", "minLength": 1},
        "spend": {"type": "string", "pattern": "^[0-9]+(\\.[0-9]+)?$"}, "reach": {"type": "string"}, "frequency": {"type": "string"},
        "ctr": {"type": "string"}, "cpc": {"type": "string"},
        "actions": {"type": "array", "minItems": 1, "items": {"type": "object", "required": ["action_type", "value"]}},
    },
}  # fmt: skip
DUMP = Feed(
    template="bench/dump/{stamp}/ads.json",
    name="bench/ads",
    day="date_start",
    key=("date_start", "ad_id"),
    measures=("spend", "impressions"),
)
COLUMNS = (
    Column(("Reporting Date",), "DATE", required=True), Column(("Sale Month",), required=True), Column(("Store",), required=True),
    Column(("Artist",)), Column(("Title",), required=True), Column(("ISRC",)), Column(("UPC",)), Column(("Quantity",), "BIGINT", required=True),
    Column(("Team Percentage",), "DECIMAL(9,4)"), Column(("Song/Album",)), Column(("Country of Sale",)),
    Column(("Songwriter Royalties Withheld",), "DECIMAL(38,12)"), Column(("Earnings (USD)",), "DECIMAL(38,12)", required=True),
)  # fmt: skip
BANK = Feed(
    template="bench/bank/bank_{date}.tsv", name="bench/bank", format="table", columns=COLUMNS, day="Reporting Date",
    measures=("Earnings (USD)", "Quantity"), encodings=("utf-8-sig", "utf-8", "latin-1"),
)  # fmt: skip


def ads(count: int, seed: int, *, bad: int = 0) -> list[dict[str, Any]]:
    """Insight rows; `bad` of them break the schema in one field."""
    rng = random.Random(seed)
    start = date(2024, 1, 1)
    rows = []
    for i in range(count):
        impressions, clicks, spend = rng.randint(100, 90_000), rng.randint(1, 900), rng.randint(100, 99_999) / 100
        rows.append({
            "campaign_id": str(120200000000000000 + i % 37), "ad_id": str(120300000000000000 + i % 900), "campaign_name": f"Campaign {i % 37:02d}",
            "date_start": str(start + timedelta(days=i // 900)), "date_stop": str(start + timedelta(days=i // 900)),
            "impressions": str(impressions), "clicks": str(clicks), "spend": str(spend), "reach": str(impressions - 7),
            "frequency": f"{impressions / (impressions - 7):.6f}", "ctr": f"{100 * clicks / impressions:.6f}", "cpc": f"{spend / clicks:.6f}",
            "actions": [{"action_type": name, "value": str(rng.randint(1, 400))} for name in ("link_click", "post_engagement", "video_view", "omni_purchase")],
        })  # fmt: skip
    for i in rng.sample(range(count), bad):
        rng.choice(
            [
                lambda r: r.pop("spend"),
                lambda r: r.update(impressions=7),
                lambda r: r.update(ad_id="x"),
                lambda r: r.update(actions=[]),
            ]
        )(rows[i])
    return rows


def bank(path: Path, size: int, *, bad: int = 0) -> int:
    """Write a bank export of about `size` bytes; returns its rows."""
    rng = random.Random(3)
    lines = []
    for i in range(20_000):
        day = date(2021, 1, 1) + timedelta(days=i % 1500)
        lines.append(
            f"{day}\t{day:%Y-%m}\t{rng.choice(['Spotify', 'Apple Music', 'Amazon', 'Deezer'])}\tArtist {i % 5}\tTrack {i % 211:03d}\tQZAAA21{i % 99999:05d}"
            f"\t19{i % 10**10:010d}\t{rng.randint(0, 900)}\t100\tSong\t{rng.choice(['US', 'DE', 'OU', 'JP'])}\t0\t{rng.randint(1, 10**10) / 10**12:.12f}\n"
        )
    block = "".join(lines).encode()
    times = max(1, size // len(block))
    with path.open("wb") as file:
        file.write(("\t".join(c.names[0] for c in COLUMNS) + "\n").encode())
        for n in range(times):
            file.write(block)
            if n < bad:
                file.write(b"2024-13-01\t2024-12\tSpotify\tA\tB\t\t\tmany\t100\tSong\tUS\t0\t0.1\n")
    return times * 20_000 + min(bad, times)


def job(feed: Feed, path: Path, number: int = 0) -> Job:
    """A Job over a file."""
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    sidecar = Sidecar(
        id=f"{number:06d}", platform="bench", feed=feed.name, feed_version=1, account="default", source_system="x", method="api", captured_at=NOW,
        landed_at=NOW, as_of=None, extractor_version="1", run_id=None, set_id=None, media_type="x", size_bytes=path.stat().st_size, sha256=digest,
    )  # fmt: skip
    return Job(feed=feed, payload=path, sidecar=sidecar, now=NOW, report_id=f"r{number}", rules="bench")


class Cost(NamedTuple):
    """Wall seconds and processor seconds of one piece of work."""

    wall: float
    cpu: float

    def times(self, factor: float) -> Cost:
        """So many times this."""
        return Cost(self.wall * factor, self.cpu * factor)

    def less(self, other: Cost) -> Cost:
        """Without the other."""
        return Cost(self.wall - other.wall, self.cpu - other.cpu)


def spent() -> float:
    """Processor seconds of this process and of those it has waited for or runs now."""
    own, ended = os.times(), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.user + own.system + ended.ru_utime + ended.ru_stime


def best(work: Callable[[], Any], times: int = 3) -> tuple[Cost, Any]:
    """Least wall and least processor seconds of `times` runs, and the last result."""
    costs, result = [], None
    for _ in range(times):
        gc.collect()
        started, used = time.perf_counter(), spent()
        result = work()
        costs.append((time.perf_counter() - started, spent() - used))
    return Cost(min(c[0] for c in costs), min(c[1] for c in costs)), result


def row(what: str, cost: Cost, reference: str, other: Cost, goal: str) -> None:
    """One line of the table; on a busy machine the ratio of processor time says more than that of wall time."""
    print(
        f"{what:60} {cost.wall:8.3f} s   {reference:30} {other.wall:8.3f} s   ratio wall {cost.wall / other.wall:6.3f}, cpu {cost.cpu / other.cpu:6.3f}   goal {goal}",
        flush=True,
    )


def large_json(folder: Path, small: bool) -> None:
    """One large document: every error with its path."""
    import jsonschema

    rows = ads(6_000 if small else 72_000, 1, bad=200 if small else 2_000)
    path, schema = folder / "large.json", folder / "ads.schema.json"
    path.write_text(json.dumps(rows))
    schema.write_text(json.dumps({"type": "array", "items": ROW_SCHEMA}))
    asked = job(Feed(**{**{f: getattr(DUMP, f) for f in DUMP.__dataclass_fields__}, "schema": schema}), path)
    data = path.read_bytes()
    seconds, report = best(lambda: inspect(asked))
    loads, document = best(lambda: json.loads(data))
    errors = sum(f.count for f in report.findings if f.code.startswith("schema.") and f.severity == "error")
    name = f"validate {len(data) / 1e6:.0f} MB JSON, all stages ({errors} errors)"
    row(name, seconds, "json.loads", loads, "<= 1")
    few = document[: max(1, len(document) // 12)]
    validator = jsonschema.Draft202012Validator({"type": "array", "items": ROW_SCHEMA})
    reference, _ = best(lambda: sum(1 for _ in validator.iter_errors(few)), 1)
    row(
        name,
        seconds,
        f"jsonschema (x{len(document) / len(few):.0f} from a part)",
        reference.times(len(document) / len(few)),
        "<= 0.05",
    )


def many_small(folder: Path, small: bool) -> None:
    """Captures of 20 KB in bulk, through the pool of limited children."""
    count = 500 if small else 4_000
    schema = folder / "bulk.schema.json"
    schema.write_text(json.dumps({"type": "array", "items": ROW_SCHEMA}))
    paths = []
    for i in range(count):
        path = folder / f"small-{i}.json"
        path.write_text(json.dumps(ads(30, i)))
        paths.append(path)
    jobs = [job(DUMP, path, i) for i, path in enumerate(paths)]
    size = sum(p.stat().st_size for p in paths) / count / 1e3

    def loads() -> None:
        for path in paths:
            json.loads(path.read_bytes())

    reference, _ = best(loads)
    command = [sys.executable, __file__, "--serve", str(schema), str(folder)]

    def run() -> list[Report]:
        with Inspectors(command, size=2) as pool:
            return list(pool.run(jobs))

    seconds, reports = best(run)
    assert all(r.verdict != "failed" for r in reports), [f for r in reports for f in r.findings][:3]
    row(f"validate {count:,} captures of {size:.0f} KB, 2 children", seconds, "json.loads of them, 1 core", reference, "<= 1")


def large_table(folder: Path, small: bool) -> None:
    """A large export: every bad row named."""
    import duckdb

    path = folder / "bank.tsv"
    rows = bank(path, (50 if small else 500) * 1_000_000, bad=20)
    asked = job(BANK, path)
    columns = ", ".join(f"'{c.names[0]}': '{c.type}'" for c in COLUMNS)
    names = ", ".join(f'"{c.names[0]}"' for c in COLUMNS)
    sql = (
        f'SELECT count(*), sum("Earnings (USD)"), sum("Quantity"), max("Reporting Date"), count(COLUMNS([{names.replace(chr(34), chr(39))}]))'
        f" FROM read_csv('{path}', auto_detect = false, header = true, delim = '\t', quote = '\"', escape = '\"', columns = {{{columns}}}, store_rejects = true)"
    )
    connection = duckdb.connect(":memory:", config={"threads": os.cpu_count()})
    reference, _ = best(lambda: connection.execute(sql).fetchall())
    digest, _ = best(lambda: hashlib.file_digest(path.open("rb"), "sha256"))
    seconds, report = best(lambda: inspect(asked))
    bad = sum(f.code == "schema.row-type" for f in report.findings)
    assert report.facts["rows"] == rows - bad // 2, (report.facts, rows, bad)
    megabytes = path.stat().st_size / 1e6
    row(
        f"check a {megabytes:.0f} MB TSV ({bad} bad cells named), all stages",
        seconds,
        "duckdb typed scan",
        reference,
        "<= 1.3 (without fixity)",
    )
    row(
        f"check a {megabytes:.0f} MB TSV, without the hash of its bytes",
        seconds.less(digest),
        "duckdb typed scan",
        reference,
        "<= 1.3",
    )

    def count_fields() -> int:
        with path.open(encoding="utf-8", newline="") as file:
            return sum(len(cells) for cells in csv.reader(file, delimiter="\t"))

    reader, _ = best(count_fields, 1)
    row(f"check a {megabytes:.0f} MB TSV, all stages", seconds, "csv.reader, fields per row", reader, "<= 0.2")


def serve(schema: str, folder: str) -> int:
    """Be the child of `many_small`."""
    from bedrot_console.inspection.child import serve

    feed = Feed(**{**{f: getattr(DUMP, f) for f in DUMP.__dataclass_fields__}, "schema": Path(schema)})
    return serve(lambda name: feed, readable=[Path(folder)])


def main() -> int:
    """Run all three."""
    if sys.argv[1:2] == ["--serve"]:
        return serve(*sys.argv[2:4])
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", action="store_true", help="a tenth of the size")
    parser.add_argument("--only", choices=["json", "bulk", "table"])
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        for what, work in (("json", large_json), ("bulk", many_small), ("table", large_table)):
            if chosen.only in (None, what):
                work(Path(name), chosen.small)
    return 0


if __name__ == "__main__":
    sys.exit(main())
