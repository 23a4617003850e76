"""Events of the journal as lines, and how the journal itself was found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ..domain.events import Event
from ..domain.text import safe
from .widgets.lines import RULE, Line, Piece, wrap
from .widgets.times import ago, moment

if TYPE_CHECKING:
    from ..operations.audit import AuditState

FIRST = (
    "verb",
    "verdict",
    "state",
    "outcome",
    "code",
    "platform",
    "feed",
    "account",
    "path",
    "target_path",
    "reason",
    "file",
    "run",
)
"""What a row says first of an event's data; the rest follows."""
STYLES = {
    "decided": "strong", "refused": "warning", "run-ended": "plain", "needs-operator": "waiting", "alert-raised": "warning",
    "session-failed": "warning", "torn-tail": "error", "chain-broken": "error", "ratchet-renewed": "warning", "orphaned": "warning",
}  # fmt: skip
LABEL = 22


def about(event: Event) -> str:
    """What the event says, in one line."""
    data = dict(event.data)
    sidecar = data.pop("sidecar", None)
    if isinstance(sidecar, Mapping):
        data |= {name: sidecar.get(name) for name in ("feed", "account")}
    named = [name for name in FIRST if data.get(name) not in (None, "", [], {})]
    data |= {name: str(data[name]).rsplit("/", 1)[-1] for name in ("path", "target_path") if data.get(name)}
    plain = ("verb", "verdict", "state", "outcome", "code", "platform", "feed", "path", "target_path")
    words = [
        safe(data[name], 160) if name in plain else f"{safe(name, 30)}={safe(data[name], 160)}" for name in [*named, *_rest(data)]
    ]
    return "  ".join(words)


def _rest(data: Mapping[str, Any]) -> list[str]:
    """Names of what else is worth a word in a row: plain values, where no path says what it is about."""
    if data.get("path") or data.get("target_path"):
        return []
    return [
        name
        for name, value in data.items()
        if name not in FIRST and value not in (None, "", [], {}) and not isinstance(value, dict | list)
    ]


def event_pieces(event: Event) -> list[Piece]:
    """A row: number, time, kind, who, what."""
    return [
        (f"{event.seq:,}", "dim"),
        (f"{event.at:%m-%d %H:%M:%S}", "plain"),
        (safe(event.kind, 30), STYLES.get(event.kind, "plain")),
        (safe(event.actor, 30), "plain"),
        (about(event), "plain"),
    ]


def event_lines(event: Event, width: int) -> list[Line]:
    """All fields of an event, one a line, nested ones with their path."""
    lines: list[Line] = [
        [(f"{safe(event.kind, 40)} ", "title"), (f"seq {event.seq:,}  {event.at:%Y-%m-%d %H:%M:%S.%f} UTC  ", "plain"), (f"{safe(event.actor, 60)} on {safe(event.host, 60)}", "dim")],
    ]  # fmt: skip
    for name, value in flat(event.data):
        first, *rest = wrap(safe(value, 2000), max(20, width - LABEL - 2))
        lines.append([(f"  {safe(name, LABEL - 1):<{LABEL - 1}} ", "dim"), *first])
        lines += [[(" " * (LABEL + 2), "plain"), *line] for line in rest]
    return lines


def flat(data: Mapping[str, Any], above: str = "") -> list[tuple[str, Any]]:
    """Fields with their path: `sidecar.feed`; lists of plain values in one line."""
    out: list[tuple[str, Any]] = []
    for name, value in data.items():
        path = f"{above}{name}"
        if isinstance(value, Mapping):
            out += flat(value, path + ".") if value else [(path, "none")]
        elif isinstance(value, list | tuple) and any(isinstance(v, Mapping) for v in value):
            for number, one in enumerate(value, 1):
                out += flat(one, f"{path}[{number}].") if isinstance(one, Mapping) else [(f"{path}[{number}]", one)]
        elif isinstance(value, list | tuple):
            out.append((path, ", ".join(map(str, value)) or "none"))
        else:
            out.append((path, "none" if value is None else value))
    return out


def state_line(
    state: AuditState | None,
    now: datetime,
    *,
    walking: int | None,
    looking: int | None,
    damaged: Sequence[int],
    verify: str = "v does",
) -> Line:
    """How the journal was found, or how far a walk through it is. `verify`: what verifies it here."""
    if state is None:
        return [("── ", "dim"), (RULE, "dim")]
    pieces: list[Piece] = [(f"── head {state.head:,} ", "strong")]
    if walking is not None:
        share = f" ({walking / state.head:.0%})" if state.head else ""
        pieces.append((f"▶ verifying: {walking:,}{share}, esc stops ", "running"))
    else:
        pieces += _found(state, now, verify)
    if damaged:
        pieces.append((f"✗ {len(damaged)} damaged line{'s' if len(damaged) != 1 else ''} here: {damaged[0]:,} ", "failed"))
    if looking is not None:
        pieces.append((f"▶ looking back: {looking:,}, esc stops ", "running"))
    return [*pieces, (RULE, "dim")]


def _found(state: AuditState, now: datetime, verify: str) -> list[Piece]:
    last = state.verified
    if last is None:
        return [(f"· never verified here, {verify} ", "pending")]
    if not last.ok:
        return [(f"✗ BROKEN at {last.first_bad_seq:,}: {safe(last.problem, 80)} ({ago(last.at, now)}) ", "failed")]
    new = max(0, state.head - last.seq)
    pieces: list[Piece] = [(f"✓ holds to {last.seq:,}, {ago(last.at, now)} ", "passed")]
    if new:
        pieces.append((f"· {new:,} new since ", "plain"))
    if last.breaks:
        pieces.append((f"! {len(last.breaks)} recorded break{'s' if len(last.breaks) != 1 else ''} ", "warned"))
    if last.anchor is not None:
        pieces.append((f"· anchored after {last.anchor:,} ", "plain"))
    return pieces


def verified(state: AuditState) -> tuple[str, str]:
    """How a walk that has just ended found the journal, as (sentence, kind)."""
    last = state.verified
    if last is None:
        return "nothing was verified", "warning"
    if last.ok:
        return f"verified: {last.lines:,} lines, the chain holds", "done"
    return f"the journal is not what was written: {last.problem} at seq {last.first_bad_seq:,}", "error"


def verified_lines(state: AuditState, width: int, walk: str = "v", anchored: str = "V") -> list[Line]:
    """Everything that is known of how the journal was found. `walk`, `anchored`: what verifies it here, and with an anchor."""
    last = state.verified
    lines: list[Line] = [[("  the newest line   ", "dim"), (f"seq {state.head:,}", "plain")]]
    if last is None:
        return [
            *lines,
            [("", "plain")],
            *wrap(
                f"It was never verified here. {walk} walks the whole chain of hashes; {anchored} also with an anchor that was kept elsewhere.",
                width,
            ),
        ]
    how = "the chain held" if last.ok else f"broken at seq {last.first_bad_seq:,}: {safe(last.problem, 200)}"
    facts = [
        ("found", how), ("when", f"{moment(last.at)} by {safe(last.by, 60)}"), ("lines", f"{last.lines:,}"),
        ("last good line", f"seq {last.seq:,}"), ("its hash", safe(last.head_hash, 80)),
        ("held to", f"seq {last.held:,}, the good end of the time before, is still the same line" if last.held is not None else "nothing noted before"),
        ("anchor", f"lines after seq {last.anchor:,} were proved by a key from outside" if last.anchor is not None else "none was given: who owns this machine could have written everything anew"),
    ]  # fmt: skip
    for name, text in facts:
        first, *rest = wrap(text, max(20, width - 20), "plain" if last.ok or name != "found" else "error")
        lines.append([(f"  {name:<17} ", "dim"), *first])
        lines += [[(" " * 20, "plain"), *line] for line in rest]
    for after, lost, aside in last.breaks:
        kept = f", kept in {safe(aside, 80)}" if aside else ""
        lines.append([("  recorded break    ", "dim"), (f"{lost:,} lost after seq {after:,}{kept}", "warning")])
    if not last.ok:
        lines += [
            [("", "plain")],
            *wrap(
                "Keep the journal as it is and compare it with a copy. Then: bedrot rebuild goes on without the damaged lines.",
                width,
                "strong",
            ),
        ]
    return lines
