"""What the dialogs share in which a challenge is looked at: the whole screen, a head, a canvas, a foot with the keys.

Looks and acts are made in workers, one after the other. What is seen lives in the dialog and goes with it.
"""

from __future__ import annotations

import os
from typing import Any, ClassVar

from rich.cells import cell_len
from textual.app import ComposeResult

from ...domain.challenges import Challenge
from ...domain.errors import BedrotError
from ...domain.text import safe
from .. import operator
from ..backend import Backend
from ..fetch import Fetcher
from ..keys import KEYS
from ..messages import Failed, Seen
from ..widgets.canvas import Canvas
from ..widgets.lines import Piece, fit
from ..widgets.pane import Pane
from .base import Dialog

OVER = "the platform has what it asked for, or asks no more"
LEAST_WHO = 24
"""Cells of the head that stay with who asks, however much there is to tell."""


class Seeing(Fetcher, Dialog[str]):
    """Dismissed with a sentence when the challenge is over, with None when the operator leaves."""

    DEFAULT_CSS = """
    Seeing { align: left top; background: $background; }
    Seeing > #head, Seeing > #foot { height: 1; width: 100%; }
    """
    AUTO_FOCUS = None
    PLACE: ClassVar[str] = ""
    LOOK_SECONDS: ClassVar[float] = 2.0

    def __init__(self, challenge: Challenge, backend: Backend) -> None:
        super().__init__()
        self.challenge = challenge
        self.backend = backend
        self.message = "looking…"
        self._ended: str | None = None

    def compose(self) -> ComposeResult:
        yield Pane(id="head")
        yield Canvas(id="canvas")
        yield Pane(id="foot")

    def on_mount(self) -> None:
        self.tell()
        self.set_interval(1.0, self.tell)
        self.set_interval(self.LOOK_SECONDS, self.look_if_idle)
        self.look()

    @property
    def canvas(self) -> Canvas:
        return self.query_one(Canvas)

    @property
    def colours(self) -> bool:
        """Whether any colour may be used."""
        return "NO_COLOR" not in os.environ and self.app.console.color_system is not None

    @property
    def many_colours(self) -> bool:
        """Whether there are enough of them for a picture."""
        return self.colours and self.app.console.color_system != "standard"

    # what is told

    def tell(self) -> None:
        """Draw head and foot: who asks, how long there is, what happened, the keys."""
        if self._ended is not None:
            self.over()
            return
        left = operator.time_left(self.challenge, self.backend.now())
        rest: list[Piece] = [(f"  {left}" if left else "", "plain")]
        if self.message:
            rest += [("  ", "plain"), (safe(self.message, 200), "warning")]
        if self.backend.read_only:
            rest.append(("  READ-ONLY ", "alarm"))
        who = operator.question(self.challenge)
        room = max(LEAST_WHO, self.size.width - 4 - sum(cell_len(text) for text, _ in rest))
        who = fit(who, room) if cell_len(who) > room else who
        self.query_one("#head", Pane).show([[(" ? ", "alarm"), (f" {who}", "strong"), *rest]])
        self.query_one("#foot", Pane).show([self.foot()])

    def foot(self) -> list[Piece]:
        """The keys, from the table."""
        pieces: list[Piece] = []
        for key in KEYS[self.PLACE]:
            if key.label:
                pieces += [(f" {key.face}", "key"), (f" {key.label}" if key.label != key.face else "", "plain")]
        return pieces

    # looking

    def look(self) -> None:
        """See what there is now."""
        self.wish(lambda: None, "")

    def look_if_idle(self) -> None:
        """The look of every few seconds: only where nothing else is under way."""
        if "seeing" not in self._shelf()[1]:
            self.look()

    def wish(self, work: Any, did: str) -> None:
        """Do `work` in a worker, then look; every wish is done, in order."""
        backend, challenge = self.backend, self.challenge.id

        def done() -> Seen:
            try:
                work()
                look = backend.look(challenge)
                code = backend.modules(look.text) if look.text is not None else ()
            except BedrotError as error:
                return Seen(None, (), str(error), did)
            return Seen(look, code, None, did)

        self.fetch("seeing", done, keep=True)

    def on_failed(self, message: Failed) -> None:
        message.stop()
        self.message = message.text
        self.tell()

    def over(self) -> None:
        """The challenge is over: go, as soon as nothing stands before this dialog."""
        self._ended = OVER
        if self.is_mounted and self.app.screen is self:
            self.dismiss(self._ended)

    # keys

    def action_act(self, action: str) -> None:
        getattr(self, f"do_{action}")()

    def do_leave(self) -> None:
        self.dismiss(None)

    def do_look(self) -> None:
        self.message = "looking…"
        self.tell()
        self.look()

    def do_done(self) -> None:
        backend, challenge = self.backend, self.challenge.id
        self.wish(lambda: backend.act(challenge, "done"), "told the run")
