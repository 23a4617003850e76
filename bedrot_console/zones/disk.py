"""Names and bytes on the disk, always beneath an open folder, never through a link.

Folders are reached with `openat2` (beneath the zone root, no symbolic links); files are born without a name (`O_TMPFILE`) or, where the file
system cannot do that, in the zone's own `.staging`; they get their name once, by `linkat`, which refuses to replace. Raises OSError; the
callers translate. Nothing in here knows what a sidecar is.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import platform
import signal
import stat
from collections.abc import Callable, Iterator
from contextlib import suppress

FOLDER_MODE = 0o750
FILE_MODE = 0o440
STAGING = ".staging"
COPY_BYTES = 1 << 20
EARLY_BYTES = 4 << 20

_O_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY
_NR_OPENAT2 = 437
_BENEATH = 0x02 | 0x04 | 0x08  # RESOLVE_NO_MAGICLINKS | RESOLVE_NO_SYMLINKS | RESOLVE_BENEATH
_RENAME_NOREPLACE = 1
_SYNC_FILE_RANGE_WRITE = 2
_UNSUPPORTED = (errno.EOPNOTSUPP, errno.EISDIR, errno.EINVAL, errno.ENOSYS)
COPY_INSTEAD = (errno.EXDEV, errno.EPERM, errno.EMLINK, errno.EOPNOTSUPP)
"""Answers of `link` after which a copy is the way: another file system, another owner, too many names, no links at all."""

DISK_TROUBLE = (errno.EIO, errno.ENOSPC, errno.EDQUOT, errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EROFS)
"""Answers that speak of the machine, not of the file that was named."""

_libc = ctypes.CDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long
_openat2_missing = platform.machine() not in ("x86_64", "aarch64", "riscv64")


class _OpenHow(ctypes.Structure):
    _fields_ = [("flags", ctypes.c_uint64), ("mode", ctypes.c_uint64), ("resolve", ctypes.c_uint64)]


def close(fd: int) -> None:
    """Close. What it could complain about (a write-back that failed) was asked for before, by sync."""
    with suppress(OSError):
        os.close(fd)


def _checked(result: int, name: str | bytes) -> int:
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code), os.fsdecode(name))
    return result


def open_beneath(root: int, path: str, flags: int = READ) -> int:
    """Open `path` beneath the folder `root`; no part of it may be a symbolic link, and it cannot lead outside.

    Opening never blocks (a FIFO opens and is then refused by `regular`). Falls back to folder by folder on kernels before 5.6.
    """
    global _openat2_missing
    if not _openat2_missing:
        how = _OpenHow(flags | os.O_NOFOLLOW | os.O_CLOEXEC, 0, _BENEATH)
        found = _libc.syscall(_NR_OPENAT2, root, os.fsencode(path), ctypes.byref(how), ctypes.sizeof(how))
        if found >= 0:
            return found
        code = ctypes.get_errno()
        if code != errno.ENOSYS:
            raise OSError(code, os.strerror(code), path)
        _openat2_missing = True
    parts = path.split("/")
    if any(p in ("", "..") for p in parts):
        raise OSError(errno.EXDEV, "leads outside its zone", path)
    at = root
    try:
        for part in parts[:-1]:
            below = os.open(part, _O_FOLDER, dir_fd=at)
            if at != root:
                close(at)
            at = below
        return os.open(parts[-1], flags | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=at)
    finally:
        if at != root:
            close(at)


def exists(folder: int, name: str) -> bool:
    """Whether anything at all has this name."""
    return status_of(folder, name) is not None


def status_of(folder: int, name: str) -> os.stat_result | None:
    """What stands under this name, not following links; None if nothing does."""
    try:
        return os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return None


def same_file(a: os.stat_result, b: os.stat_result) -> bool:
    return (a.st_dev, a.st_ino) == (b.st_dev, b.st_ino)


class Folders:
    """Open folders of one zone, for one chunk of work: opened (and made) once, synced together, closed at the end."""

    def __init__(self, root: str | os.PathLike[str], mode: int = FOLDER_MODE) -> None:
        self.root_path = os.fspath(root)
        self.mode = mode
        self._fds: dict[str, int] = {}

    def __enter__(self) -> Folders:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        for fd in self._fds.values():
            close(fd)
        self._fds.clear()

    @property
    def root(self) -> int:
        """The zone's own folder; FileNotFoundError if there is none yet."""
        if "" not in self._fds:
            # The root itself is ours to place: it may be a link to another disk. Beneath it no link is followed.
            self._fds[""] = os.open(self.root_path, _O_FOLDER & ~os.O_NOFOLLOW)
        return self._fds[""]

    def get(self, path: str) -> int:
        """The folder at `path` (`""` is the zone root). Raises FileNotFoundError where there is none."""
        if not path:
            return self.root
        if path not in self._fds:
            self._fds[path] = open_beneath(self.root, path, os.O_RDONLY | os.O_DIRECTORY)
        return self._fds[path]

    def make(self, path: str) -> int:
        """The folder at `path`, made where missing; every name made is durable before this returns."""
        if path in self._fds:
            return self._fds[path]
        try:
            return self.get(path)
        except FileNotFoundError:
            pass
        if not path:
            _make_root(self.root_path, self.mode)
            return self.root
        above, _, name = path.rpartition("/")
        parent = self.make(above)
        made = False
        with suppress(FileExistsError):
            os.mkdir(name, 0o700, dir_fd=parent)
            made = True
        fd = self.get(path)
        if made:
            os.fchmod(fd, self.mode)
        # Also when another process has just made it: it may not have come to its sync yet.
        os.fsync(parent)
        return fd

    def forget(self, path: str) -> None:
        """Close the folder, so that the next use opens it anew (it was removed, or its sync failed)."""
        fd = self._fds.pop(path, None)
        if fd is not None:
            close(fd)

    def sync(self, path: str) -> None:
        os.fsync(self.get(path))

    def sync_all(self) -> None:
        """Sync the whole file system the zone lies on: for many new files far cheaper than one by one.

        Errors since the zone root was opened count (kernel 5.8 and later, see `syncs_whole`).
        """
        _checked(_libc.syncfs(self.root), self.root_path)


def syncs_whole() -> bool:
    """Whether `syncfs` reports failed writes: Linux 5.8 and later (syncfs(2), "Versions")."""
    major, minor = platform.release().split(".")[:2]
    return (int(major), int("".join(c for c in minor if c.isdigit()) or 0)) >= (5, 8)


def _make_root(path: str, mode: int) -> None:
    with suppress(FileExistsError):
        os.mkdir(path, 0o700)
        os.chmod(path, mode)
    above = os.open(os.path.dirname(path), _O_FOLDER & ~os.O_NOFOLLOW)
    try:
        os.fsync(above)
    finally:
        close(above)


class Fresh:
    """A file that has no name yet. It vanishes with the process, or is swept from `.staging`, unless `name_it` succeeds.

    Attributes:
        fd: open for reading and writing.
        size: bytes written so far.
    """

    __slots__ = ("fd", "size", "_staging", "_temporary")

    def __init__(self, folders: Folders, path: str) -> None:
        """Make one that is to be named in the folder `path` of the zone (made where missing)."""
        folder = folders.make(path)
        self.size = 0
        self._temporary: str | None = None
        self._staging = -1
        try:
            self.fd = os.open(".", os.O_TMPFILE | os.O_RDWR | os.O_CLOEXEC, 0o600, dir_fd=folder)
        except OSError as error:
            if error.errno not in _UNSUPPORTED:
                raise
            self._open_staged(folders)

    def _open_staged(self, folders: Folders) -> None:
        self._staging = os.dup(folders.make(STAGING))
        try:
            while True:
                name = os.urandom(12).hex()
                fd = os.open(name, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600, dir_fd=self._staging)
                # The lock says that somebody lives here; `sweep` may have come between birth and lock.
                fcntl.flock(fd, fcntl.LOCK_SH)
                if os.fstat(fd).st_nlink:
                    self.fd, self._temporary = fd, name
                    return
                close(fd)
        except BaseException:  # whatever ended it, no folder stays open
            close(self._staging)
            self._staging = -1
            raise

    def write(self, data: bytes | memoryview) -> None:
        """Append all of `data`, however little each write takes."""
        view = memoryview(data)
        while view:
            count = os.write(self.fd, view)
            if count <= 0:
                raise OSError(errno.EIO, "the disk takes no bytes")
            view = view[count:]
            self.size += count

    def freeze(self) -> None:
        """No more writing: read-only for owner and group, whatever the umask."""
        os.fchmod(self.fd, FILE_MODE)
        if self.size >= EARLY_BYTES:
            # Starts writing back without waiting. Only a hint: errors show up in the sync that follows.
            _libc.sync_file_range(self.fd, ctypes.c_int64(0), ctypes.c_int64(0), _SYNC_FILE_RANGE_WRITE)

    def sync(self) -> None:
        """Make it durable. After an error this inode is given up and never synced again."""
        os.fsync(self.fd)

    def name_it(self, folder: int, name: str) -> None:
        """Give it its name. Raises FileExistsError rather than replace anything."""
        if self._temporary is None:
            os.link(f"/proc/self/fd/{self.fd}", name, dst_dir_fd=folder, follow_symlinks=True)
        else:
            os.link(self._temporary, name, src_dir_fd=self._staging, dst_dir_fd=folder, follow_symlinks=False)

    def status(self) -> os.stat_result:
        return os.fstat(self.fd)

    def close(self) -> None:
        """Let go; what has no name is gone."""
        if self.fd >= 0:
            if self._temporary is not None:
                with suppress(OSError):
                    os.unlink(self._temporary, dir_fd=self._staging)
                close(self._staging)
                self._temporary, self._staging = None, -1
            close(self.fd)
            self.fd = -1


def sweep(folders: Folders) -> int:
    """Remove what dead processes left in the zone's `.staging`; returns how much. The living hold locks on theirs."""
    try:
        folder = folders.get(STAGING)
    except FileNotFoundError:
        return 0
    swept = 0
    for name in os.listdir(folder):
        try:
            fd = open_beneath(folder, name)
        except OSError:
            continue
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if stat.S_ISDIR(os.fstat(fd).st_mode):
                for inner in os.listdir(fd):
                    os.unlink(inner, dir_fd=fd)
                os.rmdir(name, dir_fd=folder)
            else:
                os.unlink(name, dir_fd=folder)
            swept += 1
        except OSError:
            # Somebody lives there, or it is not of our making: tidying never stops a verb.
            pass
        finally:
            close(fd)
    return swept


def rename_new(from_folder: int, from_name: str, to_folder: int, to_name: str) -> None:
    """Rename, refusing to replace. Raises FileExistsError."""
    result = _libc.renameat2(from_folder, os.fsencode(from_name), to_folder, os.fsencode(to_name), _RENAME_NOREPLACE)
    _checked(result, to_name)


def unlink_if_there(folder: int, name: str) -> None:
    with suppress(FileNotFoundError):
        os.unlink(name, dir_fd=folder)


def kind_of(mode: int) -> str:
    """What a thing on the disk is, in words."""
    kinds = (
        (stat.S_ISREG, "a regular file"), (stat.S_ISDIR, "a folder"), (stat.S_ISLNK, "a symbolic link"), (stat.S_ISFIFO, "a FIFO"),
        (stat.S_ISSOCK, "a socket"), (stat.S_ISBLK, "a device"), (stat.S_ISCHR, "a device"),
    )  # fmt: skip
    return next((word for test, word in kinds if test(mode)), "something odd")


class Lease:
    """Proof that nobody has an open file open for writing, nor maps it writably; held, it keeps writers waiting until the file is closed.

    `held` is None where the file system or our rights do not allow leases; then size and times must serve. A writer that knocks sends us
    SIGURG (ignored by default) instead of SIGIO (which would end the process).
    """

    __slots__ = ("fd", "held")

    def __init__(self, fd: int) -> None:
        """Raises BlockingIOError while somebody has it open for writing."""
        self.fd = fd
        self.held: bool | None = None
        try:
            fcntl.fcntl(fd, fcntl.F_SETSIG, signal.SIGURG)
            fcntl.fcntl(fd, fcntl.F_SETLEASE, fcntl.F_RDLCK)
            self.held = True
        except BlockingIOError:
            raise
        except OSError as error:
            if error.errno not in (errno.EACCES, errno.EPERM, errno.EINVAL, errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS):
                raise

    def undisturbed(self) -> bool:
        """Whether nobody knocked since it was taken (also True where leases do not work). Closing the file lets it go."""
        return not self.held or fcntl.fcntl(self.fd, fcntl.F_GETLEASE) == fcntl.F_RDLCK


def chunks_of(fd: int, size: int, *, offset: int = 0) -> Iterator[bytes | memoryview]:
    """The bytes from `offset` up to `size`, small files in one read of exact size, big ones through one reused buffer.

    A view is valid until the next step. Stops early where the file is shorter.
    """
    if size - offset <= COPY_BYTES:
        while offset < size:
            data = os.pread(fd, size - offset, offset)
            if not data:
                return
            yield data
            offset += len(data)
        return
    buffer = memoryview(bytearray(COPY_BYTES))
    while offset < size:
        count = os.preadv(fd, [buffer[: min(COPY_BYTES, size - offset)]], offset)
        if not count:
            return
        yield buffer[:count]
        offset += count


def hash_of(fd: int, size: int, new_hash: Callable) -> str:
    """Hex hash of the first `size` bytes."""
    digest = new_hash()
    for data in chunks_of(fd, size):
        digest.update(data)
    return digest.hexdigest()
