"""The site in the browser: what each page is, and how to act on it. Selectors stand here and nowhere else.

*Seen*: `#inputEmail`, `#inputPassword`, `#signInButtonStandalonePage`, `.signinBoxNotification`, `/newComputer/`, the bank selectors, the
Cloudflare interstitial, the alert after a failed sign-in call. *Assumed*: `/2fa/`, how a refused code is told, the plan and filter notices.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from bedrot_console.domain.challenges import Secret
from bedrot_console.domain.errors import (
    AccessError,
    ChallengeExpired,
    CredentialsRejected,
    SourceBlocked,
    SourceUnavailable,
)
from bedrot_console.domain.text import safe

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

CODE_LIFE_SECONDS = 600.0
CODE_TRIES = 5
CHALLENGE_TRIES = 4
CODE_PATTERN = r"\d{4,8}"
OPEN_SECONDS = 30.0
"""How long a page may take to load. One that breaks off before its announced length never finishes loading (measured)."""
PAGE_SECONDS = 20.0
"""How long a page may take until it is one of those we know."""
ANSWER_SECONDS = 45.0
CHALLENGE_MILLISECONDS = 6000
"""How long an interstitial may take to solve itself before the page is asked for again."""
CHART_MILLISECONDS = 6000
"""How long a page may take to fill an empty chart before it is asked for again."""

_PATH = "location.pathname.replace(/\\/+$/, '').toLowerCase()"
_SEEN = "(s => [...document.querySelectorAll(s)].some(e => e.offsetParent !== null && e.textContent.trim()))"
_LATER = "(name, ms) => { const n = '__' + name; window[n] = window[n] || performance.now(); return performance.now() - window[n] > ms; }"
CHALLENGE = (
    "/just a moment|attention required|checking your browser/i.test(document.title)"
    " || !!document.querySelector('#challenge-running, #challenge-form, #cf-error-details')"
)
MAIL_CODE = f"{_PATH} === '/newcomputer' && !!document.querySelector('{CODE_FIELD}')"
APP_CODE = f"{_PATH} === '/2fa' && !!document.querySelector('{CODE_FIELD}')"
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


def go(session: Session, path: str, marks: dict[str, Any], *, what: str) -> str:
    """Open a page, wait out an interstitial, and say which of `marks` it is.

    Raises:
        SourceBlocked: the interstitial does not go away.
        SourceChanged: none of the marks.
    """
    for attempt in range(CHALLENGE_TRIES):
        session.open(path, accept=(403, 503), timeout_seconds=OPEN_SECONDS)
        where = session.landmark({"challenge": CHALLENGE, **marks}, timeout_seconds=PAGE_SECONDS, what=what)
        if where != "challenge":
            return where
        wait_out_challenge(session, attempt)
    raise _blocked()


def served(session: Session, path: str) -> bytes:
    """Open a page and return the bytes that its server sent for it: the body of the document's answer, not the rendered page.

    The listener sits on the context, since a retry opens a new page.

    Raises:
        SourceUnavailable: no answer, or it broke off.
    """
    from playwright.sync_api import Error as PlaywrightError

    documents: list[Any] = []

    def note(response: Any) -> None:
        if response.request.is_navigation_request() and response.status in (200, 403, 503):
            documents.append(response)

    context = session.browser.context
    context.on("response", note)
    try:
        session.open(path, accept=(403, 503), timeout_seconds=OPEN_SECONDS)
        return documents[-1].body() if documents else b""
    except PlaywrightError:
        raise SourceUnavailable("the page's answer broke off") from None
    finally:
        context.remove_listener("response", note)


def wait_out_challenge(session: Session, attempt: int) -> None:
    """Give an interstitial time to solve itself. Raises SourceBlocked once it was shown too often."""
    session.log("info", "DistroKid shows a Cloudflare check; waiting for it to pass")
    passed = session.landmark(
        {"stuck": f"({_LATER})('bedrotChallenge', {CHALLENGE_MILLISECONDS})", "passed": f"!({CHALLENGE}) && document.readyState !== 'loading'"},
        timeout_seconds=PAGE_SECONDS, what="Cloudflare check",
    )  # fmt: skip
    if attempt + 1 >= CHALLENGE_TRIES:
        raise _blocked()
    if passed == "stuck":
        session.sleep(2.0 * 2**attempt)


def _blocked() -> SourceBlocked:
    return SourceBlocked(
        "DistroKid's Cloudflare check does not let this browser pass",
        hint="wait an hour; then look whether your own browser gets in, and: bedrot extract distrokid",
    )


def sign_in(session: Session, *, device_known: bool) -> None:
    """Sign in from the form, with the code the site asks for on an unknown device, and save the login.

    Submitting the password is what sends the code: with nobody there and an unknown device it is not submitted.

    Raises:
        ChallengeUnanswered, ChallengeExpired: nobody gave the code, or it was refused too often.
        CredentialsRejected, SourceBlocked, SourceUnavailable, SourceChanged: by what the site says.
    """
    session.stage("sign in")
    email, password = session.secret("email"), session.secret("password")
    medium = "app" if session.secret_or_none("totp_secret") else "e-mail"
    if not device_known:
        session.require_operator("code", medium)
    is_member = member(session)
    where = go(
        session,
        SIGN_IN,
        {"form": f"{SIGN_IN_FORM} && !!document.querySelector('{SIGN_IN_BUTTON}')", "member": is_member},
        what="sign-in page",
    )
    if where == "form":
        _submit(session, email, password, is_member)
    session.save_login(signed_in=where == "form")
    session.log("info", "signed in")


def _submit(session: Session, email: Secret, password: Secret, is_member: Callable[[Page], bool]) -> None:
    alerts: list[str] = []
    page = session.page

    def dismiss(dialog: Any) -> None:
        alerts.append(dialog.type)
        dialog.dismiss()

    page.on("dialog", dismiss)
    try:
        session.set_secret(EMAIL_FIELD, email)
        session.set_secret(PASSWORD_FIELD, password)
        page.locator(SIGN_IN_BUTTON).click()
        where = session.landmark(
            {
                "challenge": CHALLENGE, "mail": MAIL_CODE, "app": APP_CODE, "member": is_member, "puzzle": PUZZLE,
                "refused": f"{_SEEN}('{NOTICE}')", "alert": lambda _: bool(alerts),
            },
            timeout_seconds=ANSWER_SECONDS, what="answer to the sign-in",
        )  # fmt: skip
    finally:
        page.remove_listener("dialog", dismiss)
    if where == "challenge":
        wait_out_challenge(session, 0)
        where = session.landmark(
            {"mail": MAIL_CODE, "app": APP_CODE, "member": is_member}, timeout_seconds=PAGE_SECONDS, what="answer to the sign-in"
        )
    if where == "puzzle":
        raise SourceBlocked(
            "DistroKid wants a captcha solved", hint="wait an hour; then look whether your own browser gets in, and: bedrot extract distrokid"
        )
    if where == "alert":
        raise SourceUnavailable("DistroKid answered the sign-in with an error", hint="try again later")
    if where == "refused":
        raise _refusal(page.locator(NOTICE).first.inner_text())
    if where in ("mail", "app"):
        _enter_code(session, "e-mail" if where == "mail" else "app", is_member)


def _refusal(text: str) -> AccessError | SourceUnavailable:
    """What the sign-in box says, as an error. Its wording is *assumed*; the site's own text goes along, made harmless."""
    said = safe(text, 120)
    if re.search(r"lock|suspend|disabled|too many", text, re.IGNORECASE):
        return SourceBlocked(f"DistroKid refuses this account: {said}", hint="see to it at distrokid.com in your own browser")
    if re.search(r"password|e-?mail|incorrect|not found|no account", text, re.IGNORECASE):
        return CredentialsRejected(f"DistroKid refuses the sign-in: {said}", hint="bedrot secrets set distrokid password")
    return SourceUnavailable(f"DistroKid did not sign us in: {said}", hint="try again later")


def _enter_code(session: Session, medium: str, is_member: Callable[[Page], bool]) -> None:
    """Ask for the code until the site takes it."""
    session.require_operator("code", medium)
    page = session.page
    words = page.locator("main").first.inner_text() if page.locator("main").count() else ""
    address = next((w for w in words.split() if "@" in w), "").rstrip(".,")
    length = page.locator(CODE_FIELD).first.get_attribute("maxlength") or ""
    error = None
    left = CODE_TRIES
    sent = session.clock.monotonic()
    while left > 0:
        answer = session.ask(
            "code", "DistroKid does not know this computer and wants a code", medium=medium, hint=safe(address, 60),
            length=int(length) if length.isdigit() and 4 <= int(length) <= 8 else None, pattern=CODE_PATTERN,
            expires_in=CODE_LIFE_SECONDS - (session.clock.monotonic() - sent) if medium == "e-mail" else None, attempts_left=left,
            can=("resend",) if medium == "e-mail" else (), error=error, moved=lambda: is_member(page),
        )  # fmt: skip
        if answer == "moved":
            return
        if answer == "resend":
            error = _resend(session)
            sent = session.clock.monotonic() if error is None else sent
            continue
        where = _type_code(session, answer if isinstance(answer, Secret) else Secret(answer), is_member)
        if where == "member":
            return
        if where == "sign_in":
            raise ChallengeExpired("DistroKid took no more codes and wants a new sign-in", hint="bedrot extract distrokid")
        error = safe(page.locator(CODE_NOTICE).first.inner_text(), 120)
        left -= 1
    raise ChallengeExpired("DistroKid refused every code", hint="bedrot extract distrokid")


def _resend(session: Session) -> str | None:
    _clear_notice(session.page)
    session.page.locator(RESEND).first.click()
    session.landmark({"told": f"{_SEEN}('{CODE_NOTICE}')"}, what="answer to asking for a new code")
    told = session.page.locator(CODE_NOTICE).first.inner_text()
    return safe(told, 120) if re.search(r"too many|wait", told, re.IGNORECASE) else None


def _type_code(session: Session, code: Secret, is_member: Callable[[Page], bool]) -> str:
    """Put the code in; the field submits itself when it is full (*seen* by one reader), else Enter does."""
    page = session.page
    _clear_notice(page)
    marks: dict[str, Any] = {
        "refused": f"{_SEEN}('{CODE_NOTICE}')", "member": is_member, "sign_in": f"{_PATH} === '/signin' && {SIGN_IN_FORM}",
    }  # fmt: skip
    session.set_secret(CODE_FIELD, code)
    unsent = f"({_LATER})('bedrotCode', 4000)"
    where = session.landmark({**marks, "unsent": unsent}, timeout_seconds=ANSWER_SECONDS, what="answer to the code")
    if where == "unsent":
        page.locator(CODE_FIELD).first.press("Enter")
        where = session.landmark(marks, timeout_seconds=ANSWER_SECONDS, what="answer to the code")
    return where


def _clear_notice(page: Page) -> None:
    """Empty the notice of the attempt before, so that it is not taken for the answer to this one."""
    page.evaluate(
        "s => { document.querySelectorAll(s).forEach(e => { e.textContent = ''; }); delete window.__bedrotCode; }", CODE_NOTICE
    )


def stranger(html: bytes, email: Secret | None) -> bool:
    """Whether a stats page names another member: it carries the account's e-mail (*seen* on all captures), and this is not ours."""
    if email is None:
        return False
    text = html.decode("utf-8", "replace").replace("&#64;", "@").replace("\\u0040", "@").replace("%40", "@").lower()
    if email.reveal().lower() in text:
        return False
    return any(not found.endswith("distrokid.com") for found in _ADDRESS.findall(text))
