"""Logins brought from a browser: three formats become one state, other hosts' cookies are left out, nonsense is refused without a value in it."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bedrot_console.domain.errors import UsageError
from bedrot_console.extraction.chromium import find_browser
from bedrot_console.extraction.imports import Imported, read_login

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
        b'{"cookies": [], "origins": 5}', b'{"cookies": [], "origins": [{"origin": "https://www.tiktok.com", "localStorage": 5}]}',
        b'{"cookies": [], "origins": [{"origin": "http://[canary"}]}', b'[{"name": "a", "value": "canary", "url": "http://[x"}]',
        b'{"cookies": [], "origins": [{"origin": "http://www.tiktok.com:99999"}]}',
        json.dumps([EDITOR[2]]).encode(), NETSCAPE.splitlines()[-1].encode(), b"# only comments\n", b"x" * (16 << 20) + b"y",
    ],
)  # fmt: skip
def test_what_is_no_login_of_the_platform_is_refused_without_its_values(data: bytes) -> None:
    """One sentence and what to do; no value of the file stands in it."""
    with pytest.raises(UsageError) as refused:
        read_login(data, HOSTS, NOW)
    assert "canary" not in str(refused.value) + str(refused.value.hint) and refused.value.hint


MEANT: tuple[tuple[dict[str, Any], dict[str, Any]], ...] = (
    ({"expirationDate": (NOW + 900) * 1000}, {"expires": NOW + 900}),
    ({"expirationDate": float("inf")}, {"expires": -1}),
    ({"expirationDate": float("nan")}, {"expires": -1}),
    ({"expirationDate": 10**400}, {"expires": -1}),
    ({"expirationDate": "tomorrow"}, {"expires": -1}),
    ({"expirationDate": True}, {"expires": -1}),
    ({"name": "__Host-a", "path": "/x", "secure": False}, {"domain": "tiktok.com", "path": "/", "secure": True}),
    ({"name": "__SECURE-a", "secure": False}, {"domain": ".tiktok.com", "secure": True}),
    ({"name": "__Http-a", "httpOnly": False}, {"secure": True, "httpOnly": True}),
    ({"name": "__Host-Http-a", "httpOnly": False}, {"domain": "tiktok.com", "httpOnly": True}),
    ({"name": " a ", "value": "v\t"}, {"name": "a", "value": "v"}),
    ({"domain": ".TikTok.com", "sameSite": "None", "secure": False}, {"domain": ".tiktok.com", "sameSite": "Lax"}),
)
ODD: tuple[dict[str, Any], ...] = (
    {"name": "a;b"}, {"name": "a=b"}, {"name": ""}, {"value": "a;b"}, {"value": "a\x01b"}, {"value": "a\nb"}, {"value": "a\x7fb"},
    {"value": "x" * 4096}, {"value": "\ud800"}, {"path": "/a;b"}, {"path": "/" + "a" * 1024}, {"domain": "..tiktok.com"},
    {"domain": "x:80.tiktok.com"}, {"domain": "a b.tiktok.com"},
)  # fmt: skip


def editor(*changes: dict[str, Any]) -> Imported:
    """An export of a cookie editor: a sound login cookie, and the same with each of the changes."""
    jar = [EDITOR[0], *({**EDITOR[0], "name": "c", **change} for change in changes)]
    return read_login(json.dumps(jar).encode(), HOSTS, NOW)


@pytest.mark.parametrize(("change", "becomes"), MEANT)
def test_a_cookie_that_can_be_meant_in_one_way_is_written_as_browsers_take_it(
    change: dict[str, Any], becomes: dict[str, Any]
) -> None:
    """Milliseconds are seconds, an end that is no moment is none, and a name's prefix brings the flags that it stands for."""
    found = editor(change)
    assert (found.cookies, found.odd) == (2, 0)
    assert found.state["storage_state"]["cookies"][1].items() >= becomes.items()


@pytest.mark.parametrize("change", ODD)
def test_a_cookie_that_no_browser_takes_is_left_out_and_counted(change: dict[str, Any]) -> None:
    """One odd cookie does not cost the login, and the count says that it was left out."""
    found = editor(change)
    assert (found.cookies, found.odd, found.foreign) == (1, 1, 0)


@pytest.mark.browser
@pytest.mark.skipif(find_browser() is None, reason="no Chromium here")
def test_a_browser_takes_what_was_imported() -> None:
    """A real browser restores the state of a file full of odd cookies, storage and addresses."""
    from playwright.sync_api import sync_playwright

    binary = find_browser()
    assert binary is not None
    origins = [
        {"origin": "https://u:p@www.tiktok.com/x?y", "localStorage": [{"name": "t", "value": "kept"}]},
        {"origin": "https://big.tiktok.com", "localStorage": [{"name": "t", "value": "x" * (5 << 20)}]},
        {"origin": "https://a b.tiktok.com", "localStorage": [{"name": "t", "value": "x"}]},
        {"origin": "ftp://www.tiktok.com", "localStorage": []},
    ]
    every = [{**EDITOR[0], "name": f"c{n}", **change} for n, change in enumerate([*(c for c, _ in MEANT), *ODD])]
    found = read_login(json.dumps({"cookies": every, "origins": origins}).encode(), HOSTS, NOW)
    assert (found.cookies, found.origins, found.odd, found.foreign) == (len(MEANT), 1, len(ODD) + 2, 1)
    state = found.state["storage_state"]
    for cookie in state["cookies"]:
        cookie["expires"] = -1  # else those of this test's day have ended by now
    with sync_playwright() as playwright:
        options: Any = {"executable_path": str(binary.path)} if binary.path else {"channel": binary.channel}
        browser = playwright.chromium.launch(**options)
        with contextlib.closing(browser.new_context(storage_state=state)) as context:
            assert len(context.cookies()) == found.cookies
            assert context.storage_state()["origins"] == state["origins"]
        browser.close()


WORDS = st.sampled_from(
    [
        "cookies",
        "origins",
        "origin",
        "localStorage",
        "name",
        "value",
        "domain",
        "url",
        "expires",
        "path",
        "https://www.tiktok.com",
    ]
)
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | WORDS | st.just("http://[x")


@given(st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS, inner, max_size=6), max_leaves=30))
def test_no_file_is_more_than_refused(value: Any) -> None:
    """Whatever JSON comes, and inside of whatever: a login, or a sentence."""
    for made in (
        value,
        {"cookies": value},
        {"cookies": [], "origins": value},
        [value],
        {"cookies": [{"name": "a", "value": "b", "domain": value}]},
    ):
        with contextlib.suppress(UsageError):
            read_login(json.dumps(made).encode(), HOSTS, NOW)
