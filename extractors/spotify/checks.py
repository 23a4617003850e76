"""What no schema can say about the exports: provenance, days, counts, windows, and the same story as before. Pure functions.

Followers are a running total and may fall (*seen*), past days are not revised (796 days compared, *seen*), listeners are never above streams
(*seen* on every row). Numbers of Spotify here and of a distributor overlap and are never added up or compared.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from statistics import median
from typing import Any

from bedrot_console.domain.findings import Finding
from bedrot_console.inspection.checks import quoted
from bedrot_console.inspection.helpers import day_of, error, warning

from .exports import (
    ACTIVE,
    DATE,
    DAYS,
    DEVOTED,
    FOLLOWERS,
    LISTENERS,
    MONTHLY,
    STREAMS,
    WINDOW,
)

Check = Callable[[Any, Any], Iterator[Finding]]
Series = dict[date, tuple[int, dict[str, Any]]]
"""Day to (row in the file, its cells)."""

STREAMS_PER_LISTENER = 2880
"""A stream counts from 30 seconds on (*documented*): a day has room for so many."""
STALE, TOO_OLD = timedelta(days=3), timedelta(days=6)
OTHER_SHARE = 0.5
"""Beyond this share of differing days it is another artist's timeline, not a revision."""
FEWEST_COMPARED = 10
BUSY = 10
MOST_FOLLOWERS_MOVED = 1000
MOST_RISEN, LEAST_RISE = 10, 1000
_SLASHES = re.compile(r"\d{1,4}[/.]\d{1,2}[/.]\d{2,4}")
_PATH_ARTIST = re.compile(r"/artist/([0-9A-Za-z]{22})(?:/|$)")


def series_of(content: Any) -> Series:
    """The rows with a well-formed day; the others are told by `days_follow`."""
    columns = [DATE, *(c for c in content.columns if c != DATE)]
    found: Series = {}
    for row, text, *values in content.query(f"SELECT row_number, {', '.join(map(quoted, columns))} FROM numbered"):
        try:
            found[day_of(text)] = (row, dict(zip(columns[1:], values, strict=True)))
        except ValueError:
            continue
    return found


def provenance(content: Any, context: Any) -> Iterator[Finding]:
    """The page that was open at the click is of the artist that was asked for: no export names its artist."""
    asked, series = context.sidecar.request.get("artist"), context.sidecar.series
    if asked is None:
        return
    page = _PATH_ARTIST.search(context.sidecar.request.get("page", ""))
    seen = page[1] if page else "no artist"
    if seen != asked or not series.startswith(asked):
        yield error(
            "consistency.other-page",
            "the page this came from is of another artist",
            expected=asked,
            seen=seen if seen != asked else series,
        )


def latest_day_fresh(content: Any, context: Any) -> Iterator[Finding]:
    """What holds no day itself is as old as the site's own latest day."""
    latest = context.sidecar.request.get("latest_date")
    if latest is None:
        return
    age = context.sidecar.captured_at.date() - date.fromisoformat(latest)
    if age > STALE:
        old = age > TOO_OLD
        yield (error if old else warning)(
            "freshness.too-old" if old else "freshness.stale", f"the site's own latest day is {age.days} days before the capture",
            stage="freshness", expected=f"at most {(TOO_OLD if old else STALE).days} days", seen=latest,
        )  # fmt: skip


def counts_whole(*columns: str) -> Check:
    """Counts are whole, zero or more, and there; in one query."""

    def check(content: Any, context: Any) -> Iterator[Finding]:
        known = [c for c in columns if c in content.columns]
        asked = ", ".join(
            f"count(*) FILTER ({name} IS NULL), min(row_number) FILTER ({name} IS NULL),"
            f" count(*) FILTER ({name} < 0 OR {name} % 1 <> 0), min(row_number) FILTER ({name} < 0 OR {name} % 1 <> 0)"
            for name in map(quoted, known)
        )
        found = content.query(f"SELECT {asked} FROM numbered")[0] if known else ()
        for position, column in enumerate(known):
            blank, blank_row, wrong, wrong_row = found[4 * position : 4 * position + 4]
            if blank:
                yield error(
                    "completeness.blank", f"{column} is blank", stage="completeness", row=blank_row, column=column, count=blank
                )
            if wrong:
                yield error(
                    "consistency.count", f"{column} is not a whole number of 0 or more", row=wrong_row, column=column,
                    expected="0, 1, 2 …", count=wrong,
                )  # fmt: skip

    check.source = ("counts_whole", *columns)  # type: ignore[attr-defined]
    return check


def listeners_within_streams(content: Any, context: Any) -> Iterator[Finding]:
    """Who listened has streamed at least once, and nobody more than a day has room for."""
    if not {LISTENERS, STREAMS} <= set(content.columns):
        return
    by_day = DATE in content.columns
    over, over_row, beyond, beyond_row = content.query(
        "SELECT count(*) FILTER (listeners > streams), min(row_number) FILTER (listeners > streams),"
        f" count(*) FILTER (streams > listeners * {STREAMS_PER_LISTENER}), min(row_number) FILTER (streams > listeners * {STREAMS_PER_LISTENER})"
        " FROM numbered"
    )[0]
    if over:
        yield error(
            "consistency.listeners-over-streams", "there are more listeners than streams", row=over_row, column=LISTENERS,
            expected="at most the streams", count=over,
        )  # fmt: skip
    if beyond and by_day:
        yield error(
            "consistency.implausible", "so few listeners cannot stream so much in a day", row=beyond_row, column=STREAMS,
            expected=f"at most {STREAMS_PER_LISTENER} a listener", count=beyond,
        )  # fmt: skip


def days_follow(content: Any, context: Any) -> Iterator[Finding]:
    """Days are ISO days, each one after the row before: none missing, none twice. Dates with slashes were rewritten by a spreadsheet."""
    last: date | None = None
    slashes, odd, missing, back = [], [], [], []
    for row, text in content.query(f"SELECT row_number, {quoted(DATE)} FROM numbered"):
        try:
            day = day_of(text if text is None or len(text) == 10 else "")
        except ValueError:
            (slashes if _SLASHES.match(text or "") else odd).append(row)
            continue
        if last is not None and day <= last:
            back.append((row, day))
        elif last is not None and (day - last).days > 1:
            missing.append((row, last + timedelta(days=1), (day - last).days - 1))
        last = day
    if slashes:
        yield error(
            "consistency.spreadsheet-dates", "the dates were rewritten by a spreadsheet; export the file anew and leave it unopened",
            row=slashes[0], column=DATE, expected="YYYY-MM-DD", count=len(slashes),
        )  # fmt: skip
    if odd:
        yield error("consistency.not-a-day", "date is not a day", row=odd[0], column=DATE, expected="YYYY-MM-DD", count=len(odd))
    if back:
        yield error(
            "consistency.days-not-rising",
            "days of date do not rise strictly",
            row=back[0][0],
            column=DATE,
            seen=str(back[0][1]),
            count=len(back),
        )
    if missing:
        total = sum(m[2] for m in missing)
        yield error(
            "completeness.days-missing", f"{total} {'day is' if total == 1 else 'days are'} missing in between, first {missing[0][1]}",
            stage="completeness", row=missing[0][0], column=DATE, expected=str(missing[0][1]), count=total,
        )  # fmt: skip


def window_as_asked(content: Any, context: Any) -> Iterator[Finding]:
    """There are as many days as the filter asked for: the file itself does not say which filter was on.

    28 days in place of 12 months are what the site gives while its filter is not applied (*seen* by others).
    """
    asked = context.sidecar.request.get("period")
    rows = len(content)
    if asked not in DAYS or not rows:
        return
    fewest, most = WINDOW if asked == "1year" else (DAYS[asked], DAYS[asked])
    if fewest <= rows <= most:
        return
    words = "12 months" if asked == "1year" else f"{DAYS[asked]} days"
    leaked = rows == DAYS["28day"]
    yield error(
        "completeness.window", f"{words} were asked for and {rows} days came" + (": the site's own default, its filter was not applied" if leaked else ""),
        stage="completeness", column=DATE, expected=f"{fewest} to {most} rows" if most > fewest else f"{fewest} rows", seen=f"{rows} rows",
    )  # fmt: skip


def ends_at_latest(content: Any, context: Any) -> Iterator[Finding]:
    """The newest day is the one that the site itself calls its latest."""
    latest = context.sidecar.request.get("latest_date")
    days = series_of(content) if latest is not None else {}
    if not days or max(days).isoformat() == latest:
        return
    newest = max(days)
    place = {"row": days[newest][0], "column": DATE, "expected": latest, "seen": newest.isoformat()}
    if newest.isoformat() < latest:
        yield error("freshness.behind", "the timeline ends before the site's own latest day", stage="freshness", **place)
    else:
        yield warning("freshness.ahead", "the timeline ends after the site's own latest day", stage="freshness", **place)


def plausible(content: Any, context: Any) -> Iterator[Finding]:
    """Listener groups hold one another, followers move in steps, the newest day is counted and in proportion, and not every day is empty."""
    days = series_of(content)
    if not days:
        return
    for narrow, wide in ((LISTENERS, MONTHLY), (ACTIVE, MONTHLY), (DEVOTED, ACTIVE)):
        bad = [row for row, c in days.values() if c.get(narrow) is not None and c.get(wide) is not None and c[narrow] > c[wide]]
        if bad:
            yield warning(
                "consistency.groups",
                f"{narrow} are more than {wide}",
                row=bad[0],
                column=narrow,
                expected=f"at most the {wide}",
                count=len(bad),
            )
    steps = [(row, c[FOLLOWERS]) for _, (row, c) in sorted(days.items()) if c.get(FOLLOWERS) is not None]
    jumps = [
        (row, new, old) for (_, old), (row, new) in zip(steps, steps[1:], strict=False)
        if abs(new - old) > max(MOST_FOLLOWERS_MOVED, old / 2)
    ]  # fmt: skip
    if jumps:
        yield warning(
            "consistency.followers-jump", "followers move by more than half in one day", row=jumps[0][0], column=FOLLOWERS,
            expected=f"about {int(jumps[0][2])}", seen=str(int(jumps[0][1])), count=len(jumps),
        )  # fmt: skip
    plays = [c[STREAMS] for _, (_, c) in sorted(days.items()) if c.get(STREAMS) is not None]
    if len(plays) >= 28 and not any(plays):
        yield warning("consistency.all-zero", "no day has a stream", column=STREAMS)
    elif len(plays) >= 28 and plays[-1] == 0 and median(plays[-28:]) >= BUSY:
        yield warning(
            "consistency.last-day-zero", "the newest day has no streams: probably not counted yet", row=days[max(days)][0], column=STREAMS,
            expected=f"about {int(median(plays[-28:]))}", seen="0",
        )  # fmt: skip
    elif len(plays) >= 28 and plays[-1] > max(MOST_RISEN * max(plays[-28:-1]), LEAST_RISE):
        yield warning(
            "consistency.last-day-high", "the newest day has many times the streams of any day of the month before: viral, or wrong",
            row=days[max(days)][0], column=STREAMS, expected=f"about {int(median(plays[-28:]))}", seen=str(int(plays[-1])),
        )  # fmt: skip


def same_past(content: Any, context: Any) -> Iterator[Finding]:
    """Days that an earlier capture of this artist held are as they were, and the window moved on as a whole.

    No two exports five months apart differed in any of 796 days (*seen*). Uploads know no artist, so there another past is a warning.
    """
    earlier = context.previous()
    if earlier is None:
        return
    old, new = series_of(earlier), series_of(content)
    if not old or not new:
        return
    yield from _moved(old, new)
    shared = [c for c in content.columns if c in earlier.columns and c != DATE]
    both = sorted(set(old) & set(new))
    differ = [d for d in both if any(old[d][1][c] != new[d][1][c] for c in shared)]
    if not differ:
        return
    first = {"row": new[differ[0]][0], "count": len(differ), "seen": _listed(differ)}
    if len(both) >= FEWEST_COMPARED and len(differ) > OTHER_SHARE * len(both):
        if not context.sidecar.series and next(iter(context.kin()), None) is not None:
            return  # `of_the_account` holds it against all artists
        make = error if context.sidecar.series else warning
        yield make(
            "consistency.other-artist",
            f"{len(differ)} of {len(both)} days differ from the last good capture: another artist's timeline",
            **first,
        )
    else:
        yield warning(
            "consistency.revised", f"{len(differ)} past {'day has' if len(differ) == 1 else 'days have'} other figures than in the last good capture",
            **first,
        )  # fmt: skip


def of_the_account(content: Any, context: Any) -> Iterator[Finding]:
    """What a person brings names no artist: its past is that of one of the account's artists, where there are any."""
    own = {} if context.sidecar.series else series_of(content)
    kin = list(map(series_of, context.kin())) if own else []
    before = context.previous() if kin else None
    others = [
        s for s in (*kin, *([series_of(before)] if before is not None else [])) if len(s.keys() & own.keys()) >= FEWEST_COMPARED
    ]
    if others and all(_differ(own, other) > OTHER_SHARE for other in others):
        yield warning(
            "consistency.other-artist", "most days differ from those of every artist of this account: another artist's timeline, or a new one's",
            row=own[min(own)][0], column=DATE, count=len(own),
        )  # fmt: skip


def _differ(one: Series, other: Series) -> float:
    """Share of the days of both on which their streams differ."""
    both = one.keys() & other.keys()
    return sum(one[d][1].get(STREAMS) != other[d][1].get(STREAMS) for d in both) / len(both)


def _moved(old: Series, new: Series) -> Iterator[Finding]:
    """The newest day does not go back; of two windows of 12 months the front moves no further than the end (a leap day aside)."""
    if max(new) < max(old):
        yield error(
            "volume.went-back", "the newest day is older than that of the last good capture", stage="volume", row=new[max(new)][0], column=DATE,
            expected=f"{max(old)} or later", seen=str(max(new)),
        )  # fmt: skip
        return
    if not all(WINDOW[0] - 1 <= (max(s) - min(s)).days + 1 <= WINDOW[1] for s in (old, new)):
        return
    slack = timedelta(days=1 if any(d.month == 2 and d.day == 29 for d in (*old, *new)) else 0)
    front, end = min(new) - min(old), max(new) - max(old)
    if front > end + slack:
        yield error(
            "volume.front-vanished", f"the first day moved {front.days} days on while the last moved {end.days}", stage="volume",
            row=new[min(new)][0], column=DATE, expected=f"from {min(old) + end}", seen=f"from {min(new)}", count=(front - end).days,
        )  # fmt: skip


def _listed(days: list[date]) -> str:
    return ", ".join(d.isoformat() for d in days[:3]) + (" …" if len(days) > 3 else "")


TIMELINE_CHECKS = (
    provenance, days_follow, counts_whole(LISTENERS, MONTHLY, ACTIVE, DEVOTED, STREAMS, "playlist adds", "saves", FOLLOWERS),
    listeners_within_streams, window_as_asked, ends_at_latest, plausible, same_past, of_the_account,
)  # fmt: skip
SONG_TIMELINE_CHECKS = (days_follow, counts_whole(STREAMS))
