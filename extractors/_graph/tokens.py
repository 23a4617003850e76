"""What an access token is worth, asked of the platform itself before anything else, and the proof that goes with it.

`debug_token` is documented; that the token may ask about itself too is seen.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from bedrot_console.domain.challenges import Secret
from bedrot_console.domain.errors import AccessError, CredentialsRejected, SourceChanged

from .client import Graph

WARN_AHEAD = timedelta(days=7)


def appsecret_proof(token: Secret, app_secret: Secret) -> str:
    """HMAC-SHA256 of the token under the app secret, lower-case hex (documented)."""
    return hmac.new(app_secret.reveal().encode(), token.reveal().encode(), hashlib.sha256).hexdigest()


def moment(value: Any) -> datetime | None:
    """Seconds since the epoch as `debug_token` writes them; 0 means never."""
    return datetime.fromtimestamp(value, UTC) if isinstance(value, int) and 0 < value < 1 << 36 else None


@dataclass(frozen=True, slots=True)
class Worth:
    """A token that may be used: what it may do (None: not told), and until when (None: for ever)."""

    scopes: frozenset[str] | None = None
    expires: datetime | None = None
    access_lapses: datetime | None = None

    @property
    def ends(self) -> datetime | None:
        """When it is of use no longer: the sooner of both ends."""
        return min(filter(None, (self.expires, self.access_lapses)), default=None)

    def allows_any(self, names: Iterable[str]) -> bool:
        """Whether one of these permissions was granted, or nothing was told about permissions."""
        return self.scopes is None or bool(self.scopes & set(names))


def worth_of(session: Any, graph: Graph, inspector: Graph) -> Worth:
    """Ask `inspector` (the app, or the token itself) about the token of `graph`; a warning goes out a week before it ends.

    Raises:
        CredentialsRejected: not valid, or expired. AccessError: data access lapsed.
    """
    document = inspector.get("debug_token", {"input_token": graph.token.reveal()}).document
    data = document.get("data") if isinstance(document, dict) else None
    if not isinstance(data, dict) or "is_valid" not in data:
        raise SourceChanged("Meta says nothing about the token")
    now = session.clock.now()
    expires, access = moment(data.get("expires_at")), moment(data.get("data_access_expires_at"))
    if data["is_valid"] is not True or (expires and expires <= now):
        problem = data.get("error") if isinstance(data.get("error"), dict) else {}
        sub = f"/{problem['subcode']}" if problem.get("subcode") else ""
        when = f" since {expires:%Y-%m-%d %H:%M} UTC" if expires and expires <= now else ""
        raise CredentialsRejected(
            f"the access token is not valid{when} ({problem.get('code', 190)}{sub})", hint=graph.advice.token
        )
    if access and access <= now:
        raise AccessError(f"the token's access to data lapsed on {access:%Y-%m-%d}", hint=graph.advice.token)
    scopes = data.get("scopes")
    worth = Worth(frozenset(map(str, scopes)) if isinstance(scopes, list) else None, expires, access)
    warn_ahead(session, worth)
    return worth


def warn_ahead(session: Any, worth: Worth) -> None:
    """Say that a token ends within a week, while it can still be replaced without a gap."""
    now = session.clock.now()
    for what, end in (("token expires", worth.expires), ("token's access to data lapses", worth.access_lapses)):
        if end and end - now < WARN_AHEAD:
            session.log("warning", f"the {what} on {end:%Y-%m-%d %H:%M} UTC: make a new one in time")


def inspector_of(session: Any, graph: Graph) -> Graph:
    """Who asks about the token: the app itself if its id and secret are known (it may also ask about dead tokens), else the token."""
    env = session.settings.secret(session.platform, "app_id")
    app_id = str(session.option("app_id") or (env.reveal() if env else ""))
    secret = session.secret_or_none("app_secret")
    if not app_id or secret is None:
        return graph
    own = Secret(f"{app_id}|{secret.reveal()}")
    session.redactor.add(own)
    return type(graph)(session, version=graph.version, token=own, patience_seconds=graph.patience_seconds)


def proof_of(session: Any, token: Secret) -> Secret | None:
    """The proof of a token if the app's secret is stored, known to the redactor."""
    app_secret = session.secret_or_none("app_secret")
    if app_secret is None:
        return None
    proof = Secret(appsecret_proof(token, app_secret))
    session.redactor.add(proof)
    return proof
