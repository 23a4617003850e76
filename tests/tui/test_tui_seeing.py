"""Challenges that must be looked at, in the console: the code a phone reads from the screen, the page that is solved by keys and mouse."""

from __future__ import annotations

from typing import Any

import phone
import pytest
from fake_lake import FakeLake
from fake_rows import HOSTILE
from ptyline import FAKE, Line, foreign
from rich.color import ColorSystem

from bedrot_console.domain.blocks import view_of
from bedrot_console.domain.challenges import ChallengeKind
from bedrot_console.tui.modals.page import PageModal
from bedrot_console.tui.modals.scan import ScanModal
from bedrot_console.tui.widgets.canvas import Canvas
from bedrot_console.tui.widgets.hidden import Hidden

PLAIN = {"hint": "", "medium": "", "can": (), "attempts_left": None}


def asked(kind: ChallengeKind, **values: Any) -> FakeLake:
    lake = FakeLake(10)
    lake.ask(lake.start("distrokid", "default"), **PLAIN | {"kind": kind, "prompt": "Solve it"} | values)
    return lake


def halves(d: Any) -> list[list[phone.Halves]]:
    """The screen as pairs of greys: upper and lower half of each cell."""
    rows = []
    for strip in d.app.screen._compositor.render_strips():
        pieces = [
            (text, *((_grey(c) for c in (style.color, style.bgcolor)) if style else (None, None))) for text, style, _ in strip
        ]
        rows.append([phone.halves(char, fore, back) for text, fore, back in pieces for char in text])
    return rows


def _grey(colour: Any) -> int | None:
    return None if colour is None or colour.is_default else sum(colour.get_truecolor()) // 3


@pytest.mark.parametrize("way", [("a",), ("3", "a"), ("exclamation_mark", "enter")])
def test_a_phone_reads_the_code_from_the_screen_also_after_it_changed(drive, way):
    """From any place `a` shows the code; it is drawn anew when the platform changes it; the dialog goes when the run goes on."""
    lake = asked(ChallengeKind.QR)

    async def scenario(d):
        await d.beat()
        assert "shows the code to scan" in d.screen
        await d.press(*way)
        assert isinstance(d.app.screen, ScanModal) and phone.scanned(halves(d)) == lake.says
        assert "Solve it" in d.screen and "5:00 left" in d.screen
        lake.says = "https://example.net/scan?key=K-0002"
        d.app.screen.look_if_idle()
        await d.settle()
        assert phone.scanned(halves(d)) == lake.says
        lake.asked.clear()
        await d.beat()
        assert not isinstance(d.app.screen, ScanModal) and "the platform has what it asked for" in d.notice

    drive(lake, scenario)


@pytest.mark.parametrize(
    ("text", "size", "drawn"), [("x" * 78, (80, 24), True), ("x" * 130, (80, 24), True), ("x" * 230, (80, 24), False)]
)
def test_a_code_takes_the_whole_screen_before_it_does_not_fit(drive, text, size, drawn):
    """78 characters fit 80x24 with their margin, 130 with a smaller one; more is told, with the command that helps."""
    lake = asked(ChallengeKind.QR)
    lake.says = text

    async def scenario(d):
        await d.beat()
        await d.press("a")
        assert (phone.scanned(halves(d)) == text) is drawn
        if not drawn:
            assert "this terminal has 80 by 24" in d.screen and f"bedrot answer {lake.asked[0].id} --look code.png" in d.screen
            await d.pilot.resize_terminal(80, 50)
            await d.settle()
            assert phone.scanned(halves(d)) == text
        await d.press("escape")
        assert not isinstance(d.app.screen, ScanModal)

    drive(lake, scenario, size)


def test_without_colours_a_code_is_ink_that_can_be_turned_round(drive, monkeypatch):
    """NO_COLOR: light modules are ink; `i` makes the dark ones ink, for a light terminal."""
    monkeypatch.setenv("NO_COLOR", "1")
    lake = asked(ChallengeKind.QR)

    async def scenario(d):
        await d.beat()
        await d.press("a")
        first = [strip.text for strip in d.app.screen._compositor.render_strips()]
        assert _ink(first) == lake.says
        await d.press("i")
        second = [strip.text for strip in d.app.screen._compositor.render_strips()]
        assert second != first and _ink(second, inverse=True) == lake.says

    drive(lake, scenario)


def _ink(lines: list[str], inverse: bool = False) -> str | None:
    ink = {"▀": (255, 0), "▄": (0, 255), "█": (255, 255)}
    rows = [[ink.get(c, (0, 0)) for c in line.ljust(80)] for line in lines]
    return phone.scanned([[(255 - a, 255 - b) for a, b in row] for row in rows] if inverse else rows)


def test_a_page_is_solved_by_keys(drive):
    """The picture with a crosshair; arrows move it, enter clicks its pixel, `d` drags, `t` types unseen, `e` presses Enter, PgDn scrolls."""
    lake = asked(ChallengeKind.PAGE)

    async def scenario(d):
        d.app.console._color_system = ColorSystem.TRUECOLOR
        await d.beat()
        await d.press("a")
        modal = d.app.screen
        assert isinstance(modal, PageModal) and modal.view == view_of(1280, 900, 80, 22)
        column, row = modal.view.cell(345, 245)
        strip = list(d.app.screen._compositor.render_strips())[row + 1]
        assert strip.crop(column, column + 1)._segments[0].style.bgcolor.get_truecolor() == (51, 204, 51)
        here = modal.view.cell(*modal.at)
        await d.press(*["left"] * (here[0] - column), *["up"] * (here[1] - row))
        await d.press("enter")
        (click,) = lake.hands
        assert click["act"] == "click" and 300 <= click["x"] < 390 and 200 <= click["y"] < 290
        assert "clicked at" in d.screen and "╋" in d.screen
        await d.press("d", "L", "d")
        drag = lake.hands[-1]
        assert drag["act"] == "drag" and (drag["x"], drag["y"]) == (click["x"], click["y"]) and drag["to_x"] - drag["x"] > 150
        await d.press("t")
        await d.type("hid en")
        assert "••••••" in d.screen and "hid en" not in d.screen
        await d.press("backspace", "x", "enter")
        assert lake.hands[-1] == {"act": "type", "text": "hid ex"} and "hid ex" not in d.screen + repr(
            d.app.screen.query_one(Hidden)
        )
        await d.press("e", "pagedown")
        assert lake.hands[-2:] == [{"act": "press", "key": "Enter"}, {"act": "scroll", "dy": 450}]
        count = len(lake.hands)
        await d.press("tab")
        assert "this key cannot be pressed" in d.screen and len(lake.hands) == count
        d.app.screen.look_if_idle()
        await d.settle()
        assert "this key cannot be pressed" in d.screen and "pressed Tab" not in d.screen
        await d.press("p", "down", "down", "enter")
        assert lake.hands[-1] == {"act": "press", "key": "ArrowLeft"}
        await d.press("t", "escape")
        assert isinstance(d.app.screen, PageModal)
        await d.press("D")
        assert lake.calls[-1] == "done"
        await d.press("escape")
        assert not isinstance(d.app.screen, PageModal) and len(lake.asked) == 1

    drive(lake, scenario)


@pytest.mark.parametrize("leave", ["enter", "escape"])
def test_a_page_that_is_over_waits_until_a_half_typed_secret_is_out_of_the_hands(drive, leave):
    """The rest of it is neither sent, shown nor taken for keys of the screen below; enter or escape closes."""
    lake = asked(ChallengeKind.PAGE)

    async def scenario(d):
        await d.beat()
        await d.press("a", "t")
        await d.type("hun")
        lake.asked.clear()
        await d.beat()
        assert isinstance(d.app.screen, PageModal) and "it is over" in d.screen
        await d.type("/q3?:ter")
        await d.beat()
        assert isinstance(d.app.screen, PageModal) and "/q3" not in d.screen and "•" * 11 in d.screen
        place = d.app.place
        await d.press(leave)
        assert not isinstance(d.app.screen, PageModal) and len(d.app.screen_stack) == 1 and d.app.place == place
        assert [hand for hand in lake.hands if hand["act"] == "type"] == []

    drive(lake, scenario)


def test_a_page_is_seen_nearer_and_as_text(drive):
    """`+` shows the part around the crosshair larger, and its cells are finer; `o` shows the outline, made safe."""
    lake = asked(ChallengeKind.PAGE)
    lake.outline += "\n" + HOSTILE[0]

    async def scenario(d):
        await d.beat()
        await d.press("a", "plus", "plus")
        modal = d.app.screen
        assert modal.view.width <= 410 and modal.view.cell(640, 450) is not None
        await d.press(*["L"] * 8)
        assert modal.view.left > 640
        await d.press("enter")
        assert lake.hands[-1]["x"] > 800
        await d.press("o")
        assert "345,245  button  a boat" in d.screen and "\x1b" not in d.screen
        await d.press("o", "minus", "minus")
        assert (modal.view.left, modal.view.width) == (0, 1280)

    drive(lake, scenario)


def test_a_page_is_solved_in_its_text(drive):
    """`o`, arrows to a line with a place, enter clicks there, `d` drags from line to line; a line without one says so; what is asked stands in full."""
    lake = asked(
        ChallengeKind.PAGE,
        prompt="Pass the check in front of the page, which " + "wants to see a person and " * 3 + "then goes on",
    )
    lake.outline = "example.net/puzzle\n345,245  button  a boat\n145,245  button  a fish\n\n- main:"

    async def scenario(d):
        await d.beat()
        await d.press("a")
        assert "5:00 left" in d.screen.splitlines()[0]
        await d.press("o", "enter")
        assert "then goes on" in d.screen
        assert lake.hands == [{"act": "click", "x": 345, "y": 245}] and "clicked at 345,245" in d.screen.splitlines()[0]
        await d.press("d", "down", "d")
        assert lake.hands[-1] == {"act": "drag", "x": 345, "y": 245, "to_x": 145, "to_y": 245}
        await d.press("end", "down", "down", "down", "enter")
        assert "this line has no place" in d.screen and len(lake.hands) == 2
        d.app.screen.look_if_idle()
        await d.settle()
        await d.press("o")
        assert d.app.screen.at == (145, 245)

    drive(lake, scenario)


def test_the_mouse_clicks_and_drags(drive):
    """A press and a release in one cell click there, in another one they drag; within a cell where the terminal tells pixels; the wheel scrolls."""
    lake = asked(ChallengeKind.PAGE)

    async def scenario(d):
        await d.beat()
        await d.press("a")
        view = d.app.screen.view
        column, row = view.cell(345, 245)
        await d.pilot.click("#canvas", offset=(column, row))
        await d.settle()
        assert lake.hands[0] == dict(zip(("act", "x", "y"), ("click", *view.pixel(column, row)), strict=True))
        await d.pilot.mouse_down("#canvas", offset=(column, row))
        await d.pilot.mouse_up("#canvas", offset=(column + 9, row))
        await d.settle()
        assert lake.hands[1]["act"] == "drag" and lake.hands[1]["to_x"] == view.pixel(column + 9, row)[0]
        await d.pilot.click("#canvas", offset=(view.columns + 2, row))
        await d.settle()
        assert len(lake.hands) == 2
        canvas = d.app.screen.canvas
        canvas.post_message(Canvas.Pointed((10.75, 5.25), (10.75, 5.25)))
        canvas.post_message(Canvas.Wheeled(-1))
        await d.settle()
        assert (lake.hands[2]["x"], lake.hands[2]["y"]) == (int(10.75 * 1280 / view.columns), int(5.25 * 900 / view.rows))
        assert lake.hands[3] == {"act": "scroll", "dy": -120}

    drive(lake, scenario)


@pytest.mark.parametrize("kind", ["qr", "page"])
def test_what_is_looked_at_leaves_a_healthy_terminal_and_obeys_nothing(lines, kind):
    """Hostile prompt and outline, on a real terminal: no byte is obeyed; the code can be read there with 256 colours, too."""
    line = Line([*FAKE, "hostile", kind])
    lines.append(line)
    line.until("of 64")
    line.until("wanted: a")
    line.send("a")
    if kind == "qr":
        line.until("look again")
        until = "▀"
        line.until(until)
        assert phone.scanned(phone.cells_of_line(line)) == "https://example.net/scan?key=K-0001"
    else:
        line.until("╋")
        line.send("tunseen\r")  # at once, as over a slow line: none of it is taken for a key
        line.until("typed")
        assert b"unseen" not in line.data
        line.send("o")
        line.until("345,245")
        line.send("\x1b[6~")
        line.read(0.3)
    line.send("q")
    line.until("of 64")
    line.send("\x11")
    assert line.wait() == 0 and line.healthy()
    assert foreign(line.data) == []
