"""What stand-ins are made of: accounts, mail, routes, strictness, answers; and what must come of their faults and challenges."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any, Protocol

from werkzeug.exceptions import BadRequest
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Response

from ..domain.challenges import Look


@dataclass
class Account:
    """One made-up account of a simulated platform. `account` is our name for it; `extra` holds what the platform adds."""

    account: str = "default"
    username: str = "mara@example.net"
    password: str = "correct horse 7"
    totp_secret: str | None = None
    token: str | None = None
    extra: dict[str, Any] = field(default_factory=dict)

    def describe(self) -> dict[str, Any]:
        known = {"account": self.account, "username": self.username, "password": self.password}
        known |= {k: v for k, v in (("totp_secret", self.totp_secret), ("token", self.token)) if v is not None}
        return known | self.extra


@dataclass
class Mail:
    """A message with a code, as it reaches the human. `medium` is `e-mail`, `sms` or `app`."""

    account: str
    medium: str
    code: str
    sent_at: datetime
    expires_at: datetime
    tries: int = 0
    used: bool = False


@dataclass(frozen=True)
class Asked:
    """One request as the simulator saw it; values of secret parameters are replaced by `***`."""

    method: str
    path: str
    args: dict[str, str]
    status: int
    headers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Fault:
    """A named fault of a simulator, and what must come of it. The contract suite runs each one and the table of faults is made from them.

    Attributes:
        does: what the platform does, as the end of a sentence ("the export breaks off at a line's end").
        ends: exit code of an attended run, the person behind the account answering everything.
        error: code of the error the run ends with, or of the first feed that could not be brought (`source-changed`); None without.
        finding: code of the finding in a landed file; None where no file gets one.
        tells: words out of the sentence that the operator is told: of that error, else of that finding.
        after: what came before the fault: `nothing` (no login saved), `login` (a good run on the same day, its login saved), `yesterday`
            (a good run on the day before, its files promoted, its login saved).
        feeds: attributes of the feeds the run is asked for; all without any.
        account: whose run it is.
    """

    does: str
    ends: int
    error: str | None = None
    finding: str | None = None
    tells: str = ""
    after: str = "nothing"
    feeds: tuple[str, ...] = ()
    account: str = "default"


@dataclass(frozen=True, slots=True)
class Trial:
    """A challenge that a login of this platform raises, and what must come of each answer.

    Attributes:
        kind, medium: of the first challenge (`code`, `e-mail`).
        account: whose login raises it.  faults: that must be on for it.
        wrong: exit code when every answer is wrong; None where a wrong answer cannot be given (`qr`).
        expired: exit code when the platform's own time for the answer is over before each answer; None where it has none.
        sends: whether the platform sends something when it asks (a code, a push): an unattended run must end before that.
    """

    kind: str
    medium: str = ""
    account: str = "default"
    faults: tuple[str, ...] = ()
    wrong: int | None = 3
    expired: int | None = 3
    sends: bool = True


class Hands(Protocol):
    """What a person can do about an open challenge besides typing an answer, as the faces offer it."""

    def look(self) -> Look:
        """What there is to see: the text of a QR code, or the page as a picture."""

    def click(self, x: int, y: int) -> None:
        """Click at a pixel of the page's picture."""

    def type(self, text: str) -> None:
        """Type into whatever has the focus."""

    def press(self, key: str) -> None:
        """Press a key by its name (`Enter`)."""

    def drag(self, x: int, y: int, to_x: int, to_y: int) -> None:
        """Drag from one pixel to another, as a slider wants it."""


def route(path: str, *, methods: Iterable[str] = ("GET",), data: bool = False) -> Callable[[Any], Any]:
    """Serve `path` (werkzeug syntax, `<name>` becomes an argument) by this method. `data`: a payload, subject to cutting faults."""

    def mark(handler: Any) -> Any:
        handler.__dict__.setdefault("_routes", []).append((path, tuple(methods), data))
        return handler

    return mark


@cache
def routes_of(simulator: type) -> Map:
    """What a class answers to by its routes; endpoint: (attribute, data). Made once: nothing else that a stand-in begins with costs as much."""
    rules = []
    for attribute in dir(simulator):
        for path, methods, data in getattr(getattr(simulator, attribute), "_routes", ()):
            rules.append(Rule(path, endpoint=(attribute, data), methods=methods))
    return Map(rules, strict_slashes=False)


def strict(given: Mapping[str, Any], *, allowed: Iterable[str], required: Iterable[str] = ()) -> None:
    """Refuse with 400 what the real platform would refuse: unknown or missing parameters."""
    unknown = sorted(set(given) - set(allowed) - set(required))
    missing = sorted(set(required) - set(given))
    if unknown or missing:
        raise BadRequest(f"unknown: {', '.join(unknown) or 'none'}; missing: {', '.join(missing) or 'none'}")


def redirect(location: str, status: int = 302) -> Response:
    """A redirect with no absolute address, as the platforms send it."""
    return Response("", status, {"Location": location}, content_type="text/html; charset=utf-8")


def json_response(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """JSON with its type."""
    return Response(json.dumps(value), status, headers, content_type="application/json")


def as_response(value: Any) -> Response:
    """What a route returned, as a response: dict or list is JSON, str a page, bytes a download."""
    if isinstance(value, Response):
        return value
    if isinstance(value, str):
        return Response(value, content_type="text/html; charset=utf-8")
    if isinstance(value, bytes):
        return Response(value, content_type="application/octet-stream")
    if isinstance(value, dict | list):
        return json_response(value)
    return Response(value.get_data(), value.status_code, value.headers)
