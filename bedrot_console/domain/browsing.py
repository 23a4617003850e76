"""What faces ask for and get: filters, rows, previews, diffs, outcomes. Plain data; texts may come from outside, faces show them through `safe()`."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from .errors import UsageError
from .findings import Report
from .lifecycle import STATUSES, Verdict, Zone


@dataclass(frozen=True, slots=True, kw_only=True)
class FileFilter:
    """Which files. Empty fields do not restrict. `text` is matched case-insensitively inside path, feed and id prefix.

    `since` is aware: files landed at or after it. `order` is one of ORDERS; ties and paging go by id.
    """

    zone: Zone | None = None
    platform: str | None = None
    feed: str | None = None
    account: str | None = None
    series: str | None = None
    status: str | None = None
    run_id: str | None = None
    set_id: str | None = None
    sha256: str | None = None
    since: datetime | None = None
    text: str = ""
    order: str = "newest"


ORDERS = ("newest", "oldest", "worst", "largest", "feed", "path")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def parse_since(text: str, now: datetime) -> datetime:
    """`7d`, `24h`, `30m`, `2w`, or an ISO date or time (UTC if it has no zone). Raises UsageError."""
    if text[:-1].isdigit() and text[-1:] in _UNITS:
        return now - timedelta(**{_UNITS[text[-1]]: int(text[:-1])})
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"not a time: {text!r}", hint="write 7d, 24h, or 2026-01-31") from None
    return at if at.tzinfo else at.replace(tzinfo=now.tzinfo)


def parse_filter(words: str, now: datetime) -> FileFilter:
    """The filter grammar of console and command line: `platform:distrokid status:failed since:7d zone:raw feed:x text…`.

    Raises UsageError for an unknown word before a colon, an unknown status or zone, or a bad time.
    """
    known = {"platform", "feed", "account", "series", "status", "zone", "since", "run", "order"}
    values: dict[str, Any] = {}
    rest: list[str] = []
    for word in words.split():
        name, colon, value = word.partition(":")
        if not colon or name not in known:
            rest.append(word)
            continue
        if not value:
            continue
        if name == "since":
            values["since"] = parse_since(value, now)
        elif name == "zone":
            if value not in set(Zone):
                raise UsageError(f"no such zone: {value}", hint="landing, raw, quarantine or erased")
            values["zone"] = Zone(value)
        elif name == "status":
            if value not in STATUSES:
                raise UsageError(f"no such status: {value}", hint=", ".join(STATUSES))
            values["status"] = value
        elif name == "order":
            if value not in ORDERS:
                raise UsageError(f"no such order: {value}", hint=", ".join(ORDERS))
            values["order"] = value
        else:
            values["run_id" if name == "run" else name] = value
    return FileFilter(text=" ".join(rest), **values)


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRow:
    """One file as the catalog knows it. `path` is relative to the zone's folder. `errors`, `warnings` count findings of the latest report.

    `headline` is the diff's sentence in words, if the file was compared; `event_seq` the newest journal event about it.
    """

    id: str
    platform: str
    feed: str
    account: str
    zone: Zone
    status: str
    verdict: Verdict | None
    path: str
    size_bytes: int
    sha256: str
    captured_at: datetime
    landed_at: datetime
    as_of: date | None
    run_id: str | None
    set_id: str | None
    method: str
    media_type: str
    source_system: str
    extractor_version: str
    report_id: str | None = None
    rules: str | None = None
    errors: int = 0
    warnings: int = 0
    rows: int | None = None
    content_sha256: str | None = None
    first_code: str | None = None
    series: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a verb did with one file. `outcome` is `done`, `failed` or `skipped`; `reason` says why; `code` is the error's code."""

    id: str
    verb: str
    outcome: str
    reason: str = ""
    path: str | None = None
    zone: Zone | None = None
    code: str | None = None
    exit_code: int = 0
    hint: str | None = None

    @property
    def done(self) -> bool:
        return self.outcome == "done"


@dataclass(frozen=True, slots=True, kw_only=True)
class DiffRow:
    """One keyed row: `added`, `removed` or `changed`; `key` as shown; `changes` maps a column to (old, new) texts; None = absent."""

    kind: str
    key: tuple[str, ...]
    changes: dict[str, tuple[str | None, str | None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Diff:
    """New against old of one feed. Counts are exact; `rows` holds the first `limit` of them, largest moves first within kind.

    `headline` is one sentence in words (`+2 days, streams +3.1 %, 1 day vanished`); `noise` counts differences that are hidden
    (order, formatting, tokens), by name. `identical` means the same bytes.
    """

    old_id: str | None
    new_id: str
    identical: bool = False
    headline: str = ""
    added: int = 0
    removed: int = 0
    changed: int = 0
    unchanged: int = 0
    schema_changes: tuple[str, ...] = ()
    columns: dict[str, int] = field(default_factory=dict)
    noise: dict[str, int] = field(default_factory=dict)
    rows: tuple[DiffRow, ...] = ()
    truncated: bool = False
    because: str = ""
    """Why this predecessor, or why there is no diff."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """The beginning of a payload as lines of text (raw; faces call `safe`). `table` is set for tables and rows: header and cells."""

    kind: str
    lines: tuple[str, ...] = ()
    header: tuple[str, ...] = ()
    table: tuple[tuple[str, ...], ...] = ()
    truncated: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """What a human decides from: the file, its report, a preview, the diff with the last good capture, what is allowed now."""

    file: FileRow
    report: Report | None
    preview: Preview
    diff: Diff | None
    allowed: dict[str, str | None]
    """verb -> None when allowed, else the reason why not."""
