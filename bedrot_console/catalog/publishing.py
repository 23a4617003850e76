"""Publishing: the closed work file is copied, synced, made read-only and renamed over `catalog.duckdb`. And the small state beside it."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from ..domain.errors import CatalogError
from . import schema
from .gate import sync
from .standing import Print, print_of
from .summary import write_private

LEAST_SECONDS = 1.0
SHARE = 0.1


@dataclass(frozen=True, slots=True)
class State:
    """What the last writer left: `work` and `published` are prints, so that a change by anybody else is noticed with one stat each.

    A hint, never the truth: the stamp inside the file decides. `published_at` is seconds since the epoch on the clock handed in,
    `seconds` how long the last publishing took.
    """

    applied_seq: int = -1
    work: Print | None = None
    published_seq: int = -1
    published: Print | None = None
    published_at: float = 0.0
    seconds: float = 0.0

    @classmethod
    def read(cls, path: Path) -> State:
        """The state on disk; an empty one if there is none or it is not one."""
        try:
            with open(path, "rb") as file:
                found = json.loads(file.read())
            if found["version"] != schema.VERSION:
                return cls()  # written by another version of this program: whatever it says is about other tables
            return cls(
                applied_seq=int(found["applied_seq"]), work=_print(found["work"]), published_seq=int(found["published_seq"]),
                published=_print(found["published"]), published_at=float(found["published_at"]), seconds=float(found["seconds"]),
            )  # fmt: skip
        except (OSError, ValueError, KeyError, TypeError):
            return cls()

    def write(self, path: Path) -> None:
        """Replace the state on disk."""
        write_private(path, json.dumps(asdict(self) | {"version": schema.VERSION}).encode())

    def due(self, now: float) -> bool:
        """Whether the next publishing is due: at most once a second, and never more than a tenth of the time."""
        return not 0 <= now - self.published_at < max(LEAST_SECONDS, self.seconds * (1 / SHARE - 1))

    def with_work(self, applied_seq: int, work: Path) -> State:
        """This state after an apply."""
        return replace(self, applied_seq=applied_seq, work=print_of(work))


def _print(value: object) -> Print | None:
    return (int(value[0]), int(value[1])) if isinstance(value, list) and len(value) == 2 else None


def publish(work: Path, published: Path) -> None:
    """Copy the work file over the published one, whole or not at all. The caller holds the writer's lock and has the work file closed.

    Raises:
        CatalogError: the work file is not closed cleanly, or the disk refused; what was published stays.
    """
    if os.path.lexists(work.with_name(work.name + ".wal")):
        raise CatalogError("the work file has unwritten changes and was not published")
    temporary = published.with_name(published.name + ".new")
    try:
        temporary.unlink(missing_ok=True)
        _copy(work, temporary)
        os.rename(temporary, published)
        sync(published.parent)
    except OSError as error:
        try:
            temporary.unlink(missing_ok=True)
        except OSError:
            pass
        raise CatalogError(
            f"the catalog cannot be published: {error.strerror}", hint="free space or mend rights, then: bedrot rebuild"
        ) from error


def _copy(source: Path, target: Path) -> None:
    """Copy inside the kernel where it can, sync, make read-only."""
    reading = os.open(source, os.O_RDONLY | os.O_CLOEXEC)
    try:
        writing = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            left = os.fstat(reading).st_size
            while left:
                done = _some(reading, writing, left)
                if not done:
                    raise OSError(5, "the work file became shorter while it was copied")
                left -= done
            os.fchmod(writing, 0o444)
            os.fsync(writing)
        finally:
            os.close(writing)
    finally:
        os.close(reading)


def _some(reading: int, writing: int, left: int) -> int:
    try:
        return os.copy_file_range(reading, writing, left)
    except OSError as error:
        if error.errno not in (1, 18, 22, 38, 95):  # EPERM, EXDEV, EINVAL, ENOSYS, EOPNOTSUPP: not here; read and write instead
            raise
    return os.sendfile(writing, reading, None, min(left, 1 << 30))
