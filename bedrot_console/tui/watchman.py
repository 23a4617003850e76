"""A watchman over the terminal: should the console be killed outright, somebody has to leave the terminal as it was found.

A shell of the system, out of reach of the terminal's signals, waits at a pipe. A console that leaves by itself says so; one that was
killed falls silent, and the watchman restores the modes. It knows nothing but the terminal.
"""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from typing import Any

MAIN_SCREEN = "\x1b[?1049l"
LEFT = "\x1b[r\x1b[m\x1b[H\x1b[J" + MAIN_SCREEN
"""Wiped, then left: GNU screen as it comes and Linux' own console have no alternate screen, and would keep the last frame below the shell."""
RESTORE = (
    "\x1b[?2004l\x1b[?7h\x1b[?1000l\x1b[?1003l\x1b[?1015l\x1b[?1006l\x1b[?1016l\x1b[?1004l\x1b[?2026l\x1b[<u" + LEFT + "\x1b[?25h"
)
"""What a console that leaves by itself sends, and a full scroll region and plain letters besides."""
_SCRIPT = """read -r word || { printf %s "$1"; stty "$2" <&1 || stty sane <&1; }"""


class Watchman:
    """Watches from its making until `dismiss`. A system without a shell has none: then nothing is watched."""

    def __init__(self, terminal: int, attributes: Sequence[Any] | None) -> None:
        """`attributes` are those to restore, as `termios.tcgetattr` gives them."""
        self._process: subprocess.Popen[bytes] | None = None
        try:
            self._process = subprocess.Popen(
                ["/bin/sh", "-c", _SCRIPT, "watchman", RESTORE, _spelled(attributes)], stdin=subprocess.PIPE, stdout=terminal,
                stderr=subprocess.DEVNULL, start_new_session=True, cwd="/",
            )  # fmt: skip
        except OSError:
            pass

    def dismiss(self) -> None:
        """The terminal is in good hands again."""
        process, self._process = self._process, None
        if process is None:
            return
        try:
            process.communicate(b"dismissed\n", timeout=2.0)
        except (OSError, subprocess.TimeoutExpired):
            process.kill()
            process.wait()


def _spelled(attributes: Sequence[Any] | None) -> str:
    """Terminal attributes as `stty` reads them: four words of flags and the control characters, in hexadecimal."""
    if attributes is None:
        return "sane"
    characters = (c if isinstance(c, int) else c[0] for c in attributes[6])
    return ":".join(f"{n:x}" for n in (*attributes[:4], *characters))
