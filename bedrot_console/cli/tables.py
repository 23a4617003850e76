"""Tables for people: columns with widths that fit, cut text marked, wide characters counted as a terminal counts them."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice

from ..domain.text import safe

LOOK_AHEAD = 200
GAP = 2


@dataclass(frozen=True, slots=True)
class Column:
    """One column. `least` is the width below which it is not squeezed; `drop` columns leave first when even that is too much.

    `cut` tells where long text is cut: `end`, `middle` for paths, whose end says most, or `bare` for ids, whose beginning still names. `style` maps a cell's text to a style word.
    """

    title: str
    least: int = 4
    right: bool = False
    cut: str = "end"
    drop: int = 0
    style: Callable[[str], str] | None = None


def width_of(text: str) -> int:
    """How many terminal cells `text` takes."""
    if text.isascii():
        return len(text)
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def cut(text: str, width: int, where: str = "end") -> str:
    """`text` within `width` cells; an ellipsis marks what is gone."""
    if width_of(text) <= width:
        return text
    if where == "bare":
        return _take(text, width)
    if width < 2:
        return "\u2026"[:width]
    head_width = 0 if where == "middle" else width - 1
    if where == "middle":
        head_width = (width - 1) // 3
    head = _take(text, head_width)
    tail = _take(text[::-1], width - 1 - width_of(head))[::-1] if where == "middle" else ""
    return f"{head}\u2026{tail}"


def _take(text: str, width: int) -> str:
    used = 0
    for index, char in enumerate(text):
        used += width_of(char)
        if used > width:
            return text[:index]
    return text


def lay_out(
    columns: Sequence[Column], rows: Iterable[Sequence[object]], width: int | None, styled: Callable[[str, str], str]
) -> Iterator[str]:
    """Header line, then a line per row. Widths come from the first rows; later cells are cut to them on a terminal, else overflow."""
    source = iter(rows)
    first = [_cells(row) for row in islice(source, LOOK_AHEAD)]
    natural = [max([width_of(c.title), *(width_of(row[i]) for row in first)]) for i, c in enumerate(columns)]
    shown = list(range(len(columns)))
    widths = list(natural)
    if width is not None:
        shown, widths = fit(columns, natural, width)
    yield styled(_line([(columns[i], columns[i].title, widths[i]) for i in shown], None, width), "head")
    for row in chain(first, (_cells(row) for row in source)):
        yield _line([(columns[i], row[i], widths[i]) for i in shown], styled, width)


def fit(columns: Sequence[Column], natural: Sequence[int], width: int) -> tuple[list[int], list[int]]:
    """Which columns are shown and how wide: the widest give way first, down to `least`; then columns with the highest `drop` leave."""
    shown = list(range(len(columns)))
    while True:
        widths = list(natural)
        excess = sum(widths[i] for i in shown) + GAP * (len(shown) - 1) - width
        while excess > 0:
            able = [i for i in shown if widths[i] > columns[i].least]
            if not able:
                break
            widest = max(able, key=lambda i: widths[i] - columns[i].least)
            widths[widest] -= 1
            excess -= 1
        leaving = [i for i in shown if columns[i].drop]
        if excess > 0 and not leaving:  # a very narrow terminal: squeeze what is left
            for _ in range(excess):
                widths[max(shown, key=lambda i: widths[i])] -= 1
        if excess <= 0 or not leaving:
            return shown, [max(1, w) for w in widths]
        shown.remove(max(leaving, key=lambda i: columns[i].drop))


def _cells(row: Sequence[object]) -> list[str]:
    return ["" if cell is None else safe(cell) for cell in row]


def _line(cells: list[tuple[Column, str, int]], styled: Callable[[str, str], str] | None, terminal: int | None) -> str:
    parts = []
    last = len(cells) - 1
    for index, (column, text, width) in enumerate(cells):
        if terminal is not None:
            text = cut(text, width, column.cut)
        padding = " " * max(0, width - width_of(text))
        shown = styled(text, column.style(text)) if styled and column.style and text else text
        parts.append(padding + shown if column.right else shown if index == last else shown + padding)
    return (" " * GAP).join(parts).rstrip()
