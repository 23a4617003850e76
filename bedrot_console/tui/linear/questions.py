"""Challenges in words: what is asked, a code that is not echoed, a page worked on by its outline, a QR code in letters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...domain.challenges import Challenge, ChallengeKind, Secret
from ...domain.errors import UsageError
from ...domain.text import safe
from .. import operator
from .room import Room
from .texts import code_rows

if TYPE_CHECKING:
    from ..words import Order

HALF_PAGE = 450
PAGE_WORDS = (
    "look: the page as text, each thing with its place",
    "click X,Y: click there",
    "drag X,Y X,Y: drag from there to there",
    "type: type into what has the focus; it is not shown",
    "press KEY: Enter, Tab, Backspace, Escape, ArrowDown and such",
    "scroll down, scroll up",
    "done: the page is solved, if the run does not see it by itself",
    "leave: the run waits on",
)


class Questions(Room):
    """Challenges."""

    _told: set[str]

    def tell_questions(self) -> None:
        """Say each new question once, before the next prompt."""
        for challenge in self.backend.challenges():
            key = f"{challenge.id} {challenge.error}"
            if key not in self._told:
                self._told.add(key)
                self.speech.say(f"A platform asks: {self._asked(challenge)}. answer {challenge.id[:10]}")

    def _asked(self, challenge: Challenge) -> str:
        facts = operator.time_left(challenge, self.backend.now())
        tries = f"{challenge.attempts_left} tries left" if challenge.attempts_left is not None else ""
        return ", ".join(p for p in (operator.question(challenge), safe(challenge.error or "", 200), facts, tries) if p)

    def _challenge(self, order: Order) -> Challenge:
        found = [c for c in self.backend.challenges() if c.id.startswith(order.first or "")]
        if not found:
            raise UsageError("no platform asks anything now", hint="needs")
        if order.first and len(found) > 1:
            raise UsageError("more than one question begins so", hint="needs")
        still_open = operator.in_order(found)
        if not still_open:
            raise UsageError("that question is over", hint="needs")
        return still_open[0]

    def order_answer(self, order: Order) -> None:
        challenge = self._challenge(order)
        self.speech.say(self._asked(challenge) + ".")
        if challenge.can:
            self.speech.say("Also: " + ", ".join(f"tell {act} {challenge.id[:10]}" for act in challenge.can))
        if challenge.kind is ChallengeKind.QR:
            self._code(challenge)
        elif challenge.kind is ChallengeKind.PAGE:
            self._page(challenge)
        elif operator.is_typed(challenge):
            self._type(challenge)
        else:
            self.speech.say("Nothing to type: approve it there; the run goes on by itself.")

    def _type(self, challenge: Challenge) -> None:
        typed = operator.accepted(challenge, self.speech.ask_hidden(f"{challenge.kind.value}, not shown; empty leaves:"))
        if not typed:
            self.speech.say("Left; it stays open.")
            return
        trouble = operator.problem(challenge, len(typed), operator.matches(challenge, typed))
        if trouble:
            raise UsageError(trouble, hint=f"answer {challenge.id[:10]}")
        self.backend.answer(challenge.id, Secret(typed))
        self.speech.say("The answer was handed to the run.")

    def _code(self, challenge: Challenge) -> None:
        text = self.backend.look(challenge.id).text
        if text is None:
            raise UsageError("the code is not there yet", hint=f"answer {challenge.id[:10]}")
        self.speech.say(*code_rows(self.backend.modules(text)), whole=True)
        self.speech.say("Scan it with the phone; the run sees it by itself. Dark on light; answer draws it anew.")

    def _page(self, challenge: Challenge) -> None:
        """A small conversation with the page, until it is left or over."""
        self.speech.all(PAGE_WORDS)
        words = "look"
        while words != "leave":
            try:
                if any(c.id == challenge.id for c in self.backend.challenges()):
                    self._on_page(challenge, words)
                else:
                    self.speech.say("The platform has what it asked for, or asks no more.")
                    return
            except UsageError as error:
                self.speech.say(f"{error}" + (f"; {error.hint}" if error.hint else ""))
            words = self.speech.ask("page>").strip() or "look"
        self.speech.say("Left; the run waits on.")

    def _on_page(self, challenge: Challenge, words: str) -> None:
        name, *rest = words.split()
        if name == "look":
            self.speech.all(self.backend.look(challenge.id).outline.splitlines() or ["the page has no text"])
        elif name == "done":
            self.backend.act(challenge.id, "done")
            self.speech.say("Told the run.")
        elif (act := self._hand(name, rest)) is not None:
            self.backend.hand(challenge.id, act)
            self.speech.say("Done.")
        else:
            self.speech.all(PAGE_WORDS)

    def _hand(self, name: str, rest: list[str]) -> dict[str, Any] | None:
        places = [tuple(int(n) for n in word.split(",")) for word in rest if word.replace(",", "", 1).isdigit() and "," in word]
        if name == "click" and len(places) == 1:
            return {"act": "click", "x": places[0][0], "y": places[0][1]}
        if name == "drag" and len(places) == 2:
            (x, y), (to_x, to_y) = places
            return {"act": "drag", "x": x, "y": y, "to_x": to_x, "to_y": to_y}
        if name == "type":
            return {"act": "type", "text": self.speech.ask_hidden("what to type, not shown:")}
        if name == "press" and rest:
            return {"act": "press", "key": rest[0]}
        if name == "scroll":
            return {"act": "scroll", "dy": -HALF_PAGE if rest[:1] == ["up"] else HALF_PAGE}
        return None

    def order_tell(self, order: Order) -> None:
        """One of the challenge's own acts: a new code, another way, done."""
        act = order.words[0]
        open_now = [c for c in self.backend.challenges() if c.id.startswith(order.words[1] if len(order.words) > 1 else "")]
        able = [c for c in open_now if act in (*c.can, "done")]
        if len(able) != 1:
            raise UsageError(f"no question takes {safe(act, 20)} now", hint="tell resend|other|done CHALLENGE")
        self.backend.act(able[0].id, act)
        self.speech.say("Told the run.")
