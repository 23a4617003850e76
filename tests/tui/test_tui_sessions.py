"""Sessions: how logins stand in words, checks with their result, and import, rollback and forget behind a question."""

from __future__ import annotations

from fake_lake import FakeLake

from bedrot_console.domain.errors import AlreadyRunning
from bedrot_console.domain.runs import RunState


def test_each_account_stands_with_its_state_and_what_ends_it(drive):
    """A row for each platform and account; the pane says what to do by when, with the command."""

    async def scenario(d):
        await d.press("4")
        assert "✓ good" in d.screen and "! ends soon" in d.screen and "! no credentials" in d.screen
        assert "By earlier logins a new one will be wanted about 2026-03-05" in d.screen
        assert "12–14 d" in d.screen
        await d.press("j")
        assert "Sign in anew by 2026-03-05 09:30 UTC" in d.screen
        assert "bedrot extract distrokid --account second" in d.screen
        await d.press("end")
        assert "the next run signs in" in d.screen
        await d.press("c")
        assert "check: no login is saved; s starts a run that makes one" in d.notice

    drive(FakeLake(10), scenario)


def test_a_check_shows_how_it_goes_and_how_it_ended_wherever_one_is(drive):
    """`c` starts it; the result comes by itself, also in another place."""
    lake = FakeLake(10)

    async def scenario(d):
        await d.press("4", "c")
        assert lake.told == [("check", "distrokid", "default")] and "▶ checking…" in d.screen
        assert "a check runs: opening the page" in d.screen
        await d.press("c")
        assert d.notice == "check: a check runs"
        await d.press("1")
        lake.end_check(RunState.DONE, sign="the menu names the account")
        await d.beat()
        assert d.notice == "distrokid (default): the login works; the menu names the account"
        await d.press("4")
        assert "checking…" not in d.screen

    drive(lake, scenario)


def test_an_import_is_asked_for_a_path_checked_and_judged(drive):
    """The content is never shown; what does not work is dropped, and the operator is told."""
    lake = FakeLake(10)
    lake.judged = "dropped"

    async def scenario(d):
        await d.press("4", "j", "i", "enter")
        assert "a path is needed" in d.screen
        d.app.screen.query_one("#line").value = "/nowhere"
        await d.press("enter")
        assert "cannot be read" in d.notice and not lake.told
        await d.press("i")
        d.app.screen.query_one("#line").value = "/tmp/seen"
        await d.press("enter")
        assert lake.told == [("import", "distrokid", "second", "/tmp/seen"), ("check", "distrokid", "second")]
        assert "12 cookies" in d.notice and "others on this machine may read" in d.notice
        lake.end_check(RunState.FAILED, error="the login is lost")
        await d.beat()
        assert lake.told[-1] == ("judge", "distrokid", "second", "4")
        assert "was dropped: the login is lost" in d.notice

    drive(lake, scenario)


def test_an_import_that_cannot_be_checked_now_says_that_it_is_kept_unproved(drive):
    """Another run has the account: what was imported is not lost and not called working."""
    lake = FakeLake(10)
    lake.check_refusal = AlreadyRunning("distrokid is already being extracted", hint="bedrot attach x")

    async def scenario(d):
        await d.press("4", "i")
        d.app.screen.query_one("#line").value = "/tmp/x"
        await d.press("enter")
        assert "saved, and nobody has seen it work" in d.notice and "bedrot attach x" in d.notice

    drive(lake, scenario)


def test_forgetting_wants_the_name_typed_and_rolling_back_a_yes(drive):
    """A wrong name forgets nothing, escape backs out."""
    lake = FakeLake(10)

    async def scenario(d):
        await d.press("4", "j", "F", "x", "enter")
        assert "that is not its name: distrokid second" in d.screen and not lake.told
        d.app.screen.query_one("#line").value = "distrokid second"
        await d.press("enter")
        assert lake.told == [("forget", "distrokid", "second")] and "forgotten" in d.notice
        await d.press("b", "escape")
        assert len(lake.told) == 1
        await d.press("b", "enter")
        assert lake.told[-1] == ("rollback", "distrokid", "second")

    drive(lake, scenario)


def test_a_locked_vault_and_a_read_only_console_say_so(drive):
    """What is known is still listed; what would write is refused with its reason."""
    lake = FakeLake(10, read_only=True)
    lake.vault_trouble = ("the vault's key can be read by others", "chmod 400 key")

    async def scenario(d):
        await d.press("4")
        assert "✗ the vault's key can be read by others  → chmod 400 key" in d.screen and "✓ good" in d.screen
        for key in "cibFs":
            await d.press(key)
            assert "this console is read-only" in d.notice
        assert not lake.told

    drive(lake, scenario)


def test_without_any_account_the_screen_teaches(drive):
    """What makes the first row appear."""
    lake = FakeLake(0)
    lake.account_rows = []

    async def scenario(d):
        await d.press("4")
        assert "no platform here signs in" in d.screen and "bedrot platforms" in d.screen
        await d.press("c")
        assert d.notice == "check: no account here"

    drive(lake, scenario)


def test_a_new_run_starts_in_runs_and_the_log_of_the_last_check_is_one_key_away(drive):
    """`s` goes to Runs with a run; `l` shows the log of what ran last."""
    lake = FakeLake(10)

    async def scenario(d):
        await d.press("4", "j", "s")
        assert lake.started == [("distrokid", "second")] and d.app.place == "runs"
        await d.press("4", "y")
        assert "bedrot extract distrokid --account second" in d.notice
        await d.press("c", "l")
        assert d.app.place == "runs"

    drive(lake, scenario)
