"""Listens to what the Insights page asks its GraphQL server, and keeps the few answers that may be kept.

The page asks for much more than figures: wallet, balance, rewards, account, subscribers, some with an e-mail address (*seen*). So the body of
an answer is read only if the operation's name in the request is allowed, and held only if the body itself is an overview or an audience
without account data. Of everything else nothing is read but name and status.

*Seen*: that a request carries `operationName`, `variables` and a bearer token. *Assumed*: what operations are called and how `variables` name
a window. The body's root is `getAccountAnalytics` (*seen*), so an operation whose name says account analytics is allowed; the setting
`operations` of the platform, a list of names, replaces that rule once the names are known.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from bedrot_console.domain.errors import AccessError, BedrotError, RateLimited, SourceBlocked, SourceChanged, SourceUnavailable
from bedrot_console.domain.text import safe
from bedrot_console.inspection.helpers import FormatTrouble, json_value, page_kind

from .content import classify, personal

if TYPE_CHECKING:
    from bedrot_console.extraction.session import Session

MOST_BYTES = 4 << 20
_ALLOWED = re.compile(r"account_?-?(?:analytics|insights)", re.IGNORECASE)
_NEVER = re.compile(
    r"e-?mail|subscriber|contact|wallet|balance|reward|payout|payment|billing|earning|monetis|monetiz|token|password|login",
    re.IGNORECASE,
)
_DAY = re.compile(r"(\d{4}-\d{2}-\d{2})(?:$|[T ])")
_PERIOD = re.compile(r"(?:last|past)?[ _-]*(\d{1,3})[ _-]*d(?:ays?)?", re.IGNORECASE)
_GRAIN = re.compile(
    r"^(?:(daily|day|days|p1d|1d)|hour(?:ly)?|week(?:ly|s)?|month(?:ly|s)?|quarter(?:ly)?|year(?:ly|s)?)$", re.IGNORECASE
)
SLACK_DAYS = 1
"""A window's first and last day may be counted in or out, and lie in the profile's own time zone: 365 days may be spelled as 364 to 366."""


@dataclass(frozen=True, slots=True)
class Window:
    """The days that a question asks for, as far as its `variables` say it. `daily` is False where they name another step."""

    first: date | None
    last: date | None
    days: int | None
    daily: bool = True

    def is_of(self, days: int) -> bool:
        """Whether this is the daily window of so many days."""
        return self.daily and self.days is not None and abs(self.days - days) <= SLACK_DAYS


def window_of(variables: Any) -> Window:
    """The window that the variables of a question name: two days, else a number of days in words (`LAST_365_DAYS`)."""
    days: list[date] = []
    periods: list[int] = []
    daily = True
    for key, value in _leaves(variables):
        if isinstance(value, str) and (grain := _GRAIN.match(value)):
            daily = daily and grain[1] is not None
        elif isinstance(value, str) and (match := _DAY.match(value)):
            days += _day(match[1])
        elif isinstance(value, str) and (match := _PERIOD.fullmatch(value)):
            periods.append(int(match[1]))
        elif type(value) is int and re.search(r"days|period|range", key, re.IGNORECASE):
            periods.append(value)
        elif type(value) is int and value > 10**12 and re.search(r"date|start|end|from|to|since|until", key, re.IGNORECASE):
            days.append(datetime.fromtimestamp(value / 1000, UTC).date())
    if len(days) >= 2:
        return Window(min(days), max(days), (max(days) - min(days)).days + 1, daily)
    return Window(None, None, periods[0] if len(periods) == 1 else None, daily)


def _leaves(value: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _leaves(inner, str(name))
    elif isinstance(value, list):
        for inner in value:
            yield from _leaves(inner, key)
    else:
        yield key, value


def _day(text: str) -> list[date]:
    try:
        return [date.fromisoformat(text)]
    except ValueError:
        return []


def is_allowed(operation: str, only: Sequence[str] = ()) -> bool:
    """Whether answers of this operation may be read at all: those named in the settings, else those whose name says account analytics."""
    if _NEVER.search(operation):
        return False
    return operation in only if only else bool(_ALLOWED.search(operation))


@dataclass(frozen=True, slots=True)
class Question:
    """What a request asks, without its token."""

    operation: str
    variables: Any = field(repr=False)


def is_graphql(url: str) -> bool:
    """Whether an address is that of the GraphQL server, whatever its host."""
    return urlsplit(url).path.rstrip("/").lower().endswith("/graphql")


def question_of(post_data: bytes | None) -> Question | None:
    """The one question of a request's body; None for anything else, also for several questions in one."""
    try:
        asked = json.loads(post_data or b"")
    except (ValueError, RecursionError):
        return None
    if not isinstance(asked, dict) or not isinstance(asked.get("operationName"), str):
        return None
    return Question(asked["operationName"], asked.get("variables"))


@dataclass(slots=True)
class Answer:
    """An answer to an allowed question: either a body that may be landed, or the trouble with it.

    `feed` is `overview` or `audience`: what the body is, or with trouble, what earlier good answers to the operation were.
    """

    operation: str
    window: Window
    feed: str | None = None
    body: bytes | None = field(default=None, repr=False)
    trouble: BedrotError | None = None


class SignedOut(AccessError):
    """The GraphQL server does not know the token any more, or gives its sign-in page. Caught by the walk, which signs in once more."""


class Listener:
    """Armed before the page is opened: collects the answers to allowed questions of every page of the context.

    Use it as a context manager. `collect()` reads the bodies of what has finished since; bodies of other operations are never asked for.
    """

    def __init__(self, session: Session) -> None:
        self.session = session
        only = session.option("operations", ())
        self.only: tuple[str, ...] = tuple(map(str, only)) if isinstance(only, list | tuple) else ()
        self.answers: list[Answer] = []
        self.asked: Counter[str] = Counter()
        self.signed_out = False
        self.activity = 0
        self._kinds: dict[str, str] = {}
        self._pending: dict[Any, Question] = {}
        self._finished: list[tuple[Any, Question, bool]] = []
        self._context: Any = None

    def __enter__(self) -> Listener:
        self._context = self.session.browser.context
        for event, handler in self._handlers():
            self._context.on(event, handler)
        return self

    def __exit__(self, *_: object) -> None:
        for event, handler in self._handlers():
            self._context.remove_listener(event, handler)
        self.start_anew()

    def start_anew(self) -> None:
        """Forget every question and answer so far: those of a login that is over say nothing about the new one, however late they come."""
        self.answers.clear()
        self._pending.clear()
        self._finished.clear()
        self.signed_out = False

    def _handlers(self) -> tuple[tuple[str, Callable[[Any], None]], ...]:
        return (
            ("request", self._begun), ("requestfinished", self._ended), ("requestfailed", self._broken), ("response", self._answered)
        )  # fmt: skip

    def _begun(self, request: Any) -> None:
        if request.method != "POST" or not is_graphql(request.url):
            return
        question = question_of(request.post_data_buffer)
        if question is None:
            return
        self.asked[safe(question.operation, 60)] += 1
        if is_allowed(question.operation, self.only):
            self.activity += 1
            self._pending[request] = question

    def _answered(self, response: Any) -> None:
        if response.status == 401 and response.request in self._pending:
            self.signed_out = True

    def _ended(self, request: Any) -> None:
        if (question := self._pending.pop(request, None)) is not None:
            self._finished.append((request, question, True))

    def _broken(self, request: Any) -> None:
        if (question := self._pending.pop(request, None)) is not None:
            self._finished.append((request, question, False))

    @property
    def pending(self) -> int:
        """Allowed questions without an answer yet."""
        return len(self._pending)

    def collect(self) -> None:
        """Read what has finished: at once, since a body is gone when the page navigates away."""
        while self._finished:
            request, question, whole = self._finished.pop(0)
            self.activity += 1
            answer = Answer(question.operation, window_of(question.variables))
            try:
                if not whole:
                    raise SourceUnavailable("an answer broke off before its end")
                answer.feed, answer.body = self._read(request, question.operation)
                self._kinds[question.operation] = answer.feed
            except SignedOut:
                self.signed_out = True
                continue
            except BedrotError as error:
                answer.feed, answer.trouble = self._kinds.get(question.operation) or _guess(question.operation), error
            self.answers.append(answer)

    def _read(self, request: Any, operation: str) -> tuple[str, bytes]:
        from playwright.sync_api import Error as PlaywrightError

        try:
            response = request.response()
            status, headers = (response.status, response.headers) if response is not None else (0, {})
            body = response.body() if response is not None else b""
        except PlaywrightError:
            raise SourceUnavailable("an answer was gone before it could be read") from None
        if response is None:
            raise SourceUnavailable("an answer never came")
        refuse(status, headers, body)
        return judged(body, operation), body

    @property
    def member(self) -> bool:
        """Whether a figure came that only the signed-in member sees."""
        return any(a.body is not None for a in self.answers)

    @property
    def only_trouble(self) -> BedrotError | None:
        """The first trouble, if answers came and all of them are in trouble, and none is on its way."""
        if self.pending or not self.answers or self.member:
            return None
        troubles = sorted((a for a in self.answers if a.trouble is not None), key=lambda a: a.feed is None)
        return troubles[0].trouble if troubles else None

    def holds(self, error: BedrotError) -> bool:
        """Whether this is the trouble of one of the answers, and not of the way there."""
        return any(a.trouble is error for a in self.answers)

    def best(self, feed: str, days: int) -> Answer | None:
        """The newest answer of this feed to a daily question of so many days: a good one if there is one."""
        found = [a for a in self.answers if a.feed == feed and a.window.is_of(days)]
        return next((a for a in reversed(found) if a.body is not None), found[-1] if found else None)

    def windows(self, feed: str) -> list[Window]:
        """The windows that answers of this feed were asked for, oldest first."""
        return [a.window for a in self.answers if a.feed == feed]


def _guess(operation: str) -> str | None:
    """Which feed a question was meant for, by its name; only to say whose trouble it is, never what a body is."""
    if re.search(r"overview|summary|activity", operation, re.IGNORECASE):
        return "overview"
    return "audience" if re.search(r"audience|location|referrer|device", operation, re.IGNORECASE) else None


def refuse(status: int, headers: Any, body: bytes) -> None:
    """Raise what an answer says in place of data: by status, and by the `errors` that GraphQL sends with status 200.

    Raises:
        SignedOut, RateLimited, SourceBlocked, SourceUnavailable, SourceChanged.
    """
    if status == 401:
        raise SignedOut("Linktree no longer knows this login")
    if status == 429:
        wait = str(headers.get("retry-after", ""))
        raise RateLimited(
            "Linktree's server asks to slow down (429)", retry_after_seconds=float(wait) if wait.isdecimal() else None,
            hint="try again later; Linktree counts requests",
        )  # fmt: skip
    if status == 403:
        raise SourceBlocked(
            "Linktree's server refuses this browser or account (403)", hint="look at linktr.ee/admin in your own browser"
        )
    if status >= 500:
        raise SourceUnavailable(f"Linktree's server answers {status}")
    if page_kind(body) == "sign-in":
        raise SignedOut("Linktree gives its sign-in page in place of data")
    for error in _errors(body):
        raise _error_of(error)
    if status != 200:
        raise SourceChanged(f"Linktree's server answers {status} to a question of its own page")


def _errors(body: bytes) -> list[Any]:
    if b'"errors"' not in body[:MOST_BYTES]:
        return []
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return []
    found = document.get("errors") if isinstance(document, dict) else None
    return found if isinstance(found, list) else [found] if found else []


def _error_of(error: Any) -> BedrotError:
    """One of GraphQL's errors as ours. Codes are those of Apollo's server (documented there); which ones Linktree uses is *assumed*."""
    extensions = error.get("extensions") if isinstance(error, dict) else None
    code = str(extensions.get("code", "")) if isinstance(extensions, dict) else ""
    told = f" ({safe(code, 40)})" if re.fullmatch(r"[A-Z][A-Z_]{2,39}", code) else ""
    if code in ("UNAUTHENTICATED", "UNAUTHORIZED", "INVALID_TOKEN"):
        return SignedOut("Linktree no longer knows this login")
    if code in ("FORBIDDEN", "PLAN_LIMIT", "UPGRADE_REQUIRED"):
        return AccessError(f"this account may not see these figures{told}", hint="look at the plan and role at linktr.ee/admin")
    if code in ("RATE_LIMITED", "TOO_MANY_REQUESTS", "THROTTLED"):
        return RateLimited(f"Linktree's server asks to slow down{told}", hint="try again later; Linktree counts requests")
    if code in ("GRAPHQL_VALIDATION_FAILED", "BAD_USER_INPUT", "GRAPHQL_PARSE_FAILED", "PERSISTED_QUERY_NOT_FOUND"):
        return SourceChanged(f"Linktree's server refuses a question of its own page{told}")
    return SourceUnavailable(f"Linktree's server answers with an error in place of data{told}")


def judged(body: bytes, operation: str) -> str:
    """Which feed a body is, by itself.

    Raises:
        SourceUnavailable: it is no whole JSON.  SourceChanged: it is neither overview nor audience, or holds account data.
    """
    if not body.strip():
        raise SourceUnavailable("an answer is empty")
    if len(body) > MOST_BYTES:
        raise SourceChanged(f"the answer to {safe(operation, 60)} has more than {MOST_BYTES:,} bytes")
    try:
        document = json_value(body)
    except FormatTrouble as trouble:
        if trouble.code in ("format.truncated", "format.not-json", "format.empty", "format.encoding"):
            raise SourceUnavailable("an answer is no whole JSON: it broke off") from None
        raise SourceChanged(f"an answer is not as it was: {trouble.sentence}") from None
    feed = classify(document)
    if feed is None:
        raise SourceChanged(f"the answer to {safe(operation, 60)} is neither overview nor audience")
    for pointer in personal(document):
        name = safe(pointer.rpartition("/")[2], 40)
        raise SourceChanged(f"the {feed} answer carries account data such as an e-mail address ({name}): it was not kept")
    return feed
