"""How a command names an account."""

from __future__ import annotations

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bedrot_console.domain.accounts import account_flag


@pytest.mark.parametrize(
    ("account", "flag"), [("default", ""), ("yoru", " --account yoru"), ("night ferry", " --account 'night ferry'")]
)
def test_a_command_names_every_account_but_the_default(account: str, flag: str) -> None:
    """The default account needs no flag; a name that a shell would take apart is quoted."""
    assert account_flag(account) == flag


@given(st.text(min_size=1).filter(lambda name: "\0" not in name and name != "default"))
def test_the_shell_reads_the_account_back(account: str) -> None:
    """Typed as it is told, the command is about just this account."""
    assert shlex.split("bedrot extract x" + account_flag(account)) == ["bedrot", "extract", "x", "--account", account]
