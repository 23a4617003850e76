"""A Feed: one kind of file a platform delivers, and everything that is expected of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

from .files import Sidecar
from .findings import Finding

POLICIES = ("auto", "review", "two-person")
MOST_KIN = 12
"""So many other series' captures a check may look at."""
FORMATS = ("json", "jsonl", "html", "table", "binary")


class Content(Protocol):
    """What a capture says, freed from how it says it. `inspection.contents` has the two kinds (`Rows`, `Table`).

    `columns` in order; `rows()` yields dicts of plain values (`int`, `str`, `Decimal`, `date`, None), in file order;
    `document` is the parsed JSON value, the HTML text, or None for tables.
    """

    columns: Sequence[str]
    document: Any

    def rows(self) -> Iterable[dict[str, Any]]: ...


class Context(Protocol):
    """What a check may know beside the content. Pure data; no network, no writing, no clock but `now`."""

    sidecar: Sidecar
    now: datetime
    options: dict[str, Any]

    def previous(self) -> Content | None:
        """The last good capture of the same feed, account and series, parsed; None if there is none. Parsed once, on first call."""

    @property
    def earlier(self) -> History | None:
        """Facts of that capture; None if there is none. `previous()` itself is read from bytes alone: `Feed.complete` did not touch it."""

    def kin(self) -> Iterable[Content]:
        """The last good capture of an earlier run of each other series of the feed and account, parsed one by one, newest first, at most MOST_KIN;
        none unless the feed has `options["kin"]`. For what an account keeps from series to series: a report's catalogue, an artist's playlists."""

    def sibling(self, feed: str, series: str | None = None) -> Content | None:
        """The capture of another feed (whole name) in the same set and series, or of another series, parsed; None if absent."""


Check = Callable[[Any, Any], Iterable[Finding]]
"""A rule: `(content, context) -> findings`. Pure. Its findings' stage is `consistency` unless they say otherwise."""

Parse = Callable[[bytes], Any]
"""Reads a whole payload (JSON and HTML feeds) into a Content. Raises ValueError with a sentence, or FormatTrouble, when it cannot.

With `options["mapped"]` a long payload of a feed with format `binary` or `jsonl` comes as a read-only `mmap` instead of bytes."""

Complete = Callable[[Any, Sidecar], Any]
"""Gives a parsed Content what its sidecar knows and its bytes do not. Pure; raises as Parse does."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table feed. `names` are the spellings seen in headers, the first is ours; `type` is a DuckDB type name."""

    names: tuple[str, ...]
    type: str = "VARCHAR"
    required: bool = False


@dataclass(frozen=True, kw_only=True)
class Feed:
    """Declaration of one feed. Only `template` is needed; every default is usable.

    Attributes:
        template: landing path relative to `landing/`, with `{stamp}` or `{date}`, `{slug}` for uploads, `{series}` where a feed has several.
        format: one of FORMATS; `table` is CSV or TSV.
        parse: for json and html feeds: payload bytes -> Content. Default for json: the document's list (or its `data`) as rows.
        complete: for feeds with `parse`: (content, sidecar) -> content, before facts are taken and checks made; for payloads that do not
            say everything themselves (days without a year, which the received name or the capture time tells).
        columns: for table feeds: what is expected. Unknown further columns are drift, not errors.
        day: content column with the data's own date; gives `as_of`, freshness and history.
        key: content columns that name a row, for diff and duplicates; empty: no keyed diff.
        measures: content columns that add up, for headlines and volume ("streams").
        checks: rules that no schema can say.
        schema: path of a JSON Schema for the document (json) or for one row (html); None: `schemas/<attribute>.schema.json`
            of the extractor's folder if that file exists.
        min_bytes, max_bytes: size bounds; below or above is an error.
        warn_after, fail_after: age of `as_of` against capture day; None: not judged.
        history: `rolling` (days may fall off the front), `growing` (nothing may vanish), None (not judged).
        max_drop: volume guard: rows or measures falling by more than this share against the last good capture warn.
        empty: what a capture without rows is: `error`, `warning` or `ok`.
        recognise: whether the first bytes (up to 1 MiB) belong to this feed; content only, never names.
        successive: its series follow one another (a report per month): only the newest is judged for freshness by `status`.
        last_resort: takes uploads only that no other feed recognises (tables of unknown origin).
        policy: who promotes. sensitive: payload holds personal or account data.
        set_name: captures of one run that share it form one declared set (`metaads` insights and structure).
    """

    template: str
    format: str = "json"
    media_type: str = "application/json"
    version: int = 1
    parse: Parse | None = None
    complete: Complete | None = None
    columns: tuple[Column, ...] = ()
    day: str | None = None
    key: tuple[str, ...] = ()
    measures: tuple[str, ...] = ()
    checks: tuple[Check, ...] = ()
    schema: Path | None = None
    min_bytes: int = 1
    max_bytes: int = 2 << 30
    warn_after: timedelta | None = None
    fail_after: timedelta | None = None
    history: str | None = None
    max_drop: float | None = None
    empty: str = "error"
    recognise: Callable[[bytes], bool] | None = None
    successive: bool = False
    last_resort: bool = False
    policy: str = "review"
    sensitive: bool = False
    set_name: str | None = None
    encodings: tuple[str, ...] = ("utf-8-sig", "utf-8")
    title: str = ""
    name: str = ""
    """Whole name, `platform/attribute`; filled in by the Extractor that declares it."""
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def platform(self) -> str:
        return self.name.split("/", 1)[0]

    @property
    def own_folder(self) -> bool:
        """Whether a set of this feed has a folder of its own (the stamp is a folder, as in `metaads/{stamp}/ads.json`)."""
        return "{stamp}/" in self.template


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """Facts of earlier good captures of the same feed, account and series, newest first; for freshness and volume."""

    captured_at: datetime
    as_of: date | None
    facts: dict[str, Any]
    file_id: str
