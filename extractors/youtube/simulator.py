"""A stand-in for Google's YouTube APIs and their token service on the loopback address. Never imported by the extractor.

Clients that speak to youtube.googleapis.com, youtubeanalytics.googleapis.com and oauth2.googleapis.com, the official one included, work
against it once they are pointed at its address. Every channel, consent and figure is invented.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from werkzeug.exceptions import HTTPException
from werkzeug.http import http_date
from werkzeug.wrappers import Request, Response

from bedrot_console.extraction.simulator import Account, Fault, Simulator, json_response, route

from .simulated import google, payloads
from .simulated.faults import FAULTS
from .simulated.google import Caller, Consent, GoogleError, OAuth, Params, Quota
from .simulated.lists import Lists
from .simulated.reports import Reports
from .simulated.world import CHANNELS, Channel

CLIENT_ID = "100000000001-simulated0client.apps.googleusercontent.com"
CLIENT_SECRET = "GOCSPX-simulated-0123456789abcd"
LOGIN_PAGE = (
    b'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>Sign in - Google Accounts</title></head><body>'
    b'<form method="post"><input type="email" name="identifier"><input type="password" name="Passwd"><button>Next</button></form></body></html>\n'
)
BRAND, NEWCOMER = CHANNELS[2], CHANNELS[3]


class YouTubeSimulator(Simulator):
    """Simulated Data API v3, Analytics API v2 and token service. `oauth`, `quota` may be looked at and changed while serving.

    Accounts: a busy channel that earns, a small one, the label's brand account, and a newcomer that never uploaded. The fault
    `wrong_account` consents to the brand account, the usual wrong choice. No login raises a challenge: consent is given elsewhere.
    """

    name: ClassVar[str] = "youtube"
    title: ClassVar[str] = "YouTube"
    faults_known: ClassVar[Mapping[str, Fault]] = FAULTS

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        own = super().fault
        consents = [Consent(a.extra["refresh_token"], _channel_of(a), tuple(a.extra["scopes"])) for a in self.accounts]
        self.oauth = OAuth(self.now, own, CLIENT_ID, CLIENT_SECRET, consents)
        self.quota = Quota(self.now)
        self.lists = Lists(self.now, own)
        self.reports = Reports(self.now, own)
        self.asked: list[tuple[str, dict[str, list[str]], int, bytes]] = []
        """(path, parameters, status, body) of every API call, for assertions."""

    def default_accounts(self) -> list[Account]:
        out = []
        for name, channel, scopes, more in (
            ("default", CHANNELS[0], google.EVERY_SCOPE, {"options": {"revenue": True}}),
            ("yoru", CHANNELS[1], google.EVERY_SCOPE[:2], {}),
            ("label", BRAND, google.EVERY_SCOPE[:2], {}),
            ("newcomer", NEWCOMER, google.EVERY_SCOPE[:2], {"odd": True}),
        ):
            extra = {
                "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "refresh_token": f"1//0simulated-{name}-Kq7Rt2Wv9Lm4Np6Xc8Zb3Hd5Jf",
                "channel": channel.id, "scopes": list(scopes), **more, "options": {"channel_id": channel.id, **more.get("options", {})},
            }  # fmt: skip
            out.append(Account(name, f"{name}@example.net", extra=extra))
        return out

    def fault(self, name: str) -> bool:
        return name != "rate_limited" and super().fault(name)

    def expire_sessions(self) -> None:
        """Every consent is revoked and every access token void."""
        super().expire_sessions()
        with self.lock:
            self.oauth.grants.clear()
            for consent in self.oauth.consents.values():
                consent.dead = True

    def payloads(self, account: str = "default") -> dict[str, bytes]:
        """What a run of the account brings today, byte for byte, with the faults that are on."""
        known = self.account(account)
        channel = self._other(_channel_of(known))
        caller = Caller(channel, frozenset(known.extra["scopes"]))

        def ask(path: str, params: Mapping[str, str]) -> tuple[bytes, dict[str, Any]]:
            many = {k: [v] for k, v in params.items()}
            document = self._made(path, many, caller)
            return google.spelled(document, many), document

        return payloads.payloads(ask, channel, known.extra.get("options", {}), self.now())

    @route("/token", methods=("POST",))
    def token(self, request: Request) -> Response:
        with self.lock:
            status, body = self.oauth.token({k: v for k, v in request.form.items()})
        return self._dated(json_response(body, status, {"Cache-Control": "no-store"}))

    @route("/youtube/v3/channels", data=True)
    @route("/youtube/v3/playlistItems", data=True)
    @route("/youtube/v3/videos", data=True)
    @route("/v2/reports", data=True)
    def api(self, request: Request) -> Response:
        if self.fault("login_page_as_data"):
            return Response(LOGIN_PAGE, 200, content_type="text/html; charset=utf-8")
        params = {name: request.args.getlist(name) for name in request.args}
        with self.lock:
            try:
                document, status = self._answered(request, params), 200
            except GoogleError as error:
                document, status = error.body(), error.code
            body = google.spelled(document, params)
            self.asked.append((request.path, params, status, body))
        return self._dated(Response(body, status, content_type="application/json; charset=UTF-8"))

    def refused(self, error: HTTPException) -> Response:
        """Unknown paths and methods in Google's form."""
        reason = {404: "notFound", 405: "httpMethodNotAllowed"}.get(error.code or 400, "badRequest")
        return json_response(GoogleError(error.code or 400, reason, error.name, domain="global").body(), error.code or 400)

    def _answered(self, request: Request, params: Params) -> dict[str, Any]:
        bucket = "analytics" if request.path.startswith("/v2/") else "data"
        given = google.one(params, "access_token") or google.one(params, "oauth_token")
        caller = self.oauth.caller(request.headers.get("Authorization"), given, self._other)
        if super().fault("rate_limited"):
            raise google.too_fast()
        if self.fault("quota_exceeded") or (bucket == "analytics" and self.fault("analytics_quota_exceeded")):
            raise google.quota_spent()
        self.quota.spend(bucket)
        if self.fault("api_not_enabled"):
            raise GoogleError(
                403,
                "accessNotConfigured",
                "The API has not been used in this project before or it is disabled.",
                domain="usageLimits",
            )
        if bucket == "analytics" and self.fault("analytics_down"):
            raise GoogleError(503, "backendError", "Backend Error", domain="global", status="UNAVAILABLE")
        return self._made(request.path, params, caller)

    def _made(self, path: str, params: Params, caller: Caller) -> dict[str, Any]:
        """The answer to a call of a caller who is let in."""
        if path == "/v2/reports":
            caller.may(google.READS_REPORTS)
            return self.reports.query(params, caller)
        caller.may(google.READS_CHANNEL)
        method = {"channels": self.lists.channels, "playlistItems": self.lists.playlist_items, "videos": self.lists.videos}[
            path.rpartition("/")[2]
        ]
        document = method(params, caller)
        if path.endswith("/channels") and self.fault("shape_changed"):
            return {"kind": "youtube#channelPage", "channels": document.get("items", [])}
        return document

    def _other(self, channel: Channel) -> Channel:
        """The channel that a consent turns out to be for."""
        return BRAND if self.fault("wrong_account") else channel

    def _dated(self, response: Response) -> Response:
        response.headers["Date"] = http_date(self.now())
        return response


def _channel_of(account: Account) -> Channel:
    return next(c for c in CHANNELS if c.id == account.extra["channel"])


simulator = YouTubeSimulator
