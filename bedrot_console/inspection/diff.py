"""What changed between two captures of one feed: rows by key, fields, and one sentence in words. Noise is counted and hidden."""

from __future__ import annotations

import hashlib
import os
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from bedrot_console.domain.browsing import Diff, DiffRow
from bedrot_console.domain.feeds import Feed

from .contents import FormatTrouble, Rows
from .headline import Movement, headline_of
from .readers import open_payload, read_bytes
from .texts import decimal_of

TEXT_LIMIT = 120
MOST_NODES = 200_000
MOST_FIELDS = 500
"""So many fields are named; a diff stays small whatever its payloads hold."""
_NUMBER = re.compile(r"-?(?:0|[1-9]\d{0,39})(?:\.\d{1,40})?", re.ASCII)


def diff(
    feed: Feed, old: Path | None, new: Path, old_id: str | None, new_id: str, *, limit: int = 200, whole: bool = False
) -> Diff:
    """New against old.

    Counts are exact; `rows` holds at most `limit`: removed, then changed, then added, within each the largest moves of the feed's first
    measure first. Hidden as noise: order of rows, spelling of equal values, the page around the data. Payloads that cannot be read give
    a Diff whose headline says so; nothing is raised for what they hold. `whole`: changed rows come with all their columns, and after them
    rows that are the same, at most `limit` of these too.
    """
    if old is None:
        return Diff(old_id=None, new_id=new_id, headline="first capture of this feed", because="nothing to compare with")
    try:
        if same_bytes(old, new):
            return Diff(old_id=old_id, new_id=new_id, identical=True, headline="identical: the same bytes")
        if feed.format == "table" and feed.parse is None:
            from .difftables import diff_tables

            found = diff_tables(feed, old, new, limit, whole)
        elif feed.format == "binary" and feed.parse is None:
            return Diff(old_id=old_id, new_id=new_id, headline="the bytes differ", because="content of this kind is not compared")
        else:
            found = _diff_payloads(feed, _bytes(old), _bytes(new), limit if whole else 0)
    except FormatTrouble as trouble:
        return Diff(old_id=old_id, new_id=new_id, headline=f"cannot be compared: {trouble.sentence}", because=trouble.code)
    return found.to_diff(feed, old_id, new_id, limit)


def same_bytes(old: Path, new: Path) -> bool:
    """Whether two files hold the same bytes; sizes first, and no more than needed is read."""
    with open_payload(old) as a, open_payload(new) as b:
        if os.fstat(a.fileno()).st_size != os.fstat(b.fileno()).st_size:
            return False
        while True:
            left, right = a.read(1 << 20), b.read(1 << 20)
            if left != right:
                return False
            if not left:
                return True


def _bytes(path: Path) -> bytes:
    with open_payload(path) as file:
        return file.read()


class Change(NamedTuple):
    """One row that is not the same: `move` sorts it (size of the first measure's change)."""

    kind: str
    key: tuple[str, ...]
    changes: dict[str, tuple[str | None, str | None]]
    move: float = 0.0


class Found:
    """What a comparison found, before it is put into words. `kept`: so many rows that are the same are kept, and all columns of changed ones."""

    def __init__(self, kept: int = 0) -> None:
        self.kept = kept
        self.same: list[Change] = []
        self.added = self.removed = self.changed = self.unchanged = 0
        self.rows: list[Change] = []
        self.columns: Counter[str] = Counter()
        self.noise: Counter[str] = Counter()
        self.schema_changes: list[str] = []
        self.movement = Movement()
        self.complete = True

    def to_diff(self, feed: Feed, old_id: str | None, new_id: str, limit: int) -> Diff:
        rows = chosen(self.rows, limit)
        shown_rows = [DiffRow(kind=r.kind, key=r.key, changes=r.changes) for r in (*rows, *self.same)]
        return Diff(
            old_id=old_id, new_id=new_id, headline=headline_of(feed, self), added=self.added, removed=self.removed, changed=self.changed,
            unchanged=self.unchanged, schema_changes=tuple(self.schema_changes[:MOST_FIELDS]), columns=dict(self.columns.most_common(MOST_FIELDS)),
            noise={k: v for k, v in self.noise.items() if v}, rows=tuple(shown_rows),
            truncated=not self.complete or len(rows) < self.added + self.removed + self.changed,
        )  # fmt: skip

    def keep(self, name: tuple[Any, ...], record: dict[str, Any]) -> None:
        """Keep a row that is the same, while there is room."""
        if len(self.same) < self.kept:
            self.same.append(Change("same", _named(name), {shown(c) or "": (shown(v), shown(v)) for c, v in record.items()}))

    def fields(self, old: Iterable[str], new: Iterable[str]) -> None:
        """Note which fields are gone and which are new."""
        before, after = dict.fromkeys(old), dict.fromkeys(new)
        self.schema_changes += [f"field {shown(name)} is gone" for name in before if name not in after]
        self.schema_changes += [f"field {shown(name)} is new" for name in after if name not in before]


def chosen(rows: Sequence[Change], limit: int) -> list[Change]:
    """At most `limit` rows: removed, changed, added, each kind with a fair share, largest moves first."""
    kinds = [
        sorted((r for r in rows if r.kind == kind), key=lambda r: (-r.move, r.key)) for kind in ("removed", "changed", "added")
    ]
    shares = [min(len(k), limit // 3) for k in kinds]
    for spot, kind in enumerate(kinds):
        shares[spot] += min(len(kind) - shares[spot], limit - sum(shares))
    return [row for kind, share in zip(kinds, shares, strict=True) for row in kind[:share]]


def shown(value: Any) -> str | None:
    """A value as the diff shows it; None for absent."""
    if value is None:
        return None
    text = value if isinstance(value, str) else str(value)
    return text if len(text) <= TEXT_LIMIT else text[: TEXT_LIMIT - 1] + "…"


def _diff_payloads(feed: Feed, old: bytes, new: bytes, kept: int) -> Found:
    if feed.format == "json" and feed.parse is None and feed.key:
        from .diffraw import diff_raw

        found = diff_raw(feed, old, new, kept)
        if found is not None:
            return found
    before, after = read_bytes(feed, old), read_bytes(feed, new)
    found = diff_rows(feed, before, after, kept)
    if feed.format == "html" and not (found.added or found.removed or found.changed or found.noise):
        found.noise["page"] = 1
    return found


def diff_rows(feed: Feed, before: Rows, after: Rows, kept: int = 0) -> Found:
    """Rows by the feed's key; without a usable key JSON documents are walked, other rows compared as a bag."""
    key = [k for k in feed.key if k in before.columns or k in after.columns]
    if not feed.key or len(key) < len(feed.key):
        if (
            isinstance(before.document, (dict, list))
            and isinstance(after.document, (dict, list))
            and len(before) == len(after) == 1
        ):
            return diff_documents(before.document, after.document)
        key = []
    found = Found(kept)
    found.fields(before.columns, after.columns)
    found.movement = Movement.of(feed, before.records, after.records)
    old, new = _by_key(before.records, key), _by_key(after.records, key)
    measure = feed.measures[0] if feed.measures else None
    for name, record in old.items():
        other = new.get(name)
        if other is None:
            found.removed += 1
            found.rows.append(lone("removed", name, record, measure))
        else:
            compare(found, name, record, other, feed.measures, key)
    for name, record in new.items():
        if name not in old:
            found.added += 1
            found.rows.append(lone("added", name, record, measure))
    kept_old = [name for name in old if name in new]
    if not found.noise and kept_old != [name for name in new if name in old]:
        found.noise["order"] += 1
    return found


def _by_key(records: Sequence[dict[str, Any]], key: Sequence[str]) -> dict[tuple[Any, ...], dict[str, Any]]:
    """Rows by key; a key (or, without one, a whole row) that repeats is counted on."""
    names: Counter[tuple[Any, ...]] = Counter()
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for record in records:
        name = tuple(_plain(record.get(k)) for k in key) if key else (_digest(record),)
        names[name] += 1
        found[name if names[name] == 1 else (*name, f"#{names[name]}")] = record
    return found


def _plain(value: Any) -> Any:
    return value if not isinstance(value, (dict, list)) else repr(value)


def _named(name: tuple[Any, ...]) -> tuple[str, ...]:
    return tuple(shown(str(part)) or "" for part in name)


def _digest(record: Any) -> str:
    import msgspec

    return hashlib.sha256(msgspec.json.encode(record, order="deterministic")).hexdigest()[:20]


def lone(kind: str, name: tuple[Any, ...], record: dict[str, Any], measure: str | None) -> Change:
    """A row that is only in one of the two."""
    sides: dict[str, tuple[str | None, str | None]] = {}
    for column, value in record.items():
        text = shown(value)
        sides[shown(column) or ""] = (text, None) if kind == "removed" else (None, text)
    return Change(kind, _named(name), sides, abs(_number(record.get(measure))) if measure else 0.0)


def compare(
    found: Found, name: tuple[Any, ...], old: dict[str, Any], new: dict[str, Any], measures: Sequence[str], key: Sequence[str]
) -> None:
    """Two rows of one key, field by field."""
    if old == new:
        found.unchanged += 1
        found.keep(name, new)
        return
    changes: dict[str, tuple[str | None, str | None]] = {}
    same: dict[str, tuple[str | None, str | None]] = {}
    for column in {**old, **new}:
        a, b = old.get(column), new.get(column)
        if a == b and type(a) is not bool and type(b) is not bool:
            same[shown(column) or ""] = (shown(a), shown(b))
            continue
        if a == b or same_number(a, b):
            found.noise["spelling"] += a is not b and type(a) is type(b) and a != b
            same[shown(column) or ""] = (shown(a), shown(b))
            continue
        changes[shown(column) or ""] = (shown(a), shown(b))
        found.columns[shown(column) or ""] += 1
    if not changes:
        found.unchanged += 1
        found.keep(name, new)
        return
    if found.kept:
        changes = changes | same
    found.changed += 1
    move = abs(_number(new.get(measures[0])) - _number(old.get(measures[0]))) if measures else 0.0
    found.rows.append(Change("changed", _named(name), changes, move))


def same_number(a: Any, b: Any) -> bool:
    """Whether two values are one number in two spellings (`"50"`, `"50.00"`, `50`)."""
    if a is None or b is None or isinstance(a, (bool, list, dict)) or isinstance(b, (bool, list, dict)):
        return False
    if not all(_NUMBER.fullmatch(v) for v in (a, b) if isinstance(v, str)):
        return False
    try:
        return decimal_of(a) == decimal_of(b)
    except ValueError:
        return False


def _number(value: Any) -> float:
    try:
        return float(value) if value is not None else 0.0
    except (TypeError, ValueError, OverflowError):
        return 0.0


def diff_documents(old: Any, new: Any) -> Found:
    """Two JSON values, walked side by side: objects by key, lists as bags of equal elements and then by place. Bounded by MOST_NODES."""
    found = Found()
    stack: list[tuple[str, Any, Any]] = [("", old, new)]
    nodes = 0
    while stack:
        pointer, a, b = stack.pop()
        nodes += 1
        if nodes > MOST_NODES:
            found.complete = False
            break
        if a == b and type(a) is type(b):
            found.unchanged += 1
        elif type(a) is dict and type(b) is dict:
            _walk_object(found, stack, pointer, a, b)
        elif type(a) is list and type(b) is list:
            _walk_list(found, stack, pointer, a, b)
        elif same_number(a, b):
            found.noise["spelling"] += 1
        else:
            found.changed += 1
            field = pointer.rsplit("/", 1)[-1]
            found.columns[field] += 1
            found.rows.append(Change("changed", (pointer or "/",), {field: (shown(a), shown(b))}, abs(_number(b) - _number(a))))
    return found


def _escaped(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")


def _walk_object(found: Found, stack: list[tuple[str, Any, Any]], pointer: str, a: dict[str, Any], b: dict[str, Any]) -> None:
    for key in {**a, **b}:
        where = f"{pointer}/{_escaped(key)}"
        if key not in b:
            _one_sided(found, "removed", where, a[key])
            found.schema_changes.append(f"field {where} is gone")
        elif key not in a:
            _one_sided(found, "added", where, b[key])
            found.schema_changes.append(f"field {where} is new")
        else:
            stack.append((where, a[key], b[key]))
    del found.schema_changes[40:]


def _walk_list(found: Found, stack: list[tuple[str, Any, Any]], pointer: str, a: list[Any], b: list[Any]) -> None:
    old, new = Counter(map(_digest, a)), Counter(map(_digest, b))
    if old == new:
        found.noise["order"] += 1
        return
    gone, come = old - new, new - old
    left = [(i, v) for i, v in enumerate(a) if _taken(gone, v)]
    right = [(i, v) for i, v in enumerate(b) if _taken(come, v)]
    found.unchanged += len(a) - len(left)
    for (_, x), (i, y) in zip(left, right, strict=False):
        stack.append((f"{pointer}/{i}", x, y))
    for i, value in left[len(right) :]:
        _one_sided(found, "removed", f"{pointer}/{i}", value)
    for i, value in right[len(left) :]:
        _one_sided(found, "added", f"{pointer}/{i}", value)


def _taken(bag: Counter[str], value: Any) -> bool:
    name = _digest(value)
    if bag[name] <= 0:
        return False
    bag[name] -= 1
    return True


def _one_sided(found: Found, kind: str, pointer: str, value: Any) -> None:
    if kind == "removed":
        found.removed += 1
    else:
        found.added += 1
    text = shown(value)
    found.rows.append(Change(kind, (pointer,), {pointer.rsplit("/", 1)[-1]: (text, None) if kind == "removed" else (None, text)}))
