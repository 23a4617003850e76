"""What a run remembers about an account for later runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from bedrot_console.domain.accounts import FACT
from bedrot_console.extraction.registry import Registry
from bedrot_console.extraction.session import Session
from bedrot_console.security.vault import Vault

HERE = Path(__file__).resolve().parent


def session_of(vault: Vault) -> Session:
    made = object.__new__(Session)
    made.platform, made.account, made._secrets = "tinyapi", "default", vault
    made.extractor = Registry(HERE / "platforms").load("tinyapi")
    return made


def test_what_a_run_remembers_a_later_run_recalls(tmp_path: Path) -> None:
    """A fact that one run keeps is there for the next, sealed, and is no credential; the vault lists it apart and can forget it."""
    assert session_of(Vault(tmp_path)).recall("locked_until") is None
    session_of(Vault(tmp_path)).remember("locked_until", "2026-03-02T10:00:00Z")
    assert session_of(Vault(tmp_path)).recall("locked_until") == "2026-03-02T10:00:00Z"
    assert list(Vault(tmp_path).names()) == []
    assert list(Vault(tmp_path).facts()) == [("tinyapi", "default", "locked_until")]
    assert not [p for p in tmp_path.rglob("*") if p.is_file() and b"10:00:00" in p.read_bytes()]
    Vault(tmp_path).remove("tinyapi", "default", FACT + "locked_until")
    assert session_of(Vault(tmp_path)).recall("locked_until") is None


def test_a_run_remembers_nothing_in_place_of_a_credential(tmp_path: Path) -> None:
    """A credential cannot be overwritten by what a run wants to remember, nor the secret of an authenticator."""
    for name in ("access_token", "totp_secret"):
        with pytest.raises(ValueError):
            session_of(Vault(tmp_path)).remember(name, "x")
