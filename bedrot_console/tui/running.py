"""Starting extractions, running them again, stopping them: what the place of runs does to runs."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from ..domain.errors import BedrotError
from ..domain.runs import RunView
from .messages import Notice, RunStarted, StartableLoaded

if TYPE_CHECKING:
    from .app import Console
    from .modals.start import StartModal


class Running:
    """Mixed into the place of runs, which brings `console`, `fetch`, `notice`, `load`, the newest `runs` and the chosen `run`."""

    console: Console
    fetch: Any
    notice: Any
    load: Any
    runs: list[RunView]
    run: RunView | None
    wanted: str | None
    _starting: StartModal | None = None

    def do_start(self) -> None:
        self._offer(False)

    def do_start_due(self) -> None:
        self._offer(True)

    def _offer(self, due: bool) -> None:
        from .modals.start import StartModal, Wanted

        backend = self.console.backend
        self._starting = StartModal(backend.now(), due=due)

        def chosen(wanted: Wanted | None) -> None:
            self._starting = None
            if wanted and len(wanted) == 1:
                self.start(*wanted[0])
            elif wanted:
                self.start_all(wanted)

        def work() -> StartableLoaded:
            try:
                return StartableLoaded(backend.startable())
            except BedrotError as error:
                return StartableLoaded((), str(error))

        self.console.push_screen(self._starting, chosen)
        self.fetch("startable", work)

    def on_startable_loaded(self, message: StartableLoaded) -> None:
        message.stop()
        if self._starting is not None:
            self._starting.fail(message.problem) if message.problem else self._starting.fill(message.accounts)

    def start(self, platform: str, account: str, feeds: tuple[str, ...] = ()) -> None:
        """Start an extraction with the operator present, and follow it."""
        backend = self.console.backend
        self.notice(f"starting {platform} ({account})…")

        def work() -> RunStarted | Notice:
            try:
                return RunStarted(backend.start(platform, account, feeds))
            except BedrotError as error:
                return Notice(f"{platform} ({account}): {error}", "error", error.hint)

        self.fetch("start", work, keep=True)

    def start_all(self, wanted: Sequence[tuple[str, str]]) -> None:
        """Start several (platform, account), one after the other; one that does not start stops no other, and stays told."""
        backend, failed = self.console.backend, list[str]()
        self.notice(f"starting {len(wanted)} runs…")

        def start(number: int, platform: str, account: str) -> RunStarted:
            run = ""
            try:
                run = backend.start(platform, account)
            except BedrotError as error:
                failed.append(f"{platform} ({account}): {error}")
            return RunStarted(run, number - len(failed), len(wanted), tuple(failed))

        for number, (platform, account) in enumerate(wanted, 1):
            self.fetch("start", partial(start, number, platform, account), keep=True)

    def on_run_started(self, message: RunStarted) -> None:
        message.stop()
        if message.run:
            self.wanted = message.run
            self.console.own_runs.add(message.run)
        if message.of == 1:
            self.notice(f"run {message.run[:10]} started; it goes on if this console ends", "done")
        elif message.failed:
            self.notice(f"{message.begun} of {message.of} runs started; not {'; '.join(message.failed)}", "error")
        else:
            self.notice(f"{message.begun} of {message.of} runs started; they go on if this console ends", "done")
        self.load()

    def do_again(self) -> None:
        """The same again; of a run that was partial, what it did not bring."""
        run = self.run
        if run is not None:
            self.start(run.platform, run.account, run.again)

    def do_cancel(self) -> None:
        run = self.run
        if run is None:
            return
        backend, name = self.console.backend, run.id

        def work() -> None:
            backend.cancel(name)

        self._confirm_cancel((f"Cancel {run.platform} ({run.account})?", "What has landed stays. The login is kept."), work)

    def do_cancel_all(self) -> None:
        backend = self.console.backend
        going = [f"{r.platform} ({r.account})" for r in self.runs if not r.state.ended]
        text = (f"Cancel all {len(going)} runs?", ", ".join(going), "What has landed stays. The logins are kept.")

        def work() -> Notice:
            done, failed = backend.cancel_all()
            if failed:
                return Notice(f"cancelled {done}, failed {failed}", "error", "bedrot runs --active")
            return Notice(f"cancelled {done} run{'s' if done != 1 else ''}", "done")

        self._confirm_cancel(text, work)

    def _confirm_cancel(self, text: tuple[str, ...], work: object) -> None:
        from .modals.confirm import ConfirmModal

        def confirmed(yes: bool | None) -> None:
            if yes:
                self.notice("cancelling…")
                self.fetch("cancel", work, keep=True)  # type: ignore[arg-type]

        self.console.push_screen(ConfirmModal(text), confirmed)
