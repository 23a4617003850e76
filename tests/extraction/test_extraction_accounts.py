"""An account of any name has runs of its own."""

from __future__ import annotations

import shlex

import pytest
from extraction_house import House

from bedrot_console.domain.errors import AlreadyRunning
from bedrot_console.extraction.redaction import Redactor
from bedrot_console.extraction.runfolder import EventLog
from bedrot_console.resilience import SystemClock


@pytest.mark.parametrize("account", ["../x", "two words", "it's", "蛍" * 85, "/" * 255])
def test_an_account_of_any_name_has_runs_of_its_own(house: House, account: str) -> None:
    """Its lock lies among the locks, another name that begins the same may run meanwhile, and the next command names it as a shell reads it."""
    first, second = house.spec("tinyapi", account=account), house.spec("tinyapi", account=account[:-1] + "y")
    folder = house.runs.create(first)
    other = house.runs.create(second)
    with pytest.raises(AlreadyRunning):
        house.runs.create(house.spec("tinyapi", account=account))
    assert {p.parent for p in house.home.rglob("tinyapi@*")} == {house.runs.folder / ".locks"}
    for held in (folder, other):
        held.release()
    hint = house.runs.view(first.id).hint
    assert shlex.split(hint or "") == ["bedrot", "extract", "tinyapi", "--account", account]


@pytest.mark.parametrize("account", ["two words", "plain"])
def test_a_command_for_an_account_stays_whole_whatever_is_secret(house: House, account: str) -> None:
    """A typed code that is part of an account's name does not eat the command that names it."""
    folder = house.runs.create(house.spec("tinyapi", account=account))
    redactor = Redactor()
    redactor.add("two words", "plain")
    log = EventLog(folder, SystemClock(), redactor)
    hint = f"wait, then: bedrot extract tinyapi --account {shlex.quote(account)}"
    assert log.emit("log", level="info", text=account)["text"] != account
    assert log.emit("log", level="info", text="", hint=hint)["hint"] == hint
    log.close()
    folder.release()
