"""An account in words: what is known of its login, what ends it, what to do by when."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from ..domain.runs import RunView
from ..domain.text import safe
from .palette import SIGNS
from .widgets.lines import Line, Piece, wrap
from .widgets.times import ago, moment, span, until

if TYPE_CHECKING:
    from ..operations.accounts import AccountInfo as Account

STATES: dict[str, tuple[str, str]] = {
    "does not load": ("✗", "failed"),
    "ended": ("✗", "failed"),
    "none saved": ("✗", "failed"),
    "needs you": ("?", "waiting"),
    "no credentials": ("!", "warned"),
    "ends soon": ("!", "warned"),
    "may end soon": ("!", "warned"),
    "not proved": ("·", "pending"),
    "no login yet": ("·", "pending"),
    "good": ("✓", "passed"),
}
"""State of a login: sign and style. The word always stands beside."""


def state_piece(account: Account) -> Piece:
    sign, style = STATES.get(account.state, (" ", "plain"))
    return f"{sign} {account.state}", style


def ends_text(account: Account, now: datetime) -> str:
    """When it ends, in few cells; `~` before what is only expected."""
    if account.ends_at is not None:
        return until(account.ends_at, now)
    if account.expected_end is not None:
        return f"~{until(account.expected_end[1], now)}"
    return "not known" if account.session is not None and account.session.version else "–"


def run_text(run: RunView | None, now: datetime) -> Piece:
    """`3 d ago ✓`"""
    if run is None:
        return "never", "dim"
    return f"{ago(run.started_at, now)} {SIGNS.get(run.state.value, ' ')}", run.state.value


def account_lines(account: Account, now: datetime, width: int, key: str = "y copies it") -> list[Line]:
    """Everything about one account, the thing to do first. `key`: what the face does with the command beside it."""
    sign, style = STATES.get(account.state, (" ", "plain"))
    method = f"  signs in by {safe(account.method, 20)}" if account.method else ""
    name = f"{safe(account.platform, 40)} ({safe(account.account, 60)})"
    lines: list[Line] = [[(f"{sign} {account.state}  ", style), (name, "title"), (f"  {safe(account.title, 60)}{method}", "dim")]]
    lines += wrap(todo(account, now), width, "strong")
    if account.command:
        lines.append([("  ", "plain"), (safe(account.command, 200), "key"), (f"   {key}" if key else "", "dim")])
    for label, text in _facts(account, now):
        first, *rest = wrap(safe(text, 400), max(20, width - 14))
        lines.append([(f"  {label:<11} ", "dim"), *first])
        lines += [[(" " * 14, "plain"), *line] for line in rest]
    return lines


def todo(account: Account, now: datetime) -> str:
    """One sentence: what to do, by when, and why."""
    because = safe(account.because, 300)
    if account.state == "good":
        if account.expected_end is not None and account.ends_at is None:
            return f"Nothing to do. By earlier logins a new one will be wanted about {account.expected_end[0]:%Y-%m-%d}."
        return "Nothing to do." if account.ends_at is None else f"Nothing to do before {account.ends_at:%Y-%m-%d}."
    if account.state == "ends soon" and account.ends_at is not None:
        return f"Sign in anew by {moment(account.ends_at)} ({until(account.ends_at, now)}): {because}."
    if account.state == "may end soon":
        return f"Check it now, and be there for the next run: {because}."
    if account.state in ("ended", "none saved"):
        return f"Sign in anew before the next unattended run, which would fail: {because}."
    if account.state == "needs you":
        return f"A person is wanted now: {because}."
    if account.state == "not proved":
        return f"Check it before a run relies on it: {because}."
    if account.state == "no login yet":
        return f"Be there for the first run: {because}."
    if account.state == "no credentials":
        return f"Store what it signs in with, or import a login: {because}."
    return because[:1].upper() + because[1:] + "."


def _facts(account: Account, now: datetime) -> list[tuple[str, str]]:
    facts: list[tuple[str, str]] = []
    session = account.session
    if session is not None and session.version:
        if session.logged_in_at is not None:
            facts.append(("signed in", f"{moment(session.logged_in_at)}, {ago(session.logged_in_at, now)}"))
        elif session.imported_at is not None:
            facts.append(
                (
                    "imported",
                    f"{moment(session.imported_at)}, {ago(session.imported_at, now)}; when it was signed in is not known",
                )
            )
        if session.saved_at is not None:
            facts.append(("refreshed", f"{moment(session.saved_at)}, version {session.version}, {session.versions} kept"))
        proved = f"{moment(session.proven_at)}, {ago(session.proven_at, now)}" if session.proven_at else "never seen working"
        facts.append(("proved", proved))
    if account.ends_at is not None:
        over = "ended" if account.ends_at <= now else "ends"
        facts.append(
            (
                "end",
                f"{moment(account.ends_at)}, {until(account.ends_at, now)}: {account.ends_by} {over} then, as it states itself",
            )
        )
    elif session is not None and session.version:
        facts.append(("end", "nothing that is saved states one"))
    if account.expected_end is not None:
        first, last = account.expected_end
        lives = ", ".join(f"{least:.0f}–{most:.0f} d" for least, most in (session.lifetimes if session else ())[-5:])
        when = f"{first:%Y-%m-%d}" if first.date() == last.date() else f"{first:%Y-%m-%d} to {last:%Y-%m-%d}"
        facts.append(
            ("forecast", f"{when}: earlier logins worked for the first and were refused after the second figure: {lives}")
        )
    facts.append(("last check", _run(account.last_check, now, account.sign)))
    facts.append(("last run", _run(account.last_run, now)))
    if account.need is not None:
        facts.append(("waits", f"{account.need.code} since {moment(account.need.at)}"))
    if account.credentials or account.missing:
        kept = ", ".join(account.credentials) or "nothing"
        facts.append(("credentials", f"sealed: {kept}" + (f"; missing: {', '.join(account.missing)}" if account.missing else "")))
    return facts


def _run(run: RunView | None, now: datetime, sign: str | None = None) -> str:
    if run is None:
        return "none"
    took = f" in {span(run.ended_at - run.started_at)}" if run.ended_at else ""
    said = sign or run.error or (run.stage if not run.state.ended else run.brought if run.expected else "")
    hint = f" → {run.hint}" if run.hint else ""
    return (
        f"{ago(run.started_at, now)}, {SIGNS.get(run.state.value, '')} {run.state.value}{took}{': ' if said else ''}{said}{hint}"
    )
