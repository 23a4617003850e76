"""JSON of any size without parsing it: where a value ends, what a container holds, what lies at a pointer or a byte.

Works on bytes or a map of a file. Nothing is made of what is passed over, so that the window of a huge document is there at once. What is
not JSON ends the walk; it is never an error of ours.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

from bedrot_console.domain.excerpts import Entry, Level

_SPACE = re.compile(rb"[ \t\r\n]*+")
_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)
_SCALAR = re.compile(rb'[^,:\[\]{}" \t\r\n]++')
_QUOTED = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_BETWEEN = rb'[^\[\]{}"]*+'


def _box(inner: bytes) -> bytes:
    """A container of texts and `inner`, read in one step."""
    return rb"[\[{]" + _BETWEEN + rb"(?:" + inner + _BETWEEN + rb")*+[\]}]"


_DEEPER = _box(rb"(?:" + _QUOTED + rb"|" + _box(rb"(?:" + _QUOTED + rb"|" + _box(_QUOTED) + rb")") + rb")")
_STEP = re.compile(_DEEPER + rb"|[\[{\]}]|" + _QUOTED, re.DOTALL)
LEAP = 256
"""So many elements of a list in one step of the machine: a row that is far down is reached without a look at each one before."""
_LEAP = re.compile(
    rb"(?:(?:" + _DEEPER + rb"|" + _QUOTED + rb'|[^,:\[\]{}" \t\r\n]++)[ \t\r\n]*+[,\n][ \t\r\n]*+){%d}' % LEAP, re.DOTALL
)
SHOWN = 160
COUNTED_BYTES = 256 << 10
"""Containers up to this size are counted."""
BUDGET_BYTES = 4 << 20
"""So much is read for one window unless more is asked for."""
LINES = "lines"
"""The node of a file that holds one value a line."""
_TYPES = {ord("{"): "object", ord("["): "array", ord('"'): "string", ord("t"): "boolean", ord("f"): "boolean", ord("n"): "null"}


class Child:
    """One child: its number, its key (None in an array), where it begins, where its value does, and (found when asked) the byte after it;
    -1: beyond what may be read."""

    __slots__ = ("index", "key", "begin", "at", "_end", "_scan", "_most")

    def __init__(self, scan: Scan, index: int, key: str | None, begin: int, at: int, most: int | None) -> None:
        self._scan, self._most, self._end = scan, most, 0
        self.index, self.key, self.begin, self.at = index, key, begin, at

    @property
    def end(self) -> int:
        if self._end == 0:
            self._end = self._scan.end_of(self.at, self._most)
        return self._end


class Scan:
    """One document. `lines`: one value after the other, as JSON Lines has them."""

    def __init__(self, data: Any, *, lines: bool = False) -> None:
        self.data = data
        self.size = len(data)
        bom = 3 if data[:3] == b"\xef\xbb\xbf" else 0
        self.start = self._space(bom)
        self.root = LINES if lines else str(self.start)
        self.marks: dict[str, list[tuple[int, int]]] = {}

    def _space(self, at: int) -> int:
        found = _SPACE.match(self.data, at)
        return found.end() if found else at

    def type_at(self, at: int) -> str:
        return _TYPES.get(self.data[at], "number") if at < self.size else ""

    def end_of(self, at: int, most: int | None = None) -> int:
        """The byte after the value that begins at `at`; -1 when it does not end before byte `most`, or at all."""
        data, most = self.data, self.size if most is None else min(most, self.size)
        first = data[at] if at < self.size else 0
        if first == 0x22:
            found = _STRING.match(data, at, most)
            return found.end() if found else -1
        if first not in b"[{":
            found = _SCALAR.match(data, at, most)
            return found.end() if found else -1
        depth = 0
        for step in _STEP.finditer(data, at, most):
            opening = data[step.start()]
            if opening in b"[{":
                if step.end() - step.start() > 1:
                    if depth == 0:
                        return step.end()
                    continue
                depth += 1
            elif opening in b"]}":
                depth -= 1
                if depth == 0:
                    return step.end()
        return -1

    def children(self, node: str, *, at: int = 0, index: int = 0, most: int | None = None) -> Iterator[Child]:
        """Children of a container in order, from number `index` on, which is looked for at byte `at` (0: the first). The last may be
        without an end; after it none come."""
        lines = node == LINES
        container = self.start if lines else int(node)
        if not lines and (container >= self.size or self.data[container] not in b"[{"):
            return
        named = not lines and self.data[container] == 0x7B
        at = self._space(at or (container if lines else container + 1))
        if self.data[at : at + 1] == b",":
            at = self._space(at + 1)
        while at < self.size and self.data[at] not in b"]}":
            key, begin = None, at
            if named:
                name = _STRING.match(self.data, at)
                if name is None:
                    return
                key = self._text(name.start(), name.end())
                at = self._space(name.end())
                if self.data[at : at + 1] != b":":
                    return
                at = self._space(at + 1)
            child = Child(self, index, key, begin, at, most)
            yield child
            if child.end < 0:
                return
            index += 1
            at = self._space(child.end)
            if self.data[at : at + 1] == b",":
                at = self._space(at + 1)
            elif not lines:
                return

    def near(self, node: str, *, index: int | None = None, offset: int | None = None) -> Iterator[Child]:
        """Children from the last known or quickly found one on that is not beyond number `index`, or byte `offset`."""
        marks = self.marks.setdefault(node, [])
        known, at = 0, 0
        for mark in marks:
            if (index is not None and mark[0] > index) or (offset is not None and mark[1] > offset):
                break
            known, at = mark
        if node == LINES or (node.isdigit() and self.type_at(int(node)) == "array"):
            at = at or self._space(self.start if node == LINES else int(node) + 1)
            while index is None or known + LEAP <= index:
                leap = _LEAP.match(self.data, at)
                if leap is None or (offset is not None and leap.end() > offset):
                    break
                known, at = known + LEAP, leap.end()
                if not marks or known >= marks[-1][0] + LEAP * 16:
                    marks.append((known, at))
        return self.children(node, at=at, index=known)

    def _text(self, at: int, end: int) -> str:
        try:
            return str(json.loads(self.data[at:end]))
        except (ValueError, RecursionError):
            return self.data[at + 1 : end - 1].decode("utf-8", "backslashreplace")

    def entry(self, child: Child, left: int) -> Entry:
        """A child to be shown; `left` bytes may be read to count what it holds."""
        kind = self.type_at(child.at)
        container = kind in ("object", "array")
        until = min(child.end if child.end >= 0 else self.size, child.at + SHOWN * 2)
        text = " ".join(self.data[child.at : until].decode("utf-8", "backslashreplace").split())
        count = -1
        if container and 0 <= child.end - child.at <= min(COUNTED_BYTES, left):
            count = sum(1 for _ in self.children(str(child.at)))
        return Entry(
            at=child.at, end=child.end, key=plain(child.key if child.key is not None else str(child.index)), type=kind,
            text=plain(text[: SHOWN - 1] + "…" if len(text) > SHOWN else text), count=count, node=str(child.at) if container else "",
        )  # fmt: skip

    def level(self, node: str, *, skip: int = 0, at: int = 0, limit: int = 100, whole: bool = False) -> Level:
        """The window of a container's children; `more` also where one without an end is the last."""
        container = self.start if node == LINES else int(node)
        begin = at or container
        most = None if whole else begin + BUDGET_BYTES
        entries: list[Entry] = []
        counting = BUDGET_BYTES
        if skip and not at:
            at = next((c.begin for c in self.near(node, index=skip) if c.index == skip), self.size)
            most = None if whole else at + BUDGET_BYTES
        for child in self.children(node, at=at, index=skip, most=most):
            if len(entries) == limit:
                return Level(node=node, entries=tuple(entries), skip=skip, more=True)
            entries.append(self.entry(child, counting))
            counting -= max(0, child.end - child.at)
            if child.end < 0 or (most is not None and child.end > most):
                return Level(node=node, entries=tuple(entries), skip=skip, more=True)
        return Level(node=node, entries=tuple(entries), skip=skip, more=False)

    def down(self, tokens: Sequence[str]) -> tuple[list[tuple[str, Child]], int]:
        """The way to a pointer: (node, child) at each level, as far as it goes; and how many of the tokens were found."""
        node, way = self.root, []
        for number, token in enumerate(tokens):
            named = node != LINES and self.type_at(int(node)) == "object"
            if not named and not token.isdigit():
                return way, number
            wanted = token if named else int(token)
            every = self.children(node) if named else self.near(node, index=int(token))
            found = next((c for c in every if (c.key if named else c.index) == wanted), None)
            if found is None:
                return way, number
            way.append((node, found))
            node = str(found.at)
        return way, len(tokens)

    def way_to(self, offset: int) -> list[tuple[str, Child]]:
        """The way to the innermost value that holds a byte, or whose key does."""
        node, way = self.root, []
        while True:
            found = next((c for c in self.near(node, offset=offset) if c.end < 0 or c.end > offset), None)
            if found is None:
                return way
            way.append((node, found))
            if offset < found.at or self.type_at(found.at) not in ("object", "array"):
                return way
            node = str(found.at)

    def levels(self, way: Sequence[tuple[str, Child]], limit: int) -> tuple[Level, ...]:
        """What to show from the root down: around each child of the way a window of its container."""
        return tuple(self._around(node, child, limit) for node, child in way)

    def _around(self, node: str, child: Child, limit: int) -> Level:
        skip = max(0, child.index - limit // 3)
        begin = next(c.begin for c in self.near(node, index=skip) if c.index == skip)
        level = self.level(node, skip=skip, at=begin, limit=limit)
        if any(entry.at == child.at for entry in level.entries):
            return level
        return self.level(node, skip=skip, at=begin, limit=limit, whole=True)


def tokens_of(pointer: str) -> list[str]:
    """The steps of a JSON pointer (RFC 6901)."""
    return [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]


def plain(text: str) -> str:
    """Text that can be encoded: lone surrogates become escapes."""
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()
