"""The browser of a run: system Chromium through Playwright's sync API, always in the run's own main thread.

Facts this rests on (measured with Playwright 1.65 and Chromium 156): a persistent profile drops session cookies, storage state does not;
`fill()` can print its value in an exception; a response awaited after the click may be missed; a body cut short raises on read; after a
failed navigation the next one in the same page is interrupted by `chrome-error://`; an `evaluate` may never return.
"""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

from playwright.sync_api import BrowserContext, Page, Playwright, Request, Response, sync_playwright
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from ..domain.challenges import Look, Secret
from ..domain.errors import BedrotError, Cancelled, MissingBrowser, SourceChanged, SourceUnavailable
from ..resilience import Retry
from . import chromium, looking
from .http import Pauses, Redirected, Spooled, is_loopback, place, status_error

if TYPE_CHECKING:
    from .session import Session

CHATTER = (
    "update.googleapis.com",
    "content-autofill.googleapis.com",
    "accounts.google.com",
    "optimizationguide-pa.googleapis.com",
)
"""Where Chromium reports to by itself, even with Playwright's flags (seen, Chromium 156)."""
POLL_MILLISECONDS = 50
BREAK_SECONDS = 0.1
"""How soon a document that broke off is noticed."""
REPLACED = "net::ERR_ABORTED"
"""How a document's request fails that another navigation of the page itself replaced: no trouble (seen, Chromium 156)."""
COOKIE_LENGTH = 12
"""Shorter cookies are settings (a language, a flag), not logins."""
SHORT_PATH = 56
"""Bytes that the browser's temporary folder may have: its socket adds 47, and a Unix socket's path ends at 107."""
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
        self._playwright: Playwright | None = None
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
            with _translated("the browser"):
                self._page = self.context.new_page()
                self._page.set_default_timeout(15_000)
        return self._page

    def _launch(self) -> BrowserContext:
        found = chromium.find_browser(self.session.settings.browser)
        if found is None:
            raise MissingBrowser(
                "no Chromium or Chrome on this machine", hint=f"{chromium.how_to_get_one()}, then: bedrot doctor"
            )
        profile = self.session.folder / "browser"
        profile.mkdir(mode=0o700, exist_ok=True)
        scratch = self._stack.enter_context(_short_name(profile))
        mapped = ", ".join(f"MAP {host} ~NOTFOUND" for host in CHATTER)
        if is_loopback(self.session.base_url):
            mapped = "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost, EXCLUDE ::1"
        options: dict[str, Any] = {"executable_path": str(found.path)} if found.path else {"channel": found.channel}
        try:
            self._playwright = self._stack.enter_context(sync_playwright())
            browser = self._playwright.chromium.launch(
                headless=True,
                chromium_sandbox=os.geteuid() != 0,
                args=[f"--host-resolver-rules={mapped}", "--disable-dev-shm-usage"],
                downloads_path=str(profile),
                handle_sigint=False,
                handle_sigterm=False,
                handle_sighup=False,
                env={k: v for k, v in os.environ.items() if not k.startswith("BEDROT_")} | {"TMPDIR": scratch},
                **options,
            )
            self._stack.callback(_quietly, browser.close)
            context = browser.new_context(
                storage_state=self._state.get("storage_state"),
                accept_downloads=True,
                locale="en-US",
                viewport={"width": 1280, "height": 900},
            )
        except PlaywrightError as error:
            self.close()
            raise _launch_error(error, str(found)) from None
        except Exception as error:  # a driver that does not start is told by the bare class, nothing narrower
            self.close()
            if type(error) is not Exception:
                raise
            raise MissingBrowser("Playwright's driver does not start on this machine", hint="bedrot doctor") from None
        self._remember(self._state.get("storage_state"))
        saved = self._state.get("session_storage")
        if saved:
            context.add_init_script(RESTORE_STORAGE % json.dumps(saved))
        return context

    def close(self) -> None:
        """Close page, context, browser and driver; never raises."""
        self._page, self._context = None, None
        _quietly(self._stack.close)

    # -- login state --------------------------------------------------------------------------------------------------------

    def _remember(self, storage: Any) -> None:
        """Cookies of a login are live secrets: Playwright's own messages can quote them."""
        values = [c["value"] for c in (storage or {}).get("cookies", ())]
        self.session.redactor.add(*(v for v in values if len(v) >= COOKIE_LENGTH))

    def state(self) -> dict[str, Any]:
        """Storage state incl. IndexedDB, sessionStorage by origin, and which cookies the login made or changed. All of it is secret."""
        if self._context is None:
            return dict(self._state)
        with _translated("the login state"):
            try:
                storage = self._context.storage_state(indexed_db=True)
            except PlaywrightError:
                storage = self._context.storage_state()  # some databases cannot be written as JSON; cookies matter more
            self._remember(storage)
            kept: dict[str, dict[str, str]] = dict(self._state.get("session_storage") or {})
            for page in self._context.pages:
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
            with _translated("the browser"):
                browser = self._context.browser
                self._context.close()
                self._page = None
                assert browser is not None
                self._context = browser.new_context(
                    accept_downloads=True, locale="en-US", viewport={"width": 1280, "height": 900}
                )

    # -- pages --------------------------------------------------------------------------------------------------------------

    def open(self, path: str, *, timeout_seconds: float, accept: tuple[int, ...]) -> None:
        """See `Session.open`."""
        url = self.session.url(path)

        def once() -> None:
            try:
                with _translated(place(url)):
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
        if self._page is not None:
            _quietly(self._page.close)
            self._page = None

    def landmark(self, marks: Mapping[str, str | Callable[[Page], bool]], *, timeout_seconds: float, what: str) -> str:
        """See `Session.landmark`. Waits by the machine's own clock: the page lives in real time."""
        until = time.monotonic() + timeout_seconds
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
                if not _navigating(error) and not isinstance(ours, SourceChanged):
                    raise ours from None
            if time.monotonic() >= until:
                break
            with _translated(what):
                page.wait_for_timeout(POLL_MILLISECONDS)
        self.keep_evidence(what)
        raise SourceChanged(
            f"{what}: {place(self.page.url)} looks like none of {', '.join(marks)}",
            hint="outline and picture are kept with the run; a developer must look",
        )

    def set_secret(self, selector: str, value: Secret, *, timeout_seconds: float) -> None:
        """See `Session.set_secret`."""
        self.session.redactor.add(value)
        if self._cookies_before is None:
            with _translated("the browser"):
                self._cookies_before = {(c["name"], c["domain"]): c["value"] for c in self.context.cookies()}
        if self._put(selector, value):
            return
        with _translated(f"field {selector}", missing=SourceChanged):
            self.page.wait_for_selector(selector, state="attached", timeout=timeout_seconds * 1000)
        if not self._put(selector, value):
            raise SourceChanged(f"field {selector} is gone")

    def _put(self, selector: str, value: Secret) -> bool:
        try:
            return bool(self.page.evaluate(SETTER, [selector, value.reveal()]))
        except PlaywrightError as error:
            if _navigating(error):
                return False
            raise translate(error, f"field {selector}") from None

    def tolerant(self, test: Callable[[], bool]) -> Callable[[], bool]:
        """`test` of the page, False while the page is on its way to another one."""

        def tolerated() -> bool:
            try:
                return bool(test())
            except PlaywrightError as error:
                if _navigating(error):
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
                    if left and _navigating(error):
                        with _translated("the page"):
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
        with _translated("the page"):
            looking.perform(self.page, act)

    def read_qr(self, selector: str) -> Secret:
        """See `Session.read_qr`. Evidence that is kept later does not show the element."""
        self._codes.add(selector)
        with _translated(f"code {selector}", missing=SourceChanged):
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
        with _translated("the download", timeout="no download began"):
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
        with _translated("the page's answer", timeout="the page did not ask its server"):
            with self.page.expect_response(matches, timeout=timeout_seconds * 1000) as waiting:
                action()
            response = waiting.value
            body = response.body()
        return Served(body, response.status, response.url, response.headers)

    def get(self, path: str, *, timeout_seconds: float, max_bytes: int) -> Served:
        """See `Session.page_get`."""
        url = self.session.url(path)

        def once() -> Served:
            with _translated(place(url)):
                response = self.context.request.get(url, max_redirects=0, timeout=timeout_seconds * 1000)
                try:
                    body = response.body()
                finally:
                    _quietly(response.dispose)
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


@contextlib.contextmanager
def _translated(what: str, *, timeout: str | None = None, missing: type[BedrotError] | None = None) -> Iterator[None]:
    """Playwright's errors as ours. `from None`: their text and chain can hold addresses and typed values."""
    try:
        yield
    except PlaywrightError as error:
        if isinstance(error, PlaywrightTimeout):
            if missing is not None:
                raise missing(f"{what} does not appear") from None
            if timeout is not None:
                raise SourceUnavailable(timeout) from None
        raise translate(error, what) from None


def translate(error: BaseException, what: str) -> BedrotError:
    """One of Playwright's errors as ours; by its beginning, as Playwright has no finer classes (texts of 1.65)."""
    text = str(error)
    if isinstance(error, PlaywrightTimeout):
        if "waiting for locator" in text or "waiting for selector" in text or "waiting for get_by" in text:
            return SourceChanged(f"{what}: an element does not appear")
        return SourceUnavailable(f"{what} does not answer in time")
    if "net::ERR_" in text:
        code = text.partition("net::ERR_")[2].split()[0].split(":")[0].strip().lower().replace("_", " ")
        return SourceUnavailable(f"{what} cannot be reached ({code})")
    if type(error).__name__ == "TargetClosedError" or "Target crashed" in text or "Connection closed" in text:
        return SourceUnavailable(f"{what}: the browser went away")
    if "interrupted by another navigation" in text or "ECONNRE" in text or "socket hang up" in text or "aborted" in text:
        return SourceUnavailable(f"{what} broke off")
    return SourceChanged(f"{what}: the page did not do what was expected")


@contextlib.contextmanager
def _short_name(folder: Path) -> Iterator[str]:
    """A name of `folder` that leaves room for the browser's own socket, however deep the home lies."""
    if len(os.fsencode(folder)) <= SHORT_PATH:
        yield str(folder)
        return
    holder = tempfile.mkdtemp(prefix="bedrot-", dir="/tmp")
    link = os.path.join(holder, "t")
    os.symlink(folder, link)
    try:
        yield link
    finally:
        with contextlib.suppress(OSError):
            os.unlink(link)
            os.rmdir(holder)


def _launch_error(error: PlaywrightError, path: str) -> BedrotError:
    text = str(error)
    said = "\n".join(line for line in text.splitlines() if "[err]" in line)
    if "sandbox" in said.lower():
        why = "its sandbox cannot be used"
    elif "doesn't exist" in text or "is not found" in text:
        why = "it is not there"
    else:
        why = "it does not start"
    return MissingBrowser(f"the browser {path} cannot be used: {why}")


def _navigating(error: PlaywrightError) -> bool:
    """Whether the page was only on its way to another one."""
    text = str(error)
    return any(t in text for t in ("context was destroyed", "navigation", "Cannot find context", "Frame was detached"))


def _quietly(act: Callable[[], Any]) -> None:
    """Closing what may be gone already."""
    with contextlib.suppress(PlaywrightError, Cancelled, OSError):
        act()
