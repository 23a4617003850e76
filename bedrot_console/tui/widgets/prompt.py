"""The prompt for a code or password, in the same place on every screen. What is typed lives in this widget only, until it is sent.

What must be looked at (a QR code, a page) has a dialog of its own, which opens from here.
A question that ends while its answer is typed leaves the prompt standing: the rest of a password is no key of the screen below.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from textual import events
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from ...domain.challenges import Challenge, ChallengeKind, Secret
from ...domain.text import safe
from .. import operator
from ..keys import KEYS, Key, bindings
from .lines import Line, Piece, strip_of

PASSING = "!?:"
"""What waits, the help and the command line are one key away also while a code is asked."""
OVER = "this question is over: enter or esc closes"


class PromptBar(Widget, can_focus=True):
    """Asks one challenge. Posts `Send` with a Secret, or `Act`. Its repr, its messages and the screen's log hold no digit."""

    DEFAULT_CSS = (
        "PromptBar { height: 2; display: none; } PromptBar.asking { display: block; } PromptBar.asking.wrong { height: 3; }"
    )
    BINDINGS = bindings("prompt")

    @dataclass
    class Send(Message):
        """The operator's answer."""

        challenge: str
        value: Secret

    @dataclass
    class Act(Message):
        """Another act the platform offers."""

        challenge: str
        act: str

    @dataclass
    class See(Message):
        """The operator wants to see what the challenge shows."""

        challenge: str

    @dataclass
    class Next(Message):
        """Another open challenge is to be asked."""

    @dataclass
    class Closed(Message):
        """The operator has seen that the question is over."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.turn = (1, 1)
        self.challenge: Challenge | None = None
        self.now: datetime | None = None
        self.sending = False
        self.error: str | None = None
        self.touched = False
        self.over = False
        self._typed: list[str] = []

    def ask(self, challenge: Challenge | None, now: datetime, turn: tuple[int, int] = (1, 1)) -> bool:
        """Show this challenge, or none. Returns whether it is a new one; a new one starts with an empty field.

        Args:
            turn: which of how many open ones it is.
        """
        self.turn = turn
        new = challenge is not None and (self.challenge is None or self.challenge.id != challenge.id)
        if challenge is None or new:
            self._typed.clear()
            self.sending = self.touched = False
            self.error = None
        self.over = False
        self.challenge = challenge
        self.now = now
        if new and challenge is not None and challenge.error:
            self.error = challenge.error
        self.set_class(challenge is not None, "asking")
        self.set_class(bool(self.error), "wrong")
        self.refresh()
        return new

    def end(self) -> None:
        """The question is over while the operator types: what was typed is gone, and every key stays here until enter or esc closes."""
        self._typed.clear()
        self.over, self.sending, self.error = True, False, None
        self.set_class(False, "wrong")
        self.refresh()

    def close(self) -> None:
        """Go from a question that is over."""
        if self.over and self.now is not None:
            self.ask(None, self.now)
            self.app.focus_place()  # type: ignore[attr-defined]
            self.post_message(self.Closed())

    def answered(self, problem: str | None) -> None:
        """The run took the answer, or did not."""
        self.sending = False
        self.error = problem
        self.set_class(bool(problem), "wrong")
        self.refresh()

    def check_consume_key(self, key: str, character: str | None) -> bool:
        return self.over or (character is not None and character.isprintable() and not self._passes(character))

    def _passes(self, character: str) -> bool:
        """Whether a key keeps its meaning of everywhere: no code has such a character, but a password may."""
        return character in PASSING and self.challenge is not None and self.challenge.kind is not ChallengeKind.PASSWORD

    def _add(self, text: str) -> None:
        challenge = self.challenge
        self.touched = True
        if challenge is None or self.over or self.sending or not operator.is_typed(challenge):
            return
        room = operator.room(challenge) - len(self._typed)
        self._typed.extend(operator.accepted(challenge, text)[: max(0, room)])
        self.refresh()

    def on_key(self, event: events.Key) -> None:
        if self.over:
            if event.key in ("enter", "escape"):
                self.close()
        elif event.key == "a" and self.challenge is not None and operator.is_seen(self.challenge):
            self.do_send()
        elif event.character is not None and event.is_printable and not self._passes(event.character):
            self._add(event.character)
        elif event.key == "backspace":
            self.touched = True
            if self._typed:
                self._typed.pop()
            self.refresh()
        elif event.key == "ctrl+u":
            self.touched = True
            self._typed.clear()
            self.refresh()
        else:
            return
        event.stop()
        event.prevent_default()

    def on_paste(self, event: events.Paste) -> None:
        self._typed.clear()
        self._add(event.text)
        event.stop()

    def on_click(self) -> None:
        self.focus()

    def keys(self) -> Sequence[Key]:
        """The keys of the prompt; where something is to be seen, enter shows it."""
        if self.challenge is None or not operator.is_seen(self.challenge):
            return KEYS["prompt"]
        return [replace(key, label="show") if key.action == "send" else key for key in KEYS["prompt"]]

    def why_not(self, action: str) -> str | None:
        """Why a key of the prompt can do nothing now."""
        if self.over and action != "leave":
            return OVER
        if action in ("resend", "other") and (self.challenge is None or action not in self.challenge.can):
            return "the platform does not offer that here"
        return "no other platform asks anything now" if action == "next" and self.turn[1] < 2 else None

    def action_act(self, action: str) -> None:
        getattr(self, f"do_{action}")()

    def do_send(self) -> None:
        challenge = self.challenge
        if challenge is None or self.sending or self.over:
            return
        if operator.is_seen(challenge):
            self.post_message(self.See(challenge.id))
            return
        if not operator.is_typed(challenge):
            if "done" in challenge.can:
                self.post_message(self.Act(challenge.id, "done"))
            else:
                self.answered(operator.elsewhere(challenge))
            return
        value = "".join(self._typed)
        trouble = operator.problem(challenge, len(value), operator.matches(challenge, value))
        if trouble:
            self.answered(trouble)
            return
        self._typed.clear()
        self.sending, self.touched = True, False
        self.error = None
        self.set_class(False, "wrong")
        self.post_message(self.Send(challenge.id, Secret(value)))
        self.app.focus_place()  # type: ignore[attr-defined]
        self.refresh()

    def do_resend(self) -> None:
        self._offer("resend")

    def do_other(self) -> None:
        self._offer("other")

    def _offer(self, act: str) -> None:
        if self.challenge is None:
            return
        reason = self.why_not(act)
        if reason is None:
            self.post_message(self.Act(self.challenge.id, act))
        else:
            self.answered(reason)

    def do_next(self) -> None:
        reason = self.why_not("next")
        if reason is None:
            self.post_message(self.Next())
        else:
            self.answered(reason)

    def do_leave(self) -> None:
        if self.over:
            self.close()
            return
        self.app.focus_place()  # type: ignore[attr-defined]

    def on_focus(self) -> None:
        self.refresh()

    def on_blur(self) -> None:
        self.refresh()

    def _field(self, challenge: Challenge) -> list[Piece]:
        if self.sending:
            return [("sending…", "strong")]
        if not operator.is_typed(challenge):
            return [(operator.elsewhere(challenge), "plain")]
        typed = "".join(self._typed)
        if challenge.kind is ChallengeKind.PASSWORD:
            typed = "•" * len(typed)
            blanks = 12
        else:
            blanks = operator.room(challenge) if challenge.length else 8
        field = typed + ("▏" if self.has_focus else "") + "_" * max(0, blanks - len(typed))
        how = "  enter sends" if self.has_focus else "  a: type it"
        return [("[", "plain"), (safe(field), "strong"), ("]", "plain"), (how, "dim" if self.has_focus else "key")]

    def _sign(self) -> str:
        """` ? `, and which of several questions it is."""
        return f" ? {self.turn[0]} of {self.turn[1]} " if self.turn[1] > 1 else " ? "

    def render_line(self, y: int) -> Strip:
        palette = self.app.palette  # type: ignore[attr-defined]
        challenge = self.challenge
        if challenge is None or self.now is None:
            return Strip.blank(self.size.width)
        lines: list[Line] = [[(self._sign(), "alarm"), (f" {operator.question(challenge)}", "strong")]]
        if self.over:
            lines.append([("    ", "plain"), (OVER, "warning"), ("  what was typed is dropped", "dim")])
            return strip_of(lines[y], self.size.width, palette) if y < len(lines) else Strip.blank(self.size.width)
        if self.error:
            lines.append([(" ✗ ", "error"), (f" {safe(self.error, 200)}", "error")])
        facts = operator.facts(challenge, self.now)
        lines.append([("    ", "plain"), *self._field(challenge), (f"   {facts}", "plain")])
        return strip_of(lines[y], self.size.width, palette) if y < len(lines) else Strip.blank(self.size.width)
