"""Alerts: what is wrong and stays on record until it is seen right again. The journal holds them; `status` shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..domain.errors import FixityError

if TYPE_CHECKING:
    from .workspace import Workspace

GAVE_NOTHING = "feed-gave-nothing"
"""Code of the alert about a feed of which there is a good capture, and of which the platform showed nothing since."""

CHECK = "check"
"""How codes of alerts about saved checks begin: `check-failed`, `check-broken`."""


def check_alert(name: str) -> str:
    """Name of the alert about a saved check."""
    return f"{CHECK}:{name}"


def open_alerts(ws: Workspace) -> set[str]:
    """Names of the alerts that stand: the published summary's, and what the journal says after it."""
    from ..catalog.summary import read_summary

    summary = read_summary(ws.home) or {}
    found = {a["alert"] for a in summary.get("alerts", [])}
    try:
        for event in ws.journal.read(after=summary.get("applied_seq", 0)):
            if event.kind == "alert-raised":
                found.add(event.data["alert"])
            elif event.kind == "alert-ended":
                found.discard(event.data["alert"])
    except FixityError:
        pass  # a damaged journal must not keep anybody from looking further
    return found


def nothing_alert(feed: str, account: str) -> str:
    """Name of the alert about a feed of an account that gave nothing."""
    return f"nothing:{feed}:{account}"


def gave_before(ws: Workspace, feed: str, account: str) -> bool:
    """Whether the lake holds a good capture of a feed and account, as far as the published summary knows."""
    from ..catalog.summary import read_summary

    fresh: list[dict[str, Any]] = (read_summary(ws.home) or {}).get("freshness", [])
    return any((f["feed"], f["account"]) == (feed, account) and f.get("captured_at") for f in fresh)
