"""Parts of a payload in words: the place of a finding, rows, a tree, text as it is written. A row says the name of each of its values."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ...domain.errors import UsageError
from ...domain.excerpts import Entry, Excerpt, Told, Wish, asked, place_of, pointer_of, told_levels, told_tree
from ...domain.findings import in_order
from ...domain.text import safe
from ..palette import size_text
from .room import Room

if TYPE_CHECKING:
    from ...domain.browsing import Review
    from ...domain.findings import Place
    from ..words import Order

FORMS = {"preview": "text", "structure": "structure", "parsed": "rows"}
LINES = 20
TREE_LINES = 100
LINE = 2000


class Excerpts(Room):
    """Payloads. `said` is the review whose report was said last."""

    said: Review | None

    def say_part(self, name: str, order: Order) -> None:
        """The part of a payload that the options name."""
        options = order.options
        form = next((FORMS[word] for word in FORMS if word in options), "")
        member = self.backend.member(name, [n.strip() for n in options["member"].split(">")]) if "member" in options else ()
        place = None
        if "finding" in options:
            place = self._place(name, options["finding"])
        elif "at" in options:
            place = pointer_of(options["at"])
        wish = asked(
            member=member, form=form, limit=_number(options.get("lines", str(LINES))), rows=_rows(options.get("rows")), place=place,
            find=options.get("find", ""),
        )  # fmt: skip
        found = self._excerpt(name, wish)
        self.speech.say(
            ", ".join([found.kind + (f" as {found.form}" if found.form else ""), *(safe(n, 200) for n in found.names)])
        )
        if found.note:
            self.speech.say(safe(found.note, 300))

        def children(node: str) -> Excerpt:
            return self._excerpt(name, Wish(act="children", member=member, form="structure", node=node))

        self.speech.all(excerpt_text(found, children, wish))
        if found.more:
            self.speech.say("There is more: --lines 200, or --rows A:B, or --at PLACE.")
        if not found.found and not found.note:
            self.speech.say("It was not found.")
        others = [f"--{word}" for word, form in FORMS.items() if form in found.forms and form != found.form]
        if found.found and others:
            self.speech.say("Other forms: " + ", ".join(others))

    def _excerpt(self, name: str, wish: Wish) -> Excerpt:
        return self.backend.excerpt(name, wish, lambda: False)

    def _place(self, name: str, word: str) -> Place:
        """Where a finding is: one of the report that was said last, if it is this file's."""
        if self.said is None or self.said.file.id != name or self.said.report is None:
            self.said = self.backend.review(name, lines=0)
        findings = in_order(self.said.report.findings) if self.said.report is not None else []
        if not word.isdigit() or not 1 <= int(word) <= len(findings):
            raise UsageError(f"the report has {len(findings)} findings, no {safe(word, 20)}", hint=f"report {name}")
        return place_of(findings[int(word) - 1])


def excerpt_text(found: Excerpt, children: Callable[[str], Excerpt], wish: Wish) -> list[str]:
    """The entries of an excerpt, a line each."""
    if found.picture is not None:
        return [f"a picture, {found.picture.width:,} by {found.picture.height:,} pixels; a console without --linear draws it"]
    if found.header:
        names = [safe(h.name, 60) for h in found.header]
        new = [safe(h.name, 60) for h in found.header if not h.known]
        lines = [f"columns not declared: {', '.join(new)}"] if new else []
        here = found.row if wish.act != "open" else 0
        return lines + [_row_text(names, e, e.row == here, found.column) for e in found.entries]
    if found.form == "members":
        return [
            f"{e.row + 1}. {safe(e.key, 200)}, {safe(e.type, 40)}{f', {size_text(e.count)}' if e.count >= 0 else ''}"
            for e in found.entries
        ]
    if found.levels:
        return [_node_text(one) for one in told_levels(found)]
    if found.form == "structure":
        return [_node_text(one) for one in told_tree(found.entries, children, TREE_LINES)]
    return [("here: " if _marked(found, e) else "") + safe(e.text, LINE) for e in found.entries]


def _row_text(names: list[str], entry: Entry, here: bool, column: str) -> str:
    cells = [f"{name} {safe(cell, 200) or 'empty'}" for name, cell in zip(names, entry.cells, strict=False)]
    extra = [safe(cell, 200) for cell in entry.cells[len(names) :]]
    cells += [f"and without a column: {', '.join(extra)}"] if extra else []
    spot = f"here{f', column {safe(column, 60)}' if column else ''}: " if here else ""
    return f"{spot}row {entry.row:,}: {', '.join(cells)}"


def _node_text(one: Told) -> str:
    """One node; how deep it lies is said by spaces, which a reader passes over, and by its own name."""
    indent = "  " * min(one.depth, 20)
    if one.entry is None:
        return indent + (f"{one.before:,} before" if one.before else "and more")
    entry = one.entry
    count = f" of {entry.count:,}" if entry.count > 0 and entry.node else ""
    text = f": {safe(entry.text, LINE)}" if entry.text else ""
    return f"{indent}{'here: ' if one.here else ''}{safe(entry.key, 200)}, {safe(entry.type or 'element', 40)}{count}{text}"


def _marked(found: Excerpt, entry: Entry) -> bool:
    return found.mark is not None and entry.at < max(found.mark[1], found.mark[0] + 1) and entry.end > found.mark[0]


def _number(text: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= LINE:
        raise UsageError(f"not a number of lines: {safe(text, 20)}", hint=f"1 to {LINE:,}")
    return int(text)


def _rows(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    first, colon, last = text.partition(":")
    if not first.isdigit() or not first.strip("0") or (colon and not last.isdigit()):
        raise UsageError(f"not rows: {safe(text, 20)}", hint="--rows 120, or --rows 120:160")
    return int(first), int(last) if colon else int(first)
