"""The studio in the browser: what each page is, and how to act on it. Selectors of the studio stand here and nowhere else.

*Documented*: the paths under /tiktokstudio, "Download data" with a choice of CSV or XLSX, the periods, the addresses of the answers behind
the pages, that `data-tt` and `data-e2e` attributes outlive names and words, that white pages and captchas come even with valid cookies.
*Assumed*: the value of each attribute, how the page shows the handle, the chosen period and a refusal.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from bedrot_console.domain.errors import AccessError, RateLimited, SourceBlocked, SourceChanged, SourceUnavailable
from bedrot_console.domain.text import safe

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from bedrot_console.extraction.http import Spooled
    from bedrot_console.extraction.session import Session

STUDIO = "/tiktokstudio/analytics"
TABS = {report: f"{STUDIO}/{report}" for report in ("overview", "viewers", "followers", "content")}
POSTS = "/tiktokstudio/content"
INSIGHT_PATH = "/aweme/v2/data/insight"
POSTS_PATH = "/tiktok/creator/manage/item_list/v1"

HANDLE = '[data-tt="account-handle"]'
TAB = '[data-tt="analytics-tab"][data-report="{report}"][aria-selected="true"]'
PERIOD = '[data-tt="period"]'
PERIOD_OPTION = '[data-tt="period-option"][data-days="{days}"]'
DOWNLOAD = '[data-tt="download-data"]'
FORMAT = '[data-tt="export-format"][value="{format}"]'
CONFIRM = '[data-tt="export-confirm"]'
TOAST = '[data-tt="toast"]'
POST_LIST = '[data-tt="post-list"]'
CAPTCHA_BOX = '#captcha_container, [data-e2e="captcha"]'
LOGIN_PATH = "/login"

OPEN_SECONDS = 30.0
PAGE_SECONDS = 20.0
ANSWER_SECONDS = 30.0
WHITE_MILLISECONDS = 5000
"""How long a page may stay without any content before it is the white page that headless browsers get."""
CAPTCHA_TRIES = 3
CAPTCHA_HINT = "open tiktok.com in your own browser and see that it lets you in, then: bedrot extract tiktok"

_PATH = "location.pathname.replace(/\\/+$/, '')"
_VISIBLE = "(s => [...document.querySelectorAll(s)].some(e => e.getClientRects().length > 0))"
_LATER = "(name, ms) => { const n = '__' + name; window[n] = window[n] || performance.now(); return performance.now() - window[n] > ms; }"
_LOADED = "performance.timeOrigin"
"""Which load of the page this is: a captcha that was solved and is followed by the next one has moved on, too."""
CAPTCHA = f"{_VISIBLE}('{CAPTCHA_BOX}')"
SIGNED_OUT = f"{_PATH}.startsWith('{LOGIN_PATH}')"
MEMBER = f"{_PATH}.startsWith('/tiktokstudio') && !!document.querySelector('{HANDLE}') && document.querySelector('{HANDLE}').textContent.trim().length > 1"


def white() -> str:
    """Nothing on the page at all for a while."""
    empty = "document.body && !document.body.innerText.trim() && !document.querySelector('img, canvas, svg, input, iframe')"
    return f"document.readyState === 'complete' && {empty} && ({_LATER})('bedrotWhite', {WHITE_MILLISECONDS})"


class LoginLost(AccessError):
    """The studio sent us to the login page. Caught by the walk, which signs in once more."""


def go(session: Session, path: str, marks: dict[str, Any], *, what: str, ask: bool = True) -> str:
    """Open a page, have a captcha solved, and say which of `marks` it is, or `signed_out`.

    Args:
        ask: whether a human may be asked; else a captcha is one of the answers.

    Raises:
        SourceBlocked: a white page, or a captcha after each captcha.
        SourceChanged: none of the marks.
    """
    session.open(path, timeout_seconds=OPEN_SECONDS)
    return settle(session, {"signed_out": SIGNED_OUT, **marks}, what=what, ask=ask)


def settle(session: Session, marks: dict[str, Any], *, what: str, ask: bool = True, seconds: float | None = None) -> str:
    """Which of `marks` the page becomes, once no captcha lies over it. Raises as `go`."""
    for _ in range(CAPTCHA_TRIES):
        where = session.landmark(
            {"captcha": CAPTCHA, **marks, "white": white()}, timeout_seconds=seconds or PAGE_SECONDS, what=what
        )
        if where == "white":
            raise SourceBlocked("TikTok shows this browser a white page", hint=CAPTCHA_HINT)
        if where != "captcha" or not ask:
            return where
        session.log("info", "TikTok wants a captcha solved; only a person can")
        shown = session.page.evaluate(_LOADED)
        session.ask(
            "page", "TikTok wants a captcha solved on its page",
            moved=lambda before=shown: session.page.evaluate(f"!({CAPTCHA}) || {_LOADED} !== {before}"),  # type: ignore[misc]
        )  # fmt: skip
    raise SourceBlocked("TikTok shows a captcha after each captcha", hint=CAPTCHA_HINT)


def handle_shown(session: Session) -> str:
    """The handle of the account that the studio says is logged in, without its @."""
    return session.page.locator(HANDLE).first.inner_text().strip().lstrip("@")


def open_tab(session: Session, report: str) -> None:
    """Be on the analytics tab of a report.

    Raises:
        LoginLost: the studio asks for a login.
    """
    tab = f"!!document.querySelector('{TAB.format(report=report)}') && !!document.querySelector('{DOWNLOAD}')"
    if go(session, TABS[report], {"tab": f"{MEMBER} && {tab}"}, what=f"analytics tab {report}") == "signed_out":
        raise LoginLost("TikTok shows its login page in place of the analytics")


def period_shown(session: Session) -> str:
    """How many days the page says it shows; empty where it does not say."""
    return session.page.locator(PERIOD).first.get_attribute("data-days") or ""


def choose_period(session: Session, days: int) -> None:
    """Have the page show so many days, and see that it says so.

    Raises:
        SourceChanged: there is no such period, or the page keeps another one.
    """
    if period_shown(session) == str(days):
        return
    option = PERIOD_OPTION.format(days=days)
    session.page.locator(PERIOD).first.click()
    session.landmark({"offered": f"{_VISIBLE}('{option}')"}, timeout_seconds=PAGE_SECONDS, what=f"choice of {days} days")
    session.page.locator(option).first.click()
    chosen = f"document.querySelector('{PERIOD}') && document.querySelector('{PERIOD}').dataset.days === '{days}'"
    session.landmark({"chosen": chosen}, timeout_seconds=PAGE_SECONDS, what=f"period of {days} days")


def download(session: Session, export_format: str) -> Spooled:
    """Press "Download data", choose the format, confirm, and take the file.

    Raises:
        RateLimited: the studio says that it is asked too often.
        LoginLost, SourceUnavailable, SourceChanged: by what comes in place of a file.
    """
    page = session.page
    page.locator(DOWNLOAD).first.click()
    choice = FORMAT.format(format=export_format)
    session.landmark(
        {"offered": f"!!document.querySelector('{choice}')"}, timeout_seconds=PAGE_SECONDS, what="choice of the export's format"
    )
    page.locator(choice).first.check()
    return session.download(lambda: _confirm(session), timeout_seconds=ANSWER_SECONDS)


def _confirm(session: Session) -> None:
    """Click, and see whether a download begins or the studio says something."""
    begun: list[Any] = []
    session.page.once("download", lambda download: begun.append(download))
    session.page.locator(CONFIRM).first.click()
    marks: dict[str, Any] = {"begun": lambda _: bool(begun), "toast": f"{_VISIBLE}('{TOAST}')", "signed_out": SIGNED_OUT}
    where = settle(session, marks, what="answer to the download", seconds=ANSWER_SECONDS)
    if where == "signed_out":
        raise LoginLost("TikTok shows its login page in place of the export")
    if where == "toast":
        raise refusal(
            session.page.locator(TOAST).first.get_attribute("data-status") or "", session.page.locator(TOAST).first.inner_text()
        )


def refusal(status: str, text: str = "") -> Exception:
    """What a status of TikTok's own means (*documented* for its old apps: 7 frequent visits, 1105 captcha; 8 no login is *assumed*)."""
    said = f": {safe(text, 100)}" if text.strip() else ""
    if status == "7":
        return RateLimited(f"TikTok says it is visited too often{said}", hint="wait an hour, then: bedrot extract tiktok")
    if status == "1105":
        return SourceBlocked(f"TikTok wants a captcha before it answers{said}", hint=CAPTCHA_HINT)
    if status == "8":
        return LoginLost(f"TikTok no longer knows the login{said}")
    return SourceUnavailable(f"TikTok answers with status {safe(status, 12) or 'unknown'}{said}", hint="try again later")


# -- what the pages ask their server ----------------------------------------------------------------------------------------


@contextmanager
def listening(session: Session, path: str) -> Iterator[list[Any]]:
    """All answers of this path while the block runs, as Playwright's responses; on the context, since a retry opens a new page."""
    heard: list[Any] = []

    def note(response: Any) -> None:
        if urlsplit(response.url).path.rstrip("/") == path:
            heard.append(response)

    context = session.browser.context
    context.on("response", note)
    try:
        yield heard
    finally:
        context.remove_listener("response", note)


def wait_for(session: Session, ready: Callable[[Page], bool], *, what: str) -> None:
    """Until a thing was heard. Raises LoginLost, SourceBlocked, or SourceUnavailable where it never comes."""
    try:
        where = settle(session, {"ready": ready, "signed_out": SIGNED_OUT}, what=what, seconds=ANSWER_SECONDS)
    except SourceChanged:
        raise SourceUnavailable(f"the page never got its {what}") from None
    if where == "signed_out":
        raise LoginLost(f"TikTok shows its login page in place of the {what}")


def body_of(response: Any, what: str) -> bytes:
    """The bytes of an answer as its server sent them, whole and of a good status.

    Raises:
        RateLimited, SourceBlocked, SourceUnavailable, SourceChanged: by status, by TikTok's own status inside, or since it broke off.
    """
    from playwright.sync_api import Error as PlaywrightError

    if response.status == 429:
        raise RateLimited(f"TikTok says it is asked too often for its {what}")
    if response.status >= 400:
        raise SourceUnavailable(f"TikTok answers {response.status} in place of its {what}")
    try:
        body: bytes = response.body()
    except PlaywrightError:
        raise SourceUnavailable(f"the {what} broke off") from None
    if not body.strip():
        raise SourceUnavailable(f"the {what} is empty")
    try:
        status = json.loads(body).get("status_code", 0)
    except (ValueError, AttributeError):
        if body.lstrip()[:1] == b"{":
            raise SourceUnavailable(f"the {what} broke off") from None
        return body
    if status != 0:
        raise refusal(str(status))
    return body


def asked_types(response: Any) -> list[dict[str, Any]]:
    """What an insight request asked for: `type_requests`, a list of {"insigh_type", "days", "end_days"}; from its address or its form."""
    given = parse_qs(urlsplit(response.url).query).get("type_requests") or parse_qs(response.request.post_data or "").get(
        "type_requests"
    )
    try:
        found = json.loads(given[0]) if given else []
    except ValueError:
        return []
    return [entry for entry in found if isinstance(entry, dict)] if isinstance(found, list) else []


def posted(response: Any) -> dict[str, Any]:
    """The JSON body of a request; empty without one."""
    try:
        found = json.loads(response.request.post_data or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def scroll_posts(session: Session) -> None:
    """Move the inner list to its end: the list is virtual, the page itself does not scroll (*documented*)."""
    session.page.evaluate(
        "s => { const list = document.querySelector(s); if (list) list.scrollTop = list.scrollHeight; }", POST_LIST
    )
