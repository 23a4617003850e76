"""secrets: what the vault holds, never what is inside."""

from __future__ import annotations

from ..domain.challenges import Secret
from ..domain.errors import CredentialsRejected, PermissionDenied, UsageError
from .runs import needs_operator
from .workspace import Workspace

TOTP = "totp_secret"


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
