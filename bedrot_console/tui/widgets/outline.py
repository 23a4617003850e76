"""A tree of which only what was opened is known: levels of children come one by one and are kept as windows. No widget, no drawing."""

from __future__ import annotations

from dataclasses import dataclass, field

from ...domain.excerpts import Entry, Excerpt, Level, Wish

FEW = 12
"""In a level of so few entries the largest one is opened by itself."""
STEP = 100


@dataclass(eq=False)
class Node:
    """One entry in its place. `children` None: not known yet; they are number `skip` and following, and `more` come after them."""

    entry: Entry
    depth: int
    parent: Node | None
    children: list[Node] | None = None
    skip: int = 0
    more: bool = False
    opened: bool = False

    @property
    def opens(self) -> bool:
        return bool(self.entry.node) and self.entry.count != 0


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the tree: a node, or the rest of its children `before` or `after` those that are known."""

    node: Node
    kind: str = "node"


@dataclass
class Outline:
    """The tree, as lines from the top down."""

    root: Node = field(default_factory=lambda: Node(Entry(node="root"), -1, None, opened=True))
    rows: list[Row] = field(default_factory=list)
    marked: str = ""
    spot: int = -1
    """The line of what is marked; -1 when nothing is."""

    def begin(self, excerpt: Excerpt) -> None:
        """The first level, or the levels down to a place."""
        self.root = Node(Entry(node=excerpt.node), -1, None, opened=True)
        self.marked = excerpt.marked
        levels = excerpt.levels or (Level(node=excerpt.node, entries=excerpt.entries, skip=excerpt.skip, more=excerpt.more),)
        holder: Node | None = self.root
        for number, level in enumerate(levels):
            if holder is None:
                break
            self._fill(holder, level)
            below = levels[number + 1].node if number + 1 < len(levels) else None
            holder = next((n for n in holder.children or () if below is not None and n.entry.node == below), None)
        self._flatten()

    def _fill(self, holder: Node, level: Level | Excerpt) -> None:
        holder.children = [Node(entry, holder.depth + 1, holder) for entry in level.entries]
        holder.skip, holder.more, holder.opened = level.skip, level.more, True

    def take(self, excerpt: Excerpt, wish: Wish) -> None:
        """Children of a node: all that are known of it now, or more of them after or before."""
        holder = self._holder(wish.node)
        if holder is None:
            return
        fresh = [Node(entry, holder.depth + 1, holder) for entry in excerpt.entries]
        known = holder.children
        if known and wish.skip == holder.skip + len(known) - (1 if known[-1].entry.end == -1 and wish.whole else 0):
            kept = known[: wish.skip - holder.skip]
            holder.children, holder.more = kept + fresh, excerpt.more
        elif known and excerpt.skip + len(fresh) == holder.skip:
            holder.children, holder.skip = fresh + known, excerpt.skip
        else:
            self._fill(holder, excerpt)
        holder.opened = True
        self._flatten()

    def _holder(self, node: str) -> Node | None:
        if node == self.root.entry.node:
            return self.root
        return next((r.node for r in self.rows if r.kind == "node" and r.node.entry.node == node), None)

    def _flatten(self) -> None:
        self.rows = []
        self._put(self.root)
        self.spot = self._spot()

    def _put(self, holder: Node) -> None:
        if holder.skip:
            self.rows.append(Row(holder, "before"))
        for node in holder.children or ():
            self.rows.append(Row(node))
            if node.opened and node.children is not None:
                self._put(node)
        if holder.more:
            self.rows.append(Row(holder, "after"))

    def toggle(self, index: int) -> Wish | None:
        """Open or close what stands at a line; returns what must be asked for first, if anything."""
        row = self.rows[index]
        if row.kind != "node":
            return self.rest(row)
        node = row.node
        if not node.opens:
            return None
        if node.children is None:
            return Wish(act="children", form="structure", node=node.entry.node, limit=STEP)
        node.opened = not node.opened
        self._flatten()
        return None

    def rest(self, row: Row) -> Wish:
        """What asks for the children before or after those that are known."""
        holder, known = row.node, row.node.children or []
        asked = {"act": "children", "form": "structure", "node": holder.entry.node, "limit": STEP}
        if row.kind == "before":
            skip = max(0, holder.skip - STEP)
            return Wish(**asked | {"skip": skip, "limit": holder.skip - skip, "whole": True})
        skip = holder.skip + len(known)
        last = known[-1].entry if known else None
        if last is not None and last.end == -1 and last.row == 0:
            return Wish(**asked | {"skip": skip - 1, "whole": True})
        return Wish(**asked | {"skip": skip, "at": last.end if last is not None and last.end > 0 else 0})

    def close(self, index: int) -> int:
        """Close the node at a line, or else go to its parent; returns the line to stand on."""
        row = self.rows[index]
        if row.kind == "node" and row.node.opened and row.node.children is not None:
            row.node.opened = False
            self._flatten()
            return index
        parent = row.node.parent if row.kind == "node" else row.node
        return next((i for i, r in enumerate(self.rows) if r.kind == "node" and r.node is parent), index)

    def by_itself(self, room: int) -> Wish | None:
        """What is worth opening unasked, while there is room: the largest of a level of few; then whatever fits."""
        best: Node | None = None
        for row in self.rows:
            node = row.node
            if (
                row.kind != "node"
                or node.opened
                or node.children is not None
                or not node.opens
                or node.entry.type in ("script", "style")
            ):
                continue
            siblings = node.parent.children if node.parent is not None else None
            if len(siblings or ()) > FEW or (best is not None and (node.depth, -_weight(node)) >= (best.depth, -_weight(best))):
                continue
            best = node
        if best is None or len(self.rows) >= room:
            return None
        return Wish(act="children", form="structure", node=best.entry.node, limit=STEP)

    def _spot(self) -> int:
        if not self.marked:
            return -1
        found = [
            i
            for i, r in enumerate(self.rows)
            if r.kind == "node" and self.marked in (r.node.entry.node, str(r.node.entry.at) if r.node.entry.at else "")
        ]
        return found[-1] if found else -1

    def pointer(self, index: int) -> str:
        """The JSON pointer, or the way of tags, to a line."""
        steps: list[str] = []
        node: Node | None = self.rows[index].node
        while node is not None and node.depth >= 0:
            steps.append(node.entry.key.replace("~", "~0").replace("/", "~1"))
            node = node.parent
        return "".join("/" + s for s in reversed(steps))


def _weight(node: Node) -> int:
    entry = node.entry
    return max(entry.end - entry.at, entry.count, 0) if entry.end >= 0 else 1 << 60
