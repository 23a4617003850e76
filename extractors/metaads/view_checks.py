"""What no schema can say about the daily view by campaign: that it makes up the account, and that it is as new as its campaigns. Pure functions."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from bedrot_console.domain.findings import Finding
from bedrot_console.inspection.helpers import error, warning

from .campaign_view import differences
from .checks import account, credentials, day_or_none, last_page, total_count
from .dumps import Dump
from .insight_checks import DEAD_AFTER, STALE_AFTER, arithmetic, bounds, days, metrics, pixel_events, sums, vanished_rows

GROWTH = Decimal("0.01")


def makes_up_the_account(content: Dump, context: Any) -> Iterator[Finding]:
    """On every day the campaigns add up to the account: none was skipped that delivered, none counts twice.

    The two are asked one after the other, and yesterday's figures may still grow in between (documented: refreshed about every 15 minutes):
    up to GROWTH of the account's number is a warning, more is an error.
    """
    found = differences(content.account_days, content.records)
    for code, words, which in (
        (
            "completeness.campaign-skipped",
            "a campaign delivered and is not in the view",
            [d for d in found if d.campaigns < d.account],
        ),
        ("consistency.above-account", "the campaigns are more than the account", [d for d in found if d.campaigns > d.account]),
    ):
        if not which:
            continue
        worst = max(which, key=lambda d: abs(d.account - d.campaigns) / max(d.account, d.campaigns))
        make = error if abs(worst.account - worst.campaigns) > GROWTH * worst.account else warning
        yield make(
            code, f"{words}, first on {which[0].day}", stage=code.partition(".")[0], column=worst.name,
            expected=f"{worst.name} {worst.account:f} on {worst.day}", seen=f"{worst.campaigns:f}", count=len({d.day for d in which}),
        )  # fmt: skip


def asked_range(content: Dump, context: Any) -> Iterator[Finding]:
    """What came is about the range that was asked for, as the platform understood it."""
    asked = context.sidecar.request
    for fact, name in (("asked_from", "since"), ("asked_to", "until")):
        if asked.get(name) and content.facts.get(fact) and content.facts[fact] != asked[name]:
            yield error(
                "consistency.other-range", f"the platform answered another range than was asked: {name}", column="date_start",
                expected=asked[name], seen=str(content.facts[fact])[:10],
            )  # fmt: skip


def as_new_as_its_campaigns(content: Dump, context: Any) -> Iterator[Finding]:
    """While campaigns run by status and schedule, the newest day is the last that was asked for, or the one before."""
    asked = context.sidecar.request
    until = day_or_none(asked.get("until"))
    if until is None or asked.get("running", "0") == "0":
        return
    newest = max((d for row in content.records if (d := day_or_none(row.get("date_stop")))), default=None)
    if newest is None:
        yield error(
            "freshness.nothing-delivered", "campaigns run, and yet there is not one row", stage="freshness",
            expected="rows of running campaigns", seen="0 rows", count=int(asked["running"]) if asked["running"].isdecimal() else 1,
        )  # fmt: skip
        return
    age = until - newest
    if age >= STALE_AFTER:
        make = error if age >= DEAD_AFTER else warning
        yield make(
            "freshness.behind", f"campaigns run, and yet the newest day is {age.days} days before the last that was asked for", stage="freshness",
            column="date_stop", expected=f"{until} or the day before", seen=newest.isoformat(),
        )  # fmt: skip


CAMPAIGN_DAYS = (
    account, credentials, last_page, total_count, arithmetic, bounds, days, metrics, sums, makes_up_the_account, asked_range,
    as_new_as_its_campaigns, vanished_rows, pixel_events,
)  # fmt: skip
