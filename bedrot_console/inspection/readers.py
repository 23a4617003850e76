"""Payload to Content, by the feed's format. Reads only; every refusal is a FormatTrouble from the closed list."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

from bedrot_console.domain.feeds import Feed
from bedrot_console.domain.files import Sidecar
from bedrot_console.domain.findings import Place

from .contents import FormatTrouble, Rows, Table
from .jsontext import at_hand, decode, decode_with_lines
from .pages import looks_like_html, page_kind
from .recognise import HEAD_BYTES

MOST_IN_MEMORY = 512 << 20
"""JSON and HTML beyond this are refused: they are held whole. Tables stream."""


def open_payload(payload: Path | str | int | bytes) -> BinaryIO:
    """An open binary file at offset 0: a path (links not followed), a descriptor (duplicated), or bytes.

    Raises:
        FormatTrouble: `format.unreadable`, when it is not there or not a regular file.
    """
    import stat

    if isinstance(payload, bytes):
        from .packed import as_file

        return as_file(payload)
    try:
        if isinstance(payload, int):
            fd = os.dup(payload)
            os.lseek(fd, 0, os.SEEK_SET)
        else:
            fd = os.open(payload, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as trouble:
        raise FormatTrouble("format.unreadable", f"the file cannot be opened: {trouble.strerror}") from trouble
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise FormatTrouble("format.unreadable", "this is not a regular file")
    return os.fdopen(fd, "rb")


def read(feed: Feed, payload: Path | str | int | bytes) -> Any:
    """The Content of a payload: `Rows` for json, jsonl, html and binary feeds, `Table` for table feeds. The caller closes it.

    Raises:
        FormatTrouble: it cannot be read; see `contents.TROUBLES`.
    """
    with open_payload(payload) as file:
        if feed.format == "table" and feed.parse is None:
            from .tables import open_table

            return open_table(feed, file)
        size = os.fstat(file.fileno()).st_size
        if size > MOST_IN_MEMORY:
            raise FormatTrouble("format.too-large", expected=f"at most {MOST_IN_MEMORY:,} bytes", seen=f"{size:,} bytes")
        return read_bytes(feed, file.read())


def read_bytes(feed: Feed, data: bytes) -> Any:
    """`read` for bytes at hand."""
    if feed.format == "table" and feed.parse is None:
        return read(feed, data)
    if feed.format == "binary" and feed.parse is None:
        return Rows([], (), document=None)
    if not (data if isinstance(data, bytes) else data[:HEAD_BYTES]).strip():
        raise FormatTrouble("format.empty")
    refuse_page(feed, data)
    reader = {"json": _json, "jsonl": _jsonl, "html": _html, "table": _parsed, "binary": _parsed}[feed.format]
    return reader(feed, data)


def refuse_page(feed: Feed, data: bytes) -> None:
    """Is this a sign-in, challenge or error page, or HTML where something else is due? Asked of every capture.

    Raises:
        FormatTrouble: `format.sign-in-page`, `challenge-page`, `error-page`, `error-body`, `html-instead`.
    """
    kind = page_kind(data)
    if kind == "error" and not looks_like_html(data):
        raise FormatTrouble("format.error-body")
    if kind is not None:
        raise FormatTrouble(f"format.{kind}-page")
    if feed.format not in ("html", "binary") and looks_like_html(data):
        raise FormatTrouble("format.html-instead", expected=feed.format)


def completed(feed: Feed, content: Any, sidecar: Sidecar) -> Any:
    """What was read, with what only its sidecar knows: see `Feed.complete`. Raises as `read` does."""
    return content if feed.complete is None else _made(lambda: feed.complete(content, sidecar))  # type: ignore[misc]


def _parsed(feed: Feed, data: bytes) -> Rows:
    if feed.parse is None:
        raise FormatTrouble("format.unknown-shape", "the feed declares no parser")
    return _made(lambda: feed.parse(data))  # type: ignore[misc]


def _made(make: Callable[[], Any]) -> Any:
    """The Content that a feed's own function makes; what it stumbles over is a FormatTrouble."""
    try:
        content = make()
    except FormatTrouble:
        raise
    except (ValueError, LookupError, TypeError, AttributeError, ArithmeticError) as trouble:
        sentence = (
            str(trouble)
            if type(trouble) is ValueError and str(trouble)
            else "the content does not have the shape that the feed declares"
        )
        raise FormatTrouble("format.unknown-shape", sentence) from trouble
    except RecursionError as trouble:
        raise FormatTrouble("format.too-deep") from trouble
    if not isinstance(content, (Rows, Table)):
        raise FormatTrouble("format.unknown-shape", "the feed's parser gave nothing to read")
    return content


def _html(feed: Feed, data: bytes) -> Rows:
    if not looks_like_html(data):
        raise FormatTrouble("format.not-html")
    if feed.parse is None:
        return Rows([], (), document=data.decode("utf-8", "replace"))
    if not _ends_as_page(data):
        raise FormatTrouble("format.truncated", "the page has no closing tag", expected="</html>")
    return _parsed(feed, data)


def _ends_as_page(data: bytes) -> bool:
    tail = data[-4096:].rstrip().lower()
    return b"<html" not in data[:4096].lower() or b"</html" in tail or b"</body" in tail


def _json(feed: Feed, data: bytes) -> Rows:
    document, lines = decode_with_lines(data)
    if feed.parse is not None:
        with at_hand(data, document):
            return _parsed(feed, data)
    content = rows_of(document)
    if lines is not None:
        content.memo["lines"] = lines
    return content


def rows_of(document: Any) -> Rows:
    """A JSON document as rows: itself if a list, its `data` if that is a list, itself as one row if another object.

    Raises:
        FormatTrouble: `format.error-body`, or `format.unknown-shape` if a row is not an object.
    """
    base = ""
    records = document
    if isinstance(document, dict):
        if document.get("error") not in (None, "", [], {}, False, 0):
            raise FormatTrouble("format.error-body", place=Place(pointer="/error"))
        records = document.get("data")
        base = "/data"
        if isinstance(records, dict):
            records = [records]
        elif not isinstance(records, list):
            return Rows([document], document=document, base=None)
    if not isinstance(records, list):
        raise FormatTrouble("format.unknown-shape", "the JSON is neither a list nor an object", place=Place(pointer=""))
    for index, record in enumerate(records):
        if type(record) is not dict:
            raise FormatTrouble("format.unknown-shape", "a row is not an object", place=Place(pointer=f"{base}/{index}"))
    return Rows(records, document=document, base=base)


def _jsonl(feed: Feed, data: bytes) -> Rows:
    if feed.parse is not None:
        return _parsed(feed, data)
    records: list[dict[str, Any]] = []
    lines = data.split(b"\n")
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            value = decode(line)
        except FormatTrouble as trouble:
            code = (
                "format.truncated"
                if number == len(lines) and trouble.code in ("format.truncated", "format.not-json")
                else trouble.code
            )
            raise FormatTrouble(code, f"line {number}: {trouble.sentence}", place=Place(row=number)) from trouble
        if type(value) is not dict:
            raise FormatTrouble("format.unknown-shape", f"line {number} is not an object", place=Place(row=number))
        records.append(value)
    return Rows(records, document=records, base="")
