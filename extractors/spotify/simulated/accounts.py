"""The accounts host: sign-in in steps, captcha, second factor, lockout, and the ticket that carries a login to the artists host. Strict.

*Documented*: 6-digit codes by SMS or app, 30 minutes after "Too many attempts". *Assumed*: how many wrong ones lock (5), how a login reaches
the other host, the calls behind the pages.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, urlsplit

from werkzeug.exceptions import BadRequest, Forbidden
from werkzeug.wrappers import Request, Response

from bedrot_console.extraction.simulator import Account, Simulator, redirect, route, strict
from bedrot_console.extraction.simulator import json_response as answer

from . import signin
from .world import MEMBERS, Member

FLOW_COOKIE = "sp_flow"
LOCK = timedelta(minutes=30)
WRONG_TRIES = 5
MOST_RESENDS = 3
LANGUAGE = "en"
_TOO_MANY = "Too many attempts. Please wait 30 minutes and try again."


@dataclass
class _Flow:
    """A sign-in under way."""

    csrf: str
    human: bool = False
    pending: str | None = None
    method: str = ""
    resent: int = 0
    wrong: int = 0


class AccountsHost(Simulator):
    """The half of the stand-in where people sign in. `knocks`: sign-ins that were tried while the account was locked."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._flows: dict[str, _Flow] = {}
        self._tickets: dict[str, tuple[str, datetime]] = {}
        self._wrong: dict[str, int] = {}
        self._locked: dict[str, datetime] = {}
        self._used_codes: set[tuple[str, str]] = set()
        self.knocks = 0

    @property
    def accounts_url(self) -> str:
        """Where people sign in: the same server under its other name."""
        return self.base_url.replace("127.0.0.1", "localhost")

    def member(self, account: Account | str) -> Member:
        """The invented login behind an account."""
        name = account if isinstance(account, str) else account.account
        return next(m for m in MEMBERS if m.account == name)

    def reset(self) -> None:
        """Forget sessions, flows, locks and requests; mail stays."""
        with self.lock:
            for memory in (self._flows, self._tickets, self._wrong, self._locked, self._used_codes, self._sessions, self.log):
                memory.clear()
            self.knocks = 0

    def to_sign_in(self, request: Request) -> Response:
        """Send somebody without a login here."""
        back = self.base_url + request.full_path.rstrip("?")
        return redirect(f"{self.accounts_url}/{LANGUAGE}/login?continue={quote(back, safe='')}")

    def _hand_over(self, account: str, after: str) -> str:
        """The address that carries a fresh login to the artists host; only there, whatever `continue` says."""
        wanted = urlsplit(after)
        path = wanted.path if wanted.netloc == urlsplit(self.base_url).netloc else "/"
        ticket = secrets.token_urlsafe(18)
        self._tickets[ticket] = (account, self.now() + timedelta(minutes=1))
        return f"{self.base_url}/signed-in?ticket={ticket}&next={quote(path, safe='')}"

    @route("/en/login")
    def login_page(self, request: Request) -> Any:
        after = request.args.get("continue", self.base_url + "/")
        known = self.session_account(request)
        if known is not None:
            return redirect(self._hand_over(known.account, after))
        key, flow = self._flow(request, make=True)
        made = signin.login(flow.csrf, after, at_once=self.fault("one_form"), changed=self.fault("layout_changed"))
        response = Response(made, content_type="text/html; charset=utf-8")
        response.set_cookie(FLOW_COOKIE, key, httponly=True, samesite="Lax")
        return response

    def _flow(self, request: Request, *, make: bool = False) -> tuple[str, _Flow]:
        key = request.cookies.get(FLOW_COOKIE, "")
        if key not in self._flows:
            if not make:
                raise Forbidden()
            key = secrets.token_urlsafe(18)
            self._flows[key] = _Flow(secrets.token_hex(16))
        return key, self._flows[key]

    def _said(self, request: Request, *fields: str) -> tuple[_Flow, dict[str, str]]:
        """The flow and the fields of a call of the sign-in page; refused without cookie, token or with other fields."""
        _, flow = self._flow(request)
        if request.headers.get("X-CSRF-Token") != flow.csrf or request.mimetype != "application/json":
            raise Forbidden()
        given = request.get_json(silent=True)
        if not isinstance(given, dict):
            raise BadRequest()
        strict(given, allowed=(), required=fields)
        return flow, given

    @route("/login/identify", methods=("POST",))
    def identify(self, request: Request) -> Any:
        _, given = self._said(request, "username")
        if self.fault("code_first"):
            return {"next": "code"}
        return {"next": "password" if given["username"] else "again"}

    @route("/recaptcha/anchor")
    def captcha(self, request: Request) -> Any:
        return signin.ANCHOR

    @route("/recaptcha/userverify", methods=("POST",))
    def captcha_solved(self, request: Request) -> Any:
        self._flow(request)[1].human = True
        return {}

    def _is_locked(self, name: str) -> bool:
        if self.fault("too_many_attempts"):
            self._locked.setdefault(name, self.now() + LOCK)
        until = self._locked.get(name)
        if until is None or self.now() >= until:
            self._locked.pop(name, None)
            return False
        self.knocks += 1
        return True

    def _count_wrong(self, name: str, so_far: int) -> str:
        """What is said once there were too many; an empty text before."""
        if so_far < WRONG_TRIES:
            return ""
        self._locked[name] = self.now() + LOCK
        return _TOO_MANY

    @route("/login/password", methods=("POST",))
    def password(self, request: Request) -> Any:
        flow, given = self._said(request, "username", "password")
        if self.fault("sign_in_error"):
            return answer({"error": "internal"}, 500)
        name = given["username"].strip().lower()
        if self._is_locked(name):
            return {"error": _TOO_MANY}
        if self.fault("captcha") and not flow.human:
            return {"captcha": True}
        account = self.login(name, given["password"])
        if account is None or self.fault("wrong_password"):
            self._wrong[name] = self._wrong.get(name, 0) + 1
            return {"error": self._count_wrong(name, self._wrong[name]) or "Incorrect username or password."}
        member = self.member(account)
        if member.phone or member.totp_secret:
            flow.pending, flow.method, flow.resent, flow.wrong = account.account, "sms" if member.phone else "app", 0, 0
            if member.phone:
                self._send(account)
            return {"redirect": f"/{LANGUAGE}/login/2sv"}
        return self._signed_in(answer({"redirect": f"/{LANGUAGE}/login/done"}), account)

    def _signed_in(self, response: Response, account: Account) -> Response:
        if self.fault("wrong_account"):
            account = self.account("both" if account.account != "both" else "default")
        self._wrong.pop(account.username, None)
        return self.start_session(response, account)

    @route("/en/login/done")
    def done(self, request: Request) -> Any:
        account = self.session_account(request)
        if account is None:
            raise Forbidden()
        return redirect(self._hand_over(account.account, request.args.get("continue", "")))

    def _send(self, account: Account) -> None:
        self.send_code(account, medium="sms", length=6, expires_in=0.0 if self.fault("code_expired") else 600.0)

    @route("/en/login/2sv")
    def second_factor(self, request: Request) -> Any:
        key, flow = self._flow(request, make=True)
        if flow.pending is None:
            return redirect(f"/{LANGUAGE}/login")
        member = self.member(flow.pending)
        ways = [w for w, has in (("sms", member.phone), ("app", member.totp_secret)) if has and w != flow.method]
        after = f"/{LANGUAGE}/login/done?continue=" + quote(request.args.get("continue", ""), safe="")
        return signin.second_factor(flow.csrf, after, flow.method, member.phone, tuple(ways))

    @route("/login/2sv/method", methods=("POST",))
    def other_way(self, request: Request) -> Any:
        flow, given = self._said(request, "method")
        account, member = self._pending(flow)
        if given["method"] not in [w for w, has in (("sms", member.phone), ("app", member.totp_secret)) if has]:
            raise BadRequest()
        flow.method = given["method"]
        if flow.method == "sms":
            self._send(account)
        return {}

    @route("/login/2sv/resend", methods=("POST",))
    def resend(self, request: Request) -> Any:
        flow, _ = self._said(request)
        account, _ = self._pending(flow)
        flow.resent += 1
        if flow.resent > MOST_RESENDS:
            return {"text": "You asked for too many codes. Please wait."}
        self._send(account)
        return {"text": "We sent a new code."}

    @route("/login/2sv/verify", methods=("POST",))
    def verify(self, request: Request) -> Any:
        flow, given = self._said(request, "code")
        account, _ = self._pending(flow)
        if self._is_locked(account.username):
            return {"error": _TOO_MANY}
        state = self._judged(account, flow.method, given["code"])
        if state == "ok":
            flow.pending = None
            return self._signed_in(answer({"ok": True}), account)
        words = "That code has expired." if state == "expired" else "Incorrect code. Try again."
        flow.wrong += 1
        return {"error": self._count_wrong(account.username, flow.wrong) or words}

    def _judged(self, account: Account, method: str, code: str) -> str:
        if self.fault("code_wrong"):
            return "wrong"
        if method == "sms":
            return self.check_code(account, code)
        if (account.account, code) in self._used_codes or not self.check_totp(account, code):
            return "wrong"
        self._used_codes.add((account.account, code))
        return "ok"

    def _pending(self, flow: _Flow) -> tuple[Account, Member]:
        if flow.pending is None:
            raise Forbidden()
        return self.account(flow.pending), self.member(flow.pending)
