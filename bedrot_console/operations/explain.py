"""explain: why the data of a feed is as old as it is: what ran, what waits, how the login stands, and the one thing to do next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..domain.accounts import account_flag
from ..domain.browsing import FileFilter, FileRow
from ..domain.errors import UsageError
from ..domain.files import parse_time
from ..domain.lifecycle import Verdict, Zone
from ..domain.runs import RunState, RunView
from . import runs
from .accounts import AccountInfo, accounts
from .alerts import nothing_alert
from .browse import reader
from .health import FeedHealth, feeds
from .status import status
from .workspace import Workspace

SHOWN = 5
"""So many of the newest runs and captures are told."""
BAD_LOGIN = ("ended", "none saved", "no credentials", "does not load")


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """Why a feed is late, or is not.

    Attributes:
        sentence: the cause, as far as it is known here.  command: what to do about it; empty when only waiting helps.
        feed: how fresh it is.  account: how the login stands; None for a platform that nothing signs in to.
        runs: the newest of its account, newest first.  captures: the newest of it, newest first, good or not.
    """

    sentence: str
    command: str
    feed: FeedHealth
    account: AccountInfo | None
    runs: tuple[RunView, ...]
    captures: tuple[FileRow, ...]


_NOT_LATE = {
    "ok": "it is not late",
    "not judged": "this feed has no deadline",
    "not asked": "the settings no longer ask for it; its files stay",
}


def explain(ws: Workspace, feed: str, account: str = "default", series: str | None = None) -> Why:
    """Look for the cause in the order in which a person would: somebody is wanted, a capture waits, the login, the last run, the platform.

    Args:
        series: which one; None: the one that is latest over its deadline.

    Raises:
        UsageError: nothing of this feed and account ever landed, and no run was to bring it.
    """
    found = status(ws)
    known = [f for f in feeds(ws, found["freshness"]) if (f.feed, f.account) == (feed, account) and series in (None, f.series)]
    if not known:
        raise UsageError(f"nothing of {feed} ({account}) has landed", hint=f"bedrot extract {feed.partition('/')[0]}")
    of = known[0]
    login = next((a for a in accounts(ws).rows if (a.platform, a.account) == (of.platform, account)), None)
    recent = tuple(r for r in runs.list_runs(ws, limit=200) if (r.platform, r.account) == (of.platform, account))
    captures = tuple(reader(ws).files(FileFilter(feed=feed, account=account, series=of.series or None), limit=SHOWN))
    gave_nothing = next((a for a in found["alerts"] if a.get("alert") == nothing_alert(feed, account)), None)
    sentence, command = _cause(of, login, [r for r in recent if r.purpose == "extract"], captures, gave_nothing is not None)
    return Why(sentence=sentence, command=command, feed=of, account=login, runs=recent[:SHOWN], captures=captures)


def _cause(
    of: FeedHealth, login: AccountInfo | None, recent: Sequence[RunView], captures: Sequence[FileRow], gave_nothing: bool
) -> tuple[str, str]:
    flag = account_flag(of.account)
    last = recent[0] if recent else None
    if last is not None and not last.state.ended:
        return f"a run is at it: {last.stage or last.state}", f"bedrot attach {last.id}"
    if of.state in _NOT_LATE:
        return _NOT_LATE[of.state], ""
    if login is not None and login.need is not None:
        return f"a person is wanted since {login.need.at:%Y-%m-%d %H:%M} UTC: {login.need.code}", login.need.command
    waiting = next(filter(_waits, captures), None)
    if waiting is not None and not _good(captures[0]):
        return _waiting(waiting)
    if login is not None and login.state in BAD_LOGIN:
        return f"the login: {login.state}; {login.because}", login.command
    if last is None and login is None:
        return "its files are brought, not extracted, and nobody has brought a newer one", "bedrot land FILE"
    if last is None:
        return "nothing has run for it that is still on record", f"bedrot extract {of.platform}{flag}"
    began = f"{last.started_at:%Y-%m-%d %H:%M} UTC"
    if last.state in (RunState.FAILED, RunState.CANCELLED):
        return f"the last run ({began}) {last.state}: {last.error or 'without a word'}", last.hint or f"bedrot attach {last.id}"
    if last.state is RunState.DONE and of.feed in last.expected and of.feed not in last.landed and of.state == "never":
        return f"the platform showed nothing of it in the run of {began}, nor before", f"bedrot attach {last.id}"
    if gave_nothing:
        return f"the platform showed nothing of it in the run of {began}, and did before", f"bedrot attach {last.id}"
    if last.expected and of.feed not in last.landed:
        if of.feed in last.expected:
            return (
                f"the last run ({began}) did not bring it: {last.error or 'it ended before'}",
                last.hint or f"bedrot attach {last.id}",
            )
        return f"the last run ({began}) was not asked for it", f"bedrot extract {of.platform}{flag}"
    if of.last_landed_at is not None and captures and last.started_at < parse_time(of.last_landed_at):
        return (
            f"the platform had nothing newer: the file that landed on {of.last_landed_at[:10]} ends with {of.as_of or 'no date'}",
            f"bedrot show {captures[0].id}",
        )
    return f"no run since {began}", f"bedrot extract {of.platform}{flag}"


def _good(row: FileRow) -> bool:
    return row.verdict in (Verdict.PASSED, Verdict.WARNED) and row.zone in (Zone.LANDING, Zone.RAW)


def _waits(row: FileRow) -> bool:
    return not _good(row) and row.zone is not Zone.ERASED


def _waiting(row: FileRow) -> tuple[str, str]:
    when = f"the capture of {row.captured_at:%Y-%m-%d %H:%M} UTC"
    if row.zone is Zone.QUARANTINE:
        return f"{when} lies in quarantine: {row.first_code or 'by decision'}", f"bedrot show {row.id}"
    if row.verdict is None:
        return f"{when} waits to be validated", f"bedrot validate {row.id}"
    return f"{when} failed: {row.first_code or 'see its report'}", f"bedrot show {row.id}"
