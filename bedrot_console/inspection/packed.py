"""Zip archives and gzip streams, opened with suspicion: bounded depth, entries, ratio and size; nothing is ever written under a name from
inside."""

from __future__ import annotations

import io
import os
import tempfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from typing import BinaryIO

from .contents import FormatTrouble

MOST_ENTRIES = 1000
MOST_RATIO = 200
MOST_BYTES = 1 << 30
MOST_DEPTH = 2
IN_MEMORY_BYTES = 64 << 20
PIECE_BYTES = 1 << 20


def spool(size_hint: int = 0) -> BinaryIO:
    """A nameless file for content made on the way: in memory when small, else in the temporary folder. `/proc/self/fd/N` opens it again."""
    if size_hint <= IN_MEMORY_BYTES and hasattr(os, "memfd_create"):
        return os.fdopen(os.memfd_create("inspection", os.MFD_CLOEXEC), "w+b")
    return tempfile.TemporaryFile("w+b")


def is_zip(head: bytes) -> bool:
    return head[:4] in (b"PK\x03\x04", b"PK\x05\x06")


def unpack(file: BinaryIO, *, depth: int = MOST_DEPTH) -> BinaryIO:
    """The one data file inside an archive (or inside the one archive inside it), as a spooled file at offset 0.

    Folders, `__MACOSX` and dotfiles are passed over.

    Raises:
        FormatTrouble: `format.archive`, when damaged, encrypted, empty, with more than one data file, too deep, too many entries, too large
            or packed beyond reason. Sizes are counted while unpacking; what headers claim is not trusted.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            entries = archive.infolist()
            if len(entries) > MOST_ENTRIES:
                raise FormatTrouble("format.archive", f"the archive has more than {MOST_ENTRIES} entries", seen=str(len(entries)))
            members = [e for e in entries if _is_data(e)]
            if len(members) != 1:
                raise FormatTrouble(
                    "format.archive", "the archive does not hold exactly one data file", expected="1", seen=str(len(members))
                )
            member = members[0]
            if member.flag_bits & 1:
                raise FormatTrouble("format.archive", "the archive is encrypted")
            inner = _unpack_member(archive, member)
    except DAMAGE as trouble:
        if isinstance(trouble, FormatTrouble):
            raise
        raise FormatTrouble("format.archive", "the archive is damaged") from trouble
    head = inner.read(4)
    inner.seek(0)
    if not is_zip(head):
        return inner
    with inner:
        if depth <= 1:
            raise FormatTrouble("format.archive", "archives lie in archives too deeply", expected=f"{MOST_DEPTH} levels")
        return unpack(inner, depth=depth - 1)


def listing(file: BinaryIO, head_bytes: int, *, limit: int = 50) -> tuple[list[tuple[str, int, bytes]], int]:
    """(name, claimed size and first unpacked bytes of the data files of an archive, in its order, the first `limit` of them; how many it has).

    For people to look at: a data file that cannot be unpacked has no bytes. Names are outside texts. Empty for what is no archive.
    """
    found: list[tuple[str, int, bytes]] = []
    try:
        with zipfile.ZipFile(file) as archive:
            members = [e for e in archive.infolist() if _is_data(e)]
            for entry in members[:limit]:
                try:
                    with archive.open(entry) as source:
                        head = source.read(head_bytes)
                except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError):
                    head = b""
                found.append((entry.filename, entry.file_size, head))
    except (zipfile.BadZipFile, OSError, ValueError, OverflowError):
        return [], 0
    return found, len(members)


DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError, ValueError, OverflowError)
"""What opening and unpacking a hostile archive can raise; FormatTrouble is among its kinds."""


def members(file: BinaryIO, *, limit: int = MOST_ENTRIES) -> tuple[list[tuple[str, int, int]], int]:
    """(name, claimed size, packed size) of the first `limit` data files of an archive, in its order; and how many it has. Names are outside
    texts.

    Raises:
        FormatTrouble: `format.archive`, it is damaged.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            every = [e for e in archive.infolist() if _is_data(e)]
            return [(e.filename, e.file_size, e.compress_size) for e in every[:limit]], len(every)
    except DAMAGE as trouble:
        raise FormatTrouble("format.archive", "the archive is damaged") from trouble


def open_member(file: BinaryIO, number: int) -> BinaryIO:
    """Data file `number` of an archive (as `members` counts them, from 0), unpacked into a spooled file at offset 0.

    Raises:
        FormatTrouble: `format.archive`, when there is none, or it is damaged, encrypted or packed beyond reason.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            every = [e for e in archive.infolist() if _is_data(e)]
            if not 0 <= number < len(every):
                raise FormatTrouble("format.archive", f"the archive has no file number {number + 1}")
            if every[number].flag_bits & 1:
                raise FormatTrouble("format.archive", "the archive is encrypted")
            return _unpack_member(archive, every[number])
    except DAMAGE as trouble:
        if isinstance(trouble, FormatTrouble):
            raise
        raise FormatTrouble("format.archive", "the archive is damaged") from trouble


def _is_data(entry: zipfile.ZipInfo) -> bool:
    name = entry.filename
    return not entry.is_dir() and not name.startswith("__MACOSX") and not name.rsplit("/", 1)[-1].startswith(".")


def _unpack_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> BinaryIO:
    out = spool(member.file_size)
    written = 0
    most = min(MOST_BYTES, max(member.compress_size, 1) * MOST_RATIO + (1 << 20))
    with archive.open(member) as source:
        while chunk := source.read(1 << 20):
            written += len(chunk)
            if written > most:
                out.close()
                raise FormatTrouble("format.archive", "the archive unpacks beyond reason", expected=f"at most {most:,} bytes")
            out.write(chunk)
    out.flush()
    out.seek(0)
    return out


def first_member_head(head: bytes, limit: int = 64 << 10) -> bytes:
    """The first unpacked bytes of an archive of which only the beginning is at hand (for recognisers); empty if that cannot be told.

    Reads the local header of the first entry, and once more if that entry is an archive.
    """
    for _ in range(MOST_DEPTH):
        if head[:4] != b"PK\x03\x04" or len(head) < 30:
            return head[:limit]
        method = int.from_bytes(head[8:10], "little")
        start = 30 + int.from_bytes(head[26:28], "little") + int.from_bytes(head[28:30], "little")
        if method == 0:
            head = head[start:]
        elif method == 8:
            try:
                head = zlib.decompressobj(-15).decompress(head[start:], limit)
            except zlib.error:
                return b""
        else:
            return b""
    return head[:limit]


def as_file(data: bytes) -> BinaryIO:
    """Bytes as a spooled file at offset 0."""
    out = spool(len(data))
    out.write(data)
    out.flush()
    out.seek(0, io.SEEK_SET)
    return out


def is_gzip(head: bytes) -> bool:
    return head[:2] == b"\x1f\x8b"


def first_gzip_head(head: bytes, limit: int = 1 << 20) -> bytes:
    """The first unpacked bytes of a gzip stream of which only the beginning is at hand (for recognisers); empty if that cannot be told."""
    try:
        return zlib.decompressobj(31).decompress(head, limit)
    except zlib.error:
        return b""


def gunzip(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The unpacked bytes of a gzip stream (of one member or several), piece by piece, never more than 1 MiB at once.

    Raises:
        FormatTrouble: `format.archive` when damaged or packed beyond reason, `format.truncated` when it breaks off. Sizes are counted while
            unpacking; what the stream claims is not trusted.
    """
    packed = unpacked = 0
    member = zlib.decompressobj(31)
    try:
        for piece in pieces:
            packed += len(piece)
            while piece:
                if member.eof:
                    if not (piece := piece.lstrip(b"\0")):
                        break
                    member = zlib.decompressobj(31)
                out = member.decompress(piece, PIECE_BYTES)
                piece = member.unused_data if member.eof else member.unconsumed_tail
                unpacked += len(out)
                if unpacked > (most := min(MOST_BYTES, packed * MOST_RATIO + (1 << 20))):
                    raise FormatTrouble("format.archive", "the archive unpacks beyond reason", expected=f"at most {most:,} bytes")
                if out:
                    yield out
        if not member.eof and (rest := member.flush()):
            yield rest
    except zlib.error as trouble:
        raise FormatTrouble("format.archive", "the archive is damaged") from trouble
    if not member.eof:
        raise FormatTrouble("format.truncated", "the compressed file breaks off")
