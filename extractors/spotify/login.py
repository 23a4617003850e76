"""Signing in on the accounts host: user name, password, captcha, second factor; and staying away while the platform has locked it.

*Documented*: 6-digit codes by SMS or authenticator app, SMS first where both are on, "another way", asked at every sign-in, and 30 minutes
after "Too many attempts". So no device is ever known, and with nobody there no sign-in is begun unless the vault holds the app's secret.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from bedrot_console.domain.challenges import Secret
from bedrot_console.domain.errors import (
    AccessError,
    BedrotError,
    ChallengeExpired,
    CredentialsRejected,
    SourceBlocked,
    SourceChanged,
    SourceUnavailable,
)
from bedrot_console.domain.files import format_time, parse_time
from bedrot_console.domain.text import safe

from . import pages

if TYPE_CHECKING:
    from bedrot_console.extraction.session import Session

LOCK = timedelta(minutes=30)
LOCKED_UNTIL = "locked_until"
CODE_LIFE_SECONDS = 600.0
"""How long a code by SMS is taken (*assumed*)."""
CODE_TRIES = 4
"""How often we let a code be refused: fewer than lock the account (how many do is not known)."""
ANSWER_SECONDS = 30.0
_LATER = "(ms => { window.__bedrotFrom = window.__bedrotFrom || performance.now(); return performance.now() - window.__bedrotFrom > ms; })"
_MAIN = "(document.querySelector('main') || document.body).innerText"


def sign_in(session: Session) -> None:
    """Sign in from the form, and save the login.

    Submitting the password is what sends a code: with nobody there to give it, nothing is submitted. The option `second_factor = "none"`
    says that the account has none.

    Raises:
        ChallengeUnanswered, ChallengeExpired: nobody gave the code, or it was refused too often.
        SourceBlocked: locked after too many attempts, now or in an earlier run.
        CredentialsRejected, SourceUnavailable, SourceChanged: by what the site says.
    """
    session.stage("sign in")
    _stay_away(session)
    email, password = session.secret("email"), session.secret("password")
    if session.option("second_factor") != "none":
        session.require_operator("code", "app" if session.secret_or_none("totp_secret") else "sms")
    session.open("/", timeout_seconds=pages.OPEN_SECONDS)
    form = f"{pages.at(pages.accounts_host(session))} && {pages.shown(pages.USER_FIELD)} && {pages.shown(pages.BUTTON)}"
    where = _after_captcha(session, {"member": pages.member(session), "form": form}, "sign-in page", seconds=pages.PAGE_SECONDS)
    if where == "form":
        _submit(session, email, password)
    session.save_login(signed_in=where == "form")
    session.log("info", "signed in")


def _stay_away(session: Session) -> None:
    """Do not knock while the platform has locked the sign-in: each knock could lengthen it.

    Raises:
        SourceBlocked: an earlier run was told to wait, and the time is not over.
    """
    known = session.recall(LOCKED_UNTIL)
    try:
        until = parse_time(known) if known else None
    except ValueError:
        until = None
    now = session.clock.now()
    if until is not None and now < until <= now + LOCK:
        minutes = -(-(until - now) // timedelta(minutes=1))
        raise SourceBlocked(
            f"Spotify locked the sign-in after too many attempts; it may be tried again from {until:%H:%M} UTC (in {minutes} minute{'s' if minutes > 1 else ''})",
            hint=f"wait; if it is open again by your own doing: bedrot secrets remove spotify {LOCKED_UNTIL}{_account(session)}",
        )


def _locked(session: Session) -> SourceBlocked:
    """The platform has just said so: remember it for later runs."""
    until = session.clock.now() + LOCK
    session.remember(LOCKED_UNTIL, format_time(until))
    return SourceBlocked(
        f"Spotify locked the sign-in after too many attempts; it may be tried again from {until:%H:%M} UTC (in 30 minutes)",
        hint="until then no run of this account signs in; a saved login still works",
    )


def _submit(session: Session, email: Secret, password: Secret) -> None:
    """User name, password, and whatever the site wants to know besides."""
    page = session.page
    session.set_secret(pages.USER_FIELD, email)
    if not page.evaluate(pages.shown(pages.PASSWORD_FIELD)):
        page.locator(pages.BUTTON).first.click()
        marks = {
            "locked": pages.TOO_MANY, "password": pages.shown(pages.PASSWORD_FIELD), "mailed": f"!!{pages.WITH_PASSWORD}", "refused": pages.REFUSED,
        }  # fmt: skip
        where = _after_captcha(session, marks, "answer to the user name")
        if where == "mailed":
            session.log("info", "Spotify mailed a code; going on with the password instead")
            page.evaluate(f"{pages.WITH_PASSWORD}.click()")
            where = session.landmark(
                {"password": pages.shown(pages.PASSWORD_FIELD)}, timeout_seconds=pages.PAGE_SECONDS, what="password field"
            )
        if where != "password":
            raise _refusal(session, where)
    if page.evaluate("location.host") != pages.accounts_host(session):
        raise SourceChanged("the password field is not on the host where people sign in; nothing was typed")
    session.set_secret(pages.PASSWORD_FIELD, password)
    page.locator(pages.BUTTON).first.click()
    accounts = pages.at(pages.accounts_host(session))
    marks = {
        "locked": pages.TOO_MANY, "member": pages.member(session), "no_artist": _no_artist(session),
        "code": f"{accounts} && {pages.shown(pages.CODE_FIELD)}", "refused": pages.REFUSED,
    }  # fmt: skip
    where = _after_captcha(session, marks, "answer to the password")
    if where == "code":
        where = _second_factor(session)
    if where == "no_artist":
        raise AccessError("this login is in the team of no artist", hint="see to it at artists.spotify.com in your own browser")
    if where != "member":
        raise _refusal(session, where)


def _no_artist(session: Session) -> str:
    """On the artists host, loaded, and long enough no member's page. Not ours to guess what it is instead."""
    return f"{pages.at(pages.artists_host(session))} && document.readyState === 'complete' && ({_LATER})(8000)"


def _after_captcha(session: Session, marks: dict[str, Any], what: str, *, seconds: float = ANSWER_SECONDS) -> str:
    """Which of `marks` follows; a captcha on the way is shown to the human as the live page."""
    where = session.landmark({"captcha": pages.CAPTCHA, **marks}, timeout_seconds=seconds, what=what)
    if where != "captcha":
        return where
    page = session.page
    session.ask(
        "page",
        "Spotify wants to see that a person signs in: solve the captcha on the page",
        moved=lambda: not page.evaluate(pages.CAPTCHA),
    )
    return session.landmark(marks, timeout_seconds=ANSWER_SECONDS, what=what)


def _refusal(session: Session, where: str) -> BedrotError:
    """What the banner says, as an error. Its wording is *assumed*; the site's own text goes along, made harmless."""
    if where == "locked":
        return _locked(session)
    text = _banner(session)
    if re.search(r"incorrect|wrong (?:user|pass|e-?mail)|password|username|no account", text, re.IGNORECASE):
        return CredentialsRejected(
            f"Spotify refuses the sign-in: {text}", hint=f"bedrot secrets set spotify password{_account(session)}"
        )
    return SourceUnavailable(f"Spotify did not sign us in: {text}", hint="try again later")


def _banner(session: Session) -> str:
    said = session.page.evaluate(
        "s => [...document.querySelectorAll(s)].filter(e => e.offsetParent !== null).map(e => e.textContent.trim()).find(t => t) || ''",
        pages.BANNER,
    )
    return safe(str(said), 120)


def _second_factor(session: Session) -> str:
    """Ask for the code until the site takes it; returns the landmark that follows.

    Raises:
        ChallengeExpired: refused too often.  SourceBlocked: the site locked the sign-in.
    """
    page = session.page
    host = pages.artists_host(session)
    method = _method(session)
    if method == "sms" and session.secret_or_none("totp_secret") and _change(session, "app"):
        method = "app"
    session.require_operator("code", method)
    error, left, sent = None, CODE_TRIES, session.clock.monotonic()
    while left:
        by_sms = method == "sms"
        got = session.ask(
            "code", "Spotify asks for the second factor of this account", medium=method, hint=_hint(session) if by_sms else "", length=6,
            pattern=r"\d{6}", expires_in=CODE_LIFE_SECONDS - (session.clock.monotonic() - sent) if by_sms else None, attempts_left=left,
            can=("resend", "other") if by_sms else ("other",), error=error, moved=lambda: page.evaluate("location.host") == host,
        )  # fmt: skip
        if got == "moved":
            return _arrived(session)
        if got == "resend":
            error = _resend(session)
            sent = session.clock.monotonic()
            continue
        if got == "other":
            other = "app" if by_sms else "sms"
            error = None if _change(session, other) else "this account has no other way"
            method, sent = (other, session.clock.monotonic()) if error is None else (method, sent)
            continue
        where = _type(session, got if isinstance(got, Secret) else Secret(got))
        if where == "locked":
            raise _locked(session)
        if where == "away":
            return _arrived(session)
        error, left = _banner(session), left - 1
    raise ChallengeExpired(
        "Spotify refused every code; we stop before it locks the account for half an hour",
        hint=f"bedrot extract spotify{_account(session)}",
    )


def _account(session: Session) -> str:
    return "" if session.account == "default" else f" --account {session.account}"


def _arrived(session: Session) -> str:
    return session.landmark(
        {"member": pages.member(session), "no_artist": _no_artist(session)},
        timeout_seconds=pages.PAGE_SECONDS,
        what="page after the sign-in",
    )


def _method(session: Session) -> str:
    """By what the code comes, by the words of the page (*documented* names)."""
    text = str(session.page.evaluate(_MAIN))
    return "app" if re.search(r"authenticator", text, re.IGNORECASE) else "sms"


def _hint(session: Session) -> str:
    """The masked number as the page shows it."""
    found = re.search(r"[\u2022*.\u00b7]{2,}[\s-]*\d{2,4}", str(session.page.evaluate(_MAIN)))
    return safe(found[0], 30) if found else ""


def _change(session: Session, method: str) -> bool:
    """Take another way; False if the page offers none such."""
    page = session.page
    if not page.evaluate(pages.shown(pages.ANOTHER_WAY)):
        return False
    page.locator(pages.ANOTHER_WAY).first.click()
    choice = pages.METHODS[method]
    offered = session.landmark({"offered": pages.shown(choice), "not": f"({_LATER})(1500)"}, what="other ways to sign in")
    page.evaluate("() => { delete window.__bedrotFrom; }")
    if offered == "not":
        return False
    page.evaluate("() => { window.__bedrotOld = true; }")
    page.locator(choice).first.click()
    session.landmark(
        {"changed": f"!window.__bedrotOld && document.readyState === 'complete' && {pages.shown(pages.CODE_FIELD)}"},
        what="page of the other way",
    )
    return _method(session) == method


def _resend(session: Session) -> str | None:
    """Ask for a new code; what the site says if it does not send one."""
    _clear_banner(session)
    session.page.locator(pages.RESEND).first.click()
    session.landmark({"told": pages.REFUSED}, what="answer to asking for a new code")
    told = _banner(session)
    return told if re.search(r"too many|wait", told, re.IGNORECASE) else None


def _type(session: Session, code: Secret) -> str:
    """Put the code in and send it off; `away`, `locked` or `refused`."""
    _clear_banner(session)
    session.set_secret(pages.CODE_FIELD, code)
    session.page.locator(pages.BUTTON).first.click()
    marks = {"away": pages.at(pages.artists_host(session)), "locked": pages.TOO_MANY, "refused": pages.REFUSED}
    return session.landmark(marks, timeout_seconds=ANSWER_SECONDS, what="answer to the code")


def _clear_banner(session: Session) -> None:
    """Empty what the attempt before left, so that it is not taken for the answer to this one."""
    session.page.evaluate("s => document.querySelectorAll(s).forEach(e => { e.textContent = ''; })", pages.BANNER)
