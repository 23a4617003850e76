"""A stand-in for toolost.com: sign-in with an e-mailed or an app's code, the portal with its two analytics calls, notifications. Strict.

Certainty: paths of pages and of the two calls, bearer token and its place in localStorage *seen*; `/api/auth/…`, the code step, the
notifications' call and the signed address of an attachment *assumed*; the answer to a refused token (401 with a message) *assumed*.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, ClassVar

from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Request, Response

from bedrot_console.extraction.simulator import Account, Fault, Hands, Simulator, Trial, redirect, route, strict
from bedrot_console.extraction.simulator import json_response as answer

from .simulated import payloads, site, world
from .simulated.faults import FAULTS, TRIALS
from .simulated.world import MEMBERS, Member

CLEARANCE_COOKIE = "cf_clearance"
CODE_LENGTH = 6
WRONG_PASSWORDS = 5
MOST_RESENDS = 3
SHORT_SECONDS = 3600.0
HANG_SECONDS = 60.0


class TooLostSimulator(Simulator):
    """Accounts `default` (e-mailed code), `no-code` (none), `app-code` (authenticator app).

    Data advances with the simulated day. Within a day an answer repeats its bytes, on the next the order of its days is another.
    """

    name = "toolost"
    title = "TooLost"
    session_seconds = 7 * 86400.0
    faults_known: ClassVar[Mapping[str, Fault]] = FAULTS
    trials: ClassVar[Mapping[str, Trial]] = TRIALS

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._key = secrets.token_bytes(32)
        self._pending: dict[str, dict[str, Any]] = {}
        self._failed: dict[str, int] = {}
        self._steps: set[tuple[str, str]] = set()
        self._cleared: set[str] = set()

    def default_accounts(self) -> list[Account]:
        """One login for each invented member."""
        return [
            Account(
                account=m.account, username=m.email, password=m.password, totp_secret=m.totp_secret,
                extra={} if m.factor == "e-mail" else {"options": {"second_factor": m.factor or "none"}},
            )
            for m in MEMBERS
        ]  # fmt: skip

    def describe(self) -> dict[str, Any]:
        """As every simulator, with the settings that a run against it should have."""
        return super().describe() | {"options": {"answer_seconds": 8}}

    def member(self, account: Account) -> Member:
        """The invented member behind an account; one is made up for an account that has none."""
        for known in MEMBERS:
            if known.account == account.account:
                return known
        number = 10_000 + sum(account.username.encode()) * 131 % 89_000
        factor = "app" if account.totp_secret else "e-mail"
        return Member(
            account=account.account,
            email=account.username,
            password=account.password,
            artist="Unnamed",
            number=number,
            factor=factor,
        )

    def reset(self) -> None:
        """Forget sessions, pending sign-ins, wrong passwords and requests; mail stays."""
        with self.lock:
            for memory in (self._sessions, self._pending, self._failed, self.log):
                memory.clear()
            self._steps.clear()
            self._cleared.clear()

    # -- what a run brings --------------------------------------------------------------------------------------------------

    def payloads(self, account: str = "default") -> dict[str, bytes]:
        """Both answers about this year, and the newest report if there is one."""
        member = self.member(self.account(account))
        found = {
            "spotify": payloads.spotify(member, self.day, "thisYear", self.fault),
            "apple": payloads.apple(member, self.day, "thisYear", self.fault),
        }
        months = self._report_months(member)
        if months:
            found[f"sales:{months[0]:%Y-%m}"] = payloads.report(member, months[0], self.fault)
        return found

    def provenance(self, account: str = "default") -> dict[str, dict[str, Any]]:
        """The year that is asked for, and the newest report's month and name."""
        member = self.member(self.account(account))
        found: dict[str, dict[str, Any]] = {kind: {"request": {"date": "thisYear"}} for kind in ("spotify", "apple")}
        for month in self._report_months(member)[:1]:
            name = world.report_name(member, month)
            found[f"sales:{month:%Y-%m}"] = {"request": {"month": f"{month:%Y-%m}"}, "received_name": name}
        return found

    def _report_months(self, member: Member) -> list[date]:
        if self.fault("no_report"):
            return []
        months = world.report_months(member, self.day)
        return months[2:] if self.fault("report_late") else months

    # -- the person behind an account ---------------------------------------------------------------------------------------

    def answer(self, challenge: Mapping[str, Any], hands: Hands) -> str | None:
        """Codes from mailbox or app; the check in front of the site is clicked in its middle."""
        if challenge["kind"] != "page":
            return super().answer(challenge, hands)
        seen = hands.look()
        hands.click(seen.width // 2, seen.height // 2)
        return None

    # -- in front of every page ---------------------------------------------------------------------------------------------

    def before(self, request: Request) -> Any:
        if request.path.startswith(("/api/", "/cdn-cgi/")):
            return None
        if request.cookies.get(CLEARANCE_COOKIE, "") not in self._cleared and self.fault("challenge_page"):
            return Response(site.interstitial(), 403, content_type="text/html; charset=utf-8")
        return None

    def refused(self, error: HTTPException) -> Any:
        return answer({"message": error.name}, error.code or 400)

    @route("/cdn-cgi/challenge", methods=("POST",))
    def clearance(self, request: Request) -> Any:
        key = secrets.token_urlsafe(16)
        self._cleared.add(key)
        response = Response("", 204)
        response.set_cookie(CLEARANCE_COOKIE, key, max_age=1800, httponly=True)
        return response

    # -- signing in ---------------------------------------------------------------------------------------------------------

    @route("/")
    def front(self, request: Request) -> Any:
        return site.page("Too Lost", '<h1>Distribution</h1><a href="/login">Login</a>')

    @route("/login")
    def login_page(self, request: Request) -> Any:
        return site.sign_in(changed=self.fault("layout_changed"))

    @route("/api/auth/login", methods=("POST",))
    def sign_in(self, request: Request) -> Any:
        given = _body(request)
        strict(given, allowed=(), required=("email", "password"))
        if self.fault("login_500"):
            return answer({"message": "Server Error"}, 500)
        name = str(given["email"]).strip().lower()
        if self._failed.get(name, 0) >= WRONG_PASSWORDS or self.fault("account_locked"):
            return answer({"message": "Your account has been locked. Please contact support."}, 423)
        account = self.login(name, str(given["password"]))
        if account is None or self.fault("wrong_password"):
            self._failed[name] = self._failed.get(name, 0) + 1
            return answer({"message": "Invalid email or password."}, 401)
        self._failed.pop(name, None)
        member = self.member(account)
        if not member.factor:
            return self._signed_in(account)
        key = secrets.token_urlsafe(16)
        self._pending[key] = {"account": account.account, "resent": 0, "confirmed": False}
        if member.factor == "app":
            return {"challenge": key, "message": "Enter the code from your authenticator app.", "resend": False}
        self._send(account)
        head, _, domain = account.username.partition("@")
        return {"challenge": key, "message": f"We sent a code to {head[:1]}***@{domain}", "resend": True}

    def _send(self, account: Account) -> None:
        self.send_code(account, length=CODE_LENGTH, expires_in=0.0 if self.fault("code_expired") else 600.0)

    @route("/api/auth/verify", methods=("POST",))
    def verify(self, request: Request) -> Any:
        given = _body(request)
        strict(given, allowed=(), required=("challenge", "code"))
        step = self._pending.get(str(given["challenge"]))
        if step is None:
            return answer({"message": "This sign-in is over."}, 410)
        account, code = self.account(step["account"]), str(given["code"])
        if self.fault("code_wrong"):
            return answer({"message": "That code is not right."}, 422)
        if self.member(account).factor == "app":
            if (account.account, code) in self._steps or not self.check_totp(account, code):
                return answer({"message": "That code is not right."}, 422)
            self._steps.add((account.account, code))
            state = "ok"
        else:
            state = self.check_code(account, code)
        if state == "ok":
            del self._pending[str(given["challenge"])]
            return self._signed_in(account)
        if state == "locked":
            del self._pending[str(given["challenge"])]
            return answer({"message": "Too many codes. Sign in again."}, 410)
        words = {"expired": "That code has expired. Ask for a new one.", "wrong": "That code is not right."}
        return answer({"message": words[state]}, 422)

    @route("/api/auth/resend", methods=("POST",))
    def resend(self, request: Request) -> Any:
        step = self._pending.get(str(_body(request).get("challenge")))
        if step is None:
            return answer({"message": "This sign-in is over."}, 410)
        step["resent"] += 1
        if step["resent"] > MOST_RESENDS:
            return answer({"message": "Too many codes. Please wait."}, 429)
        self._send(self.account(step["account"]))
        return {"message": "We sent a new code."}

    @route("/api/auth/state", methods=("POST",))
    def state(self, request: Request) -> Any:
        """Whether the person confirmed this sign-in by another way (a link in the mail; *assumed*)."""
        key = str(_body(request).get("challenge"))
        step = self._pending.get(key)
        if step is None or not step["confirmed"]:
            return {"token": None}
        del self._pending[key]
        return self._signed_in(self.account(step["account"]))

    def confirm(self, account: str) -> None:
        """The person confirms the waiting sign-in of this account by another way than typing the code."""
        with self.lock:
            for step in self._pending.values():
                step["confirmed"] = step["confirmed"] or step["account"] == account

    # -- the token ----------------------------------------------------------------------------------------------------------

    def _signed_in(self, account: Account) -> Response:
        """A fresh token: a real JWT, worth something as long as its session here lives."""
        seconds = SHORT_SECONDS if self.fault("jwt_short") else self.session_seconds
        now, jti = self.now().timestamp(), secrets.token_hex(8)
        claims = {
            "sub": self.member(account).number,
            "email": account.username,
            "iat": int(now),
            "exp": int(now + seconds),
            "jti": jti,
        }
        head = _b64(json.dumps({"alg": "HS256", "typ": "JWT"}).encode()) + "." + _b64(json.dumps(claims).encode())
        key = "tl.session" if self.fault("token_key_other") else self.member(account).storage_key
        given = {"token": f"{head}.{self._signature(head)}", "keep": key, "nested": key == "access_token"}
        return self.start_session(answer(given), account, persistent=False, jti=jti)

    def _signature(self, head: str) -> str:
        return _b64(hmac.new(self._key, head.encode(), hashlib.sha256).digest())

    def _bearer(self, request: Request) -> Account | None:
        """Whose token a call carries; None if it is missing, forged, ended or void."""
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        head, _, signature = token.rpartition(".")
        if scheme != "Bearer" or not head or not hmac.compare_digest(signature, self._signature(head)):
            return None
        claims = json.loads(base64.urlsafe_b64decode(head.split(".")[1] + "=="))
        with self.lock:
            live = next((s for s in self._sessions.values() if s.get("jti") == claims["jti"]), None)
        if live is None or datetime.fromtimestamp(claims["exp"], self.now().tzinfo) <= self.now():
            return None
        return self.account(live["account"])

    # -- for members --------------------------------------------------------------------------------------------------------

    @route("/user-portal/analytics/platform")
    def analytics_page(self, request: Request) -> Any:
        return site.analytics(
            silent=self.fault("page_silent"), picker=not self.fault("picker_gone"),
            apple="Apple Music" if self.fault("apple_gone") else "Apple",
            first="thisYear" if self.fault("already_this_year") else "last30Days",
            query="v=2&date={span}&release=" if self.fault("query_changed") else "",
        )  # fmt: skip

    @route("/api/portal/analytics/spotify", data=True)
    def spotify(self, request: Request) -> Any:
        return self._figures(request, "spotify")

    @route("/api/portal/analytics/apple/", data=True)
    def apple(self, request: Request) -> Any:
        return self._figures(request, "apple")

    def _figures(self, request: Request, platform: str) -> Any:
        if self.fault("login_redirect"):
            return redirect("/login")
        for fault, on in (("session_expired", True), ("session_expired_midway", platform == "apple")):
            if on and self.fault(fault):
                self.expire_sessions()
                self.faults.discard(fault)
        account = self._bearer(request)
        if account is None or self.fault("unauthorized_json"):
            return answer({"message": "Unauthenticated."}, 401)
        strict(request.args, allowed=("v",), required=("release", "date"))
        span = request.args["date"]
        if span not in payloads.SPANS or request.args["release"]:
            return answer({"message": "The given data was invalid."}, 422)
        trouble = self._trouble(platform)
        if trouble is not None:
            return trouble
        make = payloads.spotify if platform == "spotify" else payloads.apple
        return Response(make(self.member(account), self.day, span, self.fault), content_type="application/json")

    def _trouble(self, platform: str) -> Response | None:
        """What comes in place of figures."""
        if self.fault(f"{platform}_hangs"):
            self._released.wait(HANG_SECONDS)
            return answer({"message": "Gateway Timeout"}, 504)
        if self.fault("rate_limited_api"):
            return answer({"message": "Too Many Attempts."}, 429, {"Retry-After": "5"})
        if self.fault("api_500"):
            return answer({"message": "Server Error"}, 500)
        if self.fault("message_as_data"):
            return answer({"message": "Analytics are being prepared."})
        if self.fault("login_page_as_data"):
            return Response(site.sign_in(), content_type="text/html; charset=utf-8")
        return None

    @route("/user-portal/notifications")
    def notifications_page(self, request: Request) -> Any:
        return site.notifications(changed=self.fault("notifications_changed"))

    @route("/api/portal/notifications")
    def notifications(self, request: Request) -> Any:
        account = self._bearer(request)
        if account is None:
            return answer({"message": "Unauthenticated."}, 401)
        member = self.member(account)
        months = self._report_months(member)
        titles = site.titles(
            [f"{m:%m-%Y}" for m in months], odd=self.fault("title_variants"), unnamed=self.fault("title_unknown")
        )
        listed = [{"title": "Your release is live", "text": "Low Tide Letters is in stores.", "attachment": None}]
        for month, title in zip(months, titles, strict=True):
            path = None if self.fault("attachment_missing") else f"/api/portal/notifications/{month:%Y-%m}/attachment"
            listed.append({"title": title, "text": "You can download it below.", "attachment": path})
        listed.insert(2, {"title": "Welcome to the new portal", "text": "Have a look around.", "attachment": None})
        return {"data": [] if self.fault("no_notifications") else listed}

    @route("/api/portal/notifications/<month>/attachment")
    def attachment(self, request: Request, month: str) -> Any:
        account = self._bearer(request)
        if account is None:
            return answer({"message": "Unauthenticated."}, 401)
        known = {f"{m:%Y-%m}": m for m in self._report_months(self.member(account))}
        if month not in known or self.fault("attachment_refused"):
            return answer({"message": "This file is no longer available."}, 404)
        name = world.report_name(self.member(account), known[month])
        path = f"/storage/exports/{account.account}/{month}/{name}"
        return {"url": f"{path}?signature={self._signature(path)}"}

    @route("/storage/exports/<account>/<month>/<name>", data=True)
    def export(self, request: Request, account: str, month: str, name: str) -> Any:
        strict(request.args, allowed=(), required=("signature",))
        if not hmac.compare_digest(request.args["signature"], self._signature(request.path)):
            return answer({"message": "Forbidden"}, 403)
        member = self.member(self.account(account))
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        if self.fault("html_as_csv"):
            page = site.page("Error", "<h1>Something went wrong</h1>")
            return Response(page, 200, headers, content_type="text/html; charset=utf-8")
        if self.fault("page_as_report"):
            return Response(site.page("Error", "<h1>Something went wrong</h1>"), content_type="text/html; charset=utf-8")
        body = payloads.report(member, date.fromisoformat(f"{month}-01"), self.fault)
        return Response(body, 200, headers, content_type="text/csv; charset=utf-8")


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _body(request: Request) -> dict[str, Any]:
    value = request.get_json(silent=True)
    return value if isinstance(value, dict) else {}


simulator = TooLostSimulator
