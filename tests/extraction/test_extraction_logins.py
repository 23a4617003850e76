"""What a check says of a login or a token, and which times a saved login carries."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from extraction_house import HERE, House

from bedrot_console.domain.errors import AccessError, BedrotError, CredentialsRejected, SourceBlocked
from bedrot_console.domain.files import format_time
from bedrot_console.extraction.base import Extractor
from bedrot_console.extraction.registry import Registry
from bedrot_console.extraction.session import Session
from bedrot_console.resilience import SystemClock
from bedrot_console.settings import Settings

SECOND = "bedrot secrets set tinyapi access_token --account 'second one'"


def proving(platform: str, found: str | BedrotError | None, *, saves: bool | None = None) -> type[Extractor]:
    """A platform whose proof comes out so; `saves` makes it save a login first, signed in anew or not."""
    real = Registry(HERE / "platforms").load(platform)

    class Proving(real):  # type: ignore[misc, valid-type]
        name = platform

        def prove(self, session: Session) -> str | None:
            if saves is not None:
                session.save_login(signed_in=saves)
            if isinstance(found, BedrotError):
                raise found
            return found

    return Proving


def checked(house: House, platform: str, found: str | BedrotError | None, account: str = "default", **more: Any) -> Any:
    spec = house.spec(platform, purpose="check", attended=False, account=account)
    return house.here(spec, Settings.load(house.home, {}), extractor=proving(platform, found, **more))


@pytest.mark.parametrize(
    ("found", "code", "hint"),
    [
        (CredentialsRejected("401"), "credentials-rejected", SECOND),
        (CredentialsRejected("401", hint="make one anew"), "credentials-rejected", "make one anew"),
        (SourceBlocked("403", hint="look at it"), "source-blocked", "look at it"),
        (AccessError("a captcha", hint="solve it"), "access-error", "solve it"),
        (None, "access-error", SECOND),
    ],
)  # fmt: skip
def test_a_token_that_is_not_proved_says_why_and_what_stores_another(house: House, found: Any, code: str, hint: str) -> None:
    """A platform without logins never says that no login is saved: the refusal itself is told, with the command of this account."""
    view = checked(house, "tinyapi", found, account="second one")
    assert (view.exit_code, view.error_code, view.hint) == (3, code, hint) and "no login" not in (view.error or "")


def test_a_browser_login_that_is_not_there_is_lost(house: House) -> None:
    """The command that signs in is told."""
    view = checked(house, "tiny", None)
    assert (view.exit_code, view.error_code, view.hint) == (3, "login-lost", "bedrot extract tiny")


def test_a_refreshed_login_keeps_its_times(house: House) -> None:
    """Refreshing an imported login leaves it imported, of unknown age; one from no state, or signed in anew, begins now."""

    def known() -> dict[str, Any]:
        return house.vault.session_info("tinyapi", "default") or {}

    then = format_time(SystemClock().now() - timedelta(days=3))
    assert checked(house, "tinyapi", "a sign", saves=False).exit_code == 0
    assert known()["logged_in_at"] > then
    imported = {"cookies": [], "saved_at": then, "imported_at": then, "logged_in_at": None, "unproved": True}
    house.vault.save("tinyapi", "default", imported)
    assert checked(house, "tinyapi", "a sign", saves=False).exit_code == 0
    assert known()["imported_at"] == then and known().get("logged_in_at") is None
    assert known()["saved_at"] > then and known()["proven_at"] > then
    assert checked(house, "tinyapi", "a sign", saves=True).exit_code == 0
    assert known().get("imported_at") is None and known()["logged_in_at"] > then


def kept(house: House) -> list[str]:
    """Which logins the vault holds, newest first, by the name of their cookie."""
    found = []
    while (state := house.vault.load("tinyapi", "default")) is not None:
        found.append(state["cookies"][0]["name"])
        house.vault.rollback("tinyapi", "default")
    return found


def login(name: str) -> dict[str, Any]:
    cookie = {"name": name, "value": "v" * 30, "domain": "127.0.0.1", "path": "/", "secure": False, "httpOnly": True}
    return {"cookies": [cookie], "logged_in_at": "2026-01-01T00:00:00.000000Z"}


@pytest.mark.parametrize(
    ("meanwhile", "acts", "left"),
    [
        ("import", "forget", ["brought", "older"]), ("import", "refresh", ["brought", "old", "older"]),
        ("forget and import", "forget", ["brought"]), ("forget", "refresh", []), ("rollback", "refresh", ["older"]),
        ("import", "sign in", ["old", "brought", "old"]), ("nothing", "forget", ["older"]), ("nothing", "refresh", ["old", "old", "older"]),
    ],
)  # fmt: skip
def test_what_a_person_does_with_a_login_while_a_run_goes_stays(house: House, meanwhile: str, acts: str, left: list[str]) -> None:
    """The run rejects and refreshes only the login that it restored; a login it made anew is the newest, whatever came before."""
    for name in ("older", "old"):
        house.vault.save("tinyapi", "default", login(name))
    real = Registry(HERE / "platforms").load("tinyapi")

    class Walking(real):  # type: ignore[misc, valid-type]
        name = "tinyapi"

        def prove(self, session: Session) -> str | None:
            assert session.has_login and session.http.cookies()[0]["name"] == "old"
            for act in meanwhile.split(" and "):
                if act in ("forget", "rollback"):
                    getattr(house.vault, act)("tinyapi", "default")
                elif act == "import":
                    house.vault.save("tinyapi", "default", login("brought") | {"unproved": True})
            if acts == "forget":
                session.forget_login()
            elif acts == "sign in":
                session.save_login(signed_in=True)
            return "a sign" if acts == "refresh" else None

    view = house.here(house.spec("tinyapi", purpose="check", attended=False), Settings.load(house.home, {}), extractor=Walking)
    assert view.exit_code == (0 if acts == "refresh" else 3)
    info = house.vault.session_info("tinyapi", "default") or {}
    assert meanwhile == "nothing" or acts == "sign in" or info.get("proven_at") is None, (
        "another login was not proved by this run"
    )
    assert kept(house) == left
