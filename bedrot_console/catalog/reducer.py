"""How an event changes what is known of a file. One pure function, used by the apply step and by the overlay of the journal's tail."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any

from ..domain.browsing import FileRow
from ..domain.events import Event
from ..domain.files import Sidecar, parse_time
from ..domain.findings import Report, Severity
from ..domain.lifecycle import Verb, Verdict, Zone, status

FILE_KINDS = frozenset(("landed", "validated", "moved"))
"""Kinds that change a file's row. All name it in `data["file"]`."""

GOOD = (Verdict.PASSED, Verdict.WARNED)
KEPT = (Zone.LANDING, Zone.RAW)

Reports = Callable[[Event], Report | None]


def row_of_sidecar(sidecar: Sidecar, zone: Zone, path: str) -> FileRow:
    """A file as its sidecar and its place alone tell it: nothing validated yet."""
    return FileRow(
        id=sidecar.id, platform=sidecar.platform, feed=sidecar.feed, account=sidecar.account, zone=zone, status=status(zone, None),
        verdict=None, path=path, size_bytes=sidecar.size_bytes, sha256=sidecar.sha256, captured_at=sidecar.captured_at,
        landed_at=sidecar.landed_at, as_of=sidecar.as_of, run_id=sidecar.run_id, set_id=sidecar.set_id, method=sidecar.method,
        media_type=sidecar.media_type, source_system=sidecar.source_system, extractor_version=sidecar.extractor_version,
    )  # fmt: skip


def row_of_record(record: Mapping[str, Any], zone: Zone, path: str) -> FileRow:
    """As `row_of_sidecar`, from the record in a `landed` event."""
    as_of = record["as_of"]
    return FileRow(
        id=record["id"], platform=record["platform"], feed=record["feed"], account=record["account"], zone=zone,
        status=status(zone, None), verdict=None, path=path, size_bytes=record["size_bytes"], sha256=record["sha256"],
        captured_at=parse_time(record["captured_at"]), landed_at=parse_time(record["landed_at"]),
        as_of=date.fromisoformat(as_of) if as_of else None, run_id=record["run_id"], set_id=record["set_id"], method=record["method"],
        media_type=record["media_type"], source_system=record["source_system"], extractor_version=record["extractor_version"],
    )  # fmt: skip


def with_sidecar(row: FileRow, sidecar: Sidecar, zone: Zone, path: str) -> FileRow:
    """The row corrected by the higher truth: the sidecar's facts and the place where it was found. The verdict stays."""
    fresh = row_of_sidecar(sidecar, zone, path)
    return dataclasses.replace(
        fresh, verdict=row.verdict, status=status(zone, row.verdict), report_id=row.report_id, rules=row.rules, errors=row.errors,
        warnings=row.warnings, rows=row.rows, content_sha256=row.content_sha256, first_code=row.first_code,
        as_of=row.as_of if row.report_id and row.as_of else fresh.as_of,
    )  # fmt: skip


def counts(event: Event, reports: Reports | None) -> tuple[int, int, str | None]:
    """Errors, warnings and first code of a `validated` event: as the event says, else from the report, else from its codes."""
    data = event.data
    if "errors" in data:
        return data["errors"], data.get("warnings", 0), data.get("first_code")
    report = reports(event) if reports else None
    if report is None:
        return 0, 0, next(iter(data.get("codes") or ()), None)
    severities = [f.severity for f in report.findings]
    first = report.findings[0].code if report.findings else None
    return severities.count(Severity.ERROR), severities.count(Severity.WARNING), first


def reduce_file(row: FileRow | None, event: Event, reports: Reports | None = None) -> FileRow | None:
    """The row after `event`; None while the file is unknown. Applying an event twice changes nothing.

    Args:
        row: what was known before, or None.
        event: any event about this file.
        reports: loads the report of a `validated` event that does not carry its own counts.
    """
    data = event.data
    if event.kind == "landed":
        return row or row_of_record(data["sidecar"], Zone.LANDING, data["path"])
    if row is None:
        return None
    if event.kind == "validated":
        verdict = Verdict(data["verdict"])
        errors, warnings, first = counts(event, reports)
        as_of = data.get("as_of")
        return dataclasses.replace(
            row, verdict=verdict, status=status(row.zone, verdict), report_id=data["report"], rules=data.get("rules"), errors=errors,
            warnings=warnings, first_code=first, rows=data.get("rows"), content_sha256=data.get("content_sha256"),
            as_of=date.fromisoformat(as_of) if as_of else row.as_of,
        )  # fmt: skip
    if event.kind == "moved":
        zone = Zone(data["zone"])
        if data["verb"] == Verb.RELEASE:
            return dataclasses.replace(
                row, zone=zone, path=data["path"], verdict=None, status=status(zone, None), report_id=None, rules=None, errors=0,
                warnings=0, first_code=None, rows=None, content_sha256=None,
            )  # fmt: skip
        return dataclasses.replace(row, zone=zone, path=data["path"], status=status(zone, row.verdict))
    return row


def reduce_files(
    known: Mapping[str, FileRow], events: Iterable[Event], reports: Reports | None = None
) -> dict[str, FileRow | None]:
    """Every file that `events` speak of, as it is after them. `known` holds the rows before, by id."""
    after: dict[str, FileRow | None] = {}
    for event in events:
        if event.kind in FILE_KINDS:
            file = event.data["file"]
            after[file] = reduce_file(after[file] if file in after else known.get(file), event, reports)
    return after


def good(row: FileRow) -> bool:
    """Whether a file counts for freshness and history: validated without errors, and not taken out of the lake."""
    return row.verdict in GOOD and row.zone in KEPT
