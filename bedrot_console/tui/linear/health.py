"""Health in words: feeds, late ones first; why one is late; and what lies behind: alerts, runs, what landed, storage. Numbers, no drawings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ...domain.errors import UsageError
from ...domain.text import safe
from ..healthlines import SIGN_OF, WORDS, cause_lines, deadline, name_of, took
from ..palette import size_text
from .lists import Item, Listing
from .room import Room
from .texts import WIDE, file_text, run_text, sign_free, spoken

if TYPE_CHECKING:
    from ...operations.health import FeedHealth, Health, PlatformRuns
    from ..words import Order


class FeedHealthWords(Room):
    """Health."""

    def order_health(self, order: Order) -> None:
        found = self.backend.health()
        if "history" in order.options:
            self.speech.all(history_text(found))
            return
        word = sign_free(WORDS.get(found.word, (found.word, ""))[0])
        alerts = f", {len(found.alerts)} alert{'s' if len(found.alerts) != 1 else ''}: health --history" if found.alerts else ""
        self.speech.say(f"The lake: {word}, {found.late} of {len(found.feeds)} feeds late or aging{alerts}.")
        items = [Item(f.feed, feed_text(f), f) for f in found.feeds]
        empty = ("no data has a date yet: it comes with the first file that is validated, extract PLATFORM",)
        self.show_list("health", Listing("Feeds, late first", "feed", items, empty=empty))

    def order_why(self, order: Order) -> None:
        feed = self._feed(order.words)
        why = self.backend.why(feed.feed, feed.account, feed.series)
        self.speech.all(spoken(cause_lines(why, self.backend.now(), WIDE)))
        items = [Item(r.id, f"run: {run_text(r)}", f"log {r.id}") for r in why.runs]
        items += [Item(c.id, f"capture: {file_text(c)}", f"review {c.id}") for c in why.captures]
        empty = ("no run and no capture is on record",)
        self.show_list("health", Listing(f"What it rests on, {safe(feed.feed, 80)}", "way", items, empty=empty))

    def _feed(self, words: Sequence[str]) -> FeedHealth:
        item = self.numbered(words[0] if words else None, "feed")
        if item is not None:
            return item.what  # type: ignore[no-any-return]
        feeds = self.backend.health().feeds
        if not words:
            if not feeds:
                raise UsageError("no feed has a date yet", hint="extract PLATFORM")
            return feeds[0]
        found = [f for f in feeds if f.feed == words[0] and set(words[1:]) <= {f.account, f.series}]
        if not found:
            raise UsageError(f"no such feed: {safe(' '.join(words), 80)}", hint="health")
        return found[0]


def feed_text(feed: FeedHealth) -> str:
    """One row of the list."""
    parts = [sign_free(SIGN_OF.get(feed.state, (feed.state, ""))[0]), feed.feed]
    if name_of(feed) not in ("", "default"):
        parts.append(name_of(feed))
    if feed.as_of is None:
        parts.append("no date was ever seen inside its data")
    else:
        parts.append(f"data as of {feed.as_of}, {_days(feed.age_days or 0)} old")
        if feed.warn_days is not None or feed.fail_days is not None:
            days, _, word = deadline(feed).partition(" d ")
            parts.append(f"{_days(int(days))} {word}")
    return ", ".join(safe(part, 200) for part in parts)


def _days(number: int) -> str:
    return f"{number} day{'s' if number != 1 else ''}"


def history_text(health: Health) -> list[str]:
    """Everything but the feeds: alerts, runs, what landed, storage and its forecast."""
    lines = [f"Alerts: {len(health.alerts) or 'none'}."]
    for number, alert in enumerate(health.alerts, 1):
        since = f" since {alert['raised_at'][:16].replace('T', ' ')}" if alert.get("raised_at") else ""
        said = f", {safe(alert['message'], 400)}" if alert.get("message") else ""
        then = f". Next: {safe(alert['command'], 200)}" if alert.get("command") else ""
        lines.append(f"alert {number}: {safe(alert['subject'], 120)}, {safe(alert['code'], 60)}{safe(since, 40)}{said}{then}")
    lines.append(f"Runs of {len(health.days)} days:" if health.runs else "No run has ended in these days. Next: extract PLATFORM")
    lines += [_runs_text(health, run) for run in health.runs]
    lines.append("Landed in these days:" if health.landed else "Nothing landed in these days.")
    for name, files in health.landed.items():
        busy = [f"{day:%m-%d} {n:,}" for day, n in zip(health.days, files, strict=True) if n]
        days = f"; by day: {', '.join(busy)}" if busy else ""
        lines.append(f"{safe(name, 40)}: {sum(files):,} files, {size_text(sum(health.landed_bytes[name]))}{days}")
    lines.append("Storage:")
    for zone in health.storage:
        grown = f", {size_text(zone.grown_bytes)} of it in {len(health.days)} days" if zone.grown_bytes else ""
        lines.append(f"{zone.zone}: {zone.files:,} files, {size_text(zone.size_bytes)}{grown}")
    disk = health.forecast
    return [*lines, f"disk: {size_text(disk.free_bytes)} of {size_text(disk.total_bytes)} free. Forecast: {disk.in_words()}."]


def _runs_text(health: Health, run: PlatformRuns) -> str:
    ends = [f"{run.done} of {run.ended} done"]
    ends += [f"{n} {w}" for n, w in ((run.partial, "partial"), (run.failed, "failed"), (run.cancelled, "cancelled")) if n]
    if run.p50_seconds is not None:
        ends.append(f"half took up to {took(run.p50_seconds)}, nearly all up to {took(run.p95_seconds)}")
    bad = [
        f"{day:%m-%d} {ended - done} of {ended}"
        for day, (done, ended) in zip(health.days, run.daily, strict=False)
        if done < ended
    ]
    return f"{safe(run.platform, 40)}: {', '.join(ends)}" + (f"; not done: {', '.join(bad)}" if bad else "")
