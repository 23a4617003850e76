"""Insights: a request's parameters made a Query, and a Query made rows, spelled as the Marketing API spells them.

Numbers are strings; what is nothing is absent; a day without delivery has no row. Ratios are computed from the counts of the same row and
rounded to six decimals (seen: genuine rows reproduce to 5e-7).
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import Any

from . import errors
from .params import dates, flag, json_list, whole
from .vocabulary import names
from .world import COUNTS, EVENTS, Account, Ad, AdSet, Campaign, campaigns, figures

LEVELS = ("account", "campaign", "adset", "ad")
OLDEST_MONTHS = 37
REACH_MONTHS = 13
GONE_WINDOWS = frozenset({"7d_view", "28d_view"})
"""Attribution windows that are accepted and no longer returned since 2026-01-12 (documented)."""

SPLITS: dict[str, tuple[tuple[str, int], ...]] = {
    "age": (("18-24", 31), ("25-34", 38), ("35-44", 19), ("45-54", 8), ("55-64", 3), ("65+", 1)),
    "gender": (("female", 46), ("male", 51), ("unknown", 3)),
    "country": (("US", 58), ("GB", 14), ("DE", 12), ("CA", 9), ("NO", 7)),
    "region": (("California", 40), ("New York", 34), ("Texas", 26)),
    "publisher_platform": (("facebook", 34), ("instagram", 58), ("audience_network", 6), ("messenger", 2)),
    "platform_position": (("feed", 51), ("instagram_stories", 22), ("instagram_reels", 27)),
    "device_platform": (("mobile_app", 88), ("mobile_web", 5), ("desktop", 7)),
    "impression_device": (("iphone", 47), ("android_smartphone", 41), ("desktop", 7), ("ipad", 5)),
}
"""Breakdowns that are simulated, with the share of each value in percent. Others are valid names, and refused as a combination."""

PIXEL_NAMES: dict[str, tuple[str, ...]] = {
    "view_content": ("view_content", "offsite_conversion.fb_pixel_view_content", "onsite_web_view_content", "omni_view_content"),
    "add_to_wishlist": ("offsite_conversion.fb_pixel_add_to_wishlist", "omni_add_to_wishlist"),
    "lead": ("lead", "offsite_conversion.fb_pixel_lead"),
    "purchase": (
        "purchase",
        "offsite_conversion.fb_pixel_purchase",
        "onsite_web_purchase",
        "onsite_web_app_purchase",
        "omni_purchase",
    ),
    "custom_presave": ("offsite_conversion.fb_pixel_custom", "offsite_conversion.custom.900000000000001"),
}
"""The names under which one event is counted at once (seen: summing them multiplies events)."""


@dataclass(frozen=True, slots=True)
class Query:
    """What an insights request asks for. `increment` is days per row, or `monthly`, or `all_days`."""

    scope: Account | Campaign | AdSet | Ad
    level: str
    fields: tuple[str, ...]
    since: date
    until: date
    increment: int | str
    breakdowns: tuple[str, ...] = ()
    windows: tuple[str, ...] = ()
    filters: tuple[tuple[str, str, Any], ...] = ()
    sort: tuple[str, bool] | None = None
    summary: tuple[str, ...] = ()

    @property
    def account(self) -> Account:
        return self.scope if isinstance(self.scope, Account) else _campaign(self.scope).account

    @property
    def days(self) -> int:
        return (self.until - self.since).days + 1

    @property
    def fingerprint(self) -> str:
        """What a cursor is bound to: everything that changes which rows there are."""
        return repr((self.level, self.since, self.until, self.increment, self.breakdowns, self.filters, self.sort))


def read_query(scope: Any, params: Mapping[str, str], now: datetime) -> Query:
    """Parameters of `GET` or `POST \u2026/insights` as a Query. Raises GraphError as the platform would."""
    account: Account = scope if isinstance(scope, Account) else _campaign(scope).account
    today = account.today(now)
    own = {Account: "account", Campaign: "campaign", AdSet: "adset", Ad: "ad"}[type(scope)]
    level = params.get("level") or own
    if level not in LEVELS:
        raise errors.bad_param("level", f"must be one of {{{', '.join(sorted(names('Level')))}}}")
    fields = tuple(dict.fromkeys(json_list(params, "fields"))) or ("account_id", *_identity(level), "impressions", "spend")
    bad = [f for f in fields if f not in names("Insights")]
    if bad:
        raise errors.bad_insights_fields(bad)
    since, until = dates(params, today)
    if (today.year - since.year) * 12 + today.month - since.month > OLDEST_MONTHS:
        raise errors.too_far_back()
    breakdowns = tuple(json_list(params, "breakdowns"))
    for name in breakdowns:
        if name not in names("Breakdown"):
            raise errors.bad_param("breakdowns[0]", f"must be one of the known breakdowns, not {name}")
        if name not in SPLITS:
            raise errors.bad_param("breakdowns", f"combination of data breakdown columns ({name}) is invalid")
    windows = tuple(json_list(params, "action_attribution_windows"))
    for name in windows:
        if name not in names("AttributionWindow"):
            raise errors.bad_param("action_attribution_windows[0]", f"must be one of the known windows, not {name}")
    for name, kind in (("action_report_time", "ActionReportTime"),):
        if params.get(name) and params[name] not in names(kind):
            raise errors.bad_param(name, f"must be one of {{{', '.join(sorted(names(kind)))}}}")
    for name in json_list(params, "action_breakdowns"):
        if name not in names("ActionBreakdown"):
            raise errors.bad_param("action_breakdowns[0]", f"must be one of the known breakdowns, not {name}")
    summary = tuple(json_list(params, "summary"))
    if not summary and flag(params, "default_summary"):
        summary = tuple(f for f in fields if f not in _identity("ad"))
    return Query(
        scope, level, fields, since, until, _increment(params), breakdowns,
        tuple(w for w in windows if w not in GONE_WINDOWS and w != "default"), _filters(params), _sort(params), summary,
    )  # fmt: skip


def _increment(params: Mapping[str, str]) -> int | str:
    text = (params.get("time_increment") or "all_days").strip('"')
    if text in ("monthly", "all_days"):
        return text
    days = whole(text, "time_increment")
    if not 1 <= days <= 90:
        raise errors.bad_param("time_increment", "must be an integer from 1 to 90, monthly or all_days")
    return days


_OPERATORS = ("EQUAL", "NOT_EQUAL", "IN", "NOT_IN", "CONTAIN", "GREATER_THAN", "LESS_THAN")
_FILTERABLE = ("campaign.id", "adset.id", "ad.id", "campaign.effective_status", "ad.effective_status", "campaign.name", "ad.name")


def _filters(params: Mapping[str, str]) -> tuple[tuple[str, str, Any], ...]:
    out = []
    for entry in json_list(params, "filtering"):
        if not isinstance(entry, dict) or not {"field", "operator", "value"} <= entry.keys():
            raise errors.bad_param("filtering[0]", "must be an object with field, operator and value")
        field, operator, value = str(entry["field"]), str(entry["operator"]), entry["value"]
        if field not in _FILTERABLE and field not in COUNTS and field != "spend":
            raise errors.bad_param("filtering", f"field {field} cannot be filtered")
        if operator not in _OPERATORS:
            raise errors.bad_param("filtering[0][operator]", f"must be one of {{{', '.join(_OPERATORS)}}}")
        if operator in ("GREATER_THAN", "LESS_THAN") and not re.fullmatch(r"-?\d{1,15}(\.\d{1,6})?", str(value)):
            raise errors.bad_param("filtering[0][value]", "must be a number")
        if isinstance(value, dict) or (isinstance(value, list) and not all(isinstance(v, str | int | float) for v in value)):
            raise errors.bad_param("filtering[0][value]", "must be a value or a list of values")
        out.append((field, operator, tuple(value) if isinstance(value, list) else value))
    return tuple(out)


def _sort(params: Mapping[str, str]) -> tuple[str, bool] | None:
    wanted = json_list(params, "sort")
    if not wanted:
        return None
    name, _, direction = str(wanted[0]).rpartition("_")
    if direction not in ("ascending", "descending") or name not in names("Insights"):
        raise errors.bad_param("sort", "must be a field followed by _ascending or _descending")
    return name, direction == "descending"


def _campaign(scope: Campaign | AdSet | Ad) -> Campaign:
    return scope if isinstance(scope, Campaign) else scope.campaign


def _ads(query: Query, now: datetime) -> Iterator[Ad]:
    """The ads the query is about, in a stable order; archived and deleted ones too: their spend stays (assumed)."""
    scope, today = query.scope, query.account.today(now)
    if isinstance(scope, Ad):
        yield scope
    elif isinstance(scope, AdSet):
        yield from scope.ads()
    else:
        found = campaigns(scope, min(today, query.until), query.since) if isinstance(scope, Account) else [scope]
        for campaign in found:
            for adset in campaign.adsets():
                yield from adset.ads()


def _passes(value: Any, operator: str, wanted: Any) -> bool:
    if operator in ("IN", "NOT_IN"):
        return (str(value) in {str(w) for w in (wanted if isinstance(wanted, tuple) else (wanted,))}) == (operator == "IN")
    if operator == "CONTAIN":
        return str(wanted).lower() in str(value).lower()
    if operator in ("GREATER_THAN", "LESS_THAN"):
        return (Decimal(str(value)) > Decimal(str(wanted))) == (operator == "GREATER_THAN") and Decimal(str(value)) != Decimal(
            str(wanted)
        )
    return (str(value) == str(wanted)) == (operator == "EQUAL")


def rows(query: Query, now: datetime) -> list[dict[str, Any]]:
    """Every row of the answer, in order: by object (newest campaign first), then by date, then by breakdown. Shared: not to be changed."""
    return _rows(query, now.replace(second=0, microsecond=0))


@lru_cache(maxsize=16)
def _rows(query: Query, now: datetime) -> list[dict[str, Any]]:
    today = query.account.today(now)
    groups: dict[tuple[Any, ...], list[tuple[Ad, tuple[int, ...]]]] = {}
    for ad in _ads(query, now):
        facts = {
            "campaign.id": ad.campaign.id, "adset.id": ad.adset.id, "ad.id": ad.id, "campaign.name": ad.campaign.name, "ad.name": ad.name,
            "campaign.effective_status": ad.campaign.status(today), "ad.effective_status": ad.campaign.status(today),
        }  # fmt: skip
        if not all(_passes(facts[f], o, v) for f, o, v in query.filters if f in facts):
            continue
        owner = {"account": "", "campaign": ad.campaign.id, "adset": ad.adset.id, "ad": ad.id}[query.level]
        for offset in range((min(query.until, today) - query.since).days + 1):
            day = query.since + timedelta(days=offset)
            counted = figures(ad, day, now)
            if counted:
                groups.setdefault((owner, *_span(query, day)), []).append((ad, counted))
    order = {owner: n for n, owner in enumerate(dict.fromkeys(k[0] for k in groups))}
    out = []
    for key in sorted(groups, key=lambda k: (order[k[0]], k[1])):
        members = groups[key]
        total = _add(members)
        for combination, part in _split(total, query.breakdowns):
            counts = dict(zip(COUNTS, part, strict=True))
            if all(_passes(_metric(counts, f, query.account), o, v) for f, o, v in query.filters if f not in _FILTERABLE):
                out.append(_row(query, members[0][0], counts, key[1], key[2], combination, today))
    if query.sort:
        name, descending = query.sort
        out.sort(key=lambda r: _sortable(r.get(name, "0")), reverse=descending)
    return out


def _sortable(value: Any) -> tuple[int, Decimal, str]:
    try:
        return (0, Decimal(value), "")
    except (ArithmeticError, TypeError):
        return (1, Decimal(0), str(value))


def _metric(counts: Mapping[str, int], name: str, account: Account) -> Decimal:
    return Decimal(counts["spend_minor"]) / account.minor if name == "spend" else Decimal(counts[name])


def _span(query: Query, day: date) -> tuple[date, date]:
    """First and last date of the row that `day` belongs to."""
    if query.increment == "all_days":
        return query.since, query.until
    if query.increment == "monthly":
        following = (day.replace(day=1) + timedelta(days=32)).replace(day=1)
        return max(day.replace(day=1), query.since), min(following - timedelta(days=1), query.until)
    step = int(query.increment)
    first = query.since + timedelta(days=(day - query.since).days // step * step)
    return first, min(first + timedelta(days=step - 1), query.until)


def _add(members: list[tuple[Ad, tuple[int, ...]]]) -> tuple[int, ...]:
    """Counts of several days or ads together. Reach does not add up: the same people are met again."""
    if len(members) == 1:
        return members[0][1]
    total = [sum(column) for column in zip(*(m[1] for m in members), strict=True)]
    at = COUNTS.index("reach")
    total[at] = max(max(m[1][at] for m in members), total[at] * (55 + 45 // len(members)) // 100)
    return tuple(total)


def _split(total: tuple[int, ...], breakdowns: tuple[str, ...]) -> Iterator[tuple[dict[str, str], tuple[int, ...]]]:
    """The counts shared out over the breakdown's values; parts add up to the whole, and a part nobody saw is absent."""
    if not breakdowns:
        yield {}, total
        return
    before = 0
    whole_share = 100 ** len(breakdowns)
    for values in itertools.product(*(SPLITS[b] for b in breakdowns)):
        share = 1
        for _, percent in values:
            share *= percent
        after = before + share
        part = [n * after // whole_share - n * before // whole_share for n in total]
        before = after
        if part[0]:
            part[COUNTS.index("reach")] = min(max(part[COUNTS.index("reach")], 1), part[0])
            yield {b: v for b, (v, _) in zip(breakdowns, values, strict=True)}, tuple(part)


def _identity(level: str) -> tuple[str, ...]:
    return tuple(f"{name}_{part}" for name in LEVELS[1 : LEVELS.index(level) + 1] for part in ("id", "name"))


def number(value: Decimal | int, places: int = 6) -> str:
    """A number as the API spells it: rounded, no trailing zeros, no exponent (`38.24`, `50`, `1.61512`)."""
    rounded = Decimal(value).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    text = f"{rounded:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _row(
    query: Query, ad: Ad, c: dict[str, int], first: date, last: date, combination: Mapping[str, str], today: date
) -> dict[str, Any]:  # fmt: skip
    account = query.account
    spend = Decimal(c["spend_minor"]) / account.minor
    old = bool(query.breakdowns) and (today - query.since).days > REACH_MONTHS * 31
    known: dict[str, Any] = {
        "account_id": account.id, "account_name": account.name, "account_currency": account.currency, "buying_type": "AUCTION",
        "impressions": str(c["impressions"]), "clicks": str(c["clicks"]), "spend": number(spend, 2),
        "attribution_setting": "7d_click_1d_view_1d_ev", "social_spend": "0",
    }  # fmt: skip
    objects = {"campaign": ad.campaign, "adset": ad.adset, "ad": ad}
    for name in LEVELS[1 : LEVELS.index(query.level) + 1]:
        known[f"{name}_id"], known[f"{name}_name"] = objects[name].id, objects[name].name
    if query.level != "account":
        known["objective"], known["created_time"] = ad.campaign.objective, ad.campaign.created.isoformat()
        known["updated_time"] = last.isoformat()
    ratios = {"cpm": (1000 * spend, c["impressions"]), "ctr": (100 * c["clicks"], c["impressions"]), "cpc": (spend, c["clicks"])}
    if not old:
        known["reach"] = str(c["reach"])
        ratios |= {"frequency": (c["impressions"], c["reach"]), "cpp": (1000 * spend, c["reach"])}
    links = c["link_clicks"]
    if links:
        known["inline_link_clicks"] = str(links)
        known["outbound_clicks"] = [{"action_type": "outbound_click", "value": str(links)}]
        ratios |= {"inline_link_click_ctr": (100 * links, c["impressions"]), "cost_per_inline_link_click": (spend, links)}
    known |= {name: number(Decimal(above) / below) for name, (above, below) in ratios.items() if below}
    actions = _actions(c)
    if actions:
        known["actions"] = [_stat(name, n, query.windows) for name, n in actions.items()]
        known["cost_per_action_type"] = [{"action_type": name, "value": number(spend / n)} for name, n in actions.items() if n]
        known["inline_post_engagement"] = str(actions["post_engagement"]) if "post_engagement" in actions else "0"
    if c["purchase"]:
        value = Decimal(c["purchase_minor"]) / account.minor
        kinds = PIXEL_NAMES["purchase"]
        known["action_values"] = [{"action_type": name, "value": number(value, 2)} for name in kinds]
        known["purchase_roas"] = [{"action_type": "omni_purchase", "value": number(value / spend)}]
    if c["video_views"]:
        known["video_play_actions"] = [{"action_type": "video_view", "value": str(c["video_views"])}]
    row = {name: known[name] for name in query.fields if name in known}
    row["date_start"], row["date_stop"] = first.isoformat(), last.isoformat()
    return {**row, **combination}


def _actions(c: Mapping[str, int]) -> dict[str, int]:
    """Action type -> count, under every name Meta counts it. link_click lies within post_engagement, that within page_engagement."""
    post = c["link_clicks"] + c["reactions"] + c["comments"] + c["shares"] + c["video_views"]
    counted = {
        "link_click": c["link_clicks"], "landing_page_view": c["landing_views"], "post_reaction": c["reactions"], "comment": c["comments"],
        "post": c["shares"], "like": c["likes"], "video_view": c["video_views"], "post_engagement": post,
        "page_engagement": post + c["likes"],
    }  # fmt: skip
    for event in EVENTS:
        counted |= dict.fromkeys(PIXEL_NAMES[event], c[event])
    in_app = c["view_content"] // 40
    counted |= {"onsite_app_view_content": in_app, "omni_view_content": c["view_content"] + in_app}
    return {name: n for name, n in counted.items() if n}


_WINDOW_SHARE = {"1d_click": 71, "7d_click": 93, "28d_click": 97, "1d_view": 7, "1d_ev": 2}


def _stat(name: str, count: int, windows: tuple[str, ...]) -> dict[str, str]:
    entry = {"action_type": name, "value": str(count)}
    shares = ((w, count * _WINDOW_SHARE.get(w, 0) // 100) for w in windows)
    return entry | {w: str(n) for w, n in shares if n}


def summary(query: Query, now: datetime, count: int) -> dict[str, Any]:
    """The `summary` object: the asked metrics over the whole range, and `total_count` when that is asked for."""
    out: dict[str, Any] = {}
    if "total_count" in query.summary:
        out["total_count"] = count
    wanted = tuple(f for f in query.summary if f in names("Insights"))
    if wanted:
        whole_range = Query(query.scope, "account", wanted, query.since, query.until, "all_days", filters=query.filters)
        found = rows(whole_range, now)
        out |= found[0] if found else {}
    return out
