"""sessions check and import, as they are typed: real runs in a real browser against stand-ins, and what is said, kept and dropped."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cli_house import Bedrot
from werkzeug.wrappers import Response

from bedrot_console.domain.identifiers import new_id
from bedrot_console.domain.runs import RunSpec
from bedrot_console.extraction.chromium import find_browser
from bedrot_console.extraction.runs import Runs
from bedrot_console.extraction.simulator import SESSION_COOKIE, Served, serve
from bedrot_console.resilience import SystemClock
from bedrot_console.security.vault import Vault
from extractors.distrokid.simulator import DistroKidSimulator
from extractors.tiktok.simulator import TikTokSimulator

pytestmark = [pytest.mark.browser, pytest.mark.skipif(find_browser() is None, reason="no Chromium here")]
Export = Callable[..., Path]


@pytest.fixture
def site(home: Path) -> Iterator[Served]:
    """DistroKid's stand-in, which the home's settings point to."""
    with serve(DistroKidSimulator()) as served:
        settled(home, served)
        yield served


def settled(home: Path, served: Served) -> None:
    lines = [f"[platforms.{served.simulator.name}]", f"base_url = {json.dumps(served.base_url)}"]
    lines += [f"{name} = {json.dumps(value)}" for name, value in served.simulator.describe().get("options", {}).items()]
    (home / "bedrot.toml").write_text("\n".join(lines) + "\n", "utf-8")


@pytest.fixture
def export(tmp_path: Path) -> Export:
    """A cookie editor's export: the login of an account (or a made-up one), and further cookies."""

    def make(served: Served | None, *more: dict[str, Any], account: str = "default") -> Path:
        value = "made-up-and-long-over"
        if served is not None:
            answer = served.simulator.start_session(Response(), account)
            value = answer.headers["Set-Cookie"].partition(";")[0].partition("=")[2]
        cookie = {"domain": "127.0.0.1", "name": SESSION_COOKIE, "value": value, "path": "/", "httpOnly": True}
        path = tmp_path / "cookies.json"
        path.write_text(json.dumps([cookie, *({**cookie, **change} for change in more)]), "utf-8")
        path.chmod(0o600)
        return path

    return make


def known(bedrot: Bedrot) -> dict[str, Any]:
    (record,) = bedrot("sessions", "list", "--json").records
    return record


def waits(bedrot: Bedrot) -> list[dict[str, Any]]:
    return bedrot("status", "--json").records[0]["needs_operator"]


def test_an_import_that_works_is_proved_kept_and_stays_an_import(bedrot: Bedrot, site: Served, export: Export) -> None:
    """Odd cookies are counted and cost nothing; the sign is told; a later check finds it working and leaves its age unknown."""
    odd = [{"name": "a;b"}, {"name": "late", "expirationDate": 4e12}, {"name": "endless", "expirationDate": float("inf")}]
    said = bedrot("sessions", "import", "distrokid", export(site, *odd, {"domain": ".bank.example"}))
    assert (said.code, said.out) == (0, "distrokid (default): works; the dashboard names the member\n"), said
    assert "3 cookies" in said.err and "1 of other hosts" in said.err and "1 that no browser takes" in said.err
    found = known(bedrot)
    assert found["imported_at"] and found["logged_in_at"] is None and found["proven_at"] and found["versions"] == 2
    checked = bedrot("sessions", "check", "distrokid", "--json")
    assert (checked.code, checked.records[0]["outcome"], checked.records[0]["error"]) == (0, "works", None)
    assert known(bedrot)["imported_at"] == found["imported_at"] and known(bedrot)["logged_in_at"] is None


def test_an_import_that_does_not_work_is_dropped_and_the_one_before_stands(bedrot: Bedrot, site: Served, export: Export) -> None:
    """Exit 3 in words and as a record; nothing is left behind for an operator, and the login before works as it did."""
    first = bedrot("sessions", "import", "distrokid", export(None))
    assert first.code == 3 and "the saved login no longer works" in first.err and "was dropped" in first.err
    assert "stands" not in first.err and known(bedrot)["versions"] == 0
    assert bedrot("sessions", "import", "distrokid", export(site)).code == 0
    before = known(bedrot)
    said = bedrot("sessions", "import", "distrokid", export(None), "--json")
    (record,) = said.records
    assert (said.code, record["outcome"], record["code"]) == (3, "dropped", "login-lost")
    assert "what was saved before stands" in said.err
    after = known(bedrot)
    assert {k: after[k] for k in ("version", "saved_at", "imported_at")} == {
        k: before[k] for k in ("version", "saved_at", "imported_at")
    }
    assert bedrot("sessions", "check", "distrokid").code == 0 and waits(bedrot) == []


def test_a_check_of_a_lost_login_says_so_and_leaves_nothing_behind(bedrot: Bedrot, site: Served, export: Export) -> None:
    """Exit 3 with the command that signs in; the login is not dropped by a look at it, and nothing waits for an operator."""
    assert bedrot("sessions", "import", "distrokid", export(site), "--no-check").code == 0
    assert known(bedrot)["proven_at"] is None
    site.simulator.expire_sessions()
    said = bedrot("sessions", "check", "distrokid")
    assert said.code == 3 and "no longer works" in said.err and "bedrot extract distrokid" in said.err and not said.out
    assert known(bedrot)["versions"] == 1 and waits(bedrot) == []


def test_an_import_that_a_captcha_hides_is_kept_and_not_called_proved(bedrot: Bedrot, home: Path, export: Export) -> None:
    """A captcha says nothing about the login: it stays the newest, and the ways on and back are told with the account."""
    with serve(TikTokSimulator()) as served:
        settled(home, served)
        served.simulator.set_faults(("captcha_endless",))
        account = served.simulator.accounts[-1].account
        said = bedrot("sessions", "import", "tiktok", export(served, account=account), "--account", account)
        assert said.code == 3 and "captcha" in said.err and "is saved, but not proved" in said.err, said
        for act in ("check", "rollback", "forget"):
            assert f"bedrot sessions {act} tiktok --account {account}" in said.err
    found = known(bedrot)
    assert (found["versions"], found["proven_at"]) == (1, None) and found["imported_at"]
    assert Vault(home / ".bedrot" / "vault").load("tiktok", account) and waits(bedrot) == []


def test_an_import_beside_a_run_is_kept_and_not_called_proved(bedrot: Bedrot, home: Path, site: Served, export: Export) -> None:
    """Another run has the account: exit 9, and it is said that the login is saved, and what proves it."""
    held = Runs(home / ".bedrot" / "runs", SystemClock()).create(RunSpec(id=new_id(SystemClock().now()), platform="distrokid"))
    try:
        said = bedrot("sessions", "import", "distrokid", export(site))
        assert said.code == 9 and "is saved, but not proved" in said.err and "bedrot sessions check distrokid;" in said.err, said
    finally:
        held.release()
    assert bedrot("sessions", "check", "distrokid").code == 0


@pytest.mark.parametrize(
    "text", ['{"cookies": [], "origins": 5}', '{"cookies": [], "origins": [{"origin": "http://[x"}]}', "[]", "{"]
)
def test_a_malformed_file_saves_nothing(bedrot: Bedrot, tmp_path: Path, text: str) -> None:
    """A usage error in words, before anything is written or started."""
    path = tmp_path / "odd.json"
    path.write_text(text)
    said = bedrot("sessions", "import", "distrokid", path)
    assert said.code == 2 and "no" in said.err and "Traceback" not in said.err
    assert bedrot("sessions", "list", "--json").records == [] and bedrot("runs", "--json").records == []
