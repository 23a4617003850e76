"""A stand-in for linktr.ee, its sign-in service and its GraphQL server: accounts, second factor, period picker, named faults. Strict.

The sign-in service and the GraphQL server lie on another host than the pages, as they do in reality: here `localhost` beside `127.0.0.1`.
Certainty of what is imitated: see `simulated.site`, `simulated.graph`, `simulated.world`. Names of operations and variables are *assumed*.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, ClassVar
from urllib.parse import urlsplit

from werkzeug.exceptions import BadRequest, Forbidden
from werkzeug.wrappers import Request, Response

from bedrot_console.extraction.simulator import SESSION_COOKIE, Account, Hands, Simulator, Trial, redirect, route, strict
from bedrot_console.extraction.standins import Mail

from .simulated import graph, site, world
from .simulated.faults import FAULTS
from .simulated.world import MEMBERS, Member

DEVICE_COOKIE, DEVICE_SECONDS = "auth0-mf", 30 * 86400
WRONG_PASSWORDS, WRONG_CODES = 10, 5
CODE_SECONDS = 300.0
STALE_DAYS, SILENT_DAYS, SHRUNK_DAYS = 12, 26, 60
LONG_PAUSE = "300"
BOUND = ("accountId", "startDate", "endDate", "granularity")


@dataclass
class _Visit:
    """What the sign-in service remembers of one `state`."""

    username: str = ""
    pending: str | None = None
    factor: str = ""
    resent: int = 0
    wrong: int = 0


class LinktreeSimulator(Simulator):
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
        self._visits: dict[str, _Visit] = {}
        self._grants: dict[str, str] = {}
        self._tokens: dict[str, tuple[str, datetime]] = {}
        self._devices: dict[str, tuple[str, datetime]] = {}
        self._failed: dict[str, int] = {}
        self._used: set[tuple[str, str]] = set()
        self._left: set[str] = set()
        self.asked: list[tuple[str, str]] = []
        """Operation and first day of every GraphQL question that was answered with data, for assertions."""

    def default_accounts(self) -> list[Account]:
        return [
            Account(
                account=m.account, username=m.username, password=m.password, totp_secret=m.totp_secret,
                extra={"options": {"profile": m.profile} | ({} if m.second_factor else {"second_factor": "none"})},
            )
            for m in MEMBERS
        ]  # fmt: skip

    def member(self, account: Account | str) -> Member:
        """The invented member behind an account."""
        name = account if isinstance(account, str) else account.account
        return next((m for m in MEMBERS if m.account == name), MEMBERS[0])

    def reset(self) -> None:
        """Forget visits, devices, tokens, sessions, wrong passwords and requests; mail stays."""
        with self.lock:
            for memory in (
                self._visits,
                self._grants,
                self._tokens,
                self._devices,
                self._failed,
                self._sessions,
                self.log,
                self.asked,
            ):
                memory.clear()
            self._used.clear()
            self._left.clear()

    def expire_sessions(self) -> None:
        with self.lock:
            self._tokens.clear()
        super().expire_sessions()

    def forget_devices(self) -> None:
        """Every device is new from now on."""
        with self.lock:
            self._devices.clear()

    # -- pages --------------------------------------------------------------------------------------------------------------

    def before(self, request: Request) -> Any:
        if self.fault("challenge_page"):
            return Response(site.guard(), 403, content_type="text/html; charset=utf-8")
        return None

    @route("/")
    def front(self, request: Request) -> Any:
        return site.front()

    @route("/login")
    def login_page(self, request: Request) -> Any:
        if self.session_account(request) and not self.fault("token_refused") and not self.fault("login_page_as_data"):
            return redirect("/admin")
        state = secrets.token_urlsafe(24)
        self._visits[state] = _Visit()
        elsewhere = (
            "http://127.0.0.2:" + request.host.rpartition(":")[2] if self.fault("foreign_sign_in") else _other_host(request)
        )
        return redirect(f"{elsewhere}/u/login/identifier?state={state}")

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
            "graph": f"{_other_host(request)}/graphql", "today": self.day.isoformat(), "id": member.account_id, "figures": figures,
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

    # -- signing in ---------------------------------------------------------------------------------------------------------

    def _visit(self, given: Any) -> tuple[str, _Visit]:
        state = given.get("state", "")
        if state not in self._visits:
            raise BadRequest()
        return state, self._visits[state]

    @route("/u/login/identifier")
    def name_page(self, request: Request) -> Any:
        state, _ = self._visit(request.args)
        return site.name_page(state, changed=self.fault("sign_in_changed"))

    @route("/u/login/identifier", methods=("POST",))
    def name_sent(self, request: Request) -> Any:
        strict(request.form, allowed=("action", "captcha"), required=("state", "username"))
        state, visit = self._visit(request.form)
        if not request.form["username"].strip():
            return Response(
                site.name_page(state, "Please enter an email address or username"), 400, content_type="text/html; charset=utf-8"
            )
        if self.fault("captcha") and not request.form.get("captcha", "").startswith("person-"):
            return Response(site.name_page(state, captcha=True), 400, content_type="text/html; charset=utf-8")
        visit.username = request.form["username"].strip().lower()
        return redirect(f"/u/login/password?state={state}", 303)

    @route("/u/login/password")
    def password_page(self, request: Request) -> Any:
        state, visit = self._visit(request.args)
        return site.password_page(state) if visit.username else redirect(f"/u/login/identifier?state={state}")

    @route("/u/login/password", methods=("POST",))
    def password_sent(self, request: Request) -> Any:
        strict(request.form, allowed=("action",), required=("state", "password"))
        state, visit = self._visit(request.form)
        if self._failed.get(visit.username, 0) >= WRONG_PASSWORDS or self.fault("account_locked"):
            told = "Your account has been blocked after multiple consecutive login attempts."
            return Response(site.password_page(state, told), 400, content_type="text/html; charset=utf-8")
        account = self.login(visit.username, request.form["password"])
        if account is None or self.fault("wrong_password"):
            self._failed[visit.username] = self._failed.get(visit.username, 0) + 1
            return Response(site.password_page(state, "Wrong email or password"), 400, content_type="text/html; charset=utf-8")
        self._failed.pop(visit.username, None)
        visit.factor = self.member(account).second_factor
        if visit.factor == "sms" and self.fault("voice_call"):
            visit.factor = "voice"
        if not visit.factor or self._knows(request, account):
            return self._connect(request, account)
        visit.pending = account.account
        if visit.factor != "app":
            self._send(visit)
        return redirect(f"/u/{site.factor_path(visit.factor)}?state={state}", 303)

    def _knows(self, request: Request, account: Account) -> bool:
        known = self._devices.get(request.cookies.get(DEVICE_COOKIE, ""))
        return known is not None and known[0] == account.account and self.now() < known[1]

    def _send(self, visit: _Visit) -> Mail:
        assert visit.pending is not None
        return self.send_code(visit.pending, medium=visit.factor, expires_in=0.0 if self.fault("code_expired") else CODE_SECONDS)

    @route("/u/<string:path>")
    def code_page(self, request: Request, path: str) -> Any:
        state, visit = self._visit(request.args)
        if visit.pending is None or path != site.factor_path(visit.factor):
            return redirect(f"/u/login/identifier?state={state}")
        return site.code_page(state, visit.factor, self.member(visit.pending).phone)

    @route("/u/<string:path>", methods=("POST",))
    def code_sent(self, request: Request, path: str) -> Any:
        strict(request.form, allowed=("action", "rememberBrowser"), required=("state", "code"))
        state, visit = self._visit(request.form)
        if visit.pending is None or path != site.factor_path(visit.factor):
            raise Forbidden()
        account, code = self.account(visit.pending), request.form["code"]
        verdict = "wrong" if self.fault("code_wrong") else self._judge(visit, account, code)
        if verdict == "ok":
            visit.pending = None
            return self._connect(request, account, remember=request.form.get("rememberBrowser") == "true")
        visit.wrong += 1
        if verdict == "locked" or visit.wrong > WRONG_CODES:
            verdict = "locked"
        words = {
            "wrong": "The code you entered is invalid", "expired": "The code has expired, please ask for a new one",
            "locked": "Too many wrong codes, try again in a few minutes",
        }  # fmt: skip
        body = site.code_page(state, visit.factor, self.member(account).phone, words[verdict])
        return Response(body, 400, content_type="text/html; charset=utf-8")

    def _judge(self, visit: _Visit, account: Account, code: str) -> str:
        if visit.factor != "app":
            return self.check_code(account, code)
        if (account.account, code) in self._used or not self.check_totp(account, code):
            return "wrong"
        self._used.add((account.account, code))
        return "ok"

    @route("/u/<string:path>/resend", methods=("POST",))
    def code_again(self, request: Request, path: str) -> Any:
        strict(request.form, allowed=("action",), required=("state",))
        state, visit = self._visit(request.form)
        if visit.pending is None or visit.factor == "app":
            raise Forbidden()
        visit.resent += 1
        if visit.resent > 3:
            told = "You have asked for too many codes, please wait a while"
            return Response(
                site.code_page(state, visit.factor, self.member(visit.pending).phone, told),
                429,
                content_type="text/html; charset=utf-8",
            )
        self._send(visit)
        return redirect(f"/u/{path}?state={state}", 303)

    def _connect(self, request: Request, account: Account, *, remember: bool = False) -> Response:
        """Back to the pages' own host with a grant that works once; the device is remembered if that was asked for."""
        grant = secrets.token_urlsafe(24)
        self._grants[grant] = account.account
        response = redirect(f"{_home(request)}/connect/service/auth0?code={grant}", 303)
        if remember:
            device = secrets.token_urlsafe(24)
            self._devices[device] = (account.account, self.now() + timedelta(seconds=DEVICE_SECONDS))
            response.set_cookie(DEVICE_COOKIE, device, max_age=DEVICE_SECONDS, httponly=True, samesite="Lax")
        return response

    @route("/connect/service/auth0")
    def connected(self, request: Request) -> Any:
        strict(request.args, allowed=("state",), required=("code",))
        name = self._grants.pop(request.args["code"], None)
        if name is None:
            return redirect("/login")
        token = "lt-" + secrets.token_urlsafe(40)
        self._tokens[token] = (name, self.now() + timedelta(seconds=self.session_seconds))
        return self.start_session(Response(site.connected(token), content_type="text/html; charset=utf-8"), name)

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
        known = self._tokens.get(request.headers.get("Authorization", "").removeprefix("Bearer "))
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


def _other_host(request: Request) -> str:
    """The host of sign-in and GraphQL as the pages see it: `localhost` beside `127.0.0.1`; anything else has one host only."""
    name, _, port = request.host.rpartition(":")
    return f"http://localhost:{port}" if name == "127.0.0.1" else ""


def _home(request: Request) -> str:
    """The pages' host as the sign-in service sees it."""
    name, _, port = request.host.rpartition(":")
    return f"http://127.0.0.1:{port}" if name == "localhost" else ""


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
