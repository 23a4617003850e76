"""The daily view by campaign: inactive campaigns are skipped, and none is ever forgotten.

Nothing is remembered from run to run. Who may have delivered is asked of the platform itself, each time, about every campaign there is
(archived and deleted ones too, which edges and insights otherwise leave out; assumed): one list with status, schedule and last change, and
one question over the whole range that gives a row per campaign with delivery. Daily rows are then asked for those alone that delivered,
run, or were made or changed in the range. So inactivity is counted in days of the platform, not in runs; a campaign made or resumed since is
seen by the very next run, whatever happened before; and every campaign is looked at again in each run.

The account's own days are asked beside them: they hold the spend of every campaign, so that one which was skipped and yet spent is seen. The
walk then asks once more, for all campaigns; what still differs fails validation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from bedrot_console.domain.errors import SourceChanged
from bedrot_console.inspection.helpers import decimal_of

from .._graph.client import Page
from .reports import Insights

STATUSES = ("ACTIVE", "PAUSED", "DELETED", "ARCHIVED", "IN_PROCESS", "WITH_ISSUES")
"""Every effective status of a campaign (documented)."""
RUNNING = frozenset({"ACTIVE", "IN_PROCESS", "WITH_ISSUES"})
EVERYWHERE = {"field": "campaign.effective_status", "operator": "IN", "value": list(STATUSES)}
LISTED = "id,account_id,effective_status,start_time,stop_time,created_time,updated_time"
IDS_PER_QUESTION = 100
"""An id has 18 digits, and an address must not grow without end."""
SUMMED = ("impressions", "clicks", "spend")

Ask = Callable[[Mapping[str, Any]], Insights]
"""Makes the question with these parameters, as the run's settings say how to ask."""


@dataclass(frozen=True, slots=True)
class Roll:
    """Who there is and who may have delivered, as the platform says now.

    Attributes:
        listed: how many campaigns there are.
        delivered: ids with delivery in the range.
        running: ids that run by status and schedule on the last two days of the range.
        touched: ids made or changed since the range began.
    """

    listed: int
    delivered: frozenset[str]
    running: frozenset[str]
    touched: frozenset[str]

    @property
    def asked(self) -> list[str]:
        """Whose daily rows are worth asking for."""
        return sorted(self.delivered | self.running | self.touched)


@dataclass(frozen=True, slots=True)
class View:
    """The pages of the view, the account's days first; and what a check must know of how it was asked."""

    pages: list[Page]
    request: dict[str, str]
    complete: bool


def roll_of(campaigns: Iterable[Mapping[str, Any]], delivered: Iterable[Mapping[str, Any]], since: date, until: date) -> Roll:
    """Sort the campaigns of the list, and those that the question over the whole range gave."""
    running, touched, count = set(), set(), 0
    for row in campaigns:
        count += 1
        name = str(row.get("id"))
        start, stop = _day(row.get("start_time")), _day(row.get("stop_time"))
        if row.get("effective_status") in RUNNING and not (start and start >= until) and not (stop and stop <= until):
            running.add(name)
        if any((moment := _day(row.get(key))) is None or moment >= since for key in ("created_time", "updated_time")):
            touched.add(name)
    found = frozenset(str(row["campaign_id"]) for row in delivered if row.get("campaign_id"))
    return Roll(count, found, frozenset(running), frozenset(touched))


def _day(value: Any) -> date | None:
    """The day of an object's time in its own zone; None where there is none or it cannot be read: then the campaign is rather asked for."""
    try:
        return datetime.fromisoformat(str(value)).date() if value else None
    except ValueError:
        return None


def bring(
    graph: Any, account: str, ask: Ask, daily: Mapping[str, Any], since: date, until: date, *, everything: bool = False
) -> View:
    """Ask the roll, the account's days and the campaigns' days.

    Args:
        daily: what is asked of insights by campaign and day.
        everything: skip nobody.
    """
    limit = daily["limit"]
    listed = graph.whole(
        f"act_{account}/campaigns", {"fields": LISTED, "effective_status": list(STATUSES), "limit": limit, "summary": "true"}
    )
    whole_range = ask(
        {"level": "campaign", "fields": "account_id,campaign_id,impressions,spend", "filtering": [EVERYWHERE], "limit": limit}
    )
    roll = roll_of(_rows(listed), _rows(whole_range.pages(since, until)), since, until)
    own = {**daily, "level": "account", "fields": _without_campaign(daily["fields"])}
    days = ask(own).pages(since, until)
    pages: list[Page] = []
    if not everything:
        for at in range(0, len(roll.asked), IDS_PER_QUESTION):
            only = {"field": "campaign.id", "operator": "IN", "value": roll.asked[at : at + IDS_PER_QUESTION]}
            pages += ask({**daily, "filtering": [only, EVERYWHERE]}).pages(since, until)
    off = [] if everything else differing(_rows(days), _rows(pages))
    if everything or off:
        if off:
            graph.session.log(
                "warning", f"on {off[0]} the campaigns asked for do not make up the account: asking for all campaigns"
            )
        pages = ask({**daily, "filtering": [EVERYWHERE]}).pages(since, until)
    request = {
        "since": since.isoformat(), "until": until.isoformat(), "campaigns": str(roll.listed), "running": str(len(roll.running)),
        "asked": "all" if everything or off else str(len(roll.asked)),
    }  # fmt: skip
    return View([*days, *pages], request, not differing(_rows(days), _rows(pages)))


def _without_campaign(fields: str) -> str:
    kept = [f for f in fields.split(",") if not f.startswith("campaign_") and f != "objective"]
    return ",".join(["account_name", *kept])


def _rows(pages: Iterable[Page]) -> list[Mapping[str, Any]]:
    rows = [row for page in pages for row in page.rows]
    if not all(isinstance(row, Mapping) for row in rows):
        raise SourceChanged("a row of Meta's answer is no object")
    return rows


@dataclass(frozen=True, slots=True)
class Difference:
    """A day on which the campaigns do not add up to the account."""

    day: str
    name: str
    account: Decimal
    campaigns: Decimal


def differing(account_days: Iterable[Mapping[str, Any]], campaign_days: Iterable[Mapping[str, Any]]) -> list[str]:
    """Days, oldest first, on which the campaigns do not add up to the account."""
    return sorted({d.day for d in differences(account_days, campaign_days)})


def differences(account_days: Iterable[Mapping[str, Any]], campaign_days: Iterable[Mapping[str, Any]]) -> list[Difference]:
    """Wherever impressions, clicks or spend of a day differ, oldest first. Cells that are no numbers count nothing.

    Counts add up exactly; each row's spend is rounded by itself, so that a day may be off by half of the smallest unit for each of its rows.
    """
    whole, parts = _sums(account_days), _sums(campaign_days)
    unit = min((s.unit for s in (*whole.values(), *parts.values())), default=Decimal(1))
    found = []
    for day, name in sorted(whole.keys() | parts.keys()):
        own, sum_ = whole.get((day, name), _Sum()), parts.get((day, name), _Sum())
        slack = unit / 2 * (own.rows + sum_.rows) if name == "spend" else Decimal(0)
        if abs(own.total - sum_.total) > slack:
            found.append(Difference(day, name, own.total, sum_.total))
    return found


@dataclass(frozen=True, slots=True)
class _Sum:
    total: Decimal = Decimal(0)
    rows: int = 0
    unit: Decimal = Decimal(1)

    def plus(self, number: Decimal) -> _Sum:
        exponent = number.as_tuple().exponent
        unit = Decimal(1).scaleb(min(exponent, 0)) if isinstance(exponent, int) else Decimal(1)
        return _Sum(self.total + number, self.rows + 1, min(self.unit, unit))


def _sums(rows: Iterable[Mapping[str, Any]]) -> dict[tuple[str, str], _Sum]:
    found: dict[tuple[str, str], _Sum] = {}
    for row in rows:
        for name in SUMMED:
            try:
                number = decimal_of(row.get(name))
            except ValueError:
                continue
            key = (str(row.get("date_start")), name)
            found[key] = found.get(key, _Sum()).plus(number)
    return found
