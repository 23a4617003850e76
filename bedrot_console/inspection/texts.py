"""From text to values, and finding builders. Pure functions."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from bedrot_console.domain.findings import Finding, Place, Severity

from .contents import FormatTrouble

NAMED_WITHIN = 4096
"""Bytes from its start within which a page names its encoding."""
_MONTH = re.compile(r"(\d{4})-?(\d{2})")
_PLAIN = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?", re.ASCII)
_GROUPED = re.compile(r"[+-]?\d{1,3}(?:,\d{3})+(?:\.\d*)?", re.ASCII)


def decimal_of(value: Any) -> Decimal:
    """`"1,234.50"`, `"23.4"`, `7`, `1.5` as an exact Decimal. Commas group thousands. Raises ValueError for anything else, bool included."""
    if isinstance(value, Decimal):
        return value
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise ValueError("not a number")
    if isinstance(value, str):
        value = value.strip()
        if _GROUPED.fullmatch(value):
            value = value.replace(",", "")
        if len(value) > 400 or not _PLAIN.fullmatch(value):
            raise ValueError("not a number")
        return Decimal(value)
    try:
        number = Decimal(value) if isinstance(value, int) else Decimal(repr(value))
    except InvalidOperation:
        raise ValueError("not a number") from None
    if not number.is_finite():
        raise ValueError("not a number")
    return number


def whole_number(value: Any) -> int:
    """A whole number from an int, or from text such as `"1,234"` or `"12.0"`. Raises ValueError."""
    if type(value) is int:
        return value
    number = decimal_of(value)
    if number != number.to_integral_value():
        raise ValueError("not a whole number")
    return int(number)


def day_of(value: Any) -> date:
    """A day from `YYYY-MM-DD`, an ISO time (its own day), a date or a datetime. Raises ValueError."""
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    if not isinstance(value, str):
        raise ValueError("not a day")
    text = value.strip()
    if len(text) > 10 and text[10] in "T ":
        text = text[:10]
    if len(text) != 10 or text[4] != "-" or text[7] != "-":
        raise ValueError("not a day")
    return date.fromisoformat(text)


def month_of(value: Any) -> date:
    """First day of the month from `YYYY-MM` or `YYYYMM`. Raises ValueError."""
    match = _MONTH.fullmatch(str(value).strip())
    if not match:
        raise ValueError("not a month")
    return date(int(match[1]), int(match[2]), 1)


def masked(value: Any, limit: int = 40) -> str:
    """A short text for `Finding.seen` that cannot hold a secret: numbers and dates as they are, words as their first two letters and length."""
    text = value if isinstance(value, str) else str(value)
    if len(text) <= 20 and re.fullmatch(r"[-+\d.,:/ TZ]*", text, re.ASCII) and sum(c.isdigit() for c in text) <= 14:
        return text
    if len(text) <= 3:
        return text[:1] + "…" if text else ""
    return f"{text[:2]}… ({len(text):,} characters)"[:limit]


def type_name(value: Any) -> str:
    """The JSON type of a parsed value, as findings of types name it."""
    names = {type(None): "null", bool: "boolean", int: "integer", float: "number", str: "string", list: "array", dict: "object"}
    return names.get(type(value), type(value).__name__)


def _finding(severity: Severity, code: str, message: str, where: dict[str, Any]) -> Finding:
    place = where.pop("place", None) or Place(
        pointer=where.pop("pointer", None),
        row=where.pop("row", None),
        column=where.pop("column", None),
        selector=where.pop("selector", None),
    )
    return Finding(code=code, severity=severity, message=message, place=place, **where)


def error(code: str, message: str, **where: Any) -> Finding:
    """An error finding. Keywords: `place`, or `pointer`, `row`, `column`, `selector`; `expected`, `seen`, `count`, `stage`."""
    return _finding(Severity.ERROR, code, message, where)


def warning(code: str, message: str, **where: Any) -> Finding:
    """A warning finding; keywords as `error`."""
    return _finding(Severity.WARNING, code, message, where)


def note(code: str, message: str, **where: Any) -> Finding:
    """A note: worth telling, changes no verdict; keywords as `error`."""
    return _finding(Severity.NOTE, code, message, where)


def html_tree(data: bytes | str) -> Any:
    """An lxml tree of a page, with lxml's own limits on depth and entities kept. Bytes that name no encoding and are UTF-8 are read as that.

    Raises:
        FormatTrouble: `format.empty`, `format.not-html`, or `format.too-deep` (beyond 256 levels).
    """
    import lxml.etree
    import lxml.html

    body = data.encode("utf-8", "replace") if isinstance(data, str) else data
    if not body.strip():
        raise FormatTrouble("format.empty")
    encoding = "utf-8" if isinstance(data, str) or _unnamed_utf8(body) else None
    parser = lxml.html.HTMLParser(huge_tree=False, no_network=True, encoding=encoding)
    try:
        tree = lxml.html.document_fromstring(body, parser=parser)
    except (lxml.etree.LxmlError, ValueError, AssertionError) as trouble:
        raise FormatTrouble("format.not-html") from trouble
    if any(entry.type_name == "ERR_RESOURCE_LIMIT" for entry in parser.error_log):
        raise FormatTrouble("format.too-deep")
    return tree


def _unnamed_utf8(body: bytes) -> bool:
    """Whether a page names no encoding but is UTF-8; the parser by itself would take it for Latin-1."""
    if body.isascii() or b"charset" in body[:NAMED_WITHIN].lower() or body.startswith((b"\xff\xfe", b"\xfe\xff", b"<?xml")):
        return False
    try:
        body.decode("utf-8")
    except UnicodeDecodeError as trouble:
        return trouble.start >= len(body) - 3  # cut within a character
    return True


def json_value(text: str | bytes) -> Any:
    """Strict JSON, without NaN, Infinity and repeated keys. Raises FormatTrouble.

    In a `parse` function hand over the payload bytes as they came: they were decoded already, and that value is given again.
    """
    from .jsontext import decode

    return decode(text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass"))


_JS_TOKEN = re.compile(
    r"""\s+|//[^\n]*|/\*.*?\*/|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[\[\]{}:,]|[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|[A-Za-z_$][\w$]*""",
    re.DOTALL,
)
_JS_WORDS = {"true": "true", "false": "false", "null": "null", "undefined": "null"}
_JS_ESCAPE = re.compile(r"\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|.)", re.DOTALL)


def _js_string(token: str) -> str:
    def one(match: re.Match[str]) -> str:
        what = match[1]
        if what[0] in "xu" and len(what) > 1:
            return chr(int(what[1:], 16))
        return {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "v": "\v", "0": "\0", "\n": ""}.get(what, what)

    return json.dumps(_JS_ESCAPE.sub(one, token[1:-1]))


def loose_json(text: str) -> Any:
    """A JavaScript literal as a value: trailing commas, unquoted or single-quoted keys, comments. Never evaluates anything.

    Raises:
        FormatTrouble: `format.not-json` where a token is neither JSON nor a plain literal, or as `json_value`.
    """
    try:
        return json_value(text)
    except FormatTrouble as trouble:
        if trouble.code != "format.not-json":
            raise
    out: list[str] = []
    position = 0
    while position < len(text):
        match = _JS_TOKEN.match(text, position)
        if match is None:
            raise FormatTrouble("format.not-json", "the page's data is not a plain literal", place=Place(pointer=""))
        token, position = match[0], match.end()
        first = token[0]
        if first.isspace() or token.startswith(("//", "/*")):
            continue
        if first in "]}" and out and out[-1] == ",":
            out.pop()
        if first in "\"'":
            token = _js_string(token)
        elif first.isalpha() or first in "_$":
            token = _JS_WORDS.get(token, json.dumps(token)) if _next_is_not_colon(text, position) else json.dumps(token)
        elif first in "+.":
            token = token.lstrip("+")
            token = "0" + token if token.startswith(".") else token
        out.append(token)
    return json_value(" ".join(out))


def _next_is_not_colon(text: str, position: int) -> bool:
    match = re.compile(r"\s*:").match(text, position)
    return match is None


def script_arrays(text: str, name: str, *, after: str | None = None, limit: int = 8 << 20) -> Iterator[str]:
    """Source texts of the arrays assigned to `name` in inline script: `"name": [ … ]`, `name: [ … ]` or `name = [ … ]`, brackets balanced.

    Args:
        after: only arrays after the first place where this text stands (a chart id).
        limit: longest array in characters.

    Raises:
        FormatTrouble: `format.truncated` if an array never closes.
    """
    start = 0
    if after is not None:
        start = text.find(after)
        if start < 0:
            return
    for match in re.compile(rf"""(?<![\w$])["']?{re.escape(name)}["']?\s*[:=]\s*(?=\[)""").finditer(text, start):
        yield text[match.end() : _closing(text, match.end(), limit)]


_STEP = re.compile(r"""[\[\]]|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|["']""", re.DOTALL)


def _closing(text: str, start: int, limit: int) -> int:
    depth = 0
    for match in _STEP.finditer(text, start, min(len(text), start + limit)):
        token = match[0]
        if token == "[":
            depth += 1
        elif token == "]":
            depth -= 1
            if depth == 0:
                return match.end()
    raise FormatTrouble("format.truncated", "an array in the page's script never closes")
