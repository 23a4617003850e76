"""Files by groups: counted by platform, feed, day …; a group opens as a filter, and escape comes back."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ...domain.browsing import FileFilter
from ...domain.errors import UsageError
from ...domain.filterwords import quoted, sayable
from ..messages import GroupsLoaded
from ..widgets.grouptable import GroupTable

if TYPE_CHECKING:
    from .files import FilesView

    Base = FilesView
else:
    Base = object

CYCLE = ("platform", "feed", "day", "status", None)


@dataclass(frozen=True, slots=True)
class Trail:
    """Where escape leads back to: words, grouping, and the group that was opened."""

    words: str
    group: str | None
    key: str | None


class Grouping(Base):
    """Mixed into FilesView. `group` is the kind of groups shown unless a `group:` word says another; None: files."""

    group: str | None
    by: str | None
    trail: list[Trail]
    groups: GroupTable
    _at: str | None

    def ask_groups(self) -> None:
        """Count the filter's groups; the files stay on the screen until they are there."""
        backend, what, by = self.console.backend, self.asked, self.by
        if by is not None:
            self.fetch("groups", lambda: GroupsLoaded(what, by, backend.groups(what, by)))

    def on_groups_loaded(self, message: GroupsLoaded) -> None:
        message.stop()
        if message.what != self.asked or message.by != self.by:
            return
        self.groups.set_groups(message.by, message.groups, at=self._at)
        self._at = None
        self.show_groups(True)
        self._line()
        self.state_changed()
        self.console.first_rows()

    def show_groups(self, shown: bool) -> None:
        """Bring the groups, or the files, onto the screen."""
        groups, table = self.groups, self.table
        if groups.display == shown:
            return
        groups.display, table.display = shown, not shown
        if self.is_shown and self.console.screen.focused in (groups, table, None):
            self.screen.set_focus(groups if shown else table)

    @property
    def grouped(self) -> bool:
        """Whether groups are on the screen."""
        return bool(self.groups.display)

    def group_filter(self) -> FileFilter | None:
        """The files of the group under the cursor; None where there is no group, or none that a word could name."""
        words = self._group_words()
        try:
            return None if words is None else dataclasses.replace(self.parsed(words)[0], order=self.asked.order)
        except UsageError:
            return None  # a value that the catalog holds, but no word may say

    def _group_words(self) -> str | None:
        key = self.groups.key
        if self.by is None or self.by != self.groups.by or not isinstance(key, str) or not sayable(key):
            return None
        return " ".join([*self._without("group"), f"{self.by}:{quoted(key)}"])

    def _without(self, name: str) -> list[str]:
        return [w for w in self.words.split() if not w.startswith(f"{name}:")]

    def do_group(self) -> None:
        at = CYCLE.index(self.by) if self.by in CYCLE else -1
        self.group = CYCLE[(at + 1) % len(CYCLE)] if self.by is not None else CYCLE[0]
        self.trail.clear()
        self.set_words(" ".join(self._without("group")))

    def open_group(self) -> None:
        """The files of the group under the cursor."""
        words = self._group_words()
        if words is None:
            self.notice("these files have nothing that a filter could name", "warning")
            return
        self.trail.append(Trail(self.words, self.group, str(self.groups.key)))
        self.group = None
        self.set_words(words)

    def leave_group(self) -> bool:
        """Back to the groups that the filter was opened from, or from groups to files; False: neither."""
        if self.trail:
            back = self.trail.pop()
            self.group, self._at = back.group, back.key
            self.groups.by = ""
            self.set_words(back.words)
            return True
        if self.by is not None:
            self.group = None
            self.set_words(" ".join(self._without("group")))
            return True
        return False

    def group_line(self) -> list[tuple[str, str]]:
        """Where the cursor stands among the groups, and what they hold."""
        number, files, _ = self.groups.totals
        at = self.groups.cursor + 1 if number else 0
        kind = f"{self.by}{('es' if self.by == 'status' else 's') if number != 1 else ''}"
        return [(f" {at:,} of {number:,}", "strong"), (f" {kind} · {files:,} files · by {self.groups.sort}", "plain")]

    def act_on_groups(self, action: str, *given: Any) -> None:
        getattr(self.groups, action)(*given)
