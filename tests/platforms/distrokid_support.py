"""Inspects made-up DistroKid payloads as the console does: feed of the registry, sidecar, last good capture, history."""

from __future__ import annotations

import hashlib
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
