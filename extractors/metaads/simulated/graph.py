"""The Graph protocol: versions, tokens, proofs, routes, edges in pages, reports, batches, errors. Strict: what the real one refuses, it refuses.

`Graph.answer` takes a Call and gives a Reply; it knows no server. State that changes: report runs, counted calls, faults.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from . import errors, insights
from .errors import GraphError
from .faults import Faults
from .nodes import edge, node
from .params import flag, whole
from .reports import Reports
from .usage import Usage
from .vocabulary import usable_version
from .world import Account, find

PAGE = 25
MOST_PER_PAGE = 5000
CURSOR_LIVES = timedelta(hours=2)
NEWEST = "v26.0"


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


class Graph:
    """One Graph API with its accounts. `now` gives the simulated moment, `base_url` the address paging links point to."""

    def __init__(
        self, accounts: tuple[Account, ...], tokens: list[Token], now: Callable[[], datetime], faults: Faults, app: App | None = None
    ) -> None:  # fmt: skip
        self.accounts = {a.id: a for a in accounts}
        self.tokens = {t.value: t for t in tokens}
        self.app = app or App()
        self.now = now
        self.faults = faults
        self.base_url = "https://graph.facebook.com"
        self.usage = Usage(now)
        self.reports = Reports(now, faults)
        self._traces = 0
        self._lock = threading.Lock()

    def answer(self, call: Call) -> Reply:
        """Handle one request. Never raises for anything a client sent."""
        with self._lock:
            self._traces += 1
            trace = "A" + base64.urlsafe_b64encode(
                hashlib.sha256(f"trace {self._traces}".encode()).digest()[:16]
            ).decode().rstrip("=")
        today = self.now().date()
        version, path = _version(call.path)
        served = usable_version(version, today)
        headers = {
            "Content-Type": "application/json; charset=UTF-8", "facebook-api-version": served or NEWEST, "x-fb-trace-id": trace,
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

    def _route(self, call: Call, version: str) -> tuple[Any, Mapping[str, str]]:
        parts = [p for p in call.path.split("/") if p]
        if call.method == "POST" and not parts and "batch" in call.params:
            return self._batch(call, version), {}
        if parts == ["debug_token"] and call.method == "GET":
            return self._debug(call), {}
        token = self._authenticate(call)
        account, use_case, target = self._target(call, token, parts)
        headers = self._meter(account, use_case)
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
        scopes = [s for s in token.scopes if not ("permission" in self.faults and s.startswith("ads_"))]
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

    def _target(self, call: Call, token: Token, parts: list[str]) -> tuple[Account | None, str, Any]:
        """What the path is about: its account, the use case its quota belongs to, and the object. Raises GraphError when it is not ours to see."""
        if not parts:
            raise errors.unknown_object("", call.method.lower())
        name = parts[0]
        if name == "me":
            return None, "ads_management", "me"
        run = self.reports.find(name)
        if run is not None:
            account: Account | None = run.query.account
            target: Any = run
        elif name.startswith("act_"):
            account = target = self.accounts.get(name[4:])
        else:
            account = next((a for a in self.accounts.values() if find(a, name) is not None), None)
            target = find(account, name) if account else None
            if target is not None and getattr(target, "campaign", target).created > account.today(self.now()):  # type: ignore[union-attr]
                target = None
        if account is None or target is None:
            raise errors.unknown_object(name, call.method.lower())
        if "version_refused" in self.faults:
            raise errors.version_refused(NEWEST)
        if "blocked" in self.faults:
            raise errors.policy_block()
        if account.id not in token.accounts or "permission" in self.faults:
            raise errors.not_granted()
        if "ads_read" not in token.scopes and "ads_management" not in token.scopes:
            raise errors.missing_permission("ads_read")
        insightful = run is not None or (len(parts) > 1 and parts[1] == "insights")
        return account, "ads_insights" if insightful else "ads_management", target

    def _meter(self, account: Account | None, use_case: str) -> dict[str, str]:
        """Count the call and give its usage headers; raises the throttle that applies."""
        owner = account.id if account else self.app.id
        forced = self.faults.throttle(use_case)
        if forced:
            raise errors.throttled(forced, self.usage.exhausted(owner, forced, self.faults.regain_minutes))
        if "transient" in self.faults:
            raise errors.transient()
        blocked = self.usage.count(owner, use_case)
        if blocked:
            raise errors.throttled(use_case, blocked)
        return self.usage.headers(owner, use_case)

    def _body(self, call: Call, token: Token, version: str, parts: list[str], target: Any) -> Any:
        now = self.now()
        if target == "me":
            return self._me(call, token, version, parts)
        if self.reports.owns(target):
            if len(parts) == 1:
                return self.reports.status(target, call.params)
            if parts[1:] != ["insights"] or call.method != "GET":
                raise errors.unknown_path("/" + "/".join(parts))
            return self._insights(call, version, self.reports.finished(target), target.at)
        if call.method == "POST" and parts[1:] == ["insights"]:
            query = insights.read_query(target, call.params, now)
            return {"report_run_id": self.reports.start(query).id}
        if call.method != "GET":
            raise (
                errors.missing_permission("ads_management")
                if call.method == "POST"
                else errors.unknown_object(parts[0], call.method.lower())
            )
        if len(parts) == 1:
            return node(target, call.params, now, ("id", "account_id") if isinstance(target, Account) else ())
        if len(parts) > 2:
            raise errors.unknown_path("/" + "/".join(parts))
        if parts[1] == "insights":
            query = insights.read_query(target, call.params, now)
            if self.faults.too_much(query.days):
                raise errors.too_much_data() if query.days % 2 else errors.too_much_data_100()
            return self._insights(call, version, query, now)
        listed = edge(target, parts[1], call.params, now)
        if listed is None:
            raise errors.unknown_path(f"/{parts[1]}")
        listed = self.faults.listed(listed)
        body = self._page(call, version, len(listed), "", lambda a, b: [node(t, call.params, now) for t in listed[a:b]])
        if flag(call.params, "summary") or "total_count" in call.params.get("summary", ""):
            body["summary"] = {"total_count": len(listed)}
        return self.faults.bend(body, parts[1], now)

    def _me(self, call: Call, token: Token, version: str, parts: list[str]) -> Any:
        if parts[1:] == ["adaccounts"]:
            mine = [a for a in self.accounts.values() if a.id in token.accounts]
            default = ("id", "account_id")
            return self._page(
                call, version, len(mine), "", lambda a, b: [node(m, call.params, self.now(), default) for m in mine[a:b]]
            )
        if parts[1:] == ["permissions"]:
            return {"data": [{"permission": s, "status": "granted"} for s in token.scopes]}
        if len(parts) > 1:
            raise errors.unknown_path(f"/{parts[1]}")
        return {"name": "Reporting", "id": token.user_id}

    def _insights(self, call: Call, version: str, query: insights.Query, at: datetime) -> Any:
        found = self.faults.rows(insights.rows(query, self.faults.data_moment(at)), query, at)
        body = self._page(call, version, len(found), query.fingerprint, lambda a, b: found[a:b])
        if query.summary:
            body["summary"] = insights.summary(query, self.faults.data_moment(at), len(found))
        return self.faults.bend(body, "insights", at)

    def _page(self, call: Call, version: str, count: int, bound: str, cut: Callable[[int, int], list[Any]]) -> dict[str, Any]:
        """One page of an edge: cursors are opaque, bound to the question, and expire; `next` and `previous` only where there is more."""
        limit = whole(call.params.get("limit") or str(PAGE), "limit")
        if limit < 1:
            raise errors.bad_param("limit", "must be a positive integer")
        if limit > (100 if "large_pages_refused" in self.faults else MOST_PER_PAGE):
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
        paging: dict[str, Any] = {"cursors": {"before": self._cursor(start + 1, bound), "after": self._cursor(end, bound)}}
        if end < count:
            again = "repeated_page" in self.faults
            paging["next"] = self._link(call, version, after=self._cursor(start, bound) if again else paging["cursors"]["after"])
            if again:
                paging["cursors"]["after"] = self._cursor(start, bound)
        if start > 0:
            paging["previous"] = self._link(call, version, before=paging["cursors"]["before"])
        return {"data": data, "paging": paging}

    def _link(self, call: Call, version: str, **cursor: str) -> str:
        """A paging URL as Meta writes it: with every parameter of the call, the access token in clear among them (seen)."""
        token = call.params.get("access_token") or call.headers.get("authorization", "").partition(" ")[2]
        kept = {k: v for k, v in call.params.items() if k not in ("after", "before", "access_token")}
        query = urlencode({"access_token": token, "pretty": "0", **kept, **cursor})
        return f"{self.base_url}/{version}{call.path.rstrip('/')}?{query}"

    def _cursor(self, position: int, bound: str) -> str:
        text = f"{position}:{errors.utc(self.now())}:{self._traces}"
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
