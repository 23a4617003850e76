"""Runs the Meta Ads extractor against its simulator, and inspects its set as one; the bench and the desk are the contract's."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from contract_bench import REGISTRY, Bench, Result
from contract_desk import Desk as FeedDesk
from contract_desk import codes, errors, sidecar

from bedrot_console.domain.challenges import Secret
from bedrot_console.domain.files import Capture
from bedrot_console.domain.findings import Report, Severity
from bedrot_console.extraction.simulator import serve
from extractors.metaads.simulated.samples import SET, SMALL
from extractors.metaads.simulator import MetaAdsSimulator

__all__ = [
    "DUMP", "FBTRACE", "FEEDS", "METAADS", "SMALL", "Desk", "Ran", "codes", "errors", "extract", "masked", "sidecar", "worst",
]  # fmt: skip

METAADS = REGISTRY.load("metaads")
FEEDS = tuple(METAADS.feeds.values())
DUMP = SET
FBTRACE = re.compile(r"fbtrace_id A[\w-]{10,}")


@dataclass
class Ran:
    """One extraction: what it yielded, what it said, and the simulator it spoke to."""

    result: Result
    simulator: MetaAdsSimulator
    facts: dict[str, str | None] = field(default_factory=dict)
    """What is known of the token after it."""

    @property
    def captures(self) -> list[Capture]:
        return list(self.result.captures.values())

    @property
    def said(self) -> list[str]:
        return [f"{event}" for event in self.result.events]

    def body(self, kind: str) -> bytes:
        return self.result.bodies[kind]

    def landed(self) -> dict[str, bytes]:
        """Each file as landing masks it."""
        return {kind: masked(capture) for kind, capture in self.result.captures.items()}


def extract(
    folder: Path, clock: Any, faults: Iterable[str] = (), *, simulator: MetaAdsSimulator | None = None, secrets: Mapping[str, str] | None = None,
    next_faults: Mapping[str, int] | None = None, account: str = "default", feeds: tuple[str, ...] = DUMP, **options: Any,
) -> Ran:  # fmt: skip
    """Run the extractor once over loopback, for the set unless told otherwise. Raises what the run ends with: its error, or that of its only feeds."""
    made = simulator or MetaAdsSimulator(clock=clock)
    if faults:
        made.set_faults(faults)
    for name, times in (next_faults or {}).items():
        made.fail_next(name, times)
    known = {"access_token": made.accounts[0].token or ""} if secrets is None else secrets
    folder.mkdir(parents=True, exist_ok=True)
    with serve(made) as served:
        bench = Bench(served, folder, clock, **options)
        bench.vault.values = {("metaads", account, name): Secret(value) for name, value in known.items()}
        result = bench.run(account=account, feeds=feeds, attended=False)
    if result.error is not None:
        raise result.error
    if result.failed and not result.captures:
        raise next(iter(result.failed.values()))
    return Ran(result, made, bench.vault.facts.get(("metaads", account), {}))


def masked(capture: Capture) -> bytes:
    """The bytes as landing masks them: the run's own credentials overwritten, same length."""
    body = bytes(capture.body)  # type: ignore[arg-type]
    for echo in capture.echoes:
        body = body.replace(echo.value, b"*" * len(echo.value))
    return body


@dataclass
class Desk:
    """The set of an account over time: a desk for each of its files, each inspected with the others beside it."""

    folder: Path
    account: str = "default"
    desks: dict[str, FeedDesk] = field(default_factory=dict)

    def reports(
        self, bodies: Mapping[str, bytes], captured: datetime, *, keep: bool = True, only: Iterable[str] = DUMP
    ) -> dict[str, Report]:
        """Inspect one set, or `only` some of its files: kind -> report."""
        out = {}
        for kind, body in ((k, b) for k, b in bodies.items() if k in only):
            desk = self.desks.setdefault(kind, FeedDesk(f"metaads/{kind}", self.folder))
            beside = {f"metaads/{k}": b for k, b in bodies.items() if k != kind}
            out[kind] = desk.report(body, captured, keep=keep, siblings=beside, account=self.account, method="api", set_id="set")
        return out


def worst(reports: Mapping[str, Report]) -> set[str]:
    """Codes of all errors and warnings of a set."""
    return {c for r in reports.values() for c in codes(r, Severity.ERROR, Severity.WARNING)}
