"""Everything a worker may tell the screen. Workers post these; only handlers change widgets. Noisy ones replace each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from textual.message import Message

if TYPE_CHECKING:
    from ..domain.blocks import Cell, View
    from ..domain.browsing import Diff, FileFilter, FileRow, Outcome, Review
    from ..domain.challenges import Challenge, Look
    from ..domain.drift import Acceptance
    from ..domain.excerpts import Excerpt, Wish
    from ..domain.plans import Plan
    from ..domain.runs import RunView
    from ..operations.accounts import Accounts
    from ..operations.audit import AuditFilter, AuditPage, AuditState
    from ..operations.explain import Why
    from ..operations.health import Health
    from .backend import Need, Startable
    from .pictures import Picture
    from .widgets.log import Entry


posted = partial(dataclass, repr=False, eq=False)
"""A message's fields. Nobody prints messages or compares them, and without that this module loads in half the time."""


@posted
class Failed(Message):
    """A worker's work failed. `hint` is the next command or act."""

    group: str
    text: str
    hint: str | None = None


@posted
class Notice(Message):
    """One line for the operator: `kind` is `info`, `done`, `warning` or `error`."""

    text: str
    kind: str = "info"
    hint: str | None = None


@posted
class PageLoaded(Message):
    """Rows of `what`: `where` is `first`, `last`, `after`, `before` or `around`; `total` where it was counted along the way.

    `full` says that there are more on that side. For `around`, `anchor` is the row to stand on and `head` how many of `rows` come
    before it.
    """

    what: FileFilter
    where: str
    rows: list[FileRow]
    full: bool = False
    anchor: str | None = None
    total: int | None = None
    head: int = 0
    at_start: bool = False


@posted
class Counted(Message):
    """How many files `what` has, and how many of them come before the file `row`. `last` is the last page, fetched ahead."""

    what: FileFilter
    total: int
    row: str | None = None
    index: int | None = None
    last: PageLoaded | None = None


@posted
class GroupsLoaded(Message):
    """(key, files, bytes) of `what` by `by`."""

    what: FileFilter
    by: str
    groups: list[tuple[str | None, int, int]]


@posted
class WordsLoaded(Message):
    """Filter word -> values that the catalog holds."""

    values: dict[str, list[str]]


@posted
class RangeLoaded(Message):
    """The files between two marks; `cut` when there are more than may be marked one by one."""

    rows: list[FileRow]
    cut: bool


@posted
class MarksRenewed(Message):
    """Marked files as the catalog tells them now."""

    rows: dict[str, FileRow]


@posted
class Planned(Message):
    """What a decision on many files would do."""

    plan: Plan


@posted
class QueueLoaded(Message):
    """The review queue, worst first."""

    rows: list[FileRow]
    more: bool


@posted
class ReviewLoaded(Message):
    """Report, preview, diff of one file, or why they cannot be shown. `partial`: the diff is still being made."""

    name: str
    review: Review | None
    problem: str | None = None
    partial: bool = False


@posted
class ExcerptLoaded(Message):
    """A window of a payload: what was wished for, what its answer does, for which content of the pane; None: it was stopped."""

    name: str
    wish: Wish
    how: str
    turn: int
    excerpt: Excerpt | None


@posted
class DiffLoaded(Message):
    """The diff of one file, with what did not change."""

    name: str
    diff: Diff


@posted
class DriftChanged(Message):
    """What was accepted or taken back, and the verdicts of the files that were validated again."""

    acceptance: Acceptance
    verdicts: dict[str, int]
    failed: list[Outcome]


@posted
class Decided(Message):
    """How a verb ended, file by file. `rows` are the files as they were, where they are at hand; `whole`: all of a filter were meant."""

    verb: str
    outcomes: list[Outcome]
    rows: Sequence[FileRow] = ()
    whole: bool = False


@posted
class Named(Message):
    """The files that a command names; `reason` as given with it."""

    verb: str
    rows: list[FileRow]
    reason: str = ""


@posted
class PlaceFound(Message):
    """The row that the cursor stood on last time, and the files that were marked, as far as they are still there."""

    row: FileRow | None
    marks: list[FileRow]


@posted
class Validated(Message):
    """How many files were validated, by verdict; `failed` are those that could not be."""

    verdicts: dict[str, int]
    failed: list[Outcome]


@posted
class RunsLoaded(Message):
    """The newest runs."""

    runs: list[RunView]

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, RunsLoaded)


@posted
class RunProgress(Message):
    """New lines of one run's log, and how it stands. `last` is the number of the newest event; `after` that of the one before them."""

    run: str
    view: RunView
    entries: list[Entry]
    after: int
    last: int


@posted
class RunNamed(Message):
    """A run that was asked for by the beginning of its id."""

    run: str


@posted
class RunStarted(Message):
    """A run was started here, or several are being: `begun` of `of` so far. Empty `run`: this one was not, and `failed` says why."""

    run: str
    begun: int = 1
    of: int = 1
    failed: Sequence[str] = ()


@posted
class StartableLoaded(Message):
    """What can be extracted, or why that is not known."""

    accounts: Sequence[Startable]
    problem: str = ""


@posted
class Answered(Message):
    """The run took the answer to a challenge, or `problem` says why not. Holds no answer."""

    challenge: str
    problem: str | None = None
    hint: str | None = None


@posted
class Seen(Message):
    """What a challenge shows now, or why it shows nothing; `did` is what was done on its page before. `code` are a QR code's modules."""

    look: Look | None = field(repr=False)
    code: Sequence[Sequence[bool]] = field(default=(), repr=False)
    problem: str | None = None
    did: str = ""


@posted
class Drawn(Message):
    """A page's picture as cells, the view they show, and the same in pixels where the terminal has them."""

    cells: list[list[Cell]] = field(repr=False)
    view: View
    picture: Picture | None = None


@posted
class AccountsLoaded(Message):
    """How the logins of all accounts stand."""

    accounts: Accounts


@posted
class CheckStarted(Message):
    """A check of a login was started as `run`, after the import of `version` if there was one; None: only imported. `words` say what was
    imported; `warned`: with something to be careful about."""

    platform: str
    account: str
    run: str | None
    version: int | None = None
    words: str = ""
    warned: bool = False
    hint: str | None = None


@posted
class CheckSeen(Message):
    """How a check stands: its run, the sign that proved the login, and once it has ended the outcome."""

    platform: str
    account: str
    view: RunView
    sign: str | None
    outcome: str


@posted
class SessionChanged(Message):
    """A saved login was rolled back or forgotten."""

    text: str
    hint: str


@posted
class HealthLoaded(Message):
    """How the lake is and was."""

    health: Health


@posted
class Explained(Message):
    """Why a feed is late."""

    why: Why


@posted
class AuditLoaded(Message):
    """A page of the journal: `where` is `first`, `older`, `newer` or `last`; `place` the number it was asked from."""

    what: AuditFilter
    where: str
    page: AuditPage
    place: int | None


@posted
class AuditStateLoaded(Message):
    """Where the journal ends, and how it was found last."""

    state: AuditState


@posted
class Verifying(Message):
    """How far a walk through the journal is."""

    seq: int

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, Verifying)


@posted
class Verified(Message):
    """The journal was walked through, or why it was not."""

    state: AuditState | None
    problem: str = ""
    hint: str | None = None


@posted
class Pulse(Message):
    """Once a second: what waits for a human, what runs, and whether the catalog changed."""

    challenges: list[Challenge] = field(default_factory=list)
    needs: Sequence[Need] = ()
    running: int = 0
    statuses: dict[str, int] = field(default_factory=dict)
    changed: bool = False
    problem: str | None = None

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, Pulse) and not message.changed
