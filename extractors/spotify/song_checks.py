"""What no schema can say about the exports of songs and playlists: their period, their order, the same artist as before."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

from bedrot_console.domain.findings import Finding
from bedrot_console.inspection.checks import quoted
from bedrot_console.inspection.helpers import day_of, error, note, warning

from .checks import counts_whole, latest_day_fresh, listeners_within_streams, provenance
from .exports import ADDED, AUTHOR, LISTENERS, RELEASED, SAVES, SONG, STREAMS, TITLE, period_in_name, period_of

MOST_FALLEN = {"7day": Decimal("0.9"), "28day": Decimal("0.7"), "1year": Decimal("0.4"), "all": Decimal("0.05")}
"""By how much streams of a period may fall from one capture to the next. One day may fall to anything. All time falls only where the site
takes artificial streams away (*documented*)."""
KEPT = ("1year", "all")
"""Periods so wide that a song with streams does not drop out from one capture to the next."""
BUSY_SONG, LEAST_RISE, FEWEST_PLAYLISTS = 100, 1000, 2
YOUNG = timedelta(days=360)
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
        if old and new and not old & new and not by_hand_beside_others(context):
            yield stranger(context, f"no {column} of the last good capture is here: another artist's")

    check.source = ("same_titles", column)  # type: ignore[attr-defined]
    return check


def of_the_account(names: Callable[[Any], set[Any]], what: str) -> Any:
    """What a person brings names no artist: something of it stands in a capture of one of the account's artists, where there are any, or in
    what was brought before.

    Args:
        names: content -> what tells an artist.
        what: that, in words.
    """

    def check(content: Any, context: Any) -> Iterator[Finding]:
        if not by_hand_beside_others(context):
            return
        before, own = context.previous(), names(content)
        others = [found for c in (before, *context.kin()) if c is not None and (found := names(c))] if own else []
        if others and not any(own & other for other in others):
            yield stranger(context, f"no {what} is one of this account's artists': another artist's, or a new one's")

    check.source = ("of_the_account", names, what)  # type: ignore[attr-defined]
    return check


def by_hand_beside_others(context: Any) -> bool:
    """Whether a person brings a file to an account of which artists are captured: then it is held against all of them, not the last alone."""
    return not context.sidecar.series and next(iter(context.kin()), None) is not None


def titles_in(content: Any) -> set[Any]:
    """Songs of an export, by their titles."""
    return {r[0] for r in content.query(f"SELECT {SONG} FROM data")} if SONG in content.columns else set()


def playlists_in(content: Any) -> set[Any]:
    """(title, author) of the playlists that people make. Spotify's own (Radio, Release Radar …) stand in every artist's export."""
    if not {TITLE, AUTHOR} <= set(content.columns):
        return set()
    return set(content.query(f"SELECT {TITLE}, {AUTHOR} FROM data WHERE lower(trim({AUTHOR})) <> 'spotify'"))


def same_playlists(content: Any, context: Any) -> Iterator[Finding]:
    """Over 12 months playlists come and go one by one: where none of several is left, it is another artist's export. Nor do their streams
    double from one capture to the next."""
    earlier = context.previous()
    if earlier is None:
        return
    old, new = playlists_in(earlier), playlists_in(content)
    if len(old) >= FEWEST_PLAYLISTS and new and not old & new:
        if not by_hand_beside_others(context):
            yield stranger(context, "no playlist of the last good capture is here, but for Spotify's own: another artist's")
        return
    before, after = (c.query(f"SELECT coalesce(sum({STREAMS}), 0) FROM data")[0][0] for c in (earlier, content))
    if after > max(2 * before, LEAST_RISE) and before:
        yield warning(
            "consistency.streams-doubled", "streams of the playlists have more than doubled since the last good capture", column=STREAMS,
            expected=f"about {int(before)}", seen=str(int(after)),
        )  # fmt: skip


def stranger(context: Any, message: str) -> Finding:
    return (error if context.sidecar.series else warning)("consistency.other-artist", message)


def songs_as_before(content: Any, context: Any) -> Iterator[Finding]:
    """Against the last good export of this artist and period, song by song; see `compared`."""
    earlier, period = context.previous(), period_of(context.sidecar)
    if earlier is None or period is None or not {SONG, RELEASED, STREAMS} <= set(content.columns) & set(earlier.columns):
        return
    sql = f"SELECT {SONG}, {RELEASED}, sum({STREAMS}) FROM data WHERE {STREAMS} IS NOT NULL GROUP BY ALL"
    old, new = ({r[:2]: r[2] for r in c.query(sql)} for c in (earlier, content))
    young = {k for k in new if released_since(k[1], context)}
    yield from compared(old, new, period, young, column=STREAMS)


def released_since(value: Any, context: Any) -> bool:
    """Whether a song is so young that its 12 months hold all its streams."""
    try:
        return context.sidecar.captured_at.date() - day_of(value) < YOUNG
    except ValueError:
        return False


def compared(old: dict[Any, Any], new: dict[Any, Any], period: str, young: set[Any], **place: Any) -> Iterator[Finding]:
    """Songs of the wide periods stay, their streams neither double nor collapse, and those of all time never fall by much.

    Nor do they fall, in all songs that move, by little: of an answer that is older than the last one nothing else tells. The same goes for
    12 months and songs that are `young`.
    """
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
    held = {k for k in old if k in new and (period == "all" or (period == "1year" and k in young))}
    sank = [k for k in held if new[k] < old[k]]
    if sank and not fell and sum(old[k] for k in held) >= BUSY_SONG and not any(new[k] > old[k] for k in held):
        yield warning(
            "consistency.streams-sank", f"streams of {len(sank)} {'song' if len(sank) == 1 else 'songs'} fell that cannot, and of none rose:"
            " an older answer, or artificial streams were taken away",
            expected=f"{int(old[sank[0]])} or more", seen=str(int(new[sank[0]])), count=len(sank), **place,
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


SONGS_CHECKS = (
    provenance, latest_day_fresh, period_as_named, counts_whole(LISTENERS, STREAMS, SAVES), listeners_within_streams, all_time_gap,
    dates_formed(RELEASED), most_streams_first, same_titles(SONG), of_the_account(titles_in, "song"),
    songs_as_before,
)  # fmt: skip
PLAYLISTS_CHECKS = (
    provenance, latest_day_fresh, period_as_named, counts_whole(LISTENERS, STREAMS), listeners_within_streams, dates_formed(ADDED, UNKNOWN_DATES),
    same_playlists, of_the_account(playlists_in, "playlist"),
)  # fmt: skip
