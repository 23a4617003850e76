"""sessions: what is known of a login, what it means, and import, rollback and forget in the vault."""

from __future__ import annotations

import json
import os
from datetime import timedelta
from typing import Any

import pytest

from bedrot_console.domain.accounts import FACT
from bedrot_console.domain.challenges import Secret
from bedrot_console.domain.errors import PermissionDenied, UsageError
from bedrot_console.domain.files import format_time
from bedrot_console.domain.identifiers import new_id
from bedrot_console.domain.runs import RunSpec, RunState, RunView
from bedrot_console.operations import extract, runs, sessions, vaulting
from bedrot_console.operations.run_process import Chronicle
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


@pytest.mark.parametrize(("ends", "later", "outlook"), [(30, 0, ""), (2, 0, "ends soon"), (1, 2, "ended"), (-1, 0, "")])
def test_a_stated_end_is_warned_of_ahead_with_the_command(real, clock, ends: float, later: float, outlook: str) -> None:
    """Three days before the end that the state itself names, and after it, but not for what was over when it was saved; `status` says so too."""
    real.vault.save("distrokid", "second", state(clock, ends=ends))
    clock.advance(later * DAY)
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
    assert len(info.lifetimes) == 1, "two states of one login have one life"
    assert info.outlook == "may end soon" and "12 d" in info.because and info.command.startswith("bedrot sessions check")


def test_one_life_cut_short_makes_no_later_login_suspect(real, clock) -> None:
    """The middle one of the last lives tells what is usual; and going back from a login that works is no life at all."""
    for days in (60, 50, 0.1, 55, 70):
        real.vault.save("distrokid", "default", state(clock))
        clock.advance(days * DAY)
        real.vault.reject("distrokid", "default", format_time(clock.now()))
    real.vault.save("distrokid", "default", state(clock))
    clock.advance(40 * DAY)
    assert len(only(real).lifetimes) == 5 and only(real).outlook == ""
    clock.advance(5 * DAY)
    assert only(real).outlook == "may end soon" and "after 55 d" in only(real).because
    for _ in range(3):
        real.vault.save("distrokid", "default", state(clock))
        clock.advance(7200)
        sessions.rollback(real, "distrokid")
    assert len(only(real).lifetimes) == 5


def test_the_end_of_a_token_that_the_platform_states_is_told(real, clock) -> None:
    """A platform without a browser login: the end is known as soon as a run was told it, under the credential's own name, until a new
    one is stored."""
    ends = format_time(clock.now() + timedelta(days=1))
    real.vault.note("youtube", "second", credential_ends_at=ends, credential="refresh_token")
    info = only(real)
    assert (info.platform, info.outlook, info.version) == ("youtube", "ends soon", 0)
    assert info.command == "bedrot secrets set youtube refresh_token --account second"
    vaulting.set_secret(real, "youtube", "client_id", Secret("made-up"), account="second")
    assert only(real).outlook == "ends soon"
    vaulting.set_secret(real, "youtube", "refresh_token", Secret("made-up"), account="second")
    assert sessions.sessions(real) == []


def test_what_runs_remember_makes_no_account_and_can_be_forgotten(real) -> None:
    """A fact is not listed among credentials and makes nothing due; `secrets remove` forgets it by its own name, once."""
    real.vault.put("spotify", "default", FACT + "locked_until", Secret("2026-03-02T10:00:00.000000Z"))
    assert vaulting.list_secrets(real) == [] and extract.due(real) == []
    vaulting.remove_secret(real, "spotify", "locked_until")
    assert list(real.vault.facts()) == []
    with pytest.raises(UsageError):
        vaulting.remove_secret(real, "spotify", "locked_until")


@pytest.mark.parametrize(
    ("ended", "code", "says", "kept"),
    [
        (RunState.DONE, None, "works", [1, 2, 3]), (RunState.FAILED, "login-lost", "dropped", [1, 3]),
        (RunState.FAILED, "access-error", "unproved", [1, 2, 3]), (RunState.FAILED, "source-blocked", "unproved", [1, 2, 3]),
        (RunState.FAILED, "source-unavailable", "unproved", [1, 2, 3]), (RunState.CANCELLED, "cancelled", "unproved", [1, 2, 3]),
        (RunState.FAILED, "run-died", "unproved", [1, 2, 3]),
    ],
)  # fmt: skip
def test_an_import_is_dropped_only_if_the_platform_no_longer_knows_it(real, clock, ended, code, says, kept) -> None:
    """Every other ending says nothing about the login; what was saved in between is never the one that goes."""
    real.vault.save("distrokid", "default", state(clock))
    jar = [{"domain": ".distrokid.com", "name": "sid", "value": "w" * 30, "path": "/", "httpOnly": True}]
    version, _ = sessions.import_login(real, "distrokid", json.dumps(jar).encode())
    real.vault.save("distrokid", "default", state(clock))
    view = RunView(id="r", platform="distrokid", account="default", state=ended, started_at=clock.now(), error_code=code)
    assert sessions.judge_import(real, "distrokid", "default", version, view) == says
    found = [n for n in (1, 2, 3) if (real.vault.folder / "sessions" / "distrokid" / "default" / f"{n:06d}.age").exists()]
    assert found == kept
    assert sessions.judge_import(real, "distrokid", "default", version, view) == says
    assert only(real).version == 3


def test_a_check_answers_a_lost_login_and_nothing_else(real) -> None:
    """One that went well ends that item only, and one that failed makes none: it neither brought anything nor was a run that may not be
    repeated."""

    def ending(purpose: str, ended: str, code: str | None) -> None:
        spec = RunSpec(id=new_id(real.clock.now()), platform="distrokid", purpose=purpose)
        human = {"exit_code": 3 if code else 0, "hint": "bedrot extract distrokid" if code else None}
        Chronicle(real, spec)({"kind": "ended", "state": ended, "error_code": code, "landed": [], "files": []} | human)

    def waiting() -> list[str]:
        return sorted(n.code for n in runs.needs_operator(real))

    for code in ("login-lost", "credentials-rejected", "source-blocked"):
        ending("check", "failed", code)
    assert waiting() == []
    for code in ("login-lost", "challenge-unanswered"):
        ending("extract", "failed", code)
    ending("check", "failed", "login-lost")
    assert waiting() == ["challenge-unanswered", "login-lost"]
    ending("check", "done", None)
    assert waiting() == ["challenge-unanswered"]
    assert [e.kind for e in real.journal.read()].count("run-ended") == 7


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


def test_an_export_is_read_from_regular_files_only_and_nothing_waits_for_a_writer(tmp_path) -> None:
    """A pipe that nobody writes to, a folder, a device: each is refused at once."""
    (tmp_path / "export.json").write_bytes(b"[]")
    os.mkfifo(tmp_path / "pipe")
    assert sessions.read_export(tmp_path / "export.json")[0] == b"[]"
    for name in (tmp_path / "pipe", tmp_path, "/dev/null"):
        with pytest.raises(UsageError, match=f"{name} is no regular file"):
            sessions.read_export(name)
    with pytest.raises(UsageError, match="nowhere cannot be read: No such file"):
        sessions.read_export(tmp_path / "nowhere")


@pytest.mark.parametrize(
    "pasted",
    [
        '[{"name": "sid", "value": "s3cr3t"}]',
        ".x.com\tTRUE\t/\tTRUE\t0\tsid\ts3cr3t",
        "sid\ns3cr3t",
        "s3cr3t\r",
        "s3cr3t" * 43,
        "s3cr3t{\0",
    ],
)
def test_a_login_pasted_where_its_path_belongs_is_not_repeated(pasted) -> None:
    """The message, and what it was raised from, hold nothing of it."""
    with pytest.raises(UsageError, match="what was given as a path cannot be read") as caught:
        sessions.read_export(pasted)
    assert "s3cr3t" not in f"{caught.value} {caught.value.hint}" and caught.value.__suppress_context__


def test_logins_are_imported_for_browser_platforms_only_and_never_read_only(real, home, clock) -> None:
    """A platform that signs in with a token says so; a read-only workspace refuses everything that writes."""
    with pytest.raises(UsageError, match="signs in with"):
        sessions.import_login(real, "metaads", b"[]")
    shut = Workspace(Settings.load(home, {}), clock=clock, read_only=True)
    for act in (lambda: sessions.import_login(shut, "distrokid", b"[]"), lambda: sessions.forget(shut, "distrokid")):
        with pytest.raises(PermissionDenied):
            act()
