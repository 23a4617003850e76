"""FileFilter as SQL and as plain Python, with the same meaning: the overlay of the journal's tail asks the same question of rows in memory.

Paging is by key in the expanded form (`a <= x AND (a < x OR id < y)`), which DuckDB answers six times faster than row values.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..domain.browsing import OPPOSITE, FileFilter, FileRow
from ..domain.identifiers import ALPHABET, LENGTH
from ..domain.lifecycle import STATUSES, Verdict, Zone, status
from . import rows
from .shapes import readings

_WORST = {"failed": 0, "warned": 1, "pending": 2, "passed": 3, "quarantined": 4, "promoted": 5, "erased": 6}


@dataclass(frozen=True, slots=True)
class Key:
    """One ordering key: its SQL over `base.files f`, its value in a FileRow, and its direction."""

    sql: str
    value: Callable[[FileRow], Any]
    descending: bool = False


def _rank_sql() -> str:
    cases = []
    for zone in Zone:
        for verdict in Verdict:
            cases.append(f"WHEN f.zone = '{zone}' AND f.verdict = '{verdict}' THEN {_WORST[status(zone, verdict)]}")
        cases.append(f"WHEN f.zone = '{zone}' THEN {_WORST[status(zone, None)]}")
    return "CASE " + " ".join(cases) + " END"


_ID = Key("f.id", lambda r: r.id)
_ID_DOWN = Key("f.id", lambda r: r.id, descending=True)
ORDERS: dict[str, tuple[Key, ...]] = {
    "newest": (_ID_DOWN,),
    "worst": (Key(_rank_sql(), lambda r: _WORST[r.status]), Key("f.errors", lambda r: r.errors, descending=True), _ID_DOWN),
    "largest": (Key("f.size_bytes", lambda r: r.size_bytes, descending=True), _ID_DOWN),
    "feed": (
        Key("f.feed", lambda r: r.feed),
        Key("f.account", lambda r: r.account),
        Key("f.series", lambda r: r.series),
        _ID_DOWN,
    ),  # fmt: skip
    "path": (Key("f.path", lambda r: r.path), Key("f.zone", lambda r: r.zone.value), _ID_DOWN),
}
ORDERS |= {OPPOSITE[order]: tuple(replace(key, descending=not key.descending) for key in keys) for order, keys in ORDERS.items()}
"""order -> keys; the last is always the id, so that no two rows are equal."""

_STATES = {s: [(z, v) for z in Zone for v in (*Verdict, None) if status(z, v) == s] for s in STATUSES}


def _status_sql(word: str) -> str:
    places = _STATES[word]
    zones = {z for z, _ in places}
    if all((z, v) in places for z in zones for v in (*Verdict, None)):
        return " OR ".join(f"f.zone = '{z}'" for z in sorted(zones))
    return " OR ".join(f"f.zone = '{z}' AND f.verdict " + (f"= '{v}'" if v else "IS NULL") for z, v in places)


class Where:
    """Conditions and their parameters, collected."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.values: list[Any] = []

    def bind(self, value: Any) -> str:
        """The placeholder for a value."""
        self.values.append(value)
        return f"${len(self.values)}"

    def add(self, condition: str) -> None:
        self.parts.append(condition)

    @property
    def sql(self) -> str:
        return "WHERE " + " AND ".join(f"({p})" for p in self.parts) if self.parts else ""


@dataclass(frozen=True, slots=True)
class Known:
    """What a catalog is made of, so that a text is looked for only where it can be.

    Args:
        feeds: every feed, and its name in small letters.
        shapes: every shape in small letters; None if they are too many.
        ids: the first and the last id, if there is any file.
    """

    feeds: Sequence[tuple[str, str]]
    shapes: Sequence[str] | None
    ids: Sequence[str]


def where(wanted: FileFilter, known: Known | None = None) -> Where:
    """The filter as conditions over `base.files f` (or `base.tally f`, for filters that `only_tally` accepts).

    Args:
        known: of the catalog; needed for a filter with a text.
    """
    w = Where()
    for column in ("zone", "platform", "feed", "account", "series", "run_id", "set_id"):
        value = getattr(wanted, column)
        if value is not None:
            w.add(f"f.{column} = {w.bind(str(value))}")
    if wanted.status is not None:
        w.add(_status_sql(wanted.status) if wanted.status in _STATES else "false")
    if wanted.sha256 is not None:
        w.add(f"f.sha_fp = {w.bind(rows.sha_fingerprint(wanted.sha256))} AND f.sha256 = {w.bind(wanted.sha256)}")
    if wanted.ids:
        # Each its own comparison, since a list of five or more becomes a join; the bounds let DuckDB skip what cannot match.
        w.add(f"f.id >= {w.bind(min(wanted.ids))} AND f.id < {w.bind(max(wanted.ids) + '~')}")
        w.add(" OR ".join(f"f.id >= {w.bind(name)} AND f.id < {w.bind(name + '~')}" for name in wanted.ids))
    if wanted.code is not None:
        w.add(f"f.first_code = {w.bind(wanted.code)}")
    for at, sign in ((wanted.since, ">="), (wanted.until, "<")):
        if at is not None:
            w.add(f"f.landed_at {sign} {w.bind(rows.naive(at))}")
    if wanted.text:
        if known is None:
            raise ValueError("a text is looked for in a catalog that is known")
        _add_text(w, wanted.text.lower(), known)
    return w


def _add_text(w: Where, text: str, known: Known) -> None:
    """Add the condition that a text stands in the path or the feed, or begins the id; what no file can have is left out of it."""
    either: list[str] = []
    ways = readings(text, known.shapes)
    if ways is None:
        either.append(f"contains(lower(f.path), {w.bind(text)})")
    for piece in dict.fromkeys(way.piece for way in ways or ()):
        stamps = [way.stamp_sql("f.stamp") for way in ways or () if way.piece == piece]
        conditions = []
        if known.shapes is None or not all(piece in shape for shape in known.shapes):
            conditions.append(f"contains(lower(f.shape), {w.bind(piece)})")
        if all(stamps):
            conditions.append(f"({' OR '.join(stamps)})")
        if not conditions:
            return  # every path has it
        either.append(" AND ".join(conditions))
    feeds = [feed for feed, small in known.feeds if text in small]
    if feeds:
        # A list of five or more becomes a join, which reads all columns of all rows.
        cases = " ".join(f"WHEN {w.bind(feed)} THEN true" for feed in feeds)
        either.append(f"CASE f.feed {cases} ELSE false END")
    if len(text) <= LENGTH and set(text) <= set(ALPHABET) and known.ids and known.ids[0] < text + "~" and text <= known.ids[1]:
        either.append(f"f.id >= {w.bind(text)} AND f.id < {w.bind(text + '~')}")
    w.add(" OR ".join(either) or "false")


def matches(wanted: FileFilter, row: FileRow) -> bool:
    """Whether a row in memory passes the filter; the same answer as the SQL."""
    for column in ("zone", "platform", "feed", "account", "series", "run_id", "set_id", "status", "sha256"):
        value = getattr(wanted, column)
        if value is not None and getattr(row, column) != value:
            return False
    if wanted.ids and not row.id.startswith(wanted.ids):
        return False
    if wanted.code is not None and row.first_code != wanted.code:
        return False
    if wanted.since is not None and row.landed_at < wanted.since:
        return False
    if wanted.until is not None and row.landed_at >= wanted.until:
        return False
    if wanted.text:
        text = wanted.text.lower()
        return text in row.path.lower() or text in row.feed.lower() or row.id.startswith(text)
    return True


class _Reversed:
    """A value that sorts the other way round."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def __lt__(self, other: _Reversed) -> bool:
        return other.value < self.value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Reversed) and other.value == self.value


def sort_key(order: str) -> Callable[[FileRow], tuple[Any, ...]]:
    """What to sort rows in memory by, for the same order as the SQL."""
    keys = ORDERS[order]
    return lambda row: tuple(_Reversed(k.value(row)) if k.descending else k.value(row) for k in keys)


def order_by(order: str, *, backwards: bool = False) -> str:
    """The ORDER BY list."""
    return ", ".join(k.sql + (" DESC" if k.descending != backwards else " ASC") for k in ORDERS[order])


def beyond(w: Where, order: str, row: FileRow, *, backwards: bool = False, included: bool = False) -> None:
    """Add the condition: after `row` in this order (before it, if backwards); without the row itself, or with it."""
    keys = ORDERS[order]
    condition = ""
    for key in reversed(keys):
        sign = "<" if key.descending != backwards else ">"
        value = w.bind(key.value(row))
        condition = (
            f"{key.sql} {sign}= {value} AND ({key.sql} {sign} {value} OR {condition})"
            if condition
            else f"{key.sql} {sign}{'=' if included else ''} {value}"
        )
    w.add(condition)


def only_tally(wanted: FileFilter) -> bool:
    """Whether the tally alone can count this filter."""
    others = (wanted.series, wanted.run_id, wanted.set_id, wanted.sha256, wanted.code, wanted.since, wanted.until)
    return not wanted.text and not wanted.ids and all(v is None for v in others)


SELECT = f"SELECT {rows.FILE_SELECT} FROM base.files f"
