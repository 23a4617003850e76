"""secrets: what the vault holds, never what is inside."""

from __future__ import annotations

from ..domain.accounts import FACT
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
    _end_unknown(ws, platform, account, name)
    refused = [
        n for n in needs_operator(ws) if (n.platform, n.account, n.code) == (platform, account, CredentialsRejected("").code)
    ]
    ws.record(*(ws.event("needs-operator-ended", item=n.id, by=ws.actor) for n in refused))


def list_secrets(ws: Workspace) -> list[tuple[str, str, str]]:
    """(platform, account, field) of every sealed credential, without what runs remember."""
    return list(ws.vault.names())


def remove_secret(ws: Workspace, platform: str, name: str, *, account: str = "default") -> None:
    """Forget a credential, or what runs remember under this name. Raises UsageError when there is neither."""
    if ws.read_only:
        raise PermissionDenied("this workspace is read-only")
    wanted = (platform, account, name)
    if wanted in ws.vault.names():
        ws.vault.remove(platform, account, name)
        _end_unknown(ws, platform, account, name)
    elif wanted in ws.vault.facts():
        ws.vault.remove(platform, account, FACT + name)
    else:
        raise UsageError(f"no secret {name} for {platform}, account {account}", hint="bedrot secrets list")


def _end_unknown(ws: Workspace, platform: str, account: str, name: str) -> None:
    """What the platform said of the end of a credential was said of the one that was there before."""
    if (ws.vault.session_info(platform, account) or {}).get("credential") == name:
        ws.vault.note(platform, account, credential_ends_at=None, credential=None)
