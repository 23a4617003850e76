"""The vault: sealed, private, versioned, and honest about what it knows."""

from __future__ import annotations

import base64
import json
import os
import stat
from pathlib import Path

import pytest

from bedrot_console.domain.challenges import Secret
from bedrot_console.domain.errors import FixityError, PermissionDenied, UsageError
from bedrot_console.security.vault import Vault, expiry

CANARY = "canary-7f3kq9-Grüße"


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return Vault(tmp_path / "vault")


def _all_bytes(folder: Path) -> bytes:
    return b"".join(p.read_bytes() for p in folder.rglob("*") if p.is_file())


def test_a_secret_comes_back_and_never_lies_there_in_clear(vault: Vault) -> None:
    """What was put comes back whole; no file of the vault holds it; all of it is private."""
    vault.put("tiny", "default", "password", Secret(CANARY))
    again = Vault(vault.folder)
    assert again.get("tiny", "default", "password") == Secret(CANARY)
    assert CANARY.encode() not in _all_bytes(vault.folder)
    assert b"canary" not in _all_bytes(vault.folder)
    for path in vault.folder.rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path
    assert stat.S_IMODE(vault.key_file.stat().st_mode) == 0o400


def test_names_are_listed_without_a_key_and_absent_ones_are_none(vault: Vault) -> None:
    """Listing unseals nothing; what was never stored is None; removing twice is fine."""
    for account in ("default", "../up", ".hidden", "ünïcode @home"):
        vault.put("tiny", account, "email", Secret("x1234"))
    vault.key_file.unlink()
    assert {a for _, a, _ in Vault(vault.folder).names()} == {"default", "../up", ".hidden", "ünïcode @home"}
    assert vault.get("tiny", "default", "nothing") is None
    vault.remove("tiny", "../up", "email")
    vault.remove("tiny", "../up", "email")
    assert ("tiny", "../up", "email") not in vault.names()
    assert all(vault.folder in p.resolve().parents for p in vault.folder.rglob("*"))


def test_a_sealed_file_moved_elsewhere_is_refused(vault: Vault) -> None:
    """A credential copied into another account's place does not become that account's credential."""
    vault.put("tiny", "a", "password", Secret("first-1"))
    vault.put("tiny", "b", "password", Secret("second-2"))
    folder = vault.folder / "secrets" / "tiny"
    (folder / "b" / "password.age").write_bytes((folder / "a" / "password.age").read_bytes())
    with pytest.raises(FixityError, match="belong"):
        vault.get("tiny", "b", "password")


def test_damage_is_noticed_and_tells_nothing(vault: Vault) -> None:
    """A flipped byte, a cut file and a foreign key are each a FixityError."""
    vault.put("tiny", "a", "password", Secret(CANARY))
    path = vault.folder / "secrets" / "tiny" / "a" / "password.age"
    whole = path.read_bytes()
    for damaged in (whole[:-1], whole[:40], b"", whole[:-1] + bytes([whole[-1] ^ 1])):
        path.write_bytes(damaged)
        with pytest.raises(FixityError) as caught:
            vault.get("tiny", "a", "password")
        assert "canary" not in repr(caught.value)
    path.write_bytes(Vault(vault.folder.parent / "other").seal(b"{}"))
    with pytest.raises(FixityError):
        vault.get("tiny", "a", "password")


def test_a_key_that_others_can_read_is_refused(vault: Vault) -> None:
    """A group-readable key stops every use, with the command that mends it."""
    vault.put("tiny", "a", "password", Secret("x1234"))
    vault.key_file.chmod(0o440)
    with pytest.raises(PermissionDenied) as caught:
        Vault(vault.folder).get("tiny", "a", "password")
    assert "chmod 400" in (caught.value.hint or "")


def test_reading_without_a_key_makes_none(vault: Vault) -> None:
    """A lost key is not silently replaced by a new one."""
    vault.put("tiny", "a", "password", Secret("x1234"))
    vault.key_file.unlink()
    with pytest.raises(UsageError, match="no key"):
        Vault(vault.folder).get("tiny", "a", "password")
    assert not vault.key_file.exists()


def test_a_rejected_login_rolls_back_to_the_one_before(vault: Vault) -> None:
    """After reject the previous version is loaded; version numbers are never used twice; the rejected one's age is kept."""
    assert vault.load("tiny", "a") is None
    assert vault.save("tiny", "a", {"n": 1, "logged_in_at": "2026-01-01T00:00:00.000000Z"}) == 1
    assert vault.save("tiny", "a", {"n": 2, "logged_in_at": "2026-01-02T00:00:00.000000Z"}) == 2
    vault.reject("tiny", "a")
    assert vault.load("tiny", "a") == {"n": 1, "logged_in_at": "2026-01-01T00:00:00.000000Z"}
    info = vault.session_info("tiny", "a")
    assert info and info["version"] == 1 and info["rejected"][0]["logged_in_at"].startswith("2026-01-02")
    assert vault.save("tiny", "a", {"n": 3}) == 3
    vault.reject("tiny", "a")
    vault.reject("tiny", "a")
    vault.reject("tiny", "a")
    info = vault.session_info("tiny", "a")
    assert vault.load("tiny", "a") is None and info and (info["version"], info["versions"]) == (0, 0)
    assert len(info["rejected"]) == 3, "how long they lasted stays known"


def test_old_versions_go_and_a_damaged_newest_is_passed_over(vault: Vault) -> None:
    """Three versions stay; if the newest is damaged the one before is used."""
    for n in range(6):
        vault.save("tiny", "a", {"n": n})
    files = sorted((vault.folder / "sessions" / "tiny" / "a").glob("*.age"))
    assert len(files) == 3
    files[-1].write_bytes(b"garbage")
    assert vault.load("tiny", "a") == {"n": 4}
    vault.forget("tiny", "a")
    assert vault.session_names() == []


def _jwt(exp: int) -> str:
    parts = [json.dumps({"alg": "none"}), json.dumps({"exp": exp})]
    return ".".join(base64.urlsafe_b64encode(p.encode()).decode().rstrip("=") for p in parts) + ".sig"


def test_expiry_is_what_the_login_states_never_a_guess() -> None:
    """The soonest login cookie or JWT counts; gateway cookies, session cookies and analytics do not; nothing known is None."""
    sid = {"name": "sid", "httpOnly": True, "expires": 1_800_000_000, "value": "x"}
    gateway = {"name": "__cf_bm", "httpOnly": True, "expires": 1_700_000_000, "value": "x"}
    analytics = {"name": "_ga", "httpOnly": False, "expires": 1_650_000_000, "value": "x"}
    state = {"storage_state": {"cookies": [sid, gateway, analytics], "origins": []}}
    assert expiry(state) == "2027-01-15T08:00:00.000000Z"
    state["storage_state"]["origins"] = [{"origin": "x", "localStorage": [{"name": "t", "value": _jwt(1_790_000_000)}]}]
    assert expiry(state) == "2026-09-21T14:13:20.000000Z"
    inside = json.dumps({"token": _jwt(1_790_000_000)})
    nested = {"storage_state": {"origins": [{"origin": "https://x", "localStorage": [{"name": "auth", "value": inside}]}]}}
    assert expiry(nested) == "2026-09-21T14:13:20.000000Z"
    assert expiry({"storage_state": {"cookies": [{"name": "sid", "httpOnly": True, "expires": -1, "value": "x"}]}}) is None
    assert expiry({"storage_state": {"cookies": [{"name": "s", "httpOnly": True, "expires": 1e300, "value": "x"}]}}) is None
    assert expiry({}) is None


def test_any_bytes_seal_and_open(vault: Vault) -> None:
    """Evidence of a run is sealed for the same key."""
    content = os.urandom(5000)
    assert vault.open(vault.seal(content)) == content
    assert content[:64] not in vault.seal(content)


def test_a_disk_that_refuses_is_told_as_such(vault: Vault) -> None:
    """Storing and removing end in the disk's exit code, not in a fault of ours; here a folder stands where the file should be."""
    vault.put("tiny", "default", "password", Secret("pass-1"))
    (path,) = vault.folder.glob("secrets/*/*/*.age")
    path.unlink()
    (path / "inside").mkdir(parents=True)
    with pytest.raises(FixityError):
        vault.remove("tiny", "default", "password")
    with pytest.raises(FixityError):
        vault.put("tiny", "default", "password", Secret("pass-2"))
