"""A CSV or TSV file made readable for DuckDB: unpacked, in a known encoding, its delimiter and header found, its columns mapped.

The landed bytes are never altered: what DuckDB cannot read directly (UTF-16, mixed line ends, archives) is streamed into a spooled file
first.
"""

from __future__ import annotations

import codecs
import mmap
import os
import re
from typing import BinaryIO

from bedrot_console.domain.feeds import Column, Feed

from .contents import FormatTrouble
from .packed import is_zip, spool, unpack
from .pages import looks_like_html, page_kind
from .recognise import folded, header_cells

HEAD_BYTES = 64 << 10
LONGEST_LINE = 8 << 20
MOST_COLUMNS = 1000
MOST_REJECTS = 1_000_000
_SEP_LINE = re.compile(rb"(?:\xef\xbb\xbf)?sep=.(?:\r\n|\r|\n)", re.IGNORECASE)


class Source:
    """A table file made readable for DuckDB: unpacked, in a known encoding, its header mapped. Held open until `close`."""

    def __init__(self, feed: Feed, file: BinaryIO) -> None:
        self.feed = feed
        self.notes: list[str] = []
        self.held: list[BinaryIO] = []
        try:
            self._prepare(os.fdopen(os.dup(file.fileno()), "rb"))
        except BaseException:  # whatever ended it, no file stays open
            self.close()
            raise

    def _prepare(self, file: BinaryIO) -> None:
        self._hold(file)
        if is_zip(self.head):
            self._hold(unpack(file), "zip")
        if not self.head.strip(b"\0 \t\r\n\xef\xbb\xbf\xff\xfe"):
            raise FormatTrouble("format.empty")
        self.encoding = _encoding(self.feed, self.head)
        if self.encoding.startswith("utf-16"):
            self._hold(_recode(self.file, self.encoding), "utf-16")
        if (first := _SEP_LINE.match(self.head)) is not None:
            self._hold(_copied(self.file, first.end()), "sep-line")
        _refuse_page(self.head)
        if self.size and _holds_zero(self.file, self.size):
            raise FormatTrouble("format.not-text", "the text holds zero bytes")
        self.shape = _Shape(self.feed, self.head)
        if b"\n" not in self.head and b"\r" in self.head:
            self.notes.append("cr-only")
        self.read_as = "utf-8"
        self._settle()

    def _settle(self) -> None:
        if codecs.lookup(self.encoding).name == "iso8859-1":
            self.read_as = "latin-1"
            self.notes.append("latin-1")
        elif codecs.lookup(self.encoding).name not in ("utf-8", "utf-8-sig") and not self.encoding.startswith("utf-16"):
            self._hold(_recode(self.file, self.encoding), self.encoding)

    def _hold(self, file: BinaryIO, note: str | None = None) -> None:
        self.file = file
        self.held.append(file)
        self.head = os.pread(file.fileno(), HEAD_BYTES, 0)
        if note:
            self.notes.append(note)

    @property
    def size(self) -> int:
        return os.fstat(self.file.fileno()).st_size

    def even(self) -> None:
        """Go on with one kind of line end."""
        self._hold(_even_line_ends(self.file), "mixed-line-ends")

    def fall_back(self) -> bool:
        """Go on with the declared single-byte encoding; False when there is none left."""
        legacy = _legacy(self.feed)
        if legacy is None or self.encoding == legacy or self.encoding.startswith("utf-16"):
            return False
        self.encoding = legacy
        self._settle()
        return True

    def sql(self) -> str:
        """The table function that reads it."""
        return _reading(self.shape, self.file, self.read_as)

    def close(self) -> None:
        for file in self.held:
            file.close()


def _refuse_page(head: bytes) -> None:
    if looks_like_html(head):
        kind = page_kind(head)
        raise FormatTrouble(f"format.{kind}-page" if kind else "format.html-instead", expected="a table")
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    if start in (b"{", b"["):
        raise FormatTrouble(
            "format.error-body" if page_kind(head) == "error" else "format.not-a-table",
            "this is JSON, not a table",
            expected="a table",
        )
    if page_kind(head) == "error":
        raise FormatTrouble("format.error-body")


def _encoding(feed: Feed, head: bytes) -> str:
    """UTF-16 by its BOM or zero bytes; UTF-8 if the head is; else the first declared single-byte encoding."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    if len(head) >= 4 and head[1] == 0 and head[0] != 0:
        return "utf-16-le"
    if len(head) >= 4 and head[0] == 0 and head[1] != 0:
        return "utf-16-be"
    try:
        codecs.getincrementaldecoder("utf-8")("strict").decode(head)
        return "utf-8"
    except UnicodeDecodeError as trouble:
        return _legacy(feed) or _no_encoding(feed, trouble.start)


def _legacy(feed: Feed) -> str | None:
    for name in feed.encodings:
        if codecs.lookup(name).name not in ("utf-8", "utf-8-sig", "utf-16", "utf-16-le"):
            return name
    return None


def _no_encoding(feed: Feed, offset: int) -> str:
    raise FormatTrouble(
        "format.encoding", f"byte {offset} fits none of the declared encodings", expected=", ".join(feed.encodings)
    )


def _recode(file: BinaryIO, encoding: str) -> BinaryIO:
    """The same text as UTF-8, spooled."""
    out = spool(os.fstat(file.fileno()).st_size * 2)
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    file.seek(0)
    try:
        while chunk := file.read(1 << 20):
            out.write(decoder.decode(chunk).encode("utf-8"))
        out.write(decoder.decode(b"", True).encode("utf-8"))
    except UnicodeError as trouble:
        out.close()
        cut = "unexpected end" in str(trouble) or "truncated" in str(trouble)
        raise FormatTrouble(
            "format.truncated" if cut else "format.encoding", f"the text is not {encoding}", expected=encoding
        ) from trouble
    out.flush()
    out.seek(0)
    return out


def _copied(file: BinaryIO, offset: int) -> BinaryIO:
    """The bytes from `offset` on, spooled."""
    out = spool(os.fstat(file.fileno()).st_size)
    file.seek(offset)
    while chunk := file.read(1 << 20):
        out.write(chunk)
    out.flush()
    out.seek(0)
    return out


def _holds_zero(file: BinaryIO, size: int) -> bool:
    with mmap.mmap(file.fileno(), size, access=mmap.ACCESS_READ) as view:
        return view.find(b"\0") >= 0


def _even_line_ends(file: BinaryIO) -> BinaryIO:
    """The same text with every line end as LF, spooled."""
    out = spool(os.fstat(file.fileno()).st_size)
    file.seek(0)
    pending = b""
    while chunk := file.read(1 << 20):
        chunk = pending + chunk
        pending = b"\r" if chunk.endswith(b"\r") else b""
        out.write((chunk[:-1] if pending else chunk).replace(b"\r\n", b"\n").replace(b"\r", b"\n"))
    out.write(b"\n" if pending else b"")
    out.flush()
    out.seek(0)
    return out


class _Shape:
    """Header, delimiter and column mapping of one file."""

    def __init__(self, feed: Feed, head: bytes) -> None:
        self.delimiter, self.header = header_cells(head, feed.options.get("delimiters", "\t,;|"))
        if len(self.header) > MOST_COLUMNS:
            raise FormatTrouble(
                "format.not-a-table", f"the first line has more than {MOST_COLUMNS} cells", seen=str(len(self.header))
            )
        by_name: dict[str, Column] = {folded(name): column for column in feed.columns for name in column.names}
        self.columns: list[str] = []
        self.types: dict[str, str] = {}
        self.unknown: list[str] = []
        for position, cell in enumerate(self.header, start=1):
            column = by_name.get(folded(cell))
            name = column.names[0] if column else cell or f"column {position}"
            if name in self.types or any(name.casefold() == other.casefold() for other in self.columns):
                column, name = None, _free(f"{name} ({position})", self.types)
            if column is None:
                self.unknown.append(cell or f"column {position}")
            self.columns.append(name)
            self.types[name] = column.type if column else "VARCHAR"
        found = set(self.columns)
        self.absent = [c.names[0] for c in feed.columns if c.names[0] not in found]
        self.missing = [c.names[0] for c in feed.columns if c.required and c.names[0] not in found]
        known = len(self.columns) - len(self.unknown)
        if feed.columns and not known:
            raise FormatTrouble(
                "format.not-a-table",
                "the first line is not the header that the feed declares",
                expected=", ".join(c.names[0] for c in feed.columns[:4]),
            )


def _free(name: str, taken: dict[str, str]) -> str:
    while name in taken:
        name += "'"
    return name


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _reading(shape: _Shape, file: BinaryIO, encoding: str) -> str:
    columns = ", ".join(f"{_literal(name)}: {_literal(shape.types[name])}" for name in shape.columns)
    legacy = f", encoding = {_literal(_duckdb_name(encoding))}" if encoding != "utf-8" else ""
    return (
        f"read_csv('/proc/self/fd/{file.fileno()}', auto_detect = false, header = true, delim = {_literal(shape.delimiter)},"
        f" quote = '\"', escape = '\"', columns = {{{columns}}}, store_rejects = true, rejects_limit = {MOST_REJECTS},"
        f" max_line_size = {LONGEST_LINE}, compression = 'none'{legacy})"
    )


def _duckdb_name(encoding: str) -> str:
    return {"iso8859-1": "latin-1"}.get(codecs.lookup(encoding).name, codecs.lookup(encoding).name)
