"""What no schema can say about a Meta Ads dump: account, references, pages, sums, ratios, days. Pure functions.

Facts about the platform: fact sheet, chapters 5 and 10. Conversions above clicks are no error (view-through), and neither is a gap between
the spend of ads that are listed and of the account (archived and deleted ads).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from bedrot_console.domain.findings import Finding
from bedrot_console.inspection.helpers import day_of, decimal_of, error, note, warning

from .dumps import Dump, has_next, summary_of

RELATIVE = Decimal("0.00001")
ROUNDING = Decimal("0.000001")
STALE_AFTER = timedelta(days=2)
DEAD_AFTER = timedelta(days=5)
LEAST_SHARE = Decimal("0.5")
"""Rows that make less than this share of the platform's own total are not all of them."""
REACH_MONTHS_DAYS = 13 * 31
"""Reach with breakdowns is silently absent beyond 13 months (documented)."""

STATUSES = frozenset(
    {
        "ACTIVE", "PAUSED", "DELETED", "ARCHIVED", "IN_PROCESS", "WITH_ISSUES", "CAMPAIGN_PAUSED", "ADSET_PAUSED", "DISAPPROVED", "PENDING_REVIEW",
        "PREAPPROVED", "PENDING_BILLING_INFO",
    }
)  # fmt: skip
PIXEL_EVENTS: dict[str, str] = {
    "offsite_conversion.fb_pixel_view_content": "view_content",
    "offsite_conversion.fb_pixel_add_to_cart": "add_to_cart",
    "offsite_conversion.fb_pixel_initiate_checkout": "initiate_checkout",
    "offsite_conversion.fb_pixel_add_payment_info": "add_payment_info",
    "offsite_conversion.fb_pixel_purchase": "purchase",
    "offsite_conversion.fb_pixel_lead": "lead",
    "offsite_conversion.fb_pixel_complete_registration": "complete_registration",
    "offsite_conversion.fb_pixel_search": "search",
    "offsite_conversion.fb_pixel_add_to_wishlist": "add_to_wishlist",
    "offsite_conversion.fb_pixel_custom": "custom",
}
"""The one name per pixel event that is counted; all others that mean the same are never added to it."""
_BROKEN_DOWN = frozenset(
    {"action_destination", "action_device", "action_reaction", "action_target_id", "action_video_type", "action_carousel_card_id"}
)
"""Keys of action breakdowns: with them one action type may come several times."""
_ALIASES = re.compile(
    r"^(?:omni_|onsite_web_app_|onsite_web_)?(view_content|add_to_cart|initiate_checkout|purchase|lead|complete_registration)$"
)


def account(content: Dump, context: Any) -> Iterator[Finding]:
    """Every row belongs to the one account that was asked, which is also that of the set and of the last capture."""
    found = Counter(str(r["account_id"]).removeprefix("act_") for r in content.records if r.get("account_id") is not None)
    expected = _configured(context)
    why = "configured"
    if expected is None and context.sidecar.feed != "metaads/campaigns":
        expected, why = _only_account(context.sibling("metaads/campaigns")), "of the set's campaigns"
    if expected is None:
        expected, why = _only_account(context.previous()), "of the last good capture"
    if expected is None and len(found) > 1:
        expected, why = found.most_common(1)[0][0], "of most rows"
    if expected is None:
        return
    foreign = [
        i for i, r in enumerate(content.records) if r.get("account_id") is not None and _digits(r["account_id"]) != expected
    ]
    if foreign:
        yield error(
            "consistency.wrong-account", f"rows belong to another account than that {why}", place=content.place(foreign[0], "account_id"),
            expected=f"…{expected[-4:]}", seen=f"…{_digits(content.records[foreign[0]]['account_id'])[-4:]}", count=len(foreign),
        )  # fmt: skip


def _digits(value: Any) -> str:
    return str(value).removeprefix("act_")


def _configured(context: Any) -> str | None:
    for value in (context.options.get("account_id"), context.sidecar.account):
        text = _digits(value) if value is not None else ""
        if re.fullmatch(r"\d{5,20}", text):
            return text
    return None


def _only_account(other: Any) -> str | None:
    accounts = (
        {_digits(r["account_id"]) for r in other.records if r.get("account_id") is not None} if other is not None else set()
    )
    return accounts.pop() if len(accounts) == 1 else None


def credentials(content: Dump, context: Any) -> Iterator[Finding]:
    """No access token and no proof stands in the file in clear."""
    if content.leaks:
        yield error(
            "consistency.credential-in-clear", "a live credential of the platform stands in the file", expected="masked with *",
            seen=f"byte {content.leaks[0]}", count=len(content.leaks),
        )  # fmt: skip


def last_page(content: Dump, context: Any) -> Iterator[Finding]:
    """The last page has no `paging.next`: nothing was left unfetched."""
    if content.pages and has_next(content.pages[-1]):
        place = {"pages": f"/{len(content.pages) - 1}/paging/next", "envelope": "/paging/next"}.get(content.shape, "")
        yield error(
            "completeness.pages-missing", "the last page says that there is a further one", stage="completeness", pointer=place
        )


def total_count(content: Dump, context: Any) -> Iterator[Finding]:
    """Each question brought as many rows as its `summary.total_count` says."""
    for pages, rows in content.questions():
        counts = {summary_of(p)["total_count"] for p in pages if isinstance(summary_of(p).get("total_count"), int)}
        if counts and len(rows) not in counts:
            yield error(
                "completeness.total-differs", "there are not as many rows as the platform counted", stage="completeness",
                expected=f"{max(counts)} rows", seen=f"{len(rows)} rows",
            )  # fmt: skip


def parents(content: Dump, context: Any) -> Iterator[Finding]:
    """Parents named by rows are in the set (archived ones are left out by the platform: a warning)."""
    above = {"metaads/adsets": (("campaign_id", "metaads/campaigns"),)}
    above["metaads/ads"] = (("adset_id", "metaads/adsets"), ("campaign_id", "metaads/campaigns"))
    above["metaads/insights"] = (("campaign_id", "metaads/campaigns"),)
    for column, feed in above.get(context.sidecar.feed, ()):
        known = context.sibling(feed)
        if known is None:
            continue
        ids = {r.get("id") for r in known.records}
        unknown = [i for i, r in enumerate(content.records) if r.get(column) and r[column] not in ids]
        if unknown:
            yield warning(
                "consistency.unknown-parent", f"{column} names an object that is not in {feed} (archived or deleted?)",
                place=content.place(unknown[0], column), count=len(unknown),
            )  # fmt: skip


def statuses(content: Dump, context: Any) -> Iterator[Finding]:
    """Statuses are among those the platform documents."""
    for column in ("status", "configured_status", "effective_status"):
        odd = [i for i, r in enumerate(content.records) if r.get(column) is not None and r[column] not in STATUSES]
        if odd:
            seen = str(content.records[odd[0]][column])[:40]
            yield warning(
                "consistency.unknown-status",
                f"{column} has a value nobody knows",
                place=content.place(odd[0], column),
                seen=seen,
                count=len(odd),
            )


def times(content: Dump, context: Any) -> Iterator[Finding]:
    """Nothing was created after the capture, nor changed before it was created."""
    latest = (context.sidecar.captured_at + timedelta(days=2)).date()
    for column in ("created_time", "updated_time"):
        ahead = [i for i, r in enumerate(content.records) if (d := _day(r.get(column))) and d > latest]
        if ahead:
            yield error(
                "consistency.future-time",
                f"{column} lies after the capture",
                place=content.place(ahead[0], column),
                count=len(ahead),
            )


def vanished_objects(content: Dump, context: Any) -> Iterator[Finding]:
    """A list that held objects before is not suddenly empty."""
    before = context.previous()
    if before is not None and len(before) and not len(content):
        yield error(
            "volume.all-vanished",
            "the last good capture held rows, this one holds none",
            stage="volume",
            expected=f"{len(before)} rows",
            seen="0 rows",
        )


_RATIOS = (
    ("cpc", "spend", "clicks", 1),
    ("cpm", "spend", "impressions", 1000),
    ("ctr", "clicks", "impressions", 100),
    ("frequency", "impressions", "reach", 1),
)


def arithmetic(content: Dump, context: Any) -> Iterator[Finding]:
    """cpc, cpm, ctr and frequency follow from the counts of their row, within 1e-5 and the rounding to six decimals (seen: 5e-7)."""
    bad: dict[str, list[int]] = {}
    for index, row in enumerate(content.records):
        for name, above, below, times_ in _RATIOS:
            if name not in row or above not in row or below not in row:
                continue
            try:
                value, top, bottom = decimal_of(row[name]), decimal_of(row[above]), decimal_of(row[below])
            except ValueError:
                continue
            expected = times_ * top / bottom if bottom else Decimal(0)
            if abs(value - expected) > max(ROUNDING, RELATIVE * expected):
                bad.setdefault(name, []).append(index)
    for name, places in bad.items():
        yield error(
            "consistency.arithmetic", f"{name} does not follow from the counts of its row", place=content.place(places[0], name),
            seen=str(content.records[places[0]][name])[:20], count=len(places),
        )  # fmt: skip


def bounds(content: Dump, context: Any) -> Iterator[Finding]:
    """Nobody clicks what was not shown, and no more people are reached than impressions were made."""
    for small, large in (("clicks", "impressions"), ("reach", "impressions"), ("inline_link_clicks", "clicks")):
        bad = [i for i, r in enumerate(content.records) if _above(r.get(small), r.get(large))]
        if bad:
            make = error if small == "reach" else warning
            yield make("consistency.bounds", f"{small} is above {large}", place=content.place(bad[0], small), count=len(bad))


def _above(a: Any, b: Any) -> bool:
    try:
        return a is not None and b is not None and decimal_of(a) > decimal_of(b)
    except ValueError:
        return False


def _day(value: Any) -> date | None:
    try:
        return day_of(value)
    except ValueError:
        return None


def days(content: Dump, context: Any) -> Iterator[Finding]:
    """Rows are one day each and lie within the range that was asked for."""
    first, last = _day(content.facts.get("asked_from")), _day(content.facts.get("asked_to"))
    outside, long, backwards = [], [], []
    for index, row in enumerate(content.records):
        start, stop = _day(row.get("date_start")), _day(row.get("date_stop"))
        if start is None or stop is None:
            continue
        if start > stop:
            backwards.append(index)
        elif start != stop:
            long.append(index)
        if (first and start < first) or (last and stop > last):
            outside.append(index)
    if backwards:
        yield error(
            "consistency.days-backwards",
            "date_stop is before date_start",
            place=content.place(backwards[0], "date_stop"),
            count=len(backwards),
        )
    if outside:
        yield error(
            "consistency.outside-range", "a row lies outside the range that was asked for", place=content.place(outside[0], "date_start"),
            expected=f"{first} to {last}", seen=str(content.records[outside[0]].get("date_start"))[:10], count=len(outside),
        )  # fmt: skip
    if long:
        make = warning if len(long) == len(content.records) else error
        yield make(
            "consistency.not-daily", "rows span several days: reach cannot be compared with daily captures", place=content.place(long[0], "date_stop"),
            expected="date_start = date_stop", count=len(long),
        )  # fmt: skip


def gaps(content: Dump, context: Any) -> Iterator[Finding]:
    """No day is missing in between: a day on which nothing was delivered has no rows, so a gap is a warning."""
    found = sorted({d for r in content.records if (d := _day(r.get("date_start")))})
    missing = [a + timedelta(days=1) for a, b in zip(found, found[1:], strict=False) if (b - a).days > 1]
    if missing:
        count = sum((b - a).days - 1 for a, b in zip(found, found[1:], strict=False))
        yield warning(
            "completeness.days-missing", "days in between have no rows: either nothing was delivered, or they are lost", stage="completeness",
            column="date_start", seen=missing[0].isoformat(), count=count,
        )  # fmt: skip


def metrics(content: Dump, context: Any) -> Iterator[Finding]:
    """Metrics that must be there are there: reach and frequency wherever something was shown, cpc wherever something was clicked."""
    rows = content.records
    broken_down = any(" " in (r.get("object") or "") for r in rows[:1])
    for name, needs in (
        ("reach", "impressions"),
        ("frequency", "impressions"),
        ("cpm", "impressions"),
        ("ctr", "impressions"),
        ("cpc", "clicks"),
    ):
        absent = [i for i, r in enumerate(rows) if name not in r and _above(r.get(needs), 0)]
        if not absent:
            continue
        old = [
            i
            for i in absent
            if (d := _day(rows[i].get("date_start"))) and (context.sidecar.captured_at.date() - d).days > REACH_MONTHS_DAYS
        ]
        if broken_down and name in ("reach", "frequency") and len(old) == len(absent):
            yield note(
                "completeness.metric-withheld",
                f"{name} is not given with breakdowns beyond 13 months",
                stage="completeness",
                count=len(absent),
            )
            continue
        yield warning(
            "completeness.metric-missing", f"{name} is absent though there are {needs}", stage="completeness",
            place=content.place(absent[0], name), count=len(absent),
        )  # fmt: skip


def sums(content: Dump, context: Any) -> Iterator[Finding]:
    """The rows of each question add up to its summary. A bit less is a warning (archived ads may be left out), more cannot be."""
    for pages, rows in content.questions():
        summary = next((s for s in map(summary_of, pages) if s), {})
        for name in ("impressions", "clicks", "spend"):
            try:
                whole = decimal_of(summary[name])
                total = sum((decimal_of(r[name]) for r in rows if name in r), Decimal(0))
            except (KeyError, ValueError):
                continue
            if total != whole:
                make = error if total > whole * (1 + RELATIVE) or total < whole * LEAST_SHARE else warning
                yield make(
                    "completeness.sum-differs", f"the rows' {name} do not add up to the platform's own total", stage="completeness",
                    column=name, expected=str(whole), seen=str(total),
                )  # fmt: skip


def freshness(content: Dump, context: Any) -> Iterator[Finding]:
    """While a campaign runs, the newest day is yesterday's or the day before (account's zone); five days behind is an error."""
    running = _running(context)
    captured = context.sidecar.captured_at.date()
    newest = max((d for r in content.records if (d := _day(r.get("date_stop")))), default=None)
    if newest is None:
        if running:
            yield error(
                "freshness.nothing-delivered", "campaigns run, and yet there is not one row", stage="freshness", expected="rows of active campaigns",
                seen="0 rows", count=running,
            )  # fmt: skip
        return
    age = captured - newest
    if age > STALE_AFTER and running:
        make = error if age > DEAD_AFTER else warning
        yield make(
            "freshness.behind", f"campaigns run, and yet the newest day is {age.days} days before the capture", stage="freshness",
            column="date_stop", expected=f"at most {STALE_AFTER.days} days", seen=newest.isoformat(),
        )  # fmt: skip


def _running(context: Any) -> int:
    """Campaigns of the set that are active and have been for two days."""
    listed = context.sibling("metaads/campaigns")
    if listed is None:
        return 0
    settled = context.sidecar.captured_at.date() - timedelta(days=2)
    running = 0
    for row in listed.records:
        start, stop = _day(row.get("start_time")), _day(row.get("stop_time"))
        if row.get("effective_status") == "ACTIVE" and (start is None or start < settled) and (stop is None or stop > settled):
            running += 1
    return running


def vanished_rows(content: Dump, context: Any) -> Iterator[Finding]:
    """What was delivered once stays delivered: a day of an object that the last good capture had is still there if it is in the range."""
    before = context.previous()
    if before is None:
        return
    if len(before) and not len(content):
        yield from vanished_objects(content, context)
        return
    first = _day(content.facts.get("asked_from")) or min(
        (d for r in content.records if (d := _day(r.get("date_start")))), default=None
    )
    if first is None:
        return
    now = {(r.get("object"), r.get("date_start")): r for r in content.records}
    kept = {key: r for r in before.records if (d := _day((key := (r.get("object"), r.get("date_start")))[1])) and d >= first}
    lost = [key for key in kept if key not in now]
    if lost:
        yield error(
            "volume.rows-vanished", "days that were delivered before are gone", stage="volume", column="date_start", seen=str(lost[0][1]),
            expected=f"{len(kept)} rows from {first} on", count=len(lost),
        )  # fmt: skip
    revised = sum(
        1
        for key, r in kept.items()
        if key in now and any(r.get(m) != now[key].get(m) for m in ("impressions", "spend", "clicks", "actions"))
    )
    if revised:
        yield note(
            "volume.rows-revised", "figures of earlier days were revised (late attribution)", stage="volume", count=revised
        )


def pixel_events(content: Dump, context: Any) -> Iterator[Finding]:
    """Tells where one pixel event is counted under several names, so that nobody adds them up; an action type comes once per row."""
    twice, overlap, first = [], 0, None
    for index, row in enumerate(content.records):
        actions = row.get("actions")
        if not isinstance(actions, list):
            continue
        names = [a.get("action_type") for a in actions if isinstance(a, dict)]
        if len(set(names)) != len(names) and not any(isinstance(a, dict) and _BROKEN_DOWN & a.keys() for a in actions):
            twice.append(index)
        events = Counter(PIXEL_EVENTS.get(str(n)) or (m.group(1) if (m := _ALIASES.match(str(n))) else "") for n in names)
        if any(count > 1 for event, count in events.items() if event):
            overlap += 1
            first = index if first is None else first
    if twice:
        yield error(
            "consistency.action-repeats",
            "an action is listed twice in one row",
            place=content.place(twice[0], "actions"),
            count=len(twice),
        )
    if first is not None:
        yield note(
            "consistency.pixel-overlap", "one pixel event is counted under several names: take offsite_conversion.fb_pixel_*, never their sum",
            place=content.place(first, "actions"), count=overlap,
        )  # fmt: skip


STRUCTURE = (account, credentials, last_page, total_count, parents, statuses, times, vanished_objects)
INSIGHTS = (
    account, credentials, last_page, total_count, parents, arithmetic, bounds, days, gaps, metrics, sums, freshness, vanished_rows, pixel_events,
)  # fmt: skip
