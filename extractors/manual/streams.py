"""Long uploads piece by piece: bytes, unpacked where they are gzip'd, as numbered lines. Never more than one line and one piece in memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from bedrot_console.inspection.packed import PIECE_BYTES, gunzip, is_gzip


def pieces_of(data: Any) -> Iterator[bytes]:
    """The bytes of an upload, without their gzip wrapping.

    Raises:
        FormatTrouble: as `gunzip`.
    """
    pieces = (bytes(data[start : start + PIECE_BYTES]) for start in range(0, len(data), PIECE_BYTES))
    return gunzip(pieces) if is_gzip(data[:2]) else pieces


class Lines:
    """Lines of a text that arrives in pieces, without their ends.

    Iterating gives batches `(number of the first line, lines)`; a line longer than `longest` bytes stands as None and is not kept.
    Afterwards `ended` tells whether the last line had a line end, and `size_bytes` how long the whole text was. `holds_zero` tells of the
    batch at hand whether a zero byte may be among its lines.
    """

    def __init__(self, pieces: Iterable[bytes], longest: int) -> None:
        self.pieces, self.longest = pieces, longest
        self.ended = True
        self.size_bytes = 0
        self.holds_zero = False

    def __iter__(self) -> Iterator[tuple[int, list[bytes | None]]]:
        number, kept, held, zero = 1, [], 0, False
        for piece in self.pieces:
            self.size_bytes += len(piece)
            zero = zero or b"\0" in piece
            first, end, rest = piece.partition(b"\n")
            held += len(first)
            if held <= self.longest:
                kept.append(first)
            else:
                kept.clear()
            if not end:
                continue
            begun: bytes | None = b"".join(kept) if held <= self.longest else None
            whole: list[bytes | None]
            *whole, last = rest.split(b"\n")
            if len(piece) > self.longest:
                whole = [line if len(line) <= self.longest else None for line in whole]
            self.holds_zero = zero
            yield number, [begun, *whole]
            number += 1 + len(whole)
            kept, held = [last], len(last)
            zero = b"\0" in last
        if held:
            self.ended, self.holds_zero = False, zero
            yield number, [b"".join(kept) if held <= self.longest else None]
