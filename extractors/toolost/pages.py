"""The site in the browser: what each page is, and how to sign in. Selectors stand here and nowhere else.

*Seen* (in other readers): `/login` with `input[type=email]` and `input[type=password]`, a button "Login" or "Sign in"; the pages under
`/user-portal`; the picker (`[class*=ant-picker]`, `[role=button]`) with "This Year"; the platform menu's entries
`div.d-flex.align-center.flex-row` with the exact text `Apple`; titles of notifications `div.body-1.font-weight-bold.mb-1`, the button
"Attachment". *Assumed*: everything about a second factor (that there may be one is *documented*, its form is not known), how a refused
sign-in is told, and the empty state of the notifications.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

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

SIGN_IN = "/login"
PORTAL = "/user-portal"
ANALYTICS = "/user-portal/analytics/platform"
NOTIFICATIONS = "/user-portal/notifications"

EMAIL_FIELD = "input[type=email]"
PASSWORD_FIELD = "input[type=password]"
CODE_FIELD = (
    "input[autocomplete=one-time-code], input[name*=otp i], input[id*=otp i], input[name*=code i]:not([type=hidden]),"
    " input[id*=code i]:not([type=hidden])"
)
NOTICE = "[role=alert], .v-alert, .v-messages__message, .error--text, .ant-message-notice, .ant-form-item-explain-error"
PICKER = "[class*=ant-picker], [role=button][aria-label*=date i]"
MENU = ".v-select, .ant-select, [role=combobox], [role=button]"
PLATFORM = re.compile(r"\b(spotify|apple)\b", re.IGNORECASE)
THIS_YEAR = re.compile(r"^\s*this year\s*$", re.IGNORECASE)
ENTRY = "div.d-flex.align-center.flex-row"
TITLE = "div.body-1.font-weight-bold.mb-1"
ATTACHMENT = "data-bedrot-report"
"""Set on the button of the report to fetch, so that the click goes to the one that stands with its title."""

CODE_LIFE_SECONDS = 600.0
CODE_TRIES = 5
CODE_PATTERN = r"\d{4,8}"
PAGE_SECONDS = 15.0
"""How long a page may take until it is one of those we know."""
ANSWER_SECONDS = 45.0

_PATH = "location.pathname.replace(/\\/+$/, '').toLowerCase()"
_SHOWN = "(s => [...document.querySelectorAll(s)].filter(e => e.getClientRects().length > 0))"
TOLD = f"({_SHOWN}('{NOTICE}').some(e => e.textContent.trim()))"
_STORED = "[localStorage, sessionStorage].some(s => Object.values(s).some(v => /ey[\\w-]{4,}\\.ey[\\w-]{2,}\\./.test(v)))"
SIGN_IN_FORM = f"{_SHOWN}('{PASSWORD_FIELD}').length > 0"
SIGN_IN_PAGE = f"({_PATH} === '{SIGN_IN}' || {SIGN_IN_FORM})"
CODE_FORM = f"({_SHOWN}('{CODE_FIELD}').length > 0 && !({SIGN_IN_FORM}))"
MEMBER = f"(({_PATH} + '/').startsWith('{PORTAL}/') && {_STORED})"
"""On a member's path and with a token at hand. That the token is worth something only an answered call shows."""
CHALLENGE = (
    "(/just a moment|attention required|checking your browser/i.test(document.title)"
    " || !!document.querySelector('#challenge-running, #challenge-form, #challenge-stage, #cf-error-details'))"
)
MENU_SHOWN = f"{_SHOWN}('{MENU}').some(e => /\\b(spotify|apple)\\b/i.test(e.textContent))"
PICKER_SHOWN = f"{_SHOWN}('{PICKER}').length > 0"
YEAR_OFFERED = "[...document.querySelectorAll('body *')].some(e => e.children.length === 0 && e.getClientRects().length > 0 && /^\\s*this year\\s*$/i.test(e.textContent))"
ELSEWHERE = f"{_PATH} !== '{NOTIFICATIONS}'"
NO_NOTIFICATIONS = "/\\bno (new )?notifications\\b|nothing (here|to show)/i.test(document.body ? document.body.innerText : '')"
TITLES_SHOWN = f"{_SHOWN}('{TITLE}').length > 0"
STORAGE = """() => [localStorage, sessionStorage].flatMap(s => Object.entries(s)).filter(([, v]) => v.includes('ey'))"""
LISTED = """([titles, mark]) => [...document.querySelectorAll(titles)].map((title, number) => {
  let box = title, button = null;
  while (!button && box.parentElement && box.parentElement !== document.body) {
    box = box.parentElement;
    if (box.querySelectorAll(titles).length > 1) break;
    button = [...box.querySelectorAll('button, a, [role=button]')].find(b => /^\\s*(download\\s+)?attachments?\\s*$/i.test(b.textContent)) || null;
  }
  if (button) button.setAttribute(mark, String(number));
  return [title.textContent.trim(), button !== null];
})"""
"""Titles of the notifications in page order, and whether an attachment stands with each."""
_BUTTON = re.compile(r"^\s*(log ?in|sign ?in)\s*$", re.IGNORECASE)
_SEND = re.compile(r"^\s*(verify|submit|continue|confirm|log ?in|sign ?in)\s*$", re.IGNORECASE)
_RESEND = re.compile(r"re-?send|new code|send (it )?again", re.IGNORECASE)


class LoginLost(AccessError):
    """The site no longer takes the login. Caught by the walk, which signs in once more."""


def entry_shown(label: str) -> str:
    """Whether the platform menu offers exactly this entry."""
    return f"{_SHOWN}('{ENTRY}').some(e => e.textContent.trim() === '{label}')"


def later(name: str, milliseconds: int) -> str:
    """Whether so much time went by since this was first asked on the page that is there now."""
    slot = f"window.__bedrot_{name}"
    return f"(() => {{ {slot} = {slot} || performance.now(); return performance.now() - {slot} > {milliseconds}; }})()"


def pass_challenge(session: Session) -> None:
    """Let a person pass the check that stands in front of the page.

    Raises:
        ChallengeUnanswered: nobody is there or nobody did.  SourceBlocked: the check stays.
    """
    session.ask(
        "page", "TooLost's protection wants to see a person: pass the check on the page",
        moved=lambda: not session.page.evaluate(CHALLENGE),
    )  # fmt: skip
    if (
        session.landmark({"stays": f"{CHALLENGE} && {later('challenge', 5000)}", "passed": f"!{CHALLENGE}"}, what="check")
        == "stays"
    ):
        raise SourceBlocked(
            "TooLost's protection does not let this browser pass", hint="wait an hour; then look whether your own browser gets in"
        )


def read(session: Session, script: str, argument: Any = None, *, what: str) -> Any:
    """What a script reads off the page. A page that is led elsewhere meanwhile, as a lost login is, is read where it arrives.

    Raises:
        SourceChanged: there is nothing to read in time.
    """
    found: list[Any] = []

    def taken(page: Page) -> bool:
        found[:] = [page.evaluate(script, argument)]
        return True

    session.landmark({"read": taken}, what=what)
    return found[0]


def go(session: Session, path: str, marks: dict[str, Any], *, what: str) -> str:
    """Open a page, let a person pass a check in front of it, and say which of `marks` it is.

    Raises:
        SourceChanged: none of them.
    """
    session.open(path, accept=(403,))
    where = session.landmark({"challenge": CHALLENGE, **marks}, timeout_seconds=PAGE_SECONDS, what=what)
    if where == "challenge":
        pass_challenge(session)
        where = session.landmark(marks, timeout_seconds=PAGE_SECONDS, what=what)
    return where


def sign_in(session: Session) -> None:
    """Sign in from the form, with the code the site may ask for; ends on a member's page with a token at hand.

    Submitting the password may be what sends a code: with nobody there it is not submitted, unless a `totp_secret` can answer or the
    account's setting `second_factor` is `none`.

    Raises:
        ChallengeUnanswered, ChallengeExpired: nobody gave the code, or it was refused too often.
        CredentialsRejected, SourceBlocked, SourceUnavailable, SourceChanged: by what the site says.
    """
    session.stage("sign in")
    email, password = session.secret("email"), session.secret("password")
    factor = str(session.option("second_factor", "")).lower()
    if factor != "none":
        session.require_operator("code", "app" if factor == "app" or session.secret_or_none("totp_secret") else "e-mail")
    where = go(session, SIGN_IN, {"form": SIGN_IN_FORM, "code": CODE_FORM, "member": MEMBER}, what="sign-in page")
    if where == "form":
        session.set_secret(EMAIL_FIELD, email)
        session.set_secret(PASSWORD_FIELD, password)
        marks = {"challenge": CHALLENGE, "member": _entered(session), "code": CODE_FORM, "refused": TOLD}
        session.page.get_by_role("button", name=_BUTTON).first.click()
        where = session.landmark(marks, timeout_seconds=ANSWER_SECONDS, what="answer to the sign-in")
        if where == "challenge":
            pass_challenge(session)
            where = session.landmark(
                {"member": marks["member"], "code": CODE_FORM, "refused": TOLD},
                timeout_seconds=ANSWER_SECONDS,
                what="answer to the sign-in",
            )
    if where == "refused":
        raise _refusal(notice(session))
    if where == "code":
        _enter_code(session)


def _entered(session: Session) -> Callable[[Page], bool]:
    """Whether the site led into the portal since this was called, even if a refused call led out again at once: the portal's own story."""
    seen: list[str] = []
    main = session.page.main_frame

    def note(frame: Any) -> None:
        if frame is main and urlsplit(frame.url).path.lower().startswith(PORTAL + "/"):
            seen.append(frame.url)

    session.page.on("framenavigated", note)
    return lambda page: bool(seen) or bool(page.evaluate(MEMBER))


def notice(session: Session) -> str:
    """What the site tells on the page now; empty if nothing."""
    return read(session, f"{_SHOWN}('{NOTICE}').map(e => e.textContent.trim()).find(t => t) || ''", what="notice")


def _refusal(text: str) -> AccessError | SourceUnavailable:
    """What the sign-in page says, as an error. Its wording is *assumed*; the site's own text goes along, made harmless."""
    said = safe(text, 120)
    if re.search(r"lock|suspend|disabled|too many|blocked", text, re.IGNORECASE):
        return SourceBlocked(f"TooLost refuses this account: {said}", hint="see to it at toolost.com in your own browser")
    if re.search(r"password|credential|e-?mail|incorrect|invalid|not found", text, re.IGNORECASE):
        return CredentialsRejected(f"TooLost refuses the sign-in: {said}", hint="bedrot secrets set toolost password")
    return SourceUnavailable(f"TooLost did not sign us in: {said}", hint="try again later")


def _enter_code(session: Session) -> None:
    """Ask for the code until the site takes it. Whether it is mailed or an app's is read off the page's words (*assumed*)."""
    page = session.page
    words = page.locator("body").inner_text()
    medium = "app" if re.search(r"authenticat(?:or|ion) app|authenticator", words, re.IGNORECASE) else "e-mail"
    session.require_operator("code", medium)
    address = next((w for w in words.split() if "@" in w), "").rstrip(".,")
    length = page.locator(CODE_FIELD).first.get_attribute("maxlength") or ""
    error = None
    left = CODE_TRIES
    sent = session.clock.monotonic()
    while left > 0:
        answer = session.ask(
            "code", "TooLost wants the code of the second factor", medium=medium, hint=safe(address, 60),
            length=int(length) if length.isdigit() and 4 <= int(length) <= 8 else None, pattern=CODE_PATTERN,
            expires_in=CODE_LIFE_SECONDS - (session.clock.monotonic() - sent) if medium == "e-mail" else None, attempts_left=left,
            can=("resend",) if medium == "e-mail" else (), error=error, moved=lambda: bool(page.evaluate(MEMBER)),
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
        if where == "sign_in":
            raise ChallengeExpired("TooLost took no more codes and wants a new sign-in", hint="bedrot extract toolost")
        error = safe(notice(session), 120)
        left -= 1
    raise ChallengeExpired("TooLost refused every code", hint="bedrot extract toolost")


def _resend(session: Session) -> str | None:
    _clear_notice(session.page)
    session.page.locator("button, a, [role=button]").filter(has_text=_RESEND).first.click()
    session.landmark({"told": TOLD}, what="answer to asking for a new code")
    told = notice(session)
    return safe(told, 120) if re.search(r"too many|wait", told, re.IGNORECASE) else None


def _type_code(session: Session, code: Secret) -> str:
    """Put the code in and send it: by the button, or, where there is none, by itself or Enter."""
    page = session.page
    _clear_notice(page)
    marks: dict[str, str | Callable[[Page], bool]] = {"refused": TOLD, "member": _entered(session), "sign_in": SIGN_IN_FORM}
    session.set_secret(CODE_FIELD, code)
    button = page.get_by_role("button", name=_SEND)
    if button.count():
        button.first.click()
    else:
        page.locator(CODE_FIELD).first.press("Enter")
    return session.landmark(marks, timeout_seconds=ANSWER_SECONDS, what="answer to the code")


def _clear_notice(page: Page) -> None:
    """Empty the notice of the attempt before, so that it is not taken for the answer to this one."""
    page.evaluate("s => document.querySelectorAll(s).forEach(e => { e.textContent = ''; })", NOTICE)
