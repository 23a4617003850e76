"""Pictures in a terminal: two pixels above each other in one cell, as half blocks. Pure; both faces draw with it, each in its own way.

A cell of a terminal is about twice as high as wide, so half a cell is a square.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

Colour = tuple[int, int, int]
BLACK: Colour = (0, 0, 0)
WHITE: Colour = (255, 255, 255)
QUIET = 4
"""Light modules around a QR code, as its standard wants them; a phone reads it with half of that."""
RAMP = " .:-=+*#%@"
"""Characters from dark to light, for a terminal that shows light ink on a dark ground."""
CLOSEST_PIXELS = 2.0
"""A cell is never less of the page than that wide: nearer there is nothing more to see."""


class Cell(NamedTuple):
    """One cell: a character and its two colours; None is the terminal's own."""

    char: str
    fore: Colour | None = None
    back: Colour | None = None


@dataclass(frozen=True, slots=True)
class Raster:
    """A picture of `width` by `height` pixels, row by row, three bytes a pixel."""

    width: int
    height: int
    rgb: bytes

    def at(self, x: int, y: int) -> Colour:
        """The colour of a pixel; below the picture it is that of the last row."""
        start = (min(y, self.height - 1) * self.width + x) * 3
        return self.rgb[start], self.rgb[start + 1], self.rgb[start + 2]


@dataclass(frozen=True, slots=True)
class Indexed:
    """A picture of few colours: `pixels` holds, row by row, one byte a pixel, which counts into `palette`."""

    width: int
    height: int
    palette: tuple[Colour, ...]
    pixels: bytes

    def part(self, left: int, top: int, width: int, height: int) -> Indexed:
        """A rectangle of it, as far as there is one."""
        right = min(self.width, left + width)
        rows = range(top, min(self.height, top + height))
        return Indexed(
            max(0, right - left),
            len(rows),
            self.palette,
            b"".join(self.pixels[y * self.width + left : y * self.width + right] for y in rows),
        )


@dataclass(frozen=True, slots=True)
class View:
    """Which part of a page is drawn, in pixels of the page, and over how many cells. Cells count from 0."""

    left: float
    top: float
    width: float
    height: float
    columns: int
    rows: int

    def pixel(self, column: int, row: int) -> tuple[int, int]:
        """The pixel of the page in the middle of a cell."""
        return self.point(column + 0.5, row + 0.5)

    def point(self, column: float, row: float) -> tuple[int, int]:
        """The pixel of the page at a place within a cell: 0 is its left or upper edge."""
        return int(self.left + column * self.width / self.columns), int(self.top + row * self.height / self.rows)

    def cell(self, x: float, y: float) -> tuple[int, int] | None:
        """The cell in which a pixel of the page is drawn, if it is."""
        column, row = (x - self.left) * self.columns / self.width, (y - self.top) * self.rows / self.height
        return (int(column), int(row)) if 0 <= column < self.columns and 0 <= row < self.rows else None


def view_of(
    width: int, height: int, columns: int, rows: int, *, zoom: float = 1.0, centre: tuple[float, float] | None = None
) -> View:
    """The view of a page that fills at most `columns` by `rows` cells; square pixels stay square.

    Args:
        zoom: 1 shows the whole page; more shows less of it, larger.
        centre: the pixel to have in the middle, as far as the page's edges allow.
    """
    scale = min(columns / width, 2 * rows / height) * max(1.0, zoom)
    scale = min(scale, max(1 / CLOSEST_PIXELS, min(columns / width, 2 * rows / height)))
    across, down = min(width, columns / scale), min(height, 2 * rows / scale)
    x, y = centre or (width / 2, height / 2)
    left, top = min(max(0.0, x - across / 2), width - across), min(max(0.0, y - down / 2), height - down)
    return View(left, top, across, down, max(1, round(across * scale)), max(1, round(down * scale / 2)))


def code_cells(modules: Sequence[Sequence[bool]], quiet: int, *, colours: bool, inverse: bool = False) -> list[list[Cell]]:
    """A QR code with `quiet` light modules around it, two rows of modules a row of cells.

    With colours it says black and white itself, right on every terminal. Without, light modules are ink, as on a dark terminal;
    `inverse` makes the dark ones ink, for a light one.
    """
    size = len(modules) + 2 * quiet
    height = size + size % 2

    def dark(x: int, y: int) -> bool:
        row, column = y - quiet, x - quiet
        return 0 <= row < len(modules) and 0 <= column < len(modules) and bool(modules[row][column])

    cells = []
    for y in range(0, height, 2):
        row = []
        for x in range(size):
            upper, lower = dark(x, y), dark(x, y + 1)
            if colours:
                ground = BLACK if lower else WHITE
                row.append(Cell(" ", None, ground) if upper == lower else Cell("▀", BLACK if upper else WHITE, ground))
            else:
                row.append(Cell(" ▄▀█"[2 * (upper == inverse) + (lower == inverse)]))
        cells.append(row)
    return cells


def fitting_quiet(size: int, columns: int, rows: int) -> int | None:
    """How wide the margin of a code of `size` modules can be on `columns` by `rows` cells: 4, else less down to 2; None if none fits."""
    for quiet in range(QUIET, 1, -1):
        if size + 2 * quiet <= columns and (size + 2 * quiet + 1) // 2 <= rows:
            return quiet
    return None


def picture_cells(raster: Raster, *, colours: bool) -> list[list[Cell]]:
    """A picture, two rows of pixels a row of cells; without colours as characters from dark to light."""
    cells = []
    for y in range(0, raster.height, 2):
        row = []
        for x in range(raster.width):
            upper, lower = raster.at(x, y), raster.at(x, y + 1)
            if colours:
                row.append(Cell(" ", None, lower) if upper == lower else Cell("▀", upper, lower))
            else:
                light = sum((30 * u[0] + 59 * u[1] + 11 * u[2]) // 100 for u in (upper, lower)) // 2
                row.append(Cell(RAMP[light * (len(RAMP) - 1) // 255]))
        cells.append(row)
    return cells
