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

Draft = dict[str, Any]
"""A file's fields by name, while events are folded into it: a FileRow in the making, which alone is what others see."""

Reports = Callable[[Event], Report | None]


def draft_of_sidecar(sidecar: Sidecar, zone: Zone, path: str) -> Draft:
    """A file as its sidecar and its place alone tell it: nothing validated yet."""
    return {
        "id": sidecar.id, "platform": sidecar.platform, "feed": sidecar.feed, "account": sidecar.account, "series": sidecar.series, "zone": zone,
        "status": status(zone, None), "verdict": None, "path": path, "size_bytes": sidecar.size_bytes, "sha256": sidecar.sha256,
        "captured_at": sidecar.captured_at, "landed_at": sidecar.landed_at, "as_of": sidecar.as_of, "run_id": sidecar.run_id,
        "set_id": sidecar.set_id, "method": sidecar.method, "media_type": sidecar.media_type, "source_system": sidecar.source_system,
        "extractor_version": sidecar.extractor_version, "report_id": None, "rules": None, "errors": 0, "warnings": 0, "rows": None,
        "content_sha256": None, "first_code": None,
    }  # fmt: skip


def draft_of_record(record: Mapping[str, Any], path: str) -> Draft:
    """A file in landing as the record in its `landed` event tells it."""
    as_of = record["as_of"]
    return {
        "id": record["id"], "platform": record["platform"], "feed": record["feed"], "account": record["account"],
        "series": record.get("series", ""), "zone": Zone.LANDING, "status": "pending", "verdict": None, "path": path, "size_bytes": record["size_bytes"], "sha256": record["sha256"],
        "captured_at": parse_time(record["captured_at"]), "landed_at": parse_time(record["landed_at"]),
        "as_of": date.fromisoformat(as_of) if as_of else None, "run_id": record["run_id"], "set_id": record["set_id"],
        "method": record["method"], "media_type": record["media_type"], "source_system": record["source_system"],
        "extractor_version": record["extractor_version"], "report_id": None, "rules": None, "errors": 0, "warnings": 0, "rows": None,
        "content_sha256": None, "first_code": None,
    }  # fmt: skip


def with_sidecar(draft: Draft, sidecar: Sidecar, zone: Zone, path: str) -> Draft:
    """The draft corrected by the higher truth: the sidecar's facts and the place where it was found. The verdict stays."""
    fresh = draft_of_sidecar(sidecar, zone, path)
    kept = {name: draft[name] for name in (*_JUDGED, "errors", "warnings")}
    return fresh | kept | {"status": status(zone, draft["verdict"]), "as_of": draft["as_of"] or fresh["as_of"]}


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


_NAMES = tuple(f.name for f in dataclasses.fields(FileRow))
_JUDGED = ("verdict", "report_id", "rules", "rows", "content_sha256", "first_code")


def draft_of(row: FileRow) -> Draft:
    """The row as a draft."""
    return {name: getattr(row, name) for name in _NAMES}


def fold(draft: Draft | None, event: Event, reports: Reports | None = None) -> Draft | None:
    """The draft after `event`; None while the file is unknown. Folding an event in twice changes nothing more.

    The one place that says what an event does to a file. Changes the draft it is given.
    """
    data = event.data
    if event.kind == "landed":
        return draft_of_record(data["sidecar"], data["path"]) if draft is None else draft
    if draft is None:
        return None
    if event.kind == "validated":
        draft["errors"], draft["warnings"], draft["first_code"] = counts(event, reports)
        draft["verdict"] = Verdict(data["verdict"])
        draft["report_id"] = data["report"]
        draft["rules"] = data.get("rules")
        draft["rows"] = data.get("rows")
        draft["content_sha256"] = data.get("content_sha256")
        if data.get("as_of"):
            draft["as_of"] = date.fromisoformat(data["as_of"])
    elif event.kind == "moved":
        draft["zone"], draft["path"] = Zone(data["zone"]), data["path"]
        if data["verb"] == Verb.RELEASE:
            draft.update(dict.fromkeys(_JUDGED), errors=0, warnings=0)
    else:
        return draft
    draft["status"] = status(draft["zone"], draft["verdict"])
    return draft


def reduce_drafts(known: Mapping[str, Draft], events: Iterable[Event], reports: Reports | None = None) -> dict[str, Draft]:
    """Every known file that `events` speak of, as it is after them. Pure: `known` is not changed.

    Args:
        known: drafts before, by id; files that are neither here nor landed by an event stay unknown.
        reports: loads the report of a `validated` event that does not carry its own counts.
    """
    drafts: dict[str, Draft] = {}
    for event in events:
        if event.kind in FILE_KINDS:
            file = event.data["file"]
            draft = drafts.get(file)
            if draft is None and file in known:
                draft = dict(known[file])
            draft = fold(draft, event, reports)
            if draft is not None:
                drafts[file] = draft
    return drafts


def reduce_files(known: Mapping[str, FileRow], events: Iterable[Event], reports: Reports | None = None) -> dict[str, FileRow]:
    """`reduce_drafts` for those who hold rows."""
    drafts = reduce_drafts({file: draft_of(row) for file, row in known.items()}, events, reports)
    return {file: FileRow(**draft) for file, draft in drafts.items()}


def good(draft: Draft) -> bool:
    """Whether a file counts for freshness and history: validated without errors, and not taken out of the lake."""
    return draft["verdict"] in GOOD and draft["zone"] in KEPT
