"""What stands around every screen: read-only, a terminal that is too small, resizing under a dialog, the clipboard, no colours."""

from __future__ import annotations

import base64
import re

import pytest
from fake_lake import FakeLake
from fake_rows import row_of
from textual.app import App
from textual.css.stylesheet import Stylesheet

from bedrot_console.domain.challenges import ChallengeKind
from bedrot_console.tui import clipboard
from bedrot_console.tui.app import Console
from bedrot_console.tui.places import PLACES


def test_read_only_is_in_the_frame_of_every_place_and_every_dialog(drive):
    """Header of each place; border of each dialog; head of what covers the screen."""
    lake = FakeLake(40, read_only=True)
    lake.ask(lake.start("distrokid", "default"), kind=ChallengeKind.PAGE, can=())

    async def scenario(d):
        for place in PLACES:
            d.app.show_place(place)
            await d.settle()
            assert "READ-ONLY" in d.screen.splitlines()[0], place
        d.app.show_place("files")
        await d.settle()
        for key in ("question_mark", "enter", "exclamation_mark"):
            await d.press(key)
            assert len(d.app.screen_stack) == 2 and "READ-ONLY" in "\n".join(d.screen.splitlines()[1:]), key
            await d.press("escape")
        await d.beat()
        await d.press("a")
        assert "READ-ONLY" in d.screen.splitlines()[0]

    drive(lake, scenario)


def test_a_terminal_that_is_too_small_is_told_once_and_everything_still_works(drive):
    """Each place opens at 40x10; under a dialog it may shrink to one cell and grow again."""

    async def scenario(d):
        assert "made for 80x24 and more; this is 40x10" in d.notice
        await d.pilot.resize_terminal(80, 22)  # 80x24 less the lines of a tmux and a screen
        await d.settle()
        assert d.notice == ""
        await d.pilot.resize_terminal(40, 10)
        await d.settle()
        for place in PLACES:
            d.app.show_place(place)
            await d.pilot.pause()
        await d.press("question_mark")
        for width, height in ((12, 4), (1, 1), (300, 100), (40, 10)):
            await d.pilot.resize_terminal(width, height)
        await d.press("escape")
        assert "this is 40x10" in d.notice and d.app.place == list(PLACES)[-1]

    drive(FakeLake(40), scenario, size=(40, 10))


def test_a_dialog_stands_while_the_terminal_is_resized(drive):
    """The decision that was begun is carried out at the other size."""
    lake = FakeLake(32)

    async def scenario(d):
        d.app.run_command(f"quarantine {row_of(0).id}")
        await d.settle()
        await d.type("not ")
        await d.pilot.resize_terminal(160, 50)
        await d.settle()
        await d.type("ours")
        await d.pilot.resize_terminal(60, 15)
        await d.settle()
        assert "Quarantine this file" in d.screen
        await d.press("enter")
        assert lake.decisions == [("quarantine", row_of(0).id, "not ours")]

    drive(lake, scenario)


BOTH = {"TMUX": "/tmp/x,1,0", "STY": "1.x"}


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"TMUX": "/tmp/x,1,0"},
        {"STY": "1.x"},
        {"TERM": "screen-256color"},
        BOTH | {"TERM": "screen"},
        BOTH | {"TERM": "tmux-256color"},
    ],
)
def test_the_clipboard_is_reached_through_tmux_and_screen(environ):
    """The text arrives whole, by itself or handed through in pieces that screen takes; nothing of it is bare."""
    text = "06exy3k2 " + "ü€漢" * 900
    sent = clipboard.sequences(text, environ)
    plain = f"\x1b]52;c;{base64.b64encode(text.encode()).decode()}\x07"
    assert sent.startswith(plain)
    rest = sent[len(plain) :]
    if "TMUX" in environ and environ.get("TERM") != "screen":  # which is the inner one where both left their mark
        assert rest == "\x1bPtmux;" + plain.replace("\x1b", "\x1b\x1b") + "\x1b\\"
    elif environ:
        pieces = re.findall(r"\x1bP(.*?)\x1b\\", rest, re.DOTALL)
        assert "".join(pieces) == plain and max(map(len, pieces)) < 768 and len(pieces) > 5
    else:
        assert rest == ""


def test_what_a_terminal_would_cut_is_not_copied(drive):
    """The limit counts bytes, and says so instead of copying a part."""
    assert clipboard.too_long("€" * 30_000) and not clipboard.too_long("x" * 70_000)

    async def scenario(d):
        d.app.copy("€" * 30_000, "row")
        await d.settle()
        assert "too long for a terminal's clipboard" in d.notice and not d.app.clipboard

    drive(FakeLake(4), scenario)


def test_every_status_is_told_without_colours(drive, monkeypatch):
    """NO_COLOR: no cell has a colour, and each state has its sign and word; the cursor and what needs a human are seen."""
    monkeypatch.setenv("NO_COLOR", "1")
    lake = FakeLake(64, read_only=True)

    async def scenario(d):
        assert d.app.theme == "ansi-dark" and d.app.kept()["theme"] == "nord"
        strips = d.app.screen._compositor.render_strips()
        styles = [segment.style for strip in strips for segment in strip if segment.style]
        assert {"default", None} >= {s.color and s.color.name for s in styles} | {s.bgcolor and s.bgcolor.name for s in styles}
        assert any(s.reverse for s in styles) and "▲ promoted" in d.screen and "▼ quarantined" in d.screen

    drive(lake, scenario, size=(100, 30), memory={"theme": "nord"})


@pytest.mark.parametrize("theme", ["nord", "ansi-light"])
def test_the_theme_that_was_kept_is_there_from_the_first_reading_of_the_style_sheet(drive, theme, monkeypatch):
    """Reading it all again changes nothing; choosing another theme does."""
    monkeypatch.setenv("COLORTERM", "truecolor")
    reads = []
    read = Stylesheet.reparse
    monkeypatch.setattr(Stylesheet, "reparse", lambda self: (reads.append(1), read(self)))

    async def scenario(d):
        def styles():
            return [(str(widget), widget.styles.css) for widget in d.app.screen.walk_children(with_self=True)]

        assert d.app.theme == theme and not reads
        shown = styles()
        d.app.refresh_css()
        assert reads == [1] and styles() == shown
        d.app.theme = "gruvbox"
        await d.settle()
        assert len(reads) == 2 and styles() != shown

    drive(FakeLake(4), scenario, memory={"theme": theme})


def test_nothing_waits_to_say_what_the_console_never_says():
    """Notices have their line: Textual makes neither toasts nor tooltips, by switches that it has."""
    app, stock = Console(FakeLake(4)), App[None]()
    for switch in ("_disable_tooltips", "_disable_notifications"):
        assert (getattr(app, switch), getattr(stock, switch)) == (True, False)
