"""What no schema can say about reports: columns and rows against what was asked, days, sums, shares, freshness. Pure functions.

Facts: fact sheet, chapters 5 and 9. `context.sidecar.request` holds the query as it was sent in the end (`ids`, `startDate`, `endDate`,
`metrics`, `dimensions`, `sort`), the channel it was asked for, and the metrics that were refused; files that people bring have none of it.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from bedrot_console.domain.findings import Finding
from bedrot_console.inspection.helpers import day_of, decimal_of, error, note, warning

from .answers import Table, number
from .queries import ADDED_UP, TOP_VIDEOS

WARN_LAG, FAIL_LAG = 3, 6
"""Days of YouTube's own that the newest day may lie before the day of capture: two to three is normal (assumed)."""
QUIET_WARN, QUIET_FAIL = 10, 20
QUIET_VIEWS = 10
"""Below so many views a day whole days without any are to be expected, and such days may be absent (documented)."""
SLIGHT, GROSS = Decimal("0.005"), Decimal("0.05")
"""By so much may the rows of a day miss the day's figure: beyond the first a warning, beyond the second an error."""
RANGE_GROSS = Decimal("0.01")
SIGNED = frozenset({"subscribers", "grossRevenue", "estimatedRevenue", "estimatedAdRevenue", "estimatedRedPartnerRevenue"})
"""Figures that corrections may bring below zero."""
ROUNDED = frozenset({"estimatedMinutesWatched"})
"""Each row is rounded by itself, so that sums differ by up to one per row."""
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
    first, last = _asked(context)
    known = _days(content)
    outside = [i for i, d in known if (first and d < first) or (last and d > last)]
    if outside:
        yield error(
            "consistency.outside-range", "a day lies outside the range that was asked for", place=content.place(outside[0], "day"),
            expected=f"{first} to {last}", seen=str(content.records[outside[0]].get("day"))[:10], count=len(outside),
        )  # fmt: skip
    days = [d for _, d in known]
    if context.sidecar.request.get("sort") == "day" and days != sorted(days):
        yield error("consistency.days-not-rising", "days do not rise, though they were asked for in order", column="day")


def _asked(context: Any) -> tuple[date | None, date | None]:
    request = context.sidecar.request
    try:
        return day_of(request.get("startDate")), day_of(request.get("endDate"))
    except ValueError:
        return None, None


def _days(content: Table) -> list[tuple[int, date]]:
    """(row, day) of each row that names one; others are the reader's business."""
    out = []
    for index, row in enumerate(content.records):
        try:
            out.append((index, day_of(row.get("day"))))
        except ValueError:
            continue
    return out


def _views_a_day(content: Table) -> Decimal:
    days = {d for _, d in _days(content)}
    return sum((number(r.get("views")) for r in content.records), Decimal(0)) / len(days) if days else Decimal(0)


def gaps(content: Table, context: Any) -> Iterator[Finding]:
    """No day is missing from the first one asked for to the newest: a busy channel has no day without views, a quiet one may."""
    found = sorted({d for _, d in _days(content)})
    first, _ = _asked(context)
    if not found:
        return
    start = min(first or found[0], found[0])
    missing = [start + timedelta(days=n) for n in range((found[-1] - start).days) if start + timedelta(days=n) not in set(found)]
    if not missing:
        return
    whole = content.whole("views")
    adds_up = whole is not None and whole == sum((number(r.get("views")) for r in content.records), Decimal(0))
    quiet = _views_a_day(content) < QUIET_VIEWS
    before = context.previous()
    known = {d for _, d in _days(before)} if before is not None else set()
    new = missing[-1] >= found[0] or bool(known & set(missing))
    make = note if quiet or not new else warning
    what = "nothing happened on them" if quiet or adds_up else "nothing says why"
    yield make(
        "completeness.days-missing",
        f"days have no row: {what}",
        stage="completeness",
        column="day",
        seen=missing[0].isoformat(),
        count=len(missing),
    )


def sums(content: Table, context: Any) -> Iterator[Finding]:
    """The rows add up to the figures of the whole range, as the platform itself gives them."""
    for name in ADDED_UP if len(content) else ():
        whole = content.whole(name)
        if whole is None or name not in content.metrics or content.dimensions != ["day"]:
            continue
        total = sum((number(r.get(name)) for r in content.records), Decimal(0))
        slack = Decimal(len(content) + 1) if name in ROUNDED else Decimal(0)
        off = abs(total - whole) - slack
        if off > 0:
            make = error if off > max(whole, total) * RANGE_GROSS else warning
            yield make(
                "completeness.sum-differs",
                f"the days' {name} do not add up to the platform's own total",
                stage="completeness",
                column=name,
                expected=str(whole),
                seen=str(total),
            )


def sums_by_day(content: Table, context: Any) -> Iterator[Finding]:
    """The rows of each day add up to that day's figure in the report of days that lies beside."""
    for name in content.metrics:
        wholes = content.whole_days(name)
        if wholes is None:
            continue
        got: dict[str, Decimal] = defaultdict(Decimal)
        rows: Counter[str] = Counter()
        for row in content.records:
            got[str(row.get("day"))] += number(row.get(name))
            rows[str(row.get("day"))] += 1
        off = {d: abs(got[d] - wholes.get(d, Decimal(0))) - (rows[d] + 1 if name in ROUNDED else 0) for d in {*got, *wholes}}
        bad = sorted(d for d, by in off.items() if by > max(Decimal(0), wholes.get(d, Decimal(0)) * SLIGHT))
        if bad:
            gross = [d for d in bad if off[d] > max(Decimal(2), wholes.get(d, Decimal(0)) * GROSS)]
            make, day = (error, gross[0]) if gross else (warning, bad[0])
            yield make(
                "completeness.sum-differs", f"rows of a day do not add up to its {name}", stage="completeness", column=name,
                expected=str(wholes.get(day, Decimal(0))), seen=str(got[day]), count=len(bad),
            )  # fmt: skip


def part_of_whole(content: Table, context: Any) -> Iterator[Finding]:
    """Videos and countries make no more than the channel, and most of it: deleted videos and small countries are left out (assumed)."""
    whole = content.whole("views")
    if whole is None or "views" not in content.metrics:
        return
    total = sum((number(r["views"]) for r in content.records), Decimal(0))
    if total > whole * (1 + RANGE_GROSS) + 1:
        yield error(
            "completeness.sum-differs",
            "the rows' views exceed the channel's",
            stage="completeness",
            column="views",
            expected=str(whole),
            seen=str(total),
        )
    elif whole > 100 and total < whole * Decimal("0.8") and len(content) < (TOP_VIDEOS.most or 0):
        make = error if total < whole / 2 else warning
        yield make(
            "completeness.sum-differs",
            "the rows make less than four fifths of the channel's views",
            stage="completeness",
            column="views",
            expected=str(whole),
            seen=str(total),
        )
    if content.dimensions == ["video"] and len(content) >= (TOP_VIDEOS.most or 0):
        yield note("completeness.cut-off", f"there may be more videos than the first {TOP_VIDEOS.most}", stage="completeness")
    if context.sidecar.request.get("sort") == "-views":
        views = [number(r["views"]) for r in content.records]
        if views != sorted(views, reverse=True):
            yield error("consistency.order", "rows are not in the order that was asked for", column="views")


def vanished(content: Table, context: Any) -> Iterator[Finding]:
    """What made a good part of the last capture is still there."""
    before = context.previous()
    if before is None or not len(before):
        return
    if not len(content):
        yield error(
            "volume.all-vanished",
            "the last good capture held rows, this one holds none",
            stage="volume",
            expected=f"{len(before)} rows",
            seen="0 rows",
        )
        return
    name = next((m for m in ("views", "viewerPercentage") if m in before.metrics), None)
    if name is None or "day" in content.dimensions or before.dimensions != content.dimensions:
        return
    total = sum((number(r.get(name)) for r in before.records), Decimal(0))
    now = {tuple(r.get(d) for d in content.dimensions) for r in content.records}
    lost = [
        r for r in before.records if tuple(r.get(d) for d in content.dimensions) not in now and number(r.get(name)) * 100 > total
    ]
    if lost and len(content) < (TOP_VIDEOS.most or 0) and total > 100 * (name == "views"):
        yield warning(
            "volume.rows-vanished",
            "rows that made more than a hundredth of the last good capture are gone",
            stage="volume",
            seen=str(lost[0].get(content.dimensions[0]))[:24],
            count=len(lost),
        )


def shares(content: Table, context: Any) -> Iterator[Finding]:
    """Shares of ages and genders make a hundred percent together (small groups are left out and the rest is a hundred again: assumed)."""
    if not len(content):
        return
    total = sum((number(r.get("viewerPercentage")) for r in content.records), Decimal(0))
    if abs(total - 100) > Decimal("0.6"):
        make = error if total > 101 or total < 90 else warning
        yield make(
            "consistency.shares",
            "the shares do not make a hundred percent",
            column="viewerPercentage",
            expected="100",
            seen=f"{total:.1f}",
        )


def not_empty(content: Table, context: Any) -> Iterator[Finding]:
    """No rows are right for a new channel; where the platform counts views, or the channel has videos, somebody should look."""
    if len(content) or content.uneven:
        return
    if (whole := content.whole("views")) or (whole := sum((content.whole_days("views") or {}).values(), Decimal(0))):
        yield error(
            "completeness.no-rows",
            "the platform counts views, and the report holds no rows",
            stage="completeness",
            expected=f"rows of {whole} views",
            seen="0 rows",
        )
    elif context.sidecar.request.get("uploads", "0") != "0" and content.dimensions == ["day"] and "views" in content.metrics:
        yield warning(
            "completeness.no-rows",
            "the channel has videos, and the report holds no rows",
            stage="completeness",
            expected="1 or more rows",
            seen="0 rows",
        )


def freshness(content: Table, context: Any) -> Iterator[Finding]:
    """The newest day is two or three Pacific days before the capture; recent days are absent until all of their figures are ready."""
    found = [d for _, d in _days(content)]
    if not found:
        return
    _, until = _asked(context)
    today = until + timedelta(days=1) if until else (context.sidecar.captured_at - timedelta(hours=8)).date()
    lag = (today - max(found)).days
    quiet = "views" in content.metrics and _views_a_day(content) < QUIET_VIEWS
    warn, fail = (QUIET_WARN, QUIET_FAIL) if quiet else (WARN_LAG, FAIL_LAG)
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
    _, until = _asked(context)
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
    "daily": (*COMMON, gaps, sums, freshness),
    "top_videos": (*COMMON, part_of_whole),
    "traffic": (*COMMON, gaps, sums_by_day, freshness),
    "countries": (*COMMON, part_of_whole),
    "demographics": (*COMMON, shares),
    "devices": (*COMMON, gaps, sums_by_day, freshness),
    "revenue": (*COMMON, gaps, cents, freshness),
}
"""The checks of each report."""
