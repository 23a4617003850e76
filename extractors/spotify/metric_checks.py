"""What no schema can say about the songs page's own answers: counts, windows that hold one another, the same artist as before.

The answer carries no day of its own. What tells an old one: songs and all-time streams that fell, a wrapper's time, and that the very same
answer was captured long ago (`duplicates.went-back`). An old answer of one of the narrower periods that was never captured before cannot be
told from its bytes.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from bedrot_console.domain.findings import Finding
from bedrot_console.inspection.helpers import day_of, error, fields_kept, note, warning

from . import metrics
from .checks import BUSY, STALE, TOO_OLD, latest_day_fresh, provenance
from .exports import DAYS, PERIODS, period_of
from .song_checks import by_hand_beside_others, compared, of_the_account, released_since, stranger

FEWEST_SETTLED = 3


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
        if not by_hand_beside_others(context):
            yield stranger(context, "no song of the last good capture is here: another artist's")
        return
    period = period_of(context.sidecar)
    if period is not None:
        young = {r.get(metrics.ID) for r in content.records if released_since(r.get(metrics.RELEASED), context)}
        yield from compared(old, new, period, young, place=content.place(0, metrics.STREAMS))


def songs_in(content: Any) -> set[Any]:
    """Songs of an answer, by their ids."""
    return {r.get(metrics.ID) for r in content.records}


def not_all_nought(content: Any, context: Any) -> Iterator[Finding]:
    """Songs that had streams have some. One day may be empty; beside a busy week, or after a busy day, it is probably not counted yet."""
    plays = _plays(content)
    if not plays or any(plays.values()):
        return
    period, earlier = period_of(context.sidecar), context.previous()
    before = sum(_plays(earlier).values()) if earlier is not None else 0
    artist = context.sidecar.series.rpartition("_")[0]
    wider = PERIODS[PERIODS.index(period) + 1 :] if artist and period in DAYS else ()
    beside = max((sum(_plays(other).values()) * DAYS[period] // DAYS[p] for p in wider if p in DAYS
                  and (other := context.sibling(context.sidecar.feed, f"{artist}_{p}")) is not None), default=0)  # fmt: skip
    settled = [r for r in content.records if (age := _age_days(r, context)) is not None and age > DAYS["28day"]]
    place = {"place": content.place(0, metrics.STREAMS), "seen": "0", "count": len(plays)}
    if max(before, beside) >= BUSY:
        yield warning(
            "consistency.all-zero", f"no song has a stream in {period}", expected=f"about {max(before, beside)}", **place
        )
    elif len(settled) >= FEWEST_SETTLED and period not in ("1day", "7day"):
        yield warning("consistency.all-zero", "no song has a stream, and they are out for more than a month", **place)
    else:
        yield note("consistency.all-zero", "no song has a stream", **place)


def _age_days(row: Any, context: Any) -> int | None:
    """How long a song is out; None where no day tells."""
    try:
        return (context.sidecar.captured_at.date() - day_of(row.get(metrics.RELEASED))).days
    except ValueError:
        return None


def wrapped_lately(content: Any, context: Any) -> Iterator[Finding]:
    """Another reader's wrapper says when it took the answer (local time without a zone): not long before it was brought. The answer itself
    says nothing of the kind."""
    try:
        taken = day_of(content.document.get("timestamp") if "data" in content.document else None)
    except ValueError:
        return
    age = context.sidecar.captured_at.date() - taken
    if age < -timedelta(days=1):
        yield warning(
            "consistency.future-day", "the wrapper's time lies after the capture", pointer="/timestamp", seen=str(taken)
        )
    elif age > STALE:
        old = age > TOO_OLD and context.sidecar.method != "manual"
        yield (error if old else warning)(
            "freshness.too-old" if age > TOO_OLD else "freshness.stale", f"the answer was taken {age.days} days before it came here",
            stage="freshness", pointer="/timestamp", expected=f"at most {(TOO_OLD if old else STALE).days} days", seen=str(taken),
        )  # fmt: skip


def no_credentials(content: Any, context: Any) -> Iterator[Finding]:
    """No bearer token lies in the answer. One of this very run is masked before landing; any other must not be kept."""
    found = metrics.credentials_in(content.document)
    if found == "open":
        yield error("consistency.holds-bearer", "the answer holds a bearer token: do not pass this file on", expected="none")
    elif found == "masked":
        yield note("consistency.bearer-masked", "the answer held this run's bearer token; it was masked before landing")


METRICS_CHECKS = (
    provenance,
    latest_day_fresh,
    wrapped_lately,
    address_as_asked,
    ids_agree,
    counts_there,
    not_all_nought,
    fields_kept(),
    windows_hold,
    same_songs,
    of_the_account(songs_in, "song"),
    no_credentials,
)
