"""The simulator harness: stand-ins for platforms on the loopback address, strict, with accounts, mail, sessions and named faults.

A platform's `simulator.py` subclasses Simulator and sets `simulator = ItsClass`. Extractors cannot tell and never import it.

    class Tiny(Simulator):
        name = "tiny"
        faults_known = {"layout_changed": Fault("the pages are rebuilt", 4, "source-changed", tells="looks like none")}

        @route("/signin", methods=("POST",))
        def sign_in(self, request):
            account = self.login(request.form.get("email"), request.form.get("password"))   # None: wrong
            ...
            return self.start_session(redirect("/dashboard"), account)

        @route("/api/plays", data=True)          # data=True: cut, empty and similar faults apply here
        def plays(self, request):
            account = self.session_account(request)     # None: no session or an expired one
            strict(request.args, allowed={"from", "to"}, required={"from"})
            return {"days": [...]}                      # dict or list: JSON; str: HTML; bytes, Response: as they are
"""

from __future__ import annotations

import hmac
import secrets
import threading
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any, ClassVar

from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Request, Response

from ..domain.challenges import Look, Secret
from ..resilience import Clock, SystemClock
from . import totp
from .serving import CONTROL, Reset, Served, controlled, serve, start
from .standins import Account, Asked, Fault, Hands, Mail, Trial, as_response, json_response, redirect, route, routes_of, strict

__all__ = [
    "GENERIC_FAULTS", "SESSION_COOKIE", "Account", "Asked", "Fault", "Hands", "Mail", "Served", "Simulator", "Trial", "json_response",
    "redirect", "route", "serve", "start", "strict",
]  # fmt: skip

GENERIC_FAULTS: dict[str, Fault] = {
    "http_500": Fault("every answer is 500", 4, "source-unavailable", tells="500"),
    "http_503": Fault("every answer is 503", 4, "source-unavailable", tells="503"),
    "rate_limited": Fault("every answer is 429 with Retry-After", 4, "rate-limited", tells="429"),
    "slow": Fault("every answer comes late", 0),
    "connection_reset": Fault("every connection is closed without an answer", 4, "source-unavailable"),
    "truncated": Fault("data breaks off before its announced length", 4, "source-unavailable"),
    "truncated_silently": Fault("data breaks off, and no length was announced", 4, "source-unavailable"),
    "empty_body": Fault("data answers 200 with no byte", 4, "source-unavailable"),
}
"""Faults that the harness itself can do, for every simulator, and what usually comes of them. The last three touch routes with
`data=True` only. A platform where another thing comes of one names it in its own `faults_known`."""
SESSION_COOKIE = "sid"

_SECRET_NAMES = ("token", "password", "code", "secret", "proof", "otp")


class Simulator:
    """Base of every stand-in.

    Attributes:
        name: the platform.  title: for people.
        accounts: who exists; default one account from `default_accounts()`.
        faults: names of the faults on now; set them at any time with `set_faults`, or for the next n requests with `fail_next`.
        faults_known: the platform's own faults, and what must come of each (the generic ones are always known).
        trials: name -> a challenge that a login raises.
        day: the platform's data day; `advance_days` moves it and the clock of sessions and codes.
        log: what was asked, for assertions; holds no secret values.
        issued: every session key, and every token that a subclass adds, for tests that look where it must not be.
    """

    name: ClassVar[str] = ""
    title: ClassVar[str] = ""
    faults_known: ClassVar[Mapping[str, Fault]] = {}
    trials: ClassVar[Mapping[str, Trial]] = {}
    session_seconds: ClassVar[float] = 14 * 86400.0
    code_tries: ClassVar[int] = 5
    slow_seconds: float = 0.3
    retry_after_seconds: int = 1

    def __init__(
        self,
        *,
        accounts: Iterable[Account] | None = None,
        faults: Iterable[str] = (),
        clock: Clock | None = None,
        day: date | None = None,
        on_mail: Callable[[Mail], None] | None = None,
    ) -> None:
        self.clock = clock or SystemClock()
        self.lock = threading.RLock()
        self.accounts: list[Account] = list(accounts) if accounts is not None else self.default_accounts()
        self.faults: set[str] = set()
        self.log: list[Asked] = []
        self.control_token: str | None = None
        self.base_url = ""
        self.on_mail = on_mail
        self._offset = timedelta(0) if day is None else timedelta(days=(day - self.clock.now().date()).days)
        self._next: dict[str, int] = {}
        self._mails: list[Mail] = []
        self._sessions: dict[str, dict[str, Any]] = {}
        self.issued: list[str] = []
        self._released = threading.Event()
        self._map = routes_of(type(self))
        self.set_faults(faults)

    def default_accounts(self) -> list[Account]:
        """Who exists if nobody is given."""
        return [Account()]

    def describe(self) -> dict[str, Any]:
        """What `bedrot simulate` prints about it: `platform, base_url, accounts`, and `options` where the extractor needs settings."""
        return {"platform": self.name, "base_url": self.base_url, "accounts": [a.describe() for a in self.accounts]}

    def settings(self) -> dict[str, Any]:
        """What stands under `[platforms.<name>]` of a home that uses this stand-in: address, options, and each account's own options."""
        told = self.describe()
        own = {a["account"]: a["options"] for a in told["accounts"] if a.get("options")}
        return {"base_url": self.base_url, **told.get("options", {}), **({"accounts": own} if own else {})}

    # -- time ---------------------------------------------------------------------------------------------------------------

    def now(self) -> datetime:
        """The platform's time, aware UTC: the clock, moved by whole simulated days. Codes and sessions expire by it."""
        return self.clock.now() + self._offset

    @property
    def day(self) -> date:
        """The platform's day (UTC): what its newest data is relative to."""
        return self.now().date()

    clock_day = day

    def advance_days(self, days: int = 1) -> None:
        """Let days pass on the platform."""
        with self.lock:
            self._offset += timedelta(days=days)

    def advance(self, seconds: float) -> None:
        """Let seconds pass on the platform (to expire a code or a session)."""
        with self.lock:
            self._offset += timedelta(seconds=seconds)

    # -- faults -------------------------------------------------------------------------------------------------------------

    def known_faults(self) -> tuple[str, ...]:
        """Every fault this simulator can show."""
        return (*self.faults_known, *(f for f in GENERIC_FAULTS if f not in self.faults_known))

    def fault_table(self) -> dict[str, Fault]:
        """Every fault this simulator can show and what must come of it: the platform's own first, then the generic ones."""
        return {name: self.faults_known.get(name) or GENERIC_FAULTS[name] for name in self.known_faults()}

    def set_faults(self, faults: Iterable[str]) -> None:
        """Exactly these faults are on from now on. Raises ValueError for an unknown one."""
        wanted = set(faults)
        unknown = sorted(wanted - set(self.known_faults()))
        if unknown:
            raise ValueError(f"{self.name} knows no fault {', '.join(unknown)}; it knows {', '.join(self.known_faults())}")
        with self.lock:
            self.faults = wanted
            self._next.clear()

    def fail_next(self, fault: str, times: int = 1) -> None:
        """This fault, for the next `times` requests it touches only."""
        if fault not in self.known_faults():
            raise ValueError(f"{self.name} knows no fault {fault}")
        with self.lock:
            self._next[fault] = times

    def fault(self, name: str) -> bool:
        """Whether a fault is on; one that was set for n requests is counted down by asking."""
        with self.lock:
            if name in self.faults:
                return True
            left = self._next.get(name, 0)
            if left:
                self._next[name] = left - 1
            return left > 0

    # -- accounts, codes, sessions ------------------------------------------------------------------------------------------

    def account(self, name: str = "default") -> Account:
        """The account with our name, or the platform's user name."""
        for known in self.accounts:
            if name in (known.account, known.username):
                return known
        raise KeyError(name)

    def login(self, username: str | None, password: str | None) -> Account | None:
        """Who this is; None when name or password is wrong."""
        for known in self.accounts:
            if known.username == username and hmac.compare_digest(known.password.encode(), (password or "").encode()):
                return known
        return None

    def send_code(self, account: Account | str, *, medium: str = "e-mail", length: int = 6, expires_in: float = 600.0) -> Mail:
        """Send a fresh code to the human; an older one is void."""
        name = account if isinstance(account, str) else account.account
        code = "".join(secrets.choice("0123456789") for _ in range(length))
        mail = Mail(name, medium, code, self.now(), self.now() + timedelta(seconds=expires_in))
        with self.lock:
            self._mails.append(mail)
        if self.on_mail is not None:
            self.on_mail(mail)
        return mail

    def check_code(self, account: Account | str, code: str) -> str:
        """`ok` (once), `wrong`, `expired`, or `locked` after `code_tries` wrong ones. Judged against the newest code only."""
        name = account if isinstance(account, str) else account.account
        with self.lock:
            mail = next((m for m in reversed(self._mails) if m.account == name), None)
            if mail is None or mail.used:
                return "wrong"
            if mail.tries >= self.code_tries:
                return "locked"
            if self.now() >= mail.expires_at:
                return "expired"
            if not hmac.compare_digest(mail.code, code):
                mail.tries += 1
                return "wrong"
            mail.used = True
            return "ok"

    def check_totp(self, account: Account | str, code: str) -> bool:
        """Whether this is the account's code of now or one step before, by the machine's time (not the simulated day)."""
        known = self.account(account) if isinstance(account, str) else account
        if not known.totp_secret:
            return False
        step = totp.step_at(self.clock.now().timestamp())
        return any(hmac.compare_digest(totp.code(Secret(known.totp_secret), s), code) for s in (step, step - 1))

    def mailbox(self, account: str = "default") -> list[Mail]:
        """What the human behind this account received, oldest first."""
        with self.lock:
            return [m for m in self._mails if m.account == account]

    def authenticator(self, account: str = "default") -> str:
        """What the human's authenticator app shows now."""
        return totp.code(Secret(self.account(account).totp_secret or ""), totp.step_at(self.clock.now().timestamp()))

    # -- the person behind an account ---------------------------------------------------------------------------------------

    def answer(self, challenge: Mapping[str, Any], hands: Hands) -> str | None:
        """What the person behind an account does about a challenge, rightly and in time.

        Args:
            challenge: the record of the challenge (`Challenge.to_record`).
            hands: what the person can see and do besides typing an answer.

        Returns:
            What they type, or an act (`done`, or one of the challenge's `can`); None when they acted elsewhere (scanned, approved,
            solved the page) and the page moves on by itself.
        """
        account = challenge["account"]
        if challenge["kind"] == "code":
            return self.authenticator(account) if challenge["medium"] == "app" else self.mailbox(account)[-1].code
        if challenge["kind"] == "password":
            return self.account(account).password
        raise NotImplementedError(f"{self.name}: nobody answers a {challenge['kind']}")

    def wrong_answer(self, challenge: Mapping[str, Any]) -> str:
        """An answer of the right form that is wrong."""
        right = self.answer(challenge, _NoHands()) or ""
        return "".join("1" if c != "1" else "2" for c in right) if challenge["kind"] == "code" else right + "x"

    # -- what a run would bring ---------------------------------------------------------------------------------------------

    def payloads(self, account: str = "default") -> dict[str, bytes]:
        """What a run on the platform's day brings for this account, byte for byte, without serving anything: feed attribute -> payload.

        A feed that a run brings several times (one file per period or artist) is `attribute:label`. Faults that are on count. The
        contract suite holds it to what a real run brings; the campaigns judge a year of days with it.
        """
        raise NotImplementedError(f"{self.name} cannot tell its payloads without being served")

    def provenance(self, account: str = "default") -> dict[str, dict[str, Any]]:
        """What those captures say beside their bytes: name as in `payloads` -> fields of the sidecar (`request`, `received_name`) that
        checks read. Empty where no check reads any. The contract suite holds it to a real run."""
        return {}

    def start_session(self, response: Response, account: Account | str, *, persistent: bool = True, **facts: Any) -> Response:
        """Log the account in: an opaque session cookie on `response`, facts kept on this side."""
        name = account if isinstance(account, str) else account.account
        key = secrets.token_urlsafe(24)
        with self.lock:
            self.issued.append(key)
            self._sessions[key] = {"account": name, "expires_at": self.now() + timedelta(seconds=self.session_seconds)} | facts
        age = int(self.session_seconds) if persistent else None
        response.set_cookie(SESSION_COOKIE, key, max_age=age, httponly=True, samesite="Lax")
        return response

    def session(self, request: Request) -> dict[str, Any] | None:
        """The live session of a request: its facts, or None."""
        with self.lock:
            facts = self._sessions.get(request.cookies.get(SESSION_COOKIE, ""))
            return facts if facts is not None and self.now() < facts["expires_at"] else None

    def session_account(self, request: Request) -> Account | None:
        """The account that is logged in, or None."""
        facts = self.session(request)
        return self.account(facts["account"]) if facts else None

    def expire_sessions(self) -> None:
        """Every login is void from now on."""
        with self.lock:
            self._sessions.clear()

    def expire_codes(self) -> None:
        """Every code that was sent is too old from now on."""
        with self.lock:
            for mail in self._mails:
                mail.expires_at = min(mail.expires_at, self.now())

    # -- serving ------------------------------------------------------------------------------------------------------------

    def before(self, request: Request) -> Any:
        """Hook: answer any request before its route (a challenge page in front of everything); None to go on."""
        return None

    def refused(self, error: HTTPException) -> Any:
        """Hook: how this platform says 4xx (an API answers JSON); default: a plain page."""
        return Response(
            f"<!doctype html><title>{error.code}</title><p>{error.name}", error.code, content_type="text/html; charset=utf-8"
        )

    def wsgi(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """The WSGI application."""
        request = Request(environ)
        if request.path.startswith(CONTROL):
            return controlled(self, request)(environ, start_response)
        response = self._answer(request)
        args = {k: "***" if any(s in k.lower() for s in _SECRET_NAMES) else v for k, v in request.args.items()}
        with self.lock:
            self.log.append(Asked(request.method, request.path, args, response.status_code, tuple(k for k, _ in request.headers)))
        return response(environ, start_response)

    def requests(self, path: str = "", method: str = "") -> list[Asked]:
        """What was asked so far whose path begins with `path`."""
        with self.lock:
            return [a for a in self.log if a.path.startswith(path) and (not method or a.method == method)]

    def _answer(self, request: Request) -> Response:
        if self.fault("slow"):
            self._released.wait(self.slow_seconds)
        if self.fault("connection_reset"):
            return Reset()
        for name, status in (("http_500", 500), ("http_503", 503)):
            if self.fault(name):
                return Response(
                    "<!doctype html><title>Error</title><h1>Something went wrong</h1>", status, content_type="text/html"
                )
        if self.fault("rate_limited"):
            return Response("slow down", 429, {"Retry-After": str(self.retry_after_seconds)}, content_type="text/plain")
        try:
            early = self.before(request)
            if early is not None:
                return as_response(early)
            (attribute, data), values = self._map.bind_to_environ(request.environ).match()
            response = as_response(getattr(self, attribute)(request, **values))
        except HTTPException as error:
            response = as_response(error.get_response() if error.code in (301, 302, 308) else self.refused(error))
            data = False
        if data and response.status_code == 200:
            response = self._cut(response)
        return response

    def _cut(self, response: Response) -> Response:
        if self.fault("empty_body"):
            response.set_data(b"")
        body = response.get_data()
        if self.fault("truncated"):
            response.response = [body[: len(body) // 2]]
            response.headers["Content-Length"] = str(len(body))
        elif self.fault("truncated_silently"):
            response.response = iter([body[: len(body) // 2]])
            response.headers.pop("Content-Length", None)
        return response


class _NoHands:
    """A person who only types."""

    def look(self) -> Look:
        return Look()

    def click(self, x: int, y: int) -> None: ...
    def type(self, text: str) -> None: ...
    def press(self, key: str) -> None: ...
    def drag(self, x: int, y: int, to_x: int, to_y: int) -> None: ...
