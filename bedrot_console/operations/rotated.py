"""land --rotated: the rotated generations of a file that grows are landed, each once, oldest first; the growing file itself never.

Rotations as logrotate, Python's logging and most loggers name them (*documented*): numbered (`events.jsonl.1`, `.2.gz`), dated
(`events.jsonl-20260301`, `events.jsonl.2026-03-01`, `events-20260301.jsonl`, `events.2026-03-01.jsonl.gz`).
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ..domain.browsing import Outcome
from ..domain.errors import AlreadyRunning, BedrotError, StillWritten, UsageError, disk_error
from . import browse
from .land import failed, land_one, read_head, recognised
from .workspace import Workspace

_PACKED = r"(?P<packed>\.(?:gz|bz2|xz|zst))?"
_NUMBER = r"(?P<number>\d{1,4})"
_DATE = r"(?P<date>(?:19|20)\d{2}(?P<dash>-?)\d{2}(?P=dash)\d{2}(?:[-_T.]?\d{2}(?:[-_:]?\d{2}){0,2}|-\d{9,11})?)"
MOST_UNPACKED_BYTES = 2 << 30
QUIET = timedelta(minutes=10)
"""Where the kernel does not tell us of writers (a file of another user), a file must be untouched for so long."""


@dataclass(frozen=True, slots=True)
class Generation:
    """One rotated file and its place in the row: dated ones by their date, then numbered ones, the highest number first."""

    path: Path
    order: tuple[int, str, int]
    packed: bool


def generations(live: Path) -> list[Generation]:
    """The rotated generations beside a growing file, oldest first.

    Args:
        live: need not be there itself (a rotation may leave the name free until the next event).

    Raises:
        UsageError: its folder cannot be listed, or it is a folder.
    """
    if live.is_dir():
        raise UsageError(f"is a folder: {live}", hint="name the file that grows, not its folder")
    if not live.name:
        raise UsageError("names no file")
    try:
        names = os.listdir(live.parent)
    except OSError as error:
        raise UsageError(f"{live.parent}: {(error.strerror or 'cannot be listed').lower()}") from error
    stem, suffix = (re.escape(live.stem), re.escape(live.suffix)) if live.suffix else (re.escape(live.name), "")
    whole = re.escape(live.name)
    patterns = [rf"{whole}\.{_NUMBER}{_PACKED}", rf"{whole}[-_.]{_DATE}{_PACKED}"]
    if suffix:
        patterns += [rf"{stem}[-_.]{_DATE}{suffix}{_PACKED}", rf"{stem}\.{_NUMBER}{suffix}{_PACKED}"]
    found: list[Generation] = []
    for name in names:
        match = next((m for pattern in patterns if (m := re.fullmatch(pattern, name, re.ASCII))), None)
        if match is None:
            continue
        parts = match.groupdict()
        packed = parts["packed"] is not None
        digits = re.sub(r"\D", "", parts["date"][:10] if parts.get("dash") else parts["date"][:8]) if parts.get("date") else ""
        rest = re.sub(r"\D", "", parts["date"][len(digits) + 2 * bool(parts.get("dash")) :]) if digits else ""
        order = (0, digits, int(rest.ljust(6, "0") if len(rest) < 9 else rest)) if digits else (1, "", -int(parts["number"]))
        found.append(Generation(live.parent / name, order, packed))
    return sorted(found, key=lambda g: (g.order, g.packed, g.path.name))


def land_rotated(ws: Workspace, live: Path, *, feed: str | None = None, account: str = "default") -> Iterator[Outcome]:
    """Land the rotated generations beside `live` that have not landed yet, oldest first; one Outcome each as soon as it is durable.

    A generation whose bytes landed for its feed before is `skipped`, also when it was compressed since: what it holds counts. One that
    somebody still writes is `skipped` too, with the code `still-written`: the next call takes it. The growing file, and whatever else is the
    same file under another name, is never landed.

    Raises:
        UsageError: no such feed, or no such folder.
        AlreadyRunning: another call lands the same generations just now.
    """
    if feed is not None:
        ws.registry.feed(feed)
    row = generations(live)
    if not ws.read_only:
        ws.prepare()
    with _alone(ws, live):
        ws.settle(publish="now")
        browse.reader(ws).fresh()
        landed: dict[tuple[str, str], str] = {}
        for generation in row:
            try:
                outcome = _land_one(ws, generation.path, live, feed, account, landed)
            except StillWritten as error:
                outcome = _skipped(generation.path, f"{error}: left for next time", error.code)
            except BedrotError as error:
                if os.path.lexists(generation.path):
                    outcome = failed(generation.path, error)
                else:
                    outcome = _skipped(generation.path, "was rotated away meanwhile: left for next time")
            yield outcome


def _land_one(
    ws: Workspace, path: Path, live: Path, feed: str | None, account: str, landed: dict[tuple[str, str], str]
) -> Outcome:
    """Land one generation unless it did before; `landed` maps feed and hash to the file of this call that holds them."""
    own = _identity(live)
    if own is not None and _identity(path) == own:
        return _skipped(path, "is the growing file itself under another name")
    name = feed or recognised(ws, path).name
    _quiet(ws, path)
    hashes = _hashes(path)
    before = next((landed[name, h] for h in hashes if (name, h) in landed), None) or _landed(ws, name, hashes)
    if before is not None:
        return _skipped(path, f"landed before as {before}")
    outcome = land_one(ws, path, feed=name, account=account, extension=_extension(live, path))
    if outcome.code == "still-written":
        return _skipped(path, f"{outcome.reason}: left for next time", outcome.code)
    if outcome.done:
        landed.update(((name, h), outcome.id) for h in hashes)
    return outcome


@contextmanager
def _alone(ws: Workspace, live: Path) -> Iterator[None]:
    """One call at a time per growing file, so that no generation lands twice."""
    folder = ws.settings.state / "locks"
    name = hashlib.sha256(os.fsencode(os.path.realpath(live.parent) + "/" + live.name)).hexdigest()[:16]
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        fd = os.open(folder / f"rotated-{name}", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise disk_error(error, "cannot lock the rotation") from error
    try:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise AlreadyRunning(f"the rotated files of {live.name} are being landed already") from error
        yield
    finally:
        os.close(fd)


def _quiet(ws: Workspace, path: Path) -> None:
    """Refuse a file of another user that was written a moment ago: of such files the kernel tells nobody but root who has them open.

    Raises:
        StillWritten
    """
    try:
        found = os.lstat(path)
    except OSError as error:
        raise UsageError((error.strerror or "cannot be looked at").lower()) from error
    if os.geteuid() in (0, found.st_uid):
        return
    if ws.clock.now() - datetime.fromtimestamp(found.st_mtime, UTC) < QUIET:
        raise StillWritten("was written a moment ago by another user")


def _identity(path: Path) -> tuple[int, int] | None:
    """Device and inode of what stands there, links followed; None for nothing."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _extension(live: Path, path: Path) -> str:
    """What a generation's name in landing ends with: the growing file's own extension, or that of its packing."""
    packed = path.suffix.lstrip(".").lower()
    own = live.suffix.lstrip(".").lower()
    return packed if packed in ("gz", "bz2", "xz", "zst") else own if re.fullmatch(r"[a-z0-9]{1,8}", own) else "log"


def _hashes(path: Path) -> tuple[str, ...]:
    """SHA-256 of a generation's bytes, and of what they unpack to where they are gzip'd. Nobody writes it meanwhile.

    Raises:
        StillWritten, UsageError, FixityError: as `zones.sources.reading`.
    """
    from ..zones.sources import reading

    packed = hashlib.sha256()
    inside = hashlib.sha256()
    member = zlib.decompressobj(31) if read_head(path, 2) == b"\x1f\x8b" else None
    unpacked = 0
    with reading(path) as (pieces, _):
        for piece in pieces:
            packed.update(piece)
            rest = bytes(piece)
            while member is not None and rest:
                try:
                    if member.eof and not rest.strip(b"\0"):
                        break
                    member = zlib.decompressobj(31) if member.eof else member
                    out = member.decompress(rest, 1 << 20)
                except zlib.error:
                    member = None
                    break
                inside.update(out)
                unpacked += len(out)
                rest = member.unused_data if member.eof else member.unconsumed_tail
                if unpacked > MOST_UNPACKED_BYTES:
                    member = None
    if member is not None and member.eof:
        return packed.hexdigest(), inside.hexdigest()
    return (packed.hexdigest(),)


def _landed(ws: Workspace, feed: str, hashes: tuple[str, ...]) -> str | None:
    """The file of this feed, in whatever zone or erased, that holds these bytes; None without one."""
    found = browse.reader(ws).twins_of(hashes)
    return next((row.id for rows in found.values() for row in rows if row.feed == feed), None)


def _skipped(path: Path, reason: str, code: str | None = None) -> Outcome:
    return Outcome(id=str(path), verb="land", outcome="skipped", reason=reason, code=code)
