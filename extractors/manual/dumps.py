"""SQL dumps in plain text: who made them, which tables they hold and how many rows each, and whether they are whole.

pg_dump, pg_dumpall, mysqldump, mariadb-dump and the `.dump` of the sqlite3 shell (*documented*: first and last lines of their output; PostgreSQL
writes `\\restrict` and `\\unrestrict` around since 2025). Nothing is executed; a dump is read line by line.
"""

from __future__ import annotations

import hashlib
import re
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from bedrot_console.inspection.helpers import FormatTrouble, Rows

from .streams import Lines, pieces_of

LONGEST_LINE = 64 << 20
"""mysqldump writes many rows a line, up to the server's largest packet (16 to 64 MB by default, *documented*)."""
LONGEST_STATEMENT = 256 << 20
MOST_TABLES = 5_000
NAMED_TABLES = 50
LOOK = 8192
_NAME = rb'(?:"(?:[^"]|"")+"|`(?:[^`]|``)+`|[\w$]+)'
_CREATE = re.compile(
    rb"CREATE (?:(?:TEMP|TEMPORARY|UNLOGGED|FOREIGN|VIRTUAL) )?TABLE (?:IF NOT EXISTS )?(" + _NAME + rb"(?:\." + _NAME + rb")?)"
)
_INSERT = re.compile(rb"(?:INSERT|REPLACE) (?:IGNORE )?INTO (" + _NAME + rb"(?:\." + _NAME + rb")?)")
_COPY = re.compile(rb"COPY (" + _NAME + rb"(?:\." + _NAME + rb")?) .{0,20000}FROM stdin;\r?\Z")
_NEXT_ROW = re.compile(rb"\)\s*,\s*\(")
_DOLLAR = re.compile(rb"\$[A-Za-z_]?\w*\$")


@dataclass(frozen=True, slots=True)
class Maker:
    """A program that writes dumps: how its dumps begin and end. `escapes`: a backslash in a text takes away the meaning of what follows."""

    name: str
    begins: re.Pattern[bytes]
    ends: re.Pattern[bytes]
    escapes: bool = False


MAKERS = (
    Maker("pg_dumpall", re.compile(rb"^-- PostgreSQL database cluster dump\r?$", re.M), re.compile(rb"-- PostgreSQL database cluster dump complete")),
    Maker("pg_dump", re.compile(rb"^-- PostgreSQL database dump\r?$", re.M), re.compile(rb"-- PostgreSQL database dump complete")),
    Maker("mysqldump", re.compile(rb"^-- (?:MySQL|MariaDB) dump \d", re.M), re.compile(rb"-- Dump completed(?: on \d{4}-\d\d-\d\d +\d{1,2}:\d\d:\d\d)?\s*\Z"), escapes=True),
    Maker("mysqldump", re.compile(rb"^/\*!\d{5} SET @OLD_CHARACTER_SET_CLIENT=", re.M), re.compile(rb"/\*!\d{5} SET SQL_NOTES=@OLD_SQL_NOTES \*/;"), escapes=True),
    Maker("sqlite", re.compile(rb"\A(?:PRAGMA \w+=\w+;\s+)*BEGIN TRANSACTION;"), re.compile(rb"COMMIT;\s*\Z")),
)  # fmt: skip


def maker_of(head: bytes) -> Maker | None:
    """Who made the dump that begins so; None for any other text."""
    begin = head[:LOOK].removeprefix(b"\xef\xbb\xbf").lstrip()
    if not begin.startswith((b"--", b"/*", b"\\restrict", b"PRAGMA ", b"BEGIN TRANSACTION;")):
        return None
    return next((maker for maker in MAKERS if maker.begins.search(begin)), None)


@dataclass(slots=True)
class _Table:
    rows: int = 0
    digest: Any = field(default_factory=hashlib.sha256)


def read_dump(data: Any) -> Rows:
    """The tables of a dump as rows (`table`, `rows`, `sha256` of its data).

    Raises:
        FormatTrouble: no dump, broken off, given up by its maker, or beyond all bounds.
    """
    return _Reading(data).content()


class _Reading:
    """One walk down a dump. What stands inside texts, function bodies and triggers is no statement of the dump."""

    def __init__(self, data: Any) -> None:
        self.tables: dict[str, _Table] = {}
        self.lines = Lines(pieces_of(data), LONGEST_LINE)
        self.maker: Maker | None = None
        self.copying: _Table | None = None
        self.inserting: _Table | None = None
        self.until: bytes | None = None  # the text that ends a body
        self.outside: list[bytes] = []
        self.outside_bytes = 0
        self.in_text = False
        self.last: deque[bytes] = deque(maxlen=12)
        self.gave_up = False
        self.packed = data[:2] == b"\x1f\x8b"

    def content(self) -> Rows:
        for number, lines in self.lines:
            if number == 1:
                self.maker = maker_of(b"\n".join(line or b"" for line in lines))
            if self.maker is None:
                raise FormatTrouble("format.unknown-shape", "this is no SQL dump of a known kind")
            if (
                self.lines.holds_zero
                and (bad := next((i for i, line in enumerate(lines) if line and b"\0" in line), None)) is not None
            ):
                raise FormatTrouble("format.not-text", f"line {number + bad} of the dump holds zero bytes")
            for line in lines:
                if line is None:
                    raise FormatTrouble("format.too-large", f"a line of the dump is longer than {LONGEST_LINE:,} bytes")
                self.step(line)
        self.judge_end()
        rows = sum(t.rows for t in self.tables.values())
        facts = {
            "kind": "sql", "made_by": self.maker.name if self.maker else "", "tables": {n: t.rows for n, t in list(self.tables.items())[:NAMED_TABLES]},
            "table_count": len(self.tables), "rows": rows, "text_bytes": self.lines.size_bytes,
        } | ({"packed": "gzip"} if self.packed else {})  # fmt: skip
        records = [{"table": n, "rows": t.rows, "sha256": t.digest.hexdigest()[:16]} for n, t in self.tables.items()]
        return Rows(records, ("table", "rows", "sha256"), facts=facts)

    def judge_end(self) -> None:
        maker = self.maker
        if maker is None:
            raise FormatTrouble("format.empty")
        if self.gave_up:
            raise FormatTrouble("format.truncated", "the dump was given up by its maker because of errors", seen="ROLLBACK")
        what = (
            "the rows of a table" if self.copying is not None else "a statement" if self.inserting is not None or self.in_text
            else "a function or trigger" if self.until else ""
        )  # fmt: skip
        if what:
            raise FormatTrouble("format.truncated", f"the dump breaks off inside {what}")
        tail = [self.last[-1]] if self.last and maker.name == "sqlite" else self.last
        if not any(maker.ends.match(line) for line in tail):
            raise FormatTrouble("format.truncated", f"the dump breaks off: the end mark of {maker.name} is missing")

    def step(self, line: bytes) -> None:
        if self.copying is not None:
            if line in (b"\\.", b"\\.\r"):
                self.copying = None
            else:
                self.copying.rows += 1
                self.copying.digest.update(line + b"\n")
        elif self.inserting is not None:
            self.insert(line)
        elif self.until is not None:
            if self.until in line:
                self.until = None
        elif self.in_text:
            self.quoted(line)
        elif line and not line.isspace():
            self.last.append(line[:200])
            self.statement(line)

    def statement(self, line: bytes) -> None:
        """A line at the level of the dump itself."""
        assert self.maker is not None
        if line.startswith((b"--", b"/*", b"\\")):
            return
        if match := _INSERT.match(line):
            self.inserting = self.table(match[1])
            self.insert(line[match.end() :])
        elif match := _COPY.match(line):
            self.copying = self.table(match[1])
        elif match := _CREATE.match(line):
            self.table(match[1])
        elif self.maker.name == "mysqldump" and line.startswith(b"DELIMITER ") and not line.rstrip().endswith(b" ;"):
            self.until = b"DELIMITER ;"
        elif self.maker.name == "sqlite" and line.startswith(b"CREATE TRIGGER") and not line.rstrip().upper().endswith(b"END;"):
            self.until = b"END;"
        elif self.maker.name == "sqlite" and line.startswith(b"ROLLBACK;"):
            self.gave_up = True
        elif self.maker.name.startswith("pg_"):
            self.quoted(line)

    def quoted(self, line: bytes) -> None:
        """A line of another statement of PostgreSQL: texts of several lines in it, and bodies between dollars."""
        parts = line.split(b"'")
        outside = b" ".join(parts[1 if self.in_text else 0 :: 2])
        for match in _DOLLAR.finditer(outside):
            if outside.count(match[0]) % 2:
                self.until, self.in_text = match[0], False
                return
        if len(parts) % 2 == 0:
            self.in_text = not self.in_text

    def insert(self, line: bytes) -> None:
        """A line of an INSERT: rows are counted outside of texts, once the statement ends."""
        table = self.inserting
        assert table is not None and self.maker is not None
        table.digest.update(line + b"\n")
        plain = line.replace(b"\\\\", b"").replace(b"\\'", b"") if self.maker.escapes and b"\\" in line else line
        parts = plain.split(b"'")
        self.outside += parts[1 if self.in_text else 0 :: 2]
        if len(parts) % 2 == 0:
            self.in_text = not self.in_text
        self.outside_bytes += len(line)
        if self.outside_bytes > LONGEST_STATEMENT:
            raise FormatTrouble("format.too-large", f"a statement of the dump is longer than {LONGEST_STATEMENT:,} bytes")
        if not self.in_text and plain.rstrip().endswith(b";"):
            table.rows += 1 + len(_NEXT_ROW.findall(b"".join(self.outside)))
            self.inserting, self.outside, self.outside_bytes = None, [], 0

    def table(self, name: bytes) -> _Table:
        text = name.replace(b'"', b"").replace(b"`", b"").decode("utf-8", "replace")[:120]
        if text not in self.tables and len(self.tables) >= MOST_TABLES:
            raise FormatTrouble("format.too-large", f"the dump holds more than {MOST_TABLES:,} tables")
        return self.tables.setdefault(text, _Table())
