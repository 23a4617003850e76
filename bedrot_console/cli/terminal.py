"""The operator's terminal, for prompts only: keys without echo, one prompt line, restored on every way out.

Opened as the controlling terminal, so that redirected streams do not matter. While it is held nothing typed is ever echoed, also when
it is typed before a prompt stands. What must be seen to answer (a QR code, a page) has a screen of its own, and leaves no trace in the
one before or in what can be scrolled back to.
"""

from __future__ import annotations

import codecs
import contextlib
import os
import select
import shutil
import signal
import termios
from collections.abc import Iterator, Sequence
from types import FrameType
from typing import Any

from ..domain.text import safe
from .tables import cut

ENDINGS = (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
BACKSPACES = ("\x7f", "\b")
KILL_LINE = "\x15"
END_OF_INPUT = "\x04"
OWN_SCREEN = "\x1b[?1049h\x1b[H\x1b[2J"
SCREEN_BEFORE = "\x1b[0m\x1b[H\x1b[2J\x1b[?1049l"


class Terminal:
    """Reads lines without echo beside other work: `poll` waits a moment and returns a line once one is complete."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self._buffer = ""
        self._decoder = codecs.getincrementaldecoder("utf-8")("ignore")
        self._drawn = ""
        self._saved: list[Any] | None = None
        self._painting = False
        self._hushed = False
        self.stopped = False

    @classmethod
    @contextlib.contextmanager
    def hold(cls) -> Iterator[Terminal | None]:
        """The terminal for a `with` block; None when there is none, or when this process is not in its foreground."""
        try:
            descriptor = os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)
        except OSError:
            yield None
            return
        try:
            if os.tcgetpgrp(descriptor) != os.getpgrp():
                yield None
                return
            terminal = cls(descriptor)
            before = {number: signal.signal(number, terminal._end) for number in ENDINGS}
            before[signal.SIGTSTP] = signal.signal(signal.SIGTSTP, terminal._stop)
            terminal._quiet()
            try:
                yield terminal
            finally:
                terminal.close_screen()
                terminal.draw("")
                terminal._restore()
                for number, handler in before.items():
                    signal.signal(number, handler)
        finally:
            os.close(descriptor)

    @staticmethod
    def present() -> bool:
        """Whether a person may sit at a terminal of this process."""
        try:
            os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC))
        except OSError:
            return False
        return True

    @property
    def size(self) -> tuple[int, int]:
        """Columns and rows."""
        try:
            found = os.get_terminal_size(self.descriptor)
        except OSError:
            found = os.terminal_size((0, 0))
        if found.columns > 0 and found.lines > 0:
            return found.columns, found.lines
        other = shutil.get_terminal_size()
        return other.columns, other.lines

    @property
    def paints(self) -> bool:
        """Whether the screen of its own is up."""
        return self._painting

    @property
    def line(self) -> str:
        """What is typed so far. To be shown only where it is no answer."""
        return self._buffer

    @property
    def typed(self) -> int:
        """How many characters of the line are typed so far."""
        return len(self._buffer)

    def forget(self) -> None:
        """Drop what was typed: it was meant for no prompt, or for another one."""
        self._buffer = ""
        with contextlib.suppress(termios.error):
            termios.tcflush(self.descriptor, termios.TCIFLUSH)

    def hush(self, on: bool = True) -> None:
        """The prompt into which somebody was typing a secret is gone: the rest of that line is shown nowhere and dropped at its Enter."""
        self.forget()
        self._hushed = on

    def poll(self, seconds: float, *, words: bool = False) -> str | None:
        """Wait up to `seconds` for keys; the line when Enter was pressed, else None.

        Args:
            words: it is a line of words: any blank character behind the first one (a Tab, a no-break space) is a blank. Elsewhere, as
                in what follows, characters that cannot be seen are dropped.

        Raises:
            EOFError: Ctrl-D on an empty line, or the terminal went away.
        """
        if not select.select([self.descriptor], [], [], seconds)[0]:
            return None
        try:
            chunk = os.read(self.descriptor, 4096)
        except OSError as error:
            raise EOFError from error
        if not chunk:
            raise EOFError
        text = self._decoder.decode(chunk)
        if text.startswith("\x1b"):
            return None
        for char in text:
            if char in "\r\n":
                line, self._buffer = self._buffer, ""
                hushed, self._hushed = self._hushed, False
                return None if hushed else line
            if char in BACKSPACES:
                self._buffer = self._buffer[:-1]
            elif char == KILL_LINE:
                self._buffer = ""
            elif char == END_OF_INPUT and not self._buffer:
                raise EOFError
            elif char.isprintable():
                self._buffer += char
            elif words and char.isspace() and " " not in self._buffer.lstrip():
                self._buffer += " "
        return None

    def draw(self, text: str) -> None:
        """Show `text` as the prompt line, over the one before; empty text wipes it."""
        if text and self._hushed:
            text = "it is over; what you are typing is dropped, press Enter: " + "*" * len(self._buffer)
        if text == self._drawn:
            return
        self._drawn = text
        columns, rows = self.size
        at = f"\x1b[{rows};1H" if self._painting else "\r"
        self._write(at + "\x1b[K" + cut(safe(text), max(10, columns - 1)))

    def open_screen(self) -> None:
        """Go to a screen of its own, empty, until `close_screen`. On a terminal that has none, what is painted is just written."""
        if not self._painting and os.environ.get("TERM", "dumb") not in ("", "dumb"):
            self.draw("")
            self._painting = True
            self._write(OWN_SCREEN)

    def close_screen(self) -> None:
        """Back to the screen before; nothing of what was painted stays."""
        if self._painting:
            self._write(SCREEN_BEFORE)
            self._painting = False
            self._drawn = ""

    def paint(self, lines: Sequence[str]) -> None:
        """Fill the screen but for its last line, which is the prompt's. Lines are ours: outside text in them went through `safe()`."""
        if not self._painting:
            self._write("\r" + "".join(f"{line}\r\n" for line in lines))
            return
        _, rows = self.size
        shown = [*lines, *[""] * rows][: rows - 1]
        self._write("".join(f"\x1b[{n};1H\x1b[0m\x1b[K{line}\x1b[0m" for n, line in enumerate(shown, 1)))
        self._drawn = "\0"  # unlike any prompt: the next one is drawn

    def _write(self, text: str) -> None:
        data = text.encode("utf-8", "replace")
        with contextlib.suppress(OSError):
            while data:
                data = data[os.write(self.descriptor, data) :]

    def _quiet(self) -> None:
        self._saved = termios.tcgetattr(self.descriptor)
        changed = termios.tcgetattr(self.descriptor)
        changed[3] &= ~(termios.ECHO | termios.ICANON)
        changed[6][termios.VMIN] = 1
        changed[6][termios.VTIME] = 0
        termios.tcsetattr(self.descriptor, termios.TCSADRAIN, changed)

    def _restore(self) -> None:
        if self._saved is not None:
            with contextlib.suppress(termios.error):
                termios.tcsetattr(self.descriptor, termios.TCSAFLUSH, self._saved)
            self._saved = None

    def _end(self, number: int, frame: FrameType | None) -> None:
        self.close_screen()
        self.draw("")
        self._restore()
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)

    def _stop(self, number: int, frame: FrameType | None) -> None:
        painting = self._painting
        self.close_screen()
        self._restore()
        signal.signal(signal.SIGTSTP, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGTSTP)
        signal.signal(signal.SIGTSTP, self._stop)
        self._quiet()
        if painting:
            self.open_screen()
        self.stopped = True


def read_secret(prompt: str) -> str:
    """One line from the operator without echo; from stdin when that is not a terminal. Without its line ending.

    Raises:
        UsageError: nothing was given.
    """
    import sys

    from ..domain.errors import UsageError

    line: str | None = None
    if sys.stdin is not None and not sys.stdin.isatty():
        line = sys.stdin.readline().rstrip("\r\n")
    else:
        with Terminal.hold() as terminal:
            if terminal is not None:
                try:
                    while line is None:
                        terminal.draw(prompt + "*" * terminal.typed)
                        line = terminal.poll(3600)
                except EOFError:
                    line = ""
    if not line:
        raise UsageError("nothing was given", hint="type it, or pipe it in: it is never an argument")
    return line
