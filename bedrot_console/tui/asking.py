"""Challenges and waiting items, on every screen: what is asked, the answer on its way, what needs the operator."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from textual.widgets import Input

from ..domain.challenges import Challenge, ChallengeKind
from ..domain.errors import READ_ONLY, BedrotError
from . import operator
from .backend import Need
from .messages import Answered, Notice
from .widgets.header import Header
from .widgets.prompt import PromptBar

if TYPE_CHECKING:
    from .modals.seeing import Seeing

ACTS = {"resend": "asked for a new code", "other": "asked for another way"}


class Asking:
    """Mixed into the app. `challenges` and `needs` come with each pulse."""

    challenges: list[Challenge]
    needs: list[Need]
    handed: set[str]
    _answered_run: str | None = None
    _chosen: str | None = None
    _viewed: str | None = None
    _rung: frozenset[str] = frozenset()
    _seeing: Seeing | None = None

    @property
    def prompt(self) -> PromptBar:
        app: Any = self
        return app.screen_stack[0].query_one(PromptBar)

    def open_are(self, challenges: Sequence[Challenge]) -> None:
        """What is asked now. What was answered here is asked no more, also by a pulse that set out before the answer did."""
        self.challenges = [c for c in operator.in_order(challenges) if c.id not in self.handed]
        self.ask_challenge()

    def ask_challenge(self) -> None:
        """Bring the prompt in step with the open challenges. One that is being answered is not replaced by another.

        If it ends meanwhile, the prompt says so and keeps the keys until the operator closes it; the next one comes then.
        The run that was answered last is asked of first: what it asks next is mostly what it says of the answer.
        """
        app: Any = self
        if self._seeing is not None and all(c.id != self._seeing.challenge.id for c in self.challenges):
            self._seeing.over()
        prompt = self.prompt
        run = app.runs_view.followed if app.place == "runs" and app.arriving is None else None
        shown = prompt.challenge
        challenge = next((c for c in self.challenges if shown is not None and c.id == shown.id), None)
        had_focus = app.screen_stack[0].focused is prompt
        if run != self._viewed:
            self._viewed, self._chosen, self._answered_run = run, None, None
        queue = operator.in_order(self.challenges, run)
        if shown is not None and challenge is None and had_focus and prompt.touched and not prompt.over:
            prompt.end()
        held = prompt.over and had_focus
        if held or challenge is None or not (had_focus or prompt.sending):
            chosen = [c for c in queue if c.id == self._chosen] or [c for c in queue if c.run_id == self._answered_run]
            challenge = next(iter(chosen or queue), None)
        place = (queue.index(challenge) + 1, len(queue)) if challenge in queue else (1, 1)
        new = not held and prompt.ask(challenge, app.backend.now(), place)
        header = app.screen_stack[0].query_one(Header)
        more = f" +{len(queue) - 1}" if len(queue) > 1 else ""
        header.waiting = f"{challenge.kind.value} wanted{more}" if challenge is not None else ""
        if challenge is None and had_focus and not held:
            app.focus_place()
        asked = frozenset(c.id for c in queue)
        if asked - self._rung:
            app.bell()
        self._rung = asked
        if new and challenge is not None:
            again = challenge.run_id == self._answered_run and bool(challenge.error)
            if again:
                app.notice("")  # that it was handed over is no longer how it stands
            if app.place == "runs" or again:
                self._take_focus()
        app.refresh_keys()

    def _take_focus(self) -> None:
        """Give the keys to the prompt, unless the operator is typing somewhere else."""
        app: Any = self
        if len(app.screen_stack) == 1 and not getattr(app.focused, "is_editor", isinstance(app.focused, Input)):
            app.screen.set_focus(self.prompt)
            app.refresh_keys()

    def do_answer(self) -> None:
        app: Any = self
        self.prompt.close()
        self.ask_challenge()
        challenge = self.prompt.challenge
        if challenge is not None and operator.is_seen(challenge):
            self.see(challenge)
            return
        app.screen_stack[0].set_focus(self.prompt)
        app.refresh_keys()

    def on_prompt_bar_closed(self) -> None:
        self.ask_challenge()

    def on_prompt_bar_next(self) -> None:
        """Ask the next of the open challenges; of the one before, nothing stays typed."""
        app: Any = self
        shown = self.prompt.challenge
        queue = operator.in_order(self.challenges, app.runs_view.followed if app.place == "runs" else None)
        here = next((n for n, c in enumerate(queue) if shown is not None and c.id == shown.id), -1)
        self._choose(queue[(here + 1) % len(queue)] if queue else None)

    def _choose(self, challenge: Challenge | None) -> None:
        """Ask this one from now on, whichever ends first."""
        app: Any = self
        if challenge is None or self.prompt.sending:
            return
        self._chosen = challenge.id
        queue = operator.in_order(self.challenges)
        self.prompt.ask(challenge, app.backend.now(), (queue.index(challenge) + 1, len(queue)))
        self.ask_challenge()

    def see(self, challenge: Challenge) -> None:
        """Open what the challenge shows: the code, or the page with hands."""
        app: Any = self
        if self._seeing is not None:
            return
        if challenge.kind is ChallengeKind.QR:
            from .modals.scan import ScanModal as made
        else:
            from .modals.page import PageModal as made
        self._seeing = made(challenge, app.backend)
        self._answered_run = challenge.run_id

        def closed(word: str | None) -> None:
            self._seeing = None
            app.focus_place()
            if word:
                app.notice(word, "done")

        app.push_screen(self._seeing, closed)

    def on_prompt_bar_see(self, message: PromptBar.See) -> None:
        found = next((c for c in self.challenges if c.id == message.challenge), None)
        if found is not None:
            self.see(found)

    def on_prompt_bar_send(self, message: PromptBar.Send) -> None:
        app: Any = self
        backend, challenge, value = app.backend, message.challenge, message.value
        self._answers_run(challenge)

        def work() -> Answered:
            try:
                backend.answer(challenge, value)
            except BedrotError as error:
                return Answered(challenge, str(error), error.hint)
            return Answered(challenge)

        app.fetch("answer", work, keep=True)

    def _answers_run(self, challenge: str) -> None:
        self._answered_run = next((c.run_id for c in self.challenges if c.id == challenge), None)

    def on_prompt_bar_act(self, message: PromptBar.Act) -> None:
        app: Any = self
        backend, challenge, act = app.backend, message.challenge, message.act
        self._answers_run(challenge)

        def work() -> Notice:
            backend.act(challenge, act)
            return Notice(ACTS.get(act, "told the run"), "done")

        app.fetch("act", work, keep=True)

    def on_answered(self, message: Answered) -> None:
        app: Any = self
        prompt = self.prompt
        if prompt.challenge is not None and prompt.challenge.id == message.challenge:
            prompt.answered(message.problem)
            if message.problem is None:
                self.handed.add(message.challenge)
                self.open_are(self.challenges)
            else:
                self._take_focus()
        if message.problem is None:
            app.notice("answer handed to the run", "done")
        else:
            app.notice(message.problem, "error", message.hint)
        app.beat()

    # what needs the operator

    def do_needs(self) -> None:
        from .modals.pick import PickModal

        app: Any = self
        waiting = [
            (c.id, f"now  {operator.question(c)}", f"{operator.facts(c, app.backend.now())}  In a shell: bedrot answer {c.id}")
            for c in operator.in_order(self.challenges)
        ]
        left = [(n.id, *operator.need_words(n, app.backend.now())) for n in self.needs]
        empty = ("nothing waits for you", "a run that needs a code while nobody is there leaves an item here")
        app.push_screen(PickModal("What needs you", [*waiting, *left], enter="take it", empty=empty), self._take)

    def _take(self, name: str | None) -> None:
        app: Any = self
        asked = next((c for c in self.challenges if c.id == name), None)
        if asked is not None:
            self._choose(asked)
            self.do_answer()
        for need in self.needs:
            if need.id == name:
                if app.backend.read_only:
                    app.notice(READ_ONLY, "warning", need.command)
                    return
                app.start_run(need.platform, need.account)
