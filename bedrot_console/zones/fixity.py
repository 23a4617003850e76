"""Fixity: what lies in the zones, and whether it is what its sidecars say."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, BinaryIO

import msgspec

from ..domain.errors import FixityError, UsageError, disk_error
from ..domain.files import SIDECAR_SCHEMA, SIDECAR_SUFFIX, Sidecar
from ..domain.lifecycle import Zone
from ..resilience import Deadline
from . import disk, intents

if TYPE_CHECKING:
    from .store import Zones

ZONES = (Zone.LANDING, Zone.RAW, Zone.QUARANTINE)
ORPHANS = "_orphans"
_MOST_SIDECAR = 1 << 20
_BATCH = 64

PROBLEMS = (
    "payload-missing", "size-differs", "hash-differs", "sidecar-damaged", "sidecar-missing", "unexpected-file",
)  # fmt: skip
"""What can be wrong with a file, for ever these words."""


@dataclass(frozen=True, slots=True)
class Fixity:
    """One file looked at. `path` is the payload's; `problem` is None or one of PROBLEMS; `id` is None where no sidecar can be read."""

    zone: Zone
    path: str
    id: str | None
    problem: str | None


def names(zones: Zones, zone: Zone) -> Iterator[tuple[str, list[str]]]:
    """Every folder of a zone with the names of its files, sorted. Dot names, `_orphans` and the root's README.md are not ours."""
    root = os.fspath(zones.root(zone))
    pending = [""]
    while pending:
        folder = pending.pop()
        files: list[str] = []
        below: list[str] = []
        try:
            with os.scandir(os.path.join(root, folder)) as entries:
                for entry in entries:
                    if entry.name.startswith("."):
                        continue
                    if entry.is_dir(follow_symlinks=False):
                        if folder or entry.name != ORPHANS:
                            below.append(f"{folder}/{entry.name}" if folder else entry.name)
                    elif folder or entry.name != "README.md":
                        files.append(entry.name)
        except FileNotFoundError:
            continue
        except OSError as error:
            raise disk_error(error, f"cannot list {zone}") from error
        yield folder, sorted(files)
        pending += sorted(below, reverse=True)


def read_sidecar(folder: int, name: str) -> Sidecar:
    """The sidecar of the payload `name`.

    Raises:
        FixityError: damaged, or not a file. FileNotFoundError: none there.
    """
    try:
        fd = os.open(name + SIDECAR_SUFFIX, disk.READ, dir_fd=folder)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENXIO):
            raise FixityError("its sidecar is a link or a device") from error
        raise
    try:
        status = os.fstat(fd)
        if not stat.S_ISREG(status.st_mode) or status.st_size > _MOST_SIDECAR:
            raise FixityError("its sidecar is not a sidecar")
        return sidecar_of(os.read(fd, status.st_size + 1))
    finally:
        disk.close(fd)


def sidecar_of(data: bytes) -> Sidecar:
    """What `Sidecar.from_bytes` says, sooner where the bytes are spelled as we spell them."""
    at = data.find(_SEAL)
    if _SCHEMA in data and at >= 0:
        seal_end = at + len(_SEAL) + 65
        plain = hashlib.sha256(data[:at])
        plain.update(data[seal_end:-1])
        if data[at + len(_SEAL) : seal_end] == b'%s"' % plain.hexdigest().encode() and data.endswith(b"}\n"):
            try:
                return _sidecar(data)
            except msgspec.DecodeError:
                pass
    return Sidecar.from_bytes(data)


# A quote inside a JSON string is escaped, so these stand in a record of ours only where the names themselves stand.
_SEAL = b',"self_sha256":"'
_SCHEMA = b',"schema":%d,"sealed":' % SIDECAR_SCHEMA
_sidecar = msgspec.json.Decoder(Sidecar).decode


def walk(zones: Zones, zone: Zone | None = None) -> Iterator[tuple[Zone, str, Sidecar | FixityError]]:
    """Committed files; see `Zones.walk`."""
    for one in ZONES if zone is None else (zone,):
        with disk.Folders(zones.root(one)) as folders:
            for folder, files in names(zones, one):
                try:
                    fd = folders.get(folder)
                    for name in files:
                        if name.endswith(SIDECAR_SUFFIX):
                            payload = name[: -len(SIDECAR_SUFFIX)]
                            found = _committed(fd, payload)
                            if found is not None:
                                yield one, f"{folder}/{payload}" if folder else payload, found
                except FileNotFoundError:
                    continue
                except OSError as error:
                    raise disk_error(error, f"cannot read {one}") from error
                finally:
                    if folder:
                        folders.forget(folder)


def _committed(folder: int, name: str) -> Sidecar | FixityError | None:
    try:
        sidecar = read_sidecar(folder, name)
    except FileNotFoundError:
        return None
    except FixityError as error:
        return error
    status = disk.status_of(folder, name)
    if status is None:
        return None if disk.status_of(folder, name + SIDECAR_SUFFIX) is None else FixityError("its payload is missing")
    if not stat.S_ISREG(status.st_mode) or status.st_size != sidecar.size_bytes:
        return FixityError("its payload is not the file of the sidecar")
    return sidecar


def verify(
    zones: Zones, paths: Iterable[tuple[Zone, str]] | None, *, threads: int, budget_seconds: float | None
) -> Iterator[Fixity]:
    """Compare bytes with sidecars; see `Zones.verify`."""
    deadline = Deadline.after(zones.clock, budget_seconds) if budget_seconds is not None else None
    source = _everything(zones) if paths is None else iter(paths)
    roots = {zone: disk.Folders(zones.root(zone)) for zone in ZONES}

    def look(batch: list[tuple[Zone, str]]) -> list[Fixity]:
        found = (_look(zones, roots[zone], zone, path, listed=paths is None) for zone, path in batch)
        return [f for f in found if f is not None]

    try:
        for folders in roots.values():
            try:
                folders.get("")
            except OSError as error:
                if error.errno != errno.ENOENT:
                    raise disk_error(error, "cannot open a zone") from error
        with ThreadPoolExecutor(max(1, threads)) as pool:
            while batches := [b for b in (list(islice(source, _BATCH)) for _ in range(max(1, threads))) if b]:
                if deadline is not None and deadline.passed:
                    return
                for found in pool.map(look, batches):
                    yield from found
    finally:
        for folders in roots.values():
            folders.close()


def _everything(zones: Zones) -> Iterator[tuple[Zone, str]]:
    for zone in ZONES:
        for folder, files in names(zones, zone):
            seen = set(files)
            for name in files:
                if name.endswith(SIDECAR_SUFFIX):
                    payload = name[: -len(SIDECAR_SUFFIX)]
                    if payload in seen:
                        continue
                    name = payload
                yield zone, f"{folder}/{name}" if folder else name


def _look(zones: Zones, folders: disk.Folders, zone: Zone, path: str, *, listed: bool) -> Fixity | None:
    """One file; None where somebody is at work on it, or (`listed`: we saw its name ourselves) it left while we looked."""
    try:
        found = _look_once(folders, zone, path)
        if found.problem is None:
            return found
        with disk.Folders(zones.state, 0o700) as state:
            if f"{zone}/{path}" in _planned(state):
                return None
        # Whoever was at work on it has come to an end; look again.
        found = _look_once(folders, zone, path)
        gone = found.problem == "payload-missing" and found.id is None
        return None if gone and listed else found
    except OSError as error:
        raise disk_error(error, f"cannot read {zone}/{path}") from error


def _planned(state: disk.Folders) -> set[str]:
    try:
        return intents.planned(state)
    except FileNotFoundError:
        return set()


def _look_once(folders: disk.Folders, zone: Zone, path: str) -> Fixity:
    folder, _, name = path.rpartition("/")
    try:
        fd = disk.open_beneath(folders.root, folder or ".", os.O_RDONLY | os.O_DIRECTORY)
    except FileNotFoundError:
        return Fixity(zone, path, None, "payload-missing")
    try:
        try:
            sidecar = read_sidecar(fd, name)
        except FileNotFoundError:
            status = disk.status_of(fd, name)
            if status is None:
                return Fixity(zone, path, None, "payload-missing")
            ours = stat.S_ISREG(status.st_mode) and stat.S_IMODE(status.st_mode) == disk.FILE_MODE
            return Fixity(zone, path, None, "sidecar-missing" if ours else "unexpected-file")
        except FixityError:
            return Fixity(zone, path, None, "sidecar-damaged")
        return Fixity(zone, path, sidecar.id, _problem(fd, name, sidecar))
    finally:
        disk.close(fd)


def _problem(folder: int, name: str, sidecar: Sidecar) -> str | None:
    try:
        fd = os.open(name, disk.READ, dir_fd=folder)
    except OSError as error:
        if error.errno == errno.ENOENT:
            return "payload-missing"
        if error.errno in (errno.ELOOP, errno.ENXIO):
            return "unexpected-file"
        raise
    try:
        status = os.fstat(fd)
        if not stat.S_ISREG(status.st_mode):
            return "unexpected-file"
        if status.st_size != sidecar.size_bytes:
            return "size-differs"
        return None if disk.hash_of(fd, status.st_size, hashlib.sha256) == sidecar.sha256 else "hash-differs"
    finally:
        disk.close(fd)


def open_payload(zones: Zones, zone: Zone, path: str) -> BinaryIO:
    """The payload, for reading; see `Zones.open`."""
    try:
        with disk.Folders(zones.root(zone)) as folders:
            fd = disk.open_beneath(folders.root, path)
    except OSError as error:
        if error.errno == errno.ENOENT:
            raise UsageError(f"no such file: {zone}/{path}") from error
        if error.errno in (errno.ELOOP, errno.EXDEV, errno.ENOTDIR, errno.ENXIO):
            raise FixityError(f"{zone}/{path} is a link or leads outside its zone", hint="bedrot verify") from error
        raise disk_error(error, f"cannot open {zone}/{path}") from error
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        disk.close(fd)
        raise FixityError(f"{zone}/{path} is not a regular file", hint="bedrot verify")
    return os.fdopen(fd, "rb")
