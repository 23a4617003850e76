"""land: manual upload, single or bulk. Bytes of outside files become landed files of the feed that recognises their content."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

from ..domain.accounts import segment
from ..domain.browsing import Outcome
from ..domain.errors import BedrotError, UsageError
from ..domain.feeds import Feed
from ..domain.files import Capture, LandedFile
from .workspace import Workspace

CHUNK = 128


def land(
    ws: Workspace, paths: Sequence[Path], *, feed: str | None = None, account: str = "default", move: bool = False,
    extension: str | None = None,
) -> Iterator[Outcome]:  # fmt: skip
    """Land outside files; yields one Outcome per path as soon as its file is durable, in order.

    Args:
        paths: regular files; a folder, symbolic link, FIFO or device fails with its reason and nothing is lost.
        feed: whole feed name; None: the feed that recognises the content takes it, and content that nobody recognises is refused.
        move: remove the outside file once its bytes are durable here.
        extension: of the names in landing, where the outside names end otherwise (`events.jsonl.1`).

    Raises:
        UsageError: no such feed, or no account can be named so.
    """
    from ..zones.landing import Landing

    segment(account)
    chosen = ws.registry.feed(feed) if feed else None
    with ws.writing():
        for start in range(0, len(paths), CHUNK):
            chunk = [Path(p) for p in paths[start : start + CHUNK]]
            outcomes: dict[int, Outcome] = {}
            landings: list[Landing] = []
            places: list[int] = []
            before: dict[int, tuple[int, ...] | None] = {}
            for index, path in enumerate(chunk):
                before[index] = _identity(path)
                try:
                    target = chosen or recognised(ws, path)
                    landings.append(Landing(_capture(ws, path, target, account, extension), target, _version(ws, target)))
                    places.append(index)
                except BedrotError as error:
                    outcomes[index] = failed(path, error)
            for index, result in zip(places, ws.zones.land(landings) if landings else [], strict=True):
                path = chunk[index]
                if not isinstance(result, LandedFile):
                    outcomes[index] = failed(path, result.error)
                    continue
                reason = ""
                if move:
                    reason = _remove(path, before[index])
                outcomes[index] = Outcome(
                    id=result.id, verb="land", outcome="done", reason=reason, path=result.path, zone=result.zone
                )
            ws.settle()
            for index in range(len(chunk)):
                yield outcomes[index]


def land_one(ws: Workspace, path: Path, *, feed: str, account: str = "default", extension: str | None = None) -> Outcome:
    """Land one outside file; see `land`."""
    (outcome,) = land(ws, [path], feed=feed, account=account, extension=extension)
    return outcome


def _identity(path: Path) -> tuple[int, ...] | None:
    try:
        found = os.lstat(path)
    except (OSError, ValueError):
        return None
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


def _remove(path: Path, before: tuple[int, ...] | None) -> str:
    """Remove an outside file whose bytes are durable here; says why it stays. What somebody put in its place since is not ours to remove."""
    if before is None or _identity(path) != before:
        return "landed, but the outside file stays: it changed since"
    try:
        os.unlink(path)
    except OSError as error:
        return f"landed, but the outside file stays: {error.strerror}"
    return ""


def failed(path: Path, error: BedrotError) -> Outcome:
    """The outcome of an outside file that did not land, and why."""
    return Outcome(
        id=str(path),
        verb="land",
        outcome="failed",
        reason=str(error),
        code=error.code,
        exit_code=error.exit_code,
        hint=error.hint,
    )


def _version(ws: Workspace, feed: Feed) -> str:
    return ws.registry.load(feed.platform).version


def _capture(ws: Workspace, path: Path, feed: Feed, account: str, extension: str | None) -> Capture:
    return Capture(
        feed=feed.name,
        body=path,
        captured_at=ws.clock.now(),
        method="manual",
        source_system="upload",
        account=account,
        media_type=feed.media_type,
        received_name=os.fsencode(path.name).decode("utf-8", "backslashreplace"),  # a name is bytes; records hold text
        extension=extension,
    )


def read_head(path: Path, size: int) -> bytes:
    """The first `size` bytes of an outside file, without ever blocking on or following anything odd.

    Raises:
        UsageError: not a regular file, or not readable; says which.
    """
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if os.path.islink(path):
            raise UsageError("is a symbolic link; land the file itself") from error
        raise UsageError((error.strerror or "cannot be opened").lower()) from error
    try:
        mode = os.fstat(fd).st_mode
        if stat.S_ISDIR(mode):
            raise UsageError("is a folder; name its files")
        if not stat.S_ISREG(mode):
            kind = "a FIFO" if stat.S_ISFIFO(mode) else "a socket" if stat.S_ISSOCK(mode) else "a device"
            raise UsageError(f"is {kind}, not a regular file")
        return os.read(fd, size)
    finally:
        os.close(fd)


def recognised(ws: Workspace, path: Path) -> Feed:
    """The feed that recognises the content of an outside file.

    Raises:
        UsageError: none, more than one, or no readable file.
    """
    from ..inspection.pages import page_kind
    from ..inspection.recognise import HEAD_BYTES, nearest, recognise

    head = read_head(path, HEAD_BYTES)
    if not head:
        raise UsageError("is empty")
    feeds, _ = ws.registry.feeds()
    found = recognise(feeds, head)
    if len(found) == 1:
        return found[0]
    if not found:
        if kind := page_kind(head):
            raise UsageError(f"no feed takes it: this is {'an' if kind == 'error' else 'a'} {kind} page or body, no data")
        close = ", ".join(f"{near.name} ({near.why})" for near in nearest(feeds, head))
        raise UsageError(
            "no feed recognises its content" + (f"; closest: {close}" if close else ""),
            hint="name one with --feed (bedrot platforms)",
        )
    names = ", ".join(f.name for f in found)
    raise UsageError(f"more than one feed recognises its content: {names}", hint="name one with --feed")
