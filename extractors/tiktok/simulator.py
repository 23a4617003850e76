"""A stand-in for TikTok and its studio: logins by password and code or by QR code, captchas, exports, answers, and named faults. Strict.

Certainty: paths and parameters of the answers behind the pages and the forms of the exports *documented* or *seen*; calls of the login, of
the QR code, of the captcha and of the export, their limits and their wording *assumed*.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, ClassVar

from werkzeug.exceptions import BadRequest, Forbidden, Gone
from werkzeug.wrappers import Request, Response

from bedrot_console.domain.errors import BedrotError
from bedrot_console.extraction.simulator import SESSION_COOKIE, Account, Hands, Trial, redirect, route, strict

from .simulated import exports, faults, site
from .simulated.doors import VISIT_COOKIE, Doors, json_of
from .simulated.exports import Export
from .simulated.world import CREATORS, Creator

EXPORT_SECONDS = 3600


class TikTokSimulator(Doors):
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
        self._downloads: dict[str, tuple[str, str, int, str, datetime]] = {}
        self._exported: dict[str, list[datetime]] = {}

    def default_accounts(self) -> list[Account]:
        return [
            Account(
                account=c.account, username=c.email, password=c.password, totp_secret=c.totp_secret,
                extra={"handle": c.handle, "options": {"handle": c.handle, **({"login": "qr"} if c.two_step == "qr" else {})}},
            )
            for c in CREATORS
        ]  # fmt: skip

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

    def provenance(self, account: str = "default") -> dict[str, dict[str, Any]]:
        """See Simulator: what was asked for, and the names of the downloads."""
        shown, handle = self.export(account), self.creator(account).handle
        bare = "bare_csv" in self.on()
        found: dict[str, dict[str, Any]] = {
            report: {
                "received_name": shown.name(report, self.now(), "csv" if bare and report != "followers" else "zip"),
                "request": {"days": "365", "handle": handle, "format": "csv"},
            }
            for report in exports.REPORTS
        }
        found["insight"] = {
            "request": {"days": "365", "end_days": str(site.END_DAYS), "types": ",".join(site.TYPES), "handle": handle}
        }
        for name in self.payloads(account):
            if name.startswith("videos:"):
                page = int(name[-2:])
                cursor, size = (
                    (0, site.FIRST_SIZE) if page == 1 else (site.FIRST_SIZE + (page - 2) * site.NEXT_SIZE, site.NEXT_SIZE)
                )
                found[name] = {"request": {"page": str(page), "cursor": str(cursor), "size": str(size), "handle": handle}}
        return found

    # -- the person -----------------------------------------------------------------------------------------------------------

    def answer(self, challenge: Mapping[str, Any], hands: Hands) -> str | None:
        """See Simulator: scans the QR code, or clicks on the star of the puzzle and confirms."""
        if challenge["kind"] == "qr":
            self._scan_shown(challenge["account"], hands)
            return None
        if challenge["kind"] == "page":
            if hands.look().picture:
                hands.click(*self.star())
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
            self._released.wait(0.1)

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
        given = json_of(request, "report", "days", "format")
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
        given = json_of(request, "cursor", "size")
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


simulator = TikTokSimulator
