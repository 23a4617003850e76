"""The one gate: every DuckDB connection to a catalog file is opened here, under the rules that keep it whole.

Facts about DuckDB 2.0.0 and 1.5, measured: it reads a file's headers before it takes its lock, so writers take our own `flock` from
before connect until after close; closing any descriptor of a connected file inside the same process drops DuckDB's lock, so an
audit hook forbids opening one; a kill in the first writes of a new file leaves a file that never opens, so files are born
under another name.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import sys
import threading
import time
import weakref
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from ..domain.errors import CatalogBusy, CatalogError, CatalogTooNew
from . import schema
from .engine import duckdb
from .trouble import BY_A_WRITER, GIVEN_UP, CatalogDamaged, digest, has_shape, translated

_SETTINGS: dict[str, Any] = {
    "memory_limit": "256MB",
    "threads": 2,
    "autoload_known_extensions": False,
    "autoinstall_known_extensions": False,
    "temp_directory": "",
    "python_enable_replacements": False,
    "late_materialization_max_rows": 1000,
}

SPARING_BYTES = 24_000_000
"""Memory of a reader that is sparing: nearly every question is answered with it. Blocks that are read again come from the system's cache."""

EASED_BYTES = 12_000_000
"""Blocks that a reader keeps while nobody asks."""

_connected: Counter[tuple[int, int]] = Counter()
_guard = threading.Lock()
_hooked = False


def _watch_opens(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "open" and _connected:
        target = arguments[0]
        if isinstance(target, (str, bytes, os.PathLike)) and not (isinstance(arguments[2], int) and arguments[2] & _O_PATH):
            try:
                found = os.stat(target)
            except (OSError, ValueError):
                return
            if (found.st_dev, found.st_ino) in _connected:
                raise CatalogError(
                    f"a connected catalog file may not be opened: {os.fsdecode(target)}", hint="copy it from another process"
                )


_O_PATH = getattr(os, "O_PATH", 0)


def _register(path: Path) -> Callable[[], None]:
    """Mark `path`'s inode as connected, for the audit hook; what is returned takes the mark away.

    Until then the inode is held by a descriptor that only names it (O_PATH; closing one drops no lock): a catalog that is replaced while it is
    connected leaves its inode to the next file that is made, and that one would pass for the catalog.
    """
    global _hooked
    held = os.open(path, _O_PATH | os.O_CLOEXEC) if _O_PATH else None
    found = os.stat(path) if held is None else os.fstat(held)
    key = (found.st_dev, found.st_ino)
    with _guard:
        if not _hooked:
            sys.addaudithook(_watch_opens)
            _hooked = True
        _connected[key] += 1

    def forget() -> None:
        with _guard:
            _connected[key] -= 1
            if not _connected[key]:
                del _connected[key]
        if held is not None:
            os.close(held)

    return forget


def interrupt(cursor: Any) -> None:
    """Break off what another thread asks on its cursor; nothing if it has ended meanwhile."""
    with contextlib.suppress(duckdb.Error):
        cursor.interrupt()


def _shut(connection: Any) -> None:
    try:
        connection.execute("USE memory; DETACH catalog")
    except duckdb.Error:
        pass
    connection.close()


class Database:
    """One open catalog file. `cursor()` gives a connection of its own for a thread; `close()` ends all of them.

    Args:
        sparing: with SPARING_BYTES of memory, until `widen`.
    """

    def __init__(self, path: Path, *, read_only: bool, sparing: bool = False) -> None:
        self.path = path
        self._read_only = read_only
        self._sparing = sparing
        self.widened = False
        self._least = f"{SPARING_BYTES}B" if sparing else _SETTINGS["memory_limit"]
        self._mutex = threading.Lock()
        self._users = 0
        self._retired = False
        self._stack = contextlib.ExitStack()
        self._finalizer = weakref.finalize(self, self._stack.close)
        try:
            found = os.lstat(path)
            if not os.path.isfile(path) or os.path.islink(path) or found.st_size == 0:
                raise CatalogDamaged(f"{path.name} is not a catalog file")
            self._stack.callback(_register(path))
            self._connection: Any = self._instance()
            self._check_version(read_only)
        except CatalogError:
            self.close()
            raise
        except FileNotFoundError as error:
            self.close()
            raise CatalogError(f"there is no {path.name} yet") from error
        except (duckdb.Error, OSError) as error:
            self.close()
            raise translated(error, path) from error

    def _instance(self) -> Any:
        """A new instance of DuckDB with the file in it; it ends when this closes."""
        connection = duckdb.connect(":memory:", config=_SETTINGS | {"memory_limit": self._least})
        self._stack.callback(_shut, connection)
        mode = " (READ_ONLY)" if self._read_only else ""
        connection.execute(f"ATTACH {schema.text(str(self.path))} AS catalog{mode}")
        connection.execute("USE catalog; SET enable_progress_bar = false; SET enable_external_access = false")
        return connection

    def _check_version(self, read_only: bool) -> None:
        found = self._connection.execute("SELECT version, applied_seq FROM base.meta").fetchall()
        if len(found) != 1:
            raise CatalogDamaged(f"{self.path.name} has no stamp")
        if found[0][0] > schema.VERSION:
            raise CatalogTooNew(f"{self.path.name} was written by a newer version of this program")
        self.version: int = found[0][0]
        if read_only and self.version < schema.VERSION:
            raise CatalogDamaged(
                f"{self.path.name} is of an older version",
                hint=BY_A_WRITER,
            )

    @property
    def connection(self) -> Any:
        """The first connection; for the one thread that opened the file."""
        return self._connection

    @contextlib.contextmanager
    def cursor(self) -> Iterator[Any]:
        """A connection for one call. Errors of DuckDB come out translated."""
        connection = self._connection
        try:
            with contextlib.closing(connection.cursor()) as cursor:
                cursor.execute("USE catalog; SET enable_progress_bar = false")
                yield cursor
        except duckdb.Error as error:
            found = translated(error, self.path, self.sound)
            if self._read_only and isinstance(error, GIVEN_UP) and not isinstance(found, CatalogDamaged):
                self._revive(connection)
            raise found from error

    def _revive(self, dead: Any) -> None:
        """Put a new instance in the place of one that gave up over a question; the file is whole."""
        with self._mutex:
            if self._connection is dead:
                with contextlib.suppress(duckdb.Error, OSError):
                    self._connection = self._instance()

    def sound(self, deep: bool) -> bool:
        """Whether the file has the shape of a catalog, and with `deep` whether all of it can be read; True where it cannot be looked at.

        A file that is written is closed by a deep look: whoever met an error in it does not go on.
        """
        try:
            if not deep:
                with contextlib.closing(self._connection.cursor()) as cursor:
                    cursor.execute("USE catalog")
                    return has_shape(cursor)
            if not self._read_only:
                self.close()
            with contextlib.closing(Database(self.path, read_only=True, sparing=self._sparing)) as other:
                digest(other.connection)
                return has_shape(other.connection)
        except CatalogError as error:
            return not isinstance(error, CatalogDamaged)
        except duckdb.Error as error:
            return not isinstance(translated(error, self.path), CatalogDamaged)

    def ease(self) -> None:
        """Give back the memory of blocks that were kept for the next question. Nobody may be asking meanwhile."""
        held = self._connection.execute("SELECT sum(memory_usage_bytes) FROM duckdb_memory()").fetchone()[0]
        if held and held > EASED_BYTES:
            with contextlib.suppress(duckdb.OutOfMemoryException):
                self._connection.execute(f"SET memory_limit = '{EASED_BYTES}B'")
        self._connection.execute(f"SET memory_limit = '{self._least}'")
        self.widened = False

    def widen(self) -> bool:
        """Let questions have all the memory that a catalog may have, until `ease`; False if they had it. Others may be asking meanwhile."""
        if not self._sparing:
            return False
        self.widened = True
        with self.cursor() as cursor:
            cursor.execute(f"SET memory_limit = '{_SETTINGS['memory_limit']}'")
        return True

    def close(self) -> None:
        """Close; for a writer this also checkpoints. May be called again; a forgotten one closes when it is collected."""
        self._stack.close()

    def take(self) -> None:
        """A call begins: the file stays open until it ends."""
        with self._mutex:
            self._users += 1

    def give(self) -> None:
        """A call ended."""
        with self._mutex:
            self._users -= 1
            last = self._retired and not self._users
        if last:
            self.close()

    def retire(self) -> None:
        """Close as soon as no call uses it."""
        with self._mutex:
            self._retired = True
            idle = not self._users
        if idle:
            self.close()


@contextlib.contextmanager
def exclusive(path: Path, wait_seconds: float) -> Iterator[None]:
    """Hold the writer's lock. Waiting is in the kernel's queue, so that nobody starves.

    Raises:
        CatalogBusy: somebody else held it for all of `wait_seconds`.
        CatalogError: the lock file cannot be made (a read-only home).
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        refused = error.errno in (errno.EACCES, errno.EPERM, errno.EROFS)
        raise CatalogError(f"the catalog cannot be written: {error.strerror}", hint=BY_A_WRITER if refused else None) from error
    handed: list[bool] = []
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        _wait_for(fd, wait_seconds, handed)
    try:
        yield
    finally:
        os.close(fd)


def _wait_for(fd: int, wait_seconds: float, handed: list[bool]) -> None:
    """Block in `flock` on a thread, so that the wait is fair and still ends; a thread that comes too late gives the lock back."""
    got, mutex = threading.Event(), threading.Lock()
    late: list[bool] = []

    def wait() -> None:
        fcntl.flock(fd, fcntl.LOCK_EX)
        with mutex:
            if late:
                os.close(fd)
            else:
                handed.append(True)
                got.set()

    if wait_seconds > 0:
        threading.Thread(target=wait, daemon=True, name="catalog-lock").start()
        got.wait(wait_seconds)
        with mutex:
            if handed:
                return
            late.append(True)
    else:
        os.close(fd)
    raise CatalogBusy("the catalog is being written by another process")


def born(path: Path) -> None:
    """Make an empty catalog file at `path`, whole or not at all (created under another name, synced, renamed)."""
    _made(path, None)


def compact(path: Path) -> None:
    """Write the closed catalog file at `path` anew, without the room that dropped tables left in it; whole or not at all."""
    try:
        _made(path, path)
    except (CatalogError, OSError) as error:
        with contextlib.suppress(OSError):
            _beside(path).unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise translated(error, path) from error
        raise


def _beside(path: Path) -> Path:
    return path.with_name(f".{path.name}.new")


def _made(path: Path, source: Path | None) -> None:
    temporary = _beside(path)
    for leftover in (temporary, temporary.with_name(temporary.name + ".wal")):
        leftover.unlink(missing_ok=True)
    connection = duckdb.connect(":memory:", config=_SETTINGS)
    try:
        connection.execute(f"ATTACH {schema.text(str(temporary))} AS catalog (STORAGE_VERSION '{schema.STORAGE}')")
        schema.create(connection, "catalog")
        if source is not None:
            connection.execute(f"ATTACH {schema.text(str(source))} AS source (READ_ONLY)")
            for table in schema.TABLES:
                connection.execute(f"DELETE FROM catalog.base.{table}; INSERT INTO catalog.base.{table} FROM source.base.{table}")
            connection.execute("DETACH source")
        connection.execute("DETACH catalog")
    except duckdb.Error as error:
        raise translated(error, path) from error
    finally:
        connection.close()
    os.chmod(temporary, 0o600)
    settle(temporary, path)


def settle(temporary: Path, path: Path) -> None:
    """Sync `temporary`, rename it over `path` (whose write-ahead log goes first), sync the folder."""
    sync(temporary)
    path.with_name(path.name + ".wal").unlink(missing_ok=True)
    os.rename(temporary, path)
    sync(path.parent)


def sync(path: Path) -> None:
    """fsync a file or folder by name."""
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def set_aside(path: Path, keep: Path) -> None:
    """Move a damaged file, and its write-ahead log, out of the way into `keep`; the newest few stay for whoever wants to look."""
    keep.mkdir(parents=True, exist_ok=True, mode=0o700)
    stamp = f"{time.time_ns():020d}"
    for found in (path, path.with_name(path.name + ".wal")):
        if os.path.lexists(found):
            os.rename(found, keep / f"{stamp}-{found.name}")
    old = sorted({p.name.split("-", 1)[0] for p in keep.iterdir()})[:-3]
    for item in [p for p in keep.iterdir() if p.name.split("-", 1)[0] in old]:
        if item.is_dir() and not item.is_symlink():
            import shutil

            shutil.rmtree(item, ignore_errors=True)
        else:
            item.unlink(missing_ok=True)
