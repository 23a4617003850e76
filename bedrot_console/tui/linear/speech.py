"""The two ends of the linear console: lines in, lines out. Nothing that a terminal obeys goes out; codes are read without echo."""

from __future__ import annotations

import os
import textwrap
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

    def say(self, *lines: str, whole: bool = False) -> None:
        """Lines; each is made safe here, again where it was before. At a terminal they end at the ends of words, but for `whole` ones."""
        width = 0 if whole else self.width
        self.out.write("".join(_wrapped(safe(line), width) + "\n" for line in lines))
        self.out.flush()

    @property
    def width(self) -> int:
        """Columns of the terminal; 0 where lines go to no terminal, or it says none."""
        if not self.attended:
            return 0
        try:
            return os.get_terminal_size(self.out.fileno()).columns
        except (OSError, ValueError):
            return 0

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


def _wrapped(line: str, width: int) -> str:
    """The line over several where it is longer than `width`; no word is split, and none of them begins like a numbered row."""
    if not width or len(line) < width:
        return line
    how = textwrap.TextWrapper(width - 1, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)
    how.replace_whitespace = how.expand_tabs = False
    return how.fill(line)
