"""A capture against earlier ones: future days, duplicates, vanished and revised days, falling volume."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from bedrot_console.domain.feeds import Feed, History
from bedrot_console.domain.findings import STAGES, Finding, Outcome, Report, Severity, StageResult

from .facts import days_of, distinct_days
from .jobs import Job, Knowledge
from .texts import day_of, decimal_of, error, note, warning

AHEAD = timedelta(days=1)
"""A day may be one ahead of the capture's UTC day: time zones reach 14 hours further."""
SLACK = timedelta(days=2)
"""A rolling window's first day may move so much further than its last day did."""
TELLING_TOTAL, TELLING_ROWS = 100, 5
"""From such a total of the first measure on, or from so many rows, the same content twice is no chance (assumed)."""
LONG_AGO = {True: timedelta(days=2), False: timedelta(days=14)}
"""How old content must be that comes again, by `options["came_again"]`: where the feed says that it always moves, and elsewhere, where levels
such as followers go up and down."""
WENT_BACK = "duplicates.went-back"


def days_in_time(job: Job, content: Any, facts: dict[str, Any]) -> Iterator[Finding]:
    """The day column holds days, and none lies ahead of the capture."""
    feed = job.feed
    if feed.day is None:
        return
    if hasattr(content, "records"):
        wrong = {value for value, day in distinct_days(content, feed.day).items() if day is None}
        bad = [i for i, r in enumerate(content.records) if _is_one_of(r.get(feed.day), wrong)] if wrong else []
        if bad:
            yield error(
                "consistency.not-a-day",
                f"{feed.day} is not a day",
                place=content.place(bad[0], feed.day),
                expected="YYYY-MM-DD",
                count=len(bad),
            )
    last = facts.get("last_day")
    latest = job.sidecar.captured_at.date() + AHEAD
    if last is not None and day_of(last) > latest:
        yield error(
            "consistency.future-day",
            "a day lies in the future of the capture",
            column=feed.day,
            expected=f"at most {latest}",
            seen=last,
        )


def _is_one_of(value: Any, wrong: set[Any]) -> bool:
    return (repr(value) if isinstance(value, (dict, list)) else value) in wrong


def duplicates(job: Job, facts: dict[str, Any]) -> Iterator[Finding]:
    """The same bytes, or the same extracted content, as an earlier capture.

    `options["duplicates"]`: `warning` (default), `note`, `error`, or `daily` for a source that has something new every day: repeating
    itself on the same day is a note, on a later day a warning, without rows a note.
    `options["same_content"]`: the same for other bytes with the same content, where a day without anything new adds no row.
    Whatever these say, what comes again long after, and after something else came, is a warning: see `_went_back`. `options["came_again"]`:
    true where the data moves every day, so that days are long.
    """
    if job.twins:
        file_id, landed_at = job.twins[0]
        since = min(at for _, at in job.twins)
        last = max(job.twins, key=lambda twin: twin[1])
        if (not job.history or last[1] < job.history[0].captured_at) and _telling(
            facts, job.feed, last[1], job.sidecar.captured_at
        ):
            yield _went_back(*last, len(job.twins), job.feed)
            return
        yield _repeated(job.feed.options.get("duplicates", "warning"), job.sidecar.captured_at, since, facts)(
            "duplicates.same-bytes",
            f"the same bytes landed before, on {landed_at:%Y-%m-%d %H:%M}",
            expected="new bytes",
            seen=file_id,
            count=len(job.twins),
        )
        return
    if (found := same_content(job.feed, facts, job.history, job.sidecar.captured_at)) is not None:
        yield found


def same_content(feed: Feed, facts: dict[str, Any], earlier: Iterable[History], captured_at: datetime) -> Finding | None:
    """The finding that captures before `captured_at` (newest first) hold the same extracted content; None if none does."""
    own = facts.get("content_sha256")
    known = list(earlier)
    same = [h for h in known if own and h.facts.get("content_sha256") == own]
    if not same or not facts.get("rows"):
        return None
    if same[0] is not known[0] and _telling(facts, feed, same[0].captured_at, captured_at):
        return _went_back(same[0].file_id, same[0].captured_at, len(same), feed)
    how = feed.options.get("same_content", feed.options.get("duplicates", "warning"))
    return _repeated(how, captured_at, min(h.captured_at for h in same), facts)(
        "duplicates.same-content",
        f"the same content was captured before, on {same[0].captured_at:%Y-%m-%d %H:%M}",
        seen=same[0].file_id,
        count=len(same),
    )


def _went_back(file_id: str, last: datetime, count: int, feed: Feed) -> Finding:
    """A capture from before the last good one, once more: an old answer from a cache says so only by what came in between."""
    return (error if feed.options.get("duplicates") == "error" else warning)(
        WENT_BACK,
        f"this is what was captured on {last:%Y-%m-%d %H:%M}, and since then something else: an old answer, or all is as it was then",
        expected="what the last good capture has, or newer",
        seen=file_id,
        count=count,
    )


def _telling(facts: dict[str, Any], feed: Feed, last: datetime, captured_at: datetime) -> bool:
    """Whether so much is said, and so long ago, that it does not come again by chance, as the few numbers of a quiet account do."""
    moves = bool(feed.options.get("came_again"))
    total = facts.get("totals", {}).get(feed.measures[0]) if feed.measures else None
    much = total is not None and decimal_of(total) >= TELLING_TOTAL
    many = facts.get("rows", 0) >= TELLING_ROWS
    told = (much or (many and total is None)) if moves else many and (much or total is None)
    return told and captured_at - last >= LONG_AGO[moves]


def _repeated(how: str, captured_at: datetime, since: datetime, facts: dict[str, Any]) -> Callable[..., Finding]:
    if how == "daily":
        how = "warning" if facts.get("rows") and since.date() < captured_at.date() else "note"
    return {"error": error, "note": note}.get(how, warning)


def with_same_content(report: Report, feed: Feed, earlier: Iterable[History], captured_at: datetime) -> Report:
    """A report whose duplicates were judged against the last capture only, judged against all earlier ones. Reads facts, no payload."""
    spot = next((i for i, s in enumerate(report.stages) if s.stage == "duplicates" and s.outcome is not Outcome.SKIPPED), None)
    if spot is None or any(f.code in ("duplicates.same-bytes", WENT_BACK) for f in report.findings):
        return report
    found = same_content(feed, report.facts, earlier, captured_at)
    if found is None:
        return report
    kept = [f for f in report.findings if f.code != "duplicates.same-content"]
    at = next((i for i, f in enumerate(kept) if f.stage in STAGES[STAGES.index("duplicates") + 1 :]), len(kept))
    kept.insert(at, replace(found, stage="duplicates"))
    outcome = {Severity.ERROR: Outcome.FAILED, Severity.WARNING: Outcome.WARNED}.get(found.severity, Outcome.PASSED)
    stages = (*report.stages[:spot], StageResult(stage="duplicates", outcome=outcome), *report.stages[spot + 1 :])
    return replace(report, findings=tuple(kept), stages=stages)


def volume(job: Job, knowledge: Knowledge, content: Any, facts: dict[str, Any]) -> Generator[Finding, None, bool]:
    """Findings against history; returns whether there was anything to compare with."""
    if not job.history and job.previous is None:
        return False
    if job.feed.history is not None:
        yield from _days(job, knowledge, content, facts)
    if job.feed.max_drop is not None and job.history:
        yield from _drops(job, facts)
    return True


def _days(job: Job, knowledge: Knowledge, content: Any, facts: dict[str, Any]) -> Iterator[Finding]:
    previous = knowledge.previous()
    old = days_of(job.feed, previous) if previous is not None else _days_from_facts(job)
    new = days_of(job.feed, content)
    if job.feed.history == "growing":
        earlier = len(previous) if previous is not None else (job.history[0].facts.get("rows") if job.history else None)
        if earlier is not None and len(content) < earlier:
            yield error(
                "volume.rows-vanished",
                "there are fewer rows than in the last good capture",
                expected=f"{earlier} rows or more",
                seen=f"{len(content)} rows",
            )
    if not old or not new:
        yield from _edges(job, facts)
        return
    vanished = sorted(day for day in old if day not in new and (job.feed.history == "growing" or day >= min(new)))
    if vanished:
        yield error(
            "volume.days-vanished", f"{len(vanished)} {_days_word(len(vanished))} of the last good capture vanished",
            column=job.feed.day, seen=_listed(vanished), count=len(vanished),
        )  # fmt: skip
    if job.feed.history == "rolling":
        yield from _front(min(old), max(old), min(new), max(new))
    revised = sorted(day for day, total in old.items() if day in new and new[day] != total)
    if revised and job.feed.measures:
        yield note(
            "volume.days-revised", f"{job.feed.measures[0]} of {len(revised)} earlier {_days_word(len(revised))} was revised",
            column=job.feed.measures[0], seen=_listed(revised), count=len(revised),
        )  # fmt: skip


def _front(old_first: date, old_last: date, new_first: date, new_last: date) -> Iterator[Finding]:
    moved = new_first - old_first
    if moved > max(new_last - old_last, timedelta()) + SLACK:
        yield error(
            "volume.front-vanished", f"the first day moved {moved.days} days on while the last moved {max((new_last - old_last).days, 0)}",
            expected=f"from about {old_first}", seen=f"from {new_first}", count=moved.days,
        )  # fmt: skip


def _days_from_facts(job: Job) -> dict[date, Decimal]:
    for earlier in job.history[:1]:
        if isinstance(days := earlier.facts.get("days"), dict):
            return {date.fromisoformat(day): decimal_of(total) for day, total in days.items()}
    return {}


def _edges(job: Job, facts: dict[str, Any]) -> Iterator[Finding]:
    """Without the days themselves: the last day must not move back, and the first not run ahead."""
    earlier = job.history[0].facts if job.history else {}
    if not (earlier.get("last_day") and facts.get("last_day") and earlier.get("first_day") and facts.get("first_day")):
        return
    old_first, old_last = day_of(earlier["first_day"]), day_of(earlier["last_day"])
    new_first, new_last = day_of(facts["first_day"]), day_of(facts["last_day"])
    if new_last < old_last:
        yield error(
            "volume.days-vanished",
            "the newest day is older than that of the last good capture",
            expected=f"{old_last} or later",
            seen=str(new_last),
        )
    if job.feed.history == "rolling":
        yield from _front(old_first, old_last, new_first, new_last)
    elif new_first > old_first:
        yield error(
            "volume.days-vanished",
            "the first day is later than that of the last good capture",
            expected=str(old_first),
            seen=str(new_first),
        )


def _drops(job: Job, facts: dict[str, Any]) -> Iterator[Finding]:
    limit = Decimal(str(job.feed.max_drop))
    earlier = job.history[0].facts
    pairs = [("rows", earlier.get("rows"), facts.get("rows"))]
    pairs += [(name, earlier.get("totals", {}).get(name), facts.get("totals", {}).get(name)) for name in job.feed.measures]
    for name, old, new in pairs:
        if old is None:
            continue
        before, after = decimal_of(old), decimal_of(new if new is not None else 0)
        if before > 0 and after < before * (1 - limit):
            share = (before - after) / before * 100
            yield warning(
                f"volume.{'rows' if name == 'rows' else 'total'}-dropped",
                f"{name} fell by {share:.0f} % against the last good capture",
                column=None if name == "rows" else name,
                expected=f"at most {limit * 100:.0f} % less than {old}",
                seen=str(new),
            )


def _days_word(count: int) -> str:
    return "day" if count == 1 else "days"


def _listed(days: list[date]) -> str:
    return ", ".join(d.isoformat() for d in days[:3]) + (" …" if len(days) > 3 else "")
