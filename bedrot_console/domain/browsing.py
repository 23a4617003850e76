"""What faces ask for and get: filters, rows, previews, diffs, outcomes. Plain data; texts may come from outside, faces show them through `safe()`."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime

from .findings import Report
from .lifecycle import Verdict, Zone


@dataclass(frozen=True, slots=True, kw_only=True)
class FileFilter:
    """Which files. Empty fields do not restrict. `text` is matched case-insensitively inside path, feed and id prefix.

    `ids` are whole ids or beginnings of some, of which one must fit. `since` and `until` are aware: files landed at or after the one and before the other. `code` is that of the first finding.
    `order` is one of ORDERS; ties and paging go by id.
    """

    ids: tuple[str, ...] = ()
    zone: Zone | None = None
    platform: str | None = None
    feed: str | None = None
    account: str | None = None
    series: str | None = None
    status: str | None = None
    run_id: str | None = None
    set_id: str | None = None
    sha256: str | None = None
    code: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    text: str = ""
    order: str = "newest"


OPPOSITE = {"newest": "oldest", "worst": "best", "largest": "smallest", "feed": "feed-down", "path": "path-down"}
OPPOSITE |= {down: up for up, down in OPPOSITE.items()}
"""order -> the same order from its other end."""
ORDERS = tuple(word for order in ("newest", "worst", "largest", "feed", "path") for word in (order, OPPOSITE[order]))
GROUPINGS = ("platform", "feed", "day", "status", "zone", "account", "code")
"""What files can be counted by: words of the filter, so that each group is a filter."""


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
    """What a verb did with one file. `outcome` is `done`, `failed` or `skipped`; `reason` says why; `code` is the error's code.

    `decision` is the decision that was made; where an undo failed because another one is the last word on the file, that one.
    """

    id: str
    verb: str
    outcome: str
    reason: str = ""
    path: str | None = None
    zone: Zone | None = None
    code: str | None = None
    exit_code: int = 0
    hint: str | None = None
    decision: str | None = None

    @property
    def done(self) -> bool:
        return self.outcome == "done"


@dataclass(frozen=True, slots=True, kw_only=True)
class DiffRow:
    """One keyed row: `added`, `removed`, `changed` or (in a whole diff) `same`; `key` as shown; `changes` maps a column to (old, new) texts; None = absent."""

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
