"""A stand-in for distrokid.com: the way in, stats pages, bank export, and named faults. Strict.

What is imitated and how sure it is: `simulated/` (the way in, the captchas, the pages, the export, the invented artists).
"""

from __future__ import annotations

import secrets
from datetime import date, timedelta
from typing import Any, ClassVar
from urllib.parse import quote

from werkzeug.exceptions import Forbidden
from werkzeug.wrappers import Request, Response

from bedrot_console.extraction.simulator import Account, Fault, Trial, redirect, route, strict

from .simulated import exports, site, world
from .simulated.entrance import Entrance
from .simulated.faults import BARRED, FAULTS, TRIALS
from .simulated.world import MEMBERS, Member

STALE_DAYS = 12
CHEAP = "musician"
PAGE_SECONDS = 4
"""How long this site, on the loopback address, may be waited for; told with the accounts."""


class DistroKidSimulator(Entrance):
    """Accounts `default` (e-mailed code), `app-code` (authenticator app), `cheap-plan` (no daily stats).

    A known device (cookie) skips the code. Data advances with the simulated day; stats pages never repeat their bytes, the
    export repeats them exactly until a new report came in.
    """

    name = "distrokid"
    title = "DistroKid"
    faults_known: ClassVar[dict[str, Fault]] = FAULTS
    trials: ClassVar[dict[str, Trial]] = TRIALS

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._downloads: dict[str, str] = {}
        self._filled: set[str] = set()
        self._shown: dict[tuple[str, str], int] = {}

    def default_accounts(self) -> list[Account]:
        return [
            Account(
                account=m.account,
                username=m.email,
                password=m.password,
                totp_secret=m.totp_secret,
                extra={"plan": m.plan} | ({"odd": True} if m.plan == CHEAP else {}),
            )
            for m in MEMBERS
        ]

    def describe(self) -> dict[str, Any]:
        return super().describe() | {"options": {"page_seconds": PAGE_SECONDS}}

    def member(self, account: Account) -> Member:
        for known in MEMBERS:
            if known.account == account.account:
                return known
        number = 7_000_000 + sum(account.username.encode()) * 97 % 900_000
        return Member(
            account=account.account, email=account.username, password=account.password, artist="Unnamed Artist", user_id=number
        )

    def reset(self) -> None:
        super().reset()
        with self.lock:
            self._downloads.clear()
            self._filled.clear()
            self._shown.clear()

    def payloads(self, account: str = "default") -> dict[str, bytes]:
        member = self.member(self.account(account))
        barred = {feed for fault, feeds in BARRED.items() if self.fault(fault) for feed in feeds}
        if member.plan == CHEAP:
            barred |= set(world.LAG_DAYS)
        found = {name: self.stats_page(member, name).encode() for name in world.LAG_DAYS if name not in barred}
        return found if "sales" in barred else found | {"sales": self.statement(member)}

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
        if member.plan == CHEAP or self.fault("wrong_plan"):
            return site.upgrade(member)
        if self.fault("wrong_account"):
            member = MEMBERS[1] if member != MEMBERS[1] else MEMBERS[0]
        if service == "applemusic" and self.fault("wrong_page"):
            service = "streams"
        late = self.fault("chart_late") and service not in self._filled
        with self.lock:
            self._shown[member.account, service] = self._shown.get((member.account, service), 0) + 1
        return self.stats_page(member, service, late=site.late_script(service) if late else "")

    def stats_page(self, member: Member, service: str, *, late: str = "") -> str:
        """The page as it was last shown (or would be shown first) today, as the faults say. No two showings have the same bytes."""
        moment = f"{self.day} {max(1, self._shown.get((member.account, service), 0))}"
        make = site.streams if service == "streams" else site.applemusic
        days = [] if self.fault("empty_chart") else self.chart_days(member, service)
        return make(
            member, days, loose=self.fault("loose_js"), changed=self.fault("layout_changed"), late=late, moment=moment
        )  # fmt: skip

    def chart_days(self, member: Member, service: str) -> list[tuple[date, int]]:
        """What the chart holds now, with the faults `stale`, `cached` and `missing_day`."""
        behind = STALE_DAYS if self.fault("stale") else 1 if self.fault("cached") else 0
        days = list(world.daily(member, service, self.day - timedelta(days=behind)))
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

    def provenance(self, account: str = "default") -> dict[str, dict[str, Any]]:
        """The name of the export."""
        return {"sales": {"received_name": "DistroKid_bank_details.tsv"}}

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
