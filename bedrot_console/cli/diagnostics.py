"""The only writer of stderr. Stderr is talk: errors as one sentence and what to do next, notices, progress, the crash notice."""

from __future__ import annotations

import sys

from ..domain.text import safe

TYPE_CHECKING = False  # typing itself is a third of what `--help` would load
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import IO, TypeVar

    from ..domain.errors import BedrotError

    T = TypeVar("T")

INTERNAL_ERROR = 70
INTERRUPTED = 130


class Diagnostics:
    """Talks to the operator.

    Args:
        quiet: only errors.
        stream: default stderr; None (closed by the caller) swallows everything.
    """

    def __init__(self, *, quiet: bool = False, stream: IO[str] | None = None) -> None:
        self.stream = stream if stream is not None else sys.stderr
        self.quiet = quiet
        self.is_terminal = self.stream is not None and self.stream.isatty()
        self._status = ""
        reconfigure = getattr(self.stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")

    def note(self, text: str) -> None:
        """One line that `--quiet` leaves out."""
        if not self.quiet:
            self._line(safe(text))

    def error(self, sentence: str, hint: str | None = None) -> None:
        """What went wrong and what to do next."""
        self._line(f"bedrot: {safe(sentence)}")
        if hint:
            self._line(f"next: {safe(hint)}")

    def failure(self, error: BedrotError) -> None:
        """A domain error."""
        self.error(str(error) or error.code, error.hint)

    def page(self, text: str) -> None:
        """Our own text of several lines: help where data would be wrong."""
        self._write(text.rstrip("\n") + "\n")

    def status(self, text: str) -> None:
        """A line that is written over by the next one; only on a terminal. Empty text wipes it."""
        if self.quiet or not self.is_terminal or text == self._status:
            return
        self._status = text
        if text:
            import shutil

            from .tables import cut

            text = cut(safe(text), max(10, shutil.get_terminal_size().columns - 1))
        self._write("\r\x1b[K" + text)

    def progress(self, label: str, total: int | None) -> Progress:
        """A bar around long work (a `with` block), only on a terminal; gone without a trace at the end."""
        return Progress(self, label, total)

    def tracked(self, label: str, items: Iterable[T], total: int | None = None) -> Iterator[T]:
        """`items`, with a progress bar around them."""
        with self.progress(label, total) as bar:
            for item in items:
                bar.step()
                yield item

    def _line(self, text: str) -> None:
        if self._status:
            self._write("\r\x1b[K")
            self._status = ""
        self._write(text + "\n")

    def _write(self, text: str) -> None:
        if self.stream is None:
            return
        try:
            self.stream.write(text)
            self.stream.flush()
        except OSError:
            self.stream = None


class Progress:
    """Counts; draws at most ten times a second, and nothing in the first half second."""

    def __init__(self, say: Diagnostics, label: str, total: int | None) -> None:
        self.say = say
        self.label = label
        self.total = total
        self.done = 0
        self._wanted = say.is_terminal and not say.quiet
        if self._wanted:
            from time import monotonic

            self._now = monotonic
            self._next = monotonic() + 0.5

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_: object) -> None:
        self.say.status("")

    def step(self, count: int = 1) -> None:
        """That many more are done."""
        self.done += count
        if not self._wanted or self._now() < self._next:
            return
        self._next = self._now() + 0.1
        if self.total:
            filled = min(24, 24 * self.done // self.total)
            self.say.status(f"{self.label} [{'#' * filled}{'.' * (24 - filled)}] {self.done:,} of {self.total:,}")
        else:
            self.say.status(f"{self.label} {self.done:,}")


def crash(say: Diagnostics, error: BaseException, home: str | None) -> None:
    """The notice for a fault of ours: what, where, and a file for the developer, without values: no locals, no exception text.

    An exception's text can quote a payload or a credential, so the file holds types, places and our own source lines only.
    """
    import os
    import tempfile
    import traceback
    from datetime import UTC, datetime

    lines = [f"bedrot {datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ} python {sys.version.split()[0]}\n"]
    chain: list[BaseException] = [error]
    while (cause := chain[-1].__cause__ or chain[-1].__context__) is not None and cause not in chain:
        chain.append(cause)
    for item in reversed(chain):
        lines += traceback.format_tb(item.__traceback__)
        lines.append(f"{type(item).__module__}.{type(item).__qualname__}\n\n")
    folder = os.path.join(home, ".bedrot") if home else ""
    where = "nowhere: no folder to write to"
    for base in (folder, tempfile.gettempdir()):
        if not base or not os.path.isdir(base):
            continue
        try:
            place = os.path.join(base, "crash") if base == folder else base
            os.makedirs(place, mode=0o700, exist_ok=True)
            handle, where = tempfile.mkstemp(prefix="crash-", suffix=".txt", dir=place)
            with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as file:
                file.writelines(lines)
            break
        except OSError:
            continue
    frames = traceback.extract_tb(error.__traceback__)
    spot = f" at {os.path.basename(frames[-1].filename)}:{frames[-1].lineno}" if frames else ""
    say.error(
        f"internal error: {type(error).__name__}{spot}; what was reported as done is done",
        f"give this file to a developer: {where}",
    )
