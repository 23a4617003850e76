"""The doors of the stand-in: login by password and code or by QR code, devices, captchas. All calls and wording *assumed*."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

from werkzeug.exceptions import BadRequest, Forbidden
from werkzeug.wrappers import Request, Response

from bedrot_console.extraction.simulator import Account, Simulator, redirect, route, strict

from . import site
from .world import CREATORS, Creator

VISIT_COOKIE, DEVICE_COOKIE = "ttwid", "passport_device"
WRONG_PASSWORDS = 5
MOST_RESENDS = 3
QR_SECONDS = 60
MEDIA = {"email": "e-mail", "sms": "sms"}


@dataclass
class _Visit:
    """What the site remembers of a browser."""

    pending: str | None = None
    resent: int = 0
    solved: int = 0


@dataclass
class _Qr:
    """One QR code: whose phone confirmed it, and until when it can be scanned."""

    expires_at: datetime
    account: str | None = None


def json_of(request: Request, *names: str) -> dict[str, Any]:
    """The JSON body of a call: exactly these names, nothing else."""
    given = request.get_json(silent=True)
    if not isinstance(given, dict):
        raise BadRequest()
    strict(given, allowed=(), required=names)
    return given


class Doors(Simulator):
    """A known device (cookie) skips the code; five wrong passwords lock the account; a QR code lives a minute and is confirmed once."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._visits: dict[str, _Visit] = {}
        self._devices: dict[str, str] = {}
        self._failed: dict[str, int] = {}
        self._qrs: dict[str, _Qr] = {}
        self._puzzles: dict[str, tuple[str, tuple[int, int]]] = {}
        self._last_puzzle = ""
        self._steps: set[tuple[str, str]] = set()

    def creator(self, account: Account | str) -> Creator:
        """The invented creator behind an account."""
        name = account if isinstance(account, str) else account.account
        return next(c for c in CREATORS if c.account == name)

    def star(self) -> tuple[int, int]:
        """Where the star of the newest puzzle stands, in pixels of the page's picture."""
        x, y = self._puzzles[self._last_puzzle][1]
        return site.BOX_LEFT + x, site.BOX_TOP + y

    def scan(self, text: str, account: str) -> bool:
        """The phone of `account` scans a code and confirms; False for a code that is unknown or too old."""
        token = parse_qs(urlsplit(text).query).get("token", [""])[0]
        with self.lock:
            known = self._qrs.get(token)
            if known is None or self.now() >= known.expires_at:
                return False
            known.account = account
            return True

    def expire_codes(self) -> None:
        """Every code that was sent or shown is too old from now on."""
        super().expire_codes()
        with self.lock:
            for known in self._qrs.values():
                known.expires_at = min(known.expires_at, self.now())

    def forget_devices(self) -> None:
        """Every browser is new from now on."""
        with self.lock:
            self._devices.clear()

    @route("/captcha/get", methods=("POST",))
    def captcha_get(self, request: Request) -> Any:
        key = secrets.token_hex(8)
        star = (40 + secrets.randbelow(site.BOX_WIDTH - 80), 40 + secrets.randbelow(site.BOX_HEIGHT - 80))
        others = [((star[0] + d) % site.BOX_WIDTH, (star[1] + d // 2) % site.BOX_HEIGHT) for d in (60, 130, 200)]
        with self.lock:
            self._puzzles[key] = (request.cookies.get(VISIT_COOKIE, ""), star)
            self._last_puzzle = key
        return {"id": key, "picture": site.puzzle(star, others)}

    @route("/captcha/verify", methods=("POST",))
    def captcha_verify(self, request: Request) -> Any:
        given = json_of(request, "id", "x", "y")
        owner, star = self._puzzles.get(str(given["id"]), ("", (0, 0)))
        visit = self._visits.get(owner)
        if visit is None or owner != request.cookies.get(VISIT_COOKIE, ""):
            raise Forbidden()
        if abs(float(given["x"]) - star[0]) > 14 or abs(float(given["y"]) - star[1]) > 14:
            return {"code": 500}
        visit.solved += 1
        return {"code": 200}

    # -- signing in -----------------------------------------------------------------------------------------------------------

    @route("/")
    @route("/login")
    def front(self, request: Request) -> Any:
        return redirect("/login/phone-or-email/email")

    @route("/login/phone-or-email/email")
    def login_page(self, request: Request) -> Any:
        return self._with_visit(request, site.login_form(changed=self.fault("layout_changed")))

    @route("/login/qrcode")
    def qr_login_page(self, request: Request) -> Any:
        return self._with_visit(request, site.qr_page())

    @route("/passport/web/user/login/", methods=("POST",))
    def check_password(self, request: Request) -> Any:
        given = json_of(request, "username", "password")
        visit = self._visit(request)
        name = str(given["username"]).strip().lower()
        if self.fault("captcha_at_login") and not visit.solved:
            return {"captcha": True}
        if self._failed.get(name, 0) >= WRONG_PASSWORDS or self.fault("account_locked"):
            return {"description": "Maximum number of attempts reached. Try again later."}
        account = self.login(name, str(given["password"]))
        if account is None or self.fault("wrong_password"):
            self._failed[name] = self._failed.get(name, 0) + 1
            return {"description": "Username or password doesn't match our records. Try again."}
        self._failed.pop(name, None)
        two_step = self.creator(account).two_step
        if two_step == "qr":
            return {"redirect": "/login/qrcode"}
        if self._devices.get(request.cookies.get(DEVICE_COOKIE, "")) == account.account:
            return self._signed_in(account)
        visit.pending, visit.resent = account.account, 0
        self._send(account, two_step)
        return {"redirect": "/login/2sv"}

    def _send(self, account: Account, two_step: str) -> None:
        if two_step in MEDIA:
            self.send_code(account, medium=MEDIA[two_step], length=6, expires_in=600.0)

    @route("/login/2sv")
    def code_page(self, request: Request) -> Any:
        visit = self._visits.get(request.cookies.get(VISIT_COOKIE, ""))
        if visit is None or visit.pending is None:
            return redirect("/login/phone-or-email/email")
        two_step = self.creator(visit.pending).two_step
        head, _, domain = self.account(visit.pending).username.partition("@")
        where = {"email": f"{head[:1]}***@{domain}", "sms": "+44 *** *** **17", "totp": ""}[two_step]
        return site.code_page(two_step, where)

    @route("/passport/web/verify/", methods=("POST",))
    def verify_code(self, request: Request) -> Any:
        code = str(json_of(request, "code")["code"])
        visit = self._visit(request)
        if visit.pending is None:
            raise Forbidden()
        account = self.account(visit.pending)
        if self.creator(account).two_step == "totp":
            state = "ok" if self.check_totp(account, code) and (account.account, code) not in self._steps else "wrong"
            self._steps.add((account.account, code))
        else:
            state = self.check_code(account, code)
        if state == "ok":
            visit.pending = None
            return self._signed_in(account)
        if state == "locked":
            visit.pending = None
            return {"redirect": "/login/phone-or-email/email"}
        return {"description": {"expired": "Code expired. Resend it.", "wrong": "Code is incorrect. Try again."}[state]}

    @route("/passport/web/send_code/", methods=("POST",))
    def resend_code(self, request: Request) -> Any:
        visit = self._visit(request)
        if visit.pending is None:
            raise Forbidden()
        visit.resent += 1
        if visit.resent > MOST_RESENDS:
            return {"description": "Too many attempts. Try again later."}
        account = self.account(visit.pending)
        self._send(account, self.creator(account).two_step)
        return {"description": "Code sent."}

    @route("/passport/web/get_qrcode/", methods=("POST",))
    def get_qr(self, request: Request) -> Any:
        import segno

        self._visit(request)
        token = secrets.token_urlsafe(24)
        with self.lock:
            self._qrs[token] = _Qr(self.now() + timedelta(seconds=QR_SECONDS))
        picture = segno.make(f"{self.base_url}/login/scan?token={token}", micro=False).svg_inline(
            scale=6, border=3, light="white"
        )
        return {"token": token, "picture": picture}

    @route("/passport/web/check_qrconnect/", methods=("POST",))
    def check_qr(self, request: Request) -> Any:
        self._visit(request)
        token = str(json_of(request, "token")["token"])
        with self.lock:
            known = self._qrs.get(token)
            if known is not None and known.account is not None:
                del self._qrs[token]
                return self._signed_in(self.account(known.account), status="confirmed")
            old = known is None or self.now() >= known.expires_at
        return {"status": "expired", "renewed": len(self._qrs) % 2 == 1} if old else {"status": "new"}

    def _signed_in(self, account: Account, **facts: Any) -> Response:
        body = json.dumps({"redirect": "/tiktokstudio/analytics", **facts})
        response = self.start_session(Response(body, content_type="application/json"), account)
        device = secrets.token_urlsafe(24)
        with self.lock:
            self._devices[device] = account.account
        response.set_cookie(DEVICE_COOKIE, device, max_age=180 * 86400, httponly=True, samesite="Lax")
        return response

    def _with_visit(self, request: Request, body: str) -> Response:
        key = request.cookies.get(VISIT_COOKIE, "")
        response = Response(body, content_type="text/html; charset=utf-8")
        if key not in self._visits:
            key = secrets.token_hex(16)
            self._visits[key] = _Visit()
            response.set_cookie(VISIT_COOKIE, key, httponly=True, samesite="Lax", max_age=365 * 86400)
        return response

    def _visit(self, request: Request) -> _Visit:
        known = self._visits.get(request.cookies.get(VISIT_COOKIE, ""))
        if known is None:
            raise Forbidden()
        return known
