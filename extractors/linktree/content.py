"""Reading the two kinds of answer that are landed, and telling them from all that must not be. Pure functions of bytes.

Overview: `data.getAccountAnalytics.overview` with totals and a daily `timeseries`. Audience: the same root with `lifetime`, `locations`,
`referrers`, `devices`. Both *seen* (two captures of 2025-05-27 and one key scan of a whole session). Other answers under the same root hold
a `timeseries` too (per link, of subscribers; *seen* without their content) and some carry an e-mail address: a name alone proves nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

from bedrot_console.domain.findings import Place
from bedrot_console.inspection.helpers import FormatTrouble, Rows, json_value

ROOT = "getAccountAnalytics"
BASE = f"/data/{ROOT}"
AUDIENCE_PARTS = ("lifetime", "locations", "referrers", "devices")
COUNTS = ("totalViews", "totalClicks", "uniqueViews", "uniqueClicks")
BREAKDOWNS = (("country", "locations", "countries"), ("referrer", "referrers", "referrers"), ("device", "devices", "devices"))
"""Kind of a row, the part of the answer, and the list in it. Cities are read by checks but become no rows: they name people's places."""

_HEAD = re.compile(r'\s*\{\s*"data"\s*:\s*\{\s*(?:"__typename"\s*:\s*"\w*"\s*,\s*)?"getAccountAnalytics"\s*:\s*\{')
_ADDRESS = re.compile(r"[\w.+%-]{1,64}(?:@|%40)[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}")
_NAMES = re.compile(r'"([^"\\]*)": ')
_TOKEN = re.compile(r"\beyJ[\w-]{10,}\.[\w-]{10,}|\bBearer\s+[\w.-]{16,}")
_PERSONAL = re.compile(
    r"e-?mail|phone|token|secret|password|wallet|balance|payout|billing|birth|firstname|lastname|fullname", re.IGNORECASE
)
"""Names of fields that no analytics answer of ours has. `payments` of `lifetime` is seen (an empty list) and is no such name."""


class Audience(Rows):
    """One row per country, referrer and device (`kind`, `name`, `code`, `views`, `clicks`, `rate`), and one of lifetime figures."""

    __slots__ = ("pointers",)

    def __init__(
        self, records: Sequence[dict[str, Any]], *, document: Any, pointers: Sequence[str], facts: dict[str, Any]
    ) -> None:
        self.pointers = tuple(pointers)
        super().__init__(records, ("kind", "name", "code", "views", "clicks", "rate"), document=document, base=BASE, facts=facts)

    def pointer(self, index: int, column: str | None = None) -> str:
        """JSON pointer of the entry behind a row, or of one of its cells."""
        inside = {
            "views": "/views/total",
            "clicks": "/clicks/total",
            "rate": "/clickThroughRate",
            "name": "/name",
            "code": "/countryCode",
        }
        return self.pointers[index] + inside.get(column or "", "")


def classify(document: Any) -> str | None:
    """`overview`, `audience`, or None for every other answer: by the keys of the body, whoever asked for it."""
    if not isinstance(document, dict) or not set(document) <= {"data", "errors", "extensions"} or document.get("errors"):
        return None
    data = document.get("data")
    if not isinstance(data, dict) or set(data) - {"__typename"} != {ROOT}:
        return None
    keys = set(data[ROOT]) - {"__typename"} if isinstance(data[ROOT], dict) else set()
    if "overview" in keys and not keys.intersection(AUDIENCE_PARTS):
        return "overview"
    return "audience" if len(keys.intersection(AUDIENCE_PARTS)) >= 2 and "overview" not in keys else None


def personal(value: Any) -> list[str]:
    """JSON pointers of what an analytics answer must not hold: fields named after an e-mail address, a token, money; and such values."""
    text = json.dumps(value, ensure_ascii=False)
    names = set(_NAMES.findall(text))
    if not any(mark in text for mark in ("@", "%40", "eyJ", "Bearer", "\\")) and not any(map(_PERSONAL.search, names)):
        return []
    return list(_personal(value, ""))


def _personal(value: Any, pointer: str) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            place = f"{pointer}/{str(key).replace('~', '~0').replace('/', '~1')}"
            if _PERSONAL.search(str(key)):
                yield place
            else:
                yield from _personal(inner, place)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _personal(inner, f"{pointer}/{index}")
    elif isinstance(value, str) and (_ADDRESS.search(value) or _TOKEN.search(value)):
        yield pointer


def read_overview(data: bytes) -> Rows:
    """The daily rows of an overview, with the whole answer as `document`.

    Raises:
        FormatTrouble: `format.error-body`, `format.wrong-feed` for an audience, `format.unknown-shape` for every other answer.
    """
    document = _expect(data, "overview")
    series = document["data"][ROOT]["overview"]
    series = series.get("timeseries") if isinstance(series, dict) else None
    if not isinstance(series, list) or not all(isinstance(row, dict) for row in series):
        raise FormatTrouble(
            "format.unknown-shape", "the overview has no list of days", place=Place(pointer=f"{BASE}/overview/timeseries")
        )
    above = sum(1 for r in series if _whole(r.get("totalClicks")) > _whole(r.get("totalViews")))
    facts = {"days_clicks_above_views": above, "last_active_day": _last_active(series)}
    return Rows(
        series, document=document, base=f"{BASE}/overview/timeseries", facts={k: v for k, v in facts.items() if v is not None}
    )


def read_audience(data: bytes) -> Audience:
    """The rows of an audience answer; raises as `read_overview`."""
    document = _expect(data, "audience")
    parts = document["data"][ROOT]
    records: list[dict[str, Any]] = []
    pointers: list[str] = []
    if isinstance(parts.get("lifetime"), dict):
        records.append(_row("lifetime", "all", None, parts["lifetime"]))
        pointers.append(f"{BASE}/lifetime")
    for kind, part, name in BREAKDOWNS:
        for index, entry in enumerate(entries(document, part, name)):
            records.append(_row(kind, entry.get("name"), entry.get("countryCode"), entry))
            pointers.append(f"{BASE}/{part}/{name}/{index}")
    return Audience(
        records, document=document, pointers=pointers, facts={"cities": len(entries(document, "locations", "cities"))}
    )


def entries(document: Any, part: str, name: str) -> list[dict[str, Any]]:
    """The entries of one list of an audience answer; none where it is absent.

    Raises:
        FormatTrouble: it is there and is no list of objects.
    """
    holder = document["data"][ROOT].get(part)
    found = holder.get(name) if isinstance(holder, dict) else None
    if found is None:
        return []
    if not isinstance(found, list) or not all(isinstance(e, dict) for e in found):
        raise FormatTrouble("format.unknown-shape", f"{name} is no list of objects", place=Place(pointer=f"{BASE}/{part}/{name}"))
    return found


def is_overview(head: bytes) -> bool:
    """Whether this is an overview: root and first keys, from the beginning of a file that may be cut."""
    return _kind(head) == "overview"


def is_audience(head: bytes) -> bool:
    """Whether this is an audience answer."""
    return _kind(head) == "audience"


is_overview.wanted = ("getAccountAnalytics", "overview", "timeseries")  # type: ignore[attr-defined]
is_audience.wanted = ("getAccountAnalytics", "locations", "referrers", "devices")  # type: ignore[attr-defined]


def _kind(head: bytes) -> str | None:
    text = head.decode("utf-8-sig", "replace")
    match = _HEAD.match(text)
    if match is None:
        return None
    try:
        return classify(json.loads(text))
    except (ValueError, RecursionError):
        pass
    first = re.compile(r'\s*(?:"__typename"\s*:\s*"\w*"\s*,\s*)?"(\w+)"').match(text, match.end())
    if first is None:
        return None
    return "overview" if first[1] == "overview" else "audience" if first[1] in AUDIENCE_PARTS else None


def _expect(data: bytes, kind: str) -> Any:
    document = json_value(data)
    if isinstance(document, dict) and document.get("errors"):
        raise FormatTrouble("format.error-body", place=Place(pointer="/errors"))
    found = classify(document)
    if found == kind:
        return document
    if found is not None:
        raise FormatTrouble("format.wrong-feed", f"this is the {found} answer", expected=kind, seen=found)
    if personal(document):
        raise FormatTrouble(
            "format.unknown-shape",
            "this is another answer of Linktree and holds account data: erase it",
            expected=f"{BASE}/{kind}",
        )
    raise FormatTrouble(
        "format.unknown-shape", "this is another answer of Linktree, none that is kept", expected=f"{BASE}/{kind}"
    )


def _row(kind: str, name: Any, code: Any, entry: dict[str, Any]) -> dict[str, Any]:
    views, clicks = entry.get("views"), entry.get("clicks")
    return {
        "kind": kind, "name": name or code or "unknown", "code": code, "views": views.get("total") if isinstance(views, dict) else None,
        "clicks": clicks.get("total") if isinstance(clicks, dict) else None, "rate": entry.get("clickThroughRate"),
    }  # fmt: skip


def _whole(value: Any) -> int:
    return value if type(value) is int else 0


def _last_active(series: Sequence[dict[str, Any]]) -> str | None:
    """The last day with a view or a click."""
    return next(
        (str(r.get("date"))[:10] for r in reversed(series) if _whole(r.get("totalViews")) or _whole(r.get("totalClicks"))), None
    )
