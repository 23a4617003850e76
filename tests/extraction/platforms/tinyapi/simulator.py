"""A stand-in for the made-up API."""

from __future__ import annotations

import json
from typing import Any, ClassVar

from werkzeug.exceptions import Unauthorized
from werkzeug.wrappers import Request

from bedrot_console.extraction.simulator import Account, Fault, Simulator, redirect, route, strict


class TinyApi(Simulator):
    name = "tinyapi"
    title = "Tiny API"
    faults_known: ClassVar[dict[str, Fault]] = {
        "error_in_200": Fault("errors come with 200", 3, "credentials-rejected"),
        "to_login": Fault("every call is sent to a login page", 3, "redirected"),
    }

    def default_accounts(self) -> list[Account]:
        return [Account(token="Token-canary-90q+/=")]

    def before(self, request: Request) -> Any:
        if request.headers.get("Authorization") != f"Bearer {self.accounts[0].token}":
            raise Unauthorized
        if self.fault("to_login"):
            return redirect(f"/login?access_token={self.accounts[0].token}")
        return {"error": "expired"} if self.fault("error_in_200") else None

    @route("/albums", data=True)
    def albums(self, request: Request) -> Any:
        strict(request.args, allowed=())
        return {"data": [{"id": "1", "next": f"https://x/?access_token={self.accounts[0].token}"}]}

    @route("/tracks", data=True)
    def tracks(self, request: Request) -> Any:
        return {"data": [{"id": "11"}]}

    @route("/big", data=True)
    def big(self, request: Request) -> Any:
        return json.dumps(list(range(100_000))).encode()


simulator = TinyApi
