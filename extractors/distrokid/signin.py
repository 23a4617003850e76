"""Signing in: the form, the captcha in front of it, the code for an unknown computer. Which element is which stands in `pages`."""

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

from . import pages
from .pages import CODE_FIELD, CODE_NOTICE, NOTICE, SIGN_IN_BUTTON, SIGN_IN_FORM, Waits, later

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from bedrot_console.extraction.session import Session

CODE_LIFE_SECONDS = 600.0
CODE_TRIES = 5
CODE_PATTERN = r"\d{4,8}"
OBSTACLES = 3
"""How many checks for humans may follow one another after the sign-in was submitted."""


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
    is_member = pages.member(session)
    where = pages.go(
        session,
        pages.SIGN_IN,
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
        session.set_secret(pages.EMAIL_FIELD, email)
        session.set_secret(pages.PASSWORD_FIELD, password)
        page.locator(SIGN_IN_BUTTON).click()
        where = _answer(session, is_member, alerts)
    finally:
        page.remove_listener("dialog", dismiss)
    if where == "alert":
        raise SourceUnavailable("DistroKid answered the sign-in with an error", hint="try again later")
    if where == "refused":
        raise _refusal(page.locator(NOTICE).first.inner_text(), pages.account_words(session))
    if where in ("mail", "app"):
        _enter_code(session, "e-mail" if where == "mail" else "app", is_member)


def _answer(session: Session, is_member: Callable[[Page], bool], alerts: list[str]) -> str:
    """What the site makes of the submitted sign-in: `mail`, `app`, `member`, `refused` or `alert`; a human deals with captchas on the way."""
    for number in range(OBSTACLES):
        where = session.landmark(
            {
                "challenge": pages.CHALLENGE, "mail": pages.MAIL_CODE, "app": pages.APP_CODE, "member": is_member, "puzzle": pages.PUZZLE,
                "refused": f"{pages.SEEN}('{NOTICE}')", "alert": lambda _: bool(alerts),
            },
            timeout_seconds=Waits.of(session).answer, what="answer to the sign-in",
        )  # fmt: skip
        if where == "challenge":
            pages.get_past_challenge(session, number)
        elif where == "puzzle":
            pages.by_hand(session, "DistroKid wants a captcha solved", pages.PUZZLE)
        else:
            return where
    raise pages.blocked(session, "checks for humans")


def _refusal(text: str, account: str) -> AccessError | SourceUnavailable:
    """What the sign-in box says, as an error. Its wording is *assumed*; the site's own text goes along, made harmless."""
    said = safe(text, 120)
    if re.search(r"lock|suspend|disabled|too many", text, re.IGNORECASE):
        return SourceBlocked(f"DistroKid refuses this account: {said}", hint="see to it at distrokid.com in your own browser")
    if re.search(r"password|e-?mail|incorrect|not found|no account", text, re.IGNORECASE):
        return CredentialsRejected(
            f"DistroKid refuses the sign-in: {said}", hint=f"bedrot secrets set distrokid password{account}"
        )
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
            raise ChallengeExpired(
                "DistroKid took no more codes and wants a new sign-in",
                hint=f"bedrot extract distrokid{pages.account_words(session)}",
            )
        error = safe(page.locator(CODE_NOTICE).first.inner_text(), 120)
        left -= 1
    raise ChallengeExpired("DistroKid refused every code", hint=f"bedrot extract distrokid{pages.account_words(session)}")


def _resend(session: Session) -> str | None:
    _clear_notice(session.page)
    session.page.locator(pages.RESEND).first.click()
    session.landmark({"told": f"{pages.SEEN}('{CODE_NOTICE}')"}, what="answer to asking for a new code")
    told = session.page.locator(CODE_NOTICE).first.inner_text()
    return safe(told, 120) if re.search(r"too many|wait", told, re.IGNORECASE) else None


def _type_code(session: Session, code: Secret, is_member: Callable[[Page], bool]) -> str:
    """Put the code in; the field submits itself when it is full (*seen* by one reader), else Enter does."""
    page = session.page
    _clear_notice(page)
    marks: dict[str, Any] = {
        "refused": f"{pages.SEEN}('{CODE_NOTICE}')", "member": is_member, "sign_in": f"{pages.PATH} === '/signin' && {SIGN_IN_FORM}",
    }  # fmt: skip
    session.set_secret(CODE_FIELD, code)
    waits = Waits.of(session)
    where = session.landmark(
        {**marks, "unsent": later("Code", waits.settling)}, timeout_seconds=waits.answer, what="answer to the code"
    )
    if where == "unsent":
        page.locator(CODE_FIELD).first.press("Enter")
        where = session.landmark(marks, timeout_seconds=waits.answer, what="answer to the code")
    return where


def _clear_notice(page: Page) -> None:
    """Empty the notice of the attempt before, so that it is not taken for the answer to this one."""
    page.evaluate(
        "s => { document.querySelectorAll(s).forEach(e => { e.textContent = ''; }); delete window.__bedrotCode; }", CODE_NOTICE
    )
