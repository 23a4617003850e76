"""A lake made of sidecars and a journal in a plain file: what the catalog is made from, without the rooms that write it."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from bedrot_console.catalog.store import Catalog
from bedrot_console.domain.errors import FixityError
from bedrot_console.domain.events import Event
from bedrot_console.domain.files import PRIVATE, SIDECAR_SUFFIX, Sidecar, format_time, parse_time
from bedrot_console.domain.findings import Finding, Outcome, Report, Severity, StageResult
from bedrot_console.domain.identifiers import new_id
from bedrot_console.domain.lifecycle import Zone


class PlainJournal:
    """A journal in one file, one event a line, appended under `flock`. Not chained: that is the security room's."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def append(self, events: Iterable[Event]) -> list[Event]:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with open(self.path, "a+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            seq = self.head
            done = []
            for event in events:
                seq += 1
                done.append(replace(event, seq=seq, host="here"))
            record = [
                json.dumps(
                    {"seq": e.seq, "at": format_time(e.at), "kind": e.kind, "actor": e.actor, "host": e.host, "data": e.data}
                )
                for e in done
            ]
            file.write("".join(line + "\n" for line in record).encode())
            file.flush()
        return done

    def read(self, after: int = 0) -> Iterator[Event]:
        if not self.path.exists():
            return
        with open(self.path, "rb") as file:
            for line in file:
                found = json.loads(line)
                if found["seq"] > after:
                    yield Event(**{**found, "at": parse_time(found["at"])})

    @property
    def head(self) -> int:
        last = 0
        for event in self.read():
            last = event.seq
        return last


class Lake:
    """Makes files, verdicts and moves as the other rooms would: sidecar on disk, then the event."""

    def __init__(self, home: Path, clock: Any, journal: Any = None) -> None:
        self.home = home
        self.clock = clock
        self.journal = journal or PlainJournal(home / ".bedrot" / "journal.jsonl")
        self.shelf: dict[str, Report] = {}
        self.number = 0
        self.catalog = self.open()

    def open(self, **changes: Any) -> Catalog:
        """A catalog as another process would have it."""
        return Catalog(
            self.home, self.journal, self.clock, reports=lambda e: self.shelf.get(e.data["report"]), walk=self.walk, **changes
        )

    def event(self, kind: str, /, **data: Any) -> Event:
        return Event(kind=kind, at=self.clock.now(), actor="uid:0", data=data)

    def record(self, kind: str, /, **data: Any) -> Event:
        return self.journal.append([self.event(kind, **data)])[0]

    def sidecar(self, feed: str = "distrokid/streams", **changes: Any) -> Sidecar:
        self.number += 1
        self.clock.advance(1)
        now = self.clock.now()
        values: dict[str, Any] = {
            "id": new_id(now), "platform": feed.split("/")[0], "feed": feed, "feed_version": 1, "account": "default",
            "source_system": "example.com", "method": "browser", "captured_at": now - timedelta(seconds=5), "landed_at": now,
            "as_of": None, "extractor_version": "1", "run_id": None, "set_id": None, "media_type": "text/html",
            "size_bytes": 1000 + self.number, "sha256": hashlib.sha256(str(self.number).encode()).hexdigest(), "seq": self.number,
        }  # fmt: skip
        return Sidecar(**(values | changes))

    def put(self, zone: str, path: str, sidecar: Sidecar) -> None:
        target = self.home / zone / (path + SIDECAR_SUFFIX)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(sidecar.to_bytes())

    def landed_event(self, sidecar: Sidecar, path: str) -> Event:
        record = {k: v for k, v in sidecar.to_record().items() if k not in PRIVATE}
        return self.event("landed", file=sidecar.id, path=path, sidecar=record)

    def land(self, feed: str = "distrokid/streams", path: str | None = None, **changes: Any) -> str:
        """One file in landing; returns its id."""
        sidecar = self.sidecar(feed, **changes)
        place = path or f"{feed}/file_{self.number:05d}.html"
        self.put("landing", place, sidecar)
        self.journal.append([self.landed_event(sidecar, place)])
        return sidecar.id

    def validate(
        self, file: str, verdict: str = "passed", *, as_of: date | None = None, rows: int = 10, bare: bool = False
    ) -> str:
        """A report about a file; returns the report's id. `bare`: the event does not carry its own counts."""
        row = self.row(file)
        severity = {"failed": Severity.ERROR, "warned": Severity.WARNING}.get(verdict)
        findings = (
            ()
            if severity is None
            else (Finding(code=f"format.{verdict}", severity=severity, message="it is odd", stage="format"),)
        )
        self.clock.advance(1)
        report = Report(
            id=new_id(self.clock.now()), file_id=file, sha256=row.sha256, rules="r1", at=self.clock.now(),
            stages=(StageResult(stage="format", outcome=Outcome.PASSED),), findings=findings,
            facts={"rows": rows, **({"last_day": as_of.isoformat()} if as_of else {})},
        )  # fmt: skip
        self.shelf[report.id] = report
        more = (
            {} if bare else {"errors": len(findings) * (verdict == "failed"), "warnings": len(findings) * (verdict == "warned")}
        )
        if not bare:
            more["first_code"] = findings[0].code if findings else None  # type: ignore[assignment]
        self.record(
            "validated", file=file, report=report.id, sha256=row.sha256, rules="r1", verdict=verdict, segment=1, offset=0, length=10,
            codes={f.code: f.count for f in findings}, as_of=as_of.isoformat() if as_of else None, rows=rows, content_sha256="c" * 64,
            **more,
        )  # fmt: skip
        return report.id

    def row(self, file: str) -> Any:
        found = self.catalog.resolve([file])[0]
        if isinstance(found, Exception):
            raise found
        return found

    def move(self, file: str, verb: str, zone: str, *, refuse: bool = False) -> str:
        """Decide and carry out; returns the decision's id."""
        row = self.row(file)
        self.clock.advance(1)
        decision = new_id(self.clock.now())
        self.record(
            "decided", decision=decision, file=file, verb=verb, reason="because", sha256=row.sha256, report=row.report_id,
            source=row.zone.value, source_path=row.path, target=zone, target_path=row.path, undoes=None,
        )  # fmt: skip
        if refuse:
            self.record("refused", decision=decision, file=file, verb=verb, code="fixity-error")
            return decision
        old, new = (self.home / z / (row.path + SIDECAR_SUFFIX) for z in (row.zone.value, zone))
        new.parent.mkdir(parents=True, exist_ok=True)
        os.rename(old, new)
        self.record("moved", decision=decision, file=file, verb=verb, zone=zone, path=row.path)
        return decision

    def walk(self) -> Iterator[tuple[Zone, str, Sidecar | FixityError]]:
        for zone in (Zone.LANDING, Zone.RAW, Zone.QUARANTINE):
            root = self.home / zone
            for path in sorted(root.rglob("*" + SIDECAR_SUFFIX)):
                name = str(path.relative_to(root))[: -len(SIDECAR_SUFFIX)]
                try:
                    yield zone, name, Sidecar.from_bytes(path.read_bytes())
                except FixityError as error:
                    yield zone, name, error


@pytest.fixture
def lake(home: Path, clock: Any) -> Lake:
    return Lake(home, clock)


@pytest.fixture
def furnished(lake: Lake) -> Lake:
    """A small lake with a bit of everything in it, caught up and published."""
    a, b, c, d, e = (
        lake.land(f) for f in ("distrokid/streams", "distrokid/streams", "distrokid/sales", "metaads/ads", "metaads/ads")
    )
    lake.validate(a, as_of=date(2026, 2, 27))
    lake.validate(b, "failed")
    lake.validate(c, "warned", as_of=date(2026, 2, 28), bare=True)
    lake.move(a, "promote", "raw")
    lake.move(b, "quarantine", "quarantine")
    lake.move(d, "quarantine", "quarantine", refuse=True)
    lake.record("run-started", run="r1", platform="distrokid", account="default", expected=["streams"], attended=True)
    lake.record(
        "challenge-raised",
        challenge="c1",
        run="r1",
        kind="code",
        medium="sms",
        platform="distrokid",
        account="default",
        expires_at=None,
    )
    lake.record(
        "needs-operator",
        item="n1",
        platform="distrokid",
        account="default",
        run="r1",
        code="challenge-unanswered",
        command="bedrot extract distrokid",
    )
    lake.record("alert-raised", alert="a1", code="stale", subject="distrokid/streams")
    lake.record("session-saved", platform="distrokid", account="default", version=2, expires_at=format_time(lake.clock.now()))
    lake.record(
        "run-ended",
        run="r1",
        platform="distrokid",
        account="default",
        state="partial",
        error_code=None,
        exit_code=1,
        landed=["streams"],
        files=[a],
    )
    lake.catalog.catch_up(publish="now")
    lake.catalog.close()
    lake.ids = (a, b, c, d, e)  # type: ignore[attr-defined]
    return lake
