"""A stand-in for distrokid.com: sign-in with captcha hook, e-mailed or app code, stats pages, bank export, and named faults. Strict.

Certainty: sign-in form, `/api/loginCheck/?now` with its five fields and its three kinds of answer *seen* (the site's own script);
`/newComputer/` by e-mail *seen*; its API calls, `/2fa/` for an authenticator app, attempts, expiry and all wording *assumed*. Codes were
observed with 4 to 8 digits; here 6.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, ClassVar
from urllib.parse import quote

from werkzeug.exceptions import BadRequest, Forbidden
from werkzeug.wrappers import Request, Response

from bedrot_console.extraction.simulator import SESSION_COOKIE, Account, Simulator, redirect, route, strict
from bedrot_console.extraction.simulator import json_response as answer

from .simulated import exports, site, world
from .simulated.world import MEMBERS, Member

VISIT_COOKIE, DEVICE_COOKIE, CLEARANCE_COOKIE = "DKVISIT", "DKDEVICE", "cf_clearance"
DEVICE_SECONDS = 365 * 86400
CODE_LENGTH = 6
WRONG_PASSWORDS = 5
MOST_RESENDS = 3
STALE_DAYS = 12


@dataclass
class _Visit:
    """What the site remembers of a browser that is not signed in yet."""

    captcha: str | None = None
    pending: str | None = None
    resent: int = 0
    confirmed: bool = False


class DistroKidSimulator(Simulator):
    """Accounts `default` (e-mailed code), `app-code` (authenticator app), `cheap-plan` (no daily stats).

    A known device (cookie) skips the code. Data advances with the simulated day; stats pages never repeat their bytes, the export repeats
    them exactly until a new report came in.
    """

    name = "distrokid"
    title = "DistroKid"
    faults_known: ClassVar[tuple[str, ...]] = (
        "wrong_password", "account_locked", "captcha_puzzle", "login_500", "code_expired", "code_wrong", "session_expired",
        "session_expired_midway", "login_page_as_data", "challenge_once", "challenge_page", "empty_chart", "chart_late", "layout_changed",
        "wrong_plan", "no_releases", "wrong_account", "stale", "missing_day", "wrong_page", "loose_js", "filter_first", "html_as_tsv",
        "cut_at_line", "schema_drift", "columns_13", "mixed_columns", "comma_separated", "utf8", "utf8_bom", "cr_only", "zip_in_zip",
    )  # fmt: skip

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._visits: dict[str, _Visit] = {}
        self._devices: dict[str, str] = {}
        self._failed: dict[str, int] = {}
        self._downloads: dict[str, str] = {}
        self._filled: set[str] = set()
        self._steps: set[tuple[str, str]] = set()

    def default_accounts(self) -> list[Account]:
        return [
            Account(account=m.account, username=m.email, password=m.password, totp_secret=m.totp_secret, extra={"plan": m.plan})
            for m in MEMBERS
        ]

    def member(self, account: Account) -> Member:
        """The invented artist behind an account."""
        for known in MEMBERS:
            if known.account == account.account:
                return known
        number = 7_000_000 + sum(account.username.encode()) * 97 % 900_000
        return Member(
            account=account.account, email=account.username, password=account.password, artist="Unnamed Artist", user_id=number
        )

    def reset(self) -> None:
        """Forget visits, devices, sessions, wrong passwords and requests; mail stays."""
        with self.lock:
            for memory in (self._visits, self._devices, self._failed, self._downloads, self._sessions, self.log):
                memory.clear()
            self._filled.clear()
            self._steps.clear()

    def forget_devices(self) -> None:
        """Every computer is new from now on."""
        with self.lock:
            self._devices.clear()

    # -- in front of every page ---------------------------------------------------------------------------------------------

    def before(self, request: Request) -> Any:
        if request.path.startswith(("/cdn-cgi/", "/recaptcha/", "/api/")):
            return None
        if self.fault("challenge_page"):
            return Response(site.interstitial(True), 403, content_type="text/html; charset=utf-8")
        if CLEARANCE_COOKIE not in request.cookies and self.fault("challenge_once"):
            return Response(site.interstitial(False), 403, content_type="text/html; charset=utf-8")
        if SESSION_COOKIE in request.cookies and not request.path.startswith("/signin") and self.fault("session_expired"):
            self.expire_sessions()
            self.faults.discard("session_expired")
        return None

    @route("/cdn-cgi/challenge", methods=("POST",))
    def clearance(self, request: Request) -> Any:
        response = Response("", 204)
        response.set_cookie(CLEARANCE_COOKIE, secrets.token_urlsafe(16), max_age=1800, httponly=True)
        return response

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
        return Response(site.CAPTCHA_SCRIPT, content_type="text/javascript")

    @route("/recaptcha/reload", methods=("POST",))
    def captcha_token(self, request: Request) -> Any:
        visit = self._visit(request)
        if self.fault("captcha_puzzle"):
            return {"puzzle": True}
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
        visit.pending, visit.resent, visit.confirmed = account.account, 0, False
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

    # -- for members --------------------------------------------------------------------------------------------------------

    def _member_or_login(self, request: Request) -> tuple[Member | None, Response | None]:
        account = self.session_account(request)
        if account is None:
            return None, redirect("/signin/?forward=" + quote(request.full_path.rstrip("?"), safe="/"))
        return self.member(account), None

    @route("/dashboard/")
    @route("/mymusic/")
    def home(self, request: Request) -> Any:
        member, login = self._member_or_login(request)
        return login or site.member_page(member, "My Music", "<ul><li>Orchard Tapes</li></ul>")

    @route("/stats/", data=True)
    def stats(self, request: Request) -> Any:
        member, login = self._member_or_login(request)
        if login:
            return login
        strict(request.args, allowed=("type", "data", "id"))
        service = request.args.get("data", "streams")
        if service not in world.LAG_DAYS or request.args.get("type", "all") != "all":
            return redirect("/stats/?type=all&data=streams")
        if service == "applemusic" and self.fault("session_expired_midway"):
            self.expire_sessions()
            self.faults.discard("session_expired_midway")
            return self._member_or_login(request)[1]
        if self.fault("login_page_as_data"):
            return self._with_visit(request, lambda visit: site.sign_in(visit, padded=True))
        if self.fault("no_releases"):
            return site.no_releases(member)
        if member.plan == "musician" or self.fault("wrong_plan"):
            return site.upgrade(member)
        if self.fault("wrong_account"):
            member = MEMBERS[1] if member != MEMBERS[1] else MEMBERS[0]
        if service == "applemusic" and self.fault("wrong_page"):
            service = "streams"
        return self._chart(member, service)

    def _chart(self, member: Member, service: str) -> str:
        days = self.chart_days(member, service)
        late = ""
        if self.fault("chart_late") and service not in self._filled:
            late = site.late_script(service)
        elif self.fault("empty_chart"):
            days = []
        make = site.streams if service == "streams" else site.applemusic
        return make(member, days, loose=self.fault("loose_js"), changed=self.fault("layout_changed"), late=late)

    def chart_days(self, member: Member, service: str) -> list[tuple[date, int]]:
        """What the chart holds now, with the faults `stale` and `missing_day`."""
        today = self.day - timedelta(days=STALE_DAYS) if self.fault("stale") else self.day
        days = list(world.daily(member, service, today))
        if self.fault("missing_day"):
            del days[-40:-38]
        return days

    @route("/stats/fragment/")
    def fragment(self, request: Request) -> Any:
        """Where a late chart fetches its figures; afterwards the page is served filled (*assumed*: the site caches them)."""
        member, login = self._member_or_login(request)
        if login:
            return login
        service = request.args.get("data", "")
        self._filled.add(service)
        return [{"category": d.isoformat(), "column-1": str(v)} for d, v in world.daily(member, service, self.day)]

    @route("/bank/")
    def bank(self, request: Request) -> Any:
        member, login = self._member_or_login(request)
        return login or site.bank(member)

    @route("/bank/details/")
    def bank_details(self, request: Request) -> Any:
        member, login = self._member_or_login(request)
        if login:
            return login
        token = secrets.token_hex(16)
        self._downloads[token] = member.account
        rows = len(world.royalties(member, self.day))
        filter_first = rows > world.FILTER_ABOVE_ROWS or self.fault("filter_first")
        return site.bank_details(member, token, filter_first=filter_first, changed=self.fault("layout_changed"))

    @route("/bank/details/download/", data=True)
    def download(self, request: Request) -> Any:
        member, login = self._member_or_login(request)
        if login:
            return login
        strict(request.args, allowed=(), required=("format", "token"))
        if self._downloads.get(request.args["token"]) != member.account or request.args["format"] != "tsv":
            raise Forbidden()
        headers = {"Content-Disposition": 'attachment; filename="DistroKid_bank_details.tsv"'}
        if self.fault("html_as_tsv"):
            body = site.page("Error", "<h1>Oops! Something went wrong</h1><p>Our robots were told.</p>", size=4000).encode()
            return Response(body, 200, headers, content_type="text/html; charset=utf-8")
        return Response(self.statement(member), 200, headers, content_type="text/tab-separated-values")

    def statement(self, member: Member) -> bytes:
        """The export of now, spelled as the faults say."""
        today = self.day - timedelta(days=STALE_DAYS * 5) if self.fault("stale") else self.day
        rows = world.royalties(member, today)
        if self.fault("missing_day"):
            gone = sorted({r.reported for r in rows})[-5]
            rows = tuple(r for r in rows if r.reported != gone)
        header = exports.CURRENT
        for fault, other in (("columns_13", exports.LEGACY), ("mixed_columns", exports.MIXED), ("schema_drift", exports.DRIFTED)):
            if self.fault(fault):
                header = other
        encoding = "utf-8-sig" if self.fault("utf8_bom") else "utf-8" if self.fault("utf8") else "latin-1"
        line_end = "\r" if self.fault("cr_only") else "\n"
        body = exports.statement(
            rows, header, encoding=encoding, line_end=line_end, comma=self.fault("comma_separated") or self.fault("zip_in_zip")
        )
        if self.fault("cut_at_line"):
            body = body[: body.rfind(b"\n", 0, len(body) * 2 // 3) + 1]
        return exports.zipped_twice(body) if self.fault("zip_in_zip") else body


simulator = DistroKidSimulator
