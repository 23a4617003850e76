"""The exports and answers as the site spells them.

*Seen*: UTF-8 with BOM, LF, final newline, no quotes in the timeline; the headers of 4, 8 and 9 columns; songs with quoted titles, sorted by
streams, listeners and saves 0 for all time; `n/a` and `-` in `date_added`; the names of the files. *Seen* in parsers only: the fields of
catalog-view. *Assumed*: dates of playlists are ISO; the BOM of the playlists' export.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from .world import Artist, Day, Song

BOM = b"\xef\xbb\xbf"
COLUMNS_9 = (
    "date", "listeners", "monthly listeners", "monthly active listeners", "super listeners", "streams", "playlist adds", "saves",
    "followers",
)  # fmt: skip
COLUMNS_8 = tuple(c for c in COLUMNS_9 if c != "super listeners")
COLUMNS_4 = ("date", "listeners", "streams", "followers")
_FIELDS = {
    "listeners": "listeners", "monthly listeners": "monthly", "monthly active listeners": "active", "super listeners": "devoted",
    "streams": "streams", "total streams": "streams", "playlist adds": "adds", "saves": "saves", "followers": "followers",
}  # fmt: skip


def timeline(days: Iterable[Day], columns: Sequence[str] = COLUMNS_9, *, bom: bool = True, slashes: bool = False) -> bytes:
    """The audience timeline. Columns that the site does not know are filled with 0; `slashes`: as a spreadsheet saves the dates."""
    lines = [",".join(columns)]
    for row in days:
        day = f"{row.day.month}/{row.day.day}/{row.day.year}" if slashes else row.day.isoformat()
        lines.append(",".join(day if c == "date" else str(getattr(row, _FIELDS[c])) if c in _FIELDS else "0" for c in columns))
    return (BOM if bom else b"") + ("\n".join(lines) + "\n").encode()


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def songs(found: Iterable[Song], period: str) -> bytes:
    """The songs of a window."""
    lines = ["song,listeners,streams,saves,release_date"]
    for song in found:
        listeners, saves = (0, 0) if period == "all" else (song.listeners, song.savers)
        lines.append(f"{_quoted(song.track.name)},{listeners},{song.streams},{saves},{song.track.release}")
    return BOM + ("\n".join(lines) + "\n").encode()


def playlists(found: Iterable[tuple[str, str, int, int, str]]) -> bytes:
    """The playlists of a window."""
    lines = ["title,author,listeners,streams,date_added"]
    lines += [
        f"{_quoted(title)},{_quoted(author)},{listeners},{streams},{added}" for title, author, listeners, streams, added in found
    ]
    return BOM + ("\n".join(lines) + "\n").encode()


def catalog_view(found: Iterable[Song], *, counts: str = "text", drift: bool = False, echo: str = "") -> bytes:
    """The answer of the songs page. `counts`: `text`, `int`, or `gaps` (as text, with nulls and missing fields)."""
    listed = []
    for number, song in enumerate(found):
        record: dict[str, object] = {
            "id": song.track.id, "trackName": song.track.name, "trackUri": f"spotify:track:{song.track.id}",
            "releaseDate": song.track.release.isoformat(), "imageUrl": f"https://images.example/{song.track.id}",
            "numStreams": song.streams, "numListeners": song.listeners, "numSavers": song.savers, "numCanvasViews": song.canvas,
            "isDisabled": False,
        }  # fmt: skip
        if counts != "int":
            record |= {k: str(v) for k, v in record.items() if k.startswith("num")}
        if counts == "gaps" and number % 2:
            record["numCanvasViews"] = None
            del record["numSavers"]
        if drift:
            record["numPreSaves"] = "0"
        listed.append(record)
    body: dict[str, object] = {"songs": listed}
    if echo:
        body["debug"] = {"authorization": f"Bearer {echo}"}
    return json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()


def file_name(artist: Artist, what: str) -> str:
    """The site's own name for an export."""
    return re.sub(r'[<>:"/\\|?*]', "_", artist.name) + f"-{what}.csv"


def altered_timeline(days: list[Day], fault: Callable[[str], bool]) -> bytes:
    """The timeline, as the faults say."""
    columns: tuple[str, ...] = COLUMNS_9
    for name, other in (("columns_4", COLUMNS_4), ("columns_8", COLUMNS_8), ("column_order", ("date", *reversed(COLUMNS_9[1:])))):
        if fault(name):
            columns = other
    if fault("schema_drift"):
        columns = (*columns, "pre-saves")
    if fault("column_renamed"):
        columns = tuple("total streams" if c == "streams" else c for c in columns)
    if fault("more_listeners") and days:
        days[-5] = replace(days[-5], listeners=days[-5].streams + 7)
    if fault("revised") and days:
        days[-100] = replace(days[-100], streams=days[-100].streams + 3)
    body = timeline(days, columns, bom=not fault("no_bom"))
    return body[: body.rfind(b"\n", 0, len(body) * 2 // 3) + 1] if fault("cut_at_line") else body
