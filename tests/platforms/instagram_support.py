"""Files of the simulated Instagram accounts, edited by rule, and what inspection says about them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from contract_desk import Desk, noon

from bedrot_console.domain.findings import Report
from extractors.instagram.simulated.samples import body, captures
from extractors.instagram.simulator import InstagramSimulator, token_of

DAY = date(2026, 3, 2)
Edit = Callable[[Any], Any]


def asked_of(name: str, account: str = "default", **options: Any) -> dict[str, str]:
    """What a run told the sidecar of a capture."""
    return dict(captures(account, **options)[name].request)


def edited(data: bytes, edit: Edit) -> bytes:
    """A file with its JSON value changed in place, or replaced by the list that `edit` returns."""
    value = json.loads(data)
    changed = edit(value)
    return json.dumps(changed if isinstance(changed, list) else value, separators=(",", ":")).encode()


def report(
    folder: Path, name: str, data: bytes, *, request: Mapping[str, str] | None = None, captured: datetime | None = None,
    siblings: Mapping[str, bytes] | None = None, before: bytes | None = None, days_before: int = 1,
) -> Report:  # fmt: skip
    """What inspection says about a file of a feed, with `before` as the last good capture `days_before` days earlier."""
    desk = Desk(f"instagram/{name}", folder)
    at = captured or noon(DAY)
    if before is not None:
        desk.report(before, at - timedelta(days=days_before), request={})
    beside = {f"instagram/{k}": v for k, v in (siblings or {}).items()}
    return desk.report(data, at, keep=False, request=dict(request or {}), siblings=beside)


def masked(data: bytes, simulator: InstagramSimulator) -> bytes:
    """A body as it lands."""
    for profile in simulator.graph.profiles.values():
        data = data.replace(token_of(profile).encode(), b"*" * len(token_of(profile)))
    return data


__all__ = ["DAY", "asked_of", "body", "captures", "edited", "masked", "report"]
