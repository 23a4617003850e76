"""sessions: what is known of a login, what it means, and import, rollback and forget in the vault."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from bedrot_console.domain.errors import PermissionDenied, UsageError
from bedrot_console.domain.files import format_time
from bedrot_console.operations import sessions
from bedrot_console.operations.status import status
from bedrot_console.operations.workspace import Workspace
from bedrot_console.settings import Settings

DAY = 86_400


@pytest.fixture
def real(home, clock) -> Workspace:
    """A workspace with the platforms of the house."""
    ws = Workspace(Settings.load(home, {}), clock=clock)
    ws.prepare()
    return ws


def state(clock: Any, *, ends: float | None = None) -> dict[str, Any]:
    """A login state saved now, whose login cookie ends in so many days."""
    now = clock.now()
    expires = now.timestamp() + ends * DAY if ends is not None else -1
    cookie = {"name": "sid", "value": "v" * 30, "domain": "distrokid.com", "path": "/", "expires": expires, "httpOnly": True}
    return {"storage_state": {"cookies": [cookie], "origins": []}, "saved_at": format_time(now), "logged_in_at": format_time(now)}


def only(ws: Workspace) -> sessions.SessionInfo:
    (info,) = sessions.sessions(ws)
    return info


def test_nothing_is_guessed_about_a_login_that_states_no_end(real, clock) -> None:
    """No cookie names an end and none was observed: the end is unknown, whatever its age, and nothing is warned of."""
    real.vault.save("distrokid", "default", state(clock))
    clock.advance(400 * DAY)
    info = only(real)
    assert info.expires_at is None and info.outlook == "" and info.logged_in_at and info.proven_at


@pytest.mark.parametrize(("ends", "outlook"), [(30, ""), (2, "ends soon"), (-1, "ended")])
def test_a_stated_end_is_warned_of_ahead_with_the_command(real, clock, ends: float, outlook: str) -> None:
    """Three days before the end that the state itself names, and after it; `status` says so too."""
    real.vault.save("distrokid", "second", state(clock, ends=ends))
    info = only(real)
    assert info.outlook == outlook and bool(info.command) == bool(outlook)
    assert outlook == "" or info.command == "bedrot extract distrokid --account second"
    alerts = [a for a in status(real)["alerts"] if a["code"].startswith("session-")]
    assert [a["command"] for a in alerts] == ([info.command] if outlook else [])


def test_observed_lifetimes_are_learned_and_warn_of_the_next(real, clock) -> None:
    """A login that worked for 10 days and was rejected after 12 makes one of 10 days suspect, and one of 5 days not."""
    vault = real.vault
    first = state(clock)
    vault.save("distrokid", "default", first)
    clock.advance(10 * DAY)
    vault.save("distrokid", "default", first | {"saved_at": format_time(clock.now())})
    clock.advance(2 * DAY)
    vault.reject("distrokid", "default", format_time(clock.now()))
    vault.reject("distrokid", "default", format_time(clock.now()))
    assert only(real).outlook == "none saved"
    vault.save("distrokid", "default", state(clock))
    clock.advance(5 * DAY)
    info = only(real)
    assert info.lifetimes[0] == (10.0, 12.0) and info.outlook == ""
    clock.advance(5 * DAY)
    info = only(real)
    assert info.outlook == "may end soon" and "12 d" in info.because and info.command.startswith("bedrot sessions check")


def test_the_end_of_a_token_that_the_platform_states_is_told(real, clock) -> None:
    """A platform without a browser login: the end of its token is known as soon as a run was told it."""
    real.vault.note("metaads", "default", credential_ends_at=format_time(clock.now() + timedelta(days=1)))
    info = only(real)
    assert (info.platform, info.outlook, info.version) == ("metaads", "ends soon", 0)
    assert info.command == "bedrot secrets set metaads access_token"


def test_an_imported_login_is_saved_and_rolls_back(real, clock) -> None:
    """Import keeps the platform's own cookies as the newest version; rollback brings the one before; with none before it refuses."""
    with pytest.raises(UsageError):
        sessions.rollback(real, "distrokid")
    real.vault.save("distrokid", "default", state(clock, ends=20))
    jar = [{"domain": ".distrokid.com", "name": "sid", "value": "w" * 30, "path": "/", "httpOnly": True}]
    version, found = sessions.import_login(real, "distrokid", json.dumps(jar).encode())
    assert (version, found.cookies) == (2, 1)
    info = only(real)
    assert info.imported_at and info.logged_in_at is None and info.versions == 2
    before = sessions.rollback(real, "distrokid")
    assert before.logged_in_at and before.imported_at is None and before.versions == 1
    assert [e.kind for e in real.journal.read()] == ["session-saved", "session-failed"]
    sessions.forget(real, "distrokid")
    assert sessions.sessions(real) == []


def test_logins_are_imported_for_browser_platforms_only_and_never_read_only(real, home, clock) -> None:
    """A platform that signs in with a token says so; a read-only workspace refuses everything that writes."""
    with pytest.raises(UsageError, match="signs in with"):
        sessions.import_login(real, "metaads", b"[]")
    shut = Workspace(Settings.load(home, {}), clock=clock, read_only=True)
    for act in (lambda: sessions.import_login(shut, "distrokid", b"[]"), lambda: sessions.forget(shut, "distrokid")):
        with pytest.raises(PermissionDenied):
            act()
