"""Pictures of pixels: what is sent to which terminal, that it shows the page, and that nothing of it stays where something else stands."""

from __future__ import annotations

import random

import pytest
from PIL import Image
from pixels import kitty_screen, sixels
from ptyline import FAKE, Line, foreign
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual._compositor import LayoutUpdate
from textual.geometry import Region
from textual.strip import Strip

from bedrot_console.domain.blocks import Indexed
from bedrot_console.tui.painter import Painter
from bedrot_console.tui.pictures import (
    ASK_ATTRIBUTES,
    ASK_KITTY,
    BLOCKS,
    KITTY,
    SIXEL,
    Ability,
    Ear,
    Picture,
    passes,
    question,
    sixel,
)

WIDTH, HEIGHT = 20, 6
CELL = (4, 7)


def speckled(width: int, height: int, colours: int = 9) -> Indexed:
    rng = random.Random(3)
    palette = tuple((rng.randrange(256), rng.randrange(256), rng.randrange(256)) for _ in range(colours))
    return Indexed(width, height, palette, bytes(min(rng.randrange(colours), rng.randrange(3)) for _ in range(width * height)))


def true_pixels(pixels: Indexed) -> list[tuple[int, ...]]:
    return [pixels.palette[n] for n in pixels.pixels]


def colours_of(picture: Image.Image) -> list[tuple[int, ...]]:
    return [picture.getpixel((x, y)) for y in range(picture.height) for x in range(picture.width)]  # type: ignore[misc]


def near(seen: Image.Image, pixels: Indexed) -> bool:
    """The same but for the coarser steps of a sixel's colours."""
    pairs = zip(colours_of(seen.convert("RGB")), true_pixels(pixels), strict=True)
    return all(abs(a - b) <= 5 for one, other in pairs for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize("size", [(1, 1), (13, 6), (40, 27), (64, 12)])
def test_both_ways_to_draw_give_back_the_pixels(size):
    """Read as a terminal would: every pixel is there, a sixel's to the hundredth in which it says colours, and the sequences pass the gate."""
    pixels = speckled(*size)
    shown = kitty_screen(Picture(pixels, Ability(KITTY), 2, 1, 5, 3).whole.encode())
    assert shown is not None and colours_of(shown[1]) == true_pixels(pixels)
    assert (shown[0]["c"], shown[0]["r"], shown[0]["z"], shown[0]["C"]) == ("5", "3", "-1", "1")
    picture = Picture(pixels, Ability(SIXEL, CELL), 2, 1, 5, 3)
    ((x, y, seen),) = sixels(picture.whole.encode())
    assert (x, y, seen.size) == (2, 1, size) and near(seen, pixels) and passes(picture.whole)


def test_what_is_not_one_of_our_sequences_does_not_pass():
    """Neither another command, nor one inside of ours, nor one that does not end, nor one that is too long."""
    good = Picture(speckled(4, 4), Ability(KITTY), 0, 0, 1, 1).whole
    assert passes(good) and passes(sixel(speckled(4, 4))) is False and passes("\x1b[1;1H" + sixel(speckled(4, 4)))
    for bad in (
        "\x1b]52;c;eA==\x07",
        "\x1b_Gt=f;L2V0Yw==",
        "\x1b[2J",
        "text",
        good[:-2],
        good[:-2] + "\x1b[2J\x1b\\",
        "\x1b[1;1H" * (1 << 20),
    ):
        assert not passes(bad)


@pytest.mark.parametrize(
    ("said", "wanted", "kind"),
    [
        ("\x1b_Gi=31;OK\x1b\\\x1b[6;18;9t\x1b[?62;4;22c", None, KITTY), ("\x1b[6;18;9t\x1b[?62;4;22c", None, SIXEL),
        ("\x1b_Gi=31;ENOTSUPPORTED:no\x1b\\\x1b[?62;22c", None, BLOCKS), ("\x1b[?64c", None, BLOCKS), ("\x1b[?62;4c", None, BLOCKS),
        ("\x1b[?6c", SIXEL, SIXEL), ("\x1b[?1;2c", KITTY, KITTY),
    ],
)  # fmt: skip
@pytest.mark.parametrize("cut", range(1, 12))
def test_what_the_terminal_says_of_itself_is_heard_and_is_no_key(said, wanted, kind, cut):
    """Also in pieces and among keys, which all arrive. Sixels need the size of a cell; a setting overrules what the terminal says."""
    ear = Ear(wanted, None)
    data = "ab" + said + "c\x1b[A"
    pieces = [data[n : n + cut] for n in range(0, len(data), cut)]
    if any(piece.endswith("\x1b") for piece in pieces[:-1]):
        pieces = [data]  # a lone escape is a key
    assert "".join(map(ear.take, pieces)) == "abc\x1b[A"
    assert ear.ability is not None and ear.ability.kind == kind


def test_a_key_is_held_back_as_the_beginning_of_an_answer_only_while_one_is_awaited():
    """alt and `_` with any other key after it passes at once; so does all once the answer is there, or a second after the question."""
    at = 50.0
    ear = Ear(None, None, lambda: at)
    assert ear.take("\x1b_q") == "\x1b_q" and ear.take("\x1b_") + ear.take("abc") == "\x1b_abc"
    assert ear.take("\x1b_Gi=3") == ""
    at += 1.1
    assert ear.take("x") == "\x1b_Gi=3x"
    for begun in ("\x1b_", "\x1b_G", "\x1b[", "\x1b_Gabc"):
        assert ear.take(begun) == begun
    assert ear.take("a\x1b[?64cb") == "ab" and ear.ability is not None
    quick = Ear(None, None, lambda: at)
    quick.take("\x1b[?64c")
    assert quick.take("\x1b_G") == "\x1b_G" and quick.take("\x1b[") == "\x1b["


def test_only_terminals_that_are_silent_about_it_are_asked_for_kitty():
    """The plain questions go to all; inside tmux, screen and on the Linux console kitty's does not."""
    assert ASK_KITTY in question(None, "xterm-kitty") and ASK_KITTY in question(None, "xterm-256color")
    for term in ("linux", "screen-256color", "tmux-256color", "vt100", ""):
        assert ASK_KITTY not in question(None, term) and question(None, term).endswith(ASK_ATTRIBUTES)
    assert ASK_KITTY not in question(SIXEL, "xterm")


def frame(lines: list[str], cross: tuple[int, int] | None = None) -> LayoutUpdate:
    strips = []
    for y, line in enumerate(lines):
        text = line.ljust(WIDTH)
        pieces = [Segment(text)]
        if cross is not None and cross[1] == y:
            x = cross[0]
            pieces = [Segment(text[:x]), Segment("╋", Style(color="red")), Segment(text[x + 1 :])]
        strips.append([Strip(pieces).adjust_cell_length(WIDTH)])
    return LayoutUpdate(strips, Region(0, 0, WIDTH, HEIGHT))


class Screen:
    """A terminal of pixels and cells: text wipes the pixels of its cells, a sixel the text below it."""

    def __init__(self) -> None:
        import pyte

        self.cells = pyte.Screen(WIDTH, HEIGHT)
        self.pixels = Image.new("RGBA", (WIDTH * CELL[0], HEIGHT * CELL[1]))
        self.sent = ""

    def feed(self, sent: str) -> None:
        import re

        self.sent += sent
        for piece in re.split(r"(\x1b\[[\d;]+H\x1bP[^\x1b]*\x1b\\|\x1b_[^\x1b]*\x1b\\)", sent):
            if "\x1bP" in piece:
                ((x, y, drawn),) = sixels(piece.encode())
                self.pixels.paste(drawn, (x * CELL[0], y * CELL[1]), drawn)
            elif not piece.startswith("\x1b_"):
                self._write(piece)

    def _write(self, piece: str) -> None:
        """Text, cell by cell: what is written or erased is lost to the picture, also where it is a blank."""
        import pyte

        cells, wipe = self.cells, self._wipe

        draw, erase = cells.draw, cells.erase_in_line

        def drawn(data: str) -> None:
            for char in data:
                wipe(cells.cursor.x, cells.cursor.x + 1, cells.cursor.y)
                draw(char)

        def erased(*how: int, **more: object) -> None:
            wipe(cells.cursor.x, WIDTH, cells.cursor.y)
            erase(*how, **more)

        cells.draw, cells.erase_in_line = drawn, erased
        pyte.Stream(cells).feed(piece)
        cells.draw, cells.erase_in_line = draw, erase

    def _wipe(self, left: int, right: int, y: int) -> None:
        width, height = CELL
        self.pixels.paste((0, 0, 0, 0), (left * width, y * height, right * width, (y + 1) * height))

    def shows(self, picture: Picture, cross: tuple[int, int] | None = None) -> bool:
        """Whether the whole picture is seen, but for the cell of the crosshair."""
        pixels, (width, height) = picture.pixels, CELL
        left, top = picture.x * width, picture.y * height
        for y in range(pixels.height):
            for x in range(pixels.width):
                at = self.pixels.getpixel((left + x, top + y))
                cell = ((left + x) // width, (top + y) // height)
                if cell == cross:
                    if at[3]:
                        return False
                elif not at[3] or any(
                    abs(a - b) > 5 for a, b in zip(at, pixels.palette[pixels.pixels[y * pixels.width + x]], strict=False)
                ):
                    return False
        return True


def test_a_picture_comes_moves_under_a_crosshair_gives_way_and_leaves_nothing():
    """Sixels on a terminal of cells and pixels: after each frame exactly what should be seen is, and little was sent for a step."""
    console, painter, screen = Console(force_terminal=True, color_system="standard", width=WIDTH), Painter(), Screen()
    plain = ["head", "", "", "", "", "foot"]
    picture = Picture(speckled(10 * CELL[0], 4 * CELL[1]), Ability(SIXEL, CELL), 0, 1, 10, 4)

    def show(lines: list[str], seen: Picture | None, cross: tuple[int, int] | None = None) -> int:
        before = len(screen.sent)
        screen.feed(painter.paint(frame(lines, cross), console, (WIDTH, HEIGHT), seen))
        return len(screen.sent) - before

    show(["head", "▀▀▀▀▀▀▀▀▀▀ beside", "▄▄▄▄", "", "", "foot"], None)
    whole = show(plain, picture, (3, 2))
    assert screen.shows(picture, (3, 2)) and screen.cells.display[2][3] == "╋"
    for at in ((4, 2), (4, 3), (9, 4), (0, 1)):
        assert show(plain, picture, at) < whole / 4
        assert screen.shows(picture, at)
    assert show(plain, picture, (0, 1)) == 0
    other = Picture(speckled(10 * CELL[0], 4 * CELL[1], 5), Ability(SIXEL, CELL), 0, 1, 10, 4)
    show(plain, other, (0, 1))
    assert screen.shows(other, (0, 1))
    show(["head", "", "  dialog", "", "", "foot"], None)
    assert screen.pixels.getbbox() is None and "dialog" in screen.cells.display[2]
    show(plain, other)
    assert screen.shows(other)
    painter.reset()
    show(plain, other)
    assert screen.shows(other)
    show(plain, Picture(speckled(4, 4), Ability(SIXEL, CELL), 15, 1, 10, 4))
    assert screen.pixels.getbbox() is None


GREEN = (51, 204, 51)


@pytest.mark.parametrize("kind", [KITTY, SIXEL])
def test_a_terminal_that_says_so_gets_the_page_in_pixels_and_is_left_clean(lines, kind):
    """Asked when a page is opened; the boat is green where it is; a dialog takes the picture off; quitting leaves nothing behind."""
    line = Line([*FAKE, "10", "page"])
    lines.append(line)
    line.until("wanted: a")
    assert ASK_ATTRIBUTES.encode() not in line.data
    line.send("a")
    line.until("╋")
    assert ASK_KITTY.encode() in line.data and line.data.count(ASK_ATTRIBUTES.encode()) == 1
    assert kitty_screen(line.data) is None and not sixels(line.data)
    line.send("\x1b[6;20;10t" + ("\x1b_Gi=31;OK\x1b\\" if kind == KITTY else "") + "\x1b[?62;4;22c")
    line.until("▀", gone=True)
    line.read(0.3)
    if kind == KITTY:
        shown = kitty_screen(line.data)
        assert shown is not None
        drawn, (columns, rows) = shown[1], (int(shown[0]["c"]), int(shown[0]["r"]))
    else:
        ((x, y, drawn),) = [s for s in sixels(line.data) if s[2].height > 100]
        columns, rows = drawn.width // 10, drawn.height // 20
        assert (x, y) == (0, 1) and not drawn.width % 10
    assert (columns, rows) == (63, 22)
    pixel = drawn.convert("RGB").getpixel((345 * drawn.width // 1280, 245 * drawn.height // 900))
    assert all(abs(a - b) <= 8 for a, b in zip(pixel, GREEN, strict=True))
    line.send("p")
    line.until("Press on the page")
    line.read(0.2)
    assert kitty_screen(line.data) is None
    line.send("\x1b\x1b[6;20;10t\x1b[?62;4;22c")  # it may say it again: that is no key
    line.until("Press on the page", gone=True)
    line.until("▀", gone=True)
    line.send("q")
    line.until("of 10")
    line.send("\x11")
    assert line.wait() == 0 and line.healthy() and foreign(line.data) == []
    assert kitty_screen(line.data) is None
