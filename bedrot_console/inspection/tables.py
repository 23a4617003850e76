"""CSV and TSV through DuckDB: encoding, delimiter and header found by us (`tablefiles`), types declared by the feed, refused rows named.

In-memory connections only; this room never opens a database file.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Sequence
from typing import Any, BinaryIO

from bedrot_console.domain.feeds import Feed

from .checks import quoted
from .contents import FormatTrouble, Reject, Table
from .tablefiles import LONGEST_LINE, Source

MATERIALISE_BYTES = 48 << 20
"""Up to this size `data` is held in memory; beyond it every query scans the file again."""
KEPT_REJECTS = 10_000
_KINDS = {
    "CAST": "type",
    "MISSING COLUMNS": "short",
    "TOO MANY COLUMNS": "long",
    "UNQUOTED VALUE": "quote",
    "LINE SIZE OVER MAXIMUM": "length",
    "INVALID ENCODING": "encoding",
    "INVALID STATE": "quote",
}
_database: Any = None


def connection() -> Any:
    """A cursor on this process's one in-memory database, with nothing loaded from outside."""
    global _database
    import duckdb

    if _database is None:
        config = {
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "threads": min(os.cpu_count() or 1, 4),
        }
        _database = duckdb.connect(":memory:", config=config)
        _database.execute("SET temp_directory = ''; SET enable_progress_bar = false")
    return _database.cursor()


def memory_bytes(size: int) -> int:
    """What DuckDB may use for a file of so many bytes: room for its scan, and for `data` where that is held in memory."""
    return (256 << 20) + 6 * min(size, MATERIALISE_BYTES)


def open_table(feed: Feed, file: BinaryIO) -> Table:
    """A Table over an open file.

    Raises:
        FormatTrouble: empty, a page, another feed's header, an undeclared encoding, no end to a quote, a damaged archive.
    """
    source = Source(feed, file)
    try:
        return _open_text(source)
    except BaseException:  # whatever ended it, no file stays open
        source.close()
        raise


def _open_text(source: Source) -> Table:
    import duckdb

    while True:
        cursor = connection()
        try:
            facts, row_count = _load(source, cursor)
            rejects, reject_count = rejected(cursor)
        except duckdb.Error as trouble:
            cursor.close()
            if "mixed-line-ends" not in source.notes and "state machine reached an invalid state" in str(trouble):
                source.even()
                continue
            raise translated(trouble) from trouble
        if any(r.kind == "encoding" for r in rejects) and source.fall_back():
            cursor.close()
            continue
        break
    shape = source.shape
    return Table(
        cursor=cursor, columns=shape.columns, header=shape.header, types=shape.types, unknown=shape.unknown, missing=shape.missing,
        absent=shape.absent, encoding=source.encoding, delimiter=shape.delimiter, notes=source.notes, rejects=rejects,
        reject_count=reject_count, row_count=row_count, final_newline=_final_newline(source.file), facts=facts, held=source.held,
    )  # fmt: skip


def _final_newline(file: BinaryIO) -> bool:
    size = os.fstat(file.fileno()).st_size
    return os.pread(file.fileno(), 1, max(size - 1, 0)) in (b"\n", b"\r")


def translated(trouble: Exception) -> FormatTrouble:
    text = str(trouble)
    if "Maximum line size" in text or "maximum_line_size" in text or "max_line_size" in text:
        return FormatTrouble("format.too-large", f"a line is longer than {LONGEST_LINE:,} bytes")
    if "Out of Memory" in text or "memory" in text.lower() and "limit" in text:
        return FormatTrouble("format.too-large", "the table needs more memory than the reader may use")
    return FormatTrouble("format.not-a-table", "the table cannot be read: quotes or line ends are broken")


def is_held(source: Source) -> bool:
    """Whether `data` is worth holding in memory: small, or of middling size and asked more than once."""
    asked_again = bool(source.feed.checks or source.feed.key)
    return source.size <= (MATERIALISE_BYTES if asked_again else MATERIALISE_BYTES // 16)


def _load(source: Source, cursor: Any) -> tuple[dict[str, Any], int]:
    """Make `data` and `numbered`, and take the facts in one scan that touches (and so casts) every column."""
    cursor.execute(f"SET memory_limit = '{memory_bytes(source.size) >> 20}MiB'")
    kind = "TABLE" if is_held(source) else "VIEW"
    cursor.execute(f"CREATE TEMP {kind} data AS SELECT * FROM {source.sql()}")
    cursor.execute("CREATE TEMP VIEW numbered AS SELECT row_number() OVER () + 1 AS row_number, * FROM data")
    return _facts(source.feed, source.shape.columns, source.shape.types, cursor)


_NUMBER = re.compile(r"(?:U?(?:TINY|SMALL|BIG|HUGE)?INT(?:EGER)?|DECIMAL.*|NUMERIC.*|DOUBLE|FLOAT|REAL)", re.IGNORECASE)


def is_number_type(name: str) -> bool:
    """Whether a DuckDB type adds up."""
    return bool(_NUMBER.fullmatch(name))


def _facts(feed: Feed, columns: Sequence[str], types: dict[str, str], cursor: Any) -> tuple[dict[str, Any], int]:
    names = ", ".join(quoted(c) for c in columns)
    asked = ["count(*)", f"sum(hash({names})::HUGEINT)", f"bit_xor(hash({names}))"]
    day = quoted(feed.day) if feed.day in types else None
    if day:
        asked += [f"min({day})::VARCHAR", f"max({day})::VARCHAR"]
    measures = [m for m in feed.measures if m in types]
    for name in measures:
        value = quoted(name) if is_number_type(types[name]) else f"TRY_CAST({quoted(name)} AS DECIMAL(38, 10))"
        asked.append(f"sum({value})::VARCHAR")
    # fetchall, not fetchone: refused rows are written down when the result has been drawn to its end
    found = list(cursor.execute(f"SELECT {', '.join(asked)} FROM data").fetchall()[0])
    rows, total, mixed = found[:3]
    rest = found[3:]
    identity = f"{sorted(columns)}\n{rows}\n{total}\n{mixed}".encode()
    facts: dict[str, Any] = {"rows": rows, "content_sha256": hashlib.sha256(identity).hexdigest()}
    if day:
        facts["first_day"], facts["last_day"], *rest = rest
    facts["totals"] = {name: plain(value) for name, value in zip(measures, rest, strict=True) if value is not None}
    return facts, rows


def plain(number: str) -> str:
    """A decimal text without trailing zeros: `12.500` → `12.5`."""
    return number.rstrip("0").rstrip(".") if "." in number else number


def rejected(cursor: Any) -> tuple[list[Reject], int]:
    """What the scans of this cursor refused, the first KEPT_REJECTS of it, and how many rows in all."""
    import duckdb

    try:
        count = cursor.execute("SELECT count(DISTINCT line) FROM reject_errors").fetchone()[0]
        found = cursor.execute(
            "SELECT line, column_name, error_type::VARCHAR, error_message FROM reject_errors"
            f" ORDER BY line, column_idx LIMIT {KEPT_REJECTS}"
        ).fetchall()
    except duckdb.CatalogException:
        return [], 0
    rejects: list[Reject] = []
    for line, column, kind, message in found:
        ours = _KINDS.get(kind, "quote")
        if ours == "short" and rejects and rejects[-1].row == line and rejects[-1].kind == "short":
            continue
        expected = seen = None
        if ours == "type" and (match := re.search(r"to '([A-Z0-9(), ]+)'", message)):
            expected = match[1]
        elif ours in ("short", "long") and (match := re.search(r"Columns: (\d+) Found: (\d+)", message)):
            expected, seen = match[1], match[2]
        rejects.append(Reject(line, None if ours in ("short", "long") else column, ours, expected, seen))
    return rejects, count
