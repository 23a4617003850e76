"""Following runs from the command line: events on stderr, landed files on stdout, challenges on the terminal.

Runs are processes of their own. This one only watches their event files and speaks to their sockets; when it goes, they go on.
While a challenge has the terminal's whole screen (a QR code, a page), what is told meanwhile waits behind it.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..domain.challenges import Challenge, ChallengeKind, Secret
from ..domain.errors import BedrotError
from ..domain.runs import RunView
from . import drawing
from .records import PARTIAL_EXIT, file_record
from .showing import Shown, shown, time_left
from .terminal import Terminal

if TYPE_CHECKING:
    from ..operations.workspace import Workspace
    from .face import Face

TICK_SECONDS = 0.1
TYPED_KINDS = (ChallengeKind.CODE, ChallengeKind.PASSWORD)
SHOWN_KINDS = (ChallengeKind.QR, ChallengeKind.PAGE)


@dataclass
class _Watched:
    """One run: how far its events were read, and its open challenge."""

    id: str
    platform: str
    account: str
    seen: int = 0
    challenge: Challenge | None = None
    over: bool = False
    stage: str = ""
    progress: str = ""
    landed: list[str] = field(default_factory=list)
    shown: set[str] = field(default_factory=set)


class Watch:
    """Follows runs until all have ended, or until the operator detaches.

    Args:
        terminal: where challenges are answered, already held; None: only elsewhere.
    """

    def __init__(self, face: Face, ws: Workspace, ids: list[str], terminal: Terminal | None) -> None:
        from ..operations import runs

        self.face = face
        self.ws = ws
        self.runs = runs
        self.watched = [self._begin(run) for run in ids]
        self.terminal = terminal
        self._shown: Shown | None = None
        self._behind: list[Callable[[], None]] = []

    def _begin(self, name: str) -> _Watched:
        view = self.runs.view(self.ws, name)
        return _Watched(view.id, view.platform, view.account)

    def until_ended(self) -> int:
        """Follow; returns the runs' exit code, 0 when the operator detached.

        Ctrl-C on a terminal asks whether to detach or to cancel. Without a terminal it detaches with exit code 130: the runs go on.
        """
        self.face.out.keep_going = True
        try:
            while True:
                try:
                    self._read()
                    if all(w.over for w in self.watched):
                        return self._result()
                    self._wait()
                except KeyboardInterrupt:
                    if self.terminal is None:
                        self._say_detached()
                        raise
                    if self._asked_to_leave():
                        return 0
        finally:
            self._uncover()

    # -- events

    def _read(self) -> None:
        for watched in self.watched:
            if watched.over:
                continue
            ended = self.runs.view(self.ws, watched.id).state.ended  # before its events: none of an ended run is passed over
            for event in self.runs.read_events(self.ws, watched.id, after=watched.seen):
                watched.seen = event["seq"]
                self._show(watched, event)
            watched.over = watched.over or ended
            if watched.over:
                self._finish(watched)

    def _show(self, watched: _Watched, event: dict[str, Any]) -> None:
        kind = event["kind"]
        who = watched.platform
        if kind == "log":
            self._note(f"{who}: {event.get('text', '')}")
        elif kind == "stage":
            self._stage(watched, event)
        elif kind == "validated":
            self._landed(watched, event["file"])
        elif kind == "landed":
            watched.landed.append(event["file"])
        elif kind == "challenge":
            watched.challenge = Challenge.from_record(event["challenge"])
            if self.terminal is not None:
                self.terminal.forget()
            self._announce(watched)
        elif kind == "challenge-ended":
            if watched.challenge is not None:
                self._note(f"{who}: {event.get('state', 'ended')}" + (f" by {event['by']}" if event.get("by") else ""))
            watched.challenge = None
            if self.terminal is not None:
                self.terminal.forget()
        elif kind == "ended":
            watched.over = True

    def _stage(self, watched: _Watched, event: dict[str, Any]) -> None:
        name, done, total = event["stage"], event.get("done"), event.get("total")
        if name != watched.stage:
            self._note(f"{watched.platform}: {name}")
            watched.stage = name
        if done is not None:
            watched.progress = f"{watched.platform}: {name} {done:,}" + (f" of {total:,}" if total else "")

    def _landed(self, watched: _Watched, name: str) -> None:
        """Print a landed file, once: when it is validated, or at the run's end."""
        from ..operations import browse

        if name in watched.shown:
            return
        watched.shown.add(name)
        self.face.say.status("")
        try:
            row = browse.find(self.ws, name)
        except BedrotError as error:
            failure = error
            self._tell(lambda: self.face.say.failure(failure))
            return

        def show() -> None:
            if self.face.json:
                self.face.out.record(file_record(row))
            else:
                self.face.out.line(f"{row.id}  {row.status}  {row.zone}/{row.path}")
                self.face.out.flush()

        self._tell(show, self.face.out.is_terminal)

    def _announce(self, watched: _Watched) -> None:
        challenge = watched.challenge
        assert challenge is not None
        where = f" by {challenge.medium}" if challenge.medium else ""
        to = f" to {challenge.hint}" if challenge.hint else ""
        self._note(f"{watched.platform} ({watched.account}) asks for: {challenge.kind.value}{where}{to}. {challenge.prompt}")
        if challenge.error:
            self._note(f"{watched.platform}: {challenge.error}")
        if self.terminal is None:
            self._note(f"answer it from another terminal: bedrot answer {challenge.id}")

    def _finish(self, watched: _Watched) -> None:
        for name in watched.landed:
            self._landed(watched, name)
        view = self.runs.view(self.ws, watched.id)
        watched.challenge = None
        landed = f", {view.brought} landed" if view.expected else ""
        self._note(f"{view.platform} ({view.account}): {view.state.value}{landed}  (run {view.id})")
        if view.error:
            self._tell(lambda: self.face.say.error(f"{view.platform}: {view.error}", view.hint))

    def _note(self, text: str) -> None:
        self._tell(lambda: self.face.say.note(text), self.face.say.is_terminal)

    def _tell(self, work: Callable[[], None], on_terminal: bool = True) -> None:
        """Say something now; on the terminal, once no challenge covers it."""
        if self._shown is not None and on_terminal:
            self._behind.append(work)
            return
        if self.terminal is not None:
            self.terminal.draw("")
        work()

    # -- the operator

    def _cover(self, asked: _Watched | None) -> None:
        """Give the screen to the challenge that must be looked at, as long as it is open."""
        challenge = asked.challenge if asked is not None else None
        if self._shown is not None and (challenge is None or challenge.id != self._shown.challenge.id):
            self._uncover()
        if self._shown is None and challenge is not None and challenge.kind in SHOWN_KINDS and self.terminal is not None:
            self._shown = shown(self.ws, challenge, self.terminal, drawing.depth(self.face.colored, os.environ))
        if self._shown is not None:
            self._shown.tick()

    def _uncover(self) -> None:
        if self._shown is not None:
            self._shown.close()
            self._shown = None
        behind, self._behind = self._behind, []
        for work in behind:
            work()

    def _wait(self) -> None:
        asked = next((w for w in self.watched if w.challenge is not None), None)
        self._cover(asked)
        if asked is None:
            self.face.say.status("; ".join(w.progress for w in self.watched if w.progress and not w.over))
        if self.terminal is None:
            self.ws.clock.sleep(TICK_SECONDS)
            return
        self.terminal.draw(self._shown.prompt() if self._shown is not None else self._prompt(asked) if asked is not None else "")
        try:
            line = self.terminal.poll(TICK_SECONDS, words=self._shown is not None and self._shown.words)
        except EOFError:
            raise KeyboardInterrupt from None
        if line is not None and self._shown is not None:
            self._shown.take(line)
        elif line and asked is not None:
            self._take(asked, line)

    def _prompt(self, watched: _Watched) -> str:
        challenge = watched.challenge
        assert challenge is not None and self.terminal is not None
        left = time_left(challenge, self.ws.clock.now())
        if challenge.kind not in TYPED_KINDS:
            acts = ", ".join(f":{act}" for act in (*challenge.can, "done"))
            return f"{watched.platform}: approve it on the other device{left} ({acts}) {self.terminal.line}"
        acts = "".join(f", :{act}" for act in challenge.can)
        length = f" of {challenge.length} characters" if challenge.length else ""
        tries = f", {challenge.attempts_left} tries left" if challenge.attempts_left is not None else ""
        return f"{watched.platform} {challenge.kind.value}{length}{left}{tries}{acts}: " + "*" * self.terminal.typed

    def _take(self, watched: _Watched, line: str) -> None:
        challenge = watched.challenge
        assert challenge is not None
        try:
            if line.startswith(":") and line[1:] in (
                challenge.can if challenge.kind in TYPED_KINDS else (*challenge.can, "done")
            ):
                self.runs.act(self.ws, challenge.id, line[1:])
            elif challenge.kind in TYPED_KINDS:
                value = "".join(line.split()) if challenge.kind is ChallengeKind.CODE else line
                self.runs.answer(self.ws, challenge.id, Secret(value))
        except BedrotError as error:
            self._note(f"{watched.platform}: {error}")

    def _asked_to_leave(self) -> bool:
        """Ctrl-C was pressed: ask what it meant. True to detach; a second Ctrl-C, or c, cancels the runs and follows them to their end."""
        assert self.terminal is not None
        self.terminal.hush(False)
        self.terminal.draw("d Enter: detach, the run goes on.  c Enter: cancel it.  Enter: keep following. ")
        try:
            answer = None
            while answer is None:
                answer = self.terminal.poll(60)
        except (KeyboardInterrupt, EOFError):
            answer = "c"
        self.terminal.draw("")
        word = answer.strip().lower()  # the whole word: a code or a command typed ahead must neither detach nor cancel
        if word in ("d", "detach"):
            self._say_detached()
            return True
        if word in ("c", "cancel"):
            for watched in self.watched:
                if not watched.over:
                    try:
                        self.runs.cancel(self.ws, watched.id)
                    except BedrotError as error:
                        self.face.say.failure(error)
        return False

    def _say_detached(self) -> None:
        for watched in self.watched:
            if not watched.over:
                self._note(
                    f"{watched.platform}: run {watched.id} goes on; bedrot attach {watched.id}, or bedrot cancel {watched.id}"
                )

    def _result(self) -> int:
        return combined([self.runs.view(self.ws, w.id) for w in self.watched])


def combined(views: list[RunView]) -> int:
    """One exit code for several runs: 0 when all are done, their code when they agree, else 1."""
    codes = {view.exit_code if view.exit_code is not None else PARTIAL_EXIT for view in views}
    return codes.pop() if len(codes) == 1 else PARTIAL_EXIT
