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
from collections.abc import Iterable, Mapping
from functools import lru_cache

from rich.cells import get_character_cell_size
from rich.console import Console
from rich.style import Style
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual.strip import Strip

from .cells import CLUSTERS, HALF, PIXELS, PLAIN, Row, Signs, blank, gate, single
from .pictures import Picture

_MOST = 20_000
"""Looks, or clusters, that have a character; above, those that are not on the screen lose it."""
_STRIPS = 256
"""Strips whose cells are kept: a few screens of lines."""
_STRETCH = re.compile(r"(.)\1*", re.DOTALL)


_CODES = re.compile(r"[34]8;(?:5;\d+|2;\d+;\d+;\d+)|\d+")


@lru_cache(4096)
def _lean(sgr: str) -> str:
    """SGR codes without those that only say "the default colour": the pen starts from a reset anyway. A colour's numbers stay together."""
    return ";".join(code for code in _CODES.findall(sgr) if code not in ("39", "49"))


class Painter:
    """Knows what stands on the terminal. `reset` when that is no longer known (resize, resume, redraw)."""

    def __init__(self) -> None:
        self.lines: list[Row | None] = []
        self.width = 0
        self.picture: Picture | None = None
        self._sgrs = Signs(0, "", "pixels")
        self._clusters = Signs(CLUSTERS)
        self._looks: dict[Style, str] = {}
        self._strips: dict[int, tuple[Strip, Row]] = {}

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
        self._tidy()
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
            if 0 <= y < height and x < width:
                line = wanted.get(y) or self.lines[y] or blank(width)
                wanted[y] = line.under(x, self._row(strip, console))
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

    def _send(self, wanted: dict[int, Row], out: list[str]) -> list[tuple[int, int, int]]:
        """Bring the lines of the terminal to the wanted ones. Returns where the picture lost cells: row, column, how many."""
        changed = {y: line for y, line in wanted.items() if line != self.lines[y]}
        if not changed:
            return []
        if len(changed) > 3 and self.picture is None:
            self._scroll(changed, out)
        pen = _Pen(out, self.width, self._sgrs.texts, self._clusters.texts)
        for y in sorted(changed):
            pen.line(y, self.lines[y], changed[y])
            self.lines[y] = changed[y]
        pen.end()
        return pen.lost

    def _uncovered(self) -> dict[int, Row]:
        """The lines through which the picture was seen, blank there, to be sent."""
        return {
            y: Row(line.chars, line.looks.replace(PIXELS, PLAIN))
            for y, line in enumerate(self.lines)
            if line is not None and PIXELS in line.looks
        }

    def _cover(self, picture: Picture, wanted: dict[int, Row], fresh: bool) -> dict[int, Row]:
        """See the picture through the blanks of its rectangle in the wanted lines. Of a fresh one: through all of it, and the lines to
        be sent once it is drawn."""
        over: dict[int, Row] = {}
        left, right = picture.x, min(picture.x + picture.columns, self.width)
        whole = Row(" " * (right - left), PIXELS * (right - left))
        for y in range(picture.y, min(picture.y + picture.rows, len(self.lines))):
            line = wanted.get(y) or (self.lines[y] if fresh else None)
            if line is None:
                continue
            chars, looks = line.chars[left:right], line.looks[left:right]
            seen = Row(chars, "".join(PIXELS if c == " " else look for c, look in zip(chars, looks, strict=True)))
            if fresh:
                over[y] = line.under(left, seen)
            wanted[y] = line.under(left, whole if fresh else seen)
        return over

    def _row(self, strip: Strip, console: Console) -> Row:
        """A strip's cells. A strip is never changed, and often drawn again."""
        known = self._strips.get(id(strip))
        if known is not None:
            return known[1]
        chars: list[str] = []
        looks: list[str] = []
        for text, style, control in strip:
            if control:
                continue
            look = self._look(style, console)
            if not (text.isascii() and text.isprintable()):
                text = gate(text)
                if not single(text):
                    text = self._wide(text, chars)
            if text:
                chars.append(text)
                looks.append(look * len(text))
        row = Row("".join(chars), "".join(looks))
        if len(self._strips) >= _STRIPS:
            self._strips.clear()
        self._strips[id(strip)] = strip, row
        return row

    def _look(self, style: Style | None, console: Console) -> str:
        system = console._color_system
        if style is None or system is None:
            return PLAIN
        look = self._looks.get(style)
        if look is None:
            look = self._looks[style] = self._sgrs.sign(_lean(Strip.render_ansi(style, system))) or PLAIN
        return look

    def _wide(self, text: str, before: list[str]) -> str:
        """Text as one character a cell: wide ones with their right half, combining marks in one with what they stand on."""
        cells: list[str] = []
        for char in text:
            wide = get_character_cell_size(char)
            if wide:
                cells.append(char + HALF if wide == 2 else char)
                continue
            held = cells or before
            if held:
                piece = held[-1]
                at = len(piece) - (2 if piece[-1] == HALF and len(piece) > 1 else 1)
                stands_on = self._clusters.texts.get(piece[at], piece[at])
                held[-1] = piece[:at] + (self._clusters.sign(stands_on + char) or piece[at]) + piece[at + 1 :]
        return "".join(cells)

    def _tidy(self) -> None:
        """Keep what stands for looks and clusters within bounds."""
        for signs, part in ((self._sgrs, 1), (self._clusters, 0)):
            if len(signs.texts) > _MOST:
                used = {sign for line in self.lines if line is not None for sign in line[part]}
                signs.keep(used | {PLAIN, PIXELS})
                self._looks.clear()
                self._strips.clear()

    def _scroll(self, changed: dict[int, Row], out: list[str]) -> None:
        """Where rows only moved, let the terminal move them; `changed` then holds the rest."""
        known = self.lines
        places: dict[Row, list[int]] = {}
        for y, line in enumerate(known):
            if line is not None:
                places.setdefault(line, []).append(y)
        votes: Counter[int] = Counter()
        movers: dict[int, list[int]] = {}
        for y, line in changed.items():
            found = places.get(line, ())
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
        moved: list[Row | None] = list(known)
        empty = blank(self.width)
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

    def __init__(self, out: list[str], width: int, sgrs: Mapping[str, str], clusters: Mapping[str, str]) -> None:
        self.out = out
        self.width = width
        self.sgrs = sgrs
        self.clusters = clusters
        self.at: tuple[int, int] | None = None
        self.sgr = ""
        self.lost: list[tuple[int, int, int]] = []

    def line(self, y: int, old: Row | None, new: Row) -> None:
        """Send what differs in one line; runs that are close are joined, a blank tail is erased."""
        width, filled = self.width, new.end
        for start, end in [(0, width)] if old is None else new.changed(old):
            while start > 0 and new.chars[start] == HALF:
                start -= 1
            while end < width and new.chars[end] == HALF:
                end += 1
            empty = max(start, min(end, filled)) if end == width or end >= filled else end
            erase = end - empty > 3
            self.go(start, y)
            self.cells(new, start, empty if erase else end, y)
            if erase:
                self.go(empty, y)
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

    def cells(self, line: Row, start: int, end: int, y: int) -> None:
        if start >= end:
            return
        for stretch in _STRETCH.finditer(line.looks, start, end):
            look, first, last = stretch[1], *stretch.span()
            if look == PIXELS:
                if self.lost and self.lost[-1][0] == y and sum(self.lost[-1][1:]) == first:
                    self.lost[-1] = (y, self.lost[-1][1], self.lost[-1][2] + last - first)
                else:
                    self.lost.append((y, first, last - first))
                look = PLAIN
            self.pen(self.sgrs[look])
            text = line.chars[first:last]
            if not text.isascii() and self.clusters:
                text = "".join(self.clusters.get(char, char) for char in text)
            self.out.append(text.replace(HALF, ""))
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
