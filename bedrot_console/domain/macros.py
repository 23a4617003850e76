"""Table macros of people's SQL: `raw('distrokid/streams')` is the rows of every file of that feed in raw. Here: their names, and where a text calls them.

Only literals can name a feed, since the rows are fetched before the statement runs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from .lifecycle import Zone

MACROS = tuple(zone.value for zone in Zone if zone is not Zone.ERASED)
"""One per zone that holds payloads, named like it."""
ARGUMENTS = {
    "feed": "platform/feed",
    "account": "of one account",
    "series": "of one series",
    "since": "landed at or after: 7d, 24h, or an ISO date or time in UTC",
    "last": "of each account and series only the newest N files",
}
"""What a macro takes, in order: name -> what it says. All but `feed` may be left out; any may be given by name, `account := 'x'`."""
LEAD = {"file_id": "VARCHAR", "account": "VARCHAR", "series": "VARCHAR", "captured_at": "TIMESTAMP"}
"""Columns before the feed's own; after them `day` (DATE), the data's own date, where the feed has one."""
DAY = "day"
SIGNATURE = "'platform/feed', account, series, since, last"
SEPARATOR = "\x1f"

TOKEN = re.compile(
    r"(?P<comment>--[^\n]*|/\*.*?(?:\*/|\Z))"
    r"|(?P<string>'(?:[^']|'')*(?:'|\Z)|\$\$.*?(?:\$\$|\Z))"
    r'|(?P<name>"(?:[^"]|"")*(?:"|\Z))'
    r"|(?P<number>\b\d[\d_]*(?:\.\d+)?(?:[eE][+-]?\d+)?\b)"
    r"|(?P<word>[^\W\d]\w*)"
    r"|(?P<other>[^\s\w])",
    re.DOTALL,
)
"""The words of an SQL text; `lastgroup` is what kind each is."""
_TABLE_FOLLOWS = ("from", "join", "summarize", "describe", "table")


class Call(NamedTuple):
    """A macro called in a text. `start` counts characters up to the macro's name, `feed_at` up to the feed. `arguments` holds all of ARGUMENTS, empty where not given."""

    macro: str
    arguments: tuple[str, ...]
    start: int
    feed_at: int

    @property
    def table(self) -> str:
        """The name that stands for these rows in the engine; `sql_child.py` makes it from the arguments in the same way."""
        return SEPARATOR.join((self.macro, *self.arguments))

    @property
    def named(self) -> dict[str, str]:
        """The arguments that were given, by name."""
        return {name: value for name, value in zip(ARGUMENTS, self.arguments, strict=True) if value}

    def __str__(self) -> str:
        more = (f", {n} := {v}" if n == "last" else f", {n} := '{v}'" for n, v in self.named.items() if n != "feed")
        return f"{self.macro}('{self.arguments[0]}'{''.join(more)})"


class Unread(ValueError):
    """A macro is called in a way that names no file: what is wrong, and after how many characters."""

    def __init__(self, sentence: str, at: int) -> None:
        super().__init__(sentence)
        self.at = at


class _Word(NamedTuple):
    kind: str
    start: int
    text: str

    @property
    def low(self) -> str:
        return self.text[1:-1].replace('""', '"').lower() if self.kind == "name" else self.text.lower()


def calls(text: str) -> list[Call]:
    """Every macro that is called, each set of arguments once, in the order of the text; of a text that is no SQL any of them, or none.

    Raises:
        Unread: one of them is called with what is no literal, or with what it does not take.
    """
    words = [_Word(m.lastgroup or "", m.start(), m.group()) for m in TOKEN.finditer(text) if m.lastgroup != "comment"]
    found: dict[str, Call] = {}
    if words and words[-1].kind == "string" and (len(words[-1].text) < 2 or words[-1].text[-1] not in "'$"):
        return []  # no query at all: it ends inside a text
    for at in range(len(words) - 2):
        word = words[at]
        if word.kind not in ("word", "name") or word.low not in MACROS or words[at + 1].text != "(":
            continue
        before = words[at - 1].low if at else ""
        if before in (".", "with", "recursive", "as") or words[at + 2].kind != "string" and before not in _TABLE_FOLLOWS:
            continue  # a name that the text makes itself, with columns
        call = _called(word, words, at + 2)
        found.setdefault(call.table, call)
    return list(found.values())


def _called(macro: _Word, words: list[_Word], at: int) -> Call:
    names = list(ARGUMENTS)
    given: dict[str, str] = {}
    feed_at = macro.start
    for name, value in _arguments(macro, words, at):
        position = len(given)
        key = name or (names[position] if position < len(names) else "")
        if key not in ARGUMENTS or key in given:
            raise Unread(f"{macro.low} does not take this; it takes {SIGNATURE}", value.start)
        given[key] = _literal(value)
        if not given[key].isprintable() or key == "last" and not (given[key].isdecimal() and int(given[key])):
            raise Unread("last is how many files, 1 or more" if key == "last" else f"no {key} is called so", value.start)
        if key == "feed":
            feed_at = value.start
    if not given.get("feed"):
        raise Unread(f"{macro.low} needs a feed: {macro.low}('platform/feed')", macro.start)
    return Call(macro.low, tuple(given.get(name, "") for name in names), macro.start, feed_at)


def _arguments(macro: _Word, words: list[_Word], at: int) -> Iterator[tuple[str, _Word]]:
    """(name or nothing, value) of each argument, up to the closing bracket."""

    def word(index: int) -> _Word:
        return words[index] if index < len(words) else _Word("end", macro.start, "")

    while word(at).text != ")":
        name = ""
        if word(at).kind in ("word", "name") and word(at + 1).text + word(at + 2).text in (":=", "=>"):
            name, at = word(at).low, at + 3
        value = word(at)
        if value.kind not in ("string", "number") or word(at + 1).text not in (",", ")"):
            raise Unread(
                f"{macro.low} takes texts and numbers as they stand, such as {macro.low}('distrokid/streams')", value.start
            )
        yield name, value
        at += 2 if word(at + 1).text == "," else 1


def _literal(word: _Word) -> str:
    if word.kind == "number":
        return word.text.replace("_", "")
    return word.text[2:-2] if word.text.startswith("$$") else word.text[1:-1].replace("''", "'")
