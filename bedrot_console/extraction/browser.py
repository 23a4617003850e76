"""The browser of a run: system Chromium through Playwright's sync API, always in the run's own main thread.

Facts this rests on (measured with Playwright 1.65 and Chromium 156): a persistent profile drops session cookies, storage state does not;
`fill()` can print its value in an exception; a response awaited after the click may be missed; a body cut short raises on read; after a
failed navigation the next one in the same page is interrupted by `chrome-error://`; an `evaluate` may never return.
"""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

from playwright.sync_api import BrowserContext, Page, Request, Response
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from ..domain.challenges import Look, Secret
from ..domain.errors import BedrotError, SourceChanged, SourceUnavailable
from ..resilience import Retry
from . import looking
from .http import Pauses, Redirected, Spooled, place, status_error
from .launching import launch, new_context
from .page_errors import navigating, quietly, translate, translated

if TYPE_CHECKING:
    from .session import Session

POLL_MILLISECONDS = 50
SLOWEST_POLL_MILLISECONDS = 250
"""A page that has not come after seconds is asked less often: what it costs to ask it is more than what it then costs to be late."""
BREAK_SECONDS = 0.1
"""How soon a document that broke off is noticed."""
REPLACED = "net::ERR_ABORTED"
"""How a document's request fails that another navigation of the page itself replaced: no trouble (seen, Chromium 156)."""
COOKIE_LENGTH = 12
"""Shorter cookies are settings (a language, a flag), not logins."""
SETTER = """([selector, value]) => {
  const field = document.querySelector(selector);
  if (!field) return false;
  const own = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(field), 'value');
  field.focus();
  own && own.set ? own.set.call(field, value) : field.value = value;
  field.dispatchEvent(new Event('input', {bubbles: true}));
  field.dispatchEvent(new Event('change', {bubbles: true}));
  return true;
}"""
SESSION_STORAGE = "() => [location.origin, Object.fromEntries(Object.entries(sessionStorage))]"
RESTORE_STORAGE = """(() => {
  const saved = %s[location.origin];
  if (saved && sessionStorage.length === 0) for (const [k, v] of Object.entries(saved)) sessionStorage.setItem(k, v);
})()"""
HIDE = "input, textarea, select, [contenteditable], img, canvas, video, [data-sensitive]"
"""What the kept picture hides."""


@dataclass(frozen=True, slots=True)
class Served:
    """Bytes as the server sent them. `content` is the body."""

    content: bytes = field(repr=False)
    status: int
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


class Browser:
    """One Chromium with one context. Launched on first use of `page`.

    Args:
        state: a login state to restore, as `state()` gave it.
    """

    def __init__(self, session: Session, *, state: Mapping[str, Any] | None = None) -> None:
        self.session = session
        self._state = dict(state or {})
        self._stack = contextlib.ExitStack()
        self._context: BrowserContext | None = None
        self._page: Page | None = None
        self._dropped: list[Page] = []
        self._cookies_before: dict[tuple[str, str], str] | None = None
        self._downloads = 0
        self._codes: set[str] = set()

    # -- life ---------------------------------------------------------------------------------------------------------------

    @property
    def context(self) -> BrowserContext:
        """The browser context; launches the browser.

        Raises:
            MissingBrowser: none is there, or it does not start.
        """
        if self._context is None:
            self._context = self._launch()
        return self._context

    @property
    def page(self) -> Page:
        """The current page; a new one if the last was closed."""
        self.session.check_cancelled()
        if self._page is None or self._page.is_closed():
            with translated("the browser"):
                self._page = self.context.new_page()
                self._page.set_default_timeout(15_000)
        return self._page

    def _launch(self) -> BrowserContext:
        session = self.session
        try:
            context = launch(
                session.settings.browser, session.folder, session.base_url, self._stack, storage=self._state.get("storage_state")
            )
        except BaseException:  # a cancel too: no browser stays behind
            self.close()
            raise
        self._remember(self._state.get("storage_state"))
        saved = self._state.get("session_storage")
        if saved:
            context.add_init_script(RESTORE_STORAGE % json.dumps(saved))
        return context

    def close(self) -> None:
        """Close page, context, browser and driver; never raises."""
        self._page, self._context = None, None
        quietly(self._stack.close)

    # -- login state --------------------------------------------------------------------------------------------------------

    def _remember(self, storage: Any) -> None:
        """Cookies of a login are live secrets: Playwright's own messages can quote them."""
        values = [c["value"] for c in (storage or {}).get("cookies", ())]
        self.session.redactor.add(*(v for v in values if len(v) >= COOKIE_LENGTH))

    def state(self) -> dict[str, Any]:
        """Storage state incl. IndexedDB, sessionStorage by origin, and which cookies the login made or changed. All of it is secret."""
        if self._context is None:
            return dict(self._state)
        with translated("the login state"):
            try:
                storage = self._context.storage_state(indexed_db=True)
            except PlaywrightError:
                storage = self._context.storage_state()  # some databases cannot be written as JSON; cookies matter more
            self._remember(storage)
            kept: dict[str, dict[str, str]] = dict(self._state.get("session_storage") or {})
            for page in self._context.pages:
                if page in self._dropped:
                    continue
                with contextlib.suppress(PlaywrightError):
                    origin, items = page.evaluate(SESSION_STORAGE)
                    kept.pop(origin, None)
                    if items:
                        kept[origin] = items
        auth = self._state.get("auth_cookies")
        if self._cookies_before is not None:
            before = self._cookies_before
            auth = sorted({c["name"] for c in storage["cookies"] if before.get((c["name"], c["domain"])) != c["value"]})
        return {"storage_state": storage, "session_storage": kept, "auth_cookies": auth}

    def clear(self) -> None:
        """Forget the login: cookies now, storage of every origin by starting a new context."""
        self._state = {}
        self._cookies_before = None
        if self._context is not None:
            with translated("the browser"):
                browser = self._context.browser
                self._context.close()
                self._page = None
                self._dropped.clear()
                assert browser is not None
                self._context = new_context(browser)

    # -- pages --------------------------------------------------------------------------------------------------------------

    def open(self, path: str, *, timeout_seconds: float, accept: tuple[int, ...]) -> None:
        """See `Session.open`."""
        url = self.session.url(path)

        def once() -> None:
            try:
                with translated(place(url)):
                    response = self._go(url, timeout_seconds)
            except BedrotError:
                self._drop_page()
                raise
            if response is not None and response.status not in accept:
                error = status_error(response.status, response.headers, place(url), self.session.clock.now())
                if error is not None:
                    raise error

        def noticed(error: BedrotError, seconds: float) -> None:
            self.session.log("warning", f"{error}; again in {seconds:.0f} s")

        Retry(attempts=3, total_seconds=60).call(once, Pauses(self.session), noticed=noticed)

    def _go(self, url: str, timeout_seconds: float) -> Response | None:
        """Navigate and wait for the DOM. A document that breaks off never gets there: its request's failure is told at once.

        Raises:
            SourceUnavailable: it broke off. PlaywrightError: as `goto` and `wait_for_load_state` do.
        """
        page, until = self.page, time.monotonic() + timeout_seconds
        failed: list[Request] = []

        def note(request: Request) -> None:
            failed.append(request)

        page.on("requestfailed", note)
        try:
            response = page.goto(url, wait_until="commit", timeout=timeout_seconds * 1000)
            while True:
                if response is not None and response.request in failed and response.request.failure != REPLACED:
                    raise SourceUnavailable(f"{place(url)} broke off before its end")
                left = until - time.monotonic()
                try:
                    page.wait_for_load_state("domcontentloaded", timeout=max(1.0, 1000 * min(left, BREAK_SECONDS)))
                    return response
                except PlaywrightTimeout:
                    if left <= BREAK_SECONDS:
                        raise
        finally:
            page.remove_listener("requestfailed", note)

    def _drop_page(self) -> None:
        """Leave the page. Its end is not waited for: Chromium can acknowledge the close of a page whose navigation is just being
        committed and not close it, and Playwright's plain `close` then never returns (microsoft/playwright issues 41900, 42366)."""
        if self._page is not None:
            dropped = self._page
            quietly(lambda: dropped.close(run_before_unload=True))
            self._dropped.append(dropped)
            self._page = None

    def landmark(self, marks: Mapping[str, str | Callable[[Page], bool]], *, timeout_seconds: float, what: str) -> str:
        """See `Session.landmark`. Waits by the machine's own clock: the page lives in real time."""
        begun = time.monotonic()
        until = begun + timeout_seconds
        scripts = {n: m for n, m in marks.items() if isinstance(m, str)}
        tests = "".join(
            f"try {{ if ({script}) found.push({json.dumps(name)}); }} catch (e) {{}}\n" for name, script in scripts.items()
        )
        combined = f"() => {{ const found = [];\n{tests}return found; }}"
        while True:
            page = self.page
            try:
                found = set(page.evaluate(combined)) if scripts else set()
                for name, mark in marks.items():
                    if name in found or (callable(mark) and mark(page)):
                        return name
            except PlaywrightError as error:
                ours = translate(error, what)
                # A page that is just being made can fail a mark in any way; only what waiting cannot mend ends it here.
                if not navigating(error) and not isinstance(ours, SourceChanged):
                    raise ours from None
            if time.monotonic() >= until:
                break
            pause = min(SLOWEST_POLL_MILLISECONDS, max(POLL_MILLISECONDS, 50 * (time.monotonic() - begun)))
            with translated(what):
                page.wait_for_timeout(pause)
        self.keep_evidence(what)
        raise SourceChanged(
            f"{what}: {place(self.page.url)} looks like none of {', '.join(marks)}",
            hint="outline and picture are kept with the run; a developer must look",
        )

    def set_secret(self, selector: str, value: Secret, *, timeout_seconds: float) -> None:
        """See `Session.set_secret`."""
        self.session.redactor.add(value)
        if self._cookies_before is None:
            with translated("the browser"):
                self._cookies_before = {(c["name"], c["domain"]): c["value"] for c in self.context.cookies()}
        if self._put(selector, value):
            return
        with translated(f"field {selector}", missing=SourceChanged):
            self.page.wait_for_selector(selector, state="attached", timeout=timeout_seconds * 1000)
        if not self._put(selector, value):
            raise SourceChanged(f"field {selector} is gone")

    def _put(self, selector: str, value: Secret) -> bool:
        try:
            return bool(self.page.evaluate(SETTER, [selector, value.reveal()]))
        except PlaywrightError as error:
            if navigating(error):
                return False
            raise translate(error, f"field {selector}") from None

    def tolerant(self, test: Callable[[], bool]) -> Callable[[], bool]:
        """`test` of the page, False while the page is on its way to another one."""

        def tolerated() -> bool:
            try:
                return bool(test())
            except PlaywrightError as error:
                if navigating(error):
                    return False
                raise translate(error, "the page") from None

        return tolerated

    # -- the human ----------------------------------------------------------------------------------------------------------

    def guarded(self, work: Callable[[], Any]) -> Callable[[], Any]:
        """`work` on the page with its errors as ours; once more where the page was only on its way to another one."""

        def done() -> Any:
            for left in (2, 1, 0):
                try:
                    return work()
                except PlaywrightError as error:
                    if left and navigating(error):
                        with translated("the page"):
                            self.page.wait_for_timeout(POLL_MILLISECONDS * 4)
                        continue
                    raise translate(error, "the page") from None
            raise AssertionError

        return done

    def look(self) -> Look:
        """The page for whoever answers its challenge: as it is, passwords hidden; the outline masked. It is never kept.

        Raises:
            SourceUnavailable: it does not answer in time.
        """
        return self.guarded(lambda: looking.look(self.page, self.session.masked))()

    def hand(self, act: Mapping[str, Any]) -> None:
        """One checked act (`acts.checked`) of whoever answers the page's challenge. No error or log shows what was typed.

        Raises:
            UsageError: outside of the page.  SourceUnavailable: the browser went away.
        """
        with translated("the page"):
            looking.perform(self.page, act)

    def read_qr(self, selector: str) -> Secret:
        """See `Session.read_qr`. Evidence that is kept later does not show the element."""
        self._codes.add(selector)
        with translated(f"code {selector}", missing=SourceChanged):
            return looking.read_qr(self.page, selector)

    # -- evidence -----------------------------------------------------------------------------------------------------------

    def keep_evidence(self, what: str) -> None:
        """Seal outline and picture of the page into the run's folder, fields hidden. Best effort: it must never hide the first error."""
        page = self._page
        if page is None or page.is_closed():
            return
        with contextlib.suppress(PlaywrightError, BedrotError, OSError):
            self.session.keep("outline.txt", looking.kept_outline(page, self.session.masked).encode())
            picture = page.screenshot(mask=[page.locator(s) for s in (HIDE, *sorted(self._codes))], timeout=5000, caret="hide")
            self.session.keep("page.png", picture)

    # -- bytes --------------------------------------------------------------------------------------------------------------

    def download(self, action: Callable[[], Any], *, timeout_seconds: float, max_bytes: int) -> Spooled:
        """See `Session.download`."""
        with translated("the download", timeout="no download began"):
            with self.page.expect_download(timeout=timeout_seconds * 1000) as waiting:
                action()
            download = waiting.value
            failure = download.failure()
            if failure:
                raise SourceUnavailable(f"the download was cut off ({failure})")
            self._downloads += 1
            target = self.session.folder / f"downloaded-{self._downloads:04d}"
            Path(download.path()).replace(target)
            name = download.suggested_filename
        size = target.stat().st_size
        if size > max_bytes:
            target.unlink()
            raise SourceChanged(f"the download has {size:,} bytes, more than {max_bytes:,}")
        target.chmod(0o600)
        return Spooled(target, size, name)

    def response_of(self, action: Callable[[], Any], matches: Any, *, timeout_seconds: float) -> Served:
        """See `Session.response_of`."""
        with translated("the page's answer", timeout="the page did not ask its server"):
            with self.page.expect_response(matches, timeout=timeout_seconds * 1000) as waiting:
                action()
            response = waiting.value
            body = response.body()
        return Served(body, response.status, response.url, response.headers)

    def get(self, path: str, *, timeout_seconds: float, max_bytes: int) -> Served:
        """See `Session.page_get`."""
        url = self.session.url(path)

        def once() -> Served:
            with translated(place(url)):
                response = self.context.request.get(url, max_redirects=0, timeout=timeout_seconds * 1000)
                try:
                    body = response.body()
                finally:
                    quietly(response.dispose)
            if 300 <= response.status < 400 and "location" in response.headers:
                location = response.headers["location"]
                raise Redirected(f"{place(url)} redirects to {place(urljoin(url, location))}", location)
            error = status_error(response.status, response.headers, place(url), self.session.clock.now())
            if error is not None:
                raise error
            if len(body) > max_bytes:
                raise SourceChanged(f"{place(url)} sends more than {max_bytes:,} bytes")
            return Served(body, response.status, response.url, response.headers)

        return Retry(attempts=3, total_seconds=90).call(once, Pauses(self.session))
