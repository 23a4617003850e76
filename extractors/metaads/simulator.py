"""A stand-in for Meta's Graph and Marketing API on the loopback address. Never imported by the extractor.

Serves the protocol of `simulated/`: clients that speak to graph.facebook.com, the official SDKs included, work against it once they are
pointed at its address. Every account, token and figure is invented.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any, ClassVar

from werkzeug.http import http_date
from werkzeug.wrappers import Request, Response

from bedrot_console.extraction.simulator import Account as Login
from bedrot_console.extraction.simulator import Simulator, route

from .simulated.faults import NAMES, Faults
from .simulated.graph import App, Call, Graph, Token
from .simulated.world import ACCOUNTS
from .simulated.world import Account as AdAccount

LOGIN_PAGE = (
    b'<!DOCTYPE html>\n<html lang="en" id="facebook"><head><meta charset="utf-8"><title>Log in to Facebook</title></head><body>'
    b'<form id="login_form" action="/login/" method="post"><input type="text" name="email" autocomplete="username">'
    b'<input type="password" name="pass" autocomplete="current-password"><button name="login">Log in</button></form></body></html>\n'
)
OURS = frozenset({"rate_limited"})
"""Faults of the harness that Meta words in its own way."""


def token_of(number: int) -> str:
    """The access token of the `number`-th account: shaped like a real one, invented."""
    return f"EAABsimulated{number:02d}" + "ZBq7Kx0RtW3nLmP5vYc2JdHs" * 4 + "ZD"


class MetaAdsSimulator(Simulator):
    """Simulated Graph API. `graph` is the protocol engine: its `usage.quotas`, `app` and `tokens` may be changed while serving.

    Two accounts can be read, each with its own token; a third exists and is granted to nobody.
    """

    name: ClassVar[str] = "metaads"
    title: ClassVar[str] = "Meta Ads"
    faults_known: ClassVar[tuple[str, ...]] = tuple(NAMES)

    def __init__(self, *, ad_accounts: tuple[AdAccount, ...] = ACCOUNTS, **options: Any) -> None:
        self.ad_accounts = ad_accounts
        self.graph: Graph | None = None
        super().__init__(**options)
        born = self.now() - timedelta(days=20)
        tokens = [Token(a.token or "", (a.extra["account_id"],), issued_at=born) for a in self.accounts]
        self.graph = Graph(ad_accounts, tokens, self.now, Faults(super().fault))

    @property
    def app(self) -> App:
        assert self.graph is not None
        return self.graph.app

    def default_accounts(self) -> list[Login]:
        """One login for each ad account that can be read; the first is `default`."""
        app = App()
        out = []
        for n, account in enumerate(self.ad_accounts[:2]):
            token = token_of(account.number)
            extra = {"access_token": token, "account_id": account.id, "app_id": app.id, "app_secret": app.secret}
            out.append(Login("default" if n == 0 else f"act_{account.id}", f"ads{n + 1}@example.net", token=token, extra=extra))
        return out

    def fault(self, name: str) -> bool:
        return name not in OURS and super().fault(name)

    @route("/", methods=("GET", "POST"), data=True)
    def root(self, request: Request) -> Response:
        return self._call(request)

    @route("/<path:path>", methods=("GET", "POST", "DELETE"), data=True)
    def any(self, request: Request, path: str) -> Response:
        return self._call(request)

    def _call(self, request: Request) -> Response:
        assert self.graph is not None
        if self.fault("login_page_as_data"):
            return Response(LOGIN_PAGE, 200, content_type="text/html; charset=utf-8")
        self.graph.base_url = self.base_url
        params = _flat(request.args.items(multi=True)) | _flat(request.form.items(multi=True))
        headers = {k.lower(): v for k, v in request.headers.items()}
        reply = self.graph.answer(Call(request.method, request.path, params, headers))
        response = Response(reply.body, reply.status, _no_type(reply.headers), content_type=reply.headers["Content-Type"])
        response.headers["Date"] = http_date(self.now())
        return response


def _flat(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Parameters as one value each: PHP-like `name[0]` spellings become a JSON-free comma list, a repeated name keeps its last value."""
    out: dict[str, str] = {}
    for name, value in pairs:
        base, bracket, _ = name.partition("[")
        if bracket and base in out:
            out[base] += f",{value}"
        else:
            out[base] = value
    return out


def _no_type(headers: Mapping[str, str]) -> dict[str, str]:
    return {k: v for k, v in headers.items() if k != "Content-Type"}


simulator = MetaAdsSimulator
