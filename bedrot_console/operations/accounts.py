"""accounts: one record for each platform and account: how its login stands, what ends it, what was tried last, what to do by when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from ..domain.accounts import DEFAULT, account_flag
from ..domain.errors import BedrotError
from ..domain.runs import RunState, RunView
from . import runs
from .browse import PlatformInfo, platforms
from .runs import NeedsOperator
from .sessions import SessionInfo, sessions, usual_life
from .workspace import Workspace

STATES = (
    "does not load", "ended", "none saved", "needs you", "no credentials", "ends soon", "may end soon", "not proved", "no login yet", "good",
)  # fmt: skip
"""How a login stands, worst first. `no login yet`: the next run signs in. `not proved`: brought from elsewhere, and nobody saw it work."""
LOOKED_AT = 200
"""So many of the newest runs are looked through for the last one of each account."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountInfo:
    """One platform and account, with a saved login or without one.

    Attributes:
        state: one of STATES.  because: the fact behind it, empty when there is nothing to say.  command: what to do, or empty.
        session: what is known of the saved login; None when nothing is.
        ends_at: the soonest end that anybody states.  ends_by: what ends then.
        expected_end: (earliest, latest) by how long earlier logins lasted; None where that or the beginning is not known.
        credentials: sealed fields.  missing: fields that the platform wants and nobody has sealed.
        last_run: the newest run that extracted.  last_check: the newest that only proved the login.  sign: what proved it, if it did.
        need: what waits for a human.
    """

    platform: str
    account: str
    title: str = ""
    method: str = ""
    state: str = ""
    because: str = ""
    command: str = ""
    session: SessionInfo | None = None
    ends_at: datetime | None = None
    ends_by: str = ""
    expected_end: tuple[datetime, datetime] | None = None
    credentials: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    last_run: RunView | None = None
    last_check: RunView | None = None
    sign: str | None = None
    need: NeedsOperator | None = None


@dataclass(frozen=True, slots=True)
class Accounts:
    """All accounts, by platform and account. `trouble` says why the vault cannot be opened here, `hint` what to do about it."""

    rows: tuple[AccountInfo, ...] = ()
    trouble: str | None = None
    hint: str | None = None


def accounts(ws: Workspace) -> Accounts:
    """Every account of every platform that runs extract: known from the vault, from runs, or else the default one. Unseals nothing."""
    infos = {p.name: p for p in platforms(ws)}
    saved = {(info.platform, info.account): info for info in sessions(ws)}
    sealed: dict[tuple[str, str], list[str]] = {}
    for platform, account, name in ws.vault.names():
        sealed.setdefault((platform, account), []).append(name)
    recent = runs.list_runs(ws, limit=LOOKED_AT)
    needs = {(n.platform, n.account): n for n in runs.needs_operator(ws)}
    keys = {*saved, *sealed, *needs, *((r.platform, r.account) for r in recent)}
    seen = {platform for platform, _ in keys}
    keys |= {(name, DEFAULT) for name, p in infos.items() if name not in seen and (p.runs or p.problem)}
    rows = tuple(
        _account(ws, key, infos.get(key[0]), saved.get(key), sealed.get(key, []), recent, needs.get(key)) for key in sorted(keys)
    )
    trouble = ws.vault.trouble()
    return Accounts(rows, str(trouble) if trouble else None, trouble.hint if trouble else None)


def _account(
    ws: Workspace, key: tuple[str, str], known: PlatformInfo | None, session: SessionInfo | None, credentials: Sequence[str],
    recent: Sequence[RunView], need: NeedsOperator | None,
) -> AccountInfo:  # fmt: skip
    platform, account = key
    mine = [r for r in recent if (r.platform, r.account) == key]
    last_check = next((r for r in mine if r.purpose == "check"), None)
    missing = tuple(field for field in (known.secrets if known else ()) if field not in credentials)
    facts: dict[str, Any] = {
        "platform": platform, "account": account, "title": known.title if known else "", "method": known.method if known else "",
        "session": session, "credentials": tuple(credentials), "missing": missing, "need": need, "last_check": last_check,
        "last_run": next((r for r in mine if r.purpose != "check"), None), "sign": sign_of(ws, last_check),
        "expected_end": _expected_end(session),
    }  # fmt: skip
    if session is not None:
        stated = (("the token", session.credential_ends_at), ("what is saved", session.expires_at))
        ends = [(at, by) for by, at in stated if at is not None]
        if ends:
            facts["ends_at"], facts["ends_by"] = min(ends)
    facts["state"], facts["because"], facts["command"] = _state(platform, account, known, session, missing, need)
    return AccountInfo(**facts)


def _state(
    platform: str, account: str, known: PlatformInfo | None, session: SessionInfo | None, missing: Sequence[str],
    need: NeedsOperator | None,
) -> tuple[str, str, str]:  # fmt: skip
    flag = account_flag(account)
    outlook = session.outlook if session else ""
    if known is None or known.problem:
        return "does not load", (known.problem if known else None) or "there is no such platform here", "bedrot doctor"
    if session is not None and outlook in ("ended", "none saved"):
        return outlook, session.because, session.command
    if need is not None:
        return "needs you", f"the last run ended as {need.code} on {need.at:%Y-%m-%d %H:%M} UTC", need.command
    if session is not None and outlook:
        return outlook, session.because, session.command
    if session is not None and session.version:
        if session.proven_at is None:
            return "not proved", "nobody has seen this login work", f"bedrot sessions check {platform}{flag}"
        return "good", "", ""
    if missing:
        return "no credentials", f"it signs in with {', '.join(missing)}", f"bedrot secrets set {platform} {missing[0]}{flag}"
    if known.method == "browser":
        return "no login yet", "the next run signs in", f"bedrot extract {platform}{flag}"
    return "good", "", ""


def sign_of(ws: Workspace, check: RunView | None) -> str | None:
    """The positive sign that a check saw, from its own events."""
    if check is None or check.state is not RunState.DONE:
        return None
    try:
        return next((str(e["sign"]) for e in runs.read_events(ws, check.id) if e["kind"] == "proved"), None)
    except BedrotError:
        return None


def _expected_end(session: SessionInfo | None) -> tuple[datetime, datetime] | None:
    if session is None or not session.version or session.logged_in_at is None or not session.lifetimes:
        return None
    least, most = usual_life(session.lifetimes)
    return session.logged_in_at + timedelta(days=least), session.logged_in_at + timedelta(days=most)
