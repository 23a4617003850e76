"""What is looked at, opened: a payload, a member of an archive in it, a sheet; as bytes of a known kind. The last ones are kept open.

Only for the limited child. A long file is mapped, never read whole; what was unpacked lies in a nameless file.
"""

from __future__ import annotations

import mmap
import os
from collections import OrderedDict
from pathlib import Path
from typing import Any, BinaryIO

from bedrot_console.domain.excerpts import Entry
from bedrot_console.domain.feeds import Feed

from .contents import FormatTrouble
from .jsonscan import plain
from .packed import PIECE_BYTES, gunzip, is_gzip, is_zip, members, open_member, spool
from .pages import looks_like_html
from .readers import open_payload
from .recognise import header_cells
from .workbooks import workbook_trouble

KEPT = 3
HEAD_BYTES = 64 << 10
MOST_WORKBOOK = 32 << 20
MOST_SHEET_ROWS = 200_000
MOST_DEPTH = 3
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
PICTURES = ((b"\x89PNG\r\n\x1a\n", "PNG"), (b"\xff\xd8\xff", "JPEG"), (b"GIF8", "GIF"), (b"BM", "BMP"))
WORKBOOK = "[Content_Types].xml"


class Opened:
    """Bytes of a known kind.

    Attributes:
        kind: as `Excerpt.kind`. data: bytes or a map. encoding: in which text is read. note: how it was unpacked.
        parts: members of an archive or sheets of a workbook. sheet: rows of one sheet.
        made: what was made of it and may be wanted again (a tree, a scan).
    """

    def __init__(self, file: BinaryIO, feed: Feed | None, note: str = "", sheet: Any = None) -> None:
        self.file, self.feed, self.note, self.sheet = file, feed, note, sheet
        self.made: dict[str, Any] = {}
        self.parts: list[Entry] = []
        self.total_parts = 0
        self.encoding = "utf-8"
        self.size = os.fstat(file.fileno()).st_size
        self.data: Any = b""
        self._map()
        self.head = bytes(self.data[:HEAD_BYTES])
        self.kind = "table" if sheet is not None else self._kind()

    def _map(self) -> None:
        if self.size:
            self.data = mmap.mmap(self.file.fileno(), 0, access=mmap.ACCESS_READ)

    def _kind(self) -> str:
        head = self.head
        if not head.strip(b" \t\r\n\0\xef\xbb\xbf"):
            return "empty"
        if is_zip(head):
            return self._archive()
        if head.startswith(OLE):
            self._sheets()
            return "workbook"
        if picture_format(head):
            return "picture"
        if head.startswith((b"\xff\xfe", b"\xfe\xff")) or (
            len(head) >= 4 and head[1:2] == head[3:4] == b"\0" and head[:1] != b"\0"
        ):
            self._recode()
            head = self.head
        if looks_like_html(head):
            return "html"
        if b"\0" in head[:4096]:
            return "binary"
        self.encoding = _encoding_of(head)
        if head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"["):
            return "json"
        if self.feed is not None and self.feed.format == "table":
            return "table"
        return "table" if (self.feed is None or self.feed.format == "binary") and _looks_tabular(head) else "text"

    def _recode(self) -> None:
        head = self.head
        encoding = "utf-16" if head.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-16-le"
        out = spool(self.size)
        text = bytes(self.data[: MOST_WORKBOOK * 2]).decode(encoding, "replace")
        out.write(text.encode("utf-8", "replace"))
        out.flush()
        self.close()
        self.file, self.note = out, "; ".join(filter(None, (self.note, "read as UTF-16")))
        self.size = os.fstat(out.fileno()).st_size
        self._map()
        self.head = bytes(self.data[:HEAD_BYTES])

    def _archive(self) -> str:
        self.file.seek(0)
        found, self.total_parts = members(self.file)
        if any(name == WORKBOOK for name, _, _ in found):
            self._sheets()
            return "workbook"
        self.parts = [
            Entry(row=i, key=plain(name), count=size, type=_type_of(name), text=f"{packed:,} bytes packed")
            for i, (name, size, packed) in enumerate(found)
        ]
        return "archive"

    def _sheets(self) -> None:
        book = self.workbook()
        names = [m.name for m in book.sheets_metadata if "WorkSheet" in str(m.typ)]
        self.total_parts = len(names)
        self.parts = [Entry(row=i, key=plain(name), type="sheet") for i, name in enumerate(names[:200])]

    def workbook(self) -> Any:
        """The workbook, by a reader that executes nothing.

        Raises:
            FormatTrouble: `format.archive` or `format.too-large`.
        """
        if "book" not in self.made:
            if self.size > MOST_WORKBOOK:
                raise FormatTrouble("format.too-large", expected=f"at most {MOST_WORKBOOK:,} bytes")
            self.made["book"] = _calamine(self.file)
        return self.made["book"]

    def member(self, number: int) -> Opened:
        """One part of it.

        Raises:
            FormatTrouble: there is none, or it cannot be unpacked.
        """
        if self.kind == "workbook":
            if not 0 <= number < len(self.parts):
                raise FormatTrouble("format.archive", f"the workbook has no sheet number {number + 1}")
            return Opened(spool(), None, sheet=_rows_of(self.workbook(), self.parts[number].key))
        if self.kind != "archive":
            raise FormatTrouble("format.archive", "this is no archive")
        self.file.seek(0)
        return unwrapped(open_member(self.file, number), None)

    def close(self) -> None:
        if isinstance(self.data, mmap.mmap):
            self.data.close()
        self.file.close()


def unwrapped(file: BinaryIO, feed: Feed | None) -> Opened:
    """A file opened; a gzip stream is unpacked first."""
    head = os.pread(file.fileno(), 4, 0)
    if not is_gzip(head):
        return Opened(file, feed)
    out = spool()
    file.seek(0)
    for piece in gunzip(iter(lambda: file.read(PIECE_BYTES), b"")):
        out.write(piece)
    out.flush()
    file.close()
    return Opened(out, feed, "unpacked from gzip")


_kept: OrderedDict[tuple[Any, ...], Opened] = OrderedDict()


def opened(feed: Feed | None, path: Path, member: tuple[int, ...]) -> Opened:
    """A payload, or a member of it, kept open for the next question.

    Raises:
        FormatTrouble: it cannot be opened or unpacked; or archives lie in archives too deeply.
    """
    if len(member) > MOST_DEPTH:
        raise FormatTrouble("format.archive", "archives lie in archives too deeply", expected=f"{MOST_DEPTH} levels")
    with open_payload(path) as file:
        info = os.fstat(file.fileno())
        key = (info.st_dev, info.st_ino, info.st_mtime_ns, info.st_size, feed.name if feed else None, member)
        if key in _kept:
            _kept.move_to_end(key)
            return _kept[key]
        if member:
            found = opened(feed, path, member[:-1]).member(member[-1])
        else:
            found = unwrapped(os.fdopen(os.dup(file.fileno()), "rb"), feed)
    _kept[key] = found
    while len(_kept) > KEPT:
        _kept.popitem(last=False)[1].close()
    return found


def names_of(feed: Feed | None, path: Path, member: tuple[int, ...]) -> tuple[str, ...]:
    """Names on the way to a member."""
    names = []
    for depth, number in enumerate(member):
        parts = opened(feed, path, member[:depth]).parts
        if not 0 <= number < len(parts):
            raise FormatTrouble("format.archive", f"there is no member number {number + 1}")
        names.append(parts[number].key)
    return tuple(names)


def _encoding_of(head: bytes) -> str:
    """UTF-8 if the head is, as far as it goes; else Latin-1, which reads everything."""
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as trouble:
        return "utf-8" if trouble.start > len(head) - 8 else "latin-1"
    return "utf-8"


def _looks_tabular(head: bytes) -> bool:
    """Whether the first two lines have the same cells, more than one."""
    cells = len(header_cells(head)[1])
    rest = head.replace(b"\r\n", b"\n").replace(b"\r", b"\n").partition(b"\n")[2]
    return cells > 1 and (not rest.strip() or len(header_cells(rest)[1]) == cells)


def picture_format(head: bytes) -> str | None:
    """PNG, JPEG, GIF, BMP or WEBP, by the first bytes."""
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WEBP"
    if head[:2] == b"BM" and head[6:10] != b"\0\0\0\0":
        return None
    return next((name for mark, name in PICTURES if head.startswith(mark)), None)


def _type_of(name: str) -> str:
    base = name.rsplit("/", 1)[-1]
    return base.rsplit(".", 1)[1].lower()[:8] if "." in base else ""


def _calamine(file: BinaryIO) -> Any:
    from python_calamine import CalamineWorkbook

    file.seek(0)
    with workbook_trouble("format.archive", "the workbook is damaged, or none"):
        return CalamineWorkbook.from_filelike(file)


def _rows_of(book: Any, name: str) -> list[list[str]]:
    with workbook_trouble("format.archive", "a sheet of the workbook is damaged"):
        sheet = book.get_sheet_by_name(name)
        rows: list[list[str]] = []
        for row in sheet.iter_rows():
            rows.append([plain("" if cell is None else str(cell)[:200]) for cell in row[:1000]])
            if len(rows) >= MOST_SHEET_ROWS:
                break
        return rows
