"""accounts: every platform and account with how its login stands, worst named first, and what to do."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from bedrot_console.domain.challenges import Secret
from bedrot_console.domain.files import format_time
from bedrot_console.operations.accounts import STATES, AccountInfo, accounts
from bedrot_console.operations.workspace import Workspace
from bedrot_console.settings import Settings


@pytest.fixture
def real(home, clock) -> Workspace:
    """A workspace with the platforms of the house."""
    ws = Workspace(Settings.load(home, {}), clock=clock)
    ws.prepare()
    return ws


def state(clock: Any, *, days: float | None = None, **more: Any) -> dict[str, Any]:
    """A login state saved now, whose login cookie ends in so many days."""
    expires = clock.now().timestamp() + days * 86_400 if days is not None else -1
    cookie = {"name": "sid", "value": "v" * 30, "domain": "distrokid.com", "path": "/", "expires": expires, "httpOnly": True}
    at = format_time(clock.now())
    return {"storage_state": {"cookies": [cookie], "origins": []}, "saved_at": at, "logged_in_at": at, **more}


def of(ws: Workspace, account: str = "default") -> AccountInfo:
    return next(row for row in accounts(ws).rows if (row.platform, row.account) == ("distrokid", account))


def test_a_platform_nobody_has_used_is_there_with_the_command_that_begins(real) -> None:
    """Without credentials it says which; with them, that the next run signs in."""
    info = of(real)
    assert info.state == "no credentials" and info.missing == ("email", "password")
    assert info.command == "bedrot secrets set distrokid email"
    for field in info.missing:
        real.vault.put("distrokid", "default", field, Secret("x"))
    info = of(real)
    assert (info.state, info.command) == ("no login yet", "bedrot extract distrokid")
    assert info.credentials == ("email", "password") and not info.missing


def test_a_login_is_good_not_proved_or_ending_and_says_what_ends_it(real, clock) -> None:
    """The soonest end that anybody states, with its reason."""
    real.vault.save("distrokid", "default", state(clock, days=30))
    info = of(real)
    assert info.state == "good" and info.ends_by == "what is saved"
    assert info.ends_at == clock.now() + timedelta(days=30)
    real.vault.save("distrokid", "default", state(clock, days=30, unproved=True))
    assert of(real).state == "not proved" and of(real).command == "bedrot sessions check distrokid"
    real.vault.save("distrokid", "default", state(clock, days=1))
    assert of(real).state == "ends soon" and of(real).command == "bedrot extract distrokid"
    assert {r.state for r in accounts(real).rows} <= set(STATES)


def test_earlier_lives_tell_when_the_next_one_is_expected_to_end(real, clock) -> None:
    """From the day of signing in, by how long the usual earlier login worked and when it was refused."""
    real.vault.save("distrokid", "default", state(clock))
    clock.advance(10 * 86_400)
    real.vault.note("distrokid", "default", proven_at=format_time(clock.now()))
    clock.advance(2 * 86_400)
    real.vault.reject("distrokid", "default", format_time(clock.now()))
    assert of(real).state == "none saved" and of(real).expected_end is None
    real.vault.save("distrokid", "default", state(clock))
    assert of(real).expected_end == (clock.now() + timedelta(days=10), clock.now() + timedelta(days=12))


def test_a_vault_without_its_key_says_so_and_still_lists_what_is_known(real, clock) -> None:
    """Facts lie in the open; what is sealed cannot be used."""
    assert accounts(real).trouble is None
    real.vault.save("distrokid", "default", state(clock))
    real.vault.key_file.unlink()
    real.vault._identity = None
    found = accounts(real)
    assert found.trouble == "the vault has no key" and found.hint
    assert any(row.session and row.session.version == 1 for row in found.rows)


def test_the_command_line_lists_the_same(real, clock, home) -> None:
    """`sessions list --all --json`: one record for each platform and account."""
    from click.testing import CliRunner

    from bedrot_console.cli.root import root

    real.vault.save("distrokid", "default", state(clock, days=30))
    for words in (["--json"], []):
        said = CliRunner().invoke(root, ["--home", str(home), *words, "sessions", "list", "--all"])
        assert said.exit_code == 0 and "distrokid" in said.output and "tiktok" in said.output
