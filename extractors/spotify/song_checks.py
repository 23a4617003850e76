"""What no schema can say about songs and playlists: their period, their order, windows that hold one another, the same artist as before."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

from bedrot_console.domain.findings import Finding
from bedrot_console.inspection.checks import quoted
from bedrot_console.inspection.helpers import day_of, error, note, warning

from . import metrics
from .checks import counts_whole, latest_day_fresh, listeners_within_streams, provenance
from .exports import ADDED, LISTENERS, PERIODS, RELEASED, SAVES, SONG, STREAMS, period_in_name, period_of

MOST_FALLEN = {"7day": Decimal("0.9"), "28day": Decimal("0.7"), "1year": Decimal("0.4"), "all": Decimal("0.05")}
"""By how much streams of a period may fall from one capture to the next. One day may fall to anything. All time falls only where the site
takes artificial streams away (*documented*)."""
KEPT = ("1year", "all")
"""Periods so wide that a song with streams does not drop out from one capture to the next."""
BUSY_SONG, LEAST_RISE = 100, 1000
UNKNOWN_DATES = ("n/a", "-")


def period_as_named(content: Any, context: Any) -> Iterator[Finding]:
    """The period in the site's own file name is the one that was asked for: the table itself does not tell it."""
    asked, named = context.sidecar.request.get("period"), period_in_name(context.sidecar.received_name)
    if asked and named and asked != named:
        yield error(
            "consistency.other-period",
            f"{asked} was asked for, the site's own name for the file says {named}",
            expected=asked,
            seen=named,
        )


def all_time_gap(content: Any, context: Any) -> Iterator[Finding]:
    """For all time the site counts no listeners and saves: zeros in every row (*seen*) are a gap, not figures. Elsewhere they tell of a mix-up."""
    if not {SONG, LISTENERS, STREAMS, SAVES} <= set(content.columns) or not len(content):
        return
    counted, played = content.query(
        f"SELECT count(*) FILTER ({LISTENERS} > 0 OR {SAVES} > 0), count(*) FILTER ({STREAMS} > 0) FROM data"
    )[0]
    period = period_of(context.sidecar)
    if counted == 0 and played and period in ("all", None):
        yield note(
            "consistency.known-gap",
            "listeners and saves are 0 in every row: the site does not count them for all time",
            column=LISTENERS,
        )
    elif counted == 0 and played:
        yield error(
            "consistency.other-period", f"listeners and saves are 0 in every row: this is the export of all time, not of {period}",
            column=LISTENERS, expected=period, seen="all",
        )  # fmt: skip
    elif counted and period == "all":
        yield warning(
            "consistency.other-period",
            "listeners or saves are counted, which the site does not do for all time",
            column=LISTENERS,
            expected="0",
        )


def dates_formed(column: str, unknown: tuple[str, ...] = ()) -> Any:
    """Dates are ISO days not in the future, or one of the words for an unknown one."""

    def check(content: Any, context: Any) -> Iterator[Finding]:
        if column not in content.columns:
            return
        latest = context.sidecar.captured_at.date() + timedelta(days=1)
        odd, ahead = [], []
        for row, text in content.query(f"SELECT row_number, {quoted(column)} FROM numbered"):
            try:
                if text not in unknown and day_of(text) > latest:
                    ahead.append(row)
            except ValueError:
                odd.append(row)
        if odd:
            yield error(
                "consistency.not-a-day",
                f"{column} is not a day",
                row=odd[0],
                column=column,
                expected="YYYY-MM-DD",
                count=len(odd),
            )
        if ahead:
            yield warning(
                "consistency.future-day",
                f"{column} lies in the future of the capture",
                row=ahead[0],
                column=column,
                count=len(ahead),
            )

    check.source = ("dates_formed", column, unknown)  # type: ignore[attr-defined]
    return check


def most_streams_first(content: Any, context: Any) -> Iterator[Finding]:
    """Rows stand by falling streams (*seen*); others were sorted or put together by somebody."""
    if STREAMS not in content.columns:
        return
    plays = content.query(f"SELECT row_number, {STREAMS} FROM numbered WHERE {STREAMS} IS NOT NULL")
    wrong = [row for (_, before), (row, after) in zip(plays, plays[1:], strict=False) if after > before]
    if wrong:
        yield warning("consistency.order", "rows do not stand by falling streams", row=wrong[0], column=STREAMS, count=len(wrong))


def same_titles(column: str) -> Any:
    """At least one title of the last good capture is still there: else it is another artist's. Uploads know no artist: there it is a warning."""

    def check(content: Any, context: Any) -> Iterator[Finding]:
        earlier = context.previous()
        if earlier is None or column not in content.columns or column not in earlier.columns:
            return
        old, new = ({r[0] for r in c.query(f"SELECT {quoted(column)} FROM data")} for c in (earlier, content))
        if old and new and not old & new:
            yield _stranger(context, f"no {column} of the last good capture is here: another artist's")

    check.source = ("same_titles", column)  # type: ignore[attr-defined]
    return check


def _stranger(context: Any, message: str) -> Finding:
    return (error if context.sidecar.series else warning)("consistency.other-artist", message)


def songs_as_before(content: Any, context: Any) -> Iterator[Finding]:
    """Against the last good export of this artist and period, song by song; see `_compared`."""
    earlier, period = context.previous(), period_of(context.sidecar)
    if earlier is None or period is None or not {SONG, RELEASED, STREAMS} <= set(content.columns) & set(earlier.columns):
        return
    sql = f"SELECT {SONG}, {RELEASED}, sum({STREAMS}) FROM data WHERE {STREAMS} IS NOT NULL GROUP BY ALL"
    old, new = ({r[:2]: r[2] for r in c.query(sql)} for c in (earlier, content))
    yield from _compared(old, new, period, column=STREAMS)


def _compared(old: dict[Any, Any], new: dict[Any, Any], period: str, **place: Any) -> Iterator[Finding]:
    """Songs of the wide periods stay, their streams neither double nor collapse, and those of all time never fall by much."""
    gone = [k for k, plays in old.items() if k not in new and plays >= BUSY_SONG] if period in KEPT else []
    if gone:
        yield warning(
            "consistency.songs-vanished",
            f"{len(gone)} of {len(old)} songs of the last good capture are gone",
            count=len(gone),
            **place,
        )
    fell = [k for k in old if k in new and new[k] < old[k] * (1 - MOST_FALLEN["all"])] if period == "all" else []
    if fell:
        yield error(
            "consistency.all-time-fell", "all-time streams of a song fell since the last good capture", expected=f"{int(old[fell[0]])} or more",
            seen=str(int(new[fell[0]])), count=len(fell), **place,
        )  # fmt: skip
    rose = [k for k in old if k in new and new[k] > max(2 * old[k], LEAST_RISE)] if period in KEPT else []
    if rose:
        yield warning(
            "consistency.streams-doubled", f"streams of a song in {period} have more than doubled since the last good capture",
            expected=f"about {int(old[rose[0]])}", seen=str(int(new[rose[0]])), count=len(rose), **place,
        )  # fmt: skip
    before, after = Decimal(sum(old.values())), Decimal(sum(new.values()))
    if period in MOST_FALLEN and before and after < before * (1 - MOST_FALLEN[period]):
        share = (before - after) / before * 100
        yield warning(
            "volume.total-dropped", f"streams of {period} fell by {share:.0f} % against the last good capture", stage="volume",
            expected=f"at most {MOST_FALLEN[period] * 100:.0f} % less than {int(before)}", seen=str(int(after)),
        )  # fmt: skip


# -- answers of catalog-view ------------------------------------------------------------------------------------------------


def address_as_asked(content: Any, context: Any) -> Iterator[Finding]:
    """An answer in the wrapper of another reader tells its address: it is of the period that the file is said to be of."""
    asked, seen = period_of(context.sidecar), content.facts.get("period")
    if asked and seen and seen != asked:
        yield error("consistency.other-period", f"{asked} was asked for, the answer is of {seen}", expected=asked, seen=seen)


def ids_agree(content: Any, context: Any) -> Iterator[Finding]:
    """A song's id ends its own address."""
    wrong = [
        i for i, r in enumerate(content.records)
        if isinstance(r.get(metrics.URI), str) and r[metrics.URI].rpartition(":")[2] != r.get(metrics.ID)
    ]  # fmt: skip
    if wrong:
        yield error(
            "consistency.ids-differ",
            "a song's id is not that of its address",
            place=content.place(wrong[0], metrics.URI),
            count=len(wrong),
        )


def counts_there(content: Any, context: Any) -> Iterator[Finding]:
    """Streams are given: the site may leave counts out (*seen*), but an answer without any streams says nothing."""
    plays = content.column(metrics.STREAMS) if content.records else []
    none = [i for i, value in enumerate(plays) if value is None]
    if plays and len(none) == len(plays):
        yield error(
            "completeness.no-streams",
            "no song has streams",
            stage="completeness",
            place=content.place(0, metrics.STREAMS),
            count=len(none),
        )
    elif none:
        yield warning(
            "completeness.some-streams",
            "some songs have no streams",
            stage="completeness",
            place=content.place(none[0], metrics.STREAMS),
            count=len(none),
        )


def windows_hold(content: Any, context: Any) -> Iterator[Finding]:
    """Each period holds the narrower ones (*documented*): of two answers of one run the wider has no fewer streams, in all and song by song.

    Both files of a pair that disagrees tell it, as either may be the wrong one.
    """
    artist, _, period = context.sidecar.series.rpartition("_")
    if period not in PERIODS or context.sidecar.set_id is None:
        return
    here = PERIODS.index(period)
    others = {p: context.sibling(context.sidecar.feed, f"{artist}_{p}") for p in PERIODS if p != period}
    absent = [p for p, other in others.items() if other is None]
    if absent:
        yield note(
            "completeness.period-missing",
            f"the same run brought no {', '.join(absent)}",
            stage="completeness",
            seen=", ".join(absent),
        )
    for step in (-1, 1):
        beside = [p for p in (PERIODS[:here][::-1] if step < 0 else PERIODS[here + 1 :]) if others[p] is not None]
        if beside:
            narrow, wide = (others[beside[0]], content) if step < 0 else (content, others[beside[0]])
            yield from _held(narrow, wide, *((beside[0], period) if step < 0 else (period, beside[0])), content)


def _held(narrow: Any, wide: Any, inner: str, outer: str, content: Any) -> Iterator[Finding]:
    less, more = _plays(narrow), _plays(wide)
    fewer = [name for name, plays in less.items() if name in more and more[name] < plays]
    if not fewer and sum(more.values()) >= sum(less.values()):
        return
    name = fewer[0] if fewer else None
    rows = {r.get(metrics.ID): i for i, r in enumerate(content.records)}
    place = {"place": content.place(rows[name], metrics.STREAMS)} if name in rows else {}
    yield error(
        "consistency.windows", f"{outer} must contain {inner}, yet {'a song has' if fewer else 'all songs have'} fewer streams there",
        expected=f"{less[name] if name else sum(less.values())} or more", seen=str(more[name] if name else sum(more.values())),
        count=max(len(fewer), 1), **place,
    )  # fmt: skip


def _plays(content: Any) -> dict[Any, int]:
    """Song to streams, where the platform gives any."""
    return {r.get(metrics.ID): r[metrics.STREAMS] for r in content.records if type(r.get(metrics.STREAMS)) is int}


def same_songs(content: Any, context: Any) -> Iterator[Finding]:
    """Against the last good capture of this artist and period: not another artist's songs; see also `_compared`."""
    earlier = context.previous()
    if earlier is None or not len(earlier) or not len(content):
        return
    old, new = _plays(earlier), _plays(content)
    if old and new and not set(old) & set(new):
        yield _stranger(context, "no song of the last good capture is here: another artist's")
        return
    period = period_of(context.sidecar)
    if period is not None:
        yield from _compared(old, new, period, place=content.place(0, metrics.STREAMS))


def no_credentials(content: Any, context: Any) -> Iterator[Finding]:
    """No bearer token lies in the answer. One of this very run is masked before landing; any other must not be kept."""
    found = metrics.credentials_in(content.document)
    if found == "open":
        yield error("consistency.holds-bearer", "the answer holds a bearer token: do not pass this file on", expected="none")
    elif found == "masked":
        yield note("consistency.bearer-masked", "the answer held this run's bearer token; it was masked before landing")


SONGS_CHECKS = (
    provenance, latest_day_fresh, period_as_named, counts_whole(LISTENERS, STREAMS, SAVES), listeners_within_streams, all_time_gap,
    dates_formed(RELEASED), most_streams_first, same_titles(SONG), songs_as_before,
)  # fmt: skip
PLAYLISTS_CHECKS = (
    provenance, latest_day_fresh, period_as_named, counts_whole(LISTENERS, STREAMS), listeners_within_streams, dates_formed(ADDED, UNKNOWN_DATES),
)  # fmt: skip
METRICS_CHECKS = (
    provenance,
    latest_day_fresh,
    address_as_asked,
    ids_agree,
    counts_there,
    windows_hold,
    same_songs,
    no_credentials,
)
