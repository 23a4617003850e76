"""HTTP: what a platform's answers mean, what is tried again, and what never stands in an error's words."""

from __future__ import annotations

import gzip
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests
from werkzeug.wrappers import Request, Response

from bedrot_console.domain.challenges import Secret
from bedrot_console.domain.errors import (
    BedrotError,
    Cancelled,
    CredentialsRejected,
    RateLimited,
    SourceBlocked,
    SourceChanged,
    SourceUnavailable,
)
from bedrot_console.domain.runs import RunSpec
from bedrot_console.extraction.base import Extractor
from bedrot_console.extraction.http import Redirected, _pieces, retry_after
from bedrot_console.extraction.redaction import Redactor
from bedrot_console.extraction.session import Session
from bedrot_console.extraction.simulator import Simulator, redirect, route, serve
from bedrot_console.resilience import Retry
from bedrot_console.settings import Settings

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


class Echo(Simulator):
    name = "echo"

    @route("/data", data=True)
    def data(self, request: Request) -> Any:
        return b'{"ok": true}' * 1000

    @route("/status/<int:status>")
    def status(self, request: Request, status: int) -> Any:
        return Response("x", status, {"Retry-After": "7"} if request.args.get("wait") else {})

    @route("/moved")
    def moved(self, request: Request) -> Any:
        return redirect("/signin?forward=/moved&access_token=canary-77")

    @route("/hop")
    def hop(self, request: Request) -> Any:
        return redirect("/data")

    @route("/echo", methods=("POST",))
    def echo(self, request: Request) -> Any:
        return dict(request.form) | {"auth": request.headers.get("Authorization", ""), "cookie": request.cookies.get("sid", "")}

    @route("/login", methods=("POST",))
    def sign_in(self, request: Request) -> Any:
        return self.start_session(Response("in"), "default")


class EchoExtractor(Extractor):
    name = "echo"
    origin = "https://echo.invalid"


class Box(dict[str, Any]):
    """Login states in memory."""

    def load(self, platform: str, account: str) -> dict[str, Any] | None:
        return self.get("state")

    def save(self, platform: str, account: str, state: dict[str, Any], **_: Any) -> int:
        self["state"] = state
        return 1

    def reject(self, platform: str, account: str, at: str | None = None, **_: Any) -> bool:
        return self.pop("state", None) is not None


@pytest.fixture
def site() -> Iterator[Echo]:
    simulator = Echo()
    with serve(simulator):
        yield simulator


@pytest.fixture
def box() -> Box:
    return Box()


@pytest.fixture
def session(site: Echo, clock: Any, tmp_path: Path, box: Box) -> Iterator[Session]:
    import threading

    class Quiet:
        open = None
        totp_left = 0

    class NoSecrets:
        def get(self, *_: str) -> None:
            return None

    settings = Settings(tmp_path, {}, {"BEDROT_ECHO_BASE_URL": site.base_url, "BEDROT_ECHO_PASSWORD": "canary-pass-1"})
    said: list[dict[str, Any]] = []
    made = Session(
        RunSpec(id="0" * 20, platform="echo"), EchoExtractor, settings=settings, clock=clock, secrets=NoSecrets(), sessions=box,  # type: ignore[arg-type]
        broker=Quiet(), emit=lambda kind, **data: said.append(data), redactor=Redactor(), folder=tmp_path, cancel=threading.Event(),  # type: ignore[arg-type]
    )  # fmt: skip
    made.said = said  # type: ignore[attr-defined]
    yield made
    made.close()


@pytest.mark.parametrize(
    "status, kind, tries",
    [
        (401, CredentialsRejected, 1), (403, SourceBlocked, 1), (404, SourceChanged, 1), (408, SourceUnavailable, 4),
        (429, RateLimited, 4), (500, SourceUnavailable, 4), (503, SourceUnavailable, 4), (400, SourceChanged, 1),
    ],
)  # fmt: skip
def test_a_status_says_who_must_act_and_only_waiting_is_tried_again(
    session: Session, site: Echo, status: int, kind: type[BedrotError], tries: int
) -> None:
    """Refusals are never repeated; outages and throttling are, four times at most."""
    with pytest.raises(kind) as caught:
        session.get(f"/status/{status}", {"token": "canary-99"})
    assert type(caught.value) is kind and "canary" not in str(caught.value)
    assert len(site.requests("/status")) == tries
    assert session.get(f"/status/{status}", accept=(status,)).status_code == status


def test_retry_after_is_obeyed(session: Session, clock: Any) -> None:
    """The platform's own pause is kept, for 429 and for 503 that names one."""
    for status in (429, 503):
        clock.slept.clear()
        with pytest.raises(RateLimited) as caught:
            session.get(f"/status/{status}", {"wait": "1"})
        assert caught.value.retry_after_seconds == 7.0
        assert sum(clock.slept) == pytest.approx(21.0)


@pytest.mark.parametrize(
    "value, seconds",
    [("7", 7.0), ("0.5", 0.5), ("-3", 0.0), ("Mon, 02 Mar 2026 09:31:00 GMT", 60.0), ("soon", None), ("", None), (None, None)],
)
def test_retry_after_is_a_number_or_a_date(value: str | None, seconds: float | None) -> None:
    """Both spellings of RFC 9110 are read; nonsense is none."""
    assert retry_after(value, NOW) == seconds


def test_a_redirect_is_not_data(session: Session) -> None:
    """By default a redirect raises and says where to, without its query in words; it is followed only on demand."""
    for call in (session.get, session.fetch):
        with pytest.raises(Redirected) as caught:
            call("/moved")
        assert caught.value.path == "/signin" and "canary" not in str(caught.value)
        assert call("/hop", max_redirects=1).content


def test_bytes_that_break_off_are_an_error_and_leave_no_file(session: Session, site: Echo, tmp_path: Path) -> None:
    """A body shorter than announced, a reset and an oversized body raise; a whole one arrives byte for byte, streamed or not."""
    whole = b'{"ok": true}' * 1000
    assert session.get("/data").content == whole and session.fetch("/data").content.read_bytes() == whole
    kept = set(tmp_path.glob("fetched-*"))
    for fault in ("truncated", "connection_reset"):
        for call in (session.get, session.fetch):
            site.set_faults([fault])
            with pytest.raises(SourceUnavailable):
                call("/data")
            site.set_faults([])
            site.fail_next(fault)
            call("/data")
    with pytest.raises(SourceChanged, match="more than 100 bytes"):
        session.fetch("/data", max_bytes=100)
    with pytest.raises(SourceChanged, match="more than 100 bytes"):
        session.get("/data", max_bytes=100)
    assert len(set(tmp_path.glob("fetched-*")) - kept) == 2


def test_a_body_that_drips_ends_at_its_deadline(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that sends a byte now and then stays below every timeout of the socket, but not below the body's own."""
    monkeypatch.setattr("bedrot_console.extraction.http.BODY_SECONDS", 0.3)
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def drip() -> None:
            connection, _ = server.accept()
            with connection, suppress(OSError):
                connection.recv(65536)
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
                while not over.wait(0.02):
                    connection.sendall(b"x")

        thread = threading.Thread(target=drip)
        thread.start()
        try:
            with pytest.raises(SourceUnavailable, match="too slowly"):
                session.get(f"http://127.0.0.1:{server.getsockname()[1]}/", retry=Retry(attempts=1))
        finally:
            over.set()
            thread.join()


def test_packed_and_chunked_bodies_come_whole_over_one_connection() -> None:
    """Reading piece by piece gives up neither decoding nor the pooled connection."""
    body = b"0123456789abcdef" * 20_000
    packed = gzip.compress(body)
    answers = [
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%s" % (len(packed), packed),
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (len(body), body),
        b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    ]
    with socket.create_server(("127.0.0.1", 0)) as server, requests.Session() as client:
        client.trust_env = False

        def talk() -> None:
            connection, _ = server.accept()
            with connection:
                for answer in answers:
                    connection.recv(65536)
                    connection.sendall(answer)

        thread = threading.Thread(target=talk)
        thread.start()
        got = []
        for _ in answers:
            response = client.get(f"http://127.0.0.1:{server.getsockname()[1]}/", stream=True, timeout=5)
            got.append(b"".join(_pieces(response)))
            response.close()
        thread.join()
    assert got == [body, body, b""]


def test_a_secret_is_revealed_only_on_the_wire(session: Session) -> None:
    """Secrets may be given as they are; they are live for the redactor."""
    password = session.secret("password")
    answer = session.post("/echo", {"password": password}, headers={"Authorization": Secret("Bearer x")})  # type: ignore[dict-item]
    assert answer.json()["password"] == "canary-pass-1" and answer.json()["auth"] == "Bearer x"
    assert session.masked("it is canary-pass-1") == "it is [secret]"


def test_netrc_never_replaces_our_credentials(session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A ~/.netrc for the host does not overwrite the Authorization header."""
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login a password b\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    assert session.post("/echo", {}, headers={"Authorization": "Bearer mine"}).json()["auth"] == "Bearer mine"


def test_a_login_by_http_is_saved_and_restored(session: Session, box: Box, site: Echo) -> None:
    """Cookies survive into the next session; forgetting empties the jar and the vault."""
    session.post("/login")
    sid = session.post("/echo").json()["cookie"]
    session.save_login()
    assert sid and box["state"]["cookies"][0]["name"] == "sid" and box["state"]["cookies"][0]["httpOnly"]
    session._http = None
    session._state_read = False
    assert session.post("/echo").json()["cookie"] == sid
    session.forget_login()
    assert session.post("/echo").json()["cookie"] == "" and "state" not in box


def test_cancel_ends_a_pause_and_allows_no_request(session: Session, site: Echo, clock: Any) -> None:
    """A cancelled run asks nothing more and waits no more."""
    session._cancel.set()
    with pytest.raises(Cancelled):
        session.get("/data")
    with pytest.raises(Cancelled):
        session.sleep(1000)
    assert site.requests() == [] and sum(clock.slept) < 1


def test_nothing_answering_is_unavailable_without_the_query(session: Session) -> None:
    """A refused connection names host and path only."""
    with pytest.raises(SourceUnavailable) as caught:
        session.get("http://127.0.0.1:9/x?access_token=canary-5")
    assert "127.0.0.1:9/x" in str(caught.value) and "canary" not in str(caught.value)
    assert caught.value.__cause__ is None and caught.value.__suppress_context__
