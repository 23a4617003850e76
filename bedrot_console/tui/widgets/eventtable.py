"""A window on the journal: newest first, so many events of it at a time, moved along as the cursor nears its edge."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual.message import Message

from ...domain.events import Event
from ..auditlines import event_pieces
from .lines import Piece
from .table import Column, VirtualTable

PAGE = 100
MOST = 2000
"""So many events are held at most."""
EDGE = 40
"""So near to an edge the next page is wanted."""
COLUMNS = (
    Column("seq", 9, "right"),
    Column("at (UTC)", 14),
    Column("kind", 16),
    Column("who", 9, least=76),
    Column("about", 20, flex=1),
)


class EventTable(VirtualTable, can_focus=True):
    """Holds events newest first. `reached` and `reached_up` are the numbers looked at so far at either end; posts `NeedEvents`."""

    @dataclass
    class NeedEvents(Message):
        """More is wanted: `older` or `newer` than what is held."""

        where: str

    def __init__(self) -> None:
        super().__init__(COLUMNS, id="events", empty=("loading…",))
        self.restart()

    def restart(self) -> None:
        """Nothing is held."""
        self.events: list[Event] = []
        self.at_start = self.at_end = False
        self.reached: int | None = None
        self.reached_up = 0
        self.cursor = self.top = 0
        self.rows_changed()

    @property
    def event(self) -> Event | None:
        """The event under the cursor."""
        return self.events[self.cursor] if self.cursor < len(self.events) else None

    def add_older(self, events: Sequence[Event], reached: int, ended: bool) -> None:
        """What follows below; the newest ones go when there are too many."""
        self.events += events
        self.reached, self.at_end = reached, ended
        spare = len(self.events) - MOST
        if spare > 0:
            del self.events[:spare]
            self.cursor, self.top = max(0, self.cursor - spare), max(0, self.top - spare)
            self.at_start, self.reached_up = False, self.events[0].seq
        self.rows_changed()
        self.want()

    def add_newer(self, events: Sequence[Event], reached: int, ended: bool) -> None:
        """What stands above; the cursor stays on its event."""
        if events:
            self.events[:0] = events
            if self.cursor or self.top or len(self.events) > len(events):
                self.cursor, self.top = self.cursor + len(events), self.top + len(events)
            if len(self.events) > MOST:
                del self.events[MOST:]
                self.at_end, self.reached = False, self.events[-1].seq
            self.rows_changed()
        self.reached_up, self.at_start = max(self.reached_up, reached), ended
        self.want()

    def want(self) -> None:
        """Ask for what the cursor will soon need."""
        if not self.at_end and self.reached is not None and self.cursor + max(EDGE, self.view_height) >= len(self.events):
            self.post_message(self.NeedEvents("older"))
        elif not self.at_start and self.events and self.cursor < EDGE:
            self.post_message(self.NeedEvents("newer"))

    def move_to(self, index: int) -> None:
        super().move_to(index)
        self.want()

    def page(self, direction: int) -> None:
        super().page(direction)
        self.want()

    def row_count(self) -> int:
        return len(self.events)

    def row_key(self, index: int) -> object:
        return self.events[index].seq

    def row_pieces(self, index: int) -> Sequence[Piece]:
        return event_pieces(self.events[index])
