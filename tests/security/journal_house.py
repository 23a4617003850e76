"""Events and files of a journal, for its tests."""

from __future__ import annotations

from pathlib import Path

from bedrot_console.domain.events import Event
from bedrot_console.security.journal import FileJournal


def event(clock, n: int = 0, **data) -> Event:
    return Event(kind="queried", at=clock.now(), actor="uid:1", data={"n": n, **data})


def fill(journal: FileJournal, clock, count: int) -> None:
    for n in range(count):
        journal.append([event(clock, n)])


def segment(journal: FileJournal, number: int = 1) -> Path:
    return journal.folder / f"{number:06d}.jsonl"


def again(journal: FileJournal) -> FileJournal:
    """The same journal as another process sees it."""
    return FileJournal(journal.folder, journal.clock, actor_host="here", segment_bytes=journal.segment_bytes)
