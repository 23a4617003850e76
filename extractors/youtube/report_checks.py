"""What no schema can say about reports: columns and rows against what was asked, days, sums, shares, freshness. Pure functions.

Facts: fact sheet, chapters 5 and 9. `context.sidecar.request` holds the query as it was sent in the end (`ids`, `startDate`, `endDate`,
`metrics`, `dimensions`, `sort`), the channel it was asked for, and the metrics that were refused; files that people bring have none of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

from bedrot_console.domain.findings import Finding
from bedrot_console.inspection.helpers import decimal_of, error, note, warning

from .answers import Table, number
from .past_checks import groups_kept, range_kept, same_past
from .sum_checks import (
    days_in,
    days_kept,
    gaps,
    is_quiet,
    not_empty,
    part_of_whole,
    shares,
    span_asked,
    sums,
    sums_by_day,
    vanished,
)

WARN_LAG, FAIL_LAG = 3, 6
"""Days of YouTube's own that the newest day may lie before the day of capture: two to three is normal (assumed)."""
QUIET_WARN, QUIET_FAIL = 10, 20
SIGNED = frozenset({"subscribers", "grossRevenue", "estimatedRevenue", "estimatedAdRevenue", "estimatedRedPartnerRevenue"})
"""Figures that corrections may bring below zero."""
SOURCES = frozenset(
    [
        "ADVERTISING",
        "ANNOTATION",
        "CAMPAIGN_CARD",
        "END_SCREEN",
        "EXT_URL",
        "HASHTAGS",
        "IMMERSIVE_LIVE",
        "LIVE_REDIRECT",
        "NO_LINK_EMBEDDED",
        "NO_LINK_OTHER",
        "NOTIFICATION",
        "PLAYLIST",
        "PRODUCT_PAGE",
        "PROMOTED",
        "RELATED_VIDEO",
        "SHORTS",
        "SOUND_PAGE",
        "SUBSCRIBER",
        "VIDEO_REMIXES",
        "YT_CHANNEL",
        "YT_OTHER_PAGE",
        "YT_PLAYLIST_PAGE",
        "YT_SEARCH",
    ]
)
DEVICES = frozenset({"DESKTOP", "GAME_CONSOLE", "MOBILE", "TABLET", "TV", "AUTOMOTIVE", "WEARABLE", "UNKNOWN_PLATFORM"})
AGES = frozenset({"age13-17", "age18-24", "age25-34", "age35-44", "age45-54", "age55-64", "age65-"})
GENDERS = frozenset({"female", "male", "genderOther", "user_specified"})
VALUES = {"insightTrafficSourceType": SOURCES, "deviceType": DEVICES, "ageGroup": AGES, "gender": GENDERS}
_COUNTRY = re.compile(r"[A-Z]{2}")
_VIDEO = re.compile(r"[A-Za-z0-9_-]{11}")


def pairing(content: Table, context: Any) -> Iterator[Finding]:
    """The query was asked for the channel that the run was bound to: the answer itself names none."""
    request = context.sidecar.request
    channel, ids = request.get("channel"), request.get("ids")
    if channel is None and ids is None:
        yield note("consistency.unbound", "nothing says which channel these figures are of")
    elif ids != f"channel=={channel}":
        yield error(
            "consistency.wrong-account",
            "the query was asked for another channel than the run's own",
            expected=str(channel)[:24],
            seen=str(ids)[:40],
        )


def columns(content: Table, context: Any) -> Iterator[Finding]:
    """Columns are the dimensions and metrics that were asked for, in that order; every row is as wide; metrics that were refused are told."""
    request = context.sidecar.request
    asked = [n for name in ("dimensions", "metrics") for n in request.get(name, "").split(",") if n]
    found = [h["name"] for h in content.headers]
    if asked and asked != found:
        yield error(
            "consistency.columns-differ",
            "the columns are not those that were asked for",
            pointer="/0/columnHeaders",
            expected=", ".join(asked)[:120],
            seen=", ".join(found)[:120],
        )
    if len(set(found)) != len(found):
        yield error("consistency.columns-differ", "a column comes twice", pointer="/0/columnHeaders", seen=", ".join(found)[:120])
    if content.uneven:
        page, row = content.uneven[0]
        yield error(
            "consistency.row-width",
            "a row is not as wide as the header",
            pointer=f"/{page}/rows/{row}",
            expected=str(len(found)),
            count=len(content.uneven),
        )
    if request.get("refused"):
        yield warning(
            "completeness.metric-refused",
            f"YouTube refused {request['refused']}: the report is without",
            stage="completeness",
            seen=request["refused"][:120],
        )


def types(content: Table, context: Any) -> Iterator[Finding]:
    """Dimensions are words, metrics are numbers; whole ones may come as 12.0, and one metric as INTEGER or FLOAT (seen)."""
    for header in content.headers:
        name, kind = header["name"], header.get("columnType")
        if kind == "DIMENSION":
            bad = [i for i, v in enumerate(content.column(name)) if not isinstance(v, str) or not v]
        else:
            bad = [
                i
                for i, v in enumerate(content.column(name))
                if not _is_number(v) or (header.get("dataType") == "INTEGER" and v != int(v))
            ]
        if bad:
            yield error(
                "consistency.type",
                f"{name} is not {'a word' if kind == 'DIMENSION' else 'a number of its type'}",
                place=content.place(bad[0], name),
                expected=str(header.get("dataType"))[:20],
                count=len(bad),
            )


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def values(content: Table, context: Any) -> Iterator[Finding]:
    """Countries, sources, devices, ages and videos look like some; new words are told, since YouTube adds some now and then."""
    for name in content.dimensions:
        cells = [(i, v) for i, v in enumerate(content.column(name)) if isinstance(v, str)]
        form = {"country": _COUNTRY, "video": _VIDEO}.get(name)
        odd = [i for i, v in cells if form is not None and not form.fullmatch(v)]
        if odd:
            yield error(
                "consistency.not-a-value", f"{name} has a value that is none", place=content.place(odd[0], name), count=len(odd)
            )
        new = sorted({v for _, v in cells if name in VALUES and v not in VALUES[name]})
        if new:
            yield note(
                "consistency.unknown-value", f"{name} has a value nobody knows yet", seen=", ".join(new)[:60], count=len(new)
            )


def bounds(content: Table, context: Any) -> Iterator[Finding]:
    """Nothing that counts is below zero; shares are percentages. (No rule ties views to minutes: Shorts count views otherwise.)"""
    for name in content.metrics:
        bad = [i for i, v in enumerate(content.column(name)) if _is_number(v) and v < 0 and name not in SIGNED]
        if bad:
            yield error(
                "consistency.negative",
                f"{name} is below zero",
                place=content.place(bad[0], name),
                expected="0 or more",
                count=len(bad),
            )
    shares = [i for i, r in enumerate(content.records) if number(r.get("viewerPercentage", 0)) > 100]
    if shares:
        yield error(
            "consistency.percentage",
            "a share is above 100 percent",
            place=content.place(shares[0], "viewerPercentage"),
            count=len(shares),
        )
    engaged = [
        i
        for i, r in enumerate(content.records)
        if "engagedViews" in r and "views" in r and number(r["engagedViews"]) > number(r["views"])
    ]
    if engaged:
        yield warning(
            "consistency.bounds",
            "engagedViews is above views",
            place=content.place(engaged[0], "engagedViews"),
            count=len(engaged),
        )


def in_window(content: Table, context: Any) -> Iterator[Finding]:
    """Days lie within the range that was asked for, and rows come in the order that was asked for."""
    first, last = span_asked(context)
    known = days_in(content)
    outside = [i for i, d in known if (first and d < first) or (last and d > last)]
    if outside:
        yield error(
            "consistency.outside-range", "a day lies outside the range that was asked for", place=content.place(outside[0], "day"),
            expected=f"{first} to {last}", seen=str(content.records[outside[0]].get("day"))[:10], count=len(outside),
        )  # fmt: skip
    days = [d for _, d in known]
    if context.sidecar.request.get("sort") == "day" and days != sorted(days):
        yield error("consistency.days-not-rising", "days do not rise, though they were asked for in order", column="day")


def freshness(content: Table, context: Any) -> Iterator[Finding]:
    """The newest day is two or three Pacific days before the capture; recent days are absent until all of their figures are ready."""
    found = [d for _, d in days_in(content)]
    if not found:
        return
    _, until = span_asked(context)
    today = until + timedelta(days=1) if until else (context.sidecar.captured_at - timedelta(hours=8)).date()
    lag = (today - max(found)).days
    warn, fail = (QUIET_WARN, QUIET_FAIL) if is_quiet(content) else (WARN_LAG, FAIL_LAG)
    if lag > warn:
        make, code = (error, "freshness.too-old") if lag > fail else (warning, "freshness.stale")
        yield make(
            code,
            f"the newest day is {lag} days before the capture (Pacific time)",
            stage="freshness",
            column="day",
            expected=f"at most {warn} days",
            seen=max(found).isoformat(),
        )


def asked_of_late(content: Table, context: Any) -> Iterator[Finding]:
    """The range that was asked for ends on the last full day before the capture, give or take a clock."""
    _, until = span_asked(context)
    if until is not None and abs((context.sidecar.captured_at.date() - until).days - 1) > 2:
        yield warning(
            "consistency.range",
            "the range does not end at the capture",
            expected=f"about {context.sidecar.captured_at.date()}",
            seen=until.isoformat(),
        )


def cents(content: Table, context: Any) -> Iterator[Finding]:
    """Ads make no more than everything together, and shown ads come with monetised playbacks."""
    over = [
        i for i, r in enumerate(content.records)
        if "estimatedAdRevenue" in r and "estimatedRevenue" in r and number(r["estimatedAdRevenue"]) > number(r["estimatedRevenue"]) + Decimal("0.01")
    ]  # fmt: skip
    if over:
        yield error(
            "consistency.bounds",
            "revenue of ads is above all revenue",
            place=content.place(over[0], "estimatedAdRevenue"),
            count=len(over),
        )
    for index, row in enumerate(content.records):
        try:
            cpm, gross, shown = decimal_of(row["cpm"]), decimal_of(row["grossRevenue"]), decimal_of(row["adImpressions"])
        except (KeyError, ValueError):
            continue
        if shown and abs(cpm - gross * 1000 / shown) > cpm / 4 + Decimal("20") / shown:
            yield warning(
                "consistency.arithmetic",
                "cpm does not follow from gross revenue and impressions",
                place=content.place(index, "cpm"),
            )
            return


COMMON = (pairing, columns, types, values, bounds, in_window, not_empty, vanished, asked_of_late)
OF = {
    "daily": (*COMMON, gaps, days_kept, same_past, sums, freshness),
    "top_videos": (*COMMON, range_kept, part_of_whole),
    "traffic": (*COMMON, gaps, days_kept, same_past, sums_by_day, freshness),
    "countries": (*COMMON, range_kept, groups_kept, part_of_whole),
    "demographics": (*COMMON, range_kept, groups_kept, shares),
    "devices": (*COMMON, gaps, days_kept, same_past, sums_by_day, freshness),
    "revenue": (*COMMON, gaps, days_kept, same_past, cents, freshness),
}
"""The checks of each report."""
