"""Text of any size in lines that fit a terminal: forwards and backwards from a byte, and the next place of some words."""

from __future__ import annotations

import json
import unicodedata
from typing import Any

from bedrot_console.domain.excerpts import Entry
from bedrot_console.domain.text import safe

BACK_BYTES = 64 << 10
SEARCH_BYTES = 4 << 20
WIDEST = 1000


class TextScan:
    """Bytes as lines. Lines longer than `columns` cells are broken; where exactly depends on where one began to read."""

    def __init__(self, data: Any, encoding: str = "utf-8", columns: int = 0) -> None:
        self.data, self.size, self.encoding = data, len(data), encoding
        self.columns = min(columns or WIDEST, WIDEST)
        head = bytes(data[:65536])
        self.eol = b"\r" if b"\n" not in head and b"\r" in head else b"\n"

    def forward(self, at: int, limit: int, until: int | None = None) -> list[Entry]:
        """Lines from byte `at`, at most `limit`; the last ends at or before byte `until`, broken there if need be."""
        found: list[Entry] = []
        stop = self.size if until is None else until
        at = self._character(at)
        while at < stop and len(found) < limit:
            most = min(stop, at + self.columns * 4 + 2)
            line_end = self.data.find(self.eol, at, most)
            end = line_end + 1 if line_end >= 0 else most
            text, used = self._fitting(bytes(self.data[at:end]), whole=line_end >= 0 or most == stop)
            found.append(Entry(at=at, end=at + used, text=text))
            at += used
        return found

    def backward(self, at: int, limit: int) -> list[Entry]:
        """The last `limit` lines before byte `at`."""
        low, lines = at, 0
        while low > 0 and lines < limit:
            before = self.data.rfind(self.eol, max(0, low - BACK_BYTES), low - 1 if low else 0)
            if before < 0:
                low = max(0, low - max(self.columns, BACK_BYTES))
                if low > 0:
                    lines += BACK_BYTES // self.columns
            else:
                low = before + 1
                lines += 1
        return self.forward(low, 10**6, until=at)[-limit:]

    def line_start(self, at: int) -> int:
        """The first byte of the line that holds byte `at`; of a long line a byte not far before it."""
        low = max(0, at - BACK_BYTES)
        found = self.data.rfind(self.eol, low, at)
        start = found + 1 if found >= 0 else low
        return start if at - start <= self.columns else self._character(start + (at - start) // self.columns * self.columns)

    def _character(self, at: int) -> int:
        """A byte that begins a character, at or before."""
        if self.encoding == "utf-8":
            for _ in range(3):
                if 0 < at < self.size and self.data[at] & 0xC0 == 0x80:
                    at -= 1
        return at

    def _fitting(self, part: bytes, whole: bool) -> tuple[str, int]:
        """As much of a line as fits, and how many bytes of it that is; its line end counts with it."""
        body = part.rstrip(b"\r\n") if whole else part
        if body.isascii() and b"\t" not in body:
            if len(body) <= self.columns:
                return body.decode(), len(part) if whole or not part else len(body)
            return body[: self.columns].decode(), self.columns
        text = body.decode(self.encoding, "surrogateescape")
        cells, kept = 0, 0
        for char in text:
            cells += width_of(char)
            if cells > self.columns:
                break
            kept += 1
        shown = text[: max(kept, 1)]
        if kept >= len(text) and whole:
            return _shown(shown), len(part)
        return _shown(shown), len(shown.encode(self.encoding, "surrogateescape")) or 1

    # searching

    def find(self, words: str, at: int, backward: bool = False) -> tuple[int, int, bool] | None:
        """The next place of the words from byte `at` (or the last before it): first byte, byte after, whether the search went round.

        Case of ASCII letters does not matter. In JSON the words are found also where they are written with escapes.
        """
        wanted = [spelling.lower() for spelling in _spellings(words, self.encoding)]
        if not wanted or not wanted[0]:
            return None
        for low, high, again in (
            ((at, self.size, False), (0, at, True)) if not backward else ((0, at, False), (at, self.size, True))
        ):
            hit = self._search(wanted, low, high, backward)
            if hit is not None:
                return *hit, again
        return None

    def _search(self, wanted: list[bytes], low: int, high: int, backward: bool) -> tuple[int, int] | None:
        """The first (or last) place that begins from byte `low` to before byte `high`; a piece at a time, in small letters."""
        longest = max(map(len, wanted))
        pieces = range(low, high, SEARCH_BYTES)
        for begin in reversed(pieces) if backward else pieces:
            stop = min(high, begin + SEARCH_BYTES)
            piece = bytes(self.data[begin : stop + longest - 1]).lower()
            found = []
            for words in wanted:
                spot = (
                    piece.rfind(words, 0, stop - begin + len(words) - 1)
                    if backward
                    else piece.find(words, 0, stop - begin + len(words) - 1)
                )
                if spot >= 0:
                    found.append((begin + spot, begin + spot + len(words)))
            if found:
                return max(found) if backward else min(found)
        return None


def _spellings(words: str, encoding: str) -> list[bytes]:
    quoted = json.dumps(words)[1:-1]
    spelled = (words.encode(encoding, "replace"), quoted.encode(), quoted.replace('\\"', '"').encode())
    return list(dict.fromkeys(spelled))


def _shown(text: str) -> str:
    return text if text.isascii() else text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def width_of(char: str) -> int:
    """Cells of a character as faces show it."""
    if char == "\t":
        return 4
    if char.isascii():
        return 1
    if unicodedata.combining(char):
        return 0
    if char.isprintable():
        return 2 if unicodedata.east_asian_width(char) in "WF" else 1
    return len(safe(char)) if not "\ud800" <= char <= "\udfff" else 4
