"""The part of the made-up lake that SQL looks at: rows made of arithmetic behind a real answer, queries kept in memory."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from bedrot_console.domain.errors import BedrotError, Cancelled, QueryError, UsageError
from bedrot_console.operations.answers import Answer
from bedrot_console.operations.checks import CheckResult
from bedrot_console.operations.exporting import Export, format_of
from bedrot_console.operations.queries import SavedQuery, declared
from bedrot_console.resilience import SystemClock

EACH = 200


class FakeRun:
    """A query's process: `rows=N` gives N rows, `nothing` none; `slow` gives some and then waits until it is stopped."""

    def __init__(self, lake: Any, text: str) -> None:
        self.lake, self.text = lake, text
        self.columns, self.types, self.truncated = (
            ("id", "feed", "number", "gap"),
            ("VARCHAR", "VARCHAR", "BIGINT", "VARCHAR"),
            False,
        )
        self.notes, self.partial = (("left out raw/x.html: this is a sign-in page",), True) if "raw('" in text else ((), False)
        self.reading = (2, 5) if "raw('" in text else (0, 0)
        if "noid" in text:
            self.columns = ("name", *self.columns[1:])

    def open(self) -> FakeRun:
        if not self.text.lower().lstrip("- \n").startswith(("select", "check", "scope")):
            raise QueryError("one SELECT or EXPLAIN only", hint="bedrot sql --schema")
        if "nope" in self.text:
            at = self.text.index("nope")
            line = self.text[:at].count("\n") + 1
            raise QueryError("no column nope", hint="perhaps id", place=(line, at - (self.text.rfind("\n", 0, at) + 1) + 1))
        return self

    def lines(self) -> Iterator[tuple[int, bytes]]:
        wanted = re.search(r"rows=(\d+)", self.text)
        total = int(wanted[1]) if wanted else 0 if "nothing" in self.text else min(self.lake.size, 300)
        for start in range(0, total, EACH):
            rows = [self._row(n) for n in range(start, min(start + EACH, total))]
            yield len(rows), json.dumps(rows).encode()
        if "slow" in self.text:
            self.lake.sql_stopped.wait(10)
            raise Cancelled("the query was cancelled")

    def _row(self, number: int) -> list[Any]:
        row = self.lake._row(number)
        value: Any = self.lake.names[number] if number < len(self.lake.names) else row.feed
        value = value.encode("utf-8", "replace").decode() if isinstance(value, str) else value
        return [row.id, value, number, None if number % 2 else ""]

    def batches(self) -> Iterator[list[Any]]:
        return (json.loads(rows) for _, rows in self.lines())

    def cancel(self) -> None:
        self.lake.sql_stopped.set()

    def close(self) -> None:
        pass


class FakeInquiry:
    """Mixed into the made-up lake."""

    kept: dict[str, str]
    was_asked: list[str]

    def _queries(self) -> dict[str, str]:
        if "kept" not in self.__dict__:
            self.kept, self.was_asked = {}, []
        return self.kept

    def inquire(self, text: str) -> Answer:
        said = SavedQuery.of("query", text)
        folder = Path(tempfile.gettempdir())
        return Answer(lambda: FakeRun(self, text), folder, SystemClock(), text=text, check=said.check, scope=said.scope)  # type: ignore[arg-type,return-value]

    def words(self) -> Sequence[tuple[str, str]]:
        return [("length", "function"), ("range", "table function"), ("fdiv", "macro")]

    def resolve(self, names: Sequence[str]) -> list[Any]:
        out: list[Any] = []
        for name in names:
            try:
                out.append(self.find(name))  # type: ignore[attr-defined]
            except BedrotError as error:
                out.append(error)
        return out

    def saved(self) -> list[SavedQuery]:
        return [SavedQuery.of(n, t) for n, t in sorted(self._queries().items())]

    def save_query(self, name: str, text: str, *, replace: bool = False) -> SavedQuery:
        if " " in name:
            raise UsageError(f"not a name for a query: {name}")
        self._queries()[name] = text
        return SavedQuery.of(name, text)

    def remove_query(self, name: str) -> None:
        del self._queries()[name]

    def declared(self, text: str, check: str, scope: str) -> str:
        return declared(text, check=check, scope=scope if check else "")

    def run_checks(self, names: Sequence[str] = ()) -> Iterator[CheckResult]:
        for query in self.saved():
            if query.check and (not names or query.name in names):
                rows = 0 if "nothing" in query.text else 300
                outcome = "failed" if rows else "passed"
                yield CheckResult(name=query.name, severity=query.check, scope=query.scope, outcome=outcome, rows=rows)

    def past_queries(self) -> list[str]:
        self._queries()
        return list(self.was_asked)

    def remember(self, text: str) -> None:
        self._queries()
        self.was_asked.append(text)

    def export_target(self, name: str, *, replace: bool = False) -> tuple[Path, str]:
        path = Path(name)
        if path.exists() and not replace:
            raise UsageError(f"there is a file already: {path.name}")
        return path, format_of(path)

    def export(self, answer: Answer, path: Path, fmt: str, *, replace: bool = False) -> Export:
        return Export(None, answer, path, fmt, replace=replace)  # type: ignore[arg-type]

    def schema(self) -> Sequence[tuple[str, str, str]]:
        return [
            ("files", "id", "VARCHAR"),
            ("files", "feed", "VARCHAR"),
            ("runs", "id", "VARCHAR"),
            ("raw(feed)", "file_id", "VARCHAR"),
        ]

    def starters(self) -> Sequence[tuple[str, str]]:
        return [("newest", "select id, feed from files"), ("runs", "select * from runs")]
