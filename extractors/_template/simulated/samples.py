"""Makes the samples: what the stand-in served on 2 March 2026, whole and with faults."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from ..simulator import KINDS, simulator

OWNER = "nightferry"
PROVENANCE: dict[str, dict[str, Any]] = {kind: {"request": {"days": "60", "owner": OWNER}} for kind in KINDS}
"""What the captures of the samples say beside their bytes."""
BAD = ("empty_data", "wrong_account", "login_page_as_data", "schema_drift", "stale")


class _Then:
    """The clock of the samples' day."""

    def now(self) -> datetime:
        return datetime(2026, 3, 2, 12, tzinfo=UTC)


def made() -> dict[str, bytes]:
    """Every sample by its path under `samples/`."""
    found = {f"{kind}/ok-2026-03-02.json": simulator(clock=_Then()).body(OWNER, kind) for kind in KINDS}
    for fault in BAD:
        for kind in KINDS:
            found[f"{kind}/{fault.replace('_', '-')}.json"] = simulator(clock=_Then(), faults=[fault]).body(OWNER, kind)
    return found
