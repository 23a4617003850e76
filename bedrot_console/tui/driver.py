"""The terminal, held so that losing it is no accident: a closed line, a hang-up or a termination leaves it healthy and the program calm."""

from __future__ import annotations

import termios
from typing import IO, TYPE_CHECKING

from textual.drivers.linux_driver import LinuxDriver

if TYPE_CHECKING:
    from textual.app import App


class Line:
    """The terminal as a file whose end is not an error: once a write fails, the rest is dropped."""

    def __init__(self, file: IO[str]) -> None:
        self.file = file
        self.dead = False
        self.written = 0

    def write(self, text: str) -> None:
        if self.dead:
            return
        try:
            self.file.write(text)
        except (OSError, ValueError):
            self.dead = True

    def flush(self) -> None:
        if self.dead:
            return
        try:
            self.file.flush()
        except (OSError, ValueError):
            self.dead = True

    def fileno(self) -> int:
        return self.file.fileno()

    def isatty(self) -> bool:
        return not self.dead and self.file.isatty()


class ConsoleDriver(LinuxDriver):
    """Textual's driver with a line that may die, and a painter that forgets what the screen showed whenever it is taken anew."""

    def __init__(self, app: App[object], *, debug: bool = False, mouse: bool = True, size: tuple[int, int] | None = None) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        self._file = Line(self._file)  # type: ignore[assignment]

    def start_application_mode(self) -> None:
        self._app.painter.reset()  # type: ignore[attr-defined]
        again = self._writer_thread is not None
        super().start_application_mode()
        if again:
            self._app.call_later(self._app.do_redraw)  # type: ignore[attr-defined]

    def write(self, data: str) -> None:
        """Send; but no mouse pointer shapes (OSC 22): plain terminals print them."""
        if not data.startswith("\x1b]22;"):
            super().write(data)

    @property
    def alive(self) -> bool:
        """Whether the terminal is still there."""
        try:
            termios.tcgetattr(self.fileno)
        except (termios.error, OSError):
            return False
        return not self._file.dead  # type: ignore[attr-defined]

    def _run_input_thread(self) -> None:
        """Read keys until told to stop; a line that ended ends the console, quietly."""
        try:
            self.run_input_thread()
        except OSError:
            self._app.call_later(self._app.hang_up)  # type: ignore[attr-defined]
