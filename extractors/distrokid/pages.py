"""The site in the browser: what each page is, how to open one and get past what stands in front. Selectors stand here and nowhere else.

*Seen*: `#inputEmail`, `#inputPassword`, `#signInButtonStandalonePage`, `.signinBoxNotification`, `/newComputer/`, the bank selectors, the
Cloudflare interstitial, the alert after a failed sign-in call. *Assumed*: `/2fa/`, how a refused code is told, the plan and filter notices.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bedrot_console.domain.challenges import Secret
from bedrot_console.domain.errors import AccessError, ChallengeUnanswered, SourceBlocked, SourceUnavailable, UsageError
from bedrot_console.inspection.helpers import page_kind

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from bedrot_console.extraction.session import Session

SIGN_IN, HOME, BANK, BANK_DETAILS = "/signin/", "/dashboard/", "/bank/", "/bank/details/"
STREAMS, APPLEMUSIC = "/stats/?type=all&data=streams", "/stats/?type=all&data=applemusic"

EMAIL_FIELD = "#inputEmail, form input[type=email]"
PASSWORD_FIELD = "#inputPassword, form input[type=password]"
SIGN_IN_BUTTON = "#signInButtonStandalonePage"
NOTICE = ".signinBoxNotification"
CODE_FIELD = "main input:not([type=hidden]):not([type=submit]), input[autocomplete=one-time-code]"
CODE_NOTICE = ".codeNotification, .signinBoxNotification, [role=alert]"
RESEND = "#resendCode, a[onclick*=resend], button[onclick*=resend]"
DETAILS_LINK = 'a[href="/bank/details/"]'
DOWNLOAD = 'div[onclick^="downloadBank"]'

PAGE_SECONDS = 20.0
"""How long a page may take until it is one of those we know, unless `page_seconds` is set."""
CHALLENGE_TRIES, CHALLENGE_TRIES_WITH_A_HUMAN = 4, 2
"""How often an interstitial may be waited out: four times helps (*seen* by another reader); somebody who is there can tick it sooner."""
HAND_TRIES = 2
DOWN_TRIES = 3

PATH = "location.pathname.replace(/\\/+$/, '').toLowerCase()"
SEEN = "(s => [...document.querySelectorAll(s)].some(e => e.offsetParent !== null && e.textContent.trim()))"
_LATER = "(name, ms) => { const n = '__' + name; window[n] = window[n] || performance.now(); return performance.now() - window[n] > ms; }"
CHALLENGE = (
    "/just a moment|attention required|checking your browser/i.test(document.title)"
    " || !!document.querySelector('#challenge-running, #challenge-form, #cf-error-details')"
)
DOWN = f"(performance.getEntriesByType('navigation')[0] || {{}}).responseStatus === 503 && document.readyState === 'complete' && !({CHALLENGE})"
MAIL_CODE = f"{PATH} === '/newcomputer' && !!document.querySelector('{CODE_FIELD}')"
APP_CODE = f"{PATH} === '/2fa' && !!document.querySelector('{CODE_FIELD}')"
SIGN_IN_FORM = "!!document.querySelector('#inputPassword, form input[type=password]')"
PUZZLE = "[...document.querySelectorAll('iframe[title*=\"recaptcha challenge\"]')].some(e => e.getBoundingClientRect().height > 80 && e.offsetParent !== null)"
UPGRADE = "!!document.querySelector('.upgradePlan') || /available on the [\\w ]{0,40}plan/i.test(document.body ? document.body.innerText : '')"
NO_RELEASES = "/haven['\u2019]t released anything|check back here|once your music is in stores/i.test(document.body ? document.body.innerText : '')"
FILTER_FIRST = (
    "/choose a filter|filter first|too many rows|more than 50,?000/i.test(document.body ? document.body.innerText : '')"
)
CHART_FILLED = "((window.AmCharts && window.AmCharts.charts) || []).length > 0 && window.AmCharts.charts.every(c => (c.dataProvider || []).length > 0)"
_MEMBER_PATHS = ("/dashboard", "/mymusic", "/stats", "/bank")
_MEMBER_DATA = """email => [location.pathname, !!document.querySelector("a[href*=signout], a[href*=logout], #page-data[data-amount]")
  || (email !== '' && document.documentElement.innerHTML.toLowerCase().includes(email))]"""
_ADDRESS = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}")


class LoginLost(AccessError):
    """The site sent us back to its sign-in page. Caught by the walk, which signs in once more."""


class NotThisTime(SourceUnavailable):
    """A page did not come: its bytes were gone from the browser, or the site is down. Opening it once more may help."""


def member(session: Session) -> Callable[[Page], bool]:
    """The positive sign of being signed in: a member's path in the parsed URL, and on the page what only a member sees."""
    known = session.secret_or_none("email")
    email = known.reveal().lower() if known else ""

    def holds(page: Page) -> bool:
        # The page is asked, not `page.url`: that one stands still as long as nothing else is asked of the browser.
        path, data = page.evaluate(_MEMBER_DATA, email)
        path = path.rstrip("/").lower()
        return data and any(path == p or path.startswith(p + "/") for p in _MEMBER_PATHS)

    return holds


@dataclass(frozen=True, slots=True)
class Waits:
    """How long this run waits for what, in seconds of real time: a share of the patience for one page."""

    page: float

    @classmethod
    def of(cls, session: Session) -> Waits:
        try:
            seconds = float(session.option("page_seconds", PAGE_SECONDS))
        except (TypeError, ValueError):
            seconds = 0.0
        if not 1.0 <= seconds <= 300.0:
            raise UsageError(
                "page_seconds must be a number from 1 to 300", hint="[platforms.distrokid] page_seconds in bedrot.toml"
            )
        return cls(seconds)

    @property
    def opening(self) -> float:
        return 1.5 * self.page

    @property
    def answer(self) -> float:
        """For what the site does after a click: its captcha looks at us first."""
        return 2.25 * self.page

    @property
    def settling(self) -> float:
        """For an interstitial to solve itself, or a page to fill its chart, before the page is asked for again."""
        return 0.3 * self.page


def account_words(session: Session) -> str:
    """How a command names this run's account."""
    return "" if session.account == "default" else f" --account {session.account}"


def later(name: str, seconds: float) -> str:
    """A mark that holds so many seconds after it was first asked for under this name on this page."""
    return f"({_LATER})('bedrot{name}', {seconds * 1000:.0f})"


def go(session: Session, path: str, marks: dict[str, Any], *, what: str, ask: bool = True) -> str:
    """Open a page, get past an interstitial, and say which of `marks` it is.

    Args:
        ask: whether a human may be asked when the interstitial does not solve itself.

    Raises:
        ChallengeUnanswered: nobody is there to tick it.  SourceBlocked: it does not go away.  SourceChanged: none of the marks.
    """
    waits = Waits.of(session)
    for attempt in range(CHALLENGE_TRIES + 1):
        session.open(path, accept=(403, 503), timeout_seconds=waits.opening)
        where = session.landmark({"challenge": CHALLENGE, **marks, "down": DOWN}, timeout_seconds=waits.page, what=what)
        if where == "challenge":
            get_past_challenge(session, attempt, ask=ask)
        elif where != "down":
            return where
        elif attempt + 1 < DOWN_TRIES:
            session.sleep(2.0 * 2**attempt)
        else:
            raise SourceUnavailable("DistroKid answers 503")
    raise blocked(session)


def served(session: Session, path: str) -> bytes:
    """Open a page and return the bytes that its server sent for it: the body of the document's answer, not the rendered page.

    The listener sits on the context, since a retry opens a new page.

    Raises:
        SourceUnavailable: no answer, or it broke off.  NotThisTime: the page went on before its bytes could be read, or is down.
    """
    from playwright.sync_api import Error as PlaywrightError

    documents: list[Any] = []

    def note(response: Any) -> None:
        if response.request.is_navigation_request() and response.status in (200, 403, 503):
            documents.append(response)

    context = session.browser.context
    context.on("response", note)
    try:
        session.open(path, accept=(403, 503), timeout_seconds=Waits.of(session).opening)
        body = documents[-1].body() if documents else b""
    except PlaywrightError:
        raise NotThisTime("the page went on before its bytes could be read") from None
    finally:
        context.remove_listener("response", note)
    if documents and documents[-1].status == 503 and page_kind(body) != "challenge":
        raise NotThisTime("DistroKid answers 503")
    return body


def get_past_challenge(session: Session, attempt: int, *, ask: bool = True) -> None:
    """Give an interstitial time to solve itself; when it did not in so many attempts, a human ticks it in the live page.

    Args:
        attempt: how often it was waited for before, on this errand.

    Raises:
        ChallengeUnanswered: nobody is there.  SourceBlocked: not even a human gets past it.  AccessError: a human is needed, and none may be asked.
    """
    session.log("info", "DistroKid shows a Cloudflare check; waiting for it to pass")
    waits = Waits.of(session)
    passed = session.landmark(
        {"passed": f"!({CHALLENGE}) && document.readyState !== 'loading'", "stuck": later("Challenge", waits.settling)},
        timeout_seconds=waits.page, what="Cloudflare check",
    )  # fmt: skip
    if passed == "passed":
        return
    if attempt + 1 < (CHALLENGE_TRIES_WITH_A_HUMAN if ask and session.attended else CHALLENGE_TRIES):
        session.sleep(2.0 * 2**attempt)
    elif ask:
        by_hand(session, "DistroKid shows a Cloudflare check: tick its box", CHALLENGE)
    else:
        raise AccessError(
            "DistroKid shows a Cloudflare check that only a human gets past: whether the saved login works is not seen",
            hint=f"bedrot extract distrokid{account_words(session)}",
        )


def by_hand(session: Session, prompt: str, shown: str) -> None:
    """Have a human deal with what the page shows, in the live page, until the mark `shown` no longer holds.

    Raises:
        ChallengeUnanswered: nobody is there, or nobody came.  SourceBlocked: it is still shown after the human was done, twice.
    """
    what = "Cloudflare check" if shown == CHALLENGE else "captcha"
    if not session.attended:
        raise ChallengeUnanswered(
            f"only a human gets past DistroKid's {what}, and nobody is there",
            hint=f"bedrot extract distrokid{account_words(session)}",
        )
    gone = f"!({shown}) && document.readyState !== 'loading'"
    error = None
    for left in range(HAND_TRIES, 0, -1):
        answer = session.ask("page", prompt, attempts_left=left, error=error, moved=lambda: session.page.evaluate(gone))
        if answer == "moved":
            return
        waits = Waits.of(session)
        marks = {"gone": gone, "shown": later(f"Hand{left}", waits.settling)}
        where = session.landmark(marks, timeout_seconds=waits.page, what="page after the human")
        if where == "gone":
            return
        error = "the page still shows it"
    raise blocked(session, what)


def blocked(session: Session, what: str = "Cloudflare check") -> SourceBlocked:
    return SourceBlocked(
        f"DistroKid's {what} does not let this browser pass",
        hint=f"wait an hour; then look whether your own browser gets in, and: bedrot extract distrokid{account_words(session)}",
    )


def stranger(html: bytes, email: Secret | None) -> bool:
    """Whether a stats page names another member: it carries the account's e-mail (*seen* on all captures), and this is not ours."""
    if email is None:
        return False
    text = html.decode("utf-8", "replace").replace("&#64;", "@").replace("\\u0040", "@").replace("%40", "@").lower()
    if email.reveal().lower() in text:
        return False
    return any(not found.endswith("distrokid.com") for found in _ADDRESS.findall(text))
