"""Whose content is this? Recognisers for feeds, and the nearest feeds for a refusal. Content only, never names."""

from __future__ import annotations

import contextlib
import csv
import json
import re
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from bedrot_console.domain.feeds import Feed

Recogniser = Callable[[bytes], bool]
HEAD_BYTES = 1 << 20
"""How much of a payload recognisers get."""

STUMBLES = (
    ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError, AssertionError, EOFError, csv.Error, zlib.error,
    zipfile.BadZipFile,
)  # fmt: skip
"""What a feed's own functions can raise over odd bytes; a finding or a no, never the end of an inspection."""
_BLANK = re.compile(r"[\s,]*")


@contextlib.contextmanager
def long_cells(characters: int) -> Iterator[None]:
    """Let the table reader of the standard library take cells so long, in here only.

    Its limit (131,072 characters) belongs to the whole process: what a check says may not hang on what was looked at before it.
    """
    before = csv.field_size_limit(characters)
    try:
        yield
    finally:
        csv.field_size_limit(before)


def folded(name: str) -> str:
    """A header or key without case, blanks and punctuation: `Earnings (USD)`, `earnings_usd` and `EarningsUSD` are one."""
    return "".join(c for c in name.casefold() if c.isalnum())


def text_of(head: bytes) -> str:
    """The head as text, by its BOM or its zero bytes, else UTF-8 with a Latin-1 fallback. Never fails."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return head.decode("utf-16", "replace")
    if len(head) >= 4 and head[1:2] == b"\0" and head[3:4] == b"\0":
        return head.decode("utf-16-le", "replace")
    try:
        return head.decode("utf-8-sig")
    except UnicodeDecodeError as trouble:
        if trouble.start >= len(head) - 7:  # the place is counted without the BOM
            return head.decode("utf-8-sig", "ignore")
        return head.decode("latin-1")


def header_cells(head: bytes, delimiters: str = "\t,;|") -> tuple[str, list[str]]:
    """Delimiter and cells of the first record (after a `sep=` line). The delimiter that makes the most cells wins."""
    text = text_of(head)
    line = _first_record(text)
    best: tuple[str, list[str]] = ("\t", [line])
    for delimiter in delimiters:
        cells = _split(line, delimiter)
        if len(cells) > len(best[1]):
            best = (delimiter, cells)
    return best[0], best[1]


def _first_record(text: str) -> str:
    position = 0
    if text[:4].lower() == "sep=":
        match = re.search(r"\r\n|\r|\n", text)
        position = match.end() if match else len(text)
    quoted = False
    for match in re.compile(r'"|\r|\n').finditer(text, position):
        if match[0] == '"':
            quoted = not quoted
        elif not quoted and match.start() > position:
            return text[position : match.start()]
        elif not quoted:
            position = match.end()
    return text[position:]


def _split(line: str, delimiter: str) -> list[str]:
    import csv

    try:
        return [cell.strip() for cell in next(csv.reader([line], delimiter=delimiter), [])]
    except csv.Error:
        return [line]


def outline(head: bytes) -> tuple[str, frozenset[str], frozenset[str], str]:
    """What the beginning of a JSON text shows, cut or not.

    Returns:
        kind (`list`, `object` or ``), keys of the top object, keys of the first row (of the list, or of the first list inside the object),
        key of that list.
    """
    text = text_of(head).lstrip()
    decoder = json.JSONDecoder()
    if text.startswith("["):
        return "list", frozenset(), frozenset(_row_keys(decoder, text, 1)), ""
    if not text.startswith("{"):
        return "", frozenset(), frozenset(), ""
    keys: list[str] = []
    row: frozenset[str] = frozenset()
    holder = ""
    for key, start in _members(decoder, text, 1):
        keys.append(key)
        if not row and text[start : start + 1] == "[":
            row = frozenset(_row_keys(decoder, text, start + 1))
            holder = key if row else holder
    return "object", frozenset(keys), row, holder


def _members(decoder: json.JSONDecoder, text: str, position: int) -> Iterable[tuple[str, int]]:
    while True:
        match = _BLANK.match(text, position)
        position = match.end() if match else position
        if text[position : position + 1] != '"':
            return
        try:
            key, position = decoder.raw_decode(text, position)
        except (ValueError, RecursionError):
            return
        match = re.compile(r"\s*:\s*").match(text, position)
        if match is None:
            return
        yield key, match.end()
        try:
            _, position = decoder.raw_decode(text, match.end())
        except (ValueError, RecursionError):
            return


def _row_keys(decoder: json.JSONDecoder, text: str, position: int) -> list[str]:
    match = re.compile(r"\s*\{").match(text, position)
    return [key for key, _ in _members(decoder, text, match.end())] if match else []


def header_has(*names: str) -> Recogniser:
    """Content whose first record has all these columns (case, blanks and punctuation do not matter). A tuple of names: any of them."""

    def recognise(head: bytes) -> bool:
        if head[:2] == b"PK":
            from .packed import first_member_head

            head = first_member_head(head)
        cells = {folded(cell) for cell in header_cells(head)[1]}
        return all(any(folded(n) in cells for n in ([name] if isinstance(name, str) else name)) for name in names)

    recognise.wanted = names  # type: ignore[attr-defined]
    return recognise


def json_with(*keys: str) -> Recogniser:
    """A JSON object with all these keys at its top."""

    def recognise(head: bytes) -> bool:
        kind, top, _, _ = outline(head)
        return kind == "object" and top.issuperset(keys)

    recognise.wanted = keys  # type: ignore[attr-defined]
    return recognise


def json_rows_with(*keys: str, without: Sequence[str] = ()) -> Recogniser:
    """A JSON list (bare, or the first list inside an object) whose first row has all these keys and none of `without`."""

    def recognise(head: bytes) -> bool:
        _, _, row, _ = outline(head)
        return row.issuperset(keys) and not row.intersection(without)

    recognise.wanted = keys  # type: ignore[attr-defined]
    return recognise


def html_with(*needles: str, without: Sequence[str] = ()) -> Recogniser:
    """Text that holds all needles and none of `without`, letter by letter. Only the head is seen: choose marks near the top."""
    wanted, unwanted = [n.encode() for n in needles], [n.encode() for n in without]

    def recognise(head: bytes) -> bool:
        return all(n in head for n in wanted) and not any(n in head for n in unwanted)

    recognise.wanted = needles  # type: ignore[attr-defined]
    return recognise


def all_of(*parts: Recogniser) -> Recogniser:
    """Content that all parts recognise."""
    return lambda head: all(part(head) for part in parts)


def any_of(*parts: Recogniser) -> Recogniser:
    """Content that one of the parts recognises."""
    return lambda head: any(part(head) for part in parts)


def none_of(*parts: Recogniser) -> Recogniser:
    """Content that none of the parts recognises."""
    return lambda head: not any(part(head) for part in parts)


def claims(feed: Feed, head: bytes) -> bool:
    """Whether a feed recognises these first bytes as its own. A recogniser that trips over them does not."""
    try:
        return feed.recognise is not None and bool(feed.recognise(head))
    except STUMBLES:
        return False


def recognise(feeds: Iterable[Feed], head: bytes) -> list[Feed]:
    """The feeds that recognise these first bytes (up to HEAD_BYTES), in the order given. Two are an error of the caller's to tell, none a finding."""
    found = [feed for feed in feeds if claims(feed, head)]
    return [feed for feed in found if not feed.last_resort] or found


@dataclass(frozen=True, slots=True)
class Near:
    """A feed that content came close to, and what it misses (`lacks Sale Month`)."""

    name: str
    why: str
    feed: Feed


def nearest(feeds: Iterable[Feed], head: bytes, limit: int = 3) -> list[Near]:
    """The feeds that come closest to content nobody recognises, best first."""
    words = _words(head)
    scored: list[tuple[float, Near]] = []
    for feed in feeds:
        wanted = _wanted(feed)
        missing = [name for name in wanted if folded(name) not in words]
        if not wanted or len(missing) == len(wanted):
            continue
        shown = ", ".join(missing[:3]) + (" …" if len(missing) > 3 else "")
        scored.append(
            (len(missing) / len(wanted), Near(feed.name, f"lacks {shown}" if missing else "has its names, not its shape", feed))
        )
    return [near for _, near in sorted(scored, key=lambda s: (s[0], s[1].name))[:limit]]


def _wanted(feed: Feed) -> list[str]:
    if feed.columns:
        return [column.names[0] for column in feed.columns if column.required] or [column.names[0] for column in feed.columns]
    named: Any = getattr(feed.recognise, "wanted", ())
    return [n if isinstance(n, str) else n[0] for n in named] or [*feed.key, *feed.measures]


def _words(head: bytes) -> set[str]:
    text = text_of(head[:HEAD_BYTES])
    return (
        {folded(w) for w in re.findall(r'"([^"\n]{1,60})"', text)}
        | {folded(c) for c in header_cells(head)[1]}
        | {folded(w) for w in re.findall(r"[\w-]{2,60}", text)}
    )
