"""What the GraphQL server answers: overview, audience, and the answers that nobody may keep. Bytes as they go over the wire.

Shape of overview and audience *seen*; that one session makes about 18 requests, eight of them analytics, some with an e-mail address in
them, *seen*; names of operations, shapes of `variables` and of every other answer *assumed*.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from typing import Any

from . import world
from .world import Member

OVERVIEW, AUDIENCE = "AccountAnalyticsOverview", "AccountAnalyticsAudience"
LINKS, SUBSCRIBERS = "AccountAnalyticsLinks", "AccountAnalyticsSubscribers"
ANALYTICS = (AUDIENCE, OVERVIEW, LINKS, SUBSCRIBERS)
OTHERS = (
    "CurrentUser", "WalletSummary", "AccountBalance", "RewardsProgress", "AccountDetails", "LinkTitles", "ChatAssistant", "Notifications",
    "FeatureFlags", "PayoutMethods",
)  # fmt: skip
GRANULARITIES = ("DAILY", "WEEKLY")


def wire(value: Any) -> bytes:
    """JSON on one line, UTF-8."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def errors(message: str, code: str) -> bytes:
    """The way GraphQL says no, with status 200 (documented by its specification)."""
    return wire({"errors": [{"message": message, "path": ["getAccountAnalytics"], "extensions": {"code": code}}], "data": None})


def _analytics(parts: dict[str, Any]) -> dict[str, Any]:
    return {"data": {"getAccountAnalytics": parts | {"__typename": "AccountAnalytics"}}}


def overview(rows: Sequence[world.Day]) -> dict[str, Any]:
    """The overview of these daily rows."""
    views, clicks = world.totals(rows)
    return _analytics(
        {
            "overview": {
                "totalViews": views, "totalClicks": clicks, "clickThroughRate": world.rate(clicks, views), "timeToClick": 0,
                "clickThroughBenchmark": 80.6429, "timeseries": list(rows), "__typename": "AccountOverview",
            }
        }
    )  # fmt: skip


def weekly(rows: Sequence[world.Day]) -> list[world.Day]:
    """Rows of whole weeks, each under its first day."""
    out = []
    for start in range(0, len(rows), 7):
        part = rows[start : start + 7]
        views, clicks = world.totals(part)
        sums = {"totalViews": views, "totalClicks": clicks, "clickThroughRate": world.rate(clicks, views)}
        out.append(part[0] | sums | {n: sum(r[n] for r in part) for n in ("uniqueViews", "uniqueClicks")})
    return out


def _counts(views: int, clicks: int) -> dict[str, Any]:
    ratio = clicks / views if views else 0
    return {
        "views": {"total": views, "__typename": "AccountViews"}, "clicks": {"total": clicks, "__typename": "AccountClicks"},
        "clickThroughRate": int(ratio) if ratio == int(ratio) else ratio,
    }  # fmt: skip


def _broken_down(views: int, clicks: int, weights: Sequence[float], *, short: float = 0.0, more: int = 0) -> list[dict[str, Any]]:
    """Counts by weight. The click weights lean the other way, so that some parts have more clicks than views."""
    lean = [w * (0.3 + 2.2 * world.noise(w, n)) for n, w in enumerate(weights)]
    parts = world.split(views + more, weights, short=short)
    return [_counts(v, c if v else 0) for v, c in zip(parts, world.split(clicks, lean, short=short), strict=True)]


def audience(member: Member, rows: Sequence[world.Day], seen_on: date) -> dict[str, Any]:
    """Lifetime figures and the breakdowns of a window. Parts without a view are left out."""
    views, clicks = world.totals(rows)
    ever_views, ever_clicks = world.lifetime(member, seen_on)
    profile = ever_clicks * 83 // 100
    places = [
        {"name": name, "countryCode": code} | counts | {"__typename": "AccountCountry"}
        for (name, code, _), counts in zip(
            world.COUNTRIES, _broken_down(views, clicks, [c[2] for c in world.COUNTRIES], short=world.FALLS_SHORT), strict=True
        )
    ]
    cities = [
        {"name": name, "countryCode": code, "coordinates": dict(zip(("latitude", "longitude"), at, strict=True)) if at else None}
        | counts | {"__typename": "AccountCity"}
        for (name, code, at, _), counts in zip(
            world.CITIES, _broken_down(views * 6 // 10, clicks * 6 // 10, [c[3] for c in world.CITIES]), strict=True
        )
    ]  # fmt: skip
    referrers = [
        {"name": name} | counts | {"__typename": "AccountReferrer"}
        for (name, _), counts in zip(
            world.REFERRERS,
            _broken_down(views, clicks, [r[1] for r in world.REFERRERS], short=world.FALLS_SHORT / 3),
            strict=True,
        )
    ]
    devices = [
        {"name": name} | counts | {"__typename": "AccountDevice"}
        for (name, _), counts in zip(
            world.DEVICES, _broken_down(views, clicks, [d[1] for d in world.DEVICES], more=1 if views > 200 else 0), strict=True
        )
    ]
    return _analytics(
        {
            "lifetime": {
                "views": {"total": ever_views, "__typename": "AccountLifetimeViews"},
                "clicks": {
                    "total": ever_clicks, "profile": profile, "socials": ever_clicks // 5, "__typename": "AccountLifetimeClicks",
                },
                "subscribers": {"total": 0, "__typename": "AccountLifetimeSubscribers"},
                "clickThroughRate": round(ever_clicks / ever_views, 4) if ever_views else 0, "payments": [],
                "__typename": "AccountLifetime",
            },
            "locations": {"cities": _seen(cities), "countries": _seen(places), "__typename": "AccountLocations"},
            "referrers": {"referrers": _seen(referrers), "__typename": "AccountReferrers"},
            "devices": {"devices": _seen(devices), "__typename": "AccountDevices"},
        }
    )  # fmt: skip


def _seen(parts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [p for p in parts if p["views"]["total"]]


def series_only(member: Member, rows: Sequence[world.Day], key: str) -> dict[str, Any]:
    """An analytics answer with a `timeseries` but no `overview`: per link, or of subscribers with their addresses."""
    series = [{"date": r["date"], "total": r["totalClicks"]} for r in rows]
    if key == "subscribers":
        return _analytics({key: {"timeseries": series, "latest": [{"email": member.email, "joinedAt": rows[-1]["date"]}]}})
    return _analytics({key: {"timeseries": series, "links": [{"id": 11, "type": "EMAIL_SIGNUP"}, {"id": 12, "type": "CLASSIC"}]}})


def other(member: Member, operation: str) -> dict[str, Any]:
    """Everything else the page asks for: what must never be landed."""
    person = {"id": member.account_id, "email": member.email, "username": member.profile, "phone": member.phone}
    answers: dict[str, Any] = {
        "CurrentUser": {"getCurrentUser": person},
        "WalletSummary": {"getWallet": {"balance": {"amount": "12.40", "currency": "USD"}, "email": member.email}},
        "AccountBalance": {"getAccountBalance": {"available": 1240, "pending": 0}},
        "RewardsProgress": {"getRewards": {"points": 320, "tier": "starter"}},
        "AccountDetails": {"getAccount": person | {"billingEmail": member.email}},
        "LinkTitles": {"link11": {"id": 11, "title": "New single", "active": True}, "link12": {"id": 12, "title": "Tour", "active": True}},
        "ChatAssistant": {"getAssistant": {"greeting": "Ask me about your Linktree"}},
        "Notifications": {"getNotifications": {"unread": 2}}, "FeatureFlags": {"getFlags": {"insightsRename": True}},
        "PayoutMethods": {"getPayoutMethods": [{"kind": "bank", "last4": "0042", "email": member.email}]},
    }  # fmt: skip
    return {"data": answers[operation]}
