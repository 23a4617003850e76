"""A stand-in for Instagram's part of the Graph API on the loopback address. Never imported by the extractor.

Serves the protocol of `simulated/` behind both doors: clients that speak to graph.facebook.com or graph.instagram.com, the official SDK
included, work against it once they are pointed at its address. Every account, token and figure is invented.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, ClassVar

from werkzeug.wrappers import Request, Response

from bedrot_console.domain.errors import BedrotError
from bedrot_console.domain.files import Capture
from bedrot_console.extraction.simulator import Account as Login
from bedrot_console.extraction.simulator import Fault, Simulator, Trial, route

from .._graph.simulated.direct import Direct
from .._graph.simulated.serving import served, sign_in_page
from .simulated.faults import FAULTS, Faults
from .simulated.graph import FACEBOOK_SCOPES, App, Graph, Token
from .simulated.world import PROFILES, Profile

OURS = frozenset({"rate_limited"})
"""Faults of the harness that Meta words in its own way."""
NAMES = ("default", "yoru", "tiny")


def token_of(profile: Profile) -> str:
    """The access token of an account: shaped like a real one of its door, invented."""
    head = "IGAAsimulated" if profile.door == "instagram" else "EAABsimulated"
    return f"{head}{profile.number:02d}" + "ZBq7Kx0RtW3nLmP5vYc2JdHs" * 4 + "ZD"


class InstagramSimulator(Simulator):
    """Simulated Graph API. `graph` is the protocol engine: its `usage.quotas`, `app` and `tokens` may be changed while serving.

    Three accounts can be read: one behind each door, and one with too few followers for some metrics; a fourth belongs to somebody else.
    """

    name: ClassVar[str] = "instagram"
    title: ClassVar[str] = "Instagram"
    faults_known: ClassVar[Mapping[str, Fault]] = FAULTS
    trials: ClassVar[Mapping[str, Trial]] = {}
    slow_seconds = 0.03
    """A run asks some ninety questions."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        born = self.now() - timedelta(days=20)
        tokens = [
            Token(
                token_of(p), (p.id,), scopes=FACEBOOK_SCOPES, issued_at=born,
                kind="INSTAGRAM" if p.door == "instagram" else "SYSTEM_USER",
            )
            for p in PROFILES[:3]
        ]  # fmt: skip
        self.graph = Graph(PROFILES, tokens, self.now, Faults(super().fault))

    @property
    def app(self) -> App:
        return self.graph.app

    def default_accounts(self) -> list[Login]:
        """One login for each account that can be read; the first is `default`."""
        out = []
        for name, profile in zip(NAMES, PROFILES, strict=False):
            options = {"door": profile.door} | ({} if name == "tiny" else {"username": profile.username})
            extra = {"access_token": token_of(profile), "ig_user_id": profile.id, "options": options}
            out.append(Login(name, f"{profile.username}@example.net", token=token_of(profile), extra=extra))
        return out

    def fault(self, name: str) -> bool:
        return name not in OURS and super().fault(name)

    def payloads(self, account: str = "default") -> dict[str, bytes]:
        """What a run brings: the extractor's own walk, answered by the engine. Nothing, where the run ends before it brings anything."""
        return {name: bytes(made.body) for name, made in self.captures(account).items()}  # type: ignore[arg-type]

    def provenance(self, account: str = "default") -> dict[str, dict[str, Any]]:
        return {name: {"series": made.series, "request": dict(made.request)} for name, made in self.captures(account).items()}

    def captures(self, account: str = "default", **options: Any) -> dict[str, Capture]:
        """The captures of such a run by feed attribute; `options` over the account's own."""
        from .extractor import Instagram

        known = self.account(account)
        session = Direct(
            self.graph, self.now(), self.base_url or "http://127.0.0.1", platform=self.name, account=account,
            secrets={"access_token": known.token or ""}, options={**known.extra.get("options", {}), **options}, feeds=Instagram.expected(),
        )  # fmt: skip
        found: dict[str, Capture] = {}
        try:
            for capture in Instagram().extract(session):  # type: ignore[arg-type]
                found[capture.feed.partition("/")[2]] = capture
        except BedrotError:
            pass
        return found

    @route("/", methods=("GET", "POST"), data=True)
    def root(self, request: Request) -> Response:
        return self._call(request)

    @route("/<path:path>", methods=("GET", "POST", "DELETE"), data=True)
    def any(self, request: Request, path: str) -> Response:
        return self._call(request)

    def _call(self, request: Request) -> Response:
        if self.fault("login_page_as_data"):
            return sign_in_page()
        return served(self.graph, request, self.base_url, self.now())


simulator = InstagramSimulator
