"""Pictures of pixels on the terminal: which way it can draw them, and the sequences that do, made here from pixels and from nothing else.

kitty's protocol is asked for by its own query, sixel by the terminal's primary attributes; a terminal that does not answer gets neither.
Both sequences consist of a few characters only, so that nothing a page shows can end them or begin another one: `passes` checks that.
"""

from __future__ import annotations

import base64
import re
import struct
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..domain.blocks import Indexed, View

BLOCKS, KITTY, SIXEL = "blocks", "kitty", "sixel"
LARGEST = 4 << 20
"""Characters of a sequence; a larger one is not sent."""
COLOURS = {KITTY: 256, SIXEL: 64}
USUAL_CELL = (10, 20)
"""Pixels of a cell where the terminal does not say."""
LARGEST_CELL = 64
_ID = 4711
_CHUNK = 4096
_KITTY_WORDS = r"\x1b_G[A-Za-z0-9=,-]{1,80}(?:;[A-Za-z0-9+/=]{0,4096})?\x1b\\"
_SIXEL_WORDS = r'\x1b\[[0-9;]{1,9}H\x1bP[0-9;]{0,9}q[?-~#0-9;!$"-]*\x1b\\'
_OURS = re.compile(f"(?:(?:{_KITTY_WORDS})|(?:{_SIXEL_WORDS})|(?:\\x1b\\[[0-9;]{{1,9}}H))*")
_REPLY = re.compile(r"\x1b_Gi=\d+(?:,[^;\x1b]{0,40})?;([^\x1b]{0,200})\x1b\\|\x1b\[\?([\d;]{1,60})c|\x1b\[6;(\d{1,4});(\d{1,4})t")
_BEGUN = re.compile(r"\x1b_(?:G[^\x1b]{0,240}\x1b?)?\Z|\x1b\[(?:\?[\d;]{0,60}|6[\d;]{0,10})?\Z")
ANSWER_SECONDS = 1.0
"""So long after it was asked, the terminal may have begun an answer; later, such a beginning is a key (alt and `_` begins like kitty's)."""
ASK_KITTY = "\x1b_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\"
ASK_CELL = "\x1b[16t"
ASK_ATTRIBUTES = "\x1b[c"


@dataclass(frozen=True, slots=True)
class Ability:
    """How the terminal draws pictures (BLOCKS, KITTY or SIXEL), and how many pixels a cell has, across and down."""

    kind: str = BLOCKS
    cell: tuple[int, int] = USUAL_CELL


class Ear:
    """Hears what the terminal says about itself among the keys, and keeps that from them. Fed by one thread only."""

    def __init__(self, wanted: str | None, cell: tuple[int, int] | None, seconds: Callable[[], float] = time.monotonic) -> None:
        """Listen to a terminal that is asked now; `wanted` is a way to draw that the settings ask for, `cell` what is known of its cells.

        Args:
            seconds: a clock that only rises.
        """
        self._seconds = seconds
        self._until = seconds() + ANSWER_SECONDS
        self.wanted, self.cell = wanted, cell
        self.kitty = False
        self.ability: Ability | None = None
        self._held = ""

    def take(self, data: str) -> str:
        """What of the input are keys; a whole answer is none, and the beginning of one waits for its rest while one is awaited."""
        data = self._held + data
        self._held = ""
        kept, at = "", 0
        for reply in _REPLY.finditer(data):
            kept += data[at : reply.start()]
            at = reply.end()
            self._hear(reply)
        rest = data[at:]
        begun = _BEGUN.search(rest)
        if begun is not None and self.ability is None and self._seconds() < self._until:
            self._held, rest = begun[0], rest[: begun.start()]
        return kept + rest

    def _hear(self, reply: re.Match[str]) -> None:
        if reply[1] is not None:
            self.kitty = reply[1] == "OK"
        elif reply[3] is not None:
            self.cell = self.cell or sound_cell(int(reply[4]), int(reply[3]))
        elif self.ability is None:  # the attributes come last, and every terminal has them
            sixel = "4" in reply[2].split(";")[1:]
            kind = self.wanted or (KITTY if self.kitty else SIXEL if sixel and self.cell else BLOCKS)
            self.ability = Ability(kind, self.cell or USUAL_CELL)


def sound_cell(width: int, height: int) -> tuple[int, int] | None:
    """The pixels of a cell, if these can be true."""
    return (width, height) if 2 <= width <= LARGEST_CELL and 4 <= height <= 2 * LARGEST_CELL else None


def question(wanted: str | None, term: str) -> str:
    """What to send to a terminal of this name to learn how it draws. Only those that take kitty's query in silence are asked it."""
    takes = term.startswith(("xterm", "foot", "alacritty", "contour", "wezterm", "rio")) and wanted is None
    return (ASK_KITTY if takes else "") + ASK_CELL + ASK_ATTRIBUTES


def pixels_for(ability: Ability, view: View) -> tuple[int, int]:
    """Width and height of the picture to make for a view: as many pixels as its cells have; kitty enlarges by itself what is smaller."""
    width, height = view.columns * ability.cell[0], view.rows * ability.cell[1]
    if ability.kind == SIXEL or view.width >= width:
        return width, height
    return max(1, round(view.width)), max(1, round(height * view.width / width))


class Picture:
    """A picture over a rectangle of the screen's cells. Two are the same only if they are one object.

    Attributes:
        x, y, columns, rows: where, in cells of the whole screen.
        whole: the sequence that draws it.
    """

    def __init__(self, pixels: Indexed, ability: Ability, x: int, y: int, columns: int, rows: int) -> None:
        self.pixels, self.ability = pixels, ability
        self.x, self.y, self.columns, self.rows = x, y, columns, rows
        at = f"\x1b[{y + 1};{x + 1}H"
        drawn = "".join(_kitty(pixels, columns, rows)) if ability.kind == KITTY else sixel(pixels)
        whole = self.gone() + at + drawn
        self.whole = whole if passes(whole) else ""

    def shows(self, pixels: Indexed, ability: Ability, x: int, y: int, columns: int, rows: int) -> bool:
        """Whether this is what it shows already, at that place."""
        place = (x, y, columns, rows) == (self.x, self.y, self.columns, self.rows)
        return place and ability == self.ability and pixels == self.pixels

    def again(self, y: int, x: int, columns: int) -> str:
        """The sequence that draws some cells of one row again, over which something else was written; empty where nothing was lost."""
        if self.ability.kind == KITTY or not self.whole:
            return ""
        width, height = self.ability.cell
        part = self.pixels.part((x - self.x) * width, (y - self.y) * height, columns * width, height)
        return f"\x1b[{y + 1};{x + 1}H" + sixel(part) if part.width and part.height else ""

    def gone(self) -> str:
        """The sequence that takes it off the screen; a sixel goes when its cells are written."""
        return f"\x1b_Ga=d,d=I,i={_ID},q=2\x1b\\" if self.ability.kind == KITTY else ""


def passes(sequence: str) -> bool:
    """Whether a sequence is one of ours: of the right characters, whole, and not too long."""
    return len(sequence) <= LARGEST and _OURS.fullmatch(sequence) is not None


def png(pixels: Indexed) -> bytes:
    """The picture as PNG with a palette."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    rows = b"".join(b"\0" + pixels.pixels[y * pixels.width : (y + 1) * pixels.width] for y in range(pixels.height))
    head = struct.pack(">IIBBBBB", pixels.width, pixels.height, 8, 3, 0, 0, 0)
    palette = b"".join(bytes(colour) for colour in pixels.palette)
    body = chunk(b"IHDR", head) + chunk(b"PLTE", palette) + chunk(b"IDAT", zlib.compress(rows, 6)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def _kitty(pixels: Indexed, columns: int, rows: int) -> list[str]:
    """Sequences that place a picture below the text, over so many cells, and leave the cursor where it is."""
    data = base64.b64encode(png(pixels)).decode("ascii")
    pieces = [data[n : n + _CHUNK] for n in range(0, len(data), _CHUNK)]
    out = []
    for number, piece in enumerate(pieces):
        more = int(number < len(pieces) - 1)
        first = f"a=T,f=100,i={_ID},p=1,c={columns},r={rows},z=-1,C=1,q=2," if number == 0 else ""
        out.append(f"\x1b_G{first}m={more};{piece}\x1b\\")
    return out


def sixel(pixels: Indexed) -> str:
    """The picture as a sixel at the cursor, colour by colour in bands of six rows, runs counted. What it does not set stays as it is."""
    width, height = pixels.width, pixels.height
    used = sorted(set(pixels.pixels))
    out = [f'\x1bP0;1q"1;1;{width};{height}']
    for number in used:
        red, green, blue = pixels.palette[number]
        out.append(f"#{number};2;{red * 100 // 255};{green * 100 // 255};{blue * 100 // 255}")
    lift = int.from_bytes(b"\x3f" * width)
    tables: dict[tuple[int, int], bytes] = {}
    for top in range(0, height, 6):
        band = [pixels.pixels[y * width : (y + 1) * width] for y in range(top, min(top + 6, height))]
        for number in sorted(set(b"".join(band))):
            total = lift
            for bit, row in enumerate(band):
                if number not in row:
                    continue
                table = tables.get((number, bit))
                if table is None:
                    table = tables[number, bit] = bytes(number) + bytes([1 << bit]) + bytes(255 - number)
                total += int.from_bytes(row.translate(table))
            out.append(f"#{number}" + _RUN.sub(_counted, total.to_bytes(width).decode("ascii").rstrip("?")) + "$")
        out.append("-")
    return "".join(out[:-1]) + "\x1b\\" if height else ""


_RUN = re.compile(r"(.)\1{3,}")


def _counted(run: re.Match[str]) -> str:
    return f"!{len(run[0])}{run[1]}"
