"""The beginning of a payload, whatever it holds: never more than a bounded part is read, and nothing is raised for what it holds.

Texts are as in the file; faces pass them through `safe()`.
"""

from __future__ import annotations

import csv
import dataclasses
import json
import os
import re
from pathlib import Path
from typing import Any, BinaryIO

from bedrot_console.domain.browsing import Preview
from bedrot_console.domain.feeds import Feed

from .contents import FormatTrouble
from .packed import first_gzip_head, is_gzip, is_zip, listing, unpack
from .pages import looks_like_html, page_kind
from .readers import open_payload, read_bytes
from .recognise import header_cells, long_cells, text_of

MOST_BYTES = 2 << 20
MOST_LINE = 2000
MOST_CELL = 200
MOST_ENTRY = 4096
MOST_PARSED = 32 << 20
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ENTRY_LINES = 8
"""Of each file of an archive so many bytes are unpacked and so many lines shown."""


def preview(feed: Feed | None, path: Path, *, lines: int = 200, offset: int = 0) -> Preview:
    """The first `lines` lines or rows after `offset` lines or rows, of at most the first 2 MiB.

    `kind`: `table`, `json`, `html`, `text`, `binary`, `empty` or `unreadable`. Tables fill `header` and `table`; the others `lines`.
    """
    note = ""
    try:
        with open_payload(path) as file:
            size = os.fstat(file.fileno()).st_size
            data = file.read(MOST_BYTES)
            if is_zip(data):
                entries, total = listing(file, MOST_ENTRY)
                if len(entries) > 1 and not (workbook := any(name == "[Content_Types].xml" for name, _, _ in entries)):
                    return _archive(entries, total, lines, offset)
                if len(entries) > 1 and workbook and _is_parsed(feed, size):
                    return _rows(feed, file, lines, offset)
                with unpack(file) as inner:
                    size = os.fstat(inner.fileno()).st_size
                    data, note = inner.read(MOST_BYTES), "unpacked from an archive"
            elif is_gzip(data) and (inside := first_gzip_head(data, MOST_BYTES)):
                data, note = inside, "unpacked from gzip"
                size = MOST_BYTES + 1 if len(data) == MOST_BYTES else len(data)
            elif data.startswith(OLE) and _is_parsed(feed, size):
                return _rows(feed, file, lines, offset)
    except FormatTrouble as trouble:
        return Preview(kind="unreadable", note=trouble.sentence)
    if not data.strip():
        return Preview(kind="empty", note="the file holds nothing")
    cut = size > len(data)
    shown = _shown(feed, data, lines, offset, cut)
    if note or cut:
        note = "; ".join(
            filter(
                None,
                (
                    shown.note,
                    note,
                    f"the first {MOST_BYTES >> 20} MiB" + (f" of {size:,} bytes" if note != "unpacked from gzip" else "")
                    if cut
                    else "",
                ),
            )
        )
        shown = Preview(
            kind=shown.kind,
            lines=shown.lines,
            header=shown.header,
            table=shown.table,
            truncated=shown.truncated or cut,
            note=note,
        )
    return shown


def _is_parsed(feed: Feed | None, size: int) -> bool:
    """Whether the feed's own parser reads payloads that show nothing by themselves, such as workbooks."""
    return feed is not None and feed.format == "binary" and feed.parse is not None and size <= MOST_PARSED


def _rows(feed: Feed | None, file: BinaryIO, lines: int, offset: int) -> Preview:
    """The rows that the feed's own parser finds.

    Raises:
        FormatTrouble: it finds none.
    """
    assert feed is not None
    file.seek(0)
    content = read_bytes(feed, file.read())
    header = tuple(_cut(str(name), MOST_CELL) for name in content.columns)
    part = content.records[offset : offset + lines]
    cells = tuple(tuple("" if (v := row.get(n)) is None else _cut(str(v), MOST_CELL) for n in content.columns) for row in part)
    return Preview(kind="table", header=header, table=cells, truncated=len(content.records) > offset + lines)


def _archive(entries: list[tuple[str, int, bytes]], total: int, lines: int, offset: int) -> Preview:
    """The files of an archive with their sizes, then how each text among them begins."""
    every = [f"{name} ({size:,} bytes)" for name, size, _ in entries]
    for name, size, head in entries:
        if size and not head:
            every += ["", f"{name}: cannot be unpacked"]
        elif head and (_is_utf16(head) or not head.count(b"\0")):
            text = text_of(head)
            if len(head) < size:
                whole, ended, _ = text.rpartition("\n")
                text = whole if ended else text + "…"
            every += ["", f"{name}:", *(f"  {line}" for line in re.split(r"\r\n|\r|\n", text.rstrip())[:ENTRY_LINES])]
    cut = total > len(entries)
    note = f"an archive of {total:,} files" + (f"; only the first {len(entries)} of {total:,} are shown" if cut else "")
    found = _part("text", every, lines, offset, note)
    return dataclasses.replace(found, truncated=found.truncated or cut)


def _is_utf16(data: bytes) -> bool:
    return data.startswith((b"\xff\xfe", b"\xfe\xff")) or (len(data) >= 4 and data[1:2] == data[3:4] == b"\0")


def _shown(feed: Feed | None, data: bytes, lines: int, offset: int, cut: bool) -> Preview:
    if looks_like_html(data):
        return _html(data, lines, offset)
    if not _is_utf16(data) and data[:4096].count(b"\0"):
        return _binary(data, lines, offset)
    text = text_of(data)
    start = text.lstrip()[:1]
    if start in ("{", "["):
        return _json(text, lines, offset, cut)
    if (feed is not None and feed.format == "table") or (feed is None and len(header_cells(data[:65536])[1]) > 1):
        return _table(text, header_cells(data[:65536])[0], lines, offset, cut)
    return _lines("text", text, lines, offset)


def _lines(kind: str, text: str, lines: int, offset: int, note: str = "") -> Preview:
    every = re.split(r"\r\n|\r|\n", text)
    if every and not every[-1]:
        every.pop()
    return _part(kind, every, lines, offset, note)


def _part(kind: str, every: list[str], lines: int, offset: int, note: str = "") -> Preview:
    part = every[offset : offset + lines]
    return Preview(
        kind=kind, lines=tuple(_cut(line, MOST_LINE) for line in part), truncated=len(every) > offset + lines, note=note
    )


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _table(text: str, delimiter: str, lines: int, offset: int, cut: bool) -> Preview:
    body = re.sub(r"^sep=.(?:\r\n|\r|\n)", "", text, count=1, flags=re.IGNORECASE)
    rows: list[tuple[str, ...]] = []
    header: tuple[str, ...] | None = None
    more = cut
    reader = csv.reader(re.split(r"(?<=\n)|(?<=\r)(?!\n)", body), delimiter=delimiter)
    try:
        with long_cells(MOST_BYTES * 4):
            for number, cells in enumerate(row for row in reader if row):
                row = tuple(_cut(cell, MOST_CELL) for cell in cells)
                if header is None:
                    header = row
                elif number > offset:
                    if len(rows) >= lines:
                        more = True
                        break
                    rows.append(row)
    except csv.Error:
        return _lines("text", text, lines, offset, "not readable as a table")
    return Preview(kind="table", header=header or (), table=tuple(rows), truncated=more)


def _json(text: str, lines: int, offset: int, cut: bool) -> Preview:
    if not cut:
        try:
            return _part("json", _pretty(json.loads(text), offset + lines + 1), lines, offset)
        except (ValueError, RecursionError):
            return _lines("json", text, lines, offset, "not valid JSON; shown as it is")
    return _lines("json", re.sub(r"(\},?)\s*(?=\{)", r"\1\n", text), lines, offset)


def _pretty(value: Any, most: int) -> list[str]:
    """The first `most` lines, indented, but a row that fits on a line stays on it. Lone surrogates are shown as escapes."""
    if isinstance(value, list) and value and all(isinstance(v, dict) for v in value):
        rows = [json.dumps(v, ensure_ascii=False) for v in value]
        if max(map(len, rows)) <= 160:
            return ["[", *(f"  {_plain(row)}," for row in rows[:-1]), f"  {_plain(rows[-1])}", "]"][:most]
    found: list[str] = []
    line: list[str] = []
    for piece in json.JSONEncoder(ensure_ascii=False, indent=2).iterencode(value):
        first, *more = piece.split("\n")
        line.append(first)
        for start in more:
            found.append(_plain("".join(line)))
            line = [start]
        if len(found) >= most:
            return found[:most]
    return [*found, _plain("".join(line))]


def _plain(text: str) -> str:
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()


def _html(data: bytes, lines: int, offset: int) -> Preview:
    """Title and running text, without scripts: what a person would see. Names what the page is when it is not data."""
    from .texts import html_tree

    kind = page_kind(data)
    note = f"this looks like {'an' if kind == 'error' else 'a'} {kind} page" if kind else ""
    try:
        tree = html_tree(data)
    except FormatTrouble as trouble:
        return _lines("html", text_of(data), lines, offset, trouble.sentence)
    out: list[str] = []
    for element in tree.iter():
        if not isinstance(element.tag, str):
            continue
        if element.tag in ("script", "style"):
            out += (
                [f"[script, {len(element.text):,} characters]"]
                if element.tag == "script" and element.text and element.text.strip()
                else []
            )
        elif element.text and element.text.strip():
            out.append(" ".join(element.text.split()))
        elif element.tag == "input":
            out.append(f"[input {element.get('type') or 'text'} {element.get('name') or ''}]")
        if element.tail and element.tail.strip() and element.tag not in ("html", "body"):
            out.append(" ".join(element.tail.split()))
    return _lines("html", "\n".join(out), lines, offset, note)


def _binary(data: bytes, lines: int, offset: int) -> Preview:
    start = offset * 16
    rows = []
    for at in range(start, min(len(data), start + lines * 16), 16):
        part = data[at : at + 16]
        rows.append(f"{at:08x}  {part.hex(' '):<47}  {''.join(chr(b) if 32 <= b < 127 else '.' for b in part)}")
    return Preview(kind="binary", lines=tuple(rows), truncated=len(data) > start + lines * 16)
