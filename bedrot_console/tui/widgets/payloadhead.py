"""The lines above a payload."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...domain.text import safe
from ..palette import size_text
from .lines import RULE, Line

if TYPE_CHECKING:
    from .payload import PayloadPane

FORM_WORDS = {"rows": "as parsed", "structure": "structure", "text": "text", "members": "members", "picture": "picture"}


def head_lines(pane: PayloadPane) -> list[Line]:
    """What it is, in which form, where one is, which forms there are; then what was said, and a table's columns."""
    found = pane.excerpt
    if found is None:
        return [[(f" {pane.pending}", "dim")]] if pane.pending else []
    way = " › ".join(safe(n, 60) for n in found.names)
    form = FORM_WORDS.get(pane.form, "")
    others = [FORM_WORDS[f] for f in found.forms if f != pane.form]
    pieces: Line = [
        (f"── {way + ' · ' if way else ''}{found.kind}", "title" if pane.active else "dim"),
        (f" {form}" if len(found.forms) > 1 and form != found.kind else "", "title" if pane.active else "dim"),
        (f" · {_where(pane)}", "dim"),
        (f" · t: {', '.join(others)}" if others else "", "dim"),
        (f" · {pane.pending}" if pane.pending else "", "warning"),
        (" ", "dim"), (RULE, "dim"),
    ]  # fmt: skip
    head = [pieces]
    if pane.said:
        head.append([(f" {pane.said}", "warning" if pane.hit is not None and not pane.hit.found else "dim")])
    if pane.grid is not None:
        head += pane.grid.head(pane.shift, found.column)
    return head


def _where(pane: PayloadPane) -> str:
    found = pane.excerpt
    assert found is not None
    size = size_text(found.size_bytes)
    if found.picture is not None:
        return f"{found.picture.width:,} by {found.picture.height:,} pixels, {size}"
    if pane.outline is not None and pane.outline.rows:
        return safe(pane.outline.pointer(pane.cursor), 80) if found.kind == "json" else size
    if pane.grid is not None and pane.entries:
        return f"row {pane.entries[min(pane.top, len(pane.entries) - 1)].row:,} · {size}"
    if pane.form == "text" and pane.entries and found.size_bytes:
        share = 100 * pane.entries[min(pane.top, len(pane.entries) - 1)].at // found.size_bytes
        return f"{share} % of {size}"
    return size
