"""The songs page's own answers (`catalog-view`): one list of songs per artist and period.

*Seen* in parsers only, no raw body: `songs` with `id`, `trackUri`, `num*` as text or numbers, optional. Another reader's wrapper
(`{"data", "url", "status", "timestamp"}`) is read too, for uploads.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

from bedrot_console.domain.findings import Place
from bedrot_console.inspection.helpers import FormatTrouble, Rows, json_value
from bedrot_console.inspection.recognise import outline

ID, URI, NAME, STREAMS, RELEASED = "id", "trackUri", "trackName", "numStreams", "releaseDate"
COUNTS = (STREAMS, "numListeners", "numSavers", "numCanvasViews")
_DIGITS = re.compile(r"[0-9]{1,18}")
_BEARER = re.compile(r"\bBearer\s+[A-Za-z0-9._~+/=-]{8,}|\bBQ[A-Za-z0-9_-]{60,}")
_MASKED = re.compile(r"\bBearer\s+\*{8,}")


def is_songs(head: bytes) -> bool:
    """A JSON object with a list of songs that have a track's address, bare or in the wrapper."""
    kind, top, row, holder = outline(head)
    if kind != "object":
        return False
    if "songs" in top:
        return (holder == "songs" and {ID, URI} <= row) or re.match(
            rb'\s*\{\s*"songs"\s*:\s*\[\s*\]', head.removeprefix(b"\xef\xbb\xbf")
        ) is not None
    return {"data", "url", "status"} <= top and b"catalog-view" in head


is_songs.wanted = ("songs", ID, URI, NAME)  # type: ignore[attr-defined]


def parse(data: bytes) -> Rows:
    """The songs as rows under the platform's own names, counts as whole numbers (None where the platform gives none).

    Raises:
        FormatTrouble: no such answer, or a wrapper around a failed one.
    """
    document = json_value(data)
    body, base, facts = document, "/songs", {}
    if isinstance(document, Mapping) and "songs" not in document and "data" in document:
        body, base = document["data"], "/data/songs"
        if document.get("status") != 200:
            raise FormatTrouble(
                "format.error-body", "the answer that was kept is not a good one", place=Place(pointer="/status"), expected="200"
            )
        if not isinstance(body, Mapping):
            raise FormatTrouble(
                "format.unknown-shape", "the answer that was kept is text, not JSON", place=Place(pointer="/data")
            )
        facts = {"period": period_in(str(document.get("url", ""))) or ""}
    songs = body.get("songs") if isinstance(body, Mapping) else None
    if not isinstance(songs, list):
        raise FormatTrouble("format.unknown-shape", "there is no list of songs", place=Place(pointer=base))
    for index, song in enumerate(songs):
        if not isinstance(song, dict):
            raise FormatTrouble("format.unknown-shape", "a song is not an object", place=Place(pointer=f"{base}/{index}"))
    rows = [{**song, **{name: count(song[name]) for name in COUNTS if name in song}} for song in songs]
    return Rows(rows, document=document, base=base, facts=facts)


def count(value: Any) -> Any:
    """A count as a whole number; anything else stays as it is, for the schema to refuse."""
    return int(value) if isinstance(value, str) and _DIGITS.fullmatch(value) else value


def period_in(url: str) -> str | None:
    """The period that an address of catalog-view asks for."""
    return next(iter(parse_qs(urlsplit(url).query).get("time-filter", [])), None)


def credentials_in(document: Any) -> str | None:
    """`open` if the document holds a bearer token, `masked` if one stood there, else None."""
    text = json.dumps(document, ensure_ascii=False)
    return "open" if _BEARER.search(text) else "masked" if _MASKED.search(text) else None
