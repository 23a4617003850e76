"""A person's eyes and hands on the live page: its picture, its outline, and the acts. Always in the run's own thread.

The picture is the page as it is, for the person who answers its challenge; only passwords are hidden in it. It is never kept.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Frame, Page

from ..domain.challenges import Look, Secret
from ..domain.errors import SourceChanged, UsageError
from . import qr
from .http import place

PICTURE_MILLISECONDS = 5000
CODE_MILLISECONDS = 2000
OUTLINE_MILLISECONDS = 1500
EVIDENCE_MILLISECONDS = 3000
SETTLE_MILLISECONDS = 120
"""After an act, so that the next picture shows what came of it."""
HUMAN_STEPS = 24
SLOW_TYPING = 100
"""Up to so many characters are typed one by one, as scripts of a page may count keys."""
MOST_FRAMES = 4
MOST_PLACES = 60
LONGEST_OUTLINE = 20_000
PASSWORDS = "input[type=password], input[autocomplete*=password]"
LONGEST_NAME = 60
HIDDEN = "***"
WHOLE = 4
"""Shorter values are blotted out only where they are words of their own."""
FIELDS = "textbox|searchbox|spinbutton|combobox"
_NODE = re.compile(
    rf"""(?P<indent>\s*)-[ ](?P<quote>['"]?)(?P<node>(?:{FIELDS})\b
    (?:[ ]"(?:[^"\\]|\\.)*")?  # the name, if it has one
    (?:[ ]\[[^\]\n]*\])*)  # states
    (?P=quote)(?P<value>:.*)?""",
    re.VERBOSE,
)
_FIELD = re.compile(rf"(?P<indent>\s*)-[ ]['\"]?(?P<role>{FIELDS})\b")
_KIND = re.compile(r"\s*- ['\"]?/?\w+")
_PROMPT = re.compile(r"\s*- /placeholder: ")
_CHOSEN = re.compile(r" \[(?:selected|checked|pressed)(?:=\w+)?\]")
_OPTION = re.compile(r"\s*- ['\"]?(?:option|menuitemradio)\b")
STANDING = """() => {
  const found = new Set();
  const take = text => { const t = String(text ?? '').replace(/[\\u200b\\u00ad]/g, '').replace(/\\s+/g, ' ').trim(); if (t) found.add(t); };
  const pushed = ['submit', 'button', 'reset', 'image', 'checkbox', 'radio', 'hidden', 'file', 'range', 'color'];
  const within = root => {
    for (const e of root.querySelectorAll('*')) {
      if (e.shadowRoot) within(e.shadowRoot);
      if (e.tagName === 'TEXTAREA' || (e.tagName === 'INPUT' && !pushed.includes(e.type))) take(e.value);
      else if (e.isContentEditable) {
        take(e.innerText);
        for (const n of e.childNodes) if (n.nodeType === 3) take(n.nodeValue);
      }
    }
  };
  within(document);
  return [...found];
}"""
"""What stands in the fields of a page, and in texts that can be edited, with blanks as an outline has them."""
PLACES = """(most) => {
  const roles = ['button', 'link', 'checkbox', 'radio', 'switch', 'slider', 'tab', 'menuitem', 'option', 'textbox', 'combobox'];
  const wanted = 'a[href], button, input:not([type=hidden]), select, textarea, summary, canvas, [onclick], [contenteditable]:not([contenteditable=false]), '
    + roles.map(r => `[role=${r}]`).join(', ');
  const holds = 'select, textarea, [contenteditable]:not([contenteditable=false]), [role=textbox], [role=combobox]';
  const own = e => e.nodeType === 3 ? e.nodeValue
    : e.nodeType !== 1 || e.matches(holds) || ['SCRIPT', 'STYLE'].includes(e.tagName) ? ' ' : [...e.childNodes].map(own).join('');
  const words = e => !e ? '' : e.isContentEditable || e.querySelector(holds) ? own(e) : e.innerText || '';
  const found = [];
  for (const e of document.querySelectorAll(wanted)) {
    const box = e.getBoundingClientRect();
    const x = box.left + box.width / 2, y = box.top + box.height / 2;
    if (box.width < 3 || box.height < 3 || x < 0 || y < 0 || x >= innerWidth || y >= innerHeight) continue;
    if (getComputedStyle(e).visibility !== 'visible') continue;
    const native = ['INPUT', 'SELECT', 'TEXTAREA'].includes(e.tagName);
    const field = native || e.isContentEditable || ['textbox', 'searchbox', 'spinbutton', 'combobox'].includes(e.getAttribute('role'));
    const pushed = e.tagName === 'INPUT' && ['submit', 'button', 'reset'].includes(e.type);
    const role = e.getAttribute('role') || (e.tagName === 'INPUT' ? e.type : e.tagName.toLowerCase());
    const name = e.getAttribute('aria-label') || e.getAttribute('alt') || e.title || e.placeholder
      || (pushed ? e.value : field ? (e.labels && e.labels[0] ? words(e.labels[0]) : e.name) : words(e)) || '';
    found.push([Math.round(x), Math.round(y), role, String(name).replace(/\\s+/g, ' ').trim().slice(0, 8000)]);
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
    return Look(picture=picture, width=width, height=height, outline=outline(page, masked))


def outline(page: Page, masked: Callable[[str], str]) -> str:
    """The page as text: where it is, what can be clicked and where, then what it shows. As much as can be had in a moment.

    Nothing of what stands in its fields; masked before it is cut, so that no secret is left in part.
    """
    seen = [snapshot(frame, OUTLINE_MILLISECONDS) for frame in page.frames[: 1 + MOST_FRAMES]]
    standing = set().union(*(s for _, s in seen))
    lines = [place(page.url)]
    for x, y, role, name in places(page):
        lines.append(f"{x},{y}  {role}  {_cut(masked(without(name, standing)))}".rstrip())
    for text, _ in seen:
        lines += ["", without(text, standing)] if text else []
    return masked("\n".join(lines))[:LONGEST_OUTLINE]


def kept_outline(page: Page, masked: Callable[[str], str]) -> str:
    """The page as text, as it is kept as evidence: nothing of what stands in its fields, masked."""
    text, standing = snapshot(page.main_frame, EVIDENCE_MILLISECONDS)
    return masked(place(page.url) + "\n" + without(text, standing) + "\n")


def snapshot(frame: Frame, milliseconds: float) -> tuple[str, set[str]]:
    """What a frame shows, with its fields blank, and what stands in them; nothing where one of the two cannot be had."""
    with contextlib.suppress(PlaywrightError):
        text = frame.locator("body").aria_snapshot(timeout=milliseconds)
        return blank(text), set(map(str, frame.evaluate(STANDING)))
    return "", set()


def blank(snapshot: str) -> str:
    """A snapshot without what stands in its fields or is chosen in its lists; what a field itself asks for (its placeholder) stays.

    A value stands behind the field's colon or on lines of its own below it; a field whose line is not understood loses all but its kind.
    """
    lines: list[str] = []
    inside: int | None = None
    for line in snapshot.splitlines():
        indent = len(line) - len(line.lstrip())
        if inside is not None and indent > inside:
            if _PROMPT.match(line) and indent == inside + 2:
                lines.append(line)
            continue
        inside = None
        field = _FIELD.match(line)
        if field is None:
            lines.append(_CHOSEN.sub("", line) if _OPTION.match(line) else line)
            continue
        inside = indent
        node = _NODE.fullmatch(line)
        head = line[: node.end("node") + len(node["quote"])] if node is not None else f"{field['indent']}- {field['role']}"
        lines.append(f"{head}: {HIDDEN}" if node is None or node["value"] else head)
    return "\n".join(lines)


def without(text: str, standing: Iterable[str]) -> str:
    """`text` without what stands in fields, wherever it is repeated: names are made of what they label. Kinds of nodes stay."""
    spellings = {
        s for value in standing for s in (value, json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1], value.replace("'", "''"))
    }  # fmt: skip
    if not spellings:
        return text
    whole = (
        re.escape(s) if len(s) >= WHOLE else rf"(?<!\w){re.escape(s)}(?!\w)" for s in sorted(spellings, key=len, reverse=True)
    )
    pattern = re.compile("|".join(whole))
    lines = []
    for line in text.splitlines():
        kind = _KIND.match(line)
        start = kind.end() if kind is not None else 0
        lines.append(line[:start] + pattern.sub(HIDDEN, line[start:]))
    return "\n".join(lines)


def _cut(name: str) -> str:
    return name if len(name) <= LONGEST_NAME else name[: LONGEST_NAME - 1] + "…"


def places(page: Page) -> list[tuple[int, int, str, str]]:
    """What can be clicked or typed into, in the page and its frames: (x, y) in pixels of the picture, kind, name (uncut)."""
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
