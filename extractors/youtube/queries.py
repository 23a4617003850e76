"""What is asked of YouTube: parts of lists, and reports with their dimensions and metrics. Pure data, no calls and no judgement.

Names of parameters: Google's discovery documents (documented). Which dimensions go together: documented lists of supported reports; `day`
beside a traffic source or a device is documented, `day` beside `video` is refused (seen in public reports).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

COMPACT = {"prettyPrint": "false"}
"""A parameter of every method: the same answer without blanks (documented)."""
CHANNEL = {"part": "snippet,statistics,contentDetails,status", "mine": "true"}
UPLOADS = {"part": "snippet,contentDetails,status", "maxResults": "50"}
VIDEOS = {"part": "snippet,statistics,contentDetails,status"}
IDS_AT_ONCE = 50
"""videos.list takes so many ids in one call (documented)."""

ADDED_UP = (
    "views",
    "engagedViews",
    "estimatedMinutesWatched",
    "subscribersGained",
    "subscribersLost",
    "likes",
    "comments",
    "shares",
)
"""Metrics whose days add up to the figure of their range."""
CORE = (
    "views", "engagedViews", "estimatedMinutesWatched", "averageViewDuration", "averageViewPercentage", "subscribersGained", "subscribersLost",
    "likes", "comments", "shares",
)  # fmt: skip
MONEY = ("estimatedRevenue", "estimatedAdRevenue", "grossRevenue", "cpm", "monetizedPlaybacks", "adImpressions")


@dataclass(frozen=True, slots=True)
class Report:
    """One query of the Analytics API. `name` is the feed it becomes.

    Attributes:
        metrics: the first one is what the report cannot do without: where even it is refused alone, the report is refused.
        most: `maxResults`; only where the platform demands it.
        beside: the report whose table lies beside in the same file, so that the rows can be added up against it.
        money: needs the monetary scope, a currency, and a longer window: revenue is corrected after a month has ended (assumed).
    """

    name: str
    dimensions: tuple[str, ...]
    metrics: tuple[str, ...]
    sort: str = ""
    most: int | None = None
    beside: str = ""
    money: bool = False

    def params(
        self, channel: str, since: date, until: date, metrics: tuple[str, ...] = (), currency: str = "USD"
    ) -> dict[str, str]:
        """The query's parameters; `metrics` instead of all."""
        asked = {
            "ids": f"channel=={channel}", "startDate": since.isoformat(), "endDate": until.isoformat(),
            "metrics": ",".join(metrics or self.metrics),
        }  # fmt: skip
        if self.dimensions:
            asked["dimensions"] = ",".join(self.dimensions)
        if self.sort:
            asked["sort"] = self.sort
        if self.most is not None:
            asked["maxResults"] = str(self.most)
        if self.money:
            asked["currency"] = currency
        return asked

    def needs(self, metric: str) -> tuple[str, ...]:
        """The least set of metrics to ask for `metric` alone: the first one beside it, which `sort` may name."""
        return (metric,) if metric == self.metrics[0] else (self.metrics[0], metric)


TOTAL = Report("total", (), CORE)
DAILY = Report("daily", ("day",), CORE, sort="day", beside="total")
TOP_VIDEOS = Report(
    "top_videos", ("video",), ("views", "engagedViews", "estimatedMinutesWatched", "averageViewDuration", "averageViewPercentage",
    "subscribersGained", "likes", "comments", "shares"), sort="-views", most=200, beside="total",
)  # fmt: skip
TRAFFIC = Report("traffic", ("day", "insightTrafficSourceType"), ("views", "estimatedMinutesWatched"), sort="day", beside="daily")
COUNTRIES = Report(
    "countries", ("country",), ("views", "estimatedMinutesWatched", "averageViewDuration", "averageViewPercentage", "subscribersGained"),
    sort="-views", beside="total",
)  # fmt: skip
DEMOGRAPHICS = Report("demographics", ("ageGroup", "gender"), ("viewerPercentage",), sort="ageGroup,gender", beside="total")
DEVICES = Report("devices", ("day", "deviceType"), ("views", "estimatedMinutesWatched"), sort="day", beside="daily")
REVENUE = Report("revenue", ("day",), MONEY, sort="day", money=True)

REPORTS = (DAILY, TOP_VIDEOS, TRAFFIC, COUNTRIES, DEMOGRAPHICS, DEVICES, REVENUE)
BY_NAME = {report.name: report for report in (TOTAL, *REPORTS)}

DAYS = 28
MONEY_DAYS = 60
"""Days asked for each time: figures settle within ten days, revenue within about sixty (assumed)."""


def window(today: date, days: int) -> tuple[date, date]:
    """First and last day to ask for, both included: full days in Pacific time; today is never complete."""
    until = today - timedelta(days=1)
    return until - timedelta(days=max(1, days) - 1), until


def batches(ids: list[str]) -> list[list[str]]:
    """Ids in groups that one call takes."""
    return [ids[start : start + IDS_AT_ONCE] for start in range(0, len(ids), IDS_AT_ONCE)]
