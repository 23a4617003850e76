"""The rows of one payload by columns, as people's SQL takes them: what the feed's own reader found, with an SQL type for each column.

A column is what all its values are: numbers, days, texts. A measure or the day of a feed that comes as text is a number or a date if every
value reads as one. Values travel as JSON of what they are; what JSON cannot say exactly travels as text, and `types` tells.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from bedrot_console.domain.feeds import Feed
from bedrot_console.domain.files import Sidecar

from .checks import quoted
from .contents import FormatTrouble, Table
from .jsonscan import plain
from .readers import completed, read

PART_ROWS = 20_000
MOST_COLUMNS = 1000
MOST_BYTES = 48 << 20
"""What one payload's rows may be on their way; a file beyond it is not read by a macro."""
LONGEST_NAME = 200
SCALES = (2, 6, 12, 20)
_NUMBER = re.compile(r"-?(?:0|[1-9]\d{0,29})(?:\.\d{1,20})?", re.ASCII)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


class PayloadRows(msgspec.Struct):
    """What was read of one payload. `problem` and `code` say why nothing was; `code` is one of TROUBLES, or `rows.too-many`.

    `types` are SQL types in the order of `columns`, empty where a column holds nothing. Each of `parts` is an object of lists, `c0`, `c1` …,
    one per column. `day` is the column with the data's own date. `rejected` rows could not be read.
    """

    columns: list[str] = []
    types: list[str] = []
    day: int | None = None
    rows: int = 0
    rejected: int = 0
    parts: list[msgspec.Raw] = []
    problem: str = ""
    code: str = ""


def payload_rows(feed: Feed, path: Path, sidecar: Sidecar) -> PayloadRows:
    """All rows of a payload; one that cannot be read gives a `problem`, nothing is raised for what it holds."""
    try:
        content = completed(feed, read(feed, path), sidecar)
        try:
            if len(content.columns) > MOST_COLUMNS:
                raise FormatTrouble("format.too-large", f"its rows have more than {MOST_COLUMNS:,} columns")
            return _of_table(feed, content) if isinstance(content, Table) else _of_rows(feed, content)
        finally:
            content.close()
    except FormatTrouble as trouble:
        return PayloadRows(problem=trouble.sentence, code=trouble.code)


def _of_table(feed: Feed, table: Table) -> PayloadRows:
    asked = ", ".join(_as_text(name, table.types[name]) for name in table.columns)
    result = table.cursor.execute(f"SELECT {asked} FROM data")
    found = _named(feed, table.columns)
    found.types = [table.types[name] for name in table.columns]
    found.rejected = table.reject_count
    return _filled(found, (list(zip(*rows, strict=True)) for rows in iter(lambda: result.fetchmany(PART_ROWS), [])))


def _as_text(name: str, kind: str) -> str:
    """A cell exactly; a decimal without the zeros that its type adds."""
    text = f"CAST({quoted(name)} AS VARCHAR)"
    return f"rtrim(rtrim({text}, '0'), '.')" if kind.startswith("DECIMAL") and not kind.endswith(",0)") else text


def _of_rows(feed: Feed, content: Any) -> PayloadRows:
    found = _named(feed, content.columns)
    texts = {feed.day, *feed.measures}
    columns: list[list[Any]] = []
    for name in content.columns:
        kind, values = _typed(content.column(name), reads=name in texts)
        found.types.append(kind)
        columns.append(values)
    if not columns:
        return found
    return _filled(found, ([c[at : at + PART_ROWS] for c in columns] for at in range(0, len(columns[0]), PART_ROWS)))


def _named(feed: Feed, columns: Sequence[str]) -> PayloadRows:
    """Columns under names that SQL can tell apart: capitals do not, so the second one gets a number."""
    names: dict[str, str] = {}
    for number, column in enumerate(columns, start=1):
        name = base = plain(str(column))[:LONGEST_NAME] or f"column {number}"
        again = 1
        while name.casefold() in names:
            again += 1
            name = f"{base}_{again}"
        names[name.casefold()] = name
    return PayloadRows(columns=list(names.values()), day=list(columns).index(feed.day) if feed.day in columns else None)


def _filled(found: PayloadRows, parts: Iterable[Sequence[Sequence[Any]]]) -> PayloadRows:
    size = 0
    for columns in parts:
        part = _encoded({f"c{i}": column for i, column in enumerate(columns)})
        size += len(part)
        if size > MOST_BYTES:
            return PayloadRows(
                problem=f"its rows are more than the {MOST_BYTES >> 20} MiB that a query takes of one file", code="rows.too-many"
            )
        found.rows += len(columns[0])
        found.parts.append(msgspec.Raw(part))
    return found


def _encoded(part: dict[str, Sequence[Any]]) -> bytes:
    try:
        return msgspec.json.encode(part, enc_hook=str)
    except UnicodeEncodeError:
        return msgspec.json.encode(_sound(part), enc_hook=str)


def _sound(value: Any) -> Any:
    """The same without lone surrogates, which are no text."""
    if isinstance(value, str):
        return plain(value)
    if isinstance(value, dict):
        return {plain(str(k)): _sound(v) for k, v in value.items()}
    return [_sound(v) for v in value] if isinstance(value, (list, tuple)) else value


def _typed(values: Sequence[Any], *, reads: bool) -> tuple[str, list[Any]]:
    """The SQL type that holds all values, and the values as they travel.

    Args:
        reads: texts that are all numbers, or all days, are taken as such.
    """
    kinds = set(map(type, values)) - {type(None)}
    if not kinds:
        return "", [None] * len(values)
    if reads and kinds <= {str, int, Decimal} and str in kinds:
        texts = [v for v in values if type(v) is str]
        if all(map(_NUMBER.fullmatch, texts)):
            return _numbers([Decimal(v) if type(v) is str else v for v in values])
        if kinds == {str} and all(map(_is_day, texts)):
            return "DATE", list(values)
    if kinds <= {int, Decimal}:
        return _numbers(values)
    if kinds <= {int, float, Decimal}:
        return "DOUBLE", [None if v is None else str(v) for v in values]
    if len(kinds) == 1:
        kind = kinds.pop()
        if kind is bool:
            return "BOOLEAN", list(values)
        if kind is date:
            return "DATE", list(values)
        if kind is datetime:
            return "TIMESTAMP", [v and (v.astimezone(UTC).replace(tzinfo=None) if v.tzinfo else v).isoformat(" ") for v in values]
        kinds = {kind}
    if kinds <= {dict, list}:
        return "JSON", list(values)
    return "VARCHAR", [v if v is None or isinstance(v, (str, dict, list, bool)) else str(v) for v in values]


def _is_day(text: str) -> bool:
    try:
        return bool(_DAY.fullmatch(text) and date.fromisoformat(text))
    except ValueError:
        return False


def _numbers(values: Sequence[int | Decimal | None]) -> tuple[str, list[Any]]:
    """Whole numbers as BIGINT or HUGEINT; others as DECIMAL of one of SCALES; what fits none of them as text, exactly."""
    there = [Decimal(v) for v in values if v is not None]
    if not all(v.is_finite() and v.adjusted() < 38 for v in there):
        return "VARCHAR", [None if v is None else str(v) for v in values]
    scale = max(-int(v.as_tuple().exponent) for v in there)
    if scale <= 0:
        most = max(map(abs, there))
        if most < 1 << 63:
            return "BIGINT", [None if v is None else int(v) for v in values]
        return "HUGEINT" if most < 1 << 126 else "VARCHAR", [None if v is None else str(int(v)) for v in values]
    texts = [None if v is None else str(v) if type(v) is int else format(v, "f") for v in values]
    whole = max(v.adjusted() for v in there) + 1
    wide = next((s for s in SCALES if scale <= s and whole + s <= 38), None)
    return f"DECIMAL(38,{wide})" if wide else "VARCHAR", texts
