"""Audit in words: the journal page by page, one event whole, and whether the chain of its lines holds."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ...domain.errors import Cancelled, UsageError
from ...domain.text import safe
from ..auditlines import about, flat, state_line, verified, verified_lines
from ..steps import every
from .lists import PAGE, Item, Listing
from .room import Room
from .texts import WIDE, spoken

if TYPE_CHECKING:
    from ...domain.events import Event
    from ..words import Order

TELL_LINES = 100_000

_BY_NUMBER = re.compile(r"\w+=[0-9a-f]{64}|(?:offset|length|segment)=\d+")


class Journal(Room):
    """Audit."""

    def order_audit(self, order: Order) -> None:
        words = list(order.words)
        if words[:1] == ["verify"]:
            self._verify(words[1] if len(words) > 1 else order.options.get("anchor"))
        elif words[:1] == ["state"]:
            self.speech.all(
                spoken(verified_lines(self.backend.audit_state(), WIDE, "audit verify", "audit verify --anchor FILE"))
            )
        else:
            given = [f"{name}:{value}" for name, value in order.options.items() if name not in ("text", "anchor")]
            self._list_events(" ".join([*given, *words[words[:1] == ["show"] :], order.options.get("text", "")]).strip())

    def _list_events(self, words: str) -> None:
        item = self.numbered(words, "event")
        if item is not None:
            words = f"file:{self.file_of(item.what)}"
        what = self.backend.audit_filter(words)
        state = state_line(
            self.backend.audit_state(), self.backend.now(), walking=None, looking=None, damaged=(), verify="audit verify does"
        )
        self.speech.all(spoken([state]))
        place: list[int | None] = [None]
        told: set[int] = set()

        def more(last: Any) -> list[Item]:
            """The events before the last ones; looks as far back as it takes to find one."""
            while place[0] != 0:
                page = self.backend.audit(what, before=place[0], limit=PAGE)
                place[0] = 0 if page.ended else page.reached
                new = sorted(set(page.damaged) - told)
                told.update(new)
                if new:
                    self.speech.say(f"Damaged lines of the journal: {', '.join(f'{n:,}' for n in new[:5])}. Next: audit verify")
                if page.events:
                    return [Item(str(e.seq), event_text(e), e) for e in page.events]
                if not page.ended:
                    self.speech.say(f"Looking back, at {page.reached:,}; ctrl+c stops.")
            return []

        empty = (
            ("no event matches: audit shows all",)
            if words
            else ("nothing has happened here yet: extract PLATFORM, or land FILE",)
        )
        title = "Events, newest first" + (f", {safe(words, 200)}" if words else "")
        self.show_list("audit", Listing(title, "event", more=more, empty=empty))

    def say_event(self, event: Event) -> None:
        """All fields of an event, and what it leads to."""
        head = f"{event.kind}, seq {event.seq:,}, {event.at:%Y-%m-%d %H:%M:%S.%f} UTC, {event.actor} on {event.host}"
        self.speech.say(head, *(f"{name}: {safe(value, 2000)}" for name, value in flat(event.data)))
        number = next((i for i, item in enumerate(self.listing.items, 1) if item.what is event), 0) if self.listing else 0
        ways = []
        if self.backend.event_file(event) is not None:
            ways += [f"show {number}: its file", f"audit {number}: all events of its file"]
        if self.backend.event_run(event) is not None:
            ways.append(f"log {number}: its run")
        if ways:
            self.speech.say("; ".join(ways))

    def file_of(self, event: Event) -> str:
        """The file that an event is about. Raises UsageError where there is none."""
        name = self.backend.event_file(event)
        if name is None:
            raise UsageError("this event is about no file", hint="its number says all of it")
        return name

    def run_of(self, event: Event) -> str:
        """The run that an event is about. Raises UsageError where there is none."""
        name = self.backend.event_run(event)
        if name is None:
            raise UsageError("this event is about no run", hint="its number says all of it")
        return name

    def _verify(self, anchor: str | None) -> None:
        tell = every(TELL_LINES, lambda seq: self.speech.say(f"Verifying, at {seq:,}; ctrl+c stops."))
        try:
            state = self.backend.verify_journal(anchor, tell)
        except Cancelled:
            self.speech.say("Stopped; nothing was noted.")
            return
        sentence, kind = verified(state)
        self.speech.say(f"{sentence}. Next: audit state" + ("" if kind == "done" else ", and keep the journal as it is"))


def event_text(event: Event) -> str:
    """One row of the list; hashes and places in files are left to the event's own text."""
    what = [part.replace("=", " ", 1) for part in about(event).split("  ") if not _BY_NUMBER.fullmatch(part)]
    who = f"seq {event.seq:,}, {event.at:%Y-%m-%d %H:%M:%S}, {safe(event.kind, 30)} by {safe(event.actor, 30)}"
    return who + (f": {', '.join(what)}" if what else "")
