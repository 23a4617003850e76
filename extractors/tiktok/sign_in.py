"""Signing in at TikTok: by password and code, or by a QR code that the phone scans. Selectors of the login pages stand here.

*Documented*: the choices of the login page; 2-step verification by SMS, e-mail or authenticator, a six-digit code on an unknown device;
some accounts are offered only the QR code. *Assumed*: paths below /login, attributes, wording, how a refused code is told, that QR codes
are renewed by the page or by a button on it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bedrot_console.domain.challenges import Secret
from bedrot_console.domain.errors import (
    AccessError,
    ChallengeExpired,
    CredentialsRejected,
    SourceBlocked,
    SourceUnavailable,
)
from bedrot_console.domain.text import safe

from . import pages

if TYPE_CHECKING:
    from bedrot_console.extraction.session import Session

FORM_PATH, QR_PATH = "/login/phone-or-email/email", "/login/qrcode"
NAME_FIELD, PASSWORD_FIELD = 'input[name="username"]', 'input[type="password"]'
LOGIN_BUTTON = '[data-e2e="login-button"]'
LOGIN_ERROR = '[data-e2e="login-error"]'
QR_CODE, QR_RENEW = '[data-e2e="qr-code"]', '[data-e2e="qr-renew"]'
CODE_FIELD = '[data-e2e="code-input"]'
CODE_ERROR = '[data-e2e="code-error"]'
CODE_BUTTON = '[data-e2e="code-confirm"]'
CODE_CHANNEL = '[data-e2e="code-channel"]'
RESEND = '[data-e2e="code-resend"]'

CODE_LENGTH = 6
CODE_TRIES = 5
CODE_LIFE_SECONDS = 600.0
QR_ROUNDS = 3
MEDIA = {"email": "e-mail", "sms": "sms", "totp": "app"}
_SEEN = "(s => [...document.querySelectorAll(s)].some(e => e.getClientRects().length > 0 && e.textContent.trim()))"
FORM = f"!!document.querySelector('{PASSWORD_FIELD}') && !!document.querySelector('{LOGIN_BUTTON}')"
QR = f"!!document.querySelector('{QR_CODE}')"
CODE = f"!!document.querySelector('{CODE_FIELD}')"


def sign_in(session: Session, *, device_known: bool) -> None:
    """Sign in and save the login.

    Submitting the password is what makes TikTok send a code to an unknown device: with nobody there it is not submitted.

    Raises:
        ChallengeUnanswered, ChallengeExpired: nobody scanned, solved or typed, or codes were refused too often.
        CredentialsRejected, SourceBlocked, SourceUnavailable, SourceChanged: by what TikTok says.
    """
    session.stage("sign in")
    by_password = _by_password(session)
    if not by_password:
        session.require_operator("qr")
    elif not device_known:
        session.require_operator(
            "code", "app" if session.secret_or_none("totp_secret") else str(session.option("two_step", "e-mail"))
        )
    session.open(FORM_PATH if by_password else QR_PATH, timeout_seconds=pages.OPEN_SECONDS)
    where = pages.settle(session, {"member": pages.MEMBER, "code": CODE, "form": FORM, "qr": QR}, what="login page")
    if where == "form":
        where = _submit(session)
    if where == "qr":
        if by_password:
            session.log("info", "TikTok offers this account only the QR code")
        where = _scan(session)
    if where == "code":
        _enter_code(session)
    session.save_login(signed_in=True)
    session.log("info", "signed in")


def _by_password(session: Session) -> bool:
    """Whether to use the form: as set (`login = "qr"` or `"password"`), else where the vault holds a name and a password."""
    chosen = session.option("login")
    if chosen in ("qr", "password"):
        return bool(chosen == "password")
    return session.secret_or_none("email") is not None and session.secret_or_none("password") is not None


def _is_member(session: Session) -> bool:
    return bool(session.page.evaluate(pages.MEMBER))


def _submit(session: Session) -> str:
    session.set_secret(NAME_FIELD, session.secret("email"))
    session.set_secret(PASSWORD_FIELD, session.secret("password"))
    session.page.locator(LOGIN_BUTTON).first.click()
    marks = {"member": pages.MEMBER, "code": CODE, "refused": f"{_SEEN}('{LOGIN_ERROR}')", "qr": QR}
    where = pages.settle(session, marks, what="answer to the login", seconds=pages.ANSWER_SECONDS)
    if where == "refused":
        raise _refusal(session.page.locator(LOGIN_ERROR).first.inner_text())
    return where


def _refusal(text: str) -> AccessError | SourceUnavailable:
    """What the form says, as an error; its wording is *assumed*, TikTok's own words go along, made harmless."""
    said = safe(text, 120)
    if re.search(r"maximum number|too many|suspend|banned|locked", text, re.IGNORECASE):
        return SourceBlocked(f"TikTok refuses this account: {said}", hint="see to it at tiktok.com in your own browser")
    if re.search(r"password|username|account|incorrect|doesn.t match|not exist", text, re.IGNORECASE):
        return CredentialsRejected(f"TikTok refuses the login: {said}", hint="bedrot secrets set tiktok password")
    return SourceUnavailable(f"TikTok did not log us in: {said}", hint="try again later")


def _scan(session: Session) -> str:
    """Have the QR code scanned. It is read from the page whenever somebody looks, as it is renewed all the time."""

    def moved() -> bool:
        page = session.page
        if page.evaluate(f"{CODE} || {pages.CAPTCHA}") or _is_member(session):
            return True
        if page.locator(QR_RENEW).first.is_visible():
            page.locator(QR_RENEW).first.click()
        return False

    for _ in range(QR_ROUNDS):
        answer = session.ask(
            "qr", "Scan this code with the TikTok app (Profile, then the scanner) and confirm the login there",
            look=lambda: session.read_qr(QR_CODE), moved=moved,
        )  # fmt: skip
        marks = {"member": pages.MEMBER, "code": CODE, **({"qr": QR} if answer == "done" else {})}
        where = pages.settle(session, marks, what="answer to the scan")
        if where != "qr":
            return where
    raise ChallengeExpired("the code was not scanned and confirmed", hint="bedrot extract tiktok")


def _enter_code(session: Session) -> None:
    """Ask for the code until TikTok takes it."""
    page = session.page
    channel = page.locator(CODE_CHANNEL).first
    medium = MEDIA.get(channel.get_attribute("data-channel") or "", "e-mail")
    hint = safe(channel.get_attribute("data-destination") or "", 60)
    session.require_operator("code", medium)
    error, left, sent = None, CODE_TRIES, session.clock.monotonic()
    while left > 0:
        answer = session.ask(
            "code", "TikTok does not know this browser and wants the code of the 2-step verification", medium=medium, hint=hint,
            length=CODE_LENGTH, pattern=r"\d{6}", attempts_left=left, can=("resend",) if medium != "app" else (), error=error,
            expires_in=CODE_LIFE_SECONDS - (session.clock.monotonic() - sent) if medium != "app" else None, moved=lambda: _is_member(session),
        )  # fmt: skip
        if answer == "moved":
            return
        if answer == "resend":
            error = _resend(session)
            sent = session.clock.monotonic() if error is None else sent
            continue
        where = _type_code(session, answer if isinstance(answer, Secret) else Secret(answer))
        if where == "member":
            return
        if where == "form":
            raise ChallengeExpired("TikTok took no more codes and wants a new login", hint="bedrot extract tiktok")
        error = safe(page.locator(CODE_ERROR).first.inner_text(), 120)
        left -= 1
    raise ChallengeExpired("TikTok refused every code", hint="bedrot extract tiktok")


def _clear_error(session: Session) -> None:
    """Empty the notice of the attempt before, so that it is not taken for the answer to this one."""
    session.page.evaluate("s => document.querySelectorAll(s).forEach(e => { e.textContent = ''; })", CODE_ERROR)


def _type_code(session: Session, code: Secret) -> str:
    _clear_error(session)
    session.set_secret(CODE_FIELD, code)
    session.page.locator(CODE_BUTTON).first.click()
    marks = {"member": pages.MEMBER, "refused": f"{_SEEN}('{CODE_ERROR}')", "form": FORM}
    return pages.settle(session, marks, what="answer to the code", seconds=pages.ANSWER_SECONDS)


def _resend(session: Session) -> str | None:
    _clear_error(session)
    session.page.locator(RESEND).first.click()
    session.landmark(
        {"told": f"{_SEEN}('{CODE_ERROR}')"}, timeout_seconds=pages.PAGE_SECONDS, what="answer to asking for a new code"
    )
    told = session.page.locator(CODE_ERROR).first.inner_text()
    return safe(told, 120) if re.search(r"too many|wait|later", told, re.IGNORECASE) else None
