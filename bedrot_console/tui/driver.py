"""The terminal, held so that losing it is no accident: a closed line, a hang-up or a termination leaves it healthy and the program calm."""

from __future__ import annotations

import fcntl
import os
import struct
import termios
from collections.abc import Callable, Iterable
from typing import IO, TYPE_CHECKING

from textual._xterm_parser import XTermParser
from textual.drivers import linux_driver
from textual.drivers.linux_driver import LinuxDriver
from textual.message import Message

from .pictures import Ability, Ear, question, sound_cell
from .watchman import LEFT, MAIN_SCREEN, Watchman

if TYPE_CHECKING:
    from textual.app import App


WATCH_AFTER_SECONDS = 0.3


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


class Listener(XTermParser):
    """Textual's reader of keys. While the terminal is asked about itself, what it says is no key."""

    ear: Ear | None = None
    heard: Callable[[Ability], object] | None = None

    def feed(self, data: str) -> Iterable[Message]:
        ear = Listener.ear
        if ear is None or not data:
            return super().feed(data)
        asked = ear.ability is None
        keys = ear.take(data)
        if asked and ear.ability is not None and Listener.heard is not None:
            Listener.heard(ear.ability)
        return super().feed(keys) if keys else ()


linux_driver.XTermParser = Listener  # type: ignore[misc]  # the driver names no other way to have its own reader


class ConsoleDriver(LinuxDriver):
    """Textual's driver with a line that may die, and a painter that forgets what the screen showed whenever it is taken anew."""

    def __init__(self, app: App[object], *, debug: bool = False, mouse: bool = True, size: tuple[int, int] | None = None) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        self._file = Line(self._file)  # type: ignore[assignment]
        self._watchman: Watchman | None = None
        self._taken = False

    def start_application_mode(self) -> None:
        self._app.painter.reset()  # type: ignore[attr-defined]
        again = self._writer_thread is not None
        super().start_application_mode()
        self._taken = True
        if again:
            self._app.call_later(self._app.do_redraw)  # type: ignore[attr-defined]
        self._app.set_timer(WATCH_AFTER_SECONDS, self._watch)

    def _watch(self) -> None:
        """Have the terminal watched, once the first frame has been sent."""
        if self._watchman is None and self._taken and self.alive:
            self._watchman = Watchman(self.fileno, self.attrs_before)

    def write(self, data: str) -> None:
        """Send; but no mouse pointer shapes (OSC 22): plain terminals print them. The screen is wiped before it is left."""
        if not data.startswith("\x1b]22;"):
            super().write(LEFT if data == MAIN_SCREEN and self._taken else data)

    def stop_application_mode(self) -> None:
        self.write(self._app.painter.forget_picture())  # type: ignore[attr-defined]
        super().stop_application_mode()
        self._taken = False
        if self._watchman is not None:
            self._watchman, watchman = None, self._watchman
            watchman.dismiss()

    def ask(self, wanted: str | None, heard: Callable[[Ability], object]) -> None:
        """Ask the terminal how it draws pictures; `heard` is called in the thread of the keys, once, if it answers. A second ask is none.

        Args:
            wanted: the way to draw that the settings ask for; the terminal is then asked for the size of its cells only.
        """
        if Listener.ear is None:
            Listener.heard = heard
            Listener.ear = Ear(wanted, self._cell())
            self.write(question(wanted, "" if "TMUX" in os.environ or "STY" in os.environ else os.environ.get("TERM", "")))

    def _cell(self) -> tuple[int, int] | None:
        """The pixels of a cell, as far as the line knows them."""
        try:
            rows, columns, width, height = struct.unpack("HHHH", fcntl.ioctl(self.fileno, termios.TIOCGWINSZ, b"\0" * 8))
        except OSError:
            return None
        return sound_cell(width // columns, height // rows) if rows and columns else None

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
