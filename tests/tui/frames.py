"""Frames: what stands on a terminal, as cells; and the same as an asciicast recording and as SVG. Nothing here starts a program.

A frame is compared, written and read by its cells, so that a recording depends on what was shown and not on how fast it came.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

import pyte
from pyte import graphics
from wcwidth import wcswidth

Cell = tuple[str, str, str, str]
"""Character (empty: the right half of a wide one), colour, ground, and letters of BITS; colours are `default`, a name, or six hex digits."""
Frame = tuple[tuple[Cell, ...], ...]

BITS = {"b": "bold", "d": "blink", "i": "italics", "u": "underscore", "r": "reverse"}
"""pyte knows no faint text; `Terminal` keeps it where blinking would be."""
BLANK: Cell = (" ", "default", "default", "")
_SGR = {"b": "1", "d": "2", "i": "3", "u": "4", "r": "7"}


class Terminal(pyte.Screen):
    """A screen that also knows faint text."""

    def select_graphic_rendition(self, *attrs: int) -> None:
        super().select_graphic_rendition(*(5 if a == 2 and not self._in_colour(attrs, i) else a for i, a in enumerate(attrs)))

    @staticmethod
    def _in_colour(attrs: Sequence[int], index: int) -> bool:
        """Whether the number at `index` belongs to a colour: `38;2;r;g;b` or `38;5;n`."""
        at = 0
        while at < index:
            if attrs[at] in (38, 48) and at + 1 < len(attrs):
                at += 5 if attrs[at + 1] == 2 else 3
            else:
                at += 1
        return at != index


def frame_of(screen: pyte.Screen) -> Frame:
    """The cells on a screen."""
    return tuple(
        tuple(
            (c.data, c.fg, c.bg, "".join(bit for bit, name in BITS.items() if getattr(c, name)))
            for c in (screen.buffer[y][x] for x in range(screen.columns))
        )
        for y in range(screen.lines)
    )


def text_of(frame: Frame) -> str:
    """The frame without its colours."""
    return "\n".join("".join(c[0] for c in row).rstrip() for row in frame)


def written_over(frame: Frame, found: str, instead: str) -> Frame:
    """The frame with a text of plain characters replaced by another of the same length, wherever it stands in one row."""
    assert len(found) == len(instead)
    rows = []
    for row in frame:
        cells, text = list(row), "".join(c[0][:1] or "\0" for c in row)
        at = text.find(found)
        while at >= 0:
            for x, char in enumerate(instead, at):
                cells[x] = (char, *cells[x][1:])
            at = text.find(found, at + len(found))
        rows.append(tuple(cells))
    return tuple(rows)


# recordings


@dataclass(frozen=True)
class Scene:
    """A frame, how long it stands (seconds), and what is said about it."""

    frame: Frame
    seconds: float
    says: str


def cast_of(scenes: Sequence[Scene], title: str) -> str:
    """An asciicast (version 2) that shows the scenes: one output event and one marker each, and no input events."""
    rows, columns = len(scenes[0].frame), len(scenes[0].frame[0])
    lines = [json.dumps({"version": 2, "width": columns, "height": rows, "title": title})]
    at, shown = 0.0, tuple((BLANK,) * columns for _ in range(rows))
    for number, scene in enumerate(scenes):
        begin = "\x1b[?25l\x1b[2J" if number == 0 else ""
        lines.append(json.dumps([round(at, 2), "m", scene.says], ensure_ascii=False))
        lines.append(json.dumps([round(at, 2), "o", begin + _difference(shown, scene.frame)], ensure_ascii=False))
        at, shown = at + scene.seconds, scene.frame
    lines.append(json.dumps([round(at, 2), "o", ""]))
    return "\n".join(lines) + "\n"


def scenes_of(cast: str) -> list[Scene]:
    """The scenes of a recording made by `cast_of`, as a terminal shows them."""
    head, *events = [json.loads(line) for line in cast.splitlines()]
    screen = Terminal(head["width"], head["height"])
    stream = pyte.Stream(screen)
    scenes: list[Scene] = []
    says, begun = "", 0.0
    for at, kind, data in events:
        if scenes and kind == "m" or not data:
            scenes[-1] = Scene(scenes[-1].frame, round(at - begun, 2), scenes[-1].says)
        if kind == "m":
            says, begun = data, at
        elif data:
            stream.feed(data)
            scenes.append(Scene(frame_of(screen), 0.0, says))
    return scenes


def _difference(old: Frame, new: Frame) -> str:
    out = []
    for y, (before, after) in enumerate(zip(old, new, strict=True)):
        changed = [x for x, pair in enumerate(zip(before, after, strict=True)) if pair[0] != pair[1]]
        if not changed:
            continue
        start, end = changed[0], changed[-1] + 1
        while start > 0 and after[start][0] == "":
            start -= 1
        while end < len(after) and after[end][0] == "":
            end += 1
        out.append(f"\x1b[{y + 1};{start + 1}H")
        out += (f"\x1b[{_sgr(run[0])}m" + "".join(c[0] for c in run) for run in _runs(after[start:end]))
        out.append("\x1b[m")
    return "".join(out)


def _runs(cells: Iterable[Cell]) -> list[list[Cell]]:
    """Neighbours that look the same, together."""
    runs: list[list[Cell]] = []
    for cell in cells:
        if runs and runs[-1][0][1:] == cell[1:]:
            runs[-1].append(cell)
        else:
            runs.append([cell])
    return runs


def _sgr(cell: Cell) -> str:
    _, fore, back, bits = cell
    codes = ["0", *(_SGR[b] for b in bits)]
    for colour, base in ((fore, 30), (back, 40)):
        if colour == "default":
            continue
        if colour in NAMED:
            bright, index = divmod(list(NAMED).index(colour), 8)
            codes.append(str(base + index + 60 * bright))
        else:
            codes.append(f"{base + 8};2;{int(colour[:2], 16)};{int(colour[2:4], 16)};{int(colour[4:], 16)}")
    return ";".join(codes)


# pictures

NAMED = dict(
    zip(
        [*list(graphics.FG_ANSI.values())[:8], *list(graphics.FG_AIXTERM.values())[:8]],
        (
            "16181d", "e0566b", "7fb069", "d9a441", "5b8def", "b57edc", "4fb3bf", "c8ccd4",
            "5c6370", "ff7a8a", "9fd388", "f2c267", "83aaff", "d2a4f4", "7fd4de", "ffffff",
        ),
        strict=True,
    )
)  # fmt: skip
INK, GROUND = "d5d9e0", "121212"
WIDTH, HEIGHT, BASE, FONT = 8.4, 18, 13.4, 14
FACES = "ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono','Liberation Mono',monospace"
"""Fonts that are on the reader's machine; none is fetched. Every run of text is fitted to its cells, whichever it is."""
MARGIN, BAR = 10, 26


def svg_of(scenes: Sequence[Scene], title: str) -> str:
    """One picture; with several scenes one that shows them in turn, each with what is said about it below."""
    rows, columns = len(scenes[0].frame), len(scenes[0].frame[0])
    wide, high = columns * WIDTH, rows * HEIGHT
    foot = BAR if len(scenes) > 1 else 0
    outer = (wide + 2 * MARGIN, high + 2 * MARGIN + foot)
    known: dict[tuple[Cell, ...], str] = {}
    shown: list[str] = []
    for number, scene in enumerate(scenes):
        uses = []
        for y, row in enumerate(scene.frame):
            if all(c == BLANK for c in row):
                continue
            name = known.setdefault(row, f"r{len(known)}")
            uses.append(f'<use href="#{name}" y="{y * HEIGHT}"/>')
        if foot:
            uses.append(f'<text x="0" y="{_n(high + BASE + 10)}" class="say">{escape(scene.says)}</text>')
        moved = f' transform="translate({_n(number * outer[0])} 0)"' if number else ""
        shown.append(f"<g{moved}>{''.join(uses)}</g>")
    rules = [f"text{{font:{FONT}px {FACES};white-space:pre}}", "rect{shape-rendering:crispEdges}", ".say{fill:#8b93a1}"]
    if len(scenes) > 1:
        rules += _turns(scenes, outer[0])
    body = "".join(shown)
    lines = "\n".join(f'<g id="{name}">{_row(row)}</g>' for row, name in known.items())
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_n(outer[0])} {_n(outer[1])}" role="img" aria-label="{escape(title)}">\n'
        f"<title>{escape(title)}</title>\n<style>{''.join(rules)}</style>\n<defs>\n{lines}\n</defs>\n"
        f'<rect width="{_n(outer[0])}" height="{_n(outer[1])}" rx="8" fill="#{GROUND}"/>\n'
        f'<svg x="{MARGIN}" y="{MARGIN}" width="{_n(wide)}" height="{_n(high + foot)}"><g class="film" fill="#{INK}">{body}</g></svg>\n</svg>\n'
    )


def _turns(scenes: Sequence[Scene], step: float) -> list[str]:
    """A film strip that jumps from scene to scene."""
    total = sum(s.seconds for s in scenes)
    at, stops = 0.0, []
    for number, scene in enumerate(scenes):
        stops.append(f"{at / total * 100:.2f}%{{transform:translateX(-{_n(number * step)}px)}}")
        at += scene.seconds
    return [f"@keyframes film{{{''.join(stops)}}}", f".film{{animation:film {total:.1f}s step-end infinite}}"]


def _row(row: Sequence[Cell]) -> str:
    out, texts, x = [], [], 0
    for run in _runs(row):
        text, (_, fore, back, bits) = "".join(c[0] for c in run), run[0]
        ink = "#" + NAMED.get(fore, INK if fore == "default" else fore)
        ground = "#" + NAMED.get(back, GROUND if back == "default" else back)
        if "r" in bits:
            ink, ground = ground, ink
        width = len(run) * WIDTH
        if ground != "#" + GROUND:
            out.append(f'<rect x="{_n(x * WIDTH)}" width="{_n(width)}" height="{HEIGHT}" fill="{ground}"/>')
        bare = text.strip()
        if bare:
            left = x + wcswidth(text[: len(text) - len(text.lstrip())])
            marks = [f'x="{_n(left * WIDTH)}" y="{BASE}" textLength="{_n(wcswidth(bare) * WIDTH)}"']
            marks += [f'fill="{ink}"'] if ink != "#" + INK else []
            marks += [
                m
                for b, m in (("b", 'font-weight="bold"'), ("d", 'opacity=".6"'), ("u", 'text-decoration="underline"'))
                if b in bits
            ]
            texts.append(f"<text {' '.join(marks)}>{escape(bare)}</text>")
        x += len(run)
    return "".join(out + texts)


def _n(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")
