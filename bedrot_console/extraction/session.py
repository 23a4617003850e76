"""The Session: everything an extractor may touch. It owns time, secrets, HTTP, the browser, the human, and what is said about the run.

How an extractor uses it:

    session.stage("sign in")
    session.open("/dashboard")
    where = session.landmark({"login": "!!document.querySelector('#inputEmail')", "dashboard": "location.pathname === '/dashboard'"})
    if where == "login":
        session.forget_login()
        session.require_operator("code", "e-mail")            # before anything that makes the platform send a code
        session.set_secret("#inputEmail", session.secret("email"))
        ...
        code = session.ask("code", "The code DistroKid sent by e-mail", medium="e-mail", length=6, expires_in=600)
    session.save_login()
    yield self.capture(self.streams, session.page.content().encode(), session)
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from ..domain.accounts import FACT, account_flag
from ..domain.challenges import Challenge, ChallengeKind, Look, Secret
from ..domain.errors import (
    AccessError,
    BedrotError,
    Cancelled,
    ChallengeUnanswered,
    CredentialsRejected,
    LoginLost,
    SourceChanged,
)
from ..domain.feeds import Feed
from ..domain.files import Echo, format_time
from ..domain.ports import Secrets, Sessions
from ..domain.runs import RunSpec
from ..resilience import Clock, Retry
from ..settings import Settings
from .redaction import Redactor

if TYPE_CHECKING:
    import requests
    from playwright.sync_api import Page

    from .base import Extractor
    from .broker import Broker
    from .browser import Browser, Served
    from .http import Http, Spooled

SLICE_SECONDS = 0.2
"""A sleep looks for a cancel this often."""
MOVED = "moved"
"""What `ask` returns when the page went on by itself (a push approved, a code typed elsewhere)."""


class Session:
    """One run's hands. Made by the worker; an extractor only uses it.

    Attributes:
        platform, account, run_id, attended: from the run's spec.
        base_url: where the platform is (its own origin or a simulator), without a slash at the end.
        clock: aware UTC `now()`; extractors need it for date ranges only.
        feeds: whole names of the feeds this run shall bring.
        folder: the run's private spool folder, removed at the end of the run.
    """

    def __init__(
        self,
        spec: RunSpec,
        extractor: type[Extractor],
        *,
        settings: Settings,
        clock: Clock,
        secrets: Secrets,
        sessions: Sessions,
        broker: Broker,
        emit: Callable[..., Any],
        redactor: Redactor,
        folder: Path,
        cancel: threading.Event,
        keep: Callable[[str, bytes], str | None] | None = None,
        mask: Callable[[str], str] | None = None,
    ) -> None:
        self.spec = spec
        self.extractor = extractor
        self.platform, self.account = spec.platform, spec.account
        self.run_id, self.attended = spec.id, spec.attended
        self.settings = settings
        self.base_url = (settings.base_url(spec.platform) or extractor.origin).rstrip("/")
        self.clock = clock
        self.feeds = extractor.expected(spec.feeds)
        self.folder = folder
        self.redactor = redactor
        self.failures: list[tuple[str, BedrotError]] = []
        self._secrets, self._sessions = secrets, sessions
        self._broker, self._emit, self._keep, self._mask = broker, emit, keep, mask
        self._cancel = cancel
        self._read: dict[str, Secret] = {}
        self._set_times: dict[str, datetime] = {}
        self._http: Http | None = None
        self._browser: Browser | None = None
        self._state: dict[str, Any] | None = None
        self._state_read = False

    # -- what is asked of the run -------------------------------------------------------------------------------------------

    def wants(self, feed: Feed) -> bool:
        """Whether this run shall bring `feed`."""
        return feed.name in self.feeds

    def option(self, name: str, default: Any = None) -> Any:
        """A setting that is no secret: `[platforms.<p>.accounts.<account>]`, else `[platforms.<p>]`, else `default`."""
        table = self.settings.platform(self.platform)
        accounts = table.get("accounts", {})
        own = accounts.get(self.account, {}) if isinstance(accounts, Mapping) else {}
        return own.get(name, table.get(name, default)) if isinstance(own, Mapping) else table.get(name, default)

    def cancelled(self) -> bool:
        """Whether the operator cancelled the run. Waits and requests look by themselves; long loops of your own should too."""
        return self._cancel.is_set()

    def check_cancelled(self) -> None:
        """Raises Cancelled if the operator cancelled the run."""
        if self._cancel.is_set():
            raise Cancelled("cancelled by the operator")

    def set_id(self, name: str) -> str:
        """The id of this run's declared set `name`."""
        return self.run_id

    def set_time(self, set_id: str) -> datetime:
        """The moment of the first capture of a set: all of its files carry it, so that they share one folder."""
        return self._set_times.setdefault(set_id, self.clock.now())

    # -- what is said about the run -----------------------------------------------------------------------------------------

    def log(self, level: str, text: str) -> None:
        """One line for the operator. `level` is `debug`, `info`, `warning` or `error`. Live secrets are blotted out."""
        self._emit("log", level=level, text=text)

    def stage(self, name: str, done: int | None = None, total: int | None = None) -> None:
        """What the run is doing now, and how far it is."""
        self.check_cancelled()
        self._emit("stage", stage=name, done=done, total=total)

    def failed(self, feed: Feed, error: BedrotError) -> None:
        """This feed cannot be brought, the walk goes on with the others: the run ends partial (or failed) with the first such error."""
        self.failures.append((feed.name, error))
        self._emit("log", level="error", text=f"{feed.name}: {error}", code=error.code)

    def nothing(self, feed: Feed, why: str, *, level: str = "warning") -> None:
        """The platform shows that it has nothing of this feed to give: told as a warning, no longer expected, and the run can be done.

        Only for what was seen on the platform (an empty list); what could not be looked at is `failed`. If the lake holds a good capture
        of this feed and account, an alert stands until the feed lands again.

        Args:
            level: `info` for a feed that this account's settings leave out, which is no news.
        """
        self.feeds = tuple(name for name in self.feeds if name != feed.name)
        self._emit("log", level=level, text=f"{feed.name}: {why}")
        self._emit("nothing", feed=feed.name, why=why, level=level)
        self._emit("state", state="running", expected=list(self.feeds))

    # -- secrets ------------------------------------------------------------------------------------------------------------

    def secret(self, field: str) -> Secret:
        """A credential of this account: from the vault, else, for the account `default` only, from `BEDROT_<PLATFORM>_<FIELD>`.

        Raises:
            CredentialsRejected: there is none; the hint is the command that stores it.
        """
        found = self.secret_or_none(field)
        if found is None:
            raise CredentialsRejected(f"{self.platform} has no {field} for account {self.account}", hint=self._set_command(field))
        return found

    def secret_or_none(self, field: str) -> Secret | None:
        """As `secret`, but None if there is none."""
        if field not in self._read:
            found = self._secrets.get(self.platform, self.account, field) or None
            if found is None and self.account == "default":  # the environment names no account: no other may sign in with it
                found = self.settings.secret(self.platform, field)
            if found is None:
                return None
            self.redactor.add(found)
            self._read[field] = found
        return self._read[field]

    def echoes(self, fields: tuple[str, ...]) -> tuple[Echo, ...]:
        """Those of `fields` that this session has read, as credentials to mask where the platform echoes them."""
        return tuple(Echo(f, self._read[f].reveal().encode()) for f in fields if f in self._read)

    def remember(self, name: str, text: str) -> None:
        """Keep a small fact about this account for later runs, sealed as its credentials are: until when the platform takes no sign-in.

        For what must outlive a run that fails before it has a login to save. It is no credential: `secrets list` does not show it, and
        who has nothing else is no account with credentials. `secrets remove PLATFORM NAME` forgets it.
        """
        if name in (*self.extractor.secrets, *self.extractor.optional_secrets, "totp_secret"):
            raise ValueError(f"{name} is a credential")
        self._secrets.put(self.platform, self.account, FACT + name, Secret(text))

    def recall(self, name: str) -> str | None:
        """What an earlier run has remembered under this name; None if nothing."""
        found = self._secrets.get(self.platform, self.account, FACT + name)
        return found.reveal() if found else None

    # -- time ---------------------------------------------------------------------------------------------------------------

    def sleep(self, seconds: float) -> None:
        """Wait; raises Cancelled as soon as the operator cancels."""
        left = seconds
        while left > 0:
            self.check_cancelled()
            part = min(left, SLICE_SECONDS)
            self.clock.sleep(part)
            left -= part
        self.check_cancelled()

    # -- HTTP ---------------------------------------------------------------------------------------------------------------

    @property
    def http(self) -> Http:
        """The pooled HTTP client, restored from the saved login. `session.http.decode` is a hook `(response) -> BedrotError | None`."""
        if self._http is None:
            from .http import Http

            self._http = Http(self)
            self._http.restore((self._login() or {}).get("cookies"))
        return self._http

    def url(self, path: str) -> str:
        """`path` on this platform; a whole URL stays as it is."""
        return path if urlsplit(path).scheme else urljoin(self.base_url + "/", path.lstrip("/"))

    def get(
        self,
        path: str,
        params: Mapping[str, Any] | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        max_redirects: int = 0,
        max_bytes: int = 64 << 20,
        timeout_seconds: float = 30.0,
        retry: Retry | None = None,
        accept: tuple[int, ...] = (),
    ) -> requests.Response:
        """GET with retries; the body is read whole and bounded.

        Args:
            path: on `base_url`, or a whole URL.
            max_redirects: 0 (the default) so that a redirect to a login page is never saved as data.
            accept: statuses to return as they are instead of raising (`(404,)`).
            retry: how to try again; default 4 attempts within 120 s. Only errors that are `retryable` are tried again.

        Raises:
            Redirected: more redirects than allowed; `.location` says where to (usually: the login was lost).
            SourceUnavailable, RateLimited, CredentialsRejected, SourceBlocked, SourceChanged: by connection, status, or `http.decode`.
        """
        return self.http.request(
            "GET", path, params=params, headers=headers, max_redirects=max_redirects, max_bytes=max_bytes,
            timeout_seconds=timeout_seconds, retry=retry or Retry(), accept=accept,
        )  # fmt: skip

    def post(
        self,
        path: str,
        data: Any = None,
        *,
        json: Any = None,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        max_redirects: int = 0,
        max_bytes: int = 64 << 20,
        timeout_seconds: float = 30.0,
        retry: Retry | None = None,
        accept: tuple[int, ...] = (),
    ) -> requests.Response:
        """POST, once: it is tried again only if `retry` is given. Otherwise as `get`. Live secrets may be given in `data` as Secret."""
        return self.http.request(
            "POST", path, params=params, headers=headers, max_redirects=max_redirects, max_bytes=max_bytes, data=data, json=json,
            timeout_seconds=timeout_seconds, retry=retry or Retry(attempts=1), accept=accept,
        )  # fmt: skip

    def fetch(
        self,
        path: str,
        params: Mapping[str, Any] | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        max_redirects: int = 0,
        max_bytes: int = 2 << 30,
        timeout_seconds: float = 60.0,
        retry: Retry | None = None,
    ) -> Spooled:
        """GET streamed into a file in the run's folder, at constant memory. `.content` is its path, `.headers` the answer's headers.

        Raises:
            SourceUnavailable: also when fewer bytes came than `Content-Length` promised. A body cut short without a length is seen by nobody:
                checks must look at the end of the payload.
            SourceChanged: more than `max_bytes`.
        """
        return self.http.spool(
            path, params=params, headers=headers, max_redirects=max_redirects, max_bytes=max_bytes, timeout_seconds=timeout_seconds,
            retry=retry or Retry(),
        )  # fmt: skip

    # -- browser ------------------------------------------------------------------------------------------------------------

    @property
    def browser(self) -> Browser:
        """The browser, launched on first use with the saved login restored. Most extractors need only the methods below.

        Raises:
            MissingBrowser: no usable Chromium or Chrome.
        """
        if self._browser is None:
            from .browser import Browser

            self._browser = Browser(self, state=self._login())
        return self._browser

    @property
    def page(self) -> Page:
        """The Playwright page (sync API). Never `fill` a secret: exceptions print its value; use `set_secret`."""
        return self.browser.page

    def open(self, path: str, *, timeout_seconds: float = 30.0, accept: tuple[int, ...] = (403,)) -> None:
        """Go to a page and wait for its DOM; connection errors and 5xx are tried again in a new page.

        Args:
            accept: statuses that are pages to look at, not errors (a challenge page comes as 403 or 503).

        Raises:
            SourceUnavailable, RateLimited, SourceChanged (404, 410).
        """
        self.browser.open(path, timeout_seconds=timeout_seconds, accept=accept)

    def landmark(
        self, marks: Mapping[str, str | Callable[[Page], bool]], *, timeout_seconds: float = 10.0, what: str = "page"
    ) -> str:
        """Which of the known pages this is: the first of `marks`, in order of priority, that holds; waits until one does.

        Args:
            marks: name -> JavaScript expression, or a function of the page. Expressions survive navigations.
            what: what was looked for, for the error's sentence.

        Raises:
            SourceChanged: none held in time. A masked outline and picture are kept sealed in the run's folder; never click on blindly.
        """
        return self.browser.landmark(marks, timeout_seconds=timeout_seconds, what=what)

    def set_secret(self, selector: str, value: Secret, *, timeout_seconds: float = 10.0) -> None:
        """Put a secret into a field through the page's own setter (input and change events fire): no exception, log or trace shows it."""
        self.browser.set_secret(selector, value, timeout_seconds=timeout_seconds)

    def read_qr(self, selector: str) -> Secret:
        """What the QR code in the page's first element of `selector` says now, read from its picture. From now on a secret of this run.

        Raises:
            SourceChanged: no such element, or no code in it.  SourceUnavailable: the page does not answer in time.
        """
        return self._a_login(self.browser.read_qr(selector))

    def download(self, action: Callable[[], Any], *, timeout_seconds: float = 60.0, max_bytes: int = 2 << 30) -> Spooled:
        """The file that the browser downloads when `action` (a click) is done; the waiting is armed before. `.content`, `.name`.

        Raises:
            SourceUnavailable: no download began, or it was cut off.
        """
        return self.browser.download(action, timeout_seconds=timeout_seconds, max_bytes=max_bytes)

    def response_of(
        self, action: Callable[[], Any], matches: str | Callable[[Any], bool], *, timeout_seconds: float = 30.0
    ) -> Served:
        """The answer the page gets from its server when `action` is done, as served bytes: `.content`, `.status`, `.url`, `.headers`.

        Args:
            matches: glob of the URL, or a function of Playwright's Response.
        """
        return self.browser.response_of(action, matches, timeout_seconds=timeout_seconds)

    def page_get(self, path: str, *, timeout_seconds: float = 60.0, max_bytes: int = 256 << 20) -> Served:
        """GET with the browser's cookies but no page, never redirected: the bytes as served. Raises Redirected as `get` does."""
        return self.browser.get(path, timeout_seconds=timeout_seconds, max_bytes=max_bytes)

    # -- login state --------------------------------------------------------------------------------------------------------

    @property
    def has_login(self) -> bool:
        """Whether a login was saved for this account (it may have expired)."""
        return self._login() is not None

    def save_login(self, *, signed_in: bool = False) -> bool:
        """Seal the login state into the vault: cookies, localStorage, IndexedDB, sessionStorage. Call it once the positive sign was seen.

        A state that is only refreshed never takes the place of what a person imported, forgot or rolled back while the run was going.

        Args:
            signed_in: this run signed in anew, so the login's age counts from now; else the sealed state is only refreshed: when somebody
                signed in, or that it was imported and nobody knows, stays as it was.

        Returns:
            Whether it was saved.
        """
        before = None if signed_in else self._login()
        state = dict(self._browser.state() if self._browser is not None else (self._login() or {}))
        if self._http is not None:
            state["cookies"] = self._http.cookies()
        now = format_time(self.clock.now())
        state["saved_at"] = now
        state["logged_in_at"] = now if before is None else before.get("logged_in_at")
        state["imported_at"] = None if before is None else before.get("imported_at")
        state.pop("unproved", None)  # a run saves what has just worked
        version = self._sessions.save(self.platform, self.account, state, replaces=before)
        self._state, self._state_read = state, True
        if version:
            self._emit("session", act="saved", version=version)
        else:
            self.log("info", "the saved login was changed while this run was going: it stays as it is")
        return bool(version)

    def forget_login(self) -> None:
        """The login that this run restored does not work: the vault rolls back to the one before, this run goes on without any.

        One that was imported meanwhile is another one, and stays.
        """
        had = self._login()
        self._state, self._state_read = None, True
        if self._browser is not None:
            self._browser.clear()
        if self._http is not None:
            self._http.restore(None)
        if had is not None and self._sessions.reject(self.platform, self.account, format_time(self.clock.now()), state=had):
            self._emit("session", act="rejected", version=None)

    def credential_ends(self, at: datetime | None, field: str) -> None:
        """Say when the platform itself says that a credential, or what it gives access to, ends. For `sessions`.

        Args:
            at: None: the platform says that it does not end.
            field: which credential: its name goes into the command that stores a new one.
        """
        at_text = format_time(at) if at else None
        self._sessions.note(self.platform, self.account, credential_ends_at=at_text, credential=field if at else None)

    def prove(self) -> str:
        """Prove the saved login (or the token) by the extractor's positive sign; asks nobody and saves what the platform refreshed.

        Raises:
            LoginLost: it does not work, or there is none.
            AccessError: other errors tell that it cannot be known: what a human must do first, or that the token is refused.
        """
        self.stage("check the login")
        try:
            sign = self.extractor().prove(self)
        except CredentialsRejected as error:
            if error.hint == CredentialsRejected.hint and self.extractor.secrets:
                error.hint = self._set_command(self.extractor.secrets[-1])
            raise
        if sign is None:
            raise self._unproved()
        if not self.has_login or self.save_login():  # what is known of another login that was saved meanwhile is not this run's
            self._sessions.note(self.platform, self.account, proven_at=format_time(self.clock.now()))
        self._emit("proved", sign=sign)
        return sign

    def _unproved(self) -> AccessError:
        """No positive sign came, for no reason that the extractor could name."""
        who = f"{self.platform} ({self.account})"
        if self.extractor.method == "browser" or self.has_login:
            why = "the saved login no longer works" if self.has_login else "no login is saved"
            return LoginLost(f"{who}: {why}", hint=f"bedrot extract {self.platform}{account_flag(self.account)}")
        fields = self.extractor.secrets
        return AccessError(
            f"{who}: the platform gives no sign that {fields[-1] if fields else 'the access'} works",
            hint=self._set_command(fields[-1]) if fields else None,
        )

    def _set_command(self, field: str) -> str:
        return f"bedrot secrets set {self.platform} {field}{account_flag(self.account)}"

    def _login(self) -> dict[str, Any] | None:
        if not self._state_read:
            self._state, self._state_read = self._sessions.load(self.platform, self.account), True
        return self._state

    # -- the human ----------------------------------------------------------------------------------------------------------

    def require_operator(self, kind: str = "code", medium: str = "") -> None:
        """Make sure that somebody can answer; call it BEFORE anything that makes the platform send a code.

        Raises:
            ChallengeUnanswered: nobody is there and the vault holds no `totp_secret` that could answer (`code` by `app` only).
        """
        if self.attended or self._totp_can(kind, medium):
            return
        by = f" by {medium}" if medium else ""
        raise ChallengeUnanswered(
            f"{self.platform} wants a {kind}{by} and nobody is there to give it",
            hint=f"bedrot extract {self.platform}{account_flag(self.account)}",
        )

    def ask(
        self,
        kind: str,
        prompt: str,
        *,
        medium: str = "",
        hint: str = "",
        length: int | None = None,
        pattern: str | None = None,
        expires_in: float | None = None,
        attempts_left: int | None = None,
        can: tuple[str, ...] = (),
        error: str | None = None,
        picture: str | None = None,
        moved: Callable[[], bool] | None = None,
        look: Callable[[], str | Secret | Look] | None = None,
    ) -> Secret | str:
        """Ask the human; the first of these ends it: a valid answer, TOTP from the vault, the page moving on, the deadline, cancel.

        Args:
            kind: `code`, `password`, `approve`, `page` or `qr`.
            medium: `e-mail`, `sms`, `app`, … ; a `code` by `app` is answered by the vault's `totp_secret` if there is one.
            hint: masked destination as the platform shows it.
            length, pattern: what an answer looks like; another shape is refused without spending an attempt at the platform.
            expires_in: seconds until the platform no longer takes the answer.
            can: further acts the human may choose (`resend`, `other`); `approve`, `page` and `qr` always allow `done`.
            error: what the platform said about the last attempt.
            moved: whether the page went on by itself; asked a few times a second, in this thread.
            look: what there is to see NOW, asked in this thread whenever somebody looks: for `qr` what the code says (usually
                `lambda: session.read_qr(selector)`; codes rotate). A `page` shows the session's page without it, and whoever answers can
                also click and type there. What it returns is shown to the human and written nowhere.

        Returns:
            The answer as Secret (used once, never stored); or the word `moved`, `done`, or one of `can`.

        Raises:
            ChallengeExpired: the platform's time is over.  ChallengeUnanswered: nobody answered in the run's patience, or nobody is there.
            Cancelled: the operator cancelled the run.
        """
        self.require_operator(kind, medium)
        browser = self._browser
        if moved is not None and browser is not None:
            moved = browser.tolerant(moved)
        page = browser if kind == "page" else None
        see = self._seen(look) if look is not None else page.look if page is not None else None
        totp = self.secret_or_none("totp_secret") if self._totp_can(kind, medium) else None
        return self._broker.ask(
            ChallengeKind(kind), prompt, medium=medium, hint=hint, length=length, pattern=pattern, expires_in=expires_in,
            attempts_left=attempts_left, can=can, error=error, picture=picture, moved=moved, totp=totp,
            look=see, hand=page.hand if page is not None else None,
        )  # fmt: skip

    def _seen(self, look: Callable[[], str | Secret | Look]) -> Callable[[], Look]:
        """`look` as the broker wants it: errors of the page are ours, and what a code says is a secret of this run."""
        guarded = self._browser.guarded(look) if self._browser is not None else look

        def see() -> Look:
            found = guarded()
            seen = found if isinstance(found, Look) else Look(text=found if isinstance(found, Secret) else Secret(found))
            if not seen.text and not seen.picture and not seen.outline:
                raise SourceChanged(f"{self.platform} shows no code just now")
            if seen.text:
                self._a_login(seen.text)
            return seen

        return see

    def _a_login(self, text: Secret) -> Secret:
        """What a QR code says lets somebody in: it stands in no log."""
        from .qr import keys

        self.redactor.add(*keys(text))
        return text

    def _totp_can(self, kind: str, medium: str) -> bool:
        return (
            kind == "code" and medium == "app" and self._broker.totp_left > 0 and self.secret_or_none("totp_secret") is not None
        )

    @property
    def challenge(self) -> Challenge | None:
        """The challenge that is open now."""
        return self._broker.open

    # -- for the worker -----------------------------------------------------------------------------------------------------

    def keep(self, name: str, content: bytes) -> str | None:
        """Seal evidence (masked outline, picture) into the run's folder; its name there, or None if nothing can seal it."""
        return self._keep(name, content) if self._keep is not None else None

    def masked(self, text: str) -> str:
        """`text` without live secrets, and without personal data as far as a mask was given to the run."""
        text = self.redactor.clean(text)
        return self._mask(text) if self._mask is not None else text

    def keep_evidence(self, what: str) -> None:
        """Keep what the page looks like now, if there is a page."""
        if self._browser is not None:
            self._browser.keep_evidence(what)

    def close(self) -> None:
        """Close browser and connections. The worker calls it at the end of the run."""
        if self._browser is not None:
            self._browser.close()
            self._browser = None
        if self._http is not None:
            self._http.close()
            self._http = None
