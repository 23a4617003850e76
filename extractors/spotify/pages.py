"""The site in the browser: what each page is, and how to act on it. Selectors stand here and nowhere else.

*Seen*: `#login-username`, `#login-password`, `[data-testid=login-button]`, the step that mails a code and offers the password, the two
spellings of the filter button, radios by period behind `label[for=…]`, artist addresses with and without a language, the songs page's own
calls. *Assumed*: the download button, that the filter button names the chosen period, where refusals stand, the second factor's fields.
Generated class names are used nowhere.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from bedrot_console.domain.challenges import Secret
from bedrot_console.domain.errors import AccessError, BedrotError, RateLimited, SourceChanged, SourceUnavailable
from bedrot_console.domain.text import safe
from bedrot_console.extraction.http import retry_after
from bedrot_console.inspection.helpers import FormatTrouble, page_kind

from . import metrics

if TYPE_CHECKING:
    from bedrot_console.extraction.http import Spooled
    from bedrot_console.extraction.session import Session

ACCOUNTS = "https://accounts.spotify.com"
HOME, AUDIENCE, SONGS, PLAYLISTS = "home", "audience", "music/songs", "music/playlists"

USER_FIELD = "#login-username, [data-testid='login-username'], input[name='username']"
PASSWORD_FIELD = "#login-password, [data-testid='login-password'], input[name='password'][type='password']"
BUTTON = "[data-testid='login-button'], #login-button"
BANNER = "[data-encore-id='banner'], [data-testid='username-error'], [role='alert']"
CODE_FIELD = "input[autocomplete='one-time-code'], input[name='code']"
RESEND = "[data-testid='resend-code']"
ANOTHER_WAY = "[data-testid='another-way']"
METHODS = {"app": "[data-testid='method-app']", "sms": "[data-testid='method-sms']"}
FILTER = "button[data-encore-id='chipFilter'], button[aria-label='Select to further filter your results']"
DOWNLOAD = "button[data-testid='csv-download'], button[aria-label*='ownload']"
TOAST = "[role='alert']"

OPEN_SECONDS = 30.0
PAGE_SECONDS = 20.0
"""How long a page may take until it is one of those we know."""
FILTER_SECONDS = 8.0
DOWNLOAD_SECONDS = 60.0
PERIOD_SECONDS = 8.0
"""How long the songs page may take to ask its server after a period was chosen."""
LATEST_MILLISECONDS = 4000
"""How long a page may take to ask for the latest day, from its own loading on."""

_SEEN = "(s => [...document.querySelectorAll(s)].some(e => e.offsetParent !== null || getComputedStyle(e).position === 'fixed' && e.getClientRects().length))"
_TOLD = "(s => [...document.querySelectorAll(s)].some(e => e.offsetParent !== null && e.textContent.trim()))"
_HERE = "(location.pathname.match(/^\\/c\\/(?:[A-Za-z]{2}(?:-[A-Za-z]{2})?\\/)?artist\\/([0-9A-Za-z]{22})(?:\\/|$)/) || [])[1]"
_STATUS = "(performance.getEntriesByType('navigation')[0] || {}).responseStatus"
_CATALOG = re.compile(r"/catalog-view/.*/songs$")
_LATEST = re.compile(r"/meta/latest-date$")
_ID = re.compile(r"(?<=/)[0-9A-Za-z]{22}(?=/|$)")
_PATH = re.compile(r"/c/(?:[A-Za-z]{2}(?:-[A-Za-z]{2})?/)?artist/([0-9A-Za-z]{22})(?:/|$)")

CAPTCHA = (
    "[...document.querySelectorAll('iframe')].some(e => /captcha/i.test(e.title + e.src) && e.getBoundingClientRect().height > 70"
    " && getComputedStyle(e).visibility !== 'hidden')"
)
TOO_MANY = f"{_TOLD}({json.dumps(BANNER)}) && [...document.querySelectorAll({json.dumps(BANNER)})].some(e => /too many attempts/i.test(e.textContent))"
REFUSED = f"{_TOLD}({json.dumps(BANNER)})"
WITH_PASSWORD = "[...document.querySelectorAll('button, a')].find(e => e.offsetParent !== null && /\\bpassword\\b/i.test(e.textContent) && !/forg|without|reset/i.test(e.textContent))"


class LoginLost(AccessError):
    """The site sent us back to its sign-in page. Caught by the walk, which signs in once more."""


class NotInTeam(AccessError):
    """The login may not see this artist."""


def artists_host(session: Session) -> str:
    """Host and port of the statistics."""
    return urlsplit(session.base_url).netloc


def accounts_host(session: Session) -> str:
    """Host and port where people sign in, and the only one where a password is typed."""
    return urlsplit(str(session.option("accounts_url", ACCOUNTS))).netloc


def at(host: str) -> str:
    """The page's own host is exactly this one. The sign-in page holds the other one in its `continue=`: a part of an address proves nothing."""
    return f"location.host === {json.dumps(host)}"


def shown(selector: str) -> str:
    """Something of this selector can be seen."""
    return f"{_SEEN}({json.dumps(selector)})"


def at_sign_in(session: Session) -> str:
    """The accounts host, asking who one is."""
    return f"{at(accounts_host(session))} && ({shown(USER_FIELD)} || {shown(PASSWORD_FIELD)} || {shown(CODE_FIELD)})"


def member(session: Session, artist: str | None = None) -> str:
    """The positive sign of being signed in: the artists host, an artist's page, and on it the menu that a member of the team has."""
    which = f"{_HERE} === {json.dumps(artist)}" if artist else f"!!{_HERE}"
    return f"{at(artists_host(session))} && {which} && !!document.querySelector('a[href*=\"/artist/' + {_HERE} + '/audience\"]')"


def visit(session: Session, artist: str, tab: str) -> None:
    """Open a tab of an artist and make sure that it is that artist's.

    Raises:
        LoginLost, NotInTeam, AccessError: the login is over, is not in the team, or the id is wrong.
        SourceChanged: it is another artist's page, or none that we know.
    """
    session.open(f"/c/artist/{artist}/{tab}", accept=(403, 404), timeout_seconds=OPEN_SECONDS)
    ready = member(session, artist) + ("" if tab == HOME else f" && {shown(FILTER)} && {shown(DOWNLOAD)}")
    host = at(artists_host(session))
    where = session.landmark(
        {
            "sign_in": at_sign_in(session), "forbidden": f"{host} && {_STATUS} === 403", "missing": f"{host} && {_STATUS} === 404",
            "stranger": f"{host} && !!{_HERE} && {_HERE} !== {json.dumps(artist)}", "ready": ready,
        },
        timeout_seconds=PAGE_SECONDS, what=f"page {tab}",
    )  # fmt: skip
    if where == "sign_in":
        raise LoginLost("Spotify shows its sign-in page in place of the data")
    if where == "forbidden":
        raise NotInTeam(
            f"this login is no member of the team of artist {artist}",
            hint="have an admin of the team invite it, or take the id out of the option artists",
        )
    if where == "missing":
        raise NotInTeam(f"Spotify knows no artist {artist}", hint="correct the option artists in bedrot.toml")
    if where == "stranger":
        raise _other_page(artist)


def page_of(session: Session, artist: str) -> str:
    """The path of the page that is open now. Asked right at a click: a slow navigation changes the address afterwards (*seen* by others).

    Raises:
        LoginLost: it is on another host.  SourceChanged: it is another artist's.
    """
    host, path = session.page.evaluate("[location.host, location.pathname]")
    if host != artists_host(session):
        raise LoginLost("Spotify left its statistics in the middle of the walk")
    found = _PATH.match(path)
    if found is None or found[1] != artist:
        raise _other_page(artist)
    return str(path)


def _other_page(artist: str) -> SourceChanged:
    return SourceChanged(
        f"the page is of another artist than {artist}, which was asked for",
        hint="try again; if it stays so, a developer must look",
    )


def choose(session: Session, period: str) -> None:
    """Choose a period in the filter, and see on the page that it was taken: its radio is on and the filter's button says its name.

    Raises:
        SourceChanged: the filter has no such period, or does not take the choice.
    """
    page = session.page
    label, radio = f"label[for='{period}']", f"input[id='{period}']"
    page.locator(FILTER).first.click()
    session.landmark({"open": shown(label)}, timeout_seconds=FILTER_SECONDS, what=f"filter with {period}")
    words = page.locator(label).first.inner_text().strip()
    page.locator(label).first.click()
    taken = (
        f"document.querySelector({json.dumps(radio)}).checked"
        f" && [...document.querySelectorAll({json.dumps(FILTER)})].some(e => e.textContent.includes({json.dumps(words)}))"
    )
    session.landmark({"taken": taken}, timeout_seconds=FILTER_SECONDS, what=f"filter set to {safe(words, 40)}")


def download(session: Session, artist: str) -> tuple[Spooled, str]:
    """Click on the download; the file, and the path of the page it came from.

    Raises:
        SourceUnavailable: the site says that it failed, or no file comes.  LoginLost, SourceChanged: see `page_of`.
    """
    page, begun, path = session.page, [], page_of(session, artist)

    def note(found: Any) -> None:
        begun.append(found)

    def click() -> None:
        page.locator(DOWNLOAD).first.click()
        where = session.landmark(
            {"begun": lambda _: bool(begun), "sign_in": at_sign_in(session), "failed": f"{_TOLD}({json.dumps(TOAST)})"},
            timeout_seconds=DOWNLOAD_SECONDS, what="answer to the download",
        )  # fmt: skip
        if where == "sign_in":
            raise LoginLost("Spotify shows its sign-in page in place of the export")
        if where == "failed":
            raise SourceUnavailable(f"Spotify does not give the export: {safe(page.locator(TOAST).first.inner_text(), 80)}")

    page.on("download", note)
    try:
        spooled = session.download(click, timeout_seconds=DOWNLOAD_SECONDS)
    finally:
        page.remove_listener("download", note)
    if page_of(session, artist) != path:
        raise _other_page(artist)
    return spooled, path


@dataclass
class LatestDay:
    """The newest answer to the site's own question for its latest day, as its pages ask it."""

    answers: list[Any] = field(default_factory=list)
    known: date | None = None

    def wait(self, session: Session) -> None:
        """Give the page that is open a moment to ask."""
        session.landmark(
            {"known": lambda _: bool(self.answers), "waited": f"performance.now() > {LATEST_MILLISECONDS}"},
            timeout_seconds=PAGE_SECONDS, what="latest day",
        )  # fmt: skip

    def day(self) -> date | None:
        """The day; None if no page asked, or the answer is odd."""
        from playwright.sync_api import Error as PlaywrightError

        while self.answers:
            try:
                self.known = date.fromisoformat(json.loads(self.answers[-1].body())["latestDate"])
                self.answers.clear()
            except (PlaywrightError, ValueError, TypeError, KeyError):
                self.answers.pop()
        return self.known


@contextmanager
def latest_day(session: Session) -> Iterator[LatestDay]:
    """Listen for the site's latest day while the block lasts. The listener sits on the context, since a retry opens a new page."""
    found = LatestDay()

    def note(response: Any) -> None:
        if response.status == 200 and response.request.method == "GET" and _LATEST.search(urlsplit(response.url).path):
            found.answers.append(response)

    context = session.browser.context
    context.on("response", note)
    try:
        yield found
    finally:
        context.remove_listener("response", note)


@dataclass(frozen=True)
class Answer:
    """What the songs page got from its server. `bearer` is what it asked with."""

    period: str
    body: bytes = field(repr=False)
    bearer: Secret | None = None


def answer(session: Session, artist: str, period: str | None, act: Callable[[], Any]) -> Answer:
    """The songs' answer that follows on `act`, for this period (None: whichever the page asks for by itself).

    Raises:
        SourceUnavailable: the page asks nothing, its token has expired, or the server does not answer well.
        RateLimited, NotInTeam, SourceChanged: by what the server says.
    """
    seen: list[Any] = []

    def matches(response: Any) -> bool:
        parts = urlsplit(response.url)
        asked = metrics.period_in(response.url)
        fits = (
            response.request.method == "GET" and _CATALOG.search(parts.path) is not None and asked is not None
            and period in (None, asked) and all(i == artist for i in _ID.findall(parts.path))
        )  # fmt: skip
        if fits:
            seen.append(response)
        return fits

    try:
        served = session.response_of(act, matches, timeout_seconds=PERIOD_SECONDS)
        status, headers, body = served.status, served.headers, served.content
    except (SourceChanged, SourceUnavailable):  # a body that broke off or has no byte cannot be read; status and headers can
        if not seen:
            raise
        status, headers, body = seen[-1].status, seen[-1].headers, b""
    got = metrics.period_in(seen[-1].url) or ""
    trouble = _trouble(session, status, headers, body, f"the songs of {got}")
    if trouble is not None:
        raise trouble
    bearer = seen[-1].request.headers.get("authorization", "").partition(" ")[2]
    secret = Secret(bearer) if bearer else None
    session.redactor.add(*([secret] if secret else []))
    return Answer(got, body, secret)


def _trouble(session: Session, status: int, headers: Any, body: bytes, what: str) -> BedrotError | None:
    """Why an answer is none."""
    start = body[:4096].lower()
    if b"token expired" in start and not start.lstrip().startswith(b'{"songs"'):
        return SourceUnavailable(f"{what}: Spotify says token expired, with {status}")
    if status == 429:
        wait = retry_after(headers.get("retry-after"), session.clock.now())
        said = f" and asks to wait {wait:.0f} s" if wait is not None else ""
        return RateLimited(f"{what}: Spotify answers 429{said}", retry_after_seconds=wait)
    if status == 403:
        return NotInTeam(f"{what}: Spotify answers 403, this login is no member of the team")
    if status == 401 or status >= 500:
        upstream = " no healthy upstream" if b"no healthy upstream" in start else ""
        return SourceUnavailable(f"{what}: Spotify answers {status}{upstream}")
    if status != 200:
        return SourceChanged(f"{what}: Spotify answers {status}")
    if not body.strip():
        return SourceUnavailable(f"{what}: the answer is empty or broke off")
    if page_kind(body) in ("sign-in", "challenge") or start.lstrip().startswith(b"<"):
        return SourceChanged(f"{what}: the answer is a page, not data")
    try:
        metrics.parse(body)
    except FormatTrouble as trouble:
        made = SourceUnavailable if trouble.code == "format.truncated" else SourceChanged
        return made(f"{what}: {trouble.sentence}")
    return None
