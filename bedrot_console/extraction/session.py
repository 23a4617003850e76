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

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from ..domain.challenges import Secret
from ..resilience import Retry
from .asking import Asking
from .logins import Logins

if TYPE_CHECKING:
    import requests
    from playwright.sync_api import Page

    from .browser import Browser, Served
    from .http import Http, Spooled


class Session(Logins, Asking):
    """One run's hands. Made by the worker; an extractor only uses it. For its attributes see `hands.Hands`."""

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
