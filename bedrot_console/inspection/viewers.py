"""Looks at payloads for a human, made by limited children: whatever a payload holds, the asking process only gets a Diff, Preview, Excerpt
or PayloadRows."""

from __future__ import annotations

import selectors
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from bedrot_console.domain.browsing import Diff, Preview
from bedrot_console.domain.excerpts import Excerpt, Wish
from bedrot_console.domain.feeds import Feed
from bedrot_console.domain.files import Sidecar

from .child import REASONS
from .columnar import PayloadRows
from .jobs import View
from .pool import Child, Readers, reason_of

STOP_SECONDS = 0.02
"""How soon a caller's `stop` is noticed."""
STOPPED = "no longer asked for"

Stop = Callable[[], bool]


class Viewers:
    """Diffs and previews from limited children, at most `size` at a time; further callers wait. Safe from several threads.

    A child that is killed, crashes or hangs becomes a Diff, Preview or Excerpt that says so; nothing is raised for what a payload holds.
    """

    def __init__(self, readers: Readers, size: int = 2) -> None:
        self.readers = readers
        self._places = threading.Semaphore(size)

    def preview(
        self, feed: Feed | None, path: Path, size_bytes: int, *, lines: int = 200, offset: int = 0, stop: Stop | None = None
    ) -> Preview:
        """As `inspection.preview.preview`. `stop` is asked again and again; when it says so the answer is a Preview without content."""
        view = View(view="preview", feed=feed, payload=path, to_read_bytes=size_bytes, limit=lines, offset=offset)
        found = self._ask(view, Preview, stop)
        return found if isinstance(found, Preview) else Preview(kind="unreadable", note=found)

    def excerpt(self, feed: Feed | None, path: Path, size_bytes: int, wish: Wish, *, stop: Stop | None = None) -> Excerpt:
        """As `inspection.excerpt.excerpt`. `stop` as in `preview`."""
        view = View(view="excerpt", feed=feed, payload=path, to_read_bytes=size_bytes, limit=wish.limit, wish=wish)
        found = self._ask(view, Excerpt, stop)
        return found if isinstance(found, Excerpt) else Excerpt(kind="unreadable", note=found, found=False)

    def diff(
        self,
        feed: Feed,
        old: Path,
        new: Path,
        old_id: str,
        new_id: str,
        size_bytes: int,
        *,
        limit: int = 200,
        whole: bool = False,
        stop: Stop | None = None,
    ) -> Diff:
        """As `inspection.diff.diff`; `size_bytes` is that of both together. `stop` as in `preview`."""
        view = View(
            view="diff",
            feed=feed,
            payload=new,
            old=old,
            old_id=old_id,
            new_id=new_id,
            to_read_bytes=size_bytes,
            limit=limit,
            whole=whole,
        )
        found = self._ask(view, Diff, stop)
        return (
            found if isinstance(found, Diff) else Diff(old_id=old_id, new_id=new_id, headline="cannot be compared", because=found)
        )

    def rows(self, feed: Feed, path: Path, sidecar: Sidecar, *, stop: Stop | None = None) -> PayloadRows:
        """As `inspection.columnar.payload_rows`. `stop` as in `preview`."""
        view = View(view="rows", feed=feed, payload=path, to_read_bytes=sidecar.size_bytes, limit=0, sidecar=sidecar)
        found = self._ask(view, PayloadRows, stop)
        return found if isinstance(found, PayloadRows) else PayloadRows(problem=found, code="format.unreadable")

    def _ask(self, view: View, kind: type, stop: Stop | None) -> Any:
        """The answer, or the sentence that says why there is none."""
        while not self._places.acquire(timeout=STOP_SECONDS if stop else None):
            if stop is not None and stop():
                return STOPPED
        try:
            child = self.readers.take()
            try:
                line = _answer(child, view, stop)
            except BaseException:  # else its answer would be taken for that of the next question
                child.end(hurry=True)
                raise
            if isinstance(line, str):
                return line
            self.readers.give_back(child)
            return _read(line, kind)
        finally:
            self._places.release()


def _answer(child: Child, view: View, stop: Stop | None) -> bytes | str:
    """What the child says; or, when it is gone, why."""
    child.give(0, view)
    with selectors.DefaultSelector() as selector:
        selector.register(child.stdout, selectors.EVENT_READ)
        while True:
            left = child.seconds_left()
            if left <= 0 or (stop is not None and stop()):
                child.end(hurry=True)
                return REASONS["time"] if left <= 0 else STOPPED
            selector.select(min(left, STOP_SECONDS if stop or child.unsent else left))
            child.send()
            lines, alive = child.hear()
            if lines:
                child.next()
                return lines[0]
            if not alive:
                return REASONS[reason_of(child.end())]


_ROWS = msgspec.json.Decoder(PayloadRows)


def _read(line: bytes, kind: type) -> Any:
    try:
        if kind is PayloadRows and not line.startswith(b'{"failed"'):
            return _ROWS.decode(line)  # the rows themselves stay as they came
        record = msgspec.json.decode(line)
        if "failed" in record:
            return REASONS.get(record["failed"], REASONS["crashed"])
        return msgspec.convert(record, kind)
    except (msgspec.DecodeError, TypeError):
        return REASONS["crashed"]
