"""A person's eyes and hands on the live page: its picture, its outline, and the acts. Always in the run's own thread.

The picture is the page as it is, for the person who answers its challenge; only passwords are hidden in it. It is never kept.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Mapping
from typing import Any

from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Page

from ..domain.challenges import Look, Secret
from ..domain.errors import SourceChanged, UsageError
from . import qr
from .http import place

PICTURE_MILLISECONDS = 5000
CODE_MILLISECONDS = 2000
OUTLINE_MILLISECONDS = 1500
SETTLE_MILLISECONDS = 120
"""After an act, so that the next picture shows what came of it."""
HUMAN_STEPS = 24
SLOW_TYPING = 100
"""Up to so many characters are typed one by one, as scripts of a page may count keys."""
MOST_FRAMES = 4
MOST_PLACES = 60
LONGEST_OUTLINE = 20_000
PASSWORDS = "input[type=password], input[autocomplete*=password]"
TYPED = re.compile(r"^(\s*- (?:textbox|searchbox|spinbutton|combobox)\b[^:\n]*):.*$", re.MULTILINE)
"""Lines of an outline that show what stands in a field."""
PLACES = """(most) => {
  const roles = ['button', 'link', 'checkbox', 'radio', 'switch', 'slider', 'tab', 'menuitem', 'option', 'textbox', 'combobox'];
  const wanted = 'a[href], button, input:not([type=hidden]), select, textarea, summary, canvas, [onclick], [contenteditable=true], '
    + roles.map(r => `[role=${r}]`).join(', ');
  const found = [];
  for (const e of document.querySelectorAll(wanted)) {
    const box = e.getBoundingClientRect();
    const x = box.left + box.width / 2, y = box.top + box.height / 2;
    if (box.width < 3 || box.height < 3 || x < 0 || y < 0 || x >= innerWidth || y >= innerHeight) continue;
    if (getComputedStyle(e).visibility !== 'visible') continue;
    const field = ['INPUT', 'SELECT', 'TEXTAREA'].includes(e.tagName);
    const pushed = e.tagName === 'INPUT' && ['submit', 'button', 'reset'].includes(e.type);
    const role = e.getAttribute('role') || (e.tagName === 'INPUT' ? e.type : e.tagName.toLowerCase());
    const name = e.getAttribute('aria-label') || e.getAttribute('alt') || e.title || e.placeholder
      || (pushed ? e.value : field ? (e.labels && e.labels[0] ? e.labels[0].innerText : e.name) : e.innerText) || '';
    found.push([Math.round(x), Math.round(y), role, String(name).replace(/\\s+/g, ' ').trim().slice(0, 60)]);
    if (found.length >= most) break;
  }
  return found;
}"""
"""Where on the page something can be clicked or typed: centre, kind, name. Never what stands in a field."""


def look(page: Page, masked: Callable[[str], str]) -> Look:
    """The page's picture and outline. `masked` blots live secrets and personal data out of the outline."""
    picture = page.screenshot(
        scale="css", caret="initial", mask=[page.locator(PASSWORDS)], mask_color="#808080", timeout=PICTURE_MILLISECONDS
    )
    width, height = viewport(page)
    return Look(picture=picture, width=width, height=height, outline=masked(outline(page)))


def outline(page: Page) -> str:
    """The page as text: where it is, what can be clicked and where, then what it shows. As much as can be had in a moment."""
    lines = [place(page.url)]
    for x, y, role, name in places(page):
        lines.append(f"{x},{y}  {role}  {name}".rstrip())
    frames = page.frames[: 1 + MOST_FRAMES]
    for frame in frames:
        with contextlib.suppress(PlaywrightError):
            shown = frame.locator("body").aria_snapshot(timeout=OUTLINE_MILLISECONDS)
            lines += ["", TYPED.sub(r"\1: ***", shown)] if shown else []
    return "\n".join(lines)[:LONGEST_OUTLINE]


def places(page: Page) -> list[tuple[int, int, str, str]]:
    """What can be clicked or typed into, in the page and its frames: (x, y) in pixels of the picture, kind, name."""
    width, height = viewport(page)
    found: list[tuple[int, int, str, str]] = []
    for frame in page.frames[: 1 + MOST_FRAMES]:
        with contextlib.suppress(PlaywrightError):
            left = top = 0.0
            if frame.parent_frame is not None:
                box = frame.frame_element().bounding_box()
                if box is None:
                    continue
                left, top = box["x"], box["y"]
            for x, y, role, name in frame.evaluate(PLACES, MOST_PLACES):
                x, y = int(x + left), int(y + top)
                if 0 <= x < width and 0 <= y < height:
                    found.append((x, y, str(role), str(name)))
    return found[:MOST_PLACES]


def perform(page: Page, act: Mapping[str, Any]) -> None:
    """Do one checked act on the page, as a hand would.

    Raises:
        UsageError: outside of the page's picture.
    """
    for x, y in (("x", "y"), ("to_x", "to_y")):
        if x in act:
            _inside(page, act[x], act[y])
    match act["act"]:
        case "click":
            page.mouse.move(act["x"], act["y"], steps=6)
            page.mouse.click(act["x"], act["y"], delay=30)
        case "drag":
            page.mouse.move(act["x"], act["y"], steps=6)
            page.mouse.down()
            page.mouse.move(act["to_x"], act["to_y"], steps=HUMAN_STEPS)
            page.mouse.up()
        case "type":
            page.keyboard.type(act["text"], delay=15 if len(act["text"]) <= SLOW_TYPING else 0)
        case "press":
            page.keyboard.press(act["key"])
        case "scroll":
            width, height = viewport(page)
            page.mouse.move(width / 2, height / 2)
            page.mouse.wheel(0, act["dy"])
    page.wait_for_timeout(SETTLE_MILLISECONDS)


def read_qr(page: Page, selector: str) -> Secret:
    """What the QR code in the first element of `selector` says now.

    Raises:
        SourceChanged: the element holds no code that can be read.
    """
    picture = page.locator(selector).first.screenshot(scale="css", timeout=CODE_MILLISECONDS)
    text = qr.read(picture)
    if text is None:
        raise SourceChanged("no QR code can be read where the platform shows one")
    return text


def viewport(page: Page) -> tuple[int, int]:
    """Width and height of the page's picture in pixels."""
    size = page.viewport_size or page.evaluate("({width: innerWidth, height: innerHeight})")
    return size["width"], size["height"]


def _inside(page: Page, x: float, y: float) -> None:
    width, height = viewport(page)
    if not (0 <= x < width and 0 <= y < height):
        raise UsageError(f"{x:.0f},{y:.0f} is outside of the page's picture ({width} by {height} pixels)")
