"""The sign-in service: name, captcha, password, second factor, remembered devices, and the way back. On another host than the pages.

After the plain universal login of Auth0: its paths, its texts, and that a wrong password comes with status 400 are *documented* there; that
Linktree's looks like it is *assumed*. Attempts are counted and locked as that service does by default (ten passwords).
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from werkzeug.exceptions import BadRequest, Forbidden
from werkzeug.wrappers import Request, Response

from bedrot_console.extraction.simulator import Account, Simulator, redirect, route, strict
from bedrot_console.extraction.standins import Mail

from . import site, world

DEVICE_COOKIE, DEVICE_SECONDS = "auth0-mf", 30 * 86400
WRONG_PASSWORDS, WRONG_CODES, MOST_RESENDS = 10, 5, 3
CODE_SECONDS = 300.0


@dataclass
class _Visit:
    """What the sign-in service remembers of one `state`."""

    username: str = ""
    pending: str | None = None
    factor: str = ""
    resent: int = 0
    wrong: int = 0


class SignIn(Simulator):
    """The part of the stand-in that signs people in. `tokens` are the bearers of the GraphQL server: account and end."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._visits: dict[str, _Visit] = {}
        self._grants: dict[str, str] = {}
        self._devices: dict[str, tuple[str, datetime]] = {}
        self._failed: dict[str, int] = {}
        self._used: set[tuple[str, str]] = set()
        self.tokens: dict[str, tuple[str, datetime]] = {}

    def reset(self) -> None:
        """Forget visits, devices, tokens, sessions, wrong passwords and requests; mail stays."""
        with self.lock:
            for memory in (self._visits, self._grants, self._devices, self._failed, self._sessions, self.tokens, self.log):
                memory.clear()
            self._used.clear()

    def expire_sessions(self) -> None:
        with self.lock:
            self.tokens.clear()
        super().expire_sessions()

    def forget_devices(self) -> None:
        """Every device is new from now on."""
        with self.lock:
            self._devices.clear()

    def member(self, account: Account | str) -> world.Member:
        """The invented member behind an account."""
        name = account if isinstance(account, str) else account.account
        return next((m for m in world.MEMBERS if m.account == name), world.MEMBERS[0])

    @route("/login")
    def login_page(self, request: Request) -> Any:
        if self.session_account(request) and not self.fault("token_refused") and not self.fault("login_page_as_data"):
            return redirect("/admin")
        state = secrets.token_urlsafe(24)
        self._visits[state] = _Visit()
        return redirect(f"{other_host(request)}/u/login/identifier?state={state}")

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
        if visit.resent > MOST_RESENDS:
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
        self.tokens[token] = (name, self.now() + timedelta(seconds=self.session_seconds))
        return self.start_session(Response(site.connected(token), content_type="text/html; charset=utf-8"), name)


def other_host(request: Request) -> str:
    """The host of sign-in and GraphQL as the pages see it: `localhost` beside `127.0.0.1`; anything else has one host only."""
    name, _, port = request.host.rpartition(":")
    return f"http://localhost:{port}" if name == "127.0.0.1" else ""


def _home(request: Request) -> str:
    """The pages' host as the sign-in service sees it."""
    name, _, port = request.host.rpartition(":")
    return f"http://127.0.0.1:{port}" if name == "localhost" else ""
