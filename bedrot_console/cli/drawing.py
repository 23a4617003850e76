"""Cells of a picture as lines for a terminal, in as many colours as it has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from ..domain.blocks import Cell, Colour

NONE, FEW, MANY, ALL = 0, 16, 256, 1 << 24
"""How many colours a terminal has."""
_LEVELS = (0, 95, 135, 175, 215, 255)
RULER = 3
"""Columns left of a picture with rulers: the rows' numbers."""


def depth(colour: bool, environ: Mapping[str, str]) -> int:
    """How many colours may be used, by what the terminal says of itself. `colour`: False when none are wanted."""
    term = environ.get("TERM", "dumb")
    if not colour or term in ("", "dumb"):
        return NONE
    if environ.get("COLORTERM", "").lower() in ("truecolor", "24bit") or term.endswith("-direct"):
        return ALL
    return MANY if "256" in term else FEW


def lines_of(rows: Iterable[Sequence[Cell]], colours: int) -> list[str]:
    """One line a row; each begins and ends in the terminal's own colours."""
    lines = []
    for row in rows:
        parts: list[str] = []
        last = (None, None)
        for cell in row:
            if cell[1:] != last and colours:
                parts.append(_sgr(cell.fore, cell.back, colours))
            last = cell[1:]
            parts.append(cell.char)
        lines.append("".join(parts) + ("\x1b[0m" if colours else ""))
    return lines


def ruled(lines: Sequence[str], columns: int) -> list[str]:
    """The lines of a picture with numbers above and at the left, so that a person can name a cell. Both count from 1."""
    marks = [" "] * columns
    for five in range(5, columns + 1, 5):
        text = str(five) if five % 10 == 0 else "'"
        marks[five - len(text) : five] = text
    return [" " * RULER + "".join(marks), *(f"{n:>{RULER - 1}} {line}" for n, line in enumerate(lines, 1))]


def _sgr(fore: Colour | None, back: Colour | None, colours: int) -> str:
    codes = ["0"]
    for colour, base in ((fore, 38), (back, 48)):
        if colour is None:
            continue
        if colours == ALL:
            codes.append(f"{base};2;{colour[0]};{colour[1]};{colour[2]}")
        elif colours == MANY:
            codes.append(f"{base};5;{_nearest(colour)}")
        else:  # the two that every terminal has: enough for a code
            codes.append(str(base - 8 + (7 if sum(colour) > 382 else 0)))
    return f"\x1b[{';'.join(codes)}m"


@lru_cache(maxsize=4096)
def _nearest(colour: Colour) -> int:
    """The closest of the 240 fixed colours of a terminal with 256: those that no theme changes."""
    steps = [min(range(6), key=lambda i: abs(_LEVELS[i] - part)) for part in colour]
    cube = tuple(_LEVELS[s] for s in steps)
    grey = min(23, max(0, round((sum(colour) / 3 - 8) / 10)))
    shade = 8 + 10 * grey

    def far(other: Sequence[int]) -> int:
        return sum((a - b) ** 2 for a, b in zip(colour, other, strict=True))

    return 232 + grey if far((shade,) * 3) < far(cube) else 16 + 36 * steps[0] + 6 * steps[1] + steps[2]
