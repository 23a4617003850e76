"""Runs: what is being extracted now and was before, with the live log. The prompt for a code stands below, as on every screen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from textual.app import ComposeResult
from textual.strip import Strip
from textual.widget import Widget

from ...domain.errors import READ_ONLY
from ...domain.runs import RunState, RunView
from ...domain.text import safe
from .. import runlines
from ..keys import bindings
from ..messages import Failed, RunProgress, RunsLoaded
from ..remembering import text_of
from ..running import Running
from ..widgets.field import Field
from ..widgets.lines import Line, Piece, strip_of
from ..widgets.log import LEVEL_WORDS, LogPane
from ..widgets.table import Column, ListTable
from .view import View

COLUMNS = (
    Column("state", 11),
    Column("platform", 11),
    Column("account", 10),
    Column("time", 6, "right"),
    Column("feeds", 5, "right"),
    Column("what", 16, flex=1),
    Column("files/min", 9, "right", least=104),
    Column("bytes/min", 9, "right", least=104),
    Column("started", 11, least=120),
    Column("run", 10, least=120),
)
LOOKS_A_BEAT = 4
"""How often the log of a run at work is read between two beats of the console."""


class RunList(ListTable, can_focus=True):
    """The newest runs."""

    DEFAULT_CSS = "RunList { height: 6; }"


class RunHead(Widget):
    """About the chosen run: state, stage, what landed and is missing; how its log is shown; after a run that failed, what to do."""

    DEFAULT_CSS = "RunHead { height: auto; }"

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[list[Piece]] = [[], []]

    def get_content_height(self, container: object, viewport: object, width: int) -> int:
        return len(self.lines)

    def show(self, lines: list[list[Piece]]) -> None:
        if lines != self.lines:
            self.refresh(layout=len(lines) != len(self.lines))
            self.lines = lines

    def render_line(self, y: int) -> Strip:
        line: Line = self.lines[y] if y < len(self.lines) else []
        return strip_of(line, self.size.width, self.app.palette)  # type: ignore[attr-defined]


class RunsView(Running, View):
    """The list above, the chosen run's log below."""

    place = "runs"
    BINDINGS = bindings("runs")
    DEFAULT_CSS = "RunsView.tall RunList { height: 11; } RunsView.log RunList { display: none; }"

    def __init__(self) -> None:
        super().__init__(id="runs")
        self.runs: list[RunView] = []
        self.followed: str | None = None
        self.view: RunView | None = None
        self.last = 0
        self.loaded = False
        self.wanted: str | None = None
        self.pace = runlines.Pace()

    def compose(self) -> ComposeResult:
        yield RunList(COLUMNS, id="runlist", empty=("loading…",))
        yield RunHead()
        yield LogPane(id="log")
        yield Field(
            self._sought, self._leave_search, placeholder="/ text in the log", max_length=200, id="search", classes="waiting"
        )

    def on_mount(self) -> None:
        self.set_interval(self.console.pulse_seconds / LOOKS_A_BEAT, self._look)

    @property
    def list(self) -> RunList:
        return self.query_one(RunList)

    @property
    def log_pane(self) -> LogPane:
        return self.query_one("#log", LogPane)

    def focus_target(self) -> Widget:
        return self.log_pane if self.has_class("log") else self.list

    def on_resize(self) -> None:
        self.set_class(self.size.height >= 30, "tall")

    @property
    def run(self) -> RunView | None:
        """The chosen run, as it was seen last."""
        index = self.list.cursor
        if index >= len(self.runs):
            return None
        run = self.runs[index]
        return self.view if self.view is not None and self.view.id == run.id else run

    def to_keep(self) -> dict[str, Any]:
        return {"run": self.followed or self.wanted}

    def restore(self, kept: Mapping[str, Any]) -> None:
        self.wanted = text_of(kept.get("run"), 64) or None

    def shown(self) -> None:
        self.load()

    def choose(self, run: str) -> None:
        """Put the cursor on a run, as soon as it is listed."""
        self.wanted = run
        self.load()

    def pulse(self) -> None:
        self.load()

    def _look(self) -> None:
        """Between two beats: what the run that is looked at has said meanwhile."""
        if self.is_shown and self.view is not None and not self.view.state.ended:
            self._poll()

    # loading

    def load(self) -> None:
        backend = self.console.backend
        self.fetch("runs", lambda: RunsLoaded(backend.runs(50)))
        self._poll()

    def on_runs_loaded(self, message: RunsLoaded) -> None:
        message.stop()
        self.loaded = True
        self.runs = message.runs
        self.list.empty = (
            "no runs yet",
            "s starts an extraction here; in a shell: bedrot extract PLATFORM",
            "from cron: bedrot extract --due --unattended",
        )
        self._rows()
        if self.wanted is not None:
            index = next((i for i, r in enumerate(self.runs) if r.id.startswith(self.wanted)), None)
            if index is not None:
                self.wanted = None
                self.list.move_to(index)
        self._follow()
        self.state_changed()

    def _rows(self) -> None:
        now = self.console.backend.now()
        self.pace.note(self.runs, now)
        asked = {c.run_id: c for c in self.console.challenges}
        rows = [(r.id, runlines.row_pieces(r, asked.get(r.id), self.pace, now)) for r in self.runs]
        if rows != self.list.rows or not rows:
            self.list.set_rows(rows)

    def _follow(self) -> None:
        index = self.list.cursor
        run = self.runs[index] if index < len(self.runs) else None
        name = run.id if run else None
        if name == self.followed:
            return
        self.followed = name
        self.last = 0
        self.view = run
        self.log_pane.clear()
        self._head()
        self._poll()

    def _poll(self) -> None:
        name, after = self.followed, self.last
        if name is None:
            return
        if self.view is not None and self.view.id == name and self.view.state.ended and after > 0:
            return
        backend, limit = self.console.backend, self.log_pane.limit

        def work() -> RunProgress:
            view = backend.run(name)  # before its events: of a run seen as ended, none is passed over
            events = backend.run_events(name, after)
            last = max((int(e.get("seq", 0)) for e in events), default=after)
            entries = [entry for e in events[-limit:] if (entry := runlines.entry_of(e)) is not None]
            return RunProgress(name, view, entries, after, last)

        self.fetch("run", work)

    def on_run_progress(self, message: RunProgress) -> None:
        message.stop()
        if message.run != self.followed or message.after != self.last:
            return
        self.last = max(self.last, message.last)
        was, self.view = self.view, message.view
        if message.view.state.ended and self.last == 0:
            self.last = 1
        self.log_pane.add(message.entries)
        self._head()
        if was is None or was.state is not message.view.state:
            self.state_changed()

    # the head

    def _head(self) -> None:
        view = self.view
        if view is None:
            self.query_one(RunHead).show([[], []])
            return
        lines = [runlines.head_pieces(view, self.pace, self.console.backend.now())]
        after = runlines.next_pieces(view)
        if after:
            lines.append(after)
        self.query_one(RunHead).show([*lines, self._log_pieces(view)])

    def _log_pieces(self, view: RunView) -> list[Piece]:
        """How the log is shown, then the stages so far."""
        log = self.log_pane
        pieces: list[Piece] = [(f" {LEVEL_WORDS[log.level]}", "warning" if log.level else "dim")]
        if log.sought:
            which, count = log.places()
            pieces.append((f" · /{safe(log.sought, 30)} {which} of {count}", "strong"))
        if not log.following:
            pieces.append((f" · standing still{f', {log.missed} new below' if log.missed else ''}", "warning"))
        if log.wrapped:
            pieces.append((" · wrapped", "dim"))
        stages = log.stages
        for number, name in enumerate(stages):
            current = number == len(stages) - 1
            state = "done" if not current or view.state is RunState.DONE else view.state.value
            pieces.append(("  ", "plain"))
            pieces.append(
                (f"{runlines.SIGNS.get(state, ' ')} {name}", state if state in ("failed", "running", "waiting") else "dim")
            )
        return pieces

    def on_virtual_table_moved(self, message: ListTable.Moved) -> None:
        message.stop()
        self._follow()
        self.state_changed()

    def on_virtual_table_chosen(self, message: ListTable.Chosen) -> None:
        message.stop()
        self.do_large()

    def on_failed(self, message: Failed) -> None:
        if message.group == "runs" and not self.runs:
            self.list.say(message.text, message.hint)

    # keys

    def why_not(self, action: str) -> str | None:
        read_only = READ_ONLY if self.console.backend.read_only else None
        run = self.run
        if action in ("start", "start_due"):
            return read_only
        if action == "cancel_all":
            return read_only or (None if any(not r.state.ended for r in self.runs) else "no run is going")
        if action in ("cancel", "again", "copy_id", "copy_command", "files") and run is None:
            return "no run here"
        if action == "cancel" and run is not None:
            return read_only or (f"this run is {run.state} already" if run.state.ended else None)
        if action == "again" and run is not None:
            return read_only or (None if run.state.ended else f"this run is {run.state}; it ends first")
        if action in ("next_match", "match_before") and not self.log_pane.sought:
            return "nothing is searched; / does"
        return None

    def do_up(self) -> None:
        self.list.move_by(-1)

    def do_down(self) -> None:
        self.list.move_by(1)

    def _log(self, act: object) -> None:
        """Something with the log, which its head then tells."""
        act()  # type: ignore[operator]
        self._head()

    def do_page_up(self) -> None:
        self._log(lambda: self.log_pane.page(-1))

    def do_page_down(self) -> None:
        self._log(lambda: self.log_pane.page(1))

    def do_home(self) -> None:
        self._log(lambda: self.log_pane.jump(0))

    def do_end(self) -> None:
        self._log(lambda: self.log_pane.follow(True))

    def do_pause(self) -> None:
        self._log(lambda: self.log_pane.follow(not self.log_pane.following))

    def do_level(self) -> None:
        self._log(self.log_pane.next_level)

    def do_wrap(self) -> None:
        self._log(self.log_pane.toggle_wrap)

    def do_large(self) -> None:
        self.toggle_class("log")
        self.console.focus_place()

    def do_error(self) -> None:
        if not self.log_pane.next_error():
            self.notice("no error stands in this log")
        self._head()

    def do_search(self) -> None:
        field = self.query_one("#search", Field)
        field.remove_class("waiting")
        field.value = self.log_pane.sought
        self.screen.set_focus(field)

    def on_input_changed(self, message: Field.Changed) -> None:
        message.stop()
        self._log(lambda: self.log_pane.seek(message.value))

    def _sought(self, text: str) -> None:
        if self.log_pane.sought != text.lower():  # enter came before the field could say what was typed
            self.log_pane.seek(text)
        self._close_search()
        if text and not self.log_pane.places()[1]:
            self.notice(f"{safe(text, 60)} stands nowhere in this log", "warning")

    def _leave_search(self) -> None:
        self.log_pane.seek("")
        self._close_search()

    def _close_search(self) -> None:
        self.query_one("#search", Field).add_class("waiting")
        self.console.focus_place()
        self._head()

    def do_next_match(self) -> None:
        self._log(lambda: self.log_pane.go_on(1))

    def do_match_before(self) -> None:
        self._log(lambda: self.log_pane.go_on(-1))

    def do_back(self) -> None:
        """Out of the large log, then out of the search, then to the end."""
        if self.has_class("log"):
            self.do_large()
        elif self.log_pane.sought:
            self._log(lambda: self.log_pane.seek(""))
        else:
            self.do_end()

    def do_files(self) -> None:
        if self.run:
            self.console.show_files(f"run:{self.run.id}")

    def do_copy_id(self) -> None:
        if self.run:
            self.console.copy(self.run.id, "run id")

    def do_copy_command(self) -> None:
        if self.run:
            self.console.copy(runlines.command(self.run), "command")
