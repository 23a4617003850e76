"""What SQL asks of the operations: answers of any size, queries that are kept, checks, and files made of answers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from ..domain.browsing import FileRow
    from ..domain.errors import BedrotError
    from ..operations.answers import Answer
    from ..operations.checks import CheckResult
    from ..operations.exporting import Export
    from ..operations.queries import SavedQuery
    from ..operations.workspace import Workspace


class Inquiry(Protocol):
    """Calls block and may raise BedrotError, as all of the backend's; `inquire` and `export` cost nothing, what they give blocks."""

    def inquire(self, text: str) -> Answer: ...
    def schema(self) -> Sequence[tuple[str, str, str]]: ...
    def words(self) -> Sequence[tuple[str, str]]: ...
    def resolve(self, names: Sequence[str]) -> list[FileRow | BedrotError]: ...
    def saved(self) -> Sequence[SavedQuery]: ...
    def save_query(self, name: str, text: str, *, replace: bool = False) -> SavedQuery: ...
    def remove_query(self, name: str) -> None: ...
    def declared(self, text: str, check: str, scope: str) -> str: ...
    def run_checks(self, names: Sequence[str] = ()) -> Iterator[CheckResult]: ...
    def past_queries(self) -> Sequence[str]: ...
    def remember(self, text: str) -> None: ...
    def export_target(self, name: str, *, replace: bool = False) -> tuple[Path, str]: ...
    def export(self, answer: Answer, path: Path, fmt: str, *, replace: bool = False) -> Export: ...


class OperationsInquiry:
    """Mixed into the real backend."""

    ws: Workspace

    def inquire(self, text: str) -> Answer:
        from ..operations import answers

        return answers.answer(self.ws, text)

    def words(self) -> Sequence[tuple[str, str]]:
        from ..operations import sql

        return sql.words(self.ws)

    def resolve(self, names: Sequence[str]) -> list[FileRow | BedrotError]:
        """The file that each id, or beginning of one, names now; in order."""
        return self.ws.catalog.resolve(names)

    def saved(self) -> Sequence[SavedQuery]:
        from ..operations import queries

        return queries.saved(self.ws)

    def save_query(self, name: str, text: str, *, replace: bool = False) -> SavedQuery:
        from ..operations import queries

        return queries.save(self.ws, name, text, replace=replace)

    def remove_query(self, name: str) -> None:
        from ..operations import queries

        queries.remove(self.ws, name)

    def declared(self, text: str, check: str, scope: str) -> str:
        """The text, declared a check of this severity and scope; with an empty severity no check."""
        from ..operations import queries

        return queries.declared(text, check=check, scope=scope if check else "")

    def run_checks(self, names: Sequence[str] = ()) -> Iterator[CheckResult]:
        from ..operations import checks

        return checks.run(self.ws, names)

    def past_queries(self) -> Sequence[str]:
        """What this user asked, oldest first."""
        from ..operations import queries

        return queries.history(self.ws)

    def remember(self, text: str) -> None:
        from ..operations import queries

        queries.remember(self.ws, text)

    def export_target(self, name: str, *, replace: bool = False) -> tuple[Path, str]:
        """Where an export goes, and its format by its name."""
        from ..operations import exporting

        path = exporting.target(self.ws, name, replace=replace)
        return path, exporting.format_of(path)

    def export(self, answer: Answer, path: Path, fmt: str, *, replace: bool = False) -> Export:
        from ..operations import exporting

        return exporting.Export(self.ws, answer, path, fmt, replace=replace)
