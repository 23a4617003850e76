"""Drawing lines: pieces of safe text with a style's name become one strip of exact width."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.cells import cell_len, get_character_cell_size, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from ...domain.text import safe
from ..palette import Palette

Piece = tuple[str, str]
"""Text and the name of its style."""
Line = Sequence[Piece]
RULE = "─"
"""As the last piece of a line: a rule over the rest of it."""


def fit(text: str, width: int, align: str = "left") -> str:
    """`text` at exactly `width` cells; what is cut shows an ellipsis. `align` is left, right, or `tail` (cut at the front)."""
    if width <= 0:
        return ""
    if text.isascii():
        length = len(text)
        if length > width:
            return "…" + text[length - width + 1 :] if align == "tail" else text[: width - 1] + "…"
    else:
        length = cell_len(text)
        if length > width:
            text = _cut(text, width, align)
            length = cell_len(text)
    if length < width:
        pad = " " * (width - length)
        return pad + text if align == "right" else text + pad
    return text


def _cut(text: str, width: int, align: str) -> str:
    if align != "tail":
        return set_cell_size(text, width - 1) + "…"
    start, room = len(text), width - 1
    while start and (wide := get_character_cell_size(text[start - 1])) <= room:
        room -= wide
        start -= 1
    return "…" + text[start:]


def strip_of(line: Line, width: int, palette: Palette, base: Style | None = None) -> Strip:
    """One strip. Pieces must be safe already; the last one is cut with an ellipsis."""
    segments: list[Segment] = []
    left = width
    for text, style in line:
        if left <= 0:
            break
        length = len(text) if text.isascii() else cell_len(text)
        if text is RULE:
            text, length = "─" * left, left
        elif length > left:
            text = fit(text, left)
            length = left
        look = palette[style]
        if base is not None:  # a cursor's own colour is readable on its ground, a status's is not
            look = look + base if base.color is not None else base + look
        segments.append(Segment(text, look))
        left -= length
    if left > 0:
        segments.append(Segment(" " * left, base))
    return Strip(segments, width)


def wrap(text: str, width: int, style: str = "plain", indent: str = "") -> list[Line]:
    """Safe text over several lines at word ends; words longer than a line are broken."""
    lines: list[Line] = []
    current = ""
    room = max(width - len(indent), 8)
    for word in text.split(" "):
        while cell_len(word) > room:
            if current:
                lines.append([(indent + current, style)])
                current = ""
            head = set_cell_size(word, room)
            lines.append([(indent + head, style)])
            word = word[len(head.rstrip()) :]
        joined = f"{current} {word}" if current else word
        if cell_len(joined) > room:
            lines.append([(indent + current, style)])
            current = word
        else:
            current = joined
    if current or not lines:
        lines.append([(indent + current, style)])
    return lines


def plain(texts: Iterable[object], style: str = "plain") -> list[Line]:
    """Foreign texts as lines, made safe."""
    return [[(safe(t), style)] for t in texts]
