"""The Graph API as a client: one call at a time, its errors in our words, its quotas obeyed, its pages followed to the real end.

The token travels in the Authorization header, so that no address of ours holds it; Meta's own paging links do, and are not followed: only
their cursor is. Facts: fact sheet, chapters 3, 5, 7 and 8.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from urllib.parse import parse_qs, urlsplit

from bedrot_console.domain.challenges import Secret
from bedrot_console.domain.errors import (
    AccessError,
    BedrotError,
    CredentialsRejected,
    RateLimited,
    SourceBlocked,
    SourceChanged,
    SourceUnavailable,
    UsageError,
)
from bedrot_console.resilience import Retry

DEFAULT_VERSION = "v26.0"
MARKETING_ENDS = {
    "v18.0": date(2026, 1, 26),
    "v19.0": date(2026, 5, 21),
    "v20.0": date(2026, 9, 24),
    "v21.0": date(2026, 9, 24),
    "v22.0": date(2026, 9, 24),
    "v23.0": date(2026, 9, 24),
    "v24.0": date(2026, 10, 6),
}
"""When a Marketing API version ended; no header tells. v18 to v20 and v24: documented (dated third-party reading); the others: assumed."""

LEAST_PAGE = 25
SLOW_FROM_PERCENT = 75.0
SLOWEST_SECONDS = 60.0
ALL_STATUSES = tuple(range(400, 600))
ONCE = Retry(attempts=1)
TOKEN_HINT = "make a new token (Business settings > System users), then: bedrot secrets set metaads access_token"
GRANT_HINT = "assign the ad account to the token's system user and grant ads_read in Business settings"
_THROTTLES = frozenset({4, 17, 32, 341, 613, 80000, 80001, 80002, 80003, 80004, 80005, 80006, 80008, 80009, 80014})
_TOKEN_SUBCODES = {
    458: "the app was removed by its user", 459: "Meta holds the user at a checkpoint", 460: "the password was changed",
    463: "it has expired", 464: "the user is not confirmed", 467: "it is no longer valid", 492: "the user lost the role",
}  # fmt: skip


class TooMuchData(SourceUnavailable):
    """The platform will not answer this much at once: ask for less, or for a report run. Repeating the call does not help."""

    retryable = False


class CursorRefused(SourceUnavailable):
    """A cursor is too old or not ours: the question must be asked anew from its first page."""

    retryable = False


class NotShown(AccessError):
    """The platform does not show an object (100/33): it does not exist, not yet, or not for us."""


class NotFinished(SourceUnavailable):
    """A report run cannot be read yet, or is not known yet."""

    retryable = True


def appsecret_proof(token: Secret, app_secret: Secret) -> str:
    """HMAC-SHA256 of the token under the app secret, lower-case hex (documented)."""
    return hmac.new(app_secret.reveal().encode(), token.reveal().encode(), hashlib.sha256).hexdigest()


@dataclass(frozen=True, slots=True)
class Usage:
    """How much of the quotas is used: the worst percentage named in the headers, and what they say about waiting (seconds, or None)."""

    percent: float = 0.0
    wait_seconds: float | None = None


def usage_of(headers: Mapping[str, str]) -> Usage:
    """Read the usage headers; JSON text with percentages, several ids in one container: the worst counts. Damaged ones are ignored."""
    found = {k.lower(): v for k, v in headers.items()}
    percent, waits = 0.0, []
    for name in (
        "x-app-usage",
        "x-business-use-case-usage",
        "x-ad-account-usage",
        "x-fb-ads-insights-throttle",
        "x-fb-ads-insights-reach-throttle",
    ):
        try:
            value = json.loads(found.get(name) or "{}")
        except ValueError:
            continue
        entries = [value] if isinstance(value, dict) else []
        if isinstance(value, dict):
            entries += [e for v in value.values() if isinstance(v, list) for e in v if isinstance(e, dict)]
        for entry in entries:
            for key, amount in entry.items():
                if not isinstance(amount, int | float) or isinstance(amount, bool):
                    continue
                if key in ("call_count", "total_time", "total_cputime") or key.endswith("_util_pct"):
                    percent = max(percent, float(amount))
                elif key == "estimated_time_to_regain_access" and amount > 0:
                    waits.append(60.0 * amount)
                elif key == "reset_time_duration" and amount > 0 and entry.get("acc_id_util_pct", 0) >= 100:
                    waits.append(float(amount))
    return Usage(percent, max(waits, default=None))


def error_of(status: int, document: Any, headers: Mapping[str, str]) -> BedrotError | None:
    """The error in an answer, in our words; None for an answer without one. An error may come with status 200 (documented): looks at the body.

    `fbtrace_id` is kept in the sentence: Meta's support asks for it, and it is useful for a short time only.
    """
    error = document.get("error") if isinstance(document, dict) else None
    if not isinstance(error, dict):
        if status >= 500:
            return SourceUnavailable(f"Meta answers with status {status}")
        return SourceChanged(f"Meta answers with status {status} and no error object") if status >= 400 else None
    code, subcode = error.get("code"), error.get("error_subcode")
    said = str(error.get("message", ""))[:300]
    trace = f", fbtrace_id {str(error['fbtrace_id'])[:40]}" if error.get("fbtrace_id") else ""
    tail = f" ({code}{f'/{subcode}' if subcode else ''}{trace})"
    if code in (190, 102, 104) or error.get("type") == "OAuthAccessTokenException":
        why = _TOKEN_SUBCODES.get(subcode, "Meta does not take it")
        return CredentialsRejected(f"the access token is refused: {why}{tail}", hint=TOKEN_HINT)
    if code == 100 and "appsecret_proof" in said:
        hint = "store the secret of the token's own app: bedrot secrets set metaads app_secret"
        return CredentialsRejected(f"{said}{tail}", hint=hint)
    if code == 368:
        return SourceBlocked(
            f"Meta blocked this for policy reasons: {said}{tail}", hint="look at the Account Quality page of the business"
        )
    if (
        (code == 1 and subcode == 99)
        or (code == 100 and subcode == 1487534)
        or code in (-3, 500)
        or "reduce the amount of data" in said
    ):
        return TooMuchData(f"Meta finds this too much data at once{tail}")
    if code in _THROTTLES:
        wait = usage_of(headers).wait_seconds
        return RateLimited(f"Meta asks to slow down: {said}{tail}", retry_after_seconds=wait)
    if isinstance(code, int) and (code in (3, 10, 294) or 200 <= code <= 299):
        return AccessError(f"Meta grants no access: {said}{tail}", hint=GRANT_HINT)
    if code == 2601:
        return NotFinished(f"the report is not ready{tail}")
    if code == 2642:
        return CursorRefused(f"Meta refuses the cursor{tail}")
    if code == 2635:
        return UsageError(
            f"Meta refuses this version of the API: {said}{tail}", hint="raise it: [platforms.metaads] version in bedrot.toml"
        )
    if code == 100 and subcode == 33:
        hint = "check [platforms.metaads] account_id, and that the account is still assigned to the token"
        return NotShown(f"Meta does not show this object: the wrong account, or access was lost{tail}", hint=hint)
    if code in (1, 2) or error.get("is_transient") is True or status >= 500:
        return SourceUnavailable(f"Meta has a temporary error: {said}{tail}")
    return SourceChanged(f"Meta refuses the request: {said}{tail}")


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


class Graph:
    """Calls to one Graph API in one run. Makes no decision about data.

    Args:
        session: the run's Session; owns HTTP, waiting and the log.
        patience_seconds: how long to wait in all for throttles and temporary errors of one call before giving up.
    """

    def __init__(
        self, session: Any, *, version: str, token: Secret, proof: Secret | None = None, patience_seconds: float = 120.0,
        rng: random.Random | None = None,
    ) -> None:  # fmt: skip
        self.session = session
        self.version = version
        self.token = token
        self.proof = proof
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
        if not isinstance(link, str) or urlsplit(link).netloc != urlsplit(self.session.base_url).netloc:
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
        where = f"/{self.version}/{path.lstrip('/')}"
        self.calls += 1
        if method == "GET":
            answer = self.session.get(
                where, sent, headers=headers, accept=ALL_STATUSES, max_bytes=256 << 20, timeout_seconds=120.0, retry=ONCE
            )
        else:
            answer = self.session.post(where, sent, headers=headers, accept=ALL_STATUSES, timeout_seconds=120.0)
        self._usage = usage_of(answer.headers)
        document = _document(answer.status_code, answer.content)
        error = error_of(answer.status_code, document, answer.headers)
        if error is not None:
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
