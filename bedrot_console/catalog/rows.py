"""Rows of the catalog file to domain objects and back. The room's inner door: naive UTC in the file, aware UTC outside."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ..domain.browsing import FileRow
from ..domain.events import Event
from ..domain.files import parse_time
from ..domain.lifecycle import Decision, Verb, Verdict, Zone, status
from . import schema
from .shapes import shape_of

if TYPE_CHECKING:
    from ..domain.challenges import Challenge
    from ..domain.runs import RunView

FILE_SELECT = ", ".join(f"f.{schema.quoted(c)}" for c in schema.FILE_COLUMNS)
"""The columns of a FileRow from `base.files f`, in the order `file_row` wants them."""


def naive(at: datetime | None) -> datetime | None:
    """As the file holds a time: UTC without a zone."""
    if at is None:
        return None
    return at.replace(tzinfo=None) if at.tzinfo is UTC else at.astimezone(UTC).replace(tzinfo=None)


def aware(at: datetime | None) -> datetime | None:
    """As everybody else holds a time."""
    return at.replace(tzinfo=UTC) if at else None


def told(text: str | None) -> datetime | None:
    """A journal time (text) as the file holds it."""
    return parse_time(text).replace(tzinfo=None) if text else None


def fingerprint(text: str) -> int:
    """64 bits of a text, for lookups without an index."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")


def sha_fingerprint(sha256: str) -> int:
    """The first 64 bits of a hash; of any other text its fingerprint."""
    try:
        return int(sha256[:16], 16) if len(sha256) == 64 else fingerprint(sha256)
    except ValueError:
        return fingerprint(sha256)


def file_row(values: Sequence[Any]) -> FileRow:
    """A FileRow from the columns of FILE_SELECT."""
    (
        identifier, platform, feed, account, series, zone, verdict, path, size_bytes, sha256, captured_at, landed_at, as_of, run_id,
        set_id, method, media_type, source_system, extractor_version, report_id, rules, errors, warnings, rows, content_sha256, first_code,
    ) = values  # fmt: skip
    place, judged = Zone(zone), Verdict(verdict) if verdict else None
    return FileRow(
        id=identifier, platform=platform, feed=feed, account=account, series=series, zone=place, status=status(place, judged), verdict=judged,
        path=path, size_bytes=size_bytes, sha256=sha256, captured_at=captured_at.replace(tzinfo=UTC), landed_at=landed_at.replace(tzinfo=UTC),
        as_of=as_of, run_id=run_id, set_id=set_id, method=method, media_type=media_type, source_system=source_system,
        extractor_version=extractor_version, report_id=report_id, rules=rules, errors=errors, warnings=warnings, rows=rows,
        content_sha256=content_sha256, first_code=first_code,
    )  # fmt: skip


def file_draft(values: Sequence[Any]) -> dict[str, Any]:
    """The reducer's draft of a row read by FILE_SELECT."""
    draft = dict(zip(_DRAFTED, values, strict=True))
    draft["zone"] = Zone(draft["zone"])
    draft["verdict"] = Verdict(draft["verdict"]) if draft["verdict"] else None
    draft["captured_at"], draft["landed_at"] = aware(draft["captured_at"]), aware(draft["landed_at"])
    draft["status"] = status(draft["zone"], draft["verdict"])
    return draft


_DRAFTED = tuple(schema.FILE_COLUMNS)


def file_values(d: dict[str, Any]) -> tuple[Any, ...]:
    """A row of `base.files` from the reducer's draft, with what is looked up by."""
    return (
        d["id"], d["platform"], d["feed"], d["account"], d["series"], d["zone"].value, d["verdict"].value if d["verdict"] else None, d["path"],
        d["size_bytes"], d["sha256"], naive(d["captured_at"]), naive(d["landed_at"]), d["as_of"], d["run_id"], d["set_id"], d["method"],
        d["media_type"], d["source_system"], d["extractor_version"], d["report_id"], d["rules"], d["errors"], d["warnings"], d["rows"],
        d["content_sha256"], d["first_code"], fingerprint(d["path"]), sha_fingerprint(d["sha256"]), *shape_of(d["path"]),
    )  # fmt: skip


def decision(values: Sequence[Any]) -> Decision:
    """A Decision from `decision_id, file_id, verb, actor, decided_at, reason, sha256, report_id, undoes`."""
    identifier, file_id, verb, actor, at, reason, sha256, report_id, undoes = values
    return Decision(identifier, file_id, Verb(verb), actor, at.replace(tzinfo=UTC), reason, sha256, report_id, undoes)


def run_view(values: Sequence[Any]) -> RunView:
    """A RunView from `run_id, platform, account, state, started_at, ended_at, expected, landed, files, error_code, exit_code, attended`."""
    from ..domain.runs import RunState, RunView

    identifier, platform, account, state, started, ended, expected, landed, files, error_code, exit_code, attended = values
    return RunView(
        id=identifier, platform=platform, account=account, state=RunState(state), started_at=started.replace(tzinfo=UTC),
        ended_at=aware(ended), expected=tuple(expected or ()), landed=tuple(landed or ()), files=tuple(files or ()),
        error_code=error_code, exit_code=exit_code, attended=bool(attended),
    )  # fmt: skip


def challenge(values: Sequence[Any]) -> Challenge:
    """A Challenge from `challenge_id, kind, run_id, platform, account, raised_at, expires_at, medium, state`. Its prompt is not in the journal."""
    from ..domain.challenges import Challenge, ChallengeKind, ChallengeState

    identifier, kind, run_id, platform, account, raised, expires, medium, state = values
    return Challenge(
        id=identifier, kind=ChallengeKind(kind), run_id=run_id or "", platform=platform or "", account=account or "", prompt="",
        raised_at=raised.replace(tzinfo=UTC), expires_at=aware(expires), medium=medium or "", state=ChallengeState(state),
    )  # fmt: skip


def event(values: Sequence[Any]) -> Event:
    """An Event from `seq, happened_at, kind, actor, host, data`. A `landed` event comes without its sidecar."""
    seq, at, kind, actor, host, data = values
    return Event(kind=kind, at=at.replace(tzinfo=UTC), actor=actor, data=json.loads(data), seq=seq, host=host)
