"""Files counted by groups: one row a group, with its number of files, their bytes, and its share as a bar."""

from __future__ import annotations

from collections.abc import Sequence

from ...domain.text import safe
from ..palette import SIGNS, size_text
from .lines import Piece
from .table import Column, ListTable

BAR = 16
EIGHTHS = " ▏▎▍▌▋▊▉"
SORTS = ("files", "size", "name")


class GroupTable(ListTable):
    """Groups of one kind, in an order of their own. `key` is the group under the cursor; None is a group of its own: files without one."""

    told = False

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__((), id=id, empty=("no file matches",))
        self.by = ""
        self.groups: dict[str | None, tuple[int, int]] = {}
        self.sort = SORTS[0]

    def set_groups(self, by: str, groups: Sequence[tuple[str | None, int, int]], *, at: str | None = None) -> None:
        """Show these (key, files, bytes). The cursor stays on its group, or goes to `at` where the kind is another one."""
        key = self.key if by == self.by else at
        if by != self.by:
            self.sort = "name" if by == "day" else SORTS[0]
        self.by = by
        self.groups = {group: (files, size) for group, files, size in groups}
        columns = (
            Column(by, 20, flex=1),
            Column("files", 12, "right"),
            Column("share", BAR, least=60),
            Column("size", 8, "right"),
        )
        self.columns = columns
        self._layout = None
        self._fill(key)

    def turn(self) -> None:
        """The next order: most files, most bytes, by name (days: newest first)."""
        self.sort = SORTS[(SORTS.index(self.sort) + 1) % len(SORTS)]
        self._fill(self.key)

    def _fill(self, key: object) -> None:
        most = max((files for files, _ in self.groups.values()), default=1)
        named = sorted(self.groups, key=lambda k: k or "", reverse=self.by == "day")
        if self.sort != "name":
            named.sort(key=lambda k: self.groups[k][SORTS.index(self.sort)], reverse=True)
        self.rows = [(k, self._pieces(k, most)) for k in named]
        self.cursor = next((i for i, (k, _) in enumerate(self.rows) if k == key), 0)
        self.rows_changed()

    def _pieces(self, key: str | None, most: int) -> Sequence[Piece]:
        files, size = self.groups[key]
        sign = f"{SIGNS[key]} " if self.by == "status" and key in SIGNS else ""
        name = (sign + safe(key, 200), "plain") if key else ("(none)", "dim")
        return name, (f"{files:,}", "plain"), (bar(files / most), "dim"), (size_text(size), "plain")

    @property
    def totals(self) -> tuple[int, int, int]:
        """Groups, files, bytes."""
        return len(self.groups), sum(f for f, _ in self.groups.values()), sum(s for _, s in self.groups.values())


def bar(share: float) -> str:
    """A share of one as a bar of at most BAR cells; never nothing."""
    eighths = max(1, round(share * BAR * 8))
    return "█" * (eighths // 8) + EIGHTHS[eighths % 8].strip()
