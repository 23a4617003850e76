"""The Graph protocol of a stand-in: versions, tokens, proofs, edges in pages, batches, quotas, errors. Strict: what the real one refuses, it refuses.

`Engine.answer` takes a Call and gives a Reply; it knows no server. A platform says in a subclass what its paths are about (`_target`) and
what they answer (`_body`).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any, ClassVar
from urllib.parse import parse_qsl, urlencode, urlsplit

from . import errors
from .errors import GraphError
from .params import whole
from .usage import Usage

PAGE = 25
MOST_PER_PAGE = 5000
CURSOR_LIVES = timedelta(hours=2)


class Faults:
    """What the engine asks of a platform's active faults. `on` tells whether a fault is in force; asking may use it up."""

    def __init__(self, on: Callable[[str], bool]) -> None:
        self._on = on
        self.regain_minutes = 7
        self._emptied = False

    def __contains__(self, name: str) -> bool:
        return self._on(name)

    def throttle(self, use_case: str) -> str | None:
        """The limit (a key of errors.THROTTLES) that is exhausted for a call of this use case."""
        raise NotImplementedError

    def page_size(self, limit: int, start: int) -> int:
        """How many rows a page holds of the `limit` asked for."""
        if start == limit and not self._emptied and "empty_page" in self:
            self._emptied = True
            return 0
        self._emptied = False
        return max(1, limit * 2 // 3) if "short_pages" in self else limit


@dataclass(frozen=True, slots=True)
class Call:
    """A request: `path` without query, `params` from query and form together, header names in lower case."""

    method: str
    path: str
    params: Mapping[str, str]
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    body: bytes
    headers: Mapping[str, str]


@dataclass(slots=True)
class Token:
    """An access token. `expires_at` None: never. `dead` is a 190 subcode once it was revoked. `accounts`: ids it is assigned to."""

    value: str = field(repr=False)
    accounts: tuple[str, ...]
    scopes: tuple[str, ...] = ("ads_read", "business_management", "public_profile")
    kind: str = "SYSTEM_USER"
    user_id: str = "122000000000000001"
    issued_at: datetime | None = None
    expires_at: datetime | None = None
    data_access_expires_at: datetime | None = None
    dead: int | None = None


@dataclass(slots=True)
class App:
    """The app a token belongs to. `requires_proof`: calls without `appsecret_proof` are refused."""

    id: str = "1234567890"
    secret: str = field(default="0123456789abcdef0123456789abcdef", repr=False)
    name: str = "Night Works Reporting"
    requires_proof: bool = False

    def proof(self, token: str) -> str:
        return hmac.new(self.secret.encode(), token.encode(), hashlib.sha256).hexdigest()


class Engine:
    """One Graph API. `now` gives the simulated moment, `base_url` the address that paging links point to.

    Attributes:
        versions: every version there was, with its last day (None: still served).  newest: the one that answers unversioned talk.
        guarded: how the permissions begin that the fault `permission` takes away.  page_rows: rows of a page when no limit is asked.
        quotas: calls an hour, by use case.
    """

    versions: ClassVar[Mapping[str, date | None]]
    newest: ClassVar[str]
    guarded: ClassVar[str]
    page_rows: ClassVar[int] = PAGE
    most_rows: ClassVar[int] = MOST_PER_PAGE
    quotas: ClassVar[Mapping[str, int]]

    def __init__(self, tokens: Iterable[Token], now: Callable[[], datetime], faults: Faults, app: App | None = None) -> None:
        self.tokens = {t.value: t for t in tokens}
        self.app = app or App()
        self.now = now
        self.faults = faults
        self.base_url = "https://graph.facebook.com"
        self.usage = Usage(now, self.quotas)

    def _target(self, call: Call, token: Token, parts: list[str]) -> tuple[str, str, Any]:
        """What the path is about: the id whose quota it uses, the use case of that quota, and the object. Raises GraphError when it is not ours to see."""
        raise NotImplementedError

    def _body(self, call: Call, token: Token, version: str, parts: list[str], target: Any) -> Any:
        """What is answered, as a JSON value."""
        raise NotImplementedError

    def _open(self, call: Call, parts: list[str]) -> Any:
        """What is answered without a token of a user, or None for every other path."""
        return self._debug(call) if parts == ["debug_token"] and call.method == "GET" else None

    def answer(self, call: Call) -> Reply:
        """Handle one request. Never raises for anything a client sent."""
        trace = self._trace(call)
        today = self.now().date()
        version, path = _version(call.path)
        served = usable_version(version, today, self.versions)
        headers = {
            "Content-Type": "application/json; charset=UTF-8", "facebook-api-version": served or self.newest, "x-fb-trace-id": trace,
            "x-fb-request-id": trace, "x-fb-rev": "1030000000", "Cache-Control": "private, no-cache, no-store, must-revalidate",
        }  # fmt: skip
        if version and served and served != version:
            headers["x-ad-api-version-warning"] = f"The call has been auto-upgraded to {served} as {version} has been deprecated."
        try:
            if served is None:
                raise errors.unknown_path(f"/{version}{path}")
            body, more = self._route(replace(call, path=path), served)
            status = 200
        except GraphError as error:
            body, more, status = error.body(trace), error.headers, error.status
            if "error_in_200" in self.faults:
                status = 200
        return Reply(status, dump(body), headers | dict(more))

    def _trace(self, call: Call) -> str:
        """The id of an answer. The same question at the same moment gets the same, so that a run can be told in advance."""
        asked = sorted((k, v) for k, v in call.params.items() if k != "access_token")
        digest = hashlib.sha256(repr((call.method, call.path, asked, errors.utc(self.now()))).encode()).digest()
        return "A" + base64.urlsafe_b64encode(digest[:16]).decode().rstrip("=")

    def _route(self, call: Call, version: str) -> tuple[Any, Mapping[str, str]]:
        parts = [p for p in call.path.split("/") if p]
        if call.method == "POST" and not parts and "batch" in call.params:
            return self._batch(call, version), {}
        opened = self._open(call, parts)
        if opened is not None:
            return opened, {}
        token = self._authenticate(call)
        owner, use_case, target = self._target(call, token, parts)
        headers = self._meter(owner, use_case)
        body = self._body(call, token, version, parts, target)
        return body, headers

    def _authenticate(self, call: Call) -> Token:
        """The token of a call, alive and proved. Raises GraphError (104, 190, 100) otherwise."""
        value = call.params.get("access_token") or ""
        scheme, _, bearer = call.headers.get("authorization", "").partition(" ")
        if not value and scheme.lower() in ("bearer", "oauth"):
            value = bearer.strip()
        if not value:
            raise errors.no_token()
        token = self.tokens.get(value)
        if token is None or "token_invalid" in self.faults:
            raise errors.bad_token()
        now = self.now()
        if token.dead:
            raise errors.dead_token(token.dead)
        if "token_expired" in self.faults or (token.expires_at and token.expires_at <= now):
            raise errors.expired_token(min(token.expires_at or now, now - timedelta(minutes=5)), now)
        if "checkpoint" in self.faults:
            raise errors.dead_token(459)
        proof = call.params.get("appsecret_proof")
        if proof is None and (self.app.requires_proof or "proof_required" in self.faults):
            raise errors.proof_missing()
        if proof is not None and not hmac.compare_digest(proof.encode(), self.app.proof(value).encode()):
            raise errors.proof_wrong()
        return token

    def _debug(self, call: Call) -> dict[str, Any]:
        asking = call.params.get("access_token") or call.headers.get("authorization", "").partition(" ")[2]
        if asking != f"{self.app.id}|{self.app.secret}":
            self._authenticate(call)
        value = call.params.get("input_token")
        if not value:
            raise errors.bad_param("input_token", "is required")
        token = self.tokens.get(value)
        if token is None:
            problem = {"code": 190, "message": "Malformed access token"}
            return {"data": {"error": problem, "is_valid": False, "scopes": []}}
        now = self.now()
        lapsed = token.data_access_expires_at is not None and token.data_access_expires_at <= now
        dead = bool(token.dead) or (token.expires_at is not None and token.expires_at <= now)
        scopes = [s for s in token.scopes if not ("permission" in self.faults and s.startswith(self.guarded))]
        data: dict[str, Any] = {
            "app_id": self.app.id, "type": token.kind, "application": self.app.name,
            "data_access_expires_at": errors.utc(token.data_access_expires_at) if token.data_access_expires_at else 0,
            "expires_at": errors.utc(token.expires_at) if token.expires_at else 0, "is_valid": not dead and not lapsed,
            "scopes": scopes, "granular_scopes": [{"scope": s} for s in scopes], "user_id": token.user_id,
        }  # fmt: skip
        if token.issued_at:
            data["issued_at"] = errors.utc(token.issued_at)
        if dead:
            data["error"] = {"code": 190, "message": "Error validating access token", "subcode": token.dead or 463}
        return {"data": data}

    def _meter(self, owner: str, use_case: str) -> dict[str, str]:
        """Count the call and give its usage headers; raises the throttle that applies."""
        forced = self.faults.throttle(use_case)
        if forced:
            raise errors.throttled(forced, self.usage.exhausted(owner, forced, self.faults.regain_minutes))
        if "transient" in self.faults:
            raise errors.transient()
        blocked = self.usage.count(owner, use_case)
        if blocked:
            raise errors.throttled(use_case, blocked)
        return self.usage.headers(owner, use_case)

    def _page(self, call: Call, version: str, count: int, bound: str, cut: Callable[[int, int], list[Any]]) -> dict[str, Any]:
        """One page of an edge: cursors are opaque, bound to the question, and expire; `next` and `previous` only where there is more."""
        limit = whole(call.params.get("limit") or str(self.page_rows), "limit")
        if limit < 1:
            raise errors.bad_param("limit", "must be a positive integer")
        if limit > (100 if "large_pages_refused" in self.faults else self.most_rows):
            raise errors.too_much_data()
        bound = f"{call.path}|{bound}"
        start = self._position(call.params["after"], bound) if call.params.get("after") else 0
        if call.params.get("before"):
            end = max(self._position(call.params["before"], bound) - 1, 0)
            start = max(end - limit, 0)
        else:
            end = min(start + self.faults.page_size(limit, start), count)
        data = cut(start, end)
        if not data and end >= count:
            return {"data": []}
        salt = "" if data else hashlib.sha256(call.params.get("after", "").encode()).hexdigest()[:6]
        after = start if "repeated_page" in self.faults and end < count else end
        paging: dict[str, Any] = {
            "cursors": {"before": self._cursor(start + 1, bound), "after": self._cursor(after, bound, salt)}
        }
        if end < count:
            paging["next"] = self._link(call, version, after=paging["cursors"]["after"])
        if start > 0:
            paging["previous"] = self._link(call, version, before=paging["cursors"]["before"])
        return {"data": data, "paging": paging}

    def _link(self, call: Call, version: str, **cursor: str) -> str:
        """A paging URL as Meta writes it: with every parameter of the call, the access token in clear among them (seen)."""
        token = call.params.get("access_token") or call.headers.get("authorization", "").partition(" ")[2]
        kept = {k: v for k, v in call.params.items() if k not in ("after", "before", "access_token")}
        query = urlencode({"access_token": token, "pretty": "0", **kept, **cursor})
        return f"{self.base_url}/{version}{call.path.rstrip('/')}?{query}"

    def _cursor(self, position: int, bound: str, salt: str = "") -> str:
        """`salt` tells an empty page's cursor from that of the page before it. Its age counts from the full hour, so that it repeats within one."""
        text = f"{position}:{errors.utc(self.now()) // 3600 * 3600}:{salt}"
        seal = hmac.new(self.app.secret.encode(), f"{text}|{bound}".encode(), hashlib.sha256).hexdigest()[:12]
        return "QVFI" + base64.urlsafe_b64encode(f"{text}:{seal}".encode()).decode().rstrip("=") + "ZD"

    def _position(self, cursor: str, bound: str) -> int:
        try:
            inner = cursor[4:-2]
            position, issued, salt, seal = base64.urlsafe_b64decode(inner + "=" * (-len(inner) % 4)).decode().split(":")
            expected = hmac.new(
                self.app.secret.encode(), f"{position}:{issued}:{salt}|{bound}".encode(), hashlib.sha256
            ).hexdigest()[:12]
            age = errors.utc(self.now()) - int(issued)
        except (ValueError, UnicodeDecodeError):
            raise errors.bad_cursor() from None
        if seal != expected or age > CURSOR_LIVES.total_seconds() or "cursor_expired" in self.faults:
            raise errors.bad_cursor()
        return int(position)

    def _batch(self, call: Call, version: str) -> list[dict[str, Any]]:
        """Up to 50 calls in one; each part counts, and has its own status, headers and body (as text)."""
        try:
            wanted = json.loads(call.params["batch"])
            calls = [(str(w["method"]), urlsplit(str(w["relative_url"])), str(w.get("body", ""))) for w in wanted]
        except (ValueError, KeyError, TypeError):
            raise errors.bad_param("batch", "must be an array of objects with method and relative_url") from None
        if len(calls) > 50:
            raise GraphError("Too many requests in batch message. Maximum batch size is 50", 100, kind="GraphBatchException")
        self._authenticate(call)
        shared = {k: call.params[k] for k in ("access_token", "appsecret_proof") if k in call.params}
        out = []
        for method, url, body in calls:
            params = shared | dict(parse_qsl(url.query)) | dict(parse_qsl(body))
            inner_version, path = _version("/" + url.path.lstrip("/"))
            reply = self.answer(Call(method, f"/{inner_version or version}{path}", params, call.headers))
            headers = [{"name": k, "value": v} for k, v in reply.headers.items()]
            out.append({"code": reply.status, "headers": headers, "body": reply.body.decode()})
        return out


def _version(path: str) -> tuple[str | None, str]:
    match = re.match(r"/(v\d+\.\d+)(/.*|$)", path)
    return (match.group(1), match.group(2) or "/") if match else (None, path)


def dump(body: Any) -> bytes:
    """JSON as Meta writes it: compact, ASCII, slashes escaped."""
    return json.dumps(body, separators=(",", ":")).replace("/", "\\/").encode()


def usable_version(asked: str | None, today: date, ends: Mapping[str, date | None]) -> str | None:
    """The version that answers: the asked one, or the oldest still usable when it has ended (a silent change). None: no such version."""
    usable = [v for v, end in ends.items() if end is None or today <= end]
    if asked is None:
        return usable[0]
    if asked not in ends:
        return None
    return asked if asked in usable else usable[0]
