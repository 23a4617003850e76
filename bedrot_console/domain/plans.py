"""What a decision on many files would do, counted before it is made."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from .browsing import FileRow
from .lifecycle import TRANSITIONS, Verb, Zone

MOST_FILES = 10_000
"""Files that one decision takes at most; what a filter has beyond waits for the next one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The files that `verb` would move, and why the others stay.

    Attributes:
        rows: the files, oldest first; no other file is touched, whatever lands meanwhile.
        refused: reason -> how many files cannot be moved for it.
        beyond: how many files could be moved too, but are above MOST_FILES.
    """

    verb: Verb
    rows: tuple[FileRow, ...]
    refused: Mapping[str, int] = field(default_factory=dict)
    beyond: int = 0

    @property
    def target(self) -> Zone:
        return TRANSITIONS[self.verb].target

    @property
    def ids(self) -> tuple[str, ...]:
        return tuple(row.id for row in self.rows)

    @property
    def seen(self) -> dict[str, str | None]:
        """File id -> report that the plan was made from."""
        return {row.id: row.report_id for row in self.rows}

    @property
    def size_bytes(self) -> int:
        return sum(row.size_bytes for row in self.rows)

    @property
    def statuses(self) -> dict[str, int]:
        """Files per status word, most first."""
        return dict(Counter(row.status for row in self.rows).most_common())

    @property
    def platforms(self) -> list[tuple[str, int, int]]:
        """(platform, files, bytes), most files first."""
        return _by_platform(self.rows)


def _by_platform(rows: Sequence[FileRow]) -> list[tuple[str, int, int]]:
    files: Counter[str] = Counter()
    size: Counter[str] = Counter()
    for row in rows:
        files[row.platform] += 1
        size[row.platform] += row.size_bytes
    return [(platform, count, size[platform]) for platform, count in files.most_common()]
