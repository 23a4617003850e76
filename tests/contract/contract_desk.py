"""One feed of one account over time, inspected as the console does: feed of the registry, sidecar, last good capture, history."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

from bedrot_console.domain.feeds import Feed, History
from bedrot_console.domain.files import Sidecar
from bedrot_console.domain.findings import Report, Severity
from bedrot_console.domain.lifecycle import Verdict
from bedrot_console.extraction.registry import Registry
from bedrot_console.inspection.jobs import Job
from bedrot_console.inspection.stages import inspect

REGISTRY = Registry()


SAMPLED_AT = datetime(2026, 3, 2, 12, tzinfo=UTC)


def noon(day: date) -> datetime:
    return datetime.combine(day, time(12), UTC)


def declared(name: str) -> Feed:
    """The feed with this whole name."""
    return REGISTRY.feed(name)


def sidecar(feed: Feed, data: bytes, captured: datetime, *, number: int = 1, **values: Any) -> Sidecar:
    """A sidecar of a capture of `feed`; `values` replace single fields (`account`, `received_name`, `source_system`)."""
    fields: dict[str, Any] = {
        "id": f"file{number:06d}", "platform": feed.platform, "feed": feed.name, "feed_version": feed.version, "account": "default",
        "source_system": "127.0.0.1", "method": "browser", "captured_at": captured, "landed_at": captured, "as_of": None,
        "extractor_version": "1", "run_id": None, "set_id": None, "media_type": feed.media_type, "size_bytes": len(data),
        "sha256": hashlib.sha256(data).hexdigest(),
    }  # fmt: skip
    return Sidecar(**fields | values)


@dataclass
class Desk:
    """Inspects payloads of one feed in turn and remembers the good ones, as if each good one was promoted.

    `keep=False` looks without remembering. `siblings` are payloads of the same set: whole feed name -> bytes; `kin` those of
    other series, newest first.
    """

    feed: str
    folder: Path
    previous: Path | None = None
    history: list[History] = field(default_factory=list)
    hashes: dict[str, datetime] = field(default_factory=dict)
    count: int = 0

    def report(
        self, data: bytes, captured: datetime, *, keep: bool = True, siblings: Mapping[str, bytes] | None = None,
        kin: Sequence[bytes] = (), **values: Any,
    ) -> Report:  # fmt: skip
        self.count += 1
        feed = declared(self.feed)
        path = self.folder / f"{self.feed.replace('/', '-')}-{self.count}"
        path.write_bytes(data)
        beside = {}
        for name, body in (siblings or {}).items():
            beside[name] = path.with_name(f"{path.name}-{name.replace('/', '-')}")
            beside[name].write_bytes(body)
        relatives = [path.with_name(f"{path.name}-kin-{number}") for number in range(len(kin))]
        for relative, body in zip(relatives, kin, strict=True):
            relative.write_bytes(body)
        card = sidecar(feed, data, captured, number=self.count, **values)
        twins = [("file000000", self.hashes[card.sha256])] if card.sha256 in self.hashes else []
        others = [f for f in REGISTRY.load(feed.platform).feeds.values() if f.name != feed.name]
        found = inspect(
            Job(
                feed=feed, payload=path, sidecar=card, now=captured, report_id=f"report{self.count}", history=self.history[:5],
                previous=self.previous, siblings=beside, kin=relatives, twins=twins, feeds=others, rules="test",
            )
        )  # fmt: skip
        if keep and found.verdict is not Verdict.FAILED:
            if self.previous is not None:
                self.previous.unlink()
            self.previous, self.hashes[card.sha256] = path, captured
            self.history.insert(0, History(captured_at=captured, as_of=found.as_of, facts=found.facts, file_id=card.id))
            del self.history[5:]
        else:
            path.unlink()
        for beside_it in (*beside.values(), *relatives):
            beside_it.unlink()
        return found


def codes(report: Report, *severities: Severity) -> set[str]:
    """Codes of a report's findings, of these severities or of all."""
    return {f.code for f in report.findings if not severities or f.severity in severities}


def errors(report: Report) -> set[str]:
    return codes(report, Severity.ERROR)
