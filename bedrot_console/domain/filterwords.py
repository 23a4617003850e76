"""The words of a filter, the same in the console and on the command line: `platform:distrokid status:failed since:7d text…`.

Each word but the free text is an option of `bedrot files` with the same name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from .browsing import GROUPINGS, ORDERS, FileFilter
from .errors import UsageError
from .lifecycle import STATUSES, Zone

WORDS: dict[str, str] = {
    "zone": "landing, raw, quarantine or erased",
    "platform": "only this platform",
    "feed": "only this feed, by its whole name (distrokid/streams)",
    "account": "only this account",
    "series": "only this series of a feed (an artist, a period)",
    "status": ", ".join(STATUSES),
    "code": "only files whose first finding has this code",
    "since": "landed at or after: 7d, 24h, or an ISO date or time in UTC",
    "until": "landed before: 7d, 24h, or an ISO date or time in UTC",
    "day": "landed on this day (UTC): 2026-01-31",
    "run": "only files of this run",
    "set": "only files of this set",
    "sha256": "only files with these bytes: the whole hash",
    "id": "only these files: ids, or beginnings of some, with commas between",
    "order": ", ".join(ORDERS),
    "group": "count by " + ", ".join(GROUPINGS),
}
"""Word -> what it restricts to, in the order of the help."""

FIELDS = {"run": "run_id", "set": "set_id"}
"""Words whose field in FileFilter has another name."""

FIXED: dict[str, Sequence[str]] = {
    "zone": tuple(z.value for z in Zone), "status": STATUSES, "order": ORDERS, "group": GROUPINGS, "since": ("24h", "7d", "30d"),
}  # fmt: skip
"""Word -> its values, or (for times) usual ones."""

_TOKEN = re.compile(r'(?:[^\s"]+|"[^"]*"?)+')
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def parse_since(text: str, now: datetime) -> datetime:
    """`7d`, `24h`, `30m`, `2w`, or an ISO date or time (UTC if it has no zone). Raises UsageError."""
    if text[:-1].isdigit() and text[-1:] in _UNITS:
        try:
            return now - timedelta(**{_UNITS[text[-1]]: int(text[:-1])})
        except OverflowError:
            raise UsageError(f"not a time: {text!r}", hint="write 7d, 24h, or 2026-01-31") from None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"not a time: {text!r}", hint="write 7d, 24h, or 2026-01-31") from None
    return at if at.tzinfo else at.replace(tzinfo=now.tzinfo)


def parse_day(text: str, now: datetime) -> dict[str, datetime]:
    """A day as `since` and `until`. Raises UsageError."""
    try:
        start = datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=now.tzinfo)
        return {"since": start, "until": start + timedelta(days=1)}
    except (ValueError, OverflowError):
        raise UsageError(f"not a day: {text!r}", hint="write 2026-01-31") from None


def filter_of(given: Mapping[str, str], text: str, now: datetime) -> FileFilter:
    """The filter of word -> value (not `group`) and free text.

    Raises:
        UsageError: an unknown status, zone or order, or a bad time.
    """
    values: dict[str, Any] = {}
    for word, value in given.items():
        if word == "day":
            values |= parse_day(value, now)
        elif word in ("since", "until"):
            values[word] = parse_since(value, now)
        elif word in ("zone", "status", "order"):
            if value not in FIXED[word]:
                raise UsageError(f"no such {word}: {value}", hint=", ".join(FIXED[word]))
            values[word] = Zone(value) if word == "zone" else value
        elif word == "id":
            values["ids"] = tuple(dict.fromkeys(v for v in value.lower().split(",") if v))
        elif word == "sha256":
            values[word] = value.lower()
        else:
            values[FIELDS.get(word, word)] = value
    return FileFilter(text=text, **values)


def split_words(line: str) -> tuple[dict[str, str], str]:
    """Word -> value of what is typed, and the free text. A word without a value yet is left out; the last of two counts.

    Raises:
        UsageError: a word that looks like a slip (`statsu:failed`), or an unknown way to group.
    """
    given: dict[str, str] = {}
    rest: list[str] = []
    for raw in _TOKEN.findall(line):
        word = raw.replace('"', "")
        name, colon, value = word.partition(":")
        if colon and name in WORDS:
            if value:
                given[name] = value
            continue
        if colon and name.isalpha():
            _slip(name)
        rest.append(word)
    if given.get("group", GROUPINGS[0]) not in GROUPINGS:
        raise UsageError(f"no such group: {given['group']}", hint=", ".join(GROUPINGS))
    return given, " ".join(rest)


def sayable(value: str) -> bool:
    """Whether a word can have this value: the grammar has no way to write quotation marks or what cannot be printed."""
    return bool(value) and value.isprintable() and '"' not in value


def quoted(value: str) -> str:
    """A value as it is written behind its word: in quotation marks where it has spaces."""
    return f'"{value}"' if " " in value else value


def _slip(name: str) -> None:
    from difflib import get_close_matches

    meant = get_close_matches(name, WORDS, 1, 0.7)
    if meant:
        raise UsageError(f"no such filter word: {name}:", hint=f"did you mean {meant[0]}:")


def parse_filter(words: str, now: datetime) -> FileFilter:
    """The filter that these words say; a `group:` among them restricts nothing. Raises UsageError."""
    given, text = split_words(words)
    given.pop("group", None)
    return filter_of(given, text, now)


def decision_filter(words: str, now: datetime) -> FileFilter:
    """The filter of a decision, where a slip would take every file: each word has its value, and something is restricted.

    Raises:
        UsageError: as `parse_filter`, and a word without a value, `id:` without ids, or nothing that restricts.
    """
    for raw in _TOKEN.findall(words):
        name, colon, value = raw.replace('"', "").partition(":")
        if colon and name in WORDS and not value.strip(", " if name == "id" else None):
            raise UsageError(f"{name}: has no value", hint=f"write {name}:VALUE, or leave {name}: out")
    what = parse_filter(words, now)
    if replace(what, order=FileFilter().order, text=what.text.strip()) == FileFilter():
        raise UsageError("these words restrict nothing", hint="say which files: zone:landing status:passed")
    return what


def completions(line: str, values: Mapping[str, Sequence[str]]) -> list[str]:
    """What the last word of `line` may become: words with their colon, or a word's values, best first.

    Args:
        values: word -> values that the catalog holds, besides the fixed ones.
    """
    last = line.rpartition(" ")[2]
    name, colon, begun = last.partition(":")
    if not colon:
        return [f"{word}:" for word in WORDS if name and word.startswith(name)]
    offered = [*FIXED.get(name, ()), *values.get(name, ())]
    fitting = [v for v in offered if v.startswith(begun)] or [v for v in offered if begun and begun in v]
    return [f"{name}:{quoted(value)}" for value in fitting]
