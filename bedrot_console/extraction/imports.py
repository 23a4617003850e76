"""Logins brought from a browser on the operator's own machine: three file formats to one login state. Pure; nothing is written here.

Formats, told apart by content: Playwright's storage state (`{"cookies": […], "origins": […]}`), the JSON list of cookie editors
(`[{"domain", "expirationDate", "name", "value", …}]`), and `cookies.txt` of Netscape (seven fields a line, tabs between them).
Only what belongs to the platform's hosts is kept: a browser's whole cookie jar holds the logins of everything else.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from ..domain.errors import UsageError

MOST_BYTES = 16 << 20
_SAME_SITE = {"strict": "Strict", "lax": "Lax", "none": "None", "no_restriction": "None"}
HINT = "export it as storage state, as cookies.txt, or as the JSON of a cookie editor"


@dataclass(frozen=True, slots=True)
class Imported:
    """A login state, and what was in the file: `cookies` and `origins` kept, `foreign` entries of other hosts left out, `expired` ones too."""

    state: dict[str, Any]
    format: str
    cookies: int
    origins: int
    foreign: int
    expired: int


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
    live = [c for c in mine if c["expires"] < 0 or c["expires"] > now]
    kept = [o for o in origins if _belongs(urlsplit(str(o.get("origin", ""))).hostname or "", wanted)]
    if not live and not kept:
        why = "all of its cookies have expired" if mine else f"nothing in it belongs to {', '.join(wanted)}"
        raise UsageError(f"no login to import: {why}", hint="sign in there in your browser, then export again")
    return Imported(
        {"storage_state": {"cookies": live, "origins": kept}, "session_storage": {}, "auth_cookies": None},
        kind, len(live), len(kept), len(cookies) - len(mine) + len(origins) - len(kept), len(mine) - len(live),
    )  # fmt: skip


def _belongs(host: str, wanted: tuple[str, ...]) -> bool:
    host = host.lower().lstrip(".")
    return any(host == name or host.endswith("." + name) for name in wanted)


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
            origins = [o for o in value.get("origins") or () if isinstance(o, dict)]
            return "storage state", _cookies(value["cookies"]), [_origin(o) for o in origins]
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
            domain = urlsplit(entry["url"]).hostname
        ends = entry.get("expires", entry.get("expirationDate", -1))
        found.append(
            _cookie(entry["name"], entry["value"], str(domain or ""), entry.get("path"), ends, bool(entry.get("secure")),
                    bool(entry.get("httpOnly")), entry.get("sameSite"))
        )  # fmt: skip
    return found


def _cookie(
    name: str, value: str, domain: str, path: Any, ends: Any, secure: bool, http_only: bool, same_site: Any
) -> dict[str, Any]:
    """One cookie as a browser context takes it. `expires` is -1 for one that ends with the browser."""
    site = _SAME_SITE.get(str(same_site or "").lower(), "Lax")
    if site == "None" and not secure:
        site = "Lax"  # browsers refuse the pair
    try:
        expires = float(ends) if ends not in (None, "", False) else -1.0
    except (TypeError, ValueError):
        expires = -1.0
    return {
        "name": name, "value": value, "domain": domain, "path": path if isinstance(path, str) and path.startswith("/") else "/",
        "expires": expires if expires > 0 else -1, "httpOnly": http_only, "secure": secure, "sameSite": site,
    }  # fmt: skip


def _origin(entry: Mapping[str, Any]) -> dict[str, Any]:
    items = [
        {"name": str(i["name"]), "value": str(i["value"])}
        for i in entry.get("localStorage") or ()
        if isinstance(i, dict) and "name" in i and "value" in i
    ]
    return {"origin": str(entry.get("origin", "")), "localStorage": items}


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
