"""Logins brought from a browser on the operator's own machine: three file formats to one login state. Pure; nothing is written here.

Formats, told apart by content: Playwright's storage state (`{"cookies": […], "origins": […]}`), the JSON list of cookie editors
(`[{"domain", "expirationDate", "name", "value", …}]`), and `cookies.txt` of Netscape (seven fields a line, tabs between them).
Only what belongs to the platform's hosts is kept: a browser's whole cookie jar holds the logins of everything else.

A browser refuses a whole login state for one cookie that it does not take. What can be meant in one way only is written as browsers take it
(an end in milliseconds, the flags that a name such as `__Host-` stands for); any other such cookie is left out and counted. What they take
was tried on Chromium.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from ..domain.errors import UsageError

MOST_BYTES = 16 << 20
MOST_STORAGE = 5 << 20
"""Characters that a browser keeps for one site, at most."""
_LAST_SECOND = 253_402_300_799
"""The end of the year 9999: a browser takes no later end."""
_MOST_COOKIE = 4096
_MOST_PATH = 1024
_CONTROL = re.compile(r"[\x00-\x1f\x7f;\ud800-\udfff]")
_HOST = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*")
_PREFIX = re.compile(r"__(host-http|host|secure|http)-", re.IGNORECASE)
_SAME_SITE = {"strict": "Strict", "lax": "Lax", "none": "None", "no_restriction": "None"}
HINT = "export it as storage state, as cookies.txt, or as the JSON of a cookie editor"


@dataclass(frozen=True, slots=True)
class Imported:
    """A login state, and what was in the file: `cookies` and `origins` kept; left out: `foreign` entries of other hosts, `expired` cookies, and
    `odd` entries that no browser takes."""

    state: dict[str, Any]
    format: str
    cookies: int
    origins: int
    foreign: int
    expired: int
    odd: int = 0

    def in_words(self) -> str:
        """What was kept and what was left out; holds no value of the file."""
        left = f", left out {self.foreign} of other hosts" if self.foreign else ""
        left += f", {self.expired} expired" if self.expired else ""
        left += f", {self.odd} that no browser takes" if self.odd else ""
        return f"{self.cookies} cookies and storage of {self.origins} sites of a {self.format}{left}"


def read_login(data: bytes, hosts: Iterable[str], now: float) -> Imported:
    """The login of these hosts in an exported file.

    Args:
        hosts: names such as `tiktok.com`; their subdomains belong to them.
        now: seconds since the epoch; a cookie that ended before is left out.

    Raises:
        UsageError: none of the formats, or nothing in it belongs to these hosts. The sentence holds no value of the file.
    """
    if len(data) > MOST_BYTES:
        raise UsageError("that is no exported login: it is larger than 16 MB", hint=HINT)
    wanted = tuple(host.lower().removeprefix("www.") for host in hosts)
    kind, cookies, origins = _parsed(data)
    mine = [c for c in cookies if _belongs(c["domain"], wanted)]
    sites = [o for o in origins if _belongs(_host_of(o["origin"]), wanted)]
    sound, kept = [c for c in mine if _taken(c)], [o for o in sites if _stored(o)]
    live = [c for c in sound if c["expires"] < 0 or c["expires"] > now]
    if not live and not kept:
        why = f"nothing in it belongs to {', '.join(wanted)}"
        if mine or sites:
            why = "all of its cookies have expired" if sound else "no browser takes its cookies"
        raise UsageError(f"no login to import: {why}", hint="sign in there in your browser, then export again")
    return Imported(
        {"storage_state": {"cookies": live, "origins": kept}, "session_storage": {}, "auth_cookies": None},
        kind, len(live), len(kept), foreign=len(cookies) - len(mine) + len(origins) - len(sites), expired=len(sound) - len(live),
        odd=len(mine) - len(sound) + len(sites) - len(kept),
    )  # fmt: skip


def _belongs(host: str, wanted: tuple[str, ...]) -> bool:
    host = host.lower().lstrip(".")
    return any(host == name or host.endswith("." + name) for name in wanted)


def _host_of(address: Any) -> str:
    """The host of an address of the web; empty for any other. Raises UsageError for what is no address at all."""
    try:
        parts = urlsplit(str(address))
        return (parts.hostname or "") if parts.scheme in ("http", "https") and parts.port != 0 else ""
    except ValueError:
        raise UsageError("that is no exported login: an address in it is broken", hint=HINT) from None


def _taken(cookie: Mapping[str, Any]) -> bool:
    """Whether a browser takes this cookie."""
    name, value, path = cookie["name"], cookie["value"], cookie["path"]
    if not name or "=" in name or _CONTROL.search(name + value + path) or not _HOST.fullmatch(cookie["domain"].removeprefix(".")):
        return False
    return len((name + value).encode()) <= _MOST_COOKIE and len(path.encode()) <= _MOST_PATH


def _stored(origin: Mapping[str, Any]) -> bool:
    """Whether a browser stores this for the site."""
    size = sum(len(item["name"]) + len(item["value"]) for item in origin["localStorage"])
    return size <= MOST_STORAGE and _HOST.fullmatch(_host_of(origin["origin"])) is not None


def _parsed(data: bytes) -> tuple[str, list[dict[str, Any]], list[dict[str, Any]]]:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UsageError("that is no exported login: it is not text", hint=HINT) from None
    if text.lstrip()[:1] in ("{", "["):
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            raise UsageError("that is no exported login: its JSON is broken", hint=HINT) from None
        if isinstance(value, dict) and isinstance(value.get("cookies"), list):
            origins = _list(value.get("origins"), "its list of sites")
            return "storage state", _cookies(value["cookies"]), [_origin(o) for o in origins if isinstance(o, dict)]
        if isinstance(value, list):
            return "cookie editor", _cookies(value), []
        raise UsageError("that is no exported login: it lists no cookies", hint=HINT)
    return "cookies.txt", _netscape(text), []


def _cookies(entries: list[Any]) -> list[dict[str, Any]]:
    found = []
    for entry in entries:
        if not isinstance(entry, dict) or not isinstance(entry.get("name"), str) or not isinstance(entry.get("value"), str):
            raise UsageError("that is no exported login: an entry is no cookie", hint=HINT)
        domain = entry.get("domain")
        if not domain and isinstance(entry.get("url"), str):
            domain = _host_of(entry["url"])
        ends = entry.get("expires", entry.get("expirationDate", -1))
        found.append(
            _cookie(entry["name"], entry["value"], str(domain or ""), entry.get("path"), ends, bool(entry.get("secure")),
                    bool(entry.get("httpOnly")), entry.get("sameSite"))
        )  # fmt: skip
    return found


def _cookie(
    name: str, value: str, domain: str, path: Any, ends: Any, secure: bool, http_only: bool, same_site: Any
) -> dict[str, Any]:
    """One cookie as a browser context takes it, if any would. `expires` is -1 for one that ends with the browser."""
    name, value, domain = name.strip(" \t"), value.strip(" \t"), domain.strip().lower()
    path = path if isinstance(path, str) and path.startswith("/") else "/"
    prefix = _PREFIX.match(name)
    if prefix is not None:  # the name itself promises the rest, and a browser had taken it
        kinds = prefix[1].lower()
        secure, http_only = True, http_only or "http" in kinds
        if "host" in kinds:
            domain, path = domain.removeprefix("."), "/"
    site = _SAME_SITE.get(str(same_site or "").lower(), "Lax")
    if site == "None" and not secure:
        site = "Lax"  # browsers refuse the pair
    return {
        "name": name, "value": value, "domain": domain, "path": path, "expires": _end(ends), "httpOnly": http_only, "secure": secure,
        "sameSite": site,
    }  # fmt: skip


def _end(ends: Any) -> float:
    """When a cookie ends, in seconds since the epoch; -1: with the browser, also where the file says nothing sensible."""
    if isinstance(ends, bool) or ends is None:
        return -1
    try:
        seconds = float(ends)
    except (TypeError, ValueError, OverflowError):
        return -1
    if math.isfinite(seconds) and seconds > _LAST_SECOND:
        seconds /= 1000  # some editors write milliseconds
    return seconds if 0 < seconds <= _LAST_SECOND else -1


def _list(value: Any, what: str) -> list[Any]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise UsageError(f"that is no exported login: {what} is none", hint=HINT)
    return value


def _origin(entry: Mapping[str, Any]) -> dict[str, Any]:
    items = [
        {"name": str(i["name"]), "value": str(i["value"])}
        for i in _list(entry.get("localStorage"), "what a site has stored")
        if isinstance(i, dict) and "name" in i and "value" in i
    ]
    address = str(entry.get("origin", ""))
    if _host_of(address):
        parts = urlsplit(address)
        address = f"{parts.scheme}://{parts.netloc.rpartition('@')[2].lower()}"
    return {"origin": address, "localStorage": items}


def _netscape(text: str) -> list[dict[str, Any]]:
    found = []
    for line in text.splitlines():
        http_only = line.startswith("#HttpOnly_")
        line = line.removeprefix("#HttpOnly_")
        if not line.strip() or line.startswith("#"):
            continue
        cells = line.split("\t")
        if len(cells) != 7:
            raise UsageError("that is no exported login: a line does not have the seven fields of cookies.txt", hint=HINT)
        domain, _, path, secure, ends, name, value = cells
        found.append(_cookie(name, value, domain, path, ends, secure.upper() == "TRUE", http_only, None))
    return found
