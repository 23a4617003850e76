"""SQL as text: what its words are, and what the word at the cursor may become. Asks nobody: names come from a lexicon that is at hand."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from ..domain.macros import DAY, MACROS, TOKEN


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


KEYWORDS = _words(
    "all and any anti array as asc asof between by case cast collate columns cross current_date current_timestamp cube current desc describe"
    " distinct else end escape except exclude exists explain false fetch filter first following for from full glob group grouping having"
    " ilike in inner intersect interval into is isnull join last lateral left like limit list macro materialized natural not notnull null"
    " nulls offset on or order outer over partition pivot positional preceding qualify range recursive replace right rollup row rows select"
    " semi sets show similar some struct summarize table tablesample then ties to true try_cast unbounded union unnest unpivot using values"
    " when where window with within without"
)
TYPES = _words(
    "bigint blob boolean char date decimal double float hugeint int integer interval json real smallint text time timestamp timestamptz"
    " tinyint ubigint uinteger uuid varchar"
)
_AFTER_A_VIEW = _words("from join describe summarize pivot unpivot table")
LONGEST = 20_000
"""Characters beyond which a text is neither coloured nor completed."""


class Token(NamedTuple):
    """Kind: `comment`, `string`, `name` (quoted), `number`, `keyword`, `type`, `function`, `word` or `other`."""

    kind: str
    start: int
    end: int
    text: str


def tokens(text: str) -> list[Token]:
    """The words of a text, in order; blanks are left out."""
    out = []
    for found in TOKEN.finditer(text):
        kind, word = found.lastgroup or "other", found.group()
        if kind == "word":
            low = word.lower()
            called = text[found.end() : found.end() + 1] == "("
            if low in KEYWORDS and not (
                called and low in ("list", "first", "last", "struct", "array", "replace", "left", "right", "any")
            ):
                kind = "keyword"
            elif called:
                kind = "function"
            elif low in TYPES:
                kind = "type"
        out.append(Token(kind, found.start(), found.end(), word))
    return out


@dataclass(frozen=True, slots=True)
class Lexicon:
    """What may be named: views with their columns (name, type), functions (name, kind), feeds that a table macro can be called with, and the
    columns that every macro gives; `learned` holds those that answers showed, by the macro's call."""

    views: Mapping[str, Sequence[tuple[str, str]]] = field(default_factory=dict)
    functions: Sequence[tuple[str, str]] = ()
    feeds: Sequence[str] = ()
    lead: Sequence[tuple[str, str]] = ()
    learned: dict[str, dict[str, str]] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        schema: Iterable[tuple[str, str, str]],
        words: Sequence[tuple[str, str]],
        feeds: Sequence[str] = (),
        before: Lexicon | None = None,
    ) -> Lexicon:
        """From what `sql --schema` lists. `before`: the one whose learned columns are kept."""
        views: dict[str, list[tuple[str, str]]] = {}
        lead: dict[str, str] = {}
        for view, column, kind in schema:
            if "(" not in view:
                views.setdefault(view, []).append((column, kind.lower()))
            elif column != "*":
                lead[column] = kind.lower()
        return cls(views, words, feeds, tuple(lead.items()), before.learned if before is not None else {})

    def columns(self, view: str) -> Sequence[tuple[str, str]]:
        """(name, type) of the columns of a view, or of a macro's call."""
        if view in self.views:
            return self.views[view]
        return list(self.learned.get(view, dict(self.lead)).items()) if view else ()

    def learn(self, text: str, columns: Sequence[str], types: Sequence[str]) -> None:
        """Take the columns of an answer as those of the macro that its text calls, if it asked one macro for everything."""
        words = tokens(text)
        found = {call for at in range(len(words)) if (call := _call(words, at))}
        lead = [name for name, _ in self.lead if name != DAY]
        if len(found) == 1 and list(columns[: len(lead)]) == lead:
            self.learned[found.pop()] = {c: t.strip('"').lower() for c, t in zip(columns, types, strict=True)}


class Candidate(NamedTuple):
    """What a word may become: the text that is put there, and what it is (`view`, a column's type, `function`, `keyword` ...)."""

    text: str
    about: str


def _call(found: Sequence[Token], at: int) -> str:
    """A macro called with a feed at this place, as its name and the feed; empty when there is none."""
    if found[at].text.lower() in MACROS and [t.text for t in found[at + 1 : at + 2]] == ["("] and at + 2 < len(found):
        feed = found[at + 2]
        return f"{found[at].text.lower()} {feed.text}" if feed.kind == "string" else ""
    return ""


def _after_call(found: Sequence[Token], at: int) -> int:
    """The place after a call's closing bracket."""
    return next((i + 1 for i in range(at, len(found)) if found[i].text == ")"), len(found))


def named_views(found: Sequence[Token], lexicon: Lexicon) -> dict[str, str]:
    """Names that stand for a view, or for a macro's call, in the text: alias or own name -> view; a name made by WITH stands for nothing
    known (empty)."""
    out: dict[str, str] = {}
    for at, token in enumerate(found):
        low = token.text.lower()
        if call := _call(found, at):
            out[call] = call
            after = _after_call(found, at)
            after += after < len(found) and found[after].text.lower() == "as"
            if after < len(found) and found[after].kind == "word":
                out[found[after].text.lower()] = call
            continue
        if (
            token.kind in ("word", "name")
            and at + 1 < len(found)
            and found[at + 1].text.lower() == "as"
            and _begins_with(found, at)
        ):
            out.setdefault(token.text, "")
        if low not in lexicon.views or token.kind not in ("word", "keyword") or at == 0:
            continue
        before = found[at - 1].text.lower()
        if before not in ("from", "join", ",") and before != "summarize":
            continue
        out[low] = low
        after = at + 1
        if after < len(found) and found[after].text.lower() == "as":
            after += 1
        if after < len(found) and found[after].kind == "word":
            out[found[after].text.lower()] = low
    return out


def _begins_with(found: Sequence[Token], at: int) -> bool:
    """Whether a name at this place is one that WITH makes."""
    before = found[at - 1].text.lower() if at else ""
    opened = at + 2 < len(found) and found[at + 2].text == "("
    return opened and before in ("with", "recursive", ",")


def complete(text: str, offset: int, lexicon: Lexicon, *, least: int = 1, limit: int = 60) -> tuple[int, list[Candidate]]:
    """Where the word at `offset` begins, and what it may become, best first; nothing inside strings and comments.

    Args:
        least: letters that must stand there; after a dot none.
    """
    if len(text) > LONGEST:
        return offset, []
    found = tokens(text)
    for at, token in enumerate(found):
        if token.kind == "string" and token.start < offset <= token.end and at > 1 and _call(found, at - 2):
            return _feeds(text, offset, token, lexicon, limit)
        if token.start < offset <= token.end and token.kind in ("comment", "string", "name", "number"):
            whole = token.kind != "comment" and offset == token.end and token.text[-1] in "'\"" and len(token.text) > 1
            if not whole:
                return offset, []
    begun = re.search(r"(?:(\w+)\.)?([^\W\d]\w*)?$", text[:offset])
    assert begun is not None
    owner, word = begun.group(1), begun.group(2) or ""
    start = offset - len(word)
    views = named_views(found, lexicon)
    if owner is not None and not owner[0].isdigit():
        view = views.get(owner.lower()) or (owner.lower() if owner.lower() in lexicon.views else "")
        return start, _ranked(word, [[Candidate(c, t) for c, t in lexicon.columns(view)]], limit)
    if len(word) < least:
        return start, []
    before = [t for t in found if t.end <= start and t.kind != "comment"]
    last = before[-1].text.lower() if before else ""
    made = [Candidate(name, "with") for name, view in views.items() if not view]
    all_views = [Candidate(v, "view") for v in lexicon.views]
    functions = [Candidate(f"{name}(", kind) for name, kind in lexicon.functions]
    keywords = [Candidate(k.upper() if word.isupper() else k, "keyword") for k in sorted(KEYWORDS)]
    if last in _AFTER_A_VIEW or (last == "," and _in_from(before)):
        tables = [c for c in functions if c.about == "table function"]
        return start, _ranked(word, [made, all_views, tables, keywords], limit)
    used = dict.fromkeys(v for v in views.values() if v) or dict.fromkeys(lexicon.views)
    columns = list({c: Candidate(c, t) for v in used for c, t in lexicon.columns(v)}.values())
    aliases = [Candidate(a, f"is {v}") for a, v in views.items() if v and a != v]
    calls = [c for c in functions if c.about != "table function"]
    types = [Candidate(t, "type") for t in sorted(TYPES)] if last in ("as", ":") else []
    return start, _ranked(word, [types, columns, aliases, made, keywords, calls, all_views], limit)


def _feeds(text: str, offset: int, token: Token, lexicon: Lexicon, limit: int) -> tuple[int, list[Candidate]]:
    """What the feed in a macro's brackets may become; quote and bracket are closed where nothing closes them yet."""
    start = token.start + 1
    word, after = text[start:offset], text[offset : offset + 1]
    if "'" in word or after and after not in "' )\n":
        return offset, []
    end = {"'": "", ")": "'"}.get(after, "')")
    return start, [
        Candidate(c.text + end, c.about) for c in _ranked(word, [[Candidate(f, "feed") for f in lexicon.feeds]] * 2, limit)
    ]


def _in_from(before: Sequence[Token]) -> bool:
    """Whether a comma here stands between tables."""
    for token in reversed(before):
        low = token.text.lower()
        if low in ("from", "join"):
            return True
        if token.kind == "keyword" and low not in ("as", "lateral") or token.text == "(":
            return False
    return False


def _ranked(word: str, groups: Sequence[Sequence[Candidate]], limit: int) -> list[Candidate]:
    """Those that begin so, group by group; then those that hold the word somewhere. A word that is whole already is left out."""
    low = word.lower()
    begin = [c for group in groups for c in group if c.text.lower().startswith(low) and c.text.lower() != low]
    inside = [c for group in groups[:2] for c in group if low in c.text.lower()[1:]] if len(low) > 1 else []
    return list(dict.fromkeys([*begin, *(c for c in inside if c.text.lower() != low)]))[:limit]
