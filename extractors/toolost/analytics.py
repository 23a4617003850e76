"""Reading the two analytics answers: Spotify's and Apple Music's days of one year. Pure functions of bytes.

*Seen* (two pairs of captures): Spotify is `{streams: [{date, streams}], discovery: [{date, streams, fees}]}` with counts as text; Apple is
`{totalStreams: [{date, streams}], totalShazam, tracksTotal, countryTotal, streamTotal}` with whole numbers, Shazam counts as text. Days come in
random order that changes from capture to capture. Files of an older tool wrap the answer in `{timestamp, source, platform, data}` (*seen*).
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

from bedrot_console.domain.findings import Finding, Place
from bedrot_console.inspection.helpers import (
    FormatTrouble,
    Rows,
    all_of,
    any_of,
    json_value,
    json_with,
    none_of,
    note,
    whole_number,
)

SPOTIFY, APPLE = "spotify", "apple"
DAYS = {SPOTIFY: "streams", APPLE: "totalStreams"}
"""The member of each answer that holds the days."""
_BARE = {
    SPOTIFY: all_of(json_with("streams", "discovery"), none_of(json_with("totalStreams"))),
    APPLE: all_of(
        json_with("totalStreams"),
        any_of(json_with("streamTotal"), json_with("totalShazam"), json_with("tracksTotal"), json_with("countryTotal")),
    ),
}
_INNER = re.compile(rb'"data"\s*:\s*(?=\{)')


def spotify(data: bytes) -> Rows:
    """Days of Spotify: rows `date`, `streams` (int where it is one), in the order received; `document` is the bare answer.

    Raises:
        FormatTrouble: `format.wrong-feed` for Apple's answer, `format.error-body` for a message, `format.unknown-shape` for anything else.
    """
    return _read(data, SPOTIFY)


def apple(data: bytes) -> Rows:
    """Days of Apple Music, as `spotify`."""
    return _read(data, APPLE)


READ = {SPOTIFY: spotify, APPLE: apple}


def recogniser(platform: str) -> Any:
    """Whether a head is this platform's answer, bare or wrapped."""

    def recognise(head: bytes) -> bool:
        if _BARE[platform](head):
            return True
        inner = _INNER.search(head)
        return inner is not None and json_with("data")(head[: inner.end()]) and _BARE[platform](head[inner.end() :])

    recognise.wanted = ("streams", "discovery") if platform == SPOTIFY else ("totalStreams", "streamTotal")  # type: ignore[attr-defined]
    return recognise


def kind_of(value: Any) -> str | None:
    """Which platform's bare answer a JSON value is, by its keys; None for anything else."""
    if not isinstance(value, dict):
        return None
    if "totalStreams" in value:
        return APPLE if {"streamTotal", "totalShazam", "tracksTotal", "countryTotal"} & value.keys() else None
    return SPOTIFY if {"streams", "discovery"} <= value.keys() else None


def _read(data: bytes, wanted: str) -> Rows:
    document, root, findings = _unwrapped(json_value(data))
    kind = kind_of(document)
    if kind != wanted:
        raise _refusal(document, kind, wanted)
    member = DAYS[wanted]
    base = f"{root}/{member}"
    listed = document[member]
    if not isinstance(listed, list):
        raise FormatTrouble("format.unknown-shape", f"{member} is not a list", place=Place(pointer=base))
    records: list[dict[str, Any]] = []
    for index, row in enumerate(listed):
        if not isinstance(row, dict):
            raise FormatTrouble("format.unknown-shape", "a day is not an object", place=Place(pointer=f"{base}/{index}"))
        records.append(row | {"date": row.get("date"), "streams": _count(row.get("streams"))})
    facts = {"content_sha256": _content_sha256(document)}
    return Rows(records, ("date", "streams"), document=document, base=base, findings=findings, facts=facts)


def _unwrapped(value: Any) -> tuple[Any, str, tuple[Finding, ...]]:
    """The bare answer, its JSON pointer, and what is to be told about its wrapper.

    Raises:
        FormatTrouble: the wrapper names another platform than its content.
    """
    if kind_of(value) is not None or not isinstance(value, dict) or kind_of(value.get("data")) is None:
        return value, "", ()
    named, kind = value.get("platform"), kind_of(value["data"])
    if isinstance(named, str) and not named.lower().startswith(str(kind)):
        raise FormatTrouble(
            "format.wrong-feed",
            "the wrapper names another platform than its content",
            place=Place(pointer="/platform"),
            expected=kind,
        )
    told = note(
        "format.wrapped",
        "the answer lies in the wrapper of another tool; places of schema findings count from /data",
        pointer="/data",
    )
    return value["data"], "/data", (told,)


def _refusal(document: Any, kind: str | None, wanted: str) -> FormatTrouble:
    if kind is not None:
        return FormatTrouble("format.wrong-feed", f"this is the answer about {kind}", expected=wanted, seen=kind)
    if isinstance(document, dict) and ("message" in document or "errors" in document or "error" in document):
        return FormatTrouble("format.error-body", "this is a message of the site, not figures", place=Place(pointer=""))
    return FormatTrouble(
        "format.unknown-shape", "the JSON has none of the shapes that the analytics answers have", expected=DAYS[wanted]
    )


def _count(value: Any) -> Any:
    """A count as int, from a whole number or text of digits; anything else stays as it is, for the schema to name."""
    if type(value) is int:
        return value
    try:
        return whole_number(value) if isinstance(value, str) and value.isascii() and value.isdigit() else value
    except ValueError:
        return value


def _content_sha256(document: dict[str, Any]) -> str:
    """Hash of the whole answer whatever the order of its lists: the same figures in another order are the same content."""
    parts = []
    for name in sorted(document):
        value = document[name]
        lines = sorted(_line(v) for v in value) if isinstance(value, list) else [_line(value)]
        parts.append("\n".join((name, *lines)))
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def _line(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=str)
