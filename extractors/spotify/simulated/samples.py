"""Payloads of the stand-in to keep beside the extractor: good ones, and each kind of bad one that a run or an upload may bring."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

from . import exports, signin, world

DAY = date(2026, 2, 28)
ARTIST = world.MEMBERS[1].artists[0]
_YEAR = world.timeline(ARTIST, 365, DAY)
_FEW = _YEAR[-40:]


def _asked(period: str, tab: str = "music/songs") -> dict[str, Any]:
    return {
        "series": ARTIST.id if tab == "audience" else f"{ARTIST.id}_{period}",
        "request": {
            "artist": ARTIST.id,
            "period": period,
            "page": f"/c/artist/{ARTIST.id}/{tab}",
            "latest_date": DAY.isoformat(),
        },
    }


def _wrapped(body: bytes, *, status: int = 200, text: bool = False) -> bytes:
    """As another reader keeps an answer."""
    url = f"https://generic.wg.spotify.com/catalog-view/v1/artist/{ARTIST.id}/songs?time-filter=28day"
    kept: dict[str, Any] = {
        "data": body.decode() if text else json.loads(body),
        "url": url,
        "status": status,
        "timestamp": "2026-03-02T09:30:00",
    }
    return json.dumps(kept | ({"raw_body": True} if text else {}), indent=2).encode()


def made() -> dict[str, bytes]:
    """Every sample, as `feed/name.ext`."""
    year = exports.timeline(_YEAR)
    gap = [row for row in _FEW if row.day != DAY - timedelta(days=9)]
    metrics = {p: exports.catalog_view(world.songs(ARTIST, p, DAY)) for p in world.PERIODS}
    listed = exports.songs(world.songs(ARTIST, "1year", DAY), "1year")
    played = exports.playlists(world.playlists(ARTIST, "1year", DAY))
    page = signin.login("0" * 32, "https://artists.spotify.com/").encode()
    return {
        "audience/ok-9-columns.csv": year,
        "audience/ok-8-columns.csv": exports.timeline(_FEW, exports.COLUMNS_8),
        "audience/ok-4-columns.csv": exports.timeline(_FEW, exports.COLUMNS_4),
        "audience/ok-other-order-no-bom.csv": exports.timeline(_FEW, ("followers", "streams", "listeners", "date"), bom=False),
        "audience/new-column.csv": exports.timeline(_FEW, (*exports.COLUMNS_9, "pre-saves")),
        "audience/no-streams-column.csv": exports.timeline(_FEW, tuple("total streams" if c == "streams" else c for c in exports.COLUMNS_9)),
        "audience/window-28-days.csv": exports.timeline(_YEAR[-28:]),
        "audience/day-missing.csv": exports.timeline(gap),
        "audience/saved-by-spreadsheet.csv": exports.timeline(_FEW, exports.COLUMNS_4, slashes=True),
        "audience/more-listeners-than-streams.csv": exports.timeline(_FEW, exports.COLUMNS_4).replace(b"2026-02-20,", b"2026-02-20,9", 1),
        "audience/broken-off.csv": year[: len(year) * 2 // 3],
        "audience/stale.csv": exports.timeline(world.timeline(ARTIST, 40, DAY - timedelta(days=12))),
        "audience/other-page.csv": year,
        "audience/sign-in-page.csv": page,
        "song_metrics/ok-28day.json": metrics["28day"],
        "song_metrics/ok-numbers.json": exports.catalog_view(world.songs(ARTIST, "7day", DAY), counts="int"),
        "song_metrics/ok-counts-missing.json": exports.catalog_view(world.songs(ARTIST, "1day", DAY), counts="gaps"),
        "song_metrics/ok-wrapped.json": _wrapped(metrics["28day"]),
        "song_metrics/new-field.json": exports.catalog_view(world.songs(ARTIST, "all", DAY), drift=True),
        "song_metrics/holds-bearer.json": exports.catalog_view(world.songs(ARTIST, "all", DAY), echo="BQ" + "madeup" * 12),
        "song_metrics/wrapped-error.json": _wrapped(b'{"message":"Unauthorized"}', status=401),
        "song_metrics/wrapped-text.json": _wrapped(b"Token expired", text=True),
        "song_metrics/wrapped-other-period.json": _wrapped(metrics["28day"]),
        "song_metrics/no-songs.json": exports.catalog_view([]),
        "song_metrics/ids-differ.json": metrics["28day"].replace(f"spotify:track:{ARTIST.tracks[0].id}".encode(), f"spotify:track:{ARTIST.tracks[1].id}".encode()),
        "song_metrics/negative.json": metrics["28day"].replace(b'"numStreams":"', b'"numStreams":"-', 1),
        "song_metrics/broken-off.json": metrics["all"][: len(metrics["all"]) * 2 // 3],
        "songs_csv/ok-1year.csv": listed,
        "songs_csv/ok-all.csv": exports.songs(world.songs(ARTIST, "all", DAY), "all"),
        "songs_csv/all-as-1year.csv": exports.songs(world.songs(ARTIST, "all", DAY), "all"),
        "songs_csv/28day-as-1year.csv": exports.songs(world.songs(ARTIST, "28day", DAY), "28day"),
        "songs_csv/broken-off.csv": listed[:-14],
        "playlists_csv/ok-1year.csv": played,
        "playlists_csv/half-a-stream.csv": played.replace(b",n/a", b".5,n/a", 1),
        "song_timeline/ok.csv": b"".join([exports.BOM, b"date,streams\n", *(f"{d.day},{d.streams}\n".encode() for d in _FEW)]),
        "song_timeline/day-twice.csv": b"".join([b"date,streams\n", *(f"{d.day},{d.streams}\n".encode() for d in (*_FEW, _FEW[-1]))]),
    }  # fmt: skip


_AUDIENCE = _asked("1year", "audience")
_OTHER = world.MEMBERS[0].artists[0]
PROVENANCE: dict[str, dict[str, Any]] = {
    "audience/ok-9-columns.csv": _AUDIENCE, "audience/window-28-days.csv": _AUDIENCE,
    "audience/other-page.csv": _AUDIENCE | {"request": _AUDIENCE["request"] | {"page": f"/c/artist/{_OTHER.id}/audience"}},
    "song_metrics/ok-28day.json": _asked("28day"), "song_metrics/wrapped-other-period.json": _asked("7day"),
    "songs_csv/ok-1year.csv": _asked("1year") | {"received_name": "One Room-songs-1year.csv"},
    "songs_csv/ok-all.csv": {"received_name": "One Room-songs-all.csv"},
    "songs_csv/all-as-1year.csv": _asked("1year") | {"received_name": "One Room-songs-1year.csv"},
    "songs_csv/28day-as-1year.csv": _asked("1year") | {"received_name": "One Room-songs-28day.csv"},
    "playlists_csv/ok-1year.csv": _asked("1year", "music/playlists"),
}  # fmt: skip
"""What a run or an upload knew beside the bytes; the other samples came without a word."""
