"""Nodes and edges of the Graph: accounts, campaigns, ad sets and ads as JSON objects, and which of them an edge lists."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from . import errors
from .params import json_list, split_fields
from .vocabulary import names
from .world import EPOCH, GOALS, Account, Ad, AdSet, Campaign, _roll, campaigns

KINDS: dict[type, str] = {Account: "AdAccount", Campaign: "Campaign", AdSet: "AdSet", Ad: "Ad"}
PIXEL = "700000000000001"
_ZONE_IDS = {"America/Los_Angeles": 1, "Asia/Tokyo": 47, "Europe/Berlin": 47}


def node(thing: Any, params: Mapping[str, str], now: datetime, default: tuple[str, ...] = ()) -> dict[str, Any]:
    """One object with the asked fields; what is empty is absent; `id` is always there. Raises GraphError for a field the node lacks."""
    kind = KINDS[type(thing)]
    wanted = split_fields(params.get("fields") or "") or [(name, None) for name in default]
    makers = _MAKERS[kind]
    out: dict[str, Any] = {}
    for name, inner in wanted:
        if name not in names(kind):
            raise errors.bad_field(name, kind)
        value = makers[name](thing, now) if name in makers else None
        if isinstance(value, (Campaign, AdSet)):
            value = node(value, {"fields": inner or "id"}, now)
        if value is not None:
            out[name] = value
    return out | {"id": f"act_{thing.id}" if kind == "AdAccount" else thing.id}


def edge(owner: Any, name: str, params: Mapping[str, str], now: datetime) -> list[Any] | None:
    """The objects of `<owner>/<name>`, newest first; archived and deleted ones only when filtered for. None: no such edge."""
    levels = {"campaigns": Campaign, "adsets": AdSet, "ads": Ad}
    above = {Account: ("campaigns", "adsets", "ads"), Campaign: ("adsets", "ads"), AdSet: ("ads",), Ad: ()}
    if name not in above.get(type(owner), ()):
        return None
    if isinstance(owner, Account):
        today = owner.today(now)
        found = list(campaigns(owner, today, EPOCH))
    else:
        today = _campaign(owner).account.today(now)
        found = [_campaign(owner)]
    statuses = _statuses(levels[name], params)
    wanted: list[Any] = []
    for campaign in found:
        adsets = [owner] if isinstance(owner, AdSet) else campaign.adsets()
        things = {
            "campaigns": lambda c=campaign: [c],
            "adsets": lambda a=adsets: a,
            "ads": lambda a=adsets: [ad for adset in a for ad in adset.ads() if ad.created <= today],
        }[name]()
        wanted += [t for t in things if effective_status(t, today) in statuses]
    return wanted


def _statuses(kind: type, params: Mapping[str, str]) -> frozenset[str]:
    """The effective statuses an edge lists: those of `effective_status` or of a filter on it, else all but archived and deleted."""
    legal = names(f"{KINDS[kind]}Status")
    wanted = json_list(params, "effective_status")
    for entry in json_list(params, "filtering"):
        if not isinstance(entry, dict) or not {"field", "operator", "value"} <= entry.keys():
            raise errors.bad_param("filtering[0]", "must be an object with field, operator and value")
        if str(entry["field"]).endswith("effective_status") and isinstance(entry["value"], list):
            wanted = entry["value"]
    for status in wanted:
        if status not in legal:
            raise errors.bad_param("effective_status[0]", f"must be one of {{{', '.join(sorted(legal))}}}")
    return frozenset(wanted) or legal - {"ARCHIVED", "DELETED"}


def _campaign(thing: Campaign | AdSet | Ad) -> Campaign:
    return thing if isinstance(thing, Campaign) else thing.campaign


def effective_status(thing: Campaign | AdSet | Ad, today: date) -> str:
    """What really applies: an object's own status, overruled by its parents'."""
    status = _campaign(thing).status(today)
    if isinstance(thing, Campaign) or status in ("ARCHIVED", "DELETED"):
        return status
    if isinstance(thing, Ad) and thing.paused_from and today >= thing.paused_from:
        return "PAUSED"
    return "CAMPAIGN_PAUSED" if status == "PAUSED" else "ACTIVE"


def _own_status(thing: Campaign | AdSet | Ad, now: datetime) -> str:
    status = effective_status(thing, _campaign(thing).account.today(now))
    return "ACTIVE" if status == "CAMPAIGN_PAUSED" else status


def _updated(thing: Campaign | AdSet | Ad, now: datetime) -> str:
    """When somebody last changed it: its birth, a pause, its archiving; never after `now`."""
    campaign = _campaign(thing)
    today = campaign.account.today(now)
    moments = [campaign.created, campaign.created + timedelta(days=151)]
    if not campaign.scheduled:
        moments.append(campaign.end + timedelta(days=1))
    if isinstance(thing, Ad) and thing.paused_from:
        moments.append(thing.paused_from)
    return campaign.account.at(max(m for m in moments if m <= max(today, campaign.created)), 11)


def _budget(thing: Campaign | AdSet) -> str | None:
    """Daily budget in minor units as a string, on the campaign or on its ad sets, never on both."""
    campaign = _campaign(thing)
    if (campaign.number % 3 == 0) != isinstance(thing, Campaign):
        return None
    return str((1500 + _roll("budget", thing.id)[0] * 10) * campaign.account.minor // 100)


def _spent(account: Account, now: datetime) -> str:
    """What the account ever spent, in minor units; a made-up figure that only grows."""
    return str((account.today(now) - EPOCH).days * 8421 * account.minor // 100)


def _offset(account: Account, now: datetime) -> float | int:
    hours = now.astimezone(account.zone).utcoffset().total_seconds() / 3600  # type: ignore[union-attr]
    return int(hours) if hours == int(hours) else hours


Maker = Callable[[Any, datetime], Any]

_COMMON: dict[str, Maker] = {
    "id": lambda t, n: t.id,
    "name": lambda t, n: t.name,
    "account_id": lambda t, n: _campaign(t).account.id,
    "status": _own_status,
    "configured_status": _own_status,
    "effective_status": lambda t, n: effective_status(t, _campaign(t).account.today(n)),
    "created_time": lambda t, n: _campaign(t).account.at(getattr(t, "created", _campaign(t).created)),
    "updated_time": _updated,
}
_MAKERS: dict[str, dict[str, Maker]] = {
    "AdAccount": {
        "id": lambda a, n: f"act_{a.id}",
        "account_id": lambda a, n: a.id,
        "name": lambda a, n: a.name,
        "currency": lambda a, n: a.currency,
        "timezone_id": lambda a, n: _ZONE_IDS[a.timezone_name],
        "timezone_name": lambda a, n: a.timezone_name,
        "timezone_offset_hours_utc": _offset,
        "account_status": lambda a, n: a.status,
        "disable_reason": lambda a, n: 0 if a.status != 2 else 1,
        "amount_spent": _spent,
        "balance": lambda a, n: "0",
        "spend_cap": lambda a, n: "0",
        "min_daily_budget": lambda a, n: a.minor,
        "age": lambda a, n: float((a.today(n) - EPOCH).days),
        "created_time": lambda a, n: a.at(EPOCH),
        "business": lambda a, n: {"id": f"55000000000000{a.number}", "name": a.name},
        "is_personal": lambda a, n: 0,
        "user_tasks": lambda a, n: ["ANALYZE"],
    },
    "Campaign": _COMMON
    | {
        "objective": lambda c, n: c.objective,
        "buying_type": lambda c, n: "AUCTION",
        "bid_strategy": lambda c, n: "LOWEST_COST_WITHOUT_CAP" if _budget(c) else None,
        "daily_budget": lambda c, n: _budget(c),
        "budget_remaining": lambda c, n: _budget(c) or "0",
        "spend_cap": lambda c, n: str(50000 * c.account.minor // 100) if c.number % 4 == 1 else None,
        "special_ad_categories": lambda c, n: [],
        "special_ad_category": lambda c, n: "NONE",
        "start_time": lambda c, n: c.account.at(c.start, 0),
        "stop_time": lambda c, n: c.account.at(c.end + timedelta(days=1), 0) if c.scheduled else None,
        "budget_rebalance_flag": lambda c, n: False,
        "smart_promotion_type": lambda c, n: "GUIDED_CREATION",
        "source_campaign_id": lambda c, n: "0",
    },
    "AdSet": _COMMON
    | {
        "campaign_id": lambda s, n: s.campaign.id,
        "campaign": lambda s, n: s.campaign,
        "daily_budget": lambda s, n: _budget(s),
        "lifetime_budget": lambda s, n: "0" if _budget(s) else None,
        "budget_remaining": lambda s, n: _budget(s) or "0",
        "bid_strategy": lambda s, n: "LOWEST_COST_WITHOUT_CAP" if _budget(s) else None,
        "billing_event": lambda s, n: "IMPRESSIONS",
        "optimization_goal": lambda s, n: GOALS[s.campaign.objective],
        "pacing_type": lambda s, n: ["standard"],
        "start_time": lambda s, n: s.campaign.account.at(s.campaign.start, 0),
        "end_time": lambda s, n: s.campaign.account.at(s.campaign.end + timedelta(days=1), 0) if s.campaign.scheduled else None,
        "promoted_object": lambda s, n: {"pixel_id": PIXEL, "custom_event_type": "CONTENT_VIEW"},
        "attribution_spec": lambda s, n: [
            {"event_type": "CLICK_THROUGH", "window_days": 7},
            {"event_type": "VIEW_THROUGH", "window_days": 1},
        ],
        "targeting": lambda s, n: {
            "age_max": 65,
            "age_min": 18,
            "geo_locations": {"countries": ["US", "GB", "DE"], "location_types": ["home", "recent"]},
            "targeting_automation": {"advantage_audience": s.number % 2},
        },
    },
    "Ad": _COMMON
    | {
        "adset_id": lambda a, n: a.adset.id,
        "campaign_id": lambda a, n: a.campaign.id,
        "adset": lambda a, n: a.adset,
        "campaign": lambda a, n: a.campaign,
        "creative": lambda a, n: {"id": f"23{a.id[2:]}"},
        "bid_type": lambda a, n: "ABSOLUTE_OCPM",
        "tracking_specs": lambda a, n: [{"action.type": ["offsite_conversion"], "fb_pixel": [PIXEL]}],
        "conversion_specs": lambda a, n: [{"action.type": ["offsite_conversion"], "conversion_id": [PIXEL]}],
    },
}
