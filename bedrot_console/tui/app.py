"""The console: one screen with its places, one header, one prompt, one line of notices. Everything slow happens in workers."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import sys
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from textual import constants, events
from textual.app import App, ComposeResult, SystemCommand
from textual.containers import Container
from textual.screen import Screen

from ..domain.errors import READ_ONLY, UsageError
from . import drop_debugging_switches
from .asking import Asking
from .backend import Backend, OperationsBackend
from .collecting import rarely
from .commands import Commanding, ConsoleCommands
from .crash import INTERNAL, CrashScreen
from .deciding import Deciding
from .errands import Errands
from .fetch import DaemonExecutor, Fetcher
from .keys import EVERYWHERE, bindings
from .leaving import leave
from .messages import Failed, Notice
from .moving import Moving
from .painted import Painted
from .painter import Painter
from .palette import Palette
from .places import PLACES
from .pulse import Beating
from .remembering import Remembering
from .screens.files import FilesView
from .screens.view import View
from .typeahead import TypeAhead
from .undoing import OwnDecisions
from .widgets.commandline import CommandLine
from .widgets.header import Header
from .widgets.keybar import KeyBar, NoticeLine
from .widgets.prompt import PromptBar

if TYPE_CHECKING:
    from ..operations.workspace import Workspace

INTERRUPTED = 130
SMALLEST = (80, 22)
"""Columns and rows at which all that matters is on the screen: 80x24 less the line of a tmux and that of a screen."""


class Console(
    TypeAhead, Moving, Commanding, Remembering, Errands, Deciding, Beating, Asking, Painted, CrashScreen, Fetcher, App[int]
):
    """The application. `backend` is all it knows of the lake."""

    TITLE = "bedrot"
    COMMANDS = {ConsoleCommands}
    BINDINGS = [*bindings(EVERYWHERE), ("ctrl+c", "how_to_quit", "")]
    AUTO_FOCUS = None
    ALLOW_SELECT = False
    ESCAPE_TO_MINIMIZE = False
    CSS = """
    #places { height: 1fr; }
    #foot { height: auto; dock: bottom; }
    """

    def __init__(self, backend: Backend, *, pulse_seconds: float = 1.0, memory: Mapping[str, Any] | None = None) -> None:
        no_color = "NO_COLOR" in os.environ
        super().__init__(ansi_color=True if no_color else None)
        self.backend = backend
        self.painter = Painter()
        self.place = "files"
        self.own_runs: set[str] = set()
        self.decided = OwnDecisions()
        self.challenges = []
        self.handed = set()
        self.needs = []
        self.statuses: dict[str, int] | None = None
        self.platform_names: list[str] = []
        self.pulse_seconds = pulse_seconds
        self.interrupted = False
        self._views: dict[str, View] = {}
        self.arriving: View | None = None
        self._frozen = False
        self._small = False
        self.memory = memory or {}
        self.own_theme = "ansi-dark" if no_color or not _truecolour() else "textual-dark"
        self.theme = self.own_theme
        self.restore_theme()
        self.stylesheet.set_variables(self.get_css_variables())
        self._read_with: str | None = self.theme
        self._disable_tooltips = self._disable_notifications = True  # a notice has its line
        self.palette = Palette(self)

    offered_themes = ("ansi-dark", "ansi-light", "textual-dark", "textual-light", "nord", "gruvbox", "solarized-light")

    # building

    def compose(self) -> ComposeResult:
        yield Header()
        with Container(id="places"):
            files = FilesView()
            self.restore_view(files)
            yield files
        with Container(id="foot"):
            yield CommandLine(self._command, self._leave_command, self.known)
            yield PromptBar(id="prompt")
            yield NoticeLine()
            yield KeyBar()

    def on_load(self) -> None:
        asyncio.get_running_loop().set_default_executor(DaemonExecutor())

    def on_mount(self) -> None:
        self.animation_level = "none"
        header = self.query_one(Header)
        header.read_only = self.backend.read_only
        header.home = self.backend.home
        self._views["files"] = self.query_one(FilesView)
        self.theme_changed_signal.subscribe(self, self._theme_changed)
        self.palette = Palette(self)
        self.show_place("files")
        self.restore_rest()
        if not self.is_headless:
            loop = asyncio.get_running_loop()
            for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
                loop.add_signal_handler(number, self.hang_up)
        self.set_interval(self.pulse_seconds, self.beat)

    def refresh_css(self, animate: bool = True) -> None:
        """Textual's own, but the theme chosen before anything was read is no reason to read it all again."""
        if self._read_with == self.theme:
            self._read_with = None
            self.stylesheet.update(self, animate=animate)
            return
        self._read_with = None
        super().refresh_css(animate=animate)

    def get_default_screen(self) -> Screen[Any]:
        from .ground import Ground

        return Ground(id="_default")

    def get_driver_class(self) -> Any:
        from .driver import ConsoleDriver

        return ConsoleDriver

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """None of Textual's own: among them is a screenshot."""
        return ()

    def _theme_changed(self, theme: object) -> None:
        self.palette = Palette(self)
        for widget in self.query("*"):
            if hasattr(widget, "_strips"):
                widget._strips.clear()
            widget.refresh()

    def first_rows(self) -> None:
        """The first page is on the screen: from now on the collector looks at new objects only, and rarely."""
        if not self._frozen:
            self._frozen = True
            self.call_after_refresh(self._freeze)

    def _freeze(self) -> None:
        if self.is_headless:
            return
        gc.freeze()  # without a collection before: that would hold the first keys for longer than what it finds is worth
        self.beat()

    # keys of everywhere

    def why_not(self, action: str) -> str | None:
        """Why an action of everywhere cannot be done now."""
        if action == "answer" and not self.challenges:
            return "no platform asks anything now"
        if action == "undo" and self.backend.read_only:
            return READ_ONLY
        return None

    def action_act(self, action: str) -> None:
        reason = self.why_not(action)
        if reason:
            self.notice(f"{action}: {reason}", "warning")
            return
        place = action.removeprefix("view_")
        if place in PLACES:
            self.show_place(place)
        else:
            getattr(self, f"do_{action}")()

    def do_help(self) -> None:
        self.show_help()

    def show_help(self, words: str = "") -> None:
        """The help; with words, the lines that hold them."""
        from .modals.help import HelpModal

        def reason(where: str, action: str) -> str | None:
            if where == EVERYWHERE:
                return self.why_not(action)
            return self.current_view.why_not(action) if where == self.place else None

        self.push_screen(HelpModal(self.place, words, reason))

    def do_palette(self) -> None:
        self.action_command_palette()

    def do_redraw(self) -> None:
        """Send the whole screen, whatever the terminal shows."""
        self.painter.reset()
        self._display(self.screen, self.screen._compositor.render_update(full=True, screen_stack=self._background_screens))

    def do_suspend(self) -> None:
        self.action_suspend_process()

    def do_quit(self) -> None:
        self.exit(0)

    def action_how_to_quit(self) -> None:
        self.notice("ctrl+q quits; runs go on", "info")

    def on_resize(self, event: events.Resize) -> None:
        """A small terminal is told, once: everything still works, and less of it is seen."""
        small = event.size.width < SMALLEST[0] or event.size.height < SMALLEST[1]
        if small and not self._small:
            size = f"{event.size.width}x{event.size.height}"
            self.notice(f"made for 80x24 and more; this is {size}", "warning", "? lists the keys")
        elif self._small and not small:
            self.notice("")
        self._small = small

    # notices, verbs

    def notice(self, text: str, kind: str = "info", hint: str | None = None) -> None:
        """One line for the operator."""
        self._main.query_one(NoticeLine).show(text, kind, hint)

    def leave_notice(self) -> None:
        """Another place comes: a word on how to go on in this one is no longer true. What was done, and what went wrong, stays told."""
        if self._main.query_one(NoticeLine).kind == "info":
            self.notice("")

    def on_notice(self, message: Notice) -> None:
        self.notice(message.text, message.kind, message.hint)

    def on_failed(self, message: Failed) -> None:
        if message.group == "pulse":
            if message.text != self._pulse_trouble:
                self._pulse_trouble = message.text
                self.notice(message.text, "error", message.hint)
            return
        self.notice(message.text, "error", message.hint)

    # leaving, and going wrong

    def hang_up(self) -> None:
        """A termination or a lost line: leave the terminal healthy; runs go on."""
        if not self.interrupted:
            self.interrupted = True
            self.exit(INTERRUPTED)


def _truecolour() -> bool:
    """Over SSH and on plain terminals the terminal's own 16 colours are right, and cheaper to send."""
    return os.environ.get("COLORTERM", "").lower() in ("truecolor", "24bit") and not os.environ.get("SSH_CONNECTION")


def run_console(workspace: Workspace, *, read_only: bool = False) -> int:
    """Open the console on this terminal and stay until the operator leaves. Returns the exit code, or ends with it (see `leave`).

    Raises:
        UsageError: this is no terminal, or one that cannot move its cursor.
    """
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise UsageError("the console needs a terminal", hint="without one: bedrot console --linear")
    if os.environ.get("TERM", "dumb") in ("dumb", ""):
        raise UsageError("this terminal cannot move its cursor (TERM=dumb)", hint="bedrot console --linear")
    if read_only:
        workspace.read_only = True
    return run_backend(OperationsBackend(workspace))


def run_backend(backend: Backend) -> int:
    """The console on any backend: what `run_console` does after it looked at the terminal."""
    drop_debugging_switches()
    constants.LOG_FILE = None  # type: ignore[misc]
    app = Console(backend, memory=backend.recall())
    with rarely():
        try:
            code = app.run()
        finally:
            gc.unfreeze()
    if app._exception is not None:
        return leave(INTERNAL)
    return leave(INTERRUPTED if app.interrupted else int(code or 0))
