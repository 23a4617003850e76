"""What a capture says, freed from how it says it: `Rows` (JSON, HTML) and `Table` (CSV, TSV); and why a capture cannot be read.

For extractors: `parse(payload: bytes) -> Rows` makes a `Rows`; table feeds need no `parse`, they get a `Table`.
Both satisfy `domain.feeds.Content`: `columns`, `document`, `rows()`, and here also `len(content)`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from operator import itemgetter
from typing import Any, BinaryIO

from bedrot_console.domain.findings import Finding, Place

TROUBLES: dict[str, str] = {
    "format.empty": "the file holds nothing",
    "format.truncated": "the file ends too early",
    "format.not-json": "this is not JSON",
    "format.not-html": "this is not HTML",
    "format.not-text": "this is not text",
    "format.not-a-table": "this is not the table that the feed declares",
    "format.too-deep": "the content is nested too deeply",
    "format.too-large": "the content is larger than the reader's limit",
    "format.number-too-large": "a number is too large to be one",
    "format.not-a-number": "NaN or Infinity stands where a number is due",
    "format.duplicate-keys": "an object holds the same key twice",
    "format.encoding": "the text is not in an encoding that the feed declares",
    "format.unknown-shape": "the content does not have the shape that the feed declares",
    "format.archive": "the archive is damaged, unsafe or unreasonable",
    "format.sign-in-page": "this is a sign-in page",
    "format.challenge-page": "this is a challenge page",
    "format.error-page": "this is an error page",
    "format.error-body": "this is an error message of the platform",
    "format.html-instead": "this is an HTML page",
    "format.wrong-feed": "this is the content of another feed",
    "format.not-recognised": "the feed does not recognise this content as its own",
    "format.unreadable": "the reader gave up",
}
"""The closed list of reasons why a payload cannot be read, in the order of this table in the docs. Codes never change."""


class FormatTrouble(ValueError):
    """A payload cannot be read. `parse` functions raise it (or a plain ValueError, which becomes `format.unknown-shape`).

    Args:
        code: one of TROUBLES.
        sentence: ours, without any raw line of the file; default: the text of TROUBLES.
    """

    def __init__(
        self,
        code: str,
        sentence: str | None = None,
        *,
        place: Place = Place(),
        expected: str | None = None,
        seen: str | None = None,
    ) -> None:
        if code not in TROUBLES:
            raise KeyError(code)
        super().__init__(sentence or TROUBLES[code])
        self.code, self.place, self.expected, self.seen = code, place, expected, seen

    @property
    def sentence(self) -> str:
        return str(self)


class Rows:
    """Rows in memory: what JSON and HTML feeds become.

    Args:
        records: one dict per row, in file order, of plain values (`int`, `str`, `Decimal`, `date`, `bool`, None, and what JSON nests).
        columns: in order; default: the keys of the rows in order of appearance.
        document: the parsed JSON value, or the HTML text, for checks that need more than rows.
        base: JSON pointer of the list inside the document (`""`, `"/data"`); row `i` then lies at `f"{base}/{i}"`.
            None: the rows lie nowhere in particular (HTML); findings then name `/i` of the extracted list.
        findings: what `parse` noticed and wants reported (a repaired trailing comma); their stage is `format` if empty.
        facts: small JSON values that go into `Report.facts` beside the standard ones.
    """

    __slots__ = ("records", "_columns", "document", "base", "findings", "facts", "memo")

    def __init__(
        self,
        records: Sequence[dict[str, Any]],
        columns: Sequence[str] | None = None,
        *,
        document: Any = None,
        base: str | None = None,
        findings: Iterable[Finding] = (),
        facts: Mapping[str, Any] | None = None,
    ) -> None:
        self.records = records if isinstance(records, list) else list(records)
        self._columns = tuple(columns) if columns is not None else None
        self.document = document
        self.base = base
        self.findings = tuple(findings)
        self.facts = dict(facts or {})
        self.memo: dict[Any, Any] = {}

    @property
    def columns(self) -> tuple[str, ...]:
        if self._columns is None:
            self._columns = tuple(dict.fromkeys(chain.from_iterable(self.records)))
        return self._columns

    def column(self, name: str) -> list[Any]:
        """The values of one column down the rows; None where a row lacks it. Gathered once: do not change it."""
        found = self.memo.get(("column", name))
        if found is None:
            try:
                found = list(map(itemgetter(name), self.records))
            except KeyError:
                found = [record.get(name) for record in self.records]
            self.memo["column", name] = found
        return found

    def rows(self) -> Iterator[dict[str, Any]]:
        return iter(self.records)

    def __len__(self) -> int:
        return len(self.records)

    def pointer(self, index: int, column: str | None = None) -> str:
        """JSON pointer of row `index` (0-based), or of one of its cells."""
        tail = "" if column is None else "/" + column.replace("~", "~0").replace("/", "~1")
        return f"{self.base or ''}/{index}{tail}"

    def place(self, index: int, column: str | None = None) -> Place:
        """Where row `index` (0-based) is, as findings name it."""
        return Place(pointer=self.pointer(index, column))

    def close(self) -> None:
        """Nothing to give back; tables have."""


@dataclass(frozen=True, slots=True)
class Reject:
    """One cell or row that the reader refused. `row` is 1-based, the header is row 1. `kind` is one of
    `type`, `short`, `long`, `quote`, `encoding`, `length`. `expected` is the declared type or width, `seen` the found width."""

    row: int
    column: str | None
    kind: str
    expected: str | None = None
    seen: str | None = None


class Table:
    """A CSV or TSV behind an in-memory DuckDB relation named `data`, with the feed's own column names and declared types.

    Rows that could not be read as declared are in `rejects` and are absent from `data`. Blank cells are None.

    Attributes:
        columns: canonical names (first name of each `Column`), unknown ones under their own header, in file order.
        header: the header cells as in the file.
        types: canonical name -> DuckDB type.
        unknown: header cells that the feed does not declare (drift).
        missing: canonical names of required columns that the header lacks.
        absent: canonical names of declared columns, required or not, that the header lacks.
        encoding, delimiter: as detected. notes: how the file differs from the plain form (`cr-only`, `zip`, `utf-16` …).
        line_count: data rows, with the rejected ones.
        final_newline: whether the payload ends with a line end.
        document: None.
    """

    document = None

    def __init__(
        self,
        *,
        cursor: Any,
        columns: Sequence[str],
        header: Sequence[str],
        types: Mapping[str, str],
        unknown: Sequence[str],
        missing: Sequence[str],
        absent: Sequence[str],
        encoding: str,
        delimiter: str,
        notes: Sequence[str],
        rejects: Sequence[Reject],
        reject_count: int,
        row_count: int,
        final_newline: bool,
        facts: Mapping[str, Any],
        held: Sequence[BinaryIO] = (),
    ) -> None:
        self.cursor = cursor
        self.columns, self.header, self.types = tuple(columns), tuple(header), dict(types)
        self.unknown, self.missing, self.absent = tuple(unknown), tuple(missing), tuple(absent)
        self.encoding, self.delimiter, self.notes = encoding, delimiter, tuple(notes)
        self.rejects, self.reject_count = tuple(rejects), reject_count
        self.row_count, self.final_newline = row_count, final_newline
        self.facts = dict(facts)
        self.findings: tuple[Finding, ...] = ()
        self._held = tuple(held)

    @property
    def line_count(self) -> int:
        return self.row_count + len({r.row for r in self.rejects})

    def query(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Rows of one SELECT over `data`. Column names need double quotes where they hold spaces: `sum("Earnings (USD)")`.

        `numbered` is the same relation with `row_number` in front (the row in the file: the header is row 1; exact when
        nothing was rejected before it). Large files are scanned anew by each query: ask once, with aggregates.
        """
        return self.cursor.execute(sql, list(parameters)).fetchall()

    def rows(self) -> Iterator[dict[str, Any]]:
        """All rows as dicts, in file order; streamed. Do not `query` before the last one is drawn."""
        names = self.columns
        result = self.cursor.execute("SELECT * FROM data")
        while batch := result.fetchmany(4096):
            for values in batch:
                yield dict(zip(names, values, strict=True))

    def __len__(self) -> int:
        return self.row_count

    def place(self, index: int, column: str | None = None) -> Place:
        """Where row `index` (0-based, of `data`) is, as findings name it."""
        return Place(row=index + 2, column=column)

    def close(self) -> None:
        """Give back the relation and the temporary file behind it."""
        self.cursor.close()
        for file in self._held:
            file.close()
