"""What Google's refusals mean to the operator: reasons of the APIs, words of the token service, and when a spent quota is given anew."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bedrot_console.domain.accounts import account_flag
from bedrot_console.domain.errors import (
    AccessError,
    BedrotError,
    CredentialsRejected,
    RateLimited,
    SourceChanged,
    SourceUnavailable,
)

CONSENT_HINT = (
    "in the Google Cloud console set the OAuth consent screen's publishing status to In production (in Testing it ends every refresh token "
    "after 7 days), consent again with the channel's account, then: bedrot secrets set youtube refresh_token"
)
SCOPE_HINT = "consent again with every box ticked, then: bedrot secrets set youtube refresh_token"
CLIENT_HINT = "take both from the project's OAuth client: bedrot secrets set youtube client_id, then client_secret"
ENABLE_HINT = "enable YouTube Data API v3 and YouTube Analytics API in the API library of the Google Cloud project"
QUOTA_HINT = "run it again after midnight Pacific time, or ask Google for a larger quota"
TOLD_HINT = "if Google has granted more since: bedrot secrets remove youtube {name}"

_SPENT = frozenset({"quotaExceeded", "dailyLimitExceeded", "dailyLimitExceededUnreg"})
_TOO_FAST = frozenset({"rateLimitExceeded", "userRateLimitExceeded", "RATE_LIMIT_EXCEEDED"})
_NOT_ENABLED = frozenset({"accessNotConfigured", "SERVICE_DISABLED"})
_NO_SCOPE = frozenset({"insufficientPermissions", "ACCESS_TOKEN_SCOPE_INSUFFICIENT"})
_TAG = re.compile(r"<[^>]{0,200}>")


class Refused(SourceChanged):
    """The platform refuses this very question (400): ask another, repeating it does not help."""

    code = "source-changed"
    hint = "YouTube may have retired it: tell the developers; what else the run brings is not touched"


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
        return spent_until(next_midnight(now), now, tail, QUOTA_HINT)
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
    mine = account_flag(account)
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


def spent_until(midnight: datetime, now: datetime, tail: str, hint: str) -> RateLimited:
    """Waiting helps here too, but no run waits so long: it is not tried again."""
    spent = RateLimited(
        f"YouTube's quota of this day is spent: nothing more until midnight Pacific time, {midnight:%Y-%m-%d %H:%M} UTC{tail}",
        retry_after_seconds=(midnight - now).total_seconds(), hint=hint,
    )  # fmt: skip
    spent.retryable = False
    return spent


def own_limit(units: int) -> RateLimited:
    """This account has used what it may today; asking on would spend what others need."""
    limit = RateLimited(
        f"this account may use {units} units of the Data API a day, and has", hint="raise it: [platforms.youtube] units"
    )
    limit.retryable = False
    return limit
