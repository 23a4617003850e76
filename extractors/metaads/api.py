"""The Graph API as Meta Ads uses it: which versions live how long, and what people are told to do. The client itself is in `_graph`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from bedrot_console.domain.errors import BedrotError

from .._graph import client, errors
from .._graph.client import Page
from .._graph.errors import Advice, CursorRefused, NotFinished, NotShown, TooMuchData
from .._graph.tokens import appsecret_proof, inspector_of, proof_of, worth_of
from .._graph.usage import Usage, usage_of

__all__ = [
    "DEFAULT_VERSION", "GRANT_HINT", "MARKETING_ENDS", "TOKEN_HINT", "CursorRefused", "Graph", "NotFinished", "NotShown", "Page", "TooMuchData",
    "Usage", "appsecret_proof", "error_of", "inspector_of", "proof_of", "usage_of", "worth_of",
]  # fmt: skip

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
TOKEN_HINT = "make a new token (Business settings > System users), then: bedrot secrets set metaads access_token"
GRANT_HINT = "assign the ad account to the token's system user and grant ads_read in Business settings"
ADVICE = Advice(
    "metaads", TOKEN_HINT, GRANT_HINT, "check [platforms.metaads] account_id, and that the account is still assigned to the token"
)


class Graph(client.Graph):
    """Calls to the Graph API, with the advice of Meta Ads."""

    advice = ADVICE


def error_of(status: int, document: Any, headers: Mapping[str, str]) -> BedrotError | None:
    """The error in an answer, in our words, with the advice of Meta Ads; None for an answer without one."""
    return errors.error_of(status, document, headers, ADVICE)
