"""What all of Google's APIs share: errors in their form, consents and access tokens, quotas per project and day, parameters of every method."""

from __future__ import annotations

import json
import secrets
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from .world import Channel, pacific_day

SCOPE = "https://www.googleapis.com/auth/"
EVERY_SCOPE = ("youtube.readonly", "yt-analytics.readonly", "yt-analytics-monetary.readonly")
READS_CHANNEL = frozenset({"youtube", "youtube.readonly", "youtube.force-ssl", "youtubepartner"})
READS_REPORTS = frozenset(
    {"youtube", "youtube.readonly", "youtubepartner", "yt-analytics.readonly", "yt-analytics-monetary.readonly"}
)
OF_EVERY_METHOD = frozenset(
    {
        "$.xgafv",
        "access_token",
        "alt",
        "callback",
        "fields",
        "key",
        "oauth_token",
        "prettyPrint",
        "quotaUser",
        "uploadType",
        "upload_protocol",
    }
)
"""Parameters that the discovery documents allow everywhere."""
TOKEN_SECONDS = 3599
LIMITS = {"data": 10_000, "analytics": 50_000}
"""Calls a day by bucket; that of the Analytics API is invented, Google's console alone shows the real one."""

Params = Mapping[str, list[str]]


class GoogleError(Exception):
    """A refusal in the form both APIs use: code, reason and a sentence."""

    def __init__(self, code: int, reason: str, message: str, *, domain: str = "youtube.api", status: str = "") -> None:
        super().__init__(message)
        self.code, self.reason, self.message, self.domain, self.status = code, reason, message, domain, status

    def body(self) -> dict[str, Any]:
        problem: dict[str, Any] = {
            "code": self.code, "message": self.message, "errors": [{"message": self.message, "domain": self.domain, "reason": self.reason}],
        }  # fmt: skip
        if self.status:
            problem["status"] = self.status
        return {"error": problem}


def bad_request(message: str, reason: str = "badRequest", *, domain: str = "global") -> GoogleError:
    return GoogleError(400, reason, message, domain=domain, status="INVALID_ARGUMENT")


def quota_spent() -> GoogleError:
    return GoogleError(
        403,
        "quotaExceeded",
        'The project has used up its <a href="/youtube/v3/getting-started#quota">quota</a>.',
        domain="youtube.quota",
    )


def too_fast() -> GoogleError:
    return GoogleError(403, "rateLimitExceeded", "Requests come faster than this project may send them.", domain="usageLimits")


def unauthorized() -> GoogleError:
    return GoogleError(
        401, "authError", "The credentials of this request are not valid.", domain="global", status="UNAUTHENTICATED"
    )


def forbidden(message: str = "This access is not allowed.", reason: str = "forbidden") -> GoogleError:
    return GoogleError(403, reason, message, domain="youtube.common", status="PERMISSION_DENIED")


@dataclass(slots=True)
class Consent:
    """What one person agreed to once: which channel, and which scopes. `dead`: revoked or too old. `ends_at`: for consents of limited time."""

    refresh_token: str = field(repr=False)
    channel: Channel
    scopes: tuple[str, ...] = EVERY_SCOPE
    dead: bool = False
    ends_at: datetime | None = None


@dataclass(slots=True)
class Grant:
    """An access token: whose, until when, and for how many more calls (None: any number)."""

    consent: Consent
    scopes: tuple[str, ...]
    expires_at: datetime
    calls_left: int | None = None


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, as the token says."""

    channel: Channel
    scopes: frozenset[str]

    def may(self, scopes: frozenset[str]) -> None:
        if not self.scopes & scopes:
            raise forbidden("The request has insufficient authentication scopes.", "insufficientPermissions")


class OAuth:
    """The token service of one OAuth client."""

    def __init__(
        self,
        now: Callable[[], datetime],
        fault: Callable[[str], bool],
        client_id: str,
        client_secret: str,
        consents: Iterable[Consent],
    ) -> None:
        self.now, self.fault = now, fault
        self.client_id, self.client_secret = client_id, client_secret
        self.consents = {c.refresh_token: c for c in consents}
        self.grants: dict[str, Grant] = {}

    def token(self, form: Mapping[str, str]) -> tuple[int, dict[str, Any]]:
        """Answer a form POST: status and body. Only refresh tokens are exchanged here; consents are given elsewhere."""
        kind = form.get("grant_type")
        if kind is None:
            return 400, _refusal("invalid_request", "Required parameter is missing: grant_type")
        if kind != "refresh_token":
            return 400, _refusal("unsupported_grant_type", f"Invalid grant_type: {kind[:40]}")
        unknown = sorted(set(form) - {"grant_type", "client_id", "client_secret", "refresh_token", "scope"})
        if unknown:
            return 400, _refusal("invalid_request", f"Parameter not allowed for this message type: {unknown[0]}")
        if form.get("client_id") != self.client_id or self.fault("client_unknown"):
            return 401, _refusal("invalid_client", "The OAuth client was not found.")
        if form.get("client_secret") != self.client_secret:
            return 401, _refusal("invalid_client", "Unauthorized")
        if not form.get("refresh_token"):
            return 400, _refusal("invalid_request", "Missing required parameter: refresh_token")
        consent = self.consents.get(form["refresh_token"])
        if consent is None or consent.dead or self.fault("token_expired") or (consent.ends_at and self.now() >= consent.ends_at):
            return 400, _refusal("invalid_grant", "Token has been expired or revoked.")
        scopes = self._scopes(consent)
        if any(s.removeprefix(SCOPE) not in scopes for s in form.get("scope", "").split()):
            return 400, _refusal("invalid_scope", "Some requested scopes were invalid.")
        value = f"ya29.simulated-{secrets.token_urlsafe(48)}"
        few = 4 if self.fault("session_expired") else None
        self.grants[value] = Grant(consent, scopes, self.now() + timedelta(seconds=TOKEN_SECONDS + 1), few)
        body: dict[str, Any] = {
            "access_token": value, "expires_in": TOKEN_SECONDS, "scope": " ".join(SCOPE + s for s in scopes), "token_type": "Bearer",
        }  # fmt: skip
        if self.fault("consent_in_testing"):
            body["refresh_token_expires_in"] = 2 * 86400 - 1
        return 200, body

    def _scopes(self, consent: Consent) -> tuple[str, ...]:
        if self.fault("scope_missing"):
            return ("yt-analytics.readonly",)
        if self.fault("revenue_not_granted"):
            return tuple(s for s in consent.scopes if s != "yt-analytics-monetary.readonly")
        return consent.scopes

    def caller(self, authorization: str | None, given: str | None, other: Callable[[Channel], Channel]) -> Caller:
        """Who a request comes from; raises 401 without a live token. `other` maps a channel to the one that a fault puts in its place."""
        value = (authorization or "").removeprefix("Bearer ").strip() or given or ""
        grant = self.grants.get(value)
        if grant is None or self.now() >= grant.expires_at or grant.consent.dead or self.fault("access_refused"):
            raise unauthorized()
        if grant.calls_left is not None:
            if grant.calls_left < 1:
                raise unauthorized()
            grant.calls_left -= 1
        return Caller(other(grant.consent.channel), frozenset(grant.scopes))


def _refusal(error: str, description: str) -> dict[str, str]:
    return {"error": error, "error_description": description}


class Quota:
    """Calls by bucket and Pacific day; refused ones cost as well."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.now = now
        self.limits = dict(LIMITS)
        self.used: Counter[tuple[str, str]] = Counter()

    def spend(self, bucket: str) -> None:
        key = (bucket, pacific_day(self.now()).isoformat())
        if self.used[key] >= self.limits[bucket]:
            raise quota_spent()
        self.used[key] += 1


def one(params: Params, name: str) -> str | None:
    """The single value of a parameter; None if absent. A single one that is repeated keeps its last value."""
    values = params.get(name)
    return values[-1] if values else None


def known_only(params: Params, own: Iterable[str]) -> None:
    """Refuse parameters that no discovery document names, and those this stand-in cannot honour."""
    for name in params:
        if name not in OF_EVERY_METHOD and name not in own:
            raise bad_request(f'Invalid JSON payload received. Unknown name "{name}": Cannot bind query parameter.')
    if "fields" in params or "callback" in params:
        raise bad_request("This stand-in answers whole objects only: neither fields nor callback.", "invalidParameter")
    if one(params, "alt") not in (None, "json"):
        raise bad_request("This stand-in answers JSON only.", "invalidParameter")


def whole(params: Params, name: str, default: int | None, least: int, most: int) -> int | None:
    """A number in its bounds; raises 400 otherwise."""
    text = one(params, name)
    if text is None:
        return default
    if not text.isascii() or not text.isdecimal() or not least <= int(text) <= most:
        raise bad_request(
            f"Invalid value '{text[:20]}' for {name}. Values must be within the range: [{least}, {most}]", "invalidValue"
        )
    return int(text)


def flag(params: Params, name: str) -> bool | None:
    text = one(params, name)
    if text is None:
        return None
    if text not in ("true", "false"):
        raise bad_request(f"Invalid value at '{name}': {text[:20]}", "invalidValue")
    return text == "true"


def spelled(value: Any, params: Params) -> bytes:
    """A value as Google spells it: indented by two, or without blanks where prettyPrint is false."""
    if one(params, "prettyPrint") == "false":
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()
    return json.dumps(value, indent=2, ensure_ascii=False).encode() + b"\n"
