"""What a phone reads from a screen: cells as pairs of greys, upper and lower half, made a picture again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

MODULE_PIXELS = 4
NAMED = {"black": 0, "white": 255, "brightblack": 85, "brightwhite": 255}
Halves = tuple[int, int]


def scanned(rows: Sequence[Sequence[Halves]]) -> str | None:
    """What the QR code on the screen says; None when no phone reads one."""
    import zxingcpp
    from PIL import Image

    picture = Image.new("L", (len(rows[0]), 2 * len(rows)))
    for y, row in enumerate(rows):
        for x, (upper, lower) in enumerate(row):
            picture.putpixel((x, 2 * y), upper)
            picture.putpixel((x, 2 * y + 1), lower)
    large = picture.resize((picture.width * MODULE_PIXELS, picture.height * MODULE_PIXELS), Image.Resampling.NEAREST)
    found = zxingcpp.read_barcodes(large, formats=zxingcpp.BarcodeFormat.QRCode)
    return found[0].text if found else None


def halves(char: str, fore: int | None, back: int | None) -> Halves:
    """One cell; its own colours are light ink on a dark ground."""
    ink, ground = 255 if fore is None else fore, 0 if back is None else back
    return {"▀": (ink, ground), "▄": (ground, ink), "█": (ink, ink)}.get(char, (ground, ground))


def cells_of_line(line: Any) -> list[list[Halves]]:
    """The screen of a `ptyline.Line`."""
    line.screen()
    screen = line._shown[0]
    return [[_cell(screen.buffer[y][x]) for x in range(screen.columns)] for y in range(screen.lines)]


def _cell(cell: Any) -> Halves:
    return halves(cell.data, _grey(cell.fg), _grey(cell.bg))


def _grey(colour: str) -> int | None:
    if colour == "default":
        return None
    if len(colour) == 6 and all(c in "0123456789abcdef" for c in colour):
        return sum(int(colour[i : i + 2], 16) for i in (0, 2, 4)) // 3
    return NAMED.get(colour, 128)
