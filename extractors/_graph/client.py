"""The Graph API as a client: one call at a time, its errors in our words, its quotas obeyed, its pages followed to the real end.

The token travels in the Authorization header, so that no address of ours holds it; Meta's own paging links do, and are not followed: only
their cursor is. Facts: fact sheet of Meta Ads, chapters 3, 5, 7 and 8.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

from bedrot_console.domain.challenges import Secret
from bedrot_console.domain.errors import BedrotError, RateLimited, SourceChanged, SourceUnavailable
from bedrot_console.resilience import Retry

from .errors import Advice, CursorRefused, NotFinished, TooMuchData, error_of, said_of
from .usage import Usage, usage_of

LEAST_PAGE = 25
SLOW_FROM_PERCENT = 75.0
SLOWEST_SECONDS = 60.0
ALL_STATUSES = tuple(range(400, 600))
ONCE = Retry(attempts=1)
_HTTP_DATE = re.compile(r"[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT")


@dataclass(frozen=True, slots=True)
class Page:
    """One answer: the body byte for byte, and the same parsed. `version` is the one that answered, if it says."""

    body: bytes = field(repr=False)
    document: Any = field(repr=False)
    version: str | None = None
    date: str | None = None

    @property
    def rows(self) -> list[Any]:
        return self.document["data"]

    def served_at(self, ours: datetime) -> datetime:
        """When the platform says it answered: the last Date header (a proxy may have put its own before), else our clock."""
        found = _HTTP_DATE.findall(self.date or "")
        return parsedate_to_datetime(found[-1]).astimezone(UTC) if found else ours


class Graph:
    """Calls to one Graph API in one run. Makes no decision about data. A platform's own subclass says its `advice`.

    Args:
        session: the run's Session; owns HTTP, waiting and the log.
        origin: where the API is, if not at the session's own address (Instagram has two doors).
        patience_seconds: how long to wait in all for throttles and temporary errors of one call before giving up.
    """

    advice: ClassVar[Advice]

    def __init__(
        self, session: Any, *, version: str, token: Secret, proof: Secret | None = None, patience_seconds: float = 120.0,
        origin: str = "", rng: random.Random | None = None,
    ) -> None:  # fmt: skip
        self.session = session
        self.version = version
        self.token = token
        self.proof = proof
        self.origin = (origin or session.base_url).rstrip("/")
        self.patience_seconds = patience_seconds
        self.calls = 0
        self._rng = rng or random.Random()
        self._usage = Usage()
        self._warned: set[str] = set()

    def get(self, path: str, params: Mapping[str, Any] | None = None) -> Page:
        """GET `/<version>/<path>`, tried again as the kind of error allows. Raises the BedrotError it ends with."""
        return self._patiently(lambda: self._call("GET", path, params))

    def post(self, path: str, params: Mapping[str, Any] | None = None) -> Page:
        """POST `/<version>/<path>`; only used to start report runs, so that repeating it harms nothing."""
        return self._patiently(lambda: self._call("POST", path, params))

    def pages(self, path: str, params: Mapping[str, Any]) -> Iterator[Page]:
        """Every page of an edge, to the one without `paging.next`. Short and empty pages on the way are legal.

        Raises:
            SourceChanged: a page without a list, a next page elsewhere, or paging that runs in a circle.
            CursorRefused: a cursor grew too old; begin anew.
        """
        asked: dict[str, Any] = dict(params)
        seen: set[str] = set()
        before: list[Any] = []
        while True:
            page = self.get(path, asked)
            if not isinstance(page.document, dict) or not isinstance(page.document.get("data"), list):
                raise SourceChanged(f"Meta's answer to {path.rpartition('/')[2]} holds no list")
            yield page
            after = self._next_cursor(page.document)
            if after is None:
                return
            if after in seen or (before and before == page.rows):
                raise SourceChanged("Meta's paging runs in a circle")
            seen.add(after)
            before = page.rows
            asked["after"] = after

    def whole(
        self, path: str, params: Mapping[str, Any], *, smaller: bool = True, paged: Callable[[int], None] | None = None
    ) -> list[Page]:
        """All pages of an edge; asked once more from the first one when a cursor grew too old on the way.

        Args:
            smaller: when a page is too much at once, ask anew in pages of half the size, down to 25 rows, instead of raising TooMuchData.
            paged: told the number of each page.
        """
        size, again = int(params.get("limit", LEAST_PAGE)), True
        while True:
            found: list[Page] = []
            try:
                for page in self.pages(path, {**params, "limit": size}):
                    found.append(page)
                    if paged is not None:
                        paged(len(found))
                return found
            except TooMuchData as trouble:
                if not smaller or size <= LEAST_PAGE:
                    raise
                size = max(LEAST_PAGE, size // 2)
                self.session.log("warning", f"{trouble}: asking for pages of {size} rows")
            except CursorRefused as trouble:
                if not again:
                    raise
                again = False
                self.session.log("warning", f"{trouble}: asking anew from the first page")

    def _next_cursor(self, document: dict[str, Any]) -> str | None:
        """The cursor of the next page, None at the end. The link itself is not followed: it holds the token, and may point anywhere."""
        paging = document.get("paging")
        link = paging.get("next") if isinstance(paging, dict) else None
        if not link:
            return None
        if not isinstance(link, str) or urlsplit(link).netloc != urlsplit(self.origin).netloc:
            raise SourceChanged("Meta's next page lies on another host")
        cursors = paging.get("cursors")
        after = cursors.get("after") if isinstance(cursors, dict) else None
        after = after or next(iter(parse_qs(urlsplit(link).query).get("after", ())), None)
        if not after:
            raise SourceChanged("Meta offers a next page without a cursor")
        return str(after)

    def _call(self, method: str, path: str, params: Mapping[str, Any] | None) -> Page:
        self._slow_down()
        sent = {k: v if isinstance(v, str) else json.dumps(v, separators=(",", ":")) for k, v in (params or {}).items()}
        if self.proof is not None:
            sent["appsecret_proof"] = self.proof.reveal()
        headers = {"Authorization": f"Bearer {self.token.reveal()}", "Accept": "application/json"}
        where = f"{self.origin}/{self.version}/{path.lstrip('/')}"
        self.calls += 1
        if method == "GET":
            answer = self.session.get(
                where, sent, headers=headers, accept=ALL_STATUSES, max_bytes=256 << 20, timeout_seconds=120.0, retry=ONCE
            )
        else:
            answer = self.session.post(where, sent, headers=headers, accept=ALL_STATUSES, timeout_seconds=120.0)
        self._usage = usage_of(answer.headers)
        document = _document(answer.status_code, answer.content)
        error = error_of(answer.status_code, document, answer.headers, self.advice)
        if error is not None:
            if (said := said_of(error)) is not None:
                said.body = answer.content
            raise error
        page = Page(answer.content, document, answer.headers.get("facebook-api-version"), answer.headers.get("Date"))
        self._check_version(page, answer.headers.get("x-ad-api-version-warning"))
        return page

    def _check_version(self, page: Page, warned: str | None) -> None:
        if page.version and page.version != self.version:
            self._warn_once(f"Meta answers as {page.version} though {self.version} was asked: that version has ended")
        elif warned:
            self._warn_once(f"Meta says: {warned[:200]}")

    def _warn_once(self, text: str) -> None:
        if text not in self._warned:
            self._warned.add(text)
            self.session.log("warning", text)

    def _slow_down(self) -> None:
        """Pause before a call when the last answer said that a quota is nearly used up: calling on would prolong the block."""
        usage = self._usage
        if usage.percent < SLOW_FROM_PERCENT:
            return
        share = min((usage.percent - SLOW_FROM_PERCENT) / (100 - SLOW_FROM_PERCENT), 1.0)
        seconds = max(1.0, SLOWEST_SECONDS * share)
        self.session.log("info", f"{usage.percent:.0f} % of Meta's quota is used: waiting {seconds:.0f} s")
        self.session.sleep(seconds)

    def _patiently(self, work: Callable[[], Page]) -> Page:
        """Do one call; wait and repeat on throttles (regain minutes, else reset seconds, else from 60 s on) and on temporary errors."""
        clock = self.session.clock
        started = clock.monotonic()
        for attempt in range(8):
            try:
                return work()
            except BedrotError as error:
                if not error.retryable or isinstance(error, NotFinished):
                    raise
                if isinstance(error, RateLimited):
                    pause = error.retry_after_seconds or 60.0 * 2**attempt * self._rng.uniform(0.9, 1.2)
                    error.retry_after_seconds = pause
                elif attempt >= 3:
                    raise
                else:
                    pause = 1.0 * 2**attempt * self._rng.uniform(0.5, 1.0)
                if clock.monotonic() - started + pause > self.patience_seconds:
                    raise
                self.session.log("warning", f"{error}; waiting {pause:.0f} s")
                self._usage = Usage()
                self.session.sleep(pause)
        return work()


def _document(status: int, body: bytes) -> Any:
    """The parsed body. A page of HTML where JSON is due means that something else answered; a cut one that the answer broke off."""
    head = body[:512].lstrip(b"\xef\xbb\xbf \t\r\n")
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as trouble:
        if status >= 500:
            return None
        if head.startswith(b"<"):
            raise SourceChanged(
                "an HTML page came where Meta's JSON was due", hint="is base_url right? a proxy or sign-in page may answer"
            ) from trouble
        if not head or head[:1] in b"{[":
            raise SourceUnavailable("Meta's answer broke off") from trouble
        raise SourceChanged("Meta's answer is not JSON") from trouble
