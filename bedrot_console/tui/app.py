"""The console: one screen with its places, one header, one prompt, one line of notices. Everything slow happens in workers."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import sys
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from textual import constants
from textual.app import App, ComposeResult, SystemCommand
from textual.containers import Container
from textual.screen import Screen

from ..domain.browsing import Preview, Review
from ..domain.errors import BedrotError, UsageError
from ..domain.text import safe
from . import drop_debugging_switches, operator
from .asking import Asking
from .backend import Backend, OperationsBackend
from .commands import ConsoleCommands, run_command
from .crash import INTERNAL, CrashScreen
from .fetch import DaemonExecutor, Fetcher
from .keys import EVERYWHERE, KEYS, bindings
from .messages import Decided, Failed, Notice, Pulse, ReviewLoaded, Validated
from .painter import Painter
from .palette import Palette
from .places import PLACES
from .screens.files import FilesView
from .screens.view import View, summary
from .typeahead import TypeAhead
from .widgets.field import Field
from .widgets.header import Header
from .widgets.keybar import KeyBar, NoticeLine
from .widgets.prompt import PromptBar

if TYPE_CHECKING:
    from ..operations.workspace import Workspace
    from .modals.text import TextModal
    from .screens.review import ReviewView
    from .screens.runs import RunsView
    from .screens.sql import SqlView

CLIPBOARD_LIMIT = 64_000
INTERRUPTED = 130
_NOTHING = Preview(kind="")


class Console(TypeAhead, Asking, CrashScreen, Fetcher, App[int]):
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

    def __init__(self, backend: Backend, *, pulse_seconds: float = 1.0) -> None:
        no_color = "NO_COLOR" in os.environ
        super().__init__(ansi_color=True if no_color else None)
        self.backend = backend
        self.painter = Painter()
        self.place = "files"
        self.own_runs: set[str] = set()
        self.decided: list[tuple[str, list[str]]] = []
        self.challenges = []
        self.needs = []
        self.statuses: dict[str, int] | None = None
        self.pulse_seconds = pulse_seconds
        self.interrupted = False
        self._views: dict[str, View] = {}
        self._pulse_trouble: str | None = None
        self._details: TextModal | None = None
        self.arriving: View | None = None
        self._frozen = False
        self.theme = "ansi-dark" if no_color or not _truecolour() else "textual-dark"
        self.palette = Palette(self)

    offered_themes = ("ansi-dark", "ansi-light", "textual-dark", "textual-light", "nord", "gruvbox", "solarized-light")

    # building

    def compose(self) -> ComposeResult:
        yield Header()
        with Container(id="places"):
            yield FilesView()
        with Container(id="foot"):
            yield Field(
                self._command, self._leave_command, placeholder=": command", max_length=2000, id="command", classes="waiting"
            )
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
        if not self.is_headless:
            loop = asyncio.get_running_loop()
            for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
                loop.add_signal_handler(number, self.hang_up)
        self.set_interval(self.pulse_seconds, self.beat)

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
        gc.collect()
        gc.freeze()
        gc.set_threshold(50_000, 50, 100)
        self.beat()

    # places

    def view(self, place: str) -> View:
        """The view of a place; made when it is first wanted."""
        if place not in self._views:
            self._views[place] = PLACES[place].load()()
            self.screen_stack[0].query_one("#places").mount(self._views[place])
        return self._views[place]

    def _ready_views(self) -> list[View]:
        return [view for view in self._views.values() if view.is_mounted]

    @property
    def current_view(self) -> View:
        return self._views[self.place]

    @property
    def files_view(self) -> FilesView:
        return self.view("files")  # type: ignore[return-value]

    @property
    def review_view(self) -> ReviewView:
        return self.view("review")  # type: ignore[return-value]

    @property
    def runs_view(self) -> RunsView:
        return self.view("runs")  # type: ignore[return-value]

    @property
    def sql_view(self) -> SqlView:
        return self.view("sql")  # type: ignore[return-value]

    def show_place(self, place: str) -> None:
        """Bring a place onto the screen; the next key goes there."""
        view = self.view(place)
        self.place = place
        for name, other in self._views.items():
            other.display = name == place
        self._main.query_one(Header).place = place
        self.arriving = view
        if view.is_mounted:
            self.arrive()
        else:
            self.call_after_refresh(self.arrive)

    def arrive(self) -> None:
        """The place that was asked for is there: it has the keys."""
        view, self.arriving = self.arriving, None
        if view is None:
            return
        if not view.is_mounted:
            self.arriving = view
            self.call_after_refresh(self.arrive)
            return
        self.focus_place()
        view.shown()
        self.ask_challenge()

    def focus_place(self) -> None:
        """Give the keys to the place on the screen."""
        self._main.set_focus(self.current_view.focus_target())
        self.refresh_keys()

    def when_there(self, place: str, act: Callable[[], None]) -> None:
        """Show a place and do something there, as soon as it is there."""
        self.show_place(place)
        if self.arriving is None:
            act()
        else:
            self.call_after_refresh(self.when_there, place, act)

    @property
    def _main(self) -> Screen[Any]:
        return self.screen_stack[0]

    def refresh_keys(self) -> None:
        """Draw the key bar for where the keys go now."""
        if not self._views:
            return
        bar = self._main.query_one(KeyBar)
        prompt = self._main.query_one(PromptBar)
        if self._main.focused is prompt:
            bar.show(KEYS["prompt"], lambda action: None)
            return
        view = self.current_view
        bar.show((*KEYS[self.place], *KEYS[EVERYWHERE]), lambda a: view.why_not(a) or self.why_not(a))

    def on_descendant_focus(self) -> None:
        self.refresh_keys()

    # keys of everywhere

    def why_not(self, action: str) -> str | None:
        """Why an action of everywhere cannot be done now."""
        if action == "answer" and not self.challenges:
            return "no platform asks anything now"
        if action == "undo" and self.backend.read_only:
            return "this console is read-only"
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
        from .modals.help import HelpModal

        self.push_screen(HelpModal(self.place))

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

    def do_command(self) -> None:
        field = self._main.query_one("#command", Field)
        field.value = ""
        field.remove_class("waiting")
        self._main.set_focus(field)

    def _leave_command(self) -> None:
        self._main.query_one("#command", Field).add_class("waiting")
        self.focus_place()

    def _command(self, text: str) -> None:
        self._leave_command()
        trouble = run_command(self, text)
        if trouble:
            self.notice(trouble, "error")

    def do_undo(self) -> None:
        from .modals.confirm import ConfirmModal

        if self.decided:
            verb, ids = self.decided[-1]
            lines = [f"Undo: {verb} of {len(ids)} file{'s' if len(ids) != 1 else ''}?"]
        else:
            ids = []
            lines = ["Undo your newest decision?"]
        lines.append("The opposite is recorded as a new event. An undone promotion goes to quarantine.")

        def work() -> Decided:
            return Decided("undo", list(self.backend.undo(ids)))

        def confirmed(yes: bool | None) -> None:
            if yes:
                self.notice("undoing…")
                self.fetch("undo", work, keep=True)

        self.push_screen(ConfirmModal(lines), confirmed)

    # what places ask of each other

    def run_sql(self, text: str) -> None:
        """SQL, with this query running."""
        self.when_there("sql", lambda: self.sql_view.run_text(text))

    def start_run(self, platform: str, account: str) -> None:
        """Runs, with a new run starting."""
        self.when_there("runs", lambda: self.runs_view.start(platform, account))

    def show_files(self, words: str) -> None:
        """Files, with this filter."""
        self.show_place("files")
        self.files_view.set_words(words)

    def goto(self, name: str) -> None:
        """Files, with exactly this file."""
        self.show_files(name)

    def review_file(self, name: str) -> None:
        """Review, with this file first."""

        def work() -> ReviewLoaded:
            row = self.backend.find(name)
            return ReviewLoaded(name, Review(file=row, report=None, preview=_NOTHING, diff=None, allowed={}))

        self.fetch("find", work)

    def show_details(self, name: str) -> None:
        """Everything about one file, in a dialog."""
        from .modals.text import TextModal

        self._details = TextModal("File", [[("loading…", "dim")]], {"y": "copy id", "e": "review"})

        def closed(word: str | None) -> None:
            self._details = None
            if word == "copy id":
                self.copy(name, "id")
            elif word == "review":
                self.review_file(name)

        self.push_screen(self._details, closed)

        def work() -> ReviewLoaded:
            try:
                return ReviewLoaded(name, self.backend.review(name))
            except BedrotError as error:
                return ReviewLoaded(name, None, f"{error}{' → ' + error.hint if error.hint else ''}")

        self.fetch("details", work)

    def on_review_loaded(self, message: ReviewLoaded) -> None:
        from .widgets.reportlines import diff_lines, file_lines, heading, preview_lines, report_lines

        review = message.review
        if review is not None and review.preview is _NOTHING:
            self.when_there("review", lambda: self.review_view.take(review.file))
            return
        if self._details is None:
            return
        if review is None:
            self._details.set_lines([[(f"✗ {safe(message.problem, 400)}", "error")]])
            return

        def lines(width: int) -> list[Any]:
            return [
                *file_lines(review.file, width),
                heading("report", width),
                *report_lines(review, width),
                *diff_lines(review.diff, width),
                *preview_lines(review.preview, width),
            ]

        self._details.set_lines(lines)

    def copy(self, text: str, what: str) -> None:
        """Copy to the terminal's clipboard (OSC 52), also over SSH."""
        if len(text) > CLIPBOARD_LIMIT:
            self.notice(f"too long for a terminal's clipboard: {len(text):,} characters", "warning")
            return
        self.copy_to_clipboard(text)
        self.notice(f"{what} copied, if your terminal allows OSC 52: {safe(text, 60)}", "done")

    # notices, verbs

    def notice(self, text: str, kind: str = "info", hint: str | None = None) -> None:
        """One line for the operator."""
        self._main.query_one(NoticeLine).show(text, kind, hint)

    def on_notice(self, message: Notice) -> None:
        self.notice(message.text, message.kind, message.hint)

    def on_failed(self, message: Failed) -> None:
        if message.group == "pulse":
            if message.text != self._pulse_trouble:
                self._pulse_trouble = message.text
                self.notice(message.text, "error", message.hint)
            return
        self.notice(message.text, "error", message.hint)

    def on_decided(self, message: Decided) -> None:
        done = [o.id for o in message.outcomes if o.done]
        if message.verb == "undo":
            if self.decided and set(done) >= set(self.decided[-1][1]):
                self.decided.pop()
        elif done:
            self.decided.append((message.verb, done))
        for view in self._ready_views():
            view.decided(message)  # type: ignore[attr-defined]
        self.notice(*summary(message.verb, message.outcomes))
        self.beat()

    def on_validated(self, message: Validated) -> None:
        for view in self._ready_views():
            view.validated(message)  # type: ignore[attr-defined]
        if message.failed:
            self.notice(f"not validated: {message.failed[0].reason}", "error", message.failed[0].hint)
        else:
            words = ", ".join(f"{c} {v}" for v, c in sorted(message.verdicts.items()))
            self.notice(f"validated: {words or 'nothing'}", "done" if not message.verdicts.get("failed") else "warning")
        self.beat()

    # once a second

    def beat(self) -> None:
        """Look for what waits, what runs, and a newer catalog."""
        driver = self._driver
        if driver is not None and not getattr(driver, "alive", True):
            self.hang_up()
            return
        backend, known = self.backend, self.statuses

        def work() -> Pulse:
            runs = backend.runs(20)
            changed = backend.fresh()
            return Pulse(
                challenges=backend.challenges(),
                needs=backend.needs(),
                running=sum(not r.state.ended for r in runs),
                statuses=backend.statuses() if changed or known is None else known,
                changed=changed,
            )

        self.fetch("pulse", work, keep=True) if not self._busy("pulse") else None
        if self._views and self.arriving is None:
            self.current_view.pulse()
            if self.prompt.challenge is not None:
                self.ask_challenge()

    def _busy(self, group: str) -> bool:
        return group in self._shelf()[1]

    def on_pulse(self, message: Pulse) -> None:
        self._pulse_trouble = None
        self.statuses = message.statuses
        self.challenges = [c for c in message.challenges if operator.current([c])]
        self.needs = list(message.needs)
        header = self._main.query_one(Header)
        header.needs = len(self.needs)
        header.running = message.running
        header.to_review = sum(message.statuses.get(s, 0) for s in ("passed", "warned", "failed"))
        self.ask_challenge()
        if message.changed:
            for view in self._ready_views():
                view.catalog_changed()

    # leaving, and going wrong

    def hang_up(self) -> None:
        """A termination or a lost line: leave the terminal healthy; runs go on."""
        if not self.interrupted:
            self.interrupted = True
            self.exit(INTERRUPTED)

    def _display(self, screen: Screen[Any], renderable: Any) -> None:
        """Textual's own, but the bytes come from the painter: changed cells only, printable characters only."""
        from textual._compositor import ChopsUpdate, LayoutUpdate

        driver = self._driver
        if (
            isinstance(renderable, (ChopsUpdate, LayoutUpdate))
            and driver is not None
            and not self.is_headless
            and self._running
            and not self._closed
            and not self._batch_count
        ):
            try:
                frame = self.painter.paint(renderable, self.console, (self.size.width, self.size.height))
            except Exception as error:
                self._handle_exception(error)
                return
            if frame:
                self._begin_update()
                driver.write(frame)
                self._end_update()
                driver.flush()
            self.post_display_hook()
            return
        super()._display(screen, renderable)


def _truecolour() -> bool:
    """Over SSH and on plain terminals the terminal's own 16 colours are right, and cheaper to send."""
    return os.environ.get("COLORTERM", "").lower() in ("truecolor", "24bit") and not os.environ.get("SSH_CONNECTION")


def run_console(workspace: Workspace, *, read_only: bool = False) -> int:
    """Open the console on this terminal and stay until the operator leaves. Returns the exit code.

    Raises:
        UsageError: this is no terminal, or one that cannot move its cursor.
    """
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise UsageError("the console needs a terminal", hint="without one: bedrot status, bedrot files, bedrot show ID")
    if os.environ.get("TERM", "dumb") in ("dumb", ""):
        raise UsageError("this terminal cannot move its cursor (TERM=dumb)", hint="bedrot status, bedrot files")
    if read_only:
        workspace.read_only = True
    return run_backend(OperationsBackend(workspace))


def run_backend(backend: Backend) -> int:
    """The console on any backend: what `run_console` does after it looked at the terminal."""
    drop_debugging_switches()
    constants.LOG_FILE = None  # type: ignore[misc]
    app = Console(backend)
    thresholds = gc.get_threshold()
    try:
        code = app.run()
    finally:
        gc.unfreeze()
        gc.set_threshold(*thresholds)
    if app._exception is not None:
        return INTERNAL
    return INTERRUPTED if app.interrupted else int(code or 0)
