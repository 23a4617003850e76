"""The CSV exports: columns, whose content it is, what their names say, and whether a downloaded one is whole.

*Seen*: timelines of 4, 8 and 9 columns in any order, UTF-8 with BOM, no artist and no filter inside; songs with quoted titles; playlists with
`n/a` and `-`; one song's timeline without its title; names that end in `-audience-timeline.csv`, `-songs-1year.csv`, `-playlists-1year.csv`.
"""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Any

from bedrot_console.domain.errors import SourceChanged
from bedrot_console.domain.feeds import Column
from bedrot_console.inspection.helpers import header_has, page_kind
from bedrot_console.inspection.recognise import header_cells

PERIODS = ("1day", "7day", "28day", "1year", "all")
"""From the narrowest to the widest: each holds the ones before it."""
DAYS = {"1day": 1, "7day": 7, "28day": 28, "1year": 365}
WINDOW = (365, 367)
"""Rows of a timeline of 12 months: about 365 (*seen*); a calendar year with both ends has up to 367."""
COUNT = "DECIMAL(20, 4)"
"""Counts are whole (checked), but declared with places: a column of integers would round what is not, and nobody would see it."""

DATE, LISTENERS, STREAMS, SAVES, FOLLOWERS = "date", "listeners", "streams", "saves", "followers"
MONTHLY, ACTIVE, DEVOTED, ADDS = "monthly listeners", "monthly active listeners", "super listeners", "playlist adds"
SONG, RELEASED, TITLE, AUTHOR, ADDED = "song", "release_date", "title", "author", "date_added"

TIMELINE = (
    Column((DATE,), required=True), Column((LISTENERS,), COUNT, required=True), Column((MONTHLY,), COUNT), Column((ACTIVE,), COUNT),
    Column((DEVOTED,), COUNT), Column((STREAMS,), COUNT, required=True), Column((ADDS,), COUNT), Column((SAVES,), COUNT),
    Column((FOLLOWERS,), COUNT, required=True),
)  # fmt: skip
SONGS = (
    Column((SONG,), required=True), Column((LISTENERS,), COUNT, required=True), Column((STREAMS,), COUNT, required=True),
    Column((SAVES,), COUNT, required=True), Column((RELEASED,), required=True),
)  # fmt: skip
PLAYLISTS = (
    Column((TITLE,), required=True), Column((AUTHOR,), required=True), Column((LISTENERS,), COUNT, required=True),
    Column((STREAMS,), COUNT, required=True), Column((ADDED,), required=True),
)  # fmt: skip
SONG_TIMELINE = (Column((DATE,), required=True), Column((STREAMS,), COUNT, required=True))

is_songs = header_has(SONG, LISTENERS, STREAMS, SAVES, RELEASED)
is_playlists = header_has(TITLE, AUTHOR, LISTENERS, STREAMS, ADDED)


def is_timeline(head: bytes) -> bool:
    """A table by day with listeners and followers, with or without streams under that very name."""
    names = _names(head)
    return {DATE, LISTENERS, FOLLOWERS} <= names and (STREAMS in names or bool(names & {MONTHLY, ACTIVE, DEVOTED}))


def is_song_timeline(head: bytes) -> bool:
    """A table of these two columns and no other: it holds no more to know it by."""
    return _names(head) == {DATE, STREAMS} and _cells(head) == 2


is_timeline.wanted = (DATE, LISTENERS, STREAMS, FOLLOWERS)  # type: ignore[attr-defined]
is_song_timeline.wanted = (DATE, STREAMS)  # type: ignore[attr-defined]

_PERIOD_IN_NAME = re.compile(r"-(?:songs|playlists)-(1day|7day|28day|1year|all)(?: ?\(\d+\))?\.csv", re.IGNORECASE)
_PERIOD_IN_SERIES = re.compile(r"_(1day|7day|28day|1year|all)")


def _names(head: bytes) -> set[str]:
    return {cell.lower() for cell in header_cells(head)[1]}


def _cells(head: bytes) -> int:
    return len(header_cells(head)[1])


def period_in_name(name: str | None) -> str | None:
    """The period that the site's own name of an export of songs or playlists ends with."""
    found = _PERIOD_IN_NAME.search(name or "")
    return found[1].lower() if found else None


def period_of(sidecar: Any) -> str | None:
    """Which period a capture is of: as asked for, else by its series, else by the name it came with; None if nothing tells."""
    asked = sidecar.request.get("period")
    if asked:
        return str(asked)
    found = _PERIOD_IN_SERIES.search(sidecar.series)
    return found[1] if found else period_in_name(sidecar.received_name)


def cut_short(path: Path) -> str | None:
    """Why a downloaded export is not whole; None if it seems to be. Looks at both ends only.

    A cut at a line's end shows only in the number of rows, which the checks count.

    Raises:
        SourceChanged: it is a page.
    """
    data = path.read_bytes()
    if not data.strip(b"\xef\xbb\xbf \r\n"):
        return "it is empty"
    if page_kind(data) is not None or data.lstrip(b"\xef\xbb\xbf \r\n\t")[:1] == b"<":
        raise SourceChanged("the export is a page, not a table")
    return None if data.endswith(b"\n") else "its last line has no end"


def newest_day(path: Path) -> date | None:
    """The newest day of a timeline; None for anything odd, which is the checks' business."""
    lines = path.read_bytes().decode("utf-8-sig", "replace").splitlines()
    names = lines[0].split(",") if lines else []
    if DATE not in names:
        return None
    at = names.index(DATE)
    try:
        return max((date.fromisoformat(line.split(",")[at]) for line in lines[1:]), default=None)
    except (ValueError, IndexError):
        return None
