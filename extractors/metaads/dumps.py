"""Reading a dump file: pages as Meta sent them, an older bare list, or one envelope, made rows; and telling whose content it is.

What lands is the faithful form: a JSON array whose elements are the bodies of the pages, byte for byte as received and in the order they
were asked for (`[` page `,` page `]`), with nothing changed but the run's own credentials, which are masked at the same length. A file of
several questions (a range that was split) simply goes on: each question ends with a page that has no `paging.next`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from typing import Any

from bedrot_console.domain.findings import Place
from bedrot_console.inspection.helpers import FormatTrouble, Rows, all_of, json_value

from .._graph.bodies import has_next, leaks_of
from . import pixels

NOT_BREAKDOWNS = frozenset({"account_id", "account_name", "account_currency", "date_start", "date_stop"})
BREAKDOWNS = (
    "age", "gender", "country", "region", "publisher_platform", "platform_position", "device_platform", "impression_device", "product_id",
    "comscore_market", "dma", "hourly_stats_aggregated_by_advertiser_time_zone", "hourly_stats_aggregated_by_audience_time_zone",
)  # fmt: skip
"""Breakdown columns that together with object and day name a row."""


class Dump(Rows):
    """Rows of all pages in order. `pages` are the envelopes, `starts` the index of each page's first row, `leaks` offsets of credentials.

    `shape` is `pages` (ours), `list` (older dumps: bare rows) or `envelope` (one page alone). Of a daily view by campaign, `records` are the
    campaigns' rows and `account_days` those of the whole account.
    """

    __slots__ = ("pages", "starts", "leaks", "shape", "account_days", "kept")

    def __init__(
        self, records: Sequence[dict[str, Any]], *, document: Any, pages: list[dict[str, Any]], shape: str, leaks: list[int]
    ) -> None:  # fmt: skip
        self.pages, self.shape, self.leaks = pages, shape, leaks
        self.account_days: list[dict[str, Any]] = []
        self.kept: list[int] | None = None
        self.starts: list[int] = []
        count = 0
        for page in pages:
            self.starts.append(count)
            count += len(page["data"])
        super().__init__(records, document=document, base="", facts=_facts(records, pages, shape))

    def pointer(self, index: int, column: str | None = None) -> str:
        """JSON pointer of row `index`, or of one of its cells, in the file as it lies."""
        index = index if self.kept is None else self.kept[index]
        tail = "" if column is None else "/" + column.replace("~", "~0").replace("/", "~1")
        page = max((n for n, start in enumerate(self.starts) if start <= index), default=0)
        inner = index - self.starts[page] if self.starts else index
        return {"pages": f"/{page}/data/{inner}", "envelope": f"/data/{inner}"}.get(self.shape, f"/{index}") + tail

    def questions(self) -> list[tuple[list[dict[str, Any]], list[dict[str, Any]]]]:
        """The pages and rows of each question that was asked, in order; a question ends with the page that has no `paging.next`."""
        out: list[tuple[list[dict[str, Any]], list[dict[str, Any]]]] = []
        pages: list[dict[str, Any]] = []
        for page in self.pages:
            pages.append(page)
            if not has_next(page):
                out.append((pages, [row for p in pages for row in p["data"]]))
                pages = []
        if pages:
            out.append((pages, [row for p in pages for row in p["data"]]))
        return out


def read_dump(data: bytes) -> Dump:
    """A dump file as rows.

    Raises:
        FormatTrouble: a page is an error object (`format.error-body`), or the value is none of the three shapes.
    """
    document = json_value(data)
    if isinstance(document, dict):
        pages, shape = [_page(document, "")], "envelope"
    elif isinstance(document, list) and any(
        isinstance(p, dict) and ("data" in p or "error" in p) and "id" not in p for p in document
    ):
        pages, shape = [_page(p, f"/{n}") for n, p in enumerate(document)], "pages"
    elif isinstance(document, list):
        pages, shape = [{"data": document}], "list"
    else:
        raise FormatTrouble("format.unknown-shape", "the JSON is neither a list nor an object", place=Place(pointer=""))
    for n, page in enumerate(pages):
        for i, row in enumerate(page["data"]):
            if type(row) is not dict:
                where = {"pages": f"/{n}/data/{i}", "envelope": f"/data/{i}"}.get(shape, f"/{i}")
                raise FormatTrouble("format.unknown-shape", "a row is not an object", place=Place(pointer=where))
    rows = [row for page in pages for row in page["data"]]
    return Dump(rows, document=document, pages=pages, shape=shape, leaks=leaks_of(data))


def read_insights(data: bytes) -> Dump:
    """As `read_dump`; each row gets `object`: the id of what it is about, with the values of its breakdowns, so that a key can name it; and
    its pixel events, each counted once (`pixels.columns`)."""
    dump = read_dump(data)
    dump.records = [row | {"object": object_of(row)} | pixels.columns(row.get("actions")) for row in dump.records]
    return dump


def read_campaign_days(data: bytes) -> Dump:
    """As `read_insights`, of a daily view by campaign: rows that name no campaign are the account's own days, and no rows of the content."""
    dump = read_insights(data)
    dump.kept = [i for i, row in enumerate(dump.records) if "campaign_id" in row]
    dump.account_days = [row for row in dump.records if "campaign_id" not in row]
    dump.records = [dump.records[i] for i in dump.kept]
    return dump


def object_of(row: dict[str, Any]) -> str | None:
    """What an insights row is about: the id of its lowest level, then its breakdown values; None if it names nothing."""
    named = next((row[k] for k in ("ad_id", "adset_id", "campaign_id", "account_id") if row.get(k)), None)
    if named is None:
        return None
    return " ".join([str(named), *(f"{b}={row[b]}" for b in BREAKDOWNS if b in row)])


def _page(value: Any, pointer: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise FormatTrouble("format.unknown-shape", "a page is not an object", place=Place(pointer=pointer))
    if value.get("error"):
        raise FormatTrouble("format.error-body", place=Place(pointer=f"{pointer}/error"))
    if not isinstance(value.get("data"), list):
        raise FormatTrouble("format.unknown-shape", "a page has no list of data", place=Place(pointer=f"{pointer}/data"))
    return value


def _facts(rows: Sequence[dict[str, Any]], pages: list[dict[str, Any]], shape: str) -> dict[str, Any]:
    facts: dict[str, Any] = {"pages": len(pages), "shape": shape}
    accounts = sorted({str(r["account_id"]) for r in rows if "account_id" in r})
    currencies = sorted({str(r["account_currency"]) for r in rows if "account_currency" in r})
    facts |= {"accounts": accounts[:5]} if accounts else {}
    facts |= {"currency": currencies[0]} if len(currencies) == 1 else {}
    ranges = [(s["date_start"], s["date_stop"]) for s in map(summary_of, pages) if "date_start" in s and "date_stop" in s]
    if ranges:
        facts["asked_from"], facts["asked_to"] = str(min(r[0] for r in ranges)), str(max(r[1] for r in ranges))
    return facts


def summary_of(page: dict[str, Any]) -> dict[str, Any]:
    summary = page.get("summary")
    return summary if isinstance(summary, dict) else {}


_OPENING = re.compile(r'\s*(\[)?\s*(?:\{\s*"data"\s*:\s*\[)?\s*')


def first_row(head: bytes) -> set[str] | None:
    """Keys of the first row in any of the three shapes, from the beginning of a file; empty for no rows, None for other content."""
    try:
        text = head.decode("utf-8-sig")
    except UnicodeDecodeError as trouble:
        if trouble.start < len(head) - 4:
            return None
        text = head.decode("utf-8-sig", "ignore")
    match = _OPENING.match(text)
    assert match is not None
    if not match.group().strip():
        return None
    rest = text[match.end() : match.end() + 1]
    if rest == "]":
        return set()
    if rest != "{":
        return None
    try:
        row, _ = json.JSONDecoder().raw_decode(text, match.end())
    except (ValueError, RecursionError):
        return set(re.findall(r'"([A-Za-z_]\w*)"\s*:', text[match.end() : match.end() + 4096]))
    return set(row) if isinstance(row, dict) else None


def rows_like(*keys: str, any_of: Sequence[str] = (), without: Sequence[str] = ()) -> Callable[[bytes], bool]:
    """A recogniser: the first row has all `keys`, one of `any_of`, none of `without`. A page without rows belongs to every feed here."""

    def recognise(head: bytes) -> bool:
        found = first_row(head)
        if found is None:
            return False
        if not found:
            return b'"data"' in head[:64]
        return found.issuperset(keys) and (not any_of or not found.isdisjoint(any_of)) and found.isdisjoint(without)

    recognise.wanted = keys  # type: ignore[attr-defined]
    return recognise


_account_first = rows_like("date_start", "date_stop", "account_name", "spend", without=("campaign_id", "adset_id", "ad_id"))


def _campaign_days(head: bytes) -> bool:
    """The account's own days first, then its campaigns'; or no rows."""
    return _account_first(head) and (not first_row(head) or b'"campaign_id"' in head)


IS_CAMPAIGN_DAYS = _campaign_days
IS_CAMPAIGN_DAYS.wanted = ("date_start", "account_name", "campaign_id", "spend")  # type: ignore[attr-defined]
IS_INSIGHTS = all_of(
    rows_like("date_start", "date_stop", any_of=("impressions", "spend", "campaign_id")),
    lambda head: not first_row(head) or not IS_CAMPAIGN_DAYS(head),
)
IS_INSIGHTS.wanted = ("date_start", "date_stop", "impressions")  # type: ignore[attr-defined]
IS_AD = rows_like("id", "adset_id", "campaign_id", without=("date_start", "impressions"))
IS_ADSET = rows_like(
    "id", "campaign_id", any_of=("effective_status", "status"), without=("adset_id", "date_start", "impressions")
)
IS_CAMPAIGN = rows_like(
    "id",
    "name",
    any_of=("objective", "buying_type", "special_ad_categories", "spend_cap"),
    without=("campaign_id", "adset_id", "date_start"),
)
