"""A stand-in for linktr.ee, its sign-in service and its GraphQL server: accounts, second factor, period picker, named faults. Strict.

The sign-in service and the GraphQL server lie on another host than the pages, as they do in reality: here `localhost` beside `127.0.0.1`.
Certainty of what is imitated: see `simulated.site`, `simulated.graph`, `simulated.world`. Names of operations and variables are *assumed*.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, ClassVar
from urllib.parse import urlsplit

from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Request, Response

from bedrot_console.extraction.simulator import SESSION_COOKIE, Account, Hands, Trial, redirect, route, strict

from .simulated import graph, site, world
from .simulated.faults import FAULTS
from .simulated.signin import SignIn, other_host
from .simulated.world import MEMBERS, Member

STALE_DAYS, SILENT_DAYS, SHRUNK_DAYS = 12, 26, 60
LONG_PAUSE = "300"
BOUND = ("accountId", "startDate", "endDate", "granularity")


class LinktreeSimulator(SignIn):
    """Accounts `default` (code by SMS), `app-code` (authenticator app), `small-plan` (no second factor, 90 days at most)."""

    name = "linktree"
    title = "Linktree"
    faults_known = FAULTS
    trials: ClassVar[dict[str, Trial]] = {
        "sms": Trial("code", "sms"), "voice": Trial("code", "voice", faults=("voice_call",)), "app": Trial("code", "app", "app-code", expired=None, sends=False),
        "captcha": Trial("page", "captcha", "small-plan", faults=("captcha",), wrong=None, expired=None, sends=False),
    }  # fmt: skip
    session_seconds = 14 * 86400.0
    slow_overview_seconds: float = 11.0

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._left: set[str] = set()
        self.asked: list[tuple[str, str]] = []
        """Operation and first day of every question for figures that was answered, for assertions."""

    def default_accounts(self) -> list[Account]:
        return [
            Account(
                account=m.account, username=m.username, password=m.password, totp_secret=m.totp_secret,
                extra={"options": {"profile": m.profile} | ({} if m.second_factor else {"second_factor": "none"})},
            )
            for m in MEMBERS
        ]  # fmt: skip

    def reset(self) -> None:
        super().reset()
        self._left.clear()
        self.asked.clear()

    # -- pages --------------------------------------------------------------------------------------------------------------

    def before(self, request: Request) -> Any:
        if self.fault("challenge_page"):
            return Response(site.guard(), 403, content_type="text/html; charset=utf-8")
        return None

    @route("/")
    def front(self, request: Request) -> Any:
        return site.front()

    @route("/admin")
    def admin(self, request: Request) -> Any:
        return self._member_page(request, figures=False)

    @route("/admin/analytics")
    def analytics(self, request: Request) -> Any:
        if self.fault("moved"):
            return redirect("/admin/insights")
        return self._member_page(request, figures=True)

    @route("/admin/insights")
    def insights(self, request: Request) -> Any:
        return self._member_page(request, figures=True)

    def _member_page(self, request: Request, *, figures: bool) -> Any:
        if SESSION_COOKIE not in request.cookies:
            return redirect("/login")
        if figures and self.fault("session_expired"):
            self.expire_sessions()
            self.faults.discard("session_expired")
        account = self.session_account(request)  # with a dead session the page shows for a moment all the same
        member = self.shown_member(account or self.accounts[0])
        asks = graph.ANALYTICS * 2 if self.fault("identical_bodies") else graph.ANALYTICS
        year = tuple(a for a in asks if a != graph.AUDIENCE) if self.fault("partial_burst") else asks
        facts: dict[str, Any] = {
            "graph": f"{other_host(request)}/graphql", "today": self.day.isoformat(), "id": member.account_id, "figures": figures,
            "asks": {"any": asks} | {str(d): year for d in world.WINDOWS if d != 7}, "others": graph.OTHERS if figures else graph.OTHERS[:1],
            "redirectMs": 400, "dead": self.fault("picker_dead"), "weekly": self.fault("weekly"), "noDaily": self.fault("no_daily"),
            "leaveAt": self._leaves(account),
        }  # fmt: skip
        windows = [d for d in member.windows if d <= 90] if self.fault("year_missing") else member.windows
        heading = "Analytics" if self.fault("heading_analytics") else "Insights"
        return site.admin(
            member, facts, heading=heading, windows=windows, icon=self.fault("icon_first"), changed=self.fault("layout_changed"),
            named=account is not None and not self.fault("unnamed_other"),
        )  # fmt: skip

    def _leaves(self, account: Account | None) -> str | None:
        """With `leaves_page`: the operation after whose answer the page goes on, once per login."""
        if account is None or not self.fault("leaves_page") or account.account in self._left:
            return None
        return graph.OVERVIEW

    def shown_member(self, account: Account) -> Member:
        """Whose profile the member's page shows: the account's own, or with a fault another one."""
        own = self.member(account)
        if self.fault("wrong_account") or self.fault("unnamed_other"):
            return MEMBERS[1] if own is MEMBERS[0] else MEMBERS[0]
        return own

    # -- GraphQL ------------------------------------------------------------------------------------------------------------

    @route("/graphql", methods=("OPTIONS",))
    def preflight(self, request: Request) -> Any:
        return _open(request, Response("", 204))

    @route("/graphql", methods=("POST",), data=True)
    def graphql(self, request: Request) -> Any:
        return _open(request, self._answered(request))

    def _answered(self, request: Request) -> Response:
        asked = request.get_json(silent=True)
        if (
            not isinstance(asked, dict)
            or set(asked) != {"operationName", "variables", "query"}
            or "X-Graphql-Client-Name" not in request.headers
        ):
            return _json(graph.errors("Bad request", "BAD_USER_INPUT"), 400)
        operation, variables = asked["operationName"], asked["variables"]
        year = isinstance(variables, dict) and variables.get("startDate", "") < (self.day - timedelta(days=6)).isoformat()
        analytics = operation in graph.ANALYTICS
        if analytics and year and self.fault("session_expired_midway"):
            self.expire_sessions()
            self.faults.discard("session_expired_midway")
        account = None if self.fault("token_refused") else self._bearer(request)
        if account is None:
            return _json(graph.errors("Not authenticated", "UNAUTHENTICATED"), 401)
        if operation in graph.OTHERS:
            return _json(graph.wire(graph.other(self.member(account), operation)))
        if not analytics:
            return _json(graph.errors(f"Unknown operation {operation}", "GRAPHQL_VALIDATION_FAILED"), 400)
        early = self._trouble(operation)
        if early is not None:
            return early
        return self._figures(account, operation, variables, year=year)

    def _trouble(self, operation: str) -> Response | None:
        if self.fault("throttled"):
            return _json(graph.wire({"message": "Too many requests"}), 429, {"Retry-After": LONG_PAUSE})
        if self.fault("throttled_in_200"):
            return _json(graph.errors("Too many requests", "RATE_LIMITED"))
        if self.fault("login_page_as_data"):
            return Response(site.password_page("x" * 32), content_type="text/html; charset=utf-8")
        if self.fault("graphql_errors") or (operation == graph.AUDIENCE and self.fault("audience_errors")):
            return _json(graph.errors("Internal server error", "INTERNAL_SERVER_ERROR"))
        return None

    def _figures(self, account: Account, operation: str, variables: Any, *, year: bool) -> Response:
        member = self.shown_member(account)
        try:
            strict(variables, allowed=(), required=BOUND)
            first, last = date.fromisoformat(variables["startDate"]), date.fromisoformat(variables["endDate"])
        except (BadRequest, ValueError, TypeError):
            return _json(graph.errors("Variables are not as they should be", "BAD_USER_INPUT"), 400)
        days = (last - first).days + 1
        if variables["granularity"] not in graph.GRANULARITIES or last != self.day or days not in world.WINDOWS:
            return _json(graph.errors("Variables are not as they should be", "BAD_USER_INPUT"), 400)
        if variables["accountId"] != member.account_id:
            return _json(graph.errors("Not your account", "FORBIDDEN"))
        if days not in member.windows:
            return _json(graph.errors("Your plan does not include this period", "PLAN_LIMIT"))
        if year and operation == graph.OVERVIEW and self.fault("slow_overview"):
            self._released.wait(self.slow_overview_seconds)
        if year and operation == graph.OVERVIEW and self.fault("leaves_page"):
            self._left.add(account.account)
        with self.lock:
            self.asked.append((operation, variables["startDate"]))
        return _json(self.body(member, operation, days, weekly=variables["granularity"] == "WEEKLY"))

    def body(self, member: Member, operation: str, days: int, *, weekly: bool = False) -> bytes:
        """The bytes of an analytics answer on the simulated day, bent as the faults in force say."""
        last = self.day - timedelta(days=STALE_DAYS if self.fault("stale") else 1 if self.fault("cached") else 0)
        if days > 7 and self.fault("short_answer"):
            days = 7
        rows = self._bent(world.days(member, last - timedelta(days=days - 1), last, last))
        if operation == graph.AUDIENCE:
            return graph.wire(graph.audience(member, rows, last))
        if operation in (graph.LINKS, graph.SUBSCRIBERS) or self.fault("only_timeseries"):
            return graph.wire(graph.series_only(member, rows, "subscribers" if operation == graph.SUBSCRIBERS else "links"))
        answer = graph.overview(graph.weekly(rows) if weekly else rows)
        inner = answer["data"]["getAccountAnalytics"]["overview"]
        if self.fault("wrong_totals"):
            inner["totalViews"] += 7
            inner["clickThroughRate"] = world.rate(inner["totalClicks"], inner["totalViews"])
        if self.fault("percent_rates"):
            for part in (inner, *inner["timeseries"]):
                part["clickThroughRate"] = round(part["clickThroughRate"] * 100, 2)
        if self.fault("schema_drift"):
            inner["timeseries"] = [r | {"saves": 0} for r in inner["timeseries"]]
        if self.fault("missing_field"):
            inner["timeseries"] = [{k: v for k, v in r.items() if k != "uniqueViews"} for r in inner["timeseries"]]
        if self.fault("email_in_answer"):
            inner["ownerEmail"] = member.email
        return graph.wire(answer)

    def _bent(self, rows: list[world.Day]) -> list[world.Day]:
        zero = {"totalViews": 0, "totalClicks": 0, "uniqueViews": 0, "uniqueClicks": 0, "clickThroughRate": 0}
        if self.fault("empty_data"):
            return [r | zero for r in rows]
        if self.fault("counting_stopped"):
            rows = [r | zero if i >= len(rows) - SILENT_DAYS else r for i, r in enumerate(rows)]
        if self.fault("history_shrank"):
            rows = [r | zero if i < SHRUNK_DAYS else r for i, r in enumerate(rows)]
        if self.fault("missing_day") and len(rows) > 40:
            del rows[-40]
        return rows

    def _bearer(self, request: Request) -> Account | None:
        known = self.tokens.get(request.headers.get("Authorization", "").removeprefix("Bearer "))
        return self.account(known[0]) if known is not None and self.now() < known[1] else None

    # -- the person, and what a run brings ----------------------------------------------------------------------------------

    def answer(self, challenge: Any, hands: Hands) -> str | None:
        """As the harness; a captcha is clicked in the page's picture."""
        if challenge["kind"] == "page":
            hands.look()
            hands.click(*site.CAPTCHA_AT)
            return None
        return super().answer(challenge, hands)

    def payloads(self, account: str = "default") -> dict[str, bytes]:
        """Overview and audience of the longest window that the plan offers."""
        member = self.shown_member(self.account(account))
        days = 90 if self.fault("year_missing") else max(member.windows)
        return {
            f"{kind}:{days}d": self.body(member, name, days)
            for kind, name in (("overview", graph.OVERVIEW), ("audience", graph.AUDIENCE))
        }

    def provenance(self, account: str = "default") -> dict[str, dict[str, Any]]:
        """The window and operation that a run asks for, and the views that its audience is held against."""
        member = self.shown_member(self.account(account))
        days = 90 if self.fault("year_missing") else max(member.windows)
        first = self.day - timedelta(days=days - 1)
        asked = {
            "days": str(days), "wanted": "365", "from": first.isoformat(), "to": self.day.isoformat(),
            "profile": self.member(self.account(account)).profile,
        }  # fmt: skip
        views = world.totals(world.days(member, first, self.day, self.day))[0]
        return {
            f"overview:{days}d": {"request": asked | {"operation": graph.OVERVIEW}},
            f"audience:{days}d": {"request": asked | {"operation": graph.AUDIENCE, "views": str(views)}},
        }


def _json(body: bytes, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(body, status, headers, content_type="application/json; charset=utf-8")


def _open(request: Request, response: Response) -> Response:
    """Let the pages' own origin read it, and nobody else's."""
    origin = request.headers.get("Origin", "")
    if (urlsplit(origin).hostname or "") in ("127.0.0.1", "localhost"):
        response.headers["Access-Control-Allow-Origin"] = origin
        response.headers["Access-Control-Allow-Headers"] = (
            "authorization, content-type, x-graphql-client-name, x-graphql-client-version"
        )
    response.headers["Vary"] = "Origin"
    return response


simulator = LinktreeSimulator
