"""Serves stand-ins on the loopback address, and lets another process with the right token control them."""

from __future__ import annotations

import hmac
import secrets
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from werkzeug.exceptions import NotFound
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.wrappers import Request, Response

from .standins import json_response

if TYPE_CHECKING:
    from .simulator import Simulator

CONTROL = "/__simulator__/"


def controlled(simulator: Simulator, request: Request) -> Response:
    """Control from another process: needs the token that `serve(control=True)` made; without one there is nothing here."""
    given = request.headers.get("X-Simulator-Token", "")
    if simulator.control_token is None or not hmac.compare_digest(given.encode(), simulator.control_token.encode()):
        return NotFound().get_response()  # type: ignore[return-value]
    act = request.path.removeprefix(CONTROL)
    asked = request.get_json(silent=True) or {}
    try:
        return json_response(_obey(simulator, act, asked))
    except (ValueError, KeyError, TypeError) as error:
        return json_response({"error": str(error)}, 400)


def _obey(simulator: Simulator, act: str, asked: dict[str, Any]) -> Any:
    name = asked.get("account", "default")
    if act == "faults":
        simulator.set_faults(asked.get("set", ()))
    elif act == "fail_next":
        simulator.fail_next(asked["fault"], int(asked.get("times", 1)))
    elif act == "advance":
        simulator.advance_days(int(asked.get("days", 0)))
        simulator.advance(float(asked.get("seconds", 0)))
    elif act == "expire":
        simulator.expire_sessions() if asked.get("what") == "sessions" else simulator.expire_codes()
    elif act == "mailbox":
        return [{"medium": m.medium, "code": m.code, "expires_at": m.expires_at.isoformat()} for m in simulator.mailbox(name)]
    elif act == "authenticator":
        return {"code": simulator.authenticator(name)}
    elif act == "log":
        return [{"method": a.method, "path": a.path, "args": a.args, "status": a.status} for a in simulator.requests()]
    elif act != "state":
        raise ValueError(f"no such act: {act}")
    return {"day": simulator.day.isoformat(), "faults": sorted(simulator.faults), "known": list(simulator.known_faults())}


class Reset(Response):
    """Closes the connection without a byte."""

    def __init__(self) -> None:
        super().__init__(b"", 444)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        raise ConnectionAbortedError


class _Quiet(WSGIRequestHandler):
    """Logs nothing: request lines can hold tokens."""

    def log(self, type: str, message: str, *args: Any) -> None:
        return

    def connection_dropped(self, error: BaseException, environ: Any = None) -> None:
        self.close_connection = True


@dataclass
class Served:
    """A simulator that is being served."""

    simulator: Simulator
    base_url: str
    control_token: str | None
    stop: Callable[[], None]


def start(simulator: Simulator, port: int = 0, *, control: bool = False) -> Served:
    """Serve on 127.0.0.1 in the background until `stop()`. `port` 0 takes a free one. `control`: allow control by token from outside."""
    simulator.control_token = secrets.token_urlsafe(24) if control else None
    server = make_server("127.0.0.1", port, simulator.wsgi, threaded=True, request_handler=_Quiet)
    server.daemon_threads = True
    simulator.base_url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(
        target=server.serve_forever, kwargs={"poll_interval": 0.02}, name=f"simulator-{simulator.name}", daemon=True
    )
    thread.start()

    def stop() -> None:
        simulator._released.set()
        server.shutdown()
        server.server_close()
        thread.join(5)

    return Served(simulator, simulator.base_url, simulator.control_token, stop)


@contextmanager
def serve(simulator: Simulator, port: int = 0, *, control: bool = False) -> Iterator[Served]:
    """As `start`, for a `with` block."""
    running = start(simulator, port, control=control)
    try:
        yield running
    finally:
        running.stop()
