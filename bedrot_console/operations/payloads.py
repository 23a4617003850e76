"""Payloads as tables for people's SQL: `raw('distrokid/streams')` stands for the rows that the feed's own reader finds in each of its files in raw.

Limited children read the files; this process passes their rows on, unread, to the locked-down child that runs the query. A file that cannot be
read is left out and named. Rows are held in memory only. A sensitive feed is read like any other, by whom the kernel lets read its files, and
the answer says that it is one.
"""

from __future__ import annotations

import json
import threading
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from ..domain.browsing import FileFilter, FileRow
from ..domain.errors import BedrotError, QueryError, UsageError
from ..domain.feeds import Feed
from ..domain.filterwords import parse_since
from ..domain.lifecycle import Verdict, Zone
from ..domain.macros import ARGUMENTS, DAY, LEAD, MACROS, SIGNATURE, Call, Unread, calls
from .browse import reader, sidecar_of
from .workspace import Workspace

if TYPE_CHECKING:
    from ..inspection.columnar import PayloadRows

MOST_CALLS = 20
MOST_FILES = 1000
MOST_BYTES = 256 << 20
"""Payload bytes that one query reads."""
MOST_ROW_BYTES = 192 << 20
"""What the rows of one query may be on their way to it."""
MOST_LISTED = 20_000
MOST_NAMED = 5
"""So many files that were left out are named, the others counted."""
READERS = 2
AHEAD = READERS + 1
SHAPES = 3
"""Files elsewhere that are tried for the columns of a feed without a readable file in the zone."""

Stop = Callable[[], bool]


class Payloads:
    """What the macros of one text stand for; see `catalog.sql.Given`."""

    def __init__(self, ws: Workspace, text: str, found: Sequence[Call], scope: str = "") -> None:
        self.notes: list[str] = []
        self.partial = False
        self.read = self.files = 0
        self._ws, self._text, self._calls, self._scope = ws, text, found, scope
        self._bytes = self._row_bytes = 0
        self._left_out = 0
        self._sensitive: set[str] = set()

    def lines(self, stop: Stop) -> Iterator[bytes]:
        """Heads and rows, call by call; ends early once `stop` says so.

        Raises:
            QueryError: a feed that there is not.
            UsageError: there is more than one query reads.
        """
        from ..inspection.viewers import Viewers

        if len(self._calls) > MOST_CALLS:
            raise UsageError(f"one query reads the payloads of at most {MOST_CALLS} feeds or accounts", hint="ask in two queries")
        viewers = Viewers(self._ws.readers, READERS)
        done = threading.Event()
        with ThreadPoolExecutor(READERS) as pool:

            def read(feed: Feed, row: FileRow) -> PayloadRows:
                return _read(self._ws, viewers, feed, row, lambda: done.is_set() or stop())

            try:
                for call in self._calls:
                    yield from self._of(call, lambda feed, row: pool.submit(read, feed, row), stop)
            finally:
                done.set()
        if self._left_out > MOST_NAMED:
            self.notes.append(f"left out {self._left_out - MOST_NAMED:,} more files")

    def _of(self, call: Call, begin: Callable[[Feed, FileRow], Future[PayloadRows]], stop: Stop) -> Iterator[bytes]:
        feed = self._feed(call)
        rows = self._files(call, feed)
        self.files += len(rows)
        if feed.sensitive and feed.name not in self._sensitive:
            self._sensitive.add(feed.name)
            self.notes.append(f"{feed.name} is a sensitive feed: its rows hold personal or account data")
        if not rows:
            self.notes.append(f"no file is in {call}")
        waiting = iter(rows)
        ahead: deque[tuple[FileRow, Future[PayloadRows]]] = deque()
        shape = False
        while not stop():
            while len(ahead) < AHEAD and (row := next(waiting, None)) is not None:
                ahead.append((row, begin(feed, row)))
            if not ahead:
                break
            row, future = ahead.popleft()
            found = future.result()
            self.read += 1
            if found.problem:
                self._leave_out(row, found)
                continue
            shape = True
            self._row_bytes += sum(memoryview(part).nbytes for part in found.parts)
            if self._row_bytes > MOST_ROW_BYTES:
                raise self._too_much(call, f"the rows are more than {MOST_ROW_BYTES >> 20} MiB")
            if found.rejected:
                self._note(f"{found.rejected:,} rows of {_named(row)} could not be read")
            yield from _given(call, feed, found, row)
        if not shape and not stop():
            yield from _given(call, feed, self._shape(feed, begin), None)

    def _feed(self, call: Call) -> Feed:
        name = call.arguments[0]
        try:
            return self._ws.registry.feed(name)
        except UsageError as error:
            known = [str(feed) for feed, _, _ in reader(self._ws).groups(FileFilter(), "feed")]
            close = [n for n in known if n.startswith(f"{name}/")] or get_close_matches(name, known, 3, 0.5)
            hint = f"perhaps {', '.join(close[:5])}" if close else "bedrot platforms lists feeds"
            raise QueryError(f"no such feed: {name}", hint=hint, place=place_of(self._text, call.feed_at)) from error

    def _files(self, call: Call, feed: Feed) -> list[FileRow]:
        """The files that a call stands for, oldest first. Raises UsageError when there are more than one query reads."""
        given = call.named
        if self._scope and self._scope not in (feed.name, feed.platform):
            return []
        since = parse_since(given["since"], self._ws.clock.now()) if "since" in given else None
        what = FileFilter(
            zone=Zone(call.macro), feed=feed.name, account=given.get("account"), series=given.get("series"), since=since
        )
        held = reader(self._ws)
        last = int(given["last"]) if "last" in given else None
        found = held.files(what, limit=MOST_FILES + 1 if last is None else MOST_LISTED)
        if last is not None:
            found = _newest(found, last)
        if len(found) > MOST_FILES:
            many = held.count(what) if last is None else len(found)
            raise self._too_much(call, f"{call} stands for {many:,} files, and one query reads at most {MOST_FILES}")
        self._bytes += sum(row.size_bytes for row in found)
        if self._bytes > MOST_BYTES:
            raise self._too_much(
                call,
                f"{call} makes it {self._bytes >> 20:,} MiB, and one query reads at most {MOST_BYTES >> 20} MiB of payloads",
            )
        return sorted(found, key=lambda row: (row.captured_at, row.id))

    def _too_much(self, call: Call, sentence: str) -> QueryError:
        feed = call.arguments[0]
        hint = f"narrow it by last, since, account or series: {call.macro}('{feed}', last := 1)"
        return QueryError(sentence, hint=hint, place=place_of(self._text, call.start))

    def _leave_out(self, row: FileRow, found: PayloadRows) -> None:
        self._left_out += 1
        self.partial = True
        if self._left_out <= MOST_NAMED:
            self.notes.append(f"left out {_named(row)}: {found.problem}")

    def _note(self, sentence: str) -> None:
        self.partial = True
        self.notes.append(sentence)

    def _shape(self, feed: Feed, begin: Callable[[Feed, FileRow], Future[PayloadRows]]) -> PayloadRows:
        """The columns that this feed's rows have elsewhere, without a row; else those it declares."""
        from ..inspection.columnar import PayloadRows

        near = reader(self._ws).files(FileFilter(feed=feed.name), limit=50)
        near = [r for r in near if r.zone is not Zone.ERASED and r.size_bytes <= MOST_BYTES]
        for row in sorted(near, key=lambda r: r.verdict not in (Verdict.PASSED, Verdict.WARNED))[:SHAPES]:
            found = begin(feed, row).result()
            if not found.problem:
                return PayloadRows(columns=found.columns, types=found.types, day=found.day)
        columns = [c.names[0] for c in feed.columns] or list(dict.fromkeys([*feed.key, *feed.measures]))
        types = [c.type for c in feed.columns] or [""] * len(columns)
        return PayloadRows(columns=columns, types=types, day=columns.index(feed.day) if feed.day in columns else None)


def _read(ws: Workspace, viewers: Any, feed: Feed, row: FileRow, stop: Stop) -> PayloadRows:
    from ..inspection.columnar import PayloadRows

    try:
        sidecar = sidecar_of(ws, row)
    except BedrotError as error:
        return PayloadRows(problem=str(error), code="format.unreadable")
    if sidecar.sealed:
        return PayloadRows(problem="it is sealed", code="format.unreadable")
    found = viewers.rows(feed, ws.payload(row.zone, row.path), sidecar, stop=stop)
    if len(found.columns) != len(found.types):
        return PayloadRows(problem="the reader crashed", code="format.unreadable")
    return found  # type: ignore[no-any-return]


def _given(call: Call, feed: Feed, found: PayloadRows, row: FileRow | None) -> Iterator[bytes]:
    """The lines of one file; without `row` those of none, which only say how the rows look."""
    values = (row.id, row.account, row.series, row.captured_at.replace(tzinfo=None).isoformat(" ")) if row else [""] * 4
    head = {
        "table": call.table, "columns": found.columns, "types": found.types, "day": found.day, "parts": len(found.parts) if row else 0,
        "lead": [[name, kind, value] for (name, kind), value in zip(LEAD.items(), values, strict=True)],
    }  # fmt: skip
    yield json.dumps(head).encode()
    if row:
        yield from map(bytes, found.parts)


def _newest(rows: Sequence[FileRow], last: int) -> list[FileRow]:
    """Of each account and series the newest files by capture."""
    groups: dict[tuple[str, str], list[FileRow]] = defaultdict(list)
    for row in sorted(rows, key=lambda r: (r.captured_at, r.id), reverse=True):
        if len(groups[row.account, row.series]) < last:
            groups[row.account, row.series].append(row)
    return [row for group in groups.values() for row in group]


def _named(row: FileRow) -> str:
    return f"{row.zone}/{row.path}"


def place_of(text: str, offset: int) -> tuple[int, int]:
    """Line and column, from 1, of a character."""
    return text.count("\n", 0, offset) + 1, offset - (text.rfind("\n", 0, offset) + 1) + 1


def given(ws: Workspace, text: str, scope: str = "") -> Payloads | None:
    """What the macros in a text stand for; None when it has none.

    Raises:
        QueryError: a macro is called with what names no files.
    """
    try:
        found = calls(text)
    except Unread as error:
        raise QueryError(str(error), hint=f"landing({SIGNATURE})", place=place_of(text, error.at)) from error
    return Payloads(ws, text, found, scope) if found else None


def described() -> list[tuple[str, str, str]]:
    """(macro, column, type) of what every macro gives, as `schema` lists views."""
    columns = [*LEAD.items(), (DAY, "DATE"), ("*", "what the feed's reader finds")]
    return [(f"{macro}({', '.join(ARGUMENTS)})", column, kind) for macro in MACROS for column, kind in columns]
