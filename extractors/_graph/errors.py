"""The Graph API's errors in our words. Codes and subcodes: fact sheet of Meta Ads, chapter 7."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

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

from .usage import usage_of

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


@dataclass(frozen=True, slots=True)
class Advice:
    """What a platform tells people to do. `token`, `grant`, `account`: hints for a dead token, a missing permission, an unseen account."""

    platform: str
    token: str
    grant: str
    account: str


@dataclass(slots=True)
class Said:
    """What Meta itself said with an error; `body` is the answer byte for byte, for who keeps refusals."""

    code: int | None
    subcode: int | None
    message: str
    body: bytes = field(default=b"", repr=False)


def error_of(status: int, document: Any, headers: Mapping[str, str], advice: Advice) -> BedrotError | None:
    """The error in an answer, in our words; None for an answer without one. An error may come with status 200 (documented): looks at the body.

    `fbtrace_id` is kept in the sentence: Meta's support asks for it, and it is useful for a short time only. `said_of` gives what Meta said.
    """
    error = document.get("error") if isinstance(document, dict) else None
    if not isinstance(error, dict):
        if status >= 500:
            return SourceUnavailable(f"Meta answers with status {status}")
        return SourceChanged(f"Meta answers with status {status} and no error object") if status >= 400 else None
    code, subcode, said = error.get("code"), error.get("error_subcode"), str(error.get("message", ""))[:300]
    made = _sorted(status, error, code, subcode, said, headers, advice)
    made.said = Said(code, subcode, said)  # type: ignore[attr-defined]
    return made


def said_of(error: BaseException) -> Said | None:
    """Code, subcode and message that Meta gave with an error of `error_of`; None for any other."""
    return getattr(error, "said", None)


def _sorted(
    status: int, error: Mapping[str, Any], code: Any, subcode: Any, said: str, headers: Mapping[str, str], advice: Advice
) -> BedrotError:
    """The kind of error, by what is to be done about it."""
    trace = f", fbtrace_id {str(error['fbtrace_id'])[:40]}" if error.get("fbtrace_id") else ""
    tail = f" ({code}{f'/{subcode}' if subcode else ''}{trace})"
    if code in (190, 102, 104) or error.get("type") == "OAuthAccessTokenException":
        why = _TOKEN_SUBCODES.get(subcode, "Meta does not take it")
        return CredentialsRejected(f"the access token is refused: {why}{tail}", hint=advice.token)
    if code == 100 and "appsecret_proof" in said:
        hint = f"store the secret of the token's own app: bedrot secrets set {advice.platform} app_secret"
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
        return AccessError(f"Meta grants no access: {said}{tail}", hint=advice.grant)
    if code == 2601:
        return NotFinished(f"the report is not ready{tail}")
    if code == 2642:
        return CursorRefused(f"Meta refuses the cursor{tail}")
    if code == 2635:
        return UsageError(
            f"Meta refuses this version of the API: {said}{tail}",
            hint=f"raise it: [platforms.{advice.platform}] version in bedrot.toml",
        )
    if code == 100 and subcode == 33:
        return NotShown(f"Meta does not show this object: the wrong account, or access was lost{tail}", hint=advice.account)
    if code in (1, 2) or error.get("is_transient") is True or status >= 500:
        return SourceUnavailable(f"Meta has a temporary error: {said}{tail}")
    return SourceChanged(f"Meta refuses the request: {said}{tail}")
