"""A strict stand-in for New Platform: two invented accounts, a token each, data that grows day by day, named faults."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any, ClassVar

from werkzeug.exceptions import Unauthorized
from werkzeug.wrappers import Request, Response

from bedrot_console.extraction.simulator import Account, Fault, Simulator, route, strict

KINDS = ("plays", "followers")


class NewPlatformSimulator(Simulator):
    """Accounts `default` and `second`. Yesterday is the newest day of the data."""

    name = "newplatform"
    title = "New Platform"
    faults_known: ClassVar[dict[str, Fault]] = {
        "token_expired": Fault("the token is no longer taken", 3, "credentials-rejected", tells="401"),
        "followers_gone": Fault("the followers answer 404", 1, "source-changed", tells="404"),
        "login_page_as_data": Fault("a sign-in page comes in place of the data", 1, finding="format.sign-in-page", tells="sign-in page"),
        "empty_data": Fault("there are no days", 1, finding="completeness.no-rows", tells="no rows"),
        "layout_changed": Fault("the days have another name", 1, finding="format.unknown-shape", tells="no list of"),
        "schema_drift": Fault("a field nobody knows is there", 0, finding="schema.drift", tells="not know"),
        "stale": Fault("the newest day is a month old", 1, finding="freshness.too-old", tells="the newest day is"),
        "wrong_account": Fault("the data of another account comes", 1, finding="consistency.wrong-account", tells="another account"),
        "missing_day": Fault("a day in the middle is gone", 1, finding="completeness.days-missing", tells="missing", after="yesterday"),
        "truncated_silently": Fault("data breaks off, and no length was announced", 1, finding="format.truncated", tells="ends in the middle"),
        "empty_body": Fault("data answers 200 with no byte", 1, finding="size.empty"),
    }  # fmt: skip

    def default_accounts(self) -> list[Account]:
        return [
            Account("default", "nightferry", token="made-up-token-night-ferry-01", extra={"options": {"owner": "nightferry"}}),
            Account("second", "saltroad", token="made-up-token-salt-road-02", extra={"options": {"owner": "saltroad"}}),
        ]

    def refused(self, error: Any) -> Response:
        """This API says everything in JSON."""
        return Response(json.dumps({"error": error.name}), error.code, content_type="application/json")

    def owner(self, request: Request) -> Account:
        given = request.headers.get("Authorization", "")
        found = next((a for a in self.accounts if given == f"Bearer {a.token}"), None)
        if found is None or self.fault("token_expired"):
            raise Unauthorized()
        return found

    @route("/v1/me")
    def me(self, request: Request) -> Any:
        return {"owner": self.owner(request).username}

    @route("/v1/plays", data=True)
    def plays(self, request: Request) -> Any:
        return self._data(request, "plays")

    @route("/v1/followers", data=True)
    def followers(self, request: Request) -> Any:
        return Response("", 404) if self.fault("followers_gone") else self._data(request, "followers")

    def _data(self, request: Request, kind: str) -> Response:
        account = self.owner(request)
        strict(request.args, allowed=(), required=("days",))
        return Response(self.body(account.username, kind, int(request.args["days"])), content_type="application/json")

    def body(self, owner: str, kind: str, count: int = 60) -> bytes:
        """The answer of the platform's day, as the faults have it."""
        if self.fault("login_page_as_data"):
            return (
                b"<!doctype html><title>Sign in</title><form method=post><input type=password name=password></form>" + b" " * 60
            )
        if self.fault("wrong_account"):
            owner = "somebodyelse"
        last = self.day - timedelta(days=31 if self.fault("stale") else 1)
        days = [last - timedelta(days=n) for n in reversed(range(count))]
        if self.fault("missing_day"):
            del days[count // 2]
        rows = [{"day": d.isoformat(), kind: 100 + (d.toordinal() * 7 + len(owner) * 13 + len(kind)) % 90} for d in days]
        if self.fault("empty_data"):
            rows = []
        document: dict[str, Any] = {"source": f"newplatform.{kind}", "owner": owner, "kind": kind}
        document["series" if self.fault("layout_changed") else "days"] = rows
        document["total"] = sum(row[kind] for row in rows)
        if self.fault("schema_drift"):
            document["mood"] = "new"
        return json.dumps(document).encode()

    def payloads(self, account: str = "default") -> dict[str, bytes]:
        return {kind: self.body(self.account(account).username, kind) for kind in KINDS}

    def provenance(self, account: str = "default") -> dict[str, dict[str, Any]]:
        request = {"days": "60", "owner": self.account(account).username}
        return {kind: {"request": request} for kind in KINDS}


simulator = NewPlatformSimulator
