"""Every text from outside, in every place that shows one, holds something that a terminal or a markup language would obey. Nothing is obeyed."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import payloads
import pytest
import sequences
from frames import Frame, Terminal, frame_of, text_of
from payloads import CALLS, MARKUP, PAYLOADS, UNTOUCHED
from stillness import StillLine

from bedrot_console.tui.places import PLACES

FOUL = [sys.executable, str(Path(payloads.__file__))]
ESC = "\x1b[27u"
"""The escape key as the keyboard protocol says it, so that it never takes the next key for its own."""
BY_HAND = ("files", "review", "runs", "sql")
OTHERS = [
    step
    for place in PLACES.values()
    if place.name not in BY_HAND
    for step in ((str(place.number), f"[{place.number} {place.title[:3]}"), ("\x1b[F", ""), ("\x1b[6~", ""), ("\r", ""), (ESC, ""), ("?", "esc closes"), (ESC, "~esc closes"))
]  # fmt: skip
"""What is done in every place that is not walked through by hand, also in one that comes later."""
WALK = [
    ("", "of 1"), ("\x1b[6~", ""), ("\x1b[F", ""), ("\r", "sha256"), ("\x1b[6~", ""), ("\x1b[F", ""), ("\x1b[H", "esc closes"), (ESC, "~esc closes"),
    ("/status:warned\r", "of 12"), ("\x1b[H  m", ""), ("q", "Quarantine"), (ESC, "~Quarantine"), ("y", "copied"), ("Y", "copied"),
    ("2", "[2 Rev"), ("\x1b[F", ""), ("n", ""), ("q", ""), (ESC, ""), ("p", ""), (ESC, ""),
    ("3", "[3 Run"), ("g", ""), ("j", ""), ("s", "Start"), (ESC, "~Start"), ("!", "What needs you"), ("\x1b[B" * 3, ""), (ESC, "~What needs you"),
    *OTHERS,
    ("6", "[6 SQL"), ("\x14", "Starter"), (ESC, "~Starter"), ("\x07", "Views and columns"), ("\x1b[F", ""), ("\x1b[H", "esc closes"), (ESC, "~esc closes"),
    ("select\x12", "rows"), (ESC, ""), ("\x1b[F", ""), ("\x1b[C", ""), ("y", "copied"), ("i\x01\x0bwrong\x12", ""), (ESC, ""),
    ("1/[@click=app.quit]x[/]\r", "[@click=app.quit]x"), (ESC, "~app.quit]x["), (":show [red]x[/\r", "[red]x[/"), (ESC, "~esc closes"), (":[bold]\r", "[bold]"),
    ("?", "esc closes"), (ESC, "~esc closes"), ("\x10[red]", "[red]"), (ESC, ""),
]  # fmt: skip


def walk(line: StillLine, steps: Sequence[tuple[str, str]]) -> list[str]:
    """Press the keys of each step, wait for the console to be done and look for its text (`~`: that it is gone); the screens."""
    screens = []
    for keys, text in steps:
        line.send(keys)
        screens.append(line.still())
        assert (text.lstrip("~") in screens[-1]) is not text.startswith("~"), f"{text!r} after {keys!r}:\n{screens[-1]}"
        assert line.process.poll() is None, f"after {keys!r}:\n{screens[-1]}"
    return screens


def left(line: StillLine) -> sequences.Sent:
    line.send("\x11")
    assert line.wait() == 0
    assert line.healthy()
    return sequences.read(line.data)


def test_there_are_many_payloads_and_each_would_be_noticed():
    """120 and more; sent raw, each that is no plain text is foreign to the reader of the bytes."""
    assert len(PAYLOADS) >= 120
    plain = [p for p in PAYLOADS if p.isprintable() and not sequences.foreign(p.encode("utf-8", "surrogatepass"))]
    raw = {p: sequences.read(b"\x1b[?1049h" + p.encode("utf-8", "surrogatepass")) for p in PAYLOADS}
    noticed = [p for p, sent in raw.items() if sent.foreign or sent.bells]
    assert len(plain) + len(noticed) == len(PAYLOADS)
    assert set(MARKUP) <= set(plain) and UNTOUCHED <= CALLS


def test_hostile_texts_are_not_obeyed_on_any_screen(lines):
    """All payloads at once through every place, dialog, notice and error: no foreign byte, no markup, nothing copied but by key, no crash."""
    line = StillLine([*FOUL, "0"], size=(120, 50))
    line.emulator = Terminal
    lines.append(line)
    screens: list[str] = []
    drawn: set[str] = set()
    for step in WALK:
        screens += walk(line, [step])
        drawn |= drawn_as_letters(frame_of(line.shown))
    sent = left(line)
    assert sent.foreign == []
    assert len(sent.copied) == 3 and sent.bells <= 2
    assert all(c.isprintable() or c == "\t" for c in "".join(sent.copied)), "what is pasted is not obeyed either"
    everything = "\n".join(screens)
    seen = [text for text in payloads.shown(PAYLOADS) if len(text) > 2 and text in everything]
    assert len(seen) >= 80, "each stands there as it is made harmless"
    assert len(drawn) >= 8


def drawn_as_letters(frame: Frame) -> set[str]:
    """Markup texts on the screen; each cell of one looks like its neighbours: no colour, weight or turning came from the text itself."""
    found = set()
    for row, text in zip(frame, text_of(frame).splitlines(), strict=True):
        for words in (m for m in MARKUP if len(m) > 5):
            at = text.find(words)
            if at >= 0 and all(len(cell[0]) == 1 for cell in row[:at]):
                found.add(words)
                assert len({cell[1:] for cell in row[at : at + len(words)]}) == 1, text
    return found


@pytest.mark.parametrize("kind", ["qr", "page"])
def test_hostile_texts_around_a_code_and_a_page_are_not_obeyed(lines, kind):
    """The dialogs of a QR code and of a live page, its outline as text among them."""
    line = StillLine([*FOUL, "3", kind], size=(120, 50))
    lines.append(line)
    walk(line, (("", "of 1"), ("", ""), ("a", ""), ("o", ""), ("\x1b[6~", ""), (ESC, "")))
    assert left(line).foreign == []


def test_hostile_errors_of_every_call_are_not_obeyed(lines):
    """A backend that fails with foul words in every place."""
    line = StillLine([*FOUL, "5", "trouble"], size=(150, 40))
    lines.append(line)
    line.until("✗")
    walk(
        line, [*OTHERS, ("2", ""), ("3", ""), ("6", ""), (ESC, ""), ("1", ""), ("!", ""), (ESC, ""), ("r", ""), (":show x\r", "")]
    )
    assert left(line).foreign == []


@pytest.mark.long
@pytest.mark.parametrize("turn", range(len(PAYLOADS)))
def test_every_payload_in_every_place(lines, turn):
    """Each turn moves every payload to the next place, on a small screen where much is cut."""
    line = StillLine([*FOUL, str(turn)], size=(80, 24))
    lines.append(line)
    walk(line, WALK)
    assert left(line).foreign == []
