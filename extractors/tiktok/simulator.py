"""A stand-in for TikTok and its studio: logins by password and code or by QR code, captchas, exports, answers, and named faults. Strict.

Certainty: paths and parameters of the answers behind the pages and the forms of the exports *documented* or *seen*; calls of the login, of
the QR code, of the captcha and of the export, their limits and their wording *assumed*.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

from werkzeug.exceptions import BadRequest, Forbidden, Gone
from werkzeug.wrappers import Request, Response

from bedrot_console.domain.errors import BedrotError
from bedrot_console.extraction.simulator import SESSION_COOKIE, Account, Hands, Simulator, Trial, redirect, route, strict

from .simulated import exports, faults, site
from .simulated.exports import Export
from .simulated.world import CREATORS, Creator

VISIT_COOKIE, DEVICE_COOKIE = "ttwid", "passport_device"
WRONG_PASSWORDS = 5
MOST_RESENDS = 3
QR_SECONDS = 60
EXPORT_SECONDS = 3600
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


class TikTokSimulator(Simulator):
    """Accounts `default` (e-mailed code), `harbour` (SMS, Greek), `qr-only` (small, QR code only), `app-code` (authenticator, Vietnamese).

    A known device (cookie) skips the code. `most_exports` an hour and account are served, then status 7 comes.
    """

    name: ClassVar[str] = "tiktok"
    title: ClassVar[str] = "TikTok"
    faults_known = faults.KNOWN
    trials: ClassVar[Mapping[str, Trial]] = {
        "e-mail code": Trial("code", "e-mail"),
        "sms": Trial("code", "sms", account="harbour"),
        "authenticator": Trial("code", "app", account="app-code", expired=None, sends=False),
        "qr": Trial("qr", account="qr-only", wrong=None, expired=None, sends=False),
        "captcha at login": Trial("page", faults=("captcha_at_login",), wrong=None, expired=None, sends=False),
    }
    most_exports = 200

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._visits: dict[str, _Visit] = {}
        self._devices: dict[str, str] = {}
        self._failed: dict[str, int] = {}
        self._qrs: dict[str, _Qr] = {}
        self._puzzles: dict[str, tuple[str, tuple[int, int]]] = {}
        self._last_puzzle = ""
        self._downloads: dict[str, tuple[str, str, int, str, datetime]] = {}
        self._exported: dict[str, list[datetime]] = {}
        self._steps: set[tuple[str, str]] = set()

    def default_accounts(self) -> list[Account]:
        return [
            Account(
                account=c.account, username=c.email, password=c.password, totp_secret=c.totp_secret,
                extra={"handle": c.handle, "options": {"handle": c.handle, **({"login": "qr"} if c.two_step == "qr" else {})}},
            )
            for c in CREATORS
        ]  # fmt: skip

    def creator(self, account: Account | str) -> Creator:
        """The invented creator behind an account."""
        name = account if isinstance(account, str) else account.account
        return next(c for c in CREATORS if c.account == name)

    def on(self) -> frozenset[str]:
        """The faults of the data that are on now."""
        with self.lock:
            return frozenset(self.faults)

    def export(self, account: Account | str, days: int = 365) -> Export:
        """What this account's exports show now."""
        return Export(self.creator(account), self.day, days, self.on())

    def payloads(self, account: str = "default") -> dict[str, bytes]:
        """See Simulator: the four exports, the insight answer, the post list page by page."""
        shown = self.export(account)
        found = {report: shown.body(report) for report in exports.REPORTS}
        found["insight"] = exports.spelled(shown.insight(_types(365)))
        cursor, number, more = 0, 0, True
        while more:
            number += 1
            answer = shown.post_page(cursor, site.FIRST_SIZE if number == 1 else site.NEXT_SIZE)
            found[f"videos:page-{number:02d}"] = exports.spelled(answer)
            cursor, more = answer["cursor"], answer["has_more"]
        return found

    # -- the person -----------------------------------------------------------------------------------------------------------

    def answer(self, challenge: Mapping[str, Any], hands: Hands) -> str | None:
        """See Simulator: scans the QR code, or clicks on the star of the puzzle and confirms."""
        if challenge["kind"] == "qr":
            self._scan_shown(challenge["account"], hands)
            return None
        if challenge["kind"] == "page":
            if hands.look().picture:
                x, y = self._puzzles[self._last_puzzle][1]
                hands.click(site.BOX_LEFT + x, site.BOX_TOP + y)
                hands.click(*site.CONFIRM_AT)
            return None
        return super().answer(challenge, hands)

    def _scan_shown(self, account: str, hands: Hands) -> None:
        """Look until there is a code that can be scanned: the page renews them."""
        for _ in range(40):
            try:
                text = hands.look().text
                if text is not None and self.scan(text.reveal(), account):
                    return
            except BedrotError:
                pass
            time.sleep(0.1)

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

    # -- in front of every page -----------------------------------------------------------------------------------------------

    def before(self, request: Request) -> Any:
        if request.path.startswith(("/captcha/", "/passport/")):
            return None
        if SESSION_COOKIE in request.cookies and request.path.startswith("/tiktokstudio"):
            midway = request.path == "/tiktokstudio/analytics/followers" and self.fault("session_expired_midway")
            if midway or self.fault("session_expired"):
                self.expire_sessions()
                self.faults -= {"session_expired", "session_expired_midway"}
        if request.method != "GET" or not request.path.startswith("/tiktokstudio"):
            return None
        if self.fault("white_page"):
            return site.WHITE
        visit = self._visits.get(request.cookies.get(VISIT_COOKIE, ""))
        if self.fault("captcha_endless") or (self.fault("captcha_at_studio") and (visit is None or not visit.solved)):
            return self._with_visit(request, site.captcha_page())
        return None

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
        given = _json(request, "id", "x", "y")
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
        given = _json(request, "username", "password")
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
        code = str(_json(request, "code")["code"])
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
        token = str(_json(request, "token")["token"])
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

    # -- for members ----------------------------------------------------------------------------------------------------------

    def _member(self, request: Request) -> Creator | None:
        account = self.session_account(request)
        if account is None:
            return None
        shown = self.creator(account)
        if self.fault("wrong_account"):
            return CREATORS[1] if shown is not CREATORS[1] else CREATORS[0]
        return shown

    @route("/tiktokstudio")
    @route("/tiktokstudio/analytics")
    @route("/tiktokstudio/analytics/<report>")
    def analytics(self, request: Request, report: str = "overview") -> Any:
        creator = self._member(request)
        if creator is None or report not in exports.REPORTS:
            return redirect("/login/phone-or-email/email?redirect_url=/tiktokstudio/analytics")
        return site.analytics(creator, report, stuck=self.fault("period_stuck"))

    @route("/tiktokstudio/content")
    def post_list(self, request: Request) -> Any:
        creator = self._member(request)
        return site.posts(creator) if creator else redirect("/login/phone-or-email/email?redirect_url=/tiktokstudio/content")

    @route("/tiktokstudio/api/web/analytics/export/", methods=("POST",))
    def order(self, request: Request) -> Any:
        given = _json(request, "report", "days", "format")
        creator = self._member(request)
        if creator is None:
            return {"status_code": 8, "status_msg": "Please log in first"}
        if given["report"] not in exports.REPORTS or given["days"] not in site.PERIODS or given["format"] not in ("csv", "xlsx"):
            return {"status_code": 5, "status_msg": "Invalid parameters"}
        recent = [at for at in self._exported.get(creator.account, []) if self.now() - at < timedelta(hours=1)]
        if len(recent) >= self.most_exports or self.fault("too_frequent"):
            return {"status_code": 7, "status_msg": "You're visiting our service too frequently."}
        self._exported[creator.account] = [*recent, self.now()]
        token = secrets.token_hex(16)
        self._downloads[token] = (
            creator.account,
            given["report"],
            given["days"],
            given["format"],
            self.now() + timedelta(seconds=EXPORT_SECONDS),
        )
        return {"status_code": 0, "status_msg": "", "url": f"/tiktokstudio/export/{token}"}

    @route("/tiktokstudio/export/<token>", data=True)
    def download(self, request: Request, token: str) -> Any:
        creator = self._member(request)
        account, report, days, form, until = self._downloads.get(token, ("", "", 0, "", self.now()))
        if creator is None or creator.account != account:
            raise Forbidden()
        if self.now() >= until:
            raise Gone()
        shown = self.export(account, days)
        body = exports.workbook(shown.tables(report)) if form == "xlsx" else shown.body(report)
        ext = "zip" if body.startswith(b"PK") and form == "csv" or body == site.LOGIN_AS_DATA else form
        headers = {"Content-Disposition": f'attachment; filename="{shown.name(report, self.now(), ext)}"'}
        return Response(body, 200, headers, content_type="application/zip" if ext == "zip" else "application/octet-stream")

    @route("/aweme/v2/data/insight/", data=True)
    def insight(self, request: Request) -> Any:
        strict(
            request.args,
            allowed=(),
            required=("locale", "aid", "tz_name", "tz_offset", "app_name", "device_platform", "type_requests"),
        )
        creator = self._member(request)
        if creator is None:
            return {"status_code": 8, "status_msg": "Please log in first"}
        if self.fault("too_frequent") or self.fault("insight_error"):
            return {"status_code": 7 if self.fault("too_frequent") else 5, "status_msg": "try again"}
        try:
            asked = json.loads(request.args["type_requests"])
            known = all(t["insigh_type"] in site.TYPES for t in asked)
        except (ValueError, TypeError, KeyError):
            raise BadRequest() from None
        if not known:
            return {"status_code": 5, "status_msg": "Invalid parameters"}
        return Response(
            exports.spelled(self.export(creator.account).insight(asked)), content_type="application/json; charset=utf-8"
        )

    @route("/tiktok/creator/manage/item_list/v1/", methods=("POST",), data=True)
    def item_list(self, request: Request) -> Any:
        given = _json(request, "cursor", "size")
        creator = self._member(request)
        if creator is None:
            return {"status_code": 8, "status_msg": "Please log in first"}
        if self.fault("too_frequent"):
            return {"status_code": 7, "status_msg": "try again"}
        if not 0 < int(given["size"]) <= site.FIRST_SIZE or int(given["cursor"]) < 0:
            return {"status_code": 5, "status_msg": "Invalid parameters"}
        if int(given["cursor"]) and self.fault("posts_break"):
            return Response("upstream connect error", 500, content_type="text/plain")
        answer = self.export(creator.account).post_page(int(given["cursor"]), int(given["size"]))
        return Response(exports.spelled(answer), content_type="application/json; charset=utf-8")


def _types(days: int) -> list[dict[str, Any]]:
    return [{"insigh_type": t} | ({"days": days, "end_days": site.END_DAYS} if t != "follower_num" else {}) for t in site.TYPES]


def _json(request: Request, *names: str) -> dict[str, Any]:
    """The JSON body of a call: exactly these names, nothing else."""
    given = request.get_json(silent=True)
    if not isinstance(given, dict):
        raise BadRequest()
    strict(given, allowed=(), required=names)
    return given


simulator = TikTokSimulator
