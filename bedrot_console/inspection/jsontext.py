"""JSON bytes to values, strictly and fast: no NaN, no repeated keys, no surrogates, bounded depth. Every refusal names its place."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any

from bedrot_console.domain.collector import collector_off
from bedrot_console.domain.findings import Place

from .contents import FormatTrouble

MOST_DEPTH = 256
_BYTE = re.compile(r"\(byte (\d+)\)")
_AT = re.compile(r"at `\$([^`]*)`")
_NAN = re.compile(rb"[\s:,\[](-?Infinity|NaN)\b")
_NO_BRACKETS = bytes(b for b in range(256) if b not in b"[]{}")


_at_hand: tuple[bytes, Any] | None = None


@contextmanager
def at_hand(data: bytes, value: Any) -> Iterator[None]:
    """Within this block `decode` of these very bytes gives `value` again: a feed's parser need not read them a second time."""
    global _at_hand
    _at_hand = (data, value)
    try:
        yield
    finally:
        _at_hand = None


def decode(data: bytes, *, duplicates: bool = True) -> Any:
    """The value of a JSON text. A UTF-8 BOM is tolerated; UTF-16 is not JSON as it travels (RFC 8259).

    Args:
        duplicates: look for repeated keys (costs a walk over the value).

    Raises:
        FormatTrouble: `format.empty`, `encoding`, `truncated`, `too-deep`, `number-too-large`, `not-a-number`, `duplicate-keys`, `not-json`.
    """
    known = _at_hand
    if known is not None and known[0] is data:
        return known[1]
    return decode_with_lines(data, duplicates=duplicates)[0]


def decode_with_lines(data: bytes, *, duplicates: bool = True) -> tuple[Any, bytes | None]:
    """As `decode`; beside a list also its elements spelled canonically (`canonical_lines`), when they were needed to look for repeats."""
    import msgspec

    lines = None
    if data.startswith(b"\xef\xbb\xbf"):
        data = data[3:]
    if data.startswith((b"\xff\xfe", b"\xfe\xff")) or (len(data) >= 4 and b"\0" in data[:4]):
        raise FormatTrouble("format.encoding", "the JSON is UTF-16 or UTF-32", expected="UTF-8", seen="UTF-16 or UTF-32")
    if not data.strip(b" \t\r\n"):
        raise FormatTrouble("format.empty")
    with collector_off():
        try:
            value = msgspec.json.decode(data)
        except RecursionError:
            raise FormatTrouble("format.too-deep") from None
        except UnicodeDecodeError as trouble:
            raise FormatTrouble("format.encoding", "the JSON holds bytes that are not UTF-8", expected="UTF-8") from trouble
        except msgspec.ValidationError as trouble:
            raise FormatTrouble("format.number-too-large", place=Place(pointer=_pointer(str(trouble)))) from trouble
        except msgspec.DecodeError as trouble:
            raise _diagnosis(data, str(trouble)) from trouble
        if _may_be_deep(data):
            _refuse_depth(value)
        if duplicates:
            lines = canonical_lines(value) if type(value) is list else None
            if _may_repeat(data, lines if lines is not None else msgspec.json.encode(value)):
                _refuse_repeats(data)
    return value, lines


@cache
def _encoder() -> Any:
    import msgspec

    return msgspec.json.Encoder(order="deterministic", decimal_format="string")


def canonical_lines(records: Sequence[Any]) -> bytes:
    """Each record as one line of JSON, keys sorted."""
    return _encoder().encode_lines(records)


@cache
def _decoder() -> Any:
    import msgspec

    return msgspec.json.Decoder()


def decode_lines(lines: Sequence[bytes]) -> list[Any] | None:
    """The value of each line, as `decode` gives it; None where one of them needs to be looked at by itself (`decode` then says why)."""
    import msgspec

    one = _decoder().decode
    text = b"\n".join(lines)
    with collector_off():
        try:
            values = [one(line) for line in lines]
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return None
        if _may_be_deep(text) or _may_repeat(text, canonical_lines(values)):
            return None
    return values


def _pointer(message: str) -> str:
    match = _AT.search(message)
    if match is None:
        return ""
    return "".join("/" + part for part in re.findall(r"\[(\d+|\.\.\.)\]|\.([^.\[]+)", match[1]) for part in part if part)


def _diagnosis(data: bytes, message: str) -> FormatTrouble:
    """Why a text is not JSON, in the words of the closed list. msgspec says only where; what stands there is looked at again."""
    match = _BYTE.search(message)
    offset = int(match[1]) if match else None
    if offset is not None and _NAN.match(data, max(offset - 1, 0)) or data[:9].lstrip(b"-").startswith((b"NaN", b"Infinity")):
        return FormatTrouble("format.not-a-number")
    if offset is not None and re.match(rb"NaN|-?Infinity", data[max(offset - 1, 0) : offset + 10].lstrip(b"-")):
        return FormatTrouble("format.not-a-number")
    if (surrogate := _lone_surrogate(data)) is not None:
        return FormatTrouble("format.encoding", f"a lone surrogate stands at byte {surrogate}")
    if "truncated" in message or (offset is not None and offset >= len(data.rstrip())):
        return FormatTrouble(
            "format.truncated",
            "the JSON ends in the middle: no closing bracket",
            expected="a closing bracket",
            seen=f"end at byte {len(data)}",
        )
    if offset is not None and "trailing" in message:
        return FormatTrouble("format.not-json", f"something follows the JSON value at byte {offset}")
    where = f" at byte {offset}" if offset is not None else ""
    return FormatTrouble("format.not-json", f"this is not JSON{where}")


def _lone_surrogate(data: bytes) -> int | None:
    for match in re.finditer(rb"\\(?:u([0-9a-fA-F]{4})(?:\\u([0-9a-fA-F]{4}))?|.)", data, re.DOTALL):
        if match[1] is None:
            continue
        first = int(match[1], 16)
        second = int(match[2], 16) if match[2] else 0
        if 0xD800 <= first < 0xDC00 and not 0xDC00 <= second < 0xE000:
            return match.start()
        if 0xDC00 <= first < 0xE000 or (0xDC00 <= second < 0xE000 and not 0xD800 <= first < 0xDC00):
            return match.start()
    return None


def _may_be_deep(data: bytes) -> bool:
    """Whether the nesting may exceed MOST_DEPTH: innermost pairs of brackets are taken away until none is left, level by level.

    Brackets inside strings can only make the answer yes.
    """
    brackets = data.translate(None, _NO_BRACKETS)
    for level in range(MOST_DEPTH):
        fewer = brackets.replace(b"{}", b"").replace(b"[]", b"")
        if not fewer:
            return False
        if len(fewer) == len(brackets) or (level > 16 and len(fewer) > 1 << 20):
            return True
        brackets = fewer
    return True


def _refuse_depth(value: Any) -> None:
    level = [value]
    for _ in range(MOST_DEPTH + 1):
        level = [
            inner
            for item in level
            if type(item) is dict or type(item) is list
            for inner in (item.values() if type(item) is dict else item)
            if type(inner) is dict or type(inner) is list
        ]
        if not level:
            return
    raise FormatTrouble("format.too-deep")


def _may_repeat(data: bytes, spelled: bytes) -> bool:
    """Whether the text may hold more keys than its value, spelled anew: each key has one colon, and colons inside strings stand in both.

    A repeated key loses its colon in the value. An escaped colon only means that the slow way must look.
    """
    if b"\\u003" in data and (b"\\u003a" in data or b"\\u003A" in data):
        return True
    return data.count(b":") != spelled.count(b":")


def _refuse_repeats(data: bytes) -> None:
    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(items)
        if len(found) != len(items):
            seen: set[str] = set()
            for key, _ in items:
                if key in seen:
                    raise FormatTrouble("format.duplicate-keys", seen=key[:40])
                seen.add(key)
        return found

    try:
        with collector_off():
            json.loads(data, object_pairs_hook=pairs)
    except RecursionError:
        raise FormatTrouble("format.too-deep") from None
