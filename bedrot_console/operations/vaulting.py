"""secrets and sessions: what the vault holds, never what is inside."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..domain.challenges import Secret
from ..domain.errors import CredentialsRejected, PermissionDenied, UsageError
from .runs import needs_operator
from .workspace import Workspace

TOTP = "totp_secret"


@dataclass(frozen=True, slots=True)
class SessionInfo:
    """What is known of one login state. Unknown stays None; nothing is guessed."""

    platform: str
    account: str
    version: int
    saved_at: Any
    logged_in_at: Any
    expires_at: Any


def set_secret(ws: Workspace, platform: str, name: str, value: Secret, *, account: str = "default") -> None:
    """Seal a credential. What waited because the old one was refused waits no longer: the next run tries the new one.

    Raises:
        UsageError: the platform has no such field, or the value is empty.
    """
    if ws.read_only:
        raise PermissionDenied("this workspace is read-only")
    extractor = ws.registry.load(platform)
    known = (*extractor.secrets, *extractor.optional_secrets, TOTP)
    if name not in known:
        raise UsageError(f"{platform} has no secret {name!r}", hint="it has: " + ", ".join(known))
    if not value:
        raise UsageError("the value is empty")
    ws.prepare()
    ws.vault.put(platform, account, name, value)
    refused = [
        n for n in needs_operator(ws) if (n.platform, n.account, n.code) == (platform, account, CredentialsRejected("").code)
    ]
    ws.record(*(ws.event("needs-operator-ended", item=n.id, by=ws.actor) for n in refused))


def list_secrets(ws: Workspace) -> list[tuple[str, str, str]]:
    """(platform, account, field) of every sealed credential."""
    return list(ws.vault.names())


def remove_secret(ws: Workspace, platform: str, name: str, *, account: str = "default") -> None:
    """Forget a credential. Raises UsageError when there is none."""
    if ws.read_only:
        raise PermissionDenied("this workspace is read-only")
    if (platform, account, name) not in set(ws.vault.names()):
        raise UsageError(f"no secret {name} for {platform}, account {account}", hint="bedrot secrets list")
    ws.vault.remove(platform, account, name)


def sessions(ws: Workspace) -> list[SessionInfo]:
    """What is known of each saved login state."""
    out = []
    for platform, account in ws.vault.session_names():
        info = ws.vault.session_info(platform, account) or {}
        out.append(
            SessionInfo(
                platform, account, info.get("version", 0), info.get("saved_at"), info.get("logged_in_at"), info.get("expires_at")
            )
        )
    return out


def forget_session(ws: Workspace, platform: str, *, account: str = "default") -> None:
    """Drop a login state; the next run logs in anew."""
    if ws.read_only:
        raise PermissionDenied("this workspace is read-only")
    ws.vault.forget(platform, account)
