"""The member's pages: what the analytics page asks its server, kept as served, and the report attached to a notification.

The page itself calls `GET /api/portal/analytics/spotify?release=&date=thisYear` and `/api/portal/analytics/apple/?…` with its bearer token
(*seen*). The listener is armed before the page is opened, and a call is known by its parsed path: the order of parameters, further ones, or a
slash at the end change nothing. Bodies are read as soon as they are whole and handed on as received.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from bedrot_console.domain.errors import SourceBlocked, SourceChanged, SourceError, SourceUnavailable
from bedrot_console.domain.text import safe
from bedrot_console.extraction.http import status_error
from bedrot_console.inspection.helpers import FormatTrouble, Rows, page_kind

from . import analytics, bearer, pages, report

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page, Request

    from bedrot_console.extraction.http import Spooled
    from bedrot_console.extraction.session import Session

PATHS = {"/api/portal/analytics/spotify": analytics.SPOTIFY, "/api/portal/analytics/apple": analytics.APPLE}
LABELS = {analytics.SPOTIFY: "Spotify", analytics.APPLE: "Apple"}
YEAR = "thisYear"
ANSWER_SECONDS = 45
"""How long the server may take for a year of figures, unless the setting `answer_seconds` says otherwise."""
ABORTED = "net::ERR_ABORTED"
"""How a call fails that the page gave up for another, or that went with its page (seen, Chromium 156)."""
SETTLED_MILLISECONDS = 2000
"""A page that stood for so long is not on its way to another one."""
ASK_MILLISECONDS = 8000
"""How long the page may take to ask its server at all."""


class Unanswered(SourceUnavailable):
    """The server did not answer in the time it had: a second attempt in the same run would only wait again."""

    retryable = False
    code = "source-unavailable"  # type: ignore[assignment]


@dataclass(frozen=True, slots=True)
class Call:
    """One call of the page that has come to its end, whole or not."""

    platform: str
    request: Any
    whole: bool


@dataclass(frozen=True, slots=True)
class Answer:
    """An analytics answer: the bytes as served, what they say, and the `date` that was asked for."""

    content: bytes
    rows: Rows
    date: str


@dataclass(frozen=True, slots=True)
class Notification:
    """A notification of a sales report: its month (`YYYY-MM`) and its number in the list."""

    month: str
    number: int
    attached: bool


def platform_of(url: str) -> str | None:
    """Which platform's analytics an address is about, by its parsed path."""
    return PATHS.get(re.sub(r"/{2,}", "/", urlsplit(url).path).rstrip("/").lower())


def date_of(url: str) -> str:
    """The span that an address asks for; empty if it names none."""
    return (parse_qs(urlsplit(url).query).get("date") or [""])[-1]


class Portal:
    """The portal, listened to. One for each run."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self._context: BrowserContext | None = None
        self._at: Page | None = None
        self._asked: list[tuple[str, Any]] = []
        self._ended: list[Call] = []
        self._waits = 0

    # -- listening ----------------------------------------------------------------------------------------------------------

    def _arm(self) -> None:
        """Listen from now on, and forget what was heard. A login that was thrown away left a new context behind."""
        context = self.session.browser.context
        if context is not self._context:
            context.on("request", self._note_asked)
            context.on("requestfinished", lambda request: self._note_end(request, True))
            context.on("requestfailed", lambda request: self._note_end(request, False))
            self._context = context
        self._asked.clear()
        self._ended.clear()

    def _note_asked(self, request: Request) -> None:
        if request.is_navigation_request() and request.frame.parent_frame is None:
            self._asked.clear()  # what the page before still asks for is not about this one
            self._ended.clear()
        platform = platform_of(request.url)
        if platform is not None and request.method == "GET":
            self._asked.append((platform, request))

    def _note_end(self, request: Request, whole: bool) -> None:
        known = next((asked for asked in self._asked if asked[1] is request), None)
        if known is None:
            return
        if not whole and request.failure == ABORTED:
            self._asked.remove(known)  # the page itself let it go
        else:
            self._ended.append(Call(known[0], request, whole))

    # -- being signed in ----------------------------------------------------------------------------------------------------

    def token(self) -> bearer.Bearer | None:
        """The token in the page's storage; from here on a live secret that no message may show."""
        found = bearer.find(pages.read(self.session, pages.STORAGE, what="storage of the page"))
        if found is not None:
            self.session.redactor.add(found.value)
        return found

    def enter(self, *, fresh: bool = False) -> tuple[str, bearer.Bearer | None]:
        """Open the analytics page and say whether we are in.

        Args:
            fresh: the token was given a moment ago: should it call itself ended already, the clocks differ, and the server decides.

        Returns:
            `in`: on a member's path, with a token that has not ended, and an analytics call was answered with figures.
            `out`: the site shows its sign-in page, the token has ended, or a call was refused.  `unproven`: the site is in trouble.
            And the token, as far as one was seen.
        """
        where = self._open()
        if where == "out":
            return "out", None
        token = self.token()
        if token is None or (token.ended(self.session.clock.now()) and not fresh):
            return "out", token
        if where == "silent":
            return "unproven", token
        try:
            self._read(self._wait("any platform", None, []))
        except pages.LoginLost:
            return "out", token
        except SourceError as error:
            self.session.log("warning", f"the login is not proved: {error}")
            return "unproven", token
        return ("in" if self._stays() else "out"), token

    def _stays(self) -> bool:
        """Whether the page that is open is a member's; one on its way to the sign-in page is waited for."""
        self._waits += 1
        elsewhere = pages.later(f"stays{self._waits}", SETTLED_MILLISECONDS)
        marks = {"out": pages.SIGN_IN_PAGE, "member": pages.MEMBER, "elsewhere": elsewhere}
        return self.session.landmark(marks, what="member's page") == "member"

    def _open(self) -> str:
        """Arm the listener, open the analytics page, and wait until it asks its server: `asked`, `silent` or `out`."""
        self._arm()
        self._at = None
        self._waits += 1
        silent = f"{pages.MEMBER} && {pages.later(f'open{self._waits}', ASK_MILLISECONDS)}"
        marks = {"out": pages.SIGN_IN_PAGE, "asked": lambda _: bool(self._asked), "silent": silent}
        where = pages.go(self.session, pages.ANALYTICS, marks, what="analytics page")
        if where != "out":
            self._at = self.session.page
        return where

    def leave(self) -> None:
        """Forget the page: the next figures are asked for from the start."""
        self._at = None

    # -- figures ------------------------------------------------------------------------------------------------------------

    def figures(self, platform: str) -> Answer:
        """This year's answer about a platform, as the page got it.

        Raises:
            LoginLost, SourceUnavailable, RateLimited, SourceBlocked, SourceChanged: by what came instead.
        """
        if (self._at is None or self._at is not self.session.page) and self._open() == "out":
            raise pages.LoginLost("TooLost shows its sign-in page in place of the analytics")
        heard = [call for call in self._ended if call.platform == platform]
        if heard:
            call = heard[-1]
        elif any(p == platform for p, _ in self._asked):
            call = self._wait(LABELS[platform], platform, [])
        elif not self._asked and platform == analytics.SPOTIFY:  # the page opens with Spotify and asks for nothing by itself
            call = self._after(platform, self._choose_year)
        else:
            call = self._after(platform, lambda: self._choose_platform(LABELS[platform]))
        answer = self._read(call)
        if answer.date != YEAR:
            answer = self._read(self._after(platform, self._choose_year))
        if answer.date != YEAR:
            self.session.log(
                "warning", f"the page asks for {safe(answer.date, 40) or 'no span'} where it asked for {YEAR} before"
            )
        return answer

    def _after(self, platform: str, act: Callable[[], None]) -> Call:
        """The call about a platform that an act on the page brings about, once it has ended."""
        from playwright.sync_api import Error as PlaywrightError

        from bedrot_console.extraction.page_errors import translate

        before = [request for _, request in self._asked]
        try:
            act()
        except PlaywrightError as error:  # what was to be clicked went with its page, or cannot be clicked
            if not self._stays():
                raise pages.LoginLost("TooLost leads away from the analytics") from None
            raise translate(error, "analytics page") from None
        return self._wait(LABELS[platform], platform, before)

    def _wait(self, label: str, platform: str | None, before: list[Any]) -> Call:
        """The first call about a platform (None: about any) that is none of those before, once it has ended."""
        self._waits += 1
        name = f"wait{self._waits}"
        silent, late = pages.later(name, ASK_MILLISECONDS), pages.later(name, int(self._patience() * 1000))

        def new(of: str, request: Any) -> bool:
            return platform in (None, of) and not any(request is known for known in before)

        def unasked(page: Page) -> bool:
            return not any(new(of, request) for of, request in self._asked) and bool(page.evaluate(silent))

        def ended() -> Call | None:
            return next((call for call in self._ended if new(call.platform, call.request)), None)

        where = self.session.landmark(
            {
                "ended": lambda _: ended() is not None, "challenge": pages.CHALLENGE, "out": pages.SIGN_IN_PAGE,
                "unasked": unasked, "late": late,
            },
            timeout_seconds=self._patience() + 15, what="analytics answer",
        )  # fmt: skip
        call = ended()
        if call is not None:
            return call
        self._at = None
        if where == "out":
            raise pages.LoginLost("TooLost shows its sign-in page in place of the analytics")
        if where == "challenge":
            raise SourceBlocked("TooLost's protection stands in front of the figures", hint="bedrot extract toolost")
        if where == "unasked":
            self.session.keep_evidence("analytics page")
            raise SourceChanged(
                f"the analytics page does not ask its server about {label}", hint="outline and picture are kept with the run"
            )
        raise Unanswered(f"TooLost does not answer about {label} within {self._patience():.0f} s", hint="try again later")

    def _patience(self) -> float:
        return float(self.session.option("answer_seconds", ANSWER_SECONDS))

    def _read(self, call: Call) -> Answer:
        """What a call brought, if it is figures."""
        from playwright.sync_api import Error as PlaywrightError

        label = LABELS[call.platform]
        broke = SourceUnavailable(f"the answer about {label} broke off")
        try:
            response = call.request.response() if call.whole else None
            if response is None:
                raise broke
            status = response.status
            if 300 <= status < 400:
                raise pages.LoginLost(f"TooLost sends the call about {label} to another page")
            # A refused page leads out at once, and the body goes with it: the status alone tells enough.
            body = response.body() if status not in (204, 304, 401) else b""
        except PlaywrightError:
            raise broke from None
        if status == 401 or (status == 403 and page_kind(body) is None):
            raise pages.LoginLost(f"TooLost refuses the login in the call about {label} ({status})")
        error = status_error(status, response.headers, f"the call about {label}", self.session.clock.now())
        if error is not None:
            raise error
        return Answer(body, self._rows(call.platform, body), date_of(call.request.url))

    def _rows(self, platform: str, body: bytes) -> Rows:
        label = LABELS[platform]
        if not body.strip():
            raise SourceUnavailable(f"the answer about {label} is empty")
        kind = page_kind(body)
        if kind == "sign-in":
            raise pages.LoginLost(f"a sign-in page came in place of the figures of {label}")
        if kind == "challenge":
            raise SourceBlocked(f"a check came in place of the figures of {label}", hint="bedrot extract toolost")
        try:
            return analytics.READ[platform](body)
        except FormatTrouble as trouble:
            if trouble.code == "format.truncated":
                raise SourceUnavailable(f"the answer about {label} broke off") from trouble
            raise SourceChanged(f"the answer about {label} is not as it was: {trouble.sentence}") from trouble

    def _choose_platform(self, label: str) -> None:
        page = self.session.page
        shown = pages.entry_shown(label)
        if self._offered({"entry": shown, "menu": pages.MENU_SHOWN}, what="platform menu") == "menu":
            page.locator(pages.MENU).filter(has_text=pages.PLATFORM).locator("visible=true").first.click()
            self._offered({"entry": shown}, what=f"platform menu with the entry {label}")
        page.locator(f"{pages.ENTRY}:visible").filter(has_text=re.compile(rf"^\s*{re.escape(label)}\s*$")).first.click()

    def _choose_year(self) -> None:
        page = self.session.page
        if self._offered({"year": pages.YEAR_OFFERED, "picker": pages.PICKER_SHOWN}, what="date picker") == "picker":
            page.locator(f"{pages.PICKER}").locator("visible=true").first.click()
            self._offered({"year": pages.YEAR_OFFERED}, what="date picker with This Year")
        page.get_by_text(pages.THIS_YEAR).locator("visible=true").first.click()

    def _offered(self, marks: dict[str, Any], *, what: str) -> str:
        """What the page offers to click.

        Raises:
            LoginLost: it is the sign-in page by now.  SourceChanged: none of it.
        """
        where = self.session.landmark({"out": pages.SIGN_IN_PAGE, **marks}, what=what)
        if where == "out":
            raise pages.LoginLost("TooLost shows its sign-in page in place of the analytics")
        return where

    # -- reports ------------------------------------------------------------------------------------------------------------

    def reports(self) -> list[Notification]:
        """The sales reports among the notifications, newest month first; none if the list is there and holds none.

        Raises:
            LoginLost: the sign-in page.  SourceChanged: no list, or titles that speak of a sales report and name no month.
        """
        self.leave()
        none = f"({pages.NO_NOTIFICATIONS}) && {pages.later('empty', 2000)}"
        where = pages.go(
            self.session,
            pages.NOTIFICATIONS,
            {"out": pages.SIGN_IN_PAGE, "listed": pages.TITLES_SHOWN, "none": none},
            what="notifications page",
        )
        if where == "out":
            raise pages.LoginLost("TooLost shows its sign-in page in place of the notifications")
        if not self._stays():
            if pages.read(self.session, f"() => {pages.SIGN_IN_PAGE}", what="notifications page"):
                raise pages.LoginLost("TooLost shows its sign-in page in place of the notifications")
            raise SourceChanged("the notifications page shows nothing of a member")
        listed = pages.read(self.session, pages.LISTED, [pages.TITLE, pages.ATTACHMENT], what="notifications page")
        found = [
            Notification(month, n, attached)
            for n, (title, attached) in enumerate(listed)
            if (month := report.month_of_title(title))
        ]
        if not found and any(report.speaks_of_a_report(title) for title, _ in listed):
            self.session.keep_evidence("notifications page")
            raise SourceChanged("the notifications speak of a sales report in words that name no month")
        return sorted(found, key=lambda r: r.month, reverse=True)

    def fetch(self, found: Notification) -> Spooled:
        """Download the file attached to a report's notification.

        Raises:
            SourceUnavailable: no download began, or it was cut off.  SourceChanged: no attachment, or a page in its place.
        """
        if not found.attached:
            raise SourceChanged(f"the notification of the sales report of {found.month} has no attachment")
        return self.session.download(lambda: self._click(found))

    def _click(self, found: Notification) -> None:
        begun: list[Any] = []
        page = self.session.page
        page.once("download", lambda download: begun.append(download))
        page.locator(f"[{pages.ATTACHMENT}='{found.number}']").first.click()
        where = self.session.landmark(
            {
                "begun": lambda _: bool(begun), "out": pages.SIGN_IN_PAGE, "told": pages.TOLD, "elsewhere": pages.ELSEWHERE,
                "waiting": pages.later("download", 20_000),
            },
            timeout_seconds=pages.ANSWER_SECONDS, what="answer to the attachment's button",
        )  # fmt: skip
        if where == "out":
            raise pages.LoginLost("TooLost shows its sign-in page in place of the report")
        if where == "told":
            raise SourceUnavailable(f"TooLost does not hand out the report: {safe(pages.notice(self.session), 120)}")
        if where == "elsewhere":
            raise SourceChanged("a page came in place of the sales report")
