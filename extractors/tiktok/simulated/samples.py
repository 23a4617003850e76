"""The samples of the six feeds, made by the stand-in, and what each was captured with."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from . import exports, site
from .exports import Export
from .world import CREATORS

SAMPLED = date(2026, 3, 2)
AT = datetime(2026, 3, 2, 11, 40, tzinfo=UTC)
NOVA, HARBOUR, ROOM, TIDE = CREATORS
_ASKED: list[dict[str, Any]] = [
    {"insigh_type": t} | ({"days": 60, "end_days": site.END_DAYS} if t != "follower_num" else {}) for t in site.TYPES
]


def _exports() -> dict[str, tuple[Export, str]]:
    """Sample to the export it is taken from and its report."""

    def of(creator: Any, report: str, *faults: str, days: int = 365) -> tuple[Export, str]:
        return Export(creator, SAMPLED, days, frozenset(faults)), report

    return {
        "overview/ok-365-days.zip": of(NOVA, "overview"), "overview/ok-greek.zip": of(HARBOUR, "overview", days=60),
        "overview/ok-vietnamese.zip": of(TIDE, "overview", days=28), "overview/ok-cut-to-first-figures.zip": of(ROOM, "overview"),
        "overview/ok-new-column.zip": of(NOVA, "overview", "schema_drift", days=28),
        "overview/seven-days-for-365.zip": of(NOVA, "overview", "period_silent"),
        "overview/days-missing.zip": of(NOVA, "overview", "missing_day", days=60), "overview/stale.zip": of(NOVA, "overview", "stale", days=28),
        "overview/column-missing.zip": of(NOVA, "overview", "column_missing", days=28),
        "overview/other-header.zip": of(NOVA, "overview", "header_translated", days=28),
        "overview/two-reports.zip": of(NOVA, "overview", "two_reports", days=7), "overview/entry-with-path.zip": of(NOVA, "overview", "zip_path", days=7),
        "overview/damaged.zip": of(NOVA, "overview", "zip_damaged", days=7), "overview/wrong-account.zip": of(NOVA, "overview", "wrong_account_file", days=7),
        "overview/sign-in-page.zip": of(NOVA, "overview", "login_page_as_data"),
        "viewers/ok-365-days.zip": of(NOVA, "viewers"), "viewers/ok-undefined.zip": of(ROOM, "viewers"),
        "viewers/sum-differs.zip": of(NOVA, "viewers", "viewers_wrong", days=60),
        "followers/ok-365-days.zip": of(NOVA, "followers"), "followers/ok-small-account.zip": of(ROOM, "followers"),
        "followers/ok-forward-differences.zip": of(HARBOUR, "followers", days=28),
        "followers/shares-differ.zip": of(NOVA, "followers", "shares_wrong", days=28),
        "followers/part-missing.zip": of(NOVA, "followers", "part_missing", days=28), "followers/no-days.zip": of(NOVA, "followers", "empty_data", days=28),
        "content/ok-15-posts.zip": of(NOVA, "content"), "content/no-posts.zip": of(NOVA, "content", "empty_data"),
    }  # fmt: skip


def _provenance() -> dict[str, dict[str, Any]]:
    known: dict[str, dict[str, Any]] = {}
    for name, (export, report) in _exports().items():
        asked = 365 if "period_silent" in export.faults else export.days
        known[name] = {
            "received_name": export.name(report, AT), "request": {"days": str(asked), "handle": export.creator.handle, "format": "csv"},
        }  # fmt: skip
    known["overview/ok-name-lost.csv"] = known["overview/ok-workbook.xlsx"] = known["overview/broken-off.csv"] = {}
    known["content/foreign-post.csv"] = {"request": {"handle": NOVA.handle}}
    known["insight"] = {
        "request": {"days": "60", "end_days": str(site.END_DAYS), "types": ",".join(site.TYPES), "handle": NOVA.handle},
    }  # fmt: skip
    known["videos"] = {"series": "page-01", "request": {"page": "1", "cursor": "0", "size": "50", "handle": NOVA.handle}}
    return known


PROVENANCE = _provenance()


def made() -> dict[str, bytes]:
    """Every sample: `feed/name.ext` -> bytes."""
    found = {name: export.body(report) for name, (export, report) in _exports().items()}
    week = Export(NOVA, SAMPLED, 7)
    tables = {report: week.tables(report) for report in ("overview", "followers", "content")}
    plain = tables["overview"]["Overview"]
    posts = tables["content"]["Content"].decode().replace(f"@{NOVA.handle}/", "@somebody.else/", 1)
    page = week.post_page(0, 50)
    answer = week.insight(_ASKED)
    found |= {
        "overview/ok-name-lost.csv": plain, "overview/ok-workbook.xlsx": exports.workbook(tables["overview"]),
        "overview/broken-off.csv": plain[:-40], "overview/two-languages.csv": plain.replace(b"February 24", "24 février".encode(), 1),
        "followers/ok-gender-alone.csv": tables["followers"]["FollowerGender"], "content/foreign-post.csv": posts.encode(),
        "insight/ok-60-days.json": exports.spelled(answer),
        "insight/type-missing.json": exports.spelled(Export(NOVA, SAMPLED, 60, {"insight_type_missing"}).insight(_ASKED)),
        "insight/holds-session.json": exports.spelled(Export(NOVA, SAMPLED, 60, {"session_inside"}).insight(_ASKED)),
        "insight/days-missing.json": exports.spelled(answer | {"vv_history": answer["vv_history"][:-7]}),
        "insight/too-frequent.json": b'{"status_code":7,"status_msg":"You\'re visiting our service too frequently."}',
        "videos/ok-page-01.json": exports.spelled(page), "videos/cursor-stands.json": exports.spelled(page | {"cursor": 0}),
        "videos/views-as-words.json": exports.spelled(page | {"item_list": [page["item_list"][0] | {"play_count": "about 900"}, *page["item_list"][1:]]}),
        "videos/no-posts.json": exports.spelled(week.post_page(10_000, 50)),
    }  # fmt: skip
    return found
