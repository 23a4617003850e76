"""Runs the Meta Ads extractor against its simulator with a real Session over loopback, and inspects what came as the console does."""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bedrot_console.domain.challenges import Secret
from bedrot_console.domain.feeds import Feed, History
from bedrot_console.domain.files import Capture, Sidecar
from bedrot_console.domain.findings import Report, Severity
from bedrot_console.domain.lifecycle import Verdict
from bedrot_console.domain.runs import RunSpec
from bedrot_console.extraction.redaction import Redactor
from bedrot_console.extraction.registry import Registry
from bedrot_console.extraction.session import Session
from bedrot_console.extraction.simulator import serve
from bedrot_console.inspection.jobs import Job
from bedrot_console.inspection.stages import inspect
from bedrot_console.security.vault import Vault
from bedrot_console.settings import Settings
from extractors.metaads.simulated.world import Account
from extractors.metaads.simulator import MetaAdsSimulator

REGISTRY = Registry()
METAADS = REGISTRY.load("metaads")
FEEDS = tuple(METAADS.feeds.values())
DUMP = ("campaigns", "adsets", "ads", "insights")
SMALL = (Account(1, "1000000000000001", "Night Works Records", "USD", "America/Los_Angeles", adsets_each=1, ads_each=2),)
"""One small account: two ads per campaign, for what must be fast."""


@dataclass
class Ran:
    """One extraction: what it yielded, what it said, and the simulator it spoke to."""

    captures: list[Capture]
    said: list[str]
    simulator: MetaAdsSimulator
    staged: list[str] = field(default_factory=list)

    def body(self, kind: str) -> bytes:
        return next(bytes(c.body) for c in self.captures if c.feed == f"metaads/{kind}")  # type: ignore[arg-type]


def session_for(
    base_url: str, folder: Path, clock: Any, secrets: Mapping[str, str], *, said: list[str], **options: Any
) -> Session:
    """A real Session for one run. `options` are the settings of `[platforms.metaads]`; `account` and `feeds` go into its spec."""
    spec = RunSpec(
        id="run", platform="metaads", account=options.pop("account", "default"), feeds=options.pop("feeds", ()), attended=False
    )
    settings = Settings(folder, {"platforms": {"metaads": {"base_url": base_url, **options}}})
    redactor = Redactor()
    vault = Vault(folder / "vault")
    for name, value in secrets.items():
        vault.put("metaads", spec.account, name, Secret(value))

    def emit(kind: str, **data: Any) -> None:
        said.append(redactor.clean(f"{kind} {data}"))

    return Session(
        spec, METAADS, settings=settings, clock=clock, secrets=vault, sessions=vault, broker=None, emit=emit, redactor=redactor,
        folder=folder, cancel=threading.Event(),
    )  # type: ignore[arg-type]  # fmt: skip


def extract(
    folder: Path, clock: Any, faults: Iterable[str] = (), *, simulator: MetaAdsSimulator | None = None, secrets: Mapping[str, str] | None = None,
    next_faults: Mapping[str, int] | None = None, **options: Any,
) -> Ran:  # fmt: skip
    """Run the extractor once over loopback. Raises what the run ends with."""
    made = simulator or MetaAdsSimulator(clock=clock)
    if faults:
        made.set_faults(faults)
    for name, times in (next_faults or {}).items():
        made.fail_next(name, times)
    said: list[str] = []
    with serve(made) as served:
        known = {"access_token": made.accounts[0].token or ""} if secrets is None else secrets
        session = session_for(served.base_url, folder, clock, known, said=said, **options)
        try:
            return Ran(list(METAADS().extract(session)), said, made)
        finally:
            session.close()


def masked(capture: Capture) -> bytes:
    """The bytes as landing masks them: the run's own credentials overwritten, same length."""
    body = bytes(capture.body)  # type: ignore[arg-type]
    for echo in capture.echoes:
        body = body.replace(echo.value, b"*" * len(echo.value))
    return body


@dataclass
class Desk:
    """The account over time: inspects sets against what was good before, and remembers the good ones."""

    folder: Path
    account: str = "default"
    previous: dict[str, Path] = field(default_factory=dict)
    history: dict[str, list[History]] = field(default_factory=dict)
    count: int = 0

    def reports(
        self, bodies: Mapping[str, bytes], captured: datetime, *, keep: bool = True, declared: Iterable[str] = DUMP
    ) -> dict[str, Report]:
        """Inspect one set: kind -> report."""
        self.count += 1
        paths = {}
        for kind, body in bodies.items():
            paths[kind] = self.folder / f"{self.count:05d}-{kind}.json"
            paths[kind].write_bytes(body)
        out = {}
        for kind, body in bodies.items():
            feed = METAADS.feeds[kind]
            before = self.history.setdefault(kind, [])
            out[kind] = inspect(
                Job(
                    feed=feed, payload=paths[kind], sidecar=sidecar(feed, body, captured, account=self.account), now=captured,
                    report_id=f"report{self.count}", history=before[:5], previous=self.previous.get(kind),
                    siblings={f"metaads/{k}": p for k, p in paths.items() if k != kind}, declared=[f"metaads/{k}" for k in declared],
                    feeds=FEEDS, rules="test",
                )
            )  # fmt: skip
        for kind, report in out.items():
            if keep and report.verdict is not Verdict.FAILED:
                self.history[kind].insert(
                    0, History(captured_at=captured, as_of=report.as_of, facts=report.facts, file_id="file")
                )
                if kind in self.previous:
                    self.previous[kind].unlink()
                self.previous[kind] = paths[kind]
            else:
                paths[kind].unlink()
        return out


def sidecar(feed: Feed, body: bytes, captured: datetime, *, account: str = "default") -> Sidecar:
    return Sidecar(
        id="file", platform=feed.platform, feed=feed.name, feed_version=feed.version, account=account, source_system="127.0.0.1", method="api",
        captured_at=captured, landed_at=captured, as_of=None, extractor_version="1", run_id="run", set_id="set", media_type=feed.media_type,
        size_bytes=len(body), sha256=hashlib.sha256(body).hexdigest(),
    )  # fmt: skip


def codes(report: Report, *severities: Severity) -> set[str]:
    return {f.code for f in report.findings if not severities or f.severity in severities}


def errors(report: Report) -> set[str]:
    return codes(report, Severity.ERROR)


def worst(reports: Mapping[str, Report]) -> set[str]:
    """Codes of all errors and warnings of a set."""
    return {c for r in reports.values() for c in codes(r, Severity.ERROR, Severity.WARNING)}


def noon(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC) + timedelta(hours=12)


def pages_of(body: bytes) -> list[Any]:
    import json

    return json.loads(body)


FBTRACE = re.compile(r"fbtrace_id A[\w-]{10,}")
