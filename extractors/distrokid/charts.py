"""Reading the figures out of a saved stats page: the amCharts configuration that stands in its inline script. Pure functions of bytes.

There is no JSON interface (*seen*: 14 captures, parsers of two independent readers). Streams: the chart object with `"id": "trend365day"`
and, in the same object, `"dataProvider": [{"category": "2025-03-01", "column-1": "1234"}, …]`. Apple Music: `var chartData = …` and several
`dataProvider` arrays, rows `field`/`value` or `category`/`column-1`; the longest array of days is the daily one. Arrays end in a comma, keys
may be unquoted or single-quoted, values may be numbers, numeric text or grouped by commas (*seen*).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from bedrot_console.inspection.helpers import FormatTrouble, Rows, day_of, html_tree, loose_json, script_arrays, whole_number

STREAMS_CHART = re.compile(r"""(?<![\w$])["']?id["']?\s*:\s*["']trend365day["']""")
APPLE_DATA = re.compile(r"(?<![\w$.])(?:var|let|const)\s+chartData\s*=")
UPGRADE = re.compile(r"\bupgradePlan\b|available on the [\w\s]{0,40}plan|musician plus", re.IGNORECASE)
EMPTY_STATE = re.compile(r"haven['\u2019]t released anything|check back here|once your music is in stores", re.IGNORECASE)
_EMAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}")
_TOKEN = re.compile(r"""["'](?=[\w-]*\d)(?=[\w-]*[A-Za-z])[\w-]{32,}["']""")
_PLACE = re.compile(r"""[{}\[\]]|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'""", re.DOTALL)
_LABELS = (("category", "column-1"), ("field", "value"))
LONGEST_CONFIGURATION = 4 << 20


def streams(data: bytes) -> Rows:
    """Daily Spotify streams of the whole account: rows `day` (ISO), `streams` (int), in page order; no rows for an empty chart.

    Raises:
        FormatTrouble: `format.wrong-feed` for the Apple Music page, `format.unknown-shape` where the chart is not on the page.
    """
    script, words = _texts(data)
    match = STREAMS_CHART.search(script)
    if match is None:
        if APPLE_DATA.search(script):
            raise FormatTrouble(
                "format.wrong-feed",
                "this is the Apple Music page, not the streams page",
                expected="trend365day",
                seen="chartData",
            )
        raise _no_chart("trend365day", words)
    source = next(script_arrays(_rest_of_object(script, match.end()), "dataProvider"), None)
    if source is None:
        raise FormatTrouble("format.unknown-shape", "the chart trend365day has no dataProvider", expected="dataProvider")
    return _rows(_literal(source), "streams", script, words)


def applemusic(data: bytes) -> Rows:
    """Daily Apple Music plays of the whole account: rows `day` (ISO), `plays` (int), in page order; no rows for an empty chart.

    Raises:
        FormatTrouble: `format.wrong-feed` for the streams page, `format.unknown-shape` where there is no chart data.
    """
    script, words = _texts(data)
    if APPLE_DATA.search(script) is None:
        if STREAMS_CHART.search(script):
            raise FormatTrouble(
                "format.wrong-feed",
                "this is the streams page, not the Apple Music page",
                expected="chartData",
                seen="trend365day",
            )
        raise _no_chart("chartData", words)
    arrays = [a for a in _arrays(script) if all(isinstance(row, dict) for row in a)]
    days = [a for a in arrays if a and _is_day(_pair(a[0])[0])]
    if not days and any(arrays):
        raise FormatTrouble("format.unknown-shape", "no chart of the page holds days", expected="rows of days")
    return _rows(max(days, key=len, default=[]), "plays", script, words)


def is_streams(head: bytes) -> bool:
    """Whether this is the streams page."""
    text = head.decode("utf-8", "replace")
    return STREAMS_CHART.search(text) is not None


def is_applemusic(head: bytes) -> bool:
    """Whether this is the Apple Music page."""
    text = head.decode("utf-8", "replace")
    return APPLE_DATA.search(text) is not None and STREAMS_CHART.search(text) is None


is_streams.wanted = ("trend365day", "dataProvider")  # type: ignore[attr-defined]
is_applemusic.wanted = ("chartData", "dataProvider")  # type: ignore[attr-defined]


def _texts(data: bytes) -> tuple[str, str]:
    """All inline script of a page, and the words a reader sees."""
    tree = html_tree(data)
    script = "\n".join(s.text for s in tree.iter("script") if s.text and not s.get("src"))
    body = tree.find("body")
    words = " ".join(t.strip() for t in _words(body if body is not None else tree) if t.strip())
    return script, words


def _words(element: Any) -> Iterator[str]:
    for part in element.iter():
        if isinstance(part.tag, str) and part.tag not in ("script", "style") and part.text:
            yield part.text
        if part.tail:
            yield part.tail


def _no_chart(expected: str, words: str) -> FormatTrouble:
    if UPGRADE.search(words):
        sentence = "this account's plan shows no daily stats"
    elif EMPTY_STATE.search(words):
        sentence = "the account has no releases in stores yet"
    else:
        sentence = f"the page holds no {expected}"
    return FormatTrouble("format.unknown-shape", sentence, expected=expected)


def _rest_of_object(script: str, start: int) -> str:
    """From inside an object literal to its closing brace, nested objects' own members blanked out so that only its own names remain."""
    depth = 0
    end = min(len(script), start + LONGEST_CONFIGURATION)
    kept: list[str] = []
    position = start
    for match in _PLACE.finditer(script, start, end):
        token = match[0]
        if token == "{" and depth == 0:
            kept.append(script[position : match.start()])
        if token in ("{", "["):
            depth += 1
        elif token in ("}", "]"):
            if depth == 0:
                kept.append(script[position : match.start()])
                return "".join(kept)
            depth -= 1
            if depth == 0 and token == "}":
                position = match.end()
    raise FormatTrouble("format.truncated", "the chart's configuration never closes")


def _arrays(script: str) -> Iterator[list[Any]]:
    for name in ("chartData", "dataProvider"):
        for source in script_arrays(script, name):
            value = _literal(source)
            if isinstance(value, list):
                yield value


def _literal(source: str) -> Any:
    """An array's value. The comma behind the last entry is cut first: what is left is usually strict JSON, which reads ten times faster."""
    inside = source[:-1].rstrip()
    return loose_json(inside[:-1] + "]" if inside.endswith(",") else source)


def _pair(row: dict[str, Any]) -> tuple[Any, Any]:
    for label, value in _LABELS:
        if label in row:
            return row[label], row.get(value)
    return None, None


def _is_day(value: Any) -> bool:
    try:
        day_of(value)
    except ValueError:
        return False
    return True


def _rows(array: Any, measure: str, script: str, words: str) -> Rows:
    """Rows with `day` and `measure`. What is neither day nor number is kept as it is, for the schema to name."""
    records: list[dict[str, Any]] = []
    for index, row in enumerate(array):
        if not isinstance(row, dict):
            raise FormatTrouble("format.unknown-shape", f"entry {index} of the chart is not an object")
        label, value = _pair(row)
        records.append({"day": label, measure: _number(value)})
    facts = {"holds_email": bool(_EMAIL.search(words) or _EMAIL.search(script)), "holds_token": bool(_TOKEN.search(script))}
    return Rows(records, ("day", measure), facts=facts)


def _number(value: Any) -> Any:
    try:
        return whole_number(value)
    except ValueError:
        return value
