"""HTTP for extractors: one pooled `requests` session per run. Foreign exceptions become domain errors here, and no error names a query."""

from __future__ import annotations

import errno
import os
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import requests
import urllib3
from requests.cookies import create_cookie

from ..domain.challenges import Secret
from ..domain.errors import (
    BedrotError,
    CredentialsRejected,
    DiskFull,
    FixityError,
    RateLimited,
    SourceBlocked,
    SourceChanged,
    SourceUnavailable,
)
from ..resilience import Retry

if TYPE_CHECKING:
    from .session import Session

CHUNK_BYTES = 1 << 18
BODY_SECONDS = 600.0
"""A body that takes longer drips on purpose."""


class Redirected(SourceChanged):
    """The platform sent us elsewhere instead of giving data; usually the login was lost. `location` is the whole address it named."""

    def __init__(self, message: str, location: str) -> None:
        super().__init__(message)
        self.location = location

    @property
    def path(self) -> str:
        """The path of the address, to tell a sign-in page from a moved one."""
        return urlsplit(self.location).path


@dataclass(frozen=True, slots=True)
class Spooled:
    """Bytes as received, in a file of the run's folder. `name` is the outside name, if any: data, never a path."""

    content: Path
    size_bytes: int
    name: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


class Pauses:
    """A Clock whose sleep belongs to the session: it ends early with Cancelled."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def now(self) -> datetime:
        return self._session.clock.now()

    def monotonic(self) -> float:
        return self._session.clock.monotonic()

    def sleep(self, seconds: float) -> None:
        self._session.sleep(seconds)


class Http:
    """The client behind `session.get`, `post` and `fetch`.

    Attributes:
        decode: hook `(response) -> BedrotError | None`, asked for every answer before its status is judged (an API that says 200 and error).
        headers: sent with every request.
    """

    def __init__(self, session: Session) -> None:
        self.session = session
        self.decode: Callable[[requests.Response], BedrotError | None] | None = None
        self._client = requests.Session()
        self._client.auth = lambda request: request  # else ~/.netrc would overwrite an Authorization header
        self._client.trust_env = not is_loopback(session.base_url)
        self._client.headers["User-Agent"] = "bedrot-console"
        self._spooled = 0

    @property
    def headers(self) -> Any:
        return self._client.headers

    def request(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        data: Any = None,
        json: Any = None,
        max_redirects: int = 0,
        max_bytes: int,
        timeout_seconds: float,
        retry: Retry,
        accept: tuple[int, ...] = (),
    ) -> requests.Response:
        """One exchange, tried again as `retry` says; the body is read whole. See `Session.get`."""

        def once() -> requests.Response:
            response = self._send(method, path, params, headers, data, json, max_redirects, timeout_seconds)
            try:
                body = b"".join(self._chunks(response, max_bytes))
            finally:
                response.close()
            response._content, response._content_consumed = body, True  # type: ignore[attr-defined]
            self._judge(response, accept)
            return response

        return self._again(once, retry)

    def spool(
        self,
        path: str,
        *,
        params: Mapping[str, Any] | None,
        headers: Mapping[str, str] | None,
        max_redirects: int,
        max_bytes: int,
        timeout_seconds: float,
        retry: Retry,
    ) -> Spooled:
        """GET into a file. See `Session.fetch`."""

        def once() -> Spooled:
            response = self._send("GET", path, params, headers, None, None, max_redirects, timeout_seconds)
            self._spooled += 1
            target = self.session.folder / f"fetched-{self._spooled:04d}"
            try:
                if not response.ok:
                    body = b"".join(self._chunks(response, 1 << 20))
                    response._content, response._content_consumed = body, True  # type: ignore[attr-defined]
                    self._judge(response, ())
                size = write_spool(target, self._chunks(response, max_bytes))
            except BedrotError:
                target.unlink(missing_ok=True)
                raise
            finally:
                response.close()
            return Spooled(target, size, _outside_name(response.headers), dict(response.headers))

        return self._again(once, retry)

    def cookies(self) -> list[dict[str, Any]]:
        """The cookie jar as JSON values, in the browser's spelling."""
        return [
            {
                "name": c.name, "value": c.value, "domain": c.domain, "path": c.path, "secure": c.secure,
                "expires": c.expires if c.expires is not None else -1, "httpOnly": c.has_nonstandard_attr("HttpOnly"),
            }
            for c in self._client.cookies
        ]  # fmt: skip

    def restore(self, cookies: list[dict[str, Any]] | None) -> None:
        """Fill the jar with saved cookies; None empties it."""
        self._client.cookies.clear()
        for c in cookies or ():
            expires = int(c["expires"]) if c.get("expires", -1) > 0 else None
            rest = {"HttpOnly": None} if c.get("httpOnly") else {}
            made = create_cookie(
                c["name"], c["value"], domain=c["domain"], path=c["path"], secure=c["secure"], expires=expires, rest=rest
            )
            self._client.cookies.set_cookie(made)
        self.session.redactor.add(*(c["value"] for c in cookies or () if len(c["value"]) >= 12))

    def close(self) -> None:
        self._client.close()

    def _again(self, once: Callable[[], Any], retry: Retry) -> Any:
        def noticed(error: BedrotError, seconds: float) -> None:
            self.session.log("warning", f"{error}; again in {seconds:.0f} s")

        return retry.call(once, Pauses(self.session), noticed=noticed)

    def _send(
        self, method: str, path: str, params: Any, headers: Any, data: Any, json: Any, max_redirects: int, timeout_seconds: float
    ) -> requests.Response:
        self.session.check_cancelled()
        self._client.max_redirects = max_redirects
        url = self.session.url(path)
        try:
            response = self._client.request(
                method, url, params=_plain(params), headers=_plain(headers), data=_plain(data), json=_plain(json),
                allow_redirects=max_redirects > 0, timeout=(10.0, timeout_seconds), stream=True,
            )  # fmt: skip
        except requests.TooManyRedirects as error:
            location = error.response.headers.get("Location", "") if error.response is not None else ""
            raise Redirected(f"{place(url)} redirects more than {max_redirects} times", location) from None
        except (requests.RequestException, OSError, ValueError) as error:
            # `from None`: the foreign text and its chain hold the whole URL, and a URL may hold a token.
            raise translate(error, url) from None
        if response.is_redirect and max_redirects == 0:
            location = response.headers.get("Location", "")
            response.close()
            raise Redirected(f"{place(url)} redirects to {place(requests.compat.urljoin(url, location))}", location)
        return response

    def _chunks(self, response: requests.Response, max_bytes: int) -> Iterator[bytes]:
        """The body, bounded in size and time.

        Raises:
            SourceUnavailable: it broke off, or fewer bytes came than announced.  SourceChanged: more than `max_bytes`.
        """
        size, until = 0, time.monotonic() + BODY_SECONDS
        try:
            for chunk in _pieces(response):
                size += len(chunk)
                if size > max_bytes:
                    raise SourceChanged(f"{place(response.url)} sends more than {max_bytes:,} bytes")
                if time.monotonic() > until:
                    raise SourceUnavailable(f"{place(response.url)} sends too slowly")
                self.session.check_cancelled()
                yield chunk
        except (requests.RequestException, OSError) as error:
            raise translate(error, response.url) from None

    def _judge(self, response: requests.Response, accept: tuple[int, ...]) -> None:
        if self.decode is not None:
            error = self.decode(response)
            if error is not None:
                raise error
        if response.status_code in accept:
            return
        error = status_error(response.status_code, response.headers, place(response.url), self.session.clock.now())
        if error is not None:
            raise error


def status_error(status: int, headers: Mapping[str, str], where: str, now: datetime) -> BedrotError | None:
    """What a status of 400 and above means to the operator; None below."""
    if status < 400:
        return None
    said = f"{where} answers {status}"
    wait = retry_after(headers.get("Retry-After") or headers.get("retry-after"), now)
    if status == 429 or (status == 503 and wait is not None):
        return RateLimited(said + (f" and asks to wait {wait:.0f} s" if wait is not None else ""), retry_after_seconds=wait)
    if status >= 500 or status == 408:
        return SourceUnavailable(said)
    if status in (401, 407):
        return CredentialsRejected(said)
    if status in (403, 451):
        return SourceBlocked(said, hint="look at the account in a browser")
    return SourceChanged(said)


def retry_after(value: str | None, now: datetime) -> float | None:
    """Seconds in a Retry-After header: a number or an HTTP date; None if absent or not understood. Never negative."""
    if not value:
        return None
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        at = parsedate_to_datetime(value)
    except (ValueError, TypeError):
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return max(0.0, (at - now).total_seconds())


def translate(error: BaseException, url: str) -> BedrotError:
    """A foreign network error as ours. The sentence names host and path only."""
    where = place(url)
    if isinstance(error, requests.exceptions.SSLError | ssl.SSLError):
        return SourceUnavailable(f"{where}: the certificate or TLS handshake is not good")
    if isinstance(error, requests.Timeout | TimeoutError):
        return SourceUnavailable(f"{where} does not answer in time")
    if isinstance(error, requests.exceptions.ChunkedEncodingError | requests.exceptions.ContentDecodingError):
        return SourceUnavailable(f"{where} broke off in the middle of its answer")
    if isinstance(error, requests.exceptions.InvalidURL | requests.exceptions.MissingSchema | requests.exceptions.InvalidSchema):
        return SourceChanged(f"not an address: {where}")
    return SourceUnavailable(f"{where} cannot be reached")


def place(url: str) -> str:
    """Host and path of an address: what may be said about it. Queries hold tokens."""
    parts = urlsplit(url)
    return (parts.netloc.rpartition("@")[2] + parts.path) or "the platform"


def is_loopback(url: str) -> bool:
    """Whether the address is on this machine: a simulator."""
    host = urlsplit(url).hostname or ""
    return host in ("localhost", "::1") or host.startswith("127.")


def write_spool(target: Path, chunks: Iterator[bytes]) -> int:
    """Write chunks to a new private file; returns its size.

    Raises:
        DiskFull, FixityError: the disk refused.
    """
    size = 0
    try:
        fd = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        with os.fdopen(fd, "wb") as out:
            for chunk in chunks:
                out.write(chunk)
                size += len(chunk)
    except OSError as error:
        kind = DiskFull if error.errno in (errno.ENOSPC, errno.EDQUOT) else FixityError
        raise kind(f"the run's folder cannot be written: {error.strerror}") from error
    return size


def _pieces(response: requests.Response) -> Iterator[bytes]:
    """The body as it comes in. `iter_content` waits until a piece is full, so that a body which drips would pass every deadline.

    Raises:
        requests.RequestException: as `iter_content` does.
    """
    try:
        while piece := response.raw.read1(CHUNK_BYTES, decode_content=True):
            yield piece
    except urllib3.exceptions.ReadTimeoutError as error:
        raise requests.ReadTimeout(error) from error
    except urllib3.exceptions.DecodeError as error:
        raise requests.exceptions.ContentDecodingError(error) from error
    except urllib3.exceptions.SSLError as error:
        raise requests.exceptions.SSLError(error) from error
    except urllib3.exceptions.HTTPError as error:
        raise requests.exceptions.ChunkedEncodingError(error) from error
    response._content_consumed = True  # type: ignore[attr-defined]  # else `close` gives up the connection


def _plain(value: Any) -> Any:
    """Secrets revealed at the last moment before they are sent."""
    if isinstance(value, Secret):
        return value.reveal()
    if isinstance(value, Mapping):
        return {k: _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    return value


def _outside_name(headers: Mapping[str, str]) -> str | None:
    disposition = headers.get("Content-Disposition", "")
    if "filename" not in disposition:
        return None
    from email.message import Message

    message = Message()
    message["Content-Disposition"] = disposition
    return message.get_filename()
