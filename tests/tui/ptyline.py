"""A program on a real pseudo-terminal: bytes out, keys in, and a strict reader of what a console may send to a terminal."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Sequence
from pathlib import Path

FAKE = [sys.executable, str(Path(__file__).parent / "fake_lake.py")]

_ALLOWED = re.compile(
    rb"""
      \x1b\[[0-9;]*m                                 # colours
    | \x1b\[[0-9;]*[HCKr]                            # cursor, erase to the line's end, scroll region
    | \x1b[DM]                                       # scroll by one
    | \x1b\[\?(?:1049|1000|1003|1015|1006|1016|25|1004|2004|7|2048|2026)[hl]
    | \x1b\[\?(?:2026|2048)\$p
    | \x1b\[>[0-9]+u | \x1b\[<u                      # keyboard protocol
    | \x1b\]52;c;[A-Za-z0-9+/=]*\x07                 # our own copy key
    | \x07                                           # the bell of a new challenge
    | \x1b_G[A-Za-z0-9=,-]+(?:;[A-Za-z0-9+/=]*)?\x1b\\ # a picture of ours, or the question whether there can be one
    | \x1bP0;1q[?-~#0-9;!$"-]*\x1b\\
    | \x1b\[16t | \x1b\[c
    | \r?\n
    """,
    re.VERBOSE,
)


_UNSEEN = re.compile(rb"\x1b\[[<>][0-9]*u|\x1b\[\?[0-9]+\$p|\x1b_G[^\x1b]*\x1b\\|\x1bP[^\x1b]*\x1b\\|\x1b\[16t|\x1b\[c")
"""What the screen that is kept beside does not know."""


class Line:
    """A child on a pseudo-terminal of the given size."""

    def __init__(self, command: Sequence[str], *, size: tuple[int, int] = (80, 24), env: dict[str, str] | None = None) -> None:
        self.master, slave = pty.openpty()
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
        self.before = termios.tcgetattr(slave)
        environ = {k: v for k, v in os.environ.items() if k not in ("COLORTERM", "NO_COLOR", "COLUMNS", "LINES")}
        environ |= {"TERM": "xterm-256color", "LANG": "C.UTF-8", **(env or {})}
        self.slave = slave
        self.process = subprocess.Popen(
            list(command), stdin=slave, stdout=slave, stderr=slave, env=environ, start_new_session=True, preexec_fn=_take_terminal
        )
        self.data = b""
        self._shown = None
        self._fed = 0

    def read(self, seconds: float = 0.05) -> bytes:
        """What arrives until nothing has for `seconds`."""
        got = b""
        while select.select([self.master], [], [], seconds)[0]:
            try:
                piece = os.read(self.master, 65536)
            except OSError:
                break
            if not piece:
                break
            got += piece
        self.data += got
        return got

    def until(self, text: str, *, gone: bool = False, timeout: float = 30.0) -> str:
        """Read until `text` stands on the screen, or no longer does; returns the screen. Raises TimeoutError with the screen."""
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            self.read(0.02)
            screen = self.screen()
            if (text in screen) is not gone:
                return screen
            if self.process.poll() is not None:
                self.read(0.1)
                screen = self.screen()
                if (text in screen) is not gone:
                    return screen
                break
        raise TimeoutError(f"{text!r} did not come:\n{self.screen()}")

    def send(self, keys: str) -> None:
        os.write(self.master, keys.encode())

    def screen(self) -> str:
        """The screen as a terminal shows the bytes so far."""
        import pyte

        if self._shown is None or self._fed > len(self.data):
            rows, columns = struct.unpack("HHHH", fcntl.ioctl(self.master, termios.TIOCGWINSZ, b"\0" * 8))[:2]
            screen = pyte.Screen(columns, rows)
            self._shown, self._fed = (screen, pyte.ByteStream(screen)), 0
        fresh = _UNSEEN.sub(b"", self.data[self._fed :])
        self._shown[1].feed(fresh)
        self._fed = len(self.data)
        return "\n".join(line.rstrip() for line in self._shown[0].display)

    def signal(self, number: int) -> None:
        self.process.send_signal(number)

    def wait(self, timeout: float = 10.0) -> int:
        """The exit code; reads meanwhile, so that the child never waits for the terminal."""
        end = time.monotonic() + timeout
        while self.process.poll() is None and time.monotonic() < end:
            self.read(0.02)
        self.read(0.05)
        return self.process.wait(0.1)

    def healthy(self) -> bool:
        """Whether the terminal is as it was found: same modes, main screen, cursor shown, no mouse, no scroll region left."""
        last: dict[bytes, bytes] = {}
        for mode, state in re.findall(rb"\x1b\[\?(\d+)([hl])", self.data):
            last[mode] = state
        good = {b"1049": b"l", b"25": b"h", b"1000": b"l", b"1003": b"l", b"2004": b"l", b"7": b"h"}
        return all(last.get(m) == s for m, s in good.items()) and termios.tcgetattr(self.slave)[:4] == self.before[:4]

    def hang_up(self) -> None:
        """The line drops: the terminal is closed under the child."""
        os.close(self.slave)
        os.close(self.master)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
        for fd in (self.master, self.slave):
            try:
                os.close(fd)
            except OSError:
                pass


def _take_terminal() -> None:
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def foreign(data: bytes) -> list[bytes]:
    """Control bytes and sequences that the console has no business to send; C1 and bidi controls count as such."""
    rest = _ALLOWED.sub(b"", data)
    found = re.findall(rb"[\x00-\x1f\x7f][^\x1b]{0,20}", rest)
    text = rest.decode("utf-8", "surrogateescape")
    found += [c.encode("utf-8", "surrogateescape") for c in text if 0x80 <= ord(c) < 0xA0 or ord(c) in range(0x200B, 0x2010)]
    found += [
        c.encode("utf-8", "surrogateescape") for c in text if ord(c) in range(0x202A, 0x202F) or ord(c) in range(0x2060, 0x2070)
    ]
    return found
