"""Entries of an excerpt as lines of safe pieces: nodes, members, text with the place pointed out, rows in aligned columns."""

from __future__ import annotations

from collections.abc import Sequence

from ...domain.excerpts import Entry, Head
from ...domain.text import safe
from ..palette import size_text
from .lines import Line, Piece, fit
from .outline import Row

WIDEST = 28
NUMBERS = ("integer", "decimal", "bigint", "double", "float", "hugeint", "smallint")


def node_line(row: Row, marked: bool) -> Line:
    """`▾ days: array 1,000 [{"day": …`."""
    node = row.node
    indent = "  " * min(node.depth + (row.kind != "node"), 30)
    if row.kind != "node":
        rest = f"{node.skip:,} before" if row.kind == "before" else "more"
        return [(f" {indent}… {rest} (enter)", "dim")]
    entry = node.entry
    sign = ("▾" if node.opened and node.children is not None else "▸") if node.opens else " "
    count = f" {entry.count:,}" if node.opens and entry.count > 0 else ""
    kind = f"{entry.type}{count}" if entry.type or count else ""
    pieces: list[Piece] = [
        (f"{'→' if marked else ' '}{indent}{sign} ", "mark" if marked else "plain"),
        (safe(entry.key, 60), "hit" if marked else "strong"),
        (f"  {safe(kind, 40)}" if kind else "", "dim"),
    ]
    if not (node.opened and node.children is not None and node.opens):
        pieces.append((f"  {safe(entry.text, 200)}", "plain"))
    return pieces


def member_line(entry: Entry) -> Line:
    """One file of an archive, or a sheet."""
    size = f"{size_text(entry.count):>8}" if entry.count >= 0 else " " * 8
    return [(f" {size}  ", "dim"), (safe(entry.key, 200), "strong"), (f"  {safe(entry.text, 60)}", "dim")]


def text_line(entry: Entry, mark: tuple[int, int] | None) -> Line:
    """A line of text; the part of it that is marked stands out."""
    text = entry.text
    if mark is None or entry.at >= max(mark[1], mark[0] + 1) or entry.end <= mark[0]:
        return [(" " + safe(text), "plain")]
    first = _characters(text, mark[0] - entry.at)
    last = max(_characters(text, mark[1] - entry.at), first + 1)
    return [
        ("→" + safe(text[:first]), "plain"), (safe(text[first:last]), "hit"), (safe(text[last:]), "plain"),
    ]  # fmt: skip


def _characters(text: str, size_bytes: int) -> int:
    """How many characters the first bytes of a text are."""
    if size_bytes <= 0:
        return 0
    return size_bytes if text.isascii() else len(text.encode("utf-8", "replace")[:size_bytes].decode("utf-8", "ignore"))


class Grid:
    """Columns of a table: how wide each is, after what was seen of it."""

    def __init__(self, header: Sequence[Head], entries: Sequence[Entry]) -> None:
        self.header = header
        self.names = [safe(h.name, 60) for h in header]
        self.types = [safe(h.type, 30) + ("" if h.known else " new") for h in header]
        self.right = [h.type.split("(")[0].lower() in NUMBERS for h in header]
        self.widths = [min(WIDEST, max(len(n), len(t), 1)) for n, t in zip(self.names, self.types, strict=True)]
        self.gutter = 4
        self.widen(entries)

    def widen(self, entries: Sequence[Entry]) -> None:
        """Make room for these rows."""
        for entry in entries:
            for i, cell in enumerate(entry.cells[: len(self.widths)]):
                if self.widths[i] < WIDEST and len(cell) > self.widths[i]:
                    self.widths[i] = min(WIDEST, len(safe(cell, 60)))
        if entries:
            self.gutter = max(self.gutter, len(f"{entries[-1].row:,}"))

    def shift_to(self, column: str, width: int) -> int:
        """The first column to show so that `column` is seen."""
        spot = next((i for i, h in enumerate(self.header) if h.name == column), 0)
        first = spot
        room = width - self.gutter - 3 - self.widths[spot] if self.widths else 0
        while first > 0 and room >= self.widths[first - 1] + 2:
            first -= 1
            room -= self.widths[first] + 2
        return first

    def head(self, shift: int, column: str = "") -> list[Line]:
        """Names and types of the columns from `shift` on; one may be pointed out."""
        hidden = f"←{shift}" if shift else ""
        names = [
            (f"{hidden:>{self.gutter + 1}} ", "dim"),
            *self._cells(self.names, shift, lambda i: "hit" if column and self.header[i].name == column else "head"),
        ]
        types = [
            (" " * (self.gutter + 2), "dim"),
            *self._cells(self.types, shift, lambda i: "dim" if self.header[i].known else "warning"),
        ]
        return [names, types]

    def line(self, entry: Entry, shift: int, width: int, column: str | None, here: bool) -> Line:
        """A row: its number, then its cells; of the row that is pointed out the cell, or all of it."""
        cells = [safe(c, 60) for c in entry.cells] + [""] * (len(self.widths) - len(entry.cells))
        extra = [safe(c, 40) for c in entry.cells[len(self.widths) :]]

        def style(place: int) -> str:
            if not here:
                return "plain"
            return "hit" if not column or self.header[place].name == column else "strong"

        sign = "→" if here else " "
        return [
            (f"{sign}{entry.row:>{self.gutter},} ", "mark" if here else "dim"), *self._cells(cells, shift, style),
            *((f"  + {', '.join(extra)}", "warning") for _ in range(bool(extra))),
        ]  # fmt: skip

    def _cells(self, texts: Sequence[str], shift: int, style: object) -> list[Piece]:
        pieces: list[Piece] = []
        for i in range(shift, len(self.widths)):
            pieces += [(fit(texts[i], self.widths[i], "right" if self.right[i] else "left"), style(i)), ("  ", "plain")]  # type: ignore[operator]
        return pieces
