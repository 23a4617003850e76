"""The engine behind a web server: requests become calls, replies become responses, and a sign-in page may come in between."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from werkzeug.http import http_date
from werkzeug.wrappers import Request, Response

from .engine import Call, Engine

LOGIN_PAGE = (
    b'<!DOCTYPE html>\n<html lang="en" id="facebook"><head><meta charset="utf-8"><title>Log in to Facebook</title></head><body>'
    b'<form id="login_form" action="/login/" method="post"><input type="text" name="email" autocomplete="username">'
    b'<input type="password" name="pass" autocomplete="current-password"><button name="login">Log in</button></form></body></html>\n'
)


def served(engine: Engine, request: Request, base_url: str, now: datetime) -> Response:
    """The answer of an engine to a request; its paging links point to `base_url`, its Date header says `now`."""
    engine.base_url = base_url
    params = flat(request.args.items(multi=True)) | flat(request.form.items(multi=True))
    headers = {k.lower(): v for k, v in request.headers.items()}
    reply = engine.answer(Call(request.method, request.path, params, headers))
    others = {k: v for k, v in reply.headers.items() if k != "Content-Type"}
    response = Response(reply.body, reply.status, others, content_type=reply.headers["Content-Type"])
    response.headers["Date"] = http_date(now)
    return response


def sign_in_page() -> Response:
    """What a proxy or an expired browser session shows in place of data."""
    return Response(LOGIN_PAGE, 200, content_type="text/html; charset=utf-8")


def flat(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Parameters as one value each: PHP-like `name[0]` spellings become a JSON-free comma list, a repeated name keeps its last value."""
    out: dict[str, str] = {}
    for name, value in pairs:
        base, bracket, _ = name.partition("[")
        if bracket and base in out:
            out[base] += f",{value}"
        else:
            out[base] = value
    return out
