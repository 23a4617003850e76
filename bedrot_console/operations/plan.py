"""plan: what a decision on many files would do. Changes nothing; carrying it out checks each file again."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress

from ..domain.browsing import FileFilter, FileRow, Outcome
from ..domain.errors import BedrotError, CatalogBusy
from ..domain.lifecycle import Verb, status, transition
from ..domain.plans import MOST_FILES, Plan
from . import browse, decide
from .workspace import Workspace


def plan(ws: Workspace, verb: Verb, what: FileFilter | Sequence[str], *, most: int = MOST_FILES) -> Plan:
    """The plan of `verb` on the files that a filter has in the published catalog, or on these ids.

    Args:
        most: files to take at most: the oldest of those that may move.

    Raises:
        CatalogError: the catalog is behind and the disk refuses to bring it up to date; a plan of less than there is would pass for a whole one.
    """
    if not isinstance(what, FileFilter):
        rows, refused = _checked(ws, verb, what)
        return Plan(verb=verb, rows=tuple(rows[:most]), refused=refused, beyond=max(0, len(rows) - most))
    if not ws.read_only and not ws.catalog.current():
        with suppress(CatalogBusy):  # whoever holds it brings it up to date
            ws.catalog.catch_up(publish="now")
    refused: Counter[str] = Counter()
    words: Counter[str] = Counter()
    for zone, verdict, _, files, _ in browse.reader(ws).states(what):
        try:
            transition(verb, zone, verdict)
            words[status(zone, verdict)] += files
        except BedrotError as error:
            refused[str(error)] += files
    rows: list[FileRow] = []
    for word in words:
        wanted = dataclasses.replace(what, status=word, order="oldest")
        rows += browse.reader(ws).files(wanted, limit=most)
    rows.sort(key=lambda row: row.id)
    taken, why = _checked(ws, verb, [row.id for row in rows[:most]], {row.id: row.report_id for row in rows[:most]})
    return Plan(verb=verb, rows=tuple(taken), refused=refused + why, beyond=max(0, words.total() - most))


def _checked(
    ws: Workspace, verb: Verb, names: Sequence[str], seen: Mapping[str, str | None] | None = None
) -> tuple[list[FileRow], Counter[str]]:
    rows: list[FileRow] = []
    refused: Counter[str] = Counter()
    for item in decide.checked(ws, verb, names, seen):
        if isinstance(item, Outcome):
            refused[item.reason] += 1
        else:
            rows.append(item)
    return sorted(rows, key=lambda row: row.id), refused
