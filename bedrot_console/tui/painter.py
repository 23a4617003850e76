"""Frames to terminal bytes: only the cells that changed, terminal scrolling where rows moved, and the last gate for foreign characters.

Textual sends whole lines of every widget that was refreshed. Over SSH that is what a key press costs. The painter keeps the
screen as it is known to be on the terminal, compares, and sends the difference. Nothing that is not printable passes it: texts
were made safe by the widgets already, so a character dropped here is a mistake that stays harmless.

A picture of pixels is no text: a screen declares one at most, made in `pictures`, and the painter knows which cells it covers. It is
taken off before anything else stands there, and drawn again where something stood.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache
from itertools import repeat

from rich.cells import get_character_cell_size
from rich.console import Console
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual.strip import Strip

from .pictures import Picture

Cell = tuple[str, str]
"""A character (with its combining marks; empty: the right half of a wide one) and its SGR codes (empty: none)."""

BLANK: Cell = (" ", "")
PIXELS: Cell = (" ", "pixels")
"""A cell through which the picture is seen."""
_GAP = 5


_HIDES = re.compile("[\u034f\u115f\u1160\u3164\uffa0\ufe00-\ufe0f]")
"""Counted as printable, and yet nothing to be seen."""


def gate(text: str) -> str:
    """`text` without anything that a terminal could obey or that hides: what is not printable is dropped, odd spaces become spaces."""
    text = _HIDES.sub("", text)
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else " " if c.isspace() and c not in "\n\r\v\f\x1c\x1d\x1e\x1f\x85" else "" for c in text)


_CODES = re.compile(r"[34]8;(?:5;\d+|2;\d+;\d+;\d+)|\d+")


@lru_cache(4096)
def _lean(sgr: str) -> str:
    """SGR codes without those that only say "the default colour": the pen starts from a reset anyway. A colour's numbers stay together."""
    return ";".join(code for code in _CODES.findall(sgr) if code not in ("39", "49"))


class Painter:
    """Knows what stands on the terminal. `reset` when that is no longer known (resize, resume, redraw)."""

    def __init__(self) -> None:
        self.lines: list[list[Cell] | None] = []
        self.width = 0
        self.picture: Picture | None = None

    def reset(self) -> None:
        """Forget the screen: the next frame is sent whole."""
        self.lines = []
        self.width = 0

    def forget_picture(self) -> str:
        """What takes a picture off a terminal that is given back."""
        picture, self.picture = self.picture, None
        return picture.gone() if picture is not None else ""

    def paint(self, update: CompositorUpdate, console: Console, size: tuple[int, int], picture: Picture | None = None) -> str:
        """The bytes, as text, that bring the terminal from the last frame to this one.

        Args:
            size: columns and rows of the terminal.
            picture: the one that is to be seen wherever the frame has blanks in its rectangle. One that does not lie on the screen is not.
        """
        out: list[str] = []
        width, height = size
        anew = width != self.width or height != len(self.lines)
        if anew:
            self.lines = [None] * height
            self.width = width
        if picture is not None and (picture.x + picture.columns > width or picture.y + picture.rows > height):
            picture = None
        fresh = picture is not None and (picture is not self.picture or anew)
        if self.picture is not None and (picture is not self.picture or anew):
            out.append(self.picture.gone())
        wanted = self._uncovered() if picture is not self.picture else {}
        self.picture = picture
        for y, x, strip in _pieces(update):
            if not 0 <= y < height or x >= width:
                continue
            line = wanted.get(y)
            if line is None:
                known = self.lines[y]
                line = wanted[y] = [BLANK] * width if known is None else known.copy()
            cells = self._cells(strip, console)
            line[x : x + len(cells)] = cells[: width - x]
        if picture is not None:
            over = self._cover(picture, wanted, fresh)
            if fresh:
                self._send(wanted, out)
                out.append(picture.whole)
                wanted = over
        lost = self._send(wanted, out)
        if picture is not None:
            out += [picture.again(y, x, columns) for y, x, columns in lost]
        return "".join(out)

    def _send(self, wanted: dict[int, list[Cell]], out: list[str]) -> list[tuple[int, int, int]]:
        """Bring the lines of the terminal to the wanted ones. Returns where the picture lost cells: row, column, how many."""
        changed = {y: line for y, line in wanted.items() if line != self.lines[y]}
        if not changed:
            return []
        if len(changed) > 3 and self.picture is None:
            self._scroll(changed, out)
        pen = _Pen(out, self.width)
        for y in sorted(changed):
            pen.line(y, self.lines[y], changed[y])
            self.lines[y] = changed[y]
        pen.end()
        return pen.lost

    def _uncovered(self) -> dict[int, list[Cell]]:
        """The lines through which the picture was seen, blank there, to be sent."""
        return {
            y: [BLANK if cell is PIXELS else cell for cell in line]
            for y, line in enumerate(self.lines)
            if line is not None and PIXELS in line
        }

    def _cover(self, picture: Picture, wanted: dict[int, list[Cell]], fresh: bool) -> dict[int, list[Cell]]:
        """See the picture through the blanks of its rectangle in the wanted lines. Of a fresh one: through all of it, and the lines to
        be sent once it is drawn."""
        over: dict[int, list[Cell]] = {}
        right = min(picture.x + picture.columns, self.width)
        for y in range(picture.y, min(picture.y + picture.rows, len(self.lines))):
            line = wanted.get(y)
            if line is None:
                seen = self.lines[y]
                if not fresh or seen is None:
                    continue
                line = seen.copy()
            line[picture.x : right] = [PIXELS if cell[0] == " " else cell for cell in line[picture.x : right]]
            if fresh:
                over[y] = line
                line = line.copy()
                line[picture.x : right] = [PIXELS] * (right - picture.x)
            wanted[y] = line
        return over

    def _cells(self, strip: Strip, console: Console) -> list[Cell]:
        cells: list[Cell] = []
        system = console._color_system
        for text, style, control in strip:
            if control:
                continue
            sgr = _lean(Strip.render_ansi(style, system)) if style is not None and system is not None else ""
            if text.isascii() and text.isprintable():
                cells.extend(zip(text, repeat(sgr)))
                continue
            for char in gate(text):
                wide = get_character_cell_size(char)
                if wide == 0:
                    if cells:
                        last = -1 if cells[-1][0] or len(cells) < 2 else -2
                        cells[last] = (cells[last][0] + char, cells[last][1])
                    continue
                cells.append((char, sgr))
                if wide == 2:
                    cells.append(("", sgr))
        return cells

    def _scroll(self, changed: dict[int, list[Cell]], out: list[str]) -> None:
        """Where rows only moved, let the terminal move them; `changed` then holds the rest."""
        known = self.lines
        places: dict[tuple[Cell, ...], list[int]] = {}
        for y, line in enumerate(known):
            if line is not None:
                places.setdefault(tuple(line), []).append(y)
        votes: Counter[int] = Counter()
        movers: dict[int, list[int]] = {}
        for y, line in changed.items():
            found = places.get(tuple(line), ())
            if len(found) == 1:
                shift = found[0] - y
                votes[shift] += 1
                movers.setdefault(shift, []).append(y)
        if not votes:
            return
        shift, count = votes.most_common(1)[0]
        if shift == 0 or count < 3:
            return
        rows = movers[shift]
        top = min(min(rows), min(rows) + shift)
        bottom = max(max(rows), max(rows) + shift)
        if any(known[y] is None for y in range(top, bottom + 1)):
            return
        moved: list[list[Cell] | None] = list(known)
        empty = [BLANK] * self.width
        for y in range(top, bottom + 1):
            source = y + shift
            moved[y] = known[source] if top <= source <= bottom else empty
        targets = {y: changed.get(y, known[y]) for y in range(top, bottom + 1)}
        before = sum(1 for y, line in targets.items() if line != known[y])
        after = sum(1 for y, line in targets.items() if line != moved[y])
        if after >= before:
            return
        out.append(f"\x1b[{top + 1};{bottom + 1}r")
        if shift > 0:
            out.append(f"\x1b[{bottom + 1}H" + "\x1bD" * shift)
        else:
            out.append(f"\x1b[{top + 1}H" + "\x1bM" * -shift)
        out.append("\x1b[r")
        self.lines = moved
        for y, line in targets.items():
            if line is None:
                continue
            if line == moved[y]:
                changed.pop(y, None)
            else:
                changed[y] = line


class _Pen:
    """Writes cells, remembering where the cursor stands and which SGR is on."""

    def __init__(self, out: list[str], width: int) -> None:
        self.out = out
        self.width = width
        self.at: tuple[int, int] | None = None
        self.sgr = ""
        self.lost: list[tuple[int, int, int]] = []

    def line(self, y: int, old: list[Cell] | None, new: list[Cell]) -> None:
        """Send what differs in one line; runs that are close are joined, a blank tail is erased."""
        width = self.width
        if old is None:
            runs = [[0, width]]
        else:
            runs = []
            for x, pair in enumerate(zip(old, new, strict=False)):
                if pair[0] != pair[1]:
                    if runs and x - runs[-1][1] < _GAP:
                        runs[-1][1] = x + 1
                    else:
                        runs.append([x, x + 1])
        for start, end in runs:
            while start > 0 and new[start][0] == "":
                start -= 1
            while end < width and new[end][0] == "":
                end += 1
            blank = end
            if end == width or all(c == BLANK for c in new[end:]):
                while blank > start and new[blank - 1] == BLANK:
                    blank -= 1
            erase = blank < end and end - blank > 3
            self.go(start, y)
            self.cells(new, start, blank if erase else end, y)
            if erase:
                self.go(blank, y)
                self.pen("")
                self.out.append("\x1b[K")

    def go(self, x: int, y: int) -> None:
        if self.at == (x, y):
            return
        if self.at is not None and self.at[1] == y and x > self.at[0]:
            step = x - self.at[0]
            self.out.append(f"\x1b[{step}C" if step > 1 else "\x1b[C")
        else:
            self.out.append(f"\x1b[{y + 1};{x + 1}H" if x else f"\x1b[{y + 1}H")
        self.at = (x, y)

    def pen(self, sgr: str) -> None:
        if sgr == self.sgr:
            return
        self.out.append(f"\x1b[{sgr}m" if self.sgr == "" else f"\x1b[0;{sgr}m" if sgr else "\x1b[m")
        self.sgr = sgr

    def cells(self, line: list[Cell], start: int, end: int, y: int) -> None:
        if start >= end:
            return
        run_sgr: str | None = None
        run: list[str] = []
        for x, (char, sgr) in enumerate(line[start:end], start):
            if sgr == PIXELS[1]:
                if self.lost and self.lost[-1][0] == y and sum(self.lost[-1][1:]) == x:
                    self.lost[-1] = (y, self.lost[-1][1], self.lost[-1][2] + 1)
                else:
                    self.lost.append((y, x, 1))
                sgr = ""
            if sgr != run_sgr:
                if run:
                    self.out.append("".join(run))
                    run = []
                self.pen(sgr)
                run_sgr = sgr
            run.append(char)
        self.out.append("".join(run))
        self.at = (end, y) if end < self.width else None

    def end(self) -> None:
        self.pen("")


def _pieces(update: CompositorUpdate) -> Iterable[tuple[int, int, Strip]]:
    """(row, column, strip) of everything a frame holds."""
    if isinstance(update, LayoutUpdate):
        for y, line in enumerate(update.strips, update.region.y):
            x = update.region.x
            for strip in line:
                if strip is None:
                    continue
                yield y, x, strip
                x += strip.cell_length
    elif isinstance(update, ChopsUpdate):
        for y, x1, x2 in update.spans:
            for end, (x, strip) in zip(update.chop_ends[y], update.chops[y].items(), strict=False):
                if strip is None or x > x2 or end <= x1:
                    continue
                yield y, x, strip
