"""The simulator harness and the search for a browser."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from werkzeug.wrappers import Request, Response

from bedrot_console.domain.errors import MissingBrowser
from bedrot_console.extraction.chromium import browser_version, find_browser
from bedrot_console.extraction.simulator import GENERIC_FAULTS, Account, Fault, Simulator, route, serve, start, strict


class Shop(Simulator):
    name = "shop"
    faults_known = {"sold_out": Fault("nothing is left", 0)}

    def default_accounts(self) -> list[Account]:
        return [Account(totp_secret="JBSWY3DPEHPK3PXP", extra={"shop_id": "17"})]

    @route("/data", data=True)
    def data(self, request: Request) -> Any:
        strict(request.args, allowed={"token"}, required={"day"})
        return {"day": self.day.isoformat(), "sold_out": self.fault("sold_out")}

    @route("/me")
    def me(self, request: Request) -> Any:
        account = self.session_account(request)
        return {"me": account.username if account else None}

    @route("/in")
    def come_in(self, request: Request) -> Any:
        return self.start_session(Response("in"), "default")


@pytest.fixture
def shop(clock: Any) -> Iterator[Shop]:
    made = Shop(clock=clock)
    with serve(made, control=True):
        yield made


def test_a_simulator_is_strict_and_its_log_has_no_secrets(shop: Shop) -> None:
    """Unknown and missing parameters, methods and paths are refused; what was asked is logged without secret values."""
    base = shop.base_url
    assert requests.get(base + "/data?day=1&token=canary-1").status_code == 200
    assert requests.get(base + "/data").status_code == 400
    assert requests.get(base + "/data?day=1&other=2").status_code == 400
    assert requests.post(base + "/data?day=1").status_code == 405
    assert requests.get(base + "/nowhere").status_code == 404
    assert [a.status for a in shop.requests()] == [200, 400, 400, 405, 404]
    assert shop.requests("/data")[0].args == {"day": "1", "token": "***"}


def test_days_pass_only_when_told(shop: Shop) -> None:
    """Data days advance, sessions expire by the platform's own time, and a start day can be given."""
    assert shop.day == date(2026, 3, 2)
    client = requests.Session()
    client.get(shop.base_url + "/in")
    assert client.get(shop.base_url + "/me").json()["me"] == "mara@example.net"
    shop.advance_days(13)
    assert client.get(shop.base_url + "/me").json()["me"] and shop.day == date(2026, 3, 15)
    shop.advance_days(2)
    assert client.get(shop.base_url + "/me").json()["me"] is None
    assert Shop(day=date(2025, 1, 1)).day == date(2025, 1, 1)


def test_a_code_is_good_once_for_a_while_and_only_the_newest(shop: Shop) -> None:
    """Wrong, expired, used, outdated and too many tries are told apart."""
    old, new = shop.send_code("default"), shop.send_code("default")
    while old.code == new.code:
        new = shop.send_code("default")
    assert shop.check_code("default", old.code) == "wrong"
    assert shop.check_code("default", new.code) == "ok" and shop.check_code("default", new.code) == "wrong"
    shop.send_code("default", expires_in=60)
    shop.advance(61)
    assert shop.check_code("default", shop.mailbox()[-1].code) == "expired"
    last = shop.send_code("default", length=8)
    assert [shop.check_code("default", "x") for _ in range(6)] == ["wrong"] * 5 + ["locked"]
    assert shop.check_code("default", last.code) == "locked" and len(last.code) == 8
    assert shop.check_totp("default", shop.authenticator()) and not shop.check_totp("default", "000000x")


def test_faults_are_named_and_may_be_counted(shop: Shop) -> None:
    """Unknown faults are refused; a counted fault ends by itself; every generic one shows."""
    base = shop.base_url + "/data?day=1"
    with pytest.raises(ValueError, match="knows no fault nonsense"):
        shop.set_faults(["nonsense"])
    shop.fail_next("sold_out")
    assert [requests.get(base).json()["sold_out"] for _ in range(2)] == [True, False]
    whole = len(requests.get(base).content)
    seen: dict[str, Any] = {}
    shop.slow_seconds = 0.01
    for fault in GENERIC_FAULTS:
        shop.set_faults([fault])
        try:
            answer = requests.get(base)
            seen[fault] = (answer.status_code, len(answer.content))
        except requests.RequestException as error:
            seen[fault] = type(error).__name__
    assert seen["http_500"][0] == 500 and seen["http_503"][0] == 503 and seen["rate_limited"][0] == 429
    assert seen["slow"] == (200, whole) and seen["connection_reset"] == "ConnectionError"
    assert seen["truncated"] == "ChunkedEncodingError" and seen["truncated_silently"] == (200, whole // 2)
    assert seen["empty_body"] == (200, 0)


def test_control_from_outside_needs_the_token(shop: Shop) -> None:
    """Without the token there is nothing to see; with it another process sets faults, moves days and reads the mail."""
    base = shop.base_url + "/__simulator__/"
    for headers in ({}, {"X-Simulator-Token": "wrong"}):
        assert requests.post(base + "state", headers=headers).status_code == 404
    with_token = {"X-Simulator-Token": shop.control_token or ""}

    def act(name: str, **asked: Any) -> Any:
        return requests.post(base + name, json=asked, headers=with_token).json()

    assert act("faults", set=["sold_out"])["faults"] == ["sold_out"]
    assert "error" in act("faults", set=["nonsense"]) and "error" in act("nonsense")
    before = shop.day
    assert act("advance", days=3)["day"] == (before + timedelta(days=3)).isoformat()
    code = shop.send_code("default").code
    assert act("mailbox")[-1]["code"] == code and act("authenticator")["code"] == shop.authenticator()
    act("expire", what="codes")
    assert shop.check_code("default", code) == "expired"
    assert shop.requests() == []


def test_without_control_there_is_no_control_and_the_rest_is_described() -> None:
    """By default nothing can be controlled from outside; it is served on loopback only, and says who its accounts are."""
    running = start(Shop())
    try:
        assert running.control_token is None
        assert requests.get(running.base_url + "/__simulator__/state", headers={"X-Simulator-Token": ""}).status_code == 404
        told = running.simulator.describe()
        assert told["base_url"].startswith("http://127.0.0.1:") and told["platform"] == "shop"
        assert told["accounts"][0]["totp_secret"] and told["accounts"][0]["shop_id"] == "17"
    finally:
        running.stop()


def _executable(path: Path, says: str = "Chromium 156.0.7000.1 built on x") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho '{says}'\n")
    path.chmod(0o755)
    return path


def test_the_browser_is_searched_in_order(tmp_path: Path) -> None:
    """The setting, else Playwright's newest build, else the system's; a wish that is not there is an error, not another browser."""
    builds, path = tmp_path / "builds", tmp_path / "bin"
    assert find_browser(search=str(path), builds=builds) is None
    system = _executable(path / "chromium")
    chrome = _executable(path / "google-chrome")
    found = find_browser(search=str(path), builds=builds)
    assert found and (found.source, found.path) == ("system", chrome)
    _executable(builds / "chromium-999" / "chrome-linux" / "chrome")
    own = _executable(builds / "chromium-1217" / "chrome-linux" / "chrome")
    found = find_browser(search=str(path), builds=builds)
    assert found and (found.source, found.path) == ("playwright", own)
    found = find_browser(str(system), search=str(path), builds=builds)
    assert found and found.path == system and browser_version(found) == "156.0.7000.1"
    with pytest.raises(MissingBrowser):
        find_browser(str(tmp_path / "none"), search=str(path), builds=builds)
    channel = find_browser("channel:chrome")
    assert channel and str(channel) == "channel:chrome" and browser_version(channel) is None
