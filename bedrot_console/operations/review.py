"""review: report, preview and diff with the last good capture side by side, and what may be decided now."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

from ..domain.browsing import Diff, FileFilter, FileRow, Preview, Review
from ..domain.errors import READ_ONLY, BedrotError, UsageError
from ..domain.excerpts import Excerpt, Wish
from ..domain.feeds import Feed
from ..domain.lifecycle import TRANSITIONS, Verb, Verdict, Zone, transition
from .browse import find, reader, report_of
from .validate import bound
from .workspace import Workspace


def review(ws: Workspace, name: str, *, lines: int = 200, stop: Callable[[], bool] | None = None) -> Review:
    """Everything a human decides from. Payloads are read by limited children, never in this process.

    Args:
        lines: of the preview; 0: none is made.
        stop: asked while a payload is read; once it says so, preview and diff end without content.

    Raises:
        UsageError: no such file.
    """
    ws.readers.warm()
    row = find(ws, name)
    feed = _feed(ws, row)
    report = report_of(ws, row)
    if row.zone is Zone.ERASED:
        return Review(file=row, report=report, preview=Preview(kind="erased", note="erased"), diff=None, allowed=allowed(ws, row))
    return Review(
        file=row,
        report=report,
        preview=preview(ws, row, feed, lines=lines, stop=stop) if lines else Preview(kind=""),
        diff=_compared(ws, row, feed, None, 200, stop),
        allowed=allowed(ws, row),
    )


def glance(ws: Workspace, name: str) -> Review:
    """What is known of a file without reading its payload: report and what is allowed; no preview, no diff yet.

    Raises:
        UsageError: no such file.
    """
    row = find(ws, name)
    return Review(file=row, report=report_of(ws, row), preview=Preview(kind=""), diff=None, allowed=allowed(ws, row))


def preview(
    ws: Workspace, row: FileRow, feed: Feed | None, *, lines: int = 200, stop: Callable[[], bool] | None = None
) -> Preview:
    """The beginning of the payload; a payload that cannot be read is a preview that says so."""
    return ws.viewers.preview(feed, ws.payload(row.zone, row.path), row.size_bytes, lines=lines, stop=stop)


def excerpt(ws: Workspace, name: str, wish: Wish, *, stop: Callable[[], bool] | None = None) -> Excerpt:
    """A window of the payload in one of its forms, read by a limited child. `stop` as in `review`.

    Raises:
        UsageError: no such file.
    """
    row = find(ws, name)
    if row.zone is Zone.ERASED:
        return Excerpt(kind="erased", note="erased; only its tombstone is left", found=False)
    return ws.viewers.excerpt(_feed(ws, row), ws.payload(row.zone, row.path), row.size_bytes, wish, stop=stop)


def member_of(ws: Workspace, name: str, names: Sequence[str]) -> tuple[int, ...]:
    """The numbers of members that people name, from the outside in: by name, by the end of a name, or `#3` for the third.

    Raises:
        UsageError: there is no such file or member, or several.
    """
    way: tuple[int, ...] = ()
    for wanted in names:
        parts = excerpt(ws, name, Wish(member=way)).entries
        exact = [e.row for e in parts if e.key == wanted] or [e.row for e in parts if e.key.endswith("/" + wanted)]
        if not exact and wanted.startswith("#") and wanted[1:].isdigit():
            exact = [e.row for e in parts if e.row == int(wanted[1:]) - 1]
        if len(exact) != 1:
            raise UsageError(f"{'no' if not exact else 'more than one'} member {wanted}", hint=f"bedrot show {name} --structure")
        way = (*way, exact[0])
    return way


def allowed(ws: Workspace, row: FileRow) -> dict[str, str | None]:
    """Each verb with None when it may be done now, else why not."""
    out: dict[str, str | None] = {}
    rules: dict[str, str] = {}
    for verb in Verb:
        try:
            checked = bound(ws, row, rules) if TRANSITIONS[verb].needs_verdict else row
            if checked.verdict is None and row.verdict is not None:
                out[verb.value] = "the rules changed since it was validated"
                continue
            transition(verb, row.zone, checked.verdict)
            out[verb.value] = READ_ONLY if ws.read_only else None
        except BedrotError as error:
            out[verb.value] = str(error)
    return out


def diff(
    ws: Workspace,
    name: str,
    other: str | None = None,
    *,
    limit: int = 200,
    whole: bool = False,
    stop: Callable[[], bool] | None = None,
) -> Diff:
    """New against old: the file against `other`, or against the last good capture of its feed, account and series before it.

    `whole`: with rows that are the same, and all columns of those that changed.

    Raises:
        UsageError: no such file, or the two are of different feeds.
    """
    new = find(ws, name)
    return _compared(ws, new, _feed(ws, new), other, limit, stop, whole=whole)


def _compared(
    ws: Workspace,
    new: FileRow,
    feed: Feed | None,
    other: str | None,
    limit: int,
    stop: Callable[[], bool] | None,
    *,
    whole: bool = False,
) -> Diff:
    if other is not None:
        old: FileRow | None = find(ws, other)
        if old is not None and old.feed != new.feed:
            raise UsageError(f"{old.feed} and {new.feed} are different feeds; only captures of one feed are compared")
        because = "asked for"
    else:
        old = predecessor(ws, new)
        whose = f"series {new.series} of this feed and account" if new.series else "this feed and account"
        because = "the last good capture before it" if old else f"no good capture of {whose} before it"
    if feed is None:
        return Diff(old_id=old.id if old else None, new_id=new.id, because="its extractor does not load")
    if new.zone is Zone.ERASED or (old is not None and old.zone is Zone.ERASED):
        return Diff(old_id=old.id if old else None, new_id=new.id, because="erased")
    if old is None:
        return Diff(
            old_id=None,
            new_id=new.id,
            because=because,
            headline="first capture of this series" if new.series else "first capture of this feed",
        )
    paths = ws.payload(old.zone, old.path), ws.payload(new.zone, new.path)
    size = old.size_bytes + new.size_bytes
    result = ws.viewers.diff(feed, *paths, old.id, new.id, size, limit=limit, whole=whole, stop=stop)
    return result if result.because else dataclasses.replace(result, because=because)


def predecessor(ws: Workspace, row: FileRow) -> FileRow | None:
    """The last good capture (passed or warned; in landing or raw) of the same feed, account and series, captured before `row`."""
    for entry in reader(ws).history(row.feed, row.account, row.series, limit=20, before=row):
        if entry.file_id == row.id:
            continue
        found = ws.catalog.resolve([entry.file_id])[0]
        if isinstance(found, FileRow) and found.zone in (Zone.LANDING, Zone.RAW) and found.verdict is not Verdict.FAILED:
            return found
    return None


def queue(ws: Workspace, what: FileFilter | None = None, *, limit: int = 200) -> list[FileRow]:
    """Landing files that wait for a human, worst first: failed, warned, not validated, passed."""
    return reader(ws).files(dataclasses.replace(what or FileFilter(), zone=Zone.LANDING, order="worst"), limit=limit)


def _feed(ws: Workspace, row: FileRow) -> Feed | None:
    try:
        return ws.registry.feed(row.feed)
    except BedrotError:
        return None
