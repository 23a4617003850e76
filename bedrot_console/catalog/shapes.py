"""A path as its shape and its stamp, and a text as what it asks of the two: how a text is looked for without reading every path.

A lake has few shapes: `distrokid/streams/streams_stats_20240501_060000.html` is one with all its neighbours, told apart by fourteen digits.
DuckDB looks at each shape once in a stretch of rows, and skips stretches by their stamps.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

DIGITS = 14
WHOLE, MONTH = "\x01", "\x02"
"""What stands in a shape for the path's first stamp (`YYYYMMDD_HHMMSS`), wherever it stands, and for its month as folders (`YYYY/MM`)."""

_PATTERN = "[0-9]{8}_[0-9]{6}"
_find = re.compile(_PATTERN).search
_MARKS: dict[str, tuple[int | str, ...]] = {WHOLE: (*range(8), "_", *range(8, DIGITS)), MONTH: (*range(4), "/", 4, 5)}
"""Mark -> what it stands for, character by character: a digit of the stamp (its number), or the character itself."""

MOST_SHAPES = 2000
"""Shapes that are looked at one by one."""
MOST_READINGS = 64
"""Ways for a text to stand in a path that are told apart; a text with more is looked for in the paths themselves."""


def shape_of(path: str) -> tuple[str, int | None]:
    """(shape, stamp as a number of 14 digits) of a path; one without a stamp is its own shape, and has None."""
    found = _find(path)
    if found is None or WHOLE in path or MONTH in path:
        return path, None
    stamp = found[0]
    return path.replace(stamp, WHOLE).replace(f"{stamp[:4]}/{stamp[4:6]}", MONTH), int(stamp[:8] + stamp[9:])


def shape_sql(path: str) -> tuple[str, str]:
    """`shape_of` as two SQL expressions over the SQL of a path."""
    stamp = f"regexp_extract({path}, '{_PATTERN}')"
    none = f"{stamp} = '' OR contains({path}, chr({ord(WHOLE)})) OR contains({path}, chr({ord(MONTH)}))"
    month = f"substr({stamp}, 1, 4) || '/' || substr({stamp}, 5, 2)"
    shape = f"replace(replace({path}, {stamp}, chr({ord(WHOLE)})), {month}, chr({ord(MONTH)}))"
    return (
        f"CASE WHEN {none} THEN {path} ELSE {shape} END",
        f"CASE WHEN {none} THEN NULL ELSE replace({stamp}, '_', '')::BIGINT END",
    )


@dataclass(frozen=True, slots=True)
class Reading:
    """One way for a text to stand in a path: the piece of the shape that it covers, and digits of the stamp (number -> digit)."""

    piece: str
    digits: tuple[tuple[int, str], ...]

    def stamp_sql(self, column: str) -> str:
        """The condition on the stamp; empty if there is none. The leading digits are a range, by which DuckDB skips."""
        conditions = []
        for first, digits in _runs(self.digits):
            beyond = 10 ** (DIGITS - first - len(digits))
            if first == 0:
                conditions.append(f"{column} >= {int(digits) * beyond} AND {column} < {(int(digits) + 1) * beyond}")
            else:
                conditions.append(f"{column} // {beyond} % {10 ** len(digits)} = {int(digits)}")
        return " AND ".join(conditions)


def _runs(digits: Sequence[tuple[int, str]]) -> list[tuple[int, str]]:
    """Neighbouring digits together: (number of the first, digits)."""
    runs: list[tuple[int, str]] = []
    for number, digit in digits:
        if runs and runs[-1][0] + len(runs[-1][1]) == number:
            runs[-1] = (runs[-1][0], runs[-1][1] + digit)
        else:
            runs.append((number, digit))
    return runs


def readings(text: str, shapes: Sequence[str] | None = None) -> list[Reading] | None:
    """Every way for a text to stand in a path; None if they are too many to list, or cannot be told.

    Args:
        text: in small letters.
        shapes: all shapes there are, in small letters; then only the ways that one of them allows.
    """
    if WHOLE in text or MONTH in text:
        return None
    out: dict[Reading, None] = {}
    open_: list[tuple[int, str, dict[int, str]]] = [(0, "", {})]
    for mark, slots in _MARKS.items():
        for skipped in range(1, len(slots)):
            taken = min(len(slots) - skipped, len(text))
            digits = _fitted({}, slots[skipped : skipped + taken], text)
            if digits is not None:
                open_.append((taken, mark, digits))
    while open_:
        at, piece, digits = open_.pop()
        if shapes is not None and not any(piece in shape for shape in shapes):
            continue
        whole = piece + text[at:]
        if shapes is None or any(whole in shape for shape in shapes):
            out[Reading(whole, tuple(sorted(digits.items())))] = None
        if len(out) + len(open_) > MOST_READINGS * 4 or len(out) > MOST_READINGS:
            return None
        for place in range(at, len(text)):
            for mark, slots in _MARKS.items():
                more = _fitted(digits, slots, text[place : place + len(slots)])
                if more is not None:
                    open_.append((min(place + len(slots), len(text)), piece + text[at:place] + mark, more))
    return list(out)


def _fitted(digits: dict[int, str], slots: Sequence[int | str], text: str) -> dict[int, str] | None:
    """The digits with those that these characters say, as far as both reach; None if they do not fit."""
    more = dict(digits)
    for slot, character in zip(slots, text, strict=False):
        if isinstance(slot, str):
            if character != slot:
                return None
        elif not "0" <= character <= "9" or more.setdefault(slot, character) != character:
            return None
    return more
