"""What the console asks of the operations, in one place. Thin: one call each, no logic; tests bring another one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Protocol

from ..domain.browsing import FileFilter
from ..domain.errors import BedrotError
from ..domain.lifecycle import Zone
from .inquiry import Inquiry, OperationsInquiry
from .oversight import OperationsOversight, Oversight

if TYPE_CHECKING:
    from ..domain.blocks import Indexed, Raster, View
    from ..domain.browsing import Diff, FileRow, Outcome, Review
    from ..domain.challenges import Challenge, Look, Secret
    from ..domain.drift import Acceptance, Shape
    from ..domain.excerpts import Excerpt, Wish
    from ..domain.findings import Report
    from ..domain.lifecycle import Verb
    from ..domain.plans import Plan
    from ..domain.runs import RunView
    from ..operations.workspace import Workspace


class Need(Protocol):
    """Something that waits for a human: a run that ended because nobody was there. `stale_on`: when its data become too old."""

    id: str
    platform: str
    account: str
    at: datetime
    code: str
    command: str
    stale_on: date | None


class Startable(Protocol):
    """One account of a platform as the start dialog shows it; `problem` when its extractor does not load, `wait` why it is not due."""

    platform: str
    account: str
    title: str
    method: str
    feeds: tuple[str, ...]
    problem: str | None
    last: RunView | None
    due: bool
    wait: str


class Backend(Oversight, Inquiry, Protocol):
    """All calls block and may raise BedrotError; the console makes them in thread workers only."""

    home: str
    read_only: bool
    pictures: str | None

    def now(self) -> datetime: ...
    def files(
        self, what: FileFilter, *, after: FileRow | None = None, before: FileRow | None = None, limit: int = 200
    ) -> list[FileRow]: ...
    def last(self, what: FileFilter, limit: int) -> list[FileRow]: ...
    def between(self, what: FileFilter, one: FileRow, other: FileRow, limit: int) -> list[FileRow]: ...
    def place_of(self, what: FileFilter, row: FileRow) -> int: ...
    def rows(self, ids: Sequence[str]) -> dict[str, FileRow]: ...
    def groups(self, what: FileFilter, by: str) -> list[tuple[str | None, int, int]]: ...
    def drop(self, thread: int) -> None: ...
    def plan(self, verb: Verb, what: FileFilter | Sequence[str]) -> Plan: ...
    def count(self, what: FileFilter) -> int: ...
    def fresh(self) -> bool: ...
    def recall(self) -> dict[str, Any]: ...
    def keep(self, state: Mapping[str, Any]) -> None: ...
    def find(self, name: str) -> FileRow: ...
    def passed(self) -> Sequence[FileRow]: ...
    def glance(self, name: str) -> Review: ...
    def review(self, name: str, stop: Callable[[], bool] | None = None, lines: int = 200) -> Review: ...
    def excerpt(self, name: str, wish: Wish, stop: Callable[[], bool]) -> Excerpt: ...
    def member(self, name: str, names: Sequence[str]) -> tuple[int, ...]: ...
    def diff(self, name: str, whole: bool) -> Diff: ...
    def accept_drift(self, name: str, report: str, shape: Shape, reason: str) -> Acceptance: ...
    def revoke_drift(self, acceptance: str) -> Acceptance: ...
    def acceptances(self, feed: str | None = None) -> Sequence[Acceptance]: ...
    def outdated(self, feed: str) -> Sequence[str]: ...
    def decide(
        self, verb: Verb, ids: Sequence[str], reason: str, seen: Mapping[str, str | None] | None = None
    ) -> Iterable[Outcome]: ...
    def undo(self, ids: Sequence[str] = (), reason: str = "", expected: Mapping[str, str] | None = None) -> Iterable[Outcome]: ...
    def validate(self, ids: Sequence[str]) -> Iterable[tuple[FileRow, Report] | Outcome]: ...
    def statuses(self) -> dict[str, int]: ...
    def startable(self) -> Sequence[Startable]: ...
    def start(self, platform: str, account: str, feeds: Sequence[str] = ()) -> str: ...
    def runs(self, limit: int = 50) -> list[RunView]: ...
    def run(self, name: str) -> RunView: ...
    def run_events(self, name: str, after: int = 0) -> list[dict[str, Any]]: ...
    def cancel(self, name: str) -> None: ...
    def cancel_all(self) -> tuple[int, int]: ...
    def challenges(self) -> list[Challenge]: ...
    def answer(self, challenge: str, value: Secret) -> None: ...
    def act(self, challenge: str, act: str) -> None: ...
    def look(self, challenge: str) -> Look: ...
    def hand(self, challenge: str, act: Mapping[str, Any]) -> None: ...
    def modules(self, text: Secret) -> Sequence[Sequence[bool]]: ...
    def shrunk(self, look: Look, view: View) -> Raster: ...
    def indexed(self, look: Look, view: View, width: int, height: int, colours: int) -> Indexed: ...
    def needs(self) -> Sequence[Need]: ...
    def schema(self) -> Sequence[tuple[str, str, str]]: ...
    def starters(self) -> Sequence[tuple[str, str]]: ...


class OperationsBackend(OperationsOversight, OperationsInquiry):
    """The real one. Operations are imported on first use, so that the first frame loads no more than it shows."""

    def __init__(self, workspace: Workspace) -> None:
        self.ws = workspace
        self.home = str(workspace.home)
        self.read_only = workspace.read_only
        self.pictures = workspace.settings.pictures

    def now(self) -> datetime:
        return self.ws.clock.now()

    def files(
        self, what: FileFilter, *, after: FileRow | None = None, before: FileRow | None = None, limit: int = 200
    ) -> list[FileRow]:
        from ..operations import browse

        return browse.files(self.ws, what, after=after, before=before, limit=limit)

    def last(self, what: FileFilter, limit: int) -> list[FileRow]:
        from ..operations import browse

        return browse.last(self.ws, what, limit)

    def between(self, what: FileFilter, one: FileRow, other: FileRow, limit: int) -> list[FileRow]:
        from ..operations import browse

        return browse.between(self.ws, what, one, other, limit)

    def place_of(self, what: FileFilter, row: FileRow) -> int:
        from ..operations import browse

        return browse.place_of(self.ws, what, row)

    def rows(self, ids: Sequence[str]) -> dict[str, FileRow]:
        from ..operations import browse

        return browse.rows(self.ws, ids)

    def groups(self, what: FileFilter, by: str) -> list[tuple[str | None, int, int]]:
        from ..operations import browse

        return browse.groups(self.ws, what, by)

    def drop(self, thread: int) -> None:
        from ..operations import browse

        browse.drop(self.ws, thread)

    def plan(self, verb: Verb, what: FileFilter | Sequence[str]) -> Plan:
        from ..operations import plan

        return plan.plan(self.ws, verb, what)

    def count(self, what: FileFilter) -> int:
        from ..operations import browse

        return browse.count(self.ws, what)

    def fresh(self) -> bool:
        from ..operations import browse

        return browse.fresh(self.ws)

    def recall(self) -> dict[str, Any]:
        from ..operations import console_state

        return console_state.recall(self.ws)

    def keep(self, state: Mapping[str, Any]) -> None:
        from ..operations import console_state

        console_state.keep(self.ws, state)

    def find(self, name: str) -> FileRow:
        from ..operations import browse

        return browse.find(self.ws, name)

    def passed(self) -> Sequence[FileRow]:
        from ..operations import decide

        return decide.passed(self.ws)

    def glance(self, name: str) -> Review:
        from ..operations import review

        return review.glance(self.ws, name)

    def review(self, name: str, stop: Callable[[], bool] | None = None, lines: int = 200) -> Review:
        from ..operations import review

        return review.review(self.ws, name, stop=stop, lines=lines)

    def excerpt(self, name: str, wish: Wish, stop: Callable[[], bool]) -> Excerpt:
        from ..operations import review

        return review.excerpt(self.ws, name, wish, stop=stop)

    def member(self, name: str, names: Sequence[str]) -> tuple[int, ...]:
        """The numbers of members that people name, from the outside in."""
        from ..operations import review

        return review.member_of(self.ws, name, names)

    def diff(self, name: str, whole: bool) -> Diff:
        from ..operations import review

        return review.diff(self.ws, name, whole=whole)

    def accept_drift(self, name: str, report: str, shape: Shape, reason: str) -> Acceptance:
        from ..operations import drift

        return drift.accept_shown(self.ws, name, report, shape, reason=reason)

    def revoke_drift(self, acceptance: str) -> Acceptance:
        from ..operations import drift

        return drift.revoke(self.ws, [acceptance])[0]

    def acceptances(self, feed: str | None = None) -> Sequence[Acceptance]:
        """All that was ever accepted (of one feed), in order; also what was taken back."""
        from ..operations import drift

        return drift.listing(self.ws, feed)

    def outdated(self, feed: str) -> Sequence[str]:
        """Ids of files in landing whose verdict was made under other rules than the feed has now."""
        from ..operations import drift

        return drift.concerned(self.ws, [feed])

    def decide(
        self, verb: Verb, ids: Sequence[str], reason: str, seen: Mapping[str, str | None] | None = None
    ) -> Iterator[Outcome]:
        from ..operations import decide

        return decide.decide(self.ws, verb, ids, reason=reason, seen=seen)

    def undo(self, ids: Sequence[str] = (), reason: str = "", expected: Mapping[str, str] | None = None) -> Iterator[Outcome]:
        from ..operations import decide

        return decide.undo(self.ws, ids, reason=reason, expected=expected)

    def validate(self, ids: Sequence[str]) -> Iterator[tuple[FileRow, Report] | Outcome]:
        from ..operations import validate

        return validate.validate(self.ws, ids)

    def statuses(self) -> dict[str, int]:
        """Files in landing per status word."""
        from ..operations import browse

        return {word: files for word, files, _ in browse.groups(self.ws, FileFilter(zone=Zone.LANDING), "status")}

    def startable(self) -> Sequence[Startable]:
        from ..operations import extract

        return extract.startable(self.ws)

    def start(self, platform: str, account: str, feeds: Sequence[str] = ()) -> str:
        from ..operations import extract

        return extract.start(self.ws, platform, account=account, feeds=feeds, attended=True)

    def runs(self, limit: int = 50) -> list[RunView]:
        from ..operations import runs

        return runs.list_runs(self.ws, limit=limit)

    def run(self, name: str) -> RunView:
        from ..operations import runs

        return runs.view(self.ws, name)

    def run_events(self, name: str, after: int = 0) -> list[dict[str, Any]]:
        from ..operations import runs

        return runs.read_events(self.ws, name, after=after)

    def cancel(self, name: str) -> None:
        from ..operations import runs

        runs.cancel(self.ws, name)

    def cancel_all(self) -> tuple[int, int]:
        """How many runs were cancelled, and how many could not be."""
        from ..operations import runs

        ended = runs.cancel_all(self.ws)
        failed = sum(isinstance(outcome, BedrotError) for _, outcome in ended)
        return len(ended) - failed, failed

    def challenges(self) -> list[Challenge]:
        from ..operations import runs

        return runs.open_challenges(self.ws)

    def answer(self, challenge: str, value: Secret) -> None:
        from ..operations import runs

        runs.answer(self.ws, challenge, value)

    def act(self, challenge: str, act: str) -> None:
        from ..operations import runs

        runs.act(self.ws, challenge, act)

    def look(self, challenge: str) -> Look:
        from ..operations import runs

        return runs.look(self.ws, challenge)

    def hand(self, challenge: str, act: Mapping[str, Any]) -> None:
        from ..operations import runs

        runs.hand(self.ws, challenge, act)

    def modules(self, text: Secret) -> Sequence[Sequence[bool]]:
        from ..operations import looking

        return looking.modules(text)

    def shrunk(self, look: Look, view: View) -> Raster:
        from ..operations import looking

        return looking.shrunk(look, view)

    def indexed(self, look: Look, view: View, width: int, height: int, colours: int) -> Indexed:
        from ..operations import looking

        return looking.indexed(look, view, width, height, colours)

    def needs(self) -> Sequence[Need]:
        from ..operations import runs

        return runs.by_when(self.ws, runs.needs_operator(self.ws))

    def schema(self) -> Sequence[tuple[str, str, str]]:
        from ..operations import sql

        return sql.schema(self.ws)

    def starters(self) -> Sequence[tuple[str, str]]:
        from ..operations import sql

        return sql.STARTERS
