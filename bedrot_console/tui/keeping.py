"""Queries that are kept, checks made of them, files made of answers, and the files that rows name: what every face of SQL does with them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from ..domain.browsing import FileRow
from ..domain.errors import BedrotError, UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from ..operations.checks import CheckResult
    from ..operations.queries import SavedQuery
    from .backend import Backend


class Kept(NamedTuple):
    """One query that can be chosen: `saved`, `check error`, `check warning`, `starter` or `asked`; its name (of an asked one its text)."""

    kind: str
    name: str
    text: str


class Aim(NamedTuple):
    """Where an export goes; `taken`: there is a file already."""

    path: Path
    fmt: str
    taken: bool


def choices(saved: Iterable[SavedQuery], starters: Iterable[tuple[str, str]], asked: Sequence[str]) -> list[Kept]:
    """What can be chosen: saved ones, starters, what was asked, the newest first."""
    found = [Kept(f"check {q.check}" if q.check else "saved", q.name, q.text) for q in saved]
    found += [Kept("starter", name, text) for name, text in starters]
    return found + [Kept("asked", " ".join(text.split()), text) for text in reversed(asked)]


def narrowed(queries: Sequence[Kept], words: str) -> list[Kept]:
    """Those that hold all of these words."""
    wanted = words.lower().split()
    return [q for q in queries if all(w in f"{q[0]} {q[1]} {q[2]}".lower() for w in wanted)]


def removable(query: Kept) -> bool:
    """Whether it can be forgotten: it was saved."""
    return query.kind not in ("asked", "starter")


def keep(backend: Backend, name: str, text: str, *, replace: bool = False) -> tuple[SavedQuery, CheckResult | None]:
    """Save a text under a name; a check is asked at once, and stands as an alert if it finds something."""
    query = backend.save_query(name, text, replace=replace)
    return query, next(iter(backend.run_checks([name]))) if query.check else None


def kept_sentence(name: str, result: CheckResult | None) -> tuple[str, bool, str]:
    """That it was saved, and what a check found: the sentence, whether all is well, and the command that asks again."""
    if result is None:
        return f"saved {name}", True, f"bedrot sql --saved {name}"
    fine = result.outcome == "passed"
    said = f"saved check {name}: {result.sentence}" + ("" if fine else "; it stands as an alert")
    return said, fine, f"bedrot check run {name}"


def aim(backend: Backend, name: str) -> Aim:
    """Where a file of this name would lie. Raises UsageError for a name that says no format or leads nowhere."""
    try:
        return Aim(*backend.export_target(name), False)
    except UsageError as error:
        if "already" not in str(error):
            raise
    return Aim(*backend.export_target(name, replace=True), True)


def resolved(backend: Backend, names: Sequence[str]) -> tuple[list[FileRow], dict[str, int]]:
    """The files that rows name now, each once; and how many rows name none, by the reason."""
    rows = {}
    problems: Counter[str] = Counter()
    for found in backend.resolve(names):
        if isinstance(found, BedrotError):
            problems[str(found).partition(":")[0]] += 1
        else:
            rows[found.id] = found
    return list(rows.values()), dict(problems)


def problem_sentence(problems: dict[str, int]) -> str:
    """`2 rows: no such file`."""
    return "; ".join(f"{count} row{'s' if count != 1 else ''}: {why}" for why, count in problems.items())
