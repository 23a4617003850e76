"""The published catalog plus the journal's tail: always current, never waiting. The same pure reducer as the apply step."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..domain.browsing import FileFilter, FileRow
from ..domain.errors import BedrotError
from ..domain.events import Event
from ..domain.findings import Report
from . import queries, reducer
from .names import Names
from .reader import Reader


class Overlay:
    """Files as they are now.

    Args:
        base: the published catalog; None: there is none, and `events` is the whole journal.
        events: the journal after what `base` knows.
    """

    def __init__(self, base: Reader | None, events: Sequence[Event], reports: Callable[[Event], Report | None]) -> None:
        self.base = base
        self.reports = reports
        self.known: dict[str, FileRow] = {}
        self.after: dict[str, FileRow] = {}
        self.extend(events)

    def extend(self, events: Sequence[Event]) -> None:
        """Take in further events, in order."""
        if not events:
            return
        touched = {e.data["file"] for e in events if e.kind in reducer.FILE_KINDS} - set(self.after)
        if self.base and touched:
            self.known |= self.base.by_ids(sorted(touched))
        before = {
            f: self.after.get(f) or self.known.get(f) for f in {e.data["file"] for e in events if e.kind in reducer.FILE_KINDS}
        }
        self.after |= reducer.reduce_files({f: row for f, row in before.items() if row}, events, self.reports)

    def resolve(self, names: Sequence[str]) -> list[FileRow | BedrotError]:
        """Each name's file, or why it names none; in order."""
        wanted = Names(names)
        ids = self.base.by_ids(wanted.ids) if self.base else {}
        prefixes = self.base.by_prefixes(wanted.prefixes) if self.base else {}
        places = self.base.by_paths(wanted.places) if self.base else {}
        if self.after:
            ids = {**ids, **{i: self.after[i] for i in wanted.ids if i in self.after}}
            places = {place: row for place, row in places.items() if row.id not in self.after}
            places |= {(r.zone.value, r.path): r for r in self.after.values()}
            new = sorted(set(self.after) - set(self.known))
            for prefix in wanted.prefixes:
                count, row = prefixes.get(prefix, (0, None))
                more = [i for i in new if i.startswith(prefix)]
                if row is None and more:
                    row = self.after[more[0]]
                if row is not None:
                    prefixes[prefix] = (count + len(more), self.after.get(row.id, row))
        return wanted.answers(ids, prefixes, places)

    def select(self, wanted: FileFilter) -> list[FileRow]:
        """All files that match, in the filter's order."""
        found = self.base.files(wanted, limit=None) if self.base else []
        if not self.after:
            return found
        kept = [row for row in found if row.id not in self.after]
        more = [row for row in self.after.values() if queries.matches(wanted, row)]
        return sorted(kept + more, key=queries.sort_key(wanted.order)) if more else kept
