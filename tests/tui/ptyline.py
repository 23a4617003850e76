"""A program on a real pseudo-terminal: bytes out, keys in. `sequences` reads what a console may send."""

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
from typing import Any

from sequences import foreign

__all__ = ["FAKE", "Line", "foreign"]

FAKE = [sys.executable, str(Path(__file__).parent / "fake_lake.py")]

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
        self.emulator: type[Any] | None = None
        self._shown: tuple[Any, Any] | None = None
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

    def forget(self) -> None:
        """Begin anew: what was read so far is no part of the data or the screen."""
        self.data, self._shown = b"", None

    def send(self, keys: str) -> None:
        os.write(self.master, keys.encode())

    def screen(self) -> str:
        """The screen as a terminal shows the bytes so far."""
        import pyte

        if self._shown is None or self._fed > len(self.data):
            rows, columns = struct.unpack("HHHH", fcntl.ioctl(self.master, termios.TIOCGWINSZ, b"\0" * 8))[:2]
            screen = (self.emulator or pyte.Screen)(columns, rows)
            self._shown, self._fed = (screen, pyte.ByteStream(screen)), 0
        fresh = _UNSEEN.sub(b"", self.data[self._fed :])
        self._shown[1].feed(fresh)
        self._fed = len(self.data)
        shown = self._shown[0]  # not its `display`: amid a frame, half of a wide character may be written over
        rows = ("".join(shown.buffer[y][x].data for x in range(shown.columns)) for y in range(shown.lines))
        return "\n".join(row.rstrip() for row in rows)

    @property
    def shown(self) -> Any:
        """The emulated screen itself, as the last `screen()` left it."""
        assert self._shown is not None
        return self._shown[0]

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
