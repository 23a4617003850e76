"""Health as lines: runs, what landed, storage and its forecast, alerts; and why one feed is late. Read without colours."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from ..domain.plots import columns, gauge, spark
from ..domain.text import safe, size_text
from .accountlines import STATES, todo
from .palette import SIGNS, status_word
from .widgets.lines import RULE, Line, Piece, wrap
from .widgets.times import ago, moment, span

if TYPE_CHECKING:
    from ..operations.explain import Why
    from ..operations.health import FeedHealth, Health

SIGN_OF = {"fail": ("✗ late", "failed"), "warn": ("! aging", "warned"), "never": ("· never", "pending"), "unknown": ("· unknown", "pending"), "not judged": ("  no limit", "dim"), "not asked": ("- not asked", "dim"), "ok": ("✓ fresh", "passed")}  # fmt: skip
"""State of a feed: sign with word, and style."""
WORDS = {"ok": ("✓ all is well", "passed"), "attention": ("! needs attention", "warned"), "trouble": ("✗ in trouble", "failed")}


def name_of(feed: FeedHealth) -> str:
    """`account/series`, without what is default or empty."""
    return safe(
        "/".join(part for part in ("" if feed.account == "default" and feed.series else feed.account, feed.series) if part), 80
    )


def deadline(feed: FeedHealth) -> str:
    """What the deadlines say in few cells: `3 d over`, `2 d left`."""
    if feed.age_days is None or (feed.warn_days is None and feed.fail_days is None):
        return "–"
    over = feed.over_days
    return f"{over} d over" if over > 0 else f"{-over} d left"


def feed_pieces(feed: FeedHealth) -> list[Piece]:
    """A row: state, feed, account and series, newest date, age, deadline, last landed."""
    word, style = SIGN_OF.get(feed.state, (safe(feed.state, 20), "plain"))
    return [
        (word, style),
        (safe(feed.feed, 80), "plain"),
        (name_of(feed), "plain"),
        (f"{feed.as_of}" if feed.as_of else "not known", "plain"),
        (f"{feed.age_days} d" if feed.age_days is not None else "–", "plain"),
        (deadline(feed), style if feed.state in ("fail", "warn") else "plain"),
        ((feed.last_landed_at or "")[:16].replace("T", " "), "dim"),
    ]


def head(health: Health) -> Line:
    """The lake in one line."""
    word, style = WORDS.get(health.word, (safe(health.word, 20), "plain"))
    late = f" {health.late} of {len(health.feeds)} feeds late or aging" if health.feeds else ""
    disk = health.forecast
    full = f" · disk full ~{disk.earliest}" if disk.earliest else f" · {size_text(disk.free_bytes)} free"
    alerts = f" · {len(health.alerts)} alert{'s' if len(health.alerts) != 1 else ''}" if health.alerts else ""
    return [(f"── {word} ", style), (f"{late}{alerts}{full} ", "plain"), (RULE, "dim")]


def health_lines(health: Health, width: int, *, blocks: bool = True) -> list[Line]:
    """Alerts, runs, what landed, storage: everything but the feeds themselves."""
    return [
        *_alerts(health, width),
        *_runs(health, width, blocks),
        *_landed(health, width, blocks),
        *_storage(health, width, blocks),
    ]


def _title(text: str) -> Line:
    return [(f"{text} ", "title"), (RULE, "dim")]


def _alerts(health: Health, width: int) -> list[Line]:
    lines: list[Line] = [_title(f"Alerts: {len(health.alerts) or 'none'}")]
    for alert in health.alerts:
        since = f" since {alert['raised_at'][:16].replace('T', ' ')}" if alert.get("raised_at") else ""
        lines.append([("! ", "warning"), (f"{safe(alert['subject'], 120)}: {safe(alert['code'], 60)}{safe(since, 40)}", "plain")])
        if alert.get("message"):
            lines += wrap(safe(alert["message"], 400), width, "dim", "    ")
        if alert.get("command"):
            lines.append([("  → ", "plain"), (safe(alert["command"], 200), "key")])
    return [*lines, [("", "plain")]]


def _runs(health: Health, width: int, blocks: bool) -> list[Line]:
    lines: list[Line] = [_title(f"Runs of {len(health.days)} days")]
    if not health.runs:
        return [*lines, [("no run has ended in these days; s on a feed starts one", "plain")], [("", "plain")]]
    room = max(7, width - 50)
    lines.append([(f"  {'platform':<12}{'done':>9}{'share':>7}{'p50':>8}{'p95':>8}  share done by day", "dim")])
    for run in health.runs:
        share = run.done / run.ended if run.ended else 0.0
        daily = spark([done / ended if ended else None for done, ended in run.daily[-room:]], blocks=blocks, top=1.0)
        style = "passed" if share >= 0.9 else "warned" if share >= 0.5 else "failed"
        lines.append(
            [
                (f"  {safe(run.platform, 11):<12}{f'{run.done} of {run.ended}':>9}", "plain"), (f"{share:>7.0%}", style),
                (f"{took(run.p50_seconds):>8}{took(run.p95_seconds):>8}  ", "plain"), (daily, "plain"),
            ]
        )  # fmt: skip
        if run.partial or run.failed or run.cancelled:
            words = ", ".join(
                f"{n} {w}" for n, w in ((run.partial, "partial"), (run.failed, "failed"), (run.cancelled, "cancelled")) if n
            )
            lines.append([(f"{'':14}{words}", "dim")])
    return [*lines, [("", "plain")]]


def took(seconds: float | None) -> str:
    return "–" if seconds is None else f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"


def _landed(health: Health, width: int, blocks: bool) -> list[Line]:
    lines: list[Line] = [_title(f"Landed per day, {health.days[0]} to {health.days[-1]}")]
    if not health.landed:
        return [*lines, [("nothing landed in these days", "plain")], [("", "plain")]]
    for name, files in health.landed.items():
        size = size_text(sum(health.landed_bytes[name]))
        lines.append(
            [(f"  {safe(name, 11):<12}", "plain"), (spark(files, blocks=blocks), "plain"), (f"  {sum(files):,} files, {size}", "dim")]
        )  # fmt: skip
    sizes = [sum(day) for day in zip(*health.landed_bytes.values(), strict=True)]
    each = 2 if width >= 76 else 1
    lines.append([("", "plain")])
    lines += [[("  " + line, "plain")] for line in columns(sizes, 4, label=lambda v: size_text(int(v)), blocks=blocks, each=each)]
    lines.append([(f"  bytes a day, all platforms, {health.days[0]:%m-%d} to {health.days[-1]:%m-%d}", "dim")])
    return [*lines, [("", "plain")]]


def _storage(health: Health, width: int, blocks: bool) -> list[Line]:
    lines: list[Line] = [_title("Storage")]
    most = max((zone.size_bytes for zone in health.storage), default=0) or 1
    for zone in health.storage:
        bar = gauge(zone.size_bytes / most, 16, blocks=blocks)
        grown = f", {size_text(zone.grown_bytes)} of it in {len(health.days)} days" if zone.grown_bytes else ""
        lines.append(
            [(f"  {zone.zone:<12}{bar} ", "plain"), (f"{size_text(zone.size_bytes):>8}  {zone.files:,} files{grown}", "plain")]
        )
    disk = health.forecast
    used = 1 - disk.free_bytes / disk.total_bytes if disk.total_bytes else 0.0
    bar = gauge(used, 16, blocks=blocks)
    lines.append(
        [
            (f"  {'disk':<12}{bar} ", "plain"),
            (f"{used:>8.0%}  {size_text(disk.free_bytes)} of {size_text(disk.total_bytes)} free", "plain"),
        ]
    )
    return [*lines, *wrap(f"Forecast: {disk.in_words()}.", width - 2, "plain", "  ")]


def why_lines(why: Why, now: datetime, width: int) -> list[Line]:
    """Why a feed is late: the cause and what to do first, then what it rests on."""
    newest = _newest_runs(why, now, width)
    return [*cause_lines(why, now, width), _title("Runs"), *newest, [("", "plain")], _title("Captures"), *_captures(why)]


def cause_lines(why: Why, now: datetime, width: int) -> list[Line]:
    """Why a feed is late, what to do, and how its login stands."""
    feed = why.feed
    word, style = SIGN_OF.get(feed.state, (safe(feed.state, 20), "plain"))
    facts = f"data as of {feed.as_of}, {feed.age_days} d old" if feed.as_of else "no date was ever seen inside its data"
    limits = "".join(
        f", {word} after {days} d" for word, days in (("warned of", feed.warn_days), ("late", feed.fail_days)) if days is not None
    )
    lines: list[Line] = [
        [
            (f"{word.strip()}  ", style),
            (f"{safe(feed.feed, 80)} ", "title"),
            (f"{name_of(feed)}  ", "plain"),
            (facts + limits, "plain"),
        ],
        [("", "plain")],
    ]
    sentence = safe(why.sentence, 400)
    lines += wrap(f"{sentence[:1].upper()}{sentence[1:]}.", width, "strong")
    if why.command:
        lines.append([("→ ", "plain"), (safe(why.command, 200), "key")])
    lines.append([("", "plain")])
    if why.account is not None:
        sign, style = STATES.get(why.account.state, (" ", "plain"))
        lines += [
            _title("Login"),
            [(f"  {sign} {why.account.state}  ", style), (todo(why.account, now), "plain")],
            [("", "plain")],
        ]
    return lines


def _newest_runs(why: Why, now: datetime, width: int) -> list[Line]:
    lines: list[Line] = []
    for run in why.runs:
        took = f" in {span(run.ended_at - run.started_at)}" if run.ended_at else ""
        brought = "it came along" if why.feed.feed in run.landed else "a check" if run.purpose == "check" else "without this feed"
        state = run.state.value
        lines.append(
            [
                (f"  {status_word(state):<12}", state),
                (f" {moment(run.started_at)}, {ago(run.started_at, now)}{took}: {brought}", "plain"),
            ]
        )
        if run.error:
            lines += wrap(f"{SIGNS['error']} {safe(run.error, 300)}", width, "error", " " * 15)
            if run.hint:
                lines.append([(" " * 15 + "→ ", "plain"), (safe(run.hint, 200), "key")])
    return lines or [[("  none on record", "plain")]]


def _captures(why: Why) -> Sequence[Line]:
    return [
        [
            (f"  {status_word(row.status):<14}", row.status), (f"{moment(row.captured_at)}, data as of {row.as_of or 'no date'}  ", "plain"),
            (safe(row.first_code or "", 60), "warning"), (f"  {row.id[:10]}", "dim"),
        ]
        for row in why.captures
    ] or [[("  none", "plain")]]  # fmt: skip
