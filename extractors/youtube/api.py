"""Google's APIs as a client: a fresh access token, one call at a time, errors in our words, quotas counted, pages to the real end.

Three addresses in the world, one where settings point to a simulator. Access tokens live in memory only. Facts: Google's documentation and
its bundled discovery documents (documented), but where a line says otherwise.
"""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from bedrot_console.domain.accounts import account_flag
from bedrot_console.domain.challenges import Secret
from bedrot_console.domain.errors import (
    BedrotError,
    CredentialsRejected,
    RateLimited,
    SourceChanged,
    SourceUnavailable,
)
from bedrot_console.domain.files import format_time, parse_time
from bedrot_console.resilience import Retry

from .errors import CONSENT_HINT, TOLD_HINT, error_of, next_midnight, own_limit, pacific_day, spent_until, token_error
from .queries import COMPACT

DATA, ANALYTICS, TOKEN = (
    "https://youtube.googleapis.com",
    "https://youtubeanalytics.googleapis.com",
    "https://oauth2.googleapis.com",
)
SCOPE = "https://www.googleapis.com/auth/"
WANTED_SCOPES = ("youtube.readonly", "yt-analytics.readonly")
READS_CHANNEL = frozenset({"youtube", "youtube.readonly", "youtube.force-ssl", "youtubepartner"})
READS_REPORTS = frozenset(
    {"youtube", "youtube.readonly", "youtubepartner", "yt-analytics.readonly", "yt-analytics-monetary.readonly"}
)
"""Scopes that the discovery documents accept for a method; any one will do."""
READS_MONEY = frozenset({"yt-analytics-monetary.readonly"})
UNITS_A_DAY = 10_000
"""Units of the Data API per project and day; every list call costs one, a refused one too. The Analytics API names no number."""

ALL_STATUSES = tuple(range(400, 600))
ONCE = Retry(attempts=1)
CALLS = "calls_of_day"
"""Under this name a run remembers how much this account has used today; neither API tells."""

_HTTP_DATE = re.compile(r"[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT")
_KEPT = re.compile(r"(\d{4}-\d{2}-\d{2}) data=(\d{1,9}) analytics=(\d{1,9})")


def _calls_of(kept: str | None, today: date) -> Counter[str]:
    """What was remembered under CALLS, if it is of today; nothing of any other spelling."""
    match = _KEPT.fullmatch(kept or "")
    if match is None or match[1] != today.isoformat():
        return Counter()
    return Counter({"data": int(match[2]), "analytics": int(match[3])})


def _time_of(kept: str | None) -> datetime | None:
    try:
        return parse_time(kept or "")
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class Page:
    """One answer: the body byte for byte, and the same parsed."""

    body: bytes = field(repr=False)
    document: dict[str, Any] = field(repr=False)

    @property
    def items(self) -> list[Any]:
        """The items of a list answer; absent means none (seen)."""
        return self.document.get("items") or []


class Google:
    """Calls to the two YouTube APIs in one run. Makes no decision about data.

    Attributes:
        scopes: short names of what the consent covers; empty when the token service did not say.
        now: the platform's own time, from its last answer: its days and quotas follow that clock.
        calls: calls made, by bucket (`data`, `analytics`, `token`); no header of either API tells what is used.
        earlier: the same of earlier runs of this account on the same Pacific day.
        units: how many units of the Data API this account may use in a day.
    """

    def __init__(
        self, session: Any, *, patience_seconds: float = 120.0, units: int = UNITS_A_DAY, rng: random.Random | None = None
    ) -> None:
        self.session = session
        self.patience_seconds = patience_seconds
        self.units = units
        self.scopes: frozenset[str] = frozenset()
        self.now: datetime = session.clock.now()
        self.calls: Counter[str] = Counter()
        self.earlier: Counter[str] = _calls_of(session.recall(CALLS), pacific_day(self.now))
        self._rng = rng or random.Random()
        self._access: Secret | None = None
        self._spent: dict[str, RateLimited] = {}
        here = session.base_url
        self._hosts = {"data": here, "analytics": here, "token": here}
        if here == DATA:
            self._hosts = {"data": DATA, "analytics": ANALYTICS, "token": TOKEN}

    def sign_in(self) -> None:
        """Exchange the refresh token for an access token, and read which scopes the consent covers.

        Raises:
            CredentialsRejected: no longer taken, or one of the three secrets is missing.
        """
        self._patiently(self._renew)

    def _renew(self) -> None:
        session = self.session
        form = {name: session.secret(name) for name in ("client_id", "client_secret", "refresh_token")}
        self.calls["token"] += 1
        answer = session.post(
            f"{self._hosts['token']}/token", {"grant_type": "refresh_token", **form}, accept=ALL_STATUSES, timeout_seconds=30.0
        )
        self._heard(answer)
        document = _document(answer.status_code, answer.content)
        token = document.get("access_token") if isinstance(document, dict) else None
        if answer.status_code != 200 or not isinstance(token, str) or not token:
            raise token_error(answer.status_code, document, session.account)
        self._access = Secret(token)
        session.redactor.add(self._access)
        self.scopes = frozenset(s.removeprefix(SCOPE) for s in str(document.get("scope") or "").split())
        left = document.get("refresh_token_expires_in")
        ends = None
        if isinstance(left, int) and 0 < left < 1 << 31 and left is not True:  # named for consents of limited time (documented)
            ends = self.now + timedelta(seconds=left)
            session.log("warning", f"the refresh token ends on {ends:%Y-%m-%d %H:%M} UTC: {CONSENT_HINT}")
        session.credential_ends(ends, "refresh_token")

    def covers(self, scopes: frozenset[str]) -> bool:
        """Whether the consent covers one of `scopes`, as far as is known."""
        return not self.scopes or bool(self.scopes & scopes)

    def data(self, resource: str, params: Mapping[str, str]) -> Page:
        """One list call of the Data API."""
        return self._patiently(lambda: self._call("data", f"/youtube/v3/{resource}", params))

    def report(self, params: Mapping[str, str]) -> Page:
        """One query of the Analytics API."""
        return self._patiently(lambda: self._call("analytics", "/v2/reports", params))

    def pages(self, resource: str, params: Mapping[str, str], *, paged: Callable[[int], None] | None = None) -> list[Page]:
        """Every page of a list, to the one without `nextPageToken`. Short and empty pages on the way are legal.

        Raises:
            SourceChanged: paging that runs in a circle.
        """
        found: list[Page] = []
        asked, seen = dict(params), set()
        while True:
            page = self.data(resource, asked)
            found.append(page)
            if paged is not None:
                paged(len(found))
            after = page.document.get("nextPageToken")
            if not after:
                return found
            if after in seen or (len(found) > 1 and page.items and page.items == found[-2].items):
                raise SourceChanged(f"YouTube's paging of {resource} runs in a circle")
            seen.add(after)
            asked["pageToken"] = str(after)

    def _call(self, bucket: str, path: str, params: Mapping[str, str]) -> Page:
        self._stop_at_quota(bucket)
        for again in (True, False):
            answer = self._send(bucket, path, params)
            document = _document(answer.status_code, answer.content)
            error = error_of(answer.status_code, document, self.now)
            if isinstance(error, CredentialsRejected) and again:
                self.session.log("info", "the access token has ended: taking a new one")
                self._renew()
                continue
            if error is not None:
                if isinstance(error, RateLimited) and not error.retryable:
                    self._spent[bucket] = error
                    self.session.remember(f"{bucket}_quota_until", format_time(next_midnight(self.now)))
                raise error
            if not isinstance(document, dict) or not isinstance(document.get("kind"), str):
                raise SourceChanged(f"YouTube's answer to {path.rpartition('/')[2]} is not of the kind that is known")
            return Page(answer.content, document)
        raise AssertionError("unreachable")

    def _stop_at_quota(self, bucket: str) -> None:
        """Ask no further where the day's quota is spent: told in this run or in an earlier one, or by our own count."""
        if bucket in self._spent:
            raise self._spent[bucket]
        name = f"{bucket}_quota_until"
        until = _time_of(self.session.recall(name))
        if until is not None and until > self.now:
            self._spent[bucket] = spent_until(
                until, self.now, " (as an earlier run was told)", TOLD_HINT.format(name=name + account_flag(self.session.account))
            )
            raise self._spent[bucket]
        if bucket == "data" and self.calls[bucket] + self.earlier[bucket] >= self.units:
            raise own_limit(self.units)

    def tell(self) -> None:
        """Say what was used, and remember it for the next run of the day."""
        today = self.calls + self.earlier
        before = " today" if self.earlier else ""
        self.session.log(
            "info",
            f"quota: {today['data']} of {self.units} units of the Data API{before}, {today['analytics']} queries of the Analytics API{before}, "
            f"{self.calls['token']} access tokens",
        )
        day = pacific_day(self.now).isoformat()
        self.session.remember(CALLS, f"{day} data={today['data']} analytics={today['analytics']}")

    def _send(self, bucket: str, path: str, params: Mapping[str, str]) -> Any:
        if self._access is None:
            self._renew()
        assert self._access is not None
        headers = {"Authorization": f"Bearer {self._access.reveal()}", "Accept": "application/json"}
        self.calls[bucket] += 1
        answer = self.session.get(
            self._hosts[bucket] + path,
            {**params, **COMPACT},
            headers=headers,
            accept=ALL_STATUSES,
            timeout_seconds=60.0,
            retry=ONCE,
        )
        self._heard(answer)
        return answer

    def _heard(self, answer: Any) -> None:
        """The platform's clock, from the last Date header (a proxy may have put its own before)."""
        found = _HTTP_DATE.findall(answer.headers.get("Date") or "")
        self.now = parsedate_to_datetime(found[-1]).astimezone(UTC) if found else self.session.clock.now()

    def _patiently(self, work: Callable[[], Any]) -> Any:
        """Do one call; wait and repeat, exponentially with jitter, when it was too fast or the trouble is temporary."""
        clock = self.session.clock
        started = clock.monotonic()
        for attempt in range(8):
            try:
                return work()
            except BedrotError as error:
                if not error.retryable:
                    raise
                if isinstance(error, RateLimited):
                    pause = max(error.retry_after_seconds or 0.0, 2.0 * 2**attempt * self._rng.uniform(0.75, 1.25))
                elif attempt >= 3:
                    raise
                else:
                    pause = 1.0 * 2**attempt * self._rng.uniform(0.5, 1.0)
                if clock.monotonic() - started + pause > self.patience_seconds:
                    raise
                self.session.log("warning", f"{error}; waiting {pause:.0f} s")
                self.session.sleep(pause)
        return work()


def _document(status: int, body: bytes) -> Any:
    """The parsed body. A page of HTML where JSON is due means that something else answered; a cut one that the answer broke off."""
    head = body[:512].lstrip(b"\xef\xbb\xbf \t\r\n")
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as trouble:
        if status >= 500 or status == 429:
            return None
        if head.startswith(b"<"):
            raise SourceChanged(
                "an HTML page came where YouTube's JSON was due", hint="is base_url right? a proxy or sign-in page may answer"
            ) from trouble
        if not head or head[:1] in b"{[":
            raise SourceUnavailable("YouTube's answer broke off") from trouble
        raise SourceChanged("YouTube's answer is not JSON") from trouble
