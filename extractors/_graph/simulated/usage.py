"""Counted calls and the headers that tell of them, in percent. Headers appear only once enough calls were made."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

SILENT_CALLS = 3
BLOCK = timedelta(minutes=5)


class Usage:
    """Calls per account and use case within the last hour, against quotas that tests may lower."""

    def __init__(self, now: Callable[[], datetime], quotas: Mapping[str, int]) -> None:
        self._now = now
        self._calls: dict[tuple[str, str], deque[datetime]] = {}
        self._blocked: dict[tuple[str, str], datetime] = {}
        self.quotas = dict(quotas)
        self.tier = "standard_access"
        self.total = 0

    def count(self, owner: str, use_case: str) -> dict[str, str] | None:
        """Count one call. None: within the quota; else the headers of the refusal. Calling on prolongs the block."""
        now, key = self._now(), (owner, use_case)
        self.total += 1
        calls = self._calls.setdefault(key, deque())
        while calls and now - calls[0] > timedelta(hours=1):
            calls.popleft()
        until = self._blocked.get(key)
        if until and now < until:
            self._blocked[key] = until + timedelta(minutes=1)
            return self.exhausted(owner, use_case, self._minutes(self._blocked[key]))
        if until:
            del self._blocked[key]
            calls.clear()
        calls.append(now)
        if len(calls) > self.quotas.get(use_case, 1 << 30):
            self._blocked[key] = now + BLOCK
            return self.exhausted(owner, use_case, self._minutes(self._blocked[key]))
        return None

    def _minutes(self, until: datetime) -> int:
        return max(1, -int(-(until - self._now()).total_seconds() // 60))

    def headers(self, owner: str, use_case: str) -> dict[str, str]:
        """Usage headers of a call that was answered."""
        calls = len(self._calls.get((owner, use_case), ()))
        if calls <= SILENT_CALLS:
            return {}
        percent = 100 * calls // self.quotas.get(use_case, 1 << 30)
        return self._render(owner, use_case, percent, 0)

    def exhausted(self, owner: str, what: str, minutes: int) -> dict[str, str]:
        """Headers of a refusal for the limit `what` (a key of errors.THROTTLES)."""
        if what == "app":
            return {"X-App-Usage": _text({"call_count": 100, "total_time": 25, "total_cputime": 25})}
        if what == "account":
            usage = {"acc_id_util_pct": 100, "reset_time_duration": minutes * 60, "ads_api_access_tier": self.tier}
            return {"X-Ad-Account-Usage": _text(usage)}
        if what in ("page", "custom", "volume"):
            return {}
        return self._render(owner, what, 100, minutes)

    def _render(self, owner: str, use_case: str, percent: int, minutes: int) -> dict[str, str]:
        entry = {
            "type": use_case, "call_count": percent, "total_cputime": percent // 3, "total_time": percent // 2,
            "estimated_time_to_regain_access": minutes, "ads_api_access_tier": self.tier,
        }  # fmt: skip
        out = {
            "X-App-Usage": _text({"call_count": percent // 2, "total_time": percent // 4, "total_cputime": percent // 4}),
            "X-Business-Use-Case-Usage": _text({owner: [entry]}),
            "X-Ad-Account-Usage": _text(
                {"acc_id_util_pct": percent * 0.93, "reset_time_duration": minutes * 60, "ads_api_access_tier": self.tier}
            ),
        }
        if use_case == "ads_insights":
            throttle = {"app_id_util_pct": percent / 2, "acc_id_util_pct": float(percent), "ads_api_access_tier": self.tier}
            out["x-fb-ads-insights-throttle"] = _text(throttle)
        return out


def _text(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))
