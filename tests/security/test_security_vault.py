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
from bedrot_console.security.expiry import expiry
from bedrot_console.security.vault import Vault

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
    """The soonest login cookie counts, else JWTs; gateway cookies, session cookies and analytics do not; nothing known is None."""
    sid = {"name": "sid", "httpOnly": True, "expires": 1_800_000_000, "value": "x"}
    gateway = {"name": "__cf_bm", "httpOnly": True, "expires": 1_700_000_000, "value": "x"}
    analytics = {"name": "_ga", "httpOnly": False, "expires": 1_650_000_000, "value": "x"}
    state = {"storage_state": {"cookies": [sid, gateway, analytics], "origins": []}}
    assert expiry(state) == "2027-01-15T08:00:00.000000Z"
    state["storage_state"]["origins"] = [{"origin": "x", "localStorage": [{"name": "t", "value": _jwt(1_790_000_000)}]}]
    assert expiry(state) == "2027-01-15T08:00:00.000000Z", "a token that the site renews while the cookie lasts"
    sid["expires"] = -1
    assert expiry(state) == "2026-09-21T14:13:20.000000Z"
    inside = json.dumps({"token": _jwt(1_790_000_000)})
    nested = {"storage_state": {"origins": [{"origin": "https://x", "localStorage": [{"name": "auth", "value": inside}]}]}}
    assert expiry(nested) == "2026-09-21T14:13:20.000000Z"
    assert expiry({"storage_state": {"cookies": [{"name": "sid", "httpOnly": True, "expires": -1, "value": "x"}]}}) is None
    assert expiry({"storage_state": {"cookies": [{"name": "s", "httpOnly": True, "expires": 1e300, "value": "x"}]}}) is None
    assert expiry({}) is None


def test_a_token_that_was_stale_already_ends_no_login() -> None:
    """What had ended when the state was saved is passed over, and of one site's tokens the latest counts, of several sites the soonest."""
    stale, short, long = (_jwt(n) for n in (1_760_000_000, 1_780_000_000, 1_790_000_000))
    kept = [{"name": n, "value": v} for n, v in (("id_token", stale), ("access", short), ("refresh", long))]
    origins = [{"origin": "https://a.example", "localStorage": kept}]
    state = {"saved_at": "2026-01-02T00:00:00.000000Z", "storage_state": {"origins": origins}}
    assert expiry(state) == "2026-09-21T14:13:20.000000Z"
    origins.append({"origin": "https://b.example", "localStorage": [kept[1]]})
    assert expiry(state) == "2026-05-28T20:26:40.000000Z"
    kept[1:], origins[1:] = [], []
    assert expiry(state) is None
    past = {"name": "sid", "httpOnly": True, "expires": 1_760_000_000, "value": "x"}
    assert expiry(state | {"storage_state": {"cookies": [past, past | {"name": "b", "expires": float("nan")}]}}) is None


def test_a_login_is_rejected_by_its_version(vault: Vault) -> None:
    """Dropping one version leaves what was saved after it, and its facts, alone; one that is not there drops nothing."""
    for day in (1, 2):
        vault.save("tiny", "a", {"n": day, "saved_at": f"2026-01-0{day}T00:00:00.000000Z"})
    assert vault.reject("tiny", "a", version=1) and not vault.reject("tiny", "a", version=1)
    info = vault.session_info("tiny", "a")
    assert vault.load("tiny", "a") == {"n": 2, "saved_at": "2026-01-02T00:00:00.000000Z"}
    assert info and (info["version"], info["versions"], info.get("rejected")) == (2, 1, None)
    assert info["proven_at"] == "2026-01-02T00:00:00.000000Z"


def test_going_back_teaches_no_lifetime(vault: Vault) -> None:
    """A rollback is a person's wish: nothing is observed of how long a login lasts, and the one before is as it was."""
    first = {"saved_at": "2026-01-01T00:00:00.000000Z", "logged_in_at": "2026-01-01T00:00:00.000000Z"}
    assert not vault.rollback("tiny", "a")
    vault.save("tiny", "a", first)
    before = vault.session_info("tiny", "a")
    vault.save("tiny", "a", first | {"logged_in_at": None, "imported_at": "2026-01-02T00:00:00.000000Z", "unproved": True})
    info = vault.session_info("tiny", "a")
    assert info and info["imported_at"] and info["proven_at"] is None
    assert vault.rollback("tiny", "a")
    assert vault.session_info("tiny", "a") == before and before and "rejected" not in before


def test_what_runs_remember_is_no_credential(vault: Vault) -> None:
    """Facts lie apart: `names` leaves them out, `facts` lists them, and an account with facts only has no credential."""
    vault.put("tiny", "a", "fact:locked_until", Secret("2026"))
    vault.put("tiny", "b", "email", Secret("x1234"))
    assert list(vault.names()) == [("tiny", "b", "email")] and list(vault.facts()) == [("tiny", "a", "locked_until")]


def test_forgetting_what_was_not_known_makes_no_account(vault: Vault) -> None:
    """A token without an end leaves no trace in the list of logins, and the last fact that goes takes its file along."""
    vault.note("tiny", "a", credential_ends_at=None, credential=None)
    assert vault.session_names() == []
    vault.note("tiny", "a", credential_ends_at="2026-01-02T00:00:00.000000Z")
    assert vault.session_names() == [("tiny", "a")]
    vault.note("tiny", "a", credential_ends_at=None)
    assert vault.session_names() == [] and vault.session_info("tiny", "a") is None


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


@pytest.mark.parametrize(
    "account", ["../x", "a/b", ".", "..", "two words ", "Ærø 蛍\u202e", "é" * 127 + "x", "/" * 255, "%7E", "~", "it's"]
)
def test_whatever_an_account_is_called_it_is_kept_and_listed_by_its_name(vault: Vault, account: str) -> None:
    """Nothing lands outside of the account's own folder, and two such accounts never meet."""
    other = account[:-1] + "y"
    for name in (account, other):
        vault.put("tiny", name, "password", Secret(f"of {name}"))
        vault.save("tiny", name, {"of": name})
    again = Vault(vault.folder)
    for name in (account, other):
        found = again.get("tiny", name, "password")
        assert found is not None and found.reveal() == f"of {name}" and again.load("tiny", name) == {"of": name}
    assert again.session_names() == sorted([("tiny", account), ("tiny", other)])
    assert again.names() == sorted([("tiny", account, "password"), ("tiny", other, "password")])
    for kind in ("secrets", "sessions"):
        assert len(list((vault.folder / kind / "tiny").iterdir())) == 2
    assert {p.name for p in vault.folder.parent.iterdir()} == {vault.folder.name} and len(list(vault.folder.iterdir())) == 3
    again.forget("tiny", account)
    assert again.session_names() == [("tiny", other)]
