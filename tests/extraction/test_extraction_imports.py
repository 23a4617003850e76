"""Logins brought from a browser: three formats become one state, other hosts' cookies are left out, nonsense is refused without a value in it."""

from __future__ import annotations

import json

import pytest

from bedrot_console.domain.errors import UsageError
from bedrot_console.extraction.imports import read_login

NOW = 1_772_000_000.0
HOSTS = ("www.tiktok.com",)
EDITOR = [
    {"domain": ".tiktok.com", "expirationDate": NOW + 900.5, "hostOnly": False, "httpOnly": True, "name": "sessionid", "path": "/",
     "sameSite": "no_restriction", "secure": True, "session": False, "storeId": None, "value": "canary-1"},
    {"domain": "www.tiktok.com", "hostOnly": True, "httpOnly": False, "name": "lang", "path": "/", "sameSite": None, "secure": False,
     "session": True, "value": "en"},
    {"domain": ".bank.example", "name": "sid", "value": "canary-2", "path": "/", "expirationDate": NOW + 900},
]  # fmt: skip
NETSCAPE = (
    "# Netscape HTTP Cookie File\n\n"
    f"#HttpOnly_.tiktok.com\tTRUE\t/\tTRUE\t{int(NOW) + 900}\tsessionid\tcanary-1\n"
    "www.tiktok.com\tFALSE\t/\tFALSE\t0\tlang\ten\n"
    f".nottiktok.com\tTRUE\t/\tTRUE\t{int(NOW) + 900}\tsid\tcanary-2\n"
    f".tiktok.com\tTRUE\t/\tTRUE\t{int(NOW) - 5}\told\tcanary-3\n"
)
STORAGE = {
    "cookies": [
        {"name": "sessionid", "value": "canary-1", "domain": ".tiktok.com", "path": "/", "expires": NOW + 900, "httpOnly": True,
         "secure": True, "sameSite": "None"},
        {"name": "sid", "value": "canary-2", "domain": "bank.example", "path": "/", "expires": -1, "httpOnly": True, "secure": True,
         "sameSite": "Lax"},
    ],
    "origins": [
        {"origin": "https://www.tiktok.com", "localStorage": [{"name": "jwt", "value": "canary-4"}]},
        {"origin": "https://bank.example", "localStorage": [{"name": "jwt", "value": "canary-5"}]},
    ],
}  # fmt: skip


@pytest.mark.parametrize(
    ("data", "kind", "foreign", "expired"),
    [
        (json.dumps(EDITOR), "cookie editor", 1, 0), (NETSCAPE, "cookies.txt", 1, 1), (json.dumps(STORAGE), "storage state", 2, 0),
        ("\ufeff" + NETSCAPE.replace("\n", "\r\n"), "cookies.txt", 1, 1),
    ],
)  # fmt: skip
def test_each_format_becomes_the_platforms_own_login(data: str, kind: str, foreign: int, expired: int) -> None:
    """The login cookie arrives with its domain, flags and end; what belongs to other hosts is left out and counted."""
    found = read_login(data.encode(), HOSTS, NOW)
    assert (found.format, found.foreign, found.expired) == (kind, foreign, expired)
    cookies = {c["name"]: c for c in found.state["storage_state"]["cookies"]}
    session = cookies["sessionid"]
    assert session["value"] == "canary-1" and session["domain"] == ".tiktok.com" and session["httpOnly"] and session["secure"]
    assert session["expires"] == pytest.approx(NOW + 900, abs=1)
    if "lang" in cookies:
        assert cookies["lang"]["expires"] == -1 and cookies["lang"]["sameSite"] == "Lax"
    assert not {"canary-2", "canary-3", "canary-5"} & set(json.dumps(found.state).replace('"', " ").split())


@pytest.mark.parametrize(
    "data",
    [
        b"", b"\xff\xfe\x00canary", b"canary-9\tx", b"[{\"name\": \"canary-9\"}]", b"{\"canary-9\": 1}", b"[" * 100_000, b"{\"cookies\": [3]}",
        json.dumps([EDITOR[2]]).encode(), NETSCAPE.splitlines()[-1].encode(), b"# only comments\n", b"x" * (16 << 20) + b"y",
    ],
)  # fmt: skip
def test_what_is_no_login_of_the_platform_is_refused_without_its_values(data: bytes) -> None:
    """One sentence and what to do; no value of the file stands in it."""
    with pytest.raises(UsageError) as refused:
        read_login(data, HOSTS, NOW)
    assert "canary" not in str(refused.value) + str(refused.value.hint) and refused.value.hint
