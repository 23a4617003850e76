"""The Marketing API's paths on the shared Graph engine: accounts, their edges, insights and report runs.

State that changes: report runs, counted calls, faults.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from ..._graph.simulated.engine import App, Call, Engine, Reply, Token
from . import errors, insights
from .faults import Faults
from .nodes import edge, node
from .params import flag
from .reports import Reports
from .vocabulary import MARKETING_ENDS
from .world import Account, find

__all__ = ["App", "Call", "Graph", "Reply", "Token"]


class Graph(Engine):
    """One Graph API with its ad accounts."""

    versions = MARKETING_ENDS
    newest = "v26.0"
    guarded = "ads_"
    quotas = {"ads_insights": 190_000, "ads_management": 100_000}

    def __init__(
        self, accounts: tuple[Account, ...], tokens: list[Token], now: Callable[[], datetime], faults: Faults, app: App | None = None
    ) -> None:  # fmt: skip
        super().__init__(tokens, now, faults, app)
        self.accounts = {a.id: a for a in accounts}
        self.faults: Faults = faults
        self.reports = Reports(now, faults)

    def _target(self, call: Call, token: Token, parts: list[str]) -> tuple[str, str, Any]:
        """What the path is about: its account's id, the use case its quota belongs to, and the object. Raises GraphError when it is not ours to see."""
        if not parts:
            raise errors.unknown_object("", call.method.lower())
        name = parts[0]
        if name == "me":
            return self.app.id, "ads_management", "me"
        run = self.reports.find(name)
        if run is not None:
            account: Account | None = run.query.account
            target: Any = run
        elif name.startswith("act_"):
            account = target = self.accounts.get(name[4:])
        else:
            account = next((a for a in self.accounts.values() if find(a, name) is not None), None)
            target = find(account, name) if account else None
            if target is not None and getattr(target, "campaign", target).created > account.today(self.now()):  # type: ignore[union-attr]
                target = None
        if account is None or target is None:
            raise errors.unknown_object(name, call.method.lower())
        if "version_refused" in self.faults:
            raise errors.version_refused(self.newest)
        if "blocked" in self.faults:
            raise errors.policy_block()
        if account.id not in token.accounts or "permission" in self.faults:
            raise errors.not_granted()
        if "ads_read" not in token.scopes and "ads_management" not in token.scopes:
            raise errors.missing_permission("ads_read")
        insightful = run is not None or (len(parts) > 1 and parts[1] == "insights")
        return account.id, "ads_insights" if insightful else "ads_management", target

    def _body(self, call: Call, token: Token, version: str, parts: list[str], target: Any) -> Any:
        now = self.now()
        if target == "me":
            return self._me(call, token, version, parts)
        if self.reports.owns(target):
            if len(parts) == 1:
                return self.reports.status(target, call.params)
            if parts[1:] != ["insights"] or call.method != "GET":
                raise errors.unknown_path("/" + "/".join(parts))
            return self._insights(call, version, self.reports.finished(target), target.at)
        if call.method == "POST" and parts[1:] == ["insights"]:
            query = insights.read_query(target, call.params, now)
            if query.level == "campaign" and "campaigns_too_much" in self.faults:
                raise errors.too_much_data()
            return {"report_run_id": self.reports.start(query).id}
        if call.method != "GET":
            raise (
                errors.missing_permission("ads_management")
                if call.method == "POST"
                else errors.unknown_object(parts[0], call.method.lower())
            )
        if len(parts) == 1:
            return node(target, call.params, now, ("id", "account_id") if isinstance(target, Account) else ())
        if len(parts) > 2:
            raise errors.unknown_path("/" + "/".join(parts))
        if parts[1] == "insights":
            query = insights.read_query(target, call.params, now)
            if query.level == "campaign" and "campaigns_too_much" in self.faults:
                raise errors.too_much_data()
            if self.faults.too_much(query.days):
                raise errors.too_much_data() if query.days % 2 else errors.too_much_data_100()
            return self._insights(call, version, query, now)
        listed = edge(target, parts[1], call.params, now)
        if listed is None:
            raise errors.unknown_path(f"/{parts[1]}")
        listed = self.faults.listed(listed)
        body = self._page(call, version, len(listed), "", lambda a, b: [node(t, call.params, now) for t in listed[a:b]])
        if flag(call.params, "summary") or "total_count" in call.params.get("summary", ""):
            body["summary"] = {"total_count": len(listed)}
        return self.faults.bend(body, parts[1], now)

    def _me(self, call: Call, token: Token, version: str, parts: list[str]) -> Any:
        if parts[1:] == ["adaccounts"]:
            mine = [a for a in self.accounts.values() if a.id in token.accounts]
            default = ("id", "account_id")
            return self._page(
                call, version, len(mine), "", lambda a, b: [node(m, call.params, self.now(), default) for m in mine[a:b]]
            )
        if parts[1:] == ["permissions"]:
            return {"data": [{"permission": s, "status": "granted"} for s in token.scopes]}
        if len(parts) > 1:
            raise errors.unknown_path(f"/{parts[1]}")
        return {"name": "Reporting", "id": token.user_id}

    def _insights(self, call: Call, version: str, query: insights.Query, at: datetime) -> Any:
        found = self.faults.rows(insights.rows(query, self.faults.data_moment(at)), query, at)
        body = self._page(call, version, len(found), query.fingerprint, lambda a, b: found[a:b])
        if query.summary:
            body["summary"] = insights.summary(query, self.faults.data_moment(at), len(found))
        return self.faults.bend(body, "insights", at)
