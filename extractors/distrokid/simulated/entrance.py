"""The way in: checks for humans, sign-in with its captcha, mailed and app codes, known devices. Strict, and it counts.

Certainty: sign-in form, `/api/loginCheck/?now` with its five fields and its three kinds of answer *seen* (the site's own script);
`/newComputer/` by e-mail *seen*; its API calls, `/2fa/` for an authenticator app, attempts, expiry and all wording *assumed*. Codes were
observed with 4 to 8 digits; here 6.
"""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from werkzeug.exceptions import BadRequest, Forbidden
from werkzeug.wrappers import Request, Response

from bedrot_console.domain.errors import BedrotError
from bedrot_console.extraction.simulator import SESSION_COOKIE, Account, Hands, Simulator, redirect, route, strict
from bedrot_console.extraction.simulator import json_response as answer

from . import captchas, site
from .world import Member

VISIT_COOKIE, DEVICE_COOKIE, CLEARANCE_COOKIE = "DKVISIT", "DKDEVICE", "cf_clearance"
DEVICE_SECONDS = 365 * 86400
CODE_LENGTH = 6
WRONG_PASSWORDS = 5
WRONG_APP_CODES = 5
MOST_RESENDS = 3


@dataclass
class _Visit:
    """What the site remembers of a browser that is not signed in yet."""

    captcha: str | None = None
    pending: str | None = None
    resent: int = 0
    confirmed: bool = False
    wrong: int = 0


class Entrance(Simulator):
    """The part of the stand-in that lets people in."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._visits: dict[str, _Visit] = {}
        self._devices: dict[str, str] = {}
        self._failed: dict[str, int] = {}
        self._steps: set[tuple[str, str]] = set()
        self._rays: dict[str, bool] = {}
        self._clearances: set[str] = set()

    def member(self, account: Account) -> Member:
        """The invented artist behind an account."""
        raise NotImplementedError

    def reset(self) -> None:
        """Forget visits, devices, sessions, clearances, wrong passwords and requests; mail stays."""
        with self.lock:
            for memory in (
                self._visits, self._devices, self._failed, self._steps, self._rays, self._clearances, self._sessions, self.log,
            ):  # fmt: skip
                memory.clear()

    def forget_devices(self) -> None:
        """Every computer is new from now on."""
        with self.lock:
            self._devices.clear()

    # -- in front of every page ---------------------------------------------------------------------------------------------

    def before(self, request: Request) -> Any:
        if request.path.startswith(("/cdn-cgi/", "/recaptcha/", "/api/")):
            return None
        cleared = request.cookies.get(CLEARANCE_COOKIE, "") in self._clearances
        if self.fault("challenge_stuck") or (not cleared and self.fault("challenge_page")):
            return self._interstitial(by_hand=True)
        if not cleared and self.fault("challenge_once"):
            return self._interstitial(by_hand=False)
        if SESSION_COOKIE in request.cookies and not request.path.startswith("/signin") and self.fault("session_expired"):
            self.expire_sessions()
            self.faults.discard("session_expired")
        return None

    def _interstitial(self, *, by_hand: bool) -> Response:
        ray = secrets.token_hex(8)
        with self.lock:
            self._rays[ray] = by_hand
        return Response(captchas.interstitial(ray, by_hand=by_hand), 403, content_type="text/html; charset=utf-8")

    @route("/cdn-cgi/challenge", methods=("POST",))
    def clearance(self, request: Request) -> Any:
        """A passed check: its ray counts once. While `challenge_stuck` is on, none does."""
        strict(request.form, allowed=(), required=("ray",))
        with self.lock:
            known = self._rays.pop(request.form["ray"], None)
        if known is None or self.fault("challenge_stuck"):
            return Response("", 403)
        response = Response("", 204)
        key = secrets.token_urlsafe(16)
        with self.lock:
            self._clearances.add(key)
        response.set_cookie(CLEARANCE_COOKIE, key, max_age=1800, httponly=True)
        return response

    # -- the person who acts on a page --------------------------------------------------------------------------------------

    def answer(self, challenge: Mapping[str, Any], hands: Hands) -> str | None:
        """Types codes; ticks the box of a Cloudflare check, solves a captcha, and says so (`done`) where that does not help."""
        if challenge["kind"] != "page":
            return super().answer(challenge, hands)
        if challenge["error"]:
            return "done"
        with contextlib.suppress(BedrotError):  # the page moved on under the hand
            if "Verify you are human" in hands.look().outline:
                hands.click(*captchas.BOX)
                return None if not self.fault("challenge_stuck") else "done"
            for tile in (*captchas.solution(), captchas.VERIFY):
                hands.click(*captchas.tile_at(tile))
            return None if not self.fault("captcha_unsolved") else "done"
        return None

    # -- signing in ---------------------------------------------------------------------------------------------------------

    @route("/")
    def front(self, request: Request) -> Any:
        if self.session_account(request):
            return redirect("/mymusic/")
        return site.page("DistroKid", '<main><h1>Music distribution</h1><a href="/signin/">Sign in</a></main>')

    @route("/login")
    @route("/login/")
    def login_page(self, request: Request) -> Any:
        return redirect("/signin/")

    @route("/signin/")
    def sign_in_page(self, request: Request) -> Any:
        if self.session_account(request):
            return redirect("/mymusic/")
        return self._with_visit(request, lambda visit: site.sign_in(visit, changed=self.fault("layout_changed")))

    @route("/signout/")
    def sign_out(self, request: Request) -> Any:
        with self.lock:
            self._sessions.pop(request.cookies.get(SESSION_COOKIE, ""), None)
        return redirect("/")

    @route("/recaptcha/api.js")
    def captcha_script(self, request: Request) -> Any:
        return Response(captchas.SCRIPT, content_type="text/javascript")

    @route("/recaptcha/reload", methods=("POST",))
    def captcha_token(self, request: Request) -> Any:
        visit = self._visit(request)
        if self.fault("captcha_puzzle") or self.fault("captcha_unsolved"):
            return {"puzzle": True}
        visit.captcha = secrets.token_urlsafe(40)
        return {"token": visit.captcha}

    @route("/recaptcha/bframe")
    def captcha_frame(self, request: Request) -> Any:
        self._visit(request)
        return captchas.puzzle()

    @route("/recaptcha/userverify", methods=("POST",))
    def captcha_solved(self, request: Request) -> Any:
        strict(request.form, allowed=(), required=("picked",))
        visit = self._visit(request)
        if request.form["picked"] != ",".join(map(str, captchas.solution())) or self.fault("captcha_unsolved"):
            return {"again": True}
        visit.captcha = secrets.token_urlsafe(40)
        return {"token": visit.captcha}

    @route("/api/loginCheck/", methods=("POST",))
    def login_check(self, request: Request) -> Any:
        if "now" not in request.args or request.mimetype != "application/x-www-form-urlencoded":
            raise BadRequest()
        strict(request.form, allowed=(), required=("email", "password", "sessionid", "coupon", "token"))
        if self.fault("login_500"):
            return answer({"error": "internal"}, 500)
        visit = self._visit(request, request.form["sessionid"])
        token, visit.captcha = visit.captcha, None
        if not token or token != request.form["token"]:
            return {"success": 0, "message": "Something went wrong. Please try again."}
        name = request.form["email"].strip().lower()
        if self._failed.get(name, 0) >= WRONG_PASSWORDS or self.fault("account_locked"):
            return {"success": 0, "message": "Too many failed attempts. Your account is locked. Please reset your password."}
        account = self.login(name, request.form["password"])
        if account is None or self.fault("wrong_password"):
            self._failed[name] = self._failed.get(name, 0) + 1
            return {"success": 0, "message": "Wrong email or password. Please try again."}
        self._failed.pop(name, None)
        if self._devices.get(request.cookies.get(DEVICE_COOKIE, "")) == account.account:
            return self._signed_in(request, account, {"success": 1, "userid": self.member(account).user_id})
        visit.pending, visit.resent, visit.confirmed, visit.wrong = account.account, 0, False, 0
        if account.totp_secret:
            return {"success": 0, "redirect": "/2fa/?forward=/mymusic/"}
        self._send(account)
        return {"success": 0, "redirect": "/newComputer/?forward=/mymusic/"}

    def _send(self, account: Account) -> None:
        self.send_code(account, length=CODE_LENGTH, expires_in=0.0 if self.fault("code_expired") else 600.0)

    @route("/newComputer/")
    def new_computer(self, request: Request) -> Any:
        return self._code_page(request, "newComputer")

    @route("/2fa/")
    def two_factor(self, request: Request) -> Any:
        return self._code_page(request, "2fa")

    def _code_page(self, request: Request, kind: str) -> Any:
        visit = self._visits.get(request.cookies.get(VISIT_COOKIE, ""))
        if visit is None or visit.pending is None:
            return redirect("/signin/")
        account = self.account(visit.pending)
        if (kind == "2fa") != bool(account.totp_secret):
            return redirect("/signin/")
        head, _, domain = account.username.partition("@")
        return site.code_entry(kind, f"{head[:1]}***@{domain}", request.cookies[VISIT_COOKIE], CODE_LENGTH)

    @route("/api/newComputerCheck/", methods=("POST",))
    def new_computer_check(self, request: Request) -> Any:
        strict(request.form, allowed=(), required=("code", "sessionid"))
        visit, account = self._pending(request)
        state = "wrong" if self.fault("code_wrong") else self.check_code(account, request.form["code"])
        if state == "ok":
            visit.pending = None
            return self._signed_in(request, account, {"success": 1})
        if state == "locked":
            visit.pending = None
            return {"success": 0, "redirect": "/signin/"}
        words = {"expired": "That code has expired. Send a new code.", "wrong": "That code is not right. Please try again."}
        return {"success": 0, "message": words[state]}

    @route("/api/newComputerResend/", methods=("POST",))
    def new_computer_resend(self, request: Request) -> Any:
        visit, account = self._pending(request)
        visit.resent += 1
        if visit.resent > MOST_RESENDS:
            return {"success": 0, "message": "Too many codes. Please wait a while."}
        self._send(account)
        return {"success": 1, "message": "We sent a new code."}

    @route("/api/newComputerState/", methods=("POST",))
    @route("/api/2faState/", methods=("POST",))
    def code_state(self, request: Request) -> Any:
        """Whether the human confirmed this computer by another way (a link in the mail; *assumed*)."""
        visit = self._visit(request, request.form.get("sessionid", ""))
        if visit.pending is None or not visit.confirmed:
            return {"success": 0}
        account, visit.pending = self.account(visit.pending), None
        return self._signed_in(request, account, {"success": 1})

    def confirm(self, account: str) -> None:
        """The human confirms the waiting computer of this account by another way than typing the code."""
        with self.lock:
            for visit in self._visits.values():
                visit.confirmed = visit.confirmed or visit.pending == account

    @route("/api/2faCheck/", methods=("POST",))
    def two_factor_check(self, request: Request) -> Any:
        strict(request.form, allowed=(), required=("code", "sessionid"))
        visit, account = self._pending(request)
        code = request.form["code"]
        used = (account.account, code) in self._steps
        if used or self.fault("code_wrong") or not self.check_totp(account, code):
            visit.wrong += 1
            if visit.wrong >= WRONG_APP_CODES:
                visit.pending = None
                return {"success": 0, "redirect": "/signin/"}
            return {"success": 0, "message": "That code is not right. Please try again."}
        self._steps.add((account.account, code))
        visit.pending = None
        return self._signed_in(request, account, {"success": 1})

    def _pending(self, request: Request) -> tuple[_Visit, Account]:
        visit = self._visit(request, request.form.get("sessionid", ""))
        if visit.pending is None:
            raise Forbidden()
        return visit, self.account(visit.pending)

    def _signed_in(self, request: Request, account: Account, facts: dict[str, Any]) -> Response:
        response = self.start_session(answer(facts), account)
        device = secrets.token_urlsafe(24)
        with self.lock:
            self._devices[device] = account.account
        response.set_cookie(DEVICE_COOKIE, device, max_age=DEVICE_SECONDS, httponly=True, samesite="Lax")
        return response

    def _with_visit(self, request: Request, make: Any) -> Response:
        key = request.cookies.get(VISIT_COOKIE, "")
        if key not in self._visits:
            key = secrets.token_hex(16)
            self._visits[key] = _Visit()
        response = Response(make(key), content_type="text/html; charset=utf-8")
        response.set_cookie(VISIT_COOKIE, key, httponly=True, samesite="Lax")
        return response

    def _visit(self, request: Request, stated: str | None = None) -> _Visit:
        """The visit of a request; refused without its cookie, or if the form names another."""
        key = request.cookies.get(VISIT_COOKIE, "")
        if key not in self._visits or (stated is not None and stated != key):
            raise Forbidden()
        return self._visits[key]
