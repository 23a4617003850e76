"""What workers tell of SQL: answers as they grow, what a query may name, queries that are kept, exports. As in `messages`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual.message import Message

from .messages import posted

if TYPE_CHECKING:
    from ..domain.browsing import FileRow
    from ..operations.answers import Answer
    from ..operations.checks import CheckResult
    from ..operations.queries import SavedQuery


@posted
class AnswerGrew(Message):
    """More of an answer can be read, or its columns are known."""

    answer: Answer

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, AnswerGrew) and message.answer is self.answer


@posted
class AnswerEnded(Message):
    """An answer is as whole as it gets; or the engine's complaint, with its place in the text (line and column, from 1)."""

    answer: Answer
    seconds: float
    problem: str | None = None
    hint: str | None = None
    place: tuple[int, int] | None = None


@posted
class BlockLoaded(Message):
    """Rows of an answer, by the number of their block."""

    answer: Answer
    number: int
    rows: Sequence[Sequence[Any]] = field(repr=False)


@posted
class RowLoaded(Message):
    """One whole row of an answer, for an act: `cell`, `copy_cell` or `copy_row`."""

    answer: Answer
    act: str
    row: Sequence[Any] = field(repr=False)


@posted
class RowsMarked(Message):
    """Rows to mark: number and file id."""

    answer: Answer
    rows: dict[int, str]


@posted
class RowsFound(Message):
    """The files that rows of an answer name, for an action; `problems` counts those that name none, by the reason."""

    action: str
    rows: list[FileRow]
    problems: dict[str, int]


@posted
class LexiconLoaded(Message):
    """What a query may name: (view, column, type), (function, kind), and feeds. `show`: the operator wants to see it."""

    columns: Sequence[tuple[str, str, str]]
    functions: Sequence[tuple[str, str]] = ()
    show: bool = False
    feeds: Sequence[str] = ()


@posted
class KeptLoaded(Message):
    """Queries that are kept: saved ones, and what this user asked, oldest first. `show`: the operator wants to choose one."""

    saved: Sequence[SavedQuery]
    asked: Sequence[str]
    show: bool = False


@posted
class QuerySaved(Message):
    """A query was saved, or (`taken`) was not, since the name is another one's. A check was asked at once: `result`."""

    name: str
    text: str = field(repr=False)
    taken: bool = False
    result: CheckResult | None = None


@posted
class ChecksDone(Message):
    """What the saved checks found."""

    results: Sequence[CheckResult]


@posted
class ExportReady(Message):
    """Where an export goes; `taken`: there is a file already."""

    name: str
    path: Path
    fmt: str
    taken: bool


@posted
class Exported(Message):
    """An answer was written to a file, or `problem` says why not."""

    name: str
    rows: int = 0
    size_bytes: int = 0
    problem: str | None = None
    hint: str | None = None
