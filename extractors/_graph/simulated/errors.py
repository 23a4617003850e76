"""The Graph API's errors as it words them. Codes and subcodes: fact sheet, chapter 7; wording seen in public issues unless marked assumed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any


class GraphError(Exception):
    """An answer with an `error` object. `headers` go out with it (usage headers of a throttle)."""

    def __init__(
        self, message: str, code: int, subcode: int | None = None, *, kind: str = "OAuthException", status: int = 400,
        transient: bool | None = None, title: str | None = None, user_message: str | None = None,
        data: Mapping[str, Any] | None = None, headers: Mapping[str, str] | None = None,
    ) -> None:  # fmt: skip
        super().__init__(message)
        self.status = status
        self.headers = dict(headers or {})
        self.error: dict[str, Any] = {"message": message, "type": kind, "code": code}
        if data is not None:
            self.error["error_data"] = dict(data)
        if subcode is not None:
            self.error["error_subcode"] = subcode
        if transient is not None:
            self.error["is_transient"] = transient
        if title is not None:
            self.error["error_user_title"] = title
        if user_message is not None:
            self.error["error_user_msg"] = user_message

    def body(self, trace: str) -> dict[str, Any]:
        return {"error": {**self.error, "fbtrace_id": trace}}


_CHALLENGE = {"WWW-Authenticate": 'OAuth "Facebook Platform" "invalid_token" "Error validating access token"'}


def no_token() -> GraphError:
    return GraphError("An access token is required to request this resource.", 104)


def bad_token() -> GraphError:
    return GraphError("Invalid OAuth access token - Cannot parse access token", 190, headers=_CHALLENGE)


def _american(at: datetime) -> str:
    """A moment as token messages spell it. The offset is fixed; the real service follows Californian summer time."""
    return at.astimezone(timezone(timedelta(hours=-8))).strftime("%A, %d-%b-%y %H:%M:%S PST")


def expired_token(expired: datetime, now: datetime) -> GraphError:
    message = f"Error validating access token: Session has expired on {_american(expired)}. The current time is {_american(now)}."
    return GraphError(message, 190, 463, headers=_CHALLENGE)


def dead_token(subcode: int) -> GraphError:
    """A token that was revoked early: 460 password changed, 458 app removed, 459 checkpoint, 464 unconfirmed, 492 role lost, 467 invalid."""
    why = {
        458: "The user has not authorized application 1234567890.",
        459: "The user is enrolled in a blocking, logged-in checkpoint",
        460: "The session has been invalidated because the user changed their password or Facebook has changed the session for security reasons.",
        464: "Sessions for the user are not allowed because the user is not a confirmed user.",
        467: "The session is invalid because the user logged out.",
        492: "Session does not match current stored session. This may be because the user changed the password since the time the session was "
        "created or Facebook has changed the session for security reasons.",
    }[subcode]
    return GraphError(f"Error validating access token: {why}", 190, subcode, headers=_CHALLENGE)


def proof_missing() -> GraphError:
    return GraphError("API calls from the server require an appsecret_proof argument", 100, kind="GraphMethodException")


def proof_wrong() -> GraphError:
    return GraphError("Invalid appsecret_proof provided in the API argument", 100, kind="GraphMethodException")


def missing_permission(permission: str) -> GraphError:
    message = f"(#200) Requires {permission} permission to manage the object"
    return GraphError(message, 200, status=403)


def unknown_object(what: str, verb: str = "get") -> GraphError:
    message = (
        f"Unsupported {verb} request. Object with ID '{what}' does not exist, cannot be loaded due to missing permissions, or does not "
        "support this operation. Please read the Graph API documentation at https://developers.facebook.com/docs/graph-api"
    )
    return GraphError(message, 100, 33, kind="GraphMethodException")


def unknown_path(path: str) -> GraphError:
    return GraphError(f"Unknown path components: {path}", 2500)


def bad_field(name: str, node: str) -> GraphError:
    return GraphError(f"(#100) Tried accessing nonexisting field ({name}) on node type ({node})", 100)


def bad_param(name: str, why: str) -> GraphError:
    """An invalid parameter; `error_data` blames it, as the SDK reads it. The wording after the colon is assumed."""
    return GraphError(f"(#100) Param {name} {why}", 100, data={"blame_field_specs": [[name]]})


def bad_cursor() -> GraphError:
    return GraphError("(#2642) Invalid cursors values", 2642)


def too_much_data() -> GraphError:
    message = "Please reduce the amount of data you're asking for, then retry your request"
    return GraphError(message, 1, 99, status=500, transient=False)


def transient() -> GraphError:
    message = "An unexpected error has occurred. Please retry your request later."
    return GraphError(message, 2, status=500, transient=True)


def policy_block() -> GraphError:
    return GraphError("The action attempted has been deemed abusive or is otherwise disallowed", 368, status=403, transient=False)


THROTTLES: dict[str, tuple[str, int, int | None]] = {
    "ads_insights": ("(#80000) There have been too many calls from this ad-account. Wait a bit and try again.", 80000, 2446079),
    "ads_management": ("(#80004) There have been too many calls to this ad-account. Wait a bit and try again.", 80004, 2446079),
    "instagram": ("(#80002) There have been too many calls to this Instagram account. Wait a bit and try again.", 80002, 2446079),
    "app": ("(#4) Application request limit reached", 4, 1504022),
    "account": ("(#17) User request limit reached", 17, 2446079),
    "page": ("(#32) Page request limit reached", 32, None),
    "custom": ("(#613) Calls to this api have exceeded the rate limit.", 613, 1487742),
    "volume": ("(#613) Inconsistent request volume was detected.", 613, 1996),
}
"""What is exhausted -> (message, code, subcode). HTTP status 400 for all; the app's own limit comes as 403."""


def throttled(what: str, headers: Mapping[str, str]) -> GraphError:
    message, code, subcode = THROTTLES[what]
    return GraphError(message, code, subcode, status=403 if what == "app" else 400, transient=True, headers=headers)


def utc(at: datetime) -> int:
    """Seconds since the epoch, as times of tokens and reports are spelled."""
    return int(at.astimezone(UTC).timestamp())
