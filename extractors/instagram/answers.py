"""Reading what landed: questions with their answers, made rows of days, totals, groups of people, posts.

A file is a JSON array of what was asked and what came, in that order: `[{"asked":"<path>?<query>","answer":<body>},…]`. Every body stands
in it byte for byte as received; only the run's own credentials are masked, at the same length. `asked` is the question without token and proof:
answers of Instagram say neither which day nor which post they are about. A body may be an error object: what the platform refused, with its own
reason, belongs to what was received. A body alone (brought by hand) is read as well.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode

from bedrot_console.domain.findings import Place
from bedrot_console.inspection.helpers import FormatTrouble, Rows, json_value

from .._graph.bodies import leaks_of
from .metrics import FOLLOW_TYPES, FOLLOWS, day_that_ends, pacific_day


def question(path: str, params: Mapping[str, Any]) -> str:
    """A question as `asked` spells it. Never holds a credential: those travel beside the parameters."""
    return f"{path}?{urlencode({k: str(v) for k, v in params.items()}, safe=',{}')}"


def bundle(answers: Sequence[tuple[str, bytes]]) -> bytes:
    """The file: each question before its answer, byte for byte."""
    parts = (b'{"asked":' + json.dumps(asked).encode() + b',"answer":' + body + b"}" for asked, body in answers)
    return b"[" + b",".join(parts) + b"]"


def after_of(page: Any) -> str | None:
    """The cursor that leads on from a page, where there is one."""
    cursors = page.get("paging", {}).get("cursors") if isinstance(page, dict) and isinstance(page.get("paging"), dict) else None
    after = cursors.get("after") if isinstance(cursors, dict) else None
    return str(after) if after else None


@dataclass(frozen=True, slots=True)
class Part:
    """One answer in a file. `pointer` is where it lies; `path` and `params` are empty where the file does not say what was asked."""

    document: dict[str, Any]
    pointer: str
    path: str = ""
    params: Mapping[str, str] = field(default_factory=dict)

    @property
    def refused(self) -> dict[str, Any] | None:
        """The error object, if the platform refused this question."""
        error = self.document.get("error")
        return error if isinstance(error, dict) else None

    @property
    def entries(self) -> list[Any]:
        data = self.document.get("data")
        return data if isinstance(data, list) else []

    @property
    def about(self) -> str:
        """The id that was asked about."""
        return self.path.partition("/")[0]

    @property
    def of_account(self) -> bool:
        """Whether the account itself was asked, not one post."""
        return self.about.isdecimal() and (not self.path.endswith("/insights") or "period" in self.params)

    @property
    def metrics(self) -> tuple[str, ...]:
        """The names that were asked for."""
        return tuple(m for m in self.params.get("metric", "").split(",") if m)

    def moment(self, name: str) -> datetime | None:
        """`since` or `until`."""
        text = self.params.get(name, "")
        return datetime.fromtimestamp(int(text), UTC) if text.isdecimal() and len(text) < 12 else None

    def moments(self) -> tuple[datetime, datetime] | None:
        since, until = self.moment("since"), self.moment("until")
        return (since, until) if since and until else None


class Answers(Rows):
    """Rows of all answers. `parts` are the answers, `pointers` where each row lies, `leaks` offsets of credentials, `odd` values that could
    not be placed: (JSON pointer, what is wrong, value)."""

    __slots__ = ("parts", "pointers", "leaks", "odd")

    def __init__(
        self, records: Sequence[dict[str, Any]], columns: Sequence[str], parts: list[Part], pointers: list[str], data: bytes,
        odd: Sequence[tuple[str, str, Any]] = (),
    ) -> None:  # fmt: skip
        self.parts, self.pointers, self.leaks, self.odd = parts, pointers, leaks_of(data), list(odd)
        accounts = {p.about for p in parts if p.of_account}
        facts: dict[str, Any] = {"answers": len(parts), "refused": sum(p.refused is not None for p in parts)}
        facts |= {"account": accounts.pop()} if len(accounts) == 1 else {}
        super().__init__(records, columns, document=json_value(data), base=None, facts=facts)

    def pointer(self, index: int, column: str | None = None) -> str:
        return self.pointers[index] if index < len(self.pointers) else ""


def parts_of(data: bytes, *, refusals: bool = False) -> list[Part]:
    """The answers of a file. `refusals`: they may all be refusals.

    Raises:
        FormatTrouble: `format.error-body` (an error where it explains nothing), or `format.unknown-shape`.
    """
    document = json_value(data)
    if isinstance(document, dict):
        return [_part(document, "", "")]
    if not isinstance(document, list) or not document:
        raise FormatTrouble("format.unknown-shape", "the JSON is no list of answers", place=Place(pointer=""))
    out = []
    for n, element in enumerate(document):
        if isinstance(element, dict) and "answer" in element:
            out.append(_part(element["answer"], f"/{n}/answer", element.get("asked")))
        else:
            out.append(_part(element, f"/{n}", ""))
    if not refusals and all(part.refused is not None for part in out):
        raise FormatTrouble(
            "format.error-body", "the platform refused everything that was asked", place=Place(pointer=out[0].pointer)
        )
    return out


def _part(body: Any, pointer: str, asked: Any) -> Part:
    if not isinstance(body, dict) or not isinstance(asked, str):
        raise FormatTrouble("format.unknown-shape", "an answer is not an object", place=Place(pointer=pointer))
    path, _, query = asked.partition("?")
    part = Part(body, pointer, path, dict(parse_qsl(query)))
    if part.refused is None:
        if "error" in body:
            raise FormatTrouble("format.error-body", place=Place(pointer=f"{pointer}/error"))
        if "data" in body and not isinstance(body["data"], list):
            raise FormatTrouble("format.unknown-shape", "an answer has no list of data", place=Place(pointer=f"{pointer}/data"))
    elif not asked:
        raise FormatTrouble("format.error-body", place=Place(pointer=f"{pointer}/error"))
    return part


def lists_of(data: bytes, *, refusals: bool = False) -> list[Part]:
    """As `parts_of`, for answers that must be lists of objects."""
    parts = parts_of(data, refusals=refusals)
    for part in parts:
        if part.refused is None and "data" not in part.document:
            raise FormatTrouble("format.unknown-shape", "an answer has no list of data", place=Place(pointer=part.pointer))
        for i, entry in enumerate(part.entries):
            if type(entry) is not dict:
                raise FormatTrouble(
                    "format.unknown-shape", "a row is not an object", place=Place(pointer=f"{part.pointer}/data/{i}")
                )
    return parts


def read_account(data: bytes) -> Answers:
    """One row: the account's node."""
    parts = parts_of(data)
    rows = [part.document for part in parts if "id" in part.document]
    if len(parts) != 1 or not rows:
        raise FormatTrouble("format.unknown-shape", "this is not one account", place=Place(pointer=""))
    return Answers(rows, tuple(rows[0]), parts, [parts[0].pointer], data)


def read_series(data: bytes) -> Answers:
    """One row per Pacific day: `day`, and a column per metric. Of an hour map (online_followers) the row has the highest count."""
    parts = lists_of(data)
    days: dict[date, dict[str, Any]] = {}
    pointers: dict[date, str] = {}
    odd: list[tuple[str, str, Any]] = []
    names: dict[str, None] = {}
    for part in parts:
        for i, entry in enumerate(part.entries):
            name = str(entry.get("name"))
            values = entry.get("values")
            names.setdefault(name)
            if not isinstance(values, list):
                odd.append((f"{part.pointer}/data/{i}", "form", name))
                continue
            for k, item in enumerate(values):
                where = f"{part.pointer}/data/{i}/values/{k}"
                try:
                    day, value = day_that_ends(item["end_time"]), item["value"]
                except (ValueError, TypeError, KeyError):
                    odd.append((where, "end_time", item.get("end_time") if isinstance(item, dict) else None))
                    continue
                row = days.setdefault(day, {"day": day})
                pointers.setdefault(day, where)
                if name in row:
                    odd.append((where, "twice", name))
                row[name] = max(value.values(), default=None) if isinstance(value, dict) and _counts(value) else value
    order = sorted(days)
    return Answers([days[d] for d in order], ("day", *names), parts, [pointers[d] for d in order], data, odd)


def _counts(value: dict[Any, Any]) -> bool:
    return all(type(v) is int for v in value.values())


def read_totals(data: bytes) -> Answers:
    """One row per Pacific day that was asked about: `day`, a column per metric, `follows` and `unfollows`."""
    parts = lists_of(data)
    days: dict[date | None, dict[str, Any]] = {}
    pointers: dict[date | None, str] = {}
    odd: list[tuple[str, str, Any]] = []
    names: dict[str, None] = {}
    for part in parts:
        since = part.moment("since")
        day = pacific_day(since) if since else None
        for i, entry in enumerate(part.entries):
            name, where = str(entry.get("name")), f"{part.pointer}/data/{i}"
            total = entry.get("total_value")
            if not isinstance(total, dict):
                odd.append((where, "form", name))
                continue
            row = days.setdefault(day, {"day": day})
            pointers.setdefault(day, where)
            found = {name: total["value"]} if "value" in total else {}
            if name == FOLLOWS:
                found = {FOLLOW_TYPES.get(dims[0], str(dims[0])): n for dims, n in results_of(total) if len(dims) == 1}
            for column, value in found.items():
                names.setdefault(column)
                if column in row:
                    odd.append((where, "twice", column))
                row[column] = value
            if not found and name != FOLLOWS:
                odd.append((where, "form", name))
    order = sorted(days, key=lambda d: d or date.min)
    return Answers([days[d] for d in order], ("day", *names), parts, [pointers[d] for d in order], data, odd)


def results_of(total: Any) -> list[tuple[list[Any], Any]]:
    """(dimension values, value) of each result in a total_value with breakdowns."""
    out = []
    for breakdown in (total.get("breakdowns") if isinstance(total, dict) else None) or ():
        for result in (breakdown.get("results") if isinstance(breakdown, dict) else None) or ():
            if isinstance(result, dict) and isinstance(result.get("dimension_values"), list):
                out.append((result["dimension_values"], result.get("value")))
    return out


def read_demographics(data: bytes) -> Answers:
    """One row per metric, breakdown and group: `metric`, `breakdown`, `group`, `value`."""
    parts = lists_of(data)
    rows: list[dict[str, Any]] = []
    pointers: list[str] = []
    odd: list[tuple[str, str, Any]] = []
    for part in parts:
        for i, entry in enumerate(part.entries):
            where = f"{part.pointer}/data/{i}/total_value"
            total = entry.get("total_value")
            listed = total.get("breakdowns") if isinstance(total, dict) else None
            if not isinstance(listed, list) or not listed:
                odd.append((where, "form", entry.get("name")))
                continue
            for b, breakdown in enumerate(listed):
                keys = ",".join(map(str, breakdown.get("dimension_keys", ()))) if isinstance(breakdown, dict) else ""
                for r, (dims, value) in enumerate(results_of({"breakdowns": [breakdown]})):
                    group = " ".join(map(str, dims))
                    rows.append({"metric": str(entry.get("name")), "breakdown": keys, "group": group, "value": value})
                    pointers.append(f"{where}/breakdowns/{b}/results/{r}")
    return Answers(rows, ("metric", "breakdown", "group", "value"), parts, pointers, data, odd)


def read_media(data: bytes) -> Answers:
    """One row per post, in the order of the pages."""
    parts = lists_of(data)
    rows = [entry for part in parts for entry in part.entries]
    pointers = [f"{part.pointer}/data/{i}" for part in parts for i in range(len(part.entries))]
    columns = dict.fromkeys(("id", *(key for row in rows for key in row)))
    return Answers(rows, tuple(columns), parts, pointers, data)


def read_media_insights(data: bytes) -> Answers:
    """One row per post: `media`, a column per metric, `refused` where the platform gave nothing."""
    return _posts(lists_of(data, refusals=True), {}, data)


def read_stories(data: bytes) -> Answers:
    """One row per story: its own fields, and a column per metric, joined by id."""
    parts = lists_of(data)
    listed = {str(entry.get("id")): entry for part in parts if part.path.endswith("/stories") for entry in part.entries}
    if not listed and not any(part.path.endswith("/stories") for part in parts):
        listed = {str(entry.get("id")): entry for part in parts for entry in part.entries}
        return _posts([], listed, data)
    return _posts(parts, listed, data)


def _posts(parts: list[Part], listed: Mapping[str, dict[str, Any]], data: bytes) -> Answers:
    rows: dict[str, dict[str, Any]] = {}
    pointers: dict[str, str] = {}
    odd: list[tuple[str, str, Any]] = []
    names: dict[str, None] = {"media": None}
    for key, entry in listed.items():
        rows[key] = {"media": key, **{k: v for k, v in entry.items() if k != "id"}}
        names.update(dict.fromkeys(rows[key]))
    for n, part in enumerate(parts):
        if part.path.endswith("/stories"):
            continue
        media = part.about or next((str(e.get("id", "")).partition("/")[0] for e in part.entries), "")
        row = rows.setdefault(media, {"media": media})
        pointers.setdefault(media, part.pointer or f"/{n}")
        if part.refused is not None:
            row.setdefault("refused", part.refused.get("code"))
            continue
        for i, entry in enumerate(part.entries):
            name, where = str(entry.get("name")), f"{part.pointer}/data/{i}"
            try:
                value = entry["values"][0]["value"] if "values" in entry else entry["total_value"]["value"]
            except (KeyError, IndexError, TypeError):
                odd.append((where, "form", name))
                continue
            names.setdefault(name)
            if name in row:
                odd.append((where, "twice", name))
            row[name] = value
    names.update(dict.fromkeys(k for row in rows.values() for k in row))
    columns = tuple(names)
    return Answers(list(rows.values()), columns, parts, [pointers.get(k, "") for k in rows], data, odd)


_LABELLED = re.compile(r'\s*\[\s*\{\s*"asked"\s*:\s*"([^"\\]*)"')
_ALONE = re.compile(r'\s*\[?\s*\{\s*"data"\s*:\s*\[\s*(?=\{)')


def kind_of(head: bytes) -> str | None:
    """Which feed's content begins so; None for content of nobody here. A body alone is told by its first entry."""
    try:
        text = head.decode("utf-8-sig", "strict" if len(head) < 1 << 20 else "ignore")
    except UnicodeDecodeError:
        return None
    if (labelled := _LABELLED.match(text)) is not None:
        return _of_question(labelled[1])
    if (alone := _ALONE.match(text)) is None:
        return "account" if text[:1] == "{" and '"followers_count"' in text[:4096] and '"username"' in text[:4096] else None
    try:
        entry, _ = json.JSONDecoder().raw_decode(text, alone.end())
    except (ValueError, RecursionError):
        return None
    if "media_type" in entry or "media_product_type" in entry:
        return "stories" if entry.get("media_product_type") == "STORY" else "media"
    if not {"name", "period"} <= entry.keys():
        return None
    name = str(entry["name"])
    if "_demographics" in name:
        return "demographics"
    if entry["period"] == "lifetime" and name != "online_followers":
        return "media_insights"
    return "totals" if "total_value" in entry else "insights" if "values" in entry else None


def _of_question(asked: str) -> str | None:
    path, _, query = asked.partition("?")
    if not re.fullmatch(r"\d{1,25}(?:/[a-z]+)?", path):
        return None
    edge = path.partition("/")[2]
    if edge in ("", "media", "stories"):
        return edge or "account"
    if edge != "insights":
        return None
    if "_demographics" in query:
        return "demographics"
    if "period=" not in query:
        return "media_insights"
    return "totals" if "metric_type=total_value" in query else "insights"


def is_kind(kind: str, *wanted: str) -> Callable[[bytes], bool]:
    """A recogniser of one feed's content; `wanted` are names that a refusal may tell as missing."""

    def recognise(head: bytes) -> bool:
        return kind_of(head) == kind

    recognise.wanted = wanted or ("asked", "answer")  # type: ignore[attr-defined]
    return recognise
