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
from datetime import UTC, date, datetime, time, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from zoneinfo import ZoneInfo

from bedrot_console.domain.challenges import Secret
from bedrot_console.domain.errors import (
    AccessError,
    BedrotError,
    CredentialsRejected,
    RateLimited,
    SourceChanged,
    SourceUnavailable,
)
from bedrot_console.resilience import Retry

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
CONSENT_HINT = (
    "in the Google Cloud console set the OAuth consent screen's publishing status to In production (in Testing it ends every refresh token "
    "after 7 days), consent again with the channel's account, then: bedrot secrets set youtube refresh_token"
)
SCOPE_HINT = "consent again with every box ticked, then: bedrot secrets set youtube refresh_token"
CLIENT_HINT = "take both from the project's OAuth client: bedrot secrets set youtube client_id, then client_secret"
ENABLE_HINT = "enable YouTube Data API v3 and YouTube Analytics API in the API library of the Google Cloud project"
QUOTA_HINT = "run it again after midnight Pacific time, or ask Google for a larger quota"

_SPENT = frozenset({"quotaExceeded", "dailyLimitExceeded", "dailyLimitExceededUnreg"})
_TOO_FAST = frozenset({"rateLimitExceeded", "userRateLimitExceeded", "RATE_LIMIT_EXCEEDED"})
_NOT_ENABLED = frozenset({"accessNotConfigured", "SERVICE_DISABLED"})
_NO_SCOPE = frozenset({"insufficientPermissions", "ACCESS_TOKEN_SCOPE_INSUFFICIENT"})
_HTTP_DATE = re.compile(r"[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT")
_TAG = re.compile(r"<[^>]{0,200}>")


class Refused(SourceChanged):
    """The platform refuses this very question (400): ask another, repeating it does not help."""

    code = "source-changed"


class NotThere(SourceChanged):
    """What was asked for is gone or not visible (404)."""

    code = "source-changed"


def pacific() -> ZoneInfo:
    """The zone of YouTube's days and of Google's quotas (documented long ago). Loaded on use: a confined reader has no zone files."""
    return ZoneInfo("America/Los_Angeles")


def pacific_day(now: datetime) -> date:
    """The calendar day in Pacific time."""
    return now.astimezone(pacific()).date()


def next_midnight(now: datetime) -> datetime:
    """When the day's quotas are given anew: the next midnight in Pacific time, in UTC."""
    tomorrow = pacific_day(now) + timedelta(days=1)
    return datetime.combine(tomorrow, time(), pacific()).astimezone(UTC)


def reason_of(document: Any) -> tuple[str, str]:
    """The reason word and the platform's sentence of an error answer, whichever of Google's forms it has; both empty without one."""
    problem = document.get("error") if isinstance(document, dict) else None
    if not isinstance(problem, dict):
        return "", ""
    entries = [e for e in problem.get("errors") or () if isinstance(e, dict)]
    entries += [e for e in problem.get("details") or () if isinstance(e, dict) and e.get("reason")]
    reason = str((entries[0].get("reason") if entries else None) or problem.get("status") or "")[:60]
    said = str(problem.get("message") or (entries[0].get("message") if entries else "") or "")
    return reason, _TAG.sub("", said).strip()[:300].rstrip(".")


def error_of(status: int, document: Any, now: datetime) -> BedrotError | None:
    """The error in an answer, in our words; None for an answer without one. Analytics may put one into a 200 (documented): looks at the body."""
    inside = document.get("errors") if isinstance(document, dict) else None
    if status < 400 and isinstance(inside, dict) and inside:
        return _error_inside(inside)
    if status < 400 and not (isinstance(document, dict) and document.get("error")):
        return None
    reason, said = reason_of(document)
    if not reason and not said:
        if status >= 500:
            return SourceUnavailable(f"YouTube answers with status {status}")
        if status == 429:
            return RateLimited("YouTube asks to slow down (429)")
        return SourceChanged(f"YouTube answers with status {status} and no error object")
    tail = f" ({status} {reason})" if reason else f" ({status})"
    if reason in _SPENT:
        midnight = next_midnight(now)
        spent = RateLimited(
            f"YouTube's quota of this day is spent: nothing more until midnight Pacific time, {midnight:%Y-%m-%d %H:%M} UTC{tail}",
            retry_after_seconds=(midnight - now).total_seconds(), hint=QUOTA_HINT,
        )  # fmt: skip
        spent.retryable = False
        return spent
    if reason in _TOO_FAST or status == 429:
        return RateLimited(f"YouTube asks to slow down: {said}{tail}")
    if status == 401:
        return CredentialsRejected(f"YouTube does not take the access token: {said}{tail}", hint=CONSENT_HINT)
    if reason in _NOT_ENABLED:
        return AccessError(f"an API is not enabled in the Google Cloud project: {said}{tail}", hint=ENABLE_HINT)
    if reason == "youtubeSignupRequired":
        return AccessError(f"the Google account has no YouTube channel{tail}", hint=SCOPE_HINT)
    if reason in _NO_SCOPE:
        return AccessError(f"the consent does not cover this: {said}{tail}", hint=SCOPE_HINT)
    if status == 403:
        hint = (
            "is the consent that of the channel's owner? revenue needs a monetised channel: [platforms.youtube] revenue = false"
        )
        return AccessError(f"YouTube grants no access: {said}{tail}", hint=hint)
    if status == 404:
        return NotThere(f"YouTube does not show this: {said}{tail}")
    if status >= 500:
        return SourceUnavailable(f"YouTube has a temporary error: {said}{tail}")
    return Refused(f"YouTube refuses the query: {said}{tail}")


def _error_inside(errors: Mapping[str, Any]) -> BedrotError:
    """An `errors` object inside a 200 as our error; its words are those of the discovery document."""
    code = str(errors.get("code") or "")[:40]
    entries = [e for e in errors.get("error") or () if isinstance(e, dict)]
    said = str(entries[0].get("externalErrorMessage") or entries[0].get("code") or "") if entries else ""
    tail = f"{f': {said[:200]}' if said else ''} ({code or 'no code'} inside an answer of status 200)"
    if code in ("SERVICE_UNAVAILABLE", "INTERNAL_ERROR"):
        return SourceUnavailable(f"YouTube has a temporary error{tail}")
    if code == "FORBIDDEN":
        return AccessError(f"YouTube grants no access{tail}", hint=SCOPE_HINT)
    return Refused(f"YouTube refuses the query{tail}")


def token_error(status: int, document: Any, account: str) -> BedrotError:
    """Why no access token was given, in our words."""
    word = str(document.get("error", ""))[:60] if isinstance(document, dict) else ""
    said = str(document.get("error_description", ""))[:200].rstrip(".") if isinstance(document, dict) else ""
    tail = f" ({word}: {said})" if said else f" ({word})" if word else ""
    mine = "" if account == "default" else f" --account {account}"
    if word == "invalid_grant":
        return CredentialsRejected(
            "Google no longer takes the refresh token: it was revoked, unused for long, or ended after 7 days because the consent screen is "
            f"in Testing{tail}", hint=CONSENT_HINT + mine,
        )  # fmt: skip
    if word in ("invalid_client", "unauthorized_client", "deleted_client", "disabled_client"):
        return CredentialsRejected(
            f"Google does not know the OAuth client, or its secret is wrong{tail}", hint=CLIENT_HINT + mine
        )
    if status == 429 or word == "slow_down":
        return RateLimited(f"Google asks to slow down{tail or ' (429)'}")
    if status >= 500:
        return SourceUnavailable(f"Google's token service answers with status {status}")
    if word:
        return CredentialsRejected(f"Google gives no access token{tail}", hint=CONSENT_HINT + mine)
    return SourceChanged(f"Google's token service answers with status {status} and no known error")


def _own_limit(units: int) -> RateLimited:
    """The run has used what it may; asking on would spend what others need today."""
    limit = RateLimited(f"this run may use {units} units of the Data API, and has", hint="raise it: [platforms.youtube] units")
    limit.retryable = False
    return limit


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
        units: how many units of the Data API this run may use.
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
        if isinstance(left, int) and not isinstance(left, bool):  # named for consents of limited time (documented)
            session.log(
                "warning", f"the refresh token ends on {self.now + timedelta(seconds=left):%Y-%m-%d %H:%M} UTC: {CONSENT_HINT}"
            )

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
        if bucket in self._spent:
            raise self._spent[bucket]
        if bucket == "data" and self.calls[bucket] >= self.units:
            raise _own_limit(self.units)
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
                raise error
            if not isinstance(document, dict) or not isinstance(document.get("kind"), str):
                raise SourceChanged(f"YouTube's answer to {path.rpartition('/')[2]} is not of the kind that is known")
            return Page(answer.content, document)
        raise AssertionError("unreachable")

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
