"""runs: watch, answer, cancel; and what waits for an operator. Watching changes nothing; any number may watch."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from ..domain.challenges import Challenge, Look, Secret
from ..domain.errors import BedrotError
from ..domain.files import parse_time
from ..domain.runs import DIED, RunView
from .workspace import Workspace

if TYPE_CHECKING:
    from ..domain.events import Event
    from ..extraction.runs import Runs


@dataclass(frozen=True, slots=True)
class NeedsOperator:
    """Something that only a human can resolve: who, what, since when, and the command that resolves it.

    `stale_on` is by when: the first day on which the newest data of this account are too old by their feeds' declaration; None where
    that was not asked for (`by_when` does) or is not known.
    """

    id: str
    platform: str
    account: str
    run_id: str
    at: datetime
    code: str
    command: str
    stale_on: date | None = None


def of(ws: Workspace) -> Runs:
    """The runs of this home."""
    from ..extraction.runs import Runs

    return Runs(ws.runs_folder, ws.clock)


def list_runs(ws: Workspace, limit: int = 50) -> list[RunView]:
    """Newest first."""
    return of(ws).list_runs(limit)


def view(ws: Workspace, run: str) -> RunView:
    """One run, by id or a beginning of it. Raises UsageError."""
    return of(ws).view(run)


def read_events(ws: Workspace, run: str, after: int = 0) -> list[dict[str, Any]]:
    """Events of a run with `seq` > `after` that are there now; never waits."""
    return of(ws).read_events(run, after)


def follow(ws: Workspace, run: str, after: int = 0, stop: Callable[[], bool] | None = None) -> Iterator[dict[str, Any]]:
    """Events of a run with `seq` > `after`, then those to come, until it has ended or `stop()`."""
    return of(ws).follow(run, after, stop)


def cancel(ws: Workspace, run: str) -> RunView:
    """Cancel a run; returns when it is over. Raises LifecycleError when it has ended already."""
    ws.refuse_read_only()
    found = of(ws).cancel(run)
    if found.error_code == DIED:
        ws.record(ended(ws, found))
    return found


def cancel_all(ws: Workspace) -> list[tuple[str, RunView | BedrotError]]:
    """Cancel every run that has not ended, all at once; returns when they are over, by run id, newest first."""
    from concurrent.futures import ThreadPoolExecutor

    ws.refuse_read_only()
    going = [view.id for view in list_runs(ws, limit=1000) if not view.state.ended]

    def one(run: str) -> RunView | BedrotError:
        try:
            return cancel(ws, run)
        except BedrotError as error:
            return error

    with ThreadPoolExecutor(max_workers=8) as pool:
        return list(zip(going, pool.map(one, going), strict=True))


def settle(ws: Workspace) -> None:
    """Give every run that died its last word, in its folder and in the journal."""
    died = of(ws).settle()
    if died:
        ws.record(*(ended(ws, view) for view in died))


def ended(ws: Workspace, run: RunView) -> Event:
    """The journal's word on a run that can no longer give its own."""
    return ws.event(
        "run-ended", run=run.id, platform=run.platform, account=run.account, state=run.state.value, error_code=run.error_code,
        exit_code=run.exit_code, landed=list(run.landed), files=list(run.files),
    )  # fmt: skip


def open_challenges(ws: Workspace) -> list[Challenge]:
    """Challenges that wait for an answer now."""
    return of(ws).open_challenges()


def answer(ws: Workspace, challenge: str, value: Secret) -> Challenge:
    """Answer a challenge by its id or a beginning of it; returns when the run has taken the answer.

    Raises:
        ChallengeExpired: it is over, or somebody was faster.  UsageError: the wrong shape; no attempt was spent.
    """
    ws.refuse_read_only()
    return of(ws).answer(challenge, value)


def act(ws: Workspace, challenge: str, what: str) -> Challenge:
    """Choose one of a challenge's acts (`resend`, `other`, `done`). Raises as `answer`."""
    ws.refuse_read_only()
    return of(ws).act(challenge, what)


def look(ws: Workspace, challenge: str) -> Look:
    """What there is to see of a challenge now: the text of its QR code, or its page. Who may answer may look: a QR code is a login.

    Raises:
        ChallengeExpired: over.  UsageError: it shows nothing.  SourceChanged, SourceUnavailable: no code just now, or no answer in time.
    """
    ws.refuse_read_only()
    return of(ws).look(challenge)


def hand(ws: Workspace, challenge: str, act: Mapping[str, Any]) -> Challenge:
    """Do something on the live page of a `page` challenge: `{"act": "click", "x": 640, "y": 400}`, `type` (text), `press` (key), `scroll`
    (dy), `drag` (x, y, to_x, to_y), in pixels of its picture. Returns when it is done.

    Raises:
        ChallengeExpired: over.  UsageError: no such act, not on this page, or no page.  SourceUnavailable: no answer in time.
    """
    ws.refuse_read_only()
    return of(ws).hand(challenge, act)


def needs_operator(ws: Workspace, summary: Mapping[str, Any] | None = None) -> list[NeedsOperator]:
    """What waits for a human, oldest first: the published summary and the journal after it. Loads no database."""
    if summary is None:
        from ..catalog.summary import read_summary

        summary = read_summary(ws.home) or {}
    found: dict[str, NeedsOperator] = {}
    for item in summary.get("needs_operator", []):
        found[item["item"]] = NeedsOperator(
            item["item"],
            item["platform"],
            item["account"],
            item["run"],
            parse_time(item["raised_at"]),
            item["code"],
            item["command"],
        )
    for event in ws.journal.read(after=summary.get("applied_seq", 0)):
        data = event.data
        if event.kind == "needs-operator":
            found[data["item"]] = NeedsOperator(
                data["item"], data["platform"], data["account"], data["run"], event.at, data["code"], data["command"]
            )
        elif event.kind == "needs-operator-ended":
            found.pop(data["item"], None)
    return sorted(found.values(), key=lambda n: n.at)


def by_when(ws: Workspace, needs: Sequence[NeedsOperator], summary: Mapping[str, Any] | None = None) -> list[NeedsOperator]:
    """The same items with the day by which each must be resolved, the most urgent first. Loads no extractor once deadlines are known."""
    if not needs:
        return []
    from .asked import asked
    from .deadlines import deadlines

    if summary is None:
        from ..catalog.summary import read_summary

        summary = read_summary(ws.home) or {}
    fresh = [f for f in summary.get("freshness", []) if f.get("as_of")]
    limits, wanted = (deadlines(ws), asked(ws, fresh)) if fresh else ({}, lambda entry: False)
    days: dict[tuple[str, str], date] = {}
    for entry in fresh:
        warn, fail, _ = limits.get(entry["feed"], (None, None, False))
        limit = fail if fail is not None else warn
        if limit is None or not wanted(entry):
            continue
        key, stale = (entry["platform"], entry["account"]), date.fromisoformat(entry["as_of"]) + timedelta(days=limit + 1)
        days[key] = min(days.get(key, stale), stale)
    dated = [replace(need, stale_on=days.get((need.platform, need.account))) for need in needs]
    return sorted(dated, key=lambda n: (n.stale_on or date.max, n.at))
