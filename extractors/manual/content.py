"""What an uploaded document is, by its content alone: kind by signature, table by its header.

Kinds: `csv` (any delimiter), `json`, `jsonl`, `sql` (these two also gzip'd), `pdf`, `xlsx`, `xls`. Names and extensions decide nothing.
"""

from __future__ import annotations

import csv
import json
import re
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from bedrot_console.inspection.packed import first_gzip_head, is_gzip

from .dumps import maker_of
from .events import is_events

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
HEADER_LINES = 30
"""Statements often begin with lines about the account; the header is looked for in so many lines."""
MOST_PEEK = 1 << 20


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


MONEY = _words(
    "advance amount balance cost costs credit debit earning earnings expense expenses fee fees gross income invoice "
    "invoiced net payable payment payments payout payouts price recouped recoupment revenue revenues royalties royalty tax "
    "vat withheld"
)
CONTEXT = _words(
    "account artist category composer country currency customer date description ean isrc iswc label month number period "
    "platform publisher quantity quarter reference release sale sales service song source statement store supplier "
    "territory title track transaction type units upc vendor work writer year"
)
REPORT = _words(
    "age campaign city click clicks comment comments country date day device distribution downloads engagement follower "
    "followers gender hour impression impressions like likes listener listeners month period play playlist playlists plays "
    "position post rank reach region save saves sessions share shares shazams song source spins stream streams subscribers "
    "territory title track video view views visitors visits watch week"
)
MEASURE = _words(
    "click clicks comments distribution downloads engagement follower followers impression impressions like likes listener "
    "listeners play plays rank reach saves sessions shares shazams spins stream streams subscribers view views visitors "
    "visits watch"
)


def kind_of(head: bytes) -> str | None:
    """The kind of document these first bytes begin; None for anything else (pictures, programs, pages, plain prose)."""
    if head.startswith(b"%PDF-"):
        return "pdf"
    if head.startswith(OLE):
        return "xls" if _is_old_workbook(head) else None
    if head[:4] == b"PK\x03\x04":
        return "xlsx" if _is_workbook(head) else None
    if is_gzip(head):
        return _kind_of_lines(first_gzip_head(head, MOST_PEEK))
    if kind := _kind_of_lines(head):
        return kind
    text = text_of(head)
    if text is None:
        return None
    begin = text.lstrip()[:1]
    if begin in ("{", "["):
        return "json"
    if begin == "<" or not begin:
        return None
    return "csv" if table_header(text) is not None else None


def _kind_of_lines(head: bytes) -> str | None:
    """Kinds that are told by their lines."""
    if maker_of(head) is not None:
        return "sql"
    return "jsonl" if is_events(head.removeprefix(b"\xef\xbb\xbf")) else None


def encoding_of(data: bytes) -> str | None:
    """The codec of a text: by its BOM, else UTF-8, else Latin-1; None for bytes that are no text. Looks at the first MOST_PEEK bytes."""
    head = data[:MOST_PEEK]
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    if b"\0" in head[:4096]:
        return None
    try:
        head.decode("utf-8-sig")
    except UnicodeDecodeError as trouble:
        if trouble.start < len(head) - 4:
            return None if re.search(rb"[\x00-\x08\x0e-\x1f]", head[:4096]) else "latin-1"
    return "utf-8-sig"


def text_of(data: bytes) -> str | None:
    """The bytes as text, undecodable ones replaced; None for bytes that are no text."""
    codec = encoding_of(data)
    return None if codec is None else data.decode(codec, "replace")


@dataclass(frozen=True, slots=True)
class Header:
    """Where a table begins: delimiter, line number (0-based) and cells of its header."""

    delimiter: str
    line: int
    cells: tuple[str, ...]

    @property
    def words(self) -> frozenset[str]:
        return words_of(self.cells)


def words_of(names: Iterable[str]) -> frozenset[str]:
    """Lower-case words of column names: `EarningsUSD` and `Net earnings (USD)` hold `earnings`."""
    out: set[str] = set()
    for name in names:
        spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name)
        out.update(w.lower() for w in re.findall(r"[A-Za-z]+", spaced))
    return frozenset(out)


def table_header(text: str) -> Header | None:
    """The header of the table in this text: the first line of several named cells that is followed by a line as wide; None without one."""
    sample = text[:MOST_PEEK]
    lines = sample.splitlines()[: HEADER_LINES + 2]
    best: Header | None = None
    for delimiter in (",", "\t", ";", "|"):
        rows = _split(lines, delimiter)
        for number, row in enumerate(rows[:HEADER_LINES]):
            if not _names_columns(row):
                continue
            below = [r for r in rows[number + 1 : number + 11] if any(r)]
            if sum(len(r) == len(row) for r in below) * 2 < len(below):
                continue
            if best is None or len(row) > len(best.cells):
                best = Header(delimiter, number, tuple(c.strip() for c in row))
            break
    return best


def _names_columns(row: list[str]) -> bool:
    """Whether a line reads as column names: several short cells, most of them words, none a sentence, no drawn table."""
    named = [c for c in row if c and not re.fullmatch(r"[\d.,:/\s%$\u20ac\u00a3-]+", c)]
    sentence = any(len(c) > 60 or c.count(" ") > 6 or c.endswith((".", "?", "!", ":")) for c in row)
    return len(row) >= 2 and len(named) >= max(2, (len(row) + 1) // 2) and not sentence and bool(row[0] or row[-1])


def _split(lines: list[str], delimiter: str) -> list[list[str]]:
    try:
        return [[cell.strip() for cell in row] for row in csv.reader(lines, delimiter=delimiter)]
    except csv.Error:
        return []


def _is_workbook(head: bytes) -> bool:
    return b"xl/" in head[:MOST_PEEK] and b"[Content_Types].xml" in head[:MOST_PEEK]


def _is_old_workbook(head: bytes) -> bool:
    """Whether an OLE container is a workbook (its stream's name, or the record a workbook begins with), or a locked one; other documents lie
    in such containers too."""
    names = (n.encode("utf-16-le") for n in ("Workbook", "Book", "EncryptedPackage"))
    return any(name in head for name in names) or re.search(rb"\x09\x08\x10\0\0[\x05\x06]", head) is not None


def old_workbook_words(head: bytes) -> frozenset[str]:
    """Words in the beginning of an .xls, whether they stand in one byte a letter or two."""
    return words_of(t.decode("ascii") for t in re.findall(rb"[A-Za-z][A-Za-z ()_-]{1,60}", head.replace(b"\0", b""))[:2000])


def workbook_words(head: bytes) -> frozenset[str]:
    """Words of the shared texts of a workbook, as far as its beginning holds them."""
    position = 0
    while (position := head.find(b"PK\x03\x04", position)) >= 0 and len(head) >= position + 30:
        method, packed = (
            int.from_bytes(head[position + 8 : position + 10], "little"),
            int.from_bytes(head[position + 18 : position + 22], "little"),
        )
        name_length = int.from_bytes(head[position + 26 : position + 28], "little")
        start = position + 30 + name_length + int.from_bytes(head[position + 28 : position + 30], "little")
        if head[position + 30 : position + 30 + name_length] in (b"xl/sharedStrings.xml", b"xl/worksheets/sheet1.xml"):
            body = head[start:]
            try:
                text = zlib.decompressobj(-15).decompress(body, MOST_PEEK) if method == 8 else body[: packed or MOST_PEEK]
            except zlib.error:
                return frozenset()
            found = words_of(t.decode("utf-8", "replace") for t in re.findall(rb"<t[^>]*>([^<]{1,80})</t>", text)[:200])
            if found:
                return found
        position = max(start, position + 4)
    return frozenset()


def json_value(text: str) -> Any:
    """The value of a JSON text, None for a text that is none or is cut."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def json_keys(value: Any, text: str) -> frozenset[str]:
    """Keys of the top object and of the first row (of the list, or of the first list inside the object); few of them if the text is cut."""
    if value is None:
        return frozenset(re.findall(r'"([A-Za-z_][\w .()-]{0,60})"\s*:', text[:2048]))
    keys: set[str] = set()
    if isinstance(value, dict):
        keys.update(value)
        value = next((v for v in value.values() if isinstance(v, list) and v), [])
    if isinstance(value, list) and value and isinstance(value[0], dict):
        keys.update(value[0])
    return frozenset(keys)
