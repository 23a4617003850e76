"""A stand-in for Meta's Graph and Marketing API on the loopback address. Never imported by the extractor.

Serves the protocol of `simulated/`: clients that speak to graph.facebook.com, the official SDKs included, work against it once they are
pointed at its address. Every account, token and figure is invented.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, ClassVar

from werkzeug.wrappers import Request, Response

from bedrot_console.extraction.simulator import Account as Login
from bedrot_console.extraction.simulator import Fault, Simulator, route

from .._graph.simulated.direct import Direct
from .._graph.simulated.serving import served, sign_in_page
from .extractor import MetaAds
from .simulated.faults import FAULTS, Faults
from .simulated.graph import App, Graph, Token
from .simulated.world import ACCOUNTS
from .simulated.world import Account as AdAccount

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
    faults_known: ClassVar[dict[str, Fault]] = FAULTS

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

    def payloads(self, account: str = "default") -> dict[str, bytes]:
        if any(f.ends in (2, 3, 4) for name, f in self.fault_table().items() if self.fault(name)):
            return {}
        assert self.graph is not None
        login = self.account(account)
        secrets = {"access_token": login.token or "", "app_secret": self.app.secret}
        run = Direct(
            self.graph, self.now(), self.base_url, platform=self.name, account=account, secrets=secrets, options={}, feeds=MetaAds.expected(),
        )  # fmt: skip
        return {c.feed.partition("/")[2]: bytes(c.body) for c in MetaAds().extract(run)}  # type: ignore[arg-type]

    def expire_sessions(self) -> None:
        """Every token is void from now on: its session was ended (190/467)."""
        assert self.graph is not None
        for token in self.graph.tokens.values():
            token.dead = 467

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
            return sign_in_page()
        return served(self.graph, request, self.base_url, self.now())


simulator = MetaAdsSimulator
