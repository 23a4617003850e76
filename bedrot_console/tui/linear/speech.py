"""The two ends of the linear console: lines in, lines out. Nothing that a terminal obeys goes out; codes are read without echo."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TextIO

from ...domain.text import safe


class Left(Exception):
    """The input has ended."""


class Speech:
    """Reads and writes lines. Says its prompt only where a person sits at a terminal."""

    def __init__(self, source: TextIO, out: TextIO) -> None:
        self.source = source
        self.out = out
        self.attended = source.isatty()
        reconfigure = getattr(out, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")

    def say(self, *lines: str) -> None:
        """Lines; each is made safe here, again where it was before."""
        self.out.write("".join(safe(line) + "\n" for line in lines))
        self.out.flush()

    def all(self, lines: Iterable[str]) -> None:
        self.say(*lines)

    def ask(self, prompt: str) -> str:
        """One line. Raises Left at the end of the input."""
        if self.attended:
            self.out.write(safe(prompt) + " ")
            self.out.flush()
        line = self.source.readline()
        if not line:
            raise Left
        return line.rstrip("\r\n")

    def ask_hidden(self, prompt: str) -> str:
        """One line that is not echoed; from a pipe simply the next one. Raises Left at the end of the input."""
        if not self.attended:
            return self.ask(prompt)
        import getpass

        try:
            return getpass.getpass(safe(prompt) + " ")
        except EOFError:
            raise Left from None
