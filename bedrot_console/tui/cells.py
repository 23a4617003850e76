"""What a line of the screen is to the painter: two strings of one character a cell, what stands there and how it looks.

So comparing lines, cutting them and finding them again is done by the strings themselves. What is more than a character, a look's SGR
codes or a letter with its combining marks, has a character that stands for it.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from functools import lru_cache
from operator import ne
from typing import NamedTuple

from rich.cells import get_character_cell_size

HALF = "\0"
"""In a line's characters: the right half of a wide one."""
PLAIN, PIXELS = "\0", "\1"
"""In a line's looks: no SGR codes; a cell (a blank) through which the picture is seen."""
CLUSTERS = 0xF0000
"""In a line's characters, from here on: a character with its combining marks. Private ones, which `gate` lets nobody send."""
_GAP = 5
_CHANGED = re.compile(rb"\x01+(?:\x00{1,%d}\x01+)*" % (_GAP - 1))
_SINGLE = re.compile("[ -~\u00a1-\u00ac\u00ae-\u02ff\u2026\u2190-\u2193\u2500-\u25fc\u2713\u2717\u2800-\u28ff]*")
"""What stands in most lines, and takes one cell a character."""
_HIDES = re.compile("[\u034f\u115f\u1160\u3164\uffa0\ufe00-\ufe0f]")
"""Counted as printable, and yet nothing to be seen."""


def gate(text: str) -> str:
    """`text` without anything that a terminal could obey or that hides: what is not printable is dropped, odd spaces become spaces."""
    text = _HIDES.sub("", text)
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else " " if c.isspace() and c not in "\n\r\v\f\x1c\x1d\x1e\x1f\x85" else "" for c in text)


@lru_cache(1024)
def single(text: str) -> bool:
    """Whether each character takes one cell. `text` has passed the gate."""
    return bool(_SINGLE.fullmatch(text)) or all(get_character_cell_size(c) == 1 for c in text)


class Row(NamedTuple):
    """A line or a piece of one: as many characters as cells, and a look for each."""

    chars: str
    looks: str

    def under(self, x: int, piece: Row) -> Row:
        """This line with a piece laid on it at `x`; what hangs over its end is cut."""
        width, end = len(self.chars), x + len(piece.chars)
        if x == 0 and end == width:
            return piece
        chars, looks = self.chars[:x] + piece.chars + self.chars[end:], self.looks[:x] + piece.looks + self.looks[end:]
        return Row(chars[:width], looks[:width])

    def changed(self, old: Row) -> Iterable[tuple[int, int]]:
        """Where this line is another one than `old`: from and to, those that are close joined."""
        unlike = bytes(map(ne, self.chars, old.chars))
        if self.looks != old.looks:
            other = bytes(map(ne, self.looks, old.looks))
            unlike = (int.from_bytes(unlike, "big") | int.from_bytes(other, "big")).to_bytes(len(unlike), "big")
        return (found.span() for found in _CHANGED.finditer(unlike))

    @property
    def end(self) -> int:
        """The cells up to the blank tail."""
        return max(len(self.chars.rstrip(" ")), len(self.looks.rstrip(PLAIN)))


def blank(width: int) -> Row:
    """A line with nothing on it."""
    return Row(" " * width, PLAIN * width)


class Signs:
    """Texts, and the one character that stands for each, from `first` on."""

    def __init__(self, first: int, *known: str) -> None:
        self.first = self._next = first
        self.texts = {chr(first + n): text for n, text in enumerate(known)}
        self._signs = {text: sign for sign, text in self.texts.items()}

    def sign(self, text: str) -> str | None:
        """The character of a text; a new one for a new text, None when there are no more."""
        known = self._signs.get(text)
        if known is None:
            while self._next <= sys.maxunicode and chr(self._next) in self.texts:
                self._next += 1
            if self._next > sys.maxunicode:
                return None
            known = self._signs[text] = chr(self._next)
            self.texts[known] = text
        return known

    def keep(self, used: set[str]) -> None:
        """Only these characters still stand for something."""
        self.texts = {sign: text for sign, text in self.texts.items() if sign in used}
        self._signs = {text: sign for sign, text in self.texts.items()}
        self._next = self.first
