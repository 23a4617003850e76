"""check: saved queries whose rows are violations. What one finds stands as an alert until it finds nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ..domain.errors import BedrotError, UsageError
from . import queries, sql
from .alerts import CHECK, check_alert, open_alerts
from .queries import SavedQuery
from .workspace import Workspace

COUNTED_ROWS = 100_000
SHOWN_ROWS = 5
TIME_SECONDS = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """What a check found. `outcome` is `passed`, `failed` (rows broke it) or `broken` (it could not be asked; `problem` says why).

    `rows` counts violations; `more` says there are more than were counted. `sample` holds the first few, in the order of `columns`. `notes`
    say what to know of payloads that it read; `partial`: some were left out, or rows of them.
    """

    name: str
    severity: str
    scope: str
    outcome: str
    rows: int = 0
    more: bool = False
    columns: tuple[str, ...] = ()
    sample: tuple[tuple[Any, ...], ...] = ()
    problem: str = ""
    notes: tuple[str, ...] = ()
    partial: bool = False

    @property
    def sentence(self) -> str:
        """How it went, in words."""
        if self.outcome == "broken":
            return f"could not be asked: {self.problem}"
        partial = "; not all payloads could be read" if self.partial else ""
        if self.outcome == "passed":
            return f"nothing breaks it{partial}"
        many = f"{self.rows:,}{'+' if self.more else ''}"
        return f"{many} row{'s' if self.rows != 1 else ''} break{'s' if self.rows == 1 else ''} it{partial}"


def checks(ws: Workspace) -> list[SavedQuery]:
    """Saved queries that are checks, by name."""
    return [q for q in queries.saved(ws) if q.check]


def run(ws: Workspace, names: Sequence[str] = ()) -> Iterator[CheckResult]:
    """Run checks, all without names, and give each result as it is there.

    Alerts are raised and ended on the way, unless the workspace is read-only.

    Raises:
        UsageError: a name that is no check's.
    """
    known = {q.name: q for q in checks(ws)}
    for name in names:
        if name not in known:
            queries.load(ws, name)
            raise UsageError(
                f"{name} is a saved query, but no check", hint=f"make it one: bedrot sql --save {name} --check error"
            )
    results = []
    try:
        for query in [known[n] for n in names] if names else list(known.values()):
            result = ask(ws, query)
            results.append(result)
            yield result
    finally:
        _tell(ws, results, None if names else set(known))


def ask(ws: Workspace, query: SavedQuery) -> CheckResult:
    """Run one check and say what it found."""
    about: dict[str, Any] = {"name": query.name, "severity": query.check or "error", "scope": query.scope}
    rows = 0
    sample: list[tuple[Any, ...]] = []
    try:
        child = sql.start(ws, query.text, limit_rows=COUNTED_ROWS, timeout_seconds=TIME_SECONDS, scope=query.scope or None)
        with child.open() as answer:
            for batch in answer.batches():
                rows += len(batch)
                sample += batch[: SHOWN_ROWS - len(sample)]
    except BedrotError as error:
        return CheckResult(**about, outcome="broken", problem=str(error))
    return CheckResult(
        **about,
        outcome="failed" if rows else "passed",
        rows=rows,
        more=rows == COUNTED_ROWS and answer.truncated,
        columns=answer.columns,
        sample=tuple(sample),
        notes=tuple(answer.notes),
        partial=answer.partial,
    )


def ended(ws: Workspace, name: str) -> None:
    """A check is gone: so is its alert."""
    if check_alert(name) in open_alerts(ws):
        with ws.writing():
            ws.record(ws.event("alert-ended", alert=check_alert(name)))


def _tell(ws: Workspace, results: Sequence[CheckResult], known: set[str] | None) -> None:
    """Raise alerts for what failed, end those of what passed, and, with all checks `known`, those of checks that are no more."""
    if ws.read_only:
        return
    standing = open_alerts(ws)
    events = []
    for result in results:
        alert = check_alert(result.name)
        if result.outcome != "passed" and alert not in standing:
            subject = f"{result.name} ({result.severity}{', ' + result.scope if result.scope else ''})"
            events.append(ws.event("alert-raised", alert=alert, code=f"{CHECK}-{result.outcome}", subject=subject))
        elif result.outcome == "passed" and alert in standing:
            events.append(ws.event("alert-ended", alert=alert))
    if known is not None:
        gone = sorted(a for a in standing if a.startswith(check_alert("")) and a not in {check_alert(n) for n in known})
        events += [ws.event("alert-ended", alert=alert) for alert in gone]
    if events:
        with ws.writing():
            ws.record(*events)
