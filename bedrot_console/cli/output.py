"""The only writer of stdout. Stdout is data: JSON lines, tables, payload bytes. Outside text passes through `safe()`."""

from __future__ import annotations

import os
import sys

from ..domain.errors import FixityError
from ..domain.text import safe

TYPE_CHECKING = False  # typing itself is a third of what `--help` would load
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import IO, Any

    from .tables import Column


class OutputClosed(Exception):
    """Whoever read our stdout has gone. Commands that only read stop quietly; verbs finish their work (`keep_going`)."""


class Output:
    """Prints records or text.

    Args:
        json_lines: `--json` was given.
        color: colours are allowed; used only when stdout is a terminal.
        stream: a text stream; default stdout, which is None when the caller closed it.

    Attributes:
        keep_going: a closed or full stdout does not stop the work; `trouble` is what it was, for the exit code.
    """

    def __init__(self, *, json_lines: bool = False, color: bool = False, stream: IO[str] | None = None) -> None:
        self.stream = stream if stream is not None else sys.stdout
        self.json_lines = json_lines
        self.is_terminal = self.stream is not None and self.stream.isatty()
        self.color = color and self.is_terminal
        self.keep_going = False
        self.trouble: OSError | None = None
        reconfigure = getattr(self.stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")

    @property
    def width(self) -> int | None:
        """Columns of the terminal; None when stdout is not one, where nothing is cut."""
        if not self.is_terminal:
            return None
        import shutil

        return max(20, shutil.get_terminal_size().columns)

    def record(self, record: Mapping[str, Any]) -> None:
        """One JSON object on one line, at once: what is printed is durable, and a reader sees it now."""
        import json

        # ASCII only: escapes cannot be obeyed by a terminal, and every locale can carry them. DEL is the one that JSON leaves bare.
        text = json.dumps(record, ensure_ascii=True, default=plain, separators=(", ", ": ")).replace("\x7f", "\\u007f")
        self._write(text + "\n")
        self.flush()

    def line(self, text: str = "") -> None:
        """One line of text."""
        self._write(safe(text) + "\n")

    def page(self, text: str) -> None:
        """Our own text of several lines: help."""
        self._write(text.rstrip("\n") + "\n")

    def text(self, text: str, style: str = "") -> None:
        """Text of several lines; each outside value in it may be hostile."""
        self._write(self.styled(safe(text, newlines=True), style) + "\n")

    def table(self, columns: Sequence[Column], rows: Iterable[Sequence[object]], *, always: bool = False) -> int:
        """A table that fits the terminal; streams, so that a long one starts at once. Returns the number of rows.

        Args:
            always: print the header although there is no row.
        """
        from itertools import chain

        from .tables import lay_out

        source = iter(rows)
        first = next(source, None)
        if first is None and not always:
            return 0
        lines = 0
        for line in lay_out(columns, source if first is None else chain([first], source), self.width, self.styled):
            self._write(line + "\n")
            lines += 1
        return lines - 1

    def data(self, chunk: bytes) -> None:
        """Bytes as they are: payloads to a pipe, other formats."""
        if self.stream is None:
            self._failed(BrokenPipeError())
            return
        try:
            self.stream.flush()
            self.stream.buffer.write(chunk)
        except OSError as error:
            self._failed(error)

    def styled(self, text: str, style: str) -> str:
        """Our own text with a style word from STYLES, if this output has colours."""
        return f"\x1b[{STYLES[style]}m{text}\x1b[0m" if self.color and style in STYLES else text

    def flush(self) -> None:
        """Hand everything to the reader now."""
        if self.stream is not None and self.trouble is None:
            try:
                self.stream.flush()
            except OSError as error:
                self._failed(error)

    def _write(self, text: str) -> None:
        if self.stream is None:
            self._failed(BrokenPipeError())
            return
        if self.trouble is None:
            try:
                self.stream.write(text)
            except OSError as error:
                self._failed(error)

    def _failed(self, error: OSError) -> None:
        self.trouble = error
        silence(1)
        if not self.keep_going:
            raise self.complaint() from error

    def complaint(self) -> Exception:
        """What to raise for the trouble: OutputClosed when the reader left, FixityError when the bytes did not fit."""
        if isinstance(self.trouble, BrokenPipeError):
            return OutputClosed()
        assert self.trouble is not None
        return FixityError(f"the output could not be written: {self.trouble.strerror}", hint="look at where stdout goes")


STYLES = {"head": "1", "good": "32", "warn": "33", "bad": "31", "dim": "2", "note": "36"}
"""Style words and their codes: ANSI-16, so that every theme of a terminal has a readable answer."""

STATUS_STYLES = {
    "pending": "note", "passed": "good", "warned": "warn", "failed": "bad", "promoted": "good", "quarantined": "warn", "erased": "dim",
    "ok": "good", "warning": "warn", "fail": "bad", "attention": "warn", "trouble": "bad", "done": "good", "partial": "warn",
    "skipped": "dim", "error": "bad", "note": "dim", "running": "note", "waiting": "warn", "cancelled": "warn", "warn": "warn",
}  # fmt: skip


def silence(descriptor: int) -> None:
    """Point a broken descriptor at nowhere, so that the interpreter's last flush has nothing to complain about."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, descriptor)
    os.close(nowhere)


def plain(value: Any) -> Any:
    """Domain values as JSON values: times as RFC 3339 in UTC, days as ISO, everything else as its text."""
    from datetime import date, datetime

    if isinstance(value, datetime):
        from ..domain.files import format_time

        return format_time(value) if value.tzinfo else value.isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    if isinstance(value, (set, frozenset, tuple)):
        return sorted(value) if isinstance(value, (set, frozenset)) else list(value)
    return str(value)
