"""The words with which a person works on a page from a terminal: a typed line becomes an order. Pure; no answer is kept.

Places are cells of the picture as its rulers count them (`31 12`), or pixels of the page with a comma (`640,410`), as the outline names them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..domain.blocks import View
from ..domain.errors import UsageError

WORDS = ("look", "outline", "more", "click", "type", "press", "scroll", "drag", "zoom", "done", "help")
HELP = (
    "look               the page as a picture, with rulers to name its cells",
    "outline, more      the page as text; before each name the pixel to click at",
    "click 31 12        click the cell in column 31, row 12 of the picture",
    "click 640,410      click a pixel of the page",
    "drag 5 9 30 9      drag from one cell to another; also 120,420 480,420",
    "zoom 31 12         three times larger around that cell; zoom: the whole page",
    "type               type into what has the focus; what you type is not shown",
    "press Enter        also Tab Escape Backspace Delete Space ArrowUp PageDown ...",
    "scroll, scroll up  by half a page; by pixels: scroll 300, scroll -300",
    "done               the page is solved, if the run does not see it by itself",
    "Enter              look again",
    "Ctrl-C             leave; the run waits on",
)
HALF_PAGE = 450
ZOOM = 3.0
_PIXEL = re.compile(r"(\d{1,5}),(\d{1,5})")


_TYPES = re.compile(r"(\s*:?(?:type|t(?:y|yp|ype)?(?=\s))\s*)(.*)", re.IGNORECASE | re.DOTALL)


def hidden(line: str) -> str | None:
    """The line as it may be shown, if it is one that types: what follows the word in asterisks, also where the blank was forgotten."""
    types = _TYPES.fullmatch(line)
    return types[1] + "*" * len(types[2]) if types else None


@dataclass(frozen=True, slots=True)
class Order:
    """What a line asks for.

    Attributes:
        word: one of WORDS, or `act` for one of the challenge's own.
        act: what the page's hands shall do; None where nothing is done on the page.
        name: how to tell that it was done; for `act` its name.
        at: pixel of a zoom.
    """

    word: str
    act: dict[str, Any] | None = None
    name: str = ""
    at: tuple[float, float] | None = None
    factor: float = ZOOM


def parse(line: str, view: View | None, can: Sequence[str] = ()) -> Order:
    """The order in a line; words may be shortened as long as they are the only one.

    Args:
        view: the picture as it is drawn; None when none is.

    Raises:
        UsageError: no such word, or not its way to be used. Quotes nothing of what was to be typed.
    """
    first, _, rest = line.lstrip().partition(" ")
    named = first.removeprefix(":")
    if named in can or named == "done":
        return Order("act", name=named)
    found = [word for word in WORDS if word.startswith(first.lower())] if first != "?" else ["help"]
    if len(found) != 1:
        raise UsageError("that is none of: " + ", ".join(WORDS))
    word = found[0]
    if word == "done":
        return Order("act", name="done")
    if word == "type":  # all of it: blanks in what is typed are part of it
        return Order("type", {"act": "type", "text": rest}, "typed") if rest.strip() else Order("type")
    if word == "press":
        return Order("press", {"act": "press", "key": rest.strip()}, "pressed")
    if word == "scroll":
        return _scroll(rest.strip())
    if word in ("click", "drag", "zoom"):
        return _placed(word, rest.split(), view)
    return Order(word)


def _scroll(rest: str) -> Order:
    steps = {"": HALF_PAGE, "down": HALF_PAGE, "up": -HALF_PAGE}
    if rest not in steps and not re.fullmatch(r"-?\d{1,5}", rest):
        raise UsageError("scroll, scroll up, or scroll by pixels: scroll 300")
    return Order("scroll", {"act": "scroll", "dy": steps[rest] if rest in steps else int(rest)}, "scrolled")


def _placed(word: str, parts: list[str], view: View | None) -> Order:
    if word == "zoom" and (not parts or parts == ["out"]):
        return Order("zoom")
    at, parts = _place(word, parts, view)
    if word == "drag":
        to, parts = _place(word, parts, view)
    if parts:
        raise UsageError(_how(word))
    if word == "zoom":
        return Order("zoom", at=at)
    if word == "drag":
        act = {"act": "drag", "x": at[0], "y": at[1], "to_x": to[0], "to_y": to[1]}
        return Order("drag", act, f"dragged from {at[0]},{at[1]} to {to[0]},{to[1]}")
    return Order("click", {"act": "click", "x": at[0], "y": at[1]}, f"clicked at {at[0]},{at[1]}")


def _place(word: str, parts: list[str], view: View | None) -> tuple[tuple[int, int], list[str]]:
    """The pixel that the first parts name, and what follows them."""
    if parts and (pixel := _PIXEL.fullmatch(parts[0])):
        return (int(pixel[1]), int(pixel[2])), parts[1:]
    if len(parts) < 2 or not all(p.isascii() and p.isdigit() for p in parts[:2]):
        raise UsageError(_how(word))
    if view is None:
        raise UsageError("no picture is drawn: look first, or name a pixel as the outline does: 640,410")
    column, row = int(parts[0]), int(parts[1])
    if not (1 <= column <= view.columns and 1 <= row <= view.rows):
        raise UsageError(f"the picture has {view.columns} columns and {view.rows} rows")
    return view.pixel(column - 1, row - 1), parts[2:]


def _how(word: str) -> str:
    return f"{word} {'5 9 30 9 in cells, or 120,420 480,420' if word == 'drag' else '31 12 in cells, or 640,410'} in pixels"
