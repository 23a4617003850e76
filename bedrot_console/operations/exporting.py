"""export: an answer as a file for other programs. Whole or not there at all; nothing is replaced unasked; a spreadsheet runs nothing of it."""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from ..domain.errors import Cancelled, UsageError, disk_error
from .answers import WHOLE, Answer
from .workspace import Workspace

FORMATS = ("csv", "json", "parquet")
"""`json` is one object a line."""
TIME_SECONDS = 1800.0
_SUFFIXES = {".csv": "csv", ".json": "json", ".jsonl": "json", ".ndjson": "json", ".parquet": "parquet"}
_FORMULA = tuple("=+-@\t\r\n＝＋－＠")
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?(e[+-]?\d+)?", re.IGNORECASE)
_QUOTED = re.compile(r'[",;\r\n\t]|^\s|\s$')
"""What makes a field stand in quotes; `;` too, since a spreadsheet of some languages would split there and meet a formula."""

Rows = Iterable[Sequence[Sequence[Any]]]


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written. `notes` and `partial` are those of the answer."""

    path: Path
    rows: int
    size_bytes: int
    notes: tuple[str, ...] = ()
    partial: bool = False


def csv_line(row: Sequence[Any]) -> str:
    """One CSV line (RFC 4180) without its end. A text that a spreadsheet would run as a formula gets an apostrophe in front.

    An absent value is an empty field; an empty text is `""`.
    """
    return ",".join(map(_field, row))


def _field(value: Any) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        return str(value).lower() if isinstance(value, bool) else str(value)
    if value.startswith(_FORMULA) and not _NUMBER.fullmatch(value):
        value = "'" + value
    return '"' + value.replace('"', '""') + '"' if not value or _QUOTED.search(value) else value


def record(names: Sequence[str], row: Sequence[Any]) -> dict[str, Any]:
    """A row as one JSON object; what JSON has no number for (NaN, infinity) is text."""
    return dict(zip(names, (str(v) if isinstance(v, float) and v - v != 0 else v for v in row), strict=True))


def distinct(columns: Sequence[str]) -> list[str]:
    """Column names as keys: one that comes again gets a number."""
    seen: dict[str, int] = {}
    out = []
    for name in columns:
        seen[name] = seen.get(name, 0) + 1
        out.append(name if seen[name] == 1 else f"{name}_{seen[name]}")
    return out


def format_of(path: Path, wanted: str | None = None) -> str:
    """The format that is wanted, or that the name says. Raises UsageError when neither tells."""
    found = wanted or _SUFFIXES.get(path.suffix.lower())
    if found not in FORMATS:
        raise UsageError(f"the name does not say the format: {path.name}", hint="end it in .csv, .jsonl or .parquet")
    return found


def target(ws: Workspace, name: str, *, replace: bool = False) -> Path:
    """Where an export goes, if it may: not into the lake, not over a file unless `replace`. Relative names are of the current folder.

    Raises:
        UsageError: it may not.
    """
    path = Path(os.path.abspath(Path(name.strip()).expanduser()))
    inside = Path(os.path.realpath(path.parent))
    settings = ws.settings
    for kept in (settings.landing, settings.raw, settings.quarantine, settings.state):
        if inside.is_relative_to(os.path.realpath(kept)):
            raise UsageError("an export does not go into the lake's own folders", hint="choose another folder")
    if not inside.is_dir():
        raise UsageError(f"no such folder: {path.parent}", hint="make it, or choose another")
    if path == settings.catalog or path.is_dir() or path.is_symlink() or (path.exists() and not path.is_file()):
        raise UsageError(f"not a place for an export: {path.name}", hint="choose another name")
    if path.exists() and not replace:
        raise UsageError(f"there is a file already: {path.name}", hint="choose another name, or replace it: --force")
    return path


class Export:
    """One export under way. `rows` is how many are written; `cancel` stops it from any thread, and then there is no file."""

    def __init__(
        self, ws: Workspace, answer: Answer, path: Path, fmt: str, *, replace: bool = False, time_seconds: float = TIME_SECONDS
    ) -> None:
        """Costs nothing: `write` begins. A whole answer is written as it lies there; one that was cut is asked again, without limit."""
        self.ws = ws
        self.path = path
        self.fmt = fmt
        self.replace = replace
        self.rows = 0
        self._answer = answer
        self._time_seconds = time_seconds
        self._stopped = threading.Event()
        self._run: Any = None

    def cancel(self) -> None:
        self._stopped.set()
        if self._run is not None:
            self._run.cancel()

    def write(self, tell: Callable[[int], object] = lambda rows: None) -> Exported:
        """Write the file. Blocks; `tell` hears how many rows are written, after each batch.

        Raises:
            UsageError: the query failed, or the file came to be meanwhile.
            Cancelled: it was stopped.
            FixityError, DiskFull: it did not fit.
        """
        try:
            private = Path(
                tempfile.mkdtemp(prefix=".bedrot-export-", dir=self.path.parent)
            )  # 0700: nobody else can be there first
        except OSError as error:
            raise disk_error(error, f"cannot be exported: {self.path.name}") from error
        fresh = private / self.path.name
        try:
            columns, types, batches = self._source()
            self._fill(fresh, columns, types, self._counted(batches, tell))
            size = fresh.stat().st_size
            if self.replace:
                os.rename(fresh, self.path)
            else:
                _give_name(fresh, self.path)
        except FileExistsError as error:
            raise UsageError(f"there is a file already: {self.path.name}", hint="choose another name") from error
        except OSError as error:
            raise disk_error(error, f"cannot be exported: {self.path.name}") from error
        finally:
            shutil.rmtree(private, ignore_errors=True)
            if self._run is not None:
                self._run.close()
        asked = self._run or self._answer
        return Exported(self.path, self.rows, size, tuple(asked.notes), asked.partial)

    def _source(self) -> tuple[Sequence[str], Sequence[str], Rows]:
        from . import sql

        if self._answer.state == WHOLE:
            return self._answer.columns, self._answer.types, self._answer.batches()
        asked = self._answer
        self._run = sql.start(self.ws, asked.text, timeout_seconds=self._time_seconds, scope=asked.scope or None)
        self._run.open()
        return self._run.columns, self._run.types, self._run.batches()

    def _counted(self, batches: Rows, tell: Callable[[int], object]) -> Iterator[Sequence[Sequence[Any]]]:
        for batch in batches:
            if self._stopped.is_set():
                raise Cancelled("the export was stopped")
            yield batch
            self.rows += len(batch)
            tell(self.rows)

    def _fill(self, fresh: Path, columns: Sequence[str], types: Sequence[str], batches: Rows) -> None:
        if self.fmt == "parquet":
            from ..catalog.parquet import write_parquet

            write_parquet(batches, distinct(columns), types, fresh)
        else:
            with open(fresh, "xb") as file:
                write_rows(file, self.fmt, columns, batches)
        with open(fresh, "rb") as file:
            os.fchmod(file.fileno(), 0o600)
            os.fsync(file.fileno())


def _give_name(fresh: Path, path: Path) -> None:
    """Give a written file its name, which must be free. Raises FileExistsError."""
    try:
        os.link(fresh, path)
    except FileExistsError:
        raise
    except OSError:  # a file system without links: the name is taken first, then given to the file
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        os.rename(fresh, path)


def write_rows(file: IO[bytes], fmt: str, columns: Sequence[str], batches: Rows) -> None:
    """Rows as csv with a header, or as json, one object a line."""
    if fmt == "csv":
        file.write((csv_line(columns) + "\n").encode("utf-8", "replace"))
    names = distinct(columns)
    for batch in batches:
        if fmt == "csv":
            lines = [csv_line(row) for row in batch]
        else:
            lines = [json.dumps(record(names, row), ensure_ascii=True) for row in batch]
        file.write("".join(line + "\n" for line in lines).encode("utf-8", "replace"))
