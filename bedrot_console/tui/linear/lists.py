"""Lists with numbers: rows come page by page, a number names a row, marks stay until they are dropped."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from ...domain.errors import UsageError
from ...domain.text import safe

PAGE = 20
_RANGE = re.compile(r"(\d{1,5})(?:-(\d{1,5}))?")


@dataclass(frozen=True, slots=True)
class Item:
    """One row: what names it, how it reads, and what it is."""

    id: str
    text: str
    what: Any = None


@dataclass
class Listing:
    """A list as it is read: `items` so far, numbered from 1; `more` brings the rows after the last one.

    Attributes:
        kind: `file`, `run`, `need`, `row` or `starter`: what a number alone does.
        total: how many there are, None when nobody counted.
        top: number of the first row on the page that was read last, less one.
    """

    title: str
    kind: str
    items: list[Item] = field(default_factory=list)
    more: Callable[[Any], Sequence[Item]] | None = None
    total: int | None = None
    empty: Sequence[str] = ("nothing here",)
    top: int = 0

    def fill(self, count: int) -> None:
        """Have at least `count` rows, if there are as many."""
        while self.more is not None and len(self.items) < count:
            page = list(self.more(self.items[-1].what if self.items else None))
            self.items += page
            if not page:
                self.more = None

    def page(self) -> list[str]:
        """The page at `top`, with where it is."""
        self.fill(self.top + PAGE + 1)
        rows = self.items[self.top : self.top + PAGE]
        if not rows:
            return [self.title, *(safe(line, 200) for line in self.empty)]
        rest = self.more is not None or len(self.items) > self.top + PAGE
        count = len(self.items) if self.more is None else self.total
        total = f" of {count:,}" if count is not None else ""
        head = f"{self.title}: {self.top + 1} to {self.top + len(rows)}{total}"
        lines = [head, *(f"{self.top + n}. {item.text}" for n, item in enumerate(rows, 1))]
        return [*lines, "more: the next page"] if rest else lines

    def turn(self, pages: int) -> bool:
        """Go so many pages on; False at the edge."""
        top = self.top + pages * PAGE
        if top < 0:
            return False
        self.fill(top + 1)
        if top >= len(self.items):
            return False
        self.top = top
        return True

    def numbers(self, words: Iterable[str]) -> list[Item]:
        """Rows that `3`, `5-9` and `7,8` name. Raises UsageError for a number without a row."""
        found = []
        for word in (part for w in words for part in w.split(",") if part):
            match = _RANGE.fullmatch(word)
            if match is None:
                raise UsageError(f"not a number: {safe(word, 40)}", hint="3, or 5-9")
            first, last = int(match[1]), int(match[2] or match[1])
            if not 1 <= first <= last <= len(self.items):
                raise UsageError(f"no row {safe(word)}: {len(self.items)} were read so far", hint="more")
            found += self.items[first - 1 : last]
        return found


def is_number(word: str, listing: Listing | None) -> bool:
    """Whether a word names rows of the list by number, rather than a file by its id."""
    parts = [part for part in word.split(",") if part]
    return bool(parts) and all(
        (match := _RANGE.fullmatch(part)) is not None and int(match[2] or match[1]) <= (len(listing.items) if listing else 0)
        for part in parts
    )
