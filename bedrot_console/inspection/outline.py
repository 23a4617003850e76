"""A page as a tree of its elements: tags, ids, classes, landmarks, running text; and the element a selector names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from bedrot_console.domain.excerpts import Entry, Level

from .jsonscan import plain
from .texts import html_tree

MOST_BYTES = 16 << 20
SHOWN = 160
LANDMARKS = {
    "header": "banner", "nav": "navigation", "main": "main", "footer": "contentinfo", "aside": "complementary", "form": "form",
    "section": "region", "article": "article", "table": "table", "dialog": "dialog", "button": "button", "select": "choice",
    "a": "link", "img": "image", "iframe": "frame", "script": "script", "style": "style",
    **{f"h{n}": "heading" for n in range(1, 7)},
}  # fmt: skip
"""What an element is for a reader, by its tag; a `role` attribute says it over this."""
_PART = re.compile(
    r"(?P<tag>\*|[a-zA-Z][\w-]*)?(?P<more>(?:#[\w-]+|\.[\w-]+|\[[\w-]+(?:=(?:\"[^\"]*\"|'[^']*'|[^\]]*))?\]|:nth-(?:of-type|child)\(\d+\))*)"
)
_MORE = re.compile(
    r"#(?P<id>[\w-]+)|\.(?P<cls>[\w-]+)|\[(?P<attr>[\w-]+)(?P<value>=(?:\"[^\"]*\"|'[^']*'|[^\]]*))?\]|:nth-(?P<nth>of-type|child)\((?P<n>\d+)\)"
)


class Page:
    """One page. Nodes are named by the numbers of the children on the way: `0.2.1`; the root is the empty name.

    Raises:
        FormatTrouble: it is no page, or nested too deeply.
    """

    def __init__(self, data: bytes) -> None:
        self.data = data[:MOST_BYTES]
        self.root = html_tree(self.data).getroottree().getroot()

    def element(self, node: str) -> Any:
        found = self.root
        for step in filter(None, node.split(".")):
            found = children(found)[int(step)]
        return found

    def name_of(self, element: Any) -> str:
        """The node of an element."""
        steps: list[str] = []
        while (parent := element.getparent()) is not None:
            steps.append(str(children(parent).index(element)))
            element = parent
        return ".".join(reversed(steps))

    def entry(self, element: Any, node: str) -> Entry:
        name = "".join(
            (
                "#" + element.get("id").strip() if element.get("id") else "",
                *("." + c for c in (element.get("class") or "").split()[:3]),
            )
        )
        count = len(children(element))
        kind = element.get("role") or LANDMARKS.get(element.tag, "")
        if element.tag == "input":
            kind = f"input {element.get('type') or 'text'}"
        return Entry(
            row=element.sourceline or 0, key=plain(f"{element.tag}{name}"[:100]), type=plain(kind[:30]), text=plain(words_of(element)),
            count=count, node=node, at=0,
        )  # fmt: skip

    def level(self, node: str, *, skip: int = 0, limit: int = 100) -> Level:
        every = children(self.element(node))
        part = every[skip : skip + limit]
        names = [f"{node}.{skip + i}".lstrip(".") for i in range(len(part))]
        entries = tuple(self.entry(e, n) for e, n in zip(part, names, strict=True))
        return Level(node=node, entries=entries, skip=skip, more=len(every) > skip + limit)

    def levels(self, element: Any, limit: int) -> tuple[tuple[Level, ...], str]:
        """What to show from the root down to an element, and its node."""
        node = self.name_of(element)
        found: list[Level] = []
        steps = [s for s in node.split(".") if s]
        for depth, step in enumerate(steps):
            found.append(self.level(".".join(steps[:depth]), skip=max(0, int(step) - limit // 3), limit=limit))
        return tuple(found), node

    def select(self, selector: str) -> Any:
        """The first element that a simple selector names (tag, id, class, attribute, nth, child and descendant); None when none does."""
        path = xpath_of(selector)
        found = self.root.xpath(path) if path else []
        return found[0] if found else None

    def with_text(self, words: str) -> Iterator[Any]:
        """Elements whose own text, or an attribute, holds the words; case does not matter; in the order of the page."""
        wanted = words.casefold()
        for element in self.root.iter():
            if not isinstance(element.tag, str):
                continue
            own = [element.text or "", *(child.tail or "" for child in element), *map(str, element.attrib.values()), element.tag]
            if any(wanted in text.casefold() for text in own):
                yield element

    def span_of(self, element: Any) -> tuple[int, int]:
        """The bytes of the line an element begins on, as far as the parser knows; from its tag on where that is found."""
        at = 0
        for _ in range((element.sourceline or 1) - 1):
            following = self.data.find(b"\n", at) + 1
            if not following:
                break
            at = following
        end = self.data.find(b"\n", at)
        end = len(self.data) if end < 0 else end
        tag = re.compile(rb"<" + re.escape(element.tag.encode()) + rb"\b[^>]{0,400}>?", re.IGNORECASE)
        before = 0
        for other in self.root.iter(element.tag):
            if other is element:
                break
            before += other.sourceline == element.sourceline
        for number, match in enumerate(tag.finditer(self.data, at, end)):
            if number == before:
                return match.span()
        return at, end


def children(element: Any) -> list[Any]:
    """Its elements: comments and instructions are none."""
    return [child for child in element if isinstance(child.tag, str)]


def words_of(element: Any) -> str:
    """The running text of an element, cut; of a script only how long it is."""
    if element.tag in ("script", "style"):
        return (
            f"{len(element.text or ''):,} characters" if element.text and element.text.strip() else str(element.get("src") or "")
        )
    if element.tag == "input":
        return " ".join(f"{n}={element.get(n)}" for n in ("name", "placeholder") if element.get(n))[:SHOWN]
    parts: list[str] = []
    length = 0
    for text in _texts(element):
        words = " ".join(text.split())
        if words:
            parts.append(words)
            length += len(words) + 1
        if length > SHOWN:
            break
    found = " ".join(parts)
    return found if len(found) <= SHOWN else found[: SHOWN - 1] + "…"


def _texts(element: Any) -> Iterator[str]:
    for part in element.iter():
        if isinstance(part.tag, str) and part.tag not in ("script", "style") and part.text:
            yield part.text
        if part is not element and part.tail:
            yield part.tail


def xpath_of(selector: str) -> str:
    """The XPath of a simple CSS selector; empty when it is not simple."""
    words = re.findall(r">|(?:[^\s>\[]|\[[^\]]*\])+", selector)
    path, axis = "", "//"
    for word in words:
        if word == ">":
            axis = "/"
            continue
        part = _PART.fullmatch(word)
        if part is None or not word:
            return ""
        path += axis + (part["tag"] or "*")
        for more in _MORE.finditer(part["more"]):
            path += _condition(more)
        axis = "//"
    return path


def _condition(more: re.Match[str]) -> str:
    if more["id"]:
        return f'[@id="{more["id"]}"]'
    if more["cls"]:
        return f'[contains(concat(" ", normalize-space(@class), " "), " {more["cls"]} ")]'
    if more["attr"]:
        value = more["value"]
        text = value[1:].strip("\"'").replace('"', "") if value else ""
        return f'[@{more["attr"]}="{text}"]' if value else f"[@{more['attr']}]"
    return f"[{more['n']}]" if more["nth"] == "of-type" else f"[count(preceding-sibling::*)={int(more['n']) - 1}]"
