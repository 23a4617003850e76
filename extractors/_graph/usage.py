"""How much of its quotas a caller of the Graph API has used, read from the headers of an answer (documented)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Usage:
    """How much of the quotas is used: the worst percentage named in the headers, and what they say about waiting (seconds, or None)."""

    percent: float = 0.0
    wait_seconds: float | None = None


def usage_of(headers: Mapping[str, str]) -> Usage:
    """Read the usage headers; JSON text with percentages, several ids in one container: the worst counts. Damaged ones are ignored."""
    found = {k.lower(): v for k, v in headers.items()}
    percent, waits = 0.0, []
    for name in (
        "x-app-usage",
        "x-business-use-case-usage",
        "x-ad-account-usage",
        "x-fb-ads-insights-throttle",
        "x-fb-ads-insights-reach-throttle",
    ):
        try:
            value = json.loads(found.get(name) or "{}")
        except ValueError:
            continue
        entries = [value] if isinstance(value, dict) else []
        if isinstance(value, dict):
            entries += [e for v in value.values() if isinstance(v, list) for e in v if isinstance(e, dict)]
        for entry in entries:
            for key, amount in entry.items():
                if not isinstance(amount, int | float) or isinstance(amount, bool):
                    continue
                if key in ("call_count", "total_time", "total_cputime") or key.endswith("_util_pct"):
                    percent = max(percent, float(amount))
                elif key == "estimated_time_to_regain_access" and amount > 0:
                    waits.append(60.0 * amount)
                elif key == "reset_time_duration" and amount > 0 and entry.get("acc_id_util_pct", 0) >= 100:
                    waits.append(float(amount))
    return Usage(percent, max(waits, default=None))
