"""Excerpts: a window of a payload in one form, whatever its size. Plain data; texts come from outside, faces show them through `safe()`.

A window is addressed by what can be found without reading the whole: a byte offset, a row's number, a node. Offsets count bytes of what
is read: the payload, or what was unpacked from it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from .findings import Finding, Place

FORMS = ("structure", "rows", "text", "members", "picture")
"""`structure`: JSON and HTML as a tree, tables in columns. `rows`: what the feed's own parser reads out of it. `text`: as it is written.
`members`: the files of an archive, the sheets of a workbook."""
BEGINNING = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """Which window, in which form.

    Attributes:
        act: `open` (a window), `children` (of `node`), `find` (`text`, from `at` or `row` on), `place` (where a finding is).
        member: the number of the member at each level of archives; empty: the payload itself.
        form: one of FORMS; empty: the one that suits the content (and for `place` the one that has the place).
        at: byte offset at which the window begins; with `backward`, before which it ends.
        row: first row wanted (tables and rows; the header is row 1); 0: from the beginning.
        node, skip: whose children, and how many of them to pass over. `at` may say where child `skip` is looked for.
        limit: most entries. columns: cells of a line of text, or of a picture; lines: cells of a picture's height.
        whole: read on, however long it takes; without it what lies beyond a bounded part is left out.
    """

    act: str = "open"
    member: tuple[int, ...] = ()
    form: str = ""
    at: int = 0
    row: int = 0
    node: str = ""
    skip: int = 0
    limit: int = BEGINNING
    columns: int = 0
    lines: int = 0
    text: str = ""
    backward: bool = False
    whole: bool = False
    place: Place | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line, row, node or member.

    Attributes:
        at, end: its first byte and the one after its last; `end` -1: not looked for.
        row: number of a row (the header is row 1), line of an element, number of a member.
        text: the line; the value or running text of a node, cut.
        cells: of a row, in the order of the excerpt's header.
        key: name or index of a node; tag of an element; name of a member.
        type: `object`, `array`, `string`, `number`, `boolean`, `null`; an element's landmark; a member's kind.
        count: children of a node; bytes of a member; -1: not known.
        node: by what its children are asked for; empty: a plain value.
    """

    at: int = 0
    end: int = -1
    row: int = 0
    text: str = ""
    cells: tuple[str, ...] = ()
    key: str = ""
    type: str = ""
    count: int = -1
    node: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """One column: its name, its declared or seen type, and whether the feed declares it."""

    name: str
    type: str = ""
    known: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """Children `skip` and following of one node; `more` of them follow."""

    node: str
    entries: tuple[Entry, ...]
    skip: int = 0
    more: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A picture made small: `columns` by `lines` pixels, three bytes each; `width` by `height` as it is."""

    width: int
    height: int
    columns: int
    lines: int
    rgb: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Excerpt:
    """A window of a payload.

    Attributes:
        kind: `json`, `html`, `table`, `text`, `binary`, `picture`, `archive`, `workbook`, `empty`, `unreadable`.
        form: of the entries, one of FORMS; forms: all that this content has, the best first.
        names: of the member at each level; empty: the payload itself.
        entries: lines, rows, members; or the children `skip` and following of `node`. `more` follow.
        levels: after `place` or `find` in a tree: what to show from the root down to the node `marked`.
        mark: bytes to point out, first and after the last. row, column: the row or cell to point out.
        found: whether the text, the place or the row was found; else `note` says what was found instead.
        again: the search went round the end.
    """

    kind: str
    form: str = ""
    forms: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    size_bytes: int = 0
    note: str = ""
    header: tuple[Head, ...] = ()
    entries: tuple[Entry, ...] = ()
    node: str = ""
    skip: int = 0
    more: bool = False
    levels: tuple[Level, ...] = ()
    marked: str = ""
    mark: tuple[int, int] | None = None
    row: int = 0
    column: str = ""
    found: bool = True
    again: bool = False
    picture: Picture | None = None


def pointer_of(place: str) -> Place:
    """A place as people write it: `/days/3/country`, `row 12, column Store`, `12:Store`, or a CSS selector."""
    text = place.strip()
    if text.startswith("/"):
        return Place(pointer=text)
    plain = text.removeprefix("row ").replace(", column ", ":", 1)
    row, colon, column = plain.partition(":")
    if row.isdigit():
        return Place(row=int(row), column=column if colon and column else None)
    if text.startswith("column "):
        return Place(column=text.removeprefix("column "))
    return Place(selector=text)


def place_of(finding: Finding) -> Place:
    """Where a finding is; of a sign-in page, which has no place of its own, the field that gives it away."""
    if finding.place == Place() and finding.code == "format.sign-in-page":
        return Place(selector="input[type=password]")
    return finding.place


def asked(
    *, member: tuple[int, ...] = (), form: str = "", limit: int = BEGINNING, columns: int = 0, lines: int = 0, rows: tuple[int, int] | None = None,
    place: Place | None = None, find: str = "",
) -> Wish:  # fmt: skip
    """The window that words ask for: rows (the header is row 1), else a place, else the first place of a text, else the beginning."""
    if rows is not None:
        first, last = max(2, rows[0]), rows[1]
        return Wish(
            member=member, form=form or "structure", row=first, limit=max(1, last - first + 1), columns=columns, lines=lines
        )
    act = "place" if place is not None else "find" if find else "open"
    return Wish(act=act, member=member, form=form, limit=limit, columns=columns, lines=lines, place=place, text=find)


class Told(NamedTuple):
    """One line of a tree that is told from its root down: an entry, or (None) a gap: so many `before`, or `before` 0: more follow.

    `here`: the place that was looked for.
    """

    depth: int
    entry: Entry | None
    here: bool = False
    before: int = 0


def told_levels(found: Excerpt, depth: int = 0) -> Iterator[Told]:
    """The way from the root to the place, with what stands beside it at each step."""
    level = found.levels[depth]
    below = found.levels[depth + 1].node if depth + 1 < len(found.levels) else None
    if level.skip:
        yield Told(depth, None, before=level.skip)
    for entry in level.entries:
        yield Told(depth, entry, below is None and found.marked in (str(entry.at), entry.node))
        if below is not None and entry.node == below:
            yield from told_levels(found, depth + 1)
    if level.more:
        yield Told(depth, None)


def told_tree(entries: tuple[Entry, ...], children: Callable[[str], Excerpt], most: int) -> Iterator[Told]:
    """A tree opened from the top down as far as `most` lines go, shallow before deep. `children`: of a node."""
    opened: dict[str, Excerpt] = {}
    queue, lines = list(entries), len(entries)
    while queue and lines < most:
        entry = queue.pop(0)
        if entry.node and entry.node not in opened and (entry.count < 0 or lines + min(entry.count, BEGINNING) <= most):
            below = opened[entry.node] = children(entry.node)
            lines += len(below.entries)
            queue += below.entries

    def put(some: tuple[Entry, ...], depth: int) -> Iterator[Told]:
        for entry in some:
            yield Told(depth, entry)
            if entry.node in opened:
                yield from put(opened[entry.node].entries, depth + 1)
                if opened[entry.node].more:
                    yield Told(depth + 1, None)

    yield from put(entries, 0)
