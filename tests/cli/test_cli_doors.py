"""Challenges that must be looked at, on a plain terminal and by options: the code a phone scans, the page a person solves."""

from __future__ import annotations

import fcntl
import io
import json
import struct
import subprocess
import termios
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cli_doors import BEDROT, scanned
from PIL import Image

from bedrot_console.cli import drawing
from bedrot_console.cli.pagelines import parse
from bedrot_console.domain.blocks import Cell, view_of
from bedrot_console.domain.errors import UsageError

WORD = "Word-canary-Ü8"


def scan(line: Any, wanted: str, seconds: float = 15.0) -> None:
    """Hold the phone before the terminal until it reads `wanted`."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        line.read(0.05)
        if scanned(line) == wanted:
            return
    raise AssertionError(f"no phone reads this:\n{line.screen()}")


@pytest.mark.browser
@pytest.mark.parametrize(
    "env",
    [{"TERM": "xterm-256color"}, {"TERM": "xterm-256color", "COLORTERM": "truecolor"}, {"TERM": "xterm"}, {"NO_COLOR": "1"}],
    ids=["256", "all", "16", "none"],
)
def test_a_phone_reads_the_code_from_the_terminal_also_after_it_changed(
    door: Callable[..., Any], bedrot_line: Callable[..., Any], env: dict[str, str]
) -> None:
    """At 80x24 the drawn code is the platform's, in any number of colours; when it rotates the new one is drawn and the phone is let in.

    Afterwards the code is gone from the screen, and what it said is in no file.
    """
    at = door("qr")
    line = bedrot_line("answer", at.challenge, env=env)
    scan(line, at.site.code)
    assert "scan it" in line.screen() and ":done" in line.screen()
    if env.get("TERM") == "xterm-256color":
        at.site.turn += 1
        scan(line, at.site.code)
    at.site.scan(at.site.code)
    assert line.wait(20) == 0, line.screen()
    line.until(f"bedrot attach {at.run}")
    assert line.data.rindex(b"\x1b[2J\x1b[?1049l") > line.data.rindex("▀".encode())
    assert at.ended().exit_code == 0
    assert at.canaries("Scan-canary") == []


@pytest.mark.browser
def test_a_terminal_too_small_for_a_code_says_so_and_draws_it_once_it_fits(
    door: Callable[..., Any], bedrot_line: Callable[..., Any]
) -> None:
    """It names the size that is needed and the command that writes a file; a larger window gets the code by itself."""
    at = door("qr")
    line = bedrot_line("attach", at.run, size=(60, 14))
    said = line.until("This code needs")
    assert "this terminal has 60 by 14" in said.replace("\n", " ") and f"bedrot answer {at.challenge} --look" in said
    line.screen()
    line._shown[0].resize(24, 80)
    fcntl.ioctl(line.master, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    scan(line, at.site.code)
    at.site.scan(at.site.code)
    assert line.wait(20) == 0
    assert "moved by page" in line.until("1 of 1 feeds landed")


@pytest.mark.browser
def test_a_page_is_solved_by_typed_commands_at_80_by_24(door: Callable[..., Any], bedrot_line: Callable[..., Any]) -> None:
    """Outline first, then the picture with rulers; clicks and drags in its cells, typing that is never shown, a key; the run goes on.

    Nonsense is answered and does nothing; what was typed is in no file, and no outside text is obeyed.
    """
    at = door("page")
    line = bedrot_line("attach", at.run, env={"COLORTERM": "truecolor"})
    outline = line.until("345,245  button  a boat")
    assert "mara@" not in outline and "Hidden-canary" not in outline
    line.send("click 3 4\r")
    line.until("no picture is drawn: look first")
    line.send("look\r")
    line.until("50")
    view = view_of(1280, 900, 80 - drawing.RULER, 21)
    column, row = view.cell(345, 245)
    line.until("(outline, click")
    assert _colour(line, column + drawing.RULER, row + 2) == "33cc33"
    line.send("click 200 3\r")
    line.until("the picture has 60 columns and 21 rows")
    line.send("juggle\r")
    line.until("that is none of")
    line.send(f"click {column + 1} {row + 1}\r")
    line.until("clicked at")
    line.send("zoom 120,420\r")
    line.until("55")
    near = view_of(1280, 900, 80 - drawing.RULER, 21, zoom=3, centre=(120, 420))
    start, end = near.cell(120, 420), near.cell(480, 420)
    line.send(f"drag {start[0] + 1} {start[1] + 1} {end[0] + 1} {end[1] + 1}\r")
    line.until("dragged from")
    line.send("click 200,520\r")
    line.until("clicked at 200,520")
    line.send("type\r")
    line.until("types (not shown)")
    line.send(WORD)
    line.until("*" * len(WORD))
    line.send("\r")
    line.until("typed")
    line.send("press enter\r")
    assert line.wait(30) == 0, line.screen()
    assert "1 of 1 feeds landed" in line.screen()
    assert at.site.solved["word"] == WORD and int(at.site.solved["slid"]) > 340
    assert WORD.encode() not in line.data and at.canaries(WORD, "Word-canary") == []


def _colour(line: Any, column: int, row: int) -> str:
    line.screen()
    return line._shown[0].buffer[row][column].bg


def headless(home: Path, *words: str, given: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*BEDROT, "--home", str(home), *words], input=given, capture_output=True, text=True, start_new_session=True, timeout=60
    )


@pytest.mark.browser
def test_a_script_solves_a_page_by_options(door: Callable[..., Any], home: Path, tmp_path: Path) -> None:
    """Acts are done in the order given, typing comes from stdin, the picture is a private file; without a terminal it says what to do."""
    at = door("page")
    picture = tmp_path / "page.png"
    lost = headless(home, "answer", at.challenge)
    assert lost.returncode == 2 and "--look FILE.png" in lost.stderr
    seen = headless(home, "answer", at.challenge, "--look", str(picture), "--outline", "--json")
    assert seen.returncode == 0, seen.stderr
    record = json.loads(seen.stdout)
    assert (record["width"], record["height"]) == Image.open(io.BytesIO(picture.read_bytes())).size == (1280, 900)
    assert "345,245  button  a boat" in record["outline"] and picture.stat().st_mode & 0o777 == 0o600
    outside = headless(home, "answer", at.challenge, "--click", "9000,1")
    assert outside.returncode == 2 and "outside of the page" in outside.stderr
    assert headless(home, "answer", at.challenge, "--click", "here").returncode == 2
    did = headless(home, "answer", at.challenge, "--click", "345,245", "--drag", "120,420,480,421", "--look", str(picture))
    assert did.returncode == 0 and "2 done on the page" in did.stderr
    assert Image.open(io.BytesIO(picture.read_bytes())).convert("RGB").getpixel((480, 420)) == (0x33, 0x33, 0x99)
    assert headless(home, "answer", at.challenge, "--click", "200,520", "--type", given=WORD + "\n").returncode == 0
    headless(home, "answer", at.challenge, "--press", "Enter")
    assert at.ended().exit_code == 0
    assert at.canaries(WORD, "Word-canary") == []
    late = headless(home, "answer", at.challenge, "--look", str(picture))
    assert late.returncode == 3


@pytest.mark.browser
def test_a_code_can_be_written_into_a_file(door: Callable[..., Any], home: Path, tmp_path: Path) -> None:
    """For a screen that is too small: a private picture that says what the platform's code says; the words of the code are printed nowhere."""
    import zxingcpp

    at = door("qr")
    picture = tmp_path / "code.png"
    said = headless(home, "answer", at.challenge, "--look", str(picture), "--json")
    assert said.returncode == 0 and "canary" not in said.stdout + said.stderr
    assert zxingcpp.read_barcodes(Image.open(picture))[0].text == at.site.code and picture.stat().st_mode & 0o777 == 0o600
    assert headless(home, "answer", at.challenge, "--click", "1,1").returncode == 2


VIEW = view_of(1280, 900, 77, 21)


@pytest.mark.parametrize(
    ("line", "act"),
    [
        ("click 1 1", {"act": "click", "x": 10, "y": 21}),
        ("c 640,410", {"act": "click", "x": 640, "y": 410}),
        ("drag 1 1 60 21", {"act": "drag", "x": 10, "y": 21, "to_x": 1269, "to_y": 878}),
        ("type  two  blanks ", {"act": "type", "text": " two  blanks "}),
        (" type x", {"act": "type", "text": "x"}),
        ("type   ", None),
        ("PRESS tab", {"act": "press", "key": "tab"}),
        ("scroll up", {"act": "scroll", "dy": -450}),
        ("s -20", {"act": "scroll", "dy": -20}),
        ("look", None),
        ("zoom", None),
        ("type", None),
        ("?", None),
    ],
)
def test_a_typed_line_becomes_an_act(line: str, act: dict[str, Any] | None) -> None:
    """Cells by the rulers, pixels with a comma, words shortened."""
    assert parse(line, VIEW).act == act


@pytest.mark.parametrize(
    "line", ["d", "click", "click 1", "click 61 1", "click 0 1", "click 1,2 3", "drag 1 1", "scroll far", "x"]
)
def test_a_line_that_means_nothing_is_told_how_it_goes(line: str) -> None:
    """No act is guessed."""
    with pytest.raises(UsageError):
        parse(line, VIEW)


def test_colours_are_those_the_terminal_has() -> None:
    """True colour by COLORTERM, 256 by TERM, 16 else, none by NO_COLOR or on a dumb terminal; a theme cannot change them."""
    assert drawing.depth(True, {"TERM": "xterm-256color", "COLORTERM": "truecolor"}) == drawing.ALL
    assert drawing.depth(True, {"TERM": "tmux-256color"}) == drawing.MANY
    assert drawing.depth(True, {"TERM": "xterm"}) == drawing.FEW
    assert drawing.depth(False, {"TERM": "xterm-256color"}) == drawing.depth(True, {}) == drawing.NONE
    row = [Cell("▀", (0, 0, 0), (255, 255, 255)), Cell("▀", (0, 0, 0), (255, 255, 255)), Cell(" ", None, (51, 204, 51))]
    assert drawing.lines_of([row], drawing.MANY) == ["\x1b[0;38;5;16;48;5;231m▀▀\x1b[0;48;5;77m \x1b[0m"]
    assert drawing.lines_of([row[:1]], drawing.FEW) == ["\x1b[0;30;47m▀\x1b[0m"]
    assert drawing.lines_of([row], drawing.NONE) == ["▀▀ "]
