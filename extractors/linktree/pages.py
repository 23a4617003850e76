"""The site in the browser: what each page is, and how to act on it. Selectors stand here and nowhere else.

*Seen*: `#identifier` (older: `input[name=username]`), `input[name=password]`, the way back over `/connect/service/auth0` to `/admin`, the
picker's `input.input-datepicker-2` with an icon sometimes before it, `label[for="last-365-days"]`, the button "Daily", a heading that says
Insights or Analytics. *Documented*: second factor by SMS, voice call or authenticator app with six digits; "remember this device for 30
days". *Assumed*: everything else of the sign-in service, after the plain universal login of Auth0 (its paths, notices, `auth0-mf` cookie).
"""

from __future__ import annotations

import json
import re
from itertools import count
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from bedrot_console.domain.challenges import Secret
from bedrot_console.domain.errors import AccessError, ChallengeExpired, CredentialsRejected, SourceBlocked, SourceChanged
from bedrot_console.domain.text import safe

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from bedrot_console.extraction.session import Session

    from .graphql import Listener

LOGIN, ANALYTICS = "/login", "/admin/analytics"
IDENTIFIER = "#identifier, input[name='username']:not([type=hidden])"
PASSWORD = "input[name='password']"
CODE = "input[name='code'], input[autocomplete='one-time-code']"
REMEMBER = "input[type=checkbox][name='rememberBrowser']"
NOTICE = "#prompt-alert, .ulp-input-error-message, [id^='error-element'], [role=alert]"
RESEND = "button[value='resend-code'], a[href*='resend']"
CAPTCHA = "[data-captcha-provider], #ulp-auth0-v2-captcha, iframe[title*='captcha' i]"
CAPTCHA_DONE = "input[name='captcha'], textarea[name='g-recaptcha-response']"
DATE_INPUT = "input.input-datepicker-2"
CALENDAR_ICON = "[data-testid*='calendar' i], button[aria-label*='calendar' i], button[aria-label*='date range' i]"
CHOICE = "label[for^='last-'][for$='-days']"
PROFILE_LINK = "a[href*='linktr.ee/'], [data-profile-url]"
DEVICE_COOKIE = "auth0-mf"

CODE_TRIES = 5
CODE_LENGTH = 6
CODE_LIFE_SECONDS = 300.0
PAGE_SECONDS = 15.0
"""How long a page may take until it is one of those we know."""
ARRIVE_SECONDS = 45.0
"""How long the Insights page may take until its first figures are there."""
SETTLE_LOOKS = 40
"""How often a page that is signed out is looked at (every 50 ms or slower) until it has gone to the sign-in by itself."""
PUZZLE_SECONDS = 12.0
"""How long a page of the site's guard may take to let us pass by itself."""

_SEEN = "(s => [...document.querySelectorAll(s)].some(e => e.getClientRects().length > 0 && getComputedStyle(e).visibility !== 'hidden'))"
_TOLD = "(s => [...document.querySelectorAll(s)].some(e => e.getClientRects().length > 0 && e.textContent.trim()))"
_LATER = "([name, ms]) => { const n = '__' + name; window[n] = window[n] || performance.now(); return performance.now() - window[n] > ms; }"
GUARD = "/just a moment|attention required|checking your browser/i.test(document.title) || !!document.querySelector('#challenge-running, #challenge-form, #cf-error-details')"
OUTSIDE = "!/^\\/admin(\\/|$)/.test(location.pathname)"
FORM = f"{OUTSIDE} && ({_SEEN})({json.dumps(IDENTIFIER)})"
PASSWORD_FORM = f"{OUTSIDE} && ({_SEEN})({json.dumps(PASSWORD)})"
CODE_FORM = f"{OUTSIDE} && ({_SEEN})({json.dumps(CODE)})"
REFUSED = f"{OUTSIDE} && ({_TOLD})({json.dumps(NOTICE)})"
PUZZLE = f"{OUTSIDE} && ({_SEEN})({json.dumps(CAPTCHA)}) && ![...document.querySelectorAll({json.dumps(CAPTCHA_DONE)})].some(e => e.value)"
_UPGRADE = "[...document.querySelectorAll('[role=dialog], [data-testid*=upgrade i], [class*=upgrade i]')].some(e => e.getClientRects().length > 0 && /upgrade|\\bpro\\b|premium/i.test(e.textContent))"
_DAILY = (
    "[...document.querySelectorAll('button')].some(b => b.getClientRects().length > 0 && /^\\s*daily\\s*$/i.test(b.textContent))"
)
_DAILY_WORD = re.compile(r"^\s*daily\s*$", re.IGNORECASE)
_CHOICES = """s => [...document.querySelectorAll(s)].filter(e => e.getClientRects().length > 0)
  .map(e => [e.htmlFor, e.closest('[aria-disabled=true], [data-locked=true], .locked') !== null || !!(e.control && e.control.disabled)])"""
_PROFILES = """s => [...document.querySelectorAll(s)].map(e => e.dataset.profileUrl || e.getAttribute('href') || '')"""
_PROFILE = re.compile(r"^(?:https?:)?(?://)?(?:www\.)?linktr\.ee/([\w.-]{1,60})/?$", re.IGNORECASE)
_NOT_PROFILES = {"admin", "login", "register", "help", "blog", "s", "discover", "marketplace", "pricing"}
_NUMBER = re.compile(r"[X*\u2022x+\d][X*\u2022x\d\s().-]{2,18}\d{2}")


def on_admin(session: Session, page: Page) -> bool:
    """Whether the parsed address is a member's page of the platform's own host. A page may show it for a moment before it redirects."""
    where, home = urlsplit(str(page.evaluate("location.href"))), urlsplit(session.base_url)
    return where.netloc == home.netloc and (where.path == "/admin" or where.path.startswith("/admin/"))


def arrive(session: Session, listener: Listener) -> str:
    """Open the Insights page and say where that leads: `member` (its figures came), `login`, or `trouble` (figures came, none usable).

    The positive sign is the address under `/admin` together with an answer of figures: a page that merely says so proves nothing.

    Raises:
        SourceBlocked: a guard page stays.  SourceChanged: neither figures nor sign-in.
    """

    def member(page: Page) -> bool:
        listener.collect()
        return listener.member and on_admin(session, page)

    marks: dict[str, Any] = {
        "guard": GUARD, "login": f"({FORM}) || ({PASSWORD_FORM})", "signed_out": lambda _: listener.signed_out, "member": member,
        "trouble": lambda _: listener.only_trouble is not None,
        "elsewhere": lambda page: not on_admin(session, page) and quiet(page, "bedrotElsewhere", PAGE_SECONDS),
    }  # fmt: skip
    for _ in range(2):
        session.open(ANALYTICS)
        where = session.landmark(marks, timeout_seconds=ARRIVE_SECONDS, what="Insights page")
        if where == "guard":
            _wait_out_guard(session)
            continue
        if where == "elsewhere":  # kept and told as a sign-in page that is not as it was
            return session.landmark({"login": marks["login"]}, timeout_seconds=0.0, what="sign-in page")
        if where == "signed_out":  # the page goes to the sign-in by itself; opening it meanwhile would be interrupted by that
            _wait_for_sign_in(session, marks["login"])
            return "login"
        return where
    raise _blocked()


def _wait_for_sign_in(session: Session, form: str) -> None:
    """Let a page that is signed out go to the sign-in by itself, for a while: it may also go to and fro without end."""
    looks = count()
    marks: dict[str, Any] = {"login": form, "late": lambda _: next(looks) > SETTLE_LOOKS}
    session.landmark(marks, timeout_seconds=PAGE_SECONDS, what="sign-in page")


def _wait_out_guard(session: Session) -> None:
    """Let a guard page pass by itself; raises SourceBlocked if it stays."""
    session.log("info", "Linktree shows a check of the browser; waiting for it to pass")
    late = lambda page: page.evaluate(_LATER, ["bedrotGuard", PUZZLE_SECONDS * 1000])  # noqa: E731
    passed = f"!({GUARD}) && document.readyState !== 'loading'"
    if (
        session.landmark({"passed": passed, "late": late}, timeout_seconds=PUZZLE_SECONDS * 2, what="check of the browser")
        == "late"
    ):
        raise _blocked()


def _blocked() -> SourceBlocked:
    return SourceBlocked(
        "Linktree's check of the browser does not let this one pass",
        hint="wait an hour; then look whether your own browser gets in, and: bedrot extract linktree",
    )


def profiles(page: Page) -> set[str]:
    """Names of the profiles that the member's page links to (`linktr.ee/<name>`; *assumed* to be there)."""
    found = {match[1].lower() for href in page.evaluate(_PROFILES, PROFILE_LINK) if (match := _PROFILE.match(str(href)))}
    return found - _NOT_PROFILES


# -- signing in -------------------------------------------------------------------------------------------------------------------


def device_known(session: Session) -> bool:
    """Whether the sign-in service will recognise this browser: it gave a cookie for that (30 days, *documented*; name *assumed*)."""
    now = session.clock.now().timestamp()
    cookies = session.browser.context.cookies()
    return any(c["name"].startswith(DEVICE_COOKIE) and (c["expires"] < 0 or c["expires"] > now) for c in cookies)


def sign_in(session: Session) -> None:
    """Sign in from the form: name, password, and the code that the account's second factor wants of an unknown device.

    The right password is what makes Linktree send a code. So with nobody there it is given only if the device is known, the vault can answer
    for the authenticator app, or the setting `second_factor = "none"` says that the account has none.

    Raises:
        ChallengeUnanswered, ChallengeExpired: nobody gave the code, or it was refused too often.
        CredentialsRejected, SourceBlocked, SourceChanged: by what the page says.
    """
    session.stage("sign in")
    username, password = session.secret("username"), session.secret("password")
    factor = str(session.option("second_factor", "")) or ("app" if session.secret_or_none("totp_secret") else "sms")
    if factor != "none" and not device_known(session):
        session.require_operator("code", factor)
    here = {"password": PASSWORD_FORM, "identifier": FORM, "elsewhere": "true"}
    where = session.landmark(here, timeout_seconds=PAGE_SECONDS, what="sign-in page")
    if where == "elsewhere":
        where = _open_form(session)
    if where == "member":  # the pages' cookie still lives while the token does not: only a sign-in from the start gives a new one
        session.browser.context.clear_cookies(name=re.compile(rf"^(?!{DEVICE_COOKIE})"))
        where = _open_form(session)
    if where == "identifier":
        where = _give_name(session, username)
    if where == "password":
        _own_host(session)
        session.set_secret(PASSWORD, password)
        where = _sent(session, PASSWORD, "answer to the password", {"password": PASSWORD_FORM})
        if where in ("refused", "password"):
            raise _refusal(_notice(session.page))
    if where == "code":
        _enter_code(session)
    session.log("info", "signed in")


def _open_form(session: Session) -> str:
    """Open the sign-in page and say what it is: `identifier`, `password` (the name is remembered), or `member` (nothing to sign in to)."""
    session.open(LOGIN)
    marks: dict[str, Any] = {
        "guard": GUARD,
        "password": PASSWORD_FORM,
        "identifier": FORM,
        "member": lambda page: on_admin(session, page),
    }
    where = session.landmark(marks, timeout_seconds=PAGE_SECONDS, what="sign-in page")
    if where == "guard":
        raise _blocked()
    return where


def _give_name(session: Session, username: Secret) -> str:
    """Type the name, and let a person solve the captcha that the sign-in service may want with it."""
    for _ in range(2):
        _own_host(session)
        session.set_secret(IDENTIFIER, username)
        where = _sent(session, IDENTIFIER, "answer to the name", {"password": PASSWORD_FORM, "puzzle": PUZZLE})
        if where == "refused":
            raise _refusal(_notice(session.page))
        if where != "puzzle":
            return where
        session.require_operator("page", "captcha")
        session.ask(
            "page",
            "Linktree's sign-in wants a captcha solved",
            medium="captcha",
            moved=lambda: not session.page.evaluate(f"() => {PUZZLE}"),
        )
    raise SourceBlocked(
        "Linktree wants one captcha after the other", hint="sign in once in your own browser, then: bedrot extract linktree"
    )


def _sent(session: Session, field: str, what: str, marks: dict[str, Any]) -> str:
    """Send the form that a field is in, and say what came of it. Enter sends that form; a page has other buttons (Google, Apple)."""
    page = session.page
    page.evaluate(
        "s => { window.__bedrotOld = true; document.querySelectorAll(s).forEach(e => { e.textContent = ''; }); }", NOTICE
    )
    page.locator(field).first.press("Enter", no_wait_after=True)
    fresh = {name: f"!window.__bedrotOld && ({mark})" for name, mark in marks.items()}
    own: dict[str, Any] = {"guard": GUARD, "code": f"!window.__bedrotOld && ({CODE_FORM})", "refused": REFUSED, **fresh}
    own["member"] = lambda page: on_admin(session, page)
    where = session.landmark(own, timeout_seconds=PAGE_SECONDS, what=what)
    if where == "guard":
        raise _blocked()
    return where


def _own_host(session: Session) -> None:
    """Nothing secret is typed anywhere but at the platform's own hosts.

    Raises:
        SourceChanged: the page lies elsewhere.
    """
    where, home = urlsplit(session.page.url), urlsplit(session.base_url)
    host, own = where.hostname or "", home.hostname or ""
    local = ("localhost", "127.0.0.1", "::1")
    if host == own or host.endswith("." + own) or (own in local and host in local):
        return
    raise SourceChanged(
        f"Linktree's sign-in leads to another host ({safe(host, 60)})", hint="nothing was typed there; a developer must look"
    )


def _notice(page: Page) -> str:
    """What the form says about the last attempt."""
    told = page.evaluate(
        "s => ([...document.querySelectorAll(s)].find(e => e.getClientRects().length > 0 && e.textContent.trim()) || {textContent: ''}).textContent",
        NOTICE,
    )
    return " ".join(str(told).split())


def _refusal(told: str) -> AccessError:
    """What the form says, as an error; its wording is *assumed* (Auth0's own texts), and goes along made harmless."""
    said = safe(told, 120)
    if re.search(r"block|lock|suspend|disabled|too many|multiple", told, re.IGNORECASE):
        return SourceBlocked(f"Linktree refuses this account: {said}", hint="see to it at linktr.ee/login in your own browser")
    return CredentialsRejected(
        f"Linktree refuses the sign-in: {said or 'it says nothing'}", hint="bedrot secrets set linktree password"
    )


def _medium(page: Page) -> tuple[str, str]:
    """How the code comes, and the masked number it goes to."""
    words = str(page.evaluate("() => document.body.innerText"))[:2000]
    path = urlsplit(page.url).path.lower()
    number = _NUMBER.search(words)
    if "otp" in path or re.search(r"authenticat(?:or|ion) app|one-time password", words, re.IGNORECASE):
        return "app", ""
    if "voice" in path or re.search(r"\b(?:called|calling|voice call|phone call)\b", words, re.IGNORECASE):
        return "voice", safe(number[0].strip(), 30) if number else ""
    return "sms", safe(number[0].strip(), 30) if number else ""


def _enter_code(session: Session) -> None:
    """Ask for the code until the site takes it; the device is remembered, so that the next 30 days need none (*documented*)."""
    page = session.page
    medium, number = _medium(page)
    session.require_operator("code", medium)
    error: str | None = None
    left = CODE_TRIES
    sent = session.clock.monotonic()
    while left > 0:
        answer = session.ask(
            "code", "Linktree wants the code of the second factor", medium=medium, hint=number, length=CODE_LENGTH, pattern=r"\d{6}",
            expires_in=None if medium == "app" else max(1.0, CODE_LIFE_SECONDS - (session.clock.monotonic() - sent)), attempts_left=left,
            can=() if medium == "app" else ("resend",), error=error, moved=lambda: on_admin(session, page),
        )  # fmt: skip
        if answer == "moved":
            return
        if answer == "resend":
            error, sent = _resend(session), session.clock.monotonic()
            continue
        page.evaluate("s => document.querySelectorAll(s).forEach(e => { if (!e.checked) e.click(); })", REMEMBER)
        _own_host(session)
        session.set_secret(CODE, answer if isinstance(answer, Secret) else Secret(answer))
        where = _sent(session, CODE, "answer to the code", {"login": f"({FORM}) || ({PASSWORD_FORM})"})
        if where == "member":
            return
        if where == "login":
            raise ChallengeExpired("Linktree takes no more codes and wants a new sign-in", hint="bedrot extract linktree")
        error, left = safe(_notice(page), 120), left - 1
        if re.search(r"too many|block", error, re.IGNORECASE):
            raise ChallengeExpired(f"Linktree takes no more codes: {error}", hint="wait a while, then: bedrot extract linktree")
    raise ChallengeExpired("Linktree refused every code", hint="bedrot extract linktree")


def _resend(session: Session) -> str | None:
    """Have a new code sent; what the page says if it does not."""
    page = session.page
    page.evaluate("() => { window.__bedrotOld = true; }")
    page.locator(RESEND).first.click(no_wait_after=True)
    session.landmark(
        {"again": f"!window.__bedrotOld && ({CODE_FORM})"}, timeout_seconds=PAGE_SECONDS, what="answer to asking for a new code"
    )
    told = _notice(page)
    return safe(told, 120) if re.search(r"too many|wait", told, re.IGNORECASE) else None


# -- the period -------------------------------------------------------------------------------------------------------------------


def choose_period(session: Session, wanted: int) -> int:
    """Set the picker to the wanted days, day by day, or to the longest window that the plan offers; returns the days that were chosen.

    Raises:
        AccessError: the plan shows no daily figures.  SourceChanged: the picker is not as it was.
    """
    page = session.page
    seen = lambda s: f"({_SEEN})({json.dumps(s)})"  # noqa: E731
    start = {"input": seen(DATE_INPUT), "icon": seen(CALENDAR_ICON)}
    if session.landmark(start, timeout_seconds=PAGE_SECONDS, what="period picker") == "icon":
        page.locator(CALENDAR_ICON).first.click()
        session.landmark({"input": start["input"], "open": seen(CHOICE)}, timeout_seconds=PAGE_SECONDS, what="period picker")
    if not page.evaluate(f"() => {seen(CHOICE)}"):
        page.locator(DATE_INPUT).first.click()
        session.landmark({"choices": seen(CHOICE)}, timeout_seconds=PAGE_SECONDS, what="choices of the period picker")
    offered = {}
    for name, locked in page.evaluate(_CHOICES, CHOICE):
        if match := re.fullmatch(r"last-(\d{1,3})-days", name):
            offered[int(match[1])] = not locked
    open_to_us = [days for days, free in offered.items() if free and days <= wanted]
    if not open_to_us:
        raise SourceChanged(f"the period picker offers no window of {wanted} days or fewer")
    days = max(open_to_us)
    page.locator(f'label[for="last-{days}-days"]').first.click()
    where = session.landmark({"daily": _DAILY, "upgrade": _UPGRADE}, timeout_seconds=PAGE_SECONDS, what="button Daily")
    if where == "upgrade":
        raise AccessError("this account's plan shows no daily figures", hint="Linktree shows them on paid plans only")
    page.locator("button").filter(has_text=_DAILY_WORD).first.click()
    return days


def quiet(page: Page, name: str, seconds: float) -> bool:
    """Whether so many seconds went by since this was first asked under this name, by the page's own time."""
    return bool(page.evaluate(_LATER, [name, seconds * 1000]))
