"""Runs as lines: an event of the log, a row of the list, the head of one run. Pure; texts from outside are made safe here."""

from __future__ import annotations

import shlex
from collections import deque
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from ..domain.accounts import account_flag
from ..domain.challenges import Challenge
from ..domain.runs import RunState, RunView
from ..domain.text import safe
from . import operator
from .palette import SIGNS, size_text, status_word
from .widgets.lines import RULE, Piece
from .widgets.log import ALL, ERRORS, WARNINGS, Entry

_LEVELS = {"warning": "warning", "warn": "warning", "error": "error", "debug": "dim", "note": "dim"}
_BAR = 8
WINDOW = timedelta(seconds=60)
"""How far back throughput looks while a run is under way."""
SETTLED = timedelta(seconds=5)
"""Before that there is no throughput worth saying."""


# one event


def entry_of(event: Mapping[str, Any]) -> Entry | None:
    """One event of a run: time, sign, words. Answers never stand in events. None for one whose line of the log says it already."""
    kind = str(event.get("kind", ""))
    if kind == "nothing":
        return None
    at = safe(str(event.get("at", ""))[11:19], 8)
    level, pieces, stage = _words(kind, event)
    return Entry([(f" {at} ", "dim"), *pieces], level, stage)


def _words(kind: str, event: Mapping[str, Any]) -> tuple[int, list[Piece], str]:
    """(level, words, the stage's name where it is one)."""
    if kind == "log":
        word = safe(event.get("level", "info"), 10)
        level = ERRORS if word == "error" else WARNINGS if word in ("warning", "warn") else ALL
        sign = {ERRORS: "✗", WARNINGS: "!"}.get(level, " ")
        return level, [(f"{sign} {safe(event.get('text', ''), 2000)}", _LEVELS.get(word, "plain"))], ""
    if kind == "stage":
        name = safe(event.get("stage", ""), 120)
        return ALL, [(f"▶ {name} ", "strong"), (progress(event.get("done"), event.get("total")), "plain")], name
    if kind == "state":
        state = safe(event.get("state", ""), 20)
        return ALL, [(f"{SIGNS.get(state, ' ')} {state}", state)], ""
    if kind == "challenge":
        challenge = event.get("challenge")
        asked = challenge if isinstance(challenge, dict) else event
        error = asked.get("error")
        refused: list[Piece] = [(f"✗ {safe(error, 200)}  ", "error")] if error else []
        again = "asks again: " if error else "? the platform asks: "
        return WARNINGS, [*refused, (f"{again}{safe(asked.get('prompt') or 'an answer', 300)}", "waiting")], ""
    if kind == "challenge-ended":
        by = f" by {safe(event['by'], 60)}" if event.get("by") else ""
        return ALL, [(f"  question {safe(event.get('state', ''), 40)}{by}", "plain")], ""
    if kind == "hand":
        return ALL, [(f"  on the page: {safe(event.get('act', ''), 20)} by {safe(event.get('by') or '', 60)}", "dim")], ""
    if kind == "ended":
        state = safe(event.get("state", "ended"), 20)
        level = ALL if state == "done" else WARNINGS if state in ("partial", "cancelled") else ERRORS
        return level, [(f"{SIGNS.get(state, ' ')} ended: {state}  {safe(event.get('error') or '', 300)}", state)], ""
    if kind == "landed":
        name = safe(str(event.get("path", "")).rsplit("/", 1)[-1], 200)
        size = event.get("size_bytes")
        sized: list[Piece] = [(f"  {size_text(size)}", "dim")] if isinstance(size, int) else []
        return ALL, [(f"✓ landed {safe(event.get('feed', ''), 60)}  ", "passed"), (name, "plain"), *sized], ""
    if kind == "validated":
        verdict = safe(event.get("verdict", ""), 20)
        level = {"failed": ERRORS, "warned": WARNINGS}.get(verdict, ALL)
        codes = ", ".join(safe(c, 60) for c in event.get("codes") or ())
        return (
            level,
            [(f"{SIGNS.get(verdict, ' ')} {verdict} {safe(event.get('feed', ''), 60)}  ", verdict), (codes, "plain")],
            "",
        )
    if kind == "session":
        return ALL, [(f"  login {safe(event.get('act', ''), 20)}", "dim")], ""
    words = "  ".join(f"{safe(k, 30)}={safe(v, 200)}" for k, v in event.items() if k not in ("seq", "at", "kind"))
    return ALL, [(f"  {safe(kind, 30)}  ", "plain"), (words, "plain")], ""


def progress(done: object, total: object) -> str:
    """`3 of 12 ▮▮▯▯▯▯▯▯`, `3`, or nothing; numbers are the run's own words, so anything may stand there."""
    if not isinstance(done, int):
        return "" if done is None else safe(done, 20)
    if not isinstance(total, int) or total <= 0:
        return f"{done:,}"
    full = max(0, min(_BAR, done * _BAR // total))
    return f"{done:,} of {total:,} {'▮' * full}{'▯' * (_BAR - full)}"


# throughput


class Pace:
    """How fast runs land files: over the last minute while they run, over all of it once they ended."""

    def __init__(self) -> None:
        self._seen: dict[str, deque[tuple[datetime, int, int]]] = {}

    def note(self, runs: Sequence[RunView], now: datetime) -> None:
        """Remember how much has landed by now; what is over is forgotten."""
        going = {run.id: run for run in runs if not run.state.ended}
        for gone in self._seen.keys() - going.keys():
            del self._seen[gone]
        for run in going.values():
            samples = self._seen.setdefault(run.id, deque())
            samples.append((now, len(run.files), run.landed_bytes))
            while len(samples) > 1 and now - samples[0][0] > WINDOW:
                samples.popleft()

    def per_minute(self, run: RunView, now: datetime) -> tuple[float, float] | None:
        """(files, bytes) per minute; None while it is too early, or where nothing landed."""
        samples = self._seen.get(run.id)
        if run.state.ended or not samples or now - samples[0][0] < SETTLED:
            since, files, size = run.started_at, 0, 0
        else:
            since, files, size = samples[0]
        span = (run.ended_at or now) - since
        if span < SETTLED or not run.files:
            return None
        minutes = span.total_seconds() / 60
        return (len(run.files) - files) / minutes, (run.landed_bytes - size) / minutes


def rate_text(value: float) -> str:
    """`0.4`, `12`, `1,200`."""
    return f"{value:,.0f}" if value >= 10 else f"{value:.1f}"


def span_text(span: timedelta) -> str:
    """`0:42`, `12:05`, `1h05`, `3d04`."""
    seconds = max(0, int(span.total_seconds()))
    if seconds < 3600:
        return f"{seconds // 60}:{seconds % 60:02d}"
    if seconds < 86400:
        return f"{seconds // 3600}h{seconds // 60 % 60:02d}"
    return f"{seconds // 86400}d{seconds // 3600 % 24:02d}"


def elapsed(run: RunView, now: datetime) -> str:
    return span_text((run.ended_at or now) - run.started_at)


def landed_text(run: RunView) -> str:
    """`3 files 1.2M`."""
    count = f"{len(run.files):,} file{'s' if len(run.files) != 1 else ''}"
    return f"{count} {size_text(run.landed_bytes)}" if run.landed_bytes else count


# a row, a head


def row_pieces(run: RunView, challenge: Challenge | None, pace: Pace, now: datetime) -> list[Piece]:
    """A run as a row: state, platform, account, elapsed, feeds, what it does or how it ended, files and bytes per minute, start, id."""
    speed = pace.per_minute(run, now)
    if challenge is not None:
        left = operator.time_left(challenge, now)
        what: Piece = (f"{challenge.kind.value} wanted{', ' + left if left else ''}: a", "waiting")
    elif not run.state.ended:
        what = (f"{safe(run.stage, 120)} {progress(run.done, run.total)}".rstrip(), "plain")
    elif run.missing and run.state is RunState.PARTIAL:
        what = (f"missing {_names(run.missing)} · {landed_text(run)}", "warning")
    elif run.error:
        what = (safe(run.error, 200), "error")
    else:
        what = (landed_text(run), "plain")
    return [
        (status_word(run.state.value), run.state.value),
        (safe(run.platform, 40), "plain"),
        (safe(run.account, 40), "plain"),
        (elapsed(run, now), "plain"),
        (f"{run.feeds_landed}/{len(run.expected)}" if run.expected else f"{run.feeds_landed}", "plain"),
        what,
        (rate_text(speed[0]) if speed else "", "plain"),
        (size_text(int(speed[1])) if speed else "", "plain"),
        (run.started_at.strftime("%m-%d %H:%M"), "dim"),
        (safe(run.id[:10]), "dim"),
    ]


def head_pieces(run: RunView, pace: Pace, now: datetime) -> list[Piece]:
    """A run in one line: state, how far, what landed, how fast; once it ended, what is missing, why, and the next command."""
    state = run.state.value
    since = "" if run.state.ended else f"{elapsed(run, now)} "
    pieces: list[Piece] = [(f"── {SIGNS.get(state, ' ')} {state} {since}", state)]
    stage = f"{safe(run.stage, 60)} {progress(run.done, run.total)}".strip()
    if not run.state.ended and stage:
        pieces.append((f"· {stage} ", "strong"))
    if run.expected:
        size = f", {size_text(run.landed_bytes)}" if run.landed_bytes else ""
        pieces.append((f"· {run.brought}{size} ", "plain"))
    speed = pace.per_minute(run, now) if not run.state.ended else None
    if speed:
        pieces.append((f"· {rate_text(speed[0])} files/min {size_text(int(speed[1]))}/min ", "plain"))
    if run.state.ended:
        if run.missing:
            pieces.append((f"· missing {_names(run.missing)} ", "warning"))
        if run.error:
            pieces.append((f"· {safe(run.error, 160)} ", "error"))
    return [*pieces, (RULE, "dim")]


def next_pieces(run: RunView) -> list[Piece]:
    """After a run that brought less than it should: what to do now. Empty after any other."""
    if not run.state.ended or run.state is RunState.DONE:
        return []
    again = "r runs the rest" if run.again else "r runs it again"
    pieces: list[Piece] = [(f" → {safe(run.hint, 200)} ", "strong")] if run.hint else []
    return [*pieces, (f" {again}: ", "dim"), (safe(command(run), 200), "strong")]


def command(run: RunView) -> str:
    """What a shell types to run it again, or what it did not bring."""
    feeds = "".join(f" --feed {shlex.quote(feed.rsplit('/', 1)[-1])}" for feed in run.again)
    return f"bedrot extract {run.platform}{feeds}{account_flag(run.account)}"


def _names(feeds: Sequence[str]) -> str:
    return safe(", ".join(feed.rsplit("/", 1)[-1] for feed in feeds), 80)
