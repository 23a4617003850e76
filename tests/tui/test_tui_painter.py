"""The painter: after any sequence of frames the terminal shows the last one, and little was sent."""

from __future__ import annotations

import random

import pyte
import pytest
from rich.cells import get_character_cell_size
from rich.color import Color
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual._compositor import LayoutUpdate
from textual.geometry import Region
from textual.strip import Strip

from bedrot_console.tui import cells
from bedrot_console.tui.painter import Painter, gate

STYLES = [None, Style(bold=True), Style(reverse=True), Style(color="red"), Style(color="green", bgcolor="blue")]
WIDTH, HEIGHT = 40, 12


def rich_console() -> Console:
    return Console(force_terminal=True, color_system="standard", width=WIDTH)


def frame(lines: list[list[tuple[str, Style | None]]]) -> LayoutUpdate:
    strips = [[Strip([Segment(t, s) for t, s in line]).adjust_cell_length(WIDTH)] for line in lines]
    return LayoutUpdate(strips, Region(0, 0, WIDTH, HEIGHT))


def terminal() -> tuple[pyte.Screen, pyte.Stream]:
    screen = pyte.Screen(WIDTH, HEIGHT)
    stream = pyte.Stream(screen)
    stream.feed("\x1b[?7l")  # as the console has it: no wrapping
    return screen, stream


def looks(screen: pyte.Screen) -> list[list[tuple[str, str, str, bool, bool]]]:
    out = []
    for y in range(HEIGHT):
        row = []
        for x in range(WIDTH):
            c = screen.buffer[y][x]
            row.append((c.data, c.fg, c.bg, c.bold, c.reverse))
        out.append(row)
    return out


@pytest.mark.parametrize("most", [20_000, 3])
def test_random_frames_leave_the_terminal_exactly_as_a_full_drawing_would(most, monkeypatch):
    """120 random changes, scrolls and styles, wide and combined characters among them: cell for cell the same as drawing it all, also
    where looks and combinations are given up as soon as they are off the screen."""
    monkeypatch.setattr("bedrot_console.tui.painter._MOST", most)
    rng = random.Random(7)
    console, painter = rich_console(), Painter()
    screen, stream = terminal()
    words = [
        "alpha",
        "beta gamma",
        "漢字",
        "  ",
        "x",
        "ﬁ",
        "─────",
        "end of line that is long",
        "e\u0301o\u0308\u0323",
        "漢\u0301字",
        "✓ ok",
    ]

    def line() -> list[tuple[str, Style | None]]:
        pieces, room = [], WIDTH
        while room > 0 and rng.random() < 0.9:
            text = rng.choice(words)
            length = Strip([Segment(text)]).cell_length
            if length > room:
                break
            pieces.append((text, rng.choice(STYLES)))
            room -= length
        return pieces

    lines = [line() for _ in range(HEIGHT)]
    for _ in range(120):
        what = rng.random()
        if what < 0.4:
            lines[rng.randrange(HEIGHT)] = line()
        elif what < 0.6:
            top, shift = rng.randrange(3), rng.randrange(1, 4)
            lines = lines[:top] + lines[top + shift :] + [line() for _ in range(shift)]
        elif what < 0.8:
            shift = rng.randrange(1, 4)
            lines = lines[:1] + [line() for _ in range(shift)] + lines[1 : HEIGHT - shift]
        elif what < 0.85:
            painter.reset()
        else:
            lines = [line() for _ in range(HEIGHT)]
        stream.feed(painter.paint(frame(lines), console, (WIDTH, HEIGHT)))
        whole, other = terminal()
        other.feed(Painter().paint(frame(lines), console, (WIDTH, HEIGHT)))
        assert looks(screen) == looks(whole)


def test_moving_a_cursor_line_costs_two_lines_and_scrolling_by_one_costs_one():
    """A scroll sends the new line and a few bytes, not the screen."""
    console, painter = rich_console(), Painter()
    rows = [f"row {i:04} of the table" for i in range(100)]

    def show(top: int, cursor: int) -> str:
        lines = [[(r, STYLES[2] if top + i == cursor else None)] for i, r in enumerate(rows[top : top + HEIGHT])]
        return painter.paint(frame(lines), console, (WIDTH, HEIGHT))

    full = len(show(0, 0))
    assert len(show(0, 1)) < 2 * WIDTH + 60
    show(0, HEIGHT - 1)
    assert len(show(1, HEIGHT)) < 2 * WIDTH + 90 < full
    assert show(1, HEIGHT) == ""


@pytest.mark.parametrize("system", ["256", "truecolor"])
def test_every_colour_arrives_as_rich_would_send_it(system):
    """Also where a number in it is 39 or 49, which alone would mean the default colour."""
    numbers = (0, 5, 20, 31, 39, 49, 128, 249)
    colours = [Color.from_rgb(39, n, 49) for n in numbers] + [Color.from_rgb(n, 31, 39) for n in numbers]
    colours += [Color.from_ansi(n) for n in (9, 38, 39, 48, 49, 255)] + [Color.default()]
    console = Console(force_terminal=True, color_system=system, width=WIDTH)
    styles = [Style(color=c, bgcolor=o, bold=True) for c, o in zip(colours, reversed(colours), strict=True)]
    for one in range(0, len(colours), HEIGHT):
        lines = [[("text", style)] for style in styles[one : one + HEIGHT]]
        lines += [[] for _ in range(HEIGHT - len(lines))]
        screen, stream = terminal()
        stream.feed(Painter().paint(frame(lines), console, (WIDTH, HEIGHT)))
        other, plain = terminal()
        for y, line in enumerate(lines):
            plain.feed(f"\x1b[{y + 1};1H")
            plain.feed("".join(style.render(text, color_system=console._color_system) for text, style in line))
        assert looks(screen) == looks(other)


def test_nothing_unprintable_passes_the_gate():
    """Every control, bidi, zero-width and private character of Unicode is stopped, whoever forgot to make it safe."""
    for code in [
        *range(0x20),
        0x7F,
        *range(0x80, 0xA0),
        0xAD,
        0x200B,
        0x202E,
        0x2066,
        0x2028,
        0xE000,
        0xD800,
        0xFEFF,
        0xE0041,
        0x3164,
        0xFE0F,
    ]:
        assert chr(code) not in gate(f"a{chr(code)}b")
    console, painter = rich_console(), Painter()
    sent = painter.paint(frame([[("a\x1b]52;c;eA==\x07\x9b2J\u202eb", None)]] + [[]] * (HEIGHT - 1)), console, (WIDTH, HEIGHT))
    assert "]52" in sent and "\x1b]" not in sent and "\x07" not in sent and "\x9b" not in sent and "\u202e" not in sent


def test_what_is_taken_for_one_cell_at_a_glance_takes_one_cell():
    """Of all characters of Unicode; and what is not looked at is counted one by one."""
    glanced = [chr(code) for code in range(0x110000) if cells._SINGLE.fullmatch(chr(code))]
    assert len(glanced) > 800 and all(get_character_cell_size(c) == 1 and gate(c) == c or c == "\xa0" for c in glanced)
    assert not cells.single("漢") and not cells.single("e\u0301") and cells.single("ж")


def test_what_stands_for_a_text_is_given_again_and_runs_out_quietly():
    """A sign keeps its text while it is used; a dropped one is given to another text; beyond the last there is none."""
    signs = cells.Signs(0x10FFFE)
    one, two = signs.sign("one"), signs.sign("two")
    assert (signs.sign("one"), signs.sign("three")) == (one, None)
    signs.keep({str(two)})
    assert signs.texts == {two: "two"} and signs.sign("three") == one and signs.sign("two") == two
