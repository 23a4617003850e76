"""sessions: what is known of each saved login, what that means for tomorrow, and how one is brought, proved, rolled back, forgotten."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ..domain.accounts import account_flag
from ..domain.errors import LoginLost, PermissionDenied, UsageError
from ..domain.files import format_time, parse_time
from ..domain.runs import RunState, RunView
from ..extraction.imports import MOST_BYTES as MOST_BYTES
from . import extract
from .workspace import Workspace

AHEAD = timedelta(days=3)
"""A stated end is warned of so long before."""
WORN = 0.8
"""A login as old as this share of how long earlier ones usually lasted may end any day."""
RECENT = 5
"""So many of the last observed lives tell what is usual: one that was cut short by an accident does not make all later ones suspect."""

LONGEST_NAMED = 255
"""Bytes of a path that a message repeats; a longer one may be a login that was pasted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionInfo:
    """What is known of one login. Unknown stays None; nothing is guessed.

    Attributes:
        version: of the saved state; 0 when none is saved (a token's facts, or a login that was rejected).  versions: how many are kept.
        logged_in_at: a person signed in; unknown for an imported state.  saved_at: the state was last refreshed.
        proven_at: the positive sign was last seen.
        expires_at: the soonest end that cookies or tokens of the state name.  credential_ends_at: what the platform itself says of the token.
        lifetimes: of earlier logins, in days, newest last: (worked at least so long, no longer after). From signing in to being rejected;
            one for each login, however many of its saved states were rejected.
        outlook: `ended`, `ends soon`, `may end soon`, `none saved`, or empty: nothing speaks against it.
        because: the fact behind the outlook.  command: what to do about it, empty when there is nothing to do.
    """

    platform: str
    account: str
    version: int = 0
    versions: int = 0
    saved_at: datetime | None = None
    logged_in_at: datetime | None = None
    imported_at: datetime | None = None
    proven_at: datetime | None = None
    expires_at: datetime | None = None
    credential_ends_at: datetime | None = None
    lifetimes: tuple[tuple[float, float], ...] = ()
    outlook: str = ""
    because: str = ""
    command: str = ""


def sessions(ws: Workspace) -> list[SessionInfo]:
    """What is known of each login, sorted by platform and account."""
    return [_info(ws, platform, account) for platform, account in ws.vault.session_names()]


def _info(ws: Workspace, platform: str, account: str) -> SessionInfo:
    facts = ws.vault.session_info(platform, account) or {}
    times = ("saved_at", "logged_in_at", "imported_at", "proven_at", "expires_at", "credential_ends_at")
    known: dict[str, Any] = {name: _time(facts.get(name)) for name in times}
    lifetimes = _lifetimes(facts.get("rejected", ()))
    outlook, because, command = _outlook(platform, account, facts, known, lifetimes, ws.clock.now())
    return SessionInfo(
        platform=platform, account=account, version=facts.get("version", 0), versions=facts.get("versions", 0), lifetimes=lifetimes,
        outlook=outlook, because=because, command=command, **known,
    )  # fmt: skip


def _time(text: Any) -> datetime | None:
    try:
        return parse_time(text) if text else None
    except (ValueError, TypeError):
        return None


def _lifetimes(rejected: Sequence[Mapping[str, Any]]) -> tuple[tuple[float, float], ...]:
    """One lifetime for each login. When it ends, its older states are refused as well: the widest span that worked, the first refusal."""
    found: dict[str, tuple[float, float]] = {}
    for entry in rejected:
        life = _lifetime(entry)
        if life is not None:
            least, most = found.get(entry["logged_in_at"], life)
            found[entry["logged_in_at"]] = max(least, life[0]), min(most, life[1])
    return tuple(found.values())


def usual_life(lifetimes: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """What is usual among observed lives (`SessionInfo.lifetimes`): the middle one of the last few."""
    recent = sorted(lifetimes[-RECENT:], key=lambda pair: (pair[1], pair[0]))
    return recent[(len(recent) - 1) // 2]


def _lifetime(entry: Mapping[str, Any]) -> tuple[float, float] | None:
    """Days from signing in to the last sign of life, and to the rejection; None where the beginning or the end is not known."""
    begin, end = _time(entry.get("logged_in_at")), _time(entry.get("rejected_at"))
    last = max(filter(None, (_time(entry.get("saved_at")), _time(entry.get("proven_at")))), default=None)
    if begin is None or end is None or last is None or end < begin:
        return None
    day = timedelta(days=1)
    return round((last - begin) / day, 2), round((end - begin) / day, 2)


def _outlook(
    platform: str, account: str, facts: Mapping[str, Any], known: Mapping[str, datetime | None], lifetimes: Sequence[tuple[float, float]],
    now: datetime,
) -> tuple[str, str, str]:  # fmt: skip
    flag = account_flag(account)
    renew, check = f"bedrot extract {platform}{flag}", f"bedrot sessions check {platform}{flag}"
    if known["credential_ends_at"] is not None:
        renew_token = f"bedrot secrets set {platform} {facts.get('credential', 'access_token')}{flag}"
        if known["credential_ends_at"] <= now:
            return "ended", f"the token ended on {known['credential_ends_at']:%Y-%m-%d}", renew_token
        if known["credential_ends_at"] - now < AHEAD:
            return "ends soon", f"the token ends on {known['credential_ends_at']:%Y-%m-%d %H:%M} UTC", renew_token
    if not facts.get("version"):
        return ("none saved", "the last saved login was rejected", renew) if facts.get("rejected") else ("", "", "")
    end = known["expires_at"]
    if end is not None and end <= now:
        return "ended", f"what is saved ended on {end:%Y-%m-%d %H:%M} UTC", renew
    if end is not None and end - now < AHEAD:
        return "ends soon", f"what is saved ends on {end:%Y-%m-%d %H:%M} UTC", renew
    begin = known["logged_in_at"]
    if begin is not None and lifetimes:
        least, most = usual_life(lifetimes)
        age = (now - begin) / timedelta(days=1)
        if age >= WORN * most:
            return (
                "may end soon",
                f"{age:.0f} d old; earlier logins usually worked {least:.0f} d and were rejected after {most:.0f} d",
                check,
            )
    return "", "", ""


# -- acting ------------------------------------------------------------------------------------------------------------------


def check(ws: Workspace, platform: str, account: str = "default") -> str:
    """Start a run that proves the saved login and brings nothing; returns its id. Nobody is asked, no code is sent.

    The run ends with 0 and a `proved` event that names the positive sign, or with 3 (`login-lost`). Raises as `extract.start`.
    """
    return extract.start(ws, platform, account=account, attended=False, purpose="check")


def read_export(file: str | Path) -> tuple[bytes, bool]:
    """The bytes of a file that a browser's login was exported to, and whether others on this machine may read it.

    Raises:
        UsageError: no regular file, or it cannot be read. At most one byte more than an import takes is read. What looks like the login
            itself, pasted where its path belongs, is not repeated.
    """
    named = _named(str(file))
    try:
        opened = os.open(Path(file).expanduser(), os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError as error:
        raise UsageError(f"{named} cannot be read: {error.strerror}") from None
    except (ValueError, RuntimeError):
        raise UsageError(f"{named} cannot be read: it is no path") from None
    try:
        mode = os.fstat(opened).st_mode
        if not stat.S_ISREG(mode):
            raise UsageError(f"{named} is no regular file")
        with os.fdopen(opened, "rb", closefd=False) as source:
            return source.read(MOST_BYTES + 1), bool(mode & 0o044)
    except OSError as error:
        raise UsageError(f"{named} cannot be read: {error.strerror}") from None
    finally:
        os.close(opened)


def _named(file: str) -> str:
    """A path as a message names it."""
    pasted = "{" in file or "\t" in file or file.splitlines() != [file] or len(file.encode("utf-8", "replace")) > LONGEST_NAMED
    return "what was given as a path" if pasted else file


def import_login(ws: Workspace, platform: str, data: bytes, account: str = "default") -> tuple[int, Any]:
    """Save a login that was exported from a browser as the newest state. It is not proved yet: see `check`.

    Args:
        data: storage state, cookies.txt, or the JSON of a cookie editor; only what belongs to the platform's hosts is kept.

    Returns:
        The version, and an `extraction.imports.Imported`: how many cookies were kept and left out.

    Raises:
        UsageError: no such format, nothing of this platform in it, or the platform signs in with a token.
    """
    from ..extraction.imports import read_login

    _may_write(ws)
    extractor = ws.registry.load(platform)
    if extractor.method != "browser":
        fields = ", ".join(extractor.secrets) or "nothing"
        raise UsageError(
            f"{platform} has no login of a browser; it signs in with {fields}", hint=f"bedrot secrets set {platform} FIELD"
        )
    base = urlsplit(ws.settings.base_url(platform) or extractor.origin).hostname or ""
    now = ws.clock.now()
    found = read_login(data, (*extractor.login_hosts(), base), now.timestamp())
    ws.prepare()
    at = format_time(now)
    state = found.state | {"saved_at": at, "imported_at": at, "logged_in_at": None, "unproved": True}
    version = ws.vault.save(platform, account, state)
    ws.record(
        ws.event("session-saved", platform=platform, account=account, version=version, expires_at=_expiry(ws, platform, account))
    )
    return version, found


def rollback(ws: Workspace, platform: str, account: str = "default") -> SessionInfo:
    """Drop the newest saved login for the one before it; returns what is known then.

    Raises:
        UsageError: there is none before it. A login is dropped for good by `forget`.
    """
    _may_write(ws)
    info = ws.vault.session_info(platform, account) or {}
    if info.get("versions", 0) < 2:
        raise UsageError(
            f"{platform} ({account}) has no saved login before the newest one",
            hint=f"bedrot sessions forget {platform}{account_flag(account)}",
        )
    ws.vault.rollback(platform, account)
    ws.record(ws.event("session-failed", platform=platform, account=account, code="rolled-back"))
    return _info(ws, platform, account)


def judge_import(ws: Workspace, platform: str, account: str, version: int, checked: RunView) -> str:
    """What the run that checked an imported login says about it: `works`, `dropped`, or `unproved`.

    Only a login that the platform no longer knows is dropped, and only this version: a captcha, a block, a platform that is down or a check
    that was cut off say nothing about it, and people import just where such things stand in the way.
    """
    _may_write(ws)
    if checked.state is RunState.DONE:
        return "works"
    if checked.error_code != LoginLost("").code:
        return "unproved"
    if ws.vault.reject(platform, account, format_time(ws.clock.now()), version=version):
        ws.record(ws.event("session-failed", platform=platform, account=account, code="rejected"))
    return "dropped"


def forget(ws: Workspace, platform: str, account: str = "default") -> None:
    """Drop every saved login of an account and what was known of them; the next run logs in anew."""
    _may_write(ws)
    ws.vault.forget(platform, account)


def _expiry(ws: Workspace, platform: str, account: str) -> str | None:
    return (ws.vault.session_info(platform, account) or {}).get("expires_at")


def _may_write(ws: Workspace) -> None:
    if ws.read_only:
        raise PermissionDenied("this workspace is read-only")
