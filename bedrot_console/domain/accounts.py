"""How an account is named to people, and what is kept about it that is no credential."""

from __future__ import annotations

import shlex

DEFAULT = "default"
FACT = "fact:"
"""How the names of remembered facts begin, among the sealed values of an account. No credential's name does."""


def account_flag(account: str) -> str:
    """What follows a command so that it is about this account: ` --account NAME`, and nothing for the default account."""
    return "" if account == DEFAULT else f" --account {shlex.quote(account)}"
