"""A run with a browser: login with a second factor, the saved login, downloads, and what is kept when the site changed."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import tiny_process

from bedrot_console.domain.challenges import Secret
from bedrot_console.domain.errors import PermissionDenied
from bedrot_console.domain.runs import RunState, RunView
from bedrot_console.extraction import worker
from bedrot_console.extraction.browser import Browser

pytestmark = pytest.mark.browser
PASSWORD = "Pass-canary-51x"


@pytest.fixture
def site(house: Any, serve: Callable[..., Any]) -> Any:
    served = serve("tiny")
    house.store("tiny", email="mara@example.net", password=PASSWORD)
    return served


def test_wrong_then_right_code_over_the_socket_and_then_no_login_at_all(house: Any, site: Any) -> None:
    """A wrong code asks again with the platform's words and a new id; the right one lands both files; the next run needs no login.

    Nothing secret is in any file of the run, nor in arguments or environment of the run and its browser.
    """
    house.settings(site)
    run = house.start(house.spec("tiny"))
    first = house.until(run, "challenge")
    code = site.simulator.mailbox()[-1].code
    wrong = f"{(int(code) + 1) % 1_000_000:06d}"
    house.runs.answer(first["challenge"]["id"], Secret(wrong))
    second = house.until(run, "challenge", after=first["seq"])
    assert second["challenge"]["error"] == "wrong" and second["challenge"]["id"] != first["challenge"]["id"]
    family = _family(int((house.runs.folder / run / "pid").read_text()))
    assert len(family) > 3
    for name in ("cmdline", "environ"):
        assert not any(b"canary" in (Path(f"/proc/{p}") / name).read_bytes() for p in family if Path(f"/proc/{p}").exists())
    _nothing_in_clear(house.runs.folder / run, code, wrong)
    house.runs.answer(second["challenge"]["id"], Secret(code))
    view = house.ended(run)
    assert view.state is RunState.DONE, (view, house.log(run))
    assert view.landed == ("tiny/plays", "tiny/sales")
    sales = (house.home / "landed" / "tiny-sales").read_bytes()
    assert sales.startswith(b"day,plays\n") and sales.count(b"\n") == 5001
    assert b"<table id=" in (house.home / "landed" / "tiny-plays").read_bytes()
    _nothing_in_clear(house.runs.folder / run, code, wrong)
    assert [p for p in family if _lives(p)] == []
    assert _again_without_login(house, site).state is RunState.DONE


def _nothing_in_clear(folder: Path, *codes: str) -> None:
    """Neither the password nor a code is in any file of the run, the browser's own files included; all of it is private."""
    for path in folder.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            assert b"canary" not in data and not any(c.encode() in data for c in codes), path
    for path in folder.iterdir():
        assert path.stat().st_mode & 0o077 == 0, path


def _again_without_login(house: Any, site: Any) -> RunView:
    asked = len(site.simulator.requests("/signin"))
    info = house.vault.session_info("tiny", "default")
    view = house.here(house.spec("tiny", attended=False), house.settings(site))
    assert len(site.simulator.requests("/signin")) == asked
    state = house.vault.load("tiny", "default")
    assert state["session_storage"][site.base_url] == {"tab": "kept-in-tab"}
    assert state["storage_state"]["origins"][0]["localStorage"] == [{"name": "seen", "value": "yes"}]
    assert state["auth_cookies"] == ["half", "sid"]
    after = house.vault.session_info("tiny", "default")
    assert after["logged_in_at"] == info["logged_in_at"] and after["expires_at"] and after["version"] == info["version"] + 1
    return view


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def _family(pid: int) -> list[int]:
    from bedrot_console.extraction.process import descendants

    return [pid, *descendants(pid)]


def test_the_authenticator_in_the_vault_answers_unattended(house: Any, site: Any) -> None:
    """With a TOTP secret a code by app needs nobody; without one the run refuses before the password was typed."""
    site.simulator.app = True
    settings = house.settings(site, app=True)
    refused = house.here(house.spec("tiny", attended=False), settings)
    assert (refused.error_code, refused.exit_code) == ("challenge-unanswered", 3)
    assert site.simulator.requests("/signin", "POST") == []
    house.store("tiny", totp_secret="jbsw y3dp ehpk 3pxp")
    view = house.here(house.spec("tiny", attended=False), settings)
    assert view.state is RunState.DONE, view
    events = house.runs.read_events(view.id)
    assert [e["by"] for e in events if e["kind"] == "challenge-ended"] == ["totp"]


def test_a_page_that_moves_on_and_a_new_code_on_request(house: Any, site: Any) -> None:
    """An approval elsewhere ends the prompt by itself; `resend` brings a new code."""
    settings = house.settings(site)
    spec = house.spec("tiny", feeds=("plays",))
    folder = house.runs.create(spec)
    thread = threading.Thread(target=worker.execute, args=(folder, spec, tiny_process.parts(house.home, spec, settings)))
    thread.start()
    first = house.until(spec.id, "challenge")
    site.simulator.set_faults(["approved_elsewhere"])
    house.runs.act(first["challenge"]["id"], "resend")
    house.until(spec.id, "challenge", after=first["seq"])
    thread.join(30)
    folder.release()
    view = house.runs.view(spec.id)
    assert view.state is RunState.DONE, view
    ended = [(e["state"], e["by"]) for e in house.runs.read_events(spec.id) if e["kind"] == "challenge-ended"]
    assert ended[0][0] == "answered" and ended[-1] == ("moved", "page")
    assert len(site.simulator.mailbox()) == 2


def test_a_wrong_password_is_not_tried_again_and_a_changed_page_is_kept_sealed(house: Any, site: Any) -> None:
    """A refused password exits 3 after one attempt; an unknown page exits 4 and leaves outline and picture sealed and masked."""
    house.store("tiny", password="Wrong-canary-1")
    refused = house.here(house.spec("tiny"), house.settings(site))
    assert (refused.error_code, refused.exit_code) == ("credentials-rejected", 3)
    assert len(site.simulator.requests("/signin", "POST")) == 1
    house.vault.save("tiny", "default", _logged_in(site))
    site.simulator.set_faults(["layout_changed"])
    view = house.here(house.spec("tiny", attended=False), house.settings(site))
    assert (view.error_code, view.exit_code) == ("source-changed", 4)
    kept = {p.name.partition("-")[2]: p.read_bytes() for p in (house.runs.folder / view.id / "artefacts").iterdir()}
    assert set(kept) == {"outline.txt.age", "page.png.age"}
    outline = house.vault.open(kept["outline.txt.age"]).decode()
    assert "mail m" in outline and "mara@" not in outline and "typed-canary" not in outline
    assert house.vault.open(kept["page.png.age"]).startswith(b"\x89PNG")


def test_evidence_that_cannot_be_kept_does_not_hide_what_happened(house: Any, site: Any) -> None:
    """The vault refuses to seal: the run still ends with its own last word, and no empty file pretends to be evidence."""
    house.vault.save("tiny", "default", _logged_in(site))
    site.simulator.set_faults(["layout_changed"])

    def refuse(content: bytes) -> bytes:
        raise PermissionDenied("the vault's key can be read by others")

    view = house.here(house.spec("tiny", attended=False), house.settings(site), seal=refuse)
    assert (view.error_code, view.exit_code) == ("source-changed", 4)
    assert not list((house.runs.folder / view.id / "artefacts").iterdir())


def _logged_in(site: Any) -> dict[str, Any]:
    from werkzeug.wrappers import Response

    cookie = site.simulator.start_session(Response(), "default").headers["Set-Cookie"].partition(";")[0].partition("=")[2]
    made = {"name": "sid", "value": cookie, "domain": "127.0.0.1", "path": "/", "expires": -1, "httpOnly": True, "secure": False}
    return {"storage_state": {"cookies": [made | {"sameSite": "Lax"}], "origins": []}}


def test_a_download_that_breaks_off_lands_nothing(house: Any, site: Any) -> None:
    """Fewer bytes than announced is source-unavailable, and the run partial; the plays page that came whole stays."""
    house.vault.save("tiny", "default", _logged_in(site))
    site.simulator.set_faults(["truncated"])
    view = house.here(house.spec("tiny", attended=False), house.settings(site))
    assert (view.state, view.error_code) == (RunState.PARTIAL, "source-unavailable")
    assert view.landed == ("tiny/plays",)


def test_a_page_that_breaks_off_is_noticed_at_once_and_asked_for_again(house: Any, site: Any) -> None:
    """A document cut before its announced length never finishes loading: told by its request's failure, not after the whole patience."""
    house.vault.save("tiny", "default", _logged_in(site))
    site.simulator.fail_next("truncated")
    began = time.monotonic()
    view = house.here(house.spec("tiny", attended=False, feeds=("plays",)), house.settings(site, first="/long"))
    assert view.state is RunState.DONE, view
    assert time.monotonic() - began < 15 and len(site.simulator.requests("/long")) == 2
    assert any("broke off before its end" in e["text"] for e in house.runs.read_events(view.id) if e["kind"] == "log")


def test_a_browser_that_is_not_there_says_what_to_do(house: Any, site: Any) -> None:
    """No browser exits 3 with a command; a wish for another browser is not silently replaced."""
    settings = house.settings(site, environ={"BEDROT_BROWSER": "/nowhere/chromium"})
    view = house.here(house.spec("tiny"), settings)
    assert (view.error_code, view.exit_code) == ("missing-browser", 3) and view.hint


def test_a_browser_call_that_never_returns_is_cancelled_all_the_same(house: Any, site: Any) -> None:
    """An `evaluate` has no timeout; the browser is killed under it, the run ends as cancelled and leaves no process behind."""
    house.settings(site, stuck=True)
    run = house.start(house.spec("tiny"))
    house.until(run, "stage", stage="stuck")
    family = _family(int((house.runs.folder / run / "pid").read_text()))
    view = house.runs.cancel(run)
    assert (view.state, view.exit_code) == (RunState.CANCELLED, 130)
    assert [p for p in family if _lives(p)] == []


class _NeverClosed:
    """A page as Chromium sometimes has it: its plain close never returns."""

    def __init__(self) -> None:
        self.told = False

    def close(self, *, run_before_unload: bool = False) -> None:
        assert run_before_unload, "waits for a page that may never close"
        self.told = True


def test_a_page_that_is_left_is_not_waited_for() -> None:
    """After a navigation that failed the page is told to close and left; its storage is no longer part of the login state."""
    browser = Browser(object())  # type: ignore[arg-type]
    page = browser._page = _NeverClosed()  # type: ignore[assignment]
    browser._drop_page()
    assert page.told and browser._page is None and browser._dropped == [page]
