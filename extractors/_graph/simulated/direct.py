"""A run without a server: what an extractor asks of its session is answered by the engine itself.

So that a simulator can say what a run would bring, byte for byte, without serving anything. Only what extractors of this API use is here.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

from werkzeug.datastructures import Headers
from werkzeug.http import http_date

from bedrot_console.domain.challenges import Secret
from bedrot_console.domain.errors import BedrotError, CredentialsRejected

from .engine import Call, Engine


class Direct:
    """A session that talks to an engine. `said` are the lines of its log, `failures` the feeds that could not be brought.

    Args:
        base_url: the address that paging links shall have; what a run over the network would have asked.
    """

    attended = False

    def __init__(
        self, engine: Engine, now: datetime, base_url: str, *, platform: str, account: str, secrets: Mapping[str, str],
        options: Mapping[str, Any], feeds: tuple[str, ...],
    ) -> None:  # fmt: skip
        self.engine, self.platform, self.account, self.base_url = engine, platform, account, base_url
        self.feeds = feeds
        self.clock = SimpleNamespace(now=lambda: now, monotonic=lambda: 0.0)
        self.settings = SimpleNamespace(base_url=lambda name: base_url, secret=lambda platform, name: None)
        self.redactor = SimpleNamespace(add=lambda *secrets: None)
        self.said: list[str] = []
        self.failures: list[tuple[str, BedrotError]] = []
        self._secrets, self._options, self._now = secrets, options, now

    def option(self, name: str, default: Any = None) -> Any:
        return self._options.get(name, default)

    def secret_or_none(self, name: str) -> Secret | None:
        return Secret(self._secrets[name]) if name in self._secrets else None

    def secret(self, name: str) -> Secret:
        found = self.secret_or_none(name)
        if found is None:
            raise CredentialsRejected(f"{self.platform} has no {name}")
        return found

    def wants(self, feed: Any) -> bool:
        return feed.name in self.feeds

    def nothing(self, feed: Any, why: str, *, level: str = "warning") -> None:
        self.said.append(why)

    def failed(self, feed: Any, error: BedrotError) -> None:
        self.failures.append((feed.name, error))

    def log(self, level: str, text: str) -> None:
        self.said.append(text)

    def credential_ends(self, at: datetime | None, field: str) -> None:
        """Nobody lists the tokens of an engine."""

    def stage(self, name: str, done: int | None = None, total: int | None = None) -> None: ...
    def sleep(self, seconds: float) -> None: ...
    def set_id(self, name: str) -> str:
        return name

    def set_time(self, set_id: str) -> datetime:
        return self._now

    def get(self, path: str, params: Mapping[str, Any], *, headers: Mapping[str, str], **rest: Any) -> Any:
        return self._call("GET", path, params, headers)

    def post(self, path: str, params: Mapping[str, Any], *, headers: Mapping[str, str], **rest: Any) -> Any:
        return self._call("POST", path, params, headers)

    def _call(self, method: str, path: str, params: Mapping[str, Any], headers: Mapping[str, str]) -> Any:
        self.engine.base_url = self.base_url
        asked = {k: str(v) for k, v in params.items()}
        reply = self.engine.answer(Call(method, urlsplit(path).path, asked, {k.lower(): v for k, v in headers.items()}))
        answered = Headers({**reply.headers, "Date": http_date(self._now)})
        return SimpleNamespace(status_code=reply.status, content=reply.body, headers=answered)
