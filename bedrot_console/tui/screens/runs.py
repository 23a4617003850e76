"""Runs: what is being extracted now and was before, with the live log. The prompt for a code stands below, as on every screen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from textual.app import ComposeResult
from textual.strip import Strip
from textual.widget import Widget

from ...domain.runs import RunState, RunView
from ...domain.text import safe
from ..keys import bindings
from ..messages import Failed, PlatformsLoaded, RunProgress, RunsLoaded, RunStarted
from ..palette import SIGNS, status_word
from ..widgets.lines import RULE, Line, Piece, strip_of
from ..widgets.pane import Pane
from ..widgets.table import Column, ListTable
from .view import View

COLUMNS = (
    Column("state", 11),
    Column("platform", 12),
    Column("account", 10),
    Column("started", 11),
    Column("feeds", 5, "right"),
    Column("what", 16, flex=1),
    Column("run", 10, least=90),
)


class RunList(ListTable, can_focus=True):
    """The newest runs."""

    DEFAULT_CSS = "RunList { height: 6; }"


class RunHead(Widget):
    """One line about the chosen run: state, stage, what is missing."""

    DEFAULT_CSS = "RunHead { height: 1; }"

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[Piece] = []

    def show(self, pieces: list[Piece]) -> None:
        if pieces != self.pieces:
            self.pieces = pieces
            self.refresh()

    def render_line(self, y: int) -> Strip:
        return strip_of(self.pieces, self.size.width, self.app.palette)  # type: ignore[attr-defined]


class RunsView(View):
    """The list above, the chosen run's log below."""

    place = "runs"
    BINDINGS = bindings("runs")
    DEFAULT_CSS = "RunsView.tall RunList { height: 11; }"

    def __init__(self) -> None:
        super().__init__(id="runs")
        self.runs: list[RunView] = []
        self.followed: str | None = None
        self.view: RunView | None = None
        self.last = 0
        self.loaded = False
        self.wanted: str | None = None

    def compose(self) -> ComposeResult:
        yield RunList(COLUMNS, id="runlist", empty=("loading…",))
        yield RunHead()
        yield Pane(id="log", follow=True)

    @property
    def list(self) -> RunList:
        return self.query_one(RunList)

    @property
    def log_pane(self) -> Pane:
        return self.query_one("#log", Pane)

    def focus_target(self) -> Widget:
        return self.list

    def on_resize(self) -> None:
        self.set_class(self.size.height >= 30, "tall")

    @property
    def run(self) -> RunView | None:
        """The chosen run."""
        index = self.list.cursor
        return self.runs[index] if index < len(self.runs) else None

    def shown(self) -> None:
        self.load()

    def pulse(self) -> None:
        self.load()

    # loading

    def load(self) -> None:
        backend = self.console.backend
        self.fetch("runs", lambda: RunsLoaded(backend.runs(50)))
        self._poll()

    def on_runs_loaded(self, message: RunsLoaded) -> None:
        message.stop()
        first = not self.loaded
        self.loaded = True
        old = [(r.id, r.state, r.stage, r.landed) for r in self.runs]
        self.runs = message.runs
        self.list.empty = (
            "no runs yet",
            "s starts an extraction here; in a shell: bedrot extract PLATFORM",
            "from cron: bedrot extract --due --unattended",
        )
        if first or old != [(r.id, r.state, r.stage, r.landed) for r in self.runs]:
            self.list.set_rows([(r.id, self._pieces(r)) for r in self.runs])
        if self.wanted is not None:
            index = next((i for i, r in enumerate(self.runs) if r.id.startswith(self.wanted)), None)
            if index is not None:
                self.wanted = None
                self.list.move_to(index)
        self._follow()
        self.state_changed()

    @staticmethod
    def _pieces(run: RunView) -> list[Piece]:
        state = run.state.value
        if run.error:
            what = run.error
        elif run.state in (RunState.RUNNING, RunState.WAITING):
            what = run.stage
        else:
            what = f"{len(run.files)} file{'s' if len(run.files) != 1 else ''}"
        return [
            (status_word(state), state),
            (safe(run.platform, 40), "plain"),
            (safe(run.account, 40), "plain"),
            (run.started_at.strftime("%m-%d %H:%M"), "plain"),
            (f"{run.feeds_landed}/{len(run.expected)}" if run.expected else f"{run.feeds_landed}", "plain"),
            (safe(what, 200), "error" if run.error else "plain"),
            (safe(run.id[:10]), "dim"),
        ]

    def _follow(self) -> None:
        run = self.run
        name = run.id if run else None
        if name == self.followed:
            return
        self.followed = name
        self.last = 0
        self.view = run
        self.log_pane.following = True
        self.log_pane.show([])
        self._head()
        self._poll()

    def _poll(self) -> None:
        name, after = self.followed, self.last
        if name is None:
            return
        if self.view is not None and self.view.id == name and self.view.state.ended and after > 0:
            return
        backend = self.console.backend

        def work() -> RunProgress:
            events = backend.run_events(name, after)
            last = max((int(e.get("seq", 0)) for e in events), default=after)
            return RunProgress(name, backend.run(name), events, last)

        self.fetch("run", work)

    def on_run_progress(self, message: RunProgress) -> None:
        message.stop()
        if message.run != self.followed:
            return
        new = [e for e in message.events if int(e.get("seq", 0)) > self.last]
        self.last = max(self.last, message.last)
        self.view = message.view
        if message.view.state.ended and not new and self.last == 0:
            self.last = 1
        self.log_pane.add([line for e in new for line in event_lines(e)])
        self._head()
        self.state_changed()

    def _head(self) -> None:
        view = self.view
        if view is None:
            self.query_one(RunHead).show([])
            return
        pieces: list[Piece] = [(f"── {SIGNS.get(view.state.value, ' ')} {view.state.value} ", view.state.value)]
        if view.stage and not view.state.ended:
            pieces.append((f"· {safe(view.stage, 60)} ", "strong"))
        missing = [f for f in view.expected if f not in view.landed]
        if view.expected:
            pieces.append((f"· {view.brought} ", "plain"))
        if missing and view.state.ended:
            pieces.append((f"· missing {safe(', '.join(m.rsplit('/', 1)[-1] for m in missing), 80)} ", "warning"))
        if view.error:
            pieces.append((f"· {safe(view.error, 160)} ", "error"))
        if view.hint:
            pieces.append((f"→ {safe(view.hint, 120)} ", "strong"))
        pieces.append((RULE, "dim"))
        self.query_one(RunHead).show(pieces)

    def on_virtual_table_moved(self, message: ListTable.Moved) -> None:
        message.stop()
        self._follow()
        self.state_changed()

    def on_failed(self, message: Failed) -> None:
        message.stop()
        if message.group == "runs" and not self.runs:
            self.list.empty = (safe(message.text, 200), safe(message.hint or "", 200))
            self.list.refresh()
        super().on_failed(message)

    # keys

    def why_not(self, action: str) -> str | None:
        read_only = "this console is read-only" if self.console.backend.read_only else None
        run = self.run
        if action == "start":
            return read_only
        if action == "cancel":
            if run is None:
                return "no run here"
            state = self.view.state if self.view is not None and self.view.id == run.id else run.state
            return read_only or (f"this run is {state} already" if state.ended else None)
        if action in ("copy_id", "files") and run is None:
            return "no run here"
        return None

    def do_up(self) -> None:
        self.list.move_by(-1)

    def do_down(self) -> None:
        self.list.move_by(1)

    def do_page_up(self) -> None:
        self.log_pane.page(-1)

    def do_page_down(self) -> None:
        self.log_pane.page(1)

    def do_home(self) -> None:
        self.log_pane.jump(0)

    def do_end(self) -> None:
        self.log_pane.jump(10**9)

    def do_files(self) -> None:
        if self.run:
            self.console.show_files(f"run:{self.run.id}")

    def do_copy_id(self) -> None:
        if self.run:
            self.console.copy(self.run.id, "run id")

    def do_start(self) -> None:
        backend = self.console.backend
        self.notice("looking for platforms…")
        self.fetch("platforms", lambda: PlatformsLoaded(backend.platforms()))

    def on_platforms_loaded(self, message: PlatformsLoaded) -> None:
        from ..modals.start import StartModal

        message.stop()
        self.notice("")

        def chosen(answer: tuple[str, str] | None) -> None:
            if answer is not None:
                self.start(*answer)

        self.console.push_screen(StartModal(message.platforms), chosen)

    def start(self, platform: str, account: str) -> None:
        """Start an extraction with the operator present, and follow it."""
        backend = self.console.backend
        self.notice(f"starting {platform} ({account})…")
        self.fetch("start", lambda: RunStarted(backend.start(platform, account)), keep=True)

    def choose(self, run: str) -> None:
        """Put the cursor on a run, as soon as it is listed."""
        self.wanted = run
        self.load()

    def on_run_started(self, message: RunStarted) -> None:
        message.stop()
        self.wanted = message.run
        self.console.own_runs.add(message.run)
        self.notice(f"run {message.run[:10]} started; it goes on if this console ends", "done")
        self.load()

    def do_cancel(self) -> None:
        from ..modals.confirm import ConfirmModal

        run = self.run
        if run is None:
            return
        backend = self.console.backend
        text = (f"Cancel {run.platform} ({run.account})?", "What has landed stays. The login is kept.")

        def work() -> None:
            backend.cancel(run.id)

        def confirmed(yes: bool | None) -> None:
            if yes:
                self.notice("cancelling…")
                self.fetch("cancel", work, keep=True)

        self.console.push_screen(ConfirmModal(text), confirmed)

    def decided(self, message: object) -> None:
        """Decisions change nothing here."""

    validated = decided


_LEVELS = {"warning": "warning", "warn": "warning", "error": "error", "debug": "dim", "note": "dim"}


def event_lines(event: dict[str, Any]) -> Sequence[Line]:
    """One event of a run as lines: time, kind, words. Answers never stand in events; what they say is outside text."""
    at = safe(str(event.get("at", ""))[11:19], 8)
    kind = str(event.get("kind", ""))
    left: Piece = (f" {at} ", "dim")
    if kind == "log":
        level = safe(event.get("level", "info"), 10)
        sign = {"error": "✗", "warning": "!", "warn": "!"}.get(level, " ")
        return [[left, (f"{sign} {safe(event.get('text', ''), 2000)}", _LEVELS.get(level, "plain"))]]
    if kind == "nothing":
        return []  # its line of the log says it
    if kind == "stage":
        done, total = event.get("done"), event.get("total")
        count = f" {done} of {total}" if done is not None and total else f" {done}" if done is not None else ""
        return [[left, (f"▶ {safe(event.get('stage', ''), 120)}{safe(count, 40)}", "strong")]]
    if kind == "state":
        state = safe(event.get("state", ""), 20)
        return [[left, (f"{SIGNS.get(state, ' ')} {state}", state)]]
    if kind == "challenge":
        challenge = event.get("challenge")
        prompt = challenge.get("prompt", "") if isinstance(challenge, dict) else event.get("prompt", "")
        return [[left, (f"? the platform asks: {safe(prompt or 'an answer', 300)}", "waiting")]]
    if kind == "challenge-ended":
        return [[left, (f"  answered: {safe(event.get('state', ''), 40)} {safe(event.get('by', '') or '', 60)}", "plain")]]
    if kind == "hand":
        return [[left, (f"  on the page: {safe(event.get('act', ''), 20)} by {safe(event.get('by', '') or '', 60)}", "dim")]]
    if kind == "ended":
        state = safe(event.get("state", "ended"), 20)
        return [[left, (f"{SIGNS.get(state, ' ')} ended: {state}  {safe(event.get('error') or '', 300)}", state)]]
    if kind == "landed":
        name = str(event.get("path", "")).rsplit("/", 1)[-1]
        return [[left, (f"✓ landed {safe(event.get('feed', ''), 60)}  ", "passed"), (safe(name, 200), "plain")]]
    if kind == "validated":
        verdict = safe(event.get("verdict", ""), 20)
        codes = ", ".join(safe(c, 60) for c in event.get("codes") or ())
        return [[left, (f"{SIGNS.get(verdict, ' ')} {verdict} {safe(event.get('feed', ''), 60)}  ", verdict), (codes, "plain")]]
    if kind == "session":
        return [[left, (f"  login {safe(event.get('act', ''), 20)}", "dim")]]
    words = "  ".join(f"{safe(k, 30)}={safe(v, 200)}" for k, v in event.items() if k not in ("seq", "at", "kind"))
    return [[left, (f"  {safe(kind, 30)}  ", "plain"), (words, "plain")]]
