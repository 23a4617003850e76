"""Ways to damage a good capture, each in one way: bodies of any format, and JSON documents."""

from __future__ import annotations

import copy
import json
import random
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from clean_year import Brought

from bedrot_console.domain.feeds import Feed
from bedrot_console.operations.practice_faults import lists_inside

ISO_DAY = re.compile(rb"\b(20\d\d)-(\d\d)-(\d\d)\b")
NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


@dataclass
class Case:
    """One good capture, what it could be mixed up with, and the draw."""

    platform: str
    one: Brought
    feed: Feed
    others: list[Brought]
    older: bytes | None
    foreign: bytes | None
    draw: random.Random


Mutator = Callable[[Case], bytes | None]
"""The damaged payload; None where this damage cannot be done to this payload."""
MUTATORS: dict[str, Mutator] = {}


def mutator(function: Mutator) -> Mutator:
    MUTATORS[function.__name__] = function
    return function


# -- whatever the format ------------------------------------------------------------------------------------------------------


def _page(title: str, body: str, case: Case) -> bytes:
    filler = "<!-- " + "x" * max(0, case.feed.min_bytes) + " -->"
    return f"<!doctype html><html><head><title>{title}</title></head><body>{body}{filler}</body></html>".encode()


@mutator
def sign_in_page(case: Case) -> bytes | None:
    form = "<form action='/login' method='post'><input type='email' name='email'><input type='password' name='password'></form>"
    return _page("Sign in", form, case)


@mutator
def error_page(case: Case) -> bytes | None:
    return _page("502 Bad Gateway", "<h1>502 Bad Gateway</h1><p>The server is temporarily unavailable.</p>", case)


@mutator
def error_body(case: Case) -> bytes | None:
    return b'{"error": {"code": 401, "message": "Token expired"}}' + b" " * case.feed.min_bytes


@mutator
def nothing(case: Case) -> bytes | None:
    return case.draw.choice([b"", b"\n", b" " * 2000])


@mutator
def garbage(case: Case) -> bytes | None:
    return case.draw.randbytes(max(len(case.one.body), case.feed.min_bytes))


@mutator
def cut(case: Case) -> bytes | None:
    return case.one.body[: int(len(case.one.body) * case.draw.uniform(0.2, 0.9))]


@mutator
def other_feed(case: Case) -> bytes | None:
    wrong = [o.body for o in case.others if o.attribute != case.one.attribute]
    return case.draw.choice(wrong) if wrong else None


@mutator
def stale(case: Case) -> bytes | None:
    """What the platform had three months ago, captured now. Where the data has no days, it was captured then too: nothing else tells it."""
    return case.older


@mutator
def other_account(case: Case) -> bytes | None:
    """What another account has at that moment."""
    return case.foreign


@mutator
def utf16(case: Case) -> bytes | None:
    if case.one.body[:2] in (b"\xff\xfe", b"PK") or case.feed.format == "table":  # a table may come as a spreadsheet saved it
        return None
    try:
        return case.one.body.decode("utf-8-sig").encode("utf-16")
    except UnicodeDecodeError:
        return None


# -- JSON ---------------------------------------------------------------------------------------------------------------------


def _document(case: Case) -> Any:
    if case.one.body[:1] not in (b"{", b"["):
        return None
    try:
        return json.loads(case.one.body)
    except ValueError:
        return None


def same(body: bytes, other: bytes) -> bool:
    """Whether nothing was damaged: the same bytes, or the same JSON value spelled otherwise."""
    if body == other or body[:1] not in (b"{", b"["):
        return body == other
    try:
        return json.loads(body) == json.loads(other)
    except ValueError:
        return False


def _dumped(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _required(schema: Any) -> set[str]:
    """Names that a schema requires anywhere."""
    names: set[str] = set()
    if isinstance(schema, dict):
        names |= set(schema.get("required", ())) if isinstance(schema.get("required"), list) else set()
        for value in schema.values():
            names |= _required(value)
    elif isinstance(schema, list):
        for value in schema:
            names |= _required(value)
    return names


def _renamed(value: Any, name: str) -> Any:
    if isinstance(value, dict):
        return {(k + "_new" if k == name else k): _renamed(v, name) for k, v in value.items()}
    return [_renamed(v, name) for v in value] if isinstance(value, list) else value


def _holds(value: Any, name: str) -> bool:
    if isinstance(value, dict):
        return name in value or any(_holds(v, name) for v in value.values())
    return isinstance(value, list) and any(_holds(v, name) for v in value)


@mutator
def field_renamed(case: Case) -> bytes | None:
    """A field that the schema requires has another name everywhere."""
    document = _document(case)
    if document is None or case.feed.schema is None:
        return None
    names = sorted(n for n in _required(json.loads(case.feed.schema.read_bytes())) if _holds(document, n))
    return _dumped(_renamed(document, case.draw.choice(names))) if names else None


@mutator
def row_field_renamed(case: Case) -> bytes | None:
    """A field that every row has, required or not, has another name everywhere."""
    document = _document(case)
    rows = (
        next((r for r in lists_inside(document) if len(r) > 1 and isinstance(r[0], dict)), None) if document is not None else None
    )
    names = sorted(set.intersection(*map(set, rows))) if rows else []
    return _dumped(_renamed(document, case.draw.choice(names))) if names else None


NOT_COUNTED = re.compile(r"(?:^|_)id$|Id$|isrc|upc|time|Time|^(?:status(?:_code)?|code|cursor|duration)$")


def _noughts(value: Any, name: str = "") -> Any:
    if isinstance(value, dict):
        return {k: _noughts(v, k) for k, v in value.items()}
    if isinstance(value, list):
        return [_noughts(v, name) for v in value]
    if isinstance(value, bool) or NOT_COUNTED.search(name):
        return value
    return 0 if isinstance(value, int | float) else "0" if _digits(value) else value


@mutator
def all_noughts(case: Case) -> bytes | None:
    """Every figure is nought, numbers and text of digits: the account lost the right to read them."""
    document = _document(case)
    return _dumped(_noughts(document)) if document is not None else None


@mutator
def lists_emptied(case: Case) -> bytes | None:
    """Every list of rows is empty; where an empty capture is not what a healthy platform sends."""
    document = _document(case)
    if document is None or case.feed.empty == "ok":
        return None
    longest = next(iter(lists_inside(document)), None)
    if longest is None or len(longest) < 2:
        return None
    for rows in lists_inside(document):
        if not any(isinstance(r, dict) and any(isinstance(v, list) for v in r.values()) for r in rows):
            rows.clear()
    return _dumped(document)


@mutator
def number_spelled(case: Case) -> bytes | None:
    """A figure among the rows is a word."""
    document = _document(case)
    rows = next((r for r in lists_inside(document) if len(r) > 1), None) if document is not None else None
    if rows is None:
        return None
    row = case.draw.choice(rows)
    named = row.items() if isinstance(row, dict) else enumerate(row)
    figures = [k for k, v in named if (isinstance(v, int | float) and not isinstance(v, bool)) or _digits(v)]
    figures = [k for k in figures if not re.search(r"(?:^|_)id$|Id$|isrc|upc", str(k))]
    if not figures:
        return None
    row[case.draw.choice(figures)] = "n/a"
    return _dumped(document)


def _digits(value: Any) -> bool:
    return isinstance(value, str) and bool(NUMBER.fullmatch(value))


@mutator
def row_twice(case: Case) -> bytes | None:
    """A day stands there twice."""
    document = _document(case)
    if document is None or not case.feed.day:
        return None
    rows = next((r for r in lists_inside(document) if len(r) > 2 and _dated(r[0])), None)
    if rows is None:
        return None
    spot = case.draw.randrange(len(rows))
    rows.insert(spot, copy.deepcopy(rows[spot]))
    return _dumped(document)


@mutator
def day_missing(case: Case) -> bytes | None:
    """A day in the middle that the capture before had is gone."""
    document = _document(case)
    if document is None or not case.feed.day or case.feed.history is None:
        return None
    rows = next((r for r in lists_inside(document) if len(r) > 8 and _dated(r[0])), None)
    if rows is None:
        return None
    rows.sort(key=lambda r: str(_dated(r)))
    del rows[case.draw.randrange(len(rows) // 3, 2 * len(rows) // 3)]
    return _dumped(document)


def _dated(row: Any) -> Any:
    values = row.values() if isinstance(row, dict) else row
    return next((v for v in values if isinstance(v, str) and ISO_DAY.match(v.encode())), None)


@mutator
def days_ahead(case: Case) -> bytes | None:
    """Every date is two years later: the data comes from the future."""
    if not case.feed.day or not ISO_DAY.search(case.one.body[:4096]):
        return None
    return ISO_DAY.sub(lambda m: b"%d-%s-%s" % (int(m[1]) + 2, m[2], m[3]), case.one.body)


@mutator
def dates_respelled(case: Case) -> bytes | None:
    """Every ISO date is spelled as a spreadsheet does."""
    if not case.feed.day or case.feed.format == "html" or not ISO_DAY.search(case.one.body[:4096]):
        return None
    return ISO_DAY.sub(lambda m: b"%d/%d/%s" % (int(m[2]), int(m[3]), m[1]), case.one.body)
