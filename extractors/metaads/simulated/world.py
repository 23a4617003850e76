"""The invented advertising accounts: campaigns, ad sets, ads and what they delivered, as pure functions of a moment.

Nothing is stored: the state of an object and the figures of a day follow from a seed, the object's number and the moment asked for, so
that a simulated year costs nothing and two askers at the same moment get the same answer. What happened on a day is revised as the day
grows older: delivery is settled after two days, conversions trickle in for 28 (documented: late attribution, fact sheet, chapter 10).
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

EPOCH = date(2022, 1, 3)
CAMPAIGN_EVERY_DAYS = 18
ARCHIVED_AFTER_DAYS = 150
SETTLED_DAYS = 28
MOST_CAMPAIGNS = 99_999
ZERO_DECIMAL = frozenset({"JPY", "KRW", "CLP", "ISK", "VND"})
OBJECTIVES = ("OUTCOME_TRAFFIC", "OUTCOME_SALES", "OUTCOME_AWARENESS", "OUTCOME_ENGAGEMENT")
GOALS = {
    "OUTCOME_TRAFFIC": "LINK_CLICKS",
    "OUTCOME_SALES": "OFFSITE_CONVERSIONS",
    "OUTCOME_AWARENESS": "REACH",
    "OUTCOME_ENGAGEMENT": "POST_ENGAGEMENT",
}
_TITLES = (
    "Spring single",
    "Night drive EP",
    "Caf\u00e9 sessions",
    "Tour dates / summer",
    "Remix pack",
    "Pre-save",
    "Live in Oslo",
    "Vinyl drop",
)
_AUDIENCES = ("Lookalike 1%", "Broad", "Retargeting 30d", "Genre fans")
_FORMATS = ("Reel", "Story", "Carousel", "Static", "Lyric video")


@dataclass(frozen=True, slots=True)
class Account:
    """An ad account. `number` (1 to 99) seeds everything below it; `id` is digits, as rows and nodes spell it."""

    number: int
    id: str
    name: str
    currency: str
    timezone_name: str
    status: int = 1
    adsets_each: int = 2
    ads_each: int = 3

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone_name)

    @property
    def minor(self) -> int:
        """Minor units in one major unit: 100, or 1 for currencies without decimals."""
        return 1 if self.currency in ZERO_DECIMAL else 100

    def today(self, now: datetime) -> date:
        return now.astimezone(self.zone).date()

    def at(self, day: date, hour: int = 9) -> str:
        """A moment of this account as object times are spelled: `2026-03-12T09:00:00-0700` (offset without colon)."""
        return datetime.combine(day, time(hour), self.zone).strftime("%Y-%m-%dT%H:%M:%S%z")


ACCOUNTS = (
    Account(1, "1000000000000001", "Night Works Records", "USD", "America/Los_Angeles"),
    Account(2, "1000000000000002", "Yoru Works", "JPY", "Asia/Tokyo"),
    Account(3, "1000000000000003", "Somebody else", "EUR", "Europe/Berlin"),
)


def _roll(*what: object) -> bytes:
    """32 bytes that follow from their arguments alone."""
    return hashlib.blake2b(repr(what).encode(), digest_size=32).digest()


@dataclass(frozen=True, slots=True)
class Campaign:
    """The `number`-th campaign of an account. Exists from `created` on; delivers from `start` to `end`, both included."""

    account: Account
    number: int

    @property
    def id(self) -> str:
        return _id(self.account, self.number, 1, 0, 0)

    @property
    def created(self) -> date:
        return EPOCH + timedelta(days=CAMPAIGN_EVERY_DAYS * self.number)

    @property
    def start(self) -> date:
        return self.created + timedelta(days=1)

    @property
    def scheduled(self) -> bool:
        """Whether its end was planned (it has a `stop_time`) or somebody paused it."""
        return self.number % 4 != 3

    @property
    def end(self) -> date:
        return self.start + timedelta(days=55 if self.scheduled else 62)

    @property
    def objective(self) -> str:
        return OBJECTIVES[self.number % len(OBJECTIVES)]

    @property
    def name(self) -> str:
        return f"{_TITLES[self.number % len(_TITLES)]} {self.created:%b %Y}"

    def rests(self, day: date) -> bool:
        """Whether it was paused for a while on that day (every fifth campaign rests ten days)."""
        return self.number % 5 == 4 and 20 <= (day - self.start).days < 30

    def status(self, today: date) -> str:
        if (today - self.created).days > ARCHIVED_AFTER_DAYS:
            return "DELETED" if self.number % 7 == 6 else "ARCHIVED"
        if self.rests(today) or (today > self.end and not self.scheduled):
            return "PAUSED"
        return "ACTIVE"

    def adsets(self) -> list[AdSet]:
        return [AdSet(self, n) for n in range(self.account.adsets_each)]


@dataclass(frozen=True, slots=True)
class AdSet:
    """The `number`-th ad set of a campaign."""

    campaign: Campaign
    number: int

    @property
    def id(self) -> str:
        return _id(self.campaign.account, self.campaign.number, 2, self.number, 0)

    @property
    def name(self) -> str:
        return f"{_AUDIENCES[(self.campaign.number + self.number) % len(_AUDIENCES)]} \u2013 set {self.number + 1}"

    def ads(self) -> list[Ad]:
        return [Ad(self, n) for n in range(self.campaign.account.ads_each)]


@dataclass(frozen=True, slots=True)
class Ad:
    """The `number`-th ad of an ad set. Later ads start later; every third one is switched off half way."""

    adset: AdSet
    number: int

    @property
    def campaign(self) -> Campaign:
        return self.adset.campaign

    @property
    def id(self) -> str:
        return _id(self.campaign.account, self.campaign.number, 3, self.adset.number, self.number)

    @property
    def name(self) -> str:
        return f"{_FORMATS[(self.adset.number * 3 + self.number) % len(_FORMATS)]} #{self.number + 1}"

    @property
    def created(self) -> date:
        return self.campaign.created + timedelta(days=3 * self.number)

    @property
    def paused_from(self) -> date | None:
        return self.campaign.start + timedelta(days=28) if self.number % 3 == 2 else None

    def delivers(self, day: date) -> bool:
        """Whether anybody saw it on that day. A day without delivery has no row at all."""
        campaign = self.campaign
        if not campaign.start <= day <= campaign.end or day < self.created or campaign.rests(day):
            return False
        if self.paused_from and day >= self.paused_from:
            return False
        return _shown(self.id, day.toordinal())


@lru_cache(maxsize=200_000)
def _shown(ad: str, day: int) -> bool:
    """Whether chance let the ad deliver on that day: on about 19 of 20."""
    return _roll("delivers", ad, day)[0] >= 14


def _id(account: Account, campaign: int, kind: int, adset: int, ad: int) -> str:
    """18 digits that tell what they name: 1202, account, campaign, kind (1 to 3), ad set, ad."""
    return f"1202{account.number:02d}{campaign:06d}{kind}{adset:02d}{ad:03d}"


def find(account: Account, object_id: str) -> Campaign | AdSet | Ad | None:
    """The object an id names, whether it exists yet or not; None for an id of another make or account."""
    if len(object_id) != 18 or not object_id.isdecimal() or object_id[:6] != f"1202{account.number:02d}":
        return None
    if int(object_id[6:12]) > MOST_CAMPAIGNS:
        return None
    campaign = Campaign(account, int(object_id[6:12]))
    kind, adset, ad = int(object_id[12]), int(object_id[13:15]), int(object_id[15:18])
    if kind == 1:
        return campaign
    if adset >= account.adsets_each or ad >= account.ads_each:
        return None
    return {2: AdSet(campaign, adset), 3: Ad(AdSet(campaign, adset), ad)}.get(kind)


def campaigns(account: Account, today: date, since: date = EPOCH) -> Iterator[Campaign]:
    """Campaigns created up to `today`, newest first, that may have delivered on or after `since`."""
    for number in range((today - EPOCH).days // CAMPAIGN_EVERY_DAYS, -1, -1):
        campaign = Campaign(account, number)
        if campaign.end < since:
            return
        yield campaign


EVENTS = ("view_content", "add_to_wishlist", "lead", "purchase", "custom_presave")
"""Pixel events, from frequent to rare. Counts are attributed late."""

COUNTS = (
    "impressions", "clicks", "spend_minor", "reach", "link_clicks", "landing_views", "reactions", "comments", "shares", "likes", "video_views",
    *EVENTS, "purchase_minor",
)  # fmt: skip
"""Names of what a day counts, in the order of a Figures tuple. `*_minor` is money in minor units."""

Figures = tuple[int, ...]
LATE = frozenset(COUNTS.index(name) for name in (*EVENTS, "purchase_minor"))


@lru_cache(maxsize=200_000)
def _settled(ad: Ad, day: int) -> Figures:
    """What the ad did on that day, once every late conversion is in."""
    r = _roll("figures", ad.id, day)
    week = (1.0, 0.94, 0.97, 1.02, 1.15, 1.22, 1.1)[day % 7]
    impressions = int((220 + int.from_bytes(r[0:2]) % 7000) * week)
    clicks = max(impressions * (8 + r[2] % 34) // 1000, r[3] % 2)
    minor = ad.campaign.account.minor
    spend = max(int((clicks * (7 + r[4] % 21) + impressions * (r[5] % 4) // 10) * (minor if minor == 100 else 1.4) / 100), 1)
    reach = max(1, int(impressions / (1.02 + r[6] / 400)))
    links = clicks * (60 + r[7] % 36) // 100
    landings = links * (62 + r[8] % 30) // 100
    views = landings * (10 + r[9] % 50) // 100
    purchases = views * (r[13] % 9) // 100
    events = (views, views * (r[11] % 20) // 100, views * (r[12] % 12) // 100, purchases, views * (r[14] % 30) // 100)
    social = (impressions * (r[15] % 9) // 1000, r[16] % 4, r[17] % 5, r[18] % 3, impressions * (r[19] % 60) // 100)
    value = purchases * (899 + r[20] * 7) * minor // 100
    return (impressions, clicks, spend, reach, links, landings, *social, *events, value)


def figures(ad: Ad, day: date, now: datetime) -> Figures | None:
    """What Meta says at `now` the ad did on `day`; None without delivery, and for a day that has not begun.

    Today is part of a day; yesterday still grows by about one percent; conversions are attributed for 28 days.
    """
    local = now.astimezone(ad.campaign.account.zone)
    age = (local.date() - day).days
    if age < 0:
        return None
    return _shown_at(ad, day.toordinal(), age, (local.hour * 60 + local.minute) / 1440 if age == 0 else 0.99 if age == 1 else 1.0)


@lru_cache(maxsize=20_000)
def _shown_at(ad: Ad, ordinal: int, age: int, share: float) -> Figures | None:
    """The figures of a day that is `age` days old, of which `share` was counted so far."""
    if not ad.delivers(date.fromordinal(ordinal)):
        return None
    settled = _settled(ad, ordinal)
    if age > SETTLED_DAYS:
        return settled
    late = share * (1 - 0.4 * math.exp(-age / 6)) if age < SETTLED_DAYS else 1.0
    counts = tuple(int(n * (late if i in LATE else share)) for i, n in enumerate(settled))
    if not counts[0]:
        return None
    return (*counts[:2], max(counts[2], 1), max(counts[3], 1), *counts[4:])
