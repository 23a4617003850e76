"""What no schema can say about the two analytics answers. Pure functions: content and context to findings.

The answers are asked for `thisYear`: they begin at the account's first day with figures in that year (*seen*) and begin anew on 1 January
(*assumed* from the name). Within a year nothing vanishes; no past day was revised in the captures compared (*seen*, 4 days apart).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from statistics import median
from typing import Any

from bedrot_console.domain.findings import Finding, Place
from bedrot_console.inspection.helpers import day_of, error, note, warning, whole_number

Check = Callable[[Any, Any], Iterator[Finding]]

MOST_STREAMS_A_DAY = 150_000_000
"""More than the most played account of the world has on one service."""
SETTLED = timedelta(days=7)
"""Days older than this against the newest are not touched any more."""
FEWEST_COMPARED = 10
OTHER_SERIES_SHARE = 0.5
FURTHEST_WEST = timedelta(days=1)
"""On 1 January UTC it is still last year at a platform further west."""
_NOT_DATA = re.compile(r"extraction_(?:failure|log)", re.IGNORECASE)
_ISRC = re.compile(r"[A-Z]{2}[A-Z0-9]{3}[0-9]{7}")
_COUNTRY = re.compile(r"[A-Z]{2}")


def series(content: Any) -> list[tuple[int, date, int]]:
    """(row index, day, count) of the rows that are well formed, in file order; the others are the schema's business."""
    known = content.memo.get("series")
    if known is None:
        known = []
        for index, row in enumerate(content.records):
            day = _day(row.get("date"))
            if day is not None and type(row.get("streams")) is int:
                known.append((index, day, row["streams"]))
        content.memo["series"] = known
    return known


def by_day(content: Any) -> dict[date, int]:
    """Day -> count."""
    return {day: count for _, day, count in series(content)}


def year_of(content: Any, context: Any) -> int:
    """The year that a capture is about: of its newest day, without days the year it was captured in."""
    days = by_day(content)
    return max(days).year if days else context.sidecar.captured_at.year


def place_of(content: Any, *steps: Any) -> Place:
    """A place anywhere in the answer, also where it was wrapped."""
    root = (content.base or "").rpartition("/")[0]
    return Place(pointer=root + "".join(f"/{step}" for step in steps))


def a_capture(content: Any, context: Any) -> Iterator[Finding]:
    """Logs of an older tool lay beside its captures under names such as `extraction_failure_…` (*seen*): never a capture, whatever is inside."""
    name = context.sidecar.received_name or ""
    if _NOT_DATA.match(name.rpartition("/")[2]):
        yield error(
            "consistency.not-a-capture", "by its name this is a tool's own log, not a capture", expected="an answer of the site"
        )


def types_kept(**forms: dict[str, type] | type) -> Check:
    """Counts keep the form they were seen in, text or whole number; the other one is readable, but a reader downstream may trip over it.

    Args:
        forms: member of the answer -> field -> form seen, or the form of the member itself.
    """

    def check(content: Any, context: Any) -> Iterator[Finding]:
        for member, fields in forms.items():
            value = content.document.get(member)
            if isinstance(fields, type):
                if type(value) in (int, str) and type(value) is not fields:
                    yield _drift(place_of(content, member), member, fields, 1)
                continue
            for field, form in fields.items():
                rows = value if isinstance(value, list) else []
                bad = [
                    i
                    for i, r in enumerate(rows)
                    if isinstance(r, dict) and type(r.get(field)) in (int, str) and type(r[field]) is not form
                ]
                if bad:
                    yield _drift(place_of(content, member, bad[0], field), field, form, len(bad))

    check.source = ("types_kept", repr(forms))  # type: ignore[attr-defined]
    return check


def _drift(place: Place, name: str, form: type, count: int) -> Finding:
    words = {int: "a whole number", str: "text of digits"}
    other = str if form is int else int
    return warning(
        "schema.type-drift", f"{name} came as {words[other]}, not as {words[form]}", stage="schema", place=place, expected=words[form],
        seen=words[other], count=count,
    )  # fmt: skip


def no_year_without_days(warn_after: timedelta, fail_after: timedelta) -> Check:
    """An answer without days is empty data, but for the first days of January: the new year has nothing to show yet.

    It is then judged as if the newest day were 31 December, by the same ages as freshness.
    """

    def check(content: Any, context: Any) -> Iterator[Finding]:
        if content.records:
            return
        age = timedelta(days=context.sidecar.captured_at.timetuple().tm_yday)
        if age > fail_after:
            yield error(
                "completeness.no-rows",
                "the capture holds no days",
                stage="completeness",
                expected="1 or more days",
                seen="0 days",
            )
        else:
            make = note if age <= warn_after else warning
            yield make(
                "completeness.year-just-begun", "the year has just begun and has no day yet", stage="completeness", seen="0 days"
            )

    check.source = ("no_year_without_days", warn_after.days, fail_after.days)  # type: ignore[attr-defined]
    return check


def one_year(content: Any, context: Any) -> Iterator[Finding]:
    """All days lie in one year, and it is the year of the capture."""
    days = series(content)
    if not days or context.sidecar.request.get("date", "thisYear") != "thisYear":
        return
    years = sorted({day.year for _, day, _ in days})
    if len(years) > 1:
        first = next(index for index, day, _ in days if day.year == years[0])
        yield error(
            "consistency.several-years", "days of more than one year stand in the answer about this year", place=content.place(first, "date"),
            expected=str(years[-1]), seen=", ".join(map(str, years)),
        )  # fmt: skip
        return
    captured = context.sidecar.captured_at.date()
    if years[0] < (captured - FURTHEST_WEST).year:
        yield warning(
            "consistency.other-year", "the answer about this year is about an earlier one", place=content.place(days[0][0], "date"),
            expected=str(captured.year), seen=str(years[0]),
        )  # fmt: skip


def days_kept(content: Any, context: Any) -> Iterator[Finding]:
    """Within a year every day of the last good capture is still there; a new year begins anew, which is told, not failed.

    Changed counts are listed. Days of December that no capture has seen before the year turned are named: `thisYear` never shows them again.
    """
    earlier = context.previous()
    if earlier is None:
        return
    old, new = by_day(earlier), by_day(content)
    if not old:
        return
    then, now = max(old).year, year_of(content, context)
    if now > then:
        last = max(old)
        unseen = (date(then, 12, 31) - last).days
        yield note(
            "completeness.year-began-anew", f"the answer begins anew with {now}; {unseen} days after {last} were in no good capture",
            stage="completeness", expected=f"{then}-12-31", seen=last.isoformat(), count=max(unseen, 1),
        )  # fmt: skip
        return
    gone = sorted(day for day in old if day not in new)
    if gone:
        yield error(
            "completeness.days-vanished", f"{len(gone)} {'day' if len(gone) == 1 else 'days'} of the last good capture vanished",
            stage="completeness", column="date", expected=gone[0].isoformat(), seen=_listed(gone), count=len(gone),
        )  # fmt: skip
    changed = sorted(day for day in old if day in new and new[day] != old[day])
    if changed:
        yield note(
            "volume.days-revised", f"{len(changed)} earlier {'day was' if len(changed) == 1 else 'days were'} revised", stage="volume",
            column="streams", seen=_listed(changed), count=len(changed),
        )  # fmt: skip


def same_series(content: Any, context: Any) -> Iterator[Finding]:
    """Settled days tell the same story as in the last good capture: another account's figures do not. The answer itself names no account."""
    earlier = context.previous()
    old = by_day(earlier) if earlier is not None else {}
    if not old:
        return
    new = by_day(content)
    both = [day for day in old if day in new and day <= max(old) - SETTLED]
    differ = sum(1 for day in both if new[day] != old[day])
    if len(both) >= FEWEST_COMPARED and differ > len(both) * OTHER_SERIES_SHARE:
        yield error(
            "consistency.other-series", "most settled days differ from the last good capture: another account's or platform's figures",
            expected="the same past", seen=f"{differ} of {len(both)} days differ", count=differ,
        )  # fmt: skip


def plausible(content: Any, context: Any) -> Iterator[Finding]:
    """Counts are such as an account can have: bounded, not one number on every day, not suddenly zero on the newest day."""
    days = sorted(series(content), key=lambda s: s[1])
    high = [s for s in days if s[2] > MOST_STREAMS_A_DAY]
    if high:
        yield error(
            "consistency.implausible", "streams are beyond anything a day can have", place=content.place(high[0][0], "streams"),
            expected=f"at most {MOST_STREAMS_A_DAY:,}", seen=str(high[0][2]), count=len(high),
        )  # fmt: skip
    values = [count for _, _, count in days]
    if len(values) >= 30 and len(set(values)) == 1:
        make = error if values[0] == 0 else warning
        yield make(
            "consistency.constant", "streams are the same number on every day", expected="different days", seen=str(values[0])
        )
    usual = median(values[-30:]) if len(values) >= 30 else 0
    if usual >= 10 and values[-1] == 0:
        yield warning(
            "consistency.last-day-zero", "the newest day is zero: probably not counted yet", place=content.place(days[-1][0], "streams"),
            expected=f"about {int(usual)}", seen="0",
        )  # fmt: skip


def discovery_formed(content: Any, context: Any) -> Iterator[Finding]:
    """Discovery Mode has at most one row a month, dated on its first (*seen*), none in the future; months do not vanish within the year."""
    listed = content.document.get("discovery")
    rows = listed if isinstance(listed, list) else []
    months = [(i, day) for i, row in enumerate(rows) if isinstance(row, dict) and (day := _day(row.get("date"))) is not None]
    yield from _once(content, "discovery", months, "month", error)
    odd = [(i, day) for i, day in months if day.day != 1]
    if odd:
        yield warning(
            "consistency.not-a-month", "a row of discovery is not dated on the first of a month",
            place=place_of(content, "discovery", odd[0][0], "date"), expected="YYYY-MM-01", seen=odd[0][1].isoformat(), count=len(odd),
        )  # fmt: skip
    yield from _not_ahead(content, "discovery", months, context)
    earlier = context.previous()
    if earlier is not None and by_day(earlier) and year_of(earlier, context) == year_of(content, context):
        before = {row.get("date") for row in earlier.document.get("discovery") or () if isinstance(row, dict)}
        gone = sorted(str(d) for d in before - {row.get("date") for row in rows if isinstance(row, dict)})
        if gone:
            yield warning(
                "completeness.months-vanished", "months of discovery vanished since the last good capture", stage="completeness",
                place=place_of(content, "discovery"), expected=gone[0], count=len(gone),
            )  # fmt: skip


def totals_agree(content: Any, context: Any) -> Iterator[Finding]:
    """Apple's four totals are one number: days, tracks, countries, and the total itself (*seen*, exact in every capture)."""
    document = content.document
    sums = {name: _sum(document.get(name)) for name in ("totalStreams", "tracksTotal", "countryTotal")}
    try:
        stated = whole_number(document.get("streamTotal"))
    except ValueError:
        return  # the schema names it
    for name, total in sums.items():
        if total is not None and total != stated:
            yield error(
                "consistency.totals-differ", f"the sum of {name} is not streamTotal", place=place_of(content, name), expected=str(stated),
                seen=str(total),
            )  # fmt: skip


def tracks_and_countries_formed(content: Any, context: Any) -> Iterator[Finding]:
    """ISRCs and countries have their form; a country has one row. A track may stand under several releases."""
    for member, field, form, words in (
        ("tracksTotal", "isrc", _ISRC, "an ISRC"),
        ("countryTotal", "country", _COUNTRY, "a country"),
    ):
        rows = [r if isinstance(r, dict) else {} for r in content.document.get(member) or ()]
        bad = [i for i, r in enumerate(rows) if not isinstance(r.get(field), str) or not form.fullmatch(r[field])]
        if bad:
            yield warning(
                f"consistency.{field}", f"{field} is not {words}", place=place_of(content, member, bad[0], field),
                expected="two letters, three characters, seven digits" if field == "isrc" else "two capital letters", count=len(bad),
            )  # fmt: skip
        names = ("country",) if field == "country" else ("isrc", "release", "track")
        seen: set[tuple[str, ...]] = set()
        again = []
        for index, row in enumerate(rows):
            name = tuple(repr(row.get(n)) for n in names)
            if name in seen:
                again.append(index)
            seen.add(name)
        if again:
            yield error(
                "consistency.row-twice",
                f"a row of {member} stands there twice",
                place=place_of(content, member, again[0]),
                count=len(again),
            )


def shazams_formed(content: Any, context: Any) -> Iterator[Finding]:
    """Shazam days stand once each and none lies ahead. They are sparse: that days are left out means nothing."""
    listed = content.document.get("totalShazam")
    rows = listed if isinstance(listed, list) else []
    days = [(i, day) for i, row in enumerate(rows) if isinstance(row, dict) and (day := _day(row.get("date"))) is not None]
    yield from _once(content, "totalShazam", days, "day", error)
    yield from _not_ahead(content, "totalShazam", days, context)


def same_tracks(content: Any, context: Any) -> Iterator[Finding]:
    """The ISRCs tell the account, which nothing else in the answer does: none in common with the last good capture is another one's.

    Single tracks may be taken down; within a year they keep the plays they had, so one that is gone is told.
    """
    earlier = context.previous()
    if earlier is None or not by_day(earlier) or year_of(earlier, context) != year_of(content, context):
        return
    old, new = _isrcs(earlier), _isrcs(content)
    if old and new and not old & new:
        yield error(
            "consistency.other-tracks", "no track is one of the last good capture: another account's figures", place=place_of(content, "tracksTotal"),
            expected="the same catalogue", seen=f"{len(new)} other tracks",
        )  # fmt: skip
    elif old - new:
        yield warning(
            "completeness.tracks-vanished", "tracks of the last good capture are gone", stage="completeness",
            place=place_of(content, "tracksTotal"), count=len(old - new),
        )  # fmt: skip


def _isrcs(content: Any) -> set[str]:
    return {
        r["isrc"] for r in content.document.get("tracksTotal") or () if isinstance(r, dict) and isinstance(r.get("isrc"), str)
    }


def _sum(rows: Any) -> int | None:
    """Sum of `streams`; None where a row has no count (the schema names it)."""
    try:
        return sum(whole_number(r["streams"]) for r in rows)
    except (ValueError, TypeError, LookupError):
        return None


def _once(content: Any, member: str, days: list[tuple[int, date]], what: str, make: Callable[..., Finding]) -> Iterator[Finding]:
    seen: set[date] = set()
    again = []
    for index, day in days:
        if day in seen:
            again.append((index, day))
        seen.add(day)
    if again:
        yield make(
            "consistency.day-repeats", f"a {what} of {member} stands there twice", place=place_of(content, member, again[0][0], "date"),
            seen=again[0][1].isoformat(), count=len(again),
        )  # fmt: skip


def _not_ahead(content: Any, member: str, days: list[tuple[int, date]], context: Any) -> Iterator[Finding]:
    latest = context.sidecar.captured_at.date() + FURTHEST_WEST
    ahead = [(index, day) for index, day in days if day > latest]
    if ahead:
        yield error(
            "consistency.future-day", f"a day of {member} lies in the future of the capture",
            place=place_of(content, member, ahead[0][0], "date"), expected=f"at most {latest}", seen=ahead[0][1].isoformat(), count=len(ahead),
        )  # fmt: skip


def _day(value: Any) -> date | None:
    try:
        return day_of(value)
    except ValueError:
        return None


def _listed(days: list[date]) -> str:
    return ", ".join(d.isoformat() for d in days[:3]) + (" …" if len(days) > 3 else "")
