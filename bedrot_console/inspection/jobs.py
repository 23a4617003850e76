"""What inspection is asked: a Job or a View; and what checks may know: the Knowledge (a `domain.feeds.Context`)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

import msgspec

from bedrot_console.domain.drift import Acceptance
from bedrot_console.domain.excerpts import Wish
from bedrot_console.domain.feeds import Feed, History
from bedrot_console.domain.files import Sidecar, format_time, parse_time

from .contents import FormatTrouble
from .readers import read


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One file to inspect, with everything that is known about its neighbourhood. Pure data; made by operations.

    Attributes:
        payload: path (links are not followed) or descriptor of the landed bytes.
        now: aware; the report's time.
        history: facts of earlier good captures of this feed, account and series, newest first, without this file.
        previous: payload of the last good capture, for days, revisions and `context.previous()`.
        siblings: `named(feed, series)` -> payload of the same set (same `set_id`).
        kin: payloads of the newest good capture of an earlier run of each other series of this feed and account, newest first; only where the
            feed asks for it.
        declared: whole names of the feeds that the set should hold; those without a sibling are reported missing.
        twins: (file id, landed_at) of other files with the same bytes.
        feeds: the platform's other feeds, to tell wrong content and to read siblings.
        options: for checks, over `feed.options`.
        rules: hash of the rules; computed when empty.
        accepted: what was accepted of drift; told as notes.
    """

    feed: Feed
    payload: Path | int
    sidecar: Sidecar
    now: datetime
    report_id: str
    history: Sequence[History] = ()
    previous: Path | None = None
    siblings: Mapping[str, Path] = field(default_factory=dict)
    kin: Sequence[Path] = ()
    declared: Sequence[str] = ()
    twins: Sequence[tuple[str, datetime]] = ()
    feeds: Sequence[Feed] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    rules: str = ""
    accepted: Sequence[Acceptance] = ()

    @property
    def to_read_bytes(self) -> int:
        """How much there is to read, for the reader's limits."""
        return self.sidecar.size_bytes * (1 + (self.previous is not None) + len(self.kin))

    @property
    def is_table(self) -> bool:
        """Whether the reader needs DuckDB."""
        return self.feed.format == "table"

    def to_record(self) -> dict[str, Any]:
        """JSON values, for the way to a child. Feeds travel by name. A descriptor cannot travel: the payload must be a path."""
        return {
            "feed": self.feed.name, "payload": str(self.payload), "sidecar": self.sidecar.to_record(), "now": format_time(self.now),
            "report_id": self.report_id, "previous": str(self.previous) if self.previous else None,
            "history": [
                {"captured_at": format_time(h.captured_at), "as_of": h.as_of.isoformat() if h.as_of else None, "facts": h.facts, "file_id": h.file_id}
                for h in self.history
            ],
            "siblings": {name: str(path) for name, path in self.siblings.items()}, "kin": list(map(str, self.kin)), "declared": list(self.declared),
            "twins": [[i, format_time(at)] for i, at in self.twins], "feeds": [f.name for f in self.feeds],
            "options": dict(self.options), "rules": self.rules, "accepted": [a.to_record() for a in self.accepted],
        }  # fmt: skip

    @classmethod
    def from_record(cls, record: Mapping[str, Any], load_feed: Callable[[str], Feed]) -> Job:
        """The inverse of `to_record`."""
        return cls(
            feed=load_feed(record["feed"]), payload=Path(record["payload"]), sidecar=Sidecar.from_record(record["sidecar"]),
            now=parse_time(record["now"]), report_id=record["report_id"], previous=Path(record["previous"]) if record["previous"] else None,
            history=[
                History(
                    captured_at=parse_time(h["captured_at"]), as_of=date.fromisoformat(h["as_of"]) if h["as_of"] else None,
                    facts=h["facts"], file_id=h["file_id"],
                )
                for h in record["history"]
            ],
            siblings={name: Path(path) for name, path in record["siblings"].items()}, kin=list(map(Path, record["kin"])),
            declared=record["declared"],
            twins=[(i, parse_time(at)) for i, at in record["twins"]], feeds=[load_feed(n) for n in record["feeds"]],
            options=record["options"], rules=record["rules"],
            accepted=[Acceptance.from_record(a) for a in record["accepted"]],
        )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A look at payloads for a human. `view` is `preview` (of `payload`), `diff` (of `payload` against `old`), `excerpt` (the window of
    `payload` that `wish` names), or `rows` (all of `payload`, which `sidecar` belongs to); `limit` counts its lines or rows."""

    view: str
    feed: Feed | None
    payload: Path
    to_read_bytes: int
    limit: int
    offset: int = 0
    old: Path | None = None
    old_id: str | None = None
    new_id: str = ""
    wish: Wish | None = None
    whole: bool = False
    sidecar: Sidecar | None = None

    @property
    def is_table(self) -> bool:
        """Whether the reader needs DuckDB."""
        return self.view in ("diff", "rows") and self.feed is not None and self.feed.format == "table"

    def to_record(self) -> dict[str, Any]:
        """JSON values, for the way to a child."""
        return {
            "view": self.view, "feed": self.feed.name if self.feed else None, "payload": str(self.payload), "to_read_bytes": self.to_read_bytes,
            "limit": self.limit, "offset": self.offset, "old": str(self.old) if self.old else None, "old_id": self.old_id, "new_id": self.new_id,
            "wish": asdict(self.wish) if self.wish else None, "whole": self.whole,
            "sidecar": self.sidecar.to_record() if self.sidecar else None,
        }  # fmt: skip

    @classmethod
    def from_record(cls, record: Mapping[str, Any], load_feed: Callable[[str], Feed]) -> View:
        """The inverse of `to_record`."""
        values = dict(record)
        values["feed"] = load_feed(values["feed"]) if values["feed"] else None
        values["payload"] = Path(values["payload"])
        values["old"] = Path(values["old"]) if values["old"] else None
        values["wish"] = msgspec.convert(values["wish"], Wish) if values["wish"] else None
        values["sidecar"] = Sidecar.from_record(values["sidecar"]) if values["sidecar"] else None
        return cls(**values)


def named(feed: str, series: str) -> str:
    """A capture of a set by its feed and, where it has one, its series."""
    return f"{feed}:{series}" if series else feed


class Knowledge:
    """The Context of one Job: `sidecar`, `now`, `options`, `previous()`, `sibling(feed, series)`; parses neighbours once, on first call."""

    def __init__(self, job: Job) -> None:
        self.sidecar, self.now = job.sidecar, job.now
        self.options: dict[str, Any] = {**job.feed.options, **job.options}
        self._job = job
        self._parsed: dict[str, Any] = {}

    def previous(self) -> Any:
        """The last good capture, parsed; None if there is none or it can no longer be read."""
        return self._read("", self._job.feed, self._job.previous)

    @property
    def earlier(self) -> History | None:
        """Facts of the last good capture; None if there is none."""
        return self._job.history[0] if self._job.history else None

    def sibling(self, feed: str, series: str | None = None) -> Any:
        """The capture of another feed in the same set and series, or of another series, parsed; None if absent or unreadable (its own
        report says why). A feed without series is everybody's sibling."""
        declared = next((f for f in (self._job.feed, *self._job.feeds) if f.name == feed), None)
        if declared is None:
            return None
        wanted = named(feed, self.sidecar.series if series is None else series)
        name = wanted if wanted in self._job.siblings or series is not None else feed
        return self._read(name, declared, self._job.siblings.get(name))

    def kin(self) -> Iterator[Any]:
        """The last good capture of each other series of this feed and account, parsed one by one, newest first; what is unreadable is left out."""
        for path in self._job.kin:
            content = self._read(f"kin {path}", self._job.feed, path)
            if content is not None:
                yield content

    def _read(self, slot: str, feed: Feed | None, path: Path | None) -> Any:
        if slot not in self._parsed:
            try:
                self._parsed[slot] = read(feed, path) if feed and path else None
            except FormatTrouble:
                self._parsed[slot] = None
        return self._parsed[slot]

    def close(self) -> None:
        """Give back what was parsed."""
        for content in self._parsed.values():
            if content is not None:
                content.close()
