"""Inspects made-up DistroKid payloads as the console does: feed of the registry, sidecar, last good capture, history.

Run as a program it writes the samples and their expected reports anew; read the difference before you keep it.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from pathlib import Path

from bedrot_console.domain.feeds import Feed, History
from bedrot_console.domain.files import Sidecar
from bedrot_console.domain.findings import Report, Severity
from bedrot_console.domain.lifecycle import Verdict
from bedrot_console.extraction.registry import Registry
from bedrot_console.inspection.jobs import Job
from bedrot_console.inspection.stages import inspect
from extractors.distrokid.simulated import exports, site, world

REGISTRY = Registry()
MEMBER = world.MEMBERS[0]
LEAN = 51_000
"""Filler that keeps a stats page just above the feed's smallest size."""


def feed(name: str) -> Feed:
    return REGISTRY.feed(f"distrokid/{name}")


def others(name: str) -> list[Feed]:
    return [f for f in REGISTRY.load("distrokid").feeds.values() if f.name != f"distrokid/{name}"]


def noon(day: date) -> datetime:
    return datetime.combine(day, time(12), UTC)


def page(name: str, today: date, *, member: world.Member = MEMBER, **how: object) -> bytes:
    """The stats page of a simulated day."""
    make = site.streams if name == "streams" else site.applemusic
    return make(member, world.daily(member, name, today), **{"lean": LEAN, **how}).encode()


def statement(today: date, *, member: world.Member = MEMBER, **how: object) -> bytes:
    """The export of a simulated day."""
    return exports.statement(world.royalties(member, today), **how)


def payload(name: str, today: date, **how: object) -> bytes:
    return statement(today, **how) if name == "sales" else page(name, today, **how)


@dataclass
class Desk:
    """One feed of one account over time: inspects a payload against what was good before, and remembers the good ones."""

    name: str
    folder: Path
    previous: Path | None = None
    history: list[History] = field(default_factory=list)
    hashes: dict[str, datetime] = field(default_factory=dict)
    count: int = 0

    def report(self, data: bytes, captured: datetime, *, keep: bool = True) -> Report:
        self.count += 1
        declared = feed(self.name)
        digest = hashlib.sha256(data).hexdigest()
        path = self.folder / f"{self.name}-{self.count}"
        path.write_bytes(data)
        sidecar = Sidecar(
            id=f"file{self.count:06d}", platform="distrokid", feed=declared.name, feed_version=declared.version, account="default",
            source_system="127.0.0.1", method="browser", captured_at=captured, landed_at=captured, as_of=None, extractor_version="1",
            run_id=None, set_id=None, media_type=declared.media_type, size_bytes=len(data), sha256=digest,
        )  # fmt: skip
        twins = [("file000000", self.hashes[digest])] if digest in self.hashes else []
        found = inspect(
            Job(
                feed=declared, payload=path, sidecar=sidecar, now=captured, report_id=f"report{self.count}", history=self.history[:5],
                previous=self.previous, twins=twins, feeds=others(self.name), rules="test",
            )
        )  # fmt: skip
        if keep and found.verdict is not Verdict.FAILED:
            self.previous, self.hashes[digest] = path, captured
            self.history.insert(0, History(captured_at=captured, as_of=found.as_of, facts=found.facts, file_id=sidecar.id))
        else:
            path.unlink()
        return found


def codes(report: Report, *severities: Severity) -> set[str]:
    return {f.code for f in report.findings if not severities or f.severity in severities}


def errors(report: Report) -> set[str]:
    return codes(report, Severity.ERROR)


SAMPLES = REGISTRY.folder / "distrokid" / "samples"
SAMPLED = date(2026, 3, 2)
_FRESH = re.compile(r'(?<=nonce=")[0-9a-f]+|(?<="dkToken": ")[0-9a-f]+|(?<="firebaseKey": ")[\w-]+|(?<="requestId": ")[0-9a-f]+')


def expected(report: Report) -> dict[str, object]:
    """What a sample's `.report.json` holds: verdict, stages, findings by code and place, and the plain facts."""
    facts = ("rows", "first_day", "last_day", "totals", "holds_email", "holds_token")
    return {
        "captured_at": f"{SAMPLED}T12:00:00Z", "verdict": report.verdict.value,
        "stages": {s.stage: s.outcome.value for s in report.stages},
        "findings": [{"code": f.code, "severity": f.severity.value, "stage": f.stage, "place": str(f.place), "count": f.count} for f in report.findings],
        "facts": {name: report.facts[name] for name in facts if name in report.facts},
    }  # fmt: skip


def made_samples() -> dict[str, bytes]:
    """Every sample by its path under `samples/`."""
    pad = "<style>" + site.filler(LEAN) + "</style></body>"
    days = list(world.daily(MEMBER, "streams", SAMPLED))
    rows = world.royalties(MEMBER, SAMPLED)[:160]
    whole = exports.statement(rows)
    htmls = {
        "streams/ok-2026-03-02": page("streams", SAMPLED), "streams/loose-js": page("streams", SAMPLED, loose=True),
        "streams/empty-chart": site.streams(MEMBER, [], lean=LEAN).encode(),
        "streams/day-missing": site.streams(MEMBER, days[:200] + days[201:], lean=LEAN).encode(),
        "streams/stale": page("streams", date(2026, 2, 18)),
        "streams/sign-in-page": site.sign_in("0" * 32, padded=True).encode(),
        "streams/challenge-page": site.interstitial(True).replace("</body>", pad).encode(),
        "applemusic/ok-2026-03-02": page("applemusic", SAMPLED), "applemusic/streams-page": page("streams", SAMPLED),
        "applemusic/broken-off": page("applemusic", SAMPLED)[:70_000],
    }  # fmt: skip
    tables = {
        "ok-15-columns": whole, "ok-13-columns": exports.statement(rows, exports.LEGACY),
        "mixed-columns-utf8-bom-cr": exports.statement(rows, exports.MIXED, encoding="utf-8-sig", line_end="\r"),
        "comma-separated": exports.statement(rows, comma=True), "new-column": exports.statement(rows, exports.DRIFTED),
        "zip-in-zip": exports.zipped_twice(exports.statement(rows, comma=True)), "broken-off": whole[: len(whole) * 2 // 3],
        "error-page": site.page("Error", "<h1>Oops! Something went wrong</h1>").encode(),
    }  # fmt: skip
    fixed = {f"{n}.html": _FRESH.sub(lambda m: "made-up-" + "0" * (len(m[0]) - 8), b.decode()).encode() for n, b in htmls.items()}
    return fixed | {f"sales/{name}.tsv": body for name, body in tables.items()}


def write_samples(folder: Path) -> None:
    """Write samples and reports under `folder`."""
    for name, body in made_samples().items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(body)
        desk = Desk(name.partition("/")[0], target.parent)
        record = expected(desk.report(body, noon(SAMPLED), keep=False))
        target.with_name(target.name + ".report.json").write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    write_samples(SAMPLES)
